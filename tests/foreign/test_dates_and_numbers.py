"""Days and numbers as other programs write them: read as they are meant, or not at all."""

import datetime as dt
import math
import re
from collections.abc import Sequence
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest
from bson import Decimal128, Int64, ObjectId
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from finance_core.categories import CURRENCIES, KOREAN_STOCKS, US_STOCKS
from finance_core.foreign import dates, numbers, trading_days
from finance_core.foreign.dates import Convention
from finance_core.foreign.trading_days import Exchange
from tests.foreign import generated

ZONES = {"seoul": "Asia/Seoul", "new_york": "America/New_York", "london": "Europe/London", "day": ""}
CENTURIES = pd.date_range("1900-01-01", "2100-12-31")
WEEKDAYS = CENTURIES[CENTURIES.day_of_week < 5]
EPOCH = dt.datetime(1970, 1, 1)


def days_of(
    values: Sequence[Any], zone: str = "", unit: dates.EpochUnit = "s", order: dates.Order = ""
) -> list[dt.date | None]:
    """The days that values are read as; None where they are not."""
    return dates.moments(values, Convention(unit, order), [zone] if zone else []).astype("datetime64[D]").tolist()


def read(values: Sequence[Any], zones: Sequence[str] = tuple(filter(None, ZONES.values()))) -> list[dt.date | None]:
    """The days that values are read as by what they themselves show."""
    return dates.moments(values, dates.convention_of(values), zones).astype("datetime64[D]").tolist()


# Days

TEXTS = ("text", "compact", "compact_number", "slashes", "dots", "iso", "iso_offset")
EPOCHS = ("seconds", "milliseconds", "float_seconds", "text_seconds", "text_milliseconds")


@pytest.mark.sampled(3)
@pytest.mark.slow
@pytest.mark.parametrize("form", [*TEXTS, *EPOCHS, "day", "iso_utc"])
def test_every_day_of_two_centuries_is_read_as_itself(form: str) -> None:
    usual = form in ("text", "seconds", "milliseconds")
    days = [day.date() for day in (CENTURIES if usual else CENTURIES[::11])]
    values = [generated.date_of(day, form, KOREAN_STOCKS) for day in days]
    assert days_of(values, unit=dates.epoch_unit(values)) == days


@pytest.mark.slow
@pytest.mark.parametrize("form", ["timed", "iso_offset"])
@pytest.mark.parametrize("category", [KOREAN_STOCKS, US_STOCKS, CURRENCIES], ids=lambda category: category.key)
def test_a_bar_of_the_close_is_of_the_day_there(form: str, category: Any) -> None:
    exchange = trading_days.exchange_of(category, category.markets[0].key)
    days = [day.date() for day in WEEKDAYS[(WEEKDAYS >= "2010-01-01") & (WEEKDAYS < "2020-01-01")]]
    closed = set(trading_days.closed_days(np.array(days, "datetime64[D]"), exchange.calendar).tolist())
    days = [day for day in days if day not in closed]
    written = dates.written([generated.date_of(day, form, category) for day in days])
    assert trading_days.read(*written, exchange).days.tolist() == days


@pytest.mark.parametrize("form", ["seoul", "new_york", "london"])
def test_a_midnight_of_any_zone_that_is_kept_in_utc_is_the_day_there(form: str) -> None:
    days = [day.date() for day in WEEKDAYS[::11]]
    values = [generated.date_of(day, form, KOREAN_STOCKS) for day in days]
    assert days_of(values, ZONES[form]) == days


