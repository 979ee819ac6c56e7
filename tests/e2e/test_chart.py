"""The chart as an instrument, in a real browser: its zoom is part of the page, and no data become code."""

import datetime as dt
import math
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from finance_core.bars import candles
from finance_core.bars.drawings import Drawing, Point
from finance_core.categories import KOREAN_STOCKS
from finance_core.charts.style import DRAWING
from finance_core.storage import drawings, prices, tickers
from finance_core.storage.database import MongoDatabase
from finance_core.ui.echart.border import MARKER
from tests import pages
from tests.e2e.browsing import wait_until_at_rest
from tests.e2e.test_korean_stocks import colours, day_at, first_day, last_day, open_chart, readout, span, turn, wheel
from tests.foreign.test_import_files import import_here
from tests.processes import wait_until
from tests.yahoo import YahooStandIn

pytestmark = pytest.mark.slow

COUNT_SERIES_SET = """() => {
  window.cleared = 0;
  const root = document.querySelector('.echarts-container');
  new MutationObserver(changes => window.cleared += changes.filter(each => [...each.removedNodes].some(
    node => node.querySelector?.('canvas'))).length).observe(root, {childList: true});
  root.querySelector('canvas').dataset.first = 'yes';
}"""


COUNT_OPTIONS_SET = """() => {
  window.options = 0;
  const { chart } = document.querySelector('.echarts-container');
  const set = chart.setOption;
  chart.setOption = (...parts) => { window.options += 1; set.apply(chart, parts); };
}"""


@pytest.fixture
def address(own_server_db: MongoDatabase, yahoo: YahooStandIn, app: Callable[[], str]) -> str:
    table = pages.made_table(first="2014-01-02", halted=0)
    pages.update_from(yahoo, own_server_db, {"005930": table, "000660": pages.made_table(2)}, {})
    return app() + "/korean_stocks"


def summary_of(first: pd.Timestamp, last: pd.Timestamp) -> str:
    """What the bars from `first` to `last` did, as the page says it."""
    close = pages.made_table(first="2014-01-02", halted=0)["close"]
    return f"보이는 기간 {close[last] / close[first] - 1:+.2%}"


def lit(page: Page) -> list[str]:
    return page.locator("[class*=st-key-period] button[aria-checked=true]:visible").all_inner_texts()


def test_the_page_follows_a_zoom_and_a_period_within_a_moment_and_the_chart_is_neither_drawn_nor_sent_anew(
    address: str, page: Page
) -> None:
    received: list[int] = []
    page.on("websocket", lambda socket: socket.on("framereceived", lambda data: received.append(len(data))))
    open_chart(page, address + "?period=1Y")
    assert max(received) > 100_000, "the chart with its bars"
    page.evaluate(COUNT_SERIES_SET)
    page.evaluate(COUNT_OPTIONS_SET)
    received.clear()
    assert lit(page) == ["1년"]
    wheel(page, 3, -240)
    page.wait_for_function("location.search.includes('from=')")
    expect(page.locator("[class*=st-key-period] button[aria-checked=true]:visible")).to_have_count(0)
    first, last = first_day(page), last_day(page)
    expect(page).to_have_url(re.compile(f"from={first.date()}&to={last.date()}"))
    expect(page.locator(".st-key-summary")).to_contain_text(summary_of(first, last))
    expect(page.get_by_test_id("stPopover").get_by_text(f"{first.date()} – {last.date()}")).to_be_visible()
    link = page.url

    # A period after the zoom, and a tool.
    page.get_by_role("radio", name="3년", exact=True).click()
    assert wait_until(lambda: lit(page) == ["3년"])
    assert wait_until(lambda: span(page) > pd.Timedelta(days=3 * 365 - 10))
    page.locator(".st-key-draw button").first.click()
    page.get_by_role("radio", name="추세선", exact=True).click()
    page.wait_for_function("document.querySelector('.echarts-container').chart.page.tool.points > 0")
    page.keyboard.press("Escape")
    assert sum(received) < 100_000
    assert max(received) < 20_000
    assert page.evaluate("window.options") == 0
    assert page.locator("canvas").first.get_attribute("data-first") == "yes"
    assert page.evaluate("window.cleared") == 0

    # The link shows the days to which the wheel went. So do the table and the file of what is visible, and a click
    # elsewhere leaves them.
    open_chart(page, link)
    assert (first_day(page), last_day(page)) == (first, last)
    assert lit(page) == []
    page.locator(".st-key-menu button").first.click()
    page.get_by_text("표", exact=True).click()
    expect(page.get_by_test_id("stDataFrame")).to_be_visible()
    with page.expect_download() as handed_out:
        page.get_by_role("button", name="보이는 기간 CSV").click()
    days = handed_out.value.path().read_text(encoding="utf-8-sig").splitlines()[1:]
    assert (days[0][:10], days[-1][:10]) == (str(first.date()), str(last.date()))
    page.keyboard.press("Escape")
    page.get_by_text("표", exact=True).wait_for(state="hidden")
    assert (first_day(page), last_day(page)) == (first, last)

    # Any period works again, and a zoom to what one shows lights its button.
    page.get_by_role("radio", name="최대", exact=True).click()
    assert wait_until(lambda: lit(page) == ["최대"])
    assert wait_until(lambda: first_day(page) < first)
    wheel(page, 3, -240)
    assert wait_until(lambda: lit(page) == [])
    wheel(page, 12, 240)
    assert wait_until(lambda: lit(page) == ["최대"])
    expect(page).to_have_url(re.compile("period=MAX"))


