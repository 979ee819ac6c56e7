"""The row of controls above a chart: period, interval, range, and look.

Choices are kept in the address: a control shows the value in the address, and writes a new value into it.
"""

import datetime as dt
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, NamedTuple

import pandas as pd
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from finance_core.categories import Category
from finance_core.charts.marks import LOOKS as MARK_LOOKS
from finance_core.charts.style import Kind, Scale
from finance_core.i18n import N_, _, translated
from finance_core.storage.documents import TickerRow
from finance_core.ui import colors, listing
from finance_core.ui.choices import icon_button, period_and_interval, segmented
from finance_core.ui.viewer import address, header, indicator_menu, summary
from finance_core.ui.viewer.address import View
from finance_core.ui.widget_keys import owned

KINDS: dict[Kind, str] = {
    "hollow": N_("속 빈 봉"),
    "candles": N_("봉"),
    "bars": N_("바"),
    "line": N_("선"),
    "area": N_("영역"),
}
SCALES: dict[Scale, str] = {"linear": N_("보통"), "log": N_("로그"), "percent": N_("변화율 %")}
"""Message ids of the names on buttons."""
TOOLTIP = "tooltip"
"""The key of the session state for the choice of a tooltip beside the pointer."""
UNFOLDED = "menus_unfolded"
"""The key of the session state for whether the menus are shown on a phone."""


class Menus(NamedTuple):
    """Menus that the caller of `show` fills."""

    compare: DeltaGenerator
    draw: DeltaGenerator
    other: DeltaGenerator


def show(category: Category, view: View, dates: pd.DatetimeIndex, row: TickerRow, line: str) -> Menus:
    """The controls, set to `view`, with the badges of `row`; `dates` are the days that have bars.

    `line` is the summary of the visible bars.
    """
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="controls"):
        with st.container(horizontal=True, wrap=False, gap="small", key="choices"):
            period_and_interval(None if view.first else view.period, view.interval, partial(address.write, category))
        summary.show(line, key="summary")
        with st.container(horizontal=True, wrap=False, gap="xxsmall", width="content", key="badges"):
            header.badges(row)
            if view.total_return:
                st.badge(_("배당까지 반영한 가격"), icon=":material/payments:", color="blue")
        is_open = st.session_state.get(UNFOLDED, False)
        with st.container(width="content", key="fold_open" if is_open else "fold"):  # shown in the width of a phone
            icon_button("more_horiz", _("도구"), "tools", _fold)
        with st.container(horizontal=True, wrap=False, width="content", gap="xxsmall", key="menus"):
            label = f"{view.first} – {view.last or ''}" if view.first else _("메뉴")
            indicator_menu.show(category, view, partial(_averages, category, view))
            looks = _menu(_("모양"), "candlestick_chart", "looks")
            compare = _menu(_("함께"), "stacked_line_chart", "compare")
            draw = _menu(_("그리기"), "draw", "draw")
            menu = st.popover(label, icon=":material/tune:", key="menu", width="content")
    with looks:
        _looks(category, view, listing.market_of(row))
    with menu:
        _range(category, view, dates)
    return Menus(compare, draw, menu)


def _menu(label: str, icon: str, key: str) -> DeltaGenerator:
    """A menu whose label is shown on hover too: a narrow window hides it."""
    return st.popover(label, help=label, icon=f":material/{icon}:", key=key, width="content")


def _fold() -> None:
    st.session_state[UNFOLDED] = not st.session_state.get(UNFOLDED, False)


def _range(category: Category, view: View, dates: pd.DatetimeIndex) -> None:
    def choose(days: tuple[dt.date, ...]) -> None:
        if len(days) == 2:  # with one day, the person has yet to choose the other
            address.write(category, first=days[0], last=days[1])

    first, last = dates[0].date(), dates[-1].date()
    shown: Any = (max(first, min(view.first, last)), max(first, min(view.last or last, last))) if view.first else ()
    label, form = _("처음과 끝 날짜"), owned("range", shown, choose, waits=(view.ticker, view.period))
    st.date_input(label, shown, min_value=first, max_value=last, format="YYYY-MM-DD", **form)


def _several(label: str, field: str, titles: Mapping[Any, str], view: View, write: Callable[..., None]) -> None:
    """A button for each of `titles`, of which several may be chosen, for the `field` of the view."""
    shown = list(getattr(view, field))
    form = owned(field, shown, lambda chosen: write(**{field: tuple(sorted(chosen))}))
    st.pills(label, list(titles), default=shown, format_func=titles.__getitem__, selection_mode="multi", **form)


def _averages(category: Category, view: View) -> None:
    write = partial(address.write, category)
    _several(_("이동평균"), "averages", {average: average.label for average in category.averages}, view, write)
    if len(category.average_sets) > 1:
        for averages in category.average_sets:
            label = "·".join(average.label for average in averages)
            st.button(label, key=f"averages_{averages[-1].text}", on_click=partial(write, averages=averages))


def _looks(category: Category, view: View, market: str) -> None:
    write = partial(address.write, category)
    segmented(_("모양"), "kind", translated(KINDS), view.kind, lambda kind: write(kind=kind))
    segmented(_("가격 축"), "scale", translated(SCALES), view.scale, lambda scale: write(scale=scale))
    _several(_("표시"), "marks", {kind: _(look.title) for kind, look in MARK_LOOKS.items()}, view, write)
    st.toggle(
        _("배당까지 반영한 가격"),
        view.total_return,
        help=_("배당락 전 가격을 배당만큼 낮춥니다: 받은 배당을 다시 산 사람의 수익이 됩니다. 끄면 분할만 반영합니다."),
        **owned("total_return", view.total_return, lambda is_on: write(total_return=is_on)),
    )
    st.toggle(_("말풍선도 보기"), key=TOOLTIP, persist_state="session")
    colors.switch(category, market)
