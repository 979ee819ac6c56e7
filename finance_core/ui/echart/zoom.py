"""A chart whose zoom is part of its page: what is visible is in the address (see `visible_range`).

A chart moves by itself when a person zooms, and on command when the page says so. What a visit keeps tells the two
apart: a zoom is written into the address without being sent back to the chart.
"""

from collections.abc import Callable
from typing import Any

import pandas as pd
import streamlit as st

from finance_core.i18n import _
from finance_core.ui import address_bar, visible_range
from finance_core.ui.echart import component
from finance_core.ui.echart.border import Prepared
from finance_core.ui.echart.component import NONE_DRAWN, Drawings, Look, Picture, Shown, Words
from finance_core.ui.visible_range import Range

RANGE, ZOOMED, WRITTEN = "shown_range", "zoomed_to", "zoom_written"
"""Where a visit keeps, by the key of the chart: which range it shows with the number of commands so far, which one came
from it, and how the address says that."""


def show(
    prepared: Prepared,
    days: pd.DatetimeIndex,
    view: Range,
    look: Look,
    alt: str,
    write: Callable[..., None],
    *,
    key: str,
    tell: Callable[[dict[str, Any]], None] = lambda _message: None,
    picture: Picture | None = None,
    drawings: Drawings = NONE_DRAWN,
) -> None:
    """The chart of bars on `days`, called `alt`, with those of `view` on screen.

    `write` puts the fields `period`, `first` and `last` of the view into the address after a zoom; `tell` gets whatever
    else the browser says. `picture` is the last that was asked for.
    """

    def told(message: dict[str, Any]) -> None:
        address_bar.settle()
        if message.get("kind") != "zoom":
            tell(message)
        elif message.get("revision") != revision or _in_address() not in (
            drawn,
            st.session_state.get(f"{WRITTEN} {key}"),
        ):
            return  # something else was chosen meanwhile, whether the chart has been told of it yet or not
        elif zoomed := visible_range.of_message(message, view, days):
            st.session_state[f"{ZOOMED} {key}"] = zoomed.bounds
            write(period=zoomed.period, first=zoomed.first, last=zoomed.last)
            st.session_state[f"{WRITTEN} {key}"] = _in_address()

    revision, drawn = _revision(view, key), _in_address()
    first, last = view.visible(days)
    words = Words(alt=alt, bars=_("봉 {count}개"), days=_("{count}일"))
    shown = Shown(first, last, revision, prepared.drawn, len(days))
    component.show(prepared, shown, look, words, told, key=key, picture=picture, drawings=drawings)


def _in_address() -> tuple[str | None, ...]:
    """What the address says of the range now."""
    return tuple(st.query_params.get(parameter.name) for parameter in visible_range.PARAMETERS)


def _revision(view: Range, key: str) -> int:
    """How often the page has told this visit's chart what to show; once more if `view` has not come from the chart."""
    shown, zoomed = view.bounds, st.session_state.pop(f"{ZOOMED} {key}", None)
    before, count = st.session_state.get(f"{RANGE} {key}", (None, 0))
    revision = int(count) + (shown not in (before, zoomed))
    st.session_state[f"{RANGE} {key}"] = shown, revision
    return revision
