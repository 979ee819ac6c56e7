"""The new bars of a whole market from the quotes of Yahoo's screener, 250 tickers per request.

A quote is used as the bar of its session only if all of it agrees with the stored bars (see `bar_of`). `ticker_update`
fetches the chart of every other ticker: after a split, a halt or a longer absence, or if Yahoo's quote is missing, old
or faulty. Quotes have no dividends; the rotation (see `verification`) adds them within its rounds, and compares these
bars with the charts.
"""

import datetime as dt
import logging
import math
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeGuard
from zoneinfo import ZoneInfo

import numpy as np

from finance_core import settings
from finance_core.bars import candles, sessions
from finance_core.bars.sessions import SETTLING, Calendar
from finance_core.categories import Category, Market
from finance_core.errors import FetchFailed
from finance_core.storage import prices, tickers, trading_calendars
from finance_core.storage.database import Document, MongoDatabase
from finance_core.storage.documents import TickerRow
from finance_core.storage.prices import Written
from updaters import yahoo
from updaters.ticker_update import TickerResult

LEAST = 10
"""If fewer tickers of a market lack a bar, their charts are fetched one by one."""
LARGEST_MOVE = 0.3
"""For a price further from the previous close, the chart is fetched. It is the daily price limit of the KRX."""
CHANGE_TOLERANCE = 1e-5
"""The largest difference between a quote's own change and that of its prices, as a share of the close."""

_FIELDS = {
    "open": "regularMarketOpen",
    "high": "regularMarketDayHigh",
    "low": "regularMarketDayLow",
    "close": "regularMarketPrice",
    "volume": "regularMarketVolume",
}
_PREVIOUS, _CHANGE, _TIME = "regularMarketPreviousClose", "regularMarketChange", "regularMarketTime"
_SHARES = "sharesOutstanding"
_SMALLEST, _LARGEST = float(np.finfo(np.float32).tiny), float(np.finfo(np.float32).max)
_SWITCHED_OFF = ("0", "false", "no", "off")

_log = logging.getLogger(__name__)

Quote = Mapping[str, Any]


class Quoted(NamedTuple):
    """The bar and the shares outstanding from the quote of a ticker."""

    row: TickerRow
    bar: Document
    shares: int | None


@dataclass(frozen=True)
class Session:
    """The last finished session of a market."""

    day: dt.datetime
    previous: dt.datetime
    """The session before it."""
    previous_final_at: dt.datetime
    """From when on the bar of that session was final, in UTC, tz-naive."""
    closed_at: dt.datetime
    """In UTC, tz-aware."""
    timezone: ZoneInfo


def are_wanted() -> bool:
    """Whether this installation uses quotes: yes, unless the setting FINANCE_QUOTES is off."""
    return settings.get("FINANCE_QUOTES", "on").lower() not in _SWITCHED_OFF


def update(
    db: MongoDatabase, category: Category, chosen: Iterable[str], client: yahoo.Client, now: dt.datetime
) -> list[TickerResult]:
    """Store the new bar of each of the `chosen` tickers whose quote at `now` (tz-aware) can be used as the bar.

    Returns the results of these tickers; the charts of the others must be fetched one by one. Idempotent.
    """
    rows, names = tickers.active(db, category), {*chosen}
    results: list[TickerResult] = []
    for market in category.markets:
        session = last_session(trading_calendars.of(db, market.calendar), now)
        if not market.yahoo_exchanges or now < session.closed_at + SETTLING:
            continue
        lacking = {
            row["yahoo_symbol"]: row for row in rows if row["ticker"] in names and _lacks_one(row, market, session)
        }
        if len(lacking) >= LEAST:
            results += _store(db, category, session, _bars(client, market, session, lacking, now), now)
    return results


def last_session(calendar: Calendar, now: dt.datetime) -> Session:
    """The last session of `calendar` that had ended at `now` (tz-aware)."""
    day = sessions.last_finished(calendar, now)
    closed_at = (sessions.close_of(calendar, day) or day.to_pydatetime()).replace(tzinfo=dt.UTC)
    previous = sessions.last_finished(calendar, closed_at - dt.timedelta(seconds=1)).to_pydatetime()
    previous_final_at = (sessions.close_of(calendar, previous) or previous) + SETTLING
    zone = ZoneInfo(sessions.timezone(calendar))
    return Session(day.to_pydatetime(), previous, previous_final_at, closed_at, zone)


def _lacks_one(row: TickerRow, market: Market, session: Session) -> bool:
    """Whether exactly the bar of `session` is missing, and nothing else requires the chart of the ticker.

    A stored bar that was not final when it was fetched does: it is replaced by the chart's.
    """
    return (
        row.get("market") == market.key
        and row.get("yahoo_symbol") == yahoo.symbol(row["ticker"], market)
        and row.get("source") == "yahoo"
        and row.get("last_status") == "ok"
        and not row.get("rewriting")
        and not (row.get("unadjusted_splits") or row.get("unsettled_splits"))
        and row.get("last_date") == session.previous
        and row.get("updated_at", dt.datetime.min) >= session.previous_final_at
    )


