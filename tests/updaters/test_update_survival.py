"""Update runs that are killed, cancelled from elsewhere, or lose their database: what is stored stays whole.

Real processes, real servers and the stand-in for Yahoo.
"""

import datetime as dt
import json
import os
import random
import textwrap
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from finance_core.bars import candles
from finance_core.categories import KOREAN_STOCKS
from finance_core.errors import SisepanError
from finance_core.storage import database, prices, runs, tickers
from finance_core.storage.database import Document, MongoDatabase
from tests import processes
from tests.conftest import forget_transactions
from tests.processes import Mongod, start_python, start_update, wait_until
from tests.yahoo import COLUMNS, Hang, Listing, YahooStandIn, random_walk
from updaters import category_update, command

DAYS = pd.bdate_range("2024-01-02", periods=70)
KILLS_EACH = 6
"""Runs that a test kills."""
KILLS = int(os.environ.get("KILLS", "6"))
"""Runs that all of its tests kill; more take their time."""
STATE = ("first_date", "last_date", "bar_count", "last_close")


pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("korean_shell")]


def register(db: MongoDatabase, names: list[str]) -> None:
    tickers.register(db, KOREAN_STOCKS, [{"ticker": name, "name": name, "market": "KOSPI"} for name in names])


def list_some(db: MongoDatabase, yahoo: YahooStandIn, count: int) -> dict[str, pd.DataFrame]:
    """So many tickers of 60 days at Yahoo, registered and not stored yet."""
    bars = {f"{number:06}": random_walk(DAYS[:60], seed=number) for number in range(100, 100 + count)}
    yahoo.listings |= {f"{name}.KS": Listing(each) for name, each in bars.items()}
    register(db, list(bars))
    return bars


def stored_bars(db: MongoDatabase) -> list[Document]:
    return list(db["korean_stocks"].find({}, {"_id": False}).sort([("ticker", 1), ("date", 1)]))


def stored_state(db: MongoDatabase) -> dict[str, tuple[Any, ...]]:
    return {row["ticker"]: tuple(row.get(name) for name in STATE) for row in tickers.active(db, KOREAN_STOCKS)}


def charts_asked(yahoo: YahooStandIn) -> int:
    return sum(request.symbol is not None for request in list(yahoo.requests))


def server_time(db: MongoDatabase) -> dt.datetime:
    moment: dt.datetime = db.client.admin.command("hello")["localTime"]
    return moment


def the_run(db: MongoDatabase) -> Document:
    run = runs.latest(db, KOREAN_STOCKS)
    assert run is not None
    return run


def assert_all_stored(db: MongoDatabase, listed: dict[str, pd.DataFrame]) -> None:
    """All bars of the listings, each once, and no others."""
    assert db["korean_stocks"].count_documents({}) == sum(map(len, listed.values()))
    for name, bars in listed.items():
        stored = prices.load(db, KOREAN_STOCKS, name)[COLUMNS].astype(float)
        pd.testing.assert_frame_equal(stored, bars, check_index_type=False, check_freq=False)


# kill -9


class Exchange:
    """Tickers that have a new day each round, of which some are split and some are new, up to 48."""

    def __init__(self, db: MongoDatabase, yahoo: YahooStandIn, moments: random.Random) -> None:
        self.names = [f"{number:06}" for number in range(1000, 1024)]
        self.versions: dict[str, list[pd.DataFrame]] = {}
        """Every history that a ticker ever had, oldest first."""
        self._db, self._yahoo, self._moments = db, yahoo, moments
        self._days = 60
        self._list(self.names)

    def next_round(self) -> None:
        self._days += 1
        for name in self.names:
            listing = self._yahoo.listings[f"{name}.KS"]
            if self._moments.random() < 0.4:
                listing.splits[DAYS[self._days - 1].date()] = (2, 1)
            self._show(name)
        first_new = 1000 + len(self.names)
        new = [f"{number:06}" for number in range(first_new, first_new + 4)]
        self.names += new
        self._list(new)

    def _list(self, names: list[str]) -> None:
        for name in names:
            self._yahoo.listings[f"{name}.KS"] = Listing(random_walk(DAYS, seed=int(name)))
            self.versions[name] = []
            self._show(name)
        register(self._db, names)

    def _show(self, name: str) -> None:
        listing = self._yahoo.listings[f"{name}.KS"]
        bars = random_walk(DAYS, seed=int(name)).iloc[: self._days]
        bars[candles.PRICES] /= 2 ** len(listing.splits)
        listing.bars = bars
        self.versions[name].append(bars)

    def check(self) -> int:
        """No ticker has a mixture of two histories or less than it had. Returns how many have the newest day."""
        found: dict[str, list[list[float]]] = {name: [] for name in self.names}
        with self._db.client.start_session(snapshot=True) as session:
            bars = self._db["korean_stocks"].find({}, session=session).sort([("ticker", 1), ("date", 1)])
            for bar in bars.batch_size(20_000):
                found[bar["ticker"]].append([float(bar[name]) for name in COLUMNS])
        for name, rows in found.items():
            assert any(is_beginning(rows, version) for version in self.versions[name]), (name, len(rows))
        return sum(len(rows) == self._days for rows in found.values())


