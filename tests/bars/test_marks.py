"""Which bars of a chart have a mark."""

import pandas as pd
import pytest

from finance_core.bars import candles, marks, periods
from finance_core.bars.marks import Noted
from finance_core.bars.periods import Interval
from tests import pages


@pytest.fixture
def bars() -> pd.DataFrame:
    return candles.clean(pages.made_table(halted=3))[0]


def test_high_and_low_are_those_of_the_last_52_weeks_and_not_of_older_bars(bars: pd.DataFrame) -> None:
    year = bars[bars.index > bars.index[-1] - pd.DateOffset(weeks=52)]
    before = year.index[0] - pd.Timedelta(days=1)
    older = bars.copy()
    older.loc[:before, "high"] *= 100
    older.loc[:before, "low"] /= 100
    found = marks.positions(older, marks.noted(older))
    assert bars["high"].iloc[found["high"]].tolist() == [year["high"].max()]
    assert bars["low"].iloc[found["low"]].tolist() == [year["low"].min()]


@pytest.mark.parametrize("interval", ["W", "M"])
def test_high_and_low_of_longer_bars_are_those_of_days(bars: pd.DataFrame, interval: Interval) -> None:
    """The bar in which the 52 weeks begin has older days too, and so has the bar of a jump."""
    first = bars.index[bars.index > bars.index[-1] - pd.DateOffset(weeks=52)][0]
    older = bars.copy()
    older.loc[first - pd.Timedelta(days=20) : first - pd.Timedelta(days=1), "high"] *= 100
    jump = bars.index[-30]
    for noted, since in ((marks.noted(older), first), (marks.noted(older, jumps=[jump]), jump)):
        low, high = bars.loc[since:, "low"].min(), bars.loc[since:, "high"].max()
        longer = periods.resample(older, interval)
        found = marks.positions(longer, noted)
        assert (noted.extremes["low"][1], noted.extremes["high"][1]) == (low, high)
        day, (position,) = noted.extremes["high"][0], found["high"]
        assert longer.index[position - 1] < day <= longer.index[position]


def test_halted_are_flat_bars_without_volume_where_volume_is_told(bars: pd.DataFrame) -> None:
    assert marks.positions(bars)["halted"].tolist() == [*range(len(bars) - 8, len(bars) - 5)]
    rates = bars.assign(volume=0, open=bars["close"], high=bars["close"], low=bars["close"])
    assert marks.positions(rates)["halted"].tolist() == [], "an exchange rate has no volume on any day"


def test_a_refused_bar_is_marked_on_the_next_one_unless_its_day_has_one_by_now(bars: pd.DataFrame) -> None:
    days = pd.DatetimeIndex(bars.index)
    weekend = next(day for day in pd.date_range(days[10], days[-1]) if day not in days)
    after = int(days.searchsorted(weekend))
    late = days[-1] + pd.Timedelta(days=3)
    assert marks.positions(bars, Noted([weekend, weekend, days[20], late]))["refused"].tolist() == [after]


def test_no_bars_have_no_marks() -> None:
    assert {len(found) for found in marks.positions(candles.empty()).values()} == {0}
