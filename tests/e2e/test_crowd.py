"""Many visitors at once, who speak to the app's websocket as browsers do."""

from concurrent.futures import ThreadPoolExecutor

import pandas as pd
import pytest

from finance_core.bars import candles
from finance_core.categories import KOREAN_STOCKS
from finance_core.storage import prices, tickers
from finance_core.storage.database import MongoDatabase
from tests.e2e.conftest import Start
from tests.e2e.visitor import charts, menu, visit
from tests.yahoo import random_walk

pytestmark = pytest.mark.slow

CROWD = 12


def look(address: str) -> tuple[int, bool]:
    """How many charts a new visitor of the Korean stocks sees, and whether there is a menu around them."""
    with visit(address) as visitor:
        sent = visitor.run("korean_stocks")
        return len(charts(sent)), "한국 주식" in menu(sent)


def test_everyone_who_comes_right_after_the_start_sees_a_chart_inside_the_app(
    own_server_db: MongoDatabase, own_app: Start
) -> None:
    bars, _remarks = candles.clean(random_walk(pd.bdate_range("2024-01-02", periods=60), seed=1))
    prices.write(own_server_db, KOREAN_STOCKS, "005930", bars)
    tickers.register(own_server_db, KOREAN_STOCKS, [{"ticker": "005930", "name": "삼성전자", "market": "KOSPI"}])
    address = own_app()
    with ThreadPoolExecutor(CROWD) as crowd:
        seen = list(crowd.map(look, [address] * CROWD))
    assert seen == [(1, True)] * CROWD
