"""Bars whose open or close lies outside their range, and those whose high is below their low."""

import numpy as np
import pandas as pd
import pytest

from finance_core.bars import candles
from finance_core.errors import SisepanError
from finance_core.foreign import ranges
from tests.pages import real_tables
from tests.yahoo import random_walk

PRICES = list(candles.PRICES)
BARS = pd.DataFrame(
    {"open": 100.0, "high": 102.0, "low": 98.0, "close": 101.0, "volume": 5.0, "dividends": 0.0, "stock_splits": 0.0},
    index=pd.date_range("2024-01-01", periods=100),
)[list(candles.COLUMNS)]


@pytest.mark.parametrize("change", [{"close": 104.5}, {"close": 96.5}, {"open": 104.5}, {"open": 96.5}])
def test_up_to_one_bar_in_twenty_may_lie_outside_its_range(change: dict[str, float]) -> None:
    bars = BARS.copy()
    bars.loc[bars.index[:5], list(change)] = list(change.values())
    ranges.require(bars)
    bars.loc[bars.index[5], list(change)] = list(change.values())
    with pytest.raises(SisepanError) as refused:
        ranges.require(bars)
    assert refused.value.message == ranges.COLUMNS_UNLIKE
    assert refused.value.values == {"count": 6, "date": "2024-01-01"}


def test_a_percent_outside_is_rounding_on_some_days_and_for_rates_and_a_missing_range_is_none() -> None:
    late = BARS.assign(close=102.9)
    ranges.require(late, "USDKRW")
    ranges.require(pd.concat([late.iloc[:8], BARS.iloc[8:]]), "005930")
    with pytest.raises(SisepanError) as refused:
        ranges.require(pd.concat([late.iloc[:9], BARS.iloc[9:]]), "005930")
    assert refused.value.message == ranges.COLUMNS_UNLIKE
    for missing in (float("nan"), 0.0):
        ranges.require(BARS.assign(close=200.0, high=missing, low=missing))


def test_single_bars_whose_high_is_below_their_low_are_marked_and_many_are_refused() -> None:
    bars = BARS.copy()
    bars.loc[bars.index[3], "high"] = 90.0
    ranges.require(bars)
    assert candles.upside_down(bars["high"].to_numpy(), bars["low"].to_numpy()).nonzero()[0].tolist() == [3]
    bars.loc[bars.index[7], "high"] = 90.0
    with pytest.raises(SisepanError) as refused:
        ranges.require(bars)
    assert refused.value.message == ranges.COLUMNS_SWAPPED


@pytest.mark.parametrize("seed", range(3))
def test_the_close_of_the_day_before_is_none_of_the_day(seed: int) -> None:
    bars = random_walk(pd.bdate_range("2024-01-02", periods=300), seed)
    ranges.require(bars, "005930")
    with pytest.raises(SisepanError):
        ranges.require(bars.assign(close=bars["close"].shift(1).fillna(bars["close"])), "005930")


def test_a_range_rounded_to_cents_is_no_other_range() -> None:
    exact = random_walk(pd.bdate_range("2024-01-02", periods=500), 7)[["open", "high", "low", "close"]]
    exact *= 2 / exact["close"].iloc[0]
    ranges.require(exact.assign(**exact[["open", "high", "low"]].round(2)), "KODK")


def test_every_real_history_is_sound_and_none_is_with_the_closes_of_the_day_before() -> None:
    for ticker, bars in real_tables().items():
        ranges.require(bars, ticker)
        assert not list(ranges.broken(bars))
        with pytest.raises(SisepanError):
            ranges.require(bars.assign(close=bars["close"].shift(1).fillna(bars["close"])), ticker)


def long_before(bars: pd.DataFrame) -> pd.DataFrame:
    """Seven years of other bars, then these."""
    days = pd.bdate_range(end=bars.index[0] - pd.Timedelta(days=1), periods=1_800)
    before = random_walk(days, 3)[PRICES]
    return pd.concat([before * bars["close"].iloc[0] / before["close"].iloc[-1], bars[PRICES]])


@pytest.mark.parametrize("rows", [slice(-120, None), slice(0, 120)])
def test_columns_that_are_wrong_in_a_part_of_a_long_history_are_no_single_errors(rows: slice) -> None:
    for ticker, real in real_tables().items():
        bars = long_before(real.astype("float64"))
        ranges.require(bars, ticker)
        those = bars.index[-len(real) :][rows]
        of_the_day_before = bars["close"].shift(1)[those]
        for wrong in ({"close": of_the_day_before}, {"low": bars["close"][those], "close": bars["low"][those]}):
            changed = bars.copy()
            changed.loc[those, list(wrong)] = pd.DataFrame(wrong)
            with pytest.raises(SisepanError) as refused:
                ranges.require(changed, ticker)
            assert refused.value.message == ranges.COLUMNS_UNLIKE
            assert those[0] <= pd.Timestamp(str(refused.value.values["date"])) <= those[-1]


@pytest.mark.parametrize("rows", [slice(None), slice(-120, None), slice(0, 100)])
def test_open_and_close_are_told_by_the_nights_between_them(rows: slice) -> None:
    for ticker, real in real_tables().items():
        bars = long_before(real.astype("float64"))
        for right in (real, bars):
            ranges.require(right, ticker)
        those = bars.index[-len(real) :][rows]
        bars.loc[those, ["open", "close"]] = bars.loc[those, ["close", "open"]].to_numpy()
        with pytest.raises(SisepanError) as refused:
            ranges.require(bars, ticker)
        assert refused.value.message == ranges.OPEN_IS_CLOSE


