"""Making the user's own collections part of this product, after a yes: read as they are, or converted into ours.

The collections themselves are never changed. A flat collection whose fields merely have other names is pointed to (see
`stores`), once every one of its tickers has been read through that pointer. Any other is imported (see `importing`).
What is done beforehand, and whether there was a yes, is left to whoever asks.
"""

import logging
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

import pandas as pd
from bson import ObjectId
from pymongo.errors import OperationFailure, PyMongoError

from finance_core.bars import candles
from finance_core.categories import Category
from finance_core.errors import DataConflict, SisepanError
from finance_core.foreign import (
    following,
    import_records,
    import_run,
    import_work,
    inspection,
    recognition,
    ticker_names,
)
from finance_core.foreign.collection_source import CollectionSource, extent
from finance_core.foreign.inspection import Inspected
from finance_core.i18n import N_
from finance_core.storage import database, documents, locations, prices, runs, tickers
from finance_core.storage.database import MongoDatabase
from finance_core.storage.documents import BarState, Origin, State
from finance_core.storage.locations import Store

"""Kinds of runs, beside updates and imports."""
INDEX = "sisepan_ticker_date"
"""Name of the index that reading creates on the user's collection."""
SHOWN_PROBLEMS = 20

_log = logging.getLogger(__name__)


@dataclass
class Reading:
    """How far a collection is on its way to being read as it is, or what came of it."""

    category: str
    source: str
    """The collection."""
    run: ObjectId = field(default_factory=ObjectId)
    total: int = 0
    """Tickers."""
    done: int = 0
    bars: int = 0
    index_created: bool = False
    problems: list[runs.Failure] = field(default_factory=list)
    """Tickers that cannot be read as they are. With one of them nothing is changed."""
    state: State = "running"

    @property
    def counts(self) -> dict[str, int]:
        """What the watchers of its run see."""
        return {"total": self.total, "done": self.done, "bars": self.bars, "failed": len(self.problems)}


def source(db: MongoDatabase, found: Inspected) -> CollectionSource:
    """An inspected collection as a source of bars."""
    assert found.layout is not None, "only prices are adopted"
    return CollectionSource(db, found.name, found.layout)


def target(db: MongoDatabase, category: Category, source: str) -> Store:
    """Where the bars of `category` in the collection `source` are converted to.

    Its usual collection, unless that is somebody else's, or the source itself: one in our layout that has a day twice.
    """
    now = locations.of(db, category)
    if not now.read_only and now.collection != category.collection:
        return now
    sampled = [] if source == category.collection else inspection.sample(db[category.collection])
    layout = recognition.recognise(sampled, category)
    is_free = source != category.collection and (not sampled or (layout is not None and layout.is_ours))
    return Store(category.collection if is_free else locations.OWN_PREFIX + category.collection)


def plan_of_reading(db: MongoDatabase, category: Category, found: Inspected) -> list[SisepanError]:
    """What `read_as_is` will do, a sentence each, for whoever is asked for a yes."""
    plan = [
        SisepanError(N_("{collection}의 문서는 바꾸지 않습니다."), collection=found.name),
        SisepanError(N_("모든 종목을 한 번씩 읽어 그대로 그릴 수 있는지 확인합니다.")),
    ]
    if not found.has_index:
        name = INDEX if found.name != category.collection or not _is_ours(found) else "ticker_date_unique"
        plan.append(SisepanError(N_("{collection}에 인덱스 {index}를 만듭니다."), collection=found.name, index=name))
    plan.append(SisepanError(N_("종목 목록을 {collection} 컬렉션에 만듭니다."), collection=_metadata_to_be(db)))
    if not _is_ours(found) or found.name != category.collection:
        plan.append(SisepanError(N_("그 뒤 이 카테고리의 차트를 {collection}에서 그립니다."), collection=found.name))
        plan.append(SisepanError(N_("읽기만 하므로, 업데이트하거나 가져오려면 먼저 전환해야 합니다.")))
    return plan


def plan_of_conversion(db: MongoDatabase, category: Category, found: Inspected) -> list[SisepanError]:
    """What `convert` will do, as `plan_of_reading`."""
    into = target(db, category, found.name).collection
    return [
        SisepanError(
            N_("{collection}의 문서 약 {documents}개를 읽어 {into} 컬렉션에 봉으로 씁니다."),
            collection=found.name,
            documents=found.documents,
            into=into,
        ),
        SisepanError(N_("{collection}은(는) 바꾸지 않습니다."), collection=found.name),
        SisepanError(N_("종목 목록을 {collection} 컬렉션에 만듭니다."), collection=_metadata_to_be(db)),
        SisepanError(N_("중단하거나 끊겨도 다시 실행하면 이어서 하고, 두 번 해도 한 번 한 것과 같습니다.")),
        SisepanError(N_("받지 않은 문서는 이유와 함께 모두 적고, 끝에 쓴 것을 다시 읽어 견줍니다.")),
    ]


