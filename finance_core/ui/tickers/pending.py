"""The edits of a visitor that are not saved yet: how many, which, and the buttons that save or discard them."""

from collections.abc import Collection, Iterable
from typing import Any

import pandas as pd
import streamlit as st

from finance_core import formats, ticker_fields
from finance_core.errors import SisepanError
from finance_core.i18n import _
from finance_core.storage import ticker_edits
from finance_core.storage.database import MongoDatabase
from finance_core.storage.documents import RowChange
from finance_core.storage.ticker_edits import Saved
from finance_core.ui.text import plain
from finance_core.ui.tickers.state import State, editor

SHOWN_REFUSED = 20


def show(state: State) -> None:
    """The pending edits; how to make one where there are none."""
    edits = state.pending
    if not edits:
        st.caption(plain(_("종목 {count}개. 칸을 두 번 눌러 고칩니다.").format(count=formats.count(state.total))))
        return
    cells = sum(len(edit.changes) for edit in edits.values())
    with st.container(border=True):
        with st.container(horizontal=True, vertical_alignment="center"):
            counted = _("{rows}개 행에서 {cells}칸을 고쳤습니다").format(rows=len(edits), cells=cells)
            st.markdown(f"**{plain(counted)}**")

            # All that are pending at the click: the last edit may be reported together with it.
            def save_all(db: MongoDatabase) -> None:
                save(db, state, list(edits))

            state.button("save", _("모두 저장"), ":material/save:", save_all, type="primary")
            discard = ":material/delete_sweep:"
            state.button("discard", _("버리기"), discard, lambda _db: state.discard(list(edits)))
        for ticker, edit in edits.items():
            try:
                ticker_fields.checked(state.category, edit.changes, edit.original)
            except SisepanError as error:
                st.error(plain(f"{ticker}: {error}"), icon=":material/error:")
        with st.expander(_("고치기 전과 후")):
            _preview(state)


def _preview(state: State) -> None:
    edits = list(state.pending.values())
    changes: list[RowChange] = [
        {"ticker": edit.ticker, "before": edit.original, "after": edit.changes} for edit in edits
    ]
    table = changes_table(changes)
    # Positions are selected: of these edits, and not of others that take their place.
    key = state.key(f"preview:{hash(tuple((edit.ticker, *edit.changes) for edit in edits))}")
    selection: Any = st.dataframe(table, hide_index=True, on_select="rerun", selection_mode="multi-row", key=key)
    rows = [row for row in selection["selection"]["rows"] if row < len(table)]
    chosen = table[_("종목 코드")].iloc[rows].unique().tolist()
    if chosen:
        with st.container(horizontal=True):
            label = _("고른 {count}개 행만 저장").format(count=len(chosen))
            state.button("save_chosen", label, ":material/save:", lambda db: save(db, state, chosen))
            label = _("고른 {count}개 행만 버리기").format(count=len(chosen))
            state.button("discard_chosen", label, ":material/delete:", lambda _db: state.discard(chosen))


def changes_table(changes: Iterable[RowChange]) -> pd.DataFrame:
    """Each changed field of each row with its values before and after."""
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
    # Some of them may be saved by now: a second click finds none.
    edits = [state.pending[ticker] for ticker in chosen if ticker in state.pending]
    saved = ticker_edits.save(db, state.category, edits, editor())
    for ticker in [*saved.applied, *(conflict.mine.ticker for conflict in saved.conflicts)]:
        del state.pending[ticker]
    after(state, saved)


def after(state: State, saved: Saved) -> None:
    """Show the result of a change of rows; pending edits of them stay."""
    state.after(saved)
    if saved.applied:
        state.tell("success", _("{count}개 행을 저장했습니다.").format(count=formats.count(len(saved.applied))))
    for ticker, error in list(saved.refused.items())[:SHOWN_REFUSED]:
        state.tell("error", f"{ticker}: {error}")
