"""The view of a market page from its address, such as `?category=us_stocks&market=NYSE&index=sp500`, and its panel."""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeVar, get_args

import numpy as np
import streamlit as st

from finance_core import categories
from finance_core.bars import breadth
from finance_core.bars.panel import Panel
from finance_core.categories import CATEGORIES, Category
from finance_core.i18n import N_
from finance_core.starter import MARKET_LISTS
from finance_core.storage import category_state, database, market_lists, panels
from finance_core.storage.database import MongoDatabase
from finance_core.ui import parameters
from finance_core.ui.parameters import PERIODS, Parameter

T = TypeVar("T")
STOCKS = {category.key: category for category in CATEGORIES if category.has_money}
"""The categories that are markets, by key."""
INDEX_LISTS = {each.key: each for each in MARKET_LISTS if not each.market}
"""The indices whose members are known, by key."""
MOST_KEPT = 32
"""Cached charts and tables, for all visitors; the map of a whole market takes 1 MB."""
YEARS = 1
"""The years of breadth that are shown."""
LOOKBACK = dt.timedelta(days=366 * (YEARS + 1) + 130)
"""How far back bars are read: so far that the highest of a year is known on the first day that is shown, also of a
ticker that has no bar on every fifth day."""
Size = Literal["market", "traded"]
SIZES: dict[Size, str] = {"market": N_("시가총액"), "traded": N_("하루 거래대금")}
"""Message ids of the possible areas of the map: market value, or value traded per day."""
Tab = Literal["map", "breadth", "industries"]
TABS: dict[Tab, str] = {"map": N_("지도"), "breadth": N_("등락 현황"), "industries": N_("업종")}
"""Message ids of the titles of the tabs."""
SPANS: dict[str, str] = {"1D": N_("1일")} | {period: PERIODS[period] for period in breadth.PERIODS}
"""Message ids of the names on buttons."""


CATEGORY: Parameter = parameters.choice("category", "category", {key: key for key in STOCKS})


@dataclass(frozen=True)
class View:
    """Everything that decides what the page shows."""

    category: str = "korean_stocks"
    market: str = ""
    """Key of a market of the category; "" means all markets."""
    index: str = ""
    """Key of an index of the category, whose members are shown; "" means all tickers."""
    span: str = "1D"
    size: Size = "market"
    tab: Tab = "map"
    day: dt.date | None = None
    """The day whose counts are shown below the breadth chart; None means the last session."""
    mark: str = ""
    """The count (a `breadth.Mark`) whose tickers are listed below it; "" means none."""
    industries: tuple[str, ...] = ()
    """The industries that are shown below their table; "" is that of the tickers without one."""

    @property
    def of(self) -> Category:
        """The category with the key `category`."""
        return categories.category(self.category)


def table(category: Category) -> tuple[Parameter, ...]:
    """The parameters of the address of the page of `category`."""
    indices = [index.key for index in INDEX_LISTS.values() if index.category is category]
    return (
        CATEGORY,
        parameters.choice("market", "market", {market.key: market.key for market in category.markets}),
        parameters.choice("index", "index", {key: key for key in indices}),
        parameters.choice("span", "span", {span: span for span in SPANS}),
        parameters.choice("size", "size", {size: size for size in SIZES}),
        parameters.choice("tab", "tab", {tab: tab for tab in TABS}),
        parameters.day("day", "day", "2026-03-02"),
        parameters.choice("mark", "mark", {mark: mark for mark in get_args(breadth.Mark)}),
        # Names of industries have commas and semicolons.
        Parameter("industries", "industries", lambda text: tuple(text.split("|")), "|".join),
    )


def parse(texts: dict[str, str]) -> tuple[View, list[str]]:
    """The view of an address, and a sentence for each parameter that cannot be used."""
    of_category, _problems = parameters.parse(texts, [CATEGORY], View())
    view, problems = parameters.parse(texts, table(of_category.of), View())
    return view, list(problems.values())


