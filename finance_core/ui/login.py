"""Log in and out as an admin, if ADMIN_PASSWORD is set. A login lasts as long as the visit: until a reload.

It is valid only for the network address from which it was made.
"""

import logging

import streamlit as st
from streamlit.navigation.page import StreamlitPage

from finance_core import auth
from finance_core.errors import NotAllowed, SisepanError
from finance_core.i18n import N_, _
from finance_core.ui import door, navigation
from finance_core.ui.decorators import errors_shown
from finance_core.ui.text import plain
from finance_core.ui.visitor import LOGIN, admin_password, may_edit, use_visitor_language, visitor_address

TRIES, PROBLEM = "login_tries", "login_problem"

_log = logging.getLogger(__name__)
_tries = auth.Tries()


def pages() -> list[StreamlitPage]:
    """The login page, if a password is set; the menu shows it until the visitor has logged in."""
    try:
        return [navigation.page("login", visible=not may_edit())] if admin_password() else []
    except SisepanError:  # the open page shows the error in the settings
        return []


def show() -> None:
    """The whole page."""
    use_visitor_language()
    with errors_shown():
        st.title(navigation.page("login").title)
        if not admin_password():
            st.info(
                _("관리자 비밀번호가 없습니다. 이 앱이 실행되는 컴퓨터에서 localhost 주소로 열면 관리할 수 있습니다."),
                icon=":material/lock:",
            )
        elif may_edit():
            st.success(_("관리자로 로그인했습니다."), icon=":material/lock_open:")
            st.page_link(navigation.page("admin_updates"))
        else:
            _form()


def logout_button() -> None:
    """The button that ends the visitor's login."""
    if may_edit() and admin_password():
        st.button(_("로그아웃"), icon=":material/logout:", key="log_out", on_click=_log_out)


def typed_key() -> str:
    """The key of the password input, a new one after each try.

    Streamlit forgets the text of an input that a run no longer draws, but keeps the text of one that stays.
    """
    return f"typed_password_{st.session_state.get(TRIES, 0)}"


def _form() -> None:
    with st.form("login_form", clear_on_submit=True, width=400):
        st.text_input(_("관리자 비밀번호"), type="password", autocomplete="current-password", key=typed_key())
        st.form_submit_button(_("로그인"), icon=":material/login:", type="primary", key="log_in", on_click=_log_in)
    problem: SisepanError | None = st.session_state.pop(PROBLEM, None)
    if problem:
        st.error(plain(str(problem)), icon=":material/error:")


def _log_in() -> None:
    typed = st.session_state[typed_key()]
    st.session_state[TRIES] = st.session_state.get(TRIES, 0) + 1
    try:
        password = admin_password()
        _check(typed, password)
        st.session_state[LOGIN] = auth.proof(password, visitor_address())
    except SisepanError as error:
        st.session_state[PROBLEM] = error


def _check(typed: str, password: str) -> None:
    address = visitor_address()
    sender = auth.parse(address) or "an unknown address"  # parsed: a visitor behind a proxy may send any text
    if not _tries.begin(address):
        _log.warning("too many tries of the admin password from %s: refused unread", sender)
        sentence = N_("비밀번호는 1분에 {count}번까지 시도할 수 있습니다. 잠시 뒤 다시 시도하십시오.")
        raise NotAllowed(sentence, count=auth.MOST_TRIES)
    if not auth.is_right(typed, password):
        _log.warning("a wrong admin password from %s", sender)
        raise NotAllowed(N_("비밀번호가 맞지 않습니다."))


def _log_out() -> None:
    st.session_state.pop(LOGIN, None)
    door.end_uploads()
