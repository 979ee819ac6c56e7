"""Raw tickers: tickers as other programs write them, such as 005930.KS, the number 5930 or A005930.

Tells the category of a raw ticker from its form and from the words about it in its rows. `Category.ticker_of` turns the
text of a raw ticker into our ticker.
"""

import math
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any, Final, Literal

from finance_core import starter
from finance_core.categories import CATEGORIES, KOREAN_STOCKS, Category, unquoted
from finance_core.foreign import field_names

TickerForm = Literal["bare", "suffixed", "number", "prefixed", "other", "missing"]
ByTicker = dict[str, list[tuple[Any, int]]]
"""For each ticker, the raw tickers that mean it, each with its count of rows."""
Described = dict[Any, dict[str, list[Any]]]
"""For each raw ticker, the values that its rows have in the fields of `field_names.TICKERS`."""
KINDS: Final = ("category", "market")
"""The fields of `field_names.TICKERS` that can show a category."""
VARYING: Final = (*KINDS, "currency")
"""The fields of which every value counts: two currencies of one ticker are no series."""

_TICKER_WORD: Final = re.compile(r"[\^A-Z0-9]+([.=/-][A-Z]{1,3}){0,2}", re.ASCII)
"""A word of the name of a file that may be a ticker."""

OTHER_PRICES: Final = re.compile(
    r"(^|[\W_])(nxt?|al|after|afterhours|시간외\w*|forecast|predicted|예측\w*|usd|천원|1min|weekly|monthly|old)($|[\W_])",
    re.IGNORECASE,
)
"""What tells, beside a Korean ticker in the name of a file or a collection, that its prices are not the days of the KRX
in won. NX and AL are Kiwoom's words for NXT and for both exchanges together."""

ACCEPTED: Final = 0.9
"""The share of rows whose tickers must fit a category, for the collection to be of that category."""

_CURRENCY = "(USD|KRW|EUR|JPY|CNY|CNH|GBP|AUD|CAD|CHF|HKD|TWD|SGD|NZD|SEK|NOK|THB|VND|INR|IDR|MYR|PHP|RUB|BRL|MXN)"
CURRENCY_WORDS: Final[Mapping[str, str]] = {
    **dict.fromkeys(("원", "₩", "￦", "WON", "원화"), "KRW"),
    **dict.fromkeys(("달러", "$", "US$", "DOLLAR"), "USD"),
    "€": "EUR",
}
_INDEX = "(KOSPI|KOSDAQ|KOSPI200|KS11|KQ11|KS200|DJI|IXIC|NDX|SPX|GSPC|US500|VIX|RUT|N225|HSI|SSEC|FTSE|GDAXI)"
FORMS: Final[Mapping[str, str]] = {
    r"\^.+": "indices",
    rf"([A-Z]+:)?{_INDEX}": "indices",
    rf".+=X|DX-Y(\.NYB)?|{_CURRENCY}/{_CURRENCY}": "currencies",
    r"A?\d[0-9A-Z]{5}(\.K[SQ])?|KR7[0-9A-Z]{6}\d{3}": "korean_stocks",
    **{spelling: category.key for category in CATEGORIES for spelling in category.ticker_spellings},
    rf"{_CURRENCY}-?{_CURRENCY}": "currencies",
}
"""Patterns, for the whole ticker in capitals, that certainly mean one category; the first that matches is used."""
_COIN: Final = re.compile(r".+-(USD|USDT|KRW|EUR|BTC)")
"""A ticker of a cryptocurrency, which is of no category; but for a pair of currencies."""
_NO_SHARE: Final = re.compile(r"[1256]\d\d[123468]")
"""A number that is the KRX's code of an index, as 1001 (KOSPI): those of shares end with 0, 5, 7, 9 or a letter."""
_INDEX_CODE: Final = re.compile(r"10[0-3]\d|1[12]\d\d|2[0-2]\d\d|50[4-6]\d|5300")
"""What may be the code of an index too, if such numbers are beside it."""
USUAL_FORMS: Final[Mapping[str, str]] = {
    r"\d{1,5}": "korean_stocks",
    r"[A-Z]{1,5}([.-][A-Z])?": "us_stocks",
}
"""Patterns that nearly always mean one category; the words in the rows may overrule them."""
WORDS: Final[Mapping[str, str]] = {
    "korean_stocks": "stock equity etf etn fund 펀드 kr kor korea krx kospi kosdaq konex korean_stock 주식"
    " 국내주식 한국주식 국내 한국 코스피 코스닥 코넥스 유가증권 유가증권시장",
    "us_stocks": "stock equity etf fund 펀드 us usa nasdaq nyse amex us_stock us_equity 주식"
    " 미국주식 해외주식 미국 나스닥 뉴욕",
    "indices": "index indices kospi kosdaq nasdaq nyse 지수",
    "other": "crypto cryptocurrency coin bond future futures option commodity 코인 암호화폐 채권 선물 옵션 원자재",
    "currencies": "currency currencies fx forex exchange_rate ccy 환율 통화 외환",
}
"""The words that other programs use for a category or one of its markets, in a field beside the ticker."""


