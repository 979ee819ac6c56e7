"""Text for Streamlit, which takes it for Markdown."""


def plain(text: str) -> str:
    """`text` so that Streamlit's Markdown shows it as it is."""
    return "".join(f"\\{char}" if char in r"\`*_{}[]()#+-.!$:<>~|" else char for char in text)