def test_bars_that_change_while_a_chart_is_open_change_the_numbers_above_it_too_and_one_whose_bars_go_says_so(
    own_server_db: MongoDatabase, address: str, page: Page
) -> None:
    open_chart(page, address + "?period=1Y")
    newest = own_server_db["korean_stocks"].find_one({"ticker": "005930"}, sort=[("date", -1)])
    assert newest
    close = round(newest["close"] * 1.1)
    own_server_db["korean_stocks"].update_one({"_id": newest["_id"]}, {"$set": {"close": close, "high": close}})
    page.get_by_role("radio", name="3개월").click()
    expect(page.locator(".st-key-about")).to_contain_text(f"₩{close:,}")
    assert wait_until(lambda: lit(page) == ["3개월"])
    assert wait_until(lambda: f"{close:,}" in readout(page))

    prices.delete(own_server_db, KOREAN_STOCKS, "005930")
    tickers.record(own_server_db, KOREAN_STOCKS, "005930", {"bars_changed_at": tickers.now()})
    page.get_by_role("radio", name="1년", exact=True).click()
    expect(page.get_by_text("시세가 아직 없습니다")).to_be_visible()
    expect(page.get_by_text("예상하지 못한 오류")).to_have_count(0)


SHOWN_AROUND = """chart => {
  const [low, high] = chart.getModel().getComponent('yAxis', 0).axis.scale.getExtent();
  const bars = chart.getModel().getComponent('xAxis', 0).getOrdinalMeta().categories.length;
  return [chart.convertFromPixel({gridIndex: 0}, [500, 300])[0], bars, low, high];
}"""


def measure(page: Page, begin: tuple[float, float], *ends: tuple[float, float]) -> list[str]:
    """What the measure tool says of the distances from `begin` to each of `ends`, places of the chart."""
    box = page.locator("canvas").first.bounding_box()
    assert box is not None
    page.keyboard.down("Shift")
    page.mouse.move(box["x"] + begin[0], box["y"] + begin[1])
    page.mouse.down()
    said = []
    for right, down in ends:
        page.mouse.move(box["x"] + right, box["y"] + down, steps=4)
        said.append(page.locator(".measure").inner_text())
    page.mouse.up()
    page.keyboard.up("Shift")
    return said


def test_readout_and_tooltip_follow_the_pointer_and_the_measure_tool_says_how_far_inside_of_the_pane_of_prices(
    address: str, page: Page
) -> None:
    page.set_viewport_size({"width": 1440, "height": 900})
    open_chart(page, address + "?period=1Y")
    newest = readout(page)
    assert first_day(page).strftime("%Y-%m-%d") in readout(page) != newest
    (measured,) = measure(page, (200, 300), (500, 150))
    assert re.fullmatch(r"봉 \d+개 · \d+일 · \+[\d.]+% · \+[\d,]+", measured), measured
    page.wait_for_timeout(500)
    assert lit(page) == ["1년"], "measuring is no zoom"
    wheel(page, 1, -240)
    expect(page.locator(".measure")).to_be_hidden()

    # A distance that is dragged out of the pane ends at its edge.
    page.get_by_role("radio", name="최대", exact=True).click()
    assert wait_until(lambda: lit(page) == ["최대"])
    page.wait_for_function("document.querySelector('.echarts-container').chart.page.knownRange[0] === 0")
    shown = (
        f"() => {{ const {{ chart }} = document.querySelector('.echarts-container'); return ({SHOWN_AROUND})(chart) }}"
    )
    middle, bars, low, high = page.evaluate(shown)
    box = page.locator("canvas").first.bounding_box()
    assert box is not None
    for beside, end in ((2, 0), (box["width"] - 2, bars - 1)):
        (measured,) = measure(page, (500, 100), (beside, box["height"] - 4))
        count, change = re.findall(r"(-?[\d,]+)개 .* (-[\d,]+)$", measured)[0]
        assert int(count.replace(",", "")) == end - middle
        assert low - high < int(change.replace(",", "")) < 0
    page.keyboard.press("Escape")

    # The tooltip is a choice, stands beside the pointer, and inside the chart.
    expect(page.locator(".tooltip")).to_have_count(0)
    page.locator(".st-key-looks button").first.click()
    page.get_by_text("말풍선도 보기", exact=True).click()
    expect(page.locator(".tooltip")).to_have_count(1)
    page.keyboard.press("Escape")
    for share in (0.1, 0.9):
        x, y = box["x"] + box["width"] * share, box["y"] + 150
        page.mouse.move(x - 5, y)
        page.mouse.move(x, y)
        expect(page.locator(".tooltip")).to_be_visible()
        beside = page.locator(".tooltip").bounding_box()
        assert beside is not None
        assert beside["x"] > x if share < 0.5 else beside["x"] + beside["width"] < x
        assert box["y"] <= beside["y"]
        assert beside["y"] + beside["height"] <= box["y"] + box["height"]
        # Both at one moment: they follow the pointer a twentieth of a second late.
        days = page.evaluate("[...document.querySelectorAll('.readout .day, .tooltip .day')].map(day => day.innerText)")
        assert len(days) == 2
        assert days[0] == days[1], "the same bar"
    page.mouse.move(5, 5)
    expect(page.locator(".tooltip")).to_be_hidden()
    assert lit(page) == ["최대"]


