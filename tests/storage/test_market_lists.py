"""The lists of whole markets: what ships with the program, how a newer list is merged, and what it would change."""

import datetime as dt
from typing import Any

import pytest

from finance_core import starter, ticker_fields
from finance_core.categories import KOREAN_STOCKS, US_STOCKS
from finance_core.storage import market_lists, ticker_edits, tickers
from finance_core.storage.database import MongoDatabase
from finance_core.storage.documents import ListedTicker, MarketListing
from finance_core.storage.market_lists import Difference
from finance_core.storage.ticker_edits import Edit
from tests.edits import history
from updaters import yahoo

pytestmark = pytest.mark.slow

KRX, SP500 = (market_lists.chosen(keys) for keys in (["kospi", "kosdaq"], ["sp500"]))
DAY = dt.datetime(2026, 11, 25)


def krx(db: MongoDatabase, *fetched: MarketListing) -> Difference:
    return market_lists.difference(db, KRX["korean_stocks"], fetched)


def counts(difference: Difference) -> dict[str, int]:
    return {kind: len(edits) for kind, edits in difference.edits.items() if edits}


def row(db: MongoDatabase, ticker: str) -> dict[str, Any]:
    return ticker_fields.shown(tickers.get(db, KOREAN_STOCKS, ticker) or {"ticker": "missing"})


def edit(db: MongoDatabase, ticker: str, **changes: Any) -> None:
    stored: Any = tickers.get(db, KOREAN_STOCKS, ticker)
    original = {name: ticker_fields.shown(stored)[name] for name in changes}
    wanted = Edit(ticker, original, changes)
    assert ticker_edits.save(db, KOREAN_STOCKS, [wanted], "a person").applied == [ticker]


@pytest.fixture
def registered(db: MongoDatabase) -> MongoDatabase:
    """All companies of the KRX, as one click registers them."""
    assert len(market_lists.apply(db, KOREAN_STOCKS, krx(db).additions, "me").applied) == 2_769
    return db


def quoted(**changes: dict[str, str] | None) -> MarketListing:
    """The KRX as Yahoo would have it on `DAY`: as it ships, but for `changes` by ticker; None takes a ticker away."""
    last = market_lists.from_file("krx")
    rows = {
        listed["ticker"]: ListedTicker(
            ticker=listed["ticker"], name="", name_en=f"{listed['ticker']} Co.", market=listed["market"], industry=""
        )
        for listed in last["rows"]
        if listed["market"] != "KONEX"
    }
    for key, change in changes.items():
        ticker = key.removeprefix("t")
        if change is None:
            del rows[ticker]
        else:
            usual = ListedTicker(ticker=ticker, name="", name_en="", market="KOSPI", industry="")
            rows[ticker] = {**rows.get(ticker, usual), **change}  # type: ignore[typeddict-item]
    return market_lists.merged(last, rows.values(), DAY)


# What ships


@pytest.mark.parametrize(("file", "category"), [("krx", KOREAN_STOCKS), ("sp500", US_STOCKS)])
def test_every_shipped_row_has_a_ticker_a_usable_name_and_an_industry_if_any(file: str, category: Any) -> None:
    rows = starter.shipped(file).rows
    assert all(category.is_ticker(each["ticker"]) for each in rows)
    assert len({each["ticker"] for each in rows}) == len(rows)
    for each in rows:
        assert ticker_fields.clean_name(each["name"]) == each["name"]
        assert ticker_fields.clean_text(each["industry"]) == each["industry"]


def test_the_krx_ships_with_its_date_its_segments_and_its_letters() -> None:
    shipped = starter.shipped("krx")
    by_ticker = {each["ticker"]: each for each in shipped.rows}
    assert (shipped.date, len(by_ticker)) == (dt.date(2026, 3, 22), 2_879)
    assert by_ticker["086520"]["market"] == "KOSDAQ", "에코프로 is in the segment KOSDAQ GLOBAL"
    assert by_ticker["0126Z0"]["name"] == "삼성에피스홀딩스"
    assert (by_ticker["00088K"]["name"], by_ticker["00088K"]["industry"]) == ("한화3우B", "")


def test_the_symbols_of_the_lists_are_those_that_updates_ask_yahoo_for() -> None:
    symbols = {
        each["ticker"]: yahoo.candidates(category, {"ticker": each["ticker"], "market": each["market"]})[0][1]
        for file, category in (("krx", KOREAN_STOCKS), ("sp500", US_STOCKS))
        for each in starter.shipped(file).rows
    }
    wanted = {"005930": "005930.KS", "086520": "086520.KQ", "0126Z0": "0126Z0.KS", "00088K": "00088K.KS"}
    assert {ticker: symbols[ticker] for ticker in wanted} == wanted
    assert (symbols["BRK-B"], symbols["BF-B"]) == ("BRK-B", "BF-B")
    assert not any("." in symbol.removesuffix(".KS").removesuffix(".KQ") for symbol in symbols.values())


