"""The first rows of a visitor's first lists, for the first page."""

import streamlit as st

from finance_core import formats
from finance_core.i18n import _
from finance_core.storage import watchlists
from finance_core.storage.database import MongoDatabase
from finance_core.ui import navigation
from finance_core.ui.visitor import may_edit
from finance_core.ui.watchlists import table
from finance_core.ui.watchlists.lists import titles_of

MOST_LISTS, MOST_ROWS = 3, 8


def show(db: MongoDatabase) -> None:
    """The first rows of the first lists that have tickers, each with a link to the whole list."""
    visible = [each for each in watchlists.load(db) if each.entries and (each.shared or may_edit())]
    titles = titles_of(visible)
    for each in visible[:MOST_LISTS]:
        st.subheader(titles[each.id], divider="gray")
        table.brief(db, each.entries[:MOST_ROWS], key=f"brief_{each.id}")
        label = formats.filled(_("모두 보기 · {count}종목"), count=len(each.entries))
        where = {"list": each.id}
        st.page_link(navigation.page("watchlists"), label=label, icon=":material/list_alt:", query_params=where)
