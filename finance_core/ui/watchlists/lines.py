"""The numbers of a list: screener fields of each of its tickers at the last bar."""

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence
from typing import Final

import numpy as np
import pandas as pd

from finance_core import categories
from finance_core.bars import conditions, evaluation, price_limit
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
FIELDS: Final = {
    "close": "close",
    "change": "change",
    "volume_ratio": "volume_ratio20",
    "from_high": "from_high250",
}
"""Fields of the screener, by column."""


def of(db: MongoDatabase, entries: Sequence[Entry]) -> pd.DataFrame:
    """The numbers of `entries`, a row each; NaN where they are not known.

    Columns: those of `FIELDS` (changes are ratios), recent (the last `RECENT` closes), day (of the last bar; None if
    there are no bars).
    """
    bars = _bars(db, entries)
    # Two entries may have the same ticker; the panel needs different names, so positions are the names.
    by_position = {str(position): bars.get(entry[:2], panels.NO_BARS) for position, entry in enumerate(entries)}
    jumps = {
        position: price_limit.jumps_of(categories.category(entry.category), by_position[position])
        for position, entry in zip(by_position, entries, strict=True)
    }
    panel = panels.of(by_position, jumps=jumps)
    source, close = Source(panel), panel.bars["close"]
    numbers = {name: evaluation.values(conditions.parse_value(field), source) for name, field in FIELDS.items()}
    ends = zip(panel.last_piece.tolist(), panel.starts[1:].tolist(), strict=True)
    recent = [close[max(first, end - RECENT) : end].tolist() for first, end in ends]
    days = [panel.sessions[at].item() if at >= 0 else None for at in panel.at_last(panel.at, -1)]
    table = pd.DataFrame({name: panel.at_last(values, np.nan) for name, values in numbers.items()})
    return table.assign(recent=recent, day=pd.Series(days, dtype=object))


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
