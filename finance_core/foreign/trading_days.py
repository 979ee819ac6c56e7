"""Which trading days the moments of one ticker mean, decided by its own rows and the sessions of its exchange.

A source may store a day as midnight of any zone, converted to UTC, or with a clock time. Every reading that the moments
allow is compared with the sessions of the exchange; exactly one must fit. Pure, except for the calendars of `sessions`
and the clock.
"""

import datetime as dt
from collections.abc import Sequence
from functools import cache
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from finance_core.bars import candles, sessions
from finance_core.categories import Category
from finance_core.errors import SisepanError
from finance_core.foreign.dates import Mask, is_midnight
from finance_core.foreign.dates import Moments as Days
from finance_core.i18n import N_


class Exchange(NamedTuple):
    """The zone and the calendar that decide the trading days of a ticker."""

    zone: str
    """IANA name."""
    calendar: str
    """Name in `exchange_calendars`."""


EXCHANGES: Final = tuple(
    Exchange(zone, calendar)
    for zone, calendar in {
        "Asia/Seoul": "XKRX",
        "America/New_York": "XNYS",
        "Asia/Tokyo": "XTKS",
        "Asia/Hong_Kong": "XHKG",
        "Asia/Shanghai": "XSHG",
        "Asia/Taipei": "XTAI",
        "Asia/Singapore": "XSES",
        "Asia/Kuala_Lumpur": "XKLS",
        "Asia/Jakarta": "XIDX",
        "Asia/Bangkok": "XBKK",
        "Asia/Manila": "XPHS",
        "Asia/Kolkata": "XBOM",
        "Asia/Riyadh": "XSAU",
        "Australia/Sydney": "XASX",
        "Pacific/Auckland": "XNZE",
        "Europe/London": "XLON",
        "Europe/Berlin": "XETR",
        "Europe/Paris": "XPAR",
        "Europe/Zurich": "XSWX",
        "Europe/Helsinki": "XHEL",
        "Europe/Istanbul": "XIST",
        "Africa/Johannesburg": "XJSE",
        "America/Toronto": "XTSE",
        "America/Mexico_City": "XMEX",
        "America/Sao_Paulo": "BVMF",
        "America/Argentina/Buenos_Aires": "XBUE",
        "America/Santiago": "XSGO",
    }.items()
)
"""One exchange per zone. Zones with the same time, as in most of Europe, give the same readings."""
WEEKDAYS: Final = "24/5"
"""The calendar of a ticker whose exchange is not known."""
PLAIN: Final = (WEEKDAYS, "XSAU")
"""The calendars to try for days without a clock time, if the exchange is not known. Such days have only one reading;
the second calendar is that of an exchange that trades on Sundays."""
CLOSED_LIMIT: Final = 0.01
"""A reading fits if the exchange was closed on at most this share of its days."""
CROWD, CROWD_LIMIT = 40, 3
"""Nor does a reading fit if, of any `CROWD` days in a row, more than `CROWD_LIMIT` are closed days beside a session
without a row. Days that are off by one in the newest part of a long history are a small share of it, but each of their
weeks has a closed day."""
LONGEST_HOLIDAYS: Final = 10
"""Days in a row on which an exchange is closed, at most."""
SATURDAY: Final = 5
SATURDAYS: Final = {"XSAU": np.datetime64("2013-06-29")}
FIVE_DAYS: Final = np.datetime64("1999-01-01")
"""From this day on, an exchange whose calendar has no Saturdays is closed on them: Seoul traded on them until 1998.
`SATURDAYS` has the exceptions."""
NEVER_ON_WEEKENDS: Final = ("XKRX", "XNYS")
"""Calendars of exchanges that have had no session on a weekend since the year 2000."""
NO_DAYS: Final = ("1900-01-01", "1970-01-01")
"""Holidays that stand for a missing day."""
MIDNIGHT_SHARE: Final = 0.99
"""The share of moments that must be midnights of a zone, for the moments to be days in that zone."""

DAYTIME: Final = (5, 22)
"""Local hours (from, to) in which a session may be. Bars outside these hours are times of another zone."""

