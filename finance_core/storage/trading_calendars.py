"""Trading calendars, corrected by the stored bars; `learn` finds the corrections after a run.

`exchange_calendars` does not know days that were announced after its release, such as an election day in Seoul. If
tickers have no bar of a session, but later ones, the exchange was closed; if many tickers traded on a day without a
session, it was open. Updates note such days for each ticker (see `documents.TickerRow`). `learn` counts the notes and
stores the result in `settings`, so that a page reads one small document, however many tickers there are.
"""

import datetime as dt
import math
import threading
import time
from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import Literal, cast

import pandas as pd

from finance_core.bars import sessions
from finance_core.bars.sessions import Calendar
from finance_core.categories import CATEGORIES, Category
from finance_core.storage import category_state, tickers
from finance_core.storage.database import MongoDatabase
from finance_core.storage.documents import CHOICES, Learned, TickerRow

ID = "calendars"
LEAST = 5
"""Least number of tickers that correct a calendar."""
CLOSED_SHARE = 0.99
"""If this share of the tickers lacks a session, it was none. Not 1, because sources invent bars for a few tickers."""
OPENED_SHARE = 0.5
"""A day on which this share of the tickers traded was a session."""
RECENT = dt.timedelta(days=10)
"""A ticker whose last bar is at most so long before a day may have traded on it, and its bar may have been refused."""
FOREIGN_DAYS, FOREIGN_SHARE = 2, 0.02
"""If more bars than this number, and than this share, are on closed days, the ticker follows another calendar: its
market is a wrong guess."""
FRESH = 5.0
"""Seconds for which a process uses the calendars it last read."""

_NOTED = ("market", "first_date", "last_date", "bar_count", "missing", "unexpected")

_lock = threading.Lock()
_read: dict[MongoDatabase, tuple[float, dict[str, Learned]]] = {}
"""What was learned in each database, and when it was read."""


def of(db: MongoDatabase, calendar: str) -> Calendar:
    """The calendar with this name, with its corrections as they were at most `FRESH` seconds ago."""
    known = _known(db).get(calendar)
    return Calendar(calendar, tuple(known["closed"]), tuple(known["opened"])) if known else Calendar(calendar)


def last_finished(db: MongoDatabase, category: Category, moment: dt.datetime) -> dict[str, pd.Timestamp]:
    """For each market of `category`, the last session that was over at `moment` (tz-aware)."""
    return {market.key: sessions.last_finished(of(db, market.calendar), moment) for market in category.markets}


def last_closed(db: MongoDatabase, category: Category, moment: dt.datetime) -> category_state.Closed:
    """For each market of `category`, its `last_finished` session and the moment of its close (UTC, tz-naive)."""
    last = last_finished(db, category, moment)
    closes = {market.key: sessions.close_of(of(db, market.calendar), last[market.key]) for market in category.markets}
    return {key: (day.to_pydatetime(), closes[key] or day.to_pydatetime()) for key, day in last.items()}


def is_foreign(unexpected: int, bar_count: int) -> bool:
    """Whether a ticker with `bar_count` bars, `unexpected` of them on closed days, follows another calendar.

    >>> is_foreign(2, 30), is_foreign(12, 250)
    (False, True)
    """
    return unexpected > max(FOREIGN_DAYS, FOREIGN_SHARE * bar_count)


def learn(db: MongoDatabase) -> None:
    """Find the days on which the calendars are wrong, from the notes of all tickers, and store them.

    If a day turns out to be a session, the tickers whose bar of that day was refused are fetched again.
    """
    before = _known(db, fresh=0.0)
    # Where too few tickers are left, the earlier corrections stay.
    voting = {calendar: rows for calendar, rows in _by_calendar(db, before).items() if len(rows) >= LEAST}
    after = {**before, **{calendar: _learned(rows) for calendar, rows in voting.items()}}
    if after == before:
        return
    for calendar, learned in after.items():
        known = before[calendar]["opened"] if calendar in before else []
        for day in set(learned["opened"]) - set(known):
            change = {"$addToSet": {"missing": day}, "$unset": {"asked_again": ""}}
            tickers.collection(db).update_many({"unexpected": day}, change)
    db[CHOICES].replace_one({"_id": ID}, dict(after), upsert=True)
    with _lock:
        _read.pop(db, None)


def _known(db: MongoDatabase, fresh: float = FRESH) -> dict[str, Learned]:
    """What was learned of each calendar, as it was at most `fresh` seconds ago."""
    with _lock:
        read_at, known = _read.get(db, (-math.inf, {}))
    if time.monotonic() - read_at < fresh:
        return known
    document = cast("dict[str, Learned]", db[CHOICES].find_one({"_id": ID}, {"_id": False}) or {})
    with _lock:
        _read[db] = time.monotonic(), document
    return document


def _by_calendar(db: MongoDatabase, known: Mapping[str, Learned]) -> dict[str, list[TickerRow]]:
    """By calendar: the rows of tickers that follow it, as that of their market; only verified ones, without samples."""
    is_date = {"$type": "date"}
    verified = {"source": {"$ne": "sample"}, "verified_at": is_date, "first_date": is_date, "last_date": is_date}
    fields = {"_id": False, **dict.fromkeys(_NOTED, True)}
    by_calendar: dict[str, list[TickerRow]] = defaultdict(list)
    for category in CATEGORIES:
        for row in tickers.collection(db).find({"category": category.key, **verified}, fields):
            calendar = category.market(row.get("market", "")).calendar
            opened = known[calendar]["opened"] if calendar in known else []
            if not is_foreign(len({*row.get("unexpected", [])} - {*opened}), row.get("bar_count", 0)):
                by_calendar[calendar].append(row)
    return by_calendar


def _learned(rows: Sequence[TickerRow]) -> Learned:
    firsts = sorted(row["first_date"] for row in rows)
    lasts = sorted(row["last_date"] for row in rows)

    def days(notes: Literal["missing", "unexpected"], share: float, recent: dt.timedelta) -> list[dt.datetime]:
        counts = Counter(day for row in rows for day in row.get(notes, []))
        # How many tickers have bars before and after the day, or may have traded on it (see `RECENT`).
        spans = {day: bisect_right(firsts, day) - bisect_left(lasts, day - recent) for day in counts}
        return sorted(day for day, count in counts.items() if count >= max(LEAST, share * spans[day]))

    return {"closed": days("missing", CLOSED_SHARE, dt.timedelta()), "opened": days("unexpected", OPENED_SHARE, RECENT)}
