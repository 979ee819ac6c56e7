"""CSV and Parquet files of daily prices, of one ticker or of several, as sources of bars. They are never written.

A file is read in portions, so its size does not matter. A file that is no table of prices is refused with one sentence.
A CSV is read to its end once, for its encoding, before any row is taken.
"""

import csv
import hashlib
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from finance_core.categories import KOREAN_STOCKS, Category
from finance_core.errors import SisepanError
from finance_core.foreign import bare_closes, csv_form, dates, field_names, levels, qualifiers, raw_tickers
from finance_core.foreign.csv_form import reading
from finance_core.foreign.shapes import BATCH_ROWS, Rows
from finance_core.foreign.table_source import Source, bar_columns
from finance_core.i18n import N_

ZIP, OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
"""The first bytes of the containers in which Excel saves, .xlsx and .xls."""
JSON = (b"{", b"[{", b"[[", b"[\n", b"[\r")
"""How a JSON file begins; a CSV may begin with one bracket."""
PACKED = (ZIP, b"\x1f\x8b", b"BZh", b"\xfd7zXZ\0", b"7z\xbc\xaf")
"""The first bytes of compressed files: zip, gzip, bzip2, xz and 7z."""
MAGIC = b"PAR1"
"""The first bytes of a Parquet file."""
UNNAMED = ("", "Unnamed: 0", "__index_level_0__")
"""The names of the column that pandas writes for an index without a name."""
SHOWN_COLUMNS = 12
"""How many columns an error message names."""

FOLDER = N_("{file}은(는) 폴더입니다. 안에 있는 파일들을 적으십시오.")
COMPRESSED = N_("{file} 파일은 압축되어 있습니다. 압축을 풀어 그 안의 파일을 가져오십시오.")
EXCEL = N_("{file}은(는) Excel 파일이어서 읽지 않습니다. Excel에서 CSV로 저장하여 그 파일을 가져오십시오.")
NO_JSON = N_(
    "{file}은(는) JSON 파일이어서 읽지 않습니다. CSV로 바꾸거나, MongoDB에 넣고 '내 데이터' 화면에서 여십시오."
)
NOT_PARQUET = N_("{file} 파일을 Parquet으로 읽지 못했습니다({reason}). 깨졌거나 Parquet 파일이 아닙니다.")
NOT_CSV = N_("{file} 파일의 {line}번째 줄을 CSV로 읽지 못했습니다({reason}).")
EMPTY = N_("{file} 파일에 시세가 한 줄도 없습니다.")
RAGGED = N_(
    "{file} 파일의 {line}번째 줄은 칸이 {found}개인데 머리글은 {expected}개입니다. "
    "모든 줄의 칸 수가 같아야 합니다(쉼표가 든 값은 따옴표로 묶습니다)."
)
OTHER_ORDER = N_("{file} 파일의 {line}번째 줄에 머리글이 다른 순서로 다시 있습니다. 파일을 나누십시오.")
NO_COLUMNS = N_("{file} 파일에 날짜와 종가 열(date와 close, 또는 날짜와 종가)이 있어야 합니다. 있는 열: {columns}")
REPEATED = N_(
    "{file} 파일에 이름이 같은 열이 있어 어느 것이 맞는지 알 수 없습니다: {columns}. 하나만 남기거나 이름을 바꾸십시오."
)
NO_CLOSES = N_(
    "{file} 파일의 숫자가 종가인지 이름이 말해 주지 않습니다. 종가의 표라면 파일 이름을 종가나 close로 바꾸십시오."
)
NO_DAYS = N_("{file} 파일의 {column} 열에서 날짜를 읽지 못했습니다(첫 값: {value}).")
NO_TICKER = N_(
    "{file} 파일이 어느 종목의 시세인지 알 수 없습니다. 종목 코드를 지정하거나(명령에서는 --ticker), "
    "파일 이름을 종목 코드로 시작하거나, 종목코드 열을 넣으십시오. 있는 열: {columns}"
)
OTHER_PRICES = N_(
    "{file} 파일의 이름({word})은 {ticker}의 KRX 일봉이 아니라고 합니다. 맞다면 종목 코드를 지정하십시오(명령에서는 "
    "--ticker)."
)
UNREAD = N_(
    "{file} 파일의 이 열은 괄호 안의 말(단위, 표본, 배당 반영 따위)이 값을 바꿀 수 있어 읽지 않습니다: {columns}. "
    "통화 하나와 한 주 단위의 거래된 가격으로 바꾸거나, 값이 그대로라면 괄호를 지우십시오."
)
TICKER_TWICE = N_(
    "{file} 파일에 종목 열({column})이 있으므로 종목 코드(명령에서는 --ticker)를 따로 지정할 수 없습니다."
)


