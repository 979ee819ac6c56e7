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
    *("국내", "데이터", "일별", "전체", "해외"),
}
"""The same for files and collections, which people name more freely."""
SURE: Final = re.compile(r"close|closes|closing|.*종가.*")
"""A word that is enough, whatever else a file is called, but for these:"""
OTHER_DAY: Final = re.compile(r"prev|previous|전일.*|adj|adjusted")


def in_field(name: str) -> bool:
    """Whether bare numbers in a field of this name may be closes; words for categories say nothing else.

    >>> [in_field(name) for name in ("by_date", "kospi", "PER", "target_price")]
    [True, True, False, False]
    """
    return all(_is_known(word, IN_FIELDS) for word in _words(name))


def in_source(name: str, tickers: Collection[str] = ()) -> bool:
    """Whether numbers that only days or `tickers` name may be closes, by the name of their file or collection.

    >>> [in_source(name) for name in ("closes_2024", "stockPrices", "내관심_종가", "시가총액", "target_price")]
    [True, True, True, False, False]
    """
    words = _words(re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name))
    own = {ticker.casefold() for ticker in tickers}
    is_sure = any(map(SURE.fullmatch, words)) and not any(map(OTHER_DAY.fullmatch, words))
    return is_sure or all(word in own or _is_known(word, IN_SOURCES) for word in words)


def _words(name: str) -> list[str]:
    return [word for word in re.split(r"[\W_]+", name.casefold()) if not re.fullmatch(r"|v?\d+", word)]


def _is_known(word: str, known: frozenset[str]) -> bool:
    return word in known or raw_tickers.means_category(word) or raw_tickers.is_certain(word.upper())
