"""Compares Yahoo's history of a ticker with the stored one: whether it was rewritten, and which stored bars stay.

A whole history replaces the stored one. But Yahoo may lack early days that a person imported, and an answer may have a
hole: then stored bars stay where the rest of the history shows that they are right. Pure: frames in, frames out.
"""

from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from finance_core.bars import adjustment, candles, sessions
from finance_core.bars.sessions import Calendar
from finance_core.categories import Category
from finance_core.errors import FetchFailed
from finance_core.i18n import N_
from finance_core.storage import trading_calendars
from finance_core.storage.documents import TickerRow

TAKEN_BACK: Final = 2
"""Yahoo takes back so many bars between others at most, such as those of false trades. If more lack, it is a hole."""
RESTATED: Final = 1e-3
"""How far the ratio of a day may lie from that of the history, because sources round restated prices."""
AGREEING: Final = 0.95
"""The share of the common days that must have the ratio: others may be corrected."""

CORRECTED: Final = 0.1
"""The ratio may change by so much, as a logarithm: a step no larger than an ordinary day's move proves nothing."""
MISPRINT: Final = np.log(3)
"""The ratio of one or two days (`TAKEN_BACK`) may differ by so much, as a logarithm, if nothing is restated."""
MOST_STEPS: Final = 0.25
"""If the ratio changes on a greater share of the days, the history is that of something else."""
OTHER_LEAST: Final = 5
"""On fewer common days, nothing tells whether two histories are of one instrument."""
RESTATING: Final = np.timedelta64(28, "D")
"""For so long after a split, Yahoo may still restate the prices before it."""


class HistoryRefused(FetchFailed):
    """A whole history of Yahoo contradicts the stored one, which stays."""


def history_was_rewritten(stored: pd.DataFrame, bars: pd.DataFrame) -> bool:
    """Whether `bars`, fetched from the first day of `stored` on, contradict it: then all stored bars are out of date.

    The last stored bar may differ, because it may have been provisional. A day that is missing on one side is a
    contradiction.
    """
    # In numpy: a run calls this for every ticker, and with pandas it would take longer than the rest of the update.
    days_before, days_now = stored.index.to_numpy(), bars.index.to_numpy()
    before, now = stored.to_numpy(dtype="float64"), bars.to_numpy(dtype="float64")
    overlap = days_now < days_before[-1]
    if not np.array_equal(days_before[:-1], days_now[overlap]):
        return True
    prices_before, prices_now = before[:-1, : len(candles.PRICES)], now[overlap, : len(candles.PRICES)]
    if not candles.are_same(prices_before, prices_now).all():
        return True
    splits = candles.COLUMNS.index("stock_splits")
    return not np.isin(days_now[now[:, splits] != 0], days_before[before[:, splits] != 0]).all()


def refuse_steps(category: Category, stored: pd.DataFrame, bars: pd.DataFrame) -> None:
    """Raise HistoryRefused if `bars` are the `stored` bars times a ratio that changes on a day without a split.

    It does if Yahoo has applied a split to a part of the earlier prices only, or has wrong prices for some time. Small
    changes do not count. Changes that make the history smoother are accepted: they correct wrong stored prices.
    """
    stored = stored[stored["close"] > 0]
    days, ratios, (before, now) = _ratios(stored, bars)
    if days.size < 2:
        return
    # No jump of prices tells for certain whether a small split is applied, or a new one: there the ratio may change.
    known = _split_days(stored)
    free = [_split_days(each, adjustment.SPLIT_LEAST) for each in (stored, bars)]
    free.append(known[known > stored.index.to_numpy()[-1] - RESTATING])
    pieces = np.searchsorted(np.unique(np.concatenate(free)), days, side="right")
    of_pieces, piece = np.unique(pieces, return_inverse=True)
    levels = np.array([np.median(ratios[pieces == each]) for each in of_pieces])[piece]
    rounding = 10.0 ** -category.decimals_of(0.0) * (1 / before + 1 / now)
    far = np.abs(np.log(ratios / levels)) - rounding
    off = far > CORRECTED
    step = np.abs(np.diff(np.log(ratios))) - rounding[1:] - rounding[:-1]
    is_of_one_piece = np.mean(step > RESTATED) <= MOST_STEPS
    is_restated = (np.abs(levels - 1) > RESTATED).any() or not np.isin(_split_days(bars), known).all()
    if off.sum() <= TAKEN_BACK and far.max() <= MISPRINT and not is_restated:
        return
    if not off.any() and (is_of_one_piece or (np.abs(np.log(levels)) <= CORRECTED).all()):
        return
    at = np.flatnonzero((step > CORRECTED) & (np.diff(pieces) == 0) & (off[1:] | off[:-1]))
    was, becomes = (np.abs(np.diff(np.log(close)))[at] for close in (before, now))
    if is_of_one_piece and at.size and (becomes < was).all():
        return
    sentence = N_(
        "Yahoo가 보낸 이력이 {date}부터 저장된 것과 다른 비율로 어긋나는데 그날 분할이 없어 저장된 시세를 그대로 "
        "두었습니다. Yahoo의 시세가 맞다면 이 종목의 시세를 지우고 다시 받으십시오."
    )
    first = at[0] + 1 if at.size else np.argmax(off)
    raise HistoryRefused(sentence, date=_text(days[first]))


