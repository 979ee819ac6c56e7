"""What a person does on the comparison page, in a real browser."""

import io
import re
from collections.abc import Callable

import numpy as np
import pytest
from openpyxl import load_workbook
from PIL import Image, ImageColor
from playwright.sync_api import Page, expect

from finance_core.bars import candles
from finance_core.categories import INDICES, KOREAN_STOCKS, US_STOCKS, Category
from finance_core.charts import parts
from finance_core.charts.comparison import color_of
from finance_core.storage import prices, tickers
from finance_core.storage.database import MongoDatabase
from finance_core.ui.comparison.page import LOOK
from tests import pages
from tests.e2e.browsing import wait_until_at_rest
from tests.e2e.test_chart import AXIS, COUNT_SERIES_SET
from tests.e2e.test_korean_stocks import SHOWS_A_RANGE, follow, open_chart, turn
from tests.e2e.test_look import SELECTOR, unmatched_of
from tests.processes import wait_until

pytestmark = pytest.mark.slow


@pytest.fixture
def stored(own_server_db: MongoDatabase) -> MongoDatabase:
    named: list[tuple[Category, str, str]] = [
        (KOREAN_STOCKS, "005930", "삼성전자"),
        (KOREAN_STOCKS, "000660", "SK하이닉스"),
        (US_STOCKS, "AAPL", "애플"),
        (INDICES, "^KS11", "코스피"),
    ]
    for seed, (category, ticker, name) in enumerate(named):
        tickers.register(own_server_db, category, [{"ticker": ticker, "name": name}])
        prices.write(own_server_db, category, ticker, candles.clean(pages.made_table(seed, halted=0))[0])
    return own_server_db


def add(page: Page, category: Category, typed: str) -> None:
    """Type into the search and take the best suggestion, which is of `category`."""
    page.get_by_role("combobox", name="이름, 코드, 초성으로 찾기").click()
    page.keyboard.type(typed)
    expect(page.get_by_role("listbox").get_by_text(category.title)).to_be_visible()
    page.keyboard.press("Enter")


def day_at_pointer(page: Page, share: float) -> None:
    box = page.locator("canvas").first.bounding_box()
    assert box is not None
    for away in (20, 0):
        page.mouse.move(box["x"] + box["width"] * share, box["y"] + 200 + away)
        page.wait_for_timeout(60)


def said_at_pointer(page: Page, share: float) -> str:
    """What the box beside the pointer says there."""
    box = page.locator(".tooltip")

    def is_said() -> bool:
        day_at_pointer(page, share)
        return bool(box.inner_text())

    assert wait_until(is_said)
    ends = "values => [...new Set(values.map(value => Math.round(value.getBoundingClientRect().right)))]"
    for column in (".item:not(.beside) > .value", ".beside > .value"):
        assert len(box.locator(f"{column}:visible").evaluate_all(ends)) == 1, "numbers end at one place"
    return box.inner_text()


def wheel(page: Page, times: int, delta: int) -> None:
    day_at_pointer(page, 0.3)
    turn(page, times, delta)


def chip_color(page: Page, name: str) -> str:
    dot = page.locator("[data-testid=stHtml]", has_text=name).locator("span").first
    return str(dot.evaluate("element => getComputedStyle(element).color"))


