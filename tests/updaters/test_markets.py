"""Bars of other markets than Seoul land on the days of their own exchange, and are not fetched whole each time."""

import datetime as dt

import pandas as pd
import pytest

from finance_core.bars import sessions
from finance_core.categories import CURRENCIES, INDICES, US_STOCKS, Category
from finance_core.storage import prices, tickers
from finance_core.storage.database import MongoDatabase
from tests.yahoo import Listing, YahooStandIn, random_walk
from updaters import category_update

pytestmark = pytest.mark.slow

CASES = [
    (US_STOCKS, "AAPL", "NASDAQ", "AAPL", "America/New_York", "09:30", "XNYS"),
    (INDICES, "^N225", "TSE", "^N225", "Asia/Tokyo", "09:00", "XTKS"),
    (INDICES, "^FTSE", "LSE", "^FTSE", "Europe/London", "08:00", "XLON"),
    (CURRENCIES, "USDKRW", "FX", "USDKRW=X", "Europe/London", "00:00", "24/5"),
    (CURRENCIES, "DX-Y", "ICE", "DX-Y.NYB", "America/New_York", "00:00", "24/5"),
]


@pytest.mark.parametrize(("category", "ticker", "market", "symbol", "zone", "opens", "calendar"), CASES)
@pytest.mark.parametrize("last", ["2026-01-15", "2026-07-15"], ids=["winter", "summer"])
def test_bars_land_on_the_days_of_their_exchange_in_winter_and_summer(
    db: MongoDatabase,
    yahoo: YahooStandIn,
    category: Category,
    ticker: str,
    market: str,
    symbol: str,
    zone: str,
    opens: str,
    calendar: str,
    last: str,
) -> None:
    days = sessions.between(calendar, dt.date(2025, 1, 1), dt.date.fromisoformat(last))
    table = random_walk(days, 1)
    listing = Listing(table.iloc[:-1], currency="USD", timezone=zone, opens=opens)
    yahoo.listings[symbol] = listing
    assert category_update.run(db, category, [ticker]).added == len(days) - 1
    stored = prices.load(db, category, ticker)
    assert stored.index.tolist() == pd.DatetimeIndex(days[:-1]).tolist()
    assert (tickers.get(db, category, ticker) or {})["market"] == market

    listing.bars = table
    summary = category_update.run(db, category, [ticker])
    assert (summary.added, summary.replaced, summary.removed) == (1, 0, 0)
    assert len(yahoo.asked(symbol)) == 2, "what is new was enough, the history was not asked for again"
