"""Records of import runs: the summary of one run, and the stored documents of imports and refused rows.

The collection `imports` has a document for each import, `import_refusals` one for each refused row.
"""

import datetime as dt
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from bson import ObjectId

from finance_core.categories import Category
from finance_core.errors import DataConflict, SisepanError
from finance_core.foreign.conversion import Conversion, Converted, Refusal
from finance_core.foreign.mending import Changes
from finance_core.foreign.table_source import Source
from finance_core.foreign.verification import Checks
from finance_core.storage import runs, tickers
from finance_core.storage.database import Document, MongoDatabase
from finance_core.storage.documents import IMPORTS, REFUSALS, ImportRecord, Kind, State

REFUSALS_KEPT = 100_000
"""The most refused rows that a dry run keeps for its report; all are counted."""
COUNTS = ("total", "done", "current", "added", "replaced", "removed", "changed", "refused", "rows", "bars")


@dataclass
class Summary:
    """The progress or the outcome of a run that imports, converts or reads the user's own data."""

    category: str
    source: str
    kind: Kind = "import"
    run: ObjectId = field(default_factory=ObjectId)
    import_id: ObjectId = field(default_factory=ObjectId)
    total: int = 0
    """All tickers."""
    done: int = 0
    """Tickers that are done."""
    current: int = 0
    """Tickers that an earlier, interrupted run of the same import has done."""
    rows: int = 0
    """Rows that were read."""
    bars: int = 0
    """Bars that the rows became."""
    added: int = 0
    replaced: int = 0
    removed: int = 0
    changed: int = 0
    """Bars that `candles.clean` mended."""
    mended: Counter[str] = field(default_factory=Counter)
    """These bars by `candles.Reason`; not of an earlier, interrupted run."""
    refused: int = 0
    """Refused rows."""
    first: dt.date | None = None
    last: dt.date | None = None
    reasons: dict[str, int] = field(default_factory=dict)
    """The number of refused rows for each reason, by its message id."""
    examples: dict[str, Mapping[str, object]] = field(default_factory=dict)
    """The values of the first of these rows, by the same message id."""
    failures: list[runs.Failure] = field(default_factory=list)
    """Tickers whose stored bars were left as they are or, where `kind` is "read", that cannot be read as they are."""
    is_still_read: bool = False
    """After a conversion: the charts are still drawn from the source, because some of its tickers failed."""
    conversions: list[Conversion] = field(default_factory=list)
    """Examples of converted rows; only of a dry run."""
    refusals: list[Refusal] = field(default_factory=list)
    """The first `REFUSALS_KEPT` refused rows; only of a dry run, which stores none."""
    verified: int = 0
    """Tickers that were read back, with the right days and closes."""
    differing: list[str] = field(default_factory=list)
    """Tickers that were read back, with wrong days or closes, or that disagree with raw rows or the calendar."""
    changes: Changes = field(default_factory=dict)
    """Corrections of values, by field and message."""
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
        """The counts for the record of the run: `COUNTS` and "failed"."""
        return {**{name: getattr(self, name) for name in COUNTS}, "failed": len(self.failures)}

    def count(self, converted: Converted) -> None:
        """Add one ticker, or the rows without a ticker, to the counts."""
        bars = converted.bars
        self.rows += converted.rows
        self.bars += len(bars)
        self.changed += len(converted.remarks)
        self.mended.update(remark.reason for remark in converted.remarks)
        self.refused += len(converted.refusals)
        for refusal in converted.refusals:
            self.reasons[refusal.reason.message] = self.reasons.get(refusal.reason.message, 0) + 1
            self.examples.setdefault(refusal.reason.message, refusal.reason.values)
        for way, change in converted.changes.items():
            known = self.changes.get(way)
            self.changes[way] = known._replace(times=known.times + change.times) if known else change
        self.done += bool(converted.ticker)
        if len(bars):
            self.first = min(self.first or dt.date.max, bars.index[0].date())
            self.last = max(self.last or dt.date.min, bars.index[-1].date())


Progress = Callable[[Summary], None]


def begin(db: MongoDatabase, category: Category, source: Source) -> tuple[ObjectId, bool]:
    """The id of the import to continue, or of a new one, and whether it is new.

    Only an interrupted import of the same source with the same fingerprint is continued. A file of this month under the
    name of last month's is a new import.
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
    """Record that an import is complete, with `done` imported tickers."""
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
    # The user may have a collection of the same name with other documents.
    ours = {"category": category.key, "source": source, "started_at": {"$type": "date"}}
    return cast("ImportRecord | None", db[IMPORTS].find_one(ours, sort=[("started_at", -1)]))


def keep_refusals(db: MongoDatabase, import_id: ObjectId, converted: Converted) -> None:
    """Store the refused rows of one ticker, or the refused rows without a ticker."""
    of = {"import": import_id, "of": converted.ticker}
    rows: list[Document] = [
        {**of, "place": place, "ticker": ticker, "date": date, **reason.as_document()}
        for place, ticker, date, reason in converted.refusals
    ]
    if rows:
        db[REFUSALS].insert_many(rows)


def drop_refusals(db: MongoDatabase, import_id: ObjectId, done: Collection[str]) -> None:
    """Delete the refused rows of an import, except those of `done` tickers: all other tickers are read again."""
    db[REFUSALS].delete_many({"import": import_id, "of": {"$nin": list(done)}})


def count_refusals(db: MongoDatabase, import_id: ObjectId, **of: str) -> int:
    """How many rows an import refused; with of="", only the rows that name no ticker of the category."""
    return db[REFUSALS].count_documents({"import": import_id, **of})


def refusals(db: MongoDatabase, import_id: ObjectId) -> Iterator[Refusal]:
    """Every row that an import refused, in the order of refusal."""
    for row in db[REFUSALS].find({"import": import_id}).sort("_id", 1):
        yield Refusal(row["place"], row["ticker"], row["date"], SisepanError.from_document(row))


def reasons(db: MongoDatabase, import_id: ObjectId) -> tuple[dict[str, int], dict[str, Mapping[str, object]]]:
    """By message id of the reason, the commonest first: how many rows were refused, and the values of one of them."""
    of_reason = {"$group": {"_id": "$message", "count": {"$sum": 1}, "values": {"$first": "$values"}}}
    steps: list[dict[str, Any]] = [{"$match": {"import": import_id}}, of_reason, {"$sort": {"count": -1, "_id": 1}}]
    groups = db[REFUSALS].aggregate(steps).to_list()
    return {each["_id"]: each["count"] for each in groups}, {each["_id"]: each["values"] or {} for each in groups}
