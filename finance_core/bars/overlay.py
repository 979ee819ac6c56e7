"""The closes of another ticker on the bars of a chart. Pure."""

from typing import Final

import pandas as pd

from finance_core.bars.candles import Interval

OLDEST: Final[dict[Interval, pd.Timedelta]] = {
    "D": pd.Timedelta(days=0),
    "W": pd.Timedelta(days=6),
    "M": pd.Timedelta(days=30),
}
"""How old a close may be that stands for a bar: of the same day, week or month."""


def closes_on(days: pd.DatetimeIndex, close: "pd.Series[float]", interval: Interval) -> "pd.Series[float]":
    """The daily `close` of another ticker on `days`, the last sessions of bars of `interval`, ascending.

    NaN where the other has no close of that day, or in that week or month up to the day: none is carried further.

    >>> days = pd.DatetimeIndex(["2024-01-02", "2024-01-03"])
    >>> closes_on(days, pd.Series([5.0], index=days[:1]), "D").tolist()
    [5.0, nan]
    """
    known = close[close > 0]
    known.index = pd.DatetimeIndex(known.index).as_unit("ns")
    on_days = days.as_unit("ns")
    latest = known.reindex(on_days, method="ffill", tolerance=OLDEST[interval])
    if interval == "M":  # 30 days may reach into the month before
        dates = pd.Series(known.index, index=known.index).reindex(on_days, method="ffill")
        same_month = pd.DatetimeIndex(dates).to_period("M") == on_days.to_period("M")
        latest = latest.where(same_month)
    return latest.set_axis(days)
