"""What every page and every live part of one shares: language, database, admins only, errors as sentences.

`@page` makes a whole page of a function, `@live` a part that draws itself anew, `@writes` what a button may call.
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

FAILED_WRITE = "failed_write"
RIGHTS_EVERY = 10.0
"""Seconds between two looks whether the visitor of an open page for admins still is one."""

P = ParamSpec("P")
Draw = Callable[Concatenate[MongoDatabase, P], None]
"""Draws on the page from the database."""

_log = logging.getLogger(__name__)


def page(
    name: str = "", *, for_admins: bool = False, has_own_search: bool = False
) -> Callable[[Draw[P]], Callable[P, None]]:
    """Make `draw(db, …)` a whole page, under the title that `navigation.PAGES` gives the page called `name`.

    A page `for_admins` shows everybody else a sentence instead. A page with a title has the search for tickers
    beside it, unless it `has_own_search`.
    """

    def decorate(draw: Draw[P]) -> Callable[P, None]:
        label = name or draw.__module__.split(".")[-2]  # a page without a name of its own is `…viewer.page`

        @wraps(draw)
        def drawn(*args: P.args, **kwargs: P.kwargs) -> None:
            use_visitor_language()
            with turns.page(), vitals.drawing(label), errors_shown():
                if name:
                    head = st.container(horizontal=True, vertical_alignment="center", gap="medium", key="head")
                    head.title(navigation.page(name).title, width="content", anchor=False)
                db = database.connect()
                if name and not has_own_search:
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
    """Make `draw(db, …)` a part of a page that draws itself anew `every` so many seconds, until its page is left.

    Where `for_admins` and the visitor is none any more, the whole page is drawn anew, and says why.
    """

    def decorate(draw: Draw[P]) -> Callable[P, None]:
        @wraps(draw)
        def drawn(path: str, *args: P.args, **kwargs: P.kwargs) -> None:
            if address_bar.page_path() != path:  # its page was left: it must not draw into the next one
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
    """Nothing to see: an admin's page that stays open goes soon after the password was changed."""


def writes(callback: Callable[P, None]) -> Callable[P, None]:
    """Make `callback` the callback of a widget that writes: it runs for admins only, whoever the widget was drawn for.

    A callback runs before the page is drawn; the next `errors_shown` shows its error.
    """

    @wraps(callback)
    def checked(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            require_admin()
            callback(*args, **kwargs)
        except Exception as error:  # noqa: BLE001 - as in errors_shown
            st.session_state[FAILED_WRITE] = _explained(error)

    return checked


@contextmanager
def errors_shown() -> Iterator[None]:
    """Show an error inside the block as a sentence and a button that tries again; the log has what a defect left."""
    try:
        failed: SisepanError | None = st.session_state.pop(FAILED_WRITE, None)
        if failed:
            st.toast(plain(str(failed)), icon=":material/error:", duration="long")
        yield
    except Exception as error:  # noqa: BLE001 - the page's last line: no traceback on a page, every one in the log
        st.error(plain(str(_explained(error))), icon=":material/error:")
        st.button(_("다시 시도"), icon=":material/refresh:", key="retry")


def show_stray_error(error: Exception) -> bool:
    """Show an error that no page could catch as a sentence; returns True, as Streamlit wants it of what has shown it.

    Before the app's own code runs, Streamlit reads the values of widgets. A program that speaks to the app, not a
    browser, may send any: that is one line in the log, where a defect of ours leaves its traceback.
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