def test_the_sp500_has_the_names_of_korean_portals_and_those_of_the_first_list() -> None:
    by_ticker = {each["ticker"]: each for each in starter.shipped("sp500").rows}
    assert len(by_ticker) == 503
    known = {
        "AAPL": "애플",
        "MSFT": "마이크로소프트",
        "NVDA": "엔비디아",
        "TSLA": "테슬라",
        "PLTR": "팔란티어 테크놀로지스",
    }
    assert {ticker: by_ticker[ticker]["name"] for ticker in known} == known
    assert len({each["name"] for each in by_ticker.values()}) == 503
    first = {each["ticker"]: each for each in starter.rows(US_STOCKS) if each["ticker"] in by_ticker}
    assert len(first) > 40
    for ticker, each in first.items():
        assert each == {name: by_ticker[ticker][name] for name in each}


# Registering


def test_a_market_is_registered_with_everything_the_product_needs_and_konex_is_told(db: MongoDatabase) -> None:
    difference = krx(db)
    assert counts(difference) == {"new": 2_769}
    assert market_lists.remarks(difference) == ["KONEX 110종목은 Yahoo에 없어서 뺐습니다."]
    market_lists.apply(db, KOREAN_STOCKS, difference.additions, "me")
    stored: Any = tickers.get(db, KOREAN_STOCKS, "086520")
    assert {name: stored[name] for name in ("name", "name_en", "market", "industry", "currency", "active")} == {
        **{"name": "에코프로", "name_en": "EcoPro", "market": "KOSDAQ", "industry": "기타 금융업"},
        **{"currency": "KRW", "active": True},
    }
    assert counts(krx(db)) == {}, "again it changes nothing"
    assert krx(db).unchanged == 2_769


def test_one_of_the_lists_registers_that_market_alone(db: MongoDatabase) -> None:
    difference = market_lists.difference(db, market_lists.chosen(["kospi"])["korean_stocks"])
    market_lists.apply(db, KOREAN_STOCKS, difference.additions, "me")
    assert {each.get("market") for each in tickers.all_rows(db, KOREAN_STOCKS)} == {"KOSPI"}
    assert len(tickers.all_rows(db, KOREAN_STOCKS)) == 951


def test_the_sp500_is_in_dollars(db: MongoDatabase) -> None:
    (lists,) = SP500.values()
    market_lists.apply(db, US_STOCKS, market_lists.difference(db, lists).additions, "me")
    stored: Any = tickers.get(db, US_STOCKS, "NVDA")
    assert (stored["name"], stored["currency"], stored["market"]) == ("엔비디아", "USD", "NASDAQ")


def test_names_of_people_stay_and_what_is_not_known_is_filled_in(db: MongoDatabase) -> None:
    rows = [
        {"ticker": "005930", "name": "내 삼성", "market": "반도체"},
        {"ticker": "000660", "name": "000660"},
        {"ticker": "086520", "name": "에코프로", "market": "KOSPI", "name_en": "Eco", "industry": "배터리"},
        {"ticker": "069500", "name": "KODEX 200", "market": "KOSPI"},
    ]
    tickers.register(db, KOREAN_STOCKS, rows)
    difference = krx(db)
    assert counts(difference) == {"new": 2_766, "filled": 2}
    assert difference.kept == ["005930"]
    market_lists.apply(db, KOREAN_STOCKS, difference.additions, "me")
    assert (row(db, "005930")["name"], row(db, "005930")["market"]) == ("내 삼성", "반도체")
    assert row(db, "005930")["industry"] == "통신 및 방송 장비 제조업"
    assert (row(db, "000660")["name"], row(db, "000660")["market"]) == ("SK하이닉스", "KOSPI")
    assert (row(db, "086520")["name_en"], row(db, "086520")["industry"]) == ("Eco", "배터리")
    assert row(db, "086520")["market"] == "KOSPI", "a file may be older than what updates found out"
    assert row(db, "069500")["active"] is True


def test_registering_is_undone_in_one_step_and_that_too(registered: MongoDatabase) -> None:
    db = registered
    (entry,) = history(db, KOREAN_STOCKS, 9)
    assert (entry["kind"], len(entry["rows"])) == ("list", 2_769)
    tickers.record(db, KOREAN_STOCKS, "005930", {"bar_count": 5})
    edit(db, "000660", name="하이닉스")

    undone = ticker_edits.undo(db, KOREAN_STOCKS, entry["_id"], "me")

    left = {each["ticker"]: each for each in tickers.all_rows(db, KOREAN_STOCKS)}
    assert set(left) == {"005930", "000660"}, "one has bars, the other a name of a person's"
    assert (left["005930"]["active"], left["000660"]["active"]) == (False, True)
    assert [conflict.mine.changes for conflict in undone.conflicts] == [{"active": False}]
    ticker_edits.undo(db, KOREAN_STOCKS, history(db, KOREAN_STOCKS, 1)[0]["_id"], "me")
    assert len(tickers.all_rows(db, KOREAN_STOCKS)) == 2_769
    assert (row(db, "005930")["active"], row(db, "000660")["name"]) == (True, "하이닉스")
    assert row(db, "086520")["industry"] == "기타 금융업"


# A newer list


