"""The admin page of update runs: start, watch, cancel and schedule them, and look at the history."""

import datetime as dt
from functools import partial
from typing import Any

import pandas as pd
import streamlit as st

from finance_core import categories, formats, spreadsheets
from finance_core.categories import Category
from finance_core.i18n import _
from finance_core.storage import category_state, database, locations, runs, schedule, trading_calendars
from finance_core.storage.database import MongoDatabase
from finance_core.storage.documents import RunRecord
from finance_core.ui import downloads, navigation, run_status, update_actions
from finance_core.ui.choices import question
from finance_core.ui.decorators import live, page, writes
from finance_core.ui.text import plain
from finance_core.ui.update_actions import Update
from finance_core.ui.updates import remarks, status
from finance_core.ui.widget_keys import owned

WATCHING, IDLE = 1.0, 10.0
"""Seconds between two redraws of a category, during a run and without one."""
SHOWN_RUNS = 50


@page("admin_updates", for_admins=True)
def show(db: MongoDatabase, update: Update) -> None:
    """The whole page."""
    _all(db, update)
    for category in categories.CATEGORIES:
        running = update_actions.is_running(db, category)
        # Called here instead of as a decorator: the interval depends on whether a run is running.
        live(WATCHING if running else IDLE, for_admins=True)(_category)(category, update, running)
    _history(db, update)
    status.show()


def _all(db: MongoDatabase, update: Update) -> None:
    ours = [category for category in categories.CATEGORIES if not locations.of(db, category).read_only]
    idle = [category for category in ours if not update_actions.is_running(db, category)]

    @writes
    def begin_all() -> None:
        for category in idle:
            update_actions.start(category, update)

    label = _("모두 업데이트")
    st.button(label, icon=":material/sync:", disabled=not idle, key="update_all", on_click=begin_all)


def _category(db: MongoDatabase, category: Category, update: Update, was_running: bool) -> None:
    location = locations.of(db, category)
    with st.container(border=True):
        running = update_actions.is_running(db, category)
        if running != was_running:
            st.rerun()  # the whole page: the history and the interval of this part change too
        update_actions.show_start_error(db, category)
        title, actions = st.columns([3, 2], vertical_alignment="center")
        with title:
            st.subheader(_(category.title))
            st.caption(plain(" · ".join(_facts(db, category))))
        with actions, st.container(horizontal=True, horizontal_alignment="right", gap="small"):
            _actions(category, update, disabled=running or location.read_only)
        _latest_run(db, category, update, running)
        if location.read_only:
            sentence = _("시세를 사용자의 {collection} 컬렉션에서 읽기만 하므로 Yahoo에서 받지 않습니다.")
            st.caption(plain(sentence.format(collection=location.collection)))
            st.page_link(navigation.page("admin_data"))
        else:
            _schedule(db, category)


def _facts(db: MongoDatabase, category: Category) -> list[str]:
    now = dt.datetime.now(dt.UTC)
    summary = category_state.summary(db, category, trading_calendars.last_closed(db, category, now))
    behind = summary.total - summary.up_to_date - summary.samples
    facts = [
        formats.filled(_("종목 {count}"), count=summary.total),
        formats.filled(_("뒤진 종목 {count}"), count=behind),
    ]
    if summary.samples:
        facts.append(formats.filled(_("표본 {count}"), count=summary.samples))
    if summary.delisted:
        facts.append(formats.filled(_("상장폐지된 듯한 종목 {count}"), count=summary.delisted))
    if summary.updated_at:
        facts.append(_("마지막 업데이트 {date}").format(date=run_status.moment(summary.updated_at)))
    if summary.unverified:
        facts.append(formats.filled(_("전체 이력을 대조한 적 없는 종목 {count}"), count=summary.unverified))
    elif summary.verified_at:
        sentence = _("Yahoo에서 받은 모든 이력을 {date} 뒤에 Yahoo와 대조함")
        facts.append(sentence.format(date=run_status.moment(summary.verified_at)))
    return facts


def _actions(category: Category, update: Update, *, disabled: bool) -> None:
    look = {"icon": ":material/sync:", "type": "primary", "key": f"update_{category.key}"}
    update_actions.start_button(category, update, _("업데이트"), {}, disabled=disabled, **look)
    key = f"full_{category.key}"

    def begin() -> None:
        close()
        update_actions.start(category, update, full=True)

    popover, close = question(_("전체 새로 받기"), f"ask_{key}", icon=":material/restart_alt:", disabled=disabled)
    with popover:
        st.write(_("모든 종목의 전체 이력을 Yahoo에서 다시 받아 저장된 것과 바꿉니다. 오래 걸릴 수 있습니다."))
        label, icon = _("전체 이력 새로 받기 시작"), ":material/warning:"
        st.button(label, icon=icon, key=key, on_click=writes(begin))


def _latest_run(db: MongoDatabase, category: Category, update: Update, running: bool) -> None:
    run = runs.latest(db, category)
    if run is None:
        st.caption(_("아직 업데이트한 적이 없습니다."))
    elif run["state"] == "running":
        run_status.progress(db, run, category.key)
        run_status.failures(db, run, formats.filled(_("지금까지 실패한 종목 {count}"), count=run["failed"]))
    elif running:
        st.progress(0.0, text=_("업데이트를 시작하는 중"))
    else:
        _ended_run(category, update, run)


