"""The table below a chart, and its downloads."""

import io
import re

import pandas as pd
import pytest

from finance_core import spreadsheets
from finance_core.bars import candles, curves
from finance_core.bars.curves import Chosen
from finance_core.charts.style import Style
from finance_core.spreadsheets import Sheet
from finance_core.ui.viewer import table
from tests import pages


@pytest.fixture
def bars() -> pd.DataFrame:
    return candles.clean(pages.made_table(halted=3))[0].tail(60)


@pytest.fixture
def taken(bars: pd.DataFrame) -> Sheet:
    return table.as_sheet(bars, curves.curves(bars, [Chosen("ma", (5,)), Chosen("rsi", (14,))]), Style())


def test_csv_holds_the_same_numbers_and_opens_in_excel_with_its_hangul(bars: pd.DataFrame, taken: Sheet) -> None:
    content = spreadsheets.to_csv(taken.table, index=True, decimals=taken.decimals)
    assert content.startswith(b"\xef\xbb\xbf"), "Excel takes it for UTF-8"
    read = pd.read_csv(io.BytesIO(content), encoding="utf-8-sig", index_col="날짜", parse_dates=True)
    assert read["종가"].tolist() == bars["close"].tolist()
    assert read["거래량"].tolist() == bars["volume"].tolist()
    assert read.index.tolist() == bars.index.tolist()
    written = content.decode("utf-8-sig").splitlines()[-1].split(",")
    assert "." not in "".join(written[1:5]), "won have no decimals"
    assert re.fullmatch(r"\d+\.\d\d", written[-1]), "an RSI has two"


@pytest.mark.parametrize("name", ["삼성전자", "A/B: [x]*?", "", "가" * 50])
def test_excel_holds_the_same_numbers_whatever_the_name_of_its_sheet(
    bars: pd.DataFrame, taken: Sheet, name: str
) -> None:
    read = pd.read_excel(io.BytesIO(spreadsheets.workbook({name: taken})), index_col=0, engine="openpyxl")
    assert read["시가"].tolist() == bars["open"].tolist()
    assert read["MA5"].iloc[4:].tolist() == bars["close"].rolling(5).mean().iloc[4:].round().tolist()
    assert pd.DatetimeIndex(read.index).tolist() == bars.index.tolist()
