"""What the app does once, before its first visitor, so that no visit pays for it."""

import gc
import pkgutil
from importlib import import_module

from streamlit.runtime.pages_manager import PagesManager

from finance_core import ui
from finance_core.ui import tickers


def prepare() -> None:
    """Have every visit run Home.py, import what pages need, and take it out of the work of the garbage collector.

    Until the first st.navigation of a process, Streamlit takes the files of a directory called `pages` for the pages
    and runs them by themselves: whoever comes right after the start would lack Home.py's layout and navigation. And it
    collects garbage after every visit, which takes as long as drawing the page if the libraries are looked through.

    The page of tickers is left to its first visit: Streamlit serves the files of its grid only if a visit imports it.
    """
    PagesManager.uses_pages_directory = False
    for module in pkgutil.walk_packages(ui.__path__, f"{ui.__name__}."):
        if not module.name.startswith(tickers.__name__):
            import_module(module.name)
    gc.collect()
    gc.freeze()
