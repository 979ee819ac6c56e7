"""Dry runs, wrong use, and failures before anything is asked: what the command reports."""

import datetime as dt
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from finance_core import console
from finance_core.categories import KOREAN_STOCKS
from finance_core.storage import runs, tickers
from finance_core.storage.database import Document, MongoDatabase
from tests.updaters.commanding import WHOLE, Command, a_report
from tests.updaters.updating import bars_of
from tests.yahoo import (
    Listing,
    YahooStandIn,
)
from updaters import command, update_plan

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("impatient", "korean_shell", "short_timeout")]


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
        "deferred": 0,
        "would_fetch": [{"ticker": "005930", "since": None}],
    }
    assert text.out.splitlines() == [
        "한국 주식: 1종목을 받을 것이고 0종목은 이미 최신입니다. 아무것도 바꾸지 않았습니다.",
        "  005930: 전체 이력",
    ]


@pytest.mark.usefixtures("three")
@pytest.mark.parametrize("options", [[], ["--full"], ["--force"], ["--tickers", "035720,123456"]], ids=" ".join)
def test_a_dry_run_tells_what_the_run_then_asks_for_and_changes_nothing(
    db: MongoDatabase, yahoo: YahooStandIn, updated: Command, options: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    updated("--tickers", "005930,000660")
    now = tickers.now()
    monkeypatch.setattr(update_plan, "SETTLING", dt.timedelta(0))  # a session may have closed just now
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
        assert planned["005930"] == (None if options == ["--full"] else "2024-03-28")
    updated(*options, "--workers", "1")
    asked = [request.symbol.removesuffix(".KS") for request in yahoo.requests if (request.symbol or "").endswith(".KS")]
    assert list(dict.fromkeys(asked)) == list(planned)


# Wrong use, and failures before anything is asked


@pytest.mark.parametrize("count", ["0", "65", "-1", "abc", "", "1.5"])
def test_a_count_of_workers_out_of_bounds_is_wrong_use(
    own_server_db: MongoDatabase, yahoo: YahooStandIn, updated: Command, count: str
) -> None:
    done = updated(f"--workers={count}", "--json")

    assert (done.code, done.out) == (console.WRONG_USE, "")
    assert "1에서 64 사이" in done.err
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
    assert (told.code, told.err) == (console.ALREADY_RUNNING, f"{reason}\n")
    assert "이미 실행 중" in reason
    assert (bars_of(db, "005930").empty, yahoo.requests) == (True, [])
    assert updated("--json").report == a_report(added=3 * WHOLE)
