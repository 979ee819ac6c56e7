"""A night of the whole Korean market: its requests, its seconds, and that every bar is that of the chart."""

import datetime as dt
import time
from pathlib import Path

import numpy as np
import pytest

from finance_core.bars import candles
from finance_core.categories import KOREAN_STOCKS, Market
from finance_core.storage import bar_documents, prices, tickers
from finance_core.storage.database import Document, MongoDatabase
from tests import yahoo as stand_in
from tests.benchmarks.conftest import tell
from tests.updaters.false_quotes import FALSE_QUOTES, SESSIONS, TODAY, YESTERDAY, at
from tests.yahoo import Listing, YahooStandIn, quote_of, random_walk
from updaters import category_update
from updaters import yahoo as product

pytestmark = [pytest.mark.timeout(900), pytest.mark.filterwarnings("ignore")]

KOSPI, KOSDAQ = 943, 1_818
"""Tickers of the two markets."""
DAYS = SESSIONS
FALSE_SHARE = 20
"""One in so many quotes is falsified."""
EVENING = at(TODAY, 16, 10)


@pytest.fixture
def market(db: MongoDatabase, yahoo: YahooStandIn) -> dict[str, Listing]:
    """The whole market, stored up to the session before the last; Yahoo has the charts and the quotes of the last."""
    verified = at(YESTERDAY, 18).astimezone(dt.UTC).replace(tzinfo=None)
    listings: dict[str, Listing] = {}
    for number in range(KOSPI + KOSDAQ):
        segment = KOREAN_STOCKS.markets[number >= KOSPI]
        ticker = f"{number:06}"
        listings[ticker] = Listing(random_walk(DAYS, number), exchange=segment.yahoo_exchanges[0])
        symbol = product.symbol(ticker, segment)
        yahoo.listings[symbol], yahoo.quotes[symbol] = listings[ticker], quote_of(listings[ticker])
        store(db, ticker, segment, listings[ticker], verified)
    return listings


def store(db: MongoDatabase, ticker: str, segment: Market, listing: Listing, verified: dt.datetime) -> None:
    bars = candles.clean(listing.bars.iloc[:-1])[0]
    db[KOREAN_STOCKS.collection].insert_many(bar_documents.to_documents(ticker, bars))
    row: Document = {
        "ticker": ticker,
        "name": ticker,
        "market": segment.key,
        "yahoo_symbol": product.symbol(ticker, segment),
        "source": "yahoo",
        "last_status": "ok",
        "updated_at": verified,
        "verified_at": verified,
        **prices.state_of(KOREAN_STOCKS, bars),
    }
    tickers.register(db, KOREAN_STOCKS, [row])


def night(db: MongoDatabase) -> tuple[category_update.Summary, float]:
    begun = time.perf_counter()
    summary = category_update.run(db, KOREAN_STOCKS, now=lambda: EVENING)
    return summary, time.perf_counter() - begun


def assert_all_stored(db: MongoDatabase, listings: dict[str, Listing]) -> None:
    """Every bar of the last session is that of the chart, and there are no others."""
    stored = {bar["ticker"]: bar for bar in db[KOREAN_STOCKS.collection].find({"date": TODAY.to_pydatetime()})}
    assert stored.keys() == listings.keys()
    found = np.array([[stored[ticker][name] for name in stand_in.COLUMNS] for ticker in listings])
    expected = np.array([listing.bars.iloc[-1].to_numpy() for listing in listings.values()])
    assert (found == expected).all()
    assert db[KOREAN_STOCKS.collection].count_documents({}) == len(listings) * len(DAYS)


def test_a_night_of_the_whole_market(
    db: MongoDatabase, yahoo: YahooStandIn, market: dict[str, Listing], tmp_path: Path
) -> None:
    summary, seconds = night(db)

    charts = sum(request.symbol is not None for request in yahoo.requests)
    tell("a night of 2,761 tickers", seconds=seconds, requests=len(yahoo.requests), charts=charts)
    assert (summary.state, summary.added, summary.failed) == ("done", len(market), 0)
    assert len(yahoo.requests) - charts <= 30
    assert charts <= len(market) / 20 + 1, "the rotation"
    assert_all_stored(db, market)
    assert seconds <= 10


def test_no_false_quote_becomes_a_bar(db: MongoDatabase, yahoo: YahooStandIn, market: dict[str, Listing]) -> None:
    ways = list(FALSE_QUOTES.values())
    false = list(yahoo.quotes)[::FALSE_SHARE]
    for number, symbol in enumerate(false):
        yahoo.quotes[symbol] = ways[number % len(ways)](yahoo.quotes[symbol])

    summary, seconds = night(db)

    tell("a night in which 5 % of the quotes are false", seconds=seconds, false=len(false), quoted=summary.quoted)
    assert (summary.state, summary.added) == ("done", len(market))
    asked = {request.symbol for request in yahoo.requests if request.symbol}
    assert asked >= set(false)
    assert_all_stored(db, market)
