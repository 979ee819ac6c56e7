"""On the first page: what the user's own database holds, and one button that makes it part of the product."""

import threading

import streamlit as st

from finance_core.foreign import adopt_all, inspection
from finance_core.foreign.adopt_all import Step
from finance_core.foreign.import_records import Progress, Summary
from finance_core.i18n import _
from finance_core.storage import database
from finance_core.storage.database import MongoDatabase
from finance_core.ui import listing, navigation
from finance_core.ui.data import started, unused_server
from finance_core.ui.decorators import writes
from finance_core.ui.text import plain

OFFERED, SUBJECT = "offered_data", ""
"""Keys of the visit's state, and the subject of a run with all collections, which names none of them."""
SHOWN_FAILURES = 20


def show(db: MongoDatabase) -> None:
    """A MongoDB that is not used, the collections of this one that have no list yet, and what came of a yes."""
    unused_server.hint()
    if started.show(db):
        st.session_state.pop(OFFERED, None)
    summary = started.ended(SUBJECT)
    if summary is not None and summary.failures:
        st.warning(_("다음은 쓸 수 없었습니다. 자세한 것은 '내 데이터' 화면에 있습니다."), icon=":material/warning:")
        st.text("\n".join(f"{failure.ticker} {failure.error}" for failure in summary.failures[:SHOWN_FAILURES]))
    planned = [] if database.is_embedded() else _planned(db)
    if not planned or started.is_busy():
        return
    with st.container(border=True, key="offer"):
        title = _("이 데이터베이스에 있는 시세")
        st.markdown(f"**{plain(title)}**")
        st.markdown("\n".join(f"- {plain(str(sentence))}" for sentence in adopt_all.sentences(db, planned)))
        with st.container(horizontal=True, vertical_alignment="center"):
            label = _("목록 만들기")
            st.button(label, type="primary", icon=":material/playlist_add_check:", key="adopt_all", on_click=_start)
            st.page_link(navigation.page("admin_data"), label=_("하나씩 고르기"))


def _planned(db: MongoDatabase) -> list[Step]:
    """What one yes does, as of the visitor's first look: a look takes seconds, and the page is drawn often."""
    where = f"{database.address()}/{db.name}"
    seen = st.session_state.get(OFFERED)
    if seen is None or seen[0] != where:
        with st.spinner(_("데이터베이스를 살펴보는 중")):
            seen = (where, adopt_all.steps(db, inspection.inspect(db)))
        st.session_state[OFFERED] = seen
    planned: list[Step] = seen[1]
    return planned


@writes
def _start() -> None:
    planned = _planned(database.connect())

    def work(progress: Progress, stop: threading.Event) -> Summary:
        """Every step; the summary is that of the last, with the failures of all."""
        last, failures = Summary("", SUBJECT), []
        for step in planned:
            if not stop.is_set():
                last = adopt_all.perform(database.connect(), step, origin="page", progress=progress, stop=stop)
                failures += last.failures
        last.failures = failures
        return last

    started.begin(_("목록 만들기"), SUBJECT, work)
    listing.forget()
