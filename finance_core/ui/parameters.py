"""The parameters of a page's address, declared as a table. Pure.

The texts of an address become the fields of a view, a frozen dataclass, and back. The plain view is the view of an
address without parameters. A field with the same value as in the plain view is left out of the address. A text that
cannot be used is replaced by the value of the plain view, and reported in a sentence.
"""

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeVar

from finance_core.bars.periods import Interval, Period
from finance_core.i18n import N_, _

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

V = TypeVar("V", bound="DataclassInstance")

PERIODS: dict[Period, str] = {
    "1W": N_("1주"),
    "1M": N_("1개월"),
    "3M": N_("3개월"),
    "6M": N_("6개월"),
    "YTD": N_("금년"),
    "1Y": N_("1년"),
    "3Y": N_("3년"),
    "5Y": N_("5년"),
    "10Y": N_("10년"),
    "MAX": N_("최대"),
}
DAYS = dt.date(1800, 1, 1), dt.date(2199, 12, 31)
"""The first and the last day that an address may name; pandas computes with days from 1677 to 2262."""
INTERVALS: dict[Interval, str] = {"D": N_("일"), "W": N_("주"), "M": N_("월")}
"""Message ids of the names on buttons."""


@dataclass(frozen=True)
class Parameter:
    """One parameter, which is one field of a view."""

    name: str
    """Name in the address."""
    field: str
    """Name of the field of the view."""
    read: Callable[[str], Any]
    """Turns a text into the value of the field. Raises ValueError or KeyError where the text cannot be used."""
    write: Callable[[Any], str]
    """Turns the value of the field into a text."""
    usable: Sequence[str] = ()
    """Examples of usable texts, for the sentence about a text that cannot be used."""


def choice(name: str, field: str, values: Mapping[str, Any]) -> Parameter:
    """A parameter that is one of the texts of `values`; `values` maps each text to the value of the field."""
    texts = {value: text for text, value in values.items()}
    return Parameter(name, field, values.__getitem__, texts.__getitem__, [text for text in values if text])


def several(name: str, field: str, values: Mapping[str, Any]) -> Parameter:
    """A parameter with several texts of `values`, separated by commas; the text "none" means no value.

    The field is a sorted tuple.
    """
    texts = {value: text for text, value in values.items()}

    def read(text: str) -> tuple[Any, ...]:
        return () if text == "none" else tuple(sorted({values[part] for part in text.split(",")}))

    def write(field: tuple[Any, ...]) -> str:
        return ",".join(texts[value] for value in field) or "none"

    return Parameter(name, field, read, write, [*values, "none"])


def whole_numbers(name: str, field: str, limits: tuple[int, int], most: int) -> Parameter:
    """A parameter with at most `most` whole numbers within `limits`, separated by commas.

    The field is a tuple.
    """
    least, greatest = limits

    def read(text: str) -> tuple[int, ...]:
        values = tuple(int(part) for part in text.split(",")) if text else ()
        if len(values) > most or not all(least <= value <= greatest for value in values):
            raise ValueError(text)
        return values

    def write(field: tuple[int, ...]) -> str:
        return ",".join(map(str, field))

    return Parameter(name, field, read, write, [f"{least}–{greatest}"] * 2)


def day(name: str, field: str, example: str) -> Parameter:
    """A parameter with a day in ISO form within `DAYS`; the field is a date, or None for an empty text."""

    def read(text: str) -> dt.date | None:
        if not text:
            return None
        first, last = DAYS
        if not first <= (value := dt.date.fromisoformat(text)) <= last:
            raise ValueError(text)
        return value

    return Parameter(name, field, read, dt.date.isoformat, [example, f"{DAYS[0]} – {DAYS[1]}"])


def latest_day() -> dt.date:
    """The day it is where days begin first: exchanges may have a bar of it, wherever this machine is."""
    return dt.datetime.now(dt.timezone(dt.timedelta(hours=14))).date()


PERIOD = choice("period", "period", {period: period for period in PERIODS})
INTERVAL = choice("unit", "interval", {interval: interval for interval in INTERVALS})


def parse(texts: Mapping[str, str], table: Iterable[Parameter], plain: V) -> tuple[V, dict[str, str]]:
    """The view of an address, and a sentence for each parameter that cannot be used, by the parameter's name."""
    fields, problems = {}, {}
    sentence = _("주소의 {name}={value}은(는) 쓸 수 없는 값이라 기본값으로 보여 드립니다. 쓸 수 있는 값: {options}")
    nothing = _("없음")
    for parameter in [parameter for parameter in table if parameter.name in texts]:
        text = texts[parameter.name]
        try:
            fields[parameter.field] = parameter.read(text)
        except (KeyError, ValueError):
            shown, options = text if len(text) <= 40 else text[:40] + "…", ", ".join(parameter.usable) or nothing
            problems[parameter.name] = sentence.format(name=parameter.name, value=shown, options=options)
    return replace(plain, **fields), problems


def texts_of(view: V, table: Iterable[Parameter], plain: V) -> dict[str, str]:
    """The parameters of the address of `view`."""
    fields, default = vars(view), vars(plain)
    return {row.name: row.write(fields[row.field]) for row in table if fields[row.field] != default[row.field]}
