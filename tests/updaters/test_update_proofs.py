"""Whatever Yahoo does: the stored bars, the report and the exit code, by the command and through the real yfinance."""

import json
import logging
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest.mock import ANY

import numpy as np
import pandas as pd
import pytest

from finance_core import console
from finance_core.bars import candles
from finance_core.categories import KOREAN_STOCKS
from finance_core.storage import prices, runs, tickers
from finance_core.storage.database import Document, MongoDatabase
from tests.yahoo import (
    COLUMNS,
    Answer,
    AsUsual,
    Empty,
    Hang,
    Listing,
    Malformed,
    NoResult,
    Status,
    Truncated,
    YahooStandIn,
    random_walk,
)
from updaters import category_update, command, rate_limit
from updaters import yahoo as product

pytestmark = pytest.mark.slow

DAYS = pd.bdate_range("2024-01-02", periods=60)
THREE = ("000660", "005930", "035720")
WHOLE, BEFORE = 60, 50
"""Bars of each ticker, and how many of them were stored by an earlier run."""


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Waits as short as can be, and Korean, whatever the shell speaks."""
    monkeypatch.setattr(product, "RETRY_WITHIN", 0.01)
    monkeypatch.setattr(rate_limit, "FIRST_PAUSE", 0.02)
    monkeypatch.setattr(product, "TIMEOUT", 0.5)
    for name in ("LC_ALL", "LC_MESSAGES"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LANG", "ko_KR.UTF-8")


@pytest.fixture
def three(db: MongoDatabase, yahoo: YahooStandIn) -> dict[str, Listing]:
    """Three registered tickers of KOSPI and what Yahoo has of them."""
    tickers.register(db, KOREAN_STOCKS, [{"ticker": each, "name": each, "market": "KOSPI"} for each in THREE])
    listings = {each: Listing(random_walk(DAYS, seed=int(each))) for each in THREE}
    yahoo.listings |= {f"{each}.KS": listing for each, listing in listings.items()}
    return listings


@dataclass(frozen=True)
class Told:
    """What one run of the command left behind."""

    code: int
    out: str
    err: str

    @property
    def report(self) -> dict[str, Any]:
        """The one JSON object on standard output."""
        assert self.out.count("\n") == 1, self.out
        return dict(json.loads(self.out))


Command = Callable[..., Told]


@pytest.fixture
def updated(capsys: pytest.CaptureFixture[str]) -> Command:
    """Runs the command of the Korean stocks in this process."""

    def main(*arguments: str) -> Told:
        capsys.readouterr()
        with log_of_its_own():
            code = command.main("korean_stocks", arguments)
        return Told(code, *capsys.readouterr())

    return main


@contextmanager
def log_of_its_own() -> Iterator[None]:
    """The command sets up the log of its process: here as in a process that has none yet."""
    root, raises = logging.getLogger(), logging.raiseExceptions
    handlers, root.handlers, level = root.handlers, [], root.level
    try:
        yield
    finally:
        for handler in root.handlers:
            handler.close()
        root.handlers = handlers
        root.setLevel(level)
        logging.raiseExceptions = raises


def a_report(failed: dict[str, str] | None = None, **counts: Any) -> dict[str, Any]:
    """The JSON of a run over the three tickers in which nothing happened but `counts`; `failed` by their reasons."""
    names = ("current", "delisted", "added", "replaced", "removed", "changed", "refused")
    failures = [{"ticker": ticker, "reason": reason} for ticker, reason in (failed or {}).items()]
    return {
        "category": "korean_stocks",
        "state": "done",
        "total": 3,
        "done": 3,
        **dict.fromkeys(names, 0),
        "failed": len(failures),
        "requests": ANY,
        "seconds": ANY,
        "failures": failures,
        **counts,
    }


def bars_of(db: MongoDatabase, ticker: str) -> pd.DataFrame:
    return prices.load(db, KOREAN_STOCKS, ticker)


def assert_stored(db: MongoDatabase, bars: pd.DataFrame, ticker: str = "005930") -> None:
    """These bars, and no others, are stored."""
    pd.testing.assert_frame_equal(
        bars_of(db, ticker)[COLUMNS].astype(float), bars, check_index_type=False, check_freq=False, check_names=False
    )


def metadata(db: MongoDatabase, ticker: str = "005930") -> Document:
    row = tickers.get(db, KOREAN_STOCKS, ticker)
    assert row is not None
    return row


# Answers that are none


UNKNOWN = Status(404, "No data found, symbol may be delisted")

ANSWERS: dict[str, tuple[list[Answer], str]] = {
    "a burst of 429": ([Status(429)] * rate_limit.ROUNDS, ""),
    "500 that passes": ([Status(500)] * 2 * (product.ATTEMPTS - 1), ""),
    "500 that stays": ([Status(500)] * 2 * product.ATTEMPTS, "Server got itself in trouble"),
    "a hang that passes": ([Hang()] * (product.ATTEMPTS - 1), ""),
    "a hang that stays": ([Hang()] * product.ATTEMPTS, "Timeout"),
    "a broken connection": ([Truncated()] * product.ATTEMPTS, "ConnectionError"),
    "JSON cut off": ([Malformed()] * product.ATTEMPTS, "JSONDecodeError"),
    "a page of HTML": ([Malformed("<html>Sorry</html>")] * product.ATTEMPTS, "JSONDecodeError"),
    "a page of Yahoo's own": (
        [Malformed("<html>Will be right back</html>")] * product.ATTEMPTS,
        "YFDataException",
    ),
    "JSON without prices": (
        [Malformed('{"chart":{"result":[{"meta":{}}],"error":null}}')] * product.ATTEMPTS,
        "KeyError",
    ),
    "no bars": ([Empty()] * product.ATTEMPTS, "하나도"),
    "no result": ([NoResult()] * product.ATTEMPTS, "하나도"),
    "an unknown symbol": ([UNKNOWN] * 2, "005930.KS 종목이 없습니다"),
}


@pytest.mark.parametrize("stored", [False, True], ids=["new", "stored"])
@pytest.mark.parametrize(("answers", "reason"), ANSWERS.values(), ids=ANSWERS)
def test_an_answer_that_is_none_shows_in_the_bars_the_report_and_the_exit_code(
    db: MongoDatabase,
    yahoo: YahooStandIn,
    three: dict[str, Listing],
    updated: Command,
    answers: list[Answer],
    reason: str,
    stored: bool,
) -> None:
    whole = {ticker: listing.bars for ticker, listing in three.items()}
    if stored:
        for ticker, listing in three.items():
            listing.bars = whole[ticker].iloc[:BEFORE]
        assert updated().code == command.ALL_GOOD
        for ticker, listing in three.items():
            listing.bars = whole[ticker]
        yahoo.clear()
    before = BEFORE if stored else 0
    documents = list(db["korean_stocks"].find({"ticker": "005930"}))
    yahoo.answer_with("005930.KS", *answers)

    told = updated("--json")

    expected = a_report(added=(2 if reason else 3) * (WHOLE - before))
    if reason:
        expected |= {"failed": 1, "failures": [{"ticker": "005930", "reason": metadata(db)["last_error"]}]}
        assert reason in metadata(db)["last_error"]
    assert told.report == expected
    assert told.report["requests"] == len(yahoo.requests)
    assert (told.code, told.err) == (command.NOT_ALL_DONE if reason else command.ALL_GOOD, "")
    assert metadata(db)["last_status"] == ("failed" if reason else "ok")
    if reason:
        assert list(db["korean_stocks"].find({"ticker": "005930"})) == documents
        assert metadata(db).get("bar_count", 0) == before
    for ticker in THREE:
        count = before if reason and ticker == "005930" else WHOLE
        assert_stored(db, whole[ticker].iloc[:count], ticker)

    yahoo.answer_with("005930.KS", *answers)
    again = updated()

    assert again.code == told.code
    assert again.out.splitlines() == [
        f"한국 주식: 3/3종목, 봉 0개 추가, 0개 교체, 0개 삭제, 실패 {1 if reason else 0}종목",
        *([f"  005930: {metadata(db)['last_error']}"] if reason else []),
    ]

    yahoo.clear()
    assert updated("--json").report == a_report(added=WHOLE - before if reason else 0)
    assert_stored(db, whole["005930"])
    assert metadata(db)["last_status"] == "ok"
    assert "last_error" not in metadata(db)


def test_429_for_good_leaves_the_rest_undone_but_not_failed_and_the_next_run_begins_with_it(
    db: MongoDatabase, yahoo: YahooStandIn, three: dict[str, Listing], updated: Command
) -> None:
    updated("--tickers", "000660")
    yahoo.answer_with("*", AsUsual(), *[Status(429)] * 20)
    refusal = "Yahoo가 요청을 계속 거절해 여기서 멈췄습니다. 한동안 기다린 뒤 다시 실행하십시오."

    told = updated("--json", "--workers", "1")

    assert told.report == a_report(state="partial", done=1, added=WHOLE, reason=refusal)
    assert (told.code, told.err) == (command.NOT_ALL_DONE, "")
    assert_stored(db, three["005930"].bars)
    assert bars_of(db, "035720").empty
    assert not {"last_status", "last_error", "updated_at"} & set(metadata(db, "035720"))
    assert "last_error" not in metadata(db, "000660")

    yahoo.clear()
    yahoo.outage = Status(429)
    again = updated("--workers", "1")
    assert again.code == command.NOT_ALL_DONE
    assert again.out.splitlines() == ["한국 주식: 0/3종목, 봉 0개 추가, 0개 교체, 0개 삭제, 실패 0종목", refusal]

    yahoo.clear()
    continued = updated("--json", "--workers", "1")
    assert (continued.report, continued.code) == (a_report(added=WHOLE), command.ALL_GOOD)
    asked = [request.symbol for request in yahoo.requests if request.symbol]
    assert asked == ["035720.KS", "000660.KS", "005930.KS"]
    assert_stored(db, three["035720"].bars, "035720")


def test_a_symbol_unknown_for_three_runs_is_reported_as_delisted_and_keeps_its_bars(
    db: MongoDatabase, yahoo: YahooStandIn, three: dict[str, Listing], updated: Command
) -> None:
    updated()
    listing = yahoo.listings.pop("005930.KS")
    for _ in range(category_update.DELISTED_AFTER):
        told = updated("--json")
        assert told.report == a_report({"005930": "Yahoo에 005930.KS 종목이 없습니다."})
        assert told.code == command.NOT_ALL_DONE
    assert metadata(db)["last_status"] == "delisted"

    told = updated("--json")

    assert (told.report, told.code) == (a_report(delisted=1), command.ALL_GOOD)
    assert_stored(db, listing.bars)
    text = updated()
    assert text.code == command.ALL_GOOD
    assert "상장폐지된 듯한 종목 1개" in text.out


# Bars that are not what they should be, or no longer


@dataclass(frozen=True)
class Oddity:
    """What becomes of the listing of a ticker of which the first `BEFORE` days are stored, and what a run makes of it.

    Where `expected` is not given, all of the listing's bars are stored.
    """

    change: Callable[[Listing], None]
    counts: dict[str, int] = field(default_factory=dict)
    """What the report tells more than the two other tickers' bars."""
    expected: Callable[[Listing, pd.DataFrame], pd.DataFrame] = lambda listing, _before: listing.bars
    reason: str = ""
    requests: int = 1
    """Charts that are asked for: two where all history is."""
    said: tuple[str, ...] = ()
    """Further lines of the text report."""


