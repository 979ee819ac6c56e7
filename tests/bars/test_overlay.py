"""The closes of another ticker on the bars of a chart."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from finance_core.bars import candles, overlay, periods
from finance_core.bars.periods import Interval
from tests import pages

BARS, OTHER = (candles.clean(pages.made_table(seed, "2025-11-03", halted=0))[0] for seed in (1, 2))
"""A year with the turn of one in it."""


def close_of(dropped: set[int]) -> "pd.Series[float]":
    return OTHER["close"].drop(OTHER.index[sorted(dropped)])


@pytest.mark.slow
@settings(deadline=None)
@given(st.sets(st.integers(0, len(BARS) - 1), max_size=200), st.sampled_from(["D", "W", "M"]))
def test_a_bar_has_the_last_close_of_its_day_week_or_month_and_no_older_one(
    dropped: set[int], interval: Interval
) -> None:
    close = close_of(dropped)
    days = pd.DatetimeIndex(periods.resample(BARS, interval).index)
    drawn = overlay.closes_on(days, close, interval)
    assert drawn.index.equals(days)
    for day, value in drawn.items():
        first = day if interval == "D" else periods.span(day, interval)[0]  # type: ignore[arg-type]
        within = close.loc[first:day]  # type: ignore[misc]
        assert np.isnan(value) if within.empty else value == within.iloc[-1]


def test_a_ticker_that_began_later_or_has_no_price_is_blank() -> None:
    days = pd.DatetimeIndex(BARS.index)
    drawn = overlay.closes_on(days, close_of(set(range(100))), "D")
    assert drawn.iloc[:100].isna().all()
    assert drawn.iloc[100:].notna().all()
    assert overlay.closes_on(days, pd.Series([0.0], index=days[:1]), "D").isna().all()
    assert overlay.closes_on(days, pd.Series(dtype="float64", index=days[:0]), "M").isna().all()


def test_a_week_that_has_just_begun_has_no_close_of_the_week_before() -> None:
    friday, monday, tuesday = pd.DatetimeIndex(["2024-01-05", "2024-01-08", "2024-01-09"])
    bar = pd.DatetimeIndex([tuesday])
    assert overlay.closes_on(bar, pd.Series({friday: 5.0}), "W").isna().all()
    assert overlay.closes_on(bar, pd.Series({friday: 5.0, monday: 6.0}), "W").tolist() == [6.0]
