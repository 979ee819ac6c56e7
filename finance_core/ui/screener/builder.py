"""The editor of the condition: as rows of choices if possible, and as text. Both write into the address."""

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Final

import streamlit as st

from finance_core.bars import fields
from finance_core.bars.condition_tree import FieldOf, Node
from finance_core.bars.conditions import LONGEST, Mistake, parse
from finance_core.bars.fields import FIELDS
from finance_core.bars.functions import MOST_BARS
from finance_core.bars.screen import rule_of
from finance_core.i18n import N_, _, translated
from finance_core.ui import address_bar
from finance_core.ui.choices import icon_button, segmented
from finance_core.ui.screener import address
from finance_core.ui.screener import rows as conditions
from finance_core.ui.screener.address import View
from finance_core.ui.screener.rows import RELATIONS, TEXT_RELATIONS, Joint, Row, Rows
from finance_core.ui.widget_keys import identities, owned, placed

JOINTS: Final[dict[Joint, str]] = {"and": N_("모두 맞음"), "or": N_("하나라도 맞음")}
NUMBER: Final = "number"
"""The choice to compare a field with a number instead of another field."""
NUMBERS: Final = [name for name, field in FIELDS.items() if field.unit != "text"]
MOST_ROWS: Final = 12


def show(view: View, tree: Node | None) -> None:
    """The condition as rows of choices if possible, and as text; `tree` is None if the condition has a mistake."""
    rows = conditions.of(tree) if tree else None
    if rows and len(rows.rows) > MOST_ROWS:
        rows = None
    if rows:
        _rows(view, rows)
    elif tree:
        st.caption(_("이 조건은 글로만 고칩니다."))
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="rule_row"):
        if rows:
            _more(rows)
        _written(view)


def _rows(view: View, rows: Rows) -> None:
    numbers = identities("conditions", rows.rows)
    for position, (number, row) in enumerate(zip(numbers, rows.rows, strict=True)):
        with st.container(horizontal=True, vertical_alignment="center", gap="xsmall", key=f"condition_{position}"):
            change, is_only = partial(_change, rows, position), len(rows.rows) == 1
            _row(_Choices(number, row, change), view)
            icon_button("close", _("빼기"), f"remove_{number}", change, disabled=is_only)


def _more(rows: Rows) -> None:
    """The button that adds a row, and the choice between "and" and "or"."""

    def add() -> None:
        if present := _present():
            more = Row(FieldOf("close"), ">", other=conditions.usual("ma"))
            _write(present._replace(rows=(*present.rows, more)))

    def join(joint: Joint) -> None:
        if present := _present():
            _write(present._replace(joint=joint))

    is_full = len(rows.rows) == MOST_ROWS
    st.button(_("조건 더하기"), icon=":material/add:", key="add_condition", on_click=add, disabled=is_full)
    if len(rows.rows) > 1:
        segmented(_("잇기"), "joint", translated(JOINTS), rows.joint, join)


def _change(drawn: Rows, position: int, *new: Row) -> None:
    """Put `new` rows in the place of the one that was `drawn` at `position`."""
    present, before = _present(), drawn.rows[position]
    if present is None:
        return
    if new and len(present.rows) == len(drawn.rows) and present.rows[position] != before:
        # Another part of the same row has changed in the same moment.
        parts = {part.name: getattr(new[0], part.name) for part in dataclasses.fields(Row)}
        changed = {name: value for name, value in parts.items() if value != getattr(before, name)}
        new = (replace(present.rows[position], **changed),)
    _write(present._replace(rows=placed(present.rows, drawn.rows, position, *new)))


def _present() -> Rows | None:
    """The rows of the address, which may be newer than those that are drawn; None if its condition is no rows."""
    view, _problems = address.parse(address_bar.present())
    try:
        return conditions.of(parse(view.rule))
    except Mistake:
        return None


def _write(rows: Rows) -> None:
    address.write(rule=str(conditions.tree_of(rows)))


def _written(view: View) -> None:
    """The condition as text."""

    def change(text: str) -> None:
        address.write(rule=rule_of(" ".join(text.split())))

    with st.container(key="rule_text"):
        label = _("조건 글")
        options: dict[str, Any] = {"label_visibility": "collapsed", "max_chars": LONGEST, "placeholder": "close > ma20"}
        form = options | owned("rule", view.rule, change)
        st.text_input(label, view.rule, icon=":material/code:", **form)


