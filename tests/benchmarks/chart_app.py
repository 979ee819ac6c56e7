"""A page with nothing but one chart of a century, or with nothing at all: ?chart=echarts, panes, plotly, or empty.

With `panes`, RSI and MACD have panes below those of prices and volumes.
"""

import sys
from pathlib import Path

import streamlit as st

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from finance_core.bars import curves, periods
from finance_core.bars.curves import Chosen
from finance_core.categories import AMERICAN_AVERAGES
from finance_core.charts import candlestick, candlestick_html
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
    figure = candlestick_html.candlestick(candlestick_html.Content(bars, drawn, Style()))
    figure.update_xaxes(range=[first, len(bars) - 1])
    figure.update_layout(dragmode="pan")
    st.plotly_chart(figure, height=580, config={"scrollZoom": True})