def open_file(path: Path, category: Category, ticker: str = "") -> Source:
    """The rows in `path`, a CSV or Parquet file of prices in `category`.

    All rows are of `ticker` if it is given; else a column or the name of the file shows the ticker. Raises SisepanError
    where the file is no table of prices, or the ticker remains unknown.
    """
    if path.is_dir():
        raise SisepanError(FOLDER, file=path.name)
    with reading(path), path.open("rb") as file:
        begun = file.read(len(OLE))
    if _is_excel(path, begun):
        raise SisepanError(EXCEL, file=path.name)
    if begun.startswith(PACKED):
        raise SisepanError(COMPRESSED, file=path.name)
    if begun.removeprefix(b"\xef\xbb\xbf").lstrip(b" ").startswith(JSON):
        raise SisepanError(NO_JSON, file=path.name)
    is_parquet = begun.startswith(MAGIC) or path.suffix.lower() in (".parquet", ".pq")
    return ParquetSource(path, category, ticker) if is_parquet else CsvSource(path, category, ticker)


class _FileSource(Source):
    """The common part of CSV and Parquet files: the columns are checked when the file is opened."""

    def __init__(
        self,
        path: Path,
        category: Category,
        ticker: str,
        columns: Sequence[str],
        of_tickers: Sequence[tuple[str, str]] = (),
        index: Sequence[str] = (),
    ) -> None:
        """`of_tickers` has the field and the ticker of each column after the first, which has the dates.

        It is empty where columns are not of single tickers.
        """
        self._positions: dict[str, dict[str, int]] = {} if of_tickers else {"": {}}
        for position, (field, owner) in reversed(list(enumerate(of_tickers, start=1))):  # the first of equal ones wins
            if owner:
                self._positions.setdefault(owner, {"Date": 0})[field] = position
        if of_tickers:
            _require_closes(path, [(field, owner) for field, owner in of_tickers if owner])
            columns = ["Ticker", "Date", *dict.fromkeys(field for field, _owner in of_tickers)]
        else:
            if repeated := field_names.repeated(columns):
                raise SisepanError(REPEATED, file=path.name, columns=_listed(repeated))
            self._positions[""] = {name: columns.index(name) for name in columns}
        names = _names(path, columns, index)
        if of_all := _ticker(path, category, names, ticker, columns):
            names["ticker"] = "Ticker"  # a column that the file lacks: `_rows_of` gives each row its owner
            self._positions = {of_all: self._positions[""]}
        super().__init__(path.name, names, columns)
        self._path = path
        self._choose_ticker(category)
        sample = self.sample()
        if not sample:
            raise SisepanError(EMPTY, file=self.name)
        convention = dates.convention_of(sample)
        days = dates.moments(sample, convention).astype("datetime64[D]")
        # A column of row numbers would be read as seconds of 1970-01-01.
        if (np.isnat(days) | (days == np.datetime64("1970-01-01"))).all():
            column, value = _shown(names["date"]), _shown(str(sample[0]))
            if dates.is_ambiguous(sample, convention):
                return  # later rows, or other files, may tell: the conversion decides
            raise SisepanError(NO_DAYS, file=self.name, column=column, value=value)

    def _rows_of(
        self, names: Iterable[str], column: Callable[[int], Sequence[Any]], places: Sequence[int]
    ) -> Iterator[Rows]:
        """The rows of each ticker in one part of the file; `column` returns the values of a column by its position."""
        wanted = {ours: self._names[ours] for ours in names}
        for ticker, positions in self._positions.items():
            columns = {ours: column(positions[theirs]) for ours, theirs in wanted.items() if theirs in positions}
            if "ticker" in wanted and "ticker" not in columns:
                columns["ticker"] = [ticker] * len(places)
            yield Rows(columns, places, places)

    def fingerprint(self) -> str:
        """A hash of all bytes of the file."""
        with reading(self._path), self._path.open("rb") as file:
            return hashlib.file_digest(file, "blake2b").hexdigest()[:32]


