"""Work on the user's own data that a visitor has begun: its progress, and what came of it. One at a time a visitor.

It goes on in the background when the page is left, and is shown again when it is opened.
"""

import dataclasses
import threading
from collections.abc import Callable, Iterable, Mapping
from contextvars import copy_context
from functools import partial
from typing import Any

import pandas as pd
import streamlit as st
from pymongo.errors import PyMongoError

from finance_core import background, categories, formats, spreadsheets
from finance_core.categories import Category
from finance_core.errors import SisepanError
from finance_core.foreign import import_command, import_records
from finance_core.foreign.adoption import Reading
from finance_core.foreign.import_records import Summary
from finance_core.foreign.sources import Refusal
from finance_core.i18n import _
from finance_core.storage import database, runs
from finance_core.storage.database import Document, MongoDatabase
from finance_core.storage.documents import RunRecord
from finance_core.ui import listing, run_status
from finance_core.ui.decorators import live
from finance_core.ui.text import plain
from finance_core.ui.visitor import require_admin

WATCHING = 0.7
"""Seconds between two looks at what is under way."""
TASK, WATCHED, ENDED = "data_task", "data_watched", "data_ended"


@dataclasses.dataclass
class Task:
    """Work that this visitor has begun, as far as it is."""

    job: background.BackgroundTask
    what: str
    subject: str
    """The collection or file."""
    so_far: Summary | Reading | None = None
    is_noticed: bool = False
    """Whether the page has been drawn since it ended."""

    def report(self, so_far: Summary | Reading) -> None:
        """Tell whoever watches how far it is."""
        self.so_far = so_far


def begin(what: str, subject: str, run: Callable[[Task, threading.Event], Any]) -> None:
    """Begin `run(task, stop)`, which does `what` (a word in the visitor's language) to `subject`, if nothing else runs.

    Raises NotAllowed unless the visitor is an admin.
    """
    require_admin()
    if is_busy():
        return
    task = Task(background.BackgroundTask(), what, subject)

    def work(stop: threading.Event) -> Any:
        return run(task, stop)

    task.job = background.start(work)
    st.session_state[TASK] = task


def is_busy() -> bool:
    """Whether something that this visitor has begun is under way."""
    task: Task | None = st.session_state.get(TASK)
    return task is not None and not task.job.finished


def show(db: MongoDatabase) -> bool:
    """Progress of what is under way, or why it failed; whether something has ended since this was last called."""
    task: Task | None = st.session_state.get(TASK)
    has_ended_elsewhere: bool = st.session_state.pop(ENDED, False)
    if task is not None and not task.job.finished:
        _watch()
        return has_ended_elsewhere
    if _running(db):
        _watch_runs()
    if task is None:
        return has_ended_elsewhere
    _failed(task)
    has_just_ended = not task.is_noticed
    task.is_noticed = True
    if has_just_ended:
        listing.forget()
    return has_just_ended or has_ended_elsewhere


def result(subject: str, category: Category, *, with_outcome: bool = True) -> None:
    """What came of the last thing that this visitor did, if they did it to `subject`.

    Of an import that is what its document in MongoDB says too: left out where not `with_outcome`.
    """
    task: Task | None = st.session_state.get(TASK)
    if task is None or not task.job.finished or task.subject != subject:
        return
    done = task.job.result
    if isinstance(done, Reading):
        _reading(done)
    elif isinstance(done, Summary):
        if done.state == "cancelled":
            st.warning(_("중단했습니다. 다시 시작하면 이어서 합니다."), icon=run_status.STATES["cancelled"][1])
        elif not done.is_written:
            _examined(done)
        elif with_outcome:
            _imported(done, category)
        if done.failures:
            _kept([(failure.ticker, str(failure.error)) for failure in done.failures])


def _running(db: MongoDatabase) -> list[RunRecord]:
    """The runs under way that bring in the user's own data, whoever began them and wherever."""
    found = (runs.latest(db, category) for category in categories.CATEGORIES)
    return [run for run in found if run and run["state"] == "running" and run.get("kind")]


@live(WATCHING)
def _watch_runs(db: MongoDatabase) -> None:
    """The progress of `_running`, for whoever has not begun them in this visit, until there are fewer."""
    under_way = _running(db)
    for run in under_way:
        st.caption(plain(" · ".join([_(categories.category(run["category"]).title), run["from"]])))
        run_status.progress(db, run, run["category"])
    known = {run["_id"] for run in under_way}
    before, st.session_state[WATCHED] = st.session_state.get(WATCHED, known), known
    if before - known:
        listing.forget()
        st.session_state[ENDED] = True
        st.rerun()  # the whole page, which is looked at anew


@live(WATCHING)
def _watch(_db: MongoDatabase) -> None:
    """The progress of what this visitor has begun, until it ends."""
    task: Task | None = st.session_state.get(TASK)
    if task is None or task.job.finished:
        st.rerun()  # the whole page
    so_far = task.so_far
    bar, button = st.columns([6, 1], vertical_alignment="center")
    done, total = (so_far.done, so_far.total) if so_far else (0, 0)
    text = _("{subject} {what}: {done}/{total}종목, 봉 {bars}개").format(
        subject=task.subject,
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


def _failed(task: Task) -> None:
    """Why it did not even end, if it did not."""
    error = task.job.error
    if error is None:
        return
    if isinstance(error, PyMongoError):
        error = database.explain(error)
    sentence = str(error) if isinstance(error, SisepanError) else _("자세한 내용은 로그에 있습니다.")
    text = _("{subject} {what}: 하지 못했습니다. {reason}")
    st.error(plain(text.format(subject=task.subject, what=task.what, reason=sentence)), icon=":material/error:")


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
    refused(summary.reasons, lambda: refusals_csv(summary.refusals), "examined")


def _imported(summary: Summary, category: Category) -> None:
    """What an import did."""
    last = import_records.latest(database.connect(), category, summary.source)
    if last and last["state"] == "done":
        outcome(last)

        def download() -> bytes:
            return refusals_csv(import_records.refusals(database.connect(), last["_id"]))

        refused(summary.reasons, download, "imported")


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


def refused(reasons: Mapping[str, int], download: Callable[[], bytes], key: str) -> None:
    """How many rows were refused and why, and all of them to take away."""
    if not reasons:
        return
    with st.expander(_("받지 않은 행 {count}").format(count=formats.count(sum(reasons.values())))):
        said = import_command.reasons(reasons)
        st.dataframe(pd.DataFrame({_("이유"): list(said), _("행 수"): list(said.values())}), hide_index=True)
        st.download_button(
            _("모두 CSV로"),
            partial(copy_context().run, download),
            f"refused_{key}.csv",
            "text/csv",
            icon=":material/download:",
            key=f"refused_{key}",
            on_click="ignore",
        )


def refusals_csv(refusals: Iterable[Refusal]) -> bytes:
    """Every refused row with its reason, for Excel."""
    rows = [(each.place, each.ticker, each.date, str(each.reason)) for each in refusals]
    table = pd.DataFrame(rows, columns=[_("있는 곳"), _("적힌 종목"), _("적힌 날짜"), _("이유")])
    return spreadsheets.to_csv(table.map(spreadsheets.defused))


def _kept(problems: list[tuple[str, str]]) -> None:
    table = pd.DataFrame(problems, columns=[_("종목"), _("이유")])
    st.dataframe(table, hide_index=True)
