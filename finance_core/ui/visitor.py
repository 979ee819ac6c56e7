"""The visitor of a page: language, network address, and whether they are an admin."""

import streamlit as st
from streamlit import runtime
from streamlit.runtime.scriptrunner import get_script_run_ctx
from streamlit.runtime.session_manager import ClientContext

from finance_core import auth, i18n, settings
from finance_core.errors import NotAllowed, SisepanError
from finance_core.i18n import N_, _
from finance_core.ui import address_bar, browser_memory, navigation

LANGUAGE = "language"
LOGIN = "login"
"""The key of the session state for the proof that the visitor knew the password (see `auth.proof`); never the
password itself."""


def use_visitor_language() -> None:
    """Use the language of the link (`?lang=en`), else the one chosen last in this browser, else the browser's own.

    Every page and every fragment calls this before it reads the address, and every callback that has something to say,
    because each may run in its own thread.
    """
    address_bar.settle()
    chosen = st.query_params.get("lang") or st.session_state.get(LANGUAGE) or browser_memory.recall(LANGUAGE)
    language = chosen or st.context.locale
    i18n.use_language(i18n.match_language(language))


def language_switch() -> None:
    """The language switch in the sidebar.

    The choice is kept in the address, in the visit for the other pages, and in the browser for the next visit.
    """

    def chosen() -> None:
        language = st.session_state["language_switch"]
        if language is None:  # a program other than a browser may choose none
            return
        with address_bar.changing():
            st.session_state[LANGUAGE] = st.query_params["lang"] = language
        browser_memory.remember(LANGUAGE, language)

    if "lang" in st.query_params:
        st.session_state[LANGUAGE] = i18n.language()
    elif st.session_state.get(LANGUAGE):
        with address_bar.changing():
            st.query_params["lang"] = st.session_state[LANGUAGE]
    st.session_state["language_switch"] = i18n.language()
    st.segmented_control(
        "언어 · Language",
        i18n.LANGUAGES,
        format_func=lambda code: {"ko": "한국어", "en": "English"}[code],
        required=True,
        label_visibility="collapsed",
        key="language_switch",
        on_change=chosen,
    )
    if st.session_state.get(LANGUAGE):
        browser_memory.keep(key="memory_of_language")


def may_edit() -> bool:
    """Whether the visitor is an admin: has logged in with ADMIN_PASSWORD or, if it is not set, is at this machine.

    Use it to decide what to draw. Code that writes must call `require_admin` when it writes.
    """
    try:
        password = admin_password()
    except SisepanError:  # the page shows the error in the settings; until it is corrected nobody is an admin
        return False
    if password:
        return auth.is_proof(st.session_state.get(LOGIN), password, visitor_address())
    return is_at_the_machine()


def require_admin() -> None:
    """Raise NotAllowed unless the visitor is an admin at this moment."""
    if not may_edit():
        raise NotAllowed(_read_only())


def admin_password() -> str:
    """ADMIN_PASSWORD as it is set now; "" if it is not set."""
    return settings.get("ADMIN_PASSWORD")


def show_read_only() -> None:
    """Tell a visitor of an admin page who is no admin that it is read-only, and how to become an admin."""
    st.info(_(_read_only()), icon=":material/lock:")
    if admin_password():
        st.page_link(navigation.page("login"), icon=":material/login:")


def _read_only() -> str:
    if admin_password():
        return N_("읽기 전용입니다. 바꾸려면 관리자 비밀번호로 로그인하십시오.")
    return N_("읽기 전용입니다. 바꾸려면 이 앱이 실행되는 컴퓨터에서 localhost 주소로 여십시오.")


def is_at_the_machine() -> bool:
    """Whether the visitor is at this machine itself, not elsewhere on the LAN or behind a proxy."""
    client = _client()
    return client is not None and auth.is_at_the_machine(client.remote_ip, client.headers)


def visitor_address() -> str | None:
    """The visitor's address; None if the connection is closed."""
    client = _client()
    return client.remote_ip if client else None


def _client() -> ClientContext | None:
    """The visitor's connection; None if it is closed.

    `st.context` does not serve: it shows a closed connection like one from this machine, and a script run continues
    for a while after the visitor has left.
    """
    run = get_script_run_ctx()
    client = runtime.get_instance().get_client(run.session_id) if run else None
    return client.client_context if client else None
