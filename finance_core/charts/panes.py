"""Indicators on the chart of one ticker: lines over candles and volume, and panes of their own below. Pure.

The rows of `bars.indicators` say what is drawn where; no code here depends on a certain indicator. The pane of prices
is grid 0, that of volumes grid 1; each indicator with a pane of its own has a further grid.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import accumulate, pairwise
from typing import Final

import numpy as np

from finance_core.bars.curves import Chosen, Curve
from finance_core.bars.formulas import Floats
from finance_core.charts import parts
from finance_core.charts.parts import Option
from finance_core.i18n import _

COLORS: Final = (
    *("#f59f00", "#12b886", "#7950f2", "#868e96", "#e64980", "#15aabf"),
    *("#a0522d", "#74b816", "#5c7cfa", "#e8590c", "#be4bdb", "#2b8a3e"),
)
"""Colours of lines, used one after another: as many as four averages, 일목균형표 and a band have lines."""
GUIDE: Final = "#868e96"
SHARED: Final = {"price": 0, "volume": 1}
"""Positions of the panes that indicators share, and of their y axes."""
FIRST_OWN: Final = 2
FIRST_OWN_AXIS: Final = 3
"""Position of the y axis of the first own pane, after the axes of prices, of volumes and of marks."""

USUAL_SHARES: Final = (70, 12)
"""Usual shares of the height: of the pane of prices and of that of volumes."""
OWN_SHARE: Final = 16
SHADE: Final = 0.1
"""Opacity of the shade between two lines."""
LIMITS: Final = 5, 100
"""The least and the greatest share that a visitor can set."""
TOP: Final = 32
BOTTOM: Final = 64
"""Pixels above the first pane and below the last one."""
HEIGHT: Final = 730
"""The usual height of the chart in pixels: for it, the heights of the panes are exact."""
LOWER: Final = {660: 600, 550: 500, 460: 425, 390: 360, 330: 300}
"""For charts up to so many pixels high, as on a phone, the height at which their panes are exact."""
HIGHER: Final = {800: 880, 960: 1050, 1150: 1300}
"""The same for charts from so many pixels on."""
BETWEEN: Final = 1.8
"""The gap between two panes, in percent of the height of the chart: room for the labels of both."""


@dataclass
class Drawn:
    """What indicators add to an option."""

    columns: dict[str, Floats] = field(default_factory=dict)
    """Columns of the first dataset."""
    series: list[Option] = field(default_factory=list)
    fills: list[Option] = field(default_factory=list)
    """Series that shade the area between two lines."""
    y_axes: list[Option] = field(default_factory=list)
    """The axes of the indicators' own panes."""
    readings: list[Option] = field(default_factory=list)
    on_price: list[str] = field(default_factory=list)
    """The columns that are drawn over the prices."""
    panes: int = FIRST_OWN
    """Number of all panes, those of prices and volumes included."""


@dataclass(frozen=True)
class _Place:
    pane: int
    axis: int
    decimals: int


def draw(curves: Sequence[Curve], *, decimals: int, rising: str, falling: str) -> Drawn:
    """What `curves` add to the option of a chart whose prices have `decimals`; columns have the colour of their sign.

    >>> from finance_core.bars.curves import usual
    >>> from finance_core.bars.indicators import INDICATORS
    >>> rsi = Curve(usual(INDICATORS["rsi"]), INDICATORS["rsi"].lines[0], np.array([50.0]))
    >>> drawn = draw([rsi], decimals=0, rising="red", falling="blue")
    >>> drawn.panes, drawn.y_axes[0]["min"], drawn.readings[0]["pane"]
    (3, 0.0, 2)
    """
    drawn = Drawn()
    hues: dict[int, int] = {}
    for chosen in dict.fromkeys(curve.chosen for curve in curves):
        place = _place(chosen, drawn, decimals)
        own = [curve for curve in curves if curve.chosen == chosen]
        first_hue = hues.get(place.pane, 0)
        hues[place.pane] = first_hue + 1 + max(curve.line.hue for curve in own)
        for position, curve in enumerate(own):
            color = COLORS[(first_hue + curve.line.hue) % len(COLORS)]
            _add(drawn, curve, place, color, (rising, falling))
            # The readout names an indicator once, before its first line.
            title = _(curve.line.name) if position else curve.title
            drawn.readings[-1]["title"] = title
        if chosen.indicator.filled:
            edges = [own[position] for position in chosen.indicator.filled]
            hues_of_edges = {edge.line.hue for edge in edges}
            # Bands of one colour never cross, so that their shade does not tell rising from falling.
            color = COLORS[(first_hue + edges[0].line.hue) % len(COLORS)]
            _fill(drawn, edges, place, (color, color) if len(hues_of_edges) == 1 else (rising, falling))
        if chosen.indicator.levels and own:
            drawn.series[-len(own)]["markLine"] = _guides(chosen.indicator.levels)
    return drawn


def decimals_of(chosen: Chosen, decimals: int) -> int:
    """How many decimals the values of an indicator have where prices have `decimals`.

    >>> decimals_of(Chosen("ma", (20,)), 0), decimals_of(Chosen("atr", (14,)), 0), decimals_of(Chosen("rsi", (14,)), 0)
    (0, 2, 2)
    """
    row = chosen.indicator
    if row.unit == "price":  # differences of prices are finer than prices
        return decimals if row.pane == "price" else decimals + 2
    return 0 if row.unit == "shares" else 2


def shares(count: int, chosen: Sequence[int] = ()) -> list[int]:
    """The shares of the height of `count` panes: first those `chosen`, then the usual ones.

    >>> shares(3, (50,))
    [50, 12, 16]
    """
    usual = [*USUAL_SHARES, *[OWN_SHARE] * count]
    return [*chosen, *usual[len(chosen) :]][:count]


