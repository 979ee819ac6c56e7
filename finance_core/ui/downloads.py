"""Buttons that hand out a file, which is made when it is asked for: a century of bars takes a second as Excel."""

from collections.abc import Callable
from contextvars import copy_context
from functools import partial

import pandas as pd
import streamlit as st

from finance_core import spreadsheets

FORMATS = {
    "csv": (":material/download:", "text/csv"),
    "xlsx": (":material/table_view:", None),
    "html": (":material/draft:", "text/html"),
    "parquet": (":material/download:", "application/vnd.apache.parquet"),
}
"""Icon and media type, by the ending of the file."""


def button(label: str, file: str, make: Callable[[], bytes | str], key: str = "") -> None:
    """A button that hands out what `make` returns as `file`, whose name is also the key of the button without `key`."""
    icon, media_type = FORMATS[file.rpartition(".")[2]]
    # Streamlit calls it in a thread of its own, which does not know the visitor's language.
    in_language = partial(copy_context().run, make)
    st.download_button(label, in_language, file, media_type, icon=icon, key=key or file, on_click="ignore")


def table_buttons(label: str, name: str, table: pd.DataFrame, sheet: str) -> None:
    """Buttons that hand out `table` and its index as CSV and as a workbook with one `sheet`."""
    button(f"{label} CSV".strip(), f"{name}.csv", partial(spreadsheets.to_csv, table, index=True))
    button(f"{label} Excel".strip(), f"{name}.xlsx", partial(spreadsheets.to_excel, table, sheet, index=True))
