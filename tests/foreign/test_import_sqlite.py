"""A SQLite file into the database: by the command as a real process, killed and run again, and as a source."""

import datetime as dt
import hashlib
import json
import os
import pty
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from finance_core.bars import candles, sessions
from finance_core.categories import CURRENCIES, INDICES, KOREAN_STOCKS, US_STOCKS, Category
from finance_core.errors import SisepanError
from finance_core.foreign import conversion, import_run, raw_tickers, sources, sqlite_source
from finance_core.foreign.conversion import Converted
from finance_core.foreign.sqlite_source import SqliteSource
from finance_core.storage import prices, tickers
from finance_core.storage.database import MongoDatabase
from tests.commands import CommandResult, run_here
from tests.conftest import forget_transactions
from tests.pages import made_table, real_tables
from tests.processes import PROJECT, start_python, wait_until
from tests.yahoo import Listing, YahooStandIn
from updaters import category_update, import_sqlite

pytestmark = pytest.mark.slow

TABLE = (
    "CREATE TABLE {table} (symbol TEXT, date DATE, open REAL, high REAL, low REAL, close REAL, volume INTEGER, "
    "dividends REAL, stock_splits TEXT)"
)
ROW = ("005930", "2024-01-02", 1.0, 2.0, 1.0, 1.5, 10, 0.0, "")
MODULE = "updaters.import_sqlite"


@pytest.fixture(autouse=True)
def korean(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LC_ALL", "LC_MESSAGES"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LANG", "ko_KR.UTF-8")
    monkeypatch.setenv("PYTHONUTF8", "1")


def make(path: Path, rows: Iterable[tuple[Any, ...]], table: str = "stocks") -> Path:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(TABLE.format(table=table))
        connection.executemany(f"INSERT INTO {table} VALUES (?,?,?,?,?,?,?,?,?)", rows)
    return path


def rows_of(ticker: str, table: pd.DataFrame) -> list[tuple[Any, ...]]:
    return [
        (ticker, f"{day:%Y-%m-%d}", *row[:4], int(row[4]), 0.0, "0.0")
        for day, row in zip(pd.DatetimeIndex(table.index), table.to_numpy().tolist(), strict=True)
    ]


def run(*arguments: object, code: int = 0) -> CommandResult:
    done = run_here(import_sqlite.main, *arguments)
    assert done.code == code, done
    assert "Traceback" not in done.err
    return done


def is_empty(db: MongoDatabase) -> bool:
    return not any(db[name].find_one() for name in db.list_collection_names())


def found(source: SqliteSource, category: Category = KOREAN_STOCKS) -> list[Converted]:
    wanted, unknown = raw_tickers.by_ticker(category, source.counts())
    return list(sources.converted(source, wanted, unknown, conversion.rules(category, {}), threading.Event()))


# The command


def test_a_whole_file_is_in_once_however_often_it_is_imported(db: MongoDatabase, tmp_path: Path) -> None:
    tables = {f"{number:06d}": made_table(number, "2024-01-02", "2024-06-28") for number in (5930, 660, 35420)}
    rows = [row for ticker, table in tables.items() for row in rows_of(ticker, table)]
    rows[10] = (*rows[10][:7], 361.0, "50:1")
    refused = [("=1+1", "2024-01-02", 1, 1, 1, 1, 1, 0, ""), ("005930", "어제", 1, 1, 1, 1, 1, 0, "")]
    path = make(tmp_path / "finance_stock_kr.db", [*rows, *refused])
    before = hashlib.sha256(path.read_bytes()).hexdigest()

    done = run(path, "--yes", "--report", tmp_path / "refused.csv")

    assert f"finance_stock_kr.db:stocks: {len(rows) + 2}행, 3종목을 한국 주식으로 읽어" in done.err
    assert f"/{db.name}의 korean_stocks 컬렉션에 넣습니다." in done.err
    assert f"봉 {len(rows)}개 중 {len(rows)}개 추가, 0개 교체, 0개 삭제" in done.out
    assert "받지 않은 행 2개:" in done.out
    assert "1: 이 카테고리의 종목 코드가 아닙니다: =1+1" in done.out
    assert "3종목 모두 봉 수, 날짜 범위, 종가의 체크섬이 읽은 것과 같습니다." in done.out
    assert (tmp_path / "refused.csv").read_bytes().startswith(b"\xef\xbb\xbf")
    listed = pd.read_csv(tmp_path / "refused.csv", dtype=str)
    assert listed["ticker"].tolist() == ["005930", "'=1+1"]
    assert listed["place"].tolist() == [str(len(rows) + 2), str(len(rows) + 1)]
    for ticker, table in tables.items():
        stored = prices.load(db, KOREAN_STOCKS, ticker)
        expected, _remarks = candles.clean(table)
        assert stored[candles.PRICES].equals(expected[candles.PRICES])
        row = tickers.get(db, KOREAN_STOCKS, ticker) or {}
        assert (row["source"], row["bar_count"]) == ("import", len(table))
    assert (tickers.get(db, KOREAN_STOCKS, "005930") or {})["name"] == "삼성전자"
    mended = prices.load(db, KOREAN_STOCKS, "005930").iloc[10]
    assert (mended["dividends"], mended["stock_splits"]) == (361.0, 50.0)

    again = run(path, "--yes", "--json").report

    assert again["state"] == "done"
    (once,) = again["imports"]
    assert (once["added"], once["replaced"], once["removed"], once["verified"]) == (0, 0, 0, 3)
    assert hashlib.sha256(path.read_bytes()).hexdigest() == before
    assert sorted(each.name for each in tmp_path.glob("finance*")) == ["finance_stock_kr.db"]


