"""The first page."""

import datetime as dt
from dataclasses import replace

import pytest
from streamlit.testing.v1 import AppTest

from finance_core import categories
from finance_core.categories import INDICES, KOREAN_STOCKS, US_STOCKS
from finance_core.errors import SisepanError
from finance_core.storage import category_state, locations, prices, tickers
from finance_core.storage.database import MongoDatabase
from finance_core.storage.locations import Location
from finance_core.ui import listing, run_status
from tests import pages
from tests.storage.test_prices import make_bars
from tests.yahoo import YahooStandIn

pytestmark = pytest.mark.slow


def open_overview(**query: str) -> AppTest:
    listing.forget()
    page = AppTest.from_file(pages.PAGES_DIR.parent / "Home.py", default_timeout=120)
    for name, value in query.items():
        page.query_params[name] = value
    return page.run()


def metadata(ticker: str, change: float, day: dt.datetime, **more: object) -> dict[str, object]:
    return {
        "category": "korean_stocks",
        "ticker": ticker,
        "name": f"회사 {ticker}",
        "market": "KOSPI",
        "active": True,
        "last_date": day,
        "last_close": 1000.0,
        "previous_close": 1000.0 / (1 + change),
        "change": change,
        **more,
    }


def test_the_largest_moves_are_listed_and_stale_ones_are_not(own_server_db: MongoDatabase) -> None:
    day, long_ago = dt.datetime(2026, 11, 20), dt.datetime(2026, 10, 1)
    moves = [0.1, -0.2, 0.03, 0.0, -0.01, 0.25]
    rows = [metadata(f"{position:06}", change, day) for position, change in enumerate(moves)]
    rows += [metadata("900000", 9.0, long_ago), metadata("900001", 5.0, day, active=False)]
    tickers.collection(own_server_db).insert_many(rows)
    risers = category_state.movers(own_server_db, KOREAN_STOCKS, 2, rising=True)
    fallers = category_state.movers(own_server_db, KOREAN_STOCKS, 5, rising=False)
    assert [row["ticker"] for row in risers] == ["000005", "000000"]
    assert [row["ticker"] for row in fallers] == ["000001", "000004"]


def test_the_summary_counts_what_is_up_to_date_by_market_and_never_a_sample(own_server_db: MongoDatabase) -> None:
    today, before = dt.datetime(2026, 11, 20), dt.datetime(2026, 11, 19)
    tickers.collection(own_server_db).insert_many(
        [
            metadata("000001", 0.1, today, updated_at=dt.datetime(2026, 11, 20, 9), last_status="ok"),
            metadata("000006", 0.1, before, updated_at=dt.datetime(2026, 11, 21, 9)),  # imported over samples
            metadata("000002", 0.1, before),
            metadata("000003", 0.1, before, market="KOSDAQ"),
            metadata("000004", 0.1, today, source="sample"),
            metadata("000005", 0.1, today, market="somewhere"),
        ]
    )
    closed = {"KOSPI": (today, today.replace(hour=6)), "KOSDAQ": (before, before.replace(hour=6))}
    assert category_state.summary(own_server_db, KOREAN_STOCKS, closed) == category_state.Summary(
        total=6, up_to_date=3, samples=1, delisted=0, updated_at=dt.datetime(2026, 11, 20, 9)
    )


def test_an_update_in_which_everything_failed_is_not_the_last_update(own_server_db: MongoDatabase) -> None:
    day = dt.datetime(2026, 11, 20)
    tickers.collection(own_server_db).insert_many(
        [
            metadata("000001", 0.1, day, updated_at=dt.datetime(2026, 11, 20, 9), last_status="ok"),
            metadata("000002", 0.1, day, updated_at=dt.datetime(2026, 11, 23, 9), last_status="failed"),
            metadata("000003", 0.1, day, updated_at=dt.datetime(2026, 11, 23, 9), last_status="delisted"),
        ]
    )
    found = category_state.summary(own_server_db, KOREAN_STOCKS, {"KOSPI": (day, day), "KOSDAQ": (day, day)})
    assert found.updated_at == dt.datetime(2026, 11, 20, 9)


def test_the_overview_shows_headlines_moves_and_the_state_of_each_category(
    own_server_db: MongoDatabase, yahoo: YahooStandIn
) -> None:
    tables = {"005930": pages.made_table(1, halted=0), "000660": pages.made_table(2, halted=0)}
    pages.update_from(yahoo, own_server_db, tables, {})
    pages.update_from(yahoo, own_server_db, {"^KS11": pages.made_table(3, halted=0)}, {"^KS11": ""}, INDICES)
    page = open_overview()
    assert not page.exception
    assert not page.error
    assert [header.value for header in page.subheader] == ["한국 주식", "지수", "미국 주식", "환율", "데이터 상태"]
    (card,) = page.metric
    close = pages.made_table(3, halted=0)["close"]
    assert card.label == "코스피"
    assert card.value == f"{close.iloc[-1]:,.2f}"
    assert f"{close.iloc[-1] / close.iloc[-2] - 1:+.2%}" in card.delta
    *movers, states = page.dataframe
    assert sum(len(frame.value) for frame in movers) == 3
    assert states.value["종목 수"].tolist() == [2, 1]
    rows = [tickers.get(own_server_db, KOREAN_STOCKS, "000660"), tickers.get(own_server_db, INDICES, "^KS11")]
    days = [run_status.moment(row["updated_at"])[:10] for row in rows if row]
    assert [text[:10] for text in states.value["마지막 업데이트"]] == days


