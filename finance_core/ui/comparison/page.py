"""The comparison page: what is compared as chips, how, the chart, and a table of measures.

All of it is in the address (see `comparison_address`), so that a link opens the same picture elsewhere.
"""

import html
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, get_args

import pandas as pd
import streamlit as st

from finance_core import categories, formats, ticker_fields
from finance_core.bars import candles, comparison
from finance_core.bars.candles import Interval, Period
from finance_core.bars.comparison import Base, Money, Scale
from finance_core.categories import Category
from finance_core.charts import comparison as comparison_chart
from finance_core.charts.comparison import Line
from finance_core.i18n import N_, _
from finance_core.storage import comparison_sets, database, prices, tickers
from finance_core.storage.database import MongoDatabase
from finance_core.storage.documents import TickerRow
from finance_core.ui import listing, search_box
from finance_core.ui.comparison import address, analysis
from finance_core.ui.comparison.address import View
from finance_core.ui.decorators import page, writes
from finance_core.ui.text import plain
from finance_core.ui.viewer import controls
from finance_core.ui.visitor import may_edit

CHART_HEIGHT = 560
SIGNS = {"KRW": "₩", "USD": "$", "JPY": "¥", "EUR": "€", "GBP": "£", "CNY": "CN¥", "HKD": "HK$"}

SCALES: dict[Scale, str] = {"price": N_("가격"), "percent": N_("변화율 %"), "index": N_("지수 100"), "log": N_("로그")}
MONEY: dict[Money, str] = {"local": N_("현지 통화"), "KRW": N_("원화로"), "USD": N_("달러로")}

SETS: dict[str, tuple[str, ...]] = {
    "KOSPI · S&P 500 · NASDAQ · USD/KRW": ("indices:^KS11", "indices:^GSPC", "indices:^IXIC", "currencies:USDKRW"),
    "삼성전자 · SK하이닉스 · NVIDIA · TSMC ADR": (
        "korean_stocks:005930",
        "korean_stocks:000660",
        "us_stocks:NVDA",
        "us_stocks:TSM",
    ),
}
"""Ready sets, by name. Names of companies and indices are the same in both languages."""


@dataclass(frozen=True)
class Item:
    """One thing that is compared, with all of its closes."""

    key: str
    category: Category
    ticker: str
    name: str
    row: TickerRow
    close: "pd.Series[float]"
    """In its own currency, whole; empty where there are no bars."""
    currency: str
    """ISO code; "" where it is in points, or a rate."""
    slot: int


@page(N_("비교"))
def show(db: MongoDatabase) -> None:
    """The whole page."""
    view, problems = address.parse(dict(st.query_params))
    items = [_item(db, key, slot, problems) for key, slot in zip(view.series, view.slots, strict=True)]
    found = [item for item in items if item is not None]
    view = view.with_series([item.key for item in found], {item.key: item.slot for item in found})
    _choosing(db, view)
    for problem in problems:
        st.warning(plain(problem), icon=":material/warning:")
    with st.container():
        if found:
            _compared(db, view, found)
        else:
            sentence = _("비교할 것을 위에서 골라 더하십시오. 준비된 묶음으로 시작할 수도 있습니다.")
            st.info(sentence, icon=":material/info:")


def _item(db: MongoDatabase, key: str, slot: int, problems: list[str]) -> Item | None:
    category_key, _separator, ticker = key.partition(address.SEPARATOR)
    category = categories.category(category_key)
    listed = listing.of(db, category)
    row = tickers.get(db, category, ticker) or listed.rows.get(ticker)
    if row is None:
        sentence = _("{ticker}은(는) {category} 목록에 없는 종목이라 뺐습니다.")
        problems.append(sentence.format(ticker=ticker[:40], category=_(category.title)))
        return None
    close = prices.load(db, category, ticker)["close"]
    is_money = bool(category.currency) and not category.rates
    currency = row.get("currency") or category.currency if is_money else ""
    return Item(key, category, ticker, listing.name_of(row), row, close, str(currency), slot)


def _choosing(db: MongoDatabase, view: View) -> None:
    """Category and search in one row; what is chosen there is added."""
    with st.container(horizontal=True, vertical_alignment="top"):
        keys = [category.key for category in categories.CATEGORIES]
        titles = {category.key: _(category.title) for category in categories.CATEGORIES}
        chosen = st.selectbox(
            _("카테고리"),
            keys,
            format_func=lambda key: titles[key],
            key="comparison_category",
            width=160,
            label_visibility="collapsed",
        )
        category = categories.category(chosen)

        def add(ticker: str) -> None:
            key = f"{category.key}{address.SEPARATOR}{ticker}"
            search_box.remember_viewed(category, ticker)
            if key not in view.series and len(view.series) < comparison.LIMIT:
                _go(view, [*view.series, key])

        with st.container(width=420):
            search_box.show(category, listing.of(db, category), add)
        with st.popover(_("묶음"), icon=":material/bookmarks:"):
            _sets(db, view)


