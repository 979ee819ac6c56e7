"""The ECharts option of several series on one chart. Pure: frames in, option out."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import pandas as pd

from finance_core.bars.comparison import Scale
from finance_core.charts import parts
from finance_core.charts.parts import Option
from finance_core.charts.script import Script
from finance_core.i18n import _

COLORS: Final = (
    "#3182f6", "#f04452", "#0ca678", "#e67700", "#7950f2", "#e64980", "#1098ad", "#66a80f", "#a0522d", "#868e96",
    "#1864ab", "#c92a2a", "#087f5b", "#f59f00", "#7048e8", "#c2255c", "#0b7285", "#5c940d", "#cc5de8", "#6c757d",
)  # fmt: skip
"""By slot: a series keeps its slot, and so its colour, when others come and go. Most have a contrast of 3 on a white
and on a black page."""
FEW: Final = 4
"""Up to so many lines are two pixels wide. More lines are one pixel wide: they hide less of each other, and a zoom
paints them in half of the time."""


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
    """Stands before its prices: ₩, $; "" if they are points or rates."""

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
    scale: Scale,
    *,
    base: int | None = None,
    sample: bool = False,
) -> Option:
    """Lines over one category axis of days, with the values of the day under the pointer.

    The columns of the frames are the lines, in their order. `drawn` are prices without gaps (see `comparison.joined`);
    `prices` are the prices to read out, NaN where a series did not trade. The option holds all days, and the page tells
    the browser separately which to show. The browser computes changes since the position `base` or, without one, since
    the first visible day, so that a zoom needs no new option. `sample` writes across the chart that not all of it is
    real.

    >>> closes = pd.DataFrame({"A": [10.0, 11.0]}, index=pd.DatetimeIndex(["2024-01-02", "2024-01-03"]))
    >>> line = Line("A", slot=0, marker="circle", decimals=0)
    >>> option([line], closes, closes, "price")["legend"]["data"]
    [{'name': 'A', 'icon': 'circle'}]
    """
    width = 2 if len(lines) <= FEW else 1
    sides = {"left": 70 if scale == "price" and len(lines) > 1 else 12, "right": 76}
    return {
        "animation": False,
        "dataset": [{"source": columns(lines, drawn, prices)}],
        "readout": readout(lines),
        "legend": {"data": [{"name": line.name, "icon": line.marker} for line in lines], "type": "scroll", "top": 0},
        "graphic": [parts.watermark(_("표본 데이터 포함"))] if sample else [],
        "grid": [{**sides, "top": 32, "bottom": 64, "outerBoundsMode": "none"}],
        "xAxis": [parts.trading_days(0, labels=True)],
        "yAxis": _axes(lines, scale, base),
        "dataZoom": parts.zooms(1, parts.first_seen(len(drawn)), sides, bottom=8, height=28),
        "tooltip": {**parts.TOOLTIP, "showContent": False},
        "series": [line_of(line, position, width, drawn.iloc[:, position]) for position, line in enumerate(lines)],
    }


def columns(lines: Sequence[Line], drawn: pd.DataFrame, prices: pd.DataFrame) -> pd.DataFrame:
    """The dataset: the day and, for each line, the value to draw and the price to read out."""
    source = {_("날짜"): parts.days(drawn.index)}
    for position in range(len(lines)):
        source[_drawn(position)] = drawn.iloc[:, position].to_numpy()
        source[_price(position)] = prices.iloc[:, position].to_numpy()
    return pd.DataFrame(source)


def readout(lines: Sequence[Line]) -> list[Option]:
    """The price of each line, and its change since the base of its own axis."""
    entries = []
    for position, line in enumerate(lines):
        column, color, sign = _price(position), line.color, line.sign
        price = parts.reading(column, title=line.name, color=color, decimals=line.decimals, prefix=sign)
        change = parts.reading(column, title="", decimals=2, suffix="%", signed=True, axis=position)
        entries += [{**entry, "line": line.name} for entry in (price, change)]
    return entries


# Columns are named by position, because the name of a line may be any text.
def _drawn(position: int) -> str:
    return f"y{position}"


def _price(position: int) -> str:
    return f"price {position}"


def scaled(lines: Sequence[Line]) -> list[Option]:
    """The columns of each of `lines`, for the axes: the prices with its base, and the values to draw."""
    return [
        {"base": _price(position), "columns": [_drawn(position)], "line": line.name}
        for position, line in enumerate(lines)
    ]


def line_of(line: Line, position: int, width: float, drawn: "pd.Series[float]") -> Option:
    """The series of a line, `width` pixels wide, on the y axis at the same position; `drawn` are its values."""
    return {
        "type": "line",
        "name": line.name,
        "encode": {"x": _("날짜"), "y": _drawn(position)},
        "yAxisIndex": position,
        "symbol": line.marker,
        "symbolSize": 8,
        "showSymbol": False,
        "connectNulls": False,  # the data joins closed days already; other gaps are meant
        "itemStyle": {"color": line.color},
        "lineStyle": {"color": line.color, "width": width},
        "emphasis": {"focus": "series"},  # pointing at it, or at its name in the legend, pales the others
        **parts.alone(drawn, line.color, line.marker),
    }


def _axes(lines: Sequence[Line], scale: Scale, base: int | None) -> list[Script]:
    """An axis for each line. Axes of prices stand at both sides; all others span the same, and only the first shows."""
    log, relative = scale == "log", {"price": "", "percent": "percent"}.get(scale, "index")
    axes = []
    for own, line in enumerate(lines):
        is_left = not relative and own < len(lines) - 1
        look: Option = {"position": "left" if is_left else "right", "show": not relative or own == 0}
        if not look["show"]:
            look["axisPointer"] = {"show": False}
        elif not relative:
            look |= {"axisLine": {"show": True, "lineStyle": {"color": line.color}}, "splitLine": {"show": not is_left}}
        settings = parts.price_axis(
            scaled(lines),
            decimals=line.decimals,
            log=log,
            relative=relative,
            own=own,
            since=base,
            sign=line.sign,
            color="" if relative else line.color,
        )
        axes.append(Script("price_axis", {**settings, **look}))
    return axes
