"""How a CSV file is written: its encoding, its delimiter, and the lines above its header."""

import codecs
import csv
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from finance_core.errors import SisepanError, reason_of
from finance_core.foreign import qualifiers
from finance_core.foreign.table_source import bar_columns
from finance_core.i18n import N_

ENCODINGS = ("utf-8-sig", "cp949")
UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
"""The first bytes of a text in UTF-16; without them it is refused."""
DELIMITERS = ",;\t"
MOST_ABOVE = 20
"""Lines that may stand above a header, such as a title and the date of a query."""
FOOTER = re.compile(
    r"\s*([*※#]|.*\b(출처|자료|단위|기준|합계|총계|조회|조회일자?|기준일자?|자료출처|sources?|totals?|units?)\b)",
    re.IGNORECASE,
)
"""How a line of words below a table begins, or what it says; a row that was cut off does not."""

NO_FILE = N_("{file} 파일을 읽지 못했습니다({reason}).")
NOT_TEXT = N_(
    "{file} 파일의 글자를 읽지 못했습니다. UTF-8, CP949나 표시가 있는 UTF-16으로 저장한 CSV, 또는 Parquet 파일이어야 "
    "합니다."
)


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Turn an error of the operating system into a SisepanError that names the file."""
    try:
        yield
    except OSError as error:
        raise SisepanError(NO_FILE, file=path.name, reason=reason_of(error)) from error


def encoding(path: Path) -> str:
    """The first of the encodings in which the whole file can be read. Raises SisepanError where none fits."""
    with reading(path), path.open("rb") as file:
        is_utf_16 = file.read(2) in UTF_16
    for name in ("utf-16",) if is_utf_16 else ENCODINGS:
        with reading(path), path.open(encoding=name) as text:
            try:
                while block := text.read(1 << 20):
                    if "\0" in block:
                        raise SisepanError(NOT_TEXT, file=path.name)
            except UnicodeError:  # UTF-16 has an error of its own for a half letter
                continue
        return name
    raise SisepanError(NOT_TEXT, file=path.name)


def with_footer(records: Iterable[tuple[int, list[str]]], width: int, currency: str) -> Iterator[tuple[int, list[str]]]:
    """The numbered records, with empty cells added up to `width` to those of a footer: they are rows without a close.

    A footer is at the end alone. Raises SisepanError if it names a unit other than `currency`.
    """
    footer: list[tuple[int, list[str]]] = []
    for line, record in records:
        if len(record) < width and FOOTER.match(record[0]):
            footer.append((line, record))
            continue
        yield from footer
        yield line, record
        footer = []
    for line, record in footer:
        qualifiers.require_plain(qualifiers.in_titles([" ".join(record)]), currency)
        yield line, record + [""] * (width - len(record))


def head(lines: Sequence[str]) -> tuple[int, str]:
    """How many of the first `lines` of a file, none of them empty, stand above its header; and its delimiter.

    Where no line names a date and a close, the first one is the header: its columns may be those of single tickers.

    >>> head(["삼성전자 일별 시세", "조회일: 2024-01-05", "일자;종가", "2024-01-04;76600"])
    (2, ';')
    """
    for above, line in enumerate(lines):
        delimiter = max(DELIMITERS, key=line.count)
        with suppress(csv.Error):  # such a line is no header
            if {"date", "close"} <= bar_columns(next(csv.reader([line], delimiter=delimiter), [])).keys():
                return above, delimiter
    return 0, max(DELIMITERS, key="".join(lines[:1]).count)
