"""The page of the user's own data, run by Streamlit's own test runner on a real database."""

import re
import threading

import pymongo
import pytest
from streamlit.testing.v1 import AppTest

from finance_core import background
from finance_core.bars import candles
from finance_core.categories import INDICES, KOREAN_STOCKS, US_STOCKS
from finance_core.foreign import following
from finance_core.foreign import unused_server as local_server_module
from finance_core.storage import documents, locations, prices, runs, tickers
from finance_core.storage.database import Document, MongoDatabase
from finance_core.ui.data import unused_server as local_server
from tests import pages
from tests.foreign.other_programs import KOREAN, hourly
from tests.foreign.test_adoption import CAPITAL, TABLES, adopted, flat
from tests.foreign.test_inspection import neighbour  # noqa: F401 - a fixture
from tests.processes import wait_until

pytestmark = pytest.mark.slow

TEXT = flat(TABLES, CAPITAL, as_text=True)


@pytest.fixture(autouse=True)
def at_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    pages.sit_at_the_machine(monkeypatch)
    monkeypatch.setattr(local_server_module, "URI", "mongodb://127.0.0.1:9")  # whatever runs on this machine
    local_server.forget()


def open_page(language: str = "ko") -> AppTest:
    page = AppTest.from_file(pages.PAGES_DIR / "admin_data.py", default_timeout=60)
    page.query_params["lang"] = language
    return page.run()


def finish(page: AppTest) -> AppTest:
    """Wait for what the page began, and look again as it does by itself."""
    assert wait_until(lambda: not background.running())
    page.run()
    return page.run()


def text_of(page: AppTest) -> str:
    return "\n".join(pages.visible_text(page)).replace("\\", "")


def keys(page: AppTest) -> set[str]:
    return {button.key for button in page.button}


def test_each_collection_is_shown_with_what_can_be_done_with_it(own_server_db: MongoDatabase) -> None:
    own_server_db["stocks"].insert_many(TEXT)
    own_server_db["us_stock"].insert_many([row | {"symbol": "AAPL"} for row in flat({"A": TABLES["005930"]}, CAPITAL)])
    own_server_db["companies"].insert_one({"code": "005930", "name": "삼성"})
    own_server_db["notes"].insert_one({"text": "…"})
    page = open_page()
    assert not page.error
    shown = text_of(page)
    for expected in (
        "전환하면 쓸 수 있음",
        "그대로 읽을 수 있음",
        "날짜가 글자로",
        "companies",
        "notes",
        f"{len(TEXT):,}개",
    ):
        assert expected in shown
    assert {"try_stocks", "convert_stocks", "read_us_stock", "convert_us_stock"} <= keys(page)
    assert "read_stocks" not in keys(page)
    assert sorted(own_server_db.list_collection_names()) == ["companies", "notes", "stocks", "us_stock"]


def test_a_dry_run_shows_counts_the_first_rows_and_what_is_refused_and_writes_nothing(
    own_server_db: MongoDatabase,
) -> None:
    own_server_db["stocks"].insert_many([*TEXT, {"symbol": "005930", "Date": "언제", "Close": 5.0}])
    page = open_page()
    page.button(key="try_stocks").click().run()
    page = finish(page)
    assert not page.error
    assert f"행 {len(TEXT) + 1:,}개 가운데 {len(TEXT):,}개가 봉이 되고 1개는" in text_of(page)
    assert any(len(frame.value) == 20 for frame in page.dataframe)
    assert own_server_db.list_collection_names() == ["stocks"]


def test_a_conversion_is_begun_by_a_yes_and_its_outcome_stays(own_server_db: MongoDatabase) -> None:
    own_server_db["stocks"].insert_many([*TEXT, {"symbol": "005930", "Date": "언제", "Close": 5.0}])
    page = open_page()
    assert "korean_stocks 컬렉션에" in text_of(page)  # beforehand, what it will do
    page.button(key="convert_stocks").click().run()
    page = finish(page)
    assert not page.error
    assert "체크섬이 모두 같습니다" in text_of(page)
    assert len(prices.load(own_server_db, KOREAN_STOCKS, "005930")) == len(TABLES["005930"])
    later = text_of(open_page())  # another visit
    assert "체크섬이 모두 같습니다" in later
    assert "1행을 받지 않았습니다" in later
    assert "전환함" in later


