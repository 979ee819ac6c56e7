"""The page of the user's own data: what the database holds, and reading or converting it after a yes. For admins."""

import threading
from collections.abc import Callable
from functools import partial
from typing import Literal

import streamlit as st

from finance_core import categories, formats
from finance_core.categories import Category
from finance_core.errors import SisepanError
from finance_core.foreign import adoption, import_records, import_run, inspection
from finance_core.foreign.adoption import Reading
from finance_core.foreign.import_records import Summary
from finance_core.foreign.inspection import Inspected
from finance_core.i18n import N_, _
from finance_core.storage import database, locations, runs, tickers
from finance_core.storage.database import Document, MongoDatabase
from finance_core.ui import listing
from finance_core.ui.data import files, unused_server
from finance_core.ui.data import task as data_task
from finance_core.ui.data.task import Task
from finance_core.ui.decorators import errors_shown, page, writes
from finance_core.ui.navigation import viewer_link
from finance_core.ui.text import plain

SEEN, PLANS = "inspected", "adoption_plans"
Plan = Callable[[MongoDatabase, Category, Inspected], list[SisepanError]]

Color = Literal["green", "blue", "orange", "gray"]
VERDICTS: dict[inspection.Verdict, tuple[str, str, Color]] = {
    "ours": (N_("이 제품의 구성"), ":material/check_circle:", "green"),
    "readable": (N_("그대로 읽을 수 있음"), ":material/menu_book:", "blue"),
    "convertible": (N_("전환하면 쓸 수 있음"), ":material/sync_alt:", "orange"),
    "unknown": (N_("모르는 구성"), ":material/help:", "gray"),
}


@page(N_("내 데이터"), for_admins=True)
def show(db: MongoDatabase) -> None:
    """The whole page."""
    _server(db)
    if data_task.show(db):
        _forget()
    found = _inspected(db)
    prices = [each for each in found if each.kind == "prices"]
    if not prices:
        st.info(
            _("이 데이터베이스에서 시세로 보이는 컬렉션을 찾지 못했습니다. 아래에서 파일을 가져올 수 있습니다."),
            icon=":material/info:",
        )
    for each in prices:
        with errors_shown():
            _collection(db, each)
    _lost(db, prices)
    _others([each for each in found if each.kind != "prices"])
    files.import_section(db)
    files.export_section(db)


def _server(db: MongoDatabase) -> None:
    left, right = st.columns([4, 1], vertical_alignment="center")
    server = database.address() or _("내장 MongoDB")
    left.caption(plain(_("데이터베이스: {server}").format(server=f"{server} · {db.name}")))
    left.caption(_("컬렉션을 표본과 인덱스로 살펴본 것이며, 살펴보는 것만으로는 아무것도 바뀌지 않습니다."))
    right.button(_("다시 살펴보기"), icon=":material/refresh:", on_click=_look_again, key="look_again")
    unused_server.show()


def _inspected(db: MongoDatabase) -> list[Inspected]:
    where = f"{database.address()}/{db.name}"
    seen = st.session_state.get(SEEN)
    if seen is None or seen[0] != where:
        text = _("데이터베이스를 살펴보는 중")
        bar = st.progress(0.0, text=text)

        def progress(done: float) -> None:
            bar.progress(done, text=text)

        seen = (where, inspection.inspect(db, progress))
        bar.empty()
        st.session_state[SEEN] = seen
    found: list[Inspected] = seen[1]
    return found


def _look_again() -> None:
    _forget()
    unused_server.forget()


def _forget() -> None:
    """Have the collections inspected anew, and what could be done with them."""
    st.session_state.pop(SEEN, None)
    st.session_state.pop(PLANS, None)


def _plan(make: Plan, db: MongoDatabase, category: Category, found: Inspected) -> list[SisepanError]:
    """What will be done, as of the inspection that is shown: it takes a sample, and a page is drawn often."""
    plans = st.session_state.setdefault(PLANS, {})
    key = make.__name__, category.key, found.name
    if key not in plans:
        plans[key] = make(db, category, found)
    plan: list[SisepanError] = plans[key]
    return plan


