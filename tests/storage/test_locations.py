"""Bars that stay in the user's own collection, under other names: read as ours are, and never written."""

import datetime as dt
from typing import Any

import pandas as pd
import pytest

from finance_core import categories
from finance_core.bars import candles
from finance_core.categories import KOREAN_STOCKS, US_STOCKS
from finance_core.errors import DataConflict
from finance_core.storage import database, locations, prices, runs, schedule, tickers
from finance_core.storage.database import Document, MongoDatabase
from finance_core.storage.locations import Location
from tests.foreign import generated
from tests.foreign.generated import KOREAN_TICKERS, Style
from updaters import category_update, scheduler

STYLE = Style(ticker_field="symbol", date_field="Date", price_case="title", extras="all")
NAMES = {
    "ticker": "symbol",
    "date": "Date",
    **{name: name.title() for name in ("open", "high", "low", "close", "volume", "dividends")},
    "stock_splits": "Stock Splits",
}
THEIRS = Location("my_prices", NAMES, read_only=True)


@pytest.fixture(scope="module")
def tables() -> dict[str, pd.DataFrame]:
    """Prices without a halt, which would be stored otherwise than it was told."""
    made = generated.tables(KOREAN_STOCKS, KOREAN_TICKERS)
    return {ticker: table[table["open"] > 0] for ticker, table in made.items()}


@pytest.fixture
def mapped(db: MongoDatabase, tables: dict[str, pd.DataFrame]) -> MongoDatabase:
    """A database whose Korean prices are the user's own, and which has the same as ours in another category's place."""
    generated.lay_out(tables, STYLE, KOREAN_STOCKS, {}).insert(db, THEIRS.collection, STYLE)
    locations.point(db, KOREAN_STOCKS, THEIRS)
    for ticker, table in tables.items():
        prices.write(db, US_STOCKS, ticker, candles.clean(table)[0])
    return db


def everything(db: MongoDatabase) -> dict[str, list[Document]]:
    return {name: db[name].find().sort("_id", 1).to_list() for name in sorted(db.list_collection_names())}


def test_a_mapped_category_reads_as_one_of_ours(mapped: MongoDatabase, tables: dict[str, pd.DataFrame]) -> None:
    assert prices.tickers(mapped, KOREAN_STOCKS) == prices.tickers(mapped, US_STOCKS) == sorted(tables)
    assert prices.any_stored(mapped, KOREAN_STOCKS)
    assert prices.count(mapped, KOREAN_STOCKS, *tables) == sum(map(len, tables.values()))
    for ticker in tables:
        for last in (None, 1, 7, 1_000):
            theirs = prices.load(mapped, KOREAN_STOCKS, ticker, last)
            ours = prices.load(mapped, US_STOCKS, ticker, last)
            pd.testing.assert_frame_equal(theirs, ours, check_exact=True)
        assert prices.state(mapped, KOREAN_STOCKS, ticker) == prices.state(mapped, US_STOCKS, ticker)
        assert prices.count(mapped, KOREAN_STOCKS, ticker) == len(tables[ticker])
        closes = prices.closes_from(mapped, THEIRS, ticker)
        pd.testing.assert_series_equal(closes, candles.clean(tables[ticker])[0]["close"], check_freq=False)
    assert prices.load(mapped, KOREAN_STOCKS, "999999").empty
    assert prices.state(mapped, KOREAN_STOCKS, "999999") == prices.state(mapped, US_STOCKS, "999999")
    assert [row["ticker"] for row in tickers.active(mapped, KOREAN_STOCKS)] == sorted(tables)


def test_a_mapped_category_is_never_written(mapped: MongoDatabase, tables: dict[str, pd.DataFrame]) -> None:
    before, indexes = everything(mapped), mapped[THEIRS.collection].index_information()
    bars = candles.clean(tables["005930"])[0]

    for write in (
        lambda: prices.write(mapped, KOREAN_STOCKS, "005930", bars),
        lambda: prices.write(mapped, KOREAN_STOCKS, "005930", bars, remove_others=True),
        lambda: prices.delete(mapped, KOREAN_STOCKS, "005930"),
        lambda: locations.require_writable(mapped, KOREAN_STOCKS),
        lambda: category_update.run(mapped, KOREAN_STOCKS),
        lambda: category_update.run(mapped, KOREAN_STOCKS, ["005930"], full=True),
    ):
        with pytest.raises(locations.ReadOnly, match="my_prices"):
            write()
    database.ensure_indexes(mapped)

    assert everything(mapped) == before
    assert mapped[THEIRS.collection].index_information() == indexes
    assert runs.latest(mapped, KOREAN_STOCKS) is None
    locations.require_writable(mapped, US_STOCKS)


