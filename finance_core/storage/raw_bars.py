"""Decodes bars from MongoDB's answers by numpy: a ticker in a third of the time, a year of a market in two seconds.

The driver makes a Python object of every number. But the documents of bars are alike: successive documents of one
length, with the same names and types at the same places, are a table. Documents that differ are decoded one by one. A
ticker with a value that is no bar (a text for a date, a number in quotes) is left to `prices`, which says what is
wrong.
"""

import datetime as dt
import struct
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any, Final, NamedTuple

import bson
import numpy as np
import numpy.typing as npt
from bson.codec_options import CodecOptions, DatetimeConversion
from bson.datetime_ms import DatetimeMS
from bson.int64 import Int64
from bson.raw_bson import RawBSONDocument
from pymongo import ReadPreference
from pymongo.client_session import ClientSession

from finance_core.bars import candles
from finance_core.storage import database
from finance_core.storage.database import Document, MongoDatabase
from finance_core.storage.locations import Location

READ: Final = ("date", *candles.COLUMNS)
"""The fields that are read of each bar; the date as milliseconds since 1970."""
NUMBERS: Final = {0x01: "<f8", 0x10: "<i4", 0x12: "<i8"}
"""BSON's types of numbers, as numpy calls them."""
DATE, TEXT, TRUTH, NOTHING = 0x09, 0x02, 0x08, 0x0A
SIZES: Final = {0x01: 8, 0x07: 12, 0x08: 1, 0x09: 8, 0x0A: 0, 0x10: 4, 0x11: 8, 0x12: 8, 0x13: 16}
"""BSON's types of a fixed size, and this size in bytes."""
PREFIXED: Final = {0x02: 4, 0x03: 0, 0x04: 0, 0x05: 5}
"""BSON's types that begin with their size, and the number of bytes that a value is longer than this size."""
_OPTIONS: Final = CodecOptions[dict[str, Any]](
    datetime_conversion=DatetimeConversion.DATETIME_MS, unicode_decode_error_handler="replace"
)
_RAW: Final = CodecOptions[RawBSONDocument](document_class=RawBSONDocument)
BATCH: Final = 100_000
RUN: Final = 4096
"""Most documents that are decoded as one table."""
_DAY: Final = 86_400_000  # milliseconds
_FIRST, _LAST = np.datetime64("1678-01-01", "D"), np.datetime64("2261-12-31", "D")
"""pandas counts the days of these years in nanoseconds."""

Days = npt.NDArray[np.datetime64]
Table = npt.NDArray[np.float64]
"""Bars × `READ`; NaN where a bar lacks a number."""


class Place(NamedTuple):
    """Where the value of a field begins in a document, its type of BSON, and its size in bytes."""

    kind: int
    offset: int
    size: int


def fetch(
    db: MongoDatabase, location: Location, tickers: Sequence[str], since: dt.datetime | None = None
) -> list[bytes]:
    """MongoDB's answers with the bars of `tickers`, all or from `since` (UTC, tz-naive) on, for `decode`.

    The bars are those of one moment (see `database.at_one_moment`), not half of an old history and half of a new one.
    """
    ticker, date = location.name("ticker"), location.name("date")
    window: Document = {ticker: {"$in": list(tickers)}}
    if since:  # not `$gte`, which would miss a date that is a text
        window[date] = {"$not": {"$lt": since}}
    order = {ticker: 1, date: 1}
    return database.at_one_moment(
        db, location, lambda session: list(_batches(db, session, location.collection, window, order))
    )


def decode(batches: Iterable[bytes], location: Location) -> dict[str, Table | None]:
    """The bars of each ticker in the answers of `fetch`, in the order of their days.

    None where a value is no bar. Tickers without bars are left out.
    """
    parts: dict[str, list[Table | None]] = defaultdict(list)
    for batch in batches:
        for name, table in tables(batch, location):
            parts[name].append(table)
    return {name: None if any(part is None for part in each) else _stacked(each) for name, each in parts.items()}


def days(table: Table) -> Days | None:
    """The days of a ticker's bars; None unless each is midnight UTC, they ascend, and pandas can count them."""
    moments = table[:, 0]
    if not ((moments % _DAY == 0).all() and (np.diff(moments) > 0).all()):
        return None
    dates = moments.astype("int64").astype("datetime64[ms]").astype("datetime64[D]")
    return dates if not len(dates) or (dates[0] >= _FIRST and dates[-1] <= _LAST) else None


def _batches(
    db: MongoDatabase, session: ClientSession, collection: str, query: Document, order: Document
) -> Iterator[bytes]:
    """The documents that match `query`, in `order`, as arrays of BSON.

    This sends the command `find` itself, because the driver's raw batches make an object of every document too.
    """
    find: Document = {"find": collection, "filter": query, "sort": order, "batchSize": BATCH}
    if db.read_preference != ReadPreference.PRIMARY:
        # Only the driver's own cursor sends `getMore` to the same secondary.
        documents: Any = db[collection].find_raw_batches(query, batch_size=BATCH, session=session)
        for batch in documents.sort(list(order.items())):
            yield bson.encode({"": bson.decode_all(batch, _RAW)})[6:-1]  # the array alone
        return
    reply: Any = db.command(find, codec_options=_RAW, session=session)
    while True:
        cursor = bytes(reply["cursor"].raw)
        places = _places(cursor)
        batch = places["firstBatch" if "firstBatch" in places else "nextBatch"]
        yield cursor[batch.offset : batch.offset + batch.size]
        (cursor_id,) = struct.unpack_from("<q", cursor, places["id"].offset)
        if not cursor_id:
            return
        more = {"getMore": Int64(cursor_id), "collection": collection, "batchSize": BATCH}
        reply = db.command(more, codec_options=_RAW, session=session)


