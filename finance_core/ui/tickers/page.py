"""The page of the ticker lists: a grid to edit, tickers to add, import, remove and export, and a history to undo."""

import math

import pandas as pd
import streamlit as st

from finance_core import categories, formats, spreadsheets, ticker_fields
from finance_core.categories import Category
from finance_core.i18n import _
from finance_core.spreadsheets import Sheet
from finance_core.storage import database, prices, ticker_edits, ticker_files, tickers
from finance_core.storage.database import MongoDatabase
from finance_core.ui import downloads
from finance_core.ui.choices import chosen_tab
from finance_core.ui.decorators import live, page
from finance_core.ui.text import plain
from finance_core.ui.tickers import additions, grid, history, market_lists, pending
from finance_core.ui.tickers.market_lists import Refresh
from finance_core.ui.tickers.state import PAGE_SIZES, State, editor


@page("admin_tickers", for_admins=True)
def show(_db: MongoDatabase, refresh: Refresh) -> None:
    """The whole page. `refresh` fetches newer lists of markets (`updaters.listing_refresh.refresh`)."""
    _category(chosen_tab(_("카테고리"), "category", {each: _(each.title) for each in categories.CATEGORIES}), refresh)


@live(None, for_admins=True)
def _category(db: MongoDatabase, category: Category, refresh: Refresh) -> None:
    state = State.of(category)
    chosen = state.take_answer()
    # One container for each part, so that open parts below stay open when a part above appears or disappears.
    with st.container():
        for kind, sentence in state.messages:
            {"success": st.success, "warning": st.warning, "error": st.error}[kind](plain(sentence))
    _toolbar(state)
    state.refresh(db)
    with st.container():
        pending.show(state)
        pending.show_conflicts(state)
    grid.show(category, state.rows, state.drawn, state.sort, state.generation, state.key("grid"))
    with st.container():
        if state.total > state.size:
            st.pagination(math.ceil(state.total / state.size), key=state.key("page"))
    with st.container():
        if chosen:
            _removal(db, state, chosen)
    additions.show(db, state)
    market_lists.show(db, state, refresh)
    history.show(db, state)


def _toolbar(state: State) -> None:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        label = _("이름이나 종목 코드로 찾기")
        longest = ticker_fields.NAME_LIMIT
        st.text_input(label, key=state.key("search"), icon=":material/search:", width=320, max_chars=longest)
        st.selectbox(_("한 쪽에"), PAGE_SIZES, index=1, key=state.key("size"), width=110)
        refresh = state.read_anew
        st.button(_("새로 고침"), icon=":material/refresh:", key=state.key("refresh"), on_click=refresh)
        with st.popover(_("내보내기"), icon=":material/download:"):
            _export(state)


def _export(state: State) -> None:
    whole = _("전체 목록")
    choice = st.radio(_("무엇을"), [whole, _("찾은 것만")], key=state.key("export")) if state.search else whole
    search = "" if choice == whole else state.search

    def table() -> pd.DataFrame:
        return ticker_files.export(tickers.page(database.connect(), state.category, search, limit=0).rows)

    name = f"tickers_{state.category.key}"
    downloads.button("CSV", f"{name}.csv", lambda: spreadsheets.to_csv(table()))
    downloads.button("Excel", f"{name}.xlsx", lambda: spreadsheets.workbook({"Sheet1": Sheet(table(), index=False)}))


def _removal(db: MongoDatabase, state: State, chosen: tuple[str, ...]) -> None:
    with st.container(border=True):
        bars = formats.count(prices.count(db, state.category, *chosen))
        named = ", ".join(chosen[:5]) + ("…" if len(chosen) > 5 else "")
        counted = _("고른 종목 {count}개 ({tickers}), 저장된 봉 {bars}개")
        st.markdown(plain(formats.filled(counted, count=len(chosen), tickers=named, bars=bars)))
        keep = _("봉은 두고 목록에서만 빼기 (사용 안 함으로 바꿉니다)")
        drop = _("봉 {bars}개까지 모두 지우기 (되돌릴 수 없습니다)").format(bars=bars)
        how = st.radio(_("어떻게"), [keep, drop], key=state.key("how"), label_visibility="collapsed")
        # The key has the tickers: a confirmation must not hold for tickers that are chosen later.
        key = state.key(f"sure:{hash(chosen)}")
        sure = how == keep or st.checkbox(_("지우면 되돌릴 수 없음을 알고 있습니다"), key=key)

        def remove(db: MongoDatabase) -> None:
            if how == keep:
                state.after(ticker_edits.deactivate(db, state.category, chosen, editor()))
                return
            removed = ticker_edits.delete(db, state.category, chosen, editor())
            sentence = formats.filled(_("종목 {count}개와 봉 {bars}개를 지웠습니다."), count=len(chosen), bars=removed)
            state.messages.append(("success", sentence))
            state.discard(chosen)

        if sure:
            state.button("remove", _("고른 종목 빼기"), ":material/delete:", remove)
