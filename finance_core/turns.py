"""Turns at the one core that Python's threads share: few pages are drawn at a time, and background work gives way.

Fifty pages drawn at once are all finished at the end, and a query among them waits for its turn after each answer until
it counts as unanswered. A few at a time, the first are finished at once and the last no later. An update in the same
process lets a page that somebody waits for go first.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

AT_ONCE = 4
"""Pages drawn at a time; more than one, because a page also waits for the database."""
PATIENCE = 5.0
"""If no page was finished for so many seconds, the next are drawn all the same: something holds up those before."""
GIVEN = 0.2
"""Seconds for which background work gives way at most, at each of its steps."""

_places = threading.Semaphore(AT_ONCE)
_nobody_waits = threading.Event()
_nobody_waits.set()
_lock = threading.Lock()
_waited_for = 0
"""Pages that are drawn, or wait for their turn."""
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
            _places.release()
        _count(-1)


def give_way() -> None:
    """Wait until no page is drawn, `GIVEN` seconds at most; for background work, between two steps of it."""
    _nobody_waits.wait(GIVEN)


def is_alone() -> bool:
    """Whether no page is drawn or waited for but, if it draws one, that of this thread."""
    return _waited_for <= int(getattr(_here, "has_turn", False))


def _take_place() -> bool:
    """Wait for a place; False if none is to be had because those who have them do not get on."""
    before = _finished
    while not _places.acquire(timeout=PATIENCE):
        if before == _finished:
            return False
        before = _finished
    return True


def _count(change: int) -> None:
    global _waited_for, _finished
    with _lock:
        _waited_for += change
        _finished += change < 0
        if _waited_for:
            _nobody_waits.clear()
        else:
            _nobody_waits.set()
