"""The page of the ticker lists: a grid to edit, tickers to add, import, remove and export, and a history to undo."""

import time
from collections.abc import Callable
from functools import partial
from typing import Any, Literal, cast

import pandas as pd
import streamlit as st
from pymongo.errors import PyMongoError

from finance_core import auth, categories, formats, spreadsheets, ticker_fields
from finance_core.categories import Category
from finance_core.errors import SisepanError
from finance_core.i18n import N_, _
from finance_core.storage import database, prices, ticker_edits, ticker_files, tickers
from finance_core.storage.database import MongoDatabase
from finance_core.storage.documents import EditEntry, TickerRow
from finance_core.storage.ticker_edits import Conflict, Edit
from finance_core.ui import listing, run_status
from finance_core.ui.decorators import live, page
from finance_core.ui.text import plain
from finance_core.ui.tickers import grid
from finance_core.ui.visitor import require_admin, use_visitor_language, visitor_address

PAGE_SIZES = (50, 100, 200, 500)
SHOWN_CONFLICTS = 20
SHOWN_CHANGES = 30
SHOWN_PREVIEW = 1_000
UPLOAD_MB = 10
LAST_WORD = 0.4
"""Seconds."""
THEIRS, MINE = "theirs", "mine"
NEW = ("new_ticker", "new_name", "new_market")


@page(N_("종목 관리"), for_admins=True)
def show(_db: MongoDatabase) -> None:
    """The whole page."""
    tabs = st.tabs([_(category.title) for category in categories.CATEGORIES], key="category", on_change="rerun")
    for category, tab in zip(categories.CATEGORIES, tabs, strict=True):
        if tab.open:
            with tab:
                _category(category)


@live(None)
def _category(db: MongoDatabase, category: Category) -> None:
    state = _State(category)
    chosen = state.take(grid.answer(state.grid_key))
    leaving = state.is_leaving()  # else the rows are new ones from here on
    # Each in a place of its own, so that what is open below stays open when something comes or goes above.
    with st.container():
        _told(state, keep=leaving)
    _toolbar(category, state)
    state.load(db)
    with st.container():
        _pending(category, state)
        _conflicts(state)
    grid.show(category, state.rows, state.pending, state.sort, state.grid_key)
    with st.container():
        if state.pages > 1:
            st.pagination(state.pages, key=state.key("page"))
    with st.container():
        if chosen:
            _removal(db, category, state, chosen)
    _additions(db, category, state)
    _history(db, category, state)
    if leaving:
        # A cell that was left by the click on "save" is told just after it: that is heard before the grid goes.
        time.sleep(LAST_WORD)
        st.rerun()


