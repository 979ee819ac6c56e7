"""What a person does on the Korean stocks page, in a real browser."""

import io
import re
import sys
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from finance_core.storage.database import MongoDatabase
from tests import pages
from tests.e2e.browsing import wait_until_at_rest
from tests.e2e.conftest import PROJECT, Start
from tests.processes import wait_until
from tests.yahoo import Listing, YahooStandIn

pytestmark = pytest.mark.slow

DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
PLOT_LEFT, PLOT_RIGHT = 12, 76
"""Pixels beside the candles, as `charts` lays them out."""


SHOWS_A_RANGE = "document.querySelector('.echarts-container').chart?.page?.knownRange"


def open_chart(page: Page, address: str) -> None:
    page.goto(address)
    expect(page.locator("canvas").first).to_be_visible(timeout=60_000)
    wait_until_at_rest(page)
    page.wait_for_function(SHOWS_A_RANGE)


def follow(page: Page, address: str) -> None:
    """Go to an address of the app in the open page, as its links do."""
    page.evaluate("to => { history.pushState(null, '', to); dispatchEvent(new PopStateEvent('popstate')) }", address)


IS_READ_OUT = """([x]) => {
  const root = document.querySelector('.echarts-container'), { chart } = root;
  const [first, last] = chart.getModel().getComponent('dataZoom', 0).getValueRange();
  const position = Math.round(chart.convertFromPixel({ xAxisIndex: 0 }, x - root.getBoundingClientRect().left));
  const day = chart.page.readout.days[Math.min(Math.max(position, first), last)].slice(0, 10);
  return document.querySelector('.readout').innerText.includes(day) && day;
}"""
"""The day that is read out if it is that of the bar at a place of the window: a slow machine follows late."""


def day_at(page: Page, share: float) -> pd.Timestamp:
    """The day whose bar stands at this share of the chart's width, as it is read out there."""
    box = page.locator("canvas").first.bounding_box()
    assert box is not None
    x = box["x"] + PLOT_LEFT + (box["width"] - PLOT_LEFT - PLOT_RIGHT) * share

    days: list[str] = []

    def is_read_out() -> bool:
        if day := page.evaluate(IS_READ_OUT, [x]):
            days.append(day)
        return bool(days)

    def is_read_out_after_a_move() -> bool:
        for away in (60, 0):  # a pointer that stays where it is tells a chart nothing
            page.mouse.move(x + away * (0.5 - share), box["y"] + box["height"] * 0.3 - away)
            page.wait_for_timeout(60)
        return wait_until(is_read_out, 2)

    assert wait_until(is_read_out_after_a_move), "a chart that changes under the pointer reads out anew once that moves"
    return pd.Timestamp(days[-1])


def readout(page: Page) -> str:
    return page.get_by_role("application", name=re.compile("차트$")).locator(".readout").first.inner_text()


def first_day(page: Page) -> pd.Timestamp:
    return day_at(page, 0.002)


def last_day(page: Page) -> pd.Timestamp:
    return day_at(page, 0.998)


def span(page: Page) -> pd.Timedelta:
    """How long a time is visible."""
    return last_day(page) - first_day(page)


def wheel(page: Page, times: int, delta: int) -> None:
    day_at(page, 0.5)
    turn(page, times, delta)


def turn(page: Page, times: int, delta: int) -> None:
    """Turn the wheel where the pointer is."""
    page.wait_for_timeout(600)  # a wheel that turns as the pointer enters the chart scrolls the page
    for _ in range(times):
        page.mouse.wheel(0, delta)
        page.wait_for_timeout(60)
    page.locator("canvas").first.scroll_into_view_if_needed()  # on a slow machine the first ones scroll all the same


def colours(page: Page) -> set[tuple[int, int, int]]:
    image = Image.open(io.BytesIO(page.locator("canvas").first.screenshot())).convert("RGB")
    return {colour for count, colour in image.getcolors(1 << 24) or [] if count > 50}  # type: ignore[misc]


@pytest.fixture
def table() -> pd.DataFrame:
    return pages.made_table(first="2014-01-02", halted=0)


