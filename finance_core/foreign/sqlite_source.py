"""A table of daily prices in a SQLite file, or a table for each ticker, as a source of bars. It is never written.

The file is opened again for each query, so that any thread may read it, even while another program writes to it. A
SQLite column may have values of several types: they stay as they are, except blobs, which become texts.
"""

import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from itertools import count
from pathlib import Path
from typing import Any, NamedTuple

from finance_core import categories
from finance_core.categories import Category
from finance_core.errors import SisepanError
from finance_core.foreign import dates, field_names, raw_tickers, row_parts, unread
from finance_core.foreign.shapes import BATCH_ROWS, Rows
from finance_core.foreign.table_source import SAMPLE_ROWS, Source, bar_columns
from finance_core.i18n import N_

PATIENCE = 30.0
"""Seconds to wait while another program locks the file."""
USUAL_TABLES = ("stocks", "currency")
INDEX = "index"
"""The column that pandas writes for an index without a name."""
SHOWN_TABLES = 20
"""How many tables an error message names."""

NOT_SQLITE = N_("{file} 파일을 SQLite로 읽지 못했습니다({reason}).")
NO_SUCH_TABLE = N_("{file} 파일에 {table} 테이블이 없습니다. 있는 테이블: {tables}")
NO_TABLE = N_("{file} 파일에 종목, 날짜, 종가 열(symbol, date, close)이 있는 테이블이 없습니다. 있는 테이블: {tables}")
MANY_TABLES = N_("{file} 파일에 시세 테이블이 여럿입니다. --table로 하나를 고르십시오: {tables}")
NOT_PRICES = N_(
    "{file} 파일의 {table} 테이블에 종목, 날짜, 종가 열(symbol, date, close)이 있어야 합니다. 있는 열: {columns}"
)
NO_TICKERS = N_(
    "{file} 파일에서 종목 열이 없는 시세 테이블은 이름이 분명히 종목 코드여야 하고 모두 한 카테고리여야 합니다. "
    "테이블 이름을 종목 코드로 바꾸거나 종목 열을 넣으십시오. 그렇지 않은 테이블: {tables}"
)
EMPTY = N_("{file} 파일의 {table} 테이블에 시세가 한 줄도 없습니다.")


class _Table(NamedTuple):
    """A table with daily prices."""

    name: str
    names: Mapping[str, str]
    """Our names of its columns to its own."""
    row_id: str | None = None
    """The name of its rowid; None where it has none, as a view."""

    @property
    def ticker(self) -> str:
        """The ticker of all rows: the name of the table; "" where a column has the ticker of each row."""
        return "" if "ticker" in self.names else self.name


class SqliteSource(Source):
    """The daily prices in `table` of the SQLite file at `path`; "" means the only table with prices.

    Tables without a column for the ticker are read together if their names are tickers of one category. The place of a
    row is its rowid, or its ticker and date where it has none; a table of one ticker comes before it. Raises
    SisepanError where the file is no SQLite file, has no such table, or has several tables with prices.
    """

    def __init__(self, path: Path, table: str = "") -> None:
        self._path = path.resolve()
        with self._connected() as connection:
            chosen = self._choose(connection, table)
            self._tables = [one._replace(row_id=_row_id(connection, one.name)) for one in chosen]
        # The name must stay the same when a ticker comes or goes.
        self.table = "" if chosen[0].ticker and not table else chosen[0].name
        names = {ours: theirs for one in reversed(chosen) for ours, theirs in one.names.items()}
        super().__init__(f"{path.name}:{self.table}" if self.table else path.name, {"ticker": "", **names})
        if not self.sample():
            raise SisepanError(EMPTY, file=path.name, table=self.table or chosen[0].name)

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
        names, numbers = list(names), count()
        with self._connected() as connection:
            for table in self._tables:
                yield from _rows(connection, table, [name for name in names if name in table.names], numbers)

    def _choose(self, connection: sqlite3.Connection, table: str) -> list[_Table]:
        """The table to read, or the tables that are read together."""
        query = (
            "SELECT name FROM sqlite_master WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'"
        )
        columns = {
            name: [column[1] for column in connection.execute(f"PRAGMA table_info({_quoted(name)})")]
            for (name,) in connection.execute(f"{query} ORDER BY name").fetchall()
        }
        file = self._path.name
        prices = {name: one for name, of in columns.items() if (one := _prices(connection, name, of))}
        singles = [name for name, one in prices.items() if one.ticker]
        others = _unlike(singles)
        if table:
            chosen = next((name for name in columns if name.lower() == table.lower()), None)
            if chosen is None:
                raise SisepanError(NO_SUCH_TABLE, file=file, table=table, tables=_shown(columns))
            if chosen not in prices or (chosen in singles and others and _unlike([chosen])):
                raise SisepanError(NOT_PRICES, file=file, table=chosen, columns=", ".join(columns[chosen]))
            return [prices[chosen]]
        suitable = [name for name, one in prices.items() if not one.ticker]
        usual = [name for name in suitable if name.lower() in USUAL_TABLES]
        has_more = suitable and len(singles) > 1 and not others  # a single one may be an index beside stocks
        candidates = usual if len(usual) == 1 else [*suitable, *(singles if has_more else ())]
        if len(candidates) > 1:
            raise SisepanError(MANY_TABLES, file=file, tables=_shown(candidates))
        if not candidates and not singles:
            described = [f"{name} ({', '.join(of[:SHOWN_TABLES])})" for name, of in columns.items()]
            raise SisepanError(NO_TABLE, file=file, tables=_shown(described))
        if not candidates and others:
            raise SisepanError(NO_TICKERS, file=file, tables=_shown(others))
        return [prices[name] for name in candidates or singles]

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


