"""The update button of a viewer: starts an update in the background, shows its progress, then the new bars."""

from collections.abc import Callable
from typing import Any, Protocol

import streamlit as st
from pymongo.errors import PyMongoError

from finance_core import database, jobs
from finance_core.categories import Category
from finance_core.database import MongoDatabase
from finance_core.errors import SisepanError
from finance_core.i18n import _
from finance_core.ui import listing
from finance_core.ui.page import may_edit, use_visitor_language

SHOWN_FAILURES = 20
WATCHED = "watched_update"


class Result(Protocol):
    """What happened to one ticker, as far as it is shown."""

    @property
    def ticker(self) -> str: ...
    @property
    def error(self) -> SisepanError | None: ...


class Summary(Protocol):
    """What a run has done so far, as far as it is shown."""

    total: int
    cancelled: bool

    @property
    def results(self) -> list[Any]: ...
    @property
    def failures(self) -> list[Any]: ...
    @property
    def current(self) -> int: ...
    @property
    def added(self) -> int: ...
    @property
    def replaced(self) -> int: ...


Update = Callable[..., Summary]
"""`updaters.update.run`, given to the interface by the pages, as the core knows no updaters."""


def button(category: Category, ordered: list[str], update: Update) -> None:
    """A button that updates the tickers `ordered`, for whoever may; while one runs, it is disabled."""
    if not may_edit():
        return
    running = _running(category)
    if st.button(_("업데이트"), icon=":material/sync:", type="primary", disabled=running, key="update"):
        start(category, ordered, update)
        st.rerun()


def start(category: Category, ordered: list[str], update: Update) -> None:
    """Begin an update of `ordered` in the background, to be watched by this visitor; one that runs goes on instead."""

    def work(job: jobs.Job) -> Summary:
        db: MongoDatabase = database.connect()
        return update(db, category, ordered, progress=job.report, cancelled=lambda: job.cancelled)

    st.session_state[WATCHED] = jobs.start(_key(category), work)


def status(category: Category) -> None:
    """Progress of a running update, and the outcome of one that this visitor saw running."""
    job = jobs.latest(_key(category))
    if job is None or not may_edit():
        return
    if not job.finished:
        st.session_state[WATCHED] = job
        _progress(category)
    elif st.session_state.pop(WATCHED, None) is job:  # once: it stays until the next click
        listing.forget()  # what was a sample is one no longer
        _outcome(job)


@st.fragment(run_every=0.5)
def _progress(category: Category) -> None:
    use_visitor_language()
    job = jobs.latest(_key(category))
    if job is None or job.finished:
        st.rerun()  # the whole page: there are new bars
        return
    summary: Summary | None = job.progress
    done, total = (len(summary.results), summary.total) if summary else (0, 0)
    bar, cancel = st.columns([6, 1], vertical_alignment="center")
    text = _("업데이트 중: {done}/{total}종목").format(done=done, total=total)
    bar.progress(done / total if total else 0.0, text=text)
    if cancel.button(_("중단"), icon=":material/stop_circle:", disabled=job.cancelled, key="cancel_update"):
        job.cancel()


def _outcome(job: jobs.Job) -> None:
    if job.error is not None:
        sentence = str(job.error) if isinstance(job.error, SisepanError) else _explained(job.error)
        st.error(_("업데이트하지 못했습니다. {reason}").format(reason=sentence), icon=":material/error:")
        return
    summary: Summary = job.result
    counts = _("{done}종목을 확인해 봉 {added}개를 추가하고 {replaced}개를 바꾸었습니다.").format(
        done=len(summary.results) - len(summary.failures), added=f"{summary.added:,}", replaced=f"{summary.replaced:,}"
    )
    if summary.current:
        counts += " " + _("{count}종목은 이미 최신이었습니다.").format(count=summary.current)
    if summary.cancelled:
        counts = _("중단했습니다.") + " " + counts
    if not summary.failures:
        st.success(counts, icon=":material/check_circle:")
        return
    failed = _("{count}종목은 실패했습니다.").format(count=len(summary.failures))
    st.warning(f"{counts} {failed}", icon=":material/warning:")
    with st.expander(_("실패한 종목")):
        for result in summary.failures[:SHOWN_FAILURES]:
            st.text(f"{result.ticker}: {result.error}")
        if len(summary.failures) > SHOWN_FAILURES:
            st.text(_("외 {count}종목").format(count=len(summary.failures) - SHOWN_FAILURES))


def _explained(error: Exception) -> str:
    if isinstance(error, PyMongoError):
        return str(database.explain(error))
    return _("자세한 내용은 로그에 있습니다.")


def _running(category: Category) -> bool:
    job = jobs.latest(_key(category))
    return job is not None and not job.finished


def _key(category: Category) -> str:
    return f"update:{category.key}"
