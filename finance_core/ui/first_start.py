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
class _Filling:
    """The background task that makes the samples of one database, and its progress."""

    task: BackgroundTask | None = None
    shown_first: threading.Event = field(default_factory=threading.Event)
    """Set once the samples that pages show first are made."""
    share: float = 0.0
    """The share that is made, 0 to 1: of the first samples, then of the rest."""

    @property
    def finished(self) -> bool:
        """Whether all samples are made, or the task has failed."""
        return self.task is not None and self.task.finished


_fillings: dict[str, _Filling] = {}
"""By the name of the database; an entry stays after its samples are made."""


def begin(fill: Callable[..., None]) -> None:
    """Begin to make the missing samples of the embedded database, unless begun already; for the start of the app.

    `fill` is called as `fill(db, today, progress, shown_first=True, stop=stop)`, then without `shown_first` (see
    `updaters.sample.prepare`).
    """
    try:
        _filling(fill)
    except SisepanError as error:  # every page connects too, and shows the error
        _log.warning("no sample prices: %s", error)


def wait(fill: Callable[..., None]) -> None:
    """Wait for the samples that pages show first, and show the progress of the rest; `fill` as in `begin`."""
    try:
        known = _fillings.get(database.name())  # in nearly all visits all samples are made: no query is needed
        filling = known if known and known.finished else _filling(fill)
    except SisepanError:  # every page connects too, and shows the error
        return
    if filling is None or filling.finished:
        return
    space = st.empty()
    while not (filling.shown_first.wait(0.1) or filling.finished):
        space.progress(filling.share, text=_("처음이라 둘러볼 표본 시세를 만들고 있습니다."))
    space.empty()
    with st.sidebar:
        _rest()


def _filling(fill: Callable[..., None]) -> _Filling | None:
    """The filling of the database, begun if needed; None if the database is the user's own.

    Raises SisepanError as `database.connect` does.
    """
    if not database.is_embedded():
        return None
    db = database.connect()
    with _lock:
        if db.name not in _fillings:
            _fillings[db.name] = _begin(db, fill)
        return _fillings[db.name]


def _begin(db: MongoDatabase, fill: Callable[..., None]) -> _Filling:
    today = dt.datetime.now(dt.UTC).date()

    def progress(share: float) -> None:
        filling.share = share

    def work(stop: threading.Event) -> None:
        fill(db, today, progress, shown_first=True, stop=stop)
        listing.forget()
        filling.share = 0.0
        filling.shown_first.set()
        fill(db, today, progress, stop=stop)

    filling = _Filling()
    filling.task = background.start(work)
    return filling


@live(LOOK_EVERY)
def _rest(db: MongoDatabase) -> None:
    """The progress of the rest of the samples, in the sidebar, until all are made."""
    filling = _fillings[db.name]
    if filling.finished:
        listing.forget()
        st.rerun()
    st.progress(filling.share, text=_("나머지 표본 시세를 만들고 있습니다."))
