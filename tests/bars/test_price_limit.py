"""Jumps that no trading within the daily price limit explains."""

import numpy as np
import pytest

from finance_core.bars import price_limit
from finance_core.categories import CATEGORIES, KOREAN_STOCKS, Category
from tests import pages

DAYS = np.arange("2026-01-05", "2026-01-10", dtype="datetime64[D]")  # Monday to Friday, all sessions in Seoul
FRIDAY_BEFORE_NEW_YEAR = np.array(["2026-02-13", "2026-02-19"], dtype="datetime64[D]")
"""The next session after this Friday is this Thursday: the three days before are holidays."""


def jumps(*close: float, days: np.ndarray = DAYS, category: Category = KOREAN_STOCKS) -> list[int]:
    return price_limit.jumps(category, days[: len(close)], np.array(close)).tolist()


def test_a_close_beyond_the_limit_is_a_jump_up_and_down() -> None:
    assert jumps(205, 205, 2_065, 2_680) == [2]
    assert jumps(198_900, 17_100, 17_500) == [1]
    assert jumps(26_500, 51_600, 25_100) == [1, 2]


def test_the_largest_moves_of_trading_are_none() -> None:
    assert jumps(10_000, 13_000, 16_900, 11_830, 8_281) == []
    assert jumps(9_700, 13_000) == [], "30 % above a base price that is not the last close"


def test_small_prices_are_rounded_and_so_are_their_moves() -> None:
    assert jumps(2, 3, 2, 3) == []
    assert jumps(10, 14) == []
    assert jumps(10, 30) == [1]


def test_after_days_without_a_bar_the_limit_is_wider() -> None:
    week = np.array(["2026-01-05", "2026-01-12"], dtype="datetime64[D]")
    assert jumps(100, 180, days=week) == [], "five sessions"
    assert jumps(100, 400, days=week) == [1]
    assert jumps(100, 180, days=FRIDAY_BEFORE_NEW_YEAR) == [1], "holidays are no sessions"
    halt = np.array(["2025-02-14", "2025-03-06"], dtype="datetime64[D]")
    assert jumps(230, 2_065, days=halt) == [1], "a halt of weeks that the source has no bars of hides no jump"
    year = np.array(["2024-01-02", "2025-01-02"], dtype="datetime64[D]")
    assert jumps(100, 1_000, days=year) == [], "but within a year without bars much can happen"


def test_before_the_calendar_begins_weekdays_count() -> None:
    days = np.array(["1985-01-07", "1985-01-08", "1985-01-15"], dtype="datetime64[D]")
    assert jumps(100, 200, 360, days=days) == [1]


@pytest.mark.parametrize("category", [each for each in CATEGORIES if each is not KOREAN_STOCKS])
def test_where_no_rule_limits_prices_nothing_is_a_jump(category: Category) -> None:
    assert jumps(100, 1_000, 1, category=category) == []


def test_of_the_real_prices_five_tickers_jump() -> None:
    found = {}
    for ticker, table in pages.real_tables().items():
        days, close = table.index.to_numpy(), table["close"].to_numpy()
        if (at := price_limit.jumps(KOREAN_STOCKS, days, close)).size:
            found[ticker] = days[at].astype("datetime64[D]").astype(str).tolist()
    assert found == pages.JUMPS
