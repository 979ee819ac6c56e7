"""The closes of another ticker on the bars of a chart. Pure."""

import pandas as pd

from finance_core.bars.periods import INTERVAL_PERIODS, Interval


def closes_on(days: pd.DatetimeIndex, close: "pd.Series[float]", interval: Interval) -> "pd.Series[float]":
    """The daily `close` of another ticker on `days`, which are the ascending dates of bars of `interval`.

    NaN where the other ticker has no close on that day or, for weeks and months, in the week or month up to that day:
    no close is carried into a later bar.

    >>> days = pd.DatetimeIndex(["2024-01-02", "2024-01-03"])
    >>> closes_on(days, pd.Series([5.0], index=days[:1]), "D").tolist()
    [5.0, nan]
    """
    known = close[close > 0]
    known.index = pd.DatetimeIndex(known.index).as_unit("ns")
    on_days = days.as_unit("ns")
    latest = pd.DataFrame({"close": known, "day": known.index}).reindex(on_days, method="ffill")
    period = INTERVAL_PERIODS.get(interval, "D")
    is_of_bar = pd.DatetimeIndex(latest["day"]).to_period(period) == on_days.to_period(period)
    return latest["close"].where(is_of_bar).set_axis(days)
