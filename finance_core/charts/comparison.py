"""The ECharts option of several series on one chart. Pure, like `charts`, whose parts it shares."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from finance_core.bars.comparison import Scale
from finance_core.charts.candlestick import Option, day_axis, log_axis, only_tooltip, watermark
from finance_core.i18n import _

COLORS: Final = (
    "#3182f6",
    "#f04452",
    "#0ca678",
    "#f59f00",
    "#7950f2",
    "#e64980",
    "#15aabf",
    "#74b816",
    "#a0522d",
    "#868e96",
    "#1864ab",
    "#c92a2a",
    "#087f5b",
    "#e67700",
    "#5f3dc4",
    "#a61e4d",
    "#0b7285",
    "#5c940d",
    "#cc5de8",
    "#495057",
)
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
        return color_of(self.slot)


def color_of(slot: int) -> str:
    """The colour of a slot."""
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
    """
    days = pd.DatetimeIndex(drawn.index).strftime("%Y-%m-%d").to_numpy(dtype=object)
    source = pd.DataFrame({_("날짜"): days})
    series: list[Option] = []
    for position, line in enumerate(lines):
        height, change = f"y{position}", _("{name} 변화").format(name=line.name)
        source[height] = drawn.iloc[:, position].to_numpy()
        source[line.name] = prices.iloc[:, position].to_numpy()
        source[change] = changes.iloc[:, position].to_numpy()
        axis = position if scale == "price" else 0
        series.append(_line(line, height, axis))
        # On the same axis: what is not drawn stretches an axis all the same.
        series.append(only_tooltip(height, [change], "%+.2f%%") | {"yAxisIndex": axis})
    zoom = {"xAxisIndex": [0], "startValue": visible[0], "endValue": visible[1], "minValueSpan": 4}
    sides = {"left": 70 if scale == "price" and len(lines) > 1 else 12, "right": 76}
    return {
        "animation": False,
        "dataset": {"source": source},
        "legend": {"data": [{"name": line.name, "icon": line.marker} for line in lines], "type": "scroll", "top": 0},
        "toolbox": {"right": 22, "bottom": 18, "itemSize": 16, "feature": {"restore": {"title": _("처음 기간으로")}}},
        "graphic": [watermark(_("표본 데이터 포함"))] if sample else [],
        "grid": [{**sides, "top": 40, "bottom": 92, "outerBoundsMode": "none"}],
        "xAxis": [day_axis(0, labels=True)],
        "yAxis": _axes(lines, drawn.iloc[visible[0] : visible[1] + 1], scale),
        "dataZoom": [
            {"type": "inside", **zoom},
            {"type": "slider", **zoom, "bottom": 12, "height": 36, **sides, "showDetail": False},
        ],
        "tooltip": {"trigger": "axis", "axisPointer": {"type": "cross"}, "confine": True},
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
        "tooltip": {"valueFormatter": f"{line.sign}%,.{line.decimals}f"},
    }


def _axes(lines: Sequence[Line], visible: pd.DataFrame, scale: Scale) -> list[Option]:
    fit: Option = {"scale": True, "boundaryGap": ["4%", "4%"]}
    if scale == "price":
        return [
            _price_axis(line, fit, "right" if len(lines) == 1 or position else "left")
            for position, line in enumerate(lines)
        ]
    if scale == "log":
        values = visible.to_numpy(dtype="float64")
        known = values[np.isfinite(values)]
        ends = pd.DataFrame(
            {"low": [known.min() if len(known) else 1.0], "high": [known.max() if len(known) else 10.0]}
        )
        return [{**log_axis(ends), "position": "right"}]
    return [{**fit, "position": "right", "axisLabel": {"formatter": "{value}%" if scale == "percent" else "{value}"}}]


def _price_axis(line: Line, fit: Option, side: str) -> Option:
    return {
        **fit,
        "position": side,
        "axisLine": {"show": True, "lineStyle": {"color": line.color}},
        "axisLabel": {"color": line.color, "formatter": f"{line.sign}{{value}}"},
        "axisPointer": {"label": {"precision": line.decimals}},
        "splitLine": {"show": side == "right"},
    }
