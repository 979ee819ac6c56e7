"""The address of a page in its visitor's browser: every change of it, until the browser has heard of that.

A browser sends its address with whatever it tells. What it has sent before it heard of a change names the address of
before: taken as it is, that would undo the change. On a slow machine or line a second turn of the wheel did so.
"""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

KEY: Final = "address_written"
LATE: Final = 5.0
"""Seconds after a change within which the address of before was sent too early, and is no wish."""


@dataclass
class _Written:
    """What stands in the address of a page, and what stood there before."""

    page: str
    texts: dict[str, str]
    before: list[tuple[dict[str, str], float]] = field(default_factory=list)
    """With when it went, of `time.monotonic`."""


def page_path() -> str:
    """The path of the page that the visitor has open."""
    return urlsplit(st.context.url or "").path


def settle() -> None:
    """Put back what this visit has written, if the browser has not heard of it yet: before an address is read."""
    run, written = get_script_run_ctx(), _written()
    goes_back = run is not None and run.is_history_navigation  # with the browser's own buttons
    now = time.monotonic()
    if not goes_back and any(
        texts == st.query_params.to_dict() and now < when + LATE for texts, when in written.before
    ):
        st.query_params.from_dict(written.texts)
    _keep()


@contextmanager
def changing() -> Iterator[None]:
    """Every change of the address stands in such a block."""
    settle()
    yield
    _keep()


def write(texts: Mapping[str, str]) -> None:
    """Make `texts` the parameters of the page's address; the language that it names stays."""
    with changing():
        language = {name: text for name, text in st.query_params.items() if name == "lang"}
        st.query_params.from_dict(dict(texts) | language)


def _written() -> _Written:
    """What was written on this page."""
    written: _Written | None = st.session_state.get(KEY)
    if written is None or written.page != page_path():
        written = st.session_state[KEY] = _Written(page_path(), st.query_params.to_dict())
    return written


def _keep() -> None:
    """Remember what the address names now, and what it does no more."""
    written, named, now = _written(), st.query_params.to_dict(), time.monotonic()
    if named != written.texts:
        gone = [(texts, when) for texts, when in written.before if texts != named and now < when + LATE]
        written.before = [*gone, (written.texts, now)]
        written.texts = named
