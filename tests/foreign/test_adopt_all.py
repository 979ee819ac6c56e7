"""`adopt --all`: everything that is certain, at one yes; nothing of the user's own is changed but by an index."""

import json
from typing import Any

import pytest

from finance_core import console, log
from finance_core.categories import CURRENCIES, KOREAN_STOCKS, US_STOCKS
from finance_core.foreign import adopt_command
from finance_core.storage import prices, tickers
from finance_core.storage.database import MongoDatabase
from tests.foreign.other_programs import AMERICAN, KOREAN, flat, renamed, tables
from updaters import command

pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def english(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "en_US.UTF-8")
    monkeypatch.setattr(log, "to_file", lambda _name: None)  # the log of this process is the test runner's


def adopt(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, Any]:
    capsys.readouterr()
    code = adopt_command.main(["--all", "--json", *arguments])
    return code, json.loads(capsys.readouterr().out.splitlines()[-1])


def test_everything_certain_is_read_or_converted_at_one_yes(
    own_server_db: MongoDatabase, capsys: pytest.CaptureFixture[str]
) -> None:
    db = own_server_db
    db["korean_stocks"].insert_many(flat(KOREAN))
    db["us"].insert_many(renamed(AMERICAN, {"ticker": "symbol"}))
    db["us_stocks"].insert_many(renamed(AMERICAN, {"date": "Date"}, date=lambda day: f"{day:%Y-%m-%d}"))
    rates = tables({"KRW=X": "24/5"})
    db["currencies"].insert_many(flat(rates))
    before = {name: db[name].find().to_list() for name in db.list_collection_names()}

    code, plan = adopt(capsys, "--dry-run")
    assert (code, plan["state"], len(plan["plan"])) == (console.ALL_GOOD, "dry-run", 3)
    assert {name: db[name].find().to_list() for name in db.list_collection_names()} == before

    code, done = adopt(capsys, "--yes")
    assert (code, done["state"]) == (console.ALL_GOOD, "done")
    assert {name: db[name].find().to_list() for name in before} == before
    for category, stored in ((KOREAN_STOCKS, KOREAN), (US_STOCKS, AMERICAN), (CURRENCIES, {"USDKRW": rates["KRW=X"]})):
        assert sorted(row["ticker"] for row in tickers.active(db, category)) == sorted(stored)
        for ticker, table in stored.items():
            assert prices.load(db, category, ticker)["close"].tolist() == table["close"].tolist()


def test_without_a_yes_nothing_happens_and_with_nothing_to_do_it_says_so(
    own_server_db: MongoDatabase, capsys: pytest.CaptureFixture[str]
) -> None:
    code, told = adopt(capsys, "--yes")
    assert (code, told["state"]) == (console.NOT_ALL_DONE, "nothing to do")
    own_server_db["korean_stocks"].insert_many(flat(KOREAN))
    code, _told = adopt(capsys)
    assert code == console.WRONG_USE, "nobody can be asked"
    assert own_server_db.list_collection_names() == ["korean_stocks"]


@pytest.mark.usefixtures("yahoo")
@pytest.mark.parametrize("key", ["korean_stocks", "currencies"])
def test_an_update_before_a_yes_ends_with_code_1_and_names_the_command(
    own_server_db: MongoDatabase, capsys: pytest.CaptureFixture[str], key: str
) -> None:
    own_server_db[key].insert_many(flat(KOREAN))
    code = command.main(key, [])
    assert code == console.NOT_ALL_DONE
    assert "python -m finance_core.adopt --all" in capsys.readouterr().err
    assert own_server_db.list_collection_names() == [key]
