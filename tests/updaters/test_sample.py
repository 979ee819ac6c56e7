"""Sample prices: what they are, where they come, and that they and real prices never mix."""

import contextlib
import csv
import datetime as dt
import os
import random
import subprocess
import sys
import textwrap
import time
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
import pandas as pd
import pytest

from finance_core import starter
from finance_core.bars import candles, sessions
from finance_core.categories import KOREAN_STOCKS
from finance_core.storage import prices, tickers
from finance_core.storage.database import Document, MongoDatabase
from tests.conftest import forget_transactions
from tests.processes import wait_until
from tests.yahoo import Listing, Status, YahooStandIn, random_walk
from updaters import category_update, sample

pytestmark = pytest.mark.slow

TODAY = dt.date(2026, 11, 24)
PROJECT = Path(sample.__file__).resolve().parents[1]
TEN = [f"{number:06}" for number in range(100, 110)]


@pytest.fixture
def ten_starters(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A shorter list and a shorter history than the product's, for tests that fill it more than once."""
    directory = tmp_path / "starter"
    directory.mkdir()
    with (directory / "korean_stocks.csv").open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["ticker", "name", "market"])
        rows.writerows([ticker, f"종목 {ticker}", "KOSPI"] for ticker in TEN)
    monkeypatch.setattr(starter, "DIRECTORY", directory)
    monkeypatch.setattr(sample, "YEARS", 3)
    return directory


def metadata(db: MongoDatabase) -> dict[str, Document]:
    return {row["ticker"]: row for row in tickers.active(db, KOREAN_STOCKS)}


def everything(db: MongoDatabase) -> list[Document]:
    return [*db["korean_stocks"].find().sort("_id", 1), *db["ticker_metadata"].find().sort("_id", 1)]


def days_of_samples() -> pd.DatetimeIndex:
    return sessions.between("XKRX", dt.date(2026 - sample.YEARS, 11, 24), dt.date(2026, 11, 23))


def assert_is_sample(db: MongoDatabase, ticker: str) -> None:
    stored, expected = prices.load(db, KOREAN_STOCKS, ticker), sample.sample_bars(ticker, days_of_samples())
    pd.testing.assert_frame_equal(stored, expected, check_index_type=False, check_freq=False)


# What they are


def test_sample_bars_are_the_same_for_the_same_ticker_and_others_for_another() -> None:
    days = pd.bdate_range("2020-01-01", periods=500)

    pd.testing.assert_frame_equal(sample.sample_bars("005930", days), sample.sample_bars("005930", days))
    assert not sample.sample_bars("005930", days).equals(sample.sample_bars("000660", days))


@pytest.mark.parametrize("ticker", ["005930", "000660", "0126Z0"])
def test_sample_bars_are_valid_and_suit_a_currency_without_decimals(ticker: str) -> None:
    bars = sample.sample_bars(ticker, pd.bdate_range("2016-11-24", "2026-11-23"))

    cleaned, remarks = candles.clean(bars)
    assert remarks == []
    pd.testing.assert_frame_equal(cleaned, bars, check_index_type=False, check_freq=False)
    assert (bars[candles.PRICES] % 1 == 0).all(axis=None)
    yearly_volatility = np.log(bars["close"]).diff().std() * 252**0.5
    assert 0.25 < yearly_volatility < 0.35


def test_the_starter_list_names_tickers_of_its_category_on_markets_it_knows() -> None:
    rows = starter.rows(KOREAN_STOCKS)

    assert len(rows) >= 40
    assert len({row["ticker"] for row in rows}) == len(rows)
    assert all(KOREAN_STOCKS.is_ticker(row["ticker"]) and row["name"] for row in rows)
    assert {row["market"] for row in rows} == {"KOSPI", "KOSDAQ"}
    assert next(row["industry"] for row in rows if row["ticker"] == "000660") == "반도체 제조업"


# Where they come


@pytest.mark.slow
def test_an_empty_embedded_database_gets_the_starters_with_sample_bars(
    db: MongoDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sample, "YEARS", 1)
    seen: list[float] = []

    sample.prepare(db, TODAY, seen.append)

    assert seen == sorted(seen)
    assert (seen[0] > 0, seen[-1]) == (True, 1.0)
    rows, days = metadata(db), sessions.between("XKRX", dt.date(2025, 11, 24), dt.date(2026, 11, 23))
    assert {(row["ticker"], row["name"], row["market"]) for row in rows.values()} == {
        (row["ticker"], row["name"], row["market"]) for row in starter.rows(KOREAN_STOCKS)
    }
    assert db["korean_stocks"].estimated_document_count() == len(rows) * len(days)
    for ticker, row in rows.items():
        assert row["source"] == "sample"
        assert "updated_at" not in row, "Yahoo was not asked"
        assert (row["first_date"], row["last_date"], row["bar_count"]) == (days[0], days[-1], len(days))
        if ticker in ("005930", "247540"):
            assert_is_sample(db, ticker)


