"""Work in the background of this process: one job a key at a time, watched and cancelled from any page.

A job outlives the page that started it and the visitor who did. What it does is the caller's; how it is shown is left
to `ui`.
"""

import contextvars
import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

_log = logging.getLogger(__name__)
_lock = threading.Lock()
_jobs: "dict[str, Job]" = {}


@dataclass
class Job:
    """A job as its watchers see it. `progress` is what the work last reported, `result` what it returned."""

    progress: Any = None
    result: Any = None
    error: Exception | None = None
    _cancel: threading.Event = field(default_factory=threading.Event)
    _finished: threading.Event = field(default_factory=threading.Event)

    def report(self, progress: Any) -> None:
        """For the work: tell the watchers how far it is."""
        self.progress = progress

    def cancel(self) -> None:
        """Ask the work to stop at the next point where that loses nothing."""
        self._cancel.set()

    @property
    def cancelled(self) -> bool:
        """Whether somebody asked it to stop."""
        return self._cancel.is_set()

    @property
    def finished(self) -> bool:
        """Whether it ended, with a result or an error."""
        return self._finished.is_set()

    def wait(self, seconds: float) -> bool:
        """Wait for the end at most so long; whether it came."""
        return self._finished.wait(seconds)


def start(key: str, work: Callable[[Job], Any]) -> Job:
    """Run `work(job)` in a thread and return its job; where one of the same key still runs, that one."""
    with _lock:
        job = _jobs.get(key)
        if job and not job.finished:
            return job
        job = _jobs[key] = Job()
    context = contextvars.copy_context()  # so that the work speaks the language of whoever started it
    threading.Thread(target=context.run, args=(_run, key, job, work), name=f"job {key}", daemon=True).start()
    return job


def latest(key: str) -> Job | None:
    """The running or last job of `key`; None where there was none since the process began."""
    return _jobs.get(key)


def _run(key: str, job: Job, work: Callable[[Job], Any]) -> None:
    try:
        job.result = work(job)
    except Exception as error:  # noqa: BLE001 - the thread's last line: whoever watches the job is told
        _log.exception("job %s failed", key)
        job.error = error
    finally:
        job._finished.set()