@pytest.mark.parametrize("form", ["seoul", "new_york", "london"])
@pytest.mark.parametrize("first", ["1955-01-03", "1987-03-02", "2024-03-04", "2024-10-28"])
@pytest.mark.parametrize("write", [lambda moment: moment, lambda moment: (moment - EPOCH) // dt.timedelta(seconds=1)])
def test_the_zone_of_midnights_shows_in_a_few_weeks(form: str, first: str, write: Any) -> None:
    days = [day.date() for day in pd.bdate_range(first, periods=30)]
    values = [write(generated.date_of(day, form, KOREAN_STOCKS)) for day in days]
    assert read(values) == days


def test_clocks_in_new_york_are_put_forward_and_back_without_losing_a_day() -> None:
    for year in range(1967, 2026, 3):
        for month in (3, 4, 10, 11):
            days = [day.date() for day in pd.bdate_range(f"{year}-{month:02}-01", periods=21)]
            for form in ("new_york", "london"):
                values = [generated.date_of(day, form, US_STOCKS) for day in days]
                assert days_of(values, ZONES[form]) == days, (year, month, form)


def test_midnights_of_a_zone_beside_plain_days_are_both_read() -> None:
    days = [day.date() for day in pd.bdate_range("2023-01-02", periods=200)]
    values = [generated.date_of(day, "seoul" if day.day % 3 else "day", KOREAN_STOCKS) for day in days]
    assert read(values) == days


@settings(deadline=None, max_examples=150)
@given(day=st.dates(dt.date(1900, 1, 1), dt.date(2100, 12, 31)), clock=st.times(), form=st.sampled_from(["T", " "]))
def test_a_text_with_a_clock_is_the_day_that_it_says(day: dt.date, clock: dt.time, form: str) -> None:
    moment = dt.datetime.combine(day, clock)
    offset = moment.replace(tzinfo=dt.timezone(dt.timedelta(hours=-5)))
    compact = f"{day.year:04}{moment:%m%d%H%M}"
    values = [moment.isoformat(form), moment.isoformat(form, "seconds"), offset.isoformat(), compact, int(compact)]
    values += [f"{compact}{clock:%S}", int(f"{compact}{clock:%S}")]
    assert days_of(values, "Asia/Seoul") == [day] * len(values)


@settings(deadline=None, max_examples=150)
@given(
    moment=st.datetimes(dt.datetime(1900, 1, 2), dt.datetime(2100, 12, 30)),
    zone=st.sampled_from(["Asia/Seoul", "America/New_York", "Europe/London"]),
)
def test_a_moment_in_utc_is_the_day_that_it_is_in_the_zone(moment: dt.datetime, zone: str) -> None:
    there = moment.replace(tzinfo=dt.UTC).astimezone(ZoneInfo(zone)).date()
    read, is_utc, _is_naive = dates.written([moment, f"{moment.isoformat()}Z", moment.replace(tzinfo=dt.UTC)])
    local = trading_days.in_zone(read, is_utc, Exchange(zone, "24/5"))
    assert local.astype("datetime64[D]").tolist() == [there] * 3


@pytest.mark.parametrize(
    "text",
    [
        *("2024-01-02 0:00", "2024/1/2 0:00", "2024-01-02 9:00:00", "2024-01-02 9:00:00.5", "2024-01-02T9:00"),
        *("2024-01-02 오전 12:00:00", "2024. 1. 2. 오후 3:30:00", "2024년 1월 2일 오후 12:00"),
        *("2024-01-02 12:00:00 AM", "2024-01-02 3:30 pm"),
        *("2024-01-02(화)", "2024-01-02 (Tue)", "2024.01.02 (화)", "2024년 1월 2일 화요일", "2024-01-02(화) 15:30"),
        *("24년 1월 2일", "24년 01월 02일(화)"),
        *("Jan 02, 2024", "Jan. 2, 2024", "January 2, 2024", "JAN 02 2024", "Tuesday, January 2, 2024"),
        *("02-Jan-2024", "2-Jan-2024", "2 January 2024", "02 Jan 2024", "Tue, 02 Jan 2024", "02-Jan-2024 3:30 PM"),
        *("Tue, 02 Jan 2024 00:00:00 GMT", "20240102.0"),
    ],
)
def test_a_day_in_words_is_the_day_that_they_say(text: str) -> None:
    assert days_of([text]) == days_of([f" {text} "]) == [dt.date(2024, 1, 2)]
    assert dates.is_date(text)
    assert dates.are_sure([text])


@pytest.mark.parametrize("text", ["1/25/2024 12:00:00 AM", "25/1/2024 0:00", "2024/1/25 오전 12:00", "1/25/24 3:30 PM"])
def test_an_ordered_day_may_have_any_clock_time(text: str) -> None:
    assert read([text]) == [dt.date(2024, 1, 25)]


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2024-01-02 오전 12:30", "2024-01-02T00:30"),
        ("2024-01-02 오후 12:30", "2024-01-02T12:30"),
        ("2024-01-02 오전 9:05:07", "2024-01-02T09:05:07"),
        ("1/31/2024 11:59:59 PM", "2024-01-31T23:59:59"),
        ("Mon, 01 Jan 2024 15:00:00 GMT", "2024-01-01T15:00"),
        ("2024-01-02 9:00+09:00", "2024-01-02T09:00"),
    ],
)
def test_a_clock_time_in_words_is_the_one_that_they_say(text: str, moment: str) -> None:
    (read,), (is_utc,), _naive = dates.written([text], dates.convention_of([text]))
    assert (read, is_utc) == (np.datetime64(moment), text.endswith("GMT"))


