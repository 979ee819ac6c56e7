"""Runs and leases in a real MongoDB."""

import datetime as dt
import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager
from typing import Any

import pymongo
import pytest
from bson import ObjectId
from pymongo.collection import Collection
from pymongo.errors import AutoReconnect, PyMongoError
from pymongo.monitoring import CommandListener, CommandStartedEvent

from finance_core import i18n
from finance_core.categories import KOREAN_STOCKS, US_STOCKS, Category
from finance_core.errors import FetchFailed, SisepanError
from finance_core.mongod.server import EmbeddedMongod
from finance_core.storage import runs
from finance_core.storage.database import Document, MongoDatabase
from tests.processes import wait_until
from updaters import yahoo as product

UNKNOWN = "Yahoo에 {symbol} 종목이 없습니다."


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runs, "WATCH", 0.05)
    monkeypatch.setattr(runs, "HEARTBEAT", 0.1)


@pytest.fixture
def english() -> Iterator[None]:
    i18n.use_language("en")
    yield
    i18n.use_language("ko")


def leased(
    db: MongoDatabase, category: Category = KOREAN_STOCKS, stop: threading.Event | None = None, **options: object
) -> AbstractContextManager[runs.LeasedRun]:
    return runs.leased(db, category, "terminal", options, stop or threading.Event())


def document(db: MongoDatabase, run: ObjectId) -> Document:
    found = db["update_runs"].find_one({"_id": run})
    assert found is not None
    return found


def expire(db: MongoDatabase) -> None:
    db["update_leases"].update_many({}, {"$set": {"expires_at": dt.datetime(1970, 1, 1)}})


def server_time(db: MongoDatabase) -> dt.datetime:
    moment: dt.datetime = db.client.admin.command("hello")["localTime"]
    return moment


def left_running(db: MongoDatabase) -> ObjectId:
    """A run whose process died: it never finished, and its lease has run out."""
    with leased(db) as run:
        pass
    expire(db)
    return run.id


# The lease


def test_a_lease_names_its_holder_and_ends_by_the_servers_clock(db: MongoDatabase) -> None:
    before = server_time(db)
    with leased(db) as run:
        (lease,) = db["update_leases"].find()
        run.finish("done")

    assert (lease["_id"], lease["run"]) == ("korean_stocks", run.id)
    assert (lease["host"], lease["process"]) == (socket.gethostname(), os.getpid())
    assert before <= lease["since"] <= server_time(db)
    remaining = (lease["expires_at"] - before).total_seconds()
    assert runs.LEASE <= remaining < runs.LEASE + 5


def test_a_held_lease_keeps_others_out_and_says_who_holds_it_since_when(db: MongoDatabase) -> None:
    with leased(db) as run:
        with pytest.raises(runs.AlreadyRunning) as refused, leased(db):
            pass
        (lease,) = db["update_leases"].find()
        run.finish("done")

    told = str(refused.value)
    assert f"{socket.gethostname()}의 프로세스 {os.getpid()}" in told
    since = lease["since"].replace(tzinfo=dt.UTC).astimezone()
    assert f"{since:%Y-%m-%d %H:%M:%S %Z}부터" in told, "with its zone: a page has the times of the visitor's"
    assert db["update_runs"].count_documents({}) == 1


@pytest.mark.usefixtures("english")
def test_who_holds_the_lease_is_also_said_in_english(db: MongoDatabase) -> None:
    with leased(db) as run:
        with pytest.raises(runs.AlreadyRunning, match=f"process {os.getpid()}"), leased(db):
            pass
        run.finish("done")


def test_a_lease_is_free_again_once_its_run_has_finished(db: MongoDatabase) -> None:
    for _ in range(2):
        with leased(db) as run:
            run.finish("done")

    assert [run["state"] for run in runs.history(db, 10)] == ["done", "done"]


def test_each_category_has_a_lease_of_its_own(db: MongoDatabase) -> None:
    with leased(db) as korean, leased(db, US_STOCKS) as american:
        assert {each["_id"]: each["run"] for each in db["update_leases"].find()} == {
            "korean_stocks": korean.id,
            "us_stocks": american.id,
        }
        korean.finish("done")
        american.finish("done")