def _sets(db: MongoDatabase, view: View) -> None:
    """The ready sets and the saved ones; an admin saves what is shown under a name, and removes."""
    fresh = replace(view, slots=())
    for name, series in SETS.items():
        st.button(plain(name), key=f"set_{name}", on_click=_go, args=(fresh, list(series)))
    for name, series in comparison_sets.load(db).items():
        with st.container(horizontal=True, vertical_alignment="center"):
            st.button(plain(name), key=f"saved_{name}", on_click=_go, args=(fresh, list(series)))
            if may_edit():
                remove = writes(partial(comparison_sets.remove, db, name))
                st.button("", icon=":material/delete:", help=_("지우기"), key=f"forget_{name}", on_click=remove)
    if may_edit() and view.series:

        @writes
        def save() -> None:
            comparison_sets.save(database.connect(), st.session_state["set_name"], view.series)
            st.session_state["set_name"] = ""

        st.text_input(_("이름"), key="set_name", placeholder=_("지금 보이는 것을 이 이름으로"))
        st.button(_("묶음으로 저장"), icon=":material/bookmark_add:", key="save_set", on_click=save)


def _go(view: View, series: list[str]) -> None:
    """Show other series; each that stays keeps its colour."""
    kept = dict(zip(view.series, view.slots, strict=False))
    _write(view.with_series(series, comparison.keep_slots(kept, series)))


def _write(view: View) -> None:
    language = st.query_params.get("lang")
    st.query_params.from_dict(address.parameters(view) | ({"lang": language} if language else {}))


def _compared(db: MongoDatabase, view: View, items: list[Item]) -> None:
    won = _rates(db) if view.money != "local" else {}
    daily = comparison.align(
        {item.key: comparison.convert(item.close, item.currency, view.money, won) for item in items}
    )
    closes = comparison.resample(daily, view.interval)
    traded = comparison.resample(comparison.align({item.key: item.close for item in items}), view.interval).notna()
    if closes.empty:
        _chips(view, items, {}, closes, 0, pd.Timestamp(0))
        sentence = _("고른 것 가운데 시세가 있는 것이 없습니다. 업데이트하면 Yahoo에서 받아 옵니다.")
        st.info(sentence, icon=":material/info:")
        return
    days = pd.DatetimeIndex(closes.index)
    first = candles.period_start(days, view.period)
    base_day = pd.Timestamp(view.base) if view.base else days[first]
    bases = {item.key: comparison.base_of(closes[item.key], base_day) for item in items}
    scale = view.scale or comparison.choose_scale(len(items))
    if scale == "price" and len(items) > comparison.AXES:
        scale = "percent"
    _chips(view, items, bases, closes, first, base_day)
    _controls(view, items, scale, days, base_day)
    changes = comparison.rebase(closes, bases, "percent")
    drawn = closes if scale == "price" else comparison.rebase(closes, bases, scale)
    drawn = comparison.joined(drawn, traded)
    lines = [_line(item, view.money, float(item.close.iloc[-1]) if len(item.close) else 0) for item in _unique(items)]
    sample = any(item.row.get("source") == "sample" for item in items)
    visible = (first, len(days) - 1)
    option = comparison_chart.option(lines, drawn, closes, changes, visible, scale, sample=sample)
    st.echarts_chart(option, height=CHART_HEIGHT, alt=_("비교 차트"))
    # Measured are days, whatever the chart's interval: those of the weeks or months that are shown.
    shown = daily.loc[days[first] if view.interval == "D" else candles.span(days[first], view.interval)[0] :]
    measures = _measures(items, shown, view)
    st.dataframe(measures, hide_index=True, column_config=_explained())
    named = shown.set_axis([line.name for line in lines], axis=1)
    colors = {line.name: line.color for line in lines}
    analysis.show(named, drawn.iloc[first:], scale, measures, colors, sample=sample)


def _rates(db: MongoDatabase) -> dict[str, "pd.Series[float]"]:
    """What one unit of each currency costs in won, as far as it is stored."""
    found = {}
    for category in categories.CATEGORIES:
        for currency in SIGNS if category.rates else []:
            close = prices.load(db, category, f"{currency}KRW")["close"]
            if len(close):
                found[currency] = close
    return found


