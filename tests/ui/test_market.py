"""The page of a whole market, run by Streamlit's own test runner."""

import datetime as dt
import json
from typing import Any

import numpy as np
import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from finance_core.bars import breadth, candles, sessions
from finance_core.bars.sessions import Calendar
from finance_core.categories import INDICES, KOREAN_STOCKS, US_STOCKS, Category
from finance_core.storage import market_lists, panels, prices, tickers
from finance_core.storage.database import MongoDatabase
from finance_core.ui import listing
from finance_core.ui.market import page, state
from tests import pages
from tests.e2e.visitor import CHART
from tests.yahoo import random_walk

pytestmark = pytest.mark.slow

LAST_SESSION = (pd.Timestamp.now().normalize() - pd.offsets.BDay(1)).date()


def store(db: MongoDatabase, ticker: str, closes: list[float], end: dt.date, **row: Any) -> None:
    """Bars of a ticker that end on `end`, and its row."""
    days = pd.bdate_range(end=end, periods=len(closes))
    values = np.column_stack([*[closes] * 4, np.full(len(closes), 1_000.0), *[np.zeros(len(closes))] * 2])
    bars = candles.frame(days.to_numpy(), values)
    category = row.pop("of", KOREAN_STOCKS)
    tickers.register(db, category, [{"ticker": ticker, "name": row.pop("name", f"회사 {ticker}"), "market": "KOSPI"}])
    prices.write(db, category, ticker, bars)
    state_of_bars = prices.state_of(category, bars)
    moments = {"bars_changed_at": tickers.now(), "verified_at": tickers.now()}
    tickers.record(db, category, ticker, {**state_of_bars, **moments, "source": "yahoo", **row})


@pytest.fixture
def market(own_server_db: MongoDatabase) -> MongoDatabase:
    """A market of which two tickers rose, one fell, one did not trade today, one has no prices, and one is a sample."""
    db, end = own_server_db, LAST_SESSION
    flat = [100.0] * 300
    store(db, "000001", [*flat, 110.0], end, industry="반도체", name="<b>오른</b> 회사")
    store(db, "000002", [*flat, 101.0], end, industry="반도체", market="KOSDAQ")
    store(db, "000003", [*flat, 80.0], end, industry="은행")
    store(db, "000004", flat, (pd.Timestamp(end) - pd.offsets.BDay(1)).date(), industry="은행")
    store(db, "000005", [*flat, 500.0], end, source="sample")
    tickers.register(db, KOREAN_STOCKS, [{"ticker": "000006", "name": "새 회사"}])
    panels.forget()
    listing.forget()
    return db


def open_market(**query: str) -> AppTest:
    page = AppTest.from_file(pages.PAGES_DIR / "market.py", default_timeout=120)
    for name, value in query.items():
        page.query_params[name] = value
    page.run()
    assert not page.exception
    assert not page.error
    return page


def maps(page: AppTest) -> list[dict[str, Any]]:
    """The options of the maps of a page, as they go to the browser."""
    return [json.loads(element.proto.json)["options"] for element in page.get("bidi_component")
            if element.proto.component_name == CHART]  # fmt: skip


def test_what_is_shown_and_what_is_left_out_is_told(market: MongoDatabase) -> None:
    page = open_market()
    about = page.caption[0].value
    assert "3종목" in about
    for left_out in ("그날 봉이 없는 종목 1", "시세가 없는 종목 1", "표본 1"):
        assert left_out in about


def test_the_market_is_not_that_of_the_few_that_an_update_has_brought_first(own_server_db: MongoDatabase) -> None:
    before = (pd.Timestamp(LAST_SESSION) - pd.offsets.BDay(1)).date()
    ends = dict.fromkeys(("000001", "000002", "000003", "000004"), before)
    for come, day, said in ((["000001"], before, "4종목"), (["000001", "000002"], LAST_SESSION, "2종목")):
        for ticker, end in (ends | dict.fromkeys(come, LAST_SESSION)).items():
            store(own_server_db, ticker, [100.0, 110.0, 120.0], end)
        panels.forget()
        about = open_market().caption[0].value.replace("\\", "")
        assert f"{day} 종가 · {said}" in about
        assert ("1종목에는 더 새로운 봉이 있습니다" in about) == (day == before)


