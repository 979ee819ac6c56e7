"""What a database holds, looked at without touching it: which collections are prices, of what, in which layout.

By samples and indexes, each question with a limit of time, so that it takes seconds however many documents there are;
where a limit was met, the answer says that it is one of the sample. What is done with it is left to `adoption`.
"""

import dataclasses
import datetime as dt
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal

import numpy as np
from pymongo.collection import Collection
from pymongo.errors import ExecutionTimeout, InvalidName, OperationFailure

from finance_core import categories
from finance_core.categories import Category
from finance_core.errors import SisepanError
from finance_core.foreign import layout_sentences, layouts, raw_values, recognition
from finance_core.foreign.recognition import Layout
from finance_core.i18n import N_
from finance_core.storage import database, documents, locations
from finance_core.storage.database import Document, MongoDatabase
from finance_core.storage.documents import TICKERS

SAMPLE, SAMPLE_BYTES = 1_000, 8_000_000
"""Documents of a sample, and about how many bytes it may have: a document may hold a century of days."""
BUDGET_MS = 1_500
"""How long one question to the server may take."""
DUPLICATES_LOOKED_AT = 10
"""Tickers in which duplicates are looked for."""
ACCEPTED: Final = 0.9
"""Share of sampled tickers that make a collection one of a category."""
UNREADABLE: Final = (OperationFailure, InvalidName)
"""What the server or the driver says of a collection that it cannot read, while it reads others."""

OWN: Final = (
    documents.CHOICES,
    documents.RUNS,
    documents.LEASES,
    documents.EDITS,
    documents.IMPORTS,
    documents.REFUSALS,
)
"""Collections of this product that hold neither prices nor tickers."""

Kind = Literal["prices", "names", "other"]
Verdict = Literal["ours", "readable", "convertible", "unknown"]
"""What can be done with prices: nothing has to be, they can be read as they are, they have to be converted."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Inspected:
    """One collection."""

    name: str
    kind: Kind
    documents: int
    """About: what the server says without counting."""
    category: str = ""
    """Key of the category it is one of; "" where that has to be asked."""
    candidates: tuple[str, ...] = ()
    """Keys of the categories that it may be one of."""
    layout: Layout | None = None
    tickers: int = 0
    is_exact: bool = False
    """Whether `tickers`, `first` and `last` are of all documents, and not only of the sample."""
    first: dt.date | None = None
    last: dt.date | None = None
    is_view: bool = False
    """Whether it is computed at each question, and can have no index."""
    has_index: bool = False
    """Whether one ticker's days are found by an index."""
    duplicates: int = 0
    """Days of the tickers that were looked at that are there more than once."""
    used_by: str = ""
    """Key of the category whose charts are drawn from it now."""
    is_read_only: bool = False
    """Whether they are by agreement, without it being ours."""
    facts: tuple[SisepanError, ...] = ()
    """How it is laid out, a sentence each."""
    obstacles: tuple[SisepanError, ...] = field(default=())
    """What stands between it and the layout of this product."""

    @property
    def verdict(self) -> Verdict:
        """What can be done with it."""
        if self.kind != "prices" or self.layout is None:
            return "unknown"
        if not self.layout.is_readable or self.duplicates or self.is_view:
            return "convertible"
        usual = [category.collection for category in categories.CATEGORIES if category.key == self.category]
        is_ours = self.layout.is_ours and (self.name in usual or self.name.startswith(locations.OWN_PREFIX))
        return "ours" if is_ours else "readable"


def inspect(db: MongoDatabase, progress: Callable[[float], None] = lambda _done: None) -> list[Inspected]:
    """Every collection of `db` that may concern this product, prices first. `progress` is told the share done, up to 1.

    Raises PyMongoError where the database cannot be read.
    """
    hidden = {TICKERS} if is_ours_metadata(db) else set()
    named = {info["name"]: info for info in db.list_collections()}
    concerned = [info for name, info in named.items() if not is_own(name) and name not in hidden]
    found = []
    for done, info in enumerate(concerned, start=1):
        found.append(_if_it_can_be(db, info))
        progress(done / len(concerned))
    order: dict[Kind, int] = {"prices": 0, "names": 1, "other": 2}
    return sorted(found, key=lambda each: (order[each.kind], each.name))


def look_at(db: MongoDatabase, name: str, category: Category | None = None) -> Inspected:
    """One collection, of `category` where a person says so. Raises SisepanError where there is none."""
    for info in db.list_collections(filter={"name": name}):
        return _collection(db, info, category)
    raise SisepanError(N_("{collection} 컬렉션이 이 데이터베이스에 없습니다."), collection=name[:80])


def is_own(name: str) -> bool:
    """Whether a collection is of this product, or of the server, and holds neither prices nor a user's list."""
    return name in OWN or name.startswith("system.") or name == locations.OWN_PREFIX + TICKERS


