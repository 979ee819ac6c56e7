"""The table below a chart, and its downloads."""

import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pandas as pd
import pytest

from finance_core import i18n, spreadsheets
from finance_core.bars import candles, curves
from finance_core.bars.curves import Chosen
from finance_core.categories import KOREAN_STOCKS
from finance_core.charts.style import Style
from finance_core.errors import SisepanError
from finance_core.foreign import file_source
from finance_core.i18n import Language
from finance_core.spreadsheets import Sheet
from finance_core.ui.viewer import table
from tests import pages


@pytest.fixture
def bars() -> pd.DataFrame:
    return candles.clean(pages.made_table(halted=3))[0].tail(60)


@pytest.fixture(autouse=True)
def korean_again() -> Iterator[None]:
    yield
    i18n.use_language("ko")


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


@pytest.mark.parametrize(
    ("style", "language", "close", "volume"),
    [
        (Style(sample=True), "ko", "종가 (표본)", "거래량 (표본)"),
        (Style(sample=True), "en", "Close (sample)", "Volume (sample)"),
        (Style(total_return=True), "ko", "종가 (배당 반영)", "거래량"),
        (Style(total_return=True), "en", "Close (with dividends)", "Volume"),
        (Style(sample=True, total_return=True), "ko", "종가 (표본, 배당 반영)", "거래량 (표본)"),
    ],
)
def test_numbers_that_nobody_traded_at_say_so_in_their_heads_and_no_import_takes_them_for_prices(
    bars: pd.DataFrame, tmp_path: Path, style: Style, language: Language, close: str, volume: str
) -> None:
    i18n.use_language(language)
    sheet = table.as_sheet(bars, [], style)
    content = spreadsheets.to_csv(sheet.table, index=True, decimals=sheet.decimals)
    book = pd.read_excel(io.BytesIO(spreadsheets.workbook({"a": sheet})), engine="openpyxl")
    for read in (pd.read_csv(io.BytesIO(content), encoding="utf-8-sig"), book):
        assert read[close].tolist() == bars["close"].tolist()
        assert read[volume].tolist() == bars["volume"].tolist()
    path = tmp_path / f"{table.file_name('005930', style, bars)}.csv"
    assert ("dividends" in path.stem) == style.total_return
    assert ({"ko": "표본", "en": "sample"}[language] in path.stem) == style.sample
    path.write_bytes(content)
    with pytest.raises(SisepanError) as refused:
        file_source.open_file(path, KOREAN_STOCKS)
    assert refused.value.message == file_source.UNREAD
    assert close in str(refused.value)


@pytest.mark.parametrize("language", get_args(Language))
def test_prices_that_were_traded_are_read_back_and_the_change_says_that_it_is_in_percent(
    bars: pd.DataFrame, tmp_path: Path, language: Language
) -> None:
    i18n.use_language(language)
    sheet = table.as_sheet(bars, [], Style())
    path = tmp_path / f"{table.file_name('005930', Style(), bars)}.csv"
    path.write_bytes(spreadsheets.to_csv(sheet.table, index=True, decimals=sheet.decimals))
    (rows,) = file_source.open_file(path, KOREAN_STOCKS).read(["005930"])
    assert list(map(float, rows.columns["close"])) == bars["close"].tolist()
    assert {"ko": "등락률 %", "en": "Change %"}[language] in sheet.table