def refuse_another_instrument(stored: pd.DataFrame, bars: pd.DataFrame) -> None:
    """Raise HistoryRefused if the `stored` bars, which Yahoo has not sent for this symbol, are not those of `bars`.

    A person's WTI may be crude oil, and Yahoo's a company. The closes of one instrument differ in size if their
    adjustments do, and from day to day by rounding and by another hour; those of two differ from day to day by as much
    as they move.
    """
    stored = stored[stored["close"] > 0]
    days, ratios, closes = _ratios(stored, bars)
    if days.size < OTHER_LEAST:
        return
    units = [10.0 ** -_decimals(each["close"].to_numpy()) for each in (stored, bars)]
    rounding = units[0] / closes[0] + units[1] / closes[1]
    steps = np.abs(np.diff(np.log(ratios))) - rounding[1:] - rounding[:-1]
    moves = np.median(np.abs(np.diff(np.log(closes))), axis=1).min()
    if np.median(steps) <= max(RESTATED, moves / 2) or abs(np.log(np.median(ratios))) <= CORRECTED:
        return
    sentence = N_(
        "Yahoo가 이 종목의 것으로 보낸 시세가 저장된 것과 크기도 다르고 거의 날마다 다르게 움직여, 다른 종목의 것으로 "
        "보고 저장된 시세를 그대로 두었습니다. Yahoo의 시세가 맞다면 이 종목의 시세를 지우고 다시 받으십시오."
    )
    raise HistoryRefused(sentence)


def _decimals(closes: npt.NDArray[np.float64]) -> int:
    """The decimals with which `closes` are written, from -3 for thousands, as ticks may be, to 8."""
    return next((digits for digits in range(-3, 8) if np.allclose(closes, closes.round(digits), rtol=1e-7, atol=0)), 8)


def completed(stored: pd.DataFrame, bars: pd.DataFrame, calendar: Calendar, row: TickerRow) -> pd.DataFrame:
    """`bars`, Yahoo's whole history, with those of the `stored` bars of `row` that it lacks and that must stay.

    Stored bars go if they are of days on which the exchange was closed, or if they are few between others. The rest
    stays, with its prices times the ratio of the common days. Raises HistoryRefused if `bars` end before the stored
    ones, or if the common days have no one ratio.
    """
    stored = stored[stored["close"] > 0]  # in a collection of one's own, others may be stored as well
    days, known = bars.index.to_numpy(), stored.index.to_numpy()
    lost = known[~np.isin(known, days)]
    later = lost > days[0]
    lost = lost[~(later & _closed(lost, calendar, row))]
    if lost.size and lost[-1] > days[-1]:
        sentence = N_("Yahoo가 보낸 이력이 저장된 마지막 봉({stored})보다 이른 {date}에 끝나서 그대로 두었습니다.")
        raise HistoryRefused(sentence, stored=_text(lost[-1]), date=_text(days[-1]))
    between = lost > days[0]
    if between.sum() <= TAKEN_BACK and not row.get("imported") and row.get("source") != "import":
        lost = lost[~between]
    if not lost.size:
        return bars
    if row.get("rewriting"):
        sentence = N_(
            "저장된 봉 {count}개가 Yahoo의 이력에 없는데, 이력을 바꾸다가 중단되어 어느 봉까지 바뀌었는지 알 수 "
            "없습니다. 그 봉이 든 파일을 다시 가져오거나, 이 종목의 시세를 지우고 다시 받으십시오."
        )
        raise HistoryRefused(sentence, count=len(lost))
    shift = _shift(stored, bars, lost)
    kept = stored.loc[lost]
    restated = {name: kept[name] * shift for name in (*candles.PRICES, "dividends")}
    kept = kept.assign(**restated, volume=(kept["volume"] / shift).round().astype("int64"))
    whole: pd.DataFrame = pd.concat([bars, kept]).sort_index().rename_axis("date")
    return whole


