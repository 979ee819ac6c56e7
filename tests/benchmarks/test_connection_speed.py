"""How long a connection to the database takes, and how soon a visitor knows that there is none."""

import socket
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from finance_core.errors import DatabaseUnavailable
from finance_core.mongod.server import EmbeddedMongod
from finance_core.storage import database
from finance_core.storage.database import MongoDatabase
from tests.benchmarks.conftest import tell
from tests.processes import Program, servers, wait_until

PATIENCE = database.ANSWER_WITHIN + 1.0
"""Seconds after which a visitor must know that the server does not answer; half a second of it for a busy machine."""


def duration(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def test_connecting_again_is_cheap(db: MongoDatabase) -> None:
    median = statistics.median(duration(database.connect) for _ in range(50))
    tell("connecting again", seconds=median)
    assert median < 0.02


def test_a_server_that_runs_is_found_in_no_time(shared_server: EmbeddedMongod) -> None:
    taken = duration(lambda: [shared_server.ensure_running() for _ in range(100)])
    tell("finding a server that runs, a hundred times", seconds=taken)
    assert taken < 2


def test_an_embedded_server_is_ready_in_a_few_seconds(tmp_path: Path) -> None:
    with Program(tmp_path / "data") as first:
        first.ask("pid()")
    assert wait_until(lambda: not servers(tmp_path / "data"))
    with Program(tmp_path / "data") as second:
        second.ask("1")
        taken = duration(lambda: second.ask("pid()"))
    tell("starting the embedded server", seconds=taken)
    assert taken < 5


@pytest.mark.usefixtures("data_dir")
@pytest.mark.parametrize(
    "uri",
    [
        "mongodb://127.0.0.1:1/",
        "mongodb://127.0.0.1:1,127.0.0.1:2/?replicaSet=a",
        "mongodb://{silent}/",
        "mongodb://{silent}/?tls=true",
        "mongodb://{silent}/?serverSelectionTimeoutMS=60000&socketTimeoutMS=60000",
    ],
)
def test_that_a_server_does_not_answer_is_known_soon(monkeypatch: pytest.MonkeyPatch, uri: str) -> None:
    def connect() -> None:
        with pytest.raises(DatabaseUnavailable):
            database.connect()

    with socket.create_server(("127.0.0.1", 0), backlog=100) as silent:
        monkeypatch.setenv("MONGO_URI", uri.format(silent=f"127.0.0.1:{silent.getsockname()[1]}"))
        taken = duration(connect)
    tell(f"no answer from {uri}", seconds=taken)
    assert taken < PATIENCE
