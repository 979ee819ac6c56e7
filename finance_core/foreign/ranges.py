"""Checks of raw bars: open and close lie between high and low, and an exchange rate is that of one unit. Pure."""

import numpy as np
import pandas as pd

from finance_core.bars import candles
from finance_core.errors import SisepanError
from finance_core.i18n import N_

UPSIDE_DOWN_SHARE = 0.01
"""Share of the bars of a ticker whose high may be below their low, by errors of the source."""
OUTSIDE, OUTSIDE_SHARE = 0.01, 0.05
"""How far a price may lie outside the range of its day, in shares of it, as rounding and late trades put it; and on
what share of the bars of a ticker it may lie farther."""
MOST_WORTH = {"JPYKRW": 50.0, "IDRKRW": 2.0, "VNDKRW": 1.0}
"""What one of a currency that banks quote by the hundred was never worth; a hundred of it always were."""

PER_HUNDRED = N_(
    "종가가 {close}입니다({date}). 1 {currency}가 아니라 100 {currency}의 값으로 보입니다. 100으로 나누어 저장한 뒤 "
    "가져오십시오."
)
COLUMNS_SWAPPED = N_("고가가 저가보다 낮은 행이 {count}개입니다(예: {date}). 열이 뒤바뀌었으면 열 이름을 고치십시오.")
COLUMNS_UNLIKE = N_(
    "시가나 종가가 그날의 저가와 고가 사이에 있지 않은 행이 {count}개입니다(예: {date}). 수정주가와 아닌 것이 섞였거나 "
    "열이 뒤바뀌었으면 고치십시오."
)
UPSIDE_DOWN = N_("고가가 저가보다 낮습니다.")


def require(bars: pd.DataFrame, ticker: str = "") -> None:
    """Raise SisepanError if more than single bars are impossible: then the columns are not what they say.

    Also if a rate, by its `ticker`, must be that of a hundred: it would be drawn as that of one.

    `bars` has the columns of `candles`, with NaN or 0 where a source has no number, indexed by days.
    """
    closes = bars["close"].to_numpy()
    if (is_hundred := closes >= MOST_WORTH.get(ticker, np.inf)).any():
        first = int(is_hundred.argmax())
        date = f"{bars.index[first]:%Y-%m-%d}"
        raise SisepanError(PER_HUNDRED, close=f"{closes[first]:.10g}", date=date, currency=ticker[:3])
    low, high = bars["low"].to_numpy(), bars["high"].to_numpy()
    is_outside = np.zeros(len(bars), dtype=bool)
    for name in ("open", "close"):
        price = bars[name].to_numpy()
        above, below = (high > 0) & (price > high * (1 + OUTSIDE)), (price > 0) & (price < low * (1 - OUTSIDE))
        is_outside |= above | below
    for is_wrong, share, message in (
        (candles.upside_down(high, low), UPSIDE_DOWN_SHARE, COLUMNS_SWAPPED),
        (is_outside, OUTSIDE_SHARE, COLUMNS_UNLIKE),
    ):
        if is_wrong.sum() > max(share * len(bars), 1):
            date = f"{bars.index[int(is_wrong.argmax())]:%Y-%m-%d}"
            raise SisepanError(message, count=int(is_wrong.sum()), date=date)
