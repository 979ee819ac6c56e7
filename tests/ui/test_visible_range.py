"""The range of a chart that is part of its page's address."""

import datetime as dt
from dataclasses import replace
from typing import Any

import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from finance_core.bars import periods
from finance_core.ui import visible_range
from finance_core.ui.visible_range import Range
from tests.ui.test_sketches import ANYTHING, DAYS

VIEW = Range()


@given(st.dictionaries(st.sampled_from(["first", "last", "kind", "points"]), ANYTHING))
def test_a_zoom_that_no_browser_tells_is_none(message: dict[str, Any]) -> None:
    zoomed = visible_range.of_message(message, VIEW, DAYS)
    if zoomed and zoomed.first:
        assert pd.Timestamp(zoomed.first) in DAYS


def test_a_zoom_to_what_a_period_shows_is_that_period_and_another_one_two_days() -> None:
    start = DAYS[periods.period_start(DAYS, "3M")]
    message = {"kind": "zoom", "first": str(start.date()), "last": None}
    assert visible_range.of_message(message, VIEW, DAYS) == replace(VIEW, period="3M")
    middle = message | {"last": str(DAYS[-5].date())}
    assert visible_range.of_message(middle, VIEW, DAYS) == Range(first=start.date(), last=DAYS[-5].date())
    newest = message | {"first": str(DAYS[-7].date())}
    assert visible_range.of_message(newest, VIEW, DAYS) == Range(first=DAYS[-7].date())
    assert visible_range.of_message(message | {"first": None}, VIEW, DAYS) is None
    assert visible_range.of_message(middle | {"last": str(dt.date(1990, 1, 1))}, VIEW, DAYS) is None


def test_a_range_without_any_bar_is_told_and_one_with_a_gap_is_not() -> None:
    first, last, day = DAYS[0].date(), DAYS[-1].date(), dt.timedelta(days=1)
    assert str(first) in Range(first=last + day, last=last + 9 * day).lack(DAYS)
    assert str(last) in Range(first=first - 9 * day, last=first - day).lack(DAYS)
    assert Range(first=last + day).lack(DAYS)
    for shown in (Range(), Range(first=last), Range(first=first - 9 * day, last=first), Range(first=first - day)):
        assert shown.lack(DAYS) == ""


def test_days_with_fewer_bars_than_a_chart_shows_are_told_with_those_that_it_shows() -> None:
    day = DAYS[30].date()
    assert Range(first=day, last=day).visible(DAYS) == (26, 30), "nothing after the chosen day"
    for count, one in ((1, Range(first=day, last=day)), (3, Range(first=DAYS[28].date(), last=day))):
        assert f"{count}개뿐이라 {DAYS[26].date()}부터 {day}까지" in one.widened(DAYS)
    assert "0개" in Range(first=dt.date(2024, 1, 6), last=dt.date(2024, 1, 6)).widened(DAYS)
    for shown in (Range(), Range(period="1W"), Range(first=DAYS[26].date(), last=day), Range(first=DAYS[-5].date())):
        assert shown.widened(DAYS) == ""


def test_a_month_that_the_range_ends_in_is_shown_as_the_one_that_it_begins_in() -> None:
    """The chart ended with the month before, although the button named the day."""
    days = pd.bdate_range("2026-01-01", "2026-11-27")
    ends = days.to_series().groupby(days.to_period("M")).max()
    months = Range(first=dt.date(2026, 3, 10), last=dt.date(2026, 10, 14), interval="M")
    assert months.visible(pd.DatetimeIndex(ends)) == (2, 9)
    assert replace(months, interval="D").visible(days) == (days.get_loc("2026-03-10"), days.get_loc("2026-10-14"))
    zoomed = visible_range.of_message({"first": "2026-03-31", "last": "2026-10-30"}, months, pd.DatetimeIndex(ends))
    assert zoomed
    assert zoomed.visible(pd.DatetimeIndex(ends)) == (2, 9)
