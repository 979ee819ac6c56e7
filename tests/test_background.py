"""Background jobs."""

import subprocess
import sys
import textwrap
import threading

from finance_core import background, i18n
from tests.processes import PROJECT


def test_a_job_has_its_result_when_it_is_finished() -> None:
    go_on = threading.Event()
    job = background.start(lambda _stop: go_on.wait(10) and "done")
    assert not job.finished
    go_on.set()
    assert job.wait(10)
    assert (job.finished, job.result, job.error) == (True, "done", None)


def test_an_error_reaches_whoever_started_the_job() -> None:
    def fail(_stop: threading.Event) -> None:
        raise ValueError("no")

    job = background.start(fail)
    assert job.wait(10)
    assert isinstance(job.error, ValueError)


def test_a_job_speaks_the_language_of_whoever_started_it() -> None:
    i18n.use_language("en")
    job = background.start(lambda _stop: i18n.language())
    i18n.use_language("ko")
    assert job.wait(10)
    assert job.result == "en"


def test_the_end_of_the_process_waits_until_its_jobs_have_finished_what_they_began() -> None:
    program = """
        from finance_core import background as jobs

        def work(stop):
            stop.wait(60)
            print("finished in order", flush=True)

        jobs.start(work)
    """
    arguments = [sys.executable, "-c", textwrap.dedent(program)]
    done = subprocess.run(arguments, cwd=PROJECT, capture_output=True, text=True, timeout=30, check=True)
    assert done.stdout == "finished in order\n"
