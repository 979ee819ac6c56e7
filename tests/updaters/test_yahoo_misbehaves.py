"""Whatever Yahoo does, one ticker fails for a reason, a run ends for a reason, and stored bars stay."""

import datetime as dt

import pytest

from finance_core.storage.database import MongoDatabase
from tests.updaters.updating import (
    DAYS,
    assert_stored,
    bars_of,
    four_listed,
    metadata,
    run,
    split,
)
from tests.yahoo import (
    AsUsual,
    Listing,
    Status,
    Truncated,
    YahooStandIn,
    random_walk,
)
from updaters import category_update, rate_limit
from updaters import yahoo as product

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("impatient")]


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


@pytest.mark.parametrize(("seconds", "direction"), [(-25 * 3600, "1500분 빠릅니다"), (3600, "60분 느립니다")])
def test_where_the_clock_is_wrong_no_session_is_taken_for_finished(
    db: MongoDatabase, yahoo: YahooStandIn, seconds: float, direction: str
) -> None:
    four_listed(db, yahoo)
    yahoo.clock_offset = seconds

    summary = run(db)

    assert (summary.state, summary.done, summary.added) == ("partial", 0, 0)
    assert direction in str(summary.reason)
    assert len(yahoo.requests) <= 2, "the first answer tells, with or without a cookie"
    assert not db["korean_stocks"].count_documents({})
    yahoo.clock_offset = 600
    assert run(db).state == "done"


def test_a_yahoo_that_cannot_be_reached_at_all_ends_the_run_soon(
    db: MongoDatabase, yahoo: YahooStandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(category_update, "UNREACHABLE_LIMIT", 2)
    four_listed(db, yahoo)
    yahoo.outage = Truncated()

    summary = run(db)

    assert (summary.state, len(summary.failures)) == ("partial", 2)
    assert "연결되지" in str(summary.reason)


def test_a_few_tickers_none_of_which_could_reach_yahoo_say_so(db: MongoDatabase, yahoo: YahooStandIn) -> None:
    four_listed(db, yahoo)
    yahoo.outage = Truncated()

    summary = run(db)

    assert (summary.state, len(summary.failures)) == ("failed", 4)
    assert "연결되지" in str(summary.reason)


def test_a_ticker_that_yahoo_has_not_known_on_three_days_is_marked_and_no_failure_any_more(
    db: MongoDatabase, yahoo: YahooStandIn, samsung: Listing
) -> None:
    run(db, "005930")
    del yahoo.listings["005930.KS"]
    evening = dt.datetime.now(dt.UTC).replace(hour=9)

    statuses = []
    for days in range(3):
        for minutes in (0, 20, 40):  # three in one evening are one answer
            moment = evening + dt.timedelta(days=days, minutes=minutes)
            assert len(run(db, "005930", now=lambda moment=moment: moment).failures) == (0 if statuses[6:] else 1)
            statuses.append(metadata(db)["last_status"])
    fourth = run(db, "005930")

    assert statuses == ["failed"] * 6 + ["delisted"] * 3
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
