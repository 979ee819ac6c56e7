"""Days and numbers as other programs write them: texts, epochs, other time zones, numbers with commas.

Pure: values in, arrays out. A value that cannot be read is NaT or NaN, never a guess.
"""

import datetime as dt
import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd
from bson import Decimal128

Moments = npt.NDArray[np.datetime64]

YEARS: Final = range(1800, 2200)
"""A date outside of them is an error of its source, or an epoch read in the wrong unit."""
EPOCH_SECONDS_LIMIT: Final = 10**11
"""From here on (5138-11-16) a number is no count of seconds: milliseconds are."""
QUARTER_HOUR: Final = 900_000
"""Milliseconds. Every zone's midnight is a multiple of it, a count of seconds is one by chance only."""
NOWHERE: Final = ""
"""The zone of moments that are local already."""

_DAY = re.compile(r"\s*(\d{4})[-./]\s?(\d{1,2})[-./]\s?(\d{1,2})\.?(?=$|\D)(.*)", re.DOTALL)
_SPLIT = re.compile(r"\s*([\d.]+)\s*[:/]\s*([\d.]+)\s*")
_DECORATION = str.maketrans("", "", ", \u00a0₩$€¥원")


def numbers(values: Sequence[Any]) -> npt.NDArray[np.float64]:
    """Each value as a float; NaN where it is missing or none.

    Texts may have thousands separators, a currency sign, or be a split such as "2:1"; Decimal128 will do too.
    """
    try:
        return np.array(values, dtype="float64")  # None is NaN
    except (ValueError, TypeError, OverflowError):
        return np.array([_number(value) for value in values], dtype="float64")


def _number(value: Any) -> float:
    if isinstance(value, str):
        return _number_of_text(value)
    if isinstance(value, Decimal128):
        value = value.to_decimal()
    try:
        return float(value)
    except (ValueError, TypeError, OverflowError):
        return np.nan


@lru_cache(maxsize=65_536)
def _number_of_text(text: str) -> float:
    try:
        return float(text.translate(_DECORATION))
    except ValueError:
        split = _SPLIT.fullmatch(text)
        try:
            return float(split[1]) / float(split[2]) if split else np.nan
        except (ValueError, ZeroDivisionError):
            return np.nan


def moments(values: Sequence[Any], zone: str = NOWHERE, unit: str = "s") -> Moments:
    """The local moment that each value names, in nanoseconds; NaT where it names none. Its day is the trading day.

    A moment in UTC is taken for a local one in `zone` (IANA), unless it is midnight: that is how a day without a time
    is kept. Texts are YYYY-MM-DD, YYYYMMDD or ISO 8601, the last with an offset or without; integers YYYYMMDD or an
    epoch in seconds or milliseconds, as `epoch_unit` tells.
    """
    if set(map(type, values)) == {dt.datetime} and not any(value.tzinfo for value in values):
        return local(_plausible(np.array(values, dtype="datetime64[us]")), zone)  # nearly always, and ten times as fast
    in_utc = np.zeros(len(values), dtype=bool)
    read: list[Any] = [None] * len(values)
    for position, value in enumerate(values):
        read[position], in_utc[position] = _moment(value, unit)
    result = _plausible(np.array(read, dtype="datetime64[us]"))
    if zone and in_utc.any():
        result[in_utc] = local(result[in_utc], zone)
    return result


def _plausible(read: Moments) -> Moments:
    outside = (read < np.datetime64(f"{YEARS[0]}-01-01")) | (read >= np.datetime64(f"{YEARS[-1]}-01-01"))
    return np.where(outside, np.datetime64("NaT"), read).astype("datetime64[ns]")


def local(utc: Moments, zone: str) -> Moments:
    """Moments in UTC as local ones of `zone`, but for midnights, which stay."""
    timed = utc != utc.astype("datetime64[D]")
    if not zone or not timed.any():
        return utc
    result = utc.copy()
    there = pd.DatetimeIndex(utc[timed]).tz_localize("UTC").tz_convert(zone).tz_localize(None)
    result[timed] = there.to_numpy()
    return result


