"""Turns at the one core that Python's threads share: few pages are drawn at a time, and background work gives way.

Fifty pages drawn at once are all finished at the end, and a query among them waits for its turn after each answer until
it counts as unanswered. A few at a time, the first are finished at once and the last no later. An update in the same
process lets a page that somebody waits for go first, and works with few of its threads at a time: each that works is
one more that a page has to wait for.
"""

import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

AT_ONCE = 4
"""Pages drawn at a time; more than one, because a page also waits for the database."""
PATIENCE = 5.0
"""If no page was finished for so many seconds, the next are drawn all the same: something holds up those before."""
SENDING = 0.05
"""Seconds after a page for which background work gives way too: the page is on its way to the browser."""
GIVEN = 0.3
"""Seconds for which background work gives way at most, at each of its steps."""
WORKING = 2
"""Threads of background work that work at a time; more than one, because work also waits for the database."""

_desks = threading.Semaphore(WORKING)
_free = AT_ONCE
_queue: deque[threading.Event] = deque()
"""Pages that wait for a place, in the order in which they came; what is set has been given one."""
_nobody_waits = threading.Event()
_nobody_waits.set()
_lock = threading.Lock()
_waited_for = 0
"""Pages that are drawn, or wait for their turn."""
_ended_at = -SENDING
"""When the last page was finished and no other waited, in monotonic seconds."""
_finished = 0
"""Pages so far."""
_here = threading.local()


@contextmanager
def page() -> Iterator[None]:
    """Draw a page, or a part of one, in the block; parts of a page that is drawn belong to its turn."""
    if getattr(_here, "has_turn", False):
        yield
        return
    _count(1)
    has_place = _take_place()
    _here.has_turn = True
    try:
        yield
    finally:
        _here.has_turn = False
        if has_place:
            _give_place()
        _count(-1)


def give_way() -> None:
    """Wait until no page is drawn or sent, `GIVEN` seconds at most; for background work, between two steps of it."""
    until = time.monotonic() + GIVEN
    while (left := until - time.monotonic()) > 0 and _nobody_waits.wait(left):
        sending = _ended_at + SENDING - time.monotonic()
        if sending <= 0:
            return
        time.sleep(min(sending, left))


@contextmanager
def working() -> Iterator[None]:
    """Do background work in the block, as one of the few threads that do."""
    _here.has_desk = _desks.acquire()
    try:
        yield
    finally:
        _leave_desk()


@contextmanager
def waiting() -> Iterator[None]:
    """Wait for an answer, or sleep, in the block: another thread works meanwhile.

    After it this thread waits for its turn to work, but `GIVEN` seconds at most: it may hold a lock of a library that
    those who work wait for.
    """
    had_desk = _leave_desk()
    try:
        yield
    finally:
        _here.has_desk = had_desk and _desks.acquire(timeout=GIVEN)


def is_alone() -> bool:
    """Whether no page is drawn or waited for but, if it draws one, that of this thread."""
    return _waited_for <= int(getattr(_here, "has_turn", False))


def _leave_desk() -> bool:
    """Let another thread work, if this one does; returns whether it did."""
    had_desk: bool = getattr(_here, "has_desk", False)
    _here.has_desk = False
    if had_desk:
        _desks.release()
    return had_desk


def _take_place() -> bool:
    """Wait for a place; False if none is to be had because those who have them do not get on.

    A semaphore would not do: who asks it again after a while stands behind all who came meanwhile.
    """
    global _free
    with _lock:
        if _free:
            _free -= 1
            return True
        given = threading.Event()
        _queue.append(given)
        before = _finished
    while not given.wait(PATIENCE):
        with _lock:
            if before == _finished and not given.is_set():
                _queue.remove(given)
                return False
            before = _finished
    return True


def _give_place() -> None:
    """Give a place to who has waited longest, or back."""
    global _free
    with _lock:
        if _queue:
            _queue.popleft().set()
        else:
            _free += 1


def _count(change: int) -> None:
    global _waited_for, _finished, _ended_at
    with _lock:
        _waited_for += change
        _finished += change < 0
        if _waited_for:
            _nobody_waits.clear()
        else:
            _ended_at = time.monotonic()
            _nobody_waits.set()
