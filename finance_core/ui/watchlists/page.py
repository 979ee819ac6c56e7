"""The watchlist page: a list of tickers of all categories, the chart of the chosen one, and editing for admins."""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import pandas as pd
import streamlit as st

from finance_core import categories, formats
from finance_core.bars import comparison
from finance_core.charts.style import Style
from finance_core.i18n import _
from finance_core.storage import database, trading_calendars, watchlists
from finance_core.storage.database import MongoDatabase
from finance_core.storage.watchlists import FAVOURITES, Watchlist
from finance_core.ui import address_bar, colors, listing, navigation
from finance_core.ui.choices import icon_button, name_form, question, refusal_kept, segmented, show_refusal
from finance_core.ui.decorators import page, writes
from finance_core.ui.echart import component
from finance_core.ui.echart.component import Look
from finance_core.ui.navigation import viewer_link
from finance_core.ui.text import plain
from finance_core.ui.viewer import address, shared
from finance_core.ui.visitor import may_edit
from finance_core.ui.watchlists import pasted, table
from finance_core.ui.watchlists.lists import titles_of
from finance_core.ui.widget_keys import owned

LOOK = Path(__file__).with_name("look.css")
LIST = "list"
"""The address parameter with the id of the list."""
PASTED = "pasted_result"
"""The key of the session state for what became of a pasted text."""
REMOVING = "removing_list"
"""The key of the session state for the id of the list whose deletion is asked about."""
MOVED = "moved_to"
"""The key of the session state for the number of moves of rows, and the last target position. The number is part of the
table's key, so that after a move a new table begins with the moved row chosen."""


@page("watchlists")
def show(db: MongoDatabase) -> None:
    """The whole page."""
    st.html(LOOK)
    lists = [each for each in watchlists.load(db) if each.shared or may_edit()]
    if not lists:
        st.info(_("공유된 목록이 없습니다."), icon=":material/info:")
        return
    list_id = st.query_params.get(LIST, "")
    shown = next((each for each in lists if each.id == list_id), lists[0])
    if list_id and list_id != shown.id:
        st.session_state.pop(MOVED, None)  # a row of the other list
        st.warning(_("그런 목록이 없거나 공유되지 않아 다른 목록을 보여 드립니다."), icon=":material/warning:")
    _choices(db, lists, shown)
    added, unknown = st.session_state.pop(PASTED, (None, []))
    if added is not None:
        st.success(formats.filled(_("{count}종목을 넣었습니다."), count=added), icon=":material/playlist_add_check:")
    if unknown:
        sentence = _("찾지 못했거나 쓰지 않거나 두 종목을 뜻하는 것 {count}개를 붙여넣기 칸에 남겼습니다: {names}")
        names = ", ".join(word[:40] for word in unknown[:20]) + (", …" if len(unknown) > 20 else "")
        st.warning(plain(sentence.format(count=len(unknown), names=names)), icon=":material/warning:")
    if not shown.entries:
        sentence = (
            _("이 목록은 비어 있습니다. 차트의 별이나 '종목 찾기' 화면, 붙여넣기로 종목을 넣습니다.")
            if may_edit()
            else _("이 목록은 비어 있습니다. 종목은 관리자가 넣습니다.")
        )
        st.info(plain(sentence), icon=":material/info:")
        return
    count, moved = st.session_state.get(MOVED, (0, None))
    position = table.show(db, shown.entries, f"watched_{shown.id}_{count}", moved)
    if position is None:
        st.caption(_("칸을 고르면 그 종목의 차트가 아래에 나오고, 화살표 ↑ ↓로 목록을 따라 걷습니다."))
        return
    _entry(db, shown, position)


def _choices(db: MongoDatabase, lists: Sequence[Watchlist], shown: Watchlist) -> None:
    """The choice of the shown list and, for an admin, the menus that change lists."""

    def choose(key: str) -> None:
        with address_bar.changing():
            st.query_params[LIST] = key
        st.session_state.pop(MOVED, None)

    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="watchlist_row"):
        segmented(_("목록"), "watchlist", titles_of(lists), shown.id, choose)
        if may_edit():
            # The key has the list: the next click must not put a text on another list that is shown instead.
            popover, close = question(_("종목 넣기"), f"paste_{shown.id}", icon=":material/playlist_add:")
            with popover:
                _paste(db, shown, close)
            with st.popover(_("목록 고치기"), icon=":material/edit:", key="edit_lists"):
                _edit(shown)
        if shown.entries:
            _compare(shown)


def _compare(shown: Watchlist) -> None:
    """A link to the comparison of the list's first tickers."""
    few = shown.entries[: comparison.LIMIT]
    text = _("{count}종목 비교") if len(few) == len(shown.entries) else _("앞의 {count}종목 비교")
    series = ",".join(categories.category(entry.category).key_of(entry.ticker) for entry in few)
    icon = ":material/stacked_line_chart:"
    st.page_link(
        navigation.page("comparison"),
        label=formats.filled(text, count=len(few)),
        icon=icon,
        query_params={"series": series},
    )


