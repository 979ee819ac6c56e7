"""How a whole market moved: change of each ticker, breadth of each session, industries. Pure, over a `Panel`.

A ticker counts on a session only if it has a bar of it: a ticker that did not trade neither rose nor fell. No function
looks past the last session of the panel, so that `panel.as_of(day)` gives the numbers of that day.

>>> from finance_core.bars import panel as panels
>>> days = np.array(["2024-01-02", "2024-01-03"], dtype="datetime64[D]")
>>> bars = {name: np.array([1.0, 1.0]) for name in ("open", "high", "low", "volume")}
>>> panel = panels.of({"A": (days, {**bars, "close": [10.0, 11.0]}), "B": (days, {**bars, "close": [5.0, 4.0]})})
"""

from typing import Any, Final, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
from pandas.tseries.offsets import BaseOffset

from finance_core.bars.functions import is_above
from finance_core.bars.panel import BoolArray, FloatArray, Panel
from finance_core.bars.periods import PERIOD_OFFSETS, Period

PERIODS: Final[tuple[Period, ...]] = ("1W", "1M", "3M", "6M", "YTD", "1Y")
SPANS: Final[dict[str, BaseOffset | None]] = {"1D": None, **{period: PERIOD_OFFSETS[period] for period in PERIODS}}
"""How far a change reaches back from the last session, as on a chart; None means: to the ticker's bar before."""

AVERAGES: Final = (20, 60, 200)
"""Windows of moving averages, in bars of a ticker; breadth counts the tickers whose close is above them."""
YEAR: Final = 252
"""Window of new highs and lows, in bars of a ticker."""
SIZE_BARS: Final = 20
"""Bars over which the value traded is averaged."""
RECENT: Final = 20
"""Number of last sessions; the one with the most bars shows how many bars a session has after a whole update."""


def traded(panel: Panel) -> BoolArray:
    """Which tickers have a bar on the last session."""
    newest = panel.at_last(panel.at, -1)
    return np.asarray((newest >= 0) & (newest == len(panel.sessions) - 1))


def last_whole(panel: Panel) -> np.datetime64:
    """The last session with at least half as many bars as the fullest of the last `RECENT` sessions.

    An update adds bars ticker by ticker, so that the newest session may have too few bars to stand for the market. The
    panel must have bars.
    """
    counts = np.bincount(panel.at, minlength=len(panel.sessions))
    last: np.datetime64 = panel.sessions[2 * counts >= counts[-RECENT:].max()].max()
    return last


def changes(panel: Panel, span: str) -> FloatArray:
    """The change of each ticker's close over `span` up to the last session, as a ratio: 0.1 is +10 %.

    NaN for a ticker that has no bar on the last session, or none at the beginning of the span, or a jump in between.

    >>> changes(panel, "1D").round(2).tolist()
    [0.1, -0.2]
    """
    change = np.full(len(panel.tickers), np.nan)
    counted = traded(panel)
    if not counted.any():
        return change
    close, last, offset = panel.bars["close"], panel.last, SPANS[span]
    if offset is None:
        base = last - 1
    else:
        begin = (pd.Timestamp(panel.sessions[-1]) - offset).to_datetime64()
        until = np.searchsorted(panel.sessions, begin, side="right")
        # The position of each ticker's last bar up to `begin`, from the number of its bars up to that day.
        before = np.concatenate([[0], np.cumsum(panel.at < until)])
        base = panel.starts[:-1] + before[panel.starts[1:]] - before[panel.starts[:-1]] - 1
    counted &= base >= panel.last_piece
    change[counted] = close[last[counted]] / close[base[counted]] - 1
    return change


def value_traded(panel: Panel) -> FloatArray:
    """The daily value traded of each ticker (close times volume), averaged over its last `SIZE_BARS` bars.

    In the ticker's currency. 0 where it has no bars.

    >>> value_traded(panel).tolist()
    [10.5, 4.5]
    """
    values = panel.bars["close"] * panel.bars["volume"]
    sums = np.concatenate([[0.0], np.cumsum(values)])
    first = np.maximum(panel.starts[1:] - SIZE_BARS, panel.starts[:-1])
    count = panel.starts[1:] - first
    return np.asarray((sums[panel.starts[1:]] - sums[first]) / np.maximum(count, 1))


Mark = Literal["advancers", "decliners", "unchanged", "highs", "lows", "above_20", "above_60", "above_200"]


