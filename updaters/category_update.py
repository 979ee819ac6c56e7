"""One update run of a category: which tickers, by how many workers, and what after an error.

A run holds the category's lease (see `runs`), so that there is one at a time. A ticker whose last finished session is
stored, and was fetched after its close, costs nothing: Yahoo is not asked. The others are worked through by threads
over one session, those first that were asked for longest ago, so that a run that ends early is continued by the next.
What happens to one ticker is left to `incremental`, the pace of requests to `pace`.
"""

import datetime as dt
import logging
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from contextvars import copy_context
from dataclasses import dataclass, field
from functools import partial

from bson import ObjectId
from pymongo.errors import PyMongoError
from tenacity import (
    Retrying,
    retry_if_exception,
    sleep_using_event,
    stop_after_attempt,
    stop_after_delay,
    stop_when_event_set,
    wait_exponential_jitter,
    wait_random_exponential,
)

from finance_core import starter
from finance_core.bars import sessions
from finance_core.categories import Category
from finance_core.errors import FetchFailed, SisepanError
from finance_core.i18n import N_
from finance_core.storage import database, locations, runs, tickers
from finance_core.storage.database import MongoDatabase
from finance_core.storage.documents import Origin, State, TickerRow
from updaters import ticker_update, yahoo
from updaters.rate_limit import NotAsked
from updaters.ticker_update import TickerResult

WORKERS = 8
SETTLING = dt.timedelta(minutes=30)
"""How long after the close Yahoo's bar of the day may still change."""
ATTEMPTS = 3
"""How often a ticker is asked for before it has failed."""
RETRY_WITHIN = 1.0
"""Seconds within which the second attempt follows, at random; the third within twice as many."""
OUTAGE_LIMIT = 60.0
"""Seconds that a run waits for MongoDB to come back."""
UNREACHABLE_LIMIT = 20
"""How many tickers in a row may find no connection to Yahoo before the run gives up."""
DELISTED_AFTER = 3
"""Runs in which Yahoo says that it does not know a ticker, until it is marked as probably delisted."""

_log = logging.getLogger(__name__)


@dataclass
class Summary:
    """How far a run is, or what it did."""

    category: str
    run: ObjectId
    """Which one of `update_runs` it is."""
    total: int = 0
    done: int = 0
    """Tickers that are finished, one way or another."""
    current: int = 0
    """Tickers for which Yahoo was not asked, as it could have nothing new."""
    delisted: int = 0
    """Tickers that Yahoo has not known for many runs."""
    added: int = 0
    replaced: int = 0
    removed: int = 0
    """Bars, like the two above and the two below."""
    changed: int = 0
    refused: int = 0
    """Changed or left out by `candles.clean`."""
    requests: int = 0
    seconds: float = 0.0
    failures: list[runs.Failure] = field(default_factory=list)
    state: State = "running"
    reason: SisepanError | None = None
    """Why it ended early, where it did."""

    @property
    def counts(self) -> dict[str, int]:
        """What a run's watchers see of it."""
        names = ("total", "done", "current", "delisted", "added", "replaced", "removed", "changed", "refused")
        return {
            **{name: getattr(self, name) for name in names},
            "failed": len(self.failures),
            "requests": self.requests,
        }


Progress = Callable[[Summary, TickerResult | None], None]


@dataclass(frozen=True)
class Planned:
    """What a run would fetch for one ticker."""

    ticker: str
    since: dt.datetime | None
    """The last stored session; None where the whole history is due."""


