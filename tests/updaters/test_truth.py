"""The state, the counts and the exit code of a run say what happened to the market."""

import datetime as dt
import logging
import threading
from zoneinfo import ZoneInfo

import pandas as pd
import pytest

from finance_core import console
from finance_core.bars import sessions
from finance_core.categories import KOREAN_STOCKS
from finance_core.storage import category_state, prices, runs, tickers, trading_calendars
from finance_core.storage.database import MongoDatabase
from tests.updaters.commanding import UNKNOWN, Command
from tests.updaters.updating import DAYS, Ran, bars_of, metadata, register, run
from tests.yahoo import Answer, Listing, Malformed, Status, YahooStandIn, random_walk
from updaters import category_update, run_summary, update_plan

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("impatient", "korean_shell")]


def listed(db: MongoDatabase, yahoo: YahooStandIn, count: int) -> list[str]:
    """That many stored tickers of KOSPI."""
    names = [f"{number:06}" for number in range(100, 100 + count)]
    for number, name in enumerate(names):
        yahoo.listings[f"{name}.KS"] = Listing(random_walk(DAYS, number))
        register(db, name)
    assert run(db).state == "done"
    yahoo.clear()
    return names


# Outages


def test_every_ticker_unknown_is_an_outage_however_often(db: MongoDatabase, yahoo: YahooStandIn) -> None:
    names = listed(db, yahoo, 4)
    yahoo.listings.clear()

    for _ in range(category_update.DELISTED_AFTER + 2):
        ran = run(db)
        assert (ran.state, ran.failed, ran.delisted) == ("partial", 4, 0)
        assert "4종목을 한꺼번에 모른다고" in str(ran.reason)
    assert all("unknown_runs" not in metadata(db, name) for name in names)
    assert category_state.summary(db, KOREAN_STOCKS, {"KOSPI": (DAYS[0], DAYS[0])}).delisted == 0


def test_a_part_of_the_market_that_is_unknown_at_once_is_an_outage(db: MongoDatabase, yahoo: YahooStandIn) -> None:
    names = listed(db, yahoo, 12)
    for name in names[:2]:
        del yahoo.listings[f"{name}.KS"]
    assert (run(db).state, metadata(db, names[0])["unknown_runs"]) == ("done", 1)
    del yahoo.listings[f"{names[2]}.KS"]

    ran = run(db)

    assert (ran.state, ran.failed) == ("partial", 3)
    assert metadata(db, names[0])["unknown_runs"] == 1
    assert "unknown_runs" not in metadata(db, names[2])


def test_an_outage_is_not_asked_to_the_end(db: MongoDatabase, yahoo: YahooStandIn) -> None:
    listed(db, yahoo, category_update.UNREACHABLE_LIMIT + 10)
    yahoo.listings.clear()

    ran = run(db)

    assert (ran.state, ran.done) == ("partial", category_update.UNREACHABLE_LIMIT)


@pytest.mark.parametrize("answer", [Status(401), Status(403), Status(500, html=True), Malformed("<html>")], ids=repr)
def test_a_yahoo_that_refuses_everybody_is_not_asked_to_the_end(
    db: MongoDatabase, yahoo: YahooStandIn, monkeypatch: pytest.MonkeyPatch, answer: Answer
) -> None:
    monkeypatch.setattr(category_update, "UNREACHABLE_LIMIT", 3)
    names = listed(db, yahoo, 6)
    yahoo.outage = answer

    ran = run(db)

    assert (ran.state, ran.done) == ("partial", 3)
    assert ("이해하지 못했습니다" if isinstance(answer, Malformed) else "계속 거절해") in str(ran.reason)
    assert all("unknown_runs" not in metadata(db, name) for name in names)


