"""The menu's part that hands out a chart as a picture: its size, light or dark; a page says what is written on it."""

import datetime as dt
from collections.abc import Iterable
from typing import Final, cast

import streamlit as st

from finance_core import formats
from finance_core.i18n import N_, _
from finance_core.storage.documents import TickerRow
from finance_core.ui.choices import segmented
from finance_core.ui.echart.component import Picture

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


def control(chart: str, file: str, title: str, about: Iterable[str]) -> None:
    """Size, light or dark, and the button that asks for a picture of `chart`, the key of it.

    The picture is called `file`; `title` stands on it, and below what a reader must know, the parts of `about`.
    """
    chosen: str = st.session_state.get(f"{SIZE}_chosen", "16:9")
    made = _("{date} 만듦").format(date=formats.date(dt.datetime.now(dt.UTC).date()))

    def choose(size: str) -> None:
        st.session_state[f"{SIZE}_chosen"] = size

    def ask() -> None:
        before = asked(chart)
        width, height = SIZES[chosen]
        st.session_state[f"{ASKED} {chart}"] = Picture(
            number=before.number + 1 if before else 1,
            file=file,
            width=width,
            height=height,
            ratio=2 if st.session_state[FINE] else 1,
            dark=dark(),
            title=title,
            about=" · ".join(part for part in (*about, made) if part),
        )

    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        segmented(_("그림의 크기"), SIZE, {size: size for size in SIZES}, chosen, choose)
        st.toggle(_("어둡게"), key=DARK)
        st.toggle(_("인쇄용으로 두 배 곱게"), key=FINE)
        st.button(_("차트 PNG"), key="picture", icon=":material/image:", on_click=ask)


def dark() -> bool:
    """Whether what is handed out is to be dark, as the last run knew it: the choice stands below other buttons."""
    return bool(st.session_state.get(DARK))


def asked(chart: str) -> Picture | None:
    """The last picture of `chart` that this visit asked for."""
    return cast("Picture | None", st.session_state.get(f"{ASKED} {chart}"))


def source(row: TickerRow) -> str:
    """Where the bars of a ticker come from."""
    return _(SOURCES.get(row.get("source", "import"), SOURCES["import"]))
