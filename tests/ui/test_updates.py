"""The updates page, run by Streamlit's own test runner on a real database, with runs against the stand-in for Yahoo."""

import datetime as dt
import re
import socket
import threading
from typing import Any

import pytest
from bson import ObjectId
from pandas.api.types import is_numeric_dtype
from pymongo.errors import OperationFailure
from streamlit.testing.v1 import AppTest

from finance_core import background, categories, log
from finance_core.categories import KOREAN_STOCKS, US_STOCKS
from finance_core.errors import SisepanError
from finance_core.storage import documents, prices, runs, schedule, server_state, tickers
from finance_core.storage.database import MongoDatabase
from tests import pages
from tests.processes import wait_until
from tests.yahoo import Listing, Status, YahooStandIn
from updaters import category_update
from updaters import yahoo as yahoo_client

pytestmark = pytest.mark.slow

TABLES = {
    ticker: pages.made_table(seed, first="2026-06-01", halted=0) for seed, ticker in enumerate(("005930", "000660"), 1)
}


@pytest.fixture(autouse=True)
def at_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    pages.sit_at_the_machine(monkeypatch)


def open_page(language: str = "ko") -> AppTest:
    page = AppTest.from_file(pages.PAGES_DIR / "admin_updates.py", default_timeout=60)
    page.query_params["lang"] = language
    return page.run()


def finish(page: AppTest) -> AppTest:
    """Wait for whatever the page began, and look again."""
    assert wait_until(lambda: not background.running())
    return page.run()


def choose(page: AppTest, db: MongoDatabase, position: int = 0) -> AppTest:
    """The page with a row of its history chosen."""
    newest = next(run for run in runs.history(db, 10) if run["state"] != "running")
    chosen = {"selection": {"rows": [position], "columns": [], "cells": []}}
    page.session_state[f"history:{newest['_id']}"] = chosen
    return page.run()


def text_of(page: AppTest) -> str:
    return "\n".join(pages.visible_text(page)).replace("\\", "")


def insert_run(db: MongoDatabase, state: str, **more: Any) -> ObjectId:
    """A run that another process left behind."""
    now = tickers.now()
    run = {
        "category": "korean_stocks",
        "origin": "terminal",
        "host": "elsewhere",
        "process": 1,
        "state": state,
        "started_at": now - dt.timedelta(seconds=100),
        "heartbeat_at": now,
        "only": None,
        "full": False,
        "force": False,
        **more,
    }
    return db[documents.RUNS].insert_one(run).inserted_id  # type: ignore[no-any-return]


def test_an_empty_database_says_that_nothing_was_updated_yet_and_what_to_do(own_server_db: MongoDatabase) -> None:
    page = open_page()
    assert not page.exception
    assert text_of(page).count("아직 업데이트한 적이 없습니다.") == len(categories.CATEGORIES)
    assert "위에서 카테고리를 골라" in text_of(page)
    assert own_server_db.list_collection_names() == [], "looking changes nothing"


@pytest.mark.parametrize(("language", "sentence"), [("ko", "최신 {}"), ("en", "{} up to date")])
def test_an_ended_run_says_how_many_tickers_are_up_to_date_where_not_all_are(
    own_server_db: MongoDatabase, language: str, sentence: str
) -> None:
    cases: list[tuple[dict[str, int], str]] = [
        ({"fresh": 0, "expected": 2}, "0/2"),
        ({"fresh": 2, "expected": 2}, ""),
        ({"fresh": 1_200, "expected": 2_500}, "1,200/2,500"),
        ({}, ""),
    ]
    for counts, said in cases:
        own_server_db[documents.RUNS].delete_many({})
        insert_run(own_server_db, "done", total=2, done=2, failed=1, **counts)
        page = open_page(language)
        assert not page.error
        (line,) = [caption.value for caption in page.caption if re.search("개 추가| added", caption.value)]
        column = {"ko": "최신", "en": "up to date"}[language]
        assert page.get("dataframe")[-1].value[column].tolist() == [said]
        if said:
            assert sentence.format(said) in line
        else:
            assert sentence.format("").strip() not in line


