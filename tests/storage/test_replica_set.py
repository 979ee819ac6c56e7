"""An update run against a replica set of three whose primary dies, twice."""

import json
import random
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pymongo
import pytest
from pymongo.errors import PyMongoError

from finance_core.categories import KOREAN_STOCKS
from finance_core.storage import database, prices, runs, tickers
from finance_core.storage.database import Document, MongoDatabase
from tests.processes import Mongod, start_update, wait_until
from tests.yahoo import COLUMNS, Listing, YahooStandIn, random_walk

pytestmark = pytest.mark.slow

DAYS = pd.bdate_range("2024-01-02", periods=63).drop(pd.DatetimeIndex(["2024-02-09", "2024-02-12", "2024-03-01"]))
ELECTED_WITHIN = 30.0


class ReplicaSet:
    """Three servers on this machine, which elect a new primary about a second after the old one died."""

    def __init__(self, directory: Path) -> None:
        options = ["--replSet", "three", "--oplogSize", "64"]
        self.members = {each.address: each for each in (Mongod(directory / f"m{n}", *options) for n in range(3))}
        self.uri = f"mongodb://{','.join(self.members)}/?replicaSet=three"

    def start(self) -> None:
        """Start the members, make them one set, and wait until it has a primary."""
        for member in self.members.values():
            member.start()
        for address in self.members:  # all of them have to answer before the set can be made
            with pymongo.MongoClient[Document](
                address, directConnection=True, serverSelectionTimeoutMS=20_000
            ) as client:
                client.admin.command("ping")
        first, *_others = self.members
        configuration = {
            "_id": "three",
            "members": [{"_id": n, "host": address} for n, address in enumerate(self.members)],
            "settings": {"electionTimeoutMillis": 1000, "heartbeatIntervalMillis": 300},
        }
        with pymongo.MongoClient[Document](first, directConnection=True, serverSelectionTimeoutMS=20_000) as client:
            client.admin.command("replSetInitiate", configuration)
        assert wait_until(lambda: self.states().count("SECONDARY") == 2 and self.primary(), ELECTED_WITHIN, pause=0.1)

    def primary(self) -> str:
        """Address of the primary; "" where there is none."""
        return next((address for address, state in self._status().items() if state == "PRIMARY"), "")

    def states(self) -> list[str]:
        """What most of the members agree each of them is."""
        return list(self._status().values())

    def kill_all(self) -> None:
        for member in self.members.values():
            member.kill()

    def _status(self) -> dict[str, str]:
        for address in self.members:
            try:
                with pymongo.MongoClient[Document](
                    address, directConnection=True, serverSelectionTimeoutMS=300
                ) as client:
                    members = client.admin.command("replSetGetStatus")["members"]
            except PyMongoError:
                continue
            return {member["name"]: member["stateStr"] for member in members}
        return {}


@pytest.fixture
def replica_set(tmp_path: Path) -> Iterator[ReplicaSet]:
    three = ReplicaSet(tmp_path)
    try:
        three.start()
        yield three
    finally:
        three.kill_all()


@pytest.fixture
def replicated_db(replica_set: ReplicaSet, data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[MongoDatabase]:
    monkeypatch.setenv("MONGO_URI", replica_set.uri)
    yield database.connect()
    database.close()


@pytest.mark.exhaustive
def test_a_run_outlives_the_death_of_its_primary_twice_and_nothing_is_missing_or_double(
    replica_set: ReplicaSet, replicated_db: MongoDatabase, yahoo: YahooStandIn
) -> None:
    db, moments = replicated_db, random.Random(3)
    assert database.has_transactions(db)
    listed = {f"{number:06}": random_walk(DAYS, seed=number) for number in range(100, 160)}
    yahoo.listings |= {f"{name}.KS": Listing(bars.iloc[:40]) for name, bars in listed.items()}
    tickers.register(db, KOREAN_STOCKS, [{"ticker": name, "name": name, "market": "KOSPI"} for name in listed])
    first = start_update()
    assert first.communicate(timeout=60)[1] == ""
    assert first.returncode == 0
    split = set(moments.sample(sorted(listed), 20))
    for name, bars in listed.items():
        if name in split:
            bars[["open", "high", "low", "close"]] /= 2
            yahoo.listings[f"{name}.KS"].splits[DAYS[50].date()] = (2, 1)
        yahoo.listings[f"{name}.KS"].bars = bars
    yahoo.clear()
    yahoo.delay = 0.3

    process = start_update("--workers", "2", "--json")
    kill_primary(replica_set, yahoo, asked=12)
    kill_primary(replica_set, yahoo, asked=45)
    assert process.poll() is None, "it was under way both times"

    out, err = process.communicate(timeout=90)
    assert (process.returncode, err) == (0, "")
    told = json.loads(out)
    assert (told["state"], told["done"], told["failed"]) == ("done", 60, 0)
    run = runs.latest(db, KOREAN_STOCKS)
    assert run is not None
    assert (run["state"], run["done"]) == ("done", 60)
    assert db["korean_stocks"].count_documents({}) == 60 * 60
    for name, bars in listed.items():
        stored = prices.load(db, KOREAN_STOCKS, name)[COLUMNS].astype(float)
        pd.testing.assert_frame_equal(stored, bars, check_index_type=False, check_freq=False)
        row = tickers.get(db, KOREAN_STOCKS, name) or {}
        assert (row["bar_count"], row["last_close"]) == (60, bars["close"].iloc[-1])


def kill_primary(replica_set: ReplicaSet, yahoo: YahooStandIn, asked: int) -> None:
    """Once Yahoo was asked so often, kill the primary; start it again when there is another, and wait for it."""
    assert wait_until(lambda: sum(request.symbol is not None for request in list(yahoo.requests)) >= asked, 60)
    victim = replica_set.primary()
    replica_set.members[victim].kill()
    assert wait_until(lambda: replica_set.primary() not in ("", victim), ELECTED_WITHIN, pause=0.1)
    replica_set.members[victim].start()
    all_well = ["PRIMARY", "SECONDARY", "SECONDARY"]
    assert wait_until(lambda: sorted(replica_set.states()) == all_well, ELECTED_WITHIN, pause=0.1)
