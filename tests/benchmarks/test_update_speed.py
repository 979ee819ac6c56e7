"""What an update costs, as ratios to the plain way of doing the same in the same run."""

import datetime as dt
import gc
import json
import os
import statistics
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest
import yfinance
from curl_cffi.requests import Session

from finance_core.bars import candles, sessions
from finance_core.categories import US_STOCKS
from finance_core.storage import bar_documents, database, prices, tickers
from finance_core.storage.database import Document, MongoDatabase
from tests import yahoo as stand_in
from tests.benchmarks.conftest import tell
from tests.benchmarks.yahoo_process import PROJECT, days, names, raw_bars, serving
from updaters import category_update
from updaters.yahoo import RATE

pytestmark = [pytest.mark.timeout(900), pytest.mark.filterwarnings("ignore")]


@pytest.fixture(autouse=True)
def fresh_yfinance(tmp_path: Path) -> Iterator[None]:
    """yfinance as if just imported, before and after."""
    stand_in.forget(tmp_path / "yfinance")
    yield
    stand_in.forget(tmp_path / "yfinance")


def register(db: MongoDatabase, listed: list[str], **more: object) -> None:
    tickers.register(db, US_STOCKS, [{"ticker": name, "name": name, "market": "NYSE", **more} for name in listed])


class Cost:
    """Seconds and CPU seconds of this process since the stopwatch was made."""

    def __init__(self) -> None:
        self._seconds, self._cpu = time.perf_counter(), time.process_time()

    @property
    def seconds(self) -> float:
        return time.perf_counter() - self._seconds

    @property
    def cpu(self) -> float:
        return time.process_time() - self._cpu


def idle_seconds() -> float:
    """How long the processors of this machine have had nothing to do since it started, together."""
    return float(Path("/proc/uptime").read_text().split()[1])


def wait_for_quiet(at_most: float = 20) -> None:
    """Wait until others leave the machine alone for a second; ratios of what is parallel to what is not need that."""
    deadline = time.monotonic() + at_most
    quiet = 0.8 * (os.cpu_count() or 1)
    while time.monotonic() < deadline:
        before = idle_seconds()
        time.sleep(1)
        if idle_seconds() - before > quiet:
            return


TICKERS, STORED, NEW = 200, 300, 5


def without_the_new_bars(db: MongoDatabase, listed: list[str]) -> None:
    """The state of the day before: every bar is stored but the new ones."""
    db.client.drop_database(db.name)
    database.ensure_indexes(db)
    register(db, listed, source="yahoo")
    for number, name in enumerate(listed):
        bars = candles.clean(raw_bars(number, STORED + NEW))[0].iloc[:STORED]
        prices.write(db, US_STOCKS, name, bars)
        tickers.record(db, US_STOCKS, name, prices.state(db, US_STOCKS, name))


def histories(
    listed: list[str], session: "Session[object]", since: dt.date | None = None
) -> Iterator[tuple[str, pd.DataFrame]]:
    window = {"start": since} if since else {"period": "max"}
    for name in listed:
        yield name, yfinance.Ticker(name, session=session).history(auto_adjust=False, **window)


def one_after_another(db: MongoDatabase, listed: list[str], session: "Session[object]", since: dt.date) -> None:
    """How such a script is usually written."""
    for name, frame in histories(listed, session, since):
        for day, row in frame.iterrows():
            document = {column.lower(): float(row[column]) for column in ("Open", "High", "Low", "Close", "Volume")}
            key = {"ticker": name, "date": day.to_pydatetime().replace(tzinfo=None)}
            db["reference"].update_one(key, {"$set": document}, upsert=True)


def written_unchecked(db: MongoDatabase, listed: list[str], session: "Session[object]") -> None:
    """The least that a first load can do: write the bars as they come, and the state of each ticker."""
    names = ("open", "high", "low", "close", "volume")
    for ticker, frame in histories(listed, session):
        days = frame.index.tz_localize(None).to_pydatetime()
        numbers = zip(*(frame[name.capitalize()].tolist() for name in names), strict=True)
        bars = [
            {"ticker": ticker, "date": day, **dict(zip(names, bar, strict=True))}
            for day, bar in zip(days, numbers, strict=True)
        ]
        db["reference"].insert_many(bars)
        state = {"last_date": days[-1], "bar_count": len(bars)}
        db["reference_rows"].update_one({"ticker": ticker}, {"$set": state}, upsert=True)