def test_a_midnight_of_seoul_as_http_writes_it_is_the_day_there() -> None:
    assert days_of(["Mon, 01 Jan 2024 15:00:00 GMT"], "Asia/Seoul") == [dt.date(2024, 1, 2)]


def test_every_day_in_words_is_read_as_itself() -> None:
    days = [day.date() for day in CENTURIES[::97]]
    for form in ("%b %d, %Y", "%d-%b-%Y", "%d %B %Y", "%a, %d %b %Y 00:00:00 GMT", "%Y-%m-%d (%a)", "%A, %B %d, %Y"):
        assert days_of([day.strftime(form) for day in days]) == days


def test_another_form_of_date_is_one_row(monkeypatch: pytest.MonkeyPatch) -> None:
    day_first = re.compile(r"(?P<day>\d{2})\|(?P<month>\d{2})\|(?P<year>\d{4})(?P<clock>)")
    monkeypatch.setattr(dates, "TEXTS", (*dates.TEXTS, day_first))
    assert days_of(["05|03|2024"]) == [dt.date(2024, 3, 5)]


# Epochs


def test_a_century_of_milliseconds_is_told_from_seconds() -> None:
    days = [day.date() for day in pd.bdate_range("1926-01-04", "2026-11-20")]
    values = [generated.date_of(day, "milliseconds", KOREAN_STOCKS) for day in days]
    assert min(values) < 0 < max(values)
    assert dates.epoch_unit(values) == "ms"
    assert days_of(values, unit="ms") == days


