"""Import runs: import the bars of a `Source` into a category, ticker by ticker. A dry run only reports the result.

A ticker is marked as done after its bars are stored, so that the next run continues an interrupted import. A second
import of the same source changes nothing. Every refused row is recorded with its reason, and at the end the stored bars
are read back and compared with the imported ones.
"""

import gc
import logging
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import NamedTuple, TypedDict, Unpack

import pandas as pd
from pymongo.client_session import ClientSession

from finance_core.bars import candles
from finance_core.categories import Category
from finance_core.errors import SisepanError
from finance_core.foreign import conversion, import_records, merging, raw_tickers, sources, ticker_names, verification
from finance_core.foreign.conversion import Converted
from finance_core.foreign.import_records import Progress, Summary
from finance_core.foreign.intervals import Intraday
from finance_core.foreign.table_source import Source
from finance_core.foreign.ticker_names import Descriptions
from finance_core.foreign.trading_days import Exchange
from finance_core.foreign.verification import RawRow
from finance_core.storage import database, locations, prices, runs, tickers
from finance_core.storage.database import MongoDatabase
from finance_core.storage.documents import Imported, Kind, Origin, TickerRow
from finance_core.storage.locations import Location
from finance_core.storage.prices import Written

USUAL_THRESHOLDS = gc.get_threshold()

_log = logging.getLogger(__name__)


def ignore(_summary: Summary) -> None:
    """Do nothing: a `progress` for callers that show none."""


@dataclass
class ImportRun:
    """A run on the user's own data, which holds the lease of its category."""

    lease: runs.LeasedRun
    summary: Summary
    progress: Progress

    def report(self, *failures: runs.Failure) -> None:
        """Report the progress, and the tickers that failed since the last report."""
        self.summary.failures += failures
        self.lease.report(self.summary.counts, failures)
        self.progress(self.summary)


class Watch(TypedDict, total=False):
    """Who starts a run, who sees its progress, and who can stop it."""

    origin: Origin
    """Default: terminal."""
    progress: Progress
    """Called after each ticker."""
    stop: threading.Event
    """Set it to end the run after the current ticker."""


@contextmanager
def leased(
    db: MongoDatabase, category: Category, kind: Kind, source: str, **watch: Unpack[Watch]
) -> Iterator[ImportRun]:
    """A run of `category` until the end of the block. The block sets the state of the summary.

    Raises AlreadyRunning.
    """
    origin, stop = watch.get("origin", "terminal"), watch.get("stop") or threading.Event()
    with runs.leased(db, category, origin, {"kind": kind, "from": source}, stop) as lease:
        run = ImportRun(lease, Summary(category.key, source, kind, lease.id), watch.get("progress", ignore))
        locations.forget(db)  # drop the cache: from now on no other run changes the location of the category
        yield run
        lease.finish(run.summary.state)


class Merged(NamedTuple):
    """What an import of one ticker makes of the bars that are stored."""

    before: TickerRow
    stored: pd.DataFrame
    bars: pd.DataFrame
    """The bars to write."""
    is_whole: bool
    """Whether they come instead of the stored bars, not beside them."""


def merged(db: MongoDatabase, category: Category, location: Location, source: Source, converted: Converted) -> Merged:
    """How the bars of one ticker are stored: instead of stored ones that are from this source, else beside them.

    Raises SisepanError where they do not fit the stored bars.
    """
    before: TickerRow = tickers.get(db, category, converted.ticker) or {}
    stored = prices.as_stored(db, location, converted.ticker)
    imported, origin = before.get("imported", {}), before.get("source")
    # A source that only added days to other bars does not have the whole ticker.
    is_from_here = imported.get("from") == source.name and "whole" in imported
    has_all = source.keeps_all or merging.covers(converted.bars, stored)
    is_whole = stored.empty or origin == "sample" or (origin == "import" and is_from_here and has_all)
    bars = converted.bars if is_whole else merging.missing(stored, converted.bars)
    return Merged(before, stored, bars, is_whole)


def examine(
    db: MongoDatabase,
    category: Category,
    source: Source,
    descriptions: Descriptions | None = None,
    intraday: Intraday = "refuse",
    into: Location | None = None,
    **watch: Unpack[Watch],
) -> Summary:
    """A dry run: counts what an import would take and refuse. Reads all rows, writes nothing.

    `into` is where the import would store the bars; None: where those of the category are.
    """
    location = into or locations.of(db, category)
    progress, stop = watch.get("progress", ignore), watch.get("stop") or threading.Event()
    rules = conversion.rules(category, descriptions or {}, intraday)
    summary = Summary(category.key, source.name, is_dry=True)
    known, unknown = raw_tickers.by_ticker(category, source.counts(), source.described)
    summary.total = len(known)
    for converted in sources.converted(source, known, unknown, rules, stop):
        try:
            if len(converted.bars):
                merged(db, category, location, source, converted)
        except SisepanError as error:
            converted = replace(converted, bars=candles.empty(), conversions=(), failure=error)
        summary.count(converted)
        if converted.failure:
            summary.failures.append(runs.Failure(converted.ticker, converted.failure))
        summary.refusals += converted.refusals[: import_records.REFUSALS_KEPT - len(summary.refusals)]
        summary.conversions += converted.conversions[: conversion.SHOWN_CONVERSIONS - len(summary.conversions)]
        progress(summary)
    summary.state = "cancelled" if stop.is_set() else "done"
    return summary


