"""The days of a ticker are told by its own rows and its exchange's sessions, whatever zone they were kept in."""

import datetime as dt
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest

from finance_core.bars import sessions
from finance_core.errors import SisepanError
from finance_core.foreign import trading_days
from finance_core.foreign.trading_days import EXCHANGES, Exchange

SEOUL = Exchange("Asia/Seoul", "XKRX")


def trading(exchange: Exchange, first: str = "2023-03-01", last: str = "2024-02-29") -> pd.DatetimeIndex:
    return sessions.between(exchange.calendar, dt.date.fromisoformat(first), dt.date.fromisoformat(last))


def kept_in_utc(days: pd.DatetimeIndex, zone: str, clock: str = "00:00") -> np.ndarray:
    hours, minutes = map(int, clock.split(":"))
    local = [day.replace(hour=hours, minute=minutes, tzinfo=ZoneInfo(zone)) for day in days.to_pydatetime()]
    return np.array([moment.astimezone(dt.UTC).replace(tzinfo=None) for moment in local], dtype="datetime64[ns]")


def read(moments: np.ndarray, own: Exchange | None = None, kind: str = "utc") -> trading_days.Reading:
    everywhere, nowhere = np.ones(len(moments), dtype=bool), np.zeros(len(moments), dtype=bool)
    masks = {"utc": (everywhere, nowhere), "naive": (nowhere, everywhere), "local": (nowhere, nowhere)}
    return trading_days.read(moments, *masks[kind], own)


@pytest.mark.sampled(5)
@pytest.mark.parametrize("exchange", EXCHANGES, ids=lambda exchange: exchange.calendar)
@pytest.mark.parametrize("is_known", [True, False])
def test_midnights_of_any_exchange_are_its_days_whether_it_is_known_or_not(exchange: Exchange, is_known: bool) -> None:
    days = trading(exchange)
    reading = read(kept_in_utc(days, exchange.zone), exchange if is_known else None)
    assert reading.days.tolist() == [day.date() for day in days]


@pytest.mark.parametrize("kind", ["utc", "naive", "local"])
def test_days_as_they_stand_stay(kind: str) -> None:
    days = trading(SEOUL)
    assert read(days.to_numpy(), SEOUL, kind).days.tolist() == [day.date() for day in days]


def test_naive_text_in_utc_is_told_by_the_sundays_it_would_have() -> None:
    days = trading(SEOUL)
    assert read(kept_in_utc(days, "Asia/Seoul"), SEOUL, "naive").days.tolist() == [day.date() for day in days]


def test_a_clock_time_of_the_exchange_changes_no_day() -> None:
    days = trading(SEOUL)
    at_the_close = days.to_numpy() + np.timedelta64(930, "m")
    assert read(at_the_close, SEOUL, "naive").days.tolist() == [day.date() for day in days]


OLD = pd.bdate_range("1997-01-06", "2004-12-30")
"""Days before the calendars begin."""


@pytest.mark.parametrize("days_off", [-1, 1])
def test_before_the_calendar_days_off_are_told_by_their_sundays_and_saturdays(days_off: int) -> None:
    off = (OLD[OLD.year >= 2000] + pd.Timedelta(days=days_off)).to_numpy()
    with pytest.raises(SisepanError) as refused:
        read(off, SEOUL, "local")
    assert refused.value.message == trading_days.NONE_FITS


def test_before_the_calendar_midnights_in_utc_are_the_days_of_the_exchange() -> None:
    kept = kept_in_utc(OLD, "Asia/Seoul")
    assert read(kept, SEOUL, "naive").days.tolist() == [day.date() for day in OLD]


def test_seoul_traded_on_saturdays_until_1998() -> None:
    days = pd.date_range("1997-01-06", "1998-12-05")
    days = days[days.day_name() != "Sunday"]
    assert read(days.to_numpy(), SEOUL, "local").days.tolist() == [day.date() for day in days]
    with pytest.raises(SisepanError):
        read((days + pd.Timedelta(days=365 * 7)).to_numpy(), SEOUL, "local")


def test_days_since_1970_are_no_days_of_a_spreadsheet() -> None:
    of_2025 = trading(SEOUL, "2025-01-02", "2025-10-01").to_numpy().astype("datetime64[D]").astype(int)
    as_spreadsheets_count = np.datetime64("1899-12-30") + of_2025.astype("timedelta64[D]")
    with pytest.raises(SisepanError):
        read(as_spreadsheets_count.astype("datetime64[ns]"), SEOUL, "local")


def test_days_on_which_the_exchange_was_closed_are_refused_and_one_is_named() -> None:
    days = trading(SEOUL) - pd.Timedelta(days=1)
    with pytest.raises(SisepanError) as refused:
        read(days.to_numpy(), SEOUL)
    assert "XKRX" in str(refused.value)
    assert "2023-" in str(refused.value)


def test_what_fits_two_ways_is_refused_where_the_exchange_is_not_known() -> None:
    (moment,) = kept_in_utc(pd.DatetimeIndex(["2024-01-10"]), "Asia/Seoul")
    with pytest.raises(SisepanError) as refused:
        read(np.array([moment]))
    assert "2024-01-09" in str(refused.value)
    assert "2024-01-10" in str(refused.value)
    assert read(np.array([moment]), SEOUL).days.tolist() == [dt.date(2024, 1, 10)]


def test_one_odd_session_in_a_year_is_no_reason_to_refuse() -> None:
    days = trading(SEOUL).append(pd.DatetimeIndex(["2023-05-06"])).sort_values()
    assert read(days.to_numpy(), SEOUL).closed == 1


@pytest.mark.parametrize("days_off", [-1, 1])
@pytest.mark.parametrize("rows", [slice(-60, None), slice(0, 60), slice(1_000, 1_060)])
@pytest.mark.parametrize("exchange", [SEOUL, Exchange("America/New_York", "XNYS"), Exchange("", "24/5"), None])
def test_days_off_in_a_small_part_of_a_long_history_are_told_by_its_weekends(
    exchange: Exchange | None, rows: slice, days_off: int
) -> None:
    days = trading(exchange or SEOUL, "1999-01-04" if exchange else "2012-01-02", "2024-12-30").to_numpy().copy()
    assert len(read(days, exchange, "local").days) == len(days)
    days[rows] += np.timedelta64(days_off, "D")
    with pytest.raises(SisepanError) as refused:
        read(np.random.default_rng(1).permutation(np.unique(days)), exchange, "local")
    assert refused.value.message == trading_days.CROWDED


def test_single_odd_sessions_and_filled_days_of_a_long_history_are_no_reason_to_refuse() -> None:
    days = trading(SEOUL, "2012-01-02", "2024-12-30").to_numpy()
    odd = np.arange("2020-02-01", "2020-02-22", 7, dtype="datetime64[D]").astype("datetime64[ns]")
    assert read(np.sort(np.append(days, odd)), SEOUL, "local").closed == 3
    saturdays = np.arange("2020-02-01", "2020-04-25", 7, dtype="datetime64[D]").astype("datetime64[ns]")
    assert read(np.sort(np.append(days, saturdays)), SEOUL, "local").closed == 12, "beside whole weeks"
    every_day = np.arange("2012-01-02", "2024-12-31", dtype="datetime64[D]").astype("datetime64[ns]")
    nowhere = np.zeros(len(every_day), dtype=bool)
    assert trading_days.read(every_day, nowhere, nowhere, SEOUL, ~np.isin(every_day, days)).closed == 0
