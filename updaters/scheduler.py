"""Runs the daily updates that are due, while the app is up. When one is due is left to `schedule`."""

import datetime as dt
import logging
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache, partial

from pymongo.errors import PyMongoError

from finance_core import background, categories, log
from finance_core.categories import Category
from finance_core.errors import SisepanError
from finance_core.foreign import following
from finance_core.storage import database, locations, runs, schedule
from updaters import category_update

LOOK_EVERY = 30.0
"""Seconds."""

_log = logging.getLogger(__name__)
_following: dict[str, background.BackgroundTask] = {}


@cache
def start() -> None:
    """Look for updates that are due, in a thread of its own, until the process ends. Once a process."""
    threading.Thread(target=_watch, name="scheduler", daemon=True).start()


def tick(now: dt.datetime) -> list[background.BackgroundTask]:
    """Start every update that is due at `now` (tz-aware), and record as interrupted what died.

    A category that is read from a collection of the user's own is not updated from Yahoo: its list follows that
    collection.

    Raises SisepanError or PyMongoError where the database cannot be reached.
    """
    db = database.connect()
    started = []
    for category in categories.CATEGORIES:
        runs.mark_interrupted(db, category)
        if locations.of(db, category).read_only:
            if following.is_outdated(db, category) and not _is_following(category):
                _following[category.key] = background.start(partial(_follow, category))
                started.append(_following[category.key])
            continue
        since = schedule.enabled_since(db, category)
        if since is None:
            continue
        last = runs.latest_whole(db, category)
        # An interrupted one is not counted: it is completed by the next. One that runs elsewhere is found out at once.
        last_start = last["started_at"] if last and last["state"] != "interrupted" else None
        if schedule.is_due(category, since, last_start, now):
            _log.info("%s: the daily update is due", category.key)
            started.append(background.start(partial(_update, category)))
    return started


def _is_following(category: Category) -> bool:
    job = _following.get(category.key)
    return job is not None and not job.finished


def _follow(category: Category, stop: threading.Event) -> int:
    changed = following.refresh(database.connect(), category, stop)
    _log.info("%s: %d tickers have changed in the user's own collection", category.key, changed)
    return changed


def _update(category: Category, stop: threading.Event) -> category_update.Summary | None:
    try:
        return category_update.run(database.connect(), category, origin="schedule", stop=stop)
    except runs.AlreadyRunning as error:
        _log.info("%s: %s", category.key, error)
        return None


def _watch() -> None:
    never = threading.Event()
    while True:
        try:
            tick(dt.datetime.now(dt.UTC))
        except (SisepanError, PyMongoError) as error:
            _log.warning("the schedule could not be looked at: %s", error)
        except Exception:  # noqa: BLE001 - the thread's last line: else no update would ever be due again
            _log.exception("the schedule could not be looked at")
        never.wait(LOOK_EVERY)


@asynccontextmanager
async def lifespan(_app: object) -> AsyncIterator[None]:
    """The time in which the app is up, from before its first visitor on."""
    try:
        log.to_file("app", warnings_on_terminal=True)
    except SisepanError as error:
        _log.warning("%s", error)
    start()
    yield
    background.stop_all()