def is_beginning(rows: list[list[float]], version: pd.DataFrame) -> bool:
    return not rows or np.array_equal(np.array(rows), version[COLUMNS].to_numpy()[: len(rows)])


@pytest.mark.parametrize("seed", range(KILLS // KILLS_EACH))
def test_however_often_runs_are_killed_the_next_leaves_what_an_undisturbed_one_does(
    forgetful_db: MongoDatabase, yahoo: YahooStandIn, seed: int
) -> None:
    db, moments = forgetful_db, random.Random(seed)
    exchange = Exchange(db, yahoo, moments)
    codes, done = [], []
    for _ in range(KILLS_EACH):
        codes.append(kill_at(moments, yahoo, len(exchange.names)))
        done.append(exchange.check())
        forget_transactions(db)
        exchange.next_round()

    last = start_update("--json")
    out, err = last.communicate(timeout=60)

    assert (last.returncode, err) == (0, "")
    assert json.loads(out)["state"] == "done"
    assert exchange.check() == len(exchange.names) == 48
    assert codes.count(-9) >= 5, codes
    assert len(set(done)) > 1, done  # on a busy machine some runs are killed before the first ticker is stored
    assert runs_by_state(db) == {"interrupted": codes.count(-9), "done": codes.count(0) + 1}
    undisturbed = db.client["undisturbed"]
    register(undisturbed, exchange.names)
    assert category_update.run(undisturbed, KOREAN_STOCKS).state == "done"
    assert stored_bars(db) == stored_bars(undisturbed)
    assert stored_state(db) == stored_state(undisturbed)


def kill_at(moments: random.Random, yahoo: YahooStandIn, most: int) -> int:
    """Kill a run at a random moment of its work and return how it ended."""
    yahoo.clear()
    asked, later = moments.randrange(most - category_update.WORKERS), moments.uniform(0, 0.1)
    process = start_update()
    wait_until(lambda: charts_asked(yahoo) > asked or process.poll() is not None, 60)
    time.sleep(later)
    process.kill()
    _out, err = process.communicate()
    assert err == ""
    return process.returncode


def runs_by_state(db: MongoDatabase) -> dict[str, int]:
    found = [run["state"] for run in runs.history(db, 100)]
    return {state: found.count(state) for state in set(found)}


# The lease

HOLDER = """
    from finance_core.categories import KOREAN_STOCKS
    from finance_core.storage import database, runs
    from updaters import category_update

    runs.LEASE, runs.HEARTBEAT = 2.0, 0.5
    category_update.run(database.connect(), KOREAN_STOCKS, ["005930"])
"""


def test_the_lease_of_a_run_that_was_killed_expires_by_itself(db: MongoDatabase, yahoo: YahooStandIn) -> None:
    assert runs.LEASE <= 60
    yahoo.listings["005930.KS"] = Listing(random_walk(DAYS, seed=1))
    yahoo.answer_with("005930.KS", Hang())
    holder = start_python("-c", textwrap.dedent(HOLDER))
    assert wait_until(lambda: yahoo.asked("005930.KS"), 30)
    holder.kill()
    holder.communicate()
    (lease,) = db["update_leases"].find()
    assert 0 < (lease["expires_at"] - server_time(db)).total_seconds() <= 2

    with pytest.raises(runs.AlreadyRunning, match=str(holder.pid)):
        category_update.run(db, KOREAN_STOCKS, ["005930"])
    assert wait_until(lambda: has_run(db), 10, pause=0.1)
    assert runs_by_state(db) == {"done": 1, "interrupted": 1}


def has_run(db: MongoDatabase) -> bool:
    try:
        return category_update.run(db, KOREAN_STOCKS, ["005930"]).state == "done"
    except runs.AlreadyRunning:
        return False


def test_a_living_run_keeps_its_lease_for_longer_than_the_lease_is(
    db: MongoDatabase, yahoo: YahooStandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runs, "LEASE", 3.0)  # less, and a busy machine may not come to a heartbeat in time
    monkeypatch.setattr(runs, "HEARTBEAT", 0.2)
    monkeypatch.setattr(runs, "WATCH", 0.1)
    listed = list_some(db, yahoo, 2)
    yahoo.delay = 60
    states: list[str] = []
    running = threading.Thread(target=lambda: states.append(category_update.run(db, KOREAN_STOCKS, workers=1).state))

    running.start()
    assert wait_until(lambda: charts_asked(yahoo))
    (first,) = db["update_leases"].find()
    later = first["expires_at"] + dt.timedelta(seconds=runs.LEASE)

    def is_refused_for_long() -> bool:
        with pytest.raises(runs.AlreadyRunning):
            category_update.run(db, KOREAN_STOCKS)
        return server_time(db) > later

    assert wait_until(is_refused_for_long, pause=0.1)
    yahoo.delay = 0
    running.join()

    assert states == ["done"]
    assert_all_stored(db, listed)


# Cancelled from elsewhere


def test_a_run_that_is_cancelled_from_elsewhere_saves_the_tickers_in_flight_and_the_next_completes_it(
    db: MongoDatabase, yahoo: YahooStandIn
) -> None:
    listed = list_some(db, yahoo, 24)
    yahoo.delay = 0.4
    process = start_update("--workers", "4")
    assert wait_until(lambda: charts_asked(yahoo) > 8, 60)

    runs.cancel(db, the_run(db)["_id"])

    out, err = process.communicate(timeout=30)
    assert (process.returncode, err) == (command.NOT_ALL_DONE, "")
    assert out.endswith("중단했습니다. 다시 실행하면 이어서 합니다.\n")
    run = the_run(db)
    assert (run["state"], run["failed"]) == ("cancelled", 0)
    assert 8 < run["done"] < 24
    assert run["done"] == charts_asked(yahoo), "whatever was asked for was also saved"
    assert_all_stored(db, {name: listed[name] for name in prices.tickers(db, KOREAN_STOCKS)})
    assert len(prices.tickers(db, KOREAN_STOCKS)) == run["done"]
    yahoo.delay = 0
    again = start_update()
    assert again.communicate(timeout=60)[1] == ""
    assert again.returncode == command.ALL_GOOD
    assert_all_stored(db, listed)


# MongoDB goes away


def test_an_embedded_server_that_is_killed_during_a_run_is_started_again_and_nothing_is_missing(
    tmp_path: Path, yahoo: YahooStandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MONGO_URI", raising=False)
    directory = tmp_path / "data"
    monkeypatch.setenv("FINANCE_DATA_DIR", str(directory))
    with processes.nothing_left() as directories:
        directories.append(directory)
        try:
            listed = list_some(database.connect(), yahoo, 30)
            yahoo.delay = 0.2
            process = start_update("--workers", "4", "--json")
            assert wait_until(lambda: charts_asked(yahoo) > 15, 60)

            (server,) = processes.servers(directory)
            processes.kill(server)

            out, err = process.communicate(timeout=90)
            assert (process.returncode, err) == (command.ALL_GOOD, "")
            told = json.loads(out)
            assert (told["state"], told["done"], told["failed"]) == ("done", 30, 0)
            db = database.connect()
            assert processes.servers(directory) != [server]
            assert the_run(db)["state"] == "done"
            assert_all_stored(db, listed)
        finally:
            database.close()


SOON_TIRED = """
    import sys
    from updaters import category_update, command

    category_update.OUTAGE_LIMIT = 3.0
    sys.exit(command.main("korean_stocks", ["--workers", "4"]))
"""


def test_a_run_whose_server_stays_away_ends_with_a_sentence_and_what_was_written_stays(
    tmp_path: Path, data_dir: Path, yahoo: YahooStandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = Mongod(tmp_path / "own")
    monkeypatch.setenv("MONGO_URI", f"mongodb://{server.address}/")
    server.start()
    try:
        assert wait_until(has_answered)
        listed = list_some(database.connect(), yahoo, 30)
        yahoo.delay = 0.2
        process = start_python("-c", textwrap.dedent(SOON_TIRED))
        assert wait_until(lambda: charts_asked(yahoo) > 15, 60)
        written = [row["ticker"] for row in tickers.active(database.connect(), KOREAN_STOCKS) if "bar_count" in row]
        database.connect().client.admin.command("fsync")  # a server that is no replica set does not write at once

        server.kill()

        out, err = process.communicate(timeout=60)
        assert (process.returncode, out) == (command.NOT_ALL_DONE, "")
        assert err.startswith(f"{server.address}의 MongoDB에 연결할 수 없습니다.")
        assert err.count("\n") == 1
        server.start()
        assert wait_until(has_answered)
        db = database.connect()
        stored = prices.tickers(db, KOREAN_STOCKS)
        assert len(written) > 8
        assert set(written) <= set(stored)
        assert_all_stored(db, {name: listed[name] for name in stored})
        forget_transactions(db)
        assert the_run(db)["state"] == "interrupted"
        yahoo.delay = 0
        assert category_update.run(db, KOREAN_STOCKS).state == "done"
        assert_all_stored(db, listed)
    finally:
        database.close()
        server.kill()


def has_answered() -> bool:
    try:
        database.connect()
    except SisepanError:
        return False
    return True
