"""The daily schedule: when an update is due by the exchanges' calendars, and that it then really runs, once."""

import datetime as dt
from zoneinfo import ZoneInfo

import pandas as pd
import pytest

from finance_core import background
from finance_core.categories import CURRENCIES, INDICES, KOREAN_STOCKS, US_STOCKS, Category
from finance_core.storage import documents, locations, prices, runs, schedule, tickers
from finance_core.storage.database import MongoDatabase
from tests.processes import wait_until
from tests.yahoo import Listing, YahooStandIn, random_walk
from updaters import category_update, scheduler

SEOUL, NEW_YORK = ZoneInfo("Asia/Seoul"), ZoneInfo("America/New_York")
LONG_AGO = dt.datetime(2020, 1, 1)
DAYS = pd.bdate_range("2024-01-02", periods=60)


def at(moment: str, zone: ZoneInfo = SEOUL) -> dt.datetime:
    return dt.datetime.fromisoformat(moment).replace(tzinfo=zone)


def utc(moment: str, zone: ZoneInfo = SEOUL) -> dt.datetime:
    """The moment as MongoDB has it."""
    return at(moment, zone).astimezone(dt.UTC).replace(tzinfo=None)


def due_at(moment: str, *, since: dt.datetime = LONG_AGO, last: dt.datetime | None = None) -> bool:
    return schedule.is_due(KOREAN_STOCKS, since, last, at(moment))


# When


@pytest.mark.parametrize(
    ("moment", "due"),
    [
        ("2026-11-20T15:30", False),  # the exchange has just closed
        ("2026-11-20T16:09:59", False),
        ("2026-11-20T16:10", True),
        ("2026-11-20T23:59", True),
        ("2026-11-21T12:00", True),  # Saturday: the app was started late, and Friday's is still due
        ("2026-11-19T15:00", False),  # a session in which this day's run is not due yet
        ("2026-11-19T16:10", False),  # the day of the entrance exam, on which Seoul closes at 16:30
        ("2026-11-19T17:10", True),
    ],
)
def test_it_is_due_forty_minutes_after_the_close_and_not_before(moment: str, due: bool) -> None:
    day_before = utc("2026-11-19T17:10") if moment >= "2026-11-20" else utc("2026-11-18T16:10")
    assert due_at(moment, last=day_before) is due


@pytest.mark.parametrize("day", ["2026-11-21", "2026-11-22", "2025-10-07", "2025-12-31", "2026-01-01"])
def test_it_is_not_due_on_weekends_and_holidays(day: str) -> None:
    done = utc(f"{day}T00:00")
    assert not any(due_at(f"{day}T{hour:02}:30", last=done) for hour in range(24))


def test_it_is_due_again_after_the_next_session_and_not_in_between() -> None:
    thursday = utc("2025-10-02T16:10")
    assert not due_at("2025-10-10T16:09", last=thursday), "Chuseok and the days around it"
    assert due_at("2025-10-10T16:10", last=thursday)


def test_it_is_due_only_for_closings_after_it_was_switched_on() -> None:
    assert not due_at("2026-11-20T20:00", since=utc("2026-11-20T17:00"))
    assert not due_at("2026-11-22T20:00", since=utc("2026-11-20T17:00"))
    assert due_at("2026-11-23T16:10", since=utc("2026-11-20T17:00"))
    assert due_at("2026-11-20T16:10", since=utc("2026-11-20T16:00")), "the exchange was closed, but it was not due yet"


def test_it_is_due_once_a_session() -> None:
    for started in ("2026-11-20T16:10", "2026-11-20T16:10:30", "2026-11-20T22:00"):
        assert not due_at("2026-11-20T23:00", last=utc(started))
    assert due_at("2026-11-20T16:10", last=utc("2026-11-20T16:05")), "a run just before it had no final bar"


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        ("2026-11-20T15:29", "2026-11-20T16:10"),
        ("2026-11-20T15:31", "2026-11-20T16:10"),
        ("2026-11-20T16:10", "2026-11-23T16:10"),
        ("2026-11-21T10:00", "2026-11-23T16:10"),
        ("2025-10-02T20:00", "2025-10-10T16:10"),
        ("2026-01-01T00:00", "2026-01-02T16:10"),
    ],
)
def test_the_next_moment_at_which_it_is_due_is_told(moment: str, expected: str) -> None:
    assert schedule.next_due(KOREAN_STOCKS, at(moment)) == at(expected)