def test_a_ticker_whose_bars_contradict_each_other_is_told_as_such_and_not_as_one_without_prices(
    market: MongoDatabase,
) -> None:
    day = dt.datetime(2026, 1, 5)
    market["korean_stocks"].drop_indexes()
    market["korean_stocks"].insert_many([{"ticker": "000006", "date": day, "close": close} for close in (1.0, 2.0)])
    tickers.record(market, KOREAN_STOCKS, "000006", {"bar_count": 2, "bars_changed_at": tickers.now()})
    about = open_market().caption[0].value
    assert "읽을 수 없는 종목 1" in about
    assert "시세가 없는 종목" not in about


def test_a_map_is_drawn_once_for_all_visitors_until_a_bar_or_a_name_changes(
    market: MongoDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: list[object] = []
    treemap = page.market_map.treemap
    monkeypatch.setattr(page.market_map, "treemap", lambda *what: drawn.append(what) or treemap(*what))
    for _visitor in range(2):
        open_market(span="3M")
    assert len(drawn) == 1
    tickers.record(market, KOREAN_STOCKS, "000001", {"name": "새 이름"})
    open_market(span="3M")
    store(market, "000003", [100.0] * 300 + [70.0], LAST_SESSION, industry="은행")
    (option,) = maps(open_market(span="3M"))
    assert len(drawn) == 3
    assert "-30.00%" in json.dumps(option)


def test_the_map_has_an_area_for_each_ticker_by_industry_and_names_are_data(market: MongoDatabase) -> None:
    (option,) = maps(open_market(span="1W"))
    (series,) = option["series"]
    groups = {group["name"]: group["children"] for group in series["data"]}
    assert {name: sorted(leaf["ticker"] for leaf in leaves) for name, leaves in groups.items()} == {
        "반도체": ["000001", "000002"],
        "은행": ["000003"],
    }
    leaf = next(leaf for leaf in groups["반도체"] if leaf["ticker"] == "000001")
    assert (leaf["name"], leaf["change"], leaf["close"]) == ("<b>오른</b> 회사", "+10.00%", "₩110")
    assert leaf["value"] == pytest.approx(1_000 * (19 * 100 + 110) / 20)
    assert leaf["line"][-1] == 110.0


def of_map(page: AppTest) -> dict[str, dict[str, Any]]:
    """The areas of a map, by ticker."""
    (option,) = maps(page)
    return {leaf["ticker"]: leaf for group in option["series"][0]["data"] for leaf in group["children"]}


def said(page: AppTest) -> str:
    """All small print of a page."""
    return " ".join(element.value for element in page.caption).replace("\\", "")


def test_areas_are_market_values_where_shares_are_known_and_who_is_left_out_is_told(market: MongoDatabase) -> None:
    days = [dt.datetime.combine(LAST_SESSION, dt.time()) - dt.timedelta(days=days) for days in (0, 5)]
    for ticker, number, day in (("000001", 3, days[0]), ("000002", 1_000, days[1])):
        tickers.record(market, KOREAN_STOCKS, ticker, {"shares": number, "shares_on": day})
    page = open_market()
    areas = of_map(page)
    assert {ticker: leaf["value"] for ticker, leaf in areas.items()} == {"000001": 330.0, "000002": 101_000.0}
    assert areas["000002"]["worth"] == ["10.1만", "10만"]  # market value, and value traded a day
    assert f"종가 × {days[1]:%Y-%m-%d} – {days[0]:%Y-%m-%d}의 주식 수" in said(page)
    assert "시세가 없는 1종목 제외" in said(page)

    page = open_market(size="traded")
    assert of_map(page).keys() == {"000001", "000002", "000003"}
    assert of_map(page)["000003"]["worth"] == ["–", "9.9만"]
    assert "거래대금 (최근 20봉 평균)" in said(page)


def test_where_the_shares_of_few_are_known_areas_are_value_traded_and_say_so(market: MongoDatabase) -> None:
    day = dt.datetime.combine(LAST_SESSION, dt.time())
    tickers.record(market, KOREAN_STOCKS, "000001", {"shares": 3, "shares_on": day})
    page = open_market()
    assert of_map(page).keys() == {"000001", "000002", "000003"}
    assert "시가총액은 3종목 가운데 1종목만" in said(page)


def test_amounts_of_another_currency_are_no_areas_beside_these_and_are_counted(market: MongoDatabase) -> None:
    tickers.record(market, KOREAN_STOCKS, "000002", {"currency": "USD"})
    tickers.record(market, KOREAN_STOCKS, "000003", {"currency": "KRW"})
    page = open_market()
    assert of_map(page).keys() == {"000001", "000003"}
    assert "통화가 다른 1종목 제외" in said(page)


def test_a_market_of_the_category_and_an_address_that_cannot_be_used(market: MongoDatabase) -> None:
    page = open_market(market="KOSDAQ", span="9Y")
    assert len(page.warning) == 1
    (option,) = maps(page)
    assert [group["name"] for group in option["series"][0]["data"]] == ["반도체"]
    assert "1종목" in page.caption[0].value


@pytest.mark.parametrize(("name", "text"), [("market", "NYSE"), ("index", "sp500")])
def test_what_is_of_another_category_is_told(market: MongoDatabase, name: str, text: str) -> None:
    page = open_market(**{name: text})
    (warning,) = page.warning
    assert f"{name}={text}" in warning.value
    assert not warning.value.endswith(": ")


def test_the_members_of_an_index_are_shown_of_its_stored_list_and_who_is_missing_is_told(
    own_server_db: MongoDatabase,
) -> None:
    day = dt.datetime(2026, 11, 2)
    listed = [("AAPL", "NASDAQ"), ("MMM", "NYSE"), ("AOS", "NYSE"), ("OLD", "NYSE")]
    rows: Any = [
        {"ticker": ticker, "name": ticker, "name_en": ticker, "market": market, "industry": ""}
        for ticker, market in listed
    ]
    rows[-1]["gone"] = day
    listing_of_index: Any = {"_id": "sp500", "source": "file", "date": day, "rows": rows}
    market_lists.keep(own_server_db, US_STOCKS, listing_of_index)
    for ticker, market in [("AAPL", "NASDAQ"), ("MMM", "NYSE"), ("OLD", "NYSE"), ("TSM", "NYSE")]:
        store(own_server_db, ticker, [100.0] * 30, LAST_SESSION, of=US_STOCKS, market=market)
    panels.forget()
    listing.forget()

    def shown(**query: str) -> tuple[set[str], str]:
        page = open_market(category="us_stocks", **query)
        (option,) = maps(page)
        drawn = {leaf["ticker"] for group in option["series"][0]["data"] for leaf in group["children"]}
        return drawn, " ".join(element.value for element in page.caption).replace("\\", "")

    everything, about = shown()
    assert everything == {"AAPL", "MMM", "OLD", "TSM"}
    assert "구성 종목" not in about
    members, about = shown(index="sp500")
    assert members == {"AAPL", "MMM"}
    assert "수집하지 않는 구성 종목 1 제외" in about
    assert "S&P 500 구성 종목은 2026-11-02 목록의 것" in about
    members, about = shown(index="sp500", market="NASDAQ")
    assert members == {"AAPL"}
    assert "수집하지 않는" not in about


def test_an_index_whose_members_are_not_known_is_no_choice(market: MongoDatabase) -> None:
    page = open_market(index="sp500")  # of another category
    assert "3종목" in page.caption[0].value
    assert not [group for group in page.get("button_group") if group.key == "index"]
    assert len(open_market(index="kospi200").warning) == 1


def test_a_market_without_prices_says_what_to_do(market: MongoDatabase) -> None:
    page = open_market(category="us_stocks")
    assert len(page.info) == 1
    assert not maps(page)


def test_only_samples_are_shown_as_samples(own_server_db: MongoDatabase) -> None:
    end = (pd.Timestamp.now() - pd.offsets.BDay(1)).date()
    closes = random_walk(pd.bdate_range(end=end, periods=300), seed=1)["close"].tolist()
    store(own_server_db, "000001", closes, end, source="sample")
    panels.forget()
    loaded = state.load(own_server_db, state.View())
    assert loaded.is_sample
    assert any("표본 데이터" in element.value for element in open_market().markdown)


def test_prices_that_end_long_ago_have_their_year_of_breadth_beside_newer_samples(own_server_db: MongoDatabase) -> None:
    end = LAST_SESSION - dt.timedelta(days=700)
    store(own_server_db, "000001", [100.0] * 300 + [110.0], end, industry="반도체")
    store(own_server_db, "000002", [100.0] * 200 + [90.0], end, industry="은행")
    store(own_server_db, "000003", [100.0] * 300, LAST_SESSION, source="sample")
    store(own_server_db, "^KS11", [2_000.0] * 300, LAST_SESSION, of=INDICES, name="코스피", source="sample")
    panels.forget()
    listing.forget()
    page = open_market()
    page.query_params["tab"] = "breadth"
    page.run()
    (members,) = [group for group in page.get("button_group") if group.key == "members"]
    marks = [option.content for option in members.proto.options]
    assert {"종가 52주 신고가 1", "200일 평균 위 50%"} <= set(marks)
    assert "코스피 (표본)" in json.dumps(maps(page), ensure_ascii=False)
    page.query_params["tab"] = "industries"
    page.run()
    assert page.dataframe[0].value["1년"].tolist() == pytest.approx([10.0, np.nan], nan_ok=True)


@pytest.mark.parametrize(
    ("industries", "why"),
    [
        ({}, "종목에 업종이 없습니다"),
        ({"000002": "은행"}, "표본 종목에만 업종이"),
        ({"000002": "은행", "000003": "은행"}, "그날 봉이 없습니다"),
    ],
)
def test_why_there_are_no_industries_is_told_truly(
    own_server_db: MongoDatabase, industries: dict[str, str], why: str
) -> None:
    store(own_server_db, "000001", [100.0, 110.0], LAST_SESSION)
    store(own_server_db, "000002", [100.0, 110.0], LAST_SESSION, source="sample")
    tickers.register(own_server_db, KOREAN_STOCKS, [{"ticker": "000003", "name": "새 회사"}])
    for ticker, industry in industries.items():
        tickers.record(own_server_db, KOREAN_STOCKS, ticker, {"industry": industry})
    panels.forget()
    listing.forget()
    (info,) = open_market(tab="industries").info
    assert why in info.value.replace("\\", "")


def test_breadth_and_industries_lead_to_their_tickers(market: MongoDatabase) -> None:
    index = random_walk(pd.bdate_range(end=dt.date.today(), periods=300), seed=2)["close"].tolist()
    store(market, "^KS11", index, dt.date.today(), of=INDICES, name="코스피")
    page = open_market()
    page.query_params["tab"] = "breadth"
    page.run()
    (members,) = [group for group in page.get("button_group") if group.key == "members"]
    assert [option.content for option in members.proto.options] == [
        "상승 2",
        "하락 1",
        "보합 0",
        "종가 52주 신고가 2",
        "종가 52주 신저가 1",
        "20일 평균 위 67%",
        "60일 평균 위 67%",
        "200일 평균 위 67%",
    ]
    page.button_group(key="members").set_value("decliners").run()
    assert page.query_params["mark"] == "decliners", "so that Back and a link show them too"
    assert not page.exception
    assert [name.rpartition("#")[2] for name in page.dataframe[0].value["종목"]] == ["회사 000003"]
    assert "하루 거래대금 (KRW)" in page.dataframe[0].value

    page.button_group(key="members").set_value("unchanged").run()
    assert not page.dataframe
    assert "그런 종목이 없습니다." in said(page)

    page.query_params["tab"] = "industries"
    page.run()
    assert not page.exception
    ranked = page.dataframe[0].value
    assert ranked[["업종", "종목 수"]].values.tolist() == [["반도체", 2], ["은행", 1]]
    assert ranked["1일"].tolist() == pytest.approx([5.5, -20.0])


def test_the_numbers_of_a_past_day_lead_to_its_tickers_as_they_were_then(market: MongoDatabase) -> None:
    store(market, "000007", [100.0] * 299 + [120.0, 90.0], LAST_SESSION, industry="은행")
    panels.forget()
    listing.forget()
    before = (pd.Timestamp(LAST_SESSION) - pd.offsets.BDay(1)).date()
    page = open_market(day=f"{before}", tab="breadth", mark="above_20")
    assert not page.exception
    (members,) = [group for group in page.get("button_group") if group.key == "members"]
    assert [option.content for option in members.proto.options][:5] == [
        "상승 1",
        "하락 0",
        "보합 4",  # with the ticker that did not trade on the last day
        "종가 52주 신고가 1",
        "종가 52주 신저가 0",
    ]
    table = page.dataframe[0].value
    assert [name.rpartition("#")[2] for name in table["종목"]] == ["회사 000007"]
    assert pages.displayed(page.dataframe[0])["종가"].tolist() == ["₩120"]
    assert table["종가"].tolist() == [120.0], "a number, which sorts by its size"
    assert table["1일 변화"].tolist() == pytest.approx([20.0])
    (back,) = [button for button in page.button if button.label == "마지막 날로"]
    back.click().run()
    assert "day" not in page.query_params


@pytest.mark.parametrize(("day", "warnings"), [("2001-01-02", 1), ("2199-12-31", 1), ("yesterday", 1)])
def test_a_day_that_was_not_counted_shows_the_last_one(market: MongoDatabase, day: str, warnings: int) -> None:
    page = open_market(day=day)
    page.query_params["tab"] = "breadth"
    page.run()
    assert not page.exception
    assert len(page.warning) == warnings
    assert any(f"**{LAST_SESSION}**" in element.value for element in page.markdown)


@pytest.mark.parametrize("category", state.STOCKS.values(), ids=list(state.STOCKS))
def test_so_much_is_read_that_the_first_day_that_is_shown_has_a_year_before_it(category: Category) -> None:
    """In Seoul, two years have fewer sessions than 252 that are shown and 251 before them."""
    for market in category.markets:
        for newest in pd.date_range("2012-01-31", "2026-11-26", freq="ME"):
            days = sessions.between(Calendar(market.calendar), (newest - state.LOOKBACK).date(), newest.date())
            before = len(days) - 252 * state.YEARS + 1
            assert 0.8 * before >= breadth.YEAR, "a ticker with a bar on four days of five"


def test_a_day_with_too_few_bars_has_no_new_highs_that_are_known(market: MongoDatabase) -> None:
    early = (pd.Timestamp(LAST_SESSION) - pd.offsets.BDay(100)).date()
    page = open_market(day=f"{early}", tab="breadth", mark="highs")
    assert not page.exception
    (members,) = [group for group in page.get("button_group") if group.key == "members"]
    assert "종가 52주 신고가 –" in [option.content for option in members.proto.options]
    assert "이날은 봉이 모자라 알 수 없습니다." in [caption.value for caption in page.caption]
    assert not page.dataframe
