"""Entry of the app: page config and navigation, nothing else. Start: `streamlit run Home.py`.

Streamlit imports this file once, to find the app and its lifespan, and runs it again at every visit.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import streamlit as st
from starlette.middleware import Middleware

from finance_core import background, categories
from finance_core.i18n import _
from finance_core.ui import first_start, login, navigation, serving, streamlit_words, vitals
from finance_core.ui.decorators import errors_shown, show_stray_error
from finance_core.ui.door import Door
from finance_core.ui.navigation import ADMIN_PAGES, ICON, LOOK, page, viewer_page
from finance_core.ui.visitor import language_switch, may_edit, use_visitor_language
from updaters import sample, scheduler


def visit() -> None:
    """Draw the app; runs at every visit and click."""
    st.set_page_config(page_icon=str(ICON), layout="wide")
    st.html(LOOK)
    use_visitor_language()
    across = [page(name) for name in ("watchlists", "comparison", "screener", "market")]
    viewers = [*map(viewer_page, categories.CATEGORIES), *across]
    admins = [page(name, visible=may_edit()) for name in ADMIN_PAGES]
    menu = {"": [page("overview")], _("시세"): viewers, _("관리"): [*admins, *login.pages()]}
    chosen = st.navigation(menu, expanded=True)
    navigation.name_window(chosen.title)
    with st.sidebar:
        navigation.load_scripts()
        navigation.follow()
        language_switch()
        streamlit_words.show()
        login.logout_button()
    with errors_shown():
        first_start.wait(sample.prepare)
    chosen.run()


@asynccontextmanager
async def lifespan(served: st.App) -> AsyncIterator[None]:
    """A block for the time in which the app is up; it begins before the first visitor."""
    async with scheduler.lifespan(served):
        background.start(lambda _stop: first_start.begin(sample.prepare))
        serving.prepare()
        background.start(vitals.watch)
        yield


if __name__ == "__main__":
    visit()
else:
    app = st.App(__file__, lifespan=lifespan, middleware=[Middleware(Door)], on_script_error=show_stray_error)
