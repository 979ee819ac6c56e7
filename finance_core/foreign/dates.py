"""Days and moments as other programs write them: dates, texts, epochs, midnights of other time zones.

To read another form of date, add a row to `TEXTS` or a length to `DIGITS`. Pure: values in, arrays out. A value that
cannot be read becomes NaT; nothing is guessed.
"""

import datetime as dt
import math
import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Final, Literal, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

Moments = npt.NDArray[np.datetime64]
DateForm = Literal["day", "moment", "text", "number", "unreadable", "missing"]
EpochUnit = Literal["s", "ms", "", "?"]
"""Seconds; milliseconds; both, and the size of a number shows which; both, and of some numbers nothing shows which."""

TEXTS: Final = (
    # 2024-1-2, 2024/01/02 and 2024. 1. 2., each with or without a clock behind it
    re.compile(r"(?P<year>\d{4})[-./]\s?(?P<month>\d{1,2})[-./]\s?(?P<day>\d{1,2})\.?(?=$|\D)(?P<clock>.*)", re.DOTALL),
)
"""Forms of a text that is not ISO 8601 yet: year, month, day, and a clock in ISO 8601."""
DIGITS: Final = (8, 12, 14)
"""Lengths of a number whose digits are a date: YYYYMMDD, with hhmm, with hhmmss."""
YEARS: Final = range(1800, 2200)
"""A date outside of them is an error of its source, or an epoch in another unit."""

EPOCH: Final = dt.datetime(1970, 1, 1)
EPOCH_SECONDS_LIMIT: Final = 7_258_118_400
"""A larger number (from 2200-01-01) is no count of seconds. A smaller count of milliseconds is a day of early 1970."""
PAST_1970: Final = 10**11
"""A large count below it (milliseconds from 1966-11 to 1973-03) shows that the milliseconds reach past 1970."""
QUARTER_HOUR: Final = 900_000
"""In milliseconds. Each zone's midnight is a multiple of it; a count of seconds is one only by chance."""
SURE: Final = (3, 50)
"""So many small counts, or counts in all, that are multiples of it are no chance."""
FEW_SECONDS: Final = 10**8
"""A smaller number is a count of seconds only where it is a multiple of a quarter of an hour."""

_INTEGER = re.compile(r"\s*-?\d{1,18}\s*", re.ASCII)


class Convention(NamedTuple):
    """How a source writes its days."""

    zone: str = ""
    """IANA zone in which moments that are kept in UTC are trading days; "" where they are local time already."""
    unit: EpochUnit = "s"


UNTIMED: Final = Convention()
Moment = tuple[dt.datetime | None, bool]
"""A tz-naive moment (None where a value names none), and whether it is UTC; any other is local time of the exchange."""
NO_MOMENT: Final[Moment] = (None, False)


def moments(values: Sequence[Any], convention: Convention = UNTIMED) -> Moments:
    """The local moment of each value, tz-naive in nanoseconds; NaT where it names none. Its day is the trading day.

    A moment in UTC is converted to the zone of the `convention`, unless it is midnight: that is a day without a time.
    Text with offset +00:00 is UTC; any other text is local time of the exchange.
    """
    read, in_utc = _read(values, convention.unit)
    if convention.zone:
        read[in_utc] = _local(read[in_utc], convention.zone)
    return read


def convention_of(values: Sequence[Any], zones: Sequence[str]) -> Convention:
    """The convention that a sample of values shows; its zone is one of `zones`, or ""."""
    unit = epoch_unit(values)
    return Convention(zone_of(values, zones, unit), unit)


def zone_of(values: Sequence[Any], zones: Sequence[str], unit: EpochUnit = "s") -> str:
    """The one of `zones` in which moments kept in UTC are trading days; "" where they are local time already.

    It is the zone in which the fewest of them fall on a weekend, and, among equals, in which most are midnights.
    """
    read, in_utc = _read(values, unit)
    timed = read[in_utc & ~np.isnat(read) & (read != read.astype("datetime64[D]"))]
    if len(timed) == 0:
        return ""

    def fitness(zone: str) -> tuple[float, float]:
        there = pd.DatetimeIndex(_local(timed, zone))
        return round(float((there.day_of_week < 5).mean()), 2), float((there == there.normalize()).mean())

    return max(["", *zones], key=fitness)  # the first of equals


def epoch_unit(values: Sequence[Any]) -> EpochUnit:
    """The unit of the epochs among `values`; "s" where there are none."""
    counts = {count for count in map(_epoch, values) if count is not None}  # a repeated one is no more evidence
    small = {count for count in counts if abs(count) < EPOCH_SECONDS_LIMIT}
    large = counts - small
    if not large:
        return "s"
    has_seconds = any(count % QUARTER_HOUR for count in small)
    if min(map(abs, large)) >= PAST_1970 and not min(large) < 0 < max(large):
        return "" if has_seconds else "?"
    is_sure = len(small) >= SURE[0] or len(counts) >= SURE[1]
    return "ms" if is_sure and not has_seconds else "?"