def run(
    db: MongoDatabase,
    category: Category,
    only: Iterable[str] | None = None,
    *,
    first: str | None = None,
    full: bool = False,
    force: bool = False,
    full_since: dt.datetime | None = None,
    workers: int = WORKERS,
    origin: Origin = "terminal",
    progress: Progress = lambda _summary, _result: None,
    stop: threading.Event | None = None,
    now: Callable[[], dt.datetime] = lambda: dt.datetime.now(dt.UTC),
) -> Summary:
    """Update the active tickers of `category`, or `only` those named, `first` before the others.

    `full` fetches whole histories; with `full_since` (UTC, tz-naive), only of what was not updated since: so a full
    run that broke off is continued. `force` asks also for what is up to date. `progress` is told the summary at the
    beginning and after each ticker, with what happened to it, from the workers' threads but one at a time. Once `stop`
    is set the tickers in flight are finished, and no others.

    The summary's state is done, cancelled, or partial, with a reason, where Yahoo wants no more requests or cannot be
    reached. A ticker that fails does not stop the others.

    Raises AlreadyRunning, PyMongoError where the database stays away, ReadOnly where the bars of `category` are only
    read, DataConflict where a user's collection cannot get the indexes it needs.
    """
    locations.require_writable(db, category)
    database.ensure_indexes(db, [category])
    stop = stop or threading.Event()
    named = list(dict.fromkeys(only)) if only is not None else None
    options = {"only": named, "full": full, "force": force}
    with runs.leased(db, category, origin, options, stop) as lease:
        work = _Work(db, category, lease, stop, progress, full=full)
        try:
            locations.require_writable(db, category)  # again: only now nobody points the category elsewhere
            todo = work.choose(named, first, full_since, now(), force=force)
            work.through(todo, workers)
        except BaseException as error:
            with suppress(PyMongoError):  # it may be the very reason; then the lease runs out and tells the rest
                lease.finish("failed", database.explained(error))
            raise
        work.finish()
    return work.summary


def plan(
    db: MongoDatabase,
    category: Category,
    only: Iterable[str] | None = None,
    *,
    full: bool = False,
    force: bool = False,
    now: Callable[[], dt.datetime] = lambda: dt.datetime.now(dt.UTC),
) -> tuple[list[Planned], int]:
    """What `run` would fetch, in its order, and how many tickers it would pass over as up to date. Writes nothing."""
    known = {row["ticker"]: row for row in tickers.active(db, category)}
    chosen = _in_order(known, list(dict.fromkeys(only)) if only is not None else None, None)
    todo = _due(category, known, chosen, now(), all_since=dt.datetime.max if full or force else None)
    planned = [Planned(each, None if full else _stored_until(known.get(each, {}))) for each in todo]
    return planned, len(chosen) - len(todo)


