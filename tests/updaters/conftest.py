"""What tests of updates need: a Yahoo that has Samsung, a shell that speaks Korean, and short waits."""

import pytest

from tests.updaters.updating import DAYS
from tests.yahoo import Listing, YahooStandIn, random_walk
from updaters import rate_limit
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