UNKNOWN: Final = N_("어느 거래소의 종목인지 알 수 없어 하루로 합칠 수 없습니다.")
CROWDED = N_(
    "{first}부터 {last}까지의 {rows}일 가운데 {count}일이 {calendar} 거래소가 쉬는 날입니다(예: {day}). 그 무렵의 "
    "날짜가 하루씩 밀렸으면 고치십시오."
)
NONE_FITS = N_("날짜를 어느 시간대로 읽어도 {share}는 {calendar} 거래소가 쉬는 날입니다(예: {day}).")
SEVERAL_FIT = N_("날짜를 {days} 가운데 어느 쪽으로 읽어야 하는지 알 수 없습니다.")


class Reading(NamedTuple):
    """The moments of one ticker as local moments, whose days are the trading days, and how well they fit."""

    moments: Days
    """datetime64[ns], in the order in which they came."""
    zone: str
    """The zone of the local moments; "" if the moments are read as they are written."""
    calendar: str
    closed: int
    """Counted rows whose day is no session of the calendar."""
    rows: int
    """Counted rows; repetitions that fill closed days do not count (see `read`)."""
    crowd: Days
    """Those `CROWD` counted days in a row with the most closed days; empty if these are no more than `CROWD_LIMIT`."""
    is_midnight: bool = False
    """Whether nearly all moments in UTC are midnights in the zone."""
    is_daytime: bool = False
    """Whether nearly all moments in UTC are, in the zone, within `DAYTIME`."""

    @property
    def days(self) -> Days:
        """The trading days, as datetime64[D]."""
        return self.moments.astype("datetime64[D]")

    @property
    def fits(self) -> bool:
        """Whether the exchange was open on nearly all of the days, and on most of each part of them."""
        return self.closed <= CLOSED_LIMIT * self.rows and not self.is_crowded

    @property
    def is_crowded(self) -> bool:
        """Whether more than single days among `CROWD` are no sessions."""
        return len(self.crowd) > 0


def read(moments: Days, is_utc: Mask, is_naive: Mask, own: Exchange | None, is_repeat: Mask | None = None) -> Reading:
    """The trading days that `moments` mean (datetime64[ns], no NaT, at least one).

    `is_utc` marks moments that are surely in UTC, `is_naive` texts with a clock time and no zone, which may be local or
    in UTC; all others are local. A midnight in UTC is a day without a time. `own` is the exchange of the ticker, if it
    is known. A source may fill closed days forward: rows that `is_repeat` marks as repetitions of the row before do not
    count, unless more than half of all rows are. Raises SisepanError if no reading fits the sessions, or several
    different readings fit.
    """
    counts = (
        np.ones(len(moments), dtype=bool) if is_repeat is None or 2 * is_repeat.sum() > len(moments) else ~is_repeat
    )
    is_timed = ~is_midnight(moments)
    is_utc, is_naive = is_utc & is_timed, is_naive & is_timed
    if own and is_utc.any():
        # If all moments are midnights of the ticker's own exchange, no other zone has to be tried.
        reading = _reading(moments, is_utc, own, counts)
        if reading.is_midnight and reading.fits and not is_naive.any():
            return reading
    readings = _readings(moments, is_utc, is_naive, own, counts)
    if own and not is_naive.any():
        own_midnights = [reading for reading in readings if reading.zone == own.zone and reading.is_midnight]
        readings = [reading for reading in own_midnights if reading.fits] or readings
    return _chosen(readings)


def _chosen(readings: Sequence[Reading]) -> Reading:
    """The only reading that fits. Raises SisepanError where none fits, or several do."""
    fitting = [reading for reading in readings if reading.fits]
    if not fitting:
        best = min(readings, key=lambda reading: reading.closed)
        share, day = best.closed / best.rows, closed_days(best.days, best.calendar)[0]
        if best.closed <= CLOSED_LIMIT * best.rows:
            crowd, closed = best.crowd, closed_days(best.crowd, best.calendar)
            span = {"first": str(crowd[0])[:10], "last": str(crowd[-1])[:10], "day": str(closed[0])[:10]}
            raise SisepanError(CROWDED, rows=len(crowd), count=len(closed), calendar=best.calendar, **span)
        raise SisepanError(NONE_FITS, share=f"{share:.1%}", calendar=best.calendar, day=str(day))
    if len(fitting) > 1:
        raise SisepanError(SEVERAL_FIT, days=", ".join(str(reading.days[0]) for reading in fitting))
    return fitting[0]


