"""Shows runs on viewers, on the updates page and on the data page: progress, outcome, failures, and their names."""

import datetime as dt
import math
import socket
from typing import Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import streamlit as st

from finance_core import formats
from finance_core.errors import SisepanError
from finance_core.i18n import N_, _
from finance_core.storage import runs, tickers
from finance_core.storage.database import MongoDatabase
from finance_core.storage.documents import Kind, Origin, RunRecord, State
from finance_core.ui.decorators import writes
from finance_core.ui.text import plain

SHOWN_FAILURES = 20
SILENCE = 10.0
"""Seconds without progress, or without a heartbeat, after which a running update says so."""

STATES: dict[State, tuple[str, str]] = {
    "running": (N_("실행 중"), ":material/sync:"),
    "done": (N_("완료"), ":material/check_circle:"),
    "partial": (N_("일부만"), ":material/pause_circle:"),
    "cancelled": (N_("중단함"), ":material/stop_circle:"),
    "failed": (N_("실패"), ":material/error:"),
    "interrupted": (N_("끊김"), ":material/power_off:"),
}
"""Name and icon of each state."""
ORIGINS: dict[Origin, str] = {"terminal": N_("터미널"), "page": N_("화면"), "schedule": N_("예약")}
"""Names of the places from which a run is started."""
KINDS: dict[Kind | None, str] = {
    None: N_("업데이트"),
    "read": N_("읽기 준비"),
    "convert": N_("전환"),
    "import": N_("가져오기"),
}
"""Names of the kinds of runs; an update run has no kind."""


def state_name(run: RunRecord) -> str:
    """The state of a run, as a word."""
    name, _icon = STATES[run["state"]]
    return _(name)


def origin_name(run: RunRecord) -> str:
    """The place from which a run was started, as a word."""
    name = ORIGINS[run["origin"]]
    return _(name)


def color(run: RunRecord) -> Literal["red", "green", "orange"]:
    """The colour of the outcome of an ended run: green if the run is done and no ticker failed."""
    if run["state"] == "failed":
        return "red"
    return "green" if run["state"] == "done" and not run["failed"] else "orange"


def icon(run: RunRecord) -> str:
    """The icon of the state of a run; a warning if the run is done but a ticker failed."""
    _name, of_state = STATES[run["state"]]
    return ":material/warning:" if run["state"] == "done" and run["failed"] else of_state


def kind_name(run: RunRecord) -> str:
    """The kind of a run, as a word."""
    return _(KINDS.get(run.get("kind"), KINDS[None]))


def moment(utc: dt.datetime) -> str:
    """A stored moment (UTC, tz-naive) in the time zone of the visitor: 2026-11-24 16:10."""
    try:
        zone = ZoneInfo(st.context.timezone or "Asia/Seoul")
    except (ZoneInfoNotFoundError, ValueError):  # the browser may send any name
        zone = ZoneInfo("Asia/Seoul")
    return f"{utc.replace(tzinfo=dt.UTC).astimezone(zone):%Y-%m-%d %H:%M}"


def day(utc: dt.datetime) -> str:
    """The day of a moment (UTC, tz-naive) in the time zone of the visitor: 2026-11-24."""
    return moment(utc)[:10]


