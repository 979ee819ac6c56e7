"""The view that a viewer's address names: `?ticker=005930&period=3M&unit=W&ma=5,20&scale=log`.

Pure, both ways. What equals the default is left out of an address, so that the plain address is the plain view; what
cannot be understood falls back to the default and is said.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import get_args

from finance_core.bars.candles import Interval, Period
from finance_core.categories import Average, Category
from finance_core.i18n import N_, _

DEFAULT_PERIOD: Period = "1M"
NO_AVERAGES = "none"


@dataclass(frozen=True)
class View:
    """What a viewer shows."""

    ticker: str
    """"" where the address names none."""
    averages: tuple[Average, ...]
    period: Period = DEFAULT_PERIOD
    first: dt.date | None = None
    """First day of a range of one's own, which goes before `period`."""
    last: dt.date | None = None
    """Its last day; None for the newest bar."""
    interval: Interval = "D"
    log: bool = False


def parse(parameters: Mapping[str, str], category: Category) -> tuple[View, list[str]]:
    """The view that an address names, and a sentence for each parameter that could not be understood."""
    problems: list[str] = []

    def chosen(name: str, options: tuple[str, ...], default: str) -> str:
        value = parameters.get(name, default)
        if value in options:
            return value
        problems.append(_sentence(name, value, options))
        return default

    first, last = _range(parameters, problems)
    view = View(
        ticker=parameters.get("ticker", ""),
        averages=_averages(parameters.get("ma"), category, problems),
        period=chosen("period", get_args(Period), DEFAULT_PERIOD),  # type: ignore[arg-type]
        first=first,
        last=last,
        interval=chosen("unit", get_args(Interval), "D"),  # type: ignore[arg-type]
        log=chosen("scale", ("linear", "log"), "linear") == "log",
    )
    return view, problems


def parameters(view: View, category: Category) -> dict[str, str]:
    """The parameters of an address that names `view`, without what is the default."""
    result = {
        "ticker": view.ticker,
        "period": "" if view.period == DEFAULT_PERIOD or view.first else view.period,
        "from": view.first.isoformat() if view.first else "",
        "to": view.last.isoformat() if view.first and view.last else "",
        "unit": "" if view.interval == "D" else view.interval,
        "ma": average_parameter(view.averages, category),
        "scale": "log" if view.log else "",
    }
    return {name: value for name, value in result.items() if value}


def average_parameter(averages: tuple[Average, ...], category: Category) -> str:
    """The value of `ma` for `averages`; "" where they are the category's default."""
    if averages == category.default_averages:
        return ""
    return ",".join(average.text for average in averages) or NO_AVERAGES


def _averages(value: str | None, category: Category, problems: list[str]) -> tuple[Average, ...]:
    if value is None:
        return category.default_averages
    if value == NO_AVERAGES:
        return ()
    known = {average.text: average for average in category.averages}
    parts = value.split(",")
    if not all(part in known for part in parts):
        problems.append(_sentence("ma", value, (*known, NO_AVERAGES)))
        return category.default_averages
    return tuple(sorted({known[part] for part in parts}))


def _range(parameters: Mapping[str, str], problems: list[str]) -> tuple[dt.date | None, dt.date | None]:
    days: list[dt.date | None] = []
    for name in ("from", "to"):
        value = parameters.get(name)
        try:
            days.append(dt.date.fromisoformat(value) if value else None)
        except ValueError:
            problems.append(_sentence(name, value or "", ("2024-01-31",)))
            return None, None
    first, last = days
    if first is None:
        return None, None
    return (last, first) if last and last < first else (first, last)


def _sentence(name: str, value: str, options: tuple[str, ...]) -> str:
    shown = value if len(value) <= 40 else value[:40] + "…"
    return _(SENTENCE).format(name=name, value=shown, options=", ".join(options))


SENTENCE = N_("주소의 {name}={value}은(는) 쓸 수 없는 값이라 기본값으로 보여 드립니다. 쓸 수 있는 값: {options}")
