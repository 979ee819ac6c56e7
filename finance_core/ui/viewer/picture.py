"""The menu's part that hands out the chart as a picture: its size, light or dark, and what is written on it."""

import datetime as dt
from typing import Final, cast

import pandas as pd
import streamlit as st

from finance_core import formats
from finance_core.categories import Category
from finance_core.charts.style import Style
from finance_core.i18n import N_, _
from finance_core.storage.documents import TickerRow
from finance_core.ui import listing
from finance_core.ui.choices import segmented
from finance_core.ui.echart.component import Picture
from finance_core.ui.parameters import INTERVALS
from finance_core.ui.viewer.shared import Drawing

SIZES: Final[dict[str, tuple[int, int]]] = {
    N_("화면대로"): (0, 0),
    "16:9": (1600, 900),
    "1:1": (1080, 1080),
    "9:16": (1080, 1920),
}
"""Width and height in pixels by message id; 0 for those of the chart on the page."""
SOURCES: Final = {
    "yahoo": "Yahoo Finance",
    "import": N_("가져온 시세"),
    "sample": N_("표본 데이터: 실제 시세가 아닙니다"),
}
"""Message ids of where the bars of a ticker come from."""
ASKED, SIZE, DARK, FINE = "picture_asked", "picture_size", "picture_dark", "picture_fine"


def control(category: Category, row: TickerRow, drawing: Drawing, visible: tuple[int, int], style: Style) -> None:
    """Size, light or dark, and the button."""
    chosen: str = st.session_state.get(f"{SIZE}_chosen", "16:9")

    def choose(size: str) -> None:
        st.session_state[f"{SIZE}_chosen"] = size

    def ask() -> None:
        before = asked()
        width, height = SIZES[chosen]
        st.session_state[ASKED] = Picture(
            number=before.number + 1 if before else 1,
            file=file_name(row, drawing, visible),
            width=width,
            height=height,
            ratio=2 if st.session_state[FINE] else 1,
            dark=bool(st.session_state[DARK]),
            title=f"{listing.name_of(row)} {row['ticker']}",
            about=about(category, row, drawing, visible, style, dt.datetime.now(dt.UTC).date()),
        )

    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        segmented(_("그림의 크기"), SIZE, {size: size for size in SIZES}, chosen, choose)
        st.toggle(_("어둡게"), key=DARK)
        st.toggle(_("인쇄용으로 두 배 곱게"), key=FINE)
        st.button(_("차트 PNG"), key="picture", icon=":material/image:", on_click=ask)


def asked() -> Picture | None:
    """The last picture that this visit asked for."""
    return cast("Picture | None", st.session_state.get(ASKED))


def file_name(row: TickerRow, drawing: Drawing, visible: tuple[int, int]) -> str:
    """The name of the file: ticker and period."""
    ticker = "".join(char for char in row["ticker"] if char.isalnum() or char in "-_")
    return f"{ticker}_{'_'.join(_days(drawing, visible))}.png"


def about(
    category: Category, row: TickerRow, drawing: Drawing, visible: tuple[int, int], style: Style, today: dt.date
) -> str:
    """What a reader of the picture must know: period, interval, currency, adjustment, source, when it was made."""
    currency = category.currency and (row.get("currency") or category.currency)
    parts = [
        " – ".join(_days(drawing, visible)),
        _(INTERVALS[style.interval]),
        currency or "",
        _("배당까지 반영한 가격") if style.total_return else _("분할 반영"),
        _(SOURCES.get(row.get("source", "import"), SOURCES["import"])),
        _("{date} 만듦").format(date=formats.date(today)),
    ]
    return " · ".join(part for part in parts if part)


def _days(drawing: Drawing, visible: tuple[int, int]) -> list[str]:
    days = pd.DatetimeIndex(drawing.bars.index)
    return [f"{days[position]:%Y-%m-%d}" for position in visible]
