"""Text that Streamlit shows unchanged."""

import pytest

from finance_core.ui.text import plain


@pytest.mark.parametrize(
    "text",
    [
        "반도체 :material/star:",
        ":smile:",
        ":100:",
        ":8ball:",
        ":red-background[x]",
        "12:30:45",
        "A:B",
        "mongodb://a:b@c:1",
    ],
)
def test_no_name_has_a_shortcode_and_only_shortcodes_are_changed(text: str) -> None:
    shown = plain(text).replace("\\", "")
    assert shown.replace("\u2060", "") == text
    assert ("\u2060" in shown) == (text.endswith(":") or text.startswith(":smile"))
