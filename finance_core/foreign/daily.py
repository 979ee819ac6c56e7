"""Reduces the rows of one ticker to one row per day. Pure.

Checks the interval, decides the trading days, and removes filled and duplicate days; rows that contradict each other
are refused.
"""

from collections import Counter
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from finance_core.bars import candles, periods
from finance_core.categories import Category
from finance_core.errors import SisepanError
from finance_core.foreign import dates, intervals, newness, raw_tickers, trading_days, unread
from finance_core.foreign.intervals import Intraday
from finance_core.foreign.shapes import Rows
from finance_core.foreign.trading_days import Exchange
from finance_core.i18n import N_

DUPLICATE = N_("같은 종목, 같은 날의 행이 또 있습니다(뒤의 것을, 종가가 같으면 빈 값이 적은 것을 씁니다).")
CORRECTED = N_("같은 종목, 같은 날의 행이 또 있고 종가가 다릅니다. 뒤의 것을 씁니다({date}, {closes}).")
OUTDATED = N_(
    "같은 종목, 같은 날의 행이 또 있고 종가가 다릅니다. 확정 여부나 고친 때, 판, 모은 때를 적은 필드를 보고 고른 것을 "
    "씁니다({date}, {closes})."
)
FILLED = N_("휴장일을 전날의 종가로 채운 행입니다.")
WEEKEND = N_("거래소가 쉬는 주말의 행입니다.")
NOT_DAILY = N_("하루보다 짧은 봉의 행입니다.")
DISAGREE = N_(
    "{tickers}: 같은 날의 행 {count}개가 종가가 서로 달라 어느 것이 맞는지 알 수 없습니다(예: {date}, {closes})."
)
TWO_MARKETS = N_(
    "같은 종목, 같은 날의 행이 여러 시장의 것입니다({markets}, 예: {date}). 한 시장의 행만 남기거나, 종목 코드를 "
    "나누어 저장하십시오."
)
TOLD_APART = N_(
    "같은 종목, 같은 날의 행 {count}쌍이 종가가 다르고 {field} 필드의 값도 다릅니다({values}, 예: {date}, {closes}). "
    "한 값의 행만 남기거나, 종목 코드를 나누어 저장하십시오."
)

DISAGREEING = 0.1
"""Share of common days on which the closes of two files, or of two spellings of a ticker, may differ, as prices of an
unfinished day do. Spellings with suffixes of two markets may not differ at all."""
NO_MARKET = {"", "-", "nan", "none", "null", "n/a"}
"""What sources write, in small letters, where they know no market."""
APART = 0.8
"""On this share of the days whose closes differ, a field that tells two sources apart has different values."""
CONTRADICTING, CORRECTIONS = 0.25, 3
"""A later row may correct the close on this share of a ticker's days, or on this number of days, if that is more."""
ONE_RATIO, NO_CORRECTION = 0.01, 0.3
"""How far two ratios of prices that count as one may lie apart, because of rounding; and how far from 1 a ratio must be
to be no correction of single days."""


class OwnRows(NamedTuple):
    """The rows of one ticker that have a moment and a close."""

    moments: dates.Moments
    is_utc: dates.Mask
    is_naive: dates.Mask
    values: npt.NDArray[np.float64]
    """A column for each of `candles.COLUMNS`."""
    place: npt.NDArray[np.int64]
    """Portion, position in the portion, and order among all rows of the source."""
    has_closes: bool = True
    """False: rows are aggregated, so the close of a bar is not the close of the row at its place."""

    def at(self, chosen: npt.NDArray[Any]) -> "OwnRows":
        """The rows at these positions, or those that a mask marks."""
        moments, is_utc, is_naive, values, place, has_closes = self
        return OwnRows(moments[chosen], is_utc[chosen], is_naive[chosen], values[chosen], place[chosen], has_closes)


class Refused(NamedTuple):
    """Rows that are left out."""

    reason: SisepanError
    places: npt.NDArray[np.int64]


