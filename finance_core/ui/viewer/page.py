"""The viewer page of all categories: two rows with search, header and controls, and the chart below.

A page file passes its category and the function that updates it, because `finance_core` does not import updaters.
The address of the page describes the whole view (see `address`), so that a link opens the same view.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import partial
from typing import Final

import pandas as pd
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from finance_core import categories, formats
from finance_core.bars import candles, curves, periods, sessions
from finance_core.bars.sessions import Calendar
from finance_core.categories import Category
from finance_core.charts.price_series import OF_CLOSES
from finance_core.charts.style import Style
from finance_core.errors import DataConflict
from finance_core.i18n import _
from finance_core.storage import locations, tickers, trading_calendars
from finance_core.storage.database import MongoDatabase
from finance_core.storage.documents import TickerRow
from finance_core.ui import (
    address_bar,
    browser_memory,
    colors,
    history_notes,
    listing,
    navigation,
    pictures,
    search_box,
    update_actions,
)
from finance_core.ui.alerts import notes as alert_notes
from finance_core.ui.decorators import errors_shown, live, page, writes
from finance_core.ui.echart import zoom
from finance_core.ui.echart.component import Look
from finance_core.ui.listing import Listing
from finance_core.ui.text import plain
from finance_core.ui.update_actions import Update
from finance_core.ui.viewer import (
    address,
    compared,
    controls,
    header,
    html_file,
    link,
    picture,
    shared,
    sketches,
    summary,
    table,
)
from finance_core.ui.viewer.address import View
from finance_core.ui.viewer.shared import Chart, Compared, History
from finance_core.ui.viewer.sketches import Sketch
from finance_core.ui.visitor import may_edit

CHART: Final = "chart_of_ticker"
Current = Callable[[MongoDatabase], History]
"""Reads the history that the page draws now; see `_current`."""


@page()
def show(db: MongoDatabase, category_key: str, update: Update) -> None:
    """The whole page of one category."""
    category = categories.category(category_key)
    listed = listing.of(db, category)
    browser_memory.fill_address(address.REMEMBERED, address.usable)
    view, problems = address.parse(dict(st.query_params), category)
    unlisted = None if view.ticker in listed.rows else tickers.get(db, category, view.ticker)
    if unlisted and unlisted.get("active") is not False:  # it was added a moment ago
        listing.forget()
        listed = listing.of(db, category)
    is_coming = view.ticker not in listed.rows and update_actions.is_fetching(category, view.ticker)
    ticker = "" if is_coming else _ticker(category, view, listed, problems)
    if ticker:
        search_box.remember_viewed(category, ticker)  # before the box, which lists it
    # Containers are laid out from top to bottom, but the chart is filled first: readers want it first.
    with st.container(key="screen"):
        with st.container(horizontal=True, vertical_alignment="center", gap="small", key="title_row"):
            search, about = st.container(width=280), st.container(key="about")
            buttons = st.container(horizontal=True, width="content", gap="small")
        notes, chart = st.container(), st.container(key="below_title")
        with chart, errors_shown():  # if a ticker cannot be drawn, the search must still work
            if ticker:
                _chart(db, category, listed.rows[ticker], about, update)
            elif is_coming:
                sentence = _("{ticker}의 시세를 Yahoo에서 받아 오고 있습니다.")
                st.info(plain(sentence.format(ticker=view.ticker)), icon=":material/cloud_download:")
            else:
                _nothing_listed(category)
        with search:
            _search(db, category, update)
        with buttons:
            if ticker and may_edit():
                _star(db, category, listed.rows[ticker])
            if ticker:
                update_actions.button(db, category, ticker, update)
        with notes:
            for problem in problems:
                st.warning(plain(problem), icon=":material/warning:")
            update_actions.status(db, category)
            if ticker:
                alert_notes.of_ticker(db, category, ticker)


def _ticker(category: Category, view: View, listed: Listing, problems: list[str]) -> str:
    """The ticker to show: that of the address, else the category's default, else the first; "" if none is listed."""
    if view.ticker and listed.rows and view.ticker not in listed.rows:
        sentence = _("{ticker}은(는) 이 목록에 없는 종목이라 다른 종목을 보여 드립니다.")
        if update_actions.has_tried(category, view.ticker):
            sentence = _("{ticker}은(는) 추가되지 않았습니다. 다른 종목을 보여 드립니다.")
        problems.append(sentence.format(ticker=view.ticker[:40]))
    candidates = (view.ticker, category.default_ticker, *listed.rows)
    return next((ticker for ticker in candidates if ticker in listed.rows), "")


