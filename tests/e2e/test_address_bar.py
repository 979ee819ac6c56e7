"""The address in a real browser: on a slow line, and with the browser's own way back."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, WebSocketRoute, expect

from finance_core.bars import candles
from finance_core.categories import INDICES
from finance_core.storage import prices, tickers
from tests import pages
from tests.e2e.browsing import wait_until_at_rest
from tests.e2e.test_korean_stocks import first_day, last_day, open_chart, wheel
from tests.processes import wait_until
from tests.yahoo import YahooStandIn

pytestmark = pytest.mark.slow


@pytest.fixture
def address(own_server_db: pages.MongoDatabase, yahoo: YahooStandIn, app: Callable[[], str]) -> str:
    pages.update_from(yahoo, own_server_db, {"005930": pages.made_table(first="2014-01-02", halted=0)}, {})
    return app() + "/korean_stocks"


def lit(page: Page) -> list[str]:
    return page.locator("[class*=st-key-period] button[aria-checked=true]:visible").all_inner_texts()


def shown(page: Page) -> list[int]:
    """Positions of the first and the last bar that the chart shows."""
    zoom = "document.querySelector('.echarts-container').chart.getModel().getComponent('dataZoom', 0)"
    positions: list[int] = page.evaluate(f"{zoom}.getValueRange()")
    return positions


class SlowLine:
    """Holds what the app says until it is let through."""

    def __init__(self, page: Page) -> None:
        self.holds, self.held = False, list[Callable[[], None]]()
        page.route_web_socket("**/_stcore/stream", self._connect)

    def _connect(self, browser: WebSocketRoute) -> None:
        def pass_on(message: str | bytes) -> None:
            if self.holds:
                self.held.append(lambda: browser.send(message))
            else:
                browser.send(message)

        browser.connect_to_server().on_message(pass_on)

    def let_through(self) -> None:
        self.holds = False
        for send in self.held:
            send()


@pytest.mark.exhaustive
def test_what_a_person_does_before_the_browser_hears_of_the_last_zoom_is_not_undone(address: str, page: Page) -> None:
    line = SlowLine(page)
    open_chart(page, address + "?period=1Y")
    line.holds = True
    wheel(page, 2, -240)
    page.wait_for_timeout(1_500)
    assert line.held, "the app has answered the first zoom"
    assert "from=" not in page.url
    wheel(page, 2, -240)
    page.wait_for_timeout(600)
    zoomed = shown(page)
    line.let_through()
    page.wait_for_function("location.search.includes('from=')")
    expect(page).to_have_url(re.compile(f"from={first_day(page).date()}&to={last_day(page).date()}"))
    page.wait_for_timeout(600)
    assert shown(page) == zoomed

    # The same of clicks: the last one counts.
    page.get_by_role("radio", name="1년", exact=True).click()
    assert wait_until(lambda: lit(page) == ["1년"])
    line.held.clear()
    line.holds = True
    page.get_by_role("radio", name="3년", exact=True).click()
    page.wait_for_timeout(1_500)
    page.get_by_role("radio", name="1개월", exact=True).click()
    page.wait_for_timeout(600)
    line.let_through()
    assert wait_until(lambda: lit(page) == ["1개월"])
    page.wait_for_timeout(600)
    assert lit(page) == ["1개월"], "and stays"
    page.wait_for_function("location.search === ''")  # a month is what an address without a period shows

    # And of a click on what stood there before the zoom was heard of.
    line.held.clear()
    line.holds = True
    wheel(page, 1, -240)
    page.wait_for_timeout(1_500)
    page.get_by_role("radio", name="3년", exact=True).click()
    page.wait_for_timeout(600)
    line.let_through()
    assert wait_until(lambda: lit(page) == ["3년"])
    page.wait_for_timeout(600)
    assert lit(page) == ["3년"]


def test_the_browsers_own_way_back_leads_to_the_table_zoom_and_chart_before_and_the_way_forward_to_the_next(
    own_server_db: pages.MongoDatabase, address: str, page: Page
) -> None:
    prices.write(own_server_db, INDICES, "^IXIC", candles.clean(pages.made_table(3, halted=0))[0])
    tickers.register(own_server_db, INDICES, [{"ticker": "^IXIC", "name": "나스닥 종합"}])

    # A name in a table opens its chart, in this tab and in another if asked to.
    page.goto(address.removesuffix("/korean_stocks"))
    table = page.get_by_test_id("stDataFrame").filter(visible=True).first
    expect(table).to_be_visible(timeout=60_000)
    name = {"x": 40, "y": 50}  # in the first row below the titles
    table.hover(position=name)
    page.wait_for_timeout(300)
    with page.context.expect_page() as opened:
        table.click(position=name, modifiers=["Control"])
    assert "ticker=005930" in opened.value.url
    opened.value.close()
    tabs = len(page.context.pages)
    table.click(position=name)
    page.wait_for_url("**/korean_stocks?ticker=005930")
    chart = page.locator(".st-key-chart canvas").first
    expect(chart).to_be_visible()
    assert len(page.context.pages) == tabs
    page.go_back()
    expect(table).to_be_visible()

    # A zoom.
    page.go_forward()
    page.wait_for_url("**/korean_stocks?ticker=005930")
    expect(chart).to_be_visible()
    page.get_by_role("radio", name="1년", exact=True).click()
    page.wait_for_url("**period=1Y**")
    assert wait_until(lambda: lit(page) == ["1년"])
    wait_until_at_rest(page)
    first = first_day(page)
    wheel(page, 1, -240)  # more might be more than one step back
    page.wait_for_function("location.search.includes('from=')")
    zoomed = first_day(page)
    assert zoomed > first
    page.go_back()
    assert wait_until(lambda: lit(page) == ["1년"])
    assert wait_until(lambda: first_day(page) == first)
    page.go_forward()
    expect(page.locator("[class*=st-key-period] button[aria-checked=true]:visible")).to_have_count(0)
    assert wait_until(lambda: first_day(page) == zoomed)

    # A chart of another category.
    page.get_by_role("radio", name="3년", exact=True).click()
    page.wait_for_url("**period=3Y**")
    wait_until_at_rest(page)
    box = page.get_by_role("combobox", name="이름, 코드, 초성으로 찾기")
    box.fill("나스닥")
    box.press("Enter")
    page.wait_for_url("**/indices?ticker=%5EIXIC&period=3Y")
    expect(page.get_by_text("^IXIC")).to_be_visible()
    page.go_back()
    page.wait_for_url("**/korean_stocks?ticker=005930&period=3Y")
    expect(page.get_by_text("005930 · KOSPI")).to_be_visible()
    assert wait_until(lambda: lit(page) == ["3년"])
    page.go_forward()
    page.wait_for_url("**/indices?ticker=%5EIXIC&period=3Y")
    expect(page.get_by_text("^IXIC")).to_be_visible()
