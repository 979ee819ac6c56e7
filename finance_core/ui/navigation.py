"""The pages of the categories, as Streamlit knows them: for the menu and for links."""

from pathlib import Path

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


def viewer_link(category: Category, ticker: str, label: str) -> None:
    """A link to the viewer of `category`, on `ticker` where it is not ""."""
    query = {"ticker": ticker} if ticker else {}
    st.page_link(viewer_page(category), label=label, icon=":material/open_in_new:", query_params=query)
