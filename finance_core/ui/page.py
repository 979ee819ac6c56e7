"""What every page begins with: its language, who looks at it, and one place where errors become sentences."""

import ipaddress
import logging
from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st
from pymongo.errors import PyMongoError
from streamlit.runtime.pages_manager import PagesManager

from finance_core import database, i18n
from finance_core.errors import SisepanError
from finance_core.i18n import _

LANGUAGE = "language"

_log = logging.getLogger(__name__)


def begin() -> None:
    """What every page calls first: the visitor's language, and the assurance that Home.py ran before it.

    Streamlit runs the files of a directory called `pages` by itself until the first st.navigation of the process, so a
    link straight to a page, opened right after the start, would come without Home.py's layout and navigation.
    """
    if PagesManager.uses_pages_directory:
        PagesManager.uses_pages_directory = False
        st.rerun()
    use_visitor_language()


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
    """Whether the visitor may change anything: only at this machine itself, not through the LAN or a proxy."""
    forwarded = any(name in st.context.headers for name in ("X-Forwarded-For", "Forwarded", "X-Real-Ip"))
    return not forwarded and is_loopback(st.context.ip_address)


def is_loopback(address: str | None) -> bool:
    """Whether an address, as Streamlit tells it, is this machine's own.

    Streamlit says None for 127.0.0.1 and ::1, but where it listens on IPv6 it tells 127.0.0.1 as ::ffff:127.0.0.1.
    """
    if address is None:
        return True
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return False
    return (getattr(parsed, "ipv4_mapped", None) or parsed).is_loopback


@contextmanager
def errors_shown() -> Iterator[None]:
    """Turn what goes wrong inside into one sentence on the page and, if it is a defect, a traceback in the log."""
    try:
        yield
    except SisepanError as error:
        show_error(error)
    except PyMongoError as error:
        _log.error("MongoDB failed: %s", type(error).__name__)
        show_error(database.explain(error))
    except Exception:  # noqa: BLE001 - the page's last line: no traceback on a page, every one in the log
        _log.exception("a page failed")
        show_error(
            SisepanError(i18n.N_("예상하지 못한 오류로 화면을 그리지 못했습니다. 자세한 내용은 로그에 있습니다."))
        )


def plain(text: str) -> str:
    """`text` so that Streamlit's Markdown shows it as it is."""
    return "".join(f"\\{char}" if char in r"\`*_{}[]()#+-.!$:<>~|" else char for char in text)


def show_error(error: SisepanError) -> None:
    """The sentence of `error`, and a button that tries again."""
    st.error(plain(str(error)), icon=":material/error:")
    st.button(_("다시 시도"), icon=":material/refresh:", key="retry")
