"""Reads and writes daily bars in MongoDB. No other module writes them; whole panels are read by `panels`.

A document per ticker and trading day (see `documents.Bar`), where `locations` says; frames are `bars` as in `candles`.
In a user's own collection a `date` may be a text, or midnight in Seoul. Reading such a date as a day could show a wrong
day, and writing beside it would store the day twice: both raise DataConflict instead.
"""

import datetime as dt
import math
from collections import defaultdict
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from pymongo import DeleteMany, InsertOne, UpdateOne
from pymongo.client_session import ClientSession
from pymongo.errors import AutoReconnect

from finance_core import turns
from finance_core.bars import adjustment, candles, price_limit
from finance_core.categories import Category
from finance_core.errors import DataConflict
from finance_core.i18n import N_
from finance_core.storage import bar_documents, database, locations, raw_bars
from finance_core.storage.database import Document, MongoDatabase
from finance_core.storage.documents import BarState, TickerRow
from finance_core.storage.locations import Location

TAIL_SPAN = dt.timedelta(days=21)
"""A time before a day that holds a few sessions, whatever the holidays."""


class Written(NamedTuple):
    """Numbers of bars that a write added, replaced by other values, and removed."""

    added: int = 0
    replaced: int = 0
    removed: int = 0


def load(db: MongoDatabase, where: Category | Location, ticker: str, last: int | None = None) -> pd.DataFrame:
    """The bars of `ticker`, or its `last` ones (at least 1), as they are drawn, compared and exported.

    These are the bars of `as_stored`, cleaned, because a user's own collection may have halted days as a source
    publishes them, and with the splits applied that the source has not applied to earlier prices yet. So neither a halt
    nor a split looks like a fall of the price. Raises DataConflict as `as_stored`.
    """
    return as_drawn(as_stored(db, where, ticker, last))


def as_drawn(stored: pd.DataFrame) -> pd.DataFrame:
    """The bars of `load` from those of `as_stored`."""
    bars, _remarks = candles.clean(candles.with_all_actions(stored))
    return adjustment.split_adjusted(bars)[0]


def as_stored(db: MongoDatabase, where: Category | Location, ticker: str, last: int | None = None) -> pd.DataFrame:
    """All stored bars of `ticker`, or its `last` ones (at least 1); an empty frame if it has no bars.

    The index is tz-naive and ascending. A missing price is NaN, a missing volume 0. Raises DataConflict if a value is
    no date or no number, if a day is stored twice, if a field says that a bar is none as it stands, or if the ticker is
    refused there.
    """
    location = where if isinstance(where, Location) else locations.of(db, where)
    location.require_drawn(ticker)
    if last is None and (bars := _at_once(db, location, ticker)) is not None:
        return bars
    date = location.name("date")
    fields = {"_id": False, date: True, **{location.name(name): True for name in candles.COLUMNS}}
    fields = fields if not location.without else {"_id": False}  # all, to see those that no bar may have

    def read(session: ClientSession) -> list[Document]:
        cursor = db[location.collection].find({location.name("ticker"): ticker}, fields, session=session)
        cursor = cursor.sort(date, -1).limit(last) if last is not None else cursor.sort(date, 1)
        return cursor.batch_size(50_000).to_list()

    documents = database.at_one_moment(db, location, read)
    if not documents:
        return candles.empty()
    if field := next(filter(None, map(location.conflict, documents)), ""):
        sentence = N_(
            "{ticker}에 {field} 필드가 있는 문서가 있어 그대로 그리지 않습니다. 그 문서를 고치거나 지우십시오. 읽기만 "
            "하는 컬렉션이면 '내 데이터' 화면에서 전환할 수도 있습니다."
        )
        raise DataConflict(sentence, ticker=ticker, field=field)
    if last is not None:
        documents.reverse()
    return bar_documents.to_bars(location, ticker, documents)


