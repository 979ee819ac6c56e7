"""The page of the user's own data: what the database holds, and reading or converting it after a yes. For admins."""

import dataclasses
import threading
from collections.abc import Callable
from contextvars import copy_context
from functools import partial
from typing import Any, Literal

import pandas as pd
import streamlit as st
from pymongo.errors import PyMongoError

from finance_core import (
    adoption,
    categories,
    database,
    formats,
    importing,
    inspection,
    jobs,
    runs,
    ticker_files,
    tickers,
)
from finance_core.adoption import Reading
from finance_core.categories import Category
from finance_core.database import Document, MongoDatabase
from finance_core.errors import SisepanError
from finance_core.i18n import N_, _
from finance_core.importing import Summary
from finance_core.inspection import Inspected, LocalServer
from finance_core.ui import listing, run_status, viewer
from finance_core.ui.navigation import viewer_link
from finance_core.ui.page import (
    begin,
    errors_shown,
    may_edit,
    page_path,
    plain,
    require_admin,
    show_read_only,
    use_visitor_language,
    writes,
)

WATCHING = 0.7
"""Seconds between two looks at what is under way."""
SEEN = "inspected"
TASK = "data_task"

Color = Literal["green", "blue", "orange", "gray"]
VERDICTS: dict[inspection.Verdict, tuple[str, str, Color]] = {
    "ours": (N_("이 제품의 구성"), ":material/check_circle:", "green"),
    "readable": (N_("그대로 읽을 수 있음"), ":material/menu_book:", "blue"),
    "convertible": (N_("전환하면 쓸 수 있음"), ":material/sync_alt:", "orange"),
    "unknown": (N_("모르는 구성"), ":material/help:", "gray"),
}


@dataclasses.dataclass
class Task:
    """Work that this visitor has begun, as far as it is."""

    job: jobs.Job
    what: str
    """Message id of what it does."""
    collection: str
    so_far: Summary | Reading | None = None
    is_noticed: bool = False
    """Whether the page has been drawn since it ended."""


def show(prepare: viewer.Prepare) -> None:
    """The whole page. A visitor who may not edit gets a sentence instead."""
    begin()
    with errors_shown():
        st.title(_("내 데이터"))
        if not may_edit():
            show_read_only()
            return
        db = database.connect()
        viewer.prepare_once(db, prepare)
        _server(db)
        task: Task | None = st.session_state.get(TASK)
        if task is not None:
            if not task.job.finished:
                _watch(page_path())
            else:
                _notice(task)
                _ended(task)
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
        _others([each for each in found if each.kind != "prices"])


def _server(db: MongoDatabase) -> None:
    left, right = st.columns([4, 1], vertical_alignment="center")
    server = database.address() or _("내장 MongoDB")
    left.caption(plain(_("데이터베이스: {server}").format(server=f"{server} · {db.name}")))
    left.caption(_("컬렉션을 표본과 인덱스로 살펴본 것이며, 살펴보는 것만으로는 아무것도 바뀌지 않습니다."))
    right.button(_("다시 살펴보기"), icon=":material/refresh:", on_click=_look_again, key="look_again")
    if database.is_embedded() and (local := _local_server()):
        _point_out(local)


def _point_out(local: LocalServer) -> None:
    """The MongoDB on this machine that is not in use, and the lines that make it so."""
    with st.container(border=True):
        st.info(plain(str(local.sentence)), icon=":material/database:")
        for setting, collections in local.settings():
            st.code(setting, language="toml")
            if collections:
                st.caption(plain(_("컬렉션: {names}").format(names=", ".join(collections))))
        st.caption(_("그리고 앱을 다시 시작하십시오."))


@st.cache_data(ttl=60, show_spinner=False)
def _local_server() -> LocalServer | None:
    return inspection.local_server()


def _inspected(db: MongoDatabase) -> list[Inspected]:
    where = f"{database.address()}/{db.name}"
    seen = st.session_state.get(SEEN)
    if seen is None or seen[0] != where:
        with st.spinner(_("데이터베이스를 살펴보는 중")):
            seen = (where, inspection.inspect(db))
        st.session_state[SEEN] = seen
    found: list[Inspected] = seen[1]
    return found


def _look_again() -> None:
    st.session_state.pop(SEEN, None)
    _local_server.clear()