def _ended_run(category: Category, update: Update, run: RunRecord) -> None:
    parts = [run_status.moment(run["started_at"])]
    if run.get("kind"):
        parts.append(f"{run_status.kind_name(run)}({run['from']})")
    parts += [
        run_status.origin_name(run),
        formats.filled(_("{done}/{total}종목"), **run),
        formats.filled(_("봉 {count}개 추가"), count=run["added"]),
    ]
    if run["failed"]:
        parts.append(formats.filled(_("실패 {count}"), count=run["failed"]))
    if behind := run_status.behind(run):
        parts.append(_("최신 {behind}").format(behind=behind))
    parts.append(run_status.duration(run_status.seconds(run)))
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.badge(run_status.state_name(run), icon=run_status.icon(run), color=run_status.color(run))
        st.caption(plain(" · ".join(parts)))
        _continue(category, update, run)
    if reason := run_status.reason(run):
        st.caption(plain(reason))


def _continue(category: Category, update: Update, run: RunRecord) -> None:
    """Buttons that resume an update run or retry its failed tickers; an import run is continued on its own page."""
    if run["state"] != "done" and not run.get("kind"):
        full = run.get("full", False)
        options = {"only": run.get("only"), "full": full, "full_since": runs.full_since(run) if full else None}
        look = {"icon": ":material/resume:", "key": f"resume_{category.key}_{run['_id']}"}
        update_actions.start_button(category, update, _("이어서 하기"), options, **look)
    _retry_button(category, update, run, "retry")


def _retry_button(category: Category, update: Update, run: RunRecord, key: str) -> None:
    """A button that retries the failed tickers of an update run. Each place has a `key`: two may show the same run."""
    if run.get("kind") or not run["failed"]:
        return

    @writes
    def retry() -> None:
        failed = [failure.ticker for failure in runs.failures(database.connect(), run["_id"])]
        update_actions.start(category, update, failed, full=run.get("full", False), force=True)

    key = f"{key}_{category.key}_{run['_id']}"
    st.button(_("실패한 종목 다시"), icon=":material/replay:", key=key, on_click=retry)


def _schedule(db: MongoDatabase, category: Category) -> None:
    key = f"schedule_{category.key}"

    @writes
    def switch(is_on: bool) -> None:
        schedule.switch(database.connect(), category, is_on)

    on = schedule.enabled_since(db, category) is not None
    calendar_of = partial(trading_calendars.of, db)
    next_due = schedule.next_due(category, dt.datetime.now(dt.UTC), calendar_of) if on else None
    label = _("마감 {minutes}분 뒤에 매일 업데이트").format(minutes=int(schedule.DELAY.total_seconds() / 60))
    if next_due:
        label += " · " + _("다음은 {moment}").format(moment=run_status.moment(next_due.replace(tzinfo=None)))
    help_text = _("이 앱이 켜져 있는 동안 거래소 달력에 따라 마감 뒤에 실행합니다.")
    st.toggle(label, on, help=help_text, **owned(key, on, switch))


def _history(db: MongoDatabase, update: Update) -> None:
    st.subheader(_("지난 업데이트"), divider="gray")
    ended = [run for run in runs.history(db, SHOWN_RUNS) if run["state"] != "running"]
    if not ended:
        st.caption(_("아직 끝난 업데이트가 없습니다. 위에서 카테고리를 골라 업데이트하십시오."))
        return
    titles = {category.key: _(category.title) for category in categories.CATEGORIES}
    counts = {
        _("종목"): "done",
        _("추가"): "added",
        _("교체"): "replaced",
        _("뺀 봉"): "refused",
        _("실패"): "failed",
        _("요청"): "requests",
    }
    length = _("걸린 시간")
    texts: Any = {length: run_status.duration}
    rows: list[dict[str, Any]] = [
        {
            _("시작"): run_status.moment(run["started_at"]),
            _("카테고리"): titles.get(run["category"], run["category"]),
            _("무엇"): run_status.kind_name(run),
            _("결과"): run_status.state_name(run),
            _("어디서"): run_status.origin_name(run),
            **{name: dict(run)[field] for name, field in counts.items()},
            _("최신"): run_status.behind(run),
            length: run_status.seconds(run),
        }
        for run in ended
    ]
    st.caption(_("줄을 고르면 실패한 종목을 볼 수 있습니다."))
    number = st.column_config.NumberColumn(format="localized")
    told = _("모두 최신이 아닐 때 마지막 거래일의 봉이 있는 종목 수")
    behind = st.column_config.TextColumn(alignment="right", help=told)
    selection: Any = st.dataframe(
        pd.DataFrame(rows).style.format(texts),
        hide_index=True,
        column_config={**dict.fromkeys(counts, number), _("최신"): behind},
        on_select="rerun",
        selection_mode="single-row",
        key=f"history:{ended[0]['_id']}",  # a selection is a position, which a newer run moves: then clear it
    )
    for position in selection["selection"]["rows"]:
        if position < len(ended):
            _one_run(db, update, ended[position])


def _one_run(db: MongoDatabase, update: Update, run: RunRecord) -> None:
    category = categories.category(run["category"])
    run_status.outcome(run)
    remarks.show(db, run)
    failures = runs.failures(db, run["_id"])
    if not failures:
        return
    reasons = [(failure.ticker, str(failure.error)) for failure in failures]
    table = pd.DataFrame(reasons, columns=[_("종목"), _("이유")])
    st.dataframe(table, hide_index=True)
    with st.container(horizontal=True, gap="small"):
        file = f"failures_{run['category']}_{run['started_at']:%Y%m%d_%H%M}.csv"
        downloads.button(_("실패한 종목 내려받기"), file, lambda: spreadsheets.to_csv(table))
        if not update_actions.is_running(db, category):
            _retry_button(category, update, run, "retry_chosen")
