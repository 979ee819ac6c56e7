"""Edits of ticker lists by people: checked, applied if the editor saw the present values, kept in a history, undone.

An edit applies only if the fields that it changes still hold what its editor saw. So two people who change different
fields of a row both succeed, and never overwrite each other silently: of two who change the same field, the later one
gets a conflict to decide. Each save is one entry of `metadata_changes`. Updates do not edit; they write through
`tickers`.
"""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple, cast

from bson import ObjectId
from pymongo import DeleteOne, UpdateOne
from pymongo.client_session import ClientSession

from finance_core import ticker_fields
from finance_core.categories import Category
from finance_core.errors import SisepanError
from finance_core.i18n import N_
from finance_core.storage import database, locations, prices, tickers
from finance_core.storage.database import Document, MongoDatabase
from finance_core.storage.documents import EDITS, EditEntry, EditKind, RowChange, TickerRow

Values = dict[str, Any]
"""Values of editable fields, by key (see `ticker_fields`)."""
UNDONE = ("edit", "undo", "add", "list")
"""The kinds of entries that can be undone; deleted bars do not come back."""
WITHOUT_BARS: Document = {"bar_count": {"$in": [None, 0]}}
"""Rows of tickers without bars."""
BY_TICKER = {"category": 1, "ticker": 1}
"""The index that finds a row, as a hint for MongoDB. Without the hint, MongoDB may choose another one while a category
is empty, keep to that, and read every row of the category for each row that is added."""


@dataclass(frozen=True)
class Edit:
    """The changes that one editor wants in one row. `original` holds the values that the editor saw in these fields.

    An empty `original` adds the row; empty `changes` remove it, if it has no bars.
    """

    ticker: str
    original: Values
    changes: Values

    def then(self, later: "Edit") -> "Edit":
        """This edit and a `later` one of the same row, joined to one edit; the `original` of this one counts first."""
        return Edit(self.ticker, later.original | self.original, self.changes | later.changes)

    def as_change(self) -> RowChange:
        """This edit as the history keeps it."""
        return RowChange(ticker=self.ticker, before=self.original, after=self.changes)


@dataclass(frozen=True)
class Conflict:
    """An edit that did not apply, and the row as it is now; `theirs` is None where the row is gone."""

    mine: Edit
    theirs: TickerRow | None


@dataclass(frozen=True)
class Saved:
    """The result of a save."""

    applied: list[str]
    conflicts: list[Conflict]
    refused: dict[str, SisepanError] = field(default_factory=dict)
    """By ticker: the rule that its edit breaks."""
    entry: EditEntry | None = None
    """The entry in the history, with the rows to which an edit applied; None where there is no such row."""


class Comparison(NamedTuple):
    """What an uploaded list would change."""

    new: list[Values]
    """Rows to add: ticker, and all fields that lists set even without a header."""
    edits: list[Edit]
    """Changes of tickers that are on the list already, as of now."""
    unchanged: list[str]


def save(db: MongoDatabase, category: Category, edits: Sequence[Edit], who: str, kind: EditKind = "edit") -> Saved:
    """Apply the `edits` whose fields still hold what their editor saw, as one entry in the history.

    The others come back as conflicts, and those that break a rule as refused; their rows stay as they are.
    """
    allowed, refused = [], {}
    for edit in edits:
        try:
            changes = ticker_fields.checked(category, edit.changes, edit.original)
            allowed.append(replace(edit, changes=changes))
        except SisepanError as error:
            refused[edit.ticker] = error
    if not allowed:
        return Saved([], [], refused)
    database.prepare_writing(db, category)
    db[EDITS].create_index([("category", 1), ("when", -1)])
    wanted = _entry(category, kind, who, [edit.as_change() for edit in allowed])
    entry = database.atomically(db, lambda session: _apply(db, category, wanted, session))
    applied = [row["ticker"] for row in entry["rows"]]
    missed = [edit for edit in allowed if edit.ticker not in set(applied)]
    rows = _rows(db, category, [edit.ticker for edit in missed]) if missed else {}
    conflicts = [Conflict(edit, rows.get(edit.ticker)) for edit in missed]
    return Saved(applied, conflicts, refused, entry if applied else None)


