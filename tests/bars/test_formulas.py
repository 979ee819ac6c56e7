"""Indicators against values worked out by hand, and against the formulas of their authors written a second way."""

import math

import numpy as np
import pandas as pd
import pytest

from finance_core.bars import formulas
from finance_core.bars.curves import compute, usual
from finance_core.bars.formulas import Floats
from finance_core.bars.indicators import INDICATORS

NAN = math.nan


def made_bars(count: int = 400, seed: int = 3) -> pd.DataFrame:
    """Bars of a random walk around 70,000 won, with gaps between them."""
    rng = np.random.default_rng(seed)
    close = 70_000 * np.exp(rng.normal(0, 0.02, count).cumsum())
    opening = close * np.exp(rng.normal(0, 0.01, count))
    high, low = np.maximum(opening, close) * (1 + rng.random(count) / 50), np.minimum(opening, close) * 0.99
    volume = rng.integers(1, 10**7, count).astype("float64")
    return pd.DataFrame({"open": opening, "high": high, "low": low, "close": close, "volume": volume})


BARS = made_bars()
OPEN, HIGH, LOW, CLOSE, VOLUME = (BARS[name] for name in ("open", "high", "low", "close", "volume"))
TYPICAL = (HIGH + LOW + CLOSE) / 3
PREVIOUS = CLOSE.shift()
TRUE_RANGE = pd.concat([HIGH - LOW, (HIGH - PREVIOUS).abs(), (LOW - PREVIOUS).abs()], axis=1).max(axis=1, skipna=False)


def wilder(values: pd.Series, window: int) -> pd.Series:
    """Wilder's average: the mean of the first `window` values, then a fourteenth (or so) of each new one."""
    values = values.copy()
    first = values.first_valid_index() + window - 1
    values.loc[first] = values.loc[first - window + 1 : first].mean()
    values.loc[: first - 1] = NAN
    return values.ewm(alpha=1 / window, adjust=False).mean()


def ema(values: pd.Series, window: int, first: int | None = None) -> pd.Series:
    """The exponential average that begins at the bar `first` with the mean of the `window` values until there."""
    values = values.copy()
    first = window - 1 if first is None else first
    values.iloc[first] = values.iloc[first - window + 1 : first + 1].mean()
    values.iloc[:first] = NAN
    return values.ewm(span=window, adjust=False).mean()


def macd() -> list[pd.Series]:
    line = ema(CLOSE, 12) - ema(CLOSE, 26)
    signal = ema(line, 9, first=33)
    line = line.where(signal.notna())
    return [line, signal, line - signal]


def fast_k(window: int) -> pd.Series:
    low = LOW.rolling(window).min()
    return (CLOSE - low) / (HIGH.rolling(window).max() - low) * 100


def obv() -> pd.Series:
    return (np.sign(CLOSE.diff()) * VOLUME).fillna(VOLUME.iloc[0]).cumsum()


def mfi(window: int) -> pd.Series:
    flow, moved = TYPICAL * VOLUME, TYPICAL.diff()
    rising = flow.where(moved > 0, 0.0).where(moved.notna()).rolling(window).sum()
    falling = flow.where(moved < 0, 0.0).where(moved.notna()).rolling(window).sum()
    return 100 * rising / (rising + falling)


def cci(window: int) -> pd.Series:
    mean = TYPICAL.rolling(window).mean()
    deviation = TYPICAL.rolling(window).apply(lambda part: np.abs(part - part.mean()).mean(), raw=True)
    return (TYPICAL - mean) / (0.015 * deviation)


def rsi(window: int) -> pd.Series:
    moved = CLOSE.diff()
    rises, falls = wilder(moved.clip(lower=0), window), wilder(-moved.clip(upper=0), window)
    return 100 - 100 / (1 + rises / falls)


def wilder_sum(values: pd.Series, window: int) -> pd.Series:
    """Wilder's running sum, which begins with one value less than its window, as in his worksheets."""
    result, total = pd.Series(NAN, index=values.index), values.iloc[1:window].sum()
    for position in range(window, len(values)):
        total = total - total / window + values.iloc[position]
        result.iloc[position] = total
    return result