class _Work:
    """One run at work: what its threads share."""

    def __init__(
        self,
        db: MongoDatabase,
        category: Category,
        lease: runs.LeasedRun,
        stop: threading.Event,
        progress: Progress,
        *,
        full: bool,
    ) -> None:
        self.summary = Summary(category.key, lease.id)
        self._db, self._category, self._lease, self._full = db, category, lease, full
        self._stop, self._progress = stop, progress
        self._begun = time.monotonic()
        self._lock = threading.Lock()
        self._unreachable = 0
        self._asking = Retrying(
            sleep=sleep_using_event(stop),
            reraise=True,
            retry=retry_if_exception(_may_pass),
            stop=stop_after_attempt(ATTEMPTS) | stop_when_event_set(stop),
            wait=wait_random_exponential(multiplier=RETRY_WITHIN),
        )
        self._storing = Retrying(
            sleep=sleep_using_event(stop),
            reraise=True,
            retry=retry_if_exception(database.is_outage),
            stop=stop_after_delay(OUTAGE_LIMIT) | stop_when_event_set(stop),
            wait=wait_exponential_jitter(multiplier=0.2, max=5),
            before_sleep=lambda _state: _reconnect(),
        )

    def choose(
        self,
        named: list[str] | None,
        first: str | None,
        full_since: dt.datetime | None,
        now: dt.datetime,
        *,
        force: bool,
    ) -> list[str]:
        """The tickers to ask for; counts the others, and registers those that have no metadata yet."""
        known = {row["ticker"]: row for row in tickers.active(self._db, self._category)}
        chosen = _in_order(known, named, first)
        _register(self._db, self._category, known, chosen)
        all_since = full_since or dt.datetime.max if self._full or force else None
        todo = _due(self._category, known, chosen, now, all_since=all_since)
        self.summary.total = len(chosen)
        self.summary.done = self.summary.current = len(chosen) - len(todo)
        self._tell(None)
        return todo

    def through(self, todo: list[str], workers: int) -> None:
        """Work through the tickers, until the end or until it is to stop."""
        if not todo:
            return
        queue = iter(todo)
        with yahoo.client(self._stop.is_set) as client, ThreadPoolExecutor(min(workers, len(todo))) as pool:
            # Each in a context of its own, so that all speak the language of whoever began the run.
            threads = [
                pool.submit(copy_context().run, self._worker, self._take(queue), client)
                for _ in range(min(workers, len(todo)))
            ]
            try:
                for thread in threads:
                    thread.result()
            finally:
                self.summary.requests = client.requests

    def finish(self) -> None:
        """Settle the state and write it down. Raises PyMongoError where MongoDB stays away."""
        summary = self.summary
        if self._lease.lost:
            summary.state = "failed"
            summary.reason = SisepanError(N_("데이터베이스와 너무 오래 끊겨 다른 실행이 이어받았습니다."))
        elif summary.reason:
            summary.state = "partial"
        else:
            summary.state = "cancelled" if summary.done < summary.total else "done"
        self._tell(None)
        self._storing.copy(stop=stop_after_delay(OUTAGE_LIMIT))(self._lease.finish, summary.state, summary.reason)
        _log.info(
            "%s: %s, %d of %d tickers, %d bars added, %d replaced, %d failed, %d requests, %.1f s",
            summary.category,
            summary.state,
            summary.done,
            summary.total,
            summary.added,
            summary.replaced,
            len(summary.failures),
            summary.requests,
            summary.seconds,
        )

    def _take(self, queue: Iterator[str]) -> Iterator[str]:
        while not self._stop.is_set() and self.summary.reason is None:
            with self._lock:
                ticker = next(queue, None)
            if ticker is None:
                return
            yield ticker

    def _worker(self, queue: Iterator[str], client: yahoo.Client) -> None:
        try:
            for ticker in queue:
                try:
                    result = self._storing(self._update, ticker, client)
                except NotAsked:
                    if client.exhausted:
                        self._give_up(
                            N_("Yahoo가 요청을 계속 거절해 여기서 멈췄습니다. 한동안 기다린 뒤 다시 실행하십시오.")
                        )
                    return
                self._done(result, client)
        except BaseException:
            self._stop.set()  # what stops one worker stops all
            raise

    def _update(self, ticker: str, client: yahoo.Client) -> TickerResult:
        # Read now: since the run began a person may have edited it.
        row = tickers.get(self._db, self._category, ticker)
        if row is None:
            return TickerResult(ticker)  # or has removed it, and its bars shall not come back
        fetch = partial(self._fetch, client)
        try:
            result = ticker_update.update(self._db, self._category, row, fetch, full=self._full)
        except NotAsked:
            raise
        except SisepanError as error:
            return self._failed(row, error)
        _log.info("%s %s: %d added, %d replaced, %d removed", self._category.key, ticker, *result.written)
        for remark in result.remarks:
            _log.info(
                "%s %s: bar of %.10s %s, %s", self._category.key, ticker, remark.date, remark.action, remark.reason
            )
        return result

    def _fetch(self, client: yahoo.Client, row: TickerRow, start: dt.date | None) -> yahoo.Fetched:
        while True:
            try:
                return self._asking(ticker_update.fetch_from_any_market, client, self._category, row, start)
            except yahoo.RateLimited:
                # The pause is everyone's, and comes before the next request, which is not made if all were in vain.
                _log.info("%s %s: asked again after the pause", self._category.key, row["ticker"])

    def _failed(self, row: TickerRow, error: SisepanError) -> TickerResult:
        ticker = row["ticker"]
        _log.warning("%s %s: %s", self._category.key, ticker, error)
        unknown = int(row.get("unknown_runs", 0)) + 1 if isinstance(error, yahoo.UnknownSymbol) else 0
        fields = {
            "last_status": "delisted" if unknown >= DELISTED_AFTER else "failed",
            "last_error": str(error),
            "unknown_runs": unknown or None,
            "updated_at": tickers.now(),
        }
        tickers.record(self._db, self._category, ticker, fields)
        return TickerResult(ticker, error=error, delisted=unknown > DELISTED_AFTER)

    def _done(self, result: TickerResult, client: yahoo.Client) -> None:
        with self._lock:
            summary = self.summary
            summary.done += 1
            summary.added += result.written.added
            summary.replaced += result.written.replaced
            summary.removed += result.written.removed
            summary.changed += sum(remark.action == "changed" for remark in result.remarks)
            summary.refused += sum(remark.action == "refused" for remark in result.remarks)
            summary.delisted += result.delisted
            self._unreachable = self._unreachable + 1 if isinstance(result.error, yahoo.Unreachable) else 0
            failure = runs.Failure(result.ticker, result.error) if result.error and not result.delisted else None
            if failure:
                summary.failures.append(failure)
            summary.requests = client.requests
            self._tell(result, failure)
        if self._unreachable >= UNREACHABLE_LIMIT:
            self._give_up(N_("Yahoo에 연결되지 않아 여기서 멈췄습니다. 네트워크를 확인하고 다시 실행하십시오."))

    def _give_up(self, reason: str) -> None:
        with self._lock:
            self.summary.reason = self.summary.reason or FetchFailed(reason)

    def _tell(self, result: TickerResult | None, failure: runs.Failure | None = None) -> None:
        self.summary.seconds = time.monotonic() - self._begun
        self._lease.report(self.summary.counts, [failure] if failure else [])
        self._progress(self.summary, result)