@pytest.mark.usefixtures("own_server_db")
@pytest.mark.parametrize("language", ["ko", "en"])
def test_a_visitor_from_the_lan_gets_a_sentence_and_nothing_else(
    monkeypatch: pytest.MonkeyPatch, language: str
) -> None:
    pages.sit_at_the_machine(monkeypatch, False)
    page = open_page(language)
    assert len(page.info) == 1
    assert not [*page.button, *page.toggle, *page.get("dataframe"), *page.subheader]


def test_an_update_is_begun_told_as_it_goes_and_kept_in_the_history(
    own_server_db: MongoDatabase, yahoo: YahooStandIn
) -> None:
    pages.update_from(yahoo, own_server_db, {ticker: table.iloc[:-1] for ticker, table in TABLES.items()}, {})
    for ticker, table in TABLES.items():
        yahoo.listings[f"{ticker}.KS"] = Listing(table)
    page = open_page()
    assert "종목 2 · 뒤진 종목 2" in text_of(page)
    page.button(key="update_korean_stocks").click().run()
    finish(page)
    assert "2/2종목 · 봉 2개 추가" in text_of(page)
    history = page.get("dataframe")[-1].value
    assert history["추가"].tolist()[0] == 2
    assert history["어디서"].tolist() == ["화면", "터미널"]
    assert is_numeric_dtype(history["걸린 시간"]), "so it sorts by length"
    assert all(text.endswith("초") for text in pages.displayed(page.dataframe[-1])["걸린 시간"])
    assert len(prices.load(own_server_db, KOREAN_STOCKS, "005930")) == len(TABLES["005930"])


def test_a_run_that_another_process_has_is_shown_with_its_speed_and_can_be_cancelled(
    own_server_db: MongoDatabase,
) -> None:
    stop = threading.Event()
    with runs.leased(own_server_db, KOREAN_STOCKS, "terminal", {}, stop) as run:
        since = {"started_at": tickers.now() - dt.timedelta(seconds=100)}
        own_server_db[documents.RUNS].update_one({"_id": run.id}, {"$set": since})
        run.report(
            {"total": 1_234, "done": 200, "current": 0, "failed": 1},
            [runs.Failure("005930", SisepanError("Yahoo에 {symbol} 종목이 없습니다.", symbol="005930.KS"))],
        )
        assert stop.wait(2 * runs.WATCH) is False
        page = open_page()
        assert re.search(r"200/1,234종목 · 초당 (2\.0|1\.\d)종목 · 약 \d+분 \d+초 남음 · 실패 1", progress_text(page))
        assert "005930: Yahoo에 005930.KS 종목이 없습니다." in text_of(page)
        assert page.button(key="update_korean_stocks").disabled
        assert not page.button(key="update_us_stocks").disabled
        page.button(key="cancel_korean_stocks").click().run()
        assert stop.wait(10), "whoever has the run is told"
        assert "중단하는 중" in progress_text(open_page())
        assert "남음" not in progress_text(open_page()), "it does not go on to the end"
        run.finish("cancelled")
    assert "200/1,234종목" in text_of(open_page())


def test_a_run_that_yahoo_lets_wait_says_so(own_server_db: MongoDatabase) -> None:
    with runs.leased(own_server_db, KOREAN_STOCKS, "terminal", {}, threading.Event()) as run:
        run.report({"total": 45, "done": 0, "current": 0, "failed": 0})
        run.pause(600)
        wait_until(lambda: "paused_until" in (runs.latest(own_server_db, KOREAN_STOCKS) or {}))
        paused = r"0/45종목 · Yahoo가 요청이 너무 많다고 해서 (10분 0초|9분 \d+초) 뒤에"
        assert re.search(paused, progress_text(open_page()))
        run.pause(0)
        run.report({"total": 45, "done": 1, "current": 0, "failed": 0})
        wait_until(lambda: (runs.latest(own_server_db, KOREAN_STOCKS) or {}).get("done") == 1)
        assert "Yahoo" not in progress_text(open_page())
        run.finish("done")
    silent = {"reported_at": tickers.now() - dt.timedelta(seconds=100)}
    with runs.leased(own_server_db, US_STOCKS, "terminal", {}, threading.Event()) as run:
        own_server_db[documents.RUNS].update_one({"_id": run.id}, {"$set": silent})
        assert re.search(r"[1-9]분 \d+초째 진행이 없습니다", progress_text(open_page()))
        run.finish("cancelled")


