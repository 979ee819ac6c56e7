"""Shows the outcome of a run on the user's own data: counts, conversions, refused rows, failed tickers."""

from collections.abc import Callable, Iterable, Mapping, Sequence

import pandas as pd
import streamlit as st

from finance_core import formats, spreadsheets
from finance_core.categories import Category
from finance_core.foreign import import_records, intervals, reports
from finance_core.foreign.conversion import Refusal
from finance_core.foreign.import_records import Summary
from finance_core.foreign.inspection import Inspected
from finance_core.foreign.intervals import Intraday
from finance_core.i18n import _
from finance_core.storage import database
from finance_core.storage.documents import ImportRecord
from finance_core.ui import downloads, run_status
from finance_core.ui.text import plain


def of_run(summary: Summary | None, category: Category, *, with_record: bool = True) -> None:
    """The outcome of a run of this visit. `with_record` also shows the stored record of an import."""
    if summary is None:
        return
    if summary.kind == "read":
        _of_reading(summary)
    elif summary.state == "cancelled":
        st.warning(_("중단했습니다. 다시 시작하면 이어서 합니다."), icon=run_status.STATES["cancelled"][1])
    elif summary.is_dry:
        _of_dry_run(summary)
        _refused(summary.reasons, summary.examples, lambda: summary.refusals, "examined")
    elif with_record:
        last = import_records.latest(database.connect(), category, summary.source)
        if last and last["state"] == "done":
            of_import(last, "imported")
    for change in reports.changes(summary):
        st.caption(plain(change))
    if summary.is_still_read:
        text = _(reports.STILL_READ).format(category=_(category.title), source=summary.source)
        st.warning(plain(text), icon=":material/link:")
    if summary.failures:
        _failed([(failure.ticker, str(failure.error)) for failure in summary.failures])


def of_following(collection: Inspected) -> None:
    """The tickers of a collection that are not drawn any more, if there are any."""
    told, refused = reports.not_drawn(collection)
    if told:
        st.warning(plain(told), icon=":material/warning:")
        _failed(refused)


def _failed(reasons: Sequence[tuple[str, str]]) -> None:
    """A table of tickers, each with the reason why it failed."""
    st.dataframe(pd.DataFrame(reasons, columns=[_("종목"), _("이유")]), hide_index=True)


def intraday(summary: Summary | None, subject: str) -> Intraday:
    """How to treat intraday rows: "refuse", until a run has refused such rows of `subject` and the visitor chooses."""
    titles: dict[Intraday, str] = {
        "refuse": _("받지 않기"),
        "aggregate": _("하루의 봉으로 합치기"),
        "daily": _("섞인 일봉만 받기"),
    }
    key = f"intraday_{subject}"
    is_refused = summary is not None and any(intervals.is_choice(failure.error) for failure in summary.failures)
    if not is_refused and st.session_state.get(key, "refuse") == "refuse":
        return "refuse"
    text = _("하루보다 짧은 봉은 어떻게 합니까?")
    chosen = st.segmented_control(text, list(titles), format_func=titles.__getitem__, default="refuse", key=key)
    return chosen or "refuse"


def of_import(last: ImportRecord, key: str) -> None:
    """The record of a finished import: counts, the result of verification, and the refused rows."""
    sentence = _("{moment}에 종목 {tickers}개의 봉 {bars}개를 가져왔고 {refused}행을 받지 않았습니다.")
    counts = {"tickers": last["tickers"], "bars": last["bars"], "refused": last["refused"]}
    text = formats.filled(sentence, moment=run_status.moment(last["finished_at"]), **counts)
    if last["kept"]:
        sentence = _("{count}종목은 하나도 가져오지 않고, 저장된 것을 그대로 두었습니다.")
        text += " " + formats.filled(sentence, count=last["kept"])
    if not last["bars"]:
        nothing = _("봉을 하나도 받지 못했습니다.")
        st.error(plain(f"{text} {nothing}"), icon=":material/error:")
    elif last["differing"]:
        names = ", ".join(last["differing"][:20])
        differing = _("다시 읽어 보니 다음 종목이 다릅니다: {tickers}").format(tickers=names)
        st.error(plain(f"{text} {differing}"), icon=":material/error:")
    else:
        agrees = _("다시 읽어 견주니 개수, 기간, 종가의 체크섬이 모두 같습니다.")
        st.success(plain(f"{text} {agrees}"), icon=":material/verified:")
    db, of = database.connect(), last["_id"]
    _refused(*import_records.reasons(db, of), lambda: import_records.refusals(database.connect(), of), key)


def _of_reading(summary: Summary) -> None:
    if summary.state == "done":
        text = _("종목 {count}개의 봉 {bars}개를 모두 읽어 확인했습니다.")
        st.success(formats.filled(text, count=summary.total, bars=summary.bars), icon=":material/check_circle:")
    elif summary.failures:
        st.warning(plain(reports.unread(summary)), icon=":material/warning:")


def _of_dry_run(summary: Summary) -> None:
    text = _("행 {rows}개 가운데 {bars}개가 봉이 되고 {refused}개는 받지 않습니다. 아무것도 쓰지 않았습니다.")
    sentences = [formats.filled(text, **{name: summary.counts[name] for name in ("rows", "bars", "refused")})]
    if summary.failures:
        sentence = _("{count}종목은 아래의 이유로 모든 행을 받지 않습니다.")
        sentences.append(formats.filled(sentence, count=len(summary.failures)))
    show = st.info if summary.bars else st.warning
    show(" ".join(sentences), icon=":material/science:")
    if not summary.conversions:
        return
    titles = [_("있는 곳"), _("적힌 종목"), _("적힌 날짜"), _("종목"), _("날짜"), _("종가")]
    examples = [(*example[:4], f"{example.date:%Y-%m-%d}", example.close) for example in summary.conversions]
    st.caption(_("처음 {count}행이 이렇게 바뀝니다.").format(count=len(examples)))
    st.dataframe(pd.DataFrame(examples, columns=titles), hide_index=True, height=240)


def _refused(
    counts: Mapping[str, int],
    examples: Mapping[str, Mapping[str, object]],
    refusals: Callable[[], Iterable[Refusal]],
    key: str,
) -> None:
    """The number of refused rows by reason, with `examples`, and a button to download all of them as CSV for Excel."""
    if not counts:
        return

    def download() -> bytes:
        columns = [_("있는 곳"), _("적힌 종목"), _("적힌 날짜"), _("이유")]
        table = pd.DataFrame(map(reports.cells, refusals()), columns=columns)
        return spreadsheets.to_csv(table)

    with st.expander(formats.filled(_("받지 않은 행 {count}"), count=sum(counts.values()))):
        reasons = reports.reasons(counts, examples)
        st.dataframe(pd.DataFrame({_("이유"): list(reasons), _("행 수"): list(reasons.values())}), hide_index=True)
        downloads.button(_("모두 CSV로"), f"refused_{key}.csv", download)
