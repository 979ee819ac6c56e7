"""Corrects numbers of raw rows that cannot be right as they are written, and records each correction. Pure."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
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
NEGATIVE: Final = N_("가격일 수 없는 음수라 없는 값으로 했습니다")
NO_PRICES: Final = N_("종가 {count}개가 {price}처럼 음수입니다. 가격이 아니라 등락(률)으로 보입니다.")
ABSENT: Final = {
    "open": N_("이런 이름의 필드가 없어 종가로 했습니다"),
    **dict.fromkeys(("high", "low"), N_("이런 이름의 필드가 없어 시가와 종가에서 정했습니다")),
    "volume": N_("이런 이름의 필드가 없어 0으로 했습니다"),
}
NO_VOLUME: Final = N_("거래량일 수 없어 0으로 했습니다")
NO_PRICE: Final = N_("믿을 수 없이 커서 없는 값으로 했습니다")
NO_NUMBER: Final = N_("숫자로 읽을 수 없어 0으로 했습니다")
UNREADABLE: Final = N_("숫자로 읽을 수 없어 없는 값으로 했습니다")
EITHER: Final = N_("{price} 같은 가격의 점이 소수점인지 천 단위 구분인지 알 수 없습니다.")
EITHER_COMMA: Final = N_("{price} 같은 가격의 쉼표가 소수점인지 천 단위 구분인지 알 수 없습니다.")

FALL_LIMIT: Final = 0.25
"""How far a price with a minus sign may be below the next higher price of its ticker; -1 is usually no price."""
FEW_NEGATIVE, NEGATIVE_SHARE = 2, 0.1
"""So many different closes may be negative, or this share of all closes, before they count as changes of prices."""
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

    change = _changing(codes, columns, written, changes)
    texts = _texts(codes, written)
    for name, thousands in _thousands(codes, texts).items():
        if has_no_decimals or name == "volume":
            change(name, ~np.isnan(thousands), THOUSANDS, thousands)
        elif not category.rates:  # an exchange rate may have three decimals
            for row in np.flatnonzero(thousands % 10 > 0).tolist():
                failures[int(codes[row])] = SisepanError(EITHER, price=str(written.value(name, row))[:40])
    if any("," in text for name in texts if name != "volume" for text in texts[name] if isinstance(text, str)):
        _refuse_commas(codes, texts, failures, may_be_decimals=not has_no_decimals)
    if any((columns[name] < 0).any() for name in candles.PRICES):
        least = _least_falls(codes, columns) if has_no_decimals else np.full(len(codes), np.inf)
        for name in candles.PRICES:
            change(name, (columns[name] == np.round(columns[name])) & (-columns[name] >= least), FALL, -columns[name])
        _refuse_changes(codes, columns["close"], written, failures)
        for name in candles.PRICES:
            change(name, columns[name] < 0, NEGATIVE, np.nan)
    for name in ("open", "high", "low"):
        change(name, columns[name] > PRICE_LIMIT, NO_PRICE, np.nan)
    volume = columns["volume"]
    change("volume", (volume < 0) | (volume >= candles.VOLUME_LIMIT), NO_VOLUME, 0.0)
    for name in filter(written.has_others, set(candles.COLUMNS) - {"close"}):
        unread = np.isnan(columns[name])
        for row in np.flatnonzero(unread).tolist():
            unread[row] = not numbers.is_missing(written.value(name, row))
        change(name, unread, *((NO_NUMBER, 0.0) if name == "volume" else (UNREADABLE, np.nan)))
    absent = [name for name in ABSENT if not any(name in rows.columns for rows in portions)]
    for name in absent if len(absent) < len(ABSENT) else ():  # of a table of closes alone, that is plain to see
        opened, close = columns["open"], columns["close"]
        after = {"open": close, "high": np.fmax(opened, close), "low": np.fmin(opened, close)}.get(name, 0.0)
        change(name, np.ones(len(codes), dtype=bool), ABSENT[name], after)
    columns |= {name: np.where(np.isnan(columns[name]), 0.0, columns[name]) for name in candles.CORPORATE_ACTIONS}
    return table.assign(**columns), changes


def with_moved_actions(table: pd.DataFrame, has_close: npt.NDArray[np.bool_]) -> pd.DataFrame:
    """`table` whose dividends and splits of rows without a close go to the ticker's next rows with one.

    `table` has the column moments. The rows without a close are refused later. Where another row of the same moment has
    a close, it has the actions of that moment too: the larger one counts, and not both.
    """
    dividends, splits = (table[name].to_numpy(copy=True) for name in candles.CORPORATE_ACTIONS)
    lost = np.flatnonzero(~has_close & ((dividends > 0) | (splits > 0)))
    if not lost.size:
        return table
    codes, moments = table["code"].to_numpy(), table["moments"].to_numpy()
    order = np.lexsort((moments, codes))
    is_new = (np.diff(codes[order]) != 0) | (np.diff(moments[order]) != np.timedelta64(0, "ns"))
    number = np.empty(len(order), dtype=np.int64)  # of the row's ticker and moment among all of them, ascending
    number[order] = np.append(0, np.cumsum(is_new))
    kept = order[has_close[order]]
    of_kept = number[kept]
    _numbers, last = np.unique(number[lost][::-1], return_index=True)  # a row that is there twice counts once
    for row in lost[::-1][last].tolist():
        begin = int(np.searchsorted(of_kept, number[row]))
        if begin == len(kept) or codes[kept[begin]] != codes[row]:
            continue
        end = int(np.searchsorted(of_kept, of_kept[begin], "right"))
        rows, is_same = kept[begin:end], of_kept[begin] == number[row]
        join, times = (np.maximum, np.maximum) if is_same else (np.add, np.multiply)
        dividends[rows] = join(dividends[rows], max(dividends[row], 0.0))
        if splits[row] > 0:
            splits[rows] = times(splits[row], np.where(splits[rows] > 0, splits[rows], 1.0))
    return table.assign(dividends=dividends, stock_splits=splits)


def _changing(
    codes: npt.NDArray[np.int64], columns: dict[str, Values], written: _Written, changes: dict[int, Changes]
) -> Callable[[str, npt.NDArray[np.bool_], str, Values | float], None]:
    """A function that sets the chosen values of a field to others, and records that for each ticker."""

    def change(name: str, chosen: npt.NDArray[np.bool_], message: str, after: Values | float) -> None:
        if not chosen.any():
            return
        columns[name] = np.where(chosen, after, columns[name])
        rows = np.flatnonzero(chosen)
        distinct, first, counts = np.unique(codes[rows], return_index=True, return_counts=True)
        for code, row, count in zip(distinct.tolist(), rows[first].tolist(), counts.tolist(), strict=True):
            before, after = written.value(name, row), columns[name][row]
            shown = "-" if np.isnan(after) else f"{after:.10g}"
            changes[code][name, message] = Change(count, "-" if before is None else str(before)[:40], shown)

    return change


def _least_falls(codes: npt.NDArray[np.int64], columns: Mapping[str, Values]) -> Values:
    """The smallest size that a price with a minus sign has, for the ticker of each row; a smaller one is no price.

    The sizes go on downward from the lowest close above 0 as long as each is at least `FALL_LIMIT` times the one above.
    """
    least, close = np.full(len(codes), np.inf), columns["close"]
    is_signed = np.logical_or.reduce([columns[name] < 0 for name in candles.PRICES])
    for code in np.unique(codes[is_signed]).tolist():
        own = codes == code
        lowest = np.min(close[own & (close > 0)], initial=np.inf)
        for size in np.unique(-close[own & (close < 0)])[::-1].tolist():
            is_price = size > 1 if np.isinf(lowest) else FALL_LIMIT * lowest <= size < lowest
            lowest = size if is_price else lowest
        least[own] = FALL_LIMIT * lowest
    return least


def _refuse_changes(
    codes: npt.NDArray[np.int64], close: Values, written: _Written, failures: dict[int, SisepanError]
) -> None:
    """Add the tickers to `failures` whose closes have many negative values: they are changes and no prices."""
    rows = np.flatnonzero(close < 0)
    for code in np.unique(codes[rows]).tolist():
        own = rows[codes[rows] == code]
        if len(np.unique(close[own])) > FEW_NEGATIVE and len(own) > NEGATIVE_SHARE * (codes == code).sum():
            price = str(written.value("close", int(own[0])))[:40]
            failures[code] = SisepanError(NO_PRICES, count=len(own), price=price)


def _refuse_commas(
    codes: npt.NDArray[np.int64],
    texts: Mapping[str, Sequence[Any]],
    failures: dict[int, SisepanError],
    *,
    may_be_decimals: bool,
) -> None:
    """Add the tickers to `failures` that have a price such as 149,554, whose comma may be that of decimals.

    Other numbers of a ticker may show that its commas separate thousands. Where none shows anything, they do so if
    prices have no decimals (not `may_be_decimals`).
    """
    commas = {name: numbers.commas(values) for name, values in texts.items()}
    prices = [name for name in commas if name != "volume"]
    thousands = {int(code) for masks in commas.values() for code in codes[masks["thousands"]]}
    decimals: dict[int, str] = {}
    for name in prices:
        for row in np.flatnonzero(commas[name]["decimals"]).tolist():
            decimals.setdefault(int(codes[row]), texts[name][row])
    for name in prices:
        for row in np.flatnonzero(commas[name]["either"]).tolist():
            code = int(codes[row])
            if code not in thousands and (may_be_decimals or code in decimals):
                price = decimals.get(code, texts[name][row])
                failures.setdefault(code, SisepanError(EITHER_COMMA, price=price[:40]))


def _thousands(codes: npt.NDArray[np.int64], texts: Mapping[str, Sequence[Any]]) -> dict[str, Values]:
    """The prices and volumes that can be read with points between thousands, by field name; NaN elsewhere.

    Prices of a ticker are left out if one of them has a point that cannot separate thousands. So are its volumes if one
    of them has such a point, or if a price has and no volume has two points.
    """
    points = {name: numbers.points(values) for name, values in texts.items()}
    others = {name: has_point & ~may_be_thousands for name, (has_point, may_be_thousands) in points.items()}
    is_decimal = np.logical_or.reduce(
        [others[name] for name in points if name != "volume"] or [np.zeros(len(codes), bool)]
    )
    result = {}
    for name, (_has_point, may_be_thousands) in points.items():
        excluded = is_decimal
        if name == "volume":
            has_two = np.array([str(text).count(".") > 1 for text in texts[name]], dtype=bool)
            excluded = others[name] | (is_decimal & ~np.isin(codes, codes[may_be_thousands & has_two]))
        result[name] = np.full(len(codes), np.nan)
        for row in np.flatnonzero(may_be_thousands & ~np.isin(codes, codes[excluded])).tolist():
            result[name][row] = float(texts[name][row].replace(".", ""))
    return result


def _texts(codes: npt.NDArray[np.int64], written: _Written) -> dict[str, list[Any]]:
    """The prices and volumes as they are written, of the fields that have texts, by field name."""
    return {
        name: [written.value(name, row) for row in range(len(codes))]
        for name in (*candles.PRICES, "volume")
        if written.has_texts(name)
    }