@pytest.mark.parametrize("category", [KOREAN_STOCKS, US_STOCKS, INDICES, CURRENCIES], ids=lambda each: each.key)
@pytest.mark.parametrize("moment", ["2026-03-06T00:00", "2026-07-03T12:00", "2025-12-24T23:00", "2026-11-20T16:10"])
def test_what_is_told_as_next_is_when_it_becomes_due(category: Category, moment: str) -> None:
    upcoming = schedule.next_due(category, at(moment))

    assert upcoming is not None
    assert upcoming > at(moment)
    run_before = upcoming.replace(tzinfo=None) - dt.timedelta(seconds=1)
    assert schedule.is_due(category, LONG_AGO, run_before, upcoming)
    assert not schedule.is_due(category, LONG_AGO, run_before, upcoming - dt.timedelta(seconds=1))


@pytest.mark.parametrize(
    ("day", "hour"),
    [
        ("2026-03-06", 21),  # the last session of winter time
        ("2026-03-09", 20),  # the first of summer time
        ("2026-10-30", 20),
        ("2026-11-02", 21),
        ("2026-11-27", 18),  # the day after Thanksgiving: it closes at one
    ],
)
def test_new_york_closes_by_its_own_clock_which_changes_twice_a_year(day: str, hour: int) -> None:
    morning = at(f"{day}T09:30", NEW_YORK)

    upcoming = schedule.next_due(US_STOCKS, morning)

    assert upcoming is not None
    assert upcoming == dt.datetime.fromisoformat(day).replace(hour=hour, minute=40, tzinfo=dt.UTC)
    opened = morning.astimezone(dt.UTC).replace(tzinfo=None)
    assert schedule.is_due(US_STOCKS, opened, None, upcoming)
    assert not schedule.is_due(US_STOCKS, opened, None, upcoming - dt.timedelta(seconds=1))


def test_with_several_exchanges_it_is_due_after_each() -> None:
    noon = at("2026-11-20T12:00")
    closings = []
    while (upcoming := schedule.next_due(INDICES, noon)) and upcoming < at("2026-11-21T12:00"):
        closings.append(upcoming)
        noon = upcoming

    assert at("2026-11-20T16:10") in closings
    assert at("2026-11-20T16:40", NEW_YORK) in closings
    assert len(set(closings)) == len(closings) > 4


# The switch


def test_it_is_off_at_first_and_each_category_has_a_switch_of_its_own(db: MongoDatabase) -> None:
    assert schedule.enabled_since(db, KOREAN_STOCKS) is None
    before = tickers.now()

    schedule.switch(db, KOREAN_STOCKS, True)

    since = schedule.enabled_since(db, KOREAN_STOCKS)
    assert since is not None
    assert before <= since <= tickers.now()
    assert schedule.enabled_since(db, US_STOCKS) is None
    schedule.switch(db, KOREAN_STOCKS, True)  # by a page that does not know of it yet
    assert schedule.enabled_since(db, KOREAN_STOCKS) == since
    schedule.switch(db, KOREAN_STOCKS, False)
    assert schedule.enabled_since(db, KOREAN_STOCKS) is None


# What runs


@pytest.fixture
def switched_on(db: MongoDatabase, yahoo: YahooStandIn) -> Listing:
    """Samsung as Yahoo has it, not stored yet, in a category whose schedule was switched on long ago."""
    yahoo.listings["005930.KS"] = Listing(random_walk(DAYS, seed=1))
    tickers.register(db, KOREAN_STOCKS, [{"ticker": "005930", "name": "삼성전자", "market": "KOSPI"}])
    db[documents.CHOICES].insert_one({"_id": "schedule", KOREAN_STOCKS.key: LONG_AGO})
    return yahoo.listings["005930.KS"]


def tick(now: dt.datetime) -> int:
    """Look once, wait for what it starts, and return how many updates that were."""
    started = scheduler.tick(now)
    for task in started:
        assert task.wait(30)
        assert task.error is None
    return len(started)


