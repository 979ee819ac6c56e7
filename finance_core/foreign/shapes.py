"""The shapes of documents with daily bars, and the raw rows that they hold.

A document is one day of one ticker, or holds many rows in lists and documents within each other. Each such level is a
row of `LEVELS`; levels combine freely. Pure: documents in, raw rows out. The names of fields are left to `field_names`,
the meaning of raw values to `dates`, `numbers` and `raw_tickers`.
"""

import itertools
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final, Literal, NamedTuple

import numpy as np
from bson import ObjectId

from finance_core.bars import candles
from finance_core.foreign import dates, field_names, raw_tickers
from finance_core.foreign.numbers import numbers
from finance_core.storage.database import Document

ShapeKind = Literal["flat", "rows", "days", "columns", "tickers"]
"""One document a day; or one a ticker: with a list of its days, its days by date, or values for each field; or one with
several tickers."""


BATCH_ROWS: Final = 20_000
"""Rows that a source reads as one portion."""


@dataclass(frozen=True)
class Rows:
    """Raw daily rows: for each of our names (ticker, date, `candles.COLUMNS`) a sequence of values, of equal length."""

    columns: Mapping[str, Sequence[Any]]
    """Always has ticker and date; the value of any other absent column is missing in every row. May have the fields of
    `field_names.TICKERS`."""
    order: Sequence[int]
    """The position of each row among all that were read: of two rows of one day, the later one counts."""
    places: Sequence[Any]
    """Where a person finds each row: the _id of its document, with a position inside it; a line number."""

    def __len__(self) -> int:
        return len(self.order)

    def of(self, wanted: Collection[Any]) -> "Rows":
        """The rows of the `wanted` raw tickers; None among them means: rows without one."""
        keys = raw_tickers.keys_of(self.columns["ticker"])
        chosen = [position for position, key in enumerate(keys) if key in wanted]
        return self.at(chosen)

    def at(self, chosen: Sequence[int]) -> "Rows":
        """The rows at these positions, which ascend."""
        if len(chosen) == len(self):
            return self
        columns = {name: [values[position] for position in chosen] for name, values in self.columns.items()}
        order, places = ([values[position] for position in chosen] for values in (self.order, self.places))
        return Rows(columns, order, places)


@dataclass(frozen=True)
class Shape:
    """How documents with certain fields are read."""

    kind: ShapeKind
    names: Mapping[str, str]
    """Our names of the fields of a row to theirs, or to a path such as meta.ticker; without ticker where a document
    holds many rows."""
    ticker: str = ""
    """The field in which MongoDB finds the ticker of all rows of the document; "" where it has none, or several, or one
    that is a part of a text."""
    said: Mapping[str, str] = field(default_factory=dict)
    """Our names of what a document says of its ticker, such as its name and market, to theirs."""
    parts: tuple[str, ...] = ()
    """The fields of a flat document that are documents with parts of the row."""

    @property
    def day(self) -> str:
        """Their name of the date of a flat document that shows by its field names alone that it is a day; else ""."""
        is_day = self.kind == "flat" and not self.parts and {"date", "close"} <= self.names.keys()
        return self.names["date"] if is_day else ""


Known = dict[str, Any]
"""Values, under our names, that all rows of a part of a document share."""
Leaf = tuple[Known, Document]
"""One row: what the levels above it say of it, and its own fields."""


class Level(NamedTuple):
    """One way in which a list or a document holds many rows."""

    kind: ShapeKind
    fits: Callable[[Any, Known], bool]
    split: Callable[[Any], Iterable[Leaf]]
    """Its parts, each with what its place says of it: a date, a ticker."""


