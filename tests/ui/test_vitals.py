"""The line a minute in the log of the app."""

import logging
import re
import threading

import pytest

from finance_core.ui import vitals
from finance_core.ui.vitals import Vitals


@pytest.fixture(autouse=True)
def from_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vitals, "_now", Vitals())


def line(caplog: pytest.LogCaptureFixture) -> str:
    caplog.clear()
    with caplog.at_level(logging.INFO, logger=vitals.__name__):
        vitals.tell()
    (record,) = caplog.records
    return re.sub(r"memory \d+ MB", "memory", record.getMessage())


def test_the_line_counts_who_is_there_and_names_the_page_that_took_longest(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = iter([0.0, 0.5, 1.0, 3.25, 4.0, 4.25])
    monkeypatch.setattr(vitals.time, "perf_counter", lambda: next(clock))
    with vitals.visitor(), vitals.visitor():
        for page in ("overview", "viewer", "comparison"):
            with vitals.drawing(page):
                pass
        assert line(caplog) == "2 visitors, memory, 3 pages drawn, slowest viewer 2.25 s"
        assert line(caplog) == "2 visitors, memory, 0 pages drawn", "since the last line"
    assert line(caplog) == "0 visitors, memory, 0 pages drawn"


def test_a_visitor_and_a_page_that_end_by_an_error_are_counted_all_the_same(caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(ZeroDivisionError), vitals.visitor(), vitals.drawing("overview"):
        raise ZeroDivisionError
    assert line(caplog).startswith("0 visitors, memory, 1 pages drawn, slowest overview")


def test_the_line_comes_again_and_again_until_the_app_ends(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vitals, "EVERY", 0.01)
    stop, told = threading.Event(), []

    def tell() -> None:
        told.append(1)
        if len(told) == 3:
            stop.set()

    monkeypatch.setattr(vitals, "tell", tell)
    vitals.watch(stop)
    assert len(told) == 3


def test_memory_is_that_of_this_process() -> None:
    size = vitals.memory()
    assert size is None or 20 < size < 20_000
