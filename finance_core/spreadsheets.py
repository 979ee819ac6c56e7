"""Tables as files that spreadsheet programs open: with their Hangul, and without taking text for formulas.

Every table that is handed out is written here. Pure: frames and values in, bytes and values out.
"""

import io
import re
from collections.abc import Callable

import pandas as pd
from pandas.api.types import is_bool_dtype, is_datetime64_any_dtype, is_numeric_dtype

FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""First characters of a text that Excel takes for a formula."""
NOT_PRINTABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")
"""What no workbook can hold. openpyxl knows it too, but takes a second to load, which only a download needs."""


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
    """`table` as CSV, its texts `defused`: UTF-8 with a mark that Excel needs to show Hangul; dates read 2026-11-24."""
    return with_texts(table, defused).to_csv(index=index, date_format="%Y-%m-%d").encode("utf-8-sig")


def to_excel(table: pd.DataFrame, sheet: str = "Sheet1", *, index: bool = False) -> bytes:
    """`table` as a workbook of one sheet, its texts `defused`; characters that a name must not have are left out.

    Control characters, which a workbook cannot hold, become question marks. An `index` of moments becomes one of days.
    """
    if isinstance(table.index, pd.DatetimeIndex):
        table = table.set_axis(pd.Index(table.index.date, name=table.index.name))
    name = "".join(char for char in sheet if char not in r"[]:*?/\\'")[:31] or "Sisepan"
    file = io.BytesIO()
    with_texts(table, _printable).to_excel(file, sheet_name=name, index=index)
    return file.getvalue()


def with_texts(table: pd.DataFrame, change: Callable[[object], object]) -> pd.DataFrame:
    """`table` with `change` done to each value of its columns of texts, to its headers, and to an index of texts.

    >>> with_texts(pd.DataFrame({"=a": ["-b"], "c": [-1]}), defused).to_dict("list")
    {"'=a": ["'-b"], 'c': [-1]}
    """
    changed = table.rename(columns=change)
    for position, dtype in enumerate(table.dtypes):
        if not (is_numeric_dtype(dtype) or is_bool_dtype(dtype) or is_datetime64_any_dtype(dtype)):
            changed.isetitem(position, table.iloc[:, position].map(change).to_numpy())
    return changed if isinstance(table.index, pd.DatetimeIndex | pd.RangeIndex) else changed.rename(index=change)


def _printable(value: object) -> object:
    safe = defused(value)
    return NOT_PRINTABLE.sub("?", safe) if isinstance(safe, str) else safe
