"""Where bars and tickers are stored: in which collection, and under which names.

Usually each category has the collection that it names. Where the user's own database has its bars elsewhere, or under
other names, or something else where ours would be, one document of `settings` says so; for every process alike. The
lowest room of the database: what is read there is left to `prices` and `tickers`.
"""

import threading
import time
import weakref
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pymongo
from pymongo.database import Database

from finance_core.categories import Category
from finance_core.errors import DataConflict
from finance_core.i18n import N_
from finance_core.storage.documents import CHOICES, TICKERS

ID = "collections"
OWN_PREFIX = "sisepan_"
"""Begins the names of our collections where the usual ones are the user's, in another layout."""
FRESH = 2.0
"""Seconds for which a process goes by what it last read: a chart must not cost one more question."""

_lock = threading.Lock()
_read: "weakref.WeakKeyDictionary[pymongo.MongoClient[dict[str, Any]], dict[str, tuple[float, dict[str, Any]]]]"
_read = weakref.WeakKeyDictionary()
_forgotten = 0
"""How often this process was told to ask anew: what was asked before that and answered after it is not kept."""


class ReadOnly(DataConflict):
    """The bars of this category are the user's own: they are read as they are, and never written."""


@dataclass(frozen=True)
class Store:
    """Where the bars of a category are."""

    collection: str
    fields: Mapping[str, str] = field(default_factory=dict)
    """Their names of our fields (ticker, date, open, …), where they differ."""
    read_only: bool = False
    """Whether it is the user's own collection, which is only read."""

    def name(self, ours: str) -> str:
        """What the store calls our field `ours`."""
        return self.fields.get(ours, ours)


def of(db: "Database[dict[str, Any]]", category: Category) -> Store:
    """The store of `category`, as it was at most `FRESH` seconds ago."""
    said = _stores(db).get(category.key)
    return Store(**said) if said else Store(category.collection)


def metadata(db: "Database[dict[str, Any]]") -> str:
    """The collection of the ticker lists, as `of`."""
    return str(_stores(db).get(TICKERS, {}).get("collection", TICKERS))


def require_writable(db: "Database[dict[str, Any]]", category: Category) -> None:
    """Raise ReadOnly where the bars of `category` are only read; as it is now."""
    forget(db)
    writable(db, category)


def writable(db: "Database[dict[str, Any]]", category: Category) -> Store:
    """The store of `category`, as `of`. Raises ReadOnly where it is only read."""
    store = of(db, category)
    if store.read_only:
        raise ReadOnly(
            N_(
                "이 카테고리는 사용자의 {collection} 컬렉션을 바꾸지 않고 읽기만 합니다. 먼저 '내 데이터' 화면이나 "
                "python -m finance_core.adopt --convert {collection} --category {category} 명령으로 전환하십시오."
            ),
            collection=store.collection,
            category=category.key,
        )
    return store


def point(db: "Database[dict[str, Any]]", category: Category, store: Store) -> None:
    """Have every process find the bars of `category` in `store`."""
    is_usual = store == Store(category.collection)
    said = {"collection": store.collection, "fields": dict(store.fields), "read_only": store.read_only}
    _set(db, category.key, None if is_usual else said)


def point_metadata(db: "Database[dict[str, Any]]", collection: str) -> None:
    """Have every process find the ticker lists in `collection`."""
    _set(db, TICKERS, None if collection == TICKERS else {"collection": collection})


def forget(db: "Database[dict[str, Any]]") -> None:
    """Have the next question asked anew."""
    global _forgotten
    with _lock:
        _forgotten += 1
        _read.get(db.client, {}).pop(db.name, None)


def _set(db: "Database[dict[str, Any]]", key: str, said: dict[str, Any] | None) -> None:
    change = {"$set": {key: said}} if said else {"$unset": {key: ""}}
    db[CHOICES].update_one({"_id": ID}, change, upsert=True)
    forget(db)


def _stores(db: "Database[dict[str, Any]]") -> dict[str, Any]:
    asked = time.monotonic()
    with _lock:
        moment, said = _read.setdefault(db.client, {}).get(db.name, (-FRESH, {}))
        forgotten = _forgotten
    if asked - moment < FRESH:
        return said
    found = db[CHOICES].find_one({"_id": ID}, {"_id": False}) or {}
    said = {key: each for key, each in found.items() if _is_store(each)}
    with _lock:
        if forgotten == _forgotten:
            _read.setdefault(db.client, {})[db.name] = (asked, said)
    return said


def _is_store(said: Any) -> bool:
    """Whether `said` is one of ours: a user's own settings may have a document of that name."""
    return (
        isinstance(said, dict)
        and said.keys() <= {"collection", "fields", "read_only"}
        and isinstance(said.get("collection"), str)
        and isinstance(said.get("fields", {}), dict)
    )
