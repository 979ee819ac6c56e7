"""`ticker_metadata`: which tickers there are, what they are called, and the state of their bars.

The only way to that collection. The updater keeps the counts and dates here, so that lists and the overview read no
bars. Edits by people, and their history, come through here too.
"""

import datetime as dt
import re
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple, cast

from pymongo import UpdateOne
from pymongo.client_session import ClientSession
from pymongo.collection import Collection

from finance_core.categories import Category
from finance_core.storage import locations, prices
from finance_core.storage.database import Document, MongoDatabase
from finance_core.storage.documents import TickerRow

STALE_AFTER = 4
"""Days: a long weekend is not stale."""


def collection(db: MongoDatabase) -> Collection[TickerRow]:
    """The collection of the ticker lists."""
    return cast("Collection[TickerRow]", db[locations.metadata(db)])


def listed(db: MongoDatabase, category: Category) -> list[TickerRow]:
    """What lists and searches need of every active ticker: ticker, name, and where known name_en, market, source,
    favourite. Without `ticker_metadata`, every ticker that has bars, named by itself."""
    fields = {
        "_id": False,
        "ticker": True,
        "name": True,
        "name_en": True,
        "market": True,
        "source": True,
        "favourite": True,
    }
    documents = collection(db).find({"category": category.key, "active": {"$ne": False}}, fields).to_list()
    if documents or any_registered(db, category):
        return [document | {"name": str(document.get("name") or document["ticker"])} for document in documents]
    return [{"ticker": ticker, "name": ticker} for ticker in prices.tickers(db, category)]


class Page(NamedTuple):
    """Some rows of a longer list."""

    rows: list[TickerRow]
    total: int
    """How many there are in all."""


LISTED = ("ticker", "name", "market", "marker", "active", "first_date", "last_date", "bar_count", "last_status")
"""Columns of the editable list."""


def page(
    db: MongoDatabase,
    category: Category,
    search: str = "",
    sort: str = "ticker",
    *,
    descending: bool = False,
    skip: int = 0,
    limit: int = 100,
) -> Page:
    """Rows `skip` to `skip + limit` of the list of all tickers, inactive ones too, whose ticker or name holds `search`.

    Searching, sorting (by one of `LISTED`) and paging happen in MongoDB: the cost does not grow with what is not shown.
    """
    query: Document = {"category": category.key}
    if search.strip():
        pattern = {"$regex": re.escape(search.strip()), "$options": "i"}
        query["$or"] = [{name: pattern} for name in ("ticker", "name", "name_en")]
    direction = -1 if descending else 1
    order = [(sort, direction)] if sort == "ticker" else [(sort, direction), ("ticker", 1)]
    fields = {"_id": False, "version": True, "source": True, **dict.fromkeys(LISTED, True)}
    found = collection(db).find(query, fields).sort(order).skip(skip).limit(limit)
    return Page(found.to_list(), collection(db).count_documents(query))


class Summary(NamedTuple):
    """The state of a category."""

    total: int
    up_to_date: int
    """Tickers with a bar of the last finished session of their market; samples never are."""
    samples: int
    delisted: int
    """Tickers that Yahoo has not known for several runs."""
    updated_at: dt.datetime | None
    """When the updater last had an answer for one of them, in UTC: what failed since does not count."""


def summary(db: MongoDatabase, category: Category, finished: Mapping[str, dt.datetime]) -> Summary:
    """Counts over the active tickers of `category`; `finished` tells the last finished session of each market."""
    metadata = collection(db)
    of_category: Document = {"category": category.key, "active": {"$ne": False}}
    real: Document = {**of_category, "source": {"$ne": "sample"}}
    first, *_others = finished
    fresh: list[Document] = [{"market": market, "last_date": {"$gte": day}} for market, day in finished.items()]
    # A market that the category does not know counts as its first one.
    fresh.append({"market": {"$nin": list(finished)}, "last_date": {"$gte": finished[first]}})
    answered: Document = {**real, "last_status": {"$nin": ["failed", "delisted"]}}
    newest = metadata.find_one(answered, {"updated_at": True}, sort=[("updated_at", -1)])
    return Summary(
        metadata.count_documents(of_category),
        metadata.count_documents({**real, "$or": fresh}),
        metadata.count_documents({**of_category, "source": "sample"}),
        metadata.count_documents({**of_category, "last_status": "delisted"}),
        (newest or {}).get("updated_at"),
    )


