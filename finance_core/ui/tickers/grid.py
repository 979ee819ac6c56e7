"""The editable grid of one page of tickers (AG Grid), and the edits, ticks and sort order that it reports.

The grid stays in the browser while its category is open, and so does a cell that is being edited. It reports all edits
of cells in a list that only grows, so that no edit is lost: if a click on "save" ends an edit, the edit may arrive
after the click. The page sends new rows with a new generation number; these replace the rows of the grid.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import streamlit as st
from st_aggrid import AgGrid, DataReturnMode, JsCode

from finance_core import formats, ticker_fields
from finance_core.categories import Category
from finance_core.i18n import N_, _
from finance_core.storage.documents import TickerRow
from finance_core.storage.ticker_edits import Edit
from finance_core.ticker_fields import TickerField

ROW_HEIGHT = 34

STATUSES = {"sample": N_("표본"), "ok": N_("정상"), "failed": N_("실패"), "delisted": N_("상장폐지된 듯함")}
"""Message ids for the outcome of a ticker's last update."""
Sort = tuple[str, bool]
"""The column to sort by, and whether descending."""

_ANSWER = JsCode("""
    function({streamlitRerunEventTriggerName: name, eventData: {api, colDef, data}}) {
      const log = window.tickerEdits ??= {frame: Date.now(), edits: []};
      if (name === 'cellValueChanged') {
        const key = colDef.field, {ticker, _generation: generation} = data;
        const original = {[key]: data['_' + key]}, changes = {[key]: data[key] ?? ''};
        log.edits.push([generation, {ticker, original, changes}]);
      }
      const sorted = api.getColumnState().find(column => column.sort);
      return {
        ...log,
        generation: api.getDisplayedRowAtIndex(0)?.data._generation,
        chosen: api.getSelectedNodes().map(node => node.data.ticker),
        sort: sorted ? [sorted.colId, sorted.sort === 'desc'] : null,
      };
    }
""")
_ROWS_OF_SERVER_WIN = JsCode("function() { this.setState({isRowDataEdited: false}); return true; }")
"""After the first edit, st_aggrid takes no more rows from the page; its other `server_sync_strategy` closes the open
cell at every rerun. It calls this function after an edit as a method of its component: with the flag reset, the grid
takes new rows and keeps the open cell."""
_NEW_ROWS = JsCode("({api}) => { api.deselectAll(); api.refreshCells({force: true}); }")
_PASTE = Path(__file__).with_name("paste.js").read_text(encoding="utf-8")
_KEYS = """
    ({event, editing, node, column, api}) => {
      const {ignored, composes} = FIELD;
      if (editing) return false;
      if (composes && event.keyCode === 229) api.startEditingCell({rowIndex: node.rowIndex, colKey: column});
      return ignored.includes(event.key);
    }
"""
"""Opens a cell for an input method, whose keys the grid takes for no text; true for a key that the grid must ignore."""
_STYLE = """
    ({value, data}) => {
      const {key, limit, required} = FIELD, text = String(value ?? '');
      const control = /[\\u0000-\\u001f\\u007f]/.test(text);
      const bad = required && !text.trim() || limit && ([...text].length > limit || control);
      const edited = data[key] !== data['_' + key];
      return {backgroundColor: bad ? 'rgba(220, 38, 38, .3)' : edited ? 'rgba(245, 158, 11, .3)' : 'transparent'};
    }
"""


@dataclass(frozen=True)
class Answer:
    """The edits, ticks and sort order that the grid has reported."""

    frame: float = 0
    """The id of this grid: when the category is opened again, a new grid takes its place."""
    edits: tuple[tuple[int, Edit], ...] = ()
    """Every edit of a cell in this grid, oldest first, each with the generation of the rows in which it was made."""
    chosen: tuple[str, ...] = ()
    """The tickers with a tick, among the rows of the present generation."""
    sort: Sort | None = None
    """None if no column header was clicked."""


def answer(key: str, generation: int) -> Answer:
    """The latest report of the grid with this `key`, whose present rows have this `generation`."""
    value = st.session_state.get(key)
    if not value:
        return Answer()
    edits = tuple((made_in, Edit(**edit)) for made_in, edit in value["edits"])
    chosen = tuple(value["chosen"]) if value.get("generation") == generation else ()
    return Answer(value["frame"], edits, chosen, tuple(value["sort"]) if value["sort"] else None)


def show(
    category: Category, rows: list[TickerRow], pending: Mapping[str, Edit], sort: Sort, generation: int, key: str
) -> None:
    """Draw `rows` with `pending` edits in them. The grid takes changed rows only with a new `generation`."""
    height = min(620, ROW_HEIGHT * (len(rows) + 1) + 60)
    # The frame has no height until it has loaded: what is clicked below it meanwhile would move away from the click.
    with st.container(key=f"{key}_space", height=height, border=False):
        AgGrid(
            pd.DataFrame([_row(row, pending.get(row["ticker"])) | {"_generation": generation} for row in rows]),
            gridOptions=options(category, rows, sort),
            height=height,
            data_return_mode=DataReturnMode.CUSTOM,
            custom_jscode_for_grid_return=_ANSWER,
            should_grid_return=_ROWS_OF_SERVER_WIN,
            update_on=["cellValueChanged", "selectionChanged", "sortChanged"],
            allow_unsafe_jscode=True,
            theme="streamlit",
            key=key,
        )


