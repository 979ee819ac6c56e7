"""What a person does on the updates page, in a real browser; and the schedule, which needs nobody."""

import datetime as dt
import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from finance_core.categories import KOREAN_STOCKS
from finance_core.storage import documents, prices, runs, tickers
from finance_core.storage.database import MongoDatabase
from tests import pages
from tests.processes import wait_until
from tests.yahoo import Listing, YahooStandIn

pytestmark = pytest.mark.slow

TICKERS = [f"{number:06}" for number in range(100, 140)]


@pytest.fixture
def stored(own_server_db: MongoDatabase, yahoo: YahooStandIn) -> dict[str, Listing]:
    """Forty tickers that are one day behind."""
    table = pages.made_table(first="2026-06-01", halted=0)
    pages.update_from(yahoo, own_server_db, dict.fromkeys(TICKERS, table.iloc[:-1]), {})
    for ticker in TICKERS:
        yahoo.listings[f"{ticker}.KS"] = Listing(table)
    return yahoo.listings


@pytest.mark.usefixtures("stored")
def test_an_update_is_watched_left_reloaded_cancelled_and_continued_and_a_chart_that_is_open_elsewhere_is_told(
    own_server_db: MongoDatabase, yahoo: YahooStandIn, app: Callable[[], str], page: Page
) -> None:
    long, short = 60.0, 4.0  # so that it still runs when it is looked at and cancelled, on a busy machine too
    yahoo.delay = long
    address = app() + "/admin_updates"
    page.goto(address)
    page.locator(".st-key-update_korean_stocks button").click(timeout=60_000)
    expect(page.get_by_text(re.compile(r"업데이트 중: \d+/40종목"))).to_be_visible(timeout=30_000)

    yahoo.delay = short
    page.reload()
    expect(page.get_by_text(re.compile(r"업데이트 중: \d+/40종목 · 초당"))).to_be_visible(timeout=30_000)
    yahoo.delay = long
    page.get_by_role("link", name="한국 주식").click()
    chart = page.get_by_role("application", name=re.compile("차트$"))
    expect(chart).to_be_visible(timeout=30_000)  # and not what is left of the page before
    expect(page.get_by_role("heading", name="시세 업데이트")).to_have_count(0)
    expect(page.get_by_text(re.compile(r"업데이트 중: \d+/40종목"))).to_be_visible(timeout=30_000)
    page.get_by_role("button", name="중단").click()
    yahoo.delay = short
    expect(page.get_by_text(re.compile(r"중단했습니다\. \d+종목을 확인해"))).to_be_visible(timeout=30_000)

    yahoo.delay = 0
    whole = len(pages.made_table(first="2026-06-01", halted=0))
    left_out = next(each for each in TICKERS if len(prices.load(own_server_db, KOREAN_STOCKS, each)) < whole)
    behind = page.context.new_page()
    behind.goto(address.replace("admin_updates", f"korean_stocks?ticker={left_out}"))
    expect(behind.get_by_text("2026-11-19 종가")).to_be_visible(timeout=60_000)
    newer = behind.get_by_text("이 차트를 그린 뒤에 새 시세가 들어왔습니다.")
    expect(newer).not_to_be_visible()
    page.get_by_role("link", name="시세 업데이트").click()
    page.get_by_role("button", name="이어서 하기").click()
    expect(page.get_by_text("40/40종목").first).to_be_visible(timeout=30_000)
    counts = {len(prices.load(own_server_db, KOREAN_STOCKS, ticker)) for ticker in TICKERS}
    assert counts == {whole}

    expect(newer).to_be_visible(timeout=30_000)
    behind.get_by_role("button", name="새 시세 보기").click()
    expect(behind.get_by_text("2026-11-20 종가")).to_be_visible()
    expect(newer).not_to_be_visible()


@pytest.mark.usefixtures("stored")
def test_the_schedule_runs_while_the_app_is_up_without_any_visitor(
    own_server_db: MongoDatabase, own_app: Callable[[], str]
) -> None:
    long_ago = tickers.now() - dt.timedelta(days=30)
    own_server_db[documents.RUNS].update_many({}, {"$set": {"started_at": long_ago}})
    own_server_db[documents.CHOICES].insert_one({"_id": "schedule", "korean_stocks": long_ago})
    own_app()
    assert wait_until(lambda: (runs.latest(own_server_db, KOREAN_STOCKS) or {}).get("origin") == "schedule")
    assert wait_until(lambda: (runs.latest(own_server_db, KOREAN_STOCKS) or {})["state"] == "done")