def test_a_distance_and_a_drawing_end_at_the_last_bar_before_days_to_come_and_english_counts_bars_and_days(
    own_server_db: MongoDatabase, address: str, page: Page
) -> None:
    open_chart(page, address + "?period=3M&marks=none&ma=none&ind=ichimoku")
    box = page.locator("canvas").first.bounding_box()
    assert box is not None
    measure(page, (200, 300), (box["width"] - 100, 200))
    ends = page.evaluate("""() => {
      const { chart } = document.querySelector('.echarts-container');
      const last = chart.page.settings.shown.bars - 1;
      const { offsetLeft, offsetWidth } = document.querySelector('.measure');
      return [offsetLeft + offsetWidth, ...[last, last + 1].map(bar => chart.convertToPixel({ xAxisIndex: 0 }, bar))];
    }""")
    assert ends[1] < ends[0] < ends[2], ends
    take(page, "추세선")
    page.mouse.click(box["x"] + 300, box["y"] + 200)
    page.mouse.click(box["x"] + box["width"] - 120, box["y"] + 260)
    assert wait_until(lambda: len(drawings.load(own_server_db, KOREAN_STOCKS, "005930")) == 1)
    (drawing,) = drawings.load(own_server_db, KOREAN_STOCKS, "005930")
    last = prices.load(own_server_db, KOREAN_STOCKS, "005930").index[-1].date()
    assert drawing.points[0].day < drawing.points[1].day == last

    page.get_by_role("radio", name="English").click()
    page.wait_for_function(
        "document.querySelector('.echarts-container').chart?.page?.settings?.measure.bars[0] === '1 bar'"
    )
    begin, *bars = page.evaluate("""() => {
      const { chart } = document.querySelector('.echarts-container'), [first] = chart.page.knownRange;
      return [1, 2, 3].map(bar => chart.convertToPixel({ xAxisIndex: 0 }, first + bar));
    }""")
    texts = measure(page, (begin, 300), *[(bar, 150) for bar in bars])
    assert texts[0].startswith("1 bar · "), texts
    assert re.match(r"2 bars · \d days · ", texts[1]), texts


def test_nothing_in_the_data_runs_as_a_script_in_the_browser(
    own_server_db: MongoDatabase, address: str, page: Page, tmp_path: Path
) -> None:
    attack = f"{MARKER}(window.attacked = true, () => 'x'){MARKER}"
    own_server_db["ticker_metadata"].update_one(
        {"ticker": "005930"}, {"$set": {"name": attack, "name_en": attack, "market": attack, "note": attack}}
    )
    named = pages.made_table(3, halted=0).rename_axis("날짜").assign(종목명=attack, 시장=attack, 업종=attack)
    file = tmp_path / "imported.csv"
    pd.concat([named.assign(종목코드=code) for code in ("009990", attack)]).to_csv(file)
    import_here(own_server_db, file)
    imported = tickers.all_rows(own_server_db, KOREAN_STOCKS)
    assert [row["name"] for row in imported if row["ticker"] == "009990"] == [attack]
    assert attack not in [row["ticker"] for row in imported], "it is no ticker"
    day = dt.date(2024, 1, 2)
    text = Drawing("a", "text", (Point(day, 50_000.0),), day, attack)
    drawings.add(own_server_db, KOREAN_STOCKS, "005930", text)
    beside = f"?ticker=000660&with=korean_stocks:005930,korean_stocks:009990,korean_stocks:{attack}"
    for query in (f"?ticker={attack}&ma={attack}&from={attack}&unit={attack}", beside, "?ticker=009990"):
        open_chart(page, address + query)
        assert first_day(page) < last_day(page), "the chart is drawn"
        assert page.evaluate("window.attacked") is None
    comparison = address.replace("korean_stocks", "comparison")
    open_chart(page, f"{comparison}?series=korean_stocks:005930,korean_stocks:009990,korean_stocks:{attack}")
    assert page.evaluate("window.attacked") is None