def _row(row: TickerRow, edit: Edit | None) -> dict[str, Any]:
    stored = ticker_fields.shown(row)
    status = "sample" if row.get("source") == "sample" else row.get("last_status")
    return {
        "ticker": row["ticker"],
        **stored,
        # Arrow takes no text in a column of check boxes.
        **{key: value for key, value in (edit.changes if edit else {}).items() if type(value) is type(stored[key])},
        **{f"_{key}": value for key, value in stored.items()},
        "first_date": formats.date(row.get("first_date")),
        "last_date": formats.date(row.get("last_date")),
        "bar_count": int(row.get("bar_count") or 0),
        "last_status": _(STATUSES.get(status or "", formats.MISSING)),
    }


def options(category: Category, rows: Iterable[TickerRow], sort: Sort) -> dict[str, Any]:
    """The options of AG Grid for `rows`."""
    number = {"type": "rightAligned", "valueFormatter": JsCode("params => params.value.toLocaleString()")}
    columns: list[dict[str, Any]] = [
        {"field": "ticker", "headerName": _("종목 코드"), "pinned": "left", "width": 105},
        *(_column(field, category, rows) for field in ticker_fields.FIELDS if not field.is_detail),
        {"field": "first_date", "headerName": _("첫 날짜"), "width": 105},
        {"field": "last_date", "headerName": _("마지막 날짜"), "width": 105},
        {"field": "bar_count", "headerName": _("봉 수"), "width": 85, **number},
        {"field": "last_status", "headerName": _("마지막 결과"), "width": 110},
        *(_column(field, category, rows) for field in ticker_fields.FIELDS if field.is_detail),
    ]
    for column in columns:
        if column["field"] == sort[0]:
            column["initialSort"] = "desc" if sort[1] else "asc"
    return {
        "columnDefs": columns,
        # MongoDB sorts; a click on a header only chooses the column.
        "defaultColDef": {"sortable": True, "resizable": True, "comparator": JsCode("() => 0"), "filter": False},
        "getRowId": JsCode("params => params.data.ticker"),
        "onRowDataUpdated": _NEW_ROWS,
        "onGridReady": _paste(category, rows),
        "rowSelection": {"mode": "multiRow", "enableClickSelection": False},
        "rowHeight": ROW_HEIGHT,
        "stopEditingWhenCellsLoseFocus": True,
        "enterNavigatesVerticallyAfterEdit": True,
        "undoRedoCellEditing": True,
        "suppressMultiSort": True,
        "sortingOrder": ["asc", "desc"],
        "localeText": {"noRowsToShow": _("종목이 없습니다")},
    }


def _paste(category: Category, rows: Iterable[TickerRow]) -> JsCode:
    sentences = {
        "room": _("붙여 넣지 않았습니다. {rows}행 {columns}열인데, 고른 칸부터는 {room}행 {right}열뿐입니다."),
        "value": _("붙여 넣지 않았습니다. {ticker}의 {column} 칸에는 {value} 값을 넣을 수 없습니다."),
    }
    words = {
        field.key: {value.lower(): value for value in _offered(field, category, rows)} | dict(field.words(category))
        for field in ticker_fields.FIELDS
        if not field.is_text
    }
    # JsCode takes // and /* in a value for the begin of a comment.
    values = json.dumps({"sentences": sentences, "words": words}).replace("/", "\\u002f")
    return JsCode(_PASTE.replace("PASTE", values))


def _offered(field: TickerField, category: Category, rows: Iterable[TickerRow]) -> list[str]:
    """The values to choose from, with the user's own in `rows`, except one that st_aggrid would run as code."""
    if not field.choices:
        return []
    values = dict.fromkeys([*field.choices(category), *(field.shown(row) for row in rows)])
    return [value for value in values if "::JSCODE::" not in value]


def _column(field: TickerField, category: Category, rows: Iterable[TickerRow]) -> dict[str, Any]:
    marks = json.dumps({"key": field.key, "limit": field.limit, "required": field.default is None})
    # Where there is a default, Delete would leave "", which is no value. A check box takes the space bar itself.
    ignored = ["Delete", "Backspace"] if field.default else []
    ignored += [" "] if isinstance(field.default, bool) else []
    keys = json.dumps({"ignored": ignored, "composes": field.is_text})
    column: dict[str, Any] = {
        "field": field.key,
        "headerName": _(field.title),
        "editable": True,
        "suppressKeyboardEvent": JsCode(_KEYS.replace("FIELD", keys)),
        "cellStyle": JsCode(_STYLE.replace("FIELD", marks)),
        **({"flex": 1, "minWidth": field.width} if field.is_text else {"width": field.width}),
    }
    if isinstance(field.default, bool):
        column["cellDataType"] = "boolean"
    if field.choices:
        offered = _offered(field, category, rows)
        column |= {"cellEditor": "agSelectCellEditor", "cellEditorParams": {"values": offered}}
    if field.symbols:
        column["valueFormatter"] = JsCode(f"params => ({json.dumps(field.symbols)})[params.value] || params.value")
    return column
