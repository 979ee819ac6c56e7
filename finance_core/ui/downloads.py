"""Download buttons. A file is made only when its button is clicked: a century of bars takes a second as Excel."""

from collections.abc import Callable, Iterable, Mapping
from contextvars import copy_context
from functools import partial

import pandas as pd
import streamlit as st

from finance_core import spreadsheets
from finance_core.bars.periods import Interval
from finance_core.spreadsheets import Sheet

FORMATS = {
    "csv": (":material/download:", "text/csv"),
    "xlsx": (":material/table_view:", None),
    "html": (":material/draft:", "text/html"),
    "parquet": (":material/download:", "application/vnd.apache.parquet"),
}
"""Icon and media type by file ending."""
UNITS: dict[Interval, str] = {"D": "", "W": "_weekly", "M": "_monthly"}
"""The part of a file name for each interval."""


def button(label: str, file: str, make: Callable[[], bytes | str], key: str = "") -> None:
    """A button that downloads the result of `make` as the file named `file`; its key is `key`, or else `file`."""
    icon, media_type = FORMATS[file.rpartition(".")[2]]
    # Streamlit calls `make` in another thread: the copied context has the visitor's language.
    in_language = partial(copy_context().run, make)
    st.download_button(label, in_language, file, media_type, icon=icon, key=key or file, on_click="ignore")


def table_buttons(label: str, file: str, sheets: Mapping[str, Sheet], key: str) -> None:
    """Buttons that download the first of `sheets` as CSV, and all of them as a workbook with their names.

    `file` is the name of both files without the ending.
    """
    first = next(iter(sheets.values()))
    to_csv = partial(spreadsheets.to_csv, first.table, index=first.index, decimals=first.decimals)
    button(f"{label} CSV".strip(), f"{file}.csv", to_csv, key=f"{key}_csv")
    button(f"{label} Excel".strip(), f"{file}.xlsx", partial(spreadsheets.workbook, sheets), key=f"{key}_xlsx")


def head(name: str, remarks: Iterable[str]) -> str:
    """The head of a column `name`, with what a reader must know of its numbers in brackets: an import refuses these.

    >>> head("종가", ["표본", "배당 반영"]), head("종가", [])
    ('종가 (표본, 배당 반영)', '종가')
    """
    return f"{name} ({', '.join(told)})" if (told := [*remarks]) else name


def file_name(what: str, table: pd.DataFrame) -> str:
    """The name of a file: `what` it holds, and the first and last day in the index of `table`.

    >>> file_name("^KS11 주", pd.DataFrame(index=pd.DatetimeIndex(["2024-01-02", "2024-06-28"])))
    'KS11주_2024-01-02_2024-06-28'
    """
    safe = "".join(char for char in what if char.isalnum() or char in "-_")
    days = pd.DatetimeIndex(table.index[[0, -1]] if len(table) else []).strftime("%Y-%m-%d")
    return "_".join([safe, *dict.fromkeys(days)])
