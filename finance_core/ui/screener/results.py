"""The result of a screen: the matching tickers, tickers that could not be judged, and returns after earlier matches."""

from functools import partial
from typing import Any, Final

import numpy as np
import pandas as pd
import streamlit as st

from finance_core import formats
from finance_core.bars import comparison, fields
from finance_core.bars.condition_tree import FieldOf, Node
from finance_core.bars.curves import Chosen
from finance_core.bars.fields import FIELDS, Unit
from finance_core.bars.outcomes import Outcome
from finance_core.bars.screen import ALWAYS, REASONS, Result, columns_of
from finance_core.categories import Category
from finance_core.charts import panes
from finance_core.i18n import _
from finance_core.spreadsheets import Sheet
from finance_core.storage import category_state, screens
from finance_core.storage.database import MongoDatabase
from finance_core.storage.watchlists import Entry
from finance_core.ui import choices, colors, downloads, listing, navigation
from finance_core.ui.screener.address import View
from finance_core.ui.text import plain
from finance_core.ui.visitor import may_edit
from finance_core.ui.watchlists import lists

MOST_LINES = 300
"""Up to this many tickers, each row has a small line of closes; with more, the lines would take megabytes."""
TICKED: Final = "screen_ticked"
"""The key of the session state, with the category's key behind it, for the tickers of the ticked rows: they are ticked
again after a look at a chart."""
FORMATS: dict[Unit, tuple[str, int]] = {
    "price": ("localized", 0),
    "shares": ("localized", 0),
    "money": ("compact", 0),
    "percent": ("%+.2f%%", 2),
    "points": ("%.2f", 2),
    "days": ("localized", 0),
    "bars": ("localized", 0),
}
"""Streamlit's number format and the decimals by unit; the decimals of prices come from the category and the chart."""


def show(db: MongoDatabase, view: View, tree: Node, result: Result) -> None:
    """The whole result."""
    _counts(db, view, result)
    if result.tickers:
        _table(db, view, tree, result)
    if st.toggle(_("조건이 맞은 날 뒤에는 어떻게 됐나"), key="followed"):
        with st.spinner(_("지난 {years}년을 살펴보고 있습니다…").format(years=screens.YEARS_BACK)):
            _followed(screens.what_followed(db, view.category, tree, view.day))


def _counts(db: MongoDatabase, view: View, result: Result) -> None:
    """One line: the day, the number of matching tickers, and the tickers that could not be judged, by reason."""
    text = _("{day} · 살펴본 {judged}종목 가운데 **{count}종목**")
    facts = {"day": formats.date(result.day), "judged": result.judged, "count": len(result.tickers)}
    left_out = sum(map(len, result.unjudged.values()))
    rows = listing.of(db, view.category).rows
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="screen_counts"):
        st.markdown(formats.filled(text, **facts), width="content")
        if result.behind:
            sentence = _("{count}종목은 마지막 봉이 그보다 앞입니다.")
            st.caption(formats.filled(sentence, count=result.behind), width="content")
        if left_out:
            label = formats.filled(_("살펴볼 수 없던 {count}종목"), count=left_out)
            with st.popover(label, icon=":material/rule:", key="unjudged"):
                for reason, unjudged in result.unjudged.items():
                    names = [listing.full_name(ticker, rows.get(ticker)) for ticker in unjudged]
                    with st.expander(" · ".join([_(REASONS[reason]), formats.count(len(unjudged))])):
                        st.caption(plain(", ".join(names[:500]) + (" …" if len(names) > 500 else "")))
    if not result.judged and set(result.unjudged) <= {"sample", "no bars"}:
        first = category_state.oldest_bar(db, view.category)
        if first and view.day and view.day < first.date():
            text = _("그날까지의 봉이 없습니다. 실제 시세는 {day}부터 있습니다.").format(day=formats.date(first))
            st.info(text, icon=":material/event_busy:")
        elif not first and "sample" in result.unjudged:
            sentence = _("표본 시세뿐이라 살펴볼 종목이 없습니다. 업데이트하면 실제 시세를 받아 옵니다.")
            st.info(sentence, icon=":material/science:")


