"""What imports came to: the summary of a running one, and what MongoDB keeps of each.

`imports` holds one document for each import, `import_refusals` the rows that it refused.
"""

import datetime as dt
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from bson import ObjectId

from finance_core.categories import Category
from finance_core.errors import SisepanError
from finance_core.foreign.sources import Conversion, Found, Refusal
from finance_core.storage import runs
from finance_core.storage.database import Document, MongoDatabase
from finance_core.storage.documents import IMPORTS, REFUSALS, State

REFUSALS_KEPT = 100_000
"""Refused rows that a dry run keeps, to be listed; it counts all of them."""


@dataclass
class Summary:
    """How far an import is, or what it did."""

    category: str
    source: str
    run: ObjectId = field(default_factory=ObjectId)
    import_id: ObjectId = field(default_factory=ObjectId)
    total: int = 0
    """Tickers, like the next two."""
    done: int = 0
    current: int = 0
    """Done by an earlier run of the same import, which was cut off."""
    rows: int = 0
    bars: int = 0
    """How many the rows became."""
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
    """Message ids of the reasons, and how many rows were refused for each."""
    failures: list[runs.Failure] = field(default_factory=list)
    """Tickers whose stored bars were left as they are."""
    conversions: list[Conversion] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)
    """The first `REFUSALS_KEPT` of a dry run, which stores them nowhere."""
    verified: int = 0
    """Tickers that were read back and have the days and closes that they should have."""
    differing: list[str] = field(default_factory=list)
    """Those that do not."""
    state: State = "running"
    is_written: bool = True
    """Whether it is an import, and no mere look at what one would do."""

    @property
    def counts(self) -> dict[str, int]:
        """What the watchers of its run see."""
        names = ("total", "done", "current", "added", "replaced", "removed", "changed", "refused", "rows", "bars")
        return {**{name: getattr(self, name) for name in names}, "failed": len(self.failures)}

    def count(self, found: Found) -> None:
        """Count what was found of one ticker, or of rows of none."""
        self.rows += found.rows
        self.bars += len(found.bars)
        self.changed += len(found.remarks)
        self.refused += len(found.refusals)
        for refusal in found.refusals:
            self.reasons[refusal.reason.message] = self.reasons.get(refusal.reason.message, 0) + 1
        if found.ticker:
            self.done += 1
        if len(found.bars):
            first, last = found.bars.index[0].date(), found.bars.index[-1].date()
            self.first = min(self.first or first, first)
            self.last = max(self.last or last, last)


Progress = Callable[[Summary], None]


Descriptions = Mapping[str, Mapping[str, Any]]
"""What is known of tickers beside their bars: name, name_en, market, currency; by ticker."""


def latest(db: MongoDatabase, category: Category, source: str) -> Document | None:
    """The running or last import of `source`; None where there was none."""
    # A user's own collection of that name may hold something else.
    ours = {"category": category.key, "source": source, "started_at": {"$type": "date"}}
    return db[IMPORTS].find_one(ours, sort=[("started_at", -1)])


def refusals(db: MongoDatabase, import_id: ObjectId) -> Iterator[Refusal]:
    """Every row that an import refused."""
    for row in db[REFUSALS].find({"import": import_id}).sort("_id", 1):
        yield Refusal(row["place"], row["ticker"], row["date"], SisepanError.from_document(row))


def reasons(db: MongoDatabase, import_id: ObjectId) -> dict[str, int]:
    """The message ids of the reasons for which an import refused rows, and how many each, the commonest first."""
    of_reason = {"$group": {"_id": "$message", "count": {"$sum": 1}}}
    steps: list[Document] = [{"$match": {"import": import_id}}, of_reason, {"$sort": {"count": -1, "_id": 1}}]
    return {each["_id"]: each["count"] for each in db[REFUSALS].aggregate(steps)}
