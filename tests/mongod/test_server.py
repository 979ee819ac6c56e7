"""The embedded server's life, with real processes: every test has a data directory and thus a server of its own."""

import contextlib
import os
import shutil
import signal
import socket
import stat
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import portalocker
import pytest
from pymongo import MongoClient

from finance_core.errors import DatabaseMisconfigured, DatabaseUnavailable
from finance_core.mongod import process as mongod_process
from finance_core.mongod import server as embedded_mongod
from finance_core.mongod.server import EmbeddedMongod
from tests.processes import Program, kill, nothing_left, servers, wait_until, watchdogs

pytestmark = [pytest.mark.slow, pytest.mark.skipif(sys.platform != "linux", reason="looks at processes through /proc")]

UNCLEAN = "Detected unclean shutdown"
ENDED_CLEANLY = '"exitCode":0'


@pytest.fixture(scope="module")
def data_dirs() -> Iterator[list[Path]]:
    with nothing_left() as directories:
        yield directories


@pytest.fixture
def data_dir(data_dirs: list[Path], tmp_path: Path) -> Path:
    """A data directory of the test's own, not made yet."""
    data_dirs.append(tmp_path / "data")
    return tmp_path / "data"


@pytest.fixture
def server(data_dir: Path) -> Iterator[EmbeddedMongod]:
    """The server of `data_dir` as this process sees it, not started yet."""
    embedded = EmbeddedMongod(data_dir)
    yield embedded
    embedded.release()


@pytest.fixture
def tcp_server(data_dir: Path) -> Iterator[EmbeddedMongod]:
    """The same on a platform without unix sockets."""
    embedded = EmbeddedMongod(data_dir, has_unix_sockets=False)
    yield embedded
    embedded.release()


def one_of_each(data_dir: Path) -> bool:
    """Whether there is one server and one watchdog; one that gave up its locks may still be ending."""
    return wait_until(lambda: len(servers(data_dir)) == len(watchdogs(data_dir)) == 1)


# Starting


def test_it_listens_on_a_socket_that_only_its_user_can_reach_and_nowhere_else(shared_server: EmbeddedMongod) -> None:
    (process,) = servers(shared_server.directory.parent)
    socket_directory = Path(shared_server.host).parent.lstat()
    assert stat.S_ISDIR(socket_directory.st_mode)
    assert stat.S_IMODE(socket_directory.st_mode) == 0o700
    assert socket_directory.st_uid == os.getuid()
    assert stat.S_IMODE(shared_server.directory.stat().st_mode) == 0o700
    assert _tcp_listeners(process) == []


def test_its_cache_is_bounded_and_its_log_is_in_the_data_directory(shared_server: EmbeddedMongod) -> None:
    with _client(shared_server) as client:
        cache = client.admin.command("serverStatus")["wiredTiger"]["cache"]
        options = client.admin.command("getCmdLineOpts")["parsed"]
    assert cache["maximum bytes configured"] == embedded_mongod.CACHE_GB * 1024**3
    assert options["systemLog"]["path"] == str(shared_server.log_file)
    assert "Waiting for connections" in shared_server.log_file.read_text()


def test_a_server_that_runs_is_found(shared_server: EmbeddedMongod) -> None:
    assert not any(shared_server.ensure_running() for _ in range(100))


def test_the_keyboard_of_the_apps_terminal_does_not_reach_the_server(shared_server: EmbeddedMongod) -> None:
    data_dir = shared_server.directory.parent
    processes = servers(data_dir) + watchdogs(data_dir)
    assert len(processes) == 2
    assert os.getsid(0) not in [os.getsid(process) for process in processes]


def test_it_starts_again_and_prints_nothing(data_dir: Path) -> None:
    with Program(data_dir) as first:
        first.ask("pid()")
    assert wait_until(lambda: not servers(data_dir))

    with Program(data_dir) as second:
        second.ask("1")
        second.ask("pid()")
    assert first.complaints == second.complaints == ""


# Sharing


def test_processes_started_in_the_same_instant_share_one_server(data_dir: Path) -> None:
    with contextlib.ExitStack() as stack:
        programs = [stack.enter_context(Program(data_dir)) for _ in range(4)]
        for program in programs:
            program.ask("1")
        for program in programs:
            program.tell("pid()")
        answers = [program.answer() for program in programs]

        assert answers == servers(data_dir) * 4
        assert len(watchdogs(data_dir)) == 1


