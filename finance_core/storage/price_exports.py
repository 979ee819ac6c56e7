"""Stored bars as a CSV or Parquet file, which `foreign.file_source` reads back to the same bars.

Bars are written ticker by ticker, so that only those of one ticker are in memory. The file is written beside its place
and moved there once it is whole, so that nobody finds half a file.
"""

import os
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Literal, NamedTuple

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from finance_core import spreadsheets
from finance_core.bars import candles
from finance_core.categories import Category
from finance_core.errors import SisepanError, unwritable
from finance_core.i18n import N_
from finance_core.storage import locations, prices, tickers
from finance_core.storage.database import MongoDatabase

Format = Literal["csv", "parquet"]
FORMATS: tuple[Format, ...] = ("csv", "parquet")
COLUMNS = ["ticker", "date", *candles.COLUMNS]
SCHEMA = pa.schema(
    [
        ("ticker", pa.string()),
        ("date", pa.date32()),
        *((name, pa.int64() if name == "volume" else pa.float64()) for name in candles.COLUMNS),
    ]
)

SAMPLES = N_("표본 {count}종목은 실제 시세가 아니어서 내보내지 않습니다. 업데이트하면 실제 시세를 받아 옵니다.")
REFUSED = N_("그리지 않는 종목은 내보내지 않습니다: {tickers}")

Write = Callable[[pd.DataFrame], None]


class Exported(NamedTuple):
    """How many tickers and bars a file holds."""

    tickers: int
    bars: int


def format_of(path: Path) -> Format:
    """The format of a file of this name. Raises SisepanError if it ends with neither .csv nor .parquet."""
    for known in FORMATS:
        if path.suffix.lower() == f".{known}":
            return known
    raise SisepanError(N_("{path}: 파일 이름이 .csv나 .parquet으로 끝나야 합니다."), path=str(path))


def samples(db: MongoDatabase, category: Category) -> set[str]:
    """The tickers of `category` whose bars are samples. They are never exported: who reads a file cannot tell them."""
    marked = set(tickers.collection(db).distinct("ticker", {"category": category.key, "source": "sample"}))
    return marked and marked.intersection(prices.tickers(db, category))


def refused(db: MongoDatabase, category: Category) -> str:
    """The tickers that an export leaves out because they are not drawn (see `locations.Location`), with commas."""
    return ", ".join(sorted(locations.of(db, category).refused_tickers.intersection(prices.tickers(db, category))))


def export(
    db: MongoDatabase,
    category: Category,
    path: Path,
    wanted: Sequence[str] | None = None,
    *,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
    stop: threading.Event | None = None,
) -> Exported:
    """Write the bars of the tickers `wanted` to `path`, in the format that its ending names.

    None means all that have bars, apart from `samples` and those `refused`.

    `progress` gets the number of tickers that are written, and that of all. Raises SisepanError if there is nothing to
    write, a sample is among `wanted`, the file cannot be written, or `stop` was set; a file that was at `path` is then
    unchanged.
    """
    kind = format_of(path)
    chosen = _chosen(db, category, wanted)
    bars = 0
    with _in_place(path) as beside, _csv(beside) if kind == "csv" else _parquet(beside) as write:
        for done, ticker in enumerate(chosen, start=1):
            if stop is not None and stop.is_set():
                raise SisepanError(N_("중단했습니다. 파일을 쓰지 않았습니다."))
            stored = prices.as_stored(db, category, ticker)
            frame, known = prices.as_drawn(stored), stored[candles.PRICES] > 0
            frame[candles.PRICES] = frame[candles.PRICES].where(known.reindex(frame.index))  # unknown ones stay empty
            write(frame.reset_index().assign(ticker=ticker)[COLUMNS])
            bars += len(frame)
            progress(done, len(chosen))
    return Exported(len(chosen), bars)


def export_bytes(db: MongoDatabase, category: Category, kind: Format) -> bytes:
    """The content of the file that `export` writes, for a download. Raises SisepanError as `export`."""
    with tempfile.TemporaryDirectory(prefix="sisepan-") as directory:
        path = Path(directory) / f"export.{kind}"
        export(db, category, path)
        return path.read_bytes()


def _chosen(db: MongoDatabase, category: Category, wanted: Sequence[str] | None) -> list[str]:
    stored, sampled = prices.tickers(db, category), samples(db, category)
    without = sampled | locations.of(db, category).refused_tickers
    chosen = [ticker for ticker in stored if ticker not in without] if wanted is None else list(dict.fromkeys(wanted))
    if missing := sorted(set(chosen) - set(stored)):
        raise SisepanError(N_("저장된 시세가 없는 종목: {tickers}"), tickers=", ".join(missing[:20]))
    if not_real := sorted(sampled.intersection(chosen)):
        sentence = N_("표본은 실제 시세가 아니어서 내보내지 않습니다: {tickers}")
        raise SisepanError(sentence, tickers=", ".join(not_real[:20]))
    if not_drawn := sorted(without.intersection(chosen)):
        raise SisepanError(REFUSED, tickers=", ".join(not_drawn[:20]))
    if sampled and not chosen:
        raise SisepanError(SAMPLES, count=len(sampled))
    if not chosen:
        raise SisepanError(N_("{category} 카테고리에 저장된 시세가 없습니다."), category=category.key)
    return chosen


@contextmanager
def _in_place(path: Path) -> Iterator[Path]:
    """A file beside `path`, which is moved to `path` if the block ends without an error."""
    beside = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        try:
            yield beside
            beside.replace(path)
        finally:
            beside.unlink(missing_ok=True)
    except OSError as error:
        raise unwritable(path, error) from error


@contextmanager
def _csv(path: Path) -> Iterator[Write]:
    with path.open("w", encoding="utf-8", newline="") as file:
        pd.DataFrame(columns=COLUMNS).to_csv(file, index=False)

        def write(rows: pd.DataFrame) -> None:
            defused = spreadsheets.with_texts(rows, spreadsheets.defused)
            defused.to_csv(file, index=False, header=False, date_format="%Y-%m-%d")

        yield write


@contextmanager
def _parquet(path: Path) -> Iterator[Write]:
    with pq.ParquetWriter(path, SCHEMA) as writer:
        yield lambda rows: writer.write_table(pa.Table.from_pandas(rows, SCHEMA, preserve_index=False))
