"""Known faults of Yahoo's answers, recognised before anything is stored. Pure: frames in, frames out.

yfinance's own `repair=True` is not used. Tried with yfinance 1.7 on what the tests give this module: a bar or a stretch
of bars that is 100 times too high it divides, as is done here, but it needs scipy and scikit-learn for that and three
to five times the CPU of an answer. The last bar stays 100 times too high; where the end of a history is too high, all
the right bars before it are multiplied; a dividend that was multiplied by an exchange rate is divided by 100, which
looks likely and is wrong; a split is applied without a word. Open sessions and closed days are none of its concern.
"""

import datetime as dt
from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from finance_core.bars import candles, sessions
from finance_core.bars.candles import Reason, Remark
from finance_core.bars.sessions import Calendar
from finance_core.storage import trading_calendars
from finance_core.storage.documents import TickerRow
from updaters import verification

HUNDRED = np.log(100.0)
SCALE_TOLERANCE = 0.1
"""How far, as a share of the logarithm of 100, a jump may be from a factor of 100: between 63 and 158."""
LARGE_DIVIDEND = 0.5
"""A dividend of this share of the price must show in the price."""

_NONE = np.array([], dtype="datetime64[ns]")


class Valid(NamedTuple):
    """What is left of an answer."""

    bars: pd.DataFrame
    """As in `candles`; without bars of days that are not over or no sessions."""
    remarks: list[Remark]
    unexpected: list[dt.datetime]
    """Days that the calendar calls closed, and on which there was trading, whether their bars are left or not."""


def valid(
    raw: pd.DataFrame, calendar: Calendar, row: TickerRow, now: dt.datetime, stored: npt.NDArray[np.datetime64] = _NONE
) -> Valid:
    """The valid bars of `raw`, Yahoo's answer for `row` at `now` (tz-aware), if the days `stored` are only compared.

    Raises ValueError as `candles.clean`.
    """
    bars, remarks = candles.clean(_with_all_actions(raw))
    if bars.empty:
        return Valid(bars, remarks, [])
    bars, still_open = _without_open_session(bars, calendar, now)
    if bars.empty:
        return Valid(bars, remarks + still_open, [])
    bars, hundredfold = _in_one_scale(bars)
    bars, no_dividend = without_impossible_dividends(bars)
    bars, closed, unexpected = _without_closed_days(bars, calendar, row, stored)
    if found := [*still_open, *hundredfold, *no_dividend, *closed]:
        remarks = sorted(remarks + found, key=lambda remark: (not pd.isna(remark.date), remark.date))
    return Valid(bars, remarks, unexpected)


def _with_all_actions(raw: pd.DataFrame) -> pd.DataFrame:
    """`raw`, in which the next day with a close has the dividends and splits of days without one, which are refused.

    >>> days = pd.DatetimeIndex(["2026-01-08", "2026-01-09"])
    >>> raw = pd.DataFrame({"close": [np.nan, 5.0], "dividends": [1.0, 0.0], "stock_splits": [2.0, 0.0]}, index=days)
    >>> _with_all_actions(raw)[["dividends", "stock_splits"]].iloc[1].tolist()
    [1.0, 2.0]
    """
    has_close = raw["close"].to_numpy() > 0
    if has_close.all():  # as in nearly all answers
        return raw
    dividends, splits = (raw[name].fillna(0.0).to_numpy(copy=True) for name in candles.CORPORATE_ACTIONS)
    for at in np.flatnonzero(~has_close & ((dividends > 0) | (splits > 0))).tolist():
        later = at + np.flatnonzero(has_close[at:])[:1]
        dividends[later] += max(dividends[at], 0.0)
        if splits[at] > 0:
            splits[later] = splits[at] * np.where(splits[later] > 0, splits[later], 1.0)
    return raw.assign(dividends=dividends, stock_splits=splits)


def scale(stored: pd.DataFrame, bars: pd.DataFrame) -> float:
    """The power of 100 that all `bars` are of the `stored` ones of the same days where no split says why; else 1.

    >>> days = pd.DatetimeIndex(["2026-01-08", "2026-01-09"])
    >>> stored = pd.DataFrame({"close": [10.0, 11.0], "stock_splits": 0.0}, index=days)
    >>> scale(stored, stored * 100)
    100.0
    """
    days_before, days = stored.index.to_numpy(), bars.index.to_numpy()
    _common, before, now = np.intersect1d(days_before, days, assume_unique=True, return_indices=True)
    ratios = bars["close"].to_numpy()[now] / stored["close"].to_numpy()[before]
    ratios = ratios[~np.isnan(ratios)]
    if not ratios.size:
        return 1.0
    splits = bars["stock_splits"].to_numpy()[days > days_before[0]]
    explained = splits[splits > 0].prod()
    ratio = np.median(ratios)
    # Of another scale whether Yahoo has applied the splits since then to the days before them or not.
    off = _hundreds(np.log([ratio, ratio * explained]))
    return float(100.0 ** off[0]) if off.all() else 1.0