def test_of_many_who_want_a_lease_at_once_one_gets_it(db: MongoDatabase) -> None:
    together, over = threading.Barrier(8), threading.Event()
    got: list[bool] = []

    def want() -> None:
        together.wait()
        try:
            with leased(db) as run:
                got.append(True)
                over.wait(30)
                run.finish("done")
        except runs.AlreadyRunning:
            got.append(False)

    threads = [threading.Thread(target=want) for _ in range(8)]
    for thread in threads:
        thread.start()
    assert wait_until(lambda: len(got) == 8)
    over.set()
    for thread in threads:
        thread.join()

    assert sorted(got) == [False] * 7 + [True]
    assert db["update_runs"].count_documents({}) == 1


def test_a_living_run_renews_its_lease(db: MongoDatabase) -> None:
    with leased(db) as run:
        (first,) = db["update_leases"].find()
        assert wait_until(lambda: db["update_leases"].find_one({"expires_at": {"$gt": first["expires_at"]}}))
        run.finish("done")

    (last,) = db["update_leases"].find()
    assert last["expires_at"] <= server_time(db)


def test_a_run_whose_lease_was_taken_stops_and_leaves_the_lease_to_its_holder(db: MongoDatabase) -> None:
    stop = threading.Event()
    with leased(db, stop=stop) as first:
        db["update_leases"].update_one({}, {"$set": {"run": ObjectId()}})
        assert stop.wait(10)
        assert first.lost
        first.finish("failed", SisepanError("이어받았습니다"))
    (lease,) = db["update_leases"].find()
    assert lease["expires_at"] > server_time(db)
    assert document(db, first.id)["state"] == "failed"


def test_a_run_that_was_out_of_touch_for_too_long_gives_way_to_the_one_that_took_over(
    db: MongoDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runs, "HEARTBEAT", 0.5)
    stop = threading.Event()
    with leased(db, stop=stop) as first:
        expire(db)
        with leased(db) as second:
            assert document(db, first.id)["state"] == "interrupted"
            assert stop.wait(10)
            assert (first.lost, second.lost) == (True, False)
            first.finish("failed")
            with pytest.raises(runs.AlreadyRunning), leased(db):
                pass
            second.finish("done")
    assert [run["state"] for run in runs.history(db, 10)] == ["done", "failed"]


# What is written of a run


def test_what_a_run_is_and_where_it_runs_is_written_when_it_begins(db: MongoDatabase) -> None:
    with leased(db, only=["005930"], full=True) as run:
        begun = document(db, run.id)
        run.finish("done")

    assert {name: begun[name] for name in ("category", "origin", "host", "process", "state", "only", "full")} == {
        "category": "korean_stocks",
        "origin": "terminal",
        "host": socket.gethostname(),
        "process": os.getpid(),
        "state": "running",
        "only": ["005930"],
        "full": True,
    }
    assert begun["started_at"] == begun["heartbeat_at"]


def test_counts_and_failures_are_written_while_it_runs(db: MongoDatabase) -> None:
    with leased(db) as run:
        begun = document(db, run.id)["heartbeat_at"]
        run.report({"total": 5, "done": 2})
        assert wait_until(lambda: document(db, run.id).get("done") == 2)
        run.report({"total": 5, "done": 3}, [runs.Failure("005930", FetchFailed(UNKNOWN, symbol="005930.KS"))])
        assert wait_until(lambda: document(db, run.id).get("done") == 3)
        running = document(db, run.id)
        run.report({"total": 5, "done": 5})
        run.finish("done")

    assert (running["state"], running["total"], len(running["failures"])) == ("running", 5, 1)
    assert running["heartbeat_at"] > begun
    ended = document(db, run.id)
    assert (ended["state"], ended["done"], len(ended["failures"])) == ("done", 5, 1)
    assert ended["finished_at"] >= ended["heartbeat_at"]


def test_each_failure_is_written_once_and_can_be_read_in_both_languages(db: MongoDatabase) -> None:
    with leased(db) as run:
        for number in range(20):
            error = product.UnknownSymbol(UNKNOWN, symbol=f"{number}.KS")
            run.report({"failed": number + 1}, [runs.Failure(f"{number:06}", error)])
            threading.Event().wait(0.01)
        run.finish("done")

    found = runs.failures(db, run.id)
    assert [failure.ticker for failure in found] == [f"{number:06}" for number in range(20)]
    assert str(found[3].error) == "Yahoo에 3.KS 종목이 없습니다."
    i18n.use_language("en")
    try:
        assert str(found[3].error) == "Yahoo does not know 3.KS."
    finally:
        i18n.use_language("ko")


