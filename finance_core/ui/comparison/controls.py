"""The controls of the comparison page: which series, and how they are shown. All choices are kept in the address."""

import html
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import pandas as pd
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from finance_core import formats
from finance_core.bars import comparison
from finance_core.bars.comparison import Base, Money, Scale
from finance_core.categories import Category
from finance_core.charts import small_multiples
from finance_core.charts.comparison import color_of
from finance_core.i18n import N_, _, translated
from finance_core.storage import database
from finance_core.storage.database import MongoDatabase
from finance_core.storage.named_values import COMPARISON_SETS
from finance_core.ui import address_bar, downloads, search_box
from finance_core.ui.choices import icon_button, name_form, period_and_interval, segmented
from finance_core.ui.comparison import address
from finance_core.ui.comparison.address import View
from finance_core.ui.comparison.items import Item, row_of
from finance_core.ui.decorators import writes
from finance_core.ui.text import plain
from finance_core.ui.visitor import may_edit
from finance_core.ui.widget_keys import owned

SCALES: dict[Scale, str] = {"price": N_("가격"), "percent": N_("변화율 %"), "index": N_("지수 100"), "log": N_("로그")}
MONEY: dict[Money, str] = {"local": N_("현지 통화"), "KRW": N_("원화로"), "USD": N_("달러로")}
CHARTS = {False: N_("한 차트에"), True: N_("저마다 한 차트")}

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


def add(db: MongoDatabase, view: View) -> DeltaGenerator:
    """A row with the search, which adds a series, and the sets, which replace all. Returns the row, for the menu."""

    def choose(category: Category, ticker: str) -> None:
        series = category.key_of(ticker)
        search_box.remember_viewed(category, ticker)
        shown = _present().series
        if series not in shown and len(shown) < comparison.LIMIT:
            _show_series([*shown, series])

    row = st.container(horizontal=True, vertical_alignment="center", gap="small", key="title_row")
    with row:
        with st.container(width=280, key="comparison_search"):
            search_box.show(db, choose, focus=True)
        with st.popover(_("묶음"), icon=":material/bookmarks:", key="comparison_sets"):
            _sets(db, view)
    return row


def notes(
    view: View,
    items: Sequence[Item],
    bases: dict[str, Base | None],
    shown: pd.DataFrame,
    base_day: pd.Timestamp,
    *,
    sample_rates: frozenset[str],
) -> list[str]:
    """A note on each series, or "": samples, conversion, missing prices, another base date than `base_day`.

    `shown` has the closes of the shown period. The exchange rates of `sample_rates` are samples.
    """
    return [
        _note(item, _converted(item, view.money, sample_rates=sample_rates), bases.get(item.key), shown, base_day)
        for item in items
    ]


def chips(items: Sequence[Item], notes: Sequence[str]) -> None:
    """A chip for each series: colour, name, its note, and buttons to move and to remove it."""
    row = st.container(horizontal=True, gap="small", key="comparison_chips")
    for position, (item, note) in enumerate(zip(items, notes, strict=True)):
        with row.container(horizontal=True, wrap=False, vertical_alignment="center", gap="xsmall", width="content"):
            dot = f'<span style="color:{color_of(item.slot)};font-size:1.2rem">●</span> <b>{html.escape(item.name)}</b>'
            behind = html.escape(f"{item.ticker if item.ticker != item.name else ''} {note}")
            st.html(f'{dot} <span style="opacity:.65">{behind}</span>', width="content")
            forward = partial(_forward, item.key)
            icon_button("arrow_upward", _("앞으로"), f"up_{item.key}", forward, disabled=position == 0)
            icon_button("remove", _("빼기"), f"remove_{item.key}", partial(remove, item.key))


def unreadable(key: str, sentence: str) -> None:
    """Why the bars of a series cannot be read, and a button to remove it."""
    with st.container(horizontal=True, wrap=False, vertical_alignment="center", gap="small"):
        st.warning(plain(sentence), icon=":material/warning:", width="stretch")
        icon_button("remove", _("빼기"), f"remove_{key}", partial(remove, key))


def looks(
    row: DeltaGenerator, view: View, count: int, scale: Scale, days: pd.DatetimeIndex, base: pd.Timestamp
) -> tuple[DeltaGenerator, list[str]]:
    """Controls for period and interval; the other controls are in a menu in `row`, whose label has the choices.

    `count` is the number of series. Returns the menu, to which the caller adds more, and the texts of its label.
    """
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        with st.container(horizontal=True, wrap=False, width="content", gap="small", key="choices"):
            period_and_interval(None if view.first else view.period, view.interval, write)
        st.caption(plain(_why(view, count, scale)), width="content")
    chosen = [_(MONEY[view.money]), _(CHARTS[True])] if view.is_apart else about(view, scale, base)
    with row:
        menu = st.popover(" · ".join(chosen), icon=":material/tune:", key="comparison_menu")
    with menu:
        scales = {name: title for name, title in SCALES.items() if name != "price" or count <= comparison.AXES}
        segmented(_("차트"), "charts", translated(CHARTS), view.is_apart, lambda is_apart: write(is_apart=is_apart))
        segmented(_("통화"), "currency", translated(MONEY), view.money, lambda money: write(money=money))
        if not view.is_apart:
            segmented(_("축"), "scale", translated(scales), scale, lambda chosen: write(scale=chosen))
            _base(view, days, base)
    return menu, chosen


