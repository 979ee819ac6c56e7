"""Labelled sample prices, so that a first look needs no network.

Only ever for the embedded server, and only for tickers that have nothing yet. A sample ticker says so in its metadata
(`source: "sample"`), from before its first bar to the moment its first real update replaces all of them at once.
"""

import datetime as dt
import hashlib
import logging
from collections.abc import Callable

import numpy as np
import pandas as pd
from pymongo.client_session import ClientSession

from finance_core import categories, starter
from finance_core.bars import candles, sessions
from finance_core.categories import Category
from finance_core.storage import database, prices, tickers
from finance_core.storage.database import MongoDatabase

YEARS = 10

_log = logging.getLogger(__name__)


def prepare(db: MongoDatabase, today: dt.date, progress: Callable[[float], None] = lambda _done: None) -> None:
    """Fill an empty embedded database with the starter lists and sample prices; complete it where a fill broke off.

    Does nothing on a user's own server, or where a category has tickers or bars already. `progress` is told the share
    done, up to 1. Idempotent, and safe against kill -9: the list is registered first and in one piece, then each ticker
    is filled in one piece.
    """
    if not database.is_embedded():
        return
    for category in categories.CATEGORIES:
        if not tickers.any_registered(db, category) and not prices.any_stored(db, category):
            _register(db, category)
    todo = [(category, row) for category in categories.CATEGORIES for row in tickers.unfilled_samples(db, category)]
    for done, (category, row) in enumerate(todo, start=1):
        _fill(db, category, row["ticker"], row.get("market", ""), today)
        progress(done / len(todo))
    if todo:
        _log.info("sample prices for %d tickers", len(todo))


def _register(db: MongoDatabase, category: Category) -> None:
    rows = [{**row, "source": "sample", "bar_count": 0} for row in starter.rows(category)]
    # In one piece: a part of the list would pass for a list of the user's own, and never be completed.
    database.atomically(db, lambda session: tickers.register(db, category, rows, session))


def _fill(db: MongoDatabase, category: Category, ticker: str, market: str, today: dt.date) -> None:
    calendar = category.market(market).calendar
    days = sessions.between(calendar, _years_before(today), today - dt.timedelta(days=1))
    bars = sample_bars(ticker, days, category.decimals[0][1])

    def write(session: ClientSession | None) -> None:
        # Another process may have filled or really updated it meanwhile; then there is nothing to do here.
        if tickers.unfilled_samples(db, category, ticker, session):
            # First what only one of them can write, so that the other gives up before it has written any bar.
            tickers.record(db, category, ticker, {"updated_at": tickers.now()}, session)
            prices.replace(db, category, ticker, bars, session)
            tickers.record(db, category, ticker, prices.state(db, category, ticker, session), session)

    database.atomically(db, write)


def sample_bars(ticker: str, days: pd.DatetimeIndex, decimals: int = 0) -> pd.DataFrame:
    """Bars on `days` of a random walk that depends on `ticker`, `decimals` and the number of days alone.

    Prices have `decimals` decimals and about five digits in all; a yearly volatility of about 30 %.
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


def _years_before(day: dt.date) -> dt.date:
    return (pd.Timestamp(day) - pd.DateOffset(years=YEARS)).date()
