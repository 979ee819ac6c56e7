"""Import and export of files on the data page: CSV, Parquet and SQLite in, CSV and Parquet out."""

import shutil
import time
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import streamlit as st

from finance_core import formats, settings
from finance_core.categories import Category
from finance_core.errors import SisepanError
from finance_core.foreign import file_source, import_run, joined_source, ticker_names
from finance_core.foreign.import_records import Summary
from finance_core.foreign.intervals import Intraday
from finance_core.foreign.joined_source import JoinedSource
from finance_core.foreign.sqlite_source import SqliteSource
from finance_core.foreign.table_source import Source
from finance_core.i18n import N_, _
from finance_core.storage import database, locations, price_exports, prices
from finance_core.storage.database import MongoDatabase
from finance_core.storage.price_exports import Format
from finance_core.ui import choices, door, downloads
from finance_core.ui.data import outcome, started
from finance_core.ui.decorators import writes
from finance_core.ui.text import plain

KINDS = ["csv", "txt", "tsv", "parquet", "db", "sqlite", "sqlite3"]
SQLITE = (".db", ".sqlite", ".sqlite3")
NAME = "import_name"
"""The key of the session state that has the name of the uploaded files, as their import records it."""
ABANDONED = 86_400.0
"""Seconds after which an uploaded file that nobody imported is removed."""


def import_section(db: MongoDatabase) -> str | None:
    """The section where a file is uploaded, examined in a dry run, and imported after a yes.

    Returns the name of the files together, if there are any.
    """
    st.subheader(_("파일 가져오기"), divider="gray")
    text = _(
        "CSV나 Parquet(종목마다 파일 하나, 또는 종목 열), SQLite. 열 이름은 영어나 한국어(날짜, 시가, 고가, "
        "저가, 종가, 거래량). 여러 파일을 함께 올리면 이어서 읽으므로, 연도마다 나눈 파일도 됩니다. 큰 파일은 "
        "{command} 명령으로 가져오십시오."
    )
    st.caption(plain(text.format(command="python -m updaters.import_files, updaters.import_sqlite")))
    category = choices.category("import_category", width=240)
    form = {"type": KINDS, "accept_multiple_files": True, "label_visibility": "collapsed"}
    uploads = door.file_uploader(_("파일"), key="import_file", on_change=_forget_outcome, **form)
    if not uploads:
        return None
    paths = sorted((_saved(upload) for upload in uploads), key=lambda path: path.name)
    name = st.session_state[NAME] = joined_source.name_of([path.name for path in paths])
    hint = _("종목 코드; 비우면 종목 열이나 파일 이름에서 읽습니다")
    if paths[0].suffix.lower() in SQLITE:
        hint = _("테이블; 비우면 시세가 있는 테이블")
    part = st.text_input(hint, key="import_what", width=420).strip()
    busy, intraday = started.blocks(db, category), outcome.intraday(started.ended(name), name)
    with st.container(horizontal=True, gap="small"):
        label = _("시험 가져오기")
        work = partial(_work, import_run.examine, category, paths, part, intraday)
        dry_run_button(label, "try_file", busy, partial(started.begin, label, name, work))
        plan = [
            _("{file}을(를) 읽어 {category}의 {collection} 컬렉션에 봉으로 넣습니다.").format(
                file=name, category=_(category.title), collection=locations.of(db, category).collection
            ),
            _("저장된 것과 겹치는 날이 서로 다른 종목은 그대로 두고 알립니다."),
            _("받지 않은 행은 이유와 함께 모두 적고, 끝에 쓴 것을 다시 읽어 견줍니다."),
        ]
        label = _("가져오기")
        work = partial(_work, import_run.run, category, paths, part, intraday, origin="page")
        ask(label, ":material/upload_file:", plan, "import", busy, partial(started.begin, label, name, work))
    started.show(name)
    summary = started.ended(name)
    outcome.of_run(summary if summary and summary.category == category.key else None, category)
    return name


def _forget_outcome() -> None:
    """Other files may have the names of those that were imported: the outcome must not stand below them."""
    if NAME in st.session_state:
        started.forget(st.session_state[NAME])


