"""Notes on a page about what a shown history is: splits applied here, and jumps that no day's trading explains."""

import pandas as pd
import streamlit as st

from finance_core import formats
from finance_core.categories import Category
from finance_core.i18n import _
from finance_core.ui.text import plain
from finance_core.ui.viewer.shared import History


def show(name: str, category: Category, history: History, first: pd.Timestamp, last: pd.Timestamp) -> None:
    """Show the notes on the history of the ticker called `name`; on jumps, if they are after `first` and up to `last`.

    `first` and `last` are days of the first and the last visible bar.
    """
    if history.late_splits:
        dates = ", ".join(formats.date(split.date) for split in history.late_splits)
        sentence = _("{name}: {dates}의 분할이 그 전 시세에 아직 반영되지 않은 채 저장되어 있어, 반영해서 보여 줍니다.")
        st.info(plain(sentence.format(name=name, dates=dates)), icon=":material/call_split:")
    if jumps := [day for day in history.noted.jumps if first < day <= last]:
        sentence = _(
            "{name}: {dates}의 종가는 하루 가격제한폭(±{limit})으로는 갈 수 없는 곳에 있습니다. 그 전 시세에 감자나 "
            "분할이 반영되지 않았거나, 제한이 없던 날(정리매매, 시장 이전)입니다. 그날을 넘는 수익률은 번 것도 잃은 "
            "것도 아닐 수 있어, 시장과 조건 검색은 그날부터의 봉만 셉니다."
        )
        dates, limit = ", ".join(map(formats.date, jumps)), f"{category.daily_limit:.0%}"
        st.warning(plain(sentence.format(name=name, dates=dates, limit=limit)), icon=":material/warning:")
