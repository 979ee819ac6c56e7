"""Jumps of prices that the daily price limit of an exchange does not allow. Pure.

Such a jump is no gain or loss of a day's trading. Either the source has not adjusted the prices before it for a split
or a reduction of capital, or the limit did not apply: in the last days before a delisting, for example, or when a
ticker moves to another market. Prices alone do not tell which, so nothing is adjusted here.
"""

from typing import Final

import numpy as np
import numpy.typing as npt

from finance_core.bars import sessions
from finance_core.bars.panel import TickerBars
from finance_core.categories import Category

SLACK: Final = 0.05
"""A move may exceed the limit by this: the limit counts from a base price, which may differ from the last close."""


def jumps(category: Category, days: npt.NDArray[np.datetime64], close: npt.NDArray[np.float64]) -> npt.NDArray[np.intp]:
    """Positions of the bars of `category` whose close no trading within the daily limit reaches from the bar before.

    `days` and `close` are those of daily bars, ascending, adjusted for splits. Where bars are missing, the limit grows
    with the square root of the sessions in between, as moves of a random walk do: if it counted for each session, a
    halt of weeks without bars would hide every jump. The result is empty for a category without a limit.

    >>> from finance_core.categories import KOREAN_STOCKS
    >>> days = np.array(["2026-01-06", "2026-01-07", "2026-01-08", "2026-01-09"], dtype="datetime64[D]")
    >>> jumps(KOREAN_STOCKS, days, np.array([205.0, 205.0, 2065.0, 2680.0])).tolist()
    [2]
    """
    if category.daily_limit is None or len(close) < 2:
        return np.array([], dtype=np.intp)
    limit, moves = category.daily_limit + SLACK, close[1:] / close[:-1]
    at = np.flatnonzero((moves > 1 + limit) | (moves < 1 - limit)) + 1
    if not at.size:  # as in most histories
        return at
    before, after = close[at - 1], close[at]
    step = 10.0 ** -category.decimals[0][1]  # sources round adjusted prices, which may be small
    count = np.sqrt(sessions.elapsed(category.markets[0].calendar, days[at - 1], days[at]))
    highest = (before + step) * (1 + limit) ** count + step
    lowest = (before - step) * (1 - limit) ** count - step
    return at[(after > highest) | (after < lowest)]


def jumps_of(category: Category, bars: TickerBars) -> npt.NDArray[np.intp]:
    """The `jumps` of the bars of a panel's ticker."""
    days, numbers = bars
    return jumps(category, days, np.asarray(numbers["close"], dtype="float64"))