AXIS = """() => {
  const axis = document.querySelector('.echarts-container').chart.getModel().getComponent('yAxis', 0).axis;
  return {extent: axis.scale.getExtent(), labels: axis.getViewLabels().map(label => label.formattedLabel)};
}"""


WRITTEN = """() => document.querySelector('.echarts-container').chart.getZr().storage.getDisplayList()
  .filter(each => each.type === 'tspan').map(each => each.style.text)"""


def choose_look(page: Page, title: str) -> None:
    """Choose a kind of bars or a scale, and wait until the chart is drawn with it."""
    chart = "document.querySelector('.echarts-container').chart"
    before = page.evaluate(f"{chart}.page.drawn")
    page.locator(".st-key-looks").get_by_role("button").first.click()
    page.get_by_role("radio", name=title, exact=True).click()
    page.wait_for_function(f"before => ![undefined, before].includes({chart}?.page?.drawn)", arg=before)
    page.keyboard.press("Escape")
    page.get_by_role("radio", name=title, exact=True).wait_for(state="hidden")


def test_every_kind_on_every_scale_has_round_labels_around_what_is_visible_and_a_tag_that_says_the_last_close(
    address: str, page: Page
) -> None:
    errors: list[str] = []
    page.on("console", lambda message: errors.append(message.text) if "JsCode" in message.text else None)
    table = pages.made_table(first="2014-01-02", halted=0)
    year, close = table[table.index > table.index[-1] - pd.DateOffset(years=1)], table["close"]
    open_chart(page, f"{address}?period=1Y&type=hollow&ma=none&marks=none")

    def tag(scale: str) -> str:
        """What the axis says at the last close."""
        first = first_day(page)
        page.mouse.move(5, 5)
        return f"{close.iloc[-1] / close[first] - 1:+.2%}" if scale == "percent" else f"{close.iloc[-1]:,.0f}"

    for kind, scale, *looks in [
        ("hollow", "linear"),
        ("bars", "log", "바", "로그"),
        ("area", "percent", "영역", "변화율 %"),
        ("line", "log", "선", "로그"),
    ]:
        for look in looks:
            choose_look(page, look)
        if looks:
            expect(page).to_have_url(re.compile(f"type={kind}&scale={scale}"))
        assert first_day(page) == year.index[0]
        axis = page.evaluate(AXIS)
        low, high = axis["extent"]
        drawn = year["close"] if kind in ("line", "area") and scale != "percent" else year[["low", "high"]]
        least, most = drawn.to_numpy().min(), drawn.to_numpy().max()
        assert 0 <= low < least < most < high, (kind, scale)
        assert math.log(high / low) < math.log(most / least) * 1.2, (kind, scale, "no empty fifth")
        labels = [label for label in axis["labels"] if label]
        assert len(labels) >= 3, (kind, scale)
        assert all(label.endswith("%") == (scale == "percent") for label in labels)
        if kind == "line":
            break
        assert tag(scale) in page.evaluate(WRITTEN)
        wheel(page, 3, -240)
        page.get_by_role("radio", name="3개월", exact=True).click()
        assert wait_until(lambda scale=scale: lit(page) == ["3개월"] and tag(scale) in page.evaluate(WRITTEN))
        expect(page).to_have_url(re.compile("period=3M"))
        hidden = [label for label in page.evaluate(AXIS)["labels"] if label == ""]
        assert len(hidden) <= 2, "those under the tag alone"
        page.get_by_role("radio", name="1년", exact=True).click()
        assert wait_until(lambda: lit(page) == ["1년"] and first_day(page) == year.index[0])
    assert errors == []


def picture_of(page: Page, *choices: str) -> tuple[str, Image.Image]:
    """The name and the content of the picture that the menu hands out after clicks on `choices`."""
    page.locator(".st-key-menu button").first.click()
    for choice in choices:
        page.get_by_text(choice, exact=True).click()
        wait_until_at_rest(page)
    with page.expect_download() as handed_out:
        page.get_by_role("button", name="차트 PNG").click()
    page.keyboard.press("Escape")
    return handed_out.value.suggested_filename, Image.open(handed_out.value.path()).convert("RGB")


