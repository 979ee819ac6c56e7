"""The arithmetic of fields over a panel: all bars of all tickers at once, one ticker after the other.

A window ends at its bar and holds bars of the same ticker only; the value is NaN where the window would begin before
the ticker's first bar, or before a jump (see `price_limit`). Nothing looks ahead. The examples use two tickers:

>>> days = np.array(["2024-01-02", "2024-01-03", "2024-01-04"], dtype="datetime64[D]")
>>> from finance_core.bars import panel
>>> bars = panel.of({"A": (days, {"close": [10.0, 11.0, 12.1]}), "B": (days[:2], {"close": [5.0, 4.0]})}, ["close"])
>>> source = Source(bars)
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from itertools import pairwise
from typing import Any, Final, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
from pandas.tseries.offsets import BaseOffset

from finance_core.bars import formulas, market_values
from finance_core.bars.curves import drawn_at
from finance_core.bars.indicator import Indicator
from finance_core.bars.panel import Days, IntArray, Panel

Floats = npt.NDArray[np.float64]
Texts = npt.NDArray[np.object_]

YEAR: Final = 252
"""Sessions of a year, to annualize a daily volatility."""


@dataclass(eq=False)
class Source:
    """A panel, with values that many fields need and that are computed once."""

    panel: Panel
    known: dict[Any, Any] = field(default_factory=dict)
    """A cache of computed values: by node of a condition, or by key and settings of an indicator."""

    @property
    def bars(self) -> Mapping[str, Floats]:
        """The fields of the panel."""
        return self.panel.bars

    @cached_property
    def rank(self) -> IntArray:
        """How many bars of its ticker lie before each bar, since the last jump."""
        return self.panel.rank

    @cached_property
    def days(self) -> Days:
        """The day of each bar."""
        return self.panel.sessions[self.panel.at]

    def of_tickers(self, values: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """`values`, one for each ticker, repeated at each of its bars."""
        return np.repeat(values, self.panel.counts)

    def ago(self, values: Floats, bars: int) -> Floats:
        """`values` of the same ticker so many `bars` before; NaN where there is no such bar."""
        return np.where(self.rank < bars, np.nan, drawn_at(values, bars))

    def rolling(self, values: Floats, window: int, statistic: Literal["mean", "max", "min", "std"]) -> Floats:
        """The mean, highest, lowest or (population's) standard deviation of the last `window` values."""
        scale = self.scale(values) if statistic in ("mean", "std") else None
        values = values if scale is None else values / scale
        if statistic == "std":
            result = formulas.deviation(values, window)
        else:
            result = getattr(pd.Series(values).rolling(window), statistic)().to_numpy(copy=True)
        result[self.rank < window - 1] = np.nan
        return result if scale is None else result * scale

    def scale(self, values: Floats) -> Floats:
        """The largest absolute value of each ticker, at each bar; 1 where there is none.

        Values are divided by it before running sums, so that no rounding error passes to a ticker of smaller values.
        """
        starts = self.panel.starts[:-1][self.panel.counts > 0]
        size = np.ones(len(self.panel.tickers))
        if len(starts):
            sizes = np.fmax.reduceat(np.abs(values), starts)
            size[self.panel.counts > 0] = np.where(np.isfinite(sizes) & (sizes > 0), sizes, 1.0)
        return self.of_tickers(size)

    def each(self, formula: Any, *inputs: Floats) -> tuple[Floats, ...]:
        """The results of `formula` for each ticker by itself, for values that depend on all bars since a jump."""
        pieces = self.panel.pieces.tolist()
        parts = [formula(*(values[first:last] for values in inputs)) for first, last in pairwise(pieces)]
        return tuple(np.concatenate(lines) for lines in zip(*parts, strict=True))


def ratio(above: Floats, below: Floats) -> Floats:
    """`above` / `below`; NaN where the result is not finite."""
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        result = above / below
    result[~np.isfinite(result)] = np.nan
    return result


def change(source: Source, bars: float) -> Floats:
    """The change of the close over so many bars, as a ratio.

    >>> change(source, 1).round(4).tolist()
    [nan, 0.1, 0.1, nan, -0.2]
    """
    return ratio(source.bars["close"], source.ago(source.bars["close"], int(bars))) - 1


def change_since(source: Source, offset: BaseOffset) -> Floats:
    """The change since the last close on or before the calendar day `offset` ago; YearEnd: since that of last year."""
    sessions = pd.DatetimeIndex(source.panel.sessions)
    days = (sessions - offset).to_numpy().astype("datetime64[D]")
    before = np.searchsorted(source.panel.sessions, days, side="right") - 1
    width = len(sessions)
    ticker = source.of_tickers(np.arange(len(source.panel.tickers)))
    keys = ticker * width + source.panel.at
    wanted = before[source.panel.at]
    base = np.searchsorted(keys, ticker * width + wanted, side="right") - 1
    known = (wanted >= 0) & (base >= np.arange(len(keys)) - source.rank)
    close = source.bars["close"]
    return np.where(known, ratio(close, close[np.maximum(base, 0)]) - 1, np.nan)


def gap(source: Source) -> Floats:
    """The change from the close before to the open, as a ratio."""
    return ratio(source.bars["open"], source.ago(source.bars["close"], 1)) - 1


def streak(source: Source) -> Floats:
    """How many bars in a row the close has risen, or (negative) fallen; 0 at an unchanged close."""
    close = source.bars["close"]
    move = np.sign(close - source.ago(close, 1))
    position = np.arange(len(move))
    turns = np.concatenate([[True], move[1:] != move[:-1]])[: len(move)]
    begin = np.maximum.accumulate(np.where(turns, position, 0))
    return move * (position - begin + 1)


def volatility(source: Source, bars: float) -> Floats:
    """The sample standard deviation of the log changes of the last `bars` bars, annualized by `YEAR` sessions."""
    close = source.bars["close"]
    moves = np.log(ratio(close, source.ago(close, 1)))
    # The first bar of a ticker has no change. A 0 in its place keeps running sums valid; windows with it become NaN.
    result: Floats = source.rolling(np.nan_to_num(moves), int(bars), "std") * np.sqrt(bars / (bars - 1) * YEAR)
    result[source.rank < bars] = np.nan
    return result


def high(source: Source, bars: float) -> Floats:
    """The highest high of the last `bars` bars."""
    return source.rolling(source.bars["high"], int(bars), "max")


def low(source: Source, bars: float) -> Floats:
    """The lowest low of the last `bars` bars."""
    return source.rolling(source.bars["low"], int(bars), "min")


def from_high(source: Source, bars: float) -> Floats:
    """The change from the highest high of the last `bars` bars to the close, as a ratio: usually 0 or less."""
    return ratio(source.bars["close"], high(source, bars)) - 1


def from_low(source: Source, bars: float) -> Floats:
    """The change from the lowest low of the last `bars` bars to the close, as a ratio."""
    return ratio(source.bars["close"], low(source, bars)) - 1


def from_average(source: Source, bars: float) -> Floats:
    """The change from the average of the last `bars` closes to the close, as a ratio."""
    return ratio(source.bars["close"], source.rolling(source.bars["close"], int(bars), "mean")) - 1


def traded(source: Source) -> Floats:
    """The value traded, as if all shares had changed hands at the close."""
    return source.bars["close"] * source.bars["volume"]


def traded_average(source: Source, bars: float) -> Floats:
    """The mean value traded of the last `bars` bars."""
    return source.rolling(traded(source), int(bars), "mean")


def volume_ratio(source: Source, bars: float) -> Floats:
    """The volume divided by its mean over the `bars` bars before."""
    return ratio(source.bars["volume"], source.ago(source.rolling(source.bars["volume"], int(bars), "mean"), 1))


def value_ratio(source: Source, bars: float) -> Floats:
    """The value traded divided by its mean over the `bars` bars before."""
    return ratio(traded(source), source.ago(traded_average(source, bars), 1))


def age(source: Source) -> Floats:
    """Calendar days since the first stored bar of the ticker; NaN where it is unknown."""
    listed = source.panel.listed
    if listed is None:
        return np.full(len(source.days), np.nan)
    days = (source.days - source.of_tickers(listed)).astype("timedelta64[D]")
    return np.where(np.isnat(days), np.nan, days.astype("float64"))


def market_value(source: Source) -> Floats:
    """The value of all shares at the close."""
    return market_values.of_bars(source.panel)


def text(source: Source, name: str) -> Texts:
    """The text `name` of each ticker; "" where it is unknown."""
    return np.array(source.panel.tickers, dtype=object) if name == "ticker" else source.panel.text(name)


def indicator(row: Indicator, position: int, source: Source, *settings: float, settles: bool) -> Floats:
    """The values of the line at `position` of an indicator, at the bars where a chart draws them.

    An indicator that depends on a window only is computed for all tickers at once; one that `settles`, which depends on
    all bars before, ticker by ticker.
    """
    lines = source.known.get((row.key, settings))
    if lines is None:
        lines = source.known[row.key, settings] = _lines(row, source, settings, settles)
    line = lines[position]
    shift = row.lines[position].shift(*settings)
    return source.ago(line, shift) if shift else line


def _lines(row: Indicator, source: Source, settings: tuple[float, ...], settles: bool) -> tuple[Floats, ...]:
    inputs = [source.bars[name] for name in row.inputs]
    if not len(source.rank):
        return tuple(np.array([]) for _line in row.lines)
    if settles:
        return source.each(lambda *bars: row.formula(*bars, *settings), *inputs)
    price, shares = source.scale(source.bars["close"]), source.scale(source.bars["volume"])
    scaled = [values / (shares if name == "volume" else price) for name, values in zip(row.inputs, inputs, strict=True)]
    back = {"price": price, "shares": shares, "points": np.ones(1)}[row.unit]
    lines = zip(row.formula(*scaled, *settings), _lookbacks(row, settings), strict=True)
    return tuple(np.where(source.rank >= lookback, line * back, np.nan) for line, lookback in lines)


@lru_cache(maxsize=256)
def _lookbacks(row: Indicator, settings: tuple[float, ...]) -> tuple[int, ...]:
    """For each line: how many bars before its own a value needs. The line begins with as many NaN."""
    close = 100 + np.sin(np.arange(row.warm_up(*settings) + 3.0))
    bars = {"open": close, "high": close + 1, "low": close - 1, "close": close, "volume": close}
    lines = row.formula(*(bars[name] for name in row.inputs), *settings)
    return tuple(int(np.argmin(np.isnan(line))) for line in lines)
