"""Tickers as other programs write them: with a suffix of Yahoo's, as numbers without leading zeros, with an A before.

And which category a ticker is of, by its form and by what its rows say of it. What a category makes of the text of a
ticker is left to `Category.ticker_of`.
"""

import math
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any, Final, Literal

from finance_core import starter
from finance_core.categories import CATEGORIES, Category
from finance_core.foreign import field_names

TickerForm = Literal["bare", "suffixed", "number", "prefixed", "other", "missing"]
ByTicker = dict[str, list[tuple[Any, int]]]
"""For each ticker the raw tickers that stand for it, each with its count of rows."""
Described = dict[Any, dict[str, list[Any]]]
"""What rows say of their raw tickers, under the names of `field_names.TICKERS`."""
KINDS: Final = ("category", "market")
"""The fields of a description that show a category."""

ACCEPTED: Final = 0.9
"""The share of rows whose tickers make them rows of a category."""

_CURRENCY = "(USD|KRW|EUR|JPY|CNY|CNH|GBP|AUD|CAD|CHF|HKD|TWD|SGD|NZD|SEK|NOK|THB|VND|INR|IDR|MYR|PHP|RUB|BRL|MXN)"
FORMS: Final[Mapping[str, str]] = {
    r"\^.+": "indices",
    r"KOSPI|KOSDAQ|KOSPI200|KS11|KQ11|KS200|DJI|IXIC|NDX|SPX|GSPC|US500|VIX|RUT|N225|HSI|SSEC|FTSE|GDAXI": "indices",
    rf".+=X|DX-Y(\.NYB)?|{_CURRENCY}/{_CURRENCY}": "currencies",
    r"A?\d[0-9A-Z]{5}(\.K[SQ])?": "korean_stocks",
}
"""Patterns of tickers that are of one category for certain, of the whole text in capitals; the first counts."""
USUAL_FORMS: Final[Mapping[str, str]] = {
    rf"{_CURRENCY}-?{_CURRENCY}": "currencies",
    r"\d{1,5}": "korean_stocks",
    r"[A-Z]{1,5}([.-][A-Z])?": "us_stocks",
}
"""Forms that are nearly always of one category, unless something says otherwise."""
WORDS: Final[Mapping[str, str]] = {
    "korean_stocks": "stock equity etf etn kr kor korea krx kospi kosdaq konex korean_stock 주식"
    " 국내주식 한국주식 국내 한국 코스피 코스닥 코넥스 유가증권 유가증권시장",
    "us_stocks": "stock equity etf us usa nasdaq nyse amex us_stock us_equity 주식 미국주식 해외주식 미국 나스닥 뉴욕",
    "indices": "index indices kospi kosdaq nasdaq nyse 지수",
    "other": "crypto cryptocurrency coin bond fund future futures option commodity"
    " 코인 암호화폐 채권 펀드 선물 옵션 원자재",
    "currencies": "currency currencies fx forex exchange_rate ccy 환율 통화 외환",
}
"""What other programs call a category or a market of it, in a field beside the ticker."""


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


def kind_of(raw: Any, words: Iterable[Any] = ()) -> str:
    """The key of the category that a raw ticker is of; "" where nothing shows it, or what shows it disagrees.

    `words` are what its rows say of its category and market.

    >>> kind_of("005930"), kind_of("AAPL"), kind_of("SMI", ["index"]), kind_of("005930", ["us_stock"])
    ('korean_stocks', 'us_stocks', 'indices', '')
    """
    text, said = text_of(raw).upper(), [word for word in words if word]
    certain, usual = _by_form(FORMS, text), _by_form(USUAL_FORMS, text)
    keys = {category.key for category in CATEGORIES if accepts(category, raw, said)}
    if certain:
        return certain if certain in keys else ""
    if any(not _said(word) for word in said):
        return ""  # nobody knows what that is
    if not said:
        return usual
    return keys.pop() if len(keys) == 1 else usual if usual in keys else ""


def accepts(category: Category, raw: Any, words: Iterable[Any] = ()) -> bool:
    """Whether a raw ticker, as it is written, can be one of `category`; `words` as for `kind_of`."""
    text = text_of(raw)
    if _by_form(FORMS, text.upper()) not in ("", category.key) or not category.is_ticker(category.ticker_of(text)):
        return False
    return all(not keys or category.key in keys for keys in map(_said, words))


