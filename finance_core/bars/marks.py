"""The bars of a chart with a mark: corporate actions, halts, refused bars, jumps, high and low of 52 weeks. Pure."""

from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from finance_core.bars.candles import PRICES

Kind = Literal["dividend", "split", "high", "low", "halted", "refused", "jump"]
Positions = Mapping[Kind, npt.NDArray[np.intp]]
"""The positions of the bars of each kind, ascending."""


class Noted(NamedTuple):
    """Days with a mark that bars alone do not show."""

    refused: Sequence[pd.Timestamp] = ()
    """Days of bars that were left out."""
    jumps: Sequence[pd.Timestamp] = ()
    """Days with a move beyond the daily limit (see `price_limit`)."""


NOTHING_NOTED = Noted()


def positions(bars: pd.DataFrame, noted: Noted = NOTHING_NOTED) -> Positions:
    """The bars with a mark.

    High and low are the highest high and the lowest low of the 52 weeks up to the last bar, from
    the last jump on. A halted bar is flat and has no volume, while other bars have volume. A refused bar is marked on
    the next bar, unless its day has a bar now. A jump is marked on its bar: in weekly bars, that of its week.

    >>> from finance_core.bars import candles
    >>> days = pd.DatetimeIndex(["2024-01-02", "2024-01-03", "2024-01-05"]).to_numpy()
    >>> rows = [[10, 12, 9, 11, 500, 0, 0], [11, 11, 11, 11, 0, 0, 0], [11, 13, 10, 12, 300, 1, 0]]
    >>> marked = positions(candles.frame(days, np.array(rows, dtype="float64")), Noted([pd.Timestamp("2024-01-04")]))
    >>> {kind: bars.tolist() for kind, bars in marked.items() if len(bars)}
    {'dividend': [2], 'high': [2], 'low': [0], 'halted': [1], 'refused': [2]}
    """
    days = pd.DatetimeIndex(bars.index)
    prices = bars[PRICES].to_numpy()
    is_flat = (prices == prices[:, :1]).all(axis=1)
    volume = bars["volume"].to_numpy()
    jumps = _first_from(days, pd.DatetimeIndex([*noted.jumps]))
    left_out = pd.DatetimeIndex([day for day in noted.refused if day not in days])
    marked: dict[Kind, npt.NDArray[np.intp]] = {
        "dividend": np.flatnonzero(bars["dividends"].to_numpy() > 0),
        "split": np.flatnonzero(bars["stock_splits"].to_numpy() > 0),
        "high": _extreme(bars["high"], max(jumps, default=0), highest=True),
        "low": _extreme(bars["low"], max(jumps, default=0), highest=False),
        "halted": np.flatnonzero(is_flat & (volume == 0) & (volume > 0).any()),
        "refused": _first_from(days, left_out),
        "jump": jumps,
    }
    return marked


def _first_from(days: pd.DatetimeIndex, on: pd.DatetimeIndex) -> npt.NDArray[np.intp]:
    """Positions of the first of `days` from each day of `on` on, each once; none after the last of `days`."""
    positions = np.unique(days.searchsorted(on))
    return positions[positions < len(days)]


def _extreme(prices: "pd.Series[float]", since: int, *, highest: bool) -> npt.NDArray[np.intp]:
    """The last bar with the highest or lowest of `prices` in the 52 weeks up to the last bar, from `since` on."""
    if prices.empty:
        return np.array([], dtype=np.intp)
    days = pd.DatetimeIndex(prices.index)
    start = int(days.searchsorted(days[-1] - pd.DateOffset(weeks=52), side="right"))
    start = max(start, since)
    year = prices.to_numpy()[start:]
    wanted = year.max() if highest else year.min()
    return np.array([start + int(np.flatnonzero(year == wanted)[-1])], dtype=np.intp)
