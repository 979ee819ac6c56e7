"""Quotes of the screener that are not the bar of their day, each false in another way."""

import datetime as dt
from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd

from finance_core.bars import sessions

SESSIONS = sessions.between("XKRX", dt.date(2026, 9, 1), dt.date(2026, 10, 30))
YESTERDAY, TODAY = SESSIONS[-2], SESSIONS[-1]
SEOUL = ZoneInfo("Asia/Seoul")


def at(day: pd.Timestamp, hour: int, minute: int = 0) -> dt.datetime:
    return day.to_pydatetime().replace(hour=hour, minute=minute, tzinfo=SEOUL)


def changed(**fields: Any) -> Callable[[dict[str, Any]], dict[str, Any]]:
    return lambda quote: quote | fields


def times(field: str, factor: float) -> Callable[[dict[str, Any]], dict[str, Any]]:
    return lambda quote: quote | {field: quote[field] * factor}


def a_hundredfold(quote: dict[str, Any]) -> dict[str, Any]:
    prices_of = [name for name in quote if name.startswith("regularMarket") and name[13:] not in ("Time", "Volume")]
    return quote | {name: quote[name] * 100 for name in prices_of}


def with_a_split(quote: dict[str, Any]) -> dict[str, Any]:
    prices_of = [name for name in quote if name.startswith("regularMarket") and name[13:] not in ("Time", "Volume")]
    return quote | {name: quote[name] / 10 for name in prices_of}


FALSE_QUOTES: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
    "of the day before": changed(regularMarketTime=int(at(YESTERDAY, 15, 30).timestamp()) + 30),
    "of a trade before the close": changed(regularMarketTime=int(at(TODAY, 15, 29).timestamp())),
    "of the future": changed(regularMarketTime=int(at(TODAY, 18).timestamp())),
    "with another previous close": times("regularMarketPreviousClose", 1.001),
    "after a split": with_a_split,
    "a hundredfold": a_hundredfold,
    "with the price alone a hundredfold": times("regularMarketPrice", 100),
    "with a price that its change denies": times("regularMarketPrice", 1.001),
    "without an open": changed(regularMarketOpen=0),
    "with no open at all": changed(regularMarketOpen=None),
    "with a text": changed(regularMarketDayHigh="51,000"),
    "with a price above the high": times("regularMarketDayHigh", 0.9),
    "with a price below the low": times("regularMarketDayLow", 1.1),
    "with a high beyond all prices": changed(regularMarketDayHigh=1e300),
    "with a high of thrice the price": times("regularMarketDayHigh", 3),
    "with a low next to nothing": changed(regularMarketDayLow=1e-300),
    "of a halted ticker": changed(regularMarketVolume=0),
    "with half a share": changed(regularMarketVolume=10.5),
    "in another currency": changed(currency="USD"),
    "without a time": lambda quote: {name: value for name, value in quote.items() if name != "regularMarketTime"},
}
