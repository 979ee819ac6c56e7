"""One row in a document with parts: inner documents, as in meta.ticker, or an _id made of ticker and day. Pure."""

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any, Final

from bson import ObjectId

from finance_core.bars import candles
from finance_core.categories import CATEGORIES, KOREAN_STOCKS, Category
from finance_core.foreign import dates, field_names, raw_tickers
from finance_core.storage.database import Document

BAR_FIELDS: Final = ("ticker", "date", *candles.COLUMNS)
KEYS: Final = (
    re.compile(r"(?P<ticker>.+?)[_:|/ -](?P<date>\d{8}|\d{4}-\d\d?-\d\d?)(T.*)?"),
    re.compile(r"(?P<date>\d{8}|\d{4}-\d\d?-\d\d?)[_:|/ -](?P<ticker>.+)"),
)
"""Texts that join a ticker and a day, as an _id often does."""
ABOUT_ROWS: Final = frozenset({"about", "info", "information", "meta", "meta_data", "metadata", "정보"})
"""Names of inner documents that tell of the whole row."""
CALENDARS: Final = frozenset(
    {
        *(("year", "month", "day"), ("yyyy", "mm", "dd")),
        *((year, "월", "일") for year in ("년", "연", "년도", "연도")),
    }
)
"""Names of three fields that hold the year, the month and the day of a row."""
MOST: Final = 0.5
"""A field in which this share of the values are tickers is one of tickers."""
PART_FIELDS: Final = 40
"""An inner document with more fields than this is no part of a row."""


def names_of(document: Document) -> tuple[dict[str, str], tuple[str, ...]]:
    """Our field names to a document's own names, or to paths such as meta.ticker; and the fields where paths begin."""
    names = dict(field_names.of_bars(tuple(document)))
    calendar = _calendar(document)
    if calendar and names.get("date", calendar) in (calendar, *calendar.split(".")):
        names["date"] = calendar
        names |= {f"{field_names.DATE}{calendar}": calendar} if field_names.dates_among(names) else {}
    if isinstance(document.get(names.get("close", "")), dict):
        plain = tuple(field for field, held in document.items() if not isinstance(held, dict))
        # A general name such as price means the close only beside a high and a low of the same form.
        if field_names.folded(names["close"]) in field_names.BESIDE_RANGE and "high" in field_names.of_bars(plain):
            del names["close"]
    inner = {
        field: {name: theirs for name, theirs in field_names.of_bars(tuple(part)).items() if _is_scalar(part[theirs])}
        for field, held in document.items()
        if 0 < len(part := part_of(field, held)) <= PART_FIELDS
    }
    of_prices = _with_prices(inner, has_own=not names.keys().isdisjoint(candles.PRICES))
    is_whole = {"ticker", "date", "close"} <= names.keys()
    parts = [calendar] if names.get("date") == calendar else []
    for field, own in inner.items():
        wanted = own.keys() & {*field_names.QUALIFYING, "currency"} if _describes(field, own) else set()
        if not is_whole:
            wanted = wanted | (own.keys() if "ticker" in own else own.keys() & BAR_FIELDS)
        if field not in of_prices and not own.keys().isdisjoint(candles.PRICES):
            wanted = wanted - {*candles.COLUMNS}
        more = {ours: f"{field}.{own[ours]}" for ours in own if ours in wanted and ours not in names}
        if "date" in more:
            several = [f"{field}.{own[name]}" for name in field_names.dates_among(own)]
            more |= {f"{field_names.DATE}{path}": path for path in several}
        names |= more
        parts += [field] if more else []
    if "date" not in names and has_key(document) and ("ticker" in names or dates.is_date(document["_id"])):
        names["date"] = "_id"
    return names, tuple(parts)


def field_of_tickers(columns: Mapping[str, Sequence[Any]], category: Category | None) -> str:
    """The column with the tickers, where the likeliest one by name has few, as one with names of companies; else ""."""
    allowed = [category] if category else CATEGORIES

    def share(name: str) -> float:
        held = [value for value in columns[name] if raw_tickers.key_of(value) is not None]
        fitting = {value for value in set(held) if any(raw_tickers.accepts(each, value) for each in allowed)}
        return sum(value in fitting for value in held) / max(len(held), 1)

    names = field_names.tickers_among(columns)
    if len(names) < 2 or share(names[0]) >= MOST:
        return ""
    return next((name for name in names[1:] if share(name) >= raw_tickers.ACCEPTED), "")


