"""The page of a whole market. A tab is computed only when it is open."""

import datetime as dt
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import streamlit as st

from finance_core import categories, formats, i18n
from finance_core.bars import breadth
from finance_core.bars.breadth import SPANS, Mark
from finance_core.bars.panel import Panel
from finance_core.categories import INDICES, Category
from finance_core.charts import breadth as breadth_chart
from finance_core.charts import market_map
from finance_core.charts.style import Style
from finance_core.i18n import N_, _, translated
from finance_core.storage import locations, prices
from finance_core.storage.database import MongoDatabase
from finance_core.ui import address_bar, closes, colors, search_box
from finance_core.ui.choices import segmented
from finance_core.ui.decorators import page
from finance_core.ui.echart import border, clicks
from finance_core.ui.echart.border import Prepared
from finance_core.ui.market import state, tables
from finance_core.ui.market.state import Market, Size, Tab, View
from finance_core.ui.text import plain
from finance_core.ui.widget_keys import owned

CHART_HEIGHT = "max(420px, calc(var(--window) - 22rem))"
"""The height of the breadth chart; it leaves space for the counts of a day below."""
MOSTLY = 0.5
"""The share of tickers that must have a market value, for the map to use market values."""
MISSING: dict[Size, str] = {
    "market": N_("주식 수를 확인할 수 없거나(가져온 시세, 분할 뒤 30일 안) 그 기간의 시세가 없는 {count}종목 제외"),
    "traded": N_("거래대금이나 그 기간의 시세가 없는 {count}종목 제외"),
}
"""Message ids of the sentences about tickers that the map leaves out, by the meaning of its areas."""
MAP_HEIGHT = "max(420px, calc(var(--window) - 16.5rem))"
"""The height of the map; it leaves space for the choice of areas and their explanation below."""
MOST_NAMED = 40
"""The most tickers that are named on hover."""
LINE = 16
"""The number of closes in the small line of a ticker."""
MEMBERS: dict[Mark, str] = {
    "advancers": N_("상승"),
    "decliners": N_("하락"),
    "unchanged": N_("보합"),
    "highs": N_("종가 52주 신고가"),
    "lows": N_("종가 52주 신저가"),
    "above_20": N_("20일 평균 위"),
    "above_60": N_("60일 평균 위"),
    "above_200": N_("200일 평균 위"),
}
"""Message ids of the counts of a session."""


@page("market")
def show(db: MongoDatabase) -> None:
    """The whole page."""
    view, problems = state.parse(dict(st.query_params))
    for problem in problems:
        st.warning(plain(problem), icon=":material/warning:")
    _controls(view)
    with st.spinner(_("시장 전체를 읽는 중…")):
        market = state.load(db, view)
    if not market.counted.any():
        sentence = _("이 시장에는 아직 시세가 없습니다. '종목 관리'에서 시장 목록을 등록하고 업데이트하십시오.")
        if (location := locations.of(db, view.of)).read_only:
            sentence = _(
                "{collection} 컬렉션에서 읽은 이 시장의 시세가 아직 없습니다. '내 데이터' 화면에서 살펴보십시오."
            )
            sentence = sentence.format(collection=location.collection)
        st.info(plain(sentence), icon=":material/info:")
        return
    st.caption(plain(_about(view, market)), help=_jumped(market.panel))
    if market.is_sample:
        st.badge(_("표본 데이터: 실제 시세가 아닙니다"), icon=":material/science:", color="orange")
    style = Style(rising_is_red=colors.rising_is_red(view.of, view.market))
    draws: dict[Tab, Callable[[View, Market, Style], None]] = {
        "map": _map,
        "breadth": partial(_breadth, db),
        "industries": _industries,
    }
    segmented(_("보기"), "market_tab", translated(state.TABS), view.tab, lambda tab: _write(tab=tab))
    draws[view.tab](view, market, style)


def _write(**fields: Any) -> None:
    """Change these fields of the view in the address."""
    view, _problems = state.parse(address_bar.present())
    address_bar.write(state.texts_of(replace(view, **fields)))


