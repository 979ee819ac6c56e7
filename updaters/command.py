"""The command line of an updater: arguments, progress bar, summary, exit code.

Each category's own module only names its category. What an update does is left to `update`.
"""

import argparse
import io
import logging
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager
from contextvars import copy_context
from functools import partial
from logging.handlers import RotatingFileHandler
from pathlib import Path

from pymongo.errors import PyMongoError
from tqdm import tqdm

from finance_core import categories, database, i18n, settings
from finance_core.categories import Category
from finance_core.errors import DatabaseMisconfigured, SisepanError
from finance_core.i18n import N_, _
from updaters import update

ALL_GOOD, SOME_FAILED, WRONG_USE = 0, 1, 2

LOG_BYTES = 5_000_000
"""A longer log is put aside, in place of the one before."""

_log = logging.getLogger(__name__)


def main(category_key: str, arguments: Sequence[str] | None = None) -> int:
    """Run an update as a command says and return its exit code: 0 all good, 1 something failed.

    Wrong use ends in SystemExit with code 2, as argparse has it. Whatever else happens, standard error gets a sentence
    and the log the traceback.
    """
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # a terminal without Hangul is no reason to fail
    i18n.use_shell_language()
    category = categories.category(category_key)
    options = _parser(category).parse_args(arguments)
    try:
        _log_to_file()
        summary = _run(category, options.tickers, full=options.full, force=options.force)
    except SisepanError as error:
        return _fail(error)
    except PyMongoError as error:
        _log.exception("the database failed during an update")
        return _fail(database.explain(error))
    except Exception as error:  # noqa: BLE001 - the last line of a command: whoever runs it is told
        _log.exception("an update failed")
        return _fail(
            SisepanError(
                N_("예상하지 못한 오류({kind})로 멈췄습니다. 자세한 내용은 {log}에 있습니다."),
                kind=type(error).__name__,
                log=str(_log_file()),
            )
        )
    sys.stdout.write(report(category, summary) + "\n")
    return SOME_FAILED if summary.failures or summary.cancelled else ALL_GOOD


def report(category: Category, summary: update.Summary) -> str:
    """What a run did, for a person: counts, then each failure with its reason."""
    if not summary.total:
        return _("{category}: 등록된 종목이 없습니다. --tickers로 종목을 지정하십시오.").format(
            category=_(category.title)
        )
    lines = [
        _(
            "{category}: {done}/{total}종목, 봉 {added}개 추가, {replaced}개 교체, {removed}개 삭제, 실패 {failed}종목"
        ).format(
            category=_(category.title),
            done=len(summary.results),
            total=summary.total,
            added=summary.added,
            replaced=summary.replaced,
            removed=summary.removed,
            failed=len(summary.failures),
        )
    ]
    if summary.current:
        lines.append(_("이미 최신이라 묻지 않은 종목 {count}개").format(count=summary.current))
    corrected = sum(len(result.remarks) for result in summary.results)
    if corrected:
        lines.append(_("고치거나 뺀 봉 {count}개 (자세한 내용은 로그에 있습니다)").format(count=corrected))
    lines += [f"  {result.ticker}: {result.error}" for result in summary.failures]
    if summary.cancelled:
        lines.append(_("중단했습니다. 다시 실행하면 이어서 합니다."))
    return "\n".join(lines)


def _run(category: Category, only: list[str] | None, *, full: bool, force: bool) -> update.Summary:
    bar = tqdm(total=1, unit="", disable=None, leave=False)

    def show(summary: update.Summary) -> None:
        bar.total, bar.n = max(summary.total, 1), len(summary.results)
        bar.refresh()

    with _asked_to_stop() as cancelled, bar, ThreadPoolExecutor(1) as worker:
        db = database.connect()
        work = partial(update.run, db, category, only, full=full, force=force, progress=show, cancelled=cancelled)
        # Not in this thread, which alone takes signals, and takes none while it waits for Yahoo.
        running = worker.submit(copy_context().run, work)
        while not running.done():
            wait([running], timeout=0.1)
        return running.result()


def _parser(category: Category) -> argparse.ArgumentParser:
    def ticker_list(text: str) -> list[str]:
        tickers = [ticker.strip().upper() for ticker in text.split(",") if ticker.strip()]
        wrong = [ticker for ticker in tickers if not category.is_ticker(ticker)]
        if wrong or not tickers:
            raise argparse.ArgumentTypeError(
                _("종목 코드가 아닙니다: {tickers}").format(tickers=", ".join(wrong) or repr(text))
            )
        return tickers

    parser = argparse.ArgumentParser(
        prog=f"python -m {category.update_command}",
        description=_("{category} 시세를 Yahoo에서 받아 MongoDB에 저장합니다.").format(category=_(category.title)),
    )
    parser.add_argument("--tickers", type=ticker_list, help=_("쉼표로 나눈 종목 코드; 없으면 등록된 종목 전부"))
    parser.add_argument("--full", action="store_true", help=_("새 봉만이 아니라 전체 이력을 다시 받습니다"))
    parser.add_argument("--force", action="store_true", help=_("이미 최신인 종목도 Yahoo에 물어봅니다"))
    return parser


def _log_file() -> Path:
    return settings.data_dir() / "log" / "update.log"


def _log_to_file() -> None:
    """Send the log to the data directory: the terminal belongs to the progress bar and the summary."""
    logging.raiseExceptions = False  # a full disk is no reason for a traceback on the terminal
    file = _log_file()
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        handler = RotatingFileHandler(file, maxBytes=LOG_BYTES, backupCount=1, encoding="utf-8")
    except OSError as error:
        raise DatabaseMisconfigured(
            N_(
                "{path}에 쓸 수 없습니다({reason}). 권한과 남은 공간을 확인하거나 "
                "FINANCE_DATA_DIR에 다른 디렉터리를 적으십시오."
            ),
            path=error.filename or str(file),
            reason=error.strerror or type(error).__name__,
        ) from error
    logging.basicConfig(handlers=[handler], level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")


@contextmanager
def _asked_to_stop() -> Iterator[Callable[[], bool]]:
    """Whether Ctrl-C or SIGTERM asked to stop: the ticker in flight is still finished and saved.

    The second time means it, and ends the process at once.
    """
    received: list[int] = []

    def stop(number: int, _frame: object) -> None:
        received.append(number)
        for each in before:
            signal.signal(each, signal.SIG_DFL)

    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    for number in before:
        signal.signal(number, stop)
    try:
        yield lambda: bool(received)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _fail(error: SisepanError) -> int:
    sys.stderr.write(f"{error}\n")
    return SOME_FAILED
