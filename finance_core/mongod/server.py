"""The private MongoDB server of one data directory: started on demand, shared, shut down after its last user.

The server (`mongod`, from a wheel) listens on a unix socket in a directory that only its user can enter, or on
127.0.0.1 where a platform has no unix sockets. It is a replica set of one, so that it has transactions. Processes find
each other through locks that the kernel releases however a process ends:

- `users.lock` is held shared by every process that uses the server;
- `startup.lock` is held exclusively while one of them starts it;
- `watchdog.lock` is held by `watchdog`, which waits for `users.lock` to become free and then shuts it down.
"""

import contextlib
import hashlib
import logging
import os
import socket
import stat
import sys
import time
from pathlib import Path
from typing import IO, Any
from urllib.parse import quote_plus

from portalocker import LockFlags
from pymongo import MongoClient
from pymongo.errors import OperationFailure, PyMongoError

from finance_core.errors import DatabaseMisconfigured, DatabaseUnavailable, data_unwritable
from finance_core.i18n import N_
from finance_core.mongod.process import find_binary, holder, is_locked, launch, lock, unlock, wait, why_it_ended

REPLICA_SET = "sisepan"
CACHE_GB = 0.5
OPLOG_MB = 128
LOG_BYTES = 5_000_000
"""A longer log is renamed when the server starts."""
READY_WITHIN = 120.0
"""Seconds; usually less than one, but a server that was killed first replays its journal."""
GONE_WITHIN = 30.0
"""Seconds that a clean shutdown may take; it usually takes one."""
OPEN_WITHIN = 10.0
"""Seconds until a server that was just launched has opened its files."""
ANSWER_WITHIN = 10.0
"""Seconds after which a server that listens but does not answer counts as hung."""
NOT_YET_INITIALIZED = 94

_log = logging.getLogger(__name__)