def test_the_sample_bars_are_those_of_ten_years(db: MongoDatabase) -> None:
    sample.prepare(db, TODAY, shown_first=True)

    days = sessions.between("XKRX", dt.date(2016, 11, 24), dt.date(2026, 11, 23))
    shown = [row for row in metadata(db).values() if row["bar_count"]]
    assert {row["ticker"] for row in shown} >= {KOREAN_STOCKS.default_ticker}
    for row in shown:
        assert (row["first_date"], row["last_date"], row["bar_count"]) == (days[0], days[-1], len(days))
    assert_is_sample(db, KOREAN_STOCKS.default_ticker)


@pytest.mark.usefixtures("ten_starters")
def test_preparing_twice_changes_nothing(db: MongoDatabase) -> None:
    sample.prepare(db, TODAY)
    before = everything(db)

    sample.prepare(db, TODAY + dt.timedelta(days=40))

    assert everything(db) == before


def test_a_server_of_the_users_own_never_gets_samples(own_server_db: MongoDatabase) -> None:
    sample.prepare(own_server_db, TODAY)

    assert own_server_db.list_collection_names() == []


@pytest.mark.usefixtures("ten_starters")
@pytest.mark.parametrize("there", ["ticker", "bar"])
def test_a_category_that_has_a_ticker_or_a_bar_gets_no_samples(db: MongoDatabase, there: str) -> None:
    if there == "ticker":
        tickers.register(db, KOREAN_STOCKS, [{"ticker": "035720", "name": "카카오", "market": "KOSPI"}])
    else:
        bars, _remarks = candles.clean(random_walk(pd.bdate_range("2026-01-01", periods=3), seed=1))
        prices.write(db, KOREAN_STOCKS, "035720", bars)
    before = everything(db)

    sample.prepare(db, TODAY)

    assert [document for document in everything(db) if document in before] == before
    assert {row["ticker"] for row in tickers.active(db, KOREAN_STOCKS)} == {"035720"}
    assert prices.tickers(db, KOREAN_STOCKS) == ([] if there == "ticker" else ["035720"])


# How they go


@pytest.fixture
def real(yahoo: YahooStandIn) -> dict[str, Listing]:
    """The ten as Yahoo has them: on many of the sample's days, on some the sample has not, and not on others."""
    days = pd.bdate_range("2023-06-01", "2025-06-30")
    listings = {ticker: Listing(random_walk(days, seed=int(ticker))) for ticker in TEN}
    yahoo.listings |= {f"{ticker}.KS": listing for ticker, listing in listings.items()}
    return listings


def assert_is_real(db: MongoDatabase, ticker: str, listing: Listing) -> None:
    bars = prices.load(db, KOREAN_STOCKS, ticker)[listing.bars.columns].astype(float)
    pd.testing.assert_frame_equal(bars, listing.bars, check_index_type=False, check_freq=False)


@pytest.mark.usefixtures("ten_starters")
def test_the_first_real_update_of_a_ticker_replaces_all_its_sample_bars(
    db: MongoDatabase, real: dict[str, Listing]
) -> None:
    sample.prepare(db, TODAY)

    summary = category_update.run(db, KOREAN_STOCKS, TEN[:1])

    assert not summary.failures
    assert_is_real(db, TEN[0], real[TEN[0]])
    row = metadata(db)[TEN[0]]
    assert (row["source"], row["bar_count"]) == ("yahoo", len(real[TEN[0]].bars))
    assert_is_sample(db, TEN[1])
    sample.prepare(db, TODAY)
    assert_is_real(db, TEN[0], real[TEN[0]])


@pytest.mark.usefixtures("ten_starters", "real")
def test_a_first_real_update_that_fails_leaves_the_sample_and_its_label(db: MongoDatabase, yahoo: YahooStandIn) -> None:
    sample.prepare(db, TODAY)
    yahoo.outage = Status(500)

    assert len(category_update.run(db, KOREAN_STOCKS, TEN[:1]).failures) == 1

    assert_is_sample(db, TEN[0])
    assert (metadata(db)[TEN[0]]["source"], metadata(db)[TEN[0]]["last_status"]) == ("sample", "failed")


# kill -9

FORKS = """
    import datetime as dt, os, sys
    from pathlib import Path
    from finance_core import starter
    from finance_core.bars import sessions
    from finance_core.categories import KOREAN_STOCKS
    from finance_core.storage import database
    from updaters import category_update, sample

    work = {
        "prepare": lambda: sample.prepare(database.connect(), dt.date(2026, 11, 24)),
        "update": lambda: category_update.run(database.connect(), KOREAN_STOCKS),
    }
    starter.DIRECTORY, sample.YEARS = Path(sys.argv[1]), int(sys.argv[2])
    sessions.timezone("XKRX")  # builds the calendar once, for all children
    for line in sys.stdin:
        children = []
        for name in line.split():
            child = os.fork()
            if child == 0:
                try:
                    work[name]()
                    os._exit(0)
                finally:
                    sys.excepthook(*sys.exc_info())
                    os._exit(1)
            children.append(child)
        print(*children, flush=True)
        print(*[os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children], flush=True)
"""


