"""What a chart draws of its bars: each of them in a short view, and in a long one what the pixels can show."""

import io
import re
from collections.abc import Callable
from contextlib import closing

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from finance_core.bars import candles
from finance_core.categories import KOREAN_STOCKS
from finance_core.charts.style import BLUE, RED
from finance_core.storage import prices
from finance_core.storage.database import MongoDatabase
from tests import pages
from tests.e2e.conftest import VISITOR
from tests.e2e.test_chart import choose_look
from tests.e2e.test_korean_stocks import IS_READ_OUT, open_chart, readout
from tests.processes import wait_until
from tests.yahoo import YahooStandIn

pytestmark = pytest.mark.slow

CHART = "document.querySelector('.echarts-container').chart"
ZOOM = f"([first, last]) => {CHART}.dispatchAction({{type: 'dataZoom', startValue: first, endValue: last}})"
# The drawn bars: their shape and colour, whether they are filled, their pixels across and their values. `at` is the
# position of the middle among the bars of the chart, in parts of a bar.
SHAPES = f"""() => {{
  const chart = {CHART}, found = [];
  const [first, last] = chart.getModel().getComponent('dataZoom', 0).getValueRange();
  const [begin, end] = [first, last].map(position => chart.convertToPixel({{xAxisIndex: 0}}, position));
  for (const {{shape, style}} of chart.getZr().storage.getDisplayList())
    for (const [left, right, heights] of shape?.bars ?? []) {{
      const yAxisIndex = shape.draw === 'column' ? 1 : 0;
      found.push({{
        draw: shape.draw, color: style.stroke ?? style.fill, filled: style.fill !== 'none', left, right,
        at: first + ((left + right) / 2 - begin) * (last - first) / (end - begin),
        values: heights.map(height => chart.convertFromPixel({{yAxisIndex}}, height)),
      }});
    }}
  return found;
}}"""
# How wide the line of the first moving average is drawn.
WIDTH = f"""() => {{
  const {{group}} = {CHART}.getViewOfSeriesModel({CHART}.getModel().getSeries().find(each => each.name === 'MA5'));
  let width;
  group.traverse(each => {{ if (each.shape?.points && each.style.stroke) width = each.style.lineWidth; }});
  return width;
}}"""
# How many colours there are in the second quarter of a canvas, from above.
COLOURS = """canvas => {
  const quarter = canvas.height / 4, {data} = canvas.getContext('2d').getImageData(0, quarter, canvas.width, quarter);
  return new Set(new Uint32Array(data.buffer)).size;
}"""
# The drawn points of the line of the first moving average: the position of each, and its value.
LINE = f"""() => {{
  const series = {CHART}.getModel().getSeries().find(each => each.name === 'MA5'), data = series.getData();
  const column = dimension => Array.from({{length: data.count()}}, (_, row) => data.get(dimension, row));
  const known = value => Number.isNaN(value) ? null : value;
  return [column(data.mapDimension('x')), column(data.mapDimension('y')).map(known)];
}}"""


@pytest.fixture
def bars(own_server_db: MongoDatabase, yahoo: YahooStandIn) -> pd.DataFrame:
    table = pages.made_table(first="2012-01-02", halted=4)
    table.iloc[-20, 0] = table.iloc[-20, 3]  # neither rose nor fell
    pages.update_from(yahoo, own_server_db, {"005930": table}, {})
    return prices.load(own_server_db, KOREAN_STOCKS, "005930")


def drawn(page: Page, *shapes: str) -> pd.DataFrame:
    found = pd.DataFrame(page.evaluate(SHAPES))
    return found[found["draw"].isin(shapes)].sort_values("at").reset_index(drop=True)


def values(shapes: pd.DataFrame) -> np.ndarray:
    return np.array(shapes["values"].tolist())


def assert_every_bar_has_its_colour(page: Page, bars: pd.DataFrame, filled: bool) -> None:
    """`filled` tells whether bars that rose are."""
    shown, volumes = drawn(page, "candle"), drawn(page, "column")
    seen = bars.iloc[shown["at"].round().astype(int)]
    assert len(seen) > 200
    np.testing.assert_allclose(values(shown), seen[list(candles.PRICES)].to_numpy(), rtol=1e-6)
    np.testing.assert_allclose(values(volumes)[:, 0], seen["volume"].to_numpy(), rtol=1e-6, atol=1)
    rises = (seen["close"] >= seen["open"]).to_numpy()
    assert (seen["close"] == seen["open"]).any()
    for shapes in (shown, volumes):
        assert shapes["color"].tolist() == np.where(rises, RED, BLUE).tolist()
    assert shown["filled"].tolist() == np.where(rises, filled, True).tolist()


