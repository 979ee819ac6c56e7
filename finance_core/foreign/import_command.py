"""What the commands that import prices share: the question beforehand, the progress bar, the report, refused rows.

What an import does is left to `importing`; where its rows come from, to each command.
"""

import argparse
import csv
import json
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

from tqdm import tqdm

from finance_core import console, formats
from finance_core.categories import CATEGORIES, Category
from finance_core.console import ALL_GOOD, ALREADY_RUNNING, NOT_ALL_DONE, WRONG_USE
from finance_core.errors import SisepanError
from finance_core.foreign import import_records, import_run, sources, ticker_names
from finance_core.foreign.import_records import Summary
from finance_core.foreign.sources import Conversion, Refusal, Source
from finance_core.i18n import N_, _
from finance_core.spreadsheets import defused
from finance_core.storage import database, locations, runs
from finance_core.storage.database import MongoDatabase

SHOWN_FAILURES = 100
"""How many tickers that were kept back a report names; JSON has all."""
YES = ("y", "yes", "예", "네", "ㅛ")
"""What counts as a yes; the last one is y on a Korean keyboard."""


class WrongUse(SisepanError):
    """A command was called in a way that it cannot work with; nothing was changed."""


def confirm(lines: Sequence[str], yes: bool) -> bool:
    """Say what is going to happen, and whether a person wants it; `yes` is one said beforehand.

    All of it goes to standard error. Raises WrongUse where nobody can be asked.
    """
    sys.stderr.write("\n".join(lines) + "\n")
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


def intention(db: MongoDatabase, category: Category, source: str, rows: int, tickers: int) -> str:
    """What an import of `source` is going to do, before it is confirmed."""
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


class Progressing(Protocol):
    """Whatever a bar is drawn for."""

    source: str
    total: int
    done: int


@contextmanager
def progress_bar(tickers: int = 0) -> Iterator[Callable[[Progressing], None]]:
    """A bar on a terminal while the block runs, and what moves it: `progress` of one import, or of one after another.

    `tickers` is how many there will be of all of them, where that is known.
    """
    with tqdm(total=max(tickers, 1), unit="", disable=None, leave=False) as bar:
        seen: dict[str, Progressing] = {}

        def show(summary: Progressing) -> None:
            seen[summary.source] = summary
            bar.total = max(tickers, sum(each.total for each in seen.values()), 1)
            bar.n = sum(each.done for each in seen.values())
            bar.refresh()

        yield show


def report(category: Category, summary: Summary) -> str:
    """What an import did, for a person: counts, what was refused, what was kept, and whether all of it is there."""
    lines = [
        _(
            "{source} → {category}: {rows}행, {done}/{total}종목, 봉 {bars}개 중 {added}개 추가, {replaced}개 교체, "
            "{removed}개 삭제"
        ).format(
            source=summary.source,
            category=_(category.title),
            rows=formats.count(summary.rows),
            done=formats.count(summary.done),
            total=formats.count(summary.total),
            bars=formats.count(summary.bars),
            added=formats.count(summary.added),
            replaced=formats.count(summary.replaced),
            removed=formats.count(summary.removed),
        ),
        *_details(summary),
    ]
    for failure in summary.failures[:SHOWN_FAILURES]:
        lines.append(f"  {failure.ticker}: {failure.error}")
    if summary.differing:
        lines.append(
            _("다시 읽어 보니 읽은 것과 다른 종목 {count}개: {tickers}").format(
                count=len(summary.differing), tickers=", ".join(summary.differing[:SHOWN_FAILURES])
            )
        )
    elif summary.state == "done":
        lines.append(
            _("다시 읽어 보니 {count}종목 모두 봉 수, 날짜 범위, 종가의 체크섬이 읽은 것과 같습니다.").format(
                count=formats.count(summary.verified)
            )
        )
    if summary.state == "failed" and not summary.differing:
        lines.append(_("다른 실행이 이 카테고리를 넘겨받아 멈췄습니다. 다시 실행하면 이어서 합니다."))
    if summary.state == "cancelled":
        lines.append(_("중단했습니다. 다시 실행하면 이어서 합니다."))
    return "\n".join(lines)


