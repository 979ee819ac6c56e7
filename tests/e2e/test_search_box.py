"""The search as a person uses it: at any speed, with the keyboard alone, from every page."""

import base64
import json
import random
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from finance_core import starter
from finance_core.bars import candles
from finance_core.categories import CATEGORIES, INDICES, KOREAN_STOCKS, US_STOCKS
from finance_core.search import Index
from finance_core.storage import prices, tickers
from finance_core.storage.database import MongoDatabase
from finance_core.ui import search_box
from tests import pages

pytestmark = pytest.mark.slow

SCRIPT = Path(search_box.__file__).with_suffix(".js")
ATTACK = "<img src=x onerror=\"document.title='owned'\"> 나쁜 이름"


@pytest.fixture
def stored(own_server_db: MongoDatabase) -> MongoDatabase:
    """The companies of the KRX, and a few others; two have prices."""
    listed = {
        KOREAN_STOCKS: [*starter.shipped("krx").rows, {"ticker": "00000X", "name": ATTACK, "market": "KOSPI"}],
        US_STOCKS: starter.rows(US_STOCKS),
        INDICES: starter.rows(INDICES),
    }
    for category, rows in listed.items():
        tickers.register(own_server_db, category, rows)
    for seed, (category, ticker) in enumerate([(KOREAN_STOCKS, "005930"), (US_STOCKS, "AAPL")]):
        prices.write(own_server_db, category, ticker, candles.clean(pages.made_table(seed, halted=0))[0])
    return own_server_db


def open_box(page: Page, address: str) -> Locator:
    page.goto(address)
    box = page.get_by_role("combobox", name="이름, 코드, 초성으로 찾기")
    expect(box).to_be_visible(timeout=60_000)
    return box


@pytest.mark.usefixtures("stored")
def test_enter_opens_what_the_whole_text_means_however_fast_it_is_typed_and_a_name_is_text_and_never_runs(
    app: Callable[[], str], page: Page
) -> None:
    box = open_box(page, app() + "/korean_stocks")
    chosen = page.locator("[role=option][aria-selected=true]")
    for text, ticker in [
        ("하이브", "352820"),
        ("네이버", "035420"),
        ("구글", "GOOGL"),
        ("나스닥", "^IXIC"),
        ("현대차", "005380"),
        ("ㅁ메ㅣ", "AAPL"),  # AAPL on a Korean keyboard
    ]:
        page.keyboard.press("Control+k")
        box.press_sequentially(text)
        expect(chosen).to_contain_text(ticker)
        page.keyboard.press("Escape")
        expect(box).to_have_value("")
    box.press_sequentially("나쁜", delay=20)
    expect(page.get_by_role("option", name="나쁜 이름")).to_contain_text("<img")
    assert "owned" not in page.title()
    page.keyboard.press("Escape")

    meant = [
        (30, "하이닉스", "korean_stocks.*ticker=000660"),
        (0, "ㅅㅅㅈㅈ", "korean_stocks.*ticker=005930"),
        (300, "apple", "us_stocks.*ticker=AAPL"),
        (90, "tkatjdwjswk", "korean_stocks.*ticker=005930"),  # 삼성전자, on an English keyboard
    ]
    for delay, text, address in meant:
        page.keyboard.press("Control+k")
        box.press_sequentially(text, delay=delay)
        page.keyboard.press("Enter")
        expect(page).to_have_url(re.compile(address), timeout=30_000)
        expect(box).to_have_value("")


@pytest.mark.usefixtures("stored")
def test_enter_in_the_menu_of_what_is_drawn_together_means_the_whole_text_too(
    app: Callable[[], str], page: Page
) -> None:
    open_box(page, app() + "/us_stocks?ticker=AAPL")
    box = page.get_by_role("combobox", name="함께 그릴 종목")
    before = page.locator("canvas").first.bounding_box()
    page.locator(".st-key-compare button").first.click()
    box.press_sequentially("AAPL")
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("stToast")).to_contain_text("이미 그려져 있습니다")
    assert page.locator("canvas").first.bounding_box() == before, "the page keeps its style sheet"
    shown: list[str] = []
    for text, key in {"V": "us_stocks:V", "메타": "us_stocks:META", "하이닉스": "korean_stocks:000660"}.items():
        if not box.is_visible():
            page.locator(".st-key-compare button").first.click()
        box.click()
        expect(page.get_by_role("option").filter(has_text="S&P 500")).to_be_visible()  # of the usual ones
        box.press_sequentially(text, delay=60)
        page.keyboard.press("Enter")
        shown.append(key)
        page.wait_for_function("keys => new URLSearchParams(location.search).get('with') === keys", arg=",".join(shown))
    expect(page.locator("[class*=st-key-compared]").get_by_text("SK하이닉스 000660")).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("/")
    expect(page.get_by_role("combobox", name="이름, 코드, 초성으로 찾기")).to_be_focused()


