"""Where bars and tickers are stored: in which collection, and under which field names.

Each category usually has the collection that it names. The user's own database may keep bars in another collection or
under other field names, or may use our name for something else: then one document of `settings` names the location, for
every process. What is stored there is left to `prices` and `tickers`.
"""

import re
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from pymongo.database import Database

from finance_core.categories import CATEGORIES, Category
from finance_core.errors import DataConflict
from finance_core.i18n import N_
from finance_core.storage.documents import CHOICES, TICKERS, Failure, LocationDocument

MongoDatabase = Database[dict[str, Any]]

ID = "collections"
OWN_PREFIX = "sisepan_"
"""Prefix of the names of our collections, if collections of the user's own, in another layout, have the usual names."""
FRESH = 2.0
"""Seconds for which a process uses the locations it last read, so that a chart costs no further query."""

_lock = threading.Lock()
_read: dict[MongoDatabase, tuple[float, dict[str, LocationDocument]]] = {}
"""The locations of each database, and when they were read."""
_forgotten = 0
"""Counts the calls of `forget`: an answer to a query that began before the last call is not kept."""


class ReadOnly(DataConflict):
    """The bars of this category are in the user's own collection, which is never written."""


class NotAdopted(DataConflict):
    """The database holds prices or lists of the user's own, and nobody has agreed yet to write beside them."""


@dataclass(frozen=True)
class Location:
    """Where the bars of a category are stored."""

    collection: str
    fields: Mapping[str, str] = field(default_factory=dict)
    """The collection's names of our fields (ticker, date, open, …), where they differ."""
    read_only: bool = False
    """True: the user's own collection, which is never written."""
    without: Sequence[str] = field(default_factory=list)
    """Names of fields, as `bare` writes them, with which a document is no bar as it stands: units, flags."""
    only: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """The texts that a field may have in a bar, by its name in the collection: currencies, flags of adjusted prices.

    A field that the collection lacked has its name as `bare` writes it.
    """

    refused: Sequence[Failure] = field(default_factory=list)
    """Tickers that are not drawn because of documents that were added later, and why."""

    @property
    def is_adopted(self) -> bool:
        """Whether programs of the user's own may write here too."""
        return self.read_only or bool(self.without)

    def conflict(self, document: Mapping[str, Any]) -> str:
        """What in `document` makes it no bar as it stands: a field in `without`, another text than in `only`; or ""."""
        names = tuple(document)
        named = next(iter(_alike(names, tuple(self.without))), "") if self.without else ""
        others = (name for name, texts in self.limited(names).items() if not _is_among(document[name], texts))
        return named or next((f"{name}: {document[name]}" for name in others), "")

    def limited(self, names: Sequence[str]) -> Mapping[str, Sequence[str]]:
        """Those of the fields `names` that `only` limits, and the texts that each may have."""
        return {name: self.only[key] for name, key in _alike(names, tuple(self.only)).items()} if self.only else {}

    @property
    def refused_tickers(self) -> set[str]:
        """The tickers of `refused`."""
        return {failure["ticker"] for failure in self.refused}

    def require_drawn(self, ticker: str) -> None:
        """Raise DataConflict, with the reason, if `ticker` is among the refused ones."""
        for failure in self.refused:
            if failure["ticker"] == ticker:
                raise DataConflict.from_document(failure)

    def name(self, ours: str) -> str:
        """The collection's name of our field `ours`."""
        return self.fields.get(ours, ours)


def bare(name: str) -> str:
    """The name of a field in small letters, without what its owner may have put between its words."""
    return re.sub(r"[\s_-]", "", name.casefold())


def _is_among(value: Any, texts: Sequence[str]) -> bool:
    """Whether a value is one of the `texts`, apart from case, or says nothing: NaN, for example, as pandas writes."""
    is_untold = value is None or value == "" or value != value
    return is_untold or str(value).strip().casefold() in map(str.casefold, texts)


@lru_cache(maxsize=1024)
def _alike(names: Sequence[str], others: Sequence[str]) -> dict[str, str]:
    """Those of `names` that are among `others` as `bare` writes both, each with its own word there, if it has one."""
    known = {bare(other): other for other in others} | {other: other for other in others}
    return {name: known.get(name) or known[bare(name)] for name in names if bare(name) in known}


def of(db: MongoDatabase, category: Category) -> Location:
    """The location of `category`, as it was at most `FRESH` seconds ago.

    Raises DataConflict if a newer version of this product wrote it: to take it for none would draw other bars.
    """
    document = _locations(db).get(category.key)
    if document and document.keys() - Location.__annotations__.keys():
        sentence = N_("{collection} 컬렉션을 어떻게 읽는지를 이 프로그램의 더 새 판이 적었습니다. 그 판으로 여십시오.")
        raise DataConflict(sentence, collection=document["collection"])
    return Location(**document) if document else Location(category.collection)


