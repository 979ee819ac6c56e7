"""The shapes of documents with daily bars, one document a day or one a ticker, and the raw rows that they hold.

Pure: documents in, raw rows out. The names of fields are left to `field_names`, the meaning of raw values to `dates`,
`numbers` and `raw_tickers`.
"""

import itertools
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np
from bson import ObjectId

from finance_core.bars import candles
from finance_core.foreign import dates, field_names, raw_tickers
from finance_core.storage.database import Document

ShapeKind = Literal["flat", "rows", "days", "columns"]
"""One document a day; or one a ticker: with a list of its days, its days by date, or a list for each field."""


BATCH_ROWS: Final = 20_000
"""Rows that a source reads as one portion."""


@dataclass(frozen=True)
class Rows:
    """Raw daily rows: for each of our names (ticker, date, `candles.COLUMNS`) a sequence of values, of equal length."""

    columns: Mapping[str, Sequence[Any]]
    """Always has ticker and date; the value of any other absent column is missing in every row."""
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
    """Our names of the fields of a row to theirs; without ticker where a document holds many rows."""
    ticker: str = ""
    """Their name of the ticker of a document with many rows."""
    under: str = ""
    """The field with the days or the columns; "" means the document itself."""

    @property
    def day(self) -> str:
        """Their name of the date of a flat document that shows by its field names alone that it is a day; else ""."""
        return self.names["date"] if self.kind == "flat" and {"date", "close"} <= self.names.keys() else ""


def rows_of(documents: Iterable[Document], first: int = 0) -> Iterator[Rows]:
    """The raw rows of `documents` of any shapes, counted from `first` on."""
    flat: dict[tuple[str, ...], tuple[Shape, str, list[Document], list[int]]] = {}
    position = itertools.count(first)
    for document in documents:
        if type(document.get("_id")) is dict:  # a key of ticker and date
            document = document["_id"] | document
        keys = tuple(document)
        alike = flat.get(keys)
        # The fields of a day may hold lists, and the document then many days.
        if alike is None or not alike[1] or type(document[alike[1]]) is list:
            shape = shape_of(document)
            if shape.kind != "flat":
                rows = _rows_inside(document, shape, position)
                if len(rows):
                    yield rows
                continue
            alike = flat.setdefault(keys, (shape, shape.day, [], []))
        alike[2].append(document)
        alike[3].append(next(position))
    for shape, _day, same, order in flat.values():
        columns = {ours: [document[theirs] for document in same] for ours, theirs in shape.names.items()}
        missing = dict.fromkeys({"ticker", "date"} - columns.keys(), [None] * len(same))
        yield Rows(columns | missing, order, [document.get("_id") for document in same])


def _rows_inside(document: Document, shape: Shape, position: Iterator[int]) -> Rows:
    held = document[shape.under] if shape.under else document
    columns: dict[str, list[Any]]
    if shape.kind == "columns":
        columns = {ours: held[theirs] for ours, theirs in shape.names.items() if isinstance(held[theirs], list)}
        count = max(map(len, columns.values()))
        if len(set(map(len, columns.values()))) > 1:  # nobody can know which day a value belongs to
            columns = {}
    else:
        if shape.kind == "days":
            days = [{"date": day, **(row if isinstance(row, dict) else {})} for day, row in held.items()]
        else:
            days = [day if isinstance(day, dict) else {} for day in held]
        keys = list(map(tuple, days))
        names = {key: field_names.of_bars(key) for key in set(keys)}
        columns = {
            ours: [day.get(names[key].get(ours)) for day, key in zip(days, keys, strict=True)]
            for ours in ("date", *candles.COLUMNS)
            if any(ours in known for known in names.values())  # a day without a dividend may lack the field
        }
        count = len(days)
    nothing = [None] * count
    ticker = [document.get(shape.ticker) if shape.ticker else None] * count
    order = list(itertools.islice(position, count))
    places = [f"{document.get('_id')}[{number}]" for number in range(count)]
    return Rows({"date": nothing, **columns, "ticker": ticker}, order, places)


def shape_of(document: Document) -> Shape:
    """How `document` is read; an _id that is a document counts as known, with its parts among the fields."""
    names = dict(field_names.of_bars(tuple(document)))
    own = document.get("_id")
    has_key = own is not None and not isinstance(own, ObjectId | dict)
    ticker = names.get("ticker", "_id" if has_key else "")
    if isinstance(document.get(names.get("date", "")), list):
        names.pop("ticker", None)
        return Shape("columns", names, ticker)
    if not {"date", "close"} <= names.keys():
        for key, held in document.items():
            if key != "_id" and (kind_and_names := _inner(held)):
                return Shape(*kind_and_names, ticker, key)
    if "date" not in names and has_key and "ticker" in names:
        names["date"] = "_id"
    return Shape("flat", names)


def _inner(held: Any) -> tuple[ShapeKind, Mapping[str, str]] | None:
    """The kind and names of the rows inside a field's value; None where it holds no rows."""
    if isinstance(held, list):
        dated = (field_names.of_bars(tuple(day)) for day in held if isinstance(day, dict))
        names = next((names for names in dated if "date" in names), None)
        return ("rows", names) if names else None
    if not isinstance(held, dict):
        return None
    names = field_names.of_bars(tuple(held))
    if isinstance(held.get(names.get("date", "")), list):
        return "columns", names
    for day, row in itertools.islice(held.items(), 10):
        if isinstance(row, dict) and not np.isnat(dates.moments([day], dates.Convention(unit=""))[0]):
            return "days", {"date": "date", **field_names.of_bars(tuple(row))}
    return None