def _bars(
    client: yahoo.Client, market: Market, session: Session, rows: Mapping[str, TickerRow], now: dt.datetime
) -> list[Quoted]:
    """The bars of `session` for the `rows` (by symbol) whose quotes can be used."""
    quotes: dict[str, Quote] = {}
    contradicted: set[str] = set()
    for quote in _screened(client, market, len(rows)):
        if not isinstance(quote, Mapping):
            continue
        symbol = str(quote.get("symbol"))
        if quotes.setdefault(symbol, quote) != quote:
            contradicted.add(symbol)
    bars = {
        symbol: bar_of(quotes[symbol], row, session, now)
        for symbol, row in rows.items()
        if symbol in quotes and symbol not in contradicted
    }
    return [Quoted(rows[symbol], bar, shares_of(quotes[symbol])) for symbol, bar in bars.items() if bar]


def _screened(client: yahoo.Client, market: Market, lacking: int) -> list[object]:
    """All quotes of `market`, unchecked; after an error of Yahoo, only the quotes before it.

    [] if all quotes would take more than half as many requests as `lacking` charts.
    """
    quotes: list[object] = []
    total = 1
    try:
        while len(quotes) < total:
            page = client.screen(market, len(quotes))
            total = page["total"]
            if not page["quotes"] or 2 * total > lacking * yahoo.LARGEST_PAGE:
                break
            quotes += page["quotes"]
    except FetchFailed as error:
        _log.warning("no more quotes of %s, its tickers are asked for one by one: %s", market.key, error)
    return quotes


def bar_of(quote: Quote, row: TickerRow, session: Session, now: dt.datetime) -> Document | None:
    """The fields of the bar of `session` from `quote`, for the ticker of `row`; None if anything disagrees.

    The quote must be a trade of the session's day, at or after its close and not after `now`, in the currency of the
    row, with a volume. Its previous close must be the stored last close, its prices must be in order and near it, and
    its change must be the difference of its closes. Prices are rounded to 32-bit floats, as in Yahoo's charts.
    """
    fields = {**_FIELDS, "previous": _PREVIOUS, "time": _TIME}
    numbers = {name: float(quote[field]) for name, field in fields.items() if _is_number(quote.get(field))}
    if len(numbers) < len(fields) or min(numbers.values()) < _SMALLEST or max(numbers.values()) > _LARGEST:
        return None
    time = numbers.pop("time")
    if not session.closed_at.timestamp() <= time <= now.timestamp():
        return None
    moment = dt.datetime.fromtimestamp(time, dt.UTC)
    bar = {name: float(np.float32(number)) for name, number in numbers.items()}
    previous, volume = bar.pop("previous"), numbers["volume"]
    change = quote.get(_CHANGE, bar["close"] - previous)
    agrees = (
        moment.astimezone(session.timezone).date() == session.day.date()
        and quote.get("currency") == row.get("currency")
        and math.isclose(previous, row["last_close"], rel_tol=candles.ROUNDING)
        and bar["low"] <= min(bar["open"], bar["close"]) <= max(bar["open"], bar["close"]) <= bar["high"]
        and all(abs(bar[name] / previous - 1) <= LARGEST_MOVE for name in candles.PRICES)
        and volume == int(volume) < candles.VOLUME_LIMIT
        and _is_number(change)
        and math.isclose(bar["close"] - previous, change, abs_tol=CHANGE_TOLERANCE * bar["close"])
    )
    return {**bar, "volume": int(volume)} if agrees else None


def shares_of(quote: Quote) -> int | None:
    """The shares outstanding in `quote`; None if it has no valid number of shares."""
    shares = quote.get(_SHARES)
    return int(shares) if _is_number(shares) and 0 < shares < candles.VOLUME_LIMIT and shares == int(shares) else None


def _is_number(value: object) -> TypeGuard[int | float]:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= sys.float_info.max


def _store(
    db: MongoDatabase, category: Category, session: Session, usable: list[Quoted], now: dt.datetime
) -> list[TickerResult]:
    """Add the bars, and then the metadata: in this order, the next run completes an interrupted addition."""
    of_ticker = {each.row["ticker"]: each for each in usable}
    closes = {ticker: each.row["last_close"] for ticker, each in of_ticker.items()}
    offered = {ticker: each.bar for ticker, each in of_ticker.items()}
    added = prices.add_session(db, category, session.day, session.previous, closes, offered)
    moment = tickers.utc(now)
    gone = tickers.record_each(
        db, category, {ticker: _metadata(of_ticker[ticker], session, moment) for ticker in added}
    )
    for ticker in gone:  # a person has removed the ticker in the meantime: its bar must not come back
        prices.delete(db, category, ticker)
    return [TickerResult(ticker, Written(added=0 if ticker in gone else 1)) for ticker in added]


def _shares(row: TickerRow, number: int | None, day: dt.datetime) -> Document:
    """The fields of `row` for its `number` of shares in the quote of `day`; none if the quote has no number."""
    if number is None:
        return {}
    since = row.get("shares_since", row.get("shares_on", day)) if row.get("shares") == number else day
    return {"shares": number, "shares_since": since, "shares_on": day}


def _metadata(usable: Quoted, session: Session, moment: dt.datetime) -> Document:
    row, bar = usable.row, usable.bar
    return {
        **_shares(row, usable.shares, session.day),
        "last_date": session.day,
        "bar_count": row["bar_count"] + 1,
        "last_close": bar["close"],
        "previous_close": row["last_close"],
        "change": bar["close"] / row["last_close"] - 1,
        "updated_at": moment,
        "silent_since": None,
        "bars_changed_at": moment,
    }
