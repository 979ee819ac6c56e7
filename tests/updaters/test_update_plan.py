"""Which tickers a run updates, and which cost no request."""

import datetime as dt
from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo

import pymongo
import pytest
from pymongo.monitoring import CommandListener, CommandStartedEvent

from finance_core.bars import candles
from finance_core.categories import KOREAN_STOCKS
from finance_core.errors import DataConflict
from finance_core.mongod.server import EmbeddedMongod
from finance_core.storage import locations, prices, ticker_edits, tickers
from finance_core.storage.database import Document, MongoDatabase
from tests.updaters.updating import (
    DAYS,
    bars_of,
    metadata,
    register,
    run,
)
from tests.yahoo import (
    Listing,
    YahooStandIn,
    random_walk,
)
from updaters import category_update
from updaters import yahoo as product

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("impatient")]


def test_a_ticker_that_is_removed_while_its_new_bar_is_stored_leaves_no_bar(
    db: MongoDatabase, samsung: Listing, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run(db, "005930").added == 50
    samsung.bars = random_walk(DAYS, seed=1).iloc[:51]
    delete = prices.delete

    def deleted_then_updated(*arguments: Any) -> int:
        count = delete(*arguments)
        monkeypatch.setattr(prices, "delete", delete)
        assert run(db, "005930").added == 51, "the ticker is still on the list"
        return count

    monkeypatch.setattr(prices, "delete", deleted_then_updated)

    assert ticker_edits.delete(db, KOREAN_STOCKS, ["005930"], "me") == 50 + 51

    assert db["korean_stocks"].count_documents({}) == 0
    assert tickers.get(db, KOREAN_STOCKS, "005930") is None


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


def test_updating_one_of_a_users_tickers_leaves_the_others_in_view_once_they_are_adopted(
    own_server_db: MongoDatabase, samsung: Listing
) -> None:
    db = own_server_db
    for ticker in ("000660", "005930"):
        prices.write(db, KOREAN_STOCKS, ticker, candles.clean(samsung.bars.iloc[:40])[0])
    with pytest.raises(locations.NotAdopted):
        run(db, "005930")
    assert db.list_collection_names() == [KOREAN_STOCKS.collection], "nothing is written before a yes"
    tickers.register(db, KOREAN_STOCKS, [{"ticker": ticker, "name": ticker} for ticker in ("000660", "005930")])

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


# What costs nothing


def closed(day: str, hour: int, minute: int = 0) -> Callable[[], dt.datetime]:
    moment = dt.datetime.fromisoformat(day).replace(hour=hour, minute=minute, tzinfo=ZoneInfo("Asia/Seoul"))
    return lambda: moment


def fetched_at(db: MongoDatabase, moment: dt.datetime) -> None:
    db["ticker_metadata"].update_many({}, {"$set": {"updated_at": moment.astimezone(dt.UTC).replace(tzinfo=None)}})


@pytest.mark.parametrize(
    ("fetched", "now", "asked"),
    [
        (closed("2024-03-14", 16, 30), closed("2024-03-14", 17), 0),
        (closed("2024-03-14", 16, 30), closed("2024-03-15", 9), 0),  # the next session runs
        (closed("2024-03-14", 16, 30), closed("2024-03-15", 16), 1),  # the next session is over
        (closed("2024-03-14", 11), closed("2024-03-14", 17), 1),  # what is stored is from before the close
        (closed("2024-03-14", 15, 40), closed("2024-03-14", 17), 1),  # from just after it, when it may still change
        (closed("2024-03-15", 12), closed("2024-03-14", 17), 1),  # by a clock that was a day ahead, before the close
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
    assert metadata(db)["last_date"] == dt.datetime(2024, 3, 14)
    fetched_at(db, fetched())
    yahoo.clear()

    summary = category_update.run(db, KOREAN_STOCKS, ["005930"], now=now)

    assert len(yahoo.asked("005930.KS")) == asked
    assert (summary.current, summary.failures) == (1 - asked, [])
    assert category_update.run(db, KOREAN_STOCKS, ["005930"], now=now, force=True).current == 0


def test_what_a_clock_stored_that_was_ahead_defers_nothing(
    db: MongoDatabase, yahoo: YahooStandIn, samsung: Listing
) -> None:
    register(db, "005930")
    run(db, now=closed("2025-06-02", 17))
    run(db, now=closed("2025-06-03", 17))
    ahead = metadata(db)
    assert min(ahead["updated_at"], ahead["silent_since"], ahead["verified_at"]) > dt.datetime(2025, 6, 1)

    summary = run(db, now=closed("2024-03-15", 17))

    assert (summary.state, summary.deferred, summary.current) == ("done", 0, 0)
    assert int(yahoo.asked("005930.KS")[-1].query["period1"]) < 0, "the whole history: it was never verified till now"
    row = metadata(db)
    row.setdefault("silent_since", row["updated_at"])
    assert max(row["updated_at"], row["verified_at"], row["silent_since"]) < dt.datetime(2024, 4, 1)


def test_what_failed_or_is_a_sample_is_asked_for_however_new_it_looks(
    db: MongoDatabase, yahoo: YahooStandIn, samsung: Listing
) -> None:
    run(db, "005930")
    fetched_at(db, closed("2024-03-14", 17)())
    for field, value in (("last_status", "failed"), ("source", "sample"), ("rewriting", True)):
        kept = metadata(db).get(field)
        db["ticker_metadata"].update_one({}, {"$set": {field: value}})
        yahoo.clear()
        category_update.run(db, KOREAN_STOCKS, ["005930"], now=closed("2024-03-14", 18))
        assert yahoo.asked("005930.KS"), field
        db["ticker_metadata"].update_one({}, {"$set": {field: kept}} if kept else {"$unset": {field: ""}})
        fetched_at(db, closed("2024-03-14", 17)())


class ReadCounter(CommandListener):
    """Counts the commands that read from MongoDB."""

    def __init__(self) -> None:
        self.count = 0

    def started(self, event: CommandStartedEvent) -> None:
        self.count += event.command_name in ("find", "getMore", "aggregate", "count", "distinct")

    def succeeded(self, event: object) -> None:
        pass

    failed = succeeded


def test_ten_thousand_tickers_that_are_up_to_date_cost_no_request_and_few_queries(
    own_server_db: MongoDatabase, shared_server: EmbeddedMongod, yahoo: YahooStandIn
) -> None:
    fresh = {
        "category": "korean_stocks",
        "market": "KOSPI",
        "source": "yahoo",
        "last_status": "ok",
        "last_date": dt.datetime(2024, 3, 14),
        "updated_at": dt.datetime(2024, 3, 14, 8),
        "verified_at": dt.datetime(2024, 3, 14, 8),
        "bar_count": 50,
    }
    own_server_db["ticker_metadata"].insert_many(
        [{**fresh, "ticker": f"{n:06}", "name": str(n)} for n in range(10_000)]
    )
    reads = ReadCounter()
    with pymongo.MongoClient[Document](shared_server.uri, event_listeners=[reads]) as client:
        summary = category_update.run(client[own_server_db.name], KOREAN_STOCKS, now=closed("2024-03-14", 18))

    assert summary.current == summary.total == 10_000
    assert yahoo.requests == []
    assert reads.count < 20