def test_a_picture_has_a_size_and_a_ground_of_its_own_and_is_handed_out_once_and_another_theme_keeps_the_zoom(
    address: str, page: Page
) -> None:
    open_chart(page, address + "?period=1Y&ind=rsi(14)")
    first, last = first_day(page), last_day(page)
    name, picture = picture_of(page)
    assert name == f"005930_{first.date()}_{last.date()}.png"
    assert picture.size == (1600, 900)
    assert picture.getpixel((5, 5)) == (255, 255, 255)
    seen = {colour for count, colour in picture.getcolors(1 << 24) or [] if count > 50}
    assert {(240, 68, 82), (49, 130, 246)} <= seen, "rising and falling, as on the page"
    name, picture = picture_of(page, "1:1", "어둡게", "인쇄용으로 두 배 곱게")
    assert picture.size == (2160, 2160)
    assert picture.getpixel((5, 5)) == (14, 17, 23)
    assert (first_day(page), last_day(page)) == (first, last)
    assert lit(page) == ["1년"]
    downloads: list[object] = []
    page.on("download", lambda each: downloads.append(each))
    page.get_by_role("radio", name="3개월", exact=True).click()
    assert wait_until(lambda: lit(page) == ["3개월"])
    page.wait_for_timeout(500)
    assert downloads == [], "a picture is handed out once"

    wheel(page, 3, -240)
    expect(page).to_have_url(re.compile("from="))
    first, last = first_day(page), last_day(page)
    page.evaluate("document.querySelector('.echarts-container canvas').dataset.light = 'yes'")
    page.emulate_media(color_scheme="dark")
    page.wait_for_function("document.querySelector('.echarts-container canvas:not([data-light])')")
    page.wait_for_timeout(800)
    assert (first_day(page), last_day(page)) == (first, last)
    assert downloads == []
    assert page.locator(".readout").count() == 3, "no line is left of the chart before"


def take(page: Page, tool: str) -> None:
    """Choose a tool of the menu of drawings, and close the menu."""
    page.locator(".st-key-draw button").first.click()
    page.get_by_role("radio", name=tool, exact=True).click()
    page.wait_for_function("document.querySelector('.echarts-container').chart.page.tool.points > 0")
    page.keyboard.press("Escape")
    page.get_by_role("radio", name=tool, exact=True).wait_for(state="hidden")


def test_a_chart_is_walked_through_by_keys_and_none_deletes_a_drawing_to_which_only_they_have_walked(
    own_server_db: MongoDatabase, address: str, page: Page
) -> None:
    open_chart(page, address + "?period=3M&ma=none")
    chart = page.get_by_role("application", name=re.compile("차트$"))
    days = [day[:10] for day in page.evaluate("document.querySelector('.echarts-container').chart.page.readout.days")]
    zoom = "document.querySelector('.echarts-container').chart.getModel().getComponent('dataZoom', 0).getValueRange()"
    first, last = page.evaluate(zoom)
    for _ in range(30):
        page.keyboard.press("Tab")
        if chart.evaluate("element => element === document.activeElement"):
            break
    far = round((last - first) / 10)
    page.keyboard.press("Home")
    assert wait_until(lambda: days[0] in readout(page)), "also as the first key"
    page.keyboard.press("End")
    assert wait_until(lambda: days[last] in readout(page))
    page.keyboard.press("ArrowRight")
    steps = {
        "ArrowLeft": last - 1,
        "Shift+ArrowLeft": last - 1 - far,
        "ArrowRight": last - far,
        "Home": 0,
        "ArrowLeft  ": 0,
        "End": last,
    }
    for key, position in steps.items():
        page.keyboard.press(key.strip())
        assert wait_until(lambda expected=days[position]: expected in readout(page)), key
    assert page.evaluate(zoom) == [first, last]
    page.keyboard.press("+")
    assert page.evaluate(zoom) == [last - round((last - first) * 0.8), last]
    page.keyboard.press("-")
    assert page.evaluate(zoom)[0] == pytest.approx(first, abs=1)
    page.keyboard.press("Shift+ArrowLeft")
    assert wait_until(lambda: days[last] not in readout(page))
    assert page.locator(".readout[aria-live=polite][aria-atomic=true]").count() == page.locator(".readout").count() > 1
    page.keyboard.press("Tab")
    assert wait_until(lambda: days[last] in readout(page)), "the newest bar, as without a pointer"
    assert page.locator(".readout[aria-live]").count() == 0

    left, middle = page.evaluate("""() => {
        const { chart } = document.querySelector(".echarts-container"), box = chart.getDom().getBoundingClientRect();
        const { y, height } = chart.getModel().getComponent("grid", 0).coordinateSystem.getRect();
        return [box.left, box.top + y + height / 2];
    }""")
    take(page, "수평선")
    page.mouse.click(left + 400, middle)
    page.wait_for_function("document.querySelector('.echarts-container').chart.page.drawings.length === 1")
    page.wait_for_function("!document.querySelector('.echarts-container').chart.page.tool.points")
    (drawn,) = drawings.load(own_server_db, KOREAN_STOCKS, "005930")
    page.mouse.move(5, 5)
    chart.focus()
    for key in ("ArrowLeft", "ArrowLeft", "Delete", "Backspace"):
        page.keyboard.press(key)
    page.wait_for_function("document.querySelector('.echarts-container').chart.page.under !== undefined")
    page.keyboard.press("/")
    page.keyboard.type("ab")
    for _ in range(4):
        page.keyboard.press("Backspace")
    page.wait_for_timeout(500)
    assert drawings.load(own_server_db, KOREAN_STOCKS, "005930") == [drawn]


