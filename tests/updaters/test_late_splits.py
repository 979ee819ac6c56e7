"""Splits that Yahoo announces days before it restates the prices before them: no reader meets the cliff."""

import datetime as dt
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest

from finance_core import formats
from finance_core.bars import adjustment, candles
from finance_core.categories import KOREAN_STOCKS
from finance_core.storage import price_exports, prices
from finance_core.storage.database import MongoDatabase
from finance_core.ui import history_notes
from finance_core.ui.viewer import shared
from tests.updaters.updating import assert_stored, metadata, run
from tests.yahoo import Listing, YahooStandIn, random_walk

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("impatient")]

SESSIONS = pd.bdate_range("2024-03-04", periods=60).drop(
    pd.DatetimeIndex(["2024-04-10", "2024-05-01", "2024-05-06", "2024-05-15"])
)
"""Sessions of the Korea Exchange."""
RATIOS = [(10, 1), (1, 10), (3, 2), (50, 1), (2, 3)]


def evening(day: pd.Timestamp) -> dt.datetime:
    """After the close of a session, when its bar is final."""
    return day.to_pydatetime().replace(hour=18, tzinfo=ZoneInfo("Asia/Seoul"))


def as_traded(splits: dict[int, tuple[int, int]], until: int) -> Listing:
    """The first `until` sessions at the prices of their days, with the events of the splits and nothing restated."""
    bars = random_walk(SESSIONS, seed=1)
    for position, (new, old) in splits.items():
        bars.iloc[position:, :4] *= old / new
        bars.iloc[position:, 4] = (bars.iloc[position:, 4] * new / old).round()
    events = {SESSIONS[at].date(): ratio for at, ratio in splits.items() if at < until}
    return Listing(bars.iloc[:until], splits=events)


def restated(splits: dict[int, tuple[int, int]], until: int) -> Listing:
    """The same once Yahoo has applied the splits to the prices before them."""
    listing = as_traded(splits, until)
    for position, (new, old) in splits.items():
        before = listing.bars.index < SESSIONS[position]
        listing.bars.loc[before, candles.PRICES] *= old / new
        listing.bars.loc[before, "volume"] = (listing.bars.loc[before, "volume"] * new / old).round()
    return listing


@pytest.mark.sampled(4)
@pytest.mark.parametrize("ratio", RATIOS, ids=str)
@pytest.mark.parametrize("delay", [1, 5, 12])
def test_until_yahoo_restates_the_past_readers_see_no_cliff_and_then_exactly_yahoos_bars(
    db: MongoDatabase, yahoo: YahooStandIn, ratio: tuple[int, int], delay: int
) -> None:
    splits = {30: ratio}
    for until in range(29, 31 + delay):
        yahoo.listings["005930.KS"] = as_traded(splits, until)
        run(db, "005930", now=lambda until=until: evening(SESSIONS[until - 1]))
        assert_stored(db, yahoo.listings["005930.KS"])  # what Yahoo says, as it says it
        bars, expected = prices.load(db, KOREAN_STOCKS, "005930"), restated(splits, until).bars if until > 30 else None
        assert bars["close"].pct_change().abs().max() < 0.15
        if expected is not None:
            np.testing.assert_allclose(bars[candles.PRICES], expected[candles.PRICES], rtol=1e-9)
            assert metadata(db)["unadjusted_splits"] == [SESSIONS[30].to_pydatetime()]
            assert abs(metadata(db)["change"]) < 0.15

    yahoo.listings["005930.KS"] = restated(splits, 32 + delay)
    summary = run(db, "005930", now=lambda: evening(SESSIONS[31 + delay]))

    assert not summary.failures
    assert_stored(db, yahoo.listings["005930.KS"])
    assert "unadjusted_splits" not in metadata(db)
    assert adjustment.unadjusted_splits(prices.as_stored(db, KOREAN_STOCKS, "005930")) == []


