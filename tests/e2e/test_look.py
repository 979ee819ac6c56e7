"""What the style sheet makes of the page of a chart, in a real browser."""

import io
import re
from collections.abc import Callable
from functools import partial
from typing import Literal

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from finance_core.categories import INDICES
from finance_core.storage.database import MongoDatabase
from finance_core.ui.navigation import LOOK
from tests import pages
from tests.charts.test_candlestick import luminance
from tests.e2e.browsing import wait_until_at_rest
from tests.e2e.test_korean_stocks import follow, open_chart, wheel
from tests.processes import wait_until
from tests.yahoo import YahooStandIn

pytestmark = pytest.mark.slow

SELECTOR = re.compile(r"^\s*([.\[*][^{}@;]*?)\s*[,{]\s*$", re.MULTILINE)

ON_PAPER = """() => {
  const { right, bottom } = document.querySelector(".st-key-chart canvas").getBoundingClientRect();
  const menu = getComputedStyle(document.querySelector("[data-testid=stSidebar]")).display;
  window.onPaper = [right, bottom, menu, document.documentElement.clientWidth];
}"""


@pytest.fixture
def address(own_server_db: MongoDatabase, yahoo: YahooStandIn, app: Callable[[], str]) -> str:
    pages.update_from(yahoo, own_server_db, {"005930": pages.made_table(halted=0)}, {})
    return app() + "/korean_stocks"


def test_the_chart_takes_the_rest_of_the_window(address: str, page: Page) -> None:
    open_chart(page, address)
    sizes = [(2560, 1440, 100, 0.9), (390, 844, 165, 0.75), (1024, 768, 130, 0.8), (1440, 900, 100, 0.87)]
    for width, height, begins, share in sizes:
        page.set_viewport_size({"width": width, "height": height})

        def ends(height: int = height) -> bool:
            box = page.locator("canvas").first.bounding_box()
            return box is not None and height - 24 <= box["y"] + box["height"] <= height

        assert wait_until(ends), "to the end of the window, and no further"
        box, main = page.locator("canvas").first.bounding_box(), page.get_by_test_id("stMain").bounding_box()
        assert box is not None
        assert main is not None
        assert box["y"] < begins
        assert box["height"] >= share * height
        assert box["width"] >= main["width"] - 24
        assert page.evaluate("document.querySelector('[data-testid=stMain]').scrollWidth") <= main["width"]

    # The table comes when it is asked for, and in the same window.
    expect(page.get_by_test_id("stDataFrame")).to_have_count(0)
    page.locator(".st-key-menu button").first.click()
    page.get_by_text("표", exact=True).click()
    table = page.get_by_test_id("stDataFrame")
    expect(table).to_be_visible()
    for width, height, _begins, _share in sizes:
        page.set_viewport_size({"width": width, "height": height})

        def is_seen(height: int = height) -> bool:
            box = table.bounding_box()
            return box is not None and box["y"] + box["height"] <= height

        assert wait_until(is_seen)


def test_no_button_lies_on_another_in_a_narrow_window_captions_can_be_read_and_paper_has_it_all_on_one_sheet(
    address: str, page: Page
) -> None:
    open_chart(page, address + "?period=1Y&ind=rsi")
    for width in (1100, 1024, 820, 390):
        page.set_viewport_size({"width": width, "height": 844})
        expect(page.locator("[class*=st-key-period] button[aria-checked=true]:visible")).to_be_in_viewport()
        groups = page.locator(".st-key-choices").get_by_test_id("stButtonGroup")
        expect(groups).to_have_count(2)
        periods, unit = (group.bounding_box() for group in groups.all())
        assert periods is not None
        assert unit is not None
        assert periods["x"] + periods["width"] <= unit["x"]
        if width > 1000:
            row = page.locator(".st-key-choices").bounding_box()
            assert row is not None
            assert unit["x"] + unit["width"] <= row["x"] + row["width"], "in sight"
        chart = page.locator("canvas").first.bounding_box()
        assert chart is not None
        assert chart["y"] < 220

    # On paper, the whole window is on one sheet, without menus.
    page.set_viewport_size({"width": 1440, "height": 900})
    canvas = page.locator(".st-key-chart canvas").first

    def fills_the_window() -> bool:
        box = canvas.bounding_box()
        return box is not None and box["width"] > 1000 and 900 - 24 <= box["y"] + box["height"] <= 900

    assert wait_until(fills_the_window)
    before = canvas.bounding_box()
    page.evaluate("matchMedia('print').addEventListener('change', ({ matches }) => matches && (" + ON_PAPER + ")())")
    printed = page.pdf(prefer_css_page_size=True)
    assert len(re.findall(rb"/Type\s*/Page\b", printed)) == 1
    right, bottom, menu, sheet = page.evaluate("window.onPaper")
    assert (right < sheet, bottom < 740, menu) == (True, True, "none"), "within the 740 pixels of Letter on its side"
    assert canvas.bounding_box() == before, "and nothing has moved on the screen"

    # A caption is painted dark enough to be read, on either ground.
    page.set_viewport_size({"width": 1800, "height": 900})
    caption = page.locator(".st-key-summary p").first
    expect(caption).to_be_visible()

    def light() -> list[float]:
        """How light the pixels of the caption are."""
        image = Image.open(io.BytesIO(caption.screenshot())).convert("RGB")
        found = [colour for _count, colour in image.getcolors(1 << 24) or []]
        return sorted(luminance(f"#{red:02x}{green:02x}{blue:02x}") for red, green, blue in found)

    schemes: tuple[Literal["light", "dark"], ...] = ("light", "dark")
    for scheme in schemes:
        page.emulate_media(color_scheme=scheme)
        ground = "getComputedStyle(document.querySelector('[data-testid=stApp]')).backgroundColor"
        page.wait_for_function(f"isLight => ({ground} === 'rgb(255, 255, 255)') === isLight", arg=scheme == "light")
        wait_until_at_rest(page)
        assert wait_until(lambda: (light()[-1] + 0.05) / (light()[0] + 0.05) >= 4.5, 10), scheme


