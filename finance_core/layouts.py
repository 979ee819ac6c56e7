"""How other programs lay out daily bars: which of their fields is which, one document a day or one a ticker.

Pure: documents in, raw rows out, and what is to be said of a sample of them. Field names are matched without case, in
English and Korean. What the raw values mean is left to `raw_values`; where the documents come from, to others.
"""

import datetime as dt
import itertools
import math
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final, Literal

import numpy as np
from bson import Decimal128, ObjectId

from finance_core import candles, raw_values, sessions
from finance_core.categories import Category
from finance_core.database import Document

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
"""What others call our fields, folded as `_folded` does; the likeliest first."""
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
TickerForm = Literal["bare", "suffixed", "number", "prefixed", "other", "missing"]
DateForm = Literal["day", "moment", "text", "number", "unreadable", "missing"]
NumberForm = Literal["number", "text", "decimal", "missing"]


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
class _Plan:
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
    flat: dict[tuple[str, ...], tuple[_Plan, str, list[Document], list[int]]] = {}
    position = itertools.count(first)
    for document in documents:
        if type(document.get("_id")) is dict:  # a key of ticker and date
            document = document["_id"] | document
        keys = tuple(document)
        known = flat.get(keys)
        # What has the fields of a day may hold lists in them all the same.
        if known is None or not known[1] or type(document[known[1]]) is list:
            plan = _plan(document)
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


def _rows_inside(document: Document, plan: _Plan, position: Iterator[int]) -> Rows:
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


def _plan(document: Document) -> _Plan:
    names = dict(names_of(tuple(document)))
    own = document.get("_id")
    has_key = own is not None and not isinstance(own, ObjectId | dict)
    ticker = names.get("ticker", "_id" if has_key else "")
    if isinstance(document.get(names.get("date", "")), list):
        names.pop("ticker", None)
        return _Plan("columns", names, ticker)
    if "date" not in names or "close" not in names:
        for key, held in document.items():
            if isinstance(held, list):
                dated = (names_of(tuple(day)) for day in held if isinstance(day, dict))
                inner = next((dict(names) for names in dated if "date" in names), {})
                if inner:
                    return _Plan("rows", inner, ticker, key)
            elif isinstance(held, dict) and key != "_id" and held:
                inner = dict(names_of(tuple(held)))
                if isinstance(held.get(inner.get("date", "")), list):
                    return _Plan("columns", inner, ticker, key)
                for day, row in itertools.islice(held.items(), 10):
                    if isinstance(row, dict) and not np.isnat(raw_values.moments([day], unit="")[0]):
                        return _Plan("days", {"date": "date", **names_of(tuple(row))}, ticker, key)
    if "date" not in names and has_key and "ticker" in names:
        names["date"] = "_id"
    return _Plan("flat", names)


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
    folded: dict[str, str] = {}
    for key in keys:
        folded.setdefault(_folded(key), key)
    return {
        # Ours, where it is there word for word, goes before one that only folds to it.
        ours: ours if ours in keys else next(folded[each] for each in theirs if each in folded)
        for ours, theirs in names.items()
        if ours in keys or any(each in folded for each in theirs)
    }


def _folded(key: str) -> str:
    return str(key).strip().strip("<>").strip().casefold().replace(" ", "_").replace("-", "_")


@dataclass(frozen=True)
class Layout:
    """What a sample of documents shows of how they are laid out. Counts are of sampled rows."""

    shapes: Mapping[Shape, int]
    names: Mapping[str, str]
    """Ours to theirs, as most rows have it; "_id.…" is a part of a key."""
    is_uniform: bool
    """Whether all documents call the fields the same."""
    rows: int
    rows_per_document: float
    tickers: Mapping[TickerForm, int]
    dates: Mapping[DateForm, int]
    prices: Mapping[NumberForm, int]
    """Of open, high, low and close."""
    volumes: Mapping[NumberForm, int]
    without_close: int
    zone: str
    """See `raw_values.zone_of`."""
    epoch_unit: str
    """See `raw_values.epoch_unit`."""
    raw_tickers: Mapping[Any, int] = field(default_factory=dict)
    """The tickers as they are written, and how many rows each has."""
    days: tuple[dt.date, dt.date] | None = None
    """The first and the last one in the sample."""
    ticker_fields: tuple[str, ...] = ()
    """Every field of the documents that holds a ticker: in the order in which `rows_of` looks for it in a document."""

    @property
    def is_ours(self) -> bool:
        """Whether documents are as this product writes them."""
        return self.is_readable and all(ours == theirs for ours, theirs in self.names.items())

    @property
    def is_readable(self) -> bool:
        """Whether they can be read as they are: one a day, and nothing but the names of the fields differs."""
        return (
            set(self.shapes) == {"flat"}
            and self.is_uniform
            and {"ticker", "date", "close"} <= set(self.names)
            and not any(theirs.split(".")[0] == "_id" for theirs in self.names.values())
            and set(self.tickers) == {"bare"}
            and set(self.dates) == {"day"}
            and set(self.prices) <= {"number", "missing"}
            and set(self.volumes) <= {"number", "missing"}
            and not self.without_close
        )