def _controls(view: View) -> None:
    with st.container(horizontal=True, gap="small"):
        names = {key: _(category.title) for key, category in state.STOCKS.items()}
        segmented(
            _("카테고리"),
            "category",
            names,
            view.category,
            lambda key: _write(category=key, market="", index="", industries=()),
        )
        markets = {"": _("전체")} | {market.key: market.key for market in view.of.markets}
        segmented(_("시장"), "market", markets, view.market, lambda key: _write(market=key))
        indices = {key: _(each.title) for key, each in state.INDEX_LISTS.items() if each.category is view.of}
        if indices:
            everything = {"": _("모든 종목")}
            segmented(_("지수"), "index", everything | indices, view.index, lambda key: _write(index=key))
        segmented(_("기간"), "span", translated(state.SPANS), view.span, lambda span: _write(span=span))


def _about(view: View, market: Market) -> str:
    """A line with the day, the number of tickers, and the tickers that are left out, by reason."""
    day = formats.date(pd.Timestamp(market.panel.sessions[-1]))
    left_out = {
        _("그날 봉이 없는 종목 {count}"): market.not_traded,
        _("시세가 없는 종목 {count}"): market.without_prices,
        _("수집하지 않는 구성 종목 {count}"): market.not_collected,
        _("표본 {count}"): market.samples,
        _("읽을 수 없는 종목 {count}"): market.unreadable,
    }
    parts = [
        formats.filled(_("{date} 종가 · {count}종목"), date=day, count=int(market.counted.sum())),
        *(formats.filled(text, count=count) + " " + _("제외") for text, count in left_out.items() if count),
    ]
    if market.ahead:
        sentence = _("{count}종목에는 더 새로운 봉이 있습니다. 절반이 업데이트되면 그날을 보여 드립니다.")
        parts.append(formats.filled(sentence, count=market.ahead))
    if jumped := len(market.panel.jump_days()):
        sentence = _("{count}종목은 하루 가격제한폭을 넘은 단절이 있어, 그것을 넘는 변화는 세지 않습니다.")
        parts.append(formats.filled(sentence, count=jumped))
    if market.members_on:
        sentence = _("{index} 구성 종목은 {date} 목록의 것이고, 지난 날도 이 종목들로 셉니다.")
        name = _(state.INDEX_LISTS[view.index].title)
        parts.append(sentence.format(index=name, date=formats.date(market.members_on)))
    return " · ".join(parts)


def _jumped(panel: Panel) -> str | None:
    """The first tickers with jumps, and the days of these; None if there are none."""
    days, names = panel.jump_days(), dict(zip(panel.tickers, tables.names_of(panel), strict=True))
    lines = [f"{names[ticker]} {ticker}: {', '.join(map(formats.date, each))}" for ticker, each in days.items()]
    more = [formats.filled(_("외 {count}종목"), count=len(lines) - MOST_NAMED)] if len(lines) > MOST_NAMED else []
    return "  \n".join(map(plain, [*lines[:MOST_NAMED], *more])) or None


def _map(view: View, market: Market, style: Style) -> None:
    drawn = ("map", view.span, view.size, style, i18n.language())
    prepared, size, sentence = state.once(market, *drawn, compute=partial(_drawn_map, view, market, style))
    choose = partial(_open, view.category)
    clicks.show(prepared, MAP_HEIGHT, choose, key="map")
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        segmented(_("넓이"), "size", translated(state.SIZES), size, lambda size: _write(size=size))
        st.caption(plain(sentence))


def _drawn_map(view: View, market: Market, style: Style) -> tuple[Prepared, Size, str]:
    """The map, the meaning of its areas, and the sentences that explain it."""
    panel = market.panel
    which, others = _of_one_currency(view.of, market)
    table = tables.members(view.of, panel, which, view.span)
    has_market_value = table["market"].notna()
    size: Size = view.size if has_market_value.mean() >= MOSTLY else "traded"
    drawn = table[(table[size] > 0) & table["change"].notna()]
    begin = max(len(panel.sessions) - 1 - _sessions(market, view), 0)
    lines = pd.Series(_lines(market, drawn.index.to_numpy(), begin), index=drawn.index)
    texts = [closes.price(view.of, *row) for row in zip(drawn["currency"], drawn["close"], strict=True)]
    drawn = drawn.assign(close=texts, line=lines, industry=panel.text("industry")[drawn.index])
    full = market_map.full_at(drawn["change"].to_numpy())
    parts = [_sized(size, panel, table.index[has_market_value].to_numpy())]
    if size != view.size:
        text = _("시가총액은 {total}종목 가운데 {count}종목만 알려져 있어 그리지 않습니다")
        parts.insert(0, formats.filled(text, total=len(table), count=int(has_market_value.sum())))
    text = _("색: {span} 변화 (±{full}부터 같은 색)")
    parts.append(text.format(span=_(state.SPANS[view.span]), full=f"{full:.0%}"))
    if missing := len(table) - len(drawn):
        parts.append(formats.filled(_(MISSING[size]), count=missing))
    if others:
        parts.append(formats.filled(_("통화가 다른 {count}종목 제외"), count=others))
    worth: dict[str, str] = {name: _(title) for name, title in state.SIZES.items() if table[name].notna().any()}
    return border.prepare(market_map.treemap(drawn, size, worth, style)), size, " · ".join(parts)


