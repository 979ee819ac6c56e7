"""The shapes of documents with daily bars, and the raw rows that they hold.

A document is one day of one ticker, or holds many rows in nested lists and documents, which `levels` reads. Pure:
documents in, raw rows out. `field_names` knows the names of fields; `dates`, `numbers` and `raw_tickers` read the raw
values.
"""

import itertools
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final, NamedTuple

from finance_core.foreign import field_names, levels, raw_tickers, row_parts, unread
from finance_core.foreign.levels import ShapeKind
from finance_core.storage.database import Document

BATCH_ROWS: Final = 20_000
"""About how many rows a source reads as one portion."""


@dataclass(frozen=True)
class Rows:
    """Raw daily rows as columns of equal length, by our field names (ticker, date, `candles.COLUMNS`)."""

    columns: Mapping[str, Sequence[Any]]
    """Always has ticker and date. If another column is absent, every row lacks its value. May have the fields of
    `field_names.TICKERS`, and under their own names those that nothing reads (see `unread`)."""
    order: Sequence[int]
    """The position of each row among all rows of the source: of two rows of one day, the later one is used."""
    places: Sequence[Any]
    """Where a person finds each row: the _id of its document and the position inside it, or a line number."""
    file: str = ""
    """The name of their file, where a source has several."""

    def __len__(self) -> int:
        return len(self.order)

    def of(self, wanted: Collection[Any]) -> "Rows":
        """The rows of the `wanted` raw tickers; None among them means rows without a ticker."""
        keys = raw_tickers.keys_of(self.columns["ticker"])
        chosen = [position for position, key in enumerate(keys) if key in wanted]
        return self.at(chosen)

    def at(self, chosen: Sequence[int]) -> "Rows":
        """The rows at these positions, which must ascend."""
        if len(chosen) == len(self):
            return self
        columns = {name: [values[position] for position in chosen] for name, values in self.columns.items()}
        order, places = ([values[position] for position in chosen] for values in (self.order, self.places))
        return Rows(columns, order, places, self.file)


@dataclass(frozen=True)
class Shape:
    """How documents with certain fields are read."""

    kind: ShapeKind
    names: Mapping[str, str]
    """Our names of the fields of a row to theirs, or to a path such as meta.ticker. Has no ticker where a document
    holds many rows."""
    ticker: str = ""
    """The field in which MongoDB finds the ticker of all rows of the document; "" where it has no ticker, several, or
    one that is only a part of a text."""
    description_fields: Mapping[str, str] = field(default_factory=dict)
    """Our names of the fields that describe the ticker, such as name and market, to theirs."""
    parts: tuple[str, ...] = ()
    """The fields of a flat document that hold parts of the row: inner documents, or an _id of ticker and day."""
    others: tuple[str, ...] = ()
    """The fields of a flat document that are no part of the row, and so may hold further rows."""

    @cached_property
    def day(self) -> str:
        """Their name of the date field, if the field names alone show that a flat document is one day; else ""."""
        is_day = self.kind == "flat" and not self.parts and {"date", "close"} <= self.names.keys()
        return self.names["date"] if is_day else ""


class _Alike(NamedTuple):
    """Flat documents with the same fields."""

    shape: Shape
    documents: list[Document]
    """Each with its `parts` beside its own fields."""
    order: list[int]


