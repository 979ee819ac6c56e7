"""Lists of whole markets: one button registers their tickers, another shows the changes of a newer list, to confirm."""

from collections.abc import Callable, Sequence

import pandas as pd
import streamlit as st

from finance_core import formats
from finance_core.errors import SisepanError
from finance_core.i18n import _
from finance_core.starter import MARKET_LISTS, MarketList
from finance_core.storage import market_lists
from finance_core.storage.database import MongoDatabase
from finance_core.storage.documents import MarketListing
from finance_core.storage.market_lists import Difference
from finance_core.ui.text import plain
from finance_core.ui.tickers.state import State, editor
from finance_core.ui.visitor import use_visitor_language

Refresh = Callable[[MongoDatabase, Sequence[MarketList]], list[MarketListing]]
SHOWN = 1_000
"""The most rows of a difference that are shown."""


def show(db: MongoDatabase, state: State, refresh: Refresh) -> None:
    """The market lists of the category, their dates, and the buttons."""
    lists = [each for each in MARKET_LISTS if each.category == state.category]
    if not lists:
        return
    with st.expander(_("시장 목록"), icon=":material/playlist_add_check:"):
        dates = st.container()
        chosen = st.pills(
            _("시장 목록"),
            lists,
            format_func=lambda each: _(each.title),
            selection_mode="multi",
            default=lists,
            label_visibility="collapsed",
            key=state.key("market_lists"),
        )
        if chosen:
            _buttons(state, chosen)
        if state.fetching:
            state.fetching = False
            _fetch(db, state, chosen, refresh)
        with dates:
            for line in market_lists.dates(db, lists):
                st.caption(plain(line))
    if state.comparing and chosen:
        _compare(db, state, chosen)


def _buttons(state: State, chosen: Sequence[MarketList]) -> None:
    def register(db: MongoDatabase) -> None:
        difference = market_lists.difference(db, chosen)
        saved = market_lists.apply(db, state.category, difference.additions, editor())
        state.after(saved)
        if not saved.applied:
            state.messages.append(("success", _("목록의 종목이 모두 등록되어 있습니다.")))
        state.messages += [("success", remark) for remark in market_lists.remarks(difference)]
        if waiting := len(difference.all) - len(difference.additions):
            sentence = _("{count}개는 확인을 기다립니다. '차이 보기'에서 반영합니다.")
            state.messages.append(("warning", formats.filled(sentence, count=waiting)))

    def compare(_db: MongoDatabase) -> None:
        state.comparing = True

    def fetch(_db: MongoDatabase) -> None:
        state.fetching = True

    with st.container(horizontal=True):
        state.button("register", _("목록의 종목 등록"), ":material/playlist_add:", register, type="primary")
        state.button("compare", _("차이 보기"), ":material/difference:", compare)
        if all(each.market for each in chosen):
            state.button("refresh_lists", _("Yahoo에서 새 목록 받기"), ":material/cloud_download:", fetch)


def _fetch(db: MongoDatabase, state: State, chosen: Sequence[MarketList], refresh: Refresh) -> None:
    """Fetch newer lists and open the dialog with the difference; registered tickers stay unchanged."""
    try:
        with st.spinner(_("Yahoo에서 목록을 받는 중")):
            for listing in refresh(db, chosen):
                market_lists.keep(db, state.category, listing)
        state.comparing = True
    except SisepanError as error:
        sentence = " ".join([str(error), _("등록된 종목과 가지고 있던 목록은 그대로입니다.")])
        st.error(plain(sentence), icon=":material/error:")


def _compare(db: MongoDatabase, state: State, chosen: Sequence[MarketList]) -> None:
    """The dialog that shows the difference, and applies it."""

    def close() -> None:
        state.comparing = False

    def body() -> None:
        use_visitor_language()
        if not state.comparing:  # the changes were applied: redraw the whole page, which has new rows
            st.rerun()
        difference = market_lists.difference(db, chosen)
        for line in [*market_lists.dates(db, chosen), *market_lists.remarks(difference)]:
            st.caption(plain(line))
        st.markdown(f"**{plain(market_lists.summary(difference))}**")
        edits = difference.all
        if not edits:
            return
        st.dataframe(_table(difference), hide_index=True, height=350)

        def apply(db: MongoDatabase) -> None:
            state.comparing = False
            state.after(market_lists.apply(db, state.category, edits, editor()))

        label = formats.filled(_("{count}개 모두 반영"), count=len(edits))
        state.button("apply_lists", label, ":material/done_all:", apply, type="primary")

    st.dialog(_("목록과 다른 점"), width="large", on_dismiss=close)(body)()


def _table(difference: Difference) -> pd.DataFrame:
    """The rows of a difference; the kinds that a person should check come first."""
    cells = [
        (_(market_lists.TITLES[kind]), edit.ticker, difference.names[edit.ticker], market_lists.described(edit))
        for kind in ("delisted", "moved", "renamed", "new", "filled")
        for edit in difference.edits[kind]
    ]
    return pd.DataFrame(cells[:SHOWN], columns=[_("결과"), _("종목 코드"), _("이름"), _("바뀌는 것")])