def test_reading_as_it_is_is_begun_by_a_yes_and_can_be_given_up(own_server_db: MongoDatabase) -> None:
    own_server_db["kr"].insert_many(flat(TABLES, CAPITAL))
    page = open_page()
    page.selectbox(key="category_of_kr").select("korean_stocks").run()
    page.button(key="read_kr").click().run()
    page = finish(page)
    assert not page.error
    assert "읽기 전용으로 쓰는 중" in text_of(page)
    assert locations.of(own_server_db, KOREAN_STOCKS).read_only
    page.button(key="give_up_kr").click().run()
    assert not locations.of(own_server_db, KOREAN_STOCKS).read_only


def test_a_ticker_that_is_not_drawn_any_more_is_named_with_the_reason(own_server_db: MongoDatabase) -> None:
    own_server_db["kr"].insert_many(flat(TABLES, CAPITAL))
    adopted(own_server_db, "kr")
    assert "그리지 않는 종목이" not in text_of(open_page())
    own_server_db["kr"].insert_one(flat({"005930": TABLES["005930"].iloc[-1:]}, CAPITAL)[0] | {"symbol": "005930.KS"})
    following.refresh(own_server_db, KOREAN_STOCKS, threading.Event())
    page = open_page()
    assert not page.error
    assert "그리지 않는 종목이 있습니다" in text_of(page)
    assert any("005930.KS" in frame.value.to_string() for frame in page.dataframe)


def test_a_collection_that_says_nothing_is_asked_about(own_server_db: MongoDatabase) -> None:
    own_server_db["daily"].insert_many([row | {"symbol": "^KS11"} for row in TEXT[:50]])
    page = open_page()
    assert "convert_daily" not in keys(page)
    page.selectbox(key="category_of_daily").select("indices").run()
    page.button(key="convert_daily").click().run()
    finish(page)
    assert len(prices.load(own_server_db, INDICES, "^KS11")) == 50


@pytest.mark.parametrize(
    ("button", "outcome"),
    [("try_kr", "봉이 되고"), ("convert_kr", "체크섬이 모두 같습니다"), ("read_kr", "아무것도 바꾸지 않았습니다")],
)
def test_the_outcome_is_shown_for_a_category_that_was_chosen_by_hand(
    own_server_db: MongoDatabase, button: str, outcome: str
) -> None:
    own_server_db["kr"].insert_many(flat(TABLES, CAPITAL))
    page = open_page()
    page.selectbox(key="category_of_kr").select("korean_stocks").run()
    if button == "read_kr":  # a row that cannot be read as it is
        own_server_db["kr"].insert_one({"symbol": "000660", "Date": "2024-01-02", "Close": 5.0})
    page.button(key=button).click().run()
    page = finish(page)
    assert outcome in text_of(page)
    assert "category_of_kr" not in {box.key for box in page.selectbox}
    page.button(key="look_again").click().run()
    assert page.selectbox(key="category_of_kr").value is None, "who has chosen wrong can choose again"


def test_what_was_read_and_is_gone_can_be_given_up(own_server_db: MongoDatabase) -> None:
    own_server_db["kr"].insert_many(flat(TABLES, CAPITAL))
    adopted(own_server_db, "kr")
    own_server_db.drop_collection("kr")
    page = open_page()
    assert "kr 컬렉션이 없거나" in text_of(page)
    page.button(key="give_up_kr").click().run()
    assert not locations.of(own_server_db, KOREAN_STOCKS).read_only
    assert "kr 컬렉션이 없거나" not in text_of(page)


