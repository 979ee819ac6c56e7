"""One update run of a category: its workers, its counts, and its reaction to errors.

The run holds the lease of its category (see `runs`), so that only one runs at a time. `update_plan` chooses the
tickers, `ticker_update` updates one ticker, `yahoo` makes requests and repeats them.
"""

import datetime as dt
import logging
import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from contextvars import copy_context

from tenacity import (
    Retrying,
    retry_if_exception,
    sleep_using_event,
    stop_after_delay,
    stop_when_event_set,
    wait_exponential_jitter,
)

from finance_core import turns
from finance_core.categories import Category
from finance_core.errors import FetchFailed, SisepanError
from finance_core.i18n import N_
from finance_core.storage import database, locations, runs, tickers, trading_calendars
from finance_core.storage.database import Document, MongoDatabase
from finance_core.storage.documents import Origin, TickerRow
from updaters import alert_delivery, back_off, clock, quotes, run_summary, ticker_update, update_plan, yahoo
from updaters.rate_limit import NotAsked
from updaters.run_summary import Summary
from updaters.ticker_update import TickerResult
from updaters.update_plan import Due, Plan

WORKERS = 8
OUTAGE_LIMIT = 60.0
"""Seconds that a run waits for MongoDB to return."""
UNREACHABLE_LIMIT = 20
"""The run gives up after this many tickers in a row without an answer, or that Yahoo knew before but not now."""
DELISTED_AFTER = 3
"""A ticker is marked as probably delisted after this many days (UTC) with runs in all of which Yahoo does not know it.
Several runs in one evening are one answer of Yahoo."""

_UNREACHABLE = N_("Yahoo에 연결되지 않아 여기서 멈췄습니다. 네트워크를 확인하고 다시 실행하십시오.")
_REFUSED = N_("Yahoo가 요청을 계속 거절해 여기서 멈췄습니다. 한동안 기다린 뒤 다시 실행하십시오.")

_log = logging.getLogger(__name__)

Progress = Callable[[Summary, TickerResult | None], None]


def run(
    db: MongoDatabase,
    category: Category,
    only: Iterable[str] | None = None,
    *,
    first: str | None = None,
    full: bool = False,
    force: bool = False,
    full_since: dt.datetime | None = None,
    by_quotes: bool | None = None,
    workers: int = WORKERS,
    origin: Origin = "terminal",
    progress: Progress = lambda _summary, _result: None,
    stop: threading.Event | None = None,
    now: Callable[[], dt.datetime] = lambda: dt.datetime.now(dt.UTC),
) -> Summary:
    """Update the active tickers of `category`, or only the tickers `only`; `first` before the others.

    `full` fetches whole histories; with `full_since` (UTC, tz-naive), only of tickers that were not updated since: this
    continues a full run that ended early. `force` also fetches tickers that are up to date. Without any of these, whole
    markets are updated by quotes (see `quotes`), if `by_quotes` is True, or is None and the installation uses quotes.
    `progress` is called with the summary at the beginning, and with the result of each ticker, from the workers'
    threads but one at a time. Once `stop` is set, only the tickers in progress are finished.

    `Summary.settle` sets the state of the returned summary. A ticker that fails does not stop the others. Raises
    AlreadyRunning, PyMongoError if the database stays away, and whatever `database.prepare_writing` raises.
    """
    database.prepare_writing(db, category, bars=True)
    only = list(dict.fromkeys(only)) if only is not None else None
    options = {"only": only, "full": full, "force": force, **({"full_since": full_since} if full_since else {})}
    with runs.leased(db, category, origin, options, stop or threading.Event()) as lease:
        update_run = _UpdateRun(db, category, lease, progress, now)
        update_run.summary.continued = full_since
        locations.require_writable(db, category)  # again: while the lease is held, nobody changes the location
        plan = update_plan.make(
            db, category, only, now=now(), first=first, full=full, force=force, full_since=full_since
        )
        if not (only or full or force) and (quotes.are_wanted() if by_quotes is None else by_quotes):
            update_run.quote_at = now()
        update_run.update_all(plan, workers, first)
        update_run.summary.fresh, update_run.summary.expected = update_plan.freshness(db, category, only, now())
        alert_delivery.after_update(db, category, now())
        update_run.finish()
    alert_delivery.send(db, now())
    return update_run.summary