_CLOCK = dates.Convention(unit="")
CANDLE: Final = ("date", *candles.PRICES, "volume")
"""What the values of a list mean that is one row."""
BAR_FIELDS: Final = ("ticker", "date", *candles.COLUMNS)
CANDLE_LENGTHS: Final = (5, 6, 7, 8, 11, 12)
"""With a volume, an amount, and what exchanges of cryptocurrencies add."""
KEYS: Final = (
    re.compile(r"(?P<ticker>.+?)[_:|/ -](?P<date>\d{8}|\d{4}-\d\d?-\d\d?)(T.*)?"),
    re.compile(r"(?P<date>\d{8}|\d{4}-\d\d?-\d\d?)[_:|/ -](?P<ticker>.+)"),
)
"""Texts that are a ticker and a day, as an _id often is."""
PERIOD: Final = re.compile(r"(19|20)\d\d(-\d\d)?")
"""A name of a field that holds the rows of a year, or of a month."""
PART_FIELDS: Final = 40
"""A document with more fields is no part of one row."""
DEPTH: Final = 5
"""Levels and documents within each other, at most."""


def is_date(value: Any) -> bool:
    """Whether a value is a moment. A number with less digits than a date is a ticker or a position."""
    is_short = re.fullmatch(r"\d{1,7}", value) if isinstance(value, str) else _is_number(value) and abs(value) < 10**7
    return not is_short and not np.isnat(dates.moments([value], _CLOCK)[0])


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _are_dates(keys: Iterable[Any]) -> bool:
    some = list(itertools.islice(keys, 10))
    return 2 * sum(map(is_date, some)) > len(some)


def _holds(value: Any, *kinds: type) -> bool:
    """Whether `value` is a document whose values are of these types or missing, but not all of them missing."""
    held = value.values() if isinstance(value, dict) else ()
    return all(item is None or type(item) in kinds for item in held) and any(item is not None for item in held)


def _fields(value: Any, kind: type) -> dict[str, str]:
    """Our names of the fields of a bar in `value` whose values are of a type."""
    names = field_names.of_bars(tuple(value)) if isinstance(value, dict) else {}
    return {ours: theirs for ours, theirs in names.items() if isinstance(value[theirs], kind)}


def _columns(value: Document) -> list[Leaf]:
    columns = {theirs: value[theirs] for theirs in _fields(value, list).values()}
    counts = set(map(len, columns.values()))
    if len(counts) > 1:  # nobody can know which day a value belongs to
        return [({}, {})] * max(counts)
    return [({}, dict(zip(columns, row, strict=True))) for row in zip(*columns.values(), strict=True)]


def _by_field(value: Document) -> list[Leaf]:
    columns = {theirs: value[theirs] for theirs in _fields(value, dict).values()}
    keys = list(dict.fromkeys(itertools.chain.from_iterable(columns.values())))
    by = "date" if _are_dates(keys) else "ticker" if raw_tickers.are_tickers(keys) else ""
    rows = ({theirs: column.get(key) for theirs, column in columns.items()} for key in keys)
    return [({by: key} if by else {}, row) for key, row in zip(keys, rows, strict=True)]


@lru_cache(maxsize=65_536)
def _joined(key: str) -> tuple[str, str] | None:
    """The field and the ticker in the name of a column: Close_005930.KS, ('Close', '005930.KS'), 005930 종가."""
    for separator in re.finditer(r"[_,|/:. -]+", key):
        parts = [part.strip("()'\" ") for part in (key[: separator.start()], key[separator.end() :])]
        for name, ticker in (parts, reversed(parts)):
            is_field = len(name) > 1 and not field_names.of_bars((name,)).keys().isdisjoint(candles.COLUMNS)
            if is_field and ticker and ticker == ticker.upper():
                return name, ticker
    return None


def _by_joined(value: Document) -> list[Leaf]:
    rows: dict[str, Document] = {}
    for key, held in value.items():
        if joined := _joined(str(key)):
            rows.setdefault(joined[1], {})[joined[0]] = held
    return [({"ticker": ticker}, row) for ticker, row in rows.items()]


