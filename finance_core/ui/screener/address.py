"""Converts an address such as `?in=korean_stocks&rule=close+%3E+ma20&day=2025-03-03` into a screen, and back."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from finance_core.bars.conditions import LONGEST
from finance_core.bars.screen import READY, rule_of
from finance_core.categories import CATEGORIES, Category
from finance_core.ui import address_bar, parameters
from finance_core.ui.parameters import Parameter


@dataclass(frozen=True)
class View:
    """The screen: category, condition and day."""

    category: Category = CATEGORIES[0]
    rule: str = READY["new_high"].rule
    """The condition as it is written, perhaps with mistakes."""
    day: dt.date | None = None
    """The last day whose bars count; None means the newest bars."""


TABLE = (
    parameters.choice("in", "category", {category.key: category for category in CATEGORIES}),
    Parameter("rule", "rule", lambda text: rule_of(text[: LONGEST + 1]), str),
    parameters.day("day", "day", "2025-03-03"),
)


def parse(texts: Mapping[str, str]) -> tuple[View, list[str]]:
    """The view of an address, and a sentence for each part that cannot be used."""
    view, unusable = parameters.parse(texts, TABLE, View())
    return view, list(unusable.values())


def texts_of(view: View) -> dict[str, str]:
    """The parameters of the address of `view`; defaults are left out."""
    return parameters.texts_of(view, TABLE, View())


def write(**fields: Any) -> None:
    """Change these fields of the view in the address."""
    view, _unusable = parse(address_bar.present())
    address_bar.write(texts_of(replace(view, **fields)))
