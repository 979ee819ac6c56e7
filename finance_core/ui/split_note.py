"""The note on a page that a shown split is applied here, because the source has not applied it to the stored prices."""

from collections.abc import Sequence

import streamlit as st

from finance_core import formats
from finance_core.bars.candles import Remark
from finance_core.i18n import _
from finance_core.ui.text import plain


def show(name: str, splits: Sequence[Remark]) -> None:
    """Show the note for the ticker called `name`, if there are `splits` (from `adjustment.split_adjusted`)."""
    if not splits:
        return
    dates = ", ".join(formats.date(split.date) for split in splits)
    sentence = _("{name}: {dates}의 분할이 그 전 시세에 아직 반영되지 않은 채 저장되어 있어, 반영해서 보여 줍니다.")
    st.info(plain(sentence.format(name=name, dates=dates)), icon=":material/call_split:")
