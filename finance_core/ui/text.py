"""Text for Streamlit, which interprets it as Markdown."""


def plain(text: str) -> str:
    """`text` with escapes, so that Streamlit's Markdown shows it unchanged."""
    return "".join(f"\\{char}" if char in r"\`*_{}[]()#+-.!$:<>~|" else char for char in text)
