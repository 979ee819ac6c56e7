"""Keeps the ticker list of an adopted category up to date with what the user's own programs write.

The charts of such a category are drawn from a collection of the user's own. If it is in our layout, updates write to it
too.
"""

import logging
import threading

from finance_core.bars import candles
from finance_core.categories import Category
from finance_core.errors import DataConflict
from finance_core.foreign import ticker_names
from finance_core.foreign.collection_source import extent
from finance_core.storage import documents, locations, prices, tickers
from finance_core.storage.database import Document, MongoDatabase
from finance_core.storage.documents import BarState

_log = logging.getLogger(__name__)


def is_outdated(db: MongoDatabase, category: Category) -> bool:
    """Whether documents were added or removed since the list of an adopted category was last updated.

    Cheap: counts no documents and reads no bars. A document that changes in place is not noticed.
    """
    location = locations.of(db, category)
    if not location.is_adopted:
        return False
    known = db[documents.CHOICES].find_one({"_id": f"read:{category.key}"}) or {}
    return bool(known.get("documents") != extent(db[location.collection]))


def refresh(db: MongoDatabase, category: Category, stop: threading.Event) -> int:
    """Update the list of an adopted category from its collection; returns how many tickers changed.

    Without this, the overview would show an older close than the chart. The state of what an update writes meanwhile
    may be overwritten by an older one; then the list is outdated, and the next call mends it.
    """
    location = locations.of(db, category)
    at_the_start = extent(db[location.collection])
    descriptions = ticker_names.of(db, category)
    changed = 0
    stored = {ticker for ticker in prices.tickers(db, category) if category.is_ticker(ticker)}
    with_bars = {"category": category.key, "bar_count": {"$gt": 0}}
    gone = {row["ticker"] for row in tickers.collection(db).find(with_bars, {"ticker": True})} - stored
    for ticker in sorted(stored | gone):
        if stop.is_set():
            return changed
        if ticker in stored:
            ticker_names.register(db, category, ticker, [ticker], descriptions)
        before, stored_state = tickers.get(db, category, ticker) or {}, prices.state(db, category, ticker)
        if all(before.get(name) == value for name, value in stored_state.items()):
            continue
        state = _drawn(db, category, ticker)
        if state is None and not location.read_only:
            continue  # without a state, an update would take it for a ticker without bars
        state = state or prices.state_of(category, candles.empty())
        if any(before.get(name) != value for name, value in state.items()):
            source = {"source": "import"} if location.read_only else {}
            tickers.record(db, category, ticker, {**state, **source, "bars_changed_at": tickers.now()})
            changed += 1
    remember_extent(db, category, at_the_start)
    return changed


def _drawn(db: MongoDatabase, category: Category, ticker: str) -> BarState | None:
    """The state of the bars that a chart draws; None where the stored bars are not usable."""
    try:
        bars, _remarks = candles.clean(prices.as_stored(db, category, ticker))
    except DataConflict as error:
        _log.warning("%s %s: %s", category.key, ticker, error)
        return None
    return prices.state_of(category, bars)


def remember_extent(db: MongoDatabase, category: Category, seen: Document) -> None:
    """Record `seen`, the extent of the collection when the list of `category` was last up to date."""
    of_category = {"_id": f"read:{category.key}"}
    db[documents.CHOICES].update_one(of_category, {"$set": {"documents": seen}}, upsert=True)
