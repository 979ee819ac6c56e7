"""A picture on a page in which a ticker or a day may be clicked."""

from collections.abc import Callable
from typing import Final, Literal

import streamlit as st

from finance_core.ui.echart import border
from finance_core.ui.echart.border import FILES, Prepared

Clicked = Literal["ticker", "day"]
EVENTS: Final[dict[Clicked, str]] = {"ticker": "click", "day": "zr:click"}
"""What ECharts tells of a click: on something that is drawn, or anywhere."""


def show(
    prepared: Prepared, height: str, choose: Callable[[str], None], *, key: str, clicked: Clicked = "ticker"
) -> None:
    """The picture. `choose` is called with what a person clicks, as the browser tells it: any text.

    Where it is drawn with other numbers, it stays as it was zoomed.
    """
    from streamlit_echarts import st_echarts  # registers itself with the app that runs, so not before one does

    def told() -> None:
        message = st.session_state[key]["chart_event"]
        if isinstance(message, dict):
            choose(str(message.get(clicked, "")))

    events = {EVENTS[clicked]: border.source(FILES / f"{clicked}_clicked.js")}
    replaced = ["series", "dataset"]
    st_echarts(prepared.option, events=events, height=height, replace_merge=replaced, key=key, on_change=told)