def test_what_is_due_really_runs_and_the_next_look_starts_nothing(
    db: MongoDatabase, yahoo: YahooStandIn, switched_on: Listing
) -> None:
    now = dt.datetime.now(dt.UTC)

    assert tick(now) == 1

    run = runs.latest(db, KOREAN_STOCKS)
    assert run is not None
    assert (run["origin"], run["state"], run["added"]) == ("schedule", "done", 60)
    assert prices.load(db, KOREAN_STOCKS, "005930")["close"].tolist() == switched_on.bars["close"].tolist()
    yahoo.clear()
    assert tick(now) == 0
    assert tick(now + dt.timedelta(seconds=scheduler.LOOK_EVERY)) == 0
    assert yahoo.requests == []
    upcoming = schedule.next_due(KOREAN_STOCKS, now)
    assert upcoming is not None
    assert tick(upcoming - dt.timedelta(seconds=1)) == 0
    assert tick(upcoming) == 1


def test_what_is_under_way_is_not_started_again(db: MongoDatabase, yahoo: YahooStandIn, switched_on: Listing) -> None:
    now = dt.datetime.now(dt.UTC)
    yahoo.delay = 0.5

    (task,) = scheduler.tick(now)
    others = scheduler.tick(now)  # it may have begun or not: then it is found out when it wants the lease

    assert task.wait(30)
    assert all(other.wait(30) and other.error is None for other in others)
    assert len(yahoo.asked("005930.KS")) == 1
    assert [run["state"] for run in runs.history(db, 10)] == ["done"]


@pytest.mark.usefixtures("switched_on")
def test_a_category_whose_schedule_is_off_is_left_alone(db: MongoDatabase, yahoo: YahooStandIn) -> None:
    schedule.switch(db, KOREAN_STOCKS, False)

    assert tick(dt.datetime.now(dt.UTC)) == 0
    assert yahoo.requests == []


@pytest.mark.usefixtures("switched_on")
def test_a_category_that_cannot_be_looked_at_holds_up_no_other(db: MongoDatabase) -> None:
    own = {"collection": "mine", "fields": {}, "read_only": True, "without": [], "of_the_future": 1}
    db[documents.CHOICES].update_one({"_id": "collections"}, {"$set": {KOREAN_STOCKS.key: own}}, upsert=True)
    schedule.switch(db, CURRENCIES, True)
    locations.forget(db)
    upcoming = schedule.next_due(CURRENCIES, dt.datetime.now(dt.UTC))
    assert upcoming is not None
    assert tick(upcoming) == 1


@pytest.mark.usefixtures("switched_on")
def test_what_a_person_started_since_the_close_counts_too(db: MongoDatabase) -> None:
    category_update.run(db, KOREAN_STOCKS, origin="page")

    assert tick(dt.datetime.now(dt.UTC)) == 0


@pytest.mark.usefixtures("switched_on")
def test_a_run_of_some_tickers_is_not_the_daily_update(db: MongoDatabase) -> None:
    category_update.run(db, KOREAN_STOCKS, ["005930"])

    assert tick(dt.datetime.now(dt.UTC)) == 1
    assert tick(dt.datetime.now(dt.UTC)) == 0


def test_the_schedule_outlives_an_error_that_nobody_thought_of(monkeypatch: pytest.MonkeyPatch) -> None:
    looks: list[dt.datetime] = []

    def fail(now: dt.datetime) -> list[background.BackgroundTask]:
        looks.append(now)
        if len(looks) > 2:
            raise SystemExit  # so that the test's thread ends
        raise KeyError("calendar")

    monkeypatch.setattr(scheduler, "tick", fail)
    monkeypatch.setattr(scheduler, "LOOK_EVERY", 0.01)
    with pytest.raises(SystemExit):
        scheduler.watch()
    assert len(looks) == 3


@pytest.mark.usefixtures("switched_on")
def test_a_run_that_was_interrupted_does_not_count_and_is_completed(db: MongoDatabase) -> None:
    now = dt.datetime.now(dt.UTC)
    started = now.replace(tzinfo=None)
    died = {"category": KOREAN_STOCKS.key, "origin": "schedule", "state": "running"}
    db["update_runs"].insert_one({**died, "started_at": started, "heartbeat_at": started})

    assert tick(now) == 1

    assert [run["state"] for run in runs.history(db, 10)] == ["done", "interrupted"]
    assert tick(now) == 0


