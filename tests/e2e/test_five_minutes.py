"""From a database of one's own to named charts: at most four clicks, each saying what it will do."""

import datetime as dt
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from finance_core.categories import CURRENCIES, INDICES, KOREAN_STOCKS, US_STOCKS, Category
from finance_core.storage import prices, tickers
from finance_core.storage.database import MongoDatabase
from tests.foreign.other_programs import AMERICAN, KOREAN, WORLD, Tables, flat, midnight, renamed, tables
from tests.processes import wait_until

RATES = tables({"USDKRW": "24/5"})
INDEX = {"^KS11": WORLD["^KS11"]}
HISTORY = {"ticker": "symbol", "date": "Date", "open": "Open", "high": "High", "low": "Low", "close": "Close"}
HISTORY |= {"volume": "Volume"}
NAMES = [{"ticker": "005930", "name": "내 삼성", "market": "KOSPI"}, {"ticker": "AAPL", "name": "내 애플"}]
CATEGORIES: list[tuple[Category, Tables]] = [
    (KOREAN_STOCKS, KOREAN),
    (US_STOCKS, AMERICAN),
    (INDICES, INDEX),
    (CURRENCIES, RATES),
]


def our_layout(db: MongoDatabase) -> None:
    """A: our own layout with unique indexes, and a list of his own."""
    for category, prices_of in CATEGORIES:
        db[category.collection].insert_many(flat(prices_of))
        db[category.collection].create_index(["ticker", "date"], unique=True)
    db["ticker_metadata"].insert_many([dict(row) for row in NAMES])
    db["ticker_metadata"].create_index("ticker", unique=True)


def as_history_leaves_them(db: MongoDatabase) -> None:
    """B: suffixed symbols, midnights of Seoul and New York, `Stock Splits`."""
    zones = {"korean_stocks": ("Asia/Seoul", ".KS"), "us_stocks": ("America/New_York", "")}
    for category, prices_of in CATEGORIES[:2]:
        zone, suffix = zones[category.key]

        def at_midnight(day: dt.date, zone: str = zone) -> dt.datetime:
            return midnight(day, zone)

        rows: list[dict[str, Any]] = renamed(prices_of, HISTORY, date=at_midnight)
        for row in rows:
            row |= {"symbol": row["symbol"] + suffix, "Dividends": 0.0, "Stock Splits": 0.0}
        db[category.collection].insert_many(rows)


def are_listed(db: MongoDatabase, category: Category, expected: Iterable[str]) -> bool:
    return sorted(row["ticker"] for row in tickers.active(db, category)) == sorted(expected)


@pytest.mark.slow
@pytest.mark.parametrize("fill", [our_layout, as_history_leaves_them], ids=["our layout", "as history leaves them"])
def test_one_button_makes_named_lists_charts_and_comparisons_of_all_that_is_there(
    own_server_db: MongoDatabase, app: Callable[[], str], page: Page, fill: Callable[[MongoDatabase], None]
) -> None:
    db = own_server_db
    fill(db)
    his_list = db["ticker_metadata"].find().to_list()
    address = app().replace("127.0.0.1", "localhost")
    page.goto(address)
    offer = page.locator(".st-key-offer")
    expect(offer).to_contain_text(f"korean_stocks: 종목 {len(KOREAN)}개", timeout=60_000)
    if his_list:
        expect(offer).to_contain_text("ticker_metadata")

    page.locator(".st-key-adopt_all button").click()

    # The page draws itself anew when the background task has ended, and shows the lists.
    expect(page.get_by_role("heading", name="데이터 상태")).to_be_visible(timeout=60_000)
    expect(offer).to_have_count(0)
    for category, prices_of in CATEGORIES if fill is our_layout else CATEGORIES[:2]:
        assert wait_until(partial(are_listed, db, category, prices_of))
        for ticker, table in prices_of.items():
            bars = prices.load(db, category, ticker)
            assert bars["close"].tolist() == table["close"].tolist()
            assert [day.date() for day in bars.index] == [day.date() for day in table.index]
    assert db["ticker_metadata"].find({"category": {"$exists": False}}).to_list() == his_list
    page.get_by_role("link", name="한국 주식").click()
    expect(page.locator("canvas").first).to_be_visible(timeout=60_000)
    if his_list:
        expect(page.get_by_text("내 삼성").first).to_be_visible()