def is_ticker(raw: Any) -> bool:
    """Whether a value can name a ticker."""
    if isinstance(raw, float):
        return math.isfinite(raw)
    return isinstance(raw, str | int) and not isinstance(raw, bool) and raw != ""


def text_of(raw: Any) -> str:
    """A raw ticker as text, `unquoted`; "" where it names none. 5930.0, as pandas may write 5930, becomes 5930."""
    if not is_ticker(raw):
        return ""
    return str(int(raw)) if isinstance(raw, float) and raw.is_integer() else unquoted(str(raw))


def key_of(raw: Any) -> Any:
    """A raw ticker as a key of counts: the raw ticker itself, or None where it names no ticker."""
    return raw if text_of(raw) else None


def keys_of(raws: Iterable[Any]) -> list[Any]:
    """The `key_of` each raw ticker; takes a tenth of the time for texts, the usual case."""
    return [raw if type(raw) is str and raw and not raw.isspace() else key_of(raw) for raw in raws]


def kind_of(raw: Any, words: Iterable[Any] = ()) -> str:
    """The key of the category of a raw ticker; "" where nothing shows it, or its form and the words disagree.

    `words` are the values that its rows have in the fields `KINDS`.

    >>> kind_of("005930"), kind_of("AAPL"), kind_of("SMI", ["index"]), kind_of("005930", ["us_stock"])
    ('korean_stocks', 'us_stocks', 'indices', '')
    """
    text, given_words = text_of(raw).upper(), [word for word in words if word]
    certain, usual = _by_form(FORMS, text), _by_form(USUAL_FORMS, text)
    keys = {category.key for category in CATEGORIES if accepts(category, raw, given_words)}
    if certain:
        return certain if certain in keys else ""
    if any(not _keys_of_word(word) for word in given_words):
        return ""  # an unknown word may mean any category
    if not given_words:
        return usual
    return keys.pop() if len(keys) == 1 else usual if usual in keys else ""


def is_certain(text: str) -> bool:
    """Whether a text in capitals is a ticker beyond doubt by its form; 20DAYS has the form of a Korean one."""
    form = _by_form(FORMS, text)
    return bool(form) and (form != "korean_stocks" or not text.isalnum() or text.isdecimal() or text in _listed())


def means_category(word: str) -> bool:
    """Whether a word is used for a category or one of its markets."""
    return bool(_keys_of_word(word))


def accepts(category: Category, raw: Any, words: Iterable[Any] = ()) -> bool:
    """Whether a raw ticker, as it is written, can belong to `category`; `words` as for `kind_of`."""
    text = text_of(raw)
    certain = _by_form(FORMS, text.upper())
    if certain not in ("", category.key) or not category.is_ticker(category.ticker_of(text)):
        return False
    if not certain and _COIN.fullmatch(text.upper()):
        return False
    if category is KOREAN_STOCKS and _NO_SHARE.fullmatch(text) and category.ticker_of(text) not in _listed():
        return False
    if category.rates and re.fullmatch(_CURRENCY, text.upper()):  # in which currency, and the price of 1 or of 100?
        return False
    return all(not keys or category.key in keys for keys in map(_keys_of_word, words))


def written_in(name: str, category: Category | None) -> str:
    """The ticker in the name of a collection, such as 005930, stock_AAPL or kosdaq; "" where it has none.

    With a `category`, only its tickers count. A ticker must be in capitals unless its form leaves no doubt; otherwise
    `prices` would be a ticker. A Korean one beside a word of `OTHER_PRICES` is none.
    """
    for part in (name, *filter(_may_be_ticker, name.replace("_", " ").split())):
        is_sure = bool(_by_form(FORMS, part.upper())) or part in _well_known()
        is_usual = part == part.upper() and (
            category is not None or (part == name and bool(_by_form(USUAL_FORMS, part)))
        )
        if (is_sure or is_usual) and any(accepts(row, part) for row in ([category] if category else CATEGORIES)):
            return "" if accepts(KOREAN_STOCKS, part) and OTHER_PRICES.search(name) else part
    return ""