def test_periods_wheel_double_click_and_dragging(
    own_server_db: MongoDatabase, yahoo: YahooStandIn, app: Callable[[], str], page: Page, table: pd.DataFrame
) -> None:
    pages.update_from(yahoo, own_server_db, {"005930": table}, {})
    open_chart(page, app() + "/korean_stocks")

    # The first view: a month, red and blue candles, the newest bar at the right.
    assert {(240, 68, 82), (49, 130, 246)} <= colours(page), "red and blue"
    assert last_day(page) == table.index[-1]
    month = span(page)
    assert pd.Timedelta(days=25) < month < pd.Timedelta(days=35)
    last_day(page)
    seen = page.get_by_role("application", name=re.compile("차트$")).inner_text()
    for label in ("시", "고", "저", "종", "거래량", "MA5", "MA20", "MA60", "MA120"):
        assert label in seen
    assert f"{table['close'].iloc[-1]:,.0f}" in seen

    # Period buttons.
    page.get_by_role("radio", name="3년", exact=True).click()
    expect(page).to_have_url(re.compile("period=3Y"))
    assert wait_until(lambda: abs(span(page) - pd.Timedelta(days=3 * 365)) < pd.Timedelta(days=10))
    page.get_by_role("radio", name="1개월", exact=True).click()
    expect(page).not_to_have_url(re.compile("period"))
    assert wait_until(lambda: span(page) == month)

    # The wheel zooms out to older bars at once, and in again.
    def is_zoomed_out() -> bool:
        wheel(page, 4, 240)
        return span(page) > 2 * month

    assert wait_until(is_zoomed_out)
    zoomed_out = span(page)
    wheel(page, 3, -240)
    assert span(page) < zoomed_out

    # Where the zoom went is where the page is; the button of the period brings it back.
    expect(page).to_have_url(re.compile("from="))
    page.get_by_role("radio", name="1개월", exact=True).click()
    assert wait_until(lambda: span(page) == month)
    expect(page).not_to_have_url(re.compile("from="))

    # So does a double click.
    page.get_by_role("radio", name="3개월", exact=True).click()
    expect(page).to_have_url(re.compile("period=3M"))
    assert wait_until(lambda: span(page) > 2 * month)
    first = first_day(page)
    wheel(page, 4, 240)
    assert first_day(page) < first
    expect(page).to_have_url(re.compile("from="))
    box = page.locator("canvas").first.bounding_box()
    assert box is not None
    page.mouse.dblclick(box["x"] + 300, box["y"] + 200)
    assert wait_until(lambda: first_day(page) == first)
    expect(page).to_have_url(re.compile("period=3M"))

    # In another unit too, a double click leaves the zoom.
    wheel(page, 4, 240)
    expect(page).to_have_url(re.compile("from="))
    page.get_by_role("radio", name="주", exact=True).click()
    expect(page).to_have_url(re.compile("unit=W"))
    expect(page).to_have_url(re.compile("from="))
    are_weeks = "document.querySelector('.echarts-container').chart.page.readout.days.length < 1_000"
    page.wait_for_function(are_weeks)
    page.mouse.dblclick(box["x"] + 300, box["y"] + 200)
    expect(page).to_have_url(re.compile("period=3M"))
    page.get_by_role("radio", name="일", exact=True).click()
    page.wait_for_function(f"!({are_weeks})")  # the first week that was visible ended on the first day
    assert wait_until(lambda: first_day(page) == first)

    # Dragging to the left shows older bars in the same number.
    days = last_day(page) - first
    page.mouse.move(box["x"] + 300, box["y"] + 200)
    page.mouse.down()
    page.mouse.move(box["x"] + 700, box["y"] + 200, steps=10)
    page.mouse.up()
    assert wait_until(lambda: first_day(page) < first)
    assert abs(span(page) - days) < pd.Timedelta(days=10)


