"""Export stored prices: `python -m finance_core.export CATEGORY FILE.parquet` (or FILE.csv)."""

import signal
import sys
from collections.abc import Sequence

if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # Ctrl-C while the modules load: no traceback

import argparse
from pathlib import Path

from finance_core import categories, console, formats
from finance_core.console import ALL_GOOD
from finance_core.errors import SisepanError
from finance_core.i18n import _
from finance_core.storage import database, price_exports


def main(arguments: Sequence[str] | None = None) -> int:
    """Export as the command line says; returns 0, or 1 if nothing was written. Wrong use exits with 2."""
    console.prepare()
    options = _parser().parse_args(arguments)
    category = categories.category(options.category)

    def work() -> int:
        tickers = [category.ticker_of(ticker) for ticker in options.tickers.split(",") if ticker.strip()]
        with console.progress_bar() as show:
            done = console.stoppable(
                lambda stop: price_exports.export(
                    database.connect(), category, options.file, tickers or None, progress=show, stop=stop
                )
            )
        sentence = _("{category}: {tickers}종목의 봉 {bars}개를 {path}에 썼습니다.")
        written = formats.filled(sentence, category=_(category.title), path=options.file, **done._asdict())
        sys.stdout.write(f"{written}\n")
        if not tickers and (samples := price_exports.samples(database.connect(), category)):
            told = formats.filled(_(price_exports.SAMPLES), count=len(samples))
            sys.stdout.write(f"{told}\n")
        if not tickers and (refused := price_exports.refused(database.connect(), category)):
            told = _(price_exports.REFUSED).format(tickers=refused)
            sys.stdout.write(f"{told}\n")
        return ALL_GOOD

    return console.run(work, "export")


def _parser() -> argparse.ArgumentParser:
    def file(text: str) -> Path:
        try:
            price_exports.format_of(Path(text))
        except SisepanError as error:
            raise argparse.ArgumentTypeError(str(error)) from error
        return Path(text)

    parser = argparse.ArgumentParser(
        prog="python -m finance_core.export",
        description=_("저장된 시세를 CSV나 Parquet 파일로 내보냅니다. import_files로 다시 가져올 수 있습니다."),
    )
    keys = [category.key for category in categories.CATEGORIES]
    parser.add_argument("category", choices=keys, metavar="CATEGORY", help=", ".join(keys))
    parser.add_argument("file", type=file, metavar="FILE", help=_(".csv나 .parquet으로 끝나는 파일"))
    parser.add_argument("--tickers", default="", help=_("쉼표로 나눈 종목 코드; 없으면 실제 시세가 있는 종목 전부"))
    return parser


if __name__ == "__main__":
    sys.exit(main())
