"""The command line of an updater: arguments, progress bar, summary, exit code. Each category's module only names itself."""

import argparse
import logging
import signal
import sys
from collections.abc import Sequence

from pymongo.errors import PyMongoError
from tqdm import tqdm

from finance_core import categories, database, i18n, settings
from finance_core.categories import Category
from finance_core.errors import SisepanError
from finance_core.i18n import _
from updaters import update

ALL_GOOD, SOME_FAILED, WRONG_USE = 0, 1, 2


def main(category_key: str, arguments: Sequence[str] | None = None) -> int:
    """Run an update as a command says and return its exit code: 0 all good, 1 something failed, 2 wrong use."""
    i18n.use_shell_language()
    category = categories.category(category_key)
    options = _parser(category).parse_args(arguments)
    _log_to_file()
    stopping = _stop_on_signals()
    bar = tqdm(total=1, unit="", disable=None, leave=False)

    def show(summary: update.Summary) -> None:
        bar.total, bar.n = max(summary.total, 1), len(summary.results)
        bar.refresh()

    try:
        summary = update.run(
            database.connect(),
            category,
            options.tickers,
            full=options.full,
            progress=show,
            cancelled=lambda: bool(stopping),
        )
    except SisepanError as error:
        return _fail(error)
    except PyMongoError as error:
        logging.getLogger(__name__).exception("the database failed during an update")
        return _fail(database.explain(error))
    finally:
        bar.close()
    print(report(category, summary))
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
    corrected = sum(len(result.remarks) for result in summary.results)
    if corrected:
        lines.append(_("고치거나 뺀 봉 {count}개 (자세한 내용은 로그에 있습니다)").format(count=corrected))
    lines += [f"  {result.ticker}: {result.error}" for result in summary.failures]
    if summary.cancelled:
        lines.append(_("중단했습니다. 다시 실행하면 이어서 합니다."))
    return "\n".join(lines)


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
    return parser


def _log_to_file() -> None:
    """Send the log to the data directory: the terminal belongs to the progress bar and the summary."""
    directory = settings.data_dir() / "log"
    directory.mkdir(parents=True, exist_ok=True)
    logging.basicConfig(
        filename=directory / "update.log", level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s"
    )


def _stop_on_signals() -> list[int]:
    """A list that fills when Ctrl-C or SIGTERM asks to stop: the ticker in flight is still finished and saved."""
    received: list[int] = []

    def stop(number: int, _frame: object) -> None:
        if received:  # the second time means it
            raise KeyboardInterrupt
        received.append(number)

    signal.signal(signal.SIGINT, stop)
    signal.signal(signal.SIGTERM, stop)
    return received


def _fail(error: SisepanError) -> int:
    print(error, file=sys.stderr)
    return SOME_FAILED