def _unique(items: list[Item]) -> list[Item]:
    """The items with names that tell them apart: two that are called the same carry their ticker."""
    names = [item.name for item in items]
    return [replace(item, name=f"{item.name} {item.ticker}") if names.count(item.name) > 1 else item for item in items]


def _line(item: Item, money: Money, price: float) -> Line:
    currency = item.currency if money == "local" or not item.currency else money
    decimals = item.category.decimals_of(price)
    if currency != item.currency:
        decimals = 0 if currency == "KRW" else 2
    marker = item.row.get("marker")
    return Line(
        name=item.name,
        slot=item.slot,
        marker=marker if marker in ticker_fields.MARKERS else "circle",
        decimals=decimals,
        sign=SIGNS.get(currency, ""),
    )


def _chips(
    view: View,
    items: list[Item],
    bases: dict[str, Base | None],
    closes: pd.DataFrame,
    first: int,
    base_day: pd.Timestamp,
) -> None:
    """A chip for each series: colour, name, what there is to know, and buttons to move and to remove it."""
    chips = st.container(horizontal=True, gap="small")
    for position, item in enumerate(items):
        with chips.container(horizontal=True, vertical_alignment="center", gap="xsmall", width="content"):
            color = comparison_chart.color_of(item.slot)
            dot = f'<span style="color:{color};font-size:1.2rem">●</span> <b>{html.escape(item.name)}</b>'
            said = html.escape(f"{item.ticker} {_note(item, bases.get(item.key), closes, first, base_day)}")
            about = f'<span style="opacity:.65">{said}</span>'
            st.html(f"{dot} {about}", width="content")
            series = list(view.series)
            moved = [*series[: position - 1], series[position], series[position - 1], *series[position + 1 :]]
            _small(_("앞으로"), ":material/arrow_upward:", f"up_{item.key}", view, moved, disabled=position == 0)
            rest = [key for key in series if key != item.key]
            _small(_("빼기"), ":material/remove:", f"remove_{item.key}", view, rest)


def _small(label: str, icon: str, key: str, view: View, series: list[str], *, disabled: bool = False) -> None:
    st.button("", icon=icon, help=label, key=key, type="tertiary", disabled=disabled, on_click=_go, args=(view, series))


def _note(item: Item, base: Base | None, closes: pd.DataFrame, first: int, base_day: pd.Timestamp) -> str:
    """What a chip says of its series: that it has nothing, or only nothing here, or on which day it is based."""
    if item.close.empty:
        return _("시세가 아직 없습니다")
    shown = closes[item.key].iloc[first:].dropna()
    notes = [_("표본")] if item.row.get("source") == "sample" else []
    if shown.empty:
        return " · ".join([*notes, _("이 기간에는 시세나 환율이 없습니다")])
    if base is None:
        notes.append(_("기준일 뒤의 시세가 없습니다"))
    elif base.day != base_day:
        notes.append(_("{day} 기준").format(day=formats.date(base.day)))
    blank = int((closes[item.key].iloc[first:].isna() & item.close.reindex(closes.index[first:]).notna()).sum())
    if blank:
        notes.append(_("환율이 없는 {count}일은 비어 있습니다").format(count=formats.count(blank)))
    return " · ".join(notes)


def _controls(view: View, items: list[Item], scale: Scale, days: pd.DatetimeIndex, base_day: pd.Timestamp) -> None:
    def choose(name: str, field: str) -> None:
        value = st.session_state[name]
        if value is not None:
            _write(replace(view, **{field: value}))

    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        _set("comparison_period", view.period)
        st.segmented_control(
            _("기간"),
            get_args(Period),
            format_func=lambda period: _(controls.PERIODS[period]),
            key="comparison_period",
            label_visibility="collapsed",
            wrap=True,
            on_change=choose,
            args=("comparison_period", "period"),
        )
        _set("comparison_unit", view.interval)
        st.segmented_control(
            _("봉 단위"),
            get_args(Interval),
            format_func=lambda interval: _(controls.INTERVALS[interval]),
            key="comparison_unit",
            label_visibility="collapsed",
            on_change=choose,
            args=("comparison_unit", "interval"),
        )
        _set("comparison_scale", scale)
        possible = [each for each in SCALES if each != "price" or len(items) <= comparison.AXES]
        st.segmented_control(
            _("축"),
            possible,
            format_func=lambda each: _(SCALES[each]),
            key="comparison_scale",
            label_visibility="collapsed",
            on_change=choose,
            args=("comparison_scale", "scale"),
        )
        _set("comparison_money", view.money)
        st.segmented_control(
            _("통화"),
            list(MONEY),
            format_func=lambda each: _(MONEY[each]),
            key="comparison_money",
            label_visibility="collapsed",
            on_change=choose,
            args=("comparison_money", "money"),
        )
        with st.popover(_("기준일 {day}").format(day=formats.date(base_day)), icon=":material/flag:"):
            _set("comparison_base", min(max(base_day.date(), days[0].date()), days[-1].date()))
            st.date_input(
                _("이 날이나 그 뒤 첫 종가가 기준입니다"),
                min_value=days[0].date(),
                max_value=days[-1].date(),
                format="YYYY-MM-DD",
                key="comparison_base",
                on_change=choose,
                args=("comparison_base", "base"),
            )
            st.button(
                _("기간의 처음으로"), on_click=_write, args=(replace(view, base=None),), disabled=view.base is None
            )
    st.caption(plain(_why(view, len(items), scale)))


