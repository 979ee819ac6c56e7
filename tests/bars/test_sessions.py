"""Which days are sessions, and which of them are over; as the Korea Exchange really kept them."""

import datetime as dt
import io
import subprocess
import sys
import textwrap
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from zoneinfo import ZoneInfo

import pandas as pd
import pytest

from finance_core.bars import sessions

SEOUL = ZoneInfo("Asia/Seoul")
FRIDAY = dt.date(2026, 11, 20)


def at(day: str, clock: str) -> dt.datetime:
    return dt.datetime.fromisoformat(f"{day}T{clock}").replace(tzinfo=SEOUL)


@pytest.mark.parametrize(
    "closed",
    [
        "2026-01-01",  # New Year's Day
        "2025-12-31",  # the last day of the year
        "2025-10-06",  # Chuseok
        "2024-02-12",  # a substitute for the Lunar New Year
        "2025-05-01",  # Labour Day
        "2025-06-03",  # an election
        "2026-11-21",  # a Saturday
        "2026-11-22",  # a Sunday
    ],
)
def test_the_korea_exchange_is_closed_on_weekends_and_holidays(closed: str) -> None:
    day = dt.date.fromisoformat(closed)
    assert sessions.between("XKRX", day, day).empty


def test_the_sessions_between_two_days_include_both() -> None:
    found = sessions.between("XKRX", dt.date(2025, 10, 2), dt.date(2025, 10, 13))

    # October 3 is a holiday, Chuseok takes 6 to 8 and Hangul Day the 9th.
    assert found.tolist() == [pd.Timestamp(2025, 10, day) for day in (2, 10, 13)]
    assert found.tz is None


def test_there_are_no_sessions_where_the_calendar_does_not_reach_or_the_days_are_turned_round() -> None:
    for first, last in [
        (dt.date(1990, 1, 1), dt.date(1990, 12, 31)),
        (dt.date(2100, 1, 1), dt.date(2100, 12, 31)),
        (dt.date(2025, 10, 13), dt.date(2025, 10, 2)),
    ]:
        none = sessions.between("XKRX", first, last)
        assert none.empty
        assert none.dtype == sessions.between("XKRX", FRIDAY, FRIDAY).dtype


def test_the_exchange_says_its_time_zone() -> None:
    assert sessions.timezone("XKRX") == "Asia/Seoul"


@pytest.mark.parametrize(
    ("moment", "last"),
    [
        (at("2026-11-20", "08:59"), "2026-11-19"),
        (at("2026-11-20", "09:00"), "2026-11-19"),
        (at("2026-11-20", "15:29:59"), "2026-11-19"),
        (at("2026-11-20", "15:30"), "2026-11-20"),
        (at("2026-11-20", "23:59"), "2026-11-20"),
        (at("2026-11-23", "00:00"), "2026-11-20"),  # over the weekend
        (at("2025-10-09", "18:00"), "2025-10-02"),  # over Chuseok
    ],
)
@pytest.mark.parametrize("zone", ["Asia/Seoul", "UTC", "America/New_York", "Pacific/Kiritimati"])
def test_a_session_is_finished_from_its_close_on_wherever_the_clock_is(
    moment: dt.datetime, last: str, zone: str
) -> None:
    elsewhere = moment.astimezone(ZoneInfo(zone))
    assert sessions.last_finished("XKRX", elsewhere) == pd.Timestamp(last)
    assert sessions.last_finished("XKRX", elsewhere).tz is None


@pytest.mark.parametrize(
    ("day", "close"),
    [
        ("2019-11-14", "16:30"),  # known to the library
        ("2024-11-14", "16:30"),
        ("2025-11-13", "16:30"),
        ("2026-11-12", "15:30"),
        ("2026-11-18", "15:30"),
        ("2026-11-19", "16:30"),
        ("2026-11-20", "15:30"),
        ("2027-11-11", "16:30"),  # either may be the day
        ("2027-11-18", "16:30"),
        ("2027-11-25", "15:30"),
    ],
)
def test_seoul_closes_an_hour_later_on_the_day_of_the_entrance_exam(day: str, close: str) -> None:
    moment = at(day, close)
    assert sessions.close_of("XKRX", dt.date.fromisoformat(day)) == moment.astimezone(dt.UTC).replace(tzinfo=None)
    before = sessions.last_finished("XKRX", moment - dt.timedelta(seconds=1))
    assert (before, sessions.last_finished("XKRX", moment)) == (before, pd.Timestamp(day))
    assert before < pd.Timestamp(day)
    assert sessions.timezone("XKRX") == "Asia/Seoul"


