"""Frames of daily bars (candles), and the cleaning of raw bars.

Everything here is pure: frames in, frames out. `bars` is a DataFrame indexed by trading day (ascending, unique,
tz-naive midnight, name "date") with float columns open, high, low, close (in the ticker's currency, split-adjusted),
int64 volume (shares), and float dividends and stock_splits (0 on days without one). Reading and storing bars is left
to `storage.prices`, drawing them to `charts`. The examples use these bars:

>>> days = pd.DatetimeIndex(["2024-01-02", "2024-01-03", "2024-01-09"])
>>> rows = [[10, 12, 9, 11, 500, 0, 0], [11, 11, 10, 10, 300, 1, 0], [10, 13, 10, 12, 200, 0, 0]]
>>> bars = frame(days.to_numpy(), np.array(rows, dtype="float64"))
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from finance_core.i18n import N_

PRICES: Final = ["open", "high", "low", "close"]
CORPORATE_ACTIONS: Final = ["dividends", "stock_splits"]
COLUMNS: Final = [*PRICES, "volume", *CORPORATE_ACTIONS]
_OPEN, _HIGH, _LOW, _CLOSE, _VOLUME = range(5)
"""Positions in `COLUMNS`."""
NAMES: Final = pd.Index(COLUMNS)
"""`COLUMNS` as a pandas index, made once: making it takes as long as all the rest of `frame`."""


ROUNDING: Final = 1e-6
"""Relative difference up to which two prices are the same: sources keep them as 32-bit floats, seven digits."""
VOLUME_LIMIT: Final = 2.0**53
"""A volume of this size or more is an error of its source; floats do not hold every whole number from here on."""
LONG_GAP: Final = np.timedelta64(45, "D")
"""No market is closed for so long: in a longer time without bars the ticker was halted, or its bars are not stored."""

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]

Reason = Literal[
    "no date",
    "duplicate",
    "no close",
    "upside down",
    "halted",
    "close only",
    "open missing",
    "range missing",
    "volume mended",
    "corporate action mended",
    "split applied",
    "hundredfold",
    "dividend impossible",
    "session open",
    "closed day",
]
REASONS: Final[Mapping[str, str]] = {
    "no date": N_("날짜가 없음"),
    "duplicate": N_("같은 날의 봉이 또 있음"),
    "no close": N_("종가가 없음"),
    "upside down": N_("고가가 저가보다 낮음: 뺌"),
    "halted": N_("거래정지: 종가로 채움"),
    "close only": N_("종가만 있음: 시가·고가·저가도 종가로 채움"),
    "open missing": N_("시가가 없음: 종가로 채움"),
    "range missing": N_("고가나 저가가 없음: 아는 가격으로 채움"),
    "volume mended": N_("거래량이 수가 아님"),
    "corporate action mended": N_("배당이나 분할이 수가 아님"),
    "split applied": N_("분할을 그 전 시세에 반영함"),
    "hundredfold": N_("가격이 100배나 100분의 1: 바로잡음"),
    "dividend impossible": N_("주가가 감당하지 못하는 배당: 뺌"),
    "session open": N_("아직 끝나지 않은 거래일: 뺌"),
    "closed day": N_("거래소가 쉬는 날: 뺌"),
}
"""Message ids of the values of `Reason`."""


@dataclass(frozen=True)
class Remark:
    """One bar that was changed or refused, with the most important reason."""

    date: pd.Timestamp
    """NaT where the bar had no date."""
    action: Literal["changed", "refused"]
    reason: Reason


def empty() -> pd.DataFrame:
    """Bars without a row.

    >>> len(empty())
    0
    """
    return _EMPTY.copy()


def frame(days: npt.NDArray[np.datetime64], values: FloatArray) -> pd.DataFrame:
    """Bars of `days` with `values`, one column for each of `COLUMNS`.

    A volume becomes 0 if it is missing, negative or at least `VOLUME_LIMIT`, else it is rounded to whole shares.
    Missing corporate actions become 0.

    >>> frame(days.to_numpy()[:1], np.array([[10, 12, 9, 11, np.nan, np.nan, np.nan]]))["volume"].item()
    0
    """
    table = np.array(values, order="F")
    volume, actions = table[:, _VOLUME], table[:, _VOLUME + 1 :]
    np.nan_to_num(actions, copy=False)
    bars = pd.DataFrame(table, pd.DatetimeIndex(days, name="date").as_unit("ns"), NAMES, copy=False)
    bars.isetitem(_VOLUME, np.where((volume >= 0) & (volume < VOLUME_LIMIT), volume, 0).round().astype("int64"))
    return bars


_EMPTY: Final = frame(np.array([], dtype="datetime64[ns]"), np.empty((0, len(COLUMNS))))


def with_all_actions(raw: pd.DataFrame) -> pd.DataFrame:
    """`raw` with the dividends and splits of days without a close moved to the next day with a close.

    `clean` refuses the days without a close.

    >>> raw = pd.DataFrame({"close": [np.nan, 5.0], "dividends": [1.0, 0.0], "stock_splits": [2.0, 0.0]}, days[:2])
    >>> with_all_actions(raw)[["dividends", "stock_splits"]].iloc[1].tolist()
    [1.0, 2.0]
    """
    has_close = raw["close"].between(0, np.inf, "neither").to_numpy()
    if has_close.all():  # as in nearly all answers
        return raw
    dividends, splits = (raw[name].fillna(0.0).to_numpy(copy=True) for name in CORPORATE_ACTIONS)
    for at in np.flatnonzero(~has_close & ((dividends > 0) | (splits > 0))).tolist():
        later = at + np.flatnonzero(has_close[at:])[:1]
        dividends[later] += max(dividends[at], 0.0)
        if splits[at] > 0:
            splits[later] = splits[at] * np.where(splits[later] > 0, splits[later], 1.0)
    return raw.assign(dividends=dividends, stock_splits=splits)


def clean(raw: pd.DataFrame, *, keeps_upside_down: bool = False) -> tuple[pd.DataFrame, list[Remark]]:
    """Valid bars from raw ones, and one remark for each bar that was changed or refused.

    `raw` has the columns of `bars` (volume, dividends and stock_splits may be absent), any order of days, any
    duplicates, and NaN or 0 where a source has no number. Days with a time zone are the days of that zone.

    If a day has several bars, the last one counts. A bar without a date or a positive, finite close is refused, and one
    whose high is below its low, unless `keeps_upside_down`. A missing open becomes the close; a missing high or low
    becomes the highest or lowest known price of the day. So a halted day (no open, high, low and volume) becomes a flat
    bar at its close. A high below the close stays as published: sources that round adjusted prices have such days.
    Volumes become whole shares as in `frame`; a negative or infinite dividend or split becomes 0.

    Raises ValueError if a price column is missing, a column occurs twice, or the index holds no dates.

    >>> halted = pd.DataFrame({"open": 0, "high": 0, "low": 0, "close": 11.0, "volume": 0}, index=days[:1])
    >>> cleaned, remarks = clean(halted)
    >>> cleaned["open"].item(), remarks[0].reason
    (11.0, 'halted')
    """
    clean_values = _clean_values(raw)
    if clean_values is not None and (keeps_upside_down or not _upside_down(clean_values).any()):
        return frame(raw.index.to_numpy(), clean_values), []
    days, values = _sorted(raw)
    refused = _refused(days, values)
    if not keeps_upside_down:
        refused["upside down"] = _upside_down(values) & ~np.logical_or.reduce([*refused.values()])
    is_kept = ~np.logical_or.reduce([*refused.values()])
    remarks = [Remark(day, "refused", why) for why, which in refused.items() for day in pd.to_datetime(days[which])]
    days, values = days[is_kept], values[is_kept]

    filled = np.where((values > 0) & np.isfinite(values), values, np.nan)
    lacks = np.isnan(filled)
    at = np.flatnonzero(lacks[:, : len(PRICES)].any(axis=1))
    filled[at, : len(PRICES)] = _complete(filled[at, : len(PRICES)])
    bars = frame(days, filled)

    changed = _changed(values, lacks, bars)
    at = np.flatnonzero(np.logical_or.reduce([*changed.values()]))
    reasons = np.select([which[at] for which in changed.values()], [*changed], default="").tolist()
    remarks += [Remark(day, "changed", why) for day, why in zip(pd.to_datetime(days[at]), reasons, strict=True)]
    return bars, sorted(remarks, key=lambda remark: (not pd.isna(remark.date), remark.date))


def _refused(days: npt.NDArray[np.datetime64], values: FloatArray) -> dict[Reason, BoolArray]:
    """Which of the sorted raw bars are refused, by reason; one reason for each."""
    undated = np.isnat(days)
    superseded = np.append(days[:-1] == days[1:], False)[: len(days)]  # False for missing days, which equal nothing
    close = values[:, _CLOSE]
    is_close = (close > 0) & np.isfinite(close)
    return {"no date": undated, "duplicate": superseded, "no close": ~undated & ~superseded & ~is_close}


def upside_down(high: npt.NDArray[np.floating], low: npt.NDArray[np.floating]) -> BoolArray:
    """Which bars have a high below their low, by more than rounding.

    >>> upside_down(np.array([12, 9, 0]), np.array([9, 12, 9])).tolist()
    [False, True, False]
    """
    return np.asarray((high > 0) & np.isfinite(low) & (low > high * (1 + ROUNDING)))


def _upside_down(values: FloatArray) -> BoolArray:
    return upside_down(values[:, _HIGH], values[:, _LOW])


def _changed(values: FloatArray, lacks: BoolArray, bars: pd.DataFrame) -> dict[Reason, BoolArray]:
    """Which raw `values` differ from `bars`, by reason, the most important first; `lacks` marks unusable numbers."""
    actions, volume = bars.to_numpy()[:, _VOLUME + 1 :], bars["volume"].to_numpy()
    return {
        "halted": lacks[:, _OPEN] & lacks[:, _HIGH] & lacks[:, _LOW] & (volume == 0),
        "open missing": lacks[:, _OPEN],
        "range missing": np.asarray(lacks[:, _HIGH] | lacks[:, _LOW]),
        "volume mended": volume != values[:, _VOLUME],
        "corporate action mended": (actions != np.where(np.isnan(values), 0, values)[:, _VOLUME + 1 :]).any(axis=1),
    }


def _clean_values(raw: pd.DataFrame) -> FloatArray | None:
    """The values of `raw` if `clean` has nothing to change, as in most answers of a source; else None.

    numpy checks this in a fraction of the time that pandas needs for the cleaning.
    """
    days = raw.index
    has_columns = raw.columns.equals(NAMES) or (set(COLUMNS) == set(raw.columns) and raw.columns.is_unique)
    if not has_columns or not isinstance(days, pd.DatetimeIndex) or days.tz is not None:
        return None
    values, moments = in_order(raw).to_numpy(), days.to_numpy()
    if values.dtype.kind not in "fi":
        return None
    prices, volume = values[:, : len(PRICES)], values[:, len(PRICES)]
    is_clean = (
        np.isfinite(values).all()
        and (prices > 0).all()
        and (values >= 0).all()
        and ((volume < VOLUME_LIMIT) & (volume == volume.round())).all()
        and (moments[1:] > moments[:-1]).all()
        and (moments == moments.astype("datetime64[D]")).all()  # False for a missing day
    )
    return np.asarray(values, dtype="float64") if is_clean else None


def _complete(prices: FloatArray) -> FloatArray:
    """Rows of open, high, low and close without NaN; the close is never NaN."""
    opened = np.where(np.isnan(prices[:, _OPEN]), prices[:, _CLOSE], prices[:, _OPEN])
    known = np.column_stack([opened, prices[:, _HIGH:]])
    high = np.where(np.isnan(prices[:, _HIGH]), np.fmax.reduce(known, axis=1), prices[:, _HIGH])
    low = np.where(np.isnan(prices[:, _LOW]), np.fmin.reduce(known, axis=1), prices[:, _LOW])
    return np.column_stack([opened, high, low, prices[:, _CLOSE]])


def _sorted(raw: pd.DataFrame) -> tuple[npt.NDArray[np.datetime64], FloatArray]:
    """The days of `raw`, ascending and missing ones last, and its values by `COLUMNS`, NaN where there is no number.

    An absent optional column becomes 0, without a remark.
    """
    absent = [column for column in PRICES if column not in raw.columns]
    if absent:
        raise ValueError(f"bars lack the columns {', '.join(absent)}")
    if not raw.columns.is_unique:
        raise ValueError("bars have a column twice")
    if not isinstance(raw.index, pd.DatetimeIndex):
        raise ValueError("bars are not indexed by dates")
    values = np.zeros((len(raw), len(COLUMNS)))
    for position, name in enumerate(COLUMNS):
        if name in raw.columns:
            values[:, position] = pd.to_numeric(raw[name], errors="coerce")
    local = raw.index.tz_localize(None)
    # Sorted by time before the time is dropped, and stably: the last bar of a day is the latest, or the last in `raw`.
    order = np.argsort(local.to_numpy(), kind="stable")
    return local.normalize().as_unit("ns").to_numpy()[order], values[order]


def in_order(bars: pd.DataFrame) -> pd.DataFrame:
    """`bars` with exactly `COLUMNS`, in their order, for code that takes columns by position.

    >>> in_order(bars[["close", *COLUMNS[:3], *COLUMNS[4:]]]).columns.tolist() == COLUMNS
    True
    """
    return bars if bars.columns.equals(NAMES) else bars[COLUMNS]


def are_same(prices: npt.ArrayLike, others: npt.ArrayLike) -> BoolArray:
    """Which prices are the same as the others, apart from `ROUNDING`.

    >>> are_same([70_000.0, 70_000.0], [70_000.01, 70_001.0]).tolist()
    [True, False]
    """
    return np.asarray(np.isclose(prices, others, rtol=ROUNDING, atol=0))


def gaps(days: pd.DatetimeIndex) -> list[tuple[pd.Timestamp, pd.Timestamp]]:
    """The last day before and the first day after each time without bars that is longer than `LONG_GAP`.

    A chart that has no holes for closed days draws the two beside each other.

    >>> gaps(pd.DatetimeIndex(["2024-01-02", "2024-01-03", "2025-06-17"]))
    [(Timestamp('2024-01-03 00:00:00'), Timestamp('2025-06-17 00:00:00'))]
    """
    ends = np.flatnonzero(np.diff(days.to_numpy()) > LONG_GAP).tolist()
    return [(days[end], days[end + 1]) for end in ends]


def is_close_only(bars: pd.DataFrame) -> bool:
    """Whether all four prices are equal in every bar: the source has closes only, and a chart draws them as a line.

    >>> is_close_only(bars), is_close_only(bars.assign(open=bars["close"], high=bars["close"], low=bars["close"]))
    (False, True)
    """
    prices = bars[PRICES].to_numpy()
    return bool((prices == prices[:, :1]).all())
