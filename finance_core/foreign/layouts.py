"""How other programs lay out daily bars: which of their fields is which, one document a day or one a ticker.

Pure: documents in, raw rows out. Field names are matched without case, in English and Korean. What a sample of them is
like is told by `recognition`; what the raw values mean, by `raw_values`; where documents come from is left to others.
"""

import itertools
import math
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final, Literal

import numpy as np
from bson import ObjectId

from finance_core.bars import candles
from finance_core.foreign import raw_values
from finance_core.storage.database import Document

NAMES: Final[dict[str, tuple[str, ...]]] = {
    "ticker": (
        "ticker",
        "symbol",
        "code",
        "stock_code",
        "ticker_symbol",
        "종목코드",
        "종목_코드",
        "단축코드",
        "티커",
        "코드",
    ),
    "date": (
        "date",
        "datetime",
        "trade_date",
        "trading_date",
        "timestamp",
        "day",
        "time",
        "날짜",
        "일자",
        "거래일",
        "일시",
    ),
    "open": ("open", "open_price", "시가"),
    "high": ("high", "high_price", "고가"),
    "low": ("low", "low_price", "저가"),
    "close": ("close", "close_price", "종가", "현재가"),
    "volume": ("volume", "vol", "거래량"),
    "dividends": ("dividends", "dividend", "배당", "배당금"),
    "stock_splits": ("stock_splits", "stock_split", "splits", "split", "액면분할"),
}
"""What others call our fields, folded as `folded` does; the likeliest first."""
DESCRIPTIONS: Final[dict[str, tuple[str, ...]]] = {
    "name": (
        "name",
        "company_name",
        "company",
        "long_name",
        "longname",
        "short_name",
        "shortname",
        "종목명",
        "회사명",
        "이름",
    ),
    "name_en": ("name_en", "english_name", "영문명"),
    "market": ("market", "exchange", "시장", "시장구분", "거래소"),
    "category": ("category", "type", "asset_type", "분류"),
    "currency": ("currency", "통화"),
}
"""The same for the fields of a list of tickers."""

Shape = Literal["flat", "rows", "days", "columns"]
"""One document a day; or one a ticker: with a list of its days, its days by date, or a list for each field."""


@dataclass(frozen=True)
class Rows:
    """Raw daily rows: for each of our names (ticker, date, and those of `candles.COLUMNS`) the values, all as many."""

    columns: Mapping[str, Sequence[Any]]
    """ticker and date are always there; another that is not is missing in every row."""
    order: Sequence[int]
    """Where each row stands among all that were read: of two of one day, the later one counts."""
    places: Sequence[Any]
    """What a person finds each row by: the _id of its document, a line number."""
    inside: bool = False
    """Whether the rows are those of one document, whose _id is the only one of `places`."""

    def __len__(self) -> int:
        return len(self.order)

    def place(self, position: int) -> str:
        """What a person finds a row by."""
        return f"{self.places[0]}[{position}]" if self.inside else str(self.places[position])

    def of(self, raw_tickers: Collection[Any]) -> "Rows":
        """Only those of these raw tickers; None stands for what is none."""
        raws = [raw if ticker_text(raw) else None for raw in self.columns["ticker"]]
        chosen = [position for position, raw in enumerate(raws) if raw in raw_tickers]
        if len(chosen) == len(self):
            return self
        if self.inside:  # all have the one ticker of their document
            return Rows({"ticker": [], "date": []}, [], self.places, inside=True)
        return self.at(chosen)

    def at(self, chosen: Sequence[int]) -> "Rows":
        """Only those at these positions; of rows that are not `inside`."""
        columns = {name: [values[position] for position in chosen] for name, values in self.columns.items()}
        order, places = ([values[position] for position in chosen] for values in (self.order, self.places))
        return Rows(columns, order, places)


@dataclass(frozen=True)
class Plan:
    """How documents with certain fields are read."""

    shape: Shape
    names: Mapping[str, str]
    """Of the fields of a row; ticker is missing where the document holds many rows."""
    ticker: str = ""
    """Theirs for the ticker of a document with many rows."""
    under: str = ""
    """The field that holds the days or the columns; "" for the document itself."""


def rows_of(documents: Iterable[Document], first: int = 0) -> Iterator[Rows]:
    """The raw rows of `documents`, in whatever layouts, counted from `first` on."""
    flat: dict[tuple[str, ...], tuple[Plan, str, list[Document], list[int]]] = {}
    position = itertools.count(first)
    for document in documents:
        if type(document.get("_id")) is dict:  # a key of ticker and date
            document = document["_id"] | document
        keys = tuple(document)
        known = flat.get(keys)
        # What has the fields of a day may hold lists in them all the same.
        if known is None or not known[1] or type(document[known[1]]) is list:
            plan = plan_of(document)
            if plan.shape != "flat":
                rows = _rows_inside(document, plan, position)
                if len(rows):
                    yield rows
                continue
            date = plan.names["date"] if {"date", "close"} <= plan.names.keys() else ""
            known = flat.setdefault(keys, (plan, date, [], []))
        known[2].append(document)
        known[3].append(next(position))
    for plan, _date, same, order in flat.values():
        columns = {ours: [document[theirs] for document in same] for ours, theirs in plan.names.items()}
        missing = dict.fromkeys({"ticker", "date"} - columns.keys(), [None] * len(same))
        yield Rows(columns | missing, order, [document.get("_id") for document in same])


