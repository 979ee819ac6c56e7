"""What a comparison costs: in Python as ratios to plainer ways, and in frames while zooming."""

import statistics
from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from playwright.sync_api import Page

from finance_core.bars import candles, comparison, pairs
from finance_core.categories import KOREAN_STOCKS
from finance_core.charts import comparison as comparison_chart
from finance_core.charts.comparison import Line
from finance_core.storage import prices
from finance_core.storage.database import MongoDatabase
from tests.benchmarks.conftest import bars_of, seconds, store, tell
from tests.benchmarks.test_browser_speed import frames_of

NAMES = [f"{number:06}" for number in range(10)]


@pytest.fixture
def ten(own_server_db: MongoDatabase) -> MongoDatabase:
    """Ten series of ten thousand bars, of which each misses other days."""
    bars = bars_of(10_000)
    for position, name in enumerate(NAMES):
        moved = bars.drop(bars.index[position + 1 :: 97])
        moved[candles.PRICES] *= 1 + position / 10
        store(own_server_db, KOREAN_STOCKS, name, f"회사 {name}", moved)
    return own_server_db


def to_option(db: MongoDatabase) -> comparison_chart.Option:
    """All that the page does between MongoDB and the browser for its chart."""
    closes = comparison.align({name: prices.load(db, KOREAN_STOCKS, name)["close"] for name in NAMES})
    drawn = comparison.joined(closes, closes.notna())
    lines = [Line(name, slot, "circle", 0) for slot, name in enumerate(NAMES)]
    return comparison_chart.option(lines, drawn, closes, "percent")


def test_ten_series_of_ten_thousand_bars_from_mongodb_to_an_option(ten: MongoDatabase) -> None:
    reference = seconds(lambda: [prices.load(ten, KOREAN_STOCKS, name) for name in NAMES], 7)
    ours = seconds(lambda: to_option(ten), 7)
    tell("10 × 10,000 bars to an option", ms=ours * 1000, reference_ms=reference * 1000, ratio=ours / reference)
    assert ours / reference < 3


def test_a_hundred_pairs_of_correlations_against_those_of_pandas() -> None:
    random = np.random.default_rng(1)
    days = pd.bdate_range(end="2026-11-20", periods=10_000)
    walks = 100 * np.exp(np.cumsum(random.normal(0, 0.01, (10_000, 14)), axis=0))  # 14 series are 105 pairs
    closes = pd.DataFrame(walks, index=days, columns=[f"s{n}" for n in range(14)])
    closes = closes.where(random.uniform(size=closes.shape) > 0.03)
    reference = seconds(lambda: np.log(closes).diff().corr(), 15)
    ours = seconds(lambda: pairs.correlations(closes), 15)
    tell("105 correlations", ms=ours * 1000, reference_ms=reference * 1000, ratio=ours / reference)
    assert ours / reference < 2


@pytest.mark.timeout(300)
@pytest.mark.usefixtures("ten")
def test_zoom_and_pan_through_ten_series(app: Callable[[], str], page: Page) -> None:
    series = ",".join(f"korean_stocks:{name}" for name in NAMES)
    page.goto(f"{app()}/comparison?series={series}")
    chart = page.locator("canvas").first
    chart.wait_for(timeout=60_000)
    page.wait_for_timeout(6_000)
    box = chart.bounding_box()
    assert box is not None
    frames = frames_of(page, box["x"] + box["width"] / 2, box["y"] + 200)
    per_second = 1000 / statistics.mean(frames)
    tell("ten series of 10,000 bars", frames_per_second=per_second, longest_ms=max(frames))
    assert per_second >= 55
