"""The first start of an embedded database: sample prices, so that there is something to look at without a network."""

import datetime as dt
import threading
from collections.abc import Callable

import streamlit as st

from finance_core.errors import SisepanError
from finance_core.i18n import _
from finance_core.storage import database
from finance_core.storage.database import MongoDatabase
from finance_core.ui import listing

_lock = threading.Lock()
_filled: set[str] = set()
"""Names of databases."""


def fill_once(fill: Callable[[MongoDatabase, dt.date, Callable[[float], None]], None]) -> None:
    """Have `fill(db, today, progress)` fill the embedded database, and show its progress; later visits find it done."""
    if not database.is_embedded():
        return
    try:
        db = database.connect()
    except SisepanError:  # the page connects too, and says what is wrong
        return
    if db.name in _filled:
        return
    with _lock:
        space = st.empty()

        def progress(done: float) -> None:
            space.progress(done, text=_("처음이라 둘러볼 표본 시세를 만들고 있습니다."))

        fill(db, dt.datetime.now(dt.UTC).date(), progress)
        space.empty()
        listing.forget()
        _filled.add(db.name)