def _is_ours(found: Inspected) -> bool:
    return found.layout is not None and found.layout.is_ours


def _metadata_to_be(db: MongoDatabase) -> str:
    now = locations.metadata(db)
    return (
        now if now != documents.TICKERS or inspection.is_ours_metadata(db) else locations.OWN_PREFIX + documents.TICKERS
    )


def read_as_is(
    db: MongoDatabase,
    category: Category,
    found: Inspected,
    *,
    origin: Origin = "terminal",
    progress: Callable[[Reading], None] = lambda _reading: None,
    stop: threading.Event | None = None,
) -> Reading:
    """Have `category` read from a collection as it is, if every ticker can be; else only tell which cannot.

    Creates the one index that it needs, where it is missing, and lists the tickers. Raises AlreadyRunning, SisepanError
    where the category has bars elsewhere, DataConflict where the collection cannot have the index.
    """
    assert found.layout is not None, "only prices are adopted"
    _require(db, found.name)
    fields = {ours: theirs for ours, theirs in found.layout.names.items() if ours != theirs}
    is_usual = found.name == category.collection and not fields
    store = Store(found.name, fields, read_only=not is_usual)
    stop = stop or threading.Event()
    with runs.leased(db, category, origin, {"kind": "read", "from": found.name}, stop) as lease:
        reading = Reading(category.key, found.name, lease.id)
        try:
            locations.forget(db)
            _refuse_to_hide(db, category, store)
            _look_through(db, category, store, reading, lease, progress, stop)
        except BaseException as error:
            with suppress(PyMongoError):
                lease.finish("failed", database.explained(error))
            raise
        lease.finish(reading.state)
    return reading


def convert(
    db: MongoDatabase,
    category: Category,
    found: Inspected,
    *,
    origin: Origin = "terminal",
    progress: import_records.Progress = lambda _summary: None,
    stop: threading.Event | None = None,
) -> import_records.Summary:
    """Import a collection into ours, and have `category` read from there. Can be cut off and done again.

    Raises as `importing.run`, and SisepanError where the collection is ours already, or the category is read from
    another collection of the user's own.
    """
    _require(db, found.name)
    if found.verdict == "ours":
        raise SisepanError(
            N_("{collection}은(는) 이미 이 제품의 구성이라 전환할 것이 없습니다."), collection=found.name
        )
    into = Store("")

    def begin() -> Store:
        nonlocal into
        now = locations.of(db, category)
        if now.read_only and now.collection != found.name:
            raise SisepanError(
                N_("이 카테고리는 지금 {collection} 컬렉션에서 읽습니다. 그것을 먼저 전환하십시오."),
                collection=now.collection,
            )
        into = target(db, category, found.name)
        _keep_their_metadata(db)
        # What can be read stays on the charts until everything is converted; what cannot be is no loss.
        if not now.read_only:
            locations.point(db, category, into)
        return into

    return import_run.run(
        db,
        category,
        source(db, found),
        ticker_names.of(db, category),
        begin=begin,
        kind="convert",
        origin=origin,
        progress=progress,
        stop=stop,
        finish=lambda _summary: locations.point(db, category, into),
    )


def give_up(db: MongoDatabase, category: Category) -> None:
    """Read `category` from its usual collection again; what was read as it is stays where it is."""
    if locations.of(db, category).read_only:
        locations.point(db, category, Store(category.collection))


def _require(db: MongoDatabase, collection: str) -> None:
    """Raise SisepanError where nothing is left of what was inspected: that would be taken for a whole empty one."""
    if db[collection].find_one({}, {"_id": True}) is None:
        raise SisepanError(N_("{collection} 컬렉션이 없거나 비어 있습니다. 다시 살펴보십시오."), collection=collection)


def _keep_their_metadata(db: MongoDatabase) -> None:
    """Have our lists in a collection of their own where the usual one is the user's, in another layout."""
    if locations.metadata(db) == documents.TICKERS and not inspection.is_ours_metadata(db):
        locations.point_metadata(db, locations.OWN_PREFIX + documents.TICKERS)


def _refuse_to_hide(db: MongoDatabase, category: Category, store: Store) -> None:
    """Raise SisepanError where `category` has bars elsewhere, which would be seen no more."""
    now = locations.of(db, category)
    if now.collection != store.collection and db[now.collection].find_one({}, {"_id": True}) is not None:
        raise SisepanError(
            N_("이 카테고리의 시세가 {now} 컬렉션에도 있습니다. 읽기 대신 전환하면 거기에 합쳐집니다."),
            now=now.collection,
        )