def about(view: View, scale: Scale, base: pd.Timestamp) -> list[str]:
    """What one chart of all series shows: the currency, the scale, and the day to which it relates."""
    return [_(MONEY[view.money]), _(SCALES[scale]), _("기준일 {day}").format(day=formats.date(base))]


def _base(view: View, days: pd.DatetimeIndex, base: pd.Timestamp) -> None:
    first, last = days[0].date(), days[-1].date()
    shown = min(max(base.date(), first), last)
    label, form = _("이 날이나 그 뒤 첫 종가가 기준입니다"), owned("base", shown, lambda day: write(base=day))
    st.date_input(label, shown, min_value=first, max_value=last, format="YYYY-MM-DD", **form)
    st.button(_("기간의 처음으로"), on_click=partial(write, base=None), disabled=view.base is None)


def _why(view: View, count: int, scale: Scale) -> str:
    """Why the page shows this scale, or not all series."""
    if view.is_apart:
        sentence = _("앞의 {most}개를 작은 차트로 보여 드립니다.").format(most=small_multiples.MOST)
        return sentence if count > small_multiples.MOST else ""
    if view.scale == "price" and scale != "price":
        return _("셋 이상은 저마다 축을 가질 수 없어 변화율로 보여 드립니다.")
    if view.scale:
        return ""
    if count > comparison.AXES:
        return _("셋 이상이라 기준일부터의 변화율로 보여 드립니다.")
    return _("둘까지는 저마다의 축에 가격으로 보여 드립니다.")


def _converted(item: Item, money: Money, *, sample_rates: frozenset[str]) -> str:
    """A note on the conversion of `item` into `money`; "" where there is nothing to convert."""
    if money == "local" or item.currency == money:
        return ""
    if item.currency:
        rates = [] if sample_rates.isdisjoint({item.currency, money}) else [_("표본 환율")]
        return downloads.head(f"{item.currency}→{money}", rates)
    return _("환율이라 그대로") if item.category.rates else _("통화가 없는 지수라 환산 안 됨")


def _note(item: Item, converted: str, base: Base | None, shown: pd.DataFrame, base_day: pd.Timestamp) -> str:
    """The note on a chip: samples, `converted`, a period without prices, and a base date other than `base_day`."""
    if item.close.empty:
        return _("시세가 아직 없습니다")
    close = shown[item.key]
    notes = [text for text in (_("표본") if item.is_sample else "", converted) if text]
    if close.notna().sum() == 0:
        return " · ".join([*notes, _("이 기간에는 시세나 환율이 없습니다")])
    if base is None:
        notes.append(_("기준일 뒤의 시세가 없습니다"))
    elif base.day != base_day:
        notes.append(_("{day} 기준").format(day=formats.date(base.day)))
    without_rate = int((close.isna() & item.close.reindex(close.index).notna()).sum())
    if without_rate:
        notes.append(formats.filled(_("환율이 없는 봉 {count}개는 비어 있습니다"), count=without_rate))
    return " · ".join(notes)


def _sets(db: MongoDatabase, view: View) -> None:
    """The ready sets and the saved ones. An admin can save the shown series as a set, and remove saved sets."""
    for name, series in SETS.items():
        st.button(plain(name), key=f"set_{name}", on_click=_show_series, args=(series, {}))
    for name, series in COMPARISON_SETS.load(db).items():
        with st.container(horizontal=True, vertical_alignment="center"):
            st.button(plain(name), key=f"saved_{name}", on_click=_show_series, args=(series, {}))
            if may_edit():
                remove = writes(partial(COMPARISON_SETS.remove, db, name))
                icon_button("delete", _("지우기"), f"forget_{name}", remove)
    if may_edit() and view.series:

        def save(name: str) -> None:
            COMPARISON_SETS.save(database.connect(), name, [*view.series])

        hint = _("지금 보이는 것을 이 이름으로")
        name_form(_("이름"), hint, _("묶음으로 저장"), "bookmark_add", save, key="set_name")


def _present() -> View:
    """The view of the present address, without series that are not listed."""
    view, _problems = address.parse(address_bar.present())
    db = database.connect()
    slots = dict(zip(view.series, view.slots, strict=True))
    return view.with_series({key: slot for key, slot in slots.items() if row_of(db, key)})


def remove(key: str) -> None:
    """Take a series away."""
    _show_series([series for series in _present().series if series != key])


def _forward(key: str) -> None:
    """Move a series one place forward."""
    series = list(_present().series)
    if key in series:
        position = series.index(key)
        series.insert(max(position - 1, 0), series.pop(position))
        _show_series(series)


def _show_series(series: Sequence[str], kept: Mapping[str, int] | None = None) -> None:
    """Show `series` instead of the present ones; `kept` has the slots that stay, without it those of the present."""
    view = _present()
    before = dict(zip(view.series, view.slots, strict=True)) if kept is None else kept
    address_bar.write(address.texts_of(view.with_series(comparison.keep_slots(before, series))))


def write(**fields: Any) -> None:
    """Change these fields of the view in the address."""
    view, _problems = address.parse(address_bar.present())
    address_bar.write(address.texts_of(replace(view, **fields)))
