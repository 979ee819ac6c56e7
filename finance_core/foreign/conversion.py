"""What raw rows become: clean bars of each ticker, and refusals of rows that cannot become bars, with the reason.

Pure: rows in, bars out.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
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
    table = pd.concat([_table(convention, codes, number, rows) for number, rows in enumerate(portions)])
    refusals: dict[int, list[Refusal]] = defaultdict(list)

    def accepted(chosen: npt.NDArray[np.bool_], message: str) -> pd.DataFrame:
        """The rows of `table` that are not `chosen`; the `chosen` ones are refused."""
        refused = table.loc[chosen, ["code", "portion", "position"]]
        for code, portion, position in refused.itertuples(index=False):
            refusals[code].append(_refusal(portions[portion], position, message))
        return table[~chosen] if len(refused) else table

    table = accepted((table["code"] < 0).to_numpy(), NO_TICKER)
    counts = np.bincount(table["code"], minlength=len(group))
    table = accepted(table["moment"].isna().to_numpy(), NO_DATE)
    close = table["close"].to_numpy()
    table = accepted(~((close > 0) & np.isfinite(close)), NO_CLOSE)
    # Of two rows of a day the later moment counts, of two of a moment the one that comes later.
    table = table.iloc[np.lexsort((table["order"], table["moment"], table["code"]))]
    days = table["moment"].to_numpy().astype("datetime64[D]")
    is_same = (days[:-1] == days[1:]) & (np.diff(table["code"]) == 0)
    table = accepted(np.append(is_same, np.zeros(min(len(days), 1), dtype=bool)), DUPLICATE)

    days = table["moment"].to_numpy().astype("datetime64[D]").astype("datetime64[ns]")
    values, rows = table[candles.COLUMNS].to_numpy(), table[["portion", "position"]].to_numpy()
    ends = np.searchsorted(table["code"], np.arange(len(group) + 1))
    result = [_without_bars(refusals[-1])] if refusals[-1] else []
    for code, (ticker, raws) in enumerate(group.items()):
        own = slice(ends[code], ends[code + 1])
        raw_bars = pd.DataFrame(values[own], columns=candles.COLUMNS, index=pd.DatetimeIndex(days[own], name="date"))
        bars, remarks = candles.clean(raw_bars)
        bars, applied = candles.split_adjusted(bars)
        examples = [
            _conversion(portions[portion], position, ticker, bars.iloc[number : number + 1])
            for number, (portion, position) in enumerate(rows[own][:SHOWN_CONVERSIONS].tolist())
        ]
        outcome = (*remarks, *applied), tuple(refusals[code]), tuple(examples)
        result.append(Converted(ticker, tuple(raws), bars, int(counts[code]), *outcome))
    return result


def _conversion(rows: Rows, position: int, ticker: str, bar: pd.DataFrame) -> Conversion:
    raw = raw_tickers.text_of(rows.columns["ticker"][position])
    date = str(rows.columns["date"][position])
    return Conversion(str(rows.places[position]), raw, date, ticker, bar.index[0], float(bar["close"].iloc[0]))


def refused(rows: Rows) -> Converted:
    """Rows whose raw tickers are none of the category, as refusals."""
    return _without_bars([_refusal(rows, position, NOT_A_TICKER) for position in range(len(rows))])


def _without_bars(refusals: Sequence[Refusal]) -> Converted:
    return Converted("", (), candles.empty(), len(refusals), (), tuple(refusals), ())


def _refusal(rows: Rows, position: int, message: str) -> Refusal:
    ticker = raw_tickers.text_of(rows.columns["ticker"][position])
    written = rows.columns["date"][position]
    date = "" if written is None else str(written)[:60]
    if message == NOT_A_TICKER:
        reason = SisepanError(message, ticker=ticker[:40]) if ticker else SisepanError(NO_TICKER)
    elif message == NO_DATE and date:
        reason = SisepanError(UNREADABLE_DATE, date=date)
    else:
        reason = SisepanError(message)
    return Refusal(str(rows.places[position]), ticker, date, reason)


def _table(convention: dates.Convention, codes: Mapping[Any, int], number: int, rows: Rows) -> pd.DataFrame:
    """The rows of portion `number` as numbers: the code of the ticker in its group, the moment, the values of a bar."""
    table = pd.DataFrame(
        {
            "code": [codes.get(key, -1) for key in raw_tickers.keys_of(rows.columns["ticker"])],
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
