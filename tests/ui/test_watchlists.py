"""The page of named lists, and tickers in pasted texts."""

import re
from typing import Any

import numpy as np
import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from finance_core import i18n
from finance_core.categories import CATEGORIES, INDICES, KOREAN_STOCKS, US_STOCKS
from finance_core.storage import prices, tickers, watchlists
from finance_core.storage.database import MongoDatabase
from finance_core.storage.documents import WATCHLISTS
from finance_core.storage.watchlists import FAVOURITES, Entry
from finance_core.ui.watchlists import lines, pasted
from tests import pages
from tests.storage.test_panels import no_panel_is_kept, store  # noqa: F401 - a fixture
from tests.storage.test_prices import make_bars

pytestmark = pytest.mark.slow

SAMSUNG, HYNIX, APPLE = Entry("korean_stocks", "005930"), Entry("korean_stocks", "000660"), Entry("us_stocks", "AAPL")


@pytest.fixture
def listed(own_server_db: MongoDatabase) -> MongoDatabase:
    store(own_server_db, "005930", make_bars(300), name="삼성전자", name_en="Samsung Electronics", favourite=True)
    store(own_server_db, "000660", make_bars(10), name="SK하이닉스", source="sample")
    tickers.register(own_server_db, US_STOCKS, [{"ticker": "AAPL", "name": "애플"}])
    tickers.register(own_server_db, INDICES, [{"ticker": "^KS11", "name": "코스피"}])
    return own_server_db


@pytest.fixture
def admin(monkeypatch: pytest.MonkeyPatch) -> None:
    pages.sit_at_the_machine(monkeypatch)


def opened(**query: str) -> AppTest:
    page = pages.open_viewer("watchlists", **query)
    assert not page.exception
    return page


def names(page: AppTest) -> list[str]:
    (frame,) = page.get("dataframe")
    return [link.partition("#")[2] for link in frame.value["이름"]]


def test_a_line_has_the_numbers_of_the_screener_and_the_closes_of_the_chart(listed: MongoDatabase) -> None:
    first, short, none = lines.of(listed, [SAMSUNG, HYNIX, APPLE]).itertuples(index=False)
    bars = prices.load(listed, KOREAN_STOCKS, "005930")
    assert first.recent == bars["close"].tolist()[-60:]
    volumes = bars["volume"].to_numpy()
    expected = (
        bars["close"].iloc[-1],
        bars["close"].iloc[-1] / bars["close"].iloc[-2] - 1,
        volumes[-1] / volumes[-21:-1].mean(),
        bars["close"].iloc[-1] / bars["high"].tail(250).max() - 1,
    )
    np.testing.assert_allclose(first[:4], expected, rtol=1e-12)
    assert (short.close, np.isnan(short.volume_ratio), np.isnan(short.from_high)) == (1009.0, True, True)
    assert (np.isnan(none.close), none.recent, none.day) == (True, [], None)
    assert lines.of(listed, []).empty


def test_a_ticker_whose_bars_ended_long_ago_has_its_last_numbers(listed: MongoDatabase) -> None:
    bars = make_bars(300)
    store(listed, "000010", bars.set_axis(bars.index - pd.Timedelta(days=3000)), name="그친 종목")
    ended, current = lines.of(listed, [Entry("korean_stocks", "000010"), SAMSUNG]).itertuples(index=False)
    assert ended._replace(day=None) == current._replace(day=None)
    assert (ended.day, current.day) == ((bars.index[-1] - pd.Timedelta(days=3000)).date(), bars.index[-1].date())


@pytest.mark.parametrize(
    ("others", "closes"),
    [
        (["us_stocks", "indices", "currencies"], ["₩1,000", "$189.30", "2,650.12", "₩1,380.50"]),
        (["indices", "currencies"], ["1,000", "2,650.12", "1,380.50"]),
    ],
)
def test_a_close_has_its_currency_where_the_list_has_several(
    own_server_db: MongoDatabase, others: list[str], closes: list[str]
) -> None:
    last = {"korean_stocks": 1000.0, "us_stocks": 189.3, "indices": 2650.12, "currencies": 1380.5}
    for category in CATEGORIES:
        bars = make_bars(3)
        bars[["open", "high", "low", "close"]] = last[category.key]
        tickers.register(own_server_db, category, [{"ticker": category.default_ticker, "name": category.key}])
        prices.write(own_server_db, category, category.default_ticker, bars)
        tickers.record(own_server_db, category, category.default_ticker, prices.state_of(category, bars))
    shown = [category for key in ["korean_stocks", *others] for category in CATEGORIES if category.key == key]
    listed = [Entry(category.key, category.default_ticker) for category in shown]
    watchlists.add(own_server_db, FAVOURITES, listed)
    (frame,) = opened().get("dataframe")
    assert frame.value["종가"].tolist() == [last[category.key] for category in shown], "it sorts by the numbers"
    assert pages.displayed(frame)["종가"].tolist() == closes


