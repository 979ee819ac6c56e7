"""Other tickers on the chart of one: lines on axes of their own, with the same range in percent as the prices. Pure."""

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import pandas as pd

from finance_core.charts import parts
from finance_core.charts.parts import Option
from finance_core.charts.script import Script

COLORS: Final = ("#e8590c", "#0c8599", "#be4bdb")
LIMIT: Final = len(COLORS)
"""Most other tickers on one chart."""


class Other(NamedTuple):
    """Another ticker."""

    title: str
    close: "pd.Series[float]"
    """Its closes on the bars of the chart; NaN where it has none."""
    decimals: int


def columns(others: Sequence[Other]) -> dict[str, "pd.Series[float]"]:
    """The columns of the dataset with their closes, named by position."""
    return {f"other {position}": other.close for position, other in enumerate(others)}


def readings(others: Sequence[Other]) -> list[Option]:
    """Their entries of the option's `readout`.

    >>> readings([Other("KOSPI", pd.Series(dtype=float), 2)])[0]["title"]
    'KOSPI'
    """
    rows = zip(columns(others), others, COLORS, strict=False)
    return [parts.reading(name, title=other.title, color=color, decimals=other.decimals) for name, other, color in rows]


def scaled(others: Sequence[Other]) -> list[dict[str, Any]]:
    """Their columns, which the price axes must span too (see `scripts/price_axis.js`)."""
    return [{"base": name, "columns": [name]} for name in columns(others)]


def axes(settings: Option, others: Sequence[Other]) -> list[Script]:
    """Their axes, which are hidden; `settings` are those of the axis of prices, which is the first axis."""
    hidden = {**settings, "show": False, "last": None, "axisPointer": {"show": False}}
    return [Script("price_axis", {**hidden, "own": own}) for own in range(1, len(others) + 1)]


def series(others: Sequence[Other], first_axis: int) -> list[Option]:
    """Their lines, on the axes that begin at the position `first_axis`. Days without a close are bridged."""
    rows = enumerate(zip(columns(others).items(), COLORS, strict=False), start=first_axis)
    return [
        {
            **parts.line(name, color),
            **parts.alone(close, color, bridged=True),
            "yAxisIndex": axis,
            "connectNulls": True,
            "lineStyle": {"color": color, "width": 2},
        }
        for axis, ((name, close), color) in rows
    ]