def in_file_name(stem: str, category: Category) -> str:
    """The ticker of `category` in the name of a file without its ending; "" where none is certain.

    That is the only word of the name that is a ticker beyond doubt, or else the first word. A word must be in capitals;
    otherwise `prices` would be a ticker.

    >>> from finance_core.categories import KOREAN_STOCKS, US_STOCKS
    >>> in_file_name("삼성전자(005930)_2024", KOREAN_STOCKS), in_file_name("5930", KOREAN_STOCKS)
    ('005930', '005930')
    >>> in_file_name("NASDAQ_AAPL", US_STOCKS), in_file_name("MSFT_AAPL", US_STOCKS), in_file_name("2024", US_STOCKS)
    ('AAPL', '', '')
    """
    words = [word for word in re.split(r"[\s_,()\[\]]+", stem) if word]
    words = [part for word in words for part in ([word] if _TICKER_WORD.fullmatch(word) else word.split("-"))]
    fitting = [word for word in words if _TICKER_WORD.fullmatch(word) and accepts(category, word)]
    sure = {category.ticker_of(word) for word in fitting if _may_be_ticker(word) and _is_sure(word)}
    if len(sure) > 1:
        sure &= _listed()  # a clock time such as 153000 looks like a ticker too
    if sure:
        return sure.pop() if len(sure) == 1 else ""
    first = next((word for word in words if not _keys_of_word(word)), "")
    if first in fitting and (not first.isdecimal() or category.ticker_of(first) in _listed()):
        return category.ticker_of(first)
    is_number = stem in fitting and not re.fullmatch(r"(19|20)\d\d(0[1-9]|1[0-2])?", stem)
    return category.ticker_of(stem) if is_number else ""


def _may_be_ticker(word: str) -> bool:
    """Whether a word of a name is neither a short number nor a day, a month or a year, but for a listed ticker."""
    day = r"\d{1,5}|(19|20)\d\d(0[1-9]|1[0-2])|\d\d(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])"
    return word in _listed() or not re.fullmatch(day, word)


def describe(described: Described, columns: Mapping[str, Sequence[Any]]) -> None:
    """Add the values of the fields `field_names.TICKERS` in the columns of rows to `described`."""
    keys = keys_of(columns["ticker"])
    for name in field_names.TICKERS.keys() & columns.keys():
        pairs = zip(keys, columns[name], strict=True)
        for raw, word in dict.fromkeys((raw, word) for raw, word in pairs if isinstance(word, str) and word.strip()):
            described.setdefault(raw, {}).setdefault(name, []).append(word)


def words(described: Described, raw: Any) -> list[Any]:
    """The words about the category and the market of a raw ticker."""
    description = described.get(raw, {})
    return [word for name in KINDS for word in description.get(name, ()) if isinstance(word, str) and word.strip()]


def currencies(words: Iterable[Any]) -> set[str]:
    """The ISO codes of the currencies that words or signs mean; other words mean none.

    >>> sorted(currencies(["원", "usd", "$", "주", None]))
    ['KRW', 'USD']
    """
    texts = {str(word).strip().upper() for word in words if isinstance(word, str)}
    return {code for text in texts if re.fullmatch(_CURRENCY, code := CURRENCY_WORDS.get(text, text))}


def are_tickers(texts: Collection[Any]) -> bool:
    """Whether texts are tickers: all may be tickers, in capitals, and at least a tenth are beyond doubt."""
    sure = [_is_sure(str(text)) for text in texts]
    return bool(sure) and None not in sure and 10 * sum(map(bool, sure)) >= len(sure)


@lru_cache(maxsize=65_536)
def _is_sure(text: str) -> bool | None:
    """Whether a text is a ticker beyond doubt; None where it cannot be a ticker."""
    if text != text.upper() or not any(accepts(category, text) for category in CATEGORIES):
        return None
    return bool(_by_form(FORMS, text)) or text in _well_known()


@lru_cache
def _well_known() -> frozenset[str]:
    return frozenset(row["ticker"] for category in CATEGORIES for row in starter.rows(category))