def test_an_empty_server_of_ones_own_gets_a_next_step_for_each_category(own_server_db: MongoDatabase) -> None:
    page = open_overview()
    assert len(page.info) == len(categories.CATEGORIES)
    assert not page.error
    assert own_server_db.name not in own_server_db.client.list_database_names()


@pytest.mark.parametrize("category", categories.CATEGORIES, ids=lambda category: category.key)
def test_no_page_in_english_shows_a_word_of_korean_that_is_not_a_name(
    own_server_db: MongoDatabase, yahoo: YahooStandIn, category: categories.Category
) -> None:
    symbol = f"{category.default_ticker}{category.markets[0].yahoo_suffix}".removeprefix(category.default_ticker)
    table = pages.made_table(halted=0)
    pages.update_from(
        yahoo, own_server_db, {category.default_ticker: table}, {category.default_ticker: symbol}, category
    )
    tickers.collection(own_server_db).update_many({}, {"$set": {"name_en": "A name"}})
    for page in (open_overview(lang="en"), pages.open_viewer(category.key, lang="en", period="?", unit="W")):
        assert not page.error
        shown = pages.visible_text(page)
        assert not [text for text in shown if any("가" <= char <= "힣" for char in text)]


def test_a_headline_shows_the_last_bar_as_another_program_has_corrected_it(own_server_db: MongoDatabase) -> None:
    bars = make_bars(5)
    prices.write(own_server_db, INDICES, "^KS11", bars)
    locations.point(own_server_db, INDICES, Location("indices", read_only=True))
    row = metadata("^KS11", 0.01, bars.index[-1].to_pydatetime(), category="indices")
    tickers.collection(own_server_db).insert_one(row)
    before, close = bars["close"].iloc[-2], round(float(bars["close"].iloc[-2]) * 1.02, 2)
    change = {"$set": {"open": close, "high": close, "low": close, "close": close}}
    own_server_db["indices"].update_one({"date": bars.index[-1].to_pydatetime()}, change)
    (card,) = open_overview().metric
    assert card.value == f"{close:,.2f}"
    assert f"{close - before:+,.2f}" in card.delta


def test_a_headline_that_is_not_drawn_takes_no_page_with_it(own_server_db: MongoDatabase) -> None:
    day = dt.datetime(2026, 11, 20)
    rows = [metadata(ticker, 0.01, day, category="indices") for ticker in INDICES.headlines]
    tickers.collection(own_server_db).insert_many(rows)
    mine = Location("mine", read_only=True)
    locations.point(own_server_db, INDICES, mine)
    refused = [SisepanError("가격이 {date}에 있을 수 없습니다.", date="2027-06-01").as_document()]
    reasons = [{"ticker": ticker, **refused[0]} for ticker in INDICES.headlines]
    locations.record_checks(own_server_db, INDICES, replace(mine, refused=reasons))
    page = open_overview()
    assert not page.exception
    assert not page.error
    assert not page.metric


def test_samples_never_stand_before_real_prices(own_server_db: MongoDatabase) -> None:
    day = dt.datetime(2026, 11, 20)
    rows = [metadata("000001", 0.1, day), metadata("000002", 0.5, day, source="sample")]
    others = [metadata("AAPL", 0.5, day, source="sample", category="us_stocks")]
    tickers.collection(own_server_db).insert_many([*others, *rows])
    assert [row["ticker"] for row in category_state.movers(own_server_db, KOREAN_STOCKS, 5, rising=True)] == ["000001"]
    assert [row["ticker"] for row in category_state.movers(own_server_db, US_STOCKS, 5, rising=True)] == ["AAPL"]
    assert category_state.breadth(own_server_db, US_STOCKS) is None
    assert open_overview().subheader[0].value == "한국 주식"


def test_the_breadth_counts_who_traded_on_the_newest_session(own_server_db: MongoDatabase) -> None:
    day, before = dt.datetime(2026, 11, 20), dt.datetime(2026, 11, 19)
    changes = [0.1, 0.2, -0.1, 0.0]
    rows = [metadata(f"{position:06}", change, day) for position, change in enumerate(changes)]
    rows += [metadata("900000", 0.1, before), metadata("900001", 0.1, day, active=False)]
    rows += [metadata("900002", 0.1, dt.datetime(2026, 11, 23), source="sample")]
    tickers.collection(own_server_db).insert_many(rows)
    assert category_state.breadth(own_server_db, KOREAN_STOCKS) == (day, 2, 1, 1, 5)
    assert "상승 2 · 하락 1 · 보합 1" in " ".join(caption.value for caption in open_overview().caption)


def test_lists_come_before_the_markets(own_server_db: MongoDatabase) -> None:
    rows = [{"ticker": "005930", "name": "삼성전자", "favourite": True}]
    tickers.register(own_server_db, KOREAN_STOCKS, rows)
    prices.write(own_server_db, KOREAN_STOCKS, "005930", make_bars(30))
    page = open_overview()
    assert not page.error
    assert page.subheader[0].value == "관심종목"
    assert page.dataframe[0].value["이름"].tolist() == ["/korean_stocks?ticker=005930#삼성전자"]