def fields_of_tickers(documents: Sequence[Document], category: Category | None, collection: str) -> list[str]:
    """The `field_of_tickers` of the documents of a `collection`, if there is one, or that with their ISINs."""
    names = field_names.tickers_among(dict.fromkeys(name for document in documents for name in document))
    columns = {name: [document[name] for document in documents if name in document] for name in names}
    field = field_of_tickers(columns, category)
    if not columns and not raw_tickers.written_in(collection, category):
        field = _field_of_isins(documents, category)
    return [field] if field else []


def _field_of_isins(documents: Sequence[Document], category: Category | None) -> str:
    """The field with ISINs that have tickers in them, of documents without any other ticker; else ""."""
    for field in dict.fromkeys(name for document in documents for name in document):
        if field_names.folded(field) in field_names.ISINS and category in (None, KOREAN_STOCKS):
            held = [document.get(field) for document in documents]
            are_read = sum(value is not None and raw_tickers.accepts(KOREAN_STOCKS, value) for value in held)
            if are_read >= MOST * len(held) and all("ticker" not in names_of(document)[0] for document in documents):
                return field
    return ""


def is_calendar(name: str) -> bool:
    """Whether a name joins the names of fields of year, month and day by points, as 년.월.일; no field is called so."""
    return tuple(map(field_names.folded, name.split("."))) in CALENDARS


def _calendar(document: Document) -> str:
    """The names of the document's fields of year, month and day, joined; "" where it has not all three."""
    found = _calendars(tuple(document))
    # A field called day may have the whole date.
    return next((".".join(fields) for fields in found if len(str(document[fields[-1]])) <= len("31.0")), "")


@lru_cache(maxsize=1024)
def _calendars(fields: tuple[str, ...]) -> list[tuple[str, ...]]:
    """The `CALENDARS` that are among the fields, in the words of the fields."""
    keys = {field_names.folded(key): key for key in fields if isinstance(key, str)}
    return [tuple(keys[name] for name in names) for names in CALENDARS if keys.keys() >= {*names}]


def _with_prices(inner: Mapping[str, Mapping[str, str]], *, has_own: bool) -> list[str]:
    """The inner document with the prices of a row, by the names of its fields; [] if nothing tells which it is.

    Of several, it is the only one with all four prices, else the only one with a close. A close of one and a high of
    another are no bar: where the row `has_own` prices, the inner document must be a price by its name.
    """
    if has_own:
        return [field for field in inner if field_names.folded(field) in field_names.BARS["close"]]
    for least in ({*candles.PRICES}, {"close"}, {"open"}):
        if fitting := [field for field, own in inner.items() if own.keys() >= least]:
            return fitting if len(fitting) == 1 else []
    return []


def _describes(field: str, own: Mapping[str, str]) -> bool:
    """Whether an inner document tells of the row, and not of something beside it, such as a market value."""
    return field_names.folded(field) in ABOUT_ROWS or not own.keys().isdisjoint({*BAR_FIELDS, "name", "market"})


def _is_scalar(value: Any) -> bool:
    return not isinstance(value, dict | list)


def part_of(field: str, value: Any) -> Document:
    """The part of a row that a field holds: an inner document, or the ticker and day in an _id; else {}."""
    if isinstance(value, dict):
        return value
    matches = (key.fullmatch(value) for key in KEYS) if field == "_id" and isinstance(value, str) else ()
    return next((match.groupdict() for match in matches if match and dates.is_date(match["date"])), {})


def with_parts(document: Document, parts: Iterable[str]) -> Document:
    """A document with the fields of its `parts` added under their paths, such as meta.ticker."""
    for part in parts:
        if is_calendar(part) and part not in document:
            written = (str(document.get(field, "")).removesuffix(".0").zfill(2) for field in part.split("."))
            document = {**document, part: "-".join(written)}
            continue
        inner = {f"{part}.{name}": held for name, held in part_of(part, document.get(part)).items()}
        document = {**document, **inner}
    return document


def has_key(document: Document) -> bool:
    """Whether the _id is one plain value that may mean something: no ObjectId, no document, no ticker with a day."""
    key = document.get("_id")
    return key is not None and not isinstance(key, ObjectId | dict) and not part_of("_id", key)
