"""Other tickers on the chart of one, run by Streamlit's own test runner on a real database."""

from collections.abc import Callable
from typing import Any

import pytest

from finance_core.bars import candles
from finance_core.categories import INDICES, KOREAN_STOCKS, US_STOCKS
from finance_core.storage import prices, tickers
from finance_core.storage.database import MongoDatabase
from finance_core.ui import downloads
from finance_core.ui.text import plain
from tests import pages

pytestmark = pytest.mark.slow


@pytest.fixture
def listed(own_server_db: MongoDatabase) -> MongoDatabase:
    stored = {
        (KOREAN_STOCKS, "005930", "삼성전자"): pages.made_table(1),
        (KOREAN_STOCKS, "000660", "SK하이닉스"): pages.made_table(2),
        (US_STOCKS, "AAPL", "애플"): pages.made_table(3),
    }
    for (category, ticker, name), table in stored.items():
        prices.write(own_server_db, category, ticker, candles.clean(table)[0])
        tickers.register(own_server_db, category, [{"ticker": ticker, "name": name}])
    tickers.record(own_server_db, US_STOCKS, "AAPL", {"currency": "USD"})
    tickers.register(own_server_db, INDICES, [{"ticker": "^KS11", "name": "코스피"}])
    return own_server_db


def test_others_are_lines_in_percent_whose_closes_are_those_stored(listed: MongoDatabase) -> None:
    option, source = pages.chart(pages.open_viewer(ticker="005930", **{"with": "korean_stocks:000660,us_stocks:AAPL"}))
    assert source["other 0"].tolist() == pages.as_published(pages.made_table(2))["close"].tolist()
    titles = [entry["title"] for entry in option["readout"] if entry["column"].startswith("other")]
    assert titles == ["SK하이닉스", "애플 (USD)"], "what is in another currency says so: nothing is converted"
    assert all('"relative": "percent"' in axis for axis in option["yAxis"] if isinstance(axis, str))
    assert len([axis for axis in option["yAxis"] if isinstance(axis, str)]) == 3


def test_a_ticker_is_not_drawn_beside_itself(listed: MongoDatabase) -> None:
    page = pages.open_viewer(ticker="000660", **{"with": "korean_stocks:000660,us_stocks:AAPL"})
    assert [entry["title"] for entry in pages.chart(page)[0]["readout"] if "other" in entry["column"]] == ["애플 (USD)"]
    assert page.multiselect(key="compared").value == ["us_stocks:AAPL"]
    alone = pages.chart(pages.open_viewer(ticker="000660", **{"with": "korean_stocks:000660"}))[0]
    assert any('"relative": ""' in axis for axis in alone["yAxis"] if isinstance(axis, str)), "in prices"


def test_one_without_prices_or_list_gets_a_sentence_and_the_rest_is_drawn(listed: MongoDatabase) -> None:
    page = pages.open_viewer(ticker="005930", **{"with": "indices:^KS11,us_stocks:NONE,korean_stocks:000660"})
    assert [plain(ticker) in page.warning[place].value for place, ticker in enumerate(["^KS11", "NONE"])] == [True] * 2
    assert [name for name in pages.chart(page)[1].columns if name.startswith("other")] == ["other 0"]


def test_one_that_cannot_be_read_is_told_and_the_rest_is_drawn(listed: MongoDatabase) -> None:
    listed["us_stocks"].update_one({"ticker": "AAPL"}, {"$set": {"close": "many"}})
    page = pages.open_viewer(ticker="005930", **{"with": "us_stocks:AAPL,korean_stocks:000660"})
    assert not page.error
    assert plain("AAPL: ") in page.warning[0].value
    assert [name for name in pages.chart(page)[1].columns if name.startswith("other")] == ["other 0"]


@pytest.mark.parametrize(
    ("interval", "period", "is_lacking"), [("D", "1M", True), ("W", "1Y", True), ("D", "MAX", False)]
)
@pytest.mark.usefixtures("listed")
def test_one_whose_bars_end_before_the_visible_period_is_named_on_page_picture_and_file(
    own_server_db: MongoDatabase, monkeypatch: pytest.MonkeyPatch, interval: str, period: str, is_lacking: bool
) -> None:
    bars, _remarks = candles.clean(pages.made_table(4, last="2024-06-28", halted=0))
    prices.write(own_server_db, INDICES, "^KS11", bars)
    offered: dict[str, Callable[[], Any]] = {}
    monkeypatch.setattr(downloads, "button", lambda _label, file, make, **_key: offered.update({file: make}))
    page = pages.open_viewer(
        ticker="005930", period=period, unit=interval, **{"with": "indices:^KS11,korean_stocks:000660"}
    )
    assert not page.error
    page.button(key="picture").click().run()
    (file,) = [make() for name, make in offered.items() if name.endswith(".html")]
    told = "이 기간에 시세가 없어 선이 없는 종목: 코스피"
    assert [plain(told) in [warning.value for warning in page.warning]] == [is_lacking]
    assert [told in page.session_state["picture_asked chart_of_ticker"].about, told in file] == [is_lacking] * 2
    assert f"{told}, " not in file, "the other one has prices"


def test_an_address_that_names_none_gets_a_sentence(listed: MongoDatabase) -> None:
    for text in ("AAPL", "moon:AAPL", "us_stocks:", ",".join(f"us_stocks:{n}" for n in "ABCD")):
        page = pages.open_viewer(ticker="005930", **{"with": text})
        assert "with=" in page.warning[0].value, text
        assert not page.error
        assert not [name for name in pages.chart(page)[1].columns if name.startswith("other")]


def test_the_menu_takes_others_away(listed: MongoDatabase) -> None:
    page = pages.open_viewer(ticker="005930", **{"with": "indices:^KS11,korean_stocks:000660"})
    box = page.multiselect(key="compared")
    assert box.options == ["코스피 ^KS11", "SK하이닉스 000660"]
    box.set_value(["korean_stocks:000660"]).run()
    assert page.query_params["with"] == "korean_stocks:000660"
    page.multiselect(key="compared").set_value([]).run()
    assert "with" not in page.query_params
    assert not page.multiselect
