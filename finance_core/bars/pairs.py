"""How series move together: correlations of all pairs, and spread, ratio and beta of two.

Pure. `closes` are as in `comparison`, and so are these of the examples:

>>> days = pd.bdate_range("2024-01-04", periods=4)
>>> closes = pd.DataFrame({"A": [10.0, 12, 9, 11], "B": [np.nan, 5, 6, 6]}, index=days)
"""

from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from finance_core.bars import candles
from finance_core.bars.comparison import are_daily, priced

FLAT: Final = 1e-18
"""A series whose log returns have at most this variance counts as flat: the variance comes from rounding."""
GAP_DAYS: Final = int(candles.LONG_GAP.astype(int))


def correlations(closes: pd.DataFrame) -> pd.DataFrame:
    """Pearson's correlation of the daily log returns of each pair, on the sessions that both have.

    A return reaches from one common session to the next, so that a holiday of one series does not count as a return of
    0, but not across a gap (see `candles.gaps`). NaN where a pair has fewer than three common sessions, or one of them
    never moved.

    >>> correlations(closes).loc["A", "B"].round(2).item()
    -1.0
    """
    names = list(closes.columns)
    logs = np.ascontiguousarray(np.log(closes.to_numpy(dtype="float64")).T)  # contiguous by series
    known, days = ~np.isnan(logs), closes.index.to_numpy().astype("datetime64[D]").astype("int32")
    result = np.full((len(names), len(names)), np.nan)
    for one in range(len(names)):
        for other in range(one, len(names)):
            common = np.flatnonzero(known[one] & known[other])
            a, b = logs[one].take(common), logs[other].take(common)
            result[one, other] = result[other, one] = _correlation(a, b, _before_gaps(days, common))
    return pd.DataFrame(result, index=names, columns=names)


def _before_gaps(days: npt.NDArray[np.int32], common: npt.NDArray[np.intp]) -> npt.NDArray[np.intp]:
    """The positions before gaps in `common`, the rows that both of a pair have; it may have one that neither has."""
    # First every 16th day: where there is no gap between these, there is none at all.
    few = days.take(common[::16])
    if len(few) and max((few[1:] - few[:-1]).max(initial=0), days[common[-1]] - few[-1]) <= GAP_DAYS:
        return np.array([], dtype="intp")
    return np.flatnonzero(np.diff(days.take(common)) > GAP_DAYS)


def _correlation(a: npt.NDArray[np.float64], b: npt.NDArray[np.float64], ends: npt.NDArray[np.intp]) -> float:
    """The correlation of the differences of `a` and `b`, but for those behind the positions `ends`."""
    with np.errstate(invalid="ignore"):  # from infinity to infinity
        x, y = a[1:] - a[:-1], b[1:] - b[:-1]
        if len(ends):
            x, y = np.delete(x, ends), np.delete(y, ends)
        total_x, total_y = x.sum(), y.sum()
    if not np.isfinite(total_x + total_y):
        finite = np.isfinite(x) & np.isfinite(y)
        x, y = x[finite], y[finite]
        total_x, total_y = x.sum(), y.sum()
    count = len(x)
    if count < 2:
        return float("nan")
    # Without subtracting the means from each return first: daily returns are near 0, so nothing is lost.
    mean_x, mean_y = total_x / count, total_y / count
    variance_x, variance_y = x @ x - count * mean_x**2, y @ y - count * mean_y**2
    if min(variance_x, variance_y) <= FLAT * count:
        return float("nan")
    return max(-1.0, min(1.0, float((x @ y - count * mean_x * mean_y) / np.sqrt(variance_x * variance_y))))


def rolling_correlation(closes: pd.DataFrame, window: int) -> "pd.Series[float]":
    """The correlation of the first two columns over the last `window` returns, on their common sessions.

    >>> rolling_correlation(closes, window=2).round(2).tolist()
    [nan, nan, -1.0]
    """
    moves = _log_returns(closes)
    return moves.iloc[:, 0].rolling(window).corr(moves.iloc[:, 1])


class Pair(NamedTuple):
    """How the first of two series moves against the second, on the sessions that both have."""

    spread: "pd.Series[float]"
    """Change of the first minus that of the second since their first common session, in percentage points."""
    ratio: "pd.Series[float]"
    """The first divided by the second, 1 at their first common session; so it needs no common currency."""
    betas: "pd.Series[float]"
    """Beta over the last returns of a window, at each session with a return."""
    beta: float
    """Beta over all common sessions; NaN if they are fewer than three, or the second series is flat."""


def pair(closes: pd.DataFrame, window: int) -> Pair:
    """Spread, ratio and beta of the first two columns.

    Beta is the covariance of their log returns divided by the variance of the second's, as in W. Sharpe, Capital Asset
    Prices (1964). A return reaches from one common session to the next.

    >>> measured = pair(closes, window=2)
    >>> measured.spread.round(1).tolist(), measured.ratio.round(3).tolist(), round(measured.beta, 2)
    ([0.0, -45.0, -28.3], [1.0, 0.625, 0.764], -2.68)
    """
    both = priced(closes.iloc[:, :2])
    since = both / both.iloc[0] if len(both) else both
    first, second = (moves for _name, moves in _log_returns(closes).items())
    # The variance of an exactly flat second series is a rounding error, the larger the more it moved before.
    moves = second.rolling(window)
    variances = moves.var()
    betas = first.rolling(window).cov(second) / variances.where((variances > FLAT) & (moves.max() > moves.min()))
    variance = second.var()
    beta = float(first.cov(second) / variance) if len(both) > 2 and variance > FLAT else float("nan")
    return Pair((since.iloc[:, 0] - since.iloc[:, 1]) * 100, since.iloc[:, 0] / since.iloc[:, 1], betas, beta)


def _log_returns(closes: pd.DataFrame) -> pd.DataFrame:
    """The log returns of the first two columns between common sessions with known closes; the first row is NaN.

    None reaches across a gap (see `candles.gaps`).
    """
    common = closes.iloc[:, :2].dropna()
    moves = common.replace(np.inf, np.nan).apply(np.log).diff().iloc[1:]
    return pd.concat([common.iloc[:1] * np.nan, moves[are_daily(common)].dropna()])
