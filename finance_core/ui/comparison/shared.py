"""The closes and charts of comparisons that all visitors share: computed once for each change of the bars.

It works like `viewer.shared`, which caches the histories. The visible range is no part of the cache key: a zoom
computes nothing again.
"""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import NamedTuple

import numpy as np
import pandas as pd

from finance_core import categories, i18n
from finance_core.bars import comparison
from finance_core.bars.comparison import Money, Scale
from finance_core.bars.periods import Interval
from finance_core.categories import Category
from finance_core.charts import comparison as comparison_chart
from finance_core.charts import small_multiples
from finance_core.charts.comparison import Line
from finance_core.storage import tickers
from finance_core.storage.database import MongoDatabase
from finance_core.storage.documents import TickerRow
from finance_core.ui.comparison.items import SIGNS, Item
from finance_core.ui.echart import border
from finance_core.ui.echart.border import Prepared
from finance_core.ui.viewer import shared
from finance_core.ui.viewer.shared import History


class Closes(NamedTuple):
    """The closes of items in the requested money, one column per item, by its key."""

    daily: pd.DataFrame
    """To be measured: infinite on sessions whose close cannot be converted (see `comparison.measurable`)."""
    shown: pd.DataFrame
    """The closes in the requested interval."""
    traded: pd.DataFrame
    """True where an item has a close, even if it cannot be converted; of the shape of `shown`."""
    key: str
    """A text that identifies these closes."""
    sample_rates: frozenset[str]
    """The currencies whose exchange rates are samples, of those that are used."""

    def joined(self, scale: Scale, bases: Mapping[str, comparison.Base | None]) -> pd.DataFrame:
        """The values that a chart in `scale` draws: `shown`, or its changes since `bases`, without gaps."""
        values = self.shown if scale == "price" else comparison.rebase(self.shown, bases, scale)
        return comparison.joined(values, self.traded)


def closes(db: MongoDatabase, items: Sequence[Item], money: Money, interval: Interval) -> Closes:
    """The closes of `items` in `money`, daily and in `interval`."""
    converted = {item.currency for item in items} - {"", money}
    rows = {} if money == "local" or not converted else _rates(db, {money, *converted})
    rates = {name: shared.history(db, category, row) for name, (category, row) in rows.items()}
    rates = {name: history for name, history in rates.items() if len(history.bars)}
    samples = frozenset(name for name in rates if rows[name][1].get("source") == "sample")
    named_items = [(item.key, item.currency, item.history.key) for item in items]
    named_rates = [(name, rate.key) for name, rate in rates.items()]
    key = repr(("closes", named_items, named_rates, money, interval, sorted(samples)))
    return shared.once(key, partial(_closes, key, items, money, interval, rates, samples))


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

    key = repr(("comparison", shown.key, lines, scale, base, apart, sample, i18n.language()))
    return shared.once(key, draw)


def _rates(db: MongoDatabase, currencies: set[str]) -> dict[str, tuple[Category, TickerRow]]:
    """The ticker whose price is one unit in won, for each of the currencies that has one."""
    pairs = [(name, category) for category in categories.CATEGORIES if category.rates for name in SIGNS]
    rows = {name: (category, tickers.get(db, category, f"{name}KRW")) for name, category in pairs if name in currencies}
    return {name: (category, row) for name, (category, row) in rows.items() if row}


def _closes(
    key: str,
    items: Sequence[Item],
    money: Money,
    interval: Interval,
    rates: Mapping[str, History],
    samples: frozenset[str],
) -> Closes:
    won = {name: history.bars["close"] for name, history in rates.items()}
    converted = {item.key: comparison.convert(item.close, item.currency, money, won) for item in items}
    daily = comparison.align(converted)
    traded = comparison.align({item.key: item.close for item in items})
    is_traded = comparison.resample(traded, interval).notna()
    # The close of a week is that of its last session, even if that one cannot be converted.
    daily = comparison.measurable(daily, traded.notna())
    shown = comparison.resample(daily, interval).replace(np.inf, np.nan)
    return Closes(daily, shown, is_traded, key, samples)
