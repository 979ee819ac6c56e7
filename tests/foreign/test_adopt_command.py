"""`python -m finance_core.adopt`, in this process and as a process of its own, on real servers."""

import json
import os
import shlex
import signal
from pathlib import Path
from typing import Any

import pytest

from finance_core import console, log
from finance_core.categories import INDICES, KOREAN_STOCKS, US_STOCKS
from finance_core.foreign import adopt_command, conversion, unused_server
from finance_core.storage import locations, prices, tickers
from finance_core.storage.database import MongoDatabase
from tests.commands import CommandResult, run_here
from tests.foreign.other_programs import AMERICAN
from tests.foreign.test_adoption import CAPITAL, TABLES, assert_all_drawn, flat, untouched
from tests.foreign.test_inspection import neighbour  # noqa: F401 - a fixture
from tests.processes import start_python, wait_until

pytestmark = pytest.mark.slow

TEXT = flat(TABLES, CAPITAL, as_text=True)


@pytest.fixture(autouse=True)
def korean(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "ko_KR.UTF-8")
    monkeypatch.setattr(unused_server, "URI", "mongodb://127.0.0.1:9")  # whatever runs on this machine


def run(*arguments: str) -> CommandResult:
    """The command as somebody runs it who cannot be asked."""
    return run_here(adopt_command.main, *arguments)


def test_without_options_it_looks_says_what_there_is_and_how_to_go_on(own_server_db: MongoDatabase) -> None:
    db = own_server_db
    db["stocks"].insert_many(TEXT)
    table = AMERICAN["AAPL"]
    db["us_stock"].insert_many(flat({"AAPL": table.assign(dividends=0.0, stock_splits=0.0)}, CAPITAL))
    db["prices"].insert_many([row | {"symbol": "^KS11"} for row in TEXT[:20]])
    db["companies"].insert_one({"code": "005930", "name": "삼성"})
    before = {name: untouched(db, name) for name in db.list_collection_names()}
    told = run()
    assert told.code == console.ALL_GOOD
    for expected in (
        "stocks: 전환하면 쓸 수 있음",
        f"문서 {len(TEXT):,}개, 종목 3, 2026-03-03 ~ 2026-11-20",
        "날짜가 글자로",
        "→ python -m finance_core.adopt --convert stocks\n",
        "→ python -m finance_core.adopt --read us_stock\n",
        "→ python -m finance_core.adopt --convert prices --category indices\n",
        "companies: 문서 1개, 종목의 이름이 든 목록",
        "아무것도 바꾸지 않았습니다",
    ):
        assert expected in told.out
    assert {name: untouched(db, name) for name in db.list_collection_names()} == before


def test_its_json_has_everything_the_text_has(own_server_db: MongoDatabase) -> None:
    own_server_db["stocks"].insert_many(TEXT)
    told = run("--json")
    assert told.code == console.ALL_GOOD
    (found,) = told.report["collections"]
    expected = {
        "collection": "stocks",
        "verdict": "convertible",
        "category": "korean_stocks",
        "documents": len(TEXT),
        "tickers": 3,
        "first": "2026-03-03",
        "last": "2026-11-20",
        "exact": True,
        "index": False,
    }
    assert {name: found[name] for name in expected} == expected
    assert found["layout"]["dates"] == {"text": found["layout"]["sampled_rows"]}
    assert found["obstacles"]


def test_nothing_is_done_without_a_yes_and_it_says_beforehand_what_it_would_do(own_server_db: MongoDatabase) -> None:
    own_server_db["stocks"].insert_many(TEXT)
    before = untouched(own_server_db, "stocks")
    told = run("--convert", "stocks")
    assert told.code == console.WRONG_USE
    assert "korean_stocks 컬렉션에 봉으로" in told.err
    assert "--yes" in told.err
    assert own_server_db.list_collection_names() == ["stocks"]
    assert untouched(own_server_db, "stocks") == before


def test_a_dry_run_says_what_would_become_of_what(own_server_db: MongoDatabase) -> None:
    own_server_db["stocks"].insert_many([*TEXT, {"symbol": "005930", "Date": "언제", "Close": 1.0}])
    told = run("--convert", "stocks", "--dry-run")
    assert told.code == console.ALL_GOOD
    assert f"봉 {len(TEXT):,}개" in told.out
    assert told.out.count("→") == 1 + conversion.SHOWN_CONVERSIONS
    assert "날짜를 읽을 수 없습니다" in told.out
    assert own_server_db.list_collection_names() == ["stocks"]


