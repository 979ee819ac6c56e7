"""Changes the address of a page in the visitor's browser, and protects each change until the browser has it.

A browser sends its address with every event. An event that it sends before it receives a change still has the previous
address, which would undo the change: on a slow machine or line, a second turn of the mouse wheel did so.
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
"""Seconds after a change in which a browser that sends the previous address has only not received the change yet."""


@dataclass
class _Written:
    """The parameters in the address of a page, and the parameters of its previous addresses."""

    page: str
    texts: dict[str, str]
    before: list[tuple[dict[str, str], float]] = field(default_factory=list)
    """The previous parameters, each with the `time.monotonic` of its replacement."""


def page_path() -> str:
    """The path of the page that the visitor has open."""
    return urlsplit(st.context.url or "").path


def settle() -> None:
    """Restore the address that this visit has written, if the browser sent a previous one too early.

    Call it before the address is read.
    """
    run, written = get_script_run_ctx(), _written()
    goes_back = run is not None and run.is_history_navigation  # by the browser's own buttons
    now = time.monotonic()
    if not goes_back and any(
        texts == st.query_params.to_dict() and now < when + LATE for texts, when in written.before
    ):
        st.query_params.from_dict(written.texts)
    _keep()


@contextmanager
def changing() -> Iterator[None]:
    """A block in which the address may be changed. Every change of the address must be in such a block."""
    settle()
    yield
    _keep()


def present() -> dict[str, str]:
    """The parameters of the page's address, as this visit has written them.

    A callback begins with these: the view that was drawn may be older than the visitor's last click.
    """
    settle()
    return st.query_params.to_dict()


def with_language(texts: Mapping[str, str]) -> dict[str, str]:
    """The parameters `texts`, and the parameter `lang` of the page's address if it has one."""
    return {**texts, **{name: text for name, text in st.query_params.items() if name == "lang"}}


def write(texts: Mapping[str, str]) -> None:
    """Make `texts` the parameters of the page's address; its parameter `lang` stays."""
    with changing():
        st.query_params.from_dict(with_language(texts))


def _written() -> _Written:
    """The record of the page that is open; a new one if the visitor has changed the page."""
    written: _Written | None = st.session_state.get(KEY)
    if written is None or written.page != page_path():
        written = st.session_state[KEY] = _Written(page_path(), st.query_params.to_dict())
    return written


def _keep() -> None:
    """Record the present parameters of the address, and move replaced ones to the previous ones."""
    written, named, now = _written(), st.query_params.to_dict(), time.monotonic()
    if named != written.texts:
        gone = [(texts, when) for texts, when in written.before if texts != named and now < when + LATE]
        written.before = [*gone, (written.texts, now)]
        written.texts = named
