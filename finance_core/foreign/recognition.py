"""What a sample of documents shows of how another program lays out daily bars, and whether they can be read so.

Pure: documents in, a `Layout` out. How rows are taken from documents is left to `layouts`.
"""

import datetime as dt
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from bson import Decimal128

from finance_core.bars import candles, sessions
from finance_core.categories import Category
from finance_core.foreign import layouts, raw_values
from finance_core.storage.database import Document

TickerForm = Literal["bare", "suffixed", "number", "prefixed", "other", "missing"]
DateForm = Literal["day", "moment", "text", "number", "unreadable", "missing"]
NumberForm = Literal["number", "text", "decimal", "missing"]


@dataclass(frozen=True)
class Layout:
    """What a sample of documents shows of how they are laid out. Counts are of sampled rows."""

    shapes: Mapping[layouts.Shape, int]
    names: Mapping[str, str]
    """Ours to theirs, as most rows have it; "_id.…" is a part of a key."""
    is_uniform: bool
    """Whether all documents call the fields the same."""
    rows: int
    rows_per_document: float
    tickers: Mapping[TickerForm, int]
    dates: Mapping[DateForm, int]
    prices: Mapping[NumberForm, int]
    """Of open, high, low and close."""
    volumes: Mapping[NumberForm, int]
    without_close: int
    zone: str
    """See `raw_values.zone_of`."""
    epoch_unit: str
    """See `raw_values.epoch_unit`."""
    raw_tickers: Mapping[Any, int] = field(default_factory=dict)
    """The tickers as they are written, and how many rows each has."""
    days: tuple[dt.date, dt.date] | None = None
    """The first and the last one in the sample."""
    ticker_fields: tuple[str, ...] = ()
    """Every field of the documents that holds a ticker, in the order in which `layouts.rows_of` looks for it."""

    @property
    def is_ours(self) -> bool:
        """Whether documents are as this product writes them."""
        return self.is_readable and all(ours == theirs for ours, theirs in self.names.items())

    @property
    def is_readable(self) -> bool:
        """Whether they can be read as they are: one a day, and nothing but the names of the fields differs."""
        return (
            set(self.shapes) == {"flat"}
            and self.is_uniform
            and {"ticker", "date", "close"} <= set(self.names)
            and not any(theirs.split(".")[0] == "_id" for theirs in self.names.values())
            and set(self.tickers) == {"bare"}
            and set(self.dates) == {"day"}
            and set(self.prices) <= {"number", "missing"}
            and set(self.volumes) <= {"number", "missing"}
            and not self.without_close
        )


def zones(category: Category | None) -> list[str]:
    """The zones in which days of `category` may have been kept: its markets', Seoul and New York."""
    of_markets = (
        [market.timezone or sessions.timezone(market.calendar) for market in category.markets] if category else []
    )
    return list(dict.fromkeys([*of_markets, "Asia/Seoul", "America/New_York"]))


def recognise(documents: Sequence[Document], category: Category | None) -> Layout | None:
    """What `documents`, a sample, are like; None where they are no daily bars at all."""
    shapes: Counter[layouts.Shape] = Counter()
    plans: Counter[tuple[tuple[str, str], ...]] = Counter()
    ticker_fields: set[str] = set()
    for document in documents:
        key = document["_id"] if isinstance(document.get("_id"), dict) else {}
        plan = layouts.plan_of({**key, **document})
        path_of = {name: f"_id.{name}" for name in key.keys() - document.keys()}
        names = dict(plan.names)
        if plan.shape == "flat":
            names = {ours: path_of.get(theirs, theirs) for ours, theirs in names.items()}
        shapes[plan.shape] += 1
        plans[tuple(sorted(names.items()))] += 1
        ticker_fields.add(path_of.get(plan.ticker, plan.ticker) or names.get("ticker", ""))
    parts = list(layouts.rows_of(documents))
    rows = sum(len(part) for part in parts)
    if not rows or not any({"close", "open"} & part.columns.keys() for part in parts):
        return None
    names = _merged(plans)
    columns = {
        ours: [value for part in parts for value in part.columns.get(ours, [None] * len(part))]
        for ours in ("ticker", "date", *candles.COLUMNS)
    }
    if all(value is None for value in columns["date"]):
        return None
    unit = raw_values.epoch_unit(columns["date"])
    zone = raw_values.zone_of(raw_values.in_utc(columns["date"], unit), zones(category))
    moments = raw_values.moments(columns["date"], zone, unit)
    known = moments[~np.isnat(moments)].astype("datetime64[D]")
    close = raw_values.numbers(columns["close"])
    return Layout(
        shapes=dict(shapes),
        names=names,
        is_uniform=all(set(plan) <= set(names.items()) for plan in plans),
        rows=rows,
        rows_per_document=rows / len(documents),
        tickers=dict(Counter(_ticker_form(value, category) for value in columns["ticker"])),
        dates=dict(Counter(map(_date_form, columns["date"], moments))),
        prices=dict(Counter(_number_form(value) for name in candles.PRICES for value in columns[name])),
        volumes=dict(Counter(_number_form(value) for value in columns["volume"])),
        without_close=int((~((close > 0) & np.isfinite(close))).sum()),
        zone=zone,
        epoch_unit=unit,
        raw_tickers=dict(Counter(value for value in columns["ticker"] if layouts.is_key(value))),
        days=(known.min().item(), known.max().item()) if len(known) else None,
        ticker_fields=tuple(sorted(filter(None, ticker_fields), key=_rank)),
    )


def _rank(field: str) -> tuple[bool, bool, int, bool, str]:
    """By what a field with a ticker goes before another, as `layouts.names_of` and `layouts.plan_of` choose."""
    name = field.removeprefix("_id.")
    known = layouts.folded(name) in layouts.NAMES["ticker"]
    place = layouts.NAMES["ticker"].index(layouts.folded(name)) if known else 0
    return not known, name != "ticker", place, name != field, field


def _merged(plans: "Counter[tuple[tuple[str, str], ...]]") -> dict[str, str]:
    """For each of our fields what most documents call it."""
    said: dict[str, Counter[str]] = {}
    for plan, count in plans.items():
        for ours, theirs in plan:
            said.setdefault(ours, Counter())[theirs] += count
    return {ours: counts.most_common(1)[0][0] for ours, counts in said.items()}


def _ticker_form(value: Any, category: Category | None) -> TickerForm:
    text = layouts.ticker_text(value)
    if not text:
        return "missing"
    if not isinstance(value, str):
        return "number"
    if category is None:
        return "bare"
    meant = category.ticker_of(text)
    if not category.is_ticker(meant):
        return "other"
    if meant == value:
        return "bare"
    if text.isdecimal():
        return "number"
    return "prefixed" if text.upper() == f"A{meant}" else "suffixed"


def _date_form(value: Any, moment: np.datetime64) -> DateForm:
    if value is None or value == "":
        return "missing"
    if np.isnat(moment):
        return "unreadable"
    if isinstance(value, dt.datetime):
        return "day" if value.time() == dt.time() and value.tzinfo is None else "moment"
    return "text" if isinstance(value, str) else "number"


def _number_form(value: Any) -> NumberForm:
    if isinstance(value, str):
        return "text" if value.strip() else "missing"
    if isinstance(value, Decimal128):
        return "decimal"
    return "number" if isinstance(value, int | float) and value == value else "missing"
