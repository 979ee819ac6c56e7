"""Tells whether the clock of this machine is right, by the times of answers. Pure but for the present moment."""

import time
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import Any

from finance_core.i18n import N_
from updaters.rate_limit import NotAsked

TOLERANCE = 15 * 60
"""Seconds that the clock of this machine may differ from Yahoo's: it tells which sessions have ended."""


class WrongClock(NotAsked):
    """The clock of this machine is wrong: the answer is not used, and no more requests are made."""


def check(headers: Mapping[str, Any], begun: float) -> None:
    """Raise WrongClock if an answer was sent neither after the request had `begun` nor before now, by our clock.

    An answer without its time tells nothing.
    """
    try:
        sent_at = parsedate_to_datetime(headers["Date"]).timestamp() + int(headers.get("Age", 0))
    except (KeyError, ValueError):
        return
    ahead, behind = begun - sent_at, sent_at - time.time()  # the machine may have slept between
    if max(ahead, behind) > TOLERANCE:
        fast = N_("이 컴퓨터의 시계가 Yahoo보다 {minutes}분 빠릅니다. 시계를 맞추고 다시 실행하십시오.")
        slow = N_("이 컴퓨터의 시계가 Yahoo보다 {minutes}분 느립니다. 시계를 맞추고 다시 실행하십시오.")
        raise WrongClock(fast if ahead > behind else slow, minutes=round(max(ahead, behind) / 60))
