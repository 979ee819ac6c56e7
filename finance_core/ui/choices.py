"""Widgets that several pages offer: rows of buttons, buttons with an icon only, questions, categories, a form."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any, TypeVar

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from finance_core import categories
from finance_core.bars.periods import Interval, Period
from finance_core.categories import Category
from finance_core.errors import SisepanError
from finance_core.i18n import _, translated
from finance_core.ui.decorators import writes
from finance_core.ui.parameters import INTERVALS, PERIODS
from finance_core.ui.text import plain
from finance_core.ui.widget_keys import successor

T = TypeVar("T")


def segmented(label: str, key: str, titles: Mapping[T, str], shown: T | None, choose: Callable[[T], None]) -> None:
    """A row with a button for each of `titles` (texts, no message ids: people name lists), with that of `shown` marked.

    `choose` is called with the value whose button is clicked. If the page marks another button without a click, the
    row gets a new key: a browser that does not know the new mark yet still sends the old one, which must not count as
    a click. The previous row stays, hidden, so that a click in the moment of its replacement is not lost. A slow
    browser may also send the mark of an even older row. Streamlit reports it as a click; it is ignored.
    """
    number: int = st.session_state.get(f"{key}_count", 0)
    if st.session_state.get(successor(key, number)) not in (None, shown):
        number += 1
        st.session_state[f"{key}_count"] = number

    def draw(number: int) -> None:
        row = successor(key, number)

        def clicked() -> None:
            if number not in st.session_state[f"{key}_drawn"]:
                return
            value: T | None = st.session_state[row]
            if value not in (None, shown):  # None: the marked button was clicked again
                choose(value)

        st.segmented_control(
            label,
            list(titles),
            format_func=titles.__getitem__,
            label_visibility="collapsed",
            key=row,
            wrap=False,
            on_change=clicked,
        )

    row = successor(key, number)
    st.session_state[row] = shown
    # A row before that had other choices is not drawn any more.
    has_replaced = number > 0 and st.session_state.get(successor(key, number - 1)) in titles
    st.session_state[f"{key}_drawn"] = (number, number - 1) if has_replaced else (number,)
    draw(number)
    if has_replaced:
        with st.container(key=f"{row}_replaces"):
            draw(number - 1)


def period_and_interval(period: Period | None, interval: Interval, write: Callable[..., None]) -> None:
    """The buttons for the period of a chart, of which none is marked if `period` is None, and for its interval.

    A click calls `write` with the fields of the page's view that change.
    """
    titles = translated(PERIODS)
    segmented(_("기간"), "period", titles, period, lambda chosen: write(period=chosen, first=None, last=None))
    segmented(_("봉 단위"), "unit", translated(INTERVALS), interval, lambda chosen: write(interval=chosen))


def chosen_tab(label: str, key: str, titles: Mapping[T, str]) -> T:
    """The one of `titles` whose button was clicked last in this visit, at first the first, below a row of buttons.

    Not `st.tabs`: on a slow line, the answer to a click on one tab takes back the next click.
    """
    kept = f"{key}_open"
    chosen: Any = st.session_state.get(kept)
    shown: T = chosen if chosen in titles else next(iter(titles))
    segmented(label, key, titles, shown, partial(st.session_state.__setitem__, kept))
    return shown


def rows(
    table: Any,
    key: str,
    names: Sequence[str],
    chosen: Sequence[str],
    choose: Callable[[tuple[str, ...]], None],
    **form: Any,
) -> None:
    """A table whose rows, called `names`, can be ticked, with those of `chosen` ticked.

    `choose` is called with the names of the ticked rows when the visitor changes them. `form` goes to `st.dataframe`.
    """
    # To Streamlit a ticked row is a position, and stays one when the rows change. Other rows are another table.
    positions = [position for position, name in enumerate(names) if name in chosen]
    drawn, number = st.session_state.get(f"{key}_drawn", ((), 0))
    ticked = st.session_state.get(successor(key, number))
    if ticked is None or tuple(names) != drawn or sorted(ticked["selection"]["rows"]) != positions:
        number += 1
    st.session_state[f"{key}_drawn"] = tuple(names), number

    def clicked() -> None:
        if number == st.session_state[f"{key}_drawn"][1]:  # else a slow browser sends the ticks of a table that is gone
            positions = st.session_state[successor(key, number)]["selection"]["rows"]
            choose(tuple(names[position] for position in sorted(positions)))

    st.dataframe(
        table,
        on_select=clicked,
        selection_mode="multi-row",
        selection_default={"selection": {"rows": positions}},
        key=successor(key, number),
        **form,
    )


def icon_button(icon: str, label: str, key: str, act: Callable[[], None], *, disabled: bool = False) -> None:
    """A button that shows only a Material icon; its `label` is shown on hover, and a click calls `act`.

    Its key is `key` after "icon_": by that, the style sheet hides the label, which is there for screen readers.
    """
    look = f":material/{icon}:"
    st.button(label, icon=look, help=label, key=f"icon_{key}", type="tertiary", disabled=disabled, on_click=act)


def question(label: str, key: str, **form: Any) -> tuple[DeltaGenerator, Callable[[], None]]:
    """A popover that asks something, and what a callback of a button in it calls to close it.

    `key` and `form` are those of `st.popover`, which stays open until its key changes. The key may end with any text,
    so its number stands first.
    """
    number: int = st.session_state.get(f"{key}_count", 0)
    close = partial(st.session_state.__setitem__, f"{key}_count", number + 1)
    return st.popover(label, key=f"{number}_{key}" if number else key, **form), close


def category(key: str, **options: Any) -> Category:
    """A list of all categories; returns the chosen one. `key` and `options` are those of `st.selectbox`."""
    titles = {category.key: _(category.title) for category in categories.CATEGORIES}
    chosen = st.selectbox(_("카테고리"), list(titles), format_func=titles.__getitem__, key=key, **options)
    return categories.category(chosen)


def name_form(label: str, placeholder: str, button: str, icon: str, save: Callable[[str], object], *, key: str) -> None:
    """A box for a name with a `button`, for admins. The button or Enter calls `save` with it, and empties the box.

    The box has the `key`, the button `save_` before it.
    """

    @writes
    def submit() -> None:
        name = st.session_state[key]
        with refusal_kept(key):
            try:
                save(name)
            except Exception:
                st.session_state[key] = name  # the browser has emptied the box already
                raise

    with st.form(f"{key}_form", border=False, clear_on_submit=True):
        st.text_input(label, key=key, placeholder=placeholder)
        st.form_submit_button(button, icon=f":material/{icon}:", key=f"save_{key}", on_click=submit)
        show_refusal(key)


@contextmanager
def refusal_kept(key: str) -> Iterator[None]:
    """Keep why the callback of the widget with this `key` refuses its value, for `show_refusal`.

    A toast would still be on the page when a better value has been taken.
    """
    try:
        yield
    except SisepanError as error:
        st.session_state[f"{key}_refusal"] = error


def show_refusal(key: str) -> None:
    """Say why the last value of the widget with this `key` was refused, if it was, until the page is drawn again."""
    if error := st.session_state.pop(f"{key}_refusal", None):
        st.error(plain(str(error)), icon=":material/error:")
