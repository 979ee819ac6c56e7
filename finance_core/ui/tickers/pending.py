"""The edits of a visitor that are not saved yet, and their conflicts with edits of other people in the same rows."""

from collections.abc import Collection, Iterable
from dataclasses import replace
from typing import Any

import pandas as pd
import streamlit as st

from finance_core import categories, formats, ticker_fields
from finance_core.errors import SisepanError
from finance_core.i18n import _
from finance_core.storage import ticker_edits
from finance_core.storage.database import MongoDatabase
from finance_core.storage.documents import RowChange
from finance_core.storage.ticker_edits import Conflict
from finance_core.ui.text import plain
from finance_core.ui.tickers.state import State, editor

SHOWN_CONFLICTS = 20
THEIRS, MINE = "theirs", "mine"


def show(state: State) -> None:
    """The number of edits, a preview, and buttons that save or discard them; without edits, a hint how to make one.

    Below a container whose key begins with "unsaved", `unsaved.js` knows that there are edits.
    """
    _elsewhere(state)
    edits = state.pending
    if not edits:
        st.caption(plain(formats.filled(_("종목 {count}개. 칸을 두 번 눌러 고칩니다."), count=state.total)))
        return
    cells = sum(len(edit.changes) for edit in edits.values())
    with st.container(border=True, key="unsaved"):
        with st.container(horizontal=True, vertical_alignment="center"):
            counted = formats.filled(_("{rows}개 행에서 {cells}칸을 고쳤습니다"), rows=len(edits), cells=cells)
            st.markdown(f"**{plain(counted)}**")
            # Saves all edits that are pending at the click: the browser may report the last edit with the click.
            icons = ":material/save:", ":material/delete_sweep:"
            state.button("save", _("모두 저장"), icons[0], lambda db: save(db, state, list(edits)), type="primary")
            state.button("discard", _("버리기"), icons[1], lambda _db: state.discard(list(edits)))
        for ticker, edit in edits.items():
            try:
                ticker_fields.checked(state.category, edit.changes, edit.original)
            except SisepanError as error:
                st.error(plain(f"{ticker}: {error}"), icon=":material/error:")
        with st.expander(_("고치기 전과 후")):
            _preview(state)


def _elsewhere(state: State) -> None:
    """A line with the other categories that have edits."""
    others = [State.of(category) for category in categories.CATEGORIES if category != state.category]
    counts = {_(other.category.title): formats.count(len(other.pending)) for other in others if other.pending}
    if counts:
        sentence = _("다른 카테고리의 저장하지 않은 행: {counts}")
        with st.container(key="unsaved_elsewhere"):
            st.caption(plain(sentence.format(counts=", ".join(map(" ".join, counts.items())))))


def _preview(state: State) -> None:
    edits = list(state.pending.values())
    table = changes_table(edit.as_change() for edit in edits)
    # A selection is a position. The key has the edits, so that the selection is cleared when other edits move up.
    key = state.key(f"preview:{hash(tuple((edit.ticker, *edit.changes) for edit in edits))}")
    selection: Any = st.dataframe(table, hide_index=True, on_select="rerun", selection_mode="multi-row", key=key)
    rows = [row for row in selection["selection"]["rows"] if row < len(table)]
    chosen = table[_("종목 코드")].iloc[rows].unique().tolist()
    if chosen:
        with st.container(horizontal=True):
            label = formats.filled(_("고른 {count}개 행만 저장"), count=len(chosen))
            state.button("save_chosen", label, ":material/save:", lambda db: save(db, state, chosen))
            label = formats.filled(_("고른 {count}개 행만 버리기"), count=len(chosen))
            state.button("discard_chosen", label, ":material/delete:", lambda _db: state.discard(chosen))


def changes_table(changes: Iterable[RowChange]) -> pd.DataFrame:
    """A table with one row per changed field, with its values before and after."""
    columns = [_("종목 코드"), _("항목"), _("전"), _("후")]
    cells = [
        (row["ticker"], _(field.title), field.label(row["before"].get(key)), field.label(row["after"].get(key)))
        for row in changes
        for key, field in ticker_fields.by_key().items()
        if key in row["before"] or key in row["after"]
    ]
    return pd.DataFrame(cells, columns=columns)


def save(db: MongoDatabase, state: State, chosen: Collection[str]) -> None:
    """Save the pending edits of these tickers."""
    # Some may be saved already, as by a second click on the button.
    edits = [state.pending[ticker] for ticker in chosen if ticker in state.pending]
    saved = ticker_edits.save(db, state.category, edits, editor())
    for ticker in [*saved.applied, *(conflict.mine.ticker for conflict in saved.conflicts)]:
        del state.pending[ticker]
    state.after(replace(saved, refused={}))  # those stay among the edits, where `show` says what is wrong with them


def show_conflicts(state: State) -> None:
    """The first conflicts to decide, each with both edits and the choice which edit to keep."""
    conflicts = list(state.conflicts.values())
    if not conflicts:
        return
    with st.container(border=True):
        counted = _("{count}개 행은 그사이 다른 사람이 고쳤습니다. 무엇을 남길지 고르십시오.")
        st.warning(formats.filled(counted, count=len(conflicts)), icon=":material/group:")
        for conflict in conflicts[:SHOWN_CONFLICTS]:
            _show_conflict(state, conflict)

        def decide(_db: MongoDatabase) -> None:
            state.read_anew()
            for conflict in conflicts[:SHOWN_CONFLICTS]:
                state.decide(conflict, mine=st.session_state.get(_choice_key(state, conflict)) == MINE)

        state.button("resolve", _("고른 대로 하기"), ":material/done_all:", decide)


def _choice_key(state: State, conflict: Conflict) -> str:
    return state.key(f"conflict:{conflict.mine.ticker}")


def _show_conflict(state: State, conflict: Conflict) -> None:
    mine, theirs = conflict.mine, conflict.theirs
    if theirs is None:
        st.markdown(plain(_("{ticker}: 그사이 목록에서 지워졌습니다.").format(ticker=mine.ticker)))
        return
    columns = [_("항목"), _("원래"), _("다른 사람"), _("나")]
    cells = [
        (_(field.title), *map(field.label, (mine.original.get(key), field.shown(theirs), mine.changes[key])))
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
