"""Several series in a small chart each."""

import json
from itertools import combinations

import numpy as np
import pandas as pd
import pytest

from finance_core.charts import comparison, small_multiples
from finance_core.charts.comparison import Line
from finance_core.charts.parts import Option

LEAST = 320
"""Pixels of height that the page gives to any chart."""


def option_of(count: int) -> Option:
    names = [f"S{position}" for position in range(count)]
    closes = pd.DataFrame(np.full((3, count), 10.0), columns=names, index=pd.bdate_range("2025-01-01", periods=3))
    lines = [Line(name, slot, "circle", 0) for slot, name in enumerate(names)]
    return small_multiples.option(lines, closes, closes)


@pytest.mark.parametrize(("count", "across"), [(1, 1), (2, 2), (4, 2), (5, 3), (9, 3), (10, 4), (16, 4)])
def test_charts_stand_in_about_as_many_rows_as_columns_and_none_over_another(count: int, across: int) -> None:
    for grids in (option_of(count)["grid"], *(row["option"]["grid"] for row in option_of(count)["media"])):
        boxes = [[float(grid[side].rstrip("%")) for side in ("left", "top", "width", "height")] for grid in grids]
        assert all(left + width <= 100 and top + height <= 92 and height > 0 for left, top, width, height in boxes)
        for (left, top, width, height), (other_left, other_top, _width, _height) in combinations(boxes, 2):
            assert other_left >= left + width or other_top >= top + height or other_left < left
    assert len({grid["left"] for grid in option_of(count)["grid"]}) == across


@pytest.mark.parametrize("count", range(1, 21))
def test_at_the_least_height_name_chart_and_days_of_each_can_be_read(count: int) -> None:
    option = option_of(count)
    arrangements = [option, option["media"][0]["option"]]
    for arrangement, least in zip(arrangements, small_multiples.least_heights(count), strict=True):
        pixel = 100 / max(least, LEAST)
        tops = [float(title["top"].rstrip("%")) for title in arrangement["title"]]
        for title, grid in zip(tops, arrangement["grid"], strict=True):
            top, height = (float(grid[side].rstrip("%")) for side in ("top", "height"))
            below = min((other for other in tops if other > title), default=100 - small_multiples.SLIDER)
            assert height >= 60 * pixel
            assert min(top - title, below - top - height) >= 12 * pixel, "a letter has 10 or 13"


@pytest.mark.parametrize("count", [1, 2, 5, 16])
def test_in_the_narrowest_window_each_price_stands_between_its_chart_and_the_next(count: int) -> None:
    grids = option_of(count)["media"][0]["option"]["grid"]
    lefts = sorted({float(grid["left"].rstrip("%")) for grid in grids})
    for left, end in zip(lefts, [*lefts[1:], 100.0], strict=True):
        room = end - left - float(grids[0]["width"].rstrip("%"))
        assert room / 100 * 366 >= 50, "₩100,000 in letters of 10 pixels"


def test_one_zoom_and_one_crosshair_are_of_all_charts() -> None:
    option = option_of(5)
    assert {tuple(zoom["xAxisIndex"]) for zoom in option["dataZoom"]} == {(0, 1, 2, 3, 4)}
    assert option["axisPointer"]["link"] == [{"xAxisIndex": "all"}]
    assert [series["xAxisIndex"] for series in option["series"]] == [0, 1, 2, 3, 4]


def test_no_more_than_sixteen_are_drawn() -> None:
    option = option_of(20)
    assert len(option["series"]) == len(option["grid"]) == small_multiples.MOST


def test_the_option_but_for_its_dataset_and_scripts_is_plain_json() -> None:
    json.dumps(option_of(3) | {"dataset": None}, allow_nan=False, default=lambda script: dict(script.settings))


def test_only_a_value_without_neighbours_is_marked_in_both_kinds_of_charts() -> None:
    days = pd.bdate_range("2025-01-01", periods=4)
    closes = pd.DataFrame({"whole": [1.0, 2, 3, 4], "once": [np.nan, 5, np.nan, np.nan]}, index=days)
    closes["broken"] = [6.0, 7, np.nan, 8]
    lines = [Line(name, slot, "diamond", 0) for slot, name in enumerate(closes)]
    for option in (comparison.option(lines, closes, closes, "price"), small_multiples.option(lines, closes, closes)):
        whole, once, broken = option["series"]
        assert "markPoint" not in whole
        assert once["markPoint"]["data"] == [{"coord": [1, 5.0]}]
        assert broken["markPoint"]["data"] == [{"coord": [3, 8.0]}]
        assert (once["markPoint"]["symbol"], once["markPoint"]["itemStyle"]) == ("diamond", {"color": lines[1].color})
        json.dumps(option["series"], allow_nan=False)
