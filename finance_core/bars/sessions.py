"""Trading sessions of the exchanges: which days are sessions, and which of them are over.

`exchange_calendars` knows them, but takes a second to import and another to build a calendar: too long for a page that
looks at twenty exchanges. So a small file keeps what is needed of a calendar until the month is over.

`exchange_calendars` does not know days that were announced after its release. So every function takes the name of a
calendar, or a `Calendar` that the stored bars have corrected (see `storage.trading_calendars`).
"""

import datetime as dt
import logging
import os
import threading
import warnings
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib import metadata
from pathlib import Path
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from finance_core import settings
from finance_core.bars.periods import INTERVAL_PERIODS, Interval

EXAM_DAYS = {2021: 18, 2022: 17, 2023: 16, 2024: 14, 2025: 13, 2026: 19}
"""The day of November of each year's entrance exam. It is announced year by year: a Thursday from 11 to 20 November.
`exchange_calendars` knows those until 2020."""

SETTLING = dt.timedelta(minutes=30)
"""The time after a close in which a source's bar of the day may still change."""

_log = logging.getLogger(__name__)
_building = threading.Lock()
_1970 = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


@dataclass(frozen=True)
class Calendar:
    """The calendar of an exchange, with the days on which its bars prove it wrong."""

    name: str
    """As `exchange_calendars` calls it."""
    closed: tuple[dt.datetime, ...] = ()
    """Its sessions on which the exchange was closed."""
    opened: tuple[dt.datetime, ...] = ()
    """Days without a session on which the exchange traded."""


def timezone(calendar: str | Calendar) -> str:
    """IANA name of the exchange's time zone.

    >>> timezone("XKRX")
    'Asia/Seoul'
    """
    return str(_calendar(calendar).attrs["timezone"])


def days(calendar: str | Calendar) -> npt.NDArray[np.datetime64]:
    """All sessions of `calendar`, ascending, in nanoseconds.

    >>> str(days("XKRX")[-1])[:4] >= "2026"
    True
    """
    return _arrays(calendar, _month())[0]


def are_closed(calendar: str | Calendar, on: npt.NDArray[np.datetime64]) -> npt.NDArray[np.bool_]:
    """A mask of the days `on` that are within the range of `calendar`, but no session of it.

    >>> are_closed("XKRX", np.array(["2026-01-09", "2026-01-10"], "datetime64[D]")).tolist()
    [False, True]
    """
    sessions = days(calendar)
    # The sessions are sorted already; np.isin would sort them again for every ticker and every calendar.
    next_open = sessions[np.minimum(sessions.searchsorted(on), len(sessions) - 1)]
    closed: npt.NDArray[np.bool_] = (on >= sessions[0]) & (on <= sessions[-1]) & (next_open != on)
    return closed


def between(calendar: str | Calendar, first: dt.date, last: dt.date) -> pd.DatetimeIndex:
    """The sessions from `first` to `last`, both included, tz-naive; only those within the range of the calendar.

    >>> len(between("XKRX", dt.date(2026, 1, 1), dt.date(2026, 1, 9)))
    6
    """
    return pd.DatetimeIndex(_calendar(calendar).loc[pd.Timestamp(first) : pd.Timestamp(last)].index)


def elapsed(
    calendar: str | Calendar, since: npt.NDArray[np.datetime64], until: npt.NDArray[np.datetime64]
) -> npt.NDArray[np.int64]:
    """How many sessions there are after each day of `since` up to that of `until`, which is later; at least 1.

    Weekdays count where days are beyond the range of the calendar.

    >>> fridays = np.array(["2026-01-02", "1985-01-04"], dtype="datetime64[D]")
    >>> elapsed("XKRX", fridays, fridays + np.array([3, 7], dtype="timedelta64[D]")).tolist()
    [1, 5]
    """
    known = days(calendar)
    count = known.searchsorted(until, side="right") - known.searchsorted(since, side="right")
    day = np.timedelta64(1, "D")
    weekdays = np.busday_count(since.astype("datetime64[D]") + day, until.astype("datetime64[D]") + day)
    return np.maximum(np.where((since < known[0]) | (until > known[-1]), weekdays, count), 1)