def _collection(db: MongoDatabase, found: Inspected) -> None:
    with st.container(border=True, key=f"collection_{found.name}"):
        head, body = st.container(), st.container()
        with body:
            category = _category_of(found)
        last = import_records.latest(db, category, found.name) if category else None
        with head:
            _head(found, last)
        with body:
            if found.obstacles and found.verdict != "ours":
                with st.expander(_("이 제품의 구성과 다른 점 {count}").format(count=len(found.obstacles))):
                    st.markdown("\n".join(f"- {plain(str(obstacle))}" for obstacle in found.obstacles))
            if category is None:
                return
            run = runs.latest(db, category)
            busy = data_task.is_busy() or bool(run and run["state"] == "running")
            _actions(db, category, found, busy)
            data_task.result(found.name, category, with_outcome=False)
            if last and not (busy and last["state"] == "running"):
                _last_import(last, found)
            if found.used_by or (last and last["state"] == "done"):
                viewer_link(category, "", _("차트 보기"))


def _head(found: Inspected, last: Document | None) -> None:
    """Name, what can be done with it, and how much there is."""
    name, icon, color = VERDICTS[found.verdict]
    if found.is_read_only:
        name, icon, color = N_("읽기 전용으로 쓰는 중"), ":material/lock:", "green"
    elif last and last["state"] == "done":
        name, icon, color = N_("전환함"), ":material/verified:", "green"
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.subheader(plain(found.name), anchor=False, width="content")
        st.badge(_(name), icon=icon, color=color)
    tickers_of = _("종목 {count}") if found.is_exact else _("표본에서 종목 {count}")
    facts = [
        _(categories.category(found.category).title) if found.category else "",
        _("문서 {count}개").format(count=formats.count(found.documents)),
        tickers_of.format(count=formats.count(found.tickers)),
        f"{formats.date(found.first)} – {formats.date(found.last)}" if found.first and found.last else "",
        *map(str, found.facts),
    ]
    st.caption(plain(" · ".join(fact for fact in facts if fact)))


def _category_of(found: Inspected) -> Category | None:
    """The category of a collection: the one it is of, or the one that the visitor says."""
    if found.category:
        return categories.category(found.category)
    titles = {key: _(categories.category(key).title) for key in found.candidates}
    key = f"category_of_{found.name}"

    def chosen() -> None:
        category = categories.category(st.session_state[key])
        where, seen = st.session_state[SEEN]
        # With the category its dates are read in the right zone.
        known = inspection.look_at(database.connect(), found.name, category)
        st.session_state[SEEN] = (where, [known if each.name == found.name else each for each in seen])

    st.selectbox(
        _("이 컬렉션은 무엇입니까?"),
        found.candidates,
        index=None,
        format_func=lambda key: titles[key],
        placeholder=_("카테고리를 고르십시오"),
        key=key,
        on_change=writes(chosen),
        width=280,
    )
    return None


def _actions(db: MongoDatabase, category: Category, found: Inspected, busy: bool) -> None:
    unlisted = found.verdict == "ours" and not tickers.any_registered(db, category)
    with st.container(horizontal=True, gap="small"):
        if (found.verdict == "readable" and not found.is_read_only) or unlisted:
            label = _("종목 목록 만들기") if unlisted else _("그대로 읽기")
            plan = _plan(adoption.plan_of_reading, db, category, found)
            _ask("read", label, ":material/menu_book:", category, found, plan, adoption.read_as_is, busy)
        if found.verdict in ("readable", "convertible"):
            st.button(
                _("시험 전환"),
                icon=":material/science:",
                help=_("모두 읽어 무엇이 어떻게 바뀔지 보여 주고, 아무것도 쓰지 않습니다."),
                disabled=busy,
                key=f"try_{found.name}",
                on_click=writes(partial(_try, category, found)),
            )
            plan = _plan(adoption.plan_of_conversion, db, category, found)
            _ask("convert", _("전환"), ":material/sync_alt:", category, found, plan, adoption.convert, busy)
        if found.is_read_only:
            _give_up_button(category, found.name, busy)