def one_a_day(
    own: OwnRows,
    category: Category,
    raws: Sequence[Any],
    exchange: Exchange | None,
    intraday: Intraday,
    portions: Sequence[Rows],
) -> tuple[OwnRows, list[Refused]]:
    """One row per day, ascending; and the refused rows.

    Raises SisepanError if the rows are no daily bars, or their trading days are ambiguous.
    """
    refused: list[Refused] = []
    if not len(own.moments):
        return own, refused
    interval = intervals.interval_of(own.moments)
    if interval in ("intraday", "mixed") and exchange:
        local = trading_days.in_zone(own.moments, own.is_utc, exchange)
        interval = intervals.interval_of(own.moments, local)
    if error := intervals.refusal(interval, own.moments, intraday):
        raise error
    if interval == "intraday":
        return _aggregated(own, exchange), refused
    if interval == "mixed":
        local = trading_days.in_zone(own.moments, own.is_utc, exchange) if exchange else own.moments
        is_daily = intervals.daily_rows(own.moments, local)
        refused.append(Refused(SisepanError(NOT_DAILY), own.place[~is_daily]))
        own = own.at(is_daily)
        if error := intervals.refusal(intervals.interval_of(own.moments), own.moments, "refuse"):
            raise error
    is_repeat = _repeats(own)
    reading = trading_days.read(own.moments, own.is_utc, own.is_naive, exchange, is_repeat)
    own = own._replace(moments=reading.moments)
    is_filled, is_weekend = trading_days.without_session(reading, exchange, is_repeat)
    for are_out, message in ((is_filled, FILLED), (is_weekend, WEEKEND)):
        if are_out.any():
            refused.append(Refused(SisepanError(message), own.place[are_out]))
    own = own.at(~(is_filled | is_weekend))
    # Of two rows of a day, the later moment is kept; of two rows of a moment, the newer one, or the one later in the
    # source. But a row with the same close and more of the other values goes before them: closes alone must not
    # replace bars.
    newness = _newness(own, portions)
    own = own.at(np.lexsort((own.place[:, 2], *([] if newness is None else [newness]), own.moments)))
    days = own.moments.astype("datetime64[D]")
    is_same = np.append(days[:-1] == days[1:], False)
    if is_same.any():
        _require_one_series(category, raws, own, is_same, portions)
        own = own.at(_fullest_last(own.values, is_same))
        refused += _duplicates(own, is_same, CORRECTED if newness is None else OUTDATED)
    return own.at(~is_same), refused


def _newness(own: OwnRows, portions: Sequence[Rows]) -> "npt.NDArray[np.float64] | None":
    """A number for each row that is greater for the final or newer row of its day; None where nothing tells."""
    _each, day, counts = np.unique(own.moments.astype("datetime64[D]"), return_inverse=True, return_counts=True)
    rows = np.flatnonzero(counts[day] > 1)
    places = [(portions[of].columns, at) for of, at in own.place[rows, :2].tolist()]
    told = []
    for name in newness.FIELDS:
        held = [columns[name][at] for columns, at in places if name in columns]
        ranks = newness.ranks(name, held) if len(held) == len(rows) > 0 else None
        if ranks is not None and len(np.unique(np.stack([day[rows], ranks]), axis=1).T) > len(np.unique(day[rows])):
            told.append(ranks)
    if not told:
        return None
    result = np.zeros(len(own.moments))
    result[rows] = np.unique(np.stack(told, axis=1), axis=0, return_inverse=True)[1].ravel()
    return result


def _duplicates(own: OwnRows, is_same: dates.Mask, message: str) -> list[Refused]:
    """The rows that `is_same` marks: those with the close of the last row of their day, and each of the others.

    `message` tells of one of the others.
    """
    closes = own.values[:, 3]
    used = closes[~is_same][_days(is_same)]
    is_other = is_same & ~candles.are_same(closes, used)
    others = [
        SisepanError(message, date=str(own.moments[row])[:10], closes=f"{closes[row]:.10g} → {used[row]:.10g}")
        for row in np.flatnonzero(is_other).tolist()
    ]
    alike = own.place[is_same & ~is_other]
    return [
        *([Refused(SisepanError(DUPLICATE), alike)] if len(alike) else []),
        *map(Refused, others, np.split(own.place[is_other], len(others) or 1)),
    ]


def _days(is_same: dates.Mask) -> npt.NDArray[np.int64]:
    """The number of each row's day. `is_same` marks rows, sorted by day, whose next row is of the same day."""
    return np.append(0, np.cumsum(~is_same[:-1]))


