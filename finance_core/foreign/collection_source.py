"""A collection of the user's own as a source of bars. Only ever read."""

import math
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, Final

from pymongo.collection import Collection
from pymongo.errors import OperationFailure

from finance_core.foreign import raw_tickers, shapes
from finance_core.foreign.layout import Layout
from finance_core.foreign.shapes import BATCH_ROWS, Rows
from finance_core.storage.database import Document, MongoDatabase

KEY_TYPES: Final = ["string", "int", "long", "double"]
"""BSON types that a ticker may have."""


class CollectionSource:
    """The bars in `collection`, of which a sample shows `layout`."""

    keeps_all = True

    def __init__(self, db: MongoDatabase, collection: str, layout: Layout) -> None:
        self.name = collection
        self.convention = layout.convention
        self._collection = db[collection]
        self._fields = layout.ticker_fields
        self._rows_per_document = max(layout.rows_per_document, 1.0)

    def is_indexed(self) -> bool:
        """Whether every field that may hold the ticker begins an index over all documents."""
        try:
            indexes = self._collection.index_information().values()
        except OperationFailure:  # a view has none
            return False
        partial = {"partialFilterExpression", "collation"}
        whole = [index for index in indexes if not (index.keys() & partial or index.get("sparse"))]
        return set(self._fields) <= {index["key"][0][0] for index in whole}

    def fingerprint(self) -> str:
        """A text that changes when documents come or go, but not when one is changed in place."""
        return "{count} {newest}".format_map(extent(self._collection))

    def counts(self) -> Mapping[Any, int]:
        """About how many rows each raw ticker has."""
        ticker: Any = None
        for name in reversed(self._fields):  # the first one that a document has, as `shapes` reads it
            ticker = {"$cond": [{"$eq": [{"$type": f"${name}"}, "missing"]}, ticker, f"${name}"]}
        grouped: list[Document] = [{"$group": {"_id": ticker, "count": {"$sum": 1}}}]
        counts: dict[Any, int] = {}
        for group in self._collection.aggregate(grouped, allowDiskUse=True):
            key = raw_tickers.key_of(group["_id"])
            counts[key] = counts.get(key, 0) + round(group["count"] * self._rows_per_document)
        return counts

    def read(self, wanted: Sequence[Any]) -> Iterator[Rows]:
        """The rows of the `wanted` raw tickers. Uses an index on the ticker where there is one."""
        size = max(round(BATCH_ROWS / self._rows_per_document), 1)
        documents = iter(self._collection.find(self._query(wanted)).batch_size(size))
        # A document that one of several fields matches may be another ticker's by the first of them.
        keys = None if len(self._fields) < 2 and None not in wanted else frozenset(wanted)
        order = 0
        while batch := list(islice(documents, size)):
            for rows in shapes.rows_of(batch, order):
                order += len(rows)
                if chosen := rows if keys is None else rows.of(keys):
                    yield chosen

    def _query(self, wanted: Sequence[Any]) -> Document:
        """A query for all documents of these raw tickers, and perhaps more."""
        keys = [raw for raw in wanted if raw is not None]
        # A list would match by each of its elements.
        one_of = {"$in": keys, "$not": {"$type": "array"}}
        chosen: list[Document] = [{name: one_of} for name in self._fields] if keys else []
        if None in wanted:
            no_ticker: list[Any] = [{"$not": {"$type": KEY_TYPES}}, {"$type": "array"}, {"$regex": r"^\s*$"}]
            no_ticker.append({"$in": [math.nan, math.inf, -math.inf]})
            chosen += [{name: condition} for name in self._fields for condition in no_ticker] or [{}]
        return chosen[0] if len(chosen) == 1 else {"$or": chosen}


def extent(collection: Collection[Document]) -> Document:
    """What shows, without counting, whether documents came or went."""
    newest = collection.find_one({}, {"_id": True}, sort=[("_id", -1)]) or {}
    return {"count": collection.estimated_document_count(), "newest": str(newest.get("_id"))}
