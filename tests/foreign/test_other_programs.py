"""What other programs leave comes out equal bar by bar, or is refused: by the command, on a real server."""

import datetime as dt
import json
from typing import Any

import pandas as pd
import pytest

from finance_core import categories, log
from finance_core.bars import candles
from finance_core.categories import KOREAN_STOCKS, US_STOCKS, Category
from finance_core.errors import SisepanError
from finance_core.foreign import adopt_command, daily, import_run, intervals, layout, mending, qualifiers, ranges
from finance_core.foreign.collection_source import CollectionSource
from finance_core.storage import prices
from finance_core.storage.database import MongoDatabase
from tests.foreign.other_programs import AMERICAN, KOREAN, LAYOUTS, Tables, flat, midnight

pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def english(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "en_US.UTF-8")
    monkeypatch.setattr(log, "to_file", lambda _name: None)  # which is for a process of its own


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, Any]:
    """Exit code and JSON of the command."""
    capsys.readouterr()
    code = adopt_command.main([*arguments, "--json", "--yes"])
    return code, json.loads(capsys.readouterr().out.splitlines()[-1])


def stored(db: MongoDatabase, key: str) -> dict[str, pd.DataFrame]:
    category = categories.category(key)
    return {ticker: prices.load(db, category, ticker) for ticker in prices.tickers(db, category)}


def assert_equal(bars: dict[str, pd.DataFrame], tables: Tables) -> None:
    assert sorted(bars) == sorted(tables)
    for ticker, table in tables.items():
        expected = candles.clean(table)[0]
        pd.testing.assert_frame_equal(bars[ticker], expected, check_freq=False, check_names=False, obj=ticker)


NOT_YET: frozenset[str] = frozenset()
"""Layouts that come out wrong, or are refused though they could be read. None may be added."""


