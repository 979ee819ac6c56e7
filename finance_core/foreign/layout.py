"""The layout of a collection, recognised from a sample of its documents, and its differences from our own layout.

Pure: documents in, a `Layout` or sentences out. `shapes` takes the rows from the documents.
"""

import datetime as dt
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np

from finance_core.bars import candles, sessions
from finance_core.categories import Category
from finance_core.errors import SisepanError
from finance_core.foreign import (
    bare_closes,
    candle_lists,
    date_fields,
    dates,
    field_names,
    levels,
    numbers,
    qualifiers,
    raw_tickers,
    row_parts,
    shapes,
)
from finance_core.foreign.dates import Convention, DateForm
from finance_core.foreign.levels import ShapeKind
from finance_core.foreign.numbers import NumberForm
from finance_core.foreign.raw_tickers import Described, TickerForm
from finance_core.i18n import N_
from finance_core.storage.database import Document

SHAPES: Final[dict[ShapeKind, str]] = {
    "flat": N_("종목과 날짜마다 문서 하나"),
    "rows": N_("종목마다 문서 하나, 날짜별 목록"),
    "days": N_("종목마다 문서 하나, 날짜가 필드 이름"),
    "columns": N_("종목마다 문서 하나, 필드마다 배열"),
    "tickers": N_("문서 하나에 종목이 여럿"),
}
TICKERS: Final[dict[TickerForm, str]] = {
    "suffixed": N_("종목 코드에 덧붙은 것이 있습니다(.KS, =X 따위; 표본의 {percent})."),
    "number": N_("종목 코드가 숫자로 저장되어 있습니다(표본의 {percent})."),
    "prefixed": N_("종목 코드 앞에 A가 있습니다(표본의 {percent})."),
    "other": N_("이 카테고리의 종목 코드가 아닌 것이 있습니다(표본의 {percent}, 예: {example})."),
    "missing": N_("종목 코드가 없는 문서가 있습니다(표본의 {percent})."),
}
DATES: Final[dict[DateForm, str]] = {
    "moment": N_("날짜가 자정(UTC)이 아닌 시각으로 저장되어 있습니다(표본의 {percent})."),
    "text": N_("날짜가 글자로 저장되어 있습니다(표본의 {percent})."),
    "number": N_("날짜가 숫자로 저장되어 있습니다(표본의 {percent})."),
    "unreadable": N_("읽을 수 없는 날짜가 있습니다(표본의 {percent})."),
    "missing": N_("날짜가 없는 문서가 있습니다(표본의 {percent})."),
}
NUMBERS: Final[dict[NumberForm, str]] = {
    "text": N_("숫자가 글자로 저장되어 있습니다."),
    "decimal": N_("숫자가 Decimal128로 저장되어 있습니다."),
}
"""`TICKERS`, `DATES` and `NUMBERS` have a sentence for each form that differs from ours."""
QUALIFIED: Final = N_(
    "단위나 삭제 여부, 섞인 수정주가를 적은 필드가 있어 그대로 읽지 않습니다: {fields}. 전환할 때 반영합니다."
)
NO_CLOSE: Final = N_("0보다 큰 종가가 없는 문서가 있습니다(표본의 {percent}).")
NO_DATE_FIELD: Final = N_("날짜 필드를 찾지 못했습니다. 있는 필드: {fields}")
DAY_IN_NAME: Final = N_(
    "날짜 필드가 없고 컬렉션 이름이 날짜를 말합니다({collection}). 문서마다 date 필드에 그 날짜를 넣어 한 컬렉션에 "
    "모은 뒤 전환하십시오. 있는 필드: {fields}"
)
_DAY: Final = re.compile(r"(?<!\d)(19|20)\d\d([-_.]?)(0[1-9]|1[0-2])\2(0[1-9]|[12]\d|3[01])(?!\d)")
UNREAD: Final = N_("이름 뒤의 괄호가 값을 바꿀 수 있어 읽지 않는 필드: {fields}")
NO_TICKER_FIELD: Final = N_("종목 코드 필드를 찾지 못했습니다. 있는 필드: {fields}")
UNNAMED: Final = N_(
    "{fields} 필드의 숫자가 종가인지 이름이 말해 주지 않습니다. 종가라면 필드 이름을 prices로 바꾸십시오."
)
UNNAMED_COLLECTION: Final = N_(
    "숫자가 종가인지 컬렉션의 이름이 말해 주지 않습니다. 종가라면 컬렉션 이름을 prices로 바꾸십시오."
)
NO_CLOSE_FIELD: Final = N_("종가 필드를 찾지 못했습니다. 있는 필드: {fields}")
NO_ROWS: Final = N_("어느 값이 어느 날의 것인지 알 수 없습니다. 있는 필드: {fields}")
SHOWN_FIELDS: Final = 20
"""How many fields a sentence names."""


