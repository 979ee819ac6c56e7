"""The table of a list, one row per ticker. The arrow keys move the chosen cell, and the chart below follows."""

from collections.abc import Sequence
from typing import Any, Final

import pandas as pd
import streamlit as st

from finance_core import categories, formats
from finance_core.i18n import N_, _
from finance_core.storage.database import MongoDatabase
from finance_core.storage.watchlists import Entry
from finance_core.ui import closes, colors, listing, navigation
from finance_core.ui.watchlists import lines

NAME, CATEGORY, RECENT, CLOSE = N_("이름"), N_("갈래"), N_("최근 60봉"), N_("종가")
CHANGE, VOLUME, HIGH, DAY, NOTE = N_("등락률"), N_("거래량 배수"), N_("250봉 고점 대비"), N_("날짜"), N_("메모")
NUMBERS: Final = {CHANGE: "%+.2f%%", VOLUME: "%.2f", HIGH: "%+.2f%%"}
"""The columns of numbers, with their formats."""


def show(db: MongoDatabase, entries: Sequence[Entry], key: str, first: int | None) -> int | None:
    """Draw the table; returns the position of the row with the chosen cell, None if no cell is chosen.

    A table with a new `key` begins with the row `first` chosen.
    """
    chosen = st.dataframe(
        _colored(db, _table(db, entries), entries),
        **_form(len(entries)),
        on_select="rerun",
        selection_mode="single-cell",
        selection_default={"selection": {"cells": [] if first is None else [(first, _(NOTE))]}},
        key=key,
    )
    position = next((int(row) for row, _column in chosen["selection"]["cells"]), None)
    return position if position is not None and position < len(entries) else None


def brief(db: MongoDatabase, entries: Sequence[Entry], key: str) -> None:
    """Draw a table of a few rows, without a choice of cells."""
    table = _table(db, entries)
    if not any(entry.note for entry in entries):
        table = table.drop(columns=_(NOTE))
    st.dataframe(_colored(db, table, entries), **_form(len(entries)), key=key)


def _form(rows: int) -> dict[str, Any]:
    height = min(36 + 28 * max(rows, 1), 460)
    return {
        "hide_index": True,
        "row_height": 28,
        "height": height,
        "column_config": _columns(),
        "placeholder": formats.MISSING,
    }


def _table(db: MongoDatabase, entries: Sequence[Entry]) -> pd.DataFrame:
    of_entries = [(categories.category(entry.category), entry.ticker) for entry in entries]
    rows = listing.rows_of(db, of_entries)
    numbers = lines.of(db, entries)
    table = {
        NAME: [listing.link(*each, row) for each, row in zip(of_entries, rows, strict=True)],
        CLOSE: numbers["close"],
        CHANGE: numbers["change"] * 100,
        RECENT: numbers["recent"],
        VOLUME: numbers["volume_ratio"],
        HIGH: numbers["from_high"] * 100,
        CATEGORY: [_(category.title) for category, _ticker in of_entries],
        DAY: [formats.date(day) + listing.mark_of(row) for day, row in zip(numbers["day"], rows, strict=True)],
        NOTE: [entry.note for entry in entries],
    }
    return pd.DataFrame({_(title): values for title, values in table.items()})


def _columns() -> dict[str, Any]:
    return {
        _(NAME): st.column_config.LinkColumn(display_text=navigation.NAME, width="medium"),
        _(RECENT): st.column_config.LineChartColumn(width="small", color="gray"),
        **{_(title): st.column_config.NumberColumn(format=form) for title, form in NUMBERS.items()},
        _(NOTE): st.column_config.TextColumn(width="medium"),
    }


def _colored(db: MongoDatabase, table: pd.DataFrame, entries: Sequence[Entry]) -> Any:
    """`table` with its changes in the visitor's colours, and closes as texts."""
    of_entries = [(categories.category(entry.category), entry.ticker) for entry in entries]
    rows = zip(of_entries, listing.rows_of(db, of_entries), strict=True)
    traded = [(category, listing.market_of(row)) for (category, _ticker), row in rows]
    return closes.written(db, colors.of_changes(table, [_(CHANGE)], traded), _(CLOSE), of_entries)
