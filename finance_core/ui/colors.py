"""The colours of rising and falling prices: the visitor's choice for all pages, else those usual in the market."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd
import streamlit as st

from finance_core.categories import Category
from finance_core.charts.style import Style
from finance_core.i18n import _
from finance_core.ui import browser_memory
from finance_core.ui.widget_keys import owned

if TYPE_CHECKING:
    from pandas.io.formats.style import Styler  # imports a template engine

COLORS = "colors"
"""The name under which the browser keeps the choice."""
CHANGED = "colors_changed"
"""The key of the session state that is set by the switch until the page is drawn in the other colours."""
TEXTS = {"red": True, "green": False}


def rising_is_red(category: Category, market: str = "") -> bool:
    """Whether this visitor sees a rising ticker of `category`, traded on `market`, in red; else in green."""
    chosen = TEXTS.get(browser_memory.recall(COLORS))
    return category.rises_red(market) if chosen is None else chosen


def of_changes(table: pd.DataFrame, columns: Sequence[str], traded: Sequence[tuple[Category, str]]) -> "Styler":
    """`table` with the changes in `columns` coloured; `traded` has the category and market of each row.

    A colour means the same in all rows. Where the customs of their markets differ, that of the first category holds.
    """
    customs = {rising_is_red(*each) for each in set(traded)}
    is_red = customs.pop() if len(customs) == 1 else not traded or rising_is_red(traded[0][0])
    return colored(table, columns, Style(rising_is_red=is_red))


def colored(table: pd.DataFrame, columns: Sequence[str], style: Style) -> "Styler":
    """`table` with the changes in `columns` in the colours of `style`."""

    def color(change: Any) -> str:
        return f"color: {style.rising}" if change > 0 else f"color: {style.falling}" if change < 0 else ""

    return table.style.map(color, subset=list(columns))


def switch(category: Category, market: str) -> None:
    """The switch for the colours, for all pages and for the next visit of this browser."""

    def choose(is_red: bool) -> None:
        browser_memory.remember(COLORS, "red" if is_red else "green")
        st.session_state[CHANGED] = True

    shown = rising_is_red(category, market)
    help_text = _("모든 화면에서, 이 브라우저의 다음 방문에도.")
    st.toggle(_("상승을 빨강으로"), shown, help=help_text, **owned("red", shown, choose))
    if st.session_state.pop(CHANGED, False):
        st.rerun()  # the whole page, which has colours outside the part with the switch
