"""The bars of a chart with a mark: corporate actions, halts, refused bars, jumps, high and low of 52 weeks. Pure."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final, Literal, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from finance_core.bars import candles
from finance_core.bars.candles import PRICES

Kind = Literal["dividend", "split", "high", "low", "halted", "incomplete", "refused", "jump"]
Positions = Mapping[Kind, npt.NDArray[np.intp]]
"""The positions of the bars of each kind, ascending."""


class Noted(NamedTuple):
    """What the bars of a chart, which may be weekly, do not show by themselves."""

    refused: Sequence[pd.Timestamp] = ()
    """Days of bars that were left out."""
    jumps: Sequence[pd.Timestamp] = ()
    """Days with a move beyond the daily limit (see `price_limit`)."""
    extremes: Mapping[Kind, tuple[pd.Timestamp, float]] = MappingProxyType({})
    """The days and prices of the high and the low of 52 weeks; empty where bars of these weeks are missing."""
    incomplete: Sequence[pd.Timestamp] = ()
    """Days of bars whose open, high or low is not known, and drawn as the nearest price that is."""


NOTHING_NOTED: Final = Noted()


def noted(
    daily: pd.DataFrame,
    refused: Sequence[pd.Timestamp] = (),
    jumps: Sequence[pd.Timestamp] = (),
    incomplete: Sequence[pd.Timestamp] = (),
) -> Noted:
    """What is noted of `daily` bars: high and low are those of the 52 weeks up to the last bar, since the last jump."""
    year = year_of(daily.loc[max(jumps) :] if jumps else daily)
    if year.empty:
        return Noted(refused, jumps, incomplete=incomplete)
    highest, lowest = year["high"].max(), year["low"].min()
    high, low = year.index[year["high"] == highest][-1], year.index[year["low"] == lowest][-1]
    return Noted(refused, jumps, {"high": (high, float(highest)), "low": (low, float(lowest))}, incomplete)


def year_of(daily: pd.DataFrame) -> pd.DataFrame:
    """The bars of the 52 weeks up to the last of `daily`; none where the first of these weeks lie in a gap.

    See `candles.gaps`.

    >>> from finance_core.bars import candles
    >>> days = pd.DatetimeIndex(["2023-03-02", "2024-03-04", "2024-12-31", "2025-01-02"])
    >>> bars = candles.frame(days.to_numpy(), np.ones((4, 7)))
    >>> len(year_of(bars)), len(year_of(bars.iloc[[0, 2, 3]])), len(year_of(bars.iloc[2:]))
    (0, 0, 2)
    """
    if daily.empty:
        return daily
    start = daily.index[-1] - pd.DateOffset(weeks=52)
    year = daily[daily.index > start]
    gaps = candles.gaps(pd.DatetimeIndex(daily.index))
    is_missing = any(before <= start and after - start > pd.Timedelta(days=14) for before, after in gaps)
    return daily.iloc[:0] if is_missing else year


def positions(bars: pd.DataFrame, noted: Noted = NOTHING_NOTED) -> Positions:
    """The bars with a mark.

    A halted bar is flat and has no volume, while other bars have volume; an incomplete one is none. A refused bar is
    marked on the next bar, unless its day has a bar now. What is noted of a day is marked on its bar: in weekly bars,
    that of its week.

    >>> from finance_core.bars import candles
    >>> days = pd.DatetimeIndex(["2024-01-02", "2024-01-03", "2024-01-05"]).to_numpy()
    >>> rows = [[10, 12, 9, 11, 500, 0, 0], [11, 11, 11, 11, 0, 0, 0], [11, 13, 10, 12, 300, 1, 0]]
    >>> bars = candles.frame(days, np.array(rows, dtype="float64"))
    >>> marked = positions(bars, noted(bars, refused=[pd.Timestamp("2024-01-04")]))
    >>> {kind: bars.tolist() for kind, bars in marked.items() if len(bars)}
    {'dividend': [2], 'high': [2], 'low': [0], 'halted': [1], 'refused': [2]}
    """
    days = pd.DatetimeIndex(bars.index)
    prices = bars[PRICES].to_numpy()
    is_flat = (prices == prices[:, :1]).all(axis=1)
    volume = bars["volume"].to_numpy()
    left_out = [day for day in noted.refused if day not in days]
    incomplete = first_from(days, noted.incomplete)
    halted = np.flatnonzero(is_flat & (volume == 0) & (volume > 0).any())
    extremes = {kind: [day] for kind, (day, _price) in noted.extremes.items()}
    marked: dict[Kind, npt.NDArray[np.intp]] = {
        "dividend": np.flatnonzero(bars["dividends"].to_numpy() > 0),
        "split": np.flatnonzero(bars["stock_splits"].to_numpy() > 0),
        "high": first_from(days, extremes.get("high", [])),
        "low": first_from(days, extremes.get("low", [])),
        "halted": np.setdiff1d(halted, incomplete),
        "incomplete": incomplete,
        "refused": first_from(days, left_out),
        "jump": first_from(days, noted.jumps),
    }
    return marked


def first_from(days: pd.DatetimeIndex, on: Sequence[pd.Timestamp]) -> npt.NDArray[np.intp]:
    """Positions of the first of `days` from each day of `on` on, each once; none after the last of `days`."""
    positions = np.unique(days.searchsorted(pd.DatetimeIndex([*on])))
    return positions[positions < len(days)]
