"""Limits how many threads work at once, because all Python threads share one core: pages come before background work.

If fifty pages are drawn at once, all of them finish late, and their threads wait so long for the core that MongoDB's
answers count as missing. If a few are drawn at a time, the first finish at once and the last no later. An update run in
the same process waits while a page is drawn, and lets few of its threads work at a time, because each working thread
slows the pages.
"""

import threading
import time
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
_line = threading.Condition()
"""Notified whenever a page is finished."""
_came = 0
"""Number of pages that have come so far; a page's number is its place in the line."""
_finished = 0
"""Number of pages finished so far."""
_ended_at = -SENDING
"""When the last page was finished, in monotonic seconds."""
_here = threading.local()


@contextmanager
def page() -> Iterator[None]:
    """Draw a page, or a part of one, in the block. A part of a page that has a place already needs no other."""
    if getattr(_here, "has_turn", False):
        yield
        return
    global _came, _finished, _ended_at
    with _line:
        place, _came = _came, _came + 1
        before = -1
        while before != _finished:  # else no page was finished for `PATIENCE` seconds
            before = _finished
            if _line.wait_for(lambda: place < _finished + AT_ONCE, PATIENCE):
                break
    _here.has_turn = True
    try:
        yield
    finally:
        _here.has_turn = False
        with _line:
            _finished += 1
            _ended_at = time.monotonic()
            _line.notify_all()


def give_way() -> None:
    """Wait until no page is drawn or sent, `GIVEN` seconds at most. Background work calls this between its steps."""
    until = time.monotonic() + GIVEN
    while (left := until - time.monotonic()) > 0:
        with _line:
            if not _line.wait_for(lambda: _came == _finished, left):
                return
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
    return _came - _finished <= int(getattr(_here, "has_turn", False))


def _leave_desk() -> bool:
    """Let another thread work in place of this one; returns whether this one was working."""
    had_desk: bool = getattr(_here, "has_desk", False)
    _here.has_desk = False
    if had_desk:
        _desks.release()
    return had_desk
