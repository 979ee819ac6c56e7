"""Parts that the ECharts options of all charts share. Pure.

Streamlit's ECharts theme gives axes, grid lines and text their colours, light or dark. Arithmetic that needs the size
of the window or the visible bars is a `Script`; all other arithmetic is in columns of the dataset.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd
from babel.dates import get_month_names

from finance_core.charts.script import Script
from finance_core.charts.style import Kind
from finance_core.i18n import _, language

Option = dict[str, Any]
"""An option of ECharts: plain JSON, except for the frames of its datasets and for `Script`s."""

SIDES: Final[Option] = {"left": 12, "right": 76}
"""Pixels beside the panes of one ticker: prices stand at the right."""
FIT: Final[Option] = {"scale": True, "boundaryGap": ["4%", "4%"]}
"""An axis that fits around what is visible."""
FIRST_SEEN: Final = 120
LEAST_SEEN: Final = 5
"""Least number of visible bars; a page that asks for fewer gets so many."""
AIR: Final = 0.04
"""Margin above and below the visible prices, as a part of their range."""
TOOLTIP: Final[Option] = {"trigger": "axis", "axisPointer": {"type": "cross"}, "confine": True}
UNTOUCHED: Final[Option] = {"silent": True, "tooltip": {"show": False}}
"""For a series that ECharts need not find under the pointer, which takes long among many bars: the readout above the
chart has its values."""

VOLUME_UNITS: Final[Mapping[str, tuple[tuple[float, str, bool], ...]]] = {
    "ko": ((1e12, "조", False), (1e8, "억", False), (1e7, "천만", True), (1e4, "만", False)),
    "en": ((1e12, "T", False), (1e9, "B", False), (1e6, "M", False), (1e3, "K", False)),
}
"""Units of a volume axis, largest first: size, name, and whether only whole numbers have it (6천만, but 6,500만)."""


def days(index: pd.Index, last_note: str = "") -> npt.NDArray[np.object_]:
    """The dates of the `index` of bars as text for a category axis, the last one with a note.

    >>> days(pd.DatetimeIndex(["2024-01-02"]), "still running").tolist()
    ['2024-01-02 still running']
    """
    dates = np.datetime_as_string(index.to_numpy().astype("datetime64[D]")).astype(object)
    if last_note and len(dates):
        dates[-1] += f" {last_note}"
    return dates


def watermark(text: str) -> Option:
    """Text across the chart; it is in saved pictures too, and fits on a phone.

    >>> watermark("표본")["style"]["text"]
    '표본'
    """
    lines = {"width": 320, "overflow": "break", "textAlign": "center"}
    style = {"text": text, "fontSize": 48, "fontWeight": "bold", "fill": "#f59f00", "opacity": 0.16, **lines}
    return {"type": "text", "left": "center", "top": "30%", "silent": True, "style": style}


def first_seen(count: int) -> tuple[int, int]:
    """The positions of the first and the last of `count` bars that a chart shows until the page tells it otherwise.

    >>> first_seen(200), first_seen(0)
    ((80, 199), (0, 0))
    """
    return max(count - FIRST_SEEN, 0), max(count - 1, 0)


def seen(visible: tuple[int, int], count: int) -> tuple[int, int]:
    """The positions that a chart shows if it is told to show `visible` of `count` bars: `LEAST_SEEN` at least.

    Earlier bars are added, later ones only where there are no earlier ones.

    >>> seen((30, 30), 60), seen((0, 1), 60), seen((10, 40), 60)
    ((26, 30), (0, 4), (10, 40))
    """
    first, last = visible
    first = max(min(first, last - LEAST_SEEN + 1), 0)
    return first, min(max(last, first + LEAST_SEEN - 1), count - 1)


def zooms(
    panes: int,
    visible: tuple[int, int] | None,
    sides: Option,
    *,
    bottom: int = 12,
    height: int = 36,
) -> list[Option]:
    """Zooming with the wheel and with a slider, in all panes at once; at first between the positions `visible`.

    With None, all bars are visible at first, and a chart that is drawn again keeps its zoom. The slider shows the first
    series that is not a custom one, which must be one of prices.
    """
    zoom: Option = {"xAxisIndex": [*range(panes)], "minValueSpan": LEAST_SEEN - 1}
    if visible:
        zoom |= {"startValue": visible[0], "endValue": visible[1]}
    slider = {"type": "slider", **zoom, "bottom": bottom, "height": height, **sides, "showDetail": False}
    return [{"type": "inside", **zoom}, slider]


def trading_days(pane: int, *, labels: bool, **label: Any) -> Script:
    """A category axis of days, which leaves no gaps, labelled with years, months and, in a short view, days.

    `label` holds further settings of the labels.
    """
    axis = {
        "gridIndex": pane,
        "boundaryGap": True,
        "axisLabel": {"show": labels, "hideOverlap": True, **label},
        "axisTick": {"show": labels},
        "axisPointer": {"label": {"show": labels}},
        "splitLine": {"show": False},
        "months": list(get_month_names("abbreviated", locale=language()).values()),
    }
    return Script("day_axis", axis)


def price_axis(
    series: Sequence[Option],
    *,
    decimals: int,
    log: bool = False,
    relative: str = "",
    own: int = 0,
    since: int | None = None,
    last: float | None = None,
    sign: str = "",
    color: str = "",
) -> Option:
    """The settings of an axis of prices, for the script "price_axis" (see `scripts/price_axis.js`).

    `relative` is "" for prices; "percent" and "index" are relative to the bar at the position `since`, or to the first
    visible bar. `last` is a close with a tag on the axis. `sign` stands before prices. Labels have the colour `color`;
    "" means: that of text.
    """
    change = {"relative": relative, "series": list(series), "own": own, "since": since}
    text = {"decimals": decimals, "last": last, "sign": sign, "color": color}
    return {"log": log, "air": AIR, **change, **text}


def line(column: str, color: str) -> Option:
    """A line without symbols of a `column` of the dataset; the column's name is also the name of the line."""
    return {
        "type": "line",
        "name": column,
        "encode": {"x": _("날짜"), "y": column},
        "itemStyle": {"color": color},
        "lineStyle": {"color": color, "width": 1.5},
        "showSymbol": False,
        "symbol": "none",
        **UNTOUCHED,
    }