def _at_once(db: MongoDatabase, location: Location, ticker: str) -> pd.DataFrame | None:
    """All bars of `ticker`, read in a third of the time; None if a document is no bar, so that `as_stored` says why."""
    try:
        tables = raw_bars.decode(raw_bars.fetch(db, location, [ticker]), location)
    except AutoReconnect:  # the driver's own cursor tries once more
        return None
    if not tables:
        return candles.empty()
    table = tables.get(ticker)
    days = None if table is None else raw_bars.days(table)
    return None if table is None or days is None else candles.frame(days.astype("datetime64[ns]"), table[:, 1:])


def are_stored(db: MongoDatabase, category: Category, ticker: str, bars: pd.DataFrame) -> bool:
    """Whether the stored documents of `ticker` are exactly those of `bars`, so that `write` has nothing to do."""
    collection = db[locations.of(db, category).collection]
    documents = collection.find({"ticker": ticker}, {"_id": False}).sort("date", 1).batch_size(50_000).to_list()
    return documents == bar_documents.to_documents(ticker, bars)


class Tail(NamedTuple):
    """The last stored bars of a ticker, read once, to compare new bars with them and to write the new bars."""

    bars: pd.DataFrame
    """As `as_stored` has them; empty if the ticker has no bars."""
    documents: list[Document]
    """Every document that a bar from the first day of `bars` on may collide with."""


NOTHING = Tail(candles.empty(), [])
"""The tail of a ticker without bars."""


def tail(db: MongoDatabase, category: Category, ticker: str, last: int, last_date: dt.datetime | None = None) -> Tail:
    """The `last` stored bars of `ticker`. If the newest one is of `last_date`, one query usually finds them.

    Raises DataConflict as `as_stored`, ReadOnly if the category is only read.
    """
    location = locations.writable(db, category)
    bars = db[location.collection]
    cursor = bars.find(_window(ticker, last_date - TAIL_SPAN)).sort("date", 1) if last_date else ()
    documents = list(cursor)
    if len(documents) < last:
        newest = bars.find({"ticker": ticker}, {"_id": False, "date": True}).sort("date", -1).limit(last).to_list()
        if not newest:
            return NOTHING
        bar_documents.check_days(location, ticker, newest)
        documents = bars.find(_window(ticker, newest[-1]["date"])).sort("date", 1).to_list()
    return Tail(bar_documents.to_bars(location, ticker, documents[-last:]), documents)


def closes_from(db: MongoDatabase, location: Location, ticker: str) -> "pd.Series[float]":
    """The stored closes of `ticker` in `location`, indexed by day, ascending."""
    date, close = location.name("date"), location.name("close")
    cursor = db[location.collection].find({location.name("ticker"): ticker}, {"_id": False, date: True, close: True})
    documents = cursor.sort(date, 1).batch_size(50_000).to_list()
    days = pd.DatetimeIndex([document[date] for document in documents], name="date").as_unit("ns")
    return pd.Series(bar_documents.numbers(location, ticker, close, documents), index=days, name="close")


def tickers(db: MongoDatabase, category: Category) -> list[str]:
    """Every ticker that has a bar, sorted. Reads the index of the collection, if it has one, and no bars."""
    location = locations.of(db, category)
    return sorted(
        ticker for ticker in db[location.collection].distinct(location.name("ticker")) if isinstance(ticker, str)
    )


def any_stored(db: MongoDatabase, category: Category) -> bool:
    """Whether `category` has any bar."""
    return db[locations.of(db, category).collection].find_one({}, {"_id": True}) is not None


def version(db: MongoDatabase, category: Category, row: TickerRow) -> tuple[object, ...] | None:
    """A value that differs once the bars of a ticker have changed; None if no value can show that.

    `row` is the row of the ticker, just read. The value is None if other programs write the bars, if the history is
    being replaced without a transaction, or if the row has no `bars_changed_at`. Reads no more than `state`.
    """
    location = locations.of(db, category)
    if location.read_only or row.get("rewriting") or "bars_changed_at" not in row:
        return None
    # The row is written with the bars or after them. If a run was killed in between, the state of the bars differs.
    return location, row["bars_changed_at"], *state(db, category, row["ticker"]).values()