def dry_report(category: Category, summary: Summary) -> str:
    """What an import would do, for a person, with the first conversions."""
    lines = [
        _("{source} → {category}: {rows}행이 {total}종목의 봉 {bars}개가 됩니다. 아무것도 바꾸지 않았습니다.").format(
            source=summary.source,
            category=_(category.title),
            rows=formats.count(summary.rows),
            total=formats.count(summary.total),
            bars=formats.count(summary.bars),
        ),
        *_details(summary),
    ]
    for each in summary.conversions:
        before, after = _sides(each)
        lines.append(f"  {before} → {after}")
    return "\n".join(lines)


def _details(summary: Summary) -> list[str]:
    lines = []
    if summary.first and summary.last:
        first, last = formats.date(summary.first), formats.date(summary.last)
        lines.append(_("기간: {first} ~ {last}").format(first=first, last=last))
    if summary.current:
        lines.append(_("앞서 중단된 가져오기에서 끝낸 종목 {count}개").format(count=formats.count(summary.current)))
    if summary.changed:
        lines.append(
            _("고친 봉 {count}개 (자세한 내용은 로그에 있습니다)").format(count=formats.count(summary.changed))
        )
    if summary.refused:
        lines.append(_("받지 않은 행 {count}개:").format(count=formats.count(summary.refused)))
        for reason, count in sorted(reasons(summary.reasons).items(), key=lambda each: -each[1]):
            lines.append(f"  {formats.count(count)}: {reason}")
    if summary.failures:
        kept = formats.count(len(summary.failures))
        lines.append(_("저장된 시세를 그대로 둔 종목 {count}개:").format(count=kept))
    return lines


def _sides(conversion: Conversion) -> tuple[str, str]:
    return (
        f"[{conversion.place}] {conversion.raw_ticker} {conversion.raw_date}",
        f"{conversion.ticker} {formats.date(conversion.date)} {conversion.close:.10g}",
    )


def reasons(counts: Mapping[str, int]) -> dict[str, int]:
    """How many rows were refused for each reason, in words; what differs from row to row is left out."""
    return {_(message).format_map(_Elided()): count for message, count in counts.items()}


class _Elided(dict[str, str]):
    def __missing__(self, _name: str) -> str:
        return "…"


def as_json(summary: Summary) -> dict[str, Any]:
    """The same for a program."""
    told: dict[str, Any] = {
        "category": summary.category,
        "source": summary.source,
        "state": summary.state,
        **summary.counts,
        "first": formats.date(summary.first) if summary.first else None,
        "last": formats.date(summary.last) if summary.last else None,
        "reasons": reasons(summary.reasons),
        "failures": [{"ticker": each.ticker, "reason": str(each.error)} for each in summary.failures],
        "verified": summary.verified,
        "differing": summary.differing,
    }
    if summary.conversions:
        told["conversions"] = [
            {
                "place": each.place,
                "raw_ticker": each.raw_ticker,
                "raw_date": each.raw_date,
                "ticker": each.ticker,
                "date": formats.date(each.date),
                "close": each.close,
            }
            for each in summary.conversions
        ]
    return told


