"""What is written on the picture of a ticker's chart."""

import pandas as pd

from finance_core.categories import Category
from finance_core.charts.style import Style
from finance_core.i18n import _
from finance_core.storage.documents import TickerRow
from finance_core.ui import listing, pictures
from finance_core.ui.parameters import INTERVALS
from finance_core.ui.viewer.shared import Drawing


def control(
    chart: str, category: Category, row: TickerRow, drawing: Drawing, visible: tuple[int, int], style: Style
) -> None:
    """The menu's part: the file has the name of ticker and period."""
    days = [f"{pd.DatetimeIndex(drawing.bars.index)[position]:%Y-%m-%d}" for position in visible]
    ticker = "".join(char for char in row["ticker"] if char.isalnum() or char in "-_")
    currency = category.currency and (row.get("currency") or category.currency)
    about = (
        " – ".join(days),
        _(INTERVALS[style.interval]),
        currency or "",
        _("배당까지 반영한 가격") if style.total_return else _("분할 반영"),
        pictures.source(row),
    )
    pictures.control(chart, f"{ticker}_{'_'.join(days)}.png", f"{listing.name_of(row)} {row['ticker']}", about)
