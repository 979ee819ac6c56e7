"""Of several date fields, the one with the trading days is read, or none: never the moment of a crawler."""

import datetime as dt
import itertools
import sqlite3
from collections.abc import Callable
from contextlib import closing
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from finance_core.bars import candles, sessions
from finance_core.categories import KOREAN_STOCKS
from finance_core.errors import SisepanError
from finance_core.foreign import adoption, date_fields, file_source, inspection
from finance_core.foreign.sqlite_source import SqliteSource
from finance_core.foreign.table_source import Source
from finance_core.storage import locations, prices
from finance_core.storage.database import Document, MongoDatabase
from tests import pages
from tests.foreign.test_import_sqlite import found

DAYS = sessions.between("XKRX", dt.date(2024, 1, 2), dt.date(2024, 6, 28)).to_pydatetime().tolist()
NEXT = [*DAYS[1:], DAYS[-1] + dt.timedelta(days=3)]
MORNING = [day - dt.timedelta(hours=1) for day in NEXT]
"""8 o'clock in Seoul on the next session."""
DIGITS = [f"{day:%Y%m%d}" for day in DAYS]
HALT = range(20, 50)
TRADED = [DAYS[HALT.start - 1 if row in HALT else row] for row in range(len(DAYS))]
LAST_TRADES = [day + dt.timedelta(hours=6, minutes=30) for day in TRADED]
"""Half past three in Seoul, on the day before a halt while the stock is halted."""
KST = [day - dt.timedelta(hours=9) for day in DAYS]


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        pytest.param(MORNING, DIGITS, "second", id="crawled the next morning"),
        pytest.param([f"{each:%Y-%m-%d %H:%M:%S}" for each in MORNING], DIGITS, "second", id="crawled, as text"),
        pytest.param([int(each.timestamp()) for each in MORNING], DIGITS, "second", id="crawled, as a number"),
        pytest.param([dt.datetime(2024, 7, 1, 1, 2, 3)] * len(DAYS), DIGITS, "second", id="crawled at once"),
        pytest.param([dt.datetime(2024, 7, 1)] * len(DAYS), DIGITS, "second", id="of one day"),
        pytest.param(["153000"] * len(DAYS), DIGITS, "second", id="clock time"),
        pytest.param(["15:30:00"] * len(DAYS), DIGITS, "second", id="clock time with colons"),
        pytest.param([1530] * len(DAYS), DIGITS, "second", id="clock time as a number"),
        pytest.param(["월화수목금"[day.weekday()] for day in DAYS], DIGITS, "second", id="weekday"),
        pytest.param([day.day for day in DAYS], DIGITS, "second", id="day of the month"),
        pytest.param(list(range(len(DAYS))), DIGITS, "second", id="number of the row"),
        pytest.param(DAYS, MORNING, "first", id="day before a crawl"),
        pytest.param(DAYS, [day + dt.timedelta(hours=9) for day in DAYS], "first", id="day before a crawl of the day"),
        pytest.param(KST, DIGITS, "first", id="midnights of Seoul"),
        pytest.param(DIGITS, LAST_TRADES, "first", id="last trades"),
        pytest.param(DIGITS[::-1], LAST_TRADES[::-1], "first", id="last trades, the newest first"),
        pytest.param(DIGITS[25:], LAST_TRADES[25:], "first", id="last trades from a halt on"),
        pytest.param(DIGITS, ["20240628"] * len(DAYS), "first", id="day of the file"),
        pytest.param([*DIGITS[:9], DIGITS[8], *DIGITS[10:]], DAYS, "first", id="a single row"),
        pytest.param(["05/01/2024", "06/01/2024"], ["20240105", "20240106"], "", id="ambiguous"),
        pytest.param(DIGITS, [None] * len(DAYS), "first", id="empty"),
    ],
)
def test_the_field_with_the_trading_days_is_taken(first: list[Any], second: list[Any], expected: str) -> None:
    choice = date_fields.choose({"date": first, "date:first": first, "date:second": second}, "Asia/Seoul")
    assert choice.error is None
    assert choice.field.removeprefix("date:") == expected


