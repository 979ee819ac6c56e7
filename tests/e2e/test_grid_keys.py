"""What keys do on a cell of the grid of names that is focused and not open."""

from collections.abc import Callable

import pytest
from playwright.sync_api import FrameLocator, Page, expect

from finance_core.storage.database import MongoDatabase
from tests.e2e.test_admin_tickers import button, cell, edited, name_of, one_page, open_grid, saved  # noqa: F401 - fixture
from tests.processes import wait_until

pytestmark = pytest.mark.slow


def test_delete_empties_texts_alone_and_what_an_input_method_composes_on_a_focused_cell_is_its_new_name(
    one_page: MongoDatabase,  # noqa: F811
    app: Callable[[], str],
    page: Page,
) -> None:
    grid = open_grid(page, app())
    for column in ("active", "marker"):
        cell(grid, "000001", column).click(position={"x": 5, "y": 5})
        expect(cell(grid, "000001", column)).to_be_focused()
        page.keyboard.press("Delete")
        page.keyboard.press("Backspace")
    expect(cell(grid, "000001", "active").locator("input")).to_be_checked()
    expect(cell(grid, "000001", "marker")).to_have_text("●")
    cell(grid, "000001", "market").click()
    page.keyboard.press("Delete")
    expect(edited(page, 1, 1)).to_be_visible()
    cell(grid, "000002", "active").click(position={"x": 5, "y": 5})
    page.keyboard.press("Space")
    expect(edited(page, 2, 2)).to_be_visible()
    expect(cell(grid, "000002", "active").locator("input")).not_to_be_checked()

    # An input method.
    cell(grid, "000003").click()
    expect(cell(grid, "000003")).to_be_focused()
    devtools = page.context.new_cdp_session(page)
    key = {"windowsVirtualKeyCode": 229, "key": "Process", "code": "KeyG"}
    devtools.send("Input.dispatchKeyEvent", {"type": "rawKeyDown", **key})
    for text in ("ㅎ", "하", "한"):
        devtools.send("Input.imeSetComposition", {"text": text, "selectionStart": 1, "selectionEnd": 1})
    devtools.send("Input.insertText", {"text": "한"})
    devtools.send("Input.dispatchKeyEvent", {"type": "keyUp", **key})
    page.keyboard.press("Enter")
    expect(edited(page, 3, 3)).to_be_visible()
    button(page, "save").click()
    expect(saved(page, 3)).to_be_visible()
    assert wait_until(lambda: name_of(one_page, "000003") == "한")


COPY = """(_, text) => {
  const data = new DataTransfer();
  data.setData('text/plain', text);
  const event = new ClipboardEvent('paste', {clipboardData: data, bubbles: true, cancelable: true});
  document.activeElement.dispatchEvent(event);
}"""


def paste(grid: FrameLocator, text: str) -> None:
    grid.locator("body").evaluate(COPY, text)


def test_cells_of_a_spreadsheet_are_pasted_from_the_focused_cell_on_and_what_does_not_fit_is_not_but_said(
    one_page: MongoDatabase,  # noqa: F811
    app: Callable[[], str],
    page: Page,
) -> None:
    grid = open_grid(page, app())
    said = grid.get_by_role("alert")
    cell(grid, "000001", "market").click()
    paste(grid, "KOSPI\nKOSDAQ\n나스닥")
    expect(said).to_contain_text("나스닥")
    cell(grid, "000001", "ticker").click()
    expect(said).to_have_count(0)
    paste(grid, "000001\t가\n000003\t나")
    expect(said).to_contain_text("000002")
    cell(grid, "000002", "industry").click()
    paste(grid, "반도체\t전자")
    expect(said).to_contain_text("1행 2열")
    cell(grid, "000001", "ticker").click()
    paste(grid, "000001\t일\n000002\t이")
    expect(edited(page, 2, 2)).to_be_visible()
    expect(cell(grid, "000001", "market")).to_have_text("KOSPI")

    cell(grid, "000002").click()
    paste(grid, "가\t코스닥\t■\t아니요\r\n나\tKOSPI\t●\tTRUE\r\n다\t\tDiamond\t1\r\n")
    expect(edited(page, 4, 9)).to_be_visible()
    cell(grid, "000005").dblclick()
    expect(cell(grid, "000005").locator("input")).to_be_focused()
    paste(grid, "라\n마")
    expect(edited(page, 6, 11)).to_be_visible()
    cell(grid, "000005").click()
    page.keyboard.press("Control+Z")
    expect(edited(page, 4, 9)).to_be_visible()
    page.keyboard.press("Control+Y")
    expect(edited(page, 6, 11)).to_be_visible()
    button(page, "save").click()
    expect(saved(page, 6)).to_be_visible()
    stored = one_page["ticker_metadata"].find({"ticker": {"$lte": "000007"}}, sort={"ticker": 1})
    assert [[row.get(key) for key in ("name", "market", "marker", "active")] for row in stored] == [
        ["일", "KOSPI", "circle", True],
        ["가", "KOSDAQ", "rect", False],
        ["나", "KOSPI", "circle", True],
        ["다", "", "diamond", True],
        ["라", "KOSPI", "circle", True],
        ["마", "KOSPI", "circle", True],
        ["회사 7", "KOSPI", "circle", True],
    ]

    # A cell with a line break stays one, and an open list takes a value.
    cell(grid, "000011").click()
    paste(grid, '"대한\n항공"\r\n3" 관\r\n"삼성 ""A"" 우"\t"KOSDAQ"\r\n"반쪽\tKOSDAQ\r\n')
    expect(cell(grid, "000015")).to_have_text("회사 15")
    expect(cell(grid, "000014")).to_have_text('"반쪽')
    expect(cell(grid, "000011")).to_have_text("대한 항공")
    expect(cell(grid, "000012")).to_have_text('3" 관')
    expect(cell(grid, "000013")).to_have_text('삼성 "A" 우')
    expect(cell(grid, "000013", "market")).to_have_text("KOSDAQ")
    cell(grid, "000016", "market").dblclick()
    paste(grid, "KOSDAQ")
    expect(cell(grid, "000016", "market")).to_have_text("KOSDAQ")
