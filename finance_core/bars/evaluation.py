"""The values of a condition over a panel: at each bar of each ticker, whether it holds, fails, or is unknown.

>>> import numpy as np
>>> from finance_core.bars import conditions, panel
>>> days = np.array(["2024-01-02", "2024-01-03"], dtype="datetime64[D]")
>>> bars = panel.of({"A": (days, {"close": [10.0, 12.0]}), "B": (days, {"close": [10.0, 9.0]})}, ["close"])
>>> truth(conditions.parse("close > ago(close, 1)"), Source(bars)).holds.tolist()
[False, True, False, False]
"""

from typing import Any, Final

import numpy as np
import numpy.typing as npt

from finance_core.bars.condition_tree import (
    Arithmetic,
    Call,
    Comparison,
    FieldOf,
    Joined,
    Minus,
    Node,
    Not,
    Number,
    Text,
    kind_of,
    parts_of,
)
from finance_core.bars.field_values import Source
from finance_core.bars.fields import FIELDS
from finance_core.bars.functions import FUNCTIONS, Truth, is_above
from finance_core.bars.panel import BETWEEN

ARITHMETIC: Final[dict[str, Any]] = {"+": np.add, "-": np.subtract, "*": np.multiply, "/": np.divide}


def bars_needed(tree: Node) -> int:
    """How many bars, its own included, a value of `tree` needs to be the same as with the whole history.

    >>> from finance_core.bars.conditions import parse
    >>> bars_needed(parse("crossed_above(ma20, ma60, 5)"))
    65
    """
    match tree:
        case FieldOf(name=name, settings=settings):
            return FIELDS[name].bars(*settings)
        case Call(name=name, arguments=arguments):
            kinds = zip(arguments, FUNCTIONS[name].arguments, strict=True)
            reach = sum(FUNCTIONS[name].reaches(_bars(node)) for node, kind in kinds if kind == "bars")
            return reach + max(bars_needed(node) for node in arguments)
        case _:
            return max((bars_needed(part) for part in parts_of(tree)), default=1)


def truth(tree: Node, source: Source) -> Truth:
    """Whether a condition holds at each bar."""
    result: Truth = values(tree, source)
    return result


def values(tree: Node, source: Source) -> Any:
    """A part of a condition: its numbers at each bar, NaN where unknown; its texts, one for each ticker; its truth."""
    if tree not in source.known:
        source.known[tree] = _computed(tree, source)
    return source.known[tree]


def _computed(tree: Node, source: Source) -> Any:
    match tree:
        case Number(value=value, percent=percent):
            return np.full(len(source.panel.at), value / 100 if percent else value)
        case Text(value=text):
            return np.full(len(source.panel.tickers), text, dtype=object)
        case FieldOf(name=name, settings=settings):
            return FIELDS[name].compute(source, *settings)
        case Call(name=name, arguments=parts):
            kinds = zip(parts, FUNCTIONS[name].arguments, strict=True)
            arguments = [_bars(part) if kind == "bars" else values(part, source) for part, kind in kinds]
            return FUNCTIONS[name].compute(source, *arguments)
        case Minus(value=part):
            return -values(part, source)
        case Arithmetic(operator=operator, left=left, right=right):
            with np.errstate(all="ignore"):
                result = ARITHMETIC[operator](values(left, source), values(right, source))
            result[~np.isfinite(result)] = np.nan
            return result
        case Comparison():
            return _compared(tree, source)
        case Not(condition=condition):
            denied = truth(condition, source)
            return Truth(denied.fails, denied.holds)
        case Joined(operator=operator, conditions=conditions):
            each = [truth(condition, source) for condition in conditions]
            holds, fails = [one.holds for one in each], [one.fails for one in each]
            # The result is unknown only where an unknown condition decides it.
            if operator == "and":
                return Truth(np.logical_and.reduce(holds), np.logical_or.reduce(fails))
            return Truth(np.logical_or.reduce(holds), np.logical_and.reduce(fails))
        case _:
            raise TypeError(type(tree))


def _bars(number: Node) -> int:
    """The number of bars that an argument of the kind bars means."""
    if not isinstance(number, Number):
        raise TypeError(type(number))
    return int(number.value)


def _compared(tree: Comparison, source: Source) -> Truth:
    if kind_of(tree.left) == "text":
        holds, known = texts_compared(tree, source)
        return Truth(source.of_tickers(holds & known), source.of_tickers(~holds & known))
    left, right = values(tree.left, source), values(tree.right, source)
    above, below = is_above(left, right), is_above(right, left)
    equal = Truth(above.fails & below.fails, above.holds | below.holds)
    results = {
        ">": above,
        "<": below,
        ">=": Truth(below.fails, below.holds),
        "<=": Truth(above.fails, above.holds),
        "==": equal,
        "!=": Truth(equal.fails, equal.holds),
    }
    return results[tree.operator]


def texts_compared(tree: Comparison, source: Source) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """For each ticker whether a comparison of texts holds, and whether both texts are known (not "").

    Case does not count. Of several texts of a ticker, one may be equal.
    """
    left, right = values(tree.left, source), values(tree.right, source)
    if isinstance(tree.left, Text) and tree.operator != "in":
        left, right = right, left  # first the texts of tickers
    pairs = [(first.casefold(), second.casefold()) for first, second in zip(left, right, strict=True)]
    known = np.array([bool(first and second) for first, second in pairs], dtype=bool)
    same = [first in second if tree.operator == "in" else _is_among(second, first) for first, second in pairs]
    holds: npt.NDArray[np.bool_] = np.array(same, dtype=bool) ^ (tree.operator == "!=")
    return holds, known


def _is_among(text: str, texts: str) -> bool:
    return f"{BETWEEN}{text}{BETWEEN}" in f"{BETWEEN}{texts}{BETWEEN}"