def test_the_example_of_a_difference_has_two_days() -> None:
    texts = [f"{moment + dt.timedelta(hours=9):%Y-%m-%d %H:%M}" for moment in LAST_TRADES]
    columns = {"date": DIGITS, "date:day": DIGITS, "date:ts": texts}
    remark = date_fields.choose(columns, "Asia/Seoul").remark
    assert remark is not None
    day, moment = str(remark.values["values"]).split(", ")
    assert moment[:10] != f"{dt.datetime.strptime(day, '%Y%m%d'):%Y-%m-%d}"


def test_bars_within_a_day_are_told_by_their_moments() -> None:
    moments = [day + dt.timedelta(hours=hour) for day in DAYS for hour in range(7)]
    days = [f"{each:%Y%m%d}" for each in moments]
    choice = date_fields.choose({"date": moments, "date:ts": moments, "date:일자": days}, "Asia/Seoul")
    assert choice == date_fields.Choice("date:ts")


@pytest.mark.parametrize(
    ("first", "second"),
    [
        pytest.param(NEXT, DIGITS, id="two days"),
        pytest.param(DAYS, [f"{day:%Y-%m-%d}" for day in NEXT], id="two days, the right one first"),
        pytest.param([*DAYS[:-9], *NEXT[-9:]], DIGITS, id="two days, but for the last ones the same"),
        pytest.param(DIGITS, [day - dt.timedelta(days=1, hours=15) for day in DAYS], id="a moment before the day"),
        pytest.param(MORNING, [*DIGITS[:50], *[None] * (len(DAYS) - 50)], id="rows with the moment alone"),
    ],
)
def test_fields_that_contradict_each_other_are_refused(first: list[Any], second: list[Any]) -> None:
    choice = date_fields.choose({"date": first, "date:first": first, "date:second": second}, "Asia/Seoul")
    assert choice.error is not None
    assert {"first", "second"} <= set(str(choice.error).replace(",", "").replace("의", "").split())


Dates = Callable[[dt.datetime, dt.datetime], Document]
"""The date fields of a row of one day; the second argument is the next session."""


def crawled(day: dt.datetime, following: dt.datetime) -> Document:
    return {"일자": f"{day:%Y%m%d}", "timestamp": following - dt.timedelta(hours=1)}


def two_days(day: dt.datetime, following: dt.datetime) -> Document:
    return {"기준일자": day, "date": following}


@cache
def real_tables() -> dict[str, pd.DataFrame]:
    """Four real histories, of which one is Samsung's."""
    return {"005930": pages.real_tables()["005930"]} | dict(itertools.islice(pages.real_tables().items(), 3))


def documents(of: Dates) -> list[Document]:
    """Real histories, flat, with these date fields."""
    rows: list[Document] = []
    for ticker, table in real_tables().items():
        days = pd.DatetimeIndex(table.index).to_pydatetime().tolist()
        values = table[[*candles.PRICES, "volume"]].to_dict("records")
        following = [*days[1:], days[-1] + dt.timedelta(days=1)]
        rows += [
            {"종목코드": ticker, **of(day, later), **row}
            for day, later, row in zip(days, following, values, strict=True)
        ]
    return rows


def assert_published(db: MongoDatabase) -> None:
    for ticker, table in real_tables().items():
        shown = candles.clean(prices.load(db, KOREAN_STOCKS, ticker))[0]
        expected = pages.as_published(table)
        assert shown.index.tolist() == expected.index.tolist()
        assert shown[pages.PRICES].to_numpy().tolist() == expected[pages.PRICES].to_numpy().tolist()


