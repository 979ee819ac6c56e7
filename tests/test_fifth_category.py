"""A fifth category is one row of `categories.py` and one CSV: its page, search and update come with them."""

from pathlib import Path

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from finance_core import categories, starter
from finance_core.categories import Average, Category, Market
from finance_core.storage import prices
from finance_core.storage.database import MongoDatabase
from finance_core.ui import listing, search_box
from tests import pages
from tests.yahoo import Listing, YahooStandIn, random_walk
from updaters import category_update as update

pytestmark = pytest.mark.slow

CRYPTO = Category(
    key="crypto",
    collection="crypto",
    title="Crypto",
    icon=":material/currency_bitcoin:",
    default_ticker="BTC",
    headlines=("BTC",),
    ticker_pattern=r"[A-Z0-9]{2,8}",
    currency="USD",
    decimals=((0, 2),),
    markets=(Market("COINS", "24/7", "-USD"),),
    average_sets=((Average(7), Average(30)),),
    default_averages=(Average(7), Average(30)),
    rising_is_red=False,
    update_command="updaters.command",
)


@pytest.fixture
def crypto(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Category:
    """The row, and the list."""
    monkeypatch.setattr(categories, "CATEGORIES", (*categories.CATEGORIES, CRYPTO))
    (tmp_path / "crypto.csv").write_text("ticker,name,name_en,market\nBTC,비트코인,Bitcoin,COINS\n", encoding="utf-8")
    monkeypatch.setattr(starter, "DIRECTORY", tmp_path)
    return CRYPTO


def test_a_fifth_category_gets_its_update_its_search_and_its_page(
    own_server_db: MongoDatabase, yahoo: YahooStandIn, crypto: Category
) -> None:
    days = pd.date_range("2024-01-01", "2026-11-20")
    yahoo.listings["BTC-USD"] = Listing(random_walk(days, 1), currency="USD", timezone="UTC", opens="00:00")
    assert update.run(own_server_db, crypto, ["BTC"]).added == len(days)
    assert len(prices.load(own_server_db, crypto, "BTC")) == len(days)

    listing.forget()
    searched = search_box.data(own_server_db, crypto, may_add=False)["categories"]
    assert [row[0] for each in searched if each["title"] == "Crypto" for row in each["rows"]] == ["BTC"]

    home = AppTest.from_file(pages.PAGES_DIR.parent / "Home.py", default_timeout=60).run()
    assert "Crypto" in [header.value for header in home.subheader]
    page = AppTest.from_function(open_page, default_timeout=60).run()
    assert not page.error
    _, source = pages.chart(page)
    assert source["종가"].iloc[-1] == random_walk(days, 1)["close"].iloc[-1]
    assert "MA7" in source.columns


def open_page() -> None:
    from finance_core.ui.viewer import page as viewer
    from updaters import category_update as update

    viewer.show("crypto", update.run)