def _collection(db: MongoDatabase, found: Inspected) -> None:
    with st.container(border=True, key=f"collection_{found.name}"):
        head, body = st.container(), st.container()
        with body:
            category = _category_of(found)
        last = importing.latest(db, category, found.name) if category else None
        with head:
            _head(found, last)
        with body:
            if found.obstacles and found.verdict != "ours":
                with st.expander(_("이 제품의 구성과 다른 점 {count}").format(count=len(found.obstacles))):
                    st.markdown("\n".join(f"- {plain(str(obstacle))}" for obstacle in found.obstacles))
            if category is None:
                return
            run = runs.latest(db, category)
            _actions(db, category, found, _is_busy() or bool(run and run["state"] == "running"))
            task: Task | None = st.session_state.get(TASK)
            if task and task.job.finished and task.collection == found.name:
                _result(task)
            if last:
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
            plan = adoption.plan_of_reading(db, category, found)
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
            plan = adoption.plan_of_conversion(db, category, found)
            _ask("convert", _("전환"), ":material/sync_alt:", category, found, plan, adoption.convert, busy)
        if found.is_read_only:
            give_up = writes(partial(_give_up, category))
            st.button(
                _("읽기 그만두기"),
                icon=":material/link_off:",
                help=_("차트를 다시 {collection} 컬렉션에서 그립니다. 이 컬렉션은 그대로 남습니다.").format(
                    collection=category.collection
                ),
                disabled=busy,
                key=f"give_up_{found.name}",
                on_click=give_up,
            )


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
    with st.popover(label, icon=icon, disabled=busy, key=f"{kind}_{found.name}_plan"):
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
        def progress(so_far: Summary | Reading) -> None:
            task.so_far = so_far

        return work(database.connect(), category, found, origin="page", progress=progress, stop=stop)

    _begin(label, found.name, run)


def _try(category: Category, found: Inspected) -> None:
    def run(task: Task, stop: threading.Event) -> Summary:
        def progress(so_far: Summary) -> None:
            task.so_far = so_far

        return importing.examine(category, adoption.source(database.connect(), found), progress, stop)

    _begin(_("시험 전환"), found.name, run)


def _begin(what: str, collection: str, run: Callable[[Task, threading.Event], Any]) -> None:
    require_admin()
    if _is_busy():
        return
    task = Task(jobs.Job(), what, collection)

    def work(stop: threading.Event) -> Any:
        return run(task, stop)

    task.job = jobs.start(work)
    st.session_state[TASK] = task


def _is_busy() -> bool:
    task: Task | None = st.session_state.get(TASK)
    return task is not None and not task.job.finished


def _give_up(category: Category) -> None:
    adoption.give_up(database.connect(), category)
    listing.forget()
    _look_again()


@st.fragment(run_every=WATCHING)
def _watch(path: str) -> None:
    """The progress of what this visitor has begun, until it ends."""
    if page_path() != path:
        return
    use_visitor_language()
    with errors_shown():
        task: Task | None = st.session_state.get(TASK)
        if task is None or task.job.finished:
            st.rerun()  # the whole page
        so_far = task.so_far
        bar, button = st.columns([6, 1], vertical_alignment="center")
        done, total = (so_far.done, so_far.total) if so_far else (0, 0)
        text = _("{collection} {what}: {done}/{total}종목, 봉 {bars}개").format(
            collection=task.collection,
            what=task.what,
            done=formats.count(done),
            total=formats.count(total),
            bars=formats.count(so_far.bars if so_far else 0),
        )
        bar.progress(done / total if total else 0.0, text=plain(text))
        button.button(
            _("중단"),
            icon=":material/stop_circle:",
            disabled=task.job.stop.is_set(),
            key="stop_task",
            on_click=task.job.stop.set,
        )


def _notice(task: Task) -> None:
    """Have everything looked at anew that the work may have changed; once."""
    if not task.is_noticed:
        task.is_noticed = True
        st.session_state.pop(SEEN, None)
        listing.forget()


def _ended(task: Task) -> None:
    """What became of what this visitor has begun, where it did not even end well."""
    error = task.job.error
    if error is None:
        return
    if isinstance(error, PyMongoError):
        error = database.explain(error)
    sentence = str(error) if isinstance(error, SisepanError) else _("자세한 내용은 로그에 있습니다.")
    text = _("{collection} {what}: 하지 못했습니다. {reason}")
    st.error(plain(text.format(collection=task.collection, what=task.what, reason=sentence)), icon=":material/error:")


def _result(task: Task) -> None:
    result = task.job.result
    if isinstance(result, Reading):
        _reading(result)
    elif isinstance(result, Summary):
        if result.state == "cancelled":
            st.warning(_("중단했습니다. 다시 시작하면 이어서 합니다."), icon=run_status.STATES["cancelled"][1])
        if result.conversions or result.refusals:
            _examined(result)
        if result.failures:
            _kept([(failure.ticker, str(failure.error)) for failure in result.failures])


def _reading(reading: Reading) -> None:
    if reading.state == "done":
        sentence = _("종목 {count}개의 봉 {bars}개를 모두 읽어 확인했습니다.")
        st.success(
            sentence.format(count=formats.count(reading.total), bars=formats.count(reading.bars)),
            icon=":material/check_circle:",
        )
    elif reading.problems:
        st.warning(
            _("그대로 읽을 수 없는 종목이 {count}개 있어 아무것도 바꾸지 않았습니다. 전환하면 쓸 수 있습니다.").format(
                count=formats.count(len(reading.problems))
            ),
            icon=":material/warning:",
        )
        _kept([(problem.ticker, str(problem.error)) for problem in reading.problems])


