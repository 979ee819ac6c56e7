"""What people do in the grid of names, in real browsers: type, tab, paste, page, sort, save, and meet each other."""

from collections.abc import Callable
from contextlib import suppress

import pytest
from playwright.sync_api import Dialog, FrameLocator, Locator, Page, TimeoutError, expect

from finance_core import formats, starter
from finance_core.categories import KOREAN_STOCKS
from finance_core.i18n import _
from finance_core.storage import tickers
from finance_core.storage.database import MongoDatabase
from tests.processes import wait_until
from tests.yahoo import YahooStandIn

KEY = "st-key-tickers-korean_stocks"

pytestmark = pytest.mark.slow

HAS_PIXELS = """canvas => {
  const {width, height} = canvas;
  return width * height > 0 && canvas.getContext("2d").getImageData(0, 0, width, height).data.some(Boolean);
}"""


@pytest.fixture
def listed(own_server_db: MongoDatabase) -> MongoDatabase:
    """130 tickers: two pages."""
    return register(own_server_db, 130)


@pytest.fixture
def one_page(own_server_db: MongoDatabase) -> MongoDatabase:
    """30 tickers: one page."""
    return register(own_server_db, 30)


def register(db: MongoDatabase, count: int) -> MongoDatabase:
    rows = [{"ticker": f"{n:06}", "name": f"회사 {n}", "market": "KOSPI"} for n in range(1, count + 1)]
    tickers.register(db, KOREAN_STOCKS, rows)
    return db


def open_grid(page: Page, address: str, query: str = "") -> FrameLocator:
    page.goto(f"{address}/admin_tickers{query}")
    grid = page.frame_locator("iframe[title^='st_aggrid']").last  # an old one stays a moment beside the new one
    expect(grid.locator("[row-id='000001']").first).to_be_visible(timeout=60_000)
    page.wait_for_timeout(1_000)  # a grid shows its rows a moment before it listens
    return grid


def cell(grid: FrameLocator, ticker: str, column: str = "name") -> Locator:
    return grid.locator(f"[row-id='{ticker}'] [col-id='{column}']")


def type_into(page: Page, target: Locator, text: str, end: str) -> None:
    def is_open() -> bool:
        """A grid that is just told something new takes no click."""
        target.dblclick()
        with suppress(TimeoutError):
            target.locator("input").wait_for(timeout=3_000)
            return True
        return False

    assert wait_until(is_open)
    expect(target.locator("input")).to_be_focused()
    page.keyboard.press("Control+A")
    page.keyboard.type(text)
    page.keyboard.press(end)


def button(page: Page, name: str) -> Locator:
    """A button of the page by its key."""
    return page.locator(f".{KEY}-{name} button")


def edited(page: Page, rows: int, cells: int) -> Locator:
    """The line that counts the edits which are not saved."""
    return page.get_by_text(_("{rows}개 행에서 {cells}칸을 고쳤습니다").format(rows=rows, cells=cells))


def saved(page: Page, rows: int) -> Locator:
    """The box that reports a save."""
    return page.get_by_text(formats.filled(_("{count}개 행을 저장했습니다."), count=rows))


def name_of(db: MongoDatabase, ticker: str) -> str:
    row = tickers.get(db, KOREAN_STOCKS, ticker)
    assert row is not None
    return str(row["name"])


KEEP_TOPS = """selector => {
  window.tops = [];
  (function look() {
    const grid = document.querySelector(selector), part = document.querySelector("[data-testid='stExpander']");
    if (grid && part) tops.push(part.getBoundingClientRect().top - grid.getBoundingClientRect().top);
    requestAnimationFrame(look);
  })();
}"""
"""Keeps in each frame how far below the top of the grid the next part is."""


def stands_still(page: Page) -> None:
    """What lies below the grid has not moved while the grid loaded."""
    tops = page.evaluate("tops.splice(0)")
    assert max(tops) - min(tops) < 2, set(tops)
    assert min(tops) > 620