@pytest.mark.usefixtures("stored")
def test_four_are_added_the_third_flips_to_percent_the_second_goes_and_the_link_shows_the_same(
    app: Callable[[], str], page: Page
) -> None:
    page.goto(app() + "/comparison")
    expect(page.get_by_text("비교할 것을 위에서 골라")).to_be_visible(timeout=60_000)
    add(page, KOREAN_STOCKS, "삼성전자")
    expect(page.get_by_role("application", name="비교 차트")).to_be_visible(timeout=20_000)
    add(page, US_STOCKS, "애플")
    expect(page.get_by_text("둘까지는 저마다의 축에")).to_be_visible(timeout=20_000)
    expect(page).to_have_url(re.compile("AAPL"))
    add(page, INDICES, "코스피")
    expect(page.get_by_text("셋 이상이라 기준일부터의 변화율로")).to_be_visible(timeout=20_000)
    add(page, KOREAN_STOCKS, "SK하이닉스")
    expect(page).to_have_url(re.compile("000660"))
    names = ["삼성전자", "코스피", "SK하이닉스"]
    expect(page.locator("[data-testid=stHtml]", has_text="SK하이닉스")).to_be_visible()
    colors = [chip_color(page, name) for name in names]
    assert len(set(colors)) == 3

    page.locator(".st-key-icon_remove_us_stocks-AAPL button").first.focus()
    page.keyboard.down("Enter")
    expect(page).not_to_have_url(re.compile("AAPL"))
    expect(page.locator("[class*=st-key-icon_remove_indices] button").first).to_be_focused()  # that in its place
    page.keyboard.down("Enter")  # the key is still held, and presses nothing there
    page.keyboard.up("Enter")
    expect(page.locator("[data-testid=stHtml]", has_text="애플")).to_have_count(0)
    assert [chip_color(page, name) for name in names] == colors

    other = page.context.new_page()
    other.goto(page.url)
    expect(other.get_by_role("application", name="비교 차트")).to_be_visible(timeout=60_000)
    assert [chip_color(other, name) for name in names] == colors
    other.get_by_role("radio", name="3년", exact=True).click()
    expect(other).to_have_url(re.compile("period=3Y"))


VISIBLE = """() => {
  const { chart } = document.querySelector('.echarts-container');
  const [first, last] = chart.getModel().getComponent('dataZoom', 0).getValueRange();
  const { days } = chart.page.readout;
  return [days[first], days[last]];
}"""
# The ends of the axes, as parts of the close of the first visible day on which each series traded.
REACH = """() => {
  const { chart } = document.querySelector('.echarts-container');
  const model = chart.getModel();
  const source = model.getComponent('dataset', 0).get('source', true);
  const [first] = model.getComponent('dataZoom', 0).getValueRange();
  return model.findComponents({mainType: 'yAxis'}).map((axis, position) => {
    const base = [...source[`price ${position}`]].slice(first).find(Number.isFinite);
    return axis.axis.scale.getExtent().map(end => end / base);
  });
}"""

# Whether ECharts leaves an axis without numbers.
BLANK = """() => document.querySelector('.echarts-container').chart.getModel()
  .findComponents({mainType: 'yAxis'}).map(({axis}) => axis.scale.isBlank())"""
HIDE = """name => document.querySelector('.echarts-container').chart
  .dispatchAction({type: 'legendUnSelect', name})"""


def zoom_and_see_everything_follow(page: Page) -> tuple[str, str]:
    """Returns the visible days then, the first and the last."""
    page.evaluate(COUNT_SERIES_SET)
    wheel(page, 3, -240)
    page.wait_for_function("location.search.includes('from=')")
    expect(page.locator("[class*=st-key-period] button[aria-checked=true]:visible")).to_have_count(0)
    first, last = page.evaluate(VISIBLE)
    expect(page).to_have_url(re.compile(f"from={first}&to={last}"))
    close = pages.made_table(0, halted=0)["close"].loc[first:last]
    measured = f"{close.iloc[-1] / close.iloc[0] - 1:+.2%}"
    wait_until_at_rest(page)
    with page.expect_download() as handed_out:
        page.get_by_role("button", name="Excel").first.click()
    book = load_workbook(io.BytesIO(handed_out.value.path().read_bytes()))
    assert [row[0].date().isoformat() for row in book["종가"].iter_rows(min_row=2, values_only=True)][
        :: len(close) - 1
    ] == [
        first,
        last,
    ]
    told = dict(zip(*list(book["통계"].iter_rows(values_only=True))[:2], strict=True))
    assert f"{told['수익률 %'] / 100:+.2%}" == measured
    assert page.locator("canvas").first.get_attribute("data-first") == "yes"
    assert page.evaluate("window.cleared") == 0
    return first, last