def test_a_newer_list_tells_what_is_new_renamed_moved_and_delisted(registered: MongoDatabase) -> None:
    db = registered
    market_lists.keep(db, KOREAN_STOCKS, quoted())
    assert counts(krx(db)) == {"filled": 2_769 - 54}, "English names, but for those that we have"
    market_lists.apply(db, KOREAN_STOCKS, krx(db).additions, "me")

    later = market_lists.merged(
        market_lists.last_good(db, "krx"),
        [
            *(each for each in quoted_rows() if each["ticker"] not in ("000020", "000040", "086520")),
            *(
                ListedTicker(ticker=ticker, name="", name_en=name, market=market, industry="")
                for ticker, name, market in [
                    ("000040", "Renamed Motors", "KOSPI"),
                    ("086520", "086520 Co.", "KOSPI"),
                    ("0999Z0", "Newcomer", "KOSDAQ"),
                ]
            ),
        ],
        DAY + dt.timedelta(days=1),
    )
    difference = krx(db, later)
    assert {kind: [edit.ticker for edit in edits] for kind, edits in difference.edits.items()} == {
        "new": ["0999Z0"],
        "renamed": ["000040"],
        "moved": ["086520"],
        "delisted": ["000020"],
        "filled": [],
    }
    described = {each.ticker: market_lists.described(each) for each in difference.all}
    assert described == {
        "0999Z0": "Newcomer · KOSDAQ",
        "000040": "영어 이름 000040 Co. → Renamed Motors",
        "086520": "시장 KOSDAQ → KOSPI",
        "000020": "사용 예 → 아니요",
    }
    assert counts(krx(db)) == {}, "nothing is stored before a yes"

    market_lists.keep(db, KOREAN_STOCKS, later)
    assert counts(krx(db)) == counts(difference), "a no today is asked again tomorrow"
    market_lists.apply(db, KOREAN_STOCKS, difference.all, "me")
    assert counts(krx(db)) == {}
    assert (row(db, "000040")["name"], row(db, "000040")["name_en"]) == ("KR모터스", "Renamed Motors")
    assert (row(db, "000020")["active"], row(db, "086520")["market"]) == (False, "KOSPI")


def quoted_rows() -> list[ListedTicker]:
    rows = quoted()["rows"]
    return [{**each, "name_en": each["quoted_as"]} for each in rows if "quoted_as" in each]


def test_a_name_of_a_persons_is_not_overwritten_by_a_renaming(registered: MongoDatabase) -> None:
    db = registered
    market_lists.keep(db, KOREAN_STOCKS, quoted(t0999Z0={"name_en": "Newcomer", "market": "KOSDAQ"}))
    market_lists.apply(db, KOREAN_STOCKS, krx(db).all, "me")
    assert row(db, "0999Z0")["name"] == "Newcomer", "the Korean name is not known"
    edit(db, "000040", name_en="My Motors")
    later = market_lists.merged(
        market_lists.last_good(db, "krx"),
        [{**each, "name_en": f"{each['name_en']} Inc."} for each in quoted_rows()]
        + [ListedTicker(ticker="0999Z0", name="", name_en="Grown Up", market="KOSDAQ", industry="")],
        DAY,
    )
    difference = krx(db, later)
    assert "000040" not in {each.ticker for each in difference.all}
    assert [each.changes for each in difference.edits["renamed"] if each.ticker == "0999Z0"] == [
        {"name": "Grown Up", "name_en": "Grown Up"}
    ]


def test_what_was_traded_lately_and_what_was_never_listed_is_not_delisted(registered: MongoDatabase) -> None:
    db = registered
    ticker_edits.add(db, KOREAN_STOCKS, [{"ticker": "069500", "name": "KODEX 200", "market": "KOSPI"}], "a person")
    tickers.record(db, KOREAN_STOCKS, "000020", {"last_date": DAY - dt.timedelta(days=2)})
    tickers.record(db, KOREAN_STOCKS, "000040", {"last_date": DAY - dt.timedelta(days=20)})
    edit(db, "000050", active=False)
    difference = krx(db, quoted(t000020=None, t000040=None, t000050=None))
    assert [each.ticker for each in difference.edits["delisted"]] == ["000040"]


def test_a_ticker_that_is_listed_again_is_not_gone() -> None:
    gone = quoted(t000020=None)
    assert [each["ticker"] for each in gone["rows"] if "gone" in each and each["market"] != "KONEX"] == ["000020"]
    back = market_lists.merged(gone, quoted_rows(), DAY)
    assert [each["ticker"] for each in back["rows"] if "gone" in each and each["market"] != "KONEX"] == []
    assert {each["ticker"]: each["name"] for each in back["rows"]}["000020"] == "동화약품"


def test_a_stored_list_gives_way_to_a_newer_one_of_the_program(db: MongoDatabase) -> None:
    market_lists.keep(db, KOREAN_STOCKS, {**quoted(), "date": dt.datetime(2026, 1, 1)})
    assert market_lists.last_good(db, "krx")["source"] == "file"
    market_lists.keep(db, KOREAN_STOCKS, quoted())
    assert market_lists.last_good(db, "krx")["date"] == DAY
