"""Imported bars beside stored ones of the same ticker: what may be added, and whether what is stored is right.

Pure: frames in, frames out. What is stored from elsewhere is only added to, and only where both agree on the days they
share: a split between them would leave a false cliff.
"""

import hashlib

import numpy as np
import pandas as pd

from finance_core.bars import candles
from finance_core.errors import SisepanError
from finance_core.i18n import N_

DISAGREES = N_(
    "저장된 시세와 {date}의 종가가 다릅니다(저장 {stored}, 가져올 값 {found}). 저장된 것을 그대로 두었습니다."
)
APART = N_("저장된 시세와 겹치는 날이 없어 서로 맞는지 알 수 없습니다. 저장된 것을 그대로 두었습니다.")


def covers(bars: pd.DataFrame, stored: pd.DataFrame) -> bool:
    """Whether `bars` reach from the first of the `stored` days, or before, to the last, or beyond."""
    return stored.empty or bool(bars.index[0] <= stored.index[0] and bars.index[-1] >= stored.index[-1])


def missing(stored: pd.DataFrame, bars: pd.DataFrame) -> pd.DataFrame:
    """The `bars` to store beside the `stored` ones: days that it lacks, and its last day where that was provisional.

    Raises SisepanError unless the closes of the common days agree; the last day of either may be provisional.
    """
    common = bars.index.intersection(stored.index)
    final = common.difference([stored.index[-1], bars.index[-1]])
    common = final if len(final) else common
    if common.empty:
        raise SisepanError(APART)
    before, after = stored.loc[common, "close"], bars.loc[common, "close"]
    differs = ~np.isclose(before, after, rtol=candles.ROUNDING, atol=0)
    if differs.any():
        day = common[differs][0]
        raise SisepanError(DISAGREES, date=f"{day:%Y-%m-%d}", stored=float(before[day]), found=float(after[day]))
    last = stored.index[-1]
    was_provisional = (
        last in bars.index
        and bars.index[-1] > last
        and not np.isclose(bars.loc[last, "close"], stored.loc[last, "close"], rtol=candles.ROUNDING, atol=0)
    )
    return bars[~bars.index.isin(stored.index[:-1] if was_provisional else stored.index)]


def agreeing(stored: pd.DataFrame, bars: pd.DataFrame) -> int:
    """On how many days that both have the closes are the same."""
    common = bars.index.intersection(stored.index)
    close, before = bars.loc[common, "close"], stored.loc[common, "close"]
    return int(np.isclose(close, before, rtol=candles.ROUNDING, atol=0).sum())


def checksum(close: "pd.Series[float]") -> str:
    """A checksum of closes and their days: equal for equal series."""
    days = pd.DatetimeIndex(close.index).as_unit("ns").asi8
    return hashlib.blake2b(days.tobytes() + close.to_numpy(dtype="float64").tobytes(), digest_size=8).hexdigest()
