"""Moving averages."""

import math

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from finance_core.bars.indicators import moving_averages
from finance_core.categories import Average


@settings(deadline=None, max_examples=100)
@given(st.lists(st.floats(1e-4, 1e9), max_size=60), st.integers(1, 20))
def test_a_moving_average_is_the_mean_of_its_window_and_nothing_before(prices: list[float], window: int) -> None:
    averages = moving_averages(pd.Series(prices, dtype="float64"), [Average(window)])[Average(window)]

    assert len(averages) == len(prices)
    assert averages.iloc[: window - 1].isna().all()
    for position in range(window - 1, len(prices)):
        mean = math.fsum(prices[position - window + 1 : position + 1]) / window
        assert averages.iloc[position] == pytest.approx(mean, rel=1e-9)


def test_a_moving_average_forgets_prices_a_trillion_times_higher() -> None:
    """Split-adjusted prices of old can be that high; a running sum must not carry their rounding along."""
    prices = [1e10 * (1 + day % 7) for day in range(200)] + [0.01 * (1 + day % 7) for day in range(70)]
    average = moving_averages(pd.Series(prices), [Average(7)])[Average(7)]
    assert average.iloc[-1] == pytest.approx(0.04, rel=1e-9)


def test_averages_stand_on_the_days_of_the_prices_in_the_order_asked_for() -> None:
    days = pd.date_range("2024-01-01", periods=6, name="date")
    averages = moving_averages(pd.Series([1, 2, 3, 4, 5, 6], index=days), (Average(5), Average(2)))

    assert list(averages) == [Average(5), Average(2)]
    pd.testing.assert_index_equal(averages[Average(5)].index, days)
    assert averages[Average(5)].tolist()[4:] == [3.0, 4.0]


def test_the_first_bar_of_a_window_into_the_history_already_has_its_average() -> None:
    close = pd.Series([float(day) for day in range(1, 31)])
    assert moving_averages(close, [Average(20)])[Average(20)].iloc[-5:].tolist() == [16.5, 17.5, 18.5, 19.5, 20.5]


def test_a_missing_price_leaves_a_gap_as_long_as_its_window_is() -> None:
    averages = moving_averages(pd.Series([1.0, math.nan, 3.0, 5.0]), [Average(2)])[Average(2)]
    assert averages.isna().tolist() == [True, True, True, False]


def test_no_prices_and_no_windows_have_no_averages() -> None:
    close = pd.Series([], dtype="float64", index=pd.DatetimeIndex([], name="date"))
    assert [len(values) for values in moving_averages(close, [Average(5)]).values()] == [0]
    assert moving_averages(pd.Series([1.0, 2.0]), []) == {}
