"""The editable grid of one page of tickers (AG Grid): what a person changed, chose and sorted by in it.

Edits live in the grid and are told after each cell. While its key stays, the grid keeps them whatever rows it is given,
so the rows of a key must not change; a new key shows new rows.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd
import streamlit as st
from st_aggrid import AgGrid, DataReturnMode, JsCode

from finance_core import formats, ticker_fields
from finance_core.categories import Category
from finance_core.i18n import _
from finance_core.storage import ticker_edits
from finance_core.storage.database import Document
from finance_core.storage.documents import TickerRow

ROW_HEIGHT = 34
MOST_HEIGHT = 620

_ANSWER = JsCode(
    """
    function({eventData}) {
      const api = eventData.api, fields = ['name', 'market', 'marker', 'active'], rows = [];
      api.forEachNode(node => {
        if (fields.some(field => node.data[field] !== node.data['_' + field])) {
          rows.push(Object.fromEntries(['ticker', ...fields].map(field => [field, node.data[field] ?? ''])));
        }
      });
      const sorted = api.getColumnState().find(column => column.sort);
      return {
        edited: rows,
        chosen: api.getSelectedNodes().map(node => node.data.ticker),
        sort: sorted ? {field: sorted.colId, descending: sorted.sort === 'desc'} : null,
      };
    }
    """
)
_STYLE = JsCode(
    """
    function(params) {
      const field = params.colDef.field, text = String(params.value ?? '');
      const control = /[\\u0000-\\u001f\\u007f]/.test(text);
      const bad = field === 'name' && (!text.trim() || [...text].length > LIMIT || control);
      const edited = params.data[field] !== params.data['_' + field];
      return {backgroundColor: bad ? 'rgba(220, 38, 38, .3)' : edited ? 'rgba(245, 158, 11, .3)' : 'transparent'};
    }
    """.replace("LIMIT", str(ticker_fields.NAME_LIMIT))
)


@dataclass(frozen=True)
class Answer:
    """What a person did in the grid so far."""

    edited: dict[str, Document] = field(default_factory=dict)
    """The editable values of each row with an edit, by ticker."""
    chosen: list[str] = field(default_factory=list)
    sort: tuple[str, bool] | None = None
    """Column to sort by, and whether descending; None where none was clicked."""
    touched: bool = False
    """Whether the grid has told anything yet: before that it has nothing to say of edits either."""


def answer(key: str) -> Answer:
    """What a person did in the grid of `key`, as far as it has told."""
    said = st.session_state.get(key) or {}
    sorted_by = said.get("sort")
    return Answer(
        {row["ticker"]: {name: row[name] for name in ticker_fields.by_key()} for row in said.get("edited", [])},
        list(said.get("chosen", [])),
        (sorted_by["field"], sorted_by["descending"]) if sorted_by else None,
        touched=bool(said),
    )


def show(
    category: Category,
    rows: list[TickerRow],
    pending: Mapping[str, ticker_edits.Edit],
    sort: tuple[str, bool],
    key: str,
) -> None:
    """Draw `rows`, with `pending` edits over them."""
    AgGrid(
        pd.DataFrame([_row(row, pending) for row in rows]),
        gridOptions=_options(category, rows, sort),
        height=min(MOST_HEIGHT, ROW_HEIGHT * (len(rows) + 1) + 60),
        data_return_mode=DataReturnMode.CUSTOM,
        custom_jscode_for_grid_return=_ANSWER,
        update_on=["cellValueChanged", "selectionChanged", "sortChanged"],
        allow_unsafe_jscode=True,
        theme="streamlit",
        key=key,
    )


def _row(row: TickerRow, pending: Mapping[str, ticker_edits.Edit]) -> Document:
    stored = ticker_fields.shown(row)
    edit = pending.get(row["ticker"])
    return {
        "ticker": row["ticker"],
        **stored,
        **(edit.changes if edit else {}),
        **{f"_{name}": value for name, value in stored.items()},
        "first_date": formats.date(row.get("first_date")),
        "last_date": formats.date(row.get("last_date")),
        "bar_count": int(row.get("bar_count") or 0),
        "last_status": _("표본") if row.get("source") == "sample" else status_name(row.get("last_status")),
    }


def status_name(status: str | None) -> str:
    """How a list words the outcome of a ticker's last update."""
    names = {"ok": _("정상"), "failed": _("실패"), "delisted": _("상장폐지된 듯함")}
    return names.get(status or "", formats.MISSING)


def _options(category: Category, rows: list[TickerRow], sort: tuple[str, bool]) -> dict[str, Any]:
    markets = dict.fromkeys(["", *(market.key for market in category.markets), *_markets_of(rows)])
    symbols = JsCode(f"params => ({ticker_fields.MARKERS})[params.value] || params.value")
    number = {"type": "rightAligned", "valueFormatter": JsCode("params => params.value.toLocaleString()")}
    columns: list[dict[str, Any]] = [
        {"field": "ticker", "headerName": _("종목 코드"), "pinned": "left", "width": 105},
        {"field": "name", "headerName": _("이름"), "editable": True, "cellStyle": _STYLE, "flex": 1, "minWidth": 150},
        {
            "field": "market",
            "headerName": _("시장"),
            "editable": True,
            "cellStyle": _STYLE,
            "cellEditor": "agSelectCellEditor",
            "cellEditorParams": {"values": list(markets)},
            "width": 95,
        },
        {
            "field": "marker",
            "headerName": _("표식"),
            "editable": True,
            "cellStyle": _STYLE,
            "cellEditor": "agSelectCellEditor",
            "cellEditorParams": {"values": list(ticker_fields.MARKERS)},
            "valueFormatter": symbols,
            "width": 70,
        },
        {
            "field": "active",
            "headerName": _("사용"),
            "editable": True,
            "cellStyle": _STYLE,
            "cellDataType": "boolean",
            "width": 65,
        },
        {"field": "first_date", "headerName": _("첫 날짜"), "width": 105},
        {"field": "last_date", "headerName": _("마지막 날짜"), "width": 105},
        {"field": "bar_count", "headerName": _("봉 수"), "width": 85, **number},
        {"field": "last_status", "headerName": _("마지막 결과"), "width": 110},
    ]
    for column in columns:
        if column["field"] == sort[0]:
            column["sort"] = "desc" if sort[1] else "asc"
    return {
        "columnDefs": columns,
        # MongoDB sorts; a click on a header only says by what.
        "defaultColDef": {"sortable": True, "resizable": True, "comparator": JsCode("() => 0"), "filter": False},
        "getRowId": JsCode("params => params.data.ticker"),
        "rowSelection": {"mode": "multiRow", "enableClickSelection": False},
        "rowHeight": ROW_HEIGHT,
        "stopEditingWhenCellsLoseFocus": True,
        "enterNavigatesVerticallyAfterEdit": True,
        "undoRedoCellEditing": True,
        "suppressMultiSort": True,
        "sortingOrder": ["asc", "desc"],
        "localeText": {"noRowsToShow": _("종목이 없습니다")},
    }


def _markets_of(rows: Iterable[TickerRow]) -> list[str]:
    """The markets that the rows have: a label of the user's own is offered too."""
    return [str(row["market"]) for row in rows if row.get("market")]
