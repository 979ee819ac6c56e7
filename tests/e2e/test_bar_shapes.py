"""What a chart draws of its bars: each of them in a short view, and in a long one what the pixels can show."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from playwright.sync_api import Page

from finance_core.bars import candles
from finance_core.categories import KOREAN_STOCKS
from finance_core.charts.style import BLUE, RED
from finance_core.storage import prices
from finance_core.storage.database import MongoDatabase
from tests import pages
from tests.e2e.test_korean_stocks import IS_READ_OUT, open_chart, readout
from tests.processes import wait_until
from tests.yahoo import YahooStandIn

pytestmark = pytest.mark.slow

# Of the series at a position: where its drawn bars are, and their values.
DRAWN = """position => {
  const series = document.querySelector('.echarts-container').chart.getModel().getSeriesByIndex(position);
  const data = series.getData(), [store, names] = [data.getStore(), data.mapDimensionsAll('y')];
  const column = name => Array.from({length: data.count()}, (_, row) => {
    const value = store.get(data.getDimensionIndex(name), row);
    return Number.isNaN(value) ? null : value;
  });
  return {name: series.name, at: column(data.mapDimension('x')), values: names.map(column)};
}"""
# The number of drawn bars, by shape and colour.
SHAPES = """() => {
  const counts = {}, {chart} = document.querySelector('.echarts-container');
  for (const {shape, style} of chart.getZr().storage.getDisplayList()) {
    if (!shape?.bars) continue;
    const key = [shape.draw, style.stroke ?? style.fill].join(' ');
    counts[key] = (counts[key] ?? 0) + shape.bars.length;
  }
  return counts;
}"""
ZOOM = """([first, last]) => document.querySelector('.echarts-container').chart.dispatchAction(
  {type: 'dataZoom', startValue: first, endValue: last})"""
KINDS = ("candles", "unseen", "volumes", "average")


@pytest.fixture
def bars(own_server_db: MongoDatabase, yahoo: YahooStandIn) -> pd.DataFrame:
    pages.update_from(yahoo, own_server_db, {"005930": pages.made_table(first="2012-01-02", halted=4)}, {})
    return prices.load(own_server_db, KOREAN_STOCKS, "005930")


def drawn(page: Page) -> dict[str, pd.DataFrame]:
    found = [page.evaluate(DRAWN, position) for position in range(len(KINDS))]
    frames = (pd.DataFrame(dict(enumerate(each["values"])), index=each["at"], dtype=float) for each in found)
    return dict(zip(KINDS, frames, strict=True))


def test_a_short_view_draws_every_bar_in_its_colour(bars: pd.DataFrame, app: Callable[[], str], page: Page) -> None:
    open_chart(page, f"{app()}/korean_stocks?period=1Y&type=candles")
    shown = drawn(page)
    seen = bars.iloc[shown["candles"].index.astype(int)]
    assert len(seen) > 200
    np.testing.assert_allclose(shown["candles"].to_numpy(), seen[list(candles.PRICES)].to_numpy(), rtol=1e-6)
    rising = int((seen["close"] >= seen["open"]).sum())
    counts: dict[str, Any] = page.evaluate(SHAPES)
    assert counts == {
        **{f"{shape} {RED}": rising for shape in ("candle", "column")},
        **{f"{shape} {BLUE}": len(seen) - rising for shape in ("candle", "column")},
    }


@pytest.mark.parametrize(("first", "last", "size"), [(0, None, 8), (1003, 3498, 8), (1001, 2702, 4), (2501, 3330, 2)])
def test_a_long_view_draws_for_each_pixel_what_its_visible_bars_reach(
    bars: pd.DataFrame, app: Callable[[], str], page: Page, first: int, last: int | None, size: int
) -> None:
    page.set_viewport_size({"width": 700, "height": 800})
    open_chart(page, f"{app()}/korean_stocks?period=MAX")
    assert len(bars) > 3_600
    if last:
        page.evaluate(ZOOM, [first, last])
    seen = bars.iloc[first : (last or len(bars)) + 1]
    shown = drawn(page)
    pixel = np.arange(first, first + len(seen)) // size
    assert len(set(pixel)) < 620, "the chart has some 600 pixels, and the bars of half as many groups had room"
    how = {"open": "first", "high": "max", "low": "min", "close": "last", "volume": "max"}
    merged = seen.groupby(pixel).agg(how)
    np.testing.assert_allclose(shown["candles"].to_numpy(), merged[list(candles.PRICES)].to_numpy(), rtol=1e-6)
    np.testing.assert_allclose(shown["volumes"][0].to_numpy(), merged["volume"].to_numpy(), rtol=1e-6)
    for series in shown.values():
        assert seen.index[0] <= bars.index[int(series.index[0])]
        assert bars.index[int(series.index[-1])] <= seen.index[-1], "no bar that is out of sight"
    average = bars["close"].rolling(5).mean().iloc[first : first + len(seen)]
    line = shown["average"][0].groupby(shown["average"].index // size)
    for side in ("min", "max"):
        reached = getattr(average.groupby(pixel), side)()
        np.testing.assert_allclose(getattr(line, side)().to_numpy(), reached.to_numpy(), rtol=1e-6)
    assert len(shown["average"]) <= 2 * len(merged)


def test_the_pointer_reads_the_very_bar_in_a_long_view(bars: pd.DataFrame, app: Callable[[], str], page: Page) -> None:
    page.set_viewport_size({"width": 700, "height": 800})
    open_chart(page, f"{app()}/korean_stocks?period=MAX")
    box = page.locator("canvas").first.bounding_box()
    assert box is not None
    days = []
    for across in range(200, 206):
        x = round(box["x"]) + across
        page.mouse.move(x, box["y"] + 150)
        assert wait_until(lambda x=x: page.evaluate(IS_READ_OUT, [x]), 5)
        days.append(pd.Timestamp(readout(page)[:10]))
        assert f"{bars.loc[days[-1], 'close']:,.0f}" in readout(page)
    assert len({int(bars.index.get_loc(day)) % 8 for day in days}) > 2, "not only those that are drawn"