def test_a_price_from_long_before_splits_is_read_with_three_digits(
    own_server_db: MongoDatabase, address: str, page: Page
) -> None:
    table = prices.load(own_server_db, KOREAN_STOCKS, "005930")
    times = np.geomspace(1 / 2_000, 1, len(table))
    small = table.assign(**{name: table[name] * times for name in candles.PRICES})
    prices.write(own_server_db, KOREAN_STOCKS, "005930", small, remove_others=True)
    tickers.record(own_server_db, KOREAN_STOCKS, "005930", {"bars_changed_at": tickers.now()})
    days = small.index[[60, 69]].date
    open_chart(page, address + f"?from={days[0]}&to={days[1]}&ma=none&marks=none")
    day_at(page, 0.998)
    assert f"종{small['close'].iloc[69]:#.3g}" in re.sub(r"\s", "", readout(page))


def test_no_text_is_drawn_that_nobody_typed(own_server_db: MongoDatabase, address: str, page: Page) -> None:
    open_chart(page, address + "?period=1Y&marks=none&ma=none")
    canvas = page.locator("canvas").first
    text = page.get_by_role("textbox", name="적을 글")
    page.locator(".st-key-draw button").first.click()
    page.get_by_role("radio", name="글", exact=True).click()
    text.fill("버려진 글")
    text.press("Escape")
    text.wait_for(state="hidden")
    canvas.click(position={"x": 400, "y": 200})
    toast = page.get_by_test_id("stToast")
    expect(toast).to_contain_text("적을 글이 비어 있습니다")
    toast.get_by_role("button").click()  # it lies over the menus for ten seconds
    assert drawings.load(own_server_db, KOREAN_STOCKS, "005930") == []

    page.locator(".st-key-draw button").first.click()
    text.fill("실적 발표")
    text.press("Enter")
    page.keyboard.press("Escape")
    text.wait_for(state="hidden")
    canvas.click(position={"x": 400, "y": 200})
    assert wait_until(
        lambda: [each.text for each in drawings.load(own_server_db, KOREAN_STOCKS, "005930")] == ["실적 발표"]
    )


PLOT_AND_TEXT = """() => {
  const {chart} = document.querySelector('.echarts-container');
  return [chart.textBoxes.a, chart.getModel().getComponent('grid', 0).coordinateSystem.getRect()];
}"""


def test_the_chosen_period_and_a_long_text_at_the_newest_bar_are_in_view_also_on_a_phone_and_the_page_does_not_move(
    own_server_db: MongoDatabase, address: str, page: Page
) -> None:
    close = prices.load(own_server_db, KOREAN_STOCKS, "005930")["close"]
    point = Point(close.index[-1].date(), float(close.iloc[-1]))
    text = Drawing("a", "text", (point,), point.day, "실적 발표 뒤 급등, 목표가 30만 (두 증권사의 평균)")
    drawings.add(own_server_db, KOREAN_STOCKS, "005930", text)
    page.set_viewport_size({"width": 390, "height": 600})
    open_chart(page, address + "?period=10Y")
    row, period = page.locator(".st-key-choices"), page.get_by_role("radio", name="10년", exact=True)
    place, own = row.bounding_box(), period.bounding_box()
    assert place
    assert own
    assert place["x"] <= own["x"]
    assert own["x"] + own["width"] <= place["x"] + place["width"]
    assert page.evaluate("document.querySelector('[data-testid=stMain]').scrollTop") == 0

    for width in (390, 1440):
        page.set_viewport_size({"width": width, "height": 900})
        page.wait_for_function(
            """before => {
              const {chart} = document.querySelector('.echarts-container');
              return chart?.getHeight() > 500 && (chart.getWidth() > 1000) === before;
            }""",
            arg=width > 1000,
        )
        page.wait_for_function("document.querySelector('.echarts-container').chart.textBoxes?.a")

        def is_inside() -> bool:
            (left, top, right, bottom), plot = page.evaluate(PLOT_AND_TEXT)
            is_between = plot["x"] <= left < right - 100 < right <= plot["x"] + plot["width"]
            return bool(is_between and plot["y"] <= top < bottom - 10)

        assert wait_until(is_inside, 10)
    zoom = "([first, last]) => document.querySelector('.echarts-container').chart.dispatchAction({type: 'dataZoom', "
    page.evaluate(zoom + "startValue: first, endValue: last})", [len(close) - 90, len(close) - 4])

    def is_beside() -> bool:
        (left, *_others), plot = page.evaluate(PLOT_AND_TEXT)
        return bool(left >= plot["x"] + plot["width"])

    assert wait_until(is_beside, 10), "no text without its point"