def written_in(name: str, category: Category | None) -> str:
    """The ticker, of `category` where it is known, in the name of a collection: 005930, stock_AAPL, kosdaq; else "".

    Tickers are written in capitals, unless their form leaves no doubt: `prices` would be one otherwise.
    """
    for part in (name, *name.replace("_", " ").split()):
        is_sure = bool(_by_form(FORMS, part.upper())) or part in _well_known()
        is_usual = part == part.upper() and (
            category is not None or (part == name and bool(_by_form(USUAL_FORMS, part)))
        )
        if (is_sure or is_usual) and any(accepts(row, part) for row in ([category] if category else CATEGORIES)):
            return part
    return ""


def describe(described: Described, columns: Mapping[str, Sequence[Any]]) -> None:
    """Add to `described` what the columns of rows say of their tickers."""
    keys = keys_of(columns["ticker"])
    for name in field_names.TICKERS.keys() & columns.keys():
        said = zip(keys, columns[name], strict=True)
        for raw, word in dict.fromkeys((raw, word) for raw, word in said if isinstance(word, str) and word.strip()):
            described.setdefault(raw, {}).setdefault(name, []).append(word)


def words(described: Described, raw: Any) -> list[Any]:
    """What is said of the category and the market of a raw ticker."""
    said = described.get(raw, {})
    return [word for name in KINDS for word in said.get(name, ()) if isinstance(word, str) and word.strip()]


def are_tickers(texts: Collection[Any]) -> bool:
    """Whether names of fields are tickers: all could be, in capitals, and some are beyond doubt."""
    sure = [_is_sure(str(text)) for text in texts]
    return bool(sure) and None not in sure and 10 * sum(map(bool, sure)) >= len(sure)


@lru_cache(maxsize=65_536)
def _is_sure(text: str) -> bool | None:
    """Whether a text is a ticker beyond doubt; None where it can be none."""
    if text != text.upper() or not any(accepts(category, text) for category in CATEGORIES):
        return None
    return bool(_by_form(FORMS, text)) or text in _well_known()


@lru_cache
def _well_known() -> frozenset[str]:
    return frozenset(row["ticker"] for category in CATEGORIES for row in starter.rows(category))


def _by_form(forms: Mapping[str, str], text: str) -> str:
    return next((key for form, key in forms.items() if re.fullmatch(form, text)), "")


@lru_cache(maxsize=1024)
def _said(word: Any) -> frozenset[str]:
    """The keys of the categories that a word may stand for; none where nobody knows."""
    folded = str(word).strip().casefold().replace(" ", "_").replace("-", "_")
    of_word = {key for key, words in WORDS.items() if folded in words.split()}
    return frozenset({row.key for row in CATEGORIES if folded in (row.key, row.collection)} | of_word)


def by_ticker(
    category: Category, counts: Mapping[Any, int], described: Described | None = None
) -> tuple[ByTicker, list[Any]]:
    """The raw tickers of each ticker of `category`, ascending, and the raw tickers that are none of it."""
    known: ByTicker = {}
    unknown = []
    for raw, count in counts.items():
        ticker = category.ticker_of(text_of(raw))
        if ticker and accepts(category, raw, words(described or {}, raw)):
            known.setdefault(ticker, []).append((raw, count))
        else:
            unknown.append(raw)
    return dict(sorted(known.items())), unknown


def fitting(
    candidates: Sequence[Category], counts: Mapping[Any, int], described: Described | None = None
) -> list[Category]:
    """The `candidates` of which nearly all rows are, by their raw tickers; `counts` are rows of each."""
    known = {raw: count for raw, count in counts.items() if text_of(raw)}
    enough = ACCEPTED * sum(known.values())  # a stray row decides nothing

    def rows(category: Category) -> int:
        return sum(n for raw, n in known.items() if accepts(category, raw, words(described or {}, raw)))

    return [category for category in candidates if rows(category) >= enough]


def by_kind(raws: Iterable[Any], described: Described) -> dict[str, list[Any]]:
    """The raw tickers of each category, as `kind_of` tells it; those without a ticker are left out."""
    kinds: dict[str, list[Any]] = {}
    for raw in filter(text_of, raws):
        kinds.setdefault(kind_of(raw, words(described, raw)), []).append(raw)
    return kinds


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
    if not accepts(category, raw):
        return "other"
    if ticker == raw:
        return "bare"
    if text.isdecimal():
        return "number"
    return "prefixed" if text.upper() == f"A{ticker}" else "suffixed"
