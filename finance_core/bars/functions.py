"""The table of the functions of several bars that a condition can call, one row for each function.

Where a number is missing, it is unknown whether a condition holds. So a `Truth` consists of two arrays.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, Literal, NamedTuple

import numpy as np

from finance_core.bars.field_values import Floats, Source
from finance_core.bars.panel import BoolArray, IntArray
from finance_core.i18n import N_

Kind = Literal["number", "text", "truth", "bars"]
"""bars: a number of bars, written as a whole number and not as an expression."""

MOST_BARS: Final = 520
"""Most bars that a function looks back."""
SAME: Final = 1e-9
"""Relative difference up to which two numbers are equal: one average computed in two ways differs by rounding. Compared
with 0 it is the absolute difference: that of two equal numbers may be rounding alone."""


class Truth(NamedTuple):
    """Whether a condition holds or fails at each bar; where both are False, a number is missing."""

    holds: BoolArray
    fails: BoolArray


def is_above(left: Floats, right: Floats) -> Truth:
    """Where `left` is greater than `right`, by more than rounding.

    >>> is_above(np.array([1.0, 2.0, np.nan]), np.array([1.0 - 1e-12, 1.0, 1.0])).holds.tolist()
    [False, True, False]
    >>> is_above(np.array([235.1 / 233.5 - 233.5 / 233.5, 2e-16]), np.array([0.0, 0.0])).holds.tolist()
    [True, False]
    """
    with np.errstate(invalid="ignore"):
        known = ~(np.isnan(left) | np.isnan(right))
        size = np.where((left == 0) | (right == 0), 1, np.maximum(np.abs(left), np.abs(right)))
        above = known & (left - right > SAME * size)
    return Truth(above, known & ~above)


def count(source: Source, truth: Truth, bars: int) -> Floats:
    """At how many of the last `bars` bars a condition held; NaN where it is unknown at one of them."""
    held, failed = _counts(source, truth.holds, bars), _counts(source, truth.fails, bars)
    return np.where(held + failed == bars, held, np.nan).astype("float64")


def crossed_above(source: Source, left: Floats, right: Floats, bars: int) -> Truth:
    """Whether `left` rose above `right` at one of the last `bars` bars: it was not above at the bar before."""
    above = is_above(left, right)
    before = Truth(_before(source, above.fails), _before(source, above.holds))
    crosses = Truth(above.holds & before.holds, above.fails | before.fails)
    happened, did_not = _counts(source, crosses.holds, bars), _counts(source, crosses.fails, bars)
    return Truth(happened > 0, did_not == bars)


def _before(source: Source, truth: BoolArray) -> BoolArray:
    return np.concatenate([[False], truth[:-1]])[: len(truth)] & (source.rank > 0)


def _counts(source: Source, truth: BoolArray, bars: int) -> IntArray:
    """At how many of the last `bars` bars of the same ticker `truth` is True."""
    total = np.concatenate([[0], np.cumsum(truth)])
    end = np.arange(1, len(truth) + 1)
    return np.asarray(total[end] - total[end - np.minimum(source.rank + 1, bars)])


def _rolling(statistic: Literal["mean", "max", "min"]) -> Callable[[Source, Floats, int], Floats]:
    return partial(Source.rolling, statistic=statistic)


@dataclass(frozen=True)
class Function:
    """One row of the table."""

    title: str
    """Message id."""
    usage: str
    """An example."""
    arguments: tuple[Kind, ...]
    compute: Callable[..., Any]
    """Takes a `Source` and the arguments; returns numbers, or a `Truth`."""
    result: Kind = "number"
    defaults: tuple[int, ...] = ()
    """Default values of the last arguments."""
    reaches: Callable[[int], int] = lambda bars: bars - 1
    """Takes the argument of the kind bars; returns how many bars before its own bar the function looks at."""


FUNCTIONS: Final[dict[str, Function]] = {
    "crossed_above": Function(
        N_("N봉 안에 위로 뚫음"),
        "crossed_above(ma20, ma60, 5)",
        ("number", "number", "bars"),
        crossed_above,
        "truth",
        (1,),
        lambda bars: bars,
    ),
    "crossed_below": Function(
        N_("N봉 안에 아래로 뚫음"),
        "crossed_below(close, ma20, 3)",
        ("number", "number", "bars"),
        lambda source, left, right, bars: crossed_above(source, right, left, bars),
        "truth",
        (1,),
        lambda bars: bars,
    ),
    "ago": Function(N_("N봉 전의 값"), "ago(close, 5)", ("number", "bars"), Source.ago, reaches=lambda bars: bars),
    "highest": Function(N_("N봉 가운데 가장 큰 값"), "highest(rsi14, 20)", ("number", "bars"), _rolling("max")),
    "lowest": Function(N_("N봉 가운데 가장 작은 값"), "lowest(rsi14, 20)", ("number", "bars"), _rolling("min")),
    "mean": Function(N_("N봉의 평균"), "mean(change, 5)", ("number", "bars"), _rolling("mean")),
    "count": Function(N_("N봉 가운데 조건이 맞은 봉 수"), "count(close > open, 10)", ("truth", "bars"), count),
    "abs": Function(N_("부호를 뺀 값"), "abs(change)", ("number",), lambda _source, values: np.abs(values)),
}
"""By name."""