def _table(db: MongoDatabase, view: View, tree: Node, result: Result) -> None:
    rows = listing.of(db, view.category).rows
    names = [listing.name_of(rows[ticker]) if ticker in rows else ticker for ticker in result.tickers]
    name, code, line = _("이름"), _("코드"), _("최근 60봉")
    address = partial(navigation.chart_address, view.category)
    table = pd.DataFrame({name: list(map(address, result.tickers, names))})
    config: dict[str, Any] = {
        name: st.column_config.LinkColumn(display_text=navigation.NAME, width="medium"),
        line: st.column_config.LineChartColumn(width="small", color="gray"),
    }
    changes: list[str] = []
    handed_out: dict[str, Any] = {code: list(result.tickers), name: names, _("날짜"): result.dates}
    for position, field in enumerate(columns_of(tree)):
        label, unit = _label(field), FIELDS[field.name].unit
        table[label] = _values(view.category, field, result)
        is_percent = unit == "percent"
        handed_out[f"{label} %" if is_percent else label] = table[label].round(2) if is_percent else table[label]
        if unit != "text":
            config[label] = st.column_config.NumberColumn(format=FORMATS[unit][0], help=str(field))
        changes += [label] if is_percent and field.name.startswith("change") else []
        if position == len(ALWAYS) - 1 and len(result.tickers) <= MOST_LINES:
            table[line] = list(result.recent)
    table[_("날짜")] = [formats.date(day) for day in result.dates]
    table[code] = list(result.tickers)
    traded = [(view.category, listing.market_of(rows.get(ticker))) for ticker in result.tickers]
    key = f"{TICKED} {view.category.key}"
    ticked: tuple[str, ...] = st.session_state.get(key, ())
    choices.rows(
        colors.of_changes(table, changes, traded),
        "screen_result",
        result.tickers,
        ticked,
        partial(st.session_state.__setitem__, key),
        hide_index=True,
        row_height=28,
        height=min(36 + 28 * len(table), 640),
        column_config=config,
        placeholder=formats.MISSING,
    )
    picked = [ticker for ticker in result.tickers if ticker in ticked]
    with st.container(horizontal=True, gap="small"):
        _compare(view.category, picked)
        if may_edit():
            lists.add_control(db, [Entry(view.category.key, ticker) for ticker in picked])
        file = f"{view.category.key}_{formats.date(result.day)}"
        sheet = Sheet(pd.DataFrame(handed_out), index=False)
        downloads.table_buttons("", file, {_(view.category.title): sheet}, key=file)


def _compare(category: Category, picked: list[str]) -> None:
    """A button that compares the chosen rows."""
    few = picked[: comparison.LIMIT]
    label = _("고른 {count}종목 비교").format(count=len(few)) if few else _("비교하려면 행을 고르십시오")
    if st.button(label, icon=":material/stacked_line_chart:", key="compare_chosen", disabled=not few) and few:
        navigation.go("comparison", {"series": ",".join(map(category.key_of, few))})
        st.rerun()


def _label(field: FieldOf) -> str:
    return _("등락률") if (field.name, field.settings) == ("change", (1,)) else fields.label(field.name, field.settings)


def _values(category: Category, field: FieldOf, result: Result) -> Any:
    """The values of a column of the table, rounded as on the chart of each ticker.

    Percentages are only shown rounded: else a tiny fall would have neither sign nor colour.
    """
    values, unit = result.columns[str(field)], FIELDS[field.name].unit
    if unit == "text":
        return values
    if unit == "price":
        rows = zip(values, result.columns["close"], strict=True)
        return [
            np.round(each, _decimals(category, field, close)) if np.isfinite(each) else None for each, close in rows
        ]
    return values * 100 if unit == "percent" else np.round(values, FORMATS[unit][1])


def _decimals(category: Category, field: FieldOf, close: float) -> int:
    key, decimals = FIELDS[field.name].indicator, category.decimals_of(close)
    return panes.decimals_of(Chosen(key, field.settings), decimals) if key else decimals


def _followed(outcomes: list[Outcome]) -> None:
    """A table of the returns after earlier matches, and a caption with what the numbers leave out."""
    table = pd.DataFrame(
        {
            _("거래일 뒤"): [each.sessions for each in outcomes],
            _("사례"): [each.days for each in outcomes],
            _("종목 수"): [each.tickers for each in outcomes],
            _("오른 비율"): [each.rising for each in outcomes],
            _("아래 1/4"): [each.lower for each in outcomes],
            _("중앙값"): [each.median for each in outcomes],
            _("위 1/4"): [each.upper for each in outcomes],
            _("모든 날의 중앙값"): [each.usual for each in outcomes],
        }
    )
    texts: Any = dict.fromkeys(table.columns[:3], formats.count)
    texts |= dict.fromkeys(table.columns[3:], formats.signed_percent) | {table.columns[3]: "{:.2%}"}
    look = table.style.format(texts, na_rep=formats.MISSING)
    st.dataframe(look, hide_index=True, row_height=28, placeholder=formats.MISSING)
    st.caption(
        _(
            "조건이 맞은 날의 종가에서 그 뒤의 종가까지입니다. 비용·세금·배당은 세지 않았습니다. 지금 목록에 "
            "없는(상장폐지된) 종목은 빠져 있어 실제보다 좋아 보일 수 있고, 이어지는 날은 날마다 한 사례입니다."
        )
    )
