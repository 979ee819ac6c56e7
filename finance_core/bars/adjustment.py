"""Prices that also count dividends, as total return: what an owner had who put each dividend back into the share. Pure.

`bars` as in `candles`, with splits already applied.
"""

import numpy as np
import pandas as pd

from finance_core.bars.candles import PRICES, Remark


def total_return(bars: pd.DataFrame) -> tuple[pd.DataFrame, list[Remark]]:
    """`bars` with the prices before each dividend lowered by what it was worth; the last prices stay as they are.

    Prices before a dividend are multiplied by 1 - dividend / close of the bar before, so that the adjusted close moves
    from that bar by close / (earlier close - dividend). That is how Yahoo adjusts closes for dividends. Volume and
    dividends stay. A dividend that is not less than the close before is left out, and told in a remark.

    >>> from finance_core.bars import candles
    >>> days = pd.DatetimeIndex(["2024-01-02", "2024-01-03"]).to_numpy()
    >>> bars = candles.frame(days, np.array([[100.0, 100, 100, 100, 5, 0, 0], [95, 95, 95, 95, 5, 10, 0]]))
    >>> total_return(bars)[0]["close"].tolist()
    [90.0, 95.0]
    """
    dividends, close = bars["dividends"].to_numpy(), bars["close"].to_numpy()
    before = np.concatenate([[np.nan], close[:-1]])
    with np.errstate(invalid="ignore"):
        kept = 1 - dividends / before
    is_paid = np.isfinite(before) & (dividends > 0)  # one on the first bar lowers nothing
    is_possible = is_paid & (kept > 0)
    impossible = bars.index[is_paid & ~is_possible]
    factors = np.where(is_possible, kept, 1.0)
    # Of each bar: the product of the factors of all later bars.
    after = np.append(np.cumprod(factors[::-1])[::-1][1:], 1.0)
    adjusted = bars.assign(**{name: bars[name] * after for name in PRICES})
    return adjusted, [Remark(day, "refused", "dividend impossible") for day in impossible]
