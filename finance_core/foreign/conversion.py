"""Converts raw rows into clean bars of each ticker, and refuses rows that cannot become bars, with the reason.

Pure: rows in, bars out.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from finance_core import starter
from finance_core.bars import adjustment, candles
from finance_core.categories import Category
from finance_core.errors import SisepanError
from finance_core.foreign import (
    candle_lists,
    daily,
    date_fields,
    dates,
    mending,
    numbers,
    qualifiers,
    ranges,
    raw_tickers,
    trading_days,
    verification,
)
from finance_core.foreign.daily import OwnRows
from finance_core.foreign.intervals import Intraday
from finance_core.foreign.mending import Changes
from finance_core.foreign.shapes import Rows
from finance_core.foreign.trading_days import Exchange
from finance_core.foreign.verification import RawRow
from finance_core.i18n import N_

SHOWN_CONVERSIONS = 20
"""How many conversions of a ticker are kept as examples."""

NO_TICKER = N_("종목 코드가 없습니다. 종목 열을 채우십시오. 모두 한 종목이면 그 열을 지우고 종목 코드를 지정하십시오.")
NOT_A_TICKER = N_("이 카테고리의 종목 코드가 아닙니다: {ticker}")
NOT_IN_FORCE = N_("삭제되었거나 유효하지 않다고 표시된 행입니다.")
NO_DATE = N_("날짜가 없습니다.")
UNREADABLE_DATE = N_("날짜를 읽을 수 없습니다: {date}")
IMPOSSIBLE_DAY = N_("가격이 {date}에 있을 수 없습니다.")
OTHER_CURRENCY = N_(
    "가격의 통화가 {found}인데 이 종목의 통화는 {expected}입니다. 맞는 카테고리로 가져오거나, 한 통화로 바꾸어 저장한 "
    "뒤 가져오십시오."
)
NO_CLOSE = N_("종가가 없거나, 숫자로 읽을 수 없거나, 0보다 크지 않습니다.")
ABSURD = N_("가격이 너무 커서 믿을 수 없습니다.")
AMBIGUOUS = N_("{date} 같은 날짜에서 무엇이 일이고 무엇이 월인지 다른 행으로도 알 수 없습니다.")


class Refusal(NamedTuple):
    """One row that becomes no bar."""

    place: str
    ticker: str
    """As it is written, like `date`."""
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
    """"" for the rows that name no ticker of the category."""
    raw_tickers: tuple[Any, ...]
    bars: pd.DataFrame
    rows: int
    """All rows, also the refused ones."""
    remarks: tuple[candles.Remark, ...]
    refusals: tuple[Refusal, ...]
    conversions: tuple[Conversion, ...]
    """The first `SHOWN_CONVERSIONS` of them."""
    sample: tuple[RawRow, ...] = ()
    """Some of the rows that became bars, as they are written."""
    changes: Changes = field(default_factory=dict)
    failure: SisepanError | None = None
    """Why all rows of the ticker together become no bars; None if they do."""


class Rules(NamedTuple):
    """Everything that decides how rows are converted, apart from the rows: known facts, and a person's choice."""

    category: Category
    markets: Mapping[str, str]
    """The market of each ticker that a list names."""
    intraday: Intraday = "refuse"
    currencies: Mapping[str, str] = MappingProxyType({})
    """The currency of each ticker of which a list names it."""

    def require_currency(self, ticker: str, written: Collection[str]) -> None:
        """Raise SisepanError if prices in the currencies `written` (ISO codes) are not all in that of `ticker`."""
        expected = self.category.currency_of(self.currencies.get(ticker))
        if expected and not {expected}.issuperset(written):
            raise SisepanError(OTHER_CURRENCY, found=", ".join(sorted(written)), expected=expected)

    def exchange_of(self, ticker: str, raws: Sequence[Any]) -> Exchange | None:
        """The exchange of a ticker, which a source writes as `raws`; None where it is not known."""
        market = raw_tickers.market_of(self.category, raws) or self.markets.get(ticker, "")
        return trading_days.exchange_of(self.category, market)


