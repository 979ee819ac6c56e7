"""What several tests do on a page in the browser."""

from playwright.sync_api import Locator, Page, expect


def wait_until_at_rest(page: Page) -> None:
    """Wait for the end of the app's present run."""
    page.wait_for_function("document.querySelector('[data-testid=stApp]').dataset.testScriptState !== 'running'")


def tick(table: Locator, row: int) -> None:
    """Tick a row of a table, once the page stands still."""
    canvas = table.get_by_test_id("data-grid-canvas")
    expect(canvas).to_be_visible(timeout=60_000)
    wait_until_at_rest(table.page)
    canvas.click(position={"x": 18, "y": 36 + 14 + 28 * row}, force=True)  # an element for scrolling lies over it
