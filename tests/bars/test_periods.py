"""Weeks and months of daily bars, and the window of them to look at."""

import datetime as dt
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from finance_core.bars import candles, periods


@pytest.mark.parametrize(
    ("last", "period", "first"),
    [
        ("2026-11-24", "1W", "2026-11-18"),
        ("2026-11-24", "1M", "2026-10-25"),
        ("2026-11-24", "YTD", "2026-01-01"),
        ("2026-11-24", "10Y", "2016-11-25"),
        ("2024-03-31", "1M", "2024-03-01"),  # February 29 is the 31st of February
        ("2024-02-29", "1Y", "2023-03-01"),
        ("2024-02-29", "3M", "2023-11-30"),
        ("2025-02-28", "1Y", "2024-02-29"),
        ("2024-05-31", "3M", "2024-03-01"),
        ("2024-08-31", "6M", "2024-03-01"),
        ("2024-01-01", "YTD", "2024-01-01"),
        ("2024-12-31", "YTD", "2024-01-01"),
        ("2026-11-24", "MAX", "2000-01-01"),
    ],
)
def test_a_period_begins_on_the_day_after_the_same_day_of_the_earlier_month(
    last: str, period: periods.Period, first: str
) -> None:
    dates = pd.date_range("2000-01-01", last)
    assert dates[periods.period_start(dates, period)] == pd.Timestamp(first)


def test_a_period_that_begins_on_a_closed_day_begins_with_the_next_session() -> None:
    dates = pd.DatetimeIndex(["2026-10-23", "2026-10-26", "2026-11-24"])  # October 25 is a Sunday
    assert periods.period_start(dates, "1M") == 1


@pytest.mark.parametrize("period", periods.PERIOD_OFFSETS)
def test_any_period_of_no_bar_or_a_single_bar_begins_at_the_start(period: periods.Period) -> None:
    assert periods.period_start(pd.DatetimeIndex([]), period) == 0
    assert periods.period_start(pd.DatetimeIndex(["2024-02-29"]), period) == 0


@settings(deadline=None, max_examples=100)
@given(st.lists(st.dates(dt.date(1990, 1, 1), dt.date(2040, 12, 31)), min_size=1, max_size=40, unique=True))
def test_a_longer_period_never_begins_later_and_none_past_the_last_bar(days: list[Any]) -> None:
    dates = pd.DatetimeIndex(sorted(days))
    starts = {period: periods.period_start(dates, period) for period in periods.PERIOD_OFFSETS}

    assert all(0 <= start < len(dates) for start in starts.values())
    assert starts["YTD"] >= starts["1Y"]
    by_length = [start for period, start in starts.items() if period != "YTD"]
    assert by_length == sorted(by_length, reverse=True)
    assert starts["MAX"] == 0


def test_weekly_bars_are_the_weeks_of_the_exchange_dated_by_their_last_session() -> None:
    days = pd.DatetimeIndex(["2025-09-29", "2025-10-01", "2025-10-02", "2025-10-10", "2025-10-13"], name="date")
    daily = pd.DataFrame(
        {
            "open": [10.0, 11, 12, 13, 14],
            "high": [15.0, 11, 19, 13, 14],
            "low": [9.0, 5, 12, 12, 14],
            "close": [11.0, 12, 13, 12, 14],
            "volume": [1, 2, 3, 4, 5],
            "dividends": [0.0, 100, 50, 0, 0],
            "stock_splits": [2.0, 0, 5, 0, 0],
        },
        index=days,
    )
    weekly = periods.resample(daily, "W")
    assert weekly.index.tolist() == [days[2], days[3], days[4]]
    assert weekly.iloc[0].tolist() == [10, 19, 5, 13, 6, 150, 10]
    assert weekly.iloc[1].tolist() == [13, 13, 12, 12, 4, 0, 0]
    assert weekly.index.name == "date"
    assert periods.resample(daily, "M").index.tolist() == [days[0], days[4]]
    pd.testing.assert_frame_equal(periods.resample(daily, "D"), daily)
    assert periods.resample(candles.empty(), "W").empty


@settings(deadline=None, max_examples=30)
@given(
    st.lists(st.dates(dt.date(2020, 1, 1), dt.date(2024, 12, 31)), min_size=1, unique=True), st.sampled_from(["W", "M"])
)
def test_resampling_loses_no_volume_and_no_extreme(days: list[dt.date], interval: periods.Interval) -> None:
    rows = [[100, 110 + day.day, 90 - day.day, 105, 1000, 0, 0] for day in sorted(days)]
    daily = candles.frame(pd.DatetimeIndex(sorted(days)).to_numpy(), np.array(rows, dtype="float64"))
    resampled = periods.resample(daily, interval)
    assert list(resampled.columns) == candles.COLUMNS
    assert resampled["volume"].sum() == daily["volume"].sum()
    assert resampled["high"].max() == daily["high"].max()
    assert resampled["low"].min() == daily["low"].min()
    assert resampled["close"].iloc[-1] == daily["close"].iloc[-1]
    assert set(resampled.index) <= set(daily.index)


@pytest.mark.parametrize(
    ("first", "last", "expected"),
    [
        ("2024-01-03", "2024-01-05", (1, 2)),
        ("2020-01-01", "2030-01-01", (0, 3)),
        ("2024-01-06", "2024-01-07", (2, 2)),  # a weekend: the bar before
        ("2019-01-01", "2019-02-01", (0, 0)),
        ("2031-01-01", "2032-01-01", (3, 3)),
    ],
)
def test_a_range_of_days_is_a_range_of_bars(first: str, last: str, expected: tuple[int, int]) -> None:
    dates = pd.DatetimeIndex(["2024-01-02", "2024-01-03", "2024-01-05", "2024-01-08"])
    assert periods.window(dates, pd.Timestamp(first), pd.Timestamp(last)) == expected
    assert periods.window(dates[:0], pd.Timestamp(first), pd.Timestamp(last)) == (0, 0)


def test_a_week_spans_monday_to_sunday_and_a_month_its_days() -> None:
    day = pd.Timestamp(2026, 11, 18)
    assert periods.span(day, "W") == (pd.Timestamp(2026, 11, 16), pd.Timestamp(2026, 11, 22))
    assert periods.span(day, "M") == (pd.Timestamp(2026, 11, 1), pd.Timestamp(2026, 11, 30))