def bars(kind: Kind, colors: tuple[str, str]) -> Option:
    """The series of the prices in the dataset as `kind`, in the `colors` of rising and of falling bars."""
    names = [_("시가"), _("고가"), _("저가"), _("종가")]
    return _shapes(kind, names, colors)


def columns(name: str, colors: tuple[str, str], *, end: str, begin: str = "", opacity: float = 1) -> Option:
    """The series of the values called `name` in the dataset as columns on the zero line.

    The first of the `colors` is that of days on which `end` is not below `begin`, both names of columns of the dataset;
    "" stands for zero.
    """
    sides = {"begin": begin, "end": end, "opacity": opacity}
    return {"name": name, **_shapes("columns", [name], colors, **sides)}


def _shapes(kind: str, names: list[str], colors: tuple[str, str], **settings: Any) -> Option:
    look = {"kind": kind, "columns": names, "rising": colors[0], "falling": colors[1], **settings}
    series = {"type": "custom", "encode": {"x": _("날짜"), "y": names}, "renderItem": Script("bar_shapes", look)}
    return {**series, "clip": True, "progressive": 0, **UNTOUCHED}


def apart(values: npt.NDArray[np.floating]) -> npt.NDArray[np.bool_]:
    """Which of the `values` of a line have no neighbour, so that no line is drawn through them.

    >>> apart(np.array([1.0, np.nan, 2.0, 3.0])).tolist()
    [True, False, False, False]
    """
    known = np.pad(np.isfinite(values), 1)
    return np.asarray(known[1:-1] & ~known[:-2] & ~known[2:])


def alone(values: "pd.Series[float]", color: str, symbol: str = "circle", *, bridged: bool = False) -> Option:
    """The part of a line's option that marks its `values` without a neighbour, through which ECharts draws no line.

    A line that is `bridged` has only one such value: its only one.

    >>> alone(pd.Series([1.0, np.nan, 2.0, 3.0]), "red")["markPoint"]["data"]
    [{'coord': [0, 1.0]}]
    >>> alone(pd.Series([1.0, np.nan, 2.0]), "red", bridged=True)
    {}
    """
    at = np.flatnonzero(np.isfinite(values.to_numpy()) if bridged else apart(values.to_numpy()))
    if not len(at) or (bridged and len(at) > 1):
        return {}
    look = {"symbol": symbol, "symbolSize": 7, "label": {"show": False}, "itemStyle": {"color": color}, "silent": True}
    return {"markPoint": {**look, "data": [{"coord": [int(day), float(values.iloc[day])]} for day in at]}}


def reading(
    column: str,
    *,
    title: str | None = None,
    pane: int = 0,
    color: str = "",
    decimals: int = 0,
    prefix: str = "",
    suffix: str = "",
    signed: bool = False,
    axis: int | None = None,
) -> Option:
    """An entry of the list `readout` of an option: a value of a column of its first dataset, written above a pane.

    `title` is its name; None means: the name of the column. A text is written as it is.

    `pane` is the position of the grid. The entry has the colour `color` ("" means: that of text); if `signed`, it has a
    sign and the colour of rising or falling. With `axis`, the position of a y axis, it is the change in percent since
    the base of that axis (see `scripts/price_axis.js`), in a box beside the entry before it. An entry to which the key
    `line` is added is hidden while the legend hides the line of that name.

    >>> reading("RSI 14", pane=2, color="#7950f2", decimals=1)["title"]
    'RSI 14'
    """
    look = {"color": color, "decimals": decimals, "prefix": prefix, "suffix": suffix, "signed": signed, "axis": axis}
    return {"title": column if title is None else title, "column": column, "pane": pane, **look}


def volume_text(value: float) -> str:
    """A volume as the axis on a page labels it (see `scripts/volume_label.js`), for charts that take no function.

    >>> volume_text(65_000_000), volume_text(-150_000_000), volume_text(0)
    ('6,500만', '-1.5억', '0')
    """
    units = VOLUME_UNITS[language()]
    fitting = ((size, name) for size, name, whole in units if abs(value) >= size and not (whole and value % size))
    size, name = next(fitting, (1.0, ""))
    return f"{value / size:,.2f}".rstrip("0").rstrip(".") + name


def volume_label() -> Script:
    """The script that labels an axis of volumes, in the units of the running language."""
    return Script("volume_label", {"units": VOLUME_UNITS[language()]})
