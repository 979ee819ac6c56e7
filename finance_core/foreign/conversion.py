"""What raw rows become: clean bars of each ticker, and refusals of rows that cannot become bars, with the reason.

Pure: rows in, bars out.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from finance_core.bars import candles
from finance_core.errors import SisepanError
from finance_core.foreign import dates, raw_tickers
from finance_core.foreign.numbers import numbers
from finance_core.foreign.shapes import Rows
from finance_core.i18n import N_

SHOWN_CONVERSIONS = 20
"""How many conversions of a ticker are kept, to be shown."""

NO_TICKER = N_("종목 코드가 없습니다.")
NOT_A_TICKER = N_("이 카테고리의 종목 코드가 아닙니다: {ticker}")
NO_DATE = N_("날짜가 없습니다.")
UNREADABLE_DATE = N_("날짜를 읽을 수 없습니다: {date}")
NO_CLOSE = N_("종가가 없거나 0보다 크지 않습니다.")
DUPLICATE = N_("같은 종목, 같은 날의 행이 뒤에 또 있습니다.")


class Refusal(NamedTuple):
    """One row that becomes no bar."""

    place: str
    ticker: str
    """As it is written, like the date."""
    date: str
    reason: SisepanError


class Conversion(NamedTuple):
    """One row, and the bar that it becomes."""

    place: str
    raw_ticker: str
    raw_date: str
    ticker: str
    date: pd.Timestamp
    close: float


@dataclass(frozen=True)
class Converted:
    """What the rows of one ticker become."""

    ticker: str
    """"" for rows that name no ticker of the category."""
    raw_tickers: tuple[Any, ...]
    bars: pd.DataFrame
    rows: int
    """Refused ones included."""
    remarks: tuple[candles.Remark, ...]
    refusals: tuple[Refusal, ...]
    conversions: tuple[Conversion, ...]
    """The first `SHOWN_CONVERSIONS`."""


def convert(
    convention: dates.Convention, group: Mapping[str, Sequence[Any]], portions: Sequence[Rows]
) -> list[Converted]:
    """The bars of each ticker of a `group`, whose values are raw tickers, from all of its rows."""
    codes = {raw: code for code, raws in enumerate(group.values()) for raw in raws}
    tables = [_table(convention, codes, number, rows) for number, rows in enumerate(portions)]
    table = pd.concat(tables, ignore_index=True)
    refusals: dict[int, list[Refusal]] = defaultdict(list)

    def accepted(chosen: "pd.Series[bool]", message: str) -> pd.DataFrame:
        """The rows of `table` that are not `chosen`, which are refused."""
        refused = table.loc[chosen, ["code", "portion", "position"]]
        for code, portion, position in refused.itertuples(index=False):
            refusals[code].append(_refusal(portions[portion], position, message))
        return table[~chosen] if len(refused) else table

    table = accepted(table["code"] < 0, NO_TICKER)
    counts = np.bincount(table["code"], minlength=len(group))
    table = accepted(table["moment"].isna(), NO_DATE)
    table = accepted(~((table["close"] > 0) & np.isfinite(table["close"])), NO_CLOSE)
    # Of two rows of a day the later moment counts, of two of a moment the one that comes later.
    table = table.iloc[np.lexsort((table["order"], table["moment"], table["code"]))]
    day = table["moment"].dt.normalize()
    table = table.assign(day=day)
    table = accepted(table.duplicated(["code", "day"], keep="last"), DUPLICATE)

    starts = np.searchsorted(table["code"], np.arange(len(group) + 1))
    result = [_without_bars(refusals[-1])] if refusals[-1] else []
    for code, (ticker, raws) in enumerate(group.items()):
        rows = table.iloc[starts[code] : starts[code + 1]]
        bars, remarks = candles.clean(rows.set_index(pd.DatetimeIndex(rows["day"], name="date"))[candles.COLUMNS])
        bars, applied = candles.split_adjusted(bars)
        conversions: list[Conversion] = []
        for day, close, portion, position in zip(
            bars.index, bars["close"], rows["portion"], rows["position"], strict=True
        ):
            if len(conversions) == SHOWN_CONVERSIONS:
                break
            read = portions[portion].columns
            raw, date = raw_tickers.text_of(read["ticker"][position]), str(read["date"][position])
            conversions.append(Conversion(portions[portion].place(position), raw, date, ticker, day, float(close)))
        refused = tuple(refusals[code])
        result.append(
            Converted(ticker, tuple(raws), bars, int(counts[code]), (*remarks, *applied), refused, tuple(conversions))
        )
    return result


def refused(rows: Rows) -> Converted:
    """Rows whose raw tickers are none of the category, as refusals."""
    return _without_bars([_refusal(rows, position, NOT_A_TICKER) for position in range(len(rows))])


def _without_bars(refusals: Sequence[Refusal]) -> Converted:
    return Converted("", (), candles.empty(), len(refusals), (), tuple(refusals), ())


def _refusal(rows: Rows, position: int, message: str) -> Refusal:
    ticker = raw_tickers.text_of(rows.columns["ticker"][position])
    date = rows.columns["date"][position]
    shown = "" if date is None else str(date)[:60]
    if message == NOT_A_TICKER and not ticker:
        message = NO_TICKER
    elif message == NO_DATE and date not in (None, ""):
        message = UNREADABLE_DATE
    reason = {
        NOT_A_TICKER: SisepanError(message, ticker=ticker[:40]),
        UNREADABLE_DATE: SisepanError(message, date=shown),
    }
    return Refusal(rows.place(position), ticker, shown, reason.get(message) or SisepanError(message))


def _table(convention: dates.Convention, codes: Mapping[Any, int], number: int, rows: Rows) -> pd.DataFrame:
    """The rows of portion `number` as numbers: the code of the ticker in its group, the moment, the values of a bar."""
    table = pd.DataFrame(
        {
            "code": [codes.get(raw_tickers.key_of(raw), -1) for raw in rows.columns["ticker"]],
            "moment": dates.moments(rows.columns["date"], convention),
            **{
                name: numbers(values, ratios=name == "stock_splits")
                for name, values in rows.columns.items()
                if name in candles.COLUMNS
            },
            "order": rows.order,
            "portion": number,
            "position": range(len(rows)),
        }
    )
    absent = {name: np.nan if name in candles.PRICES else 0.0 for name in candles.COLUMNS if name not in table}
    return table.assign(**absent).fillna(dict.fromkeys(candles.CORPORATE_ACTIONS, 0.0))
