"""Makes the user's own collections part of this product, after a yes: reads them as they are, or converts them.

The user's documents are never changed. If only the field names of a flat collection differ, the category is pointed to
it (see `locations`), after every ticker has been read that way once. Any other collection is imported (`import_run`).
"""

import itertools
from collections.abc import Iterable
from dataclasses import replace
from typing import Any, Unpack

from pymongo.errors import OperationFailure

from finance_core import categories
from finance_core.categories import Category
from finance_core.errors import DataConflict, SisepanError
from finance_core.foreign import (
    as_is,
    conversion,
    field_names,
    following,
    import_run,
    inspection,
    layout,
    qualifiers,
    raw_tickers,
    ticker_names,
)
from finance_core.foreign.collection_source import CollectionSource, extent
from finance_core.foreign.import_records import Summary
from finance_core.foreign.import_run import ImportRun, Watch
from finance_core.foreign.inspection import Inspected
from finance_core.foreign.intervals import Intraday
from finance_core.i18n import N_
from finance_core.storage import database, documents, locations, prices, runs, tickers
from finance_core.storage.database import MongoDatabase
from finance_core.storage.documents import BarState
from finance_core.storage.locations import Location


def source(db: MongoDatabase, collection: Inspected) -> CollectionSource:
    """An inspected collection as a source of bars."""
    assert collection.layout is not None, "only prices are adopted"
    source = CollectionSource(db, collection.name, collection.layout)
    source.only = collection.only
    return source


def kinds(db: MongoDatabase, collection: Inspected) -> dict[str, list[Any]]:
    """The raw tickers in a collection, by the key of their category; "" has those of no certain category."""
    whole = source(db, collection)
    return dict(sorted(raw_tickers.by_kind(whole.counts(), whole.described).items()))


def part(db: MongoDatabase, name: str, key: str, raws: Iterable[Any]) -> Inspected:
    """The collection `name` reduced to `raws`, its raw tickers of the category `key`."""
    return replace(inspection.look_at(db, name, categories.category(key)), only=frozenset(raws))


def target(db: MongoDatabase, category: Category, source: str) -> Location:
    """The location to which the bars of `category` in the collection `source` are converted.

    It is the current location of `category`, if that is a converted one; else its usual collection, unless that holds
    another layout or is the source itself (our layout, but with duplicate days); else a collection with our prefix.
    """
    now = locations.of(db, category)
    if not now.read_only and now.collection != category.collection:
        return now
    sampled = [] if source == category.collection else inspection.sample(db[category.collection])
    recognised = layout.recognise(sampled, category)
    is_free = source != category.collection and (not sampled or (recognised is not None and recognised.is_ours))
    return Location(category.collection if is_free else locations.OWN_PREFIX + category.collection)


def plan_of_reading(db: MongoDatabase, category: Category, collection: Inspected) -> list[SisepanError]:
    """What `read_as_is` will do, a sentence each, to show before a person says yes."""
    is_usual = not _location(category, collection).read_only
    sentences = [
        N_("{collection}의 문서는 바꾸지 않습니다."),
        N_("모든 종목을 한 번씩 읽어 그대로 그릴 수 있는지 확인합니다."),
    ]
    if not collection.has_index:
        sentences.append(N_("{collection}에 인덱스 {index}를 만듭니다."))
    sentences.append(N_("종목 목록을 {metadata} 컬렉션에 만듭니다."))
    if not is_usual:
        sentences.append(N_("그 뒤 이 카테고리의 차트를 {collection}에서 그립니다."))
        sentences.append(N_("읽기만 하므로, 업데이트하거나 가져오려면 먼저 전환해야 합니다."))
    index = "ticker_date_unique" if is_usual else following.INDEX
    values = {"collection": collection.name, "index": index, "metadata": _metadata_to_be(db)}
    return [SisepanError(sentence, **values) for sentence in sentences]


def refusal_of_reading(db: MongoDatabase, category: Category, collection: Inspected) -> SisepanError | None:
    """Why `read_as_is` would refuse: the category has bars elsewhere, which no chart would show any more; else None."""
    now = locations.of(db, category).collection
    if now == collection.name or db[now].find_one({}, {"_id": True}) is None:
        return None
    return SisepanError(
        N_("이 카테고리의 시세가 {now} 컬렉션에도 있습니다. 읽기 대신 전환하면 거기에 합쳐집니다."), now=now
    )


