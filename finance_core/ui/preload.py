"""Lets the browser of a viewer page load the script that draws charts (2.6 MB) at once.

Streamlit names the script only with the chart, after all of its own scripts have run. Loaded and compiled in parallel
to these, the script is ready when the chart comes.
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
    """`send` for a page with a chart, with a `link` header that tells the browser to load the script."""
    script = _script()

    async def announce(message: "Message") -> None:
        if message["type"] == "http.response.start" and _is_page(message):
            link = f"<{script}>; rel=modulepreload".encode("latin-1")
            message = {**message, "headers": [*message["headers"], (b"link", link)]}
        await send(message)

    return announce if script else send


def _script() -> str:
    """The address of the script, relative to the page; "" if there is no script."""
    import streamlit_echarts  # noqa: F401 - registers itself with the running app, so only import it once one runs

    component = runtime.get_instance().bidi_component_registry.get(COMPONENT)
    return f"_stcore/bidi-components/{COMPONENT}/{component.js_url}" if component and component.js_url else ""


def _is_page(message: "Message") -> bool:
    return any(name.lower() == b"content-type" and value.startswith(b"text/html") for name, value in message["headers"])
