"""The private MongoDB server of one data directory: started on demand, shared, shut down after its last user.

The server (`mongod`, from a wheel) listens on a unix socket in a directory that only its user can enter, or on
127.0.0.1 where a platform has no unix sockets. It is a replica set of one, so that it has transactions. Processes find
each other through locks that the kernel releases however a process ends:

- `users.lock` is held shared by every process that uses the server;
- `startup.lock` is held exclusively while one of them starts it;
- `watchdog.lock` is held by `mongod_watchdog`, which waits for `users.lock` to become free and then shuts it down.

What is stored on the server is no concern of this module.
"""

import hashlib
import importlib.util
import logging
import os
import re
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any, cast
from urllib.parse import quote_plus

import portalocker
from pymongo import MongoClient
from pymongo.errors import ConnectionFailure, OperationFailure, PyMongoError

from finance_core.errors import DatabaseMisconfigured, DatabaseUnavailable
from finance_core.i18n import N_

if sys.platform != "win32":
    import fcntl

REPLICA_SET = "sisepan"
CACHE_GB = 0.5
OPLOG_MB = 128
LOG_BYTES = 5_000_000
"""A longer log is put aside when the server starts."""
READY_WITHIN = 120.0
"""Seconds: usually it takes less than one, but a server that was killed first replays its journal."""
GONE_WITHIN = 30.0
"""Seconds a clean shutdown may take; it usually takes a fraction of one."""
NOT_YET_INITIALIZED = 94
INVALID_REPLICA_SET_CONFIG = 93

_log = logging.getLogger(__name__)


