"""The categories of prices, as data.

A category is a row of `CATEGORIES`, never a branch elsewhere: its collection, its names, its averages, how its prices
read, the markets it knows and how a ticker becomes a Yahoo symbol there. Whoever adds one (say, crypto) adds a row here
and a list in `updaters/starter`, and opens nothing else.
"""

import re
from dataclasses import dataclass

from finance_core.i18n import N_


@dataclass(frozen=True)
class Market:
    """An exchange or a segment of one."""

    key: str
    """As stored in `ticker_metadata.market`."""
    calendar: str
    """Name of its sessions in `exchange_calendars`."""
    yahoo_suffix: str = ""
    """What Yahoo appends to a ticker of this market."""


@dataclass(frozen=True)
class Category:
    """One kind of things with prices."""

    key: str
    """Identifies the category in URLs, in `ticker_metadata` and on the command line."""
    collection: str
    """MongoDB collection of its daily bars."""
    title: str
    """Message id of its name."""
    icon: str
    """Material icon of its page."""
    default_ticker: str
    """What its page shows before anything is chosen, where it has prices."""
    ticker_pattern: str
    """Regular expression that a whole ticker matches."""
    currency: str
    """ISO code of the currency most of its prices are in; one ticker may differ (`ticker_metadata.currency`)."""
    decimals: int
    """Decimals of a price, at most."""
    markets: tuple[Market, ...]
    """The markets its tickers trade on; the first one is assumed where a ticker does not say."""
    averages: tuple[int, ...]
    """Windows, in bars, of the moving averages its charts offer; all of them are drawn at first."""
    update_command: str
    """Module that updates it from the command line."""

    def market(self, key: str) -> Market:
        """The market called `key`; the category's first one where `key` is unknown or empty."""
        return next((market for market in self.markets if market.key == key), self.markets[0])

    def is_ticker(self, text: str) -> bool:
        """Whether `text` has the shape of a ticker of this category."""
        return re.fullmatch(self.ticker_pattern, text) is not None


KOREAN_STOCKS = Category(
    key="korean_stocks",
    collection="korean_stocks",
    title=N_("한국 주식"),
    icon=":material/candlestick_chart:",
    default_ticker="005930",
    ticker_pattern=r"[0-9A-Z]{6}",
    currency="KRW",
    decimals=0,
    markets=(Market("KOSPI", "XKRX", ".KS"), Market("KOSDAQ", "XKRX", ".KQ")),
    averages=(5, 20, 60, 120),
    update_command="updaters.update_kr",
)

CATEGORIES: tuple[Category, ...] = (KOREAN_STOCKS,)


def category(key: str) -> Category:
    """The category called `key`. Raises KeyError where there is none."""
    return {row.key: row for row in CATEGORIES}[key]
