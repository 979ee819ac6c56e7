"""A collection of the user's own as a source of bars: read, never written."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from finance_core import layouts
from finance_core.database import Document, MongoDatabase
from finance_core.layouts import Layout, Rows

BATCH_ROWS = 20_000
"""Rows that become one portion."""
KEY_TYPES = ["string", "number"]
"""BSON types that a ticker may have."""


class CollectionSource:
    """The bars in `collection`, of which a sample showed `layout`."""

    def __init__(self, db: MongoDatabase, collection: str, layout: Layout) -> None:
        self.name = collection
        self.zone, self.epoch_unit = layout.zone, layout.epoch_unit
        self._collection = db[collection]
        self._fields = layout.ticker_fields
        self._rows_per_document = max(layout.rows_per_document, 1.0)

    def counts(self) -> Mapping[Any, int]:
        """How many rows, about, each raw ticker has."""
        fields: list[Any] = [f"${name}" for name in self._fields]
        ticker = {"$ifNull": [*fields, None]} if fields else None
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
        order = 0
        while batch := list(islice(documents, size)):
            for rows in layouts.rows_of(batch, order):
                order += len(rows)
                yield rows

    def _query(self, raw_tickers: Sequence[Any]) -> Document:
        keys = [raw for raw in raw_tickers if raw is not None]
        chosen: list[Document] = [{name: {"$in": keys}} for name in self._fields] if keys else []
        if None in raw_tickers:
            without = [{name: {"$not": {"$type": KEY_TYPES}}} for name in self._fields]
            nothing = [{name: {"$in": ["", float("nan")]}} for name in self._fields]
            chosen += [{"$and": without}, *nothing] if self._fields else [{}]
        return chosen[0] if len(chosen) == 1 else {"$or": chosen}
