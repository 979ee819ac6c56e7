"""Edits of `ticker_metadata` by people: checked, applied only to what the editor saw, kept in a history, undone.

Every row carries a `version`, which rises with each edit; an edit applies only if it is still the one that the editor
saw. So two people never overwrite each other silently: the later one gets a conflict to decide. What a save changed is
one entry of `metadata_changes`. What the updater records is no edit and passes through `tickers`.
"""

import datetime as dt
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from bson import ObjectId
from pymongo import UpdateOne
from pymongo.client_session import ClientSession

from finance_core.categories import Category
from finance_core.errors import SisepanError
from finance_core.i18n import N_
from finance_core.storage import database, locations, prices, tickers
from finance_core.storage.database import Document, MongoDatabase
from finance_core.storage.documents import EDITS

EDITABLE = ("name", "market", "marker", "active")
MARKERS = {"circle": "●", "rect": "■", "triangle": "▲", "diamond": "◆", "pin": "▼", "arrow": "➤", "emptyCircle": "○"}
"""Markers that a comparison chart can draw (their names are ECharts'), each with how a list shows it."""
NAME_LIMIT = 200
"""Characters."""


@dataclass(frozen=True)
class Edit:
    """What one editor wants of one row. `original` holds, for the changed fields, what the editor saw."""

    ticker: str
    version: int | None
    """The row's version when the editor saw it; None where it had none."""
    original: Document
    changes: Document


@dataclass(frozen=True)
class Conflict:
    """An edit that did not apply, and what the row holds now; `theirs` is None where the row is gone."""

    mine: Edit
    theirs: Document | None


@dataclass(frozen=True)
class Saved:
    """What a save did."""

    applied: list[str]
    conflicts: list[Conflict]
    refused: dict[str, SisepanError] = field(default_factory=dict)
    """By ticker: edits that break a rule."""


@dataclass(frozen=True)
class Change:
    """One entry of the history."""

    id: ObjectId
    kind: str
    """edit, undo, add or remove."""
    who: str
    when: dt.datetime
    """UTC, tz-naive."""
    rows: list[Document]
    """Ticker, before and after (the changed fields) of each row."""


def checked_name(name: object) -> str:
    """`name` without spaces around it. Raises SisepanError with the rule that it breaks."""
    text = unicodedata.normalize("NFC", str(name or "")).strip()
    if not any(unicodedata.category(char) not in ("Cf", "Zs") for char in text):
        raise SisepanError(N_("이름이 비어 있습니다."))
    if len(text) > NAME_LIMIT:
        raise SisepanError(N_("이름이 {limit}자를 넘습니다."), limit=NAME_LIMIT)
    if any(unicodedata.category(char) in ("Cc", "Cs", "Zl", "Zp") or _turns_text(char) for char in text):
        raise SisepanError(N_("이름에 제어 문자가 있습니다."))
    return text


def _turns_text(char: str) -> bool:
    """Whether `char` is unseen and turns the direction of what follows, beyond the name's own end."""
    return unicodedata.bidirectional(char) in ("LRE", "RLE", "LRO", "RLO", "LRI", "RLI", "FSI", "PDF", "PDI")


def checked(category: Category, changes: Document, before: Document | None = None) -> Document:
    """`changes` as they may be written. Raises SisepanError with the rule that one of them breaks.

    A market that the row has already (`before`) may stay, even if the category does not know it.
    """
    result = dict(changes)
    if "name" in result:
        result["name"] = checked_name(result["name"])
    if "market" in result:
        known = {market.key for market in category.markets} | {"", str((before or {}).get("market") or "")}
        if result["market"] not in known:
            raise SisepanError(N_("모르는 시장입니다: {market}"), market=str(result["market"])[:40])
    if "marker" in result and result["marker"] not in MARKERS:
        raise SisepanError(N_("모르는 표식입니다: {marker}"), marker=str(result["marker"])[:40])
    if "active" in result and not isinstance(result["active"], bool):
        raise SisepanError(N_("사용 여부는 예 또는 아니요여야 합니다."))
    return result