def run(
    db: MongoDatabase,
    category: Category,
    source: Source,
    descriptions: Descriptions | None = None,
    intraday: Intraday = "refuse",
    **watch: Unpack[Watch],
) -> Summary:
    """Import `source` into `category`; `descriptions` has the names of new tickers.

    Once `stop` is set, no other ticker is begun. `intraday` decides how intraday rows are treated. Raises
    AlreadyRunning, whatever `database.prepare_writing` raises, and PyMongoError if the database fails.
    """
    database.prepare_writing(db, category, bars=True)
    with leased(db, category, "import", source.name, **watch) as this_run:
        bring_in(this_run, source, locations.writable(db, category), descriptions or {}, intraday)
    return this_run.summary


def bring_in(
    run: ImportRun, source: Source, location: Location, descriptions: Descriptions, intraday: Intraday
) -> None:
    """Import `source` into `location` within `run`, and set the state of its summary. Raises as `run()` does."""
    database.ensure_indexes(run.lease.db, [])
    database.ensure_unique_index(run.lease.db, location.collection, ["ticker", "date"])
    with _rare_garbage_collection():
        _Import(run, source, location, descriptions, intraday).go_through()


@contextmanager
def _rare_garbage_collection() -> Iterator[None]:
    """Make garbage collection rarer: at the usual thresholds it takes a third of the CPU of a dry run."""
    gc.set_threshold(100_000, 50, 100)
    try:
        yield
    finally:
        gc.set_threshold(*USUAL_THRESHOLDS)  # not the previous ones, which another import may have set


