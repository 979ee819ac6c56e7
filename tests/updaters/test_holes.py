"""Sessions without a bar are asked for again, ever less often, and every history is compared with Yahoo's in turn."""

import datetime as dt
from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from finance_core.bars import sessions
from finance_core.categories import KOREAN_STOCKS
from finance_core.storage import category_state
from finance_core.storage.database import MongoDatabase
from finance_core.storage.documents import TickerRow
from tests.updaters.test_late_splits import evening
from tests.updaters.updating import assert_stored, bars_of, metadata, register, run
from tests.yahoo import Listing, YahooStandIn, random_walk
from updaters import verification

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("impatient", "data_dir")]


def days() -> pd.DatetimeIndex:
    return sessions.between("XKRX", dt.date(2024, 3, 4), dt.date(2024, 12, 30))


def at(day: pd.Timestamp) -> Callable[[], dt.datetime]:
    return lambda: evening(day)


def without(bars: pd.DataFrame, holes: pd.DatetimeIndex, how: str) -> pd.DataFrame:
    """The bars as Yahoo sends them on a bad day: the holes as rows without numbers, or not at all."""
    if how == "missing":
        return bars.drop(holes)
    bars = bars.copy()
    bars.loc[holes] = np.nan
    return bars


@pytest.mark.parametrize("how", ["empty", "missing"])
def test_holes_older_than_the_overlap_are_filled_by_the_next_clean_run(
    db: MongoDatabase, yahoo: YahooStandIn, how: str
) -> None:
    whole, holes = random_walk(days()[:60], seed=1), days()[[7, 20, 21, 35]]
    yahoo.listings["005930.KS"] = Listing(without(whole.iloc[:55], holes, how))
    run(db, "005930", now=at(days()[54]))
    assert metadata(db)["missing"] == holes.to_pydatetime().tolist()
    yahoo.listings["005930.KS"] = Listing(whole.iloc[:55])

    summary = run(db, "005930", now=at(days()[54]))

    assert (summary.added, summary.current, summary.failures) == (4, 0, [])
    assert_stored(db, yahoo.listings["005930.KS"])
    assert "missing" not in metadata(db)
    assert run(db, "005930", now=at(days()[54])).current == 1, "then it is up to date"


def test_a_hole_in_new_bars_is_noted_and_filled_later(db: MongoDatabase, yahoo: YahooStandIn) -> None:
    whole = random_walk(days()[:60], seed=1)
    yahoo.listings["005930.KS"] = Listing(whole.iloc[:40])
    run(db, "005930", now=at(days()[39]))
    yahoo.listings["005930.KS"] = Listing(without(whole.iloc[:55], days()[[45]], "empty"))
    run(db, "005930", now=at(days()[54]))
    assert metadata(db)["missing"] == [days()[45].to_pydatetime()]

    yahoo.listings["005930.KS"] = Listing(whole)
    run(db, "005930", now=at(days()[59]))

    assert_stored(db, yahoo.listings["005930.KS"])


def test_a_day_that_yahoo_never_has_is_asked_about_ever_less_often(db: MongoDatabase, yahoo: YahooStandIn) -> None:
    bars = without(random_walk(days(), seed=1), days()[[10]], "missing")
    whole_histories = []
    for night in (*range(60, 75), *range(75, 160, 3)):
        yahoo.listings["005930.KS"] = Listing(bars.iloc[:night])
        yahoo.clear()
        run(db, "005930", now=at(days()[night]))
        asked = yahoo.asked("005930.KS")
        assert len(asked) == 1, "the whole history, or the new bars, but not both"
        if int(asked[0].query["period1"]) < 0:
            whole_histories.append(night)

    gaps = np.diff(days()[whole_histories]).astype("timedelta64[D]").astype(int).tolist()
    assert whole_histories[:4] == [60, 61, 62, 63]
    assert gaps[3:] == [7] + [gap for gap in gaps[4:] if 30 <= gap <= 40], gaps
    assert len(whole_histories) <= 9, whole_histories
    assert metadata(db)["bar_count"] == 159


# The rotation


