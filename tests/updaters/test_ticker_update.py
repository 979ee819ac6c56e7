"""When the stored history of a ticker counts as rewritten, on frames alone."""

import math

import pandas as pd
import pytest

from finance_core.bars import candles
from tests.yahoo import random_walk
from updaters import histories

DAYS = pd.bdate_range("2024-01-02", periods=8)


def bars() -> pd.DataFrame:
    return candles.clean(random_walk(DAYS, seed=1))[0]


@pytest.mark.parametrize(
    ("factor", "rewritten"), [(1.0, False), (1 + 0.9e-6, False), (1 + 1.1e-6, True), (0.5, True), (math.nan, True)]
)
@pytest.mark.parametrize("column", candles.PRICES)
def test_a_price_that_moved_by_more_than_rounding_means_a_rewritten_history(
    column: str, factor: float, rewritten: bool
) -> None:
    fetched = bars()
    fetched.loc[DAYS[2], column] *= factor
    assert histories.history_was_rewritten(bars().iloc[:5], fetched) is rewritten


def test_the_last_stored_bar_may_have_been_provisional_and_volumes_are_revised_all_the_time() -> None:
    fetched = bars()
    fetched.loc[DAYS[4], candles.PRICES] *= 2
    fetched["volume"] += 1
    assert not histories.history_was_rewritten(bars().iloc[:5], fetched)


@pytest.mark.parametrize("side", ["stored", "fetched"])
def test_a_day_that_only_one_side_has_means_a_rewritten_history(side: str) -> None:
    stored, fetched = bars().iloc[:5], bars()
    if side == "stored":
        stored = stored.drop(DAYS[2])
    else:
        fetched = fetched.drop(DAYS[2])
    assert histories.history_was_rewritten(stored, fetched)


def test_a_split_in_the_new_window_means_one_and_a_split_that_is_stored_does_not() -> None:
    stored, fetched = bars().iloc[:5], bars()
    stored.loc[DAYS[1], "stock_splits"] = fetched.loc[DAYS[1], "stock_splits"] = 2.0
    assert not histories.history_was_rewritten(stored, fetched)
    fetched.loc[DAYS[6], "stock_splits"] = 5.0
    assert histories.history_was_rewritten(stored, fetched)