def test_a_conversion_reports_and_lists_every_refused_document(own_server_db: MongoDatabase, tmp_path: Path) -> None:
    db = own_server_db
    bad = [
        {"_id": "a", "symbol": "005930", "Date": "언제", "Close": 1.0},
        {"_id": "b", "Date": "2024-01-02", "Close": 1.0},
        {"_id": "c", "symbol": "005930", "Date": "2024-01-02", "Close": None},
        {"_id": "d", "symbol": "=CMD()", "Date": "2024-01-02", "Close": 1.0},
    ]
    db["stocks"].insert_many([*TEXT, *bad])
    before = untouched(db, "stocks")
    report = tmp_path / "refused.csv"
    told = run("--convert", "stocks", "--yes", "--json", "--report", str(report))
    assert told.code == console.ALL_GOOD, told.err
    assert told.report["state"] == "done"
    assert (told.report["rows"], told.report["bars"], told.report["refused"]) == (len(TEXT) + 4, len(TEXT), 4)
    assert (told.report["verified"], told.report["differing"]) == (3, [])
    lines = report.read_text(encoding="utf-8-sig").splitlines()
    assert len(lines) == 5
    assert sorted(line.split(",")[1] for line in lines[1:]) == ["a", "b", "c", "d"]
    assert "'=CMD()" in report.read_text(encoding="utf-8-sig")
    assert_all_drawn(db, TABLES)
    assert untouched(db, "stocks") == before


def test_reading_as_it_is_says_what_was_read_and_can_be_given_up(own_server_db: MongoDatabase) -> None:
    db = own_server_db
    table = AMERICAN["AAPL"]
    db["us_stock"].insert_many(flat({"AAPL": table.assign(dividends=0.0, stock_splits=0.0)}, CAPITAL))
    told = run("--read", "us_stock", "--yes")
    assert told.code == console.ALL_GOOD, told.err
    assert f"봉 {len(table):,}개" in told.out
    locations.forget(db)
    assert len(prices.load(db, US_STOCKS, "AAPL")) == len(table)
    assert "읽기 전용으로 쓰는 중" in run().out
    update = start_python("-m", "updaters.update_us")
    _out, err = update.communicate(timeout=60)
    assert update.returncode == console.NOT_ALL_DONE
    assert "--convert us_stock" in err
    assert run("--give-up", "us_stocks").code == console.ALL_GOOD
    locations.forget(db)
    assert not locations.of(db, US_STOCKS).read_only
    assert "처음부터 us_stocks" in run("--give-up", "us_stocks").out


def test_what_cannot_be_read_as_it_is_is_refused_with_the_reasons(own_server_db: MongoDatabase) -> None:
    own_server_db["stocks"].insert_many(TEXT)
    told = run("--read", "stocks", "--yes")
    assert told.code == console.WRONG_USE
    assert "날짜가 글자로" in told.err
    assert "--convert stocks" in told.err
    assert own_server_db.list_collection_names() == ["stocks"]


def test_a_category_that_is_not_known_is_asked_for(own_server_db: MongoDatabase) -> None:
    own_server_db["daily"].insert_many([row | {"symbol": "^KS11"} for row in TEXT[:20]])
    told = run("--convert", "daily", "--yes")
    assert (told.code, "--category" in told.err) == (console.WRONG_USE, True)
    assert run("--convert", "daily", "--category", "indices", "--yes").code == console.ALL_GOOD
    assert len(prices.load(own_server_db, INDICES, "^KS11")) == 20


@pytest.mark.sampled(3)
@pytest.mark.parametrize("name", ["my stocks", "it's stocks", "--stocks", "a&b stocks; x"])
def test_the_commands_it_names_work_as_they_are_pasted(own_server_db: MongoDatabase, name: str) -> None:
    own_server_db[name].insert_many(TEXT)
    (line,) = [line for line in run().out.splitlines() if "→" in line]
    command = line.split("→ python -m finance_core.adopt ")[1].split(" --category")[0]
    told = run(*shlex.split(command), "--category", "korean_stocks", "--dry-run", "--json")
    assert (told.code, told.report["bars"]) == (console.ALL_GOOD, len(TEXT))


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--convert", "nowhere", "--yes"], "nowhere 컬렉션이 이 데이터베이스에 없습니다"),
        (["--convert", "notes", "--yes"], "시세로 보이지 않습니다"),
        (["--convert", "stocks", "--category", "gold"], "korean_stocks, us_stocks"),
        (["--convert", "stocks", "--yes", "--report", "/nowhere/refused.csv"], "쓸 수 없습니다"),
        (["--convert", "stocks", "--read", "stocks"], "not allowed"),
    ],
)
def test_wrong_use_is_a_sentence(own_server_db: MongoDatabase, arguments: list[str], sentence: str) -> None:
    own_server_db["stocks"].insert_many(TEXT[:20])
    own_server_db["notes"].insert_one({"text": "…"})
    told = run(*arguments)
    assert told.code in (console.NOT_ALL_DONE, console.WRONG_USE)
    assert sentence in told.err
    assert "Traceback" not in told.err
    assert sorted(own_server_db.list_collection_names()) == ["notes", "stocks"]