@pytest.fixture
def market(db: MongoDatabase, yahoo: YahooStandIn, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Ten tickers, all updated on the evening of the 31st session; their turn comes every five runs."""
    monkeypatch.setattr(verification, "ROUNDS", 5)
    names = [f"{number:06}" for number in range(10)]
    for number, name in enumerate(names):
        yahoo.listings[f"{name}.KS"] = Listing(random_walk(days()[:60], seed=number).iloc[:31])
        register(db, name)
    assert run(db, now=at(days()[30])).failures == []
    return names


def next_night(yahoo: YahooStandIn, names: list[str], night: int) -> None:
    for number, name in enumerate(names):
        yahoo.listings[f"{name}.KS"].bars = corrected(random_walk(days()[:60], seed=number)).iloc[: night + 1]
    yahoo.clear()


def corrected(bars: pd.DataFrame) -> pd.DataFrame:
    """The bars after Yahoo has corrected one that is older than what updates compare."""
    bars.loc[days()[3], ["high", "close"]] = 99_999
    return bars


def test_a_twentieth_is_verified_at_least_and_the_longest_unverified_first() -> None:
    monday = dt.datetime(2024, 3, 4)
    rows: list[TickerRow] = [
        {"ticker": f"{number:06}", "source": "yahoo", "bar_count": 9, "verified_at": monday + dt.timedelta(days=number)}
        for number in range(41)
    ]
    rows[40].pop("verified_at")
    rows[3]["source"] = "sample"

    assert verification.turn(rows, lambda _row: monday + dt.timedelta(days=50)) == {"000040", "000000"}
    assert verification.turn(rows, lambda _row: monday) == {"000040"}


@pytest.mark.slow
def test_within_the_rounds_everything_stored_is_compared_with_yahoo(
    db: MongoDatabase, yahoo: YahooStandIn, market: list[str]
) -> None:
    for night in range(31, 31 + verification.ROUNDS):
        next_night(yahoo, market, night)
        summary = run(db, now=at(days()[night]))
        assert (summary.failures, summary.replaced) == ([], 2), "two of ten a night"
        assert len([request for request in yahoo.requests if request.symbol]) == 10, "and no request more"

    for number, name in enumerate(market):
        expected = corrected(random_walk(days()[:60], seed=number)).iloc[: 31 + verification.ROUNDS]
        assert_stored(db, Listing(expected), name)
    closed = {market.key: (days()[35].to_pydatetime(),) * 2 for market in KOREAN_STOCKS.markets}
    summary = category_state.summary(db, KOREAN_STOCKS, closed)
    assert summary.unverified == 0
    assert summary.verified_at == evening(days()[31]).astimezone(dt.UTC).replace(tzinfo=None)


def test_what_was_verified_since_its_last_session_is_not_verified_again(
    db: MongoDatabase, yahoo: YahooStandIn, market: list[str]
) -> None:
    next_night(yahoo, market, 31)
    run(db, now=at(days()[31]))
    for _ in range(verification.ROUNDS - 1):
        run(db, now=at(days()[31]))
    yahoo.clear()

    assert run(db, now=at(days()[31])).current == len(market)
    assert yahoo.requests == []
    assert bars_of(db, market[-1])["close"].iloc[3] == 99_999


def test_bars_of_the_day_that_may_still_change_are_asked_for_again_and_no_whole_history_twice(
    db: MongoDatabase, yahoo: YahooStandIn, market: list[str]
) -> None:
    just_closed = evening(days()[31]).replace(hour=15, minute=40)
    next_night(yahoo, market, 31)
    for _ in range(verification.ROUNDS):
        assert run(db, now=lambda: just_closed).current == 0
    assert {row["verified_at"].date() for row in db["ticker_metadata"].find()} == {days()[31].date()}
    yahoo.clear()

    assert run(db, now=lambda: just_closed).current == 0

    assert len([request for request in yahoo.requests if request.symbol]) == len(market)
    since = {int(request.query["period1"]) for request in yahoo.requests if request.symbol}
    assert min(since) > days()[0].timestamp(), "new bars alone"


def test_named_tickers_bring_no_others_into_the_rotation(
    db: MongoDatabase, yahoo: YahooStandIn, market: list[str]
) -> None:
    next_night(yahoo, market, 31)

    run(db, market[7], now=at(days()[31]))

    assert {request.symbol for request in yahoo.requests if request.symbol} == {f"{market[7]}.KS"}
