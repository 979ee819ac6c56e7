"""CSV and Parquet files of daily prices as sources of bars, of one ticker or with a column for it. Only ever read.

A file is read in portions, so that its size does not matter. A file that is no such table is refused with one
sentence, and a whole CSV is read before the first of its rows is taken.
"""

import csv
import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from finance_core.categories import Category
from finance_core.errors import SisepanError
from finance_core.foreign import dates, levels, raw_tickers
from finance_core.foreign.shapes import BATCH_ROWS, Rows
from finance_core.foreign.table_source import TableSource, bar_columns
from finance_core.i18n import N_

ENCODINGS = ("utf-8-sig", "cp949")
DELIMITERS = ",;\t"
MAGIC = b"PAR1"
"""How a Parquet file begins."""
UNNAMED = ("", "Unnamed: 0", "__index_level_0__")
"""The names that pandas gives to an index without a name."""
SHOWN_COLUMNS = 12
"""How many columns a sentence names."""

NO_FILE = N_("{file} 파일을 읽지 못했습니다({reason}).")
NOT_TEXT = N_("{file} 파일의 글자를 읽지 못했습니다. UTF-8이나 CP949로 저장한 CSV, 또는 Parquet 파일이어야 합니다.")
NOT_PARQUET = N_("{file} 파일을 Parquet으로 읽지 못했습니다({reason}). 깨졌거나 Parquet 파일이 아닙니다.")
NOT_CSV = N_("{file} 파일의 {line}번째 줄을 CSV로 읽지 못했습니다({reason}).")
EMPTY = N_("{file} 파일에 시세가 한 줄도 없습니다.")
RAGGED = N_(
    "{file} 파일의 {line}번째 줄은 칸이 {found}개인데 머리글은 {expected}개입니다. "
    "모든 줄의 칸 수가 같아야 합니다(쉼표가 든 값은 따옴표로 묶습니다)."
)
NO_COLUMNS = N_("{file} 파일에 날짜와 종가 열(date와 close, 또는 날짜와 종가)이 있어야 합니다. 있는 열: {columns}")
NO_DAYS = N_("{file} 파일의 {column} 열에서 날짜를 읽지 못했습니다(첫 값: {value}).")
NO_TICKER = N_(
    "{file} 파일이 어느 종목의 시세인지 알 수 없습니다. --ticker로 종목을 지정하거나, "
    "파일 이름을 종목 코드로 시작하거나, 종목코드 열을 넣으십시오."
)
TICKER_TWICE = N_("{file} 파일에 종목 열({column})이 있으므로 종목을 따로 지정할 수 없습니다. --ticker를 빼십시오.")


def open_file(path: Path, category: Category, ticker: str = "") -> TableSource:
    """The rows in `path`, a CSV or Parquet file of prices in `category`.

    Their ticker is `ticker` where it is given; else a column or the name of the file shows it. Raises SisepanError
    where it is no such file, or its ticker remains unknown.
    """
    with _reading(path), path.open("rb") as file:
        is_parquet = file.read(len(MAGIC)) == MAGIC or path.suffix.lower() in (".parquet", ".pq")
    return ParquetSource(path, category, ticker) if is_parquet else CsvSource(path, category, ticker)


class _FileSource(TableSource):
    """What CSV and Parquet files share: their columns are checked when they are opened."""

    def __init__(
        self,
        path: Path,
        category: Category,
        ticker: str,
        columns: Sequence[str],
        of_tickers: Sequence[tuple[str, str]] = (),
        index: Sequence[str] = (),
    ) -> None:
        """`of_tickers` is the field and the ticker of each column behind the first, which has the dates, or empty."""
        self._positions: dict[str, dict[str, int]] = {} if of_tickers else {"": {}}
        for position, (field, of) in reversed(list(enumerate(of_tickers, start=1))):  # of two the first one counts
            if of:
                self._positions.setdefault(of, {"Date": 0})[field] = position
        if of_tickers:
            columns = ["Ticker", "Date", *dict.fromkeys(field for field, _of in of_tickers)]
        else:
            self._positions[""] = {name: columns.index(name) for name in columns}
        names = _names(path, columns, index)
        super().__init__(path.name, names, _ticker(path, category, names, ticker))
        self._path = path
        sample = self.sample()
        if not sample:
            raise SisepanError(EMPTY, file=self.name)
        days = dates.moments(sample, dates.convention_of(sample)).astype("datetime64[D]")
        # Numbers of rows would be read as seconds of the first day that computers count.
        if (np.isnat(days) | (days == np.datetime64("1970-01-01"))).all():
            column, value = _shown(names["date"]), _shown(str(sample[0]))
            raise SisepanError(NO_DAYS, file=self.name, column=column, value=value)

    def _rows_of(
        self, names: Iterable[str], column: Callable[[int], Sequence[Any]], places: Sequence[int]
    ) -> Iterator[Rows]:
        """The rows of each ticker in a part of the file, of which `column` gives the values by position."""
        wanted = {ours: self._names[ours] for ours in names}
        for ticker, positions in self._positions.items():
            columns = {ours: column(positions[theirs]) for ours, theirs in wanted.items() if theirs in positions}
            if "ticker" in wanted and "ticker" not in columns:
                columns["ticker"] = [ticker] * len(places)
            yield Rows(columns, places, places)

    def fingerprint(self) -> str:
        """A hash of every byte."""
        with _reading(self._path), self._path.open("rb") as file:
            return hashlib.file_digest(file, "blake2b").hexdigest()[:32]