def zone_of(utc: Moments, zones: Sequence[str]) -> str:
    """In which of `zones` moments, kept in UTC, are trading days; NOWHERE where they are local ones as they stand.

    That is the zone in which fewest of them fall on a weekend, and, among equals, in which most are midnights.
    """
    known = utc[~np.isnat(utc)]
    timed = known[known != known.astype("datetime64[D]")]
    if len(timed) == 0:
        return NOWHERE

    def fitness(zone: str) -> tuple[float, float]:
        there = pd.DatetimeIndex(local(timed, zone))
        weekdays = float((there.day_of_week < 5).mean())
        return round(weekdays, 2), float((there == there.normalize()).mean())

    # max takes the first of equals: the moments as they stand.
    return max([NOWHERE, *zones], key=fitness)


def in_utc(values: Sequence[Any], unit: str = "s") -> Moments:
    """Those of `values` that are moments in UTC, as they stand: what `zone_of` goes by."""
    read = [moment for moment, utc in (_moment(value, unit) for value in values) if utc]
    return _plausible(np.array(read, dtype="datetime64[us]"))


def epoch_unit(values: Sequence[Any]) -> str:
    """In which unit the integers among `values` count: "s", "ms", or "" for both, where each tells by its size."""
    counts = [int(value) for value in values if _is_count(value)]
    if not any(abs(count) >= EPOCH_SECONDS_LIMIT for count in counts):
        return "s"
    small = [count for count in counts if abs(count) < EPOCH_SECONDS_LIMIT]
    return "ms" if all(count % QUARTER_HOUR == 0 for count in small) else ""


def _is_count(value: Any) -> bool:
    if isinstance(value, str):
        return value.strip().lstrip("-").isdecimal() and _day_of_number(int(value)) is None
    whole = isinstance(value, int | float) and not isinstance(value, bool) and value == value
    return whole and abs(value) < 2**62 and _day_of_number(int(value)) is None


def _moment(value: Any, unit: str) -> tuple[dt.datetime | None, bool]:
    """The moment, tz-naive, and whether it is one in UTC."""
    if isinstance(value, dt.datetime):
        if value is pd.NaT:
            return None, False
        if value.tzinfo is None:
            return value, True
        offset = value.utcoffset()
        return value.replace(tzinfo=None), not offset
    if isinstance(value, str):
        return _moment_of_text(value, unit)
    if isinstance(value, dt.date):
        return dt.datetime(value.year, value.month, value.day), False
    if isinstance(value, int | float | np.integer) and not isinstance(value, bool):
        return _moment_of_number(float(value), unit)
    return None, False


@lru_cache(maxsize=65_536)
def _moment_of_text(text: str, unit: str) -> tuple[dt.datetime | None, bool]:
    text = text.strip()
    day = _DAY.fullmatch(text)
    if day:
        text = f"{day[1]}-{int(day[2]):02d}-{int(day[3]):02d}{day[4]}"
    elif text.lstrip("-").isdecimal():
        return _moment_of_number(float(text), unit)
    try:
        moment = dt.datetime.fromisoformat(text)
    except ValueError:
        return None, False
    # With an offset that is none it is a moment in UTC; with another, or without, the exchange's own.
    return moment.replace(tzinfo=None), moment.tzinfo is not None and not moment.utcoffset()


@lru_cache(maxsize=65_536)
def _moment_of_number(number: float, unit: str) -> tuple[dt.datetime | None, bool]:
    if number != number or number != int(number):
        # A fraction of a second is a clock's.
        return (None, False) if number != number or abs(number) < 10**8 else _moment_of_number(float(int(number)), unit)
    count = int(number)
    day = _day_of_number(count)
    if day is not None:
        return day, False
    milliseconds = unit == "ms" or (unit != "s" and abs(count) >= EPOCH_SECONDS_LIMIT)
    if unit == "ms" and abs(count) < EPOCH_SECONDS_LIMIT and count % QUARTER_HOUR:
        return None, False
    try:
        return dt.datetime(1970, 1, 1) + dt.timedelta(milliseconds=count if milliseconds else count * 1000), True
    except OverflowError:
        return None, False


def _day_of_number(count: int) -> dt.datetime | None:
    """The day of YYYYMMDD. No epoch looks like one: a whole hour's count ends in 00, which is no day."""
    year, month, day = count // 10_000, count // 100 % 100, count % 100
    try:
        return dt.datetime(year, month, day) if year in YEARS else None
    except ValueError:
        return None