def _are_candles(value: Any) -> bool:
    """Whether a list holds rows as lists, and their prices prove the order: the high is the highest of each."""
    rows = value if isinstance(value, list) else []
    if not rows or not all(isinstance(row, list) and len(row) in CANDLE_LENGTHS for row in rows):
        return False
    prices = np.array([numbers(row[1:5]) for row in rows])
    prices = prices[(prices > 0).all(axis=1)]
    is_in_order = (prices[:, 1] >= prices.max(axis=1)) & (prices[:, 2] <= prices.min(axis=1))
    return len(prices) > 0 and bool(is_in_order.all()) and _are_dates(row[0] for row in rows)


LEVELS: Final = (
    Level("columns", lambda value, _known: "date" in _fields(value, list), _columns),
    Level("columns", lambda value, _known: "close" in _fields(value, dict), _by_field),
    Level("tickers", lambda value, known: "date" in known and bool(_by_joined(value)), _by_joined),
    Level(
        "days",
        lambda value, _known: any(isinstance(row, dict | list) for row in value.values()) and _are_dates(value),
        lambda value: [({"date": day}, row) for day, row in value.items()],
    ),
    Level(
        "days",  # of closes
        lambda value, _known: _holds(value, int, float) and _are_dates(value),
        lambda value: [({"date": day}, {"close": close}) for day, close in value.items()],
    ),
    Level(
        "tickers",
        lambda value, _known: _holds(value, dict, list) and raw_tickers.are_tickers(value),
        lambda value: [({"ticker": ticker}, rows) for ticker, rows in value.items()],
    ),
    Level(
        "tickers",  # with a close each
        lambda value, known: "date" in known and _holds(value, int, float) and raw_tickers.are_tickers(value),
        lambda value: [({"ticker": ticker}, {"close": close}) for ticker, close in value.items()],
    ),
    Level(
        "rows",  # by year or month
        lambda value, _known: _holds(value, dict, list) and all(PERIOD.fullmatch(str(key)) for key in value),
        lambda value: [({}, rows) for rows in value.values()],
    ),
)
"""The ways in which a document holds many rows; the first that fits counts. The fields of a document that say the same
of all its rows are known already, and only the first three see them again."""
LISTS: Final = (
    Level(
        "rows",
        lambda value, _known: _are_candles(value),
        lambda value: [({}, dict(zip(CANDLE, row, strict=False))) for row in value],
    ),
    Level(
        "rows",
        lambda value, _known: any(isinstance(row, dict) for row in value),
        lambda value: [({}, row) for row in value],
    ),
)
"""The same for a list."""


def rows_of(documents: Iterable[Document], first: int = 0) -> Iterator[Rows]:
    """The raw rows of `documents` of any shapes, counted from `first` on."""
    flat: dict[tuple[str, ...], tuple[Shape, str, list[Document], list[int]]] = {}
    position = itertools.count(first)
    for document in documents:
        keys = tuple(document)
        alike = flat.get(keys)
        # The fields of a day may hold lists, and the document then many days.
        if alike is None or not alike[1] or type(document[alike[1]]) is list:
            shape, leaves = _read(document)
            if shape.kind != "flat":
                if leaves:
                    yield _rows_inside(document, leaves, position)
                continue
            document = _with_parts(document, shape.parts)
            key = keys if shape.day else (*keys, "", *shape.names.values())
            alike = flat.setdefault(key, (shape, shape.day, [], []))
        alike[2].append(document)
        alike[3].append(next(position))
    for shape, _day, same, order in flat.values():
        columns = {ours: [document[theirs] for document in same] for ours, theirs in shape.names.items()}
        missing = dict.fromkeys({"ticker", "date"} - columns.keys(), [None] * len(same))
        yield Rows(columns | missing, order, [document.get("_id") for document in same])


