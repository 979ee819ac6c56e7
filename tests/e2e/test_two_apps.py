"""Two apps, as on two machines, over one MongoDB of three servers, whose primary dies while a scheduled run goes on."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import pytest
from google.protobuf.text_format import MessageToString  # type: ignore[import-untyped]

from finance_core.categories import KOREAN_STOCKS
from finance_core.storage import runs, schedule, tickers
from finance_core.storage.database import MongoDatabase
from finance_core.storage.documents import CHOICES, RUNS
from tests.e2e.conftest import Start
from tests.e2e.visitor import Visitor, charts, visit
from tests.processes import wait_until
from tests.storage.test_replica_set import (  # noqa: F401 - fixtures
    DAYS,
    ELECTED_WITHIN,
    ReplicaSet,
    replica_set,
    replicated_db,
)
from tests.yahoo import Listing, YahooStandIn, random_walk
from updaters import category_update

pytestmark = pytest.mark.slow

COUNT = 100
FOLLOWS_WITHIN = 30.0
TICKER = "000100"


def seen(visitor: Visitor, page: str) -> str:
    """All that the app sends of `page`, as text."""
    return "\n".join(MessageToString(message, as_utf8=True) for message in visitor.run(page))


def chart(visitor: Visitor) -> str:
    """The chart of the first ticker."""
    (option,) = charts(visitor.run("korean_stocks", query=f"ticker={TICKER}"))
    return option


def all_follow(visitors: list[Visitor], follows: Callable[[Visitor], object]) -> bool:
    """Whether `follows` comes true for each of them in time."""
    deadline = time.monotonic() + FOLLOWS_WITHIN
    return all(wait_until(partial(follows, who), deadline - time.monotonic()) for who in visitors)


@pytest.fixture
def listed(replicated_db: MongoDatabase, yahoo: YahooStandIn) -> MongoDatabase:  # noqa: F811
    """Tickers without bars, and a schedule that is due."""
    for number in range(100, 100 + COUNT):
        name = f"{number:06}"
        yahoo.listings[f"{name}.KS"] = Listing(random_walk(DAYS, seed=number))
        tickers.register(replicated_db, KOREAN_STOCKS, [{"ticker": name, "name": f"name {name}", "market": "KOSPI"}])
    schedule.switch(replicated_db, KOREAN_STOCKS, True)
    long_ago = DAYS[0].to_pydatetime()
    replicated_db[CHOICES].update_one({"_id": "schedule"}, {"$set": {KOREAN_STOCKS.key: long_ago}})
    yahoo.delay = 0.5
    return replicated_db


@pytest.mark.exhaustive
def test_two_apps_share_schedule_runs_lists_and_charts_though_the_primary_dies(
    listed: MongoDatabase,
    replica_set: ReplicaSet,  # noqa: F811
    yahoo: YahooStandIn,
    own_app: Start,
    calendars: Path,
    tmp_path: Path,
) -> None:
    def start(name: str) -> str:
        directory = tmp_path / name
        directory.mkdir()
        (directory / "calendars").symlink_to(calendars)
        return own_app(more={"FINANCE_DATA_DIR": str(directory)})

    with ThreadPoolExecutor(2) as pool:  # at once, so that both find the schedule due
        addresses = list(pool.map(start, ["one", "other"]))
    with ExitStack() as stack:
        both = [stack.enter_context(visit(address)) for address in addresses]
        assert all_follow(both, lambda who: f"/{COUNT}종목" in seen(who, "admin_updates")), "each shows the progress"
        assert all("name 000101" in seen(who, "korean_stocks") for who in both)
        tickers.record(listed, KOREAN_STOCKS, "000101", {"name": "another name"})
        tickers.set_favourite(listed, KOREAN_STOCKS, "000102", favourite=True)

        victim = replica_set.primary()
        replica_set.members[victim].kill()
        assert wait_until(lambda: replica_set.primary() not in ("", victim), ELECTED_WITHIN)
        run = runs.latest(listed, KOREAN_STOCKS)
        assert run is not None
        assert run["state"] == "running", "it was under way"

        assert all_follow(both, lambda who: "완료" in seen(who, "admin_updates")), "each shows how it ended"
        (run,) = listed[RUNS].find()
        assert (run["state"], run["origin"], run["done"], run["failed"]) == ("done", "schedule", COUNT, 0)
        assert listed["korean_stocks"].count_documents({}) == COUNT * len(DAYS)

        assert all_follow(both, lambda who: "another name" in seen(who, "korean_stocks"))
        assert all_follow(both, lambda who: "korean_stocks:000102" in seen(who, "korean_stocks"))

        before = [chart(who) for who in both]
        assert before[0] == before[1]
        yahoo.delay = 0
        yahoo.listings[f"{TICKER}.KS"].bars.iloc[-1, 3] += 1
        category_update.run(listed, KOREAN_STOCKS, [TICKER], force=True)
        assert all_follow(both, lambda who: chart(who) != before[0])
        assert chart(both[0]) == chart(both[1])
