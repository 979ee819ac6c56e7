"""Updates on a viewer: the button that begins one, its progress and outcome, and word of newer bars than those drawn.

What is shown is what MongoDB says of the category's run, whoever began it and wherever it runs.
"""

import threading
from collections.abc import Callable, Iterable
from typing import Any

import streamlit as st
from pymongo.errors import PyMongoError

from finance_core import background
from finance_core.categories import Category
from finance_core.errors import SisepanError
from finance_core.i18n import _
from finance_core.storage import database, runs, tickers
from finance_core.storage.database import MongoDatabase
from finance_core.storage.documents import TickerRow
from finance_core.ui import listing, run_status
from finance_core.ui.decorators import live, writes
from finance_core.ui.text import plain
from finance_core.ui.visitor import may_edit, require_admin

STARTED, WATCHED = "started_update", "watched_update"
LOOK_EVERY = 15.0
"""Seconds between two looks for newer bars."""

Update = Callable[..., Any]
"""`updaters.update.run`, given to the interface by the pages, as the core knows no updaters."""


def button(db: MongoDatabase, category: Category, ticker: str, update: Update) -> None:
    """A button that updates the category, `ticker` first, for whoever may; while a run is under way, it is disabled."""
    if not may_edit():
        return
    running = is_running(db, category)

    @writes
    def begin_update() -> None:
        start(category, update, first=ticker)

    st.button(
        _("업데이트"),
        icon=":material/sync:",
        type="primary",
        disabled=running,
        key="update",
        on_click=begin_update,
    )


def start(category: Category, update: Update, only: Iterable[str] | None = None, **options: Any) -> None:
    """Begin an update in the background, to be watched by this visitor. `options` are those of `updaters.update.run`.

    Raises NotAllowed unless the visitor is an admin, however they got here.
    """
    require_admin()

    def work(stop: threading.Event) -> object:
        return update(database.connect(), category, only, origin="page", stop=stop, **options)

    st.session_state[f"{STARTED}:{category.key}"] = background.start(work)


def is_running(db: MongoDatabase, category: Category) -> bool:
    """Whether a run is under way, or this visitor has just begun one."""
    if _is_begun_here(category):
        return True
    run = runs.latest(db, category)
    return run is not None and run["state"] == "running"


def status(db: MongoDatabase, category: Category) -> None:
    """Progress of a running update, and the outcome of one that this visitor saw running."""
    if not may_edit():
        return
    # Two places: what a part that draws itself anew sends last must not meet something else where it used to be.
    progress_place, outcome_place = st.container(), st.container()
    with outcome_place:
        could_not_start(category)
    if is_running(db, category):
        with progress_place:
            _progress(category, _is_begun_here(category))
        return
    with outcome_place:
        _outcome(db, category)


def _outcome(db: MongoDatabase, category: Category) -> None:
    run = runs.latest(db, category)
    if run and st.session_state.pop(f"{WATCHED}:{category.key}", None) == run["_id"]:  # once: it stays until a click
        listing.forget()  # what was a sample is one no longer
        run_status.outcome(run)
        if run.get("failed"):
            with st.expander(_("실패한 종목")):
                run_status.failures_shown(db, run)


def could_not_start(category: Category) -> None:
    """Tell this visitor why the update they asked for did not begin, until they ask again; one that did is watched."""
    key = f"{STARTED}:{category.key}"
    job: background.BackgroundTask | None = st.session_state.get(key)
    if job is None or not job.finished:
        return
    if job.error is None:
        st.session_state.setdefault(f"{WATCHED}:{category.key}", job.result.run)
        del st.session_state[key]
    elif isinstance(job.error, runs.AlreadyRunning):
        st.warning(plain(str(job.error)), icon=":material/lock_clock:")
    else:
        sentence = str(job.error) if isinstance(job.error, SisepanError) else _explained(job.error)
        st.error(plain(_("업데이트하지 못했습니다. {reason}").format(reason=sentence)), icon=":material/error:")


@live(0.5, for_admins=True)
def _progress(db: MongoDatabase, category: Category, was_begun_here: bool) -> None:
    run = runs.latest(db, category)
    if was_begun_here and not _is_begun_here(category):
        st.rerun()  # the whole page: it did not begin, or is over
    elif run and run["state"] == "running":
        st.session_state[f"{WATCHED}:{category.key}"] = run["_id"]
        run_status.progress(db, run, category.key)
    elif is_running(db, category):
        st.progress(0.0, text=_("업데이트를 시작하는 중"))
    else:
        st.rerun()  # the whole page: there are new bars


@live(LOOK_EVERY)
def newer(db: MongoDatabase, category: Category, ticker: str, drawn: TickerRow) -> None:
    """A note that newer bars are stored than those that are drawn; `drawn` is the ticker's row as it was then."""
    stored = tickers.get(db, category, ticker) or {}
    if stored.get("bars_changed_at") == drawn.get("bars_changed_at"):
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.info(_("이 차트를 그린 뒤에 새 시세가 들어왔습니다."), icon=":material/update:")
        if st.button(_("새 시세 보기"), icon=":material/refresh:", key="newer"):
            st.rerun()


def _is_begun_here(category: Category) -> bool:
    job: background.BackgroundTask | None = st.session_state.get(f"{STARTED}:{category.key}")
    return job is not None and not job.finished


def _explained(error: Exception) -> str:
    if isinstance(error, PyMongoError):
        return str(database.explain(error))
    return _("자세한 내용은 로그에 있습니다.")
