"""Which trading days the moments of one ticker mean: its own rows and its exchange's sessions decide, or nobody does.

A day may be stored as midnight of any zone, kept in UTC, with a clock time or without. Each reading that the moments
allow is held against the sessions of the exchange; exactly one must fit. Pure but for the calendars of `sessions`.
"""

import datetime as dt
from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from finance_core.bars import sessions
from finance_core.errors import SisepanError
from finance_core.i18n import N_

Days = npt.NDArray[np.datetime64]
Mask = npt.NDArray[np.bool_]


class Exchange(NamedTuple):
    """Where a ticker trades, as far as its days are concerned."""

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
"""A calendar a zone. Zones that keep the same time, as most of Europe, are told apart by nothing here."""
WEEKDAYS: Final = "24/5"
"""The calendar of a ticker whose exchange is not known."""
CLOSED_LIMIT: Final = 0.01
"""Share of days on which the exchange was closed, up to which a reading fits."""
MIDNIGHT_SHARE: Final = 0.99
"""Share of moments that must be midnights of a zone, for them to be days of it."""

NONE_FITS = N_("날짜를 어느 시간대로 읽어도 {share}는 {calendar} 거래소가 쉬는 날입니다(예: {day}).")
SEVERAL_FIT = N_("날짜를 {days} 가운데 어느 쪽으로 읽어야 하는지 알 수 없습니다.")


class Reading(NamedTuple):
    """The moments of one ticker, read as trading days."""

    days: Days
    """datetime64[D], in the order of the moments."""
    zone: str
    """The zone whose midnights they are; "" if they are days as they stand."""
    calendar: str
    closed: int
    """Days on which that calendar is closed."""


def read(moments: Days, is_utc: Mask, is_naive: Mask, own: Exchange | None) -> Reading:
    """The trading days that `moments` mean (datetime64[ns], no NaT, at least one).

    `is_utc` marks moments that are surely in UTC, `is_naive` texts with a clock time and no zone, which may be local or
    in UTC; all others are local. `own` is the exchange of the ticker, if it is known. Raises SisepanError if no reading
    fits the sessions, or several do that differ.
    """
    readings = _readings(moments, is_utc, is_naive, own)
    fitting = [reading for reading in readings if reading.closed <= CLOSED_LIMIT * len(moments)]
    if len(fitting) > 1 and own is not None:
        fitting = [reading for reading in fitting if reading.zone == own.zone] or fitting
    if not fitting:
        best = min(readings, key=lambda reading: reading.closed)
        raise SisepanError(
            NONE_FITS,
            share=f"{best.closed / len(moments):.1%}",
            calendar=best.calendar,
            day=str(_closed_days(best.days, best.calendar)[0]),
        )
    if len(fitting) > 1:
        raise SisepanError(SEVERAL_FIT, days=", ".join(str(reading.days[0]) for reading in fitting))
    return fitting[0]


def _readings(moments: Days, is_utc: Mask, is_naive: Mask, own: Exchange | None) -> list[Reading]:
    """Every reading that the moments allow, each once: as they stand, and as midnights of each zone."""
    standing = moments.astype("datetime64[D]")
    is_timed = moments != standing
    readings: dict[bytes, Reading] = {}

    def add(days: Days, zone: str, calendar: str) -> None:
        reading = Reading(days, zone, calendar, len(_closed_days(days, calendar)))
        known = readings.get(days.tobytes())
        if known is None or reading.closed < known.closed:
            readings[days.tobytes()] = reading

    add(standing, "", own.calendar if own else WEEKDAYS)
    exchanges: Sequence[Exchange] = [own, *EXCHANGES] if own else EXCHANGES
    for in_utc in (is_utc & is_timed, (is_utc | is_naive) & is_timed):
        if not in_utc.any():
            continue
        instants = pd.DatetimeIndex(moments[in_utc]).tz_localize("UTC")
        for exchange in exchanges:
            local = instants.tz_convert(exchange.zone).tz_localize(None)
            if (local == local.normalize()).mean() < MIDNIGHT_SHARE:
                continue
            days = standing.copy()
            days[in_utc] = local.to_numpy().astype("datetime64[D]")
            add(days, exchange.zone, own.calendar if own else exchange.calendar)
    return list(readings.values())


def _closed_days(days: Days, calendar: str) -> Days:
    """Those of `days` on which the exchange was closed, within the range of its calendar."""
    first, last = days.min().item(), days.max().item()
    assert isinstance(first, dt.date)
    assert isinstance(last, dt.date)
    open_days = sessions.between(calendar, first, last).to_numpy().astype("datetime64[D]")
    if not len(open_days):
        return days[:0]
    inside = days[(days >= open_days[0]) & (days <= open_days[-1])]
    closed: Days = inside[~np.isin(inside, open_days)]
    return closed
