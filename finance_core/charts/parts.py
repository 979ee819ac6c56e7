"""Parts that the ECharts options of all charts share. Pure.

Colours of axes, grid lines and text are left to Streamlit's ECharts theme, which knows light from dark. What needs the
window's size or what is visible is a `Script`; everything else that needs arithmetic is a column of the dataset.
"""

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd
from babel.dates import get_month_names

from finance_core.charts.script import Script
from finance_core.i18n import _, language

Option = dict[str, Any]
"""What ECharts draws: plain JSON, but for the frames of its datasets."""

SIDES: Final[Option] = {"left": 12, "right": 76}
"""Pixels beside the panes of one ticker: prices stand at the right."""
FIT: Final[Option] = {"scale": True, "boundaryGap": ["4%", "4%"]}
"""An axis that fits around what is visible."""
TOOLTIP: Final[Option] = {"trigger": "axis", "axisPointer": {"type": "cross"}, "confine": True}

LOG_BASE: Final = 1.1
"""A log axis begins and ends at powers of its base: a small one fits close around what is visible."""
LOG_NARROW: Final = 4.0
"""Up to which ratio of highest to lowest price a log axis is labelled as evenly as a linear one."""
LOG_TICKS: Final = 8

VOLUME_UNITS: Final[Mapping[str, tuple[tuple[float, str, bool], ...]]] = {
    "ko": ((1e12, "조", False), (1e8, "억", False), (1e7, "천만", True), (1e4, "만", False)),
    "en": ((1e12, "T", False), (1e9, "B", False), (1e6, "M", False), (1e3, "K", False)),
}
"""Units of a volume axis, largest first, and whether only whole numbers of it are said: 6천만, but 6,500만."""


def days(bars: pd.DataFrame, last_note: str = "") -> npt.NDArray[np.object_]:
    """The dates of `bars` as text for a category axis, the last one with a note.

    >>> days(pd.DataFrame(index=pd.DatetimeIndex(["2024-01-02"])), "still running").tolist()
    ['2024-01-02 still running']
    """
    dates = np.datetime_as_string(bars.index.to_numpy().astype("datetime64[D]")).astype(object)
    if last_note and len(dates):
        dates[-1] += f" {last_note}"
    return dates


def watermark(text: str) -> Option:
    """Text across the chart, in saved pictures too.

    >>> watermark("표본")["style"]["text"]
    '표본'
    """
    style = {"text": text, "fontSize": 48, "fontWeight": "bold", "fill": "#f59f00", "opacity": 0.16}
    return {"type": "text", "left": "center", "top": "30%", "silent": True, "style": style}


def toolbox() -> Option:
    """The button that brings back the first view."""
    return {"right": 22, "bottom": 18, "itemSize": 16, "feature": {"restore": {"title": _("처음 기간으로")}}}


def zooms(
    panes: int, visible: tuple[int, int] | None, sides: Option, *, bottom: int = 12, height: int = 36
) -> list[Option]:
    """Zooming with the wheel and with a slider, in all panes at once; at first from and to the positions `visible`.

    None: at first all, and where the chart is drawn again, as it was zoomed.
    """
    zoom: Option = {"xAxisIndex": [*range(panes)], "minValueSpan": 4}
    if visible:
        zoom |= {"startValue": visible[0], "endValue": visible[1]}
    slider = {"type": "slider", **zoom, "bottom": bottom, "height": height, **sides, "showDetail": False}
    return [{"type": "inside", **zoom}, slider]


def day_axis(pane: int, *, labels: bool) -> Option:
    """A category axis of days, which leaves no gaps."""
    return {
        "type": "category",
        "gridIndex": pane,
        "boundaryGap": True,
        "axisLabel": {"show": labels, "hideOverlap": True},
        "axisTick": {"show": labels},
        "axisPointer": {"label": {"show": labels}},
        "splitLine": {"show": False},
    }


def trading_days(pane: int, *, labels: bool) -> Script:
    """A category axis of days, which leaves no gaps, labelled with years, months and, in a short view, days."""
    months = list(get_month_names("abbreviated", locale=language()).values())
    return Script("day_axis", {**day_axis(pane, labels=labels), "months": months})


def log_axis(low: float, high: float) -> Option:
    """A log axis with round numbers, for a first view from `low` to `high`.

    The numbers are evenly spaced within a narrow view, and 1, 2, 5 of each decade outside.

    >>> log_axis(50, 60)["axisTick"]["customValues"][19:24]
    [50.0, 52.0, 54.0, 56.0, 58.0]
    """
    around = np.outer(10.0 ** np.arange(-4, 9), [1.0, 2.0, 5.0]).ravel()
    if high / low < LOG_NARROW:
        step = _round_step(max(high - low, high * 0.02) / LOG_TICKS)
        inside = np.arange(np.ceil(low / step / 1.1), np.floor(high / step * 1.1) + 1) * step
        around = around[(around < inside[0] * 0.9) | (around > inside[-1] * 1.1)]
    else:
        inside = np.outer(10.0 ** np.arange(-4, 9), [3.0, 7.0]).ravel()
    ticks = np.unique(np.round(np.concatenate([around, inside]), 6)).tolist()
    return {
        "type": "log",
        "logBase": LOG_BASE,
        "axisLabel": {"customValues": ticks, "hideOverlap": True},
        "axisTick": {"customValues": ticks},
    }


def _round_step(least: float) -> float:
    """The smallest of …, 1, 2, 5, 10, 20, … that is at least `least`."""
    decade = 10.0 ** np.floor(np.log10(max(least, 1e-4)))
    return float(next(step for step in (decade, 2 * decade, 5 * decade, 10 * decade) if step >= least * 0.999))


def line(column: str, color: str) -> Option:
    """A line without symbols over `column` of the dataset, which is its name."""
    return {
        "type": "line",
        "name": column,
        "encode": {"x": _("날짜"), "y": column},
        "itemStyle": {"color": color},
        "lineStyle": {"color": color, "width": 1.5},
        "showSymbol": False,
        "symbol": "none",
        "silent": True,
    }


def reading(
    column: str,
    *,
    title: str | None = None,
    pane: int = 0,
    color: str = "",
    decimals: int = 0,
    suffix: str = "",
    signed: bool = False,
) -> Option:
    """An entry of the list `readout` of an option: a column of its first dataset, read out above a pane.

    It is called `title`, else as its column is; text is read out as it is.

    `pane` is the position of the grid; the entry is written in `color` ("" for that of text), or if `signed` with a
    sign and in the colour of rising or falling.

    >>> reading("RSI 14", pane=2, color="#7950f2", decimals=1)["title"]
    'RSI 14'
    """
    look = {"color": color, "decimals": decimals, "suffix": suffix, "signed": signed}
    return {"title": column if title is None else title, "column": column, "pane": pane, **look}


def only_tooltip(column: str, tooltip: list[str], value_format: str) -> Option:
    """A series that draws nothing and only adds columns to the tooltip: each series has one format there."""
    return {
        "type": "line",
        "name": tooltip[0],
        "encode": {"y": column, "tooltip": tooltip},
        "itemStyle": {"color": "transparent"},
        "lineStyle": {"opacity": 0},
        "showSymbol": False,
        "symbol": "none",
        "silent": True,
        "tooltip": {"valueFormatter": value_format},
    }


def volume_label() -> Script:
    """What labels an axis of volumes, in the units of the running language."""
    return Script("volume_label", {"units": VOLUME_UNITS[language()]})