def state(db: MongoDatabase, category: Category, ticker: str) -> BarState:
    """What lists show of the stored bars of `ticker`. Reads three documents and the index.

    Counts every document, also those of a user's own collection that are no valid bar.
    """
    location = locations.of(db, category)
    bars, date, close, splits = db[location.collection], *map(location.name, ("date", "close", "stock_splits"))
    of_ticker = {location.name("ticker"): ticker}
    newest = bars.find(of_ticker, {date: 1, close: 1, splits: 1}).sort(date, -1).limit(2)
    oldest = bars.find_one(of_ticker, {date: 1}, sort=[(date, 1)]) or {}
    nothing: Document = {}
    last, previous = [*newest, nothing, nothing][:2]
    numbers = (last.get(close), previous.get(close), last.get(splits), previous.get(date))
    return _state(category, oldest.get(date), last.get(date), count(db, category, ticker), *numbers)


def state_of(
    category: Category, bars: pd.DataFrame, first_date: dt.datetime | None = None, bar_count: int | None = None
) -> BarState:
    """The `state` of a ticker of `category` from its `bars`: all of them, or the last ones.

    If they are the last ones, there are two at least, and `first_date` and `bar_count` are those of all bars.
    """
    if bars.empty:
        return _state(category, None, None, 0)
    # In numpy, because a run does this for every ticker; in pandas, one column takes longer than all columns here.
    values = dict(zip(candles.COLUMNS, bars.to_numpy(dtype="float64")[-2:].T.tolist(), strict=True))
    previous, last = [None, *values["close"]][-2:]
    first, last_date, before = bars.index.to_numpy()[[0, -1, -2 % len(bars)]].astype("datetime64[us]").tolist()
    numbers = (last, previous, values["stock_splits"][-1], before)
    return _state(category, first_date or first, last_date, bar_count or len(bars), *numbers)


def _state(
    category: Category,
    first_date: Any,
    last_date: Any,
    bar_count: int,
    last: Any = None,
    previous: Any = None,
    split: Any = None,
    previous_date: Any = None,
) -> BarState:
    last, previous, split = (number if isinstance(number, int | float) else None for number in (last, previous, split))
    if last and previous and split and adjustment.is_unadjusted(previous, last, split):
        previous /= split  # as `load` does
    if last and previous and _is_jump(category, (previous_date, last_date), (previous, last)):
        previous = None
    return {
        "first_date": first_date,
        "last_date": last_date,
        "bar_count": bar_count,
        "last_close": last,
        "previous_close": previous,
        "change": last / previous - 1 if last and previous else None,
    }


def _is_jump(category: Category, dates: tuple[Any, Any], closes: tuple[float, float]) -> bool:
    """Whether the second close is no change of the first (see `price_limit`); False where the dates are no dates."""
    if not all(isinstance(date, dt.datetime) for date in dates):
        return False
    days = np.array([date.date() for date in dates], dtype="datetime64[D]")
    return bool(price_limit.jumps(category, days, np.array(closes, dtype="float64")).size)


def count(db: MongoDatabase, category: Category, *tickers: str) -> int:
    """Number of stored bars of all `tickers` together."""
    location = locations.of(db, category)
    return db[location.collection].count_documents({location.name("ticker"): {"$in": tickers}})


def delete(db: MongoDatabase, category: Category, ticker: str) -> int:
    """Remove every bar of `ticker` and return their number. Raises ReadOnly if the category is only read."""
    location = locations.writable(db, category)
    return db[location.collection].delete_many({"ticker": ticker}).deleted_count