def test_two_hundred_tickers_with_five_new_bars_each(db: MongoDatabase, monkeypatch: pytest.MonkeyPatch) -> None:
    listed, calendar = names(TICKERS), days(STORED + NEW)
    db["reference"].create_index(["ticker", "date"], unique=True)
    with serving(TICKERS, STORED + NEW, monkeypatch) as yahoo:
        with Session(impersonate="chrome") as session:
            list(histories(listed, session, calendar[STORED].date()))  # keeps the time zones
            yahoo.delay(0.1)
            wait_for_quiet()
            bare = Cost()
            list(histories(listed, session, calendar[STORED - 5].date()))
            bare_cpu = bare.cpu
            plain = Cost()
            one_after_another(db, listed, session, calendar[STORED].date())
            plain_seconds = plain.seconds
            assert db["reference"].count_documents({}) == TICKERS * NEW
        taken, burnt = [], []
        for _ in range(3):
            without_the_new_bars(db, listed)
            wait_for_quiet()
            ours = Cost()
            summary = category_update.run(db, US_STOCKS)
            taken.append(ours.seconds)
            burnt.append(ours.cpu)
            assert (summary.state, summary.failures, summary.added) == ("done", [], TICKERS * NEW)
    throughput, cpu = plain_seconds / statistics.median(taken), statistics.median(burnt) / bare_cpu
    tell(
        "200 tickers, 5 new bars each, answers after 100 ms",
        seconds=statistics.median(taken),
        at_best=min(taken),
        one_after_another=plain_seconds,
        throughput_ratio=throughput,
        cpu_s=statistics.median(burnt),
        bare_cpu_s=bare_cpu,
        cpu_ratio=cpu,
    )
    assert throughput >= 6
    assert cpu <= 1.5


def test_whole_histories(db: MongoDatabase, monkeypatch: pytest.MonkeyPatch) -> None:
    listed = names(80)
    bare, least, first, verified = [], [], [], []
    gc.freeze()
    with serving(len(listed), 305, monkeypatch), Session(impersonate="chrome") as session:
        list(histories(listed, session))  # keeps the time zones
        for _ in range(12):
            wait_for_quiet(2)
            asked = Cost()
            list(histories(listed, session))
            bare.append(asked.cpu)
            db.client.drop_database(db.name)
            db["reference"].create_index(["ticker", "date"], unique=True)
            unchecked = Cost()
            written_unchecked(db, listed, session)
            least.append(unchecked.cpu)
            db.client.drop_database(db.name)
            database.ensure_indexes(db)
            register(db, listed)
            for burnt in (first, verified):  # nothing is stored, then all of it
                ours = Cost()
                summary = category_update.run(db, US_STOCKS, full=True)
                burnt.append(ours.cpu)
                assert (summary.state, summary.failures, summary.requests) == ("done", [], len(listed))
    gc.unfreeze()
    # At best: whatever else runs on the machine only adds to it.
    ratios = {"first_load": min(first) / min(bare), "verified": min(verified) / min(bare)}
    bare_ms, unchecked_ratio = min(bare) / len(listed) * 1000, min(least) / min(bare)
    tell("305 bars, CPU by that of a bare history()", bare_ms=bare_ms, written_unchecked=unchecked_ratio, **ratios)
    assert max(ratios.values()) <= 1.5


def test_more_workers_are_bound_by_one_core(db: MongoDatabase, monkeypatch: pytest.MonkeyPatch) -> None:
    listed, rates = names(400), {}
    with serving(len(listed), STORED, monkeypatch) as yahoo:
        yahoo.delay(0.1)
        for workers in (8, 64):
            db.client.drop_database(db.name)
            database.ensure_indexes(db)
            register(db, listed)
            wait_for_quiet()
            ours = Cost()
            summary = category_update.run(db, US_STOCKS, workers=workers)
            rates[workers] = summary.requests / ours.seconds
            assert (summary.state, summary.failures) == ("done", [])
    tell("requests a second, answers after 100 ms", with_8=rates[8], with_64=rates[64], ratio=rates[64] / rates[8])
    assert max(rates.values()) <= RATE


