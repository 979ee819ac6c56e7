"""Adding tickers: one with a form, many with a pasted or uploaded list, with a preview of the changes."""

import pandas as pd
import streamlit as st

from finance_core import formats, ticker_fields
from finance_core.errors import SisepanError
from finance_core.i18n import N_, _
from finance_core.storage import ticker_edits, ticker_files
from finance_core.storage.database import MongoDatabase
from finance_core.storage.ticker_edits import Comparison, Values
from finance_core.storage.ticker_files import Line, Lines
from finance_core.ui import door
from finance_core.ui.text import plain
from finance_core.ui.tickers import pending
from finance_core.ui.tickers.state import State, editor

MOST_NAMED = 20
"""How many columns or sheets that are not read are named."""


def show(db: MongoDatabase, state: State) -> None:
    """The form, and the inputs for lists."""
    with st.expander(_("종목 추가"), icon=":material/add:"):
        _form(state)
        st.divider()
        _list(db, state)


def _form(state: State) -> None:
    category = state.category
    fields = [field for field in ticker_fields.FIELDS if field.in_form]

    def add(db: MongoDatabase) -> None:
        text = st.session_state[state.key("new_ticker")]
        ticker = category.ticker_of(text)
        if not category.is_ticker(ticker):
            raise SisepanError(N_("종목 코드가 아닙니다: {tickers}"), tickers=text[:40] or "''")
        values = {field.key: str(st.session_state[state.key(f"new_{field.key}")] or "").strip() for field in fields}
        row = {field.key: field.shown({**values, "ticker": ticker}) for field in fields}
        if ticker_edits.add(db, category, [{"ticker": ticker, **row}], editor()):
            sentence = _("{ticker}을(를) 추가했습니다. 업데이트하면 시세를 받아 옵니다.")
            state.messages.append(("success", sentence.format(ticker=ticker)))
        else:
            state.messages.append(("warning", _("{ticker}은(는) 이미 목록에 있습니다.").format(ticker=ticker)))
        state.read_anew()

    with st.form(state.key("add"), border=False):
        widths = [1, *(2 if field.is_text else 1 for field in fields), 1]
        first, *others, last = st.columns(widths, vertical_alignment="bottom")
        first.text_input(_("종목 코드"), key=state.key("new_ticker"))
        unknown = _("모름")
        for field, place in zip(fields, others, strict=True):
            title, key = _(field.title), state.key(f"new_{field.key}")
            if field.choices:
                choices = field.choices(category)
                place.selectbox(title, choices, format_func=lambda value: value or unknown, key=key)
            else:
                place.text_input(title, key=key)
        last.form_submit_button(_("추가하기"), icon=":material/add:", on_click=state.acting(add))


def _list(db: MongoDatabase, state: State) -> None:
    st.caption(
        _(
            "여러 줄을 붙여 넣거나 CSV, Excel 파일을 올립니다: 종목 코드, 이름, 시장, 표식, 영어 이름, 업종. "
            "제목 줄은 없어도 되며, 있으면 사용(active)도 읽습니다. 빈 칸은 아무것도 바꾸지 않습니다."
        )
    )
    text = st.text_area(_("붙여 넣기"), key=state.key("paste"), height=120)
    types = ["csv", "txt", "tsv", "xlsx"]
    file = door.file_uploader(_("파일"), type=types, key=state.key("upload"), max_upload_size=10)
    if not text.strip() and file is None:
        return
    try:
        lists = [(_("붙여 넣기"), ticker_files.read_text(text, state.category))]
        if file is not None:
            lists.append((file.name, ticker_files.read_file(file.name, file.getvalue(), state.category)))
    except SisepanError as error:
        st.error(plain(str(error)), icon=":material/error:")
        return
    for name, each in lists:
        _say_unread(name, each)
    lines = ticker_files.joined(lists)
    refused = [line for line in lines if line.problem is not None]
    allowed = [line for line in lines if line.problem is None]
    changes = ticker_edits.compare(db, state.category, [line.row for line in allowed])
    counts = {"new": len(changes.new), "changed": len(changes.edits), "unchanged": len(changes.unchanged)}
    sentence = _("새 종목 {new}, 변경 {changed}, 그대로 {unchanged}, 거절 {refused}")
    st.markdown(plain(formats.filled(sentence, **counts, refused=len(refused))))
    _preview([*refused, *allowed][:1_000], changes)  # the refused lines first: a person should check them

    def apply(db: MongoDatabase) -> None:
        added = ticker_edits.add(db, state.category, changes.new, editor()) if changes.new else []
        if added:
            state.messages.append(("success", formats.filled(_("종목 {count}개를 추가했습니다."), count=len(added))))
        state.after(ticker_edits.save(db, state.category, changes.edits, editor()))

    if changes.new or changes.edits:
        label = formats.filled(_("새 종목 {new}개 추가, {changed}개 변경"), **counts)
        state.button("import", label, ":material/playlist_add:", apply, type="primary")


def _say_unread(name: str, lines: Lines) -> None:
    """A line with what of the list called `name` was not read, if anything."""
    sentences = {
        _("읽지 않은 열: {names}"): lines.unread,
        _("첫 시트만 읽었습니다. 읽지 않은 시트: {names}"): lines.other_sheets,
    }
    parts = [
        sentence.format(names=", ".join(each[:40] for each in names[:MOST_NAMED]) + "…" * (len(names) > MOST_NAMED))
        for sentence, names in sentences.items()
        if names
    ]
    if parts:
        st.caption(plain(" · ".join([name, *parts])))


def _preview(lines: list[Line], changes: Comparison) -> None:
    results = dict.fromkeys(changes.unchanged, _("그대로")) | {row["ticker"]: _added(row) for row in changes.new}
    for edit in changes.edits:
        table = pending.changes_table([edit.as_change()])
        results[edit.ticker] = ", ".join(
            f"{field}: {a} → {b}" for _ticker, field, a, b in table.itertuples(index=False)
        )
    cells = [
        (
            line.place,
            line.number,
            line.row["ticker"],
            line.row.get("name", ""),
            str(line.problem or results[line.row["ticker"]]),
        )
        for line in lines
    ]
    columns = [_("있는 곳"), _("줄"), _("종목 코드"), _("이름"), _("결과")]
    st.dataframe(pd.DataFrame(cells, columns=columns), hide_index=True, height=300)


def _added(row: Values) -> str:
    """What is not usual in a new row; its name has a column."""
    fields = [field for field in ticker_fields.FIELDS if field.default is not None]
    values = {_(each.title): each.label(each.shown(row)) for each in fields if each.shown(row) != each.default}
    return " · ".join([_("새 종목"), *(f"{title}: {value}" for title, value in values.items())])
