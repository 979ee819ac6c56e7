"""Tables that are handed out: no text of theirs is a formula to a spreadsheet program."""

import io
import zipfile

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import load_workbook

from finance_core import spreadsheets
from finance_core.spreadsheets import Sheet

FORMULA = "=cmd|' /C calc'!A0"
TABLE = pd.DataFrame({FORMULA: [FORMULA, "삼성전자"], "수익률": [-1.5, 2.0], "수": [1, 2], "참": [True, False]})


@pytest.mark.parametrize("index", [pd.RangeIndex(2), pd.Index([FORMULA, "b"], name="이름")])
def test_no_cell_header_or_index_is_a_formula_and_numbers_stay_numbers(index: pd.Index) -> None:  # type: ignore[type-arg]
    table = TABLE.set_axis(index)
    sheet = load_workbook(io.BytesIO(spreadsheets.workbook({"Sheet1": Sheet(table)}))).active
    assert all(cell.data_type != "f" for row in sheet.iter_rows() for cell in row)
    text = spreadsheets.to_csv(table, index=True).decode("utf-8-sig")
    read = pd.read_csv(io.StringIO(text), index_col=0)
    assert not any(str(cell).startswith("=") for cell in [*read.columns, *read.index, *read.iloc[:, 0]])
    assert read["수익률"].tolist() == [-1.5, 2.0]
    assert read["참"].tolist() == [True, False]
    assert table.columns[0] == FORMULA, "the table itself stays"


def test_days_stay_days_in_an_index_and_in_a_column() -> None:
    days = pd.DatetimeIndex(["2026-11-24", "2026-11-25"], name="날짜")
    table = pd.DataFrame({"종가": [1.5, -2.0], "전날": days - pd.Timedelta(days=1)}, index=days)
    text = spreadsheets.to_csv(table, index=True).decode("utf-8-sig")
    assert text.splitlines()[1] == "2026-11-24,1.5,2026-11-23"
    page = load_workbook(io.BytesIO(spreadsheets.workbook({"시세": Sheet(table)}))).active
    assert {page[cell].number_format for cell in ("A2", "C2")} == {"yyyy-mm-dd"}


@pytest.mark.parametrize("character", ["\x00", "\x07", "\x1f", "\x0b"])
def test_a_control_character_in_a_name_is_a_question_mark_in_a_workbook(character: str) -> None:
    file = spreadsheets.workbook({"Sheet1": Sheet(pd.DataFrame({"이름": [f"삼성{character}전자"]}), index=False)})
    assert zipfile.is_zipfile(io.BytesIO(file))
    assert pd.read_excel(io.BytesIO(file), engine="openpyxl")["이름"].tolist() == ["삼성?전자"]


CLOSES = pd.DataFrame(
    {"종가": [17.65999984741211, 5.5, 0.0035, np.nan], "거래량": [1_234_567, 0, 5, 7]},
    index=pd.DatetimeIndex(pd.date_range("2026-11-23", periods=4), name="날짜"),
)
DECIMALS = {"종가": 2, "거래량": 0}


def test_prices_are_handed_out_with_the_decimals_of_their_currency() -> None:
    lines = spreadsheets.to_csv(CLOSES, index=True, decimals=DECIMALS).decode("utf-8-sig").splitlines()
    assert lines[1:] == ["2026-11-23,17.66,1234567", "2026-11-24,5.50,0", "2026-11-25,0.00350,5", "2026-11-26,,7"]


@given(st.floats(-1e12, 1e12), st.integers(0, 6))
def test_a_number_in_a_file_is_never_further_off_than_its_last_decimal_and_never_zero_for_something(
    value: float, decimals: int
) -> None:
    (text,) = spreadsheets.fixed(np.array([value]), decimals)
    assert abs(float(text) - value) <= 0.5000001 * 10.0**-decimals + abs(value) * 1e-12
    assert float(text) == pytest.approx(value, rel=0.5, abs=1e-15)


def test_a_workbook_has_formats_widths_and_a_header_that_stays_and_a_sheet_for_each_thing() -> None:
    sheets = {"시세": Sheet(CLOSES, DECIMALS), "=a[b]": Sheet(CLOSES.reset_index(drop=True), index=False)}
    book = load_workbook(io.BytesIO(spreadsheets.workbook(sheets)))
    assert book.sheetnames == ["시세", "=ab"]
    page = book["시세"]
    assert page.freeze_panes == "B2"
    assert book["=ab"].freeze_panes == "A2"
    assert [page["B2"].number_format, page["C2"].number_format] == ["#,##0.00", "#,##0"]
    assert [page["B2"].value, page["B4"].value, page["B5"].value] == [17.66, 0.0035, None]
    assert page["A2"].is_date
    assert page.column_dimensions["A"].width >= len("2026-11-23")
    assert page.column_dimensions["C"].width >= len("1,234,567")


@pytest.mark.parametrize("names", [("[a]", "a"), ("A", "a"), ("가" * 40, "가" * 41), ("", "?")])
def test_two_sheets_never_get_one_name(names: tuple[str, str]) -> None:
    sheets = {name: Sheet(CLOSES) for name in names}
    assert len(load_workbook(io.BytesIO(spreadsheets.workbook(sheets))).sheetnames) == 2
