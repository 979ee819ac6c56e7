"""The table of the bars that a run changed or left out, with the reasons."""

import pandas as pd
import streamlit as st

from finance_core import formats
from finance_core.bars.candles import REASONS
from finance_core.i18n import _
from finance_core.storage import runs
from finance_core.storage.database import MongoDatabase
from finance_core.storage.documents import RunRecord
from finance_core.ui.text import plain


def show(db: MongoDatabase, run: RunRecord) -> None:
    """The table in a closed expander; nothing where there are no such bars."""
    remarks = runs.remarks(db, run["_id"])
    if not remarks:
        return
    table = pd.DataFrame(
        {
            _("종목"): [remark["ticker"] for remark in remarks],
            _("날짜"): [formats.date(remark["date"]) if "date" in remark else "" for remark in remarks],
            _("이유"): [_(REASONS.get(remark["reason"], remark["reason"])) for remark in remarks],
        }
    )
    count = run["changed"] + run["refused"]
    with st.expander(plain(formats.filled(_("고치거나 뺀 봉 {count}"), count=count))):
        st.dataframe(table, hide_index=True)
        if count > len(remarks):
            st.caption(_("처음 것만 보여 줍니다. 모두는 로그에 있습니다."))
