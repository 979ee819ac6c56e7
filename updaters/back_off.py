"""Decides how often a ticker is requested for which Yahoo has no new bars, or which it does not know: less and less.

Pure: rows in, answers out. A ticker that a person requests is always fetched (see `update_plan`).
"""

import datetime as dt

from finance_core.storage.documents import TickerRow

_HOURS = dt.timedelta(hours=4)
"""Subtracted from each pause, because runs of a daily schedule do not begin at the same minute."""
PAUSES = (
    (dt.timedelta(days=1), dt.timedelta(0)),
    (dt.timedelta(days=8), dt.timedelta(days=1) - _HOURS),
    (dt.timedelta(days=36), dt.timedelta(days=7) - _HOURS),
    (dt.timedelta.max, dt.timedelta(days=30) - _HOURS),
)
"""Pairs (limit, pause): until Yahoo has been silent about a ticker for `limit`, it is requested once per `pause`, that
is in every run, daily, weekly, then monthly."""


def silent_since(row: TickerRow, now: dt.datetime) -> dt.datetime:
    """The moment since which Yahoo has had no new bars of the ticker of `row`; `now` if the silence begins now.

    Both are UTC, tz-naive.
    """
    return min(row.get("silent_since", now), now)


def rests(row: TickerRow, now: dt.datetime) -> bool:
    """Whether the ticker of `row` is not to be requested at `now` (UTC, tz-naive).

    >>> row: TickerRow = {"silent_since": dt.datetime(2026, 1, 1), "updated_at": dt.datetime(2026, 1, 20)}
    >>> rests(row, dt.datetime(2026, 1, 26)), rests(row, dt.datetime(2026, 1, 27))
    (True, False)
    """
    since = row.get("silent_since")
    if since is None or (row.get("last_status") == "failed" and "unknown_runs" not in row):
        return False
    pause = next(pause for limit, pause in PAUSES if now - since < limit)
    return now - row.get("updated_at", dt.datetime.min) < pause
