"""The incremental algorithm: from the stand-in for Yahoo, through yfinance, into a real MongoDB, and out again."""

import csv
import datetime as dt
import logging
import os
import subprocess
import sys
import tempfile
import textwrap
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pymongo
import pytest
from pymongo.monitoring import CommandListener, CommandStartedEvent

from finance_core.bars import candles, sessions
from finance_core.categories import KOREAN_STOCKS
from finance_core.errors import DataConflict
from finance_core.mongod.process import find_binary
from finance_core.storage import database, prices, runs, ticker_edits, tickers
from finance_core.storage.database import Document, MongoDatabase
from tests.conftest import KRX
from tests.yahoo import (
    COLUMNS,
    Answer,
    AsUsual,
    Empty,
    Hang,
    Listing,
    Malformed,
    NoResult,
    Status,
    Truncated,
    YahooStandIn,
    random_walk,
)
from updaters import category_update, rate_limit, ticker_update
from updaters import yahoo as product
from updaters.ticker_update import TickerResult

DAYS = pd.bdate_range("2024-01-02", periods=60)
PROJECT = Path(category_update.__file__).resolve().parents[1]


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Waits between attempts as short as can be."""
    monkeypatch.setattr(product, "RETRY_WITHIN", 0.01)
    monkeypatch.setattr(rate_limit, "FIRST_PAUSE", 0.02)


@pytest.fixture
def samsung(yahoo: YahooStandIn) -> Listing:
    """Samsung as Yahoo has it, on KOSPI: 50 days of which a test may add the last 10."""
    yahoo.listings["005930.KS"] = Listing(random_walk(DAYS, seed=1).iloc[:50])
    return yahoo.listings["005930.KS"]


class Ran(category_update.Summary):
    """What a run did, and what happened to each ticker, in the order in which they were finished."""

    results: list[TickerResult]


def run(db: MongoDatabase, *only: str, **options: Any) -> Ran:
    """A run with one worker, so that tickers are finished in the order in which they are begun."""
    results: list[TickerResult] = []
    told = options.pop("progress", lambda _summary, _result: None)

    def progress(summary: category_update.Summary, result: TickerResult | None) -> None:
        if result:
            results.append(result)
        told(summary, result)

    summary = category_update.run(db, KOREAN_STOCKS, only or None, **{"workers": 1, "progress": progress, **options})
    ran = Ran(**vars(summary))
    ran.results = results
    return ran


def register(db: MongoDatabase, ticker: str, market: str = "KOSPI", **more: object) -> None:
    tickers.register(db, KOREAN_STOCKS, [{"ticker": ticker, "name": ticker, "market": market, **more}])


def metadata(db: MongoDatabase, ticker: str = "005930") -> Document:
    row = tickers.get(db, KOREAN_STOCKS, ticker)
    assert row is not None
    return row


def everything(db: MongoDatabase) -> list[Document]:
    """All that is stored, with the `_id`s, but for when it was written."""
    documents = [*db["korean_stocks"].find(), *db["ticker_metadata"].find({}, {"updated_at": False})]
    return sorted(documents, key=lambda document: str(document["_id"]))


def bars_of(db: MongoDatabase, ticker: str = "005930") -> pd.DataFrame:
    return prices.load(db, KOREAN_STOCKS, ticker)


def events_of(db: MongoDatabase, kind: str) -> dict[Any, float]:
    column = bars_of(db)[kind]
    return column[column != 0].to_dict()


def assert_stored(db: MongoDatabase, listing: Listing, ticker: str = "005930") -> None:
    """All bars of the listing, and no others, are stored with its values; none of them was halted."""
    pd.testing.assert_frame_equal(
        bars_of(db, ticker)[COLUMNS].astype(float), listing.bars, check_index_type=False, check_freq=False
    )


def split(listing: Listing, day: pd.Timestamp, new: int) -> None:
    """What Yahoo does on the day of a split: all prices so far are divided, and the new ones are lower anyway."""
    listing.bars = listing.bars.copy()
    listing.bars[candles.PRICES] /= new
    listing.splits[day.date()] = (new, 1)


def first_day_asked(yahoo: YahooStandIn, symbol: str = "005930.KS") -> pd.Timestamp:
    request = yahoo.asked(symbol)[-1]
    return pd.Timestamp(int(request.query["period1"]), unit="s", tz="Asia/Seoul").tz_localize(None)


# What is fetched and stored


def test_a_ticker_without_bars_gets_its_whole_history(db: MongoDatabase, yahoo: YahooStandIn, samsung: Listing) -> None:
    summary = run(db, "005930")

    assert (summary.total, summary.added, summary.replaced, summary.removed) == (1, 50, 0, 0)
    assert_stored(db, samsung)
    assert first_day_asked(yahoo).year < 1930


def test_the_metadata_tells_the_state_of_the_bars(db: MongoDatabase, samsung: Listing) -> None:
    run(db, "005930")

    row = metadata(db)
    assert row.pop("updated_at") == row.pop("bars_changed_at") <= tickers.now()
    assert row == {
        "category": "korean_stocks",
        "ticker": "005930",
        "name": "삼성전자",
        "name_en": "Samsung Electronics",
        "market": "KOSPI",
        "marker": "circle",
        "active": True,
        "currency": "KRW",
        "version": 1,
        "yahoo_symbol": "005930.KS",
        "source": "yahoo",
        "first_date": DAYS[0].to_pydatetime(),
        "last_date": DAYS[49].to_pydatetime(),
        "bar_count": 50,
        "last_close": samsung.bars["close"].iloc[-1],
        "previous_close": samsung.bars["close"].iloc[-2],
        "change": samsung.bars["close"].iloc[-1] / samsung.bars["close"].iloc[-2] - 1,
        "last_status": "ok",
    }


def test_a_ticker_with_bars_is_asked_for_what_is_new_and_a_few_bars_before(
    db: MongoDatabase, yahoo: YahooStandIn, samsung: Listing
) -> None:
    run(db, "005930")
    samsung.bars = random_walk(DAYS, seed=1).iloc[:53]
    yahoo.clear()

    summary = run(db, "005930")

    assert len(yahoo.asked("005930.KS")) == 1
    assert first_day_asked(yahoo) == DAYS[50 - ticker_update.OVERLAP]
    assert (summary.added, summary.replaced, summary.removed) == (3, 0, 0)
    assert_stored(db, samsung)
    assert metadata(db)["last_date"] == DAYS[52].to_pydatetime()


def test_a_ticker_with_a_single_bar_is_updated_like_any_other(db: MongoDatabase, samsung: Listing) -> None:
    whole, samsung.bars = samsung.bars, samsung.bars.iloc[:1]
    run(db, "005930")
    samsung.bars = whole

    assert run(db, "005930").added == 49
    assert_stored(db, samsung)


def test_an_update_that_is_run_twice_changes_nothing(db: MongoDatabase, samsung: Listing) -> None:
    samsung.splits[DAYS[47].date()] = (2, 1)
    samsung.dividends[DAYS[48].date()] = 361.0
    run(db, "005930")
    before, written = everything(db), metadata(db)["updated_at"]

    summary = run(db, "005930")
    whole = run(db, "005930", full=True)

    assert everything(db) == before
    assert metadata(db)["updated_at"] > written
    assert (summary.added, summary.replaced, summary.removed) == (0, 0, 0)
    assert (whole.added, whole.replaced, whole.removed) == (0, 0, 0)


def test_a_provisional_last_bar_gives_way_to_its_final_values(db: MongoDatabase, samsung: Listing) -> None:
    final = samsung.bars.copy()
    samsung.bars.loc[DAYS[49], ["high", "close", "volume"]] = [99_999, 50_001, 17]
    run(db, "005930")
    (provisional,) = db["korean_stocks"].find({"date": DAYS[49].to_pydatetime()})
    samsung.bars = final

    summary = run(db, "005930")

    assert (summary.added, summary.replaced) == (0, 1)
    assert_stored(db, samsung)
    assert db["korean_stocks"].find_one({"date": DAYS[49].to_pydatetime()}, {"_id": 1}) == {"_id": provisional["_id"]}


def test_a_later_dividend_is_stored_without_fetching_history_again(
    db: MongoDatabase, yahoo: YahooStandIn, samsung: Listing
) -> None:
    run(db, "005930")
    samsung.bars = random_walk(DAYS, seed=1)
    samsung.dividends[DAYS[55].date()] = 10_000.0
    yahoo.clear()

    run(db, "005930")

    assert len(yahoo.asked("005930.KS")) == 1
    assert_stored(db, samsung)
    assert events_of(db, "dividends") == {DAYS[55]: 10_000.0}


def test_fields_of_the_users_own_stay(db: MongoDatabase, samsung: Listing) -> None:
    run(db, "005930")
    db["korean_stocks"].update_many({}, {"$set": {"memo": "mine"}})
    db["ticker_metadata"].update_many({}, {"$set": {"rating": 5}})
    samsung.bars = random_walk(DAYS, seed=1)
    samsung.bars.loc[DAYS[49], "volume"] = 1
    run(db, "005930")
    split(samsung, DAYS[58], 2)

    run(db, "005930")

    assert_stored(db, samsung)
    assert db["korean_stocks"].count_documents({"memo": "mine"}) == 50
    assert metadata(db)["rating"] == 5


def test_a_full_update_mends_what_lies_before_the_overlap(db: MongoDatabase, samsung: Listing) -> None:
    run(db, "005930")
    samsung.bars.loc[DAYS[3], ["high", "close"]] = 99_999
    assert run(db, "005930").replaced == 0

    assert run(db, "005930", full=True).replaced == 1
    assert_stored(db, samsung)


# Rewritten histories


def test_after_a_split_the_whole_history_is_replaced_and_shows_no_cliff(db: MongoDatabase, samsung: Listing) -> None:
    run(db, "005930")
    ids = {document["date"]: document["_id"] for document in db["korean_stocks"].find()}
    samsung.bars = random_walk(DAYS, seed=1).iloc[:52]
    split(samsung, DAYS[51], 50)

    summary = run(db, "005930")

    assert (summary.added, summary.replaced, summary.removed) == (2, 50, 0)
    assert_stored(db, samsung)
    assert bars_of(db)["close"].pct_change().abs().max() < 0.15
    assert events_of(db, "stock_splits") == {DAYS[51]: 50.0}
    assert {d["date"]: d["_id"] for d in db["korean_stocks"].find({"date": {"$in": list(ids)}})} == ids


def test_a_split_between_two_updates_far_apart_leaves_no_cliff_either(db: MongoDatabase, samsung: Listing) -> None:
    whole, samsung.bars = random_walk(DAYS, seed=1), samsung.bars.iloc[:10]
    run(db, "005930")
    samsung.bars = whole
    split(samsung, DAYS[30], 5)

    run(db, "005930")

    assert_stored(db, samsung)


def test_a_split_that_yahoo_announces_before_it_rewrites_history_leaves_no_cliff_in_the_end(
    db: MongoDatabase, samsung: Listing
) -> None:
    run(db, "005930")
    samsung.bars = random_walk(DAYS, seed=1).iloc[:51]
    samsung.bars.loc[DAYS[50], candles.PRICES] /= 5
    samsung.splits[DAYS[50].date()] = (5, 1)
    run(db, "005930")
    assert_stored(db, samsung)
    samsung.bars = random_walk(DAYS, seed=1).iloc[:52]
    samsung.bars[candles.PRICES] /= 5

    run(db, "005930")

    assert_stored(db, samsung)


def test_a_reverse_split_is_a_split(db: MongoDatabase, samsung: Listing) -> None:
    run(db, "005930")
    samsung.bars = random_walk(DAYS, seed=1).iloc[:51]
    samsung.bars[candles.PRICES] *= 10
    samsung.splits[DAYS[50].date()] = (1, 10)

    run(db, "005930")

    assert_stored(db, samsung)


def test_a_bar_that_yahoo_takes_back_is_removed(db: MongoDatabase, samsung: Listing) -> None:
    run(db, "005930")
    samsung.bars = samsung.bars.drop(DAYS[47])

    summary = run(db, "005930")

    assert (summary.added, summary.replaced, summary.removed) == (0, 0, 1)
    assert_stored(db, samsung)


@pytest.mark.parametrize("full", [False, True])
def test_a_stump_of_a_history_does_not_replace_what_is_stored(db: MongoDatabase, samsung: Listing, full: bool) -> None:
    run(db, "005930")
    before = list(db["korean_stocks"].find())
    samsung.bars = samsung.bars.iloc[-3:]

    (result,) = run(db, "005930", full=full).results

    assert "3개" in str(result.error)
    assert list(db["korean_stocks"].find()) == before
    assert metadata(db)["bar_count"] == 50


# Days without trading


def test_halted_days_become_flat_bars_at_the_close(
    db: MongoDatabase, samsung: Listing, caplog: pytest.LogCaptureFixture
) -> None:
    samsung.bars.loc[DAYS[20], ["open", "high", "low", "volume"]] = 0
    samsung.bars.loc[DAYS[21], ["open", "high", "low"]] = np.nan
    samsung.bars.loc[DAYS[21], "volume"] = 0

    with caplog.at_level(logging.INFO):
        (result,) = run(db, "005930").results

    flat = bars_of(db).iloc[20:22]
    for column in candles.PRICES:
        assert flat[column].tolist() == samsung.bars["close"].iloc[20:22].tolist()
    assert flat["volume"].tolist() == [0, 0]
    assert [(remark.date, remark.reason) for remark in result.remarks] == [(DAYS[20], "halted"), (DAYS[21], "halted")]
    assert "korean_stocks 005930: bar of 2024-01-30 changed, halted" in caplog.text


def test_a_day_without_a_close_is_left_out_with_a_remark(db: MongoDatabase, samsung: Listing) -> None:
    samsung.bars.iloc[-1] = np.nan

    first, second = run(db, "005930"), run(db, "005930")

    assert (first.added, second.added, second.removed) == (49, 0, 0)
    assert [remark.reason for remark in second.results[0].remarks] == ["no close"]
    assert DAYS[49] not in bars_of(db).index


def test_a_history_without_a_usable_bar_is_a_failure(db: MongoDatabase, samsung: Listing) -> None:
    samsung.bars[:] = np.nan

    (failure,) = run(db, "005930").failures

    assert "쓸 수 있는 시세" in str(failure.error)


# Markets


@pytest.mark.parametrize(("market", "symbol"), [("KOSPI", "247540.KS"), ("KOSDAQ", "247540.KQ")])
def test_a_ticker_is_asked_for_on_its_market_and_nowhere_else(
    db: MongoDatabase, yahoo: YahooStandIn, market: str, symbol: str
) -> None:
    yahoo.listings |= {name: Listing(random_walk(DAYS, seed=2)) for name in ("247540.KS", "247540.KQ")}
    register(db, "247540", market)

    run(db, "247540")

    assert {request.symbol for request in yahoo.requests if request.symbol} == {symbol}
    assert (metadata(db, "247540")["market"], metadata(db, "247540")["yahoo_symbol"]) == (market, symbol)


@pytest.mark.parametrize("market", ["", "KOSPI"], ids=["empty", "wrong"])
def test_where_the_market_is_empty_or_wrong_the_other_is_tried_and_recorded(
    db: MongoDatabase, yahoo: YahooStandIn, market: str
) -> None:
    yahoo.listings["247540.KQ"] = Listing(random_walk(DAYS, seed=2))
    register(db, "247540", market)

    assert not run(db, "247540").failures
    assert (metadata(db, "247540")["market"], metadata(db, "247540")["yahoo_symbol"]) == ("KOSDAQ", "247540.KQ")
    yahoo.clear()
    run(db, "247540")
    assert not yahoo.asked("247540.KS")


def test_an_answer_without_bars_means_a_wrong_market_where_it_never_had_any(
    db: MongoDatabase, yahoo: YahooStandIn
) -> None:
    yahoo.listings["247540.KQ"] = Listing(random_walk(DAYS, seed=2))
    yahoo.answer_with("247540.KS", Empty())
    register(db, "247540", "KOSPI")

    assert not run(db, "247540").failures
    assert metadata(db, "247540")["market"] == "KOSDAQ"


@pytest.mark.parametrize("market", ["반도체", "KONEX"])
def test_a_market_label_of_the_users_own_stays(db: MongoDatabase, yahoo: YahooStandIn, market: str) -> None:
    yahoo.listings["247540.KQ"] = Listing(random_walk(DAYS, seed=2).iloc[:50])
    register(db, "247540", market)

    run(db, "247540")
    yahoo.clear()
    yahoo.listings["247540.KQ"].bars = random_walk(DAYS, seed=2)
    run(db, "247540")

    assert metadata(db, "247540")["market"] == market
    assert metadata(db, "247540")["yahoo_symbol"] == "247540.KQ"
    assert not yahoo.asked("247540.KS"), "what worked before is asked first"
    assert_stored(db, yahoo.listings["247540.KQ"], "247540")


@pytest.mark.usefixtures("samsung")
@pytest.mark.parametrize("full", [False, True])
@pytest.mark.parametrize("answer", [Status(500), Empty(), NoResult(), Malformed()], ids=repr)
def test_a_known_market_is_not_given_up_because_yahoo_stumbles(
    db: MongoDatabase, yahoo: YahooStandIn, answer: Answer, full: bool
) -> None:
    run(db, "005930")
    before = list(db["korean_stocks"].find())
    yahoo.listings["005930.KQ"] = Listing(random_walk(DAYS, seed=9))
    yahoo.answer_with("005930.KS", *[answer] * 2 * product.ATTEMPTS)

    summary = run(db, "005930", full=full)

    assert len(summary.failures) == 1
    assert not yahoo.asked("005930.KQ")
    assert metadata(db)["market"] == "KOSPI"
    assert list(db["korean_stocks"].find()) == before


@pytest.mark.usefixtures("samsung")
def test_a_ticker_that_moves_to_the_other_market_is_followed(db: MongoDatabase, yahoo: YahooStandIn) -> None:
    run(db, "005930")
    moved = yahoo.listings.pop("005930.KS")
    moved.bars = random_walk(DAYS, seed=1)
    yahoo.listings["005930.KQ"] = moved

    assert run(db, "005930").added == 10
    assert (metadata(db)["market"], metadata(db)["yahoo_symbol"]) == ("KOSDAQ", "005930.KQ")


@pytest.mark.usefixtures("samsung")
def test_a_market_corrected_by_a_person_overrules_what_worked_before(db: MongoDatabase, yahoo: YahooStandIn) -> None:
    run(db, "005930")
    yahoo.listings["005930.KQ"] = Listing(random_walk(DAYS, seed=9))
    db["ticker_metadata"].update_one({"ticker": "005930"}, {"$set": {"market": "KOSDAQ"}})

    run(db, "005930")

    assert_stored(db, yahoo.listings["005930.KQ"])
    assert (metadata(db)["market"], metadata(db)["yahoo_symbol"]) == ("KOSDAQ", "005930.KQ")


@pytest.mark.usefixtures("samsung")
def test_an_edit_made_while_a_run_is_under_way_is_heeded(db: MongoDatabase, yahoo: YahooStandIn) -> None:
    yahoo.listings |= {name: Listing(random_walk(DAYS, seed=2)) for name in ("247540.KS", "247540.KQ")}
    register(db, "247540", "KOSPI")

    def edit(summary: category_update.Summary, _result: TickerResult | None) -> None:
        if summary.done == 1:
            db["ticker_metadata"].update_one({"ticker": "247540"}, {"$set": {"market": "KOSDAQ", "name": "에코"}})

    run(db, "005930", "247540", progress=edit)

    assert {key: metadata(db, "247540")[key] for key in ("market", "name", "yahoo_symbol")} == {
        "market": "KOSDAQ",
        "name": "에코",
        "yahoo_symbol": "247540.KQ",
    }


# Which tickers


@pytest.mark.parametrize("stored", [False, True])
def test_a_ticker_that_is_removed_while_a_run_is_under_way_stays_removed(
    db: MongoDatabase, yahoo: YahooStandIn, samsung: Listing, monkeypatch: pytest.MonkeyPatch, stored: bool
) -> None:
    yahoo.listings["000660.KS"] = Listing(random_walk(DAYS, seed=2))
    named = [{"ticker": ticker, "name": ticker, "market": "KOSPI"} for ticker in ("000660", "005930")]
    tickers.register(db, KOREAN_STOCKS, named)
    if stored:
        assert run(db).state == "done"
    fetch = product.Client.fetch

    def removed_then_fetched(client: product.Client, *asked: Any) -> product.Fetched:
        # Both: the one that is under way, and the one that is to come.
        ticker_edits.delete(db, KOREAN_STOCKS, ["000660", "005930"], "me")
        return fetch(client, *asked)

    monkeypatch.setattr(product.Client, "fetch", removed_then_fetched)

    ran = run(db, full=stored)

    assert (ran.state, ran.done, ran.added, ran.failures) == ("done", 2, 0, [])
    assert db["korean_stocks"].count_documents({}) == 0
    assert tickers.page(db, KOREAN_STOCKS).total == 0


def test_all_active_tickers_are_updated_where_none_is_named(db: MongoDatabase, yahoo: YahooStandIn) -> None:
    for ticker in ("000660", "005930", "035720"):
        yahoo.listings[f"{ticker}.KS"] = Listing(random_walk(DAYS, seed=3))
        register(db, ticker, active=ticker != "000660")

    assert [result.ticker for result in run(db).results] == ["005930", "035720"]
    assert [result.ticker for result in run(db, "000660", "000660").results] == ["000660"]


def test_a_ticker_named_for_the_first_time_is_registered_with_what_is_known_of_it(
    db: MongoDatabase, yahoo: YahooStandIn
) -> None:
    yahoo.listings |= {name: Listing(random_walk(DAYS, seed=2)) for name in ("247540.KQ", "123450.KQ")}

    run(db, "247540", "123450")

    assert (metadata(db, "247540")["name"], metadata(db, "247540")["market"]) == ("에코프로비엠", "KOSDAQ")
    assert (metadata(db, "123450")["name"], metadata(db, "123450")["market"]) == ("123450", "KOSDAQ")


def test_updating_one_of_a_users_tickers_without_metadata_leaves_the_others_in_view(
    own_server_db: MongoDatabase, samsung: Listing
) -> None:
    db = own_server_db
    for ticker in ("000660", "005930"):
        prices.merge(db, KOREAN_STOCKS, ticker, candles.clean(samsung.bars.iloc[:40])[0])

    summary = run(db, "005930")

    assert summary.added == 10
    assert [row["ticker"] for row in tickers.active(db, KOREAN_STOCKS)] == ["000660", "005930"]
    assert len(bars_of(db, "000660")) == 40


def test_a_category_without_tickers_has_nothing_to_update(db: MongoDatabase, yahoo: YahooStandIn) -> None:
    summary = run(db)

    assert (summary.total, summary.results, summary.state) == (0, [], "done")
    assert yahoo.requests == []


@pytest.mark.usefixtures("samsung")
def test_bars_that_are_stored_twice_are_reported_before_anything_is_fetched(
    own_server_db: MongoDatabase, yahoo: YahooStandIn
) -> None:
    own_server_db["korean_stocks"].insert_many(
        [{"ticker": "005930", "date": DAYS[0].to_pydatetime(), "close": close} for close in (1.0, 2.0)]
    )

    with pytest.raises(DataConflict, match="korean_stocks"):
        run(own_server_db, "005930")
    assert yahoo.requests == []


# Progress and cancelling


def test_progress_is_told_before_the_first_and_after_each_ticker(
    db: MongoDatabase, yahoo: YahooStandIn, samsung: Listing
) -> None:
    yahoo.listings["000660.KS"] = samsung
    seen: list[tuple[int, int]] = []

    run(db, "005930", "000660", progress=lambda summary, _result: seen.append((summary.done, summary.total)))

    assert list(dict.fromkeys(seen)) == [(0, 2), (1, 2), (2, 2)]
    assert seen == sorted(seen)


def test_a_cancelled_run_ends_after_the_ticker_in_flight_and_the_next_run_goes_on(
    db: MongoDatabase, yahoo: YahooStandIn, samsung: Listing
) -> None:
    yahoo.listings["000660.KS"] = samsung
    register(db, "005930")
    register(db, "000660")
    stop = threading.Event()

    summary = run(db, stop=stop, progress=lambda _summary, result: result and stop.set())

    assert summary.state == "cancelled"
    assert (summary.total, [result.ticker for result in summary.results]) == (2, ["000660"])
    assert len(bars_of(db, "000660")) == 50
    assert run(db).added == 50


# Yahoo misbehaves

MISBEHAVIOURS: list[tuple[list[Answer], str]] = [
    ([Status(500), Status(500)] * product.ATTEMPTS, "Server got itself in trouble"),
    ([Status(404, "No data found, symbol may be delisted")] * 4, "종목이 없습니다"),
    ([Hang()] * product.ATTEMPTS, "Timeout"),
    ([Truncated()] * product.ATTEMPTS, "ConnectionError"),
    ([Malformed()] * product.ATTEMPTS, "JSONDecodeError"),
    ([Malformed('{"chart":{"result":[{"meta":{}}],"error":null}}')] * product.ATTEMPTS, "KeyError"),
    ([Empty()] * product.ATTEMPTS, "하나도"),
    ([NoResult()] * product.ATTEMPTS, "하나도"),
]


@pytest.mark.parametrize("stored", [False, True], ids=["new", "stored"])
@pytest.mark.parametrize(("answers", "reason"), MISBEHAVIOURS, ids=[repr(m[0][0])[:30] for m in MISBEHAVIOURS])
def test_a_misbehaviour_of_yahoo_fails_one_ticker_for_a_reason_and_harms_nothing(
    db: MongoDatabase,
    yahoo: YahooStandIn,
    monkeypatch: pytest.MonkeyPatch,
    answers: list[Answer],
    reason: str,
    stored: bool,
) -> None:
    three = ("000660", "005930", "035720")
    for ticker in three:
        yahoo.listings[f"{ticker}.KS"] = Listing(random_walk(DAYS, seed=int(ticker)))
        register(db, ticker)
    if stored:
        run(db)
    before = list(db["korean_stocks"].find({"ticker": "005930"}))
    monkeypatch.setattr(product, "TIMEOUT", 0.3)
    yahoo.answer_with("005930.KS", *answers)

    summary = run(db)

    (failure,) = summary.failures
    assert (failure.ticker, [result.ticker for result in summary.results]) == ("005930", list(three))
    assert reason in str(failure.error)
    assert list(db["korean_stocks"].find({"ticker": "005930"})) == before
    failed = metadata(db)
    assert (failed["last_status"], failed["last_error"]) == ("failed", str(failure.error))
    assert failed.get("bar_count", 0) == (60 if stored else 0)
    for ticker in ("000660", "035720"):
        assert_stored(db, yahoo.listings[f"{ticker}.KS"], ticker)

    yahoo.clear()
    assert not run(db).failures
    assert metadata(db)["last_status"] == "ok"
    assert "last_error" not in metadata(db)
    assert_stored(db, yahoo.listings["005930.KS"])


def four_listed(db: MongoDatabase, yahoo: YahooStandIn) -> tuple[str, ...]:
    four = ("000660", "005930", "035720", "051910")
    for ticker in four:
        yahoo.listings[f"{ticker}.KS"] = Listing(random_walk(DAYS, seed=int(ticker)))
        register(db, ticker)
    return four


def test_a_yahoo_that_wants_fewer_requests_for_a_while_fails_nobody(db: MongoDatabase, yahoo: YahooStandIn) -> None:
    four = four_listed(db, yahoo)
    yahoo.answer_with("*", *[Status(429)] * rate_limit.ROUNDS)

    summary = run(db, workers=4)

    assert (summary.state, summary.done, summary.failures) == ("done", 4, [])
    for ticker in four:
        assert_stored(db, yahoo.listings[f"{ticker}.KS"], ticker)


def test_a_yahoo_that_goes_on_turning_away_ends_the_run_which_the_next_continues_furthest_behind_first(
    db: MongoDatabase, yahoo: YahooStandIn
) -> None:
    four = four_listed(db, yahoo)
    run(db, "000660")
    yahoo.answer_with("*", AsUsual())
    yahoo.answer_with("*", *[Status(429)] * 30)
    seen: list[int] = []

    summary = run(db, progress=lambda summary, _result: seen.append(summary.done))

    assert summary.state == "partial"
    assert "거절" in str(summary.reason)
    assert [result.ticker for result in summary.results] == ["005930"], "what was never stored came first"
    assert (summary.failures, seen[-1]) == ([], 1), "what was not asked has not failed"
    turned_away = len(yahoo.asked("035720.KS"))
    assert turned_away == rate_limit.ROUNDS + 1, "one request after each pause, and then no more"
    assert not yahoo.asked("051910.KS")
    assert "last_error" not in metadata(db, "035720")
    yahoo.clear()
    assert [result.ticker for result in run(db).results] == ["035720", "051910", "000660", "005930"]
    for ticker in four:
        assert_stored(db, yahoo.listings[f"{ticker}.KS"], ticker)


def test_a_yahoo_that_cannot_be_reached_at_all_ends_the_run_soon(
    db: MongoDatabase, yahoo: YahooStandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(category_update, "UNREACHABLE_LIMIT", 2)
    four_listed(db, yahoo)
    yahoo.outage = Truncated()

    summary = run(db)

    assert (summary.state, len(summary.failures)) == ("partial", 2)
    assert "연결되지" in str(summary.reason)


def test_a_ticker_that_yahoo_has_not_known_for_three_runs_is_marked_and_no_failure_any_more(
    db: MongoDatabase, yahoo: YahooStandIn, samsung: Listing
) -> None:
    run(db, "005930")
    del yahoo.listings["005930.KS"]

    statuses = []
    for _ in range(3):
        assert len(run(db, "005930").failures) == 1
        statuses.append(metadata(db)["last_status"])
    fourth = run(db, "005930")

    assert statuses == ["failed", "failed", "delisted"]
    assert (fourth.failures, fourth.delisted) == ([], 1)
    assert len(bars_of(db)) == 50, "it is not removed"
    yahoo.listings["005930.KS"] = samsung
    assert not run(db, "005930").failures
    assert metadata(db)["last_status"] == "ok"
    assert "unknown_runs" not in metadata(db)


def test_an_error_that_passes_at_once_is_no_failure(db: MongoDatabase, yahoo: YahooStandIn, samsung: Listing) -> None:
    yahoo.answer_with("005930.KS", Status(500), AsUsual())

    assert not run(db, "005930").failures
    assert_stored(db, samsung)


def test_an_outage_between_the_window_and_the_whole_history_harms_nothing(
    db: MongoDatabase, yahoo: YahooStandIn, samsung: Listing
) -> None:
    run(db, "005930")
    before = list(db["korean_stocks"].find())
    samsung.bars = random_walk(DAYS, seed=1)
    split(samsung, DAYS[55], 2)
    yahoo.answer_with("005930.KS", AsUsual(), *[Status(500), Status(500)] * product.ATTEMPTS)

    assert len(run(db, "005930").failures) == 1
    assert list(db["korean_stocks"].find()) == before
    run(db, "005930")
    assert_stored(db, samsung)


# One piece


class Watcher(CommandListener):
    """Calls `look` before each command that writes bars."""

    def __init__(self) -> None:
        self.look: Callable[[], object] = lambda: None

    def started(self, event: CommandStartedEvent) -> None:
        if event.command_name in ("insert", "update", "delete") and "korean_stocks" in event.command.values():
            self.look()

    def succeeded(self, event: object) -> None:
        pass

    failed = succeeded


def watched(db: MongoDatabase, uri: str) -> tuple[MongoDatabase, Watcher]:
    """The same database, through a client whose writes are watched."""
    watcher = Watcher()
    return pymongo.MongoClient(uri, event_listeners=[watcher])[db.name], watcher


def rewrite(samsung: Listing) -> None:
    """Bars that are added, replaced and removed at once."""
    samsung.bars = random_walk(DAYS, seed=1).drop(DAYS[7])
    split(samsung, DAYS[55], 50)


def test_a_reader_meets_the_old_history_or_the_new_but_never_a_mixture(
    own_server_db: MongoDatabase, samsung: Listing, shared_server: Any
) -> None:
    run(own_server_db, "005930")
    old = bars_of(own_server_db)
    writer, watcher = watched(own_server_db, shared_server.uri)
    seen: list[bool] = []
    watcher.look = lambda: seen.append(
        bars_of(own_server_db).equals(old) and "rewriting" not in metadata(own_server_db)
    )
    rewrite(samsung)

    with writer.client:
        run(writer, "005930")

    assert len(seen) >= 3
    assert all(seen)
    assert_stored(own_server_db, samsung)


def test_of_two_updates_at_once_one_runs_and_the_other_says_who_does(
    own_server_db: MongoDatabase, yahoo: YahooStandIn
) -> None:
    db, four = own_server_db, four_listed(own_server_db, yahoo)
    yahoo.delay = 0.1
    outcomes: list[category_update.Summary | runs.AlreadyRunning] = []

    def work() -> None:
        try:
            outcomes.append(run(db))
        except runs.AlreadyRunning as error:
            outcomes.append(error)

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    refused, ran = outcomes
    assert isinstance(refused, runs.AlreadyRunning)
    assert f"프로세스 {os.getpid()}" in str(refused)
    assert isinstance(ran, category_update.Summary)
    assert (ran.state, ran.failures) == ("done", [])
    for ticker in four:
        assert len(yahoo.asked(f"{ticker}.KS")) == 1
        assert_stored(db, yahoo.listings[f"{ticker}.KS"], ticker)


# A server without transactions


@pytest.fixture(scope="session")
def standalone_uri() -> Iterator[str]:
    with tempfile.TemporaryDirectory(prefix="mongod-") as name:
        socket = f"{name}/m.sock"
        options = ["--dbpath", name, "--logpath", f"{name}/log", "--bind_ip", socket, "--unixSocketPrefix", name]
        small = ["--wiredTigerCacheSizeGB", "0.25", "--setParameter", "diagnosticDataCollectionEnabled=false"]
        server = subprocess.Popen([str(find_binary()), *options, *small], stdout=subprocess.DEVNULL)
        try:
            yield f"mongodb://{socket.replace('/', '%2F')}/"
        finally:
            server.kill()
            server.wait()


@pytest.fixture
def standalone_db(standalone_uri: str, data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[MongoDatabase]:
    monkeypatch.setenv("MONGO_URI", standalone_uri)
    assert data_dir.exists()
    with pymongo.MongoClient[Document](standalone_uri, serverSelectionTimeoutMS=20_000) as client:
        client.admin.command("ping")
    db = database.connect()
    assert not database.has_transactions(db)
    yield db
    db.client.drop_database(db.name)


@pytest.mark.xdist_group("standalone")
def test_without_transactions_an_update_does_the_same(standalone_db: MongoDatabase, samsung: Listing) -> None:
    db = standalone_db
    run(db, "005930")
    assert_stored(db, samsung)
    rewrite(samsung)

    summary = run(db, "005930")

    assert (summary.added, summary.replaced, summary.removed) == (10, 49, 1)
    assert_stored(db, samsung)
    assert "rewriting" not in metadata(db)
    before = everything(db)
    run(db, "005930")
    assert everything(db) == before


@pytest.mark.xdist_group("standalone")
def test_without_transactions_a_reader_is_told_while_a_history_is_rewritten(
    standalone_db: MongoDatabase, standalone_uri: str, samsung: Listing
) -> None:
    run(standalone_db, "005930")
    writer, watcher = watched(standalone_db, standalone_uri)
    seen: list[bool] = []
    watcher.look = lambda: seen.append(metadata(standalone_db).get("rewriting", False))
    rewrite(samsung)

    with writer.client:
        run(writer, "005930")

    assert len(seen) >= 3
    assert all(seen)
    assert "rewriting" not in metadata(standalone_db)


KILLED_WHILE_WRITING = """
    import os, signal, sys
    import pymongo
    from finance_core.categories import KOREAN_STOCKS
    from tests.updaters.test_category_update import watched
    from updaters import category_update

    writer, watcher = watched(pymongo.MongoClient(sys.argv[1])[sys.argv[2]], sys.argv[1])
    writes = iter(range(1, 9))
    watcher.look = lambda: next(writes) == 2 and os.kill(os.getpid(), signal.SIGKILL)
    category_update.run(writer, KOREAN_STOCKS, ["005930"])