@pytest.mark.parametrize("first_to_leave", ["the one that started it", "the one that found it"])
def test_it_stays_while_one_of_two_users_lives(data_dir: Path, first_to_leave: str) -> None:
    with Program(data_dir) as starter, Program(data_dir) as finder:
        process = starter.ask("pid()")
        assert finder.ask("pid()") == process

        leaving, staying = (starter, finder) if first_to_leave == "the one that started it" else (finder, starter)
        leaving.end()
        assert not wait_until(lambda: servers(data_dir) != [process], seconds=0.5)
        assert staying.ask("pid()") == process


@pytest.mark.sampled(3)
@pytest.mark.parametrize("ending", [None, signal.SIGTERM, signal.SIGHUP, signal.SIGKILL])
def test_it_shuts_down_cleanly_after_its_last_user(data_dir: Path, ending: signal.Signals | None) -> None:
    with Program(data_dir) as program:
        program.ask("pid()")
        program.end(ending)

    assert wait_until(lambda: not servers(data_dir) and not watchdogs(data_dir), seconds=10)
    log = (data_dir / "mongo" / "mongod.log").read_text()
    assert ENDED_CLEANLY in log.splitlines()[-1]
    assert UNCLEAN not in log
    assert not _socket_directory(data_dir).exists()


def test_a_user_that_comes_during_the_shutdown_gets_a_fresh_server(data_dir: Path, server: EmbeddedMongod) -> None:
    with Program(data_dir) as program:
        old = program.ask("pid()")
    with (server.directory / "users.lock").open() as users:
        assert wait_until(lambda: not _can_lock(users))  # the watchdog has it

    assert server.ensure_running()
    assert old not in servers(data_dir)
    assert one_of_each(data_dir)
    assert UNCLEAN not in server.log_file.read_text()


def test_nothing_stays_of_a_start_whose_process_was_killed(data_dir: Path, server: EmbeddedMongod) -> None:
    with Program(data_dir) as program:
        program.ask("1")
        program.tell("pid()")
        assert wait_until(lambda: servers(data_dir))
        program.end(signal.SIGKILL)

    assert wait_until(lambda: not servers(data_dir) and not watchdogs(data_dir), seconds=10)
    assert server.ensure_running()


# What goes wrong


@pytest.mark.sampled(3)
@pytest.mark.parametrize(
    "victims", [("app",), ("server",), ("watchdog",), ("app", "server", "watchdog")], ids=lambda names: "+".join(names)
)
def test_no_acknowledged_write_is_lost_by_kill_9_of(data_dir: Path, victims: tuple[str, ...]) -> None:
    with Program(data_dir) as app:
        app.ask("pid()")
        processes = {"app": [app.process.pid], "server": servers(data_dir), "watchdog": watchdogs(data_dir)}
        app.tell("write()")
        acknowledged = [app.answer() for _ in range(300)]
        for process in (process for name in victims for process in processes[name]):
            os.kill(process, signal.SIGKILL)
        acknowledged += app.end(signal.SIGKILL)

    with Program(data_dir) as next_app:
        found = next_app.ask("[row['_id'] for row in database.connect()['numbers'].find()]")
        assert set(acknowledged) <= set(found)
        assert one_of_each(data_dir)


def test_an_app_whose_server_was_killed_gets_another_at_its_next_connect(data_dir: Path) -> None:
    with Program(data_dir) as app:
        old = app.ask("pid()")
        kill(old)
        new = app.ask("pid()")
        assert new != old
        os.kill(new, signal.SIGKILL)  # not waited for: it may still be dying when it is asked for
        assert app.ask("pid()") not in (old, new)
        assert app.complaints == ""


def test_a_killed_watchdog_is_replaced_at_the_next_use(server: EmbeddedMongod) -> None:
    server.ensure_running()
    (process,) = servers(server.directory.parent)
    kill(*watchdogs(server.directory.parent))

    assert not server.ensure_running()  # the server stays the same
    assert servers(server.directory.parent) == [process]
    assert len(watchdogs(server.directory.parent)) == 1


def test_a_moved_data_directory_works_with_its_data(data_dir: Path, data_dirs: list[Path]) -> None:
    moved = data_dir.with_name("옮긴 데이터 100%")
    data_dirs.append(moved)
    with Program(data_dir) as program:
        program.ask("database.connect()['numbers'].insert_one({'_id': 1}).acknowledged")
    assert wait_until(lambda: not servers(data_dir))
    data_dir.rename(moved)

    with Program(moved) as program:
        assert program.ask("database.connect()['numbers'].find_one()") == {"_id": 1}
        assert program.ask("database.has_transactions(database.connect())")


