"""Lists of tickers as text and files: read what people paste or upload, and write what Excel opens.

Pure: bytes and text in, rows out, and the other way. What is done with the rows is left to `ticker_edits`.
"""

import csv
import io
import zipfile
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from finance_core.categories import Category
from finance_core.errors import SisepanError
from finance_core.i18n import N_
from finance_core.storage import ticker_edits
from finance_core.storage.database import Document

COLUMNS = ("ticker", "name", "market", "marker")
"""In this order where there is no header."""
HEADERS = {
    "ticker": ("ticker", "symbol", "code", "종목코드", "종목 코드", "코드", "티커", "단축코드"),
    "name": ("name", "종목명", "이름", "회사명", "한글명"),
    "market": ("market", "exchange", "시장", "시장구분", "거래소"),
    "marker": ("marker", "표식"),
    "active": ("active", "사용"),
}
LINES_LIMIT = 100_000
SNIFFED = 5_000
"""Characters that tell the delimiter."""
FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""How a cell begins that Excel would take for a formula."""
UNREADABLE = (
    *(ValueError, KeyError, OSError, IndexError, TypeError, AttributeError, EOFError),
    *(zipfile.BadZipFile, zlib.error),
    SyntaxError,  # of the XML, by either parser
)
"""What a broken Excel file raises."""


@dataclass(frozen=True)
class Line:
    """One line of a list: what it says of a ticker, or why it is refused."""

    number: int
    """Counted from 1, as an editor does."""
    row: Document
    """ticker, and name, market and marker where they are said."""
    problem: SisepanError | None = None


def read_text(text: str, category: Category) -> list[Line]:
    """The lines of a list with commas, tabs or semicolons between its columns, with or without a header.

    Empty lines are passed over. Raises SisepanError where there are too many lines, or it is no such list at all.
    """
    text = text.removeprefix("\ufeff").replace("\0", "")
    delimiter = max("\t;,", key=text[:SNIFFED].count)
    try:
        records = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
    except csv.Error as error:
        raise SisepanError(N_("목록을 읽지 못했습니다: {reason}"), reason=str(error)) from error
    return _lines(records, category)


def read_file(name: str, content: bytes, category: Category) -> list[Line]:
    """The lines of an uploaded CSV (UTF-8, or CP949 as Korean Excel writes it) or Excel file.

    Raises SisepanError where it is neither.
    """
    if name.lower().endswith((".xlsx", ".xlsm")):
        return _lines(_sheet(content), category)
    for encoding in ("utf-8-sig", "cp949"):
        try:
            return read_text(content.decode(encoding), category)
        except UnicodeDecodeError:
            continue
    raise SisepanError(N_("파일의 글자를 읽지 못했습니다. UTF-8이나 CP949로 저장한 CSV, 또는 Excel 파일이어야 합니다."))


def to_csv(rows: Iterable[Mapping[str, Any]]) -> bytes:
    """A list of tickers as CSV that Excel opens with its Hangul, and without taking a cell for a formula."""
    return _table(rows).to_csv(index=False).encode("utf-8-sig")


def to_excel(rows: Iterable[Mapping[str, Any]]) -> bytes:
    """The same as an Excel file."""
    file = io.BytesIO()
    _table(rows).to_excel(file, index=False)
    return file.getvalue()


def defused(value: object) -> object:
    """`value` so that no spreadsheet takes it for a formula: with an apostrophe before it, which `read_text` drops."""
    return f"'{value}" if isinstance(value, str) and value.lstrip("'").startswith(FORMULA) else value


def _table(rows: Iterable[Mapping[str, Any]]) -> pd.DataFrame:
    columns = [*COLUMNS, "active", "first_date", "last_date", "bar_count", "last_status", "source"]
    table = pd.DataFrame([{name: row.get(name) for name in columns} for row in rows], columns=columns)
    for name in ("first_date", "last_date"):
        table[name] = pd.to_datetime(table[name]).dt.strftime("%Y-%m-%d")
    return table.map(defused)


def _sheet(content: bytes) -> list[list[str]]:
    try:
        sheet = pd.read_excel(
            io.BytesIO(content), header=None, dtype=str, na_filter=False, nrows=LINES_LIMIT + 2, engine="openpyxl"
        )
    except UNREADABLE as error:
        raise SisepanError(N_("Excel 파일을 읽지 못했습니다({reason})."), reason=type(error).__name__) from error
    return [[str(cell) for cell in row] for row in sheet.itertuples(index=False)]


def _lines(records: list[list[str]], category: Category) -> list[Line]:
    if len(records) > LINES_LIMIT:
        raise SisepanError(N_("한 번에 {limit}줄까지 읽습니다."), limit=LINES_LIMIT)
    columns, is_first = list(COLUMNS), True
    lines: list[Line] = []
    seen: set[str] = set()
    for number, record in enumerate(records, start=1):
        cells = [_undefused(cell.strip()) for cell in record]
        if not any(cells):
            continue
        if is_first and (header := _header(cells)):
            columns, is_first = header, False
            continue
        is_first = False
        said = {name: cell for name, cell in zip(columns, cells, strict=False) if name in COLUMNS and cell}
        row: Document = {**said, "ticker": category.ticker_of(said.get("ticker", ""))}
        lines.append(Line(number, row, _problem(row, category, seen)))
        seen.add(row["ticker"])
    return lines


def _header(cells: list[str]) -> list[str] | None:
    """What each column is, where `cells` are a header, which names the ticker's column."""
    names = {title: name for name, titles in HEADERS.items() for title in titles}
    columns = [names.get(cell.lower(), "") for cell in cells]
    return columns if "ticker" in columns else None


def _problem(row: Document, category: Category, seen: set[str]) -> SisepanError | None:
    ticker = row["ticker"]
    if not category.is_ticker(ticker):
        return SisepanError(N_("종목 코드가 아닙니다: {tickers}"), tickers=ticker[:40] or "''")
    if ticker in seen:
        return SisepanError(N_("같은 종목이 앞에 또 있습니다."))
    try:
        row.update(ticker_edits.checked(category, {name: row[name] for name in row if name != "ticker"}))
    except SisepanError as error:
        return error
    return None


def _undefused(cell: str) -> str:
    return cell[1:] if cell.startswith("'") and cell.lstrip("'").startswith(FORMULA) else cell
