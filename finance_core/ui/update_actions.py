"""Update runs on a viewer: the button that starts one, its progress and outcome, and a note that newer bars are stored.

Progress and outcome are those of the latest run of the category in MongoDB, whichever process runs it.
"""

import threading
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import streamlit as st
from bson import ObjectId

from finance_core import background
from finance_core.categories import Category
from finance_core.i18n import _
from finance_core.storage import database, runs, tickers
from finance_core.storage.database import MongoDatabase
from finance_core.storage.documents import TickerRow
from finance_core.ui import listing, run_status
from finance_core.ui.decorators import live, writes
from finance_core.ui.text import plain
from finance_core.ui.visitor import may_edit, require_admin

STARTED, NAMED, WATCHED = "started_update", "named_by_update", "watched_update"
"""Keys of the session state for each category: the background task that the visitor started, the tickers that they
named for it, and the `_id` of the run that they watch."""
LOOK_EVERY = 15.0
"""Seconds between two checks for newer bars."""

Update = Callable[..., Any]
"""`updaters.category_update.run`. The pages pass it in, because `finance_core` does not import updaters."""


def start(category: Category, update: Update, only: Sequence[str] | None = None, **options: Any) -> None:
    """Start an update run as a background task, and watch it for this visitor. Raises NotAllowed unless an admin."""
    require_admin()

    def work(stop: threading.Event) -> object:
        return update(database.connect(), category, only, origin="page", stop=stop, **options)

    st.session_state[f"{NAMED}:{category.key}"] = only
    st.session_state[f"{STARTED}:{category.key}"] = background.start(work)


def start_button(category: Category, update: Update, label: str, options: Mapping[str, Any], **appearance: Any) -> bool:
    """A button that calls `start` with `options`; `appearance` is for `st.button`. Returns whether it was clicked."""
    return st.button(label, on_click=writes(partial(start, category, update, **options)), **appearance)


def button(db: MongoDatabase, category: Category, ticker: str, update: Update) -> None:
    """For admins, a button that updates the category, `ticker` first; disabled during a run."""
    if may_edit():
        help_text = _("이 종목부터 {category} 전체").format(category=_(category.title))
        look = {"icon": ":material/sync:", "type": "tertiary", "key": "update", "help": help_text}
        start_button(category, update, _("업데이트"), {"first": ticker}, disabled=is_running(db, category), **look)


def button_for_one(db: MongoDatabase, category: Category, ticker: str, update: Update) -> None:
    """For admins, a button in a live part of the page that updates only `ticker`."""
    if may_edit():
        key = "update_one"
        is_disabled = is_running(db, category) and not st.session_state.get(key)  # a disabled button forgets its click
        look = {"icon": ":material/sync:", "key": key, "disabled": is_disabled}
        if start_button(category, update, _("이 종목만 업데이트"), {"only": [ticker]}, **look):
            st.rerun()  # the whole page, which shows the progress


def is_running(db: MongoDatabase, category: Category) -> bool:
    """Whether a run is running, or this visitor has just started one."""
    if _is_begun_here(category):
        return True
    run = runs.latest(db, category)
    return run is not None and run["state"] == "running"


def is_fetching(category: Category, ticker: str) -> bool:
    """Whether a run that this visitor started for `ticker` by its name is running."""
    return _is_begun_here(category) and has_tried(category, ticker)


def has_tried(category: Category, ticker: str) -> bool:
    """Whether the last run that this visitor started was for `ticker` by its name."""
    return ticker in (st.session_state.get(f"{NAMED}:{category.key}") or ())


def status(db: MongoDatabase, category: Category) -> None:
    """The progress of a running update run; or the outcome of a run that this visitor started or saw running."""
    if not may_edit():
        return
    # Two containers: the last elements of a live part must not replace other elements in the same place.
    progress_place, outcome_place = st.container(), st.container()
    with outcome_place:
        show_start_error(db, category)
    if is_running(db, category):
        with progress_place:
            _progress(category, _is_begun_here(category))
    else:
        with outcome_place:
            _outcome(db, category)


def show_start_error(db: MongoDatabase, category: Category) -> None:
    """Show why the update run that this visitor started failed or did not begin, until they start another.

    That another run is running is shown while it is.
    """
    task = _started(category)
    if task is None or task.error is None:
        return
    if isinstance(task.error, runs.AlreadyRunning):
        if runs.has_lease(db, category, task.error.values["run"]):
            st.warning(plain(str(task.error)), icon=":material/lock_clock:")
        return
    sentence = _("업데이트하지 못했습니다. {reason}").format(reason=database.explained(task.error))
    st.error(plain(sentence), icon=":material/error:")


@live(0.5, for_admins=True)
def _progress(db: MongoDatabase, category: Category, was_begun_here: bool) -> None:
    run = runs.latest(db, category)
    if was_begun_here and not _is_begun_here(category):
        st.rerun()  # the whole page: the run did not begin, or has ended
    elif run and run["state"] == "running":
        st.session_state[f"{WATCHED}:{category.key}"] = run["_id"]
        run_status.progress(db, run, category.key)
    elif is_running(db, category):
        st.progress(0.0, text=_("업데이트를 시작하는 중"))
    else:
        st.rerun()  # the whole page: there are new bars


def _outcome(db: MongoDatabase, category: Category) -> None:
    run = runs.latest(db, category)
    if run and run["_id"] in _forget_watched(category):  # drawn once; it stays on the page until the next click
        listing.forget()  # a sample may have become a real ticker
        run_status.outcome(run)
        run_status.failures(db, run, _("실패한 종목"))


@live(LOOK_EVERY)
def newer(db: MongoDatabase, category: Category, ticker: str, drawn: TickerRow) -> None:
    """A note if newer bars are stored than the chart shows; `drawn` is the ticker's row when the chart was drawn."""
    stored = tickers.get(db, category, ticker) or {}
    if stored.get("bars_changed_at") == drawn.get("bars_changed_at"):
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.info(_("이 차트를 그린 뒤에 새 시세가 들어왔습니다."), icon=":material/update:")
        if st.button(_("새 시세 보기"), icon=":material/refresh:", key="newer"):
            st.rerun()


def _started(category: Category) -> background.BackgroundTask | None:
    task: background.BackgroundTask | None = st.session_state.get(f"{STARTED}:{category.key}")
    return task


def _is_begun_here(category: Category) -> bool:
    task = _started(category)
    return task is not None and not task.finished


def _forget_watched(category: Category) -> set[ObjectId | None]:
    """The runs that this visitor saw running, or started and that ended without an error; stops watching them."""
    watched = {st.session_state.pop(f"{WATCHED}:{category.key}", None)}
    task = _started(category)
    if task and task.finished and task.error is None:
        watched.add(task.result.run)
        del st.session_state[f"{STARTED}:{category.key}"]
    return watched