def following(calendar: str | Calendar, last: dt.date, interval: Interval, count: int) -> pd.DatetimeIndex:
    """The dates of the next `count` bars of `interval` after the bar of `last`, tz-naive; fewer at the calendar's end.

    A week or month has the date of its last session. The result is empty if the calendar begins after `last`.

    >>> [str(day.date()) for day in following("XKRX", dt.date(2026, 1, 8), "W", 2)]
    ['2026-01-16', '2026-01-23']
    """
    all_days = pd.DatetimeIndex(days(calendar))
    if pd.Timestamp(last) < all_days[0]:
        return all_days[:0]
    if interval == "D":
        return all_days[all_days > pd.Timestamp(last)][:count]
    periods = all_days.to_period(INTERVAL_PERIODS[interval])
    later = periods > pd.Timestamp(last).to_period(INTERVAL_PERIODS[interval])
    # The last period is left out: the calendar may end within it.
    is_end = (periods[:-1] != periods[1:]) & later[:-1]
    return all_days[:-1][is_end][:count]


def last_finished(calendar: str | Calendar, moment: dt.datetime) -> pd.Timestamp:
    """The last session that was over at `moment` (tz-aware).

    >>> last_finished("XKRX", dt.datetime(2026, 1, 9, 12, tzinfo=dt.UTC))
    Timestamp('2026-01-09 00:00:00')
    """
    sessions, closes = _arrays(calendar, _month())
    since_1970 = np.datetime64((moment - _1970) // dt.timedelta(microseconds=1), "us")
    return pd.Timestamp(sessions[int(np.searchsorted(closes, since_1970, side="right")) - 1])


def close_of(calendar: str | Calendar, session: dt.date) -> dt.datetime | None:
    """When `session` closes or closed, in UTC and tz-naive as MongoDB has it; None on days without a session.

    >>> close_of("XKRX", dt.date(2026, 1, 9))
    datetime.datetime(2026, 1, 9, 6, 30)
    """
    closes = _calendar(calendar)["close"]
    moment = closes.get(pd.Timestamp(session))
    return None if moment is None else moment.tz_localize(None).to_pydatetime()


def behind(calendar: str | Calendar, last_bar: dt.date, moment: dt.datetime) -> int:
    """How many sessions after `last_bar` were over at `moment`: 0 is up to date.

    >>> behind("XKRX", dt.date(2026, 1, 7), dt.datetime(2026, 1, 9, 12, tzinfo=dt.UTC))
    2
    """
    return len(between(calendar, last_bar + dt.timedelta(days=1), last_finished(calendar, moment).date()))


def _calendar(calendar: str | Calendar) -> pd.DataFrame:
    """The sessions from twenty years ago to one year ahead, tz-naive, with their closes in UTC."""
    return _of_month(calendar, _month()) if isinstance(calendar, str) else _corrected(calendar, _month())


def _month() -> str:
    return f"{dt.datetime.now(dt.UTC):%Y-%m}"


@lru_cache(maxsize=64)
def _arrays(calendar: str | Calendar, month: str) -> tuple[npt.NDArray[np.datetime64], npt.NDArray[np.datetime64]]:
    """All sessions and their closes in UTC, in numpy: updates look for them several times for each ticker."""
    sessions = _of_month(calendar, month) if isinstance(calendar, str) else _corrected(calendar, month)
    return sessions.index.to_numpy(), sessions["close"].dt.tz_localize(None).to_numpy()


@lru_cache(maxsize=64)
def _corrected(calendar: Calendar, month: str) -> pd.DataFrame:
    sessions = _of_month(calendar.name, month)
    sessions = sessions[~sessions.index.isin(pd.DatetimeIndex(calendar.closed))]
    opened = [pd.Timestamp(day) for day in calendar.opened if pd.Timestamp(day) not in sessions.index]
    # An added session closes at the same local time as the session before it.
    closes = [_close_like(sessions, day) for day in opened]
    added = pd.DataFrame({"close": pd.DatetimeIndex(closes, tz="UTC")}, index=pd.DatetimeIndex(opened))
    result = pd.concat([sessions, added.astype(sessions.dtypes)]).sort_index() if opened else sessions
    result.attrs = sessions.attrs
    return result


def _close_like(sessions: pd.DataFrame, day: pd.Timestamp) -> pd.Timestamp:
    """The close of `day` in UTC, at the local time of the exchange at which the session before it closed."""
    before = max(int(sessions.index.searchsorted(day)) - 1, 0)
    local = sessions["close"].iloc[before].tz_convert(sessions.attrs["timezone"]).tz_localize(None)
    at: pd.Timestamp = day + (local - sessions.index[before])
    return at.tz_localize(sessions.attrs["timezone"]).tz_convert("UTC")


@cache
def _of_month(name: str, month: str) -> pd.DataFrame:
    version = metadata.version("exchange_calendars")
    path = settings.data_dir() / "calendars" / f"{name.replace('/', '-')}_{version}_{month}.parquet"
    kept = _read(path)
    if kept is None:
        with _building:  # the first visitors may all come at once
            kept = _read(path)
            kept = _build_and_keep(name, path) if kept is None else kept
    return _with_exam_days(kept) if name == "XKRX" else kept


def _with_exam_days(sessions: pd.DataFrame) -> pd.DataFrame:
    """The sessions of Seoul, where that of the day of the entrance exam (수능) closes an hour later, at 16:30.

    After the years of `EXAM_DAYS`, every day that may be the exam's closes so late: if a session counts as over too
    late, that harms nothing; if too early, a price of that moment would be stored as its close.
    """
    days = pd.DatetimeIndex(sessions.index)
    is_possible = (days.month == 11) & (days.day_of_week == 3) & (days.day >= 11) & (days.day <= 20)
    announced = days.year.map(EXAM_DAYS)
    is_late = is_possible & (days.year > 2020) & ((announced == days.day) | announced.isna())
    late = (days + pd.Timedelta(hours=16, minutes=30)).tz_localize("Asia/Seoul").tz_convert("UTC")
    result = sessions.assign(close=sessions["close"].where(~is_late, late))
    result.attrs = sessions.attrs
    return result


def _read(path: Path) -> pd.DataFrame | None:
    try:
        return pd.read_parquet(path)
    except FileNotFoundError:
        return None
    except (OSError, pa.ArrowInvalid) as error:
        _log.warning("%s cannot be read and is made anew: %s", path, error)
        return None


def _build_and_keep(name: str, path: Path) -> pd.DataFrame:
    calendar = _build(name)
    part = path.with_suffix(f".{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        calendar.to_parquet(part)
        part.replace(path)
    except OSError as error:  # the file only saves time
        _log.warning("%s cannot be kept: %s", path, error)
    return calendar


def _build(name: str) -> pd.DataFrame:
    import exchange_calendars  # here, as it costs a second and is seldom needed

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", pd.errors.Pandas4Warning)  # from its use of pandas, not ours
        _hasten_korea()
        exchange = exchange_calendars.get_calendar(name)
    calendar = pd.DataFrame({"close": exchange.closes})
    calendar.attrs["timezone"] = str(exchange.tz)
    return calendar


class _Days(dict[pd.Timestamp, Any]):
    """Takes the place of a Series that exchange_calendars makes longer by one day, 4,000 times."""

    @property
    def index(self) -> Self:
        return self


@cache
def _hasten_korea() -> None:
    """Make exchange_calendars build Korea's calendar in a fifth of its two seconds; a first start waits for it.

    For each of 500 dates the library makes a lunar calendar, which adds up the years from 1000 on; one shared lunar
    calendar keeps the sums. It is not safe for threads, hence `_building`. A test compares the result with that of the
    unchanged library.
    """
    from exchange_calendars.pandas_extensions import korean_holiday

    korean_holiday.KoreanLunarCalendar = cache(korean_holiday.KoreanLunarCalendar)
    korean_holiday.KoreanHoliday._computed_holidays = _Days()
    korean_holiday.KoreanHoliday._alternate_holidays_cache = _Days()
