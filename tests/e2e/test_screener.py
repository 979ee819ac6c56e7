"""What a person does on the page that asks a whole category, in a real browser."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from finance_core.storage.database import MongoDatabase
from tests.e2e.browsing import tick, wait_until_at_rest
from tests.storage.test_panels import store
from tests.storage.test_prices import make_bars

pytestmark = pytest.mark.slow


@pytest.fixture
def market(own_server_db: MongoDatabase) -> MongoDatabase:
    rising = make_bars(300)
    for number in range(6):
        store(own_server_db, f"{number:06}", rising, name=f"오름 {number}", market="KOSPI")
    falling = rising.assign(close=rising["close"].to_numpy()[::-1])
    store(own_server_db, "000009", falling, name="내림")
    return own_server_db


@pytest.mark.usefixtures("market")
def test_a_ready_screen_is_changed_by_choice_and_by_text_and_the_link_shows_the_same(
    app: Callable[[], str], page: Page
) -> None:
    page.goto(app() + "/screener")
    counts = page.locator(".st-key-screen_counts")
    expect(counts).to_contain_text("살펴본 7종목 가운데", timeout=60_000)
    page.get_by_role("radio", name="정배열").click()
    expect(page).to_have_url(re.compile("ma120"))
    expect(counts).to_contain_text("가운데 6종목", timeout=20_000)

    page.get_by_role("textbox", name="조건 글").fill("close < ma20")
    page.keyboard.press("Enter")
    expect(counts).to_contain_text("가운데 1종목", timeout=20_000)
    page.get_by_role("combobox", name="비교", exact=False).first.click()
    page.get_by_role("option", name="보다 큼").click()
    expect(counts).to_contain_text("가운데 6종목", timeout=20_000)
    expect(page.get_by_role("textbox", name="조건 글")).to_have_value("close > ma20")

    other = page.context.new_page()
    other.goto(page.url)
    expect(other.locator(".st-key-screen_counts")).to_contain_text("가운데 6종목", timeout=60_000)
    other.close()

    text = page.get_by_role("textbox", name="조건 글")
    text.fill("close > mx20")
    page.keyboard.press("Enter")
    expect(page.get_by_text("9번째 글자")).to_be_visible(timeout=20_000)

    # However long a question is, nothing has to be scrolled sideways.
    text.fill("crossed_above(macd,macd_signal,9) or close > 1.5*bollinger_upper or close>1")
    page.keyboard.press("Enter")
    expect(counts).to_contain_text("가운데 7종목", timeout=20_000)
    expect(page.get_by_test_id("stDataFrame")).to_be_visible()
    for width in (2560, 1440, 390):
        page.set_viewport_size({"width": width, "height": 900})
        fits = "width => innerWidth === width && main.scrollWidth <= main.clientWidth"
        find = "const main = document.querySelector('[data-testid=stMain]'); return "
        page.wait_for_function(f"width => {{ {find}({fits})(width) }}", arg=width)


@pytest.mark.usefixtures("market")
def test_what_is_done_right_after_a_number_was_changed_counts_and_is_not_undone_by_answers_that_come_later(
    app: Callable[[], str], page: Page
) -> None:
    page.goto(app() + "/screener?rule=rsi14+<+45")
    text = page.get_by_role("textbox", name="조건 글")
    expect(page.locator(".st-key-screen_counts")).to_contain_text("살펴본 7종목 가운데", timeout=60_000)
    expect(text).to_have_value("rsi14 < 45")
    wait_until_at_rest(page)
    fields = page.get_by_test_id("stNumberInputField")
    for field, steps in ((fields.nth(0), 8), (fields.nth(1), 10)):
        field.click()
        for _ in range(steps):
            page.keyboard.press("ArrowUp")
            page.wait_for_timeout(50)
    expect(text).to_have_value("rsi22 < 55")
    expect(fields.nth(0)).to_have_value("22")
    expect(fields.nth(1)).to_have_value("55")

    for pause, frame in ((0, 0), (80, 0), (120, 300)):  # milliseconds
        text.fill("rsi14 < 45")
        page.keyboard.press("Enter")
        expect(page).to_have_url(re.compile(r"rsi14\+%3C\+45$"))
        expect(fields).to_have_count(2)
        expect(fields.nth(0)).to_have_value("14")
        expect(fields.nth(1)).to_have_value("45")
        wait_until_at_rest(page)
        if frame:  # as on a busy machine
            page.evaluate("frame => { window.requestAnimationFrame = paint => setTimeout(paint, frame); }", frame)
        page.get_by_role("spinbutton", name="숫자").fill("60")
        text.click()
        page.keyboard.press("End")
        page.keyboard.type(" and close > ma20", delay=pause)
        expect(page).to_have_url(re.compile(r"rsi14\+%3C\+60"))
        expect(text).to_have_count(1)
        expect(text).to_have_value("rsi14 < 60 and close > ma20")
        page.keyboard.press("Enter")
        expect(page).to_have_url(re.compile(r"60\+and\+close\+%3E\+ma20"))


@pytest.mark.usefixtures("market")
def test_chosen_rows_are_compared_and_are_still_chosen_after_the_way_back_and_enter_saves_a_screen_under_its_name(
    app: Callable[[], str], page: Page
) -> None:
    page.goto(app() + "/screener?rule=close+>+ma20")
    page.get_by_role("button", name="저장된 검색").click(timeout=60_000)
    name = page.get_by_placeholder("지금 조건을 이 이름으로")
    name.fill("위로")
    name.press("Enter")
    expect(page.get_by_role("button", name="위로", exact=True)).to_be_visible(timeout=20_000)
    expect(name).to_have_value("")
    page.keyboard.press("Escape")
    expect(name).to_be_hidden()

    tick(page.get_by_test_id("stDataFrame"), 0)
    tick(page.get_by_test_id("stDataFrame"), 1)
    page.get_by_role("button", name="고른 2종목 비교").click(timeout=20_000)
    expect(page).to_have_url(re.compile(r"comparison\?series=korean_stocks%3A000000%2Ckorean_stocks%3A000001"))
    page.go_back()
    expect(page.get_by_role("button", name="고른 2종목 비교")).to_be_enabled()
    tick(page.get_by_test_id("stDataFrame"), 0)
    expect(page.get_by_role("button", name="고른 1종목 비교")).to_be_enabled()
    page.get_by_role("textbox", name="조건 글").fill("close > 0")
    page.keyboard.press("Enter")
    expect(page.locator(".st-key-screen_counts")).to_contain_text("가운데 7종목")
    page.get_by_role("button", name="고른 1종목 비교").click()
    expect(page).to_have_url(re.compile(r"comparison\?series=korean_stocks%3A000001$"))


@pytest.mark.usefixtures("market")
@pytest.mark.parametrize("language", ["", "&lang=ko", "&lang=en"])
@pytest.mark.sampled(2)
def test_one_step_back_leads_to_the_question_that_was_left(app: Callable[[], str], page: Page, language: str) -> None:
    page.goto(f"{app()}/screener?rule=close+>+ma20{language}")
    counts = page.locator(".st-key-screen_counts")
    expect(counts).to_be_visible(timeout=60_000)
    wait_until_at_rest(page)
    asked, steps = counts.inner_text(), page.evaluate("history.length")
    for link in ("/market", "/korean_stocks"):
        page.locator(f"a[data-testid=stSidebarNavLink][href$='{link}']").click()
        page.wait_for_url(f"**{link}*")
        expect(counts).to_have_count(0)
        wait_until_at_rest(page)
        assert page.evaluate("history.length") == steps + 1, "the step before was gone back"
        assert page.url.endswith(link + language.replace("&", "?"))
        page.go_back()
        expect(page).to_have_url(re.compile(r"/screener\?rule=close\+(>|%3E)\+ma20" + language))
        expect(counts).to_have_text(asked)
        wait_until_at_rest(page)


@pytest.mark.usefixtures("market")
def test_a_typed_day_counts_however_its_menu_is_left(app: Callable[[], str], page: Page) -> None:
    page.goto(app() + "/screener")
    page.get_by_role("button", name="가장 새로운 봉").first.click()
    page.get_by_test_id("stDateInput").get_by_role("spinbutton").first.click()
    page.keyboard.type("20261102")
    page.keyboard.press("Enter")
    page.wait_for_url("**day=2026-11-02**")
    wait_until_at_rest(page)
    page.get_by_test_id("stDateInput").get_by_role("spinbutton").first.click()
    page.keyboard.type("20261103")
    page.get_by_role("textbox", name="조건 글").click()
    page.wait_for_url("**day=2026-11-03**")
