"""Where what people draw lies on a chart."""

import datetime as dt
import math

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from finance_core.bars import candles, drawings, periods
from finance_core.bars.drawings import Drawing, Point
from finance_core.bars.periods import Interval
from tests import pages

BARS = candles.clean(pages.made_table(halted=0))[0]
DAYS = pd.DatetimeIndex(BARS.index)


def level(day: pd.Timestamp, price: float, drawn: pd.Timestamp) -> Drawing:
    return Drawing("a", "level", (Point(day.date(), price),), drawn.date())


def test_a_split_after_the_drawing_divides_its_price_and_one_before_does_not() -> None:
    splits = BARS["stock_splits"].copy()
    splits[DAYS[100]] = 50.0
    splits[DAYS[200]] = 0.5
    for drawn, price in ((50, 4.0), (150, 200.0), (200, 100.0)):  # the last on the day of the split
        assert drawings.placed(level(DAYS[10], 100.0, DAYS[drawn]), DAYS, splits) == [(10, price)]


@pytest.mark.parametrize("interval", ["W", "M"])
def test_a_day_lies_on_its_own_week_and_month(interval: Interval) -> None:
    day, bars = DAYS[123], periods.resample(BARS, interval)
    on = pd.DatetimeIndex(bars.index)
    ((position, _price),) = drawings.placed(level(day, 1.0, day), on, BARS["stock_splits"])
    first, last = periods.span(pd.Timestamp(bars.index[position]), interval)
    assert first <= day <= last


@pytest.mark.parametrize("interval", ["W", "M"])
def test_a_split_earlier_in_the_same_week_or_month_is_before_the_drawing(interval: Interval) -> None:
    bars = BARS.copy()
    split, drawn = (DAYS.get_loc(pd.Timestamp(day)) for day in ("2024-03-12", "2024-03-13"))
    bars.loc[DAYS[split], "stock_splits"] = 50.0
    on = pd.DatetimeIndex(periods.resample(bars, interval).index)
    ((_position, price),) = drawings.placed(level(DAYS[drawn], 100.0, DAYS[drawn]), on, bars["stock_splits"])
    assert price == 100.0
    ((_position, price),) = drawings.placed(level(DAYS[drawn], 100.0, DAYS[split - 1]), on, bars["stock_splits"])
    assert price == 2.0


def test_days_before_the_first_bar_and_after_the_last_one_lie_at_the_ends() -> None:
    for day, position in ((dt.date(1900, 1, 1), 0), (dt.date(2100, 1, 1), len(BARS) - 1)):
        drawing = Drawing("a", "level", (Point(day, 5.0),), DAYS[-1].date())
        assert drawings.placed(drawing, DAYS, BARS["stock_splits"]) == [(position, 5.0)]


@given(st.floats(1e-6, 1e9))
def test_a_price_is_kept_to_what_a_hand_can_aim_at(price: float) -> None:
    assert math.isclose(drawings.rounded(price), price, rel_tol=1e-6)
    assert len(f"{drawings.rounded(price):.15g}".replace(".", "").strip("0").partition("e")[0]) <= 7


@pytest.mark.parametrize("price", [0.0, -1.0, float("nan"), float("inf")])
def test_what_is_no_price_is_refused(price: float) -> None:
    with pytest.raises(ValueError, match=r"."):
        drawings.rounded(price)
