"""Nothing is written into a user's own database before a yes: not a document, not an index, not a list."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest

from finance_core.categories import CURRENCIES, KOREAN_STOCKS, US_STOCKS, Category
from finance_core.storage import documents, locations, ticker_edits, tickers
from finance_core.storage.database import MongoDatabase
from tests.yahoo import YahooStandIn
from updaters import category_update

pytestmark = pytest.mark.slow

DAY = dt.datetime(2026, 11, 20)
BAR = {"date": DAY, "open": 1.0, "high": 1.0, "low": 1.0, "close": 1.0, "volume": 1}


def everything(db: MongoDatabase) -> dict[str, Any]:
    """Every document and index of the user's own collections."""
    return {
        name: (db[name].find().sort("_id", 1).to_list(), dict(db[name].index_information()))
        for name in db.list_collection_names()
        if name not in (documents.RUNS, documents.LEASES)
    }


@pytest.fixture(params=["plain", "unique index", "other field names"])
def own_data(own_server_db: MongoDatabase, request: pytest.FixtureRequest) -> MongoDatabase:
    """Prices and a list of the user's own, as his notes describe them."""
    db = own_server_db
    ticker = "symbol" if request.param == "other field names" else "ticker"
    for category, raw in ((KOREAN_STOCKS, "005930"), (US_STOCKS, "AAPL"), (CURRENCIES, "KRW=X")):
        db[category.collection].insert_one({ticker: raw, **BAR})
    if request.param != "other field names":
        db[KOREAN_STOCKS.collection].create_index(["ticker", "date"], unique=True)
    db[documents.TICKERS].insert_one({"ticker": "005930", "name": "내 삼성", "market": "KOSPI"})
    if request.param == "unique index":
        db[documents.TICKERS].create_index("ticker", unique=True)
    return db


def update(db: MongoDatabase, category: Category) -> None:
    category_update.run(db, category)


def add(db: MongoDatabase, category: Category) -> None:
    ticker_edits.add(db, category, [{"ticker": category.default_ticker, "name": "new"}], "a person")


def edit(db: MongoDatabase, category: Category) -> None:
    wanted = ticker_edits.Edit(category.default_ticker, {"name": "old"}, {"name": "new"})
    ticker_edits.save(db, category, [wanted], "a person")


def star(db: MongoDatabase, category: Category) -> None:
    tickers.set_favourite(db, category, category.default_ticker, True)


@pytest.mark.usefixtures("yahoo")
@pytest.mark.parametrize("category", [KOREAN_STOCKS, US_STOCKS, CURRENCIES], ids=lambda category: category.key)
@pytest.mark.parametrize("write", [update, add, edit, star])
def test_nothing_is_written_before_a_yes_and_the_refusal_names_the_way(
    own_data: MongoDatabase, write: Callable[[MongoDatabase, Category], None], category: Category
) -> None:
    before = everything(own_data)
    with pytest.raises(locations.NotAdopted) as refused:
        write(own_data, category)
    assert "finance_core.adopt --all" in str(refused.value)
    assert category.collection in str(refused.value)
    assert everything(own_data) == before


def test_an_empty_database_needs_no_yes(own_server_db: MongoDatabase, yahoo: YahooStandIn) -> None:
    add(own_server_db, KOREAN_STOCKS)
    star(own_server_db, KOREAN_STOCKS)
    assert tickers.get(own_server_db, KOREAN_STOCKS, "005930") is not None
    assert yahoo.requests == []
