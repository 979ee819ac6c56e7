"""One run of a category at a time, whoever begins it: two commands, or a command and the button of a page."""

import os
import re
import socket
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from finance_core import background, console
from finance_core.categories import KOREAN_STOCKS, US_STOCKS, Category
from finance_core.storage import prices, runs, tickers
from finance_core.storage.database import MongoDatabase
from finance_core.ui import update_actions
from finance_core.ui.text import plain
from tests import forked, pages
from tests.processes import start_python, start_update, wait_until
from tests.yahoo import Listing, YahooStandIn, random_walk
from updaters import category_update, command

DAYS = pd.bdate_range("2024-01-02", periods=60)


pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("korean_shell")]


def list_some(db: MongoDatabase, yahoo: YahooStandIn, category: Category, names: list[str]) -> None:
    market = category.markets[0]
    for seed, name in enumerate(names):
        yahoo.listings[name + market.yahoo_suffix] = Listing(random_walk(DAYS, seed))
    tickers.register(db, category, [{"ticker": name, "name": name, "market": market.key} for name in names])


def symbols_asked(yahoo: YahooStandIn) -> list[str]:
    return sorted(request.symbol for request in list(yahoo.requests) if request.symbol)


def end(process: forked.Process) -> tuple[int, str, str]:
    out, err = process.communicate(timeout=60)
    return process.returncode, out, err


def running(db: MongoDatabase, category: Category) -> bool:
    run = runs.latest(db, category)
    return run is not None and run["state"] == "running"


def test_of_two_commands_that_start_at_once_one_runs_and_the_other_names_it(
    db: MongoDatabase, yahoo: YahooStandIn
) -> None:
    names = [f"{number:06}" for number in range(100, 110)]
    list_some(db, yahoo, KOREAN_STOCKS, names)
    yahoo.delay = 0.6
    both = [start_update("--workers", "2") for _ in range(2)]

    ended = {process.pid: end(process) for process in both}

    assert sorted(code for code, _out, _err in ended.values()) == [command.ALL_GOOD, console.ALREADY_RUNNING]
    (ran,) = (pid for pid, (code, _out, _err) in ended.items() if code == command.ALL_GOOD)
    (refused,) = (each for pid, each in ended.items() if pid != ran)
    assert ended[ran][2] == ""
    run = runs.latest(db, KOREAN_STOCKS)
    assert run is not None
    assert refused[1] == ""
    host = re.escape(socket.gethostname())
    assert re.fullmatch(
        rf"이 카테고리의 업데이트가 이미 실행 중입니다: {host}의 프로세스 {ran}, "
        r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d \S+부터\. 끝난 뒤 다시 시도하거나 업데이트 화면에서 중단하십시오\.\n",
        refused[2],
    )
    assert symbols_asked(yahoo) == [f"{name}.KS" for name in names]
    assert (run["state"], run["process"], run["host"]) == ("done", ran, socket.gethostname())
    assert len(runs.history(db, 10)) == 1
    assert db["korean_stocks"].count_documents({}) == len(names) * len(DAYS)


def test_commands_of_different_categories_run_at_the_same_time(db: MongoDatabase, yahoo: YahooStandIn) -> None:
    list_some(db, yahoo, KOREAN_STOCKS, ["000660", "005930", "035720", "051910"])
    list_some(db, yahoo, US_STOCKS, ["AAPL", "IBM", "KO", "MSFT"])
    yahoo.delay = 1.0
    korean = start_update("--workers", "1")
    american = start_update("--workers", "1", module="updaters.update_us")

    met = wait_until(lambda: running(db, KOREAN_STOCKS) and running(db, US_STOCKS), 30)

    assert [end(process)[::2] for process in (korean, american)] == [(command.ALL_GOOD, "")] * 2
    assert met
    for category in (KOREAN_STOCKS, US_STOCKS):
        assert len(prices.tickers(db, category)) == 4
        assert (runs.latest(db, category) or {})["state"] == "done"


