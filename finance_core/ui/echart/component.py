"""A chart on a page, and what its browser tells."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal, Self

import streamlit as st

from finance_core.charts.style import DRAWING, Style
from finance_core.ui.echart import border
from finance_core.ui.echart.border import FILES, Prepared

PARTS = ("attach", "grab", "readout", "measure", "picture", "drawings", "draw", "move")
"""Files that `chart.js` calls."""

_command = st.components.v2.component("sisepan_chart", js=(FILES / "command.mjs").read_text(encoding="utf-8"))


@dataclass(frozen=True)
class Look:
    """How a chart reads out and measures."""

    rising: str = ""
    falling: str = ""
    """Colours of what is read out with a sign; "" for that of text."""
    decimals: int | None = None
    """Of a measured difference of prices; None where the chart has no prices to measure."""
    ratios: bool = True
    """Whether a measured distance is so many percent, whichever line is meant."""
    box: Literal["none", "too", "alone"] = "none"
    """Whether a box beside the pointer reads out, too or instead of the line above each pane."""

    @classmethod
    def of(cls, style: Style) -> Self:
        """That of the chart of one ticker."""
        return cls(style.rising, style.falling, style.decimals, box="too" if style.tooltip else "none")


@dataclass(frozen=True)
class Words:
    """The words of a chart in the running language."""

    alt: str
    """For who does not see it."""
    bars: str
    """How many bars a measured distance has, with {count}."""
    days: str
    """How many days it has, with {count}."""


@dataclass(frozen=True)
class Picture:
    """A picture of a chart that its browser hands out as a file."""

    number: int
    """Of all pictures of a visit: the browser hands out each once."""
    file: str
    width: int
    """Pixels; 0 for the chart's own, as `height`."""
    height: int
    ratio: int
    """How much finer it is drawn than these pixels."""
    dark: bool
    title: str
    about: str
    """The line below the title."""


@dataclass(frozen=True)
class Drawings:
    """What is drawn on a chart, and whether a person is drawing."""

    items: Sequence[Mapping[str, Any]] = ()
    """Each with `id`, `kind`, `points` (position and price), `text`, and whether it is `movable`."""
    points: int = 0
    """How many points the next drawing takes; 0 while nobody draws."""
    answered: int = 0
    """How many drawings and moves the page has answered: a refused move goes back to where it was."""


NONE_DRAWN = Drawings()


@dataclass(frozen=True)
class Shown:
    """Which bars a chart shows. The browser moves to them if `revision` or the chart itself is another than before."""

    first: int
    last: int
    revision: int
    drawn: str
    bars: int
    """How many there are. Behind them may be days to come: they are shown with the last bar, and are none."""


def show(
    prepared: Prepared,
    shown: Shown,
    look: Look,
    words: Words,
    tell: Callable[[dict[str, Any]], None],
    *,
    key: str,
    picture: Picture | None = None,
    drawings: Drawings = NONE_DRAWN,
) -> None:
    """The chart, as high as what is around it. The same option as before is neither sent nor drawn anew.

    `tell` is called with what a person did in the chart, as its browser tells it; anything can be in there.
    `picture` is the last one that was asked for.
    """
    from streamlit_echarts import st_echarts  # registers itself with the app that runs, so not before one does

    def told() -> None:
        message = st.session_state[key]["chart_event"]
        if isinstance(message, dict):
            tell(message)

    settings = {
        "readout": prepared.readout,
        "rising": look.rising,
        "falling": look.falling,
        "shown": asdict(shown),
        "box": look.box,
        "alt": words.alt,
        "drawings": list(drawings.items),
        "answered": drawings.answered,
        "tool": {"points": drawings.points, "color": DRAWING, "font": "13px sans-serif"},
        "picture": asdict(picture) if picture else None,
        "measure": {"bars": words.bars, "days": words.days, "decimals": look.decimals, "ratios": look.ratios},
    }
    parts = ", ".join(f"{name}: {border.source(FILES / f'{name}.js')}" for name in PARTS)
    code = f"({border.source(FILES / 'chart.js')})(chart, echarts, {border.as_json(prepared.drawn)}, {{{parts}}})"
    with st.container(key="chart_command"):  # before the chart, which begins with it
        _command(key=f"{key}_command", data=settings)
    with st.container(key="chart"):
        st.html(FILES / "chart.css")
        st_echarts(prepared.option, events={"told": code}, height="100%", key=key, on_change=told)
