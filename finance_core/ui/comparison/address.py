"""The comparison that an address names: `?series=korean_stocks:005930,us_stocks:AAPL&period=1Y&scale=percent`.

Pure, both ways. What cannot be understood is passed over and said; the rest is still shown.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import get_args

from finance_core import categories
from finance_core.bars import comparison
from finance_core.bars.candles import Interval, Period
from finance_core.bars.comparison import Money, Scale
from finance_core.i18n import _
from finance_core.ui.viewer.address import SENTENCE

DEFAULT_PERIOD: Period = "1Y"
SEPARATOR = ":"


@dataclass(frozen=True)
class View:
    """What a comparison shows."""

    series: tuple[str, ...] = ()
    """Category and ticker of each, in order: korean_stocks:005930."""
    slots: tuple[int, ...] = ()
    """The colour of each, where the address says it."""
    period: Period = DEFAULT_PERIOD
    interval: Interval = "D"
    scale: Scale | None = None
    """None where the page chooses."""
    money: Money = "local"
    base: dt.date | None = None
    """None for the start of the period."""

    def with_series(self, series: Sequence[str], slots: Mapping[str, int]) -> "View":
        """The same with other series, each in its slot."""
        return replace(self, series=tuple(series), slots=tuple(slots[key] for key in series))


def parse(parameters: Mapping[str, str]) -> tuple[View, list[str]]:
    """The view that an address names, and a sentence for each thing in it that could not be understood."""
    problems: list[str] = []

    def chosen(name: str, options: tuple[str, ...], default: str) -> str:
        value = parameters.get(name, default)
        if value in options:
            return value
        problems.append(_sentence(name, value, options))
        return default

    series, slots = _series(parameters, problems)
    view = View(
        series=series,
        slots=slots,
        period=chosen("period", get_args(Period), DEFAULT_PERIOD),  # type: ignore[arg-type]
        interval=chosen("unit", get_args(Interval), "D"),  # type: ignore[arg-type]
        scale=chosen("scale", (*get_args(Scale), ""), "") or None,  # type: ignore[arg-type]
        money=chosen("currency", get_args(Money), "local"),  # type: ignore[arg-type]
        base=_base(parameters, problems),
    )
    return view, problems


def parameters(view: View) -> dict[str, str]:
    """The parameters of an address that names `view`, without what is the default."""
    in_order = view.slots == tuple(range(len(view.series)))
    result = {
        "series": ",".join(view.series),
        "colors": "" if in_order else ",".join(str(slot) for slot in view.slots),
        "period": "" if view.period == DEFAULT_PERIOD else view.period,
        "unit": "" if view.interval == "D" else view.interval,
        "scale": view.scale or "",
        "currency": "" if view.money == "local" else view.money,
        "base": view.base.isoformat() if view.base else "",
    }
    return {name: value for name, value in result.items() if value}


def _series(parameters: Mapping[str, str], problems: list[str]) -> tuple[tuple[str, ...], tuple[int, ...]]:
    asked = [key for key in parameters.get("series", "").split(",") if key]
    known = {category.key for category in categories.CATEGORIES}
    colors = parameters.get("colors", "").split(",")
    found: dict[str, int | None] = {}
    for position, key in enumerate(asked):
        category, separator, ticker = key.partition(SEPARATOR)
        if not separator or category not in known or not ticker:
            problems.append(_("{series}은(는) 카테고리:종목 꼴이 아니라 뺐습니다.").format(series=key[:40]))
        elif key in found:
            problems.append(_("{series}은(는) 두 번 적혀 있어 한 번만 보여 드립니다.").format(series=key[:40]))
        elif len(found) == comparison.LIMIT:
            sentence = _("한 번에 {limit}개까지 비교할 수 있어 나머지 {count}개는 뺐습니다.")
            problems.append(sentence.format(limit=comparison.LIMIT, count=len(asked) - position))
            break
        else:
            color = colors[position] if position < len(colors) else ""
            found[key] = int(color) if color.isdecimal() and len(color) < 3 else None
    slots: dict[str, int] = {}
    for key, slot in found.items():
        if slot is not None and slot not in slots.values():
            slots[key] = slot
    return tuple(found), tuple(comparison.keep_slots(slots, list(found)).values())


def _base(parameters: Mapping[str, str], problems: list[str]) -> dt.date | None:
    value = parameters.get("base")
    if not value:
        return None
    try:
        day = dt.date.fromisoformat(value)
    except ValueError:
        problems.append(_sentence("base", value, ("2026-01-02",)))
        return None
    if day > dt.datetime.now(dt.UTC).date():
        problems.append(_("기준일 {day}은(는) 아직 오지 않은 날이라 기간의 처음을 기준으로 합니다.").format(day=value))
        return None
    return day


def _sentence(name: str, value: str, options: tuple[str, ...]) -> str:
    shown = value if len(value) <= 40 else value[:40] + "…"
    return _(SENTENCE).format(name=name, value=shown, options=", ".join(option for option in options if option))
