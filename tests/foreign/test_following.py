"""What a user's programs add to a collection that is read as it is: checked as at the beginning, refused, and told."""

import datetime as dt
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from bson import ObjectId

from finance_core import log
from finance_core.categories import KOREAN_STOCKS
from finance_core.errors import DataConflict, SisepanError
from finance_core.foreign import adopt_command, adoption, as_is, following, inspection
from finance_core.foreign.collection_source import extent
from finance_core.storage import documents, locations, panels, price_exports, prices, tickers
from finance_core.storage.database import Document, MongoDatabase
from finance_core.storage.locations import Location
from tests.foreign.test_adoption import CAPITAL, TABLES, adopted, assert_all_drawn, flat

pytestmark = pytest.mark.slow

LAST = TABLES["005930"].index[-1]
WEEKS = [LAST - pd.Timedelta(days=7 * week + 700) for week in range(20)]
SUNDAY = LAST - pd.Timedelta(days=LAST.weekday() + 1)
NEXT_YEAR = pd.Timestamp(dt.date.today().year + 1, 6, 1)
SUNDAYS = [SUNDAY - pd.Timedelta(days=7 * week) for week in range(8)]
ADDED = {"weeks": WEEKS, "Sundays": SUNDAYS, "a day to come": [NEXT_YEAR]}


@pytest.fixture
def followed(own_server_db: MongoDatabase) -> MongoDatabase:
    own_server_db["kr"].insert_many(flat(TABLES, CAPITAL))
    assert adopted(own_server_db, "kr").state == "done"
    return own_server_db


def refresh(db: MongoDatabase) -> dict[str, str]:
    """Follow the collection; returns why tickers are refused."""
    following.refresh(db, KOREAN_STOCKS, threading.Event())
    collection = inspection.look_at(db, "kr", KOREAN_STOCKS)
    return {each["ticker"]: str(DataConflict.from_document(each)) for each in collection.refused}


def added(days: list[pd.Timestamp], ticker: str = "005930") -> list[Document]:
    (document,) = flat({ticker: TABLES.get(ticker, TABLES["005930"]).iloc[-1:]}, CAPITAL)
    return [{**document, "_id": ObjectId(), "Date": day.to_pydatetime()} for day in days]


@pytest.mark.parametrize("days", ADDED.values(), ids=ADDED)
def test_a_ticker_is_not_drawn_while_it_has_bars_that_no_reading_would_have_begun_with(
    followed: MongoDatabase, days: list[pd.Timestamp]
) -> None:
    followed["kr"].insert_many(added(days))
    reasons = refresh(followed)
    assert reasons.keys() == {"005930"}
    for last in (None, 5):
        with pytest.raises(DataConflict) as drawn:
            prices.load(followed, KOREAN_STOCKS, "005930", last)
        assert str(drawn.value) == reasons["005930"]
    assert panels.panel(followed, KOREAN_STOCKS, dt.date(2000, 1, 1)).unreadable == {"005930"}
    assert (tickers.get(followed, KOREAN_STOCKS, "005930") or {})["bar_count"] == 0
    assert_all_drawn(followed, {ticker: table for ticker, table in TABLES.items() if ticker != "005930"})

    read_anew = locations.of(followed, KOREAN_STOCKS)
    locations.point(followed, KOREAN_STOCKS, Location(KOREAN_STOCKS.collection))
    again = adopted(followed, "kr")
    assert {(each.ticker, str(each.error)) for each in again.failures} == {*reasons.items()}
    locations.point(followed, KOREAN_STOCKS, read_anew)

    followed["kr"].delete_many({"symbol": "005930"})
    followed["kr"].insert_many(flat({"005930": TABLES["005930"]}, CAPITAL))
    assert refresh(followed) == {}
    assert_all_drawn(followed, TABLES)


@pytest.mark.sampled(3)
@pytest.mark.parametrize(
    ("more", "is_drawn"),
    [
        ({"currency": "KRW"}, True),
        ({"통화": "원"}, True),
        ({"currency": "USD"}, False),
        ({"Price_Currency": "USD"}, False),
        ({"is_adjusted": True}, False),
        ({"수정주가 여부": "N"}, False),
        ({"currency": 410}, False),
        ({"adjusted": None, "ccy": float("nan")}, True),
    ],
)
def test_a_currency_and_a_flag_that_no_document_had_are_noticed_in_later_ones(
    followed: MongoDatabase, more: Document, is_drawn: bool
) -> None:
    (document,) = added([LAST + pd.offsets.BDay()])
    followed["kr"].insert_one({**document, **more})
    assert list(refresh(followed)) == ([] if is_drawn else ["005930"])
    if is_drawn:
        assert len(prices.load(followed, KOREAN_STOCKS, "005930")) == len(TABLES["005930"]) + 1
    else:
        (name,) = more
        with pytest.raises(DataConflict, match=name):
            prices.load(followed, KOREAN_STOCKS, "005930", 5)


