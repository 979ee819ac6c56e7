"""The state of a category as its ticker list tells it: counts, newest and oldest days, movers. Reads no bars."""

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from finance_core.bars.sessions import SETTLING
from finance_core.categories import Category
from finance_core.storage.database import Document, MongoDatabase
from finance_core.storage.documents import TickerRow
from finance_core.storage.tickers import collection, now

STALE_AFTER = 4
"""A ticker is stale if its last bar is more than so many days older than the newest; a long weekend is shorter."""
FIRST_ZONE = dt.timedelta(hours=14)
"""How far the clocks of the first time zone are ahead of UTC."""
Closed = Mapping[str, tuple[dt.datetime, dt.datetime]]
"""For each market, its last finished session, and the moment of its close (UTC, tz-naive)."""


class Summary(NamedTuple):
    """The state of a category."""

    total: int
    up_to_date: int
    """See `count_up_to_date`."""
    samples: int
    delisted: int
    """Tickers that Yahoo has not known for several runs."""
    updated_at: dt.datetime | None
    """When Yahoo last answered for one of the tickers, in UTC; failures do not count."""
    verified_at: dt.datetime | None = None
    """The oldest moment (UTC) at which a whole history was last compared with Yahoo's; None if no history was."""
    unverified: int = 0
    """Tickers with bars from Yahoo whose whole history was never compared with Yahoo's."""


def _active(category: Category, *, real: bool = False) -> Document:
    """The query for the active tickers of `category`, or for those of them that are no samples."""
    return {"category": category.key, "active": {"$ne": False}, **({"source": {"$ne": "sample"}} if real else {})}


def summary(db: MongoDatabase, category: Category, closed: Closed) -> Summary:
    """Counts over the active tickers of `category`; `closed` is `trading_calendars.last_closed`."""
    metadata = collection(db)
    of_category = _active(category)
    answered = {**_active(category, real=True), "last_status": {"$exists": True, "$nin": ["failed", "delisted"]}}
    newest = metadata.find_one(answered, {"updated_at": True}, sort=[("updated_at", -1)])
    of_yahoo = {**of_category, "source": "yahoo", "bar_count": {"$gt": 0}}
    verified = {**of_yahoo, "verified_at": {"$type": "date"}}
    oldest = metadata.find_one(verified, {"verified_at": True}, sort=[("verified_at", 1)])
    return Summary(
        metadata.count_documents(of_category),
        count_up_to_date(db, category, closed),
        metadata.count_documents({**of_category, "source": "sample"}),
        metadata.count_documents({**of_category, "last_status": "delisted"}),
        (newest or {}).get("updated_at"),
        (oldest or {}).get("verified_at"),
        metadata.count_documents({**of_yahoo, "verified_at": {"$exists": False}}),
    )


def count_up_to_date(db: MongoDatabase, category: Category, closed: Closed, only: Iterable[str] | None = None) -> int:
    """How many active tickers (of `only`, if given) have the final bar of the last session of their market.

    `closed` is `trading_calendars.last_closed`. Samples do not count, and no bar from Yahoo that was fetched less than
    `SETTLING` after the close: it changes yet. Nor does one of a ticker that failed since, because then its
    `updated_at` is when it was asked for in vain.
    """
    first, *_others = closed
    # A market that the category does not know counts as its first market.
    markets: list[tuple[object, tuple[dt.datetime, dt.datetime]]] = [
        *closed.items(),
        ({"$nin": [*closed]}, closed[first]),
    ]
    of_market: list[Document] = [
        {"market": market, "last_date": {"$gte": day}, "$or": [{"source": {"$ne": "yahoo"}}, _settled(close)]}
        for market, (day, close) in markets
    ]
    chosen: Document = {} if only is None else {"ticker": {"$in": list(only)}}
    return collection(db).count_documents({**_active(category, real=True), **chosen, "$or": of_market})


def _settled(close: dt.datetime) -> Document:
    return {"updated_at": {"$gte": close + SETTLING}, "last_status": "ok", "rewriting": {"$in": [None, False]}}


def movers(db: MongoDatabase, category: Category, limit: int, *, rising: bool) -> list[TickerRow]:
    """The active tickers with the largest change of the last close against the one before.

    Leaves out tickers whose last bar is more than `STALE_AFTER` days older than the newest bar of the category, and
    samples, unless there is nothing else.
    """
    newest_real = newest_bar(db, category, real=True)
    newest = newest_real or newest_bar(db, category)
    if newest is None:
        return []
    query = {
        **_active(category, real=newest_real is not None),
        "last_date": {"$gte": newest - dt.timedelta(days=STALE_AFTER)},
        "change": {"$gt": 0} if rising else {"$lt": 0},
    }
    return collection(db).find(query, {"_id": False}).sort("change", -1 if rising else 1).limit(limit).to_list()


def newest_bar(db: MongoDatabase, category: Category, *, real: bool = False) -> dt.datetime | None:
    """The day of the newest bar of the active tickers, or of those with `real` prices; None where none has any.

    A day that has not begun anywhere on earth counts only if there is no other: beside it, all tickers without a bar of
    it would be out of date.
    """
    for days in ({"$lte": now() + FIRST_ZONE}, {"$type": "date"}):
        dated = {**_active(category, real=real), "last_date": days}
        row = collection(db).find_one(dated, {"last_date": True}, sort=[("last_date", -1)])
        if row:
            return row["last_date"]
    return None


def oldest_bar(db: MongoDatabase, category: Category) -> dt.datetime | None:
    """The day of the oldest bar of the active tickers with real prices; None where none has any."""
    dated = {**_active(category, real=True), "first_date": {"$type": "date"}}
    row = collection(db).find_one(dated, sort=[("first_date", 1)])
    return row["first_date"] if row else None


class Breadth(NamedTuple):
    """How many tickers rose, fell and did neither on the newest session."""

    day: dt.datetime
    rising: int
    falling: int
    unchanged: int
    listed: int
    """Tickers with real prices, of which those above may be few yet."""


def breadth(db: MongoDatabase, category: Category) -> Breadth | None:
    """The breadth of `category`, without samples and without tickers that lack a bar of its newest session.

    None where there are no real prices. Reads no bars.
    """
    newest = newest_bar(db, category, real=True)
    if newest is None:
        return None
    real = _active(category, real=True)
    rising, falling, unchanged = (
        collection(db).count_documents({**real, "last_date": newest, "change": change})
        for change in ({"$gt": 0}, {"$lt": 0}, 0)
    )
    listed = collection(db).count_documents({**real, "last_date": {"$type": "date"}})
    return Breadth(newest, rising, falling, unchanged, listed)