def test_a_dry_run_shows_what_becomes_of_what_and_writes_nothing(db: MongoDatabase, tmp_path: Path) -> None:
    path = make(tmp_path / "finance_stock_kr.db", [ROW, ("", "2024-01-02", 1, 1, 1, 1, 1, 0, "")])
    done = run(path, "--dry-run", "--report", tmp_path / "refused.csv")
    assert "[1] 005930 2024-01-02 → 005930 2024-01-02 1.5" in done.out
    assert "1: 종목 코드가 없습니다." in done.out
    assert pd.read_csv(tmp_path / "refused.csv")["place"].tolist() == [2]
    told = run(path, "--dry-run", "--json").report
    assert told["state"] == "dry-run"
    assert told["imports"][0]["conversions"][0]["close"] == 1.5
    assert is_empty(db)


def test_without_a_terminal_and_without_yes_nothing_is_written(db: MongoDatabase, tmp_path: Path) -> None:
    path = make(tmp_path / "finance_stock_kr.db", [ROW])
    assert "--yes" in run(path, code=2).err
    assert is_empty(db)


@pytest.mark.sampled(2)
@pytest.mark.parametrize(("answer", "code"), [(b"y\n", 0), ("예\n".encode(), 0), (b"\n", 1), (b"no\n", 1)])
def test_on_a_terminal_it_asks(db: MongoDatabase, tmp_path: Path, answer: bytes, code: int) -> None:
    path = make(tmp_path / "finance_stock_kr.db", [ROW])
    ours, theirs = pty.openpty()
    process = start_python("-m", MODULE, str(path), stdin=theirs, stderr=theirs)
    os.close(theirs)
    shown = b""
    while "계속할까요?".encode() not in shown:
        shown += os.read(ours, 4096)
    assert prices.count(db, KOREAN_STOCKS, "005930") == 0
    os.write(ours, answer)
    try:
        while os.read(ours, 4096):
            pass
    except OSError:  # how a terminal ends
        pass
    process.communicate(timeout=30)
    os.close(ours)
    assert process.returncode == code
    assert prices.count(db, KOREAN_STOCKS, "005930") == (1 if code == 0 else 0)


def test_killed_in_the_middle_and_run_again_it_is_complete(forgetful_db: MongoDatabase, tmp_path: Path) -> None:
    db = forgetful_db  # sessions end there for all: not on the server that the other tests share
    tables = {f"{number:06d}": made_table(number, "2023-01-02", "2023-04-28") for number in range(100, 140)}
    path = make(
        tmp_path / "finance_stock_kr.db", [row for ticker, table in tables.items() for row in rows_of(ticker, table)]
    )
    process = start_python("-m", MODULE, str(path), "--yes")
    finished = {"imported.import": {"$exists": True}}
    assert wait_until(lambda: tickers.collection(db).count_documents(finished) >= 5)
    process.kill()
    process.communicate()
    done_before = tickers.collection(db).count_documents(finished)
    assert done_before < len(tables)
    assert run(path, "--yes", code=3).out == ""
    forget_transactions(db)

    (told,) = run(path, "--yes", "--json").report["imports"]

    assert (told["state"], told["total"], told["done"], told["verified"]) == ("done", 40, 40, 40)
    assert told["current"] >= done_before
    assert told["bars"] == sum(map(len, tables.values())) == db["korean_stocks"].count_documents({})
    for ticker, table in tables.items():
        assert prices.load(db, KOREAN_STOCKS, ticker)["close"].tolist() == table["close"].tolist()