def places(count: int, chosen: Sequence[int] = ()) -> Option:
    """The parts of an option that place `count` panes in a chart of any height.

    >>> [row.get("query") for row in places(2)["media"]][4:6]
    [{'maxHeight': 330}, {'minHeight': 800}]
    """

    def edges(height: float) -> Option:
        # Not the top of the first pane: the page moves it below a readout of several lines.
        first, *others = grids(count, chosen, height)
        return {"grid": [{"bottom": first["bottom"]}, *others]}

    media = [
        {"query": {limit: pixels}, "option": edges(height)}
        for limit, heights in (("maxHeight", LOWER), ("minHeight", HIGHER))
        for pixels, height in heights.items()  # of several that match, the last one counts
    ]
    return {"grid": grids(count, chosen), "media": [*media, {"option": edges(HEIGHT)}]}


def grids(count: int, chosen: Sequence[int] = (), height: float = HEIGHT) -> list[Option]:
    """The places of `count` panes, one below another, with heights in the proportion of their `shares`.

    The proportion is exact in a chart of `height` pixels.

    >>> [(grid["top"], grid["bottom"]) for grid in grids(2, (50, 50))]
    [(32, '52.19%'), ('49.61%', 64)]
    """
    parts_of_whole = np.array(shares(count, chosen), dtype="float64")
    inside = 100 * (1 - (TOP + BOTTOM) / height)
    edges = [*accumulate(parts_of_whole / parts_of_whole.sum() * inside, initial=100 * TOP / height)]
    rows: list[Option] = [
        {**parts.SIDES, "top": f"{above + BETWEEN:.2f}%", "bottom": f"{100 - below:.2f}%", "outerBoundsMode": "none"}
        for above, below in pairwise(edges)
    ]
    rows[0]["top"], rows[-1]["bottom"] = TOP, BOTTOM
    return rows


def _place(chosen: Chosen, drawn: Drawn, decimals: int) -> _Place:
    """The pane and axis of an indicator; adds them to `drawn` if the indicator has a pane of its own."""
    decimals = decimals_of(chosen, decimals)
    if chosen.indicator.pane in SHARED:
        pane = SHARED[chosen.indicator.pane]
        return _Place(pane, pane, decimals)
    place = _Place(drawn.panes, FIRST_OWN_AXIS + drawn.panes - FIRST_OWN, decimals)
    drawn.y_axes.append(_axis(chosen, place.pane))
    drawn.panes += 1
    return place


def _axis(chosen: Chosen, pane: int) -> Option:
    row = chosen.indicator
    # No label at the ends of the axis: it would overlap one of the panes above and below.
    label: Option = {"hideOverlap": True, "showMinLabel": False, "showMaxLabel": False}
    if row.unit == "shares":
        label["formatter"] = parts.volume_label()
    if row.bounds and row.levels:
        label |= {"customValues": list(row.levels), "showMinLabel": True, "showMaxLabel": True}
    ends = {"min": row.bounds[0], "max": row.bounds[1]} if row.bounds else {}
    return {
        "gridIndex": pane,
        "position": "right",
        "scale": True,
        "splitNumber": 3,
        "splitLine": {"show": False},
        "axisLabel": label,
        "axisPointer": {"label": {"show": False}},
        **ends,
    }


def _add(drawn: Drawn, curve: Curve, place: _Place, color: str, of_sign: tuple[str, str]) -> None:
    title, axes = curve.title, {"xAxisIndex": place.pane, "yAxisIndex": place.axis}
    drawn.columns[title] = curve.values
    if place.pane == SHARED["price"]:
        drawn.on_price.append(title)
    signed = curve.line.mark == "columns"
    if signed:
        drawn.series.append(parts.columns(title, of_sign, end=title) | axes)
    elif curve.line.mark == "dots":
        drawn.series.append(_dots(title, color) | axes)
    else:
        drawn.series.append(parts.line(title, color) | axes)
    reading = parts.reading(
        title, pane=place.pane, color="" if signed else color, decimals=place.decimals, signed=signed
    )
    drawn.readings.append(reading)


def _fill(drawn: Drawn, edges: Sequence[Curve], place: _Place, of_sign: tuple[str, str]) -> None:
    """Shade the area between two lines, as a stack: the lower value, and how far the first line is above or below."""
    upper, lower = (edge.values for edge in edges)
    label = edges[0].chosen.label
    heights = {  # NaN where an edge is NaN: else the stack would stand on zero there
        "": np.minimum(upper, lower),
        "+": np.maximum(upper - lower, 0.0),
        "−": np.maximum(lower - upper, 0.0),
    }
    for (sign, values), color in zip(heights.items(), ("transparent", *of_sign), strict=True):
        column = f"{label} ▒{sign}"
        drawn.columns[column] = values
        drawn.fills.append(
            {
                **parts.line(column, color),
                "lineStyle": {"opacity": 0},
                "areaStyle": {"color": color, "opacity": SHADE if sign else 0},
                "stack": column.rstrip("+−"),
                "stackStrategy": "all",  # else a positive height is not stacked on a negative line
                "xAxisIndex": place.pane,
                "yAxisIndex": place.axis,
            }
        )


def _dots(column: str, color: str) -> Option:
    look = {"symbol": "circle", "symbolSize": 3, "itemStyle": {"color": color}}
    return {**parts.UNTOUCHED, "type": "scatter", "name": column, "encode": {"x": _("날짜"), "y": column}, **look}


def _guides(levels: Sequence[float]) -> Option:
    return {
        "silent": True,
        "symbol": "none",
        "label": {"show": False},
        "lineStyle": {"color": GUIDE, "type": "dashed", "width": 1, "opacity": 0.6},
        "data": [{"yAxis": level} for level in levels],
    }
