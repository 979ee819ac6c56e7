"""What import runs do and did: the summary of one, and the documents that MongoDB keeps of imports and refused rows.

`imports` has a document for each import, `import_refusals` one for each row that it refused.
"""

import datetime as dt
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from typing import Any, cast

from bson import ObjectId

from finance_core.categories import Category
from finance_core.errors import DataConflict, SisepanError
from finance_core.foreign.conversion import Conversion, Converted, Refusal
from finance_core.foreign.mending import Changes
from finance_core.foreign.sources import Source
from finance_core.foreign.verification import Checks
from finance_core.storage import runs, tickers
from finance_core.storage.database import Document, MongoDatabase
from finance_core.storage.documents import IMPORTS, REFUSALS, ImportRecord, Kind, State

REFUSALS_KEPT = 100_000
"""Refused rows that a dry run keeps, to be listed; it counts all of them."""
COUNTS = ("total", "done", "current", "added", "replaced", "removed", "changed", "refused", "rows", "bars")


@dataclass
class Summary:
    """The progress or the outcome of a run with the user's own data."""

    category: str
    source: str
    kind: Kind = "import"
    run: ObjectId = field(default_factory=ObjectId)
    import_id: ObjectId = field(default_factory=ObjectId)
    total: int = 0
    """Tickers, like the next two."""
    done: int = 0
    current: int = 0
    """Done by an earlier run of the same import, which was interrupted."""
    rows: int = 0
    bars: int = 0
    """Bars that the rows became."""
    added: int = 0
    replaced: int = 0
    removed: int = 0
    changed: int = 0
    """Bars that `candles.clean` mended."""
    refused: int = 0
    """Rows."""
    first: dt.date | None = None
    last: dt.date | None = None
    reasons: dict[str, int] = field(default_factory=dict)
    """Message ids of reasons, and how many rows were refused for each."""
    failures: list[runs.Failure] = field(default_factory=list)
    """Tickers whose stored bars were left as they are, or, where `kind` is "read", that cannot be read as they are."""
    conversions: list[Conversion] = field(default_factory=list)
    """Of a dry run, like the next."""
    refusals: list[Refusal] = field(default_factory=list)
    """The first `REFUSALS_KEPT`, which are stored nowhere."""
    verified: int = 0
    """Tickers that were read back and have the days and closes that they should have."""
    differing: list[str] = field(default_factory=list)
    """Tickers that were read back and do not, or are not true to raw rows or to the calendar of their exchange."""
    changes: Changes = field(default_factory=dict)
    """What was changed of the values of each field, and how."""
    checks: Checks = field(default_factory=Checks)
    state: State = "running"
    is_dry: bool = False
    """True: a dry run, which writes nothing."""

    @property
    def is_convertible(self) -> bool:
        """Whether a conversion can take all tickers that cannot be read as they are."""
        return all(isinstance(failure.error, DataConflict) for failure in self.failures)

    @property
    def counts(self) -> dict[str, int]:
        """The numbers that the record of the run has."""
        return {**{name: getattr(self, name) for name in COUNTS}, "failed": len(self.failures)}

    def count(self, converted: Converted) -> None:
        """Count the rows of one ticker, or of none."""
        bars = converted.bars
        self.rows += converted.rows
        self.bars += len(bars)
        self.changed += len(converted.remarks)
        self.refused += len(converted.refusals)
        for refusal in converted.refusals:
            self.reasons[refusal.reason.message] = self.reasons.get(refusal.reason.message, 0) + 1
        for way, change in converted.changes.items():
            known = self.changes.get(way)
            self.changes[way] = known._replace(times=known.times + change.times) if known else change
        self.done += bool(converted.ticker)
        if len(bars):
            self.first = min(self.first or dt.date.max, bars.index[0].date())
            self.last = max(self.last or dt.date.min, bars.index[-1].date())


Progress = Callable[[Summary], None]


def begin(db: MongoDatabase, category: Category, source: Source) -> tuple[ObjectId, bool]:
    """The id of the interrupted import of the very same rows, or of a new one, and whether it is new.

    Rows under a known name that are not the same are a new import: last month's would hide them otherwise.
    """
    content = [source.fingerprint()]
    last = latest(db, category, source.name)
    if last and last["state"] == "running" and last.get("content") == content:
        return last["_id"], False
    of_source = {"category": category.key, "source": source.name}
    earlier = [record["_id"] for record in db[IMPORTS].find(of_source, {"_id": True})]
    db[REFUSALS].create_index("import")
    record: Document = {**of_source, "state": "running", "started_at": tickers.now(), "content": content}
    import_id = db[IMPORTS].insert_one(record).inserted_id
    db[IMPORTS].update_many({"_id": {"$in": earlier}, "state": "running"}, {"$set": {"state": "abandoned"}})
    db[REFUSALS].delete_many({"import": {"$in": earlier}})
    return import_id, True


def finish(db: MongoDatabase, summary: Summary, done: int) -> None:
    """Record that an import is complete, with `done` tickers taken."""
    outcome = {
        "state": "done",
        "finished_at": tickers.now(),
        "tickers": done,
        "bars": summary.bars,
        "refused": summary.refused,
        "verified": summary.verified,
        "differing": summary.differing,
        "kept": len(summary.failures),
    }
    db[IMPORTS].update_one({"_id": summary.import_id}, {"$set": outcome})


def latest(db: MongoDatabase, category: Category, source: str) -> ImportRecord | None:
    """The running or last import of `source`; None where it has none."""
    # A user's own collection of that name may hold something else.
    ours = {"category": category.key, "source": source, "started_at": {"$type": "date"}}
    return cast("ImportRecord | None", db[IMPORTS].find_one(ours, sort=[("started_at", -1)]))


def keep_refusals(db: MongoDatabase, import_id: ObjectId, converted: Converted) -> None:
    """Store the refused rows of one ticker, or of none."""
    of = {"import": import_id, "of": converted.ticker}
    rows: list[Document] = [
        {**of, "place": place, "ticker": ticker, "date": date, **reason.as_document()}
        for place, ticker, date, reason in converted.refusals
    ]
    if rows:
        db[REFUSALS].insert_many(rows)


def drop_refusals(db: MongoDatabase, import_id: ObjectId, done: Collection[str]) -> None:
    """Forget the refused rows of an import but for the tickers that are `done`: the others are read again."""
    db[REFUSALS].delete_many({"import": import_id, "of": {"$nin": list(done)}})


def count_refusals(db: MongoDatabase, import_id: ObjectId, **of: str) -> int:
    """How many rows an import refused; with of="", those that name no ticker of the category."""
    return db[REFUSALS].count_documents({"import": import_id, **of})


def refusals(db: MongoDatabase, import_id: ObjectId) -> Iterator[Refusal]:
    """Every row that an import refused."""
    for row in db[REFUSALS].find({"import": import_id}).sort("_id", 1):
        yield Refusal(row["place"], row["ticker"], row["date"], SisepanError.from_document(row))


def reasons(db: MongoDatabase, import_id: ObjectId) -> dict[str, int]:
    """The message ids of the reasons for which an import refused rows, with counts, the commonest first."""
    of_reason = {"$group": {"_id": "$message", "count": {"$sum": 1}}}
    steps: list[dict[str, Any]] = [{"$match": {"import": import_id}}, of_reason, {"$sort": {"count": -1, "_id": 1}}]
    return {group["_id"]: group["count"] for group in db[REFUSALS].aggregate(steps)}