def _give_up_button(category: Category, collection: str, busy: bool) -> None:
    st.button(
        _("읽기 그만두기"),
        icon=":material/link_off:",
        help=_("차트를 다시 {collection} 컬렉션에서 그립니다. 이 컬렉션은 그대로 남습니다.").format(
            collection=category.collection
        ),
        disabled=busy,
        key=f"give_up_{collection}",
        on_click=writes(partial(_give_up, category)),
    )


def _lost(db: MongoDatabase, prices: list[Inspected]) -> None:
    """The categories that are read from what is not there any more, each with the way back."""
    for category in categories.CATEGORIES:
        store = locations.of(db, category)
        if store.read_only and not any(each.name == store.collection for each in prices):
            with st.container(border=True, key=f"lost_{category.key}"):
                text = _("{category}에서 읽던 {collection} 컬렉션이 없거나 시세로 보이지 않습니다.")
                said = text.format(category=_(category.title), collection=store.collection)
                st.warning(plain(said), icon=":material/warning:")
                _give_up_button(category, store.collection, data_task.is_busy())


def _ask(
    kind: str,
    label: str,
    icon: str,
    category: Category,
    found: Inspected,
    plan: list[SisepanError],
    work: Callable[..., Summary | Reading],
    busy: bool,
) -> None:
    """A button that says what will happen, and asks for the yes."""
    with st.popover(label, icon=icon, disabled=busy, key=f"plan_{kind}_{found.name}"):
        st.markdown("\n".join(f"- {plain(str(sentence))}" for sentence in plan))
        st.button(
            _("예, 시작합니다"),
            type="primary",
            icon=":material/play_arrow:",
            disabled=busy,
            key=f"{kind}_{found.name}",
            on_click=writes(partial(_start, label, category, found, work)),
        )


def _start(label: str, category: Category, found: Inspected, work: Callable[..., Summary | Reading]) -> None:
    def run(task: Task, stop: threading.Event) -> Summary | Reading:
        return work(database.connect(), category, found, origin="page", progress=task.report, stop=stop)

    data_task.begin(label, found.name, run)


def _try(category: Category, found: Inspected) -> None:
    def run(task: Task, stop: threading.Event) -> Summary:
        return import_run.examine(category, adoption.source(database.connect(), found), task.report, stop)

    data_task.begin(_("시험 전환"), found.name, run)


def _give_up(category: Category) -> None:
    adoption.give_up(database.connect(), category)
    listing.forget()
    _look_again()


def _last_import(last: Document, found: Inspected) -> None:
    """What the last conversion of a collection came to: it is in the database, and outlives the visit."""
    if last["state"] == "running":
        st.warning(_("시작한 전환이 아직 끝나지 않았습니다. 다시 시작하면 이어서 합니다."), icon=":material/resume:")
        return
    data_task.outcome(last)

    def download() -> bytes:
        return data_task.refusals_csv(import_records.refusals(database.connect(), last["_id"]))

    data_task.refused(import_records.reasons(database.connect(), last["_id"]), download, found.name)


def _others(found: list[Inspected]) -> None:
    if not found:
        return
    st.subheader(_("다른 컬렉션"), divider="gray")
    for each in found:
        if each.obstacles:
            st.caption(plain(" · ".join([each.name, *map(str, each.obstacles)])))
            continue
        what = (
            _("종목의 이름이 든 목록: 종목 목록을 만들 때 씁니다.") if each.kind == "names" else _("시세가 아닙니다.")
        )
        count = _("문서 {count}개").format(count=formats.count(each.documents))
        st.caption(plain(f"{each.name} · {count} · {what}"))
