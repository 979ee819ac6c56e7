"""The rate limit of requests: in simulated time with real threads, and in real runs against the stand-in for Yahoo."""

import datetime as dt
import math
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import chain, pairwise

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from finance_core.categories import KOREAN_STOCKS
from finance_core.storage import runs, tickers
from finance_core.storage.database import MongoDatabase
from tests.yahoo import AsUsual, Listing, Status, YahooStandIn, random_walk
from updaters import category_update, rate_limit
from updaters.rate_limit import FIRST_PAUSE, NAP, ROUNDS, NotAsked, RateLimit

pytestmark = pytest.mark.slow


@dataclass
class SimulatedTime:
    """Time that passes only while all `threads` sleep, and then at once until the first of them wakes up."""

    threads: int = 1
    now: float = 0.0
    slept: int = 0
    _awake: int = field(init=False)
    _wakings: list[float] = field(default_factory=list)
    _changed: threading.Condition = field(default_factory=threading.Condition)

    def __post_init__(self) -> None:
        self._awake = self.threads

    def clock(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        assert seconds >= 0
        with self._changed:
            self.slept += 1
            until = max(self.now + seconds, math.nextafter(self.now, math.inf))
            self._wakings.append(until)
            self._fewer_awake()
            self._changed.wait_for(lambda: self.now >= until)

    def leave(self) -> None:
        """One of the threads is at its end."""
        with self._changed:
            self._fewer_awake()

    def _fewer_awake(self) -> None:
        self._awake -= 1
        if not self._awake and self._wakings:
            self.now = min(self._wakings)
            self._awake = self._wakings.count(self.now)
            self._wakings = [moment for moment in self._wakings if moment > self.now]
            self._changed.notify_all()


def never() -> bool:
    """Whether a run that is not asked to stop is to stop."""
    return False


def at(rate: float = 10.0, threads: int = 1) -> tuple[RateLimit, SimulatedTime]:
    simulated = SimulatedTime(threads)
    return RateLimit(rate, clock=simulated.clock, sleep=simulated.sleep), simulated


# The rate


@settings(max_examples=60, deadline=None)
@given(
    rate=st.floats(0.5, 500),
    answers=st.lists(st.lists(st.floats(0, 3), max_size=25), min_size=1, max_size=16),
)
def test_no_two_turns_are_closer_than_the_rate_allows_however_many_threads_there_are(
    rate: float, answers: list[list[float]]
) -> None:
    limit, simulated = at(rate, len(answers))
    turns: list[float] = []

    def work(durations: list[float]) -> None:
        for duration in durations:
            turns.append(limit.wait(never))
            simulated.sleep(duration)
        simulated.leave()

    with ThreadPoolExecutor(len(answers)) as pool:
        list(pool.map(work, answers))

    assert len(turns) == sum(map(len, answers))
    turns.sort()
    assert all(after - before >= 1 / rate - 1e-9 for before, after in pairwise(turns))


def test_threads_enough_use_the_whole_rate() -> None:
    limit, simulated = at(20, 8)

    def work(_number: int) -> list[float]:
        turns = [limit.wait(never) for _ in range(50)]
        simulated.leave()
        return turns

    with ThreadPoolExecutor(8) as pool:
        turns = sorted(chain.from_iterable(pool.map(work, range(8))))

    assert turns == pytest.approx([number / 20 for number in range(400)])


def test_a_lull_is_not_made_up_for_by_a_burst() -> None:
    limit, simulated = at(10)
    limit.wait(never)
    simulated.sleep(60)

    assert [limit.wait(never) for _ in range(3)] == pytest.approx([60, 60.1, 60.2])


# Pauses


def test_pauses_in_a_row_double_and_are_longer_at_random_by_up_to_half() -> None:
    shares: list[list[float]] = [[] for _ in range(ROUNDS)]
    for _ in range(100):
        limit, simulated = at()
        asked = limit.wait(never)
        for number in range(ROUNDS):
            simulated.sleep(0.05)
            begun = simulated.now
            limit.refused(asked)
            asked = limit.wait(never)
            shares[number].append((asked - begun) / (FIRST_PAUSE * 2**number))

    for share in shares:
        assert min(share) >= 1 - 1e-9
        assert max(share) <= 1.5 + 1e-9
        assert max(share) - min(share) > 0.3, "they differ, so that several processes do not come back together"


@settings(max_examples=60, deadline=None)
@given(times=st.lists(st.floats(0, 0.5), min_size=2, max_size=16), refused=st.floats(0, 5))
def test_during_a_pause_nobody_has_a_turn(times: list[float], refused: float) -> None:
    limit, simulated = at(100, len(times) + 1)
    turns: list[float] = []
    pauses: list[float] = []

    def ask(duration: float) -> None:
        for _ in range(20):
            turns.append(limit.wait(never))
            simulated.sleep(duration)
        simulated.leave()

    def refuse() -> None:
        simulated.sleep(refused)
        limit.refused(simulated.now)
        pauses.append(simulated.now)
        simulated.leave()

    with ThreadPoolExecutor(len(times) + 1) as pool:
        done = [pool.submit(ask, duration) for duration in times] + [pool.submit(refuse)]
        for each in done:
            each.result()

    (begun,) = pauses
    assert not [turn for turn in turns if begun < turn < begun + FIRST_PAUSE - 1e-9]


def test_requests_that_were_under_way_when_the_pause_began_belong_to_its_round() -> None:
    limit, simulated = at()
    under_way = [limit.wait(never) for _ in range(2 * ROUNDS)]
    simulated.sleep(0.5)

    for asked in under_way:
        limit.refused(asked)
        simulated.sleep(0.01)

    begun = under_way[-1] + 0.5
    assert begun + FIRST_PAUSE <= limit.wait(never) <= begun + 1.5 * FIRST_PAUSE + 0.01
    assert not limit.exhausted


def test_an_answer_to_what_was_asked_after_the_pause_begins_the_count_anew() -> None:
    limit, _time = at()
    for _ in range(3 * ROUNDS):
        refused = limit.wait(never)
        limit.refused(refused)
        answered = limit.wait(never)
        limit.answered(answered)
        assert FIRST_PAUSE <= answered - refused <= 1.5 * FIRST_PAUSE + 1e-9


def test_a_late_answer_to_what_was_asked_before_the_pause_does_not() -> None:
    limit, simulated = at()
    early = limit.wait(never)
    for _ in range(ROUNDS + 1):
        asked = limit.wait(never)
        simulated.sleep(0.1)
        limit.refused(asked)
        limit.answered(early)

    assert limit.exhausted


def test_after_as_many_pauses_as_there_are_rounds_nothing_more_is_asked() -> None:
    limit, simulated = at()
    for _ in range(ROUNDS):
        limit.refused(limit.wait(never))
    last = limit.wait(never)
    assert not limit.exhausted, "the request after the last pause may still be answered"

    limit.refused(last)

    assert limit.exhausted
    slept = simulated.slept
    with pytest.raises(NotAsked):
        limit.wait(never)
    assert simulated.slept == slept


# Stopping


def test_whoever_waits_learns_within_a_nap_that_it_is_to_stop() -> None:
    limit, simulated = at()
    limit.refused(limit.wait(never))

    with pytest.raises(NotAsked):
        limit.wait(lambda: simulated.now >= 0.5)

    assert 0.5 <= simulated.now <= 0.5 + NAP


def test_where_it_is_to_stop_already_nobody_waits() -> None:
    limit, simulated = at()
    limit.refused(limit.wait(never))

    with pytest.raises(NotAsked):
        limit.wait(lambda: True)

    assert simulated.slept == 0


# Real requests


@pytest.fixture
def thirty(db: MongoDatabase, yahoo: YahooStandIn) -> list[str]:
    """Thirty registered tickers as Yahoo has them."""
    names = [f"{number:06}" for number in range(10, 310, 10)]
    days = pd.bdate_range("2024-01-02", periods=20)
    yahoo.listings |= {f"{name}.KS": Listing(random_walk(days, seed=1)) for name in names}
    tickers.register(db, KOREAN_STOCKS, [{"ticker": name, "name": name, "market": "KOSPI"} for name in names])
    return names


@pytest.fixture
def turns(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The moment of every turn that a worker gets."""
    moments: list[float] = []
    wait = RateLimit.wait

    def noted(limit: RateLimit, stopping: Callable[[], bool]) -> float:
        moments.append(wait(limit, stopping))
        return moments[-1]

    monkeypatch.setattr(RateLimit, "wait", noted)
    return moments


@pytest.mark.usefixtures("thirty")
def test_every_request_of_a_run_of_eight_workers_has_a_turn_and_turns_keep_the_rate(
    db: MongoDatabase, yahoo: YahooStandIn, turns: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("updaters.yahoo.RATE", 40.0)

    summary = category_update.run(db, KOREAN_STOCKS, workers=8)

    assert (summary.state, summary.done, summary.failures) == ("done", 30, [])
    assert len(turns) == len(yahoo.requests) == summary.requests >= 30
    turns.sort()
    assert all(after - before >= 1 / 40 - 1e-9 for before, after in pairwise(turns))


@pytest.mark.usefixtures("thirty")
def test_while_a_run_pauses_nobody_has_a_turn(
    db: MongoDatabase, yahoo: YahooStandIn, turns: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rate_limit, "FIRST_PAUSE", 0.5)
    yahoo.answer_with("000150.KS", Status(429), AsUsual())
    refused = RateLimit.refused
    pauses: list[tuple[float, float]] = []

    def noted(limit: RateLimit, asked_at: float) -> float:
        before = time.monotonic()
        left = refused(limit, asked_at)
        pauses.append((before, time.monotonic()))
        return left

    monkeypatch.setattr(RateLimit, "refused", noted)

    summary = category_update.run(db, KOREAN_STOCKS, workers=8)

    assert (summary.state, summary.done, summary.failures) == ("done", 30, [])
    ((earliest, latest),) = pauses
    assert not [turn for turn in turns if latest < turn < earliest + 0.5]
    assert [turn for turn in turns if turn >= earliest + 0.5], "and then it goes on"
    record = runs.latest(db, KOREAN_STOCKS)
    assert record
    assert record["started_at"] + dt.timedelta(seconds=0.5) <= record["paused_until"] < record["finished_at"]
