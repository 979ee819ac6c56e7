"""The interval of the rows of one ticker: daily bars, or bars of another length, which are refused. Pure."""

from typing import Final, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from finance_core.errors import SisepanError
from finance_core.foreign.dates import Mask, Moments, is_midnight
from finance_core.i18n import N_

Interval = Literal["daily", "intraday", "mixed", "longer"]
"""mixed: daily bars and intraday bars. longer: weekly or longer bars, with or without daily bars among them."""
Intraday = Literal["refuse", "aggregate", "daily"]
"""How to treat intraday rows: refuse the ticker, aggregate them into daily bars, or take only the daily rows."""

ROWS_A_DAY: Final = 1.5
"""Rows per day, on average, from which the rows are intraday bars and not repeated daily rows."""
LONGER_GAP: Final = 4
"""Days from one bar to the next from which a gap is longer than a weekend; if most gaps are, no bars are daily."""
FEW: Final = 3
"""With fewer days, the test for longer intervals says nothing; nor with so few days of which there are two rows."""
LONGER_RUN: Final = 6
"""This many such gaps in a row are weekly bars beside daily bars; holidays never give so many."""
CLOCKS_A_DAY: Final = 3
"""This many different times within one day mean intraday bars; two may be a price at noon and the close."""
LONGER_VOLUME: Final = 2
"""A bar of several days, or of the whole day beside shorter bars, has at least so many times the volume."""
HIDDEN_SHARE: Final = 0.1
"""Share of the days with many rows on which the volume falls within the day, if the rows are intraday bars."""
CYCLES: Final = (range(5, 9), range(26, 36))
"""Days from one weekly bar, or one monthly bar, to the next."""

REFUSED: Final[dict[Interval, str]] = {
    "intraday": N_(
        "분봉이나 시간봉처럼 하루에 여러 행입니다(예: {day}). --intraday aggregate를 붙이면 하루의 봉으로 합칩니다."
    ),
    "mixed": N_("일봉과 하루보다 짧은 봉이 섞여 있습니다(예: {day}). --intraday daily를 붙이면 일봉만 받습니다."),
    "longer": N_("주봉이나 월봉처럼 하루보다 긴 봉이 있어 일봉으로 받을 수 없습니다(예: {day})."),
}
"""Why rows of an interval are refused."""
TWICE: Final = N_("같은 시각의 행이 둘이고 값이 달라 하루로 합칠 수 없습니다(예: {day}).")
WITHOUT_CLOCK: Final = N_(
    "하루보다 짧은 봉이 섞여 있고 시각이 날짜와 한 필드에 있지 않아 일봉을 가려낼 수 없습니다(예: {day}). "
    "일봉만 남기십시오."
)
NO_DAILY: Final = N_("--intraday daily로 받을 일봉이 어느 행인지 알 수 없습니다(예: {day}).")


def interval_of(moments: Moments, local: Moments | None = None) -> Interval:
    """The interval of rows at these `moments` (datetime64[ns], any order, at least one).

    `local` are the same moments in local time of the exchange, if it is known: the daily rows among intraday rows may
    be at midnight there.

    >>> interval_of(np.array(["2024-01-02T09", "2024-01-02T10", "2024-01-03T09", "2024-01-03T10"], "datetime64[ns]"))
    'intraday'
    >>> interval_of(np.array(["2024-01-05", "2024-01-12", "2024-01-19", "2024-01-26"], "datetime64[ns]"))
    'longer'
    """
    distinct = moments if (moments[:-1] < moments[1:]).all() else np.unique(moments)
    days, clocks_a_day = np.unique(distinct.astype("datetime64[D]"), return_counts=True)
    is_within = len(distinct) >= ROWS_A_DAY * len(days) or (clocks_a_day > 1).mean() > 0.1
    if is_within or clocks_a_day.max() >= CLOCKS_A_DAY:
        at_home, plain = _daily(moments, moments if local is None else local)
        return "mixed" if (at_home | plain).any() else "intraday"
    is_long = np.diff(days).astype("int64") >= LONGER_GAP
    runs = np.convolve(is_long, np.ones(LONGER_RUN), "valid") if len(is_long) >= LONGER_RUN else np.zeros(1)
    is_longer = len(days) >= FEW and 2 * is_long.sum() > len(is_long)
    return "longer" if is_longer or runs.max() >= LONGER_RUN else "daily"


def daily_rows(moments: Moments, local: Moments) -> Mask:
    """A mask of the daily rows among mixed rows: those at midnight of the exchange or, if none is, at midnight in UTC.

    Raises SisepanError if the daily rows cannot be told from the intraday rows.
    """
    at_home, plain = _daily(moments, local)
    days = local.astype("datetime64[D]")
    if at_home.any():
        chosen, doubtful = at_home, days[plain & ~np.isin(days, days[at_home])]
    else:
        chosen, doubtful = plain, days[is_midnight(moments) & ~plain]
    distinct, counts = np.unique(local[chosen], return_counts=True)
    doubtful = np.concatenate([doubtful, distinct[counts > 1].astype("datetime64[D]")])
    if len(doubtful):
        raise SisepanError(NO_DAILY, day=str(doubtful[0]))
    return chosen


