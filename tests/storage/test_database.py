"""How the product finds its database, keeps the password to itself, and leaves a user's own server as it is."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
import traceback
from collections.abc import Iterator
from pathlib import Path

import dns.resolver
import pytest
from pymongo import MongoClient
from pymongo.errors import OperationFailure, PyMongoError, ServerSelectionTimeoutError

from finance_core import settings
from finance_core.categories import KOREAN_STOCKS
from finance_core.errors import DatabaseMisconfigured, DatabaseUnavailable, DataConflict, SisepanError
from finance_core.mongod import process as mongod_process
from finance_core.mongod.server import EmbeddedMongod
from finance_core.storage import database, documents, prices, tickers
from finance_core.storage.database import MongoDatabase
from tests.processes import Program, kill, nothing_left, servers, wait_until

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="looks at processes through /proc"),
]

PASSWORD = "s3cret"
ends_by_itself = pytest.mark.timeout(25)
"""For what waits for a server in vain, where the driver itself would wait for 30 seconds. The benchmarks measure it."""

BARS = KOREAN_STOCKS.collection
KEYS = ["ticker", "date"]


@pytest.fixture(scope="module")
def data_dirs() -> Iterator[list[Path]]:
    with nothing_left() as directories:
        yield directories


@pytest.fixture
def own_data_dir(data_dirs: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A data directory with a server of its own, for tests that end it; empty settings else."""
    monkeypatch.setattr(settings, "SECRETS_FILE", tmp_path / "secrets.toml")
    monkeypatch.delenv("MONGO_URI", raising=False)
    monkeypatch.delenv("FINANCE_DB", raising=False)
    monkeypatch.setenv("FINANCE_DATA_DIR", str(tmp_path / "data"))
    data_dirs.append(tmp_path / "data")
    yield tmp_path / "data"
    database.close()


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Servers have half a second to answer, since nobody is to wait longer for tests that are not about the time."""
    monkeypatch.setattr(database, "ANSWER_WITHIN", 0.5)


@pytest.fixture
def silent_port() -> Iterator[int]:
    """A port where something accepts connections and never says a word, over UDP too."""
    with socket.create_server(("127.0.0.1", 0), backlog=100) as tcp, socket.socket(type=socket.SOCK_DGRAM) as udp:
        port = tcp.getsockname()[1]
        udp.bind(("127.0.0.1", port))
        yield port


# The embedded server


def test_the_embedded_database_has_its_unique_indexes(db: MongoDatabase) -> None:
    assert _unique_keys(db, BARS) == [KEYS]
    assert _unique_keys(db, documents.TICKERS) == [["category", "ticker"]]

    database.ensure_indexes(db)  # the second time changes nothing
    assert len(db[BARS].index_information()) == 2


def test_threads_that_connect_at_once_get_one_client(own_data_dir: Path) -> None:
    with Program(own_data_dir) as program:
        found = program.ask("clients_of_threads()")
        assert len(found) == 8
        assert len(set(found)) == 1
        assert program.complaints == ""
        assert len(servers(own_data_dir)) == 1


@pytest.mark.usefixtures("own_data_dir")
def test_it_connects_again_after_it_was_closed() -> None:
    database.connect()["numbers"].insert_one({"_id": 1})
    database.close()
    database.close()

    assert database.connect()["numbers"].find_one() == {"_id": 1}


def test_a_server_that_another_process_restarted_is_found_at_once(own_data_dir: Path) -> None:
    database.connect()
    with Program(own_data_dir) as other:
        kill(other.ask("pid()"))
        new = other.ask("pid()")

        assert database.connect().client.admin.command("serverStatus")["pid"] == new


def test_an_embedded_server_that_hangs_is_told_and_then_replaced(
    own_data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("finance_core.mongod.server.ANSWER_WITHIN", 0.5)
    monkeypatch.setattr("finance_core.mongod.server.GONE_WITHIN", 0.5)
    database.connect()
    (process,) = servers(own_data_dir)
    os.kill(process, signal.SIGSTOP)

    with pytest.raises(DatabaseUnavailable, match="내장 MongoDB"):
        database.connect()
    database.connect()
    assert process not in servers(own_data_dir)


def test_a_data_directory_that_is_a_file_is_named(own_data_dir: Path) -> None:
    own_data_dir.touch()

    with pytest.raises(DatabaseMisconfigured, match=str(own_data_dir)):
        database.connect()


@pytest.mark.usefixtures("data_dir")
@pytest.mark.parametrize("name", ["a.b", "a b", "$a", "a/b"])
def test_a_name_that_no_database_can_have_is_told(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv("FINANCE_DB", name)

    with pytest.raises(DatabaseMisconfigured, match="FINANCE_DB"):
        database.connect()


def test_what_is_written_atomically_is_written_wholly_or_not_at_all(db: MongoDatabase) -> None:
    assert database.has_transactions(db)

    def write(session: object, fail: bool) -> str:
        db.numbers.insert_one({"_id": 1 + fail}, session=session)
        if fail:
            raise ZeroDivisionError
        return "written"

    assert database.atomically(db, lambda session: write(session, fail=False)) == "written"
    with pytest.raises(ZeroDivisionError):
        database.atomically(db, lambda session: write(session, fail=True))
    assert [row["_id"] for row in db.numbers.find()] == [1]


# A server of the user's own


@pytest.mark.usefixtures("own_server_db")
def test_looking_at_a_users_own_server_leaves_no_trace() -> None:
    db = database.connect()
    assert prices.load(db, KOREAN_STOCKS, "005930").empty
    assert prices.tickers(db, KOREAN_STOCKS) == []
    assert tickers.active(db, KOREAN_STOCKS) == []
    assert tickers.get(db, KOREAN_STOCKS, "005930") is None

    assert db.list_collection_names() == []
    assert db.name not in db.client.list_database_names()


def test_looking_at_a_users_own_bars_adds_no_index(own_server_db: MongoDatabase) -> None:
    own_server_db[BARS].insert_one({"ticker": "005930"})

    assert prices.tickers(database.connect(), KOREAN_STOCKS) == ["005930"]
    assert own_server_db.list_collection_names() == [BARS]
    assert list(own_server_db[BARS].index_information()) == ["_id_"]


def test_two_documents_for_one_key_are_told(own_server_db: MongoDatabase) -> None:
    own_server_db[BARS].insert_many([{"ticker": "005930", "date": 1}, {"ticker": "005930", "date": 1}])

    with pytest.raises(DataConflict, match=rf"{BARS}에 ticker \+ date가 같은 문서가 둘 이상"):
        database.ensure_indexes(own_server_db)
    assert own_server_db[BARS].count_documents({}) == 2


def test_a_users_own_index_that_is_not_unique_stays_beside_a_unique_one(own_server_db: MongoDatabase) -> None:
    own_server_db[BARS].create_index(KEYS)

    database.ensure_indexes(own_server_db)
    database.ensure_indexes(own_server_db)
    indexes = own_server_db[BARS].index_information()
    assert "unique" not in indexes["ticker_1_date_1"]
    assert _unique_keys(own_server_db, BARS) == [KEYS]
    assert len(indexes) == 3


@pytest.mark.parametrize("name", ["ticker_1_date_1", "mine"])
def test_a_users_own_unique_index_serves(own_server_db: MongoDatabase, name: str) -> None:
    own_server_db[BARS].create_index(KEYS, unique=True, name=name)

    database.ensure_indexes(own_server_db)
    assert list(own_server_db[BARS].index_information()) == ["_id_", name]


@pytest.mark.parametrize("option", [{"partialFilterExpression": {"a": 1}}, {"collation": {"locale": "ko"}}])
def test_a_unique_index_over_some_documents_only_does_not_serve(
    own_server_db: MongoDatabase, option: dict[str, object]
) -> None:
    own_server_db[BARS].create_index(KEYS, unique=True, **option)

    database.ensure_indexes(own_server_db)
    assert _unique_keys(own_server_db, BARS) == [KEYS, KEYS]


@pytest.mark.parametrize("instead", ["view", "time series", "index of our name"])
def test_a_collection_that_cannot_have_the_index_is_told(own_server_db: MongoDatabase, instead: str) -> None:
    if instead == "view":
        own_server_db.create_collection(BARS, viewOn="elsewhere", pipeline=[])
    elif instead == "time series":
        own_server_db.create_collection(BARS, timeseries={"timeField": "date", "metaField": "ticker"})
    else:
        own_server_db[BARS].create_index("close", name="ticker_date_unique")

    with pytest.raises(DataConflict, match=rf"{BARS}에 ticker \+ date 고유 인덱스를 만들 수 없습니다.*FINANCE_DB"):
        database.ensure_indexes(own_server_db)


# MONGO_URI


@ends_by_itself
@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize(
    ("uri", "address"),
    [
        (f"mongodb://user:{PASSWORD}@127.0.0.1:1/", "127.0.0.1:1"),
        (f"mongodb://user:{PASSWORD}@127.0.0.1:1,127.0.0.1:2/?replicaSet=a", "127.0.0.1:1,127.0.0.1:2"),
        (f"mongodb://user:{PASSWORD}@[::1]:1", "[::1]:1"),
        (f"mongodb://user:{PASSWORD}@127.0.0.1:1/?nonsense={PASSWORD}&w={PASSWORD}&wtimeoutMS=x", "127.0.0.1:1"),
    ],
    ids=["one host", "two hosts", "IPv6", "unknown options"],
)
def test_a_server_that_does_not_run_is_named(
    own_data_dir: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, uri: str, address: str
) -> None:
    monkeypatch.setenv("MONGO_URI", uri)

    error = _failing_connect(caplog, DatabaseUnavailable)
    assert str(error).startswith(f"{address}의 MongoDB에 연결할 수 없습니다.")
    assert database.address() == address
    assert not own_data_dir.exists()  # no embedded server instead


@ends_by_itself
@pytest.mark.usefixtures("own_data_dir")
def test_an_address_in_the_secrets_file_counts_too_and_its_silence_is_told_soon(
    caplog: pytest.LogCaptureFixture,
) -> None:
    settings.SECRETS_FILE.write_text(f"MONGO_URI = 'mongodb://user:{PASSWORD}@127.0.0.1:1/'\n")

    error = _failing_connect(caplog, DatabaseUnavailable)
    assert "127.0.0.1:1" in str(error)


@ends_by_itself
@pytest.mark.usefixtures("own_data_dir", "impatient")
@pytest.mark.parametrize("options", ["", "?tls=true", "?serverSelectionTimeoutMS=60000&socketTimeoutMS=60000"])
def test_a_server_that_accepts_and_never_answers_is_named(
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    silent_port: int,
    options: str,
) -> None:
    monkeypatch.setenv("MONGO_URI", f"mongodb://user:{PASSWORD}@127.0.0.1:{silent_port}/{options}")

    error = _failing_connect(caplog, DatabaseUnavailable)
    assert f"127.0.0.1:{silent_port}" in str(error)


@ends_by_itself
@pytest.mark.usefixtures("own_data_dir")
def test_a_name_server_that_never_answers_is_told_soon(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, silent_port: int
) -> None:
    resolver = dns.resolver.Resolver(configure=False)
    resolver.nameservers, resolver.port = ["127.0.0.1"], silent_port
    monkeypatch.setattr(dns.resolver, "default_resolver", resolver)
    monkeypatch.setenv("MONGO_URI", f"mongodb+srv://user:{PASSWORD}@cluster.example.net/")

    error = _failing_connect(caplog, DatabaseUnavailable)
    assert str(error).startswith("cluster.example.net의 MongoDB에 연결할 수 없습니다.")


@ends_by_itself
@pytest.mark.usefixtures("own_data_dir")
def test_threads_wait_for_an_unreachable_server_together_not_in_turn(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, silent_port: int
) -> None:
    monkeypatch.setenv("MONGO_URI", f"mongodb://127.0.0.1:{silent_port}/")
    failures: list[SisepanError] = []
    threads = [
        threading.Thread(target=lambda: failures.append(_failing_connect(caplog, DatabaseUnavailable)))
        for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(failures) == 3


@ends_by_itself
@pytest.mark.parametrize(
    "uri",
    [
        f"mongodb://user:{PASSWORD}@{PASSWORD}@127.0.0.1:1/",
        f"mongodb://user:{PASSWORD}:{PASSWORD}@127.0.0.1:1/",
        f"mongodb://user:{PASSWORD}/{PASSWORD}@127.0.0.1:1/",
        f"mongodb://user:{PASSWORD}?{PASSWORD}@127.0.0.1:1/",
        f"mongodb://user:{PASSWORD}%zz@127.0.0.1:1/",
        f"mongodb://user:12?{PASSWORD}=1@127.0.0.1:1/",
        f"mongodb://user:12/?{PASSWORD}=1@127.0.0.1:1/",
        f"mongodb://user:{PASSWORD}",
        f"mongodb://user:{PASSWORD}@",
        f"mongodb://user:{PASSWORD}@127.0.0.1:99999/",
        f"mongodb://user:{PASSWORD}@127.0.0.1:1/a b",
        f"mongodb://user:{PASSWORD}@127.0.0.1:1/?{PASSWORD}",
        f"mongodb://user:{PASSWORD}@127.0.0.1:1,127.0.0.1:2/?directConnection=true",
        f"mongodb://user:{PASSWORD}@127.0.0.1:1/?authMechanism=MONGODB-X509",
        f"mongodb+srv://user:{PASSWORD}@cluster.example.net:27017/",
        f"http://user:{PASSWORD}@127.0.0.1:1/",
        f"user:{PASSWORD}@127.0.0.1:1",
        f"{PASSWORD} and other garbage",
        "localhost:27017",
        "://",
    ],
)
def test_an_address_that_cannot_be_understood_is_told_without_a_word_of_it(
    own_data_dir: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, uri: str
) -> None:
    monkeypatch.setenv("MONGO_URI", uri)

    error = _failing_connect(caplog, DatabaseMisconfigured)
    assert "MONGO_URI를 이해할 수 없습니다" in str(error)
    assert not own_data_dir.exists()


@ends_by_itself
@pytest.mark.usefixtures("own_data_dir")
def test_a_certificate_file_that_is_not_there_is_told(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("MONGO_URI", f"mongodb://user:{PASSWORD}@127.0.0.1:1/?tls=true&tlsCAFile=/nothing")

    error = _failing_connect(caplog, DatabaseMisconfigured)
    assert "인증서 파일" in str(error)


@ends_by_itself
@pytest.mark.usefixtures("own_data_dir")
def test_a_server_that_comes_back_is_found_without_a_restart(
    data_dirs: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data_dirs.append(elsewhere := tmp_path / "elsewhere")
    server = EmbeddedMongod(elsewhere, has_unix_sockets=False)
    server.ensure_running()
    monkeypatch.setenv("MONGO_URI", server.uri)
    database.connect()["numbers"].insert_one({"_id": 1})
    kill(*servers(elsewhere))

    with pytest.raises(DatabaseUnavailable, match=database.address()):
        database.connect()

    server.ensure_running()
    assert database.connect()["numbers"].find_one() == {"_id": 1}

    kill(*servers(elsewhere))  # and back before anybody noticed
    server.ensure_running()
    assert database.connect()["numbers"].find_one() == {"_id": 1}
    server.release()


@ends_by_itself
@pytest.mark.usefixtures("own_data_dir")
def test_a_wrong_or_missing_password_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    with _server_with_users(tmp_path / "guarded") as host:
        monkeypatch.setenv("MONGO_URI", f"mongodb://user:not{PASSWORD}@{host}/")
        error = _failing_connect(caplog, DatabaseMisconfigured)
        assert "사용자나 암호" in str(error)

        monkeypatch.setenv("MONGO_URI", f"mongodb://{host}/")
        with pytest.raises(OperationFailure) as refused:
            prices.load(database.connect(), KOREAN_STOCKS, "005930")
        assert isinstance(database.explained(refused.value), DatabaseMisconfigured)

        monkeypatch.setenv("MONGO_URI", f"mongodb://user:{PASSWORD}@{host}/")
        db = database.connect()
        assert not database.has_transactions(db)  # this one is no replica set

        roles = [{"role": "read", "db": db.name}]
        db.client.admin.command("createUser", "reader", pwd=PASSWORD, roles=roles)
        monkeypatch.setenv("MONGO_URI", f"mongodb://reader:{PASSWORD}@{host}/?authSource=admin")
        reader = database.connect()
        assert prices.load(reader, KOREAN_STOCKS, "005930").empty
        with pytest.raises(OperationFailure) as denied:
            reader["settings"].insert_one({})
        said = str(database.explained(denied.value))
        assert all(part in said for part in (reader.name, "insert 명령", "readWrite"))
        database.atomically(db, lambda session: db.numbers.insert_one({"_id": 1, "in transaction": bool(session)}))
        assert db.numbers.find_one() == {"_id": 1, "in transaction": False}


def test_a_server_that_does_not_answer_on_a_full_disk_is_told_with_the_disk(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    error = ServerSelectionTimeoutError("nobody")
    assert "MB" not in str(database.explained(error))
    monkeypatch.setattr(database, "LEAST_FREE", 2**62)
    assert "MB" in str(database.explained(error))


def test_an_error_that_nobody_foresaw_is_explained_and_logged(
    db: MongoDatabase, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(PyMongoError) as refused:
        db.command("nonsense")
    assert "OperationFailure" in str(database.explained(refused.value))
    assert "nonsense" in caplog.text


def _failing_connect(caplog: pytest.LogCaptureFixture, expected: type[SisepanError]) -> SisepanError:
    """The error of a connect that fails, after a look for the password wherever somebody may read it."""
    caplog.set_level("DEBUG")
    with pytest.raises(expected) as raised:
        database.connect()

    said = [caplog.text, *traceback.format_exception(raised.value)]
    error: BaseException | None
    for start in (raised.value, raised.value.__context__):
        error = start
        while error:
            said += [repr(error), str(error), repr(vars(error))]
            error = error.__cause__ or error.__context__
    assert PASSWORD not in "".join(said)
    return raised.value


def _unique_keys(db: MongoDatabase, collection: str) -> list[list[str]]:
    indexes = db[collection].index_information().values()
    return [[key for key, _order in index["key"]] for index in indexes if index.get("unique")]


@contextlib.contextmanager
def _server_with_users(directory: Path) -> Iterator[str]:
    """A standalone server that knows one user, "user" with PASSWORD; yields its host as a URI names it."""
    directory.mkdir()
    sock = directory / "m.sock"
    host = str(sock).replace("/", "%2F")
    listen = ["--bind_ip", sock, "--unixSocketPrefix", directory]
    process = subprocess.Popen(
        [mongod_process.find_binary(), "--auth", "--dbpath", directory, "--logpath", directory / "log", *listen],
        stdout=subprocess.DEVNULL,
    )
    try:
        assert wait_until(sock.exists)
        with MongoClient(f"mongodb://{host}/") as client:
            roles = ["root"]
            client.admin.command("createUser", "user", pwd=PASSWORD, roles=roles)
        yield host
    finally:
        process.kill()
        process.wait()