"""


@pytest.mark.xdist_group("standalone")
def test_without_transactions_a_rewrite_that_was_killed_is_completed_by_the_next_run(
    standalone_db: MongoDatabase, standalone_uri: str, yahoo: YahooStandIn, samsung: Listing
) -> None:
    db = standalone_db
    run(db, "005930")
    rewrite(samsung)
    program = [sys.executable, "-c", textwrap.dedent(KILLED_WHILE_WRITING), standalone_uri, db.name]

    assert subprocess.run(program, cwd=PROJECT, timeout=60).returncode == -9

    db["update_leases"].update_one({}, {"$set": {"expires_at": tickers.now()}})  # as it does by itself
    mixture = bars_of(db)
    assert metadata(db)["rewriting"] is True
    assert mixture.index[-1] == DAYS[59], "some of the new bars were written"
    assert mixture["close"].iloc[0] != samsung.bars["close"].iloc[0], "and some of the old are still there"

    whole, samsung.bars = samsung.bars, samsung.bars.iloc[-5:]
    assert "5개" in str(run(db, "005930").failures[0].error), "a stump is no replacement, even for a mixture"
    samsung.bars = whole
    yahoo.clear()
    assert not run(db, "005930").failures
    assert_stored(db, samsung)
    assert "rewriting" not in metadata(db)


# Real prices, all the way


def made_tables(directory: Path) -> None:
    """Three tables in the form of the real ones: halts, gaps in the calendar, and jumps as real prices have them."""
    listed = []
    for seed, (ticker, market) in enumerate([("005930", "KOSPI"), ("003920", "KOSPI"), ("086520", "KOSDAQ")]):
        bars = random_walk(DAYS, seed).astype(int)
        bars.loc[DAYS[10 * seed : 10 * seed + 8], ["open", "high", "low", "volume"]] = 0
        bars.loc[DAYS[40] :, candles.PRICES] *= 2
        bars.drop(DAYS[30:33]).to_csv(directory / f"{ticker}.csv")
        listed.append({"ticker": ticker, "name": f"종목 {seed}", "market": market})
    pd.DataFrame(listed).to_csv(directory / "tickers.csv", index=False)


@pytest.mark.parametrize(
    "real",
    [False, pytest.param(True, marks=pytest.mark.skipif(not KRX.is_dir(), reason=f"no real prices in {KRX}"))],
    ids=["made", "krx"],
)
def test_every_bar_of_a_table_arrives_as_it_was(
    db: MongoDatabase, yahoo: YahooStandIn, tmp_path: Path, real: bool
) -> None:
    directory = KRX if real else tmp_path
    if not real:
        made_tables(directory)
    with (directory / "tickers.csv").open(encoding="utf-8", newline="") as lines:
        listed = list(csv.DictReader(lines))
    tables = {
        row["ticker"]: pd.read_csv(directory / f"{row['ticker']}.csv", index_col="date", parse_dates=True)
        for row in listed
    }
    suffix = {market.key: market.yahoo_suffix for market in KOREAN_STOCKS.markets}
    yahoo.listings |= {
        f"{row['ticker']}{suffix[row['market']]}": Listing(tables[row["ticker"]].astype(float)) for row in listed
    }
    tickers.register(db, KOREAN_STOCKS, listed)

    summary = run(db)

    assert not summary.failures
    assert summary.added == sum(map(len, tables.values()))
    for ticker, table in tables.items():
        halted = (table[["open", "high", "low"]] == 0).all(axis=1)
        expected = table.copy()
        for column in ("open", "high", "low"):
            expected[column] = table[column].where(~halted, table["close"])
        stored = bars_of(db, ticker)
        pd.testing.assert_frame_equal(
            stored[COLUMNS].astype(float), expected.astype(float), check_index_type=False, check_freq=False
        )
        assert (stored["volume"][halted] == 0).all()
        assert metadata(db, ticker)["bar_count"] == len(table)
    assert run(db).added == 0


# What costs nothing


def closed(day: str, hour: int, minute: int = 0) -> Callable[[], dt.datetime]:
    moment = dt.datetime.fromisoformat(day).replace(hour=hour, minute=minute, tzinfo=ZoneInfo("Asia/Seoul"))
    return lambda: moment


def fetched_at(db: MongoDatabase, moment: dt.datetime) -> None:
    db["ticker_metadata"].update_many({}, {"$set": {"updated_at": moment.astimezone(dt.UTC).replace(tzinfo=None)}})


@pytest.mark.parametrize(
    ("fetched", "now", "asked"),
    [
        (closed("2024-03-11", 16, 30), closed("2024-03-11", 17), 0),
        (closed("2024-03-11", 16, 30), closed("2024-03-12", 9), 0),  # the next session runs
        (closed("2024-03-11", 16, 30), closed("2024-03-12", 16), 1),  # the next session is over
        (closed("2024-03-11", 11), closed("2024-03-11", 17), 1),  # what is stored is from before the close
        (closed("2024-03-11", 15, 40), closed("2024-03-11", 17), 1),  # from just after it, when it may still change
    ],
)
def test_yahoo_is_asked_only_where_it_can_have_something_new(
    db: MongoDatabase,
    yahoo: YahooStandIn,
    samsung: Listing,
    fetched: Callable[[], dt.datetime],
    now: Callable[[], dt.datetime],
    asked: int,
) -> None:
    run(db, "005930")
    assert metadata(db)["last_date"] == dt.datetime(2024, 3, 11)
    fetched_at(db, fetched())
    yahoo.clear()

    summary = category_update.run(db, KOREAN_STOCKS, ["005930"], now=now)

    assert len(yahoo.asked("005930.KS")) == asked
    assert (summary.current, summary.failures) == (1 - asked, [])
    assert category_update.run(db, KOREAN_STOCKS, ["005930"], now=now, force=True).current == 0


def test_what_failed_or_is_a_sample_is_asked_for_however_new_it_looks(
    db: MongoDatabase, yahoo: YahooStandIn, samsung: Listing
) -> None:
    run(db, "005930")
    fetched_at(db, closed("2024-03-11", 17)())
    for field, value in (("last_status", "failed"), ("source", "sample"), ("rewriting", True)):
        kept = metadata(db).get(field)
        db["ticker_metadata"].update_one({}, {"$set": {field: value}})
        yahoo.clear()
        category_update.run(db, KOREAN_STOCKS, ["005930"], now=closed("2024-03-11", 18))
        assert yahoo.asked("005930.KS"), field
        db["ticker_metadata"].update_one({}, {"$set": {field: kept}} if kept else {"$unset": {field: ""}})
        fetched_at(db, closed("2024-03-11", 17)())


def test_ten_thousand_tickers_that_are_up_to_date_cost_no_request_and_little_time(
    db: MongoDatabase, yahoo: YahooStandIn
) -> None:
    fresh = {
        "category": "korean_stocks",
        "market": "KOSPI",
        "source": "yahoo",
        "last_status": "ok",
        "last_date": dt.datetime(2024, 3, 11),
        "updated_at": dt.datetime(2024, 3, 11, 8),
    }
    db["ticker_metadata"].insert_many([{**fresh, "ticker": f"{n:06}", "name": str(n)} for n in range(10_000)])
    sessions.last_finished("XKRX", closed("2024-03-11", 18)())  # the calendar is kept from one run to the next
    begun = time.monotonic()
    summary = category_update.run(db, KOREAN_STOCKS, now=closed("2024-03-11", 18))
    assert time.monotonic() - begun < 2
    assert summary.current == summary.total == 10_000
    assert yahoo.requests == []
