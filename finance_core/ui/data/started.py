"""The run on the user's own data that a visitor has started: one at a time, in the background.

It continues when the visitor leaves the page. Until it ends it is shown where its collection or file is on the page,
and so is the error of one that failed. `outcome` shows its result.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass, field

import streamlit as st

from finance_core import background, categories, formats
from finance_core.background import BackgroundTask
from finance_core.categories import Category
from finance_core.foreign.import_records import Summary
from finance_core.i18n import N_, _
from finance_core.storage import database, runs
from finance_core.storage.database import MongoDatabase
from finance_core.storage.documents import RunRecord
from finance_core.ui import listing, run_status
from finance_core.ui.decorators import live
from finance_core.ui.text import plain
from finance_core.ui.visitor import require_admin

REFRESH = 0.7
"""Seconds between two redraws of the progress."""
STARTED, WATCHED, ENDED = "data_started", "data_watched", "data_ended"


@dataclass
class Started:
    """A run that this visitor has started."""

    what: str
    """The name of the action, in the visitor's language."""
    subject: str
    """The name of the collection or file; "" means several."""
    progress: Summary | None = None
    task: BackgroundTask = field(init=False)
    is_shown: bool = False
    """Whether the page has been drawn since the run ended."""
    has_place: bool = False
    """Whether its collection or file was on the page."""


def begin(what: str, subject: str, work: Callable[..., Summary]) -> None:
    """Start `work(progress, stop)` in the background, unless a run of this visitor is running.

    `what` is the name of the action in the visitor's language, `subject` the collection or file. Raises NotAllowed
    unless the visitor is an admin.
    """
    require_admin()
    if is_busy():
        return
    started = Started(what, subject)

    def show(summary: Summary) -> None:
        started.progress = summary

    started.task = background.start(lambda stop: work(progress=show, stop=stop))
    st.session_state[STARTED] = started


def is_busy() -> bool:
    """Whether a run that this visitor has started is running."""
    started = _started()
    return started is not None and not started.task.finished


def blocks(db: MongoDatabase, category: Category) -> bool:
    """Whether no run of `category` can be started, because a run of this visitor or of the category is running."""
    run = runs.latest(db, category)
    return is_busy() or bool(run and run["state"] == "running")


def ended(subject: str) -> Summary | None:
    """The summary of the last run that this visitor started, if it was of `subject`, has ended and did not fail."""
    started = _started()
    if started is None or started.subject != subject or not started.task.finished:
        return None
    summary: Summary | None = started.task.result
    return summary


def forget(subject: str) -> None:
    """Forget the run of `subject` if it has ended: its files have made room for others."""
    started = _started()
    if started is not None and started.subject == subject and started.task.finished:
        del st.session_state[STARTED]


def has_one_ended() -> bool:
    """Whether a run has ended since the last call, of this visit or, as far as it was shown, of another."""
    started = _started()
    if started is not None and started.task.finished and not started.is_shown:
        started.is_shown = st.session_state[ENDED] = True
        listing.forget()
        st.rerun()  # the whole page: the search box, which is above, knows the tickers of before
    return bool(st.session_state.pop(ENDED, False))


def show(subject: str) -> None:
    """Draw the progress of the run that this visitor has started, or its error, if it is of `subject`."""
    started = _started()
    if started is not None and started.subject == subject:
        started.has_place = True
        _draw(started)


def show_others(db: MongoDatabase, subjects: Collection[str | None]) -> None:
    """Draw what `show` has not drawn for any of `subjects`, and the progress of the runs of other visits.

    The error of a run that had a place is not drawn elsewhere: its file has made room for another.
    """
    started = _started()
    if started is not None and started.subject not in subjects and not (started.is_shown and started.has_place):
        _draw(started)
    if not is_busy() and _running(db):
        _watch_runs()


def _draw(started: Started) -> None:
    if not started.is_shown:
        _watch()
    elif started.task.error:
        _show_error(started, started.task.error)


def _started() -> Started | None:
    started: Started | None = st.session_state.get(STARTED)
    return started


def _running(db: MongoDatabase) -> list[RunRecord]:
    """The running runs on the user's own data, on any machine."""
    latest = (runs.latest(db, category) for category in categories.CATEGORIES)
    return [run for run in latest if run and run["state"] == "running" and run.get("kind")]


@live(REFRESH, for_admins=True)
def _watch_runs(db: MongoDatabase) -> None:
    """The progress of the runs of other visits, until one ends."""
    running = _running(db)
    for run in running:
        st.caption(plain(" · ".join([_(categories.category(run["category"]).title), run["from"]])))
        run_status.progress(db, run, run["category"])
    now = {run["_id"] for run in running}
    before, st.session_state[WATCHED] = st.session_state.get(WATCHED, now), now
    if before - now:
        listing.forget()
        st.session_state[ENDED] = True
        st.rerun()  # the whole page, which inspects the database again


@live(REFRESH, for_admins=True)
def _watch(_db: MongoDatabase) -> None:
    """The progress of the run that this visitor has started, until it ends."""
    started = _started()
    if started is None or started.task.finished:
        st.rerun()  # the whole page
    summary = started.progress or Summary("", started.subject)
    counts = {"done": summary.done, "total": summary.total, "bars": summary.bars}
    sentence = _("{subject} {what}: {done}/{total}종목, 봉 {bars}개")
    text = formats.filled(sentence, subject=summary.source or started.subject, what=started.what, **counts)
    bar, button = st.columns([6, 1], vertical_alignment="center")
    bar.progress(summary.done / summary.total if summary.total else 0.0, text=plain(text.strip()))
    stop = started.task.stop
    icon = ":material/stop_circle:"
    button.button(_("중단"), icon=icon, disabled=stop.is_set(), key="stop_task", on_click=stop.set)


def _show_error(started: Started, error: Exception) -> None:
    reason = database.explained(error, N_("자세한 내용은 로그에 있습니다."))
    text = _("{subject} {what}: 하지 못했습니다. {reason}")
    text = text.format(subject=started.subject, what=started.what, reason=reason).strip()
    st.error(plain(text), icon=":material/error:")
