"""Checks stored bars against their source, with code that is independent of the code that read them.

A sample of each ticker's raw rows is read again in a simple way, which gives all the days that a text or a number can
mean. Every stored day is compared with the calendar of the exchange. Pure, except for the calendars of `sessions`.
"""

import datetime as dt
import re
from dataclasses import dataclass
from typing import Any, Final, NamedTuple
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from finance_core.bars import candles, sessions
from finance_core.foreign.trading_days import Exchange

ROWS: Final = 20
"""Raw rows of a ticker that are read again."""
CLOSED_LIMIT: Final = 0.01
"""The largest share of stored days on which the exchange may have been closed."""
UNITS: Final = ((1e5, "D"), (1e11, "s"), (1e14, "ms"), (1e17, "us"), (np.inf, "ns"))
"""The unit of a number, by the size below which it may be a count of that unit."""
TENS: Final = {"천": 1e3, "만": 1e4, "억": 1e8, "조": 1e12}
"""What a Korean unit makes of the number before it: 12만5900 is 125900."""


class RawRow(NamedTuple):
    """The date and the close of one row, as the source writes them."""

    date: Any
    close: Any
    """None if the close of the bar is not that of this row: aggregated or split-adjusted."""


@dataclass
class Checks:
    """How much was verified."""

    days: int = 0
    """Stored days that were compared with a calendar."""
    closed: int = 0
    """Compared days on which the exchange was closed."""
    rows: int = 0
    """Raw rows that were read again."""
    compared: int = 0
    """Bars that were stored before the import with the same close as the imported ones."""


def is_true(closes: "pd.Series[float]", rows: tuple[RawRow, ...], exchange: Exchange | None, checks: Checks) -> bool:
    """Whether stored `closes`, indexed by days, agree with raw rows and the exchange; counts the checks in `checks`."""
    days = closes.index.to_numpy().astype("datetime64[D]")
    agree = True
    for row in rows:
        if possible_days := _days(row.date, exchange):
            checks.rows += 1
            stored = closes.to_numpy()[np.isin(days, np.array(list(possible_days), dtype="datetime64[D]"))].tolist()
            agree &= bool(stored) and (row.close is None or any(_is_same(row.close, close) for close in stored))
    if exchange is None or closes.empty:
        return agree
    trading = sessions.between(exchange.calendar, days[0].item(), days[-1].item()).to_numpy().astype("datetime64[D]")
    inside = days[(days >= trading[0]) & (days <= trading[-1])] if len(trading) else trading
    # Of days beyond the calendar it is known that they are no Sundays, unless its exchange trades on Sundays.
    beyond = pd.DatetimeIndex(np.setdiff1d(days, inside)).day_name() == "Sunday"
    trades_on_sundays = (pd.DatetimeIndex(trading).day_name() == "Sunday").any()
    closed = int((~np.isin(inside, trading)).sum()) + (0 if trades_on_sundays else int(beyond.sum()))
    checks.days += len(inside)
    checks.closed += closed
    return agree and closed <= CLOSED_LIMIT * len(days)


def _days(written: Any, exchange: Exchange | None) -> set[dt.date]:
    """Every trading day that a written date may mean by itself; empty if this simple reader cannot read it."""
    if isinstance(written, str) and not written.strip().lstrip("-").isdigit():
        return _days_of_text(written)
    if isinstance(written, dt.datetime):
        moment = written.replace(tzinfo=written.tzinfo or dt.UTC)
    elif isinstance(written, dt.date):
        return {written}
    elif isinstance(written, str | int | float) and not isinstance(written, bool):
        text = str(int(float(written)))
        try:
            return {dt.datetime.strptime(text[:8], "%Y%m%d").date()} if len(text) in (8, 12, 14) else _counted(text)
        except ValueError:
            return _counted(text)
    else:
        return set()
    if moment.time() == dt.time():
        return {moment.date()}
    zones = [dt.timezone(dt.timedelta(hours=14)), *([ZoneInfo(exchange.zone)] if exchange else [])]
    return {moment.date(), *(moment.astimezone(zone).date() for zone in zones)}


def _counted(text: str) -> set[dt.date]:
    """The days that a count from an epoch may mean: in UTC and 14 hours ahead, in the two smallest possible units."""
    count = float(text)
    units = [unit for limit, unit in UNITS if abs(count) < limit][:2]
    moments = []
    for unit in units:
        origin = pd.Timestamp("1899-12-30") if unit == "D" else pd.Timestamp("1970-01-01")
        try:
            moments.append(origin + pd.Timedelta(count, unit=unit))  # type: ignore[arg-type]
        except (OverflowError, ValueError):
            continue
    return {(moment + pd.Timedelta(hours=hours)).date() for moment in moments for hours in (0, 14)}


def _days_of_text(text: str) -> set[dt.date]:
    numbers = re.findall(r"\d+", text)
    if len(numbers) < 3:
        return set()
    first, second, third = numbers[:3]
    orders = [(first, second, third)] if len(first) != 1 else []
    orders += [] if len(first) == 4 else [(third, second, first), (third, first, second)]
    days = set()
    for year, month, day in orders:
        full = year if len(year) == 4 else f"{'19' if year >= '70' else '20'}{year}"
        try:
            days.add(dt.date(int(full), int(month), int(day)))
        except ValueError:
            continue
    has_clock = any(int(number) for number in numbers[3:])
    return days | ({day + dt.timedelta(days=1) for day in days} if has_clock else set())


def _is_same(written: Any, close: float) -> bool:
    """Whether a written price equals a stored close. A text also matches by its digits alone, without outer zeros."""
    if isinstance(written, str):
        digits, stored = (re.sub(r"\D", "", text).strip("0") for text in (written, f"{close:.10f}"))
        return digits == stored or bool(candles.are_same([_plain(written), _spoken(written)], close).any())
    return bool(candles.are_same(_plain(str(written)), close))


def _plain(text: str) -> float:
    try:
        return abs(float(re.sub(r"[^\d.eE+-]", "", text)))
    except ValueError:
        return float("nan")


def _spoken(text: str) -> float:
    """A text such as 5만800원 as a number: each part times its unit."""
    parts = re.findall(r"(\d+(?:\.\d+)?)\s*([천만억조]?)", text.replace(",", ""))
    return sum(float(number) * TENS.get(unit, 1.0) for number, unit in parts)
