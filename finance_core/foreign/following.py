"""Keeps the ticker list of an adopted category up to date with what the user's own programs write.

The charts of such a category are drawn from a collection of the user's own. If it is in our layout, updates write to it
too. A ticker whose later documents fail the checks of `as_is` is not drawn until they are mended.
"""

import datetime as dt
import logging
import threading
import time
from dataclasses import replace
from typing import Final, cast

from pymongo.errors import OperationFailure

from finance_core.bars import candles
from finance_core.categories import Category
from finance_core.errors import SisepanError
from finance_core.foreign import as_is, conversion, field_names, inspection, qualifiers, raw_tickers, ticker_names
from finance_core.foreign import layout as layouts
from finance_core.foreign.collection_source import CollectionSource, extent
from finance_core.foreign.conversion import Rules
from finance_core.storage import documents, locations, prices, tickers
from finance_core.storage.database import Document, MongoDatabase
from finance_core.storage.documents import BarState, Failure, TickerRow
from finance_core.storage.locations import Location

LOOK_AGAIN: Final = dt.timedelta(minutes=10)
"""After this time, a collection is looked at again: a document that changes in place leaves no trace."""
PATIENCE: Final = 60
"""The next look comes after at least so many times the duration of the last one."""
INDEX: Final = "sisepan_ticker_date"
"""Name of the index that reading in place creates where none finds the days of a ticker."""
NAMED: Final = 100
"""Most raw tickers that are named as none of the category: every page reads the list of refusals."""

_log = logging.getLogger(__name__)


def is_outdated(db: MongoDatabase, category: Category) -> bool:
    """Whether an adopted category must be looked at again: documents were added or removed, or some time has passed.

    Cheap: counts no documents and reads no bars. Time counts because a document that changes in place leaves no trace.
    """
    location = locations.of(db, category)
    if not location.is_adopted:
        return False
    known = db[documents.CHOICES].find_one({"_id": f"read:{category.key}"}) or {}
    rest = max(LOOK_AGAIN, PATIENCE * dt.timedelta(seconds=known.get("seconds", 0)))
    is_over = tickers.now() - known.get("at", dt.datetime.min) >= rest
    return is_over or bool(known.get("documents") != extent(db[location.collection]))


def refresh(db: MongoDatabase, category: Category, stop: threading.Event) -> int:
    """Update the list of an adopted category from its collection; returns how many tickers changed.

    Without this, the overview would show an older close than the chart. The state of what an update writes meanwhile
    may be overwritten by an older one; then the list is outdated, and the next call mends it. Records the tickers that
    are not to be drawn, and the raw tickers that are none of the category. The list is written at the end: a part of a
    market must not pass for the whole.
    """
    begun = time.monotonic()
    stored_location = locations.of(db, category)
    location = _limited(db, category, stored_location)
    at_the_start = extent(db[location.collection])
    if location.read_only:
        _restore_index(db, location)
    descriptions = ticker_names.of(db, category)
    rules = conversion.rules(category, descriptions)
    changed: dict[str, Document] = {}
    stored, refused = _tickers(db, category, location)
    known = {failure["ticker"] for failure in location.refused}
    with_bars = {"category": category.key, "bar_count": {"$gt": 0}}
    gone = {row["ticker"] for row in tickers.collection(db).find(with_bars, {"ticker": True})} - stored
    for ticker in sorted(stored | gone):
        if stop.is_set():
            return 0
        if ticker in stored:
            ticker_names.register(db, category, ticker, [ticker], descriptions)
        before, stored_state = tickers.get(db, category, ticker) or {}, prices.state(db, category, ticker)
        is_as_before = all(before.get(name) == value for name, value in stored_state.items())
        if is_as_before and location is stored_location and ticker not in known:
            continue
        state = _drawn(db, rules, location, before, ticker, refused)
        if state is None and not location.read_only:
            continue  # without a state, an update would take it for a ticker without bars
        state = state or prices.state_of(category, candles.empty())
        if any(before.get(name) != value for name, value in state.items()):
            source = {"source": "import"} if location.read_only else {}
            changed[ticker] = {**state, **source, "bars_changed_at": tickers.now()}
    if locations.of(db, category).collection != location.collection:
        return 0  # a person has converted the collection meanwhile, or given its reading up
    tickers.record_each(db, category, changed)
    locations.record_checks(db, category, replace(location, refused=refused))
    remember_extent(db, category, at_the_start, time.monotonic() - begun)
    return len(changed)


