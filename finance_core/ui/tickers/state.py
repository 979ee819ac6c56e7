"""What one visitor has before them in one category, over all reruns: rows, edits that are not saved yet, conflicts."""

from collections.abc import Callable, Collection
from dataclasses import dataclass, field, replace
from typing import Any, Literal, Self

import streamlit as st

from finance_core import auth, formats, ticker_fields
from finance_core.categories import Category
from finance_core.i18n import _
from finance_core.storage import database, tickers
from finance_core.storage.database import MongoDatabase
from finance_core.storage.documents import TickerRow
from finance_core.storage.ticker_edits import Conflict, Edit, Saved, Values
from finance_core.ui import listing, visitor
from finance_core.ui.decorators import writes
from finance_core.ui.tickers import grid

PAGE_SIZES = (50, 100, 200, 500)


def editor() -> str:
    """How the history names the visitor: by address, or as localhost."""
    address = visitor.visitor_address()
    return "localhost" if address is None or auth.is_loopback(address) else address


@dataclass
class State:
    """The state of one category. `of` returns the visitor's own."""

    category: Category
    pending: dict[str, Edit] = field(default_factory=dict)
    """Edits that are not saved yet, by ticker."""
    conflicts: dict[str, Conflict] = field(default_factory=dict)
    """Conflicts to decide, by ticker."""
    messages: list[tuple[Literal["success", "warning", "error"], str]] = field(default_factory=list)
    """Sentences about the last action, shown until the next action or edit."""
    rows: list[TickerRow] = field(default_factory=list)
    """The rows before the visitor, as they were when they were read."""
    total: int = 0
    """Tickers that the search finds."""
    sort: grid.Sort = ("ticker", False)
    generation: int = 0
    """Rises whenever the grid gets new rows, or other edits over them."""
    drawn: dict[str, Edit] = field(default_factory=dict)
    """The edits that the grid was given with the rows of this generation."""
    comparing: bool = False
    """Whether the difference between the lists of the markets and the ticker list is open."""
    fetching: bool = False
    """Whether newer lists of the markets were asked for."""
    _shown: tuple[Any, ...] = ()
    """Search, sort, size and page of `rows`; empty where they must be read anew."""
    _redraw: bool = False
    """Whether the rows, or the edits over them, are others than the grid has."""
    _taken: dict[float, int] = field(default_factory=dict)
    """How many of its edits are in `pending` already, by grid."""
    _saved: dict[str, Values] = field(default_factory=dict)
    """By ticker: the values that this visitor saved last."""

    @classmethod
    def of(cls, category: Category) -> Self:
        """The state of `category` in this visit."""
        state: Self = st.session_state.setdefault(f"tickers:{category.key}", cls(category))
        return state

    def key(self, name: str) -> str:
        """The key of one of this category's widgets."""
        return f"tickers:{self.category.key}:{name}"

    @property
    def search(self) -> str:
        """The text to look for."""
        return str(st.session_state.get(self.key("search")) or "").replace("\0", "")  # no pattern may hold it

    @property
    def size(self) -> int:
        """Rows on a page."""
        return int(st.session_state.get(self.key("size")) or PAGE_SIZES[1])

    def acting(self, action: Callable[[MongoDatabase], None]) -> Callable[[], None]:
        """What a button for admins calls: `action`, which knows every edit that the grid reported before the click."""

        def clicked() -> None:
            visitor.use_visitor_language()
            self.take_answer()
            self.messages.clear()
            action(database.connect())

        return writes(clicked)

    def button(self, name: str, label: str, icon: str, action: Callable[[MongoDatabase], None], **options: Any) -> None:
        """A button that does `action`."""
        st.button(label, icon=icon, key=self.key(name), on_click=self.acting(action), **options)

    def take_answer(self) -> tuple[str, ...]:
        """Take over what was edited and sorted in the grid since the last time; returns the tickers with a tick."""
        answer = grid.answer(self.key("grid"), self.generation)
        for generation, edit in answer.edits[self._taken.get(answer.frame, 0) :]:
            earlier = self.pending.get(edit.ticker)
            self._keep(earlier.then(edit) if earlier else edit)
            if generation == self.generation:
                self.messages.clear()
            else:  # it arrives late: the grid has new rows already, without this edit
                self._redraw = True
        if not answer.frame and self.drawn != self.pending:  # the category was opened again: a new grid
            self._redraw = True
        self._taken[answer.frame] = len(answer.edits)
        self.sort = answer.sort or self.sort
        return answer.chosen

    def _keep(self, edit: Edit) -> None:
        """Make the changes of `edit` that differ from its original the pending edit of the row."""
        changes = {key: value for key, value in edit.changes.items() if value != edit.original[key]}
        if changes:
            original = {key: edit.original[key] for key in changes}
            self.pending[edit.ticker] = replace(edit, original=original, changes=changes)
        else:
            self.pending.pop(edit.ticker, None)

    def discard(self, chosen: Collection[str]) -> None:
        """Drop the pending edits of these tickers, and have the rows read anew."""
        self.read_anew()
        for ticker in chosen:
            self.pending.pop(ticker, None)

    def read_anew(self) -> None:
        """Have the rows read anew."""
        self._shown = ()
        listing.forget()

    def after(self, saved: Saved) -> None:
        """Show the result of a save, keep its conflicts (one a ticker), and have the rows read anew."""
        self.read_anew()
        self._saved |= {row["ticker"]: row["after"] for row in saved.entry["rows"]} if saved.entry else {}
        for conflict in saved.conflicts:
            ticker, mine = conflict.mine.ticker, conflict.mine
            if ticker in self.conflicts:
                mine = self.conflicts[ticker].mine.then(mine)
            self.conflicts[ticker] = Conflict(mine, conflict.theirs)
        if saved.applied:
            sentence = formats.filled(_("{count}개 행을 저장했습니다."), count=len(saved.applied))
            self.messages.append(("success", sentence))
        for ticker, error in list(saved.refused.items())[:20]:
            self.messages.append(("error", f"{ticker}: {error}"))

    def decide(self, conflict: Conflict, *, mine: bool) -> None:
        """Make my changes pending edits of the row as it is now, or drop them."""
        edit, theirs = conflict.mine, conflict.theirs
        # A second click finds it decided.
        if self.conflicts.pop(edit.ticker, None) and mine and theirs is not None:
            since = self.pending.get(edit.ticker)
            changes = (edit.then(since) if since else edit).changes
            self._keep(Edit(edit.ticker, ticker_fields.shown(theirs), changes))

    def refresh(self, db: MongoDatabase) -> None:
        """Read the rows where they must be read, and have the grid draw them where they or their edits are others."""
        page = int(st.session_state.get(self.key("page")) or 1)
        while self._shown != (wanted := (self.search, self.sort, self.size, page)):
            by, descending = self.sort
            skip = (page - 1) * self.size
            self.rows, self.total = tickers.page(
                db, self.category, self.search, by, descending=descending, skip=skip, limit=self.size
            )
            self._shown, self._redraw = wanted, True
            if not self.rows and page > 1:  # there are fewer pages now
                st.session_state[self.key("page")] = page = 1
            for row in self.rows:  # an edit of which the row holds all changes needs no saving
                edit = self.pending.get(row["ticker"])
                if edit and edit.changes.items() <= ticker_fields.shown(row).items():
                    del self.pending[row["ticker"]]
        self._rebase(db)
        if self._redraw:
            self.generation += 1
            self.drawn, self._redraw = dict(self.pending), False

    def _rebase(self, db: MongoDatabase) -> None:
        """Have pending edits start from what this visitor saved after them, where it is still stored."""
        for ticker in self._saved.keys() & self.pending.keys():
            row = tickers.get(db, self.category, ticker)
            if row is not None:
                edit, now = self.pending[ticker], ticker_fields.shown(row)
                own = {key: value for key, value in self._saved[ticker].items() if now[key] == value}
                self._keep(replace(edit, original=edit.original | own))
