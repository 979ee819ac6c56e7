"""What the browser of a visitor remembers for the next visit: cookies, which come with its first request.

So the first drawing of the next visit already knows them. What is remembered is as untrusted as an address, and is read
by the same rules. A browser that refuses cookies remembers it until the visit ends.
"""

from collections.abc import Callable, Iterable
from urllib.parse import unquote

import streamlit as st

from finance_core.ui import address_bar

DAYS = 365
MOST_LETTERS = 600
"""Of one choice: far more than any takes, and no more than a cookie holds."""
PREFIX = "sisepan_"

_memory = st.components.v2.component(
    "sisepan_memory",
    js="""export default ({ data }) => {
      for (const [name, text] of Object.entries(data.kept))
        document.cookie = `${name}=${encodeURIComponent(text)}; path=/; max-age=${data.seconds}; samesite=lax`;
    }""",
)


def recall(name: str) -> str:
    """What is remembered under `name`; "" for nothing."""
    key = PREFIX + name
    remembered: str = st.session_state.get(key) or unquote(st.context.cookies.to_dict().get(key, ""))
    return remembered if len(remembered) <= MOST_LETTERS else ""


def remember(name: str, text: str) -> None:
    """Remember `text` under `name` in this visit, and in the browser once `keep` is drawn."""
    if len(text) <= MOST_LETTERS:
        st.session_state[PREFIX + name] = text


def fill_address(names: Iterable[str], usable: Callable[[str, str], str]) -> None:
    """Put what is remembered of the parameters `names` into an address that does not have them.

    `usable` returns what can be used of a text that is remembered under a name.
    """
    for name in names:
        remembered = "" if name in st.query_params else recall(name)
        if remembered and (text := usable(name, remembered)):
            with address_bar.changing():
                st.query_params[name] = text


def keep(names: Iterable[str]) -> None:
    """Remember the parameters `names` of the address, and have the browser remember all of this visit."""
    for name in names:
        if name in st.query_params:
            remember(name, st.query_params[name])
    kept = {str(key): text for key, text in st.session_state.items() if str(key).startswith(PREFIX)}
    with st.container(key="memory"):
        _memory(key="browser_memory", data={"kept": kept, "seconds": DAYS * 24 * 3600})
