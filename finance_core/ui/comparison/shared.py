"""The closes and charts of comparisons that all visitors share: computed once for each change of the bars.

It works like `viewer.shared`, which caches the histories. The visible range is no part of the cache key: a zoom
computes nothing again.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import pandas as pd
import streamlit as st

from finance_core import categories, i18n
from finance_core.bars import comparison
from finance_core.bars.comparison import Money, Scale
from finance_core.bars.periods import Interval
from finance_core.charts import comparison as comparison_chart
from finance_core.charts import small_multiples
from finance_core.charts.comparison import Line
from finance_core.storage import tickers
from finance_core.storage.database import MongoDatabase
from finance_core.ui.comparison.items import SIGNS, Item
from finance_core.ui.echart import border
from finance_core.ui.echart.border import Prepared
from finance_core.ui.viewer import shared
from finance_core.ui.viewer.shared import KEPT_FOR, History

MOST_KEPT = 16
"""Cached comparisons, and as many cached charts. A comparison of ten series of 10,000 days takes 5 MB."""


class Closes(NamedTuple):
    """The closes of items in the requested money, one column per item, by its key."""

    daily: pd.DataFrame
    shown: pd.DataFrame
    """The closes in the requested interval."""
    traded: pd.DataFrame
    """True where an item has a close, even if it cannot be converted; of the shape of `shown`."""
    key: str
    """A text that identifies these closes; "" where it is not known whether they are still the stored closes."""

    def joined(self, scale: Scale, bases: Mapping[str, comparison.Base | None]) -> pd.DataFrame:
        """The values that a chart in `scale` draws: `shown`, or its changes since `bases`, without gaps."""
        values = self.shown if scale == "price" else comparison.rebase(self.shown, bases, scale)
        return comparison.joined(values, self.traded)


def closes(db: MongoDatabase, items: Sequence[Item], money: Money, interval: Interval) -> Closes:
    """The closes of `items` in `money`, daily and in `interval`."""
    rates = {} if money == "local" else _rates(db, {money, *(item.currency for item in items)})
    keys = [item.version for item in items] + [rate.key for rate in rates.values()]
    named_items = [(item.key, item.currency, item.version) for item in items]
    named = named_items, [(name, rate.key) for name, rate in rates.items()]
    if not all(keys):
        return _closes("", items, money, interval, rates)
    return _kept_closes(repr((named, money, interval)), items, money, interval, rates)


def drawing(
    shown: Closes, lines: Sequence[Line], scale: Scale, base: int | None, *, apart: bool, sample: bool
) -> Prepared:
    """The chart of closes as `lines`, in the visitor's language; see `charts.comparison.option` for the arguments.

    With `apart`, each line has a small chart of its own.
    """

    def draw() -> Prepared:
        drawn = comparison.joined(shown.shown, shown.traded)
        if apart:
            return border.prepare(small_multiples.option(lines, drawn, shown.shown, sample=sample))
        return border.prepare(comparison_chart.option(lines, drawn, shown.shown, scale, base=base, sample=sample))

    looks = repr((shown.key, lines, scale, base, apart, sample, i18n.language()))
    return _kept_drawing(looks, draw) if shown.key else draw()


def _rates(db: MongoDatabase, currencies: set[str]) -> dict[str, History]:
    """The price of one unit of each currency in won, for the currencies with stored rates."""
    pairs = [(name, category) for category in categories.CATEGORIES if category.rates for name in SIGNS]
    rows = {name: (category, tickers.get(db, category, f"{name}KRW")) for name, category in pairs if name in currencies}
    histories = {name: shared.history(db, category, row) for name, (category, row) in rows.items() if row}
    return {name: history for name, history in histories.items() if len(history.bars)}


def _closes(key: str, items: Sequence[Item], money: Money, interval: Interval, rates: Mapping[str, History]) -> Closes:
    won = {name: history.bars["close"] for name, history in rates.items()}
    converted = {item.key: comparison.convert(item.close, item.currency, money, won) for item in items}
    daily = comparison.align(converted)
    traded = comparison.align({item.key: item.close for item in items})
    return Closes(daily, comparison.resample(daily, interval), comparison.resample(traded, interval).notna(), key)


# Arguments with an underscore are not part of the cache key.
@st.cache_resource(ttl=KEPT_FOR, max_entries=MOST_KEPT, show_spinner=False)
def _kept_closes(
    key: str, _items: Sequence[Item], _money: Money, _interval: Interval, _rates: Mapping[str, History]
) -> Closes:
    return _closes(key, _items, _money, _interval, _rates)


@st.cache_resource(ttl=KEPT_FOR, max_entries=MOST_KEPT, show_spinner=False)
def _kept_drawing(key: str, _draw: Callable[[], Prepared]) -> Prepared:
    del key
    return _draw()
