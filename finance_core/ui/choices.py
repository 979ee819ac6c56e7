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
        wrap=False,
        on_change=clicked,
    )


def category(key: str, **options: Any) -> Category:
    """The category that is chosen in a list of all, a widget with `key` and `options` of Streamlit."""
    titles = {category.key: _(category.title) for category in categories.CATEGORIES}
    chosen = st.selectbox(_("카테고리"), list(titles), format_func=titles.__getitem__, key=key, **options)
    return categories.category(chosen)
