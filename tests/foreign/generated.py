"""Collections as users' own scripts fill them: the same prices in every layout that is recognised.

`lay_out` makes documents of tables, with rows that must be refused planted among them. A `Style` says how; the lists
below have each thing varied by itself, all pairs of things, and two styles within one collection.
"""

import datetime as dt
import itertools
import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, Final
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
from bson import Decimal128, ObjectId

from finance_core import starter
from finance_core.bars import sessions
from finance_core.categories import CURRENCIES, KOREAN_STOCKS, Category
from finance_core.foreign import conversion, daily
from finance_core.storage.database import Document, MongoDatabase
from tests.yahoo import random_walk

UTC, SEOUL, NEW_YORK, LONDON = (ZoneInfo(name) for name in ("UTC", "Asia/Seoul", "America/New_York", "Europe/London"))
PRICES = ("open", "high", "low", "close")
KOREAN: Final = {"open": "시가", "high": "고가", "low": "저가", "close": "종가", "volume": "거래량"}


@dataclass(frozen=True)
class Style:
    """How a collection is laid out."""

    ticker_field: str = "ticker"
    ticker_form: str = "bare"
    date_field: str = "date"
    """"_id" is a key of ticker and date, or the ticker where a document holds many days."""
    date_form: str = "day"
    price_case: str = "lower"
    number_form: str = "number"
    extras: str = "sparse"
    """Of dividends, stock_splits and adj_close."""
    volume_form: str = "int"
    shape: str = "flat"
    duplicates: bool = False
    gaps: bool = False
    index: str = "none"

    def __str__(self) -> str:
        usual = Style()
        names = [each.name for each in fields(self)]
        said = [f"{name}={getattr(self, name)}" for name in names if getattr(self, name) != getattr(usual, name)]
        return ",".join(said) or "ours"


CHOICES: Final[dict[str, tuple[Any, ...]]] = {
    "ticker_field": ("ticker", "symbol", "code", "Ticker", "Symbol", "종목코드"),
    "ticker_form": ("bare", "suffixed", "number", "prefixed"),
    "date_field": ("date", "Date", "datetime", "_id", "날짜"),
    "date_form": (
        "day",
        "seoul",
        "new_york",
        "timed",
        "text",
        "compact",
        "iso",
        "iso_offset",
        "iso_utc",
        "seconds",
        "milliseconds",
        "seoul_milliseconds",
        "compact_number",
    ),
    "price_case": ("lower", "title", "korean"),
    "number_form": ("number", "text", "decimal", "nan"),
    "extras": ("sparse", "none", "all"),
    "volume_form": ("int", "float", "text"),
    "shape": ("flat", "rows", "inner_columns", "columns", "days"),
    "duplicates": (False, True),
    "gaps": (False, True),
    "index": ("none", "ticker", "ticker_date"),
}


