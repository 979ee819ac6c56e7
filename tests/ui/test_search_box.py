"""The search above a chart, as far as it is Python's."""

import pytest
from streamlit.testing.v1 import AppTest

from finance_core.categories import KOREAN_STOCKS
from finance_core.storage import tickers
from finance_core.storage.database import MongoDatabase
from finance_core.ui import listing, search_box
from tests import pages
from tests.yahoo import YahooStandIn


@pytest.fixture
def listed(own_server_db: MongoDatabase) -> listing.Listing:
    rows = [
        {"ticker": "005930", "name": "삼성전자", "favourite": True},
        {"ticker": "000660", "name": "SK하이닉스", "source": "sample"},
        {"ticker": "035720", "name": "카카오", "active": False},
    ]
    tickers.register(own_server_db, KOREAN_STOCKS, rows)
    listing.forget()
    return listing.of(own_server_db, KOREAN_STOCKS)


def test_suggestions_name_what_was_found_and_that_it_is_a_sample(listed: listing.Listing) -> None:
    assert search_box.suggestions("ㅅㅅ", KOREAN_STOCKS, listed, may_add=True) == [("삼성전자 005930", "005930")]
    assert search_box.suggestions("000660", KOREAN_STOCKS, listed, may_add=False) == [
        ("SK하이닉스 000660 · 표본", "000660")
    ]
    assert search_box.suggestions("카카오", KOREAN_STOCKS, listed, may_add=True) == [], "it is not active"


def test_no_match_offers_to_add_a_ticker_to_whoever_may_and_only_what_can_be_one(listed: listing.Listing) -> None:
    assert search_box.suggestions("00088k", KOREAN_STOCKS, listed, may_add=True) == [
        ("'00088K' 종목 추가하고 시세 받기", "add:00088K")
    ]
    assert search_box.suggestions("00088k", KOREAN_STOCKS, listed, may_add=False) == []
    for nonsense in ("hello world", ".*", "🚀", "가" * 10_000, "<script>", "12345"):
        assert search_box.suggestions(nonsense, KOREAN_STOCKS, listed, may_add=True) == []


def test_favourites_are_one_list_of_the_installation(listed: listing.Listing, own_server_db: MongoDatabase) -> None:
    assert listed.favourites == ["005930"]
    tickers.set_favourite(own_server_db, KOREAN_STOCKS, "000660", True)
    tickers.set_favourite(own_server_db, KOREAN_STOCKS, "005930", False)
    listing.forget()
    assert listing.of(own_server_db, KOREAN_STOCKS).favourites == ["000660"]


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
