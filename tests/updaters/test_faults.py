"""Known faults of Yahoo's answers: recognised before anything is stored, each with a remark that says why."""

import datetime as dt
from collections.abc import Callable
from typing import get_args
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from finance_core.bars import candles, sessions
from finance_core.bars.sessions import Calendar
from finance_core.categories import KOREAN_STOCKS
from finance_core.storage import prices, runs
from finance_core.storage.database import MongoDatabase
from tests.updaters.test_late_splits import as_traded, evening
from tests.updaters.updating import Ran, actions_of, assert_stored, bars_of, everything, metadata, run
from tests.yahoo import Listing, YahooStandIn, random_walk
from updaters import faults, ticker_update

pytestmark = pytest.mark.usefixtures("impatient", "data_dir")

KST = ZoneInfo("Asia/Seoul")


def days() -> pd.DatetimeIndex:
    return sessions.between("XKRX", dt.date(2024, 3, 4), dt.date(2024, 12, 30))[:150]


def whole() -> pd.DataFrame:
    return random_walk(days(), seed=1)


def remarks_of(ran: Ran) -> dict[pd.Timestamp, str]:
    (result,) = ran.results
    return {remark.date: remark.reason for remark in result.remarks}


def fetched(db: MongoDatabase, yahoo: YahooStandIn, bars: pd.DataFrame, **more: object) -> Ran:
    """A run on the evening of the last of `bars`, which are what Yahoo has."""
    yahoo.listings["005930.KS"] = Listing(bars, **more)  # type: ignore[arg-type]
    return run(db, "005930", now=lambda: evening(bars.index[-1]))


# Prices times 100


STRETCHES = {
    "one bar": slice(40, 41),
    "the first bar": slice(0, 1),
    "the last bar": slice(149, 150),
    "a stretch": slice(60, 85),
    "the end": slice(130, 150),
    "the beginning": slice(0, 20),
}


@pytest.mark.slow
@pytest.mark.parametrize("factor", [100.0, 0.01])
@pytest.mark.parametrize("stretch", STRETCHES.values(), ids=STRETCHES)
def test_bars_that_are_off_by_a_factor_of_100_are_put_right(
    db: MongoDatabase, yahoo: YahooStandIn, stretch: slice, factor: float
) -> None:
    bars = whole()
    bars.loc[bars.index[stretch], candles.PRICES] *= factor

    ran = fetched(db, yahoo, bars)

    np.testing.assert_allclose(bars_of(db)[candles.PRICES], whole()[candles.PRICES], rtol=1e-12)
    assert remarks_of(ran) == dict.fromkeys(days()[stretch], "hundredfold")
    assert ran.changed == len(days()[stretch])


@pytest.mark.slow
@pytest.mark.parametrize("column", candles.PRICES)
def test_a_single_price_of_a_bar_that_is_off_by_100_is_put_right(
    db: MongoDatabase, yahoo: YahooStandIn, column: str
) -> None:
    bars = whole()
    bars.loc[days()[[30, 31]], column] *= 100

    ran = fetched(db, yahoo, bars)

    np.testing.assert_allclose(bars_of(db)[candles.PRICES], whole()[candles.PRICES], rtol=1e-12)
    assert remarks_of(ran) == dict.fromkeys(days()[[30, 31]], "hundredfold")


@pytest.mark.slow
def test_a_bar_whose_high_is_below_its_low_is_left_out(db: MongoDatabase, yahoo: YahooStandIn) -> None:
    bars = whole()
    bars.loc[days()[30], "low"] = bars.loc[days()[30], "high"] * 1.1

    ran = fetched(db, yahoo, bars)

    expected = whole().drop(days()[30])[candles.PRICES]
    pd.testing.assert_frame_equal(bars_of(db)[candles.PRICES], expected, check_names=False, check_freq=False)
    assert remarks_of(ran) == {days()[30]: "upside down"}


def test_a_new_bar_that_is_off_by_100_is_put_right_without_asking_for_the_history(
    db: MongoDatabase, yahoo: YahooStandIn
) -> None:
    fetched(db, yahoo, whole().iloc[:100])
    bars = whole().iloc[:101].copy()
    bars.loc[days()[100], candles.PRICES] *= 100
    yahoo.clear()

    ran = fetched(db, yahoo, bars)

    assert remarks_of(ran) == {days()[100]: "hundredfold"}
    np.testing.assert_allclose(bars_of(db)[candles.PRICES], whole().iloc[:101][candles.PRICES], rtol=1e-12)
    assert len(yahoo.asked("005930.KS")) == 1


