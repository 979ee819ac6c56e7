"""Text for Streamlit, which interprets it as Markdown."""

import re
from typing import Final

SHORTCODE: Final = re.compile(r":(?=(?:[A-Za-z+\-][\w+\-/]*|\d+[A-Za-z_]\w*|100|1234):)")
"""The colon before the name of an icon or emoji, which is replaced even where it is escaped."""


def plain(text: str) -> str:
    """`text` with escapes, so that Streamlit's Markdown shows it unchanged."""
    text = SHORTCODE.sub(":\u2060", text)  # a word joiner, which has no width
    return "".join(f"\\{char}" if char in r"\`*_{}[]()#+-.!$:<>~|" else char for char in text)