def test_a_short_view_draws_every_bar_in_its_colour_and_a_line_is_a_pixel_wide_among_more_bars_than_pixels(
    bars: pd.DataFrame, app: Callable[[], str], page: Page
) -> None:
    open_chart(page, f"{app()}/korean_stocks?period=1Y&type=candles")
    assert_every_bar_has_its_colour(page, bars, filled=True)
    for first, width in ((0, 1), (len(bars) - 200, 1.5), (0, 1)):
        page.evaluate(ZOOM, [first, len(bars) - 1])
        assert wait_until(lambda width=width: page.evaluate(WIDTH) == width)
    expect(page).to_have_url(re.compile("period=MAX"))
    page.get_by_role("radio", name="1년", exact=True).click()
    expect(page).to_have_url(re.compile("period=1Y"))
    choose_look(page, "속 빈 봉")
    assert_every_bar_has_its_colour(page, bars, filled=False)


def assert_each_pixel_has_what_its_bars_reach(
    page: Page, bars: pd.DataFrame, first: int, last: int, size: int, ratio: int
) -> None:
    """`size` is the least power of two with which groups have room in some 600 pixels, or 1,200."""
    if page.evaluate(f"{CHART}.page.knownRange") != [first, last]:
        page.evaluate(ZOOM, [first, last])
    shown, volumes, line = drawn(page, "stick"), drawn(page, "column"), page.evaluate(LINE)
    seen = bars.iloc[first : last + 1]
    position = np.arange(first, first + len(seen))
    groups = seen.assign(position=position).groupby(position // size)
    how = {"open": "first", "high": "max", "low": "min", "close": "last"}
    merged = groups.agg(how)
    np.testing.assert_allclose(values(shown), merged.to_numpy(), rtol=1e-6)
    assert shown["color"].tolist() == np.where(merged["close"] >= merged["open"], RED, BLUE).tolist()
    largest = seen.loc[groups["volume"].idxmax()]
    assert volumes["color"].tolist() == np.where(largest["close"] >= largest["open"], RED, BLUE).tolist()
    np.testing.assert_allclose(values(volumes)[:, 0], groups["volume"].max().to_numpy(), rtol=1e-6, atol=1)
    middles = groups["position"].mean().to_numpy()
    pixel = (volumes["right"].iloc[-1] - volumes["left"].iloc[0]) / len(seen)  # of a bar
    for bar in (shown, volumes):
        assert np.abs(bar["at"].to_numpy() - middles).max() * pixel <= 1 / ratio
        left, right = bar["left"].to_numpy(), bar["right"].to_numpy()
        # At the edges of the view, what is left of a group may share the pixel of the next one.
        np.testing.assert_allclose(right[1:-2], left[2:-1], atol=1e-6)
        assert np.abs(left[1:] - right[:-1]).max() <= 1.01 / ratio
    at, reached = (np.array(each, dtype=float) for each in line)
    assert first <= at.min(), "no bar that is out of sight"
    assert at.max() <= position[-1]
    average = bars["close"].rolling(5).mean().iloc[first : first + len(seen)].to_numpy()
    ends = pd.Series(average).groupby(position // size)
    for side in ("min", "max"):
        found = getattr(pd.Series(reached).groupby(at // size), side)()
        np.testing.assert_allclose(found.to_numpy(), getattr(ends, side)().to_numpy(), rtol=1e-6)
    assert len(at) <= 2 * len(middles)


@pytest.mark.parametrize(
    ("views", "ratio"), [([(0, None, 8), (1003, 3498, 8), (2501, 3330, 2)], 1), ([(1001, 2702, 2)], 2)]
)
def test_a_long_view_draws_for_each_pixel_what_its_visible_bars_reach(
    bars: pd.DataFrame,
    app: Callable[[], str],
    browser: Browser,
    views: list[tuple[int, int | None, int]],
    ratio: int,
) -> None:
    assert len(bars) > 3_600
    with closing(
        browser.new_context(**VISITOR | {"viewport": {"width": 700, "height": 800}, "device_scale_factor": ratio})
    ) as context:
        page = context.new_page()
        open_chart(page, f"{app()}/korean_stocks?period=MAX")
        for first, last, size in views:
            assert_each_pixel_has_what_its_bars_reach(page, bars, first, last or len(bars) - 1, size, ratio)


def test_the_pointer_reads_the_very_bar_in_a_long_view_whose_edge_shows_the_one_bar_that_it_leaves_of_its_pixel(
    bars: pd.DataFrame, app: Callable[[], str], page: Page
) -> None:
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

    page.mouse.move(0, 0)
    page.evaluate(ZOOM, [7, 3600])  # eight bars a pixel
    for shape, column in (("stick", "high"), ("column", "volume")):
        shapes = drawn(page, shape)
        assert (shapes["right"] - shapes["left"]).min() >= 1
        for edge, row in ((0, 7), (-1, 3600)):
            reached = values(shapes)[:, 1 if shape == "stick" else 0]
            shared = reached[shapes["left"] == shapes["left"].iloc[edge]]
            assert np.isclose(shared, bars[column].iloc[row], rtol=1e-6).any()


@pytest.mark.sampled(4)
@pytest.mark.parametrize(("ratio", "width"), [(1, 1440), (1.5, 1440), (2, 1440), (3, 390)])
def test_no_colour_covers_the_other(
    bars: pd.DataFrame, app: Callable[[], str], browser: Browser, ratio: float, width: int
) -> None:
    """A crowd of bars of which half fell looked as if most of them did."""
    viewport = {"width": width, "height": 900}
    crowds = []
    with closing(browser.new_context(**VISITOR | {"viewport": viewport, "device_scale_factor": ratio})) as context:
        page = context.new_page()
        for kind in ("candles", "bars"):
            open_chart(page, f"{app()}/korean_stocks?period=MAX&type={kind}&scale=log&ma=none&marks=none")
            page.mouse.move(0, 0)
            page.evaluate(f"{CHART}.setOption({{series: [{{markLine: {{data: []}}}}]}})")  # the line of the last close
            for count in (len(bars), 735, 245):
                page.evaluate(ZOOM, [len(bars) - count, len(bars) - 1])
                shown = drawn(page, "stick", "candle", "bar")
                if shown["draw"][0] != "stick":
                    break  # each bar has a width of its own
                crowds.append(kind)
                heights = values(shown)[:, 1:3]
                sizes = np.log(heights[:, 0] / heights[:, 1]) * (shown["right"] - shown["left"])
                share = pytest.approx(sizes[shown["color"] == RED].sum() / sizes.sum(), abs=0.01)

                def has_its_share(share: object = share) -> bool:
                    red, blue = red_and_blue(page)
                    return red / (red + blue) == share

                assert wait_until(has_its_share, 10), (kind, count)  # a busy machine paints late
    assert {"candles", "bars"} == {*crowds}


def red_and_blue(page: Page) -> tuple[float, float]:
    """How much red and how much blue there is in the pane of prices."""
    box = page.locator(".echarts-container").bounding_box()
    assert box is not None
    pane = page.evaluate(f"{CHART}.getModel().getComponent('grid', 0).coordinateSystem.getRect()")
    clip = {name: pane[name] + box.get(name, 0) * (name in "xy") for name in ("x", "y", "width", "height")}
    colours = np.asarray(Image.open(io.BytesIO(page.screenshot(clip=clip))).convert("RGB"), dtype=float)
    more = colours[..., 0] - colours[..., 2]
    return float((more.clip(0) / (0xF0 - 0x52)).sum()), float(((-more).clip(0) / (0xF6 - 0x31)).sum())


@pytest.mark.exhaustive
def test_a_chart_has_the_pixels_of_the_screen_to_which_its_window_moves(
    bars: pd.DataFrame, app: Callable[[], str], page: Page
) -> None:
    page.set_viewport_size({"width": 700, "height": 800})
    open_chart(page, f"{app()}/korean_stocks?period=MAX")
    canvas = page.locator("canvas").first
    assert len(bars)
    screen = page.context.new_cdp_session(page)
    counts = [len(drawn(page, "stick"))]
    for ratio, height in ((2, 810), (1.25, 820), (1, 830)):  # a browser without a screen tells only of a new size
        window = {"width": 700, "height": height, "deviceScaleFactor": ratio, "mobile": False}
        screen.send("Emulation.setDeviceMetricsOverride", window)
        box = canvas.bounding_box()
        assert wait_until(lambda ratio=ratio, box=box: canvas.evaluate("({ width }) => width") == box["width"] * ratio)
        counts.append(len(drawn(page, "stick")))
        assert wait_until(lambda: canvas.evaluate(COLOURS) > 10), "and the chart is drawn on it"
    assert counts[0] == counts[-1] < counts[1]