def _examined(summary: Summary) -> None:
    """What a conversion would do."""
    text = _("행 {rows}개 가운데 {bars}개가 봉이 되고 {refused}개는 받지 않습니다. 아무것도 쓰지 않았습니다.")
    st.info(
        text.format(
            rows=formats.count(summary.rows),
            bars=formats.count(summary.bars),
            refused=formats.count(summary.refused),
        ),
        icon=":material/science:",
    )
    table = pd.DataFrame(
        {
            _("있는 곳"): [each.place for each in summary.conversions],
            _("적힌 종목"): [each.raw_ticker for each in summary.conversions],
            _("적힌 날짜"): [each.raw_date for each in summary.conversions],
            _("종목"): [each.ticker for each in summary.conversions],
            _("날짜"): [f"{each.date:%Y-%m-%d}" for each in summary.conversions],
            _("종가"): [each.close for each in summary.conversions],
        }
    )
    st.caption(_("처음 {count}행이 이렇게 바뀝니다.").format(count=len(table)))
    st.dataframe(table, hide_index=True, height=240)
    _refused(summary.reasons, lambda: refusals_csv(summary.refusals), "examined")


def _last_import(last: Document, found: Inspected) -> None:
    """What the last conversion of a collection came to: it is in the database, and outlives the visit."""
    if last["state"] == "running":
        st.warning(_("시작한 전환이 아직 끝나지 않았습니다. 다시 시작하면 이어서 합니다."), icon=":material/resume:")
        return
    outcome(last)
    reasons = importing.reasons(database.connect(), last["_id"])
    _refused(reasons, lambda: refusals_csv(importing.refusals(database.connect(), last["_id"])), found.name)


def outcome(last: Document) -> None:
    """What an import that is over did, and whether what it wrote is what it read."""
    text = _("{moment}에 종목 {tickers}개의 봉 {bars}개를 가져왔고 {refused}행을 받지 않았습니다.").format(
        moment=run_status.moment(last["finished_at"]),
        tickers=formats.count(last["tickers"]),
        bars=formats.count(last["bars"]),
        refused=formats.count(last["refused"]),
    )
    if last["kept"]:
        text += " " + _("{count}종목은 저장된 것과 달라 그대로 두었습니다.").format(count=formats.count(last["kept"]))
    if last["differing"]:
        differing = _("다시 읽어 보니 다음 종목이 다릅니다: {tickers}").format(
            tickers=", ".join(last["differing"][:20])
        )
        st.error(plain(f"{text} {differing}"), icon=":material/error:")
    else:
        agrees = _("다시 읽어 견주니 개수, 기간, 종가의 체크섬이 모두 같습니다.")
        st.success(plain(f"{text} {agrees}"), icon=":material/verified:")


def _refused(reasons: dict[str, int], download: Callable[[], bytes], key: str) -> None:
    if not reasons:
        return
    with st.expander(_("받지 않은 행 {count}").format(count=formats.count(sum(reasons.values())))):
        # Their values differ from row to row: here each stands for its kind.
        table = pd.DataFrame(
            {
                _("이유"): [_(reason).split(":")[0].split("{")[0].strip() for reason in reasons],
                _("행 수"): list(reasons.values()),
            }
        )
        st.dataframe(table, hide_index=True)
        st.download_button(
            _("모두 CSV로"),
            partial(copy_context().run, download),
            f"refused_{key}.csv",
            "text/csv",
            icon=":material/download:",
            key=f"refused_{key}",
            on_click="ignore",
        )


def refusals_csv(refusals: Any) -> bytes:
    """Every refused row with its reason, for Excel."""
    rows = [(each.place, each.ticker, each.date, str(each.reason)) for each in refusals]
    table = pd.DataFrame(rows, columns=[_("있는 곳"), _("적힌 종목"), _("적힌 날짜"), _("이유")])
    return table.map(ticker_files.defused).to_csv(index=False).encode("utf-8-sig")


def _kept(problems: list[tuple[str, str]]) -> None:
    table = pd.DataFrame(problems, columns=[_("종목"), _("이유")])
    st.dataframe(table, hide_index=True)


def _others(found: list[Inspected]) -> None:
    if not found:
        return
    st.subheader(_("다른 컬렉션"), divider="gray")
    for each in found:
        what = (
            _("종목의 이름이 든 목록: 종목 목록을 만들 때 씁니다.") if each.kind == "names" else _("시세가 아닙니다.")
        )
        count = _("문서 {count}개").format(count=formats.count(each.documents))
        st.caption(plain(f"{each.name} · {count} · {what}"))