@pytest.mark.parametrize(("sits", "who"), [(True, "차트의 별"), (False, "관리자가 넣습니다")])
def test_an_empty_list_says_who_puts_tickers_on_it(
    own_server_db: MongoDatabase, monkeypatch: pytest.MonkeyPatch, sits: bool, who: str
) -> None:
    pages.sit_at_the_machine(monkeypatch, sits)
    assert [who in element.value for element in opened().info] == [True]


def test_a_visitor_sees_the_favourites_and_what_an_admin_shares(listed: MongoDatabase) -> None:
    hidden, shared = watchlists.create(listed, "숨김"), watchlists.create(listed, "공유")
    watchlists.share(listed, shared, True)
    watchlists.add(listed, shared, [HYNIX, APPLE])
    page = opened()
    assert page.button_group(key="watchlist").options == ["관심종목", "공유"]
    assert names(page) == ["삼성전자"]
    page.button_group(key="watchlist").set_value(shared).run()
    assert names(page) == ["SK하이닉스", "애플"]
    page = opened(list=hidden)
    assert "공유되지 않아" in page.warning[0].value
    assert names(page) == ["삼성전자"]
    assert not [button for button in page.button if button.key == "save_new_list"]


@pytest.mark.usefixtures("admin")
def test_an_admin_makes_a_list_pastes_into_it_shares_and_deletes_it(listed: MongoDatabase) -> None:
    page = opened()
    page.text_input(key="new_list").set_value("내 <목록>")
    page.button(key="save_new_list").click().run()
    _first, made = watchlists.load(listed)
    assert (made.name, page.query_params["list"]) == ("내 <목록>", made.id)
    page.text_area(key="pasted").set_value("5930, 애플\nskhynix SK하이닉스 nothing").run()
    page.button(key="add_pasted").click().run()
    assert watchlists.load(listed)[1].entries == (SAMSUNG, APPLE, HYNIX)
    assert page.warning[0].value.endswith("skhynix, nothing")
    assert page.text_area(key="pasted").value == "skhynix\nnothing"
    assert page.success[0].value.startswith("3종목")
    assert not page.text_area(key="pasted").max_chars, "the browser would drop a longer text without a word"
    page.text_area(key="pasted").set_value("낱말" * 12_000).run()
    page.button(key="add_pasted").click().run()
    assert page.warning[0].value.endswith(" " + "낱말" * 20)
    page.toggle(key=f"shared_{made.id}").set_value(True).run()
    page.text_input(key=f"list_name_{made.id}").set_value("AI").run()
    made = watchlists.load(listed)[1]
    assert (made.name, made.shared) == ("AI", True)
    page.button(key="ask_removal").click().run()
    assert len(watchlists.load(listed)) == 2, "it is asked first"
    page.button(key="remove_list").click().run()
    assert [each.id for each in watchlists.load(listed)] == [FAVOURITES]


@pytest.mark.usefixtures("admin")
def test_why_a_name_is_refused_stands_at_its_box_until_one_is_taken(listed: MongoDatabase) -> None:
    page = opened(list=watchlists.create(listed, "반도체"))
    page.text_input(key="new_list").set_value("관심종목")
    page.button(key="save_new_list").click().run()
    assert (["이미 있습니다" in error.value for error in page.error], len(page.toast)) == ([True], 0)
    page.text_input(key="new_list").set_value("은행")
    page.button(key="save_new_list").click().run()
    assert (len(page.error), len(watchlists.load(listed))) == (0, 3)
    (box,) = [box for box in page.text_input if box.key.startswith("list_name_")]
    box.set_value(" ").run()
    assert (["이름이 비어" in error.value for error in page.error], len(page.toast)) == ([True], 0)
    (box,) = [box for box in page.text_input if box.key.startswith("list_name_")]
    box.set_value("금융").run()
    assert (len(page.error), watchlists.load(listed)[2].name) == (0, "금융")


@pytest.mark.usefixtures("admin")
def test_name_and_sharing_of_a_list_do_not_come_over_another_that_is_opened(listed: MongoDatabase) -> None:
    first, second = (watchlists.create(listed, name) for name in ("첫째", "둘째"))
    watchlists.share(listed, first, True)
    page = opened(list=first)
    kept = page._tree.get_widget_states()
    page.query_params["list"] = second
    page.run()
    pages.run_late(page, kept, lambda: None)
    assert [(each.name, each.shared) for each in watchlists.load(listed)[1:]] == [("첫째", True), ("둘째", False)]


