"""Every word of a Korean page is Korean, also those that Streamlit and Plotly write themselves."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
import streamlit
from playwright.sync_api import Page, expect

from finance_core.storage.database import MongoDatabase
from finance_core.ui.streamlit_words import WORDS
from tests import pages
from tests.processes import wait_until
from tests.yahoo import YahooStandIn

pytestmark = pytest.mark.slow

ENGLISH_LEFT = """words => {
  const texts = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) texts.push(walker.currentNode.nodeValue);
  for (const element of document.querySelectorAll("[aria-label], [placeholder], [data-title]"))
    for (const name of ["aria-label", "placeholder", "data-title"]) texts.push(element.getAttribute(name) ?? "");
  return texts.map((text) => text.trim()).filter((text) => words.includes(text) || /MB per file/.test(text));
}"""


def test_each_word_is_one_that_streamlit_or_plotly_still_writes() -> None:
    scripts = (Path(streamlit.__file__).parent / "static").rglob("*.js")
    written = "".join(script.read_text(encoding="utf-8") for script in scripts)
    begun = {word: [f"{quote}{word}" for quote in "`\"'"] for word in WORDS if "'" not in word}
    assert [word for word, literals in begun.items() if not any(literal in written for literal in literals)] == []


@pytest.mark.sampled(2)
@pytest.mark.parametrize(
    ("path", "place", "shown"),
    [
        ("admin_tickers", "[data-testid=stFileUploader]", "[data-testid=stFileUploaderDropzoneInstructions]"),
        ("comparison?series=korean_stocks:005930,korean_stocks:000660", ".st-key-figure", ".modebar"),
    ],
)
def test_streamlits_own_words_are_korean_and_english_again_when_the_language_is_chosen(
    own_server_db: MongoDatabase,
    yahoo: YahooStandIn,
    app: Callable[[], str],
    page: Page,
    path: str,
    place: str,
    shown: str,
) -> None:
    pages.update_from(yahoo, own_server_db, {"005930": pages.made_table(1), "000660": pages.made_table(2)}, {})
    page.goto(f"{app()}/{path}")
    scroll = "place => place.scrollIntoView()"

    def is_shown() -> bool:
        page.locator(place).first.evaluate(scroll, timeout=60_000)  # again, if it is drawn anew
        return page.locator(shown).count() > 0

    assert wait_until(is_shown, pause=0.1)
    expect(page.get_by_role("button", name="메뉴", exact=True).first).to_be_visible()
    page.wait_for_timeout(500)
    assert page.evaluate(ENGLISH_LEFT, list(WORDS)) == []
    page.get_by_role("radio", name="English").click()
    expect(page.get_by_role("button", name="Main menu").first).to_be_visible(timeout=20_000)
    expect(page.locator(shown).first).to_be_attached()
    page.wait_for_timeout(500)
    hangul = page.locator(shown).first.evaluate("part => part.outerHTML")
    assert not re.search("[가-힣]", hangul)


def test_the_names_of_help_buttons_are_korean(own_server_db: MongoDatabase, app: Callable[[], str], page: Page) -> None:
    page.goto(f"{app()}/admin_updates")
    expect(page.get_by_role("button", name="도움말: 마감 40분 뒤에").first).to_be_visible(timeout=60_000)
    assert page.get_by_role("button", name=re.compile("^Help")).count() == 0


def test_an_address_without_a_page_is_told_in_korean(
    own_server_db: MongoDatabase, app: Callable[[], str], page: Page
) -> None:
    page.goto(f"{app()}/nonsense")
    said = page.get_by_test_id("stDialog")
    expect(said).to_contain_text("없는 화면입니다", timeout=60_000)
    expect(said).to_contain_text("첫 화면을 보여 드립니다")