def _set(key: str, value: Any) -> None:
    st.session_state[key] = value


def _why(view: View, count: int, scale: Scale) -> str:
    """Why the page shows this scale."""
    if view.scale == "price" and scale != "price":
        return _("셋 이상은 저마다 축을 가질 수 없어 변화율로 보여 드립니다.")
    if view.scale:
        return ""
    if count > comparison.AXES:
        return _("셋 이상이라 기준일부터의 변화율로 보여 드립니다.")
    return _("둘까지는 저마다의 축에 가격으로 보여 드립니다.")


def _measures(items: list[Item], closes: pd.DataFrame, view: View) -> pd.DataFrame:
    """Measures of the daily `closes` of what is shown at first: the chosen period, or what there is of it."""
    correlation = comparison.correlations(closes)
    rows = []
    for item in _unique(items):
        found = comparison.statistics(closes[item.key])
        line = _line(item, view.money, found.last if found else 0.0)
        if found is None:
            rows.append({_("이름"): item.name})
            continue
        drawdown = found.drawdown
        fallen = f"{formats.date(drawdown.peak)} → {formats.date(drawdown.trough)}"
        rows.append(
            {
                _("이름"): item.name,
                _("처음"): f"{line.sign}{formats.price(found.first, line.decimals)}",
                _("끝"): f"{line.sign}{formats.price(found.last, line.decimals)}",
                _("수익률"): formats.signed_percent(found.total),
                _("연환산"): formats.signed_percent(found.annual),
                _("변동성"): formats.MISSING if found.volatility is None else f"{found.volatility:.1%}",
                _("최대 낙폭"): formats.signed_percent(drawdown.depth),
                _("낙폭 기간"): fallen if drawdown.depth else formats.MISSING,
                _("가장 오른 날"): _day(found.best),
                _("가장 내린 날"): _day(found.worst),
                _("상관계수"): _ratio(float(correlation[item.key].iloc[0])),
            }
        )
    return pd.DataFrame(rows)


def _explained() -> dict[str, Any]:
    """What each measure is, on hover."""
    explained = {
        _("처음"): N_("기간 안의 첫 종가"),
        _("끝"): N_("기간 안의 마지막 종가"),
        _("수익률"): N_("끝 ÷ 처음 − 1"),
        _("연환산"): N_("한 해로 고친 복리 수익률. 한 해가 안 되면 셈하지 않습니다"),
        _("변동성"): N_("일간 로그 수익률의 표준편차 × √252"),
        _("최대 낙폭"): N_("그때까지의 최고 종가에서 가장 많이 떨어진 비율"),
        _("낙폭 기간"): N_("그 최고 종가의 날과 최저 종가의 날"),
        _("가장 오른 날"): N_("앞 종가에 견준 수익률이 가장 큰 날"),
        _("가장 내린 날"): N_("앞 종가에 견준 수익률이 가장 작은 날"),
        _("상관계수"): N_("첫째 것과 함께 연 날들의 로그 수익률의 상관계수"),
    }
    config: dict[str, Any] = {
        name: st.column_config.TextColumn(alignment="right", help=_(help_)) for name, help_ in explained.items()
    }
    return config | {_("이름"): st.column_config.TextColumn()}


def _day(found: tuple[pd.Timestamp, float] | None) -> str:
    return f"{formats.date(found[0])} {formats.signed_percent(found[1])}" if found else formats.MISSING


def _ratio(value: float) -> str:
    return formats.MISSING if pd.isna(value) else f"{value:+.2f}"