def _in_order(known: dict[str, TickerRow], named: list[str] | None, first: str | None) -> list[str]:
    """The tickers to update: those named as they are named, else all, those first that were asked for longest ago.

    Not by their last bar: tickers that can have no new one would stand before all others in every run.
    """
    if named is not None:
        return named
    never = dt.datetime(1, 1, 1)
    return sorted(known, key=lambda ticker: (ticker != first, known[ticker].get("updated_at") or never, ticker))


def _due(
    category: Category, known: dict[str, TickerRow], chosen: list[str], now: dt.datetime, all_since: dt.datetime | None
) -> list[str]:
    """Those of the `chosen` tickers to ask for: what may have something new, or whatever was not updated since
    `all_since`."""
    is_current = _currentness(category, now) if all_since is None else partial(_was_updated, all_since)
    return [ticker for ticker in chosen if not is_current(known.get(ticker, {}))]


def _register(db: MongoDatabase, category: Category, known: dict[str, TickerRow], chosen: list[str]) -> None:
    # The known ones too: tickers that are seen for their bars alone would no longer be, once one is registered.
    unregistered = [ticker for ticker in {**known, **dict.fromkeys(chosen)} if "category" not in known.get(ticker, {})]
    starters = {row["ticker"]: row for row in starter.rows(category)}
    rows = ({"ticker": ticker, "name": ticker, "market": ""} | starters.get(ticker, {}) for ticker in unregistered)
    tickers.register(db, category, rows)


def _currentness(category: Category, moment: dt.datetime) -> Callable[[TickerRow], bool]:
    """Tells of a ticker's metadata whether Yahoo can have nothing new for it at `moment`."""
    final: dict[str, tuple[dt.datetime, dt.datetime]] = {}
    for market in category.markets:
        session = sessions.last_finished(market.calendar, moment).to_pydatetime()
        final[market.key] = session, (sessions.close_of(market.calendar, session) or session) + SETTLING

    def is_current(row: TickerRow) -> bool:
        if row.get("source") != "yahoo" or row.get("last_status") != "ok" or row.get("rewriting"):
            return False
        session, settled = final[category.market(row.get("market", "")).key]
        return bool(row.get("last_date", session - dt.timedelta(days=1)) >= session and row["updated_at"] >= settled)

    return is_current


def _was_updated(since: dt.datetime, row: TickerRow) -> bool:
    return bool(row.get("last_status") == "ok" and row["updated_at"] >= since and not row.get("rewriting"))


def _stored_until(row: TickerRow) -> dt.datetime | None:
    untrusted = row.get("source") == "sample" or row.get("rewriting")
    return None if untrusted else row.get("last_date")


def _may_pass(error: BaseException) -> bool:
    """Whether asking Yahoo again may help at once: not for what it does not know, nor where it wants fewer requests."""
    return isinstance(error, FetchFailed) and not isinstance(error, yahoo.UnknownSymbol | yahoo.RateLimited | NotAsked)


def _reconnect() -> None:
    """Start the embedded server again where it is that which went away."""
    with suppress(SisepanError):
        database.connect()