def _search(db: MongoDatabase, category: Category, update: Update) -> None:
    """The search box. A chosen ticker of another category opens on the page of that category."""

    def choose(chosen_category: Category, chosen: str) -> None:
        if chosen_category == category:
            with address_bar.changing():
                st.query_params["ticker"] = chosen
        else:
            kept = {name: text for name, text in address_bar.present().items() if name in ("period", "unit")}
            search_box.open_chart(chosen_category, chosen, **kept)

    @writes
    def add(new: str) -> None:
        update_actions.start(category, update, [new])  # it registers the ticker once Yahoo is found to know it
        choose(category, new)

    search_box.show(db, choose, home=category, add=add if may_edit() else None, focus=True)


def _star(db: MongoDatabase, category: Category, row: TickerRow) -> None:
    @writes
    def toggle() -> None:
        tickers.set_favourite(db, category, row["ticker"], not row.get("favourite"))
        listing.forget()

    is_on = bool(row.get("favourite"))
    label = ":orange[★]" if is_on else "☆"  # the filled and the empty star of Material look the same here
    help_text = _("관심종목에서 빼기") if is_on else _("관심종목에 넣기")
    st.button(label, help=help_text, on_click=toggle, key="star", type="tertiary")


def _chart(db: MongoDatabase, category: Category, listed: TickerRow, about: DeltaGenerator, update: Update) -> None:
    """Draw name and price into `about`, and the controls, chart and table below."""
    ticker = listed["ticker"]
    row = tickers.get(db, category, ticker) or listed
    name = listing.name_of(row)
    navigation.name_window(name)
    history = shared.history(db, category, row)
    if history.bars.empty and row.get("source") == "sample":
        st.info(_("이 종목의 표본 시세를 만들고 있습니다. 잠시 뒤 나타납니다."), icon=":material/science:")
        return
    if history.bars.empty:
        sentence = _("{name}({ticker})의 시세가 아직 없습니다. 업데이트하면 Yahoo에서 받아 옵니다.")
        if (location := locations.of(db, category)).read_only:
            sentence = _("{name}({ticker})의 시세가 {collection} 컬렉션에 없습니다. '내 데이터' 화면에서 살펴보십시오.")
        text = sentence.format(name=name, ticker=ticker, collection=location.collection)
        st.info(plain(text), icon=":material/info:")
        history_notes.show_refused({name: history})
        return
    calendar = trading_calendars.of(db, category.market(listing.market_of(row)).calendar)
    style = _style(category, row, history.bars, View(ticker, ()), calendar)
    is_adjusted = bool((history.bars["stock_splits"] != 0).any()) and not history.unsettled
    with about:
        header.show(category, row, history.comparable, style, calendar, adjusted=is_adjusted)
    just_read = [history]
    _instrument(category, row, calendar, update, partial(_current, category, row, history.key, just_read))
    just_read.clear()  # if an error came before it was taken: a retry must read anew


@live(None)
def _instrument(
    db: MongoDatabase, category: Category, row: TickerRow, calendar: Calendar, update: Update, current: Current
) -> None:
    """Controls, chart and, if chosen, the table: the part of the page that a zoom redraws."""
    view, _problems = address.parse(dict(st.query_params), category)
    ticker, name = row["ticker"], listing.name_of(row)
    view = compared.without_itself(view, category, ticker)
    history = current(db)
    others, other_rows, problems = compared.load(db, view, category.currency_of(row.get("currency")))
    view = replace(view, scale="percent") if others else view
    style = _style(category, row, history.bars, view, calendar)
    style = replace(style, sample=any(each.get("source") == "sample" for each in (row, *other_rows)))
    chart = shared.chart(history, view, style, calendar, others)
    visible = view.visible(pd.DatetimeIndex(chart.bars.index))
    close = shared.adjusted(history, style)[0]["close"]
    line = summary.of(close, pd.DatetimeIndex(chart.bars.index), visible, history.jumps)
    menus = controls.show(category, view, pd.DatetimeIndex(history.bars.index), row, line)
    with menus.compare:
        compared.control(db, category, view, ticker)
    sketch = sketches.of(db, category, ticker, history, chart)
    with menus.draw:
        sketch.control()
    with menus.other:
        shows_table = st.toggle(_("표"), key="table")
        update_actions.button_for_one(db, category, ticker, update)
        _downloads(category, row, history, others, chart, sketch, visible)
        link.show(category, ticker, view)
    with st.container():  # always here: the browser draws a chart anew whose place among the elements changes
        _notes(problems, row, history, others, chart, view, visible)
        update_actions.newer(category, ticker, row)
    zoom.show(
        chart.prepared,
        pd.DatetimeIndex(chart.bars.index),
        visible,
        view,
        Look.of(style),
        _("{name} 차트").format(name=name),
        partial(address.write, category),
        key=CHART,
        tell=sketch.tell,
        picture=pictures.asked(CHART),
        drawings=sketch.shown(),
    )
    if shows_table:
        summary.show(line, key="summary_of_table")
        table.show(row, chart, visible)
    browser_memory.keep(address.worth_keeping(st.query_params.to_dict()))


