"""Converts a condition into rows of choices (a field, a comparison, and a number, text or other field), and back. Pure.

Some conditions cannot be rows; these can only be edited as text.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Literal, NamedTuple

from finance_core.bars import fields
from finance_core.bars.condition_tree import Arithmetic, Call, Comparison, FieldOf, Joined, Minus, Node, Number, Text
from finance_core.bars.fields import FIELDS
from finance_core.i18n import N_

Joint = Literal["and", "or"]

RELATIONS: Final = {
    ">": N_("보다 큼"),
    ">=": N_("이상"),
    "<": N_("보다 작음"),
    "<=": N_("이하"),
    "crossed_above": N_("위로 뚫음"),
    "crossed_below": N_("아래로 뚫음"),
}
"""Message ids of the comparisons of numbers, by operator or function."""
TEXT_RELATIONS: Final = {"==": N_("같음"), "!=": N_("다름"), "in": N_("들어 있음")}


@dataclass(frozen=True)
class Row:
    """One condition."""

    field: FieldOf
    relation: str
    number: float = 0.0
    """In percent for a field in percent: 5 means 5 %."""
    text: str = ""
    other: FieldOf | None = None
    """The field to compare with, instead of a number."""
    times: float = 1.0
    """The factor of `other`."""
    bars: int = 1
    """The number of last bars in which a crossing counts."""

    @property
    def is_text(self) -> bool:
        """Whether the field is a text."""
        return FIELDS[self.field.name].unit == "text"

    @property
    def is_percent(self) -> bool:
        """Whether the field, and so the number, is in percent."""
        return FIELDS[self.field.name].unit == "percent"

    @property
    def crosses(self) -> bool:
        """Whether the comparison is a crossing, which also looks at earlier bars."""
        return self.relation in ("crossed_above", "crossed_below")


class Rows(NamedTuple):
    """Conditions that must all hold ("and"), or of which one must hold ("or")."""

    joint: Joint
    rows: tuple[Row, ...]


def of(tree: Node) -> Rows | None:
    """The rows of a condition; None where it cannot be rows.

    >>> from finance_core.bars.conditions import parse
    >>> [(str(row.field), row.relation, row.number) for row in of(parse("rsi14 < 30 and change > 5%")).rows]
    [('rsi14', '<', 30.0), ('change1', '>', 5.0)]
    """
    conditions = tree.conditions if isinstance(tree, Joined) else (tree,)
    rows = [_row(condition) for condition in conditions]
    joint: Joint = tree.operator if isinstance(tree, Joined) else "and"
    complete = [row for row in rows if row is not None]
    return Rows(joint, tuple(complete)) if len(complete) == len(rows) else None


def _row(node: Node) -> Row | None:
    match node:
        case Comparison("in", Text(text), FieldOf() as field):
            return Row(field, "in", text=text)
        case Comparison("==" | "!=" as relation, FieldOf() as field, Text(text)):
            return Row(field, relation, text=text)
        case Comparison(relation, FieldOf() as field, right) if relation in RELATIONS:
            return _compared(Row(field, relation), right)
        case Call("crossed_above" | "crossed_below" as relation, (FieldOf() as field, right, Number(bars))):
            return _compared(Row(field, relation, bars=int(bars)), right)
        case _:
            return None


def _compared(row: Row, right: Node) -> Row | None:
    match right:
        case FieldOf():
            return replace(row, other=right)
        case Arithmetic("*", Number(times, percent=False), FieldOf() as other) if not row.crosses:
            return replace(row, other=other, times=times)
        case Number(value, percent=percent):
            return replace(row, number=_shown(value, percent, row))
        case Minus(Number(value, percent=percent)):
            return replace(row, number=-_shown(value, percent, row))
        case _:
            return None


def _shown(value: float, percent: bool, row: Row) -> float:
    if percent == row.is_percent:
        return value
    return value / 100 if percent else value * 100


def tree_of(rows: Rows) -> Node:
    """The condition of `rows`, of which there must be at least one."""
    conditions = tuple(_node(row) for row in rows.rows)
    return conditions[0] if len(conditions) == 1 else Joined(rows.joint, conditions)


def _node(row: Row) -> Node:
    relation: Any = row.relation
    if row.is_text:
        if relation == "in":
            return Comparison("in", Text(row.text), row.field)
        return Comparison(relation, row.field, Text(row.text))
    number: Node = Number(abs(row.number), percent=row.is_percent)
    right = row.other or (Minus(number) if row.number < 0 else number)
    if row.crosses:
        return Call(relation, (row.field, right, Number(float(row.bars))))
    if row.other and row.times != 1:
        right = Arithmetic("*", Number(row.times), row.other)
    return Comparison(relation, row.field, right)


def usual(name: str) -> FieldOf:
    """A field with its usual settings."""
    return FieldOf(*fields.resolve(name))


def with_field(row: Row, name: str) -> Row:
    """The row with another field; the comparison is kept, unless one field is text and the other is not."""
    changed = replace(row, field=usual(name))
    if changed.is_text != row.is_text:
        return replace(changed, relation="==" if changed.is_text else ">", other=None, number=0.0, text="")
    return changed


def with_setting(field: FieldOf, position: int, value: float) -> FieldOf:
    """The field with `value` as its setting at `position`."""
    settings: Sequence[float] = [*field.settings[:position], value, *field.settings[position + 1 :]]
    return FieldOf(field.name, tuple(settings))
