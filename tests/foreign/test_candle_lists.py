"""Rows that are lists: their order is proved by nearly all of them, or the ticker is refused by its name."""

from itertools import permutations
from typing import Any

import pytest

from finance_core.categories import KOREAN_STOCKS
from finance_core.foreign import candle_lists, conversion, ranges, shapes
from finance_core.foreign.conversion import Converted
from finance_core.foreign.layout import missing, recognise
from tests.foreign.other_programs import KOREAN, Document

TICKER = "005930"
ORDERS = [order for order in permutations(range(4)) if order not in ((0, 1, 2, 3), (3, 1, 2, 0))]
"""Every order of the four prices, but for ours and the one in which only open and close change places."""


def candles_of(ticker: str, order: tuple[int, ...] = (0, 1, 2, 3), **more: Any) -> Document:
    """A document of all days of a ticker; the columns of the rows stand in this order."""
    table = KOREAN[TICKER]
    rows = [
        [int(day.timestamp()) * 1000, *(float(values[position]) for position in order), float(values[4])]
        for day, values in zip(table.index, table.to_numpy(), strict=True)
    ]
    return {"ticker": ticker, "candles": rows, **more}


def converted(documents: list[Document]) -> dict[str, Converted]:
    rows = list(shapes.rows_of(documents))
    group = {raw: [raw] for part in rows for raw in part.columns["ticker"] if isinstance(raw, str)}
    return {each.ticker: each for each in conversion.convert(conversion.rules(KOREAN_STOCKS, {}), group, rows)}


def with_closes_above_the_high(count: int, by: float) -> Document:
    document = candles_of(TICKER)
    for row in [row for row in document["candles"] if row[2] > row[3]][:count]:
        row[4] = row[2] + by
    return document


@pytest.mark.parametrize(("by", "reasons"), [(1.0, []), (10_000.0, [ranges.FAR])])
def test_a_close_that_is_above_the_high_of_its_day_costs_no_ticker(by: float, reasons: list[str]) -> None:
    (samsung,) = converted([with_closes_above_the_high(1, by)]).values()
    assert samsung.failure is None
    assert [str(each.reason) for each in samsung.refusals] == reasons
    assert len(samsung.bars) == len(KOREAN[TICKER]) - len(reasons)


def test_of_few_rows_one_may_be_out_of_order_by_a_won() -> None:
    document = with_closes_above_the_high(1, 1.0)
    rows = [row for row in document["candles"] if row[2] > row[3]]
    assert candle_lists.are_candles(rows[:6])
    assert not candle_lists.are_candles([[*row[:4], row[2] * 1.05] if row is rows[0] else row for row in rows[:6]])


@pytest.mark.parametrize("order", ORDERS, ids=str)
def test_a_ticker_whose_columns_have_another_order_is_refused_by_name_with_all_of_its_rows(
    order: tuple[int, ...],
) -> None:
    result = converted([candles_of(TICKER), candles_of("000660", order)])
    assert (result[TICKER].failure, len(result[TICKER].bars)) == (None, len(KOREAN[TICKER]))
    assert str(result["000660"].failure) == candle_lists.UNKNOWN_ORDER
    refusals = result["000660"].refusals
    assert len(refusals) == result["000660"].rows == len(KOREAN[TICKER])
    assert {(each.ticker, str(each.reason)) for each in refusals} == {("000660", candle_lists.UNKNOWN_ORDER)}


@pytest.mark.parametrize("order", [*ORDERS, (4, 0, 1, 2, 3)], ids=str)
def test_a_collection_of_lists_in_another_order_is_told_what_it_lacks(order: tuple[int, ...]) -> None:
    documents = [candles_of(TICKER, order)]
    assert recognise(documents, KOREAN_STOCKS) is None
    assert str(missing(documents)) == candle_lists.UNKNOWN_ORDER


def test_other_numbers_beside_the_bars_of_the_same_days_change_nothing() -> None:
    document = candles_of(TICKER)
    averages = [[row[0], row[4] * 1.01, row[4], row[4] * 1.02, row[4] * 0.99] for row in document["candles"][20:]]
    (samsung,) = converted([document | {"averages": averages}]).values()
    assert (samsung.failure, samsung.refusals, len(samsung.bars)) == (None, (), len(KOREAN[TICKER]))


def test_a_year_in_another_order_is_not_left_out_in_silence() -> None:
    document, other = candles_of(TICKER), candles_of(TICKER, (0, 3, 2, 1))
    half = len(document["candles"]) // 2
    parts = {"rows_old": document["candles"][:half], "rows_new": other["candles"][half:]}
    (samsung,) = converted([{"ticker": TICKER, **parts}]).values()
    assert str(samsung.failure) == candle_lists.UNKNOWN_ORDER
    assert len(samsung.refusals) == len(parts["rows_new"])


def test_estimates_of_quarters_and_averages_beside_bars_are_none() -> None:
    quarters = [[f"2023-{month:02}-28", 1.1, 1.2, 1.3, 1.4] for month in (3, 6, 9, 12)]
    bars = candles_of(TICKER)
    averages = [[row[0], 4.0, 3.0, 2.0, 3.5] for row in bars["candles"]]
    for beside in ({"estimates": quarters}, {"averages": averages}):
        (samsung,) = converted([bars | beside]).values()
        assert (samsung.failure, len(samsung.bars), samsung.refusals) == (None, len(KOREAN[TICKER]), ())
