"""The chart that a reader takes away as a file, opened in a browser without a network."""

import datetime as dt
import re
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from playwright.sync_api import Browser, Page, expect

from finance_core.bars import candles, curves, marks
from finance_core.bars.curves import Chosen, Curve
from finance_core.bars.drawings import Drawing, Point
from finance_core.categories import KOREAN_STOCKS
from finance_core.charts.candlestick import candlestick
from finance_core.charts.style import BLUE, RED, Style
from finance_core.storage import drawings
from finance_core.storage.database import MongoDatabase
from finance_core.ui.echart import border, component, file
from finance_core.ui.echart.component import Drawings, Look
from finance_core.ui.echart.file import Words
from tests import pages
from tests.e2e.browsing import wait_until_at_rest
from tests.e2e.test_chart import address  # noqa: F401 - fixture
from tests.e2e.test_korean_stocks import SHOWS_A_RANGE, first_day, follow, last_day, open_chart
from tests.processes import wait_until

pytestmark = pytest.mark.slow

STYLE = Style(sample=True, marks=("low", "halted"))
SHOWN = """() => {
  const { chart } = document.querySelector('.echarts-container');
  const model = chart.getModel();
  const range = model.getComponent('dataZoom', 0).getValueRange();
  const [source, ...marks] = chart.getOption().dataset.map(({ source }) => source);
  const within = (column) => Array.from(column).slice(range[0], range[1] + 1);
  return {
    days: within(chart.page.readout.days),
    series: model.getSeries().map(({ name, subType, option }) => [name, subType, option.xAxisIndex ?? 0]),
    columns: Object.fromEntries(Object.entries(source).map(([name, column]) => [name, within(column)])),
    marks: marks.map((source) => Object.keys(source)),
    drawings: chart.page.drawings,
    axis: model.getComponent('yAxis', 0).axis.scale.getExtent(),
    readout: [...document.querySelectorAll('.readout')].map(({ textContent }) => textContent),
  };
}"""
"""What a chart of a page or of a file shows."""
TEXTS = """() => {
  const drawn = document.querySelector('.echarts-container').chart.getZr().storage.getDisplayList();
  return drawn.slice(1).map(({ style: { text } }, index) => [text, drawn[index].style.fill]);
}"""
"""The texts in a chart, each with the colour of what is drawn before it: of a tag, its ground."""


def open_file(page: Page, path: Path) -> None:
    page.context.set_offline(True)
    page.goto(path.as_uri())
    expect(page.locator(".readout .value").first).not_to_be_empty()


def download(page: Page, path: Path, *choices: str) -> str:
    """Save the file of the chart that a page shows after clicks on `choices`, and return the name that it was given."""
    page.locator(".st-key-menu button").first.click()
    for choice in choices:
        page.get_by_text(choice, exact=True).click()
        wait_until_at_rest(page)
    with page.expect_download() as handed_out:
        page.get_by_role("button", name="차트 HTML").click()
    handed_out.value.save_as(path)
    page.keyboard.press("Escape")
    return handed_out.value.suggested_filename


def write(
    path: Path,
    bars: pd.DataFrame,
    drawn: Sequence[Curve] = (),
    style: Style = STYLE,
    title: str = "Samsung Electronics 005930",
    text: str = "memo",
) -> None:
    """Write a file with `bars`, of which it shows the last 60, with marks, and with a drawing of a `text`."""
    prepared = border.prepare(candlestick(bars, drawn, style, marks.noted(bars)))
    newest = len(bars) - 1
    drawing = {"id": "a", "kind": "text", "points": [[newest - 30, float(bars["close"].iloc[-30])]], "text": text}
    shown = Drawings([drawing | {"movable": False}])
    settings = component.settings(prepared, (newest - 59, newest), len(bars), Look.of(style), title, drawings=shown)
    days = pd.DatetimeIndex(bars.index).strftime("%Y-%m-%d")
    words = Words(title, f"{days[-60]} – {days[-1]}", "Day · KRW · adjusted for splits · Yahoo Finance")
    path.write_text(file.to_html(prepared, settings, words, dark=False), encoding="utf-8")


@pytest.fixture
def bars() -> pd.DataFrame:
    return candles.clean(pages.made_table(halted=3))[0]


def grounds(page: Page) -> tuple[Any, ...]:
    """The colours of the body and of the corner of the chart in an open file."""
    ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
    corner = page.evaluate(
        "[...document.querySelector('canvas').getContext('2d').getImageData(1, 1, 1, 1).data].slice(0, 3)"
    )
    return ground, *corner