class _UpdateRun:
    """The state that the threads of one run share."""

    def __init__(
        self,
        db: MongoDatabase,
        category: Category,
        lease: runs.LeasedRun,
        progress: Progress,
        now: Callable[[], dt.datetime],
    ) -> None:
        self.summary = Summary(category.key, lease.id)
        self._db, self._category, self._lease, self._now = db, category, lease, now
        self._stop, self._progress = lease.stop, progress
        self.quote_at: dt.datetime | None = None
        """The moment at which quotes are used as bars; None means that no quotes are used."""
        self._begun = time.monotonic()
        self._lock = threading.Lock()
        self._without_answer = 0
        """The number of last tickers in a row without an answer, or in `_forgotten`."""
        self._new: frozenset[str] = frozenset()
        self._known: set[str] = set()
        """Requested tickers that Yahoo knew before this run."""
        self._forgotten: set[str] = set()
        """Tickers of `_known` that Yahoo does not know now."""
        self._unknown: dict[str, TickerRow] = {}
        """The rows of all requested tickers that Yahoo does not know now."""
        self._retrying_outages = Retrying(
            sleep=turns.waiting()(sleep_using_event(self._stop)),
            reraise=True,
            retry=retry_if_exception(database.is_outage),
            stop=stop_after_delay(OUTAGE_LIMIT) | stop_when_event_set(self._stop),
            wait=wait_exponential_jitter(multiplier=0.2, max=5),
            before_sleep=lambda _state: _reconnect(),
        )

    def update_all(self, plan: Plan, workers: int, first: str | None) -> None:
        """Update the tickers of `plan`, until all are done or the run stops; `first` always by its chart."""
        update_plan.register(self._db, self._category, plan.unregistered)
        self._new = plan.new
        self.summary.current, self.summary.deferred = plan.current, plan.deferred
        self.summary.done = plan.current + plan.deferred
        self.summary.total = self.summary.done + len(plan.due)
        self._report()
        if not plan.due:
            return
        context = copy_context()  # has the language of the person who started the run
        pool = ThreadPoolExecutor(min(workers, len(plan.due)))
        with yahoo.client(self._stop, self._lease.pause) as client, pool:
            try:
                quoted = self._update_by_quotes(
                    [due.ticker for due in plan.due if due.since and due.ticker != first], client
                )
                charted = [due for due in plan.due if due.ticker not in quoted]
                list(pool.map(lambda due: context.copy().run(self._update_unless_stopped, due, client), charted))
            finally:
                self.summary.requests = client.requests
        self._retrying_outages(trading_calendars.learn, self._db)

    def _update_by_quotes(self, chosen: list[str], client: yahoo.Client) -> set[str]:
        """Update the `chosen` tickers whose quotes can be used as their new bars; return these tickers."""
        if self.quote_at is None:
            return set()
        results = self._retrying_outages(quotes.update, self._db, self._category, chosen, client, self.quote_at)
        for result in results:
            self._count(result, client)
        self.summary.quoted = len(results)
        _log.info("%s: %d tickers updated by quotes", self._category.key, len(results))
        return {result.ticker for result in results}

    def finish(self) -> None:
        """Decide the state of the run and store it. Raises PyMongoError if MongoDB stays away."""
        summary, forgotten, known = self.summary, len(self._forgotten), len(self._known)
        if self._lease.lost:
            summary.state = "failed"
            summary.reason = SisepanError(N_("데이터베이스와 너무 오래 끊겨 다른 실행이 이어받았습니다."))
        else:
            if not summary.is_outage(forgotten, known):
                self._count_unknown()
            is_by_person = self._lease.cancelled or self._lease.origin == "terminal"  # there, by Ctrl-C
            summary.settle(forgotten, known, by_person=is_by_person)
        self._report()
        retrying = self._retrying_outages.copy(stop=stop_after_delay(OUTAGE_LIMIT))  # even if the run is stopped
        retrying(self._lease.finish, summary.state, summary.reason)
        _log.info("%s: %s, %s, %.1f s", summary.category, summary.state, summary.counts, summary.seconds)

    def _update_unless_stopped(self, due: Due, client: yahoo.Client) -> None:
        turns.give_way()
        if self._stop.is_set() or self.summary.reason:
            return
        try:
            with turns.working():
                self._count(self._retrying_outages(self._update, due, client), client)
        except clock.WrongClock as error:
            self._give_up(error)
        except NotAsked:
            if client.exhausted:
                self._give_up(FetchFailed(_REFUSED))
        except BaseException:
            self._stop.set()  # an error that stops one worker stops all of them
            raise

    def _update(self, due: Due, client: yahoo.Client) -> TickerResult:
        ticker = due.ticker
        row = tickers.get(self._db, self._category, ticker)  # again: a person may have edited it since the run began
        if row is None and ticker in self._new:
            row = update_plan.new_row(self._category, ticker)
        if row is None:
            return TickerResult(ticker)  # a person removed the ticker: its bars must not come back
        if row.get("source") == "yahoo" and row.get("last_status") != "delisted":
            with self._lock:
                self._known.add(ticker)
        try:
            result = ticker_update.update(
                self._db, self._category, row, client, full=due.is_whole, in_turn=due.in_turn, now=self._now()
            )
        except NotAsked:
            raise
        except SisepanError as error:
            return self._failed(row, error)
        if result.error:
            _log.warning("%s %s: %s", self._category.key, ticker, result.error)
        _log.info("%s %s: %d added, %d replaced, %d removed", self._category.key, ticker, *result.written)
        for remark in result.remarks:
            _log.info(
                "%s %s: bar of %.10s %s, %s", self._category.key, ticker, remark.date, remark.action, remark.reason
            )
        return result

    def _failed(self, row: TickerRow, error: SisepanError) -> TickerResult:
        ticker = row["ticker"]
        _log.warning("%s %s: %s", self._category.key, ticker, error)
        fields: Document = {"last_error": str(error), "updated_at": tickers.utc(self._now())}
        is_unknown = isinstance(error, yahoo.UnknownSymbol)
        is_delisted = is_unknown and row.get("last_status") == "delisted"
        if is_unknown:
            with self._lock:
                self._unknown[ticker] = row
                self._forgotten |= {ticker} & self._known
        if not is_delisted:
            fields["last_status"] = "failed"
        if not is_unknown:
            fields["unknown_runs"] = None
        tickers.record(self._db, self._category, ticker, fields)
        return TickerResult(ticker, error=error, delisted=is_delisted)

    def _count_unknown(self) -> None:
        """Count, for each unknown ticker, the days with a run in a row on which Yahoo does not know it.

        Only at the end of a run: before, nobody can tell an outage of Yahoo from delisted tickers.
        """
        for ticker, row in self._unknown.items():
            now, before = tickers.utc(self._now()), row.get("unknown_runs", 0)
            is_counted = before > 0 and row["updated_at"].date() == now.date()
            unknown_runs = before if is_counted else before + 1
            status = "delisted" if unknown_runs >= DELISTED_AFTER else "failed"
            since = back_off.silent_since(row, now)
            fields = {"unknown_runs": unknown_runs, "last_status": status, "silent_since": since}
            tickers.record(self._db, self._category, ticker, fields)

    def _count(self, result: TickerResult, client: yahoo.Client) -> None:
        with self._lock:
            failures = self.summary.count(result)
            self.summary.requests = client.requests
            is_forgotten = result.ticker in self._forgotten
            is_unanswered = is_forgotten or isinstance(result.error, yahoo.Unanswered)
            self._without_answer = self._without_answer + 1 if is_unanswered else 0
            self._report(result, failures)
        if self._without_answer >= UNREACHABLE_LIMIT:
            reason: SisepanError = FetchFailed(_REFUSED)
            if is_forgotten:
                reason = run_summary.outage(len(self._forgotten))
            elif isinstance(result.error, yahoo.Unreachable):
                reason = FetchFailed(_UNREACHABLE)
            elif isinstance(result.error, yahoo.Unreadable):
                reason = result.error
            self._give_up(reason)

    def _give_up(self, reason: SisepanError) -> None:
        with self._lock:
            self.summary.reason = self.summary.reason or reason

    def _report(self, result: TickerResult | None = None, failures: Iterable[runs.Failure] = ()) -> None:
        self.summary.seconds = time.monotonic() - self._begun
        self._lease.report(self.summary.counts, failures, result.records() if result else ())
        self._progress(self.summary, result)


def _reconnect() -> None:
    """Start the embedded server again, if it is the one that is gone."""
    with suppress(SisepanError):
        database.connect()
