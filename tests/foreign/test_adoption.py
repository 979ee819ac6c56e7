"""A user's own collections made part of the product, on a real server: read as they are, or converted into ours."""

import datetime as dt
import threading
from dataclasses import replace
from typing import Any

import pandas as pd
import pytest
from bson import ObjectId

from finance_core.bars import candles
from finance_core.categories import CURRENCIES, KOREAN_STOCKS, US_STOCKS, Category
from finance_core.errors import DataConflict, SisepanError
from finance_core.foreign import adoption, daily, following, import_records, inspection, ranges, reports, ticker_names
from finance_core.foreign.import_records import Summary
from finance_core.storage import locations, panels, prices, runs, ticker_edits, tickers
from finance_core.storage.database import Document, MongoDatabase
from tests import pages
from tests.pages import made_table
from tests.yahoo import Listing, YahooStandIn
from updaters import category_update, scheduler

pytestmark = pytest.mark.slow

TABLES = {
    "005930": made_table(1, "2026-03-03"),
    "000660": made_table(2, "2026-06-01"),
    "035720": made_table(3, "2026-03-03", halted=0),
}
CAPITAL = {"ticker": "symbol", "date": "Date", **{name: name.capitalize() for name in (*candles.PRICES, "volume")}}


def flat(tables: dict[str, pd.DataFrame], names: dict[str, str] | None = None, as_text: bool = False) -> list[Document]:
    """A document for each ticker and day, whose fields have these `names`."""
    called = names or {name: name for name in CAPITAL}
    return [
        {
            called["ticker"]: ticker,
            called["date"]: f"{day:%Y-%m-%d}" if as_text else day.to_pydatetime(),
            **{called[name]: float(row[name]) for name in (*candles.PRICES, "volume")},
        }
        for ticker, table in tables.items()
        for day, row in table.iterrows()
    ]


def adopted(db: MongoDatabase, name: str, category: Category = KOREAN_STOCKS, **options: Any) -> Summary:
    return adoption.read_as_is(db, category, inspection.look_at(db, name, category), **options)


def converted(db: MongoDatabase, name: str, category: Category = KOREAN_STOCKS, **options: Any) -> Any:
    return adoption.convert(db, category, inspection.look_at(db, name, category), **options)


def drawn(db: MongoDatabase, category: Category, ticker: str) -> pd.DataFrame:
    """The bars as a chart draws them."""
    return candles.clean(prices.load(db, category, ticker))[0]


def assert_all_drawn(db: MongoDatabase, tables: dict[str, pd.DataFrame], category: Category = KOREAN_STOCKS) -> None:
    for ticker, table in tables.items():
        pd.testing.assert_frame_equal(
            drawn(db, category, ticker), candles.clean(table)[0], check_freq=False, check_names=False
        )


def untouched(db: MongoDatabase, name: str) -> tuple[list[Document], dict[str, Any]]:
    return db[name].find().sort("_id", 1).to_list(), dict(db[name].index_information())


def test_what_is_read_as_it_is_gives_the_same_charts_and_is_not_changed(own_server_db: MongoDatabase) -> None:
    db = own_server_db
    db["kr"].insert_many(flat(TABLES, CAPITAL))
    documents, _indexes = untouched(db, "kr")
    reading = adopted(db, "kr")
    assert (reading.state, reading.total) == ("done", 3)
    assert reading.bars == sum(map(len, TABLES.values()))
    assert_all_drawn(db, TABLES)
    assert untouched(db, "kr")[0] == documents
    assert db["kr"].index_information()[following.INDEX]["key"] == [("symbol", 1), ("Date", 1)]
    assert "unique" not in db["kr"].index_information()[following.INDEX]  # his own programs must not begin to fail


@pytest.mark.parametrize("field", ["isDeleted", "is_valid", "단위"])
@pytest.mark.parametrize("share", [1, 400])
def test_what_has_fields_that_change_what_a_bar_means_is_not_read_as_it_is(
    own_server_db: MongoDatabase, field: str, share: int
) -> None:
    """Of several hundred documents, a sample may miss the only one with such a field."""
    rows = flat(TABLES, CAPITAL)
    for row in rows[::share]:
        row[field] = False
    own_server_db["kr"].insert_many(rows)
    reading = adopted(own_server_db, "kr")
    assert reading.state == "failed"
    assert field in str(reading.failures[0].error)
    assert not locations.of(own_server_db, KOREAN_STOCKS).read_only
    layout = inspection.look_at(own_server_db, "kr", KOREAN_STOCKS).layout
    assert layout
    assert not layout.is_readable or share > 1