def test_a_data_directory_moved_under_a_running_server_works_with_its_data(
    data_dir: Path, data_dirs: list[Path]
) -> None:
    moved = data_dir.with_name("옮긴 데이터 100%")
    data_dirs.append(moved)
    with Program(data_dir) as old:
        old.ask("database.connect()['numbers'].insert_one({'_id': 1}).acknowledged")
        data_dir.rename(moved)
        with Program(moved) as new:
            assert new.ask("database.connect()['numbers'].find_one()") == {"_id": 1}


def test_a_data_directory_deleted_under_a_running_server_is_made_anew(data_dir: Path) -> None:
    with Program(data_dir) as program:
        old = program.ask("pid()")
        program.ask("database.connect()['numbers'].insert_one({'_id': 1}).acknowledged")
        while data_dir.exists():  # the server may write while it is deleted
            shutil.rmtree(data_dir, ignore_errors=True)

        assert program.ask("pid()") != old
        assert program.ask("database.connect()['numbers'].find_one()") is None
        assert program.ask("len(database.connect()['korean_stocks'].index_information())") == 2
        assert len(servers(data_dir)) == 1


@pytest.mark.parametrize("lost", ["socket", "directory"])
def test_a_deleted_socket_heals(server: EmbeddedMongod, lost: str) -> None:
    server.ensure_running()
    with _client(server) as client:
        client.test.numbers.insert_one({"_id": 1})
    if lost == "socket":
        Path(server.host).unlink()
    else:
        shutil.rmtree(_socket_directory(server.directory.parent))

    assert server.ensure_running()
    with _client(server) as client:
        assert client.test.numbers.find_one() == {"_id": 1}
    assert len(servers(server.directory.parent)) == 1


@pytest.mark.parametrize("instead", ["symlink", "dangling symlink", "file", "open to the group"])
def test_a_socket_directory_that_others_may_have_made_is_refused(
    server: EmbeddedMongod, tmp_path: Path, instead: str
) -> None:
    directory = _socket_directory(server.directory.parent)
    if instead == "file":
        directory.touch(mode=0o700)
    elif instead == "open to the group":
        directory.mkdir(mode=0o750)
    else:
        directory.symlink_to(tmp_path if instead == "symlink" else tmp_path / "nothing")

    with pytest.raises(DatabaseMisconfigured, match=str(directory)):
        server.ensure_running()
    assert servers(server.directory.parent) == []


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives a directory to another user")
def test_a_socket_directory_of_another_user_gets_advice_that_can_be_followed(server: EmbeddedMongod) -> None:
    directory = _socket_directory(server.directory.parent)
    directory.mkdir(mode=0o700)
    os.chown(directory, 65534, 65534)
    with pytest.raises(DatabaseMisconfigured, match=rf"{directory}.*{server.directory.parent}.*FINANCE_DATA_DIR"):
        server.ensure_running()
    directory.rmdir()


@pytest.mark.parametrize("blocked", ["data", "data/mongo", "data/mongo/db"])
def test_a_data_directory_that_cannot_be_written_to_is_named(
    server: EmbeddedMongod, tmp_path: Path, blocked: str
) -> None:
    (tmp_path / blocked).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / blocked).touch()

    with pytest.raises(DatabaseMisconfigured, match=r"data.*FINANCE_DATA_DIR"):
        server.ensure_running()


@pytest.mark.parametrize("name", ["users.lock", "startup.lock", "watchdog.lock", "mongod.log"])
def test_a_directory_in_the_place_of_a_file_is_named(server: EmbeddedMongod, name: str) -> None:
    (server.directory / name).mkdir(parents=True)

    with pytest.raises(DatabaseMisconfigured, match=name):
        server.ensure_running()


def test_files_of_earlier_runs_are_no_obstacle_and_a_long_log_is_put_aside(server: EmbeddedMongod) -> None:
    server.database_files.mkdir(parents=True)
    for name in ("users.lock", "startup.lock", "watchdog.lock", "db/mongod.lock"):
        (server.directory / name).write_text("1\n")
    server.log_file.write_bytes(b"x" * (embedded_mongod.LOG_BYTES + 1))

    assert server.ensure_running()
    assert server.log_file.stat().st_size < embedded_mongod.LOG_BYTES
    assert server.log_file.with_suffix(".log.old").stat().st_size == embedded_mongod.LOG_BYTES + 1


