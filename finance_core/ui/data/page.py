"""The admin page of the user's own data: shows the database's collections, and reads or converts them after a yes."""

from collections.abc import Callable
from functools import partial
from typing import Literal

import streamlit as st

from finance_core import categories, formats
from finance_core.categories import Category
from finance_core.errors import SisepanError
from finance_core.foreign import adoption, import_records, import_run, inspection, reports, ticker_names
from finance_core.foreign.import_records import Summary
from finance_core.foreign.inspection import Inspected
from finance_core.foreign.intervals import Intraday
from finance_core.i18n import N_, _
from finance_core.storage import database, locations
from finance_core.storage.database import MongoDatabase
from finance_core.storage.documents import ImportRecord
from finance_core.ui import listing
from finance_core.ui.data import files, outcome, started, unused_server
from finance_core.ui.decorators import errors_shown, page, writes
from finance_core.ui.navigation import viewer_link
from finance_core.ui.text import plain

SEEN, PLANS, CHOSEN = "inspected", "adoption_plans", "chosen_categories"
Plan = Callable[[MongoDatabase, Category, Inspected], list[SisepanError]]

Color = Literal["green", "blue", "orange", "gray"]
VERDICTS: dict[inspection.Verdict, tuple[str, Color]] = {
    "ours": (":material/check_circle:", "green"),
    "readable": (":material/menu_book:", "blue"),
    "convertible": (":material/sync_alt:", "orange"),
    "unknown": (":material/help:", "gray"),
}
"""Icon and colour; the words are in `reports`."""


@page("admin_data", for_admins=True)
def show(db: MongoDatabase) -> None:
    """The whole page."""
    _server(db)
    top = st.container()
    if started.has_one_ended():
        _forget()
    collections = _inspected(db)
    prices = [collection for collection in collections if collection.kind == "prices"]
    if not prices:
        text = _("이 데이터베이스에서 시세로 보이는 컬렉션을 찾지 못했습니다. 아래에서 파일을 가져올 수 있습니다.")
        st.info(text, icon=":material/info:")
    for collection in prices:
        with errors_shown():
            _collection(db, collection)
    _lost(db, prices)
    _others([collection for collection in collections if collection.kind != "prices"])
    file = files.import_section(db)
    files.export_section(db)
    with top:
        started.show_others(db, [*(collection.name for collection in prices), file])


def _server(db: MongoDatabase) -> None:
    left, right = st.columns([4, 1], vertical_alignment="center")
    server = database.address() or _("내장 MongoDB")
    left.caption(plain(_("데이터베이스: {server}").format(server=f"{server} · {db.name}")))
    left.caption(_("컬렉션을 표본과 인덱스로 살펴본 것이며, 살펴보는 것만으로는 아무것도 바뀌지 않습니다."))
    right.button(_("다시 살펴보기"), icon=":material/refresh:", on_click=_look_again, key="look_again")
    unused_server.show()


def _inspected(db: MongoDatabase) -> list[Inspected]:
    """The collections as this visit inspected them last."""
    where = _where(db)
    kept: tuple[str, list[Inspected]] | None = st.session_state.get(SEEN)
    if kept is None or kept[0] != where:
        text = _("데이터베이스를 살펴보는 중")
        bar = st.progress(0.0, text=text)

        def progress(share: float) -> None:
            bar.progress(share, text=text)

        kept = st.session_state[SEEN] = (where, inspection.inspect(db, progress, _chosen(db)))
        bar.empty()
    return kept[1]


def _where(db: MongoDatabase) -> str:
    return f"{database.address()}/{db.name}"


def _chosen(db: MongoDatabase) -> dict[str, Category]:
    """The categories that this visit has chosen, by collection. They outlast a run, whose outcome belongs to one."""
    chosen: dict[str, Category] = st.session_state.setdefault(f"{CHOSEN}:{_where(db)}", {})
    return chosen


