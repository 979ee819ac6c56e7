"""The ECharts option of several series on one chart. Pure: frames in, option out."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from finance_core.bars.comparison import Scale
from finance_core.charts import parts
from finance_core.charts.parts import Option
from finance_core.i18n import _

COLORS: Final = (
    "#3182f6", "#f04452", "#0ca678", "#f59f00", "#7950f2", "#e64980", "#15aabf", "#74b816", "#a0522d", "#868e96",
    "#1864ab", "#c92a2a", "#087f5b", "#e67700", "#5f3dc4", "#a61e4d", "#0b7285", "#5c940d", "#cc5de8", "#495057",
)  # fmt: skip
"""By slot: a series keeps its slot, and so its colour, when others come and go."""


@dataclass(frozen=True)
class Line:
    """How one series is drawn and read."""

    name: str
    """Unique among the lines of a chart."""
    slot: int
    marker: str
    """One of ECharts' symbols."""
    decimals: int
    sign: str = ""
    """Before its prices: ₩, $; "" where they are points or rates."""

    @property
    def color(self) -> str:
        """The colour of its slot."""
        return color_of(self.slot)


def color_of(slot: int) -> str:
    """The colour of a slot; colours repeat.

    >>> color_of(0), color_of(20)
    ('#3182f6', '#3182f6')
    """
    return COLORS[slot % len(COLORS)]


def option(
    lines: Sequence[Line],
    drawn: pd.DataFrame,
    prices: pd.DataFrame,
    changes: pd.DataFrame,
    visible: tuple[int, int],
    scale: Scale,
    *,
    sample: bool,
) -> Option:
    """Lines over one category axis of days, with what a reader needs of each day in the tooltip.

    The columns of the frames are the lines, in their order. `drawn` is what is drawn, in the units of `scale`;
    `prices` and `changes` (in percent since the base) are what is read, NaN where a series did not trade. `sample`
    writes across the chart that not all of it is real.

    >>> closes = pd.DataFrame({"A": [10.0, 11.0]}, index=pd.DatetimeIndex(["2024-01-02", "2024-01-03"]))
    >>> line = Line("A", slot=0, marker="circle", decimals=0)
    >>> option([line], closes, closes, closes, (0, 1), "price", sample=False)["legend"]["data"]
    [{'name': 'A', 'icon': 'circle'}]
    """
    source = pd.DataFrame({_("날짜"): parts.days(drawn)})
    series: list[Option] = []
    for position, line in enumerate(lines):
        height, change = f"y{position}", _("{name} 변화").format(name=line.name)
        for column, frame in ((height, drawn), (line.name, prices), (change, changes)):
            source[column] = frame.iloc[:, position].to_numpy()
        axis = position if scale == "price" else 0
        series.append(_line(line, height, axis))
        # On the same axis: a series stretches its axis even where it draws nothing.
        series.append(parts.only_tooltip(height, [change], "%+.2f%%") | {"yAxisIndex": axis})
    sides = {"left": 70 if scale == "price" and len(lines) > 1 else 36, "right": 76}  # room for half of a date
    return {
        "animation": False,
        "dataset": {"source": source},
        "legend": {"data": [{"name": line.name, "icon": line.marker} for line in lines], "type": "scroll", "top": 0},
        "toolbox": parts.toolbox(),
        "graphic": [parts.watermark(_("표본 데이터 포함"))] if sample else [],
        "grid": [{**sides, "top": 32, "bottom": 92, "outerBoundsMode": "none"}],
        "xAxis": [parts.day_axis(0, labels=True)],
        "yAxis": _axes(lines, drawn.iloc[visible[0] : visible[1] + 1], scale),
        "dataZoom": parts.zooms(1, visible, sides),
        "tooltip": parts.TOOLTIP,
        "series": series,
    }


def _line(line: Line, height: str, axis: int) -> Option:
    return {
        "type": "line",
        "name": line.name,
        "encode": {"x": _("날짜"), "y": height, "tooltip": [line.name]},
        "yAxisIndex": axis,
        "symbol": line.marker,
        "symbolSize": 8,
        "showSymbol": False,
        "connectNulls": False,  # what may be joined is joined in the data; what is blank has a reason
        "itemStyle": {"color": line.color},
        "lineStyle": {"color": line.color, "width": 2},
        "emphasis": {"focus": "series"},  # of the line and of its name in the legend: the others turn pale
        "tooltip": {"valueFormatter": f"{line.sign}%,.{line.decimals}f"},
    }


def _axes(lines: Sequence[Line], visible: pd.DataFrame, scale: Scale) -> list[Option]:
    if scale == "price":
        sides = ["right"] if len(lines) == 1 else ["left", "right"]
        return [_price_axis(line, side) for line, side in zip(lines, sides, strict=True)]
    if scale == "log":
        values = visible.to_numpy(dtype="float64")
        known = values[np.isfinite(values)]
        low, high = (float(known.min()), float(known.max())) if len(known) else (1.0, 10.0)
        return [{**parts.log_axis(low, high), "position": "right"}]
    return [
        {**parts.FIT, "position": "right", "axisLabel": {"formatter": "{value}%" if scale == "percent" else "{value}"}}
    ]


def _price_axis(line: Line, side: str) -> Option:
    return {
        **parts.FIT,
        "position": side,
        "axisLine": {"show": True, "lineStyle": {"color": line.color}},
        "axisLabel": {"color": line.color, "formatter": f"{line.sign}{{value}}"},
        "axisPointer": {"label": {"precision": line.decimals}},
        "splitLine": {"show": side == "right"},
    }