def test_a_yes_is_asked_for_and_taken_on_a_terminal(own_server_db: MongoDatabase) -> None:
    own_server_db["stocks"].insert_many(TEXT)
    for answer, listed in (("n\n", False), ("예\n", True)):
        main, terminal = os.openpty()
        process = start_python("-m", "finance_core.adopt", "--convert", "stocks", stdin=terminal)
        os.write(main, answer.encode())
        out, err = process.communicate(timeout=60)
        os.close(main)
        os.close(terminal)
        assert "[y/N]" in err
        assert ("체크섬" in out) is listed, err
        assert locations.has_list(own_server_db, KOREAN_STOCKS) is listed


def test_whatever_was_asked_its_json_is_one_object(own_server_db: MongoDatabase) -> None:
    own_server_db["stocks"].insert_many(flat(TABLES, CAPITAL))
    told = run("--read", "stocks", "--dry-run", "--json")
    assert (told.code, told.report["state"], told.report["category"]) == (console.ALL_GOOD, "dry-run", "korean_stocks")
    assert "stocks의 문서는 바꾸지 않습니다." in told.report["plan"]
    assert run("--give-up", "korean_stocks", "--json").report["state"] == "done"
    main, terminal = os.openpty()
    process = start_python("-m", "finance_core.adopt", "--convert", "stocks", "--json", stdin=terminal)
    os.write(main, b"n\n")
    out, _err = process.communicate(timeout=60)
    os.close(main)
    os.close(terminal)
    assert json.loads(out) == {"state": "declined"}


def test_killed_in_the_middle_it_is_continued_by_the_next(own_server_db: MongoDatabase) -> None:
    db = own_server_db
    tables = {f"{number:06d}": TABLES["005930"] for number in range(30)}
    db["stocks"].insert_many(flat(tables, CAPITAL, as_text=True))
    process = start_python("-m", "finance_core.adopt", "--convert", "stocks", "--yes")
    imported = {"imported.checksum": {"$exists": True}}
    began = wait_until(lambda: process.poll() is not None or tickers.collection(db).count_documents(imported) > 2, 90)
    process.send_signal(signal.SIGKILL)
    said = process.communicate()
    assert began, said
    done = tickers.collection(db).count_documents(imported)
    assert done < len(tables)
    db["update_leases"].delete_many({})  # what happens by itself within a minute
    told = run("--convert", "stocks", "--yes", "--json")
    assert told.code == console.ALL_GOOD, told.err
    assert told.report["current"] == done
    assert (told.report["bars"], told.report["verified"]) == (len(tables) * len(TABLES["005930"]), len(tables))
    assert_all_drawn(db, tables)


@pytest.mark.usefixtures("neighbour", "korean")
def test_a_server_on_this_machine_is_pointed_out_with_the_lines_that_use_it(
    db: MongoDatabase,
    neighbour: Any,  # noqa: F811
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(log, "to_file", lambda _name: None)  # the log of this process is the test runner's
    neighbour["mine"]["stocks"].insert_many(TEXT[:20])
    assert adopt_command.main([]) == console.ALL_GOOD
    said = capsys.readouterr().out
    assert f'  MONGO_URI = "{unused_server.URI}"\n  FINANCE_DB = "mine"' in said
    assert adopt_command.main(["--json"]) == console.ALL_GOOD
    told = json.loads(capsys.readouterr().out)
    assert told["local_server"]["databases"] == {"mine": ["stocks"]}


def test_a_server_that_is_not_there_is_a_sentence(monkeypatch: pytest.MonkeyPatch, data_dir: Path) -> None:
    monkeypatch.setenv("MONGO_URI", "mongodb://127.0.0.1:9/")
    told = run()
    assert told.code == console.NOT_ALL_DONE
    assert "연결할 수 없습니다" in told.err
    assert "Traceback" not in told.err
