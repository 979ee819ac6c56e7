"""Questions to a whole market: reading it, asking it, and what a chart elsewhere feels of that."""

import datetime as dt
import gc
import os
import statistics
import threading
import time
from collections import deque
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pandas as pd
import pytest

from finance_core import turns
from finance_core.bars import candles
from finance_core.bars.conditions import parse
from finance_core.bars.screen import READY
from finance_core.categories import KOREAN_STOCKS
from finance_core.storage import bar_documents, panels, prices, screens, tickers
from finance_core.storage.database import MongoDatabase
from tests.benchmarks.conftest import seconds, tell
from tests.yahoo import random_walk

pytestmark = pytest.mark.timeout(1_800)

TICKERS = 3_300
YEAR, YEARS = 250, 20
LAST = "2026-11-20"


@pytest.fixture(autouse=True)
def no_panel_is_kept() -> Iterator[None]:
    panels.forget()
    yield
    panels.forget()


def store(db: MongoDatabase, bars: int) -> pd.DatetimeIndex:
    """A market of that many bars a ticker; returns its sessions."""
    days = pd.DatetimeIndex(pd.bdate_range(end=LAST, periods=bars))
    made = candles.clean(random_walk(days, 1))[0]
    changed = tickers.now()
    for number in range(TICKERS):
        table = made.assign(**{name: made[name] * (1 + number / 1_000) for name in candles.PRICES})
        db[KOREAN_STOCKS.collection].insert_many(bar_documents.to_documents(f"{number:06}", table), ordered=False)
    rows = [
        {"ticker": f"{number:06}", "name": f"{number:06}", "source": "yahoo", "bars_changed_at": changed,
         "first_date": days[0].to_pydatetime(), "last_date": days[-1].to_pydatetime(), "bar_count": bars}
        for number in range(TICKERS)
    ]  # fmt: skip
    tickers.register(db, KOREAN_STOCKS, rows)
    return days


def test_a_year_of_a_market(db: MongoDatabase) -> None:
    days = store(db, YEAR)
    since = days[0].date()

    def read() -> None:
        panels.forget()
        panels.panel(db, KOREAN_STOCKS, since)

    def plain() -> None:
        db[KOREAN_STOCKS.collection].find({}, {"_id": False}).batch_size(50_000).to_list()

    def change() -> None:
        for number in range(10):
            tickers.record(db, KOREAN_STOCKS, f"{number:06}", {"bars_changed_at": dt.datetime.now()})
        panels.panel(db, KOREAN_STOCKS, since)

    bare = seconds(plain, times=2)
    cold = seconds(read, times=3)
    warm = seconds(lambda: panels.panel(db, KOREAN_STOCKS, since), times=5)
    tell("a year of 3,300 tickers", bare_find=bare, cold=cold, warm=warm, ten_changed=seconds(change, times=3))
    asked = {}
    for name, ready in READY.items():
        tree = parse(ready.rule)
        asked[name] = seconds(partial(screens.ask, db, KOREAN_STOCKS, tree), times=5)
    tell("ready screens", **asked)
    assert cold <= 2.5
    assert statistics.median(asked.values()) <= 0.1


def test_a_chart_is_hardly_slower_while_a_market_is_read(db: MongoDatabase) -> None:
    days = store(db, YEAR)

    def chart() -> None:
        with turns.page():
            prices.load(db, KOREAN_STOCKS, "000001")

    alone = seconds(chart, times=31)
    stop = threading.Event()

    def read() -> None:
        while not stop.is_set():
            panels.forget()
            panels.panel(db, KOREAN_STOCKS, days[0].date())

    reader = threading.Thread(target=read)
    reader.start()
    meanwhile = seconds(chart, times=31)
    stop.set()
    reader.join()
    tell("a chart while a market is read", alone=alone, meanwhile=meanwhile, ratio=meanwhile / alone)
    assert meanwhile <= 1.5 * alone


def memory_mb(name: str) -> float:
    """A line of this process's status on Linux: VmRSS is its memory now, VmHWM its peak."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(name)) / 1024


def cpu(db: MongoDatabase) -> tuple[float, float]:
    """Seconds of CPU so far, of this process and of the server: they count on a busy machine too."""
    server = db.command("serverStatus")["extra_info"]
    return time.process_time(), (server["user_time_us"] + server["system_time_us"]) / 1e6


def test_twenty_years_of_a_market(db: MongoDatabase) -> None:
    days = store(db, YEAR * YEARS)
    begun, before = time.perf_counter(), cpu(db)
    deque(db[KOREAN_STOCKS.collection].find({}, {"_id": False}).batch_size(50_000), maxlen=0)  # a list takes 15 GB
    bare, after = time.perf_counter() - begun, cpu(db)
    own, server = (late - early for early, late in zip(before, after, strict=True))
    tell("twenty years of 3,300 tickers, bare find", seconds=bare, own_cpu=own, server_cpu=server)
    gc.collect()
    resident = memory_mb("VmRSS")
    Path("/proc/self/clear_refs").write_text("5")  # the peak is counted anew
    begun, before = time.perf_counter(), cpu(db)
    panel = panels.panel(db, KOREAN_STOCKS, days[0].date())
    cold, after = time.perf_counter() - begun, cpu(db)
    own, server = (late - early for early, late in zip(before, after, strict=True))
    peak, kept = memory_mb("VmHWM") - resident, panel.nbytes / 2**20
    tell("into a panel", seconds=cold, ratio=cold / bare, own_cpu=own, server_cpu=server, load=os.getloadavg()[0])
    tell("memory", kept_mb=kept, peak_mb=peak)
    assert len(panel.at) == TICKERS * YEAR * YEARS
    assert sum(kept.panel.nbytes for kept in panels._kept.values() if kept.panel) <= panels.MOST_BYTES
    assert peak <= 2.3 * kept
    assert cold <= 25
