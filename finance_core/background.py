"""Work in the background of this process: it outlives the page that started it, and ends in order with the process.

How far an update run is, and that there is one at a time, is in MongoDB (see `runs`), for all processes.
"""

import atexit
import contextvars
import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from finance_core.errors import SisepanError

FINISH_WITHIN = 10.0
"""Seconds that the end of the process waits for its jobs to finish what they have begun."""

_log = logging.getLogger(__name__)
_lock = threading.Lock()
_running: "set[Job]" = set()


@dataclass(eq=False)
class Job:
    """One piece of work, as whoever started it sees it."""

    result: Any = None
    error: Exception | None = None
    stop: threading.Event = field(default_factory=threading.Event)
    """Set where the work has to end at the next point where that loses nothing."""
    _finished: threading.Event = field(default_factory=threading.Event)

    @property
    def finished(self) -> bool:
        """Whether it ended, with a result or an error."""
        return self._finished.is_set()

    def wait(self, seconds: float) -> bool:
        """Wait for the end at most so long; whether it came."""
        return self._finished.wait(seconds)


def start(work: Callable[[threading.Event], Any]) -> Job:
    """Run `work(stop)` in a thread and return its job."""
    _end_with_the_process()
    job = Job()
    with _lock:
        _running.add(job)
    context = contextvars.copy_context()  # so that the work speaks the language of whoever started it
    threading.Thread(target=context.run, args=(_run, job, work), name="job", daemon=True).start()
    return job


def stop_all() -> None:
    """Have every job end, and wait for it: a run is then over, and not found dead later."""
    with _lock:
        jobs = list(_running)
    for job in jobs:
        job.stop.set()
    deadline = time.monotonic() + FINISH_WITHIN
    for job in jobs:
        job.wait(max(0.0, deadline - time.monotonic()))


@cache
def _end_with_the_process() -> None:
    # At the first job, and so before the connection to the database is closed, which registered itself earlier.
    atexit.register(stop_all)


def _run(job: Job, work: Callable[[threading.Event], Any]) -> None:
    try:
        job.result = work(job.stop)
    except SisepanError as error:
        _log.warning("a job ended: %s", error)
        job.error = error
    except Exception as error:  # noqa: BLE001 - the thread's last line: whoever started it is told
        _log.exception("a job failed")
        job.error = error
    finally:
        with _lock:
            _running.discard(job)
        job._finished.set()
