"""Plotly figures: the chart that a user takes away as one HTML file, which opens without a server or a network."""

from itertools import cycle

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from finance_core.bars.candles import PRICES
from finance_core.bars.indicators import Averages
from finance_core.charts.candlestick import AVERAGE_COLORS
from finance_core.charts.style import Style
from finance_core.i18n import _


def candlestick(bars: pd.DataFrame, averages: Averages, style: Style, title: str) -> go.Figure:
    """Candlesticks without gaps, moving averages and volume of `bars`, as `charts.candlestick` draws them.

    >>> from finance_core.bars import candles
    >>> [trace.type for trace in candlestick(candles.empty(), {}, Style(), "").data]
    ['candlestick', 'bar']
    """
    days = pd.DatetimeIndex(bars.index).strftime("%Y-%m-%d")
    figure = make_subplots(rows=2, cols=1, shared_xaxes=True, row_heights=[0.8, 0.2], vertical_spacing=0.03)
    prices = go.Candlestick(
        x=days,
        **bars[PRICES],
        name=_("시세"),
        increasing={"line": {"color": style.rising}, "fillcolor": "rgba(0,0,0,0)"},
        decreasing={"line": {"color": style.falling}, "fillcolor": style.falling},
    )
    figure.add_trace(prices, row=1, col=1)
    for (average, values), color in zip(averages.items(), cycle(AVERAGE_COLORS), strict=False):
        line = go.Scatter(x=days, y=values, name=average.label, line={"color": color, "width": 1.5})
        figure.add_trace(line, row=1, col=1)
    colors = np.where(bars["close"] >= bars["open"], style.rising, style.falling).tolist()
    volume = go.Bar(x=days, y=bars["volume"], name=_("거래량"), marker={"color": colors}, showlegend=False)
    figure.add_trace(volume, row=2, col=1)
    if style.sample:
        title += " · " + _("표본 데이터: 실제 시세가 아닙니다")
    figure.update_layout(title=title, template="plotly_white", hovermode="x unified", xaxis_rangeslider_visible=False)
    figure.update_xaxes(type="category", nticks=12)  # days as categories leave no gaps
    figure.update_yaxes(side="right")
    figure.update_yaxes(
        type="log" if style.scale == "log" else "linear", tickformat=f",.{style.decimals}f", row=1, col=1
    )
    return figure