@lru_cache
def _listed() -> frozenset[str]:
    """Every ticker of the lists that this version comes with."""
    return _well_known().union(row["ticker"] for one in starter.MARKET_LISTS for row in starter.shipped(one.file).rows)


def _by_form(forms: Mapping[str, str], text: str) -> str:
    return next((key for form, key in forms.items() if re.fullmatch(form, text)), "")


@lru_cache(maxsize=1024)
def _keys_of_word(word: Any) -> frozenset[str]:
    """The keys of the categories that a word may mean; empty for an unknown word."""
    folded = str(word).strip().casefold().replace(" ", "_").replace("-", "_")
    of_word = {key for key, words in WORDS.items() if folded in words.split()}
    return frozenset({row.key for row in CATEGORIES if folded in (row.key, row.collection)} | of_word)


def by_ticker(
    category: Category, counts: Mapping[Any, int], described: Described | None = None
) -> tuple[ByTicker, list[Any]]:
    """The raw tickers of each ticker of `category`, by ascending ticker; and the raw tickers of no ticker of it."""
    known: ByTicker = {}
    unknown = []
    cut = _cut(category, counts) | _index_codes(category, counts)
    for raw, count in counts.items():
        ticker = category.ticker_of(text_of(raw))
        if ticker and raw not in cut and accepts(category, raw, words(described or {}, raw)):
            known.setdefault(ticker, []).append((raw, count))
        else:
            unknown.append(raw)
    return dict(sorted(known.items())), unknown


def _cut(category: Category, raws: Iterable[Any]) -> set[Any]:
    """The short numbers in text that are no tickers of `category`, such as 1001.

    That is where the other texts have their leading zeros, unless the number with zeros is a ticker among them, or is
    on a list.
    """
    texts = {raw for raw in raws if isinstance(raw, str) and raw.isdecimal()}
    if not any(text.startswith("0") and category.is_ticker(text) for text in texts):
        return set()
    whole = texts | _listed()
    return {text for text in texts if category.ticker_of(text) not in whole}


def _index_codes(category: Category, raws: Collection[Any]) -> set[Any]:
    """The numbers that are codes of indices and no Korean stocks, as others beside them are beyond doubt."""
    if category is not KOREAN_STOCKS or not any(_NO_SHARE.fullmatch(text_of(raw)) for raw in raws):
        return set()
    codes = {raw: text_of(raw) for raw in raws if _INDEX_CODE.fullmatch(text_of(raw))}
    return {raw for raw, text in codes.items() if category.ticker_of(text) not in _listed()}


def fitting(
    candidates: Sequence[Category], counts: Mapping[Any, int], described: Described | None = None
) -> list[Category]:
    """The `candidates` that accept the raw tickers of nearly all rows (`ACCEPTED`); `counts`: rows per raw ticker."""
    known = {raw: count for raw, count in counts.items() if text_of(raw)}
    enough = ACCEPTED * sum(known.values())  # a stray row decides nothing

    def rows(category: Category) -> int:
        return sum(n for raw, n in known.items() if accepts(category, raw, words(described or {}, raw)))

    return [category for category in candidates if rows(category) >= enough]


def by_kind(raws: Iterable[Any], described: Described) -> dict[str, list[Any]]:
    """The raw tickers of each category, by `kind_of`; "" has those of no certain category. Drops missing tickers."""
    kinds: dict[str, list[Any]] = {}
    for raw in filter(text_of, raws):
        kinds.setdefault(kind_of(raw, words(described, raw)), []).append(raw)
    return kinds


def market_of(category: Category, raw_tickers: Iterable[Any]) -> str:
    """The key of the one market that the raw tickers name: 035720.KQ, 035720 KQ Equity or KOSDAQ:035720; else ""."""
    texts = [re.sub(r" (K[SQ])( EQUITY)?$", r".\1", text_of(raw).upper()) for raw in raw_tickers]
    markets = {
        market.key
        for market in category.markets
        for text in texts
        if (market.yahoo_suffix and text.endswith(market.yahoo_suffix)) or text.startswith(f"{market.key}:")
    }
    return markets.pop() if len(markets) == 1 else ""


def form_of(raw: Any, category: Category | None) -> TickerForm:
    """How a raw ticker of `category` is stored; None means the category is not known."""
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
    if text != raw.strip():
        return "suffixed"
    if text.isdecimal():
        return "number"
    return "prefixed" if text.upper() == f"A{ticker}" else "suffixed"
