"""The command line of an updater: arguments, progress bar, summary, exit code.

The module of each category (`updaters.update_kr`, …) only passes its category. `category_update` does the update run.
"""

import argparse
import datetime as dt
import json
import sys
from collections.abc import Sequence
from fractions import Fraction
from functools import partial
from typing import Any

from finance_core import categories, console, formats
from finance_core.categories import Category
from finance_core.console import ALL_GOOD, NOT_ALL_DONE
from finance_core.i18n import _
from finance_core.storage import database, runs
from finance_core.storage.database import MongoDatabase
from updaters import category_update, update_plan
from updaters.run_summary import Summary
from updaters.ticker_update import TickerResult

MAX_WORKERS = 64


def main(category_key: str, arguments: Sequence[str] | None = None) -> int:
    """Run an update and return the exit code of the command.

    0: all good. 1: a ticker failed, or something was left undone; with --fail-below: the run is not done, or too few
    tickers have the bar of their last session. 3: another run of this category is running. Wrong use raises SystemExit
    with code 2, as argparse does. Every other error is a sentence on standard error, and a traceback in the log.
    """
    console.prepare()
    category = categories.category(category_key)
    options = _parser(category).parse_args(arguments)

    def work() -> int:
        if options.dry_run:
            sys.stdout.write(_dry_run(category, options) + "\n")
            return ALL_GOOD
        summary = _run(category, options)
        sys.stdout.write((_as_json(summary) if options.json else report(category, summary)) + "\n")
        return _exit_code(summary, options.fail_below)

    of_failure = {"category": category.key} if options.json else None
    return console.run(work, "update", partial(console.failed, report=of_failure))


def _exit_code(summary: Summary, fail_below: Fraction | None) -> int:
    if summary.state != "done" or not summary.total:
        return NOT_ALL_DONE
    is_good = not summary.failures if fail_below is None else summary.fresh >= fail_below * summary.expected
    return ALL_GOOD if is_good else NOT_ALL_DONE


def report(category: Category, summary: Summary) -> str:
    """The outcome of a run as text: counts, then each failure with its reason."""
    if not summary.total:
        sentence = _(
            "{category}: 등록된 종목이 없습니다. --tickers로 종목을 지정하십시오."
            " 데이터베이스에 이미 시세가 있으면 먼저 python -m finance_core.adopt로 살펴보십시오."
        )
        return sentence.format(category=_(category.title))
    lines = [
        _(
            "{category}: {done}/{total}종목, 봉 {added}개 추가, {replaced}개 교체, {removed}개 삭제, 실패 {failed}종목"
        ).format(category=_(category.title), **summary.counts)
    ]
    counted = (
        (summary.current, _("이미 최신이라 묻지 않은 종목 {count}개")),
        (summary.deferred, _("Yahoo에 오래 새 봉이 없어 이번에 묻지 않은 종목 {count}개")),
        (summary.changed + summary.refused, _("고치거나 뺀 봉 {count}개 (자세한 내용은 로그에 있습니다)")),
        (summary.expected - summary.fresh, _("마지막 거래일의 봉이 있는 종목 {fresh}/{expected}")),
        (summary.delisted, _("Yahoo에서 여러 번 찾지 못해 상장폐지된 듯한 종목 {count}개")),
    )
    lines += [sentence.format(count=count, **summary.counts) for count, sentence in counted if count > 0]
    lines += [f"  {failure.ticker}: {failure.error}" for failure in summary.failures]
    if summary.reason:
        lines.append(str(summary.reason))
    if summary.continued:
        sentence = _(
            "{moment}에 시작해 끝내지 못한 전체 받기를 이어서 했습니다. --full --force는 처음부터 다시 받습니다."
        )
        lines.append(sentence.format(moment=f"{summary.continued.replace(tzinfo=dt.UTC).astimezone():%Y-%m-%d %H:%M}"))
    if summary.state == "cancelled":
        lines.append(_("중단했습니다. 다시 실행하면 이어서 합니다."))
    return "\n".join(lines)


def _as_json(summary: Summary) -> str:
    report: dict[str, Any] = {
        "category": summary.category,
        "state": summary.state,
        **summary.counts,
        "seconds": round(summary.seconds, 3),
        "failures": [{"ticker": failure.ticker, "reason": str(failure.error)} for failure in summary.failures],
    }
    if summary.reason:
        report["reason"] = str(summary.reason)
    return json.dumps(report, ensure_ascii=False)


