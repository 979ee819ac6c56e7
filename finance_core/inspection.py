"""What a database holds, looked at without touching it: which collections are prices, of what, in which layout.

By samples and indexes, each question with a limit of time, so that it takes seconds however many documents there are;
where a limit was met, the answer says that it is one of the sample. What is done with it is left to `adoption`.
"""

import datetime as dt
import logging
import socket
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal

import numpy as np
import pymongo
from pymongo.collection import Collection
from pymongo.errors import ExecutionTimeout, InvalidName, OperationFailure, PyMongoError

from finance_core import categories, database, layouts, raw_values, runs, settings, stores, ticker_edits
from finance_core.categories import Category
from finance_core.database import Document, MongoDatabase
from finance_core.errors import SisepanError
from finance_core.i18n import N_
from finance_core.layouts import Layout

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
LOCAL_SERVER = "mongodb://localhost:27017"
LOOK_WITHIN_MS = 500

OWN: Final = (stores.COLLECTION, runs.RUNS, runs.LEASES, ticker_edits.CHANGES, "imports", "import_refusals")
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
        is_ours = self.layout.is_ours and (self.name in usual or self.name.startswith(stores.OWN_PREFIX))
        return "ours" if is_ours else "readable"


@dataclass(frozen=True)
class LocalServer:
    """A MongoDB on this machine that the installation does not use."""

    databases: Mapping[str, Sequence[str]]
    """Names of its databases that hold prices, and of the collections with them."""
    wants_login: bool = False

    @property
    def sentence(self) -> SisepanError:
        """That there is one, and where to write what uses it."""
        if self.wants_login:
            text = N_("이 컴퓨터의 {address}에 로그인이 필요한 MongoDB가 있습니다. 쓰려면 {file}에 다음을 적으십시오:")
        else:
            text = N_("이 컴퓨터의 {address}에 시세가 든 MongoDB가 있습니다. 쓰려면 {file}에 다음을 적으십시오:")
        address = LOCAL_SERVER.removeprefix("mongodb://")
        return SisepanError(text, address=address, file=".streamlit/secrets.toml")

    def settings(self) -> list[tuple[str, Sequence[str]]]:
        """For each of its databases the lines that make it the one in use, and its collections of prices."""
        uri = LOCAL_SERVER
        if self.wants_login:
            uri = uri.replace("://", "://user:password@") + "/?authSource=admin"
        held = self.databases or {settings.get("FINANCE_DB", "finance_db"): ()}
        return [(f'MONGO_URI = "{uri}"\nFINANCE_DB = "{name}"', names) for name, names in held.items()]


def inspect(db: MongoDatabase, progress: Callable[[float], None] = lambda _done: None) -> list[Inspected]:
    """Every collection of `db` that may concern this product, prices first. `progress` is told the share done, up to 1.

    Raises PyMongoError where the database cannot be read.
    """
    hidden = {stores.METADATA} if is_ours_metadata(db) else set()
    named = {info["name"]: info for info in db.list_collections()}
    concerned = [info for name, info in named.items() if not _is_own(name) and name not in hidden]
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


def _is_own(name: str) -> bool:
    """Whether a collection is of this product, or of the server, and holds neither prices nor a user's list."""
    return name in OWN or name.startswith("system.") or name == stores.OWN_PREFIX + stores.METADATA


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
    names = [name for name in db.list_collection_names() if not _is_own(name)]
    theirs = [name for name in names if name != stores.METADATA or not is_ours_metadata(db)]
    return [name for name in theirs if _names_tickers(db, name)]


def _names_tickers(db: MongoDatabase, name: str) -> bool:
    try:
        sampled = sample(db[name], 20)
    except UNREADABLE as error:
        _log.info("%s: cannot be read: %s", name, error)
        return False
    return _is_list(sampled) and not layouts.recognise(sampled, None)


def is_ours_metadata(db: MongoDatabase) -> bool:
    """Whether `ticker_metadata`, if it is there, is in the layout of this product."""
    keys = [category.key for category in categories.CATEGORIES]
    metadata = db[stores.METADATA]
    ours = {"category": {"$in": keys}, "ticker": {"$type": "string"}}
    return metadata.find_one(ours) is not None or metadata.find_one() is None


def local_server() -> LocalServer | None:
    """The MongoDB that listens at the usual port of this machine, where it holds prices or does not say."""
    host, _colon, port = LOCAL_SERVER.removeprefix("mongodb://").partition(":")
    try:
        # Told at once where nothing listens; the driver would try until its time is up.
        socket.create_connection((host, int(port)), LOOK_WITHIN_MS / 1000).close()
    except OSError:
        return None
    client: pymongo.MongoClient[Document] = pymongo.MongoClient(
        LOCAL_SERVER,
        serverSelectionTimeoutMS=LOOK_WITHIN_MS,
        connectTimeoutMS=LOOK_WITHIN_MS,
        appname="sisepan",
        **database.DECODING,
    )
    with client, pymongo.timeout(3):
        try:
            found = {}
            for name in client.list_database_names():
                if name not in ("admin", "config", "local") and (with_prices := _with_prices(client[name])):
                    found[name] = with_prices
            return LocalServer(found) if found else None
        except OperationFailure as error:
            return LocalServer({}, wants_login=True) if error.code in (13, 18) else None
        except PyMongoError as error:
            _log.info("nothing at %s: %s", LOCAL_SERVER, type(error).__name__)
            return None


