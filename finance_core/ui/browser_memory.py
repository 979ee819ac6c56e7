"""What the browser of a visitor remembers of an address for the next visit: cookies, which come with the next request.

So the first drawing of the next visit already knows them. A remembered parameter is as untrusted as one of an address,
and is read by the same rules. Private windows and browsers that refuse cookies remember nothing.
"""

from collections.abc import Iterable
from urllib.parse import unquote

import streamlit as st

DAYS = 365
MOST_LETTERS = 600
"""Of one parameter: far more than any choice takes, and no more than a cookie holds."""

_memory = st.components.v2.component(
    "sisepan_memory",
    js="""export default ({ data }) => {
      for (const [name, text] of Object.entries(data.kept))
        document.cookie = `${name}=${encodeURIComponent(text)}; path=/; max-age=${data.seconds}; samesite=lax`;
    }""",
)


def fill_address(names: Iterable[str]) -> None:
    """Put what is remembered of the parameters `names` into an address that does not have them."""
    for name in names:
        remembered = st.session_state.get(_key(name)) or unquote(st.context.cookies.get(_key(name), ""))
        if remembered and name not in st.query_params and len(remembered) <= MOST_LETTERS:
            st.query_params[name] = remembered


def keep(names: Iterable[str]) -> None:
    """Have the visit and the browser remember the parameters `names` of the address, where it has them."""
    kept = {_key(name): st.query_params[name] for name in names if name in st.query_params}
    kept = {key: text for key, text in kept.items() if len(text) <= MOST_LETTERS}
    st.session_state.update(kept)
    with st.container(key="memory"):
        _memory(key="browser_memory", data={"kept": kept, "seconds": DAYS * 24 * 3600})


def _key(name: str) -> str:
    return f"sisepan_{name}"
