"""Starts the update runs that are due, while the app is up. `storage.schedule` decides when a run is due."""

import datetime as dt
import logging
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache, partial

from pymongo.errors import PyMongoError

from finance_core import background, categories, log
from finance_core.background import BackgroundTask
from finance_core.categories import Category
from finance_core.errors import DataConflict, SisepanError
from finance_core.foreign import following
from finance_core.storage import alerts, database, locations, runs, schedule, tickers, trading_calendars
from finance_core.storage.database import MongoDatabase
from finance_core.storage.documents import RunRecord
from updaters import alert_delivery, category_update
from updaters.run_summary import Summary

LOOK_EVERY = 30.0
"""Seconds between two checks for due update runs."""
RETRY_AFTER = dt.timedelta(hours=1)
"""Time after a run that failed, or could not finish, until the next try."""
ATTEMPTS = 2
"""Most runs for one due moment."""

_log = logging.getLogger(__name__)
_last_tasks: dict[str, BackgroundTask] = {}
"""The last background task that followed a category's collection, by the category's key; the last that sent alerts, by
"alerts"."""


@asynccontextmanager
async def lifespan(_app: object) -> AsyncIterator[None]:
    """A block for the time in which the app is up; it begins before the first visitor."""
    try:
        log.to_file("app", warnings_on_terminal=True)
    except SisepanError as error:
        _log.warning("%s", error)
    start()
    yield
    background.stop_all()


@cache
def start() -> None:
    """Start `watch` in a thread of its own, once per process."""
    threading.Thread(target=watch, name="scheduler", daemon=True).start()


def watch() -> None:
    """Call `tick` every `LOOK_EVERY` seconds; never returns."""
    never = threading.Event()
    while True:
        try:
            tick(dt.datetime.now(dt.UTC))
        except (SisepanError, PyMongoError) as error:
            _log.warning("the schedule could not be looked at: %s", error)
        except Exception:  # noqa: BLE001 - otherwise the thread would end, and no update would ever start again
            _log.exception("the schedule could not be looked at")
        never.wait(LOOK_EVERY)


def tick(now: dt.datetime) -> list[BackgroundTask]:
    """Start every update run that is due at `now` (tz-aware), send alerts, and mark dead runs as interrupted.

    The ticker list of a category follows the user's own collection that it reads. It is updated from Yahoo only if that
    collection is in our layout.
    Raises SisepanError or PyMongoError if the database cannot be reached.
    """
    db = database.connect()
    started = []
    sending = _last_tasks.get("alerts")
    if (sending is None or sending.finished) and alerts.is_waiting(db, tickers.utc(now)):
        _last_tasks["alerts"] = background.start(lambda _stop: alert_delivery.send(database.connect(), now))
        started.append(_last_tasks["alerts"])
    for category in categories.CATEGORIES:
        try:
            started += _look_at(db, category, now)
        except DataConflict as error:  # of this category alone
            _log.warning("%s: %s", category.key, error)
    return started


def _look_at(db: MongoDatabase, category: Category, now: dt.datetime) -> list[BackgroundTask]:
    """Start what is due for one category."""
    started = []
    runs.mark_interrupted(db, category)
    task = _last_tasks.get(category.key)
    is_idle = task is None or task.finished
    last = runs.latest(db, category)
    is_running = last is not None and last["state"] == "running"
    if is_idle and not is_running and following.is_outdated(db, category):
        _last_tasks[category.key] = background.start(partial(_follow, category))
        started.append(_last_tasks[category.key])
    if not locations.of(db, category).read_only and _is_due(db, category, now):
        _log.info("%s: the daily update is due", category.key)
        started.append(background.start(partial(_update, category)))
    return started


def _is_due(db: MongoDatabase, category: Category, now: dt.datetime) -> bool:
    since = schedule.enabled_since(db, category)
    if since is None:
        return False
    last = runs.latest_whole(db, category)
    last_start = last["started_at"] if last and not _is_to_repeat(db, category, last, now) else None
    return schedule.is_due(category, since, last_start, now, partial(trading_calendars.of, db))


def _is_to_repeat(db: MongoDatabase, category: Category, last: RunRecord, now: dt.datetime) -> bool:
    """Whether the run `last` does not count, because the next one completes it.

    One that ended with its program never does, and one that failed or gave up not after `RETRY_AFTER`, once for each
    due moment: its reason may last. A running run counts; if another process holds the lease, `_update` finds out.
    """
    if last["state"] not in ("failed", "partial"):
        return last["state"] == "interrupted"
    due = schedule.last_due(category, now, partial(trading_calendars.of, db))
    return tickers.utc(now) >= last["heartbeat_at"] + RETRY_AFTER and runs.count_whole(db, category, due) < ATTEMPTS


def _follow(category: Category, stop: threading.Event) -> int:
    changed = following.refresh(database.connect(), category, stop)
    if changed:  # it looks every ten minutes
        _log.info("%s: %d tickers have changed in the user's own collection", category.key, changed)
    return changed


def _update(category: Category, stop: threading.Event) -> Summary | None:
    try:
        return category_update.run(database.connect(), category, origin="schedule", stop=stop)
    except runs.AlreadyRunning as error:
        _log.info("%s: %s", category.key, error)
        return None