def ask(label: str, icon: str, plan: Iterable[object], key: str, busy: bool, start: Callable[[], None]) -> None:
    """A button that opens the sentences of a plan and the button for a yes, which calls `start`."""
    popover, close = choices.question(label, f"plan_{key}", icon=icon, disabled=busy)

    def agreed() -> None:
        close()
        start()

    with popover:
        st.markdown("\n".join(f"- {plain(str(sentence))}" for sentence in plan))
        text, look = _("예, 시작합니다"), ":material/play_arrow:"
        st.button(text, type="primary", icon=look, disabled=busy, key=key, on_click=writes(agreed))


def dry_run_button(label: str, key: str, busy: bool, start: Callable[[], None]) -> None:
    """A button that starts a dry run."""
    text = _("모두 읽어 무엇이 어떻게 바뀔지 보여 주고, 아무것도 쓰지 않습니다.")
    st.button(label, icon=":material/science:", help=text, disabled=busy, key=key, on_click=writes(start))


def export_section(db: MongoDatabase) -> None:
    """The section where all bars of a category are downloaded as a file."""
    st.subheader(_("파일로 내보내기"), divider="gray")
    category = choices.category("export_category", width=240)
    if not prices.any_stored(db, category):
        st.caption(_("이 카테고리에는 저장된 시세가 없습니다."))
        return
    if samples := price_exports.samples(db, category):
        st.caption(formats.filled(_(price_exports.SAMPLES), count=len(samples)))
        if samples.issuperset(prices.tickers(db, category)):
            return
    if refused := price_exports.refused(db, category):
        st.caption(plain(_(price_exports.REFUSED).format(tickers=refused)))
    with st.container(horizontal=True, gap="small"):
        for kind in price_exports.FORMATS:
            label, make = {"csv": "CSV", "parquet": "Parquet"}[kind], partial(_exported, category, kind)
            downloads.button(label, f"{category.key}.{kind}", make, key=f"export_{kind}")
    command = f"python -m finance_core.export {category.key} {category.key}.parquet"
    sentence = _("실제 시세가 있는 모든 종목의 모든 봉입니다. 아주 많으면 {command} 명령이 낫습니다.")
    st.caption(plain(sentence.format(command=command)))


def _exported(category: Category, kind: Format) -> bytes:
    return price_exports.export_bytes(database.connect(), category, kind)


def _uploads() -> Path:
    return settings.data_dir() / "uploads"


def _saved(upload: Any) -> Path:
    """The path of an uploaded file, stored under its own name: an import records the name of its file."""
    directory = _uploads() / str(upload.file_id)
    path = directory / Path(upload.name).name
    if not path.exists():
        for old in _uploads().glob("*"):
            if time.time() - old.stat().st_mtime > ABANDONED:
                shutil.rmtree(old)
        directory.mkdir(parents=True, exist_ok=True)
        path.write_bytes(upload.getbuffer())
    return path


def _source(category: Category, paths: Sequence[Path], part: str) -> Source:
    """The rows of files; `part` is the table of a SQLite file, or the ticker of other files, or "".

    Raises SisepanError where a file cannot be read, or the files cannot be read together.
    """
    if any(path.suffix.lower() in SQLITE for path in paths):
        if len(paths) > 1:
            raise SisepanError(N_("SQLite 파일은 하나씩 가져오십시오."))
        return SqliteSource(paths[0], part)
    ticker = category.ticker_of(part)
    if part and not category.is_ticker(ticker):
        raise SisepanError(N_("종목 코드가 아닙니다: {tickers}"), tickers=part[:40])
    sources = [file_source.open_file(path, category, ticker) for path in paths]
    return JoinedSource(sources) if len(sources) > 1 else sources[0]


def _work(
    run: Callable[..., Summary], category: Category, paths: Sequence[Path], part: str, intraday: Intraday, **watch: Any
) -> Summary:
    """The summary of `run`, a dry run or an import, for the rows of files (see `_source`)."""
    db, source = database.connect(), _source(category, paths, part)
    return run(db, category, source, ticker_names.of(db, category), intraday, **watch)