def _apply(db: MongoDatabase, category: Category, entry: EditEntry, session: ClientSession | None) -> EditEntry:
    """Write the rows of `entry` whose fields still hold the values before it; returns `entry` with the written rows."""
    rows = _rows(db, category, [row["ticker"] for row in entry["rows"]], session)
    seen = [row for row in entry["rows"] if _is_as_before(row, rows.get(row["ticker"]))]
    if not seen:
        return _with_rows(entry, [])
    # The entry is written first, so that even without transactions a save that dies halfway has its entry.
    _remember(db, _with_rows(entry, seen), session)
    operations = [_operation(category, entry["_id"], row, rows.get(row["ticker"], TickerRow())) for row in seen]
    written = tickers.collection(db).bulk_write(operations, ordered=False, session=session)
    if written.modified_count + written.upserted_count + written.deleted_count == len(seen):
        return _with_rows(entry, seen)
    now = _rows(db, category, [row["ticker"] for row in seen], session)
    changed = {ticker for ticker, row in now.items() if row.get("changed_by") == entry["_id"]}
    applied = [row for row in seen if (row["ticker"] in changed if row["after"] else row["ticker"] not in now)]
    _remember(db, _with_rows(entry, applied), session)
    return _with_rows(entry, applied)


def _is_as_before(change: RowChange, row: TickerRow | None) -> bool:
    if row is None or not change["before"]:
        return row is None and not change["before"]
    if not change["after"] and row.get("bar_count"):
        return False
    return change["before"].items() <= ticker_fields.shown(row).items()


def _operation(category: Category, entry: ObjectId, change: RowChange, row: TickerRow) -> UpdateOne | DeleteOne:
    """The write of `change`, if the row still is as `row`: without transactions, another write may come first."""
    key, after = _key(category, change["ticker"]), change["after"]
    as_read = {name: {"$eq": row.get(name)} for name in after or change["before"]}
    if not change["before"]:
        new = {**tickers.new_row(category, change["ticker"], after), "changed_by": entry}
        return UpdateOne(key, {"$setOnInsert": new}, upsert=True, hint=BY_TICKER)
    if not after:
        return DeleteOne(key | as_read | WITHOUT_BARS, hint=BY_TICKER)
    return UpdateOne(key | as_read, {"$set": {**after, "changed_by": entry}}, hint=BY_TICKER)


class EntrySummary(NamedTuple):
    """An entry of the history without its changes, which may be of thousands of rows."""

    entry: ObjectId
    kind: EditKind
    who: str
    when: dt.datetime
    size: int
    """Number of tickers."""
    first: list[str]
    """The first tickers."""


def summaries(db: MongoDatabase, category: Category, limit: int) -> list[EntrySummary]:
    """The latest entries of the history, newest first, each with its first three tickers."""
    fields = {"kind": True, "who": True, "when": True, "size": {"$size": "$rows"}}
    pipeline: list[Document] = [
        {"$match": {"category": category.key}},
        {"$sort": {"when": -1}},
        {"$limit": limit},
        {"$project": {**fields, "first": {"$slice": ["$rows.ticker", 3]}}},
    ]
    return [EntrySummary(row.pop("_id"), **row) for row in db[EDITS].aggregate(pipeline)]


def entry(db: MongoDatabase, category: Category, change: ObjectId) -> EditEntry:
    """One entry of the history. Raises SisepanError if there is none."""
    document = db[EDITS].find_one({"_id": change, "category": category.key})
    if document is None:
        raise SisepanError(N_("되돌릴 수 없는 변경입니다."))
    return cast("EditEntry", document)


def undo(db: MongoDatabase, category: Category, change: ObjectId, who: str) -> Saved:
    """Bring back the values before an edit, in the rows whose fields still hold the values of the edit.

    Rows that the edit added are removed; rows that have bars by now only become inactive. Rows that hold other values
    come back as conflicts. Raises SisepanError if the entry is of a kind that cannot be undone.
    """
    changed = entry(db, category, change)
    if changed["kind"] not in UNDONE:
        raise SisepanError(N_("되돌릴 수 없는 변경입니다."))
    stored = _rows(db, category, [row["ticker"] for row in changed["rows"]])
    edits = []
    for row in changed["rows"]:
        now: TickerRow = stored.get(row["ticker"], TickerRow())
        is_used = not row["before"] and now.get("bar_count") and _is_as_before(_turned(row), {**now, "bar_count": 0})
        edits.append(_off(row["ticker"]) if is_used else Edit(row["ticker"], row["after"], row["before"]))
    saved = save(db, category, edits, who, "undo")
    # A ticker that exists again needs no adding. An added ticker that was changed since may still become inactive.
    conflicts = [
        each if each.mine.changes or each.theirs is None else replace(each, mine=_off(each.mine.ticker))
        for each in saved.conflicts
        if each.mine.original
    ]
    return replace(saved, conflicts=conflicts)


