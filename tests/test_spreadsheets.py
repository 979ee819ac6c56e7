"""Tables that are handed out: no text of theirs is a formula to a spreadsheet program."""

import io
import zipfile

import pandas as pd
import pytest
from openpyxl import load_workbook

from finance_core import spreadsheets

FORMULA = "=cmd|' /C calc'!A0"
TABLE = pd.DataFrame({FORMULA: [FORMULA, "삼성전자"], "수익률": [-1.5, 2.0], "수": [1, 2], "참": [True, False]})


@pytest.mark.parametrize("index", [pd.RangeIndex(2), pd.Index([FORMULA, "b"], name="이름")])
def test_no_cell_header_or_index_is_a_formula_and_numbers_stay_numbers(index: pd.Index) -> None:  # type: ignore[type-arg]
    table = TABLE.set_axis(index)
    sheet = load_workbook(io.BytesIO(spreadsheets.to_excel(table, index=True))).active
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


@pytest.mark.parametrize("character", ["\x00", "\x07", "\x1f", "\x0b"])
def test_a_control_character_in_a_name_is_a_question_mark_in_a_workbook(character: str) -> None:
    file = spreadsheets.to_excel(pd.DataFrame({"이름": [f"삼성{character}전자"]}))
    assert zipfile.is_zipfile(io.BytesIO(file))
    assert pd.read_excel(io.BytesIO(file), engine="openpyxl")["이름"].tolist() == ["삼성?전자"]
