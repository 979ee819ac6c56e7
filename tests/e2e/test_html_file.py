"""The chart that a reader takes away as a file, opened in a browser without a network."""

import re
from itertools import combinations
from pathlib import Path
from typing import get_args

import pandas as pd
import pytest
from playwright.sync_api import Page, expect

from finance_core.bars import candles, curves, marks
from finance_core.bars.curves import Chosen
from finance_core.bars.drawings import Drawing, Point
from finance_core.categories import KOREAN_STOCKS
from finance_core.charts import candlestick_html, html_page
from finance_core.charts.candlestick_html import Content
from finance_core.charts.style import Scale, Style
from finance_core.storage import drawings
from finance_core.storage.database import MongoDatabase
from tests import pages
from tests.e2e.browsing import wait_until_at_rest
from tests.e2e.test_chart import address  # noqa: F401 - fixture
from tests.e2e.test_korean_stocks import first_day, last_day, open_chart
from tests.processes import wait_until

pytestmark = pytest.mark.slow


def open_file(page: Page, folder: Path, content: Content, visible: tuple[int, int] | None = None) -> None:
    """Open the file of a content, and wait until it is drawn."""
    file = folder / "chart.html"
    about = "2024-01-02 – 2024-08-01 · Day · KRW · adjusted for splits · Yahoo Finance"
    figure = candlestick_html.candlestick(content, visible)
    file.write_text(html_page.to_html(figure, "Samsung Electronics 005930", about, content.style), encoding="utf-8")
    page.goto(file.as_uri())
    expect(page.locator(".modebar-container")).to_be_attached()


TAG = ".annotation rect"
LABELS = ".ytick text"


@pytest.mark.parametrize("scale", get_args(Scale))
def test_no_label_of_the_axis_is_under_the_tag_of_the_last_close(page: Page, tmp_path: Path, scale: Scale) -> None:
    bars = candles.clean(pages.made_table(halted=0))[0].tail(60)
    bars.iloc[-1, bars.columns.get_loc("close")] = 18_020.0  # beside a round one
    for visible, tags in (((10, 59), 1), ((0, 3), 0)):
        shown = bars if tags else bars.assign(close=[*bars["close"].iloc[:-1], 1.0])
        content = Content(shown, [], Style(scale=scale))
        open_file(page, tmp_path, content, visible)
        expect(page.locator(TAG)).to_have_count(tags)
        labels = page.locator(LABELS)
        hidden = [label for label in labels.all() if not label.is_visible()]
        assert len(hidden) <= tags
        if not tags:
            continue
        tag = page.locator(TAG).bounding_box()
        for label in labels.all():
            box = label.bounding_box()
            is_under = box["y"] < tag["y"] + tag["height"] and box["y"] + box["height"] > tag["y"]
            assert is_under == (not label.is_visible()), label.text_content()
        if scale == "linear":
            assert [label.text_content() for label in hidden] == ["18,000"]


@pytest.mark.parametrize("width", [390, 1300])
def test_nothing_lies_over_another_in_a_narrow_window_either(page: Page, tmp_path: Path, width: int) -> None:
    bars = candles.clean(pages.made_table(halted=3))[0].tail(60)
    chosen = [Chosen("ma", (5,)), Chosen("bollinger", (20, 2)), Chosen("ichimoku", (9, 26, 52))]
    chosen += [Chosen("macd", (12, 26, 9)), Chosen("rsi", (14,))]
    content = Content(bars, curves.curves(bars, chosen), Style(sample=True, marks=("low", "halted")), marks.noted(bars))
    page.set_viewport_size({"width": 1300, "height": 900})
    open_file(page, tmp_path, content)
    page.set_viewport_size({"width": width, "height": 900})  # as by turning a phone
    page.wait_for_timeout(1000)
    written = page.locator("h1, p, .modebar, .legendtext, .legend2text, .legend3text")
    panes = page.locator("rect.nsewdrag")
    boxes = [each.bounding_box() for each in [*written.all(), *panes.all()]]
    assert len(boxes) >= 3 + 14 + 4
    assert [box for box in boxes if box["x"] < 0 or box["x"] + box["width"] > width] == []
    for one, other in combinations(boxes, 2):
        is_beside = one["x"] + one["width"] <= other["x"] or other["x"] + other["width"] <= one["x"]
        is_above = one["y"] + one["height"] <= other["y"] or other["y"] + other["height"] <= one["y"]
        assert is_beside or is_above, (one, other)
    prices = panes.first.bounding_box()
    assert prices["height"] > 350, "names take nothing of it"


