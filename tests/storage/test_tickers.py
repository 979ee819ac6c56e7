"""The metadata of tickers in a real MongoDB."""

import dataclasses
import datetime as dt
from typing import Any

import pytest

from finance_core.categories import CURRENCIES, KOREAN_STOCKS, Category
from finance_core.storage import category_state, locations, prices, tickers
from finance_core.storage.database import Document, MongoDatabase
from tests.storage.test_prices import make_bars

SAMSUNG = {"ticker": "005930", "name": "삼성전자", "market": "KOSPI"}
NAVER = {"ticker": "035420", "name": "NAVER", "market": "KOSPI"}
ECOPRO = {"ticker": "086520", "name": "에코프로", "market": "KOSDAQ"}

OTHER = dataclasses.replace(KOREAN_STOCKS, key="other", collection="other", currency="USD")


def register(db: MongoDatabase, *rows: dict[str, Any], category: Category = KOREAN_STOCKS) -> list[str]:
    return tickers.register(db, category, rows)


def get(db: MongoDatabase, ticker: str = "005930") -> Document:
    found = tickers.get(db, KOREAN_STOCKS, ticker)
    assert found is not None
    return found


def active(db: MongoDatabase, category: Category = KOREAN_STOCKS) -> list[tuple[str, str]]:
    return [(row["ticker"], row["name"]) for row in tickers.active(db, category)]


def test_a_registered_ticker_has_what_was_given_and_what_goes_without_saying(db: MongoDatabase) -> None:
    assert register(db, SAMSUNG) == ["005930"]
    assert get(db) == {
        "category": "korean_stocks",
        **SAMSUNG,
        "marker": "circle",
        "active": True,
        "currency": "KRW",
    }


def test_what_is_given_goes_before_what_goes_without_saying(db: MongoDatabase) -> None:
    register(db, SAMSUNG | {"currency": "USD", "active": False, "source": "sample"})
    assert get(db).items() >= {"currency": "USD", "active": False, "source": "sample"}.items()


@pytest.mark.parametrize(("ticker", "currency"), [("USDKRW", "KRW"), ("NZDCHF", "CHF"), ("DX-Y", "")])
def test_a_new_rate_is_in_the_second_currency_of_its_pair(db: MongoDatabase, ticker: str, currency: str) -> None:
    register(db, {"ticker": ticker, "name": ticker}, category=CURRENCIES)
    (row,) = tickers.all_rows(db, CURRENCIES)
    assert row["currency"] == currency
    assert CURRENCIES.quoted_in(ticker, "KRW") == (currency or "KRW"), "whatever an earlier version stored"


def test_registering_again_adds_only_what_is_new_and_overwrites_nothing(db: MongoDatabase) -> None:
    register(db, SAMSUNG)
    tickers.record(db, KOREAN_STOCKS, "005930", {"name": "Samsung", "active": False})
    before = get(db)

    assert register(db, SAMSUNG, NAVER, NAVER | {"name": "again"}) == ["035420"]
    assert register(db, SAMSUNG, NAVER) == []
    assert register(db) == []
    assert get(db) == before
    assert get(db, "035420")["name"] == "NAVER"


def test_registering_leaves_the_rows_it_was_given(db: MongoDatabase) -> None:
    row = dict(SAMSUNG)
    register(db, row)
    assert row == SAMSUNG


def test_one_ticker_may_be_in_two_categories(db: MongoDatabase) -> None:
    assert register(db, SAMSUNG) == ["005930"]
    assert register(db, SAMSUNG | {"name": "other"}, category=OTHER) == ["005930"]
    tickers.record(db, OTHER, "005930", {"name": "changed"})

    assert active(db) == [("005930", "삼성전자")]
    assert active(db, OTHER) == [("005930", "changed")]


def test_active_tickers_come_by_name_without_those_that_were_put_aside(db: MongoDatabase) -> None:
    register(db, ECOPRO, SAMSUNG, NAVER)
    assert active(db) == [("035420", "NAVER"), ("005930", "삼성전자"), ("086520", "에코프로")]

    tickers.record(db, KOREAN_STOCKS, "005930", {"active": False})
    tickers.record(db, KOREAN_STOCKS, "035420", {"active": None})  # a document of a user's own may not say
    assert active(db) == [("035420", "NAVER"), ("086520", "에코프로")]


def test_which_of_some_tickers_of_several_categories_are_active_is_one_question(db: MongoDatabase) -> None:
    register(db, SAMSUNG, NAVER | {"active": False}, ECOPRO)
    tickers.record(db, KOREAN_STOCKS, "086520", {"active": None})
    register(db, SAMSUNG | {"active": False}, category=OTHER)
    korean, other = KOREAN_STOCKS.key, OTHER.key
    asked = [(korean, "005930"), (other, "005930"), (korean, "035420"), (korean, "086520"), (other, "035420")]
    expected = {asked[0]: True, asked[1]: False, asked[2]: False, asked[3]: True}
    assert tickers.are_active(db, asked) == expected
    assert tickers.are_active(db, []) == {}


