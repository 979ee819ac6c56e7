"""The ECharts option of several series, each in a small chart, with one zoom and one crosshair for all. Pure."""

from collections.abc import Sequence
from math import ceil, sqrt
from typing import Final

import pandas as pd

from finance_core.charts import comparison, parts
from finance_core.charts.comparison import Line
from finance_core.charts.parts import Option
from finance_core.charts.script import Script
from finance_core.i18n import _

SMALL: Final = 10
"""Font size on the axes, in pixels."""
NARROW: Final = 640
"""Up to this width of the chart, in pixels, there are at most two charts in a row."""
MOST: Final = 16
"""Most charts: four rows of four."""
SLIDER: Final = 9.0
"""Percent of the height below all charts, for the slider."""
NAME: Final = 4.0
DAYS: Final = 4.5
"""Most percent of the height above and below each chart."""
ROW: Final = 128
"""Least height of a row, in pixels."""
MOST_OF_ROW: Final = 0.16
"""Most of the height of a row that is above a chart, and that is below it: with many rows, less than `NAME`."""
PRICES: Final = 6.5
PRICES_IF_NARROW: Final = 15.0
"""Percent of the width beside each chart, where ₩100,000 must fit: 70 pixels of a usual window, 55 of the narrowest."""


def option(lines: Sequence[Line], drawn: pd.DataFrame, prices: pd.DataFrame, *, sample: bool = False) -> Option:
    """A chart for each of the first `MOST` lines, in about as many columns as rows, each with its own price axis.

    The columns of the frames are the lines, in their order, as in `comparison.option`. The page tells the browser
    separately which days to show.

    >>> closes = pd.DataFrame({"A": [10.0, 11.0]}, index=pd.DatetimeIndex(["2024-01-02", "2024-01-03"]))
    >>> line = Line("A", slot=0, marker="circle", decimals=0)
    >>> len(option([line] * 5, *[closes.reindex(columns=["A"] * 5)] * 2)["grid"])
    5
    """
    shown = list(lines[:MOST])
    source = comparison.columns(shown, drawn, prices)
    wide, narrow = _in_a_row(len(shown))
    placed, in_narrow_window = _placed(shown, wide, PRICES), _placed(shown, narrow, PRICES_IF_NARROW)
    return {
        "animation": False,
        "dataset": [{"source": source}],
        "readout": comparison.readout(shown),
        "graphic": [parts.watermark(_("표본 데이터 포함"))] if sample else [],
        **placed,
        "media": [
            {"query": {"maxWidth": NARROW}, "option": in_narrow_window},
            {"query": {"minWidth": NARROW + 1}, "option": placed},
        ],
        "xAxis": [  # a label begins at its day, because there is room to the right of it
            parts.trading_days(position, labels=True, fontSize=SMALL, align="left") for position in range(len(shown))
        ],
        "yAxis": [_axis(shown, position) for position in range(len(shown))],
        "axisPointer": {"link": [{"xAxisIndex": "all"}]},
        "dataZoom": parts.zooms(len(shown), parts.first_seen(len(drawn)), parts.SIDES),
        "tooltip": {**parts.TOOLTIP, "showContent": False},
        "series": [
            {**comparison.line_of(line, own, 1.5, drawn.iloc[:, own]), "xAxisIndex": own, "emphasis": {}}
            for own, line in enumerate(shown)
        ],
    }


def least_heights(count: int) -> tuple[int, int]:
    """Pixels at which `count` charts can still be read, in a usual and in a narrow window.

    >>> least_heights(10)
    (384, 640)
    """
    shown = min(count, MOST)
    wide, narrow = (ceil(shown / across) * ROW for across in _in_a_row(shown))
    return wide, narrow


def _in_a_row(count: int) -> tuple[int, int]:
    return ceil(sqrt(count)), min(count, 2)


def _placed(lines: Sequence[Line], across: int, prices: float) -> Option:
    """The charts, `across` in a row, in the order of reading, and their names; `prices` is the percent beside each."""
    width, height = 100 / across, (100 - SLIDER) / ceil(len(lines) / across)
    above, below = min(NAME, MOST_OF_ROW * height), min(DAYS, MOST_OF_ROW * height)
    titles, grids = [], []
    for position, line in enumerate(lines):
        left, top = f"{position % across * width + 0.8:.2f}%", position // across * height
        style = {"fontSize": 13, "color": line.color}
        titles.append({"text": line.name, "left": left, "top": f"{top:.2f}%", "textStyle": style, "padding": 2})
        size = {"width": f"{width - prices:.2f}%", "height": f"{height - above - below:.2f}%"}
        grids.append({"left": left, "top": f"{top + above:.2f}%", **size, "outerBoundsMode": "none"})
    return {"title": titles, "grid": grids}


def _axis(lines: Sequence[Line], position: int) -> Script:
    line = lines[position]
    settings = parts.price_axis(comparison.scaled(lines), decimals=line.decimals, own=position, sign=line.sign)
    look = {"gridIndex": position, "position": "right", "splitNumber": 2, "axisLabel": {"fontSize": SMALL}}
    return Script("price_axis", {**settings, **look})
