"""Background jobs."""

import threading
import uuid

from finance_core import i18n, jobs
from finance_core.jobs import Job


def key() -> str:
    return uuid.uuid4().hex


def test_a_job_reports_progress_and_its_result() -> None:
    reported, go_on = threading.Event(), threading.Event()

    def work(job: Job) -> str:
        job.report(0.5)
        reported.set()
        go_on.wait(10)
        return "done"

    job = jobs.start(key(), work)
    assert reported.wait(10)
    assert (job.progress, job.finished) == (0.5, False)
    go_on.set()
    assert job.wait(10)
    assert (job.result, job.error) == ("done", None)


def test_a_second_start_of_a_running_key_watches_the_first() -> None:
    go_on, runs = threading.Event(), []
    name = key()

    def work(_job: Job) -> None:
        runs.append(1)
        go_on.wait(10)

    first = jobs.start(name, work)
    assert jobs.start(name, work) is first
    assert jobs.latest(name) is first
    go_on.set()
    assert first.wait(10)
    assert jobs.start(name, work) is not first
    assert jobs.latest(name).wait(10)  # type: ignore[union-attr]
    assert len(runs) == 2


def test_a_cancelled_job_learns_of_it() -> None:
    job = jobs.start(key(), lambda job: job._cancel.wait(10) and job.cancelled)
    job.cancel()
    assert job.wait(10)
    assert job.result is True


def test_an_error_reaches_the_watcher_and_frees_the_key() -> None:
    name = key()

    def fail(_job: Job) -> None:
        raise ValueError("no")

    job = jobs.start(name, fail)
    assert job.wait(10)
    assert isinstance(job.error, ValueError)
    assert jobs.start(name, lambda _job: 1).wait(10)


def test_a_job_speaks_the_language_of_whoever_started_it() -> None:
    i18n.use_language("en")
    job = jobs.start(key(), lambda _job: i18n.language())
    i18n.use_language("ko")
    assert job.wait(10)
    assert job.result == "en"