def test_names_are_typed_kept_over_pages_and_sorting_saved_and_there_after_a_reload(
    listed: MongoDatabase, app: Callable[[], str], page: Page
) -> None:
    grid = open_grid(page, app())
    type_into(page, cell(grid, "000001"), "삼성 <b>&'\" 📈", "Enter")
    expect(edited(page, 1, 1)).to_be_visible()
    type_into(page, cell(grid, "000002"), "탭으로", "Tab")
    page.keyboard.press("Escape")
    type_into(page, cell(grid, "000003"), "버려진 글", "Escape")
    cell(grid, "000004", "active").locator("input").click()
    expect(edited(page, 3, 3)).to_be_visible()

    # Pasted, and left by a click elsewhere.
    cell(grid, "000005").dblclick()
    page.keyboard.press("Control+A")
    page.keyboard.insert_text("붙여 넣은 이름")
    page.get_by_role("heading", level=1).click()
    expect(edited(page, 4, 4)).to_be_visible()

    # Another page, another order, a search: the edits stay, and stand in the grid again.
    page.get_by_role("button", name="2쪽").click()
    expect(cell(grid, "000101")).to_be_attached(timeout=20_000)
    type_into(page, cell(grid, "000101"), "둘째 쪽", "Enter")
    expect(edited(page, 5, 5)).to_be_visible()
    page.locator(f".{KEY}-search input").fill("00000")
    page.keyboard.press("Enter")
    expect(cell(grid, "000001")).to_have_text("삼성 <b>&'\" 📈", timeout=20_000)
    expect(cell(grid, "000003")).to_have_text("회사 3")
    grid.locator(".ag-header-cell[col-id='ticker']").click()  # it was ascending
    expect(grid.locator("[row-index='0'][row-id='000009']").first).to_be_attached(timeout=20_000)
    expect(edited(page, 5, 5)).to_be_visible()

    button(page, "save").click()
    expect(saved(page, 5)).to_be_visible()
    assert name_of(listed, "000001") == "삼성 <b>&'\" 📈"
    assert [name_of(listed, ticker) for ticker in ("000002", "000003", "000005", "000101")] == [
        "탭으로",
        "회사 3",
        "붙여 넣은 이름",
        "둘째 쪽",
    ]
    questions: list[str] = []

    def accept(dialog: Dialog) -> None:
        questions.append(dialog.type)
        dialog.accept()

    expect(page.locator("[class*=st-key-unsaved]")).to_have_count(0)
    page.once("dialog", accept)
    page.reload()
    assert not questions, "nothing is unsaved"
    expect(cell(grid, "000001")).to_have_text("삼성 <b>&'\" 📈", timeout=60_000)
    expect(cell(grid, "000004", "active").locator("input")).not_to_be_checked()


def test_what_is_being_typed_while_the_rows_are_read_anew_or_saved_is_not_lost_and_its_cell_stays_open(
    one_page: MongoDatabase, app: Callable[[], str], page: Page
) -> None:
    page.add_init_script(f"({KEEP_TOPS})('.{KEY}-grid')")
    grid = open_grid(page, app())
    stands_still(page)  # here in Korean and light colours, below in English and dark ones
    tickers.record(one_page, KOREAN_STOCKS, "000003", {"name": "다른 데서"})
    cell(grid, "000002").dblclick()
    page.keyboard.press("Control+A")
    page.keyboard.type("반쯤 ")
    button(page, "refresh").evaluate("button => button.click()")  # which takes no focus
    expect(cell(grid, "000003")).to_have_text("다른 데서", timeout=20_000)
    page.keyboard.type("그리고 나머지")
    page.keyboard.press("Enter")
    expect(edited(page, 1, 1)).to_be_visible()
    expect(cell(grid, "000002")).to_have_text("반쯤 그리고 나머지")
    cell(grid, "000002").click()
    page.keyboard.press("Control+Z")
    expect(edited(page, 1, 1)).to_have_count(0)
    expect(cell(grid, "000002")).to_have_text("회사 2")

    # A click that takes the focus.
    tickers.record(one_page, KOREAN_STOCKS, "000003", {"name": "또 다른 데서"})
    cell(grid, "000004").dblclick()
    page.keyboard.press("Control+A")
    page.keyboard.type("넷째")
    button(page, "refresh").click()
    expect(cell(grid, "000003")).to_have_text("또 다른 데서", timeout=20_000)
    expect(edited(page, 1, 1)).to_be_visible()
    expect(cell(grid, "000004")).to_have_text("넷째")

    cell(grid, "000002").dblclick()
    page.keyboard.press("Control+A")
    page.keyboard.type("둘째")
    button(page, "save").click()
    expect(page.get_by_test_id("stAlertContentSuccess")).to_be_visible()
    assert name_of(one_page, "000004") == "넷째"
    if name_of(one_page, "000002") != "둘째":  # told just after the click: then it waits to be saved, and is not lost
        expect(edited(page, 1, 1)).to_be_visible()
        expect(page.get_by_text("고치던 칸은 아직 저장되지 않았습니다")).to_be_visible()
        button(page, "save").click()
    assert wait_until(lambda: name_of(one_page, "000002") == "둘째")


