"""Prices that count dividends too, checked by another way: by what an owner has who is paid and stays invested."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from finance_core.bars import adjustment, candles


def bars_of(closes: list[float], dividends: list[float]) -> pd.DataFrame:
    days = pd.date_range("2024-01-01", periods=len(closes)).to_numpy()
    rows = [
        [close, close * 1.02, close * 0.97, close, 100, paid, 0] for close, paid in zip(closes, dividends, strict=True)
    ]
    return candles.frame(days, np.array(rows, dtype="float64"))


HISTORIES = st.lists(
    st.tuples(st.floats(10, 1000), st.one_of(st.just(0.0), st.floats(0.01, 9.0))), min_size=2, max_size=60
).map(lambda rows: bars_of([close for close, _ in rows], [paid for _, paid in rows]))


@given(HISTORIES)
def test_each_move_is_that_from_the_close_before_less_the_dividend(bars: pd.DataFrame) -> None:
    adjusted, impossible = adjustment.total_return(bars)
    assert impossible == []
    moves = bars["close"].to_numpy()[1:] / (bars["close"].to_numpy()[:-1] - bars["dividends"].to_numpy()[1:])
    compounded = np.cumprod(np.concatenate([[1.0], moves]))
    expected = compounded / compounded[-1] * bars["close"].iloc[-1]
    assert adjusted["close"].to_numpy() == pytest.approx(expected, rel=1e-9)


@given(HISTORIES)
def test_a_bar_keeps_its_shape_its_volume_and_its_dividend(bars: pd.DataFrame) -> None:
    adjusted, _ = adjustment.total_return(bars)
    for column in ("open", "high", "low"):
        assert (adjusted[column] / adjusted["close"]).tolist() == pytest.approx((bars[column] / bars["close"]).tolist())
    kept = [*candles.CORPORATE_ACTIONS, "volume"]
    pd.testing.assert_frame_equal(adjusted[kept], bars[kept])


def test_the_last_prices_and_a_history_without_dividends_stay_as_they_are() -> None:
    bars = bars_of([100, 95, 110], [0, 10, 0])
    assert adjustment.total_return(bars)[0].iloc[-1].to_dict() == bars.iloc[-1].to_dict()
    plain = bars_of([100, 95], [5, 0])
    pd.testing.assert_frame_equal(adjustment.total_return(plain)[0], plain)
    assert adjustment.total_return(candles.empty())[0].empty


@pytest.mark.parametrize("paid", [100.0, 250.0])
def test_a_dividend_that_no_price_can_bear_is_left_out_and_told(paid: float) -> None:
    adjusted, impossible = adjustment.total_return(bars_of([100, 95, 90], [0, paid, 9]))
    assert adjusted["close"].tolist() == pytest.approx([100 * (1 - 9 / 95), 95 * (1 - 9 / 95), 90])
    assert [(remark.date, remark.reason) for remark in impossible] == [
        (pd.Timestamp("2024-01-02"), "dividend impossible")
    ]