def zones(category: Category | None) -> list[str]:
    """The zones in which days of `category` may have been kept: its markets', Seoul and New York."""
    of_markets = (
        [market.timezone or sessions.timezone(market.calendar) for market in category.markets] if category else []
    )
    return list(dict.fromkeys([*of_markets, "Asia/Seoul", "America/New_York"]))


def recognise(documents: Sequence[Document], category: Category | None) -> Layout | None:
    """What `documents`, a sample, are like; None where they are no daily bars at all."""
    shapes: Counter[Shape] = Counter()
    plans: Counter[tuple[tuple[str, str], ...]] = Counter()
    ticker_fields: set[str] = set()
    for document in documents:
        key = document["_id"] if isinstance(document.get("_id"), dict) else {}
        plan = _plan({**key, **document})
        path_of = {name: f"_id.{name}" for name in key.keys() - document.keys()}
        names = dict(plan.names)
        if plan.shape == "flat":
            names = {ours: path_of.get(theirs, theirs) for ours, theirs in names.items()}
        shapes[plan.shape] += 1
        plans[tuple(sorted(names.items()))] += 1
        ticker_fields.add(path_of.get(plan.ticker, plan.ticker) or names.get("ticker", ""))
    parts = list(rows_of(documents))
    rows = sum(len(part) for part in parts)
    if not rows or not any({"close", "open"} & part.columns.keys() for part in parts):
        return None
    names = _merged(plans)
    columns = {
        ours: [value for part in parts for value in part.columns.get(ours, [None] * len(part))]
        for ours in ("ticker", "date", *candles.COLUMNS)
    }
    if all(value is None for value in columns["date"]):
        return None
    unit = raw_values.epoch_unit(columns["date"])
    zone = raw_values.zone_of(raw_values.in_utc(columns["date"], unit), zones(category))
    moments = raw_values.moments(columns["date"], zone, unit)
    known = moments[~np.isnat(moments)].astype("datetime64[D]")
    close = raw_values.numbers(columns["close"])
    return Layout(
        shapes=dict(shapes),
        names=names,
        is_uniform=all(set(plan) <= set(names.items()) for plan in plans),
        rows=rows,
        rows_per_document=rows / len(documents),
        tickers=dict(Counter(_ticker_form(value, category) for value in columns["ticker"])),
        dates=dict(Counter(map(_date_form, columns["date"], moments))),
        prices=dict(Counter(_number_form(value) for name in candles.PRICES for value in columns[name])),
        volumes=dict(Counter(_number_form(value) for value in columns["volume"])),
        without_close=int((~((close > 0) & np.isfinite(close))).sum()),
        zone=zone,
        epoch_unit=unit,
        raw_tickers=dict(Counter(value for value in columns["ticker"] if _is_key(value))),
        days=(known.min().item(), known.max().item()) if len(known) else None,
        ticker_fields=tuple(sorted(filter(None, ticker_fields), key=_rank)),
    )


def _rank(field: str) -> tuple[bool, bool, int, bool, str]:
    """By what a field with a ticker goes before another, as `names_of` and `_plan` choose."""
    name = field.removeprefix("_id.")
    known = _folded(name) in NAMES["ticker"]
    place = NAMES["ticker"].index(_folded(name)) if known else 0
    return not known, name != "ticker", place, name != field, field


def _merged(plans: "Counter[tuple[tuple[str, str], ...]]") -> dict[str, str]:
    """For each of our fields what most documents call it."""
    said: dict[str, Counter[str]] = {}
    for plan, count in plans.items():
        for ours, theirs in plan:
            said.setdefault(ours, Counter())[theirs] += count
    return {ours: counts.most_common(1)[0][0] for ours, counts in said.items()}


def _is_key(value: Any) -> bool:
    if isinstance(value, float):
        return math.isfinite(value)
    return isinstance(value, str | int) and not isinstance(value, bool) and value != ""


def ticker_text(value: Any) -> str:
    """A raw ticker as text: 5930.0, as pandas makes of an integer, is 5930; "" where it is none."""
    if not _is_key(value):
        return ""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value).strip()


def _ticker_form(value: Any, category: Category | None) -> TickerForm:
    text = ticker_text(value)
    if not text:
        return "missing"
    if not isinstance(value, str):
        return "number"
    if category is None:
        return "bare"
    meant = category.ticker_of(text)
    if not category.is_ticker(meant):
        return "other"
    if meant == value:
        return "bare"
    if text.isdecimal():
        return "number"
    return "prefixed" if text.upper() == f"A{meant}" else "suffixed"


def _date_form(value: Any, moment: np.datetime64) -> DateForm:
    if value is None or value == "":
        return "missing"
    if np.isnat(moment):
        return "unreadable"
    if isinstance(value, dt.datetime):
        return "day" if value.time() == dt.time() and value.tzinfo is None else "moment"
    return "text" if isinstance(value, str) else "number"


def _number_form(value: Any) -> NumberForm:
    if isinstance(value, str):
        return "text" if value.strip() else "missing"
    if isinstance(value, Decimal128):
        return "decimal"
    return "number" if isinstance(value, int | float) and value == value else "missing"