def _look_through(
    db: MongoDatabase,
    category: Category,
    store: Store,
    reading: Reading,
    lease: runs.LeasedRun,
    progress: Callable[[Reading], None],
    stop: threading.Event,
) -> None:
    reading.index_created = _ensure_index(db, store)
    try:
        seen = extent(db[store.collection])
        states = _read_all(db, category, store, reading, lease, progress, stop)
        if stop.is_set():
            reading.state = "failed" if lease.lost else "cancelled"
        elif reading.problems:
            reading.state = "failed"
        else:
            _list(db, category, states)
            locations.point(db, category, store)
            following.remember_extent(db, category, seen)
            reading.state = "done"
    finally:
        if reading.state != "done" and reading.index_created:  # nothing came of it, so nothing stays of it
            db[store.collection].drop_index(INDEX)
            reading.index_created = False


def _read_all(
    db: MongoDatabase,
    category: Category,
    store: Store,
    reading: Reading,
    lease: runs.LeasedRun,
    progress: Callable[[Reading], None],
    stop: threading.Event,
) -> dict[str, BarState]:
    """The state of every ticker that can be read as it is; the others become problems of the `reading`."""
    states: dict[str, BarState] = {}
    raw_tickers = [raw for raw in db[store.collection].distinct(store.name("ticker")) if raw is not None]
    reading.total = len(raw_tickers)
    for raw in sorted(raw_tickers, key=str):
        if stop.is_set():
            return states
        try:
            bars = _read(db, category, store, raw)
            states[raw] = prices.state_of(bars)
            reading.bars += len(bars)
        except SisepanError as error:
            problem = runs.Failure(str(raw), error)
            reading.problems.append(problem)
            lease.report(reading.counts, [problem])
        reading.done += 1
        lease.report(reading.counts)
        progress(reading)
    if not reading.problems:
        _refuse_to_lose(db, store, reading)
    return states


def _list(db: MongoDatabase, category: Category, states: dict[str, BarState]) -> None:
    """Put tickers on the list with what is known of them, and the states of their bars."""
    _keep_their_metadata(db)
    database.ensure_indexes(db, [])
    described = ticker_names.of(db, category)
    for ticker, state in states.items():
        import_work.register(db, category, ticker, [ticker], described)
        tickers.record(db, category, ticker, {**state, "source": "import"})


def _refuse_to_lose(db: MongoDatabase, store: Store, reading: Reading) -> None:
    """Find a problem where there are documents of no ticker, which no chart would show."""
    documents = db[store.collection]
    # A list would be found by each ticker that is in it.
    if documents.find_one({store.name("ticker"): {"$type": "array"}}, {"_id": True}) is not None:
        error = SisepanError(N_("종목 코드가 목록인 문서가 있습니다."))
        reading.problems.append(runs.Failure("", error))
    # Counted: what a server says without may be far off once it was killed.
    if (count := documents.count_documents({})) > reading.bars:
        error = SisepanError(N_("종목 코드가 없는 문서가 {count}개 있습니다."), count=count - reading.bars)
        reading.problems.append(runs.Failure("", error))


def _read(db: MongoDatabase, category: Category, store: Store, raw: object) -> pd.DataFrame:
    """The bars of one ticker. Raises SisepanError where a chart could not be drawn from them as they are."""
    if not isinstance(raw, str) or not category.is_ticker(raw) or category.ticker_of(raw) != raw:
        raise SisepanError(N_("종목 코드가 이 카테고리의 꼴이 아닙니다: {ticker}"), ticker=str(raw)[:40])
    bars = prices.load_from(db, store, raw)
    if not (bars["close"] > 0).all():
        raise DataConflict(N_("종가가 없는 날이 있습니다."))
    if splits := candles.unadjusted_splits(candles.clean(bars)[0]):
        date = f"{bars.index[splits[0]]:%Y-%m-%d}"
        raise DataConflict(N_("{date}의 액면분할이 그 전 가격에 반영되지 않았습니다. 전환하면 반영합니다."), date=date)
    return bars


def _ensure_index(db: MongoDatabase, store: Store) -> bool:
    """Create the index that finds one ticker's days, where there is none; whether it was created.

    Not a unique one: the user's own programs must not begin to fail.
    """
    if not store.read_only:
        database.ensure_unique_index(db, store.collection, ["ticker", "date"])
        return False
    wanted = [store.name("ticker"), store.name("date")]
    try:
        if inspection.is_indexed(db[store.collection], *wanted):
            return False
        db[store.collection].create_index(wanted, name=INDEX)
    except OperationFailure as error:
        if error.code not in database.CANNOT_INDEX:
            raise
        raise DataConflict(
            N_("{collection}에 인덱스를 만들 수 없어 그대로 읽을 수 없습니다({kind}). 전환하면 쓸 수 있습니다."),
            collection=store.collection,
            kind=(error.details or {}).get("codeName", error.code),
        ) from error
    return True