def adopted_earlier(db: MongoDatabase) -> None:
    """Make the adoption one of an earlier version, which stored no limits."""
    earlier = {"$unset": {f"korean_stocks.{name}": "" for name in ("without", "only", "refused")}}
    db["settings"].update_one({"_id": "collections"}, earlier)
    db["settings"].update_one({"_id": "read:korean_stocks"}, {"$unset": {"at": ""}})
    locations.forget(db)


def test_what_an_earlier_version_let_read_is_limited_as_today(followed: MongoDatabase) -> None:
    """It drew what the same collection would be refused for today."""
    before = locations.of(followed, KOREAN_STOCKS)
    adopted_earlier(followed)
    assert following.is_outdated(followed, KOREAN_STOCKS)
    assert refresh(followed) == {}
    assert locations.of(followed, KOREAN_STOCKS) == before
    assert not following.is_outdated(followed, KOREAN_STOCKS)

    wrong: dict[str, Document] = {
        "005930": {"deleted": True},
        "000660": {"unit": "천원"},
        "035720": {"currency": "USD"},
    }
    for ticker, more in wrong.items():
        followed["kr"].insert_many([each | more for each in added([LAST + pd.Timedelta(days=1)], ticker)])
    following.remember_extent(followed, KOREAN_STOCKS, extent(followed["kr"]))
    adopted_earlier(followed)
    for ticker in wrong:  # they were drawn, and are on the list
        tickers.record(followed, KOREAN_STOCKS, ticker, prices.state(followed, KOREAN_STOCKS, ticker))
    assert following.is_outdated(followed, KOREAN_STOCKS)
    assert refresh(followed).keys() == wrong.keys()
    assert all((tickers.get(followed, KOREAN_STOCKS, ticker) or {})["bar_count"] == 0 for ticker in wrong)
    assert not following.is_outdated(followed, KOREAN_STOCKS)


def test_flags_that_contradict_each_other_are_drawn_no_more(followed: MongoDatabase) -> None:
    followed["kr"].update_many({}, {"$set": {"adjusted": True}})
    followed["kr"].update_one({"symbol": "035720"}, {"$set": {"adjusted": False}})
    adopted_earlier(followed)
    assert refresh(followed).keys() == TABLES.keys()


def test_a_collection_that_is_empty_at_the_moment_is_limited_once_it_is_not(followed: MongoDatabase) -> None:
    before, documents = locations.of(followed, KOREAN_STOCKS), followed["kr"].find().to_list()
    adopted_earlier(followed)
    followed["kr"].drop()
    following.refresh(followed, KOREAN_STOCKS, threading.Event())
    assert (tickers.get(followed, KOREAN_STOCKS, "005930") or {})["bar_count"] == 0
    assert not following.is_outdated(followed, KOREAN_STOCKS), "it is looked at again later"
    followed["kr"].insert_many(documents)
    assert refresh(followed) == {}
    assert locations.of(followed, KOREAN_STOCKS) == before


@pytest.mark.parametrize("is_converted", [True, False])
def test_what_a_person_chooses_while_the_list_is_updated_stays(
    followed: MongoDatabase, monkeypatch: pytest.MonkeyPatch, is_converted: bool
) -> None:
    adopted_earlier(followed)
    chosen: list[Location] = []
    drawn = following._drawn

    def choose(*checked: Any) -> Any:
        state = drawn(*checked)
        if not chosen:
            if is_converted:
                converted = adoption.convert(followed, KOREAN_STOCKS, inspection.look_at(followed, "kr", KOREAN_STOCKS))
                assert converted.state == "done"
            else:
                adoption.give_up(followed, KOREAN_STOCKS)
            chosen.append(locations.of(followed, KOREAN_STOCKS))
        return state

    monkeypatch.setattr(following, "_drawn", choose)
    following.refresh(followed, KOREAN_STOCKS, threading.Event())
    locations.forget(followed)
    assert [locations.of(followed, KOREAN_STOCKS)] == chosen
    assert not chosen[0].read_only