def _prices(connection: sqlite3.Connection, table: str, columns: Sequence[str]) -> _Table | None:
    """A table as one with daily prices; None where it has no days or no closes."""
    names = bar_columns(columns)
    if "date" not in names and INDEX in columns:
        query = f"SELECT {_quoted(INDEX)} FROM {_quoted(table)} WHERE {_quoted(INDEX)} IS NOT NULL LIMIT 10"
        days = [_text(day) for (day,) in connection.execute(query)]
        # Without this look, the numbers of rows would be read as seconds of 1970-01-01.
        names |= {"date": INDEX} if days and all(map(dates.is_date, days)) else {}
    if len(several := field_names.tickers_among(columns)) > 1:
        query = f"SELECT {', '.join(map(_quoted, several))} FROM {_quoted(table)} LIMIT {SAMPLE_ROWS}"
        held = zip(*connection.execute(query).fetchall(), strict=True)
        if field := row_parts.field_of_tickers(
            {name: _texts(of) for name, of in zip(several, held, strict=False)}, None
        ):
            names["ticker"] = field
    return _Table(table, unread.names(columns, names) | names) if {"date", "close"} <= names.keys() else None


def _unlike(tables: Sequence[str]) -> list[str]:
    """The tables whose names are not tickers of the category of most; all where none is a ticker beyond doubt."""
    kinds = raw_tickers.by_kind(tables, {})
    most = max(kinds.values(), key=len, default=[])
    if "" in kinds and most is kinds[""]:
        return list(tables)
    others = [name for name in tables if name not in most]
    return others if raw_tickers.are_tickers(most) else list(tables)


def _rows(
    connection: sqlite3.Connection, table: _Table, names: Sequence[str], numbers: Iterator[int]
) -> Iterator[Rows]:
    """The rows of a table in portions, with the columns of these `names` (ours); `numbers` counts all rows."""
    columns = "".join(f"{_quoted(table.names[name])}, " for name in names)
    query = f"SELECT {columns}{table.row_id or 'NULL'} FROM {_quoted(table.name)}"
    # The order of several tables is counted, so it must not depend on an index.
    ordered = f"{query} ORDER BY {table.row_id}" if table.ticker and table.row_id else query
    cursor = connection.execute(ordered)
    while batch := cursor.fetchmany(BATCH_ROWS):
        *cells, ids = zip(*batch, strict=True)
        texts = {name: _texts(values) for name, values in zip(names, cells, strict=True)}
        if table.ticker:
            texts["ticker"] = [table.ticker] * len(ids)
        if table.row_id and not table.ticker:
            yield Rows(texts, ids, ids)
        else:
            order = [next(numbers) for _id in ids]
            known = zip(*(texts.get(name, order) for name in ("ticker", "date")), strict=True)
            by_day = (f"{ticker} {date}" for ticker, date in known)
            places = [f"{table.ticker} {row}" for row in ids] if table.row_id else list(by_day)
            yield Rows(texts, order, places)


def _row_id(connection: sqlite3.Connection, table: str) -> str | None:
    """The name of the rowid of a table; None where the table has none, as a view."""
    taken = {column[1].lower() for column in connection.execute(f"PRAGMA table_info({_quoted(table)})")}
    name = next((name for name in ("rowid", "_rowid_", "oid") if name not in taken), None)
    try:
        row = connection.execute(f"SELECT {name} FROM {_quoted(table)} LIMIT 1").fetchone() if name else None
    except sqlite3.OperationalError:
        return None
    return name if row and row[0] is not None else None


def _shown(tables: Iterable[str]) -> str:
    tables = list(tables)
    return ", ".join(tables[:SHOWN_TABLES]) + (", …" if len(tables) > SHOWN_TABLES else "") or "''"


def _quoted(name: str) -> str:
    escaped = name.replace('"', '""')
    return f'"{escaped}"'


def _texts(values: Sequence[Any]) -> Sequence[Any]:
    return list(map(_text, values)) if bytes in set(map(type, values)) else values


def _text(value: Any) -> Any:
    """A value with bytes decoded to text. SQLite gives bytes for blobs and, through `text_factory`, for all texts."""
    return value.decode(errors="replace") if isinstance(value, bytes) else value
