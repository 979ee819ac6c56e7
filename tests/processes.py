"""Real processes for tests: programs that use the product, and what runs for a data directory."""

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Self

from finance_core.mongod.process import find_binary
from finance_core.mongod.server import EmbeddedMongod
from tests import forked

PROJECT = Path(__file__).resolve().parents[1]

_PROGRAM = """
import json, sys, threading
from finance_core import settings
from finance_core.errors import SisepanError
from finance_core.storage import database

settings.SECRETS_FILE = settings.PROJECT_DIR / "tests" / "no-secrets.toml"


def pid():
    return database.connect().client.admin.command("serverStatus")["pid"]


def write():
    numbers = database.connect()["numbers"]
    for number in range(100_000):
        numbers.insert_one({"_id": number})
        print(number, flush=True)


def clients_of_threads():
    def connect():
        found.append(id(database.connect().client))

    found = []
    threads = [threading.Thread(target=connect) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


for line in sys.stdin:
    try:
        answer = eval(line)
    except SisepanError as error:
        answer = f"{type(error).__name__}: {error}"
    print(json.dumps(answer), flush=True)
"""


class Mongod:
    """A MongoDB server of a user's own, on a port of 127.0.0.1, whose files stay when it is killed."""

    def __init__(self, directory: Path, *options: str) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.address = f"127.0.0.1:{free.getsockname()[1]}"
        directory.mkdir()
        files = ["--dbpath", str(directory), "--logpath", str(directory / "log"), "--logappend"]
        listen = ["--bind_ip", "127.0.0.1", "--port", self.address.rpartition(":")[2], "--nounixsocket"]
        small = ["--wiredTigerCacheSizeGB", "0.25", "--setParameter", "diagnosticDataCollectionEnabled=false"]
        self._command = [str(find_binary()), *files, *listen, *small, *options]

    def start(self) -> None:
        """Start it; it is not waited for."""
        self._process = subprocess.Popen(self._command, stdout=subprocess.DEVNULL)

    def kill(self) -> None:
        """End it by SIGKILL and wait until it is gone."""
        self._process.kill()
        self._process.wait()


def start_update(*arguments: str, module: str = "updaters.update_kr") -> forked.Process:
    """An update command as a process; what it prints is for `communicate`."""
    return start_python("-m", module, *arguments)


def start_python(*arguments: str, stdin: int = subprocess.DEVNULL, stderr: int = subprocess.PIPE) -> forked.Process:
    """A Python process in the project, `-m MODULE …` or `-c PROGRAM …`; what it prints is for `communicate`."""
    return forked.start(*arguments, stdin=stdin, stderr=stderr)


class Program:
    """A Python process that uses the database of `data_dir`, as an app or a command does.

    It evaluates what it is asked, in which `pid()` connects and tells the server's process id, and ends when left.
    """

    def __init__(self, data_dir: Path) -> None:
        environment = {name: value for name, value in os.environ.items() if name not in ("MONGO_URI", "FINANCE_DB")}
        self._complaints = data_dir.parent / f"stderr-{time.monotonic_ns()}"
        with self._complaints.open("wb") as errors:
            self.process = forked.start(
                *("-W", "default", "-c", _PROGRAM),
                env=environment | {"FINANCE_DATA_DIR": str(data_dir)},
                stdin=subprocess.PIPE,
                stderr=errors.fileno(),
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.end()

    def ask(self, expression: str) -> Any:
        """What `expression` evaluates to, or the sentence of the SisepanError that it raised."""
        self.tell(expression)
        return self.answer()

    def tell(self, expression: str) -> None:
        """Have `expression` evaluated, and do not wait."""
        assert self.process.stdin is not None
        self.process.stdin.write(expression + "\n")
        self.process.stdin.flush()

    def answer(self) -> Any:
        """The next line the program prints."""
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line, f"the program ended: {self.complaints}"
        return json.loads(line)

    @property
    def complaints(self) -> str:
        """What the program wrote to standard error."""
        return self._complaints.read_text()

    def end(self, with_signal: signal.Signals | None = None) -> list[int]:
        """End the program, by itself or by a signal, and wait for it. Returns the numbers it printed last."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        if with_signal:
            self.process.send_signal(with_signal)
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.close()
        with self.process.stdout:
            printed = self.process.stdout.read()
        self.process.wait(60)
        return [int(line) for line in printed.splitlines(keepends=True) if line.endswith("\n")]


def servers(directory: Path) -> list[int]:
    """Process ids of the database servers of `directory`."""
    return [process for process, command in _processes(directory) if b"--dbpath" in command]


def watchdogs(directory: Path) -> list[int]:
    """Process ids of the watchdogs of `directory`."""
    return [process for process, command in _processes(directory) if b"finance_core.mongod.watchdog" in command]


def wait_until(condition: Callable[[], object], seconds: float = 60, pause: float = 0.01) -> bool:
    """Whether `condition` came true within `seconds`; a longer `pause` between looks is for one that costs much."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(pause)
    return True


def kill(*processes: int) -> None:
    """End `processes` by SIGKILL, all in one instant, and wait until they are gone."""
    for process in processes:
        os.kill(process, signal.SIGKILL)
    assert wait_until(lambda: not any(_is_alive(process) for process in processes))


@contextlib.contextmanager
def nothing_left() -> Iterator[list[Path]]:
    """A list of data directories. At the end, every process that was started for one must have ended by itself."""
    directories: list[Path] = []
    try:
        yield directories
    finally:
        ended = wait_until(lambda: not any(_processes(directory) for directory in directories))
        left = [process for directory in directories for process in _processes(directory)]
        for process, _command in left:
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
        for directory in directories:
            _remove(EmbeddedMongod(directory).socket_directory)
    assert ended, f"still running: {left}"


def _remove(directory: Path | None) -> None:
    if directory and directory.is_dir() and not directory.is_symlink():
        shutil.rmtree(directory)
    elif directory:
        directory.unlink(missing_ok=True)


def _processes(directory: Path) -> list[tuple[int, bytes]]:
    """Id and command of every living process, except this one, that has a path in `directory` among its arguments."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            with contextlib.suppress(OSError):
                command = (entry / "cmdline").read_bytes()
                if os.fsencode(directory) in command and _is_alive(int(entry.name)):
                    found.append((int(entry.name), command))
    return found


def _is_alive(process: int) -> bool:
    """Whether a thread of a process runs; a process that ended but was not collected by its parent has none."""
    states = []
    for thread in Path(f"/proc/{process}/task").glob("*/stat"):
        with contextlib.suppress(OSError):
            states.append(thread.read_text().rpartition(")")[2].split()[0])
    return any(state not in ("Z", "X") for state in states)
