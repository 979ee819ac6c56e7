"""What tests of updates share: a run of Korean stocks, what it stored, and what Yahoo may do to a listing."""

from collections.abc import Callable
from typing import Any

import pandas as pd
import pymongo
from pymongo.monitoring import CommandListener, CommandStartedEvent

from finance_core.bars import candles
from finance_core.categories import KOREAN_STOCKS
from finance_core.storage import prices, tickers
from finance_core.storage.database import Document, MongoDatabase
from tests.yahoo import (
    COLUMNS,
    Listing,
    YahooStandIn,
    random_walk,
)
from updaters import category_update
from updaters.ticker_update import TickerResult

DAYS = pd.bdate_range("2024-01-02", periods=63).drop(pd.DatetimeIndex(["2024-02-09", "2024-02-12", "2024-03-01"]))
"""Sessions of the Korea Exchange."""


class Ran(category_update.Summary):
    """What a run did, and what happened to each ticker, in the order in which they were finished."""

    results: list[TickerResult]


def run(db: MongoDatabase, *only: str, **options: Any) -> Ran:
    """A run with one worker, so that tickers are finished in the order in which they are begun."""
    results: list[TickerResult] = []
    told = options.pop("progress", lambda _summary, _result: None)

    def progress(summary: category_update.Summary, result: TickerResult | None) -> None:
        if result:
            results.append(result)
        told(summary, result)

    summary = category_update.run(db, KOREAN_STOCKS, only or None, **{"workers": 1, "progress": progress, **options})
    ran = Ran(**vars(summary))
    ran.results = results
    return ran


def register(db: MongoDatabase, ticker: str, market: str = "KOSPI", **more: object) -> None:
    tickers.register(db, KOREAN_STOCKS, [{"ticker": ticker, "name": ticker, "market": market, **more}])


def metadata(db: MongoDatabase, ticker: str = "005930") -> Document:
    row = tickers.get(db, KOREAN_STOCKS, ticker)
    assert row is not None
    return row


def everything(db: MongoDatabase) -> list[Document]:
    """All that is stored, with the `_id`s, but for when it was written or compared with Yahoo's."""
    moments = {"updated_at": False, "silent_since": False, "verified_at": False, "asked_again": False}
    documents = [*db["korean_stocks"].find(), *db["ticker_metadata"].find({}, moments)]
    return sorted(documents, key=lambda document: str(document["_id"]))


def bars_of(db: MongoDatabase, ticker: str = "005930") -> pd.DataFrame:
    return prices.load(db, KOREAN_STOCKS, ticker)


def actions_of(db: MongoDatabase, kind: str) -> dict[Any, float]:
    column = bars_of(db)[kind]
    return column[column != 0].to_dict()


def assert_stored(db: MongoDatabase, listing: Listing, ticker: str = "005930") -> None:
    """All bars of the listing, and no others, are stored with its values; none of them was halted."""
    pd.testing.assert_frame_equal(
        prices.as_stored(db, KOREAN_STOCKS, ticker)[COLUMNS].astype(float),
        listing.bars,
        check_index_type=False,
        check_freq=False,
    )


def split(listing: Listing, day: pd.Timestamp, new: int) -> None:
    """What Yahoo does on the day of a split: all prices so far are divided, and the new ones are lower anyway."""
    listing.bars = listing.bars.copy()
    listing.bars[candles.PRICES] /= new
    listing.splits[day.date()] = (new, 1)


def first_day_asked(yahoo: YahooStandIn, symbol: str = "005930.KS") -> pd.Timestamp:
    request = yahoo.asked(symbol)[-1]
    return pd.Timestamp(int(request.query["period1"]), unit="s", tz="Asia/Seoul").tz_localize(None)


def four_listed(db: MongoDatabase, yahoo: YahooStandIn) -> tuple[str, ...]:
    four = ("000660", "005930", "035720", "051910")
    for ticker in four:
        yahoo.listings[f"{ticker}.KS"] = Listing(random_walk(DAYS, seed=int(ticker)))
        register(db, ticker)
    return four


class Watcher(CommandListener):
    """Calls `look` before each of the `commands` on bars."""

    def __init__(self) -> None:
        self.look: Callable[[], object] = lambda: None
        self.commands = ["insert", "update", "delete"]

    def started(self, event: CommandStartedEvent) -> None:
        if event.command_name in self.commands and "korean_stocks" in event.command.values():
            self.look()

    def succeeded(self, event: object) -> None:
        pass

    failed = succeeded


def watched(db: MongoDatabase, uri: str) -> tuple[MongoDatabase, Watcher]:
    """The same database, through a client whose writes are watched."""
    watcher = Watcher()
    return pymongo.MongoClient(uri, event_listeners=[watcher])[db.name], watcher


def rewrite(samsung: Listing) -> None:
    """Bars that are added, replaced and removed at once."""
    samsung.bars = random_walk(DAYS, seed=1).drop(DAYS[7])
    split(samsung, DAYS[55], 50)
