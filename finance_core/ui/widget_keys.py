"""Keys of widgets whose value other things change too, in a browser that may not have heard of the change yet."""

from collections.abc import Callable, Hashable, Sequence
from itertools import count, filterfalse
from typing import Any, TypeVar

import streamlit as st

T = TypeVar("T")


def successor(key: str, number: int) -> str:
    """The key of the widget that has replaced `number` earlier ones, the first of which is called `key`."""
    return f"{key}_{number}" if number else key


def owned(key: str, value: Any, choose: Callable[[Any], Any], *, waits: Hashable = None) -> dict[str, Any]:
    """Options of a widget that shows `value`, which not the widget alone changes; `choose` is called with a new value.

    The widget needs `value` as its default as well. If something else has changed the value, the widget gets a new key:
    a browser that has not heard of it still sends the old value, which to Streamlit is a change by the visitor. What is
    chosen in the old widget after that does not count. No value is sent to a widget that the browser has: it would undo
    what a person who is quicker than the answer has chosen meanwhile, such as the next step of a number; but if
    `choose` returns a value, the widget shows that. A choice that `choose` does not take yet, such as the first of two
    dates, stays while `waits` is the same.
    """
    drawn: tuple[int, Any, Hashable] | None = st.session_state.get(f"{key}_drawn")
    number = drawn[0] if drawn else 0
    if drawn:
        shown = st.session_state.get(successor(key, number))
        is_waiting = waits is not None and shown is not None and drawn[1:] == (value, waits)
        if not is_waiting and not _alike(shown, value):
            number += 1
    st.session_state[f"{key}_drawn"] = number, value, waits
    name = successor(key, number)

    def changed() -> None:
        if number == st.session_state[f"{key}_drawn"][0] and (shown := choose(st.session_state[name])) is not None:
            st.session_state[name] = shown

    return {"key": name, "on_change": changed}


def _alike(one: Any, other: Any) -> bool:
    """Whether two values of a widget are equal. A list has what was chosen of several, in any order."""
    is_list = isinstance(one, list) and isinstance(other, list)
    return bool(sorted(one) == sorted(other) if is_list else one == other)


def identities(key: str, items: Sequence[Hashable]) -> list[int]:
    """A number for each of `items`, for the keys of its widgets: the item keeps it when others come or go.

    A position is no such number: a second click before the answer to the first would be one on the next item. `key` is
    the name under which the visit keeps the items.
    """
    before: list[tuple[Hashable, int]] = st.session_state.get(key, [])
    numbers = [number for _item, number in before]
    if len(before) != len(items):  # else one may have changed
        left, unused = list(before), filterfalse(numbers.__contains__, count())
        numbers = []
        for item in items:
            same = next((each for each in left if each[0] == item), None)
            if same:
                left.remove(same)
            numbers.append(same[1] if same else next(unused))
    st.session_state[key] = list(zip(items, numbers, strict=True))
    return numbers


def placed(present: tuple[T, ...], drawn: tuple[T, ...], position: int, *new: T) -> tuple[T, ...]:
    """`present` with `new` in the place of the item that was drawn at `position`; `present` itself if that has gone.

    The items may be others than those `drawn`: whoever types a number and then clicks a button changes both before the
    page is drawn again.

    >>> placed(("b", "c"), ("a", "b", "c"), 1, "B"), placed(("B", "c"), ("b", "c"), 0), placed(("b",), ("a", "b"), 0)
    (('B', 'c'), ('c',), ('b',))
    >>> placed(("a", "a"), ("a", "a"), 1, "b")
    ('a', 'b')
    """
    if len(present) != len(drawn):  # an item has come or gone in the same moment
        if drawn[position] not in present:
            return present
        position = present.index(drawn[position])
    return (*present[:position], *new, *present[position + 1 :])
