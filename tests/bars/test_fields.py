"""The fields of conditions: over a whole market they are what the chart of each ticker shows."""

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from finance_core.bars import candles, curves, evaluation, field_values
from finance_core.bars import panel as panels
from finance_core.bars.condition_tree import FieldOf
from finance_core.bars.conditions import parse, parse_value
from finance_core.bars.curves import Chosen
from finance_core.bars.field_values import Source
from finance_core.bars.fields import FIELDS, LEFT_OUT, LINES
from finance_core.bars.indicators import INDICATORS
from finance_core.bars.panel import FIELDS as COLUMNS
from finance_core.bars.panel import Panel
from tests import pages
from tests.yahoo import random_walk


def panel_of(tables: dict[str, pd.DataFrame]) -> Panel:
    bars = {
        ticker: (table.index.to_numpy().astype("datetime64[D]"), {name: table[name].to_numpy() for name in COLUMNS})
        for ticker, table in tables.items()
    }
    return panels.of(bars)


@pytest.fixture(scope="module")
def tables() -> dict[str, pd.DataFrame]:
    """Tickers of very different sizes: a sum that runs over all of them would carry its rounding along."""
    days = pd.bdate_range("2022-01-03", periods=900)
    made = {}
    for number, size in enumerate([1e6, 1e-3, 1e3, 1.0, 1e6, 1e-4]):
        table = candles.clean(random_walk(days[number * 100 :], number))[0]
        table[list(candles.PRICES)] *= size
        table["volume"] = (table["volume"] * (1 if number % 2 else 1000)).astype("int64")
        made[f"{number:06}"] = table.drop(table.index[[50, 51, 120]])
    made["short"] = made["000001"].iloc[:7].copy()
    return made


def values(text: str, panel: Panel) -> Any:
    return evaluation.values(parse_value(text), Source(panel))


def each(panel: Panel, flat: Any) -> dict[str, Any]:
    return {ticker: flat[panel.starts[at] : panel.starts[at + 1]] for at, ticker in enumerate(panel.tickers)}


@pytest.mark.slow
@pytest.mark.parametrize("key", [key for key in INDICATORS if key not in LEFT_OUT])
def test_an_indicator_over_a_market_is_that_of_each_chart(tables: dict[str, pd.DataFrame], key: str) -> None:
    panel = panel_of(tables)
    row = INDICATORS[key]
    names = LINES.get(key, (key,))
    drawn = {ticker: curves.curves(table, [curves.usual(row)]) for ticker, table in tables.items()}
    for position, name in enumerate(names):
        if name not in FIELDS:
            continue
        for ticker, flat in each(panel, values(name, panel)).items():
            expected = drawn[ticker][position].values
            scale = np.nanmax(np.abs(np.append(expected, 1e-12)))
            np.testing.assert_allclose(flat, expected, rtol=1e-9, atol=1e-11 * scale, err_msg=f"{name} {ticker}")


def test_every_line_of_every_indicator_is_a_field_but_what_tells_of_the_future() -> None:
    lines = {name for key, row in INDICATORS.items() for name in LINES.get(key, (key,))}
    assert lines - FIELDS.keys() == {"obv", "ichimoku_lagging"}
    for key, names in LINES.items():
        assert len(names) == len(INDICATORS[key].lines)


