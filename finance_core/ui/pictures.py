"""The part of a menu that downloads a chart as a picture: its size, light or dark. A page supplies the texts on it."""

from collections.abc import Iterable
from typing import Final, cast

import streamlit as st

from finance_core.i18n import N_, _
from finance_core.storage import tickers
from finance_core.storage.documents import TickerRow
from finance_core.ui import run_status
from finance_core.ui.choices import segmented
from finance_core.ui.echart.component import Picture

SIZES: Final[dict[str, tuple[int, int]]] = {
    N_("화면대로"): (0, 0),
    "16:9": (1600, 900),
    "1:1": (1080, 1080),
    "9:16": (1080, 1920),
}
"""Width and height in pixels by message id; 0 means those of the chart on the page."""
SOURCES: Final = {
    "yahoo": "Yahoo Finance",
    "import": N_("가져온 시세"),
    "sample": N_("표본 데이터: 실제 시세가 아닙니다"),
}
"""Message ids of the sources of a ticker's bars."""
ASKED, SIZE, DARK, FINE = "picture_asked", "picture_size", "picture_dark", "picture_fine"


def control(chart: str, file: str, title: str, line: str) -> None:
    """Choices of size and of light or dark, and the button that requests a picture of the chart with the key `chart`.

    The picture is the file `file`. It has `title` at the top, and `line` below it (see `line_of`).
    """
    chosen: str = st.session_state.get(f"{SIZE}_chosen", "16:9")

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
            about=line,
        )

    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        segmented(_("그림의 크기"), SIZE, {size: _(size) for size in SIZES}, chosen, choose)
        st.toggle(_("어둡게"), key=DARK)
        st.toggle(_("인쇄용으로 두 배 곱게"), key=FINE)
        st.button(_("차트 PNG"), key="picture", icon=":material/image:", on_click=ask)


def line_of(parts: Iterable[str]) -> str:
    """The line below the title of a file with a chart: the parts that are not "", and the visitor's date of today.

    A page calls this while it is drawn: what makes a file later knows neither language nor time zone of the visitor.
    """
    made = _("{date} 만듦").format(date=run_status.day(tickers.now()))
    return " · ".join([part for part in parts if part] + [made])


def dark() -> bool:
    """Whether downloads are to be dark, as chosen in the last run: other downloads are drawn before this choice."""
    return bool(st.session_state.get(DARK))


def asked(chart: str) -> Picture | None:
    """The last picture of the chart with the key `chart` that this visit requested; None if there is none."""
    return cast("Picture | None", st.session_state.get(f"{ASKED} {chart}"))


def source(row: TickerRow) -> str:
    """The source of a ticker's bars, in words."""
    return _(SOURCES.get(row.get("source", "import"), SOURCES["import"]))