def plan_of_conversion(db: MongoDatabase, category: Category, collection: Inspected) -> list[SisepanError]:
    """What `convert` will do, a sentence each, to show before a person says yes."""
    values = {
        "collection": collection.name,
        "documents": collection.documents,
        "into": target(db, category, collection.name).collection,
        "metadata": _metadata_to_be(db),
    }
    sentences = [
        N_("{collection}의 문서 약 {documents}개를 읽어 {into} 컬렉션에 봉으로 씁니다."),
        N_("{collection}은(는) 바꾸지 않습니다."),
        N_("종목 목록을 {metadata} 컬렉션에 만듭니다."),
        N_("중단하거나 끊겨도 다시 실행하면 이어서 하고, 두 번 해도 한 번 한 것과 같습니다."),
        N_("받지 않은 문서는 이유와 함께 모두 적고, 끝에 쓴 것을 다시 읽어 견줍니다."),
    ]
    return [SisepanError(sentence, **values) for sentence in sentences]


def read_as_is(db: MongoDatabase, category: Category, collection: Inspected, **watch: Unpack[Watch]) -> Summary:
    """Let `category` be read from a collection as it is, if every ticker can be; the others are the failures.

    Creates the index that reading needs, if it is missing, and lists the tickers. Raises AlreadyRunning, SisepanError
    where the category has bars elsewhere, DataConflict where the collection cannot have the index.
    """
    _require(db, collection.name)
    location = _location(category, collection)
    with import_run.leased(db, category, "read", collection.name, **watch) as run:
        if refusal := refusal_of_reading(db, category, collection):
            raise refusal
        is_index_new = _ensure_index(db, location)
        try:
            extent_before, whole = extent(db[location.collection]), source(db, collection)
            if whole.tells_currencies:
                whole.counts()
            location = replace(location, only=whole.only_texts(category.currency_of(None)))
            states = _read_all(run, location, whole)
            if run.summary.state == "done":
                _list(db, category, states, collection)
                locations.point(db, category, location)
                following.remember_extent(db, category, extent_before)
        finally:
            if run.summary.state != "done" and is_index_new:
                db[location.collection].drop_index(following.INDEX)
    return run.summary


def convert(
    db: MongoDatabase,
    category: Category,
    collection: Inspected,
    intraday: Intraday = "refuse",
    **watch: Unpack[Watch],
) -> Summary:
    """Import a collection into one of ours, and let `category` be read from there. Can be interrupted and repeated.

    `intraday` decides how intraday rows are treated.

    Raises as `import_run.run` does, and SisepanError where the collection is in our layout already, or the category is
    read from another collection of the user's own.
    """
    _require(db, collection.name)
    if collection.verdict == "ours":
        raise SisepanError(
            N_("{collection}은(는) 이미 이 제품의 구성이라 전환할 것이 없습니다."), collection=collection.name
        )
    with import_run.leased(db, category, "convert", collection.name, **watch) as run:
        now = locations.of(db, category)
        if now.read_only and now.collection != collection.name:
            raise SisepanError(
                N_("이 카테고리는 지금 {collection} 컬렉션에서 읽습니다. 그것을 먼저 전환하십시오."),
                collection=now.collection,
            )
        into = target(db, category, collection.name)
        _keep_their_metadata(db)
        # A collection that is read as it is stays on the charts until all of it is converted.
        if not now.read_only:
            locations.point(db, category, into)
        import_run.bring_in(run, source(db, collection), into, ticker_names.of(db, category), intraday)
        run.summary.is_still_read = now.read_only and bool(run.summary.failures)
        if run.summary.state == "done" and not run.summary.is_still_read:
            locations.point(db, category, into)
    return run.summary


def give_up(db: MongoDatabase, category: Category) -> bool:
    """Read `category` from its usual collection again; the collection that was read as it is stays unchanged.

    Returns whether there was one.
    """
    if is_given_up := locations.of(db, category).read_only:
        locations.point(db, category, Location(category.collection))
    return is_given_up


def _location(category: Category, collection: Inspected) -> Location:
    """A collection as the location of `category`; read-only unless it is the usual collection with our field names."""
    assert collection.layout is not None, "only prices are adopted"
    fields = collection.layout.renamed
    is_usual = collection.name == category.collection and not fields
    # Their owner's programs may go on writing, also to a collection that is ours from now on.
    return Location(collection.name, fields, read_only=not is_usual, without=field_names.QUALIFYING)


def _metadata_to_be(db: MongoDatabase) -> str:
    """The collection for our ticker lists: not the usual one if that is the user's, in another layout."""
    now = locations.metadata(db)
    is_free = now != documents.TICKERS or locations.is_list_ours(db)
    return now if is_free else locations.OWN_PREFIX + documents.TICKERS