def test_ctrl_c_finishes_the_ticker_at_hand_and_says_how_to_go_on(db: MongoDatabase, tmp_path: Path) -> None:
    tables = {f"{number:06d}": made_table(number, "2023-01-02", "2023-04-28") for number in range(100, 140)}
    path = make(
        tmp_path / "finance_stock_kr.db", [row for ticker, table in tables.items() for row in rows_of(ticker, table)]
    )
    process = start_python("-m", MODULE, str(path), "--yes")
    assert wait_until(lambda: tickers.collection(db).count_documents({"imported.import": {"$exists": True}}) >= 3)
    process.send_signal(signal.SIGINT)
    output, errors = process.communicate(timeout=60)
    assert (process.returncode, "Traceback" in errors) == (1, False)
    assert "중단했습니다. 다시 실행하면 이어서 합니다." in output
    stored = db["korean_stocks"].count_documents({})
    assert stored % len(tables["000100"]) == 0
    (told,) = run(path, "--yes", "--json").report["imports"]
    assert (told["state"], told["added"]) == ("done", sum(map(len, tables.values())) - stored)


def test_a_ticker_that_disagrees_with_what_is_stored_is_kept_and_said(db: MongoDatabase, tmp_path: Path) -> None:
    table = made_table(1, "2024-01-02", "2024-06-28", halted=0)
    tickers.register(db, KOREAN_STOCKS, [{"ticker": "005930", "name": "삼성전자"}])
    prices.write(db, KOREAN_STOCKS, "005930", candles.clean(table * 2)[0])
    path = make(tmp_path / "finance_stock_kr.db", rows_of("005930", table))
    done = run(path, "--yes", code=1)
    assert "저장된 시세를 그대로 둔 종목 1개:" in done.out
    assert "  005930: 저장된 시세와 2024-01-02의 종가가 다릅니다" in done.out
    assert prices.load(db, KOREAN_STOCKS, "005930")["close"].tolist() == (table * 2)["close"].tolist()


def test_an_update_after_an_import_compares_and_goes_on(db: MongoDatabase, yahoo: YahooStandIn, tmp_path: Path) -> None:
    whole, split = made_table(1, halted=0), made_table(2, halted=0)
    path = make(
        tmp_path / "finance_stock_kr.db",
        rows_of("005930", whole.iloc[:-30]) + rows_of("000660", (split * 50).iloc[:-30]),
    )
    source = SqliteSource(path)
    imported = import_run.run(db, KOREAN_STOCKS, source)
    assert (imported.state, imported.failures, imported.differing) == ("done", [], [])
    yahoo.listings["005930.KS"], yahoo.listings["000660.KS"] = Listing(whole), Listing(split)

    summary = category_update.run(db, KOREAN_STOCKS)

    assert not summary.failures
    for ticker, table in (("005930", whole), ("000660", split)):
        stored = prices.load(db, KOREAN_STOCKS, ticker)
        assert stored["close"].tolist() == table["close"].tolist()
    assert len(yahoo.asked("005930.KS")) == 1  # extended
    assert len(yahoo.asked("000660.KS")) == 2  # replaced


@pytest.mark.usefixtures("own_server_db")
def test_real_prices_are_the_same_after_their_way_through_sqlite(own_server_db: MongoDatabase, tmp_path: Path) -> None:
    tables = real_tables()
    path = make(
        tmp_path / "finance_stock.db", [row for ticker, table in tables.items() for row in rows_of(ticker, table)]
    )
    assert "20/20종목" in run(path, "--yes").out
    for ticker, table in tables.items():
        assert prices.load(own_server_db, KOREAN_STOCKS, ticker)["close"].tolist() == table["close"].tolist()


# Which table, which category