@pytest.mark.parametrize("share", [2, 400])
def test_adjusted_prices_beside_raw_ones_are_not_read_as_they_are(own_server_db: MongoDatabase, share: int) -> None:
    rows = flat(TABLES, CAPITAL)
    for number, row in enumerate(rows):
        row["수정주가여부"] = "N" if number % share else "Y"
    own_server_db["kr"].insert_many(rows)
    reading = adopted(own_server_db, "kr")
    assert reading.state == "failed"
    assert "수정주가여부" in str(reading.failures[0].error)


def test_a_rate_of_a_hundred_yen_is_not_read_as_it_is(own_server_db: MongoDatabase) -> None:
    own_server_db["fx"].insert_many(flat({"JPYKRW": TABLES["005930"]}, CAPITAL))
    reading = adopted(own_server_db, "fx", CURRENCIES)
    assert reading.state == "failed"
    assert "100 JPY" in str(reading.failures[0].error)


def test_prices_that_a_field_calls_adjusted_everywhere_are_read_as_they_are(own_server_db: MongoDatabase) -> None:
    own_server_db["kr"].insert_many([row | {"수정주가여부": "Y"} for row in flat(TABLES, CAPITAL)])
    assert adopted(own_server_db, "kr").state == "done"


@pytest.mark.parametrize("field", ["isDeleted", "단위", "Status"])
def test_a_document_that_comes_later_with_such_a_field_is_drawn_by_no_chart_and_asked_by_no_screen(
    own_server_db: MongoDatabase, field: str
) -> None:
    db = own_server_db
    db["kr"].insert_many(flat(TABLES, CAPITAL))
    adopted(db, "kr")
    later = flat({"005930": TABLES["005930"]}, CAPITAL)[-1]
    db["kr"].insert_one(later | {"Date": later["Date"] + dt.timedelta(days=7), "Close": 1.0, field: True})
    for last in (None, 5):
        with pytest.raises(DataConflict, match=field):
            prices.load(db, KOREAN_STOCKS, "005930", last)
    panels.forget()
    panel = panels.panel(db, KOREAN_STOCKS, dt.date(2000, 1, 1))
    assert panel.unreadable == {"005930"}
    assert_all_drawn(db, {ticker: table for ticker, table in TABLES.items() if ticker != "005930"})


def test_its_tickers_are_listed_with_their_names_and_state(own_server_db: MongoDatabase) -> None:
    db = own_server_db
    db["kr"].insert_many(flat(TABLES, CAPITAL))
    db["companies"].insert_many(
        [{"code": 5930, "종목명": "삼전", "시장": "KOSPI"}, {"code": "A035720", "종목명": "카톡"}]
    )
    adopted(db, "kr")
    rows = {row["ticker"]: row for row in tickers.active(db, KOREAN_STOCKS)}
    assert {ticker: row["name"] for ticker, row in rows.items()} == {
        "005930": "삼전",  # as he calls it
        "000660": "SK하이닉스",  # as our list does
        "035720": "카톡",
    }
    state = prices.state_of(KOREAN_STOCKS, TABLES["005930"].pipe(lambda table: candles.clean(table)[0]))
    assert {name: rows["005930"][name] for name in state} == state
    assert rows["005930"]["source"] == "import"


def test_a_ticker_that_nobody_names_is_called_by_itself(own_server_db: MongoDatabase) -> None:
    own_server_db["kr"].insert_many(flat({"999990": TABLES["005930"]}, CAPITAL))
    adopted(own_server_db, "kr")
    assert [row["name"] for row in tickers.active(own_server_db, KOREAN_STOCKS)] == ["999990"]


def test_what_is_only_read_asks_for_conversion_before_it_is_written(
    own_server_db: MongoDatabase, yahoo: YahooStandIn
) -> None:
    db = own_server_db
    db["kr"].insert_many(flat(TABLES, CAPITAL))
    adopted(db, "kr")
    before = untouched(db, "kr")
    with pytest.raises(locations.ReadOnly, match="--convert kr --category korean_stocks"):
        category_update.run(db, KOREAN_STOCKS)
    with pytest.raises(locations.ReadOnly):
        prices.write(db, KOREAN_STOCKS, "005930", candles.clean(TABLES["005930"])[0])
    with pytest.raises(locations.ReadOnly):
        ticker_edits.delete(db, KOREAN_STOCKS, ["005930"], "me")
    assert untouched(db, "kr") == before
    assert not yahoo.requests
    assert "005930" in {row["ticker"] for row in tickers.active(db, KOREAN_STOCKS)}


def test_after_a_conversion_it_is_ours_and_updated_like_any_other(
    own_server_db: MongoDatabase, yahoo: YahooStandIn
) -> None:
    db = own_server_db
    table = made_table(1, halted=0)
    db["kr"].insert_many(flat({"005930": table.iloc[:-10]}, CAPITAL))
    adopted(db, "kr")
    before = untouched(db, "kr")
    summary = converted(db, "kr")
    assert (summary.state, summary.verified, summary.added) == ("done", 1, len(table) - 10)
    assert locations.of(db, KOREAN_STOCKS) == locations.Location("korean_stocks")
    yahoo.listings["005930.KS"] = Listing(table)
    ran = category_update.run(db, KOREAN_STOCKS)
    assert (ran.state, ran.added, ran.replaced, len(ran.failures)) == ("done", 10, 0, 0)
    assert_all_drawn(db, {"005930": table})
    assert untouched(db, "kr") == before


