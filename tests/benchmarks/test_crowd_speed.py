"""Many visitors of one app at once, who speak to its websocket as browsers do; each number is of an app of its own.

VISITS=500 makes the long test of memory shorter than its 5,000 visits.
"""

import os
import statistics
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest

from finance_core.categories import KOREAN_STOCKS, US_STOCKS
from finance_core.storage import runs, tickers
from finance_core.storage.database import MongoDatabase
from tests.benchmarks.conftest import bars_of, store, tell
from tests.benchmarks.yahoo_process import names, serving
from tests.e2e.conftest import Start
from tests.e2e.visitor import Visitor, buttons, charts, visit
from tests.processes import wait_until

pytestmark = [pytest.mark.timeout(1800), pytest.mark.filterwarnings("ignore")]

CROWD, TABS = 50, 20
VISITS = int(os.environ.get("VISITS", "5000"))
AT_ONCE = 100
LISTED = 20
YEARS = 2_500
"""Bars of ten years."""
PERIODS = ["3M", "1Y", "3Y", "5Y"]
QUIET = 20.0
"""Seconds for which tabs stay open while nobody clicks."""
MARKET, STORED = 2_761, 357
CHANGES = 40


class App:
    """The process that serves the app at `address`."""

    def __init__(self, address: str) -> None:
        self.address = address
        port = f"STREAMLIT_SERVER_PORT={address.rpartition(':')[2]}".encode()
        (self._directory,) = [
            entry
            for entry in Path("/proc").iterdir()
            if entry.name.isdigit()
            and int(entry.name) != os.getpid()
            and b"streamlit" in _read(entry / "cmdline")
            and port in _read(entry / "environ").split(b"\0")
        ]

    @property
    def cpu(self) -> float:
        """Seconds of CPU so far."""
        fields = (self._directory / "stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    @property
    def memory(self) -> float:
        """Megabytes."""
        return int((self._directory / "statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20

    @property
    def threads(self) -> int:
        return len(list((self._directory / "task").iterdir()))


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:  # of another user, or gone
        return b""


@pytest.fixture
def app(own_server_db: MongoDatabase, start: Start) -> App:
    """An app of its own, with tickers of ten years; nobody has visited it."""
    for number in range(LISTED):
        store(own_server_db, KOREAN_STOCKS, f"{number:06}", f"name {number:06}", bars_of(YEARS))
    return App(start([sys.executable, "-m", "streamlit", "run", "Home.py"]))


def look(address: str, number: int) -> float:
    """Seconds until a new visitor has the chart of one of the tickers; raises AssertionError if there is none."""
    begun = time.perf_counter()
    with visit(address) as visitor:
        sent = visitor.run("korean_stocks", query=f"ticker={number % LISTED:06}")
        told = [message.delta.new_element.alert.body for message in sent if message.delta.new_element.HasField("alert")]
        assert len(charts(sent)) == 1, f"visitor {number} got a page without a chart: {told}"
        return time.perf_counter() - begun


def crowd(address: str, visits: int, at_once: int) -> list[float]:
    """The seconds of `visits`, `at_once` at a time, ascending."""
    with ThreadPoolExecutor(at_once) as pool:
        return sorted(pool.map(look, [address] * visits, range(visits)))


def test_fifty_who_open_a_chart_at_once(app: App) -> None:
    first = crowd(app.address, CROWD, CROWD)  # the first fifty after the start
    before = app.cpu
    taken = crowd(app.address, CROWD, CROWD)
    cpu = (app.cpu - before) / CROWD
    tell(f"{CROWD} at once, s", last=taken[-1], half=taken[CROWD // 2], last_at_the_start=first[-1], cpu_a_visit=cpu)
    assert max(taken[-1], first[-1]) <= 10


def test_open_tabs_cost_nothing_while_nobody_clicks(app: App) -> None:
    with ExitStack() as stack:
        visitors = [stack.enter_context(visit(app.address)) for _ in range(TABS)]
        pages = [visitor.run("korean_stocks") for visitor in visitors]
        time.sleep(1)
        before, begun = app.cpu, time.perf_counter()
        with ThreadPoolExecutor(TABS) as pool:
            drawn = sum(pool.map(lambda who: who[0].stay(who[1], QUIET), zip(visitors, pages, strict=True)))
        share = (app.cpu - before) / (time.perf_counter() - begun)
    tell(f"{TABS} open tabs", share_of_a_core=share, live_parts_drawn=drawn)
    assert share <= 0.05


def test_memory_and_threads_over_thousands_of_visits(app: App) -> None:
    crowd(app.address, AT_ONCE, AT_ONCE)
    threads = app.threads
    curve = [app.memory]
    for _ in range(10):
        crowd(app.address, VISITS // 10, AT_ONCE)
        curve.append(app.memory)
    tell(f"memory over {VISITS} visits, MB", **{f"after_{VISITS * tenth // 10}": mb for tenth, mb in enumerate(curve)})
    assert wait_until(lambda: app.threads <= threads, 60), f"{app.threads} threads, {threads} after the first hundred"
    assert curve[-1] <= curve[2] * 1.1


def change_periods(visitor: Visitor, count: int) -> list[float]:
    """Seconds of each of `count` changes of the period of the chart."""
    taken = []
    for number in range(count):
        begun = time.perf_counter()
        query = f"ticker=000000&period={PERIODS[number % len(PERIODS)]}"
        assert len(charts(visitor.run("korean_stocks", query=query))) == 1
        taken.append(time.perf_counter() - begun)
    return taken


def p95(seconds: list[float]) -> float:
    return statistics.quantiles(seconds, n=20)[-1]


def test_a_changed_period_during_the_first_load_of_a_whole_market(
    own_server_db: MongoDatabase, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    with serving(MARKET, STORED, monkeypatch) as yahoo:
        yahoo.delay(0.1)
        app: App = request.getfixturevalue("app")  # only now, as it is led to that Yahoo
        rows = [{"ticker": name, "name": name, "market": "NYSE"} for name in names(MARKET)]
        tickers.register(own_server_db, US_STOCKS, rows)
        with visit(app.address) as admin, visit(app.address) as visitor:
            change_periods(visitor, 10)
            alone = change_periods(visitor, CHANGES)
            admin.run("admin_updates", buttons(admin.run("admin_updates"))["update_us_stocks"])

            def fetched() -> int:
                run = runs.latest(own_server_db, US_STOCKS)
                return run["done"] if run else 0

            assert wait_until(lambda: fetched() > 50, 60)
            done, begun = fetched(), time.perf_counter()
            during = change_periods(visitor, CHANGES)
            rate = (fetched() - done) / (time.perf_counter() - begun)
            run = runs.latest(own_server_db, US_STOCKS)
            assert run is not None
            runs.cancel(own_server_db, run["_id"])
    tell(
        "a changed period, s, Yahoo answers after 100 ms",
        p95_alone=p95(alone),
        p95_during=p95(during),
        ratio=p95(during) / p95(alone),
        median_ratio=statistics.median(during) / statistics.median(alone),
        tickers_a_second=rate,
    )
    assert run["state"] == "running", "it lasted longer than the changes"
    assert p95(during) / p95(alone) <= 1.5
