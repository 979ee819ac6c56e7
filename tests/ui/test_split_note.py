"""A split that the prices before it do not reflect: every page shows the prices with it, and says so."""

import pandas as pd
import pytest

from finance_core.categories import KOREAN_STOCKS
from finance_core.storage import tickers
from finance_core.storage.database import MongoDatabase
from finance_core.ui import listing
from tests import pages
from tests.yahoo import Listing, YahooStandIn
from updaters import category_update

SPLIT = pd.Timestamp("2026-11-16")
NOTE = "삼성전자: 2026-11-16의 분할이 그 전 시세에 아직 반영되지 않은 채 저장되어 있어, 반영해서 보여 줍니다."


@pytest.fixture
def cliff(own_server_db: MongoDatabase, yahoo: YahooStandIn) -> pd.DataFrame:
    """Samsung, whose prices fall to a tenth on the day of its split; returned as they are without the cliff."""
    table = pages.made_table(halted=0)
    cliff = table.copy()
    cliff.loc[cliff.index < SPLIT, pages.PRICES] *= 10
    yahoo.listings["005930.KS"] = Listing(cliff, splits={SPLIT.date(): (10, 1)})
    yahoo.listings["000660.KS"] = Listing(pages.made_table(2, halted=0))
    tickers.register(own_server_db, KOREAN_STOCKS, [{"ticker": "005930", "name": "삼성전자", "market": "KOSPI"}])
    assert not category_update.run(own_server_db, KOREAN_STOCKS, ["005930", "000660"]).failures
    return table


def infos(page: pages.AppTest) -> list[str]:
    assert not page.exception
    return [info.value.replace("\\", "") for info in page.info]


def test_the_chart_and_its_header_show_no_cliff_and_the_page_says_why(cliff: pd.DataFrame) -> None:
    page = pages.open_viewer(ticker="005930", period="MAX")
    _option, source = pages.chart(page)
    assert source["종가"].tolist() == pytest.approx(cliff["close"].tolist())
    assert infos(page) == [NOTE]
    (header,) = [element.proto.body for element in page.get("html") if "52주" in element.proto.body]
    year = cliff[cliff.index > cliff.index[-1] - pd.DateOffset(weeks=52)]
    assert f"{year['high'].max():,.0f}" in header, "the range of 52 weeks is of the same prices"
    assert infos(pages.open_viewer(ticker="000660")) == []


def test_a_comparison_shows_no_cliff_and_says_why(cliff: pd.DataFrame) -> None:
    listing.forget()
    page = pages.AppTest.from_file(pages.PAGES_DIR / "comparison.py", default_timeout=60)
    page.query_params["series"] = "korean_stocks:005930,korean_stocks:000660"
    page.query_params["period"] = "MAX"
    page.run()
    _option, source = pages.chart(page)
    assert source["price 0"].pct_change().abs().max() < 0.2
    assert infos(page) == [NOTE]