def test_a_visitor_can_search_on_a_phone(address: str, own_address: str, page: Page) -> None:
    """He has no button beside the search, and so none that keeps name and price from standing there."""
    page.set_viewport_size({"width": 390, "height": 844})
    open_chart(page, address.replace("127.0.0.1", own_address) + "?period=1Y")
    expect(page.get_by_role("button", name="업데이트")).to_have_count(0)
    for width in (390, 600):
        page.set_viewport_size({"width": width, "height": 844})
        box, about = page.locator(".st-key-search").bounding_box(), page.locator(".st-key-about").bounding_box()
        assert box is not None
        assert about is not None
        assert box["width"] > width / 2
        assert box["y"] + box["height"] <= about["y"] + 8


def test_a_pane_that_cannot_be_costs_the_page_nothing_but_a_message(address: str, page: Page) -> None:
    """What a callback of a live part draws itself takes the place of the page's style sheet."""
    open_chart(page, address + "?ind=rsi(14),cci(20),atr(14),macd(12,26,9)")
    height = page.locator("canvas").first.bounding_box()
    page.locator(".st-key-indicators button").first.click()
    page.get_by_role("combobox", name="지표 더하기").click()
    page.keyboard.type("OBV")
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("stToast")).to_contain_text("4개까지")
    assert page.locator("canvas").first.bounding_box() == height


def unmatched_of(page: Page, selectors: list[str]) -> list[str]:
    """Those of the selectors that match nothing on the page."""
    found: list[str] = page.evaluate("all => all.filter(one => !document.querySelector(one))", selectors)
    return found


def test_each_selector_of_the_style_sheet_still_matches_something(
    own_server_db: MongoDatabase, yahoo: YahooStandIn, address: str, page: Page
) -> None:
    pages.update_from(yahoo, own_server_db, {"^KS11": pages.made_table(3, halted=0)}, {"^KS11": ""}, INDICES)
    own_server_db["ticker_metadata"].update_one({"ticker": "005930"}, {"$set": {"source": "sample"}})  # a badge
    page.set_viewport_size({"width": 390, "height": 844})  # where the sidebar is closed
    open_chart(page, address + "?period=1Y")
    wheel(page, 3, -240)  # which replaces the row of periods
    expect(page.locator("[class*=_replaces]")).to_be_attached()
    expect(page.locator("[class*=_replaces]")).not_to_be_visible()
    selectors = SELECTOR.findall(LOOK.read_text(encoding="utf-8"))
    assert len(selectors) > 20
    selectors = [one.removesuffix(":focus-within").removesuffix("::after") for one in selectors]
    unmatched = unmatched_of(page, selectors)
    page.set_viewport_size({"width": 1440, "height": 900})  # where it is open
    follow(page, address.rpartition("/")[0])
    expect(page.get_by_test_id("stMetric")).to_be_visible()
    expect(page.get_by_test_id("stHeading").locator("h3").first).to_be_visible()  # it is drawn last
    unmatched = unmatched_of(page, unmatched)
    follow(page, address.rpartition("/")[0] + "/screener")
    expect(page.get_by_role("button", name="빼기")).to_be_visible()
    unmatched = unmatched_of(page, unmatched)
    follow(page, address.rpartition("/")[0] + "/admin_tickers")
    expect(page.locator("iframe[title^='st_aggrid']")).to_be_attached()
    unmatched = unmatched_of(page, unmatched)
    follow(page, address.rpartition("/")[0] + "/comparison?series=korean_stocks:005930")
    expect(page.locator(".st-key-comparison_chips button").first).to_be_attached()
    expect(page.get_by_test_id("stDataFrame").first).to_be_attached()  # it is drawn last
    assert unmatched_of(page, unmatched) == []
    names = re.findall(r"[.\[][\w-]+", LOOK.read_text(encoding="utf-8").replace(".css", ""))
    own = (".st-key-", "[data-testid", "[class")
    assert {name for name in names if not name.startswith(own) and name[1].isalpha()} == set()


