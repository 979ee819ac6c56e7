"""The tickers of a category as the interface lists them.

A listing is cached, so that a page with ten thousand tickers is as fast as a page with ten.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import streamlit as st

from finance_core import i18n, starter
from finance_core.categories import Category
from finance_core.i18n import _
from finance_core.storage import database, tickers
from finance_core.storage.database import MongoDatabase
from finance_core.storage.documents import TickerRow
from finance_core.ui import navigation

KEPT_FOR = 25.0
"""Seconds that a listing is cached: a change by an app on another machine shows after this time at the latest."""

NAME_WIDTH = 120
"""Pixels of a column of names: however long one is, close, change and day beside it are in sight on a phone. In a wide
window all columns of a table grow."""


@dataclass(frozen=True)
class Listing:
    """The active tickers of a category."""

    rows: dict[str, TickerRow]
    """By ticker."""
    search_rows: list[list[Any]]
    """For the search box: ticker, name, English name, aliases, whether its prices are samples, and its order among
    equally good matches."""

    @property
    def favourites(self) -> list[str]:
        """The tickers with a star."""
        return [ticker for ticker, row in self.rows.items() if row.get("favourite")]


def of(db: MongoDatabase, category: Category) -> Listing:
    """The listing of `category`, at most `KEPT_FOR` seconds old."""
    return _listing(f"{database.address()}/{db.name}/{category.key}", db, category)


def row_of(db: MongoDatabase, category: Category, ticker: str) -> TickerRow | None:
    """The row of a ticker as it is stored now, else as it is listed; None where it is neither."""
    return tickers.get(db, category, ticker) or of(db, category).rows.get(ticker)


def rows_of(db: MongoDatabase, named: Sequence[tuple[Category, str]]) -> list[TickerRow | None]:
    """The listed row of each of the tickers `named`, of any categories; None where a ticker is not listed."""
    rows = {category: of(db, category).rows for category in {category for category, _ticker in named}}
    return [rows[category].get(ticker) for category, ticker in named]


def forget() -> None:
    """Clear the cache, after a change of names, favourites or tickers."""
    _listing.clear()


def name_of(row: TickerRow) -> str:
    """The name of a ticker, in the visitor's language if it has a name in it."""
    english = row.get("name_en") if i18n.language() == "en" else None
    return str(english or row.get("name") or row["ticker"])


def full_name(ticker: str, row: TickerRow | None) -> str:
    """The name of a ticker and the ticker; without a row, only the ticker."""
    return f"{name_of(row)} {ticker}" if row else ticker


def link(category: Category, ticker: str, row: TickerRow | None) -> str:
    """The address of a ticker's chart for a column of links, which shows its name; without a row, the ticker."""
    return navigation.chart_address(category, ticker, name_of(row) if row else ticker)


def market_of(row: TickerRow | None) -> str:
    """The market on which a ticker is traded; "" where it is not known."""
    return str(row.get("market") or "") if row else ""


def mark_of(row: TickerRow | None) -> str:
    """The mark that stands behind the name or the date of a sample ticker; "" for other tickers."""
    return " (" + _("표본") + ")" if row and row.get("source") == "sample" else ""


@st.cache_resource(ttl=KEPT_FOR, max_entries=32, show_spinner=False)
def _listing(key: str, _db: MongoDatabase, _category: Category) -> Listing:
    del key  # the cache's key: arguments with an underscore are not part of it
    rows = tickers.active(_db, _category, ("name_en", "market", "currency", *tickers.ORDERED_BY))
    search_rows = [
        [
            row["ticker"],
            row["name"],
            str(row.get("name_en") or ""),
            starter.aliases().get((_category.key, row["ticker"]), ()),
            row.get("source") == "sample",
            order,
        ]
        for row, order in zip(rows, tickers.search_orders(_category, rows), strict=True)
    ]
    return Listing({row["ticker"]: row for row in rows}, search_rows)
