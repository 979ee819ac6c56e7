"""Tickers as other programs write them: with a suffix of Yahoo's, as numbers without leading zeros, with an A before.

What a category makes of such a text is left to `Category.ticker_of`.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, Literal

from finance_core.categories import Category

TickerForm = Literal["bare", "suffixed", "number", "prefixed", "other", "missing"]
ByTicker = dict[str, list[tuple[Any, int]]]
"""For each ticker the raw tickers that stand for it, each with its count of rows."""

ACCEPTED: Final = 0.9
"""The share of rows whose tickers make them rows of a category."""


def is_ticker(raw: Any) -> bool:
    """Whether a value can name a ticker."""
    if isinstance(raw, float):
        return math.isfinite(raw)
    return isinstance(raw, str | int) and not isinstance(raw, bool) and raw != ""


def text_of(raw: Any) -> str:
    """A raw ticker as text, "" where it names none: 5930.0, as pandas writes an integer, is 5930."""
    if not is_ticker(raw):
        return ""
    return str(int(raw)) if isinstance(raw, float) and raw.is_integer() else str(raw).strip()


def key_of(raw: Any) -> Any:
    """A raw ticker as a key of counts: itself, or None where it names no ticker."""
    return raw if text_of(raw) else None


def keys_of(raws: Iterable[Any]) -> list[Any]:
    """The `key_of` each raw ticker; texts, the usual case, in a tenth of the time."""
    return [raw if type(raw) is str and raw and not raw.isspace() else key_of(raw) for raw in raws]


def by_ticker(category: Category, counts: Mapping[Any, int]) -> tuple[ByTicker, list[Any]]:
    """The raw tickers of each ticker of `category`, ascending, and the raw tickers that are none of it."""
    known: ByTicker = {}
    unknown = []
    for raw, count in counts.items():
        ticker = category.ticker_of(text_of(raw))
        if ticker and category.is_ticker(ticker):
            known.setdefault(ticker, []).append((raw, count))
        else:
            unknown.append(raw)
    return dict(sorted(known.items())), unknown


def fitting(candidates: Sequence[Category], counts: Mapping[Any, int]) -> list[Category]:
    """The `candidates` of which nearly all rows are, by their raw tickers; `counts` are rows of each."""
    texts = {text_of(raw): count for raw, count in counts.items() if text_of(raw)}
    enough = ACCEPTED * sum(texts.values())  # a stray row decides nothing

    def accepts(category: Category) -> bool:
        return sum(count for text, count in texts.items() if category.is_ticker(category.ticker_of(text))) >= enough

    accepted = [category for category in candidates if accepts(category)]
    if texts and sum(count for text, count in texts.items() if _is_mostly_digits(text)) >= enough:
        # A005930 could be an American ticker, but a thousand of its kind are not.
        return [category for category in accepted if category.ticker_digits] or accepted
    return accepted


def market_of(category: Category, raw_tickers: Iterable[Any]) -> str:
    """The key of the one market whose Yahoo suffix the raw tickers have; "" where they show none or several."""
    markets = {
        market.key
        for market in category.markets
        for raw in raw_tickers
        if market.yahoo_suffix and str(raw).upper().endswith(market.yahoo_suffix)
    }
    return markets.pop() if len(markets) == 1 else ""


def form_of(raw: Any, category: Category | None) -> TickerForm:
    """How a ticker of `category` (None: not known) is stored."""
    text = text_of(raw)
    if not text:
        return "missing"
    if not isinstance(raw, str):
        return "number"
    if category is None:
        return "bare"
    ticker = category.ticker_of(text)
    if not category.is_ticker(ticker):
        return "other"
    if ticker == raw:
        return "bare"
    if text.isdecimal():
        return "number"
    return "prefixed" if text.upper() == f"A{ticker}" else "suffixed"


def _is_mostly_digits(text: str) -> bool:
    return 2 * sum(char.isdecimal() for char in text) > len(text)
