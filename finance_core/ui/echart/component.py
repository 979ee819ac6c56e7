"""A chart on a page, and the messages that its browser sends."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal, Self

import streamlit as st

from finance_core.charts.style import DRAWING, Style
from finance_core.i18n import _
from finance_core.ui.echart import border
from finance_core.ui.echart.border import FILES, Prepared

PARTS = ("attach", "grab", "readout", "measure", "picture", "drawings", "draw", "move", "keys", "thin")
"""The files whose functions `chart.js` calls."""

_command = st.components.v2.component("sisepan_chart", js=(FILES / "command.mjs").read_text(encoding="utf-8"))


@dataclass(frozen=True)
class Look:
    """How the readout and the measurement of a chart look."""

    rising: str = ""
    falling: str = ""
    """Colours of signed numbers in the readout; "" means the colour of text."""
    decimals: int | None = None
    """Decimals of a measured difference of prices; None where the chart has no prices to measure."""
    ratios: bool = True
    """Whether a measured distance can be given in percent: it must be the same percentage for every line."""
    box: Literal["none", "too", "alone"] = "none"
    """A tooltip beside the pointer: none, together with the line above each pane, or instead of it."""

    @classmethod
    def of(cls, style: Style) -> Self:
        """The look of the chart of one ticker."""
        return cls(style.rising, style.falling, style.decimals, box="too" if style.tooltip else "none")


@dataclass(frozen=True)
class Picture:
    """A picture of a chart that the browser makes and downloads."""

    number: int
    """Counts the pictures of a chart in a visit: the browser downloads each number once."""
    file: str
    width: int
    """Pixels; 0 for the width of the chart."""
    height: int
    """Pixels; 0 for the height of the chart."""
    ratio: int
    """The picture has this many times as many pixels in each direction."""
    dark: bool
    title: str
    about: str
    """The line below the title."""


@dataclass(frozen=True)
class Drawings:
    """The drawings on a chart, and the state of the drawing tool."""

    items: Sequence[Mapping[str, Any]] = ()
    """Each has `id`, `kind`, `points` (position and price), `text` and `movable`."""
    points: int = 0
    """How many points the next drawing needs; 0 while no tool is chosen."""
    answered: int = 0
    """How many drawings and moves the page has answered. On a change the chart redraws, which undoes a refused move."""


NONE_DRAWN = Drawings()


def show(
    prepared: Prepared,
    visible: tuple[int, int],
    bars: int,
    look: Look,
    alt: str,
    *,
    key: str,
    tell: Callable[[dict[str, Any]], None] = lambda _message: None,
    revision: int = 0,
    chosen: tuple[int, int] | None = None,
    picture: Picture | None = None,
    drawings: Drawings = NONE_DRAWN,
) -> None:
    """The chart, as high as its container. An option that has not changed is neither sent nor drawn again.

    The browser moves to the positions `visible` if the `revision` or the option has changed, and to `chosen`, if given,
    on a double click. `bars` is the number of all bars; future days may follow them, shown together with the last one.

    `tell` is called with each message of the browser about what a person did in the chart; a message may have any
    content. `picture` is the last picture that was requested, `alt` the text alternative for screen readers.
    """
    from streamlit_echarts import st_echarts  # registers itself with the running app, so only import it once one runs

    def on_event() -> None:
        message = st.session_state[key]["chart_event"]
        if isinstance(message, dict):
            tell(message)

    command = settings(
        prepared, visible, bars, look, alt, revision=revision, chosen=chosen, picture=picture, drawings=drawings
    )
    with st.container(key="chart_command"):  # before the chart, which reads these settings when it starts
        _command(key=f"{key}_command", data=command)
    with st.container(key="chart"):
        _style(prepared)
        st_echarts(prepared.option, events=events(prepared), height="100%", key=key, on_change=on_event)


def settings(
    prepared: Prepared,
    visible: tuple[int, int],
    bars: int,
    look: Look,
    alt: str,
    *,
    revision: int = 0,
    chosen: tuple[int, int] | None = None,
    picture: Picture | None = None,
    drawings: Drawings = NONE_DRAWN,
) -> dict[str, Any]:
    """What the browser is told apart from the option, plain JSON. The arguments are those of `show`."""
    return {
        "readout": prepared.readout,
        "rising": look.rising,
        "falling": look.falling,
        "shown": {**_ends(visible), "revision": revision, "drawn": prepared.drawn, "bars": bars},
        "chosen": _ends(chosen or visible),
        "box": look.box,
        "alt": alt,
        "drawings": list(drawings.items),
        "answered": drawings.answered,
        "tool": {"points": drawings.points, "color": DRAWING},
        "picture": asdict(picture) if picture else None,
        "measure": {**_counted(), "decimals": look.decimals, "ratios": look.ratios},
    }


def events(prepared: Prepared) -> dict[str, str]:
    """The code that runs with the chart, by the event whose messages it sends."""
    parts = ", ".join(f"{name}: {border.source(FILES / f'{name}.js')}" for name in PARTS)
    code = f"({border.source(FILES / 'chart.js')})(chart, echarts, {border.as_json(prepared.drawn)}, {{{parts}}})"
    return {"report": code}


def panes(prepared: Prepared) -> int:
    """The number of panes, by which the style of a page or a file makes the chart high enough."""
    return 1 + max((item["pane"] for item in prepared.readout), default=0)


def _ends(positions: tuple[int, int]) -> dict[str, int]:
    return dict(zip(("first", "last"), positions, strict=True))


def _style(prepared: Prepared) -> None:
    st.html(FILES / "chart.css")
    st.html(f"<style>.st-key-chart {{ --panes: {panes(prepared)}; }}</style>")


def _counted() -> dict[str, list[str]]:
    """The texts of a number of bars and of days: for 1, and for another number, which the browser fills in."""
    texts = {"bars": _("봉 {count}개"), "days": _("{count}일")}
    return {name: [text.format(count=number) for number in (1, "{count}")] for name, text in texts.items()}
