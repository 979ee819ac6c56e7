"""Converts frames of bars to documents, and documents to frames. Pure: `prices` reads and writes the documents.

In a user's own collection a `date` may be a text, or midnight in Seoul, and a price a text: that raises DataConflict.
"""

import datetime as dt
from collections.abc import Iterable, Sequence
from itertools import repeat
from typing import Any, Final

import bson
import numpy as np
import numpy.typing as npt
import pandas as pd
from bson.int64 import Int64
from bson.raw_bson import RawBSONDocument

from finance_core.bars import candles
from finance_core.errors import DataConflict
from finance_core.i18n import N_
from finance_core.storage.database import Document
from finance_core.storage.locations import Location

_MIDNIGHT = dt.time()
_ZEROS: Final = {"<M8[ms]": dt.datetime(1970, 1, 1), "<f8": 0.0, "<i4": 0, "<i8": Int64()}
"""By numpy's name of a type: a zero that BSON encodes as the same bytes."""
_LARGEST_SHORT: Final = 2**31 - 1
"""The largest whole number for which the driver takes four bytes."""


def change(before: Document, after: Document) -> Document | None:
    """The update that gives the stored `before` the values of `after`; None if it has them already.

    Fields that are not ours stay: a user's own collection may hold more fields.
    """
    values = {name: value for name, value in after.items() if before.get(name) != value}
    obsolete = {
        name: ""
        for name in candles.COLUMNS
        if name not in after
        and before.get(name) is not None
        and (before[name] or name not in candles.CORPORATE_ACTIONS)
    }
    if not values and not obsolete:
        return None
    return {key: fields for key, fields in (("$set", values), ("$unset", obsolete)) if fields}


def to_documents(ticker: str, bars: pd.DataFrame) -> list[Document]:
    """The documents that store `bars` of `ticker`, without prices that are NaN and corporate actions that are 0."""
    columns, present = _columns(bars)
    # Column by column: a loop over all values takes three times as long.
    whole = {name: columns[name].tolist() for name in columns if present[name].all()}
    documents = [
        dict(zip(("ticker", *whole), row, strict=True))
        for row in zip(repeat(ticker, len(bars)), *whole.values(), strict=True)
    ]
    for name in [name for name in columns if name not in whole]:
        for position in np.flatnonzero(present[name]).tolist():
            documents[position][name] = columns[name][position].item()
    return documents


def to_raw(ticker: str, bars: pd.DataFrame) -> list[RawBSONDocument]:
    """`to_documents`, encoded in a fraction of the time that the driver needs for dictionaries.

    Documents with the same fields are the same bytes but for their numbers, which numpy fills in for all at once.
    """
    columns, present = _columns(bars)
    whole = {name: values for name, values in columns.items() if present[name].all()}
    whole["date"] = whole["date"].astype("datetime64[ms]")
    blank = bson.encode({"ticker": ticker, **{name: _ZEROS[values.dtype.str] for name, values in whole.items()}})
    rows = np.tile(np.frombuffer(blank, np.uint8), (len(bars), 1))
    end = len(blank) - 1
    for name, values in reversed(whole.items()):  # a field is a type, a name, a zero, and the number
        begin = end - values.itemsize
        rows[:, begin:end] = np.ascontiguousarray(values)[:, None].view(np.uint8)
        end = begin - len(name) - 2
    raw, size = rows.tobytes(), len(blank)
    documents = [RawBSONDocument(raw[begin : begin + size]) for begin in range(0, len(raw), size)]
    sparse = [name for name in columns if name not in whole]
    for position in np.flatnonzero(np.any([present[name] for name in sparse], axis=0)).tolist():
        more = {name: columns[name][position].item() for name in sparse if present[name][position]}
        documents[position] = RawBSONDocument(bson.encode({**bson.decode(documents[position].raw), **more}))
    return documents


def _columns(bars: pd.DataFrame) -> tuple[dict[str, npt.NDArray[Any]], dict[str, npt.NDArray[np.bool_]]]:
    """The date and the `COLUMNS` of `bars`, and which of their values are stored."""
    values = candles.in_order(bars).to_numpy(dtype="float64")  # a fraction of the time of single columns
    stored = ~np.isnan(values)
    actions = slice(-len(candles.CORPORATE_ACTIONS), None)
    stored[:, actions] &= values[:, actions] != 0
    days = bars.index.to_numpy().astype("datetime64[us]")  # their `tolist` takes a tenth of to_pydatetime's time
    columns = {"date": days, **dict(zip(candles.COLUMNS, values.T, strict=True))}
    is_short = (columns["volume"] <= _LARGEST_SHORT).all()
    columns["volume"] = columns["volume"].astype("int32" if is_short else "int64")
    return columns, {"date": ~np.isnat(days), **dict(zip(candles.COLUMNS, stored.T, strict=True))}


def to_bars(location: Location, ticker: str, documents: Sequence[Document]) -> pd.DataFrame:
    """The bars of `documents`, which are in ascending order. Raises DataConflict as `as_stored`."""
    check_days(location, ticker, documents)
    days = np.array([document[location.name("date")] for document in documents], dtype="datetime64[ns]")
    values = np.empty((len(documents), len(candles.COLUMNS)))
    for position, name in enumerate(candles.COLUMNS):
        values[:, position] = numbers(location, ticker, location.name(name), documents)
    return candles.frame(days, values)


def check_days(location: Location, ticker: str, documents: Iterable[Document]) -> None:
    """Raise DataConflict unless every date is midnight UTC and no day occurs twice."""
    seen = set()
    for document in documents:
        date = document.get(location.name("date"))
        # pandas counts these years in nanoseconds.
        if not (isinstance(date, dt.datetime) and date.time() == _MIDNIGHT and 1677 < date.year < 2262):
            sentence = N_(
                "{collection}에 있는 {ticker} 문서의 date가 거래일의 자정(UTC)이 아닙니다: {date}. "
                "고치거나 '내 데이터' 화면에서 전환한 뒤 다시 시도하십시오."
            )
            raise DataConflict(sentence, collection=location.collection, ticker=ticker, date=date)
        if date in seen:
            sentence = N_(
                "{collection}에 {ticker}의 {date} 문서가 둘 이상 있습니다. 중복을 지우거나 '내 데이터' 화면에서 "
                "전환한 뒤 다시 시도하십시오."
            )
            raise DataConflict(sentence, collection=location.collection, ticker=ticker, date=date.date())
        seen.add(date)


def numbers(location: Location, ticker: str, field: str, documents: Iterable[Document]) -> npt.NDArray[np.float64]:
    """The values of `field` in `documents`; NaN where it is absent. Raises DataConflict if one is no number."""
    try:
        return np.array([document.get(field) for document in documents], dtype="float64")  # None is NaN
    except (ValueError, TypeError) as error:
        sentence = N_(
            "{collection}에 있는 {ticker} 문서의 {field} 값이 숫자가 아닙니다. 고치거나 '내 데이터' 화면에서 "
            "전환한 뒤 다시 시도하십시오."
        )
        raise DataConflict(sentence, collection=location.collection, ticker=ticker, field=field) from error
