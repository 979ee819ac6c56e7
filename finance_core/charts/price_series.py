"""The series that draws prices, a row of `SERIES` for each kind. Pure."""

from collections.abc import Callable, Mapping
from typing import Final

import pandas as pd

from finance_core.charts import parts
from finance_core.charts.parts import Option
from finance_core.charts.script import Script
from finance_core.charts.style import Kind, Style
from finance_core.i18n import _

LINE: Final = "#2563eb"
"""Colour of a line of closes, the same for rising and falling."""


def of(bars: pd.DataFrame, style: Style) -> list[Option]:
    """The series of `bars` in the kind of `style`, with a line and a tag on the axis at the last close.

    The slider below the chart draws no custom series: for it, there is a line of closes that the panes do not show.

    >>> from finance_core.bars import candles
    >>> [series["type"] for series in of(candles.empty(), Style(kind="bars"))]
    ['custom', 'line']
    """
    series = {"name": _("시세"), **SERIES[style.kind](style)}
    drawn = series if bars.empty else {**series, "markLine": _last_close(bars, style)}
    unseen = {"name": "", **_line(style), "lineStyle": {"opacity": 0}}
    return [drawn] if style.kind in OF_CLOSES else [drawn, unseen]


def _bars(style: Style) -> Option:
    return parts.bars(style.kind, (style.rising, style.falling))


def _line(_style: Style) -> Option:
    look = {"itemStyle": {"color": LINE}, "lineStyle": {"color": LINE, "width": 2}, **parts.UNTOUCHED}
    return {"type": "line", "encode": {"x": _("날짜"), "y": _("종가")}, "showSymbol": False, "symbol": "none", **look}


def _area(style: Style) -> Option:
    return {**_line(style), "areaStyle": {"color": LINE, "opacity": 0.12, "origin": "start"}}


SERIES: Final[Mapping[Kind, Callable[[Style], Option]]] = {
    "hollow": _bars,
    "candles": _bars,
    "bars": _bars,
    "line": _line,
    "area": _area,
}
OF_CLOSES: Final[frozenset[Kind]] = frozenset({"line", "area"})
"""The kinds that draw closes alone."""


def color_of_last(bars: pd.DataFrame, style: Style) -> str:
    """The colour of the line at the last close of `bars`, and of its tag."""
    if style.kind in OF_CLOSES:
        return LINE
    last = bars.iloc[-1]
    return style.rising if last["close"] >= last["open"] else style.falling


def _last_close(bars: pd.DataFrame, style: Style) -> Script:
    color = color_of_last(bars, style)
    tag = {"position": "end", "color": "#ffffff", "backgroundColor": color, "padding": [3, 5], "borderRadius": 3}
    line = {"symbol": "none", "silent": True, "lineStyle": {"color": color, "type": "dashed", "width": 1}}
    return Script("last_close", {**line, "label": tag, "data": [{"yAxis": float(bars["close"].iloc[-1])}]})
