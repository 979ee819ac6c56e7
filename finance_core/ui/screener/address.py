"""The question that an address names: `?in=korean_stocks&rule=close+%3E+ma20&day=2025-03-03`. Both ways."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from finance_core.bars.conditions import LONGEST
from finance_core.bars.screen import READY
from finance_core.categories import CATEGORIES, Category
from finance_core.ui import address_bar, parameters
from finance_core.ui.parameters import Parameter


@dataclass(frozen=True)
class View:
    """What the page asks."""

    category: Category = CATEGORIES[0]
    rule: str = READY["new_high"].rule
    """As it is written, mistakes too."""
    day: dt.date | None = None
    """As of which day; None for the newest bars."""


TABLE = (
    parameters.choice("in", "category", {category.key: category for category in CATEGORIES}),
    Parameter("rule", "rule", lambda text: text[: LONGEST + 1], str),
    parameters.day("day", "day", "2025-03-03"),
)


def parse(texts: Mapping[str, str]) -> tuple[View, list[str]]:
    """The view that an address names, and a sentence for each part of it that cannot be used."""
    view, unusable = parameters.parse(texts, TABLE, View())
    return view, list(unusable.values())


def texts_of(view: View) -> dict[str, str]:
    """The parameters of an address that names `view`; what is the default is left out."""
    return parameters.texts_of(view, TABLE, View())


def write(view: View, **fields: Any) -> None:
    """Put the view, with other `fields`, into the address."""
    address_bar.write(texts_of(replace(view, **fields)))
