"""The names that other programs give to the fields of daily bars and of lists of tickers, in English and Korean.

To read another name, add it to its row. Names match without case, spaces, hyphens and a unit that does not
change the number.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Final

from finance_core.storage import locations

FieldNames = dict[str, tuple[str, ...]]

_UNIT = re.compile(
    r"(?<=[^\s(\[])\s*[(\[]\s*(?:단위\s*:?\s*)?(주|shares?|원화?|won|달러|KRW|USD|US\$|[$₩￦])\s*[)\]]$", re.IGNORECASE
)

BARS: Final[FieldNames] = {
    "ticker": (
        *("ticker", "symbol", "code", "stock_code", "ticker_symbol", "stock_symbol", "item_code", "itemcode", "srtncd"),
        *("stck_shrn_iscd", "shrn_iscd", "symb", "isu_srt_cd", "shcode"),
        *("종목코드", "종목_코드", "단축코드", "티커", "코드"),
        *("isu_cd", "stk_cd", "stockcode", "종목번호"),
        *("pair", "currency_pair", "fx_pair", "통화쌍"),
    ),
    "date": (
        *("date", "datetime", "trade_date", "trading_date", "timestamp", "day", "time", "ts", "t", "basdt", "bas_dd"),
        *("localtradedat", "local_traded_at", "localdate", "stck_bsop_date", "xymd", "candle_date_time_kst"),
        *("날짜", "일자", "거래일", "거래일자", "기준일자", "일시"),
        *("trd_dd", "tradedate", "trade_dt", "base_date", "dt", "datetime_kst"),
        *("영업일자", "영업일", "기준일", "거래일시", "dates", "d"),
    ),
    "open": (
        *("open", "open_price", "openprice", "stck_oprc", "mkp", "tdd_opnprc", "o", "시가", "오픈"),
        *("opening_price", "open_pric", "px_open", "수정시가"),
    ),
    "high": (
        *("high", "high_price", "highprice", "stck_hgpr", "hipr", "tdd_hgprc", "h", "고가"),
        *("high_pric", "px_high", "수정고가"),
    ),
    "low": (
        *("low", "low_price", "lowprice", "stck_lwpr", "lopr", "tdd_lwprc", "l", "저가"),
        *("low_pric", "px_low", "수정저가"),
    ),
    "close": (
        *("close", "close_price", "closeprice", "stck_clpr", "clos", "clpr", "tdd_clsprc", "c"),
        *("종가", "현재가"),
        *("closing_price", "close/last", "trade_price", "cur_prc", "체결가", "수정종가", "price", "last"),
        *("px_last", "last_price"),
        *("매매기준율", "deal_bas_r"),
    ),
    "volume": (
        *("volume", "vol", "acml_vol", "tvol", "accumulatedtradingvolume", "trqu", "acc_trdvol", "v"),
        *("거래량", "누적거래량", "누적_거래량"),
        *("trde_qty", "candle_acc_trade_volume", "acc_trade_volume", "jdiff_vol", "total_volume", "acc_volume"),
        *("trade_volume", "vol.", "px_volume"),
    ),
    "dividends": ("dividends", "dividend", "배당", "배당금", "dividend_amount", "divcash"),
    "stock_splits": (
        *("stock_splits", "stock_split", "splits", "split", "액면분할"),
        *("split_coefficient", "split_factor", "splitfactor"),
    ),
}
"""For each of our bar fields, the names that other programs use, as `folded` writes them, the likeliest first.