def movers(db: MongoDatabase, category: Category, limit: int, *, rising: bool) -> list[TickerRow]:
    """The active tickers whose last close moved most against the one before, among those that are not stale.

    Not stale is a last bar at most `STALE_AFTER` days before the newest one of the category.
    """
    of_category = {"category": category.key, "active": {"$ne": False}}
    newest = collection(db).find_one({**of_category, "last_date": {"$type": "date"}}, sort=[("last_date", -1)])
    if newest is None:
        return []
    query = {
        **of_category,
        "last_date": {"$gte": newest["last_date"] - dt.timedelta(days=STALE_AFTER)},
        "change": {"$gt": 0} if rising else {"$lt": 0},
    }
    return collection(db).find(query, {"_id": False}).sort("change", -1 if rising else 1).limit(limit).to_list()


def set_favourite(db: MongoDatabase, category: Category, ticker: str, favourite: bool) -> None:
    """Put a ticker on the installation's one list of favourites, or take it off; registers it if need be."""
    register(db, category, [{"ticker": ticker, "name": ticker}])
    record(db, category, ticker, {"favourite": True if favourite else None})


def active(db: MongoDatabase, category: Category) -> list[TickerRow]:
    """The active tickers of `category` by name. Without `ticker_metadata`, every ticker that has bars, named by itself.

    Each has at least ticker and name; market, source, last_date and the other fields where they are known.
    """
    documents = collection(db).find({"category": category.key, "active": {"$ne": False}}, {"_id": False}).to_list()
    if documents or any_registered(db, category):
        named = [document | {"name": str(document.get("name") or document["ticker"])} for document in documents]
        return sorted(named, key=lambda document: (document["name"], document["ticker"]))
    return [{"ticker": ticker, "name": ticker} for ticker in prices.tickers(db, category)]


def get(db: MongoDatabase, category: Category, ticker: str) -> TickerRow | None:
    """The metadata of one ticker, or None where it has none."""
    return collection(db).find_one({"category": category.key, "ticker": ticker}, {"_id": False})


def any_registered(db: MongoDatabase, category: Category) -> bool:
    """Whether `category` has a ticker at all."""
    return collection(db).find_one({"category": category.key}, {"_id": True}) is not None


def unfilled_samples(
    db: MongoDatabase, category: Category, ticker: str | None = None, session: ClientSession | None = None
) -> list[TickerRow]:
    """The sample tickers of `category` (or only `ticker`, if it is one) that wait for their sample bars."""
    query: Document = {"category": category.key, "source": "sample", "bar_count": 0}
    if ticker is not None:
        query["ticker"] = ticker
    return collection(db).find(query, {"_id": False}, session=session).to_list()


def register(
    db: MongoDatabase,
    category: Category,
    rows: Iterable[Mapping[str, Any]],
    session: ClientSession | None = None,
) -> int:
    """Add the tickers of `rows` (ticker, name, market and more fields) that are not there yet; returns how many.

    What is there already stays as it is, whatever it says.
    """
    operations = []
    for row in rows:
        document = {"marker": "circle", "active": True, "currency": category.currency, "version": 1, **row}
        key = {"category": category.key, "ticker": document.pop("ticker")}
        operations.append(UpdateOne(key, {"$setOnInsert": document}, upsert=True))
    if not operations:
        return 0
    return collection(db).bulk_write(operations, ordered=False, session=session).upserted_count


def record(
    db: MongoDatabase,
    category: Category,
    ticker: str,
    fields: Mapping[str, Any],
    session: ClientSession | None = None,
) -> bool:
    """Set `fields` of a registered ticker, and tell whether it is one; a field of None is removed.

    `version` is for edits by people and stays.
    """
    present = {name: value for name, value in fields.items() if value is not None}
    absent = {name: "" for name, value in fields.items() if value is None}
    # Servers before 5.0 refuse an operator without a field.
    changes = {operator: names for operator, names in (("$set", present), ("$unset", absent)) if names}
    if not changes:
        return True
    of_ticker = {"category": category.key, "ticker": ticker}
    return collection(db).update_one(of_ticker, changes, session=session).matched_count > 0


def name_nameless(
    db: MongoDatabase, category: Category, ticker: str, fields: Mapping[str, Any], session: ClientSession | None = None
) -> None:
    """Set `fields`, among them a name, of a ticker that is only called by itself so far."""
    nameless = {"category": category.key, "ticker": ticker, "name": {"$in": [ticker, "", None]}}
    collection(db).update_one(nameless, {"$set": dict(fields)}, session=session)


def now() -> dt.datetime:
    """The present moment as MongoDB keeps it: UTC, tz-naive, whole milliseconds."""
    moment = dt.datetime.now(dt.UTC).replace(tzinfo=None)
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)
