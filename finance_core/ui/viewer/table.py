"""The numbers of a chart: the newest bars as a table, and downloads."""

from collections.abc import Callable
from typing import Any

import pandas as pd
import streamlit as st

from finance_core.bars.curves import Curve
from finance_core.bars.marks import NOTHING_NOTED, Noted
from finance_core.bars.periods import Interval
from finance_core.charts import panes
from finance_core.charts.candlestick import titled
from finance_core.charts.style import Style
from finance_core.i18n import _
from finance_core.spreadsheets import Sheet
from finance_core.ui import downloads
from finance_core.ui.viewer.shared import Chart

UNITS: dict[Interval, str] = {"D": "", "W": "_weekly", "M": "_monthly"}
"""The part of a file name for each interval."""


def show(chart: Chart, visible: tuple[int, int]) -> None:
    """The newest 100 bars between the positions `visible`, newest first."""
    sheet = as_sheet(chart.bars, chart.curves, chart.style, chart.noted)
    columns: dict[str, Any] = {
        name: st.column_config.NumberColumn(format=f"%,.{decimals}f") for name, decimals in sheet.decimals.items()
    }
    columns[_("등락률")] = st.column_config.NumberColumn(format="%+.2f%%")
    newest = sheet.table.iloc[visible[0] : visible[1] + 1].iloc[::-1].head(100)
    newest.index = pd.DatetimeIndex(newest.index).strftime("%Y-%m-%d").rename(_("날짜"))
    st.dataframe(newest, column_config=columns, height=260, row_height=28)


def downloads_of(ticker: str, name: str, chart: Chart, visible: tuple[int, int], html: Callable[[], str]) -> None:
    """Download buttons for the bars between the positions `visible`, for all bars, and for the chart made by `html`."""
    whole = as_sheet(chart.bars, chart.curves, chart.style, chart.noted)
    visible_sheet = Sheet(whole.table.iloc[visible[0] : visible[1] + 1], whole.decimals)
    file, everything = (file_name(ticker, chart.style, sheet.table) for sheet in (visible_sheet, whole))
    with st.container(horizontal=True, gap="small"):
        downloads.table_buttons(_("보이는 기간"), file, {name: visible_sheet}, key="visible")
        downloads.table_buttons(_("전체"), everything, {name: whole}, key="whole")
        downloads.button(_("차트 HTML"), f"{file}.html", html, key="chart_html")


def file_name(ticker: str, style: Style, bars: pd.DataFrame) -> str:
    """The name of a file with `bars`, without its ending: ticker, interval, whether with dividends, first and last day.

    >>> from finance_core.bars import candles
    >>> file_name("KO", Style(interval="W", total_return=True), candles.empty())
    'KO_weekly_dividends'
    """
    return downloads.file_name(ticker + UNITS[style.interval] + ("_dividends" if style.total_return else ""), bars)


def as_sheet(bars: pd.DataFrame, curves: list[Curve], style: Style, noted: Noted = NOTHING_NOTED) -> Sheet:
    """A sheet of `bars` and `curves` with names in the visitor's language, and the change in percent."""
    table = titled(bars, {curve.title: curve.values[: len(bars)] for curve in curves}, noted).rename_axis(_("날짜"))
    decimals = dict.fromkeys(table.columns, style.decimals) | {_("등락률"): 2, _("거래량"): 0}
    return Sheet(table, decimals | {curve.title: panes.decimals_of(curve.chosen, style.decimals) for curve in curves})
