"""The rate limit of requests to Yahoo: a rate that all workers share, and a common pause when Yahoo refuses one."""

import random
import threading
import time
from collections.abc import Callable

from finance_core.errors import FetchFailed
from finance_core.i18n import N_

ROUNDS = 5
"""The run gives up after this many pauses in a row without an answer."""
FIRST_PAUSE = 2.0
"""Seconds of the first pause. Each further pause in a row is twice as long; a random part, up to half, is added."""
NAP = 0.2
"""Seconds between two checks of a waiting worker whether its run stops."""


class NotAsked(FetchFailed):
    """No answer: the run stops, Yahoo has refused too many requests in a row, or nothing it says could be used."""


class RateLimit:
    """The rate limit of one session, for any number of threads.

    `rate` is in requests per second. Tests replace `clock` (monotonic seconds) and `sleep`.
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
        """Wait until a request may be made; returns that moment. Raises NotAsked if no request may be made any more."""
        while True:
            with self._lock:
                now = self._clock()
                remaining = self._next - now
                if self.exhausted or stopping():
                    raise NotAsked(N_("요청을 보내지 않았습니다."))
                if remaining <= 0:
                    self._next = now + self._interval
                    return now
            self._sleep(min(remaining, NAP))

    def refused(self, asked_at: float) -> float:
        """Begin a pause for all workers, because Yahoo refused a request made at `asked_at`; returns its seconds left.

        Requests that were made before the pause began belong to the same round and begin no further pause.
        """
        with self._lock:
            now = self._clock()
            if asked_at >= self._paused_at:
                self._rounds += 1
                self._paused_at = now
                pause = FIRST_PAUSE * 2 ** (self._rounds - 1)
                self._next = now + pause * (1 + random.random() / 2)
            return max(0.0, self._next - now)

    def answered(self, asked_at: float) -> None:
        """Count pauses from zero again, if the request made at `asked_at` came after the last pause."""
        with self._lock:
            if asked_at >= self._paused_at:
                self._rounds = 0

    @property
    def exhausted(self) -> bool:
        """Whether all pauses passed without an answer."""
        return self._rounds > ROUNDS
