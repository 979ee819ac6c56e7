"""Another kind of average is one row of `indicators.KINDS` and a place in a category's sets: the rest follows."""

from dataclasses import replace

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from finance_core import categories
from finance_core.bars import candles, indicators
from finance_core.categories import KOREAN_STOCKS, Average, Category
from finance_core.charts import candlestick_html
from finance_core.charts.style import Style
from finance_core.storage import prices, tickers
from finance_core.storage.database import MongoDatabase
from finance_core.ui.viewer import address
from tests import pages

EMA = Average(12, "ema")


@pytest.fixture
def korean_stocks(monkeypatch: pytest.MonkeyPatch) -> Category:
    """The row, and the place in a set."""
    names = {"D": "{window}-day EMA", "W": "{window}-week EMA", "M": "{window}-month EMA"}
    row = indicators.Kind(names, lambda close, window: close.ewm(span=window, adjust=False).mean())
    monkeypatch.setitem(indicators.KINDS, "ema", row)
    category = replace(KOREAN_STOCKS, average_sets=(*KOREAN_STOCKS.average_sets, (Average(5), EMA)))
    monkeypatch.setattr(categories, "CATEGORIES", (category,))
    return category


def test_it_is_computed_offered_drawn_and_named_on_the_page(
    own_server_db: MongoDatabase, korean_stocks: Category
) -> None:
    bars = candles.clean(pages.made_table(halted=0))[0]
    tickers.register(own_server_db, korean_stocks, [{"ticker": "005930", "name": "삼성전자"}])
    prices.write(own_server_db, korean_stocks, "005930", bars)

    page = pages.open_viewer()
    offered = page.button_group(key="averages")
    assert [option.content for option in offered.proto.options] == ["5", "EMA12", "20", "60", "120"]
    assert page.button(key="averages_ema12").label == "5·EMA12"
    offered.set_value([EMA, Average(20)]).run()

    assert page.query_params == {"ma": "ema12,20"}
    option, source = pages.chart(page)
    assert [entry["title"] for entry in option["readout"]][5:7] == ["12-day EMA", "20일 평균"]
    assert {"12-day EMA", "20일 평균"} < {series["name"] for series in option["series"]}
    expected = bars["close"].ewm(span=12, adjust=False).mean()
    assert source["12-day EMA"].tolist() == pytest.approx(expected.tolist())
    page.toggle(key="table").set_value(True).run()
    assert shown_table(page)["EMA12"].iloc[0] == pytest.approx(expected.iloc[-1])
    assert "MA20" in shown_table(page).columns

    page.button_group(key="unit").set_value("W").run()
    assert "12-week EMA" in pages.chart(page)[1].columns

    page.button(key="averages_ema12").click().run()
    assert page.query_params["ma"] == "5,ema12"


def shown_table(page: AppTest) -> pd.DataFrame:
    return page.get("dataframe")[0].value


def test_an_address_names_it_by_its_kind_and_window(korean_stocks: Category) -> None:
    view, problems = address.parse({"ma": "20,ema12"}, korean_stocks)
    assert (view.averages, problems) == ((EMA, Average(20)), [])
    assert address.texts_of(view, korean_stocks) == {"ma": "ema12,20"}
    (problem,) = address.parse({"ma": "ema13"}, korean_stocks)[1]
    assert "ema12" in problem, "what could be asked for"


@pytest.mark.usefixtures("korean_stocks")
def test_the_chart_in_a_file_names_it() -> None:
    bars = candles.clean(pages.made_table(halted=0))[0]
    averages = indicators.moving_averages(bars["close"], [Average(5), EMA])
    figure = candlestick_html.candlestick(bars, averages, Style(), "")
    assert [trace.name for trace in figure.data][1:3] == ["5", "EMA12"]