@pytest.mark.usefixtures("stored")
def test_the_zoom_is_in_the_address_and_everything_follows_while_no_line_is_drawn_anew_in_one_chart_and_in_many(
    app: Callable[[], str], page: Page
) -> None:
    series = "korean_stocks:005930,korean_stocks:000660,us_stocks:AAPL"
    open_chart(page, f"{app()}/comparison?series={series}&charts=each")
    first, last = zoom_and_see_everything_follow(page)
    assert "charts=each" in page.url
    link = page.url
    page.get_by_role("radio", name="3년", exact=True).click()
    expect(page).to_have_url(re.compile("period=3Y"))
    assert wait_until(lambda: page.evaluate(VISIBLE)[0] < first)

    # A link shows the same days, also in one chart.
    page.goto(link.replace("charts=each", "charts=one"))
    page.wait_for_function("document.querySelector('.echarts-container')?.chart?.page", timeout=60_000)
    assert page.evaluate(VISIBLE) == [first, last]
    page.wait_for_function(SHOWS_A_RANGE)
    wait_until_at_rest(page)
    first, last = zoom_and_see_everything_follow(page)
    page.get_by_role("radio", name="3년", exact=True).click()
    expect(page).to_have_url(re.compile("period=3Y"))
    assert wait_until(lambda: page.evaluate(VISIBLE)[0] < first)
    reach = page.evaluate(REACH)
    assert all(ends == pytest.approx(reach[0]) for ends in reach), "all lines begin at one point of one axis"


def test_the_box_beside_the_pointer_says_prices_and_changes_since_the_base(
    stored: MongoDatabase, app: Callable[[], str], page: Page
) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    day = "2026-10-01"
    series = "korean_stocks:005930,us_stocks:AAPL,indices:^KS11"
    open_chart(page, f"{app()}/comparison?series={series}&period=3M&base={day}")
    close = prices.load(stored, US_STOCKS, "AAPL")["close"]
    for share in (0.1, 0.7):
        said = said_at_pointer(page, share).replace("\n", "")
        shown = close[said[:10]]
        assert f"${shown:,.2f}{shown / close[day] - 1:+.2%}" in said
        place = page.locator(".tooltip").bounding_box()
        assert place is not None
        assert 0 <= place["x"] < place["x"] + place["width"] <= 390


@pytest.mark.usefixtures("stored")
def test_a_line_that_the_legend_hides_is_neither_read_out_nor_reached_around_and_a_resting_pointer_keeps_its_day(
    app: Callable[[], str], page: Page
) -> None:
    names = {"삼성전자": "korean_stocks:005930", "SK하이닉스": "korean_stocks:000660", "애플": "us_stocks:AAPL"}
    open_chart(page, f"{app()}/comparison?series={','.join(names.values())}&period=MAX")
    before = page.evaluate(REACH)[0]
    for name in list(names)[:2]:
        page.evaluate(HIDE, name)
    close = pages.made_table(2, halted=0)["close"]
    ends = [close.min() / close.iloc[0], close.max() / close.iloc[0]]
    air = (ends[1] - ends[0]) * parts.AIR
    reach = pytest.approx([max(ends[0] - air, 0), ends[1] + air])
    assert before != reach
    assert wait_until(lambda: page.evaluate(REACH)[0] == reach), "the axis that is seen is that of a hidden line"
    said = said_at_pointer(page, 0.5)
    assert [name for name in names if name in said] == ["애플"]

    day = said_at_pointer(page, 0.3)[:10]
    page.mouse.wheel(0, -240)  # which zooms in around the pointer
    page.wait_for_function("location.search.includes('from=')")
    page.wait_for_timeout(500)
    assert page.locator(".tooltip").inner_text()[:10] == day