def test_edits_stay_in_the_grid_in_another_language_and_while_another_category_is_open_and_nothing_below_it_moves(
    one_page: MongoDatabase, app: Callable[[], str], page: Page
) -> None:
    page.emulate_media(color_scheme="dark")
    page.add_init_script(f"({KEEP_TOPS})('.{KEY}-grid')")
    grid = open_grid(page, app(), "?lang=en")
    stands_still(page)
    type_into(page, cell(grid, "000001"), "첫째", "Enter")
    expect(page.get_by_text("1 edit in 1 row")).to_be_visible()
    page.get_by_role("radio", name="한국어").click()
    expect(grid.locator(".ag-header-cell[col-id='name']")).to_have_text("이름", timeout=20_000)
    expect(cell(grid, "000001")).to_have_text("첫째", timeout=20_000)
    expect(cell(grid, "000001")).to_have_css("background-color", "rgba(245, 158, 11, 0.3)")
    expect(edited(page, 1, 1)).to_be_visible()

    korean, american = (page.get_by_role("radio", name=name, exact=True) for name in ("한국 주식", "미국 주식"))
    american.click()
    expect(edited(page, 1, 1)).to_have_count(0)
    expect(page.get_by_text("저장하지 않은 행: 한국 주식 1")).to_be_visible()
    with page.expect_event("dialog") as asked:  # the browser asks, and the person stays
        page.evaluate("setTimeout(() => location.reload())")
    assert asked.value.type == "beforeunload"
    asked.value.dismiss()
    korean.click()
    expect(edited(page, 1, 1)).to_be_visible()
    expect(cell(grid, "000001")).to_have_text("첫째", timeout=20_000)
    page.wait_for_timeout(1_000)  # as in open_grid
    type_into(page, cell(grid, "000002"), "둘째", "Enter")
    expect(edited(page, 2, 2)).to_be_visible()
    button(page, "save").click()
    expect(saved(page, 2)).to_be_visible()
    assert [name_of(one_page, ticker) for ticker in ("000001", "000002")] == ["첫째", "둘째"]
    expect(page.locator("[class*=st-key-unsaved]")).to_have_count(0)

    page.locator(f".{KEY}-search input").fill("00000")  # nine tickers
    page.keyboard.press("Enter")
    expect(cell(grid, "000010")).to_have_count(0)
    space = page.locator(f".{KEY}-grid_space")
    frame = space.locator("iframe")
    nine_rows = 34 * 10 + 60
    assert wait_until(lambda: frame.evaluate("frame => frame.clientHeight") == nine_rows)
    assert space.evaluate("space => [space.clientHeight, space.scrollHeight]") == [nine_rows] * 2, "no scroll bar"


