"""What tests share: one real MongoDB a run, with a database of its own for each test, and a stand-in for Yahoo.

The server is the product's own embedded one. All test workers use the same; it ends after the last of them.
"""

import datetime as dt
import os
import shutil
import tempfile
import time
import uuid
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pymongo
import pytest

from finance_core import background, i18n, settings
from finance_core.mongod.server import EmbeddedMongod
from finance_core.storage import database
from finance_core.storage.database import MongoDatabase
from tests import forked, processes
from tests import yahoo as stand_in
from tests.receivers import mailbox, receiver  # noqa: F401 - fixtures

KRX = Path(__file__).resolve().parents[2] / "shared" / "data" / "krx"
"""Real prices, where a checkout has them beside it."""


MEMORY = Path("/dev/shm")
SERVER_DIRECTORY = "SISEPAN_TEST_SERVER_DIRECTORY"
SERVER_PARAMETERS = {
    # To drop a database waits for the journal: usually a tenth of a second, after each test. Each of its moments costs
    # the server half a millisecond, all the time.
    "journalCommitInterval": 25,
    # The files of a dropped database, twenty of them, stay open until the next checkpoint after this many seconds. With
    # the usual five minutes, a whole run reaches the most files that a process may open, and the server aborts. With
    # none, no snapshot is kept for a reader.
    "minSnapshotHistoryWindowInSeconds": 10,
    "syncdelay": 20,  # seconds between two checkpoints
}
"""What the server of a test run does differently from the user's."""


hypothesis.settings.register_profile("sisepan", deadline=None)  # no test asserts how long the machine takes
hypothesis.settings.load_profile("sisepan")


def pytest_xdist_auto_num_workers() -> int:
    """One worker more than cores: tests wait for servers, browsers and timeouts for a part of their time."""
    return (os.cpu_count() or 1) + 1


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--exhaustive", action="store_true", help="run every case of every test")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Slow tests come first: at the end, short ones keep all workers busy until the last moment."""
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)
    if config.getoption("--exhaustive"):
        return
    cases: Counter[str] = Counter()
    chosen, left_out = [], []
    for item in items:
        name = item.nodeid.partition("[")[0]
        sampled = item.get_closest_marker("sampled")
        is_left_out = item.get_closest_marker("exhaustive") or (sampled and cases[name] % sampled.args[0])
        (left_out if is_left_out else chosen).append(item)
        cases[name] += 1
    config.hook.pytest_deselected(items=left_out)
    items[:] = chosen


def pytest_configure(config: pytest.Config) -> None:
    """Name the directory of this run's server, for all workers: in memory if there is some.

    The server makes and drops a database for every test, and each waits for the disk several times.
    """
    if hasattr(config, "workerinput") or not os.access(MEMORY, os.W_OK) or shutil.disk_usage(MEMORY).free < 2 << 30:
        return
    for left in MEMORY.glob(f"sisepan-tests-{os.getuid()}-*"):  # by a run that was killed
        if left.stat().st_mtime < time.time() - 3600 and not processes.servers(left):
            shutil.rmtree(left, ignore_errors=True)
    os.environ[SERVER_DIRECTORY] = tempfile.mkdtemp(prefix=f"sisepan-tests-{os.getuid()}-", dir=MEMORY)


def pytest_unconfigure(config: pytest.Config) -> None:
    """Delete what this run's server has left in memory."""
    if SERVER_DIRECTORY in os.environ and not hasattr(config, "workerinput"):
        directory = Path(os.environ.pop(SERVER_DIRECTORY))
        processes.wait_until(lambda: not processes.servers(directory))
        shutil.rmtree(directory, ignore_errors=True)


