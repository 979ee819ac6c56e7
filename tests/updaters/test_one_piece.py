"""A history is replaced in one piece, with transactions and without."""

import subprocess
import tempfile
import textwrap
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pymongo
import pytest
from pymongo import WriteConcern
from pymongo.client_session import ClientSession

from finance_core.bars import candles
from finance_core.categories import KOREAN_STOCKS
from finance_core.mongod.process import find_binary
from finance_core.storage import database, locations, panels, prices, raw_bars, tickers
from finance_core.storage.database import Document, MongoDatabase
from tests.processes import start_python
from tests.updaters.updating import (
    DAYS,
    assert_stored,
    bars_of,
    everything,
    metadata,
    rewrite,
    run,
    watched,
)
from tests.yahoo import (
    Listing,
    YahooStandIn,
)

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("impatient")]


# With transactions


def test_a_reader_meets_the_old_history_or_the_new_but_never_a_mixture(
    own_server_db: MongoDatabase, samsung: Listing, shared_server: Any
) -> None:
    run(own_server_db, "005930")
    old = bars_of(own_server_db)
    writer, watcher = watched(own_server_db, shared_server.uri)
    seen: list[bool] = []
    watcher.look = lambda: seen.append(
        bars_of(own_server_db).equals(old) and "rewriting" not in metadata(own_server_db)
    )
    rewrite(samsung)

    with writer.client:
        run(writer, "005930")

    assert len(seen) >= 3
    assert all(seen)
    assert_stored(own_server_db, samsung)