CORRECTED = ("고치거나 뺀 봉 1개 (자세한 내용은 로그에 있습니다)",)


def misses_a_row(listing: Listing) -> None:
    listing.bars.loc[DAYS[55]] = np.nan


def sends_a_day_twice(listing: Listing) -> None:
    listing.bars = listing.bars.iloc[np.repeat(np.arange(WHOLE), np.where(np.arange(WHOLE) == 55, 2, 1))]


def sends_the_last_day_once_more_as_it_is_now(listing: Listing) -> None:
    now = listing.bars.iloc[[-1]].set_axis(DAYS[[-1]] + pd.Timedelta(hours=3)) + 17
    listing.bars = pd.concat([listing.bars, now])


def with_the_last_day_as_it_is_now(listing: Listing, _before: pd.DataFrame) -> pd.DataFrame:
    return listing.bars.drop(DAYS[-1]).rename({DAYS[-1] + pd.Timedelta(hours=3): DAYS[-1]})


def splits(listing: Listing) -> None:
    listing.bars[candles.PRICES] /= 50
    listing.splits[DAYS[55].date()] = (50, 1)


def revises_a_bar_of_the_overlap(listing: Listing) -> None:
    listing.bars = listing.bars.iloc[:BEFORE].copy()
    listing.bars.loc[DAYS[BEFORE - 3], ["high", "close"]] = 99_999