def test_one_ticker_that_cannot_be_read_keeps_all_as_it_was(own_server_db: MongoDatabase) -> None:
    db = own_server_db
    documents = flat(TABLES, CAPITAL)
    db["kr"].insert_many([*documents, documents[5] | {"Close": 1.0, "_id": "again"}])
    found = inspection.look_at(db, "kr", KOREAN_STOCKS)
    before = untouched(db, "kr"), sorted(db.list_collection_names())
    reading = adoption.read_as_is(db, KOREAN_STOCKS, found)
    assert reading.state == "failed"
    assert [problem.ticker for problem in reading.failures] == ["005930"]
    assert untouched(db, "kr") == before[0]
    assert locations.of(db, KOREAN_STOCKS) == locations.Location("korean_stocks")
    assert not locations.has_list(db, KOREAN_STOCKS)
    assert [failure.ticker for failure in runs.failures(db, reading.run)] == ["005930"]


def test_documents_of_no_ticker_are_not_passed_over_in_silence(own_server_db: MongoDatabase) -> None:
    db = own_server_db
    db["kr"].insert_many(flat(TABLES, CAPITAL))
    found = inspection.look_at(db, "kr", KOREAN_STOCKS)
    db["kr"].insert_one({"Date": dt.datetime(2024, 1, 2), "Close": 5.0})
    reading = adoption.read_as_is(db, KOREAN_STOCKS, found)
    assert (reading.state, [str(each.error) for each in reading.failures]) == (
        "failed",
        ["종목 코드가 없는 문서가 1개 있습니다."],
    )
    assert not locations.of(db, KOREAN_STOCKS).read_only


def test_prices_from_before_a_split_are_no_cliff(own_server_db: MongoDatabase) -> None:
    db = own_server_db
    table = made_table(4, halted=0)
    raw = table.copy()
    raw.iloc[:300, :4] *= 50  # as they were before 50:1
    documents = flat({"005930": raw}, CAPITAL)
    documents[300]["stock_splits"] = 50.0
    db["kr"].insert_many(documents)
    reading = adopted(db, "kr")
    assert reading.state == "failed"
    assert f"{table.index[300]:%Y-%m-%d}의 액면분할" in str(reading.failures[0].error)
    assert following.INDEX not in db["kr"].index_information()
    assert converted(db, "kr").changed == 1
    close = drawn(db, KOREAN_STOCKS, "005930")["close"]
    assert close.to_numpy() == pytest.approx(table["close"].to_numpy())


@pytest.mark.parametrize("currency", [{"통화": "USD"}, {"통화": "$"}])
def test_prices_in_another_currency_are_neither_read_nor_converted(
    own_server_db: MongoDatabase, currency: Document
) -> None:
    """The chart of 삼성전자 said ₩45."""
    db = own_server_db
    said = {"통화": "원"}
    for ticker, table in TABLES.items():
        more = currency if ticker == "000660" else said
        db["kr"].insert_many([row | more for row in flat({ticker: table}, CAPITAL)])
    reading = adopted(db, "kr")
    assert [(failure.ticker, "USD" in str(failure.error)) for failure in reading.failures] == [("000660", True)]
    conversion = converted(db, "kr")
    assert [(failure.ticker, "USD" in str(failure.error)) for failure in conversion.failures] == [("000660", True)]
    assert_all_drawn(db, {ticker: table for ticker, table in TABLES.items() if ticker != "000660"})
    assert prices.load(db, KOREAN_STOCKS, "000660").empty


def test_a_later_bar_whose_high_is_below_its_low_is_drawn_nowhere(own_server_db: MongoDatabase) -> None:
    db, table = own_server_db, TABLES["005930"]
    rows = flat({"005930": table}, CAPITAL)
    db["kr"].insert_many(rows)
    adopted(db, "kr")
    db["kr"].update_one({"_id": rows[7]["_id"]}, {"$set": {"High": rows[7]["Low"] * 0.9}})
    left = table.drop(table.index[7])
    assert_all_drawn(db, {"005930": left})
    panel = panels.panel(db, KOREAN_STOCKS, dt.date(2000, 1, 1))
    assert len(panel.bars["close"]) == len(left)


