"""What the browser of a viewer may fetch at once: the script that draws charts, of 2.6 MB.

Streamlit names it only with the chart itself, after all of its own scripts have run; fetched and compiled beside these,
it is there when the chart comes.
"""

from typing import TYPE_CHECKING

from streamlit import runtime

from finance_core import categories

if TYPE_CHECKING:
    from starlette.types import Message, Send

COMPONENT = "streamlit-echarts.streamlit_echarts"
"""Streamlit's name of the component that draws charts."""


def is_viewer(path: str) -> bool:
    """Whether the page at this path shows a chart of one ticker."""
    return path.rpartition("/")[2] in {category.key for category in categories.CATEGORIES}


def announcing(send: "Send") -> "Send":
    """`send` of a page with a chart, which also tells the browser of the script."""
    script = _script()

    async def announce(message: "Message") -> None:
        if message["type"] == "http.response.start" and _is_page(message):
            link = f"<{script}>; rel=modulepreload".encode("latin-1")
            message = {**message, "headers": [*message["headers"], (b"link", link)]}
        await send(message)

    return announce if script else send


def _script() -> str:
    """Address of the script, relative to that of the page; "" if there is none."""
    import streamlit_echarts  # noqa: F401 - registers itself with the app that runs, so not before one does

    component = runtime.get_instance().bidi_component_registry.get(COMPONENT)
    return f"_stcore/bidi-components/{COMPONENT}/{component.js_url}" if component and component.js_url else ""


def _is_page(message: "Message") -> bool:
    return any(name.lower() == b"content-type" and value.startswith(b"text/html") for name, value in message["headers"])