def _paste(db: MongoDatabase, shown: Watchlist, close: Callable[[], None]) -> None:
    @writes
    def add() -> None:
        known = {category: listing.of(db, category).rows for category in categories.CATEGORIES}
        entries, unknown = pasted.entries_of(st.session_state["pasted"], known)
        added = watchlists.add(database.connect(), shown.id, entries)
        listing.forget()
        st.session_state["pasted"] = "\n".join(unknown)  # there, they can be corrected
        st.session_state[PASTED] = added, unknown
        close()

    label = _("종목 코드나 이름을 한 줄에 하나씩, 또는 쉼표로")
    st.text_area(label, key="pasted", height=160, placeholder="005930\nAAPL\n코스피")
    st.button(_("넣기"), icon=":material/playlist_add:", key="add_pasted", on_click=add)


def _edit(shown: Watchlist) -> None:
    """Create a list; share, rename or delete the shown list."""

    def create(name: str) -> None:
        created = watchlists.create(database.connect(), name)
        with address_bar.changing():
            st.query_params[LIST] = created

    @writes
    def share(is_shared: bool) -> None:
        watchlists.share(database.connect(), shown.id, is_shared)

    @writes
    def rename(name: str) -> None:
        with refusal_kept(f"list_name_{shown.id}"):
            watchlists.rename(database.connect(), shown.id, shown.name, name)

    @writes
    def remove() -> None:
        watchlists.remove(database.connect(), shown.id, shown.entries)
        with address_bar.changing():
            st.query_params.pop(LIST, None)

    name_form(_("새 목록"), _("이름"), _("만들기"), "add", create, key="new_list")
    st.divider()
    st.toggle(_("모든 방문자에게 보이기"), shown.shared, **owned(f"shared_{shown.id}", shown.shared, share))
    if shown.id != FAVOURITES:
        st.text_input(_("이름"), shown.name, **owned(f"list_name_{shown.id}", shown.name, rename))
        show_refusal(f"list_name_{shown.id}")
        ask = partial(st.session_state.__setitem__, REMOVING, shown.id)
        if st.session_state.pop(REMOVING, None) == shown.id:  # asked just now: any other click cancels
            st.button(_("순서와 메모까지 지우기"), icon=":material/warning:", key="remove_list", on_click=remove)
        else:
            st.button(_("이 목록 지우기"), icon=":material/delete:", key="ask_removal", on_click=ask)


def _entry(db: MongoDatabase, shown: Watchlist, position: int) -> None:
    """The chart of the chosen ticker and, for an admin, the controls for its place on the list."""
    entry = shown.entries[position]
    category = categories.category(entry.category)
    row = listing.row_of(db, category, entry.ticker)
    name = listing.name_of(row) if row else entry.ticker
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="watched_row"):
        viewer_link(category, entry.ticker, plain(name))
        if may_edit():
            _place(shown, position)
    history = shared.history(db, category, row) if row else None
    if history is None or row is None or history.bars.empty:
        st.info(_("이 종목은 시세가 아직 없습니다."), icon=":material/info:")
        return
    view = address.View(entry.ticker, category.default_averages, period="6M")
    style = Style(
        decimals=category.decimals_of(float(history.bars["close"].iloc[-1])),
        rising_is_red=colors.rising_is_red(category, listing.market_of(row)),
        sample=row.get("source") == "sample",
    )
    calendar = trading_calendars.of(db, category.market(listing.market_of(row)).calendar)
    chart = shared.chart(history, view, style, calendar)
    visible = view.visible(pd.DatetimeIndex(chart.bars.index))
    count, alt = len(chart.bars), _("{name} 차트").format(name=name)
    with st.container(key="walked"):
        component.show(chart.prepared, visible, count, Look.of(style), alt, key="watched_chart")


def _place(shown: Watchlist, position: int) -> None:
    """Buttons to move the entry up or down or remove it, and the input for its note."""
    entry = shown.entries[position]
    note = repr(("note", shown.id, entry))  # the key has the stored note: a rerun does not replace a note being typed

    @writes
    def move(step: int) -> None:
        place = watchlists.move(database.connect(), shown.id, entry, step)
        count, _before = st.session_state.get(MOVED, (0, None))
        st.session_state[MOVED] = count + 1, place

    @writes
    def take_out() -> None:
        watchlists.take_out(database.connect(), shown.id, entry)
        st.session_state[MOVED] = st.session_state.get(MOVED, (0, None))[0] + 1, None
        listing.forget()

    @writes
    def write_note() -> None:
        watchlists.annotate(database.connect(), shown.id, entry, st.session_state[note])

    is_last = position == len(shown.entries) - 1
    icon_button("arrow_upward", _("앞으로"), "up", partial(move, -1), disabled=position == 0)
    icon_button("arrow_downward", _("뒤로"), "down", partial(move, 1), disabled=is_last)
    icon_button("close", _("목록에서 빼기"), "take_out", take_out)
    label = _("메모")
    st.text_input(label, entry.note, key=note, placeholder=label, label_visibility="collapsed", on_change=write_note)