def test_without_metadata_every_ticker_that_has_bars_is_active_under_its_own_name(db: MongoDatabase) -> None:
    assert active(db) == []
    register(db, NAVER, category=OTHER)
    for ticker in ("035420", "005930"):
        prices.write(db, KOREAN_STOCKS, ticker, make_bars(2))
    assert active(db) == [("005930", "005930"), ("035420", "035420")]


def test_where_all_are_put_aside_none_is_active_though_there_are_bars(db: MongoDatabase) -> None:
    prices.write(db, KOREAN_STOCKS, "005930", make_bars(2))
    register(db, SAMSUNG | {"active": False})
    assert active(db) == []


def test_a_ticker_of_a_users_own_without_a_name_is_called_by_itself(own_server_db: MongoDatabase) -> None:
    category = {"category": "korean_stocks"}
    own = [{"ticker": "005930"}, {"ticker": "035420", "name": ""}, {"ticker": "000660", "name": 7}]
    tickers.collection(own_server_db).insert_many([category | row for row in own])
    assert active(own_server_db) == [("005930", "005930"), ("035420", "035420"), ("000660", "7")]


def test_an_unknown_ticker_has_no_metadata(db: MongoDatabase) -> None:
    register(db, SAMSUNG, category=OTHER)
    assert tickers.get(db, KOREAN_STOCKS, "005930") is None
    assert not locations.has_list(db, KOREAN_STOCKS)
    assert locations.has_list(db, OTHER)


def test_recording_sets_fields_and_removes_those_of_none(db: MongoDatabase) -> None:
    register(db, SAMSUNG, NAVER)
    before, other = get(db), get(db, "035420")

    tickers.record(db, KOREAN_STOCKS, "005930", {"last_status": "failed", "last_error": "…", "bar_count": 0})
    assert get(db) == before | {"last_status": "failed", "last_error": "…", "bar_count": 0}
    tickers.record(db, KOREAN_STOCKS, "005930", {"last_status": "ok", "last_error": None, "bar_count": None})
    assert get(db) == before | {"last_status": "ok"}
    tickers.record(db, KOREAN_STOCKS, "005930", {"last_status": None})
    tickers.record(db, KOREAN_STOCKS, "005930", {})
    assert get(db) == before
    assert get(db, "035420") == other


def test_recording_registers_nobody(db: MongoDatabase) -> None:
    tickers.record(db, KOREAN_STOCKS, "005930", {"last_status": "ok"})
    assert tickers.get(db, KOREAN_STOCKS, "005930") is None


def test_a_sample_ticker_waits_until_its_bars_are_counted_or_it_is_no_sample_any_more(db: MongoDatabase) -> None:
    waiting = {"source": "sample", "bar_count": 0}
    register(db, SAMSUNG | waiting, NAVER | waiting, ECOPRO | {"source": "yahoo", "bar_count": 0})
    register(db, ECOPRO | waiting, category=OTHER)

    def waits(ticker: str | None = None) -> set[str]:
        return {row["ticker"] for row in tickers.unfilled_samples(db, KOREAN_STOCKS, ticker)}

    assert waits() == {"005930", "035420"}
    assert waits("005930") == {"005930"}
    assert waits("086520") == waits("000000") == set()

    tickers.record(db, KOREAN_STOCKS, "005930", {"bar_count": 2500})
    tickers.record(db, KOREAN_STOCKS, "035420", {"source": "yahoo"})
    assert waits() == waits("005930") == set()


def test_now_comes_back_from_the_database_as_it_went_in(db: MongoDatabase) -> None:
    register(db, SAMSUNG)
    now = tickers.now()
    tickers.record(db, KOREAN_STOCKS, "005930", {"updated_at": now})

    assert get(db)["updated_at"] == now
    assert abs(now - dt.datetime.now(dt.UTC).replace(tzinfo=None)) < dt.timedelta(minutes=1)


def test_a_day_that_has_not_come_is_not_the_newest_of_a_category(db: MongoDatabase) -> None:
    today, to_come = dt.datetime(2026, 11, 20), tickers.now().replace(hour=0, minute=0, second=0, microsecond=0)
    to_come += dt.timedelta(days=40)
    register(db, SAMSUNG, NAVER)
    tickers.record(db, KOREAN_STOCKS, "005930", {"last_date": to_come})
    assert category_state.newest_bar(db, KOREAN_STOCKS) == to_come, "there is no other"
    tickers.record(db, KOREAN_STOCKS, "035420", {"last_date": today, "change": 0.0})
    assert category_state.newest_bar(db, KOREAN_STOCKS) == today
    breadth = category_state.breadth(db, KOREAN_STOCKS)
    assert breadth
    assert (breadth.day, breadth.unchanged) == (today, 1)
