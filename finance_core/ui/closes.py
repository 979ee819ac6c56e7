"""Closes in tables whose rows may be of several categories and currencies."""

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from finance_core import formats
from finance_core.categories import Category
from finance_core.storage.database import MongoDatabase
from finance_core.ui import listing

if TYPE_CHECKING:
    from pandas.io.formats.style import Styler  # imports a template engine


def written(db: MongoDatabase, look: "Styler", column: str, tickers: Sequence[tuple[Category, str]]) -> "Styler":
    """`look` with the closes in `column` as text; it still sorts by the numbers. `tickers` has the ticker of each row.

    The closes have the decimals of their categories and, where the table has several currencies, their signs.
    """
    rows = zip(tickers, listing.rows_of(db, tickers), strict=True)
    quoted = [(category, category.quoted_in(ticker, (row or {}).get("currency"))) for (category, ticker), row in rows]
    has_several = len({currency for _category, currency in quoted} - {""}) > 1
    for category, currency in dict.fromkeys(quoted):
        cells = [each == (category, currency) for each in quoted]
        look = look.format(partial(price, category, currency * has_several), subset=(cells, column))
    return look


def price(category: Category, currency: str, close: float) -> str:
    """The `close` of a ticker of `category` with the sign of its `currency`; without a sign where that is ""."""
    return formats.money(close, currency, category.decimals_of(close))
