"""A chart is computed once for all visitors, and anew as soon as its bars have changed, whoever changed them."""

import pandas as pd
import pytest
import streamlit as st

from finance_core.categories import KOREAN_STOCKS
from finance_core.charts import candlestick
from finance_core.storage import database, locations, prices, tickers
from finance_core.storage.database import MongoDatabase
from finance_core.storage.locations import Location
from tests import pages
from tests.yahoo import YahooStandIn

pytestmark = pytest.mark.slow

TICKER = "005930"


@pytest.fixture
def computed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The languages of the charts that were computed, as titles of their first column."""
    st.cache_resource.clear()  # another test may have drawn the same bars
    titles: list[str] = []
    compute = candlestick.candlestick

    def counted(*arguments: object) -> dict[str, object]:
        option = compute(*arguments)  # type: ignore[arg-type]
        titles.append(option["dataset"][0]["source"].columns[0])
        return option

    monkeypatch.setattr(candlestick, "candlestick", counted)
    return titles


@pytest.fixture
def table(own_server_db: MongoDatabase, yahoo: YahooStandIn) -> pd.DataFrame:
    """Bars that an update has stored."""
    table = pages.made_table(halted=0)
    pages.update_from(yahoo, own_server_db, {TICKER: table}, {})
    return table


def closes(**query: str) -> list[float]:
    """The closes that a new visitor sees."""
    _option, source = pages.chart(pages.open_viewer(ticker=TICKER, **query))
    return [float(close) for close in source["Close" if query.get("lang") == "en" else "종가"]]


def test_visitors_share_a_chart_but_not_one_of_another_language_or_another_view(
    table: pd.DataFrame, computed: list[str]
) -> None:
    first = pages.chart(pages.open_viewer(ticker=TICKER))
    second = pages.chart(pages.open_viewer(ticker=TICKER))
    assert second[0] == first[0]
    pd.testing.assert_frame_equal(second[1], first[1])
    assert computed == ["날짜"], "what was handed out is still as it was computed"
    assert closes(lang="en") == closes() == table["close"].tolist()
    assert computed == ["날짜", "Date"]
    assert pages.chart(pages.open_viewer(ticker=TICKER, scale="log"))[0] != first[0]
    assert pages.chart(pages.open_viewer(ticker=TICKER, unit="W"))[1]["종가"].tolist() != first[1]["종가"].tolist()
    assert computed == ["날짜", "Date", "날짜", "날짜"]


def test_an_update_of_any_process_shows_at_the_next_visit(
    own_server_db: MongoDatabase, table: pd.DataFrame, yahoo: YahooStandIn
) -> None:
    assert closes() == table["close"].tolist()
    changed = table.copy()
    changed.iloc[100, :4] *= 1.01
    prices.write(own_server_db, KOREAN_STOCKS, TICKER, changed.assign(dividends=0.0, stock_splits=0.0))
    tickers.record(own_server_db, KOREAN_STOCKS, TICKER, {"bars_changed_at": tickers.now()})
    assert closes() == changed["close"].tolist()


def test_bars_show_that_a_killed_run_has_stored_without_recording_it(
    own_server_db: MongoDatabase, table: pd.DataFrame
) -> None:
    last = table.index[-1]
    prices.delete(own_server_db, KOREAN_STOCKS, TICKER)
    prices.write(own_server_db, KOREAN_STOCKS, TICKER, table.iloc[:-1].assign(dividends=0.0, stock_splits=0.0))
    assert closes() == table["close"].iloc[:-1].tolist()
    prices.write(own_server_db, KOREAN_STOCKS, TICKER, table.loc[[last]].assign(dividends=0.0, stock_splits=0.0))
    assert closes() == table["close"].tolist()


def test_while_a_history_is_rewritten_every_visit_reads_it(own_server_db: MongoDatabase, table: pd.DataFrame) -> None:
    tickers.record(own_server_db, KOREAN_STOCKS, TICKER, {"rewriting": True})
    assert closes() == table["close"].tolist()
    day = table.index[100]
    own_server_db["korean_stocks"].update_one({"ticker": TICKER, "date": day}, {"$set": {"close": 1.0}})
    assert closes()[100] == 1.0


def test_a_change_in_place_in_a_collection_of_the_users_own_shows_at_once(
    own_server_db: MongoDatabase, table: pd.DataFrame
) -> None:
    database.ensure_indexes(own_server_db)
    locations.point(own_server_db, KOREAN_STOCKS, Location("korean_stocks", read_only=True))
    assert closes() == table["close"].tolist()
    day = table.index[100]
    own_server_db["korean_stocks"].update_one({"ticker": TICKER, "date": day}, {"$set": {"close": 1.0}})
    assert closes()[100] == 1.0


@pytest.mark.parametrize("fault", [{"close": 0}, {"low": 1e9}])
def test_a_newest_day_whose_values_cannot_be_prices_is_told(
    own_server_db: MongoDatabase, table: pd.DataFrame, fault: dict[str, float]
) -> None:
    database.ensure_indexes(own_server_db)
    locations.point(own_server_db, KOREAN_STOCKS, Location("korean_stocks", read_only=True))
    days = table.index[-1], table.index[-3]
    own_server_db["korean_stocks"].update_many({"ticker": TICKER, "date": {"$in": list(days)}}, {"$set": fault})
    page = pages.open_viewer(ticker=TICKER)
    assert pages.chart(page)[1]["종가"].iloc[-1] == table["close"].iloc[-2]
    (told,) = [warning.value.replace("\\", "") for warning in page.warning if "값" in warning.value]
    assert f"{days[0]:%Y-%m-%d}" in told
    assert f"{days[1]:%Y-%m-%d}" not in told, "it is a mark on the next bar"


def test_a_chart_of_a_collection_that_others_write_is_computed_once_and_its_bars_are_read_once_a_page(
    own_server_db: MongoDatabase, table: pd.DataFrame, computed: list[str]
) -> None:
    database.ensure_indexes(own_server_db)
    locations.point(own_server_db, KOREAN_STOCKS, Location("korean_stocks", read_only=True))
    own_server_db.command("profile", 1, filter={"op": "query", "ns": f"{own_server_db.name}.korean_stocks"})
    assert closes() == table["close"].tolist()
    read = own_server_db["system.profile"].count_documents({"nreturned": {"$gte": len(table)}})
    assert closes() == table["close"].tolist()
    own_server_db.command("profile", 0)
    assert own_server_db["system.profile"].count_documents({"nreturned": {"$gte": len(table)}}) == 2 * read
    assert read == 1
    assert computed == ["날짜"]
    own_server_db["korean_stocks"].update_one({"ticker": TICKER, "date": table.index[100]}, {"$set": {"volume": 7}})
    _option, source = pages.chart(pages.open_viewer(ticker=TICKER))
    assert source["거래량"].iloc[100] == 7, "whatever has changed in a bar"