@pytest.mark.parametrize(
    ("name", "table", "symbols", "category"),
    [
        ("finance_stock_kr.db", "stocks", ["005930"], KOREAN_STOCKS),
        ("finance_stock.db", "stocks", ["AAPL", "BRK-B", "GOOGL"], US_STOCKS),
        ("finance_stock.db", "stocks", ["005930.KS", "000660.KS"], KOREAN_STOCKS),
        ("finance_index.db", "stocks", ["^KS11"], INDICES),
        ("finance_currency.db", "currency", ["USDKRW=X"], CURRENCIES),
        ("my data.db", "currency", ["KRW=X"], CURRENCIES),
    ],
)
def test_names_and_tickers_tell_the_category(
    tmp_path: Path, name: str, table: str, symbols: list[str], category: Category
) -> None:
    path = make(tmp_path / name, [(symbol, *ROW[1:]) for symbol in symbols], table)
    assert import_sqlite.category_of(SqliteSource(path)) is category


@pytest.mark.parametrize(("name", "table"), [("data.db", "prices"), ("finance_stock.db", "stocks")])
def test_where_nothing_tells_the_category_it_is_asked_for(tmp_path: Path, name: str, table: str) -> None:
    path = make(tmp_path / name, [("AAPL", *ROW[1:]), ("005930", *ROW[1:])], table)
    with pytest.raises(SisepanError, match=r"--category.*korean_stocks, us_stocks"):
        import_sqlite.category_of(SqliteSource(path))


def test_the_usual_table_goes_before_another_and_of_several_one_is_asked_for(tmp_path: Path) -> None:
    path = make(tmp_path / "data.db", [ROW], "other")
    assert SqliteSource(path).table == "other"
    make(path, [ROW], "another")
    with pytest.raises(SisepanError, match=r"--table.*another, other"):
        SqliteSource(path)
    make(path, [ROW], "stocks")
    assert SqliteSource(path).table == "stocks"
    make(path, [ROW], "currency")
    with pytest.raises(SisepanError, match="--table"):
        SqliteSource(path)
    assert SqliteSource(path, "OTHER").name == "data.db:other"


@pytest.mark.parametrize(
    ("spoil", "table", "message", "named"),
    [
        (lambda path: path.write_bytes(b"date,close\n" * 200), "", sqlite_source.NOT_SQLITE, []),
        (lambda path: path.mkdir(), "", sqlite_source.NOT_SQLITE, []),
        (lambda _path: None, "", sqlite_source.NOT_SQLITE, []),
        (lambda path: path.write_bytes(b""), "", sqlite_source.NO_TABLE, []),
        (lambda path: make_notes(path), "", sqlite_source.NO_TABLE, ["notes (day, text)"]),
        (lambda path: make(path, []), "", sqlite_source.EMPTY, ["stocks"]),
        (lambda path: make(path, [ROW]), "nothing", sqlite_source.NO_SUCH_TABLE, ["nothing", "stocks"]),
        (lambda path: make(path, [ROW]), 'stocks" --', sqlite_source.NO_SUCH_TABLE, ['stocks" --']),
        (lambda path: cut(make(path, [ROW] * 5000)), "", sqlite_source.NOT_SQLITE, []),
    ],
)
def test_what_is_no_table_of_prices_is_refused_with_a_sentence(
    tmp_path: Path, spoil: Any, table: str, message: str, named: list[str]
) -> None:
    path = tmp_path / "data.db"
    spoil(path)
    is_there = path.exists()
    with pytest.raises(SisepanError) as raised:
        SqliteSource(path, table).counts()
    assert raised.value.message == message
    assert all(name in str(raised.value) for name in ["data.db", *named])
    assert path.exists() == is_there