def test_two_people_who_edit_the_same_rows_at_once_lose_nothing_and_a_second_click_takes_no_other_change(
    one_page: MongoDatabase, app: Callable[[], str], page: Page
) -> None:
    address = app()
    other = page.context.new_page()  # a visit of its own, as another browser's
    mine, theirs = open_grid(page, address), open_grid(other, address)
    type_into(page, cell(mine, "000001"), "나", "Enter")
    type_into(page, cell(mine, "000002"), "나만", "Enter")
    type_into(other, cell(theirs, "000001"), "남", "Enter")
    type_into(other, cell(theirs, "000003"), "남만", "Enter")
    for tab in (other, page):
        expect(edited(tab, 2, 2)).to_be_visible()
        button(tab, "save").click()
        expect(tab.get_by_test_id("stAlertContentSuccess")).to_be_visible()

    expect(page.get_by_test_id("stAlertContentWarning")).to_contain_text("1")
    assert [name_of(one_page, ticker) for ticker in ("000001", "000002", "000003")] == ["남", "나만", "남만"]
    page.locator(f".{KEY}-conflict-000001 label").filter(has_text=_("내 것")).click()
    button(page, "resolve").click()
    expect(edited(page, 1, 1)).to_be_visible()
    button(page, "save").click()
    assert wait_until(lambda: name_of(one_page, "000001") == "나")
    expect(edited(page, 1, 1)).to_have_count(0)
    other.close()

    # Of a second click on saving the chosen, and on undo.
    for ticker in ("000005", "000006"):
        type_into(page, cell(mine, ticker), f"새 {ticker}", "Enter")
    expect(edited(page, 2, 2)).to_be_visible()
    page.get_by_text(_("고치기 전과 후")).click()
    select_first(page, 0)
    button(page, "save_chosen").dblclick()
    expect(saved(page, 1)).to_be_visible()
    expect(edited(page, 1, 1)).to_be_visible()
    expect(button(page, "save_chosen")).to_have_count(0)
    assert (name_of(one_page, "000005"), name_of(one_page, "000006")) == ("새 000005", "회사 6")

    page.get_by_text(_("변경 기록")).click()
    select_first(page, -1)
    page.locator("[class*='st-key-tickers-korean_stocks-undo'] button").dblclick()
    assert wait_until(lambda: name_of(one_page, "000005") == "회사 5")
    expect(page.locator("[class*='st-key-tickers-korean_stocks-undo'] button")).to_have_count(0)
    assert name_of(one_page, "000005") == "회사 5"


def select_first(page: Page, table: int) -> None:
    """Select the first row of one of the visible tables, which are drawn on canvases."""
    shown = page.get_by_test_id("stDataFrame").filter(visible=True).nth(table)
    canvas = shown.locator("canvas").first
    expect(canvas).to_be_visible()
    assert wait_until(lambda: canvas.evaluate(HAS_PIXELS)), "it is drawn a moment after it is there"
    shown.scroll_into_view_if_needed()
    shown.click(position={"x": 15, "y": 52})


def test_a_whole_market_is_registered_found_and_brought_up_to_yahoos_newer_list(
    own_server_db: MongoDatabase, yahoo: YahooStandIn, app: Callable[[], str], page: Page
) -> None:
    db = own_server_db
    for row in starter.shipped("krx").rows:
        if row["market"] == "KOSPI" and row["ticker"] != "000020":
            yahoo.quotes[f"{row['ticker']}.KS"] = {"exchange": "KSC", "longName": f"Company {row['ticker']}"}
        if row["market"] == "KOSDAQ":
            yahoo.quotes[f"{row['ticker']}.KQ"] = {"exchange": "KOE", "longName": f"Company {row['ticker']}"}
    yahoo.quotes["0999Z0.KQ"] = {"exchange": "KOE", "longName": "Newcomer"}
    page.goto(f"{app()}/admin_tickers")
    page.get_by_text(_("시장 목록"), exact=True).first.click()
    button(page, "register").click()
    expect(saved(page, 2_769)).to_be_visible(timeout=60_000)
    grid = page.frame_locator("iframe[title^='st_aggrid']").last
    expect(cell(grid, "000020")).to_have_text("동화약품")
    page.get_by_label(_("이름이나 종목 코드로 찾기")).fill("에코프로")
    page.keyboard.press("Enter")
    expect(cell(grid, "086520", "industry")).to_have_text("기타 금융업")

    button(page, "refresh_lists").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text(_("상장폐지된 듯함") + " 1")).to_be_visible(timeout=60_000)
    assert tickers.get(db, KOREAN_STOCKS, "0999Z0") is None
    button(page, "apply_lists").click()
    expect(dialog).to_be_hidden()
    assert wait_until(lambda: tickers.get(db, KOREAN_STOCKS, "0999Z0") is not None)
    assert (tickers.get(db, KOREAN_STOCKS, "000020") or {})["active"] is False
