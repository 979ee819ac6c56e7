"""The screener page: the condition at the top, the result below. The address has the whole view (see `address`)."""

from dataclasses import replace

import streamlit as st

from finance_core import formats
from finance_core.bars import conditions
from finance_core.bars.conditions import Mistake
from finance_core.i18n import _
from finance_core.storage import screens
from finance_core.storage.database import MongoDatabase
from finance_core.ui.decorators import page
from finance_core.ui.parameters import latest_day
from finance_core.ui.screener import address, builder, controls, results
from finance_core.ui.text import plain


@page("screener")
def show(db: MongoDatabase) -> None:
    """The whole page."""
    view, problems = address.parse(dict(st.query_params))
    if view.day and view.day > latest_day():
        sentence = _("{day}은(는) 아직 오지 않은 날이라 가장 새로운 봉을 봅니다.")
        problems.append(sentence.format(day=formats.date(view.day)))
        view = replace(view, day=None)
    for problem in problems:
        st.warning(plain(problem), icon=":material/warning:")
    controls.above(db, view)
    try:
        tree = conditions.parse(view.rule)
    except Mistake as mistake:
        builder.show(view, None)
        st.code(mistake.pointer, language=None)
        st.error(plain(str(mistake)), icon=":material/error:")
        return
    builder.show(view, tree)
    for remark in conditions.remarks(tree):
        st.info(plain(remark), icon=":material/info:")
    with st.spinner(_("시세를 읽고 있습니다…")):
        result = screens.ask(db, view.category, tree, view.day)
    for remark in result.remarks():
        st.warning(plain(remark), icon=":material/warning:")
    results.show(db, view, tree, result)