def make_notes(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE notes (day, text)")


def cut(path: Path) -> None:
    with path.open("r+b") as file:
        file.truncate(path.stat().st_size // 8192 * 4096)


def test_wrong_use_and_bad_files_end_a_command_with_a_sentence(db: MongoDatabase, tmp_path: Path) -> None:
    path = make(tmp_path / "data.db", [ROW], "prices")
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE notes (text TEXT)")
    assert "--category" in run(path, "--yes", code=2).err
    told = run(path, "--category", "korean_stocks", "--table", "notes", "--yes", "--json", code=1)
    assert "notes 테이블에" in json.loads(told.out)["reason"]
    nowhere = tmp_path / "nowhere" / "refused.csv"
    assert "쓸 수 없습니다" in run(path, "--category", "korean_stocks", "--yes", "--report", nowhere, code=2).err
    assert is_empty(db)


def test_a_column_that_tells_two_exchanges_apart_is_named(db: MongoDatabase, tmp_path: Path) -> None:
    table = made_table(1, "2024-01-02", "2024-12-27")[["open", "high", "low", "close", "volume"]].assign(ats="KRX")
    late = table[-30:].assign(ats="NXT", close=(table["high"] + table["low"]).floordiv(2))
    with closing(sqlite3.connect(tmp_path / "prices.db")) as connection, connection:
        both = pd.concat([table, late]).rename_axis("date").assign(symbol="005930")
        both.to_sql("stocks", connection)
    (failure,) = import_run.examine(db, KOREAN_STOCKS, SqliteSource(tmp_path / "prices.db")).failures
    assert "ats" in str(failure.error)
    assert "KRX, NXT" in str(failure.error)


# A table for each ticker


DAYS = pd.DatetimeIndex(["2024-01-02", "2024-01-03", "2024-01-04"])


def make_tables(path: Path, names: Iterable[str], index: str | None = "date") -> Path:
    """A file with the three bars of `DAYS` in a table for each of `names`, as pandas writes them."""
    with closing(sqlite3.connect(path)) as connection, connection:
        for number, name in enumerate(names, start=1):
            closes = [number * 1000.0 + 100 * row for row in range(len(DAYS))]
            columns = dict.fromkeys(("open", "high", "low", "close"), closes)
            pd.DataFrame({**columns, "volume": 10}, index=DAYS.rename(index)).to_sql(name, connection)
    return path


@pytest.mark.parametrize("index", ["date", "Date", "날짜", None])
@pytest.mark.parametrize(
    ("names", "category"),
    [
        (["005930", "000660"], KOREAN_STOCKS),
        (["A005930", "A000660"], KOREAN_STOCKS),
        (["005930.KS", "0001A0"], KOREAN_STOCKS),
        (["AAPL", "MSFT", "BRK-B"], US_STOCKS),
        (["USDKRW", "EURUSD"], CURRENCIES),
        (["KS11", "KQ11"], INDICES),
    ],
    ids=str,
)
def test_a_table_a_ticker(tmp_path: Path, index: str | None, names: list[str], category: Category) -> None:
    path = make_tables(tmp_path / "prices.db", names, index)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE company (code, name)")
        connection.execute("CREATE TABLE runs (date, note)")
    source = SqliteSource(path)
    assert (source.name, sum(source.counts().values())) == ("prices.db", len(names) * len(DAYS))
    bars = {one.ticker: one.bars for one in found(source, category)}
    assert {ticker: of["close"].tolist() for ticker, of in bars.items()} == {
        category.ticker_of(name): [number * 1000 + 100 * row for row in range(3)]
        for number, name in enumerate(names, start=1)
    }
    assert all(of.index.equals(DAYS) for of in bars.values())


def test_the_place_of_a_row_names_its_table_and_stays_the_same(tmp_path: Path) -> None:
    path = make_tables(tmp_path / "prices.db", ["005930", "A005930", "000660"])
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("INSERT INTO '000660' VALUES ('어제', 1, 1, 1, 1, 1)")
        connection.execute("CREATE INDEX by_close ON '005930' (close, date)")
    hynix, samsung = found(SqliteSource(path))
    assert [refusal.place for refusal in hynix.refusals] == ["000660 4"]
    assert samsung.failure is not None  # two tables of one ticker that disagree
    (one,) = found(SqliteSource(path, "a005930"))
    assert one.bars["close"].tolist() == [2000, 2100, 2200]
    assert SqliteSource(path, "a005930").name == "prices.db:A005930"


def test_tables_of_tickers_may_differ_in_their_columns(tmp_path: Path) -> None:
    path = make_tables(tmp_path / "prices.db", ["005930"])
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("CREATE TABLE '000660' (Close REAL, Date TEXT)")
        connection.execute("INSERT INTO '000660' VALUES (5, '2024-01-02')")
        connection.execute("CREATE TABLE '035720' (close REAL, date TEXT PRIMARY KEY) WITHOUT ROWID")
        connection.execute("INSERT INTO '035720' VALUES (6, '2024-01-02'), (7, '어제')")
    hynix, samsung, kakao = found(SqliteSource(path))
    assert [one.bars["close"].tolist() for one in (hynix, samsung, kakao)] == [[5], [1000, 1100, 1200], [6]]
    assert [refusal.place for refusal in kakao.refusals] == ["035720 어제"]


@pytest.mark.parametrize(
    ("names", "told"),
    [
        (["daily"], "daily"),
        (["DAILY", "PRICE"], "DAILY, PRICE"),
        (["005930", "000660", "prices"], "prices"),
        (["005930", "000660", "KOSPI"], "KOSPI"),
        (["005930", "000660", "AAPL"], "AAPL"),
        (["D", "W", "M"], "D, M, W"),
    ],
    ids=str,
)
def test_tables_whose_names_are_no_tickers_of_one_category_are_refused(
    tmp_path: Path, names: list[str], told: str
) -> None:
    path = make_tables(tmp_path / "prices.db", names)
    with pytest.raises(SisepanError, match=rf"종목 코드여야.*: {told}$") as raised:
        SqliteSource(path)
    assert raised.value.message == sqlite_source.NO_TICKERS
    if "005930" in names:
        assert SqliteSource(path, "005930").counts() == {"005930": 3}
    else:
        with pytest.raises(SisepanError, match="있는 열"):
            SqliteSource(path, names[0])


def test_row_numbers_in_an_index_of_pandas_are_no_days(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "prices.db")) as connection, connection:
        pd.DataFrame({"close": [1.0, 2.0]}).to_sql("005930", connection)
    with pytest.raises(SisepanError) as raised:
        SqliteSource(tmp_path / "prices.db")
    assert raised.value.message == sqlite_source.NO_TABLE


def test_a_table_of_all_tickers_beside_tables_of_single_ones(tmp_path: Path) -> None:
    path = make(make_tables(tmp_path / "prices.db", ["005930", "000660"]), [ROW], "every")
    with pytest.raises(SisepanError, match="000660, 005930"):
        SqliteSource(path)
    assert SqliteSource(make(path, [ROW])).table == "stocks"
    assert SqliteSource(path, "000660").counts() == {"000660": 3}


# What SQLite can hold


def test_loosely_typed_values_are_read_or_refused_one_by_one(tmp_path: Path) -> None:
    rows = [
        (5930, "2024-01-02", "78,200", 79800, 78200, "79,600", "17,142,847", None, "2:1"),
        (b"005930", "20240103", 78500, 78800, 77000, b"77000", 21753644, "", None),
        ("A005930", 20240104, None, None, None, 76600, 0, 0, "0.0"),
        (None, "2024-01-04", 1, 1, 1, 1, 1, 0, ""),
        ("", "2024-01-04", 1, 1, 1, 1, 1, 0, ""),
        (b"\xff\xfe", "2024-01-04", 1, 1, 1, 1, 1, 0, ""),
        ("005930", None, 1, 1, 1, 1, 1, 0, ""),
        ("005930", "2024-01-05", 1, 1, 1, "없음", 1, 0, ""),
        ("005930", "2024-01-08", 1, 1, 1, 1e400, 1, 0, ""),
        ("삼성", "2024-01-08", 1, 1, 1, 1, 1, 0, ""),
    ]
    path = tmp_path / "data.db"
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute('CREATE TABLE "my ""stocks""" (symbol, date, open, high, low, close, volume, dividends, '
                           "stock_splits)")  # fmt: skip
        connection.executemany('INSERT INTO "my ""stocks""" VALUES (?,?,?,?,?,?,?,?,?)', rows)
        connection.execute('INSERT INTO "my ""stocks""" (symbol, date, close) VALUES (CAST(? AS TEXT), ?, 1)',
                           ("삼성".encode("cp949"), "2024-01-09"))  # fmt: skip

    samsung, *unknown = found(SqliteSource(path))

    assert samsung.bars["close"].tolist() == [79600, 77000, 76600]
    assert samsung.bars["stock_splits"].tolist() == [2, 0, 0]
    refused = [refusal for each in (samsung, *unknown) for refusal in each.refusals]
    assert sorted(int(refusal.place) for refusal in refused) == [4, 5, 6, 7, 8, 9, 10, 11]


def test_a_day_is_the_one_of_its_market(tmp_path: Path) -> None:
    days = sessions.between("XKRX", dt.date(2024, 1, 2), dt.date(2024, 2, 29))
    seconds = [int(day.tz_localize("Asia/Seoul").timestamp()) for day in days]
    for cells in (seconds, [value * 1000 for value in seconds], [f"{day} 00:00:00+09:00" for day in days.date]):
        path = tmp_path / f"{len(list(tmp_path.iterdir()))}.db"
        make(path, [("005930", cell, *ROW[2:]) for cell in cells])
        (one,) = found(SqliteSource(path))
        assert list(one.bars.index) == list(days)


def test_of_two_rows_of_a_day_the_later_one_counts_whatever_the_index(tmp_path: Path) -> None:
    path = make(tmp_path / "data.db", [("005930", "2024-01-02", 1, 9, 1, close, 1, 0, "") for close in (5, 3, 4)])
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE INDEX by_close ON stocks (symbol, close)")
    (one,) = found(SqliteSource(path))
    assert one.bars["close"].tolist() == [4]
    assert [refusal.place for refusal in one.refusals] == ["1", "2"]


@pytest.mark.parametrize("kind", ["view", "without rowid"])
def test_a_table_without_row_numbers_reads_too(tmp_path: Path, kind: str) -> None:
    path = make(tmp_path / "data.db", [ROW, ("005930", "어제", *ROW[2:])], "kept")
    with closing(sqlite3.connect(path)) as connection, connection:
        if kind == "view":
            connection.execute("CREATE VIEW stocks AS SELECT * FROM kept")
        else:
            connection.execute("CREATE TABLE stocks (symbol, date, close, PRIMARY KEY (symbol, date)) WITHOUT ROWID")
            connection.execute("INSERT INTO stocks SELECT symbol, date, close FROM kept")
    (one,) = found(SqliteSource(path))
    assert (len(one.bars), [refusal.place for refusal in one.refusals]) == (1, ["005930 어제"])


def test_a_file_that_another_program_writes_to_reads_as_it_was_committed(tmp_path: Path) -> None:
    path = make(tmp_path / "주식 #1?100%.db", [ROW])
    with closing(sqlite3.connect(path)) as writer:
        writer.execute("PRAGMA journal_mode=WAL")
        writer.execute("INSERT INTO stocks VALUES ('005930', '2024-01-03', 1, 2, 1, 1.6, 10, 0, '')")
        writer.commit()
        writer.execute("INSERT INTO stocks VALUES ('005930', '2024-01-04', 1, 2, 1, 1.7, 10, 0, '')")
        (one,) = found(SqliteSource(path))
        assert one.bars["close"].tolist() == [1.5, 1.6]
        writer.commit()
    assert sorted(each.name for each in tmp_path.iterdir()) == [path.name]


def test_more_tickers_than_a_statement_takes_are_all_read(tmp_path: Path) -> None:
    path = make(tmp_path / "data.db", [(f"{number:06d}", *ROW[1:]) for number in range(1001)])
    assert len(found(SqliteSource(path))) == 1001


PEAK = """
import re, sys
from pathlib import Path
from finance_core.categories import KOREAN_STOCKS
from finance_core.foreign import import_run, sources
from finance_core.foreign.sqlite_source import SqliteSource
from finance_core.storage import database

sources.GROUP_ROWS //= 2


def peak():  # not by getrusage, which begins with the parent's
    return int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]) // 1024


db, source = database.connect(), SqliteSource(Path(sys.argv[1]))
before = peak()
summary = import_run.examine(db, KOREAN_STOCKS, source)
print(summary.bars, peak() - before)
"""


@pytest.mark.exhaustive
def test_memory_does_not_grow_with_the_file(db: MongoDatabase, tmp_path: Path) -> None:
    trading = sessions.between("XKRX", dt.date(2012, 1, 2), dt.date(2025, 1, 1))
    days = [f"{day:%Y-%m-%d}" for day in trading[:3000]]
    closes = np.random.default_rng(1).uniform(1000, 2000, 3000).round().tolist()

    def rows() -> Iterable[tuple[Any, ...]]:
        for number in range(100):
            for day, close in zip(days, closes, strict=True):
                yield f"{number:06d}", day, close, close, close, close, 1000, 0.0, ""

    path = make(tmp_path / "data.db", rows())
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE INDEX by_symbol ON stocks (symbol)")
    command = [sys.executable, "-c", PEAK, str(path)]
    process = subprocess.run(command, cwd=PROJECT, capture_output=True, encoding="utf-8", timeout=60, check=False)
    bars, megabytes = map(int, process.stdout.split() or [0, 0])
    assert bars == 300_000, process.stderr
    assert megabytes < 125  # two groups of rows at a time; all of them at once would be 200
