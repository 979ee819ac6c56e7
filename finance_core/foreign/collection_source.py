"""A collection of the user's own as a source of bars. It is never written."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from typing import Any

from pymongo.collection import Collection
from pymongo.cursor import Cursor
from pymongo.errors import OperationFailure

from finance_core.foreign import date_fields, field_names, numbers, qualifiers, raw_tickers, shapes
from finance_core.foreign.conversion import Rules
from finance_core.foreign.layout import Layout
from finance_core.foreign.raw_tickers import CURRENCY_WORDS, VARYING
from finance_core.foreign.shapes import BATCH_ROWS, Rows
from finance_core.foreign.table_source import Source
from finance_core.storage import locations
from finance_core.storage.database import Document, MongoDatabase


class CollectionSource(Source):
    """The bars in `collection`, whose `layout` was recognised from a sample."""

    keeps_all = True

    def __init__(self, db: MongoDatabase, collection: str, layout: Layout) -> None:
        super().__init__(collection, layout.names)
        self.only: frozenset[Any] | None = None
        """The only raw tickers to count; None means all."""
        self._collection = db[collection]
        self._ticker = layout.ticker
        self._fields = layout.ticker_fields
        self._all_fields = layout.fields
        self._has_to_look = layout.are_tickers_inside or bool(layout.ticker)
        self._description_fields = layout.description_fields
        self._rows_per_document = max(layout.rows_per_document, 1.0)

    @property
    def tells_currencies(self) -> bool:
        """Whether documents have a field for the currency; its values are known after `counts`."""
        return "currency" in self._description_fields

    def only_texts(self, currency: str) -> dict[str, list[str]]:
        """The texts in the field for the currency and in flags of adjusted prices, by its name, as `Location.only`.

        Fields that may get values later are limited too: one for the currency to the words for `currency`, unless that
        is "" (any will do), and a flag to none. Call it after `counts`.
        """
        field = self._description_fields.get("currency", ".")
        told = [word for described in self.described.values() for word in described.get("currency", ())]
        flags = {flag: self._collection.distinct(flag) for flag in filter(qualifiers.is_flag, self._all_fields)}
        values = {
            name: [value for value in held if not numbers.is_missing(value)]
            for name, held in {field: told, **flags}.items()
        }
        texts = {field: sorted({value for value in values[field] if isinstance(value, str)})}
        texts |= {flag: list(map(str, values[flag])) for flag in flags if qualifiers.are_sure(flag, values[flag])}
        known = {locations.bare(name) for name in self._all_fields if values.get(name, [True])}
        words = [word for word in (currency, *CURRENCY_WORDS) if raw_tickers.currencies([word]) == {currency}]
        of_currency = map(locations.bare, field_names.TICKERS["currency"]) if currency else ()
        lacking = dict.fromkeys(of_currency, words) | {flag: [] for flag in sorted(field_names.ADJUSTED_FLAGS)}
        held = {name: texts for name, texts in texts.items() if texts and "." not in name}
        return held | {name: may for name, may in lacking.items() if name not in known}

    def require_readable(self, rules: Rules, raw: Any, date: str) -> None:
        """Raise SisepanError where a ticker has prices in another currency, or not surely its days in field `date`."""
        rules.require_currency(str(raw), self.currencies_of([raw]))
        if field_names.dates_among(field_names.of_bars(self._all_fields)):
            exchange = rules.exchange_of(str(raw), [raw])
            date_fields.require(date, list(self.read([raw])), exchange.zone if exchange else "")

    def is_indexed(self) -> bool:
        """Whether every field that may hold the ticker begins an index over all documents."""
        try:
            indexes = self._collection.index_information().values()
        except OperationFailure:  # a view has none
            return False
        partial = {"partialFilterExpression", "collation"}
        whole = [index for index in indexes if not (index.keys() & partial or index.get("sparse"))]
        return not self._has_to_look and set(self._fields) <= {index["key"][0][0] for index in whole}

    def fingerprint(self) -> str:
        """A text that changes when documents come or go, but not when one is changed in place."""
        return "{count} {newest}".format_map(extent(self._collection))

    def counts(self) -> Mapping[Any, int]:
        """About how many rows each raw ticker has. Also sets `described`."""
        counts: Mapping[Any, int] = {} if self._has_to_look else self._grouped()
        # Documents without a ticker in the sampled fields may have it elsewhere: then read every document.
        self._has_to_look |= None in counts
        if self._has_to_look:
            counts = super().counts()
        return counts if self.only is None else {key: counts[key] for key in counts.keys() & self.only}

    def _grouped(self) -> Counter[Any]:
        """About how many rows each raw ticker has, counted by MongoDB in the sampled fields. Also sets `described`."""
        ticker: Any = None
        for name in reversed(self._fields):  # the first of these fields that a document has, as in `shapes`
            ticker = {"$cond": [{"$eq": [{"$type": f"${name}"}, "missing"]}, ticker, f"${name}"]}
        descriptions = {
            ours: {"$addToSet" if ours in VARYING else "$last": f"${theirs}"}
            for ours, theirs in self._description_fields.items()
        }
        grouped: list[Document] = [{"$group": {"_id": ticker, "count": {"$sum": 1}, **descriptions}}]
        counts: Counter[Any] = Counter()
        self.described = {}
        for group in self._collection.aggregate(grouped, allowDiskUse=True):
            key = raw_tickers.key_of(group.pop("_id"))
            counts[key] += round(group.pop("count") * self._rows_per_document)
            for name, held in group.items():
                self.described.setdefault(key, {}).setdefault(name, []).extend(held if name in VARYING else [held])
        return counts

    def read(self, wanted: Sequence[Any]) -> Iterator[Rows]:
        """The rows of the `wanted` raw tickers. Uses an index on the ticker where there is one."""
        # With several ticker fields, a document may match by its second field though its first has another ticker.
        keys = frozenset(wanted) if self._has_to_look or len(self._fields) > 1 else None
        query = {} if self._has_to_look else self._query(wanted)
        for rows in self._rows(self._collection.find(query)):
            if chosen := rows if keys is None else rows.of(keys):
                yield chosen

    def _portions(self, _names: Iterable[str]) -> Iterator[Rows]:
        return self._rows(self._collection.find())

    def _rows(self, cursor: Cursor[Document]) -> Iterator[Rows]:
        size = max(round(BATCH_ROWS / self._rows_per_document), 1)
        documents = iter(cursor.batch_size(size))
        order = 0
        while batch := list(islice(documents, size)):
            for rows in shapes.rows_of(batch, order, tickers=self._fields):
                order += len(rows)
                if self._ticker:  # the name of the collection has the ticker of rows without one
                    raws = [self._ticker if raw is None else raw for raw in raw_tickers.keys_of(rows.columns["ticker"])]
                    rows = replace(rows, columns={**rows.columns, "ticker": raws})
                yield rows

    def _query(self, wanted: Sequence[Any]) -> Document:
        """A query for all documents of these raw tickers; it may also match documents of others."""
        # Without the type, a field with a list would match by any of its elements.
        chosen: list[Document] = [{name: {"$in": wanted, "$not": {"$type": "array"}}} for name in self._fields]
        return chosen[0] if len(chosen) == 1 else {"$or": chosen}


def extent(collection: Collection[Document]) -> Document:
    """The estimated number of documents and the newest _id: they change when documents are added or removed."""
    newest = collection.find_one({}, {"_id": True}, sort=[("_id", -1)]) or {}
    return {"count": collection.estimated_document_count(), "newest": str(newest.get("_id"))}
