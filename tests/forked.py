"""Python processes that begin with the libraries already imported: a program starts in a twentieth of the time.

The first `start` of a test run starts this file as a process. It imports the libraries, and nothing of the product,
and then forks itself for every program. Such a program is a real process, with its own id, environment, working
directory and standard streams, that imports the product anew and ends as any other Python process does. Only what the
interpreter decides as it starts (its flags, the files of `-X importtime`) is not its own.
"""

import contextlib
import gc
import importlib
import json
import os
import runpy
import select
import signal
import socket
import subprocess
import sys
import time
import warnings
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import IO, Any

PROJECT = Path(__file__).resolve().parents[1]
LIBRARIES = ("pandas", "pyarrow.parquet", "pymongo", "yfinance", "curl_cffi.requests", "tqdm", "portalocker", "babel")
_LARGEST_MESSAGE = 1 << 20
_DIGITS = 16
"""So long is each number in the pipe that tells of a program: its id, and once it has ended its exit code."""


class Process:
    """A program that was started by `start`; it is used like a `subprocess.Popen` with texts in UTF-8."""

    def __init__(
        self, arguments: tuple[str, ...], stdin: int, stdout: int, stderr: int, cwd: Path, env: Mapping[str, str]
    ) -> None:
        self.args = arguments
        self.returncode: int | None = None
        self.stdin, theirs_in = _stream(stdin, "w")
        self.stdout, theirs_out = _stream(stdout, "r")
        self.stderr, theirs_err = _stream(stderr, "r")
        self._status, status = os.pipe()
        request = {"arguments": arguments, "cwd": str(cwd), "environment": dict(env)}
        socket.send_fds(_parent(), [json.dumps(request).encode()], [theirs_in, theirs_out, theirs_err, status])
        for descriptor in (theirs_in, theirs_out, theirs_err, status):
            os.close(descriptor)
        self.pid = int(os.read(self._status, _DIGITS))

    def poll(self) -> int | None:
        """The exit code, negative for a signal; None while the program runs."""
        return self._ended(0)

    def wait(self, timeout: float | None = None) -> int:
        """The exit code, once the program has ended; `subprocess.TimeoutExpired` if it does not in time."""
        code = self._ended(timeout)
        if code is None:
            raise subprocess.TimeoutExpired(self.args, timeout or 0)
        return code

    def communicate(self, timeout: float | None = None) -> tuple[str, str]:
        """What the program writes until it ends, to standard output and to standard error."""
        deadline = None if timeout is None else time.monotonic() + timeout
        if self.stdin:
            self.stdin.close()
        streams = [stream for stream in (self.stdout, self.stderr) if stream and not stream.closed]
        written: dict[IO[str], bytes] = dict.fromkeys(streams, b"")
        reading = list(streams)
        while reading:
            ready = select.select(reading, [], [], deadline and max(0, deadline - time.monotonic()))[0]
            if not ready:
                raise subprocess.TimeoutExpired(self.args, timeout or 0)
            for stream in ready:
                read = os.read(stream.fileno(), 1 << 16)
                written[stream] += read
                if not read:
                    reading.remove(stream)
                    stream.close()
        self.wait(deadline and max(0, deadline - time.monotonic()))
        out, err = (written[stream].decode() if stream in streams else "" for stream in (self.stdout, self.stderr))
        return out, err

    def send_signal(self, number: int) -> None:
        """Send a signal, if the program still runs."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        """Ask the program to end, by SIGTERM."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End the program by SIGKILL."""
        self.send_signal(signal.SIGKILL)

    def _ended(self, timeout: float | None) -> int | None:
        if self.returncode is None and select.select([self._status], [], [], timeout)[0]:
            self.returncode = int(os.read(self._status, _DIGITS))
            os.close(self._status)
        return self.returncode


Started = Process | subprocess.Popen[str]


def start(
    *arguments: str,
    stdin: int = subprocess.DEVNULL,
    stdout: int = subprocess.PIPE,
    stderr: int = subprocess.PIPE,
    cwd: Path = PROJECT,
    env: Mapping[str, str] | None = None,
) -> Started:
    """Start `python` with these arguments: `-m MODULE …`, `-c PROGRAM …` or `FILE …`, after `-W ACTION` if wished."""
    if sys.platform != "linux":  # a fork is not safe on macOS, and not known on Windows
        streams = {"stdin": stdin, "stdout": stdout, "stderr": stderr}
        return subprocess.Popen([sys.executable, *arguments], cwd=cwd, env=env, encoding="utf-8", **streams)
    return Process(arguments, stdin, stdout, stderr, cwd, os.environ if env is None else env)


