"""Notes on a page about what shown histories are: splits applied here, and jumps that no day's trading explains."""

from collections.abc import Mapping, Sequence

import pandas as pd
import streamlit as st

from finance_core import formats
from finance_core.bars import candles
from finance_core.i18n import _
from finance_core.ui.text import plain
from finance_core.ui.viewer.shared import History

MOST_GAPS = 3
"""Most gaps of a ticker whose days are told."""
MOST_DAYS = 5
"""Of more refused days of a ticker, the first and the last are told, and how many they are."""


def show(histories: Mapping[str, History], first: pd.Timestamp, last: pd.Timestamp, consequence: str) -> None:
    """Show the notes on `histories`, by the names of their tickers.

    Jumps and gaps are told if they end after `first` up to `last`, the days of the first and the last visible bar;
    refused days if they are newer than the last bar, always. `consequence` says what a jump means here.
    """
    if told := of_splits(histories):
        st.info(plain(told), icon=":material/call_split:")
    if told := _listed(within({name: each.jumps for name, each in histories.items()}, first, last)):
        sentence = _(
            "{days}: 하루 가격제한폭을 넘은 단절입니다. 앞 시세에 감자·분할이 빠졌거나, "
            "정리매매·시장 이전·레버리지 상품입니다."
        )
        st.warning(plain(f"{sentence.format(days=told)} {consequence}"), icon=":material/warning:")
    show_refused(histories)
    if told := _gaps({name: each.bars for name, each in histories.items()}, first, last):
        sentence = _(
            "{days}: 그 사이에 봉이 없어 앞뒤를 이어 그렸습니다. 거래가 멈췄거나, 값이 0 이하이거나, "
            "받지 못한 시세입니다."
        )
        st.warning(plain(sentence.format(days=told)), icon=":material/warning:")


def show_refused(histories: Mapping[str, History]) -> None:
    """Show the refused days that are newer than the last bar: of an earlier day, there is a mark on the next bar."""
    texts = []
    for name, each in histories.items():
        days = sorted({day for day in each.refused if each.bars.empty or day > each.bars.index[-1]})
        told = ", ".join(map(formats.date, days))
        if len(days) > MOST_DAYS:
            count = formats.filled(_("{count}일"), count=len(days))
            told = f"{formats.date(days[0])} – {formats.date(days[-1])} ({count})"
        texts += [f"{name} {told}"] if days else []
    if texts:
        sentence = _("{days}: 하루 시세일 수 없는 값이라 그리지 않았습니다.")
        st.warning(plain(sentence.format(days=" · ".join(texts))), icon=":material/warning:")


def of_splits(histories: Mapping[str, History]) -> str:
    """Sentences about the splits that are applied here, and those that may not be applied; "" if there are none."""
    days = _listed({name: [split.date for split in history.late_splits] for name, history in histories.items()})
    sentence = _("{days}의 분할이 그 전 시세에 아직 반영되지 않은 채 저장되어 있어, 반영해서 보여 줍니다.")
    told = [sentence.format(days=days)] if days else []
    if days := _listed({name: history.unsettled for name, history in histories.items()}):
        sentence = _("{days}의 분할이 그 전 시세에 아직 반영되지 않았을 수 있어, 그날 등락은 분할 때문일 수 있습니다.")
        told.append(sentence.format(days=days))
    return " ".join(told)


def remark_of_gaps(bars: Mapping[str, pd.DataFrame], first: pd.Timestamp, last: pd.Timestamp) -> str:
    """A remark on the gaps in `bars` (by name) that end after `first` up to `last`; "" if there are none."""
    told = _gaps(bars, first, last)
    return " ".join([_("봉이 없는 기간"), told]) if told else ""


def _gaps(bars: Mapping[str, pd.DataFrame], first: pd.Timestamp, last: pd.Timestamp) -> str:
    texts = []
    for name, each in bars.items():
        gaps = candles.gaps(pd.DatetimeIndex(each.index))
        ends = [" – ".join(map(formats.date, gap)) for gap in gaps if first < gap[1] <= last]
        more = [_("외 {count}곳").format(count=len(ends) - MOST_GAPS)] if len(ends) > MOST_GAPS else []
        texts += [" ".join([name, ", ".join(ends[:MOST_GAPS]), *more])] if ends else []
    return " · ".join(texts)


def within(
    jumps: Mapping[str, Sequence[pd.Timestamp]], first: pd.Timestamp, last: pd.Timestamp
) -> dict[str, list[pd.Timestamp]]:
    """The `jumps` (days by name) after `first` up to `last`, of the names that have any."""
    days = {name: [day for day in each if first < day <= last] for name, each in jumps.items()}
    return {name: each for name, each in days.items() if each}


def remark(jumps: Mapping[str, Sequence[pd.Timestamp]]) -> str:
    """A remark on `jumps` (days by name), for a picture or a file; "" if there are none."""
    return " ".join([_("가격제한폭을 넘은 단절"), _listed(jumps)]) if jumps else ""


def _listed(days: Mapping[str, Sequence[pd.Timestamp]]) -> str:
    return " · ".join(f"{name} {', '.join(map(formats.date, each))}" for name, each in days.items() if each)
