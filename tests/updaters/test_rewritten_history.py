"""Histories that Yahoo has rewritten, after a split or a correction: no chart shows a false cliff."""

import pandas as pd
import pymongo
import pytest
from pymongo.monitoring import CommandListener, CommandStartedEvent

from finance_core.bars import candles
from finance_core.mongod.server import EmbeddedMongod
from finance_core.storage.database import Document, MongoDatabase
from tests.updaters.updating import (
    DAYS,
    actions_of,
    assert_stored,
    bars_of,
    everything,
    metadata,
    run,
    split,
)
from tests.yahoo import (
    Listing,
    random_walk,
)

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("impatient")]


def test_after_a_split_the_whole_history_is_replaced_and_shows_no_cliff(db: MongoDatabase, samsung: Listing) -> None:
    run(db, "005930")
    ids = {document["date"]: document["_id"] for document in db["korean_stocks"].find()}
    samsung.bars = random_walk(DAYS, seed=1).iloc[:52]
    split(samsung, DAYS[51], 50)

    summary = run(db, "005930")

    assert (summary.added, summary.replaced, summary.removed) == (2, 50, 0)
    assert_stored(db, samsung)
    assert bars_of(db)["close"].pct_change().abs().max() < 0.15
    assert actions_of(db, "stock_splits") == {DAYS[51]: 50.0}
    assert {d["date"]: d["_id"] for d in db["korean_stocks"].find({"date": {"$in": list(ids)}})} == ids


@pytest.mark.parametrize("full", [False, True])
@pytest.mark.parametrize("since", [DAYS[0], DAYS[50]])
def test_bars_in_another_currency_are_not_added_to_the_stored_ones(
    db: MongoDatabase, samsung: Listing, since: pd.Timestamp, full: bool
) -> None:
    samsung.bars = random_walk(DAYS, seed=1).iloc[:50]
    run(db, "005930")
    before = bars_of(db)
    samsung.bars = random_walk(DAYS, seed=1).iloc[:52]
    samsung.bars.loc[since:, candles.PRICES] /= 1400
    samsung.currency = "USD"

    summary = run(db, "005930", full=full)

    assert "KRW에서 USD" in str(summary.failures[0].error)
    pd.testing.assert_frame_equal(bars_of(db), before)
    assert metadata(db)["currency"] == "KRW"


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


# A history that is still the same


class Commands(CommandListener):
    """The names of the commands that the server was sent."""

    def __init__(self) -> None:
        self.names: list[str] = []

    def started(self, event: CommandStartedEvent) -> None:
        self.names.append(event.command_name)

    def succeeded(self, event: object) -> None:
        pass

    failed = succeeded


def test_a_whole_history_that_is_stored_just_so_is_verified_without_a_transaction(
    own_server_db: MongoDatabase, samsung: Listing, shared_server: EmbeddedMongod
) -> None:
    samsung.bars.loc[DAYS[20], ["open", "high", "low", "volume"]] = 0
    samsung.dividends[DAYS[30].date()] = 361.0
    run(own_server_db, "005930")
    before = everything(own_server_db)
    own_server_db["ticker_metadata"].update_one({}, {"$unset": {"verified_at": ""}})
    commands = Commands()

    with pymongo.MongoClient[Document](shared_server.uri, event_listeners=[commands]) as client:
        summary = run(client[own_server_db.name], "005930", full=True)

        assert (summary.state, *summary.results[0].written) == ("done", 0, 0, 0)
        assert everything(own_server_db) == before
        assert "verified_at" in metadata(own_server_db)
        assert "commitTransaction" not in commands.names

        samsung.bars.loc[DAYS[3], "close"] *= 1.001
        assert run(client[own_server_db.name], "005930", full=True).replaced == 1
        assert "commitTransaction" in commands.names
