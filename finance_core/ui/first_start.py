"""Makes sample prices at the first start of an embedded database, so that pages show prices without a network.

They are made in the background after the start of the app. The first visitor waits only for the tickers that pages show
first.
"""

import datetime as dt
import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

import streamlit as st

from finance_core import background
from finance_core.background import BackgroundTask
from finance_core.errors import SisepanError
from finance_core.i18n import _
from finance_core.storage import database
from finance_core.storage.database import MongoDatabase
from finance_core.ui import listing
from finance_core.ui.decorators import live

LOOK_EVERY = 1.0
"""Seconds between two updates of the progress bar."""

_log = logging.getLogger(__name__)
_lock = threading.Lock()


@dataclass
class _SampleTask:
    """The background task that makes the samples of one database, and its progress."""

    thread: BackgroundTask | None = None
    shown_first: threading.Event = field(default_factory=threading.Event)
    """Set once the samples that pages show first are made."""
    share: float = 0.0
    """The share that is made, 0 to 1: of the first samples, then of the rest."""

    @property
    def finished(self) -> bool:
        """Whether all samples are made, or the task has failed."""
        return self.thread is not None and self.thread.finished


_tasks: dict[str, _SampleTask] = {}
"""By the name of the database; an entry stays after its samples are made."""


def begin(make_samples: Callable[..., None]) -> None:
    """Begin to make the missing samples of the embedded database, unless begun already; for the start of the app.

    `make_samples` is called as `make_samples(db, today, progress, shown_first=True, stop=stop)`, then without
    `shown_first` (see `updaters.sample.prepare`).
    """
    try:
        _task(make_samples)
    except SisepanError as error:  # every page connects too, and shows the error
        _log.warning("no sample prices: %s", error)


def wait(make_samples: Callable[..., None]) -> None:
    """Wait for the samples that pages show first, and show the progress of the rest; `make_samples` as in `begin`."""
    try:
        known = _tasks.get(database.name())  # in nearly all visits all samples are made: no query is needed
        task = known if known and known.finished else _task(make_samples)
    except SisepanError:  # every page connects too, and shows the error
        return
    if task is None or task.finished:
        return
    space = st.empty()
    while not (task.shown_first.wait(0.1) or task.finished):
        space.progress(task.share, text=_("처음이라 둘러볼 표본 시세를 만들고 있습니다."))
    space.empty()
    with st.sidebar:
        _rest()


def _task(make_samples: Callable[..., None]) -> _SampleTask | None:
    """The task of the database, begun if needed; None if the database is the user's own.

    Raises SisepanError as `database.connect` does.
    """
    if not database.is_embedded():
        return None
    db = database.connect()
    with _lock:
        if db.name not in _tasks:
            _tasks[db.name] = _begin(db, make_samples)
        return _tasks[db.name]


def _begin(db: MongoDatabase, make_samples: Callable[..., None]) -> _SampleTask:
    today = dt.datetime.now(dt.UTC).date()

    def progress(share: float) -> None:
        task.share = share

    def work(stop: threading.Event) -> None:
        make_samples(db, today, progress, shown_first=True, stop=stop)
        listing.forget()
        task.share = 0.0
        task.shown_first.set()
        make_samples(db, today, progress, stop=stop)

    task = _SampleTask()
    task.thread = background.start(work)
    return task


@live(LOOK_EVERY)
def _rest(db: MongoDatabase) -> None:
    """The progress of the rest of the samples, in the sidebar, until all are made."""
    task = _tasks[db.name]
    if task.finished:
        listing.forget()
        st.rerun()
    st.progress(task.share, text=_("나머지 표본 시세를 만들고 있습니다."))
