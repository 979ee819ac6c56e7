"""A collection of the user's own as a source of bars: read, never written."""

import math
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from pymongo.collection import Collection
from pymongo.errors import OperationFailure

from finance_core.foreign import layouts
from finance_core.foreign.layouts import Rows
from finance_core.foreign.recognition import Layout
from finance_core.storage.database import Document, MongoDatabase

BATCH_ROWS = 20_000
"""Rows that become one portion."""
KEY_TYPES = ["string", "int", "long", "double"]
"""BSON types that a ticker may have."""


class CollectionSource:
    """The bars in `collection`, of which a sample showed `layout`."""

    keeps_all = True

    def __init__(self, db: MongoDatabase, collection: str, layout: Layout) -> None:
        self.name = collection
        self.zone, self.epoch_unit = layout.zone, layout.epoch_unit
        self._collection = db[collection]
        self._fields = layout.ticker_fields
        self._rows_per_document = max(layout.rows_per_document, 1.0)

    def is_indexed(self) -> bool:
        """Whether every field that may hold the ticker begins an index that finds all of its documents."""
        try:
            indexes = self._collection.index_information().values()
        except OperationFailure:  # a view has none
            return False
        partial = {"partialFilterExpression", "collation"}
        whole = [index for index in indexes if not (index.keys() & partial or index.get("sparse"))]
        return set(self._fields) <= {index["key"][0][0] for index in whole}

    def fingerprint(self) -> str:
        """What changes where documents come or go; one that was changed in place is not noticed."""
        return "{count} {newest}".format_map(extent(self._collection))

    def counts(self) -> Mapping[Any, int]:
        """How many rows, about, each raw ticker has."""
        ticker: Any = None
        for name in reversed(self._fields):  # the first one that a document has, as `layouts` reads it
            ticker = {"$cond": [{"$eq": [{"$type": f"${name}"}, "missing"]}, ticker, f"${name}"]}
        grouped: list[Document] = [{"$group": {"_id": ticker, "count": {"$sum": 1}}}]
        counts: dict[Any, int] = {}
        for group in self._collection.aggregate(grouped, allowDiskUse=True):
            raw = group["_id"] if layouts.ticker_text(group["_id"]) else None
            counts[raw] = counts.get(raw, 0) + round(group["count"] * self._rows_per_document)
        return counts

    def read(self, raw_tickers: Sequence[Any]) -> Iterator[Rows]:
        """The rows of these raw tickers. Goes by an index on the ticker where there is one, else through all."""
        size = max(round(BATCH_ROWS / self._rows_per_document), 1)
        documents = iter(self._collection.find(self._query(raw_tickers)).batch_size(size))
        # What is found by one of several fields may be another's by the first of them.
        wanted = None if len(self._fields) < 2 and None not in raw_tickers else frozenset(raw_tickers)
        order = 0
        while batch := list(islice(documents, size)):
            for rows in layouts.rows_of(batch, order):
                order += len(rows)
                if chosen := rows if wanted is None else rows.of(wanted):
                    yield chosen

    def _query(self, raw_tickers: Sequence[Any]) -> Document:
        """All documents of these raw tickers, and maybe more."""
        keys = [raw for raw in raw_tickers if raw is not None]
        # A list would be found by what is in it.
        one_of = {"$in": keys, "$not": {"$type": "array"}}
        chosen: list[Document] = [{name: one_of} for name in self._fields] if keys else []
        if None in raw_tickers:
            none: list[Any] = [{"$not": {"$type": KEY_TYPES}}, {"$type": "array"}, {"$regex": r"^\s*$"}]
            none.append({"$in": [math.nan, math.inf, -math.inf]})
            chosen += [{name: each} for name in self._fields for each in none] or [{}]
        return chosen[0] if len(chosen) == 1 else {"$or": chosen}


def extent(collection: Collection[Document]) -> Document:
    """What tells, without a count, whether documents came or went."""
    newest = collection.find_one({}, {"_id": True}, sort=[("_id", -1)]) or {}
    return {"count": collection.estimated_document_count(), "newest": str(newest.get("_id"))}
