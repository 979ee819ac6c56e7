"""Moving averages of daily, weekly or monthly closes. Drawing them is left to `charts`.

A kind of average is a row of `KINDS`. Whoever adds one adds a row here and averages of that kind to the
sets of a category (see `finance_core.categories`).
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

import pandas as pd

from finance_core.bars.candles import Interval
from finance_core.categories import SIMPLE, Average
from finance_core.i18n import N_, _

Averages = dict[Average, "pd.Series[float]"]
"""Averages with their values, in the order in which they are drawn."""


@dataclass(frozen=True)
class Kind:
    """A way to average closes."""

    names: Mapping[Interval, str]
    """Message ids of the name in a chart's legend, with the field {window}, by interval."""
    average: Callable[["pd.Series[float]", int], "pd.Series[float]"]
    """The averages of `close` over `window` bars, on the index of `close`; NaN while there are too few bars."""


KINDS: Final[dict[str, Kind]] = {
    SIMPLE: Kind(
        names={"D": N_("{window}일 평균"), "W": N_("{window}주 평균"), "M": N_("{window}개월 평균")},
        average=lambda close, window: close.rolling(window).mean(),
    ),
}
"""By key. The key names the kind in `Average.kind`, in addresses and in tables."""


def moving_averages(close: "pd.Series[float]", averages: Iterable[Average]) -> Averages:
    """The moving averages of `close`, on its index.

    Windows count bars, so they are in the interval of `close`. NaN where fewer bars than the window have gone before.
    Computed on the whole history, so that the first bar of any visible window already has its averages.

    >>> moving_averages(pd.Series([1.0, 2.0, 6.0]), [Average(2)])[Average(2)].tolist()
    [nan, 1.5, 4.0]
    """
    return {average: KINDS[average.kind].average(close, average.window) for average in averages}


def title(average: Average, interval: Interval) -> str:
    """The name of `average` over bars of `interval`, in the running language.

    >>> title(Average(20), "W")
    '20주 평균'
    """
    return _(KINDS[average.kind].names[interval]).format(window=average.window)