@dataclass(frozen=True)
class Layout:
    """The layout of documents, as a sample shows it. Counts are of sampled rows, except in `shapes`."""

    shapes: Mapping[ShapeKind, int]
    """Counts of documents."""
    names: Mapping[str, str]
    """Our field names to those that most documents have; "_id.…" is a part of the _id."""
    is_uniform: bool
    """True: all documents have the same names."""
    rows: int
    rows_per_document: float
    tickers: Mapping[TickerForm, int]
    dates: Mapping[DateForm, int]
    prices: Mapping[NumberForm, int]
    """Forms of open, high, low and close."""
    volumes: Mapping[NumberForm, int]
    without_close: int
    convention: Convention
    raw_tickers: Mapping[Any, int] = field(default_factory=dict)
    """The tickers as they are written, each with its count of rows."""
    days: tuple[dt.date, dt.date] | None = None
    """The first and the last day of the sample."""
    ticker_fields: tuple[str, ...] = ()
    """Every field that holds a ticker; `shapes.rows_of` reads the first of them that a document has."""
    are_tickers_inside: bool = False
    """Whether some tickers are in no field that MongoDB can query, but in a list, a field name or a part of a text."""
    ticker: str = ""
    """The ticker of rows without one, from the name of the collection; "" if most documents have a ticker, or the name
    has none."""
    description_fields: Mapping[str, str] = field(default_factory=dict)
    """Our names of the fields that describe tickers (`field_names.TICKERS`) to those in the documents."""
    described: Described = field(default_factory=dict)
    """The values of these fields in the sample, by raw ticker."""
    stray: str = ""
    """A raw ticker of the sample that is none of the category; "" if all are."""
    fields: tuple[str, ...] = ()
    """The names of all fields in the sample."""
    qualifiers: tuple[str, ...] = ()
    """The fields that change what a bar means (see `qualifiers`), which only a conversion looks at."""
    day: date_fields.Choice = date_fields.NONE
    """Which of several date fields has the trading days."""

    @property
    def is_ours(self) -> bool:
        """Whether documents have the layout in which this product writes them."""
        return self.is_readable and not self.renamed

    @property
    def is_readable(self) -> bool:
        """Whether documents can be read as they are: one per ticker and day, with only field names that may differ."""
        return (
            self.is_flat
            and self.is_uniform
            and {"ticker", "date", "close"} <= set(self.names)
            and not self.ticker
            and not any(theirs == "_id" or "." in theirs for theirs in self.names.values())
            and set(self.tickers) == {"bare"}
            and set(self.dates) == {"day"}
            and {*self.prices, *self.volumes} <= {"number", "missing"}
            and not self.without_close
            and not self.qualifiers
            and not self.day.error
        )

    @property
    def is_flat(self) -> bool:
        """Whether every sampled document is one day of one ticker."""
        return set(self.shapes) == {"flat"}

    @property
    def renamed(self) -> dict[str, str]:
        """The `names` that differ from ours."""
        return {ours: theirs for ours, theirs in self.names.items() if ours != theirs}


def zones(category: Category | None) -> list[str]:
    """The IANA zones in which days of `category` may be kept: its markets', Seoul and New York."""
    markets = category.markets if category else ()
    of_markets = [market.timezone or sessions.timezone(market.calendar) for market in markets]
    return list(dict.fromkeys([*of_markets, "Asia/Seoul", "America/New_York"]))


