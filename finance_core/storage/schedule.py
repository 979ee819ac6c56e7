"""When a category is due for its daily update: `DELAY` after its exchanges close, on their sessions.

The switch of each category is stored in MongoDB (`settings`), for every process that serves the app. Who starts the
update is left to `updaters.scheduler`.
"""

import datetime as dt

from finance_core.bars import sessions
from finance_core.categories import Category
from finance_core.storage import tickers
from finance_core.storage.database import MongoDatabase
from finance_core.storage.documents import CHOICES

DELAY = dt.timedelta(minutes=40)
"""Time after a close; by then Yahoo's bar of the day is final."""


def enabled_since(db: MongoDatabase, category: Category) -> dt.datetime | None:
    """When the schedule of `category` was switched on (UTC, tz-naive); None if it is off."""
    switches = db[CHOICES].find_one({"_id": "schedule"}) or {}
    since: dt.datetime | None = switches.get(category.key)
    return since


def switch(db: MongoDatabase, category: Category, on: bool) -> None:
    """Switch the schedule of `category` on or off."""
    change = {"$set": {category.key: tickers.now()}} if on else {"$unset": {category.key: ""}}
    db[CHOICES].update_one({"_id": "schedule"}, change, upsert=True)


def is_due(category: Category, since: dt.datetime, last_start: dt.datetime | None, now: dt.datetime) -> bool:
    """Whether an update is due at `now` (tz-aware).

    It is due if a close of one of the exchanges lies `DELAY` back, and that moment is after the schedule was switched
    on (`since`) and after the last run started (`last_start`), both UTC and tz-naive.
    """
    due = [_due_before(market.calendar, now) for market in category.markets]
    latest = max((moment for moment in due if moment is not None), default=None)
    return latest is not None and latest > since and (last_start is None or last_start < latest)


def next_due(category: Category, now: dt.datetime) -> dt.datetime | None:
    """The next moment at which an update of `category` becomes due (UTC, tz-aware)."""
    calendars = {market.calendar for market in category.markets}
    return min(filter(None, (_next_due(calendar, now) for calendar in calendars)), default=None)


def _next_due(calendar: str, now: dt.datetime) -> dt.datetime | None:
    first, last = now.date() - dt.timedelta(days=2), now.date() + dt.timedelta(days=15)  # no exchange closes longer
    closes = (sessions.close_of(calendar, session) for session in sessions.between(calendar, first, last))
    due = (close.replace(tzinfo=dt.UTC) + DELAY for close in closes if close)
    return next((moment for moment in due if moment > now), None)


def _due_before(calendar: str, now: dt.datetime) -> dt.datetime | None:
    """The latest moment up to `now` at which an update became due after a close of this exchange."""
    close = sessions.close_of(calendar, sessions.last_finished(calendar, now - DELAY))
    return close + DELAY if close else None
