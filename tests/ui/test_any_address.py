"""Addresses as nobody would write them: every one draws its chart, and what cannot be used is a sentence."""

import random

import pandas as pd
import pytest

from finance_core.bars import candles, periods
from finance_core.categories import KOREAN_STOCKS
from finance_core.storage.database import MongoDatabase
from finance_core.ui import listing
from finance_core.ui.comparison import address as comparison_address
from finance_core.ui.viewer import address
from tests import pages
from tests.yahoo import YahooStandIn

DAYS = ["0001-01-01", "1600-01-01", "1677-09-21", "1970-01-01", "2024-02-30", "2020-01-01", "2262-04-12", "9999-12-31"]
ODD = [
    "",
    " ",
    "0",
    "-1",
    "NaN",
    "null",
    "1e309",
    "%00",
    "\x00",
    "\u202e",
    "가" * 300,
    "<b>",
    "{}",
    "$ne",
    "5,5,5",
    "²",
]
TEXTS = {
    "ticker": ["005930", "AAPL", "^GSPC"],
    "period": ["1W", "1M", "YTD", "MAX"],
    "from": DAYS,
    "to": DAYS,
    "base": DAYS,
    "unit": ["D", "W", "M"],
    "ma": ["5,20", "none", "5,ema20"],
    "scale": ["log", "linear", "percent", "price"],
    "currency": ["KRW", "USD", "local"],
    "series": ["korean_stocks:005930", "korean_stocks:005930,korean_stocks:005930", "nowhere:x,:,::"],
    "colors": ["0", "1,1", "99,²"],
    "lang": ["ko", "en", "xx"],
}


def addresses(count: int, seed: int) -> list[dict[str, str]]:
    """Random addresses; the same for the same seed."""
    chance = random.Random(seed)

    def text(name: str) -> str:
        return chance.choice(TEXTS[name] if chance.random() < 0.7 else ODD)

    return [{name: text(name) for name in chance.sample(sorted(TEXTS), chance.randint(1, 6))} for _ in range(count)]


@pytest.mark.slow
@pytest.mark.parametrize("count", [1_500, pytest.param(5_000, marks=pytest.mark.exhaustive)])
def test_thousands_of_addresses_name_bars_that_are_there(count: int) -> None:
    bars = candles.clean(pages.made_table())[0]
    dates = {unit: pd.DatetimeIndex(periods.resample(bars, unit).index) for unit in ("D", "W", "M")}
    for texts in addresses(count, seed=15):
        view, problems = address.parse(texts, KOREAN_STOCKS)
        first, last = view.visible(dates[view.interval])
        assert 0 <= first <= last < len(dates[view.interval]), texts
        assert all(len(problem) < 300 for problem in problems)
        comparison, _problems = comparison_address.parse(texts)
        written = comparison_address.texts_of(comparison)
        again = comparison_address.parse(written)[0]
        assert comparison_address.texts_of(again) == written
        assert again.bounds == comparison.bounds
        pd.Timestamp(comparison.base or 0)


@pytest.mark.slow
@pytest.mark.parametrize("count", [8, pytest.param(40, marks=pytest.mark.exhaustive)])
@pytest.mark.parametrize("page", ["korean_stocks", "comparison"])
def test_the_page_of_any_address_has_its_chart(
    own_server_db: MongoDatabase, yahoo: YahooStandIn, page: str, count: int
) -> None:
    pages.update_from(yahoo, own_server_db, {"005930": pages.made_table()}, {})
    for texts in addresses(count, seed=16):
        texts |= {"series": f"korean_stocks:005930,{texts.get('series', '')}"}
        listing.forget()
        drawn = pages.open_viewer(page, **texts)
        assert not drawn.exception, texts
        assert not drawn.error, texts
        assert pages.chart(drawn)[0], texts