def _shift(stored: pd.DataFrame, bars: pd.DataFrame, lost: npt.NDArray[np.datetime64]) -> npt.NDArray[np.float64]:
    """The factors for the stored prices of the days `lost`. Raises HistoryRefused if common days do not show them."""
    days, ratios, _closes = _ratios(stored, bars)
    ratio = np.median(ratios) if days.size else np.nan
    agrees = np.abs(ratios / ratio - 1) <= RESTATED
    at = np.searchsorted(days, lost)
    beside = np.concatenate([np.maximum(at - 1, 0), np.minimum(at, len(days) - 1)])
    # A day beside that is not restated may lie behind a split that one of the two does not know.
    if not days.size or agrees.mean() < AGREEING or not agrees[beside].all():
        sentence = N_(
            "저장된 봉 {count}개가 Yahoo의 이력에 없고, 같은 날의 종가도 저장된 것과 맞지 않아 그대로 두었습니다. "
            "Yahoo의 시세만 쓰려면 이 종목의 시세를 지우고 다시 받으십시오."
        )
        raise HistoryRefused(sentence, count=len(lost))
    ratio = 1.0 if abs(ratio - 1) <= RESTATED else ratio
    return np.asarray(ratio * _unapplied(bars, lost) / _unapplied(stored, lost))


def _ratios(
    stored: pd.DataFrame, bars: pd.DataFrame
) -> tuple[npt.NDArray[np.datetime64], npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """The common days, the ratios of the closes in `bars` to those in `stored`, and these closes: stored, new.

    Each frame's own splits are applied to its closes, so that usually one ratio holds for all days.
    """
    days, *at = np.intersect1d(stored.index.to_numpy(), bars.index.to_numpy(), return_indices=True)
    closes = np.array(
        [each["close"].to_numpy()[rows] / _unapplied(each, days) for each, rows in zip((stored, bars), at, strict=True)]
    )
    return days, closes[1] / closes[0], closes


def _split_days(bars: pd.DataFrame, below: float = np.inf) -> npt.NDArray[np.datetime64]:
    """The days of the splits of `bars` by less than `below`, or its inverse."""
    splits, days = bars["stock_splits"].to_numpy(), bars.index.to_numpy()
    at = np.flatnonzero(splits > 0)
    return np.asarray(days[at[np.abs(np.log(splits[at])) < np.log(below)]])


def _unapplied(bars: pd.DataFrame, days: npt.NDArray[np.datetime64]) -> npt.NDArray[np.float64]:
    """For each of `days`, the product of the later splits of `bars` that its prices do not reflect yet."""
    product = np.ones(len(days))
    for position in adjustment.unadjusted_splits(bars):
        product[days < bars.index.to_numpy()[position]] *= bars["stock_splits"].iloc[position]
    return product


def _closed(days: npt.NDArray[np.datetime64], calendar: Calendar, row: TickerRow) -> npt.NDArray[np.bool_]:
    """A mask of the `days` on which `faults.valid` would refuse a bar, because the exchange was closed."""
    if trading_calendars.is_foreign(len(row.get("unexpected", ())), row.get("bar_count") or 0):
        return np.zeros(len(days), dtype=bool)
    return sessions.are_closed(calendar, days)


def _text(day: np.datetime64) -> str:
    return str(day.astype("datetime64[D]"))
