"""What the visible bars did, in one line."""

import pandas as pd

from finance_core.bars import candles, periods
from finance_core.ui.viewer import summary
from tests import pages

BARS = candles.clean(pages.made_table(halted=0))[0]


def test_it_is_of_the_visible_closes_alone() -> None:
    close, days = BARS["close"], pd.DatetimeIndex(BARS.index)
    seen = close.iloc[100:151]
    fall = (seen / seen.cummax() - 1).min()
    line = summary.of(close, days, (100, 150))
    assert line.startswith(f"보이는 기간 {seen.iloc[-1] / seen.iloc[0] - 1:+.2%} · 최대 낙폭 {fall:+.2%} · 변동성 ")
    assert "연환산" not in line, "half a year is no year"
    assert "연환산" in summary.of(close, days, (0, len(days) - 1))


def test_of_weeks_and_months_it_measures_from_the_close_of_the_first_as_the_chart_does() -> None:
    days = pd.DatetimeIndex(periods.resample(BARS, "M").index)
    line = summary.of(BARS["close"], days, (5, 7))
    assert f"{BARS['close'][days[7]] / BARS['close'][days[5]] - 1:+.2%}" in line


def test_nothing_is_measured_across_a_jump() -> None:
    close, days = BARS["close"], pd.DatetimeIndex(BARS.index)
    line = summary.of(close, days, (100, 150), [days[90], days[120], days[140], days[160]])
    assert line.startswith(f"{days[140]:%Y-%m-%d}부터 {close.iloc[150] / close.iloc[140] - 1:+.2%}")
    assert summary.of(close, days, (140, 150), [days[140]]) == summary.of(close, days, (140, 150))


def test_one_bar_has_no_volatility() -> None:
    assert summary.of(BARS["close"], pd.DatetimeIndex(BARS.index), (9, 9)) == (
        "보이는 기간 0.00% · 최대 낙폭 0.00% · 변동성 –"
    )
