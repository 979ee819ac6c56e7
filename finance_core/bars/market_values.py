"""What all shares of a ticker are worth: close times shares, where the count of shares can be trusted. Pure.

A split makes a count wrong by its ratio while the price is already the new one, and sources are late with counts. So a
count is not used if the ticker was split after the first day of the count, in later bars too, or within `SETTLED`
before the last one, or if the panel does not reach back so far. Nor is it used for days before its first day: some of
the shares may not have existed then.

>>> from dataclasses import replace
>>> from finance_core.bars import panel as panels
>>> days = np.array(["2024-01-02", "2024-03-04", "2024-03-05"], dtype="datetime64[D]")
>>> split = {"A": np.datetime64("2024-03-01"), "B": np.datetime64("NaT")}
>>> panel = panels.of({name: (days, {"close": [5.0, 5.0, 6.0]}) for name in "AB"}, ["close"], split)
>>> counted_on = np.array(["2024-03-05", "2024-03-04"], dtype="datetime64[D]")
>>> panel = replace(panel, shares=panels.Shares(np.array([100.0, 100.0]), counted_on, counted_on))
"""

from typing import Final

import numpy as np

from finance_core.bars.panel import FloatArray, Panel

SETTLED: Final = np.timedelta64(30, "D")
"""How long after a split a count of shares may still be that from before it."""


def of_bars(panel: Panel) -> FloatArray:
    """The value at each bar, in the ticker's currency; NaN where it is not known.

    >>> of_bars(panel).tolist()
    [nan, nan, nan, nan, 500.0, 600.0]
    """
    values = np.full(len(panel.at), np.nan)
    shares = panel.shares
    if shares is None or panel.split is None or not len(panel.sessions):
        return values
    settled = shares.until - SETTLED
    first = panel.sessions[0]
    # A split before the panel is known by chance only, if more bars were read: the answer must not depend on that.
    is_wrong = (panel.split >= first) & (panel.split > np.minimum(shares.since, settled))
    is_right = (settled >= first) & ~is_wrong
    since = np.repeat(np.where(is_right, shares.since, np.datetime64("NaT")), panel.counts)
    known = panel.sessions[panel.at] >= since
    values[known] = (panel.bars["close"] * np.repeat(shares.numbers, panel.counts))[known]
    return values


def newest(panel: Panel) -> FloatArray:
    """The value of each ticker at its last bar; NaN where it has none, or the value is not known.

    >>> newest(panel).tolist()
    [nan, 600.0]
    """
    ends = panel.tail(1)  # of thousands of tickers, the other bars would take most of the time and much memory
    return ends.at_last(of_bars(ends), np.nan)
