"""Choices that several pages offer: of one in a row of buttons, and of a category."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import streamlit as st

from finance_core import categories
from finance_core.categories import Category
from finance_core.i18n import _

T = TypeVar("T")


def segmented(label: str, key: str, titles: Mapping[T, str], shown: T | None, choose: Callable[[T], None]) -> None:
    """A row with a button for each of `titles` (values with message ids), on which `shown` is marked.

    `choose` is called with the value whose button is clicked. What marks another without a click gets another row in
    the place of this one: a browser that has not heard of it yet goes on naming the old mark, which is no click. The
    row before it stays, hidden: a click on it in the moment in which it is replaced still counts.
    """
    number: int = st.session_state.get(f"{key}_count", 0)
    if st.session_state.get(_row(key, number)) not in (None, shown):
        number += 1
        st.session_state[f"{key}_count"] = number

    def draw(row: str) -> None:
        def clicked() -> None:
            value: T | None = st.session_state[row]
            if value not in (None, shown):  # None: the marked one was clicked again
                choose(value)

        st.segmented_control(
            label,
            list(titles),
            format_func=lambda value: _(titles[value]),
            label_visibility="collapsed",
            key=row,
            wrap=False,
            on_change=clicked,
        )

    row = _row(key, number)
    st.session_state[row] = shown
    draw(row)
    replaced = _row(key, number - 1)
    if number and st.session_state.get(replaced) in titles:  # else these are other choices than it had
        with st.container(key=f"{row}_replaces"):
            draw(replaced)


def _row(key: str, number: int) -> str:
    """The key of a row that `number` others stood before in its place."""
    return f"{key}_{number}" if number else key


def category(key: str, **options: Any) -> Category:
    """The category that is chosen in a list of all, a widget with `key` and `options` of Streamlit."""
    titles = {category.key: _(category.title) for category in categories.CATEGORIES}
    chosen = st.selectbox(_("카테고리"), list(titles), format_func=titles.__getitem__, key=key, **options)
    return categories.category(chosen)