@pytest.mark.usefixtures("stored")
def test_text_and_focus_stay_while_letters_are_taken_back_and_what_has_only_the_first_keys_waits_for_a_choice(
    app: Callable[[], str], page: Page
) -> None:
    box = open_box(page, app() + "/admin_updates")
    page.get_by_role("heading", name="시세 업데이트").click()
    page.keyboard.press("/")
    expect(box).to_be_focused()
    page.keyboard.press("/")  # by who does not see that the box has the focus already
    expect(box).to_have_value("")
    page.keyboard.type("삼성", delay=80)
    for _ in range(3):
        page.keyboard.press("Backspace")
        page.wait_for_timeout(80)
    expect(box).to_be_focused()
    page.keyboard.type("삼성전", delay=80)
    expect(box).to_have_value("삼성전")
    options = page.get_by_role("option")
    names = options.all_inner_texts()
    assert len(names) > 2
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowUp")
    expect(options.nth(1)).to_have_attribute("aria-selected", "true")
    page.keyboard.press("Escape")
    expect(box).to_have_value("")
    expect(options).to_have_count(0)
    page.keyboard.type("없는회사이름")
    expect(page.get_by_text("찾은 종목이 없습니다")).to_be_visible()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="시세 업데이트")).to_be_visible()
    page.keyboard.press("Escape")

    page.get_by_role("link", name="미국 주식").click()
    expect(page).to_have_url(re.compile("/us_stocks"))
    box.press_sequentially("gmd", delay=20)  # a ticker that is not listed, and the first keys of 흥국
    expect(options.first).to_contain_text("흥")
    expect(options.last).to_contain_text("GMD")
    expect(options.last).to_have_attribute("aria-selected", "true")
    page.keyboard.press("Escape")

    page.get_by_role("radio", name="English").click()
    english = page.get_by_role("combobox", name="Search by name or ticker")
    english.press_sequentially("nvidia zzz", delay=5)
    expect(page.get_by_text("No ticker found")).to_be_visible()
    page.keyboard.press("Escape")
    page.get_by_role("radio", name="한국어").click()

    page.get_by_role("link", name="한국 주식").click()
    expect(page).to_have_url(re.compile("/korean_stocks"))
    box.press_sequentially("gmd", delay=20)
    expect(options.first).to_contain_text("흥")
    page.keyboard.press("Enter")
    page.keyboard.press("ArrowDown")
    expect(options.first).to_have_attribute("aria-selected", "true")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("ticker="))


def test_the_browser_finds_what_python_finds(page: Page) -> None:
    aliases, shipped = (
        starter.aliases(),
        {KOREAN_STOCKS: starter.shipped("krx").rows, US_STOCKS: starter.shipped("sp500").rows},
    )
    rows = {
        category: [
            {**row, "aliases": aliases.get((category.key, row["ticker"]), ())}
            for row in shipped.get(category, starter.rows(category))
        ]
        for category in CATEGORIES
    }
    data = [
        {
            "key": category.key,
            "rows": [[row["ticker"], row["name"], row.get("name_en", ""), row["aliases"], False] for row in listed],
        }
        for category, listed in rows.items()
    ]
    chance = random.Random(16)
    every = [row for listed in rows.values() for row in listed]
    queries = [
        "ㅅㅅㅈㅈ",
        "삼성",
        "sk",
        "하이",
        "네이버",
        "구글",
        "a",
        "00088k",
        "s&p500",
        "코스피 200",
        "  애 플",
        "ㄴㅇㅂ",
        "ㅎㅇㄴㅅ",
        "A005930",
        "KRX:005930",
        "005930 KS Equity",
        "KR7005930003",
        "A0126Z0",
        "005930.KQ",
        "ＡＡＰＬ",
        "달러원",
        "usd/krw",
        " / ",
        ".*",
    ]
    for row in chance.sample(every, 50):
        start = chance.randrange(len(row["name"]))
        queries.append(row["name"][start : start + chance.randint(1, 6)])
    page.goto("about:blank")
    module = "data:text/javascript;base64," + base64.b64encode(SCRIPT.read_bytes()).decode()
    found = page.evaluate(
        """async ([module, data, queries]) => {
          const {prepare, search} = await import(module);
          const entries = prepare(data);
          const results = queries.map(query => search(entries, query, "").map(entry => entry.row[0]));
          return {results, count: entries.length};
        }""",
        [module, json.loads(json.dumps(data)), queries],
    )
    assert found["count"] == len(every)
    index = Index(every)
    for query, result in zip(queries, found["results"], strict=True):
        assert result == index.search(query), query