def test_a_history_that_is_replaced_while_it_is_read_is_read_as_it_was(
    own_server_db: MongoDatabase, samsung: Listing, shared_server: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(own_server_db, "005930")
    old = bars_of(own_server_db)
    reader, watcher = watched(own_server_db, shared_server.uri)
    replaced: list[object] = []

    def replace() -> None:
        if not replaced:
            rewrite(samsung)
            replaced.append(run(own_server_db, "005930"))

    watcher.commands, watcher.look = ["getMore"], replace
    monkeypatch.setattr(raw_bars, "BATCH", 10)

    with reader.client:
        reader.command("ping")
        read = prices.as_stored(reader, KOREAN_STOCKS, "005930")

    assert replaced
    pd.testing.assert_frame_equal(read, old)
    assert_stored(own_server_db, samsung)


def test_bars_are_never_older_than_the_row_that_was_read_before_them(own_server_db: MongoDatabase) -> None:
    """A row is the version of its bars: else a page would keep the old ones under the new version."""
    db, location = own_server_db, locations.of(own_server_db, KOREAN_STOCKS)
    bar = {"ticker": "005930", "date": DAYS[0].to_pydatetime(), **dict.fromkeys(candles.PRICES, 1.0)}
    db["korean_stocks"].insert_one(bar)
    db["rows"].insert_one({"close": 1.0})
    is_over = threading.Event()

    def write(session: ClientSession | None) -> None:
        for name in ("korean_stocks", "rows"):
            db[name].update_one({}, {"$inc": {"close": 1.0}}, session=session)

    def write_on() -> None:
        while not is_over.is_set():
            database.atomically(db, write)

    writer = threading.Thread(target=write_on)
    writer.start()
    try:
        for _ in range(400):
            row = database.at_one_moment(db, location, lambda session: db["rows"].find_one({}, session=session) or {})
            read = prices.as_stored(db, location, "005930")
            assert read["close"].iloc[0] >= row["close"]
    finally:
        is_over.set()
        writer.join()


def test_what_was_written_a_moment_ago_is_read_though_no_majority_was_waited_for(own_server_db: MongoDatabase) -> None:
    hurried = own_server_db.with_options(write_concern=WriteConcern(w=1))
    for close in range(1, 51):
        table = np.full((300, len(candles.COLUMNS)), float(close))
        bars = candles.frame(pd.bdate_range("2024-01-02", periods=300).to_numpy(), table)
        prices.write(hurried, KOREAN_STOCKS, "005930", bars, remove_others=True)
        assert prices.as_stored(hurried, KOREAN_STOCKS, "005930").equals(bars)


# A server without transactions


@pytest.fixture(scope="session")
def standalone_uri() -> Iterator[str]:
    with tempfile.TemporaryDirectory(prefix="mongod-") as name:
        socket = f"{name}/m.sock"
        options = ["--dbpath", name, "--logpath", f"{name}/log", "--bind_ip", socket, "--unixSocketPrefix", name]
        small = ["--wiredTigerCacheSizeGB", "0.25", "--setParameter", "diagnosticDataCollectionEnabled=false"]
        server = subprocess.Popen([str(find_binary()), *options, *small], stdout=subprocess.DEVNULL)
        try:
            yield f"mongodb://{socket.replace('/', '%2F')}/"
        finally:
            server.kill()
            server.wait()


@pytest.fixture
def standalone_db(standalone_uri: str, data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[MongoDatabase]:
    monkeypatch.setenv("MONGO_URI", standalone_uri)
    assert data_dir.exists()
    with pymongo.MongoClient[Document](standalone_uri, serverSelectionTimeoutMS=20_000) as client:
        client.admin.command("ping")
    db = database.connect()
    assert not database.has_transactions(db)
    yield db
    db.client.drop_database(db.name)


def test_without_transactions_an_update_does_the_same(standalone_db: MongoDatabase, samsung: Listing) -> None:
    db = standalone_db
    run(db, "005930")
    assert_stored(db, samsung)
    rewrite(samsung)

    summary = run(db, "005930")

    assert (summary.added, summary.replaced, summary.removed) == (10, 49, 1)
    assert_stored(db, samsung)
    assert "rewriting" not in metadata(db)
    before = everything(db)
    run(db, "005930")
    assert everything(db) == before


def test_without_transactions_a_reader_is_told_while_a_history_is_rewritten(
    standalone_db: MongoDatabase, standalone_uri: str, samsung: Listing
) -> None:
    run(standalone_db, "005930")
    writer, watcher = watched(standalone_db, standalone_uri)
    seen: list[bool] = []
    watcher.look = lambda: seen.append(metadata(standalone_db).get("rewriting", False))
    rewrite(samsung)

    with writer.client:
        run(writer, "005930")

    assert len(seen) >= 3
    assert all(seen)
    assert "rewriting" not in metadata(standalone_db)


KILLED_WHILE_WRITING = """
    import os, signal, sys
    import pymongo
    from finance_core.categories import KOREAN_STOCKS
    from tests.updaters.updating import watched
    from updaters import category_update

    writer, watcher = watched(pymongo.MongoClient(sys.argv[1])[sys.argv[2]], sys.argv[1])
    writes = iter(range(1, 9))
    watcher.look = lambda: next(writes) == 2 and os.kill(os.getpid(), signal.SIGKILL)
    category_update.run(writer, KOREAN_STOCKS, ["005930"])
"""


def test_without_transactions_a_rewrite_that_was_killed_is_completed_by_the_next_run(
    standalone_db: MongoDatabase, standalone_uri: str, yahoo: YahooStandIn, samsung: Listing
) -> None:
    db = standalone_db
    run(db, "005930")
    rewrite(samsung)
    process = start_python("-c", textwrap.dedent(KILLED_WHILE_WRITING), standalone_uri, db.name)

    process.communicate(timeout=60)

    assert process.returncode == -9

    db["update_leases"].update_one({}, {"$set": {"expires_at": tickers.now()}})  # as it does by itself
    mixture = bars_of(db)
    assert metadata(db)["rewriting"] is True
    assert mixture.index[-1] == DAYS[59], "some of the new bars were written"
    assert mixture["close"].iloc[0] != samsung.bars["close"].iloc[0], "and some of the old are still there"
    questions = panels.panel(db, KOREAN_STOCKS, DAYS[0].date())
    assert (questions.unreadable, len(questions.at)) == ({"005930"}, 0), "no question is answered from a mixture"

    whole, samsung.bars = samsung.bars, samsung.bars.iloc[-5:]
    assert "5개" in str(run(db, "005930").failures[0].error), "a stump is no replacement, even for a mixture"
    samsung.bars = whole
    yahoo.clear()
    assert not run(db, "005930").failures
    assert_stored(db, samsung)
    assert "rewriting" not in metadata(db)
    assert len(panels.panel(db, KOREAN_STOCKS, DAYS[0].date()).at) == len(samsung.bars)