def rules(category: Category, descriptions: Mapping[str, Mapping[str, Any]], intraday: Intraday = "refuse") -> Rules:
    """The rules for rows of `category`; the markets of its tickers come from `descriptions` and our starter list."""
    described = {row["ticker"]: row for row in starter.rows(category)} | dict(descriptions)
    markets = {ticker: str(row.get("market", "")) for ticker, row in described.items()}
    named = {ticker: raw_tickers.currencies([row.get("currency")]) for ticker, row in described.items()}
    return Rules(category, markets, intraday, {ticker: currency for ticker, of in named.items() for currency in of})


def convert(rules: Rules, group: Mapping[str, Sequence[Any]], portions: Sequence[Rows]) -> list[Converted]:
    """The bars of each ticker of a `group` (ticker to raw tickers), from `portions`, which hold all of its rows."""
    codes = {raw: code for code, raws in enumerate(group.values()) for raw in raws}
    table = pd.concat([_table(codes, number, rows) for number, rows in enumerate(portions)], ignore_index=True)
    refusals: dict[int, list[Refusal]] = defaultdict(list)
    failures: dict[int, SisepanError] = {}

    def accepted(chosen: npt.NDArray[np.bool_], message: str) -> pd.DataFrame:
        """Refuse the `chosen` rows of `table` with this message; return the others."""
        if not chosen.any():
            return table
        for code, portion, position in table.loc[chosen, ["code", "portion", "position"]].itertuples(index=False):
            refusals[code].append(_refusal(portions[portion], position, message))
        return table[~chosen]

    table = accepted((table["code"] < 0).to_numpy(), NOT_A_TICKER)
    counts = np.bincount(table["code"], minlength=len(group))
    table = accepted(~table.pop("in_force").to_numpy(), NOT_IN_FORCE)
    is_unordered = table.pop(candle_lists.UNORDERED).to_numpy()
    failures |= _of_unknown_order(table["code"].to_numpy(), is_unordered)
    table = accepted(is_unordered, candle_lists.UNKNOWN_ORDER)
    exchanges = [rules.exchange_of(ticker, raws) for ticker, raws in group.items()]
    zones = [exchange.zone if exchange else "" for exchange in exchanges]
    portions = date_fields.settled(table, portions, zones, failures)
    table, changes = mending.mended(rules.category, table, portions, failures)
    table = table.assign(**_moments(table, portions, failures)._asdict())
    table = accepted(table["moments"].isna().to_numpy(), NO_DATE)
    table = accepted(trading_days.are_impossible(table["moments"].to_numpy()), IMPOSSIBLE_DAY)
    failures |= _of_other_units(rules, list(group), table, portions) | _of_two_adjustments(table, portions)
    table = mending.with_moved_actions(table, table["close"].between(0, mending.PRICE_LIMIT, "right").to_numpy())
    table = accepted((table["close"] > mending.PRICE_LIMIT).to_numpy(), ABSURD)
    table = accepted(~(table["close"] > 0).to_numpy(), NO_CLOSE)
    if not table["code"].is_monotonic_increasing:
        table = table.iloc[np.argsort(table["code"].to_numpy(), kind="stable")]
    moments = dates.Written(*(table[name].to_numpy() for name in dates.Written._fields))
    rows = OwnRows(*moments, table[candles.COLUMNS].to_numpy(), table[["portion", "position", "order"]].to_numpy())
    ends = np.searchsorted(table["code"], np.arange(len(group) + 1))
    table = table[["code"]]  # the rest is in `rows`, and a group may be large
    result = [_without_bars(refusals[-1])] if refusals[-1] else []
    for code, (ticker, raws) in enumerate(group.items()):
        own = rows.at(np.arange(ends[code], ends[code + 1]))
        without_bars = _without_bars(refusals[code], int(counts[code]), ticker, tuple(raws))
        try:
            if code in failures:
                raise failures[code]
            converted = _with_bars(without_bars, rules, own, portions)
            result.append(replace(converted, changes=changes[code]))
        except SisepanError as error:
            result.append(replace(without_bars, failure=error))
    return result