class EmbeddedMongod:
    """The server of `data_dir`, as one process sees it. Safe to use from several threads only under a lock.

    `has_unix_sockets` is given by tests alone.
    """

    def __init__(self, data_dir: Path, *, has_unix_sockets: bool = hasattr(socket, "AF_UNIX")) -> None:
        self.directory = (data_dir / "mongo").resolve()
        self.database_files = self.directory / "db"
        self.log_file = self.directory / "mongod.log"
        digest = hashlib.sha256(os.fsencode(self.directory)).hexdigest()[:12]
        # In /tmp, since a socket's path may have no more than 107 bytes; fixed, since all processes must agree on it.
        self.socket_directory = Path(f"/tmp/sisepan-{_user_id()}-{digest}") if has_unix_sockets else None
        self._users_lock: IO[Any] | None = None
        self._known_to_be_ours = False

    @property
    def host(self) -> str:
        """Where the server listens: the socket's path, or 127.0.0.1 and the port it was last given."""
        if self.socket_directory:
            return str(self.socket_directory / "m.sock")
        try:
            return f"127.0.0.1:{int((self.directory / 'port').read_text())}"
        except (FileNotFoundError, ValueError):
            return f"127.0.0.1:{self._choose_port()}"

    @property
    def uri(self) -> str:
        """What pymongo connects to."""
        host = quote_plus(self.host) if self.socket_directory else self.host
        return f"mongodb://{host}/?directConnection=true"

    def ensure_running(self) -> bool:
        """Become a user of the server and start it where it does not run; afterwards it accepts writes.

        Returns whether this call (re)started it. Costs some microseconds where it runs. Raises DatabaseMisconfigured
        or DatabaseUnavailable with one sentence that says what to do.
        """
        if self._users_lock and self._known_to_be_ours and self._is_listening() and self._has_watchdog():
            return False
        self._make_directories()
        if self._users_lock is None:
            # Waits while a watchdog that found no user is still shutting the server down.
            self._users_lock = _lock(self.directory / "users.lock", portalocker.LockFlags.SHARED, GONE_WITHIN + 10)
        starting = _lock(self.directory / "startup.lock", portalocker.LockFlags.EXCLUSIVE, READY_WITHIN + 30)
        try:
            if not self._has_watchdog():
                self._start_watchdog()
            started = not self._is_ours()
            if started:
                self._start()
            self._known_to_be_ours = True
            _wait(self._has_watchdog, READY_WITHIN)
            return started
        finally:
            _unlock(starting)

    def release(self) -> None:
        """Stop being a user of the server. The end of the process, however it comes, does the same."""
        if self._users_lock:
            _unlock(self._users_lock)
            self._users_lock = None

    def shut_down(self) -> None:
        """End the server cleanly and wait until it is gone; a server that does not end is killed (its journal keeps
        every acknowledged write). For the watchdog, which makes sure that nobody uses it."""
        if self._is_ours():
            with self._client() as client:
                try:
                    client.admin.command({"shutdown": 1, "force": True, "timeoutSecs": 0})
                except ConnectionFailure:
                    _log.info("the embedded server closed the connection, as it should")
        if not _wait(lambda: self._owner_of_files() is None and not self._is_listening(), GONE_WITHIN):
            self._end_owner_of_files()

    def _start(self) -> None:
        """Start the server and wait until it accepts writes. Requires startup.lock."""
        self._end_owner_of_files()
        binary = find_binary()
        if self.log_file.exists() and self.log_file.stat().st_size > LOG_BYTES:
            self.log_file.replace(self.log_file.with_suffix(".log.old"))
        if not self.socket_directory:
            self._choose_port()
        complaint_file = self.directory / "start.log"
        with complaint_file.open("wb") as output:
            try:
                process = subprocess.Popen(
                    [str(binary), *self._options()],
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,  # Ctrl-C in the app's terminal is not for the server
                )
            except OSError as error:
                raise DatabaseMisconfigured(
                    N_(
                        "내장 MongoDB를 이 컴퓨터에서 실행할 수 없습니다({reason}). 가지고 있는 MongoDB의 주소를 MONGO_URI에 적으십시오."
                    ),
                    reason=error.strerror or type(error).__name__,
                ) from error
        ready = _wait(lambda: process.poll() is not None or self._is_writable(), READY_WITHIN)
        if process.poll() is not None:
            raise _why_it_ended(process.returncode, complaint_file.read_text(errors="replace"), self.log_file)
        if not ready:
            raise DatabaseUnavailable(
                N_("내장 MongoDB가 제때 준비되지 않았습니다. {log}를 확인하고 다시 시도하십시오."),
                log=str(self.log_file),
            )
        _let_go(process)

    def _options(self) -> list[str]:
        if self.socket_directory:
            listen = [
                "--bind_ip",
                self.host,
                "--unixSocketPrefix",
                str(self.socket_directory),
                "--filePermissions",
                "0600",
            ]
        else:
            address, _, port = self.host.partition(":")
            listen = ["--bind_ip", address, "--port", port]
        files = ["--dbpath", str(self.database_files), "--logpath", str(self.log_file), "--logappend"]
        bounds = ["--wiredTigerCacheSizeGB", str(CACHE_GB), "--oplogSize", str(OPLOG_MB), "--quiet", "--slowms", "1000"]
        # Journal files of 16 MB instead of three of 100: less disk, and less to scan at the start.
        journal = ["--wiredTigerEngineConfigString", "log=(file_max=16MB)"]
        spare = ["--noscripting", "--setParameter", "diagnosticDataCollectionEnabled=false"]
        return [*listen, *files, *bounds, *journal, *spare, "--replSet", REPLICA_SET]

    def _is_writable(self) -> bool:
        """Whether the server accepts writes; makes it the one member of its replica set where it is not yet."""
        if not self._is_listening():
            return False
        with self._client() as client:
            try:
                hello = client.admin.command("hello")
                if hello["isWritablePrimary"]:
                    return True
                self._configure(client)
            except PyMongoError as error:
                _log.info("the embedded server is not ready: %s", error)
        return False

    def _configure(self, client: "MongoClient[dict[str, Any]]") -> None:
        members = [{"_id": 0, "host": self.host}]
        try:
            config = client.admin.command("replSetGetConfig")["config"]
        except OperationFailure as error:
            if error.code == NOT_YET_INITIALIZED:
                client.admin.command("replSetInitiate", {"_id": REPLICA_SET, "members": members})
                return
            raise
        if config["members"][0]["host"] != self.host:  # the data directory was moved, or the port changed
            config |= {"version": config["version"] + 1, "members": members}
            client.admin.command({"replSetReconfig": config, "force": True})

    def _is_listening(self) -> bool:
        try:
            if self.socket_directory:
                with socket.socket(socket.AF_UNIX) as attempt:
                    attempt.connect(self.host)
            else:
                address, _, port = self.host.partition(":")
                socket.create_connection((address, int(port)), timeout=1).close()
        except OSError:
            return False
        return True

    def _is_ours(self) -> bool:
        """Whether what listens is the server of this directory: on a port, it might be anything."""
        if not self._is_listening():
            return False
        with self._client() as client:
            try:
                options = client.admin.command("getCmdLineOpts")["parsed"]
                path = options.get("storage", {}).get("dbPath", "")
            except PyMongoError as error:
                _log.info("what listens at %s is not the embedded server: %s", self.host, type(error).__name__)
                return False
            return bool(Path(path) == self.database_files and self._is_writable())

    def _client(self) -> "MongoClient[dict[str, Any]]":
        return MongoClient(self.uri, serverSelectionTimeoutMS=5_000, socketTimeoutMS=10_000)

    def _has_watchdog(self) -> bool:
        try:
            # Shared, so that two processes that ask in the same instant do not take each other for the watchdog.
            probe = _lock(self.directory / "watchdog.lock", portalocker.LockFlags.SHARED, timeout=0)
        except DatabaseUnavailable:
            return True
        _unlock(probe)
        return False

    def _start_watchdog(self) -> None:
        watchdog = subprocess.Popen(
            [sys.executable, "-m", "finance_core.mongod_watchdog", str(self.directory.parent)],
            cwd=Path(__file__).resolve().parent.parent,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        _let_go(watchdog)

    def _owner_of_files(self) -> int | None:
        """Process id of the server that has the database files open, None where there is none.

        Certain, as the server locks a file of its own; unknown (None) on Windows.
        """
        if sys.platform == "win32":
            return None
        try:
            with (self.database_files / "mongod.lock").open("r+") as lock_file:
                try:
                    fcntl.lockf(lock_file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except OSError:
                    return int(lock_file.read().strip() or 0) or None
        except FileNotFoundError:
            return None
        return None

    def _end_owner_of_files(self) -> None:
        """End a server that has the files open but cannot be reached (its socket was deleted, or it hangs)."""
        for signal_number in (15, 9):
            owner = self._owner_of_files()
            if owner is None:
                return
            _log.warning("ending the unreachable server %d with signal %d", owner, signal_number)
            os.kill(owner, signal_number)
            _wait(lambda: self._owner_of_files() is None, GONE_WITHIN)

    def _make_directories(self) -> None:
        try:
            self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            self.database_files.mkdir(mode=0o700, exist_ok=True)
        except OSError as error:
            raise DatabaseMisconfigured(
                N_("데이터 디렉터리 {directory}에 쓸 수 없습니다({reason}). FINANCE_DATA_DIR를 확인하십시오."),
                directory=str(self.directory.parent),
                reason=error.strerror,
            ) from error
        if self.socket_directory is None:
            return
        self.socket_directory.mkdir(mode=0o700, exist_ok=True)
        found = self.socket_directory.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != _user_id() or stat.S_IMODE(found.st_mode) != 0o700:
            raise DatabaseMisconfigured(
                N_("{directory}를 다른 사용자가 만들었거나 열어 두었습니다. 지운 뒤 다시 시도하십시오."),
                directory=str(self.socket_directory),
            )

    def _choose_port(self) -> int:
        """The remembered port where it is free, else another; remembered for the other processes."""
        remembered = self.directory / "port"
        for port in (int(remembered.read_text()) if remembered.exists() else 0, 0):
            with socket.socket() as attempt:
                try:
                    attempt.bind(("127.0.0.1", port))
                except OSError:
                    continue
                chosen = int(attempt.getsockname()[1])
                remembered.write_text(str(chosen))
                return chosen
        raise DatabaseUnavailable(N_("내장 MongoDB가 쓸 수 있는 포트가 없습니다. 다시 시도하십시오."))


def find_binary() -> Path:
    """The installed `mongod`. Raises DatabaseMisconfigured where there is none."""
    name = "mongod.exe" if sys.platform == "win32" else "mongod"
    package = importlib.util.find_spec("fiftyone")  # finds the namespace, imports nothing
    for location in (package.submodule_search_locations or []) if package else []:
        binary = Path(location) / "db" / "bin" / name
        if binary.is_file():
            return binary
    raise DatabaseMisconfigured(
        N_(
            "내장 MongoDB의 실행 파일이 없습니다. pip install -r requirements.txt를 다시 실행하거나, "
            "가지고 있는 MongoDB의 주소를 MONGO_URI에 적으십시오."
        )
    )


def _why_it_ended(code: int, complaint: str, log_file: Path) -> DatabaseMisconfigured | DatabaseUnavailable:
    library = re.search(r"(lib[\w.+-]+\.so[\w.]*)", complaint)
    if library:
        return DatabaseMisconfigured(
            N_(
                "내장 MongoDB에 필요한 {library}가 없습니다. 설치하거나(Debian·Ubuntu: sudo apt install libcurl4 libssl3), "
                "가지고 있는 MongoDB의 주소를 MONGO_URI에 적으십시오."
            ),
            library=library[1],
        )
    _log.error("the embedded server ended with code %d: %s", code, complaint.strip()[-500:])
    return DatabaseUnavailable(
        N_(
            "내장 MongoDB가 시작하다가 끝났습니다(코드 {code}). {log}에 까닭이 있습니다. "
            "가지고 있는 MongoDB의 주소를 MONGO_URI에 적어 쓸 수도 있습니다."
        ),
        code=code,
        log=str(log_file),
    )


def _let_go(process: "subprocess.Popen[bytes]") -> None:
    """Spare Python the warning that a child is still running: ours outlive this process by design."""
    process.returncode = 0


def _user_id() -> int:
    return os.getuid() if sys.platform != "win32" else 0


def _lock(path: Path, kind: portalocker.LockFlags, timeout: float) -> IO[Any]:
    """The opened file of a lock that was granted within `timeout` seconds; raises DatabaseUnavailable otherwise."""
    lock = portalocker.Lock(
        path, mode="a", timeout=timeout, check_interval=0.01, flags=kind | portalocker.LockFlags.NON_BLOCKING
    )
    try:
        return cast("IO[Any]", lock.acquire())
    except portalocker.exceptions.LockException as error:
        raise DatabaseUnavailable(
            N_("다른 프로그램이 내장 MongoDB를 시작하거나 끝내는 중입니다. 잠시 뒤 다시 시도하십시오.")
        ) from error


def _unlock(file: IO[Any]) -> None:
    portalocker.unlock(file)
    file.close()


def _wait(condition: Callable[[], bool], seconds: float) -> bool:
    """Whether `condition` came true within `seconds`."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True