@dataclass(frozen=True)
class _Choices:
    """The widgets of one row."""

    number: int
    """The number of the row among `identities`."""
    row: Row
    write: Callable[[Row], None]
    """Gets the changed row and writes it into the address."""

    def of(self, part: str, value: Any, change: Callable[[Any], Row]) -> dict[str, Any]:
        """The options of a widget that shows `value`; for a new value it writes the row that `change` returns."""

        def choose(new: Any) -> None:
            if new is not None:
                self.write(change(new))

        return {"value": value, "label_visibility": "collapsed", **owned(f"{part}_{self.number}", value, choose)}

    def among(self, options: list[str], part: str, value: str | None, change: Callable[[Any], Row]) -> dict[str, Any]:
        """As `of`, for a list of `options` to choose from."""
        form = self.of(part, value, change)
        shown = form.pop("value")
        return {"options": options, "index": None if shown is None else options.index(shown), **form}


def _row(choices: _Choices, view: View) -> None:
    row = choices.row
    field = choices.among(list(FIELDS), "field", row.field.name, partial(conditions.with_field, row))
    st.selectbox(_("필드"), format_func=fields.title, width=210, **field)
    _settings("setting", choices, row.field, lambda changed: replace(row, field=changed))
    titles = TEXT_RELATIONS if row.is_text else RELATIONS
    relation = choices.among(list(titles), "relation", row.relation, lambda value: replace(row, relation=value))
    st.selectbox(_("비교"), format_func=lambda key: _(titles[key]), width=130, **relation)
    if row.is_text:
        _text(choices, view)
        return
    _compared(choices)
    if row.crosses:
        bars = choices.of("bars", row.bars, lambda value: replace(row, bars=value))
        label = _("봉 안에")
        st.number_input(
            label, min_value=1, max_value=MOST_BARS, step=1, width=120, icon=":material/history:", help=label, **bars
        )


def _text(choices: _Choices, view: View) -> None:
    row = choices.row
    known = [market.key for market in view.category.markets] if row.field.name == "market" else []
    options = list(dict.fromkeys([*known, *([row.text] if row.text else [])]))

    def with_text(value: Any) -> Row:
        return replace(row, text=str(value).replace('"', "").strip())

    text = choices.among(options, "text", row.text or None, with_text)
    st.selectbox(_("글자"), accept_new_options=True, placeholder=_("글자를 넣으십시오"), width=220, **text)


def _compared(choices: _Choices) -> None:
    """The choice of a number or another field to compare with, and the factor of the other field."""
    row = choices.row

    def with_other(name: str) -> Row:
        return replace(row, other=None if name == NUMBER else conditions.usual(name), times=1.0)

    def title(name: str) -> str:
        return _("숫자와") if name == NUMBER else fields.title(name)

    other = choices.among([NUMBER, *NUMBERS], "other", row.other.name if row.other else NUMBER, with_other)
    st.selectbox(_("무엇과"), format_func=title, width=210, **other)
    if row.other is None:
        number = choices.of("number", float(row.number), lambda value: replace(row, number=value))
        icon = ":material/percent:" if row.is_percent else None
        st.number_input(_("숫자"), step=1.0, format="%g", width=220, icon=icon, **number)
        return
    _settings("other_setting", choices, row.other, lambda changed: replace(row, other=changed))
    if not row.crosses:
        times = choices.of("times", float(row.times), lambda value: replace(row, times=value))
        label = _("몇 배")
        st.number_input(
            label, min_value=0.0, step=0.1, format="%g", width=120, icon=":material/close:", help=label, **times
        )


def _settings(part: str, choices: _Choices, field: FieldOf, change: Callable[[FieldOf], Row]) -> None:
    """A number input for each setting of `field`."""
    for position, setting in enumerate(FIELDS[field.name].settings):
        number = int if setting.step == 1 else float

        def changed(value: float, position: int = position) -> Row:
            return change(conditions.with_setting(field, position, value))

        options = choices.of(f"{part}{position}", number(field.settings[position]), changed)
        options |= {"min_value": number(setting.least), "max_value": number(setting.most), "step": number(setting.step)}
        form = "%d" if setting.step == 1 else "%g"
        st.number_input(_(setting.name), format=form, width=110, help=_(setting.name), **options)
