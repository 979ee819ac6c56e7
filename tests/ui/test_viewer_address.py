"""Views in addresses."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

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
        "005930", (Average(5), Average(20)), "3M", None, None, "W", "bars", "log", True, ("dividend", "split")
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
