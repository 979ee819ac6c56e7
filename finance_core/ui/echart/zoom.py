"""A chart whose visible range is in the address of its page (see `visible_range`).

A chart moves by itself when a person zooms, and on command when the page changes the range. The session state tells the
two apart: a zoom is written into the address, but not sent back to the chart.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pandas as pd
import streamlit as st

from finance_core.ui import address_bar, visible_range
from finance_core.ui.echart import component
from finance_core.ui.echart.border import Prepared
from finance_core.ui.echart.component import NONE_DRAWN, Drawings, Look, Picture
from finance_core.ui.visible_range import Range

# Keys of the session state, each with the key of the chart behind it.
RANGE = "shown_range"
"""The shown range, the number of commands so far, and the range of the last command."""
ZOOMED = "zoomed_to"
"""The range of the last zoom, until the page is drawn with it."""
WRITTEN = "zoom_written"
"""The parameters of the address after the last zoom."""


def show(
    prepared: Prepared,
    days: pd.DatetimeIndex,
    visible: tuple[int, int],
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
    """The chart of the bars on `days`, with the text alternative `alt`, showing `visible`, the range of `view`.

    After a zoom, `write` puts the fields `period`, `first` and `last` of the view into the address; `tell` gets every
    other message of the browser. `picture` is the last picture that was requested.
    """

    def receive(message: dict[str, Any]) -> None:
        address_bar.settle()
        if message.get("kind") != "zoom":
            tell(message)
        elif message.get("revision") != revision or _in_address() not in (
            drawn,
            st.session_state.get(f"{WRITTEN} {key}"),
        ):
            return  # another range was chosen in the meantime, even if the chart does not know it yet
        elif zoomed := visible_range.of_message(message, view, days):
            st.session_state[f"{ZOOMED} {key}"] = zoomed.bounds
            write(period=zoomed.period, first=zoomed.first, last=zoomed.last)
            st.session_state[f"{WRITTEN} {key}"] = _in_address()

    (revision, chosen), drawn = _command(view, key), _in_address()
    component.show(
        prepared,
        visible,
        len(days),
        look,
        alt,
        key=key,
        tell=receive,
        revision=revision,
        chosen=chosen.visible(days),
        picture=picture,
        drawings=drawings,
    )


def _in_address() -> tuple[str | None, ...]:
    """The parameters of the range in the present address."""
    return tuple(st.query_params.get(parameter.name) for parameter in visible_range.PARAMETERS)


def _command(view: Range, key: str) -> tuple[int, Range]:
    """The number of commands to this visit's chart, and the range of the last one, to which a double click returns.

    There is a new command if the range of `view` did not come from the chart.
    """
    shown, zoomed = view.bounds, st.session_state.pop(f"{ZOOMED} {key}", None)
    before, count, chosen = st.session_state.get(f"{RANGE} {key}", (None, 0, {}))
    if shown not in (before, zoomed):
        count, chosen = count + 1, {"period": view.period, "first": view.first, "last": view.last}
    st.session_state[f"{RANGE} {key}"] = shown, count, chosen
    return count, replace(view, **chosen)
