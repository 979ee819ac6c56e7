"""Limits how many threads work at once, because all Python threads share one core: pages come before background work.

If fifty pages are drawn at once, all of them finish late, and their threads wait so long for the core that MongoDB's
answers count as missing. If a few are drawn at a time, the first finish at once and the last no later. An update run in
the same process waits while a page is drawn, and lets few of its threads work at a time, because each working thread
slows the pages.
"""

import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

AT_ONCE = 4
"""Pages drawn at a time; more than one, because a page also waits for the database."""
PATIENCE = 5.0
"""If no page finishes for so many seconds, a waiting page is drawn anyway: the pages before it are stuck."""
SENDING = 0.05
"""Seconds after a page is drawn in which background work still waits: the page is on its way to the browser."""
GIVEN = 0.3
"""Most seconds that background work waits for pages, at each of its steps."""
WORKING = 1
"""Background threads that work at a time. With two, an update of a market takes as long, and a tenth more CPU for the
switches between them."""

_desks = threading.Semaphore(WORKING)
_free = AT_ONCE
_queue: deque[threading.Event] = deque()
"""One event for each page that waits for a place, in the order in which they came; set when the page gets its place."""
_nobody_waits = threading.Event()
_nobody_waits.set()
_lock = threading.Lock()
_waited_for = 0
"""Number of pages that are being drawn or wait for a place."""
_ended_at = -SENDING
"""When the last page was finished and no other waited, in monotonic seconds."""
_finished = 0
"""Number of pages finished so far."""
_here = threading.local()


@contextmanager
def page() -> Iterator[None]:
    """Draw a page, or a part of one, in the block. A part of a page that has a place already needs no other."""
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
    """Wait until no page is drawn or sent, `GIVEN` seconds at most. Background work calls this between its steps."""
    until = time.monotonic() + GIVEN
    while (left := until - time.monotonic()) > 0 and _nobody_waits.wait(left):
        sending = _ended_at + SENDING - time.monotonic()
        if sending <= 0:
            return
        time.sleep(min(sending, left))


@contextmanager
def working() -> Iterator[None]:
    """Do background work in the block, as one of at most `WORKING` threads."""
    _here.has_desk = _desks.acquire()
    try:
        yield
    finally:
        _leave_desk()


@contextmanager
def waiting() -> Iterator[None]:
    """Wait for an answer, or sleep, in the block, while another thread works.

    After the block this thread waits until it may work again, but `GIVEN` seconds at most: it may hold a library's lock
    for which the working threads wait.
    """
    had_desk = _leave_desk()
    try:
        yield
    finally:
        _here.has_desk = had_desk and _desks.acquire(timeout=GIVEN)


def is_alone() -> bool:
    """Whether no page is drawn or waits for a place, apart from the page that this thread may draw."""
    return _waited_for <= int(getattr(_here, "has_turn", False))


def _leave_desk() -> bool:
    """Let another thread work in place of this one; returns whether this one was working."""
    had_desk: bool = getattr(_here, "has_desk", False)
    _here.has_desk = False
    if had_desk:
        _desks.release()
    return had_desk


def _take_place() -> bool:
    """Wait for a place and return True; return False if no page finishes for `PATIENCE` seconds.

    This is no semaphore, because a thread that asks a semaphore again after a timeout comes last in its line.
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
    """Give the place to the page that has waited longest; free it if no page waits."""
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