def are_impossible(moments: Days) -> Mask:
    """A mask of the moments at which no price can be: after tomorrow, and on `NO_DAYS`."""
    tomorrow = np.datetime64(dt.datetime.now() + dt.timedelta(days=1))
    return (moments > tomorrow) | np.isin(moments.astype("datetime64[D]"), np.array(NO_DAYS, "datetime64[D]"))


def are_repeats(values: npt.NDArray[np.float64]) -> Mask:
    """A mask of the rows that only repeat the row before: all of its prices and its volume, or its close without them.

    The columns of `values` are those of `candles`.
    """
    bars = np.nan_to_num(values[:, : len(candles.PRICES) + 1])
    close, volume = bars[:, 3], bars[:, 4]
    is_flat = ((bars[:, :3] == close[:, None]) | (bars[:, :3] == 0)).all(axis=1) & (volume == 0)
    is_same = (bars[1:] == bars[:-1]).all(axis=1) | (is_flat[1:] & (close[1:] == close[:-1]))
    return np.append(False, is_same)[: len(bars)]


def without_session(reading: Reading, own: Exchange | None, is_repeat: Mask) -> tuple[Mask, Mask]:
    """Masks of the rows that are no bars: repetitions that fill closed days, and other rows of weekends of `own`."""
    is_filled = is_repeat & are_closed(reading.days, reading.calendar)
    return is_filled, are_weekends(reading.days, own) & ~is_filled


def are_weekends(days: Days, own: Exchange | None) -> Mask:
    """A mask of the weekends on which `own`, the exchange of a ticker, had surely no session."""
    dates = days.astype("datetime64[D]")
    is_certain = own is not None and own.calendar in NEVER_ON_WEEKENDS
    mask: Mask = ~np.is_busday(dates) & (dates >= np.datetime64("2000-01-01")) & is_certain
    return mask


def exchange_of(category: Category, market: str) -> Exchange | None:
    """The exchange of the market with this key, else the only exchange of `category`; None where it is not known."""
    named = [known for known in category.markets if known.key == market]
    is_one = len({known.calendar for known in category.markets}) == 1
    for chosen in [*named, *(category.markets if is_one else ())][:1]:
        return Exchange(chosen.timezone or sessions.timezone(chosen.calendar), chosen.calendar)
    return None


def in_zone(moments: Days, is_utc: Mask, exchange: Exchange) -> Days:
    """Moments in local time of an exchange. Moments in UTC are converted, even midnights."""
    return _reading(moments, is_utc, exchange).moments


def local_times(moments: Days, is_utc: Mask, is_naive: Mask, own: Exchange | None) -> Days:
    """Intraday moments in local time of their exchange; a midnight is a moment, not a day.

    Raises SisepanError as `read` does, and if the exchange is not known.
    """
    if own is None:
        raise SisepanError(UNKNOWN)
    readings = {
        reading.days.tobytes(): reading
        for in_utc in (is_utc | is_naive, is_utc)
        for reading in [_reading(moments, in_utc, own)]
    }
    return _chosen(list(readings.values())).moments


def closed_days(days: Days, calendar: str) -> Days:
    """The `days` on which the exchange was closed."""
    return days[are_closed(days, calendar)]


def are_closed(days: Days, calendar: str) -> Mask:
    """A mask of the days on which the exchange was closed; before the range of its calendar, of weekends alone.

    >>> are_closed(np.array(["1997-03-08", "1997-03-09", "2004-03-06"], "datetime64[D]"), "XKRX").tolist()
    [False, True, True]
    """
    is_before = days < sessions.days(calendar)[0]
    weekday = _weekdays(days)
    is_weekend = ~np.isin(weekday, _open_weekdays(calendar))
    is_weekend &= (weekday != SATURDAY) | (days >= SATURDAYS.get(calendar, FIVE_DAYS))
    return np.asarray(sessions.are_closed(calendar, days) | (is_before & is_weekend))


