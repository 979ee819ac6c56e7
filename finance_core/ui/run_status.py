"""How update runs are shown, on viewers and on the updates page: progress, outcome, and the words for both."""

import datetime as dt
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import streamlit as st

from finance_core import formats
from finance_core.errors import SisepanError
from finance_core.i18n import N_, _
from finance_core.storage import runs
from finance_core.storage.database import MongoDatabase
from finance_core.storage.documents import Kind, Origin, RunRecord, State
from finance_core.ui.decorators import writes
from finance_core.ui.text import plain

SHOWN_FAILURES = 20

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

KINDS: dict[Kind | None, str] = {
    None: N_("업데이트"),
    "read": N_("읽기 준비"),
    "convert": N_("전환"),
    "import": N_("가져오기"),
}
"""What a run does: bring in new bars from Yahoo, or bars of the user's own."""


def state_name(run: RunRecord) -> str:
    """The state of a run, as a word."""
    name, _icon = STATES[run["state"]]
    return _(name)


def kind_name(run: RunRecord) -> str:
    """What a run does, as a word."""
    return _(KINDS.get(run.get("kind"), KINDS[None]))


def origin_name(run: RunRecord) -> str:
    """Where a run was begun, as a word."""
    name = ORIGINS[run["origin"]]
    return _(name)


def moment(utc: dt.datetime | None) -> str:
    """A moment as MongoDB has it, in the visitor's time zone: 2026-11-24 16:10."""
    if utc is None:
        return formats.MISSING
    try:
        zone = ZoneInfo(st.context.timezone or "Asia/Seoul")
    except (ZoneInfoNotFoundError, ValueError):  # a browser may call it what it likes
        zone = ZoneInfo("Asia/Seoul")
    return f"{utc.replace(tzinfo=dt.UTC).astimezone(zone):%Y-%m-%d %H:%M}"


def progress(db: MongoDatabase, run: RunRecord, key: str) -> None:
    """The bar of a running run, with its speed and a button that cancels it."""
    done, total = run.get("done", 0), run.get("total", 0)
    bar, button = st.columns([6, 1], vertical_alignment="center")
    bar.progress(done / total if total else 0.0, text=plain(_progress_text(run)))
    cancelling = run.get("cancel_requested", False)

    @writes
    def cancel() -> None:
        runs.cancel(db, run["_id"])

    label = _("중단")
    button.button(label, icon=":material/stop_circle:", disabled=cancelling, key=f"cancel_{key}", on_click=cancel)


def _progress_text(run: RunRecord) -> str:
    done, total = run.get("done", 0), run.get("total", 0)
    parts = [
        _("{kind} 중: {done}/{total}종목").format(
            kind=kind_name(run), done=formats.count(done), total=formats.count(total)
        )
        if not run.get("cancel_requested")
        else _("중단하는 중: 받고 있는 종목을 마저 저장합니다")
    ]
    asked = done - run.get("current", 0)
    elapsed = (run["heartbeat_at"] - run["started_at"]).total_seconds()
    if asked and elapsed > 1:
        rate = asked / elapsed
        parts.append(_("초당 {rate}종목").format(rate=f"{rate:,.1f}"))
        parts.append(_("약 {time} 남음").format(time=duration((total - done) / rate)))
    if failed := run.get("failed", 0):
        parts.append(_("실패 {count}").format(count=formats.count(failed)))
    return " · ".join(parts)


def duration(seconds: float) -> str:
    """A length of time in its two largest units: 1분 20초."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return _("{hours}시간 {minutes}분").format(hours=hours, minutes=minutes)
    if minutes:
        return _("{minutes}분 {seconds}초").format(minutes=minutes, seconds=rest)
    return _("{seconds}초").format(seconds=rest)


def outcome(run: RunRecord) -> None:
    """What an ended run did, in a box of the colour that fits."""
    failed = run.get("failed", 0)
    text = " ".join(_outcome_sentences(run))
    if run["state"] == "failed":
        st.error(plain(text), icon=STATES["failed"][1])
    elif run["state"] == "done" and not failed:
        st.success(plain(text), icon=STATES["done"][1])
    else:
        st.warning(plain(text), icon=STATES[run["state"]][1] if run["state"] != "done" else ":material/warning:")


def failures_shown(db: MongoDatabase, run: RunRecord) -> None:
    """The last failures of a run with their reasons."""
    failures = runs.failures(db, run["_id"])
    for failure in failures[-SHOWN_FAILURES:]:
        st.text(f"{failure.ticker}: {failure.error}")
    if len(failures) > SHOWN_FAILURES:
        st.text(_("외 {count}종목").format(count=formats.count(len(failures) - SHOWN_FAILURES)))


def reason(run: RunRecord) -> str:
    """Why a run ended early; "" where it did not, or nobody can know."""
    return str(SisepanError.from_document(run["error"])) if "error" in run else ""


def _outcome_sentences(run: RunRecord) -> list[str]:
    sentences = {
        "partial": [reason(run)],
        "cancelled": [_("중단했습니다.")],
        "failed": [_("업데이트하지 못했습니다. {reason}").format(reason=reason(run))],
        "interrupted": [_("실행하던 프로그램이 끝나서 업데이트가 끊겼습니다.")],
    }.get(run["state"], [])
    failed = run.get("failed", 0)
    sentences.append(
        _("{done}종목을 확인해 봉 {added}개를 추가하고 {replaced}개를 바꾸었습니다.").format(
            done=formats.count(run.get("done", 0) - failed),
            added=formats.count(run.get("added", 0)),
            replaced=formats.count(run.get("replaced", 0)),
        )
    )
    if current := run.get("current", 0):
        sentences.append(_("{count}종목은 이미 최신이었습니다.").format(count=formats.count(current)))
    if failed:
        sentences.append(_("{count}종목은 실패했습니다.").format(count=formats.count(failed)))
    return sentences
