"""Daily bars into and out of MongoDB: the only way in and the only way out.

One document per ticker and trading day (`date` is the exchange's own day, stored as midnight UTC). Frames are `bars`
as `candles` defines them. What the bars mean, and which are fetched, is left to others.
"""

from typing import Any, NamedTuple

import pandas as pd
from pymongo import DeleteMany, InsertOne, UpdateOne
from pymongo.client_session import ClientSession

from finance_core import candles
from finance_core.categories import Category
from finance_core.database import Document, MongoDatabase


class Written(NamedTuple):
    """How many bars a write added, replaced with other values, and removed."""

    added: int = 0
    replaced: int = 0
    removed: int = 0


def load(db: MongoDatabase, category: Category, ticker: str, last: int | None = None) -> pd.DataFrame:
    """All stored bars of `ticker`, or its `last` ones; no rows where it has none.

    The index is tz-naive and ascending. A price that is not stored is NaN.
    """
    cursor = db[category.collection].find({"ticker": ticker}, {"_id": False, "ticker": False})
    cursor = cursor.sort("date", -1).limit(last) if last else cursor.sort("date", 1)
    documents = cursor.batch_size(50_000).to_list()
    if not documents:
        return candles.empty()
    bars = pd.DataFrame.from_records(documents, index="date", columns=["date", *candles.COLUMNS]).sort_index()
    bars.index = pd.DatetimeIndex(bars.index).as_unit("ns")
    bars[candles.PRICES] = bars[candles.PRICES].astype("float64")
    bars[candles.EVENTS] = bars[candles.EVENTS].astype("float64").fillna(0.0)
    bars["volume"] = bars["volume"].fillna(0).astype("int64")
    return bars


def tickers(db: MongoDatabase, category: Category) -> list[str]:
    """Every ticker that has a bar, sorted. Walks the index, not the bars, where the collection has one."""
    return sorted(ticker for ticker in db[category.collection].distinct("ticker") if isinstance(ticker, str))


def any_stored(db: MongoDatabase, category: Category) -> bool:
    """Whether `category` has a bar at all."""
    return db[category.collection].find_one({}, {"_id": True}) is not None


def state(db: MongoDatabase, category: Category, ticker: str, session: ClientSession | None = None) -> dict[str, Any]:
    """first_date, last_date, bar_count, last_close and previous_close of what is stored; None where there is none."""
    bars = db[category.collection]
    newest = bars.find({"ticker": ticker}, {"date": 1, "close": 1}, session=session).sort("date", -1).limit(2).to_list()
    oldest = bars.find_one({"ticker": ticker}, {"date": 1}, sort=[("date", 1)], session=session)
    return {
        "first_date": oldest["date"] if oldest else None,
        "last_date": newest[0]["date"] if newest else None,
        "last_close": newest[0]["close"] if newest else None,
        "previous_close": newest[1]["close"] if len(newest) == 2 else None,
        "bar_count": bars.count_documents({"ticker": ticker}, session=session),
    }


def merge(
    db: MongoDatabase, category: Category, ticker: str, bars: pd.DataFrame, session: ClientSession | None = None
) -> Written:
    """Store `bars` beside what is there: days that are new are added, days that differ replaced, the rest untouched.

    Idempotent: what is stored already is not written again.
    """
    return _write(db, category, ticker, bars, session, remove_others=False)


def replace(
    db: MongoDatabase, category: Category, ticker: str, bars: pd.DataFrame, session: ClientSession | None = None
) -> Written:
    """Make `bars` the only bars of `ticker`. Idempotent."""
    return _write(db, category, ticker, bars, session, remove_others=True)


def _write(
    db: MongoDatabase,
    category: Category,
    ticker: str,
    bars: pd.DataFrame,
    session: ClientSession | None,
    *,
    remove_others: bool,
) -> Written:
    collection = db[category.collection]
    window: Document = {"ticker": ticker}
    if not remove_others and len(bars):
        window["date"] = {"$gte": bars.index[0].to_pydatetime()}
    stored = {document["date"]: document for document in collection.find(window, session=session)}

    added = replaced = 0
    operations: list[InsertOne[Document] | UpdateOne | DeleteMany] = []
    for document in to_documents(ticker, bars):
        before = stored.pop(document["date"], None)
        if before is None:
            added += 1
            operations.append(InsertOne(document))
        elif change := _change(before, document):
            replaced += 1
            operations.append(UpdateOne({"_id": before["_id"]}, change))
    removed = [document["_id"] for document in stored.values()] if remove_others else []
    if removed:
        operations.append(DeleteMany({"_id": {"$in": removed}}))
    if operations:
        collection.bulk_write(operations, ordered=False, session=session)
    return Written(added, replaced, len(removed))


def _change(before: Document, after: Document) -> Document | None:
    """The update that gives the stored `before` the values of `after`; None where it has them already.

    Fields that are not ours stay: a user's own collection may hold more than we know of.
    """
    values = {name: value for name, value in after.items() if before.get(name) != value}
    obsolete = {name: "" for name in candles.EVENTS if before.get(name) and name not in after}
    if not values and not obsolete:
        return None
    return {key: fields for key, fields in (("$set", values), ("$unset", obsolete)) if fields}


def to_documents(ticker: str, bars: pd.DataFrame) -> list[Document]:
    """The documents that store `bars` of `ticker`; dividends and splits only where there were any."""
    columns = [bars[name].tolist() for name in candles.COLUMNS]
    documents = []
    for date, open_, high, low, close, volume, dividend, split in zip(
        bars.index.to_pydatetime(), *columns, strict=True
    ):
        document = {
            "ticker": ticker,
            "date": date,
            "open": open_,
            "high": high,
            "low": low,
            "close": close,
            "volume": volume,
        }
        if dividend:
            document["dividends"] = dividend
        if split:
            document["stock_splits"] = split
        documents.append(document)
    return documents
