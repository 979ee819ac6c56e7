"""The first start of an embedded database: sample prices, so that there is something to look at without a network.

They are made in the background from the start of the app on. The first visitor waits for those that pages show first.
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
"""Seconds between two looks how far the samples are."""

_log = logging.getLogger(__name__)
_lock = threading.Lock()


@dataclass
class _Filling:
    """The samples of one database being made."""

    task: BackgroundTask | None = None
    shown_first: threading.Event = field(default_factory=threading.Event)
    """Set once those are made that pages show first."""
    share: float = 0.0
    """How much is made, up to 1: of those first, then of the rest."""

    @property
    def finished(self) -> bool:
        """Whether all are made, or the making has failed."""
        return self.task is not None and self.task.finished


_fillings: dict[str, _Filling] = {}
"""By name of the database; it stays once they are made."""


def begin(fill: Callable[..., None]) -> None:
    """Begin to make the missing samples of the embedded database, if nobody has; for the start of the app.

    `fill` is called as `fill(db, today, progress, shown_first=True, stop=stop)`, then without `shown_first` (see
    `updaters.sample.prepare`).
    """
    try:
        _filling(fill)
    except SisepanError as error:  # every page connects too, and says what is wrong
        _log.warning("no sample prices: %s", error)


def wait(fill: Callable[..., None]) -> None:
    """Wait for the samples that pages show first, and show how far the rest is; `fill` as in `begin`."""
    try:
        known = _fillings.get(database.name())  # at nearly all visits all is made, and nothing is asked of the database
        filling = known if known and known.finished else _filling(fill)
    except SisepanError:  # as above
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
    """What makes the samples of the database; None if it is the user's own. Raises SisepanError as `connect`."""
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
    """How far the rest is, in the corner of the page, until it is made."""
    filling = _fillings[db.name]
    if filling.finished:
        listing.forget()
        st.rerun()
    st.progress(filling.share, text=_("나머지 표본 시세를 만들고 있습니다."))