def _without_open_session(
    bars: pd.DataFrame, calendar: Calendar, now: dt.datetime
) -> tuple[pd.DataFrame, list[Remark]]:
    """`bars` without those of sessions that are not over: their prices are of some moment of the day."""
    days = bars.index.to_numpy()
    is_later = days > sessions.last_finished(calendar, now).to_datetime64()
    if not is_later.any():
        return bars, []
    # A day without a session is over at the next midnight of the exchange.
    today = pd.Timestamp(now).tz_convert(sessions.timezone(calendar)).tz_localize(None).normalize()
    is_open = is_later & (_are_among(days, sessions.days(calendar)) | (days >= today.to_datetime64()))
    return bars[~is_open], _remarks(days[is_open], "refused", "session open")


def _in_one_scale(bars: pd.DataFrame) -> tuple[pd.DataFrame, list[Remark]]:
    """`bars` with the prices divided or multiplied by 100 that are off by this factor from most of the others."""
    prices = _prices(bars)
    if prices.max() < prices.min() * 100 ** (1 - SCALE_TOLERANCE):  # as in nearly all answers
        return bars, []
    close, splits = prices[:, -1], bars["stock_splits"].to_numpy()
    jumps = np.log(close[1:] / close[:-1])
    with np.errstate(divide="ignore"):
        # A split says why prices jump by it, if the prices before it are not adjusted.
        explained = np.where(splits[1:] > 0, np.log(splits[1:]), 0.0)
    unexplained = np.where(np.abs(jumps + explained) < np.abs(jumps), 0.0, jumps)
    levels = np.concatenate([[0.0], np.cumsum(_hundreds(unexplained))])
    if levels.any():
        levels -= np.median(levels).round()
    in_scale = prices / 100.0 ** levels[:, None]
    cells = _hundreds(np.log(in_scale / in_scale[:, -1:]))  # a single price of a bar may be off too
    off = levels[:, None] + cells
    if not off.any():
        return bars, []
    mended = pd.DataFrame(prices / 100.0**off, index=bars.index, columns=candles.PRICES)
    return bars.assign(**mended), _remarks(bars.index.to_numpy()[off.any(axis=1)], "changed", "hundredfold")


def _hundreds(logarithms: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """The power of 100 that a ratio is about: 1 for 100, -1 for a hundredth; 0 where it is about none."""
    steps = logarithms / HUNDRED
    whole = steps.round()
    return np.asarray(np.where(np.abs(steps - whole) < SCALE_TOLERANCE, whole, 0.0))


def without_impossible_dividends(bars: pd.DataFrame) -> tuple[pd.DataFrame, list[Remark]]:
    """`bars` without dividends that are too large for the prices, such as those multiplied by an exchange rate.

    They become 0: the rate by which Yahoo multiplied is not known (yfinance issue 2554).
    """
    dividends, close = bars["dividends"].to_numpy(), bars["close"].to_numpy()
    at = np.flatnonzero(dividends)
    if not at.size:
        return bars, []
    before = close[np.maximum(at - 1, 0)]
    share = dividends[at] / before
    # The price falls by the dividend, and by half of it even on a day on which it rises.
    wrong = at[(share >= 1) | ((share > LARGE_DIVIDEND) & (at > 0) & (close[at] / before > 1 - share / 2))]
    if not wrong.size:
        return bars, []
    kept = dividends.copy()
    kept[wrong] = 0.0
    return bars.assign(dividends=kept), _remarks(bars.index.to_numpy()[wrong], "changed", "dividend impossible")


def _without_closed_days(
    bars: pd.DataFrame, calendar: Calendar, row: TickerRow, stored: npt.NDArray[np.datetime64]
) -> tuple[pd.DataFrame, list[Remark], list[dt.datetime]]:
    """`bars` without those of days that have no session, and those of these days on which there was trading.

    Only as far as the calendar reaches. A day was traded on if its bar has a range and is not that of the day before.
    """
    days = bars.index.to_numpy()
    by_rule, learned = sessions.days(calendar.name), np.array(calendar.opened, dtype="datetime64[ns]")
    odd = (days >= by_rule[0]) & (days <= by_rule[-1]) & ~_are_among(days, by_rule)
    if not odd.any():
        return bars, [], []
    prices = _prices(bars)
    repeated = np.concatenate([[False], (prices[1:] == prices[:-1]).all(axis=1)])
    traded = odd & (bars["high"] > bars["low"]).to_numpy() & ~repeated
    unexpected = verification.moments(days[traded])
    known = {*row.get("unexpected", ()), *unexpected} - set(calendar.opened)
    if trading_calendars.is_foreign(len(known), max(len(bars), row.get("bar_count") or 0)):
        return bars, [], unexpected
    refused = odd & ~np.isin(days, learned) & ~np.isin(days, stored)
    return bars[~refused], _remarks(days[refused], "refused", "closed day"), unexpected


def _prices(bars: pd.DataFrame) -> npt.NDArray[np.float64]:
    return bars.to_numpy(dtype="float64")[:, : len(candles.PRICES)]  # a fraction of the time of bars[candles.PRICES]


def _are_among(days: npt.NDArray[np.datetime64], ascending: npt.NDArray[np.datetime64]) -> npt.NDArray[np.bool_]:
    at = np.minimum(np.searchsorted(ascending, days), len(ascending) - 1)
    return np.asarray(ascending[at] == days)


def _remarks(days: npt.NDArray[np.datetime64], action: Literal["changed", "refused"], reason: Reason) -> list[Remark]:
    return [Remark(day, action, reason) for day in pd.DatetimeIndex(days)]
