"""What all commands share: language, log, errors as one sentence, Ctrl-C, exit codes."""

import io
import logging
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager
from contextvars import copy_context
from typing import TypeVar

from finance_core import i18n, log
from finance_core.errors import SisepanError
from finance_core.i18n import N_
from finance_core.storage import database

ALL_GOOD, NOT_ALL_DONE, WRONG_USE, ALREADY_RUNNING = 0, 1, 2, 3
"""Exit codes; argparse itself exits with `WRONG_USE`."""

T = TypeVar("T")

_log = logging.getLogger(__name__)


def prepare() -> None:
    """Set language and output before a command reads its arguments."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # for a terminal that cannot show Hangul
    i18n.use_shell_language()


def run(work: Callable[[], int], log_name: str, fail: Callable[[SisepanError], int]) -> int:
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
