"""Background tasks of this process: they outlive the page that starts them, and end cleanly with the process.

`storage.runs` keeps the progress of update runs in MongoDB, for all processes, and allows one run per category.
"""

import atexit
import contextvars
import logging
import threading
import time
from collections.abc import Callable
from functools import cache
from typing import Any

from finance_core.errors import SisepanError

FINISH_WITHIN = 10.0
"""Seconds that the process waits for its tasks before it ends."""

_log = logging.getLogger(__name__)


class BackgroundTask(threading.Thread):
    """A function that runs in a thread, as seen by the code that starts it."""

    def __init__(self, work: Callable[[threading.Event], Any]) -> None:
        super().__init__(name="background task", daemon=True)
        self.result: Any = None
        self.error: Exception | None = None
        self.stop = threading.Event()
        """Set this to ask the task to end at the next point where no data is lost."""
        self._work, self._caller = work, contextvars.copy_context()

    @property
    def finished(self) -> bool:
        """Whether it has ended, with a result or an error."""
        return not self.is_alive()

    def wait(self, seconds: float) -> bool:
        """Wait at most `seconds` for the end; returns whether it has ended."""
        self.join(seconds)
        return self.finished

    def run(self) -> None:
        """Do the work; `start` calls this in the new thread."""
        try:
            self.result = self._caller.run(self._work, self.stop)
        except SisepanError as error:
            _log.warning("a background task ended: %s", error)
            self.error = error
        except Exception as error:  # noqa: BLE001 - the last line of the thread: the caller reads the error
            _log.exception("a background task failed")
            self.error = error


def start(work: Callable[[threading.Event], Any]) -> BackgroundTask:
    """Run `work(stop)` in a thread, in the language of the caller."""
    _stop_all_at_exit()
    task = BackgroundTask(work)
    task.start()
    return task


def running() -> list[BackgroundTask]:
    """The tasks of this process that have not ended."""
    return [thread for thread in threading.enumerate() if isinstance(thread, BackgroundTask)]


def stop_all() -> None:
    """Ask every task to end and wait at most `FINISH_WITHIN`, so that its run gives its lease back."""
    tasks = running()
    for task in tasks:
        task.stop.set()
    deadline = time.monotonic() + FINISH_WITHIN
    for task in tasks:
        task.wait(max(0.0, deadline - time.monotonic()))


@cache
def _stop_all_at_exit() -> None:
    # Registered later than `database.close`, so that it runs earlier: tasks end before the connection is closed.
    atexit.register(stop_all)
