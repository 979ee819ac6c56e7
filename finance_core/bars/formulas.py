"""The arithmetic of indicators, on the float arrays of one ticker: arrays in, arrays of the same length out. Pure.

TA-Lib computes what it has and computes well. Three things are computed here. Means and deviations of a window: the
running sums of TA-Lib keep the rounding errors of earlier prices, which split adjustment can make a trillion times
higher. Indicators that TA-Lib lacks. And NaN where TA-Lib returns 0 for 0/0: an RSI of 0 means falling prices, not
prices that never moved. Nothing looks ahead. Bars before the first value have NaN; so have all bars of a history that
is too short. `indicators` holds the names of the values and their panes.
"""

import numpy as np
import numpy.typing as npt
import pandas as pd
import talib

Floats = npt.NDArray[np.float64]
"""One value for each bar, the oldest first."""


def simple_average(values: Floats, window: int) -> tuple[Floats]:
    """The mean of the last `window` values.

    >>> simple_average(np.array([1.0, 2.0, 6.0]), 2)[0].tolist()
    [nan, 1.5, 4.0]
    """
    return (_mean(values, window),)


def exponential_average(values: Floats, window: int) -> tuple[Floats]:
    """The average whose newest value weighs 2 / (`window` + 1); it begins with the mean of the first `window` values.

    >>> exponential_average(np.array([1.0, 3.0, 5.0]), 2)[0].round(4).tolist()
    [nan, 2.0, 4.0]
    """
    return (talib.EMA(values, window),)


def weighted_average(values: Floats, window: int) -> tuple[Floats]:
    """The mean of the last `window` values, of which the newest weighs `window` times as much as the oldest.

    >>> weighted_average(np.array([1.0, 2.0, 5.0]), 2)[0].tolist()
    [nan, 1.6666666666666667, 4.0]
    """
    result = np.full(len(values), np.nan)
    if len(values) >= window:
        weights = np.arange(window, 0, -1.0)  # np.convolve reverses them
        result[window - 1 :] = np.convolve(values, weights, "valid") / weights.sum()
    return (result,)


def deviation(values: Floats, window: int) -> Floats:
    """The standard deviation (of the population) of the last `window` values; 0 where all of them are equal.

    Running sums of squares would leave a trace of larger values before: too small to draw, but more than 0.

    >>> deviation(np.array([1e9, 0.0, 3.0, 5.0, 5.0]), 2).tolist()[2:]
    [1.5, 1.0, 0.0]
    """
    rolling = pd.Series(values).rolling(window)
    return np.where(rolling.max() == rolling.min(), 0.0, rolling.std(ddof=0))


def bollinger(close: Floats, window: int, deviations: float) -> tuple[Floats, Floats, Floats]:
    """Upper band, mean and lower band, `deviations` standard deviations (of the population) from the mean."""
    middle, width = _mean(close, window), deviations * deviation(close, window)
    return middle + width, middle, middle - width


def envelope(close: Floats, window: int, percent: float) -> tuple[Floats, Floats, Floats]:
    """Upper line, mean and lower line, `percent` % of the mean away from it."""
    middle = _mean(close, window)
    return middle * (1 + percent / 100), middle, middle * (1 - percent / 100)


def ichimoku(
    high: Floats, low: Floats, close: Floats, conversion: int, base: int, span: int
) -> tuple[Floats, Floats, Floats, Floats, Floats]:
    """Conversion line, base line, leading spans A and B and lagging span, each at the last bar of its window.

    The conversion line, the base line and span B are the middle between the highest high and the lowest low of their
    windows; span A is the mean of the first two lines; the lagging span is the close. The caller shifts the leading
    spans `base` bars forward and the lagging span as many bars back.
    """
    conversion_line, base_line = talib.MIDPRICE(high, low, conversion), talib.MIDPRICE(high, low, base)
    return conversion_line, base_line, (conversion_line + base_line) / 2, talib.MIDPRICE(high, low, span), close


def parabolic_sar(high: Floats, low: Floats, step: float, most: float) -> tuple[Floats]:
    """The stop price at which the trend turns. Each new extreme speeds it up by `step`, to `most` at most."""
    return (talib.SAR(high, low, step, most),)


