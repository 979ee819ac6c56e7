"""The histories and charts that all visitors share: read and computed once for each change of the bars.

The cache key of a history includes the version of the bars in MongoDB at this moment (see `prices.version`), so that it
is never older than its bars, whichever process has changed them; where nothing tells the version, they are read each
time. That of a chart includes the bars themselves. Nothing here depends on the rights of a visitor. Callers must not
change the cached objects.
"""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import NamedTuple, TypeVar

import pandas as pd
import streamlit as st

from finance_core import i18n
from finance_core.bars import adjustment, candles, marks, overlay, periods, price_limit, sessions
from finance_core.bars import curves as indicator_curves
from finance_core.bars.candles import Remark
from finance_core.bars.curves import Curve
from finance_core.bars.marks import Noted
from finance_core.bars.sessions import Calendar
from finance_core.categories import Category
from finance_core.charts import candlestick
from finance_core.charts.candlestick import NOTHING_AHEAD
from finance_core.charts.overlay import Other
from finance_core.charts.style import Style
from finance_core.storage import database, locations, prices, runs, tickers
from finance_core.storage.database import MongoDatabase
from finance_core.storage.documents import TickerRow
from finance_core.ui.echart import border
from finance_core.ui.echart.border import Prepared
from finance_core.ui.viewer.address import View

T = TypeVar("T")
MOST_KEPT = 48
"""Cached histories, charts and comparisons. Of a century, a history takes 5 MB, and a chart 6 to 11 MB."""
KEPT_FOR = 60.0
"""Seconds that a result is cached. A MongoDB read through a secondary may report the version of bars before it has the
bars, so a result may be stale."""


class History(NamedTuple):
    """The daily bars of a ticker, clean and split-adjusted, as charts draw them."""

    bars: pd.DataFrame
    key: str
    """A text that identifies all of this but `unsettled`, which no chart draws."""
    late_splits: list[Remark]
    """The splits that the source has not applied to the earlier bars, and that are applied here."""
    refused: Sequence[pd.Timestamp] = ()
    """The days whose bars were refused, and that have no bar since."""
    jumps: Sequence[pd.Timestamp] = ()
    """The days of jumps (see `bars.price_limit`)."""
    incomplete: Sequence[pd.Timestamp] = ()
    """The days whose open, high or low is not stored; none where only closes are."""
    unsettled: Sequence[pd.Timestamp] = ()
    """The days of splits that the source may not have applied to the earlier bars yet."""

    @property
    def comparable(self) -> pd.DataFrame:
        """The bars from the last jump on: a change across it is no gain or loss."""
        return self.bars.loc[self.jumps[-1] :] if self.jumps else self.bars


class Chart(NamedTuple):
    """A chart, and the data from which it was made."""

    bars: pd.DataFrame
    """The bars in the interval of the view."""
    curves: list[Curve]
    """The indicators of the view, averages first."""
    prepared: Prepared
    impossible: list[Remark]
    """The dividends that could not be included in the prices: they are not smaller than the close before them."""
    others: list[Other]
    """The other tickers on the chart."""
    ahead: pd.DatetimeIndex
    """The days of future bars, for lines that are drawn ahead."""
    style: Style
    noted: Noted
    jumps: list[int]
    """The positions of the bars with jumps."""
    compared_jumps: dict[str, Sequence[pd.Timestamp]]
    """The days of the jumps of the other tickers, by title."""


def history(db: MongoDatabase, category: Category, row: TickerRow) -> History:
    """The history of the ticker of `row`. Raises DataConflict as `prices.as_stored`."""
    ticker = row["ticker"]
    # Read before the bars, and as these: they are never older than their version.
    read = partial(tickers.get, db, category, ticker)
    row = database.at_one_moment(db, locations.of(db, category), read) or row
    version = prices.version(db, category, row)
    read_bars = partial(_read, db, category, ticker)
    key = repr(("history", database.address(), db.name, category.key, ticker, version))
    known = read_bars() if version is None else once(key, read_bars)
    return known._replace(unsettled=tuple(map(pd.Timestamp, row.get("unsettled_splits", []))))


