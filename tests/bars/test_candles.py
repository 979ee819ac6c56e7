"""Cleaning bars."""

import datetime as dt
import math
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from finance_core.bars import candles
from finance_core.bars.candles import Remark
from tests.conftest import KRX

FULL_DAY = {"open": 100.0, "high": 110.0, "low": 90.0, "close": 105.0, "volume": 1000.0}
NOTHING = [0.0, math.nan, None]

# What a source may have in a field: nothing, nonsense, absurdities and, mostly, prices.
_numbers = st.one_of(
    st.sampled_from([0.0, math.nan, -1.0, math.inf, -math.inf, 1e300, -1e308, 2.0**53, 2.0**63, 0.4, 79999.9922]),
    st.floats(1e-4, 1e7),
)
_days = st.one_of(st.dates(dt.date(2024, 2, 26), dt.date(2024, 3, 4)).map(pd.Timestamp), st.just(pd.NaT))


@st.composite
def raw_bars(draw: st.DrawFn) -> pd.DataFrame:
    """Frames as bad as a source could make them, and sometimes without the columns that may be absent."""
    columns = [*candles.PRICES, *draw(st.lists(st.sampled_from(["volume", *candles.CORPORATE_ACTIONS]), unique=True))]
    row = st.tuples(_days, *[_numbers] * len(columns))
    rows = draw(st.lists(row, max_size=10))
    index = pd.DatetimeIndex([row[0] for row in rows], tz=draw(st.sampled_from([None, "Asia/Seoul"])))
    return pd.DataFrame([row[1:] for row in rows], index=index, columns=columns, dtype="float64")


def bar(day: str = "2024-01-02", **fields: Any) -> pd.DataFrame:
    """One raw bar: an ordinary day but for `fields`."""
    return pd.DataFrame({name: [value] for name, value in {**FULL_DAY, **fields}.items()}, index=[pd.Timestamp(day)])


def only_remark(raw: pd.DataFrame) -> tuple[str, str]:
    (remark,) = candles.clean(raw)[1]
    return remark.action, remark.reason


@settings(deadline=None, max_examples=80)
@given(raw_bars())
def test_cleaned_bars_are_valid_whatever_came_in(raw: pd.DataFrame) -> None:
    bars, _ = candles.clean(raw)

    assert list(bars.columns) == candles.COLUMNS
    assert isinstance(bars.index, pd.DatetimeIndex)
    assert bars.index.dtype == "datetime64[ns]"
    assert bars.index.name == "date"
    assert bars.index.is_monotonic_increasing
    assert bars.index.is_unique
    assert (bars.index == bars.index.normalize()).all()
    assert bars["volume"].dtype == "int64"
    assert (bars[["volume", *candles.CORPORATE_ACTIONS]] >= 0).all(axis=None)
    assert (bars[candles.PRICES] > 0).all(axis=None)
    assert np.isfinite(bars.to_numpy()).all()


@settings(deadline=None, max_examples=60)
@given(raw_bars())
def test_cleaning_clean_bars_changes_and_remarks_nothing(raw: pd.DataFrame) -> None:
    once, _ = candles.clean(raw)
    twice, remarks = candles.clean(once)

    pd.testing.assert_frame_equal(twice, once)
    assert remarks == []


@settings(deadline=None, max_examples=80)
@given(raw_bars())
def test_exactly_the_bars_that_changed_or_went_are_remarked_on(raw: pd.DataFrame) -> None:
    bars, remarks = candles.clean(raw)
    refused = [remark.date for remark in remarks if remark.action == "refused"]
    changed = [remark.date for remark in remarks if remark.action == "changed"]
    days = pd.DatetimeIndex(raw.index).tz_localize(None)
    last_of_days = {day: row for day, (_, row) in zip(days, raw.iterrows(), strict=True) if day is not pd.NaT}

    assert len(bars) + len(refused) == len(raw)
    assert sum(day is pd.NaT for day in refused) == days.isna().sum()
    assert set(last_of_days) == set(bars.index) | (set(refused) & set(last_of_days))
    assert changed == [
        day
        for day in bars.index
        if any(not same(name, given, bars.at[day, name]) for name, given in last_of_days[day].items())
    ]


def same(name: str, given: float, kept: float) -> bool:
    """Whether a field was kept as it was given; no corporate action where none was given is the same."""
    return given == kept or (name in candles.CORPORATE_ACTIONS and math.isnan(given) and kept == 0)