def _fullest_last(values: npt.NDArray[np.float64], is_same: dates.Mask) -> npt.NDArray[np.int64]:
    """An order of rows that are sorted by day: of each day, the row to keep comes last.

    That is the fullest of those with the close of its last row. `is_same` marks rows whose next row is of the same day.
    """
    day = _days(is_same)
    closes, others = values[:, 3], values[:, [0, 1, 2, 4]]
    is_given = others > 0
    # Prices that all equal the close may have been made from it.
    is_given[:, :3] &= (others[:, :3] != closes[:, None]).any(axis=1)[:, None]
    fullness = is_given.sum(axis=1)
    agrees = candles.are_same(closes, closes[~is_same][day])
    return np.lexsort((np.arange(len(day)), np.where(agrees, fullness, -1), day))


def _repeats(own: OwnRows) -> dates.Mask:
    """A mask of the rows that only repeat the row before: all its values, or its close without a volume."""
    order = np.lexsort((own.place[:, 2], own.moments))
    is_repeat = np.zeros(len(order), dtype=bool)
    is_later = np.append(False, np.diff(own.moments[order]) > np.timedelta64(0, "ns"))
    is_repeat[order] = trading_days.are_repeats(own.values[order]) & is_later
    return is_repeat


def _aggregated(own: OwnRows, exchange: Exchange | None) -> OwnRows:
    """Intraday rows aggregated to one row per day, with the place of the first row of the day."""
    local = trading_days.local_times(own.moments, own.is_utc, own.is_naive, exchange)
    first = np.lexsort((own.place[:, 2], local))
    is_same = local[first][:-1] == local[first][1:]
    if (own.values[first][:-1][is_same] != own.values[first][1:][is_same])[:, : len(candles.PRICES) + 1].any():
        raise SisepanError(intervals.TWICE, day=str(local[first][1:][is_same][0])[:16])
    first = first[np.append(~is_same, True)]
    of_bars = local[first].astype("datetime64[D]")
    bars = periods.combined(pd.DataFrame(own.values[first], local[first], candles.COLUMNS), of_bars)
    bars["stock_splits"] = bars["stock_splits"].replace(1.0, 0.0)
    days, starts = np.unique(of_bars, return_index=True)
    nowhere = np.zeros(len(days), dtype=bool)
    return OwnRows(days.astype("datetime64[ns]"), nowhere, nowhere, bars.to_numpy(), own.place[first][starts], False)


def _are_adjusted(own: OwnRows, rows: npt.NDArray[np.int64]) -> bool:
    """Whether all prices of these rows are those of the next row times one number, as before and after a split."""
    if len(rows) <= CORRECTIONS:
        return False
    with np.errstate(divide="ignore", invalid="ignore"):
        ratios = own.values[rows, : len(candles.PRICES)] / own.values[rows + 1, : len(candles.PRICES)]
    ratios = ratios[np.isfinite(ratios) & (ratios > 0)]
    return bool(abs(ratios[0] - 1) > NO_CORRECTION and np.isclose(ratios, ratios[0], rtol=ONE_RATIO, atol=0).all())


def _require_one_series(
    category: Category, raws: Sequence[Any], own: OwnRows, is_same: dates.Mask, portions: Sequence[Rows]
) -> None:
    """Raise SisepanError if rows of one day are of several intervals, markets or closes.

    `is_same` marks the rows whose next row is of the same day.
    """
    days, bars = own.moments.astype("datetime64[D]"), own.values[:, : len(candles.PRICES) + 1]
    if error := intervals.longer_beside(days, bars) or intervals.shorter_beside(days, bars):
        raise error
    _require_one_market(own, is_same, portions)
    _require_one_close(category, raws, own, is_same, portions)