class _State:
    """What one visitor has before them in one category, over all of its reruns: rows, edits, conflicts."""

    def __init__(self, category: Category) -> None:
        self.category = category
        self._kept: dict[str, Any] = st.session_state.setdefault(
            f"tickers:{category.key}",
            {
                "pending": {},
                "conflicts": [],
                "told": [],
                "rows": [],
                "total": 0,
                "sort": ("ticker", False),
                "asked": None,
                "generation": 0,
                "leaving": 0,
                "heeded": set(),
            },
        )

    def key(self, name: str) -> str:
        """The key of one of this category's widgets."""
        return f"tickers:{self.category.key}:{name}"

    @property
    def pending(self) -> dict[str, Edit]:
        """Edits that are not saved yet, by ticker."""
        edits: dict[str, Edit] = self._kept["pending"]
        return edits

    @property
    def conflicts(self) -> list[Conflict]:
        found: list[Conflict] = self._kept["conflicts"]
        return found

    @conflicts.setter
    def conflicts(self, found: list[Conflict]) -> None:
        self._kept["conflicts"] = found

    def disagree(self, found: list[Conflict]) -> None:
        """Keep these conflicts too; one for each ticker, as it is now, with all that was wanted of it."""
        by_ticker = {conflict.mine.ticker: conflict for conflict in self.conflicts}
        for conflict in found:
            mine, before = conflict.mine, by_ticker.get(conflict.mine.ticker)
            if before:
                original = {**before.mine.original, **mine.original}
                mine = Edit(mine.ticker, mine.version, original, {**before.mine.changes, **mine.changes})
            by_ticker[mine.ticker] = Conflict(mine, conflict.theirs)
        self.conflicts = list(by_ticker.values())

    @property
    def sort(self) -> tuple[str, bool]:
        by: tuple[str, bool] = self._kept["sort"]
        return by

    @property
    def rows(self) -> list[TickerRow]:
        """The rows before the visitor, as they were when they were loaded."""
        found: list[TickerRow] = self._kept["rows"]
        return found

    @property
    def total(self) -> int:
        return int(self._kept["total"])

    @property
    def search(self) -> str:
        return str(st.session_state.get(self.key("search")) or "").replace("\0", "")  # which no pattern may hold

    @property
    def size(self) -> int:
        return int(st.session_state.get(self.key("size")) or PAGE_SIZES[1])

    @property
    def pages(self) -> int:
        return max(1, -(-self.total // self.size))

    @property
    def grid_key(self) -> str:
        return self.key(f"grid:{self._kept['generation']}")

    def tell(self, kind: str, text: str) -> None:
        """Have a sentence shown, once."""
        self._kept["told"].append((kind, text))

    def told(self, keep: bool) -> list[tuple[str, str]]:
        """The sentences to show, which are then done with unless they are to be kept."""
        texts = list(self._kept["told"])
        if not keep:
            self._kept["told"] = []
        return texts

    def reload(self) -> None:
        """Have the rows read anew, for another grid: what the present one tells has been heeded."""
        self.take(grid.answer(self.grid_key))
        self._kept |= {"asked": None, "heeded": set(), "rows": []}
        self._kept["generation"] += 1
        listing.forget()

    def rebase(self, db: MongoDatabase, changed: list[str]) -> None:
        """Make edits that are not saved yet ones of their rows as they are now, where only we have `changed` them."""
        for ticker in set(changed) & set(self.pending):
            edit, row = self.pending[ticker], tickers.get(db, self.category, ticker)
            if row is not None and row.get("version") == (edit.version or 0) + 1:
                now = {name: ticker_fields.shown(row)[name] for name in edit.changes}
                changes = {name: value for name, value in edit.changes.items() if value != now[name]}
                self.pending[ticker] = Edit(ticker, row["version"], {name: now[name] for name in changes}, changes)
                if not changes:
                    del self.pending[ticker]

    def leave(self, saved: ticker_edits.Saved) -> None:
        """Have the rows read anew after a save, but not before the grid has told its last; see `is_leaving`.

        Till then the grid shows what is saved as edited: `rows` become what it says.
        """
        changes = {ticker: self.pending[ticker].changes for ticker in saved.applied}
        for row in self.rows:
            if row["ticker"] in changes:
                row.update(cast("TickerRow", changes[row["ticker"]]))
                row["version"] = (row.get("version") or 0) + 1
        self._kept["heeded"] = {conflict.mine.ticker for conflict in saved.conflicts}
        self.linger()

    def linger(self) -> None:
        """Have the rows read anew, but not before the grid has told its last; see `is_leaving`."""
        self._kept["leaving"] = 2

    def is_leaving(self) -> bool:
        """Whether the grid is to go and may have a last word still; has the rows read anew where it had it."""
        self._kept["leaving"] -= 1
        if self._kept["leaving"] == 0:
            self.reload()
        return bool(self._kept["leaving"] > 0)

    def load(self, db: MongoDatabase) -> None:
        """Read the rows where others are asked for than those that are there."""
        page = int(st.session_state.get(self.key("page")) or 1)
        asked = (self.search, self.sort, self.size, page)
        if asked == self._kept["asked"]:
            return
        found = self._page(db, page)
        if not found.rows and page > 1:  # there are fewer pages now
            st.session_state[self.key("page")] = page = 1
            found = self._page(db, page)
        asked = (self.search, self.sort, self.size, page)
        self._kept |= {"rows": found.rows, "total": found.total, "asked": asked}
        self._kept["generation"] += 1

    def _page(self, db: MongoDatabase, page: int) -> tickers.Page:
        by, descending = self.sort
        skip = (page - 1) * self.size
        return tickers.page(db, self.category, self.search, by, descending=descending, skip=skip, limit=self.size)

    def take(self, answer: grid.Answer) -> list[str]:
        """Keep what was edited in the grid and by what to sort; returns the tickers that are chosen in it."""
        for row in self.rows if answer.touched else []:
            if row["ticker"] in self._kept["heeded"]:
                continue
            original = ticker_fields.shown(row)
            edited = answer.edited.get(row["ticker"], original)
            changes = {name: value for name, value in edited.items() if value != original[name]}
            if changes:
                # An edit stays one of the row that it was made to: the rows may have been read anew since.
                kept = self.pending.get(row["ticker"]) or Edit(row["ticker"], row.get("version"), {}, {})
                before = {name: kept.original.get(name, original[name]) for name in changes}
                self.pending[row["ticker"]] = Edit(row["ticker"], kept.version, before, changes)
            else:
                self.pending.pop(row["ticker"], None)
        if answer.sort:
            self._kept["sort"] = answer.sort
        return answer.chosen


def _told(state: _State, *, keep: bool) -> None:
    for kind, text in state.told(keep):
        box = {"success": st.success, "warning": st.warning, "error": st.error}[kind]
        box(plain(text))


def _toolbar(category: Category, state: _State) -> None:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        label = _("이름이나 종목 코드로 찾기")
        longest = ticker_fields.NAME_LIMIT
        st.text_input(label, key=state.key("search"), icon=":material/search:", width=320, max_chars=longest)
        st.selectbox(_("한 쪽에"), PAGE_SIZES, index=1, key=state.key("size"), width=110)
        st.button(_("새로 고침"), icon=":material/refresh:", key=state.key("refresh"), on_click=state.linger)
        with st.popover(_("내보내기"), icon=":material/download:"):
            _export(category, state)


def _export(category: Category, state: _State) -> None:
    whole = _("전체 목록")
    what = st.radio(_("무엇을"), [whole, _("찾은 것만")], key=state.key("export")) if state.search else whole

    def rows() -> list[TickerRow]:
        search = "" if what == whole else state.search
        return tickers.page(database.connect(), category, search, limit=0).rows

    name = f"tickers_{category.key}"
    st.download_button(
        "CSV", lambda: spreadsheets.to_csv(ticker_files.export(rows())), f"{name}.csv", "text/csv", key=state.key("csv")
    )
    excel = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    st.download_button(
        "Excel",
        lambda: spreadsheets.to_excel(ticker_files.export(rows())),
        f"{name}.xlsx",
        excel,
        key=state.key("excel"),
    )


def _pending(category: Category, state: _State) -> None:
    edits = state.pending
    if not edits:
        st.caption(plain(_("종목 {count}개. 칸을 두 번 눌러 고칩니다.").format(count=formats.count(state.total))))
        return
    cells = sum(len(edit.changes) for edit in edits.values())
    with st.container(border=True):
        with st.container(horizontal=True, vertical_alignment="center"):
            counted = _("{rows}개 행에서 {cells}칸을 고쳤습니다").format(rows=len(edits), cells=cells)
            st.markdown(f"**{plain(counted)}**")
            every: Callable[[], list[str]] = partial(
                list, state.pending
            )  # at the click: the last cell may be told together with it
            _button(
                state, "save", _("모두 저장"), ":material/save:", lambda: _save(category, state, every()), primary=True
            )
            _button(state, "discard", _("버리기"), ":material/delete_sweep:", lambda: _discard(state, every()))
        for ticker, edit in edits.items():
            try:
                ticker_fields.checked(category, edit.changes, edit.original)
            except SisepanError as error:
                st.error(plain(f"{ticker}: {error}"), icon=":material/error:")
        with st.expander(_("고치기 전과 후")):
            _preview(category, state)


def _preview(category: Category, state: _State) -> None:
    edits = list(state.pending.values())
    table = pd.DataFrame(
        [
            {
                _("종목 코드"): edit.ticker,
                _("항목"): field_name(name),
                _("전"): _value(name, edit.original[name]),
                _("후"): _value(name, value),
            }
            for edit in edits
            for name, value in edit.changes.items()
        ]
    )
    of_row = [edit.ticker for edit in edits for _name in edit.changes]
    # What is selected are positions: of these edits, and not of others that come to stand there.
    key = state.key(f"preview:{hash(tuple((edit.ticker, *edit.changes) for edit in edits))}")
    selection: Any = st.dataframe(table, hide_index=True, on_select="rerun", selection_mode="multi-row", key=key)
    rows = selection["selection"]["rows"]
    chosen = list(dict.fromkeys(of_row[row] for row in rows if row < len(of_row)))
    if chosen:
        with st.container(horizontal=True):
            label = _("고른 {count}개 행만 저장").format(count=len(chosen))
            _button(state, "save_chosen", label, ":material/save:", lambda: _save(category, state, chosen))
            label = _("고른 {count}개 행만 버리기").format(count=len(chosen))
            _button(state, "discard_chosen", label, ":material/delete:", lambda: _discard(state, chosen))


def _button(
    state: _State, key: str, label: str, icon: str, action: Callable[[], None], *, primary: bool = False
) -> None:
    """A button whose action may be refused with a sentence."""
    kind: Literal["primary", "secondary"] = "primary" if primary else "secondary"
    st.button(label, icon=icon, key=state.key(key), type=kind, on_click=_guarded, args=(state, action))


def _guarded(state: _State, action: Callable[[], None]) -> None:
    """Do what only an admin may; why it was not done is told when the page is drawn."""
    use_visitor_language()
    try:
        require_admin()
        state.take(grid.answer(state.grid_key))
        action()
    except SisepanError as error:
        state.tell("error", str(error))
    except PyMongoError as error:
        state.tell("error", str(database.explain(error)))


def _save(category: Category, state: _State, chosen: list[str]) -> None:
    # Not all that were chosen when the button was drawn have to be edited still: a second click finds none.
    edits = [state.pending[ticker] for ticker in chosen if ticker in state.pending]
    saved = ticker_edits.save(database.connect(), category, edits, _who())
    state.leave(saved)
    for ticker in [*saved.applied, *(conflict.mine.ticker for conflict in saved.conflicts)]:
        state.pending.pop(ticker, None)
    _tell_saved(state, saved)


def _after(state: _State, saved: ticker_edits.Saved) -> None:
    """Tell what a change did that was not made in the grid, and have the rows read anew; edits of them stay."""
    state.reload()
    state.rebase(database.connect(), saved.applied)
    _tell_saved(state, saved)


def _tell_saved(state: _State, saved: ticker_edits.Saved) -> None:
    """Tell what a save did, and keep its conflicts."""
    state.disagree(saved.conflicts)
    if saved.applied:
        state.tell("success", _("{count}개 행을 저장했습니다.").format(count=formats.count(len(saved.applied))))
    for ticker, error in list(saved.refused.items())[:SHOWN_CONFLICTS]:
        state.tell("error", f"{ticker}: {error}")


def _discard(state: _State, chosen: list[str]) -> None:
    state.reload()
    for ticker in chosen:
        state.pending.pop(ticker, None)


def _conflicts(state: _State) -> None:
    found = state.conflicts
    if not found:
        return
    with st.container(border=True):
        st.warning(
            _("{count}개 행은 그사이 다른 사람이 고쳤습니다. 무엇을 남길지 고르십시오.").format(count=len(found)),
            icon=":material/group:",
        )

        def resolve() -> None:
            state.reload()
            for conflict in found[:SHOWN_CONFLICTS]:
                mine, theirs = conflict.mine, conflict.theirs
                if theirs is not None and st.session_state.get(_choice_key(state, conflict)) == MINE:
                    since = state.pending.get(mine.ticker)
                    changes = {**mine.changes, **(since.changes if since else {})}
                    seen = {name: ticker_fields.shown(theirs)[name] for name in changes}
                    state.pending[mine.ticker] = Edit(mine.ticker, theirs.get("version"), seen, changes)
            state.conflicts = found[SHOWN_CONFLICTS:]

        for conflict in found[:SHOWN_CONFLICTS]:
            _conflict(state, conflict)
        _button(state, "resolve", _("고른 대로 하기"), ":material/done_all:", resolve)


def _choice_key(state: _State, conflict: Conflict) -> str:
    return state.key(f"conflict:{conflict.mine.ticker}")


def _conflict(state: _State, conflict: Conflict) -> None:
    """One conflict, with the choice."""
    mine, theirs = conflict.mine, conflict.theirs
    if theirs is None:
        st.markdown(plain(_("{ticker}: 그사이 목록에서 지워졌습니다.").format(ticker=mine.ticker)))
        return
    table = pd.DataFrame(
        [
            {
                _("항목"): field_name(name),
                _("원래"): _value(name, mine.original[name]),
                _("다른 사람"): _value(name, ticker_fields.shown(theirs)[name]),
                _("나"): _value(name, value),
            }
            for name, value in mine.changes.items()
        ]
    )
    st.markdown(f"**{plain(mine.ticker)}**")
    st.dataframe(table, hide_index=True)
    names = {THEIRS: _("다른 사람의 것"), MINE: _("내 것")}
    st.radio(
        mine.ticker,
        list(names),
        format_func=lambda choice: names[choice],
        horizontal=True,
        label_visibility="collapsed",
        key=_choice_key(state, conflict),
    )


def _removal(db: MongoDatabase, category: Category, state: _State, chosen: list[str]) -> None:
    with st.container(border=True):
        bars = prices.counts(db, category, chosen)
        st.markdown(
            plain(
                _("고른 종목 {count}개 ({tickers}), 저장된 봉 {bars}개").format(
                    count=len(chosen),
                    tickers=", ".join(chosen[:5]) + ("…" if len(chosen) > 5 else ""),
                    bars=formats.count(bars),
                )
            )
        )
        keep = _("봉은 두고 목록에서만 빼기 (사용 안 함으로 바꿉니다)")
        drop = _("봉 {bars}개까지 모두 지우기 (되돌릴 수 없습니다)").format(bars=formats.count(bars))
        how = st.radio(_("어떻게"), [keep, drop], key=state.key("how"), label_visibility="collapsed")
        # Of these tickers, and not of others that are chosen afterwards.
        key = state.key(f"sure:{hash(tuple(chosen))}")
        sure = how == keep or st.checkbox(_("지우면 되돌릴 수 없음을 알고 있습니다"), key=key)

        def remove() -> None:
            if how == keep:
                _after(state, ticker_edits.deactivate(database.connect(), category, chosen, _who()))
                return
            removed = ticker_edits.delete(database.connect(), category, chosen, _who())
            state.tell(
                "success",
                _("종목 {count}개와 봉 {bars}개를 지웠습니다.").format(count=len(chosen), bars=formats.count(removed)),
            )
            _discard(state, chosen)

        if sure:
            _button(state, "remove", _("고른 종목 빼기"), ":material/delete:", remove)


def _additions(db: MongoDatabase, category: Category, state: _State) -> None:
    with st.expander(_("종목 추가"), icon=":material/add:"):
        _add_one(category, state)
        st.divider()
        _add_many(db, category, state)


def _add_one(category: Category, state: _State) -> None:
    def add() -> None:
        ticker, name, market = (str(st.session_state[state.key(field)] or "") for field in NEW)
        wanted = category.ticker_of(ticker)
        if not category.is_ticker(wanted):
            raise SisepanError("종목 코드가 아닙니다: {tickers}", tickers=ticker[:40] or "''")
        row = {"ticker": wanted, "name": name.strip() or wanted, "market": market}
        if ticker_edits.add(database.connect(), category, [row], _who()):
            sentence = _("{ticker}을(를) 추가했습니다. 업데이트하면 시세를 받아 옵니다.")
            state.tell("success", sentence.format(ticker=wanted))
        else:
            state.tell("warning", _("{ticker}은(는) 이미 목록에 있습니다.").format(ticker=wanted))
        state.reload()

    with st.form(state.key("add"), border=False):
        fields = st.columns([1, 2, 1, 1], vertical_alignment="bottom")
        fields[0].text_input(_("종목 코드"), key=state.key("new_ticker"))
        fields[1].text_input(_("이름"), key=state.key("new_name"))
        markets, unknown = ["", *(market.key for market in category.markets)], _("모름")
        fields[2].selectbox(_("시장"), markets, format_func=lambda each: each or unknown, key=state.key("new_market"))
        fields[3].form_submit_button(_("추가하기"), icon=":material/add:", on_click=_guarded, args=(state, add))


def _add_many(db: MongoDatabase, category: Category, state: _State) -> None:
    st.caption(
        _("여러 줄을 붙여 넣거나 CSV, Excel 파일을 올립니다: 종목 코드, 이름, 시장, 표식. 제목 줄은 없어도 됩니다.")
    )
    text = st.text_area(_("붙여 넣기"), key=state.key("paste"), height=120)
    file = st.file_uploader(
        _("파일"), type=["csv", "txt", "tsv", "xlsx"], key=state.key("upload"), max_upload_size=UPLOAD_MB
    )
    if not text.strip() and file is None:
        return
    try:
        if file is not None:
            lines = ticker_files.read_file(file.name, file.getvalue(), category)
        else:
            lines = ticker_files.read_text(text, category)
    except SisepanError as error:
        st.error(plain(str(error)), icon=":material/error:")
        return
    allowed = [line.row for line in lines if line.problem is None]
    found = ticker_edits.compare(db, category, allowed)
    _preview_import(lines, found)

    def apply() -> None:
        added = ticker_edits.add(database.connect(), category, found.new, _who()) if found.new else []
        saved = ticker_edits.save(database.connect(), category, found.edits, _who())
        if added:
            state.tell("success", _("종목 {count}개를 추가했습니다.").format(count=formats.count(len(added))))
        _after(state, saved)

    if found.new or found.edits:
        label = _("새 종목 {new}개 추가, {changed}개 변경").format(
            new=formats.count(len(found.new)), changed=formats.count(len(found.edits))
        )
        _button(state, "import", label, ":material/playlist_add:", apply, primary=True)


def _preview_import(lines: list[ticker_files.Line], found: ticker_edits.Comparison) -> None:
    changed = {edit.ticker: edit for edit in found.edits}
    new = {row["ticker"] for row in found.new}
    refused = [line for line in lines if line.problem is not None]
    st.markdown(
        plain(
            _("새 종목 {new}, 변경 {changed}, 그대로 {unchanged}, 거절 {refused}").format(
                new=formats.count(len(new)),
                changed=formats.count(len(changed)),
                unchanged=formats.count(len(found.unchanged)),
                refused=formats.count(len(refused)),
            )
        )
    )

    def what(line: ticker_files.Line) -> str:
        if line.problem is not None:
            return str(line.problem)
        if line.row["ticker"] in new:
            return _("새 종목")
        if edit := changed.get(line.row["ticker"]):
            pairs = ((name, edit.original[name], value) for name, value in edit.changes.items())
            return ", ".join(f"{field_name(name)}: {_value(name, a)} → {_value(name, b)}" for name, a, b in pairs)
        return _("그대로")

    # What is refused first: it is what a person has to look at.
    ordered = [*refused, *(line for line in lines if line.problem is None)][:SHOWN_PREVIEW]
    table = pd.DataFrame(
        {
            _("줄"): [line.number for line in ordered],
            _("종목 코드"): [line.row["ticker"] for line in ordered],
            _("이름"): [line.row.get("name", "") for line in ordered],
            _("결과"): [what(line) for line in ordered],
        }
    )
    st.dataframe(table, hide_index=True, height=300)


def _history(db: MongoDatabase, category: Category, state: _State) -> None:
    with st.expander(_("변경 기록"), icon=":material/history:"):
        changes = ticker_edits.history(db, category, SHOWN_CHANGES)
        if not changes:
            st.caption(_("아직 바꾼 것이 없습니다."))
            return
        kinds = {"edit": _("고침"), "undo": _("되돌림"), "add": _("추가"), "remove": _("삭제")}
        table = pd.DataFrame(
            {
                _("언제"): [run_status.moment(change["when"]) for change in changes],
                _("누가"): [change["who"] for change in changes],
                _("무엇을"): [kinds[change["kind"]] for change in changes],
                _("종목"): [_summary([row["ticker"] for row in change["rows"]]) for change in changes],
            }
        )
        # What is selected is a position: a newer change moves the others, so it begins with nothing selected.
        key = state.key(f"changes:{changes[0]['_id']}")
        selection: Any = st.dataframe(table, hide_index=True, on_select="rerun", selection_mode="single-row", key=key)
        for position in selection["selection"]["rows"]:
            if position < len(changes):
                _change(category, state, changes[position])


def _change(category: Category, state: _State, change: EditEntry) -> None:
    rows = [
        {
            _("종목 코드"): row["ticker"],
            _("항목"): field_name(name),
            _("전"): _value(name, row["before"].get(name)),
            _("후"): _value(name, row["after"].get(name)),
        }
        for row in change["rows"]
        for name in {**row["before"], **row["after"]}
    ]
    st.dataframe(pd.DataFrame(rows), hide_index=True)
    if change["kind"] in ("edit", "undo"):

        def undo() -> None:
            _after(state, ticker_edits.undo(database.connect(), category, change["_id"], _who()))

        _button(state, f"undo:{change['_id']}", _("이 저장을 되돌리기"), ":material/undo:", undo)


def field_name(key: str) -> str:
    """How an editable field is called."""
    return _(ticker_fields.by_key()[key].title)


def _value(key: str, value: Any) -> str:
    return ticker_fields.by_key()[key].label(value)


def _summary(names: list[str]) -> str:
    shown = ", ".join(names[:3])
    return shown if len(names) <= 3 else _("{names} 외 {count}개").format(names=shown, count=len(names) - 3)


def _who() -> str:
    address = visitor_address()
    return "localhost" if address is None or auth.is_loopback(address) else address
