"""Rows of buttons, of which one is chosen. What is chosen is kept in the address of the page."""

from collections.abc import Callable, Mapping
from typing import TypeVar

import streamlit as st

from finance_core.i18n import _

T = TypeVar("T")


def segmented(label: str, key: str, titles: Mapping[T, str], shown: T | None, choose: Callable[[T], None]) -> None:
    """A row with a button for each of `titles` (values with message ids), on which `shown` is marked.

    `choose` is called with the value whose button is clicked.
    """

    def clicked() -> None:
        value: T | None = st.session_state[key]
        if value is not None:  # None: the marked one was clicked again
            choose(value)

    st.session_state[key] = shown
    st.segmented_control(
        label,
        list(titles),
        format_func=lambda value: _(titles[value]),
        label_visibility="collapsed",
        key=key,
        wrap=True,
        on_change=clicked,
    )
