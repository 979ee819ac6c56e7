"""A table of daily prices in a SQLite file as a source of bars: read, never written.

The file is opened read-only, anew for each question, so that any thread may ask; while another program writes to it,
too. SQLite types loosely: whatever stands in a cell is handed on as it is, but for blobs, which are read as texts.
"""

import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from itertools import count
from pathlib import Path
from typing import Any

from finance_core import categories
from finance_core.bars import candles
from finance_core.categories import Category
from finance_core.errors import SisepanError
from finance_core.foreign import layouts, raw_values, recognition
from finance_core.foreign.layouts import Rows
from finance_core.i18n import N_

BATCH_ROWS = 20_000
"""Rows that become one portion."""
SAMPLE_ROWS = 1000
"""The first rows, which tell the time zone and the unit of an epoch."""
VARIABLES = 500
"""Values in one statement; some builds of SQLite take 999."""
PATIENCE = 30.0
"""Seconds for which a file that another program locks is waited for."""
USUAL_TABLES = ("stocks", "currency")

NOT_SQLITE = N_("{file} 파일을 SQLite로 읽지 못했습니다({reason}).")
NO_SUCH_TABLE = N_("{file} 파일에 {table} 테이블이 없습니다. 있는 테이블: {tables}")
NO_TABLE = N_("{file} 파일에 종목, 날짜, 종가 열(symbol, date, close)이 있는 테이블이 없습니다. 있는 테이블: {tables}")
MANY_TABLES = N_("{file} 파일에 시세 테이블이 여럿입니다. --table로 하나를 고르십시오: {tables}")
NOT_PRICES = N_(
    "{file} 파일의 {table} 테이블에 종목, 날짜, 종가 열(symbol, date, close)이 있어야 합니다. 있는 열: {columns}"
)
EMPTY = N_("{file} 파일의 {table} 테이블에 시세가 한 줄도 없습니다.")