@pytest.mark.usefixtures("admin")
def test_lists_of_one_name_are_told_apart_and_a_name_is_no_markdown(listed: MongoDatabase) -> None:
    named = ("관심종목", "*별* :red[x]", "관심종목 (2)")  # as an earlier version stored them
    listed[WATCHLISTS].insert_many([{"_id": str(at), "name": name, "entries": []} for at, name in enumerate(named)])
    page = opened()
    plainly = ["관심종목", r"관심종목 \(2\)", r"\*별\* \:red\[x\]", r"관심종목 \(2\) \(2\)"]
    assert sorted(page.button_group(key="watchlist").options) == sorted(plainly)
    assert names(page.run()) == ["삼성전자"]
    assert "list" not in page.query_params


@pytest.mark.usefixtures("admin")
def test_a_list_keeps_its_name_in_another_language_and_is_opened_by_it(listed: MongoDatabase) -> None:
    named = ["업종", "시장", "관심종목"]
    listed[WATCHLISTS].insert_many([{"_id": name, "name": name, "entries": []} for name in named])
    page = opened(lang="en")
    row = page.button_group(key="watchlist")
    assert sorted(row.options) == sorted(["Favourites", *named])
    row.set_value("관심종목").run()
    assert page.query_params["list"] == "관심종목"


def test_an_empty_list_says_how_it_is_filled(listed: MongoDatabase) -> None:
    watchlists.take_out(listed, FAVOURITES, SAMSUNG)
    assert "비어 있습니다" in opened().info[0].value


@pytest.mark.usefixtures("admin")
def test_every_text_is_english_for_an_english_reader(listed: MongoDatabase) -> None:
    i18n.use_language("en")
    page = opened(lang="en", list="gone")
    texts = pages.visible_text(page)
    assert [text for text in texts if re.search("[가-힣]", text)] == []


LISTINGS: dict[Any, Any] = {
    KOREAN_STOCKS: {
        "005930": {"ticker": "005930", "name": "삼성전자", "name_en": "Samsung Electronics"},
        "000660": {"ticker": "000660", "name": "SK하이닉스"},
        "078930": {"ticker": "078930", "name": "GS"},
    },
    US_STOCKS: {
        "AAPL": {"ticker": "AAPL", "name": "애플"},
        "A": {"ticker": "A", "name": "애질런트"},
        "GS": {"ticker": "GS", "name": "골드만삭스"},
        "WTI": {"ticker": "WTI", "name": "더블유앤티"},
        "GOOG": {"ticker": "GOOG", "name": "알파벳"},
        "GOOGL": {"ticker": "GOOGL", "name": "알파벳"},
        "FOX": {"ticker": "FOX", "name": "Fox Corporation"},
        "FOXA": {"ticker": "FOXA", "name": "Fox Corporation"},
    },
    INDICES: {"WTI": {"ticker": "WTI", "name": "원유"}},
}


@pytest.mark.parametrize(
    ("text", "found", "unknown"),
    [
        ("005930", [SAMSUNG], []),
        ("5930.KS\r\nA005930", [SAMSUNG], []),
        ("삼성 전자; aapl\tSK하이닉스", [SAMSUNG, APPLE, HYNIX], []),
        ("samsung electronics", [SAMSUNG], []),
        ("에스케이하이닉스, 삼전", [HYNIX, SAMSUNG], []),
        ("005930 000660 AAPL", [SAMSUNG, HYNIX, APPLE], []),
        ("AAPL,AAPL,,\n\n", [APPLE], []),
        ("삼성전자\t86,000\nSK하이닉스\t1,234,000.5\tAAPL", [SAMSUNG, HYNIX, APPLE], []),
        ("삼성전자 71,200원 ▲1,200\nAAPL\t189.30\t+1.2%\t-5", [SAMSUNG, APPLE], []),
        ("005930,000660,5,930", [SAMSUNG, HYNIX], ["5", "930"]),
        ("삼성중공업, 999999 AAPL", [APPLE], ["삼성중공업", "999999"]),
        ("GS, 078930, 골드만삭스", [Entry("korean_stocks", "078930"), Entry("us_stocks", "GS")], ["GS"]),
        ("fox corporation, FOXA", [Entry("us_stocks", "FOXA")], ["fox corporation"]),
        ("WTI, 원유, 알파벳, GOOG", [Entry("indices", "WTI"), Entry("us_stocks", "GOOG")], ["WTI", "알파벳"]),
        ("", [], []),
    ],
)
def test_a_pasted_text_names_tickers(text: str, found: list[Entry], unknown: list[str]) -> None:
    assert pasted.entries_of(text, LISTINGS) == (found, unknown)


def test_every_category_can_be_on_a_list(own_server_db: MongoDatabase) -> None:
    for category in CATEGORIES:
        tickers.register(own_server_db, category, [{"ticker": category.default_ticker, "name": category.key}])
        watchlists.add(own_server_db, FAVOURITES, [Entry(category.key, category.default_ticker)])
    assert sorted(names(opened())) == sorted(category.key for category in CATEGORIES)
