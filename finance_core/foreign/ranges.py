"""Checks of raw bars: their columns are what their names say, and an exchange rate is that of one unit. Pure."""

import re
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from finance_core.bars import candles
from finance_core.errors import SisepanError
from finance_core.i18n import N_

UPSIDE_DOWN_SHARE = 0.01
"""Share of the bars of a ticker whose high may be below their low, by errors of the source."""
OUTSIDE: Final = ((("open", "close"), 0.01, 0.0, 0.05), (("close",), 0.001, 0.005, 0.08))
"""Rows of: prices; how far they may lie outside the range of their day, as a share of a price and, in addition,
absolutely; the share of the bars that may lie farther. Rounding to cents and late trades put prices outside. The share
counts for all bars of a ticker and for any `RUN` bars in a row; for rates, only the first row counts, and for all bars.
Of twenty Korean stocks, the close of the day before lies outside by more than the second row on at least 0.11 of the
days, and their own close on none."""
RUN: Final = 100
"""Columns may be wrong in the newest part of a long history alone, which is a small share of it."""
INTERCHANGED: Final = ((60, 1.8), (250, 1.3))
"""Rows of: a number of nights in a row; a ratio above which open and close are interchanged in them. It is the distance
of the opens from the close of the day before, divided by that of the closes from the open of the day before. It is 0.2
to 0.6 for twenty Korean stocks, at most 0.9 in any 60 of their nights, about 1 for closes alone, for opens that are no
opens, and for what moves at night alone, and 1.7 or more where open and close are interchanged. The open must also be
farther in most of the nights, because a single wrong price may outweigh the others."""
ENOUGH, INTERCHANGED_IN_ALL = 60, 1.5
"""The same for all nights of a ticker, if they are more than the first number."""
JUMP, SOON, TO_AND_FRO = 5.0, np.timedelta64(30, "D"), 5
"""A close that differs by the factor `JUMP` or more from the close before it, less than `SOON` ago, is of another unit.
One is enough for a rate or an index; a stock may have splits that its prices do not reflect, but not `TO_AND_FRO` up
and as many down."""
CENTS: Final = 1.0
"""Below this, no jump of a stock or an index counts: it may be a few of the smallest steps of prices."""
INDEX: Final = re.compile(r"\^.+")
"""A ticker of an index."""
RATE: Final = re.compile("[A-Z]{6}")
"""A ticker of an exchange rate. The range and the close of a rate are often of different hours."""
FAR_OUTSIDE = 0.05
"""How far outside the range of its day a price is an error of the source."""
MOST_WORTH = {"JPYKRW": 50.0, "IDRKRW": 2.0, "VNDKRW": 1.0}
"""Of currencies that banks quote by the hundred: one unit was never worth so many won, and a hundred always were."""
STRONG: Final = re.compile("(USD|EUR|JPY|GBP|CHF|CNY|HKD|AUD|CAD|NZD|SGD)KRW")
LEAST_WORTH: Final = 0.01
"""One unit of these currencies was always worth more won than this."""

PER_HUNDRED = N_(
    "종가가 {close}입니다({date}). 1 {currency}가 아니라 100 {currency}의 값으로 보입니다. 100으로 나누어 저장한 뒤 "
    "가져오십시오."
)
UPSIDE_DOWN_RATE = N_(
    "종가가 {close}입니다({date}). 1원이 몇 {currency}인지로 보입니다. 1을 이 값으로 나누어 저장한 뒤 가져오십시오."
)
COLUMNS_SWAPPED = N_("고가가 저가보다 낮은 행이 {count}개입니다(예: {date}). 열이 뒤바뀌었으면 열 이름을 고치십시오.")
COLUMNS_UNLIKE = N_(
    "시가나 종가가 그날의 저가와 고가 사이에 있지 않은 행이 {count}개입니다(예: {date}). 수정주가와 아닌 것이 섞였거나 "
    "열이 뒤바뀌었으면 고치십시오."
)
OPEN_IS_CLOSE = N_(
    "시가와 종가가 뒤바뀐 것으로 보입니다({first}부터 {last}까지). 시가는 전날의 종가에서 먼데 종가는 전날의 시가에 "
    "가깝습니다. 열 이름을 고치거나, 이름 없는 목록이면 날짜, 시가, 고가, 저가, 종가, 거래량 순서로 저장하십시오."
)
OTHER_UNIT = N_(
    "종가가 바로 앞의 5배 이상이나 5분의 1 이하인 날이 {count}개입니다(예: {date}, {closes}). 단위가 섞였으면 하나로 "
    "고치십시오."
)
UPSIDE_DOWN = N_("고가가 저가보다 낮습니다.")
FAR = N_("시가나 종가가 그날의 저가와 고가에서 크게 벗어납니다.")


class Broken(NamedTuple):
    """Single bars that an error of the source has made impossible, and why."""

    where: npt.NDArray[np.bool_]
    """A mask of the bars."""
    message: str
    """For a row that is left out."""
    conflict: str
    """For a ticker that is read as it is; with the value "date"."""


def broken(bars: pd.DataFrame, ticker: str = "") -> Iterator[Broken]:
    """The bars of a ticker that cannot be, by reason; only reasons of which there are any. `bars` as in `require`."""
    upside_down = candles.upside_down(bars["high"].to_numpy(), bars["low"].to_numpy())
    if upside_down.any():
        conflict = N_("{date}의 고가가 저가보다 낮습니다. 전환하면 그 행을 빼고 알립니다.")
        yield Broken(upside_down, UPSIDE_DOWN, conflict)
    is_far = _are_outside(bars, ("open", "close"), FAR_OUTSIDE) & ~upside_down
    if is_far.any() and not RATE.fullmatch(ticker):
        conflict = N_("{date}의 시가나 종가가 그날의 저가와 고가에서 크게 벗어납니다. 전환하면 그 행을 빼고 알립니다.")
        yield Broken(is_far, FAR, conflict)


