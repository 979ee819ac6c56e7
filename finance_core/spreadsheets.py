"""Tables as files that spreadsheet programs open: with their Hangul, and without taking text for formulas.

Pure: frames and values in, bytes and values out.
"""

import io

import pandas as pd

FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""First characters of a text that Excel takes for a formula."""


def defused(value: object) -> object:
    """`value` with an apostrophe before it where a spreadsheet would take it for a formula.

    `undefused` takes the apostrophe off again.

    >>> defused("=1+1"), defused("삼성전자"), defused(5)
    ("'=1+1", '삼성전자', 5)
    """
    return f"'{value}" if isinstance(value, str) and value.lstrip("'").startswith(FORMULA) else value


def undefused(text: str) -> str:
    """The text that `defused` was given."""
    return text[1:] if text.startswith("'") and text.lstrip("'").startswith(FORMULA) else text


def to_csv(table: pd.DataFrame, *, index: bool = False) -> bytes:
    """`table` as CSV (UTF-8 with a mark that Excel needs to show Hangul); dates read 2026-11-24."""
    return table.to_csv(index=index, date_format="%Y-%m-%d").encode("utf-8-sig")


def to_excel(table: pd.DataFrame, sheet: str = "Sheet1", *, index: bool = False) -> bytes:
    """`table` as a workbook of one sheet; characters that the name of a sheet must not have are left out.

    An `index` of moments becomes one of days.
    """
    if isinstance(table.index, pd.DatetimeIndex):
        table = table.set_axis(pd.Index(table.index.date, name=table.index.name))
    name = "".join(char for char in sheet if char not in r"[]:*?/\\'")[:31] or "Sisepan"
    file = io.BytesIO()
    table.to_excel(file, sheet_name=name, index=index)
    return file.getvalue()
