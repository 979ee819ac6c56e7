"""The state of the installation, for admins: server, database, disk, the app itself, the errors of the last day."""

import datetime as dt

import pandas as pd
import streamlit as st
from pymongo.errors import PyMongoError

from finance_core import formats, log
from finance_core.i18n import _
from finance_core.storage import database, server_state
from finance_core.storage.database import MongoDatabase
from finance_core.ui import run_status, vitals
from finance_core.ui.decorators import live
from finance_core.ui.text import plain

LOOK_EVERY = 30.0
"""Seconds between two redraws."""
SHOWN_ERRORS = 50
DAY = dt.timedelta(days=1)


@live(LOOK_EVERY, for_admins=True)
def show(db: MongoDatabase) -> None:
    """The whole section."""
    st.subheader(_("상태"), divider="gray")
    st.write(plain(" · ".join(_server(db))))
    st.write(plain(" · ".join(_app())))
    _show(log.errors(dt.datetime.now(dt.UTC) - DAY))


def _server(db: MongoDatabase) -> list[str]:
    try:
        state = server_state.read(db)
    except PyMongoError as error:  # such as for a database user who may only read bars
        return [str(database.explained(error))]
    members = [formats.filled(_("복제 세트의 서버 {count}"), count=state.members)] if state.members > 1 else []
    free = formats.MISSING if state.free is None else formats.size(state.free)
    return [
        _("내장 서버") if database.is_embedded() else database.address(),
        f"MongoDB {state.version}",
        *members,
        _("데이터베이스 {name} {size}").format(name=state.database, size=formats.size(state.size)),
        _("남은 디스크 {size}").format(size=free),
    ]


def _app() -> list[str]:
    memory = vitals.memory()
    shown = formats.MISSING if memory is None else formats.size(memory << 20)
    open_tabs = formats.filled(_("열린 화면 {count}"), count=vitals.visitors())
    return [open_tabs, _("앱의 메모리 {size}").format(size=shown)]


def _show(errors: list[log.Entry]) -> None:
    st.write(formats.filled(_("하루 동안의 오류 {count}"), count=len(errors)))
    if not errors:
        return
    table = pd.DataFrame(
        {
            _("때"): [run_status.moment(error.moment) for error in errors[:SHOWN_ERRORS]],
            _("로그"): [error.log for error in errors[:SHOWN_ERRORS]],
            _("어디서"): [error.origin for error in errors[:SHOWN_ERRORS]],
            _("무엇"): [error.message for error in errors[:SHOWN_ERRORS]],
        }
    )
    st.dataframe(table, hide_index=True)
    sentence = _("자세한 내용은 {directory}에 있습니다.")
    st.caption(plain(sentence.format(directory=log.directory())))
