"""Shares outstanding: the newest count that is known, of tickers whose splits are known."""

import datetime as dt
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from finance_core import starter
from finance_core.bars import candles, market_values
from finance_core.bars import panel as panels
from finance_core.categories import KOREAN_STOCKS
from finance_core.storage import prices, shares, tickers
from finance_core.storage.database import MongoDatabase
from tests.updaters import updating
from tests.yahoo import Listing, YahooStandIn, random_walk

LISTED_ON = dt.datetime.combine(starter.shipped("krx").date, dt.time())
SAMSUNG = starter.shipped("krx").shares["005930"]


def register(db: MongoDatabase, ticker: str, **row: Any) -> None:
    tickers.register(db, KOREAN_STOCKS, [{"ticker": ticker, "name": ticker, "market": "KOSPI"}])
    tickers.record(db, KOREAN_STOCKS, ticker, {"source": "yahoo", "verified_at": LISTED_ON, **row})


def test_the_list_of_the_exchange_has_shares_of_all_its_tickers() -> None:
    shipped = starter.shipped("krx")
    assert {row["ticker"] for row in shipped.rows} == shipped.shares.keys()
    assert min(shipped.shares.values()) > 0
    assert SAMSUNG == 5_919_637_922
    assert all("shares" not in row for row in shipped.rows)


def known(db: MongoDatabase) -> dict[str, tuple[float, dt.datetime, dt.datetime]]:
    """By ticker, where a number is known: it, and the days from and until which it holds."""
    rows = tickers.active(db, KOREAN_STOCKS)
    known = shares.of(KOREAN_STOCKS, rows)
    table = zip(rows, known.numbers.tolist(), known.since.tolist(), known.until.tolist(), strict=True)
    return {
        row["ticker"]: (number, *(dt.datetime.combine(day, dt.time()) for day in days))
        for row, number, *days in table
        if number == number
    }


@pytest.mark.parametrize(
    ("quoted", "expected"),
    [
        ((), (SAMSUNG, 0, 0)),
        ((7, -1, -1), (SAMSUNG, 0, 0)),
        ((7, 1, 1), (7, 1, 1)),
        ((7, -30, 5), (7, -30, 5)),
        ((SAMSUNG, 200, 210), (SAMSUNG, 0, 210)),
        ((SAMSUNG, -30, -10), (SAMSUNG, -30, 0)),
    ],
    ids=["listed", "quoted before", "quoted later", "quoted before and later", "same later", "same before"],
)
def test_the_newest_count_is_known_since_the_first_day_on_which_it_was_told(
    db: MongoDatabase, quoted: tuple[int, ...], expected: tuple[int, int, int]
) -> None:
    days = [LISTED_ON + dt.timedelta(days=day) for day in quoted[1:]]
    register(db, "005930", **dict(zip(("shares", "shares_since", "shares_on"), (*quoted[:1], *days), strict=False)))
    number, since, until = expected
    assert known(db) == {"005930": (number, *(LISTED_ON + dt.timedelta(days=day) for day in (since, until)))}


@pytest.mark.parametrize(
    "edited",
    [{"shares": 7}, {"shares": "7", "shares_on": LISTED_ON}, {"shares": 7, "shares_on": "2099-01-01"}],
    ids=["no day", "text", "text as day"],
)
def test_a_row_that_somebody_edited_by_hand_stops_nobody(db: MongoDatabase, edited: dict[str, Any]) -> None:
    register(db, "005930", **edited)
    assert known(db) == {"005930": (SAMSUNG, LISTED_ON, LISTED_ON)}


@pytest.mark.parametrize("source", ["import", "sample", None])
def test_shares_of_bars_whose_splits_nobody_tells_are_not_known(db: MongoDatabase, source: str | None) -> None:
    register(db, "005930", source=source)
    register(db, "999999")  # in no list
    assert known(db) == {}


def test_shares_of_imported_bars_to_which_an_update_has_added_are_not_known_until_all_are_compared(
    db: MongoDatabase, yahoo: YahooStandIn
) -> None:
    listing = Listing(random_walk(updating.DAYS, 5), splits={updating.DAYS[20].date(): (5, 1)})
    yahoo.listings["005930.KS"] = listing
    imported = candles.clean(listing.bars.iloc[:-5])[0]  # of the same prices, but without the split
    prices.write(db, KOREAN_STOCKS, "005930", imported)
    tickers.register(db, KOREAN_STOCKS, [{"ticker": "005930", "name": "삼성전자", "market": "KOSPI"}])
    tickers.record(db, KOREAN_STOCKS, "005930", {**prices.state_of(KOREAN_STOCKS, imported), "source": "import"})
    for options, splits, of_tickers in (({}, 0, set()), ({"full": True}, 1, {"005930"})):
        assert not updating.run(db, "005930", **options).failures
        assert (updating.metadata(db)["source"], len(updating.actions_of(db, "stock_splits"))) == ("yahoo", splits)
        assert known(db).keys() == of_tickers


def test_a_number_that_a_split_has_changed_neither_in_the_list_nor_in_quotes_is_not_used(db: MongoDatabase) -> None:
    day = LISTED_ON + dt.timedelta(days=200)
    register(db, "005930", shares=SAMSUNG, shares_since=day, shares_on=day)
    days = np.arange(LISTED_ON, day + dt.timedelta(days=1), dtype="datetime64[D]")
    for split, is_known in ((days[100], False), (np.datetime64("NaT", "D"), True)):
        panel = panels.of({"005930": (days, {"close": np.ones(len(days))})}, ["close"], {"005930": split})
        panel = replace(panel, shares=shares.of(KOREAN_STOCKS, tickers.active(db, KOREAN_STOCKS)))
        assert np.isfinite(market_values.newest(panel)[0]) == is_known
