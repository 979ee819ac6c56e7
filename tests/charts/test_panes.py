"""Indicators on the chart of one ticker."""

import json
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from finance_core.bars import curves
from finance_core.bars.curves import Chosen, usual
from finance_core.bars.indicators import INDICATORS
from finance_core.charts import candlestick, panes
from finance_core.charts.style import BLUE, RED, Style
from tests.bars.test_formulas import made_bars

BARS = made_bars(200).assign(dividends=0.0, stock_splits=0.0)
BARS.index = pd.bdate_range("2025-01-01", periods=len(BARS), name="date")


def option_of(*chosen: Chosen, **style: object) -> candlestick.Option:
    return candlestick.candlestick(BARS, curves.curves(BARS, chosen), Style(**style))  # type: ignore[arg-type]


@pytest.mark.parametrize("key", INDICATORS)
def test_every_line_is_drawn_in_the_pane_of_its_row_and_read_out_there(key: str) -> None:
    chosen = usual(INDICATORS[key])
    option, plain = option_of(chosen), option_of()
    source = option["dataset"][0]["source"]
    pane = panes.SHARED.get(INDICATORS[key].pane, 2)
    assert len(option["grid"]) == len(option["xAxis"]) == max(pane + 1, 2)
    added = option["series"][len(plain["series"]) :]
    assert {series["xAxisIndex"] for series in added} == {pane}
    for series in added:
        assert option["yAxis"][series["yAxisIndex"]].get("gridIndex") == pane if pane > 1 else True
        assert series["name"] in source.columns
        assert series["encode"]["y"] in (series["name"], [series["name"]])
    read = [entry for entry in option["readout"] if entry not in plain["readout"]]
    assert [entry["column"] for entry in read] == [curve.title for curve in curves.curves(BARS, [chosen])]
    assert {entry["pane"] for entry in read} == {pane}
    json.dumps(option | {"dataset": None}, allow_nan=False, default=lambda script: dict(script.settings))


def test_all_panes_zoom_together_and_only_the_last_one_names_days() -> None:
    option = option_of(Chosen("rsi", (14,)), Chosen("obv"), Chosen("macd", (12, 26, 9)), Chosen("cci", (20,)))
    assert [grid["bottom"] for grid in option["grid"]][-1] == panes.BOTTOM
    assert {tuple(zoom["xAxisIndex"]) for zoom in option["dataZoom"]} == {(0, 1, 2, 3, 4, 5)}
    labelled = [axis.settings["axisLabel"]["show"] for axis in option["xAxis"]]
    assert labelled == [False] * 5 + [True]


def test_columns_are_in_the_colour_of_their_sign_and_none_is_drawn_twice() -> None:
    option = option_of(Chosen("macd", (12, 26, 9)), rising_is_red=True)
    [drawn] = [series for series in option["series"] if "오실레이터" in series["name"]]
    assert drawn["encode"]["y"] == ["MACD(12,26,9) 오실레이터"]
    settings = drawn["renderItem"].settings
    assert (settings["begin"], settings["end"]) == ("", drawn["name"]), "below zero or not"
    assert (settings["rising"], settings["falling"]) == (RED, BLUE)


def test_lines_of_one_pane_differ_in_colour_but_the_bands_of_one_indicator() -> None:
    chosen = [Chosen("ma", (5,)), Chosen("bollinger", (20, 2)), Chosen("ichimoku", (9, 26, 52))]
    colors = [entry["color"] for entry in option_of(*chosen)["readout"] if entry["color"]]
    assert len(colors) == 1 + 3 + 5
    assert len(set(colors[1:4])) == 1
    assert len(set(colors)) == 7


