"""Weekly and monthly bars made from daily ones, and the window of bars that a chart shows.

Everything here is pure; `bars` are as in `candles`. The examples use these bars:

>>> import numpy as np
>>> from finance_core.bars import candles
>>> days = pd.DatetimeIndex(["2024-01-02", "2024-01-03", "2024-01-09"])
>>> rows = [[10, 12, 9, 11, 500, 0, 0], [11, 11, 10, 10, 300, 1, 0], [10, 13, 10, 12, 200, 0, 0]]
>>> bars = candles.frame(days.to_numpy(), np.array(rows, dtype="float64"))
"""

from collections.abc import Sequence
from typing import Any, Final, Literal

import numpy as np
import pandas as pd
from pandas.tseries.offsets import BaseOffset, DateOffset, YearEnd

from finance_core.bars.candles import COLUMNS

Interval = Literal["D", "W", "M"]
"""What one bar covers: a trading day, a trading week, a month."""

INTERVAL_PERIODS: Final[dict[Interval, str]] = {"W": "W-SUN", "M": "M"}
"""pandas' names of the calendar periods whose sessions make one bar."""

Period = Literal["1W", "1M", "3M", "6M", "YTD", "1Y", "3Y", "5Y", "10Y", "MAX"]

PERIOD_OFFSETS: Final[dict[Period, BaseOffset | None]] = {
    "1W": DateOffset(weeks=1),
    "1M": DateOffset(months=1),
    "3M": DateOffset(months=3),
    "6M": DateOffset(months=6),
    "YTD": YearEnd(),
    "1Y": DateOffset(years=1),
    "3Y": DateOffset(years=3),
    "5Y": DateOffset(years=5),
    "10Y": DateOffset(years=10),
    "MAX": None,
}
"""How far a period reaches back from the last bar; None for all bars."""


def resample(bars: pd.DataFrame, interval: Interval) -> pd.DataFrame:
    """Weekly or monthly bars from daily ones: first open, highest high, lowest low, last close, sum of the volumes.

    A bar has the date of its last session; the week or month of the last bar may not be over. Dividends are added,
    splits multiplied. With "D", the result is `bars` itself.

    >>> resample(bars, "W")["close"].to_dict()
    {Timestamp('2024-01-03 00:00:00'): 10.0, Timestamp('2024-01-09 00:00:00'): 12.0}
    """
    if interval == "D" or bars.empty:
        return bars
    return combined(bars, pd.DatetimeIndex(bars.index).to_period(INTERVAL_PERIODS[interval]))


def since_jumps(bars: pd.DataFrame, jumps: Sequence[pd.Timestamp], interval: Interval) -> pd.DataFrame:
    """Daily `bars` without the days before a jump (see `price_limit`) in its week or month, whose bar would span it.

    >>> since_jumps(bars, [days[1]], "W").index.equals(days[1:]), since_jumps(bars, [days[1]], "D").index.equals(days)
    (True, True)
    """
    if interval == "D" or not len(jumps):
        return bars
    all_days = pd.DatetimeIndex(bars.index)
    ends = [(span(jump, interval)[0], jump) for jump in jumps]
    is_before = np.logical_or.reduce([(all_days >= first) & (all_days < jump) for first, jump in ends])
    result: pd.DataFrame = bars[~is_before]
    return result


def combined(bars: pd.DataFrame, periods: Any) -> pd.DataFrame:
    """One bar for each of `periods`, as in `resample`, from bars in order; `periods` has that of each bar."""
    prices = {"open": "first", "high": "max", "low": "min", "close": "last"}
    fields = {**prices, "volume": "sum", "dividends": "sum", "date": "last"}
    result = bars.assign(date=bars.index).groupby(periods).agg(fields)
    splits = bars["stock_splits"].where(bars["stock_splits"] > 0)
    result["stock_splits"] = splits.groupby(periods).prod(min_count=1).fillna(0.0)
    return result.set_index("date")[COLUMNS]


def span(last_bar: pd.Timestamp, interval: Interval) -> tuple[pd.Timestamp, pd.Timestamp]:
    """First and last calendar day of the week or month that `last_bar` lies in.

    >>> [str(day.date()) for day in span(pd.Timestamp("2024-01-03"), "W")]
    ['2024-01-01', '2024-01-07']
    """
    period = last_bar.to_period(INTERVAL_PERIODS[interval])
    return period.start_time, period.end_time.normalize()


def window(dates: pd.DatetimeIndex, first: pd.Timestamp, last: pd.Timestamp) -> tuple[int, int]:
    """Positions of the first and the last of `dates` (ascending) from `first` to `last`, both included.

    If no date lies between, both are the nearest date before, or the first date if none is before. (0, 0) if `dates` is
    empty.

    >>> window(days, pd.Timestamp("2024-01-03"), pd.Timestamp("2024-01-31"))
    (1, 2)
    """
    end = max(int(dates.searchsorted(last, side="right")) - 1, 0)
    return min(int(dates.searchsorted(first)), end), end


def period_start(dates: pd.DatetimeIndex, period: Period) -> int:
    """Position of the first bar of `period`, counted back from the last bar of `dates` (ascending).

    If the last bar is of November 24, "1M" begins on October 25 or the first session after it; "YTD" begins with the
    year of the last bar. 0 if `dates` is empty or the period begins before the first bar.

    >>> period_start(days, "1W")
    1
    """
    offset = PERIOD_OFFSETS[period]
    if len(dates) == 0 or offset is None:
        return 0
    return int(dates.searchsorted(dates[-1] - offset + pd.Timedelta(days=1)))