def _of_one_currency(category: Category, market: Market) -> tuple[npt.NDArray[np.intp], int]:
    """The positions of the tickers in the commonest currency, so that areas compare; and the number of the others."""
    which = np.flatnonzero(market.counted)
    currencies = pd.Series(market.panel.text("currency")[which]).replace("", category.currency)
    is_usual = (currencies == currencies.mode()[0]).to_numpy()
    return which[is_usual], int((~is_usual).sum())


def _sized(size: Size, panel: Panel, which: npt.NDArray[np.intp]) -> str:
    """A sentence with the meaning of the areas, and the days of the shares of the tickers at the positions `which`."""
    if size == "traded" or panel.shares is None:
        return _("넓이(업종 이름 포함): 하루 거래대금 (최근 20봉 평균)")
    days = panel.shares.until[which]
    first, last = (formats.date(pd.Timestamp(day)) for day in (days.min(), days.max()))
    text = _("넓이(업종 이름 포함): 시가총액 (종가 × {days}의 주식 수)")
    return text.format(days=first if first == last else f"{first} – {last}")


def _open(key: str, ticker: str) -> None:
    category = categories.category(key)
    if category.is_ticker(ticker):  # the browser may send anything
        search_box.open_chart(category, ticker)


def _sessions(market: Market, view: View) -> int:
    """The number of sessions in the small lines: those of the span, but at least `LINE`."""
    offset = SPANS[view.span]
    sessions = pd.DatetimeIndex(market.panel.sessions)
    count = 1 if offset is None else len(sessions) - int(sessions.searchsorted(sessions[-1] - offset, side="right"))
    return max(count, LINE)


def _lines(market: Market, positions: np.ndarray[Any, Any], begin: int) -> list[list[float]]:
    """At most `LINE` closes of each ticker, evenly spread, since the session at the position `begin`."""
    panel, lines = market.panel, []
    close, at = panel.bars["close"], panel.at
    for first, last in zip(panel.last_piece[positions].tolist(), panel.starts[positions + 1].tolist(), strict=True):
        first = min(first + int(np.searchsorted(at[first:last], begin)), last - 1)
        chosen = np.linspace(first, last - 1, min(LINE, last - first)).astype(int)
        lines.append(close[chosen].round(4).tolist())
    return lines


def _breadth(db: MongoDatabase, view: View, market: Market, style: Style) -> None:
    daily = state.once(market, "daily", compute=partial(breadth.daily, market.panel))
    shown = daily.iloc[-252 * state.YEARS :]
    day = _session(pd.DatetimeIndex(shown.index), view.day)

    def choose(text: str) -> None:
        with suppress(ValueError):  # the browser may send anything
            _write(day=dt.date.fromisoformat(text))

    ticker = view.of.index_of(view.market)
    index = prices.load(db, INDICES, ticker)["close"]  # empty if there is no index, or it has no prices
    name = tables.index_name(db, ticker)
    option = breadth_chart.option(shown, index, name, style, day if view.day else None)
    clicks.show(border.prepare(option), CHART_HEIGHT, choose, key="breadth", clicked="day")
    _of_day(view, market, style, day, shown.loc[day].to_dict())


def _session(sessions: pd.DatetimeIndex, day: dt.date | None) -> pd.Timestamp:
    """The last of `sessions` up to `day`; the newest session if `day` is None or before the first session."""
    count = len(sessions) if day is None else int(sessions.searchsorted(pd.Timestamp(day), side="right"))
    if not count:
        sentence = _("{first}부터 셉니다. 그 전의 날 대신 마지막 날을 보여 드립니다.")
        st.warning(plain(sentence.format(first=formats.date(sessions[0]))), icon=":material/warning:")
    elif day and sessions[count - 1] != pd.Timestamp(day):
        sentence = _("{day}의 봉이 없어 {session}을(를) 보여 드립니다.")
        told = sentence.format(day=formats.date(day), session=formats.date(sessions[count - 1]))
        st.warning(plain(told), icon=":material/warning:")
    return sessions[count - 1]


