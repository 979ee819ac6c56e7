"""Shares outstanding of each ticker: from Yahoo's newest quote or from the list of its exchange, whichever is newer.

`bars.market_values` decides whether a number may be used with a price.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np

from finance_core import starter
from finance_core.bars.panel import Shares
from finance_core.categories import Category
from finance_core.starter import MARKET_LISTS
from finance_core.storage.documents import TickerRow

FIELDS: Final = ("source", "verified_at", "shares", "shares_since", "shares_on")
"""What `of` needs of a row."""

Count = tuple[float, dt.datetime, dt.datetime]
"""A number of shares, and the days from and until which it is known to hold."""
_UNKNOWN: Final = (float("nan"), None, None)


def of(category: Category, rows: Sequence[TickerRow]) -> Shares:
    """The shares of the tickers of `rows`.

    Only tickers count whose bars are Yahoo's and were compared with its whole history. The splits of others are not
    known, because an update may only have added the newest bars to bars from another source.
    """
    listed = _listed(category)
    counts = [_newest(row, listed.get(row["ticker"])) for row in rows]
    numbers, since, until = zip(*counts, strict=True) if counts else ((), (), ())
    return Shares(np.array(numbers, dtype="float64"), np.array(since, dtype="M8[D]"), np.array(until, dtype="M8[D]"))


def values(category: Category, rows: Sequence[TickerRow]) -> dict[str, float]:
    """The last close times the newest number of shares, by ticker, where both are stored, for samples too.

    Only for an order: a split may have made a number wrong (see `of`), which moves a ticker by a few places, and a new
    installation, whose closes are samples, finds the large companies first.
    """
    listed = _listed(category)
    result: dict[str, float] = {}
    for row in rows:
        counts = [count for count in (listed.get(row["ticker"]), _quoted(row)) if count]
        close = row.get("last_close")
        if counts and isinstance(close, int | float) and close > 0:
            result[row["ticker"]] = close * max(counts, key=lambda count: count[2])[0]
    return result


def _newest(row: TickerRow, listed: Count | None) -> Count | tuple[float, None, None]:
    """The newer count, since the day on which either source told this number first.

    If the older source had the same number, it holds since then; or a split in between has changed it in no source yet.
    """
    counts = [count for count in (listed, _quoted(row)) if count]
    if not counts or row.get("source") != "yahoo" or "verified_at" not in row:
        return _UNKNOWN
    number, _since, until = max(counts, key=lambda count: count[2])
    return number, min(since for same, since, _until in counts if same == number), until


def _quoted(row: Mapping[str, Any]) -> Count | None:
    """The number of shares in `row`; None if it has none, or not as updates write it: one row must not stop a page."""
    number, until = row.get("shares"), row.get("shares_on")
    since = row.get("shares_since", until)
    if isinstance(number, int | float) and isinstance(since, dt.datetime) and isinstance(until, dt.datetime):
        return number, since, until
    return None


def _listed(category: Category) -> dict[str, Count]:
    """The numbers of shares in the lists that ship with the program, by ticker."""
    files = {each.file: starter.shipped(each.file) for each in MARKET_LISTS if each.category == category}
    days = {name: dt.datetime.combine(of_file.date, dt.time()) for name, of_file in files.items()}
    return {
        ticker: (number, days[name], days[name])
        for name, of_file in files.items()
        for ticker, number in of_file.shares.items()
    }
