"""The search box for tickers of all categories, on every page; `/` or Ctrl+K moves the focus to it.

It searches in the browser (`search_box.js`), by the same rules as `finance_core.search`.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import streamlit as st

from finance_core import categories, i18n
from finance_core.categories import Category
from finance_core.i18n import _
from finance_core.storage.database import MongoDatabase
from finance_core.ui import listing, navigation
from finance_core.ui.listing import Listing

KEY, SECOND, VIEWED = "search", "second_search", "viewed"
ADD = "add:"
"""The prefix of a choice that adds a ticker."""
MOST_USUAL = 20
"""The most favourites and viewed tickers that the empty box lists."""

_FILES = Path(__file__)
_box = st.components.v2.component(
    "sisepan_search",
    html='<div class="box"><input type="text" role="combobox" aria-expanded="false" aria-autocomplete="list"'
    ' autocomplete="off" spellcheck="false"><kbd>/</kbd><ul role="listbox" hidden></ul></div>',
    css=_FILES.with_suffix(".css").read_text(encoding="utf-8"),
    js=_FILES.with_suffix(".js").read_text(encoding="utf-8"),
)


def show(
    db: MongoDatabase,
    choose: Callable[[Category, str], None] | None = None,
    *,
    home: Category | None = None,
    add: Callable[[str], None] | None = None,
    focus: bool = False,
) -> None:
    """The box. Calls `choose(category, ticker)` with the chosen ticker; without `choose`, opens the ticker's chart.

    Among equally good matches, those of the category `home` come first. With `add`, a text that matches nothing can be
    added to `home` if it may be a ticker of `home`. With `focus`, the box takes the focus when the page opens.
    """

    def chosen() -> None:
        value = str(st.session_state[KEY]["chosen"] or "")
        key = value.removeprefix(ADD)
        if not categories.is_key(key):  # the browser may send anything
            return
        category, ticker = categories.of_key(key)
        if value.startswith(ADD):
            if add and category == home and home.is_ticker(ticker):
                add(ticker)
        elif ticker in listing.of(db, category).rows:
            (choose or open_chart)(category, ticker)

    _box(
        key=KEY,
        data=data(db, home, may_add=add is not None, focus=focus),
        on_chosen_change=chosen,
    )


def show_second(
    db: MongoDatabase, label: str, choose: Callable[[Category, str], None], *, home: Category, usual: Sequence[str]
) -> None:
    """A second box on the page, within a menu, with the tickers of the first; the empty box lists those of `usual`."""

    def chosen() -> None:
        key = str(st.session_state[SECOND]["chosen"] or "")
        if categories.is_key(key):
            category, ticker = categories.of_key(key)
            if ticker in listing.of(db, category).rows:
                choose(category, ticker)

    words = _words(label)
    _box(key=SECOND, data={"usual": usual, "home": home.key, "add": "", **words}, on_chosen_change=chosen)


def data(db: MongoDatabase, home: Category | None, *, may_add: bool, focus: bool = False) -> dict[str, Any]:
    """The data for the box in the browser: the tickers of all categories, the tickers for the empty box, and texts."""
    listings = {category.key: listing.of(db, category) for category in categories.CATEGORIES}
    return {
        "categories": [
            {"key": category.key, "title": _(category.title), "rows": listings[category.key].search_rows}
            for category in categories.CATEGORIES
        ],
        "usual": _usual(listings, home),
        "home": home.key if home else "",
        "add": home.ticker_pattern if home and may_add else "",
        "focus": focus,
        **_words(_("이름, 코드, 초성으로 찾기")),
    }


def _words(label: str) -> dict[str, Any]:
    texts = {
        "placeholder": label,
        "nothing": _("찾은 종목이 없습니다"),
        "sample": _("표본"),
        "add": _("'{ticker}' 종목 추가하고 시세 받기"),
    }
    return {"english": i18n.language() == "en", "texts": texts}


def open_chart(category: Category, ticker: str, **view: str) -> None:
    """Let the next run of the app open the chart of a ticker; `view` has more parameters of its address."""
    navigation.go(category.key, {"ticker": ticker, **view})


def remember_viewed(category: Category, ticker: str) -> None:
    """Record that this visitor viewed the ticker, for the list of the empty box."""
    key = category.key_of(ticker)
    st.session_state[VIEWED] = list(dict.fromkeys([key, *st.session_state.get(VIEWED, [])]))[:MOST_USUAL]


def _usual(listings: dict[str, Listing], home: Category | None) -> list[str]:
    first = sorted(listings, key=lambda key: home is None or key != home.key)
    favourites = [f"{key}:{ticker}" for key in first for ticker in listings[key].favourites]
    return list(dict.fromkeys([*favourites, *st.session_state.get(VIEWED, [])]))[:MOST_USUAL]
