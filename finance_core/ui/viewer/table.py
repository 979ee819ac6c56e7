"""The numbers of a chart: the newest bars as a table, and downloads."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pandas as pd
import streamlit as st

from finance_core.bars.curves import Curve
from finance_core.bars.marks import NOTHING_NOTED, Noted
from finance_core.charts import panes
from finance_core.charts.candlestick import titled
from finance_core.charts.style import Style
from finance_core.i18n import _
from finance_core.spreadsheets import Sheet
from finance_core.storage.documents import TickerRow
from finance_core.ui import downloads
from finance_core.ui.viewer.shared import Chart


def show(row: TickerRow, chart: Chart, visible: tuple[int, int]) -> None:
    """The newest 100 bars of the ticker of `row` between the positions `visible`, newest first."""
    sheet = as_sheet(chart.bars, chart.curves, _style(row, chart), chart.noted)
    columns: dict[str, Any] = {
        name: st.column_config.NumberColumn(format=f"%,.{decimals}f") for name, decimals in sheet.decimals.items()
    }
    change = _("등락률")
    columns[change] = st.column_config.NumberColumn(format="%+.2f%%")
    newest = sheet.table.rename(columns={f"{change} %": change})
    newest = newest.iloc[visible[0] : visible[1] + 1].iloc[::-1].head(100)
    newest.index = pd.DatetimeIndex(newest.index).strftime("%Y-%m-%d").rename(_("날짜"))
    st.dataframe(newest, column_config=columns, height=260, row_height=28)


def downloads_of(row: TickerRow, name: str, chart: Chart, visible: tuple[int, int], html: Callable[[], str]) -> None:
    """Download buttons for the bars between the positions `visible`, for all bars, and for the chart made by `html`.

    The bars are those of the ticker of `row`.
    """
    style = _style(row, chart)
    whole = as_sheet(chart.bars, chart.curves, style, chart.noted)
    visible_sheet = Sheet(whole.table.iloc[visible[0] : visible[1] + 1], whole.decimals)
    file, everything = (file_name(row["ticker"], style, sheet.table) for sheet in (visible_sheet, whole))
    with st.container(horizontal=True, gap="small"):
        downloads.table_buttons(_("보이는 기간"), file, {name: visible_sheet}, key="visible")
        downloads.table_buttons(_("전체"), everything, {name: whole}, key="whole")
        downloads.button(_("차트 HTML"), f"{file}.html", html, key="chart_html")


def _style(row: TickerRow, chart: Chart) -> Style:
    """The style of the chart for the bars of its own ticker: another one that is drawn with it may be a sample."""
    return replace(chart.style, sample=row.get("source") == "sample")


def file_name(ticker: str, style: Style, bars: pd.DataFrame) -> str:
    """The name of a file with `bars`, without its ending: ticker, interval, what its prices are, first and last day.

    >>> from finance_core.bars import candles
    >>> file_name("KO", Style(interval="W", total_return=True, sample=True), candles.empty())
    'KO_weekly_dividends_표본'
    """
    kind = ["dividends"] * style.total_return + [_("표본")] * style.sample
    return downloads.file_name("_".join([ticker + downloads.UNITS[style.interval], *kind]), bars)


def as_sheet(bars: pd.DataFrame, curves: list[Curve], style: Style, noted: Noted = NOTHING_NOTED) -> Sheet:
    """A sheet of `bars` and `curves` with names in the visitor's language, and the change in percent.

    The heads say which numbers are samples, and which prices have dividends in them.
    """
    table = titled(bars, {curve.title: curve.values[: len(bars)] for curve in curves}, noted).rename_axis(_("날짜"))
    decimals = dict.fromkeys(table.columns, style.decimals) | {_("등락률"): 2, _("거래량"): 0}
    decimals |= {curve.title: panes.decimals_of(curve.chosen, style.decimals) for curve in curves}
    sample, dividends = [_("표본")] * style.sample, [_("배당 반영")] * style.total_return
    prices = (_("시가"), _("고가"), _("저가"), _("종가"))
    heads = {name: downloads.head(name, sample + dividends) for name in prices}
    heads |= {_("거래량"): downloads.head(_("거래량"), sample), _("등락률"): " ".join([_("등락률"), "%"])}
    return Sheet(table.rename(columns=heads), {heads.get(name, name): count for name, count in decimals.items()})
