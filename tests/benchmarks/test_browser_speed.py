"""Frames while zooming and panning through a century of bars, and the time to the first candle."""

import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from finance_core.categories import KOREAN_STOCKS
from finance_core.storage.database import MongoDatabase
from tests.benchmarks.conftest import CENTURY, bars_of, store, tell
from tests.e2e.conftest import Start

FRAMES = """() => {
  window.frames_seen = [];
  let last = performance.now();
  const tick = now => { window.frames_seen.push(now - last); last = now; requestAnimationFrame(tick); };
  requestAnimationFrame(tick);
}"""
PAINTED = """() => {
  const canvas = document.querySelector('[data-testid=stMain] canvas');
  if (!canvas || !canvas.width) return false;
  // A strip in the middle: to look through all pixels again and again would be a part of the time that is measured.
  const data = canvas.getContext('2d').getImageData(canvas.width / 2, 0, 100, canvas.height).data;
  let seen = 0;
  for (let i = 0; i < data.length; i += 4) if (data[i + 3] && Math.abs(data[i] - data[i + 2]) > 100) seen++;
  return seen > 50;
}"""
# The text of a part of the page, and milliseconds from the last wheel, or click, until it is another.
TEXT = "selector => document.querySelector(selector).innerText"
CHANGED = """([selector, before]) =>
  document.querySelector(selector)?.innerText !== before && performance.now() - window.acted"""
NOTE = "for (const kind of ['wheel', 'click']) addEventListener(kind, () => window.acted = performance.now(), true);"
# Shows all bars of the chart, as its period "all" does.
SHOW_ALL = """() => {
  const {chart} = document.querySelector('.echarts-container');
  chart.dispatchAction({type: 'dataZoom', start: 0, end: 100});
}"""
CHART_APP = str(Path(__file__).with_name("chart_app.py"))
TEN_YEARS = 2_452
STREAMLIT = str(Path(sys.executable).parent / "streamlit")


def frames_of(page: Page, x: float, y: float, steps: int = 30, outward: bool = True) -> list[float]:
    """Milliseconds of each frame while the wheel zooms out and in by `steps` each, and the pointer drags."""
    page.mouse.move(x, y)
    page.wait_for_timeout(1_000)
    page.evaluate(FRAMES)
    delta_out = 120 if outward else -120
    for delta in (delta_out, -delta_out, delta_out):
        for _ in range(steps):
            page.mouse.wheel(0, delta)
            page.wait_for_timeout(16)
    page.mouse.down()
    for step in range(2 * steps):
        page.mouse.move(x + 5 * step, y)
        page.wait_for_timeout(8)
    page.mouse.up()
    return [float(frame) for frame in page.evaluate("window.frames_seen")][2:]


@pytest.mark.timeout(300)
def test_zoom_and_pan_through_a_century(start: Start, page: Page) -> None:
    address = start([STREAMLIT, "run", CHART_APP])
    results = {}
    # Plotly draws a frame a second: the whole gesture would take minutes.
    for name, selector, steps in (
        ("echarts", "canvas", 30),
        ("panes", "canvas", 30),
        ("echarts, all in sight", "canvas", 30),
        ("panes, all in sight", "canvas", 30),
        ("plotly", ".js-plotly-plot .nsewdrag", 6),
    ):
        kind, *all_in_sight = name.split(", ")
        page.goto(f"{address}/?chart={kind}")
        target = page.locator(selector).first
        target.wait_for(timeout=60_000)
        page.wait_for_timeout(4_000)
        if all_in_sight:
            page.evaluate(SHOW_ALL)
            page.wait_for_timeout(1_000)
        box = target.bounding_box()
        assert box is not None
        frames = frames_of(page, box["x"] + box["width"] / 2, box["y"] + 200, steps, outward=not all_in_sight)
        results[name] = 1000 / statistics.mean(frames)
        tell(f"a century in {name}", frames_per_second=results[name], longest_ms=max(frames))
    tell("zoom and pan", ratio=results["echarts"] / results["plotly"])
    assert min(results["echarts"], results["panes"]) >= 55


@pytest.mark.timeout(300)
@pytest.mark.parametrize("bars", [TEN_YEARS, CENTURY])
def test_the_first_candle(
    own_server_db: MongoDatabase, start: Start, app: Callable[[], str], browser: Browser, bars: int
) -> None:
    # The chart is computed by the first visit, which is not counted.
    store(own_server_db, KOREAN_STOCKS, "005930", "삼성전자", bars_of(bars))
    empty = start([STREAMLIT, "run", CHART_APP]) + "/?chart=empty"
    chart = start([STREAMLIT, "run", CHART_APP]) + "/?chart=echarts"
    viewer = app() + "/korean_stocks?ticker=005930"
    taken: dict[str, list[float]] = {"empty": [], "chart": [], "viewer": []}
    for round_ in range(7):
        for kind, address in (("empty", empty), ("chart", chart), ("viewer", viewer)):
            context = browser.new_context(locale="ko-KR", viewport={"width": 1440, "height": 900})
            tab = context.new_page()
            begun = time.perf_counter()
            tab.goto(address, wait_until="commit")
            if kind == "empty":
                tab.get_by_text("ready").wait_for(timeout=60_000)
            else:
                tab.wait_for_function(PAINTED, timeout=60_000, polling=20)
            if round_:  # the first is warming up
                taken[kind].append(time.perf_counter() - begun)
            context.close()
    median = {kind: statistics.median(times) for kind, times in taken.items()}
    tell(
        f"first candle of {bars} bars; the bare chart has those of a century",
        empty_ms=median["empty"] * 1000,
        chart_ms=median["chart"] * 1000,
        viewer_ms=median["viewer"] * 1000,
        chart_ratio=median["chart"] / median["empty"],
        viewer_ratio=median["viewer"] / median["empty"],
    )


@pytest.mark.timeout(300)
def test_the_page_follows_a_zoom(
    own_server_db: MongoDatabase, start: Start, app: Callable[[], str], page: Page
) -> None:
    """The line of statistics, as of the bars that are visible, against what Streamlit takes to answer a click."""
    store(own_server_db, KOREAN_STOCKS, "005930", "삼성전자", bars_of(CENTURY))
    page.add_init_script(NOTE)
    page.set_viewport_size({"width": 1920, "height": 1080})  # where that line is shown

    def answered(selector: str, act: Callable[[], None], times: int = 12) -> float:
        taken = []
        for _ in range(times):
            before = page.evaluate(TEXT, selector)
            act()
            taken.append(page.wait_for_function(CHANGED, arg=[selector, before], polling=10).json_value())
            page.wait_for_timeout(500)
        return statistics.median(taken[2:])

    def wheel() -> None:
        for _ in range(3):
            page.mouse.wheel(0, 120)
            page.wait_for_timeout(16)

    page.goto(app() + "/korean_stocks?ticker=005930")
    page.wait_for_function(PAINTED, timeout=60_000)
    box = page.locator("canvas").first.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 200)
    page.wait_for_timeout(2_000)
    follows = answered(".st-key-summary", wheel)
    page.goto(start([STREAMLIT, "run", CHART_APP]) + "/?chart=empty")
    again = page.get_by_role("button", name="again")
    again.wait_for(timeout=60_000)
    clicked = answered("[data-testid=stMain]", again.click)
    tell("from the last turn of the wheel to the statistics", ms=follows, click_ms=clicked, ratio=follows / clicked)