@pytest.mark.slow
@pytest.mark.parametrize("is_nested", [False, True])
def test_a_day_beside_the_moment_of_a_crawl_is_converted_and_told(
    own_server_db: MongoDatabase, is_nested: bool
) -> None:
    db, rows = own_server_db, documents(crawled)
    nested = [
        {"종목코드": ticker, "rows": [row for row in rows if row["종목코드"] == ticker]} for ticker in real_tables()
    ]
    db["kr"].insert_many(nested if is_nested else rows)
    seen = inspection.look_at(db, "kr", KOREAN_STOCKS)
    assert "날짜는 일자 필드에서 읽습니다" in " ".join(map(str, seen.facts))
    assert adoption.convert(db, KOREAN_STOCKS, seen).verified == len(real_tables())
    assert_published(db)


@pytest.mark.slow
def test_two_days_that_differ_are_neither_read_nor_converted(own_server_db: MongoDatabase) -> None:
    db = own_server_db
    db["kr"].insert_many(documents(two_days))
    seen = inspection.look_at(db, "kr", KOREAN_STOCKS)
    assert seen.verdict == "convertible"
    assert "date, 기준일자" in str(seen.obstacles[0])
    done = adoption.convert(db, KOREAN_STOCKS, seen)
    assert (done.state, done.bars, done.verified) == ("failed", 0, 0)
    assert {failure.error.message for failure in done.failures} == {date_fields.DIFFER}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("later", "state"), [(dt.timedelta(hours=23), "done"), (dt.timedelta(days=1), "failed")], ids=["moment", "day"]
)
def test_a_second_field_of_one_ticker_is_looked_at_before_reading(
    own_server_db: MongoDatabase, later: dt.timedelta, state: str
) -> None:
    db = own_server_db
    db["kr"].insert_many(documents(lambda day, _next: {"date": day, "기준일자": day}))
    seen = inspection.look_at(db, "kr", KOREAN_STOCKS)
    assert seen.verdict == "readable"
    db["kr"].update_many(
        {"종목코드": "005930"}, [{"$set": {"기준일자": {"$add": ["$date", later // dt.timedelta(milliseconds=1)]}}}]
    )
    done = adoption.read_as_is(db, KOREAN_STOCKS, seen)
    assert done.state == state
    assert [failure.ticker for failure in done.failures] == (["005930"] if state == "failed" else [])
    if state == "done":
        assert_published(db)
    else:
        assert locations.of(db, KOREAN_STOCKS).collection == "korean_stocks"


def csv(path: Path, rows: list[Document]) -> Source:
    pd.DataFrame(rows).to_csv(path / "prices.csv", index=False)
    return file_source.open_file(path / "prices.csv", KOREAN_STOCKS)


def parquet(path: Path, rows: list[Document]) -> Source:
    pd.DataFrame(rows).to_parquet(path / "prices.parquet", index=False)
    return file_source.open_file(path / "prices.parquet", KOREAN_STOCKS)


def sqlite(path: Path, rows: list[Document]) -> Source:
    with closing(sqlite3.connect(path / "prices.db")) as connection:
        pd.DataFrame(rows).to_sql("stocks", connection, index=False)
    return SqliteSource(path / "prices.db")


@pytest.mark.parametrize("kind", [csv, parquet, sqlite])
def test_date_columns_of_files_are_told_apart(tmp_path: Path, kind: Callable[[Path, list[Document]], Source]) -> None:
    for converted in found(kind(tmp_path, documents(crawled))):  # type: ignore[arg-type]
        assert converted.failure is None
        assert converted.bars.index.tolist() == real_tables()[converted.ticker].index.tolist()
    (tmp_path / "prices.db").unlink(missing_ok=True)
    for converted in found(kind(tmp_path, documents(two_days))):  # type: ignore[arg-type]
        assert isinstance(converted.failure, SisepanError)
        assert converted.failure.message == date_fields.DIFFER


@pytest.mark.parametrize("clock", ["153000", "15:30:00"])
def test_a_file_whose_first_date_column_has_clock_times_is_read(tmp_path: Path, clock: str) -> None:
    source = csv(tmp_path, documents(lambda day, _next: {"time": clock, "dt": f"{day:%Y%m%d}"}))
    for converted in found(source):  # type: ignore[arg-type]
        assert converted.failure is None
        assert converted.bars.index.tolist() == real_tables()[converted.ticker].index.tolist()
