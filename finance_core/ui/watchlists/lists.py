"""What other pages need of lists: their names, and the control that puts tickers on one."""

from collections.abc import Sequence
from functools import partial

import streamlit as st

from finance_core.i18n import _
from finance_core.storage import database, watchlists
from finance_core.storage.database import MongoDatabase
from finance_core.storage.watchlists import Entry, Watchlist
from finance_core.ui import listing
from finance_core.ui.decorators import writes
from finance_core.ui.text import plain


def title_of(watchlist: Watchlist) -> str:
    """The name of a list, in the running language."""
    return watchlist.name or _("관심종목")


def add_control(db: MongoDatabase, entries: Sequence[Entry]) -> None:
    """For an admin: a list of lists, each of which takes `entries`."""

    @writes
    def add(key: str) -> None:
        count = watchlists.add(database.connect(), key, entries)
        listing.forget()
        st.toast(_("{count}종목을 목록에 넣었습니다.").format(count=count), icon=":material/playlist_add:")

    with st.popover(_("목록에 넣기"), icon=":material/playlist_add:", key="add_to_list", disabled=not entries):
        for each in watchlists.load(db):
            st.button(plain(title_of(each)), key=f"to_list_{each.id}", on_click=partial(add, each.id))
