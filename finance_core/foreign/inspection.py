"""Inspects a database: which collections hold prices, of which category, in which layout. Changes nothing.

It takes samples and uses indexes, and limits the time of each query, so that it takes seconds for any number of
documents. A query that exceeds its limit is replaced by what the sample shows. `adoption` uses the collections.
"""

import datetime as dt
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from pymongo.collection import Collection
from pymongo.errors import ExecutionTimeout, InvalidName, OperationFailure

from finance_core import categories
from finance_core.categories import CATEGORIES, Category
from finance_core.errors import SisepanError
from finance_core.foreign import extents, field_names, raw_tickers
from finance_core.foreign import layout as layouts
from finance_core.foreign.layout import Layout
from finance_core.foreign.raw_tickers import Described
from finance_core.i18n import N_
from finance_core.storage import database, documents, locations
from finance_core.storage.database import Document, MongoDatabase
from finance_core.storage.documents import TICKERS, Failure

SAMPLE, SAMPLE_BYTES = 1_000, 4_000_000
"""The most documents in a sample, and about the most bytes: a document may hold a century of days."""
UNREADABLE: Final = (OperationFailure, InvalidName)
"""Errors that make one collection unreadable, while others can still be read."""

OWN: Final = (
    *(documents.CHOICES, documents.RUNS, documents.LEASES),
    *(documents.EDITS, documents.IMPORTS, documents.REFUSALS, documents.LISTS),
    *(documents.WATCHLISTS, documents.ALERT_RULES, documents.ALERTS, documents.DRAWINGS),
)
"""Collections of this product that hold neither prices nor ticker lists."""

Kind = Literal["prices", "names", "other"]
Verdict = Literal["ours", "readable", "convertible", "unknown"]
"""What a collection of prices needs. ours: nothing. readable: can be read as it is. convertible: must be converted.
unknown: no prices."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Inspected:
    """The result of inspecting one collection."""

    name: str
    kind: Kind
    documents: int
    """About how many: the server's estimate, without counting."""
    category: str = ""
    """Key of its category; "" where a person has to choose."""
    candidates: tuple[str, ...] = ()
    """Keys of the possible categories."""
    layout: Layout | None = None
    tickers: int = 0
    is_exact: bool = False
    """True: `tickers`, `first` and `last` describe all documents; False: only the sample."""
    first: dt.date | None = None
    last: dt.date | None = None
    is_view: bool = False
    """True: a view, which can have no index."""
    has_index: bool = False
    """Whether an index finds the days of one ticker."""
    duplicates: int = 0
    """Days that are stored more than once, among the first `extents.DUPLICATES_LOOKED_AT` tickers."""
    used_by: str = ""
    """Key of the category whose charts are drawn from it now; "" if none."""
    is_read_only: bool = False
    """Whether that category only reads it: the collection stays the user's."""
    refused: tuple[Failure, ...] = ()
    """The tickers that are not drawn because of documents that were added later (see `following`)."""
    is_listed: bool = False
    """Whether its category has a list of tickers."""
    is_split: bool = False
    """Whether its sampled tickers are of several categories, and the category of each is certain."""
    only: frozenset[Any] | None = None
    """The only raw tickers to use; None means all."""
    problem: SisepanError | None = None
    """Why it cannot be read."""

    @property
    def verdict(self) -> Verdict:
        """What the collection needs before it can be used."""
        if self.kind != "prices" or self.layout is None or not self.layout.raw_tickers:
            return "unknown"
        if not self.layout.is_readable or self.duplicates or self.is_view:
            return "convertible"
        usual = [category.collection for category in CATEGORIES if category.key == self.category]
        is_ours = self.layout.is_ours and (self.name in usual or self.name.startswith(locations.OWN_PREFIX))
        return "ours" if is_ours else "readable"

    @property
    def facts(self) -> list[SisepanError]:
        """The layout of the collection, a sentence each."""
        return layouts.facts(self.layout) if self.layout else []

    @property
    def obstacles(self) -> list[SisepanError]:
        """The differences from the layout of this product, a sentence each."""
        if self.layout is None:
            return [self.problem] if self.problem else []
        return layouts.obstacles(
            self.layout, duplicates=self.duplicates, is_view=self.is_view, has_index=self.has_index
        )


def inspect(
    db: MongoDatabase,
    progress: Callable[[float], None] = lambda _share: None,
    chosen: Mapping[str, Category] = {},
) -> list[Inspected]:
    """Every collection of `db` that is not this product's own, prices first; `progress` gets the share done, up to 1.

    `chosen` has the categories that a person chose, by the name of their collection.

    Raises PyMongoError where the database cannot be read.
    """
    hidden = {TICKERS} if locations.is_list_ours(db) else set()
    concerned = [info for info in db.list_collections() if not is_own(info["name"]) and info["name"] not in hidden]
    collections = []
    for info in concerned:
        try:
            collections.append(_inspected(db, info, chosen.get(info["name"])))
        except UNREADABLE as error:  # a broken view or a missing permission: go on with the others
            collections.append(Inspected(info["name"], "other", 0, problem=database.explained(error)))
        progress(len(collections) / len(concerned))
    order: dict[Kind, int] = {"prices": 0, "names": 1, "other": 2}
    return sorted(collections, key=lambda inspected: (order[inspected.kind], inspected.name))


def look_at(db: MongoDatabase, name: str, category: Category | None) -> Inspected:
    """One inspected collection, of `category` if a person chose it. Raises SisepanError where it does not exist."""
    for info in db.list_collections(filter={"name": name}):
        return _inspected(db, info, category)
    raise SisepanError(N_("{collection} 컬렉션이 이 데이터베이스에 없습니다."), collection=name[:80])


