"""What a reader takes from a chart as numbers: the newest bars as a table, and downloads."""

from typing import Any

import pandas as pd
import streamlit as st

from finance_core.bars.indicators import Averages
from finance_core.charts import candlestick_html
from finance_core.charts.candlestick import titled
from finance_core.charts.style import Style
from finance_core.i18n import _
from finance_core.ui import downloads
from finance_core.ui.viewer.shared import Drawing


def show(drawing: Drawing, visible: tuple[int, int], style: Style) -> None:
    """The newest bars of the range between the positions `visible`, newest first."""
    table = as_table(drawing.bars, drawing.averages)
    price = st.column_config.NumberColumn(format=style.price_format)
    columns: dict[str, Any] = dict.fromkeys(table.columns, price)
    columns[_("거래량")] = st.column_config.NumberColumn(format="%,d")
    columns[_("등락률")] = st.column_config.NumberColumn(format="%+.2f%%")
    newest = table.iloc[visible[0] : visible[1] + 1].iloc[::-1].head(100)
    newest.index = pd.DatetimeIndex(newest.index).strftime("%Y-%m-%d").rename(_("날짜"))
    st.dataframe(newest, column_config=columns, height=260, row_height=28)


def downloads_of(ticker: str, name: str, drawing: Drawing, visible: tuple[int, int], style: Style) -> None:
    """Buttons for the range between the positions `visible`, for everything, and for the chart as HTML."""
    bars, averages = drawing.bars, drawing.averages
    table = as_table(bars, averages)
    seen = table.iloc[visible[0] : visible[1] + 1]

    def html() -> str:
        part = {average: values.loc[seen.index] for average, values in averages.items()}
        return str(candlestick_html.candlestick(bars.loc[seen.index], part, style, f"{name} {ticker}").to_html())

    file = "".join(char for char in ticker if char.isalnum() or char in "-_")
    with st.container(horizontal=True, gap="small"):
        downloads.table_buttons(_("보이는 기간"), f"{file}_range", seen, name)
        downloads.table_buttons(_("전체"), f"{file}_all", table, name)
        downloads.button(_("차트 HTML"), f"{file}.html", html)


def as_table(bars: pd.DataFrame, averages: Averages) -> pd.DataFrame:
    """`bars` and `averages` under their names in the running language, with the change in percent."""
    return titled(bars, {average.column: values for average, values in averages.items()}).rename_axis(_("날짜"))