def _of_day(
    view: View,
    market: Market,
    style: Style,
    day: pd.Timestamp,
    counts: Mapping[Any, float],
) -> None:
    """The counts of the session `day`, and a table of the tickers behind the chosen count."""

    def title(key: Mark) -> str:
        number = _share(counts[key]) if key.startswith("above") else formats.count(counts[key])
        return _(MEMBERS[key]) + " " + number

    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        text = _("**{day}** · 차트에서 날을 누르면 그날의 수를 보여 드립니다.")
        st.markdown(formats.filled(text, day=formats.date(day)), width="content")
        if view.day:
            label = _("마지막 날로")
            st.button(label, icon=":material/last_page:", type="tertiary", on_click=partial(_write, day=None))

    shown = view.mark or None
    look: dict[str, Any] = {"format_func": title, "label_visibility": "collapsed", "default": shown}
    look |= owned("members", shown, lambda mark: _write(mark=mark or ""))
    chosen = st.pills(_("그 종목들"), list(MEMBERS), **look)
    if chosen and np.isnan(counts[chosen]):
        st.caption(_("이날은 봉이 모자라 알 수 없습니다."))
    elif chosen:
        session = int(np.searchsorted(market.panel.sessions, day.to_datetime64()))
        which = np.flatnonzero(breadth.members(market.panel, chosen, session))
        then = market.panel.as_of(market.panel.sessions[session])
        tables.show(view.of, tables.members(view.of, then, which, view.span), view.span, style, "of_day")


def _share(value: float) -> str:
    return formats.MISSING if np.isnan(value) else f"{value:.0%}"


def _why_no_industry(market: Market) -> str:
    """Why no ticker that counts has an industry."""
    if not market.with_industry:
        return _("종목에 업종이 없습니다. '종목 관리'에서 시장 목록을 등록하면 업종이 붙습니다.")
    if market.with_industry == market.samples_with_industry:
        return _(
            "표본 종목에만 업종이 있고, 표본은 실제 시세와 함께 세지 않습니다. "
            "'종목 관리'에서 시장 목록을 등록하면 업종이 붙습니다."
        )
    return _("업종이 있는 종목에는, 표본이나 읽지 못한 것을 빼면, 그날 봉이 없습니다.")


def _industries(view: View, market: Market, style: Style) -> None:
    ranked = state.once(market, "industries", compute=partial(breadth.industries, market.panel))
    ranked = ranked.sort_values(view.span, ascending=False)
    if list(ranked.index) == [""]:
        st.info(plain(_why_no_industry(market)), icon=":material/info:")
        return
    st.caption(_("업종을 고르면 그 흐름과 종목을 아래에 보여 드립니다. 변화는 종목들의 단순 평균입니다."))
    tables.industries(ranked, style, view.industries, lambda names: _write(industries=names))
    if unknown := [tables.industry(name) for name in view.industries if name not in ranked.index]:
        sentence = _("이 시장에는 없는 업종: {names}").format(names=", ".join(unknown))
        st.caption(plain(sentence))
    chosen = [name for name in ranked.index if name in view.industries]
    if not chosen:
        return
    left, right = st.columns(2)
    with left:
        lines = pd.DataFrame({tables.industry(name): breadth.equal_weighted(market.panel, name) for name in chosen})
        year_ago = int(lines.index.searchsorted(lines.index[-1] - pd.DateOffset(years=1), side="right")) - 1
        lines = lines.iloc[max(year_ago, 0) :]
        option = breadth_chart.industries((lines / lines.iloc[0] - 1) * 100)
        clicks.show(border.prepare(option), "320px", lambda _text: None, key="industry_lines")
        st.caption(_("업종의 종목을 매일 같은 비중으로 나눠 가졌을 때의 1년 변화(%). 거래 비용은 넣지 않았습니다."))
    with right:
        which = np.flatnonzero(market.counted & np.isin(market.panel.text("industry"), chosen))
        table = tables.members(view.of, market.panel, which, view.span)
        tables.show(view.of, table, view.span, style, "of_industry")
