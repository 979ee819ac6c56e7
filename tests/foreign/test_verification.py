"""Stored bars are verified by code that shares nothing with the code that read them."""

import datetime as dt
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd
import pytest
from bson import Decimal128

from finance_core.bars import sessions
from finance_core.foreign import verification
from finance_core.foreign.trading_days import Exchange
from finance_core.foreign.verification import Checks, RawRow

SEOUL = Exchange("Asia/Seoul", "XKRX")
DAY = dt.date(2024, 1, 3)
DAYS = sessions.between("XKRX", dt.date(2024, 1, 2), dt.date(2024, 3, 29))
SEOUL_MIDNIGHT = dt.datetime(2024, 1, 2, 15)


def closes(days: pd.DatetimeIndex = DAYS) -> "pd.Series[float]":
    return pd.Series(71200.0, index=days)


@pytest.mark.parametrize(
    "written",
    [
        DAY,
        dt.datetime(2024, 1, 3),
        SEOUL_MIDNIGHT,
        dt.datetime(2024, 1, 3, tzinfo=ZoneInfo("Asia/Seoul")),
        "2024-01-03",
        "2024-01-02 15:00:00",
        "2024년 1월 3일",
        "03/01/2024",
        "24.01.03",
        "20240103",
        20240103,
        int(SEOUL_MIDNIGHT.replace(tzinfo=dt.UTC).timestamp()),
        int(SEOUL_MIDNIGHT.replace(tzinfo=dt.UTC).timestamp()) * 1000,
        (DAY - dt.date(1899, 12, 30)).days,
    ],
    ids=repr,
)
def test_a_day_in_any_form_is_found_among_the_stored_ones_and_missed_if_it_is_not(written: Any) -> None:
    checks = Checks()
    assert verification.is_true(closes(), (RawRow(written, 71200),), SEOUL, checks)
    assert (checks.rows, checks.days, checks.closed) == (1, len(DAYS), 0)
    later = DAYS[pd.Timestamp("2024-03-10") < DAYS]
    assert not verification.is_true(closes(later), (RawRow(written, 71200),), SEOUL, Checks())


@pytest.mark.parametrize(
    "written", [71200, 71200.0, "71,200", "71.200", "-71200", "₩71,200원", Decimal128("71200.00")], ids=repr
)
def test_a_price_in_any_form_is_the_stored_one_and_another_is_not(written: Any) -> None:
    assert verification.is_true(closes(), (RawRow(DAY, written),), SEOUL, Checks())
    assert not verification.is_true(closes() + 100, (RawRow(DAY, written),), SEOUL, Checks())


def test_days_a_day_early_are_found_by_the_calendar_alone() -> None:
    checks = Checks()
    assert not verification.is_true(closes(DAYS - pd.Timedelta(days=1)), (), SEOUL, checks)
    assert checks.closed > 10


def test_before_the_calendar_days_a_day_early_are_found_by_their_sundays() -> None:
    days = pd.bdate_range("2001-01-02", periods=300)
    checks = Checks()
    assert not verification.is_true(closes(days - pd.Timedelta(days=1)), (), SEOUL, checks)
    assert (checks.days, checks.closed) == (0, 60)
    assert verification.is_true(closes(days), (), SEOUL, Checks())


@pytest.mark.parametrize(
    ("written", "close"),
    [
        ("5만800원", 50800),
        ("12만5900원", 125900),
        ("12만 50원", 120050),
        ("-1만5", 10005),
        ("1억 45만", 100450000),
        ("5.08만", 50800),
        ("3천200", 3200),
    ],
)
def test_a_price_with_korean_units_is_the_stored_one_and_another_is_not(written: str, close: float) -> None:
    assert verification.is_true(closes() * 0 + close, (RawRow(DAY, written),), SEOUL, Checks())
    assert not verification.is_true(closes() * 0 + close * 1.01, (RawRow(DAY, written),), SEOUL, Checks())
