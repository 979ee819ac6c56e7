"""The table of editable fields: its rules, and that a field is one row of it."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from finance_core import spreadsheets, ticker_fields
from finance_core.categories import KOREAN_STOCKS
from finance_core.errors import SisepanError
from finance_core.storage import ticker_edits, ticker_files, tickers
from finance_core.storage.database import MongoDatabase
from finance_core.storage.ticker_edits import Edit
from finance_core.ui.tickers import grid
from finance_core.ui.tickers.pending import changes_table
from tests.edits import history
from tests.storage.test_ticker_files import to_excel


@pytest.fixture
def note(monkeypatch: pytest.MonkeyPatch) -> ticker_fields.TickerField:
    """One more field, at the end of the table."""

    def check(_category: object, value: object, _before: object) -> str:
        if "?" in str(value):
            raise SisepanError("no question: {value}", value=value)
        return str(value).strip()

    field = ticker_fields.TickerField(
        key="note", title="Note", check=check, width=200, headers=("note", "memo"), in_form=True, limit=50
    )
    monkeypatch.setattr(ticker_fields, "FIELDS", (*ticker_fields.FIELDS, field))
    return field


def test_a_new_field_has_a_column_of_the_grid_that_can_be_edited(note: ticker_fields.TickerField) -> None:
    columns = grid.options(KOREAN_STOCKS, [], ("note", True))["columnDefs"]
    (column,) = [column for column in columns if column["field"] == "note"]
    assert (column["headerName"], column["editable"], column["initialSort"]) == ("Note", True, "desc")
    assert [column["field"] for column in columns][:6] == ["ticker", "name", "market", "marker", "active", "note"]
    assert '"limit": 50' in column["cellStyle"].js_code


@pytest.mark.usefixtures("note")
def test_a_new_field_is_checked_saved_in_the_history_found_and_undone(db: MongoDatabase) -> None:
    tickers.register(db, KOREAN_STOCKS, [{"ticker": ticker, "name": ticker} for ticker in ("000660", "005930")])
    edit = Edit("005930", {"note": ""}, {"note": " cheap "})
    saved = ticker_edits.save(db, KOREAN_STOCKS, [edit, Edit("000660", {"note": ""}, {"note": "dear?"})], "me")
    assert (saved.applied, list(saved.refused)) == (["005930"], ["000660"])
    assert [row.get("note") for row in tickers.page(db, KOREAN_STOCKS, sort="note").rows] == [None, "cheap"]
    (entry,) = history(db, KOREAN_STOCKS, 9)
    assert changes_table(entry["rows"]).to_numpy().tolist() == [["005930", "Note", "", "cheap"]]

    (conflict,) = ticker_edits.save(db, KOREAN_STOCKS, [replace(edit, changes={"note": "dear"})], "you").conflicts
    assert conflict.theirs is not None
    assert ticker_fields.shown(conflict.theirs)["note"] == "cheap"
    assert ticker_edits.undo(db, KOREAN_STOCKS, entry["_id"], "me").applied == ["005930"]
    assert ticker_fields.shown(tickers.get(db, KOREAN_STOCKS, "005930") or {})["note"] == ""


@pytest.mark.usefixtures("note")
def test_a_new_field_is_read_from_lists_added_and_exported(db: MongoDatabase) -> None:
    lines = ticker_files.read_text("종목코드,Memo\n5930,=cheap\n660,why?", KOREAN_STOCKS)
    assert [line.problem is None for line in lines] == [True, False]
    assert ticker_files.read_text("5930,삼성전자,KOSPI,pin,Samsung,반도체,fine", KOREAN_STOCKS)[0].row["note"] == "fine"

    new = ticker_edits.compare(db, KOREAN_STOCKS, [lines[0].row]).new
    ticker_edits.add(db, KOREAN_STOCKS, new, "me")
    (row,) = tickers.page(db, KOREAN_STOCKS).rows
    assert ticker_fields.shown(row)["note"] == "=cheap"
    for name, written in (("a.csv", spreadsheets.to_csv), ("a.xlsx", to_excel)):
        (line,) = ticker_files.read_file(name, written(ticker_files.export([row])), KOREAN_STOCKS)
        assert line.row["note"] == "=cheap"
    assert ticker_edits.compare(db, KOREAN_STOCKS, [line.row]).unchanged == ["005930"]


@settings(deadline=None, max_examples=200)
@given(st.text(max_size=300))
def test_a_name_is_either_kept_printable_or_refused_with_a_sentence(text: str) -> None:
    try:
        name = ticker_fields.clean_name(text)
    except SisepanError:
        return
    assert 0 < len(name) <= ticker_fields.NAME_LIMIT
    assert name == name.strip()
    name.encode()
    assert ticker_fields.clean_name(name) == name
