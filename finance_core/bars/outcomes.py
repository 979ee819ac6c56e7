"""What happened next: how prices moved after the past days on which a condition held.

A move goes from close to close, over the ticker's own bars, without costs, taxes, dividends and slippage. The condition
sees only the bars up to its day. Tickers that are no longer listed are missing, and a ticker for which the condition
holds on several days in a row counts on each of them; code that shows the numbers must say so.

>>> from finance_core.bars import conditions, panel
>>> days, close = np.arange("2024-01-01", "2024-01-08", dtype="datetime64[D]"), [8.0, 10.0, 9.0, 9.0, 9.0, 9.0, 12.5]
>>> bars = panel.of({"A": (days, dict.fromkeys(panel.FIELDS, close))})
>>> outcomes(bars, conditions.parse("change > 20%"))[0][:5]
(5, 1, 1, 0.25, 0.25)
"""

from typing import Final, NamedTuple

import numpy as np

from finance_core.bars import evaluation
from finance_core.bars.condition_tree import Node
from finance_core.bars.curves import drawn_at
from finance_core.bars.field_values import Floats, Source, change
from finance_core.bars.panel import BoolArray, Panel

HORIZONS: Final = (5, 20, 60)
"""Sessions after the day on which the condition held."""


class Outcome(NamedTuple):
    """How prices moved within a number of sessions; ratios, NaN where no day is counted."""

    sessions: int
    days: int
    """Number of pairs of a ticker and a day on which the condition held, with as many `sessions` after the day."""
    tickers: int
    """Number of different tickers among them."""
    lower: float
    """A quarter of them moved by less."""
    median: float
    upper: float
    """A quarter of them moved by more."""
    rising: float
    """The share of them that rose."""
    usual: float
    """The median over all tickers and days of the same time on which the condition held or failed."""


def outcomes(
    panel: Panel, tree: Node, as_of: np.datetime64 | None = None, since: np.datetime64 | None = None
) -> list[Outcome]:
    """What followed the days from `since` on, for each of `HORIZONS`; no bar after `as_of` is used.

    Sample tickers and halted days do not count. Bars before `since` serve only to compute the condition.
    """
    then = panel if as_of is None else panel.as_of(as_of)
    source = Source(then)
    holds, fails = evaluation.truth(tree, source)
    counted = ~then.halted_bars() & ~source.of_tickers(then.text("source") == "sample")
    if since is not None:
        counted &= source.days >= since
    return [_outcome(source, holds & counted, (holds | fails) & counted, sessions) for sessions in HORIZONS]


def _outcome(source: Source, held: BoolArray, known: BoolArray, sessions: int) -> Outcome:
    moves = drawn_at(change(source, sessions), -sessions)  # at the bar where each begins
    followed = ~np.isnan(moves)
    after, usual = moves[held & followed], moves[known & followed]
    total = np.concatenate([[0], np.cumsum(held & followed)])
    tickers = int(np.count_nonzero(np.diff(total[source.panel.starts])))
    rising = float((after > 0).mean()) if len(after) else np.nan
    return Outcome(sessions, len(after), tickers, *_quartiles(after), rising, _quartiles(usual)[1])


def _quartiles(moves: Floats) -> tuple[float, float, float]:
    lower, median, upper = np.quantile(moves, (0.25, 0.5, 0.75)).tolist() if len(moves) else (np.nan,) * 3
    return lower, median, upper