def duration(seconds: float) -> str:
    """A length of time in its two largest units: 1분 20초."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return _("{hours}시간 {minutes}분").format(hours=hours, minutes=minutes)
    if minutes:
        return _("{minutes}분 {seconds}초").format(minutes=minutes, seconds=rest)
    return _("{seconds}초").format(seconds=rest)


def seconds(run: RunRecord) -> float:
    """How long a run took, or has taken so far."""
    return (run.get("finished_at", run["heartbeat_at"]) - run["started_at"]).total_seconds()


def reason(run: RunRecord) -> str:
    """Why a run ended early; "" if it did not, or if the reason is not known."""
    return str(SisepanError.from_document(run["error"])) if "error" in run else ""


def behind(run: RunRecord) -> str:
    """How many tickers of how many have the bar of their last session, as 0/2; "" where all have it, or none is known.

    A run from before this was counted has 0 of 0.
    """
    return formats.filled("{fresh}/{expected}", **run) if run["fresh"] < run["expected"] else ""


def progress(db: MongoDatabase, run: RunRecord, key: str) -> None:
    """The progress bar of a running run, with its speed, and a button that cancels it."""
    bar, button = st.columns([6, 1], vertical_alignment="center")
    bar.progress(run["done"] / run["total"] if run["total"] else 0.0, text=plain(_progress_text(run)))

    @writes
    def cancel() -> None:
        runs.cancel(db, run["_id"])

    is_cancelled = run.get("cancel_requested", False)
    label = _("중단")
    button.button(label, icon=":material/stop_circle:", disabled=is_cancelled, key=f"cancel_{key}", on_click=cancel)


def _progress_text(run: RunRecord) -> str:
    is_cancelled = run.get("cancel_requested", False)
    if is_cancelled:
        parts = [_("중단하는 중: 받고 있는 종목을 마저 저장합니다")]
    else:
        parts = [formats.filled(_("{kind} 중: {done}/{total}종목"), **{**run, "kind": kind_name(run)})]
    fetched, elapsed = run["done"] - run["current"], seconds(run)
    if (unheard := _unheard(run)) > SILENCE:
        parts.append(_("{time}째 소식이 없습니다").format(time=duration(unheard)))
    elif waiting := "" if is_cancelled else _waiting(run):
        parts.append(waiting)
    elif fetched and elapsed > 1 and not is_cancelled:
        rate = fetched / elapsed
        parts.append(_("초당 {rate}종목").format(rate=f"{rate:,.1f}"))
        parts.append(_("약 {time} 남음").format(time=duration((run["total"] - run["done"]) / rate)))
    if run["failed"]:
        parts.append(formats.filled(_("실패 {count}"), count=run["failed"]))
    return " · ".join(parts)


def _unheard(run: RunRecord) -> float:
    """Seconds since the last heartbeat of a run; 0 if it is on another machine, whose clock may differ."""
    is_here = run.get("host") == socket.gethostname()
    return (tickers.now() - run["heartbeat_at"]).total_seconds() if is_here else 0.0


def _waiting(run: RunRecord) -> str:
    """Why nothing moves, if nothing has for a while; by the clock of the machine that has the run."""
    now = run["heartbeat_at"]
    reported_at = run.get("reported_at", now)
    paused_until = run.get("paused_until", reported_at)
    if paused_until > now:
        pause = math.ceil((paused_until - now).total_seconds())
        return _("Yahoo가 요청이 너무 많다고 해서 {time} 뒤에 이어 갑니다").format(time=duration(pause))
    silence = (now - max(reported_at, paused_until)).total_seconds()
    is_update = run.get("kind") is None
    return _("{time}째 진행이 없습니다").format(time=duration(silence)) if is_update and silence > SILENCE else ""


def outcome(run: RunRecord) -> None:
    """The outcome of an ended run, in a box of its colour."""
    box = {"red": st.error, "green": st.success, "orange": st.warning}[color(run)]
    box(plain(" ".join(_outcome_sentences(run))), icon=icon(run))


def _outcome_sentences(run: RunRecord) -> list[str]:
    sentences = {
        "partial": [reason(run)],
        "cancelled": [_("중단했습니다.")],
        "failed": [_("업데이트하지 못했습니다. {reason}").format(reason=reason(run))],
        "interrupted": [_("실행하던 프로그램이 끝나서 업데이트가 끊겼습니다.")],
    }.get(run["state"], [])
    stored = _("{done}종목을 확인해 봉 {added}개를 추가하고 {replaced}개를 바꾸었습니다.")
    if run["done"] > run["failed"]:
        sentences.append(formats.filled(stored, **{**run, "done": run["done"] - run["failed"]}))
    if run["current"]:
        sentences.append(formats.filled(_("{count}종목은 이미 최신이었습니다."), count=run["current"]))
    if run["deferred"]:
        sentence = _("{count}종목은 Yahoo에 오래 새 봉이 없어 이번에 묻지 않았습니다.")
        sentences.append(formats.filled(sentence, count=run["deferred"]))
    said = run.get("error", {}).get("values", {})
    if run["failed"] and run["failed"] not in (said.get("count"), said.get("failed")):  # else the reason says it
        sentences.append(formats.filled(_("{count}종목은 실패했습니다."), count=run["failed"]))
    return sentences


def failures(db: MongoDatabase, run: RunRecord, label: str) -> None:
    """The last failed tickers of a run with their reasons, folded under `label`; nothing if none failed."""
    if not run["failed"]:
        return
    with st.expander(label):
        failed = runs.failures(db, run["_id"])
        for failure in failed[-SHOWN_FAILURES:]:
            st.text(f"{failure.ticker}: {failure.error}")
        if len(failed) > SHOWN_FAILURES:
            st.text(formats.filled(_("외 {count}종목"), count=len(failed) - SHOWN_FAILURES))
