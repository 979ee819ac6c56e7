"""Converts a viewer's address, such as `?ticker=005930&period=3M&unit=W&ma=5,20&scale=log`, into a view, and back."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, get_args

import streamlit as st

from finance_core import categories
from finance_core.bars import curves
from finance_core.bars.curves import Chosen
from finance_core.bars.marks import Kind as Mark
from finance_core.categories import Average, Category
from finance_core.charts import overlay, panes
from finance_core.charts.style import Kind, Scale
from finance_core.ui import address_bar, parameters, visible_range
from finance_core.ui.parameters import INTERVAL, Parameter
from finance_core.ui.visible_range import Range

INDICATORS: Final = "ind"
HEIGHTS: Final = parameters.whole_numbers("heights", "heights", panes.LIMITS, panes.FIRST_OWN + curves.MOST_PANES)
REMEMBERED: Final = (INDICATORS, HEIGHTS.name)
"""The parameters that a browser keeps for the next visit."""
MARKS: Final[tuple[Mark, ...]] = tuple(sorted(get_args(Mark)))


@dataclass(frozen=True)
class View(Range):
    """Everything that decides what a viewer shows."""

    ticker: str
    """"" where the address has none."""
    averages: tuple[Average, ...]
    kind: Kind = "hollow"
    scale: Scale = "linear"
    total_return: bool = False
    """Whether prices include dividends."""
    marks: tuple[Mark, ...] = MARKS
    compared: tuple[str, ...] = ()
    """Other tickers on the same chart, each as `Category.key_of`."""
    indicators: tuple[Chosen, ...] = ()
    """The indicators apart from the averages."""
    heights: tuple[int, ...] = ()
    """The shares of the panes in the height; () means the usual shares (see `panes.shares`)."""

    @property
    def chosen(self) -> list[Chosen]:
        """All indicators that are drawn, each once, the averages first."""
        return list(dict.fromkeys([*map(curves.of_average, self.averages), *self.indicators]))


def plain(category: Category) -> View:
    """The view of an address without parameters."""
    return View("", category.default_averages)


def table(category: Category) -> tuple[Parameter, ...]:
    """The parameters of the address of a viewer of `category`."""
    return (
        Parameter("ticker", "ticker", str, str),
        *visible_range.PARAMETERS,
        INTERVAL,
        parameters.several("ma", "averages", {average.text: average for average in category.averages}),
        parameters.choice("type", "kind", {kind: kind for kind in get_args(Kind)}),
        parameters.choice("scale", "scale", {scale: scale for scale in get_args(Scale)}),
        parameters.choice("adjusted", "total_return", {"splits": False, "dividends": True}),
        Parameter("with", "compared", _keys, ",".join, ["indices:^KS11,us_stocks:AAPL"]),
        parameters.several("marks", "marks", {kind: kind for kind in MARKS}),
        Parameter(INDICATORS, "indicators", lambda text: curves.parse(text)[0], curves.text_of),
        HEIGHTS,
    )


def _keys(text: str) -> tuple[str, ...]:
    keys = tuple(dict.fromkeys(key for key in text.split(",") if key))
    if len(keys) > overlay.LIMIT or not all(map(categories.is_key, keys)):
        raise ValueError(text)
    return keys


def usable(name: str, text: str) -> str:
    """The usable part of a text that a browser has kept for one of `REMEMBERED`; "" for none.

    There is no sentence about the rest: an older version may have written the text, and the reader has not.
    """
    if name == INDICATORS:
        chosen, problems = curves.parse(text)
        return curves.text_of(chosen) if chosen or not problems else ""
    try:
        return HEIGHTS.write(HEIGHTS.read(text))
    except ValueError:
        return ""


def worth_keeping(texts: Mapping[str, str]) -> list[str]:
    """Those of `REMEMBERED` that an address has without a mistake: a wrong link must not replace what is kept."""

    def is_right(name: str) -> bool:
        return not curves.parse(texts[name])[1] if name == INDICATORS else bool(usable(name, texts[name]))

    return [name for name in REMEMBERED if name in texts and is_right(name)]


def parse(texts: Mapping[str, str], category: Category) -> tuple[View, list[str]]:
    """The view of an address, and a sentence for each parameter that cannot be used."""
    view, problems = parameters.parse(texts, table(category), plain(category))
    return visible_range.in_order(view, problems), [*problems.values(), *curves.parse(texts.get(INDICATORS, ""))[1]]


def texts_of(view: View, category: Category) -> dict[str, str]:
    """The parameters of the address of `view`; defaults are left out."""
    default = plain(category)
    return parameters.texts_of(visible_range.as_written(view, default), table(category), default)


def present(category: Category) -> View:
    """The view of the page's address as this visit has written it, which may be newer than the view that is drawn."""
    return parse(address_bar.present(), category)[0]


def write(category: Category, **fields: Any) -> None:
    """Put `fields` of the view into the page's address; its other parameters stay as they are."""
    texts = texts_of(replace(present(category), **fields), category)
    written = {parameter.name for parameter in table(category) if parameter.field in fields}
    # Without indicators, write "none" instead of no parameter, or the browser would restore the kept indicators.
    emptied = {INDICATORS: curves.NONE} if INDICATORS in written else {}
    with address_bar.changing():
        others = {name: text for name, text in st.query_params.items() if name not in written}
        st.query_params.from_dict(others | emptied | {name: text for name, text in texts.items() if name in written})
