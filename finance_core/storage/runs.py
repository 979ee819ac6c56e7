"""Update runs and import runs in MongoDB: one at a time per category, watched and cancelled from any process.

`update_leases` holds a lease per category, which a run keeps by a heartbeat; a run that dies loses it within `LEASE`
seconds. `update_runs` holds the progress and the outcome of each run. Leases go by the clock of the server, so that
machines whose clocks differ agree.
"""

import datetime as dt
import logging
import os
import socket
import threading
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from contextvars import copy_context
from dataclasses import dataclass, field
from typing import Any, cast

from bson import ObjectId
from pymongo import ReturnDocument
from pymongo.errors import DuplicateKeyError, PyMongoError

from finance_core.categories import Category
from finance_core.errors import SisepanError
from finance_core.i18n import N_
from finance_core.storage import database, tickers
from finance_core.storage.database import Document, MongoDatabase
from finance_core.storage.documents import LEASES, RUNS, BarRemark, Origin, RunCounts, RunRecord, State

LEASE = 45.0
"""Seconds after the last heartbeat at which a run counts as dead."""
HEARTBEAT = 10.0
"""Seconds between two renewals of the lease."""
WATCH = 0.5
"""Seconds between two writes of progress, each of which also reads whether the run is to be cancelled."""
CONTINUE_WITHIN = dt.timedelta(days=2)
"""Within this time, the next full run continues one that ended early."""
CLOCK_DIFFERENCE = dt.timedelta(hours=1)
"""By so much the clocks of two machines may differ."""

KEPT_REMARKS = 500
"""Most remarks on bars that are stored with a run; the counts and the log include all remarks."""
REMEMBERED = 100
"""The last runs of a category whose refused bars a chart marks."""

_log = logging.getLogger(__name__)


class AlreadyRunning(SisepanError):
    """Another run of this category, whose `_id` is the value "run", holds the lease."""


@dataclass(frozen=True)
class Failure:
    """A ticker that failed in a run, and why."""

    ticker: str
    error: SisepanError


@dataclass
class LeasedRun:
    """A run of this process, as long as it has the lease.

    The code that does the run reads `stop` and calls `report`; a thread of its own writes to MongoDB.
    """

    db: MongoDatabase
    category: Category
    origin: Origin
    stop: threading.Event
    """Set when the run must end: by its process, by a cancel button, or because the lease is lost."""
    id: ObjectId = field(default_factory=ObjectId)
    cancelled: bool = False
    """Whether a person asked it to end, on a page."""
    lost: bool = False
    """Whether another run has taken the lease, because this one had no connection for too long."""
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _counts: Document = field(default_factory=dict)
    _moments: Document = field(default_factory=dict)
    _lists: dict[str, list[Document]] = field(default_factory=lambda: {"failures": [], "remarks": []})
    """Reported, but not written yet."""
    _remark_count: int = 0
    _is_finishing: bool = False
    _ended: threading.Event = field(default_factory=threading.Event)
    _writing: threading.Lock = field(default_factory=threading.Lock)
    """Held until the counts that were read are written, so that older counts never overwrite newer ones."""

    def report(
        self, counts: Mapping[str, int], failures: Iterable[Failure] = (), remarks: Sequence[BarRemark] = ()
    ) -> None:
        """Keep all counts, and the failures and remarks since the last report, to be written within `WATCH` seconds."""
        with self._lock:
            self._counts = dict(counts)
            self._moments["reported_at"] = tickers.now()
            self._lists["failures"] += [{"ticker": each.ticker, **each.error.as_document()} for each in failures]
            kept = remarks[: KEPT_REMARKS - self._remark_count]
            self._lists["remarks"] += [dict(remark) for remark in kept]
            self._remark_count += len(kept)

    def pause(self, seconds: float) -> None:
        """Keep, to be written, that the source is not asked for `seconds` from now."""
        with self._lock:
            self._moments["paused_until"] = tickers.now() + dt.timedelta(seconds=seconds)

    def finish(self, state: State, error: SisepanError | None = None) -> None:
        """Write the outcome and give the lease back. Raises PyMongoError if that cannot be written."""
        self._is_finishing = True
        with self._writing:
            reason = {"error": error.as_document()} if error else {}
            now = tickers.now()
            self._write({"state": state, "heartbeat_at": now, "finished_at": now, **reason})
            self._ended.set()
        self.db[LEASES].update_one({"_id": self.category.key, "run": self.id}, _expiring_in(0))

    def _keep(self) -> None:
        """Write progress, and renew the lease, until the run ends."""
        renewed_at = time.monotonic()
        while not self._ended.wait(WATCH):
            try:
                with self._writing:
                    if self._ended.is_set():
                        return
                    self._write({})
                # By the clock, not by the number of rounds: writing to a slow server takes longer than waiting.
                if time.monotonic() - renewed_at >= HEARTBEAT:
                    self._renew()
                    renewed_at = time.monotonic()
            except PyMongoError as error:
                _log.warning("%s: a heartbeat could not be written: %s", self.category.key, type(error).__name__)

    def _write(self, fields: Document) -> None:
        with self._lock:
            lists = {name: list(entries) for name, entries in self._lists.items() if entries}
            changes: Document = {"$set": {**self._counts, **self._moments, "heartbeat_at": tickers.now(), **fields}}
        if lists:
            # Not $push: if the answer of the server is lost, the same entries are written again.
            changes["$addToSet"] = {name: {"$each": entries} for name, entries in lists.items()}
        run = self.db[RUNS].find_one_and_update(
            {"_id": self.id}, changes, {"cancel_requested": True}, return_document=ReturnDocument.AFTER
        )
        with self._lock:
            for name, entries in lists.items():
                del self._lists[name][: len(entries)]
        if run and run.get("cancel_requested"):
            self.cancelled = True
            self.stop.set()

    def _renew(self) -> None:
        own_lease = {"_id": self.category.key, "run": self.id}
        if not self.db[LEASES].update_one(own_lease, _expiring_in(LEASE)).matched_count:
            _log.error("%s: another run has taken the lease; this one ends", self.category.key)
            self.lost = True
            self.stop.set()