@pytest.mark.usefixtures("stored")
def test_an_axis_whose_line_is_hidden_has_no_numbers(app: Callable[[], str], page: Page) -> None:
    errors: list[object] = []
    page.on("pageerror", lambda error: errors.append(error))
    open_chart(page, f"{app()}/comparison?series=korean_stocks:005930,us_stocks:AAPL")
    page.wait_for_function("document.querySelector('.echarts-container')?.chart?.page", timeout=60_000)
    page.evaluate(HIDE, "삼성전자")
    assert wait_until(lambda: page.evaluate(BLANK) == [True, False])
    day_at_pointer(page, 0.5)
    wheel(page, 1, -240)
    page.evaluate(HIDE.replace("legendUnSelect", "legendSelect"), "삼성전자")
    wheel(page, 3, 240)
    assert wait_until(lambda: page.evaluate(BLANK) == [False, False])
    assert all(low > 0.1 for low, _high in page.evaluate(REACH))
    assert errors == []


def test_the_axis_has_its_labels_where_the_first_line_has_no_price(
    stored: MongoDatabase, app: Callable[[], str], page: Page
) -> None:
    tickers.register(stored, KOREAN_STOCKS, [{"ticker": "000020", "name": "동화약품"}])
    series = "korean_stocks:000020,us_stocks:AAPL,indices:^KS11"
    open_chart(page, f"{app()}/comparison?series={series}&period=3M")
    page.mouse.move(5, 5)
    assert wait_until(lambda: len([label for label in page.evaluate(AXIS)["labels"] if label]) >= 3)
    labels = [label for label in page.evaluate(AXIS)["labels"] if label]
    assert all(label.endswith("%") and abs(float(label[:-1])) < 100 for label in labels)


@pytest.mark.parametrize("charts", ["one", "each"])
def test_the_plot_of_ten_series_begins_high_and_all_measures_are_within_the_window(
    own_server_db: MongoDatabase, app: Callable[[], str], page: Page, charts: str
) -> None:
    names = [f"{number:06}" for number in range(10)]
    for seed, ticker in enumerate(names):
        tickers.register(own_server_db, KOREAN_STOCKS, [{"ticker": ticker, "name": f"회사 이름 {ticker}"}])
        prices.write(own_server_db, KOREAN_STOCKS, ticker, candles.clean(pages.made_table(seed, halted=0))[0])
    page.set_viewport_size({"width": 1440, "height": 900})
    series = ",".join(f"korean_stocks:{name}" for name in names)
    page.goto(f"{app()}/comparison?series={series}&currency=USD&charts={charts}")
    box = page.locator(".st-key-comparison_chart canvas").first.bounding_box(timeout=60_000)
    assert box is not None
    assert box["y"] + 32 < 250, "where the grid begins, below the names of the lines"
    assert box["height"] > 600
    table = page.locator(".stDataFrame, [data-testid=stDataFrame]").first
    table.scroll_into_view_if_needed()
    width = page.get_by_test_id("stMain").evaluate("main => [main.scrollWidth, main.clientWidth]")
    assert width[0] <= width[1]
    inner = table.locator(".dvn-scroller").evaluate("grid => [grid.scrollWidth, grid.clientWidth, grid.scrollHeight]")
    assert inner[0] <= inner[1] + 1, "no measure has to be scrolled to"
    expect(page.locator(".js-plotly-plot")).to_have_count(0)
    page.locator(".st-key-figure").scroll_into_view_if_needed()
    expect(page.locator(".st-key-figure .js-plotly-plot")).to_be_visible()
    selectors = [one for one in SELECTOR.findall(LOOK.read_text(encoding="utf-8")) if "ExpandSidebar" not in one]
    assert unmatched_of(page, selectors) == []

    page.set_viewport_size({"width": 844, "height": 390})
    height = {"one": 320, "each": 640}[charts]
    high = "() => document.querySelector('.st-key-comparison_chart canvas').clientHeight"
    assert wait_until(lambda: abs(page.evaluate(high) - height) < 2), "each of five rows is high enough to be read"


