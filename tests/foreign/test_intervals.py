"""Bars that are not daily never pass as daily ones."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest

from finance_core.bars import candles, periods, sessions
from finance_core.foreign import intervals

DAYS = sessions.between("XKRX", dt.date(2024, 1, 2), dt.date(2024, 6, 28)).to_numpy().astype("datetime64[ns]")
HOURS = np.sort(np.concatenate([DAYS + np.timedelta64(hour, "h") for hour in range(9, 16)]))
HALF_HOURS = np.sort(np.concatenate([DAYS + np.timedelta64(9 * 60 + 30 * count, "m") for count in range(13)]))


@pytest.mark.parametrize(
    ("moments", "expected"),
    [
        (DAYS, "daily"),
        (DAYS + np.timedelta64(930, "m"), "daily"),
        (DAYS[:1], "daily"),
        (DAYS[:3], "daily"),
        (np.concatenate([DAYS, DAYS[::7]]), "daily"),
        (HOURS, "intraday"),
        (HALF_HOURS, "intraday"),
        (np.concatenate([DAYS, HOURS]), "mixed"),
        (np.concatenate([DAYS, HOURS[: len(HOURS) // 3]]), "mixed"),
        (DAYS[::5], "longer"),
        (DAYS[::21], "longer"),
        (DAYS[:11:5], "longer"),
        (DAYS[::2], "daily"),
    ],
    ids=map(str, range(13)),
)
def test_the_interval_is_that_of_the_rows(moments: np.ndarray, expected: str) -> None:
    assert intervals.interval_of(moments) == expected
    assert intervals.interval_of(moments[::-1]) == expected, "whatever their order"


def test_bars_within_the_day_become_the_bar_of_the_day() -> None:
    index = pd.DatetimeIndex(HOURS[:14])
    prices = np.arange(14.0) + 100
    bars = pd.DataFrame(
        {"open": prices, "high": prices + 5, "low": prices - 5, "close": prices + 1, "volume": 10.0}, index=index
    )
    bars["dividends"], bars["stock_splits"] = 0.0, [0.0] * 13 + [5.0]
    daily = periods.combined(bars, HOURS[:14].astype("datetime64[D]"))
    assert list(daily.columns) == candles.COLUMNS
    assert daily.iloc[0].tolist() == [100, 111, 95, 107, 70, 0, 0]
    assert daily.iloc[1].tolist() == [107, 118, 102, 114, 70, 0, 5]
