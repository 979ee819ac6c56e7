"""A picture of tickers on a page, one of which may be clicked."""

from collections.abc import Callable

import streamlit as st

from finance_core.ui.echart import border
from finance_core.ui.echart.border import FILES, Prepared


def show(prepared: Prepared, height: str, choose: Callable[[str], None], *, key: str) -> None:
    """The picture. `choose` is called with the ticker that a person clicks, as the browser tells it: any text."""
    from streamlit_echarts import st_echarts  # registers itself with the app that runs, so not before one does

    def told() -> None:
        message = st.session_state[key]["chart_event"]
        if isinstance(message, dict):
            choose(str(message.get("ticker", "")))

    click = {"click": border.source(FILES / "clicked.js")}
    st_echarts(prepared.option, events=click, height=height, key=key, on_change=told)
