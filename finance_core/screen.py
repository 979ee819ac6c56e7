"""Ask the whole market: `python -m finance_core.screen CATEGORY "close > ma20 and volume > 3 * volume_ma20"`.

The condition may also be the name of a ready one (new_high, golden_cross, …). Prices are adjusted for all splits known
today; conditions see no bar after `--as-of`.
"""

import signal
import sys
from collections.abc import Callable, Sequence

if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # Ctrl-C while the modules load: no traceback

import argparse
import datetime as dt
import json
import math
from typing import Any, Final

import pandas as pd

from finance_core import categories, console, formats, spreadsheets
from finance_core.bars import conditions
from finance_core.bars.condition_tree import Node
from finance_core.bars.conditions import Mistake
from finance_core.bars.outcomes import Outcome
from finance_core.bars.screen import READY, REASONS, Result, rule_of
from finance_core.console import ALL_GOOD
from finance_core.i18n import _
from finance_core.storage import database, screens, tickers


def main(arguments: Sequence[str] | None = None) -> int:
    """Screen as the command line says; returns 0, or 1 after an error. Wrong use exits with 2."""
    console.prepare()
    parser = _parser()
    options = parser.parse_args(arguments)
    category = categories.category(options.category)
    try:
        tree = conditions.parse(rule_of(options.condition))
    except Mistake as mistake:
        parser.exit(console.WRONG_USE, f"{mistake}\n{mistake.pointer}\n")

    for remark in conditions.remarks(tree):
        sys.stderr.write(f"{remark}\n")

    def work() -> int:
        db = database.connect()
        result = screens.ask(db, category, tree, options.as_of)
        followed = screens.what_followed(db, category, tree, options.as_of) if options.next else []
        names = {row["ticker"]: row["name"] for row in tickers.active(db, category)}
        sys.stdout.write(WRITERS[options.format](category.key, tree, table(result, names), result, followed))
        return ALL_GOOD

    return console.run(work, "screen")


def table(result: Result, names: dict[str, str]) -> pd.DataFrame:
    """The tickers of a result with their names and columns, a row each."""
    named = {"ticker": list(result.tickers), "name": [names.get(ticker, ticker) for ticker in result.tickers]}
    named["date"] = [formats.date(day) for day in result.dates]
    return pd.DataFrame(named | {name: list(values) for name, values in result.columns.items()})


def _number(number: float) -> str:
    """A number with at least six digits, all of those before its point among them.

    >>> _number(16906454.0), _number(58450.0), _number(0.0219123456)
    ('16,906,454', '58,450', '0.0219123')
    """
    return f"{number:,.0f}" if abs(number) >= 1e5 else f"{number:,.6g}"


def _as_text(_category: str, _tree: Node, rows: pd.DataFrame, result: Result, followed: Sequence[Outcome]) -> str:
    day = formats.date(result.day)
    sentence = _("{day}: 살펴본 {judged}종목 가운데 {count}종목이 맞습니다.")
    lines = [formats.filled(sentence, day=day, judged=result.judged, count=len(rows))]
    lines += result.remarks()
    if result.behind:
        lines.append(formats.filled(_("{count}종목은 마지막 봉이 그보다 앞입니다."), count=result.behind))
    if len(rows):
        lines.append(rows.to_string(index=False, float_format=_number))
    counted = [" ".join((_(REASONS[why]), formats.count(len(names)))) for why, names in result.unjudged.items()]
    if counted:
        lines.append(_("살펴볼 수 없던 종목: {reasons}").format(reasons=", ".join(counted)))
    sentence = _(
        "{sessions}거래일 뒤: {days}번({tickers}종목) 가운데 {rising} 오름, 중앙값 {median} "
        "(가운데 절반 {lower} ~ {upper}), 모든 날의 중앙값 {usual}"
    )
    percent = ("rising", "median", "lower", "upper", "usual")
    nothing = _("{sessions}거래일 뒤: 조건이 맞은 날이 없습니다.")
    for outcome in followed:
        if not outcome.days:
            lines.append(nothing.format(sessions=outcome.sessions))
            continue
        shares = {name: formats.signed_percent(getattr(outcome, name)) for name in percent}
        shares["rising"] = formats.signed_percent(outcome.rising).lstrip("+")
        lines.append(formats.filled(sentence, **{**outcome._asdict(), **shares}))
    if followed:
        lines.append(_("비용·세금·배당은 세지 않았고, 지금 목록에 없는 종목은 빠져 있습니다."))
    return "\n".join(lines) + "\n"


def _as_csv(_category: str, _tree: Node, rows: pd.DataFrame, _result: Result, _followed: Sequence[Outcome]) -> str:
    return spreadsheets.to_csv(rows).decode("utf-8-sig")


def _as_json(category: str, tree: Node, rows: pd.DataFrame, result: Result, followed: Sequence[Outcome]) -> str:
    report = {
        "category": category,
        "condition": str(tree),
        "day": None if result.day is None else result.day.isoformat(),
        "judged": result.judged,
        "behind": result.behind,
        "absent": [each.part for each in result.absent],
        "unjudged": {reason: list(names) for reason, names in result.unjudged.items()},
        "rows": [{name: _finite(value) for name, value in row.items()} for row in rows.to_dict("records")],
        "next": [{name: _finite(value) for name, value in outcome._asdict().items()} for outcome in followed],
    }
    return json.dumps(report, ensure_ascii=False, indent=2) + "\n"


def _finite(value: Any) -> Any:
    return None if isinstance(value, float) and not math.isfinite(value) else value


WRITERS: Final[dict[str, Callable[..., str]]] = {"text": _as_text, "json": _as_json, "csv": _as_csv}


def _day(text: str) -> dt.date:
    try:
        return dt.date.fromisoformat(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(_("날짜는 2025-03-03처럼 씁니다.")) from error


def _parser() -> argparse.ArgumentParser:
    ready = ", ".join(key + " (" + _(row.name) + ")" for key, row in READY.items())
    parser = argparse.ArgumentParser(
        prog="python -m finance_core.screen",
        description=_("조건에 맞는 종목을 한 카테고리 전체에서 찾습니다."),
        epilog=_("준비된 조건: {names}").format(names=ready),
    )
    keys = [category.key for category in categories.CATEGORIES]
    parser.add_argument("category", choices=keys, metavar="CATEGORY", help=", ".join(keys))
    parser.add_argument("condition", metavar="CONDITION", help=_('"close > ma20" 같은 조건이나 준비된 조건의 이름'))
    parser.add_argument("--as-of", type=_day, metavar="DAY", help=_("이날까지의 봉만 봅니다(2025-03-03)"))
    parser.add_argument("--next", action="store_true", help=_("지난 3년 동안 조건이 맞은 날 뒤의 등락도 셉니다"))
    written = parser.add_mutually_exclusive_group()
    for name in ("json", "csv"):
        help_text = _("{format} 형식으로 씁니다").format(format=name.upper())
        written.add_argument(f"--{name}", dest="format", action="store_const", const=name, help=help_text)
    parser.set_defaults(format="text")
    return parser


if __name__ == "__main__":
    sys.exit(main())
