"""Bars of another program into a category: from a collection in a foreign layout, a file, anything that is a `Source`.

Ticker by ticker, in groups that fit into memory: raw rows become bars, bars are stored, then the ticker is marked as
done; so an import that was killed is continued where it was. Imported twice is imported once. What is stored already
from elsewhere is only added to, and only where both agree on the days they share: else a split between them would leave
a false cliff. Every row that is not taken is listed with its reason, and at the end the stored bars are read back and
compared with what was read. How one ticker is taken is left to `import_work`.
"""

import gc
import itertools
import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from pymongo.errors import PyMongoError

from finance_core.categories import Category
from finance_core.foreign import import_records, sources
from finance_core.foreign.import_records import Descriptions, Progress, Summary
from finance_core.foreign.import_work import Work
from finance_core.foreign.sources import Source
from finance_core.storage import database, locations, runs
from finance_core.storage.database import MongoDatabase
from finance_core.storage.documents import Kind, Origin
from finance_core.storage.locations import Store

KIND = "import"
"""Kind of its runs, where they are no conversions."""

USUAL_COLLECTIONS = gc.get_threshold()


_log = logging.getLogger(__name__)


def examine(
    category: Category, source: Source, progress: Progress = lambda _summary: None, stop: threading.Event | None = None
) -> Summary:
    """What an import would take and refuse. Reads everything, writes nothing."""
    stop = stop or threading.Event()
    summary = Summary(category.key, source.name, is_written=False)
    wanted, unknown = sources.by_ticker(category, source.counts())
    summary.total = len(wanted)
    for found in itertools.chain(
        sources.ahead(sources.groups(source, wanted, stop)), sources.refused(source, unknown, stop)
    ):
        summary.count(found)
        summary.refusals += found.refusals[: import_records.REFUSALS_KEPT - len(summary.refusals)]
        summary.conversions += found.conversions[: sources.SHOWN_CONVERSIONS - len(summary.conversions)]
        progress(summary)
    summary.state = "cancelled" if stop.is_set() else "done"
    return summary


def run(
    db: MongoDatabase,
    category: Category,
    source: Source,
    descriptions: Descriptions | None = None,
    *,
    begin: Callable[[], Store] | None = None,
    kind: Kind = "import",
    origin: Origin = "terminal",
    progress: Progress = lambda _summary: None,
    stop: threading.Event | None = None,
    finish: Callable[[Summary], None] = lambda _summary: None,
) -> Summary:
    """Import `source` into `category`, or into the store that `begin` names.

    `descriptions` name the tickers that are new. Once `stop` is set the ticker at hand is finished, and no other; the
    next run goes on. `begin` is called once the category is leased, `finish` before it is given back, once everything
    is in and verified.

    Raises AlreadyRunning, ReadOnly where the category's bars are only read, DataConflict where its collection cannot
    get its indexes, PyMongoError where the database stays away.
    """
    if begin is None:
        locations.require_writable(db, category)
    stop = stop or threading.Event()
    options = {"kind": kind, "from": source.name}
    with runs.leased(db, category, origin, options, stop) as lease:
        try:
            # Only now nobody points the category elsewhere.
            locations.forget(db)
            store = begin() if begin else locations.writable(db, category)
            database.ensure_indexes(db, [])
            database.ensure_unique_index(db, store.collection, ["ticker", "date"])
            work = Work(db, category, source, store, descriptions or {}, lease, progress)
            with _rare_collections():
                work.through(stop)
            if work.summary.state == "done":
                finish(work.summary)
        except BaseException as error:
            with suppress(PyMongoError):
                lease.finish("failed", database.explained(error))
            raise
        lease.finish(work.summary.state)
    return work.summary


@contextmanager
def _rare_collections() -> Iterator[None]:
    """Have the collector of garbage look less often through what is being read: that is a quarter of the time."""
    gc.set_threshold(100_000, 50, 100)
    try:
        yield
    finally:
        gc.set_threshold(*USUAL_COLLECTIONS)  # and not those of a moment ago, which may be another import's
