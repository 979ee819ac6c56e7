"""Shares outstanding: the newest count that is known, of tickers whose splits are known."""

import datetime as dt
from typing import Any

import pytest

from finance_core import starter
from finance_core.categories import KOREAN_STOCKS
from finance_core.storage import shares, tickers
from finance_core.storage.database import MongoDatabase
from finance_core.storage.shares import Shares

LISTED_ON = dt.datetime.combine(starter.shipped("krx").date, dt.time())
SAMSUNG = starter.shipped("krx").shares["005930"]


def register(db: MongoDatabase, ticker: str, **row: Any) -> None:
    tickers.register(db, KOREAN_STOCKS, [{"ticker": ticker, "name": ticker, "market": "KOSPI"}])
    tickers.record(db, KOREAN_STOCKS, ticker, {"source": "yahoo", **row})


def test_the_list_of_the_exchange_has_shares_of_all_its_tickers() -> None:
    shipped = starter.shipped("krx")
    assert {row["ticker"] for row in shipped.rows} == shipped.shares.keys()
    assert min(shipped.shares.values()) > 0
    assert SAMSUNG == 5_919_637_922
    assert all("shares" not in row for row in shipped.rows)


@pytest.mark.parametrize(
    ("quoted", "expected"),
    [
        ({}, Shares(SAMSUNG, LISTED_ON)),
        ({"shares": 7, "shares_on": LISTED_ON - dt.timedelta(days=1)}, Shares(SAMSUNG, LISTED_ON)),
        (
            {"shares": 7, "shares_on": LISTED_ON + dt.timedelta(days=1)},
            Shares(7, LISTED_ON + dt.timedelta(days=1)),
        ),
    ],
    ids=["listed", "quoted before", "quoted later"],
)
def test_the_newest_count_is_known(db: MongoDatabase, quoted: dict[str, Any], expected: Shares) -> None:
    register(db, "005930", **quoted)
    assert shares.newest(db, KOREAN_STOCKS) == {"005930": expected}


@pytest.mark.parametrize("source", ["import", "sample", None])
def test_shares_of_bars_whose_splits_nobody_tells_are_not_known(db: MongoDatabase, source: str | None) -> None:
    register(db, "005930", source=source)
    register(db, "999999")  # in no list
    assert shares.newest(db, KOREAN_STOCKS) == {}
