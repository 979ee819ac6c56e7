"""A line that summarises the visible bars: return, maximum drawdown, volatility, annual return."""

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from finance_core import formats
from finance_core.bars import comparison
from finance_core.i18n import _


def of(
    close: "pd.Series[float]",
    days: pd.DatetimeIndex,
    visible: tuple[int, int],
    jumps: Sequence[pd.Timestamp] = (),
) -> str:
    """The summary of the bars between the positions `visible`; "" where there is none.

    `close` has the daily closes, `days` the days of the bars, which may be weekly. Return and drawdown are computed
    from daily closes since that of the first visible bar, as on the comparison page; but not across one of the `jumps`.
    """
    first, last = days[visible[0]], days[visible[1]]
    jump = max((day for day in jumps if first < day <= last), default=None)
    statistics = comparison.statistics(close.loc[jump or first : last])
    if statistics is None:
        return ""
    volatility = formats.MISSING if statistics.volatility is None else f"{statistics.volatility:.1%}"
    span = _("{date}부터").format(date=formats.date(jump)) if jump else _("보이는 기간")
    parts = {
        span: formats.signed_percent(statistics.total),
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