def adx(window: int) -> list[pd.Series]:
    up, down = HIGH.diff(), -LOW.diff()
    rising, falling = up.where((up > down) & (up > 0), 0.0), down.where((down > up) & (down > 0), 0.0)
    total = wilder_sum(TRUE_RANGE, window)
    plus, minus = 100 * wilder_sum(rising, window) / total, 100 * wilder_sum(falling, window) / total
    return [wilder(100 * (plus - minus).abs() / (plus + minus), window), plus, minus]


def sar(step: float = 0.02, most: float = 0.2) -> pd.Series:
    """Wilder's rules one bar at a time, begun in the direction of the greater move of the second bar."""
    high, low = HIGH.tolist(), LOW.tolist()
    is_long = not low[0] - low[1] > max(high[1] - high[0], 0)
    stop, extreme, speed = (low[0], high[1], step) if is_long else (high[0], low[1], step)
    stops = [NAN]
    for bar in range(1, len(high)):
        last_two = slice(max(bar - 1, 1), bar + 1)
        if (low[bar] <= stop) if is_long else (high[bar] >= stop):  # the trend turns
            is_long, stop = not is_long, max(extreme, high[bar]) if is_long else min(extreme, low[bar])
            extreme, speed = high[bar] if is_long else low[bar], step
            stop = min([stop, *low[last_two]]) if is_long else max([stop, *high[last_two]])
        elif (high[bar] > extreme) if is_long else (low[bar] < extreme):
            extreme, speed = high[bar] if is_long else low[bar], min(speed + step, most)
        stops.append(stop)
        stop += speed * (extreme - stop)
        stop = min([stop, *low[last_two]]) if is_long else max([stop, *high[last_two]])
    return pd.Series(stops)


def by_weights(values: pd.Series, window: int) -> pd.Series:
    weights = np.arange(1, window + 1)
    return values.rolling(window).apply(lambda part: np.average(part, weights=weights), raw=True)


def middle(window: int) -> pd.Series:
    return (HIGH.rolling(window).max() + LOW.rolling(window).min()) / 2


MEAN, DEVIATION = CLOSE.rolling(20).mean(), CLOSE.rolling(20).apply(lambda part: np.std(part), raw=True)
SECOND_WAYS = {
    "ma": [CLOSE.rolling(20).mean()],
    "ema": [ema(CLOSE, 12)],
    "wma": [by_weights(CLOSE, 20)],
    "volume_ma": [VOLUME.rolling(20).mean()],
    "volume_ema": [ema(VOLUME, 20)],
    "volume_wma": [by_weights(VOLUME, 20)],
    "bollinger": [MEAN + 2 * DEVIATION, MEAN, MEAN - 2 * DEVIATION],
    "envelope": [MEAN * 1.06, MEAN, MEAN * 0.94],
    "ichimoku": [middle(9), middle(26), (middle(9) + middle(26)) / 2, middle(52), CLOSE],
    "sar": [sar()],
    "rsi": [rsi(14)],
    "macd": macd(),
    "stochastic": [fast_k(14).rolling(3).mean(), fast_k(14).rolling(3).mean().rolling(3).mean()],
    "fast_stochastic": [fast_k(14), fast_k(14).rolling(3).mean()],
    "atr": [wilder(TRUE_RANGE, 14)],
    "obv": [obv()],
    "mfi": [mfi(14)],
    "cci": [cci(20)],
    "adx": adx(14),
    "disparity": [CLOSE / MEAN * 100],
    "psychological": [(CLOSE > PREVIOUS).where(PREVIOUS.notna()).astype(float).rolling(10).mean() * 100],
}


@pytest.mark.parametrize("key", INDICATORS)
def test_an_indicator_is_what_its_formula_gives_in_pandas(key: str) -> None:
    columns = {name: BARS[name].to_numpy() for name in BARS}
    lines = compute(usual(INDICATORS[key]), columns)
    for values, expected in zip(lines, SECOND_WAYS[key], strict=True):
        np.testing.assert_allclose(values, expected, rtol=1e-9, atol=1e-9 * np.nanmax(np.abs(expected)))


def of(*values: float) -> Floats:
    return np.array(values, dtype="float64")


