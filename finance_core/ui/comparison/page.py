"""The comparison page: what is compared as chips, how, the chart, and a table of measures.

All of it is in the address (see `address`), so that a link opens the same picture elsewhere.
"""

from pathlib import Path

import pandas as pd
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from finance_core import categories
from finance_core.bars import candles, comparison
from finance_core.charts import comparison as comparison_chart
from finance_core.charts import small_multiples
from finance_core.i18n import _
from finance_core.storage.database import MongoDatabase
from finance_core.ui import split_note
from finance_core.ui.comparison import address, analysis, controls, items, measures
from finance_core.ui.comparison.address import View
from finance_core.ui.comparison.items import Item
from finance_core.ui.decorators import page
from finance_core.ui.text import plain

LOOK = Path(__file__).with_name("look.css")


@page()
def show(db: MongoDatabase) -> None:
    """The whole page."""
    view, problems = address.parse(dict(st.query_params))
    listed = []
    for key, slot in zip(view.series, view.slots, strict=True):
        if item := items.load(db, key, slot):
            listed.append(item)
        else:
            category, _separator, ticker = key.partition(address.SEPARATOR)
            sentence = _("{ticker}은(는) {category} 목록에 없는 종목이라 뺐습니다.")
            problems.append(sentence.format(ticker=ticker[:40], category=_(categories.category(category).title)))
    view = view.with_series({item.key: item.slot for item in listed})
    st.html(LOOK)
    with st.container(key="comparison"):
        row = controls.add(db, view)
        for problem in problems:
            st.warning(plain(problem), icon=":material/warning:")
        if listed:
            _comparison(db, view, listed, row)
        else:
            sentence = _("비교할 것을 위에서 골라 더하십시오. 준비된 묶음으로 시작할 수도 있습니다.")
            st.info(sentence, icon=":material/info:")


def _comparison(db: MongoDatabase, view: View, listed: list[Item], row: DeltaGenerator) -> None:
    """Controls, the rest of which go into `row`, chips, chart, measures and analysis of the items."""
    won = items.rates(db) if view.money != "local" else {}
    daily = comparison.align(
        {item.key: comparison.convert(item.close, item.currency, view.money, won) for item in listed}
    )
    closes = comparison.resample(daily, view.interval)
    if closes.empty:
        controls.chips(view, listed, {}, closes, pd.Timestamp(0))
        sentence = _("고른 것 가운데 시세가 있는 것이 없습니다. 업데이트하면 Yahoo에서 받아 옵니다.")
        st.info(sentence, icon=":material/info:")
        return
    days = pd.DatetimeIndex(closes.index)
    first = candles.period_start(days, view.period)
    base_day = pd.Timestamp(view.base) if view.base else days[first]
    bases = {item.key: comparison.base_of(closes[item.key], base_day) for item in listed}
    usual = comparison.choose_scale(len(listed))
    scale = usual if view.scale in (None, "price") else view.scale
    controls.looks(row, view, len(listed), scale, days, base_day)
    controls.chips(view, listed, bases, closes.iloc[first:], base_day)

    traded = comparison.resample(comparison.align({item.key: item.close for item in listed}), view.interval).notna()
    drawn = comparison.joined(closes if scale == "price" else comparison.rebase(closes, bases, scale), traded)
    named = items.with_unique_names(listed)
    lines = [item.line(view.money, float(item.close.iloc[-1]) if len(item.close) else 0) for item in named]
    sample = any(item.is_sample for item in listed)
    visible = first, len(days) - 1
    if view.is_apart:
        option = small_multiples.option(lines, comparison.joined(closes, traded), visible, sample=sample)
    else:
        changes = comparison.rebase(closes, bases, "percent")
        option = comparison_chart.option(lines, drawn, closes, changes, visible, scale, sample=sample)
    with st.container(key="comparison_chart"):
        st.echarts_chart(option, height="stretch", alt=_("비교 차트"))
    for item in listed:
        split_note.show(item.name, item.late_splits)
    # Days are measured at every interval: those of the weeks or months that are shown.
    start = days[first] if view.interval == "D" else candles.span(days[first], view.interval)[0]
    shown = daily.loc[start:]
    table = measures.table(named, shown, view.money)
    st.dataframe(table, hide_index=True, column_config=measures.columns(), height="content", row_height=28)
    tickers = [item.ticker for item in listed]
    analysis.show(shown, drawn.iloc[first:], scale, table, lines, tickers, sample=sample)
