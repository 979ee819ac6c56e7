"""A test message through the channels of an alert rule: the button that sends it, and the outcome."""

from collections.abc import Callable, Mapping

import streamlit as st

from finance_core import background
from finance_core.background import BackgroundTask
from finance_core.errors import SisepanError
from finance_core.i18n import N_, _
from finance_core.storage import database
from finance_core.storage.alerts import Channel
from finance_core.storage.database import MongoDatabase
from finance_core.storage.user_documents import AlertRule
from finance_core.ui.decorators import live, writes
from finance_core.ui.text import plain

CHANNELS: dict[str, str] = {"webhook": N_("웹훅"), "email": N_("전자우편")}
"""Message ids of the channels."""
LOOK_EVERY = 0.5
"""Seconds between two checks whether the message was sent."""

Send = Callable[[AlertRule], Mapping[Channel, SisepanError | None]]
"""`updaters.alert_delivery.send_test`. The page passes it in, because `finance_core` does not import updaters."""


def button(rule: AlertRule, send: Send) -> None:
    """A button that sends a test through each channel of `rule`, in the background: a receiver may take seconds."""

    @writes
    def begin() -> None:
        st.session_state[_key(rule)] = background.start(lambda _stop: send(rule))

    task = _task(rule)
    st.button(
        _("시험 보내기"),
        icon=":material/send:",
        type="tertiary",
        key=f"test_{rule['_id']}",
        on_click=begin,
        disabled=task is not None and not task.finished,
    )


def outcome(rule: AlertRule) -> None:
    """For each channel, whether this visitor's last test was sent, or the error."""
    task = _task(rule)
    if task is None:
        return
    if not task.finished:
        _sending(rule)
        return
    if task.error:
        st.error(plain(str(database.explained(task.error))), icon=":material/error:")
        return
    for channel, error in task.result.items():
        title = _(CHANNELS[channel])
        if error:
            st.error(plain(f"{title}: {error}"), icon=":material/error:")
        else:
            st.success(plain(_("{way}: 시험 메시지를 보냈습니다.").format(way=title)), icon=":material/check:")


@live(LOOK_EVERY, for_admins=True)
def _sending(_db: MongoDatabase, rule: AlertRule) -> None:
    task = _task(rule)
    if task is None or task.finished:
        st.rerun()  # the whole page: the button changes too
    st.caption(_("시험 메시지를 보내는 중…"))


def _key(rule: AlertRule) -> str:
    return f"alert_test:{rule['_id']}"


def _task(rule: AlertRule) -> BackgroundTask | None:
    task: BackgroundTask | None = st.session_state.get(_key(rule))
    return task
