"""The first page, for the morning: headline cards, alerts, watchlists, breadth, movers, and the state of the data."""

import datetime as dt
from collections.abc import Callable, Mapping
from typing import Any, Final

import pandas as pd
import streamlit as st

from finance_core import categories, formats
from finance_core.categories import Category
from finance_core.charts.style import BLUE, GREEN, RED, Style
from finance_core.i18n import _
from finance_core.storage import category_state, database, locations, prices, tickers, trading_calendars
from finance_core.storage.category_state import Summary
from finance_core.storage.database import MongoDatabase
from finance_core.storage.documents import TickerRow
from finance_core.ui import colors, listing, navigation, run_status
from finance_core.ui.alerts import notes
from finance_core.ui.decorators import page
from finance_core.ui.market.state import STOCKS
from finance_core.ui.navigation import viewer_link
from finance_core.ui.text import plain
from finance_core.ui.viewer import header
from finance_core.ui.visitor import may_edit
from finance_core.ui.watchlists import brief

DELTA_COLORS: Final[Mapping[str, Any]] = {RED: "red", BLUE: "blue", GREEN: "green"}
"""Streamlit's names for our colours."""


@page("overview")
def show(db: MongoDatabase, offer: Callable[[MongoDatabase], None]) -> None:
    """The whole page; `offer` shows an admin the prices in the database that are not used yet."""
    if may_edit():
        offer(db)
    _headlines(db)
    notes.of_night(db)
    brief.show(db)
    states = {category: _state(db, category) for category in categories.CATEGORIES}
    # Categories without real prices come last.
    for category in sorted(states, key=lambda category: states[category].samples == states[category].total):
        _category(db, category, states[category])
    _states(states)
    server = database.address() or _("내장 MongoDB")
    st.caption(plain(_("데이터베이스: {server}").format(server=f"{server} · {db.name}")))


def _headlines(db: MongoDatabase) -> None:
    headlines = [(category, ticker) for category in categories.CATEGORIES for ticker in category.headlines]
    rows = [(category, tickers.get(db, category, ticker)) for category, ticker in headlines]
    refused = {category: locations.of(db, category).refused_tickers for category in categories.CATEGORIES}
    cards = [
        (category, row, bars)
        for category, row in rows
        if row and row["ticker"] not in refused[category]
        # Not as the row has it: another program may have changed the last bar of a collection of the user's own.
        if len(bars := prices.load(db, category, row["ticker"], last=60))
    ]
    with st.container(key="cards"):
        for column, card in zip(st.columns(max(len(cards), 1)), cards, strict=False):
            with column:
                _card(db, *card)


def _card(db: MongoDatabase, category: Category, row: TickerRow, bars: pd.DataFrame) -> None:
    state = prices.state_of(category, bars)
    last, previous, last_date = bars["close"].iloc[-1], state["previous_close"], bars.index[-1]
    decimals = category.decimals_of(last)
    change = last - previous if previous else 0.0
    style = Style(rising_is_red=colors.rising_is_red(category, listing.market_of(row)))
    sign = "+" if change else ""
    moved = f"{change:{sign},.{decimals}f} ({formats.signed_percent(change / previous)})" if previous else None
    calendar = trading_calendars.of(db, category.market(listing.market_of(row)).calendar)
    freshness = header.freshness(row, last_date.date(), dt.datetime.now(dt.UTC), calendar)
    with st.container(border=True, gap="xxsmall"):
        st.metric(
            plain(listing.name_of(row) + listing.mark_of(row)),
            formats.price(last, decimals),
            moved,
            delta_arrow="auto" if change else "off",
            delta_color=DELTA_COLORS[style.rising if change > 0 else style.falling] if change else "off",
            chart_data=bars["close"].tolist(),
            chart_type="line",
        )
        st.caption(plain(f"{formats.date(last_date)} · {freshness}"))
        viewer_link(category, row["ticker"], _("차트 보기"))  # the style sheet lays it over the whole card