def save(db: MongoDatabase, category: Category, edits: Sequence[Edit], who: str, kind: str = "edit") -> Saved:
    """Apply the `edits` whose rows are still what their editor saw, in one bulk write; one entry in the history.

    The others are told as conflicts, and what breaks a rule as refused; both are left as they are.
    """
    allowed, refused = [], {}
    for edit in edits:
        try:
            changes = checked(category, edit.changes, edit.original)
            allowed.append(Edit(edit.ticker, edit.version, edit.original, changes))
        except SisepanError as error:
            refused[edit.ticker] = error
    if not allowed:
        return Saved([], [], refused)
    database.ensure_indexes(db, [])
    db[EDITS].create_index([("category", 1), ("when", -1)])
    change = ObjectId()

    def write(session: ClientSession | None) -> set[str]:
        return _apply(db, category, allowed, who, kind, change, session)

    applied = database.atomically(db, write)
    missed = [edit for edit in allowed if edit.ticker not in applied]
    now = _rows(db, category, [edit.ticker for edit in missed])
    conflicts = [Conflict(edit, now.get(edit.ticker)) for edit in missed]
    return Saved([edit.ticker for edit in allowed if edit.ticker in applied], conflicts, refused)


def _apply(
    db: MongoDatabase,
    category: Category,
    edits: Sequence[Edit],
    who: str,
    kind: str,
    change: ObjectId,
    session: ClientSession | None,
) -> set[str]:
    entry = _entry(change, category, kind, who, [_row(edit.ticker, edit.original, edit.changes) for edit in edits])
    # First, so that a save that dies halfway through, where there are no transactions, has an entry all the same.
    db[EDITS].replace_one({"_id": change}, entry, upsert=True, session=session)
    operations = [
        UpdateOne(
            {"category": category.key, "ticker": edit.ticker, "version": edit.version},
            {"$set": {**edit.changes, "changed_by": change}, "$inc": {"version": 1}},
        )
        for edit in edits
    ]
    result = tickers.collection(db).bulk_write(operations, ordered=False, session=session)
    if result.matched_count == len(edits):
        return {edit.ticker for edit in edits}
    applied = _applied(db, category, change, session)
    if applied:
        rows = [row for row in entry["rows"] if row["ticker"] in applied]
        db[EDITS].update_one({"_id": change}, {"$set": {"rows": rows}}, session=session)
    else:
        db[EDITS].delete_one({"_id": change}, session=session)
    return applied


def _applied(db: MongoDatabase, category: Category, change: ObjectId, session: ClientSession | None) -> set[str]:
    query = {"category": category.key, "changed_by": change}
    return {row["ticker"] for row in tickers.collection(db).find(query, {"ticker": True}, session=session)}


def history(db: MongoDatabase, category: Category, limit: int) -> list[Change]:
    """The latest changes, newest first."""
    found = db[EDITS].find({"category": category.key}).sort("when", -1).limit(limit)
    return [Change(each["_id"], each["kind"], each["who"], each["when"], each["rows"]) for each in found]


def undo(db: MongoDatabase, category: Category, change: ObjectId, who: str) -> Saved:
    """Bring back what the rows of an edit held before it, where they still hold what it gave them."""
    entry = db[EDITS].find_one({"_id": change, "category": category.key})
    if entry is None or entry["kind"] not in ("edit", "undo"):
        raise SisepanError(N_("되돌릴 수 없는 변경입니다."))
    now = _rows(db, category, [row["ticker"] for row in entry["rows"]])
    edits, conflicts = [], []
    for row in entry["rows"]:
        stored = now.get(row["ticker"])
        edit = Edit(row["ticker"], (stored or {}).get("version"), row["after"], row["before"])
        unchanged = stored is not None and all(shown(stored, name) == row["after"][name] for name in row["after"])
        if unchanged:
            edits.append(edit)
        else:
            conflicts.append(Conflict(edit, stored))
    saved = save(db, category, edits, who, "undo")
    return Saved(saved.applied, conflicts + saved.conflicts, saved.refused)


def shown(row: Mapping[str, Any], name: str) -> Any:
    """The value of an editable field as an editor sees it, where a row does not have it too."""
    if name == "active":
        return row.get("active") is not False
    if name == "name":
        return str(row.get("name") or row["ticker"])
    return str(row.get(name) or ("circle" if name == "marker" else ""))


