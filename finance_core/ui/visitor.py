"""Who looks at a page: the visitor's language and address, and whether they are an admin."""

from urllib.parse import urlsplit

import streamlit as st
from streamlit import runtime
from streamlit.runtime.scriptrunner import get_script_run_ctx
from streamlit.runtime.session_manager import ClientContext

from finance_core import auth, i18n, settings
from finance_core.errors import NotAllowed, SisepanError
from finance_core.i18n import N_, _
from finance_core.ui.navigation import login_page

LANGUAGE = "language"
LOGIN = "login"
"""Where a visit keeps the proof that the password was known (see `auth.proof`); never the password."""


def page_path() -> str:
    """The path of the page that the visitor has open.

    For parts that draw themselves anew: one whose page was left in the meantime must not draw into the next one.
    """
    return urlsplit(st.context.url or "").path


def use_visitor_language() -> None:
    """Speak the language of the link (`?lang=en`), else the one chosen in this visit, else the browser's.

    For every page and every fragment: each may run in a thread of its own.
    """
    asked = st.query_params.get("lang") or st.session_state.get(LANGUAGE) or st.context.locale
    i18n.use_language(i18n.match_language(asked))


def language_switch() -> None:
    """The switch in the sidebar. The choice is kept in the address, and for the other pages in the visit."""

    def chosen() -> None:
        st.session_state[LANGUAGE] = st.query_params["lang"] = st.session_state["language_switch"]

    if "lang" in st.query_params:
        st.session_state[LANGUAGE] = i18n.language()
    elif st.session_state.get(LANGUAGE):
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


def may_edit() -> bool:
    """Whether the visitor is an admin and may change anything.

    That is who knows ADMIN_PASSWORD; where there is none, who sits at this machine itself. For what to draw; what
    writes asks again with `require_admin`.
    """
    try:
        password = admin_password()
    except SisepanError:  # the page tells what is wrong with the settings; until then nobody is an admin
        return False
    return auth.is_proof(st.session_state.get(LOGIN), password) if password else is_at_the_machine()


def require_admin() -> None:
    """Raise NotAllowed unless the visitor is an admin. For whatever writes, at the moment in which it does."""
    if not may_edit():
        raise NotAllowed(_read_only())


def admin_password() -> str:
    """ADMIN_PASSWORD as it is set now, "" where it is not."""
    return settings.get("ADMIN_PASSWORD")


def show_read_only() -> None:
    """What an admin page shows to everybody else: that there is nothing to change, and who could."""
    st.info(_(_read_only()), icon=":material/lock:")
    if admin_password():
        st.page_link(login_page(), icon=":material/login:")


def _read_only() -> str:
    if admin_password():
        return N_("읽기 전용입니다. 바꾸려면 관리자 비밀번호로 로그인하십시오.")
    return N_("읽기 전용입니다. 바꾸려면 이 앱이 실행되는 컴퓨터에서 localhost 주소로 여십시오.")


def is_at_the_machine() -> bool:
    """Whether the visitor sits at this machine itself, and not beyond the LAN or a proxy."""
    client = _client()
    return client is not None and auth.is_at_the_machine(client.remote_ip, client.headers)


def visitor_address() -> str | None:
    """The address from which the visitor comes, as far as it is known."""
    client = _client()
    return client.remote_ip if client else None


def _client() -> ClientContext | None:
    """The visitor's connection, None where it is closed.

    Not `st.context`: that tells a closed connection the same as one from this machine, and a run goes on for a while
    after a visitor has hung up.
    """
    run = get_script_run_ctx()
    client = runtime.get_instance().get_client(run.session_id) if run else None
    return client.client_context if client else None