@pytest.mark.slow
@pytest.mark.parametrize("factor", [100.0, 0.01])
@pytest.mark.parametrize("full", [False, True])
def test_a_whole_answer_that_is_off_by_100_is_refused_and_what_is_stored_stays(
    db: MongoDatabase, yahoo: YahooStandIn, factor: float, full: bool
) -> None:
    fetched(db, yahoo, whole().iloc[:100])
    before = list(db["korean_stocks"].find())
    bars = whole().iloc[:101].copy()
    bars[candles.PRICES] *= factor
    yahoo.listings["005930.KS"] = Listing(bars)

    ran = run(db, "005930", full=full, now=lambda: evening(days()[100]))

    assert f"{factor:g}배" in str(ran.failures[0].error)
    assert list(db["korean_stocks"].find()) == before


@pytest.mark.slow
@pytest.mark.parametrize("ratio", [(1, 100), (100, 1)], ids=str)
@pytest.mark.parametrize("restated", [False, True])
def test_a_split_by_100_is_no_fault(
    db: MongoDatabase, yahoo: YahooStandIn, ratio: tuple[int, int], restated: bool
) -> None:
    listing = as_traded({30: ratio}, 30)
    yahoo.listings["005930.KS"] = listing
    run(db, "005930", now=lambda: evening(listing.bars.index[-1]))
    listing = as_traded({30: ratio}, 33)
    if restated:
        listing.bars.loc[listing.bars.index[:30], candles.PRICES] *= ratio[1] / ratio[0]
    yahoo.listings["005930.KS"] = listing

    ran = run(db, "005930", now=lambda: evening(listing.bars.index[-1]))

    assert ran.failures == []
    assert remarks_of(ran) == {}
    assert_stored(db, listing)
    assert prices.load(db, KOREAN_STOCKS, "005930")["close"].pct_change().abs().max() < 0.15


# Dividends times the exchange rate


RATE = 1352.98


def test_a_dividend_times_the_exchange_rate_is_left_out_and_what_was_stored_stays(
    db: MongoDatabase, yahoo: YahooStandIn
) -> None:
    fetched(db, yahoo, whole().iloc[:100], dividends={days()[20].date(): 350.0})
    both = {days()[20].date(): 350.0 * RATE, days()[101].date(): 90.0 * RATE}

    ran = fetched(db, yahoo, whole().iloc[:103], dividends=both)
    assert remarks_of(ran) == {days()[101]: "dividend impossible"}
    assert actions_of(db, "dividends") == {days()[20]: 350.0}

    yahoo.listings["005930.KS"].dividends[days()[99].date()] = 120.0
    run(db, "005930", full=True, now=lambda: evening(days()[102]))
    yahoo.listings["005930.KS"].dividends[days()[99].date()] = 120.0 * RATE
    run(db, "005930", force=True, now=lambda: evening(days()[102]))
    assert actions_of(db, "dividends") == {days()[20]: 350.0, days()[99]: 120.0}, "so it is in the compared bars"

    ran = run(db, "005930", full=True, now=lambda: evening(days()[102]))
    assert (ran.replaced, remarks_of(ran)) == (0, {}), "it is told once"
    assert actions_of(db, "dividends") == {days()[20]: 350.0, days()[99]: 120.0}

    del both[days()[99].date()]
    fetched(db, yahoo, whole().iloc[:104], dividends={day: amount / RATE for day, amount in both.items()})
    run(db, "005930", full=True, now=lambda: evening(days()[103]))
    assert actions_of(db, "dividends") == {days()[20]: 350.0, days()[101]: pytest.approx(90.0)}


def test_a_large_dividend_that_the_price_bears_out_is_kept(db: MongoDatabase, yahoo: YahooStandIn) -> None:
    bars = whole()
    special = bars["close"].iloc[49] * 0.6
    bars.loc[days()[50] :, candles.PRICES] *= 0.4

    ran = fetched(db, yahoo, bars, dividends={days()[50].date(): special})

    assert remarks_of(ran) == {}
    assert actions_of(db, "dividends") == {days()[50]: special}


