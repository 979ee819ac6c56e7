"""The search above a chart: suggests tickers while one types; the empty box lists favourites and viewed tickers."""

from collections.abc import Callable

import streamlit as st
from streamlit_searchbox import st_searchbox

from finance_core.categories import Category
from finance_core.i18n import _
from finance_core.search import LIMIT
from finance_core.ui.listing import Listing
from finance_core.ui.visitor import may_edit, use_visitor_language

VIEWED, TURN = "viewed", "search_turn"
ADD = "add:"
"""Begins the value of the suggestion that adds a ticker."""

# The suggestions lie over the page instead of pushing it down; the box is focused when the page opens.
OVERLAY = """<style>
.st-key-search { flex: 0 0 2.6rem; max-height: 2.6rem; }
.st-key-search iframe { position: relative; z-index: 1000; }
</style>"""
FOCUS = """<script>
(function focus(tries) {
  const frame = document.querySelector('.st-key-search iframe');
  const input = frame && frame.contentDocument && frame.contentDocument.querySelector('input');
  if (input) { if (document.activeElement === document.body) input.focus(); }
  else if (tries) setTimeout(focus, 100, tries - 1);
})(50);
</script>"""


def show(
    category: Category, listing: Listing, choose: Callable[[str], None], add: Callable[[str], None] | None = None
) -> None:
    """The box. Calls `choose(ticker)` with the chosen ticker, and `add(ticker)` with a new one.

    Without `add` the box offers no new tickers.
    """

    def submitted(value: str) -> None:
        # The whole page is drawn next. A new key makes a new box then: the old one would ask for its own part only.
        st.session_state[TURN] = st.session_state.get(TURN, 0) + 1
        if add and value.startswith(ADD):
            add(value.removeprefix(ADD))
        else:
            choose(value)
        st.rerun()  # the whole page

    @st.fragment
    def box() -> None:
        use_visitor_language()
        viewed = [ticker for ticker in st.session_state.get(f"{VIEWED}_{category.key}", []) if ticker in listing.rows]
        usual = list(dict.fromkeys([*listing.favourites, *viewed]))[:LIMIT]
        st_searchbox(
            lambda query: suggestions(query, category, listing, may_add=add is not None and may_edit()),
            placeholder=_("이름, 코드, 초성으로 찾기"),
            default_options=[(listing.label(ticker), ticker) for ticker in usual],
            clear_on_submit=True,
            submit_function=submitted,
            rerun_scope="fragment",
            debounce=50,
            key=f"search_{category.key}_{'_'.join(usual)}_{st.session_state.get(TURN, 0)}",
        )

    st.html(OVERLAY)
    with st.container(key="search"):
        box()
    st.html(FOCUS, unsafe_allow_javascript=True)


def remember_viewed(category: Category, ticker: str) -> None:
    """Note that this visitor viewed the ticker, for the list of the empty box."""
    earlier = st.session_state.get(f"{VIEWED}_{category.key}", [])
    st.session_state[f"{VIEWED}_{category.key}"] = list(dict.fromkeys([ticker, *earlier]))[:LIMIT]


def suggestions(query: str, category: Category, listing: Listing, *, may_add: bool) -> list[tuple[str, str]]:
    """Labels and values for a typed text: the matches, else, where `may_add`, the offer to add it as a ticker."""
    matches = [(listing.label(ticker), ticker) for ticker in listing.index.search(query)]
    new = query.strip().upper()
    if not matches and may_add and category.is_ticker(new):
        return [(_("'{ticker}' 종목 추가하고 시세 받기").format(ticker=new), ADD + new)]
    return matches
