"""Registering whole markets on the page of the ticker lists, and the dialog that shows what a newer list changes."""

from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from finance_core import starter, ticker_fields
from finance_core.categories import KOREAN_STOCKS
from finance_core.storage import documents, market_lists, ticker_edits, tickers
from finance_core.storage.database import MongoDatabase
from finance_core.ui import visitor
from finance_core.ui.tickers import grid
from tests import pages
from tests.edits import history
from tests.yahoo import SCREENER, Status, YahooStandIn
from updaters import listing_refresh
from updaters import yahoo as product

pytestmark = pytest.mark.slow

KEY = "tickers:korean_stocks"
EXCHANGES = {"KOSPI": ("KSC", ".KS"), "KOSDAQ": ("KOE", ".KQ")}


@pytest.fixture(autouse=True)
def admin(monkeypatch: pytest.MonkeyPatch, own_server_db: MongoDatabase) -> None:
    """An admin at the machine, who does nothing in the grid."""
    pages.sit_at_the_machine(monkeypatch)
    monkeypatch.setattr(visitor, "visitor_address", lambda: None)
    monkeypatch.setattr(grid, "answer", lambda _key, _generation: grid.Answer())


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, str]]:
    """The rows of a KRX with a twentieth of its companies."""
    krx = starter.shipped("krx")
    rows = [row for n, row in enumerate(krx.rows) if n % 20 == 0 or row["ticker"] in ("000020", "086520", "005930")]
    monkeypatch.setattr(market_lists, "shipped", lambda _file: krx._replace(rows=rows))
    return rows


@pytest.fixture
def screened(yahoo: YahooStandIn, few: list[dict[str, str]]) -> YahooStandIn:
    """A Yahoo whose screener lists the KRX with one company gone, one moved and one new."""
    for row in few:
        if row["market"] in EXCHANGES and row["ticker"] not in ("000020", "086520"):
            exchange, suffix = EXCHANGES[row["market"]]
            yahoo.quotes[row["ticker"] + suffix] = {"exchange": exchange, "longName": f"Company {row['ticker']}"}
    yahoo.quotes["086520.KS"] = {"exchange": "KSC", "longName": "EcoPro"}
    yahoo.quotes["0999Z0.KQ"] = {"exchange": "KOE", "longName": "Newcomer <b>"}
    return yahoo


def open_page(language: str = "ko") -> AppTest:
    page = AppTest.from_file(pages.PAGES_DIR / "admin_tickers.py", default_timeout=120)
    page.query_params["lang"] = language
    return page.run()


def click(page: AppTest, name: str) -> AppTest:
    page.button(key=f"{KEY}:{name}").click().run()
    assert not page.exception
    return page


def shown(db: MongoDatabase, ticker: str) -> dict[str, Any]:
    row = tickers.get(db, KOREAN_STOCKS, ticker)
    return ticker_fields.shown(row) if row else {}


def difference_table(page: AppTest) -> Any:
    (table,) = [each.value for each in page.dataframe if "바뀌는 것" in each.value.columns]
    return table


def test_one_click_registers_the_lists_of_the_category(own_server_db: MongoDatabase) -> None:
    page = open_page()
    texts = [each.value.replace("\\", "") for each in page.caption]
    assert "코스피: 2026-03-22 (프로그램에 든 목록), 951종목" in texts
    click(page, "register")
    assert len(tickers.all_rows(own_server_db, KOREAN_STOCKS)) == 2_769
    said = [each.value.replace("\\", "") for each in page.success]
    assert said == ["2,769개 행을 저장했습니다.", "KONEX 110종목은 Yahoo에 없어서 뺐습니다."]
    click(page, "register")
    assert page.success[0].value.startswith("목록의 종목이 모두 등록되어 있습니다")
    assert len(history(own_server_db, KOREAN_STOCKS, 9)) == 1


def test_only_the_chosen_list_is_registered(own_server_db: MongoDatabase) -> None:
    page = open_page()
    (pills,) = [each for each in page.get("button_group") if each.key == f"{KEY}:market_lists"]
    pills.set_value([starter.MARKET_LISTS[1]]).run()
    click(page, "register")
    assert {row.get("market") for row in tickers.all_rows(own_server_db, KOREAN_STOCKS)} == {"KOSDAQ"}


def test_a_newer_list_changes_nothing_before_the_yes(own_server_db: MongoDatabase, screened: YahooStandIn) -> None:
    db = own_server_db
    page = click(open_page(), "register")
    click(page, "refresh_lists")
    assert "새 종목 1, 이름 바뀜 0, 시장 옮김 1, 상장폐지된 듯함 1, 빈칸 채움 137, 그대로 4" in "".join(
        each.value.replace("\\", "") for each in page.markdown
    )
    assert difference_table(page).iloc[:3].to_numpy().tolist() == [
        ["상장폐지된 듯함", "000020", "동화약품", "사용 예 → 아니요"],
        ["시장 옮김", "086520", "에코프로", "시장 KOSDAQ → KOSPI"],
        ["새 종목", "0999Z0", "Newcomer <b>", "Newcomer <b> · KOSDAQ"],
    ]
    assert (shown(db, "000020")["active"], shown(db, "086520")["market"]) == (True, "KOSDAQ")
    assert market_lists.last_good(db, "krx")["source"] == "yahoo"

    click(page, "apply_lists")
    assert (shown(db, "000020")["active"], shown(db, "086520")["market"]) == (False, "KOSPI")
    assert shown(db, "0999Z0")["name"] == "Newcomer <b>"
    assert shown(db, "005930")["name"] == "삼성전자"
    assert [each for each in page.dataframe if "바뀌는 것" in each.value.columns] == [], "the dialog is closed"

    entry = history(db, KOREAN_STOCKS, 1)[0]
    ticker_edits.undo(db, KOREAN_STOCKS, entry["_id"], "me")
    assert (shown(db, "000020")["active"], shown(db, "0999Z0")) == (True, {})


@pytest.mark.usefixtures("screened")
def test_a_click_on_register_leaves_what_needs_a_yes_and_says_so(own_server_db: MongoDatabase) -> None:
    page = click(open_page(), "register")
    (fetched,) = listing_refresh.refresh(own_server_db, market_lists.chosen(["kospi"])["korean_stocks"])
    market_lists.keep(own_server_db, KOREAN_STOCKS, fetched)
    click(page, "register")
    assert [each.value.replace("\\", "") for each in page.warning] == [
        "2개는 확인을 기다립니다. '차이 보기'에서 반영합니다."
    ]
    assert shown(own_server_db, "086520")["market"] == "KOSDAQ"


def test_a_yahoo_that_does_not_answer_is_a_sentence(
    own_server_db: MongoDatabase, screened: YahooStandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(product, "RETRY_WITHIN", 0.01)
    screened.answer_with(SCREENER, *[Status(500)] * 20)
    page = click(open_page(), "refresh_lists")
    assert "HTTP 오류 500" in page.error[0].value
    assert "등록된 종목과 가지고 있던 목록은 그대로입니다" in page.error[0].value
    assert own_server_db[documents.LISTS].count_documents({}) == 0


@pytest.mark.usefixtures("screened")
def test_every_text_is_there_in_english() -> None:
    page = click(click(open_page("en"), "register"), "refresh_lists")
    texts = [text for text in pages.visible_text(page) if any("가" <= char <= "힣" for char in text)]
    assert texts == []


def test_a_category_without_lists_offers_none() -> None:
    page = open_page()
    page.session_state["category"] = "지수"
    page.run()
    assert [each.key for each in page.button if "register" in str(each.key)] == []
