"""Which interval the rows of one ticker have: daily bars, or others that must not pass as daily. Pure."""

from typing import Final, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from finance_core.bars import candles
from finance_core.errors import SisepanError
from finance_core.i18n import N_

Interval = Literal["daily", "intraday", "mixed", "longer"]
"""mixed: daily rows, and rows within the same days. longer: weekly or rarer bars, perhaps beside daily ones."""
Intraday = Literal["refuse", "aggregate", "daily"]
"""What becomes of rows within the day: nothing, the bar of the day, or nothing but the daily rows beside them."""
Moments = npt.NDArray[np.datetime64]
Mask = npt.NDArray[np.bool_]

ROWS_A_DAY: Final = 1.5
"""Rows of a day, on average, from which they are bars within the day and no repeated daily rows."""
LONGER_GAP: Final = 4
"""Days between neighbours, as a median, from which bars are longer than daily: a daily bar has at most a weekend."""
FEW: Final = 4
"""Fewer days tell nothing of longer intervals."""
LONGER_RUN: Final = 6
"""So many such gaps in a row are bars of weeks beside daily ones, and no holidays."""
CLOCKS_A_DAY: Final = 3
"""So many rows within one day are bars within the day; two may be a price of noon and the one of the close."""
CYCLES: Final = (range(5, 9), range(26, 36))
"""Days from one weekly or monthly bar to the next."""

REFUSED: Final[dict[Interval, str]] = {
    "intraday": N_(
        "분봉이나 시간봉처럼 하루에 여러 행입니다(예: {day}). --intraday aggregate를 붙이면 하루의 봉으로 합칩니다."
    ),
    "mixed": N_("일봉과 하루보다 짧은 봉이 섞여 있습니다(예: {day}). --intraday daily를 붙이면 일봉만 받습니다."),
    "longer": N_("주봉이나 월봉처럼 하루보다 긴 봉이 있어 일봉으로 받을 수 없습니다(예: {day})."),
}
"""Why rows of an interval are refused."""
NO_DAILY: Final = N_("--intraday daily로 받을 일봉이 어느 행인지 알 수 없습니다(예: {day}).")


def interval_of(moments: Moments) -> Interval:
    """The interval of rows at these local `moments` (datetime64[ns], any order, at least one).

    >>> interval_of(np.array(["2024-01-02T09", "2024-01-02T10", "2024-01-03T09", "2024-01-03T10"], "datetime64[ns]"))
    'intraday'
    >>> interval_of(np.array(["2024-01-05", "2024-01-12", "2024-01-19", "2024-01-26"], "datetime64[ns]"))
    'longer'
    """
    distinct = np.unique(moments)
    days, clocks_a_day = np.unique(distinct.astype("datetime64[D]"), return_counts=True)
    if len(distinct) >= ROWS_A_DAY * len(days):
        return "mixed" if _has_daily_rows(distinct, days) else "intraday"
    if (clocks_a_day > 1).mean() > 0.1:
        return "mixed"
    if clocks_a_day.max() >= CLOCKS_A_DAY:
        return "mixed"
    is_long = np.diff(days).astype("int64") >= LONGER_GAP
    runs = np.convolve(is_long, np.ones(LONGER_RUN), "valid") if len(is_long) >= LONGER_RUN else np.zeros(1)
    is_longer = len(days) >= FEW and 2 * is_long.sum() > len(is_long)
    return "longer" if is_longer or runs.max() >= LONGER_RUN else "daily"


def is_daily(moments: Moments) -> Mask:
    """Which rows of a mixture are the daily ones: those at midnight."""
    daily: Mask = moments == moments.astype("datetime64[D]")
    return daily


def refusal(interval: Interval, moments: Moments, way: Intraday) -> SisepanError | None:
    """Why rows of this interval at these moments cannot become daily bars in this way; None if they can."""
    if interval == "daily" or (interval, way) in (("intraday", "aggregate"), ("mixed", "daily")):
        return None
    days, counts = np.unique(moments.astype("datetime64[D]"), return_counts=True)
    message = NO_DAILY if (interval, way) == ("intraday", "daily") else REFUSED[interval]
    return SisepanError(message, day=str(days[counts.argmax()]))


def daily_rows(stored: Moments, local: Moments, is_utc: Mask) -> Mask:
    """Which rows of a mixture are daily ones, by their moments as they are stored, and as times of their exchange.

    They are at midnight of the exchange or, if none is, at midnight in UTC. Raises SisepanError if nobody can know.
    """
    at_home = is_daily(local) & is_utc & ~is_daily(stored)
    plain = is_daily(stored)
    chosen = at_home if at_home.any() else plain
    days = local.astype("datetime64[D]")
    doubtful = days[plain & ~np.isin(days, days[at_home])] if at_home.any() else _repeated(stored[plain])
    if len(doubtful) or not chosen.any():
        raise SisepanError(NO_DAILY, day=str((doubtful if len(doubtful) else days)[0])[:10])
    return chosen


def longer_beside(days: Moments, values: npt.NDArray[np.float64]) -> SisepanError | None:
    """Why sorted daily rows seem to have weekly or monthly bars among them: a differing row a week or a month."""
    repeats = (days[:-1] == days[1:]) & (values[:-1] != values[1:]).any(axis=1)
    conflicts = np.unique(days[1:][repeats])
    gaps = np.diff(conflicts).astype("int64")
    is_cycle = any(np.mean([gap in cycle for gap in gaps.tolist()]) >= 0.8 for cycle in CYCLES) if len(gaps) else False
    return SisepanError(REFUSED["longer"], day=str(conflicts[0])) if len(conflicts) >= FEW and is_cycle else None


def aggregated(bars: pd.DataFrame) -> pd.DataFrame:
    """Daily bars from bars within the day: first open, highest high, lowest low, last close, summed volume.

    `bars` is indexed by local moments, with the columns of `candles.COLUMNS`. Dividends are summed, splits multiplied.
    """
    days = pd.DatetimeIndex(bars.index).normalize().rename("date")
    ways = {"open": "first", "high": "max", "low": "min", "close": "last", "volume": "sum", "dividends": "sum"}
    daily = bars.sort_index().groupby(days.sort_values()).agg(ways)
    factors = bars["stock_splits"].where(bars["stock_splits"] > 0, 1.0).sort_index()
    splits = factors.groupby(days.sort_values()).prod()
    daily["stock_splits"] = splits.where(splits != 1.0, 0.0)
    return daily[candles.COLUMNS]


def _repeated(moments: Moments) -> Moments:
    distinct, counts = np.unique(moments, return_counts=True)
    repeated: Moments = distinct[counts > 1]
    return repeated


def _has_daily_rows(distinct: Moments, days: Moments) -> bool:
    """Whether most days have a row at midnight beside others: bars within the day seldom begin there."""
    return bool(is_daily(distinct).sum() >= 0.5 * len(days))