@pytest.mark.usefixtures("stored")
def test_a_picture_has_the_lines_that_are_shown_and_what_a_reader_must_know(app: Callable[[], str], page: Page) -> None:
    keys = ["korean_stocks:005930", "us_stocks:AAPL", "indices:^KS11"]
    days, drawn = "from=2026-01-05&to=2026-10-30", "document.querySelector('.echarts-container').chart?.page?.drawn"
    for count in (2, 3):
        address = f"{app()}/comparison?series={','.join(keys[:count])}&{days}"
        if count == 2:
            open_chart(page, address)
        else:
            before = page.evaluate(drawn)
            follow(page, address)
            page.wait_for_function(f"before => ![undefined, before].includes({drawn})", arg=before)
            wait_until_at_rest(page)
        page.evaluate(HIDE, "애플")
        page.locator(".st-key-comparison_menu button").first.click()
        with page.expect_download() as handed_out:
            page.get_by_role("button", name="차트 PNG").click()
        page.keyboard.press("Escape")
        named = "_".join(["005930", "AAPL", "KS11"][:count])
        assert handed_out.value.suggested_filename == f"{named}_2026-01-05_2026-10-30.png", "as the other files"
        picture = Image.open(handed_out.value.path()).convert("RGB")
        assert picture.size == (1600, 900)
        colors = {color: number for number, color in picture.getcolors(1 << 24) or []}
        shown = [ImageColor.getrgb(color_of(slot)) for slot in range(count) if slot != 1]
        assert all(colors.get(color, 0) > 300 for color in shown)
        assert colors.get(ImageColor.getrgb(color_of(1)), 0) < 1000, "its axis at most"
        page.wait_for_timeout(300)
        assert page.locator("canvas").first.is_visible()


@pytest.mark.usefixtures("stored")
def test_a_picture_of_small_charts_has_each_of_them_below_the_title_and_no_slider(
    app: Callable[[], str], page: Page
) -> None:
    page.set_viewport_size({"width": 390, "height": 900})
    keys = ["korean_stocks:005930", "us_stocks:AAPL", "indices:^KS11"]
    open_chart(page, f"{app()}/comparison?series={','.join(keys)}&charts=each&from=2026-01-05&to=2026-10-30")
    for width in (390, 1440):
        page.set_viewport_size({"width": width, "height": 900})
        page.locator(".st-key-comparison_menu button").first.click()
        with page.expect_download() as handed_out:
            page.get_by_role("button", name="차트 PNG").click()
        page.keyboard.press("Escape")
        picture = Image.open(handed_out.value.path()).convert("RGB")
        assert picture.size == (1600, 900)
        pixels = np.asarray(picture)
        places = []
        for slot in range(len(keys)):
            down, across = np.nonzero((pixels == ImageColor.getrgb(color_of(slot))).all(axis=2))
            places.append((down.min(), down.max(), across.min(), across.max()))
        left, right, below = places
        assert min(top for top, *_ in places) > 66, "the title has a place of its own"
        assert left[3] < right[2], "side by side"
        assert left[3] - left[2] > 0.4 * 1600, "as wide as in a wide window"
        assert left[1] < below[0], "and the third below"
        assert below[1] > 900 - 36 - 30, "where the page has the slider"


@pytest.mark.usefixtures("stored")
def test_the_figure_below_is_loaded_without_drawing_the_downloads_anew(app: Callable[[], str], page: Page) -> None:
    frames: list[bytes] = []
    page.on("websocket", lambda socket: socket.on("framereceived", lambda frame: frames.append(bytes(frame))))
    open_chart(page, f"{app()}/comparison?series=korean_stocks:005930,us_stocks:AAPL")
    wait_until_at_rest(page)
    assert any(b"comparison_csv" in frame for frame in frames)
    frames.clear()
    with page.expect_download() as handed_out:
        page.get_by_role("button", name="CSV", exact=True).click()  # which brings the figure into sight
    assert handed_out.value.suggested_filename.endswith(".csv")
    expect(page.locator(".st-key-figure .js-plotly-plot")).to_be_visible()
    wait_until_at_rest(page)
    assert not any(b"comparison_csv" in frame for frame in frames), "else the click may ask for a file of before"