def test_what_cannot_be_read_as_it_is_is_named_and_nothing_is_changed(own_server_db: MongoDatabase) -> None:
    own_server_db["us_stock"].insert_many([row | {"symbol": "AAPL"} for row in flat({"A": TABLES["005930"]}, CAPITAL)])
    page = open_page()
    own_server_db["us_stock"].insert_one({"symbol": "MSFT", "Date": "2024-01-02", "Close": 5.0})
    page.button(key="read_us_stock").click().run()
    page = finish(page)
    assert "아무것도 바꾸지 않았습니다" in text_of(page)
    assert any("MSFT" in frame.value.to_string() for frame in page.dataframe)
    assert not locations.of(own_server_db, US_STOCKS).read_only


def test_reading_that_would_be_refused_is_not_offered_but_explained(own_server_db: MongoDatabase) -> None:
    own_server_db["kr"].insert_many(flat(TABLES, CAPITAL))
    prices.write(own_server_db, KOREAN_STOCKS, "035720", candles.clean(pages.made_table(halted=0))[0])
    page = open_page()
    page.selectbox(key="category_of_kr").select("korean_stocks").run()
    assert "read_kr" not in keys(page)
    assert "convert_kr" in keys(page)
    assert "그대로 읽을 수 있음" not in text_of(page)
    assert "전환하면 쓸 수 있음" in text_of(page)
    assert "korean_stocks 컬렉션에도 있습니다" in text_of(page)
    page.button(key="convert_kr").click().run()
    shown = text_of(finish(page))
    assert "전환함" in shown
    assert "컬렉션에도 있습니다" not in shown, "the advice was followed"


def test_a_conversion_that_took_nothing_is_not_called_done(own_server_db: MongoDatabase) -> None:
    own_server_db["stocks"].insert_many(hourly(KOREAN))
    page = open_page()
    page.button(key="convert_stocks").click().run()
    shown = text_of(finish(page))
    assert "봉을 하나도 받지 못했습니다" in shown
    assert "전환함" not in shown
    run = runs.latest(own_server_db, KOREAN_STOCKS)
    assert run is not None
    assert (run["state"], run["failed"]) == ("failed", len(KOREAN))


def test_rows_within_the_day_are_taken_once_the_visitor_says_how(own_server_db: MongoDatabase) -> None:
    own_server_db["stocks"].insert_many(hourly(KOREAN))
    page = open_page()
    assert "intraday_stocks" not in {choice.key for choice in page.button_group}
    page.button(key="convert_stocks").click().run()
    page = finish(page)
    assert not prices.any_stored(own_server_db, KOREAN_STOCKS)
    page.button_group(key="intraday_stocks").set_value("aggregate").run()
    page.button(key="convert_stocks").click().run()
    page = finish(page)
    assert not page.error
    for ticker, table in KOREAN.items():
        bars = prices.load(own_server_db, KOREAN_STOCKS, ticker)
        assert bars["close"].tolist() == table["close"].tolist()
        assert bars["volume"].tolist() == table["volume"].tolist()


def test_an_error_of_the_work_is_a_sentence(own_server_db: MongoDatabase) -> None:
    own_server_db["stocks"].insert_many(TEXT)
    page = open_page()
    with runs.leased(own_server_db, KOREAN_STOCKS, "terminal", {}, threading.Event()) as lease:
        page.button(key="convert_stocks").click().run()
        page = finish(page)
        lease.finish("done")
    assert "이미 실행 중입니다" in " ".join(error.value for error in page.error)


def test_a_conversion_that_another_visit_began_is_watched_and_its_end_is_seen(own_server_db: MongoDatabase) -> None:
    own_server_db["stocks"].insert_many(TEXT)
    options = {"kind": "convert", "from": "stocks"}
    with runs.leased(own_server_db, KOREAN_STOCKS, "page", options, threading.Event()) as lease:
        begun = {"category": "korean_stocks", "source": "stocks", "state": "running", "started_at": tickers.now()}
        own_server_db[documents.IMPORTS].insert_one(begun)
        page = open_page()
        assert "전환 중" in " ".join(bar.proto.text for bar in page.get("progress"))
        assert "cancel_korean_stocks" in keys(page)
        assert "아직 끝나지 않았습니다" not in text_of(page)  # it runs, and is not cut off
        lease.finish("cancelled")
    page.run()
    assert not page.get("progress")
    assert "아직 끝나지 않았습니다" in text_of(page)


