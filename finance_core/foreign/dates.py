"""Days and moments as other programs write them: dates, texts, epoch counts, midnights of other time zones.

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
from bson import Timestamp

from finance_core.foreign import date_words

Moments = npt.NDArray[np.datetime64]
Mask = npt.NDArray[np.bool_]
DateForm = Literal["day", "moment", "text", "number", "unreadable", "missing"]
EpochUnit = Literal["s", "ms", "", "?", "days", "none"]
"""The unit in which a source counts from 1970.

s: seconds. ms: milliseconds. "": both, and the size of a number shows its unit. ?: both, and for some numbers the unit
is not known. days: days as spreadsheets count them. none: all numbers are small and some cannot be seconds.
Microseconds and nanoseconds are recognised by their size with every unit.
"""
Order = Literal["dmy", "mdy", "ymd", ""]
"""The order of day, month and year in a text such as 01/02/24; "" where it is not known."""

TEXTS: Final = (
    # 2024-1-2, 2024/01/02 and 2024. 1. 2., each with or without a clock time behind it
    re.compile(r"(?P<year>\d{4})[-./]\s?(?P<month>\d{1,2})[-./]\s?(?P<day>\d{1,2})\.?(?=$|\D)(?P<clock>.*)", re.DOTALL),
    # 2024년 1월 2일 and 24년 1월 2일
    re.compile(r"(?P<year>\d{4}|\d\d)년\s*(?P<month>\d{1,2})월\s*(?P<day>\d{1,2})일(?P<clock>.*)", re.DOTALL),
    # 02-Jan-2024, 2 January 2024 and Tue, 02 Jan 2024 00:00:00 GMT
    re.compile(
        r"(?:(?P<weekday>[A-Za-z]+),\s*)?(?P<day>\d{1,2})[- ](?P<month>[A-Za-z]+)[- ](?P<year>\d{4})(?P<clock>\D.*)?",
        re.DOTALL,
    ),
    # Jan 02, 2024 and Tuesday, January 2, 2024
    re.compile(
        r"(?:(?P<weekday>[A-Za-z]+),\s*)?(?P<month>[A-Za-z]+)\.? (?P<day>\d{1,2}),? (?P<year>\d{4})(?P<clock>\D.*)?",
        re.DOTALL,
    ),
    re.compile(r"(?P<year>\d{4})(?P<month>\d\d)(?P<day>\d\d)\.0(?P<clock>)", re.ASCII),  # 20240102.0, from pandas
)
"""Forms of text that are not ISO 8601 as a whole: year, month, day, and a clock time; `date_words` reads the words."""
ORDERED: Final = re.compile(r"(\d{1,2})([-./])\s?(\d{1,2})\2\s?(\d{4}|\d{1,2})\.?(?=$|\D)(?P<clock>.*)", re.DOTALL)
"""01/02/2024, 1.2.2024 and 24.01.02: only the other rows can show the order of the numbers."""
ORDERS: Final[dict[Order, tuple[int, int, int]]] = {"dmy": (2, 1, 0), "mdy": (2, 0, 1), "ymd": (0, 1, 2)}
"""For each order, the positions of year, month and day among the three numbers."""
DIGITS: Final = (8, 12, 14)
"""Lengths of a number whose digits are a date: YYYYMMDD, with hhmm, with hhmmss."""
YEARS: Final = range(1800, 2200)
"""A date outside these years is an error of its source, or a count in another unit."""

EPOCH: Final = dt.datetime(1970, 1, 1)
EPOCH_SECONDS_LIMIT: Final = 7_258_118_400
"""A number from here on (2200-01-01) is no count of seconds. A smaller count of milliseconds is a day of early 1970."""
PAST_1970: Final = 10**11
"""A count from `EPOCH_SECONDS_LIMIT` up to here (milliseconds from 1966-11 to 1973-03, with either sign) shows that the
source's milliseconds reach back to about 1970, so that its small counts may be milliseconds too."""
QUARTER_HOUR: Final = 900_000
"""In milliseconds. Every zone's midnight, in milliseconds, is a multiple of it; a count of seconds is one only by
chance."""
SURE: Final = (3, 50)
"""With this many small counts, or counts in all, it is no chance that every small one is a multiple of
`QUARTER_HOUR`."""
FEW_SECONDS: Final = 10**8
"""A smaller number is a count of seconds only if all counts of its ticker are multiples of a quarter of an hour."""

