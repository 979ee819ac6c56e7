"""The numbers of a list: screener fields of each of its tickers at the last bar."""

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence
from itertools import pairwise
from typing import Final, NamedTuple

import numpy as np

from finance_core import categories
from finance_core.bars import conditions, evaluation
from finance_core.bars import panel as panels
from finance_core.bars.field_values import Source
from finance_core.bars.panel import TickerBars
from finance_core.storage import panels as stored
from finance_core.storage.database import MongoDatabase
from finance_core.storage.watchlists import Entry
from finance_core.ui import listing

REACH: Final = dt.timedelta(days=420)
"""A number of calendar days that surely holds 250 bars."""
RECENT: Final = 60
FIELDS: Final = ("close", "change", "volume_ratio20", "from_high250")


class Line(NamedTuple):
    """The numbers of one ticker; NaN where they are not known."""

    close: float
    change: float
    """The change from the previous close, as a ratio."""
    volume_ratio: float
    """The volume divided by the average volume of the 20 bars before."""
    from_high: float
    """The change from the highest high of 250 bars to the close, as a ratio."""
    recent: list[float]
    """The last `RECENT` closes."""
    day: dt.date | None
    """The day of the last bar; None without bars."""


def of(db: MongoDatabase, entries: Sequence[Entry]) -> list[Line]:
    """The line of each entry."""
    bars = _bars(db, entries)
    # Two entries may have the same ticker; the panel needs different names, so positions are the names.
    panel = panels.of({str(position): bars.get(entry[:2], panels.NO_BARS) for position, entry in enumerate(entries)})
    source = Source(panel)
    numbers = [panel.at_last(evaluation.values(conditions.parse_value(name), source), np.nan) for name in FIELDS]
    lines = []
    for position, (first, end) in enumerate(pairwise(panel.starts.tolist())):
        recent = panel.bars["close"][max(first, end - RECENT) : end].tolist()
        day = panel.sessions[panel.at[end - 1]].item() if end > first else None
        close, change, volume_ratio, from_high = (float(values[position]) for values in numbers)
        lines.append(Line(close, change, volume_ratio, from_high, recent, day))
    return lines


def _bars(db: MongoDatabase, entries: Sequence[Entry]) -> dict[tuple[str, ...], TickerBars]:
    by_category: dict[str, list[str]] = defaultdict(list)
    for entry in entries:
        by_category[entry.category].append(entry.ticker)
    by_entry: dict[tuple[str, ...], TickerBars] = {}
    now = dt.datetime.now()
    for key, names in by_category.items():
        category = categories.category(key)
        rows = listing.of(db, category).rows
        oldest = min((rows[name].get("last_date") or now for name in names if name in rows), default=now)
        for ticker, bars in stored.some(db, category, names, (oldest - REACH).date()).items():
            by_entry[key, ticker] = bars
    return by_entry