def test_one_ticker_is_updated_another_is_found_all_are_updated_and_a_new_one_is_added_from_the_search(
    own_server_db: MongoDatabase, yahoo: YahooStandIn, app: Callable[[], str], page: Page, table: pd.DataFrame
) -> None:
    pages.update_from(yahoo, own_server_db, {"005930": table.iloc[:-1], "000660": table.iloc[:-2]}, {})
    yahoo.listings |= dict.fromkeys(("005930.KS", "000660.KS"), Listing(table))
    open_chart(page, app() + "/korean_stocks?ticker=005930")
    assert last_day(page) == table.index[-2]

    # The menu of a chart updates its ticker alone.
    page.locator(".st-key-menu button").first.click()
    page.get_by_role("button", name="이 종목만 업데이트").click()
    expect(page.get_by_text("봉 1개를 추가")).to_be_visible(timeout=30_000)
    assert wait_until(lambda: last_day(page) == table.index[-1]), "the chart is drawn anew"
    page.keyboard.press("Escape")

    # A name is typed by its first consonants, suggested, and chosen; then the box is empty again.
    box = page.get_by_role("combobox", name="이름, 코드, 초성으로 찾기")
    box.click()
    page.keyboard.type("ㅎㅇㄴㅅ")
    expect(page.get_by_role("option", name="SK하이닉스 000660")).to_be_visible()
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("ticker=000660"))
    expect(page.get_by_text("000660 · KOSPI")).to_be_visible()
    expect(box).to_have_value("")
    assert wait_until(lambda: last_day(page) == table.index[-3])

    # The update button brings bars that were not there.
    page.get_by_role("button", name="업데이트").click()
    expect(page.get_by_text("봉 2개를 추가")).to_be_visible(timeout=30_000)
    assert wait_until(lambda: last_day(page) == table.index[-1]), "the chart is drawn anew"

    # A ticker that is not listed is added from the search, and its prices come.
    yahoo.listings["00088K.KS"] = Listing(pages.made_table(7, halted=0))
    box.click()
    page.keyboard.type("00088k")
    expect(page.get_by_role("option", name="'00088K' 종목 추가하고 시세 받기")).to_be_visible()
    yahoo.delay = 60
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("ticker=00088K"))
    expect(page.get_by_text("00088K의 시세를 Yahoo에서 받아 오고 있습니다")).to_be_visible()
    expect(page.get_by_text("000660 · KOSPI")).not_to_be_visible()
    yahoo.delay = 0
    expect(page.get_by_text("00088K · KOSPI")).to_be_visible(timeout=30_000)
    assert wait_until(lambda: last_day(page) == table.index[-1])


def test_the_readme_command_opens_korean_stocks_on_an_empty_machine_also_after_a_link_to_a_view_came_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, start: Start, page: Page
) -> None:
    monkeypatch.delenv("MONGO_URI", raising=False)
    monkeypatch.setenv("FINANCE_DATA_DIR", str(tmp_path / "data"))
    readme = (PROJECT / "README.md").read_text(encoding="utf-8")
    (command,) = re.findall(r"^.*&& \.venv/bin/(streamlit run Home\.py)$", readme, re.MULTILINE)
    program, *arguments = command.split()
    address = start([str(Path(sys.executable).parent / program), *arguments])
    open_chart(page, f"{address}/indices?ticker=^GSPC&period=5Y")
    expect(page.get_by_text("^GSPC · NYSE")).to_be_visible()
    expect(page.get_by_text("indices", exact=True)).not_to_be_visible()  # Streamlit's own idea of a title
    expect(page.get_by_role("combobox", name="이름, 코드, 초성으로 찾기")).to_be_focused()  # typing searches at once
    assert abs(span(page) - pd.Timedelta(days=5 * 365)) < pd.Timedelta(days=10)

    page.goto(address)
    expect(page.get_by_text("한국 주식").first).to_be_visible(timeout=60_000)
    page.get_by_role("link", name="한국 주식").click()
    expect(page.locator("canvas").first).to_be_visible(timeout=60_000)
    expect(page.get_by_text("표본 데이터: 실제 시세가 아닙니다")).to_be_visible()
    expect(page.get_by_text("삼성전자").first).to_be_visible()
    assert len(colours(page)) > 3, "the canvas is not blank"


def test_language_and_unit_are_chosen_with_a_click_and_kept_in_the_address(
    own_server_db: MongoDatabase, yahoo: YahooStandIn, app: Callable[[], str], page: Page, table: pd.DataFrame
) -> None:
    pages.update_from(yahoo, own_server_db, {"005930": table}, {})
    open_chart(page, app() + "/korean_stocks")
    page.get_by_role("radio", name="English").click()
    expect(page.get_by_role("radio", name="3M", exact=True)).to_be_visible()
    expect(page).to_have_url(re.compile("lang=en"))
    page.get_by_role("radio", name="W", exact=True).click()
    expect(page).to_have_url(re.compile("unit=W"))
    page.get_by_role("link", name="US stocks").click()
    expect(page.get_by_text("no tickers yet")).to_be_visible()
    expect(page).to_have_title("US stocks · Sisepan")
    expect(page).to_have_url(re.compile("us_stocks.*lang=en"))
    page.wait_for_function("document.cookie.includes('language=en')")
    address = app() + "/us_stocks"
    page.goto(address)  # typed, or a bookmark
    expect(page.get_by_text("no tickers yet")).to_be_visible()
    page.goto(address + "?lang=ko")  # a link has the last word, but for its own visit only
    expect(page.get_by_text("종목이 아직 없습니다")).to_be_visible()
    page.goto(address)
    expect(page.get_by_text("no tickers yet")).to_be_visible()