HIT = """buttons => buttons.filter(button => button.checkVisibility()).every(button => {
  button.scrollIntoView({block: "center"});
  const {x, y, width, height} = button.getBoundingClientRect();
  const hit = (right, down) => button.contains(document.elementFromPoint(x + width / 2 + right, y + height / 2 + down));
  return [-11, 0, 11].every(right => [-11, 0, 11].every(down => hit(right, down)));
})"""
"""Whether each of the buttons takes a click in 24 pixels around its middle."""
BREAKS = "part => [...part.querySelectorAll('span')].every(one => one.scrollWidth <= one.clientWidth)"
WIDE_AND_NARROW = (1440, 390)


def test_small_buttons_are_hit_in_24_pixels_and_the_kinds_of_files_break_into_lines(
    own_server_db: MongoDatabase, yahoo: YahooStandIn, address: str, page: Page
) -> None:
    pages.update_from(yahoo, own_server_db, {"000660": pages.made_table(2)}, {})
    root = address.rpartition("/")[0]
    for path, buttons in {
        "korean_stocks": ".st-key-star button",
        "comparison?series=korean_stocks:005930,korean_stocks:000660": "[class*=st-key-icon_] button",
        "screener": "[class*=st-key-icon_remove] button",
        "admin_updates": "[data-testid=stTooltipIcon] button[aria-label]",
    }.items():
        go = page.goto if path == "korean_stocks" else partial(follow, page)
        go(f"{root}/{path}")
        for width in WIDE_AND_NARROW:
            page.set_viewport_size({"width": width, "height": 844})
            expect(page.locator(buttons).filter(visible=True).first).to_be_visible(timeout=60_000)
            shown = page.locator(buttons)
            assert wait_until(lambda shown=shown: shown.evaluate_all(HIT)), path  # a page moves while it is drawn
    follow(page, f"{root}/admin_data")
    kinds = page.get_by_test_id("stFileUploaderDropzoneInstructions")
    expect(kinds).to_contain_text("SQLITE3", timeout=60_000)
    for width in WIDE_AND_NARROW:
        page.set_viewport_size({"width": width, "height": 844})
        assert wait_until(lambda: kinds.evaluate(BREAKS))


def test_a_whole_card_of_the_first_page_opens_its_chart(
    own_server_db: MongoDatabase, yahoo: YahooStandIn, address: str, page: Page
) -> None:
    pages.update_from(yahoo, own_server_db, {"^KS11": pages.made_table(3, halted=0)}, {"^KS11": ""}, INDICES)
    page.goto(address.rpartition("/")[0])
    card = page.get_by_test_id("stMetric")
    expect(card).to_be_visible(timeout=60_000)
    expect(page.get_by_test_id("stHeading").locator("h3").first).to_be_visible()
    box = card.bounding_box()
    assert box
    page.mouse.click(box["x"] + box["width"] - 8, box["y"] + box["height"] - 8)
    page.wait_for_url("**/indices?ticker=*")


def test_a_long_name_hides_no_number_of_the_movers(
    own_server_db: MongoDatabase, yahoo: YahooStandIn, address: str, page: Page
) -> None:
    pages.update_from(yahoo, own_server_db, {"000660": pages.made_table(2, halted=0)}, {})
    own_server_db["ticker_metadata"].update_many({}, {"$set": {"name": "긴 이름 " * 20}})
    for width in (390, 768):
        page.set_viewport_size({"width": width, "height": 900})
        page.goto(address.rpartition("/")[0])
        grid = page.locator(".dvn-scroller").first
        expect(grid).to_be_visible(timeout=60_000)
        assert wait_until(partial(grid.evaluate, "each => each.scrollWidth <= each.clientWidth")), width
