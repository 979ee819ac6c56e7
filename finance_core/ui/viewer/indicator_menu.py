"""The menu of indicators, made from their table: add one, set its numbers, remove it, and set the heights of panes."""

from collections.abc import Callable
from functools import partial
from math import isnan, nan

import streamlit as st

from finance_core.bars import curves
from finance_core.bars.curves import Chosen
from finance_core.bars.indicator import Setting
from finance_core.bars.indicators import INDICATORS
from finance_core.categories import Category
from finance_core.charts import panes
from finance_core.i18n import _
from finance_core.ui.choices import icon_button
from finance_core.ui.decorators import toast
from finance_core.ui.text import plain
from finance_core.ui.viewer import address
from finance_core.ui.viewer.address import View
from finance_core.ui.visitor import use_visitor_language
from finance_core.ui.widget_keys import identities, owned, placed, successor

ADDED = "added_indicator"


def show(category: Category, view: View, averages: Callable[[], None]) -> None:
    """The menu, set to the indicators of `view`; `averages` draws the choice of averages at its top."""
    label = _("지표 {count}").format(count=len(view.indicators)) if view.indicators else _("지표")
    with st.popover(label, icon=":material/add_chart:", key="indicators", width="content"):
        averages()
        _add(category)
        for position, number in enumerate(identities("indicators_drawn", view.indicators)):
            _row(category, view.indicators, position, number)
        _heights(category, view)


def _add(category: Category) -> None:
    def add() -> None:
        key = st.session_state[ADDED]
        st.session_state[ADDED] = None  # and no new box: who is quicker than the answer has chosen the next in this one
        if key in INDICATORS:
            present = address.present(category).indicators
            _put(category, (*present, _unused(key, present)))

    st.selectbox(
        _("지표 더하기"),
        list(INDICATORS),
        index=None,
        format_func=lambda key: _(INDICATORS[key].name),
        placeholder=_("지표 더하기"),
        label_visibility="collapsed",
        key=ADDED,
        on_change=add,
    )


def _row(category: Category, drawn: tuple[Chosen, ...], position: int, identity: int) -> None:
    """The name of an indicator with its definition on hover, its settings, and the button that removes it."""
    chosen = drawn[position]
    row = chosen.indicator

    def change(*new: Chosen) -> None:
        _put(category, placed(address.present(category).indicators, drawn, position, *new))

    keys = [f"indicator_{identity}_{each}" for each in range(len(row.settings))]
    mark = f"indicator_{identity}_drawn"
    shown, number = st.session_state.get(mark, (None, -1))

    def typed() -> Chosen:
        return Chosen(row.key, tuple(st.session_state.get(successor(key, number), nan) for key in keys))

    def set_numbers() -> None:
        is_drawn = st.session_state[mark][1] == number  # else a slow browser sends numbers of another indicator
        if is_drawn and not curves.problem_of(typed()):
            change(typed())

    # Numbers that do not go together yet stay as they are typed, so that each can be set on the way to others.
    is_other = shown is not None and shown.key != chosen.key
    if is_other or (typed() != chosen and (shown != chosen or any(map(isnan, typed().values)))):
        number += 1
    st.session_state[mark] = chosen, number
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small", key=f"indicator_{position}"):
        name = plain(_(row.name))
        st.markdown(f"**{name}**", help=about(chosen), width="stretch")
        for key, setting, value in zip(keys, row.settings, chosen.values, strict=True):
            _number(setting, successor(key, number), value, set_numbers)
        icon_button("close", _("빼기"), f"remove_indicator_{identity}", change)
    if problem := curves.problem_of(typed()):
        st.warning(plain(problem), icon=":material/warning:")


def about(chosen: Chosen) -> str:
    """An explanation of an indicator: its formula, the first bar with values, and the source of the formula."""
    row = chosen.indicator
    first = _("{bar}번째 봉부터 모든 값이 있습니다.").format(bar=row.warm_up(*chosen.values) + 1)
    return plain(" ".join([_(row.definition), first, _("출처: {source}").format(source=row.source)]))


def _number(setting: Setting, key: str, value: float, on_change: Callable[[], None]) -> None:
    kind: type[int] | type[float] = int if setting.step == 1 else float
    st.number_input(
        _(setting.name),
        min_value=kind(setting.least),
        max_value=kind(setting.most),
        value=st.session_state.get(key, kind(value)),
        step=kind(setting.step),
        key=key,
        width=96,
        on_change=on_change,
    )


def _heights(category: Category, view: View) -> None:
    """A slider for the share of each pane in the height."""
    names = [_("가격"), _("거래량"), *(each.label for each in view.indicators if each.indicator.pane == "own")]

    def share(position: int, new: int) -> None:
        shares = panes.shares(len(names), address.present(category).heights)
        if shares[position] == new:
            return
        shares[position] = new
        address.write(category, heights=tuple(shares))

    st.caption(_("창의 높이 비율"))
    with st.container(horizontal=True, gap="medium"):
        for position, (name, shown) in enumerate(zip(names, panes.shares(len(names), view.heights), strict=True)):
            slider = owned(f"height_{position}", shown, partial(share, position))
            st.slider(plain(name), *panes.LIMITS, value=shown, width=140, **slider)


def _put(category: Category, chosen: tuple[Chosen, ...]) -> None:
    """Write those of `chosen` that can be drawn together into the address; show a message for each other."""
    use_visitor_language()  # a callback runs before the page sets it
    kept, problems = curves.parse(curves.text_of(chosen))
    address.write(category, indicators=kept)
    for problem in problems:
        toast(problem, "warning")


def _unused(key: str, chosen: tuple[Chosen, ...]) -> Chosen:
    """The indicator with its usual settings. While it is chosen already, the first setting grows by one step."""
    new = curves.usual(INDICATORS[key])
    while new in chosen and new.values:
        new = Chosen(key, (new.values[0] + new.indicator.settings[0].step, *new.values[1:]))
    return new