@pytest.mark.parametrize("first", ["1966-01-03", "1969-06-02", "1970-02-02", "1972-12-01", "1973-06-01"])
@pytest.mark.parametrize("form", ["seoul", "new_york", "day"])
def test_milliseconds_around_1970_are_no_seconds(first: str, form: str) -> None:
    days = [day.date() for day in pd.bdate_range(first, "1974-12-31")]
    moments = [generated.date_of(day, form, KOREAN_STOCKS) for day in days]
    assert read([(moment - EPOCH) // dt.timedelta(milliseconds=1) for moment in moments]) == days


_days = st.lists(st.dates(dt.date(1900, 1, 1), dt.date(2100, 12, 31)), max_size=30)


@pytest.mark.slow
@settings(deadline=None, max_examples=200)
@given(in_seconds=_days, in_milliseconds=_days)
def test_seconds_and_milliseconds_in_one_collection_are_never_misread(
    in_seconds: list[dt.date], in_milliseconds: list[dt.date]
) -> None:
    """But for milliseconds of early 1970 alone, which look like any seconds, and of ten days of 1975 and 1976 alone.

    Those look like days with a clock time: 180403200000 is 1975-09-20, or 1804-03-20 00:00.
    """
    early = (dt.date(1969, 10, 9), dt.date(1970, 3, 26))
    others = [day for day in in_milliseconds if not early[0] <= day <= early[1]]
    values = [generated.date_of(day, "seconds", KOREAN_STOCKS) for day in in_seconds]
    values += [generated.date_of(day, "milliseconds", KOREAN_STOCKS) for day in others]
    are_digits = [not pd.isna(pd.to_datetime(str(value), format="%Y%m%d%H%M", errors="coerce")) for value in values]
    assume(not values or not all(are_digits))
    days = read(values)
    for value, day, found in zip(values, [*in_seconds, *others], days, strict=True):
        ambiguous = value % dates.QUARTER_HOUR == 0 and abs(value) < dates.EPOCH_SECONDS_LIMIT
        assert found == day or (ambiguous and found is None), value


def test_a_count_of_seconds_that_is_repeated_is_no_more_evidence_of_milliseconds() -> None:
    seconds = generated.date_of(dt.date(2075, 10, 2), "seconds", KOREAN_STOCKS)
    assert seconds % dates.QUARTER_HOUR == 0  # by chance
    values = [seconds, seconds, seconds, generated.date_of(dt.date(1973, 1, 1), "milliseconds", KOREAN_STOCKS)]
    assert read(values)[:3] == [None] * 3


def test_seconds_and_milliseconds_of_the_same_years_are_all_read() -> None:
    days = [day.date() for day in pd.bdate_range("1990-01-01", "2026-11-20")]
    values = [generated.date_of(day, "seconds" if day.day % 2 else "milliseconds", KOREAN_STOCKS) for day in days]
    assert dates.epoch_unit(values) == ""
    assert read(values) == days


@pytest.mark.parametrize("unit", ["s", "ms", "", "?"])
def test_digits_of_a_day_are_no_count(unit: str) -> None:
    days = [day.date() for day in CENTURIES[::17]]
    values = [generated.date_of(day, "compact_number", KOREAN_STOCKS) for day in days]
    assert days_of(values, unit=unit) == days
    assert dates.epoch_unit(values) == "s"


# What is none

GARBAGE = [
    None,
    "",
    " ",
    "someday",
    "N/A",
    "2024",
    "2024-13-01",
    "2024-02-30",
    "20240230",
    "20240230.0",
    "20240102.5",
    "00593000.0",
    "2024-01-02(수)",
    "2024-01-02 (x)",
    "Wed, 02 Jan 2024 00:00:00 GMT",
    "2024-01-02 오전 13:00",
    "2024-01-02 0:00 PM",
    "2024-01-02 24:30",
    "2024-01-02 9",
    "02-Jan-24",
    "Jan 2024",
    "Janu 02, 2024",
    "30 Feb 2024",
    "Foo 02, 2024",
    20240230,
    20241301,
    "01/02/2024",
    "02-01-2024",
    "1.2.2024",
    240102,
    "240102",
    1,
    2,
    12345,
    10**20,
    -(10**20),
    10**13,
    10**16,
    math.nan,
    math.inf,
    -math.inf,
    True,
    False,
    pd.NaT,
    dt.datetime(1, 1, 1),
    dt.datetime(9999, 12, 31),
    "0000-00-00",
    "0001-01-01",
    "9999-12-31",
    b"2024-01-02",
    ["2024-01-02"],
    {"day": 2},
    ObjectId("64a1b2c3d4e5f60718293a4b"),
    Decimal128("20240102.5"),
    dt.time(9),
]


@pytest.mark.parametrize("value", GARBAGE, ids=repr)
@pytest.mark.parametrize("unit", ["s", "ms", "", "?"])
def test_what_is_no_day_is_never_guessed(value: Any, unit: str) -> None:
    assert days_of([value], unit=unit) == [None]
    assert days_of([value, dt.datetime(2024, 1, 2)], "Asia/Seoul", unit) == [None, dt.date(2024, 1, 2)]
    dates.epoch_unit([value, 5])


@settings(deadline=None, max_examples=150)
@given(
    value=st.text() | st.binary() | st.floats() | st.integers() | st.booleans() | st.none(),
    unit=st.sampled_from(["s", "ms", "", "?"]),
)
def test_reading_never_fails_and_stays_within_the_years(value: Any, unit: str) -> None:
    (day,) = days_of([value], "Asia/Seoul", unit)
    assert day is None or 1799 < day.year < 2201
    assert numbers.numbers([value]).shape == (1,)


# Numbers


@pytest.mark.parametrize(
    ("value", "number"),
    [
        (72300, 72300.0),
        (Int64(72300), 72300.0),
        (72300.5, 72300.5),
        ("72300", 72300.0),
        ("72,300", 72300.0),
        ("1,234,567.25", 1234567.25),
        ("1,23,456", 123456.0),
        (" 72 300 ", 72300.0),
        ("72\u00a0300", 72300.0),
        ("₩72,300", 72300.0),
        ("$1,234.50", 1234.5),
        ("72,300원", 72300.0),
        ("-0.5", -0.5),
        ("1e5", 100000.0),
        (Decimal128("72300.10"), 72300.1),
        (None, math.nan),
        (math.nan, math.nan),
        (Decimal128("NaN"), math.nan),
        ("", math.nan),
        ("-", math.nan),
        ("N/A", math.nan),
        ("1,5", math.nan),
        ("0,123", math.nan),
        ("72.300,50", math.nan),
        ("1,2345", math.nan),
        ("1 2", math.nan),
        ("2:1", math.nan),
        ("2024/01", math.nan),
        ("1.5K", 1500.0),
        ("12.1M", 12_100_000.0),
        ("12,5M", math.nan),
        ("12,13M", math.nan),
        ("2b", 2e9),
        ("1,234주", 1234.0),
        ("1,234만 주", 12_340_000.0),
        ("1억 2,345만", 123_450_000.0),
        ("3조 1억 5", 3_000_100_000_005.0),
        ("-3.4K", -3400.0),
        ("만", math.nan),
        ("12M5K6", 12_005_006.0),
        ("1.2.3M", math.nan),
        (True, math.nan),
        ([72300], math.nan),
        ({"close": 1}, math.nan),
        (dt.datetime(2024, 1, 2), math.nan),
        (ObjectId("64a1b2c3d4e5f60718293a4b"), math.nan),
        (b"72300", math.nan),
    ],
    ids=repr,
)
def test_a_number_is_read_as_it_is_written_or_not_at_all(value: Any, number: float) -> None:
    for values in ([value], [value, None], [value, "1,000"], [value, 1.0]):
        np.testing.assert_array_equal(numbers.numbers(values)[0], number)


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ("72,300", "either"),
        ("₩72,300", "either"),
        ("-1,234", "either"),
        ("1,234,567", "thousands"),
        ("1,234.5", "thousands"),
        ("1,23,456", "thousands"),
        ("987.5", "thousands"),
        ("1 234 567", "decimals"),
        ("1\u00a0234", "decimals"),
        ("149,554.", "either"),
        ("149,5", "decimals"),
        ("0,123", "decimals"),
        ("1.234,56", "decimals"),
        ("72300,554", "decimals"),
        ("1.234", None),
        ("1,234만", None),
        ("2,", None),
        ("987", None),
        (987.5, None),
        (None, None),
    ],
)
def test_a_number_shows_what_its_commas_separate(value: Any, kind: numbers.Comma | None) -> None:
    masks = numbers.commas([value, "1"])
    assert [name for name, mask in masks.items() if mask[0]] == [kind] * bool(kind)
    assert not any(mask[1] for mask in masks.values())


def test_a_split_may_be_a_ratio() -> None:
    values = ["2:1", "1/50", "3", 0.2, None, "2:0", "a:b"]
    read = numbers.numbers(values, ratios=True)
    np.testing.assert_array_equal(read, [2.0, 0.02, 3.0, 0.2, math.nan, math.nan, math.nan])


@settings(deadline=None, max_examples=150)
@given(st.floats(0, 1e15, allow_nan=False), st.integers(0, 10**15))
def test_whatever_python_writes_is_read_back(price: float, volume: int) -> None:
    values = [repr(price), f"{price:,.4f}", f"{volume:,}", str(volume), Decimal128(repr(price))]
    assert numbers.numbers(values).tolist() == [price, float(f"{price:.4f}"), float(volume), float(volume), price]