@pytest.mark.parametrize(("count", "length", "least"), [(100, 5_000, 0.7), (500, 357, 0.5)])
def test_a_first_load(
    db: MongoDatabase, monkeypatch: pytest.MonkeyPatch, count: int, length: int, least: float
) -> None:
    listed = names(count)
    documents: list[Document] = []
    for number, name in enumerate(listed):
        documents += bar_documents.to_documents(name, candles.clean(raw_bars(number, length))[0])
    gc.freeze()  # or the collector of garbage would look through half a million documents again and again
    ours, bare, idle = [], [], []
    with serving(count, length, monkeypatch):
        for _ in range(3):
            wait_for_quiet()
            db.client.drop_database(db.name)
            db["reference"].create_index(["ticker", "date"], unique=True)
            plain = Cost()
            for first in range(0, len(documents), length):
                db["reference"].insert_many(documents[first : first + length])
            bare.append(len(documents) / plain.seconds)
            for document in documents:
                del document["_id"]
            db.client.drop_database(db.name)
            database.ensure_indexes(db)
            register(db, listed)
            run, idle_before = Cost(), idle_seconds()
            summary = category_update.run(db, US_STOCKS)
            ours.append(len(documents) / run.seconds)
            idle.append((idle_seconds() - idle_before) / run.seconds / (os.cpu_count() or 1))
            assert (summary.state, summary.failures, summary.added) == ("done", [], len(documents))
    gc.unfreeze()
    ratio = statistics.median(our_rate / bare_rate for our_rate, bare_rate in zip(ours, bare, strict=True))
    tell(
        f"first load of {count} × {length} bars, a second",
        ours=max(ours),
        insert_many=max(bare),
        ratio=ratio,
        idle=min(idle),
    )
    assert ratio >= least


MEASURED = """
    import json, sys
    from pathlib import Path
    from finance_core.categories import US_STOCKS
    from finance_core.storage import database
    from updaters import category_update

    def memory(name):
        lines = Path("/proc/self/status").read_text().splitlines()
        return next(int(line.split()[1]) / 1024 for line in lines if line.startswith(name))

    db = database.connect()
    before = memory("VmRSS")
    summary = category_update.run(db, US_STOCKS, sys.argv[1].split(","))
    assert (summary.state, summary.failures, summary.done) == ("done", [], len(sys.argv[1].split(",")))
    print(json.dumps({"before": before, "peak": memory("VmHWM")}))
"""


def test_a_run_over_ten_times_as_many_tickers_needs_hardly_more_memory(
    db: MongoDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    many, bars = names(2_000), 20
    peaks = []
    with serving(len(many), bars, monkeypatch):
        for listed in (many[:200], many):
            program = [sys.executable, "-c", textwrap.dedent(MEASURED), ",".join(listed)]
            done = subprocess.run(program, cwd=PROJECT, check=True, capture_output=True, text=True)
            peaks.append(json.loads(done.stdout))
            assert db["us_stocks"].count_documents({}) == len(listed) * bars
            db.client.drop_database(db.name)
            database.ensure_indexes(db)
    few, all_of_them = peaks
    tell(
        "peak memory of a run, MB",
        before=few["before"],
        with_200=few["peak"],
        with_2000=all_of_them["peak"],
        ratio=all_of_them["peak"] / few["peak"],
    )
    assert all_of_them["peak"] / few["peak"] <= 1.2


def test_ten_thousand_tickers_that_are_up_to_date(db: MongoDatabase) -> None:
    market = US_STOCKS.market("NYSE").calendar
    now = dt.datetime(2026, 2, 2, 12, tzinfo=dt.UTC)
    session = sessions.last_finished(market, now)  # keeps the calendar, as a page or an earlier run has done
    fresh = {"source": "yahoo", "last_status": "ok", "last_date": session.to_pydatetime()}
    fetched = dt.datetime(2026, 2, 1)
    fetched_whole = {"updated_at": fetched, "verified_at": fetched}
    register(db, names(10_000), **fresh, **fetched_whole, bar_count=5_000, last_close=100.0, change=0.01)
    ours = Cost()
    summary = category_update.run(db, US_STOCKS, now=lambda: now)
    seconds = ours.seconds
    tell("10,000 tickers up to date", seconds=seconds, requests=summary.requests)
    assert (summary.current, summary.total, summary.requests) == (10_000, 10_000, 0)
    assert seconds < 2