BY_HAND = {
    # Closes 10, 12, 11, 14: two rises of 2 and 3, a fall of 1.
    "rsi": (formulas.rsi(of(10, 12, 11, 14), 2), [[NAN, NAN, 100 * 1 / (1 + 0.5), 100 * 2 / (2 + 0.25)]]),
    "bollinger": (formulas.bollinger(of(1, 3, 7), 2, 2), [[NAN, 4, 9], [NAN, 2, 5], [NAN, 0, 1]]),
    "envelope": (formulas.envelope(of(100, 300), 2, 10), [[NAN, 220], [NAN, 200], [NAN, 180]]),
    "weighted": (formulas.weighted_average(of(3, 6, 9), 3), [[NAN, NAN, (3 + 12 + 27) / 6]]),
    "exponential": (formulas.exponential_average(of(1, 2, 3, 8), 3), [[NAN, NAN, 2, 5]]),
    "stochastic": (
        formulas.fast_stochastic(of(10, 12, 13), of(8, 9, 10), of(9, 12, 11), 2, 2),
        [[NAN, 100, 50], [NAN, NAN, 75]],
    ),
    "atr": (formulas.atr(of(10, 14, 13, 13), of(8, 11, 12, 9), of(9, 12, 13, 10), 2), [[NAN, NAN, 3, 3.5]]),
    "obv": (formulas.obv(of(10, 11, 11, 9), of(5, 7, 100, 3)), [[5, 12, 12, 9]]),
    "mfi": (formulas.mfi(*[of(10, 20, 10)] * 3, of(1, 3, 2), 2), [[NAN, NAN, 75]]),
    "cci": (formulas.cci(*[of(1, 2, 6)] * 3, 3), [[NAN, NAN, 3 / (0.015 * 2)]]),
    "disparity": (formulas.disparity(of(90, 110), 2), [[NAN, 110]]),
    "psychological": (formulas.psychological(of(1, 2, 3, 2, 2), 4), [[NAN, NAN, NAN, NAN, 50]]),
    "ichimoku": (
        formulas.ichimoku(of(10, 12, 14, 20), of(8, 9, 10, 11), of(9, 10, 11, 12), 2, 3, 4),
        [[NAN, 10, 11.5, 15], [NAN, NAN, 11, 14.5], [NAN, NAN, 11.25, 14.75], [NAN, NAN, NAN, 14], [9, 10, 11, 12]],
    ),
}


@pytest.mark.parametrize("name", BY_HAND)
def test_an_indicator_is_what_a_hand_works_out(name: str) -> None:
    computed, expected = BY_HAND[name]
    np.testing.assert_allclose(computed, expected, rtol=1e-12)


def test_where_nothing_moves_a_share_of_moves_is_missing_and_not_zero() -> None:
    """TA-Lib returns 0 for 0/0; a chart would tell of a stock that only falls."""
    still, traded, halted = np.full(40, 0.1), np.full(40, 5.0), np.zeros(40)
    moving = np.linspace(1, 2, 40)
    assert np.isnan(formulas.rsi(still, 14)[0]).all()
    assert np.isnan(formulas.fast_stochastic(still, still, still, 14, 3)).all()
    assert np.isnan(formulas.slow_stochastic(still, still, still, 14, 3, 3)).all()
    assert np.isnan(formulas.cci(still, still, still, 20)[0]).all()
    assert np.isnan(formulas.mfi(still, still, still, traded, 14)[0]).all()
    assert np.isnan(formulas.mfi(moving, moving, moving, halted, 14)[0]).all()


def test_a_stock_that_only_falls_has_an_rsi_of_zero() -> None:
    assert formulas.rsi(np.linspace(2, 1, 40), 14)[0][14:].tolist() == [0.0] * 26


@pytest.mark.parametrize("key", ["ma", "wma", "bollinger", "envelope", "disparity"])
def test_a_mean_forgets_prices_a_trillion_times_higher(key: str) -> None:
    """Split-adjusted prices of old can be that high; a running sum must not carry their rounding along."""
    recent = [0.01 * (1 + day % 7) for day in range(70)]
    close = np.array([1e10 * (1 + day % 7) for day in range(200)] + recent)
    chosen = usual(INDICATORS[key])
    for whole, alone in zip(
        compute(chosen, {"close": close}), compute(chosen, {"close": np.array(recent)}), strict=True
    ):
        assert whole[-1] == pytest.approx(alone[-1], rel=1e-9)