# Days without a close


@pytest.mark.slow
@pytest.mark.parametrize(
    ("lacking", "splits"), [((60,), {61: 5, 62: 2}), ((60, 61), {62: 10}), ((60, 61, 62), {63: 10})]
)
def test_the_next_bar_has_the_dividend_and_the_split_of_a_day_without_a_close(
    db: MongoDatabase, yahoo: YahooStandIn, lacking: tuple[int, ...], splits: dict[int, int]
) -> None:
    bars, day = whole(), days()
    bars.iloc[list(lacking), : len(candles.PRICES)] = np.nan
    told = {"dividends": {day[60].date(): 100.0}, "splits": {day[60].date(): (5, 1), day[62].date(): (2, 1)}}
    ran = fetched(db, yahoo, bars, **told)
    assert remarks_of(ran) == {day[at]: "no close" for at in lacking}
    assert actions_of(db, "stock_splits") == {day[at]: split for at, split in splits.items()}
    assert actions_of(db, "dividends") == {day[lacking[-1] + 1]: 100.0}
    stored = everything(db)
    assert not run(db, "005930", full=True, now=lambda: evening(bars.index[-1])).failures
    assert everything(db) == stored


def test_what_the_next_bar_has_of_a_day_without_a_close_stays_as_later_bars_come(
    db: MongoDatabase, yahoo: YahooStandIn
) -> None:
    bars, day = whole(), days()
    bars.iloc[60, : len(candles.PRICES)] = np.nan
    told = {"dividends": {day[60].date(): 100.0}, "splits": {day[60].date(): (5, 1)}}
    # The window of an update that begins with that very bar has the day before no more.
    for count in range(61, 61 + ticker_update.OVERLAP + 3):
        assert not fetched(db, yahoo, bars.iloc[:count], **told).failures
        expected = {} if count == 61 else {day[61]: 100.0}
        assert actions_of(db, "dividends") == expected
        assert actions_of(db, "stock_splits") == dict.fromkeys(expected, 5.0)


# Sessions that are not over, and days without one


@pytest.mark.slow
@pytest.mark.parametrize(("hour", "minute", "kept"), [(9, 30, False), (15, 29, False), (15, 30, True), (18, 0, True)])
def test_a_bar_of_a_session_that_is_not_over_is_left_out(
    db: MongoDatabase, yahoo: YahooStandIn, hour: int, minute: int, kept: bool
) -> None:
    yahoo.listings["005930.KS"] = Listing(whole().iloc[:100])
    today = days()[99].to_pydatetime().replace(hour=hour, minute=minute, tzinfo=KST)

    ran = run(db, "005930", now=lambda: today)

    assert metadata(db)["last_date"] == days()[99 if kept else 98].to_pydatetime()
    assert remarks_of(ran) == ({} if kept else {days()[99]: "session open"})
    assert run(db, "005930", now=lambda: evening(days()[99])).added == (0 if kept else 1)
    assert_stored(db, yahoo.listings["005930.KS"])


@pytest.mark.slow
@pytest.mark.parametrize("day", ["2024-04-10", "2024-05-01", "2024-05-04", "2024-06-06"])
@pytest.mark.parametrize("later", [False, True], ids=["whole history", "new bars"])
def test_a_bar_on_a_day_without_a_session_is_left_out(
    db: MongoDatabase, yahoo: YahooStandIn, day: str, later: bool
) -> None:
    closed, bars = pd.Timestamp(day), whole()
    odd = pd.concat([bars, bars.iloc[[5]].set_axis([closed])]).sort_index()
    if later:
        fetched(db, yahoo, bars[bars.index < closed])

    ran = fetched(db, yahoo, odd)

    assert remarks_of(ran) == {closed: "closed day"}
    pd.testing.assert_frame_equal(bars_of(db)[list(bars)].astype(float), bars, check_index_type=False, check_freq=False)
    before = everything(db)
    assert fetched(db, yahoo, odd).added == 0
    assert everything(db) == before


def test_a_ticker_whose_market_is_a_wrong_guess_keeps_all_its_days(db: MongoDatabase, yahoo: YahooStandIn) -> None:
    american = sessions.between("XNYS", dt.date(2024, 1, 2), dt.date(2024, 12, 30))
    bars = random_walk(american, seed=1)

    ran = fetched(db, yahoo, bars)
    assert remarks_of(ran) == {}
    assert len(bars_of(db)) == len(american)


