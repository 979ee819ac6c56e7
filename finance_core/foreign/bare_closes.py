"""Whether bare numbers, by day or by ticker, are closes: only the name of what holds them can tell. Pure."""

import re
from collections.abc import Collection
from typing import Final

from finance_core.foreign import raw_tickers

IN_FIELDS: Final = frozenset(
    {
        *("bars", "candles", "chart", "close", "closes", "closing", "daily", "data", "historical", "history", "items"),
        *("ohlc", "ohlcv", "points", "price", "prices", "quotes", "records", "results", "series", "stock", "stocks"),
        *("by", "date", "ticker", "tickers", "time", "timeseries", "values", "가격", "시세", "일봉", "종가", "주가"),
    }
)
"""The words that may name a field with closes. With another word, such as PER or volume, bare numbers are no closes."""
IN_SOURCES: Final = IN_FIELDS | {
    *("all", "download", "eod", "exchange", "export", "final", "my", "rate", "rates", "table", "wide"),
    *("sp500", "kospi200", "kosdaq150", "nasdaq100"),
    *("국내", "데이터", "일별", "전체", "해외"),
    *("국내종가", "수정종가", "일별종가", "종가데이터", "종가표", "종목별종가", "주식종가", "해외종가"),
}
"""The same for files and collections, which people name more freely."""


def in_field(name: str) -> bool:
    """Whether bare numbers in a field of this name may be closes; words for categories say nothing else.

    >>> [in_field(name) for name in ("by_date", "kospi", "PER", "target_price")]
    [True, True, False, False]
    """
    return all(_is_known(word, IN_FIELDS) for word in _words(name))


def in_source(name: str, tickers: Collection[str] = ()) -> bool:
    """Whether numbers that only days or `tickers` name may be closes, by the name of their file or collection.

    >>> [in_source(name) for name in ("closes_2024", "stockPrices", "수정종가", "시가총액", "target_price")]
    [True, True, True, False, False]
    """
    own = {ticker.casefold() for ticker in tickers}
    words = _words(re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name))
    return all(word in own or _is_known(word, IN_SOURCES) for word in words)


def _words(name: str) -> list[str]:
    return [word for word in re.split(r"[\W_]+", name.casefold()) if not re.fullmatch(r"|v?\d+년?", word)]


def _is_known(word: str, known: frozenset[str]) -> bool:
    return word in known or raw_tickers.means_category(word) or raw_tickers.is_certain(word.upper())
