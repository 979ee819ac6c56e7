"""The bars of a user's own collection that is read as it is: the checks before a ticker is drawn, at first and later.

`adoption` reads every ticker once with all checks, `following` repeats them for documents that are added later.
"""

import numpy as np
import pandas as pd

from finance_core.bars import adjustment, candles
from finance_core.categories import Category
from finance_core.errors import DataConflict, SisepanError
from finance_core.foreign import conversion, dates, intervals, mending, ranges, raw_tickers, trading_days
from finance_core.foreign.conversion import Rules
from finance_core.foreign.trading_days import Exchange
from finance_core.i18n import N_
from finance_core.storage import prices
from finance_core.storage.database import MongoDatabase
from finance_core.storage.locations import Location

NO_SESSION = N_("{date}에는 거래소가 쉬었는데 행이 있습니다. 전환하면 그런 행을 빼고 알립니다.")


def read(db: MongoDatabase, rules: Rules, location: Location, raw: object) -> pd.DataFrame:
    """The bars of one ticker, checked. Raises DataConflict where a conversion could take them, else SisepanError."""
    ticker = required_ticker(rules.category, raw)
    bars = prices.as_stored(db, location, ticker)
    if not (bars["close"] > 0).all():  # a chart passes over such a day
        raise DataConflict(N_("종가가 없는 날이 있습니다."))
    require(rules, ticker, bars)
    return bars


def require(rules: Rules, ticker: str, bars: pd.DataFrame) -> None:
    """Raise SisepanError if the stored `bars` of a ticker, at least one, cannot be drawn as they are.

    It is a DataConflict where a conversion could take them.
    """
    if (bars[candles.PRICES] > mending.PRICE_LIMIT).any(axis=None):
        raise DataConflict(conversion.ABSURD)
    ranges.require(bars, ticker)
    days = bars.index.to_numpy()
    for broken in ranges.broken(bars, ticker):
        raise DataConflict(broken.conflict, date=str(days[broken.where][0])[:10])
    if (impossible := trading_days.are_impossible(days)).any():
        raise DataConflict(conversion.IMPOSSIBLE_DAY, date=str(days[impossible][0])[:10])
    if error := intervals.refusal(intervals.interval_of(days), days, "refuse"):
        raise error
    _require_sessions(days, bars, rules.exchange_of(ticker, [ticker]))
    if (bars["stock_splits"] == 1).any():
        raise DataConflict(N_("액면분할 값이 1인 날이 있습니다. 전환하면 분할이 없는 날로 읽습니다."))
    cleaned = candles.clean(candles.with_all_actions(bars))[0] if (bars["stock_splits"] != 0).any() else bars[:0]
    if splits := adjustment.unadjusted_splits(cleaned):
        date = f"{cleaned.index[splits[0]]:%Y-%m-%d}"
        raise DataConflict(N_("{date}의 액면분할이 그 전 가격에 반영되지 않았습니다. 전환하면 반영합니다."), date=date)


def _require_sessions(days: dates.Moments, bars: pd.DataFrame, exchange: Exchange | None) -> None:
    """Raise SisepanError if the `days` of `bars` are no sessions, DataConflict if only single ones are none."""
    nowhere = np.zeros(len(days), dtype=bool)
    is_repeat = trading_days.are_repeats(candles.in_order(bars).to_numpy())
    reading = trading_days.read(days, nowhere, nowhere, exchange, is_repeat)
    is_filled, is_weekend = trading_days.without_session(reading, exchange, is_repeat)
    if (are_none := is_filled | is_weekend).any():
        raise DataConflict(NO_SESSION, date=str(days[are_none][0])[:10])


def required_ticker(category: Category, raw: object) -> str:
    """`raw`, if it is a ticker of `category` as it stands. Raises DataConflict where a conversion could read it so."""
    if isinstance(raw, str) and category.is_ticker(raw) and category.ticker_of(raw) == raw:
        return raw
    kind = DataConflict if raw_tickers.accepts(category, raw) else SisepanError
    raise kind(N_("종목 코드가 이 카테고리의 꼴이 아닙니다: {ticker}"), ticker=str(raw)[:40])