def _current(
    category: Category, row: TickerRow, of_header: str, just_read: list[History], db: MongoDatabase
) -> History:
    """The history for the part of the page that a zoom redraws: that of the header, or the whole page is drawn anew.

    A run of the whole page has `just_read` it; a zoom, which gets the same list again, reads it anew.
    """
    if just_read:
        return just_read.pop()
    try:
        history = shared.history(db, category, row)
    except DataConflict:  # the whole page says it, without the numbers above the chart
        st.rerun()
    if history.key != of_header:
        st.rerun()
    return history


def _downloads(
    category: Category,
    row: TickerRow,
    history: History,
    others: Sequence[Compared],
    chart: Chart,
    sketch: Sketch,
    visible: tuple[int, int],
) -> None:
    """The files and the picture of what is shown."""
    name = listing.name_of(row)
    daily = {name: history.bars, **{other.title: other.history.bars for other in others}}
    file = html_file.maker(category, row, history, chart, daily, sketch, visible)
    table.downloads_of(row, name, chart, visible, file)
    picture.control(CHART, category, row, chart, daily, visible)


def _notes(
    problems: Iterable[str],
    row: TickerRow,
    history: History,
    others: Sequence[Compared],
    chart: Chart,
    view: View,
    visible: tuple[int, int],
) -> None:
    """What a visitor must know before he reads the chart."""
    for problem in problems:
        st.warning(plain(problem), icon=":material/warning:")
    daily, drawn = (pd.DatetimeIndex(bars.index) for bars in (history.bars, chart.bars))
    if lack := view.lack(daily) or view.widened(drawn):
        st.warning(plain(lack), icon=":material/warning:")
    if lacking := picture.lacking(chart, visible):
        st.warning(plain(lacking), icon=":material/warning:")
    header.notes(row)
    ends = chart.bars.index[visible[0]], chart.bars.index[visible[1]]
    consequence = _("수익률·지표·52주 범위는 그날부터 셉니다.")
    if view.scale == "percent":
        consequence += " " + _("%축에는 그 단절이 들어 있습니다.")
    history_notes.show({listing.name_of(row): history}, *ends, consequence)
    others_by_title = {other.title: other.history for other in others}
    history_notes.show(others_by_title, *ends, _("함께 그린 선에는 그 단절이 들어 있습니다."))
    if chart.impossible:
        dates = ", ".join(formats.date(remark.date) for remark in chart.impossible)
        sentence = _("{days}의 배당은 그 전 종가보다 적지 않아 가격에 반영하지 않았습니다.")
        st.warning(plain(sentence.format(days=dates)), icon=":material/warning:")
    chosen = [curve for curve in chart.curves if curve.chosen in view.indicators]
    for sentence in curves.undrawable(chart.bars, chosen, chart.jumps).values():
        st.caption(plain(sentence))


def _style(category: Category, row: TickerRow, bars: pd.DataFrame, view: View, calendar: Calendar) -> Style:
    return Style(
        decimals=category.decimals_of(float(bars["close"].iloc[-1])),
        rising_is_red=colors.rising_is_red(category, listing.market_of(row)),
        kind="line" if candles.is_close_only(bars) and view.kind not in OF_CLOSES else view.kind,
        scale=view.scale,
        total_return=view.total_return,
        marks=view.marks,
        tooltip=bool(st.session_state.get(controls.TOOLTIP)),
        sample=row.get("source") == "sample",
        interval=view.interval,
        heights=view.heights,
        last_note=_last_note(calendar, pd.Timestamp(bars.index[-1]), view.interval),
    )


def _last_note(calendar: Calendar, last: pd.Timestamp, interval: periods.Interval) -> str:
    """A note that the week or month of the last bar is still running, or lacks sessions; "" where it is complete."""
    if interval == "D":
        return ""
    first_day, last_day = periods.span(last, interval)
    of_calendar = sessions.between(calendar, first_day.date(), last_day.date())
    if of_calendar.empty or last >= of_calendar[-1]:
        return ""
    return _("진행 중") if last_day >= pd.Timestamp.now() else _("미완성")


def _nothing_listed(category: Category) -> None:
    sentence = _("{category} 종목이 아직 없습니다. 터미널에서 python -m {command} --tickers 종목코드 로 받아 오십시오.")
    st.info(plain(sentence.format(category=_(category.title), command=category.update_command)), icon=":material/info:")
    if may_edit():
        st.caption(_("데이터베이스에 다른 구성으로 저장된 시세나 파일이 있으면 그것을 읽거나 가져올 수 있습니다."))
        st.page_link(navigation.page("admin_data"))