def recognise(documents: Sequence[Document], category: Category | None, name: str = "") -> Layout | None:
    """The layout of `documents`, a sample of the collection `name`; None where they have no dates or no prices."""
    seen: list[shapes.Shape] = []
    parts = list(shapes.rows_of(documents, seen=seen, tickers=row_parts.fields_of_tickers(documents, category, name)))
    columns = _columns(parts)
    day = date_fields.choose(columns, zones(category)[0])
    columns["date"] = columns.get(day.field) or columns["date"]
    names = Counter(_names_of_row(shape, day.field) for shape in seen)
    ticker_fields = {shape.ticker for shape in seen}
    description_fields: dict[str, str] = {}
    for shape in seen:
        description_fields = {**shape.description_fields, **description_fields}
    are_inside = (shape.kind == "tickers" or (not shape.ticker and "ticker" in shape.names) for shape in seen)
    ticker = _give_ticker(columns, name, category)
    described: Described = {}
    raw_tickers.describe(described, columns)
    has_closes = any("close" in part.columns for part in parts) and not _is_untold(documents, name)
    if not has_closes or all(value is None for value in columns["date"]):
        return None
    most = _commonest(names)
    convention = dates.convention_of(columns["date"])
    moments = dates.moments(columns["date"], convention, zones(category))
    days = moments[~np.isnat(moments)].astype("datetime64[D]")
    close = numbers.numbers(columns["close"])
    raws = Counter(filter(raw_tickers.is_ticker, columns["ticker"]))
    return Layout(
        shapes=dict(Counter(shape.kind for shape in seen)),
        names=most,
        is_uniform=all(set(each) <= set(most.items()) for each in names),
        rows=len(columns["date"]),
        rows_per_document=len(columns["date"]) / len(documents),
        tickers=dict(Counter(raw_tickers.form_of(raw, category) for raw in columns["ticker"])),
        dates=dict(Counter(map(dates.form_of, columns["date"], moments))),
        prices=dict(Counter(numbers.form_of(value) for name in candles.PRICES for value in columns[name])),
        volumes=dict(Counter(map(numbers.form_of, columns["volume"]))),
        without_close=int((~((close > 0) & np.isfinite(close))).sum()),
        convention=convention,
        raw_tickers=dict(raws),
        days=(days.min().item(), days.max().item()) if len(days) else None,
        ticker_fields=tuple(sorted(filter(None, ticker_fields), key=field_names.preference)),
        are_tickers_inside=any(are_inside),
        ticker=ticker,
        description_fields=description_fields,
        described=described,
        stray=next((str(raw)[:40] for raw in raws if raw_tickers.form_of(raw, category) == "other"), ""),
        fields=tuple(dict.fromkeys(name for document in documents for name in map(str, document))),
        qualifiers=(*_qualifiers(seen), *_of_two_adjustments(parts)),
        day=day,
    )


def _names_of_row(shape: shapes.Shape, day: str) -> tuple[tuple[str, str], ...]:
    """The names of the fields of a row; `day` is our name of the date field, where there are several."""
    names = {**shape.names, "date": shape.names[day]} if day in shape.names else shape.names
    return tuple(sorted((ours, theirs) for ours, theirs in names.items() if ours in row_parts.BAR_FIELDS))


def _qualifiers(seen: Iterable[shapes.Shape]) -> tuple[str, ...]:
    names = [shape.names[ours] for shape in seen for ours in field_names.QUALIFYING if ours in shape.names]
    return tuple(dict.fromkeys(names))


def _of_two_adjustments(parts: Sequence[shapes.Rows]) -> tuple[str, ...]:
    """The fields that call some rows adjusted and others not."""
    told: dict[str, list[Any]] = {}
    for rows in parts:
        for name in qualifiers.adjustments(rows):
            told.setdefault(name, []).extend(rows.columns[name])
    return tuple(name for name, values in told.items() if qualifiers.are_both(name, values))


def _give_ticker(columns: dict[str, list[Any]], name: str, category: Category | None) -> str:
    """Give the ticker in the name of a collection to its rows, if nearly all have none; returns it, else ""."""
    raws = raw_tickers.keys_of(columns["ticker"])
    named = sum(raw is not None for raw in raws)
    ticker = raw_tickers.written_in(name, category) if named <= (1 - raw_tickers.ACCEPTED) * len(raws) else ""
    columns["ticker"] = [raw if raw is not None else ticker or None for raw in raws]
    return ticker


def _columns(parts: Sequence[shapes.Rows]) -> dict[str, list[Any]]:
    """The raw values of all `parts` by our field names; None for each row of a part that lacks the field."""
    columns = {
        ours: [value for part in parts for value in part.columns.get(ours, [None] * len(part))]
        for ours in (*row_parts.BAR_FIELDS, *field_names.TICKERS)
    }
    return columns | date_fields.gathered(parts)