def test_the_file_has_what_the_page_shows_and_is_dark_where_a_picture_would_be(
    own_server_db: MongoDatabase,
    address: str,  # noqa: F811 - the fixture
    page: Page,
    tmp_path: Path,
) -> None:
    close = pages.made_table(first="2014-01-02", halted=0)["close"].iloc[-30:]
    place = Point(pd.Timestamp(close.index[0]).date(), float(close.iloc[0]))
    level = Drawing("a", "level", (place,), pd.Timestamp(close.index[-1]).date())
    drawings.add(own_server_db, KOREAN_STOCKS, "005930", level)
    open_chart(page, address + "?period=3M&with=korean_stocks:000660&marks=high&ind=rsi(14)")
    first, last = first_day(page), last_day(page)
    shown = page.evaluate(SHOWN)
    name = download(page, tmp_path / "chart.html")
    assert name == f"005930_{first.date()}_{last.date()}.html"
    download(page, tmp_path / "dark.html", "어둡게")

    def is_another() -> bool:
        download(page, tmp_path / "dark.html")
        return (tmp_path / "dark.html").read_bytes() != (tmp_path / "chart.html").read_bytes()

    if (tmp_path / "dark.html").read_bytes() == (tmp_path / "chart.html").read_bytes():
        assert wait_until(is_another), "once the page has heard of it"
    open_file(page, tmp_path / "dark.html")
    assert grounds(page) == ("rgb(14, 17, 23)", 14, 17, 23)
    open_file(page, tmp_path / "chart.html")
    assert grounds(page) == ("rgb(255, 255, 255)", 255, 255, 255)
    in_file = page.evaluate(SHOWN)
    assert shown["days"][0] == str(first.date())
    assert [[each["kind"], each["points"][0][1]] for each in shown["drawings"]] == [["level", place.price]]
    assert not any(each.pop("movable") for each in in_file["drawings"]), "nobody keeps what is moved in a file"
    for each in shown["drawings"]:
        del each["movable"]
    assert in_file == shown
    for named in ("SK하이닉스", "RSI14"):
        assert any(named in line for line in in_file["readout"])
    about = page.locator("header p").text_content()
    assert f"{first.date()} – {last.date()} · 일 · KRW · 분할 반영 · Yahoo Finance" in about
    assert re.search(r" · 20\d\d-\d\d-\d\d 만듦$", about)


def test_the_file_of_one_day_shows_the_bars_that_the_page_shows(
    address: str,  # noqa: F811 - the fixture
    page: Page,
    tmp_path: Path,
) -> None:
    days = pages.made_table(first="2014-01-02", halted=0).index
    cloud = "&ind=ichimoku(9,26,52)"
    on_the_page = []
    for case, (asked, indicators, ahead) in enumerate(((-100, "", 0), (-1, "", 0), (-3, cloud, 0), (-1, cloud, 26))):
        day = days[asked].date()
        to = f"{address}?from={day}&to={day}{indicators}&type=line&ma=none"
        if case == 0:
            open_chart(page, to)
        else:
            follow(page, to)

        def is_shown(day: dt.date = day, count: int = 5 + ahead, has_cloud: bool = bool(indicators)) -> bool:
            shown = page.evaluate(f"{SHOWS_A_RANGE} && ({SHOWN})()")
            return bool(
                shown
                and str(day) in shown["days"]
                and len(shown["days"]) == count
                and any("선행스팬" in str(name) for name, *_others in shown["series"]) == has_cloud
            )

        assert wait_until(is_shown)
        wait_until_at_rest(page)
        on_the_page.append(page.evaluate(SHOWN))
        download(page, tmp_path / f"{case}.html")
    for case, shown in enumerate(on_the_page):
        open_file(page, tmp_path / f"{case}.html")
        assert page.evaluate(SHOWN) == shown
        expect(page.locator("header p")).to_contain_text(f"{shown['days'][0]} – {shown['days'][4]}")


def test_names_from_the_database_are_text_and_its_reader_zooms_to_every_bar_and_the_period_above_follows(
    bars: pd.DataFrame, browser: Browser, page: Page, tmp_path: Path
) -> None:
    title = "</title><script>window.ran = 1</script>$panes & [x] 005930"
    text = "</script><script>window.ran = 2</script>--x_x--0_0--window.ran = 3--x_x--0_0--"
    write(tmp_path / "chart.html", bars, title=title, text=text)

    # Where no script runs, as in a preview of a mail program, it says how to see the chart.
    with closing(browser.new_context(java_script_enabled=False)) as context:
        preview = context.new_page()
        preview.goto((tmp_path / "chart.html").as_uri())
        expect(preview.get_by_text("JavaScript를 켠 브라우저로 이 파일을 여십시오.")).to_be_visible()

    open_file(page, tmp_path / "chart.html")
    expect(page.get_by_text("JavaScript를 켠")).to_have_count(0)
    expect(page.locator("h1")).to_have_text(title)
    expect(page).to_have_title(title)
    assert page.evaluate("window.ran") is None

    days = page.evaluate(SHOWN)["days"]
    period = page.locator("#period")
    expect(period).to_have_text(f"{days[0]} – {days[-1]}")
    canvas = page.locator("canvas").bounding_box()
    page.mouse.move(canvas["x"] + canvas["width"] / 2, canvas["y"] + 150)

    def count_after(turns: int, delta: int) -> int:
        for _ in range(turns):
            page.mouse.wheel(0, delta)
        return len(page.evaluate(SHOWN)["days"])

    assert wait_until(lambda: count_after(8, 240) == len(bars))
    days = page.evaluate(SHOWN)["days"]
    expect(period).to_have_text(f"{days[0]} – {days[-1]}")
    assert wait_until(lambda: count_after(4, -240) < len(bars) / 2)
    page.wait_for_timeout(200)  # until the last turn is drawn
    days = page.evaluate(SHOWN)["days"]
    expect(period).to_have_text(f"{days[0]} – {days[-1]}")
    assert page.evaluate("window.ran") is None