def test_a_start_by_somebody_else_that_never_ends_is_told(
    server: EmbeddedMongod, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embedded_mongod, "READY_WITHIN", 0.2)
    server.directory.mkdir(parents=True)
    with (server.directory / "startup.lock").open("a") as lock:
        portalocker.lock(lock, portalocker.LockFlags.EXCLUSIVE)

        with pytest.raises(DatabaseUnavailable, match="다른 프로그램이"):
            server.ensure_running()


def test_a_stranger_that_has_the_database_files_open_is_told_and_left_alone(
    server: EmbeddedMongod, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embedded_mongod, "OPEN_WITHIN", 0.2)
    server.database_files.mkdir(parents=True)
    # As a server in another container, whose process id says nothing here.
    with (server.database_files / "mongod.lock").open("w") as lock:
        lock.write(f"{os.getpid()}\n")
        lock.flush()
        portalocker.lock(lock, portalocker.LockFlags.EXCLUSIVE)

        with pytest.raises(DatabaseMisconfigured, match=r"다른 프로그램이.*FINANCE_DATA_DIR"):
            server.ensure_running()


# The program


@pytest.mark.parametrize("installed", ["nothing", "a package without the server"])
def test_a_missing_program_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, installed: str) -> None:
    if installed != "nothing":
        (tmp_path / "fiftyone").mkdir()
    monkeypatch.setattr(sys, "path", [str(tmp_path)])

    with pytest.raises(DatabaseMisconfigured, match=r"pip install -r requirements\.txt.*MONGO_URI"):
        mongod_process.find_binary()


@pytest.mark.parametrize(
    "complaint",
    [
        "mongod: error while loading shared libraries: libcurl.so.4: cannot open shared object file: No such file",
        "Error loading shared library libcurl.so.4: No such file or directory (needed by mongod)",
    ],
    ids=["glibc", "musl"],
)
def test_a_missing_library_is_named(
    server: EmbeddedMongod, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, complaint: str
) -> None:
    _install(tmp_path / "mongod", f"#!/bin/sh\necho '{complaint}' >&2\nexit 127\n", monkeypatch)

    with pytest.raises(DatabaseMisconfigured, match=r"libcurl\.so\.4가 없습니다.*apt install.*MONGO_URI"):
        server.ensure_running()


