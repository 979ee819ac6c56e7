"""Converts an address such as `?series=korean_stocks:005930,us_stocks:AAPL&period=1Y&scale=percent` into a comparison.

And back; both directions are pure. A part that cannot be used is left out, with a sentence; the rest is still shown.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import get_args

from finance_core import categories
from finance_core.bars import comparison
from finance_core.bars.comparison import Money, Scale
from finance_core.bars.periods import Period
from finance_core.i18n import _
from finance_core.ui import parameters, visible_range
from finance_core.ui.parameters import INTERVAL
from finance_core.ui.visible_range import Range


@dataclass(frozen=True)
class View(Range):
    """Everything that decides what a comparison shows."""

    series: tuple[str, ...] = ()
    """The key of each series, in order (see `Category.key_of`)."""
    slots: tuple[int, ...] = ()
    """The slot of each series, which is the number of its colour."""
    period: Period = field(default="1Y", kw_only=True)
    scale: Scale | None = None
    """None means that the page chooses."""
    money: Money = "local"
    base: dt.date | None = None
    """None means the first visible day."""
    is_apart: bool = False
    """Whether each series has a small chart of its own."""

    def with_series(self, slots: Mapping[str, int]) -> "View":
        """The same view with the series of `slots`, each in its slot."""
        return replace(self, series=tuple(slots), slots=tuple(slots.values()))


TABLE = (
    *visible_range.PARAMETERS,
    INTERVAL,
    parameters.choice("scale", "scale", {scale: scale for scale in get_args(Scale)} | {"": None}),
    parameters.choice("currency", "money", {money: money for money in get_args(Money)}),
    parameters.day("base", "base", "2026-01-02"),
    parameters.choice("charts", "is_apart", {"one": False, "each": True}),
)
"""The parameters except `series` and `colors`, which are read together."""


def parse(texts: Mapping[str, str]) -> tuple[View, list[str]]:
    """The view of an address, and a sentence for each part that cannot be used."""
    series, slots, problems = _series(texts)
    view, unusable = parameters.parse(texts, TABLE, View(series, slots))
    view = visible_range.in_order(view, unusable)
    problems += unusable.values()
    if view.base and view.base > dt.datetime.now(dt.UTC).date():
        sentence = _("기준일 {day}은(는) 아직 오지 않은 날이라 기간의 처음을 기준으로 합니다.")
        problems.append(sentence.format(day=texts["base"]))
        view = replace(view, base=None)
    return view, problems


def texts_of(view: View) -> dict[str, str]:
    """The parameters of the address of `view`; defaults are left out."""
    in_order = view.slots == tuple(range(len(view.series)))
    colors = "" if in_order else ",".join(str(slot) for slot in view.slots)
    series = {"series": ",".join(view.series), "colors": colors}
    shown = parameters.texts_of(visible_range.as_written(view, View()), TABLE, View())
    return {name: text for name, text in series.items() if text} | shown


def _series(texts: Mapping[str, str]) -> tuple[tuple[str, ...], tuple[int, ...], list[str]]:
    """The series of an address, their slots, and a sentence for each series that is left out."""
    keys = [key for key in texts.get("series", "").split(",") if key]
    colors = texts.get("colors", "").split(",")
    series: list[str] = []
    kept: dict[str, int] = {}
    problems = []
    for position, key in enumerate(keys):
        if not categories.is_key(key):
            problems.append(_("{series}은(는) 카테고리:종목 꼴이 아니라 뺐습니다.").format(series=key[:40]))
        elif key in series:
            problems.append(_("{series}은(는) 두 번 적혀 있어 한 번만 보여 드립니다.").format(series=key[:40]))
        elif len(series) == comparison.LIMIT:
            sentence = _("한 번에 {limit}개까지 비교할 수 있어 나머지 {count}개는 뺐습니다.")
            problems.append(sentence.format(limit=comparison.LIMIT, count=len(keys) - position))
            break
        else:
            series.append(key)
            color = colors[position] if position < len(colors) else ""
            if color.isdecimal() and len(color) < 3 and int(color) not in kept.values():
                kept[key] = int(color)
    return tuple(series), tuple(comparison.keep_slots(kept, series).values()), problems
