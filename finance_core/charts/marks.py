"""Marks on a chart, a row of `LOOKS` for each kind: how they look, and the text that they add to their bars. Pure."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from finance_core import formats
from finance_core.bars import marks
from finance_core.bars.marks import Kind, Noted
from finance_core.charts.parts import SIDES, UNTOUCHED, Option
from finance_core.charts.script import Script
from finance_core.charts.style import Style
from finance_core.i18n import N_, _

COLUMN: Final = "marks"
"""The column of the dataset with the text of a bar's marks."""
TAG: Final[Option] = {"color": "#ffffff", "backgroundColor": "#5c636a", "padding": [2, 4], "borderRadius": 3}
"""The text of a mark has a ground: it stands over bars."""
AXIS: Final[Option] = {"gridIndex": 0, "min": 0, "max": 1, "show": False, "axisPointer": {"show": False}}
"""The third y axis, on which marks without a price stand at the foot of the pane."""


@dataclass(frozen=True)
class Look:
    """How marks of one kind are drawn and named."""

    title: str
    """Message id."""
    color: str
    symbol: str
    column: str
    """The column of bars whose number the text shows."""
    text: Callable[[float, int], str]
    """Takes that number and the decimals of prices; returns the text."""
    has_price: bool = False
    """True: the mark stands at that number, which is a price, with its text. False: at the foot of the pane."""


def _split(ratio: float, _decimals: int) -> str:
    return f"{ratio:,.6g} : 1" if ratio >= 1 else f"1 : {1 / ratio:,.6g}"


def _nothing(_number: float, _decimals: int) -> str:
    return ""


LOOKS: Final[Mapping[Kind, Look]] = {
    "dividend": Look(N_("배당"), "#7950f2", "triangle", "dividends", lambda amount, _decimals: f"{amount:,.10g}"),
    "split": Look(N_("분할"), "#f59f00", "triangle", "stock_splits", _split),
    "high": Look(N_("52주 최고"), "#868e96", "circle", "high", formats.price, has_price=True),
    "low": Look(N_("52주 최저"), "#868e96", "circle", "low", formats.price, has_price=True),
    "halted": Look(N_("거래정지"), "#868e96", "diamond", "volume", _nothing),
    "incomplete": Look(N_("시·고·저 모름"), "#868e96", "emptyCircle", "volume", _nothing),
    "refused": Look(N_("앞에 뺀 봉"), "#e8590c", "rect", "volume", _nothing),
    "jump": Look(N_("가격제한폭을 넘은 단절"), "#e8590c", "arrow", "volume", _nothing),
}


@dataclass(frozen=True)
class Marked:
    """The marks of one kind."""

    kind: Kind
    positions: Sequence[int]
    texts: Sequence[str]
    heights: Sequence[float]

    def frame(self, days: "pd.Series[str]") -> pd.DataFrame:
        """The dataset of the series; `days` are those of all bars."""
        rows = {_("날짜"): days.to_numpy()[list(self.positions)], "height": self.heights, "text": self.texts}
        return pd.DataFrame(rows)

    def series(self, dataset: int) -> Option:
        """The series of these marks; `dataset` is the position of their dataset in the option."""
        look = LOOKS[self.kind]
        beside = {
            "label": {"show": True, "formatter": "{@text}", "fontSize": 11, "position": "left", **TAG},
            "labelLayout": Script("mark_label", {"left": SIDES["left"]}),
        }
        return {
            "type": "scatter",
            "name": _(look.title),
            "datasetIndex": dataset,
            "yAxisIndex": 0 if look.has_price else 2,
            "symbol": look.symbol,
            "symbolSize": 5 if look.has_price else 9,
            "symbolOffset": [0, 0 if look.has_price else -5],
            "itemStyle": {"color": look.color, "opacity": 1},
            **UNTOUCHED,
            "z": 4,  # above lines, which have 3
            "encode": {"x": _("날짜"), "y": "height"},
            **(beside if look.has_price else {}),
        }


def of(bars: pd.DataFrame, style: Style, noted: Noted) -> list[Marked]:
    """The marks of `bars`, of the kinds that `style` shows."""
    marked = []
    for kind, positions in marks.positions(bars, noted).items():
        look = LOOKS[kind]
        if kind in style.marks and len(positions):
            extreme = noted.extremes.get(kind)
            numbers = bars[look.column].to_numpy()[positions] if extreme is None else np.array([extreme[1]])
            title = _(look.title)
            if look.has_price and style.total_return:
                title = _("{title} (배당 반영)").format(title=title)
            texts = [f"{title} {look.text(float(number), style.decimals)}".strip() for number in numbers]
            heights = numbers.astype("float64") if look.has_price else np.zeros(len(positions))
            marked.append(Marked(kind, positions.tolist(), texts, heights.tolist()))
    return marked


def texts(length: int, marked: Iterable[Marked]) -> list[str]:
    """The text of all marks of each of `length` bars; "" for a bar without marks.

    >>> texts(2, [Marked("split", [1], ["분할 50 : 1"], [0.0])])
    ['', '분할 50 : 1']
    """
    by_bar = [""] * length
    for mark in marked:
        for position, text in zip(mark.positions, mark.texts, strict=True):
            by_bar[position] = f"{by_bar[position]} · {text}" if by_bar[position] else text
    return by_bar
