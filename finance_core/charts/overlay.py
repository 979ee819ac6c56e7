"""Other tickers on the chart of one: lines on axes of their own, as far in percent as that of the prices. Pure."""

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import pandas as pd

from finance_core.charts import parts
from finance_core.charts.parts import Option
from finance_core.charts.script import Script

COLORS: Final = ("#e8590c", "#0b7285", "#862e9c")
LIMIT: Final = len(COLORS)
"""Other tickers on one chart."""


class Other(NamedTuple):
    """Another ticker."""

    title: str
    close: "pd.Series[float]"
    """On the bars of the chart; NaN where it has none."""
    decimals: int


def columns(others: Sequence[Other]) -> dict[str, "pd.Series[float]"]:
    """The columns of the dataset with their closes, under names that no title can take."""
    return {f"other {position}": other.close for position, other in enumerate(others)}


def readings(others: Sequence[Other]) -> list[Option]:
    """Their entries of what is read out.

    >>> readings([Other("KOSPI", pd.Series(dtype=float), 2)])[0]["title"]
    'KOSPI'
    """
    rows = zip(columns(others), others, COLORS, strict=False)
    return [parts.reading(name, title=other.title, color=color, decimals=other.decimals) for name, other, color in rows]


def scaled(others: Sequence[Other]) -> list[dict[str, Any]]:
    """What the axes must reach around of them (see `scripts/price_axis.js`)."""
    return [{"base": name, "columns": [name]} for name in columns(others)]


def axes(settings: Option, others: Sequence[Other]) -> list[Script]:
    """Their axes, which are not seen; `settings` are those of the axis of prices, the first of all."""
    hidden = {**settings, "show": False, "last": None, "gridIndex": 0, "axisPointer": {"show": False}}
    return [Script("price_axis", {**hidden, "own": own}) for own in range(1, len(others) + 1)]


def series(others: Sequence[Other], first_axis: int) -> list[Option]:
    """Their lines, on the axes that begin at the position `first_axis`. Days without a close are bridged."""
    rows = enumerate(zip(columns(others), COLORS, strict=False), start=first_axis)
    return [
        {**parts.line(name, color), "yAxisIndex": axis, "connectNulls": True, "lineStyle": {"color": color, "width": 2}}
        for axis, (name, color) in rows
    ]
