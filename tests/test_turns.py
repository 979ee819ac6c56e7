"""Turns at drawing pages: how many at a time, in which order, and who gives way."""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from finance_core import turns
from tests.processes import wait_until


@pytest.fixture
def gate() -> Iterator[threading.Event]:
    """Pages that are drawn wait for it; nobody does any more after the test."""
    opened = threading.Event()
    yield opened
    opened.set()


class Crowd:
    """Pages, drawn by a thread each, that end once `gate` opens."""

    def __init__(self, count: int, gate: threading.Event) -> None:
        self.drawn_now, self.most, self.finished, self._lock = 0, 0, 0, threading.Lock()
        self._gate = gate
        self.threads = [threading.Thread(target=self._draw, daemon=True) for _ in range(count)]
        for thread in self.threads:
            thread.start()

    def _draw(self) -> None:
        with turns.page():
            with self._lock:
                self.drawn_now += 1
                self.most = max(self.most, self.drawn_now)
            self._gate.wait(20)
            with self._lock:
                self.drawn_now -= 1
                self.finished += 1


def test_a_few_pages_are_drawn_at_a_time_and_in_the_end_all_are(gate: threading.Event) -> None:
    crowd = Crowd(20, gate)
    assert wait_until(lambda: crowd.drawn_now == turns.AT_ONCE)
    gate.set()
    assert wait_until(lambda: crowd.finished == 20)
    assert crowd.most == turns.AT_ONCE


def test_pages_are_drawn_in_any_case_where_those_before_do_not_get_on(
    gate: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turns, "PATIENCE", 0.05)
    crowd = Crowd(turns.AT_ONCE + 3, gate)
    assert wait_until(lambda: crowd.drawn_now == turns.AT_ONCE + 3)
    gate.set()
    assert wait_until(lambda: crowd.finished == turns.AT_ONCE + 3)
    monkeypatch.undo()
    again = Crowd(20, gate)
    assert wait_until(lambda: again.finished == 20)
    assert again.most <= turns.AT_ONCE, "no place was given back that was not taken"


def test_pages_wait_as_long_as_those_before_get_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "PATIENCE", 1.0)  # a machine may be busy for less
    most, now, lock = 0, 0, threading.Lock()

    def draw(_number: int) -> None:
        nonlocal most, now
        with turns.page():
            with lock:
                now += 1
                most = max(most, now)
            time.sleep(0.05)
            with lock:
                now -= 1

    count = 24 * turns.AT_ONCE  # the last waits for longer than its patience
    with ThreadPoolExecutor(count) as crowd:
        list(crowd.map(draw, range(count)))
    assert most == turns.AT_ONCE


def test_places_are_given_in_the_order_in_which_pages_came(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "PATIENCE", 0.2)
    drawn: list[int] = []

    def draw(number: int) -> None:
        with turns.page():
            drawn.append(number)
            time.sleep(0.02)

    count = 30 * turns.AT_ONCE  # most wait for longer than their patience
    with ThreadPoolExecutor(count) as crowd:
        for number in range(count):
            crowd.submit(draw, number)
            time.sleep(0.002)
    assert len(drawn) == count
    moved = max(abs(position - number) for position, number in enumerate(drawn))
    assert moved <= 2 * turns.AT_ONCE, "threads that begin at the same time may change places"


def test_parts_of_a_page_belong_to_its_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "PATIENCE", 60.0)

    def page_with_parts() -> None:
        with turns.page():
            time.sleep(0.01)  # so that all places are taken
            with turns.page(), turns.page():
                pass

    with ThreadPoolExecutor(turns.AT_ONCE) as pool:
        for done in [pool.submit(page_with_parts) for _ in range(2 * turns.AT_ONCE)]:
            done.result(20)


def test_a_page_that_ends_by_an_error_gives_its_place_back() -> None:
    for _ in range(turns.AT_ONCE + 1):
        with pytest.raises(ZeroDivisionError), turns.page():
            raise ZeroDivisionError


def test_background_work_gives_way_to_a_page_but_not_for_ever(
    gate: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turns, "GIVEN", 20.0)
    crowd = Crowd(1, gate)
    assert wait_until(lambda: crowd.drawn_now == 1)
    work = threading.Thread(target=turns.give_way, daemon=True)
    work.start()
    work.join(0.1)
    assert work.is_alive(), "it waits for the page"
    monkeypatch.setattr(turns, "GIVEN", 0.01)
    turns.give_way()  # ends, though the page is not finished
    gate.set()
    work.join(10)
    assert not work.is_alive()


def test_background_work_does_not_wait_where_nobody_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "GIVEN", 20.0)
    begun = time.monotonic()
    turns.give_way()
    assert time.monotonic() - begun < 5


def test_who_draws_a_page_is_alone_until_another_is_drawn(gate: threading.Event) -> None:
    assert turns.is_alone()
    with turns.page():
        assert turns.is_alone()
        crowd = Crowd(1, gate)
        assert wait_until(lambda: crowd.drawn_now == 1)
        assert not turns.is_alone()
    assert not turns.is_alone()
    gate.set()
    assert wait_until(turns.is_alone)


def most_working(answered: threading.Event | None = None, *, fails: bool = False) -> int:
    """How many of many threads work at a time, once all that they wait for is `answered`."""
    working, lock, most = 0, threading.Lock(), [0]

    def work(number: int) -> None:
        nonlocal working
        with turns.working():
            if answered:
                with turns.waiting():
                    answered.wait(20)
                    if fails and number % 2:
                        raise ZeroDivisionError
            with lock:
                working += 1
                most.append(working)
            time.sleep(0.005)
            with lock:
                working -= 1

    threads = 4 * turns.WORKING
    with ThreadPoolExecutor(threads) as pool:
        ended = [pool.submit(work, number) for number in range(threads)]
        if answered:
            threading.Timer(0.05, answered.set).start()
        errors = [each.exception(20) for each in ended]
    assert [type(error) for error in errors if error] == [ZeroDivisionError] * (threads // 2 if fails else 0)
    return max(most)


def test_few_threads_work_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "GIVEN", 20.0)
    assert most_working() == turns.WORKING
    assert most_working(threading.Event()) == turns.WORKING, "nobody who waits keeps others from it"
    assert most_working(threading.Event(), fails=True) <= turns.WORKING
    assert most_working() == turns.WORKING


def test_who_waits_with_a_lock_that_all_who_work_want_gets_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "GIVEN", 0.05)
    lock, answered = threading.Lock(), threading.Event()
    begun: list[int] = []

    def ask() -> None:
        """As a library that fetches a cookie once for all threads."""
        with turns.working(), lock, turns.waiting():
            answered.wait(20)

    def work(number: int) -> None:
        with turns.working():
            begun.append(number)
            with lock:
                pass

    with ThreadPoolExecutor(1 + turns.WORKING) as pool:
        asking = pool.submit(ask)
        assert wait_until(lock.locked)
        others = [pool.submit(work, number) for number in range(turns.WORKING)]
        assert wait_until(lambda: len(begun) == turns.WORKING), "all desks are taken by those who want the lock"
        answered.set()
        for each in (asking, *others):
            each.result(10)
    assert most_working() == turns.WORKING, "no desk was given back that was not taken"


def test_background_work_gives_way_while_a_page_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "SENDING", 20.0)
    monkeypatch.setattr(turns, "GIVEN", 0.1)
    with turns.page():
        pass
    begun = time.monotonic()
    turns.give_way()
    assert time.monotonic() - begun >= 0.1