class _Import:
    """One import within a run."""

    def __init__(
        self, run: ImportRun, source: Source, location: Location, descriptions: Descriptions, intraday: Intraday
    ) -> None:
        self._run, self._source, self._location, self._descriptions = run, source, location, descriptions
        self._db, self._category, self._stop = run.lease.db, run.lease.category, run.lease.stop
        self._summary = run.summary
        self._rules = conversion.rules(self._category, descriptions, intraday)
        self._summary.import_id, self._is_new = import_records.begin(self._db, self._category, source)
        self._samples: dict[str, tuple[tuple[RawRow, ...], Exchange | None]] = {}
        """For each ticker that this run imported, a sample of its raw rows, and its exchange."""
        self._rows_of_others = 0
        """Rows of tickers that are never marked as done and so are read by every run: failed, or without a bar."""

    def go_through(self) -> None:
        """Import every ticker, read everything back, and record the outcome."""
        summary, stop = self._summary, self._stop
        known, unknown = raw_tickers.by_ticker(self._category, self._source.counts(), self._source.described)
        self._descriptions = ticker_names.completed(self._descriptions, self._category, known, self._source.described)
        summary.total = len(known)
        if not self._is_new:
            done = self._done()
            import_records.drop_refusals(self._db, summary.import_id, done)
            current = done.keys() & known.keys()
            summary.done = summary.current = len(current)
            known = {ticker: raws for ticker, raws in known.items() if ticker not in current}
        self._run.report()
        for converted in sources.converted(self._source, known, unknown, self._rules, stop):
            self._take(converted)
            if stop.is_set():
                break
        if not stop.is_set():
            self._verify()
        if stop.is_set():
            summary.state = "failed" if self._run.lease.lost else "cancelled"
        else:
            self._finish()

    def _done(self) -> dict[str, Imported]:
        """The tickers that this import has done, except those changed since: an update may run between two runs."""
        unchanged = {"$expr": {"$eq": ["$bars_changed_at", "$imported.changed_at"]}}
        query = {"category": self._category.key, "imported.import": self._summary.import_id, **unchanged}
        return {row["ticker"]: row["imported"] for row in tickers.collection(self._db).find(query)}

    def _take(self, converted: Converted) -> None:
        summary, ticker = self._summary, converted.ticker
        import_records.keep_refusals(self._db, summary.import_id, converted)
        summary.count(converted)
        failures = []
        if converted.failure:
            self._rows_of_others += converted.rows
            _log.warning("%s %s: %s", self._category.key, ticker, converted.failure)
            failures.append(runs.Failure(ticker, converted.failure))
        elif converted.bars.empty:
            self._rows_of_others += converted.rows if ticker else 0
        else:
            try:
                written = self._write(converted)
            except SisepanError as error:
                self._rows_of_others += converted.rows
                _log.warning("%s %s: %s", self._category.key, ticker, error)
                failures.append(runs.Failure(ticker, error))
            else:
                exchange = self._rules.exchange_of(ticker, converted.raw_tickers)
                self._samples[ticker] = converted.sample, exchange
                summary.added += written.added
                summary.replaced += written.replaced
                summary.removed += written.removed
                for reason, count in Counter(remark.reason for remark in converted.remarks).items():
                    _log.info("%s %s: %d bars changed, %s", self._category.key, ticker, count, reason)
        self._run.report(*failures)

    def _write(self, converted: Converted) -> Written:
        """Store the bars of one ticker as `merged` decides."""
        db, category, location, ticker = self._db, self._category, self._location, converted.ticker
        before, stored, bars, is_whole = merged(db, category, location, self._source, converted)
        self._summary.checks.compared += merging.agreeing(stored, converted.bars)
        # Record the source before the bars, so that the next run knows it even if this run is interrupted now; and,
        # for a server without transactions, that some bars are still the old ones.
        begun = {"from": self._source.name, "whole": True}
        rewriting = None if stored.empty else True
        fields = {"source": "import", "imported": begun, "rewriting": rewriting} if is_whole else {}

        def write(session: ClientSession | None) -> Written:
            ticker_names.register(db, category, ticker, converted.raw_tickers, self._descriptions, session)
            tickers.record(db, category, ticker, fields, session)
            written = prices.write(db, location, ticker, bars, session, remove_others=is_whole)
            after = bars if is_whole else pd.concat([stored[~stored.index.isin(bars.index)], bars]).sort_index()
            self._mark(converted, before, after, any(written), is_whole, session)
            return written

        # Atomic where bars are replaced. Bars that are only added are written in order of days: a reader sees fewer.
        return database.atomically(db, write) if is_whole and len(stored) else write(None)

    def _mark(
        self,
        converted: Converted,
        before: TickerRow,
        bars: pd.DataFrame,
        is_changed: bool,
        is_whole: bool,
        session: ClientSession | None,
    ) -> None:
        """Record that the ticker is done and now has `bars`. Must come last: the next run skips such a ticker."""
        ticker, state = converted.ticker, prices.state_of(self._category, bars)
        # An earlier run may have written bars and been interrupted before it recorded them.
        is_changed = is_changed or any(before.get(name) != value for name, value in state.items())
        changed_at = tickers.now() if is_changed else before.get("bars_changed_at")
        imported = {
            "import": self._summary.import_id,
            "from": self._source.name,
            "rows": converted.rows,
            "bars": len(converted.bars),
            "first_date": converted.bars.index[0].to_pydatetime(),
            "last_date": converted.bars.index[-1].to_pydatetime(),
            "checksum": merging.checksum(bars["close"]),
            **({"whole": True} if is_whole else {}),
            **({"changed_at": changed_at} if changed_at else {}),
        }
        source = {"source": "import", "rewriting": None} if is_whole else {"source": before.get("source") or "import"}
        fields = {**state, **source, "bars_changed_at": changed_at, "imported": imported}
        if not tickers.record(self._db, self._category, ticker, fields, session):
            # A person has removed the ticker and its bars since it was registered: they must stay removed.
            prices.write(self._db, self._location, ticker, candles.empty(), session, remove_others=True)

    def _verify(self) -> None:
        """Read back every imported ticker, and compare it with the recorded checksum, raw rows and the calendar."""
        for ticker, imported in self._done().items():
            if self._stop.is_set():
                return
            closes = prices.closes_from(self._db, self._location, ticker)
            rows, exchange = self._samples.pop(ticker, ((), None))
            is_true = verification.is_true(closes, rows, exchange, self._summary.checks)
            if is_true and merging.checksum(closes) == imported["checksum"]:
                self._summary.verified += 1
            else:
                self._summary.differing.append(ticker)
                _log.error("%s %s: what is stored differs from what was imported", self._category.key, ticker)

    def _finish(self) -> None:
        """Sum up all runs of this import: this run may have continued an interrupted one."""
        db, summary, done = self._db, self._summary, self._done().values()
        unknown = import_records.count_refusals(db, summary.import_id, of="")
        summary.rows = sum(imported["rows"] for imported in done) + self._rows_of_others + unknown
        summary.bars = sum(imported["bars"] for imported in done)
        summary.first = min((imported["first_date"].date() for imported in done), default=None)
        summary.last = max((imported["last_date"].date() for imported in done), default=None)
        summary.refused = import_records.count_refusals(db, summary.import_id)
        summary.reasons, summary.examples = import_records.reasons(db, summary.import_id)
        summary.state = "failed" if summary.differing or not summary.bars else "done"
        import_records.finish(db, summary, len(done))
        self._run.report()
