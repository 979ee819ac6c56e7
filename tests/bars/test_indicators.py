"""The table of indicators: every row is whole, never looks ahead, and is read from addresses."""

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from finance_core.bars import candles, curves
from finance_core.bars.curves import Chosen, compute, drawn_at, parse, text_of, usual
from finance_core.bars.formulas import Floats
from finance_core.bars.indicators import INDICATORS
from tests.bars.test_formulas import made_bars

ROWS = list(INDICATORS)


def columns_of(bars: pd.DataFrame) -> dict[str, Floats]:
    return {name: bars[name].to_numpy(dtype="float64") for name in ("open", "high", "low", "close", "volume")}


def settings_of(key: str) -> st.SearchStrategy[Chosen]:
    """The indicator with any settings that can be chosen, with windows that end within the bars of a test."""
    row = INDICATORS[key]
    numbers = [
        st.integers(int(one.least), 60) if one.step == 1 else st.floats(one.least, one.most) for one in row.settings
    ]
    return st.tuples(*numbers).map(lambda values: Chosen(key, values)).filter(lambda one: not curves.problem_of(one))


@pytest.mark.parametrize("key", ROWS)
def test_a_row_is_whole(key: str) -> None:
    row = INDICATORS[key]
    assert row.key == key
    assert re.fullmatch("[a-z][a-z0-9_]*", key)
    assert all([row.name, row.definition, row.source])
    assert set(row.inputs) <= set(candles.COLUMNS)
    assert all(one.least <= one.default <= one.most for one in row.settings)
    assert len({line.name for line in row.lines}) == len(row.lines)


@pytest.mark.parametrize("key", ROWS)
@settings(deadline=None, max_examples=10)
@given(data=st.data())
def test_what_comes_later_changes_nothing_before_it(key: str, data: st.DataObject) -> None:
    bars, chosen = made_bars(200), data.draw(settings_of(key))
    known = data.draw(st.integers(0, 199))
    poisoned = bars.copy()
    poisoned.iloc[known:] *= data.draw(st.floats(1e-3, 1e3))
    cut, whole = columns_of(bars.iloc[:known]), columns_of(poisoned)
    for alone, followed in zip(compute(chosen, cut), compute(chosen, whole), strict=True):
        np.testing.assert_array_equal(alone, followed[:known])


@pytest.mark.parametrize("key", ROWS)
@settings(deadline=None, max_examples=10)
@given(data=st.data())
def test_values_begin_after_the_warm_up_and_not_before(key: str, data: st.DataObject) -> None:
    chosen = data.draw(settings_of(key))
    warm_up = INDICATORS[key].warm_up(*chosen.values)
    lines = np.array(compute(chosen, columns_of(made_bars(400))))
    assert np.isnan(lines[:, :warm_up]).any(axis=0).all()
    assert np.isfinite(lines[:, warm_up:]).all()


@pytest.mark.parametrize("key", ROWS)
@pytest.mark.parametrize("count", range(5))
def test_a_history_that_is_too_short_has_no_values_and_no_error(key: str, count: int) -> None:
    lines = compute(usual(INDICATORS[key]), columns_of(made_bars(400).iloc[:count]))
    assert [len(values) for values in lines] == [count] * len(INDICATORS[key].lines)


@pytest.mark.parametrize("key", ROWS)
def test_a_bar_without_a_number_counts_as_if_it_were_not_there(key: str) -> None:
    bars = made_bars(200)
    gaps = [0, 50, 51, 120, 199]
    holed = bars.copy()
    holed.iloc[gaps] = np.nan
    alone = compute(usual(INDICATORS[key]), columns_of(bars.drop(index=gaps)))
    for values, expected in zip(compute(usual(INDICATORS[key]), columns_of(holed)), alone, strict=True):
        assert np.isnan(values[gaps]).all()
        np.testing.assert_array_equal(np.delete(values, gaps), expected)


@pytest.mark.parametrize("key", INDICATORS)
def test_an_indicator_without_a_value_says_why(key: str) -> None:
    moving = made_bars(600)
    flat = moving.assign(open=7.0, high=7.0, low=7.0, close=7.0)
    for bars in (moving, flat, moving.assign(volume=0), flat.assign(volume=0), moving.iloc[:1]):
        drawn = curves.curves(bars, [usual(INDICATORS[key])])
        has_values = any((~np.isnan(curve.values)).any() for curve in drawn)
        assert has_values or curves.undrawable(bars, drawn)
    assert not curves.undrawable(moving, curves.curves(moving, [usual(INDICATORS[key])]))


def test_the_leading_spans_go_on_on_the_bars_that_will_follow_and_no_other_line_does() -> None:
    bars, chosen = made_bars(120), usual(INDICATORS["ichimoku"])
    drawn, whole = curves.curves(bars.iloc[:100], [chosen], 30), curves.curves(bars, [chosen])
    for curve, later in zip(drawn, whole, strict=True):
        leads = curve.line.shift(*chosen.values) > 0
        assert len(curve.values) == 130
        assert np.isfinite(curve.values[100:]).sum() == (26 if leads else 0)
        assert curve.values.tolist()[100:120] == pytest.approx(
            later.values[100:].tolist() if leads else [np.nan] * 20, nan_ok=True
        ), "as the days to come will say"
    (short,) = curves.curves(bars.iloc[:5], [chosen], 26)[3:4]
    assert np.isnan(short.values[5:]).all()
    assert len(short.values) == 31


