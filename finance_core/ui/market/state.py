"""What the page of a market shows, by its address: `?category=korean_stocks&market=KOSPI&span=1M`; and its panel."""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import numpy as np
import streamlit as st

from finance_core import categories
from finance_core.bars import breadth
from finance_core.bars.panel import Panel
from finance_core.categories import CATEGORIES, Category
from finance_core.i18n import N_
from finance_core.storage import database, panels
from finance_core.storage.database import MongoDatabase
from finance_core.ui import parameters
from finance_core.ui.parameters import PERIODS, Parameter

T = TypeVar("T")
STOCKS = {category.key: category for category in CATEGORIES if category.currency and not category.rates}
"""The categories that are markets, by key."""
MOST_KEPT = 32
"""Pictures and tables that are kept for all visitors; the map of a whole market takes 1 MB."""
YEARS = 1
"""How far back breadth goes; a year before it, for averages and new highs, is read too."""
SPANS: dict[str, str] = {"1D": N_("1일")} | {period: PERIODS[period] for period in breadth.PERIODS}
"""Message ids of the names on buttons."""


@dataclass(frozen=True)
class View:
    """What the page shows."""

    category: str = "korean_stocks"
    market: str = ""
    """Key of a market of the category; "" for all."""
    span: str = "1D"

    @property
    def of(self) -> Category:
        """The category."""
        return categories.category(self.category)


TABLE: tuple[Parameter, ...] = (
    parameters.choice("category", "category", {key: key for key in STOCKS}),
    parameters.choice(
        "market", "market", {market.key: market.key for category in STOCKS.values() for market in category.markets}
    ),
    parameters.choice("span", "span", {span: span for span in SPANS}),
)


def parse(texts: dict[str, str]) -> tuple[View, list[str]]:
    """The view that an address names, and a sentence for each parameter that cannot be used."""
    view, problems = parameters.parse(texts, TABLE, View())
    if view.market not in {market.key for market in view.of.markets}:
        view = replace(view, market="")
    return view, list(problems.values())


@dataclass(frozen=True)
class Market:
    """The tickers of a market that can be judged, and how many others there are."""

    panel: Panel
    """Of the tickers that `view` means, but for samples beside real prices."""
    counted: np.ndarray[tuple[int], np.dtype[np.bool_]]
    """Which of them have a bar on the last session."""
    without_prices: int
    unreadable: int
    """Tickers whose stored bars contradict each other."""
    not_traded: int
    """Tickers with bars, but none on the last session."""
    samples: int
    """Sample tickers that were left out."""
    is_sample: bool
    """Whether all prices are samples."""
    key: str
    """Names these tickers and bars, and no other ones."""


def load(db: MongoDatabase, view: View) -> Market:
    """The market that `view` means. Raises SisepanError where it does not fit into memory."""
    today = dt.datetime.now(dt.UTC).date()
    since = today - dt.timedelta(days=366 * (YEARS + 1))
    whole = panels.panel(db, view.of, since)
    meant = np.full(len(whole.tickers), True) if not view.market else whole.text("market") == view.market
    unreadable = meant & np.isin(whole.tickers, list(whole.unreadable))
    has_bars = meant & (whole.counts > 0)
    sample = has_bars & (whole.text("source") == "sample")
    is_sample = bool(has_bars.any() and sample[has_bars].all())
    panel = whole.only(has_bars if is_sample else has_bars & ~sample)
    counted = breadth.traded(panel)
    texts = hash(tuple(tuple(texts) for texts in whole.texts.values()))
    return Market(
        panel=panel,
        counted=counted,
        without_prices=int((meant & ~has_bars & ~unreadable).sum()),
        unreadable=int(unreadable.sum()),
        not_traded=int((~counted).sum()),
        samples=0 if is_sample else int(sample.sum()),
        is_sample=is_sample,
        key=repr((database.address(), db.name, view.category, view.market, since, whole.version, texts)),
    )


def once(market: Market, *what: object, compute: Callable[[], T]) -> T:
    """What `compute` makes of a market, under the name `what`: once for all visitors, until the market changes."""
    made: T = _once(repr((market.key, *what)), compute)
    return made


@st.cache_resource(max_entries=MOST_KEPT, show_spinner=False)
def _once(key: str, _compute: Callable[[], Any]) -> Any:  # an argument with an underscore is not part of the key
    del key
    return _compute()
