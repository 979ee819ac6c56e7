"""When a category is due for its daily update: `DELAY` after its exchanges close, on their sessions.

The switch of each category is in MongoDB (`settings`), for every process. `updaters.scheduler` starts the updates.
"""

import datetime as dt
from collections.abc import Callable

from finance_core.bars import sessions
from finance_core.bars.sessions import Calendar
from finance_core.categories import Category
from finance_core.storage import tickers
from finance_core.storage.database import MongoDatabase
from finance_core.storage.documents import CHOICES
from finance_core.storage.runs import CLOCK_DIFFERENCE

DELAY = dt.timedelta(minutes=40)
"""Time after a close; by then Yahoo's bar of the day is final."""


def enabled_since(db: MongoDatabase, category: Category) -> dt.datetime | None:
    """When the schedule of `category` was switched on (UTC, tz-naive); None if it is off."""
    switches = db[CHOICES].find_one({"_id": "schedule"}) or {}
    since: dt.datetime | None = switches.get(category.key)
    return since


def switch(db: MongoDatabase, category: Category, on: bool) -> None:
    """Switch the schedule of `category` on or off; where it is on already, it stays so since then."""
    key = category.key
    change = [{"$set": {key: {"$ifNull": [f"${key}", tickers.now()]}}}] if on else {"$unset": {key: ""}}
    db[CHOICES].update_one({"_id": "schedule"}, change, upsert=True)


def is_due(
    category: Category,
    since: dt.datetime,
    last_start: dt.datetime | None,
    now: dt.datetime,
    calendar_of: Callable[[str], Calendar] = Calendar,
) -> bool:
    """Whether an update is due at `now` (tz-aware).

    An update becomes due `DELAY` after each close of one of the exchanges. It is due if the last such moment is after
    the schedule was switched on (`since`) and after the last run started (`last_start`), both UTC and tz-naive.
    A `since` in the future was stored by a clock that was ahead, and does not count.
    `calendar_of` finds a calendar by its name, as stored bars have corrected it.
    """
    latest = last_due(category, now, calendar_of)
    is_ahead = since > tickers.utc(now) + CLOCK_DIFFERENCE
    return (latest > since or is_ahead) and (last_start is None or latest > last_start)


def last_due(category: Category, now: dt.datetime, calendar_of: Callable[[str], Calendar] = Calendar) -> dt.datetime:
    """The last moment up to `now` at which an update of `category` became due (UTC, tz-naive), as for `is_due`."""
    calendars = [calendar_of(market.calendar) for market in category.markets]
    finished = ((calendar, sessions.last_finished(calendar, now - DELAY)) for calendar in calendars)
    due = [close + DELAY for calendar, session in finished if (close := sessions.close_of(calendar, session))]
    return max(due, default=dt.datetime.min)


def next_due(
    category: Category, now: dt.datetime, calendar_of: Callable[[str], Calendar] = Calendar
) -> dt.datetime | None:
    """The next moment at which an update of `category` becomes due (UTC, tz-aware); `calendar_of` as in `is_due`."""
    first, last = now.date() - dt.timedelta(days=2), now.date() + dt.timedelta(days=15)  # no exchange closes longer
    calendars = {calendar_of(market.calendar) for market in category.markets}
    opened = ((calendar, session) for calendar in calendars for session in sessions.between(calendar, first, last))
    due = (close.replace(tzinfo=dt.UTC) + DELAY for day in opened if (close := sessions.close_of(*day)))
    return min((moment for moment in due if moment > now), default=None)
