"""What the benchmarks share. They print ratios; how to run them is in the README.

python -m pytest tests/benchmarks -o addopts= -s
"""

import statistics
import time
from collections.abc import Callable, Iterator

import numpy as np
import pandas as pd
import pytest
from playwright.sync_api import Browser, Page

from finance_core.bars import candles
from finance_core.categories import Category
from finance_core.storage import database, prices, tickers
from finance_core.storage.database import MongoDatabase
from tests.e2e.conftest import CHROMIUM, FLAGS, VISITOR, browser, start  # noqa: F401 - fixtures
from tests.e2e.conftest import own_app as app  # noqa: F401
from tests.yahoo import random_walk

CENTURY = 24_778
"""Daily bars of a century."""


@pytest.fixture(scope="session")
def browser_flags() -> list[str]:
    """Those of a visitor's browser, but for what needs a screen."""
    return FLAGS


@pytest.fixture(scope="session")
def browser_names() -> tuple[str, ...]:
    """What a visitor has."""
    return CHROMIUM


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:  # noqa: F811 - the fixture
    """A tab of a visitor whose browser has fetched and compiled nothing yet."""
    context = browser.new_context(**VISITOR)
    yield context.new_page()
    context.close()


def bars_of(count: int) -> pd.DataFrame:
    """Clean bars of `count` weekdays up to 2026-11-20."""
    days = pd.bdate_range(end="2026-11-20", periods=count)
    return candles.clean(random_walk(pd.DatetimeIndex(days), 1))[0]


def store(db: MongoDatabase, category: Category, ticker: str, name: str, bars: pd.DataFrame) -> None:
    """Store a ticker of the category's first market as an update leaves it: with indexes, and what lists show of it.

    Without the indexes, and without the moment of the change, each page would read all bars again.
    """
    database.prepare_writing(db, category, bars=True)
    tickers.register(db, category, [{"ticker": ticker, "name": name, "market": category.markets[0].key}])
    prices.write(db, category, ticker, bars)
    state = prices.state(db, category, ticker)
    tickers.record(db, category, ticker, {**state, "source": "yahoo", "bars_changed_at": tickers.now()})


def seconds(work: Callable[[], object], times: int = 15) -> float:
    """The median of `times` runs, after a warm one."""
    work()
    taken = []
    for _ in range(times):
        begun = time.perf_counter()
        work()
        taken.append(time.perf_counter() - begun)
    return statistics.median(taken)


def tell(name: str, **numbers: float) -> None:
    """Print one result."""
    print(f"\n{name}: " + ", ".join(f"{key} {value:,.3g}" for key, value in numbers.items()), end="")  # noqa: T201


def random_documents(count: int, per_ticker: int = 2_500) -> list[dict[str, object]]:
    """Bars of other tickers, to fill a collection with."""
    random = np.random.default_rng(1)
    days = pd.bdate_range(end="2026-11-20", periods=per_ticker).to_pydatetime()
    closes = random.uniform(1_000, 100_000, count).round().tolist()
    return [
        {
            "ticker": f"X{position // per_ticker:05}",
            "date": days[position % per_ticker],
            "open": close,
            "high": close,
            "low": close,
            "close": close,
            "volume": 1_000,
        }
        for position, close in enumerate(closes)
    ]
