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
"""Percent of the height above and below each chart."""
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
    places = _places(len(shown), wide, PRICES)
    in_narrow_window = _places(len(shown), narrow, PRICES_IF_NARROW)
    return {
        "animation": False,
        "dataset": [{"source": source}],
        "readout": comparison.readout(shown),
        "graphic": [parts.watermark(_("표본 데이터 포함"))] if sample else [],
        **_placed(shown, places),
        "media": [
            {"query": {"maxWidth": NARROW}, "option": _placed(shown, in_narrow_window)},
            {"query": {"minWidth": NARROW + 1}, "option": _placed(shown, places)},
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


def rows(count: int) -> tuple[int, int]:
    """Rows of `count` charts in a usual and in a narrow window, by which a page makes the whole high enough.

    >>> rows(10)
    (3, 5)
    """
    shown = min(count, MOST)
    wide, narrow = _in_a_row(shown)
    return ceil(shown / wide), ceil(shown / narrow)


def _in_a_row(count: int) -> tuple[int, int]:
    return ceil(sqrt(count)), min(count, 2)


def _places(count: int, across: int, prices: float) -> list[Option]:
    """Where `count` charts stand, `across` in a row, in the order of reading; `prices` is the percent beside each."""
    down = ceil(count / across)
    width, height = 100 / across, (100 - SLIDER) / down
    return [
        {
            "left": f"{position % across * width + 0.8:.2f}%",
            "top": f"{position // across * height + NAME:.2f}%",
            "width": f"{width - prices:.2f}%",
            "height": f"{height - NAME - DAYS:.2f}%",
        }
        for position in range(count)
    ]


def _placed(lines: Sequence[Line], places: Sequence[Option]) -> Option:
    titles = [_title(line, place) for line, place in zip(lines, places, strict=True)]
    return {"title": titles, "grid": [{**place, "outerBoundsMode": "none"} for place in places]}


def _title(line: Line, place: Option) -> Option:
    top = float(place["top"].rstrip("%")) - NAME
    style = {"fontSize": 13, "color": line.color}
    return {"text": line.name, "left": place["left"], "top": f"{top:.2f}%", "textStyle": style, "padding": 2}


def _axis(lines: Sequence[Line], position: int) -> Script:
    line = lines[position]
    settings = parts.price_axis(comparison.scaled(lines), decimals=line.decimals, own=position, sign=line.sign)
    look = {"gridIndex": position, "position": "right", "splitNumber": 2, "axisLabel": {"fontSize": SMALL}}
    return Script("price_axis", {**settings, **look})
