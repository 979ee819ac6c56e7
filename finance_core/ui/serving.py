"""Prepares the app once, before its first visitor, so that no visit has to wait for it."""

import gc
import pkgutil
from importlib import import_module

from streamlit.runtime.pages_manager import PagesManager

from finance_core import ui
from finance_core.ui import tickers


def prepare() -> None:
    """Make every visit run Home.py, import the modules of all pages, and exclude them from garbage collection.

    Until the first st.navigation of a process, Streamlit treats the files in a directory called `pages` as the pages
    and runs them by themselves: the first visitors would not get Home.py's layout and navigation. And Streamlit
    collects garbage after every visit; if that includes the libraries, it takes as long as drawing the page.

    The tickers page is imported by its first visit: Streamlit serves the files of its grid only if a visit imports it.
    """
    PagesManager.uses_pages_directory = False
    for module in pkgutil.walk_packages(ui.__path__, f"{ui.__name__}."):
        if not module.name.startswith(tickers.__name__):
            import_module(module.name)
    gc.collect()
    gc.freeze()
