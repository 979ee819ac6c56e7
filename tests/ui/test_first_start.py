"""The first start: who looks sees what pages show first, and the rest comes by itself."""

import datetime as dt
import threading
from collections.abc import Callable, Iterator

import pytest
from streamlit.testing.v1 import AppTest

from finance_core import background, categories, starter
from finance_core.storage import tickers
from finance_core.storage.database import MongoDatabase
from finance_core.ui import first_start
from tests import pages
from tests.processes import wait_until
from updaters import sample

pytestmark = pytest.mark.slow

REST = "나머지 표본 시세를 만들고 있습니다."


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """Samples of a year, of which the rest is made only once this is set."""
    monkeypatch.setattr(sample, "YEARS", 1)
    prepare, may_go_on = sample.prepare, threading.Event()

    def prepare_held(*arguments: object, shown_first: bool = False, stop: threading.Event) -> None:
        if not shown_first:
            may_go_on.wait()
        prepare(*arguments, shown_first=shown_first, stop=stop)  # type: ignore[arg-type]

    monkeypatch.setattr(sample, "prepare", prepare_held)
    yield may_go_on
    may_go_on.set()
    background.stop_all()


def home() -> AppTest:
    return AppTest.from_file(pages.PAGES_DIR.parent / "Home.py", default_timeout=60).run()


def unfilled(db: MongoDatabase) -> set[str]:
    return {row["ticker"] for category in categories.CATEGORIES for row in tickers.unfilled_samples(db, category)}


def test_the_first_page_is_there_before_all_samples_are_and_says_how_far_they_are(
    db: MongoDatabase, held: threading.Event
) -> None:
    page = home()
    assert not page.exception
    assert len(page.metric) == sum(len(category.headlines) for category in categories.CATEGORIES)
    assert page.sidebar.get("progress")[0].proto.text == REST
    listed = sum(len(starter.rows(category)) for category in categories.CATEGORIES)
    assert 0 < len(unfilled(db)) < listed

    held.set()
    assert wait_until(lambda: not unfilled(db) and not background.running())
    assert not home().sidebar.get("progress")


def test_a_ticker_whose_sample_is_still_being_made_says_so(db: MongoDatabase, held: threading.Event) -> None:
    home()
    shown = pages.open_viewer("korean_stocks", ticker="000660")
    assert "표본 시세를 만들고 있습니다" in shown.info[0].value
    assert pages.chart(pages.open_viewer("korean_stocks"))[0], "the default ticker has its chart"


def test_a_server_of_the_users_own_is_not_waited_for(own_server_db: MongoDatabase) -> None:
    first_start.begin(sample.prepare)
    assert not background.running()


def test_what_was_broken_off_is_completed_by_the_next_start(db: MongoDatabase, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sample, "YEARS", 1)
    stop, shares = threading.Event(), list[float]()

    def progress(share: float) -> None:
        shares.append(share)
        stop.set()

    prepare: Callable[..., None] = sample.prepare
    prepare(db, dt.date(2026, 11, 24), progress, stop=stop)
    assert len(shares) == 1
    prepare(db, dt.date(2026, 11, 24))
    assert unfilled(db) == set()
