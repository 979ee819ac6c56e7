"""What a person does on the comparison page, in a real browser."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from finance_core.bars import candles
from finance_core.categories import INDICES, KOREAN_STOCKS, US_STOCKS, Category
from finance_core.storage import prices, tickers
from finance_core.storage.database import MongoDatabase
from finance_core.ui.comparison.page import LOOK
from tests import pages
from tests.e2e.test_look import SELECTOR

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("browser of visitors")]


@pytest.fixture
def stored(own_server_db: MongoDatabase) -> MongoDatabase:
    named: list[tuple[Category, str, str]] = [
        (KOREAN_STOCKS, "005930", "삼성전자"),
        (KOREAN_STOCKS, "000660", "SK하이닉스"),
        (US_STOCKS, "AAPL", "애플"),
        (INDICES, "^KS11", "코스피"),
    ]
    for seed, (category, ticker, name) in enumerate(named):
        tickers.register(own_server_db, category, [{"ticker": ticker, "name": name}])
        prices.write(own_server_db, category, ticker, candles.clean(pages.made_table(seed, halted=0))[0])
    return own_server_db


def add(page: Page, category: Category, typed: str) -> None:
    """Type into the search and take the best suggestion, which is of `category`."""
    page.get_by_role("combobox", name="이름, 코드, 초성으로 찾기").click()
    page.keyboard.type(typed)
    expect(page.get_by_role("listbox").get_by_text(category.title)).to_be_visible()
    page.keyboard.press("Enter")


def chip_color(page: Page, name: str) -> str:
    dot = page.locator("[data-testid=stHtml]", has_text=name).locator("span").first
    return str(dot.evaluate("element => getComputedStyle(element).color"))


@pytest.mark.usefixtures("stored")
def test_four_are_added_the_third_flips_to_percent_the_second_goes_and_the_link_shows_the_same(
    app: Callable[[], str], page: Page
) -> None:
    page.goto(app() + "/comparison")
    expect(page.get_by_text("비교할 것을 위에서 골라")).to_be_visible(timeout=60_000)
    add(page, KOREAN_STOCKS, "삼성전자")
    expect(page.get_by_role("img", name="비교 차트")).to_be_visible(timeout=20_000)
    add(page, US_STOCKS, "애플")
    expect(page.get_by_text("둘까지는 저마다의 축에")).to_be_visible(timeout=20_000)
    expect(page).to_have_url(re.compile("AAPL"))
    add(page, INDICES, "코스피")
    expect(page.get_by_text("셋 이상이라 기준일부터의 변화율로")).to_be_visible(timeout=20_000)
    add(page, KOREAN_STOCKS, "SK하이닉스")
    expect(page).to_have_url(re.compile("000660"))
    names = ["삼성전자", "코스피", "SK하이닉스"]
    expect(page.locator("[data-testid=stHtml]", has_text="SK하이닉스")).to_be_visible()
    colors = [chip_color(page, name) for name in names]
    assert len(set(colors)) == 3

    page.locator(".st-key-remove_us_stocks-AAPL button").first.click()
    expect(page).not_to_have_url(re.compile("AAPL"))
    expect(page.locator("[data-testid=stHtml]", has_text="애플")).to_have_count(0)
    assert [chip_color(page, name) for name in names] == colors

    other = page.context.new_page()
    other.goto(page.url)
    expect(other.get_by_role("img", name="비교 차트")).to_be_visible(timeout=60_000)
    assert [chip_color(other, name) for name in names] == colors
    other.get_by_role("radio", name="3년", exact=True).click()
    expect(other).to_have_url(re.compile("period=3Y"))


@pytest.mark.parametrize("charts", ["one", "each"])
def test_the_plot_of_ten_series_begins_high_and_all_measures_are_within_the_window(
    own_server_db: MongoDatabase, app: Callable[[], str], page: Page, charts: str
) -> None:
    names = [f"{number:06}" for number in range(10)]
    for seed, ticker in enumerate(names):
        tickers.register(own_server_db, KOREAN_STOCKS, [{"ticker": ticker, "name": f"회사 이름 {ticker}"}])
        prices.write(own_server_db, KOREAN_STOCKS, ticker, candles.clean(pages.made_table(seed, halted=0))[0])
    page.set_viewport_size({"width": 1440, "height": 900})
    series = ",".join(f"korean_stocks:{name}" for name in names)
    page.goto(f"{app()}/comparison?series={series}&currency=USD&charts={charts}")
    box = page.locator(".st-key-comparison_chart canvas").first.bounding_box(timeout=60_000)
    assert box is not None
    assert box["y"] + 32 < 250, "where the grid begins, below the names of the lines"
    assert box["height"] > 600
    table = page.locator(".stDataFrame, [data-testid=stDataFrame]").first
    table.scroll_into_view_if_needed()
    width = page.get_by_test_id("stMain").evaluate("main => [main.scrollWidth, main.clientWidth]")
    assert width[0] <= width[1]
    inner = table.locator(".dvn-scroller").evaluate("grid => [grid.scrollWidth, grid.clientWidth, grid.scrollHeight]")
    assert inner[0] <= inner[1] + 1, "no measure has to be scrolled to"
    selectors = [one for one in SELECTOR.findall(LOOK.read_text(encoding="utf-8")) if "ExpandSidebar" not in one]
    assert [one for one in selectors if page.locator(one).count() == 0] == []
