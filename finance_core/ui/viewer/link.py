"""The address with which another computer on the LAN opens the view of a chart."""

import socket
from dataclasses import replace
from urllib.parse import urlencode, urlsplit

import streamlit as st

from finance_core.categories import Category
from finance_core.i18n import _
from finance_core.ui.viewer import address
from finance_core.ui.viewer.address import View


def show(category: Category, ticker: str, view: View) -> None:
    """Show the address of `view`, which a colleague opens."""
    shown = address.texts_of(replace(view, ticker=ticker), category)
    if language := st.query_params.get("lang"):
        shown["lang"] = language
    st.caption(_("링크: 이 화면을 다른 컴퓨터에서 여는 주소"))
    st.code(f"{_origin()}/{category.key}?{urlencode(shown)}", language=None, wrap_lines=True)


def _origin() -> str:
    """Scheme, host and port with which another computer on the LAN opens this page."""
    here = urlsplit(st.context.url or "http://localhost:8501")
    if here.hostname not in ("localhost", "127.0.0.1", "::1"):
        return f"{here.scheme}://{here.netloc}"
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # sends nothing; shows which of our addresses is used for the network
            host = probe.getsockname()[0]
        except OSError:
            host = here.hostname
    return f"{here.scheme}://{host}:{here.port}" if here.port else f"{here.scheme}://{host}"
