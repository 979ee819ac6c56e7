"""Gap-free candles: cleaning raw daily bars and choosing the window of them to look at.

Everything here is pure: frames in, frames out. `bars` is a DataFrame indexed by trading day (ascending, unique,
tz-naive midnight, name "date") with float columns open, high, low, close (in the ticker's currency, split-adjusted),
int64 volume (shares), and float dividends and stock_splits (0 where there was none). Where bars come from and go to is
left to `prices`; what is drawn of them to `charts`.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import pandas as pd

PRICES: Final = ["open", "high", "low", "close"]
EVENTS: Final = ["dividends", "stock_splits"]
COLUMNS: Final = [*PRICES, "volume", *EVENTS]

Period = Literal["1W", "1M", "3M", "6M", "YTD", "1Y", "3Y", "5Y", "10Y", "MAX"]

PERIOD_OFFSETS: Final[dict[Period, pd.DateOffset | None]] = {
    "1W": pd.DateOffset(weeks=1),
    "1M": pd.DateOffset(months=1),
    "3M": pd.DateOffset(months=3),
    "6M": pd.DateOffset(months=6),
    "YTD": None,
    "1Y": pd.DateOffset(years=1),
    "3Y": pd.DateOffset(years=3),
    "5Y": pd.DateOffset(years=5),
    "10Y": pd.DateOffset(years=10),
    "MAX": None,
}
"""How far a period reaches back from the last bar; YTD and MAX have rules of their own in `period_start`."""


@dataclass(frozen=True)
class Remark:
    """One bar that `clean` changed or refused."""

    date: pd.Timestamp
    action: Literal["changed", "refused"]
    reason: Literal["duplicate", "no close", "halted", "open missing", "range mended", "volume mended"]


def empty() -> pd.DataFrame:
    """Bars without a row."""
    index = pd.DatetimeIndex([], name="date").as_unit("ns")
    frame = pd.DataFrame(index=index, columns=COLUMNS, dtype="float64")
    return frame.astype({"volume": "int64"})


def clean(raw: pd.DataFrame) -> tuple[pd.DataFrame, list[Remark]]:
    """Valid bars from raw ones, and a remark for each bar that was changed or refused.

    `raw` has the columns of `bars` (volume, dividends and stock_splits may be absent), any order of days, any
    duplicates, and NaN or 0 where a source had nothing. Of several bars of a day the last one counts. A bar without a
    positive, finite close is refused. A halted day (no open, high and low, no volume) becomes a flat bar at its close,
    so that it neither leaves a gap nor falls to zero. A traded day whose open is missing opens at its close; high and
    low are widened to hold open and close, as sources round them apart. A missing or negative volume becomes 0.

    Raises ValueError where a price column is missing or the index holds no dates.
    """
    bars = _typed(raw)
    remarks: list[Remark] = []

    def remark(mask: "pd.Series[bool]", action: Literal["changed", "refused"], reason: object) -> None:
        remarks.extend(Remark(date, action, reason) for date in bars.index[mask])  # type: ignore[arg-type]

    duplicate = pd.Series(bars.index.duplicated(keep="last"), index=bars.index)
    remark(duplicate, "refused", "duplicate")
    bars = bars[~duplicate.to_numpy()]

    missing = bars[PRICES].isna() | (bars[PRICES] <= 0)
    remark(missing["close"], "refused", "no close")
    bars, missing = bars[~missing["close"]], missing[~missing["close"]]

    volume_wrong = bars["volume"].isna() | (bars["volume"] < 0)
    traded = ~volume_wrong & (bars["volume"] > 0)
    halted = missing[["open", "high", "low"]].all(axis=1) & ~traded
    remark(halted, "changed", "halted")
    remark(volume_wrong & ~halted, "changed", "volume mended")
    bars["volume"] = bars["volume"].where(~volume_wrong, 0.0)

    remark(missing["open"] & ~halted, "changed", "open missing")
    bars["open"] = bars["open"].where(~missing["open"], bars["close"])
    high = bars[["open", "close"]].join(bars["high"].where(~missing["high"])).max(axis=1)
    low = bars[["open", "close"]].join(bars["low"].where(~missing["low"])).min(axis=1)
    mended = (missing["high"] | missing["low"] | (high != bars["high"]) | (low != bars["low"])) & ~halted
    remark(mended & ~missing["open"], "changed", "range mended")
    bars["high"], bars["low"] = high, low

    bars[EVENTS] = bars[EVENTS].where(bars[EVENTS] > 0, 0.0)
    bars = bars.astype({"volume": "int64"})
    return bars, sorted(remarks, key=lambda entry: entry.date)


def _typed(raw: pd.DataFrame) -> pd.DataFrame:
    """A sorted copy of `raw` with all columns of `bars` as finite floats or NaN, and normalized days."""
    absent = [column for column in PRICES if column not in raw.columns]
    if absent:
        raise ValueError(f"bars lack the columns {', '.join(absent)}")
    if not isinstance(raw.index, pd.DatetimeIndex):
        raise ValueError("bars are not indexed by dates")
    bars = raw.reindex(columns=COLUMNS).apply(pd.to_numeric, errors="coerce").astype("float64")
    bars = bars.replace([np.inf, -np.inf], np.nan)
    bars.index = pd.DatetimeIndex(raw.index).tz_localize(None).normalize().as_unit("ns").rename("date")
    # A missing day cannot be placed on any axis; a stable sort keeps "the last one counts" true within a day.
    return bars[bars.index.notna()].sort_index(kind="stable")


def period_start(dates: pd.DatetimeIndex, period: Period) -> int:
    """Position of the first bar of `period`, counted back from the last bar of `dates` (ascending).

    A period of whole months ends on the last bar's day and begins on the day after the same day of the earlier month,
    so that "1M" of a bar on November 24 begins on October 25 or the first session after it; YTD begins with the year
    of the last bar. 0 where `dates` is empty or the period reaches past the first bar.
    """
    if len(dates) == 0 or period == "MAX":
        return 0
    last = dates[-1]
    if period == "YTD":
        first_day = pd.Timestamp(last.year, 1, 1)
    else:
        first_day = last - PERIOD_OFFSETS[period] + pd.Timedelta(days=1)  # type: ignore[operator]
    return int(dates.searchsorted(first_day))


def changed_days(stored: pd.DataFrame, fetched: pd.DataFrame, columns: Iterable[str]) -> pd.DatetimeIndex:
    """Days that are in both frames of bars but differ in one of `columns` by more than rounding.

    Rounding is a relative 1e-6: sources keep prices as 32-bit floats, which carry seven digits.
    """
    common = stored.index.intersection(fetched.index)
    names = list(columns)
    a, b = stored.loc[common, names].to_numpy(dtype=float), fetched.loc[common, names].to_numpy(dtype=float)
    return pd.DatetimeIndex(common[~np.isclose(a, b, rtol=1e-6, atol=1e-9).all(axis=1)])