PLACES = """() => {
  const { chart } = document.querySelector('.echarts-container');
  const { left, top } = chart.getDom().getBoundingClientRect();
  return chart.page.drawings.map(({ points }) => points.map(point => {
    const [x, y] = chart.convertToPixel({gridIndex: 0}, point);
    return [x + left, y + top];
  }));
}"""


ANSWERED = "document.querySelector('.echarts-container').chart.page.answered"


def drag(page: Page, start: list[float], across: float, down: float) -> None:
    page.mouse.move(*start)
    page.mouse.down()
    page.mouse.move(start[0] + across / 2, start[1] + down / 2)
    page.mouse.move(start[0] + across, start[1] + down)
    page.mouse.up()


def are_at(page: Page, wanted: list[list[float]]) -> bool:
    """Whether the ends of the first drawing are at places of the window."""
    shown = page.evaluate(PLACES)[0]
    return all(
        abs(one - other) < 6
        for place, own in zip(shown, wanted, strict=True)
        for one, other in zip(place, own, strict=True)
    )


def drag_an_end_and_the_whole(page: Page) -> list[list[float]]:
    """Drag the later end of the first drawing, and then the whole; returns where its ends are then."""
    (start, end), *_others = page.evaluate(PLACES)
    answered = page.evaluate(ANSWERED)
    drag(page, end, 60, -80)
    end = [end[0] + 60, end[1] - 80]
    assert wait_until(lambda: page.evaluate(ANSWERED) == answered + 1)
    assert are_at(page, [start, end])
    drag(page, [(start[0] + end[0]) / 2, (start[1] + end[1]) / 2], -50, 40)
    start, end = [[x - 50, y + 40] for x, y in (start, end)]
    assert wait_until(lambda: page.evaluate(ANSWERED) == answered + 2)
    assert are_at(page, [start, end])
    return [start, end]


def test_what_is_drawn_and_dragged_stays_on_the_chart_for_everybody_and_is_in_the_picture_and_nothing_is_panned(
    own_server_db: MongoDatabase, address: str, page: Page
) -> None:
    open_chart(page, address + "?period=1Y&marks=none&ma=none")
    seen = (first_day(page), last_day(page))
    box = page.locator("canvas").first.bounding_box()
    assert box is not None
    is_put_away = "!document.querySelector('.echarts-container').chart.page.tool.points"

    def stored() -> list[str]:
        return [each.kind for each in drawings.load(own_server_db, KOREAN_STOCKS, "005930")]

    take(page, "추세선")
    page.mouse.click(box["x"] + 300, box["y"] + 200)
    page.mouse.click(box["x"] + 600, box["y"] + 300)
    assert wait_until(lambda: stored() == ["trend"])
    page.wait_for_function(is_put_away)
    take(page, "수평선")
    page.mouse.click(box["x"] + 500, box["y"] + 380)
    assert wait_until(lambda: stored() == ["trend", "level"])
    page.wait_for_function(is_put_away)
    expect(page).to_have_url(re.compile(r"period=1Y"))

    page.wait_for_function("document.querySelector('.echarts-container').chart.page.drawings.length === 2")
    trend, level = drawings.load(own_server_db, KOREAN_STOCKS, "005930")
    ends = drag_an_end_and_the_whole(page)
    assert (first_day(page), last_day(page)) == seen
    assert lit(page) == ["1년"]
    (place,) = page.evaluate(PLACES)[1]
    drag(page, [place[0] + 200, place[1]], 30, 60)
    assert wait_until(
        lambda: drawings.load(own_server_db, KOREAN_STOCKS, "005930")[1].points[0].price < level.points[0].price
    )
    trend_now, level_now = drawings.load(own_server_db, KOREAN_STOCKS, "005930")
    assert trend_now.points[0].day < trend.points[0].day < trend.points[1].day < level_now.drawn
    assert level_now.points[0].day == level.points[0].day

    # The link shows them, in whichever period, and the picture has them.
    open_chart(page, page.url)
    assert wait_until(lambda: len(page.evaluate(PLACES)) == 2 and are_at(page, ends))
    page.get_by_role("radio", name="3개월", exact=True).click()
    assert wait_until(lambda: lit(page) == ["3개월"])
    accent = tuple(bytes.fromhex(DRAWING[1:]))
    assert wait_until(lambda: accent in colours(page))
    _name, picture = picture_of(page)
    assert accent in {colour for count, colour in picture.getcolors(1 << 24) or [] if count > 500}

    page.locator(".st-key-draw button").first.click()
    erase = page.locator("[class*=st-key-icon_erase_]")
    for left in (["level"], []):
        erase.first.get_by_role("button").click()
        assert wait_until(lambda left=left: stored() == left)
        expect(erase).to_have_count(len(left))
    page.keyboard.press("Escape")
    assert wait_until(lambda: accent not in colours(page))


