"""What tests of updates need: a Yahoo that has Samsung, a shell that speaks Korean, and short waits."""

from functools import partial

import pytest

from finance_core.categories import KOREAN_STOCKS
from finance_core.storage import tickers
from finance_core.storage.database import MongoDatabase
from tests.commands import run_here
from tests.updaters.commanding import THREE, Command
from tests.updaters.updating import DAYS
from tests.yahoo import Listing, YahooStandIn, random_walk
from updaters import command, rate_limit
from updaters import yahoo as product


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Waits between attempts as short as can be."""
    monkeypatch.setattr(product, "RETRY_WITHIN", 0.01)
    monkeypatch.setattr(rate_limit, "FIRST_PAUSE", 0.02)


@pytest.fixture
def korean_shell(monkeypatch: pytest.MonkeyPatch) -> None:
    """Commands speak Korean, whatever the shell of the developer speaks."""
    for name in ("LC_ALL", "LC_MESSAGES", "PYTHONIOENCODING"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LANG", "ko_KR.UTF-8")
    monkeypatch.setenv("PYTHONUTF8", "1")


@pytest.fixture
def samsung(yahoo: YahooStandIn) -> Listing:
    """Samsung as Yahoo has it, on KOSPI: 50 days of which a test may add the last 10."""
    yahoo.listings["005930.KS"] = Listing(random_walk(DAYS, seed=1).iloc[:50])
    return yahoo.listings["005930.KS"]


@pytest.fixture
def short_timeout(monkeypatch: pytest.MonkeyPatch) -> None:
    """An answer of Yahoo may take half a second."""
    monkeypatch.setattr(product, "TIMEOUT", 0.5)


@pytest.fixture
def three(db: MongoDatabase, yahoo: YahooStandIn) -> dict[str, Listing]:
    """Three registered tickers of KOSPI and what Yahoo has of them."""
    tickers.register(db, KOREAN_STOCKS, [{"ticker": each, "name": each, "market": "KOSPI"} for each in THREE])
    listings = {each: Listing(random_walk(DAYS, seed=int(each))) for each in THREE}
    yahoo.listings |= {f"{each}.KS": listing for each, listing in listings.items()}
    return listings


@pytest.fixture
def updated() -> Command:
    """Runs the command of the Korean stocks in this process."""
    return partial(run_here, partial(command.main, "korean_stocks"))
