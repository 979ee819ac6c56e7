"""What a database is found to hold, on real servers, without being touched."""

import datetime as dt
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import bson
import pymongo
import pytest
from bson.datetime_ms import DatetimeMS
from bson.raw_bson import RawBSONDocument
from pymongo.collection import Collection
from pymongo.errors import PyMongoError

from finance_core.categories import CURRENCIES, INDICES, KOREAN_STOCKS, US_STOCKS, Category
from finance_core.errors import SisepanError
from finance_core.foreign import import_records, inspection, layout, raw_tickers, unused_server
from finance_core.foreign.inspection import Inspected
from finance_core.storage import database, documents, locations, runs
from finance_core.storage.database import Document, MongoDatabase
from tests.processes import Mongod, wait_until

DAYS = [dt.datetime(2024, 1, 1) + dt.timedelta(days=day) for day in range(60)]
DAYS = [day for day in DAYS if day.weekday() < 5]


def bars(of: Any, **names: str) -> list[Document]:
    """Flat documents in our layout, but for the `names` that some fields have."""
    fields = {name: names.get(name, name) for name in ("ticker", "date", "open", "high", "low", "close", "volume")}
    return [
        dict(zip(fields.values(), (of, day, 10.0, 12.0, 9.0, 11.0 + number, 100), strict=True))
        for number, day in enumerate(DAYS)
    ]


def look(db: MongoDatabase, name: str, category: Category | None = None) -> Inspected:
    return inspection.look_at(db, name, category)


def said(found: Inspected) -> str:
    return " ".join(map(str, (*found.facts, *found.obstacles)))


def everything(db: MongoDatabase) -> dict[str, Any]:
    """All documents and indexes, to tell whether anything was touched."""
    return {
        name: (db[name].find().sort("_id", 1).to_list(), db[name].index_information())
        for name in sorted(db.list_collection_names())
    }


@pytest.mark.parametrize("has_index", [True, False])
@pytest.mark.parametrize(
    "written", ["%b %d, %Y", "%Y. {month}. {day}. 오후 3:30:00", "%Y-%m-%d", "%Y%m%d", "%Y{sign}%m{sign}%d"]
)
def test_dates_as_text_begin_and_end_with_the_first_and_last_day(
    own_server_db: MongoDatabase, written: str, has_index: bool
) -> None:
    """As letters, April comes before December."""
    days = [dt.datetime(2022, 12, 5) + dt.timedelta(days=day) for day in range(0, 900, 7)]
    own_server_db["kr"].insert_many(
        document
        | {"date": day.strftime(written).format(month=day.month, day=day.day, sign="." if day.year < 2023 else "-")}
        for of in ("005930", "000660")
        for document, day in zip(bars(of) * 4, days, strict=False)
    )
    if has_index:
        own_server_db["kr"].create_index([("ticker", 1), ("date", 1)])
    found = look(own_server_db, "kr", KOREAN_STOCKS)
    assert (found.first, found.last, found.is_exact) == (days[0].date(), days[-1].date(), True)


def test_a_database_in_our_layout_needs_nothing(own_server_db: MongoDatabase) -> None:
    own_server_db["korean_stocks"].insert_many(bars("005930") + bars("000660"))
    own_server_db["korean_stocks"].create_index([("ticker", 1), ("date", 1)], unique=True)
    (found,) = inspection.inspect(own_server_db)
    assert (found.name, found.kind, found.verdict, found.category) == (
        "korean_stocks",
        "prices",
        "ours",
        "korean_stocks",
    )
    assert (found.documents, found.tickers, found.is_exact) == (2 * len(DAYS), 2, True)
    assert (found.first, found.last) == (DAYS[0].date(), DAYS[-1].date())
    assert not found.obstacles


def test_fields_with_other_names_can_be_read_as_they_are(own_server_db: MongoDatabase) -> None:
    own_server_db["us_stock"].insert_many(bars("AAPL", ticker="Symbol", date="Date", close="Close"))
    found = look(own_server_db, "us_stock")
    assert (found.verdict, found.category) == ("readable", "us_stocks")
    assert found.layout is not None
    assert {name: found.layout.names[name] for name in ("ticker", "date", "close")} == {
        "ticker": "Symbol",
        "date": "Date",
        "close": "Close",
    }
    assert "Symbol" in said(found)
    assert "인덱스가 없습니다" in said(found)