def form_of(value: Any, moment: np.datetime64) -> DateForm:
    """How a date is stored that was read as `moment`."""
    if value is None or value == "":
        return "missing"
    if np.isnat(moment):
        return "unreadable"
    if isinstance(value, dt.datetime):
        return "day" if value.time() == dt.time() and value.tzinfo is None else "moment"
    return "text" if isinstance(value, str) else "number"


def _read(values: Sequence[Any], unit: EpochUnit) -> tuple[Moments, npt.NDArray[np.bool_]]:
    """The moments of `values` as they are written, and which of them are UTC."""
    if set(map(type, values)) == {dt.datetime} and not any(value.tzinfo for value in values):
        read = np.array(values, dtype="datetime64[us]")  # the usual case, ten times as fast
        in_utc = np.ones(len(values), dtype=bool)
    else:
        pairs = [_moment(value, unit) for value in values]
        read = np.array([moment for moment, _utc in pairs], dtype="datetime64[us]")
        in_utc = np.array([utc for _moment, utc in pairs], dtype=bool)
    outside = (read < np.datetime64(f"{YEARS[0]}-01-01")) | (read >= np.datetime64(f"{YEARS[-1]}-01-01"))
    return np.where(outside, np.datetime64("NaT"), read).astype("datetime64[ns]"), in_utc


def _local(utc: Moments, zone: str) -> Moments:
    """Moments in UTC as local ones of `zone`; midnights stay as they are."""
    timed = utc != utc.astype("datetime64[D]")
    if not zone or not timed.any():
        return utc
    result = utc.copy()
    result[timed] = pd.DatetimeIndex(utc[timed]).tz_localize("UTC").tz_convert(zone).tz_localize(None).to_numpy()
    return result


def _moment(value: Any, unit: EpochUnit) -> Moment:
    if isinstance(value, dt.datetime):
        return NO_MOMENT if value is pd.NaT else (value.replace(tzinfo=None), not value.utcoffset())
    if isinstance(value, dt.date):
        return dt.datetime(value.year, value.month, value.day), False
    if isinstance(value, str):
        return _moment_of_text(value, unit)
    if isinstance(value, int | float | np.integer) and not isinstance(value, bool):
        return _moment_of_number(float(value), unit)
    return NO_MOMENT


@lru_cache(maxsize=65_536)
def _moment_of_text(text: str, unit: EpochUnit) -> Moment:
    text = text.strip()
    if _INTEGER.fullmatch(text):
        return _moment_of_number(float(text), unit)
    for form in TEXTS:
        if parts := form.fullmatch(text):
            text = f"{parts['year']}-{int(parts['month']):02d}-{int(parts['day']):02d}{parts['clock']}"
            break
    try:
        moment = dt.datetime.fromisoformat(text)
    except ValueError:
        return NO_MOMENT
    return moment.replace(tzinfo=None), moment.tzinfo is not None and not moment.utcoffset()


@lru_cache(maxsize=65_536)
def _moment_of_number(number: float, unit: EpochUnit) -> Moment:
    if not math.isfinite(number) or (number != int(number) and abs(number) < FEW_SECONDS):
        return NO_MOMENT
    count = int(number)  # a fraction of a second belongs to a clock
    is_small, is_quarter = abs(count) < EPOCH_SECONDS_LIMIT, count % QUARTER_HOUR == 0
    date = _date_of_digits(count)
    # Digits of a clock on the 10th, 20th or 30th may be a day of 1976 in milliseconds.
    if date and (count < 10 ** DIGITS[0] or unit == "s" or not is_quarter):
        return date, False
    if is_small and unit in ("ms", "?") and is_quarter == (unit == "?"):
        return NO_MOMENT
    in_milliseconds = unit == "ms" or (unit != "s" and not is_small)
    if not in_milliseconds and abs(count) < FEW_SECONDS and count % (QUARTER_HOUR // 1000):
        return NO_MOMENT
    try:
        return EPOCH + dt.timedelta(milliseconds=count if in_milliseconds else count * 1000), True
    except OverflowError:
        return NO_MOMENT


def _epoch(value: Any) -> int | None:
    """The whole number that `value` is, unless its digits are a date."""
    if isinstance(value, str):
        value = int(value) if _INTEGER.fullmatch(value) else None
    if not isinstance(value, int | float) or isinstance(value, bool) or value != value or abs(value) >= 2**62:
        return None
    return None if _date_of_digits(int(value)) else int(value)


def _date_of_digits(count: int) -> dt.datetime | None:
    """The moment that the digits of a number write. A whole hour's epoch ends in 00, which is no day."""
    digits = str(count)
    if len(digits) not in DIGITS or int(digits[:4]) not in YEARS:
        return None
    try:
        return dt.datetime.fromisoformat("T".join(filter(None, (digits[:8], digits[8:]))))
    except ValueError:
        return None
