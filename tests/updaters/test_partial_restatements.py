"""Histories that Yahoo restates in part: they replace nothing, until Yahoo's answer is of one piece."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from finance_core.bars import candles
from finance_core.categories import CURRENCIES, KOREAN_STOCKS
from finance_core.storage import prices, tickers
from finance_core.storage.database import MongoDatabase
from tests.updaters.test_late_splits import SESSIONS, evening, restated
from tests.updaters.updating import assert_stored, metadata, register, run
from tests.yahoo import Listing, YahooStandIn, random_walk
from updaters import histories
from updaters.histories import HistoryRefused

SPLIT = 50
"""The position of the day of the split."""
RIGHT = random_walk(SESSIONS, seed=1).assign(dividends=0.0, stock_splits=0.0)


def times(ratio: float, *stretches: slice, split: float = 0.0, at: int = SPLIT) -> pd.DataFrame:
    """The right bars with prices times `ratio` in the `stretches`, and an event of a split."""
    bars = RIGHT.copy()
    for stretch in stretches:
        bars.iloc[stretch, : len(candles.PRICES)] *= ratio
    bars.iloc[at, -1] = split
    return bars


def refused(stored: pd.DataFrame, bars: pd.DataFrame) -> str:
    try:
        histories.refuse_steps(KOREAN_STOCKS, stored, bars)
    except HistoryRefused as refusal:
        return str(refusal)
    return ""


AFTER = slice(SPLIT, None)
HALVED, ENLARGED = times(0.5, slice(None), split=2), times(10, slice(None), split=0.1)
WRONG = {
    "from the middle on": (20, times(0.5, slice(20, SPLIT), AFTER, split=2), HALVED),
    "from near the split on": (45, times(0.5, slice(45, SPLIT), AFTER, split=2), HALVED),
    "but the last day": (SPLIT - 1, times(0.5, slice(SPLIT - 1), AFTER, split=2), HALVED),
    "but the last three days": (SPLIT - 3, times(0.5, slice(SPLIT - 3), AFTER, split=2), HALVED),
    "the last two days alone": (SPLIT - 2, times(0.5, slice(SPLIT - 2, SPLIT), AFTER, split=2), HALVED),
    "reverse, but the last day": (SPLIT - 1, times(10, slice(SPLIT - 1), AFTER, split=0.1), ENLARGED),
    "tenfold stretch": (20, times(10, slice(20, 35)), RIGHT),
    "halved stretch": (20, times(0.5, slice(20, 26)), RIGHT),
    "half as much again from the first day": (18, times(1.5, slice(18)), RIGHT),
    "one tenfold day": (25, times(10, slice(25, 26)), RIGHT),
    "an old split once more": (30, times(0.5, slice(30), split=2, at=30), times(1, split=2, at=30)),
}
"""Where the ratio steps first, the wrong bars, and the right ones, which Yahoo sends later."""


@pytest.mark.parametrize("why", WRONG)
def test_what_steps_on_a_day_without_a_split_is_refused_with_that_day(why: str) -> None:
    at, bars, _right = WRONG[why]

    assert str(SESSIONS[at].date()) in refused(RIGHT.iloc[:SPLIT], bars)


@pytest.mark.parametrize("why", WRONG)
def test_what_was_stored_so_is_put_right(why: str) -> None:
    _at, bars, right = WRONG[why]

    assert refused(bars, right) == ""


def corrected(*changes: tuple[int, float]) -> pd.DataFrame:
    bars = RIGHT.copy()
    for at, ratio in changes:
        bars.iloc[at, : len(candles.PRICES)] *= ratio
    return bars


@pytest.mark.parametrize(
    "bars",
    [
        RIGHT,
        corrected((3, 1.01)),
        corrected((3, 1.08), (40, 0.93)),
        corrected((3, 2.1)),
        corrected((SPLIT - 1, 2.1)),
        times(0.2, slice(None), split=5),
        times(0.2, slice(SPLIT), split=0),
        times(1 / 1.05, slice(30), split=1.05, at=30),
        times(0.8, slice(30), split=1.25, at=30),
        times(1.08, slice(10, 40)),
        times(1.013, slice(10, 40)),
        RIGHT.assign(close=RIGHT["close"].round(-2)),
    ],
    ids=lambda _bars: "",
)
def test_what_yahoo_corrects_or_restates_as_a_whole_is_taken(bars: pd.DataFrame) -> None:
    assert refused(RIGHT.iloc[:SPLIT], bars) == ""


def test_a_new_split_that_a_rise_hides_may_be_restated_later() -> None:
    """A close 30 % above that of the day before: by its jump nobody can tell whether 3:2 is in the prices before it."""
    restated = RIGHT.copy()
    restated.iloc[SPLIT:, : len(candles.PRICES)] *= 1.3
    restated.iloc[SPLIT, -1] = 1.5
    stored = restated.iloc[: SPLIT + 2].copy()
    stored.iloc[:SPLIT, : len(candles.PRICES)] *= 1.5

    assert refused(stored, restated) == ""


def test_a_rate_far_below_its_last_decimal_is_compared_too() -> None:
    rate = RIGHT.copy()
    rate[candles.PRICES] *= 0.01 / RIGHT["close"].iloc[0]
    wrong = rate.copy()
    wrong.iloc[:20, : len(candles.PRICES)] *= 10

    with pytest.raises(HistoryRefused):
        histories.refuse_steps(CURRENCIES, rate, wrong)


def test_the_history_of_something_else_is_refused_though_its_prices_move_less() -> None:
    other = random_walk(SESSIONS, seed=9).assign(dividends=0.0, stock_splits=0.0)
    other[candles.PRICES] = other[candles.PRICES] ** 0.5

    assert refused(RIGHT, other)


@pytest.mark.slow
@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("restates", [slice(20, None), slice(-1)], ids=["but the first days", "but the last day"])
def test_a_split_in_part_of_the_past_changes_nothing_until_yahoo_applies_it_to_all(
    db: MongoDatabase, yahoo: YahooStandIn, restates: slice
) -> None:
    night: Callable[[int], object] = lambda until: evening(SESSIONS[until - 1])  # noqa: E731
    splits = {SPLIT: (2, 1)}
    before = restated({}, SPLIT)
    yahoo.listings["005930.KS"] = before
    run(db, "005930", now=lambda: night(SPLIT))
    listing = restated(splits, SPLIT + 1)
    as_traded = listing.bars.index[:SPLIT].difference(listing.bars.index[:SPLIT][restates])
    listing.bars.loc[as_traded, candles.PRICES] *= 2
    yahoo.listings["005930.KS"] = listing

    (failure,) = run(db, "005930", now=lambda: night(SPLIT + 1)).failures

    assert "그날 분할이 없어" in str(failure.error)
    assert_stored(db, before)

    yahoo.listings["005930.KS"] = right = restated(splits, SPLIT + 2)
    assert run(db, "005930", now=lambda: night(SPLIT + 2)).failures == []
    assert_stored(db, right)
    assert "last_error" not in metadata(db)


@pytest.mark.slow
@pytest.mark.usefixtures("impatient")
def test_bars_that_a_person_adjusted_for_dividends_become_yahoos(db: MongoDatabase, yahoo: YahooStandIn) -> None:
    """The first update only adds its new bars to them: no history of Yahoo's was compared yet."""
    right = restated({}, SPLIT)
    register(db, "005930")
    theirs = right.bars.assign(dividends=0.0, stock_splits=0.0).iloc[:40]
    quarters = np.repeat([0.979, 0.986, 0.993, 1.0], 10)
    theirs[candles.PRICES] = theirs[candles.PRICES].mul(quarters, axis=0)
    prices.write(db, KOREAN_STOCKS, "005930", theirs)
    tickers.record(db, KOREAN_STOCKS, "005930", {**prices.state_of(KOREAN_STOCKS, theirs), "source": "import"})

    for until in (41, 42, 45):
        yahoo.listings["005930.KS"] = restated({}, until)
        assert run(db, by_quotes=False, now=lambda until=until: evening(SESSIONS[until - 1])).failures == []

    assert_stored(db, yahoo.listings["005930.KS"])


@pytest.mark.slow
@pytest.mark.usefixtures("impatient")
def test_in_the_rotation_new_bars_are_stored_where_a_stretch_of_the_past_is_wrong(
    db: MongoDatabase, yahoo: YahooStandIn
) -> None:
    register(db, "005930")
    right = restated({}, SPLIT + 1)
    yahoo.listings["005930.KS"] = restated({}, SPLIT)
    run(db, now=lambda: evening(SESSIONS[SPLIT - 1]))
    yahoo.listings["005930.KS"] = Listing(right.bars.copy())
    yahoo.listings["005930.KS"].bars.iloc[10:30, : len(candles.PRICES)] *= 10

    (failure,) = run(db, by_quotes=False, now=lambda: evening(SESSIONS[SPLIT])).failures

    assert str(SESSIONS[10].date()) in str(failure.error)
    assert_stored(db, right)