def test_a_location_that_was_stored_without_the_names_that_were_lacking_still_reads(followed: MongoDatabase) -> None:
    now = locations.of(followed, KOREAN_STOCKS)
    locations.point(followed, KOREAN_STOCKS, replace(now, only={}))
    (document,) = added([LAST + pd.offsets.BDay()])
    followed["kr"].insert_one({**document, "currency": "KRW"})
    assert refresh(followed) == {}
    assert len(prices.load(followed, KOREAN_STOCKS, "005930")) == len(TABLES["005930"]) + 1


@pytest.mark.sampled(3)
@pytest.mark.parametrize("days_later", [1, 2], ids=["Saturday", "Sunday"])
@pytest.mark.parametrize("change", [1.0, 1.001], ids=["a copy of the day before", "other prices"])
def test_a_row_of_a_weekend_is_not_drawn(followed: MongoDatabase, days_later: int, change: float) -> None:
    friday = next(day for day in TABLES["005930"].index if day.weekday() == 4)
    (document,) = flat({"005930": TABLES["005930"].loc[friday:friday]}, CAPITAL)
    prices_then = {name: document[name] * change for name in ("Open", "High", "Low", "Close")}
    weekend = friday + pd.Timedelta(days=days_later)
    followed["kr"].insert_one(document | prices_then | {"_id": ObjectId(), "Date": weekend.to_pydatetime()})
    reason = str(DataConflict(as_is.NO_SESSION, date=f"{weekend:%Y-%m-%d}"))
    assert refresh(followed) == {"005930": reason}
    followed["kr"].delete_one({"Date": weekend.to_pydatetime()})
    assert refresh(followed) == {}
    assert_all_drawn(followed, TABLES)


def test_what_is_mended_in_place_is_drawn_again_after_a_while(followed: MongoDatabase) -> None:
    followed["kr"].insert_many(added([NEXT_YEAR]))
    assert refresh(followed).keys() == {"005930"}
    assert not following.is_outdated(followed, KOREAN_STOCKS)
    next_day = LAST + pd.offsets.BDay()
    followed["kr"].update_one({"Date": NEXT_YEAR.to_pydatetime()}, {"$set": {"Date": next_day.to_pydatetime()}})
    long_ago = tickers.now() - following.LOOK_AGAIN
    followed[documents.CHOICES].update_one({"_id": "read:korean_stocks"}, {"$set": {"at": long_ago}})
    assert following.is_outdated(followed, KOREAN_STOCKS)
    assert refresh(followed) == {}
    assert prices.load(followed, KOREAN_STOCKS, "005930").index[-1] == next_day
    assert not following.is_outdated(followed, KOREAN_STOCKS)


def test_a_collection_that_is_made_anew_gets_its_index_again_once_it_holds_anything(followed: MongoDatabase) -> None:
    documents_then = followed["kr"].find().to_list()
    followed["kr"].drop()
    following.refresh(followed, KOREAN_STOCKS, threading.Event())
    assert "kr" not in followed.list_collection_names(), "the user's program makes it, with what it chooses"
    followed["kr"].insert_many(documents_then)
    assert following.INDEX not in followed["kr"].index_information()
    assert refresh(followed) == {}
    assert followed["kr"].index_information()[following.INDEX]["key"] == [("symbol", 1), ("Date", 1)]
    assert_all_drawn(followed, TABLES)


def test_the_list_changes_at_once_and_not_while_only_some_of_its_tickers_are_looked_at(followed: MongoDatabase) -> None:
    day = LAST + pd.offsets.BDay()
    followed["kr"].insert_many([document for ticker in TABLES for document in added([day], ticker)])

    class Stop(threading.Event):
        """Set once it was asked for the third time, as when the app ends."""

        asked = 0

        def is_set(self) -> bool:
            self.asked += 1
            return self.asked > 2

    before = tickers.all_rows(followed, KOREAN_STOCKS)
    assert following.refresh(followed, KOREAN_STOCKS, Stop()) == 0
    assert tickers.all_rows(followed, KOREAN_STOCKS) == before
    assert following.is_outdated(followed, KOREAN_STOCKS)
    assert following.refresh(followed, KOREAN_STOCKS, threading.Event()) == len(TABLES)