class ImportCommand:
    """A command that imports sources: what it was asked for, and what it has done so far."""

    def __init__(self, options: argparse.Namespace) -> None:
        self._options = options
        self._summaries: list[Summary] = []

    def run(self, db: MongoDatabase, category: Category, given: Sequence[Source]) -> int:
        """Say what will be done, ask, import (or only look, in a dry run), report; returns the exit code.

        Every source is read through once before anything is written, so that none turns out to be broken midway.
        """
        options = self._options
        if options.report:
            require_writable(options.report)
        if not options.dry_run:
            locations.require_writable(db, category)
        lines, tickers = [], 0
        for source in given:
            counts = source.counts()
            wanted, _unknown = sources.by_ticker(category, counts)
            tickers += len(wanted)
            lines.append(intention(db, category, source.name, sum(counts.values()), len(wanted)))
        if not options.dry_run and not confirm(lines, options.yes):
            if options.json:
                self._write_json("declined")
            return NOT_ALL_DONE
        with progress_bar(tickers) as show:
            console.stoppable(lambda stop: self._work(db, category, given, show, stop))
        return self._finish(db, len(given))

    def fail(self, error: SisepanError) -> int:
        """Say what went wrong; returns the exit code."""
        if self._options.json:
            state = "already running" if isinstance(error, runs.AlreadyRunning) else "failed"
            self._write_json(state, {"reason": str(error)})
        sys.stderr.write(f"{error}\n")
        return failure_code(error)

    def _work(
        self,
        db: MongoDatabase,
        category: Category,
        given: Sequence[Source],
        show: Callable[[Progressing], None],
        stop: threading.Event,
    ) -> None:
        known = {} if self._options.dry_run else ticker_names.of(db, category)
        for source in given:
            if stop.is_set():
                return
            if self._options.dry_run:
                summary = import_run.examine(category, source, show, stop)
            else:
                summary = import_run.run(db, category, source, known, progress=show, stop=stop)
            self._summaries.append(summary)
            if not self._options.json:
                said = dry_report(category, summary) if self._options.dry_run else report(category, summary)
                tqdm.write(said, file=sys.stdout)

    def _finish(self, db: MongoDatabase, count: int) -> int:
        options, done = self._options, self._summaries
        is_whole = len(done) == count
        if options.report:
            refused = ((each.source, refused_rows(db, each)) for each in done)
            said = _("받지 않은 행 {count}개를 {path}에 적었습니다.")
            sys.stderr.write(said.format(count=write_report(options.report, refused), path=options.report) + "\n")
        if options.json:
            states = [each.state for each in done if each.state != "done"]
            self._write_json("dry-run" if options.dry_run else next(iter(states), "done" if is_whole else "cancelled"))
        elif not is_whole:
            sys.stdout.write(
                _("파일 {count}개 중 {done}개까지 하고 중단했습니다.").format(count=count, done=len(done)) + "\n"
            )
        return exit_code(done) if is_whole else NOT_ALL_DONE

    def _write_json(self, state: str, more: Mapping[str, Any] | None = None) -> None:
        told = {"state": state, "imports": [as_json(each) for each in self._summaries], **(more or {})}
        sys.stdout.write(json.dumps(told, ensure_ascii=False) + "\n")


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options that every command has that imports."""
    parser.add_argument(
        "--dry-run", action="store_true", help=_("무엇이 어떻게 될지만 알리고 아무것도 바꾸지 않습니다")
    )
    parser.add_argument("--yes", action="store_true", help=_("묻지 않고 그대로 합니다"))
    parser.add_argument("--json", action="store_true", help=_("결과를 JSON 하나로 표준 출력에 씁니다"))
    parser.add_argument("--report", type=Path, metavar="CSV", help=_("받지 않은 행을 이유와 함께 적을 CSV 파일"))


def exit_code(summaries: Iterable[Summary]) -> int:
    """0 where everything is in as it was read, 1 where a ticker was kept back, differs, or was not reached."""
    good = all(each.state == "done" and not each.failures and not each.differing for each in summaries)
    return ALL_GOOD if good else NOT_ALL_DONE


def failure_code(error: SisepanError) -> int:
    """The exit code of a command that ends with `error`."""
    if isinstance(error, runs.AlreadyRunning):
        return ALREADY_RUNNING
    return WRONG_USE if isinstance(error, WrongUse) else NOT_ALL_DONE


def refused_rows(db: MongoDatabase, summary: Summary) -> Iterable[Refusal]:
    """Every row that an import, or a dry run of one, refused."""
    return summary.refusals or import_records.refusals(db, summary.import_id)


def require_writable(path: Path) -> None:
    """Raise WrongUse unless a file can be written at `path`: before an import, not after it."""
    try:
        is_new = not path.exists()
        path.open("ab").close()
        if is_new:
            path.unlink()
    except OSError as error:
        raise _unwritable(path, error) from error


def write_report(path: Path, refused: Iterable[tuple[str, Iterable[Refusal]]]) -> int:
    """Write every refused row of each source as CSV, for Excel too; returns how many there were."""
    count = 0
    try:
        with path.open("w", encoding="utf-8-sig", newline="") as file:
            rows = csv.writer(file)
            rows.writerow(["source", "place", "ticker", "date", "reason"])
            for source, refusals in refused:
                for each in refusals:
                    cells = (source, each.place, each.ticker, each.date, str(each.reason))
                    rows.writerow([defused(cell) for cell in cells])
                    count += 1
    except OSError as error:
        raise _unwritable(path, error) from error
    return count


def _unwritable(path: Path, error: OSError) -> WrongUse:
    reason = error.strerror or type(error).__name__
    return WrongUse(N_("{path}에 쓸 수 없습니다({reason})."), path=str(path), reason=reason)


def keys() -> str:
    """The keys of all categories, for a sentence."""
    return ", ".join(category.key for category in CATEGORIES)