def test_our_layout_under_another_name_can_be_read_as_it_is(own_server_db: MongoDatabase) -> None:
    own_server_db["kr_stocks"].insert_many(bars("005930"))
    assert look(own_server_db, "kr_stocks").verdict == "readable"


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"ticker": "005930.KS"}, layout.TICKERS["suffixed"]),
        *(({"ticker": raw}, layout.TICKERS["suffixed"]) for raw in ("KRX:005930", "KR7005930003", "'005930")),
        ({"ticker": 5930}, layout.TICKERS["number"]),
        ({"ticker": "A005930"}, layout.TICKERS["prefixed"]),
        ({"ticker": None}, layout.TICKERS["missing"]),
        ({"ticker": "삼성전자"}, layout.TICKERS["other"]),
        ({"date": "2024-01-02"}, layout.DATES["text"]),
        ({"date": 20240102}, layout.DATES["number"]),
        ({"date": dt.datetime(2024, 1, 1, 15)}, layout.DATES["moment"]),
        ({"date": "언젠가"}, layout.DATES["unreadable"]),
        ({"date": None}, layout.DATES["missing"]),
        ({"open": "72,300"}, layout.NUMBERS["text"]),
        ({"volume": "1"}, layout.NUMBERS["text"]),
        ({"close": None}, layout.NO_CLOSE),
        ({"close": 0.0}, layout.NO_CLOSE),
    ],
)
def test_whatever_else_differs_is_told_and_has_to_be_converted(
    own_server_db: MongoDatabase, change: Document, sentence: str
) -> None:
    documents = bars("005930")
    documents[3] |= change
    own_server_db["stock_kr"].insert_many(documents)
    found = look(own_server_db, "stock_kr")
    assert (found.verdict, found.category) == ("convertible", "korean_stocks")
    assert sentence in [obstacle.message for obstacle in found.obstacles]
    assert ("예: 삼성전자" in said(found)) == (change == {"ticker": "삼성전자"})


def test_a_day_that_is_there_twice_has_to_be_converted(own_server_db: MongoDatabase) -> None:
    own_server_db["stock_kr"].insert_many(bars("005930") + bars("005930")[:2])
    found = look(own_server_db, "stock_kr")
    assert (found.verdict, found.duplicates) == ("convertible", 2)
    assert "2일" in said(found)


@pytest.mark.parametrize(
    ("name", "tickers", "category"),
    [
        ("stocks", ["005930", "000660"], KOREAN_STOCKS),
        ("stocks", ["A005930", "A000660"], KOREAN_STOCKS),
        ("stocks", ["AAPL", "MSFT", "BRK-B"], US_STOCKS),
        ("stock_kr", ["5930"], KOREAN_STOCKS),
        ("index", ["^KS11", "^GSPC"], INDICES),
        ("fx", ["USDKRW=X", "KRW=X"], CURRENCIES),
        ("currency", ["USD/KRW"], CURRENCIES),
        ("stocks", ["005930", "AAPL"], None),
        ("daily", ["AAPL", "MSFT"], None),
        ("prices", ["^KS11"], None),
    ],
)
def test_the_category_is_told_by_the_name_and_the_tickers_or_asked(
    own_server_db: MongoDatabase, name: str, tickers: list[str], category: Category | None
) -> None:
    own_server_db[name].insert_many([document for ticker in tickers for document in bars(ticker)])
    found = look(own_server_db, name)
    assert found.category == (category.key if category else "")
    assert found.candidates


@pytest.mark.parametrize(
    ("raws", "category"),
    [
        (["AAPL", "BRK-B"], US_STOCKS),
        (["005930", 660.0, "A000020"], KOREAN_STOCKS),
        (["005930", "AAPL"], None),
        (["GOOGLE", "ORACLE"], None),
        (["USDKRW", "BTC-USD"], None),
        ([None, ""], None),
        ([], None),
    ],
)
def test_tickers_tell_a_category_only_where_they_leave_no_doubt(raws: list[object], category: Category | None) -> None:
    found = raw_tickers.fitting([KOREAN_STOCKS, US_STOCKS], Counter(raws))
    assert (found[0] if len(found) == 1 else None) is category


def test_a_person_may_say_which_category_it_is(own_server_db: MongoDatabase) -> None:
    own_server_db["daily"].insert_many(bars("AAPL"))
    assert look(own_server_db, "daily", US_STOCKS).category == "us_stocks"


def test_a_document_a_ticker_is_counted_as_a_ticker(own_server_db: MongoDatabase) -> None:
    history = [{"date": day, "close": 1.0} for day in DAYS]
    own_server_db["fx"].insert_many([{"_id": f"{name}KRW=X", "history": history} for name in ("USD", "EUR", "JPY")])
    found = look(own_server_db, "fx")
    assert (found.verdict, found.tickers, found.is_exact) == ("convertible", 3, True)
    assert found.layout is not None
    assert found.layout.shapes == {"rows": 3}