@pytest.mark.parametrize("early", [1, 0])
def test_a_new_ticker_whose_bars_all_fall_a_day_early_is_refused(
    db: MongoDatabase, yahoo: YahooStandIn, early: int
) -> None:
    ran = fetched(db, yahoo, whole().set_axis(days() - pd.Timedelta(days=early)))

    assert len(ran.failures) == early
    assert len(bars_of(db)) == (0 if early else len(days()))
    assert not early or "휴장일" in str(ran.failures[0].error)


@pytest.mark.parametrize("zero", ["1970-01-01", "1969-12-31"])
def test_a_time_stamp_of_zero_is_no_bar_of_1970(zero: str) -> None:
    raw = whole().assign(dividends=0.0, stock_splits=0.0)
    odd = pd.concat([raw.iloc[[5]].set_axis([pd.Timestamp(zero)]), raw])

    result = faults.valid(odd, Calendar("XKRX"), {}, evening(days()[-1]))

    assert [(remark.date, remark.reason) for remark in result.remarks] == [(pd.Timestamp(zero), "no date")]
    assert result.bars.index.equals(raw.index)
    old = raw.set_axis(pd.bdate_range(zero, periods=len(raw)))
    assert len(faults.valid(old, Calendar("XKRX"), {}, evening(days()[-1])).bars) == len(old)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (lambda bars: bars.assign(close=bars["close"] * 1.0), None),
        (lambda bars: bars.assign(close=bars["close"].where(bars.index != bars.index[7], 30.0)), None),  # 1 : 1,600
        (lambda bars: bars.assign(high=bars["high"] * 40), None),
    ],
)
def test_prices_that_are_off_by_another_factor_are_left_as_they_are(
    damage: Callable[[pd.DataFrame], pd.DataFrame], reason: str | None
) -> None:
    raw = damage(whole())
    result = faults.valid(raw, Calendar("XKRX"), {}, evening(days()[-1]))
    assert [remark.reason for remark in result.remarks] == ([reason] if reason else [])
    assert result.bars["close"].tolist() == raw["close"].tolist()


def test_what_is_changed_or_refused_is_in_the_record_of_the_run_with_its_reason(
    db: MongoDatabase, yahoo: YahooStandIn
) -> None:
    bars = whole()
    bars.loc[days()[40], candles.PRICES] *= 100
    bars.loc[days()[50]] = np.nan

    ran = fetched(db, yahoo, bars)

    noted = {remark["reason"]: (remark["ticker"], remark["date"]) for remark in runs.remarks(db, ran.run)}
    assert noted == {
        "hundredfold": ("005930", days()[40].to_pydatetime()),
        "no close": ("005930", days()[50].to_pydatetime()),
    }
    assert set(get_args(candles.Reason)) == set(candles.REASONS)


def test_of_very_many_remarks_a_run_keeps_the_first(
    db: MongoDatabase, yahoo: YahooStandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runs, "KEPT_REMARKS", 7)
    bars = whole()
    bars.loc[days()[30:60], ["open", "high", "low", "volume"]] = 0

    ran = fetched(db, yahoo, bars)

    assert ran.changed == 30
    assert [remark["date"] for remark in runs.remarks(db, ran.run)] == days()[30:37].to_pydatetime().tolist()


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    seed=st.integers(0, 10_000),
    stretches=st.lists(st.tuples(st.integers(0, 149), st.integers(1, 20), st.sampled_from([100.0, 0.01])), max_size=3),
)
def test_wherever_less_than_half_of_the_bars_are_off_they_are_put_right_and_no_other(
    seed: int, stretches: list[tuple[int, int, float]]
) -> None:
    right = random_walk(days(), seed)
    factors = np.ones(len(right))
    for start, length, factor in stretches:
        factors[start : start + length] = factor
    raw = right.copy()
    raw[candles.PRICES] = raw[candles.PRICES].to_numpy() * factors[:, None]

    result = faults.valid(raw, Calendar("XKRX"), {}, evening(days()[-1]))

    np.testing.assert_allclose(result.bars[candles.PRICES], right[candles.PRICES], rtol=1e-12)
    assert [remark.date for remark in result.remarks] == days()[factors != 1].tolist()
