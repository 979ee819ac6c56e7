"""The common frame of every page and every live part: language, database, admins only, errors as sentences.

`@page` turns a function into a whole page, `@live` into a part that redraws itself, `@writes` into a callback that
only admins may run.
"""

import logging
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from typing import Concatenate, ParamSpec

import streamlit as st
from pymongo.errors import PyMongoError

from finance_core import settings, turns
from finance_core.errors import SisepanError
from finance_core.i18n import N_, _
from finance_core.storage import database
from finance_core.storage.database import MongoDatabase
from finance_core.ui import address_bar, navigation, search_box, vitals
from finance_core.ui.text import plain
from finance_core.ui.visitor import (
    admin_password,
    may_edit,
    require_admin,
    show_read_only,
    use_visitor_language,
)

TOASTS = "toasts"
"""The key of the session state for messages of callbacks, each with the name of its icon."""
RIGHTS_EVERY = 10.0
"""Seconds between two checks whether the visitor of an open admin page is still an admin."""

P = ParamSpec("P")
Draw = Callable[Concatenate[MongoDatabase, P], None]
"""A function that draws on the page from the database."""

_log = logging.getLogger(__name__)


def page(name: str = "", *, for_admins: bool = False) -> Callable[[Draw[P]], Callable[P, None]]:
    """Make `draw(db, …)` a whole page, under the title that `navigation.PAGES` gives the page called `name`.

    A page `for_admins` shows everybody else a sentence instead. A page with a title has the search for tickers
    beside it.
    """

    def decorate(draw: Draw[P]) -> Callable[P, None]:
        label = name or draw.__module__.split(".")[-2]  # without a name, that of the folder: viewer for `…viewer.page`

        @wraps(draw)
        def drawn(*args: P.args, **kwargs: P.kwargs) -> None:
            use_visitor_language()
            with turns.page(), vitals.drawing(label), errors_shown():
                if name:
                    head = st.container(horizontal=True, vertical_alignment="center", gap="medium", key="head")
                    head.title(navigation.page(name).title, width="content", anchor=False)
                db = database.connect()
                if name:
                    with head.container(width=320):
                        search_box.show(db)
                if for_admins and not may_edit():
                    show_read_only()
                else:
                    if for_admins and admin_password():
                        _watch_rights()
                    draw(db, *args, **kwargs)

        return drawn

    return decorate


def live(every: float | None, *, for_admins: bool = False) -> Callable[[Draw[P]], Callable[P, None]]:
    """Make `draw(db, …)` a part of a page that redraws itself `every` so many seconds, until its page is left.

    With `for_admins`, if the visitor is no admin any more, the whole page is redrawn and says why.
    """

    def decorate(draw: Draw[P]) -> Callable[P, None]:
        @wraps(draw)
        def drawn(path: str, *args: P.args, **kwargs: P.kwargs) -> None:
            if address_bar.page_path() != path:  # the visitor has left the page: do not draw into the next one
                return
            use_visitor_language()
            if for_admins and not may_edit():
                st.rerun()
            with turns.page(), errors_shown():
                draw(database.connect(), *args, **kwargs)

        fragment = st.fragment(drawn, run_every=every)

        @wraps(draw)
        def placed(*args: P.args, **kwargs: P.kwargs) -> None:
            fragment(address_bar.page_path(), *args, **kwargs)

        return placed

    return decorate


@live(RIGHTS_EVERY, for_admins=True)
def _watch_rights(_db: MongoDatabase) -> None:
    """Draws nothing; closes an admin page that stays open soon after the password was changed."""


def writes(callback: Callable[P, None]) -> Callable[P, None]:
    """Make `callback` the callback of a widget that writes: rights are checked when it runs, not when it is drawn.

    A callback runs before the page is drawn, so the language is set here too, and an error is a `toast`.
    """

    @wraps(callback)
    def checked(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            use_visitor_language()
            require_admin()
            callback(*args, **kwargs)
        except Exception as error:  # noqa: BLE001 - as in errors_shown
            toast(str(_explained(error)))

    return checked


def toast(text: str, icon: str = "error") -> None:
    """Show a message from a callback for some seconds; the next `errors_shown` draws it.

    What a callback of a live part draws itself would take the place of the first element of the page, a style sheet.
    """
    st.session_state.setdefault(TOASTS, []).append((text, icon))


@contextmanager
def errors_shown() -> Iterator[None]:
    """Show an error inside the block as a sentence and a button to retry. The traceback of a defect goes to the log."""
    try:
        for text, icon in st.session_state.pop(TOASTS, []):
            st.toast(plain(text), icon=f":material/{icon}:", duration="long")
        yield
    except Exception as error:  # noqa: BLE001 - the page's last line: no traceback on a page, every one in the log
        st.error(plain(str(_explained(error))), icon=":material/error:")
        st.button(_("다시 시도"), icon=":material/refresh:", key="retry")


def show_stray_error(error: Exception) -> bool:
    """Show an error that no page could catch as a sentence; returns True, which tells Streamlit that it is shown.

    Before the app's own code runs, Streamlit reads the values of widgets. A program other than a browser may send any
    value: the log gets one line then, but the traceback for a defect of ours.
    """
    use_visitor_language()
    files = [frame.filename for frame in traceback.extract_tb(error.__traceback__)]
    if any(Path(file).is_relative_to(settings.PROJECT_DIR) and "site-packages" not in file for file in files):
        st.error(plain(str(_explained(error))), icon=":material/error:")
    else:
        _log.warning("a visitor sent what no browser sends: %s", type(error).__name__)
        st.error(_("브라우저가 보내지 않는 값을 받았습니다. 화면을 새로 고치십시오."), icon=":material/error:")
    return True


def _explained(error: Exception) -> SisepanError:
    """`error` as a sentence for the visitor; a defect goes to the log with its traceback."""
    if not isinstance(error, SisepanError | PyMongoError):
        _log.error("a page failed", exc_info=error)
    sentence = N_("예상하지 못한 오류로 화면을 그리지 못했습니다. 자세한 내용은 로그에 있습니다.")
    return database.explained(error, sentence)
