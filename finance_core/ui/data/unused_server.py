"""Notes about a MongoDB on this machine that holds prices, but that the installation does not use."""

import streamlit as st

from finance_core.foreign import unused_server
from finance_core.foreign.unused_server import LocalServer
from finance_core.i18n import _
from finance_core.storage import database
from finance_core.ui import navigation
from finance_core.ui.text import plain


def show() -> None:
    """A note about the server, with the settings that make the installation use it; nothing if there is none."""
    local = _found()
    if local is None:
        return
    with st.container(border=True):
        st.info(plain(str(local.sentence)), icon=":material/database:")
        for setting, collections in local.settings():
            st.code(setting, language="toml")
            if collections:
                st.caption(plain(_("컬렉션: {names}").format(names=", ".join(collections))))
        st.caption(_("그리고 앱을 다시 시작하십시오."))


def hint() -> None:
    """A short note about the server, with a link to the page with the settings; nothing if there is none."""
    if _found():
        st.info(_("이 컴퓨터에 쓸 수 있는 다른 MongoDB가 있습니다."), icon=":material/database:")
        st.page_link(navigation.page("admin_data"))


def forget() -> None:
    """Look for the server again the next time."""
    _look.clear()


def _found() -> LocalServer | None:
    return _look() if database.is_embedded() else None


@st.cache_data(ttl=600, show_spinner=False)
def _look() -> LocalServer | None:
    return unused_server.find()
