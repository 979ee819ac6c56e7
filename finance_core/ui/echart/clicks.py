"""A chart on a page in which a ticker or a day can be clicked."""

from collections.abc import Callable
from typing import Final, Literal

import streamlit as st

from finance_core.ui.echart import border
from finance_core.ui.echart.border import FILES, Prepared

Clicked = Literal["ticker", "day"]
EVENTS: Final[dict[Clicked, str]] = {"ticker": "click", "day": "zr:click"}
"""The ECharts event for a click: on a drawn element, or anywhere."""


def show(
    prepared: Prepared, height: str, choose: Callable[[str], None], *, key: str, clicked: Clicked = "ticker"
) -> None:
    """The chart. `choose` is called with the clicked ticker or day; the browser may send any text.

    If the chart is drawn again with other numbers, its zoom stays.
    """
    from streamlit_echarts import st_echarts  # registers itself with the running app, so only import it once one runs

    def on_event() -> None:
        message = st.session_state[key]["chart_event"]
        if isinstance(message, dict):
            choose(str(message.get(clicked, "")))

    attach, handler = (border.source(FILES / f"{name}.js") for name in ("attach", f"{clicked}_clicked"))
    # The browser runs this once for each option, after it has drawn it: it attaches the option's functions, draws again
    # with them, and returns the handler.
    code = f"({border.as_json(prepared.drawn)}, ({attach})(chart, chart), chart.resize(), {handler})"
    events, replaced = {EVENTS[clicked]: code}, ["series", "dataset"]
    st_echarts(prepared.option, events=events, height=height, replace_merge=replaced, key=key, on_change=on_event)
