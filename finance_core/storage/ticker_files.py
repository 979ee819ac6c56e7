"""Lists of tickers as text and files: read what people paste or upload, and write files for Excel.

Pure: bytes and text in, rows out, and the other way round. `ticker_edits` compares and stores the rows.
"""

import csv
import io
import itertools
import re
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd
from python_calamine import CalamineError, CalamineWorkbook

from finance_core import spreadsheets, ticker_fields
from finance_core.categories import Category
from finance_core.errors import SisepanError
from finance_core.i18n import N_

TICKER_HEADERS = ("ticker", "symbol", "code", "종목코드", "종목 코드", "코드", "티커", "단축코드")
"""Names of the ticker's column, in lower case; `ticker_fields` holds those of the other columns."""
STATE = ("first_date", "last_date", "bar_count", "last_status", "source")
"""Columns that an export has beside the editable fields."""
LINES_LIMIT = 100_000
AGAIN = N_("같은 종목이 앞에 또 있습니다.")
BELOW_TICKERS = N_(
    "{number}번째 줄에 열 이름이 있는데 그 위에 종목이 있습니다. 그 줄을 맨 위로 옮기거나, 위의 줄이 제목이면 "
    "지우십시오."
)
NO_TICKER_COLUMN = N_(
    "{number}번째 줄이 열 이름 같지만 어느 열이 종목 코드인지 모릅니다. 그 열의 이름을 '종목코드'로 적으십시오."
)
QUOTED = re.compile(r'(?<![^\t;,\n])"(?:[^"]|"")*"')
"""A quoted cell: what is in it parts no columns."""
BEHIND_A_CODE = re.compile(r"\t(?=[;,])")
"""Some programs write it behind a code, so that Excel leaves its zeros."""

SHEET_LIMIT = 50 << 20
"""Most bytes of an unpacked Excel file. A hundred thousand lines have twenty million, which take a second to read."""
UNREADABLE = (CalamineError, zipfile.BadZipFile, OSError, EOFError, ValueError)
"""Raised for a broken Excel file."""


@dataclass(frozen=True)
class Line:
    """One line of a list."""

    number: int
    """Counted from 1, as an editor does."""
    row: dict[str, Any]
    """The ticker, and the fields that the line sets."""
    problem: SisepanError | None = None
    """The rule that the line breaks."""
    place: str = ""
    """The name of its list, in what `joined` returns."""


class Lines(list[Line]):
    """The lines of one list, and what of it is not read."""

    unread: Sequence[str] = ()
    """The titles of columns that are not read."""
    other_sheets: Sequence[str] = ()
    """The names of the sheets of a workbook behind the first, which alone is read."""


def read_text(text: str, category: Category) -> Lines:
    """The lines of a list with commas, tabs or semicolons between its columns, with or without a header.

    Empty lines and titles above the header are left out. Raises SisepanError where there are too many lines, nothing
    tells which column is which, or `text` is no such list.
    """
    text = text.removeprefix("\ufeff").replace("\0", "")
    try:
        records = list(csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text)))
    except csv.Error as error:
        raise SisepanError(N_("목록을 읽지 못했습니다: {reason}"), reason=str(error)) from error
    return _lines(records, category)


def read_file(name: str, content: bytes, category: Category) -> Lines:
    """The lines of an uploaded CSV (UTF-8, or CP949 as Korean Excel writes it) or Excel file.

    Raises SisepanError for any other content.
    """
    if name.lower().endswith((".xlsx", ".xlsm")):
        rows, other_sheets = _first_sheet(content)
        lines = _lines(rows, category)
        lines.other_sheets = other_sheets
        return lines
    for encoding in ("utf-8-sig", "cp949"):
        try:
            return read_text(content.decode(encoding), category)
        except UnicodeDecodeError:
            continue
    raise SisepanError(N_("파일의 글자를 읽지 못했습니다. UTF-8이나 CP949로 저장한 CSV, 또는 Excel 파일이어야 합니다."))


def joined(lists: Iterable[tuple[str, Sequence[Line]]]) -> list[Line]:
    """The lines of several lists, each with its name, as those of one: a ticker counts where it stands first."""
    lines: list[Line] = []
    seen: set[str] = set()
    for name, listed in lists:
        for line in listed:
            problem = SisepanError(AGAIN) if line.row["ticker"] in seen else None
            lines.append(replace(line, place=name, problem=line.problem or problem))
        seen |= {line.row["ticker"] for line in listed}
    return lines


def export(rows: Iterable[Mapping[str, Any]]) -> pd.DataFrame:
    """A list of tickers as a table for `spreadsheets`; `read_file` can read the file again."""
    columns = ["ticker", *ticker_fields.by_key(), *STATE]
    table = pd.DataFrame([{name: row.get(name) for name in columns} for row in rows], columns=columns)
    for name in ("first_date", "last_date"):
        table[name] = pd.to_datetime(table[name]).dt.strftime("%Y-%m-%d")
    return table


