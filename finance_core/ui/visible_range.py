"""Which bars a chart shows, as its page's address says it: a period that ends with the newest bar, or two days.

The views of pages with such a chart are a `Range` with more.
"""

import datetime as dt
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import pandas as pd

from finance_core.bars import periods
from finance_core.bars.periods import Period
from finance_core.ui import parameters
from finance_core.ui.parameters import PERIODS


@dataclass(frozen=True, kw_only=True)
class Range:
    """A period, or the days from `first` to `last`, which go before it."""

    period: Period = "1M"
    first: dt.date | None = None
    last: dt.date | None = None
    """None for the newest bar."""

    @property
    def bounds(self) -> tuple[object, ...]:
        """What tells one range from another."""
        return (None if self.first else self.period, self.first, self.last)

    def visible(self, dates: pd.DatetimeIndex) -> tuple[int, int]:
        """Positions of the first and the last bar to show, of bars on `dates` (ascending)."""
        if self.first:
            return periods.window(dates, pd.Timestamp(self.first), pd.Timestamp(self.last or dates[-1]))
        return periods.period_start(dates, self.period), len(dates) - 1


R = TypeVar("R", bound=Range)

PARAMETERS = (
    parameters.PERIOD,
    parameters.day("from", "first", "2024-01-31"),
    parameters.day("to", "last", "2024-01-31"),
)


def in_order(view: R, problems: Collection[str]) -> R:
    """`view` as an address named it, with its days in order; without both where one cannot be used.

    `problems` are the names of the parameters that cannot be.
    """
    if view.first is None or {"from", "to"} & set(problems):
        return replace(view, first=None, last=None)
    if view.last and view.last < view.first:
        return replace(view, first=view.last, last=view.first)
    return view


def as_written(view: R, default: R) -> R:
    """`view` with the parameters alone that an address needs, where those of `default` are left out."""
    return replace(view, period=default.period) if view.first else replace(view, last=None)


def of_message(message: Mapping[str, Any], view: R, days: pd.DatetimeIndex) -> R | None:
    """`view` of the bars that a browser says it shows, on `days`; None where it says nothing that can be.

    A zoom to what a period shows is that period; one to the last bar stays at the last bar, also of other days.
    """
    try:
        first, last = (dt.date.fromisoformat(message[end]) if message[end] else None for end in ("first", "last"))
    except (KeyError, TypeError, ValueError):
        return None
    if first is None or pd.Timestamp(first) not in days or (last and (last < first or pd.Timestamp(last) not in days)):
        return None
    start = int(days.searchsorted(pd.Timestamp(first)))
    everything: Period = "MAX"
    candidates = [view.period, everything, *PERIODS] if last is None else []
    for period in candidates:
        if periods.period_start(days, period) == start:
            return replace(view, period=period, first=None, last=None)
    return replace(view, first=first, last=last)
