"""The range of bars that a chart shows, as in the page's address: a period up to the newest bar, or two days.

The views of pages with such a chart are subclasses of `Range`.
"""

import datetime as dt
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import pandas as pd

from finance_core import formats
from finance_core.bars import periods
from finance_core.bars.periods import Interval, Period
from finance_core.charts import parts
from finance_core.i18n import _
from finance_core.ui import parameters
from finance_core.ui.parameters import PERIODS


@dataclass(frozen=True, kw_only=True)
class Range:
    """A period, or the days from `first` to `last`. If `first` is set, the period is ignored."""

    period: Period = "1M"
    first: dt.date | None = None
    last: dt.date | None = None
    """None means the newest bar."""
    interval: Interval = "D"

    @property
    def bounds(self) -> tuple[object, ...]:
        """A tuple that is equal for equal ranges, without the period if it is ignored."""
        return (None if self.first else self.period, self.first, self.last)

    def visible(self, dates: pd.DatetimeIndex) -> tuple[int, int]:
        """Positions of the first and the last bar that a chart of the bars on `dates` (ascending) shows.

        A chart shows a few bars at least (see `parts.seen`); days to come may follow the last one.
        """
        return parts.seen(self._wanted(dates), len(dates))

    def lack(self, dates: pd.DatetimeIndex) -> str:
        """A sentence if the range lies wholly before or after the bars on `dates` (ascending), so others are shown."""
        if self.first is None or dates.empty:
            return ""
        last = pd.Timestamp(self.last) if self.last else dates[-1]
        if pd.Timestamp(self.first) <= dates[-1] and last >= dates[0]:
            return ""
        sentence = _(
            "{first}부터의 기간에는 봉이 없어 가장 가까운 봉을 보여 드립니다. 봉은 {begin}부터 {end}까지 있습니다."
        )
        begin, end = formats.date(dates[0]), formats.date(dates[-1])
        return sentence.format(first=formats.date(self.first), begin=begin, end=end)

    def widened(self, dates: pd.DatetimeIndex) -> str:
        """A sentence if a chart of the bars on `dates` (ascending) shows more bars than lie between the two days."""
        if self.first is None or dates.empty or self.visible(dates) == self._wanted(dates):
            return ""
        begin, end = (formats.date(dates[position]) for position in self.visible(dates))
        count = len(dates[(dates >= pd.Timestamp(self.first)) & (dates <= self._end(dates))])
        sentence = _(
            "고른 기간에는 봉이 {count}개뿐이라 {begin}부터 {end}까지 보여 드립니다. 아래의 수치도 그 기간의 것입니다."
        )
        return sentence.format(count=count, begin=begin, end=end)

    def _wanted(self, dates: pd.DatetimeIndex) -> tuple[int, int]:
        if self.first:
            return periods.window(dates, pd.Timestamp(self.first), self._end(dates))
        return periods.period_start(dates, self.period), len(dates) - 1

    def _end(self, dates: pd.DatetimeIndex) -> pd.Timestamp:
        """The last day of the range. A week or month that begins in it belongs to it, as one that ends in it does."""
        last = pd.Timestamp(self.last or dates[-1])
        return last if self.interval == "D" else periods.span(last, self.interval)[1]


R = TypeVar("R", bound=Range)

PARAMETERS = (
    parameters.PERIOD,
    parameters.day("from", "first", "2024-01-31"),
    parameters.day("to", "last", "2024-01-31"),
)


def in_order(view: R, problems: Collection[str]) -> R:
    """`view` of an address with its two days in order; without both days if one of them cannot be used.

    `problems` has the names of the parameters that cannot be used.
    """
    if view.first is None or {"from", "to"} & set(problems):
        return replace(view, first=None, last=None)
    if view.last and view.last < view.first:
        return replace(view, first=view.last, last=view.first)
    return view


def as_written(view: R, default: R) -> R:
    """`view` for its address: the period or the two days are reset to `default`, whichever the range does not use."""
    return replace(view, period=default.period) if view.first else replace(view, last=None)


def of_message(message: Mapping[str, Any], view: R, days: pd.DatetimeIndex) -> R | None:
    """`view` with the range that a browser reports, of bars on `days`; None where the message cannot be right.

    A range that equals a period becomes that period. A range up to the last bar (`last` is None) stays at the last bar
    when newer bars come.
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
