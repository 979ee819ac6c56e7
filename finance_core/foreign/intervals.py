"""Which interval the rows of one ticker have: daily bars, or others that must not pass as daily. Pure."""

from typing import Final, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from finance_core.bars import candles

Interval = Literal["daily", "intraday", "mixed", "longer"]
"""mixed: daily rows, and rows within the same days. longer: weekly, monthly or rarer bars."""

ROWS_A_DAY: Final = 1.5
"""Rows of a day, on average, from which they are bars within the day and no repeated daily rows."""
LONGER_GAP: Final = 4
"""Days between neighbours, as a median, from which bars are longer than daily: a daily bar has at most a weekend."""
FEW: Final = 4
"""Fewer days tell nothing of longer intervals."""


def interval_of(moments: npt.NDArray[np.datetime64]) -> Interval:
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
    gaps = np.diff(days).astype("int64")
    return "longer" if len(days) >= FEW and np.median(gaps) >= LONGER_GAP else "daily"


def is_daily(moments: npt.NDArray[np.datetime64]) -> npt.NDArray[np.bool_]:
    """Which rows of a mixture are the daily ones: those at midnight."""
    daily: npt.NDArray[np.bool_] = moments == moments.astype("datetime64[D]")
    return daily


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


def _has_daily_rows(distinct: npt.NDArray[np.datetime64], days: npt.NDArray[np.datetime64]) -> bool:
    """Whether most days have a row at midnight beside others: bars within the day seldom begin there."""
    return bool(is_daily(distinct).sum() >= 0.5 * len(days))