class SqliteSource:
    """The daily prices in `table` of the SQLite file at `path`; "" for the one table that has some.

    Raises SisepanError where the file or the table is none.
    """

    keeps_all = False

    def __init__(self, path: Path, table: str = "") -> None:
        self._path = path.resolve()
        with self._connected() as connection:
            self.table, columns = self._choose(connection, table)
            self._names = _prices(columns)
            self._row_id = _row_id(connection, self.table, columns)
            sample = [row[0] for row in connection.execute(f"{self._select(['date'])} LIMIT {SAMPLE_ROWS}")]
        if not sample:
            raise SisepanError(EMPTY, file=path.name, table=self.table)
        self.name = f"{path.name}:{self.table}"
        self._sample = [_text(value) for value in sample]
        self.epoch_unit = raw_values.epoch_unit(self._sample)
        self.zone = raw_values.NOWHERE
        self._raws: dict[Any, list[Any]] | None = None

    def recognise(self, category: Category) -> None:
        """Find out in which zone the days are, which the markets of `category` narrow down."""
        self.zone = raw_values.zone_of(raw_values.in_utc(self._sample, self.epoch_unit), recognition.zones(category))

    @property
    def candidates(self) -> list[Category]:
        """The categories that the name of the file, or else of the table, stands for: finance_stock_kr.db is Korean."""
        for name in (self._path.stem, self.table):
            parts = name.replace("-", "_").replace(" ", "_").split("_")
            for start in range(len(parts)):
                for end in range(len(parts), start, -1):
                    if found := categories.named("_".join(parts[start:end])):
                        return found
        return []

    def is_indexed(self) -> bool:
        """Whether SQLite goes by an index on the ticker."""
        (condition, values), *_others = self._conditions([""])
        query = f"EXPLAIN QUERY PLAN {self._select(['ticker'])} WHERE {condition}"
        with self._connected() as connection:
            return any("SEARCH" in str(step[3]) for step in connection.execute(query, values))

    def fingerprint(self) -> str:
        """What changes where anybody wrote to the file, be it into the log that stands beside it."""
        log = self._path.with_name(f"{self._path.name}-wal")
        try:
            states = [file.stat() for file in (self._path, log) if file.exists()]
        except OSError as error:
            raise SisepanError(NOT_SQLITE, file=self._path.name, reason=error.strerror or "?") from error
        # Reading alone makes an empty log.
        return " ".join(f"{state.st_size} {state.st_mtime_ns}" for state in states if state.st_size)

    def counts(self) -> Mapping[Any, int]:
        """How many rows each raw ticker has."""
        symbol = _quoted(self._names["ticker"])
        query = f"SELECT {symbol}, COUNT(*) FROM {_quoted(self.table)} GROUP BY {symbol} COLLATE BINARY"
        counts: dict[Any, int] = {}
        self._raws = {}
        with self._connected() as connection:
            for raw, rows in connection.execute(query):
                key = _key(raw)
                counts[key] = counts.get(key, 0) + rows
                self._raws.setdefault(key, []).append(raw)
        return counts

    def read(self, raw_tickers: Sequence[Any]) -> Iterator[Rows]:
        """The rows of these raw tickers. Goes by an index on the ticker where there is one, else through all."""
        if self._raws is None:
            self.counts()
        raws = [raw for key in raw_tickers for raw in (self._raws or {}).get(key, [])]
        names = list(self._names)
        fallback = count()
        with self._connected() as connection:
            for condition, values in self._conditions(raws):
                cursor = connection.execute(f"{self._select(names)} WHERE {condition}", values)
                while batch := cursor.fetchmany(BATCH_ROWS):
                    *cells, ids = zip(*batch, strict=True)
                    columns: dict[str, Sequence[Any]] = {
                        name: [_text(value) for value in values] for name, values in zip(names, cells, strict=True)
                    }
                    columns["ticker"] = [_key(raw) for raw in columns["ticker"]]
                    order = [next(fallback) for _id in ids] if self._row_id is None else ids
                    places = (
                        order
                        if self._row_id
                        else [
                            f"{ticker} {date}" for ticker, date in zip(columns["ticker"], columns["date"], strict=True)
                        ]
                    )
                    yield Rows(columns, order, places)

    def _select(self, names: Iterable[str]) -> str:
        columns = ", ".join(_quoted(self._names[name]) for name in names)
        return f"SELECT {columns}, {self._row_id or 'NULL'} FROM {_quoted(self.table)}"

    def _conditions(self, raws: Sequence[Any]) -> Iterator[tuple[str, list[Any]]]:
        symbol = _quoted(self._names["ticker"])
        # A text that is no UTF-8 arrives as bytes, like a blob, but equals none.
        unreadable = [raw for raw in raws if isinstance(raw, bytes) and isinstance(_decoded(raw), bytes)]
        plain = [raw for raw in raws if raw is not None and raw not in unreadable]
        if None in raws:
            yield f"{symbol} IS NULL", []
        for column, values in ((f"{symbol} COLLATE BINARY", plain), (f"CAST({symbol} AS BLOB)", unreadable)):
            for start in range(0, len(values), VARIABLES):
                part = values[start : start + VARIABLES]
                yield f"{column} IN ({', '.join('?' * len(part))})", part

    def _choose(self, connection: sqlite3.Connection, table: str) -> tuple[str, list[str]]:
        """The table that is meant, and its columns."""
        query = (
            "SELECT name FROM sqlite_master WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'"
        )
        columns = {
            name: [column[1] for column in connection.execute(f"PRAGMA table_info({_quoted(name)})")]
            for (name,) in connection.execute(f"{query} ORDER BY name").fetchall()
        }
        said = {"file": self._path.name, "tables": ", ".join(columns) or "''"}
        if table:
            found = next((name for name in columns if name.lower() == table.lower()), None)
            if found is None:
                raise SisepanError(NO_SUCH_TABLE, table=table, **said)
            if not _prices(columns[found]):
                listed = ", ".join(columns[found])
                raise SisepanError(NOT_PRICES, file=self._path.name, table=found, columns=listed)
            return found, columns[found]
        suitable = [name for name in columns if _prices(columns[name])]
        usual = [name for name in suitable if name.lower() in USUAL_TABLES]
        chosen = usual if len(usual) == 1 else suitable
        if not chosen:
            raise SisepanError(NO_TABLE, **said)
        if len(chosen) > 1:
            raise SisepanError(MANY_TABLES, file=self._path.name, tables=", ".join(chosen))
        return chosen[0], columns[chosen[0]]

    @contextmanager
    def _connected(self) -> Iterator[sqlite3.Connection]:
        try:
            # As an address, which quotes what in the path would mean something.
            address = f"{self._path.as_uri()}?mode=ro"
            with closing(sqlite3.connect(address, uri=True, timeout=PATIENCE, check_same_thread=False)) as connection:
                connection.text_factory = _decoded
                yield connection
        except sqlite3.Error as error:
            raise SisepanError(NOT_SQLITE, file=self._path.name, reason=str(error)) from error


def _prices(columns: Sequence[str]) -> dict[str, str]:
    """Which columns of a table are which of ours; none where it is no table of prices."""
    names = {
        ours: theirs
        for ours, theirs in layouts.names_of(tuple(columns)).items()
        if ours in ("ticker", "date", *candles.COLUMNS)
    }
    return names if {"ticker", "date", "close"} <= names.keys() else {}


def _row_id(connection: sqlite3.Connection, table: str, columns: Sequence[str]) -> str | None:
    """What a table calls the numbers of its rows; None where it, or a view, has none."""
    taken = {name.lower() for name in columns}
    for name in ("rowid", "_rowid_", "oid"):
        if name not in taken:
            try:
                found = connection.execute(f"SELECT {name} FROM {_quoted(table)} LIMIT 1").fetchone()
            except sqlite3.OperationalError:
                return None
            return name if found and found[0] is not None else None
    return None


def _quoted(name: str) -> str:
    escaped = name.replace('"', '""')
    return f'"{escaped}"'


def _decoded(content: bytes) -> str | bytes:
    try:
        return content.decode()
    except UnicodeDecodeError:
        return content


def _text(value: Any) -> Any:
    return value.decode(errors="replace") if isinstance(value, bytes) else value


def _key(raw: Any) -> Any:
    """A raw ticker as `counts` has it."""
    text = _text(raw)
    return text if layouts.ticker_text(text) else None
