"""How often a ticker is asked for that Yahoo has nothing new for, or does not know: ever less.

Pure: rows in, answers out. A person who asks for a ticker is not bound by this (see `update_plan`).
"""

import datetime as dt

from finance_core.storage.documents import TickerRow

_HOURS = dt.timedelta(hours=4)
"""Runs of a daily schedule do not begin at the same minute."""
PAUSES = (
    (dt.timedelta(days=1), dt.timedelta(0)),
    (dt.timedelta(days=8), dt.timedelta(days=1) - _HOURS),
    (dt.timedelta(days=36), dt.timedelta(days=7) - _HOURS),
    (dt.timedelta.max, dt.timedelta(days=30) - _HOURS),
)
"""Until Yahoo has been silent so long about a ticker, it is left alone so long: every run, daily, weekly, monthly."""


def silent_since(row: TickerRow, now: dt.datetime) -> dt.datetime:
    """Since when Yahoo is silent about the ticker of `row`, if it has nothing new at `now` (both UTC, tz-naive)."""
    return row.get("silent_since", now)


def rests(row: TickerRow, now: dt.datetime) -> bool:
    """Whether the ticker of `row` is left alone at `now` (UTC, tz-naive).

    >>> row: TickerRow = {"silent_since": dt.datetime(2026, 1, 1), "updated_at": dt.datetime(2026, 1, 20)}
    >>> rests(row, dt.datetime(2026, 1, 26)), rests(row, dt.datetime(2026, 1, 27))
    (True, False)
    """
    since = row.get("silent_since")
    if since is None or (row.get("last_status") == "failed" and "unknown_runs" not in row):
        return False
    pause = next(pause for limit, pause in PAUSES if now - since < limit)
    return now - row["updated_at"] < pause