def metadata(db: MongoDatabase) -> str:
    """Name of the collection of the ticker lists, as it was at most `FRESH` seconds ago."""
    return str(_locations(db).get(TICKERS, {}).get("collection", TICKERS))


def require_adopted(db: MongoDatabase, category: Category) -> None:
    """Raise NotAdopted if the user's own data must be adopted before anything of `category` is written.

    It must be adopted if the category has bars and no list, or if its list would go into the user's own collection.
    """
    if has_list(db, category):
        return
    own = [of(db, category).collection, *([] if is_list_ours(db, metadata(db)) else [metadata(db)])]
    taken = [collection for collection in own if db[collection].find_one({}, {"_id": True}) is not None]
    if taken and not has_list(db, category):  # another process may have begun the list
        sentence = N_(
            "{collections} 컬렉션에 아직 받아들이지 않은 사용자의 데이터가 있어서 아무것도 쓰지 않았습니다. 첫 "
            "화면의 '목록 만들기' 단추를 누르거나 python -m finance_core.adopt --all 명령을 실행하십시오."
        )
        raise NotAdopted(sentence, collections=", ".join(taken))


def is_list_ours(db: MongoDatabase, collection: str = TICKERS) -> bool:
    """Whether a collection that has the name of our ticker lists is in our layout, or empty."""
    rows = db[collection]
    if rows.find_one({}, {"_id": True}) is None:
        return True
    ours = {"category": {"$in": [category.key for category in CATEGORIES]}, "ticker": {"$type": "string"}}
    return rows.find_one(ours, {"_id": True}) is not None


def has_list(db: MongoDatabase, category: Category) -> bool:
    """Whether `category` has any ticker in its list."""
    return db[metadata(db)].find_one({"category": category.key}, {"_id": True}) is not None


def require_writable(db: MongoDatabase, category: Category) -> None:
    """Raise ReadOnly if the bars of `category` are only read at this moment."""
    forget(db)
    writable(db, category)


def writable(db: MongoDatabase, category: Category) -> Location:
    """The location of `category`, as `of`. Raises ReadOnly if it is only read."""
    location = of(db, category)
    if location.read_only:
        sentence = N_(
            "이 카테고리는 사용자의 {collection} 컬렉션을 바꾸지 않고 읽기만 합니다. 먼저 '내 데이터' 화면이나 "
            "python -m finance_core.adopt --convert {collection} --category {category} 명령으로 전환하십시오."
        )
        raise ReadOnly(sentence, collection=location.collection, category=category.key)
    return location


def point(db: MongoDatabase, category: Category, location: Location) -> None:
    """Make `location` the location of the bars of `category`, for every process."""
    is_usual = location == Location(category.collection)
    _set(db, category.key, None if is_usual else {**vars(location), **_checks(location)})


def record_checks(db: MongoDatabase, category: Category, checked: Location) -> None:
    """Record the limits and the refused tickers of `checked`, for every process, if its collection is still read."""
    if (checks := _checks(checked)) != _checks(of(db, category)):
        still = {"_id": ID, f"{category.key}.collection": checked.collection}
        db[CHOICES].update_one(still, {"$set": {f"{category.key}.{name}": value for name, value in checks.items()}})
        forget(db)


def _checks(location: Location) -> dict[str, Any]:
    """What `location` is limited to and refuses, as MongoDB stores it."""
    return {"without": [*location.without], "only": dict(location.only), "refused": [*location.refused]}


def point_metadata(db: MongoDatabase, collection: str) -> None:
    """Make `collection` the location of the ticker lists, for every process."""
    _set(db, TICKERS, None if collection == TICKERS else {"collection": collection})


def forget(db: MongoDatabase) -> None:
    """Make the next call of `of` or `metadata` read the locations again."""
    global _forgotten
    with _lock:
        _forgotten += 1
        _read.pop(db, None)


def _set(db: MongoDatabase, key: str, location: dict[str, Any] | None) -> None:
    change = {"$set": {key: location}} if location else {"$unset": {key: ""}}
    db[CHOICES].update_one({"_id": ID}, change, upsert=True)
    forget(db)


def _locations(db: MongoDatabase) -> dict[str, LocationDocument]:
    now = time.monotonic()
    with _lock:
        read_at, locations = _read.get(db, (-FRESH, {}))
        forgotten = _forgotten
    if now - read_at < FRESH:
        return locations
    document = db[CHOICES].find_one({"_id": ID}, {"_id": False}) or {}
    locations = {key: location for key, location in document.items() if _is_location(location)}
    with _lock:
        if forgotten == _forgotten:
            _read[db] = (now, locations)
    return locations


def _is_location(value: Any) -> bool:
    """Whether `value` is a location of ours: the user's own `settings` may have a document of that name."""
    return (
        isinstance(value, dict)
        and isinstance(value.get("collection"), str)
        and isinstance(value.get("fields", {}), dict)
        # A newer version may write more, beside these.
        and (value.keys() <= Location.__annotations__.keys() or value.keys() >= {"fields", "read_only", "without"})
    )