def _rows_inside(document: Document, plan: Plan, position: Iterator[int]) -> Rows:
    held = document[plan.under] if plan.under else document
    if plan.shape == "columns":
        columns = {ours: held[theirs] for ours, theirs in plan.names.items() if isinstance(held[theirs], list)}
        count = max(len(values) for values in columns.values())
        if len({len(values) for values in columns.values()}) > 1:
            # Nobody can know which day a value belongs to.
            columns = {"date": [None] * count}
    else:
        if plan.shape == "days":
            days = [{"date": day, **(row if isinstance(row, dict) else {})} for day, row in held.items()]
        else:
            days = [day if isinstance(day, dict) else {} for day in held]
        keys = list(map(tuple, days))
        named = {each: names_of(each) for each in set(keys)}
        columns = {
            ours: [day.get(named[key].get(ours)) for day, key in zip(days, keys, strict=True)]
            for ours in ("date", *candles.COLUMNS)
            # Of all days: one without a dividend may not have the field.
            if any(ours in names for names in named.values())
        }
        count = len(days)
    ticker = document.get(plan.ticker) if plan.ticker else None
    missing = {"date": [None] * count} if "date" not in columns else {}
    order = list(itertools.islice(position, count))
    return Rows({**columns, **missing, "ticker": [ticker] * count}, order, [document.get("_id")], inside=True)


def plan_of(document: Document) -> Plan:
    """How `document` is read; its _id, where that is a document, already among its fields."""
    names = dict(names_of(tuple(document)))
    own = document.get("_id")
    has_key = own is not None and not isinstance(own, ObjectId | dict)
    ticker = names.get("ticker", "_id" if has_key else "")
    if isinstance(document.get(names.get("date", "")), list):
        names.pop("ticker", None)
        return Plan("columns", names, ticker)
    if "date" not in names or "close" not in names:
        for key, held in document.items():
            if isinstance(held, list):
                dated = (names_of(tuple(day)) for day in held if isinstance(day, dict))
                inner = next((dict(names) for names in dated if "date" in names), {})
                if inner:
                    return Plan("rows", inner, ticker, key)
            elif isinstance(held, dict) and key != "_id" and held:
                inner = dict(names_of(tuple(held)))
                if isinstance(held.get(inner.get("date", "")), list):
                    return Plan("columns", inner, ticker, key)
                for day, row in itertools.islice(held.items(), 10):
                    if isinstance(row, dict) and not np.isnat(raw_values.moments([day], unit="")[0]):
                        return Plan("days", {"date": "date", **names_of(tuple(row))}, ticker, key)
    if "date" not in names and has_key and "ticker" in names:
        names["date"] = "_id"
    return Plan("flat", names)


@lru_cache(maxsize=4096)
def names_of(keys: tuple[str, ...]) -> Mapping[str, str]:
    """Which of `keys` is which of our fields: ours to theirs."""
    return _matched(keys, NAMES)


@lru_cache(maxsize=4096)
def descriptions_of(keys: tuple[str, ...]) -> Mapping[str, str]:
    """Which of `keys` is the ticker and which says what of it: ours to theirs."""
    found = _matched(keys, {"ticker": NAMES["ticker"], **DESCRIPTIONS})
    # A list that is kept by ticker.
    return found if "ticker" in found or "_id" not in keys else {**found, "ticker": "_id"}


def _matched(keys: tuple[str, ...], names: Mapping[str, tuple[str, ...]]) -> dict[str, str]:
    by_folded: dict[str, str] = {}
    for key in keys:
        by_folded.setdefault(folded(key), key)
    return {
        # Ours, where it is there word for word, goes before one that only folds to it.
        ours: ours if ours in keys else next(by_folded[each] for each in theirs if each in by_folded)
        for ours, theirs in names.items()
        if ours in keys or any(each in by_folded for each in theirs)
    }


def folded(key: str) -> str:
    """A field's name without what writers of it differ in: case, spaces and hyphens."""
    return str(key).strip().strip("<>").strip().casefold().replace(" ", "_").replace("-", "_")


def is_key(value: Any) -> bool:
    """Whether a value can name a ticker."""
    if isinstance(value, float):
        return math.isfinite(value)
    return isinstance(value, str | int) and not isinstance(value, bool) and value != ""


def ticker_text(value: Any) -> str:
    """A raw ticker as text: 5930.0, as pandas makes of an integer, is 5930; "" where it is none."""
    if not is_key(value):
        return ""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value).strip()