def test_a_chart_is_not_lost_by_a_conversion_that_refuses_its_ticker(own_server_db: MongoDatabase) -> None:
    db = own_server_db
    rows = [row | {"ccy": "KRW"} for row in flat(TABLES, CAPITAL)]
    db["kr"].insert_many(rows)
    adopted(db, "kr")
    wrong = db["kr"].insert_one({**rows[0], "_id": ObjectId(), "Date": dt.datetime(2026, 11, 24), "ccy": "USD"})
    summary = converted(db, "kr")
    assert [failure.ticker for failure in summary.failures] == [rows[0]["symbol"]]
    assert "계속 kr 컬렉션에서" in reports.text(KOREAN_STOCKS, summary)
    assert locations.of(db, KOREAN_STOCKS).collection == "kr"
    db["kr"].delete_one({"_id": wrong.inserted_id})
    assert_all_drawn(db, TABLES)
    assert "계속 kr" not in reports.text(KOREAN_STOCKS, converted(db, "kr"))
    assert locations.of(db, KOREAN_STOCKS).collection == "korean_stocks"
    assert_all_drawn(db, TABLES)


def test_a_ticker_that_only_the_name_of_a_collection_has_is_that_of_documents_with_an_empty_one(
    own_server_db: MongoDatabase,
) -> None:
    """As Kiwoom's opt10081 answers: the ticker in the first row only."""
    db, table = own_server_db, TABLES["005930"]
    for name, first in (("A005930", "005930"), ("kr_005930", "")):
        rows = [row | {"symbol": ""} for row in flat({"": table}, CAPITAL)]
        db[name].insert_many([rows[0] | {"symbol": first}, *rows[1:]])
        assert converted(db, name).bars == len(table)
        assert_all_drawn(db, {"005930": table})


def test_a_ticker_in_two_currencies_is_no_series_and_a_list_may_name_another_one(own_server_db: MongoDatabase) -> None:
    db, table = own_server_db, TABLES["005930"]
    rows = flat({"005930": table, "900110": table}, CAPITAL)
    for number, row in enumerate(rows):
        row["currency"] = "HKD" if row["symbol"] == "900110" else ("USD", "KRW")[number % 2]
    db["kr"].insert_many(rows)
    db["names"].insert_many([{"symbol": "900110", "name": "홍콩 회사", "currency": "HKD"}])
    done = converted(db, "kr")
    assert [(failure.ticker, "KRW, USD" in str(failure.error)) for failure in done.failures] == [("005930", True)]
    assert_all_drawn(db, {"900110": table})


def test_a_single_bar_whose_high_is_below_its_low_is_left_out_and_told(own_server_db: MongoDatabase) -> None:
    db, table = own_server_db, TABLES["005930"]
    wrong = table.assign(high=table["high"].where(table.index != table.index[7], table["low"] * 0.9))
    db["kr"].insert_many(flat({"005930": wrong}, CAPITAL))
    [failure] = adopted(db, "kr").failures
    assert f"{table.index[7]:%Y-%m-%d}" in str(failure.error)
    done = converted(db, "kr")
    assert (done.state, done.refused, [str(each.reason) for each in import_records.refusals(db, done.import_id)]) == (
        "done",
        1,
        [ranges.UPSIDE_DOWN],
    )
    assert_all_drawn(db, {"005930": table.drop(table.index[7])})


