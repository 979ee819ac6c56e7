"""Days on which a calendar is wrong are learned from what the tickers of its markets have."""

import datetime as dt
import time

import pandas as pd
import pytest

from finance_core.bars import sessions
from finance_core.categories import KOREAN_STOCKS
from finance_core.storage import schedule, tickers, trading_calendars
from finance_core.storage.database import MongoDatabase
from finance_core.ui.viewer import header
from tests.updaters.test_holes import at
from tests.updaters.updating import bars_of, metadata, register, run
from tests.yahoo import Listing, YahooStandIn, random_walk

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("impatient", "data_dir")]

UNKNOWN = pd.Timestamp("2026-06-03")
"""A day on which the exchange was closed, and which its calendar calls a session."""
TRADED = pd.Timestamp("2026-05-05")
"""A holiday, of which a test may make a session."""
NAMES = [f"{number:06}" for number in range(8)]


def days() -> pd.DatetimeIndex:
    return sessions.between("XKRX", dt.date(2026, 4, 1), dt.date(2026, 7, 31))


def known(db: MongoDatabase) -> sessions.Calendar:
    trading_calendars._read.clear()
    return trading_calendars.of(db, "XKRX")


def listed(yahoo: YahooStandIn, of: pd.DatetimeIndex, *, but: dict[str, pd.DatetimeIndex] | None = None) -> None:
    """Yahoo has bars of these days for every ticker; for those of `but`, of the days named there."""
    for number, name in enumerate(NAMES):
        index = (but or {}).get(name, of)
        bars = random_walk(days().union([TRADED]), seed=number)
        yahoo.listings[f"{name}.KS"] = Listing(bars.loc[index])


@pytest.fixture(autouse=True)
def registered(db: MongoDatabase) -> None:
    for name in NAMES:
        register(db, name)


def test_a_session_of_which_no_ticker_has_a_bar_was_none(db: MongoDatabase, yahoo: YahooStandIn) -> None:
    assert UNKNOWN in days(), "exchange_calendars has learned it: choose another day"
    traded = days().drop(UNKNOWN)
    until = traded[traded <= pd.Timestamp("2026-06-10")]
    listed(yahoo, until)

    run(db, now=at(until[-1]))

    assert known(db).closed == (UNKNOWN.to_pydatetime(),)
    assert sessions.between(known(db), UNKNOWN, UNKNOWN).empty
    yahoo.clear()
    assert run(db, now=at(until[-1])).current == len(NAMES), "it is no hole of theirs"
    assert yahoo.requests == []


def test_freshness_and_schedule_follow_what_was_learned(db: MongoDatabase, yahoo: YahooStandIn) -> None:
    traded = days().drop(UNKNOWN)
    listed(yahoo, traded[traded <= pd.Timestamp("2026-06-10")])
    run(db, now=at(pd.Timestamp("2026-06-10")))
    evening = dt.datetime(2026, 6, 3, 12, tzinfo=dt.UTC)
    before = dt.date(2026, 6, 2)

    assert header.freshness({}, before, evening, "XKRX") == "1거래일 뒤짐"
    assert header.freshness({}, before, evening, known(db)) == "최신"
    assert trading_calendars.last_finished(db, KOREAN_STOCKS, evening)["KOSPI"] == pd.Timestamp(before)
    morning = dt.datetime(2026, 6, 3, 0, tzinfo=dt.UTC)
    upcoming = schedule.next_due(KOREAN_STOCKS, morning, lambda name: trading_calendars.of(db, name))
    assert upcoming == dt.datetime(2026, 6, 4, 6, 30, tzinfo=dt.UTC) + schedule.DELAY
    long_ago, last = dt.datetime(2026, 1, 1), dt.datetime(2026, 6, 2, 8)
    assert schedule.is_due(KOREAN_STOCKS, long_ago, last, evening)
    assert not schedule.is_due(KOREAN_STOCKS, long_ago, last, evening, lambda name: trading_calendars.of(db, name))


def test_the_newest_session_is_not_taken_for_a_closed_day_before_later_bars_have_come(
    db: MongoDatabase, yahoo: YahooStandIn
) -> None:
    listed(yahoo, days()[days() < UNKNOWN])

    run(db, now=at(UNKNOWN))

    assert known(db).closed == ()


