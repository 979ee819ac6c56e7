"""How fast Yahoo may be asked: a rate that all workers share, and a common pause when Yahoo wants fewer requests."""

import random
import threading
import time
from collections.abc import Callable

from finance_core.errors import FetchFailed
from finance_core.i18n import N_

ROUNDS = 5
"""How many pauses in a row may bring nothing before the run gives up."""
FIRST_PAUSE = 2.0
"""Seconds of the first pause; each further one in a row takes twice as long, plus up to half of it at random."""
NAP = 0.2
"""Seconds after which whoever waits looks again whether it should stop."""


class NotAsked(FetchFailed):
    """The request was not made: the run is stopping, or Yahoo has turned away too many in a row."""


class Pace:
    """The pace of one session's requests, for any number of threads.

    `rate` is in requests per second. `clock` (seconds, monotonic) and `sleep` are given by tests.
    """

    def __init__(
        self,
        rate: float,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._interval = 1 / rate
        self._clock, self._sleep = clock, sleep
        self._lock = threading.Lock()
        self._next = self._paused_at = clock()
        self._rounds = 0

    def wait(self, stopping: Callable[[], bool]) -> float:
        """Wait for one's turn; returns the moment of it. Raises NotAsked where it is not to come."""
        while True:
            with self._lock:
                now = self._clock()
                left = self._next - now
                if self.exhausted or stopping():
                    raise NotAsked(N_("요청을 보내지 않았습니다."))
                if left <= 0:
                    self._next = now + self._interval
                    return now
            self._sleep(min(left, NAP))

    def turned_away(self, asked_at: float) -> None:
        """Yahoo wants fewer requests, it said to the one of `asked_at`: everyone pauses.

        Requests that were under way when the pause began belong to the same round.
        """
        with self._lock:
            if asked_at < self._paused_at:
                return
            self._rounds += 1
            self._paused_at = self._clock()
            pause = FIRST_PAUSE * 2 ** (self._rounds - 1)
            self._next = self._paused_at + pause * (1 + random.random() / 2)

    def answered(self, asked_at: float) -> None:
        """Yahoo answered the request of `asked_at`: the pauses before it were long enough."""
        with self._lock:
            if asked_at >= self._paused_at:
                self._rounds = 0

    @property
    def exhausted(self) -> bool:
        """Whether all rounds passed without an answer."""
        return self._rounds > ROUNDS