@settings(deadline=None, max_examples=25)
@given(raw_bars())
def test_cleaning_leaves_its_argument_as_it_was(raw: pd.DataFrame) -> None:
    before = raw.copy(deep=True)
    bars, _ = candles.clean(raw)
    bars.loc[:, "close"] = 1.0
    pd.testing.assert_frame_equal(raw, before)


def test_bars_are_sorted_and_the_last_of_a_day_counts() -> None:
    raw = pd.concat([bar("2024-01-03"), bar("2024-01-02", close=101.0), bar("2024-01-02", close=102.0)])
    bars, remarks = candles.clean(raw)

    assert bars["close"].to_dict() == {pd.Timestamp(2024, 1, 2): 102.0, pd.Timestamp(2024, 1, 3): 105.0}
    assert remarks == [Remark(pd.Timestamp(2024, 1, 2), "refused", "duplicate")]


def test_bars_of_one_day_at_different_times_are_duplicates_in_the_order_of_time() -> None:
    raw = pd.concat([bar("2024-01-02 15:30", close=102.0), bar("2024-01-02 09:00", close=101.0)])
    bars, remarks = candles.clean(raw)

    assert bars["close"].tolist() == [102.0]
    assert [remark.reason for remark in remarks] == ["duplicate"]


@pytest.mark.parametrize("nothing", NOTHING)
@pytest.mark.parametrize("volume", NOTHING)
def test_a_halted_day_becomes_a_flat_bar_at_its_close(nothing: float | None, volume: float | None) -> None:
    raw = bar(open=nothing, high=nothing, low=nothing, volume=volume)
    bars, remarks = candles.clean(raw)

    assert bars.iloc[0].tolist() == [105.0, 105.0, 105.0, 105.0, 0, 0, 0]
    assert remarks == [Remark(pd.Timestamp(2024, 1, 2), "changed", "halted")]


def test_a_traded_day_without_an_open_opens_at_its_close() -> None:
    bars, _ = candles.clean(bar(open=0.0))
    assert bars.iloc[0][candles.PRICES].tolist() == [105.0, 110.0, 90.0, 105.0]
    assert only_remark(bar(open=0.0)) == ("changed", "open missing")


@pytest.mark.parametrize("close", [*NOTHING, -1.0, math.inf, "n/a"])
def test_a_bar_without_a_positive_finite_close_is_refused(close: object) -> None:
    bars, remarks = candles.clean(pd.concat([bar("2024-01-02", close=close), bar("2024-01-03")]))

    assert bars.index.tolist() == [pd.Timestamp(2024, 1, 3)]
    assert remarks == [Remark(pd.Timestamp(2024, 1, 2), "refused", "no close")]


def test_a_bar_whose_high_is_below_its_low_is_refused_but_not_for_rounding() -> None:
    assert only_remark(bar(high=80.0)) == ("refused", "upside down")
    assert candles.clean(bar(high=80.0))[0].empty
    assert candles.clean(bar(high=90.0 * (1 - 1e-8)))[1] == []


def test_a_bar_without_a_date_is_refused_and_reported_first() -> None:
    raw = pd.concat([bar("2024-01-02", close=0.0), bar().set_axis([pd.NaT])])
    bars, remarks = candles.clean(raw)

    assert bars.empty
    assert [(remark.action, remark.reason) for remark in remarks] == [("refused", "no date"), ("refused", "no close")]
    assert remarks[0].date is pd.NaT


@pytest.mark.parametrize("nothing", NOTHING)
def test_a_missing_high_or_low_is_the_furthest_price_known(nothing: float | None) -> None:
    bars, _ = candles.clean(bar(high=nothing))
    assert bars.iloc[0][candles.PRICES].tolist() == [100.0, 105.0, 90.0, 105.0]
    bars, _ = candles.clean(bar(low=nothing))
    assert bars.iloc[0][candles.PRICES].tolist() == [100.0, 110.0, 100.0, 105.0]
    assert only_remark(bar(low=nothing)) == ("changed", "range missing")


def test_a_published_range_that_does_not_hold_open_and_close_stays_as_it_is() -> None:
    bars, remarks = candles.clean(bar(high=104.0, low=101.0))

    assert bars.iloc[0][candles.PRICES].tolist() == [100.0, 104.0, 101.0, 105.0]
    assert remarks == []