def test_lists_of_names_and_everything_else_are_told_apart(own_server_db: MongoDatabase) -> None:
    own_server_db["companies"].insert_many([{"종목코드": "005930", "종목명": "삼성전자"}])
    own_server_db["ticker_metadata"].insert_many([{"symbol": "005930", "company": "삼성전자"}])
    own_server_db["notes"].insert_one({"text": "사지 말 것"})
    own_server_db.create_collection("empty")
    found = {each.name: each.kind for each in inspection.inspect(own_server_db)}
    assert found == {"companies": "names", "ticker_metadata": "names", "notes": "other", "empty": "other"}
    assert sorted(inspection.lists(own_server_db)) == ["companies", "ticker_metadata"]


def test_our_own_collections_are_not_reported(db: MongoDatabase) -> None:
    db["ticker_metadata"].insert_one({"category": "korean_stocks", "ticker": "005930", "name": "삼성전자"})
    db["update_runs"].insert_one({"category": "korean_stocks"})
    locations.point(db, KOREAN_STOCKS, locations.Location("elsewhere"))
    assert {each.name for each in inspection.inspect(db)} <= {category.key for category in (
        KOREAN_STOCKS, US_STOCKS, INDICES, CURRENCIES
    )}  # fmt: skip


def test_a_collection_in_use_is_told_with_its_category(own_server_db: MongoDatabase) -> None:
    own_server_db["data"].insert_many(bars("005930", ticker="code"))
    locations.point(own_server_db, KOREAN_STOCKS, locations.Location("data", {"ticker": "code"}, read_only=True))
    found = look(own_server_db, "data")
    assert (found.category, found.used_by, found.is_read_only) == ("korean_stocks", "korean_stocks", True)


def test_a_view_is_inspected_too(own_server_db: MongoDatabase) -> None:
    own_server_db["raw"].insert_many(bars("005930"))
    own_server_db.create_collection("stock_kr", viewOn="raw", pipeline=[])
    found = look(own_server_db, "stock_kr")
    assert (found.verdict, found.tickers, found.documents) == ("convertible", 1, len(DAYS))
    assert "뷰" in said(found)


def test_what_cannot_be_read_does_not_hide_what_can(own_server_db: MongoDatabase) -> None:
    db = own_server_db
    db["stocks"].insert_many(bars("005930"))
    db.create_collection("broken", viewOn="stocks", pipeline=[{"$project": {"x": {"$divide": [1, 0]}}}])
    db.command("insert", "us..dots", documents=[{"_id": 1}])  # a name that the driver does not take
    found = {each.name: each for each in inspection.inspect(db)}
    assert found["stocks"].kind == "prices"
    assert [len(found[name].obstacles) for name in ("broken", "us..dots")] == [1, 1]
    assert inspection.lists(db) == []


def test_dates_beyond_all_years_and_broken_texts_are_bad_values_of_one_document(own_server_db: MongoDatabase) -> None:
    far = [{"ticker": "005930", "date": DatetimeMS(moment), "close": 5.0} for moment in (10**15, -(10**15), 2**62)]
    own_server_db["stocks"].insert_many([*bars("005930"), *far])
    broken = bson.encode({"_id": 1, "ticker": "005930", "name": "?", "close": 5.0}).replace(b"?", b"\xff")
    own_server_db["stocks"].insert_one(RawBSONDocument(broken))
    (found,) = inspection.inspect(own_server_db)
    assert (found.verdict, found.category, found.last) == ("convertible", "korean_stocks", DAYS[-1].date())
    assert "읽을 수 없는 날짜" in said(found)


@pytest.mark.parametrize(
    ("of_collection", "of_index", "serves"),
    [
        ({}, {}, True),
        ({}, {"collation": {"locale": "en", "strength": 2}}, False),
        ({"collation": {"locale": "en", "strength": 2}}, {}, True),
        ({}, {"hidden": True}, False),
    ],
    ids=["plain", "other collation", "same collation", "hidden"],
)
def test_an_index_counts_only_where_questions_go_by_it(
    own_server_db: MongoDatabase, of_collection: dict[str, Any], of_index: dict[str, Any], serves: bool
) -> None:
    own_server_db.create_collection("stocks", **of_collection)
    own_server_db["stocks"].insert_many(bars("005930"))
    own_server_db["stocks"].create_index(["ticker", "date"], **of_index)
    assert look(own_server_db, "stocks").has_index is serves


def test_collections_of_the_users_own_that_are_called_like_ours_are_no_trouble(own_server_db: MongoDatabase) -> None:
    db = own_server_db
    db["kr"].insert_many(bars("005930"))
    db["settings"].insert_many([{"_id": "collections", "korean_stocks": "mine", "ticker_metadata": 5}, {"theme": 1}])
    db["imports"].insert_one({"category": "korean_stocks", "source": "kr", "file": "x"})
    db["update_runs"].insert_many([{"category": "korean_stocks", "pace": 1}, {"x": 2}])
    db["ticker_metadata"].insert_one({"category": "korean_stocks", "about": "x"})
    assert {each.name for each in inspection.inspect(db)} == {"kr", "ticker_metadata"}
    assert not locations.is_list_ours(db)
    assert locations.metadata(db) == "ticker_metadata"
    assert import_records.latest(db, KOREAN_STOCKS, "kr") is None
    assert runs.history(db, 10) == []