SPREADSHEET_EPOCH: Final = dt.datetime(1899, 12, 30)
SPREADSHEET_DAYS: Final = range(20_000, 80_000)
"""The days from 1954 to 2119 as spreadsheets count them; a smaller number may be a row number."""
SMALL_UNITS: Final = ((10**17, 10**19, 1000), (10**14, 10**16, 1))
"""Nanoseconds and microseconds: the least count, the limit (exclusive), and how many of the unit a microsecond has."""

_INTEGER = re.compile(r"\s*-?\d{1,19}\s*", re.ASCII)


class Convention(NamedTuple):
    """How a source writes its days."""

    unit: EpochUnit = ""
    order: Order = ""


USUAL: Final = Convention()
"""The convention for values whose meaning does not depend on other rows (see `are_sure`)."""
PLAIN: Final = {str, int, float}
"""Types whose equal values mean equal dates, so that each distinct value is read once."""
LOCAL, IN_UTC, NAIVE = range(3)
"""The time of a moment: local time of the exchange; UTC; either, for a text with a clock time and no zone."""
Moment = tuple[dt.datetime | None, int]
"""A tz-naive moment (None where a value names none), and its time: LOCAL, IN_UTC or NAIVE."""
NO_MOMENT: Final[Moment] = (None, LOCAL)


class Written(NamedTuple):
    """Moments as they are written, datetime64[ns]; NaT where a value names none."""

    moments: Moments
    is_utc: Mask
    is_naive: Mask


def moments(values: Sequence[Any], convention: Convention = USUAL, zones: Sequence[str] = ()) -> Moments:
    """The moment of each value for display: tz-naive datetime64[ns], NaT where the value names no moment.

    A moment in UTC that is midnight in one of `zones` becomes that local midnight. `trading_days` decides which day a
    bar belongs to.
    """
    read, is_utc, _is_naive = written(values, convention)
    for zone in zones:
        timed = np.flatnonzero(is_utc & ~np.isnat(read) & ~is_midnight(read))
        local = pd.DatetimeIndex(read[timed]).tz_localize("UTC").tz_convert(zone).tz_localize(None).to_numpy()
        read[timed] = np.where(is_midnight(local), local, read[timed])
    return read


def convention_of(values: Sequence[Any]) -> Convention:
    """The convention in which the values of one source are written. The values of one ticker give a better answer."""
    return Convention("days" if _are_spreadsheet_days(values) else epoch_unit(values), _order_of(values))


def are_sure(values: Sequence[Any]) -> bool:
    """Whether every value means one day by itself, so that the other rows of its ticker do not matter."""
    kinds = set(map(type, values))
    if kinds <= {dt.datetime, dt.date}:
        return True
    distinct = set(values) if kinds <= PLAIN else {value for value in values if isinstance(value, str | int | float)}
    return not any(_ordered(value) or _is_spreadsheet_day(value) or _has_any_unit(value) for value in distinct)


def is_ambiguous(values: Sequence[Any], convention: Convention) -> bool:
    """Whether the order of day and month of some of these values of one ticker is not known."""
    return not convention.order and any(map(_ordered, values))


