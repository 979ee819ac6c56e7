"""When a category is due for its daily update: some minutes after its exchanges close, on days on which they open.

The choice is kept in MongoDB (`settings`), for every process that serves the app. Who runs the update is left to
`updaters.scheduler`.
"""

import datetime as dt

from finance_core.bars import sessions
from finance_core.categories import Category
from finance_core.storage import tickers
from finance_core.storage.database import Document, MongoDatabase
from finance_core.storage.documents import CHOICES

DELAY = dt.timedelta(minutes=40)
"""How long after a close: Yahoo's bar of the day is final by then."""


def enabled_since(db: MongoDatabase, category: Category) -> dt.datetime | None:
    """When the schedule of `category` was switched on (UTC, tz-naive); None where it is off."""
    since: dt.datetime | None = _document(db).get(category.key)
    return since


def switch(db: MongoDatabase, category: Category, on: bool) -> None:
    """Switch the schedule of `category` on or off."""
    change = {"$set": {category.key: tickers.now()}} if on else {"$unset": {category.key: ""}}
    db[CHOICES].update_one({"_id": "schedule"}, change, upsert=True)


def is_due(category: Category, since: dt.datetime, last_start: dt.datetime | None, now: dt.datetime) -> bool:
    """Whether a run is due at `now` (tz-aware): an exchange closed long enough ago, after the schedule was switched on
    (`since`), and no run was started since (`last_start`). Both are UTC and tz-naive."""
    moments = [_due_before(market.calendar, now) for market in category.markets]
    latest = max((moment for moment in moments if moment is not None), default=None)
    return latest is not None and latest > since and (last_start is None or last_start < latest)


def next_due(category: Category, now: dt.datetime) -> dt.datetime | None:
    """The next moment at which a run of `category` becomes due (UTC, tz-aware)."""
    horizon = now.date() + dt.timedelta(days=15)  # longer than any exchange stays closed
    moments = []
    for calendar in {market.calendar for market in category.markets}:
        for session in sessions.between(calendar, now.date() - dt.timedelta(days=2), horizon):
            close = sessions.close_of(calendar, session)
            if close and (due := close.replace(tzinfo=dt.UTC) + DELAY) > now:
                moments.append(due)
                break
    return min(moments, default=None)


def _due_before(calendar: str, now: dt.datetime) -> dt.datetime | None:
    """The latest moment up to `now` at which this exchange's closing became due."""
    close = sessions.close_of(calendar, sessions.last_finished(calendar, now - DELAY))
    return close + DELAY if close else None


def _document(db: MongoDatabase) -> Document:
    return db[CHOICES].find_one({"_id": "schedule"}) or {}
