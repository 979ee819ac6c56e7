"""Days and numbers as other programs write them: texts, epochs, other time zones, numbers with commas.

Pure: values in, arrays out. A value that cannot be read is NaT or NaN, never a guess.
"""

import datetime as dt
import math
import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd
from bson import Binary, Decimal128

Moments = npt.NDArray[np.datetime64]

YEARS: Final = range(1800, 2200)
"""A date outside of them is an error of its source, or an epoch read in the wrong unit."""
EPOCH_SECONDS_LIMIT: Final = 7_258_118_400
"""From here on (2200-01-01) a number is no count of seconds; of milliseconds it is, but for those of early 1970."""
PAST_1970: Final = 10**11
"""A count of milliseconds below it (1966-11 to 1973-03) shows that a source's milliseconds run past 1970."""
QUARTER_HOUR: Final = 900_000
"""Milliseconds. Every zone's midnight is a multiple of it, a count of seconds is one by chance only."""
SURE: Final = 3
SURE_OF: Final = 50
"""So many counts that fit, or so many counts in all, are no chance."""
FEW_SECONDS: Final = 10**8
"""A smaller number may be anything; it is a count of seconds only where it is one of whole quarters of an hour."""
NOWHERE: Final = ""
"""The zone of moments that are local already."""

_DAY = re.compile(r"\s*(\d{4})[-./]\s?(\d{1,2})[-./]\s?(\d{1,2})\.?(?=$|\D)(.*)", re.DOTALL)
_INTEGER = re.compile(r"\s*-?\d{1,18}\s*", re.ASCII)
_RATIO = re.compile(r"\s*(\d+(?:\.\d+)?)\s*[:/]\s*(\d+(?:\.\d+)?)\s*", re.ASCII)
_CURRENCY = re.compile(r"(?<![^\s+-])[₩$€¥]|(?<=\d)\s*원\s*$")
_GROUPED = re.compile(r"[+-]?[1-9]\d{0,2}(?:(?:,\d{2,3})*,\d{3}|(?: \d{3})+)(?:\.\d*)?", re.ASCII)


def numbers(values: Sequence[Any], *, ratios: bool = False) -> npt.NDArray[np.float64]:
    """Each value as a float; NaN where it is missing or none.

    Texts may have thousands separators or a currency sign, and, where `ratios` are expected, be a split such as "2:1";
    Decimal128 will do too. A comma that separates no thousands leaves a number that nobody can be sure of: NaN.
    """
    if not _OTHERS.isdisjoint(map(type, values)):
        return np.array([_number(value, ratios) for value in values], dtype="float64")
    try:
        return np.array(values, dtype="float64")  # None is NaN
    except (ValueError, TypeError, OverflowError):
        return np.array([_number(value, ratios) for value in values], dtype="float64")


_OTHERS = frozenset({bool, bytes, Binary, list, dict, tuple, dt.datetime})
"""Types that numpy would make numbers of, or more than one."""


def _number(value: Any, ratios: bool) -> float:
    if isinstance(value, str):
        return _number_of_text(value, ratios)
    if isinstance(value, bool | bytes):
        return np.nan
    if isinstance(value, Decimal128):
        value = value.to_decimal()
    try:
        return float(value)
    except (ValueError, TypeError, OverflowError):
        return np.nan


@lru_cache(maxsize=65_536)
def _number_of_text(text: str, ratios: bool) -> float:
    ratio = _RATIO.fullmatch(text) if ratios else None
    plain = _CURRENCY.sub("", text.replace("\u00a0", " ")).strip()
    if _GROUPED.fullmatch(plain):
        plain = plain.replace(",", "").replace(" ", "")
    try:
        return float(ratio[1]) / float(ratio[2]) if ratio else float(plain)
    except (ValueError, ZeroDivisionError):
        return np.nan


def moments(values: Sequence[Any], zone: str = NOWHERE, unit: str = "s") -> Moments:
    """The local moment that each value names, in nanoseconds; NaT where it names none. Its day is the trading day.

    A moment in UTC is taken for a local one in `zone` (IANA), unless it is midnight: that is how a day without a time
    is kept. Texts are YYYY-MM-DD, YYYYMMDD or ISO 8601, the last with an offset or without; integers YYYYMMDD, with
    hhmm or hhmmss behind or without, or an epoch in seconds or milliseconds, as `epoch_unit` tells.
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
    """In which unit the integers among `values` count: "s", "ms", or "" for both, where each tells by its size.

    A number below `EPOCH_SECONDS_LIMIT` is a day of early 1970 in milliseconds or any day in seconds. "?" is where
    nothing tells which: then those that may well be both are not read.
    """
    counts = {count for count in map(_count_of, values) if count is not None}  # said twice is no more evidence
    large = [count for count in counts if abs(count) >= EPOCH_SECONDS_LIMIT]
    if not large:
        return "s"
    small = [count for count in counts if abs(count) < EPOCH_SECONDS_LIMIT]
    seconds_are_there = any(count % QUARTER_HOUR for count in small)
    if min(map(abs, large)) < PAST_1970 or min(large) < 0 < max(large):
        # A few seconds may all be quarters of an hour in milliseconds by chance.
        return "ms" if not seconds_are_there and (len(small) >= SURE or len(counts) >= SURE_OF) else "?"
    return "" if seconds_are_there else "?"


def _count_of(value: Any) -> int | None:
    """The whole number that `value` is, unless its digits are a day's or a clock's."""
    if isinstance(value, str):
        value = int(value) if _INTEGER.fullmatch(value) else None
    if not isinstance(value, int | float) or isinstance(value, bool) or value != value or abs(value) >= 2**62:
        return None
    count = int(value)
    return count if _day_of_number(count) is None and _clock_of_number(count) is None else None


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
    elif _INTEGER.fullmatch(text):
        return _moment_of_number(float(text), unit)
    try:
        moment = dt.datetime.fromisoformat(text)
    except ValueError:
        return None, False
    # With an offset that is none it is a moment in UTC; with another, or without, the exchange's own.
    return moment.replace(tzinfo=None), moment.tzinfo is not None and not moment.utcoffset()


@lru_cache(maxsize=65_536)
def _moment_of_number(number: float, unit: str) -> tuple[dt.datetime | None, bool]:
    if not math.isfinite(number):
        return None, False
    if number != int(number):
        # A fraction of a second is a clock's.
        return (None, False) if abs(number) < FEW_SECONDS else _moment_of_number(float(int(number)), unit)
    count = int(number)
    is_small, is_quarter = abs(count) < EPOCH_SECONDS_LIMIT, count % QUARTER_HOUR == 0
    # What looks like a clock of the 10th, 20th or 30th may be a day of 1976 where there are milliseconds.
    digits = _day_of_number(count) or (_clock_of_number(count) if unit == "s" or not is_quarter else None)
    if digits is not None:
        return digits, False
    if is_small and is_quarter == (unit == "?") and unit in ("ms", "?"):
        return None, False
    milliseconds = unit == "ms" or (unit != "s" and not is_small)
    if not milliseconds and abs(count) < FEW_SECONDS and count % 900:
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


def _clock_of_number(count: int) -> dt.datetime | None:
    """The moment of YYYYMMDDhhmm or YYYYMMDDhhmmss."""
    if not 10**11 <= count < 10**14:
        return None
    count *= 100 if count < 10**12 else 1
    day, clock = _day_of_number(count // 10**6), divmod(count % 10**6, 10_000)
    hour, (minute, second) = clock[0], divmod(clock[1], 100)
    if day is None or hour > 23 or minute > 59 or second > 59:
        return None
    return day.replace(hour=hour, minute=minute, second=second)
