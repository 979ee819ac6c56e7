"""The history of a ticker list: who changed what and when, and the button that undoes a save."""

from typing import Any

import pandas as pd
import streamlit as st

from finance_core import formats
from finance_core.i18n import _
from finance_core.storage import ticker_edits
from finance_core.storage.database import MongoDatabase
from finance_core.storage.documents import EditEntry
from finance_core.storage.ticker_edits import EntrySummary
from finance_core.ui import run_status
from finance_core.ui.tickers import pending
from finance_core.ui.tickers.state import State, editor


def show(db: MongoDatabase, state: State) -> None:
    """The latest entries, and the rows of the selected entry."""
    with st.expander(_("변경 기록"), icon=":material/history:"):
        entries = ticker_edits.summaries(db, state.category, limit=30)
        if not entries:
            st.caption(_("아직 바꾼 것이 없습니다."))
            return
        st.caption(_("줄을 고르면 바뀐 것을 보고 되돌릴 수 있습니다."))
        kinds = {"edit": _("고침"), "undo": _("되돌림"), "add": _("추가"), "list": _("시장 목록"), "remove": _("삭제")}
        table = pd.DataFrame(
            {
                _("언제"): [run_status.moment(entry.when) for entry in entries],
                _("누가"): [entry.who for entry in entries],
                _("무엇을"): [kinds[entry.kind] for entry in entries],
                _("종목"): [_summary(entry) for entry in entries],
            }
        )
        # A selection is a position. A newer entry moves the positions, so the key changes and clears the selection.
        key = state.key(f"changes:{entries[0].entry}")
        selection: Any = st.dataframe(table, hide_index=True, on_select="rerun", selection_mode="single-row", key=key)
        for position in selection["selection"]["rows"]:
            if position < len(entries):
                _show_entry(state, ticker_edits.entry(db, state.category, entries[position].entry))


def _show_entry(state: State, entry: EditEntry) -> None:
    st.dataframe(pending.changes_table(entry["rows"]), hide_index=True)
    if entry["kind"] in ticker_edits.UNDONE:

        def undo(db: MongoDatabase) -> None:
            state.after(ticker_edits.undo(db, state.category, entry["_id"], editor()), is_undo=True)

        state.button(f"undo:{entry['_id']}", _("이 저장을 되돌리기"), ":material/undo:", undo)
    else:
        st.caption(_("삭제는 되돌릴 수 없습니다: 봉까지 지웠습니다. 종목은 '종목 추가'로 다시 넣을 수 있습니다."))


def _summary(entry: EntrySummary) -> str:
    shown, others = ", ".join(entry.first), entry.size - len(entry.first)
    return formats.filled(_("{names} 외 {count}개"), names=shown, count=others) if others else shown