EXPECTED = {
    "change5": lambda bars: bars["close"] / bars["close"].shift(5) - 1,
    "gap": lambda bars: bars["open"] / bars["close"].shift(1) - 1,
    "high20": lambda bars: bars["high"].rolling(20).max(),
    "low20": lambda bars: bars["low"].rolling(20).min(),
    "from_high20": lambda bars: bars["close"] / bars["high"].rolling(20).max() - 1,
    "from_low20": lambda bars: bars["close"] / bars["low"].rolling(20).min() - 1,
    "from_ma20": lambda bars: bars["close"] / bars["close"].rolling(20).mean() - 1,
    "value": lambda bars: bars["close"] * bars["volume"],
    "value_ma20": lambda bars: (bars["close"] * bars["volume"]).rolling(20).mean(),
    "volume_ratio20": lambda bars: bars["volume"] / bars["volume"].rolling(20).mean().shift(1),
    "value_ratio20": lambda bars: (v := bars["close"] * bars["volume"]) / v.rolling(20).mean().shift(1),
    "volatility20": lambda bars: np.log(bars["close"]).diff().rolling(20).std() * np.sqrt(252),
    "ago(close, 3)": lambda bars: bars["close"].shift(3),
    "mean(change, 5)": lambda bars: bars["close"].pct_change().rolling(5).mean(),
    "highest(close - open, 9)": lambda bars: (bars["close"] - bars["open"]).rolling(9).max(),
    "lowest(close - open, 9)": lambda bars: (bars["close"] - bars["open"]).rolling(9).min(),
    "abs(change)": lambda bars: bars["close"].pct_change().abs(),
    "count(close > open, 10)": lambda bars: (bars["close"] > bars["open"]).rolling(10).sum(),
    "-close * 50%": lambda bars: -bars["close"] * 0.5,
}


@pytest.mark.parametrize("text", EXPECTED)
def test_a_field_is_what_pandas_makes_of_each_ticker(tables: dict[str, pd.DataFrame], text: str) -> None:
    panel = panel_of(tables)
    for ticker, flat in each(panel, values(text, panel)).items():
        expected = EXPECTED[text](tables[ticker].astype(float)).to_numpy()
        np.testing.assert_allclose(flat, expected, rtol=1e-8, atol=1e-12 * np.nanmax(np.abs(np.append(expected, 0))))


def test_a_change_of_the_calendar_is_against_the_last_close_so_long_ago(tables: dict[str, pd.DataFrame]) -> None:
    panel = panel_of(tables)
    offsets = {
        "change_1w": pd.DateOffset(weeks=1),
        "change_1m": pd.DateOffset(months=1),
        "change_1y": pd.DateOffset(years=1),
    }
    for name, offset in offsets.items():
        for ticker, flat in each(panel, values(name, panel)).items():
            close = tables[ticker]["close"]
            base = close.reindex(close.index - offset, method="ffill").to_numpy()
            np.testing.assert_allclose(flat, close.to_numpy() / base - 1, rtol=1e-12, atol=1e-15, err_msg=name)
    for ticker, flat in each(panel, values("change_ytd", panel)).items():
        close = tables[ticker]["close"]
        years = pd.DatetimeIndex(close.index).year
        base = close.groupby(years).last().shift(1).reindex(years).to_numpy()
        np.testing.assert_allclose(flat, close.to_numpy() / base - 1, rtol=1e-12, atol=1e-15)


def test_a_streak_counts_rises_and_falls_in_a_row() -> None:
    close = [5.0, 6.0, 7.0, 7.0, 6.0, 5.0, 4.0, 5.0]
    days = pd.bdate_range("2024-01-02", periods=len(close))
    table = pd.DataFrame(dict.fromkeys(COLUMNS, close), index=days)
    panel = panel_of({"a": table, "b": table.iloc[5:]})
    assert np.array_equal(values("streak", panel), [np.nan, 1, 2, 0, -1, -2, -3, 1, np.nan, -1, 1], equal_nan=True)


def test_a_value_needs_no_more_bars_than_it_says(tables: dict[str, pd.DataFrame]) -> None:
    """The last value of a panel cut to so many bars is that of the whole one."""
    panel = panel_of(tables)
    for name, row in FIELDS.items():
        if row.unit == "text" or name == "age":
            continue
        node = FieldOf(name, tuple(setting.default for setting in row.settings))
        cut = panel.tail(evaluation.bars_needed(node))
        whole = panel.at_last(evaluation.values(node, Source(panel)), np.nan)
        last = cut.at_last(evaluation.values(node, Source(cut)), np.nan)
        np.testing.assert_allclose(last, whole, rtol=1e-6, err_msg=name)


