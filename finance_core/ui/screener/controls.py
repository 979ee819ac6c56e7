"""The rows above a condition: category, day, saved and ready screens, and help for writing conditions."""

from functools import partial

import pandas as pd
import streamlit as st

from finance_core import categories, formats
from finance_core.bars import fields
from finance_core.bars.fields import FIELDS
from finance_core.bars.functions import FUNCTIONS
from finance_core.bars.screen import READY
from finance_core.i18n import _
from finance_core.storage import database
from finance_core.storage.database import MongoDatabase
from finance_core.storage.screens import SAVED
from finance_core.ui.choices import icon_button, name_form, segmented
from finance_core.ui.decorators import writes
from finance_core.ui.parameters import DAYS, latest_day
from finance_core.ui.screener import address
from finance_core.ui.screener import rows as conditions
from finance_core.ui.screener.address import View
from finance_core.ui.text import plain
from finance_core.ui.visitor import may_edit
from finance_core.ui.widget_keys import owned


def above(db: MongoDatabase, view: View) -> None:
    """A row with category, day, saved screens and help; and a row with ready conditions."""
    titles = {category: _(category.title) for category in categories.CATEGORIES}
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="screener_controls"):
        segmented(_("카테고리"), "screened", titles, view.category, lambda chosen: address.write(category=chosen))
        day = formats.date(view.day) if view.day else _("가장 새로운 봉")
        with st.popover(day, icon=":material/event:", key="as_of"):
            _as_of(view)
        with st.popover(_("저장된 검색"), icon=":material/bookmarks:", key="saved_screens"):
            _saved(db, view)
        with st.popover(_("쓰는 법"), icon=":material/help:", key="screener_help"):
            _help()
    _ready(view)


def _as_of(view: View) -> None:
    first, last = DAYS[0], min(DAYS[1], latest_day())
    label, form = _("이날까지의 봉만 봅니다"), owned("day", view.day, lambda day: address.write(day=day))
    st.date_input(label, view.day, min_value=first, max_value=last, format="YYYY-MM-DD", **form)
    st.button(_("가장 새로운 봉"), on_click=partial(address.write, day=None), disabled=view.day is None)


def _ready(view: View) -> None:
    def choose(key: str | None) -> None:
        if key:
            address.write(rule=READY[key].rule)

    shown = next((key for key, row in READY.items() if row.rule == view.rule), None)
    st.pills(
        _("준비된 조건"),
        list(READY),
        format_func=lambda key: _(READY[key].name),
        default=shown,
        label_visibility="collapsed",
        **owned("ready", shown, choose),
    )
    if shown:
        st.caption(plain(_(READY[shown].note)))


def _saved(db: MongoDatabase, view: View) -> None:
    """The saved screens. An admin can save the present screen under a name, and remove saved ones."""
    saved = SAVED.load(db)
    if not saved:
        st.caption(_("아직 저장된 검색이 없습니다."))
    for name, query in saved.items():
        kept, _problems = address.parse(query)
        with st.container(horizontal=True, vertical_alignment="center"):
            st.button(
                plain(name), key=f"saved_{name}", help=plain(kept.rule), on_click=address.write, kwargs=vars(kept)
            )
            if may_edit():
                remove = writes(partial(SAVED.remove, db, name))
                icon_button("delete", _("지우기"), f"forget_{name}", remove)
    if may_edit():

        def save(name: str) -> None:
            SAVED.save(database.connect(), name, address.texts_of(view))

        name_form(_("이름"), _("지금 조건을 이 이름으로"), _("저장"), "bookmark_add", save, key="screen_name")


def _help() -> None:
    st.caption(_("이름에 봉 수를 붙입니다: ma20, rsi14, high250. 조건은 and, or, not과 괄호로 잇고, 5%는 0.05입니다."))
    named = [(str(conditions.usual(name)), _(row.group), fields.title(name)) for name, row in FIELDS.items()]
    called = [(row.usage, _("함수"), _(row.title)) for row in FUNCTIONS.values()]
    table = pd.DataFrame([*named, *called], columns=[_("쓰기"), _("갈래"), _("뜻")])
    st.dataframe(table, hide_index=True, height=420, row_height=28, width=640)