def _first_sheet(content: bytes) -> tuple[list[list[str]], list[str]]:
    """The cells of the first sheet of a workbook, and the names of the others."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as parts:
            size = sum(part.file_size for part in parts.infolist())
        if size > SHEET_LIMIT:
            sentence = N_(
                "Excel 파일을 풀면 {size}MB라서 읽지 않았습니다. {limit}MB까지 읽습니다. "
                "종목 목록만 남겨 저장하거나 CSV로 올리십시오."
            )
            raise SisepanError(sentence, size=size >> 20, limit=SHEET_LIMIT >> 20)
        book = CalamineWorkbook.from_filelike(io.BytesIO(content))
        rows = book.get_sheet_by_index(0).to_python(nrows=LINES_LIMIT + 2)
    except UNREADABLE as error:
        raise SisepanError(N_("Excel 파일을 읽지 못했습니다({reason})."), reason=type(error).__name__) from error
    return [[_cell(value) for value in row] for row in rows], book.sheet_names[1:]


def _cell(value: object) -> str:
    """A cell as text; a whole number, which a workbook keeps as 660.0, without its fraction."""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _delimiter(text: str) -> str:
    """A tab where it parts each line below the titles alike, as Excel copies cells; else what is there most."""
    sample = BEHIND_A_CODE.sub("", QUOTED.sub("", text[:5_000]))
    tabs = [line.count("\t") for line in sample.splitlines() if line.strip()]
    if len(text) > 5_000:
        tabs = tabs[:-1]  # its end is cut off
    below = list(itertools.dropwhile(lambda count: not count, tabs))
    is_tabbed = len(set(below)) == 1 and 2 * len(below) > len(tabs)
    return "\t" if is_tabbed else max("\t;,", key=sample.count)


def _lines(records: list[list[str]], category: Category) -> Lines:
    if len(records) > LINES_LIMIT:
        raise SisepanError(N_("한 번에 {limit}줄까지 읽습니다."), limit=LINES_LIMIT)
    fields = ticker_fields.in_lists()
    words: dict[str, Mapping[str, Any]] = {"ticker": {}, **{field.key: field.words(category) for field in fields}}
    keys = dict.fromkeys(TICKER_HEADERS, "ticker") | {name: field.key for field in fields for name in field.headers}
    by_position = ["ticker", *(field.key for field in fields if not field.needs_header)]
    columns = by_position
    lines = Lines()
    seen: set[str] = set()
    for number, record in enumerate(records, start=1):
        cells = [spreadsheets.undefused(cell.strip()) for cell in record]
        if not any(cells):
            continue
        known = [keys.get(cell.lower(), "") for cell in cells] if columns is by_position else []
        if any(known):
            is_below = any(map(category.is_ticker, seen))
            is_ticker = category.is_ticker(category.ticker_of(cells[0]))
            if _is_header(known, is_ticker=is_ticker, is_below=is_below):
                if is_below:
                    raise SisepanError(BELOW_TICKERS, number=number)
                columns = [key if key not in known[:position] else "" for position, key in enumerate(known)]
                lines = Lines()
                lines.unread = [cell for cell, name in zip(cells, columns, strict=True) if cell and not name]
                seen.clear()
                continue
            if not is_ticker and not is_below and _differs(cells, known, by_position):
                raise SisepanError(NO_TICKER_COLUMN, number=number)
        named = [(name, cell) for name, cell in zip(columns, cells, strict=False) if name and cell]
        values = {name: words[name].get(cell.lower(), cell) for name, cell in named}
        ticker = category.ticker_of(values.get("ticker", ""))
        row = {**values, "ticker": ticker}
        try:
            if not category.is_ticker(ticker):
                raise SisepanError(N_("종목 코드가 아닙니다: {tickers}"), tickers=ticker[:40] or "''")
            if ticker in seen:
                raise SisepanError(AGAIN)
            lines.append(Line(number, row | ticker_fields.checked(category, row)))
        except SisepanError as error:
            lines.append(Line(number, row, error))
        seen.add(ticker)
    return lines


def _is_header(keys: list[str], *, is_ticker: bool, is_below: bool) -> bool:
    """Whether a line is a header whose cells name `keys`; it may begin with what could be a ticker, or stand below one.

    A company may be called Symbol.
    """
    return "ticker" in keys and not (is_ticker and is_below and sum(map(bool, keys)) == 1)


def _differs(cells: list[str], keys: list[str], by_position: list[str]) -> bool:
    """Whether `cells`, which name `keys`, name columns behind the first that are not those `by_position`."""
    others = list(zip(cells, keys, by_position, strict=False))[1:]
    return any(key for _, key, _ in others) and any(key != place for cell, key, place in others if cell)