def test_a_single_close_far_outside_its_day_is_left_out_and_told(own_server_db: MongoDatabase) -> None:
    db, table = own_server_db, TABLES["005930"]
    cut = table.assign(close=table["close"].where(table.index != table.index[-1], table["close"] // 100))
    db["kr"].insert_many(flat({"005930": cut}, CAPITAL))
    [failure] = adopted(db, "kr").failures
    assert f"{table.index[-1]:%Y-%m-%d}" in str(failure.error)
    done = converted(db, "kr")
    assert (done.state, done.refused) == ("done", 1)
    assert [str(each.reason) for each in import_records.refusals(db, done.import_id)] == [ranges.FAR]
    assert_all_drawn(db, {"005930": table.iloc[:-1]})


def test_a_single_row_of_a_sunday_is_left_out_and_told(own_server_db: MongoDatabase) -> None:
    db, table = own_server_db, TABLES["005930"]
    sunday = table.iloc[-1:].set_axis(pd.DatetimeIndex(["2026-03-08"], name=table.index.name)) + 1
    db["kr"].insert_many(flat({"005930": pd.concat([table, sunday])}, CAPITAL))
    done = converted(db, "kr")
    assert (done.state, done.refused) == ("done", 1)
    assert [str(each.reason) for each in import_records.refusals(db, done.import_id)] == [daily.WEEKEND]
    assert_all_drawn(db, {"005930": table})


def test_a_split_of_one_is_none(own_server_db: MongoDatabase) -> None:
    db = own_server_db
    table = made_table(4, halted=0)
    documents = flat({"005930": table}, CAPITAL)
    db["kr"].insert_many([{**document, "split_coefficient": 1.0} for document in documents])
    reading = adopted(db, "kr")
    assert (reading.state, "액면분할 값이 1" in str(reading.failures[0].error)) == ("failed", True)
    assert converted(db, "kr").added == len(table)
    assert not drawn(db, KOREAN_STOCKS, "005930")["stock_splits"].any()


def test_reading_that_is_stopped_changes_nothing(own_server_db: MongoDatabase) -> None:
    db = own_server_db
    db["kr"].insert_many(flat(TABLES, CAPITAL))
    before = untouched(db, "kr")
    stop = threading.Event()
    reading = adopted(db, "kr", stop=stop, progress=lambda _reading: stop.set())
    assert (reading.state, reading.done) == ("cancelled", 1)
    assert untouched(db, "kr") == before
    assert not locations.of(db, KOREAN_STOCKS).read_only


def test_reading_never_hides_bars_that_are_there_already(own_server_db: MongoDatabase) -> None:
    db = own_server_db
    db["korean_stocks"].insert_many(flat({"005930": TABLES["005930"]}))
    db["kr"].insert_many(flat({"000660": TABLES["000660"]}, CAPITAL))
    with pytest.raises(SisepanError, match="korean_stocks 컬렉션에도"):
        adopted(db, "kr")
    assert converted(db, "kr").added == len(TABLES["000660"])
    assert_all_drawn(db, {ticker: TABLES[ticker] for ticker in ("005930", "000660")})


def test_another_collection_is_not_converted_over_the_one_that_is_read(own_server_db: MongoDatabase) -> None:
    db = own_server_db
    db["kr"].insert_many(flat({"005930": TABLES["005930"]}, CAPITAL))
    db["more"].insert_many(flat({"000660": TABLES["000660"]}, CAPITAL, as_text=True))
    adopted(db, "kr")
    with pytest.raises(SisepanError, match="kr 컬렉션에서 읽습니다"):
        converted(db, "more")
    converted(db, "kr")
    converted(db, "more")
    assert_all_drawn(db, {ticker: TABLES[ticker] for ticker in ("005930", "000660")})


def test_charts_stay_whole_while_what_they_read_is_converted(own_server_db: MongoDatabase) -> None:
    db = own_server_db
    db["kr"].insert_many(flat(TABLES, CAPITAL))
    adopted(db, "kr")
    seen = []

    def look(_summary: object) -> None:
        locations.forget(db)
        seen.append({ticker: len(prices.load(db, KOREAN_STOCKS, ticker)) for ticker in TABLES})

    converted(db, "kr", progress=look)
    assert len(seen) > len(TABLES)
    assert all(each == {ticker: len(table) for ticker, table in TABLES.items()} for each in seen)


@pytest.mark.parametrize("is_text", [False, True])
def test_a_foreign_collection_in_the_place_of_ours_is_left_there(own_server_db: MongoDatabase, is_text: bool) -> None:
    db = own_server_db
    db["korean_stocks"].insert_many(flat(TABLES, CAPITAL, as_text=is_text))
    before = untouched(db, "korean_stocks")
    assert converted(db, "korean_stocks").state == "done"
    assert untouched(db, "korean_stocks") == before
    assert locations.of(db, KOREAN_STOCKS).collection == "sisepan_korean_stocks"
    assert_all_drawn(db, TABLES)
    again = converted(db, "korean_stocks")
    assert (again.added, again.replaced, again.removed) == (0, 0, 0)


def test_our_own_layout_with_a_day_twice_is_converted_into_another_collection(own_server_db: MongoDatabase) -> None:
    db = own_server_db
    documents = flat(TABLES)
    db["korean_stocks"].insert_many([{**documents[0], "close": documents[0]["close"] * 2}, *documents])
    before = untouched(db, "korean_stocks")

    summary = converted(db, "korean_stocks")

    assert (summary.state, summary.refused, summary.verified) == ("done", 1, len(TABLES))
    assert locations.of(db, KOREAN_STOCKS).collection == "sisepan_korean_stocks"
    assert untouched(db, "korean_stocks") == before
    assert_all_drawn(db, TABLES)


def test_what_is_ours_already_is_not_converted(own_server_db: MongoDatabase) -> None:
    db = own_server_db
    db["korean_stocks"].insert_many(flat(TABLES))
    before = untouched(db, "korean_stocks")
    with pytest.raises(SisepanError, match="이미 이 제품의 구성"):
        converted(db, "korean_stocks")
    assert untouched(db, "korean_stocks") == before


def test_while_another_run_is_under_way_a_conversion_changes_nothing(own_server_db: MongoDatabase) -> None:
    db = own_server_db
    db["korean_stocks"].insert_many(flat(TABLES, CAPITAL, as_text=True))
    db["ticker_metadata"].insert_one({"symbol": "005930", "company": "Samsung"})
    with runs.leased(db, KOREAN_STOCKS, "terminal", {}, threading.Event()):
        with pytest.raises(runs.AlreadyRunning):
            converted(db, "korean_stocks")
        assert locations.of(db, KOREAN_STOCKS).collection == "korean_stocks"
        assert locations.metadata(db) == "ticker_metadata"


def test_a_foreign_list_in_the_place_of_ours_is_left_there_and_used(own_server_db: MongoDatabase) -> None:
    db = own_server_db
    db["ticker_metadata"].insert_many(
        [{"symbol": "005930", "company": "삼전"}, {"symbol": "000660", "company": "닉스"}]
    )
    db["kr"].insert_many(flat(TABLES, CAPITAL, as_text=True))
    before = untouched(db, "ticker_metadata")
    converted(db, "kr")
    assert untouched(db, "ticker_metadata") == before
    assert {row["name"] for row in tickers.active(db, KOREAN_STOCKS)} == {"삼전", "닉스", "카카오"}
    edit = ticker_edits.Edit("005930", {"name": "삼전"}, {"name": "삼성전자"})
    assert ticker_edits.save(db, KOREAN_STOCKS, [edit], "me").applied == ["005930"]
    assert untouched(db, "ticker_metadata") == before


def test_a_list_names_only_tickers_of_its_category(own_server_db: MongoDatabase) -> None:
    db = own_server_db
    db["symbols"].insert_many(
        [
            {"symbol": "USDKRW=X", "name": "원/달러", "type": "fx"},
            {"symbol": "AAPL", "name": "사과", "type": "us_stock"},
            {"symbol": "CASH", "name": "현금", "type": "fx"},
        ]
    )
    said = ticker_names.of(db, US_STOCKS)
    assert said["AAPL"]["name"] == "사과"
    assert "CASH" not in said
    assert ticker_names.of(db, CURRENCIES)["USDKRW"]["name"] == "원/달러"


def test_our_own_layout_without_a_list_gets_one(own_server_db: MongoDatabase) -> None:
    db = own_server_db
    db["korean_stocks"].insert_many(flat(TABLES))
    assert adopted(db, "korean_stocks").state == "done"
    location = locations.of(db, KOREAN_STOCKS)
    assert replace(location, without=[], only={}) == locations.Location("korean_stocks")
    assert (location.only["currency"][0], location.only["adjusted"]) == ("KRW", [])
    assert tickers.get(db, KOREAN_STOCKS, "005930")["name"] == "삼성전자"  # type: ignore[index]


def test_the_list_follows_our_own_layout_too_and_an_update_is_not_mistaken_for_the_users(
    own_server_db: MongoDatabase,
) -> None:
    db = own_server_db
    table = TABLES["005930"]
    db["korean_stocks"].insert_many(flat({"005930": table.iloc[:-2]}))
    adopted(db, "korean_stocks")
    tickers.record(db, KOREAN_STOCKS, "005930", {"source": "yahoo"})
    assert not following.is_outdated(db, KOREAN_STOCKS)
    db["korean_stocks"].insert_many(flat({"005930": table.iloc[-2:-1]}))
    assert following.is_outdated(db, KOREAN_STOCKS)
    assert following.refresh(db, KOREAN_STOCKS, threading.Event()) == 1
    row = tickers.get(db, KOREAN_STOCKS, "005930") or {}
    assert (row["last_close"], row["source"]) == (table["close"].iloc[-2], "yahoo")
    (flagged,) = flat({"005930": table.iloc[-1:]})
    db["korean_stocks"].insert_one({**flagged, "deleted": True})
    assert following.refresh(db, KOREAN_STOCKS, threading.Event()) == 0
    assert (tickers.get(db, KOREAN_STOCKS, "005930") or {})["last_close"] == row["last_close"]
    with pytest.raises(DataConflict, match="deleted"):
        prices.load(db, KOREAN_STOCKS, "005930")


def test_a_document_in_another_currency_that_comes_later_is_no_bar(own_server_db: MongoDatabase) -> None:
    db = own_server_db
    documents = [{**document, "ccy": "KRW"} for document in flat(TABLES, CAPITAL)]
    db["kr"].insert_many(documents)
    assert adopted(db, "kr").state == "done"
    assert_all_drawn(db, TABLES)
    day = dt.datetime(2027, 1, 4)
    for later in (None, "", "KRW", "krw", float("nan")):
        db["kr"].insert_one({**documents[-1], "_id": ObjectId(), "Date": day, "ccy": later})
        assert len(prices.load(db, KOREAN_STOCKS, documents[-1]["symbol"])) == len(TABLES[documents[-1]["symbol"]]) + 1
        db["kr"].delete_one({"Date": day})
    for other in ("USD", "JPYEN", 1):
        db["kr"].insert_one({**documents[-1], "_id": ObjectId(), "Date": day, "ccy": other})
        for last in (None, 5):
            with pytest.raises(DataConflict, match=f"ccy: {other}"):
                prices.load(db, KOREAN_STOCKS, documents[-1]["symbol"], last)
        assert panels.panel(db, KOREAN_STOCKS, dt.date(2000, 1, 1)).unreadable == {documents[-1]["symbol"]}
        panels.forget()
        db["kr"].delete_one({"Date": day})


def test_reading_is_given_up_and_taken_up_again(own_server_db: MongoDatabase) -> None:
    db = own_server_db
    db["kr"].insert_many(flat(TABLES, CAPITAL))
    adopted(db, "kr")
    adoption.give_up(db, KOREAN_STOCKS)
    assert prices.load(db, KOREAN_STOCKS, "005930").empty
    assert adopted(db, "kr").state == "done"
    assert_all_drawn(db, TABLES)


def test_the_plans_say_what_will_be_written_and_where(own_server_db: MongoDatabase) -> None:
    db = own_server_db
    db["kr"].insert_many(flat(TABLES, CAPITAL))
    found = inspection.look_at(db, "kr", KOREAN_STOCKS)
    reading = " ".join(map(str, adoption.plan_of_reading(db, KOREAN_STOCKS, found)))
    assert "kr에 인덱스 sisepan_ticker_date" in reading
    assert "ticker_metadata" in reading
    conversion = " ".join(map(str, adoption.plan_of_conversion(db, KOREAN_STOCKS, found)))
    assert "korean_stocks 컬렉션에" in conversion
    assert f"{len(flat(TABLES)):d}" in conversion.replace(",", "")


def test_the_list_follows_what_the_users_own_programs_add(own_server_db: MongoDatabase) -> None:
    db = own_server_db
    cut = {ticker: table.iloc[:-3] for ticker, table in TABLES.items()}
    db["kr"].insert_many(flat(cut, CAPITAL))
    adopted(db, "kr")
    now = dt.datetime(2026, 11, 24, tzinfo=dt.UTC)
    assert not scheduler.tick(now)
    rest = {ticker: table.iloc[-3:] for ticker, table in TABLES.items()}
    db["kr"].insert_many(flat(rest | {"000270": made_table(9)}, CAPITAL))
    (following,) = scheduler.tick(now)
    assert following.wait(20)
    assert following.error is None
    assert following.result == 4
    rows = {row["ticker"]: row for row in tickers.active(db, KOREAN_STOCKS)}
    assert rows["000270"]["name"] == "기아"
    for ticker, table in TABLES.items():
        assert rows[ticker]["last_date"] == table.index[-1].to_pydatetime()
        assert rows[ticker]["last_close"] == table["close"].iloc[-1]
        assert rows[ticker]["bar_count"] == len(table)
    assert not scheduler.tick(now)


@pytest.mark.sampled(2)
@pytest.mark.parametrize(
    "bad",
    [
        {"Date": TABLES["005930"].index[-1].to_pydatetime(), "Close": 1.0},
        {"Date": "2026-11-23", "Close": 5.0},
        {"Close": 5.0},
        {"Date": dt.datetime(2026, 11, 23), "Close": "많음"},
        {"Date": dt.datetime(2026, 11, 23, 15), "Close": 5.0},
    ],
    ids=["twice", "text date", "no date", "text close", "no midnight"],
)
def test_the_list_shows_nothing_of_what_no_chart_can_be_drawn_from(own_server_db: MongoDatabase, bad: Document) -> None:
    db = own_server_db
    db["kr"].insert_many(flat(TABLES, CAPITAL))
    adopted(db, "kr")
    db["kr"].insert_one({"symbol": "005930", **bad})
    db["kr"].insert_many(flat({"000270": made_table(9)}, CAPITAL))
    assert following.refresh(db, KOREAN_STOCKS, threading.Event()) == 2
    row = tickers.get(db, KOREAN_STOCKS, "005930") or {}
    assert row["bar_count"] == 0
    assert not row.keys() & {"first_date", "last_date", "last_close", "previous_close", "change"}
    assert (tickers.get(db, KOREAN_STOCKS, "000270") or {})["bar_count"] == len(made_table(9))
    assert following.refresh(db, KOREAN_STOCKS, threading.Event()) == 0


@pytest.mark.parametrize("close", [0, -5.0, None])
def test_the_list_passes_over_a_day_without_a_close_as_the_chart_does(
    own_server_db: MongoDatabase, close: float | None
) -> None:
    db = own_server_db
    db["kr"].insert_many(flat(TABLES, CAPITAL))
    adopted(db, "kr")
    before = tickers.get(db, KOREAN_STOCKS, "005930")
    db["kr"].insert_one({"symbol": "005930", "Date": dt.datetime(2026, 11, 23), "Close": close})
    assert following.refresh(db, KOREAN_STOCKS, threading.Event()) == 0
    assert tickers.get(db, KOREAN_STOCKS, "005930") == before
    assert_all_drawn(db, TABLES)


def test_the_list_shows_nothing_of_what_is_gone(own_server_db: MongoDatabase) -> None:
    db = own_server_db
    db["kr"].insert_many(flat(TABLES, CAPITAL))
    adopted(db, "kr")
    db["kr"].delete_many({"symbol": "005930"})
    assert following.refresh(db, KOREAN_STOCKS, threading.Event()) == 1
    assert "last_close" not in (tickers.get(db, KOREAN_STOCKS, "005930") or {})
    db.drop_collection("kr")
    assert following.refresh(db, KOREAN_STOCKS, threading.Event()) == 2
    assert {row["bar_count"] for row in tickers.active(db, KOREAN_STOCKS)} == {0}


def test_a_list_for_a_ticker_keeps_all_as_it_was(own_server_db: MongoDatabase) -> None:
    db = own_server_db
    db["kr"].insert_many(flat(TABLES, CAPITAL))
    found = inspection.look_at(db, "kr", KOREAN_STOCKS)
    db["kr"].insert_one({"symbol": ["005930", "000660"], "Date": dt.datetime(2020, 1, 2), "Close": 999.0})
    reading = adoption.read_as_is(db, KOREAN_STOCKS, found)
    assert reading.state == "failed"
    assert "목록" in " ".join(str(problem.error) for problem in reading.failures)
    assert locations.of(db, KOREAN_STOCKS).collection == "korean_stocks"


@pytest.mark.parametrize("work", [adoption.read_as_is, adoption.convert])
def test_what_is_gone_since_it_was_looked_at_is_not_taken_for_an_empty_one(
    own_server_db: MongoDatabase, work: Any
) -> None:
    db = own_server_db
    db["kr"].insert_many(flat(TABLES, CAPITAL))
    found = inspection.look_at(db, "kr", KOREAN_STOCKS)
    db.drop_collection("kr")
    with pytest.raises(SisepanError, match="없거나 비어"):
        work(db, KOREAN_STOCKS, found)
    assert db.list_collection_names() == []


def test_where_the_index_cannot_be_made_it_says_so(own_server_db: MongoDatabase) -> None:
    db = own_server_db
    db["kr"].insert_many(flat(TABLES, CAPITAL))
    db["kr"].create_index(["symbol", "Date"], hidden=True)
    with pytest.raises(SisepanError, match="인덱스를 만들 수 없어"):
        adopted(db, "kr")


def test_real_prices_read_as_they_are_and_converted_are_the_published_ones(own_server_db: MongoDatabase) -> None:
    db, tables = own_server_db, pages.real_tables()
    db["stocks"].insert_many(flat(tables, CAPITAL))
    assert adopted(db, "stocks").state == "done"
    for ticker, table in tables.items():
        shown = drawn(db, KOREAN_STOCKS, ticker)
        expected = pages.as_published(table)
        assert shown[pages.PRICES].to_numpy().tolist() == expected[pages.PRICES].to_numpy().tolist()
    assert converted(db, "stocks").verified == len(tables)
    assert_all_drawn(db, tables)


@pytest.mark.parametrize(("field", "before", "after"), [("수정주가여부", "N", "Y"), ("adjusted", False, True)])
def test_an_adjusted_document_that_comes_later_beside_raw_ones_is_no_bar(
    own_server_db: MongoDatabase, field: str, before: Any, after: Any
) -> None:
    db = own_server_db
    documents = [{**document, field: before} for document in flat(TABLES, CAPITAL)]
    db["kr"].insert_many(documents)
    assert adopted(db, "kr").state == "done"
    assert_all_drawn(db, TABLES)
    db["kr"].insert_one({**documents[-1], "_id": ObjectId(), "Date": dt.datetime(2027, 1, 4), field: after})
    with pytest.raises(DataConflict, match=f"{field}: {after}"):
        prices.load(db, KOREAN_STOCKS, documents[-1]["symbol"])
    panels.forget()
    assert panels.panel(db, KOREAN_STOCKS, dt.date(2000, 1, 1)).unreadable == {documents[-1]["symbol"]}
    assert len(prices.load(db, KOREAN_STOCKS, "005930")) == len(TABLES["005930"])


@pytest.mark.parametrize("kinds", [1, 3])
def test_factors_in_a_field_called_adj_may_change_later(own_server_db: MongoDatabase, kinds: int) -> None:
    db = own_server_db
    documents = [{**document, "adj": 1.0 + number % kinds} for number, document in enumerate(flat(TABLES, CAPITAL))]
    db["kr"].insert_many(documents)
    assert adopted(db, "kr").state == "done"
    db["kr"].insert_one({**documents[-1], "_id": ObjectId(), "Date": dt.datetime(2027, 1, 4), "adj": 0.5})
    assert len(prices.load(db, KOREAN_STOCKS, documents[-1]["symbol"])) == len(TABLES[documents[-1]["symbol"]]) + 1
