"""The closes and charts of comparisons that all visitors share: computed once for each change of the bars.

It works like `viewer.shared`, which caches the histories. The visible range is no part of the cache key: a zoom
computes nothing again.
"""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import NamedTuple

import pandas as pd

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
from finance_core.ui.viewer.shared import History


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
    named_items = [(item.key, item.currency, item.history.key) for item in items]
    named_rates = [(name, rate.key) for name, rate in rates.items()]
    is_known = all(version for *_name, version in [*named_items, *named_rates])
    key = repr(("closes", named_items, named_rates, money, interval)) if is_known else ""
    return shared.once(key, partial(_closes, key, items, money, interval, rates))


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

    key = repr(("comparison", shown.key, lines, scale, base, apart, sample, i18n.language())) if shown.key else ""
    return shared.once(key, draw)


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
