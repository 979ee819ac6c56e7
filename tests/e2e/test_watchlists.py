"""What a person does on the page of lists, in a real browser."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from finance_core.categories import KOREAN_STOCKS
from finance_core.storage import tickers, watchlists
from finance_core.storage.database import MongoDatabase
from finance_core.storage.watchlists import FAVOURITES
from finance_core.ui.watchlists.page import LOOK
from tests.e2e.browsing import wait_until_at_rest
from tests.e2e.test_look import SELECTOR
from tests.storage.test_panels import store
from tests.storage.test_prices import make_bars

pytestmark = pytest.mark.slow


@pytest.fixture
def listed(own_server_db: MongoDatabase) -> MongoDatabase:
    for number in range(3):
        store(own_server_db, f"{number:06}", make_bars(300), name=f"회사 {number}", favourite=True)
    return own_server_db


def test_the_arrow_keys_walk_the_chart_through_the_list_and_a_row_is_moved_and_noted(
    listed: MongoDatabase, app: Callable[[], str], page: Page
) -> None:
    page.goto(app() + "/watchlists")
    table = page.get_by_test_id("stDataFrame")
    expect(table).to_be_visible(timeout=60_000)
    box = table.bounding_box()
    assert box is not None
    chosen = page.locator(".st-key-watched_row")

    def choose_first() -> bool:
        page.mouse.click(box["x"] + 450, box["y"] + 36 + 14)
        page.wait_for_timeout(1_000)
        return chosen.count() > 0

    assert any(choose_first() for _attempt in range(10))
    expect(chosen).to_contain_text("회사 0", timeout=20_000)
    chart = page.locator(".st-key-walked canvas").first
    expect(chart).to_be_visible(timeout=20_000)
    drawn = chart.bounding_box()
    assert drawn is not None
    assert drawn["height"] >= 300
    page.keyboard.press("ArrowDown")
    expect(chosen).to_contain_text("회사 1", timeout=20_000)
    selectors = SELECTOR.findall(LOOK.read_text(encoding="utf-8"))
    assert [one for one in selectors if page.locator(one).count() == 0] == []

    chosen.get_by_role("button").nth(1).click()
    for _attempt in range(100):
        if [entry.ticker for entry in watchlists.load(listed)[0].entries] == ["000000", "000002", "000001"]:
            break
        page.wait_for_timeout(100)
    entries = watchlists.load(listed)[0].entries
    assert [entry.ticker for entry in entries] == ["000000", "000002", "000001"]
    assert watchlists.load(listed)[0].id == FAVOURITES
    expect(chosen).to_contain_text("회사 1", timeout=20_000)
    expect(chosen.get_by_role("button").nth(1)).to_be_disabled()
    chosen.get_by_role("button").nth(0).click()
    for _attempt in range(100):
        if watchlists.load(listed)[0].entries[1].ticker == "000001":
            break
        page.wait_for_timeout(100)
    assert [entry.ticker for entry in watchlists.load(listed)[0].entries] == ["000000", "000001", "000002"]
    page.wait_for_timeout(500)
    wait_until_at_rest(page)
    page.get_by_role("textbox", name="메모").fill("실적 발표")
    page.keyboard.press("Enter")
    for _attempt in range(100):
        if watchlists.load(listed)[0].entries[1].note:
            break
        page.wait_for_timeout(100)
    assert watchlists.load(listed)[0].entries[1].note == "실적 발표"


def test_what_is_pasted_into_a_list_that_is_deleted_meanwhile_goes_on_no_other_list(
    listed: MongoDatabase, app: Callable[[], str], page: Page
) -> None:
    gone = watchlists.create(listed, "반도체")
    tickers.register(listed, KOREAN_STOCKS, [{"ticker": "005930", "name": "삼성전자"}])
    page.goto(f"{app()}/watchlists?list={gone}")
    page.get_by_role("button", name="종목 넣기").click()
    box, put = page.get_by_role("textbox", name="종목 코드나 이름"), page.get_by_role("button", name="넣기", exact=True)
    box.fill("005930")
    watchlists.remove(listed, gone, [])
    put.click()
    expect(page.get_by_test_id("stToast")).to_be_visible()
    expect(page.get_by_text("다른 목록을 보여 드립니다")).to_be_visible()
    expect(put).to_be_hidden()
    (favourites,) = watchlists.load(listed)
    assert "005930" not in [entry.ticker for entry in favourites.entries]
    page.get_by_role("button", name="종목 넣기").click()
    expect(box).to_have_value("005930")  # a person may still put it there, but has to open the box of that list
    put.click()
    expect(page.get_by_text("1종목을 넣었습니다")).to_be_visible()