def _daily(moments: Moments, local: Moments) -> tuple[Mask, Mask]:
    """Two masks: rows at midnight only in local time of the exchange, and rows at midnight as written.

    Neither marks a midnight that is the first of a sequence of intraday bars.
    """
    at_home = is_midnight(local) & (moments != local)
    plain = is_midnight(moments)
    return at_home & ~_is_in_sequence(local), plain & ~_is_in_sequence(moments)


def _is_in_sequence(moments: Moments) -> Mask:
    """A mask of rows that the next row of the day follows as closely as usual: intraday bars may begin at 0:00."""
    distinct, positions = np.unique(moments, return_inverse=True)
    steps = np.append(np.diff(distinct), np.timedelta64(1, "D"))
    is_last = np.append(np.diff(distinct.astype("datetime64[D]")).astype("int64") > 0, True)
    usual = steps[~is_last & ~is_midnight(distinct)]
    followed: Mask = ~is_last & (steps <= (np.median(usual) if len(usual) else np.timedelta64(0, "ns")))
    return followed[positions]


def refusal(interval: Interval, moments: Moments, way: Intraday) -> SisepanError | None:
    """Why rows of this interval at these moments cannot become daily bars with this option; None if they can."""
    if interval == "daily" or (interval, way) in (("intraday", "aggregate"), ("mixed", "daily")):
        return None
    days, counts = np.unique(moments.astype("datetime64[D]"), return_counts=True)
    message = NO_DAILY if (interval, way) == ("intraday", "daily") else REFUSED[interval]
    return SisepanError(message, day=str(days[counts.argmax()]))


def is_choice(error: SisepanError) -> bool:
    """Whether another `Intraday` option may take the rows that this error refuses."""
    return error.message in (REFUSED["intraday"], REFUSED["mixed"], NO_DAILY)


def longer_beside(days: Moments, values: npt.NDArray[np.float64]) -> SisepanError | None:
    """The refusal if sorted daily rows hide weekly or longer bars; else None. `values`: prices and volume.

    Such bars show as a second, different row of one day in each week or month, or as rows with the close of another row
    of their day, a range that includes its range, and a much larger volume.
    """
    repeats = (days[:-1] == days[1:]) & (values[:-1] != values[1:]).any(axis=1)
    conflicts = np.unique(days[1:][repeats])
    if not len(conflicts):
        return None
    gaps = np.diff(conflicts).astype("int64")
    is_cycle = any(np.mean([gap in cycle for gap in gaps.tolist()]) >= 0.8 for cycle in CYCLES) if len(gaps) else False
    one, other = values[:-1][repeats], values[1:][repeats]
    is_pair = _includes(one, other) | _includes(other, one)
    are_ends = is_pair.sum() > 1 and is_pair.mean() >= 0.8 and np.median(gaps) >= LONGER_GAP
    is_longer = are_ends or (len(conflicts) > FEW and is_cycle)
    return SisepanError(REFUSED["longer"], day=str(conflicts[0])) if is_longer else None


def _includes(longer: npt.NDArray[np.float64], bars: npt.NDArray[np.float64]) -> Mask:
    """A mask of the rows of `longer` that may be a bar of several days, which ends with the row of `bars`."""
    mask: Mask = (longer[:, 1] >= bars[:, 1]) & (longer[:, 2] <= bars[:, 2]) & (longer[:, 3] == bars[:, 3])
    return mask & (bars[:, 4] > 0) & (longer[:, 4] >= LONGER_VOLUME * bars[:, 4])


def shorter_beside(days: Moments, bars: npt.NDArray[np.float64]) -> SisepanError | None:
    """The refusal if sorted daily rows hide intraday bars, whose clock times stand in a field of their own; else None.

    `bars`: prices and volume. Many rows of a day are intraday bars if the volume falls to a fraction within a day, or
    does not grow on most days: where a program stores the day so far again and again, it grows.
    """
    distinct, first, counts = np.unique(days, return_index=True, return_counts=True)
    is_many = counts > CLOCKS_A_DAY
    if not is_many.any():
        return None
    volume, of_day = np.maximum(np.nan_to_num(bars[:, -1]), 1), np.repeat(np.arange(len(first)), counts)
    highest = pd.Series(volume).groupby(of_day).cummax().to_numpy()
    has_fallen = np.logical_or.reduceat(highest >= LONGER_VOLUME * volume, first)
    differ = (np.maximum.reduceat(bars[:, :-1], first) != np.minimum.reduceat(bars[:, :-1], first)).any(axis=1)
    has_grown = volume[first + counts - 1] >= LONGER_VOLUME * volume[first]
    is_hidden = is_many if (is_many & differ & ~has_grown).mean() >= 0.5 else is_many & has_fallen
    if is_hidden.sum() < HIDDEN_SHARE * is_many.sum():  # single revised volumes, in a history that is stored many times
        return None
    return SisepanError(WITHOUT_CLOCK, day=str(distinct[is_hidden][0]))