def epoch_unit(values: Sequence[Any]) -> EpochUnit:
    """The unit of the counts from 1970 among `values`; "s" where there are none."""
    counts = {count for count in map(_epoch, values) if count is not None}  # a set: repeats are no more evidence
    if counts and max(map(abs, counts)) < FEW_SECONDS and any(count % (QUARTER_HOUR // 1000) for count in counts):
        return "none"
    small = {count for count in counts if abs(count) < EPOCH_SECONDS_LIMIT}
    large = counts - small
    has_seconds = any(count % QUARTER_HOUR for count in small)
    if not large:
        return "s" if has_seconds or not small else "?"
    if min(map(abs, large)) >= PAST_1970 and not min(large) < 0 < max(large):
        return "" if has_seconds else "?"
    is_sure = len(small) >= SURE[0] or len(counts) >= SURE[1]
    return "ms" if is_sure and not has_seconds else "?"


def is_date(value: Any) -> bool:
    """Whether a value is a moment. A number with fewer digits than a date (8) is a ticker or a position."""
    if isinstance(value, str):
        return _is_date_text(value)
    is_short = isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 10**7
    return not is_short and not np.isnat(moments([value])[0])


@lru_cache(maxsize=65_536)
def _is_date_text(text: str) -> bool:
    return not re.fullmatch(r"\d{1,7}", text) and not np.isnat(moments([text])[0])


def is_midnight(moments: Moments) -> Mask:
    """A mask of the moments at midnight."""
    midnights: Mask = moments == moments.astype("datetime64[D]")
    return midnights


def form_of(value: Any, moment: np.datetime64) -> DateForm:
    """How `value`, a date that was read as `moment`, is stored."""
    if value is None or value == "":
        return "missing"
    if np.isnat(moment):
        return "unreadable"
    if isinstance(value, dt.datetime):
        return "day" if value.time() == dt.time() and value.tzinfo is None else "moment"
    return "text" if isinstance(value, str) else "number"


def written(values: Sequence[Any], convention: Convention = USUAL) -> Written:
    """The moments of `values` as they are written, with masks of those in UTC and those that may be in UTC."""
    kinds = set(map(type, values))
    if kinds and kinds <= PLAIN and len(values) > 1:  # all tickers share the same days: read each day once
        codes, distinct = pd.factorize(np.array(values, dtype=object), use_na_sentinel=False)
        moments, is_utc, is_naive = _written(distinct.tolist(), convention)
        return Written(moments[codes], is_utc[codes], is_naive[codes])
    return _written(values, convention)


def _written(values: Sequence[Any], convention: Convention) -> Written:
    if set(map(type, values)) == {dt.datetime} and not any(value.tzinfo for value in values):
        read = np.array(values, dtype="datetime64[us]")  # the usual case; ten times as fast as value by value
        whose = np.full(len(values), IN_UTC)
    else:
        pairs = [_moment(value, convention.unit, convention.order) for value in values]
        read = np.array([moment for moment, _whose in pairs], dtype="datetime64[us]")
        whose = np.array([whose for _moment, whose in pairs], dtype="int64")
    outside = (read < np.datetime64(f"{YEARS[0]}-01-01")) | (read >= np.datetime64(f"{YEARS[-1]}-01-01"))
    in_years = np.where(outside, np.datetime64("NaT"), read).astype("datetime64[ns]")
    return Written(in_years, whose == IN_UTC, whose == NAIVE)


def _moment(value: Any, unit: EpochUnit, order: Order) -> Moment:
    if isinstance(value, dt.datetime):
        return NO_MOMENT if value is pd.NaT else (value.replace(tzinfo=None), LOCAL if value.utcoffset() else IN_UTC)
    if isinstance(value, dt.date):
        return dt.datetime(value.year, value.month, value.day), LOCAL
    if isinstance(value, str):
        return _moment_of_text(value, unit, order)
    if isinstance(value, int | float | np.integer) and not isinstance(value, bool):
        return _moment_of_number(float(value), unit)
    return (EPOCH + dt.timedelta(seconds=value.time), IN_UTC) if isinstance(value, Timestamp) else NO_MOMENT


@lru_cache(maxsize=65_536)
def _moment_of_text(text: str, unit: EpochUnit, order: Order) -> Moment:
    text = text.strip()
    if _INTEGER.fullmatch(text):
        # A number with leading zeros is a code, such as the ticker of a Korean stock.
        return NO_MOMENT if text.startswith("0") else _moment_of_number(float(text), unit)
    for form in TEXTS:
        if parts := form.fullmatch(text):
            weekday = parts.groupdict().get("weekday") or ""
            text = date_words.iso(parts["year"], parts["month"], parts["day"], parts["clock"] or "", weekday) or ""
            break
    else:
        text = (_ordered_as_iso(text, order) if order else None) or text
    try:
        moment = dt.datetime.fromisoformat(text)
    except ValueError:
        return NO_MOMENT
    if moment.tzinfo is not None:
        return moment.replace(tzinfo=None), LOCAL if moment.utcoffset() else IN_UTC
    return moment, NAIVE if moment.time() != dt.time() else LOCAL


def _ordered(value: Any) -> "re.Match[str] | None":
    return ORDERED.fullmatch(value.strip()) if isinstance(value, str) else None


def _ordered_as_iso(text: str, order: Order) -> str | None:
    """A text such as 01/02/2024, read in this order, as ISO 8601; None where a number is too long or short for it."""
    parts = ORDERED.fullmatch(text)
    fields = parts and [parts[1], parts[3], parts[4]]
    year, month, day = [fields[position] for position in ORDERS[order]] if fields else ("", "", "")
    if parts is None or len(year) not in (2, 4) or len(day) > 2:
        return None
    return date_words.iso(year, month, day, parts["clock"])


def _order_of(values: Sequence[Any]) -> Order:
    """The only order that makes every ordered text a day up to today; "" where no order does, or several do."""
    texts = {value.strip() for value in values if _ordered(value)}
    latest = dt.datetime.now() + dt.timedelta(days=1)

    def are_days(order: Order) -> bool:
        moments = (_moment_of_text(text, "s", order)[0] for text in texts)
        return all(moment is not None and moment <= latest for moment in moments)

    possible = [order for order in ORDERS if are_days(order)] if texts else []
    return possible[0] if len(possible) == 1 else ""


def _is_spreadsheet_day(value: Any) -> bool:
    if isinstance(value, str):
        return bool(_INTEGER.fullmatch(value)) and int(value) in SPREADSHEET_DAYS and not value.startswith("0")
    return isinstance(value, int | float) and value == value and abs(value) < 2**62 and int(value) in SPREADSHEET_DAYS


def _are_spreadsheet_days(values: Sequence[Any]) -> bool:
    """Whether all numbers among `values` are days as spreadsheets count them."""
    counts = [value for value in values if _is_spreadsheet_day(value) or _epoch(value) is not None]
    return bool(counts) and all(map(_is_spreadsheet_day, counts))


@lru_cache(maxsize=65_536)
def _moment_of_number(number: float, unit: EpochUnit) -> Moment:
    if not math.isfinite(number):
        return NO_MOMENT
    if unit == "days" and int(number) in SPREADSHEET_DAYS:
        return SPREADSHEET_EPOCH + dt.timedelta(days=number), LOCAL
    if number != int(number) and abs(number) < FEW_SECONDS:
        return NO_MOMENT
    count = int(number)  # a fraction of a second belongs to the clock time
    is_small, is_quarter = abs(count) < EPOCH_SECONDS_LIMIT, count % QUARTER_HOUR == 0
    date = _date_of_digits(count)
    # The digits of a date with a clock time on the 10th, 20th or 30th may also be milliseconds, of a day in 1976.
    if date and (count < 10 ** DIGITS[0] or unit == "s" or not is_quarter):
        return date, NAIVE if date.time() != dt.time() else LOCAL
    for least, most, per_microsecond in SMALL_UNITS:
        if least <= abs(count) < most:
            return EPOCH + dt.timedelta(microseconds=count // per_microsecond), IN_UTC
    if is_small and unit in ("ms", "?") and is_quarter == (unit == "?"):
        return NO_MOMENT
    in_milliseconds = unit == "ms" or (unit != "s" and not is_small)
    if not in_milliseconds and abs(count) < FEW_SECONDS and (unit == "none" or count % (QUARTER_HOUR // 1000)):
        return NO_MOMENT
    try:
        return EPOCH + dt.timedelta(milliseconds=count if in_milliseconds else count * 1000), IN_UTC
    except OverflowError:
        return NO_MOMENT


def _epoch(value: Any) -> int | None:
    """`value` as a whole number; None where it is no number (see `_count`) or its digits are a date."""
    count = _count(value)
    return None if count is None or _date_of_digits(count) else count


def _has_any_unit(value: Any) -> bool:
    """Whether a value is ambiguous: seconds or milliseconds, or the digits of a date or a count."""
    count = _count(value)
    if count is None:
        return False
    is_date = _date_of_digits(count) is not None
    is_few = abs(count) < FEW_SECONDS and not is_date
    return is_few or (count % QUARTER_HOUR == 0 and (is_date or abs(count) < EPOCH_SECONDS_LIMIT))


def _count(value: Any) -> int | None:
    """`value` as a whole number; None where it is no number, or so large that it counts micro- or nanoseconds."""
    if isinstance(value, str):
        value = int(value) if _INTEGER.fullmatch(value) else None
    if not isinstance(value, int | float) or isinstance(value, bool) or value != value:
        return None
    return int(value) if abs(value) < SMALL_UNITS[-1][0] else None


def _date_of_digits(count: int) -> dt.datetime | None:
    """The moment that the digits of a number write, as in 20240102; None where they are no date.

    A count of seconds with 8 digits is not mistaken for a date on whole hours: it ends in 00, which is no day.
    """
    digits = str(count)
    if len(digits) not in DIGITS or int(digits[:4]) not in YEARS:
        return None
    try:
        return dt.datetime.fromisoformat("T".join(filter(None, (digits[:8], digits[8:]))))
    except ValueError:
        return None
