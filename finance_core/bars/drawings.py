"""What people draw on a chart: trend lines, levels, texts, at days and prices. Pure.

`bars` as in `candles`, in any interval.
"""

import datetime as dt
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal, NamedTuple

import pandas as pd

Kind = Literal["trend", "level", "text"]
POINTS: Final[Mapping[Kind, int]] = {"trend": 2, "level": 1, "text": 1}
"""How many points each kind has. A trend line joins two, a level is a price across the whole chart."""
TEXT_LIMIT: Final = 80
"""Most characters of a text."""
LIMIT: Final = 50
"""Most drawings of a ticker."""
SIGNIFICANT: Final = 7
"""Significant digits of a price: more than a mouse can point at."""


class Point(NamedTuple):
    """A place on a chart."""

    day: dt.date
    price: float
    """In prices of the day on which it was drawn: later splits are not applied."""


@dataclass(frozen=True)
class Drawing:
    """One drawing."""

    id: str
    kind: Kind
    points: tuple[Point, ...]
    drawn: dt.date
    """The day of the last bar when it was drawn."""
    text: str = ""


class Placed(NamedTuple):
    """A drawing with its places on the bars of a chart."""

    kind: Kind
    points: list[tuple[int, float]]
    """Positions of bars, and prices with the same splits applied as those of the bars (see `placed`)."""
    text: str


def rounded(price: float) -> float:
    """`price` with `SIGNIFICANT` digits. Raises ValueError if it is not above 0 or not finite.

    >>> rounded(58123.456789)
    58123.46
    """
    if not math.isfinite(price) or price <= 0:
        raise ValueError(price)
    return round(price, SIGNIFICANT - 1 - math.floor(math.log10(price)))


def placed(drawing: Drawing, days: pd.DatetimeIndex, splits: "pd.Series[float]") -> list[tuple[int, float]]:
    """Positions and prices of the points of `drawing` on bars of `days`.

    The position of a point is that of the first bar on or after its day, else that of the last bar. Splits after the
    day on which it was drawn divide its prices, as they divide those of the bars. `splits` are daily even if a bar is a
    week, because a week's split may lie before or after the day of the drawing.

    >>> from finance_core.bars import candles
    >>> import numpy as np
    >>> days = pd.DatetimeIndex(["2024-01-02", "2024-01-03"])
    >>> bars = candles.frame(days.to_numpy(), np.array([[5.0, 5, 5, 5, 1, 0, 0], [5, 5, 5, 5, 1, 0, 2]]))
    >>> placed(Drawing("a", "level", (Point(days[0].date(), 10.0),), days[0].date()), days, bars["stock_splits"])
    [(0, 5.0)]
    """
    factor = float(splits[(splits.index > pd.Timestamp(drawing.drawn)) & (splits > 0)].to_numpy().prod())
    return [
        (min(int(days.searchsorted(pd.Timestamp(point.day))), len(days) - 1), point.price / factor)
        for point in drawing.points
    ]