@pytest.mark.parametrize("seed", range(5))
def test_opens_that_tell_nothing_are_accepted(seed: int) -> None:
    random = np.random.default_rng(seed)
    bars = random_walk(pd.bdate_range("2010-01-04", periods=3_000), seed)[PRICES]
    close = bars["close"]
    opens = {
        "the close": close,
        "the close of the day before": close.shift(1).fillna(close),
        "any price of the day": bars["low"] + (bars["high"] - bars["low"]) * random.uniform(0, 1, len(bars)),
        "none": close * 0,
        "none on halted days": close.where(random.uniform(0, 1, len(bars)) < 0.5, 0.0),
    }
    for opened in opens.values():
        every = pd.concat([opened, close], axis=1)
        flat = bars.assign(open=opened, high=every.max(axis=1).clip(bars["high"]), low=every.min(axis=1))
        for days in (slice(None), slice(0, 61), slice(0, 10)):
            ranges.require(flat.iloc[days], "005930")
    still = bars.assign(**dict.fromkeys(PRICES, 100.0))
    ranges.require(still, "005930")


@pytest.mark.parametrize("aside", [0.004, 0.006, 0.008])
def test_what_moves_at_night_alone_has_no_columns_interchanged(aside: float) -> None:
    """As a share in Seoul of an index of American shares: open and close lie about one value, and tell nothing."""
    for seed in range(8):
        random = np.random.default_rng(seed)
        value = random.normal(0, 0.012, 5_000).cumsum()
        opened, close = (np.exp(value + random.normal(0, aside, 5_000)) * 20_000 for _ in range(2))
        days = pd.bdate_range("2005-01-03", periods=5_000)
        high, low = np.maximum(opened, close), np.minimum(opened, close)
        bars = pd.DataFrame({"open": opened, "high": high, "low": low, "close": close}, days)
        for part in (bars, bars.iloc[:62], bars.iloc[:300]):
            ranges.require(part, "360750")


UNITS: dict[str, tuple[slice, float]] = {
    "newest": (slice(-90, None), 100.0),
    "oldest": (slice(0, 90), 1 / 1300),
    "one": (slice(200, 201), 5.5),
    "to and fro": (slice(100, 200, 2), 100.0),
}


@pytest.mark.parametrize("ticker", ["USDKRW", "EURUSD", "^KS11", "AAPL", "005930"])
@pytest.mark.parametrize("unit", UNITS)
def test_a_unit_that_changes_is_told_by_rates_and_indices_and_to_and_fro_by_all(ticker: str, unit: str) -> None:
    bars = random_walk(pd.bdate_range("2023-01-02", periods=400), 4)[PRICES] / 50
    ranges.require(bars, ticker)
    rows, factor = UNITS[unit]
    changed = bars.copy()
    changed.loc[changed.index[rows], PRICES] *= factor
    if ticker not in {"AAPL", "005930"} or unit == "to and fro":
        with pytest.raises(SisepanError) as refused:
            ranges.require(changed, ticker)
        assert refused.value.message == ranges.OTHER_UNIT
    else:
        ranges.require(changed, ticker)


def test_a_jump_across_a_long_gap_and_steps_of_a_penny_stock_are_no_other_unit() -> None:
    bars = random_walk(pd.bdate_range("2023-01-02", periods=400), 4)[PRICES] / 50
    later = bars.set_axis(bars.index + pd.Timedelta(days=700)) * 6
    ranges.require(pd.concat([bars, later]), "^KS11")
    steps = pd.Series([0.0001, 0.0006] * 50, bars.index[:100])
    ranges.require(pd.DataFrame(dict.fromkeys(PRICES, steps)), "ABCD")
    rate = pd.Series([0.1, 0.02, 0.01, 0.05] * 25, bars.index[:100])  # that of a treasury bill
    ranges.require(pd.DataFrame(dict.fromkeys(PRICES, rate)), "^IRX")


def test_a_close_far_outside_its_day_is_an_error_of_a_single_bar() -> None:
    bars = BARS.copy()
    bars.loc[bars.index[[3, 7]], "close"] = [10.1, 107.2]
    bars.loc[bars.index[9], "open"] = 107.0
    ranges.require(bars)
    (far,) = ranges.broken(bars)
    assert (far.where.nonzero()[0].tolist(), far.message) == ([3, 7], ranges.FAR)


@pytest.mark.parametrize(("ticker", "worth"), [("USDKRW", 1371.2), ("JPYKRW", 9.1), ("EURKRW", 1590.5)])
def test_a_rate_upside_down_is_none(ticker: str, worth: float) -> None:
    prices = BARS[["open", "high", "low", "close"]] / 100
    ranges.require(prices * worth, ticker)
    ranges.require(prices / 1371.2, "KRWUSD")
    ranges.require(prices * 0.0015, "IRRKRW")
    with pytest.raises(SisepanError) as refused:
        ranges.require(prices / 1371.2, ticker)
    assert refused.value.message == ranges.UPSIDE_DOWN_RATE


@pytest.mark.parametrize(
    ("ticker", "one", "hundred"), [("JPYKRW", 15.2, 86.0), ("IDRKRW", 0.33, 7.1), ("VNDKRW", 0.1, 5.2)]
)
def test_a_rate_of_a_hundred_is_none_of_one(ticker: str, one: float, hundred: float) -> None:
    ranges.require(BARS[["open", "high", "low", "close"]] * one / 102, ticker)
    ranges.require(BARS * hundred, "USDKRW")
    with pytest.raises(SisepanError) as refused:
        ranges.require(BARS[["open", "high", "low", "close"]] * hundred / 98, ticker)
    assert refused.value.message == ranges.PER_HUNDRED
    assert ticker[:3] in str(refused.value)