def test_the_tag_of_the_last_close_has_the_colour_of_its_bar_and_no_sign_where_nothing_changed(
    bars: pd.DataFrame, page: Page, tmp_path: Path
) -> None:
    close, base = float(bars["close"].iloc[-1]), len(bars) - 60
    for factor, opened, text, color in ((1.00001, close, "0.00%", RED), (2.0, close + 1, "-50.00%", BLUE)):
        bars.iloc[-1, bars.columns.get_loc("open")] = opened
        bars.iloc[base, bars.columns.get_loc("close")] = close * factor
        write(tmp_path / "chart.html", bars, style=replace(STYLE, scale="percent"))
        open_file(page, tmp_path / "chart.html")
        assert [text, color] in page.evaluate(TEXTS)


def test_the_axis_reaches_around_what_is_in_sight(bars: pd.DataFrame, page: Page, tmp_path: Path) -> None:
    bars.iloc[0, bars.columns.get_loc("high")] = 1e9  # out of sight
    bands = curves.curves(bars, [Chosen("bollinger", (20, 2.0))])
    bands = [band._replace(values=band.values - 2 * bars["close"].max()) for band in bands]
    write(tmp_path / "chart.html", bars, bands)
    open_file(page, tmp_path / "chart.html")
    low, high = page.evaluate(SHOWN)["axis"]
    assert low < min(np.nanmin(band.values[-60:]) for band in bands) < 0
    assert bars["high"].iloc[-60:].max() < high < 1e6


PLACES = """() => {
  const { chart } = document.querySelector('.echarts-container');
  const root = chart.getDom().getBoundingClientRect();
  const written = [...document.querySelectorAll("h1, p, .readout[data-pane='0'] .item")]
    .filter(each => each.checkVisibility({ visibilityProperty: true }) && each.offsetWidth * each.offsetHeight > 0)
    .map(each => each.getBoundingClientRect().toJSON());
  const grids = chart.getOption().grid.map((_, pane) => chart.getModel().getComponent('grid', pane));
  const panes = grids.map(({ coordinateSystem }) => ({ ...coordinateSystem.getRect() }));
  return [written, panes.map(({ x, y, ...size }) => ({ ...size, x: x + root.x, y: y + root.y }))];
}"""
"""Where texts and panes of a file are in the window."""


def test_nothing_lies_over_another_in_a_narrow_window_either(bars: pd.DataFrame, page: Page, tmp_path: Path) -> None:
    chosen = [Chosen("ma", (5,)), Chosen("bollinger", (20, 2)), Chosen("ichimoku", (9, 26, 52))]
    chosen += [Chosen("macd", (12, 26, 9)), Chosen("rsi", (14,))]
    write(tmp_path / "chart.html", bars, curves.curves(bars, chosen))
    page.set_viewport_size({"width": 1300, "height": 900})
    open_file(page, tmp_path / "chart.html")

    def faults(width: int) -> list[Any]:
        written, panes = page.evaluate(PLACES)
        boxes = [*written, *panes]
        assert len(boxes) >= 2 + 8 + 4
        outside = [box for box in boxes if box["x"] < 0 or box["x"] + box["width"] > width]
        over = []
        for one, other in combinations(boxes, 2):
            is_beside = one["x"] + one["width"] <= other["x"] or other["x"] + other["width"] <= one["x"]
            is_above = one["y"] + one["height"] <= other["y"] or other["y"] + other["height"] <= one["y"]
            if not (is_beside or is_above):
                over.append((one, other))
        low = [] if panes[0]["height"] > 350 else [panes[0]]  # names take nothing of it
        return [*outside, *over, *low]

    for width in (1300, 390):
        page.set_viewport_size({"width": width, "height": 900})  # as by turning a phone
        wait_until(lambda width=width: not faults(width), 10)
        page.wait_for_timeout(200)
        assert faults(width) == []
