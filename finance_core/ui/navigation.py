"""The pages as Streamlit knows them, one row each, for the menu and for links."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Final, Literal
from urllib.parse import urlencode

import streamlit as st
from streamlit.navigation.page import StreamlitPage

from finance_core.categories import Category
from finance_core.i18n import N_, _, language
from finance_core.ui import address_bar

ICON = Path(__file__).with_name("icon.svg")
LOOK = Path(__file__).with_name("look.css")
"""Style of all pages."""
SCRIPTS = [
    Path(__file__).with_name(f"{name}.js")
    for name in ("finger_scroll", "focus", "links", "one_click", "page_links", "print", "typed_dates", "unsaved")
]
"""What the browser does on every page; each file says it in its head, and is a block of its own in one script."""
PAGES_DIR = Path(__file__).resolve().parents[2] / "pages"

PAGES: Final = {
    "overview": (N_("한눈에"), "dashboard"),
    "watchlists": (N_("내 목록"), "list_alt"),
    "comparison": (N_("비교"), "stacked_line_chart"),
    "screener": (N_("종목 찾기"), "filter_alt"),
    "market": (N_("시장"), "grid_view"),
    "admin_updates": (N_("시세 업데이트"), "sync"),
    "admin_tickers": (N_("종목 관리"), "edit_note"),
    "admin_alerts": (N_("알림"), "notifications"),
    "admin_data": (N_("내 데이터"), "database"),
    "login": (N_("로그인"), "login"),
}
"""Title and Material icon by the name of the file in `pages`, which is also the address."""
REQUESTED: Final = "requested_address"
ADMIN_PAGES: Final = tuple(name for name in PAGES if name.startswith("admin_"))
NAME: Final = r"#(.*)$"
"""The part of a `chart_address` that a column of links shows: the name."""


def page(name: str, *, visible: bool = True) -> StreamlitPage:
    """The page of a row of `PAGES`; the first row is the page at `/`. If not `visible`, it is not in the menu."""
    title, icon = PAGES[name]
    is_first = name == next(iter(PAGES))
    visibility: Literal["visible", "hidden"] = "visible" if visible else "hidden"
    file = PAGES_DIR / f"{name}.py"
    return st.Page(file, title=_(title), icon=f":material/{icon}:", default=is_first, visibility=visibility)


def viewer_page(category: Category) -> StreamlitPage:
    """The viewer page of `category`: its own page file if there is one, else the page file for any category."""
    own = PAGES_DIR / f"{category.key}.py"
    file = own if own.exists() else PAGES_DIR / "category.py"
    return st.Page(file, title=_(category.title), icon=category.icon, url_path=category.key)


def name_window(subject: str) -> None:
    """Name the browser's window after `subject`, what is to be seen on the page, and the product."""
    st.set_page_config(page_title=" · ".join((subject, _("시세판"))))


def go(page_name: str, query: Mapping[str, str]) -> None:
    """Let the next run of the app open the page at the address `page_name` with the parameters `query`."""
    st.session_state[REQUESTED] = f"{page_name}?{urlencode(address_bar.with_language(query))}"


def follow() -> None:
    """Send the browser to the address that `go` requested, if any, as if the visitor had followed a link.

    `st.switch_page` would first write the new parameters into the address of the old page: the way back would lead to
    a page that nobody has seen.
    """
    if address := st.session_state.pop(REQUESTED, ""):
        move = f"history.pushState(null, '', {json.dumps(address)}); dispatchEvent(new PopStateEvent('popstate'))"
        st.html(f"<script>{move}</script>", unsafe_allow_javascript=True)


def load_scripts() -> None:
    """Load `SCRIPTS` into the visitor's browser, which runs them once, however often it gets them."""
    blocks = "\n".join(f"{{\n{script.read_text(encoding='utf-8')}}}" for script in SCRIPTS)
    once = f"if (!window.hasPageScripts) {{\nwindow.hasPageScripts = true;\n{blocks}\n}}"
    st.html(f"<script>{once}</script>", unsafe_allow_javascript=True)


def viewer_link(category: Category, ticker: str, label: str) -> None:
    """A link to the viewer of `category`, with `ticker` unless it is ""."""
    query = {"ticker": ticker} if ticker else {}
    st.page_link(viewer_page(category), label=label, icon=":material/open_in_new:", query_params=query)


def chart_address(category: Category, ticker: str, name: str) -> str:
    """The viewer's address of `ticker` for a column of links; the column shows only the name, which is behind the #."""
    query = {"ticker": ticker} | ({"lang": "en"} if language() == "en" else {})
    return f"/{category.key}?{urlencode(query)}#{name}"