class CsvSource(_FileSource):
    """A CSV file (UTF-8 or CP949; commas, semicolons or tabs) of daily prices, whose first line names its columns.

    A column may be of one ticker, as in what `yf.download(...).to_csv()` writes, with three lines above the rows. A row
    is found by the number of its line, as an editor counts.
    """

    def __init__(self, path: Path, category: Category, ticker: str = "") -> None:
        self._path = path
        self._encoding = _encoding(path)
        with self._opened() as lines:
            first = next((line for line in lines if line.strip()), "")
        self._delimiter = max(DELIMITERS, key=first.count)
        head = [record for _line, record in islice(self._records(), 3)]
        if not head:
            raise SisepanError(EMPTY, file=path.name)
        of_tickers, self._head = _columns_of_tickers(head)
        self._width = len(head[0])
        super().__init__(path, category, ticker, head[0], of_tickers)

    def _portions(self, names: Iterable[str]) -> Iterator[Rows]:
        names, records = list(names), self._rows_below_header()
        while batch := list(islice(records, BATCH_ROWS)):
            lines, cells = (
                [line for line, _record in batch],
                list(zip(*(record for _line, record in batch), strict=True)),
            )
            yield from self._rows_of(names, cells.__getitem__, lines)

    def _rows_below_header(self) -> Iterator[tuple[int, list[str]]]:
        width = self._width
        for line, record in islice(self._records(), self._head, None):
            if len(record) < width or any(record[width:]):
                raise SisepanError(RAGGED, file=self._path.name, line=line, found=len(record), expected=width)
            yield line, record[:width]

    def _records(self) -> Iterator[tuple[int, list[str]]]:
        """Every line that is not empty, with its number."""
        with self._opened() as lines:
            reader = csv.reader(lines, delimiter=self._delimiter, strict=True)
            line = 1
            try:
                for record in reader:
                    if any(record):
                        yield line, record
                    line = reader.line_num + 1
            except csv.Error as error:
                raise SisepanError(NOT_CSV, file=self._path.name, line=line, reason=str(error)) from error

    @contextmanager
    def _opened(self) -> Iterator[Iterable[str]]:
        with _reading(self._path), self._path.open(encoding=self._encoding, newline="") as lines:
            yield lines


class ParquetSource(_FileSource):
    """A Parquet file of daily prices. A row is found by its number, counted from 1.

    A column may be of one ticker, as in a CSV: pandas writes the name of such a column as the text of a tuple.
    """

    def __init__(self, path: Path, category: Category, ticker: str = "") -> None:
        self._path = path
        with self._opened() as file:
            schema = file.schema_arrow
        index = [name for name in (schema.pandas_metadata or {}).get("index_columns", []) if isinstance(name, str)]
        date = next(iter([*index, *filter(None, [bar_columns(schema.names).get("date")])]), "")
        self._columns = sorted(schema.names, key=lambda name: name != date)  # the dates first, as in a CSV
        of_tickers, _head = _columns_of_tickers([self._columns])
        super().__init__(path, category, ticker, self._columns, of_tickers, index)

    def _portions(self, names: Iterable[str]) -> Iterator[Rows]:
        names, first = list(names), 1
        wanted = {self._names[ours] for ours in names}
        places = {place for of in self._positions.values() for theirs, place in of.items() if theirs in wanted}
        with self._opened() as file:
            for batch in file.iter_batches(BATCH_ROWS, columns=[self._columns[place] for place in places]):
                numbers = range(first, first + len(batch))
                first += len(batch)

                def column(position: int, batch: pa.RecordBatch = batch) -> list[Any]:
                    return _values(batch.column(self._columns[position]))

                yield from self._rows_of(names, column, numbers)

    @contextmanager
    def _opened(self) -> Iterator[pq.ParquetFile]:
        try:
            with pq.ParquetFile(self._path) as file:
                yield file
        except (pa.ArrowException, OSError) as error:
            raise SisepanError(NOT_PARQUET, file=self._path.name, reason=str(error).split("\n")[0][:100]) from error