They include the names in the APIs of KIS, Kiwoom, LS, Naver, Upbit, Bloomberg, KRX and the Korean government's open
data.
"""
ISINS: Final = ("isin", "isin_code", "isin_cd", "isincd", "표준코드")
"""Names, likewise, of fields with ISINs: Korean ones contain tickers, which count where no other field has tickers."""
DATE: Final = "date:"
"""How our name of each field begins where several may be the date."""
BESIDE_RANGE: Final = frozenset({"trade_price", "cur_prc", "체결가", "price", "last", "last_price"})
"""Names that mean the close only beside a high and a low: orders, holdings and quotes have such fields too."""
ADJUSTED_PREFIX: Final = "수정"
"""How names of prices begin that are adjusted for splits; others beside them may not be, and would make false bars."""
TICKERS: Final[FieldNames] = {
    "name": (
        *("name", "company_name", "company", "long_name", "longname", "short_name", "shortname"),
        *("stock_name", "stockname", "itmsnm", "hts_kor_isnm", "isu_abbrv", "종목명", "회사명", "이름"),
    ),
    "name_en": ("name_en", "english_name", "영문명"),
    "market": ("market", "exchange", "mrktctg", "시장", "시장구분", "거래소"),
    "category": ("category", "type", "asset_type", "asset_class", "asset", "분류", "구분"),
    "currency": ("currency", "통화", "화폐", "ccy", "price_currency", "pricecurrency"),
}
"""The same for the other fields of a list of tickers; documents of prices may have these fields too."""
QUALIFIERS: Final[FieldNames] = {
    "unit": (
        *("unit", "units", "priceunit", "volumeunit", "scale", "multiplier"),
        *("단위", "가격단위", "금액단위", "통화단위", "거래량단위", "배수"),
    ),
    "deleted": (
        *("deleted", "isdeleted", "deletedat", "deletedyn", "delyn", "removed", "isremoved", "invalid", "iserror"),
        *("삭제", "삭제여부"),
    ),
    "valid": ("valid", "isvalid", "useyn", "유효", "유효여부"),
    "status": ("status", "state", "상태"),
}
"""By kind: the names, as `locations.bare` writes them, of fields beside a bar that change what it means (see
`qualifiers`)."""
QUALIFYING: Final = tuple(name for names in QUALIFIERS.values() for name in names)
"""All names of `QUALIFIERS`: of several fields of one kind beside a bar, each counts."""
ADJUSTED_FLAGS: Final = frozenset(
    {
        *("adjusted", "isadjusted", "adjustedyn", "adj", "isadj", "adjyn", "adjflag", "adjusted?"),
        *("수정주가여부", "수정주가적용", "수정주가적용여부", "수정주가반영", "수정주가반영여부", "수정주가yn"),
    }
)
"""Names, likewise, of fields that say by yes or no whether the prices of a row are adjusted."""
REVISIONS: Final = frozenset(
    {
        *("version", "ver", "rev", "revision", "v", "batch", "batchid", "run", "runid", "seq", "updated", "updatedby"),
        *("final", "isfinal", "provisional", "isprovisional", "확정", "확정여부", "잠정", "잠정여부"),
        *("complete", "closed", "isclosed", "confirm", "confirmed", "live", "islive", "수정여부", "조정여부"),
        *("corrected", "iscorrected", "correction", "fixed", "isfixed", "revised", "isrevised", "note", "memo"),
        *("comment", "reason", "author", "user"),
        *("버전", "차수", "정정", "정정여부", "비고", "메모", "작성자", "수정자"),
    }
)
"""Names, likewise, of fields that tell a later row of a day from an earlier one, and not one source from another."""
NEWNESS: Final = (
    *("updatedat", "lastupdated", "lastupdatedat", "updatetime", "modifiedat", "lastmodified", "수정일시", "갱신일시"),
    *("version", "ver", "revision", "rev", "버전", "차수", "정정차수"),
    *("crawledat", "collectedat", "scrapedat", "fetchedat", "createdat", "insertedat"),
    *("수집시각", "수집일시", "생성일시", "등록일시"),
)
"""Names, likewise, of fields whose greatest value tells the newest of several rows of a day, the surest first."""
NEWER: Final = "newer"
"""Our name of such a field."""
FINAL, PROVISIONAL = "final", "provisional"
FINALITY: Final[FieldNames] = {
    FINAL: ("final", "isfinal", "confirmed", "confirm", "확정", "확정여부", "complete", "closed", "isclosed"),
    PROVISIONAL: ("provisional", "isprovisional", "잠정", "잠정여부", "live", "islive"),
}
"""Names, likewise, of fields that say whether the row of a day is the final one; they are among `REVISIONS`."""


@lru_cache(maxsize=1024)
def of_bars(keys: tuple[str, ...]) -> Mapping[str, str]:
    """Our names of the fields of a bar, its ticker's description and its qualifiers, to the one of `keys` for each.

    Where several may be the date, each is also there under `DATE` and its own name, the likeliest first: only values
    tell which it is (see `date_fields`).

    >>> of_bars(("c", "d")), of_bars(("close", "K", "D", "J"))
    ({'date': 'd', 'close': 'c'}, {'close': 'close'})
    """
    by_bare = {locations.bare(folded(key)): key for key in reversed(keys)}
    qualifying = {name: by_bare[name] for name in QUALIFYING if name in by_bare}
    names = _matched(keys, {**BARS, **TICKERS}) | qualifying
    prices = {"open", "high", "low", "close"} & names.keys()
    adjusted = {ours for ours in prices if names[ours].strip().startswith(ADJUSTED_PREFIX)}
    is_general = folded(names.get("close", "")) in BESIDE_RANGE and not prices >= {"high", "low"}
    if is_general or ("close" in adjusted and prices != adjusted):
        dropped = {"close"}
    else:
        dropped = adjusted if "close" in prices - adjusted else set()
    # Beside names of one letter, D is the day; elsewhere it may be an indicator, as of K, D and J.
    if names.get("date") == by_bare.get("d") and names.get("close") != by_bare.get("c"):
        dropped |= {"date"}
    by_folded = _by_folded(keys)
    of_dates = dict.fromkeys([*({"date"} & {*keys}), *(by_folded[name] for name in BARS["date"] if name in by_folded)])
    several = {f"{DATE}{theirs}": theirs for theirs in of_dates} if len(of_dates) > 1 else {}
    telling = {NEWER: NEWNESS, **FINALITY}.items() if names else ()
    found = {ours: [by_bare[name] for name in of if name in by_bare] for ours, of in telling}
    newer = {ours: theirs[0] for ours, theirs in found.items() if theirs}
    return {ours: theirs for ours, theirs in names.items() if ours not in dropped} | several | newer


def dates_among(columns: Iterable[str]) -> list[str]:
    """Those of the names of columns, as `of_bars` returns them, that name one of several date fields."""
    return [name for name in columns if name.startswith(DATE)]


def field_of_date(name: str) -> str:
    """The field that one of `dates_among` names."""
    return name.removeprefix(DATE)


def tickers_among(keys: Iterable[str]) -> list[str]:
    """Those of the keys that may name the field of the ticker, the likeliest first."""
    by_folded = _by_folded(tuple(keys))
    exact = [key for key in keys if key == "ticker"]
    return list(dict.fromkeys([*exact, *(by_folded[name] for name in BARS["ticker"] if name in by_folded)]))


def preference(path: str) -> tuple[bool, bool, bool, int, bool, str]:
    """A sort key that puts ticker fields in the order in which this module and `shapes` prefer them."""
    name = path.rpartition(".")[2]
    rank = BARS["ticker"].index(folded(name)) if folded(name) in BARS["ticker"] else len(BARS["ticker"])
    return path == "_id", name != path, name != "ticker", rank, name != folded(name), path


def unread(keys: tuple[str, ...]) -> list[str]:
    """The keys that would name a field of bars but for brackets behind them, which may change the number.

    >>> unread(("날짜", "종가(원)", "거래량(천주)"))
    ['거래량(천주)']
    """
    bare = {key: re.sub(r"\s*[(\[][^()\[\]]*[)\]]$", "", str(key)) for key in keys}
    missing = {"date", "open", "high", "low", "close", "volume"} - of_bars(keys).keys()
    return [key for key, name in bare.items() if name != str(key) and missing & of_bars((name,)).keys()]


@lru_cache(maxsize=1024)
def of_tickers(keys: tuple[str, ...]) -> Mapping[str, str]:
    """Our names of the fields of a ticker list, each mapped to the one of `keys` for it; the ticker may be the _id."""
    names = _matched(keys, {"ticker": BARS["ticker"], **TICKERS})
    return names if "ticker" in names or "_id" not in keys else {**names, "ticker": "_id"}


@lru_cache(maxsize=4096)
def folded(key: str) -> str:
    """The name of a field in lower case, with _ for spaces and hyphens, without <> around it or "1. " before it.

    A unit behind it that does not change the number goes too, as in 종가(원); 거래량(천주) stays, and is no known name.
    """
    return _folded_with_unit(_UNIT.sub("", str(key).strip().strip("<>").strip()))


def unit_of(key: str) -> str:
    """The unit behind a name that `folded` leaves out; "" where there is none.

    >>> unit_of("종가(단위: 원)"), unit_of("Close (USD)"), unit_of("close")
    ('원', 'USD', '')
    """
    found = _UNIT.search(str(key).strip())
    return found[1] if found else ""


@lru_cache(maxsize=4096)
def _folded_with_unit(key: str) -> str:
    """As `folded`, but a unit behind the name stays."""
    name = re.sub(r"^\d+\. ", "", str(key).strip().strip("<>").strip())
    return name.casefold().replace(" ", "_").replace("-", "_")


def repeated(keys: Sequence[str]) -> list[str]:
    """The keys that name a field of bars in the same word as another one: nothing tells the right one.

    >>> repeated(("date", "close", "Close", "volume"))
    ['close', 'Close']
    """
    known = {name for names in BARS.values() for name in names}
    counts = Counter(map(_folded_with_unit, keys))
    return [key for key in keys if counts[_folded_with_unit(key)] > 1 and _folded_with_unit(key) in known]


def _by_folded(keys: tuple[str, ...]) -> dict[str, str]:
    """The keys by their names as `folded` writes them."""
    by_folded: dict[str, str] = {}
    for key in keys:
        by_folded.setdefault(_folded_with_unit(key), key)
    units: dict[str, list[str]] = {}
    for key in keys:
        units.setdefault(folded(key), []).append(key)
    # Of several units, as of 종가(원) and 종가($), nothing tells the right one.
    return {name: of[0] for name, of in units.items() if len(of) == 1} | by_folded


def _matched(keys: tuple[str, ...], table: FieldNames) -> dict[str, str]:
    by_folded = _by_folded(keys)
    return {
        # A key that is exactly our name is preferred to a key that only folds to it.
        ours: ours if ours in keys else next(by_folded[name] for name in names if name in by_folded)
        for ours, names in table.items()
        if ours in keys or not by_folded.keys().isdisjoint(names)
    }
