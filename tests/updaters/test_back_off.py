"""Tickers that Yahoo has nothing new for are asked for ever less often, and whenever a person asks."""

import datetime as dt
from itertools import pairwise
from zoneinfo import ZoneInfo

import pandas as pd
import pytest

from finance_core.bars import sessions
from finance_core.storage.database import MongoDatabase
from tests.updaters.updating import metadata, register, run
from tests.yahoo import Listing, Status, YahooStandIn, random_walk

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("impatient")]

DAYS = sessions.between("XKRX", dt.date(2026, 6, 1), dt.date(2026, 10, 30))
LAST = DAYS[DAYS.get_loc(pd.Timestamp("2026-08-31"))]
"""Before the first night."""
NIGHTS = [
    dt.datetime(2026, 9, 1, 16, 10, 7 * night % 60, tzinfo=ZoneInfo("Asia/Seoul")) + dt.timedelta(days=night)
    for night in range(60)
]
LIVE, SILENT, DEAD = "005930", "000660", "035720"


@pytest.fixture
def three_kinds(db: MongoDatabase, yahoo: YahooStandIn) -> None:
    """One that trades on, one that Yahoo has no new bar of, one that it forgets."""
    for number, ticker in enumerate((LIVE, SILENT, DEAD)):
        register(db, ticker)
        yahoo.listings[f"{ticker}.KS"] = Listing(random_walk(DAYS, number).loc[:LAST])
    assert run(db, now=lambda: NIGHTS[0] - dt.timedelta(hours=20)).state == "done"
    del yahoo.listings[f"{DEAD}.KS"]
    yahoo.clear()


def go_on(yahoo: YahooStandIn, night: dt.datetime) -> None:
    """Yahoo has the bar of that evening, if there is a session."""
    for number, ticker in enumerate((LIVE, SILENT, DEAD)):
        if ticker == LIVE:
            yahoo.listings[f"{ticker}.KS"].bars = random_walk(DAYS, number).loc[: pd.Timestamp(night.date())]


def nights_asked(yahoo: YahooStandIn, asked: dict[str, list[int]], night: int) -> None:
    for ticker, nights in asked.items():
        if any((request.symbol or "").startswith(ticker) for request in yahoo.requests):
            nights.append(night)
    yahoo.clear()


@pytest.mark.exhaustive
@pytest.mark.slow
@pytest.mark.usefixtures("three_kinds")
def test_sixty_nights(db: MongoDatabase, yahoo: YahooStandIn) -> None:
    asked: dict[str, list[int]] = {LIVE: [], SILENT: [], DEAD: []}
    deferred = 0
    for night, moment in enumerate(NIGHTS):
        go_on(yahoo, moment)
        ran = run(db, now=lambda moment=moment: moment)
        deferred += ran.deferred
        assert (ran.state, ran.done) == ("done", ran.total)
        nights_asked(yahoo, asked, night)

    evenings = [night for night, moment in enumerate(NIGHTS) if pd.Timestamp(moment.date()) in DAYS]
    assert set(evenings) <= set(asked[LIVE])
    for ticker in (SILENT, DEAD):
        nights = asked[ticker]
        assert nights[:8] == list(range(8)), "daily"
        pauses = [later - earlier for earlier, later in pairwise(nights[7:])]
        assert pauses == sorted(pauses)
        assert set(pauses) <= {7, 30}, "then weekly, then monthly"
        assert len(nights) <= 14
    assert deferred > 80
    assert metadata(db, DEAD)["last_status"] == "delisted"


@pytest.mark.usefixtures("three_kinds")
@pytest.mark.parametrize("how", ["named", "force", "the chart's button", "full"])
def test_a_person_who_asks_is_answered(db: MongoDatabase, yahoo: YahooStandIn, how: str) -> None:
    for moment in (NIGHTS[0], NIGHTS[20]):
        run(db, SILENT, now=lambda moment=moment: moment)
    yahoo.clear()
    later = NIGHTS[20] + dt.timedelta(hours=1)
    assert run(db, now=lambda: later).deferred == 1
    assert not yahoo.asked(f"{SILENT}.KS")

    options = {"force": {"force": True}, "the chart's button": {"first": SILENT}, "full": {"full": True}}.get(how, {})
    run(db, *([SILENT] if how == "named" else []), now=lambda: later, **options)

    assert yahoo.asked(f"{SILENT}.KS")


@pytest.mark.usefixtures("three_kinds")
def test_a_new_bar_ends_the_silence(db: MongoDatabase, yahoo: YahooStandIn) -> None:
    for moment in (NIGHTS[0], NIGHTS[1]):
        run(db, now=lambda moment=moment: moment)
    assert metadata(db, SILENT)["silent_since"] == NIGHTS[0].astimezone(dt.UTC).replace(tzinfo=None)
    yahoo.listings[f"{SILENT}.KS"].bars = random_walk(DAYS, 1).loc[: pd.Timestamp(NIGHTS[2].date())]

    run(db, now=lambda: NIGHTS[2])

    assert "silent_since" not in metadata(db, SILENT)


@pytest.mark.usefixtures("three_kinds")
def test_a_failure_of_yahoo_is_no_silence(db: MongoDatabase, yahoo: YahooStandIn) -> None:
    for moment in (NIGHTS[0], NIGHTS[20]):
        run(db, SILENT, now=lambda moment=moment: moment)
    yahoo.answer_with(f"{SILENT}.KS", *[Status(500)] * 6)
    assert run(db, SILENT, now=lambda: NIGHTS[21]).failed == 1
    yahoo.clear()

    run(db, now=lambda: NIGHTS[21])

    assert yahoo.asked(f"{SILENT}.KS")