def _columns_of_tickers(head: Sequence[Sequence[str]]) -> tuple[list[tuple[str, str]], int]:
    """The field and the ticker of each column but the first, which has the dates; [] where columns are of no ticker.

    `head` are the first three lines; also returns how many of them are above the rows.
    """
    first = list(head[0][1:])
    if "close" in bar_columns(head[0]) and (any(head[-1][1:]) or dates.is_date(head[-1][0])):
        return [], 1
    if len(head) == 3 and not any(head[2][1:]) and not dates.is_date(head[2][0]):
        for fields, tickers in ((first, head[1][1:]), (head[1][1:], first)):
            if "close" in bar_columns(fields) and raw_tickers.are_tickers(set(tickers)):
                return list(zip(fields, tickers, strict=True)), 3
    pairs = [levels.joined(name) or ("", "") for name in first]
    if raw_tickers.are_tickers({ticker for _field, ticker in pairs if ticker}):
        return pairs, 1
    return ([("Close", ticker) for ticker in first], 1) if raw_tickers.are_tickers(first) else ([], 1)


@contextmanager
def _reading(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise SisepanError(NO_FILE, file=path.name, reason=error.strerror or type(error).__name__) from error


def _encoding(path: Path) -> str:
    """The encoding in which the whole file can be read."""
    for encoding in ENCODINGS:
        with _reading(path), path.open(encoding=encoding) as text:
            try:
                while block := text.read(1 << 20):
                    if "\0" in block:
                        raise SisepanError(NOT_TEXT, file=path.name)
            except UnicodeDecodeError:
                continue
        return encoding
    raise SisepanError(NOT_TEXT, file=path.name)


def _names(path: Path, columns: Sequence[str], index: Sequence[str]) -> dict[str, str]:
    """Our names of the file's columns to its own. Without a column for the date, an index of pandas is the date."""
    names = bar_columns(columns)
    if "date" not in names:
        unnamed = [*index, *(column for column in columns[:1] if column in UNNAMED)]
        names |= {"date": unnamed[0]} if unnamed and unnamed[0] not in names.values() else {}
    if not {"date", "close"} <= names.keys():
        raise SisepanError(NO_COLUMNS, file=path.name, columns=_shown(", ".join(columns[:SHOWN_COLUMNS])))
    return names


def _ticker(path: Path, category: Category, names: Mapping[str, str], given: str) -> str:
    """The ticker of all rows; "" where a column shows it."""
    if "ticker" in names:
        if given:
            raise SisepanError(TICKER_TWICE, file=path.name, column=names["ticker"])
        return ""
    ticker = given or ticker_of_name(path.stem, category)
    if not ticker:
        raise SisepanError(NO_TICKER, file=path.name)
    return ticker


def ticker_of_name(stem: str, category: Category) -> str:
    """The ticker in the name of a file without its ending: 005930, 005930_삼성전자, AAPL daily; "" where it has none.

    Tickers are written in capitals: `prices` would be one otherwise.
    """
    parts = [part for part in (stem, *stem.replace("_", " ").split()) if part == part.upper()]
    candidates = [*filter(category.is_ticker, parts), *filter(category.is_ticker, map(category.ticker_of, parts))]
    return next(iter(candidates), "")


def _shown(text: str) -> str:
    """A text of a file as one line that moves no terminal."""
    return "".join(letter if letter.isprintable() else "?" for letter in text[:200]) or "''"


def _values(column: pa.Array) -> list[Any]:
    """The values of a column as Python has them; moments without nanoseconds, which only pandas has."""
    if pa.types.is_timestamp(column.type) and column.type.unit == "ns":
        column = column.cast(pa.timestamp("us", column.type.tz), safe=False)
    values: list[Any] = column.to_pylist()
    return values
