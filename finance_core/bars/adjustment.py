"""Adjusts prices for splits that their source has not applied yet and, for total return, for dividends. Pure.

`bars` are as in `candles`. The examples of splits use these bars:

>>> days = pd.DatetimeIndex(["2024-01-02", "2024-01-03", "2024-01-09"])
>>> rows = [[10, 12, 9, 11, 500, 0, 0], [11, 11, 10, 10, 300, 1, 0], [10, 13, 10, 12, 200, 0, 0]]
>>> bars = candles.frame(days.to_numpy(), np.array(rows, dtype="float64"))
"""

from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from finance_core.bars import candles
from finance_core.bars.candles import PRICES, ROUNDING, Remark

SPLIT_LEAST: Final = 1.5
"""Only a split by at least this ratio (or at most its inverse) is larger than an ordinary move of a day."""
SPLIT_TOLERANCE: Final = 0.25
"""Greatest difference of logarithms between the jump of prices and the split: prices also move on that day."""
SPLIT_LARGE: Final = 3.0
"""From this ratio (or its inverse) on, a jump of prices that is nearer to the split than to no jump is the split."""


def is_unadjusted(before: npt.ArrayLike, close: npt.ArrayLike, splits: npt.ArrayLike) -> npt.NDArray[np.bool_]:
    """Whether each close jumps from the close `before` it by the split: earlier prices do not reflect the split yet.

    The three arguments are arrays of one length, or single numbers. False where a number is missing or the split is
    smaller than `SPLIT_LEAST`.

    >>> is_unadjusted(52.0, 26.0, 2.0).item(), is_unadjusted(26.0, 26.0, 2.0).item()
    (True, False)
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        split = np.log(np.asarray(splits, dtype="float64"))
        jump = np.log(np.asarray(before, dtype="float64") / np.asarray(close, dtype="float64"))
        size = np.abs(split)
        # Nearer to the split than to no jump at all.
        nearer = np.where(size >= np.log(SPLIT_LARGE), size / 2, np.minimum(SPLIT_TOLERANCE, size / 2))
        is_large = np.isfinite(split) & (size >= np.log(SPLIT_LEAST) * (1 - ROUNDING))
        return np.asarray(is_large & (np.abs(jump - split) < nearer))


def unadjusted_splits(bars: pd.DataFrame) -> list[int]:
    """Positions of the splits in `bars` that earlier prices do not reflect yet (see `is_unadjusted`).

    >>> unadjusted_splits(bars.assign(close=[50.0, 52.0, 26.0], stock_splits=[0, 0, 2]))
    [2]
    """
    splits = bars["stock_splits"].to_numpy()
    at = np.flatnonzero(splits[1:]) + 1
    if not at.size:  # as in most histories
        return []
    close = bars["close"].to_numpy()
    positions: list[int] = at[is_unadjusted(close[at - 1], close[at], splits[at])].tolist()
    return positions


def split_adjusted(bars: pd.DataFrame) -> tuple[pd.DataFrame, list[Remark]]:
    """Clean `bars` with the `unadjusted_splits` applied, and a remark for each of these splits.

    Prices and dividends before such a split are divided by it, and volumes are multiplied by it, as sources of adjusted
    prices do.

    >>> split_adjusted(bars.assign(close=[50.0, 52.0, 26.0], stock_splits=[0, 0, 2]))[0]["close"].tolist()
    [25.0, 26.0, 26.0]
    """
    positions = unadjusted_splits(bars)
    if not positions:
        return bars, []
    factor = np.ones(len(bars))
    for position in positions:
        factor[:position] *= bars["stock_splits"].iloc[position]
    divided = {name: bars[name] / factor for name in (*PRICES, "dividends")}
    adjusted = bars.assign(**divided, volume=bars["volume"] * factor)
    remarks = [Remark(bars.index[position], "changed", "split applied") for position in positions]
    return candles.frame(bars.index.to_numpy(), candles.in_order(adjusted).to_numpy(dtype="float64")), remarks


def total_return(bars: pd.DataFrame) -> tuple[pd.DataFrame, list[Remark]]:
    """`bars` with the prices before each dividend lowered by the worth of the dividend; the last prices stay.

    So the prices move like the wealth of an owner who reinvests each dividend. `bars` must have their splits applied.

    Prices before a dividend are multiplied by 1 - dividend / close of the bar before, so that the adjusted close moves
    from that bar by close / (earlier close - dividend). That is how Yahoo adjusts closes for dividends. Volume and
    dividends stay. A dividend that is not less than the close before it is not applied; a remark reports it.

    >>> days = pd.DatetimeIndex(["2024-01-02", "2024-01-03"]).to_numpy()
    >>> bars = candles.frame(days, np.array([[100.0, 100, 100, 100, 5, 0, 0], [95, 95, 95, 95, 5, 10, 0]]))
    >>> total_return(bars)[0]["close"].tolist()
    [90.0, 95.0]
    """
    dividends, close = bars["dividends"].to_numpy(), bars["close"].to_numpy()
    before = np.concatenate([[np.nan], close[:-1]])
    with np.errstate(invalid="ignore"):
        kept = 1 - dividends / before
    is_paid = np.isfinite(before) & (dividends > 0)  # a dividend on the first bar lowers no price
    is_possible = is_paid & (kept > 0)
    impossible = bars.index[is_paid & ~is_possible]
    factors = np.where(is_possible, kept, 1.0)
    # Of each bar: the product of the factors of all later bars.
    after = np.append(np.cumprod(factors[::-1])[::-1][1:], 1.0)
    adjusted = bars.assign(**{name: bars[name] * after for name in PRICES})
    return adjusted, [Remark(day, "refused", "dividend impossible") for day in impossible]
