"""A table of daily prices in a SQLite file as a source of bars. It is never written.

The file is opened again for each query, so that any thread may read it, even while another program writes to it. A
SQLite column may have values of several types: they stay as they are, except blobs, which become texts.
"""

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from itertools import count
from pathlib import Path
from typing import Any

from finance_core import categories
from finance_core.categories import Category
from finance_core.errors import SisepanError
from finance_core.foreign.shapes import BATCH_ROWS, Rows
from finance_core.foreign.table_source import Source, bar_columns
from finance_core.i18n import N_

PATIENCE = 30.0
"""Seconds to wait while another program locks the file."""
USUAL_TABLES = ("stocks", "currency")

NOT_SQLITE = N_("{file} 파일을 SQLite로 읽지 못했습니다({reason}).")
NO_SUCH_TABLE = N_("{file} 파일에 {table} 테이블이 없습니다. 있는 테이블: {tables}")
NO_TABLE = N_("{file} 파일에 종목, 날짜, 종가 열(symbol, date, close)이 있는 테이블이 없습니다. 있는 테이블: {tables}")
MANY_TABLES = N_("{file} 파일에 시세 테이블이 여럿입니다. --table로 하나를 고르십시오: {tables}")
NOT_PRICES = N_(
    "{file} 파일의 {table} 테이블에 종목, 날짜, 종가 열(symbol, date, close)이 있어야 합니다. 있는 열: {columns}"
)
EMPTY = N_("{file} 파일의 {table} 테이블에 시세가 한 줄도 없습니다.")


class SqliteSource(Source):
    """The daily prices in `table` of the SQLite file at `path`; "" means the only table with prices.

    The place of a row is its rowid, or its ticker and date where it has none. Raises SisepanError where the file is no
    SQLite file, has no such table, or has several tables with prices.
    """

    def __init__(self, path: Path, table: str = "") -> None:
        self._path = path.resolve()
        with self._connected() as connection:
            self.table, columns = self._choose(connection, table)
            self._row_id = _row_id(connection, self.table, columns)
        super().__init__(f"{path.name}:{self.table}", _prices(columns))
        if not self.sample():
            raise SisepanError(EMPTY, file=path.name, table=self.table)

    @property
    def candidates(self) -> list[Category]:
        """The categories that the name of the file, or else of the table, means: finance_stock_kr.db is Korean."""
        for name in (self._path.stem, self.table):
            parts = name.replace("-", "_").replace(" ", "_").split("_")
            for start in range(len(parts)):
                for end in range(len(parts), start, -1):
                    if named := categories.named("_".join(parts[start:end])):
                        return named
        return []

    def fingerprint(self) -> str:
        """Sizes and times of the file and of its write-ahead log: they change when any program writes."""
        log = self._path.with_name(f"{self._path.name}-wal")
        try:
            states = [file.stat() for file in (self._path, log) if file.exists()]
        except OSError as error:
            raise SisepanError(NOT_SQLITE, file=self._path.name, reason=error.strerror or "?") from error
        # Reading creates an empty log, which must not change the text.
        return " ".join(f"{state.st_size} {state.st_mtime_ns}" for state in states if state.st_size)

    def _portions(self, names: Iterable[str]) -> Iterator[Rows]:
        names = list(names)
        columns = ", ".join(_quoted(self._names[name]) for name in names)
        query = f"SELECT {columns}, {self._row_id or 'NULL'} FROM {_quoted(self.table)}"
        numbers = count()
        with self._connected() as connection:
            cursor = connection.execute(query)
            while batch := cursor.fetchmany(BATCH_ROWS):
                *cells, ids = zip(*batch, strict=True)
                texts = {name: _texts(values) for name, values in zip(names, cells, strict=True)}
                if self._row_id:
                    yield Rows(texts, ids, ids)
                else:
                    order = [next(numbers) for _id in ids]
                    known = zip(*(texts.get(name, order) for name in ("ticker", "date")), strict=True)
                    yield Rows(texts, order, [f"{ticker} {date}" for ticker, date in known])

    def _choose(self, connection: sqlite3.Connection, table: str) -> tuple[str, list[str]]:
        """The table to read, and its columns."""
        query = (
            "SELECT name FROM sqlite_master WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'"
        )
        columns = {
            name: [column[1] for column in connection.execute(f"PRAGMA table_info({_quoted(name)})")]
            for (name,) in connection.execute(f"{query} ORDER BY name").fetchall()
        }
        file, tables = self._path.name, ", ".join(columns) or "''"
        if table:
            chosen = next((name for name in columns if name.lower() == table.lower()), None)
            if chosen is None:
                raise SisepanError(NO_SUCH_TABLE, file=file, table=table, tables=tables)
            if not _prices(columns[chosen]):
                raise SisepanError(NOT_PRICES, file=file, table=chosen, columns=", ".join(columns[chosen]))
            return chosen, columns[chosen]
        suitable = [name for name in columns if _prices(columns[name])]
        usual = [name for name in suitable if name.lower() in USUAL_TABLES]
        candidates = usual if len(usual) == 1 else suitable
        if not candidates:
            raise SisepanError(NO_TABLE, file=file, tables=tables)
        if len(candidates) > 1:
            raise SisepanError(MANY_TABLES, file=file, tables=", ".join(candidates))
        return candidates[0], columns[candidates[0]]

    @contextmanager
    def _connected(self) -> Iterator[sqlite3.Connection]:
        try:
            # A URI, so that the file is opened read-only; `as_uri` quotes special characters of the path.
            address = f"{self._path.as_uri()}?mode=ro"
            with closing(sqlite3.connect(address, uri=True, timeout=PATIENCE, check_same_thread=False)) as connection:
                connection.text_factory = _text
                yield connection
        except sqlite3.Error as error:
            raise SisepanError(NOT_SQLITE, file=self._path.name, reason=str(error)) from error


def _prices(columns: Sequence[str]) -> dict[str, str]:
    """Our names of a table's columns to its own; empty where the table has no prices."""
    names = bar_columns(columns)
    return names if {"ticker", "date", "close"} <= names.keys() else {}


def _row_id(connection: sqlite3.Connection, table: str, columns: Sequence[str]) -> str | None:
    """The name of the rowid of a table; None where the table has none, as a view."""
    taken = {name.lower() for name in columns}
    name = next((name for name in ("rowid", "_rowid_", "oid") if name not in taken), None)
    try:
        row = connection.execute(f"SELECT {name} FROM {_quoted(table)} LIMIT 1").fetchone() if name else None
    except sqlite3.OperationalError:
        return None
    return name if row and row[0] is not None else None


def _quoted(name: str) -> str:
    escaped = name.replace('"', '""')
    return f'"{escaped}"'


def _texts(values: Sequence[Any]) -> Sequence[Any]:
    return list(map(_text, values)) if bytes in set(map(type, values)) else values


def _text(value: Any) -> Any:
    """A value with bytes decoded to text. SQLite gives bytes for blobs and, through `text_factory`, for all texts."""
    return value.decode(errors="replace") if isinstance(value, bytes) else value
