"""The page on which updates are begun, watched, cancelled, scheduled, and looked back on. For admins."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import pandas as pd
import streamlit as st

from finance_core import categories, formats, spreadsheets
from finance_core.bars import sessions
from finance_core.categories import Category
from finance_core.i18n import N_, _
from finance_core.storage import database, locations, runs, schedule, tickers
from finance_core.storage.database import MongoDatabase
from finance_core.storage.documents import RunRecord
from finance_core.ui import run_status, update_actions
from finance_core.ui.decorators import live, page, writes
from finance_core.ui.navigation import data_page
from finance_core.ui.text import plain

WATCHING, IDLE = 1.0, 10.0
"""Seconds between two looks at a category while it is updated, and while it is not."""
SHOWN_RUNS = 50


@page(N_("시세 업데이트"), for_admins=True)
def show(db: MongoDatabase, update: update_actions.Update) -> None:
    """The whole page."""
    _all(db, update)
    for category in categories.CATEGORIES:
        running = update_actions.is_running(db, category)
        # Not a decorator, as how often it looks depends on what there is to see.
        live(WATCHING if running else IDLE, for_admins=True)(_category)(category, update, running)
    _history(db, update)


def _all(db: MongoDatabase, update: update_actions.Update) -> None:
    ours = [category for category in categories.CATEGORIES if not locations.of(db, category).read_only]
    idle = [category for category in ours if not update_actions.is_running(db, category)]

    @writes
    def begin_all() -> None:
        for category in idle:
            update_actions.start(category, update)

    label = _("모두 업데이트")
    st.button(label, icon=":material/sync:", disabled=not idle, key="update_all", on_click=begin_all)


def _category(db: MongoDatabase, category: Category, update: update_actions.Update, was_running: bool) -> None:
    with st.container(border=True):
        running = update_actions.is_running(db, category)
        if running != was_running:
            st.rerun()  # the whole page: the history too, and how often this part looks
        update_actions.could_not_start(category)
        title, actions = st.columns([3, 2], vertical_alignment="center")
        with title:
            st.subheader(_(category.title))
            st.caption(plain(" · ".join(_facts(db, category))))
        store = locations.of(db, category)
        with actions, st.container(horizontal=True, horizontal_alignment="right", gap="small"):
            _actions(category, update, running or store.read_only)
        run = runs.latest(db, category)
        if run is None:
            st.caption(_("아직 업데이트한 적이 없습니다."))
        elif run["state"] == "running":
            run_status.progress(db, run, category.key)
            if run.get("failed"):
                with st.expander(_("지금까지 실패한 종목 {count}").format(count=formats.count(run["failed"]))):
                    run_status.failures_shown(db, run)
        elif running:
            st.progress(0.0, text=_("업데이트를 시작하는 중"))
        else:
            _last_run(category, update, run)
        if store.read_only:
            sentence = _("시세를 사용자의 {collection} 컬렉션에서 읽기만 하므로 Yahoo에서 받지 않습니다.")
            st.caption(plain(sentence.format(collection=store.collection)))
            st.page_link(data_page())
        else:
            _schedule(db, category)


def _facts(db: MongoDatabase, category: Category) -> list[str]:
    now = dt.datetime.now(dt.UTC)
    finished = {market.key: sessions.last_finished(market.calendar, now) for market in category.markets}
    state = tickers.summary(db, category, finished)
    facts = [
        _("종목 {count}").format(count=formats.count(state.total)),
        _("뒤진 종목 {count}").format(count=formats.count(state.total - state.up_to_date - state.samples)),
        _("표본 {count}").format(count=formats.count(state.samples)) if state.samples else "",
        _("상장폐지된 듯한 종목 {count}").format(count=formats.count(state.delisted)) if state.delisted else "",
        _("마지막 업데이트 {date}").format(date=run_status.moment(state.updated_at)) if state.updated_at else "",
    ]
    return [fact for fact in facts if fact]


def _actions(category: Category, update: update_actions.Update, running: bool) -> None:
    def begin_update(**options: Any) -> Callable[[], None]:
        return writes(lambda: update_actions.start(category, update, **options))

    st.button(
        _("업데이트"),
        icon=":material/sync:",
        type="primary",
        disabled=running,
        key=f"update_{category.key}",
        on_click=begin_update(),
    )
    with st.popover(_("전체 새로 받기"), icon=":material/restart_alt:", disabled=running):
        st.write(_("모든 종목의 전체 이력을 Yahoo에서 다시 받아 저장된 것과 바꿉니다. 오래 걸릴 수 있습니다."))
        st.button(
            _("전체 이력 새로 받기 시작"),
            icon=":material/warning:",
            key=f"full_{category.key}",
            on_click=begin_update(full=True),
        )


def _last_run(category: Category, update: update_actions.Update, run: RunRecord) -> None:
    _name, icon = run_status.STATES[run["state"]]
    parts = [
        run_status.moment(run["started_at"]),
        f"{run_status.kind_name(run)}({run['from']})" if run.get("kind") else "",
        run_status.origin_name(run),
        _("{done}/{total}종목").format(
            done=formats.count(run.get("done", 0)), total=formats.count(run.get("total", 0))
        ),
        _("봉 {count}개 추가").format(count=formats.count(run.get("added", 0))),
        _("실패 {count}").format(count=formats.count(run["failed"])) if run.get("failed") else "",
        run_status.duration(_seconds(run)),
    ]
    color = (
        "red" if run["state"] == "failed" else "green" if run["state"] == "done" and not run.get("failed") else "orange"
    )
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.badge(run_status.state_name(run), icon=icon, color=color)  # type: ignore[arg-type]
        st.caption(plain(" · ".join(part for part in parts if part)))
        _continue(category, update, run)
    if reason := run_status.reason(run):
        st.caption(plain(reason))


def _continue(category: Category, update: update_actions.Update, run: RunRecord) -> None:
    """Buttons for what an update left undone; an import goes on where it was begun."""
    if run.get("kind"):
        return
    if run["state"] not in ("done", "running"):

        @writes
        def resume() -> None:
            since = run["started_at"] if run.get("full") else None
            update_actions.start(category, update, run.get("only"), full=run.get("full", False), full_since=since)

        st.button(
            _("이어서 하기"), icon=":material/resume:", key=f"resume_{category.key}_{run['_id']}", on_click=resume
        )
    if run.get("failed"):

        @writes
        def retry() -> None:
            failed = [failure.ticker for failure in runs.failures(database.connect(), run["_id"])]
            update_actions.start(category, update, failed, full=run.get("full", False), force=True)

        label = _("실패한 종목 다시")
        st.button(label, icon=":material/replay:", key=f"retry_{category.key}_{run['_id']}", on_click=retry)


def _schedule(db: MongoDatabase, category: Category) -> None:
    key = f"schedule_{category.key}"

    @writes
    def switch() -> None:
        schedule.switch(database.connect(), category, st.session_state[key])

    on = schedule.enabled_since(db, category) is not None
    st.session_state[key] = on  # what is stored, as another visitor may have switched it
    next_due = schedule.next_due(category, dt.datetime.now(dt.UTC)) if on else None
    label = _("마감 {minutes}분 뒤에 매일 업데이트").format(minutes=int(schedule.DELAY.total_seconds() / 60))
    if next_due:
        label += " · " + _("다음은 {moment}").format(moment=run_status.moment(next_due.replace(tzinfo=None)))
    st.toggle(
        label, key=key, on_change=switch, help=_("이 앱이 켜져 있는 동안 거래소 달력에 따라 마감 뒤에 실행합니다.")
    )


def _history(db: MongoDatabase, update: update_actions.Update) -> None:
    st.subheader(_("지난 업데이트"), divider="gray")
    found = [run for run in runs.history(db, SHOWN_RUNS) if run["state"] != "running"]
    if not found:
        st.caption(_("아직 끝난 업데이트가 없습니다. 위에서 카테고리를 골라 업데이트하십시오."))
        return
    titles = {category.key: _(category.title) for category in categories.CATEGORIES}
    columns: dict[str, list[Any]] = {
        _("시작"): [run_status.moment(run["started_at"]) for run in found],
        _("카테고리"): [titles.get(run["category"], run["category"]) for run in found],
        _("무엇"): [run_status.kind_name(run) for run in found],
        _("결과"): [run_status.state_name(run) for run in found],
        _("어디서"): [run_status.origin_name(run) for run in found],
        _("종목"): [run.get("done", 0) for run in found],
        _("추가"): [run.get("added", 0) for run in found],
        _("교체"): [run.get("replaced", 0) for run in found],
        _("뺀 봉"): [run.get("refused", 0) for run in found],
        _("실패"): [run.get("failed", 0) for run in found],
        _("요청"): [run.get("requests", 0) for run in found],
        _("걸린 시간"): [run_status.duration(_seconds(run)) for run in found],
    }
    number = st.column_config.NumberColumn(format="localized")
    counts = {name: number for name, values in columns.items() if isinstance(values[0], int)}
    st.caption(_("줄을 고르면 실패한 종목을 볼 수 있습니다."))
    selection: Any = st.dataframe(
        pd.DataFrame(columns),
        hide_index=True,
        column_config=counts,
        on_select="rerun",
        selection_mode="single-row",
        key=f"history:{found[0]['_id']}",  # what is selected is a position: a newer run moves the others
    )
    for position in selection["selection"]["rows"]:
        if position < len(found):
            _one_run(db, update, found[position])


def _one_run(db: MongoDatabase, update: update_actions.Update, run: RunRecord) -> None:
    category = categories.category(run["category"])
    run_status.outcome(run)
    failures = runs.failures(db, run["_id"])
    if not failures:
        return
    table = pd.DataFrame(
        {_("종목"): [each.ticker for each in failures], _("이유"): [str(each.error) for each in failures]}
    )
    st.dataframe(table, hide_index=True)
    with st.container(horizontal=True, gap="small"):
        st.download_button(
            _("실패한 종목 내려받기"),
            spreadsheets.to_csv(table),
            file_name=f"failures_{run['category']}_{run['started_at']:%Y%m%d_%H%M}.csv",
            mime="text/csv",
            icon=":material/download:",
        )
        if not update_actions.is_running(db, category):
            _continue(category, update, run | {"state": "done"})


def _seconds(run: RunRecord) -> float:
    ended: dt.datetime = run.get("finished_at") or run["heartbeat_at"]
    return float((ended - run["started_at"]).total_seconds())
