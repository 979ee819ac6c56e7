"""The comparison page: the compared series as chips, controls, the chart, a table of measures, and analysis.

The address describes the whole view (see `address`), so that a link opens the same view elsewhere.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Final

import pandas as pd
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from finance_core import categories, formats
from finance_core.bars import comparison, periods
from finance_core.bars.comparison import Scale
from finance_core.charts import small_multiples
from finance_core.charts.comparison import Line
from finance_core.errors import DataConflict
from finance_core.i18n import _
from finance_core.storage import locations
from finance_core.storage.database import MongoDatabase
from finance_core.ui import downloads, history_notes, pictures
from finance_core.ui.comparison import address, analysis, controls, items, measures, shared
from finance_core.ui.comparison.address import View
from finance_core.ui.comparison.analysis import Files
from finance_core.ui.comparison.items import Item
from finance_core.ui.comparison.shared import Closes
from finance_core.ui.decorators import live, page
from finance_core.ui.echart import zoom
from finance_core.ui.echart.component import Look
from finance_core.ui.parameters import INTERVALS
from finance_core.ui.text import plain

LOOK = Path(__file__).with_name("look.css")
CHART: Final = "chart_of_comparison"
NAMED: Final = 5
"""The most series that the title of a picture names."""


@page()
def show(_db: MongoDatabase) -> None:
    """The whole page."""
    st.html(LOOK)
    _instrument()


@live(None)
def _instrument(db: MongoDatabase) -> None:
    """The part of the page that a zoom redraws: everything but the style sheet."""
    view, problems = address.parse(dict(st.query_params))
    listed, unreadable = [], {}
    for key, slot in zip(view.series, view.slots, strict=True):
        category, ticker = categories.of_key(key)
        try:
            item = items.load(db, key, slot)
        except DataConflict as conflict:  # the others are drawn
            unreadable[key] = f"{ticker}: {conflict}"
            continue
        if item:
            listed.append(item)
        else:
            sentence = _("{ticker}은(는) {category} 목록에 없는 종목이라 뺐습니다.")
            problems.append(sentence.format(ticker=ticker[:40], category=_(category.title)))
    view = view.with_series({item.key: item.slot for item in listed})
    with st.container(key="comparison"):
        row = controls.add(db, view)
        for problem in problems:
            st.warning(plain(problem), icon=":material/warning:")
        for key, sentence in unreadable.items():
            controls.unreadable(key, sentence)
        if listed:
            _comparison(db, view, listed, row)
        else:
            sentence = _("비교할 것을 위에서 골라 더하십시오. 준비된 묶음으로 시작할 수도 있습니다.")
            st.info(sentence, icon=":material/info:")


def _comparison(db: MongoDatabase, view: View, listed: list[Item], row: DeltaGenerator) -> None:
    """Controls, chips, chart, measures and analysis of the items; `row` gets the menu of the controls."""
    closes = shared.closes(db, listed, view.money, view.interval)
    if closes.shown.empty:
        notes = controls.notes(view, listed, {}, closes.shown, pd.Timestamp(0), sample_rates=closes.sample_rates)
        controls.chips(listed, notes)
        sentence = _("고른 것 가운데 시세가 있는 것이 없습니다. 업데이트하면 Yahoo에서 받아 옵니다.")
        if all(locations.of(db, item.category).read_only for item in listed):
            sentence = _("고른 것의 시세가 그 컬렉션에 없습니다. '내 데이터' 화면에서 살펴보십시오.")
        st.info(sentence, icon=":material/info:")
        return
    days = pd.DatetimeIndex(closes.shown.index)
    with st.container():  # always here, as that below: the browser draws a chart anew whose place changes
        if lack := view.lack(pd.DatetimeIndex(closes.daily.index)) or view.widened(days):
            st.warning(plain(lack), icon=":material/warning:")
    first, last = view.visible(days)
    visible = slice(first, last + 1)
    base_day = pd.Timestamp(view.base) if view.base else days[first]
    bases = {item.key: comparison.base_of(closes.shown[item.key], base_day) for item in listed}
    usual: Scale = "price" if len(listed) <= comparison.AXES else "percent"
    scale = usual if view.scale in (None, "price") else view.scale
    named = items.with_unique_names(listed)
    menu, chosen = controls.looks(row, view, len(listed), scale, days, base_day)
    histories = {item.name: item.history for item in named}
    by_name = {name: each.jumps for name, each in histories.items()}
    since = days[first] if scale == "price" else min(days[first], base_day)
    jumps = history_notes.within(by_name, since, days[last])
    bars = {name: each.bars for name, each in histories.items()}
    gaps = history_notes.remark_of_gaps(bars, since, days[last])
    shown = closes.shown.iloc[visible].set_axis(list(histories), axis=1)
    files = _files(named, view, shown, jumps, items.samples(named, view.money, closes.sample_rates))
    with menu:
        remarks = [history_notes.remark(jumps), gaps]
        pictures.control(CHART, f"{files.name}.png", _title(named), _line(named, view, shown, [*chosen, *remarks]))
    notes = controls.notes(view, listed, bases, closes.shown.iloc[visible], base_day, sample_rates=closes.sample_rates)
    controls.chips(listed, notes)

    lines = [item.line(view.money, _last(closes.shown[item.key])) for item in named]
    is_seen = bool(history_notes.within(jumps, days[first], days[last]))
    told = _("선과 아래의 모든 값에 그 단절이 들어 있습니다.") if is_seen else _("선에는 그 단절이 들어 있습니다.")
    with st.container():
        history_notes.show(histories, since, days[last], told)
    _chart(view, closes, lines, scale, sample=bool(files.samples))
    of_chart = _line(named, view, shown, controls.about(view, scale, base_day))
    about = [of_chart, *_told(histories, notes), history_notes.of_splits(histories), gaps, *_of_days(view)]
    drawn = partial(_drawn, closes, scale, bases, visible)
    _measured(closes, view, named, lines, drawn, scale, replace(files, about=[line for line in about if line]))


def _measured(
    closes: Closes,
    view: View,
    listed: list[Item],
    lines: list[Line],
    drawn: Callable[[], pd.DataFrame],
    scale: Scale,
    files: Files,
) -> None:
    """The measures and analyses of daily closes at every interval, since the first shown bar, as the lines do."""
    first, last = files.closes.index[0], files.closes.index[-1]
    end = last if view.interval == "D" else periods.span(last, view.interval)[1]
    daily = closes.daily.loc[first:end].copy()
    daily.loc[first] = closes.shown.loc[first]  # a ticker may have no bar on the last day of that week
    table = measures.table(listed, daily)
    for sentence in _of_days(view):
        st.caption(plain(sentence))
    st.dataframe(
        measures.styled(table, listed, view.money),
        hide_index=True,
        column_config=measures.columns(),
        height="content",
        row_height=28,
        placeholder=formats.MISSING,
    )
    analysis.show(daily, drawn, scale, measures.texts(table, listed, view.money), lines, files)


def _of_days(view: View) -> list[str]:
    """A sentence where the chart has other bars than measures use."""
    return [] if view.interval == "D" else [_("통계와 분석은 이 기간의 일 종가로 셈합니다.")]


def _told(names: Iterable[str], notes: Iterable[str]) -> list[str]:
    """The notes on series, behind their names."""
    return [f"{name}: {note}" for name, note in zip(names, notes, strict=True) if note]


def _files(
    listed: list[Item],
    view: View,
    shown: pd.DataFrame,
    jumps: Mapping[str, Sequence[pd.Timestamp]],
    samples: Mapping[str, str],
) -> Files:
    """The files of the closes that are `shown`; they are named by tickers, currencies and interval, and samples."""
    converted = items.converted(listed, view.money)
    what = "_".join([*(item.ticker for item in listed), *dict.fromkeys(converted.values())])
    what = "_".join([what + downloads.UNITS[view.interval], *[_("표본")] * bool(samples)])
    return Files(downloads.file_name(what, shown), shown, view.interval, jumps, converted, samples)


def _drawn(closes: Closes, scale: Scale, bases: Mapping[str, comparison.Base | None], visible: slice) -> pd.DataFrame:
    return closes.joined(scale, bases).iloc[visible]


def _last(close: "pd.Series[float]") -> float:
    known = close.dropna()
    return float(known.iloc[-1]) if len(known) else 0.0


def _title(listed: list[Item]) -> str:
    """The title of a picture."""
    names = [item.name for item in listed]
    title, others = " · ".join(names[:NAMED]), len(names[NAMED:])
    return _("{names} 외 {count}개").format(names=title, count=others) if others else title


def _line(listed: list[Item], view: View, shown: pd.DataFrame, chosen: Iterable[str]) -> str:
    """The line below the title of a picture or a file of the closes that are `shown`, as `chosen`."""
    ends = " – ".join(formats.date(day) for day in (shown.index[0], shown.index[-1]))
    sources = dict.fromkeys(pictures.source(item.row) for item in listed)
    return pictures.line_of((ends, _(INTERVALS[view.interval]), *chosen, _("분할 반영"), *sources))


def _chart(view: View, closes: Closes, lines: list[Line], scale: Scale, *, sample: bool) -> None:
    days = pd.DatetimeIndex(closes.shown.index)
    base = int(days.searchsorted(pd.Timestamp(view.base))) if view.base else None
    prepared = shared.drawing(closes, lines, scale, base, apart=view.is_apart, sample=sample)
    # A measured distance is the same percentage for every line only if all lines share one axis.
    look = Look(box="alone", ratios=len(lines) == 1 or not (scale == "price" or view.is_apart))
    wide, narrow = small_multiples.least_heights(len(lines)) if view.is_apart else (0, 0)
    st.html(f"<style>.st-key-comparison_chart {{ --least: {wide}px; --least-if-narrow: {narrow}px; }}</style>")
    with st.container(key="comparison_chart"):
        zoom.show(
            prepared,
            days,
            view.visible(days),
            view,
            look,
            _("비교 차트"),
            controls.write,
            key=CHART,
            picture=pictures.asked(CHART),
        )
