"""The items of a comparison: the series of an address, with their closes and the look of their lines."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

import pandas as pd

from finance_core import categories, ticker_fields
from finance_core.bars.comparison import Money
from finance_core.categories import Category
from finance_core.charts.comparison import Line
from finance_core.i18n import _
from finance_core.storage.database import MongoDatabase
from finance_core.storage.documents import TickerRow
from finance_core.ui import listing
from finance_core.ui.viewer import shared
from finance_core.ui.viewer.shared import History

SIGNS = {"KRW": "₩", "USD": "$", "JPY": "¥", "EUR": "€", "GBP": "£", "CNY": "CN¥", "HKD": "HK$"}


@dataclass(frozen=True)
class Item:
    """One compared series, with all of its closes."""

    key: str
    """Category and ticker, as in the address."""
    category: Category
    ticker: str
    name: str
    row: TickerRow
    history: History
    currency: str
    """ISO code; "" for points and rates."""
    slot: int

    @property
    def close(self) -> "pd.Series[float]":
        """All closes, in the ticker's own currency; empty where there are no bars."""
        return self.history.bars["close"]

    @property
    def is_sample(self) -> bool:
        """Whether its prices are samples, not real ones."""
        return self.row.get("source") == "sample"

    def line(self, money: Money, price: float) -> Line:
        """The line of the item if prices are shown in `money`; the size of `price`, in it, decides the decimals."""
        currency = self.currency if money == "local" or not self.currency else money
        of_currency = [each for each in categories.CATEGORIES if each.has_money and each.currency == currency]
        category = self.category if currency == self.currency else (*of_currency, self.category)[0]
        decimals = category.decimals_of(price)
        marker = self.row.get("marker", "")
        marker = marker if marker in ticker_fields.MARKERS else "circle"
        return Line(self.name, self.slot, marker, decimals, SIGNS.get(currency, ""))


def load(db: MongoDatabase, key: str, slot: int) -> Item | None:
    """The item with this key (see `Category.key_of`); None where its ticker is not listed."""
    row = row_of(db, key)
    if row is None:
        return None
    category, ticker = categories.of_key(key)
    currency = category.currency_of(row.get("currency"))
    return Item(key, category, ticker, listing.name_of(row), row, shared.history(db, category, row), currency, slot)


def row_of(db: MongoDatabase, key: str) -> TickerRow | None:
    """The row of the ticker with this key; None where it is not listed."""
    return listing.row_of(db, *categories.of_key(key))


def with_unique_names(items: Sequence[Item]) -> list[Item]:
    """The items with unique names: the ticker is added to names that several items have."""
    names = [item.name for item in items]
    return [replace(item, name=f"{item.name} {item.ticker}") if names.count(item.name) > 1 else item for item in items]


def converted(items: Sequence[Item], money: Money) -> dict[str, str]:
    """By name, `money` for each of the items whose prices are converted to be shown in it."""
    return {item.name: money for item in items if money != "local" and item.currency not in ("", money)}


def samples(items: Sequence[Item], money: Money, sample_rates: Collection[str]) -> dict[str, str]:
    """By name, what is a sample of an item whose closes in `money` are no real ones: its prices, or else its rates."""
    with_rates = [item for item in items if {item.currency, money}.intersection(sample_rates)]
    by_rates = dict.fromkeys(converted(with_rates, money), _("표본 환율"))
    return by_rates | {item.name: _("표본") for item in items if item.is_sample}
