"""The common part of the commands that import the user's own data: options, the question, progress bar, exit codes.

`reports` writes the report of a run; each command opens its own sources.
"""

import argparse
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache, partial
from pathlib import Path
from typing import get_args

from tqdm import tqdm

from finance_core import categories, console, formats
from finance_core.categories import CATEGORIES, Category
from finance_core.console import ALL_GOOD, NOT_ALL_DONE, write_json
from finance_core.errors import SisepanError, WrongUse
from finance_core.foreign import import_run, intervals, raw_tickers, reports, ticker_names
from finance_core.foreign.import_records import Progress, Summary
from finance_core.foreign.table_source import Source
from finance_core.i18n import N_, _
from finance_core.storage import database, locations
from finance_core.storage.database import MongoDatabase

YES = ("y", "yes", "예", "네", "ㅛ")
"""Answers that mean yes; the last one is y on a Korean keyboard."""
KEYS = [category.key for category in CATEGORIES]

Step = Callable[[Progress, threading.Event], Summary]
"""A function that does one run, reports its progress, and stops after the current ticker once the event is set."""


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of every command that imports."""
    parser.add_argument(
        "--dry-run", action="store_true", help=_("무엇이 어떻게 될지만 알리고 아무것도 바꾸지 않습니다")
    )
    parser.add_argument("--yes", action="store_true", help=_("묻지 않고 그대로 합니다"))
    parser.add_argument("--json", action="store_true", help=_("결과를 JSON 하나로 표준 출력에 씁니다"))
    parser.add_argument(
        "--intraday",
        choices=get_args(intervals.Intraday),
        default="refuse",
        help=_("분봉이나 시간봉을 하루의 봉으로 합칠지(aggregate), 섞인 일봉만 받을지(daily); 없으면 받지 않습니다"),
    )
    parser.add_argument("--report", type=Path, metavar="CSV", help=_("받지 않은 행을 이유와 함께 적을 CSV 파일"))


def run(options: argparse.Namespace, prepare: Callable[[], tuple[Category, Sequence[Source]]]) -> int:
    """Run the whole command: import the sources that `prepare` opens; return the exit code."""
    done: list[Summary] = []

    def work() -> int:
        category, sources = prepare()
        return import_all(database.connect(), category, sources, options, done)

    def failed(error: SisepanError) -> int:
        report = {"state": "failed", "imports": list(map(reports.as_json, done))} if options.json else None
        return console.failed(error, report)

    return console.run(work, "import", failed)


def import_all(
    db: MongoDatabase,
    category: Category,
    sources: Sequence[Source],
    options: argparse.Namespace,
    done: list[Summary],
) -> int:
    """Import `sources` after a yes, or only examine them, and report; returns the exit code. `done` gets the summaries.

    Every source is read once before anything is written, so that a broken source stops the command before it begins.
    """
    if options.report:
        reports.require_writable(options.report)
    if not options.dry_run:
        locations.require_writable(db, category)
    intentions, total = [], 0
    for source in sources:
        counts = source.counts()
        known, _unknown = raw_tickers.by_ticker(category, counts)
        total += len(known)
        intentions.append(_intention(db, category, source.name, sum(counts.values()), len(known)))

    descriptions = cache(lambda: ticker_names.of(db, category))

    def step(source: Source, progress: Progress, stop: threading.Event) -> Summary:
        work = import_run.examine if options.dry_run else import_run.run
        return work(db, category, source, descriptions(), options.intraday, progress=progress, stop=stop)

    if not perform(options, intentions, [partial(step, source) for source in sources], done, total):
        if options.json:
            write_json({"state": "declined", "imports": []})
        return NOT_ALL_DONE
    write_refusals(db, options, done)
    is_whole = len(done) == len(sources)
    if options.json:
        states = [summary.state for summary in done if summary.state != "done"]
        state = "dry-run" if options.dry_run else next(iter(states), "done" if is_whole else "cancelled")
        write_json({"state": state, "imports": list(map(reports.as_json, done))})
    elif not is_whole:
        sentence = _("파일 {count}개 중 {done}개까지 하고 중단했습니다.")
        sys.stdout.write(sentence.format(count=len(sources), done=len(done)) + "\n")
    return exit_code(done) if is_whole else NOT_ALL_DONE


def perform(
    options: argparse.Namespace,
    intentions: Sequence[str],
    steps: Sequence[Step],
    done: list[Summary],
    total: int = 0,
) -> bool:
    """Run `steps` after a yes, until Ctrl-C, and print a text for each, except with --json. False if the answer is no.

    `done` gets the summaries; `total` is the number of all tickers, 0 if it is not known.
    """
    if not options.dry_run and not confirm(intentions, options.yes):
        return False

    def work(stop: threading.Event) -> None:
        for step in steps:
            if stop.is_set():
                return
            summary = step(show, stop)
            done.append(summary)
            if not options.json:
                tqdm.write(reports.text(categories.category(summary.category), summary), file=sys.stdout)

    with _progress_bar(total) as show:
        console.stoppable(work)
    return True


def confirm(intentions: Sequence[str], yes: bool) -> bool:
    """Print the intentions to standard error, ask, and return whether the answer is yes; with `yes`, do not ask.

    Raises WrongUse where standard input is no terminal.
    """
    sys.stderr.write("\n".join(intentions) + "\n")
    if yes:
        return True
    if not sys.stdin.isatty():
        raise WrongUse(
            N_("터미널이 아니어서 물어볼 수 없습니다. 아무것도 바꾸지 않았습니다. 그대로 하려면 --yes를 붙이십시오.")
        )
    sys.stderr.write(_("계속할까요? [y/N] "))
    sys.stderr.flush()
    if sys.stdin.readline().strip().lower() in YES:
        return True
    sys.stderr.write(_("아무것도 바꾸지 않았습니다.") + "\n")
    return False


def exit_code(summaries: Sequence[Summary]) -> int:
    """0 if every ticker is stored as it was read; 1 if a ticker failed, differs or was not reached, or no bar came."""
    good = all(
        summary.state == "done" and summary.bars and not summary.failures and not summary.differing
        for summary in summaries
    )
    return ALL_GOOD if good else NOT_ALL_DONE


def write_refusals(db: MongoDatabase, options: argparse.Namespace, summaries: Sequence[Summary]) -> None:
    """Write the refused rows of all runs to the file of --report, if it is given."""
    if options.report:
        count = reports.write_refusals(db, options.report, summaries)
        sentence = _("받지 않은 행 {count}개를 {path}에 적었습니다.")
        sys.stderr.write(sentence.format(count=count, path=options.report) + "\n")


def _intention(db: MongoDatabase, category: Category, source: str, rows: int, tickers: int) -> str:
    """A sentence that says what an import of `source` is going to do."""
    server = database.address() or _("내장 MongoDB")
    return _(
        "{source}: {rows}행, {tickers}종목을 {category}(으)로 읽어 "
        "데이터베이스 {database}의 {collection} 컬렉션에 넣습니다."
    ).format(
        source=source,
        rows=formats.count(rows),
        tickers=formats.count(tickers),
        category=_(category.title),
        database=f"{server}/{db.name}",
        collection=locations.of(db, category).collection,
    )


@contextmanager
def _progress_bar(total: int) -> Iterator[Progress]:
    """A progress bar; yields the function that moves it with the summaries of successive runs."""
    latest: dict[str, Summary] = {}
    with console.progress_bar() as show:

        def progress(summary: Summary) -> None:
            latest[summary.source] = summary
            show(sum(each.done for each in latest.values()), max(total, sum(each.total for each in latest.values())))

        show(0, total)
        yield progress