def write(
    db: MongoDatabase,
    where: Category | Location,
    ticker: str,
    bars: pd.DataFrame,
    session: ClientSession | None = None,
    *,
    remove_others: bool = False,
    beside: Tail | None = None,
) -> Written:
    """Add the days of `bars` that are not stored, and replace those that differ; `remove_others` removes other days.

    `beside` holds the documents stored from the first of `bars` on, if they were just read: they are not read again.
    Idempotent: equal bars are not written again. Raises ReadOnly if `where` is a category that is only read; a location
    must have our layout.
    """
    location = where if isinstance(where, Location) else locations.writable(db, where)
    if not remove_others and bars.empty:
        return Written()
    collection = db[location.collection]
    window = {"ticker": ticker} if remove_others else _window(ticker, bars.index[0])
    documents = beside.documents if beside else collection.find(window, session=session).to_list()
    if not documents:
        if len(bars):
            raw = bar_documents.to_raw(ticker, bars)
            with turns.waiting():  # MongoDB takes longer with many bars than this process
                collection.insert_many(raw, ordered=True, session=session)
        return Written(added=len(bars))
    bar_documents.check_days(location, ticker, documents)
    stored = {document["date"]: document for document in documents}

    added = replaced = 0
    operations: list[InsertOne[Document] | UpdateOne | DeleteMany] = []
    for document in bar_documents.to_documents(ticker, bars):
        before = stored.pop(document["date"], None)
        if before is None:
            added += 1
            key = {"ticker": ticker, "date": document["date"]}
            # Another process may have added the bar since `beside` was read.
            operations.append(UpdateOne(key, {"$set": document}, upsert=True) if beside else InsertOne(document))
        elif change := bar_documents.change(before, document):
            replaced += 1
            operations.append(UpdateOne({"_id": before["_id"]}, change))
    removed = [document["_id"] for document in stored.values()] if remove_others else []
    if removed:
        operations.append(DeleteMany({"_id": {"$in": removed}}))
    if operations:
        # In order if there is no transaction, so that a write that is broken off leaves no hole between the days.
        collection.bulk_write(operations, ordered=session is None and not remove_others, session=session)
    return Written(added, replaced, len(removed))


def _window(ticker: str, first: dt.datetime) -> Document:
    """The query for the documents of `ticker` that a bar from the day `first` on may collide with."""
    # Not "from the first day on": that would miss dates that are texts, or the first day's midnight in another time
    # zone, and would store that day twice.
    since = first - dt.timedelta(days=1)
    return {"ticker": ticker, "date": {"$not": {"$lt": dt.datetime(since.year, since.month, since.day)}}}


def add_session(
    db: MongoDatabase,
    category: Category,
    day: dt.datetime,
    previous: dt.datetime,
    closes: Mapping[str, float],
    bars: Mapping[str, Document],
) -> list[str]:
    """Add the bar of `day` to each ticker of `bars` whose last stored bar is of `previous` with its close in `closes`.

    Returns the tickers to which a bar was added; the others stay as they are. `bars` have the fields of `Bar`, except
    ticker and date. Raises ReadOnly if the category is only read.
    """
    collection = db[locations.writable(db, category).collection]
    # As in `_window`: this also finds dates that are texts, or midnight in another time zone.
    since = {"$not": {"$lt": previous}}
    stored: dict[str, list[Document]] = defaultdict(list)
    for document in collection.find({"ticker": {"$in": list(bars)}, "date": since}).batch_size(50_000):
        stored[document["ticker"]].append(document)

    def is_next(ticker: str) -> bool:
        documents = stored[ticker]
        return [document["date"] for document in documents] == [previous] and math.isclose(
            documents[0].get("close", math.nan), closes[ticker], rel_tol=candles.ROUNDING
        )

    added = [ticker for ticker in bars if is_next(ticker)]
    if added:
        collection.insert_many(({"ticker": ticker, "date": day, **bars[ticker]} for ticker in added), ordered=False)
    return added
