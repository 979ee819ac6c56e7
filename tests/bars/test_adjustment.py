"""Splits that prices do not reflect; and prices that count dividends too, checked by what an owner has."""

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


def split_bars(splits: dict[int, float], jumps: dict[int, float]) -> pd.DataFrame:
    """Bars that move by a hundredth a day, and by a further factor on the days of `jumps`."""
    factor = np.ones(20)
    for position, jump in jumps.items():
        factor[position:] /= jump
    close = 1000 * 1.01 ** np.arange(20) * factor
    split_column = np.array([splits.get(position, 0.0) for position in range(20)])
    index = pd.bdate_range("2024-01-01", periods=20, name="date", unit="ns").to_numpy()
    return candles.frame(
        index, np.column_stack([close, close, close, close, np.full(20, 100), np.zeros(20), split_column])
    )


@pytest.mark.parametrize("split", [2.0, 5.0, 50.0, 1.5, 0.1, 0.5])
def test_a_split_that_prices_do_not_reflect_is_applied_to_what_was_before_it(split: float) -> None:
    expected = split_bars({7: split}, {})
    adjusted, remarks = adjustment.split_adjusted(split_bars({7: split}, {7: split}))
    np.testing.assert_allclose(
        adjusted["close"] / adjusted["close"].iloc[-1], expected["close"] / expected["close"].iloc[-1]
    )
    assert adjusted["volume"].tolist() == [round(100 * split)] * 7 + [100] * 13
    assert [(remark.date, remark.reason) for remark in remarks] == [(expected.index[7], "split applied")]


@pytest.mark.parametrize(
    ("splits", "jumps"),
    [
        ({7: 5.0}, {}),  # reflected already
        ({7: 5.0}, {8: 5.0}),  # a fall of another day
        ({7: 2.0}, {7: 1.2}),  # a bad day
        ({7: 1.05}, {7: 1.05}),  # too small to be told from a day's own move
        ({0: 5.0}, {}),
        ({}, {7: 5.0}),  # a crash
    ],
)
def test_nothing_is_applied_where_prices_do_not_fall_by_the_split(
    splits: dict[int, float], jumps: dict[int, float]
) -> None:
    bars = split_bars(splits, jumps)
    adjusted, remarks = adjustment.split_adjusted(bars)
    assert not remarks
    pd.testing.assert_frame_equal(adjusted, bars)


def test_two_splits_are_both_applied_and_a_second_look_finds_none() -> None:
    adjusted, remarks = adjustment.split_adjusted(split_bars({5: 2.0, 12: 10.0}, {5: 2.0, 12: 10.0}))
    assert len(remarks) == 2
    assert adjusted["close"].pct_change().abs().max() < 0.02
    assert adjustment.split_adjusted(adjusted)[1] == []