@contextmanager
def leased(
    db: MongoDatabase, category: Category, origin: Origin, options: Mapping[str, Any], stop: threading.Event
) -> Iterator[LeasedRun]:
    """A run of `category` by this process, whose lease is kept until the block ends; the block calls `finish`.

    An error before that ends the run as failed. `options` are stored with the run, so that they can be shown and
    repeated. Raises AlreadyRunning.
    """
    run = LeasedRun(db, category, origin, stop)
    _acquire(run)
    db[RUNS].create_index([("category", 1), ("started_at", -1)])
    mark_interrupted(db, category)  # a run that still counts as running has lost the lease: it is dead
    now = tickers.now()
    db[RUNS].insert_one(
        {
            "_id": run.id,
            "category": category.key,
            "origin": origin,
            "host": socket.gethostname(),
            "process": os.getpid(),
            "state": "running",
            "started_at": now,
            "heartbeat_at": now,
            **options,
        }
    )
    keeper = threading.Thread(target=copy_context().run, args=(run._keep,), name=f"run {category.key}", daemon=True)
    keeper.start()
    try:
        yield run
    except BaseException as error:
        if not run._is_finishing:
            with suppress(PyMongoError):  # if the database is the cause, the lease expires by itself
                run.finish("failed", database.explained(error))
        raise
    finally:
        run._ended.set()
        keeper.join()


def has_lease(db: MongoDatabase, category: Category, run: object) -> bool:
    """Whether a run still holds the lease of `category`; a run that has just begun may have no record yet."""
    held = {"_id": category.key, "run": run, "$expr": {"$gt": ["$expires_at", "$$NOW"]}}
    return db[LEASES].find_one(held) is not None


def latest(db: MongoDatabase, category: Category) -> RunRecord | None:
    """The running or last run of `category`, without its failures; None if it never had one."""
    return _latest(db, category, {})


def latest_whole(db: MongoDatabase, category: Category) -> RunRecord | None:
    """The running or last update run of all tickers of `category`: no import, and no run of named tickers."""
    return _latest(db, category, {"only": None, "kind": None})


def count_whole(db: MongoDatabase, category: Category, since: dt.datetime) -> int:
    """How many update runs of all tickers of `category` began at or after `since` (UTC, tz-naive)."""
    whole = {"category": category.key, "only": None, "kind": None}
    return db[RUNS].count_documents({**whole, "started_at": {"$gte": since}})


def unfinished_full(db: MongoDatabase, category: Category, only: Iterable[str] | None = None) -> dt.datetime | None:
    """When the unfinished full run began, if the last update run of the tickers `only` is (part of) one.

    A run of named tickers does not end a run of all. None if the last run was finished, was no full run, was of other
    tickers, or began more than `CONTINUE_WITHIN` ago.
    """
    of_all = {"only": None} if only is None else {}
    last = _latest(db, category, {"kind": None, **of_all})
    if last is None or not last.get("full") or last["state"] in ("running", "done"):
        return None
    if last["started_at"] < tickers.now() - CONTINUE_WITHIN or _as_set(last.get("only")) != _as_set(only):
        return None
    return full_since(last)


def full_since(run: RunRecord) -> dt.datetime:
    """When the full run began: `run` itself, or the run that it continues."""
    return run.get("full_since", run["started_at"])


def _as_set(only: Iterable[str] | None) -> set[str] | None:
    return None if only is None else set(only)


def history(db: MongoDatabase, limit: int) -> list[RunRecord]:
    """The latest runs of all categories, newest first, without their failures."""
    return _runs(db, {}, limit)


def failures(db: MongoDatabase, run: ObjectId) -> list[Failure]:
    """The tickers that failed in a run."""
    record = db[RUNS].find_one({"_id": run}, {"failures": True}) or {}
    return [Failure(failure["ticker"], SisepanError.from_document(failure)) for failure in record.get("failures", [])]


def remarks(db: MongoDatabase, run: ObjectId) -> list[BarRemark]:
    """The bars that an update run changed or left out, at most `KEPT_REMARKS`."""
    record = db[RUNS].find_one({"_id": run}, {"remarks": True}) or {}
    return cast("list[BarRemark]", record.get("remarks", []))