def rsi(close: Floats, window: int) -> tuple[Floats]:
    """The share of rises in all moves in percent, by Wilder's averages of both; NaN while no close has moved."""
    rises, falls = talib.RSI(close, window), talib.RSI(-close, window)
    return (np.where((rises == 0) & (falls == 0), np.nan, rises),)


def macd(close: Floats, fast: int, slow: int, signal: int) -> tuple[Floats, Floats, Floats]:
    """The fast minus the slow exponential average, its own exponential average, and the difference of the two."""
    # Not talib.MACD: it begins the fast average later than talib.EMA does, so that the line of a short history is not
    # the difference of the averages on the same chart.
    line = talib.EMA(close, fast) - talib.EMA(close, slow)
    signal_line = talib.EMA(line, signal)
    return np.where(np.isnan(signal_line), np.nan, line), signal_line, line - signal_line


def fast_stochastic(high: Floats, low: Floats, close: Floats, window: int, average: int) -> tuple[Floats, Floats]:
    """The position of the close between the lowest low (0) and the highest high (100) of `window` bars, and its mean.

    NaN where all prices of the window are the same.
    """
    within, _average = talib.STOCHF(high, low, close, window, 1)
    within = np.where(_moves(high, low, window), within, np.nan)
    return within, _mean(within, average)


def slow_stochastic(
    high: Floats, low: Floats, close: Floats, window: int, slowing: int, average: int
) -> tuple[Floats, Floats]:
    """The mean of `slowing` values of the fast stochastic, and the mean of `average` of these."""
    slow = fast_stochastic(high, low, close, window, slowing)[1]
    return slow, _mean(slow, average)


def atr(high: Floats, low: Floats, close: Floats, window: int) -> tuple[Floats]:
    """Wilder's average of the true range, which counts the gap from the close before."""
    return (talib.ATR(high, low, close, window),)


def obv(close: Floats, volume: Floats) -> tuple[Floats]:
    """The sum of the volumes, those of falling closes subtracted; it begins with the first volume."""
    return (talib.OBV(close, volume),)


def mfi(high: Floats, low: Floats, close: Floats, volume: Floats, window: int) -> tuple[Floats]:
    """The share of the money flow with rising typical prices in percent; NaN if no money flowed in the window."""
    typical = (high + low + close) / 3
    flow = np.where(np.diff(typical, prepend=typical[:1]) == 0, 0.0, typical * volume)
    flows = pd.Series(flow).rolling(window).max().to_numpy() > 0
    return (np.where(flows, talib.MFI(high, low, close, volume, window), np.nan),)


def cci(high: Floats, low: Floats, close: Floats, window: int) -> tuple[Floats]:
    """The distance of the typical price from its mean, divided by 0.015 mean deviations; NaN if all are the same."""
    typical = (high + low + close) / 3
    return (np.where(_moves(typical, typical, window), talib.CCI(high, low, close, window), np.nan),)


def adx(high: Floats, low: Floats, close: Floats, window: int) -> tuple[Floats, Floats, Floats]:
    """The strength of the trend (ADX), of its rising side (+DI) and of its falling side (−DI), each from 0 to 100."""
    prices = high, low, close
    return talib.ADX(*prices, window), talib.PLUS_DI(*prices, window), talib.MINUS_DI(*prices, window)


def disparity(close: Floats, window: int) -> tuple[Floats]:
    """The close in percent of its mean over `window` bars.

    >>> disparity(np.array([10.0, 30.0]), 2)[0].tolist()
    [nan, 150.0]
    """
    return (close / _mean(close, window) * 100,)


def psychological(close: Floats, window: int) -> tuple[Floats]:
    """How many of the last `window` closes rose, in percent.

    >>> psychological(np.array([1.0, 2.0, 1.0, 1.0]), 2)[0].tolist()
    [nan, nan, 50.0, 0.0]
    """
    rises = np.concatenate([[np.nan], np.diff(close) > 0])[: len(close)]
    return (_mean(rises, window) * 100,)


def _mean(values: Floats, window: int) -> Floats:
    return pd.Series(values).rolling(window).mean().to_numpy()


def _moves(high: Floats, low: Floats, window: int) -> npt.NDArray[np.bool_]:
    """Whether the prices of the last `window` bars differ."""
    highest, lowest = pd.Series(high).rolling(window).max(), pd.Series(low).rolling(window).min()
    return (highest > lowest).to_numpy()