def _marks(panel: Panel) -> dict[Mark, BoolArray]:
    """For each mark: which bars count for it."""
    close, rank = pd.Series(panel.bars["close"]), panel.rank
    change = np.where(rank > 0, close.diff(), np.nan)
    before = close.shift().rolling(YEAR - 1)
    has_year = rank >= YEAR - 1

    def above(window: int) -> BoolArray:
        average = close.rolling(window).mean()  # of a halted ticker: its close, apart from the rounding of sums
        return (rank >= window - 1) & is_above(panel.bars["close"], average.to_numpy(dtype="float64")).holds

    return {
        "advancers": change > 0,
        "decliners": change < 0,
        "unchanged": change == 0,
        "highs": has_year & (close > before.max()).to_numpy(),
        "lows": has_year & (close < before.min()).to_numpy(),
        "above_20": above(20),
        "above_60": above(60),
        "above_200": above(200),
    }


def members(panel: Panel, mark: Mark, session: int = -1) -> BoolArray:
    """Which tickers `daily` counts as `mark` on the session at the position `session`; the default is the last one.

    >>> members(panel, "advancers").tolist(), members(panel, "advancers", 0).tolist()
    ([True, False], [False, False])
    """
    which = np.zeros(len(panel.tickers), dtype=bool)
    if len(panel.sessions):
        of_session = panel.at == range(len(panel.sessions))[session]
        ticker = np.repeat(np.arange(len(panel.tickers)), panel.counts)
        which[ticker[of_session & _marks(panel)[mark]]] = True
    return which


def daily(panel: Panel) -> pd.DataFrame:
    """The breadth of each session, indexed by day.

    Columns: advancers, decliners, unchanged (tickers), advance_decline (advancers minus decliners, summed over the
    sessions), above_20, above_60 and above_200 (share of the tickers with so many bars, 0 to 1; NaN where none has),
    highs and lows (tickers whose close is above, or below, all others of their last `YEAR` bars; NaN where less than
    half of the tickers have so many).

    >>> daily(panel)[["advancers", "decliners"]].iloc[-1].tolist()
    [1, 1]
    """
    rank = panel.rank

    def count_of(which: BoolArray) -> npt.NDArray[np.int64]:
        return np.bincount(panel.at[which], minlength=len(panel.sessions))

    columns: dict[str, npt.NDArray[Any]] = {mark: count_of(which) for mark, which in _marks(panel).items()}
    columns["advance_decline"] = np.cumsum(columns["advancers"] - columns["decliners"])
    for window in AVERAGES:
        with np.errstate(invalid="ignore"):
            columns[f"above_{window}"] = columns[f"above_{window}"] / count_of(rank >= window - 1)
    is_known = 2 * count_of(rank >= YEAR - 1) >= count_of(rank >= 0)
    for mark in ("highs", "lows"):
        columns[mark] = np.where(is_known, columns[mark], np.nan)
    return pd.DataFrame(columns, index=pd.DatetimeIndex(panel.sessions, name="date").as_unit("ns"))


def industries(panel: Panel) -> pd.DataFrame:
    """How industries moved, by industry ("" for the tickers without one): the plain mean of their tickers' changes.

    Only tickers with a bar on the last session count. Columns: tickers (their number), rising (share of them that rose
    over a day), value (sum of `value_traded`), and the mean change over each of `SPANS`, NaN where no ticker has one.

    >>> industries(panel)["1D"].round(2).to_dict()
    {'': -0.05}
    """
    counted = traded(panel)
    table = pd.DataFrame({span: changes(panel, span) for span in SPANS})
    table["industry"] = panel.text("industry")
    table["value"] = value_traded(panel)
    table["rising"] = np.where(np.isnan(table["1D"]), np.nan, table["1D"] > 0)
    by_industry = table[counted].groupby("industry")
    means = by_industry[[*SPANS, "rising"]].mean()
    return means.assign(tickers=by_industry.size(), value=by_industry["value"].sum())


def equal_weighted(panel: Panel, industry: str) -> "pd.Series[float]":
    """The growth of one unit of money that is spread equally over the tickers of `industry`, again on each session.

    Indexed by day, 1 at the first session. A ticker counts on a session if it has a bar of it, and a bar before.

    >>> equal_weighted(panel, "").round(2).tolist()
    [1.0, 0.95]
    """
    of_industry = np.repeat(panel.text("industry") == industry, panel.counts)
    close = panel.bars["close"]
    has_before = of_industry & (panel.rank > 0)
    position = np.flatnonzero(has_before)
    sums = np.bincount(panel.at[position], close[position] / close[position - 1] - 1, minlength=len(panel.sessions))
    counts = np.bincount(panel.at[position], minlength=len(panel.sessions))
    growth = np.cumprod(1 + sums / np.maximum(counts, 1))
    return pd.Series(growth, index=pd.DatetimeIndex(panel.sessions, name="date").as_unit("ns"))
