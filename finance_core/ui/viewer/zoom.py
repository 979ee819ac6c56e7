"""The chart of a viewer, whose zoom is part of the page: what is visible is in the address, as a period or as two days.

A chart moves by itself when a person zooms, and on command when the page says so. What a visit keeps tells the two
apart: a zoom is written into the address without being sent back to the chart.
"""

import datetime as dt
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pandas as pd
import streamlit as st

from finance_core.bars import candles
from finance_core.bars.candles import Period
from finance_core.categories import Category
from finance_core.charts.style import Style
from finance_core.i18n import _
from finance_core.ui.echart import component
from finance_core.ui.echart.component import Drawings, Picture, Shown, Words
from finance_core.ui.parameters import PERIODS
from finance_core.ui.viewer import address
from finance_core.ui.viewer.address import View
from finance_core.ui.viewer.shared import Drawing

KEY = "chart_of_ticker"
RANGE, ZOOMED = "shown_range", "zoomed_to"
"""Where a visit keeps which range its chart shows with the number of commands so far, and which one came from it."""
COMMAND = "chart_command"
"""Where a visit keeps what its chart was told last."""


def chart(
    category: Category,
    view: View,
    drawing: Drawing,
    visible: tuple[int, int],
    style: Style,
    name: str,
    picture: Picture | None,
    drawings: Drawings,
    draw: Callable[[Any], None],
) -> None:
    """The chart, with the bars between the positions `visible` on screen.

    `picture` is the last that was asked for, `draw` gets the points of a new drawing as the browser tells them.
    """
    days = pd.DatetimeIndex(drawing.bars.index)

    def tell(message: dict[str, Any]) -> None:
        if message.get("kind") == "draw":
            draw(message.get("points"))
        elif zoomed := of_message(message, view, days):
            st.session_state[ZOOMED] = _range(zoomed)
            address.write(category, view, period=zoomed.period, first=zoomed.first, last=zoomed.last)

    words = Words(alt=_("{name} 차트").format(name=name), bars=_("봉 {count}개"), days=_("{count}일"))
    shown = _told(Shown(*visible, revision=_revision(view), drawn=drawing.prepared.drawn))
    component.show(drawing.prepared, shown, style, words, tell, key=KEY, picture=picture, drawings=drawings)


def forget_command() -> None:
    """Have the chart told anew what it shows: it may be a new one."""
    st.session_state.pop(COMMAND, None)


def of_message(message: dict[str, Any], view: View, days: pd.DatetimeIndex) -> View | None:
    """`view` of the bars that a browser says it shows, on `days`; None where it says nothing that can be.

    A zoom to what a period shows is that period; one to the last bar stays at the last bar, also of other days.
    """
    try:
        first, last = (dt.date.fromisoformat(message[end]) if message[end] else None for end in ("first", "last"))
    except (KeyError, TypeError, ValueError):
        return None
    if first is None or pd.Timestamp(first) not in days or (last and (last < first or pd.Timestamp(last) not in days)):
        return None
    start = int(days.searchsorted(pd.Timestamp(first)))
    everything: Period = "MAX"
    periods = [view.period, everything, *PERIODS] if last is None else []
    for period in periods:
        if candles.period_start(days, period) == start:
            return replace(view, period=period, first=None, last=None)
    return replace(view, first=first, last=last)


def _told(shown: Shown) -> Shown:
    """What a chart is told that should show `shown`: as before, if it has only zoomed since.

    A message that is the same as before is not sent again, with all its bars.
    """
    before: Shown | None = st.session_state.get(COMMAND)
    if before is None or (before.revision, before.drawn) != (shown.revision, shown.drawn):
        st.session_state[COMMAND] = before = shown
    return before


def _range(view: View) -> tuple[object, ...]:
    return (None if view.first else view.period, view.first, view.last)


def _revision(view: View) -> int:
    """How often the page has told this visit's chart what to show; once more if `view` has not come from the chart."""
    shown, zoomed = _range(view), st.session_state.pop(ZOOMED, None)
    before, count = st.session_state.get(RANGE, (None, 0))
    revision = int(count) + (shown not in (before, zoomed))
    st.session_state[RANGE] = shown, revision
    return revision
