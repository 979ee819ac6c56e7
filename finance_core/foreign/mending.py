"""Corrects numbers of raw rows that cannot be right as they are written, and records each correction. Pure."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from types import NoneType
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
from bson import Int64

from finance_core.bars import candles
from finance_core.categories import Category
from finance_core.errors import SisepanError
from finance_core.foreign import numbers
from finance_core.foreign.shapes import Rows
from finance_core.i18n import N_

FALL: Final = N_("내린 날을 뜻하는 빼기 부호를 떼었습니다")
THOUSANDS: Final = N_("점을 천 단위 구분으로 읽었습니다")
NO_VOLUME: Final = N_("거래량일 수 없어 0으로 했습니다")
NO_PRICE: Final = N_("믿을 수 없이 커서 없는 값으로 했습니다")
UNREADABLE: Final = N_("숫자로 읽을 수 없어 없는 값으로 했습니다")
EITHER: Final = N_("{price} 같은 가격의 점이 소수점인지 천 단위 구분인지 알 수 없습니다.")

PRICE_LIMIT: Final = 1e15
"""A larger price is an error of its source."""


class Change(NamedTuple):
    """How often the values of one field were changed in one way, and the first of them before and after."""

    times: int
    before: str
    after: str


Changes = dict[tuple[str, str], Change]
"""The changes by field and message."""


Values = npt.NDArray[np.float64]


class _Written:
    """The values as the source writes them, by row number in a table with the columns portion and position."""

    def __init__(self, table: pd.DataFrame, portions: Sequence[Rows]) -> None:
        self._portion, self._position = table["portion"].to_numpy(), table["position"].to_numpy()
        self._portions = portions

    def value(self, name: str, row: int) -> Any:
        """One value; None if its portion has no such field."""
        values = self._portions[int(self._portion[row])].columns.get(name)
        return None if values is None else values[int(self._position[row])]

    def has_others(self, name: str) -> bool:
        """Whether a field has values that are neither numbers nor missing."""
        columns = [rows.columns.get(name, ()) for rows in self._portions]
        return any(not set(map(type, column)) <= {int, float, Int64, NoneType} for column in columns)

    def has_texts(self, name: str) -> bool:
        """Whether a field is text in any row."""
        return any(str in set(map(type, rows.columns.get(name, ()))) for rows in self._portions)


def mended(
    category: Category, table: pd.DataFrame, portions: Sequence[Rows], failures: dict[int, SisepanError]
) -> tuple[pd.DataFrame, Mapping[int, Changes]]:
    """The table with corrected numbers, and the changes of each ticker, by its code.

    A ticker whose numbers are ambiguous is added to `failures`, by its code.
    """
    changes: dict[int, Changes] = defaultdict(dict)
    codes, written = table["code"].to_numpy(), _Written(table, portions)
    has_no_decimals = {decimals for _least, decimals in category.decimals} == {0}
    columns: dict[str, Values] = {name: table[name].to_numpy() for name in candles.COLUMNS}

    def change(name: str, chosen: npt.NDArray[np.bool_], message: str, after: Values | float) -> None:
        if not chosen.any():
            return
        columns[name] = np.where(chosen, after, columns[name])
        rows = np.flatnonzero(chosen)
        distinct, first, counts = np.unique(codes[rows], return_index=True, return_counts=True)
        for code, row, count in zip(distinct.tolist(), rows[first].tolist(), counts.tolist(), strict=True):
            value = columns[name][row]
            shown = "-" if np.isnan(value) else f"{value:.10g}"
            changes[code][name, message] = Change(count, str(written.value(name, row))[:40], shown)

    for name, thousands in _thousands(codes, written).items():
        if has_no_decimals:
            change(name, ~np.isnan(thousands), THOUSANDS, thousands)
        elif not category.rates:  # an exchange rate may have three decimals
            for row in np.flatnonzero(thousands % 10 > 0).tolist():
                failures[int(codes[row])] = SisepanError(EITHER, price=str(written.value(name, row))[:40])
    if has_no_decimals:
        for name in candles.PRICES:
            change(name, columns[name] < 0, FALL, -columns[name])
    for name in ("open", "high", "low"):
        change(name, columns[name] > PRICE_LIMIT, NO_PRICE, np.nan)
    volume = columns["volume"]
    change("volume", (volume < 0) | (volume >= candles.VOLUME_LIMIT), NO_VOLUME, 0.0)
    for name in filter(written.has_others, set(candles.COLUMNS) - {"close"}):
        unread = np.isnan(columns[name])
        for row in np.flatnonzero(unread).tolist():
            unread[row] = not numbers.is_missing(written.value(name, row))
        change(name, unread, UNREADABLE, np.nan)
    columns |= {name: np.where(np.isnan(columns[name]), 0.0, columns[name]) for name in candles.CORPORATE_ACTIONS}
    return table.assign(**columns), changes


def _thousands(codes: npt.NDArray[np.int64], written: _Written) -> dict[str, Values]:
    """The prices that can be read with points between thousands, by field name; NaN elsewhere.

    A ticker is left out if one of its prices has a point that cannot separate thousands.
    """
    values = {
        name: [written.value(name, row) for row in range(len(codes))]
        for name in candles.PRICES
        if written.has_texts(name)
    }
    points = {name: numbers.points(texts) for name, texts in values.items()}
    is_other = np.zeros(len(codes), dtype=bool)
    for has_point, may_be_thousands in points.values():
        is_other |= has_point & ~may_be_thousands
    chosen = ~np.isin(codes, codes[is_other])
    result = {}
    for name, (_has_point, may_be_thousands) in points.items():
        result[name] = np.full(len(codes), np.nan)
        for row in np.flatnonzero(may_be_thousands & chosen).tolist():
            result[name][row] = float(values[name][row].replace(".", ""))
    return result
