"""Import CSV and Parquet files: `python -m updaters.import_files FILE... --category K` (or as a file)."""

import signal
import sys
from collections.abc import Sequence
from pathlib import Path

if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # Ctrl-C while the modules load: no traceback
    if not __package__:  # started as a file: make the project importable
        sys.path[0] = str(Path(__file__).resolve().parent.parent)

import argparse

from finance_core import categories, console
from finance_core.categories import Category
from finance_core.errors import WrongUse
from finance_core.foreign import file_source, import_command, joined_source
from finance_core.foreign.joined_source import JoinedSource
from finance_core.foreign.table_source import Source
from finance_core.i18n import N_, _


def main(arguments: Sequence[str] | None = None) -> int:
    """Import files and return the exit code.

    0: everything is stored; 1: something failed or was left undone; 2: wrong use; 3: the category has another run.
    """
    console.prepare()
    options = _parser().parse_args(arguments)

    def prepare() -> tuple[Category, list[Source]]:
        category = categories.category(options.category)
        if len({path.name for path in options.files}) < len(options.files):
            raise WrongUse(joined_source.SAME_NAME)
        ticker = category.ticker_of(options.ticker)
        if ticker and len(options.files) > 1 and not options.together:
            raise WrongUse(N_("--ticker는 파일이 하나이거나 --together일 때만 쓸 수 있습니다."))
        if ticker and not category.is_ticker(ticker):
            raise WrongUse(N_("종목 코드가 아닙니다: {tickers}"), tickers=options.ticker)
        sources = [file_source.open_file(path, category, ticker) for path in options.files]
        return category, [JoinedSource(sources)] if options.together and len(sources) > 1 else sources

    return import_command.run(options, prepare)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m updaters.import_files",
        description=_("CSV나 Parquet 파일의 시세를 MongoDB로 가져옵니다. 파일은 읽기만 합니다."),
    )
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
    parser.add_argument("--category", required=True, choices=import_command.KEYS, help=_("어느 카테고리의 시세인지"))
    only = _("모든 행의 종목 코드; 없으면 종목코드 열이나 파일 이름에서 읽습니다")
    parser.add_argument("--ticker", default="", help=only)
    together = _("모든 파일을 한 이력의 부분으로(연도마다 파일 하나처럼) 이어서 읽습니다")
    parser.add_argument("--together", action="store_true", help=together)
    import_command.add_options(parser)
    return parser


if __name__ == "__main__":
    sys.exit(main())