class EmbeddedMongod:
    """The server of `data_dir`, as one process sees it. Not safe for threads. Only tests pass `has_unix_sockets`."""

    def __init__(self, data_dir: Path, *, has_unix_sockets: bool = sys.platform != "win32") -> None:
        self.directory = (data_dir / "mongo").resolve()
        self.database_files = self.directory / "db"
        self.log_file = self.directory / "mongod.log"
        digest = hashlib.sha256(os.fsencode(self.directory)).hexdigest()[:12]
        # In /tmp, since a socket's path may have no more than 107 bytes; fixed, since all processes must agree on it.
        self.socket_directory = Path(f"/tmp/sisepan-{_user_id()}-{digest}") if has_unix_sockets else None
        self._users_lock: IO[Any] | None = None
        self._is_trusted = False

    @property
    def host(self) -> str:
        """Where the server listens: the socket's path, or 127.0.0.1 and the port it was last given."""
        return str(self.socket_directory / "m.sock") if self.socket_directory else f"127.0.0.1:{self._port()}"

    @property
    def uri(self) -> str:
        """What pymongo connects to."""
        host = quote_plus(self.host) if self.socket_directory else self.host
        return f"mongodb://{host}/?directConnection=true"

    def ensure_running(self) -> bool:
        """Become a user of the server, and start it if it does not run; afterwards it accepts writes.

        Returns whether this call started it; takes less than a millisecond if it runs. Raises DatabaseMisconfigured or
        DatabaseUnavailable with a sentence that says what to do.
        """
        try:
            if self._is_user() and self._is_trusted and self.is_listening() and self._has_watchdog():
                return False
            self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            self.database_files.mkdir(mode=0o700, exist_ok=True)
            return self._join()
        except OSError as error:
            raise data_unwritable(self.directory, error) from error

    def doubt(self) -> None:
        """Make the next `ensure_running` check the server, which did not answer, and replace it if it hangs."""
        self._is_trusted = False

    def release(self) -> None:
        """Stop being a user of the server. Any end of the process does the same."""
        if self._users_lock:
            unlock(self._users_lock)
            self._users_lock = None

    def shut_down(self) -> None:
        """End the server and wait until it is gone. For the watchdog, which makes sure that nobody uses the server.

        A server that does not end is killed; its journal keeps every acknowledged write.
        """
        # Whoever launched the server may have been killed before the server could open its files.
        wait(self._is_in_use, 1)
        self._end_server()
        if self.socket_directory:
            with contextlib.suppress(OSError):
                self.socket_directory.rmdir()

    def _join(self) -> bool:
        if not self._is_user():
            self.release()
            # Waits while a watchdog that found no user is still shutting the server down.
            self._users_lock = lock(self.directory / "users.lock", LockFlags.SHARED, READY_WITHIN)
        self._make_socket_directory()
        starting = lock(self.directory / "startup.lock", LockFlags.EXCLUSIVE, READY_WITHIN)
        try:
            # The watchdog starts before the server, so that the server never runs without a process that ends it.
            command = [sys.executable, "-m", "finance_core.mongod.watchdog", str(self.directory.parent)]
            watchdog = None if self._has_watchdog() else launch(command, self.log_file)
            starts = not self._is_usable()
            if starts:
                self._start()
            if watchdog:
                wait(lambda: self._has_watchdog() or watchdog.poll() is not None, READY_WITHIN)
            self._is_trusted = True
            return starts
        finally:
            unlock(starting)

    def _start(self) -> None:
        """Start the server and wait until it accepts writes. Requires startup.lock."""
        binary = find_binary()
        self._end_server()
        if self.log_file.exists() and self.log_file.stat().st_size > LOG_BYTES:
            self.log_file.replace(self.log_file.with_suffix(".log.old"))
        self.log_file.touch(mode=0o600)
        log_size = self.log_file.stat().st_size
        if self.socket_directory:
            Path(self.host).unlink(missing_ok=True)
        else:
            self._choose_port()
        server = launch([str(binary), *self._options()], self.log_file)
        if not wait(lambda: server.poll() is not None or self._is_writable(), READY_WITHIN):
            sentence = N_("내장 MongoDB가 제때 준비되지 않았습니다. {log}를 확인하고 다시 시도하십시오.")
            raise DatabaseUnavailable(sentence, log=str(self.log_file))
        if server.returncode is not None:
            raise why_it_ended(server.returncode, self.log_file, log_size)

    def _options(self) -> list[str]:
        if self.socket_directory:
            listen = ["--bind_ip", self.host, "--unixSocketPrefix", str(self.socket_directory)]
        else:
            listen = ["--bind_ip", "127.0.0.1", "--port", str(self._port())]
            listen += [] if sys.platform == "win32" else ["--nounixsocket"]
        files = ["--dbpath", str(self.database_files), "--logpath", str(self.log_file), "--logappend"]
        bounds = ["--wiredTigerCacheSizeGB", str(CACHE_GB), "--oplogSize", str(OPLOG_MB), "--quiet", "--slowms", "1000"]
        # Journal files of 16 MB instead of three of 100: less disk, and less to scan at the start.
        journal = ["--wiredTigerEngineConfigString", "log=(file_max=16MB)"]
        spare = ["--noscripting", "--setParameter", "diagnosticDataCollectionEnabled=false"]
        # A process killed in a transaction must not keep the others from its ticker for the usual minute.
        spare += ["--setParameter", "transactionLifetimeLimitSeconds=10"]
        return [*listen, *files, *bounds, *journal, *spare, "--replSet", REPLICA_SET]

    def _is_writable(self) -> bool:
        """Whether the server accepts writes; makes it the one member of its replica set where it is not yet."""
        if not self.is_listening():
            return False
        with self._client() as client:
            try:
                if client.admin.command("hello")["isWritablePrimary"]:
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
            if error.code != NOT_YET_INITIALIZED:
                raise
            client.admin.command("replSetInitiate", {"_id": REPLICA_SET, "members": members})
            return
        if config["members"][0]["host"] != self.host:  # the data directory was moved, or the port changed
            config |= {"version": config["version"] + 1, "members": members}
            client.admin.command({"replSetReconfig": config, "force": True})

    def _is_user(self) -> bool:
        """Whether this process holds the present `users.lock`: the directory may have been deleted or moved since."""
        if self._users_lock is None:
            return False
        try:
            return os.path.samestat(os.fstat(self._users_lock.fileno()), (self.directory / "users.lock").stat())
        except FileNotFoundError:
            return False

    def is_listening(self) -> bool:
        """Whether a process accepts connections where the server listens, even if it does not answer."""
        try:
            if self.socket_directory:
                with socket.socket(socket.AF_UNIX) as attempt:
                    attempt.settimeout(1)
                    attempt.connect(self.host)
            else:
                socket.create_connection(("127.0.0.1", self._port()), timeout=1).close()
        except OSError:
            return False
        return True

    def _is_usable(self) -> bool:
        """Whether the server of these files accepts writes; a server that listens has `ANSWER_WITHIN` to answer."""
        deadline = time.monotonic() + ANSWER_WITHIN
        while self._is_in_use() and self.is_listening():
            if self._names_our_files() and self._is_writable():
                return True
            if time.monotonic() > deadline:
                break
            time.sleep(0.02)
        return False

    def _names_our_files(self) -> bool:
        """Whether the process that listens reports our database files; another program may have the port."""
        if not self.is_listening():
            return False
        with self._client() as client:
            try:
                options = client.admin.command("getCmdLineOpts")["parsed"]
            except PyMongoError as error:
                _log.info("what listens at %s does not answer: %s", self.host, type(error).__name__)
                return False
        return Path(options.get("storage", {}).get("dbPath", "")) == self.database_files

    def _client(self) -> "MongoClient[dict[str, Any]]":
        # Gives up after a second, so that nobody waits long for a server that is just ending.
        return MongoClient(self.uri, serverSelectionTimeoutMS=1_000, socketTimeoutMS=int(ANSWER_WITHIN * 1000))

    def _has_watchdog(self) -> bool:
        return is_locked(self.directory / "watchdog.lock")

    def _is_in_use(self) -> bool:
        """Whether a server has the database files open. It locks mongod.lock first and releases it last."""
        try:
            return is_locked(self.database_files / "mongod.lock")
        except FileNotFoundError:
            return False
        except PermissionError:  # Windows does not let others open a locked file
            return True

    def _end_server(self) -> None:
        """End the server, cleanly if it answers; else it may be starting, may hang, or may have lost its socket."""
        if self._names_our_files():
            with contextlib.suppress(PyMongoError), self._client() as client:  # it never answers this command
                client.admin.command({"shutdown": 1, "force": True, "timeoutSecs": 0})
            wait(lambda: not (self._is_in_use() or self.is_listening()), GONE_WITHIN)
        for signal_number in (15, 9):  # SIGTERM, SIGKILL
            wait(lambda: not self._is_in_use() or holder(self.database_files) is not None, OPEN_WITHIN)
            process_id = holder(self.database_files)
            if process_id is None:
                break
            _log.warning("ending the unreachable server %d with signal %d", process_id, signal_number)
            with contextlib.suppress(ProcessLookupError):
                os.kill(process_id, signal_number)
            wait(lambda: not self._is_in_use(), GONE_WITHIN)
        if self._is_in_use():
            sentence = N_(
                "다른 프로그램이 {directory}의 데이터베이스를 쓰고 있습니다. "
                "그 프로그램을 끝내거나 FINANCE_DATA_DIR에 다른 디렉터리를 적으십시오."
            )
            raise DatabaseMisconfigured(sentence, directory=str(self.directory))

    def _make_socket_directory(self) -> None:
        if self.socket_directory is None:
            return
        with contextlib.suppress(FileExistsError):
            self.socket_directory.mkdir(mode=0o700)
        status = self.socket_directory.lstat()
        if status.st_uid != _user_id():  # in /tmp, only the owner or an administrator may delete it
            sentence = N_(
                "다른 사용자가 {directory}을(를) 만들어 두어 내장 MongoDB를 켤 수 없습니다. {data} 디렉터리를 옮겨 "
                "FINANCE_DATA_DIR에 새 자리를 적거나, 그 사용자나 관리자에게 지워 달라고 하십시오."
            )
            data = str(self.directory.parent)
            raise DatabaseMisconfigured(sentence, directory=str(self.socket_directory), data=data)
        if not stat.S_ISDIR(status.st_mode) or stat.S_IMODE(status.st_mode) != 0o700:
            sentence = N_("{directory}이(가) 다른 사용자에게 열려 있습니다. 지운 뒤 다시 시도하십시오.")
            raise DatabaseMisconfigured(sentence, directory=str(self.socket_directory))

    def _port(self) -> int:
        """The port that the server was last given; 0 if none is known."""
        try:
            port = int((self.directory / "port").read_text())
        except (OSError, ValueError):
            return 0
        return port if 0 < port < 65536 else 0

    def _choose_port(self) -> None:
        """Keep the port in the file if it is free, else write another one to the file."""
        for wanted in (self._port(), 0):
            with contextlib.suppress(OSError), socket.create_server(("127.0.0.1", wanted)) as free:
                port = free.getsockname()[1]
                break
        else:
            raise DatabaseUnavailable(N_("내장 MongoDB가 쓸 수 있는 포트가 없습니다. 다시 시도하십시오."))
        (self.directory / "port").write_text(str(port))


def _user_id() -> int:
    return os.getuid() if sys.platform != "win32" else 0
