"""Decides when the whole history of a ticker is fetched again, although its new bars alone would be enough.

There are two reasons. The history is doubtful: if a split is not reflected, or perhaps not, in the prices before it,
the history is fetched in every run; if a session has no bar, less and less often. Or it is the ticker's turn in the
rotation, which compares every stored history with Yahoo's within `ROUNDS` runs. Pure: rows and frames in, answers out.
"""

import dataclasses
import datetime as dt
import math
from collections.abc import Callable, Iterable

import numpy as np
import numpy.typing as npt
import pandas as pd

from finance_core.bars import adjustment, sessions
from finance_core.bars.sessions import Calendar
from finance_core.storage.database import Document
from finance_core.storage.documents import TickerRow
from updaters import histories

ROUNDS = 20
"""The number of runs within which every history of a category is compared with Yahoo's."""
ASK_AGAIN = tuple(dt.timedelta(hours=hours) for hours in (0, 0, 20, 164, 716))
"""The pause before the next request about a missing session, by the number of requests in vain: none, none, a day, a
week, a month, each less four hours, because a daily run does not begin at the same minute."""
SMALLEST = 1.01
"""Smaller splits change prices less than an ordinary day does."""
LIKELY, POSSIBLE = 0.5, 0.25
"""The share of a small split, and of a large one, that the jump of its day must show before the split is doubted."""

_NEVER = dt.datetime.min


def missing(calendar: Calendar, bars: pd.DataFrame) -> list[dt.datetime]:
    """The sessions of `calendar` between the first and the last of `bars` without a bar.

    They include days that `calendar` has learned to be closed, because this is learned from the missing days of all
    tickers.

    >>> days = pd.DatetimeIndex(["2026-01-07", "2026-01-09"])
    >>> missing(Calendar("XKRX"), pd.DataFrame(index=days))
    [datetime.datetime(2026, 1, 8, 0, 0)]
    """
    days = bars.index.to_numpy()
    of_calendar = sessions.days(dataclasses.replace(calendar, closed=()))
    first, last = np.searchsorted(of_calendar, days[[0, -1]])
    between = of_calendar[first:last]
    return moments(between[~np.isin(between, days, assume_unique=True)])


def moments(days: npt.NDArray[np.datetime64]) -> list[dt.datetime]:
    """`days` as the datetimes that MongoDB stores."""
    return pd.DatetimeIndex(days).to_pydatetime().tolist() if days.size else []


def findings(
    calendar: Calendar, row: TickerRow, bars: pd.DataFrame, unexpected: list[dt.datetime], *, is_whole: bool
) -> Document:
    """The fields of the row with the doubtful points of a history, after `bars` of it were stored, but `unsettled`.

    `unexpected` are the days of Yahoo's answer on which there was trading though the calendar calls them closed. With
    `is_whole`, `bars` are the whole history; otherwise they are its end, and the records of earlier days stay. None
    removes a field.
    """
    lacking = missing(calendar, bars)
    before = row.get("missing", [])
    if not is_whole:
        first = bars.index[0].to_pydatetime()
        lacking = [day for day in before if day < first] + lacking
        unexpected = [day for day in row.get("unexpected", []) if day < first] + unexpected
        fields = {"missing": lacking or None, "unexpected": unexpected or None}
        return fields if lacking == before else {**fields, "asked_again": None}
    splits = moments(bars.index.to_numpy()[adjustment.unadjusted_splits(bars)])
    stayed = (lacking, splits) == (before, row.get("unadjusted_splits", [])) != ([], [])
    return {
        "missing": lacking or None,
        "unexpected": unexpected or None,
        "unadjusted_splits": splits or None,
        "asked_again": row.get("asked_again", 0) + 1 if stayed else None,
    }


def unsettled(row: TickerRow, bars: pd.DataFrame, read: Callable[[], pd.DataFrame]) -> list[dt.datetime]:
    """The days of splits for which Yahoo's prices may still be restated, before `bars` are stored.

    Such a split came after the prices before it, which stay as they were, and its jump does not tell it for certain
    from a day's move (see `adjustment.is_unadjusted`). `read` gives the stored bars, or only their end; it is called
    where there may be such a split.
    """
    since, known = bars.index[-1] - histories.RESTATING, row.get("unsettled_splits", [])
    close, splits = bars["close"].to_numpy(), bars["stock_splits"].to_numpy()
    at = np.flatnonzero(splits[1:] * (bars.index[1:] > since)) + 1
    size, jump = np.log(splits[at]), np.log(close[at - 1] / close[at])
    least = np.where(np.abs(size) < np.log(adjustment.SPLIT_LEAST), LIKELY, POSSIBLE)
    is_certain = adjustment.is_unadjusted(close[at - 1], close[at], splits[at])
    at = at[(np.abs(size) > np.log(SMALLEST)) & (jump * np.sign(size) > least * np.abs(size)) & ~is_certain]
    stored = read() if at.size else bars[:0]
    days = [day for day in known if since < day < bars.index[0].to_pydatetime()]
    for position in at.tolist():
        day, before = bars.index[position], bars.index[position - 1]
        is_told = stored["stock_splits"].get(day) == splits[position]
        stays = np.isclose(stored["close"].get(before, np.nan), close[position - 1], rtol=1e-3)
        if stays and (not is_told or day in known):
            days.append(day.to_pydatetime())
    return days


def refused(row: TickerRow, now: dt.datetime, why: Exception) -> Document:
    """The fields of `row` after its whole history was compared with Yahoo's at `now` (UTC, tz-naive) and refused."""
    is_doubtful = row.get("missing") or row.get("unadjusted_splits")
    again: Document = {"asked_again": row.get("asked_again", 0) + 1} if is_doubtful else {}
    return {"verify_tried_at": now, "last_error": str(why), **again}


def _compared_at(row: TickerRow) -> dt.datetime:
    """When the whole history was last compared, also in vain: else it would come first in every run."""
    return max(row.get("verified_at", _NEVER), row.get("verify_tried_at", _NEVER))


def asks_again(calendar: Calendar, row: TickerRow, now: dt.datetime) -> bool:
    """Whether the history of `row` is to be fetched again at `now` (UTC, tz-naive), because it is doubtful.

    A session without a bar is not doubtful if `calendar` has learned that the exchange was closed.
    """
    if row.get("unadjusted_splits") or row.get("unsettled_splits"):  # in every run, until the prices reflect the split
        return True
    missing = row.get("missing")
    # `isin` sorts all sessions, which takes seconds for ten thousand tickers that miss none.
    if not missing or not np.isin(np.array(missing, dtype="datetime64[ns]"), sessions.days(calendar)).any():
        return False
    pause = ASK_AGAIN[min(row.get("asked_again", 0), len(ASK_AGAIN) - 1)]
    return _compared_at(row) + pause <= now


def turn(rows: Iterable[TickerRow], closed: Callable[[TickerRow], dt.datetime]) -> set[str]:
    """The tickers of `rows` whose turn it is in the rotation: one in `ROUNDS`, those compared longest ago.

    Tickers that were compared since their last session `closed` (UTC, tz-naive) are left out: they have little new.
    """
    ours = [row for row in rows if row.get("source") == "yahoo" and row.get("bar_count") and not row.get("rewriting")]
    share = math.ceil(len(ours) / ROUNDS)
    oldest = sorted(ours, key=lambda row: (_compared_at(row), row["ticker"]))[:share]
    return {row["ticker"] for row in oldest if _compared_at(row) < closed(row)}
