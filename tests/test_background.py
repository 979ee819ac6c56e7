"""Background tasks."""

import subprocess
import sys
import textwrap
import threading

from finance_core import background, i18n
from tests.processes import PROJECT


def test_a_task_is_running_until_it_is_finished_and_then_has_its_result() -> None:
    go_on = threading.Event()
    task = background.start(lambda _stop: go_on.wait(10) and "done")
    assert not task.finished
    assert task in background.running()
    go_on.set()
    assert task.wait(10)
    assert (task.finished, task.result, task.error) == (True, "done", None)
    assert task not in background.running()


def test_an_error_reaches_whoever_started_the_task() -> None:
    def fail(_stop: threading.Event) -> None:
        raise ValueError("no")

    task = background.start(fail)
    assert task.wait(10)
    assert isinstance(task.error, ValueError)


def test_a_task_speaks_the_language_of_whoever_started_it() -> None:
    i18n.use_language("en")
    task = background.start(lambda _stop: i18n.language())
    i18n.use_language("ko")
    assert task.wait(10)
    assert task.result == "en"


def test_the_end_of_the_process_waits_until_its_tasks_have_finished_what_they_began() -> None:
    program = """
        from finance_core import background

        def work(stop):
            stop.wait(60)
            print("finished in order", flush=True)

        background.start(work)
    """
    arguments = [sys.executable, "-c", textwrap.dedent(program)]
    done = subprocess.run(arguments, cwd=PROJECT, capture_output=True, text=True, timeout=30, check=True)
    assert done.stdout == "finished in order\n"
