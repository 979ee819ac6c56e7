"""The box on the first page that offers to make the usable collections of the user's database part of the product."""

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
"""A key of the session state; and the subject of a run with several collections (see `started.Started`)."""
SHOWN_FAILURES = 20


def show(db: MongoDatabase) -> None:
    """A hint about an unused MongoDB, the offer for collections that have no ticker list, and failures after a yes."""
    unused_server.hint()
    if started.has_one_ended():
        st.session_state.pop(OFFERED, None)
    started.show_others(db, ())
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
    """The steps after a yes, planned once per visit: an inspection takes seconds, and the page is drawn often."""
    where = f"{database.address()}/{db.name}"
    kept = st.session_state.get(OFFERED)
    if kept is None or kept[0] != where:
        with st.spinner(_("데이터베이스를 살펴보는 중")):
            kept = (where, adopt_all.steps(db, inspection.inspect(db)))
        st.session_state[OFFERED] = kept
    planned: list[Step] = kept[1]
    return planned


@writes
def _start() -> None:
    planned = _planned(database.connect())

    def work(progress: Progress, stop: threading.Event) -> Summary:
        """Do every step; returns the summary of the last step, with the failures of all steps."""
        last, failures = Summary("", SUBJECT), []
        for step in planned:
            if not stop.is_set():
                last = adopt_all.perform(database.connect(), step, origin="page", progress=progress, stop=stop)
                failures += last.failures
        last.failures = failures
        return last

    started.begin(_("목록 만들기"), SUBJECT, work)
    listing.forget()
