"""The command that asks the whole market."""

import csv
import datetime as dt
import io
import json
from pathlib import Path

import pytest

from finance_core import screen
from finance_core.bars import candles
from finance_core.bars.screen import READY
from finance_core.categories import KOREAN_STOCKS
from finance_core.storage import tickers
from finance_core.storage.database import MongoDatabase
from tests import pages
from tests.commands import run_here
from tests.storage.test_panels import no_panel_is_kept, store  # noqa: F401 - a fixture
from tests.storage.test_prices import make_bars

pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def korean_shell(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "ko_KR.UTF-8")


@pytest.fixture
def market(db: MongoDatabase) -> MongoDatabase:
    rising = make_bars(100)
    store(db, "000001", rising, name="오름")
    store(db, "000002", rising.assign(close=rising["close"].to_numpy()[::-1]), name="=내림")
    store(db, "000003", make_bars(100), name="표본", source="sample")
    store(db, "000004", rising.tail(10), name="짧음")
    return db


def ask(*arguments: str) -> tuple[int, str, str]:
    done = run_here(screen.main, "korean_stocks", *arguments)
    return done.code, done.out, done.err


def test_the_answer_as_json_leaves_no_ticker_out(market: MongoDatabase) -> None:
    code, out, _err = ask("close > ma20", "--json", "--next", "--as-of", "2024-04-10")
    report = json.loads(out)
    assert code == 0
    assert report["condition"] == "close > ma20"
    assert report["day"] == "2024-04-10"
    assert [row["ticker"] for row in report["rows"]] == ["000001"]
    assert report["rows"][0] == {
        "ticker": "000001",
        "name": "오름",
        "date": "2024-04-10",
        "close": 1099.0,
        "change1": 1099 / 1098 - 1,
        "ma20": 1089.5,
    }
    assert (report["judged"], report["behind"]) == (2, 0)
    assert report["unjudged"] == {"sample": ["000003"], "too few bars": ["000004"]}
    assert [each["sessions"] for each in report["next"]] == [5, 20, 60]
    assert report["next"][0]["rising"] == 1.0


def test_a_market_value_is_known_from_the_day_on_at_whose_end_the_shares_were_counted(market: MongoDatabase) -> None:
    since, until = dt.datetime(2024, 4, 10), dt.datetime(2024, 5, 10)
    counted = {"source": "yahoo", "verified_at": until, "shares": 1_000, "shares_since": since, "shares_on": until}
    for ticker in ("000001", "000003"):
        tickers.record(market, KOREAN_STOCKS, ticker, counted)
    report = json.loads(ask("market_value > 1098500", "--json", "--as-of", "2024-04-10")[1])
    assert [(row["ticker"], row["close"], row["market_value"]) for row in report["rows"]] == [
        ("000001", 1099.0, 1_099_000.0),
        ("000003", 1099.0, 1_099_000.0),
    ]
    assert report["unjudged"] == {"unknown": ["000002", "000004"]}, "a new listing has enough bars"
    report = json.loads(ask("market_value > 0", "--json", "--as-of", "2024-04-09")[1])
    assert (report["rows"], report["judged"]) == ([], 0), "nobody had counted them on that day"


def test_the_answer_as_a_table_opens_in_a_spreadsheet(market: MongoDatabase) -> None:
    code, out, _err = ask("close < ma20", "--csv")
    (row,) = csv.DictReader(io.StringIO(out))
    assert (code, row["ticker"], row["name"]) == (0, "000002", "'=내림")


def test_the_answer_as_text_counts_who_could_not_be_judged(market: MongoDatabase) -> None:
    code, out, _err = ask("volume_surge", "--next")
    assert code == 0
    assert "2종목 가운데 0종목" in out
    assert "표본 시세 1, 봉이 모자람 1" in out
    assert "60거래일 뒤: 조건이 맞은 날이 없습니다." in out
    assert "비용" in out


def test_a_mistake_is_pointed_at(db: MongoDatabase) -> None:
    code, out, err = ask("close > mx20")
    assert (code, out) == (2, "")
    assert err == "9번째 글자: mx20은 모르는 이름입니다.\nclose > mx20\n        ^\n"
    assert ask("close > 1", "--as-of", "gestern")[0] == 2


def test_a_server_that_is_away_is_one_line(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MONGO_URI", "mongodb://127.0.0.1:1")
    code, out, err = ask("close > 1")
    assert (code, out, err.count("\n")) == (1, "", 1)


def test_ready_screens_run_by_name(db: MongoDatabase) -> None:
    for ticker, table in pages.real_tables().items():
        store(db, ticker, candles.clean(table)[0])
    for name in [*READY, *(ready.name for ready in READY.values())]:
        code, out, _err = ask(name, "--json")
        assert code == 0
        assert json.loads(out)["judged"] > 5