def _state(db: MongoDatabase, category: Category) -> Summary:
    return category_state.summary(db, category, trading_calendars.last_closed(db, category, dt.datetime.now(dt.UTC)))


def _states(states: Mapping[Category, Summary]) -> None:
    """A table of the categories: how many tickers they have, and how many are up to date."""
    known = {category: state for category, state in states.items() if state.total}
    if not known:
        return
    st.subheader(_("데이터 상태"), divider="gray")
    table = pd.DataFrame(
        {
            _("카테고리"): [_(category.title) for category in known],
            _("종목 수"): [state.total for state in known.values()],
            _("최신"): [state.up_to_date for state in known.values()],
            _("표본"): [state.samples for state in known.values()],
            _("마지막 업데이트"): [_moment(state.updated_at) for state in known.values()],
        }
    )
    number = st.column_config.NumberColumn(format="localized")
    columns: Any = dict.fromkeys(table.columns[1:4], number)
    columns |= {table.columns[4]: st.column_config.TextColumn(alignment="right")}
    st.dataframe(table, hide_index=True, row_height=28, column_config=columns, key="states")


def _moment(utc: dt.datetime | None) -> str:
    return run_status.moment(utc) if utc else formats.MISSING


def _category(db: MongoDatabase, category: Category, state: Summary) -> None:
    st.subheader(_(category.title), divider="gray")
    if not state.total and prices.any_stored(db, category):
        text = _("시세가 있지만 종목 목록이 없습니다. '내 데이터' 화면에서 만들 수 있습니다.")
        st.info(plain(text), icon=":material/info:")
        viewer_link(category, "", _("열기"))
        return
    if not state.total:
        st.info(
            _("아직 종목이 없습니다. 검색창에서 추가하거나 업데이트 명령으로 받아 오십시오."), icon=":material/info:"
        )
        viewer_link(category, "", _("열기"))
        if may_edit():
            st.page_link(navigation.page("admin_data"), label=_("내 데이터에서 읽거나 가져오기"))
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        if breadth := category_state.breadth(db, category):
            text = _("{day} · 상승 {rising} · 하락 {falling} · 보합 {unchanged}")
            told = formats.filled(text, **breadth._asdict() | {"day": formats.date(breadth.day)})
            if sum(breadth[1:4]) < breadth.listed / 2:  # as the page of the market, which shows that day later
                told += " · " + formats.filled(_("{count}종목 가운데"), count=breadth.listed)
            st.caption(plain(told))
        if state.samples:
            st.badge(_("표본 포함"), icon=":material/science:", color="orange")
        viewer_link(category, "", _("열기"))
        if category.key in STOCKS:
            where = {"category": category.key}
            st.page_link(navigation.page("market"), label=_("시장"), icon=":material/grid_view:", query_params=where)
    titles = {True: _("많이 오른 종목"), False: _("많이 내린 종목")}
    for column, (rising, title) in zip(st.columns(2), titles.items(), strict=True):
        with column:
            _movers(category, category_state.movers(db, category, 5, rising=rising), title)


def _movers(category: Category, rows: list[TickerRow], title: str) -> None:
    if not rows:
        return
    table = pd.DataFrame(
        {
            title: [listing.link(category, row["ticker"], row) for row in rows],
            _("종가"): [row["last_close"] for row in rows],
            _("등락률"): [row["change"] for row in rows],
            _("날짜"): [f"{formats.date(row['last_date'])}{listing.mark_of(row)}" for row in rows],
        }
    )
    traded = [(category, listing.market_of(row)) for row in rows]
    name = st.column_config.LinkColumn(display_text=navigation.NAME, width=listing.NAME_WIDTH)
    texts: Any = {
        _("종가"): lambda close: formats.price(close, category.decimals_of(close)),
        _("등락률"): formats.signed_percent,
    }
    colored = colors.of_changes(table, [_("등락률")], traded).format(texts)
    st.dataframe(colored, hide_index=True, row_height=28, column_config={title: name})