class Forks:
    """Starts processes that do the real work, at the cost of a fork each."""

    def __init__(self, starters: Path) -> None:
        program = [sys.executable, "-c", textwrap.dedent(FORKS), str(starters), str(sample.YEARS)]
        self.parent = subprocess.Popen(
            program, cwd=PROJECT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8"
        )

    def start(self, *work: str) -> list[int]:
        """Start a process for each kind of work and return their ids."""
        assert self.parent.stdin
        self.parent.stdin.write(" ".join(work) + "\n")
        self.parent.stdin.flush()
        return self._numbers()

    def wait(self) -> list[int]:
        """Exit codes of the processes last started, once all have ended."""
        return self._numbers()

    def _numbers(self) -> list[int]:
        assert self.parent.stdout
        return [int(number) for number in self.parent.stdout.readline().split()]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, _kind: type | None, error: BaseException | None, _trace: TracebackType | None) -> None:
        if error:
            self.parent.kill()
        self.parent.communicate()


@pytest.mark.slow
def test_a_fill_that_is_killed_leaves_whole_tickers_and_the_next_completes_it(
    forgetful_db: MongoDatabase, ten_starters: Path
) -> None:
    db = forgetful_db
    with Forks(ten_starters) as forks:
        kill_some_fills(db, forks)
        forks.start("prepare")
        assert forks.wait() == [0]
    for ticker in TEN:
        assert_is_sample(db, ticker)


def kill_some_fills(db: MongoDatabase, forks: Forks) -> None:
    for fill in (2, 6):
        (process,) = forks.start("prepare")
        assert wait_until(lambda: db["ticker_metadata"].count_documents({"bar_count": {"$gt": 0}}) >= fill)  # noqa: B023
        time.sleep(random.Random(fill).uniform(0, 0.04))
        os.kill(process, 9)
        assert forks.wait() == [-9]
        assert list(metadata(db)) == TEN
        # One moment for both collections, as the killed process may have sent a commit that is carried out just now.
        with db.client.start_session(snapshot=True) as session:
            for row in db["ticker_metadata"].find({}, session=session).to_list():
                stored = db["korean_stocks"].count_documents({"ticker": row["ticker"]}, session=session)
                assert (row["source"], row["bar_count"]) == ("sample", stored)
                assert stored in (0, len(days_of_samples()))
        forget_transactions(db)


@pytest.mark.slow
def test_two_fills_at_once_are_as_good_as_one(db: MongoDatabase, ten_starters: Path) -> None:
    with Forks(ten_starters) as forks:
        forks.start("prepare", "prepare")
        assert forks.wait() == [0, 0]

    assert list(metadata(db)) == TEN
    for ticker in TEN:
        assert_is_sample(db, ticker)


@pytest.mark.exhaustive
@pytest.mark.slow
def test_sample_and_real_bars_never_mix_however_often_updates_are_killed(
    forgetful_db: MongoDatabase, yahoo: YahooStandIn, real: dict[str, Listing], ten_starters: Path
) -> None:
    db, moments = forgetful_db, random.Random(6)
    sample.prepare(db, TODAY)
    with Forks(ten_starters) as forks:
        for _ in range(6):
            yahoo.clear()
            done = sum(row["source"] == "yahoo" for row in metadata(db).values())
            (process,) = forks.start("update")
            enough = min(done + 2, len(TEN))
            assert wait_until(lambda: sum(request.symbol is not None for request in list(yahoo.requests)) >= enough)  # noqa: B023
            time.sleep(moments.uniform(0, 0.1))
            with contextlib.suppress(ProcessLookupError):  # it may just have ended by itself
                os.kill(process, 9)
            assert forks.wait() in ([-9], [0])
            assert_each_is_sample_or_real(db, real)
            forget_transactions(db)

        forks.start("update")
        assert forks.wait() == [0]
    for ticker in TEN:
        assert metadata(db)[ticker]["source"] == "yahoo"
        assert_is_real(db, ticker, real[ticker])


def assert_each_is_sample_or_real(db: MongoDatabase, real: dict[str, Listing]) -> None:
    # One moment for both collections, as the killed process may have sent a commit that is carried out just now.
    with db.client.start_session(snapshot=True) as session:
        sources = {row["ticker"]: row["source"] for row in db["ticker_metadata"].find({}, session=session)}
        closes: dict[str, list[float]] = {ticker: [] for ticker in TEN}
        for bar in db["korean_stocks"].find({}, session=session).sort([("ticker", 1), ("date", 1)]):
            closes[bar["ticker"]].append(bar["close"])
    days = days_of_samples()
    for ticker in TEN:
        expected = sample.sample_bars(ticker, days) if sources[ticker] == "sample" else real[ticker].bars
        assert sources[ticker] in ("sample", "yahoo")
        assert closes[ticker] == expected["close"].tolist(), (ticker, sources[ticker], len(closes[ticker]))
