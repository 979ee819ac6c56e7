"""The page of a whole market, in a real browser."""

import re
from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

import numpy as np
import pandas as pd
import pytest
from playwright.sync_api import Page, expect

from finance_core.categories import KOREAN_STOCKS
from finance_core.storage import tickers
from finance_core.storage.database import MongoDatabase
from tests import pages
from tests.e2e.browsing import tick, wait_until_at_rest
from tests.storage.test_panels import store
from tests.storage.test_prices import make_bars
from tests.yahoo import YahooStandIn

pytestmark = pytest.mark.slow


def test_clicks_on_an_industry_a_ticker_and_a_day_lead_where_they_say_and_a_name_runs_nothing(
    own_server_db: MongoDatabase, yahoo: YahooStandIn, app: Callable[[], str], page: Page
) -> None:
    names = {
        "000660": "SK하이닉스",
        "005930": "<img src=x onerror=window.ran=1>--x_x--0_0--window.ran=1--x_x--0_0--",
    }
    tables = {ticker: pages.made_table(seed, halted=0) for seed, ticker in enumerate(names)}
    pages.update_from(yahoo, own_server_db, tables, {})
    for ticker, name in names.items():
        tickers.record(own_server_db, KOREAN_STOCKS, ticker, {"name": name, "industry": f"{name} 업종"})
    page.goto(app() + "/market")
    canvas = page.locator(".st-key-map canvas").first
    expect(canvas).to_be_visible(timeout=60_000)
    box = canvas.bounding_box()
    assert box is not None

    def told(share: float, height: float = 0.5) -> str:
        """The ticker whose name begins in the tooltip at this share of the width."""
        canvas.hover(position={"x": box["width"] * share, "y": box["height"] * height})
        tooltip = page.locator("div", has=page.locator("polyline")).last
        expect(tooltip).to_be_visible()
        return next(ticker for ticker, name in names.items() if name[:4] in tooltip.inner_text())

    # The industry whose name is clicked fills the map.
    left, right = told(0.05), told(0.95)
    assert left != right
    canvas.click(position={"x": 20, "y": 9})
    assert [told(0.05), told(0.95), told(0.95, 0.1), told(0.05, 0.9)] == [left] * 4
    canvas.click(position={"x": 20, "y": 9})
    assert [told(0.05), told(0.95)] == [left, right]
    assert page.evaluate("window.ran") is None

    # A day of the breadth has the tickers behind its numbers.
    page.get_by_role("radio", name="등락 현황").click()
    breadth = page.locator(".st-key-breadth canvas").first
    expect(breadth).to_be_visible(timeout=60_000)
    box_of_days = breadth.bounding_box()
    assert box_of_days is not None
    width, height = box_of_days["width"], box_of_days["height"]
    breadth.hover(position={"x": width * 0.5, "y": height * 0.2})
    of_day = page.locator("div", has=page.locator("span", has_text=re.compile("^종가 52주 신고가$"))).last.locator("..")
    expect(of_day).to_contain_text(re.compile(r"^\d{4}-\d\d-\d\d●"))
    assert len(re.findall(r"\d{4}-\d\d-\d\d", of_day.inner_text())) == 1, "though the day stands in three panes"
    for share in (0.3, 0.6):  # of the height: in the upper pane, and in the second
        before = page.url
        breadth.click(position={"x": width * share, "y": height * share})
        page.wait_for_url(lambda url, before=before: "day=" in url and url != before)
        day = pd.Timestamp(page.url.rpartition("=")[2])
        expect(page.locator("strong", has_text=f"{day:%Y-%m-%d}")).to_be_visible()
        rising = sum(bool(table["close"].diff()[day] > 0) for table in tables.values())
        expect(page.get_by_role("radio", name=f"상승 {rising}")).to_be_visible()
    page.get_by_role("button", name="마지막 날로").click()
    page.wait_for_url("**/market?tab=breadth")
    breadth.click(position={"x": 2, "y": 2})  # beside the panes
    wait_until_at_rest(page)  # a click on a button whose number changes at that moment is lost
    page.get_by_role("radio", name=re.compile("^하락")).click()
    expect(page.get_by_test_id("stDataFrame")).to_be_visible()
    assert "day=" not in page.url

    # A ticker has its chart.
    page.get_by_role("radio", name="지도", exact=True).click()
    expect(canvas).to_be_visible()
    assert told(0.25) == left
    canvas.click(position={"x": box["width"] / 4, "y": box["height"] / 2})
    page.wait_for_url(f"**/korean_stocks?ticker={left}*")
    assert page.evaluate("window.ran") is None


def test_a_chosen_industry_stays_chosen_over_another_period_and_on_the_way_back(
    own_server_db: MongoDatabase, app: Callable[[], str], page: Page
) -> None:
    flat = np.full(300, 100.0)
    last, month = np.arange(300) == 299, np.arange(300) >= 290
    steel = "철강; 제1차, 기타"
    for ticker, industry, close in [("000001", "은행", flat - last), ("000002", steel, flat - 10 * month + last)]:
        row = {"industry": industry, "name": f"{industry} 회사"}
        store(own_server_db, ticker, make_bars(300).assign(close=close), **row)
    page.goto(app() + "/market?tab=industries")
    table = page.get_by_test_id("stDataFrame").first
    expect(table).to_be_visible(timeout=60_000)

    def expect_shown(*industries: str) -> None:
        page.wait_for_url(lambda url: parse_qs(urlsplit(url).query).get("industries") == ["|".join(industries)])
        expect(page.get_by_test_id("stDataFrame")).to_have_count(1 + len(industries[:1]))
        for each in industries:
            expect(page.get_by_test_id("stDataFrame").nth(1)).to_contain_text(f"{each} 회사")

    tick(table, 0)  # it rose today
    expect_shown(steel)
    page.get_by_role("radio", name="1개월").click()  # and fell over the month: it is in the other row now
    page.wait_for_url("**span=1M**")
    expect_shown(steel)
    tick(table, 0)
    expect_shown("은행", steel)
    page.go_back()
    expect_shown(steel)
