"""`ticker_metadata`: which tickers there are, their names, and the state of their bars.

All other code reaches that collection by this module: `ticker_edits` makes the edits of people, `category_state`
counts. Code that writes bars records their state here, so that lists and the overview read no bars.
"""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple, cast

from pymongo import UpdateOne
from pymongo.client_session import ClientSession
from pymongo.collection import Collection

from finance_core import ticker_fields
from finance_core.categories import Category
from finance_core.search import pattern
from finance_core.storage import database, locations, prices, shares
from finance_core.storage.database import Document, MongoDatabase
from finance_core.storage.documents import TickerRow

ORDERED_BY: Final = ("favourite", "last_date", "last_close", *shares.FIELDS)
"""What `search_orders` needs of a row."""


def collection(db: MongoDatabase) -> Collection[TickerRow]:
    """The collection of the ticker lists."""
    return cast("Collection[TickerRow]", db[locations.metadata(db)])


class Page(NamedTuple):
    """Some rows of a longer list."""

    rows: list[TickerRow]
    total: int
    """Rows of the whole list."""


LISTED = ("ticker", "first_date", "last_date", "bar_count", "last_status")
"""Columns of the editable list, beside the editable fields."""


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
    """Rows `skip` to `skip + limit` of all tickers, inactive ones too, with `search` in ticker, name or English name.

    Searching, sorting (by an editable field or one of `LISTED`) and paging happen in MongoDB, so that rows that are not
    shown cost little.
    """
    query: Document = {"category": category.key}
    if search.strip():
        match = {"$regex": pattern(search), "$options": "i"}
        query["$or"] = [{name: match} for name in ("ticker", "name", "name_en")]
    direction = -1 if descending else 1
    beside = {"last_status": ["source"], "ticker": []}.get(sort, [])  # samples have no outcome, and are told as samples
    order = [(name, direction) for name in dict.fromkeys([sort, *beside, "ticker"])]
    fields = {"_id": False, "source": True, **dict.fromkeys([*LISTED, *ticker_fields.by_key()], True)}
    rows = collection(db).find(query, fields).sort(order).skip(skip).limit(limit).to_list()
    is_last = rows and len(rows) < limit  # then no count is needed, which would read all rows again
    return Page(rows, skip + len(rows) if is_last else collection(db).count_documents(query))


def starred(db: MongoDatabase, category: Category, *, active: bool | None = True) -> list[TickerRow]:
    """The rows of the active tickers of `category` that are favourites, of the others, or of both: ticker and name."""
    favourites: Document = {"category": category.key, "favourite": True}
    if active is not None:
        favourites["active"] = {"$ne": False} if active else False
    return collection(db).find(favourites, {"_id": False, "ticker": True, "name": True}).to_list()


def set_favourite(db: MongoDatabase, category: Category, ticker: str, favourite: bool) -> None:
    """Put a ticker on the list of favourites of this installation, or take it off; registers the ticker if needed.

    Raises as `database.prepare_writing`.
    """
    database.prepare_writing(db, category)
    register(db, category, [{"ticker": ticker, "name": ticker}])
    record(db, category, ticker, {"favourite": True if favourite else None})


def active(
    db: MongoDatabase, category: Category, fields: Iterable[str] | None = None, session: ClientSession | None = None
) -> list[TickerRow]:
    """The active tickers of `category`, sorted by name, with all fields or with `fields`; ticker and name always there.

    If no ticker of the category is registered: every ticker that has bars, with the ticker as its name.
    """
    projection = {"_id": False} | dict.fromkeys([*fields, "ticker", "name"] if fields else [], True)
    wanted = {"category": category.key, "active": {"$ne": False}}
    rows = collection(db).find(wanted, projection, session=session).to_list()
    if not rows and not locations.has_list(db, category):
        return [{"ticker": ticker, "name": ticker} for ticker in prices.tickers(db, category)]
    named = [row | {"name": str(row.get("name") or row["ticker"])} for row in rows]
    return sorted(named, key=lambda row: (row["name"], row["ticker"]))


def search_orders(category: Category, rows: Sequence[TickerRow]) -> list[float]:
    """The order of each ticker of `rows` among equally good matches of a search; equal ones then go by name.

    0 for favourites, from 1 to below 2 for those with prices (the largest market values first, those without one after
    them, samples last and likewise), 2 for the others. The power of two that a place needs counts, and not the place
    itself: else the moves of a day would change nearly all orders. The rows need the fields `ORDERED_BY`.
    """
    worth = shares.values(category, rows)
    samples = {row["ticker"] for row in rows if row.get("source") == "sample"}
    ranked = sorted(worth, key=lambda ticker: (ticker in samples, -worth[ticker]))
    places = {ticker: place.bit_length() / 320 for place, ticker in enumerate(ranked)}
    orders = dict.fromkeys(samples, 1.99 if worth else 1) | {
        ticker: place + (1.92 if ticker in samples else 1) for ticker, place in places.items()
    }
    unknown = 1.9 if worth else 1
    return [
        0 if row.get("favourite") else orders.get(row["ticker"], unknown) if row.get("last_date") else 2 for row in rows
    ]


