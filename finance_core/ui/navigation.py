"""The pages of the categories, as Streamlit knows them: for the menu and for links."""

from pathlib import Path
from typing import Literal

import streamlit as st
from streamlit.navigation.page import StreamlitPage

from finance_core.categories import Category
from finance_core.i18n import _

ICON = Path(__file__).with_name("icon.svg")
PAGES_DIR = Path(__file__).resolve().parents[2] / "pages"


def viewer_page(category: Category) -> StreamlitPage:
    """The viewer of `category`: its own page file where it has one, else the one for any category."""
    own = PAGES_DIR / f"{category.key}.py"
    file = own if own.exists() else PAGES_DIR / "category.py"
    return st.Page(file, title=_(category.title), icon=category.icon, url_path=category.key)


def comparison_page() -> StreamlitPage:
    """The page that shows several things on one chart."""
    return st.Page(PAGES_DIR / "comparison.py", title=_("비교"), icon=":material/stacked_line_chart:")


def updates_page(visible: bool = True) -> StreamlitPage:
    """The updates page; one that is not visible has its address, but no place in the menu."""
    file = PAGES_DIR / "admin_updates.py"
    return st.Page(file, title=_("시세 업데이트"), icon=":material/sync:", visibility=_visibility(visible))


def tickers_page(visible: bool = True) -> StreamlitPage:
    """The page of the ticker lists; for `visible` see `updates_page`."""
    file = PAGES_DIR / "admin_tickers.py"
    return st.Page(file, title=_("종목 관리"), icon=":material/edit_note:", visibility=_visibility(visible))


def data_page(visible: bool = True) -> StreamlitPage:
    """The page of the user's own data; for `visible` see `updates_page`."""
    file = PAGES_DIR / "admin_data.py"
    return st.Page(file, title=_("내 데이터"), icon=":material/database:", visibility=_visibility(visible))


def login_page(visible: bool = True) -> StreamlitPage:
    """The page on which a visitor becomes an admin; for `visible` see `updates_page`."""
    file = PAGES_DIR / "login.py"
    return st.Page(file, title=_("로그인"), icon=":material/login:", visibility=_visibility(visible))


def _visibility(visible: bool) -> Literal["visible", "hidden"]:
    return "visible" if visible else "hidden"


def viewer_link(category: Category, ticker: str, label: str) -> None:
    """A link to the viewer of `category`, on `ticker` where it is not ""."""
    query = {"ticker": ticker} if ticker else {}
    st.page_link(viewer_page(category), label=label, icon=":material/open_in_new:", query_params=query)
