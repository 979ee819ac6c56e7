"""Known faults of Yahoo's answers, recognised before anything is stored. Pure: frames in, frames out.

yfinance's own `repair=True` is not used. Tried with yfinance 1.7 on the inputs of this module's tests, it divides a bar
or a stretch of bars that is 100 times too high, as this module does, but needs scipy and scikit-learn for it, and three
to five times the CPU time per answer. It leaves the last bar 100 times too high. If the end of a history is too high,
it multiplies all the correct bars before it. It divides a dividend that was multiplied by an exchange rate by 100,
which looks plausible and is wrong. It applies a split without saying so. It ignores open sessions and closed days.
"""

import datetime as dt
from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from finance_core.bars import candles, sessions
from finance_core.bars.candles import Reason, Remark
from finance_core.bars.sessions import Calendar
from finance_core.categories import Market
from finance_core.errors import FetchFailed
from finance_core.i18n import N_
from finance_core.storage import trading_calendars
from finance_core.storage.documents import TickerRow
from updaters import verification

HUNDRED = np.log(100.0)
SCALE_TOLERANCE = 0.1
"""How far a jump may be from a factor of 100, as a share of the logarithm of 100: factors from 63 to 158 count."""
LARGE_DIVIDEND = 0.5
"""A dividend above this share of the price is possible only if the price falls accordingly."""
SHIFTED_SHARE = 0.15
"""If a greater share of bars is on closed days, all days are wrong: if they are a day early, a fifth are Sundays."""
TIME_ZERO = np.array(["1969-12-31", "1970-01-01"], dtype="datetime64[ns]")
"""The day of time stamp 0, west of Greenwich and east of it."""

_NONE = np.array([], dtype="datetime64[ns]")


class Valid(NamedTuple):
    """The valid part of an answer."""

    bars: pd.DataFrame
    """Bars as in `candles`, without bars of unfinished days and of days without a session."""
    remarks: list[Remark]
    unexpected: list[dt.datetime]
    """Days that the calendar calls closed, but on which there was trading, even if their bars are refused."""


def valid(
    raw: pd.DataFrame, calendar: Calendar, row: TickerRow, now: dt.datetime, stored: npt.NDArray[np.datetime64] = _NONE
) -> Valid:
    """The valid bars of `raw`, Yahoo's answer for `row` at `now` (tz-aware).

    Bars of the days `stored` are kept even on closed days, because the caller compares them with the stored bars.
    Raises ValueError as `candles.clean`.
    """
    # Upside down: a single price may be 100 times too high, which is mended below.
    bars, remarks = candles.clean(candles.with_all_actions(raw), keeps_upside_down=True)
    if bars.empty:
        return Valid(bars, remarks, [])
    bars, undated = _without_time_zero(bars)
    bars, still_open = _without_open_session(bars, calendar, now)
    still_open = undated + still_open
    if bars.empty:
        return Valid(bars, remarks + still_open, [])
    bars, hundredfold = _in_one_scale(bars)
    bars, upside_down = _without_upside_down(bars)
    bars, no_dividend = without_impossible_dividends(bars)
    bars, closed, unexpected = _without_closed_days(bars, calendar, row, stored)
    if more := [*still_open, *hundredfold, *upside_down, *no_dividend, *closed]:
        remarks = sorted(remarks + more, key=lambda remark: (not pd.isna(remark.date), remark.date))
    return Valid(bars, remarks, unexpected)


def refuse_shifted(market: Market, row: TickerRow, answer: Valid) -> None:
    """Raise FetchFailed if the days of `answer` are not those of the exchange, and no bars are stored to compare with.

    A market without codes of Yahoo's may be a wrong guess: there nothing is refused.
    """
    odd, share = len(answer.unexpected), len(answer.unexpected) / max(len(answer.bars), 1)
    is_first = market.yahoo_exchanges and not row.get("bar_count")
    if is_first and odd > trading_calendars.FOREIGN_DAYS and share > SHIFTED_SHARE:
        sentence = N_(
            "Yahoo가 보낸 봉의 {percent}%가 {market} 휴장일의 것이라 날짜가 어긋났다고 보고 저장하지 않았습니다. "
            "시장을 확인하고 나중에 다시 받으십시오."
        )
        raise FetchFailed(sentence, percent=round(100 * share), market=market.key)


def _without_time_zero(bars: pd.DataFrame) -> tuple[pd.DataFrame, list[Remark]]:
    """`bars` without a first bar of time stamp 0, which means no date, if no others are near it."""
    days = bars.index.to_numpy()
    if not np.isin(days[0], TIME_ZERO) or (days.size > 1 and days[1] - days[0] <= candles.LONG_GAP):
        return bars, []
    return bars.iloc[1:], _remarks(days[:1], "refused", "no date")


def _without_upside_down(bars: pd.DataFrame) -> tuple[pd.DataFrame, list[Remark]]:
    is_wrong = candles.upside_down(bars["high"].to_numpy(), bars["low"].to_numpy()).any()
    return candles.clean(bars) if is_wrong else (bars, [])


