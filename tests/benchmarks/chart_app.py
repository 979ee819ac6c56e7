"""A page with nothing but one chart of a century, or with nothing at all: ?chart=echarts, panes, plotly, or empty.

With `panes`, RSI and MACD have panes below those of prices and volumes.
"""

import sys
from pathlib import Path

import streamlit as st
from plotly.subplots import make_subplots

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from finance_core.bars import candles, curves, periods
from finance_core.bars.curves import Chosen
from finance_core.categories import AMERICAN_AVERAGES
from finance_core.charts import candlestick
from finance_core.charts.style import Style
from finance_core.ui.echart import border, component
from finance_core.ui.echart.component import Look
from tests.benchmarks.conftest import CENTURY, bars_of

RSI, MACD = Chosen("rsi", (14,)), Chosen("macd", (12, 26, 9))
LOOK = Path(component.__file__).parents[1] / "look.css"

st.set_page_config(layout="wide")
kind = st.query_params.get("chart", "empty")
if kind == "empty":
    st.write("ready")
    st.session_state["clicks"] = st.session_state.get("clicks", 0) + st.button("again")
    st.write("clicks", st.session_state["clicks"])
    st.stop()
bars = bars_of(CENTURY)
chosen = [*map(curves.of_average, AMERICAN_AVERAGES), *([RSI, MACD] if kind == "panes" else [])]
drawn = curves.curves(bars, chosen)
first = periods.period_start(bars.index, "1M")
if kind in ("echarts", "panes"):
    prepared = border.prepare(candlestick.candlestick(bars, drawn, Style()))
    visible = first, len(bars) - 1
    st.html(LOOK)
    st.html("<style>.st-key-chart { min-height: 640px; }</style>")  # on a page it has the rest of the window
    with st.container(height=680, border=False):
        component.show(prepared, visible, len(bars), Look.of(Style()), "", key="century")
else:
    days = bars.index.strftime("%Y-%m-%d")
    figure = make_subplots(rows=2, shared_xaxes=True, row_heights=[0.8, 0.2])
    prices = {name: bars[name] for name in candles.PRICES}
    figure.add_candlestick(x=days, **prices, row=1, col=1)
    figure.add_bar(x=days, y=bars["volume"], row=2, col=1)
    for curve in drawn:
        figure.add_scatter(x=days, y=curve.values, mode="lines", row=1, col=1)
    figure.update_xaxes(type="category", range=[first, len(bars) - 1], rangeslider_visible=False)
    figure.update_layout(dragmode="pan", hovermode="x unified")
    st.plotly_chart(figure, height=580, config={"scrollZoom": True})