def test_the_spans_of_ichimoku_stand_as_many_bars_off_as_the_base_line_is_long() -> None:
    bars, chosen = made_bars(120), usual(INDICATORS["ichimoku"])
    computed = compute(chosen, columns_of(bars))
    conversion, base, lead_a, lead_b, lagging = [curve.values for curve in curves.curves(bars, [chosen])]
    np.testing.assert_array_equal([conversion, base], computed[:2])
    np.testing.assert_array_equal(lead_a[26:], computed[2][:-26])
    np.testing.assert_array_equal(lead_b[26:], computed[3][:-26])
    assert np.isnan(lead_b[: 51 + 26]).all()
    assert np.isfinite(lead_b[51 + 26 :]).all(), "it ends with the last bar"
    np.testing.assert_array_equal(lagging[:-26], bars["close"].to_numpy()[26:])
    assert np.isnan(lagging[-26:]).all()


@settings(deadline=None)
@given(st.lists(st.floats(allow_nan=False), max_size=6), st.integers(-8, 8))
def test_a_shift_moves_every_value_that_has_a_bar_to_stand_at(values: list[float], shift: int) -> None:
    expected = pd.Series(values, dtype="float64").shift(shift)
    np.testing.assert_array_equal(drawn_at(np.array(values, dtype="float64"), shift), expected)


def test_every_line_of_a_chart_has_a_title_of_its_own() -> None:
    everything = [usual(row) for row in INDICATORS.values()]
    titles = [curve.title for curve in curves.curves(made_bars(5), [*everything, Chosen("ma", (5,))])]
    assert len(set(titles)) == len(titles)


@pytest.mark.parametrize("key", ROWS)
@settings(deadline=None, max_examples=10)
@given(data=st.data())
def test_an_address_names_any_choice_and_is_read_back(key: str, data: st.DataObject) -> None:
    row = INDICATORS[key]
    numbers = [
        st.integers(int(one.least), int(one.most))
        if one.step == 1
        else st.integers(1, int(one.most / one.step)).map(lambda steps, one=one: max(one.least, steps * one.step))
        for one in row.settings
    ]
    usable = st.tuples(*numbers).map(lambda values: Chosen(key, values)).filter(lambda one: not curves.problem_of(one))
    chosen = data.draw(usable)
    (read,), problems = parse(text_of([chosen]))
    assert (read.key, problems) == (key, [])
    assert read.values == pytest.approx(chosen.values)


def test_what_an_address_leaves_out_is_as_usual() -> None:
    assert parse("rsi, macd(5,20,5) ,obv,rsi(14)") == (
        (Chosen("rsi", (14,)), Chosen("macd", (5, 20, 5)), Chosen("obv")),
        [],
    )
    assert parse("none") == parse("") == ((), [])


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("rso(14)", "rso(14)"),
        ("rsi(900)", "2–500"),
        ("rsi(1.5)", "2–500"),
        ("rsi(14,3)", "2–500"),
        ("rsi(14", "rsi(14"),
        ("macd(26,12,9)", "단기"),
        ("bollinger(20,nan)", "bollinger(20,nan)"),
        ("bollinger(20,1e1)", "bollinger(20,1e1)"),
        ("obv(1)", "obv(1)"),
        ("__class__", "__class__"),
        (",", "지표"),
    ],
)
def test_what_an_address_names_wrongly_gets_a_sentence_and_the_rest_is_drawn(text: str, told: str) -> None:
    chosen, problems = parse(f"atr(5),{text}")
    assert chosen == (Chosen("atr", (5,)),)
    assert told in problems[0]


def test_a_chart_has_at_most_so_many_indicators_and_panes() -> None:
    chosen, (problem,) = parse(",".join(f"rsi({window})" for window in range(5, 12)))
    assert len(chosen) == curves.MOST_PANES
    assert str(curves.MOST_PANES) in problem
    chosen, (problem,) = parse(",".join(f"ema({window})" for window in range(5, 40)))
    assert len(chosen) == curves.MOST
    assert str(curves.MOST) in problem


@settings(deadline=None)
@given(st.text(max_size=200))
def test_nothing_that_an_address_says_raises(text: str) -> None:
    chosen, _problems = parse(text)
    assert parse(text_of(chosen)) == (chosen, [])


def test_the_documentation_names_every_indicator_with_its_usual_numbers_and_no_other() -> None:
    text = (Path(__file__).resolve().parents[2] / "docs" / "indicators.md").read_text(encoding="utf-8")
    documented = re.findall(r"^\| `(\w+(?:\([\d.,]+\))?)` \|", text, re.MULTILINE)
    assert documented == [usual(row).text for row in INDICATORS.values()]


def test_lines_begin_anew_after_a_jump() -> None:
    bars, chosen = made_bars(200), [usual(row) for row in INDICATORS.values()]
    whole = curves.curves(bars, chosen, 26, jumps=[80])
    pieces = curves.curves(bars[:80], chosen), curves.curves(bars[80:], chosen, 26)
    for curve, first, second in zip(whole, *pieces, strict=True):
        np.testing.assert_array_equal(curve.values, np.concatenate([first.values, second.values]))
    (average,) = curves.curves(bars, [Chosen("ma", (130,))], jumps=[80])
    assert "130" in curves.undrawable(bars, [average], [80])[average.chosen]
    assert "120" in curves.undrawable(bars, [average], [80])[average.chosen]
