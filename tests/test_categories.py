"""The categories as data: what they promise to those who read them."""

import re

import pytest

from finance_core import categories, sessions
from finance_core.categories import CATEGORIES, KOREAN_STOCKS, Category


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        ("005930", True),
        ("00593K", True),  # a preferred share
        ("0005930", False),
        ("5930", False),
        ("", False),
        ("00593k", False),
        ("005930\n", False),
        (" 005930", False),
        ("005930.KS", False),
        ("삼성전자우선", False),
        ("００５９３０", False),
    ],
)
def test_a_korean_ticker_is_six_digits_and_capitals_and_nothing_else(text: str, is_one: bool) -> None:
    assert KOREAN_STOCKS.is_ticker(text) == is_one


def test_a_market_is_found_by_its_key_and_the_first_one_stands_in_for_any_other() -> None:
    assert KOREAN_STOCKS.market("KOSDAQ").yahoo_suffix == ".KQ"
    for key in ("KOSPI", "", "NYSE", "kosdaq"):
        assert KOREAN_STOCKS.market(key).key == "KOSPI"


def test_a_category_is_found_by_its_key() -> None:
    assert categories.category("korean_stocks") is KOREAN_STOCKS
    with pytest.raises(KeyError):
        categories.category("crypto")


def test_no_two_categories_share_a_key_a_collection_or_an_update_command() -> None:
    for field in ("key", "collection", "update_command"):
        values = [getattr(category, field) for category in CATEGORIES]
        assert len(set(values)) == len(values)


@pytest.mark.parametrize("category", CATEGORIES, ids=lambda category: category.key)
def test_every_category_is_complete(category: Category) -> None:
    assert re.fullmatch(r"[a-z_]+", category.key)
    assert category.markets
    assert len({market.key for market in category.markets}) == len(category.markets)
    assert all(sessions.timezone(market.calendar) for market in category.markets)
    assert category.is_ticker(category.default_ticker)
    assert list(category.averages) == sorted(set(category.averages))
    assert category.decimals >= 0