@pytest.mark.sampled(3)
@pytest.mark.parametrize(("ratio", "rise"), [((5, 4), 1), ((4, 3), 1), ((4, 5), 1), ((3, 2), 1.25)], ids=str)
def test_a_split_as_small_as_a_bad_day_is_told_and_asked_about_until_yahoo_restates_the_past(
    db: MongoDatabase, yahoo: YahooStandIn, ratio: tuple[int, int], rise: float
) -> None:
    """Its jump, or what a rise of that day leaves of it, cannot tell it from a fall, so nothing is adjusted."""

    def risen(listing: Listing) -> Listing:
        listing.bars.iloc[30:, :4] *= rise
        return listing

    for until in (29, 30, 31, 32, 33, 39):
        yahoo.listings["005930.KS"] = risen(as_traded({30: ratio}, until))
        yahoo.clear()
        run(db, "005930", now=lambda until=until: evening(SESSIONS[until - 1]))
        assert metadata(db).get("unsettled_splits", []) == [SESSIONS[30].to_pydatetime()] * (until > 30)
        assert len(yahoo.asked("005930.KS")) == 1 + (until == 31), "a new split asks for the whole history at once"
    told = history_notes.of_splits({"삼성전자": shared.history(db, KOREAN_STOCKS, metadata(db))})
    assert formats.date(SESSIONS[30]) in told

    yahoo.listings["005930.KS"] = risen(restated({30: ratio}, 41))
    assert run(db, "005930", now=lambda: evening(SESSIONS[40])).failures == []

    assert_stored(db, yahoo.listings["005930.KS"])
    assert "unsettled_splits" not in metadata(db)
    assert history_notes.of_splits({"삼성전자": shared.history(db, KOREAN_STOCKS, metadata(db))}) == ""


@pytest.mark.parametrize("late", [False, True])
def test_a_small_split_whose_past_is_restated_in_time_or_never_is_not_doubted_for_ever(
    db: MongoDatabase, yahoo: YahooStandIn, late: bool
) -> None:
    of = as_traded if late else restated
    for until in (30, 31, 34, 52):
        yahoo.listings["005930.KS"] = of({30: (5, 4)}, until) if until > 30 else as_traded({}, until)
        run(db, "005930", now=lambda until=until: evening(SESSIONS[until - 1]))
        assert ("unsettled_splits" in metadata(db)) is (late and 30 < until < 52)
    assert_stored(db, yahoo.listings["005930.KS"])


def test_two_late_splits_and_a_dividend_of_the_same_day(db: MongoDatabase, yahoo: YahooStandIn) -> None:
    splits = {20: (10, 1), 33: (1, 5)}
    listing = as_traded(splits, 40)
    listing.dividends = {SESSIONS[10].date(): 500.0, SESSIONS[20].date(): 30.0}
    yahoo.listings["005930.KS"] = listing

    run(db, "005930", now=lambda: evening(SESSIONS[39]))

    bars = prices.load(db, KOREAN_STOCKS, "005930")
    np.testing.assert_allclose(bars[candles.PRICES], restated(splits, 40).bars[candles.PRICES], rtol=1e-9)
    dividends = bars["dividends"]
    assert dividends[dividends > 0].to_dict() == {SESSIONS[10]: 500.0 / 10 * 5, SESSIONS[20]: 30.0 * 5}
    assert metadata(db)["unadjusted_splits"] == [SESSIONS[20].to_pydatetime(), SESSIONS[33].to_pydatetime()]


def test_a_late_split_is_asked_about_in_every_run_that_fetches_and_costs_one_request(
    db: MongoDatabase, yahoo: YahooStandIn
) -> None:
    for until in range(31, 40):
        yahoo.listings["005930.KS"] = as_traded({30: (10, 1)}, until)
        yahoo.clear()
        run(db, "005930", now=lambda until=until: evening(SESSIONS[until - 1]))
        assert len(yahoo.asked("005930.KS")) == 1


def test_an_export_has_the_prices_that_the_chart_has(db: MongoDatabase, yahoo: YahooStandIn, tmp_path: Path) -> None:
    yahoo.listings["005930.KS"] = as_traded({30: (10, 1)}, 40)
    run(db, "005930", now=lambda: evening(SESSIONS[39]))

    price_exports.export(db, KOREAN_STOCKS, tmp_path / "bars.csv")

    exported = pd.read_csv(tmp_path / "bars.csv", parse_dates=["date"])
    assert exported["close"].tolist() == prices.load(db, KOREAN_STOCKS, "005930")["close"].tolist()
    assert exported["close"].pct_change().abs().max() < 0.15
