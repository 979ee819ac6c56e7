"""Files of daily prices as sources of bars: CSV and Parquet, of one ticker or with a column for it. Only ever read.

A file is read in portions, so that its size does not matter. Whatever is no such
table is refused with one sentence, and all of a CSV is looked at before the first of its rows is taken.
"""

import codecs
import csv
import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from finance_core.bars import candles
from finance_core.categories import Category
from finance_core.errors import SisepanError
from finance_core.foreign import layouts, raw_values, recognition
from finance_core.foreign.layouts import Rows
from finance_core.foreign.sources import Source
from finance_core.i18n import N_

BATCH_ROWS = 20_000
"""Rows that become one portion."""
SAMPLE_ROWS = 1000
"""The first rows, which tell the time zone and the unit of an epoch."""
ENCODINGS = ("utf-8-sig", "cp949")
DELIMITERS = ",;\t"
MAGIC = b"PAR1"
"""How a Parquet file begins."""
UNNAMED = ("", "Unnamed: 0", "__index_level_0__")
"""What pandas calls an index without a name."""
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


def open_file(path: Path, category: Category, ticker: str = "") -> Source:
    """The rows in `path`, a CSV or Parquet file of prices in `category`.

    They are those of `ticker` where it is given; else a column tells, or the name of the file. Raises SisepanError
    where it is no such file, or its ticker remains unknown.
    """
    with _reading(path), path.open("rb") as file:
        is_parquet = file.read(len(MAGIC)) == MAGIC or path.suffix.lower() in (".parquet", ".pq")
    return ParquetSource(path, category, ticker) if is_parquet else CsvSource(path, category, ticker)


class CsvSource:
    """A CSV file (UTF-8 or CP949; commas, semicolons or tabs) of daily prices, whose first line names its columns."""

    keeps_all = False

    def __init__(self, path: Path, category: Category, ticker: str = "") -> None:
        self.name = path.name
        self._path = path
        self._encoding = _encoding(path)
        self._delimiter, self._header = self._read_header()
        self._names = _columns(path, self._header)
        self._positions = {ours: self._header.index(theirs) for ours, theirs in self._names.items()}
        self._ticker = _ticker(path, category, self._names, ticker)
        sample = [record[self._positions["date"]] for _line, record in islice(self._records(), SAMPLE_ROWS)]
        self.zone, self.epoch_unit = _days(path, self._names["date"], sample, category)

    def is_indexed(self) -> bool:
        """Whether all rows are one ticker's: else each question goes through all of them."""
        return bool(self._ticker)

    def fingerprint(self) -> str:
        """Of every byte."""
        return _fingerprint(self._path)

    def counts(self) -> Mapping[Any, int]:
        """How many rows each raw ticker has. Raises SisepanError where a line is not like the first one."""
        if self._ticker:
            return {self._ticker: sum(1 for _record in self._records())}
        position = self._positions["ticker"]
        counts: Counter[Any] = Counter()
        for raw, count in Counter(record[position] for _line, record in self._records()).items():
            counts[_key(raw)] += count
        return counts

    def read(self, raw_tickers: Sequence[Any]) -> Iterator[Rows]:
        """The rows of these raw tickers, found by the numbers of their lines."""
        wanted = set(raw_tickers)
        if self._ticker:
            found = self._records() if self._ticker in wanted else iter(())
        else:
            position = self._positions["ticker"]
            untold = None in wanted
            found = (
                (line, record)
                for line, record in self._records()
                if record[position] in wanted or (untold and not record[position].strip())
            )
        while batch := list(islice(found, BATCH_ROWS)):
            columns: dict[str, Sequence[Any]] = {
                ours: [record[position] for _line, record in batch] for ours, position in self._positions.items()
            }
            if self._ticker:
                columns["ticker"] = [self._ticker] * len(batch)
            lines = [line for line, _record in batch]
            yield Rows(columns, lines, lines)

    def _read_header(self) -> tuple[str, list[str]]:
        """The delimiter, and the names of the columns."""
        with _reading(self._path), self._path.open(encoding=self._encoding, newline="") as lines:
            first = next((line for line in lines if line.strip()), "")
        delimiter = max(DELIMITERS, key=first.count)
        header = next(self._raw_records(delimiter), None)
        if header is None:
            raise SisepanError(EMPTY, file=self.name)
        return delimiter, header[1]

    def _records(self) -> Iterator[tuple[int, list[str]]]:
        """The lines with something in them, after the header, each with its number as an editor counts."""
        width = len(self._header)
        for line, record in islice(self._raw_records(self._delimiter), 1, None):
            if len(record) != width:
                if len(record) < width or any(record[width:]):
                    raise SisepanError(RAGGED, file=self.name, line=line, found=len(record), expected=width)
                record = record[:width]
            yield line, record

    def _raw_records(self, delimiter: str) -> Iterator[tuple[int, list[str]]]:
        with _reading(self._path), self._path.open(encoding=self._encoding, newline="") as lines:
            reader = csv.reader(lines, delimiter=delimiter, strict=True)
            line = 1
            try:
                for record in reader:
                    if any(record):
                        yield line, record
                    line = reader.line_num + 1
            except csv.Error as error:
                raise SisepanError(NOT_CSV, file=self.name, line=line, reason=str(error)) from error


