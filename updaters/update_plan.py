"""Decides which tickers an update run fetches, and in which order.

A ticker is up to date if the bar of its last finished session is stored and was fetched after the close. It costs no
request, unless its whole history is to be verified (see `verification`). The ticker that was updated longest ago comes
first, so that the next run continues a run that ended early.
"""

import datetime as dt
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from typing import Literal, cast

from finance_core import starter
from finance_core.bars.sessions import SETTLING
from finance_core.categories import Category
from finance_core.storage import category_state, tickers, trading_calendars
from finance_core.storage.database import Document, MongoDatabase
from finance_core.storage.documents import TickerRow
from updaters import back_off, verification

_NEVER, _ALWAYS = dt.datetime.min, dt.datetime.max


@dataclass(frozen=True)
class Due:
    """A ticker to fetch."""

    ticker: str
    since: dt.datetime | None
    """The last stored session; None if the whole history is fetched."""
    is_whole: bool = False
    """Whether the whole history must be fetched, even if new bars alone would be enough."""
    in_turn: bool = False
    """Whether it is fetched only to be verified (see `verification`): nobody asked for it."""


@dataclass(frozen=True)
class Plan:
    """The tickers of one update run."""

    due: list[Due]
    """The tickers to fetch, in order."""
    current: int
    """The number of chosen tickers that are up to date."""
    deferred: int
    """The number of chosen tickers that are not requested now, because Yahoo had no new bars (see `back_off`)."""
    unregistered: list[str]
    """Tickers that have bars but no metadata."""
    new: frozenset[str]
    """Chosen tickers without metadata and bars; they are registered only if Yahoo knows them."""


def make(
    db: MongoDatabase,
    category: Category,
    only: Iterable[str] | None = None,
    *,
    now: dt.datetime,
    first: str | None = None,
    full: bool = False,
    force: bool = False,
    full_since: dt.datetime | None = None,
) -> Plan:
    """The plan of a run at `now` (tz-aware) with the options of `category_update.run`. Writes nothing."""
    moment = tickers.utc(now)
    rows = {row["ticker"]: _without_future(row, moment) for row in tickers.active(db, category)}

    def by_age(ticker: str) -> tuple[bool, dt.datetime, str]:
        # Not by the last bar: tickers that get no new bars any more would come first in every run.
        return ticker != first, rows[ticker].get("updated_at") or _NEVER, ticker

    chosen = list(dict.fromkeys(only)) if only is not None else sorted(rows, key=by_age)
    closed = _last_closed(db, category, now)
    is_current = partial(_is_up_to_date, closed=closed)
    if full or force:
        # An update of the ticker alone, after a full run was stopped, has fetched its new bars, but not its history.
        is_current = partial(_is_updated, since=full_since or _ALWAYS, moment="verified_at" if full else "updated_at")
    verified = set() if full else _to_verify(db, category, rows, chosen, moment)
    is_persons = full or force or only is not None
    # Not requested now, because Yahoo had no new bars.
    resting = set() if is_persons else {ticker for ticker, row in rows.items() if back_off.rests(row, moment)} - {first}
    if only is None and not full:
        known = [row for ticker, row in rows.items() if row.get("last_status") == "ok" and ticker not in resting]
        verified |= verification.turn(known, lambda row: closed(row)[1])
    behind = [ticker for ticker in chosen if not is_current(rows.get(ticker, {}))]
    deferred = resting.intersection(behind) - verified
    wanted = {*behind} - deferred
    fetched = [ticker for ticker in chosen if ticker in verified or ticker in wanted]
    whole = set(fetched) if full else verified
    due = [
        Due(ticker, None, is_whole=True, in_turn=not full)
        if ticker in whole
        else Due(ticker, _stored_until(rows.get(ticker, {})))
        for ticker in fetched
    ]
    # Once any ticker is registered, tickers that only have bars would not be listed: they must be registered too.
    unregistered = [ticker for ticker, row in rows.items() if "category" not in row]
    new = frozenset(ticker for ticker in chosen if ticker not in rows)
    return Plan(due, len(chosen) - len(due) - len(deferred), len(deferred), unregistered, new)