def _with_prices(db: MongoDatabase) -> list[str]:
    found = []
    for name in db.list_collection_names(filter={"type": "collection"}):
        if not _is_own(name):
            layout = layouts.recognise(sample(db[name], 20), None)
            if layout and categories_of(name, layout.raw_tickers):
                found.append(name)
    return sorted(found)


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
    in_use = {stores.of(db, category).collection: category for category in categories.CATEGORIES}
    used_by = in_use.get(name)
    collection = db[name]
    sampled = sample(collection)
    documents = _count(collection, len(sampled))
    layout = layouts.recognise(sampled, chosen or used_by)
    if layout is None:
        return Inspected(name, "names" if _is_list(sampled) else "other", documents)
    candidates = [chosen] if chosen else categories_of(name, layout.raw_tickers)
    # A name that says nothing is no reason to take what the tickers look like for certain.
    certain = bool(chosen) or (len(candidates) == 1 and bool(categories.named(name)))
    if used_by and not chosen:
        candidates, certain = [used_by], True
    layout = layouts.recognise(sampled, candidates[0] if candidates else None)
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
        is_read_only=used_by is not None and stores.of(db, used_by).read_only,
    )
    return Inspected(**{**found.__dict__, "facts": tuple(_facts(layout)), "obstacles": tuple(_obstacles(found))})


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


SHAPES: Final[dict[layouts.Shape, str]] = {
    "flat": N_("종목과 날짜마다 문서 하나"),
    "rows": N_("종목마다 문서 하나, 날짜별 목록"),
    "days": N_("종목마다 문서 하나, 날짜가 필드 이름"),
    "columns": N_("종목마다 문서 하나, 필드마다 배열"),
}


def _facts(layout: Layout) -> list[SisepanError]:
    facts = [SisepanError(SHAPES[shape]) for shape in layout.shapes]
    fields = ", ".join(f"{ours}={theirs}" for ours, theirs in layout.names.items() if ours != theirs)
    if fields:
        facts.append(SisepanError(N_("필드 이름: {fields}"), fields=fields))
    return facts


def _obstacles(found: Inspected) -> list[SisepanError]:
    layout = found.layout
    assert layout is not None, "only prices have obstacles"
    result = []

    def say(message: str, **values: object) -> None:
        result.append(SisepanError(message, **values))

    if set(layout.shapes) != {"flat"}:
        say(N_("종목과 날짜마다 문서 하나가 아닙니다."))
    renamed = [theirs for ours, theirs in layout.names.items() if ours != theirs]
    if renamed:
        say(N_("필드 이름이 다릅니다: {fields}"), fields=", ".join(renamed))
    if not layout.is_uniform:
        say(N_("문서마다 필드 이름이 다릅니다."))
    for form, count in layout.tickers.items():
        message = _TICKERS.get(form)
        if message:
            say(message, percent=_percent(count, layout.rows))
    for date, count in layout.dates.items():
        message = _DATES.get(date)
        if message:
            say(message, percent=_percent(count, layout.rows), zone=layout.zone or "-")
    if "text" in layout.prices or "text" in layout.volumes:
        say(N_("숫자가 글자로 저장되어 있습니다."))
    if "decimal" in layout.prices or "decimal" in layout.volumes:
        say(N_("숫자가 Decimal128로 저장되어 있습니다."))
    if layout.without_close:
        say(N_("종가가 없는 문서가 있습니다(표본의 {percent})."), percent=_percent(layout.without_close, layout.rows))
    if found.duplicates:
        say(N_("같은 날이 두 번 이상 있습니다(살펴본 종목에서 {count}일)."), count=found.duplicates)
    if found.is_view:
        say(N_("뷰여서 인덱스를 가질 수 없습니다."))
    elif not found.has_index:
        say(N_("종목과 날짜의 인덱스가 없습니다."))
    return result


_TICKERS: Final[dict[layouts.TickerForm, str]] = {
    "suffixed": N_("종목 코드에 덧붙은 것이 있습니다(.KS, =X 따위; 표본의 {percent})."),
    "number": N_("종목 코드가 숫자로 저장되어 있습니다(표본의 {percent})."),
    "prefixed": N_("종목 코드 앞에 A가 있습니다(표본의 {percent})."),
    "other": N_("이 카테고리의 종목 코드가 아닌 것이 있습니다(표본의 {percent})."),
    "missing": N_("종목 코드가 없는 문서가 있습니다(표본의 {percent})."),
}
_DATES: Final[dict[layouts.DateForm, str]] = {
    "moment": N_("날짜가 자정(UTC)이 아닌 시각으로 저장되어 있습니다(표본의 {percent}; 시간대 {zone})."),
    "text": N_("날짜가 글자로 저장되어 있습니다(표본의 {percent})."),
    "number": N_("날짜가 숫자로 저장되어 있습니다(표본의 {percent})."),
    "unreadable": N_("읽을 수 없는 날짜가 있습니다(표본의 {percent})."),
    "missing": N_("날짜가 없는 문서가 있습니다(표본의 {percent})."),
}


def _percent(part: int, whole: int) -> str:
    share = 100 * part / whole
    return f"{share:.0f}%" if share >= 1 else "<1%"
