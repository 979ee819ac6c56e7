"""What it costs to adopt a user's own collection, as ratios to the plain way of doing the same in the same run."""

import datetime as dt
import gc
import statistics
import time
from collections.abc import Iterator

import numpy as np
import pandas as pd
import pytest

from finance_core.bars import sessions
from finance_core.categories import KOREAN_STOCKS
from finance_core.foreign import import_run, inspection
from finance_core.foreign.collection_source import CollectionSource
from finance_core.foreign.layout import recognise
from finance_core.storage import bar_documents, prices
from finance_core.storage.database import Document, MongoDatabase
from finance_core.storage.locations import Location
from tests.benchmarks.conftest import seconds, tell
from tests.benchmarks.test_update_speed import wait_for_quiet
from tests.yahoo import random_walk

pytestmark = [pytest.mark.timeout(1800), pytest.mark.filterwarnings("ignore")]

TICKERS, DAYS = 100, 10_000
FOREIGN = {name: name.title() for name in ("date", "open", "high", "low", "close", "volume")} | {"ticker": "symbol"}


def trading_days() -> pd.DatetimeIndex:
    """Sessions, and weekdays in the years before the calendar."""
    known = sessions.between("XKRX", dt.date(1990, 1, 1), dt.date(2026, 11, 20))
    before = pd.bdate_range(end=known[0] - pd.Timedelta(days=1), periods=DAYS - len(known))
    return before.append(known)


def documents() -> Iterator[list[Document]]:
    """A million days of a hundred tickers, a ticker at a time, in a layout that needs converting."""
    days = trading_days()
    texts = days.strftime("%Y-%m-%d").tolist()
    for number in range(TICKERS):
        table = random_walk(days, number)
        table["volume"] = table["volume"].astype(int)
        columns = [table[name].tolist() for name in ("open", "high", "low", "close", "volume")]
        yield [
            {"symbol": f"A{number + 10:06}", "date": text, "open": o, "high": h, "low": low, "close": c, "volume": v}
            for text, o, h, low, c, v in zip(texts, *columns, strict=True)
        ]


def test_a_million_documents_are_converted(db: MongoDatabase) -> None:
    db["reference"].create_index(["symbol", "date"], unique=True)
    bare = 0.0
    for ours in documents():
        begun = time.perf_counter()
        db["reference"].insert_many(ours)
        bare += time.perf_counter() - begun
    db["reference"].drop()
    for ours in documents():
        db["my_prices"].insert_many(ours)
    wait_for_quiet()
    gc.collect()
    inspected = _inspection(db, is_exact=False)
    begun = time.perf_counter()
    layout = recognise(db["my_prices"].aggregate([{"$sample": {"size": 1_000}}]).to_list(), KOREAN_STOCKS)
    assert layout is not None
    summary = import_run.run(db, KOREAN_STOCKS, CollectionSource(db, "my_prices", layout))
    taken = time.perf_counter() - begun
    assert (summary.state, summary.added, summary.refused) == ("done", TICKERS * DAYS, 0)
    assert summary.verified == TICKERS
    tell(
        "a million documents converted",
        seconds=taken,
        a_second=TICKERS * DAYS / taken,
        insert_many=TICKERS * DAYS / bare,
        ratio=bare / taken,
    )
    assert bare / taken >= 0.45
    db["my_prices"].create_index(["symbol", "date"])
    tell("a million documents inspected", without_index=inspected, with_index=_inspection(db, is_exact=True))


def _inspection(db: MongoDatabase, *, is_exact: bool) -> float:
    """Seconds that an inspection of the million documents takes; exact at least with an index."""
    begun = time.perf_counter()
    found = inspection.look_at(db, "my_prices", KOREAN_STOCKS)
    taken = time.perf_counter() - begun
    assert found.documents == TICKERS * DAYS
    assert found.tickers == TICKERS
    assert found.is_exact or not is_exact
    assert taken <= 4
    return taken


def test_a_collection_with_other_names_is_read_as_fast_as_ours(db: MongoDatabase) -> None:
    location = Location("my_prices", FOREIGN, read_only=True)
    days = pd.bdate_range(end="2026-11-20", periods=DAYS)
    names = [f"{number:06}" for number in range(5)]
    for number, name in enumerate(names):
        ours = bar_documents.to_documents(name, random_walk(days, number).assign(dividends=0.0, stock_splits=0.0))
        db["korean_stocks"].insert_many(ours)
        db["my_prices"].insert_many(
            [{FOREIGN[key]: value for key, value in document.items() if key != "_id"} for document in ours]
        )
    db["my_prices"].create_index([("symbol", 1), ("Date", 1)])
    wait_for_quiet()
    ratios = {}
    for last in (None, 250):
        measured = []
        for _ in range(5):
            native = seconds(lambda: [prices.load(db, Location("korean_stocks"), name, last) for name in names], 5)  # noqa: B023
            mapped = seconds(lambda: [prices.load(db, location, name, last) for name in names], 5)  # noqa: B023
            measured.append(mapped / native)
        ratios[str(last or "all")] = statistics.median(measured)
    tell("reading under other names, as a ratio to ours", **ratios)
    assert np.max(list(ratios.values())) <= 1.3
