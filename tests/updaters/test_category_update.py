"""Progress of a run, cancelling it, and that there is one at a time."""

import os
import threading

import pytest

from finance_core.storage import runs
from finance_core.storage.database import MongoDatabase
from tests.updaters.updating import (
    assert_stored,
    bars_of,
    four_listed,
    register,
    run,
)
from tests.yahoo import (
    Listing,
    YahooStandIn,
)
from updaters import category_update

pytestmark = pytest.mark.usefixtures("impatient")


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