def test_the_file_is_dark_where_a_picture_would_be(
    address: str,  # noqa: F811 - the fixture
    page: Page,
    tmp_path: Path,
) -> None:
    open_chart(page, f"{address}?period=3M")
    page.locator(".st-key-menu button").first.click()

    def grounds() -> tuple[str, str]:
        """Of the body and of the chart of a file that is handed out now."""
        wait_until_at_rest(page)
        with page.expect_download() as handed_out:
            page.get_by_role("button", name="차트 HTML").click()
        handed_out.value.save_as(tmp_path / "chart.html")
        file = page.context.new_page()
        file.goto((tmp_path / "chart.html").as_uri())
        ground = "getComputedStyle(document.body).backgroundColor"
        paper = "getComputedStyle(document.querySelector('.main-svg')).backgroundColor"
        found = file.evaluate(ground), file.evaluate(paper)
        file.close()
        return found

    assert grounds() == ("rgb(255, 255, 255)",) * 2
    page.get_by_text("어둡게", exact=True).click()
    assert wait_until(lambda: grounds() == ("rgb(14, 17, 23)",) * 2), "once the page has heard of it"


SHOWN = """() => {
  const { chart } = document.querySelector('.echarts-container');
  return chart.getModel().getComponent('dataZoom', 0).getValueRange().map(at => chart.page.readout.days[at]);
}"""


def test_the_file_of_one_day_has_the_bars_that_the_page_shows(
    address: str,  # noqa: F811 - the fixture
    page: Page,
    tmp_path: Path,
) -> None:
    days = pages.made_table(first="2014-01-02", halted=0).index
    cloud = "&ind=ichimoku(9,26,52)"
    for asked, indicators, ahead in ((-100, "", 0), (-1, "", 0), (-3, cloud, 0), (-1, cloud, 26)):
        day = days[asked].date()
        open_chart(page, f"{address}?from={day}&to={day}{indicators}&type=line&ma=none")
        shown = page.evaluate(SHOWN)
        page.locator(".st-key-menu button").first.click()
        with page.expect_download() as handed_out:
            page.get_by_role("button", name="차트 HTML").click()
        file = tmp_path / "chart.html"
        handed_out.value.save_as(file)
        page.goto(file.as_uri())
        drawn, axis = page.evaluate(
            "(({ data, layout }) => [data[0].x, layout.xaxis.categoryarray])(document.querySelector('.js-plotly-plot'))"
        )
        assert (len(drawn), len(axis)) == (5, 5 + ahead)
        assert [axis[0], axis[-1]] == shown
        expect(page.locator("header p")).to_contain_text(f"{drawn[0]} – {drawn[-1]}")


def test_the_file_has_what_the_page_shows(
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
    page.locator(".st-key-menu button").first.click()
    with page.expect_download() as handed_out:
        page.get_by_role("button", name="차트 HTML").click()
    assert handed_out.value.suggested_filename == f"005930_{first.date()}_{last.date()}.html"
    file = tmp_path / "chart.html"
    handed_out.value.save_as(file)

    page.context.set_offline(True)
    page.goto(file.as_uri())
    for name in ("시세", "SK하이닉스", "RSI14"):
        expect(page.locator(f"text[data-unformatted='{name}']")).to_be_visible()
    shown = page.evaluate(
        """() => {
          const { data, layout, _fullLayout } = document.querySelector('.js-plotly-plot');
          return { days: [data[0].x[0], data[0].x.at(-1)], price: layout.shapes.at(-1).y0,
                   about: document.querySelector("header p").textContent,
                   range: _fullLayout.yaxis.range };
        }"""
    )
    assert shown["days"] == [str(first.date()), str(last.date())]
    base = float(pages.made_table(first="2014-01-02", halted=0)["close"][first])
    assert shown["price"] == pytest.approx((place.price / base - 1) * 100, abs=0.01), "in percent, as on the page"
    assert f"{first.date()} – {last.date()} · 일 · KRW · 분할 반영 · Yahoo Finance" in shown["about"]
    assert re.search(r" · 20\d\d-\d\d-\d\d 만듦$", shown["about"])
    assert shown["range"][0] < shown["price"] < shown["range"][1]