def test_the_schedule_passes_over_what_is_only_read(mapped: MongoDatabase, monkeypatch: pytest.MonkeyPatch) -> None:
    for category in categories.CATEGORIES:
        schedule.switch(mapped, category, category is KOREAN_STOCKS)
    later = dt.datetime.now(dt.UTC) + dt.timedelta(days=10)

    for job in scheduler.tick(later):  # the list follows the collection, and nothing else happens
        assert job.wait(20)
        assert job.error is None
    assert runs.history(mapped, 5) == []
    assert runs.latest(mapped, KOREAN_STOCKS) is None


def test_other_processes_find_a_store_within_moments(db: MongoDatabase, monkeypatch: pytest.MonkeyPatch) -> None:
    assert locations.of(db, KOREAN_STOCKS) == Location("korean_stocks")
    other: dict[str, Any] = {"collection": "elsewhere", "fields": {"date": "Date"}, "read_only": False}
    db["settings"].update_one({"_id": "collections"}, {"$set": {"korean_stocks": other}}, upsert=True)
    assert locations.of(db, KOREAN_STOCKS) == Location("korean_stocks"), "what was read is not asked for again at once"
    assert locations.FRESH <= 5
    monkeypatch.setattr(locations, "FRESH", 0.0)
    assert locations.of(db, KOREAN_STOCKS) == Location("elsewhere", {"date": "Date"})


def test_what_a_newer_version_wrote_is_not_taken_for_nothing(db: MongoDatabase) -> None:
    locations.point(db, KOREAN_STOCKS, Location("elsewhere", {"date": "Date"}, read_only=True))
    db["settings"].update_one({"_id": "collections"}, {"$set": {"korean_stocks.of_the_future": 1}})
    locations.forget(db)
    for asked in (lambda: locations.of(db, KOREAN_STOCKS), lambda: prices.load(db, KOREAN_STOCKS, "005930")):
        with pytest.raises(DataConflict, match="elsewhere"):
            asked()
    assert locations.of(db, US_STOCKS) == Location("us_stocks")


def test_an_answer_that_was_overtaken_is_not_gone_by(db: MongoDatabase, monkeypatch: pytest.MonkeyPatch) -> None:
    ask = locations.Database.__getitem__

    class Slow:
        """The settings as they are asked for just before somebody of this process points elsewhere."""

        def find_one(self, *asked: Any) -> Any:
            answer = ask(db, "settings").find_one(*asked)
            monkeypatch.undo()
            locations.point(db, KOREAN_STOCKS, Location("elsewhere"))
            return answer

    locations.forget(db)
    monkeypatch.setattr(locations.Database, "__getitem__", lambda _db, _name: Slow())
    assert locations.of(db, KOREAN_STOCKS) == Location("korean_stocks")
    assert locations.of(db, KOREAN_STOCKS) == Location("elsewhere")


def test_a_category_is_pointed_elsewhere_and_back(db: MongoDatabase) -> None:
    own = Location("sisepan_korean_stocks")
    locations.point(db, KOREAN_STOCKS, own)
    assert locations.of(db, KOREAN_STOCKS) == own
    assert locations.of(db, US_STOCKS) == Location("us_stocks")
    database.ensure_indexes(db)
    assert "ticker_date_unique" in db["sisepan_korean_stocks"].index_information()

    locations.point(db, KOREAN_STOCKS, Location("korean_stocks"))

    assert locations.of(db, KOREAN_STOCKS) == Location("korean_stocks")
    assert db["settings"].find_one({"_id": "collections"}) == {"_id": "collections"}


def test_the_ticker_lists_are_pointed_elsewhere_and_back(db: MongoDatabase) -> None:
    tickers.register(db, KOREAN_STOCKS, [{"ticker": "005930", "name": "삼성전자"}])
    locations.point_metadata(db, "sisepan_ticker_metadata")
    database.ensure_indexes(db)
    tickers.register(db, KOREAN_STOCKS, [{"ticker": "000660", "name": "SK하이닉스"}])
    assert [row["ticker"] for row in tickers.active(db, KOREAN_STOCKS)] == ["000660"]
    assert "category_ticker_unique" in db["sisepan_ticker_metadata"].index_information()

    locations.point_metadata(db, "ticker_metadata")

    assert [row["ticker"] for row in tickers.active(db, KOREAN_STOCKS)] == ["005930"]


def test_two_databases_of_one_server_do_not_share_their_stores(db: MongoDatabase) -> None:
    other = db.client[f"{db.name}_other"]
    try:
        locations.point(db, KOREAN_STOCKS, THEIRS)
        assert locations.of(other, KOREAN_STOCKS) == Location("korean_stocks")
        locations.point(other, KOREAN_STOCKS, Location("x"))
        assert locations.of(db, KOREAN_STOCKS) == THEIRS
    finally:
        db.client.drop_database(other.name)
