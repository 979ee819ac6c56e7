"""The tree of a condition, and its text. `conditions` makes a tree from a text.

>>> str(Comparison(">", FieldOf("close"), Arithmetic("*", Number(2), FieldOf("ma", (20,)))))
'close > 2 * ma20'
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, Literal

from finance_core.bars import fields
from finance_core.bars.functions import FUNCTIONS, Kind


@dataclass(frozen=True)
class Node:
    """A part of a condition. Two equal parts may stand at different positions."""

    at: int = field(default=0, compare=False, repr=False, kw_only=True)
    """Position in the text."""
    depth: int = field(default=1, init=False, compare=False, repr=False, kw_only=True)
    """Number of levels of the tree from this node down."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "depth", 1 + max((part.depth for part in parts_of(self)), default=0))

    def __str__(self) -> str:
        return text_of(self)


@dataclass(frozen=True)
class Number(Node):
    """A number, not negative. With `percent`, 5 means 0.05."""

    value: float
    percent: bool = False


@dataclass(frozen=True)
class Text(Node):
    """A text in quotes."""

    value: str


@dataclass(frozen=True)
class FieldOf(Node):
    """A field of the table with its settings."""

    name: str
    settings: tuple[float, ...] = ()


@dataclass(frozen=True)
class Call(Node):
    """A function of `FUNCTIONS` with all its arguments; numbers of bars are `Number`s."""

    name: str
    arguments: tuple[Node, ...]


@dataclass(frozen=True)
class Minus(Node):
    """The negative of a number."""

    value: Node


@dataclass(frozen=True)
class Arithmetic(Node):
    """Two numbers that are added, subtracted, multiplied or divided."""

    operator: Literal["+", "-", "*", "/"]
    left: Node
    right: Node


@dataclass(frozen=True)
class Comparison(Node):
    """Two numbers or two texts that are compared; `in`: whether the right text contains the left one."""

    operator: Literal["<", "<=", ">", ">=", "==", "!=", "in"]
    left: Node
    right: Node


@dataclass(frozen=True)
class Not(Node):
    """The opposite of a condition."""

    condition: Node


@dataclass(frozen=True)
class Joined(Node):
    """Two or more conditions, joined by `and` or by `or`."""

    operator: Literal["and", "or"]
    conditions: tuple[Node, ...]


EITHER, BOTH, DENIED, COMPARED, ADDED, MULTIPLIED, SIGNED, ATOM = range(8)
"""Precedence, the weakest first. A part stands in brackets where its place asks for a higher precedence."""
STRENGTHS: Final[dict[str, int]] = {"or": EITHER, "and": BOTH, "+": ADDED, "-": ADDED, "*": MULTIPLIED, "/": MULTIPLIED}


def parts_of(node: Node) -> tuple[Node, ...]:
    """The direct parts of a node, in the order in which they are written."""
    match node:
        case Call(arguments=parts) | Joined(conditions=parts):
            return parts
        case Minus(value=part) | Not(condition=part):
            return (part,)
        case Arithmetic(left=left, right=right) | Comparison(left=left, right=right):
            return left, right
        case _:
            return ()


def nodes(tree: Node) -> Iterator[Node]:
    """The tree and all its parts, in the order in which they are written."""
    yield tree
    for part in parts_of(tree):
        yield from nodes(part)


def kind_of(node: Node) -> Kind:
    """The kind of the values of a node."""
    match node:
        case Comparison() | Not() | Joined():
            return "truth"
        case Call(name=name):
            return FUNCTIONS[name].result
        case FieldOf(name=name) if fields.FIELDS[name].unit == "text":
            return "text"
        case Text():
            return "text"
        case _:
            return "number"


def strength_of(node: Node) -> int:
    """The precedence of a node."""
    match node:
        case Joined(operator=operator) | Arithmetic(operator=operator):
            return STRENGTHS[operator]
        case Not():
            return DENIED
        case Comparison():
            return COMPARED
        case Minus():
            return SIGNED
        case _:
            return ATOM


def text_of(node: Node) -> str:
    """The text of a node; `conditions` makes an equal node from it."""
    match node:
        case Number(value=value, percent=percent):
            return f"{value:.15g}{'%' if percent else ''}"
        case Text(value=value):
            return f"'{value}'" if '"' in value else f'"{value}"'
        case FieldOf(name=name, settings=settings):
            return fields.text_of(name, settings)
        case Call(name=name, arguments=arguments):
            return f"{name}({', '.join(map(text_of, arguments))})"
        case Minus(value=part):
            return f"-{_within(part, SIGNED)}"
        case Not(condition=part):
            return f"not {_within(part, DENIED)}"
        case Joined(operator=joint, conditions=parts):
            return f" {joint} ".join(_within(part, STRENGTHS[joint] + 1) for part in parts)
        case Arithmetic(operator=sign, left=left, right=right):
            return f"{_within(left, STRENGTHS[sign])} {sign} {_within(right, STRENGTHS[sign] + 1)}"
        case Comparison(operator=relation, left=left, right=right):
            return f"{_within(left, ADDED)} {relation} {_within(right, ADDED)}"
        case _:
            raise TypeError(type(node))


def _within(node: Node, least: int) -> str:
    return text_of(node) if strength_of(node) >= least else f"({text_of(node)})"
