"""The state of one visitor's ticker page in one category, over all reruns: rows, unsaved edits, conflicts."""

from collections.abc import Callable, Collection
from dataclasses import dataclass, field, replace
from typing import Any, Literal, Self

import streamlit as st

from finance_core import auth, formats, i18n, ticker_fields
from finance_core.categories import Category
from finance_core.errors import SisepanError
from finance_core.i18n import _
from finance_core.storage import database, tickers
from finance_core.storage.database import MongoDatabase
from finance_core.storage.documents import TickerRow
from finance_core.storage.ticker_edits import Conflict, Edit, Saved, Values
from finance_core.ui import listing, visitor
from finance_core.ui.decorators import writes
from finance_core.ui.tickers import grid

PAGE_SIZES = (50, 100, 200, 500)
Message = tuple[Literal["success", "warning", "error"], str]


def editor() -> str:
    """The name of the visitor in the history: their address, or localhost."""
    address = visitor.visitor_address()
    return "localhost" if address is None or auth.is_loopback(address) else address


@dataclass
class State:
    """The state of one category in one visit; `of` returns it."""

    category: Category
    pending: dict[str, Edit] = field(default_factory=dict)
    """Edits that are not saved yet, by ticker."""
    conflicts: dict[str, Conflict] = field(default_factory=dict)
    """Conflicts to decide, by ticker."""
    messages: list[Message] = field(default_factory=list)
    """Sentences about the last action, shown until the next action or edit."""
    rows: list[TickerRow] = field(default_factory=list)
    """The rows of the shown page, as they were when they were read."""
    total: int = 0
    """The number of tickers that match the search."""
    sort: grid.Sort = ("ticker", False)
    generation: int = 0
    """Rises whenever the grid gets new rows or other edits."""
    drawn: dict[str, Edit] = field(default_factory=dict)
    """The edits that the grid got with the rows of this generation."""
    comparing: bool = False
    """Whether the dialog with the difference between market lists and the ticker list is open."""
    fetching: bool = False
    """Whether newer market lists were requested."""
    _shown: tuple[Any, ...] = ()
    """Search, sort, size and page of `rows`, and the language: with other headers the grid is built anew. () if the
    rows must be read again."""
    _redraw: bool = False
    """Whether the grid has other rows or edits than this state."""
    _taken: dict[float, int] = field(default_factory=dict)
    """The number of edits of each grid that are in `pending` already, by `Answer.frame`."""
    _saved: dict[str, Values] = field(default_factory=dict)
    """The values that this visitor saved last, by ticker."""

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
        """The text in the search box."""
        return str(st.session_state.get(self.key("search")) or "").replace("\0", "")  # MongoDB patterns cannot have NUL

    @property
    def size(self) -> int:
        """Rows on a page."""
        return int(st.session_state.get(self.key("size")) or PAGE_SIZES[1])

    def acting(self, action: Callable[[MongoDatabase], None]) -> Callable[[], None]:
        """A callback for a button, for admins only: takes over the grid's latest edits, then calls `action`.

        Why `action` refuses is a message as its other answers are: a toast would stay beside the next success.
        """

        def clicked() -> None:
            self.take_answer()
            self.messages.clear()
            try:
                action(database.connect())
            except SisepanError as error:
                self.messages.append(("error", str(error)))

        return writes(clicked)

    def button(self, name: str, label: str, icon: str, action: Callable[[MongoDatabase], None], **options: Any) -> None:
        """A button that calls `action` (see `acting`)."""
        st.button(label, icon=icon, key=self.key(name), on_click=self.acting(action), **options)

    def take_answer(self) -> tuple[str, ...]:
        """Take over edits and sort order from the grid since the last call; returns the tickers with a tick."""
        answer = grid.answer(self.key("grid"), self.generation)
        for generation, edit in answer.edits[self._taken.get(answer.frame, 0) :]:
            earlier = self.pending.get(edit.ticker)
            self._keep(earlier.then(edit) if earlier else edit)
            if generation == self.generation:
                self.messages.clear()
            else:  # the edit arrives late: the grid has new rows already, without this edit
                self._redraw = True
                late: Message = "warning", _("고치던 칸은 아직 저장되지 않았습니다.")
                if self.messages and late not in self.messages:  # after the outcome of a save
                    self.messages.append(late)
        if not answer.frame and self.drawn != self.pending:  # the category was opened again, with a new grid
            self._redraw = True
        self._taken[answer.frame] = len(answer.edits)
        self.sort = answer.sort or self.sort
        return answer.chosen

    def _keep(self, edit: Edit) -> None:
        """Make `edit` the pending edit of its row, without the changes that equal the original; drop an empty edit."""
        changes = {key: value for key, value in edit.changes.items() if value != edit.original[key]}
        if changes:
            original = {key: edit.original[key] for key in changes}
            self.pending[edit.ticker] = replace(edit, original=original, changes=changes)
        else:
            self.pending.pop(edit.ticker, None)

    def discard(self, chosen: Collection[str]) -> None:
        """Drop the pending edits of these tickers, and read the rows again."""
        self.read_anew()
        for ticker in chosen:
            self.pending.pop(ticker, None)

    def read_anew(self) -> None:
        """Let the next `refresh` read the rows again."""
        self._shown = ()
        listing.forget()

    def after(self, saved: Saved, *, is_undo: bool = False) -> None:
        """Show the result of a save or an undo, keep its conflicts (one per ticker), and read the rows again."""
        self.read_anew()
        self._saved |= {row["ticker"]: row["after"] for row in saved.entry["rows"]} if saved.entry else {}
        for conflict in saved.conflicts:
            ticker, mine = conflict.mine.ticker, conflict.mine
            if ticker in self.conflicts:
                mine = self.conflicts[ticker].mine.then(mine)
            self.conflicts[ticker] = Conflict(mine, conflict.theirs)
        if saved.applied:
            sentence = _("{count}개 행을 되돌렸습니다.") if is_undo else _("{count}개 행을 저장했습니다.")
            self.messages.append(("success", formats.filled(sentence, count=len(saved.applied))))
        for ticker, error in list(saved.refused.items())[:20]:
            self.messages.append(("error", f"{ticker}: {error}"))

    def decide(self, conflict: Conflict, *, mine: bool) -> None:
        """Decide a conflict: make my changes the pending edit of the present row, or drop them."""
        edit, theirs = conflict.mine, conflict.theirs
        # A second click finds the conflict decided already.
        if self.conflicts.pop(edit.ticker, None) and mine and theirs is not None:
            since = self.pending.get(edit.ticker)
            changes = (edit.then(since) if since else edit).changes
            self._keep(Edit(edit.ticker, ticker_fields.shown(theirs), changes))

    def refresh(self, db: MongoDatabase) -> None:
        """Read the rows if needed, and start a new generation if the grid has other rows or edits."""
        page = int(st.session_state.get(self.key("page")) or 1)
        while self._shown != (wanted := (self.search, self.sort, self.size, page, i18n.language())):
            by, descending = self.sort
            skip = (page - 1) * self.size
            self.rows, self.total = tickers.page(
                db, self.category, self.search, by, descending=descending, skip=skip, limit=self.size
            )
            self._shown, self._redraw = wanted, True
            if not self.rows and page > 1:  # there are fewer pages now
                st.session_state[self.key("page")] = page = 1
            for row in self.rows:  # drop an edit if the row has all its changes already
                edit = self.pending.get(row["ticker"])
                if edit and edit.changes.items() <= ticker_fields.shown(row).items():
                    del self.pending[row["ticker"]]
        self._rebase(db)
        if self._redraw:
            self.generation += 1
            self.drawn, self._redraw = dict(self.pending), False

    def _rebase(self, db: MongoDatabase) -> None:
        """Make the values that this visitor saved last the originals of pending edits, if they are still stored.

        Otherwise a later save would treat the visitor's own save as another person's.
        """
        for ticker in self._saved.keys() & self.pending.keys():
            row = tickers.get(db, self.category, ticker)
            if row is not None:
                edit, now = self.pending[ticker], ticker_fields.shown(row)
                own = {key: value for key, value in self._saved[ticker].items() if now[key] == value}
                self._keep(replace(edit, original=edit.original | own))