def tables(batch: bytes, location: Location) -> Iterator[tuple[str, Table | None]]:
    """The tickers of an array of documents, each with its bars, in the order of the array; a ticker may come again."""
    offset = 4
    while batch[offset]:
        rows, offset = _same_length(batch, offset)
        yield from _of_rows(rows, location)


def _same_length(batch: bytes, offset: int) -> tuple[npt.NDArray[np.uint8], int]:
    """The documents from the element at `offset` up to the first of another length, a row each; and the next offset.

    In the array, each document follows its type, its position in digits, and a zero byte.
    """
    begin = batch.index(0, offset + 1) + 1
    (length,) = struct.unpack_from("<i", batch, begin)
    stride = begin - offset + length
    most = min((len(batch) - offset) // stride, RUN)
    lengths = np.ndarray((most,), "<i4", batch, begin, (stride,))
    differ = np.flatnonzero(lengths != length)
    count = int(differ[0]) if len(differ) else most
    return np.ndarray((count, length), np.uint8, batch, begin, (stride, 1)), offset + count * stride


def _of_rows(rows: npt.NDArray[np.uint8], location: Location) -> Iterator[tuple[str, Table | None]]:
    first = rows[0].tobytes()
    places = _places(first)
    wanted = {name: places[location.name(name)] for name in ("ticker", *READ) if location.name(name) in places}
    kinds = {name: place.kind for name, place in wanted.items()}
    is_other = any(_has_other(rows, places[name], texts) for name, texts in location.limited(tuple(places)).items())
    if is_other or location.conflict(dict.fromkeys(places)):
        yield from _one_by_one(rows, location)
        return
    numeric = all(kind in NUMBERS or kind == NOTHING for name, kind in kinds.items() if name not in ("ticker", "date"))
    if not numeric or kinds.get("ticker") != TEXT or not wanted["ticker"].size or kinds.get("date") != DATE:
        yield from _one_by_one(rows, location)
        return
    varies = np.zeros(len(first), dtype=bool)
    for place in places.values():
        varies[place.offset : place.offset + place.size] = True
    alike = (rows[:, ~varies] == rows[0, ~varies]).all(axis=1)
    if not alike.all():
        end = int(np.argmin(alike))
        yield from _of_rows(rows[:end], location)
        yield from _one_by_one(rows[end:], location)
        return
    names = _column(rows, wanted["ticker"], f"S{wanted['ticker'].size}")
    begins = [0, *(np.flatnonzero(names[1:] != names[:-1]) + 1).tolist(), len(rows)]
    table = np.full((len(rows), len(READ)), np.nan)
    for position, name in enumerate(READ):
        if kinds.get(name, NOTHING) != NOTHING:
            table[:, position] = _column(rows, wanted[name], NUMBERS.get(kinds[name], "<i8"))
    for begin, end in pairwise(begins):
        yield names[begin].decode("utf-8", "replace"), table[begin:end]


def _has_other(rows: npt.NDArray[np.uint8], place: Place, texts: Sequence[str]) -> bool:
    """Whether a field of `rows` at `place` may have another value than `texts`; one by one, they are read exactly."""
    if place.kind == NOTHING:
        return False
    if place.kind == TRUTH:
        return bool({str(byte != 0) for byte in np.unique(rows[:, place.offset])} - {*texts})
    if place.kind != TEXT:
        return True
    return place.size > 0 and bool(
        set(_column(rows, place, f"S{place.size}").tolist()) - {text.encode() for text in texts}
    )


def _column(rows: npt.NDArray[np.uint8], place: Place, dtype: str) -> npt.NDArray[Any]:
    values = np.ascontiguousarray(rows[:, place.offset : place.offset + place.size])
    return values.view(dtype)[:, 0]


def _places(document: bytes) -> Mapping[str, Place]:
    """The place of each field of a document, by name; empty if a field has a type that bars never have."""
    places, offset = {}, 4
    while document[offset]:
        kind, end = document[offset], document.index(0, offset + 1)
        name, begin = document[offset + 1 : end].decode("utf-8", "replace"), end + 1
        if kind in PREFIXED:
            size = struct.unpack_from("<i", document, begin)[0] + PREFIXED[kind]
        elif kind in SIZES:
            size = SIZES[kind]
        else:
            return {}
        # The size of a text is part of the layout, its letters are not.
        places[name] = Place(kind, begin + 4, size - 5) if kind == TEXT else Place(kind, begin, size)
        offset = begin + size
    return places


def _one_by_one(rows: npt.NDArray[np.uint8], location: Location) -> Iterator[tuple[str, Table | None]]:
    for row in rows:
        document = bson.decode(row.tobytes(), codec_options=_OPTIONS)
        ticker, date = document.get(location.name("ticker")), document.get(location.name("date"))
        numbers = [document.get(location.name(name)) for name in READ[1:]]
        if not isinstance(ticker, str):
            continue
        is_plain = not location.conflict(document)
        if is_plain and isinstance(date, DatetimeMS) and all(_is_number(each) for each in numbers):
            yield ticker, np.array([[int(date), *numbers]], dtype="float64")
        else:
            yield ticker, None


def _is_number(value: object) -> bool:
    return value is None or (isinstance(value, int | float) and not isinstance(value, bool))


def _stacked(tables: Sequence[Table | None]) -> Table:
    return np.concatenate([table for table in tables if table is not None])