def _rows_inside(document: Document, leaves: Sequence[Leaf], position: Iterator[int]) -> Rows:
    keys = [tuple(row) for _above, row in leaves]
    names = {key: field_names.of_bars(key) for key in set(keys)}
    every = {"ticker", "date"}.union(*names.values(), *(above for above, _row in leaves))
    columns = {
        ours: [
            row[names[key][ours]] if ours in names[key] else above.get(ours)
            for key, (above, row) in zip(keys, leaves, strict=True)
        ]
        for ours in every
    }
    order = list(itertools.islice(position, len(leaves)))
    return Rows(columns, order, [f"{document.get('_id')}[{number}]" for number in range(len(leaves))])


def shape_of(document: Document) -> Shape:
    """How `document` is read."""
    return _read(document)[0]


def _read(document: Document) -> tuple[Shape, list[Leaf]]:
    """The shape of a document, and its rows unless it is flat."""
    names, parts = _names(document)
    is_day = {"date", "close"} <= names.keys() and not parts and type(document[names["date"]]) is not list
    if not is_day and (unfolded := _unfold(document, {}, DEPTH)):
        return _shape_inside(document, names, *unfolded)
    if isinstance(document.get(names.get("date", "")), dict | list):
        del names["date"]
    ticker = names.get("ticker", "")
    is_in_text = ticker.startswith("_id.") and not isinstance(document["_id"], dict)
    return Shape("flat", names, "" if is_in_text else ticker, _of_ticker(names), parts), []


def _shape_inside(
    document: Document, names: Mapping[str, str], kind: ShapeKind, leaves: list[Leaf]
) -> tuple[Shape, list[Leaf]]:
    """The shape of a document with many `leaves`; `names` are those of its own fields."""
    field = names.get("ticker", "")
    if not field and _has_key(document) and names.get("date") != "_id":
        field = "_id"
        leaves = [({"ticker": document["_id"], **above}, row) for above, row in leaves]
    tickers = {_value(leaf, "ticker") for leaf in leaves}
    if tickers != {_with_parts(document, [field.split(".")[0]]).get(field)}:
        field, kind = "", kind if tickers == {None} else "tickers"
    above, row = next(filter(_has_bar, leaves), leaves[0])
    inner = {"date": "date"} if "date" in above else {}
    inner |= {ours: theirs for ours, theirs in field_names.of_bars(tuple(row)).items() if ours in BAR_FIELDS[1:]}
    return Shape(kind, inner, field, _of_ticker(names)), leaves


def _of_ticker(names: Mapping[str, str]) -> dict[str, str]:
    return {ours: names[ours] for ours in field_names.TICKERS if ours in names}


def _names(document: Document) -> tuple[dict[str, str], tuple[str, ...]]:
    """Our names of the fields of a document to theirs or to paths, and the fields that are documents on these paths."""
    names = dict(field_names.of_bars(tuple(document)))
    parts = []
    if not {"ticker", "date", "close"} <= names.keys():
        for field, held in document.items():
            part = _part(field, held)
            inner = field_names.of_bars(tuple(part)) if 0 < len(part) <= PART_FIELDS else {}
            more = {
                ours: f"{field}.{theirs}" for ours, theirs in inner.items() if not isinstance(part[theirs], dict | list)
            }
            more = {
                ours: path
                for ours, path in more.items()
                if ours not in names and (ours in BAR_FIELDS or "ticker" in more)
            }
            names |= more
            parts += [field] if more else []
    if "date" not in names and _has_key(document) and ("ticker" in names or is_date(document["_id"])):
        names["date"] = "_id"
    return names, tuple(parts)


def _part(field: str, value: Any) -> Document:
    """The part of a row that a field holds: a document, or a key of ticker and day in a text."""
    if isinstance(value, dict):
        return value
    matches = (key.fullmatch(value) for key in KEYS) if field == "_id" and isinstance(value, str) else ()
    return next((match.groupdict() for match in matches if match and is_date(match["date"])), {})