def refused_days(db: MongoDatabase, category: Category, ticker: str) -> list[dt.datetime]:
    """The days of bars of `ticker` that the last `REMEMBERED` runs left out, as far as they are kept, ascending."""
    refused = {"$and": [{"$eq": ["$$remark.ticker", ticker]}, {"$eq": ["$$remark.action", "refused"]}]}
    pipeline: list[Document] = [
        {"$match": {"category": category.key, "heartbeat_at": {"$type": "date"}, "remarks": {"$type": "array"}}},
        {"$sort": {"started_at": -1}},
        {"$limit": REMEMBERED},
        {"$project": {"remarks": {"$filter": {"input": "$remarks", "as": "remark", "cond": refused}}}},
        {"$unwind": "$remarks"},
        {"$match": {"remarks.date": {"$type": "date"}}},
        {"$group": {"_id": "$remarks.date"}},
        {"$sort": {"_id": 1}},
    ]
    return [record["_id"] for record in db[RUNS].aggregate(pipeline)]


def cancel(db: MongoDatabase, run: ObjectId) -> None:
    """Ask a run, in whichever process, to end after the tickers in flight."""
    db[RUNS].update_one({"_id": run, "state": "running"}, {"$set": {"cancel_requested": True}})


def mark_interrupted(db: MongoDatabase, category: Category) -> int:
    """Store the state "interrupted" for runs that died; returns their number."""
    running = _runs(db, {"category": category.key, "state": "running"}, 20)
    dead = [run["_id"] for run in running if run["state"] == "interrupted"]
    if not dead:
        return 0
    changes = [{"$set": {"state": "interrupted", "finished_at": "$heartbeat_at"}}]
    return db[RUNS].update_many({"_id": {"$in": dead}, "state": "running"}, changes).modified_count


def _latest(db: MongoDatabase, category: Category, query: Document) -> RunRecord | None:
    """The latest run that `query` finds, without ended runs of a clock that was ahead, which would stay the latest."""
    counts = {"$or": [{"state": "running"}, {"started_at": {"$lte": tickers.now() + CLOCK_DIFFERENCE}}]}
    return next(iter(_runs(db, {"category": category.key, **counts, **query}, 1)), None)


def _runs(db: MongoDatabase, query: Document, limit: int) -> list[RunRecord]:
    """Runs, newest first. A running run without a living lease gets the state "interrupted"."""
    # The user's own collection of that name may hold other documents.
    records = _read(db, {**query, "heartbeat_at": {"$type": "date"}}, limit)
    running = {run["_id"] for run in records if run["state"] == "running"}
    if not running:
        return records
    # Read after the runs: a run that was running at that time has a lease, unless it has ended since.
    leases = db[LEASES].find({"$expr": {"$gt": ["$expires_at", "$$NOW"]}}, {"run": True})
    doubtful = running - {lease.get("run") for lease in leases}
    if not doubtful:
        return records
    now = {run["_id"]: run for run in _read(db, {"_id": {"$in": list(doubtful)}}, limit)}
    for run in now.values():
        if run["state"] == "running":
            run["state"] = "interrupted"
    return [now.get(run["_id"], run) for run in records]


def _read(db: MongoDatabase, query: Document, limit: int) -> list[RunRecord]:
    records = db[RUNS].find(query, {"failures": False, "remarks": False}).sort("started_at", -1).limit(limit)
    no_counts = dict.fromkeys(RunCounts.__annotations__, 0)
    return [cast("RunRecord", {**no_counts, **record}) for record in records]


def _acquire(run: LeasedRun) -> None:
    leases, key = run.db[LEASES], run.category.key
    try:
        leases.update_one({"_id": key}, {"$setOnInsert": {"expires_at": dt.datetime(1970, 1, 1)}}, upsert=True)
    except DuplicateKeyError:
        _log.debug("%s: another process made the lease at the same moment", key)
    free = {"_id": key, "$expr": {"$lte": ["$expires_at", "$$NOW"]}}
    holder = {"run": run.id, "host": socket.gethostname(), "process": os.getpid(), "since": "$$NOW"}
    if leases.find_one_and_update(free, [{"$set": holder}, *_expiring_in(LEASE)]) is not None:
        return
    other = leases.find_one({"_id": key}) or {}
    since = other.get("since", dt.datetime(1970, 1, 1)).replace(tzinfo=dt.UTC).astimezone()
    raise AlreadyRunning(
        N_(
            "이 카테고리의 업데이트가 이미 실행 중입니다: {host}의 프로세스 {process}, {since}부터. "
            "끝난 뒤 다시 시도하거나 업데이트 화면에서 중단하십시오."
        ),
        host=other.get("host", "?"),
        process=other.get("process", "?"),
        since=f"{since:%Y-%m-%d %H:%M:%S %Z}",
        run=other.get("run"),
    )


def _expiring_in(seconds: float) -> list[Document]:
    """The update that moves the end of a lease to `seconds` from now, by the clock of the server."""
    return [{"$set": {"expires_at": {"$add": ["$$NOW", int(seconds * 1000)]}}}]
