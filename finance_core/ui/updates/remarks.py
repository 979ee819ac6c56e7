"""The table of the bars that a run changed or left out, with the reasons."""

import pandas as pd
import streamlit as st

from finance_core import formats
from finance_core.i18n import N_, _
from finance_core.storage import runs
from finance_core.storage.database import MongoDatabase
from finance_core.storage.documents import RunRecord
from finance_core.ui.text import plain

REASONS: dict[str, str] = {
    "no date": N_("날짜가 없음"),
    "duplicate": N_("같은 날의 봉이 또 있음"),
    "no close": N_("종가가 없음"),
    "halted": N_("거래정지: 종가로 채움"),
    "open missing": N_("시가가 없음: 종가로 채움"),
    "range missing": N_("고가나 저가가 없음: 아는 가격으로 채움"),
    "volume mended": N_("거래량이 수가 아님"),
    "corporate action mended": N_("배당이나 분할이 수가 아님"),
    "split applied": N_("분할을 그 전 시세에 반영함"),
    "hundredfold": N_("가격이 100배나 100분의 1: 바로잡음"),
    "dividend impossible": N_("주가가 감당하지 못하는 배당: 뺌"),
    "session open": N_("아직 끝나지 않은 거래일: 뺌"),
    "closed day": N_("거래소가 쉬는 날: 뺌"),
}
"""Message ids of the reasons."""


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
