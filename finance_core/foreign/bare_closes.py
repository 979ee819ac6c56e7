"""Whether bare numbers, by day or by ticker, are closes: only the name of what holds them can tell. Pure."""

import re
from typing import Final

from finance_core.foreign import raw_tickers

WORDS: Final = frozenset(
    {
        *("bars", "candles", "chart", "close", "closes", "closing", "daily", "data", "historical", "history", "items"),
        *("ohlc", "ohlcv", "points", "price", "prices", "quotes", "records", "results", "series", "stock", "stocks"),
        *("by", "date", "ticker", "tickers", "time", "timeseries", "values", "가격", "시세", "일봉", "종가", "주가"),
        *("all", "download", "export", "my", "portfolio", "table", "watchlist", "wide", "관심종목", "포트폴리오"),
    }
)
"""The words of such a name that say nothing but closes. With another word, such as PER or volume, bare numbers are no
closes."""


def may_be_in(name: str) -> bool:
    """Whether bare numbers in a field, a collection or a file of this name may be closes.

    Words for a category, tickers beyond doubt and numbers say nothing else either.

    >>> [may_be_in(name) for name in ("closes_2024", "kospi_005930", "시가총액", "per")]
    [True, True, False, False]
    """
    words = [word for word in re.split(r"[\W_]+", name.casefold()) if word and not word.isdecimal()]
    return all(
        word in WORDS or raw_tickers.means_category(word) or raw_tickers.is_certain(word.upper()) for word in words
    )