def test_a_count_that_a_killed_server_has_lost_is_made_up_for(
    own_server_db: MongoDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    own_server_db["stocks"].insert_many(bars("005930"))
    monkeypatch.setattr(Collection, "estimated_document_count", lambda _collection: 0)
    assert look(own_server_db, "stocks").documents == len(DAYS)


def test_looking_changes_nothing(own_server_db: MongoDatabase) -> None:
    own_server_db["stocks"].insert_many(bars("A005930") + bars(None))
    own_server_db["indices"].insert_many(bars("^KS11", date="Date"))
    own_server_db["companies"].insert_one({"code": "005930", "name": "삼성전자"})
    before = everything(own_server_db)
    inspection.inspect(own_server_db)
    assert everything(own_server_db) == before


def test_a_collection_that_is_not_there_is_a_sentence(own_server_db: MongoDatabase) -> None:
    with pytest.raises(SisepanError, match="nowhere 컬렉션이 이 데이터베이스에 없습니다"):
        look(own_server_db, "nowhere")


@pytest.fixture
def neighbour(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[pymongo.MongoClient[Document]]:
    """A MongoDB on this machine, at what is taken for the usual port."""
    server = Mongod(tmp_path / "neighbour")
    server.start()
    monkeypatch.setattr(unused_server, "URI", f"mongodb://{server.address}")
    with pymongo.MongoClient[Document](server.address, serverSelectionTimeoutMS=500) as client:
        assert wait_until(lambda: _answers(client))
        yield client
    server.kill()


def _answers(client: pymongo.MongoClient[Document]) -> bool:
    try:
        return bool(client.admin.command("ping")["ok"])
    except PyMongoError:
        return False


def test_a_server_on_this_machine_with_prices_is_pointed_out(
    neighbour: pymongo.MongoClient[Document], db: MongoDatabase
) -> None:
    assert unused_server.find() is None  # nothing in it that concerns us
    neighbour["mine"]["stocks"].insert_many(bars("AAPL"))
    neighbour["mine"]["notes"].insert_one({"text": "…"})
    neighbour["others"]["notes"].insert_one({"text": "…"})
    local = unused_server.find()
    assert local is not None
    assert local.databases == {"mine": ["stocks"]}
    ((setting, collections),) = local.settings()
    assert setting == f'MONGO_URI = "{unused_server.URI}"\nFINANCE_DB = "mine"'
    assert collections == ["stocks"]
    assert unused_server.URI.removeprefix("mongodb://") in str(local.sentence)
    assert database.is_embedded()


def test_no_server_on_this_machine_is_nothing_to_point_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unused_server, "URI", "mongodb://127.0.0.1:9")
    assert unused_server.find() is None


def test_every_collection_of_ours_is_known_as_ours() -> None:
    names = {value for name, value in vars(documents).items() if name.isupper() and isinstance(value, str)}
    assert {name for name in names - {documents.TICKERS} if not inspection.is_own(name)} == set()


def test_without_a_field_of_tickers_or_of_closes_the_fields_are_named(own_server_db: MongoDatabase) -> None:
    rows = [{key: row[key] for key in row if key != "ticker"} for row in bars("005930")]
    own_server_db["prices"].insert_many([{**row, "who": "a"} for row in rows])
    looked = look(own_server_db, "prices")
    assert "종목 코드 필드를 찾지 못했습니다. 있는 필드: date, " in said(looked)
    assert looked.verdict == "unknown", "no conversion makes it usable"
    own_server_db["opens"].insert_many(
        [{"ticker": "005930", "date": row["date"], "open": 1.0, "end": 2} for row in rows]
    )
    assert said(look(own_server_db, "opens")) == "종가 필드를 찾지 못했습니다. 있는 필드: ticker, date, open, end"


@pytest.mark.parametrize(("name", "is_read"), [("거래량(천주)", False), ("거래량(주)", True), ("거래량 [백만]", False)])
def test_a_field_whose_unit_changes_the_number_is_told(own_server_db: MongoDatabase, name: str, is_read: bool) -> None:
    rows = [{name if key == "volume" else key: row[key] for key in row} for row in bars("005930")]
    own_server_db["prices"].insert_many(rows)
    assert (f"읽지 않는 필드: {name}" in said(look(own_server_db, "prices"))) != is_read