def revises_the_last_bar(listing: Listing) -> None:
    listing.bars = listing.bars.iloc[:BEFORE].copy()
    listing.bars.loc[DAYS[BEFORE - 1], ["high", "close", "volume"]] = [99_999, 50_001, 17]


def sends_a_stump(listing: Listing) -> None:
    listing.bars = listing.bars.iloc[BEFORE - 3 :]


def halts(listing: Listing) -> None:
    listing.bars.loc[DAYS[55], ["open", "high", "low", "volume"]] = 0


def flat_where_halted(listing: Listing, _before: pd.DataFrame) -> pd.DataFrame:
    bars = listing.bars.copy()
    bars.loc[DAYS[55], ["open", "high", "low"]] = bars.loc[DAYS[55], "close"]
    return bars


ODDITIES = [
    Oddity(
        misses_a_row,
        {"added": 9, "refused": 1},
        lambda listing, _before: listing.bars.drop(DAYS[55]),
        said=CORRECTED,
    ),
    Oddity(sends_a_day_twice, {"added": 10}, lambda listing, _before: listing.bars.drop_duplicates()),
    Oddity(sends_the_last_day_once_more_as_it_is_now, {"added": 10}, with_the_last_day_as_it_is_now),
    Oddity(splits, {"added": 10, "replaced": BEFORE}, requests=2),
    Oddity(revises_a_bar_of_the_overlap, {"replaced": 1}, requests=2),
    Oddity(revises_the_last_bar, {"replaced": 1}),
    Oddity(
        sends_a_stump,
        expected=lambda _listing, before: before,
        reason="Yahoo가 저장된 것보다 훨씬 짧은 이력(13개)을 보내서 그대로 두었습니다.",
        requests=2,
    ),
    Oddity(halts, {"added": 10, "changed": 1}, flat_where_halted, said=CORRECTED),
]