@pytest.mark.parametrize(("host", "unheard"), [(socket.gethostname(), True), ("another", False)])
def test_a_run_without_a_sign_of_life_is_not_shown_as_moving(
    own_server_db: MongoDatabase, host: str, unheard: bool
) -> None:
    now = tickers.now()
    killed = insert_run(
        own_server_db, "running", total=45, done=15, host=host, heartbeat_at=now - dt.timedelta(seconds=20)
    )
    lease = {"_id": KOREAN_STOCKS.key, "run": killed, "expires_at": now + dt.timedelta(seconds=600)}
    own_server_db[documents.LEASES].insert_one(lease)
    text = progress_text(open_page())
    assert "15/45종목" in text
    assert bool(re.search("2[0-9]초째 소식이 없습니다", text)) is unheard
    assert ("남음" in text) is not unheard, "the clock of another machine may differ"


def progress_text(page: AppTest) -> str:
    return "\n".join(bar.text for bar in page.progress).replace("\\", "")


def test_a_run_whose_process_died_is_shown_as_interrupted_and_can_be_continued(
    own_server_db: MongoDatabase, yahoo: YahooStandIn
) -> None:
    pages.update_from(yahoo, own_server_db, {ticker: table.iloc[:-1] for ticker, table in TABLES.items()}, {})
    for ticker, table in TABLES.items():
        yahoo.listings[f"{ticker}.KS"] = Listing(table)
    dead = insert_run(own_server_db, "running", total=2, done=1, full=True, started_at=tickers.now())
    yahoo.clear()
    update_time = tickers.now()
    tickers.record(own_server_db, KOREAN_STOCKS, "000660", {"updated_at": update_time, "verified_at": update_time})

    page = open_page()
    assert "끊김" in text_of(page)
    page.button(key=f"resume_korean_stocks_{dead}").click().run()
    finish(page)

    assert not yahoo.asked("000660.KS"), "what the dead run had finished is not fetched again"
    assert len(prices.load(own_server_db, KOREAN_STOCKS, "005930")) == len(TABLES["005930"])
    assert [run["state"] for run in runs.history(own_server_db, 10) if run["_id"] == dead] == ["interrupted"]


