"""Below a comparison: analysis in tabs, and what can be taken away."""

from collections.abc import Callable, Mapping
from functools import partial

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from finance_core.bars.comparison import Scale
from finance_core.charts import comparison_html
from finance_core.i18n import _
from finance_core.ui import downloads

WINDOWS = (20, 60, 120, 250)


def show(
    closes: pd.DataFrame,
    drawn: pd.DataFrame,
    scale: Scale,
    measures: pd.DataFrame,
    colors: Mapping[str, str],
    *,
    sample: bool,
) -> None:
    """Tabs and downloads for the daily `closes` that are shown at first.

    `drawn` is what the chart shows of them, in `scale`; `sample` has the file say that not all of it is real.
    """
    titles = _titles(len(closes.columns))
    # Only the open one is worked out.
    tabs = st.tabs(list(titles.values()), key="analysis", on_change="rerun")
    for kind, tab in zip(titles, tabs, strict=True):
        if tab.open:
            with tab:
                _tab(kind, closes, colors)
    chart = partial(comparison_html.lines, drawn.set_axis(closes.columns, axis=1), colors, scale)
    _downloads(closes, chart, measures, colors, sample=sample)


def _titles(count: int) -> dict[str, str]:
    """The analyses there are for so many series, with their names."""
    titles = {
        "correlation": _("상관관계"),
        "rolling": _("이동 상관계수"),
        "drawdown": _("낙폭"),
        "risk": _("위험과 수익"),
        "distribution": _("수익률 분포"),
    }
    return titles if count > 1 else {kind: titles[kind] for kind in ("drawdown", "risk", "distribution")}


def _tab(kind: str, closes: pd.DataFrame, colors: Mapping[str, str]) -> None:
    window = comparison_html.ROLLING
    if kind == "correlation":
        whole = _("보이는 기간")
        latest = _("최근 {count}거래일")
        chosen_days = st.segmented_control(
            _("어느 기간으로"),
            [0, *WINDOWS],
            format_func=lambda count: latest.format(count=count) if count else whole,
            default=0,
            required=True,
            key="correlation_window",
            label_visibility="collapsed",
        )
        closes = closes.iloc[-int(chosen_days or len(closes)) :]
    if kind == "rolling":
        chosen = st.segmented_control(
            _("수익률 몇 개로"), WINDOWS, default=comparison_html.ROLLING, required=True, key="rolling_window"
        )
        window = int(chosen or window)
        st.caption(_("{first} 와 {second}").format(first=closes.columns[0], second=closes.columns[1]))
    st.plotly_chart(_figure(kind, closes, colors, window), key=f"analysis_{kind}")


def _figure(kind: str, closes: pd.DataFrame, colors: Mapping[str, str], window: int) -> go.Figure:
    match kind:
        case "correlation":
            return comparison_html.correlation_map(closes)
        case "rolling":
            return comparison_html.rolling_correlation(closes, window)
        case "drawdown":
            return comparison_html.drawdowns(closes, colors)
        case "risk":
            return comparison_html.risk_and_return(closes, colors)
    return comparison_html.distribution(closes, colors)


def _downloads(
    closes: pd.DataFrame,
    chart: Callable[[], go.Figure],
    measures: pd.DataFrame,
    colors: Mapping[str, str],
    *,
    sample: bool,
) -> None:
    def html() -> str:
        title = " · ".join([*closes.columns, *([_("표본 데이터 포함")] if sample else [])])
        figures = {title: chart()}
        for kind, name in _titles(len(closes.columns)).items():
            figures[name] = _figure(kind, closes, colors, comparison_html.ROLLING)
        return comparison_html.to_html(title, measures, figures)

    with st.container(horizontal=True, gap="small"):
        downloads.table_buttons("", "comparison", closes.rename_axis(_("날짜")), "Sisepan")
        downloads.button(_("차트와 분석 HTML"), "comparison.html", html)