def _with_bars(converted: Converted, rules: Rules, own: OwnRows, portions: Sequence[Rows]) -> Converted:
    """`converted` with the bars of the ticker's `own` rows. Raises SisepanError if they are no daily bars."""
    raws = converted.raw_tickers
    exchange = rules.exchange_of(converted.ticker, raws)
    rows, left_out = daily.one_a_day(own, rules.category, raws, exchange, rules.intraday, portions)
    days = pd.DatetimeIndex(rows.moments.astype("datetime64[D]").astype("datetime64[ns]"), name="date")
    table = pd.DataFrame(rows.values, columns=candles.COLUMNS, index=days)
    ranges.require(table, converted.ticker)
    is_sound = np.ones(len(table), dtype=bool)
    for where, message, _conflict in ranges.broken(table, converted.ticker):
        left_out.append(daily.Refused(SisepanError(message), rows.place[where]))
        is_sound &= ~where
    rows, table = rows.at(is_sound), table[is_sound]
    refused = [
        _refusal(portions[portion], position, reason.message)._replace(reason=reason)
        for reason, places in left_out
        for portion, position, _order in places.tolist()
    ]
    bars, remarks = candles.clean(table)
    if table[["open", "high", "low"]].isna().all(axis=None):  # closes alone; a halted day has zeros
        remarks = [replace(each, reason="close only") if each.reason == "halted" else each for each in remarks]
    bars, applied = adjustment.split_adjusted(bars)
    sample = _sample(rows, portions, has_closes=rows.has_closes and not applied)
    signs = (row.close.strip(" +-.,0123456789") for row in sample if isinstance(row.close, str))
    rules.require_currency(converted.ticker, raw_tickers.currencies(signs))
    examples = [
        _conversion(portions[portion], position, converted.ticker, bars.iloc[number : number + 1])
        for number, (portion, position, _order) in enumerate(rows.place[:SHOWN_CONVERSIONS].tolist())
    ]
    return replace(
        converted,
        bars=bars,
        remarks=(*remarks, *applied),
        refusals=(*converted.refusals, *refused),
        conversions=tuple(examples),
        sample=sample,
    )


def _of_unknown_order(codes: npt.NDArray[np.int64], is_unordered: npt.NDArray[np.bool_]) -> dict[int, SisepanError]:
    """By the code of each ticker: that more than single rows of its lists have no order that is known."""
    shares = pd.Series(is_unordered).groupby(codes).mean()
    error = SisepanError(candle_lists.UNKNOWN_ORDER)
    return dict.fromkeys(shares.index[shares > 1 - candle_lists.IN_ORDER].tolist(), error)


def _of_other_units(
    rules: Rules, tickers: Sequence[str], table: pd.DataFrame, portions: Sequence[Rows]
) -> dict[int, SisepanError]:
    """By the code of each ticker: why the unit that a row names makes other numbers of its values."""
    errors = {}
    fields = ", ".join(dict.fromkeys(field for rows in portions for field in qualifiers.fields(rows, "unit")))
    told = table.loc[table["unit"].notna(), ["code", "unit"]] if "unit" in table else table.iloc[:0]
    for code, unit in told.drop_duplicates().itertuples(index=False):
        try:
            currency = rules.currencies.get(tickers[code])
            qualifiers.require_plain([unit], rules.category.currency_of(currency))
        except SisepanError as error:
            errors[code] = SisepanError(qualifiers.OTHER_UNIT_OF_FIELD, fields=fields, **error.values)
    return errors


def _of_two_adjustments(table: pd.DataFrame, portions: Sequence[Rows]) -> dict[int, SisepanError]:
    """By the code of each ticker: that some of its rows are called adjusted and others not."""
    told = table.loc[table["adjusted"].notna(), ["code", "adjusted"]] if "adjusted" in table else table.iloc[:0]
    counts = told.drop_duplicates()["code"].value_counts()
    named = [(rows, qualifiers.adjustments(rows)) for rows in portions] if (counts > 1).any() else []
    fields = dict.fromkeys(field for _rows, told in named for field in told)
    values = {str(word) for rows, told in named for field in told for word in rows.columns[field] if word}
    error = SisepanError(qualifiers.ADJUSTED_BESIDE_RAW, fields=", ".join(fields), values=", ".join(sorted(values)))
    return dict.fromkeys(counts.index[counts > 1].tolist(), error)


