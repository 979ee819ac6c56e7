"""When a count of shares may be multiplied by a price: where neither a split nor the calendar makes it wrong."""

from dataclasses import replace

import numpy as np
import pytest

from finance_core.bars import market_values
from finance_core.bars import panel as panels
from finance_core.bars.panel import FIELDS, Panel, Shares

TODAY = np.datetime64("2025-01-01")
DAYS = np.arange(TODAY - 200, TODAY + 100)


def market(split: int | None, since: int | None, until: int | None = None) -> Panel:
    """One ticker of 1,000 shares at 7, and one without bars; days are counted from `TODAY`, `until` is as `since`."""
    bars = DAYS, dict.fromkeys(FIELDS, np.full(len(DAYS), 7.0))
    nothing = DAYS[:0], dict.fromkeys(FIELDS, np.array([]))
    splits = {} if split is None else {"A": TODAY + split}
    panel = panels.of({"A": bars, "none": nothing}, split=splits)
    first, last = (
        np.array([None if day is None else TODAY + day, TODAY], dtype="datetime64[D]")
        for day in (since, since if until is None else until)
    )
    return replace(panel, shares=Shares(np.array([np.nan if since is None else 1_000.0, 1_000.0]), first, last))


@pytest.mark.parametrize(
    ("split", "counted", "is_known"),
    [
        (None, 0, True),
        (-31, 0, True),
        (-30, 0, True),
        (-29, 0, False),
        (0, 0, False),
        (40, 0, False),
        (40, 69, False),
        (40, 70, True),
        (None, -171, False),  # 30 days before that the panel has not begun: who knows
        (None, -170, True),
        (None, None, False),
    ],
)
def test_a_value_is_known_where_no_split_may_have_made_the_count_wrong(
    split: int | None, counted: int | None, is_known: bool
) -> None:
    panel = market(split, counted)
    value, of_none = market_values.newest(panel).tolist()
    assert value == 7_000.0 if is_known else np.isnan(value)
    assert np.isnan(of_none)
    assert np.isnan(market_values.newest(replace(panel, split=None))).all()
    assert np.isnan(market_values.newest(replace(panel, shares=None))).all()


@pytest.mark.parametrize(
    ("split", "until", "is_known"),
    [(-1, 60, True), (0, 30, True), (-11, 20, True), (-9, 20, False), (1, 60, False), (45, 60, False), (80, 60, False)],
)
def test_a_number_that_was_told_for_a_while_is_right_unless_a_split_did_not_change_it(
    split: int, until: int, is_known: bool
) -> None:
    value = market_values.newest(market(split, 0, until))[0]
    assert value == 7_000.0 if is_known else np.isnan(value)


def test_days_before_the_count_have_no_value_whatever_day_is_asked() -> None:
    panel = market(None, 0, 50)
    values = market_values.of_bars(panel)
    assert np.isnan(values[DAYS < TODAY]).all()
    assert (values[DAYS >= TODAY] == 7_000.0).all()
    assert np.isnan(market_values.newest(panel.as_of(TODAY - 1))[0])
    assert market_values.newest(panel.as_of(TODAY))[0] == 7_000.0
    assert market_values.newest(panel.only(np.array([True, False]))).tolist() == [7_000.0]


def test_the_answer_does_not_depend_on_bars_that_were_read_before_the_panel() -> None:
    """A number that is told to this day, and a split long ago that only who reads more bars knows."""
    longer = market(-150, -190, 90)
    assert np.isnan(market_values.newest(longer)[0])
    shorter = longer.since(TODAY - 100)
    assert (
        market_values.newest(shorter)[0]
        == market_values.newest(replace(shorter, split=np.full(2, np.datetime64("NaT", "D"))))[0]
        == 7_000
    )