def is_own(name: str) -> bool:
    """Whether a collection is this product's or the server's, and holds neither prices nor a list of the user's."""
    return name in OWN or name.startswith("system.") or name == locations.OWN_PREFIX + TICKERS


def sample(collection: Collection[Document], size: int = SAMPLE) -> list[Document]:
    """Some documents of `collection`, chosen at random."""
    try:
        stats = collection.database.command("collStats", collection.name)
        size = int(max(5, min(size, SAMPLE_BYTES // max(stats.get("avgObjSize", 1), 1))))
    except OperationFailure as error:  # a view has no statistics; a user may lack the permission
        _log.info("%s: its size is not known: %s", collection.name, error.code)
    try:
        return collection.aggregate([{"$sample": {"size": size}}], maxTimeMS=extents.BUDGET_MS).to_list()
    except ExecutionTimeout:  # a view must be computed as a whole before it can be sampled
        return collection.find().limit(size).to_list()


def lists(db: MongoDatabase) -> list[str]:
    """The names of the user's own collections that are lists of tickers with their names."""
    names = [name for name in db.list_collection_names() if not is_own(name)]
    return [name for name in names if (name != TICKERS or not locations.is_list_ours(db)) and _names_tickers(db, name)]


def _names_tickers(db: MongoDatabase, name: str) -> bool:
    try:
        sampled = sample(db[name], 20)
    except UNREADABLE as error:
        _log.info("%s: cannot be read: %s", name, error)
        return False
    return _is_list(sampled) and not layouts.recognise(sampled, None)


def categories_of(name: str, counts: Mapping[Any, int], described: Described) -> list[Category]:
    """The possible categories of a collection, the likeliest first.

    `name` is the name of the collection, `counts` are its rows per raw ticker.
    """
    named = categories.named(name)
    fitting = raw_tickers.fitting(named, counts, described)
    if len(fitting) == 1:
        return fitting
    rows = {key: sum(counts[raw] for raw in raws) for key, raws in raw_tickers.by_kind(counts, described).items()}
    if rows.pop("", 0) <= (1 - raw_tickers.ACCEPTED) * sum(counts.values()) and rows:
        return [categories.category(key) for key in sorted(rows, key=lambda key: (-rows[key], key))]
    return fitting or raw_tickers.fitting(CATEGORIES, counts, described) or named


def _inspected(db: MongoDatabase, info: Mapping[str, Any], chosen: Category | None) -> Inspected:
    name = info["name"]
    collection = db[name]
    used_by = next((category for category in CATEGORIES if locations.of(db, category).collection == name), None)
    sampled = sample(collection)
    count = _count(collection, len(sampled))
    certain = chosen or used_by
    layout = layouts.recognise(sampled, certain, name)
    if layout is None:
        if _is_list(sampled):
            return Inspected(name, "names", count)
        return Inspected(name, "other", count, problem=layouts.missing(sampled, name))
    candidates = [certain] if certain else categories_of(name, layout.raw_tickers, layout.described)
    kinds = raw_tickers.by_kind(layout.raw_tickers, layout.described)
    # The form of the tickers alone is not certain: the name of the collection must mean the same category.
    says_it = bool(layout.ticker) or candidates[:1] == [row for row in categories.named(name) if row in candidates]
    is_certain = bool(certain) or (len(candidates) == 1 and says_it)
    if candidates and not certain:  # again, now with the time zones of the category
        layout = layouts.recognise(sampled, candidates[0], name) or layout
    is_view = info.get("type") == "view"
    has_index = not is_view and is_indexed(collection, layout.names.get("ticker", ""), layout.names.get("date", ""))
    extent = extents.of(collection, layout, count, has_index, layouts.zones(next(iter(candidates), None)))
    return Inspected(
        name=name,
        kind="prices",
        documents=count,
        category=candidates[0].key if is_certain else "",
        candidates=tuple(category.key for category in candidates or CATEGORIES),
        layout=layout,
        **extent._asdict(),
        is_view=is_view,
        has_index=has_index,
        duplicates=extents.duplicates(collection, layout),
        used_by=used_by.key if used_by else "",
        is_listed=is_certain and locations.has_list(db, candidates[0]),
        is_split=len(kinds) > 1 and "" not in kinds,
        is_read_only=used_by is not None and locations.of(db, used_by).read_only,
        refused=tuple(locations.of(db, used_by).refused) if used_by else (),
    )


def _count(collection: Collection[Document], at_least: int) -> int:
    """About how many documents there are; counted if the server's estimate is below `at_least`.

    The estimate may be far off after the server was killed.
    """
    count = collection.estimated_document_count()
    if count >= at_least:
        return count
    try:
        return collection.count_documents({}, maxTimeMS=extents.BUDGET_MS)
    except ExecutionTimeout:
        return at_least


def _is_list(sampled: Sequence[Document]) -> bool:
    """Whether nearly all sampled documents have a ticker and a name."""
    named = sum({"ticker", "name"} <= field_names.of_tickers(tuple(document)).keys() for document in sampled)
    return bool(sampled) and named >= raw_tickers.ACCEPTED * len(sampled)


def is_indexed(collection: Collection[Document], ticker: str, date: str) -> bool:
    """Whether an index finds the days of one ticker in order; `ticker` and `date` are names of fields."""
    usual = collection.options().get("collation", {})

    def serves(index: Mapping[str, Any]) -> bool:
        keys = [key for key, _direction in index["key"]]
        is_whole = "partialFilterExpression" not in index and not index.get("sparse") and not index.get("hidden")
        # A query without a collation uses that of the collection, and only an index with the same collation.
        return keys[:2] == [ticker, date] and is_whole and index.get("collation", {}) == usual

    return any(serves(index) for index in collection.index_information().values())
