"""Import a SQLite file: `python -m updaters.import_sqlite FILE [--category K] [--table T]` (or as a file)."""

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
from finance_core.foreign import import_command, raw_tickers
from finance_core.foreign.import_command import KEYS
from finance_core.foreign.sqlite_source import SqliteSource
from finance_core.foreign.table_source import Source
from finance_core.i18n import N_, _


def main(arguments: Sequence[str] | None = None) -> int:
    """Import a SQLite file and return the exit code.

    0: everything is stored; 1: something failed or was left undone; 2: wrong use; 3: the category has another run.
    """
    console.prepare()
    options = _parser().parse_args(arguments)

    def prepare() -> tuple[Category, list[Source]]:
        source = SqliteSource(options.file, options.table)
        category = categories.category(options.category) if options.category else category_of(source)
        return category, [source]

    return import_command.run(options, prepare)


def category_of(source: SqliteSource) -> Category:
    """The category of a file, by the names of the file and its table, or else by its tickers.

    Raises WrongUse where they do not show one category.
    """
    named = source.candidates
    fitting = named if len(named) == 1 else raw_tickers.fitting(named, source.counts())
    if len(fitting) != 1:
        raise WrongUse(
            N_("{source}이(가) 어느 카테고리인지 알 수 없습니다. --category로 정하십시오: {keys}"),
            source=source.name,
            keys=", ".join(KEYS),
        )
    return fitting[0]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m updaters.import_sqlite",
        description=_("SQLite 파일의 시세를 MongoDB로 가져옵니다. 파일은 읽기만 합니다."),
    )
    parser.add_argument("file", type=Path, metavar="FILE")
    category = _("어느 카테고리의 시세인지; 없으면 파일 이름과 종목으로 정합니다")
    parser.add_argument("--category", choices=KEYS, help=category)
    table = _("시세가 있는 테이블; 없으면 날짜와 종가 열이 있는 테이블")
    parser.add_argument("--table", default="", help=table)
    import_command.add_options(parser)
    return parser


if __name__ == "__main__":
    sys.exit(main())
