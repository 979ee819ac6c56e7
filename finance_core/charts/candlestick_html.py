"""Plotly figures: the chart that a user takes away as one HTML file, which opens without a server or a network."""

from collections.abc import Sequence
from math import ceil
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from finance_core.bars.candles import PRICES
from finance_core.bars.curves import Curve
from finance_core.charts import panes
from finance_core.charts.style import Style
from finance_core.i18n import _

HEIGHT = 640
"""Pixels with the panes of prices and volumes; each further pane is `PANE_HEIGHT` more."""
PANE_HEIGHT = 110
SPACING = 34
"""Pixels between two panes, in which the names of the lower one stand."""
TITLE, LINE, NAMES_IN_LINE = 40, 20, 6
"""Pixels of the title and of a line of names, and how many names a line has in a window of usual width."""


def candlestick(bars: pd.DataFrame, curves: Sequence[Curve], style: Style, title: str) -> go.Figure:
    """Candlesticks without gaps, volume and indicators of `bars`, as `charts.candlestick` draws them.

    >>> from finance_core.bars import candles
    >>> [trace.type for trace in candlestick(candles.empty(), [], Style(), "").data]
    ['candlestick', 'bar']
    """
    drawn = panes.draw(curves, decimals=style.decimals, rising=style.rising, falling=style.falling)
    heights = panes.shares(drawn.panes, style.heights)
    parts = [height / sum(heights) for height in heights]
    figure = make_subplots(
        rows=drawn.panes,
        shared_xaxes=True,
        row_heights=parts,
        vertical_spacing=SPACING / (HEIGHT + PANE_HEIGHT * drawn.panes),
    )
    days = pd.DatetimeIndex(bars.index).strftime("%Y-%m-%d")
    figure.add_trace(_candles(bars, days, style), row=1, col=1)
    colors = np.where(bars["close"] >= bars["open"], style.rising, style.falling).tolist()
    volume = go.Bar(x=days, y=bars["volume"], name=_("거래량"), marker={"color": colors}, legend="legend2")
    figure.add_trace(volume, row=2, col=1)
    for series in drawn.series:
        pane = series.get("xAxisIndex", 0)
        trace = _trace(series, days, drawn.columns).update(legend=f"legend{pane + 1}" if pane else "legend")
        figure.add_trace(trace, row=pane + 1, col=1)
        for level in series.get("markLine", {}).get("data", ()):
            guide = {"line": {"dash": "dot", "width": 1, "color": panes.GUIDE}}
            figure.add_hline(level["yAxis"], row=pane + 1, col=1, **guide)
    return _laid_out(figure, style, title, drawn)


def _candles(bars: pd.DataFrame, days: "pd.Index[str]", style: Style) -> go.Candlestick:
    return go.Candlestick(
        x=days,
        **bars[PRICES],
        name=_("시세"),
        increasing={"line": {"color": style.rising}, "fillcolor": "rgba(0,0,0,0)"},
        decreasing={"line": {"color": style.falling}, "fillcolor": style.falling},
    )


def _trace(series: dict[str, Any], days: "pd.Index[str]", columns: dict[str, Any]) -> go.Bar | go.Scatter:
    """A series of the page as Plotly draws it."""
    look = {"x": days, "y": columns[series["encode"]["y"]], "name": series["name"]}
    color = series["itemStyle"]["color"]
    if series["type"] == "bar":
        return go.Bar(**look, marker={"color": color}, showlegend=False)
    if series["type"] == "scatter":
        return go.Scatter(**look, mode="markers", marker={"color": color, "size": series["symbolSize"]})
    return go.Scatter(**look, line={"color": color, "width": 1.5})


def _laid_out(figure: go.Figure, style: Style, title: str, drawn: panes.Drawn) -> go.Figure:
    """`figure` with a legend above each pane, where no name covers another and none a candle."""
    if style.sample:
        title += " · " + _("표본 데이터: 실제 시세가 아닙니다")
    figure.update_layout(
        title={"text": title, "x": 0.01, "y": 1, "yref": "container", "yanchor": "top", "pad": {"t": 10}},
        margin={"l": 16, "r": 80, "t": TITLE + LINE * ceil((len(drawn.on_price) + 1) / NAMES_IN_LINE), "b": 40},
        height=HEIGHT + PANE_HEIGHT * (drawn.panes - panes.FIRST_OWN),
        template="plotly_white",
        hovermode="x unified",
        barmode="relative",
        xaxis_rangeslider_visible=False,
    )
    for pane in range(drawn.panes):
        number = str(pane + 1) if pane else ""
        top = figure.layout[f"yaxis{number}"].domain[1]
        figure.layout[f"legend{number}"] = {
            "orientation": "h",
            "x": 0,
            "y": top,
            "yanchor": "bottom",
            "bgcolor": "rgba(0,0,0,0)",
        }
    figure.update_xaxes(type="category", nticks=12, showspikes=True, spikemode="across", spikethickness=1)
    figure.update_yaxes(side="right")
    return figure.update_yaxes(
        type="log" if style.scale == "log" else "linear", tickformat=f",.{style.decimals}f", row=1, col=1
    )