def _stream(wish: int, mode: str) -> tuple[IO[str] | None, int]:
    """Our end, where there is one, and the program's end of a standard stream."""
    if wish == subprocess.PIPE:
        reading, writing = os.pipe()
        ours, theirs = (reading, writing) if mode == "r" else (writing, reading)
        return os.fdopen(ours, mode, encoding="utf-8"), theirs
    if wish == subprocess.DEVNULL:
        return None, os.open(os.devnull, os.O_RDWR)
    return None, os.dup(wish)


@cache
def _parent() -> socket.socket:
    """The process that forks, which ends with this one."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    single = {"OPENBLAS_NUM_THREADS": "1"}  # only a process without threads is safe to fork
    command = [sys.executable, str(Path(__file__)), str(theirs.fileno())]
    with theirs:
        process = subprocess.Popen(command, cwd=PROJECT, env=os.environ | single, pass_fds=[theirs.fileno()])
    _parents.append(process)
    return ours


_parents: list["subprocess.Popen[bytes]"] = []


def close() -> None:
    """End the process that forks, if there is one."""
    if _parents:
        _parent().close()
        _parent.cache_clear()
        _parents.pop().wait()


# In the process that forks


def _serve(requests: socket.socket) -> tuple[dict[str, Any], list[int]]:
    """Fork for every request, and tell how the programs end. Returns only in a program: its request and its streams."""
    statuses: dict[int, int] = {}
    woken, waker = socket.socketpair()
    waker.setblocking(False)
    signal.set_wakeup_fd(waker.fileno())
    signal.signal(signal.SIGCHLD, lambda *_: None)
    while True:
        ready = select.select([requests, woken], [], [])[0]
        if woken in ready:
            woken.recv(4096)
            _tell_ends(statuses)
        if requests not in ready:
            continue
        message, descriptors, *_ = socket.recv_fds(requests, _LARGEST_MESSAGE, 4)
        if not message:
            os._exit(0)
        status = descriptors.pop()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # of Python 3.12: a thread of pyarrow's that is safe
            process = os.fork()
        if process == 0:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            signal.signal(signal.SIGINT, signal.default_int_handler)
            for end in (requests, woken, waker):
                end.close()
            for descriptor in (status, *statuses.values()):
                os.close(descriptor)
            return json.loads(message), descriptors
        for descriptor in descriptors:
            os.close(descriptor)
        statuses[process] = status
        os.write(status, b"%*d" % (_DIGITS, process))


def _tell_ends(statuses: dict[int, int]) -> None:
    for process, status in list(statuses.items()):
        ended, code = os.waitpid(process, os.WNOHANG)
        if ended:
            with contextlib.suppress(BrokenPipeError):  # nobody waits for it
                os.write(status, b"%*d" % (_DIGITS, os.waitstatus_to_exitcode(code)))
            os.close(statuses.pop(process))


def _become(request: dict[str, Any], descriptors: list[int]) -> None:
    """Make this process what a fresh interpreter with the request's environment and streams is."""
    for number, descriptor in enumerate(descriptors):
        os.dup2(descriptor, number)
        os.close(descriptor)
    os.environ.clear()
    os.environ.update(request["environment"])
    os.chdir(request["cwd"])
    time.tzset()
    encoding, _, errors = os.environ.get("PYTHONIOENCODING", "").partition(":")
    encoding, errors = encoding or "utf-8", errors or "strict"
    line_by_line = 1 if os.isatty(1) else -1
    sys.stdin = sys.__stdin__ = os.fdopen(0, "r", -1, encoding, errors)
    sys.stdout = sys.__stdout__ = os.fdopen(1, "w", line_by_line, encoding, errors)
    sys.stderr = sys.__stderr__ = os.fdopen(2, "w", 1, encoding, "backslashreplace")
    # yfinance decides where its files are as it is imported.
    import platformdirs
    import yfinance

    yfinance.set_tz_cache_location(str(platformdirs.user_cache_path() / "py-yfinance"))


def _run(arguments: list[str]) -> None:
    """Run what `python` runs with these arguments, as `__main__`."""
    while arguments[0] == "-W":
        warnings.simplefilter(arguments[1])
        arguments = arguments[2:]
    kind, *rest = arguments
    if kind == "-m":
        sys.argv, sys.path[0] = rest, str(Path.cwd())
        runpy.run_module(rest[0], run_name="__main__", alter_sys=True)
    elif kind == "-c":
        sys.argv, sys.path[0] = ["-c", *rest[1:]], ""
        main = sys.modules["__main__"] = type(sys)("__main__")
        exec(compile(rest[0], "<string>", "exec"), main.__dict__)
    else:
        sys.argv, sys.path[0] = arguments, str(Path(kind).parent)
        runpy.run_path(kind, run_name="__main__")


def _main() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for name in LIBRARIES:
        importlib.import_module(name)
    gc.collect()
    gc.freeze()
    request, descriptors = _serve(socket.socket(fileno=int(sys.argv[1])))
    _become(request, descriptors)
    _run(request["arguments"])


if __name__ == "__main__":
    _main()