def ensure_index(db: MongoDatabase, location: Location) -> bool:
    """Create the index by which a collection is read in place, if it is missing; returns whether it was created.

    It is not unique: the user's programs must not begin to fail. Raises OperationFailure if there can be none.
    """
    keys = [location.name("ticker"), location.name("date")]
    if inspection.is_indexed(db[location.collection], *keys):
        return False
    db[location.collection].create_index(keys, name=INDEX)
    return True


def _restore_index(db: MongoDatabase, location: Location) -> None:
    """Create the index again if the user's program has made its collection anew; not while there is none of it."""
    try:
        if db[location.collection].find_one({}, {"_id": True}) and ensure_index(db, location):
            _log.info("%s: created the index %s again", location.collection, INDEX)
    except OperationFailure as error:
        _log.warning("%s: has no index, and cannot have one: %s", location.collection, error)


def _is_limited(location: Location) -> bool:
    """Whether no document is drawn that would be refused today; earlier versions knew fewer such fields, or none."""
    return {*field_names.QUALIFYING} <= {*location.without}


def _limited(db: MongoDatabase, category: Category, location: Location) -> Location:
    """`location`, or, if it lacks limits, one with those that `adoption` gives it today and what limits it already.

    A collection that is empty at the moment gets none yet: nobody knows its fields.
    """
    name = location.collection
    if _is_limited(location) or not (layout := layouts.recognise(inspection.sample(db[name]), category, name)):
        return location
    source = CollectionSource(db, name, layout)
    if source.tells_currencies:
        source.counts()
    only = source.only_texts(currency := category.currency_of(None))
    field = layout.description_fields.get("currency", "")
    # Adoption refuses other currencies, and flags that call some prices adjusted and others not. They may be new.
    if currency and field in only:
        only[field] = [text for text in only[field] if raw_tickers.currencies([text]) == {currency}]
    flags = filter(qualifiers.is_flag, layout.fields)
    only |= {flag: [] for flag in flags if qualifiers.are_both(flag, db[name].distinct(flag))}
    return replace(location, without=field_names.QUALIFYING, only={**only, **location.only})


def _tickers(db: MongoDatabase, category: Category, location: Location) -> tuple[set[str], list[Failure]]:
    """The tickers of `category` in its collection, and the refusals of raw tickers that are none: `NAMED` at most."""
    stored: set[str] = set()
    refused: list[Failure] = []
    for raw in db[location.collection].distinct(location.name("ticker")):
        try:
            stored |= {as_is.required_ticker(category, raw)} if raw is not None else set()
        except SisepanError as error:
            if len(refused) < NAMED:
                refused.append(_failure(category, str(raw)[:40], error))
    return stored, refused


def _drawn(
    db: MongoDatabase, rules: Rules, location: Location, row: TickerRow, ticker: str, refused: list[Failure]
) -> BarState | None:
    """The state of the bars that a chart draws; None where the stored bars are not usable.

    The reason is added to `refused`. Bars that are Yahoo's by the `row` of the ticker are checked by updates.
    """
    is_judged = location.read_only or row.get("source") != "yahoo"
    try:
        stored = prices.as_stored(db, replace(location, refused=[]), ticker)
        if len(stored) and is_judged:
            as_is.require(rules, ticker, stored)
    except SisepanError as error:
        failure = _failure(rules.category, ticker, error)
        refused += [failure] if is_judged else []
        return None
    bars, _remarks = candles.clean(stored)
    return prices.state_of(rules.category, bars)


def _failure(category: Category, ticker: str, error: SisepanError) -> Failure:
    _log.warning("%s %s: %s", category.key, ticker, error)
    return cast("Failure", {"ticker": ticker, **error.as_document()})


def remember_extent(db: MongoDatabase, category: Category, seen: Document, seconds: float = 0) -> None:
    """Record `seen`, the extent of the collection when the list of `category` was up to date, after so many seconds."""
    of_category = {"_id": f"read:{category.key}"}
    look = {"documents": seen, "at": tickers.now(), "seconds": seconds}
    db[documents.CHOICES].update_one(of_category, {"$set": look}, upsert=True)