def sample(collection: Collection[Document], size: int = SAMPLE) -> list[Document]:
    """Some documents of `collection`, chosen at random."""
    try:
        stored = collection.database.command("collStats", collection.name)
        size = int(max(5, min(size, SAMPLE_BYTES // max(stored.get("avgObjSize", 1), 1))))
    except OperationFailure as error:  # a view has none, a user may not be allowed to ask
        _log.info("%s: its size is not known: %s", collection.name, error.code)
    try:
        return collection.aggregate([{"$sample": {"size": size}}], maxTimeMS=BUDGET_MS).to_list()
    except ExecutionTimeout:  # a view has to be computed whole
        return collection.find().limit(size).to_list()


def lists(db: MongoDatabase) -> list[str]:
    """The user's own collections that name tickers."""
    names = [name for name in db.list_collection_names() if not is_own(name)]
    theirs = [name for name in names if name != TICKERS or not is_ours_metadata(db)]
    return [name for name in theirs if _names_tickers(db, name)]


def _names_tickers(db: MongoDatabase, name: str) -> bool:
    try:
        sampled = sample(db[name], 20)
    except UNREADABLE as error:
        _log.info("%s: cannot be read: %s", name, error)
        return False
    return _is_list(sampled) and not recognition.recognise(sampled, None)


def is_ours_metadata(db: MongoDatabase) -> bool:
    """Whether `ticker_metadata`, if it is there, is in the layout of this product."""
    keys = [category.key for category in categories.CATEGORIES]
    metadata = db[TICKERS]
    ours = {"category": {"$in": keys}, "ticker": {"$type": "string"}}
    return metadata.find_one(ours) is not None or metadata.find_one() is None


def categories_of(name: str, raw_tickers: Mapping[Any, int]) -> list[Category]:
    """The categories that prices called `name` may be of: by the name, and by the tickers where that does not tell."""
    named = categories.named(name)
    return fitting(named or categories.CATEGORIES, raw_tickers) or named


def fitting(candidates: Sequence[Category], raw_tickers: Mapping[Any, int]) -> list[Category]:
    """Those of `candidates` to which tickers, as others write them, belong; each counts as often as it has rows."""
    counts = {layouts.ticker_text(raw): count for raw, count in raw_tickers.items() if layouts.ticker_text(raw)}
    # A stray document decides nothing.
    enough = ACCEPTED * sum(counts.values())

    def accepts(category: Category) -> bool:
        return sum(count for text, count in counts.items() if category.is_ticker(category.ticker_of(text))) >= enough

    found = [category for category in candidates if accepts(category)]
    if counts and sum(count for text, count in counts.items() if _is_mostly_digits(text)) >= enough:
        # A005930 could be an American ticker, but a thousand of its kind are not.
        return [category for category in found if category.ticker_digits] or found
    return found


def _if_it_can_be(db: MongoDatabase, info: Mapping[str, Any]) -> Inspected:
    """One collection; where it cannot be read (a broken view, no right to it) that alone, for the others can be."""
    try:
        return _collection(db, info, None)
    except UNREADABLE as error:
        return Inspected(info["name"], "other", 0, obstacles=(database.explain(error),))


def _is_mostly_digits(text: str) -> bool:
    return 2 * sum(char.isdecimal() for char in text) > len(text)


def _collection(db: MongoDatabase, info: Mapping[str, Any], chosen: Category | None) -> Inspected:
    name = info["name"]
    in_use = {locations.of(db, category).collection: category for category in categories.CATEGORIES}
    used_by = in_use.get(name)
    collection = db[name]
    sampled = sample(collection)
    documents = _count(collection, len(sampled))
    layout = recognition.recognise(sampled, chosen or used_by)
    if layout is None:
        return Inspected(name, "names" if _is_list(sampled) else "other", documents)
    candidates = [chosen] if chosen else categories_of(name, layout.raw_tickers)
    # A name that says nothing is no reason to take what the tickers look like for certain.
    certain = bool(chosen) or (len(candidates) == 1 and bool(categories.named(name)))
    if used_by and not chosen:
        candidates, certain = [used_by], True
    layout = recognition.recognise(sampled, candidates[0] if candidates else None)
    assert layout is not None, "the category does not decide whether these are prices"
    is_view = info.get("type") == "view"
    has_index = not is_view and is_indexed(collection, layout.names.get("ticker", ""), layout.names.get("date", ""))
    tickers, first, last, is_exact = _extent(collection, layout, documents, has_index)
    found = Inspected(
        name=name,
        kind="prices",
        documents=documents,
        category=candidates[0].key if certain else "",
        candidates=tuple(category.key for category in candidates or categories.CATEGORIES),
        layout=layout,
        tickers=tickers,
        is_exact=is_exact,
        first=first,
        last=last,
        is_view=is_view,
        has_index=has_index,
        duplicates=_duplicates(collection, layout),
        used_by=used_by.key if used_by else "",
        is_read_only=used_by is not None and locations.of(db, used_by).read_only,
    )
    facts = layout_sentences.facts(layout)
    obstacles = layout_sentences.obstacles(
        layout, duplicates=found.duplicates, is_view=found.is_view, has_index=found.has_index
    )
    return dataclasses.replace(found, facts=tuple(facts), obstacles=tuple(obstacles))


def _count(collection: Collection[Document], at_least: int) -> int:
    """About how many documents there are. What a server says without counting may be far off once it was killed."""
    documents = collection.estimated_document_count()
    if documents >= at_least:
        return documents
    try:
        return collection.count_documents({}, maxTimeMS=BUDGET_MS)
    except ExecutionTimeout:
        return at_least


def _is_list(sampled: Sequence[Document]) -> bool:
    """Whether documents name tickers."""
    named = sum({"ticker", "name"} <= layouts.descriptions_of(tuple(document)).keys() for document in sampled)
    return bool(sampled) and named >= ACCEPTED * len(sampled)


def is_indexed(collection: Collection[Document], ticker: str, date: str) -> bool:
    """Whether an index finds the days of one ticker in order, where these are the names of the fields."""
    usual = collection.options().get("collation", {})

    def serves(index: Mapping[str, Any]) -> bool:
        keys = [key for key, _direction in index["key"]]
        is_whole = "partialFilterExpression" not in index and not index.get("sparse") and not index.get("hidden")
        # A question without a collation of its own is asked in the collection's.
        return keys[:2] == [ticker, date] and is_whole and index.get("collation", {}) == usual

    return any(serves(index) for index in collection.index_information().values())


def _extent(
    collection: Collection[Document], layout: Layout, documents: int, has_index: bool
) -> tuple[int, dt.date | None, dt.date | None, bool]:
    """How many tickers, from when to when, and whether that is of all documents."""
    first, last = layout.days or (None, None)
    of_sample = (len(layout.raw_tickers), first, last, False)
    if set(layout.shapes) != {"flat"}:
        # One document a ticker: only how many is known without reading them.
        whole = documents <= sum(layout.shapes.values())
        return (len(layout.raw_tickers) if whole else max(documents, len(layout.raw_tickers)), first, last, whole)
    ticker, date = layout.names.get("ticker"), layout.names.get("date")
    if not ticker or not date or not layout.is_uniform:
        return of_sample
    try:
        if has_index:
            raws, days = _by_index(collection, ticker, date)
        else:
            raws, days = _by_scan(collection, ticker, date)
    except ExecutionTimeout:
        return of_sample
    except OperationFailure as error:
        _log.info("%s: its extent is only known from the sample: %s", collection.name, error.code)
        return of_sample
    moments = raw_values.moments(days, layout.zone, layout.epoch_unit)
    known = moments[~np.isnat(moments)].astype("datetime64[D]")
    if len(known):
        first, last = known.min().item(), known.max().item()
    return len([raw for raw in raws if layouts.ticker_text(raw)]), first, last, True


def _by_index(collection: Collection[Document], ticker: str, date: str) -> tuple[list[Any], list[Any]]:
    """Every ticker, and the first and last days of each: a walk from ticker to ticker through the index."""
    raws: list[Any] = []
    days: list[Any] = []
    for direction in (1, -1):
        steps: list[Document] = [
            {"$sort": {ticker: direction, date: direction}},
            {"$group": {"_id": f"${ticker}", "day": {"$first": f"${date}"}}},
        ]
        groups = collection.aggregate(steps, maxTimeMS=BUDGET_MS).to_list()
        raws = [group["_id"] for group in groups]
        days += [group["day"] for group in groups]
    return raws, days


def _by_scan(collection: Collection[Document], ticker: str, date: str) -> tuple[list[Any], list[Any]]:
    groups: list[Document] = [
        {
            "$group": {
                "_id": {"ticker": f"${ticker}", "kind": {"$type": f"${date}"}},
                "first": {"$min": f"${date}"},
                "last": {"$max": f"${date}"},
            }
        }
    ]
    found = collection.aggregate(groups, maxTimeMS=BUDGET_MS).to_list()
    raws = list({repr(group["_id"].get("ticker")): group["_id"].get("ticker") for group in found}.values())
    return raws, [group[end] for group in found for end in ("first", "last")]


def _duplicates(collection: Collection[Document], layout: Layout) -> int:
    """How many days are there more than once, among some tickers."""
    ticker, date = layout.names.get("ticker"), layout.names.get("date")
    if set(layout.shapes) != {"flat"} or not ticker or not date or "_id" in (ticker, date):
        return 0
    some = sorted(layout.raw_tickers, key=str)[:DUPLICATES_LOOKED_AT]
    day = {"ticker": f"${ticker}", "date": f"${date}"}
    steps: list[Document] = [
        {"$match": {ticker: {"$in": some}}},
        {"$group": {"_id": day, "count": {"$sum": 1}}},
        {"$match": {"count": {"$gt": 1}}},
        {"$count": "days"},
    ]
    try:
        found = collection.aggregate(steps, maxTimeMS=BUDGET_MS).to_list()
    except OperationFailure as error:
        _log.info("%s: duplicates were not looked for: %s", collection.name, error.code)
        return 0
    return int(found[0]["days"]) if found else 0