def test_the_failed_tickers_of_a_run_are_listed_with_reasons_and_retried_alone(
    own_server_db: MongoDatabase, yahoo: YahooStandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(yahoo_client, "RETRY_WITHIN", 0.01)
    pages.update_from(yahoo, own_server_db, TABLES, {})
    yahoo.answer_with("005930.KS", *[Status(500)] * 2 * yahoo_client.ATTEMPTS)
    failed = category_update.run(own_server_db, KOREAN_STOCKS).run
    yahoo.clear()

    page = open_page()
    page.button(key=f"retry_korean_stocks_{failed}").click().run()
    finish(page)

    assert yahoo.asked("005930.KS")
    assert not yahoo.asked("000660.KS")
    assert "1/1종목" in text_of(page)


def test_a_run_in_which_everything_failed_is_not_called_done_and_is_chosen_in_the_history_and_retried_there(
    own_server_db: MongoDatabase, yahoo: YahooStandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(yahoo_client, "RETRY_WITHIN", 0.01)
    pages.update_from(yahoo, own_server_db, TABLES, {})
    own_server_db["update_runs"].delete_many({})
    yahoo.outage = Status(500)

    page = open_page()
    page.button(key="update_korean_stocks").click().run()
    finish(page)

    shown = text_of(page)
    assert "실패" in shown
    assert "모두 실패했습니다" in shown
    assert "완료" not in shown
    (run,) = runs.history(own_server_db, 10)
    failed = run["_id"]
    yahoo.outage = None

    page = choose(open_page(), own_server_db)
    assert not page.exception
    assert "물어본 2종목이 모두 실패했습니다." in text_of(page)
    assert "2종목은 실패했습니다." not in text_of(page), "the reason has the number already"
    assert page.button(key=f"retry_korean_stocks_{failed}")
    page.button(key=f"retry_chosen_korean_stocks_{failed}").click().run()
    finish(page)
    assert "2/2종목" in text_of(page)


def test_samples_are_not_said_to_be_compared_with_yahoo(own_server_db: MongoDatabase, yahoo: YahooStandIn) -> None:
    pages.update_from(yahoo, own_server_db, TABLES, {})
    tickers.record(own_server_db, KOREAN_STOCKS, "000660", {"source": "sample"})
    text = text_of(open_page())
    assert "표본 1" in text
    assert re.search(r"Yahoo에서 받은 모든 이력을 \d{4}-\d\d-\d\d \d\d:\d\d 뒤에 Yahoo와 대조함", text)


def test_a_full_refresh_fetches_whole_histories_and_asks_first(
    own_server_db: MongoDatabase, yahoo: YahooStandIn
) -> None:
    pages.update_from(yahoo, own_server_db, TABLES, {})
    revised = TABLES["005930"].copy()
    revised.iloc[3, 3] += 1
    yahoo.listings["005930.KS"] = Listing(revised)

    page = open_page()
    assert "저장된 것과 바꿉니다" in text_of(page)
    page.button(key="full_korean_stocks").click().run()
    finish(page)

    assert prices.load(own_server_db, KOREAN_STOCKS, "005930")["close"].iloc[3] == revised["close"].iloc[3]


@pytest.mark.slow
def test_all_four_run_at_once(own_server_db: MongoDatabase, yahoo: YahooStandIn) -> None:
    for category in categories.CATEGORIES:
        pages.update_from(yahoo, own_server_db, {category.default_ticker: TABLES["005930"].iloc[:-1]}, {}, category)
    yahoo.delay = 60.0  # none ends before all have begun
    page = open_page()
    page.button(key="update_all").click().run()
    held = {"$expr": {"$gt": ["$expires_at", "$$NOW"]}}
    everyone = len(categories.CATEGORIES)
    assert wait_until(lambda: own_server_db[documents.LEASES].count_documents(held) == everyone)
    yahoo.delay = 0
    finish(page)
    for category in categories.CATEGORIES:
        run = runs.latest(own_server_db, category)
        assert run is not None
        assert (run["state"], run["done"]) == ("done", 1)


def test_an_update_that_someone_else_began_in_this_very_moment_is_told_and_not_begun_again(
    own_server_db: MongoDatabase, yahoo: YahooStandIn
) -> None:
    pages.update_from(yahoo, own_server_db, TABLES, {})
    page = open_page()
    with runs.leased(own_server_db, KOREAN_STOCKS, "terminal", {}, threading.Event()) as run:
        page.button(key="update_korean_stocks").click().run()
        assert wait_until(lambda: page.warning or page.run().warning)
        assert socket.gethostname() in "\n".join(warning.value for warning in page.warning).replace("\\", "")
        run.finish("done")
    finish(page)
    assert not page.warning, "the run that it speaks of is over"


def test_the_schedule_is_off_until_switched_on_and_tells_when_it_runs_next(own_server_db: MongoDatabase) -> None:
    page = open_page()
    assert not page.toggle(key="schedule_us_stocks").value
    page.toggle(key="schedule_us_stocks").set_value(True).run()
    assert schedule.enabled_since(own_server_db, US_STOCKS) is not None
    assert schedule.enabled_since(own_server_db, KOREAN_STOCKS) is None
    assert "다음은 20" in page.toggle(key="schedule_us_stocks").label
    page.toggle(key="schedule_us_stocks").set_value(False).run()
    assert schedule.enabled_since(own_server_db, US_STOCKS) is None


def test_every_text_of_the_page_is_there_in_english(own_server_db: MongoDatabase, yahoo: YahooStandIn) -> None:
    pages.update_from(yahoo, own_server_db, TABLES, {})
    insert_run(own_server_db, "cancelled", total=2, done=1, added=3)
    insert_run(
        own_server_db, "partial", error={"message": "Yahoo에 {symbol} 종목이 없습니다.", "values": {"symbol": "X"}}
    )
    texts = pages.visible_text(open_page("en"))
    assert [text for text in texts if any("가" <= char <= "힣" for char in text)] == []


def test_the_database_going_away_is_a_sentence(own_server_db: MongoDatabase, monkeypatch: pytest.MonkeyPatch) -> None:
    assert own_server_db.name
    monkeypatch.setenv("MONGO_URI", "mongodb://127.0.0.1:1/")
    page = open_page()
    assert not page.exception
    assert "127.0.0.1:1" in page.error[0].value.replace("\\", "")


def test_the_bars_that_a_run_changed_or_left_out_are_told_with_their_reasons(
    own_server_db: MongoDatabase, yahoo: YahooStandIn
) -> None:
    table = pages.made_table(1, halted=0)
    table.iloc[-20, :4] *= 100
    table.iloc[-30] = float("nan")
    pages.update_from(yahoo, own_server_db, {"005930": table}, {})

    page = AppTest.from_string(
        """
        from finance_core.categories import KOREAN_STOCKS
        from finance_core.storage import database, runs
        from finance_core.ui.updates import remarks

        db = database.connect()
        remarks.show(db, runs.latest(db, KOREAN_STOCKS))
        """,
        default_timeout=60,
    ).run()

    (told,) = page.get("dataframe")
    assert page.expander[0].label.replace("\\", "") == "고치거나 뺀 봉 2"
    assert told.value.values.tolist() == [
        ["005930", f"{table.index[-30]:%Y-%m-%d}", "종가가 없음"],
        ["005930", f"{table.index[-20]:%Y-%m-%d}", "가격이 100배나 100분의 1: 바로잡음"],
    ]


# The state of the installation


def test_the_page_tells_the_state_of_server_database_and_app(own_server_db: MongoDatabase) -> None:
    text = text_of(open_page())
    version = own_server_db.client.server_info()["version"]
    assert re.search(
        rf"· MongoDB {version} · 데이터베이스 {own_server_db.name} [\d,]+ MB · 남은 디스크 [\d,.]+ [MGT]B", text
    )
    assert re.search(r"열린 화면 0 · 앱의 메모리 ([\d,.]+ [MG]B|–)", text)
    assert "하루 동안의 오류 0" in text


def test_the_errors_of_the_day_are_in_a_table(own_server_db: MongoDatabase) -> None:
    path = log.file("update")
    path.parent.mkdir(parents=True, exist_ok=True)
    now, old = dt.datetime.now(), dt.datetime.now() - dt.timedelta(days=2)
    lines = [f"{moment:%Y-%m-%d %H:%M:%S},000 ERROR updaters.x {text}" for moment, text in ((old, "old"), (now, "new"))]
    path.write_text("\n".join(lines))

    page = open_page()
    assert "하루 동안의 오류 1" in text_of(page)
    table = page.dataframe[-1].value
    assert table[["로그", "어디서", "무엇"]].to_numpy().tolist() == [["update", "updaters.x", "new"]]


def test_a_server_that_may_not_tell_its_state_is_explained_and_the_page_goes_on(
    own_server_db: MongoDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    def denied(_db: MongoDatabase) -> None:
        raise OperationFailure("not authorized on x to execute command { dbStats: 1 }", 13)

    monkeypatch.setattr(server_state, "read", denied)
    text = text_of(open_page())
    assert "dbStats 명령을 허락하지 않습니다" in text
    assert "열린 화면 0" in text