class ParquetSource:
    """A Parquet file of daily prices. A row is found by its number, counted from 1."""

    keeps_all = False

    def __init__(self, path: Path, category: Category, ticker: str = "") -> None:
        self.name = path.name
        self._path = path
        with self._opened() as file:
            schema = file.schema_arrow
            index = (schema.pandas_metadata or {}).get("index_columns", [])
            self._names = _columns(path, schema.names, [name for name in index if isinstance(name, str)])
            batch = next(file.iter_batches(SAMPLE_ROWS, columns=[self._names["date"]]), None)
            sample = [] if batch is None else _values(batch.column(0))
        self._ticker = _ticker(path, category, self._names, ticker)
        self.zone, self.epoch_unit = _days(path, self._names["date"], sample, category)

    def is_indexed(self) -> bool:
        """Whether all rows are one ticker's: else each question goes through all of them."""
        return bool(self._ticker)

    def fingerprint(self) -> str:
        """Of every byte."""
        return _fingerprint(self._path)

    def counts(self) -> Mapping[Any, int]:
        """How many rows each raw ticker has."""
        with self._opened() as file:
            if self._ticker:
                return {self._ticker: file.metadata.num_rows}
            counts: Counter[Any] = Counter()
            for batch in file.iter_batches(BATCH_ROWS, columns=[self._names["ticker"]]):
                keys, codes = _encoded(batch.column(0))
                for key, count in zip(keys, np.bincount(codes, minlength=len(keys)).tolist(), strict=True):
                    counts[key] += count
        return +counts  # without what a dictionary holds and no row has

    def read(self, raw_tickers: Sequence[Any]) -> Iterator[Rows]:
        """The rows of these raw tickers."""
        wanted = set(raw_tickers)
        if self._ticker and self._ticker not in wanted:
            return
        with self._opened() as file:
            first = 1
            for batch in file.iter_batches(BATCH_ROWS, columns=list(self._names.values())):
                numbers = np.arange(first, first + len(batch))
                first += len(batch)
                if not self._ticker:
                    keys, codes = _encoded(batch.column(self._names["ticker"]))
                    chosen = np.array([key in wanted for key in keys])[codes]
                    batch, numbers = batch.filter(pa.array(chosen)), numbers[chosen]
                if len(batch):
                    columns = {ours: _values(batch.column(theirs)) for ours, theirs in self._names.items()}
                    if self._ticker:
                        columns["ticker"] = [self._ticker] * len(batch)
                    places = numbers.tolist()
                    yield Rows(columns, places, places)

    @contextmanager
    def _opened(self) -> Iterator[pq.ParquetFile]:
        try:
            with pq.ParquetFile(self._path) as file:
                yield file
        except (pa.ArrowException, OSError) as error:
            raise SisepanError(NOT_PARQUET, file=self.name, reason=str(error).split("\n")[0][:100]) from error


