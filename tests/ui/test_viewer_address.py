"""Views in addresses."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from finance_core.bars.curves import Chosen
from finance_core.categories import CATEGORIES, CURRENCIES, INDICES, KOREAN_STOCKS, Average
from finance_core.ui.viewer import address
from finance_core.ui.viewer.address import View


def test_the_plain_address_is_the_plain_view() -> None:
    for category in CATEGORIES:
        view, problems = address.parse({}, category)
        assert view == View("", category.default_averages)
        assert problems == []
        assert address.texts_of(view, category) == {}


def test_a_full_address_is_understood() -> None:
    asked = {"ticker": "005930", "period": "3M", "unit": "W", "ma": "5,20", "type": "bars", "scale": "log"}
    asked |= {"adjusted": "dividends", "marks": "dividend,split"}
    view, problems = address.parse(asked, KOREAN_STOCKS)
    assert view == View(
        "005930", (Average(5), Average(20)), "bars", "log", True, ("dividend", "split"), period="3M", interval="W"
    )
    assert problems == []
    assert address.texts_of(view, KOREAN_STOCKS) == asked


def test_no_averages_are_a_choice_of_their_own_where_some_are_the_default() -> None:
    assert address.parse({"ma": "none"}, INDICES)[0].averages == ()
    assert address.texts_of(View("", ()), INDICES) == {"ma": "none"}
    assert address.texts_of(View("", ()), CURRENCIES) == {}


def test_a_range_of_ones_own_goes_before_the_period_and_may_be_open_or_reversed() -> None:
    view, _ = address.parse({"from": "2024-05-01", "to": "2024-02-01", "period": "5Y"}, KOREAN_STOCKS)
    assert (view.first, view.last) == (dt.date(2024, 2, 1), dt.date(2024, 5, 1))
    assert address.texts_of(view, KOREAN_STOCKS) == {"from": "2024-02-01", "to": "2024-05-01"}


@pytest.mark.parametrize(
    "bad",
    [
        {"period": "4M"},
        {"period": "<script>"},
        {"unit": "H"},
        {"ma": "5,x"},
        {"ma": ""},
        {"ma": "7"},
        {"scale": "cubic"},
        {"type": "pie"},
        {"adjusted": "inflation"},
        {"marks": "dividend,halt"},
        {"from": "2024-13-01"},
        {"to": "yesterday"},
        {"from": "1600-01-01"},
        {"from": "0001-01-01"},
        {"from": "2262-04-12"},
        {"to": "9999-12-31"},
        {"unit": "가" * 10_000},
    ],
)
def test_what_cannot_be_understood_is_said_and_falls_back_to_the_default(bad: dict[str, str]) -> None:
    view, problems = address.parse(bad, KOREAN_STOCKS)
    assert view == View("", KOREAN_STOCKS.default_averages)
    (problem,) = problems
    assert next(iter(bad)) in problem
    assert len(problem) < 300


@given(st.dictionaries(st.sampled_from([parameter.name for parameter in address.table(KOREAN_STOCKS)]), st.text()))
def test_any_address_is_understood_or_said_and_comes_back_from_its_view(parameters: dict[str, str]) -> None:
    for category in CATEGORIES:
        view, _ = address.parse(parameters, category)
        assert address.parse(address.texts_of(view, category), category) == (view, [])


def test_indicators_and_the_heights_of_their_panes_are_named_and_read_back() -> None:
    asked = {"ind": "rsi(14),macd(5,20,5)", "heights": "60,10,30"}
    view, problems = address.parse(asked, KOREAN_STOCKS)
    assert problems == []
    assert (view.indicators, view.heights) == ((Chosen("rsi", (14,)), Chosen("macd", (5, 20, 5))), (60, 10, 30))
    assert address.texts_of(view, KOREAN_STOCKS) == asked


def test_averages_come_before_indicators_and_none_is_drawn_twice() -> None:
    view, _ = address.parse({"ma": "5,20", "ind": "obv,ma(20),ema(12)"}, KOREAN_STOCKS)
    assert [chosen.text for chosen in view.chosen] == ["ma(5)", "ma(20)", "obv", "ema(12)"]


@pytest.mark.parametrize("heights", ["0,10", "101", "60,x", "1" * 10_000, ",".join(["20"] * 7), "60,-5"])
def test_heights_that_cannot_be_get_a_sentence_and_the_usual_ones(heights: str) -> None:
    view, (problem,) = address.parse({"heights": heights}, KOREAN_STOCKS)
    assert view.heights == ()
    assert "5–100" in problem


def test_an_indicator_that_cannot_be_gets_a_sentence_and_the_others_are_drawn() -> None:
    view, problems = address.parse({"ind": "rsi(14),nonsense(3),sar(9,9)"}, KOREAN_STOCKS)
    assert view.indicators == (Chosen("rsi", (14,)),)
    assert len(problems) == 2
    assert "nonsense(3)" in problems[0]