def add(db: MongoDatabase, category: Category, rows: Iterable[Document], who: str) -> list[str]:
    """Register the tickers of `rows` (ticker, name, market, marker) that are not there yet; returns which.

    Raises SisepanError where one breaks a rule; then none is added.
    """
    wanted = {row["ticker"]: {"ticker": row["ticker"], **checked(category, _editable(row))} for row in rows}
    database.ensure_indexes(db, [])
    stored = _rows(db, category, list(wanted))
    new = [ticker for ticker in wanted if ticker not in stored]
    added = {ticker: wanted[ticker] for ticker in new}
    tickers.register(db, category, added.values())
    _remember(db, category, "add", who, [_row(ticker, {}, _editable(row)) for ticker, row in added.items()])
    return new


class Comparison(NamedTuple):
    """What an import would do."""

    new: list[Document]
    edits: list[Edit]
    """Changes of tickers that are on the list already, as of now."""
    unchanged: list[str]


def compare(db: MongoDatabase, category: Category, rows: Sequence[Document]) -> Comparison:
    """`rows` (ticker, and name, market and marker where they are said) against what is stored. Writes nothing."""
    stored = _rows(db, category, [row["ticker"] for row in rows])
    result = Comparison([], [], [])
    for row in rows:
        ticker, said = row["ticker"], _editable(row)
        if ticker not in stored:
            result.new.append({"name": ticker, "market": "", "marker": "circle", **row})
            continue
        now = {name: shown(stored[ticker], name) for name in said}
        changes = {name: value for name, value in said.items() if value != now[name]}
        if changes:
            original = {name: now[name] for name in changes}
            result.edits.append(Edit(ticker, stored[ticker].get("version"), original, changes))
        else:
            result.unchanged.append(ticker)
    return result


def deactivate(db: MongoDatabase, category: Category, wanted: Sequence[str], who: str) -> Saved:
    """Take tickers off the lists of what is updated and suggested; their bars stay. Can be undone."""
    rows = _rows(db, category, wanted)
    edits = [
        Edit(ticker, row.get("version"), {"active": True}, {"active": False})
        for ticker, row in rows.items()
        if shown(row, "active")  # else an undo would bring back what was never there
    ]
    return save(db, category, edits, who)


def delete(
    db: MongoDatabase,
    category: Category,
    wanted: Sequence[str],
    who: str,
    progress: Callable[[float], None] = lambda _done: None,
) -> int:
    """Remove tickers and all of their bars, for good; returns how many bars went. Broken off, it can be repeated.

    Raises ReadOnly where the bars are only read.
    """
    locations.require_writable(db, category)
    removed = 0
    _remember(
        db, category, "remove", who, [_row(ticker, row, {}) for ticker, row in _rows(db, category, wanted).items()]
    )
    for done, ticker in enumerate(wanted, start=1):
        removed += prices.delete(db, category, ticker)
        # Last, so that a ticker whose bars are only half gone is still on the list.
        tickers.collection(db).delete_one({"category": category.key, "ticker": ticker})
        progress(done / len(wanted))
    return removed


def _editable(row: Document) -> Document:
    return {name: row[name] for name in EDITABLE if name in row}


def _rows(db: MongoDatabase, category: Category, wanted: Sequence[str]) -> dict[str, Document]:
    query = {"category": category.key, "ticker": {"$in": list(wanted)}}
    return {row["ticker"]: dict(row) for row in tickers.collection(db).find(query, {"_id": False})}


def _row(ticker: str, before: Document, after: Document) -> Document:
    return {"ticker": ticker, "before": _editable(before) if not after else before, "after": after}


def _entry(change: ObjectId, category: Category, kind: str, who: str, rows: list[Document]) -> Document:
    return {"_id": change, "category": category.key, "kind": kind, "who": who, "when": tickers.now(), "rows": rows}


def _remember(db: MongoDatabase, category: Category, kind: str, who: str, rows: list[Document]) -> None:
    if rows:
        db[EDITS].insert_one(_entry(ObjectId(), category, kind, who, rows))