def scale(stored: pd.DataFrame, bars: pd.DataFrame) -> float:
    """The power of 100 by which all `bars` differ from the `stored` bars of the same days; 1 if a split explains it.

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
    # The scale differs only if it does both with and without the splits since then: Yahoo may have applied them or not.
    off = _hundreds(np.log([ratio, ratio * explained]))
    return float(100.0 ** off[0]) if off.all() else 1.0


def _without_open_session(
    bars: pd.DataFrame, calendar: Calendar, now: dt.datetime
) -> tuple[pd.DataFrame, list[Remark]]:
    """`bars` without the bars of unfinished sessions: their prices are those of some moment of the day."""
    days = bars.index.to_numpy()
    is_later = days > sessions.last_finished(calendar, now).to_datetime64()
    if not is_later.any():
        return bars, []
    # A day without a session ends at the next midnight of the exchange.
    today = pd.Timestamp(now).tz_convert(sessions.timezone(calendar)).tz_localize(None).normalize()
    is_open = is_later & (~sessions.are_closed(calendar, days) | (days >= today.to_datetime64()))
    return bars[~is_open], _remarks(days[is_open], "refused", "session open")


def _in_one_scale(bars: pd.DataFrame) -> tuple[pd.DataFrame, list[Remark]]:
    """`bars` in one scale: prices that differ from most others by a factor of 100 are divided or multiplied by it."""
    prices = _prices(bars)
    if prices.max() < prices.min() * 100 ** (1 - SCALE_TOLERANCE):  # as in nearly all answers
        return bars, []
    close, splits = prices[:, -1], bars["stock_splits"].to_numpy()
    jumps = np.log(close[1:] / close[:-1])
    with np.errstate(divide="ignore"):
        # A split explains a jump of prices by its factor, if the prices before it are not adjusted.
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
    """For each logarithm of a ratio, the nearest power of 100: 1 for 100, -1 for 1/100; 0 if none is near."""
    steps = logarithms / HUNDRED
    whole = steps.round()
    return np.asarray(np.where(np.abs(steps - whole) < SCALE_TOLERANCE, whole, 0.0))


def without_impossible_dividends(bars: pd.DataFrame) -> tuple[pd.DataFrame, list[Remark]]:
    """`bars` without dividends that are too large for the prices, such as dividends multiplied by an exchange rate.

    Such dividends become 0, because Yahoo's exchange rate is not known (yfinance issue 2554).
    """
    dividends, close = bars["dividends"].to_numpy(), bars["close"].to_numpy()
    at = np.flatnonzero(dividends)
    if not at.size:
        return bars, []
    before = close[np.maximum(at - 1, 0)]
    share = dividends[at] / before
    # The price falls by about the dividend; even on a day on which it would rise, by at least half of it.
    wrong = at[(share >= 1) | ((share > LARGE_DIVIDEND) & (at > 0) & (close[at] / before > 1 - share / 2))]
    if not wrong.size:
        return bars, []
    kept = dividends.copy()
    kept[wrong] = 0.0
    return bars.assign(dividends=kept), _remarks(bars.index.to_numpy()[wrong], "changed", "dividend impossible")


def _without_closed_days(
    bars: pd.DataFrame, calendar: Calendar, row: TickerRow, stored: npt.NDArray[np.datetime64]
) -> tuple[pd.DataFrame, list[Remark], list[dt.datetime]]:
    """`bars` without the bars of days without a session; and the days among these on which there was trading.

    Only within the range of the calendar. There was trading if the bar has a range and does not repeat the day before.
    """
    days = bars.index.to_numpy()
    odd = sessions.are_closed(calendar.name, days)
    if not odd.any():
        return bars, [], []
    prices = _prices(bars)
    repeated = np.concatenate([[False], (prices[1:] == prices[:-1]).all(axis=1)])
    traded = odd & (bars["high"] > bars["low"]).to_numpy() & ~repeated
    unexpected = verification.moments(days[traded])
    known = {*row.get("unexpected", ()), *unexpected} - set(calendar.opened)
    if trading_calendars.is_foreign(len(known), max(len(bars), row.get("bar_count") or 0)):
        return bars, [], unexpected
    refused = odd & ~np.isin(days, np.array(calendar.opened, dtype="datetime64[ns]")) & ~np.isin(days, stored)
    return bars[~refused], _remarks(days[refused], "refused", "closed day"), unexpected


def _prices(bars: pd.DataFrame) -> npt.NDArray[np.float64]:
    return bars.to_numpy(dtype="float64")[:, : len(candles.PRICES)]  # much faster than bars[candles.PRICES]


def _remarks(days: npt.NDArray[np.datetime64], action: Literal["changed", "refused"], reason: Reason) -> list[Remark]:
    return [Remark(day, action, reason) for day in pd.DatetimeIndex(days)]
