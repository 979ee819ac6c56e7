"""Update runs in MongoDB: one at a time per category, watched, cancelled and looked back on from anywhere.

`update_leases` holds one lease per category, which a run keeps alive by a heartbeat; a run that dies loses it within
`LEASE` seconds. `update_runs` holds each run's progress and outcome. The server's clock decides, so that machines whose
clocks differ agree. What a run does is left to the updaters; how it is shown, to `ui`.
"""

import datetime as dt
import logging
import os
import socket
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import copy_context
from dataclasses import dataclass, field
from typing import Any, cast

from bson import ObjectId
from pymongo import ReturnDocument
from pymongo.collection import Collection
from pymongo.errors import DuplicateKeyError, PyMongoError

from finance_core.categories import Category
from finance_core.errors import SisepanError
from finance_core.i18n import N_
from finance_core.storage import tickers
from finance_core.storage.database import Document, MongoDatabase
from finance_core.storage.documents import LEASES, RUNS, Origin, RunRecord, State

LEASE = 45.0
"""Seconds after the last heartbeat at which a run counts as dead."""
HEARTBEAT = 10.0
WATCH = 0.5
"""Seconds between two looks at whether there is progress to write and whether somebody cancelled."""

_log = logging.getLogger(__name__)


class AlreadyRunning(SisepanError):
    """Another run of this category holds the lease."""


@dataclass(frozen=True)
class Failure:
    """A ticker that failed in a run, and why."""

    ticker: str
    error: SisepanError


@dataclass
class LeasedRun:
    """A run of this process, from the moment it has the lease.

    Whoever works it reads `stop` and calls `report`; everything else happens in a thread of its own.
    """

    db: MongoDatabase
    category: Category
    stop: threading.Event
    """Set where the run has to end: by its own process, by a cancel button, or when the lease is lost."""
    id: ObjectId = field(default_factory=ObjectId)
    lost: bool = False
    """Whether another run has taken the lease: this one was out of touch for too long."""
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _counts: Document = field(default_factory=dict)
    _failures: list[Document] = field(default_factory=list)
    _ended: threading.Event = field(default_factory=threading.Event)
    _writing: threading.Lock = field(default_factory=threading.Lock)
    """Held from reading the counts to having written them, so that older ones never overwrite newer ones."""

    def report(self, counts: Mapping[str, int], failures: Iterable[Failure] = ()) -> None:
        """Tell the watchers how far it is: all counts, and the failures since the last report."""
        with self._lock:
            self._counts = dict(counts)
            self._failures += [{"ticker": each.ticker, **each.error.as_document()} for each in failures]

    def _keep(self) -> None:
        """Write progress, renew the lease, and look for a wish to cancel, until the run ends."""
        beat = time.monotonic()
        while not self._ended.wait(WATCH):
            try:
                with self._writing:
                    if self._ended.is_set():
                        return
                    self._write(self._progress())
                # By the clock: to a slow server, writing takes longer than waiting.
                if time.monotonic() - beat >= HEARTBEAT:
                    self._renew()
                    beat = time.monotonic()
            except PyMongoError as error:
                _log.warning("%s: a heartbeat could not be written: %s", self.category.key, type(error).__name__)

    def _progress(self) -> Document:
        with self._lock:
            changes: Document = {"$set": {**self._counts, "heartbeat_at": tickers.now()}}
            if self._failures:
                # Not pushed: what the server wrote without the answer coming through is written again.
                changes["$addToSet"] = {"failures": {"$each": self._failures}}
                self._failures = []
        return changes

    def _write(self, changes: Document) -> None:
        added = changes.get("$addToSet", {}).get("failures", {}).get("$each", [])
        try:
            fields = {"cancel_requested": True}
            run = self.db[RUNS].find_one_and_update(
                {"_id": self.id}, changes, fields, return_document=ReturnDocument.AFTER
            )
        except PyMongoError:
            with self._lock:
                self._failures = added + self._failures
            raise
        if run and run.get("cancel_requested"):
            self.stop.set()

    def _renew(self) -> None:
        ours = {"_id": self.category.key, "run": self.id}
        if not self.db[LEASES].update_one(ours, _expiring_in(LEASE)).matched_count:
            _log.error("%s: another run has taken the lease; this one ends", self.category.key)
            self.lost = True
            self.stop.set()

    def finish(self, state: State, error: SisepanError | None = None) -> None:
        """Write the outcome and give the lease back. Raises PyMongoError where that cannot be written."""
        with self._writing:
            changes = self._progress()
            changes["$set"] |= {"state": state, "finished_at": tickers.now()}
            if error:
                changes["$set"]["error"] = error.as_document()
            self._write(changes)
            self._ended.set()
        self.db[LEASES].update_one({"_id": self.category.key, "run": self.id}, _expiring_in(0))