@dataclass
class Foreign:
    """Documents in the order in which they are inserted, and the planted rows that must be refused."""

    documents: list[Document] = field(default_factory=list)
    bad: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Place and reason."""

    def insert(self, db: MongoDatabase, name: str, style: Style) -> None:
        """Fill a collection, with the index of the style."""
        keys = {
            "none": [],
            "ticker": [ticker_key(style)],
            "ticker_date": [ticker_key(style), date_key(style)],
        }[style.index]
        if keys:
            db[name].create_index([(key, 1) for key in keys])
        db[name].insert_many(self.documents)


def ticker_key(style: Style) -> str:
    if style.date_field != "_id":
        return style.ticker_field
    return f"_id.{style.ticker_field}" if style.shape == "flat" else "_id"


def date_key(style: Style) -> str:
    if style.shape != "flat":
        return "updated_at"
    return "_id.date" if style.date_field == "_id" else style.date_field


def lay_out(tables: Mapping[str, pd.DataFrame], style: Style, category: Category, hints: Mapping[str, str]) -> Foreign:
    """`tables` (columns open to volume, dividends and stock_splits) in `style`; `hints` are suffixes of tickers."""
    foreign = Foreign()
    for number, (ticker, table) in enumerate(tables.items()):
        raw = _ticker(ticker, style, hints.get(ticker, ""))
        rows = list(_rows(table, style, category, number, is_flat=style.shape == "flat"))
        if style.shape == "flat":
            for row, reason in rows:
                _add_flat(foreign, style, raw, row, reason)
        elif rows:
            _add_whole(foreign, style, raw, rows)
    if style.gaps:
        _plant_tickers(foreign, style, category)
    return foreign


def _add_flat(foreign: Foreign, style: Style, raw: Any, row: Document, reason: str) -> None:
    row = dict(row)
    document: Document = {"_id": ObjectId()}
    if raw is not None:
        document[style.ticker_field] = raw
    if style.date_field == "_id":
        # A row that is planted twice needs a key of its own all the same.
        key = {**{name: document.pop(name) for name in [style.ticker_field] if name in document}}
        key |= {"date": row.pop("date")} if "date" in row else {}
        key["run"] = len(foreign.documents)
        document["_id"] = key
    document |= row
    foreign.documents.append(document)
    if reason:
        foreign.bad[str(document["_id"]), reason] += 1


def _add_whole(foreign: Foreign, style: Style, raw: Any, rows: list[tuple[Document, str]]) -> None:
    days = [row for row, _reason in rows]
    own: Any = ObjectId()
    document: Document = {"_id": own, style.ticker_field: raw, "updated_at": dt.datetime(2026, 1, 1)}
    if style.date_field == "_id":
        own = document["_id"] = document.pop(style.ticker_field)
    date = _date_name(style)
    if style.shape == "rows":
        document["history"] = days
    elif style.shape == "days":
        document["history"] = {str(row[date]): {key: row[key] for key in row if key != date} for row in days}
    else:
        names = dict.fromkeys(itertools.chain(*days))
        columns = {name: [row.get(name) for row in days] for name in names}
        document |= columns if style.shape == "columns" else {"data": columns}
    foreign.documents.append(document)
    for position, (_row, reason) in enumerate(rows):
        if reason:
            foreign.bad[f"{own}[{position}]", reason] += 1


def _plant_tickers(foreign: Foreign, style: Style, category: Category) -> None:
    """Documents without a ticker, and with what is none."""
    day = pd.DataFrame([[1.0, 1.0, 1.0, 1.0, 1.0, 0.0, 0.0]], columns=[*PRICES, "volume", "dividends", "stock_splits"])
    day.index = pd.DatetimeIndex(["2024-05-07"])
    ((row, _reason),) = _rows(day, replace(style, gaps=False, duplicates=False), category, 0, is_flat=False)
    for raw, reason in ((None, conversion.NO_TICKER), ("?!", conversion.NOT_A_TICKER)):
        if style.shape == "flat":
            _add_flat(foreign, style, raw, row, reason)
        elif raw is not None or style.date_field != "_id":
            _add_whole(foreign, style, raw, [(row, reason)])


def _date_name(style: Style) -> str:
    return "date" if style.date_field == "_id" else style.date_field


def _rows(
    table: pd.DataFrame, style: Style, category: Category, number: int, *, is_flat: bool
) -> Iterator[tuple[Document, str]]:
    """The rows of one ticker, without the ticker, and why each must be refused; "" where it must not."""
    can_repeat = style.shape != "days"
    for position, (day, values) in enumerate(table.iterrows()):
        assert isinstance(day, pd.Timestamp)
        row = _row(day.date(), values, style, category)
        date, close = _date_name(style), names_of(style)["close"]
        if style.duplicates and can_repeat and position % 7 == number % 7:
            yield row | {close: _number(float(values["close"]) * 2, style.number_form)}, daily.CORRECTED
        if style.gaps and can_repeat and position == 3:
            yield {name: value for name, value in row.items() if name != date}, conversion.NO_DATE
        if style.gaps and can_repeat and position == 5:
            yield row | {date: "someday"}, conversion.UNREADABLE_DATE
        if style.gaps and can_repeat and position == 8:
            # Before the real one of that day, which it must not supersede.
            yield {name: value for name, value in row.items() if name != close}, conversion.NO_CLOSE
        if style.gaps and can_repeat and position == 9:
            yield row | {close: math.nan}, conversion.NO_CLOSE
        yield row, ""


def names_of(style: Style) -> dict[str, str]:
    ours = {name: name for name in (*PRICES, "volume", "dividends", "stock_splits", "adj_close")}
    if style.price_case == "title":
        title = {name: name.title() for name in (*PRICES, "volume", "dividends")}
        return ours | title | {"stock_splits": "Stock Splits", "adj_close": "Adj Close"}
    return ours | KOREAN if style.price_case == "korean" else ours


def _row(day: dt.date, values: "pd.Series[float]", style: Style, category: Category) -> Document:
    row: Document = {_date_name(style): date_of(day, style.date_form, category)}
    if style.shape == "days" and not isinstance(row[_date_name(style)], str | int):
        row[_date_name(style)] = day.isoformat()
    names = names_of(style)
    for name in PRICES:
        row[names[name]] = _number(float(values[name]), style.number_form)
    volume = float(values["volume"])
    row[names["volume"]] = {"int": int(volume), "float": volume, "text": f"{int(volume):,}"}[style.volume_form]
    if style.extras == "all":
        row[names["adj_close"]] = _number(float(values["close"]) * 0.9, style.number_form)
    for name in ("dividends", "stock_splits"):
        value = float(values[name])
        if style.extras == "all" or (style.extras == "sparse" and value):
            row[names[name]] = _number(value, style.number_form)
    return row


def _number(value: float, form: str) -> Any:
    if form == "text":
        return f"{int(value):,}" if value.is_integer() else f"{value:,}" if len(f"{value:,}") < 15 else repr(value)
    if form == "decimal":
        return Decimal128(repr(value))
    return math.nan if form == "nan" and value == 0 else value


def _ticker(ticker: str, style: Style, suffix: str) -> Any:
    if style.ticker_form == "suffixed":
        return ticker + suffix
    if style.ticker_form == "prefixed":
        return f"A{ticker}"
    return int(ticker) if style.ticker_form == "number" and ticker.isdecimal() else ticker


def date_of(day: dt.date, form: str, category: Category) -> Any:
    """`day` as programs write it."""
    home = {KOREAN_STOCKS.key: SEOUL, CURRENCIES.key: LONDON}.get(category.key, NEW_YORK)
    midnight = dt.datetime(day.year, day.month, day.day)
    zone = {"seoul": SEOUL, "new_york": NEW_YORK, "london": LONDON, "seoul_milliseconds": SEOUL}.get(form, UTC)
    there = midnight.replace(tzinfo=zone)
    naive = there.astimezone(UTC).replace(tzinfo=None)
    seconds = (naive - dt.datetime(1970, 1, 1)) // dt.timedelta(seconds=1)
    if form in ("day", "seoul", "new_york", "london"):
        return naive
    if form == "timed":
        close = midnight.replace(hour=15, minute=30, tzinfo=home)
        return close.astimezone(UTC).replace(tzinfo=None)
    match form:
        case "text":
            return day.isoformat()
        case "compact":
            return f"{day:%Y%m%d}"
        case "compact_number":
            return int(f"{day.year:04}{day:%m%d}")
        case "slashes":
            return f"{day.year}/{day.month}/{day.day}"
        case "dots":
            return f"{day.year}. {day.month}. {day.day}."
        case "iso":
            return midnight.isoformat()
        case "iso_offset":
            return midnight.replace(tzinfo=home).isoformat()
        case "iso_utc":
            return there.astimezone(UTC).isoformat().replace("+00:00", "Z")
        case "seconds":
            return seconds
        case "milliseconds" | "seoul_milliseconds":
            return seconds * 1000
        case "float_seconds":
            return float(seconds)
        case "text_seconds":
            return str(seconds)
        case "text_milliseconds":
            return str(seconds * 1000)
    raise KeyError(form)


# Which styles


def _singles() -> list[Style]:
    return [Style()] + [
        Style(**{name: value})
        for name, values in CHOICES.items()
        for value in values
        if value != getattr(Style(), name)
    ]


def _pairs(seed: int = 1) -> list[Style]:
    """Styles in which each pair of choices occurs, by greedily covering what is left."""
    random = np.random.default_rng(seed)
    # Of names and of forms that are much alike some will do: the others have styles of their own.
    choices = CHOICES | {"ticker_field": ("ticker", "Symbol", "종목코드"), "date_field": ("date", "datetime", "_id")}
    alike = ("iso_offset", "compact", "new_york", "seoul_milliseconds")
    choices["date_form"] = tuple(form for form in CHOICES["date_form"] if form not in alike)
    names = list(choices)
    left = {
        frozenset({(one, a), (other, b)})
        for one, other in itertools.combinations(names, 2)
        for a in choices[one]
        for b in choices[other]
    }

    def covers(style: Mapping[str, Any]) -> set[frozenset[tuple[str, Any]]]:
        return {frozenset(pair) for pair in itertools.combinations(style.items(), 2)} & left

    styles = []
    while left:
        (first, second) = sorted(min(left, key=lambda pair: sorted(map(str, pair))), key=str)
        candidates = []
        for _ in range(60):
            made = {name: values[random.integers(len(values))] for name, values in choices.items()}
            candidates.append(made | dict([first, second]))
        best = max(candidates, key=lambda made: len(covers(made)))
        left -= covers(best)
        styles.append(Style(**best))
    return styles


def _mixes() -> list[tuple[Style, Style]]:
    usual = Style()
    pairs = [
        (usual, Style(date_form="text")),
        (Style(date_form="seoul"), usual),
        (Style(date_form="text"), Style(date_form="seoul")),
        (Style(date_form="seconds"), Style(date_form="seoul_milliseconds")),
        (Style(date_form="milliseconds"), Style(date_form="compact_number")),
        (Style(date_form="timed"), Style(date_form="iso_utc")),
        (usual, Style(ticker_form="suffixed")),
        (Style(ticker_form="prefixed"), Style(ticker_form="number")),
        (Style(ticker_field="symbol"), Style(ticker_field="code", ticker_form="number")),
        (Style(ticker_field="Symbol", ticker_form="suffixed", gaps=True), Style(gaps=True)),
        (usual, Style(date_field="_id")),
        (Style(date_field="_id", shape="rows"), usual),
        (usual, Style(date_field="_id", shape="columns", gaps=True)),
        (usual, Style(number_form="text", price_case="title")),
        (Style(number_form="decimal", volume_form="text"), Style(number_form="nan", volume_form="float")),
        (usual, Style(shape="columns")),
        (Style(shape="columns"), usual),
        (Style(shape="rows", duplicates=True), Style(shape="days", gaps=True)),
        (Style(shape="inner_columns"), Style(shape="rows", date_form="compact")),
        (Style(ticker_field="symbol", date_field="Date", index="ticker_date"), Style(duplicates=True, gaps=True)),
    ]
    random = np.random.default_rng(2)
    singles = SINGLES
    for _ in range(3):
        one, other = random.choice(len(PAIRS), 2, replace=False)
        pairs.append((PAIRS[one], PAIRS[other]))
        pairs.append((singles[random.integers(len(singles))], PAIRS[other]))
    return pairs


SINGLES: Final = _singles()
PAIRS: Final = _pairs()
MIXES: Final = _mixes()


# Which prices


def tables(
    category: Category, names: Iterable[str], days: int = 30, last: str = "2024-08-14"
) -> dict[str, pd.DataFrame]:
    """Bars of some sessions of its own exchange up to `last`, with a halt, a dividend and a split in each."""
    markets = {row["ticker"]: row["market"] for row in starter.rows(category)}
    end = pd.Timestamp(last).date()
    first = end - dt.timedelta(days=days * 2)
    found = {}
    for seed, name in enumerate(names):
        calendar = category.market(markets.get(name, "")).calendar
        table = random_walk(sessions.between(calendar, first, end)[-days:], seed + 1)
        table = table.assign(dividends=0.0, stock_splits=0.0)
        if category is not KOREAN_STOCKS:
            table[list(PRICES)] = (table[list(PRICES)] / 700).round(4 if category is CURRENCIES else 2)
        table.iloc[days // 2, [0, 1, 2, 4]] = 0.0
        table.iloc[days // 3, table.columns.get_loc("dividends")] = 361.5  # type: ignore[index]
        table.iloc[days // 4, table.columns.get_loc("stock_splits")] = 0.2  # type: ignore[index]
        found[name] = table
    return found


KOREAN_TICKERS: Final = {"005930": ".KS", "000660": ".KS", "035720": ".KS", "247540": ".KQ"}
AMERICAN_TICKERS: Final = ("AAPL", "MSFT", "BRK-B", "A")
