"""The log: what it keeps, how much of it, and which errors are found in it."""

import datetime as dt
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from logging.handlers import RotatingFileHandler
from pathlib import Path

import pytest

from finance_core import log

NOW = dt.datetime(2026, 11, 20, 12, tzinfo=dt.UTC)


@contextmanager
def own_logging() -> Iterator[list[logging.Handler]]:
    """The root logger as in a program that has just begun; gives its handlers."""
    root, raises = logging.getLogger(), logging.raiseExceptions
    before = root.handlers[:]
    root.handlers[:] = []
    try:
        yield root.handlers
    finally:
        for handler in root.handlers:
            handler.close()
        root.handlers[:] = before
        logging.raiseExceptions = raises
        logging.captureWarnings(False)


def write(name: str, *lines: str) -> None:
    path = log.file(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


def at(moment: dt.datetime) -> str:
    """As a log has it: in the time zone of the machine."""
    return f"{moment.astimezone():%Y-%m-%d %H:%M:%S},123"


def test_a_log_that_has_grown_is_renamed_and_two_files_are_all_there_ever_are(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log, "LOG_BYTES", 2_000)
    with own_logging() as handlers:
        log.to_file("app")
        assert [type(handler) for handler in handlers] == [RotatingFileHandler]
        for number in range(200):
            logging.getLogger("finance_core.test").info("line %d of a log that grows", number)

    files = sorted(log.file("app").parent.iterdir())
    assert [file.name for file in files] == ["app.log", "app.log.1"]
    assert all(file.stat().st_size <= 2_000 for file in files)
    assert "line 199 " in files[0].read_text()


def test_an_error_that_was_logged_is_found_with_its_moment_and_its_module(data_dir: Path) -> None:
    before = dt.datetime.now(dt.UTC).replace(microsecond=0)
    with own_logging():
        log.to_file("update")
        logging.getLogger("finance_core.test").info("all is well")
        logging.getLogger("finance_core.test").warning("hardly so")
        try:
            raise ZeroDivisionError
        except ZeroDivisionError:
            logging.getLogger("updaters.test").exception("한 종목이 실패했습니다")

    (entry,) = log.errors(before)
    assert entry[1:] == ("update", "updaters.test", "한 종목이 실패했습니다")
    assert before.replace(tzinfo=None) <= entry.moment <= dt.datetime.now(dt.UTC).replace(tzinfo=None)


def test_errors_of_all_logs_are_told_from_a_moment_on_the_newest_first(data_dir: Path) -> None:
    hours = [at(NOW - dt.timedelta(hours=ago)) for ago in range(30)]
    write(
        "app",
        f"{hours[3]} ERROR a.b the second",
        "Traceback",
        "ERROR no line of a log",
        f"{hours[1]} INFO a.b no error",
    )
    write("update", f"{hours[2]} CRITICAL c the first", f"{hours[4]} WARNING c no error")
    log.file("app").with_name("app.log.1").write_text(f"{hours[23]} ERROR a the third\n{hours[25]} ERROR a too old\n")

    found = log.errors(NOW - dt.timedelta(days=1))
    assert [(entry.log, entry.message) for entry in found] == [
        ("update", "the first"),
        ("app", "the second"),
        ("app", "the third"),
    ]
    assert found[0].moment == dt.datetime(2026, 11, 20, 10)


def test_there_are_no_errors_where_there_is_no_log(data_dir: Path) -> None:
    assert log.errors(NOW) == []