@pytest.mark.parametrize("volume", [math.nan, -1, math.inf, 1e300, 2**53, 2**63 - 1, "n/a"])
def test_a_volume_that_cannot_be_is_zero(volume: object) -> None:
    bars, _ = candles.clean(bar(volume=volume))
    assert bars["volume"].item() == 0
    assert only_remark(bar(volume=volume)) == ("changed", "volume mended")


def test_the_largest_volume_a_float_tells_apart_is_kept() -> None:
    bars, remarks = candles.clean(bar(volume=2**53 - 1))
    assert bars["volume"].item() == 2**53 - 1
    assert remarks == []


@pytest.mark.parametrize("column", candles.CORPORATE_ACTIONS)
def test_an_event_is_kept_or_absent_and_reported_only_where_it_cannot_be(column: str) -> None:
    for amount, kept, remarked in [(2.5, 2.5, False), (math.nan, 0.0, False), (-1.0, 0.0, True), (math.inf, 0.0, True)]:
        bars, remarks = candles.clean(bar(**{column: amount}))
        assert bars[column].item() == kept
        assert [remark.reason for remark in remarks] == ["corporate action mended"] * remarked


def test_one_bar_with_many_faults_is_remarked_on_once_with_the_weightiest() -> None:
    assert only_remark(bar(open=0.0, high=95.0, volume=-1, dividends=-1.0)) == ("changed", "open missing")


def test_columns_that_may_be_absent_are_zero_and_no_fault_of_a_bar() -> None:
    bars, remarks = candles.clean(bar().drop(columns="volume"))
    assert bars[["volume", *candles.CORPORATE_ACTIONS]].iloc[0].tolist() == [0, 0, 0]
    assert remarks == []


def test_days_with_a_time_zone_are_the_days_of_that_zone() -> None:
    raw = bar("2024-01-02").tz_localize("Asia/Seoul")  # 15:00 of the day before in UTC
    assert candles.clean(raw)[0].index.tolist() == [pd.Timestamp(2024, 1, 2)]


@pytest.mark.parametrize("dtype", ["object", "str", "int64", "Int64", "int64[pyarrow]"])
def test_numbers_are_understood_in_any_type_of_column(dtype: str) -> None:
    raw = bar().astype("int64").astype(dtype)
    bars, remarks = candles.clean(raw)
    pd.testing.assert_frame_equal(bars, candles.clean(bar())[0])
    assert remarks == []


def test_missing_values_are_understood_in_any_type_of_column() -> None:
    for values in (pd.array([None], "Int64"), pd.array([None], "int64[pyarrow]"), pd.array([None], "str"), [None]):
        assert only_remark(bar(open=values[0])) == ("changed", "open missing")
        assert only_remark(bar().assign(open=values)) == ("changed", "open missing")


def test_no_bars_are_clean() -> None:
    for raw in (candles.empty(), candles.empty()[candles.PRICES], candles.empty().astype("object")):
        bars, remarks = candles.clean(raw)
        pd.testing.assert_frame_equal(bars, candles.empty(), check_freq=False)
        assert remarks == []


@pytest.mark.parametrize(
    ("raw", "sentence"),
    [
        (bar().drop(columns=["open", "close"]), "bars lack the columns open, close"),
        (bar().reset_index(), "bars are not indexed by dates"),
        (bar().set_axis(["2024-01-02"]), "bars are not indexed by dates"),
        (pd.concat([bar(), bar()], axis=1), "bars have a column twice"),
    ],
)
def test_frames_that_are_no_bars_are_refused_with_a_sentence(raw: pd.DataFrame, sentence: str) -> None:
    with pytest.raises(ValueError, match=f"^{sentence}$"):
        candles.clean(raw)


@pytest.mark.skipif(not KRX.exists(), reason=f"no real prices at {KRX}")
def test_of_real_prices_only_halted_days_are_changed() -> None:
    halted_tickers = set()
    for path in sorted(KRX.glob("[0-9]*.csv")):
        raw = pd.read_csv(path, index_col="date", parse_dates=True)
        bars, remarks = candles.clean(raw)
        halted = raw.index[(raw["open"] == 0) & (raw["volume"] == 0)]

        assert [remark.date for remark in remarks if remark.reason == "halted"] == halted.tolist()
        assert len(remarks) == len(halted)
        assert (bars.drop(halted)[candles.PRICES] == raw.drop(halted)[candles.PRICES]).all(axis=None)
        assert (bars["close"] == raw["close"]).all()
        halted_tickers |= {path.stem} if len(halted) else set()
    assert halted_tickers == {"000040", "000670", "001465", "003920", "012170", "058450", "086520"}