def require(bars: pd.DataFrame, ticker: str = "") -> None:
    """Raise SisepanError if more than single bars are impossible: then the columns are not what they say.

    Also if a rate, by its `ticker`, must be that of a hundred, or upside down: it would be drawn as that of one.

    `bars` has the columns of `candles`, with NaN or 0 where a source has no number, indexed by days.
    """
    closes = bars["close"].to_numpy()
    least = LEAST_WORTH if STRONG.fullmatch(ticker) else 0.0
    for is_wrong, message in (
        (closes >= MOST_WORTH.get(ticker, np.inf), PER_HUNDRED),
        ((closes > 0) & (closes < least), UPSIDE_DOWN_RATE),
    ):
        if is_wrong.any():
            first = int(is_wrong.argmax())
            date = f"{bars.index[first]:%Y-%m-%d}"
            raise SisepanError(message, close=f"{closes[first]:.10g}", date=date, currency=ticker[:3])
    upside_down = candles.upside_down(bars["high"].to_numpy(), bars["low"].to_numpy())
    outside, run = (OUTSIDE[:1], len(bars)) if RATE.fullmatch(ticker) else (OUTSIDE, RUN)
    for is_wrong, share, message, size in (
        (upside_down, UPSIDE_DOWN_SHARE, COLUMNS_SWAPPED, len(bars)),
        *((_are_outside(bars, names, far, slack), share, COLUMNS_UNLIKE, run) for names, far, slack, share in outside),
    ):
        crowds = [_crowd(is_wrong, count, share) for count in dict.fromkeys((len(bars), size))]
        if crowd := next(filter(None, crowds), None):
            date = f"{bars.index[crowd][is_wrong[crowd]][0]:%Y-%m-%d}"
            raise SisepanError(message, count=int(is_wrong.sum()), date=date)
    _require_one_unit(bars, ticker)
    if ends := _interchanged(bars):
        span = {name: f"{bars.index[at]:%Y-%m-%d}" for name, at in zip(("first", "last"), ends, strict=True)}
        raise SisepanError(OPEN_IS_CLOSE, **span)


def _require_one_unit(bars: pd.DataFrame, ticker: str) -> None:
    """Raise SisepanError if closes jump as only those of two units do."""
    known = bars["close"].to_numpy() > 0
    close, days = bars["close"].to_numpy()[known], bars.index.to_numpy()[known]
    jumps = np.log(close[1:] / close[:-1])
    is_jump = (np.abs(jumps) >= np.log(JUMP)) & (np.diff(days) < SOON)
    is_rate = RATE.fullmatch(ticker) is not None
    is_jump &= is_rate | (np.maximum(close[1:], close[:-1]) >= CENTS)
    signs = np.sign(jumps[is_jump])
    is_enough = is_rate or INDEX.fullmatch(ticker) or min((signs > 0).sum(), (signs < 0).sum()) >= TO_AND_FRO
    if len(signs) and is_enough:
        first = int(is_jump.argmax())
        closes = f"{close[first]:.10g} → {close[first + 1]:.10g}"
        raise SisepanError(OTHER_UNIT, closes=closes, date=str(days[first + 1])[:10], count=len(signs))


def _interchanged(bars: pd.DataFrame) -> tuple[int, int] | None:
    """The first and the last bar of the nights by which open and close are interchanged; None if they are not."""
    opened, close = bars["open"].to_numpy(), bars["close"].to_numpy()
    traded = np.flatnonzero((opened > 0) & (close > 0))
    if len(traded) <= ENOUGH:
        return None
    opened, close = np.log(opened[traded]), np.log(close[traded])
    of_open, of_close = np.abs(opened[1:] - close[:-1]), np.abs(close[1:] - opened[:-1])
    nights = np.stack([of_open, of_close, of_open > of_close + candles.ROUNDING])
    until = np.append(np.zeros((3, 1)), np.cumsum(nights, axis=1), axis=1)
    for size, limit in ((nights.shape[1], INTERCHANGED_IN_ALL), *INTERCHANGED):
        of_open, of_close, farther = until[:, size:] - until[:, :-size] if size < until.shape[1] else until[:, :0]
        starts = np.flatnonzero((of_open > limit * of_close) & (2 * farther > size))[:1].tolist()
        if starts:
            return int(traded[starts[0]]), int(traded[starts[0] + size])
    return None


def _crowd(is_wrong: npt.NDArray[np.bool_], size: int, share: float) -> slice | None:
    """The first `size` bars in a row of which more than `share` are wrong, and more than one; None without them."""
    until = np.append(0, np.cumsum(is_wrong))
    count = until[size:] - until[:-size] if size <= len(is_wrong) else until[:0]
    starts = np.flatnonzero(count > max(share * size, 1))[:1].tolist()
    return slice(starts[0], starts[0] + size) if starts else None


def _are_outside(bars: pd.DataFrame, names: Sequence[str], far: float, slack: float = 0.0) -> npt.NDArray[np.bool_]:
    """Whether one of the prices `names` of each bar lies outside its range by more than the share `far` and `slack`."""
    low, high = bars["low"].to_numpy(), bars["high"].to_numpy()
    result = np.zeros(len(bars), dtype=bool)
    for name in names:
        price = bars[name].to_numpy()
        above = (high > 0) & (price > high * (1 + far) + slack)
        result |= above | (price > 0) & (price < low * (1 - far) - slack)
    return result