def test_a_run_that_ends_with_the_app_is_completed_when_the_app_is_back(
    db: MongoDatabase, yahoo: YahooStandIn, switched_on: Listing
) -> None:
    now = dt.datetime.now(dt.UTC)
    tickers.register(db, KOREAN_STOCKS, [{"ticker": f"{number:06}"} for number in range(100, 112)])
    yahoo.delay = 0.2
    (task,) = scheduler.tick(now)
    assert wait_until(lambda: bool(yahoo.requests))

    background.stop_all()  # as Ctrl-C and SIGTERM end the app

    assert task.finished
    (run,) = runs.history(db, 10)
    assert (run["state"], run["origin"]) == ("interrupted", "schedule")
    assert run["done"] < run["total"] == 13
    yahoo.delay = 0.0
    assert tick(now) == 1, "at once, not at the next close"
    assert [run["done"] for run in runs.history(db, 1)] == [13]


@pytest.mark.usefixtures("switched_on")
def test_a_run_that_a_person_stopped_is_left_to_the_next_session(db: MongoDatabase, yahoo: YahooStandIn) -> None:
    now = dt.datetime.now(dt.UTC)
    tickers.register(db, KOREAN_STOCKS, [{"ticker": f"{number:06}"} for number in range(100, 112)])
    yahoo.delay = 0.2
    (task,) = scheduler.tick(now)
    assert wait_until(lambda: bool(yahoo.requests))

    for run in runs.history(db, 1):
        runs.cancel(db, run["_id"])

    assert task.wait(30)
    assert [run["state"] for run in runs.history(db, 10)] == ["cancelled"]
    assert tick(now) == 0


@pytest.mark.parametrize("state", ["failed", "partial"])
@pytest.mark.usefixtures("switched_on")
def test_a_run_that_could_not_finish_is_tried_again_an_hour_later(db: MongoDatabase, state: str) -> None:
    due = schedule.last_due(KOREAN_STOCKS, dt.datetime.now(dt.UTC) - dt.timedelta(hours=3))
    could_not = {"category": KOREAN_STOCKS.key, "origin": "schedule", "state": state}
    db["update_runs"].insert_one({**could_not, "started_at": due, "heartbeat_at": due})
    now = due.replace(tzinfo=dt.UTC)

    assert tick(now + dt.timedelta(minutes=59)) == 0
    assert tick(now + dt.timedelta(minutes=61)) == 1
    assert [run["state"] for run in runs.history(db, 10)] == ["done", state]


@pytest.mark.usefixtures("switched_on")
def test_what_fails_again_is_left_to_the_next_session(db: MongoDatabase) -> None:
    due = schedule.last_due(KOREAN_STOCKS, dt.datetime.now(dt.UTC) - dt.timedelta(hours=5))
    for hours in (0, 1):
        failed = {"category": KOREAN_STOCKS.key, "origin": "schedule", "state": "failed"}
        ended = due + dt.timedelta(hours=hours)
        db["update_runs"].insert_one({**failed, "started_at": ended, "heartbeat_at": ended})

    assert tick(due.replace(tzinfo=dt.UTC) + dt.timedelta(hours=4)) == 0


@pytest.mark.usefixtures("switched_on")
def test_a_clock_that_was_ahead_stops_no_schedule(db: MongoDatabase) -> None:
    now = dt.datetime.now(dt.UTC)
    ahead = now.replace(tzinfo=None) + dt.timedelta(days=400)
    run = {"category": KOREAN_STOCKS.key, "origin": "schedule", "state": "done"}
    db["update_runs"].insert_one({**run, "started_at": ahead, "heartbeat_at": ahead})
    db[documents.CHOICES].update_one({"_id": "schedule"}, {"$set": {KOREAN_STOCKS.key: ahead}})

    assert tick(now) == 1
    assert tick(now) == 0
    latest = runs.latest(db, KOREAN_STOCKS)
    assert latest
    assert latest["started_at"] < ahead
