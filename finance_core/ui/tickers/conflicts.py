"""Edits that met another person's edit of the same row: both shown, and the choice which of them stays."""

import pandas as pd
import streamlit as st

from finance_core import formats, ticker_fields
from finance_core.i18n import _
from finance_core.storage.database import MongoDatabase
from finance_core.storage.ticker_edits import Conflict
from finance_core.ui.text import plain
from finance_core.ui.tickers.state import State

SHOWN = 20
THEIRS, MINE = "theirs", "mine"


def show(state: State) -> None:
    """The conflicts to decide, the first `SHOWN` of them."""
    conflicts = list(state.conflicts.values())
    if not conflicts:
        return
    with st.container(border=True):
        counted = _("{count}개 행은 그사이 다른 사람이 고쳤습니다. 무엇을 남길지 고르십시오.")
        st.warning(counted.format(count=formats.count(len(conflicts))), icon=":material/group:")
        for conflict in conflicts[:SHOWN]:
            _show_one(state, conflict)

        def decide(_db: MongoDatabase) -> None:
            state.read_anew()
            for conflict in conflicts[:SHOWN]:
                state.decide(conflict, mine=st.session_state.get(_choice_key(state, conflict)) == MINE)

        state.button("resolve", _("고른 대로 하기"), ":material/done_all:", decide)


def _choice_key(state: State, conflict: Conflict) -> str:
    return state.key(f"conflict:{conflict.mine.ticker}")


def _show_one(state: State, conflict: Conflict) -> None:
    mine, theirs = conflict.mine, conflict.theirs
    if theirs is None:
        st.markdown(plain(_("{ticker}: 그사이 목록에서 지워졌습니다.").format(ticker=mine.ticker)))
        return
    columns = [_("항목"), _("원래"), _("다른 사람"), _("나")]
    cells = [
        (_(field.title), *map(field.label, (mine.original[key], field.shown(theirs), mine.changes[key])))
        for key, field in ticker_fields.by_key().items()
        if key in mine.changes
    ]
    st.markdown(f"**{plain(mine.ticker)}**")
    st.dataframe(pd.DataFrame(cells, columns=columns), hide_index=True)
    names = {THEIRS: _("다른 사람의 것"), MINE: _("내 것")}
    st.radio(
        mine.ticker,
        list(names),
        format_func=lambda choice: names[choice],
        horizontal=True,
        label_visibility="collapsed",
        key=_choice_key(state, conflict),
    )
