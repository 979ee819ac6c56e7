"""Named lists of tickers of all categories, in an order that people choose, with a note for each (`watchlists`).

The first list is that of the favourites: a star (`tickers.set_favourite`) puts a ticker on it or takes it off, and this
module keeps only the order and the notes of the favourites. Every visitor sees a shared list.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from bson import ObjectId

from finance_core import categories, ticker_fields
from finance_core.bars.panel import BETWEEN
from finance_core.categories import Category
from finance_core.errors import SisepanError
from finance_core.i18n import N_, in_all_languages
from finance_core.storage import tickers
from finance_core.storage.database import MongoDatabase
from finance_core.storage.documents import WATCHLISTS

FAVOURITES: Final = "favourites"
"""Id of the first list."""
FAVOURITES_NAME: Final = N_("관심종목")
MOST_LISTS, MOST_ENTRIES = 50, 300
ATTEMPTS: Final = 5
"""How often a change is tried again because another person changes the list at the same time."""
DELETED: Final = N_("그 사이에 목록이 지워졌습니다. 화면을 새로 고치십시오.")
NOT_DELETED: Final = N_("그 사이에 다른 사람이 이 목록을 바꾸어서 지우지 않았습니다. 화면을 새로 고치십시오.")
CHANGED: Final = N_("그 사이에 다른 사람이 이 목록을 바꾸어서 저장하지 않았습니다. 화면을 새로 고치십시오.")


class Entry(NamedTuple):
    """A ticker on a list."""

    category: str
    ticker: str
    note: str = ""


@dataclass(frozen=True)
class Watchlist:
    """A list."""

    id: str
    name: str
    """"" for the favourites."""
    shared: bool
    entries: tuple[Entry, ...]


def load(db: MongoDatabase) -> list[Watchlist]:
    """All lists: the favourites first, then the others in the order in which they were made."""
    stored = {document["_id"]: document for document in db[WATCHLISTS].find().sort("_id", 1)}
    first = stored.pop(FAVOURITES, {"_id": FAVOURITES})
    others = [_list(document) for document in stored.values()]
    return [_favourites(db, _list(first)), *others]


def groups(db: MongoDatabase, category: Category) -> dict[str, str]:
    """The names of the shared lists of each ticker of `category`, joined by `BETWEEN`; only tickers on such a list."""
    names: dict[str, list[str]] = defaultdict(list)
    for document in db[WATCHLISTS].find({"shared": True, "_id": {"$ne": FAVOURITES}}).sort("_id", 1):
        for entry in _list(document).entries:
            if entry.category == category.key:
                names[entry.ticker].append(document["name"])
    return {ticker: BETWEEN.join(of_ticker) for ticker, of_ticker in names.items()}


def create(db: MongoDatabase, name: str) -> str:
    """Make an empty list, unless there is one of this name that is still empty; returns its id.

    Raises SisepanError if the name breaks a rule or another list has it, or lists are too many.
    """
    kept = ticker_fields.clean_name(name)
    if same := db[WATCHLISTS].find_one({"name": kept, "entries": []}, {"_id": True}):  # as after a double click
        return str(same["_id"])
    _require_free(db, "", kept)
    if db[WATCHLISTS].count_documents({}) >= MOST_LISTS:
        raise SisepanError(N_("목록은 {limit}개까지 만듭니다. 쓰지 않는 것을 지우십시오."), limit=MOST_LISTS)
    key = str(ObjectId())
    db[WATCHLISTS].insert_one({"_id": key, "name": kept, "shared": False, "entries": []})
    return key


def share(db: MongoDatabase, key: str, shared: bool) -> None:
    """Show a list to every visitor, or stop that. Raises SisepanError if another person has deleted it."""
    of_list, is_first = {"_id": key}, key == FAVOURITES
    found = db[WATCHLISTS].update_one(of_list, {"$set": {"shared": shared}}, upsert=is_first).matched_count
    if not found and not is_first:
        raise SisepanError(DELETED)


def rename(db: MongoDatabase, key: str, before: str, name: str) -> None:
    """Give the list that was called `before` another name.

    Raises SisepanError if the name breaks a rule, another list has it, or another person has renamed or deleted it.
    """
    name = ticker_fields.clean_name(name)
    _require_free(db, key, name)
    as_seen = {"_id": key, "name": {"$in": [before, name]}}
    renamed = db[WATCHLISTS].update_one(as_seen, {"$set": {"name": name}})
    if not renamed.matched_count:
        raise SisepanError(CHANGED)


def _require_free(db: MongoDatabase, key: str, name: str) -> None:
    """Raise SisepanError if another list than `key` has this name."""
    is_default = key != FAVOURITES and name in in_all_languages(FAVOURITES_NAME)
    if is_default or db[WATCHLISTS].count_documents({"_id": {"$ne": key}, "name": name}, limit=1):
        raise SisepanError(N_("{name}: 이 이름의 목록이 이미 있습니다. 다른 이름을 쓰십시오."), name=name)


def remove(db: MongoDatabase, key: str, seen: Sequence[Entry]) -> None:
    """Delete a list that still has the entries `seen`. The favourites lose only their order and notes.

    Raises SisepanError if another person has changed or deleted it.
    """
    document = db[WATCHLISTS].find_one({"_id": key})
    if document is None and key == FAVOURITES:
        return
    is_as_seen = document is not None and (key == FAVOURITES or _list(document).entries == tuple(seen))
    if document is None or not is_as_seen or not db[WATCHLISTS].delete_one(document).deleted_count:
        raise SisepanError(NOT_DELETED)


def add(db: MongoDatabase, key: str, entries: Iterable[Entry]) -> int:
    """Put tickers at the end of a list, and return how many were not on it yet.

    Raises SisepanError if the list would be too long, or was deleted.
    """
    if key == FAVOURITES:
        return _add_stars(db, entries)
    added = 0
    for entry in entries:
        same = {"category": entry.category, "ticker": entry.ticker}
        has_room = {f"entries.{MOST_ENTRIES - 1}": {"$exists": False}}
        is_new = {"_id": key, "entries": {"$not": {"$elemMatch": same}}, **has_room}
        if db[WATCHLISTS].update_one(is_new, {"$push": {"entries": _document(entry)}}).matched_count:
            added += 1
        elif db[WATCHLISTS].count_documents({"_id": key}, limit=1) == 0:
            raise SisepanError(DELETED)
        elif db[WATCHLISTS].count_documents({"_id": key, **has_room}, limit=1) == 0:
            raise SisepanError(N_("목록에 {limit}종목이 이미 들어 있어 더 넣지 못합니다."), limit=MOST_ENTRIES)
    return added


def _add_stars(db: MongoDatabase, entries: Iterable[Entry]) -> int:
    before = {entry[:2] for entry in _favourites(db, _list({"_id": FAVOURITES})).entries}
    added = list(dict.fromkeys(entry for entry in entries if entry[:2] not in before))
    place = {entry[:2]: position for position, entry in enumerate(added)}
    for entry in added:
        tickers.set_favourite(db, categories.category(entry.category), entry.ticker, True)

    def ordered(stars: list[Entry], position: int) -> int:
        stars.sort(key=lambda star: place.get(star[:2], -1))
        return position

    if added:
        _changed(db, FAVOURITES, added[-1], ordered)
    return len(added)


def take_out(db: MongoDatabase, key: str, entry: Entry) -> None:
    """Take a ticker off a list."""
    if key == FAVOURITES:
        tickers.set_favourite(db, categories.category(entry.category), entry.ticker, False)
    same = {"category": entry.category, "ticker": entry.ticker}
    db[WATCHLISTS].update_one({"_id": key}, {"$pull": {"entries": same}})


def move(db: MongoDatabase, key: str, entry: Entry, step: int) -> int:
    """Move a ticker of a list by so many places, and return its new position. Raises SisepanError as `annotate`."""

    def moved(entries: list[Entry], position: int) -> int:
        place = min(max(position + step, 0), len(entries) - 1)
        entries.insert(place, entries.pop(position))
        return place

    return _changed(db, key, entry, moved)


def annotate(db: MongoDatabase, key: str, entry: Entry, note: str) -> None:
    """Give a ticker of a list another note than that of `entry`.

    Raises SisepanError if the note breaks a rule or is another one by now, or if the ticker is on the list no more.
    """
    cleaned = ticker_fields.clean_text(note)

    def annotated(entries: list[Entry], position: int) -> int:
        if entries[position].note not in (entry.note, cleaned):
            raise SisepanError(CHANGED)
        entries[position] = entry._replace(note=cleaned)
        return position

    _changed(db, key, entry, annotated)


def _changed(db: MongoDatabase, key: str, entry: Entry, change: Callable[[list[Entry], int], int]) -> int:
    """Apply `change` to the present entries of a list and the position of the ticker of `entry` among them."""
    lists = db[WATCHLISTS]
    if key == FAVOURITES:
        lists.update_one({"_id": key}, {"$setOnInsert": {"entries": []}}, upsert=True)
    for _attempt in range(ATTEMPTS):
        document = lists.find_one({"_id": key}) or {"_id": key}
        read, hidden = _list(document), set()
        if key == FAVOURITES:
            read, hidden = _favourites(db, read, active=None), _starred(db, active=False)
        entries = [entry for entry in read.entries if entry[:2] not in hidden]
        position = next((at for at, each in enumerate(entries) if each[:2] == entry[:2]), None)
        if position is None:
            break
        position = change(entries, position)
        _put_back(entries, read.entries, hidden)
        same = {"_id": key, "entries": document.get("entries")}
        if lists.update_one(same, {"$set": {"entries": [*map(_document, entries)]}}).matched_count:
            return position
    raise SisepanError(CHANGED)


def _put_back(entries: list[Entry], before: Sequence[Entry], hidden: set[tuple[str, str]]) -> None:
    """Put the `hidden` entries of `before` into the changed `entries`, each after the one that it followed."""
    for at, entry in enumerate(before):
        if entry[:2] in hidden:
            keys = [each[:2] for each in entries]
            entries.insert(keys.index(before[at - 1][:2]) + 1 if at else 0, entry)


def _document(entry: Entry) -> dict[str, str]:
    return {name: value for name, value in entry._asdict().items() if value or name != "note"}


def _list(document: dict[str, Any]) -> Watchlist:
    known = {category.key for category in categories.CATEGORIES}
    entries = tuple(Entry(**entry) for entry in document.get("entries", []) if entry["category"] in known)
    is_first = document["_id"] == FAVOURITES
    return Watchlist(document["_id"], document.get("name", ""), document.get("shared", is_first), entries)


def _starred(db: MongoDatabase, active: bool | None) -> set[tuple[str, str]]:
    return {
        (category.key, row["ticker"])
        for category in categories.CATEGORIES
        for row in tickers.starred(db, category, active=active)
    }


def _favourites(db: MongoDatabase, arranged: Watchlist, active: bool | None = True) -> Watchlist:
    """The tickers with a star, in the order of `arranged`; those that are not in it last, by name.

    They are the active ones, or all with None: a ticker that is switched off keeps its place and its note.
    """
    starred = _starred(db, active)
    known = [entry for entry in arranged.entries if entry[:2] in starred]
    others = sorted(starred.difference(entry[:2] for entry in known))
    return Watchlist(FAVOURITES, arranged.name, arranged.shared, (*known, *(Entry(*key) for key in others)))
