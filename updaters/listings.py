"""Register whole markets: `python -m updaters.listings kospi kosdaq sp500` (or as a file).

Without --yes, it only adds tickers, and fills in missing fields of listed tickers.
"""

import signal
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # Ctrl-C while the modules load: no traceback
    if not __package__:  # started as a file: make the project importable
        sys.path[0] = str(Path(__file__).resolve().parent.parent)

import argparse
from functools import partial

from finance_core import console, formats
from finance_core.console import ALL_GOOD, NOT_ALL_DONE
from finance_core.i18n import _
from finance_core.starter import MARKET_LISTS, MarketList
from finance_core.storage import database, market_lists
from finance_core.storage.database import MongoDatabase
from finance_core.storage.documents import MarketListing
from finance_core.storage.market_lists import Difference
from updaters import listing_refresh

SHOWN = 20
"""The most rows of each kind in the report."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Register lists and return the exit code.

    0: all good; 1: something failed or was left undone; 2: wrong use.
    """
    console.prepare()
    options = _parser().parse_args(arguments)
    return console.run(partial(_work, options), "listings")


def _work(options: argparse.Namespace) -> int:
    db = database.connect()
    code = ALL_GOOD
    for lists in market_lists.chosen(options.lists).values():
        fetched = listing_refresh.refresh(db, lists) if options.refresh else []
        difference = market_lists.difference(db, lists, fetched)
        sys.stdout.write("\n".join(_report(db, lists, fetched, difference)) + "\n")
        if options.dry_run:
            sys.stdout.write(_("아무것도 바꾸지 않았습니다.") + "\n")
            continue
        for listing in fetched:
            market_lists.keep(db, lists[0].category, listing)
        code = max(code, _apply(db, difference, options))
    return code


def _apply(db: MongoDatabase, difference: Difference, options: argparse.Namespace) -> int:
    """Apply the edits that the options allow, and print the result; returns an exit code."""
    edits = difference.all if options.yes else [] if options.refresh else difference.additions
    saved = market_lists.apply(db, difference.category, edits, "terminal")
    lines = [formats.filled(_("종목 {count}개를 목록에 반영했습니다."), count=len(saved.applied))]
    if waiting := len(difference.all) - len(edits):
        sentence = _("{count}개는 확인을 기다립니다. 그대로 반영하려면 --yes를 붙여 다시 실행하십시오.")
        lines.append(formats.filled(sentence, count=waiting))
    if saved.conflicts:
        sentence = _("{count}개는 그사이 다른 사람이 고쳐서 두었습니다. 다시 실행하십시오.")
        lines.append(formats.filled(sentence, count=len(saved.conflicts)))
    lines += [f"  {ticker}: {error}" for ticker, error in saved.refused.items()]
    sys.stdout.write("\n".join(lines) + "\n")
    return NOT_ALL_DONE if saved.conflicts or saved.refused else ALL_GOOD


def _report(
    db: MongoDatabase, lists: Sequence[MarketList], fetched: Sequence[MarketListing], difference: Difference
) -> Iterator[str]:
    """The dates of the lists, the number of changed rows, and the first of these."""
    yield from market_lists.dates(db, lists, fetched)
    yield market_lists.summary(difference)
    yield from market_lists.remarks(difference)
    for kind, edits in difference.edits.items():
        title = _(market_lists.TITLES[kind])
        for edit in edits[:SHOWN]:
            yield f"  {title} {edit.ticker} {difference.names[edit.ticker]}: {market_lists.described(edit)}"
        if len(edits) > SHOWN:
            yield "  " + formats.filled(_("… 외 {count}개"), count=len(edits) - SHOWN)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m updaters.listings",
        description=_("시장 전체의 종목 목록을 등록합니다. 사람이 고친 이름은 그대로 둡니다."),
    )
    keys = [each.key for each in MARKET_LISTS]
    parser.add_argument("lists", nargs="+", choices=keys, metavar="LIST", help=", ".join(keys))
    parser.add_argument("--refresh", action="store_true", help=_("Yahoo에서 새 목록을 받아 차이를 보여 줍니다"))
    yes = _("이름 바뀜, 시장 옮김, 상장폐지까지 목록대로 반영합니다")
    parser.add_argument("--yes", action="store_true", help=yes)
    parser.add_argument("--dry-run", action="store_true", help=_("차이만 알리고 아무것도 바꾸지 않습니다"))
    return parser


if __name__ == "__main__":
    sys.exit(main())
