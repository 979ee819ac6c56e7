"""Questions to a whole category: the panel that a condition needs, its answer, and screens that are saved by name."""

import datetime as dt
import math
from typing import Final

import numpy as np

from finance_core.bars import evaluation, outcomes, screen
from finance_core.bars.condition_tree import Node
from finance_core.bars.outcomes import Outcome
from finance_core.bars.panel import Panel
from finance_core.bars.screen import Result
from finance_core.categories import Category
from finance_core.i18n import N_
from finance_core.storage import category_state, panels
from finance_core.storage.database import MongoDatabase
from finance_core.storage.named_values import Shelf

YEARS_BACK: Final = 3
"""Number of years that "what happened next" looks back."""
USUAL_BARS: Final = 300
"""Bars that are enough for nearly every condition."""
DAYS_OF_A_BAR: Final = 1.6
"""Calendar days for one bar, with weekends and holidays."""
DAYS_OF_A_YEAR: Final = 365.25

SAVED: Final = Shelf(
    "screens",
    "screens",
    "query",
    limit=100,
    too_many=N_("검색은 {limit}개까지 저장합니다. 쓰지 않는 것을 지우십시오."),
)
"""Screens by name; the value is the query of the page's URL."""


def panel_for(db: MongoDatabase, category: Category, tree: Node, as_of: dt.date | None, years_back: int = 0) -> Panel:
    """The panel with all bars that `tree` needs on `as_of`, and on each day of the `years_back` years before it.

    It reaches `USUAL_BARS` back at least, and begins on the first day of a month, so that questions share it. Raises
    SisepanError as `panels.panel`.
    """
    needed = max(USUAL_BARS, *(evaluation.bars_needed(node) for node in [tree, *screen.columns_of(tree)]))
    day = _asked(db, category, as_of)
    begin = _before(day, needed * DAYS_OF_A_BAR + 30 + DAYS_OF_A_YEAR * years_back)
    return panels.panel(db, category, begin.replace(day=1))


def ask(db: MongoDatabase, category: Category, tree: Node, as_of: dt.date | None = None) -> Result:
    """Which tickers of `category` the condition holds for, at the last session up to `as_of`."""
    day = _asked(db, category, as_of)
    return screen.screen(panel_for(db, category, tree, day), tree, np.datetime64(day))


def what_followed(db: MongoDatabase, category: Category, tree: Node, as_of: dt.date | None = None) -> list[Outcome]:
    """How prices moved after the days of the last `YEARS_BACK` years on which the condition held."""
    day = _asked(db, category, as_of)
    since = _before(day, DAYS_OF_A_YEAR * YEARS_BACK)
    panel = panel_for(db, category, tree, day, YEARS_BACK)
    return outcomes.outcomes(panel, tree, np.datetime64(day), np.datetime64(since))


def _asked(db: MongoDatabase, category: Category, as_of: dt.date | None) -> dt.date:
    """The day of a question: `as_of`, but not after the newest bar. Samples count only if there are no real bars."""
    newest = category_state.newest_bar(db, category, real=True) or category_state.newest_bar(db, category)
    days = [day for day in (as_of, newest and newest.date()) if day]
    return min(days, default=dt.date.today())


def _before(day: dt.date, days: float) -> dt.date:
    """The date `days` days before `day`, or the first possible date."""
    return day - dt.timedelta(days=min(math.ceil(days), (day - dt.date.min).days))
