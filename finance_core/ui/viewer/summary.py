"""A line that summarises the visible bars: return, maximum drawdown, volatility, annual return."""

import pandas as pd
import streamlit as st

from finance_core import formats
from finance_core.bars import comparison, periods
from finance_core.bars.periods import Interval
from finance_core.i18n import _


def of(close: "pd.Series[float]", days: pd.DatetimeIndex, visible: tuple[int, int], interval: Interval) -> str:
    """The summary of the bars between the positions `visible`; "" where there is none.

    `close` has the daily closes, `days` the days of the bars in `interval`. Return and drawdown are computed from
    closes, the return since the first visible close, as on the comparison page.
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
    """Show the line as small text."""
    with st.container(key=key, width="content"):
        st.caption(line)
