"""Indicators on the page of a ticker, in a real browser."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from finance_core.storage.database import MongoDatabase
from tests import pages
from tests.e2e.browsing import wait_until_at_rest
from tests.e2e.test_address_bar import SlowLine
from tests.e2e.test_korean_stocks import last_day, open_chart, wheel
from tests.e2e.visitor import charts, visit
from tests.yahoo import YahooStandIn

pytestmark = pytest.mark.slow


@pytest.fixture
def address(own_server_db: MongoDatabase, yahoo: YahooStandIn, app: Callable[[], str]) -> str:
    pages.update_from(yahoo, own_server_db, {"005930": pages.made_table(halted=0)}, {})
    return app() + "/korean_stocks"


def read_out(page: Page, pane: int) -> str:
    return page.locator(f".readout[data-pane='{pane}']").inner_text()


def test_one_is_added_set_and_drawn_in_a_pane_and_the_browser_remembers_it_for_the_next_visit(
    address: str, page: Page
) -> None:
    open_chart(page, address)
    expect(page.locator(".readout")).to_have_count(2)
    page.locator(".st-key-indicators button").first.click()
    page.get_by_role("combobox", name="지표 더하기").click()
    page.keyboard.type("RSI")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"ind=rsi(\(|%28)14"))
    expect(page.locator(".readout")).to_have_count(3)
    assert re.fullmatch(r"RSI14\s*\d+\.\d\d", read_out(page, 2).strip())

    bars = page.get_by_role("spinbutton", name="봉 수")
    bars.fill("21")
    bars.press("Enter")
    expect(page).to_have_url(re.compile(r"ind=rsi(\(|%28)21"))
    expect(page.locator(".readout[data-pane='2']")).to_contain_text("RSI21")

    # Another visit of the same browser: nothing in the address.
    next_visit = page.context.new_page()
    open_chart(next_visit, address)
    expect(next_visit).to_have_url(re.compile(r"ind=rsi(\(|%28)21"))
    expect(next_visit.locator(".readout")).to_have_count(3)

    # Whose browser knows nothing of it gets nothing of it.
    path = address.rpartition("/")[2]
    with visit(address.removesuffix(f"/{path}")) as stranger:
        for query, is_drawn in (("", False), ("ind=rsi(21)", True)):
            (drawn,) = charts(stranger.run(path, query=query))
            assert ("RSI" in drawn) == is_drawn

    # What is removed stays removed.
    next_visit.locator(".st-key-indicators button").first.click()
    next_visit.get_by_role("button", name="빼기").click()
    expect(next_visit.locator(".readout")).to_have_count(2)
    third = page.context.new_page()
    open_chart(third, address)
    third.wait_for_timeout(500)
    expect(third.locator(".readout")).to_have_count(2)


@pytest.mark.exhaustive
def test_one_that_is_chosen_before_the_page_has_answered_for_another_is_added_too(address: str, page: Page) -> None:
    line = SlowLine(page)
    open_chart(page, address)
    page.locator(".st-key-indicators button").first.press("Enter")
    page.wait_for_function("document.activeElement.closest('[data-testid=stPopoverBody]')")
    box = page.get_by_role("combobox", name="지표 더하기")
    expect(box).to_be_visible()
    line.holds = True
    for name in ("RSI", "MACD"):
        box.click()
        page.keyboard.type(name)
        page.keyboard.press("Enter")
        page.wait_for_timeout(600)
    assert line.held
    line.let_through()
    expect(page).to_have_url(re.compile(r"ind=rsi.*macd"))
    expect(page.locator(".readout")).to_have_count(4)


def test_four_panes_fit_above_the_slider_and_the_menu_shows_their_numbers_and_definitions_however_late_it_is_opened(
    address: str, page: Page
) -> None:
    page.set_viewport_size({"width": 1440, "height": 900})
    open_chart(page, address + "?ind=macd(30,60,9),rsi,stochastic,obv&heights=50,10,20,20,20,20")
    lines = page.locator(".readout")
    expect(lines).to_have_count(6)
    tops = [lines.nth(position).bounding_box() for position in range(6)]
    heights = [box["y"] for box in tops if box]
    assert heights == sorted(heights)
    canvas = page.locator("canvas").first.bounding_box()
    assert canvas is not None
    assert heights[-1] < canvas["y"] + canvas["height"] - 64
    page.set_viewport_size({"width": 844, "height": 390})  # a phone on its side: the page scrolls
    least = "document.querySelector('.st-key-chart').offsetHeight >= 16 * (18 + 4 * 5)"
    page.wait_for_function(least)
    page.set_viewport_size({"width": 1440, "height": 900})
    page.get_by_role("radio", name="6개월", exact=True).click()
    page.wait_for_url("**period=6M**")
    wait_until_at_rest(page)
    page.locator(".st-key-indicators button").first.click()
    for name, value in (("단기", "30"), ("장기", "60"), ("시그널", "9")):
        expect(page.get_by_role("spinbutton", name=name).first).to_have_value(value)
    expect(page.get_by_role("slider", name="가격")).to_have_value("50")
    page.wait_for_timeout(800)  # the menu opens with a movement, away from under the pointer
    page.locator(".st-key-indicator_1 [data-testid=stTooltipHoverTarget]").first.hover()
    expect(page.get_by_text("New Concepts in Technical Trading Systems")).to_be_visible()


def test_numbers_that_take_many_lines_stand_above_the_prices(address: str, page: Page) -> None:
    page.set_viewport_size({"width": 390, "height": 900})
    open_chart(page, address + "?ind=ichimoku,bollinger")
    expect(page.locator(".readout[data-pane='0']")).to_contain_text("선행스팬")
    for width in (390, 1440):
        page.set_viewport_size({"width": width, "height": 900})
        page.wait_for_function(
            """isWide => {
              const line = document.querySelector("[data-pane='0']");
              const { chart } = document.querySelector(".echarts-container");
              const { y } = chart.getModel().getComponent('grid', 0).coordinateSystem.getRect();
              const isWithin = line.offsetHeight > 32 && line.offsetHeight <= y;
              return isWithin && (chart.getWidth() > 1000) === isWide;
            }""",
            arg=width > 1000,
        )


def test_the_cloud_leads_into_days_to_come_which_have_no_bar_and_are_in_no_number(address: str, page: Page) -> None:
    open_chart(page, address + "?period=6M&ind=ichimoku(9,26,52)&ma=none&marks=none")
    page.wait_for_function("document.querySelector('.echarts-container').chart?.page?.readout")
    days, bars = page.evaluate(
        """() => {
          const { readout, settings } = document.querySelector('.echarts-container').chart.page;
          return [readout.days, settings.shown.bars];
        }"""
    )
    assert len(days) == bars + 26
    assert days[bars - 1] in read_out(page, 0), "at rest it reads out the last bar"
    summary = page.locator(".st-key-summary").inner_text()

    last_day(page)
    assert read_out(page, 0).split()[0] == days[-1]
    titles = page.locator(".readout[data-pane='0'] .item:visible .title").all_inner_texts()
    assert titles == ["선행스팬 A", "선행스팬 B"]
    expect(page.locator(".readout[data-pane='1'] .item:visible")).to_have_count(0)

    wheel(page, 3, -240)
    page.wait_for_function("location.search.includes('from=')")
    expect(page.locator("[class*=st-key-period] button[aria-checked=true]:visible")).to_have_count(0)
    page.get_by_role("radio", name="6개월", exact=True).click()
    expect(page).to_have_url(re.compile("period=6M"))
    expect(page.locator(".st-key-summary")).to_have_text(summary)
    last_day(page)
    assert read_out(page, 0).split()[0] == days[-1], "a period shows them with the last bar"