def _without_future(row: TickerRow, now: dt.datetime) -> TickerRow:
    """The row without moments later than `now` (UTC, tz-naive): the clock was ahead then, and a session still open."""
    fields = cast("Document", row)
    future = {
        name
        for name in ("updated_at", "verified_at", "verify_tried_at", "silent_since")
        if fields.get(name, _NEVER) > now
    }
    return cast("TickerRow", {name: value for name, value in fields.items() if name not in future})


def register(db: MongoDatabase, category: Category, names: Iterable[str]) -> None:
    """Register the tickers `names` with their rows of the starter list, or else with only their names."""
    tickers.register(db, category, _new_rows(category, names))


def new_row(category: Category, ticker: str) -> TickerRow:
    """The row that `register` would store for `ticker`, without a category."""
    return _new_rows(category, [ticker])[0]


def _new_rows(category: Category, names: Iterable[str]) -> list[TickerRow]:
    starters = {row["ticker"]: row for row in starter.rows(category)}
    return [cast("TickerRow", {"ticker": name, "name": name, "market": ""} | starters.get(name, {})) for name in names]


def freshness(
    db: MongoDatabase, category: Category, only: Iterable[str] | None, moment: dt.datetime
) -> tuple[int, int]:
    """How many active tickers (of `only`, if given) have the bar of their last session at `moment`, and of how many.

    Delisted tickers are left out; what counts as the bar says `category_state.count_up_to_date`.
    """
    rows = tickers.active(db, category, ["last_status"])
    chosen = {*only} if only is not None else {row["ticker"] for row in rows}
    expected = [row["ticker"] for row in rows if row["ticker"] in chosen and row.get("last_status") != "delisted"]
    fresh = category_state.count_up_to_date(db, category, trading_calendars.last_closed(db, category, moment), expected)
    return fresh, len(expected)


def _last_closed(
    db: MongoDatabase, category: Category, moment: dt.datetime
) -> Callable[[TickerRow], tuple[dt.datetime, dt.datetime]]:
    """A function of a row: the last session of its market that had ended at `moment`, and the moment of its close."""
    last = trading_calendars.last_closed(db, category, moment)
    return lambda row: last[category.market(row.get("market", "")).key]


def _is_updated(
    row: TickerRow, since: dt.datetime, moment: Literal["updated_at", "verified_at"] = "updated_at"
) -> bool:
    """Whether the ticker of `row` was updated, or verified, since the moment `since` (UTC, tz-naive)."""
    return row.get(moment, _NEVER) >= since and row.get("last_status") == "ok" and not row.get("rewriting")


def _is_up_to_date(row: TickerRow, closed: Callable[[TickerRow], tuple[dt.datetime, dt.datetime]]) -> bool:
    """Whether the ticker of `row` is up to date, so that Yahoo cannot have a new bar; `closed` as `_last_closed`."""
    session, close = closed(row)
    is_stored = row.get("source") == "yahoo" and row.get("last_date", _NEVER) >= session
    return is_stored and _is_updated(row, close + SETTLING)


def _to_verify(
    db: MongoDatabase, category: Category, rows: dict[str, TickerRow], chosen: Iterable[str], moment: dt.datetime
) -> set[str]:
    """The doubtful tickers of `chosen`, whose whole histories are to be verified at `moment` (UTC, tz-naive)."""
    calendars = {market.key: trading_calendars.of(db, market.calendar) for market in category.markets}
    known = {ticker: rows[ticker] for ticker in chosen if ticker in rows}
    return {
        ticker
        for ticker, row in known.items()
        if verification.asks_again(calendars[category.market(row.get("market", "")).key], row, moment)
    }


def _stored_until(row: TickerRow) -> dt.datetime | None:
    return None if row.get("source") == "sample" or row.get("rewriting") else row.get("last_date")