def test_failures_that_could_not_be_written_are_written_later_and_once(
    db: MongoDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runs, "WATCH", 3600)
    failure = runs.Failure("005930", FetchFailed(UNKNOWN, symbol="005930.KS"))
    nowhere = pymongo.MongoClient[Document]("127.0.0.1:1", serverSelectionTimeoutMS=50, connect=False)
    with nowhere, leased(db) as run:
        run.report({"failed": 1}, [failure])
        run.db = nowhere[db.name]
        for _ in range(2):
            with pytest.raises(PyMongoError):
                run.finish("done")
        run.db = db
        run.finish("done")

    assert [each.ticker for each in runs.failures(db, run.id)] == ["005930"]


def test_failures_that_were_written_without_an_answer_coming_through_are_there_once(
    db: MongoDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runs, "WATCH", 3600)
    failure = runs.Failure("005930", FetchFailed(UNKNOWN, symbol="005930.KS"))
    write = Collection.find_one_and_update

    def lose_the_answer(*arguments: Any, **options: Any) -> None:
        write(*arguments, **options)
        raise AutoReconnect

    with leased(db) as run:
        run.report({"failed": 1}, [failure])
        with monkeypatch.context() as patched:
            patched.setattr(Collection, "find_one_and_update", lose_the_answer)
            with pytest.raises(AutoReconnect):
                run.finish("done")
        assert len(runs.failures(db, run.id)) == 1
        run.finish("done")

    assert [each.ticker for each in runs.failures(db, run.id)] == ["005930"]


