"""What a person does with a finger, in a real browser that has a touch screen."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from finance_core.bars import candles
from finance_core.categories import KOREAN_STOCKS
from finance_core.storage import drawings
from finance_core.storage.database import MongoDatabase
from tests import pages
from tests.e2e.browsing import wait_until_at_rest
from tests.e2e.test_korean_stocks import open_chart
from tests.processes import wait_until
from tests.storage.test_panels import store

pytestmark = pytest.mark.slow

PAIR = "series=korean_stocks:000000,korean_stocks:000001&period=1Y"
IS_SCROLLED = "document.querySelector('[data-testid=stMain]').scrollTop > 100"
RANGE = "plot => plot._fullLayout.yaxis.range"
PHONE: dict[str, Any] = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}


@pytest.fixture
def listed(own_server_db: MongoDatabase) -> MongoDatabase:
    for number in range(3):
        bars = candles.clean(pages.made_table(number, halted=0))[0]
        store(own_server_db, f"{number:06}", bars, name=f"회사 {number}", favourite=True)
    return own_server_db


@pytest.fixture
def phone(browser: Browser, listed: MongoDatabase) -> Iterator[Page]:
    """A page of a phone, before an app with three stocks."""
    context = browser.new_context(**PHONE, locale="ko-KR")
    yield context.new_page()
    context.close()


def swipe(page: Page, begin: tuple[float, float], across: float, down: float) -> None:
    touch = page.context.new_cdp_session(page)
    steps = [{"x": begin[0] + across * step / 10, "y": begin[1] + down * step / 10} for step in range(11)]
    for kind, points in [
        ("touchStart", steps[:1]),
        *(("touchMove", [each]) for each in steps[1:]),
        ("touchEnd", []),
    ]:
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
        page.wait_for_timeout(16)


def test_a_finger_scrolls_the_page_up_and_down_moves_the_chart_sideways_and_scrolls_past_an_analysis_which_a_tap_reads(
    app: Callable[[], str], phone: Page
) -> None:
    """Plotly took every way of a finger for a region to zoom into, and a phone shows little else than the chart."""
    open_chart(phone, f"{app()}/comparison?{PAIR}")
    swipe(phone, (150, 500), 5, -200)
    phone.wait_for_function(IS_SCROLLED)
    wait_until_at_rest(phone)
    assert "from=" not in phone.url
    swipe(phone, (150, 500), 120, 5)
    expect(phone).to_have_url(re.compile("from="))

    phone.get_by_role("radio", name="낙폭", exact=True).click()
    plot = phone.locator("[class*=st-key-analysis_drawdown] .js-plotly-plot")
    expect(plot).to_be_visible()
    wait_until_at_rest(phone)

    def middle() -> tuple[float, float]:
        plot.evaluate("plot => plot.scrollIntoView({ block: 'center' })")
        place = plot.bounding_box()
        assert place
        return place["x"] + place["width"] / 2, place["y"] + place["height"] / 2

    before, place = plot.evaluate(RANGE), middle()
    seen = plot.bounding_box()
    swipe(phone, place, 5, 150)
    assert wait_until(lambda: plot.bounding_box() != seen), "the page has moved"
    assert plot.evaluate(RANGE) == before
    phone.wait_for_timeout(300)  # a tap on a page that still moves only stops it
    phone.touchscreen.tap(*middle())
    expect(phone.locator(".hoverlayer")).to_contain_text(re.compile(r"\d{4}-\d\d-\d\d.*회사 0 : −?\d+\.\d\d%"))


def test_one_tap_on_a_name_in_a_table_opens_its_chart(app: Callable[[], str], phone: Page) -> None:
    phone.goto(f"{app()}/screener?rule=close+>+0")
    table = phone.get_by_test_id("stDataFrame")
    expect(table).to_be_visible(timeout=60_000)
    wait_until_at_rest(phone)
    address = table.locator("#glide-cell-1-1")
    expect(address).to_contain_text("ticker=")
    ticker = re.search(r"ticker=(\d+)", address.text_content() or "")
    assert ticker
    table.scroll_into_view_if_needed()
    place = table.bounding_box()
    assert place
    phone.touchscreen.tap(place["x"] + 90, place["y"] + 36 + 14 + 28)
    expect(phone).to_have_url(re.compile(rf"/korean_stocks\?ticker={ticker[1]}$"))


def test_the_tap_that_closes_the_menu_of_drawings_draws_nothing(
    listed: MongoDatabase, app: Callable[[], str], phone: Page
) -> None:
    open_chart(phone, f"{app()}/korean_stocks?ticker=000000&period=1Y")
    draw = phone.get_by_role("button", name="그리기")
    expect(draw).not_to_be_visible()
    phone.get_by_role("button", name="도구").tap()  # the menus are folded
    draw.tap()
    phone.get_by_role("radio", name="수평선").tap()
    phone.wait_for_function("document.querySelector('.echarts-container').chart.page.tool.points > 0")
    wait_until_at_rest(phone)
    chart = phone.locator("canvas").first.bounding_box()
    assert chart
    place = chart["x"] + chart["width"] / 2, chart["y"] + chart["height"] * 0.6
    phone.touchscreen.tap(*place)
    expect(phone.get_by_test_id("stPopoverBody")).to_have_count(0)
    wait_until_at_rest(phone)
    assert drawings.load(listed, KOREAN_STOCKS, "000000") == []
    phone.touchscreen.tap(*place)
    assert wait_until(lambda: [each.kind for each in drawings.load(listed, KOREAN_STOCKS, "000000")] == ["level"])


def test_the_sidebar_of_a_tablet_has_a_button_that_closes_it(app: Callable[[], str], phone: Page) -> None:
    phone.set_viewport_size({"width": 820, "height": 1180})
    open_chart(phone, f"{app()}/korean_stocks?ticker=000000&period=1Y")
    width = "document.querySelector('canvas').clientWidth"
    before = phone.evaluate(width)
    phone.get_by_test_id("stSidebarCollapseButton").get_by_role("button").tap()
    phone.wait_for_function(f"{width} > {before} + 100")
