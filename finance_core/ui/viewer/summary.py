"""What the visible bars did, in one line: return, deepest fall, volatility."""

import pandas as pd
import streamlit as st

from finance_core import formats
from finance_core.bars import comparison, periods
from finance_core.bars.periods import Interval
from finance_core.i18n import _


def of(close: "pd.Series[float]", days: pd.DatetimeIndex, visible: tuple[int, int], interval: Interval) -> str:
    """The line for the daily `close` of the bars of `interval` on `days` between the positions `visible`.

    Return and fall are of closes, the return since the first visible one, as the comparison measures them.
    """
    first, last = days[visible[0]], days[visible[1]]
    start = first if interval == "D" else periods.span(first, interval)[0]
    statistics = comparison.statistics(close.loc[start:last])
    if statistics is None:
        return ""
    volatility = formats.MISSING if statistics.volatility is None else f"{statistics.volatility:.1%}"
    parts = {
        _("보이는 기간"): formats.signed_percent(statistics.total),
        _("최대 낙폭"): formats.signed_percent(statistics.drawdown.depth),
        _("변동성"): volatility,
    }
    if statistics.annual is not None:
        parts[_("연환산")] = formats.signed_percent(statistics.annual)
    return " · ".join(f"{name} {value}" for name, value in parts.items())


def show(line: str, key: str) -> None:
    """The line as small text."""
    with st.container(key=key, width="content"):
        st.caption(line)
