"""Bars that are not what they should be: what is stored of them, the report and the exit code."""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import pytest

from finance_core.bars import candles
from finance_core.categories import KOREAN_STOCKS
from finance_core.storage import tickers
from finance_core.storage.database import MongoDatabase
from tests.updaters.commanding import BEFORE, UNKNOWN, WHOLE, Command, a_report, assert_bars, long_past
from tests.updaters.updating import DAYS, metadata
from tests.yahoo import (
    Answer,
    Empty,
    Listing,
    YahooStandIn,
    random_walk,
)
from updaters import command

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("impatient", "korean_shell", "short_timeout")]


@dataclass(frozen=True)
class Oddity:
    """What becomes of the listing of a ticker of which the first `BEFORE` days are stored, and what a run makes of it.

    Where `expected` is not given, all of the listing's bars are stored.
    """

    change: Callable[[Listing], None]
    counts: dict[str, int] = field(default_factory=dict)
    """What the report tells more than the two other tickers' bars."""
    expected: Callable[[Listing, pd.DataFrame], pd.DataFrame] = lambda listing, _before: listing.bars
    reason: str = ""
    requests: int = 1
    """Charts that are asked for: two where all history is."""
    said: tuple[str, ...] = ()
    """Further lines of the text report."""


CORRECTED = ("고치거나 뺀 봉 1개 (자세한 내용은 로그에 있습니다)",)


def misses_a_row(listing: Listing) -> None:
    listing.bars.loc[DAYS[55]] = np.nan


def sends_a_day_twice(listing: Listing) -> None:
    listing.bars = listing.bars.iloc[np.repeat(np.arange(WHOLE), np.where(np.arange(WHOLE) == 55, 2, 1))]


def sends_the_last_day_once_more_as_it_is_now(listing: Listing) -> None:
    now = listing.bars.iloc[[-1]].set_axis(DAYS[[-1]] + pd.Timedelta(hours=3)) + 17
    listing.bars = pd.concat([listing.bars, now])


def with_the_last_day_as_it_is_now(listing: Listing, _before: pd.DataFrame) -> pd.DataFrame:
    return listing.bars.drop(DAYS[-1]).rename({DAYS[-1] + pd.Timedelta(hours=3): DAYS[-1]})


def splits(listing: Listing) -> None:
    listing.bars[candles.PRICES] /= 50
    listing.splits[DAYS[55].date()] = (50, 1)


def revises_a_bar_of_the_overlap(listing: Listing) -> None:
    listing.bars = listing.bars.iloc[:BEFORE].copy()
    listing.bars.loc[DAYS[BEFORE - 3], ["high", "close"]] = 99_999


def revises_the_last_bar(listing: Listing) -> None:
    listing.bars = listing.bars.iloc[:BEFORE].copy()
    listing.bars.loc[DAYS[BEFORE - 1], ["high", "close", "volume"]] = [99_999, 50_001, 17]


def sends_a_stump(listing: Listing) -> None:
    listing.bars = listing.bars.iloc[BEFORE - 3 :]


def halts(listing: Listing) -> None:
    listing.bars.loc[DAYS[55], ["open", "high", "low", "volume"]] = 0


def flat_where_halted(listing: Listing, _before: pd.DataFrame) -> pd.DataFrame:
    bars = listing.bars.copy()
    bars.loc[DAYS[55], ["open", "high", "low"]] = bars.loc[DAYS[55], "close"]
    return bars


ODDITIES = [
    Oddity(
        misses_a_row,
        {"added": 9, "refused": 1},
        lambda listing, _before: listing.bars.drop(DAYS[55]),
        said=CORRECTED,
    ),
    Oddity(sends_a_day_twice, {"added": 10}, lambda listing, _before: listing.bars.drop_duplicates()),
    Oddity(sends_the_last_day_once_more_as_it_is_now, {"added": 10}, with_the_last_day_as_it_is_now),
    Oddity(splits, {"added": 10, "replaced": BEFORE}, requests=2),
    Oddity(revises_a_bar_of_the_overlap, {"replaced": 1}, requests=2),
    Oddity(revises_the_last_bar, {"replaced": 1}),
    Oddity(
        sends_a_stump,
        expected=lambda _listing, before: before,
        reason="Yahoo가 저장된 것보다 훨씬 짧은 이력(13개)을 보내서 그대로 두었습니다.",
        requests=2,
    ),
    Oddity(halts, {"added": 10, "changed": 1}, flat_where_halted, said=CORRECTED),
]


@pytest.mark.sampled(3)
@pytest.mark.parametrize("as_json", [True, False], ids=["json", "text"])
@pytest.mark.parametrize("oddity", ODDITIES, ids=[oddity.change.__name__ for oddity in ODDITIES])
def test_an_odd_history_shows_in_the_bars_the_report_and_the_exit_code(
    db: MongoDatabase,
    yahoo: YahooStandIn,
    three: dict[str, Listing],
    updated: Command,
    oddity: Oddity,
    as_json: bool,
) -> None:
    whole = three["005930"].bars
    three["005930"].bars = before = whole.iloc[:BEFORE]
    updated()
    yahoo.clear()
    three["005930"].bars = whole.copy()
    oddity.change(three["005930"])

    told = updated(*["--json"] * as_json)

    assert (told.code, told.err) == (command.NOT_ALL_DONE if oddity.reason else command.ALL_GOOD, "")
    failed = {"005930": oddity.reason} if oddity.reason else {}
    if as_json:
        assert told.report == a_report(failed, **oddity.counts)
    else:
        added, replaced = (oddity.counts.get(name, 0) for name in ("added", "replaced"))
        assert told.out.splitlines() == [
            f"한국 주식: 3/3종목, 봉 {added}개 추가, {replaced}개 교체, 0개 삭제, 실패 {len(failed)}종목",
            *oddity.said,
            long_past(3),
            *(f"  {ticker}: {reason}" for ticker, reason in failed.items()),
        ]
    assert_bars(db, oddity.expected(three["005930"], before))
    assert len(yahoo.asked("005930.KS")) == oddity.requests


@pytest.mark.parametrize("as_kospi", [Empty(), UNKNOWN], ids=["empty", "unknown"])
def test_a_ticker_that_turns_out_to_be_of_kosdaq_is_no_failure(
    db: MongoDatabase, yahoo: YahooStandIn, updated: Command, as_kospi: Answer
) -> None:
    yahoo.listings["247540.KQ"] = Listing(random_walk(DAYS, seed=2))
    yahoo.answer_with("247540.KS", *[as_kospi] * 2)
    tickers.register(db, KOREAN_STOCKS, [{"ticker": "247540", "name": "에코프로비엠", "market": "KOSPI"}])

    told = updated("--json", "--tickers", "247540")

    assert (told.report, told.code) == (a_report(total=1, done=1, added=WHOLE), command.ALL_GOOD)
    assert_bars(db, yahoo.listings["247540.KQ"].bars, "247540")
    assert metadata(db, "247540")["market"] == "KOSDAQ"
