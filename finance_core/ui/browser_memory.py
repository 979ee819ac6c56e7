"""Keeps choices of a visitor in the browser for the next visit, as cookies.

Cookies come with the first request, so that the first drawing of the next visit knows them. They are as untrusted as an
address, and are read by the same rules. If a browser refuses cookies, choices last until the visit ends.
"""

from collections.abc import Callable, Iterable
from urllib.parse import unquote

import streamlit as st

from finance_core.ui import address_bar

DAYS = 365
MOST_LETTERS = 600
"""The longest choice that is kept: far longer than any real one, and short enough for a cookie."""
PREFIX = "sisepan_"

_memory = st.components.v2.component(
    "sisepan_memory",
    js="""export default ({ data }) => {
      for (const [name, text] of Object.entries(data.kept))
        document.cookie = `${name}=${encodeURIComponent(text)}; path=/; max-age=${data.seconds}; samesite=lax`;
    }""",
)


def recall(name: str) -> str:
    """The text that is kept under `name`; "" if there is none."""
    key = PREFIX + name
    remembered: str = st.session_state.get(key) or unquote(st.context.cookies.to_dict().get(key, ""))
    return remembered if len(remembered) <= MOST_LETTERS else ""


def remember(name: str, text: str) -> None:
    """Keep `text` under `name` for this visit; `keep` stores it in the browser."""
    if len(text) <= MOST_LETTERS:
        st.session_state[PREFIX + name] = text


def fill_address(names: Iterable[str], usable: Callable[[str, str], str]) -> None:
    """Add the kept texts of the parameters `names` to an address that does not have them.

    `usable(name, text)` returns the part of a kept text that can still be used; "" for none.
    """
    for name in names:
        remembered = "" if name in st.query_params else recall(name)
        if remembered and (text := usable(name, remembered)):
            with address_bar.changing():
                st.query_params[name] = text


def keep(names: Iterable[str] = (), key: str = "memory") -> None:
    """Keep the parameters `names` of the address, and store all kept texts of this visit in the browser.

    Each call of a run has a `key` of its own.
    """
    for name in names:
        if name in st.query_params:
            remember(name, st.query_params[name])
    kept = {str(key): text for key, text in st.session_state.items() if str(key).startswith(PREFIX)}
    with st.container(key=key):
        _memory(key=f"browser_{key}", data={"kept": kept, "seconds": DAYS * 24 * 3600})