def test_a_visitor_drags_an_end_or_the_whole_of_what_he_drew_and_nothing_is_panned_or_stored(
    own_server_db: MongoDatabase, address: str, own_address: str, page: Page
) -> None:
    open_chart(page, address.replace("127.0.0.1", own_address) + "?period=1Y&marks=none&ma=none")
    seen = (first_day(page), last_day(page))
    box = page.locator("canvas").first.bounding_box()
    assert box is not None
    take(page, "추세선")
    page.mouse.click(box["x"] + 300, box["y"] + 250)
    page.mouse.click(box["x"] + 700, box["y"] + 200)
    page.wait_for_function("document.querySelector('.echarts-container').chart.page.drawings.length > 0")
    drag_an_end_and_the_whole(page)
    assert (first_day(page), last_day(page)) == seen
    assert lit(page) == ["1년"]
    assert drawings.load(own_server_db, KOREAN_STOCKS, "005930") == []


def test_a_key_deletes_the_drawing_under_the_pointer_now_also_on_a_page_that_was_just_opened_and_undoes_what_was_done(
    own_server_db: MongoDatabase, address: str, page: Page
) -> None:
    day = pages.made_table(first="2014-01-02", halted=0)["close"].iloc[-30:]
    place = Point(pd.Timestamp(day.index[0]).date(), float(day.iloc[0]))
    level = Drawing("a", "level", (place,), pd.Timestamp(day.index[-1]).date())
    drawings.add(own_server_db, KOREAN_STOCKS, "005930", level)
    open_chart(page, address + "?period=3M&marks=none&ma=none")
    expect(page.get_by_role("combobox").first).to_be_focused()

    def line() -> list[float]:
        left, top = page.evaluate(PLACES)[0][0]
        return [left, top]

    def press(key: str) -> None:
        answered = page.evaluate(ANSWERED)
        page.keyboard.press(key)
        assert wait_until(lambda: page.evaluate(ANSWERED) == answered + 1)

    def is_away() -> bool:
        turn(page, 4, 240)
        return abs(line()[1] - before[1]) > 30

    page.mouse.move(*line())
    before = line()
    assert wait_until(is_away), "the line moves away from the pointer"
    page.wait_for_function("location.search.includes('from=')")
    wait_until_at_rest(page)
    page.keyboard.press("Delete")
    page.keyboard.type("ㅅ")
    page.mouse.move(*line())
    page.keyboard.press("Delete")  # of what is typed
    page.wait_for_timeout(1000)
    assert len(drawings.load(own_server_db, KOREAN_STOCKS, "005930")) == 1
    page.keyboard.press("Backspace")
    for key, expected in (("Delete", []), ("Control+z", [level]), ("Delete", [])):
        press(key)
        assert drawings.load(own_server_db, KOREAN_STOCKS, "005930") == expected

    box = page.locator("canvas").first.bounding_box()
    assert box is not None

    def stored() -> list[tuple[str, int]]:
        return [
            (each.kind, round(each.points[0].price)) for each in drawings.load(own_server_db, KOREAN_STOCKS, "005930")
        ]

    take(page, "수평선")
    x, y = box["x"] + 500, box["y"] + 250
    page.mouse.click(x, y)
    assert wait_until(lambda: len(stored()) == 1)
    page.wait_for_function("document.querySelector('.echarts-container').chart.page.drawings.length === 1")
    drawn = stored()
    answered = page.evaluate(ANSWERED)
    drag(page, [x, y], 0, 60)
    assert wait_until(lambda: page.evaluate(ANSWERED) == answered + 1)
    moved = stored()
    assert moved[0][1] < drawn[0][1]

    page.mouse.move(x, y + 160)
    page.keyboard.press("Delete")  # nothing is under the pointer
    page.mouse.move(x, y + 60)
    press("Delete")
    assert stored() == []
    for expected in (moved, drawn, []):
        press("Control+z")
        assert stored() == expected