@pytest.mark.slow
def test_a_server_that_is_slow_to_write_does_not_cost_the_lease(
    db: MongoDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A heartbeat that counted rounds of `WATCH` instead of seconds would come after the end of the lease."""
    monkeypatch.setattr(runs, "HEARTBEAT", 0.6)
    monkeypatch.setattr(runs, "LEASE", 2.5)
    write = Collection.find_one_and_update
    keeper = f"run {KOREAN_STOCKS.key}"

    def slow(*arguments: Any, **options: Any) -> Any:
        if threading.current_thread().name == keeper:
            threading.Event().wait(0.4)
        return write(*arguments, **options)

    monkeypatch.setattr(Collection, "find_one_and_update", slow)
    with leased(db) as run:
        (first,) = db["update_leases"].find()
        assert wait_until(lambda: server_time(db) > first["expires_at"] + dt.timedelta(seconds=0.5))
        with pytest.raises(runs.AlreadyRunning), leased(db):
            pass
        run.finish("done")


class SlowKeeper(CommandListener):
    """Holds back for half a second what a run's own thread writes; `at_it` is set meanwhile."""

    def __init__(self) -> None:
        self.at_it = threading.Event()

    def started(self, event: CommandStartedEvent) -> None:
        if threading.current_thread().name == f"run {KOREAN_STOCKS.key}" and event.command_name == "findAndModify":
            self.at_it.set()
            time.sleep(0.5)

    def succeeded(self, event: object) -> None:
        pass

    failed = succeeded


def test_progress_that_is_written_late_does_not_overwrite_the_outcome(
    own_server_db: MongoDatabase, shared_server: EmbeddedMongod
) -> None:
    slow = SlowKeeper()
    client = pymongo.MongoClient[Document](shared_server.uri, event_listeners=[slow])
    with client, leased(client[own_server_db.name]) as run:
        run.report({"total": 2, "done": 1})
        slow.at_it.clear()
        assert slow.at_it.wait(10)
        run.report({"total": 2, "done": 2})
        run.finish("done")

    ended = document(own_server_db, run.id)
    assert (ended["state"], ended["done"]) == ("done", 2)


def test_why_a_run_ended_is_kept_as_a_message_and_its_values(db: MongoDatabase) -> None:
    with leased(db) as run:
        run.finish("partial", FetchFailed(UNKNOWN, symbol="X"))

    assert str(SisepanError.from_document(document(db, run.id)["error"])) == "Yahoo에 X 종목이 없습니다."


# Cancelling


def test_a_wish_to_cancel_reaches_the_run(db: MongoDatabase) -> None:
    stop = threading.Event()
    with leased(db, stop=stop) as run:
        assert not stop.wait(0.3)
        runs.cancel(db, run.id)
        assert stop.wait(10)
        run.finish("cancelled")

    assert not run.lost
    assert document(db, run.id)["state"] == "cancelled"


def test_a_run_that_is_over_cannot_be_cancelled(db: MongoDatabase) -> None:
    with leased(db) as run:
        run.finish("done")

    runs.cancel(db, run.id)

    assert "cancel_requested" not in document(db, run.id)


# Runs that died


def test_a_run_that_died_is_told_as_interrupted_before_anybody_has_recorded_it(db: MongoDatabase) -> None:
    dead = left_running(db)

    assert document(db, dead)["state"] == "running"
    latest = runs.latest(db, KOREAN_STOCKS)
    assert latest is not None
    assert (latest["_id"], latest["state"]) == (dead, "interrupted")
    assert [run["state"] for run in runs.history(db, 10)] == ["interrupted"]


def test_a_run_that_died_is_recorded_as_interrupted_when_it_was_last_heard_of(db: MongoDatabase) -> None:
    dead = left_running(db)

    assert runs.mark_interrupted(db, KOREAN_STOCKS) == 1

    recorded = document(db, dead)
    assert (recorded["state"], recorded["finished_at"]) == ("interrupted", recorded["heartbeat_at"])
    assert runs.mark_interrupted(db, KOREAN_STOCKS) == 0


def test_a_living_run_and_one_that_ended_are_not_marked_as_interrupted(db: MongoDatabase) -> None:
    with leased(db) as ended:
        ended.finish("partial")
    with leased(db) as alive:
        assert runs.mark_interrupted(db, KOREAN_STOCKS) == 0
        assert [run["state"] for run in runs.history(db, 10)] == ["running", "partial"]
        alive.finish("done")


def test_the_next_run_records_the_one_before_it_that_died(db: MongoDatabase) -> None:
    dead = left_running(db)

    with leased(db) as run:
        assert document(db, dead)["state"] == "interrupted"
        run.finish("done")


# Looking back


def test_the_latest_run_is_of_its_category_and_comes_without_its_failures(db: MongoDatabase) -> None:
    assert runs.latest(db, KOREAN_STOCKS) is None
    ids = []
    for category in (KOREAN_STOCKS, KOREAN_STOCKS, US_STOCKS):
        with leased(db, category) as run:
            run.report({"failed": 1}, [runs.Failure("X", SisepanError("x"))])
            run.finish("done")
            ids.append(run.id)
        threading.Event().wait(0.002)  # they are told apart by milliseconds

    latest = runs.latest(db, KOREAN_STOCKS)
    assert latest is not None
    assert latest["_id"] == ids[1]
    assert "failures" not in latest
    assert [run["_id"] for run in runs.history(db, 2)] == [ids[2], ids[1]]
    assert [run["failed"] for run in runs.history(db, 3)] == [1, 1, 1]
    assert runs.failures(db, ObjectId()) == []


def test_the_days_that_runs_left_out_are_those_of_the_ticker_once_each(db: MongoDatabase) -> None:
    def remark(ticker: str, day: int, action: str = "refused") -> dict[str, object]:
        return {"ticker": ticker, "date": dt.datetime(2024, 1, day), "action": action, "reason": "closed day"}

    now = dt.datetime(2024, 2, 1)
    for remarks in (
        [remark("A", 5), remark("A", 2), remark("B", 3), remark("A", 4, "changed")],
        [remark("A", 2), {"ticker": "A", "action": "refused", "reason": "no date"}],
        "somebody else's",
    ):
        db["update_runs"].insert_one(
            {"category": KOREAN_STOCKS.key, "heartbeat_at": now, "started_at": now, "remarks": remarks}
        )
    days = runs.refused_days(db, KOREAN_STOCKS, "A")
    assert days == [dt.datetime(2024, 1, 2), dt.datetime(2024, 1, 5)]
    assert runs.refused_days(db, US_STOCKS, "A") == []
