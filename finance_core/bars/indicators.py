"""Indicators over daily, weekly or monthly bars. Drawing them is left to `charts`."""

from collections.abc import Iterable

import pandas as pd


def moving_averages(close: "pd.Series[float]", windows: Iterable[int]) -> pd.DataFrame:
    """Simple moving averages of `close`: the mean of the last `window` bars, in the interval of `close`.

    Columns `ma5`, `ma20`, … on the index of `close`; NaN where fewer than `window` bars have gone before. Computed on
    the whole history, so that the first bar of any visible window already has its averages.

    >>> moving_averages(pd.Series([1.0, 2.0, 6.0]), [2])["ma2"].tolist()
    [nan, 1.5, 4.0]
    """
    return pd.DataFrame({f"ma{window}": close.rolling(window).mean() for window in windows}, index=close.index)