def _dry_run(category: Category, options: argparse.Namespace) -> str:
    db, now = database.connect(), dt.datetime.now(dt.UTC)
    plan = update_plan.make(
        db,
        category,
        options.tickers,
        now=now,
        full=options.full,
        force=options.force,
        full_since=_begun(options, db, category),
    )
    if options.json:
        fetched = [{"ticker": due.ticker, "since": formats.date(due.since) if due.since else None} for due in plan.due]
        report = {
            "category": category.key,
            "state": "dry-run",
            "current": plan.current,
            "deferred": plan.deferred,
            "would_fetch": fetched,
        }
        return json.dumps(report, ensure_ascii=False)
    lines = [
        _("{category}: {count}종목을 받을 것이고 {current}종목은 이미 최신입니다. 아무것도 바꾸지 않았습니다.").format(
            category=_(category.title), count=len(plan.due), current=plan.current
        )
    ]
    for due in plan.due:
        extent = _("{date} 뒤의 새 봉").format(date=formats.date(due.since)) if due.since else _("전체 이력")
        lines.append(f"  {due.ticker}: {extent}")
    return "\n".join(lines)


def _run(category: Category, options: argparse.Namespace) -> Summary:
    db = database.connect()
    ways = {"full": options.full, "force": options.force, "full_since": _begun(options, db, category)}
    if options.no_quotes:
        ways["by_quotes"] = False
    update = partial(category_update.run, db, category, options.tickers, workers=options.workers, **ways)
    with console.progress_bar() as show:

        def progress(summary: Summary, _result: TickerResult | None) -> None:
            show(summary.done, summary.total)

        return console.stoppable(lambda stop: update(progress=progress, stop=stop))


def _begun(options: argparse.Namespace, db: MongoDatabase, category: Category) -> dt.datetime | None:
    """The moment at which the full run began that this run continues; None if it continues none."""
    is_anew = options.force or not options.full
    return None if is_anew else runs.unfinished_full(db, category, options.tickers)


def _parser(category: Category) -> argparse.ArgumentParser:
    def ticker_list(text: str) -> list[str]:
        tickers = [ticker.strip().upper() for ticker in text.split(",") if ticker.strip()]
        wrong = [ticker for ticker in tickers if not category.is_ticker(ticker)]
        if wrong or not tickers:
            raise argparse.ArgumentTypeError(
                _("종목 코드가 아닙니다: {tickers}").format(tickers=", ".join(wrong) or repr(text))
            )
        return tickers

    def worker_count(text: str) -> int:
        count = int(text) if text.isdecimal() else 0
        if not 1 <= count <= MAX_WORKERS:
            raise argparse.ArgumentTypeError(_("1에서 {most} 사이의 수여야 합니다").format(most=MAX_WORKERS))
        return count

    def share(text: str) -> Fraction:
        number = text.strip()
        try:
            value = Fraction(number.removesuffix("%").strip()) / (100 if number.endswith("%") else 1)
        except (ValueError, ZeroDivisionError):
            value = Fraction(-1)
        if not 0 <= value <= 1:
            raise argparse.ArgumentTypeError(
                _("비율이 아닙니다: {text}. 99%나 0.99처럼 0과 1 사이여야 합니다").format(text=repr(text))
            )
        return value

    parser = argparse.ArgumentParser(
        prog=f"python -m {category.update_command}",
        description=_("{category} 시세를 Yahoo에서 받아 MongoDB에 저장합니다.").format(category=_(category.title)),
    )
    parser.add_argument("--tickers", type=ticker_list, help=_("쉼표로 나눈 종목 코드; 없으면 등록된 종목 전부"))
    parser.add_argument("--full", action="store_true", help=_("새 봉만이 아니라 전체 이력을 다시 받습니다"))
    parser.add_argument("--force", action="store_true", help=_("이미 최신인 종목도 Yahoo에 물어봅니다"))
    no_quotes = _("시장 전체의 현재가 대신 종목마다 차트를 물어봅니다")
    parser.add_argument("--no-quotes", action="store_true", help=no_quotes)
    workers = _("동시에 받는 종목 수 (기본값 {count})").format(count=category_update.WORKERS)
    parser.add_argument("--workers", type=worker_count, default=category_update.WORKERS, help=workers)
    least = _("마지막 거래일의 봉이 있는 종목이 이 비율(99%, 0.99)에 못 미칠 때만 1로 끝납니다")
    parser.add_argument("--fail-below", type=share, metavar="SHARE", help=least.replace("%", "%%"))
    parser.add_argument("--dry-run", action="store_true", help=_("무엇을 받을지만 알리고 아무것도 바꾸지 않습니다"))
    parser.add_argument("--json", action="store_true", help=_("결과를 JSON 하나로 표준 출력에 씁니다"))
    return parser