def _weekdays(days: Days) -> npt.NDArray[np.int64]:
    """0 for Monday; 1970 began on a Thursday."""
    return (days.astype("datetime64[D]").astype(np.int64) + 3) % 7


@cache
def _open_weekdays(calendar: str) -> npt.NDArray[np.int64]:
    return np.unique(_weekdays(sessions.days(calendar)))


def _readings(moments: Days, is_utc: Mask, is_naive: Mask, own: Exchange | None, counts: Mask) -> list[Reading]:
    """Every reading that the moments allow: as written, and converted from UTC to each zone.

    Of readings with the same days, only the one that fits best is kept.
    """
    is_plain = not (is_utc.any() or is_naive.any())
    nowhere = np.zeros(len(moments), dtype=bool)
    calendars = [own.calendar] if own else PLAIN if is_plain else [WEEKDAYS]
    readings = [_reading(moments, nowhere, Exchange("", calendar), counts) for calendar in calendars]
    for in_utc, may_be_any_time in ((is_utc, True), (is_utc | is_naive, False)):
        for exchange in ([own, *EXCHANGES] if own else EXCHANGES) if in_utc.any() else ():
            # A ticker that only may be of this exchange may also trade on its holidays: try plain weekdays too.
            for calendar in [own.calendar] if own else [exchange.calendar, WEEKDAYS]:
                reading = _reading(moments, in_utc, exchange._replace(calendar=calendar), counts)
                if reading.is_midnight or (may_be_any_time and exchange == own and reading.is_daytime):
                    readings.append(reading)
    results: dict[bytes, Reading] = {}
    for reading in sorted(readings, key=lambda reading: (reading.closed, not reading.is_midnight)):
        results.setdefault(reading.days.tobytes(), reading)
    return list(results.values())


def _reading(moments: Days, in_utc: Mask, exchange: Exchange, counts: Mask | slice = slice(None)) -> Reading:
    """The moments in local time of an exchange; moments that are not `in_utc` are local already."""
    if not in_utc.any():
        return Reading(moments, "", exchange.calendar, *_closed(moments[counts], exchange.calendar))
    there = pd.DatetimeIndex(moments[in_utc]).tz_localize("UTC").tz_convert(exchange.zone).tz_localize(None)
    local = moments.copy()
    local[in_utc] = there.to_numpy()
    is_midnight = bool((there == there.normalize()).mean() >= MIDNIGHT_SHARE)
    is_daytime = bool(((there.hour >= DAYTIME[0]) & (there.hour < DAYTIME[1])).mean() >= MIDNIGHT_SHARE)
    closed, rows, crowd = _closed(local[counts], exchange.calendar)
    return Reading(local, *exchange, closed, rows, crowd, is_midnight, is_daytime)


def _lack_neighbours(days: Days, calendar: str) -> Mask:
    """A mask of the `days` (ascending) whose session before or after is not among them: its row may have moved here.

    A Saturday beside a whole week of rows is not off by a day.
    """
    lacks = np.zeros(len(days), dtype=bool)
    for step in (-1, 1):
        neighbours = days + step
        for _day in range(LONGEST_HOLIDAYS):
            neighbours = np.where(are_closed(neighbours, calendar), neighbours + step, neighbours)
        lacks |= ~np.isin(neighbours, days)
    return lacks


def _closed(moments: Days, calendar: str) -> tuple[int, int, Days]:
    """`closed`, `rows` and `crowd` of a `Reading` whose counted rows are these."""
    days = moments.astype("datetime64[D]")
    are_off = are_closed(days, calendar)
    if are_off.sum() <= CROWD_LIMIT:
        return int(are_off.sum()), len(days), days[:0]
    unique, first = np.unique(days, return_index=True)
    until = np.append(0, np.cumsum(are_off[first] & _lack_neighbours(unique, calendar)))
    size = min(CROWD, len(unique))
    counts = until[size:] - until[:-size]
    start = int(counts.argmax())
    crowd = unique[start : start + size] if counts[start] > CROWD_LIMIT else unique[:0]
    return int(are_off.sum()), len(days), crowd
