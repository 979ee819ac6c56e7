"""The process of `mongod`: where its program is, how it starts, why it ended, which process has its files; locks."""

import errno
import importlib.util
import os
import re
import shutil
import struct
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any, cast

import portalocker
from portalocker import LockFlags

from finance_core.errors import DatabaseMisconfigured, DatabaseUnavailable, reason_of
from finance_core.i18n import N_

if sys.platform != "win32":
    import fcntl

LEAST_FREE = 250_000_000
"""Bytes; with less free on its disk, a server that does not start lacks room for its journal."""


class Daemon(subprocess.Popen[bytes]):
    """A child that outlives this process by design."""

    def __del__(self) -> None:
        """Do nothing, so that Python does not warn that the child still runs."""


_children: list[Daemon] = []


def find_binary() -> Path:
    """The installed `mongod`. Raises DatabaseMisconfigured if there is none."""
    name = "mongod.exe" if sys.platform == "win32" else "mongod"
    package = importlib.util.find_spec("fiftyone")  # finds the namespace, imports nothing
    for location in (package.submodule_search_locations or []) if package else []:
        binary = Path(location) / "db" / "bin" / name
        if binary.is_file():
            return binary
    sentence = N_(
        "내장 MongoDB의 실행 파일이 없습니다. pip install -r requirements.txt를 다시 실행하거나, "
        "가지고 있는 MongoDB의 주소를 MONGO_URI에 적으십시오."
    )
    raise DatabaseMisconfigured(sentence)


def launch(command: list[str], log_file: Path) -> Daemon:
    """Start a process that outlives this one and appends to `log_file`. Raises DatabaseMisconfigured if it cannot."""
    _children[:] = [child for child in _children if child.poll() is None]  # `poll` reaps those that ended
    with log_file.open("ab") as output:
        try:
            child = Daemon(
                command,
                cwd=Path(__file__).resolve().parents[2],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                # Ctrl-C in the app's terminal must not end it.
                start_new_session=True,
                creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),  # exists on Windows only
            )
        except OSError as error:
            raise _cannot_run(reason_of(error)) from error
    _children.append(child)
    return child


def holder(database_files: Path) -> int | None:
    """Process id of the server that has `database_files` open; None if there is none, or the platform cannot tell.

    The kernel knows it from the server's lock. An id in a file may be old or from another container, and may belong to
    another process now. The server takes the lock less than a second after its start.
    """
    if sys.platform == "win32":
        return None
    layout, question = "hhqqi", (fcntl.F_WRLCK, 0, 0, 0, 0)  # struct flock
    if sys.platform == "darwin":
        layout, question = "qqihh", (0, 0, 0, fcntl.F_WRLCK, 0)
    try:
        with (database_files / "WiredTiger.lock").open("r+b") as file:
            answer = struct.unpack(layout, fcntl.fcntl(file, fcntl.F_GETLK, struct.pack(layout, *question)))
    except FileNotFoundError:
        return None
    kind, process_id = (answer[3], answer[2]) if sys.platform == "darwin" else (answer[0], answer[4])
    return process_id if kind != fcntl.F_UNLCK and process_id > 0 else None


def why_it_ended(code: int, log_file: Path, since: int) -> DatabaseMisconfigured | DatabaseUnavailable:
    """The error for a server that ended at its start with `code`; before the start, its log had `since` bytes."""
    with log_file.open("rb") as log:
        log.seek(since)
        complaint = log.read(10_000).decode(errors="replace")
    # The messages of the loaders of glibc, musl and macOS.
    library = re.search(r"(?:shared librar(?:y|ies):? |Library not loaded: )([^\s:]+)", complaint)
    if library:
        sentence = N_(
            "내장 MongoDB에 필요한 {library}이(가) 없습니다. 설치하거나(Debian·Ubuntu: sudo apt install libcurl4 "
            "libssl3), 가지고 있는 MongoDB의 주소를 MONGO_URI에 적으십시오."
        )
        return DatabaseMisconfigured(sentence, library=library[1])
    if code == -4:  # SIGILL: MongoDB since 5.0 needs a processor with AVX
        return _cannot_run("AVX")
    free = shutil.disk_usage(log_file.parent).free
    if free < LEAST_FREE:
        sentence = N_(
            "내장 MongoDB가 시작하다가 끝났습니다(코드 {code}). 디스크에 {free} MB만 남았습니다. 자리를 비우고 다시 "
            "시도하십시오. 자세한 것은 {log}에 있습니다."
        )
        return DatabaseUnavailable(sentence, code=code, free=free // 1_000_000, log=str(log_file))
    sentence = N_(
        "내장 MongoDB가 시작하다가 끝났습니다(코드 {code}). {log}에 까닭이 있습니다. "
        "가지고 있는 MongoDB의 주소를 MONGO_URI에 적어 쓸 수도 있습니다."
    )
    return DatabaseUnavailable(sentence, code=code, log=str(log_file))


def lock(path: Path, kind: LockFlags, timeout: float) -> IO[Any]:
    """The opened file of a lock that was granted within `timeout` seconds; raises DatabaseUnavailable otherwise."""
    attempt = portalocker.Lock(
        path, mode="a", timeout=timeout, check_interval=0.01, flags=kind | LockFlags.NON_BLOCKING
    )
    try:
        return cast("IO[Any]", attempt.acquire())
    except portalocker.AlreadyLocked as error:
        raise DatabaseUnavailable(
            N_("다른 프로그램이 내장 MongoDB를 시작하거나 끝내는 중입니다. 잠시 뒤 다시 시도하십시오.")
        ) from error
    except portalocker.LockException as error:  # a file system without locks
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK), str(path)) from error


def is_locked(path: Path) -> bool:
    """Whether a process holds a lock exclusively. The test takes a shared lock, which this test does not report."""
    try:
        unlock(lock(path, LockFlags.SHARED, timeout=0))
    except DatabaseUnavailable:
        return True
    return False


def unlock(file: IO[Any]) -> None:
    """Release a `lock`."""
    portalocker.unlock(file)
    file.close()


def wait(condition: Callable[[], bool], seconds: float) -> bool:
    """Whether `condition` came true within `seconds`."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def _cannot_run(reason: str) -> DatabaseMisconfigured:
    sentence = N_(
        "내장 MongoDB를 이 컴퓨터에서 실행할 수 없습니다({reason}). "
        "가지고 있는 MongoDB의 주소를 MONGO_URI에 적으십시오."
    )
    return DatabaseMisconfigured(sentence, reason=reason)