def test_tickers_with_a_lasting_error_among_good_ones_are_failures_and_no_outage(
    db: MongoDatabase, yahoo: YahooStandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(category_update, "UNREACHABLE_LIMIT", 2)
    names = listed(db, yahoo, 21)
    for name in names[::10][:2]:
        yahoo.answer_with(f"{name}.KS", *[Status(500)] * 30)

    ran = run(db)

    assert (ran.state, ran.done, ran.failed) == ("done", 21, 2)


def test_a_run_in_which_every_ticker_failed_has_failed(
    db: MongoDatabase, yahoo: YahooStandIn, updated: Command
) -> None:
    listed(db, yahoo, 4)
    yahoo.outage = Status(500)

    told = updated("--json")

    assert (told.report["state"], told.report["failed"], told.code) == ("failed", 4, 1)
    assert told.report["reason"] == "물어본 4종목이 모두 실패했습니다."
    assert "물어본 4종목이 모두 실패했습니다." in updated().out


def test_many_failures_make_a_run_partial_and_a_few_do_not() -> None:
    def state(asked: int, failed: int) -> str:
        summary = run_summary.Summary("korean_stocks", None, total=asked, done=asked, failed=failed)  # type: ignore[arg-type]
        summary.settle(0, asked, by_person=True)
        return summary.state

    assert [state(45, failed) for failed in (0, 2, 4, 5, 44, 45)] == [
        *["done"] * 3,
        "partial",
        "partial",
        "failed",
    ]


# Freshness


@pytest.fixture
def two_of_three_are_fresh(db: MongoDatabase, yahoo: YahooStandIn) -> None:
    """Of three tickers, two have the bar of the last session."""
    last = sessions.last_finished("XKRX", dt.datetime.now(dt.UTC))
    days = sessions.between("XKRX", (last - pd.Timedelta(days=30)).date(), last.date())
    for number, name in enumerate(("000660", "005930", "035720")):
        yahoo.listings[f"{name}.KS"] = Listing(random_walk(days[: None if number else -3], number))
        register(db, name)


@pytest.mark.usefixtures("three")
def test_a_bar_from_soon_after_the_close_is_not_fresh(db: MongoDatabase) -> None:
    def at(hour: int, minute: int) -> Ran:
        now = DAYS[-1].to_pydatetime().replace(hour=hour, minute=minute, tzinfo=ZoneInfo("Asia/Seoul"))
        ran = run(db, now=lambda: now)
        closed = trading_calendars.last_closed(db, KOREAN_STOCKS, now)
        assert category_state.summary(db, KOREAN_STOCKS, closed).up_to_date == ran.fresh
        return ran

    soon = at(15, 45)
    assert (soon.added, soon.fresh, soon.expected) == (3 * len(DAYS), 0, 3)
    assert at(16, 0).fresh == 3
    tickers.record(db, KOREAN_STOCKS, "005930", {"last_status": "failed"})
    assert at(16, 1).fresh == 3, "it is asked for again"
    tickers.record(db, KOREAN_STOCKS, "005930", {"source": "import", "updated_at": None})
    now = DAYS[-1].to_pydatetime().replace(hour=16, tzinfo=ZoneInfo("Asia/Seoul"))
    assert update_plan.freshness(db, KOREAN_STOCKS, None, now) == (3, 3), "nobody knows when it was fetched"


@pytest.mark.usefixtures("two_of_three_are_fresh")
@pytest.mark.parametrize(("limit", "code"), [("66%", 0), ("0.66", 0), ("67%", 1), ("1", 1), ("100 %", 1), ("0", 0)])
def test_a_share_decides_the_exit_code(updated: Command, limit: str, code: int) -> None:
    told = updated("--json", "--fail-below", limit)

    assert (told.report["fresh"], told.report["expected"], told.code) == (2, 3, code)


@pytest.mark.usefixtures("two_of_three_are_fresh")
def test_with_a_share_one_failure_of_many_is_no_failure_of_the_run(yahoo: YahooStandIn, updated: Command) -> None:
    yahoo.answer_with("000660.KS", *[UNKNOWN] * 4)

    assert [updated("--fail-below", "60%").code, updated("--fail-below", "70%").code] == [0, 1]
    assert "마지막 거래일의 봉이 있는 종목 2/3" in updated("--force").out


@pytest.mark.usefixtures("data_dir")
@pytest.mark.parametrize("limit", ["99", "abc", "", "1.5", "-1%", "101%", "nan", "1/0", "%"])
def test_a_share_that_is_none_is_one_sentence(updated: Command, limit: str) -> None:
    done = updated(f"--fail-below={limit}")

    assert done.code == console.WRONG_USE
    assert f"비율이 아닙니다: {limit!r}. 99%나 0.99처럼" in done.err


# A full run that was stopped


def stopped_after(count: int) -> dict[str, object]:
    stop = threading.Event()
    return {"stop": stop, "progress": lambda summary, _result: summary.done >= count and stop.set(), "full": True}


def asked(yahoo: YahooStandIn) -> list[str]:
    symbols = [request.symbol.removesuffix(".KS") for request in yahoo.requests if request.symbol]
    yahoo.clear()
    return symbols


def test_a_full_run_that_was_stopped_is_continued_by_the_next_and_by_the_one_after(
    db: MongoDatabase, yahoo: YahooStandIn, updated: Command
) -> None:
    first, second, third, fourth = listed(db, yahoo, 4)
    assert run(db, **stopped_after(1)).state == "cancelled"
    begun = runs.latest(db, KOREAN_STOCKS)
    assert asked(yahoo) == [first]
    since = runs.unfinished_full(db, KOREAN_STOCKS)
    assert begun is not None
    assert since == begun["started_at"]
    assert run(db, full_since=since, **stopped_after(2)).state == "cancelled"
    assert asked(yahoo) == [second]
    run(db, first)  # as by the menu of a chart
    asked(yahoo)

    planned, told = updated("--full", "--dry-run", "--json"), updated("--full", "--workers", "1")

    assert [each["ticker"] for each in planned.report["would_fetch"]] == [third, fourth]
    assert asked(yahoo) == [third, fourth]
    assert told.code == 0
    assert "끝내지 못한 전체 받기를 이어서 했습니다" in told.out
    updated("--full")
    assert len(asked(yahoo)) == 4


def test_a_full_run_that_is_continued_fetches_the_whole_history_of_what_only_got_new_bars(
    db: MongoDatabase, yahoo: YahooStandIn, updated: Command
) -> None:
    first, second, third = listed(db, yahoo, 3)
    for name in (first, second, third):
        yahoo.listings[f"{name}.KS"].bars.loc[DAYS[5], "volume"] = 4_321
    run(db, **stopped_after(1))
    run(db, second, force=True)
    assert bars_of(db, second)["volume"].iloc[5] != 4_321

    updated("--full")

    assert [int(bars_of(db, name)["volume"].iloc[5]) for name in (first, second, third)] == [4_321] * 3


@pytest.mark.parametrize("what", ["anew", "others", "an update between", "long ago"])
def test_a_full_run_is_not_continued_by(db: MongoDatabase, yahoo: YahooStandIn, updated: Command, what: str) -> None:
    names = listed(db, yahoo, 2)
    run(db, **stopped_after(1))
    if what == "an update between":
        run(db)
    if what == "long ago":
        db["update_runs"].update_many({}, {"$set": {"started_at": tickers.now() - runs.CONTINUE_WITHIN * 1.1}})
    yahoo.clear()

    updated("--full", *{"anew": ["--force"], "others": ["--tickers", ",".join(names)]}.get(what, []))

    assert sorted(asked(yahoo)) == names


# What counts


def test_a_ticker_that_yahoo_does_not_know_is_not_registered(
    db: MongoDatabase, yahoo: YahooStandIn, samsung: Listing, updated: Command
) -> None:
    told = updated("--json", "--tickers", "005930,999999")

    assert [failure["ticker"] for failure in told.report["failures"]] == ["999999"]
    assert tickers.get(db, KOREAN_STOCKS, "999999") is None
    assert metadata(db)["name"] == "삼성전자"
    assert len(bars_of(db)) == 50


def test_only_bars_that_changed_against_the_stored_ones_count_as_mended(
    db: MongoDatabase, yahoo: YahooStandIn, samsung: Listing
) -> None:
    whole = random_walk(DAYS, seed=1)
    for position in (20, 48, 52):
        whole.loc[DAYS[position], ["open", "high", "low", "volume"]] = 0
    whole.loc[DAYS[30]] = float("nan")
    samsung.bars = whole.iloc[:50]
    first = run(db, "005930")
    assert (first.changed, first.refused) == (2, 1)

    for full in (False, True):
        again = run(db, "005930", force=True, full=full)
        assert (again.changed, again.refused, again.added, again.replaced) == (0, 0, 0, 0)
    samsung.bars = whole
    later = run(db, "005930")

    assert (later.changed, later.refused, later.added) == (1, 0, 10)


def test_real_bars_in_place_of_sample_ones_are_added(db: MongoDatabase, samsung: Listing) -> None:
    register(db, "005930", source="sample")
    prices.write(db, KOREAN_STOCKS, "005930", random_walk(DAYS, seed=9).assign(dividends=0.0, stock_splits=0.0))

    ran = run(db)

    assert (ran.added, ran.replaced, ran.removed) == (50, 0, 0)
    assert len(bars_of(db)) == 50


def test_an_http_error_is_named_and_is_one_line_of_the_log(
    db: MongoDatabase, yahoo: YahooStandIn, samsung: Listing, caplog: pytest.LogCaptureFixture
) -> None:
    yahoo.outage = Status(500, html=True)

    with caplog.at_level(logging.INFO):
        (failure,) = run(db, "005930").failures

    assert str(failure.error) == "Yahoo가 시세 대신 HTTP 오류 500을 보냈습니다."
    assert not any(record.exc_info for record in caplog.records)
    assert sum("HTTP 오류 500" in record.getMessage() for record in caplog.records) == 1