@pytest.mark.sampled(5)
@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=pytest.mark.xfail(strict=True) if name in NOT_YET else ()) for name in LAYOUTS],
)
def test_a_layout_comes_out_equal_bar_by_bar_or_is_refused(
    own_server_db: MongoDatabase, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    database = LAYOUTS[name]
    collections = database.collections()
    for collection, documents in collections.items():
        own_server_db[collection].insert_many(documents)
    codes = [
        run(capsys, "--convert", collection, "--category", database.category, *database.arguments)[0]
        for collection in collections
    ]
    if database.read:
        assert codes == [0] * len(codes)
        assert_equal(stored(own_server_db, database.category), database.prices)
    else:
        assert 0 not in codes
        assert stored(own_server_db, database.category) == {}


def test_what_was_changed_is_told_for_each_field_with_an_example(
    own_server_db: MongoDatabase, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = flat(KOREAN)
    for row, odd in zip(rows, (-1, 1e300, 9e18, "many", "N/A"), strict=False):
        row["volume"] = odd
    rows[7]["open"], rows[8]["high"], rows[9]["close"] = "?", 1e308, 1e308
    own_server_db["kr"].insert_many(rows)
    code, outcome = run(capsys, "--convert", "kr", "--category", "korean_stocks")
    assert code == 0
    volumes = [change for change in outcome["changes"] if change["field"] == "volume"]
    assert sorted((change["times"], change["before"], change["after"]) for change in volumes) == [
        (1, "many", "0"),
        (3, "-1", "0"),
    ]
    assert {(change["field"], change["before"]) for change in outcome["changes"]} >= {("open", "?"), ("high", "1e+308")}
    assert (outcome["refused"], outcome["bars"]) == (1, len(rows) - 1)
    checked = outcome["checked"]
    assert (checked["days"], checked["closed"], checked["compared"]) == (len(rows) - 1, 0, 0)
    assert checked["rows"] > 0
    again = run(capsys, "--convert", "kr", "--category", "korean_stocks")[1]
    assert again["checked"]["compared"] == len(rows) - 1


def test_corrected_closes_are_told_apart_from_rows_that_only_repeat_others(
    own_server_db: MongoDatabase, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = flat({"005930": KOREAN["005930"]})
    before = [rows[7] | {"close": rows[7]["close"] * 1.01}, rows[9] | {"close": rows[9]["close"] * 1.01}, rows[11]]
    own_server_db["kr"].insert_many([row | {"venue": "KRX"} for row in before + rows])
    capsys.readouterr()
    assert adopt_command.main(["--convert", "kr", "--category", "korean_stocks", "--yes"]) == 0
    printed = capsys.readouterr().out
    day, closes = f"{rows[7]['date']:%Y-%m-%d}", f"{before[0]['close']:.10g} → {rows[7]['close']:.10g}"
    assert f"2: Another row is of the same ticker and day, with another close; the later one is used ({day}" in printed
    assert closes in printed
    assert "1: Another row is of the same ticker and day (" in printed
    assert_equal(stored(own_server_db, "korean_stocks"), {"005930": KOREAN["005930"]})


def test_a_ticker_in_a_field_that_no_sample_shows_is_not_lost(own_server_db: MongoDatabase) -> None:
    plain = flat({f"{number:06}": KOREAN["005930"] for number in range(100, 110)})
    recognised = layout.recognise(plain, KOREAN_STOCKS)
    assert recognised is not None
    other = [{"code" if name == "ticker" else name: row[name] for name in row} for row in flat(KOREAN)]
    own_server_db["kr"].insert_many(plain + other)
    summary = import_run.run(own_server_db, KOREAN_STOCKS, CollectionSource(own_server_db, "kr", recognised))
    assert (summary.state, summary.bars, summary.refused) == ("done", len(plain + other), 0)


def test_no_bar_at_all_is_no_success(own_server_db: MongoDatabase, capsys: pytest.CaptureFixture[str]) -> None:
    own_server_db["kr"].insert_many([row | {"close": 0} for row in flat(KOREAN)])
    code, outcome = run(capsys, "--convert", "kr", "--category", "korean_stocks")
    assert (code, outcome["state"], outcome["bars"]) == (1, "failed", 0)


def test_tickers_whose_days_are_sure_are_taken_though_another_is_refused(
    own_server_db: MongoDatabase, capsys: pytest.CaptureFixture[str]
) -> None:
    wrong = flat({"000660": KOREAN["000660"]}, date=lambda day: midnight(day - dt.timedelta(1)))
    own_server_db["kr"].insert_many(flat({"005930": KOREAN["005930"]}) + wrong)
    code, outcome = run(capsys, "--convert", "kr", "--category", "korean_stocks")
    assert code == 1
    assert [failure["ticker"] for failure in outcome["failures"]] == ["000660"]
    assert_equal(stored(own_server_db, "korean_stocks"), {"005930": KOREAN["005930"]})


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("changes in percent", mending.NO_PRICES),
        ("minutes of a day whose clock is in a field of its own", intervals.WITHOUT_CLOCK),
        ("hours of a source without volumes, likewise", intervals.WITHOUT_CLOCK),
        ("months beside days", intervals.REFUSED["longer"]),
        ("high and low swapped", ranges.COLUMNS_SWAPPED),
        ("some days adjusted", daily.DISAGREE),
        ("adjusted closes beside raw prices", ranges.COLUMNS_UNLIKE),
        ("closes and volumes swapped", ranges.COLUMNS_UNLIKE),
        ("another market beside the exchange", daily.TWO_MARKETS),
        ("venue beside another on a sixth of the days", daily.TOLD_APART),
        ("adjusted prices before raw ones, by 수정주가여부", qualifiers.ADJUSTED_BESIDE_RAW),
        ("adjusted prices before raw ones, by kind", qualifiers.ADJUSTED_BESIDE_RAW),
        ("구분 beside another on a sixth of the days", daily.TOLD_APART),
    ],
)
def test_a_refusal_says_what_is_wrong(own_server_db: MongoDatabase, name: str, message: str) -> None:
    own_server_db["theirs"].insert_many(next(iter(LAYOUTS[name].collections().values())))
    source = CollectionSource(
        own_server_db, "theirs", layout.recognise(own_server_db["theirs"].find().to_list(), KOREAN_STOCKS)
    )
    summary = import_run.examine(own_server_db, KOREAN_STOCKS, source, {})
    assert {failure.error.message for failure in summary.failures} == {message}


@pytest.mark.parametrize(("category", "written"), [(KOREAN_STOCKS, "54,32"), (US_STOCKS, "54,321")])
def test_a_price_whose_comma_is_unclear_is_named(
    own_server_db: MongoDatabase, category: Category, written: str
) -> None:
    ticker, prices = ("005930", KOREAN) if category is KOREAN_STOCKS else ("AAPL", AMERICAN)
    rows = [{**row, "close": "54,321"} for row in flat({ticker: prices[ticker]})]
    rows[5]["close"] = written
    own_server_db["theirs"].insert_many(rows)
    source = CollectionSource(own_server_db, "theirs", layout.recognise(rows, category))
    (failure,) = import_run.examine(own_server_db, category, source, {}).failures
    assert str(failure.error) == str(SisepanError(mending.EITHER_COMMA, price=written))


@pytest.mark.parametrize("name", ["a ratio by ticker, a document a day", "earnings without closes"])
def test_numbers_whose_field_does_not_say_that_they_are_closes_are_told(name: str) -> None:
    earnings = [{"ticker": "005930", "eps": {"2024-03-31": 975, "2024-06-30": 1419}}]
    documents = LAYOUTS[name].collections()["korea_daily"] if name in LAYOUTS else earnings
    told = layout.missing(documents)
    assert told is not None
    assert told.message == layout.UNNAMED


def test_a_field_that_is_missing_is_told_with_what_was_taken(own_server_db: MongoDatabase) -> None:
    own_server_db["theirs"].insert_many([{key: row[key] for key in row if key != "open"} for row in flat(KOREAN)])
    source = CollectionSource(
        own_server_db, "theirs", layout.recognise(own_server_db["theirs"].find().to_list(), KOREAN_STOCKS)
    )
    change = import_run.examine(own_server_db, KOREAN_STOCKS, source, {}).changes["open", mending.ABSENT["open"]]
    assert (change.times, change.before) == (sum(map(len, KOREAN.values())), "-")
    assert float(change.after) == KOREAN["000660"]["close"].iloc[0]