class CsvSource(_FileSource):
    """A CSV file of daily prices (UTF-8, CP949 or marked UTF-16; commas, semicolons or tabs) below their names.

    Each column may be of one ticker, as `yf.download(...).to_csv()` writes, with three lines above the rows. The place
    of a row is its line number, as an editor counts.
    """

    def __init__(self, path: Path, category: Category, ticker: str = "") -> None:
        self._path = path
        self._encoding = csv_form.encoding(path)
        with self._opened() as lines:
            numbered = ((number, line) for number, line in enumerate(lines) if line.strip())
            first = list(islice(numbered, csv_form.MOST_ABOVE + 1))
        above, self._delimiter = csv_form.head([line for _number, line in first])
        self._above = first[above][0] if first else 0
        titles = [line for _number, line in first[:above]]
        self._currency = category.currency_of(None)
        qualifiers.require_plain(qualifiers.in_titles(titles), self._currency)
        head = [record for _line, record in islice(self._records(), 3)]
        if not head:
            raise SisepanError(EMPTY, file=path.name)
        of_tickers, self._head = _columns_of_tickers(head)
        self._width = len(head[0])
        columns = head[0]
        if len(head) > 1 and self._head == 1 and (with_units := qualifiers.with_units(*head[:2])):
            columns, self._head = with_units, 2
            if of_tickers:
                qualifiers.require_plain(qualifiers.units_of(head[1]), self._currency)
        super().__init__(path, category, ticker, columns, of_tickers)

    def _portions(self, names: Iterable[str]) -> Iterator[Rows]:
        names, records = list(names), self._rows_below_header()
        while batch := list(islice(records, BATCH_ROWS)):
            lines, of_batch = zip(*batch, strict=True)
            cells = list(zip(*of_batch, strict=True))
            yield from self._rows_of(names, cells.__getitem__, lines)

    def _rows_below_header(self) -> Iterator[tuple[int, list[str]]]:
        width, header = self._width, next(self._records())[1]
        for line, record in csv_form.with_footer(islice(self._records(), self._head, None), width, self._currency):
            if len(record) < width or any(record[width:]):
                raise SisepanError(RAGGED, file=self._path.name, line=line, found=len(record), expected=width)
            if record[0] == header[0] and record != header and sorted(record) == sorted(header):
                raise SisepanError(OTHER_ORDER, file=self._path.name, line=line)
            yield line, record[:width]

    def _records(self) -> Iterator[tuple[int, list[str]]]:
        """Every record from the header on that is not empty, with the number of its first line."""
        with self._opened() as lines:
            line = self._above + 1
            reader = csv.reader(islice(lines, self._above, None), delimiter=self._delimiter, strict=True)
            try:
                for record in reader:
                    if any(record):
                        yield line, record
                    line = self._above + 1 + reader.line_num
            except csv.Error as error:
                raise SisepanError(NOT_CSV, file=self._path.name, line=line, reason=str(error)) from error

    @contextmanager
    def _opened(self) -> Iterator[Iterable[str]]:
        with reading(self._path), self._path.open(encoding=self._encoding, newline="") as lines:
            yield lines