def _moments(table: pd.DataFrame, portions: Sequence[Rows], failures: dict[int, SisepanError]) -> dates.Written:
    """The moment of each row; dates that are ambiguous are read ticker by ticker.

    A ticker whose dates remain ambiguous is added to `failures`.
    """
    values = [value for rows in portions for value in rows.columns["date"]]
    values = [values[number] for number in table.index] if len(table) < len(values) else values
    if dates.are_sure(values):
        return dates.written(values)
    count = len(values)
    result = dates.Written(np.full(count, "NaT", "datetime64[ns]"), np.zeros(count, bool), np.zeros(count, bool))
    by_code: dict[Any, Any] = table.groupby("code").indices
    for code, positions in by_code.items():
        own = [values[position] for position in positions.tolist()]
        convention = dates.convention_of(own)
        for column, part in zip(result, dates.written(own, convention), strict=True):
            column[positions] = part
        if dates.is_ambiguous(own, convention):
            failures[code] = SisepanError(AMBIGUOUS, date=str(own[0])[:40])
    return result


def _sample(rows: OwnRows, portions: Sequence[Rows], *, has_closes: bool) -> tuple[RawRow, ...]:
    """At most `verification.ROWS` rows, evenly spread from the first to the last, as they are written."""
    chosen = np.linspace(0, max(len(rows.place) - 1, 0), min(verification.ROWS, len(rows.place))).astype("int64")
    places = [(portions[portion].columns, position) for portion, position, _order in rows.place[chosen].tolist()]
    return tuple(RawRow(of["date"][position], of["close"][position] if has_closes else None) for of, position in places)


def _conversion(rows: Rows, position: int, ticker: str, bar: pd.DataFrame) -> Conversion:
    raw = raw_tickers.text_of(rows.columns["ticker"][position])
    date = str(rows.columns["date"][position])
    return Conversion(str(rows.places[position]), raw, date, ticker, bar.index[0], float(bar["close"].iloc[0]))


def failed(ticker: str, raws: Mapping[Any, int], error: SisepanError) -> Converted:
    """A ticker of which no row becomes a bar, because of `error`; `raws` has its raw tickers, each with its rows."""
    return replace(_without_bars([], sum(raws.values()), ticker, tuple(raws)), failure=error)


def refused(rows: Rows) -> Converted:
    """The refusals of rows whose raw tickers do not belong to the category."""
    return _without_bars([_refusal(rows, position, NOT_A_TICKER) for position in range(len(rows))])


def _without_bars(
    refusals: Sequence[Refusal], rows: int | None = None, ticker: str = "", raws: tuple[Any, ...] = ()
) -> Converted:
    count = len(refusals) if rows is None else rows
    return Converted(ticker, raws, candles.empty(), count, (), tuple(refusals), ())


def _refusal(rows: Rows, position: int, message: str) -> Refusal:
    ticker = raw_tickers.text_of(rows.columns["ticker"][position])
    written = rows.columns["date"][position]
    date = "" if written is None else str(written)[:60]
    if message == NOT_A_TICKER:
        reason = SisepanError(message, ticker=ticker[:40]) if ticker else SisepanError(NO_TICKER)
    elif message == NO_DATE and date:
        reason = SisepanError(UNREADABLE_DATE, date=date)
    elif message == IMPOSSIBLE_DAY:
        reason = SisepanError(message, date=date)
    else:
        reason = SisepanError(message)
    return Refusal(str(rows.places[position]), ticker, date, reason)


def _table(codes: Mapping[Any, int], number: int, rows: Rows) -> pd.DataFrame:
    """The rows of portion `number` as a table of numbers.

    Columns: the code of the ticker in its group (-1 for an unknown ticker), the values of the bar, the row's place.
    """
    marks = rows.columns.get(candle_lists.UNORDERED)
    table = pd.DataFrame(
        {
            "code": [codes.get(key, -1) for key in raw_tickers.keys_of(rows.columns["ticker"])],
            **{
                name: numbers.numbers(values, ratios=name == "stock_splits")
                for name, values in rows.columns.items()
                if name in candles.COLUMNS
            },
            "in_force": qualifiers.in_force(rows),
            **({} if (units := qualifiers.units(rows)) is None else {"unit": units}),
            **({} if (adjusted := qualifiers.are_adjusted(rows)) is None else {"adjusted": adjusted}),
            candle_lists.UNORDERED: [mark is True for mark in marks or [None] * len(rows)],
            "order": rows.order,
            "portion": number,
            "position": range(len(rows)),
        }
    )
    if "stock_splits" in table:
        table["stock_splits"] = table["stock_splits"].replace(1.0, 0.0)  # how some sources write a day without a split
    absent = {name: np.nan if name in candles.PRICES else 0.0 for name in candles.COLUMNS if name not in table}
    return table.assign(**absent)