@pytest.fixture
def four(own_server_db: MongoDatabase, yahoo: YahooStandIn, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Four tickers that are stored but for their last day, which Yahoo has by now, for a visitor who may edit."""
    pages.sit_at_the_machine(monkeypatch)
    names, table = ["000660", "005930", "035720", "051910"], pages.made_table()
    pages.update_from(yahoo, own_server_db, dict.fromkeys(names, table.iloc[:-1]), {})
    for name in names:
        yahoo.listings[f"{name}.KS"] = Listing(table)
    yahoo.clear()
    return names


def assert_ran_once(db: MongoDatabase, yahoo: YahooStandIn, four: list[str], process: int) -> None:
    assert symbols_asked(yahoo) == [f"{name}.KS" for name in four]
    latest, *before = runs.history(db, 10)
    assert (latest["process"], latest["state"], latest["added"]) == (process, "done", 4)
    assert len(before) == 1, "the one that stored the history"


def test_the_button_of_a_page_that_was_opened_before_a_command_began_starts_no_second_run(
    own_server_db: MongoDatabase, yahoo: YahooStandIn, four: list[str]
) -> None:
    db, page = own_server_db, pages.open_viewer()
    assert not page.button(key="update").disabled
    yahoo.delay = 1.0
    process = start_update("--workers", "1")
    assert wait_until(lambda: running(db, KOREAN_STOCKS), 30)

    page.button(key="update").click().run()

    assert page.button(key="update").disabled
    assert shown_progress(page).startswith("업데이트 중")
    assert end(process)[::2] == (command.ALL_GOOD, "")
    page.run()
    assert not page.button(key="update").disabled
    assert "봉 4개를 추가" in page.success[0].value
    assert_ran_once(db, yahoo, four, process.pid)


def shown_progress(page: AppTest) -> str:
    (bar,) = page.get("progress")
    return str(bar.proto.text)


HOLDER = """
    import sys, time
    from pathlib import Path

    import pymongo
    from pymongo.monitoring import CommandListener

    from finance_core.categories import KOREAN_STOCKS
    from updaters import category_update


    class Pause(CommandListener):
        def started(self, event):
            while event.command.get("insert") == "update_runs" and not Path(sys.argv[3]).exists():
                time.sleep(0.01)

        def succeeded(self, event):
            pass

        failed = succeeded


    client = pymongo.MongoClient(sys.argv[1], event_listeners=[Pause()])
    category_update.run(client[sys.argv[2]], KOREAN_STOCKS, workers=1)
    client.close()
"""
"""A run that has the lease, but does not show itself before the file of its third argument is there."""


@pytest.fixture
def hidden(own_server_db: MongoDatabase, four: list[str], tmp_path: Path) -> Iterator[forked.Process]:
    """Another process whose run a page finds out about only when it wants one itself."""
    uri = os.environ["MONGO_URI"]
    process = start_python("-c", textwrap.dedent(HOLDER), uri, own_server_db.name, str(tmp_path / "go on"))
    try:
        assert wait_until(lambda: own_server_db["update_leases"].find_one({"process": process.pid}), 30)
        yield process
    finally:
        process.kill()
        process.communicate()


def assert_told(page: AppTest, holder: int) -> None:
    (warning,) = page.warning
    assert plain(f"{socket.gethostname()}의 프로세스 {holder}") in warning.value


def test_a_button_that_was_pressed_a_moment_too_late_says_who_runs(
    own_server_db: MongoDatabase,
    yahoo: YahooStandIn,
    four: list[str],
    hidden: forked.Process,
    tmp_path: Path,
) -> None:
    page = pages.open_viewer()

    page.button(key="update").click().run()

    assert wait_until(lambda: page.warning or page.run().warning, 10)
    assert_told(page, hidden.pid)
    (tmp_path / "go on").touch()
    assert end(hidden) == (0, "", "")
    assert_ran_once(own_server_db, yahoo, four, hidden.pid)


def test_who_runs_is_said_while_it_runs_and_not_only_afterwards(
    own_server_db: MongoDatabase,
    yahoo: YahooStandIn,
    four: list[str],
    hidden: forked.Process,
    tmp_path: Path,
) -> None:
    page = pages.open_viewer()
    job = background.start(lambda stop: category_update.run(own_server_db, KOREAN_STOCKS, origin="page", stop=stop))
    assert job.wait(10)
    yahoo.delay = 1.0
    (tmp_path / "go on").touch()
    assert wait_until(lambda: running(own_server_db, KOREAN_STOCKS))

    page.session_state[f"{update_actions.STARTED}:korean_stocks"] = job
    page.run()

    assert_told(page, hidden.pid)
    assert shown_progress(page).startswith("업데이트 중")
    assert end(hidden) == (0, "", "")
    page.run()
    assert "봉 4개를 추가" in page.success[0].value
    assert_ran_once(own_server_db, yahoo, four, hidden.pid)


def test_the_updates_page_says_who_runs_too_however_long_the_answer_takes(
    own_server_db: MongoDatabase,
    yahoo: YahooStandIn,
    four: list[str],
    hidden: forked.Process,
    tmp_path: Path,
) -> None:
    page = AppTest.from_file(pages.PAGES_DIR / "admin_updates.py", default_timeout=60).run()
    page.button(key="update_korean_stocks").click().run()

    assert wait_until(lambda: page.warning or page.run().warning, 10)
    assert_told(page, hidden.pid)
    (tmp_path / "go on").touch()
    assert end(hidden) == (0, "", "")
    assert not page.run().warning, "that run is over"
    assert_ran_once(own_server_db, yahoo, four, hidden.pid)
