"""Trading sessions of the exchanges: which days are sessions, and which of them are over.

A thin layer over `exchange_calendars`, whose calendars cost a second to build and are therefore kept.
"""

import datetime as dt
from functools import cache

import exchange_calendars
import pandas as pd


@cache
def _calendar(name: str) -> exchange_calendars.ExchangeCalendar:
    return exchange_calendars.get_calendar(name)


def timezone(calendar: str) -> str:
    """IANA name of the exchange's time zone."""
    return str(_calendar(calendar).tz)


def between(calendar: str, first: dt.date, last: dt.date) -> pd.DatetimeIndex:
    """The sessions from `first` to `last`, both included, tz-naive; what the calendar does not reach is left out."""
    exchange = _calendar(calendar)
    start = max(pd.Timestamp(first), exchange.first_session)
    end = min(pd.Timestamp(last), exchange.last_session)
    if start > end:
        return pd.DatetimeIndex(exchange.sessions[:0])
    return pd.DatetimeIndex(exchange.sessions_in_range(start, end))


def last_finished(calendar: str, moment: dt.datetime) -> pd.Timestamp:
    """The last session that was over at `moment` (tz-aware)."""
    minute = pd.Timestamp(moment).tz_convert("UTC").floor("min")
    return pd.Timestamp(_calendar(calendar).minute_to_past_session(minute))


def behind(calendar: str, last_bar: dt.date, moment: dt.datetime) -> int:
    """How many sessions were over at `moment` that come after `last_bar`: 0 is up to date."""
    return len(between(calendar, last_bar + dt.timedelta(days=1), last_finished(calendar, moment).date()))
