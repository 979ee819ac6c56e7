"""Merges imported bars with stored bars of the same ticker that came from another source.

Stored bars from another source are never replaced. Imported bars are only added to them, and only if the closes of the
common days agree: after a split, a series of two parts would have a false jump. Pure: frames in, frames out.
"""

import hashlib

import pandas as pd

from finance_core.bars import candles
from finance_core.errors import SisepanError
from finance_core.i18n import N_

DISAGREES = N_(
    "저장된 시세와 {date}의 종가가 다릅니다(저장 {stored}, 가져올 값 {found}). 저장된 것을 그대로 두었습니다."
)
NEWEST_DISAGREES = N_(
    "저장된 시세와 마지막 날 {date}의 종가가 다릅니다(저장 {stored}, 가져올 값 {found}). 저장된 것을 그대로 "
    "두었습니다. 장이 끝나기 전의 봉이 저장된 것이면 업데이트한 뒤 다시 가져오십시오."
)
APART = N_(
    "저장된 시세와 겹치는 날이 없어 서로 맞는지 알 수 없습니다. 저장된 것을 그대로 두었습니다. "
    "한 이력의 두 부분이면 한 컬렉션으로 합치거나, 파일이면 함께 올려(명령에서는 --together) 가져오십시오."
)


def covers(bars: pd.DataFrame, stored: pd.DataFrame) -> bool:
    """Whether `bars` begin no later and end no earlier than the `stored` bars; True where nothing is stored."""
    return stored.empty or bool(bars.index[0] <= stored.index[0] and bars.index[-1] >= stored.index[-1])


def missing(stored: pd.DataFrame, bars: pd.DataFrame) -> pd.DataFrame:
    """The part of `bars` to store: the days that `stored` lacks, and its last day if the stored bar was provisional.

    Raises SisepanError if there are no common days, or their closes differ. Where one side goes on, the last day of the
    other may be provisional, so it is compared only if there is no other common day.
    """
    common = bars.index.intersection(stored.index)
    ends = {stored.index[-1], bars.index[-1]}
    final = common.difference(list(ends)) if len(ends) > 1 else common
    common = final if len(final) else common
    if common.empty:
        raise SisepanError(APART)
    before, after = stored.loc[common, "close"], bars.loc[common, "close"]
    differs = ~candles.are_same(before, after)
    if differs.any():
        day = common[differs][0]
        message = NEWEST_DISAGREES if day == stored.index[-1] == bars.index[-1] else DISAGREES
        raise SisepanError(message, date=f"{day:%Y-%m-%d}", stored=float(before[day]), found=float(after[day]))
    last = stored.index[-1]
    was_provisional = (
        last in bars.index
        and bars.index[-1] > last
        and not candles.are_same(bars.loc[last, "close"], stored.loc[last, "close"])
    )
    return bars[~bars.index.isin(stored.index[:-1] if was_provisional else stored.index)]


def agreeing(stored: pd.DataFrame, bars: pd.DataFrame) -> int:
    """The number of common days with the same close."""
    common = bars.index.intersection(stored.index)
    close, before = bars.loc[common, "close"], stored.loc[common, "close"]
    return int(candles.are_same(close, before).sum())


def checksum(close: "pd.Series[float]") -> str:
    """A checksum of closes and their days: equal for equal series."""
    days = pd.DatetimeIndex(close.index).as_unit("ns").asi8
    return hashlib.blake2b(days.tobytes() + close.to_numpy(dtype="float64").tobytes(), digest_size=8).hexdigest()
