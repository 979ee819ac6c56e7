"""Lists of rows that are lists themselves, so that only their order says which number is which price. Pure."""

import itertools
from collections.abc import Iterable
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from finance_core.bars import candles
from finance_core.foreign import dates
from finance_core.foreign.numbers import numbers
from finance_core.i18n import N_

CANDLE: Final = ("date", *candles.PRICES, "volume")
"""The fields of a row that is a list, in order."""
CANDLE_LENGTHS: Final = (5, 6, 7, 8, 11, 12)
"""Lengths of such a row: without or with a volume, an amount, and what cryptocurrency exchanges add."""
IN_ORDER: Final = 0.95
"""The share of rows that prove the order of `CANDLE`; the others are errors of the source, which `ranges` judges."""
NEARLY, NEARLY_IN_ORDER = 0.01, 0.8
"""If no row fails by more than the first share of a price, as after rounding, the second share of rows is enough."""
ALIKE: Final = 2.0
"""The four prices of a day differ by less than this factor; most other numbers side by side differ by more."""
FEW, BESIDE = 0.1, 0.8
"""Rows without an order are no bars if they have fewer days than the first share of those of the bars beside them, as
estimates of quarters have, or if the second share of their days are days of bars, as those of averages are."""
UNORDERED: Final = "is_unordered"
"""The name of a column that marks the rows of `are_unordered`."""
UNKNOWN_ORDER: Final = N_(
    "이름 없는 목록인 행에서 어느 값이 시가, 고가, 저가, 종가인지 알 수 없습니다. 값에 이름을 붙이거나 날짜, 시가, "
    "고가, 저가, 종가, 거래량 순서로 저장하십시오."
)


def are_dates(keys: Iterable[Any]) -> bool:
    """Whether most of the first ten of `keys` are dates."""
    some = list(itertools.islice(keys, 10))
    return 2 * sum(map(dates.is_date, some)) > len(some)


def are_candles(value: Any) -> bool:
    """Whether a value is a list of rows in the order of `CANDLE`, proved by the high and the low of nearly all rows."""
    if not _are_rows(value):
        return False
    prices = np.array([numbers(row[1:5]) for row in value])
    prices = prices[(prices > 0).all(axis=1)]
    highest, lowest = prices.max(axis=1, initial=0), prices.min(axis=1, initial=np.inf)
    high, low = prices[:, 1], prices[:, 2]
    in_order = ((high >= highest) & (low <= lowest))[highest > lowest]  # four equal prices prove nothing
    nearly = (high >= highest * (1 - NEARLY)) & (low <= lowest * (1 + NEARLY))
    share = in_order.mean() if len(in_order) else 1.0
    return len(prices) > 0 and bool(share >= (NEARLY_IN_ORDER if nearly.all() else IN_ORDER))


def are_unordered(value: Any) -> bool:
    """Whether a value is a list of rows with a date and four prices side by side, but not in the order of `CANDLE`."""
    if not _are_rows(value) or are_candles(value):
        return False
    width = min(map(len, value))
    table = np.array([numbers(row[1:width]) for row in value])
    return any(_are_prices(table[:, first : first + 4]) for first in range(width - 4))


def are_beside(days: set[Any], bars: set[Any]) -> bool:
    """Whether rows without an order, on `days`, are no bars because others are: few rows, or of mostly their days."""
    return len(days) < FEW * len(bars) or len(days & bars) >= BESIDE * len(days)


def _are_rows(value: Any) -> bool:
    rows = value if isinstance(value, list) else []
    is_list = all(isinstance(row, list) and len(row) in CANDLE_LENGTHS for row in rows)
    return bool(rows) and is_list and are_dates(row[0] for row in rows)


def _are_prices(table: npt.NDArray[np.float64]) -> bool:
    lowest = table.min(axis=1)
    return bool(((lowest > 0) & (table.max(axis=1) < ALIKE * lowest)).mean() > 1 / 2)