class Compared(NamedTuple):
    """Another ticker on the chart."""

    title: str
    decimals: int
    history: History


def chart(shown: History, view: View, style: Style, calendar: Calendar, compared: Sequence[Compared] = ()) -> Chart:
    """The chart of a history with at least one bar, with the other tickers `compared`, in the visitor's language.

    `calendar` has the future sessions, for lines that are drawn ahead.
    """
    # The visible range is no part of the cache key: a zoom or another period computes nothing again.
    others = [(other.history.key, other.title, other.decimals) for other in compared]
    style = replace(style, tooltip=False)  # neither is the tooltip
    lead = indicator_curves.lead(view.chosen)
    ahead = sessions.following(calendar, shown.bars.index[-1], view.interval, lead) if lead else NOTHING_AHEAD
    key = repr(("chart", shown.key, view.chosen, view.interval, style, i18n.language(), others, [*ahead]))
    return once(key, partial(_draw, shown, view, style, ahead, compared))


def _read(db: MongoDatabase, category: Category, ticker: str) -> History:
    # A user's own collection may hold halted days as they were published.
    bars, remarks = candles.clean(candles.with_all_actions(prices.as_stored(db, category, ticker)))
    refused = [pd.Timestamp(day) for day in runs.refused_days(db, category, ticker)]
    refused += [remark.date for remark in remarks if remark.action == "refused" and not pd.isna(remark.date)]
    # Compared with daily bars, because a weekly bar has only the date of its last session.
    missing = tuple(day for day in refused if day not in bars.index)
    incomplete = () if candles.is_close_only(bars) else tuple(_lacking(bars, remarks))
    bars, late_splits = adjustment.split_adjusted(bars)
    jumps = bars.index[price_limit.jumps(category, bars.index.to_numpy(), bars["close"].to_numpy())]
    others = late_splits, missing, tuple(jumps), incomplete
    content = bars.index.to_numpy().tobytes() + bars.to_numpy().tobytes() + repr(others).encode()
    return History(bars, hashlib.blake2b(content).hexdigest(), *others)


def _lacking(bars: pd.DataFrame, remarks: Sequence[Remark]) -> Iterator[pd.Timestamp]:
    """The days of `bars` of which not all prices are stored. A day whose close has changed was no halt."""
    has_moved = bars["close"].diff().fillna(0) != 0
    for remark in remarks:
        is_lacking = remark.reason in ("open missing", "range missing")
        if is_lacking or (remark.reason == "halted" and has_moved[remark.date]):
            yield remark.date


def adjusted(shown: History, style: Style) -> tuple[pd.DataFrame, list[Remark]]:
    """The daily bars, with dividends if `style` includes them; and the dividends that could not be included."""
    return adjustment.total_return(shown.bars) if style.total_return else (shown.bars, [])


def _draw(shown: History, view: View, style: Style, ahead: pd.DatetimeIndex, compared: Sequence[Compared]) -> Chart:
    daily, impossible = adjusted(shown, style)
    bars = periods.resample(periods.since_jumps(daily, shown.jumps, view.interval), view.interval)
    days, noted = pd.DatetimeIndex(bars.index), marks.noted(daily, shown.refused, shown.jumps, shown.incomplete)
    jumps = marks.first_from(days, noted.jumps).tolist()
    curves = indicator_curves.curves(bars, view.chosen, len(ahead), jumps)
    others = [
        Other(
            other.title,
            overlay.closes_on(days, adjusted(other.history, style)[0]["close"], view.interval),
            other.decimals,
        )
        for other in compared
    ]
    of_others = {other.title: other.history.jumps for other in compared}
    option = candlestick.candlestick(bars, curves, style, noted, others, ahead)
    return Chart(bars, curves, border.prepare(option), impossible, others, ahead, style, noted, jumps, of_others)


@st.cache_resource(ttl=KEPT_FOR, max_entries=MOST_KEPT, show_spinner=False)
def once(key: str, _compute: Callable[[], T]) -> T:  # arguments with an underscore are not part of the cache key
    """The result of `_compute`, cached under `key` for all visitors."""
    del key
    return _compute()
