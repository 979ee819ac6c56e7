"""Tables as files for spreadsheet programs, which show their Hangul and do not take their text for formulas.

Every table that a user downloads is written here. Pure: frames and values in, bytes and values out. Sources keep prices
as 32-bit floats, so 17.66 is stored as 17.65999984741211; columns with `decimals` are rounded as the pages show them.
"""

import io
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from unicodedata import east_asian_width

import numpy as np
import numpy.typing as npt
import pandas as pd
from pandas.api.types import is_bool_dtype, is_datetime64_any_dtype, is_numeric_dtype

FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""First characters of a text that Excel takes for a formula."""
NOT_PRINTABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")
"""Control characters, which a workbook cannot hold."""
SIGNIFICANT = 3
"""Least number of significant digits: 0.0035 dollars must not become 0.00."""
ROUNDING = 1e-6
"""Largest relative error of a number that its source keeps in 32 bits."""
WIDEST = 40
"""Greatest width of a column of a workbook, in letters."""
LOOKED_AT = 200
"""The first rows, which decide the width of a column."""
DAY = "yyyy-mm-dd"
"""The format of days in a workbook, whether as dates or as moments."""
ENGINE = {"options": {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}}


@dataclass(frozen=True)
class Sheet:
    """One sheet of a workbook."""

    table: pd.DataFrame
    decimals: Mapping[str, int] = field(default_factory=dict)
    """Decimals of the numeric columns, by name."""
    index: bool = True
    """Whether the index is written too."""


def defused(value: object) -> object:
    """`value` with an apostrophe before it where a spreadsheet would take it for a formula.

    `undefused` takes the apostrophe off again.

    >>> defused("=1+1"), defused("삼성전자"), defused(5)
    ("'=1+1", '삼성전자', 5)
    """
    return f"'{value}" if isinstance(value, str) and value.lstrip("'").startswith(FORMULA) else value


def undefused(text: str) -> str:
    """The text that `defused` changed, as it was before."""
    return text[1:] if text.startswith("'") and text.lstrip("'").startswith(FORMULA) else text


def to_csv(table: pd.DataFrame, *, index: bool = False, decimals: Mapping[str, int] | None = None) -> bytes:
    """`table` as CSV, its texts `defused`: UTF-8 with the byte order mark that Excel needs for Hangul; dates as ISO.

    The columns of `decimals` have that many decimals, or more where a number would keep fewer than three digits.
    """
    written = with_texts(table, defused)
    for name, count in (decimals or {}).items():
        position = list(table.columns).index(name)
        written.isetitem(position, fixed(table.iloc[:, position].to_numpy(dtype="float64"), count))
    return written.to_csv(index=index, date_format="%Y-%m-%d").encode("utf-8-sig")


def workbook(sheets: Mapping[str, Sheet]) -> bytes:
    """An Excel workbook of `sheets` by name: texts are `defused`, the header stays in sight, columns are wide enough.

    Characters that a sheet's name must not have are removed. Control characters become question marks. An index of
    moments becomes an index of days. Numbers are rounded as in `to_csv` and have a number format.
    """
    file = io.BytesIO()
    names: list[str] = []
    with pd.ExcelWriter(
        file, engine="xlsxwriter", date_format=DAY, datetime_format=DAY, engine_kwargs=ENGINE
    ) as writer:
        for wanted, sheet in sheets.items():
            names.append(_sheet_name(wanted, names))
            table = _printable_table(sheet)
            table.to_excel(writer, sheet_name=names[-1], index=sheet.index)
            _lay_out(writer, names[-1], table, sheet)
    return file.getvalue()


def fixed(values: npt.NDArray[np.float64], decimals: int) -> list[str]:
    """Numbers as text with `decimals` decimals, or more to keep three significant digits; "" for NaN.

    >>> fixed(np.array([17.65999984741211, 5.5, 0.0035, np.nan]), 2)
    ['17.66', '5.50', '0.00350', '']
    """
    counts = _decimals_of(values, decimals)
    return [
        "" if np.isnan(value) else f"{value:.{count}f}"
        for value, count in zip(values.tolist(), counts.tolist(), strict=True)
    ]


def with_texts(table: pd.DataFrame, change: Callable[[object], object]) -> pd.DataFrame:
    """`table` with `change` applied to each value of its text columns, to its headers, and to a text index.

    >>> with_texts(pd.DataFrame({"=a": ["-b"], "c": [-1]}), defused).to_dict("list")
    {"'=a": ["'-b"], 'c': [-1]}
    """
    changed = table.rename(columns=change)
    for position, dtype in enumerate(table.dtypes):
        if not (is_numeric_dtype(dtype) or is_bool_dtype(dtype) or is_datetime64_any_dtype(dtype)):
            changed.isetitem(position, table.iloc[:, position].map(change).to_numpy())
    return changed if isinstance(table.index, pd.DatetimeIndex | pd.RangeIndex) else changed.rename(index=change)


def _decimals_of(values: npt.NDArray[np.float64], decimals: int) -> npt.NDArray[np.int64]:
    sizes = np.abs(values)
    needed = np.full(len(values), decimals)
    rounded_away = np.abs(values - np.round(values, decimals)) > sizes * ROUNDING
    small = np.isfinite(sizes) & (sizes < 10.0 ** (SIGNIFICANT - 1 - decimals)) & rounded_away
    needed[small] = np.minimum(SIGNIFICANT - 1 - np.floor(np.log10(sizes[small])).astype(int), 15)
    return needed


def _printable_table(sheet: Sheet) -> pd.DataFrame:
    table = sheet.table
    if isinstance(table.index, pd.DatetimeIndex):
        table = table.set_axis(pd.Index(table.index.date, name=table.index.name))
    written = with_texts(table, _printable)
    for name, decimals in sheet.decimals.items():
        position = list(table.columns).index(name)
        values = table.iloc[:, position].to_numpy(dtype="float64")
        scale = 10.0 ** _decimals_of(values, decimals)
        written.isetitem(position, np.round(values * scale) / scale)
    return written


def _lay_out(writer: Any, name: str, table: pd.DataFrame, sheet: Sheet) -> None:
    """Set the number format and width of each column; keep the header and the index in sight."""
    page = writer.sheets[name]
    page.freeze_panes(1, int(sheet.index))
    if sheet.index:
        page.set_column(0, 0, _width([str(table.index.name or ""), *map(str, table.index[:LOOKED_AT])]))
    for position, original in enumerate(sheet.table.columns):
        decimals = sheet.decimals.get(original)
        pattern = "" if decimals is None else "#,##0" + ("." + "0" * decimals if decimals else "")
        shown = writer.book.add_format({"num_format": pattern}) if pattern else None
        values = table.iloc[:LOOKED_AT, position].tolist()
        texts = [f"{value:,.{decimals}f}" if pattern else str(value) for value in values]
        column = position + int(sheet.index)
        page.set_column(column, column, _width([str(table.columns[position]), *texts]), shown)


def _width(texts: list[str]) -> int:
    """The width for the longest of `texts`, up to `WIDEST` letters; a Hangul syllable is as wide as two letters."""
    letters = max(sum(1 + (east_asian_width(char) in "WF") for char in text[:WIDEST]) for text in texts)
    return min(letters, WIDEST) + 2


def _sheet_name(wanted: str, taken: list[str]) -> str:
    """`wanted` as a valid name of a sheet that is not in `taken`."""
    name = "".join(char for char in wanted if char not in r"[]:*?/\\'")[:31] or "Sisepan"
    lower = {each.lower() for each in taken}
    return next(
        each for count in range(1, 99) if (each := name if count == 1 else f"{name[:27]} {count}").lower() not in lower
    )


def _printable(value: object) -> object:
    safe = defused(value)
    return NOT_PRINTABLE.sub("?", safe) if isinstance(safe, str) else safe
