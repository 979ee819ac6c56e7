"""Trading sessions of the exchanges: which days are sessions, and which of them are over.

`exchange_calendars` knows them, but takes a second to import and another to build a calendar: too long for a page that
looks at twenty exchanges. So a small file keeps what is needed of a calendar until the month is over.
"""

import datetime as dt
import logging
import os
import warnings
from functools import cache
from importlib import metadata

import pandas as pd
import pyarrow as pa

from finance_core import settings

_log = logging.getLogger(__name__)


def timezone(calendar: str) -> str:
    """IANA name of the exchange's time zone.

    >>> timezone("XKRX")
    'Asia/Seoul'
    """
    return str(_calendar(calendar).attrs["timezone"])


def between(calendar: str, first: dt.date, last: dt.date) -> pd.DatetimeIndex:
    """The sessions from `first` to `last`, both included, tz-naive; only those that the calendar reaches.

    >>> len(between("XKRX", dt.date(2026, 1, 1), dt.date(2026, 1, 9)))
    6
    """
    return pd.DatetimeIndex(_calendar(calendar).loc[pd.Timestamp(first) : pd.Timestamp(last)].index)


def last_finished(calendar: str, moment: dt.datetime) -> pd.Timestamp:
    """The last session that was over at `moment` (tz-aware).

    >>> last_finished("XKRX", dt.datetime(2026, 1, 9, 12, tzinfo=dt.UTC))
    Timestamp('2026-01-09 00:00:00')
    """
    closes = _calendar(calendar)["close"]
    over = int(closes.searchsorted(pd.Timestamp(moment).tz_convert("UTC"), side="right"))
    return pd.Timestamp(closes.index[over - 1])


def close_of(calendar: str, session: dt.date) -> dt.datetime | None:
    """When `session` closes or closed, in UTC and tz-naive as MongoDB has it; None on days without a session.

    >>> close_of("XKRX", dt.date(2026, 1, 9))
    datetime.datetime(2026, 1, 9, 6, 30)
    """
    closes = _calendar(calendar)["close"]
    moment = closes.get(pd.Timestamp(session))
    return None if moment is None else moment.tz_localize(None).to_pydatetime()


def behind(calendar: str, last_bar: dt.date, moment: dt.datetime) -> int:
    """How many sessions after `last_bar` were over at `moment`: 0 is up to date.

    >>> behind("XKRX", dt.date(2026, 1, 7), dt.datetime(2026, 1, 9, 12, tzinfo=dt.UTC))
    2
    """
    return len(between(calendar, last_bar + dt.timedelta(days=1), last_finished(calendar, moment).date()))


def _calendar(name: str) -> pd.DataFrame:
    """The sessions of twenty years back to one ahead, tz-naive, with their closes in UTC."""
    return _of_month(name, f"{dt.datetime.now(dt.UTC):%Y-%m}")


@cache
def _of_month(name: str, month: str) -> pd.DataFrame:
    version = metadata.version("exchange_calendars")
    path = settings.data_dir() / "calendars" / f"{name.replace('/', '-')}_{version}_{month}.parquet"
    try:
        return pd.read_parquet(path)
    except FileNotFoundError:
        pass
    except (OSError, pa.ArrowInvalid) as error:
        _log.warning("%s cannot be read and is made anew: %s", path, error)
    calendar = _build(name)
    part = path.with_suffix(f".{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        calendar.to_parquet(part)
        part.replace(path)
    except OSError as error:  # it only saves time
        _log.warning("%s cannot be kept: %s", path, error)
    return calendar


def _build(name: str) -> pd.DataFrame:
    import exchange_calendars  # here, as it costs a second and is seldom needed

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", pd.errors.Pandas4Warning)  # about what it does with pandas, not what we do
        exchange = exchange_calendars.get_calendar(name)
    calendar = pd.DataFrame({"close": exchange.closes})
    calendar.attrs["timezone"] = str(exchange.tz)
    return calendar
