"""On which Korean market a ticker is asked for, and what is recorded of it."""

import pytest

from finance_core.storage.database import MongoDatabase
from tests.updaters.updating import (
    DAYS,
    assert_stored,
    metadata,
    register,
    run,
)
from tests.yahoo import (
    Answer,
    Empty,
    Listing,
    Malformed,
    NoResult,
    Status,
    YahooStandIn,
    random_walk,
)
from updaters import category_update
from updaters import yahoo as product
from updaters.ticker_update import TickerResult

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("impatient")]


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
