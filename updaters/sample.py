"""Makes sample prices, so that a first look needs no network.

Only for the embedded server, and only for categories without tickers and bars. The row of a sample ticker has `source:
"sample"`, until its first update from Yahoo replaces all of its bars at once.
"""

import datetime as dt
import hashlib
import logging
import threading
from collections.abc import Callable

import numpy as np
import pandas as pd
from pymongo.client_session import ClientSession

from finance_core import categories, starter, turns
from finance_core.bars import candles, sessions
from finance_core.categories import Category
from finance_core.storage import database, locations, prices, tickers
from finance_core.storage.database import MongoDatabase

YEARS = 10
"""The length of the sample histories."""

_log = logging.getLogger(__name__)


def prepare(
    db: MongoDatabase,
    today: dt.date,
    progress: Callable[[float], None] = lambda _done: None,
    *,
    shown_first: bool = False,
    stop: threading.Event | None = None,
) -> None:
    """Give the categories of an empty embedded database the starter lists and sample prices.

    Does nothing on a user's own server, and in categories that have tickers or bars. Completes an interrupted fill: a
    list is registered atomically, then each ticker is filled atomically, until `stop` is set. `progress` is called with
    the share done, up to 1. With `shown_first`, fills only the tickers that pages show first. Idempotent.
    """
    if not database.is_embedded():
        return
    for category in categories.CATEGORIES:
        if not locations.has_list(db, category) and not prices.any_stored(db, category):
            _register(db, category)
    unfilled = [
        (category, row)
        for category in categories.CATEGORIES
        for row in tickers.unfilled_samples(db, category)
        if not shown_first or row["ticker"] in (category.default_ticker, *category.headlines)
    ]
    for done, (category, row) in enumerate(unfilled, start=1):
        if stop is not None and stop.is_set():
            return
        if not shown_first:
            turns.give_way()
        _fill(db, category, row["ticker"], row.get("market", ""), today)
        progress(done / len(unfilled))
    if unfilled:
        _log.info("sample prices for %d tickers", len(unfilled))


def _register(db: MongoDatabase, category: Category) -> None:
    rows = [{**row, "source": "sample", "bar_count": 0} for row in starter.rows(category)]
    # Atomic: a part of the list would look like a list of the user's own and stay incomplete.
    database.atomically(db, lambda session: tickers.register(db, category, rows, session))


def _fill(db: MongoDatabase, category: Category, ticker: str, market: str, today: dt.date) -> None:
    first = (pd.Timestamp(today) - pd.DateOffset(years=YEARS)).date()
    days = sessions.between(category.market(market).calendar, first, today - dt.timedelta(days=1))
    bars = sample_bars(ticker, days, category.decimals[0][1])

    def write(session: ClientSession | None) -> None:
        # Another process may have filled or updated the ticker in the meantime.
        if tickers.unfilled_samples(db, category, ticker, session):
            # The row is written first: of two processes that write it, one gives up before it writes a bar.
            tickers.record(db, category, ticker, {"bars_changed_at": tickers.now()}, session)
            prices.write(db, category, ticker, bars, session, remove_others=True)
            tickers.record(db, category, ticker, prices.state_of(category, bars), session)

    database.atomically(db, write)


def sample_bars(ticker: str, days: pd.DatetimeIndex, decimals: int = 0) -> pd.DataFrame:
    """A random walk on `days`, the same for the same `ticker`, `decimals` and number of days.

    Prices have `decimals` decimals and about five digits in all; the yearly volatility is about 30 %.
    """
    random = np.random.default_rng(int.from_bytes(hashlib.sha256(ticker.encode()).digest()[:8]))
    count = len(days)
    start = 10 ** (random.uniform(4, 5.5) - decimals)
    close = start * np.exp(np.cumsum(random.normal(0.0002, 0.019, count)))
    open_ = np.concatenate([[start], close[:-1]]) * np.exp(random.normal(0, 0.006, count))
    spread = np.abs(random.normal(0, 0.008, (2, count)))
    bars = pd.DataFrame(
        {
            "open": open_,
            "high": np.maximum(open_, close) * (1 + spread[0]),
            "low": np.minimum(open_, close) * (1 - spread[1]),
            "close": close,
        },
        index=days.rename("date"),
    ).round(decimals)
    bars["volume"] = (1e10 / 10**decimals / close * random.lognormal(0, 0.5, count)).astype("int64")
    bars[candles.CORPORATE_ACTIONS] = 0.0
    return bars