@pytest.mark.parametrize("as_json", [True, False], ids=["json", "text"])
@pytest.mark.parametrize("oddity", ODDITIES, ids=[oddity.change.__name__ for oddity in ODDITIES])
def test_an_odd_history_shows_in_the_bars_the_report_and_the_exit_code(
    db: MongoDatabase,
    yahoo: YahooStandIn,
    three: dict[str, Listing],
    updated: Command,
    oddity: Oddity,
    as_json: bool,
) -> None:
    whole = three["005930"].bars
    three["005930"].bars = before = whole.iloc[:BEFORE]
    updated()
    yahoo.clear()
    three["005930"].bars = whole.copy()
    oddity.change(three["005930"])

    told = updated(*["--json"] * as_json)

    assert (told.code, told.err) == (command.NOT_ALL_DONE if oddity.reason else command.ALL_GOOD, "")
    failed = {"005930": oddity.reason} if oddity.reason else {}
    if as_json:
        assert told.report == a_report(failed, **oddity.counts)
    else:
        added, replaced = (oddity.counts.get(name, 0) for name in ("added", "replaced"))
        assert told.out.splitlines() == [
            f"한국 주식: 3/3종목, 봉 {added}개 추가, {replaced}개 교체, 0개 삭제, 실패 {len(failed)}종목",
            *oddity.said,
            *(f"  {ticker}: {reason}" for ticker, reason in failed.items()),
        ]
    assert_stored(db, oddity.expected(three["005930"], before))
    assert len(yahoo.asked("005930.KS")) == oddity.requests


@pytest.mark.parametrize("as_kospi", [Empty(), UNKNOWN], ids=["empty", "unknown"])
def test_a_ticker_that_turns_out_to_be_of_kosdaq_is_no_failure(
    db: MongoDatabase, yahoo: YahooStandIn, updated: Command, as_kospi: Answer
) -> None:
    yahoo.listings["247540.KQ"] = Listing(random_walk(DAYS, seed=2))
    yahoo.answer_with("247540.KS", *[as_kospi] * 2)
    tickers.register(db, KOREAN_STOCKS, [{"ticker": "247540", "name": "에코프로비엠", "market": "KOSPI"}])

    told = updated("--json", "--tickers", "247540")

    assert (told.report, told.code) == (a_report(total=1, done=1, added=WHOLE), command.ALL_GOOD)
    assert_stored(db, yahoo.listings["247540.KQ"].bars, "247540")
    assert metadata(db, "247540")["market"] == "KOSDAQ"


# A dry run


def everything(db: MongoDatabase) -> dict[str, tuple[list[Document], Any]]:
    """Every collection of the database, with its documents and its indexes."""
    return {name: (list(db[name].find()), db[name].index_information()) for name in db.list_collection_names()}


def test_a_dry_run_on_an_empty_database_of_ones_own_leaves_it_empty(
    own_server_db: MongoDatabase, yahoo: YahooStandIn, updated: Command
) -> None:
    text, told = updated("--dry-run", "--tickers", "005930"), updated("--dry-run", "--tickers", "005930", "--json")

    assert (everything(own_server_db), yahoo.requests) == ({}, [])
    assert (text.code, text.err, told.code, told.err) == (0, "", 0, "")
    assert told.report == {
        "category": "korean_stocks",
        "state": "dry-run",
        "current": 0,
        "would_fetch": [{"ticker": "005930", "since": None}],
    }
    assert text.out.splitlines() == [
        "한국 주식: 1종목을 받을 것이고 0종목은 이미 최신입니다. 아무것도 바꾸지 않았습니다.",
        "  005930: 전체 이력",
    ]


