"""Shares outstanding of each ticker: from Yahoo's newest quote or from the list of its exchange, whichever is newer.

`bars.breadth.market_values` decides whether a number may be used with a price.
"""

import datetime as dt
from typing import NamedTuple

from finance_core import starter
from finance_core.categories import Category
from finance_core.starter import MARKET_LISTS
from finance_core.storage import tickers
from finance_core.storage.database import MongoDatabase


class Shares(NamedTuple):
    """How many shares there were at the end of a day."""

    number: int
    day: dt.datetime


def newest(db: MongoDatabase, category: Category) -> dict[str, Shares]:
    """The newest known number of shares of each active ticker, by ticker.

    Only tickers count whose bars are Yahoo's and were compared with its whole history. The splits of others are not
    known, because an update may only have added the newest bars to bars from another source.
    """
    listed = _listed(category)
    of_ticker: dict[str, Shares] = {}
    for row in tickers.active(db, category, ("source", "verified_at", "shares", "shares_on")):
        counts = [listed[row["ticker"]]] if row["ticker"] in listed else []
        if "shares" in row:
            counts.append(Shares(row["shares"], row["shares_on"]))
        if counts and row.get("source") == "yahoo" and "verified_at" in row:
            of_ticker[row["ticker"]] = max(counts, key=lambda each: each.day)
    return of_ticker


def _listed(category: Category) -> dict[str, Shares]:
    """The numbers of shares in the lists that ship with the program, by ticker."""
    files = {each.file: starter.shipped(each.file) for each in MARKET_LISTS if each.category == category}
    return {
        ticker: Shares(number, dt.datetime.combine(of_file.date, dt.time()))
        for of_file in files.values()
        for ticker, number in of_file.shares.items()
    }
