"""What keys do on a cell of the grid of names that is focused and not open."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from finance_core.storage.database import MongoDatabase
from tests.e2e.test_admin_tickers import button, cell, edited, listed, name_of, open_grid, saved  # noqa: F401 - fixture
from tests.processes import wait_until

pytestmark = pytest.mark.slow


def test_delete_empties_texts_alone(listed: MongoDatabase, app: Callable[[], str], page: Page) -> None:  # noqa: F811
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


def test_what_an_input_method_composes_on_a_focused_cell_is_its_new_name(
    listed: MongoDatabase,  # noqa: F811
    app: Callable[[], str],
    page: Page,
) -> None:
    grid = open_grid(page, app())
    cell(grid, "000001").click()
    expect(cell(grid, "000001")).to_be_focused()
    devtools = page.context.new_cdp_session(page)
    key = {"windowsVirtualKeyCode": 229, "key": "Process", "code": "KeyG"}
    devtools.send("Input.dispatchKeyEvent", {"type": "rawKeyDown", **key})
    for text in ("ㅎ", "하", "한"):
        devtools.send("Input.imeSetComposition", {"text": text, "selectionStart": 1, "selectionEnd": 1})
    devtools.send("Input.insertText", {"text": "한"})
    devtools.send("Input.dispatchKeyEvent", {"type": "keyUp", **key})
    page.keyboard.press("Enter")
    expect(edited(page, 1, 1)).to_be_visible()
    button(page, "save").click()
    expect(saved(page, 1)).to_be_visible()
    assert wait_until(lambda: name_of(listed, "000001") == "한")