def _keep_their_metadata(db: MongoDatabase) -> None:
    if (collection := _metadata_to_be(db)) != locations.metadata(db):
        locations.point_metadata(db, collection)


def _require(db: MongoDatabase, collection: str) -> None:
    """Raise SisepanError where an inspected collection is gone or empty: an empty one would count as fully read."""
    if db[collection].find_one({}, {"_id": True}) is None:
        raise SisepanError(N_("{collection} 컬렉션이 없거나 비어 있습니다. 다시 살펴보십시오."), collection=collection)


def _read_all(run: ImportRun, location: Location, whole: CollectionSource) -> dict[str, BarState]:
    """The bar state of every ticker that can be read as it is; the others become failures. Sets the run's state."""
    db, category, summary = run.lease.db, run.lease.category, run.summary
    states: dict[str, BarState] = {}
    rules = conversion.rules(category, ticker_names.of(db, category))
    raws = [raw for raw in db[location.collection].distinct(location.name("ticker")) if raw is not None]
    summary.total = len(raws)
    for raw in sorted(raws, key=str):
        if run.lease.stop.is_set():
            break
        failures = []
        try:
            whole.require_readable(rules, raw, location.name("date"))
            bars = as_is.read(db, rules, location, raw)
            states[raw] = prices.state_of(category, bars)
            summary.bars += len(bars)
        except SisepanError as error:
            failures.append(runs.Failure(str(raw), error))
        summary.done += 1
        run.report(*failures)
    if run.lease.stop.is_set():
        summary.state = "failed" if run.lease.lost else "cancelled"
        return states
    if not summary.failures:
        run.report(*_unlisted(db, location, summary.bars))
    summary.state = "failed" if summary.failures else "done"
    return states


def _unlisted(db: MongoDatabase, location: Location, bars: int) -> list[runs.Failure]:
    """Failures for documents without a ticker, which no chart would show, and with fields that change what a bar means.

    `bars` is the count of all tickers' bars.
    """
    errors: list[SisepanError] = []
    collection = db[location.collection]
    if collection.find_one({location.name("ticker"): {"$type": "array"}}, {"_id": True}) is not None:
        errors.append(DataConflict(N_("종목 코드가 목록인 문서가 있습니다.")))
    names = {"$map": {"input": {"$objectToArray": "$$ROOT"}, "in": "$$this.k"}}
    groups = collection.aggregate([{"$group": {"_id": names}}])
    fields = tuple(dict.fromkeys(itertools.chain.from_iterable(each["_id"] for each in groups)))
    matched = field_names.of_bars(fields)
    found = [matched[name] for name in field_names.QUALIFYING if name in matched]
    flags = filter(qualifiers.is_flag, fields)
    if found := [*found, *(flag for flag in flags if qualifiers.are_both(flag, collection.distinct(flag)))]:
        errors.append(DataConflict(layout.QUALIFIED, fields=", ".join(found)))
    # Counted, not estimated: after the server was killed, its estimate may be far off.
    if (count := collection.count_documents({})) > bars:
        errors.append(DataConflict(N_("종목 코드가 없는 문서가 {count}개 있습니다."), count=count - bars))
    return [runs.Failure("", error) for error in errors]


def _list(db: MongoDatabase, category: Category, states: dict[str, BarState], collection: Inspected) -> None:
    """Put tickers on the list with their descriptions and the states of their bars."""
    _keep_their_metadata(db)
    database.ensure_indexes(db, [])
    descriptions = ticker_names.of(db, category)
    if collection.layout and collection.layout.description_fields:
        whole = source(db, collection)
        known, _others = raw_tickers.by_ticker(category, whole.counts())
        descriptions = ticker_names.completed(descriptions, category, known, whole.described)
    for ticker, state in states.items():
        ticker_names.register(db, category, ticker, [ticker], descriptions)
        tickers.record(db, category, ticker, {**state, "source": "import"})


def _ensure_index(db: MongoDatabase, location: Location) -> bool:
    """Create the index that finds one ticker's days, if it is missing; returns whether it was created."""
    if not location.read_only:
        database.ensure_unique_index(db, location.collection, ["ticker", "date"])
        return False
    try:
        return following.ensure_index(db, location)
    except OperationFailure as error:
        if error.code not in database.CANNOT_INDEX:
            raise
        raise DataConflict(
            N_("{collection}에 인덱스를 만들 수 없어 그대로 읽을 수 없습니다({kind}). 전환하면 쓸 수 있습니다."),
            collection=location.collection,
            kind=(error.details or {}).get("codeName", error.code),
        ) from error
