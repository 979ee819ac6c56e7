"""What tests of the update command share: three tickers, what one run of the command left behind, and its report."""

from collections.abc import Callable
from typing import Any
from unittest.mock import ANY

import pandas as pd

from finance_core.storage.database import MongoDatabase
from tests.commands import CommandResult
from tests.updaters.updating import bars_of
from tests.yahoo import (
    COLUMNS,
    Status,
)

THREE = ("000660", "005930", "035720")
WHOLE, BEFORE = 60, 50
"""Bars of each ticker, and how many of them were stored by an earlier run."""
UNKNOWN = Status(404, "No data found, symbol may be delisted")


def long_past(tickers: int) -> str:
    """What a report says of tickers whose bars, as in most tests, end long ago."""
    return f"마지막 거래일의 봉이 있는 종목 0/{tickers}"


Command = Callable[..., CommandResult]


def a_report(failed: dict[str, str] | None = None, **counts: Any) -> dict[str, Any]:
    """The JSON of a run over the three tickers in which nothing happened but `counts`; `failed` by their reasons."""
    names = ("current", "deferred", "quoted", "delisted", "added", "replaced", "removed", "changed", "refused")
    failures = [{"ticker": ticker, "reason": reason} for ticker, reason in (failed or {}).items()]
    return {
        "category": "korean_stocks",
        "state": "done",
        "total": 3,
        "done": 3,
        **dict.fromkeys(names, 0),
        "failed": len(failures),
        "requests": ANY,
        "fresh": ANY,
        "expected": ANY,
        "seconds": ANY,
        "failures": failures,
        **counts,
    }


def assert_bars(db: MongoDatabase, bars: pd.DataFrame, ticker: str = "005930") -> None:
    """These bars, and no others, are stored."""
    pd.testing.assert_frame_equal(
        bars_of(db, ticker)[COLUMNS].astype(float), bars, check_index_type=False, check_freq=False, check_names=False
    )
