"""The texts on the picture of a ticker's chart."""

from collections.abc import Mapping

import pandas as pd

from finance_core import formats
from finance_core.categories import Category
from finance_core.i18n import _
from finance_core.storage.documents import TickerRow
from finance_core.ui import history_notes, listing, pictures
from finance_core.ui.parameters import INTERVALS
from finance_core.ui.viewer import table
from finance_core.ui.viewer.shared import Chart


def control(
    key: str,
    category: Category,
    row: TickerRow,
    chart: Chart,
    daily: Mapping[str, pd.DataFrame],
    visible: tuple[int, int],
) -> None:
    """The part of the menu that downloads the picture, named like the other files of the visible bars.

    `daily` are the daily bars of all its tickers, by name.
    """
    parts = [period(chart, visible), lacking(chart, visible), about(category, row, chart, daily, visible)]
    line = " · ".join(filter(None, parts))
    file = table.file_name(row["ticker"], chart.style, chart.bars.iloc[visible[0] : visible[1] + 1])
    pictures.control(key, f"{file}.png", title(row), line)


def title(row: TickerRow) -> str:
    """The title on the picture: name and ticker."""
    return listing.full_name(row["ticker"], row)


def period(chart: Chart, visible: tuple[int, int]) -> str:
    """The days of the first and the last visible bar."""
    return " – ".join(map(formats.date, _ends(chart, visible)))


def lacking(chart: Chart, visible: tuple[int, int]) -> str:
    """A sentence with the other tickers that have no close among the visible bars; "" where all have one."""
    first, last = visible
    names = [other.title for other in chart.others if other.close.iloc[first : last + 1].isna().all()]
    return _("이 기간에 시세가 없어 선이 없는 종목: {names}").format(names=", ".join(names)) if names else ""


def about(
    category: Category, row: TickerRow, chart: Chart, daily: Mapping[str, pd.DataFrame], visible: tuple[int, int]
) -> str:
    """What a reader must know beside the period: interval, currency, adjustment, source, visible breaks, today."""
    jumps = {listing.name_of(row): chart.noted.jumps, **chart.compared_jumps}
    currency = category.quoted_in(row["ticker"], row.get("currency"))
    parts = (
        _(INTERVALS[chart.style.interval]),
        currency,
        _("배당까지 반영한 가격") if chart.style.total_return else _("분할 반영") if category.has_money else "",
        pictures.source(row),
        history_notes.remark(history_notes.within(jumps, *_ends(chart, visible))),
        history_notes.remark_of_gaps(daily, *_ends(chart, visible)),
    )
    return pictures.line_of(parts)


def _ends(chart: Chart, visible: tuple[int, int]) -> tuple[pd.Timestamp, pd.Timestamp]:
    first, last = visible
    return chart.bars.index[first], chart.bars.index[last]