@contextmanager
def _reading(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise SisepanError(NO_FILE, file=path.name, reason=reason) from error


def _fingerprint(path: Path) -> str:
    with _reading(path), path.open("rb") as file:
        return hashlib.file_digest(file, "blake2b").hexdigest()[:32]


def _encoding(path: Path) -> str:
    """In which encoding all of the file can be read."""
    for encoding in ENCODINGS:
        decoder = codecs.getincrementaldecoder(encoding)()
        with _reading(path), path.open("rb") as file:
            try:
                while block := file.read(1 << 20):
                    if "\0" in decoder.decode(block):
                        raise SisepanError(NOT_TEXT, file=path.name)
                decoder.decode(b"", final=True)
            except UnicodeDecodeError:
                continue
        return encoding
    raise SisepanError(NOT_TEXT, file=path.name)


def _columns(path: Path, columns: Sequence[str], index: Sequence[str] = ()) -> dict[str, str]:
    """Which of the file's columns is which of ours. An index of pandas is the date where no column is called so."""
    known = layouts.names_of(tuple(columns))
    names = {ours: theirs for ours, theirs in known.items() if ours in ("ticker", "date", *candles.COLUMNS)}
    if "date" not in names:
        unnamed = [*index, *(column for column in columns[:1] if column in UNNAMED)]
        names |= {"date": unnamed[0]} if unnamed and unnamed[0] not in names.values() else {}
    if not {"date", "close"} <= names.keys():
        raise SisepanError(NO_COLUMNS, file=path.name, columns=_shown(", ".join(columns[:SHOWN_COLUMNS])))
    return names


def _ticker(path: Path, category: Category, names: Mapping[str, str], given: str) -> str:
    """The ticker of all rows; "" where a column tells it."""
    if "ticker" in names:
        if given:
            raise SisepanError(TICKER_TWICE, file=path.name, column=names["ticker"])
        return ""
    found = given or ticker_of_name(path.stem, category)
    if not found:
        raise SisepanError(NO_TICKER, file=path.name)
    return found


def ticker_of_name(stem: str, category: Category) -> str:
    """The ticker in the name of a file without its ending: 005930, 005930_삼성전자, AAPL daily; "" where there is none.

    Only as tickers are written, in capitals: `prices` would be one else.
    """
    parts = [part for part in (stem, *stem.replace("_", " ").split()) if part == part.upper()]
    as_written = [part for part in parts if category.is_ticker(part)]
    meant = [category.ticker_of(part) for part in parts]
    return next(iter([*as_written, *filter(category.is_ticker, meant)]), "")


def _days(path: Path, column: str, sample: Sequence[Any], category: Category) -> tuple[str, str]:
    """The zone and the epoch's unit of the days in `sample`. Raises SisepanError where none of them is a day."""
    if not len(sample):
        raise SisepanError(EMPTY, file=path.name)
    unit = raw_values.epoch_unit(sample)
    zone = raw_values.zone_of(raw_values.in_utc(sample, unit), recognition.zones(category))
    known = raw_values.moments(sample, zone, unit)
    known = known[~np.isnat(known)]
    # The numbers of rows are read as seconds of the first day that computers count.
    if (known.astype("datetime64[D]") == np.datetime64("1970-01-01")).all():
        raise SisepanError(NO_DAYS, file=path.name, column=_shown(column), value=_shown(str(sample[0])))
    return zone, unit


def _shown(text: str) -> str:
    """What a file holds so that it can be shown: no more than a line of it, and nothing that moves a terminal."""
    return "".join(letter if letter.isprintable() else "?" for letter in text[:200]) or "''"


def _key(raw: Any) -> Any:
    """A raw ticker as `counts` has it."""
    return raw if layouts.ticker_text(raw) else None


def _encoded(column: pa.Array) -> tuple[list[Any], npt.NDArray[np.int64]]:
    """The different raw tickers of a column, as `counts` has them, and which of them each row has."""
    encoded = column.dictionary_encode()
    keys = [_key(raw) for raw in encoded.dictionary.to_pylist()]
    return [*keys, None], encoded.indices.cast(pa.int64()).fill_null(len(keys)).to_numpy()


def _values(column: pa.Array) -> list[Any]:
    """The values of a column as Python has them; moments without nanoseconds, which nothing but pandas has."""
    if pa.types.is_timestamp(column.type) and column.type.unit == "ns":
        column = column.cast(pa.timestamp("us", column.type.tz), safe=False)
    values: list[Any] = column.to_pylist()
    return values