def test_the_next_look_waits_the_longer_the_longer_the_last_one_took(followed: MongoDatabase) -> None:
    seen = extent(followed["kr"])
    following.remember_extent(followed, KOREAN_STOCKS, seen, 60)
    choice = {"_id": "read:korean_stocks"}
    for past, is_outdated in ((following.LOOK_AGAIN, False), (dt.timedelta(hours=1), True)):
        followed[documents.CHOICES].update_one(choice, {"$set": {"at": tickers.now() - past}})
        assert following.is_outdated(followed, KOREAN_STOCKS) is is_outdated


def test_a_price_that_cannot_be_is_not_drawn_and_takes_no_page_and_no_export_with_it(
    followed: MongoDatabase, tmp_path: Path
) -> None:
    (document,) = added([LAST + pd.offsets.BDay()])
    followed["kr"].insert_one({**document, "Close": document["High"] * 2})
    reasons = refresh(followed)
    assert reasons.keys() == {"005930"}
    assert price_exports.refused(followed, KOREAN_STOCKS) == "005930"
    done = price_exports.export(followed, KOREAN_STOCKS, tmp_path / "all.parquet")
    assert done.tickers == len(TABLES) - 1
    with pytest.raises(SisepanError) as named:
        price_exports.export(followed, KOREAN_STOCKS, tmp_path / "one.parquet", ["005930"])
    assert "005930" in str(named.value)


@pytest.mark.sampled(3)
@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda row: {"Date": row["Date"] - dt.timedelta(hours=9)}, id="midnight of Seoul"),
        pytest.param(lambda row: {"Date": f"{row['Date']:%Y-%m-%d}"}, id="day as text"),
        pytest.param(lambda row: {"Close": f"{row['Close']:,}"}, id="price as text"),
        pytest.param(lambda _row: {"Date": LAST.to_pydatetime()}, id="repeated day"),
    ],
)
def test_a_ticker_that_loses_its_bars_by_a_later_document_is_named(
    followed: MongoDatabase, change: Callable[[Document], Document]
) -> None:
    (document,) = added([LAST + pd.offsets.BDay()])
    followed["kr"].insert_one({**document, **change(document)})
    reasons = refresh(followed)
    assert reasons.keys() == {"005930"}
    with pytest.raises(DataConflict) as drawn:
        prices.load(followed, KOREAN_STOCKS, "005930")
    assert str(drawn.value) == reasons["005930"]
    assert (tickers.get(followed, KOREAN_STOCKS, "005930") or {})["bar_count"] == 0
    followed["kr"].delete_one({"_id": document["_id"]})
    assert refresh(followed) == {}
    assert_all_drawn(followed, TABLES)


def test_documents_of_a_ticker_in_another_form_are_told(
    followed: MongoDatabase, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LC_ALL", "ko_KR.UTF-8")
    monkeypatch.setattr(log, "to_file", lambda _name: None)  # which is for a process of its own
    followed["kr"].insert_many(added([LAST], "035720.KS"))
    assert refresh(followed) == {"035720.KS": "종목 코드가 이 카테고리의 꼴이 아닙니다: 035720.KS"}
    assert_all_drawn(followed, TABLES)
    assert adopt_command.main([]) == 0
    assert "그리지 않는 종목이 있습니다" in (told := capsys.readouterr().out)
    assert "035720.KS: 종목 코드가" in told


def test_bars_of_yahoo_in_our_own_layout_are_not_judged(own_server_db: MongoDatabase) -> None:
    db = own_server_db
    db["korean_stocks"].insert_many(flat(TABLES))
    adopted(db, "korean_stocks")
    tickers.record(db, KOREAN_STOCKS, "005930", {"source": "yahoo"})
    later = {ticker: TABLES[ticker].iloc[-8:].set_axis(SUNDAYS) for ticker in ("005930", "000660")}
    db["korean_stocks"].insert_many(flat(later))
    following.refresh(db, KOREAN_STOCKS, threading.Event())
    assert [each["ticker"] for each in locations.of(db, KOREAN_STOCKS).refused] == ["000660"]
    assert len(prices.load(db, KOREAN_STOCKS, "005930")) == len(TABLES["005930"]) + 8


def test_a_refusal_that_comes_after_another_collection_was_chosen_is_not_recorded(followed: MongoDatabase) -> None:
    before = locations.of(followed, KOREAN_STOCKS)
    other = replace(before, collection="elsewhere")
    locations.point(followed, KOREAN_STOCKS, other)
    checked = replace(before, refused=[{"ticker": "005930", "message": "", "values": {}}])
    locations.record_checks(followed, KOREAN_STOCKS, checked)
    assert locations.of(followed, KOREAN_STOCKS) == other