def _require_one_market(own: OwnRows, is_same: dates.Mask, portions: Sequence[Rows]) -> None:
    """Raise SisepanError if on more than one day two rows name two markets and differ in close or volume.

    Two known words, as KRX and KOSPI, may mean one market. `is_same` marks the rows whose next row is of the same day.
    """

    def market(row: int) -> str:
        portion, position, _order = own.place[row].tolist()
        column = portions[portion].columns.get("market")
        word = str(column[position] or "").strip() if column is not None else ""
        return "" if word.casefold() in NO_MARKET else word

    if not any("market" in portion.columns for portion in portions):
        return
    traded = own.values[:, 3:5]
    is_known = (traded[:-1] > 0) & (traded[1:] > 0)
    differs = is_same[:-1] & (is_known & (traded[:-1] != traded[1:])).any(axis=1)
    found = []
    for row in np.flatnonzero(differs).tolist():
        named = {word for word in (market(row), market(row + 1)) if word}
        if len(named) > 1 and not all(map(raw_tickers.means_category, named)):
            found.append((named, str(own.moments[row])[:10]))
    if len(found) > 1:
        named, day = found[0]
        raise SisepanError(TWO_MARKETS, markets=", ".join(sorted(named)), date=day)


def _require_one_close(
    category: Category, raws: Sequence[Any], own: OwnRows, is_same: dates.Mask, portions: Sequence[Rows]
) -> None:
    """Raise SisepanError if too many rows differ in the close from the next row of the same day.

    `is_same` marks the rows whose next row is of the same day.
    """
    closes = own.values[:, 3]
    is_other = np.append(is_same[:-1] & ~candles.are_same(closes[:-1], closes[1:]), False)
    spelled = [portions[of].columns["ticker"][position] for of, position, _order in own.place.tolist()]
    _require_one_source(own, is_other, portions)
    are_adjusted = _are_adjusted(own, np.flatnonzero(is_other))
    limits = [(is_other, 0 if are_adjusted else max(CONTRADICTING * (~is_same).sum(), CORRECTIONS))]
    if len(raws) > 1:
        texts = np.array(list(map(raw_tickers.text_of, spelled)), dtype=object)
        is_between = np.append(is_same[:-1] & (texts[:-1] != texts[1:]), False)
        markets = {raw_tickers.market_of(category, [raw]) for raw in raws} - {""}
        limits.append((is_other & is_between, 0 if len(markets) > 1 else DISAGREEING * is_between.sum()))
    files = np.array([portion.file for portion in portions], dtype=object)[own.place[:, 0]]
    is_between = np.append(is_same[:-1] & (files[:-1] != files[1:]), False)
    limits.append((is_other & is_between, max(DISAGREEING * is_between.sum(), 1)))  # the last day of an older file
    for is_wrong, limit in limits:
        if is_wrong.sum() <= limit:
            continue
        first = int(np.flatnonzero(is_wrong)[0])
        tickers = ", ".join(dict.fromkeys(map(raw_tickers.text_of, spelled[first : first + 2])))
        raise SisepanError(DISAGREE, tickers=tickers, count=int(is_wrong.sum()), **_example(own, first))


def _require_one_source(own: OwnRows, is_other: dates.Mask, portions: Sequence[Rows]) -> None:
    """Raise SisepanError if a field that nothing reads tells rows of one day apart: the same two words again and again.

    `is_other` marks the rows whose next row is of the same day with another close.
    """
    rows = np.flatnonzero(is_other).tolist()
    if len(rows) <= CORRECTIONS:
        return
    used = {of: portions[of].columns for of in own.place[[*rows, *(row + 1 for row in rows)], 0].tolist()}
    for field in dict.fromkeys(name for columns in used.values() for name in unread.fields(columns)):

        def word(row: int, field: str = field) -> str:
            portion, position, _order = own.place[row].tolist()
            held = used[portion].get(field)
            return "" if held is None or held[position] is None else str(held[position])

        words = Counter(frozenset((word(row), word(row + 1))) for row in rows)
        again = {pair: count for pair, count in words.items() if len(pair) > 1 and count > CORRECTIONS}
        if sum(again.values()) >= APART * len(rows):
            values = ", ".join(sorted({text or "-" for pair in again for text in pair}))
            raise SisepanError(TOLD_APART, field=field, values=values, count=len(rows), **_example(own, rows[0]))


def _example(own: OwnRows, row: int) -> dict[str, str]:
    """The day of a row, and the closes of it and the next row."""
    closes = ", ".join(f"{close:.10g}" for close in own.values[row : row + 2, 3])
    return {"date": str(own.moments[row])[:10], "closes": closes}