def test_a_conversion_that_was_cut_off_says_so(own_server_db: MongoDatabase) -> None:
    own_server_db["stocks"].insert_many(TEXT)
    begun = {"category": "korean_stocks", "source": "stocks", "state": "running", "started_at": tickers.now()}
    own_server_db[documents.IMPORTS].insert_one(begun)
    assert "아직 끝나지 않았습니다" in text_of(open_page())


def test_an_empty_database_says_what_to_do_next(own_server_db: MongoDatabase) -> None:
    page = open_page()
    assert not page.error
    assert "찾지 못했습니다" in text_of(page)


def test_a_server_on_this_machine_is_pointed_out_to_whoever_could_use_it(
    db: MongoDatabase,
    neighbour: "pymongo.MongoClient[Document]",  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    neighbour["mine"]["stocks"].insert_many(TEXT[:20])
    local_server.forget()

    def open_it(page_file: str) -> AppTest:
        return AppTest.from_file(pages.PAGES_DIR / f"{page_file}.py", default_timeout=60).run()

    both = ("admin_data", "overview")
    assert ["MongoDB가 있습니다" in text_of(open_it(page_file)) for page_file in both] == [True] * 2
    pages.sit_at_the_machine(monkeypatch, False)
    assert ["MongoDB가 있습니다" in text_of(open_it(page_file)) for page_file in both] == [False] * 2
    local_server.forget()


def test_a_visitor_who_may_only_look_sees_none_of_it(
    own_server_db: MongoDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    own_server_db["stocks"].insert_many(TEXT)
    pages.sit_at_the_machine(monkeypatch, False)
    page = open_page()
    assert "읽기 전용입니다" in text_of(page)
    assert "stocks" not in text_of(page)
    assert not page.button


def test_nobody_starts_anything_who_was_an_admin_only_when_the_page_was_drawn(
    own_server_db: MongoDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    own_server_db["stocks"].insert_many(TEXT)
    page = open_page()
    pages.sit_at_the_machine(monkeypatch, False)
    page.button(key="convert_stocks").click().run()
    assert wait_until(lambda: not background.running())
    assert own_server_db.list_collection_names() == ["stocks"]


def test_every_text_of_the_page_is_there_in_english(own_server_db: MongoDatabase) -> None:
    own_server_db["stocks"].insert_many([*TEXT, {"symbol": "GOOGL", "Date": "when", "Close": "x"}])
    own_server_db["us_stock"].insert_many([row | {"symbol": "AAPL"} for row in flat({"A": TABLES["005930"]}, CAPITAL)])
    own_server_db["companies"].insert_one({"code": "005930", "name": "Samsung"})
    page = open_page("en")
    page.button(key="try_stocks").click().run()
    page = finish(page)
    page.button(key="read_us_stock").click().run()
    page = finish(page)
    page.button(key="convert_stocks").click().run()
    page = finish(page)
    assert not page.error
    korean = [text for text in pages.visible_text(page) if re.search("[가-힣]", text)]
    assert not korean


def test_the_page_offers_no_samples_as_a_file_and_says_so(own_server_db: MongoDatabase) -> None:
    for ticker, source in (("005930", "sample"), ("000660", "yahoo")):
        prices.write(own_server_db, KOREAN_STOCKS, ticker, candles.clean(pages.made_table())[0])
        tickers.register(own_server_db, KOREAN_STOCKS, [{"ticker": ticker, "name": ticker, "source": source}])
    page = open_page()
    assert "표본 1종목은 실제 시세가 아니어서 내보내지 않습니다" in text_of(page)
    assert len(page.get("download_button")) == 2
    tickers.record(own_server_db, KOREAN_STOCKS, "000660", {"source": "sample"})
    page = open_page()
    assert "표본 2종목은" in text_of(page)
    assert not page.get("download_button")
