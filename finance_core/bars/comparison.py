"""Several series on one chart: aligned by day, converted to one currency, rebased, and measured.

Everything here is pure. `closes` is a DataFrame of closing prices: one column per series, indexed by the union of their
sessions (ascending, unique, tz-naive midnight), NaN on the days on which only others traded. Returns are ratios. No
statistic carries a price forward; a pair of series is measured on the sessions both have. Closes that are measured may
be infinite: on sessions whose price is not known in the wanted currency, across which no return reaches (see
`measurable`). Examples use these closes:

>>> days = pd.bdate_range("2024-01-04", periods=4)
>>> closes = pd.DataFrame({"A": [10.0, 12, 9, 11], "B": [np.nan, 5, 6, 6]}, index=days)
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Final, Literal, NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt
import pandas as pd

from finance_core.bars import candles
from finance_core.bars.periods import INTERVAL_PERIODS, Interval

Frame = TypeVar("Frame", pd.DataFrame, "pd.Series[float]")
Scale = Literal["price", "percent", "index", "log"]
"""price: each series on an axis of its own. percent: change from a base. index: 100 at the base. log: an index on a
logarithmic axis."""
Money = Literal["local", "KRW", "USD"]
"""The currency of prices; local means: each series in its own."""

LIMIT: Final = 20
"""Most series on one chart."""
AXES: Final = 2
"""Most series that can each have a price axis of their own."""
RATE_AGE: Final = pd.Timedelta(days=7)
"""Greatest age of an exchange rate; no currency market stays closed for so long."""


def align(closes: Mapping[str, "pd.Series[float]"]) -> pd.DataFrame:
    """The closes of several series on the union of their sessions; a price that is not above 0 or not finite is NaN.

    >>> align({"A": pd.Series([10.0, 0.0], index=days[:2]), "B": pd.Series([5.0], index=days[2:3])})["A"].tolist()
    [10.0, nan, nan]
    """
    frame = pd.DataFrame(dict(closes), columns=list(closes), dtype="float64").sort_index()
    frame.index = pd.DatetimeIndex(frame.index).as_unit("ns").rename("date")
    return frame.where((frame > 0) & np.isfinite(frame))


def convert(
    close: "pd.Series[float]", currency: str, into: Money, won: Mapping[str, "pd.Series[float]"]
) -> "pd.Series[float]":
    """`close` in another currency, day by day, with the last rate known on or before the day, at most `RATE_AGE` old.

    `won` holds the price of one unit of a currency in won, by ISO code. Where the rate is older or missing, the result
    is NaN. Closes in no currency ("": points, rates) and closes in the wanted currency stay as they are.

    >>> convert(closes["A"], "USD", "KRW", {"USD": pd.Series([1300.0], index=days[:1])}).tolist()
    [13000.0, 15600.0, 11700.0, 14300.0]
    """
    if into == "local" or currency in ("", into):
        return close
    days = pd.DatetimeIndex(close.index)
    in_won = close if currency == "KRW" else close * _rate(won, currency, days)
    return in_won if into == "KRW" else in_won / _rate(won, into, days)


def _rate(won: Mapping[str, "pd.Series[float]"], currency: str, days: pd.DatetimeIndex) -> "pd.Series[float]":
    rates = won.get(currency, pd.Series(dtype="float64"))
    known = rates[(rates > 0) & np.isfinite(rates)]
    if known.empty:
        return pd.Series(np.nan, index=days)
    known.index = pd.DatetimeIndex(known.index).as_unit("ns")
    return known.reindex(days.as_unit("ns"), method="ffill", tolerance=RATE_AGE)


def resample(closes: pd.DataFrame, interval: Interval) -> pd.DataFrame:
    """The last close of each week or month, dated by the last session that any series has in it; "D" as it is.

    >>> resample(closes, "W")["A"].to_dict()
    {Timestamp('2024-01-05 00:00:00'): 12.0, Timestamp('2024-01-09 00:00:00'): 11.0}
    """
    if interval == "D" or closes.empty:
        return closes
    days = pd.DatetimeIndex(closes.index)
    return closes.assign(date=days).groupby(days.to_period(INTERVAL_PERIODS[interval])).last().set_index("date")


class Base(NamedTuple):
    """The close that a series is compared with."""

    day: pd.Timestamp
    price: float


def base_of(close: "pd.Series[float]", first: pd.Timestamp) -> Base | None:
    """The first close on or after `first`; None where no close follows.

    >>> base_of(closes["B"], days[0])
    Base(day=Timestamp('2024-01-05 00:00:00'), price=5.0)
    """
    known = close.dropna()
    later = known[known.index >= first]
    return Base(later.index[0], float(later.iloc[0])) if len(later) else None


def rebase(closes: pd.DataFrame, bases: Mapping[str, Base | None], scale: Scale) -> pd.DataFrame:
    """Each close relative to its base: change in percent, or 100 at the base. A series without a base is all NaN.

    >>> rebase(closes, {"A": Base(days[0], 10.0), "B": None}, "index")["A"].round().tolist()
    [100.0, 120.0, 90.0, 110.0]
    """
    prices = np.array([base.price if (base := bases[name]) else np.nan for name in closes.columns])
    index = pd.DataFrame(closes.to_numpy() / prices * 100, index=closes.index, columns=closes.columns)
    return index - 100 if scale == "percent" else index


def joined(values: pd.DataFrame, traded: pd.DataFrame) -> pd.DataFrame:
    """`values` with a straight line over the days on which a series did not trade, for drawing only.

    `traded` is True on the days on which it traded. A day on which it traded but has no value (a rate is missing) stays
    blank, and so do the closed days around it.

    >>> values = pd.DataFrame({"A": [10.0, np.nan, 12.0]}, index=days[:3])
    >>> joined(values, values.notna())["A"].iloc[1].round(1).item()
    10.5
    """
    ends = values.notna() | ~traded
    across = values.interpolate(method="index", limit_area="inside").where(ends)
    # No line starts or ends at a blank day: the sessions before and after the gap must both have a value.
    before = values.notna().where(traded).ffill().fillna(False).astype(bool)
    after = values.notna().where(traded).bfill().fillna(False).astype(bool)
    return across.where(traded | (before & after))


def measurable(closes: pd.DataFrame, traded: pd.DataFrame) -> pd.DataFrame:
    """`closes` for the functions below: infinite where a series has `traded`, but its close is not known.

    >>> measurable(closes, closes.notna() | (closes.index == days[0])[:, None])["B"].tolist()
    [inf, 5.0, 6.0, 6.0]
    """
    return closes.mask(traded & closes.isna(), np.inf)


def priced(closes: Frame) -> Frame:
    """`closes` without the sessions on which one of them is not known."""
    return closes.replace(np.inf, np.nan).dropna()


def are_daily(closes: Frame) -> npt.NDArray[np.bool_]:
    """Of each session but the first, whether the one before it is not across a gap."""
    result: npt.NDArray[np.bool_] = np.diff(closes.index.to_numpy()) <= candles.LONG_GAP
    return result


@dataclass(frozen=True)
class Drawdown:
    """The largest fall from a high."""

    depth: float
    """A ratio, at most 0."""
    peak: pd.Timestamp
    trough: pd.Timestamp


@dataclass(frozen=True)
class Statistics:
    """Measures of a series in a window; None where it has too few sessions for a measure."""

    first: float
    last: float
    total: float
    """Return over the window."""
    annual: float | None
    """Compound annual growth rate; None under a year."""
    volatility: float | None
    """Annualized standard deviation of the daily log returns: times √252."""
    drawdown: Drawdown
    best: tuple[pd.Timestamp, float] | None
    worst: tuple[pd.Timestamp, float] | None
    """The days of the largest and the smallest daily return."""


def statistics(close: "pd.Series[float]") -> Statistics | None:
    """Measures of one series of daily closes, on its own sessions; None where it has no close.

    Annual return: (last / first) ** (365.25 / days) − 1. Volatility: sample standard deviation of ln(close / previous)
    times √252, as in J. Hull, Options, Futures, and Other Derivatives, "Estimating volatility from historical data".
    Drawdown: close / highest close so far − 1.

    >>> statistics(closes["A"]).drawdown.depth
    -0.25
    """
    known = priced(close)
    if known.empty:
        return None
    moves, falls, days = returns(close), drawdowns(known), pd.DatetimeIndex(known.index)
    trough = int(falls.argmin())
    last_year = days[-1] - pd.DateOffset(years=1)
    years = (days[-1] - days[0]).days / 365.25
    ratio = float(known.iloc[-1] / known.iloc[0])
    return Statistics(
        first=float(known.iloc[0]),
        last=float(known.iloc[-1]),
        total=ratio - 1,
        annual=ratio ** (1 / years) - 1 if days[0] <= last_year else None,
        volatility=float(np.log1p(moves).std() * np.sqrt(252)) if len(moves) > 1 else None,
        drawdown=Drawdown(float(falls.min()), days[int(known.iloc[: trough + 1].argmax())], days[trough]),
        best=(moves.index[int(moves.argmax())], float(moves.max())) if len(moves) else None,
        worst=(moves.index[int(moves.argmin())], float(moves.min())) if len(moves) else None,
    )


def returns(close: "pd.Series[float]") -> "pd.Series[float]":
    """The daily returns of a series on its own sessions, but none across a gap (see `candles.gaps`).

    >>> returns(closes["B"]).round(2).tolist()
    [0.2, 0.0]
    """
    closes = close.dropna()
    return closes.replace(np.inf, np.nan).pct_change(fill_method=None).iloc[1:][are_daily(closes)].dropna()


def drawdowns(close: "pd.Series[float]") -> "pd.Series[float]":
    """How far each close of a series lies under the highest so far, on its own sessions: ratios, at most 0.

    >>> drawdowns(closes["A"]).round(2).tolist()
    [0.0, 0.0, -0.25, -0.08]
    """
    known = priced(close)
    return known / known.cummax() - 1


def keep_slots(kept: Mapping[str, int], shown: Sequence[str]) -> dict[str, int]:
    """A slot (a colour) for each series in `shown`: the slot that it has in `kept`, else the lowest free one.

    >>> keep_slots({"A": 0, "B": 1}, ["B", "C"])
    {'B': 1, 'C': 0}
    """
    taken = {kept[key] for key in shown if key in kept}
    free = (slot for slot in count() if slot not in taken)
    return {key: kept[key] if key in kept else next(free) for key in shown}