def all_rows(db: MongoDatabase, category: Category) -> list[TickerRow]:
    """The rows of all tickers of `category`, inactive ones too, in no order."""
    return collection(db).find({"category": category.key}, {"_id": False}).to_list()


def get(db: MongoDatabase, category: Category, ticker: str, session: ClientSession | None = None) -> TickerRow | None:
    """The row of one ticker; None if it is not registered."""
    return collection(db).find_one({"category": category.key, "ticker": ticker}, {"_id": False}, session=session)


def are_active(db: MongoDatabase, named: Iterable[tuple[str, str]]) -> dict[tuple[str, str], bool]:
    """Whether each of the `named` (category key, ticker) is active, by one query; without those not registered."""
    of_category: dict[str, list[str]] = {}
    for category, ticker in named:
        of_category.setdefault(category, []).append(ticker)
    if not of_category:
        return {}
    either = [{"category": category, "ticker": {"$in": each}} for category, each in of_category.items()]
    rows = collection(db).find({"$or": either}, {"_id": False, "category": True, "ticker": True, "active": True})
    return {(row["category"], row["ticker"]): row.get("active") is not False for row in rows}


def unfilled_samples(
    db: MongoDatabase, category: Category, ticker: str | None = None, session: ClientSession | None = None
) -> list[TickerRow]:
    """The sample tickers of `category` without sample bars yet; with `ticker`, only that one."""
    query: Document = {"category": category.key, "source": "sample", "bar_count": 0}
    if ticker is not None:
        query["ticker"] = ticker
    return collection(db).find(query, {"_id": False}, session=session).to_list()


def register(
    db: MongoDatabase,
    category: Category,
    rows: Iterable[Mapping[str, Any]],
    session: ClientSession | None = None,
) -> list[str]:
    """Add the tickers of `rows` (ticker, name, market, …) that are not registered; return those."""
    operations, names = [], []
    for row in rows:
        document = new_row(category, row["ticker"], row)
        names.append(document.pop("ticker"))
        key = {"category": category.key, "ticker": names[-1]}
        operations.append(UpdateOne(key, {"$setOnInsert": document}, upsert=True))
    if not operations:
        return []
    added = collection(db).bulk_write(operations, ordered=False, session=session).upserted_ids or {}
    return [names[position] for position in sorted(added)]


def new_row(category: Category, ticker: str, values: Mapping[str, Any]) -> Document:
    """The document of a new ticker with these `values`, but for the category and the ticker, if they have none."""
    return {**ticker_fields.defaults(), "currency": category.quoted_in(ticker, None), **values}


def record(
    db: MongoDatabase,
    category: Category,
    ticker: str,
    fields: Mapping[str, Any],
    session: ClientSession | None = None,
) -> bool:
    """Set `fields` of a ticker, and remove those that are None. Returns whether the ticker is registered."""
    if not fields:
        return True
    of_ticker = {"category": category.key, "ticker": ticker}
    return collection(db).update_one(of_ticker, _changes(fields), session=session).matched_count > 0


def _changes(fields: Mapping[str, Any]) -> Document:
    """The update that sets `fields`, and removes those that are None."""
    present = {name: value for name, value in fields.items() if value is not None}
    absent = {name: "" for name, value in fields.items() if value is None}
    # Servers before 5.0 refuse an operator without a field.
    return {operator: names for operator, names in (("$set", present), ("$unset", absent)) if names}


def record_each(db: MongoDatabase, category: Category, fields: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Set the fields of each ticker of `fields`, as `record`. Returns the tickers that are not registered."""
    updates = [UpdateOne({"category": category.key, "ticker": name}, _changes(each)) for name, each in fields.items()]
    if not updates or collection(db).bulk_write(updates, ordered=False).matched_count == len(updates):
        return []
    listed = collection(db).distinct("ticker", {"category": category.key, "ticker": {"$in": list(fields)}})
    return sorted(fields.keys() - set(listed))


def name_nameless(
    db: MongoDatabase, category: Category, ticker: str, fields: Mapping[str, Any], session: ClientSession | None
) -> None:
    """Set `fields`, which include a name, if the name of the ticker is missing or is the ticker itself."""
    nameless = {"category": category.key, "ticker": ticker, "name": {"$in": [ticker, "", None]}}
    collection(db).update_one(nameless, {"$set": dict(fields)}, session=session)


def now() -> dt.datetime:
    """The present moment as MongoDB keeps it: UTC, tz-naive, whole milliseconds."""
    moment = utc(dt.datetime.now(dt.UTC))
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def utc(moment: dt.datetime) -> dt.datetime:
    """A tz-aware `moment` as MongoDB keeps moments: UTC, tz-naive."""
    return moment.astimezone(dt.UTC).replace(tzinfo=None)
