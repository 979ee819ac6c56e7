"""Parts of watchlists for several pages: the titles of lists, and the control that puts tickers on a list."""

from collections.abc import Sequence
from functools import partial

import streamlit as st

from finance_core.i18n import _
from finance_core.storage import database, watchlists
from finance_core.storage.database import MongoDatabase
from finance_core.storage.watchlists import Entry, Watchlist
from finance_core.ui import listing
from finance_core.ui.choices import question
from finance_core.ui.decorators import toast, writes
from finance_core.ui.text import plain


def titles_of(lists: Sequence[Watchlist]) -> dict[str, str]:
    """The title of each list by its id, escaped for Streamlit's Markdown.

    A second list with the same name is "name (2)", because Streamlit cannot tell two buttons with one label apart.
    """
    titles: dict[str, str] = {}
    for each in lists:
        name = each.name or _(watchlists.FAVOURITES_NAME)
        others = (f"{name} ({count})" for count in range(2, len(lists) + 2))
        shown = next(text for text in (name, *others) if plain(text) not in titles.values())
        titles[each.id] = plain(shown)
    return titles


def add_control(db: MongoDatabase, entries: Sequence[Entry]) -> None:
    """For an admin: a menu of all lists; a click puts `entries` on a list."""

    @writes
    def add(key: str) -> None:
        count = watchlists.add(database.connect(), key, entries)
        listing.forget()
        toast(_("{count}종목을 목록에 넣었습니다.").format(count=count), "playlist_add")
        close()

    icon = ":material/playlist_add:"
    popover, close = question(_("목록에 넣기"), "add_to_list", icon=icon, disabled=not entries)
    with popover:
        for key, title in titles_of(watchlists.load(db)).items():
            st.button(title, key=f"to_list_{key}", on_click=partial(add, key))
