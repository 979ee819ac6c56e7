"""What the page of a market shows, by its address: `?category=korean_stocks&market=KOSPI&span=1M`; and its panel."""

import datetime as dt
from dataclasses import dataclass, replace

import numpy as np

from finance_core import categories
from finance_core.bars import breadth
from finance_core.bars import panel as panels
from finance_core.bars.breadth import Span
from finance_core.bars.panel import Panel
from finance_core.categories import CATEGORIES, Category
from finance_core.i18n import N_
from finance_core.storage import panels as stored
from finance_core.storage.database import MongoDatabase
from finance_core.ui import parameters
from finance_core.ui.parameters import Parameter

STOCKS = {category.key: category for category in CATEGORIES if category.currency and not category.rates}
"""The categories that are markets, by key."""
INDEX = {"korean_stocks": ("indices", "^KS11"), "us_stocks": ("indices", "^GSPC")}
"""The category and ticker of the index beside which the breadth of a market is drawn."""
YEARS = 1
"""How far back breadth goes; a year before it, for averages and new highs, is read too."""
SPANS: dict[Span, str] = {
    "1D": N_("1일"),
    "1W": N_("1주"),
    "1M": N_("1개월"),
    "3M": N_("3개월"),
    "6M": N_("6개월"),
    "YTD": N_("금년"),
    "1Y": N_("1년"),
}
"""Message ids of the names on buttons."""


@dataclass(frozen=True)
class View:
    """What the page shows."""

    category: str = "korean_stocks"
    market: str = ""
    """Key of a market of the category; "" for all."""
    span: Span = "1D"

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
    not_traded: int
    """Tickers with bars, but none on the last session."""
    samples: int
    """Sample tickers that were left out."""
    is_sample: bool
    """Whether all prices are samples."""


def load(db: MongoDatabase, view: View) -> Market:
    """The market that `view` means. Raises SisepanError where it does not fit into memory."""
    today = dt.datetime.now(dt.UTC).date()
    whole = stored.panel(db, view.of, today - dt.timedelta(days=366 * (YEARS + 1)))
    meant = np.full(len(whole.tickers), True) if not view.market else whole.text("market") == view.market
    has_bars = meant & (whole.counts > 0)
    sample = has_bars & (whole.text("source") == "sample")
    is_sample = bool(has_bars.any() and sample[has_bars].all())
    kept = has_bars if is_sample else has_bars & ~sample
    panel = whole if kept.all() else _only(whole, kept)
    counted = breadth.traded(panel)
    return Market(
        panel=panel,
        counted=counted,
        without_prices=int((meant & ~has_bars).sum()),
        not_traded=int((~counted).sum()),
        samples=0 if is_sample else int(sample.sum()),
        is_sample=is_sample,
    )


def _only(panel: Panel, kept: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> Panel:
    """The panel of some of its tickers, with the sessions that these have."""
    names = [ticker for ticker, is_kept in zip(panel.tickers, kept.tolist(), strict=True) if is_kept]
    part = panels.replaced(panel, {}, names)
    return replace(part, texts={name: texts[kept] for name, texts in panel.texts.items()})