def _look_again() -> None:
    """Inspect everything again, and ask again what was chosen: the choice may have been wrong."""
    _forget()
    _chosen(database.connect()).clear()
    unused_server.forget()


def _forget() -> None:
    """Forget the inspected collections and their plans: the next run inspects them again."""
    st.session_state.pop(SEEN, None)
    st.session_state.pop(PLANS, None)


def _collection(db: MongoDatabase, collection: Inspected) -> None:
    with st.container(border=True, key=f"collection_{collection.name}"):
        head, body = st.container(), st.container()
        with body:
            category = _category_of(collection)
        last = import_records.latest(db, category, collection.name) if category else None
        can_be_read = category is not None and _can_be_read(db, category, collection)
        refusal = adoption.refusal_of_reading(db, category, collection) if category and can_be_read else None
        with head:
            _head(collection, last, is_refused=refusal is not None)
            started.show(collection.name)
        with body:
            obstacles = collection.obstacles if collection.verdict != "ours" else []
            if obstacles:
                with st.expander(_("이 제품의 구성과 다른 점 {count}").format(count=len(obstacles))):
                    st.markdown("\n".join(f"- {plain(str(obstacle))}" for obstacle in obstacles))
            if category is None:
                return
            outcome.of_following(collection)
            busy = started.blocks(db, category)
            _actions(db, category, collection, busy, can_be_read=can_be_read and not refusal)
            if refusal and not _is_converted(last):
                st.caption(plain(str(refusal)))
            outcome.of_run(started.ended(collection.name), category, with_record=False)
            if last and last["state"] == "done":
                outcome.of_import(last, collection.name)
            elif last and last["state"] == "running" and not busy:
                text = _("시작한 전환이 아직 끝나지 않았습니다. 다시 시작하면 이어서 합니다.")
                st.warning(text, icon=":material/resume:")
            if collection.used_by or _is_converted(last):
                viewer_link(category, "", _("차트 보기"))


def _head(collection: Inspected, last: ImportRecord | None, *, is_refused: bool) -> None:
    """The name of a collection, what it needs, and its size; `is_refused`: not to be read as it is."""
    verdict = "convertible" if is_refused and collection.verdict == "readable" else collection.verdict
    name = reports.VERDICTS[verdict]
    icon, color = VERDICTS[verdict]
    if collection.is_read_only:
        name, icon, color = N_("읽기 전용으로 쓰는 중"), ":material/lock:", "green"
    elif _is_converted(last):
        name, icon, color = N_("전환함"), ":material/verified:", "green"
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.subheader(plain(collection.name), anchor=False, width="content")
        st.badge(_(name), icon=icon, color=color)
    st.caption(plain(" · ".join(reports.extent(collection, "–"))))


def _is_converted(last: ImportRecord | None) -> bool:
    """Whether the last conversion of a collection has ended and took something."""
    return last is not None and last["state"] == "done" and last["bars"] > 0


def _category_of(collection: Inspected) -> Category | None:
    """The category of a collection; where it is not known, draw a box to choose it, and return None."""
    if collection.category:
        return categories.category(collection.category)
    titles = {key: _(categories.category(key).title) for key in collection.candidates}
    key = f"category_of_{collection.name}"

    def chosen() -> None:
        category = categories.category(st.session_state[key])
        db = database.connect()
        _chosen(db)[collection.name] = category
        where, inspected = st.session_state[SEEN]
        # Inspected again, because dates are read in the time zones of the category.
        known = inspection.look_at(db, collection.name, category)
        st.session_state[SEEN] = (where, [known if each.name == collection.name else each for each in inspected])

    st.selectbox(
        _("이 컬렉션은 무엇입니까?"),
        collection.candidates,
        index=None,
        format_func=lambda key: titles[key],
        placeholder=_("카테고리를 고르십시오"),
        key=key,
        on_change=writes(chosen),
        width=280,
    )
    return None


