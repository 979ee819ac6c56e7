"""The colours of rising and falling are the reader's on every page."""

import json
import re

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from finance_core.categories import CURRENCIES, INDICES, KOREAN_STOCKS, US_STOCKS, Category
from finance_core.charts.style import BLUE, GREEN, RED
from finance_core.storage.database import MongoDatabase
from finance_core.ui import colors
from tests import pages
from tests.ui.test_overview import open_overview
from tests.yahoo import YahooStandIn

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(
    ("category", "market", "is_red"),
    [
        (KOREAN_STOCKS, "KOSPI", True),
        (US_STOCKS, "NYSE", False),
        (INDICES, "KOSPI", True),
        (INDICES, "NYSE", False),
        (INDICES, "TSE", True),
        (INDICES, "", True),
        (CURRENCIES, "FX", True),
    ],
)
def test_before_a_choice_they_are_those_of_the_country_an_index_is_of(
    category: Category, market: str, is_red: bool
) -> None:
    assert category.rises_red(market) == is_red


def candle_colors(page: AppTest) -> tuple[str, str]:
    code = pages.chart(page)[0]["series"][0]["renderItem"]
    look = json.loads("{" + code.rsplit("({", 1)[1].partition("}")[0] + "}")
    return look["rising"], look["falling"]


def test_a_choice_on_one_page_is_that_of_all_pages(own_server_db: MongoDatabase, yahoo: YahooStandIn) -> None:
    pages.update_from(yahoo, own_server_db, {"^KS11": pages.made_table(3, halted=0)}, {}, INDICES)
    page = pages.open_viewer("indices")
    assert candle_colors(page) == (RED, BLUE)
    page.toggle(key="red").set_value(False).run()
    assert candle_colors(page) == (GREEN, RED)

    overview = open_overview()
    close = pages.made_table(3, halted=0)["close"]
    usual = "red" if close.iloc[-1] > close.iloc[-2] else "blue"
    assert color_of_card(overview) == usual
    overview.session_state["sisepan_colors"] = page.session_state["sisepan_colors"]
    assert color_of_card(overview.run()) == {"red": "green", "blue": "red"}[usual]


KOREAN, AMERICAN, APPLE = (INDICES, "KOSPI"), (INDICES, "NYSE"), (US_STOCKS, "NASDAQ")


@pytest.mark.usefixtures("own_server_db")
@pytest.mark.parametrize(
    ("first", "second", "rising", "falling"),
    [
        (KOREAN, KOREAN, RED, BLUE),
        (AMERICAN, APPLE, GREEN, RED),
        (KOREAN, AMERICAN, RED, BLUE),
        (AMERICAN, KOREAN, RED, BLUE),
        (APPLE, KOREAN, GREEN, RED),
    ],
)
def test_the_changes_of_a_table_have_one_rule_of_colours_as_where_all_or_else_the_first_are_traded(
    first: tuple[Category, str], second: tuple[Category, str], rising: str, falling: str
) -> None:
    table = pd.DataFrame({"change": [1.0, -1.0, 1.0, -1.0, 0.0]})
    traded = [first] * 2 + [second] * 3
    html = colors.of_changes(table, ["change"], traded).to_html()
    rules = re.findall(r"((?:#\w+_row\d+_col0,? ?)+) \{\s*color: (#\w+);", html)
    found = {int(row): color for rows, color in rules for row in re.findall(r"_row(\d+)_", rows)}
    assert found == {0: rising, 1: falling, 2: rising, 3: falling}


def color_of_card(page: AppTest) -> str:
    (card,) = page.metric
    return str(card.proto.MetricColor.Name(card.proto.color)).lower()


def test_what_no_browser_of_ours_remembers_is_no_choice(own_server_db: MongoDatabase, yahoo: YahooStandIn) -> None:
    pages.update_from(yahoo, own_server_db, {"005930": pages.made_table(halted=0)}, {})
    page = pages.open_viewer()
    page.session_state["sisepan_colors"] = "<script>"
    assert candle_colors(page.run()) == (RED, BLUE)