@contextmanager
def leased(
    db: MongoDatabase, category: Category, origin: Origin, options: Mapping[str, Any], stop: threading.Event
) -> Iterator[LeasedRun]:
    """The run of `category` that this process may now do, its lease kept alive; the caller calls `finish`.

    `options` are kept with the run, to be shown and to be repeated. Raises AlreadyRunning.
    """
    run = LeasedRun(db, category, stop)
    _acquire(run)
    db[RUNS].create_index([("category", 1), ("started_at", -1)])
    # Whatever else says that it runs has lost the lease, and with it its life.
    mark_interrupted(db, category)
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
    finally:
        run._ended.set()
        keeper.join()


def latest(db: MongoDatabase, category: Category) -> RunRecord | None:
    """The running or last run of `category`, without its failures; None where there was none."""
    return next(iter(_runs(db, {"category": category.key}, 1)), None)


def latest_whole(db: MongoDatabase, category: Category) -> RunRecord | None:
    """The running or last update of all tickers of `category`, not of some that were named and no import; None where
    there was none."""
    return next(iter(_runs(db, {"category": category.key, "only": None, "kind": None}, 1)), None)


def history(db: MongoDatabase, limit: int) -> list[RunRecord]:
    """The latest runs of all categories, newest first, without their failures."""
    return _runs(db, {}, limit)


def get(db: MongoDatabase, run: ObjectId) -> RunRecord | None:
    """One run, without its failures."""
    return next(iter(_runs(db, {"_id": run}, 1)), None)


def failures(db: MongoDatabase, run: ObjectId) -> list[Failure]:
    """The tickers that failed in a run."""
    document = db[RUNS].find_one({"_id": run}, {"failures": True}) or {}
    return [Failure(each["ticker"], SisepanError.from_document(each)) for each in document.get("failures", [])]


def cancel(db: MongoDatabase, run: ObjectId) -> None:
    """Ask a run, wherever it runs, to end after the tickers in flight."""
    db[RUNS].update_one({"_id": run, "state": "running"}, {"$set": {"cancel_requested": True}})


def mark_interrupted(db: MongoDatabase, category: Category) -> int:
    """Record as interrupted what says that it runs but has lost its lease; returns how many."""
    running = _runs(db, {"category": category.key, "state": "running"}, 20)
    dead = [run["_id"] for run in running if run["state"] == "interrupted"]
    if not dead:
        return 0
    changes = [{"$set": {"state": "interrupted", "finished_at": "$heartbeat_at"}}]
    return db[RUNS].update_many({"_id": {"$in": dead}, "state": "running"}, changes).modified_count


def _runs(db: MongoDatabase, query: Document, limit: int) -> list[RunRecord]:
    """Runs, newest first. One that says it runs but has no living lease is told as interrupted."""
    query = {**query, "heartbeat_at": {"$type": "date"}}  # a user's own collection of that name holds something else
    records = cast("Collection[RunRecord]", db[RUNS])
    found = records.find(query, {"failures": False}).sort("started_at", -1).limit(limit).to_list()
    if any(run["state"] == "running" for run in found):
        # After the runs: whatever ran when they were read had a lease, and has one still unless it ended since.
        leases = db[LEASES].find({"$expr": {"$gt": ["$expires_at", "$$NOW"]}}, {"run": True})
        alive = {lease.get("run") for lease in leases}
        doubtful = [run["_id"] for run in found if run["state"] == "running" and run["_id"] not in alive]
        if doubtful:
            now = {run["_id"]: run for run in records.find({"_id": {"$in": doubtful}}, {"failures": False})}
            found = [now.get(run["_id"], run) for run in found]
            for run in found:
                if run["_id"] in doubtful and run["state"] == "running":
                    run["state"] = "interrupted"
    return found


def _acquire(run: LeasedRun) -> None:
    leases, key = run.db[LEASES], run.category.key
    try:
        leases.update_one({"_id": key}, {"$setOnInsert": {"expires_at": dt.datetime(1970, 1, 1)}}, upsert=True)
    except DuplicateKeyError:
        _log.debug("%s: another process made the lease in this very moment", key)
    free = {"_id": key, "$expr": {"$lte": ["$expires_at", "$$NOW"]}}
    mine = {"run": run.id, "host": socket.gethostname(), "process": os.getpid(), "since": "$$NOW"}
    (expiry,) = _expiring_in(LEASE)
    if leases.find_one_and_update(free, [{"$set": {**mine, **expiry["$set"]}}]) is not None:
        return
    holder = leases.find_one({"_id": key}) or {}
    since = holder.get("since", dt.datetime(1970, 1, 1)).replace(tzinfo=dt.UTC).astimezone()
    raise AlreadyRunning(
        N_(
            "이 카테고리의 업데이트가 이미 실행 중입니다: {host}의 프로세스 {process}, {since}부터. "
            "끝난 뒤 다시 시도하거나 업데이트 화면에서 중단하십시오."
        ),
        host=holder.get("host", "?"),
        process=holder.get("process", "?"),
        since=f"{since:%Y-%m-%d %H:%M:%S}",
    )


def _expiring_in(seconds: float) -> list[Document]:
    return [{"$set": {"expires_at": {"$add": ["$$NOW", int(seconds * 1000)]}}}]