def rows_of(
    documents: Iterable[Document], first: int = 0, seen: list[Shape] | None = None, tickers: Collection[str] = ()
) -> Iterator[Rows]:
    """The raw rows of `documents` of any shapes, counted from `first` on; `seen` gets the shape of each document.

    In a flat document with several ticker fields, one of `tickers` is preferred.
    """
    flat: dict[tuple[str, ...], _Alike] = {}
    position = itertools.count(first)
    for document in documents:
        keys = tuple(document)
        alike, whole = flat.get(keys), document
        if alike is None:
            is_known = False
        elif alike.shape.day:  # a document with the fields of a day may still hold lists, and so many days
            others = alike.shape.others
            is_known = type(document[alike.shape.day]) is not list
            is_known = is_known and not (others and any(type(document[name]) in (list, dict) for name in others))
        else:
            whole = row_parts.with_parts(document, alike.shape.parts)
            is_known = all(theirs in whole for theirs in alike.shape.names.values())
        if alike is None or not is_known:
            shape, leaves = _read(document, tickers)
            if shape.kind != "flat":
                if seen is not None:
                    seen.append(shape)
                if leaves:
                    yield _rows_inside(document, leaves, position)
                continue
            # Another document with the same fields may have a ticker in an inner document where this one has none.
            needed = {"ticker", "date", "close"} if shape.parts else {"date", "close"}
            is_sure = alike is None and needed <= shape.names.keys()
            key = keys if is_sure else (*keys, "", *shape.names.values())
            alike = flat.setdefault(key, _Alike(shape, [], []))
            whole = row_parts.with_parts(document, shape.parts)
        if seen is not None:
            seen.append(alike.shape)
        alike.documents.append(whole)
        alike.order.append(next(position))
    for shape, same, order in flat.values():
        columns = {ours: [document[theirs] for document in same] for ours, theirs in shape.names.items()}
        missing = dict.fromkeys({"ticker", "date"} - columns.keys(), [None] * len(same))
        beside = unread.of_documents(same, shape.names.values())
        yield Rows(beside | columns | missing, order, [document.get("_id") for document in same])


def _rows_inside(document: Document, leaves: Sequence[levels.Leaf], position: Iterator[int]) -> Rows:
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
    others = unread.of_documents(
        [row for _above, row in leaves], {name for of in names.values() for name in of.values()}
    )
    order = list(itertools.islice(position, len(leaves)))
    return Rows(others | columns, order, [f"{document.get('_id')}[{number}]" for number in range(len(leaves))])


def _read(document: Document, tickers: Collection[str]) -> tuple[Shape, list[levels.Leaf]]:
    """The shape of a document, and its rows; [] if it is flat. `tickers` is that of `rows_of`."""
    names, parts = row_parts.names_of(document)
    is_day = {"date", "close"} <= names.keys() and not parts and type(document[names["date"]]) is not list
    others = tuple(name for name in document if name not in names.values() and name != "_id")
    may_be_many = not is_day or any(isinstance(document[name], list | dict) for name in others)
    unfolded = levels.unfold(document, {}, levels.DEPTH) if may_be_many else None
    if unfolded and (not is_day or levels.has_days(unfolded[1])):
        return _shape_inside(document, names, *unfolded)
    if isinstance(document.get(names.get("date", "")), dict | list):
        del names["date"]
    ticker = names.get("ticker", "")
    preferred = next((name for name in tickers if name in document and name != "_id"), "")
    if preferred and (not ticker or ticker in document) and ticker not in tickers:
        names["ticker"] = ticker = preferred
    is_in_text = ticker.startswith("_id.") and not isinstance(document["_id"], dict)
    has_dots = ticker not in document and ticker.count(".") > 1
    return Shape("flat", names, "" if is_in_text or has_dots else ticker, _of_ticker(names), parts, others), []


def _shape_inside(
    document: Document, names: Mapping[str, str], kind: ShapeKind, leaves: list[levels.Leaf]
) -> tuple[Shape, list[levels.Leaf]]:
    """The shape of a document with many `leaves`; `names` are those of its own fields."""
    field = names.get("ticker", "")
    if not field and row_parts.has_key(document) and names.get("date") != "_id":
        field = "_id"
        leaves = [({"ticker": document["_id"], **above}, row) for above, row in leaves]
    tickers = {raw_tickers.key_of(levels.value_of(leaf, "ticker")) for leaf in leaves}
    own = raw_tickers.key_of(row_parts.with_parts(document, [field.split(".")[0]]).get(field))
    if tickers != {own} or field.count(".") > 1:  # MongoDB reads a dot in a field name as a level
        field, kind = "", kind if tickers == {None} else "tickers"
    above, row = next(filter(levels.has_bar, leaves), leaves[0])
    inner = {"date": "date"} if "date" in above else {}
    inner |= {
        ours: theirs
        for ours, theirs in field_names.of_bars(tuple(row)).items()
        if ours in row_parts.BAR_FIELDS[1:] or field_names.dates_among([ours])
    }
    return Shape(kind, inner, field, _of_ticker(names)), leaves


def _of_ticker(names: Mapping[str, str]) -> dict[str, str]:
    return {ours: names[ours] for ours in field_names.TICKERS if ours in names}