@pytest.mark.parametrize("name", [name for name, field in FIELDS.items() if field.unit != "text"])
def test_a_ticker_is_another_one_after_a_jump(tables: dict[str, pd.DataFrame], name: str) -> None:
    """Each value is what it would be if the bars before and after a jump were those of two tickers."""
    whole, other, jump = tables["000000"], tables["000001"], 330
    panel = panel_of({"before": other, "whole": whole, "after": other})
    panel = replace(panel, jumps=np.array([len(other) + jump]))
    apart = panel_of({"before": other, "first": whole[:jump], "second": whole[jump:], "after": other})
    field = FIELDS[name]
    settings = [setting.default for setting in field.settings]
    found, expected = (field.compute(Source(each), *settings) for each in (panel, apart))
    # A running sum of the whole panel rounds by the largest values of a ticker.
    np.testing.assert_allclose(found, expected, rtol=1e-9)


def test_texts_and_the_age_of_a_ticker_are_fields(tables: dict[str, pd.DataFrame]) -> None:
    from dataclasses import replace

    panel = panel_of({"000000": tables["000000"], "000001": tables["000001"]})
    texts = {
        "market": np.array(["KOSPI", ""], dtype=object),
        "industry": np.array(["반도체 제조업", "은행"], dtype=object),
    }
    listed = np.array(["2000-01-01", "NaT"], dtype="datetime64[D]")
    panel = replace(panel, texts=texts, listed=listed)
    source = Source(panel)

    def last(text: str) -> list[tuple[bool, bool]]:
        truth = evaluation.truth(parse(text), source)
        return [(bool(truth.holds[at]), bool(truth.fails[at])) for at in panel.last]

    assert last('market == "kospi"') == [(True, False), (False, False)]
    assert last('"반도체" in industry') == [(True, False), (False, True)]
    assert last('ticker != "000001"') == [(True, False), (False, True)]
    assert last("age > 365") == [(True, False), (False, False)]
    assert last('market == "KOSPI" or industry == "은행"') == [(True, False), (True, False)]
    assert last('market == "NYSE" and industry == "은행"') == [(False, True), (False, False)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("close > 1 and ma3 > 0", "UUT"),
        ("close < 1 and ma3 > 0", "FFF"),
        ("close > 1 or ma3 > 0", "TTT"),
        ("close < 1 or ma3 > 0", "UUT"),
        ("not ma3 > 0", "UUF"),
        ("close / 0 > 1", "UUU"),
        ("crossed_above(close, 2.5, 1)", "FTF"),
        ("crossed_above(close, 2.5, 2)", "UTT"),
        ("crossed_above(close, 9, 2)", "UFF"),
        ("crossed_below(3.5, close, 1)", "FFT"),
        ("close == 3", "FTF"),
        ("close * 0.1 * 3 == close * 0.3", "TTT"),
        ("close * 0.1 * 3 > close * 0.3", "FFF"),
    ],
)
def test_what_is_not_known_is_neither_true_nor_false(text: str, expected: str) -> None:
    days = pd.bdate_range("2024-01-02", periods=3)
    panel = panel_of({"a": pd.DataFrame({name: [2.0, 3.0, 4.0] for name in COLUMNS}, index=days)})
    holds, fails = evaluation.truth(parse(text), Source(panel))
    assert "".join("T" if yes else "F" if no else "U" for yes, no in zip(holds, fails, strict=True)) == expected


def test_real_prices_give_what_pandas_gives() -> None:
    tables = {ticker: candles.clean(table)[0] for ticker, table in pages.real_tables().items()}
    panel = panel_of(tables)
    for ticker, flat in each(panel, values("rsi14", panel)).items():
        expected = curves.compute(Chosen("rsi", (14,)), {"close": tables[ticker]["close"].to_numpy()})[0]
        np.testing.assert_allclose(flat, expected, rtol=1e-9)
    assert field_values.YEAR == 252