def _with_parts(document: Document, parts: Iterable[str]) -> Document:
    """A document with the fields of its `parts` beside its own, under their paths."""
    for part in parts:
        inner = {f"{part}.{name}": held for name, held in _part(part, document.get(part)).items()}
        document = {**document, **inner}
    return document


def _has_key(document: Document) -> bool:
    """Whether the _id of a document says something."""
    key = document.get("_id")
    return key is not None and not isinstance(key, ObjectId | dict) and not _part("_id", key)


def _value(leaf: Leaf, ours: str) -> Any:
    """The value that a row has under our name; None where it is a list or a document."""
    above, row = leaf
    names = field_names.of_bars(tuple(row))
    value = row[names[ours]] if ours in names else above.get(ours)
    return None if isinstance(value, dict | list) else value


def _has_bar(leaf: Leaf) -> bool:
    return _value(leaf, "date") is not None and any(_value(leaf, name) is not None for name in ("close", "open"))


def _is_row(value: Any) -> bool:
    """Whether a value is a document with a price."""
    names = field_names.of_bars(tuple(value)) if isinstance(value, dict) else {}
    return any(name in names and not isinstance(value[names[name]], dict | list) for name in ("close", "open"))


def _unfold(value: Any, known: Known, depth: int) -> tuple[ShapeKind, list[Leaf]] | None:
    """The rows inside a list or a document; None where none has a day and a price."""
    if not value or not depth:
        return None
    if isinstance(value, list):
        return _split(LISTS, value, known, depth)
    names, parts = _names(value)
    inner = _with_parts(value, parts)
    scalars = {ours: inner[theirs] for ours, theirs in names.items() if not isinstance(inner[theirs], dict | list)}
    known = known | {ours: held for ours, held in scalars.items() if ours not in candles.COLUMNS}
    rest = {key: held for key, held in value.items() if key not in {"_id", *(names[ours] for ours in scalars)}}
    inside = _split(LEVELS[:3], value, known, depth) or (rest and _split(LEVELS[3:], rest, known, depth))
    if inside:
        return inside
    parts_inside = [
        inside
        for held in rest.values()
        if isinstance(held, dict | list) and (inside := _unfold(held, known, depth - 1))
    ]
    if len(parts_inside) > 1:
        keys = [{(str(_value(leaf, "ticker")), str(_value(leaf, "date"))) for leaf in of} for _kind, of in parts_inside]
        if sum(map(len, keys)) > len(set().union(*keys)):
            return None  # nobody can know which of two fields with the same days is meant
    leaves = [leaf for _kind, leaves in parts_inside for leaf in leaves]
    return (parts_inside[0][0], leaves) if leaves else None


def _split(levels: Sequence[Level], value: Any, known: Known, depth: int) -> tuple[ShapeKind, list[Leaf]] | None:
    """The rows of the first of the `levels` that fits."""
    level = next((level for level in levels if level.fits(value, known)), None)
    if level is None:
        return None
    parts = list(level.split(value))
    if any("date" in field_names.of_bars(tuple(part)) for _more, part in parts if isinstance(part, dict)):
        known = {ours: held for ours, held in known.items() if ours != "date"}  # that of the document, not of its rows
    leaves: list[Leaf] = []
    for more, part in parts:
        above = {**known, **more}
        if _is_row(part):
            leaves.append((above, part))
        elif isinstance(part, dict | list) and (inside := _unfold(part, above, depth - 1)):
            leaves += inside[1]
        else:
            leaves.append((above, _flattened(part)))
    is_sure = level is LEVELS[0] and bool(leaves)
    return (level.kind, leaves) if is_sure or any(map(_has_bar, leaves)) else None


def _flattened(part: Any) -> Document:
    """The own fields of a row, and those of the documents in it."""
    if not isinstance(part, dict):
        return {}
    inner = (held.items() for held in part.values() if isinstance(held, dict))
    return {**dict(itertools.chain.from_iterable(inner)), **part}