class ParquetSource(_FileSource):
    """A Parquet file of daily prices. The place of a row is its number, counted from 1.

    Each column may be of one ticker, as in a CSV: pandas writes the name of such a column as the text of a tuple.
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
        places = {place for fields in self._positions.values() for name, place in fields.items() if name in wanted}
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
    """The field and the ticker of each column after the first, which has the dates; and the number of header lines.

    The list is empty where columns are not of single tickers. `head` has the first lines of the file, at most three.
    """
    first, names = list(head[0][1:]), bar_columns(head[0])
    others = [name for name in first if name not in names.values()]
    # C is a ticker too: beside other tickers it is no close.
    is_ticker = len(names.get("close", "")) == 1 and raw_tickers.are_tickers(others)
    has_rows = any(head[-1][1:]) or dates.is_date(head[-1][0])
    if "close" in names and not is_ticker and has_rows:
        return [], 1
    if len(head) == 3 and not any(head[2][1:]) and not dates.is_date(head[2][0]):
        for fields, tickers in ((first, head[1][1:]), (head[1][1:], first)):
            if "close" in bar_columns(fields) and raw_tickers.are_tickers(set(tickers)):
                return list(zip(fields, tickers, strict=True)), 3
    pairs = [levels.joined(name) or ("", "") for name in first]
    if raw_tickers.are_tickers({ticker for _field, ticker in pairs if ticker}):
        return pairs, 1
    return ([("Close", ticker) for ticker in first], 1) if raw_tickers.are_tickers(first) else ([], 1)


def _is_excel(path: Path, begun: bytes) -> bool:
    """Whether a file with these first bytes is Excel's, whatever its name says."""
    if not begun.startswith(ZIP):
        return begun == OLE
    try:
        with zipfile.ZipFile(path) as archive:
            return any(name.startswith("xl/") for name in archive.namelist())
    except (zipfile.BadZipFile, OSError):
        return False


def _names(path: Path, columns: Sequence[str], index: Sequence[str]) -> dict[str, str]:
    """Our names of the file's columns to its own. Without a date column, the index that pandas wrote is the date."""
    names = bar_columns(columns)
    if "date" not in names:
        unnamed = [*index, *(column for column in columns[:1] if column in UNNAMED)]
        names |= {"date": unnamed[0]} if unnamed and unnamed[0] not in names.values() else {}
    if in_brackets := field_names.unread(tuple(columns)):
        raise SisepanError(UNREAD, file=path.name, columns=_listed(in_brackets))
    if not {"date", "close"} <= names.keys():
        raise SisepanError(NO_COLUMNS, file=path.name, columns=_listed(columns))
    return names


def _require_closes(path: Path, columns: Sequence[tuple[str, str]]) -> None:
    """Raise SisepanError for columns that are only called by tickers, in a file whose name says no closes."""
    tickers = {part for _field, ticker in columns for part in ticker.split(".")}
    if {field for field, _ticker in columns} == {"Close"} and not bare_closes.in_source(path.stem, tickers):
        raise SisepanError(NO_CLOSES, file=path.name)


def _ticker(path: Path, category: Category, names: Mapping[str, str], given: str, columns: Sequence[str]) -> str:
    """The ticker of all rows; "" where a column has the ticker of each row."""
    if "ticker" in names:
        if given:
            raise SisepanError(TICKER_TWICE, file=path.name, column=names["ticker"])
        return ""
    ticker = given or raw_tickers.in_file_name(path.stem, category)
    told = raw_tickers.OTHER_PRICES.search(path.stem)
    if ticker and told and not given and category is KOREAN_STOCKS:
        raise SisepanError(OTHER_PRICES, file=path.name, word=told[2], ticker=ticker)
    if not ticker:
        raise SisepanError(NO_TICKER, file=path.name, columns=_listed(columns))
    return ticker


def _listed(columns: Sequence[str]) -> str:
    return _shown(", ".join(columns[:SHOWN_COLUMNS]))


def _shown(text: str) -> str:
    """A text of a file, at most 200 letters, with ? for unprintable characters: a terminal would obey them."""
    return "".join(letter if letter.isprintable() else "?" for letter in text[:200]) or "''"


def _values(column: pa.Array) -> list[Any]:
    """The values of a column as Python objects. Nanoseconds are cut off: a Python datetime has microseconds."""
    if pa.types.is_timestamp(column.type) and column.type.unit == "ns":
        column = column.cast(pa.timestamp("us", column.type.tz), safe=False)
    values: list[Any] = column.to_pylist()
    return values
