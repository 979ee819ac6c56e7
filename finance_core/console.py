"""What all commands share: language, log, progress bar, errors as one sentence, Ctrl-C, exit codes."""

import io
import json
import logging
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager
from contextvars import copy_context
from typing import Any, TypeVar

from tqdm import tqdm

from finance_core import i18n, log
from finance_core.errors import SisepanError, WrongUse
from finance_core.i18n import N_
from finance_core.storage import database, runs

ALL_GOOD, NOT_ALL_DONE, WRONG_USE, ALREADY_RUNNING = 0, 1, 2, 3
"""Exit codes; argparse itself exits with `WRONG_USE`."""

T = TypeVar("T")

_log = logging.getLogger(__name__)


def prepare() -> None:
    """Set language and output before a command reads its arguments."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # for a terminal that cannot show Hangul
        sys.stdout = _patient(sys.stdout)
    i18n.use_shell_language()


class _Patient(io.FileIO):
    """An output whose reader may leave, as `head` does: what nobody reads is dropped, and the work goes on."""

    def write(self, content: Any, /) -> int:
        try:
            return super().write(content)
        except BrokenPipeError:
            return len(content)


def _patient(output: io.TextIOWrapper) -> io.TextIOWrapper:
    """`output` without an error when its reader leaves (see `_Patient`); other objects than files, unchanged."""
    if type(getattr(output.buffer, "raw", output.buffer)) is not io.FileIO:
        return output
    output.flush()
    pipe = io.BufferedWriter(_Patient(output.fileno(), "w", closefd=False))
    by_line = output.line_buffering or output.write_through
    return io.TextIOWrapper(pipe, output.encoding, output.errors, line_buffering=by_line)


def write_json(document: Mapping[str, Any]) -> None:
    """Print one JSON object on one line."""
    sys.stdout.write(json.dumps(document, ensure_ascii=False) + "\n")


def failed(error: SisepanError, report: Mapping[str, Any] | None = None) -> int:
    """Print `error`, and with a `report` also that report as JSON, completed by the error; returns the exit code."""
    is_running = isinstance(error, runs.AlreadyRunning)
    if report is not None:
        write_json({**report, "state": "already running" if is_running else "failed", "reason": str(error)})
    sys.stderr.write(f"{error}\n")
    return ALREADY_RUNNING if is_running else WRONG_USE if isinstance(error, WrongUse) else NOT_ALL_DONE


def run(work: Callable[[], int], log_name: str, fail: Callable[[SisepanError], int] = failed) -> int:
    """The exit code of `work`, or of `fail(error)` if it raises; tracebacks of unexpected errors go to the log."""
    try:
        log.to_file(log_name)  # the terminal belongs to the progress bar and the summary
        return work()
    except SisepanError as error:
        return fail(error)
    except Exception as error:  # noqa: BLE001 - the last line of a command: `fail` reports the error
        _log.exception("a command failed")
        unexpected = N_("예상하지 못한 오류({kind})로 멈췄습니다. 자세한 내용은 {log}에 있습니다.")
        return fail(database.explained(error, unexpected, log=str(log.file(log_name))))


@contextmanager
def progress_bar(bar_format: str | None = None) -> Iterator[Callable[[float, float], None]]:
    """A progress bar, on a terminal only; yields the function that draws it, given how much of how much is done."""
    with tqdm(total=1, unit="", disable=None, leave=False, bar_format=bar_format) as bar:

        def show(done: float, total: float) -> None:
            bar.n, bar.total = done, max(total, 1)
            bar.refresh()

        yield show


def stoppable(work: Callable[[threading.Event], T]) -> T:
    """The result of `work(stop)`; Ctrl-C and SIGTERM set `stop`, and `work` ends where no data is lost."""
    with _asked_to_stop() as stop, ThreadPoolExecutor(1) as worker:
        # `work` runs in another thread: only the main thread receives signals, and not while it waits for the network.
        running = worker.submit(copy_context().run, work, stop)
        while not running.done():
            wait([running], timeout=0.1)
        return running.result()


@contextmanager
def _asked_to_stop() -> Iterator[threading.Event]:
    """An event that Ctrl-C or SIGTERM sets. A second signal ends the process at once."""
    stop_requested = threading.Event()

    def stop(_number: int, _frame: object) -> None:
        for each in before:
            signal.signal(each, signal.SIG_DFL)
        stop_requested.set()

    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    for number in before:
        signal.signal(number, stop)
    try:
        yield stop_requested
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
