"""A ticker's chart as an HTML file that opens without a server."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial

import pandas as pd

from finance_core.categories import Category
from finance_core.i18n import _
from finance_core.storage.documents import TickerRow
from finance_core.ui import history_notes, listing, pictures
from finance_core.ui.echart import component, file
from finance_core.ui.echart.component import Look
from finance_core.ui.echart.file import Words
from finance_core.ui.viewer import picture
from finance_core.ui.viewer.shared import Chart, History
from finance_core.ui.viewer.sketches import Sketch


def maker(
    category: Category,
    row: TickerRow,
    history: History,
    chart: Chart,
    daily: Mapping[str, pd.DataFrame],
    sketch: Sketch,
    visible: tuple[int, int],
) -> Callable[[], str]:
    """A function that makes the file of a chart, which shows the bars between the positions `visible` at first.

    `daily` are the daily bars of all its tickers, by name.

    The function may run after the page, which alone knows the visitor's time zone. Breaks are told of all bars, since a
    reader can zoom to them.
    """
    name = listing.name_of(row)
    whole = 0, len(chart.bars) - 1
    about = picture.about(category, row, chart, daily, whole)
    of_samples = pictures.SOURCES["sample"]
    sample = _(of_samples) if chart.style.sample else ""
    notes = [
        picture.lacking(chart, visible),
        about,
        "" if sample in about else sample,
        history_notes.of_splits({picture.title(row): history}),
    ]
    words = Words(picture.title(row), picture.period(chart, visible), " · ".join(filter(None, notes)))
    drawn = sketch.shown()
    drawn = replace(drawn, items=[{**each, "movable": False} for each in drawn.items], points=0)
    alt = _("{name} 차트").format(name=name)
    look = Look.of(chart.style)
    settings = component.settings(chart.prepared, visible, len(chart.bars), look, alt, drawings=drawn)
    return partial(file.to_html, chart.prepared, settings, words, dark=pictures.dark())