def missing(documents: Sequence[Document], name: str = "") -> SisepanError | None:
    """What `documents` of the collection `name` lack to be daily bars; None where they look like no prices at all.

    They look like prices if they have a price field, or both numbers and dates.
    """
    names: dict[str, None] = {}
    types: set[type] = set()
    pending: list[Any] = list(documents)
    if _is_untold(documents, name):
        return SisepanError(UNNAMED_COLLECTION)
    if any(candle_lists.UNORDERED in rows.columns for rows in shapes.rows_of(documents)):
        return SisepanError(candle_lists.UNKNOWN_ORDER)
    if unnamed := dict.fromkeys(field for each in pending for field in levels.unnamed(each)):
        return SisepanError(UNNAMED, fields=_listed(unnamed))
    while pending:
        held = pending.pop()
        if isinstance(held, dict):
            names |= dict.fromkeys(map(str, held))
            pending += held.values()
        elif isinstance(held, list):
            pending += held
        else:
            is_text = isinstance(held, str) and not numbers.is_decimal(held)
            is_date = isinstance(held, dt.date) or (is_text and len(held) >= 8 and dates.is_date(held))
            types.add(dt.date if is_date else float if numbers.form_of(held) != "missing" and not is_text else str)
    ours = field_names.of_bars(tuple(names)).keys()
    has_price = not ours.isdisjoint(candles.PRICES)
    if not ((float in types and dt.date in types) or has_price):
        return None
    if "date" not in ours and _DAY.search(name):
        return SisepanError(DAY_IN_NAME, collection=name[:80], fields=_listed(names))
    message = NO_DATE_FIELD if "date" not in ours else NO_ROWS if "close" in ours else NO_CLOSE_FIELD
    return SisepanError(message, fields=_listed(names))


def _is_untold(documents: Iterable[Document], name: str) -> bool:
    """Whether documents are numbers by day or by ticker, of which the `name` of the collection tells no closes."""
    return any(map(levels.are_bare, documents)) and not bare_closes.in_source(name)


def _listed(names: Iterable[str]) -> str:
    shown = [name for name in names if name != "_id"]
    return (", ".join(shown[:SHOWN_FIELDS]) + (", …" if len(shown) > SHOWN_FIELDS else ""))[:300]


def _commonest(names: "Counter[tuple[tuple[str, str], ...]]") -> dict[str, str]:
    """For each of our fields, the name that most documents give it."""
    counts: dict[str, Counter[str]] = {}
    for named, count in names.items():
        for ours, theirs in named:
            counts.setdefault(ours, Counter())[theirs] += count
    return {ours: theirs.most_common(1)[0][0] for ours, theirs in counts.items()}


def facts(layout: Layout) -> list[SisepanError]:
    """How documents are laid out, a sentence each."""
    sentences = [SisepanError(SHAPES[kind]) for kind in layout.shapes]
    if layout.renamed:
        fields = ", ".join(f"{ours}={theirs}" for ours, theirs in layout.renamed.items())
        sentences.append(SisepanError(N_("필드 이름: {fields}"), fields=fields))
    return [*sentences, *([layout.day.remark] if layout.day.remark else [])]


def obstacles(layout: Layout, *, duplicates: int, is_view: bool, has_index: bool) -> list[SisepanError]:
    """The differences from this product's own layout, a sentence each; `duplicates` counts days stored repeatedly."""

    def share(count: int) -> str:
        percent = 100 * count / layout.rows
        return f"{percent:.0f}%" if percent >= 1 else "<1%"

    forms, unread = {*layout.prices, *layout.volumes}, field_names.unread(layout.fields)
    sentences: list[tuple[object, str, dict[str, Any]]] = [
        (not layout.is_flat, N_("종목과 날짜마다 문서 하나가 아닙니다."), {}),
        (layout.renamed, N_("필드 이름이 다릅니다: {fields}"), {"fields": ", ".join(layout.renamed.values())}),
        (not layout.is_uniform, N_("문서마다 필드 이름이 다릅니다."), {}),
        (set(layout.tickers) == {"missing"}, NO_TICKER_FIELD, {"fields": _listed(layout.fields)}),
        *(
            (True, TICKERS[form], {"percent": share(n), **({"example": layout.stray} if form == "other" else {})})
            for form, n in layout.tickers.items()
            if form in TICKERS
        ),
        *((True, DATES[day], {"percent": share(n)}) for day, n in layout.dates.items() if day in DATES),
        *((number in forms, message, {}) for number, message in NUMBERS.items()),
        (unread, UNREAD, {"fields": _listed(unread)}),
        (layout.qualifiers, QUALIFIED, {"fields": _listed(layout.qualifiers)}),
        (layout.without_close, NO_CLOSE, {"percent": share(layout.without_close)}),
        (duplicates, N_("같은 날이 두 번 이상 있습니다(살펴본 종목에서 {count}일)."), {"count": duplicates}),
        (is_view, N_("뷰여서 인덱스를 가질 수 없습니다."), {}),
        (not is_view and not has_index, N_("종목과 날짜의 인덱스가 없습니다."), {}),
    ]
    return [*filter(None, [layout.day.error]), *(SisepanError(each, **values) for so, each, values in sentences if so)]