def test_a_moment_without_a_time_zone_is_refused() -> None:
    with pytest.raises(TypeError):
        sessions.last_finished("XKRX", dt.datetime(2026, 11, 20, 12))


@pytest.mark.parametrize(
    ("last_bar", "moment", "behind"),
    [
        ("2026-11-20", at("2026-11-20", "15:30"), 0),
        ("2026-11-19", at("2026-11-20", "15:29"), 0),
        ("2026-11-19", at("2026-11-20", "15:30"), 1),
        ("2026-11-20", at("2026-11-22", "12:00"), 0),  # a weekend is not behind
        ("2026-11-20", at("2026-11-20", "10:00"), 0),  # nor is the running session's bar ahead
        ("2025-10-02", at("2025-10-13", "16:00"), 2),
        ("2024-11-20", at("2024-12-20", "16:00"), 22),
    ],
)
def test_behind_counts_the_finished_sessions_after_the_last_bar(
    last_bar: str, moment: dt.datetime, behind: int
) -> None:
    assert sessions.behind("XKRX", dt.date.fromisoformat(last_bar), moment) == behind
    assert sessions.behind("XKRX", pd.Timestamp(last_bar), moment) == behind


@pytest.mark.slow
def test_the_calendar_of_korea_is_that_of_its_library_though_it_is_built_in_another_way() -> None:
    alone = """
        import sys, warnings
        import exchange_calendars
        warnings.simplefilter("ignore")
        sys.stdout.buffer.write(exchange_calendars.get_calendar("XKRX").closes.to_frame("close").to_parquet())
    """
    process = subprocess.run([sys.executable, "-c", textwrap.dedent(alone)], capture_output=True, check=True)
    plain = pd.read_parquet(io.BytesIO(process.stdout))
    pd.testing.assert_frame_equal(sessions._build("XKRX"), plain, check_freq=False)


def test_a_crowd_that_comes_at_once_has_a_calendar_built_once_for_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("FINANCE_DATA_DIR", str(tmp_path))
    build, built = sessions._build, []

    def counted(name: str) -> pd.DataFrame:
        built.append(name)
        time.sleep(0.05)
        return build(name)

    monkeypatch.setattr(sessions, "_build", counted)
    sessions._of_month.cache_clear()
    try:
        with ThreadPoolExecutor(8) as crowd:
            found = list(crowd.map(sessions.days, ["24/7"] * 8))
    finally:
        sessions._of_month.cache_clear()
    assert built == ["24/7"]
    assert all((days == found[0]).all() for days in found)
    assert caplog.records == []


def test_the_bars_that_will_follow_stand_on_sessions_and_end_where_the_calendar_does() -> None:
    days = sessions.following("XKRX", dt.date(2026, 2, 12), "D", 3)
    assert [str(day.date()) for day in days] == ["2026-02-13", "2026-02-19", "2026-02-20"], "not at Seollal"
    weeks = sessions.following("XKRX", dt.date(2026, 2, 9), "W", 2)
    assert [str(day.date()) for day in weeks] == ["2026-02-20", "2026-02-27"], (
        "after the week of the bar, their last sessions"
    )
    months = sessions.following("XKRX", dt.date(2026, 1, 5), "M", 500)
    assert str(months[0].date()) == "2026-02-27"
    end = pd.Timestamp(sessions.days("XKRX")[-1])
    assert len(months) < 500
    assert months[-1].to_period("M") < end.to_period("M"), "none of a month that the calendar does not reach the end of"
    assert sessions.following("XKRX", end.date(), "D", 3).empty
    assert sessions.following("XKRX", dt.date(1985, 1, 2), "D", 3).empty, "it does not reach back so far"
