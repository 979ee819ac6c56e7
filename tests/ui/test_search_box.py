"""The search for tickers, as far as it is Python's: what the box in the browser gets."""

import csv
import datetime as dt
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from finance_core import starter
from finance_core.categories import CATEGORIES, INDICES, KOREAN_STOCKS, US_STOCKS
from finance_core.notebook import Sisepan
from finance_core.search import Index
from finance_core.storage import tickers
from finance_core.storage.database import MongoDatabase
from finance_core.ui import listing, search_box
from tests import pages
from tests.yahoo import YahooStandIn


@pytest.fixture
def listed(own_server_db: MongoDatabase) -> MongoDatabase:
    rows = [
        {"ticker": "005930", "name": "삼성전자", "name_en": "Samsung Electronics", "favourite": True},
        {"ticker": "000660", "name": "SK하이닉스", "source": "sample"},
        {"ticker": "035720", "name": "카카오", "active": False},
    ]
    tickers.register(own_server_db, KOREAN_STOCKS, rows)
    tickers.register(own_server_db, US_STOCKS, [{"ticker": "GOOGL", "name": "알파벳 A", "favourite": True}])
    listing.forget()
    return own_server_db


def rows_of(data: dict[str, Any]) -> dict[str, list[list[Any]]]:
    return {category["key"]: category["rows"] for category in data["categories"]}


def test_the_box_gets_the_active_tickers_of_all_categories_with_their_aliases(listed: MongoDatabase) -> None:
    rows = rows_of(search_box.data(listed, KOREAN_STOCKS, may_add=False))
    assert list(rows) == [category.key for category in CATEGORIES]
    assert rows["korean_stocks"] == [
        ["000660", "SK하이닉스", "", ("에스케이하이닉스", "하이닉스", "하닉"), True, 2],
        ["005930", "삼성전자", "Samsung Electronics", ("삼전",), False, 0],
    ]
    assert rows["us_stocks"] == [["GOOGL", "알파벳 A", "", ("구글", "Google"), False, 0]]


def test_the_largest_market_value_comes_first_among_those_with_prices(own_server_db: MongoDatabase) -> None:
    day, shares = dt.datetime(2026, 11, 20), starter.shipped("krx").shares
    counted = {"shares": 10 * shares["028050"], "shares_on": day}
    closes: list[dict[str, Any]] = [
        {"ticker": "028050", "name": "삼성E&A", "last_close": 20_000.0},
        {"ticker": "005930", "name": "삼성전자", "last_close": 100_000.0, "source": "yahoo"},
        {"ticker": "028260", "name": "삼성물산", "last_close": 200_000.0, **counted},
        {"ticker": "000000", "name": "삼성가나", "last_close": 1.0},
        {"ticker": "207940", "name": "삼성바이오로직스", "last_close": 1e9, "source": "sample"},
        {"ticker": "006400", "name": "삼성SDI", "last_close": float("nan")},
    ]
    rows = [{**row, "last_date": day} for row in closes]
    others = [
        {"ticker": "018260", "name": "삼성에스디에스"},
        {"ticker": "010140", "name": "삼성중공업", "favourite": True},
    ]
    tickers.register(own_server_db, KOREAN_STOCKS, [*others, *rows])
    tickers.register(own_server_db, INDICES, [{"ticker": "^KS11", "name": "코스피", "last_date": day}])
    listing.forget()
    data = rows_of(search_box.data(own_server_db, None, may_add=False))
    assert [row[-1] for row in data["indices"]] == [1]
    named = ("ticker", "name", "name_en", "aliases", "sample", "order")
    index = Index([dict(zip(named, row, strict=True)) for row in data["korean_stocks"]])
    by_worth = ["010140", "005930", "028260", "028050", "006400", "000000", "207940", "018260"]
    assert index.search("삼성") == by_worth
    assert index.search("ㅅㅅ") == by_worth
    found = Sisepan().search("삼성", limit=20)
    assert found["ticker"].tolist() == by_worth


def test_samples_alone_are_ordered_likewise(own_server_db: MongoDatabase) -> None:
    """A new installation found 삼성SDI first for 삼성."""
    named = {"006400": "삼성SDI", "005930": "삼성전자"}
    sample = {"last_close": 100_000.0, "last_date": dt.datetime(2026, 11, 20), "source": "sample"}
    tickers.register(own_server_db, KOREAN_STOCKS, [{"ticker": each, "name": named[each], **sample} for each in named])
    assert Sisepan().search("삼성")["ticker"].tolist() == ["005930", "006400"]


def test_the_empty_box_lists_favourites_those_of_the_page_first(listed: MongoDatabase) -> None:
    usual = search_box.data(listed, US_STOCKS, may_add=False)["usual"]
    assert usual == ["us_stocks:GOOGL", "korean_stocks:005930"]


def test_only_who_may_add_gets_the_form_of_a_ticker(listed: MongoDatabase) -> None:
    assert search_box.data(listed, KOREAN_STOCKS, may_add=True)["add"] == KOREAN_STOCKS.ticker_pattern
    assert search_box.data(listed, KOREAN_STOCKS, may_add=False)["add"] == ""
    assert search_box.data(listed, None, may_add=True)["add"] == ""


def test_every_alias_is_of_a_ticker_that_a_list_has() -> None:
    known = {(category.key, row["ticker"]) for category in CATEGORIES for row in starter.rows(category)}
    known |= {
        (each.category.key, row["ticker"]) for each in starter.MARKET_LISTS for row in starter.shipped(each.file).rows
    }
    assert starter.aliases().keys() <= known
    text = (starter.DIRECTORY / "aliases.csv").read_text(encoding="utf-8").splitlines()
    rows = [tuple(row) for row in csv.reader(text)]
    assert len(rows) == len(set(rows))


def test_favourites_are_one_list_of_the_installation(listed: MongoDatabase) -> None:
    assert listing.of(listed, KOREAN_STOCKS).favourites == ["005930"]
    tickers.set_favourite(listed, KOREAN_STOCKS, "000660", True)
    tickers.set_favourite(listed, KOREAN_STOCKS, "005930", False)
    listing.forget()
    assert listing.of(listed, KOREAN_STOCKS).favourites == ["000660"]


def test_the_star_beside_the_search_changes_the_favourites(
    own_server_db: MongoDatabase, yahoo: YahooStandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    pages.sit_at_the_machine(monkeypatch)
    pages.update_from(yahoo, own_server_db, {"005930": pages.made_table()}, {})
    page = pages.open_viewer()
    page.button(key="star").click().run()
    assert (tickers.get(own_server_db, KOREAN_STOCKS, "005930") or {})["favourite"] is True
    page.button(key="star").click().run()
    assert "favourite" not in (tickers.get(own_server_db, KOREAN_STOCKS, "005930") or {})


def test_the_link_names_the_view_as_it_is(own_server_db: MongoDatabase, yahoo: YahooStandIn) -> None:
    pages.update_from(yahoo, own_server_db, {"005930": pages.made_table()}, {})
    page: AppTest = pages.open_viewer(period="3M", unit="W", ma="20,5", scale="log", lang="en")
    (link,) = [code.value for code in page.code]
    assert link.endswith("/korean_stocks?ticker=005930&period=3M&unit=W&ma=5%2C20&scale=log&lang=en")