def _can_be_read(db: MongoDatabase, category: Category, collection: Inspected) -> bool:
    """Whether the layout of a collection can be read as it is, and is not yet."""
    if collection.verdict == "ours":
        return not locations.has_list(db, category)
    return collection.verdict == "readable" and not collection.is_read_only


def _actions(db: MongoDatabase, category: Category, collection: Inspected, busy: bool, *, can_be_read: bool) -> None:
    """The buttons of a collection."""
    name = collection.name

    def ask(kind: str, label: str, icon: str, plan: Plan, work: Callable[..., Summary]) -> None:
        """A button that opens the plan and asks for a yes."""
        start = partial(started.begin, label, name, partial(work, db, category, collection, origin="page"))
        files.ask(label, icon, _planned(plan, db, category, collection), f"{kind}_{name}", busy, start)

    way = outcome.intraday(started.ended(name), name)
    with st.container(horizontal=True, gap="small"):
        if can_be_read:
            label = _("종목 목록 만들기") if collection.verdict == "ours" else _("그대로 읽기")
            ask("read", label, ":material/menu_book:", adoption.plan_of_reading, adoption.read_as_is)
        if collection.verdict in ("readable", "convertible"):
            files.dry_run_button(_("시험 전환"), f"try_{name}", busy, partial(_try, category, collection, way))
            convert = partial(adoption.convert, intraday=way)
            ask("convert", _("전환"), ":material/sync_alt:", adoption.plan_of_conversion, convert)
        if collection.is_read_only:
            _give_up_button(category, name, busy)


def _planned(plan: Plan, db: MongoDatabase, category: Category, collection: Inspected) -> list[SisepanError]:
    """The sentences of a plan, made once per inspection: a plan takes a sample, and the page is drawn often."""
    plans: dict[tuple[str, str, str], list[SisepanError]] = st.session_state.setdefault(PLANS, {})
    key = plan.__name__, category.key, collection.name
    if key not in plans:
        plans[key] = plan(db, category, collection)
    return plans[key]


def _try(category: Category, collection: Inspected, way: Intraday) -> None:
    db = database.connect()
    source, descriptions = adoption.source(db, collection), ticker_names.of(db, category)
    into = adoption.target(db, category, collection.name)
    work = partial(import_run.examine, db, category, source, descriptions, way, into)
    started.begin(_("시험 전환"), collection.name, work)


def _give_up_button(category: Category, collection: str, busy: bool) -> None:
    def give_up() -> None:
        adoption.give_up(database.connect(), category)
        listing.forget()
        _look_again()

    text = _("차트를 다시 {collection} 컬렉션에서 그립니다. 이 컬렉션은 그대로 남습니다.")
    st.button(
        _("읽기 그만두기"),
        icon=":material/link_off:",
        help=text.format(collection=category.collection),
        disabled=busy,
        key=f"give_up_{collection}",
        on_click=writes(give_up),
    )


def _lost(db: MongoDatabase, prices: list[Inspected]) -> None:
    """The read-only categories whose collection is gone or holds no prices, each with a button to stop reading."""
    for category in categories.CATEGORIES:
        location = locations.of(db, category)
        if location.read_only and not any(collection.name == location.collection for collection in prices):
            with st.container(border=True, key=f"lost_{category.key}"):
                text = _("{category}에서 읽던 {collection} 컬렉션이 없거나 시세로 보이지 않습니다.")
                text = text.format(category=_(category.title), collection=location.collection)
                st.warning(plain(text), icon=":material/warning:")
                _give_up_button(category, location.collection, started.is_busy())


def _others(collections: list[Inspected]) -> None:
    if collections:
        st.subheader(_("다른 컬렉션"), divider="gray")
    for collection in collections:
        facts = list(map(str, collection.obstacles)) or [
            formats.filled(_("문서 {count}개"), count=collection.documents),
            _("종목의 이름이 든 목록: 종목 목록을 만들 때 씁니다.")
            if collection.kind == "names"
            else _("시세가 아닙니다."),
        ]
        st.caption(plain(" · ".join([collection.name, *facts])))