def test_a_full_disk_is_told(server: EmbeddedMongod, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _install(tmp_path / "mongod", "#!/bin/sh\nexit 1\n", monkeypatch)
    monkeypatch.setattr(mongod_process, "LEAST_FREE", 2**62)

    with pytest.raises(DatabaseUnavailable, match=r"코드 1.*\d MB만 남았습니다"):
        server.ensure_running()


def test_a_processor_without_avx_is_told(
    server: EmbeddedMongod, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _install(tmp_path / "mongod", "#!/bin/sh\nkill -ILL $$\n", monkeypatch)

    with pytest.raises(DatabaseMisconfigured, match=r"AVX.*MONGO_URI"):
        server.ensure_running()


@pytest.mark.parametrize(
    ("content", "mode", "reason"),
    [("\x7fELF no program", 0o700, "Exec format error"), ("#!/bin/sh\n", 0o600, "Permission denied")],
    ids=["of another platform", "not executable"],
)
def test_a_program_that_cannot_be_executed_is_told(
    server: EmbeddedMongod, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str, mode: int, reason: str
) -> None:
    _install(tmp_path / "mongod", content, monkeypatch)
    (tmp_path / "mongod").chmod(mode)

    with pytest.raises(DatabaseMisconfigured, match=rf"{reason}.*MONGO_URI"):
        server.ensure_running()


def test_a_server_that_ends_at_its_start_points_to_its_log(server: EmbeddedMongod) -> None:
    server.database_files.mkdir(parents=True)
    for name in ("WiredTiger", "WiredTiger.wt", "WiredTiger.turtle", "sizeStorer.wt"):
        (server.database_files / name).write_text("no database")

    with pytest.raises(DatabaseUnavailable, match=str(server.log_file)):
        server.ensure_running()
    assert "WiredTiger error" in server.log_file.read_text()


# Without unix sockets


def test_without_unix_sockets_it_listens_on_loopback_only_and_keeps_its_port(tcp_server: EmbeddedMongod) -> None:
    tcp_server.ensure_running()
    uri = tcp_server.uri
    (process,) = servers(tcp_server.directory.parent)
    assert _tcp_listeners(process) == [uri.removeprefix("mongodb://").partition("/")[0]]
    assert not Path(f"/tmp/mongodb-{uri.split(':')[2].partition('/')[0]}.sock").exists()
    with _client(tcp_server) as client:
        client.test.numbers.insert_one({"_id": 1})
    kill(process)

    assert tcp_server.ensure_running()
    assert tcp_server.uri == uri
    with _client(tcp_server) as client:
        assert client.test.numbers.find_one() == {"_id": 1}


@pytest.mark.parametrize("answers", ["nothing", "nonsense"])
def test_another_program_on_the_remembered_port_is_not_taken_for_the_server(
    tcp_server: EmbeddedMongod, answers: str
) -> None:
    with _listener(b"" if answers == "nothing" else b"HTTP/1.1 400 Bad Request\r\n\r\n" * 10) as port:
        tcp_server.directory.mkdir(parents=True)
        (tcp_server.directory / "port").write_text(str(port))

        assert tcp_server.ensure_running()
        assert not tcp_server.uri.startswith(f"mongodb://127.0.0.1:{port}/")
        assert not tcp_server.ensure_running()


def test_the_server_of_another_data_directory_on_the_remembered_port_is_not_taken_for_ours(
    tcp_server: EmbeddedMongod, data_dirs: list[Path], tmp_path: Path
) -> None:
    tcp_server.ensure_running()
    data_dirs.append(tmp_path / "copy")
    other = EmbeddedMongod(tmp_path / "copy", has_unix_sockets=False)
    other.directory.mkdir(parents=True)
    shutil.copy(tcp_server.directory / "port", other.directory / "port")

    assert other.ensure_running()
    assert other.uri != tcp_server.uri
    other.release()


@pytest.mark.parametrize("content", ["", "no number", "0", "-5", "99999999", "\xff"])
def test_a_port_file_that_makes_no_sense_is_written_anew(tcp_server: EmbeddedMongod, content: str) -> None:
    tcp_server.directory.mkdir(parents=True)
    (tcp_server.directory / "port").write_bytes(content.encode("latin-1"))

    tcp_server._choose_port()
    assert 0 < int((tcp_server.directory / "port").read_text()) < 65536


def test_a_port_file_that_cannot_be_written_is_named(tcp_server: EmbeddedMongod) -> None:
    (tcp_server.directory / "port").mkdir(parents=True)

    with pytest.raises(DatabaseMisconfigured, match="port"):
        tcp_server.ensure_running()


def _client(server: EmbeddedMongod) -> MongoClient:
    return MongoClient(server.uri)


def _socket_directory(data_dir: Path) -> Path:
    return EmbeddedMongod(data_dir).socket_directory or Path()


def _install(program: Path, content: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have `program` taken for the installed server."""
    program.write_text(content)
    program.chmod(0o700)
    monkeypatch.setattr(embedded_mongod, "find_binary", lambda: program)


def _can_lock(file: object) -> bool:
    try:
        portalocker.lock(file, portalocker.LockFlags.SHARED | portalocker.LockFlags.NON_BLOCKING)
    except portalocker.AlreadyLocked:
        return False
    portalocker.unlock(file)
    return True


def _tcp_listeners(process: int) -> list[str]:
    """Where `process` listens for TCP, as address:port."""
    links = [link.readlink().name for link in Path(f"/proc/{process}/fd").iterdir() if link.is_symlink()]
    inodes = {link.removeprefix("socket:[").removesuffix("]") for link in links if link.startswith("socket:[")}
    found = []
    for table in ("tcp", "tcp6"):
        for row in Path(f"/proc/{process}/net/{table}").read_text().splitlines()[1:]:
            local, state, inode = (row.split()[column] for column in (1, 3, 9))
            if state == "0A" and inode in inodes:
                address, _, port = local.partition(":")
                found.append(f"{socket.inet_ntoa(bytes.fromhex(address)[::-1])}:{int(port, 16)}")
    return found


@contextlib.contextmanager
def _listener(answer: bytes) -> Iterator[int]:
    """A program that answers every connection with `answer`, and its port."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            connections = []
            with contextlib.suppress(OSError):
                while True:
                    connection, _ = listening.accept()
                    connections.append(connection)
                    connection.sendall(answer)
            for connection in connections:
                connection.close()

        thread = threading.Thread(target=serve)
        thread.start()
        yield listening.getsockname()[1]
        listening.shutdown(socket.SHUT_RDWR)
        thread.join()