@pytest.mark.usefixtures("three")
@pytest.mark.parametrize("options", [[], ["--full"], ["--force"], ["--tickers", "035720,123456"]], ids=" ".join)
def test_a_dry_run_tells_what_the_run_then_asks_for_and_changes_nothing(
    db: MongoDatabase, yahoo: YahooStandIn, updated: Command, options: list[str]
) -> None:
    updated("--tickers", "005930,000660")
    now = tickers.now()
    fresh = {"last_date": now, "updated_at": now}
    db["ticker_metadata"].update_one({"ticker": "000660"}, {"$set": fresh})
    before = everything(db)
    yahoo.clear()

    text, told = updated("--dry-run", *options), updated("--dry-run", "--json", *options)

    assert everything(db) == before
    assert yahoo.requests == []
    assert (text.code, told.code) == (0, 0)
    report = told.report
    planned = {each["ticker"]: each["since"] for each in report["would_fetch"]}
    assert [line.split(":")[0].strip() for line in text.out.splitlines()[1:]] == list(planned)
    named = options[:1] == ["--tickers"]
    assert report["current"] == (0 if options else 1)
    assert (planned == {"035720": None, "123456": None}) if named else (planned["035720"] is None)
    if not named:
        assert planned["005930"] == (None if options == ["--full"] else "2024-03-25")
    updated(*options, "--workers", "1")
    asked = [request.symbol.removesuffix(".KS") for request in yahoo.requests if (request.symbol or "").endswith(".KS")]
    assert list(dict.fromkeys(asked)) == list(planned)


# Wrong use, and failures before anything is asked


@pytest.mark.parametrize("count", ["0", "65", "-1", "abc", "", "1.5"])
def test_a_count_of_workers_out_of_bounds_is_wrong_use(
    own_server_db: MongoDatabase, yahoo: YahooStandIn, updated: Command, capsys: pytest.CaptureFixture[str], count: str
) -> None:
    with pytest.raises(SystemExit) as ended:
        updated(f"--workers={count}", "--json")

    assert ended.value.code == console.WRONG_USE
    out, err = capsys.readouterr()
    assert out == ""
    assert "1에서 64 사이" in err
    assert (everything(own_server_db), yahoo.requests) == ({}, [])


@pytest.mark.parametrize("count", ["1", "64"])
def test_the_bounds_of_workers_are_themselves_allowed(
    db: MongoDatabase, three: dict[str, Listing], updated: Command, count: str
) -> None:
    told = updated("--workers", count, "--json")

    assert (told.report, told.code) == (a_report(added=3 * WHOLE), command.ALL_GOOD)


def unreachable(monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("MONGO_URI", "mongodb://me:s3cret@127.0.0.1:1/?serverSelectionTimeoutMS=300")
    return "127.0.0.1:1"


def misnamed(monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("MONGO_URI", "s3cret")
    return "MONGO_URI"


def without_a_directory(monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("FINANCE_DATA_DIR", f"{sys.executable}/data")
    return "FINANCE_DATA_DIR"


@pytest.mark.parametrize("options", [[], ["--dry-run"]], ids=["run", "dry run"])
@pytest.mark.parametrize("broken", [unreachable, misnamed, without_a_directory])
def test_a_failure_before_the_run_is_one_json_object_too(
    data_dir: Path,
    yahoo: YahooStandIn,
    monkeypatch: pytest.MonkeyPatch,
    updated: Command,
    broken: Callable[[pytest.MonkeyPatch], str],
    options: list[str],
) -> None:
    named = broken(monkeypatch)

    told = updated("--json", *options)

    reason = told.report["reason"]
    assert told.report == {"category": "korean_stocks", "state": "failed", "reason": reason}
    assert (told.code, told.err) == (command.NOT_ALL_DONE, f"{reason}\n")
    assert named in reason
    assert "s3cret" not in reason
    assert yahoo.requests == []


def test_a_run_beside_another_is_one_json_object_and_code_3(
    db: MongoDatabase, yahoo: YahooStandIn, three: dict[str, Listing], updated: Command
) -> None:
    with runs.leased(db, KOREAN_STOCKS, "page", {}, threading.Event()) as other:
        told = updated("--json")
        other.finish("done")

    reason = told.report["reason"]
    assert told.report == {"category": "korean_stocks", "state": "already running", "reason": reason}
    assert (told.code, told.err) == (command.ALREADY_RUNNING, f"{reason}\n")
    assert "이미 실행 중" in reason
    assert (bars_of(db, "005930").empty, yahoo.requests) == (True, [])
    assert updated("--json").report == a_report(added=3 * WHOLE)