def test_a_bar_that_comes_after_all_makes_it_a_session_again_and_a_hole_of_the_others(
    db: MongoDatabase, yahoo: YahooStandIn
) -> None:
    whole = days()[days() <= pd.Timestamp("2026-06-10")]
    listed(yahoo, whole.drop(UNKNOWN))
    run(db, now=at(whole[-1]))
    listed(yahoo, whole)

    run(db, NAMES[0], full=True, now=at(whole[-1]))
    assert known(db).closed == ()
    run(db, now=at(whole[-1]))

    assert all(UNKNOWN in bars_of(db, name).index for name in NAMES)
    assert all("missing" not in metadata(db, name) for name in NAMES)


def test_one_ticker_without_a_bar_has_a_hole(db: MongoDatabase, yahoo: YahooStandIn) -> None:
    whole = days()[days() <= pd.Timestamp("2026-06-10")]
    listed(yahoo, whole, but={NAMES[3]: whole.drop(UNKNOWN)})

    run(db, now=at(whole[-1]))

    assert known(db).closed == ()
    assert metadata(db, NAMES[3])["missing"] == [UNKNOWN.to_pydatetime()]


def test_too_few_tickers_do_not_outvote_a_calendar(db: MongoDatabase, yahoo: YahooStandIn) -> None:
    whole = days()[days() <= pd.Timestamp("2026-06-10")].drop(UNKNOWN)
    listed(yahoo, whole)

    run(db, *NAMES[: trading_calendars.LEAST - 1], now=at(whole[-1]))

    assert known(db) == sessions.Calendar("XKRX")


@pytest.mark.parametrize("recent", [False, True], ids=["long ago", "yesterday"])
def test_a_day_on_which_many_traded_was_a_session_and_their_bars_of_it_are_fetched_again(
    db: MongoDatabase, yahoo: YahooStandIn, recent: bool
) -> None:
    assert TRADED not in days()
    until = days()[days() <= (TRADED + pd.Timedelta(days=1) if recent else days()[-1])]
    listed(yahoo, until.union([TRADED]))

    ran = run(db, now=at(until[-1]))
    assert {remark.reason for result in ran.results for remark in result.remarks} == {"closed day"}
    assert known(db).opened == (TRADED.to_pydatetime(),)
    assert sessions.close_of(known(db), TRADED) == dt.datetime(2026, 5, 5, 6, 30)
    run(db, now=at(until[-1]))

    assert all(TRADED in bars_of(db, name).index for name in NAMES)
    yahoo.clear()
    assert run(db, now=at(until[-1])).current == len(NAMES)
    assert known(db).opened == (TRADED.to_pydatetime(),), "the bars that are kept now prove it as well"


def test_flat_bars_for_everybody_on_a_holiday_are_no_trading(db: MongoDatabase, yahoo: YahooStandIn) -> None:
    listed(yahoo, days().union([TRADED]))
    for listing in yahoo.listings.values():
        before = listing.bars.iloc[listing.bars.index.get_loc(TRADED) - 1]
        listing.bars.loc[TRADED, ["open", "high", "low", "close"]] = before["close"]

    run(db, now=at(days()[-1]))

    assert known(db).opened == ()
    assert all(TRADED not in bars_of(db, name).index for name in NAMES)


def test_what_a_page_reads_of_it_does_not_grow_with_the_number_of_tickers(db: MongoDatabase) -> None:
    row = {
        "category": "korean_stocks",
        "market": "KOSDAQ",
        "source": "yahoo",
        "verified_at": tickers.now(),
        "first_date": days()[0].to_pydatetime(),
        "last_date": days()[-1].to_pydatetime(),
        "missing": [UNKNOWN.to_pydatetime()],
    }
    db["ticker_metadata"].insert_many([{**row, "ticker": f"9{number:05}"} for number in range(5_000)])

    trading_calendars.learn(db)

    assert known(db).closed == (UNKNOWN.to_pydatetime(),)
    (stored,) = db["settings"].find({"_id": trading_calendars.ID})
    assert stored["XKRX"] == {"closed": [UNKNOWN.to_pydatetime()], "opened": []}
    begun = time.perf_counter()
    for _ in range(1000):
        trading_calendars.of(db, "XKRX")
    assert time.perf_counter() - begun < 0.5


def test_tickers_of_another_calendar_do_not_vote(db: MongoDatabase, yahoo: YahooStandIn) -> None:
    weekdays = pd.bdate_range(days()[0], days()[-1])
    for number, name in enumerate(NAMES):
        yahoo.listings[f"{name}.KS"] = Listing(random_walk(weekdays, seed=number))

    run(db, now=at(days()[-1]))

    assert len(weekdays) > len(days()) + trading_calendars.FOREIGN_DAYS
    assert known(db).opened == ()
    assert all(len(bars_of(db, name)) == len(weekdays) for name in NAMES)
