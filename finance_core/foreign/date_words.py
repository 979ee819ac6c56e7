"""Words in texts of dates: names of months and days of the week, halves of a day, hours of one digit. Pure.

`dates` knows the forms of whole texts.
"""

import datetime as dt
import re
from typing import Final

MONTHS: Final = (
    *("january", "february", "march", "april", "may", "june"),
    *("july", "august", "september", "october", "november", "december"),
)
WEEKDAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
KOREAN_WEEKDAYS: Final = "월화수목금토일"
PIVOT: Final = 70
"""The least year of two digits that is of the 20th century."""

_WEEKDAY = re.compile(rf"\s*(?:\((?P<inside>[^()]+)\)|(?P<plain>[{KOREAN_WEEKDAYS}]요일))")
"""A day of the week behind a date: (화), (Tue), 화요일."""
_CLOCK = re.compile(
    r"[T\s]\s*(?:(?P<korean>오전|오후)\s*)?(?P<hour>\d{1,2})(?P<rest>:\d\d(?::\d\d(?:\.\d+)?)?)"
    r"(?:\s*(?P<english>AM|PM))?(?P<zone>\s*(?:GMT|UTC|Z|[+-]\d\d:?\d\d))?",
    re.ASCII | re.IGNORECASE,
)
AFTERNOON: Final = ("오후", "pm")


def iso(year: str, month: str, day: str, rest: str, weekday: str = "") -> str | None:
    """A date in ISO 8601, with the clock time of `rest`, the text behind it; None where it is none.

    `month` may be a name. A `weekday`, here or in `rest`, must be that of the date: else one of both is wrong.

    >>> iso("24", "1", "2", "(화) 오후 3:30"), iso("2024", "Jan", "02", "", "Wed")
    ('2024-01-02 15:30', None)
    """
    number = _month(month)
    if named := _WEEKDAY.match(rest):
        rest, weekday = rest[named.end() :], named["inside"] or named["plain"]
    clock = _clock(rest)
    if number is None or clock is None:
        return None
    text = f"{_full_year(year)}-{number:02d}-{int(day):02d}"
    return f"{text}{clock}" if not weekday or _is_weekday(text, weekday.strip()) else None


def _full_year(year: str) -> str:
    """A year of four digits, from one of four or two."""
    return year if len(year) == 4 else f"{'19' if int(year) >= PIVOT else '20'}{year}"


def _month(month: str) -> int | None:
    if month.isdecimal():
        return int(month)
    name = month.casefold()
    return next((number for number, full in enumerate(MONTHS, start=1) if name in (full, full[:3])), None)


def _is_weekday(text: str, weekday: str) -> bool:
    """Whether the date `text` is this day of the week."""
    try:
        number = dt.date.fromisoformat(text).weekday()
    except ValueError:
        return False
    english, korean = WEEKDAYS[number], KOREAN_WEEKDAYS[number]
    return weekday.casefold() in (english, english[:3], korean, f"{korean}요일")


def _clock(text: str) -> str | None:
    """A clock time in 24 hours of two digits, as in ISO 8601; None for an hour that its half of the day lacks."""
    parts = _CLOCK.fullmatch(text.rstrip())
    if parts is None:
        return text
    half, hour = (parts["korean"] or parts["english"] or "").casefold(), int(parts["hour"])
    if half and (not 1 <= hour <= 12 or (parts["korean"] and parts["english"])):
        return None
    if half:
        hour = hour % 12 + (12 if half in AFTERNOON else 0)
    zone = (parts["zone"] or "").strip().upper()
    return f" {hour:02d}{parts['rest']}{'+00:00' if zone in ('GMT', 'UTC', 'Z') else zone}"
