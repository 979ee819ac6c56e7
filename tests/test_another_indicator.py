"""Another indicator is one row of `INDICATORS`; as an average of a category, it is also named in its sets."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from finance_core import categories
from finance_core.bars import candles, curves
from finance_core.bars.curves import Chosen
from finance_core.bars.indicator import Indicator, Line, Setting
from finance_core.bars.indicators import INDICATORS
from finance_core.categories import KOREAN_STOCKS, Average, Category
from finance_core.charts.candlestick import candlestick
from finance_core.charts.style import Style
from finance_core.storage import prices, tickers
from finance_core.storage.database import MongoDatabase
from finance_core.ui.viewer import address
from tests import pages

pytestmark = pytest.mark.slow

DOUBLE = Average(12, "double")
ROW = Indicator(
    key="double",
    label="DBL",
    name="Doubled close",
    definition="Twice the close of so many bars ago.",
    source="this test",
    inputs=("close",),
    formula=lambda close, window: (2 * np.concatenate([np.full(window, np.nan), close])[: len(close)],),
    warm_up=lambda window: window,
    settings=(Setting("bars", 12, 2, 30),),
    pane="price",
    unit="price",
)


@pytest.fixture(autouse=True)
def row(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(INDICATORS, "double", ROW)


@pytest.fixture
def korean_stocks(own_server_db: MongoDatabase, monkeypatch: pytest.MonkeyPatch) -> Category:
    """Korean stocks that offer it as an average, one of them with bars."""
    category = replace(KOREAN_STOCKS, average_sets=(*KOREAN_STOCKS.average_sets, (Average(5), DOUBLE)))
    monkeypatch.setattr(categories, "CATEGORIES", (category,))
    tickers.register(own_server_db, category, [{"ticker": "005930", "name": "삼성전자"}])
    prices.write(own_server_db, category, "005930", candles.clean(pages.made_table(halted=0))[0])
    return category


def shown_table(page: AppTest) -> pd.DataFrame:
    return page.get("dataframe")[0].value


@pytest.mark.usefixtures("korean_stocks")
def test_it_is_added_drawn_set_listed_and_removed_on_the_page() -> None:
    page = pages.open_viewer(ma="none")
    page.selectbox(key="added_indicator").set_value("double").run()
    assert page.query_params["ind"] == "double(12)"
    option, source = pages.chart(page)
    doubled = 2 * source["종가"].shift(12)
    assert source["DBL12"].tolist() == pytest.approx(doubled.tolist(), nan_ok=True)
    assert "DBL12" in {series["name"] for series in option["series"]}
    assert "DBL12" in {entry["title"] for entry in option["readout"]}
    page.toggle(key="table").set_value(True).run()
    assert shown_table(page)["DBL12"].iloc[0] == doubled.iloc[-1]

    page.number_input(key="indicator_0_0").set_value(20).run()
    assert page.query_params["ind"] == "double(20)"
    assert "DBL20" in pages.chart(page)[1].columns
    page.button_group(key="unit").set_value("W").run()
    weekly = pages.chart(page)[1]
    assert weekly["DBL20"].tolist() == pytest.approx((2 * weekly["종가"].shift(20)).tolist(), nan_ok=True)

    page.button(key="icon_remove_indicator_0").click().run()
    assert "DBL20" not in pages.chart(page)[1].columns


def test_it_is_offered_as_an_average_of_its_category(korean_stocks: Category) -> None:
    page = pages.open_viewer()
    offered = page.button_group(key="averages")
    assert [option.content for option in offered.proto.options] == ["5", "DOUBLE12", "20", "60", "120"]
    offered.set_value([DOUBLE, Average(20)]).run()
    assert page.query_params == {"ma": "double12,20"}
    assert {"DBL12", "MA20"} < set(pages.chart(page)[1].columns)
    view, problems = address.parse({"ma": "20,double12"}, korean_stocks)
    assert (view.averages, problems) == ((DOUBLE, Average(20)), [])


def test_one_with_a_pane_of_its_own_opens_it(monkeypatch: pytest.MonkeyPatch) -> None:
    own = replace(
        ROW, pane="own", lines=(Line(), Line("twin", mark="dots")), formula=lambda close, _window: (close, close)
    )
    monkeypatch.setitem(INDICATORS, "double", own)
    bars = candles.clean(pages.made_table(halted=0))[0]
    option = candlestick(bars, curves.curves(bars, [Chosen("double", (5,))]), Style())
    named = [(reading["title"], reading["pane"]) for reading in option["readout"] if reading["pane"] > 1]
    assert named == [("DBL5", 2), ("twin", 2)]