def _off(ticker: str) -> Edit:
    """The edit that makes a ticker inactive: it is neither updated nor suggested any more."""
    return Edit(ticker, {"active": True}, {"active": False})


def _turned(change: RowChange) -> RowChange:
    return RowChange(ticker=change["ticker"], before=change["after"], after=change["before"])


def add(db: MongoDatabase, category: Category, rows: Iterable[Values], who: str) -> list[str]:
    """Register the tickers of `rows` (ticker and editable fields) that are not there yet; returns those.

    Raises SisepanError where a row breaks a rule; then no row is added.
    """
    wanted = {row["ticker"]: ticker_fields.checked(category, row) for row in rows}
    return save(db, category, [Edit(ticker, {}, values) for ticker, values in wanted.items()], who, "add").applied


def compare(db: MongoDatabase, category: Category, rows: Sequence[Values]) -> Comparison:
    """Compare `rows` (ticker, and the fields that a list sets) with the stored rows. Writes nothing."""
    stored = _rows(db, category, [row["ticker"] for row in rows])
    result = Comparison([], [], [])
    for row in rows:
        ticker = row["ticker"]
        if ticker not in stored:
            fields = [field for field in ticker_fields.in_lists() if field.key in row or not field.needs_header]
            result.new.append({"ticker": ticker} | {field.key: field.shown(row) for field in fields})
            continue
        now = ticker_fields.shown(stored[ticker])
        changes = {key: value for key, value in ticker_fields.held(row).items() if value != now[key]}
        if changes:
            original = {key: now[key] for key in changes}
            result.edits.append(Edit(ticker, original, changes))
        else:
            result.unchanged.append(ticker)
    return result


def deactivate(db: MongoDatabase, category: Category, wanted: Sequence[str], who: str) -> Saved:
    """Make tickers inactive: they are neither updated nor suggested any more. Their bars stay. Can be undone."""
    edits = [
        _off(ticker)
        for ticker, row in _rows(db, category, wanted).items()
        if ticker_fields.shown(row)["active"]  # else an undo would activate an inactive ticker
    ]
    return save(db, category, edits, who)


def delete(db: MongoDatabase, category: Category, wanted: Sequence[str], who: str) -> int:
    """Remove tickers and all of their bars, for good; returns the number of bars. Can be repeated if it was broken off.

    Raises ReadOnly where the bars are only read.
    """
    locations.require_writable(db, category)
    rows = _rows(db, category, wanted)
    changes = [RowChange(ticker=ticker, before=ticker_fields.held(row), after={}) for ticker, row in rows.items()]
    _remember(db, _entry(category, "remove", who, changes))
    removed = 0
    for ticker in wanted:
        removed += prices.delete(db, category, ticker)
        # Last, so that a ticker of which only some bars are deleted is still on the list.
        tickers.collection(db).delete_one(_key(category, ticker))
        # Once more: an update that still saw the ticker on the list may have stored bars of it in the meantime.
        removed += prices.delete(db, category, ticker)
    return removed


def _key(category: Category, ticker: str) -> Document:
    return {"category": category.key, "ticker": ticker}


def _rows(
    db: MongoDatabase, category: Category, wanted: Sequence[str], session: ClientSession | None = None
) -> dict[str, TickerRow]:
    query = {"category": category.key, "ticker": {"$in": list(wanted)}}
    return {row["ticker"]: row for row in tickers.collection(db).find(query, {"_id": False}, session=session)}


def _entry(category: Category, kind: EditKind, who: str, rows: list[RowChange]) -> EditEntry:
    return EditEntry(_id=ObjectId(), category=category.key, kind=kind, who=who, when=tickers.now(), rows=rows)


def _with_rows(entry: EditEntry, rows: list[RowChange]) -> EditEntry:
    return cast("EditEntry", {**entry, "rows": rows})


def _remember(db: MongoDatabase, entry: EditEntry, session: ClientSession | None = None) -> None:
    """Store `entry` in the history, in place of an entry with its id; an entry without rows is deleted."""
    if entry["rows"]:
        db[EDITS].replace_one({"_id": entry["_id"]}, cast("Document", entry), upsert=True, session=session)
    else:
        db[EDITS].delete_one({"_id": entry["_id"]}, session=session)