@pytest.fixture(scope="session")
def shared_server(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Iterator[EmbeddedMongod]:
    """The server of this test run, running."""
    base = tmp_path_factory.getbasetemp()
    in_files = (base if worker_id == "master" else base.parent) / "server"
    server = EmbeddedMongod(Path(os.environ.get(SERVER_DIRECTORY, in_files)))
    server.ensure_running()
    with pymongo.MongoClient(server.uri) as client:
        for name, value in SERVER_PARAMETERS.items():
            client.admin.command({"setParameter": 1, name: value})
    yield server
    server.release()
    database.close()


@pytest.fixture(autouse=True)
def in_korean() -> None:
    """Every test begins in Korean, whatever language the test before it has chosen."""
    i18n.use_language("ko")


@pytest.fixture(scope="session", autouse=True)
def no_process_is_left() -> Iterator[None]:
    """The process that forks the programs of tests ends with the tests."""
    yield
    forked.close()


@pytest.fixture(scope="session")
def calendars(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """The calendars of the exchanges, which all tests of a run build once: each costs two seconds."""
    base = tmp_path_factory.getbasetemp()
    directory = (base if worker_id == "master" else base.parent) / "calendars"
    directory.mkdir(exist_ok=True)
    return directory


@pytest.fixture
def data_dir(shared_server: EmbeddedMongod, calendars: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data directory of the test's own, as the environment names it, but for what all tests share.

    That is the server, and the calendars.
    """
    directory = tmp_path / "data"
    directory.mkdir()
    (directory / "mongo").symlink_to(shared_server.directory)
    (directory / "calendars").symlink_to(calendars)
    monkeypatch.delenv("MONGO_URI", raising=False)
    monkeypatch.delenv("ADMIN_PASSWORD", raising=False)
    monkeypatch.setattr(settings, "SECRETS_FILE", tmp_path / "secrets.toml")  # not the developer's own
    monkeypatch.setenv("FINANCE_DATA_DIR", str(directory))
    monkeypatch.setenv("FINANCE_DB", f"test_{uuid.uuid4().hex[:16]}")
    return directory


@pytest.fixture
def db(data_dir: Path) -> Iterator[MongoDatabase]:
    """The test's own, empty database on the embedded server, as the product connects to it, subprocesses too."""
    connected = database.connect()
    yield connected
    connected.client.drop_database(connected.name)


@pytest.fixture
def own_server_db(
    shared_server: EmbeddedMongod, data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[MongoDatabase]:
    """The test's own, empty database as on a server of the user's own: named by MONGO_URI."""
    monkeypatch.setenv("MONGO_URI", shared_server.uri)
    connected = database.connect()
    yield connected
    connected.client.drop_database(connected.name)


@pytest.fixture
def forgetful_db(calendars: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[MongoDatabase]:
    """The database of an embedded server of the test's own, which soon gives up a killed process's transaction.

    Until then nobody else can write to that ticker. How long that takes is a setting of the server, usually a minute.
    """
    monkeypatch.delenv("MONGO_URI", raising=False)
    monkeypatch.setattr(settings, "SECRETS_FILE", tmp_path / "secrets.toml")
    directory = tmp_path / "data"
    directory.mkdir()
    (directory / "calendars").symlink_to(calendars)
    monkeypatch.setenv("FINANCE_DATA_DIR", str(directory))
    db = database.connect()
    # With one second, a busy machine ends a transaction that is under way.
    db.client.admin.command({"setParameter": 1, "transactionLifetimeLimitSeconds": 4})
    yield db
    database.close()


def forget_transactions(db: MongoDatabase) -> None:
    """What happens by itself in time: the server ends the transactions of who died, and the lease runs out."""
    db.client.admin.command({"killAllSessions": []})
    db["update_leases"].update_many({}, {"$set": {"expires_at": dt.datetime(1970, 1, 1)}})


@pytest.fixture
def yahoo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[stand_in.YahooStandIn]:
    """A Yahoo of the test's own, to which this process and its subprocesses are led."""
    stand_in.forget(tmp_path / "yfinance")
    with stand_in.YahooStandIn() as server:
        for name, value in server.env.items():
            monkeypatch.setenv(name, value)
        yield server
        background.stop_all()  # a test that failed must not fail the next one too
    stand_in.forget(tmp_path / "yfinance")
