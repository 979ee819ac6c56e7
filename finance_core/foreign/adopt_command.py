"""The command `python -m finance_core.adopt`: looks at the user's own database, and does nothing without a yes.

What is found is left to `inspection`, what is done to `adoption`.
"""

import argparse
import json
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tqdm import tqdm

from finance_core import categories, console, formats
from finance_core.categories import Category
from finance_core.console import ALL_GOOD, NOT_ALL_DONE
from finance_core.errors import SisepanError
from finance_core.foreign import adoption, import_command, import_run, inspection, unused_server
from finance_core.foreign.adoption import Reading
from finance_core.foreign.import_command import WrongUse
from finance_core.foreign.inspection import Inspected
from finance_core.foreign.unused_server import LocalServer
from finance_core.i18n import N_, _
from finance_core.storage import database, runs
from finance_core.storage.database import MongoDatabase

COMMAND = "python -m finance_core.adopt"

VERDICTS: dict[inspection.Verdict, str] = {
    "ours": N_("이 제품의 구성"),
    "readable": N_("그대로 읽을 수 있음"),
    "convertible": N_("전환하면 쓸 수 있음"),
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Do as the command says and return its exit code (see `console`)."""
    console.prepare()
    options = _parser().parse_args(arguments)

    def fail(error: SisepanError) -> int:
        if options.json:
            state = "already running" if isinstance(error, runs.AlreadyRunning) else "failed"
            _write_json({"state": state, "reason": str(error)})
        sys.stderr.write(f"{error}\n")
        return import_command.failure_code(error)

    return console.run(lambda: _run(options), "adopt", fail)


def _run(options: argparse.Namespace) -> int:
    db = database.connect()
    if options.give_up:
        return _give_up(db, options.give_up, options)
    name = options.read or options.convert
    if not name:
        return _look(db, options)
    found = inspection.look_at(db, name, options.category)
    if found.kind != "prices":
        raise WrongUse(N_("{collection}은(는) 시세로 보이지 않습니다."), collection=name)
    if not found.category:
        raise WrongUse(
            N_("{collection}이(가) 어느 카테고리인지 알 수 없습니다. --category에 적으십시오: {keys}"),
            collection=name,
            keys=", ".join(found.candidates),
        )
    category = categories.category(found.category)
    return _read(db, category, found, options) if options.read else _convert(db, category, found, options)


def _look(db: MongoDatabase, options: argparse.Namespace) -> int:
    with tqdm(total=1, disable=None, leave=False, bar_format="{percentage:3.0f}%|{bar}|") as bar:

        def progress(done: float) -> None:
            bar.update(done - bar.n)

        found = inspection.inspect(db, progress)
    local = unused_server.find() if database.is_embedded() else None
    if options.json:
        _write_json(
            {
                "database": _database(db),
                "collections": [as_json(each) for each in found],
                "local_server": _local_as_json(local),
            }
        )
        return ALL_GOOD
    lines = [_database(db), ""]
    for each in found:
        lines += _described(each)
    if not any(each.kind == "prices" for each in found):
        lines.append(_("시세로 보이는 컬렉션이 없습니다."))
    if local:
        lines += _pointed_out(local)
    lines.append(_("살펴보기만 했습니다. 아무것도 바꾸지 않았습니다."))
    sys.stdout.write("\n".join(lines) + "\n")
    return ALL_GOOD


def _read(db: MongoDatabase, category: Category, found: Inspected, options: argparse.Namespace) -> int:
    if found.verdict not in ("readable", "ours"):
        raise WrongUse(
            N_("{collection}은(는) 그대로 읽을 수 없습니다: {why} 대신 전환하십시오: {command}"),
            collection=found.name,
            why=" ".join(map(str, found.obstacles)),
            command=_command("--convert", found.name) + (f" --category {category.key}" if options.category else ""),
        )
    if options.dry_run:
        plan = adoption.plan_of_reading(db, category, found)
        if options.json:
            _write_json({"category": category.key, "state": "dry-run", "plan": list(map(str, plan))})
        else:
            _say(plan)
            sys.stdout.write(_("아무것도 바꾸지 않았습니다.") + "\n")
        return ALL_GOOD
    if not import_command.confirm(_titled(db, category, found, adoption.plan_of_reading), options.yes):
        return _declined(options)
    with import_command.progress_bar() as show:
        reading = console.stoppable(lambda stop: adoption.read_as_is(db, category, found, progress=show, stop=stop))
    if options.json:
        problems = [{"ticker": each.ticker, "reason": str(each.error)} for each in reading.problems]
        _write_json({"category": category.key, "state": reading.state, **reading.counts, "problems": problems})
    else:
        sys.stdout.write("\n".join(_outcome(category, reading)) + "\n")
    return ALL_GOOD if reading.state == "done" else NOT_ALL_DONE


def _convert(db: MongoDatabase, category: Category, found: Inspected, options: argparse.Namespace) -> int:
    if options.report:
        import_command.require_writable(options.report)
    if options.dry_run:
        source = adoption.source(db, found)
        with import_command.progress_bar() as show:
            summary = console.stoppable(lambda stop: import_run.examine(category, source, show, stop))
    else:
        if not import_command.confirm(_titled(db, category, found, adoption.plan_of_conversion), options.yes):
            return _declined(options)
        with import_command.progress_bar() as show:
            summary = console.stoppable(lambda stop: adoption.convert(db, category, found, progress=show, stop=stop))
    if options.json:
        state = {"state": "dry-run"} if options.dry_run else {}
        _write_json({**import_command.as_json(summary), **state})
    else:
        say = import_command.dry_report if options.dry_run else import_command.report
        sys.stdout.write(say(category, summary) + "\n")
    if options.report:
        refused = import_command.refused_rows(db, summary)
        count = import_command.write_report(options.report, [(found.name, refused)])
        said = _("받지 않은 행 {count}개를 {path}에 적었습니다.")
        sys.stderr.write(said.format(count=count, path=options.report) + "\n")
    return import_command.exit_code([summary])


def _declined(options: argparse.Namespace) -> int:
    if options.json:
        _write_json({"state": "declined"})
    return NOT_ALL_DONE


def _give_up(db: MongoDatabase, category: Category, options: argparse.Namespace) -> int:
    adoption.give_up(db, category)
    if options.json:
        _write_json({"category": category.key, "state": "done", "collection": category.collection})
        return ALL_GOOD
    sentence = _("{category}을(를) 다시 {collection} 컬렉션에서 읽습니다.")
    sys.stdout.write(sentence.format(category=_(category.title), collection=category.collection) + "\n")
    return ALL_GOOD


def _titled(db: MongoDatabase, category: Category, found: Inspected, plan: Any) -> list[str]:
    title = " ".join([_database(db), "·", found.name, "→", _(category.title)])
    return [title, *(f"  - {sentence}" for sentence in plan(db, category, found))]


def _say(sentences: Sequence[SisepanError]) -> None:
    sys.stdout.write("".join(f"- {sentence}\n" for sentence in sentences))


def _outcome(category: Category, reading: Reading) -> list[str]:
    if reading.state == "done":
        sentence = _(
            "종목 {count}개의 봉 {bars}개를 모두 읽어 확인했습니다. 이제 {category}의 차트에서 볼 수 있습니다."
        )
        counts = {"count": formats.count(reading.total), "bars": formats.count(reading.bars)}
        return [sentence.format(category=_(category.title), **counts)]
    if not reading.problems:
        return [_("중단했습니다. 아무것도 바꾸지 않았습니다.")]
    sentence = _("그대로 읽을 수 없는 종목이 {count}개 있어 아무것도 바꾸지 않았습니다. 전환하면 쓸 수 있습니다.")
    return [
        sentence.format(count=formats.count(len(reading.problems))),
        *(f"  {problem.ticker}: {problem.error}" for problem in reading.problems[:100]),
    ]


def _database(db: MongoDatabase) -> str:
    server = database.address() or _("내장 MongoDB")
    return f"{server} · {db.name}"


def _described(found: Inspected) -> list[str]:
    documents = _("문서 {count}개").format(count=formats.count(found.documents))
    if found.kind == "names":
        return [": ".join([found.name, documents]) + ", " + _("종목의 이름이 든 목록"), ""]
    if found.kind == "other":
        if found.obstacles:
            return [": ".join([found.name, *map(str, found.obstacles)]), ""]
        return [": ".join([found.name, documents]) + ", " + _("시세가 아님"), ""]
    tickers = _("종목 {count}") if found.is_exact else _("표본에서 종목 {count}")
    facts = [
        _(categories.category(found.category).title) if found.category else "",
        documents,
        tickers.format(count=formats.count(found.tickers)),
        f"{formats.date(found.first)} ~ {formats.date(found.last)}" if found.first and found.last else "",
        *map(str, found.facts),
    ]
    verdict = _("읽기 전용으로 쓰는 중") if found.is_read_only else _(VERDICTS[found.verdict])
    lines = [f"{found.name}: {verdict}", "  " + ", ".join(fact for fact in facts if fact)]
    if found.verdict != "ours":
        lines += [f"  - {obstacle}" for obstacle in found.obstacles]
        asked = "" if found.category else f" --category {'|'.join(found.candidates)}"
        ways = ["--read", "--convert"] if found.verdict == "readable" and not found.is_read_only else ["--convert"]
        lines += [f"  → {_command(way, found.name)}{asked}" for way in ways]
    return [*lines, ""]


def _command(way: str, collection: str) -> str:
    """The command, as a shell takes it, for a collection of whatever name."""
    return f"{COMMAND} {way}{'=' if collection.startswith('-') else ' '}{shlex.quote(collection)}"


def _pointed_out(local: LocalServer) -> list[str]:
    lines = [str(local.sentence), ""]
    for setting, names in local.settings():
        lines += ["  " + line for line in setting.splitlines()]
        lines += ["  # " + ", ".join(names), ""] if names else [""]
    return lines


def _local_as_json(local: LocalServer | None) -> dict[str, Any] | None:
    if local is None:
        return None
    return {
        "uri": unused_server.URI,
        "wants_login": local.wants_login,
        "databases": {name: list(names) for name, names in local.databases.items()},
    }


def as_json(found: Inspected) -> dict[str, Any]:
    """What was found of one collection, for a program."""
    layout = found.layout
    return {
        "collection": found.name,
        "kind": found.kind,
        "verdict": found.verdict,
        "category": found.category or None,
        "candidates": list(found.candidates),
        "documents": found.documents,
        "tickers": found.tickers,
        "first": formats.date(found.first) if found.first else None,
        "last": formats.date(found.last) if found.last else None,
        "exact": found.is_exact,
        "index": found.has_index,
        "duplicates": found.duplicates,
        "used_by": found.used_by or None,
        "read_only": found.is_read_only,
        "facts": [str(fact) for fact in found.facts],
        "obstacles": [str(obstacle) for obstacle in found.obstacles],
        "layout": None
        if layout is None
        else {
            "shapes": dict(layout.shapes),
            "fields": dict(layout.names),
            "tickers": dict(layout.tickers),
            "dates": dict(layout.dates),
            "prices": dict(layout.prices),
            "volumes": dict(layout.volumes),
            "time_zone": layout.zone or None,
            "epoch_unit": layout.epoch_unit,
            "sampled_rows": layout.rows,
        },
    }


def _write_json(told: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(told, ensure_ascii=False) + "\n")


def _parser() -> argparse.ArgumentParser:
    def key(text: str) -> Category:
        try:
            return categories.category(text)
        except KeyError:
            keys = import_command.keys()
            raise argparse.ArgumentTypeError(_("다음 가운데 하나여야 합니다: {keys}").format(keys=keys)) from None

    parser = argparse.ArgumentParser(
        prog=COMMAND, description=_("연결된 데이터베이스를 살펴보고, 원하면 거기 있는 시세를 읽거나 전환합니다.")
    )
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--read", metavar="COLLECTION", help=_("이 컬렉션을 바꾸지 않고 그대로 읽습니다"))
    what.add_argument("--convert", metavar="COLLECTION", help=_("이 컬렉션을 이 제품의 컬렉션으로 옮겨 씁니다"))
    what.add_argument("--give-up", type=key, metavar="CATEGORY", help=_("--read로 읽던 것을 그만둡니다"))
    parser.add_argument("--category", type=key, help=_("컬렉션이 어느 카테고리인지; 이름과 종목으로 알 수 없을 때"))
    parser.add_argument(
        "--dry-run", action="store_true", help=_("무엇이 어떻게 될지만 알리고 아무것도 바꾸지 않습니다")
    )
    parser.add_argument("--yes", action="store_true", help=_("묻지 않고 그대로 합니다"))
    parser.add_argument("--json", action="store_true", help=_("결과를 JSON 하나로 표준 출력에 씁니다"))
    parser.add_argument("--report", type=Path, metavar="CSV", help=_("받지 않은 행을 이유와 함께 적을 CSV 파일"))
    return parser