def test_the_cloud_of_ichimoku_reaches_from_span_to_span_in_the_colour_of_the_upper_one() -> None:
    option = option_of(Chosen("ichimoku", (9, 26, 52)))
    source = option["dataset"][0]["source"]
    lead_a, lead_b = source["일목(9,26,52) 선행스팬 A"], source["일목(9,26,52) 선행스팬 B"]
    shades = [series for series in option["series"] if "areaStyle" in series]
    base, above, below = (source[series["encode"]["y"]] for series in shades)
    assert len({series["stack"] for series in shades}) == 1
    pd.testing.assert_series_equal(base + above + below, np.maximum(lead_a, lead_b), check_names=False)
    assert ((above > 0) == (lead_a > lead_b)).all()
    assert ((below > 0) == (lead_a < lead_b)).all()
    assert [series["areaStyle"]["color"] for series in shades[1:]] == [RED, BLUE]
    assert base.isna().equals(above.isna()), "nothing stands on zero"


def test_guides_and_bounds_of_a_row_are_those_of_its_pane() -> None:
    option = option_of(Chosen("rsi", (14,)))
    axis = option["yAxis"][-1]
    assert (axis["min"], axis["max"], axis["axisLabel"]["customValues"]) == (0, 100, [30, 70])
    assert [guide["yAxis"] for guide in option["series"][-1]["markLine"]["data"]] == [30, 70]


@given(st.integers(2, 6), st.lists(st.integers(*panes.LIMITS), max_size=6))
def test_heights_are_in_the_proportion_of_the_shares_and_no_pane_covers_another(count: int, chosen: list[int]) -> None:
    shares = panes.shares(count, chosen)
    assert len(shares) == count
    assert shares[: len(chosen)] == chosen[:count]
    grids = panes.grids(count, chosen)
    inner = [(100 - float(grid["bottom"].rstrip("%")) - float(grid["top"].rstrip("%"))) for grid in grids[1:-1]]
    for height, share in zip(inner, shares[1:-1], strict=True):
        available = 100 - 100 * (panes.TOP + panes.BOTTOM) / panes.HEIGHT
        assert height == pytest.approx(share / sum(shares) * available - panes.BETWEEN, abs=0.02)
    for above, below in pairwise(grids):
        assert 100 - float(above["bottom"].rstrip("%")) < float(below["top"].rstrip("%"))


@pytest.mark.parametrize("height", [288, 331, 391, 461, 551, 661, 730, 799, 880, 959, 1149, 1300])
def test_panes_keep_their_shares_in_a_chart_of_any_height(height: int) -> None:
    """On a phone that lies on its side, the volumes had six pixels: the edges are in percent, the rim is not."""
    placed = panes.places(4)
    matching = [
        row["option"]["grid"]
        for row in placed["media"]
        if row.get("query", {}).get("minHeight", 0) <= height <= row.get("query", {}).get("maxHeight", 10_000)
        if "query" in row
    ]
    grids = [*([placed["grid"]] if not matching else []), *matching][-1]

    def pixels(edge: Any) -> float:
        return float(edge.rstrip("%")) / 100 * height if isinstance(edge, str) else edge

    grids[0] = {"top": placed["grid"][0]["top"], **grids[0]}
    heights = [height - pixels(grid["bottom"]) - pixels(grid["top"]) for grid in grids]
    inside = height - panes.TOP - panes.BOTTOM
    wanted = [share / sum(panes.shares(4)) * inside for share in panes.shares(4)]
    gap = panes.BETWEEN / 100 * height
    assert heights == pytest.approx(wanted, abs=gap + 8)
    assert abs(heights[-1] - heights[-2]) < 8, "equal shares"
    assert min(heights) > 15


def test_a_shade_reaches_from_a_lower_line_below_zero_to_the_upper_one() -> None:
    """ECharts stacks by itself only what has the same sign: the shade reached above the upper line by the lower one."""
    option = option_of(Chosen("bollinger", (20, 10.0)))
    fills = [series for series in option["series"] if "areaStyle" in series]
    assert len(fills) == 3
    assert {series["stackStrategy"] for series in fills} == {"all"}