def texts_of(view: View) -> dict[str, str]:
    """The parameters of the address of `view`; defaults are left out."""
    return parameters.texts_of(view, table(view.of), View())


@dataclass(frozen=True)
class Market:
    """The tickers of a market that have bars, and the numbers of tickers that are left out."""

    panel: Panel
    """The bars of the tickers of a view. Sample tickers are left out if any prices are real."""
    counted: np.ndarray[tuple[int], np.dtype[np.bool_]]
    """A mask of the tickers in the panel with a bar on the last session."""
    without_prices: int
    unreadable: int
    """Tickers whose stored bars contradict each other."""
    not_traded: int
    """Tickers with bars, but none on the last session."""
    ahead: int
    """Tickers with bars of a newer session, which most tickers do not have yet."""
    samples: int
    """Sample tickers that are left out."""
    with_industry: int
    """Tickers with an industry, whether they are left out or not."""
    samples_with_industry: int
    """Sample tickers with an industry that are left out."""
    not_collected: int
    """Members of the index that are no tickers of the category."""
    members_on: dt.datetime | None
    """The date of the list of the index's members; None without an index."""
    is_sample: bool
    """Whether all prices are samples."""
    key: str
    """A text that identifies these tickers and bars."""


def load(db: MongoDatabase, view: View) -> Market:
    """The market of `view`. Raises SisepanError where it does not fit into memory."""
    since = _since(db, view.of)
    whole = panels.panel(db, view.of, since)
    selected = np.full(len(whole.tickers), True) if not view.market else whole.text("market") == view.market
    members, members_on = frozenset[str](), None
    if view.index:
        listing = market_lists.last_good(db, INDEX_LISTS[view.index].file)
        rows = [row for row in listing["rows"] if "gone" not in row and view.market in ("", row["market"])]
        members, members_on = frozenset(row["ticker"] for row in rows), listing["date"]
        selected &= np.isin(whole.tickers, list(members))
    unreadable = selected & np.isin(whole.tickers, list(whole.unreadable))
    has_bars = selected & (whole.counts > 0)
    sample = has_bars & (whole.text("source") == "sample")
    has_industry = selected & (whole.text("industry") != "")
    is_sample = bool(has_bars.any() and sample[has_bars].all())
    newest = whole.only(has_bars if is_sample else has_bars & ~sample)
    panel = newest.as_of(breadth.last_whole(newest)) if len(newest.sessions) else newest
    counted = breadth.traded(panel)
    shares = [] if whole.shares is None else [each.tobytes() for each in vars(whole.shares).values()]
    known = hash((*map(tuple, whole.texts.values()), *shares))
    return Market(
        panel=panel,
        counted=counted,
        without_prices=int((selected & ~has_bars & ~unreadable).sum()),
        unreadable=int(unreadable.sum()),
        not_traded=int((~counted).sum()),
        ahead=int((newest.counts > panel.counts).sum()),
        not_collected=len(members.difference(whole.tickers)),
        members_on=members_on,
        samples=0 if is_sample else int(sample.sum()),
        with_industry=int(has_industry.sum()),
        samples_with_industry=0 if is_sample else int((sample & has_industry).sum()),
        is_sample=is_sample,
        key=repr((database.address(), db.name, view.category, view.market, hash(members), since, whole.version, known)),
    )


def _since(db: MongoDatabase, category: Category) -> dt.date:
    """The first day whose bars are read: so long before the newest real bar, which need not be a recent one."""
    newest = category_state.newest_bar(db, category, real=True) or category_state.newest_bar(db, category)
    today = dt.datetime.now(dt.UTC).date()
    return min(today, newest.date() if newest else today) - LOOKBACK


def once(market: Market, *what: object, compute: Callable[[], T]) -> T:
    """The result of `compute` for a market, cached under the name `what` for all visitors until the market changes."""
    return _once(repr((market.key, *what)), compute)


@st.cache_resource(max_entries=MOST_KEPT, show_spinner=False)
def _once(key: str, _compute: Callable[[], T]) -> T:  # arguments with an underscore are not part of the cache key
    del key
    return _compute()
