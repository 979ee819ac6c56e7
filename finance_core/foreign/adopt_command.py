"""The command `python -m finance_core.adopt`: looks at the user's own database, and changes nothing without a yes.

`inspection` looks at the database, `adoption` reads or converts its collections.
"""

import argparse
import shlex
import sys
import threading
from collections.abc import Sequence
from functools import partial
from typing import Any

from finance_core import categories, console, formats
from finance_core.categories import Category
from finance_core.console import ALL_GOOD, NOT_ALL_DONE, write_json
from finance_core.errors import WrongUse
from finance_core.foreign import (
    adopt_all,
    adoption,
    import_command,
    import_run,
    inspection,
    reports,
    ticker_names,
    unused_server,
)
from finance_core.foreign.adopt_all import Step
from finance_core.foreign.import_command import KEYS, add_options
from finance_core.foreign.import_records import Progress, Summary
from finance_core.foreign.inspection import Inspected
from finance_core.foreign.unused_server import LocalServer
from finance_core.i18n import N_, _
from finance_core.storage import database
from finance_core.storage.database import MongoDatabase

COMMAND = "python -m finance_core.adopt"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code (see `console`)."""
    console.prepare()
    options = _parser().parse_args(arguments)
    return console.run(partial(_run, options), "adopt", partial(console.failed, report={} if options.json else None))


def _run(options: argparse.Namespace) -> int:
    db = database.connect()
    if options.give_up:
        return _give_up(db, options)
    if options.all:
        return _adopt_all(db, options)
    name = options.read or options.convert
    if not name:
        return _look(db, options)
    collection = inspection.look_at(db, name, options.category)
    if collection.kind != "prices":
        why = " ".join(map(str, collection.obstacles))
        raise WrongUse(N_("{collection}은(는) 시세로 보이지 않습니다. {why}"), collection=name, why=why)
    if collection.category:
        return _adopt(db, [collection], options)
    unknown = N_("{collection}이(가) 어느 카테고리인지 알 수 없습니다. --category에 적으십시오: {keys}")
    if options.read or len(collection.candidates) < 2:
        raise WrongUse(unknown, collection=name, keys=", ".join(collection.candidates))
    kinds = adoption.kinds(db, collection)
    if "" in kinds or not kinds:
        keys = ", ".join(f"{key or '?'} {formats.count(len(raws))}" for key, raws in kinds.items())
        raise WrongUse(unknown, collection=name, keys=keys or ", ".join(collection.candidates))
    # Rows without a ticker are refused with the first category.
    parts = [adoption.part(db, name, key, raws if n else [None, *raws]) for n, (key, raws) in enumerate(kinds.items())]
    return _adopt(db, parts, options)


def _look(db: MongoDatabase, options: argparse.Namespace) -> int:
    with console.progress_bar("{percentage:3.0f}%|{bar}|") as show:
        collections = inspection.inspect(db, lambda share: show(share, 1))
    local = unused_server.find() if database.is_embedded() else None
    if options.json:
        inspected = {"collections": list(map(as_json, collections)), "local_server": _local_as_json(local)}
        write_json({"database": _database(db), **inspected})
        return ALL_GOOD
    lines = [_database(db), ""]
    for collection in collections:
        lines += [*_described(collection), ""]
    if not any(collection.kind == "prices" for collection in collections):
        lines.append(_("시세로 보이는 컬렉션이 없습니다."))
    if adopt_all.steps(db, collections):
        lines += [_("확실한 것을 모두 읽거나 옮겨 종목 목록을 만듭니다") + f": {COMMAND} --all", ""]
    if local:
        lines += _pointed_out(local)
    lines.append(_("살펴보기만 했습니다. 아무것도 바꾸지 않았습니다."))
    sys.stdout.write("\n".join(lines) + "\n")
    return ALL_GOOD


def _adopt(db: MongoDatabase, collections: Sequence[Inspected], options: argparse.Namespace) -> int:
    """Read a collection as it is, or convert it. `collections` has it once for each category that it holds."""
    for collection in collections:
        if options.read and collection.verdict not in ("readable", "ours"):
            raise WrongUse(
                N_("{collection}은(는) 그대로 읽을 수 없습니다: {why} 대신 전환하십시오: {command}"),
                collection=collection.name,
                why=" ".join(map(str, collection.obstacles)),
                command=_command("--convert", collection.name, options.category and options.category.key),
            )
    if options.report and options.convert:
        reports.require_writable(options.report)
    planned = adoption.plan_of_reading if options.read else adoption.plan_of_conversion
    plans = [list(map(str, planned(db, categories.category(each.category), each))) for each in collections]
    if options.read and options.dry_run:
        if options.json:
            write_json({"category": collections[0].category, "state": "dry-run", "plan": plans[0]})
        else:
            sys.stdout.write(
                "".join(f"- {sentence}\n" for sentence in plans[0]) + _("아무것도 바꾸지 않았습니다.") + "\n"
            )
        return ALL_GOOD
    intentions: list[str] = []
    for collection, plan in zip(collections, plans, strict=True):
        title = _(categories.category(collection.category).title)
        intentions += [" ".join([_database(db), "·", collection.name, "→", title]), *(f"  - {line}" for line in plan)]
    done: list[Summary] = []
    if not import_command.perform(
        options, intentions, [partial(_step, db, options, each) for each in collections], done
    ):
        if options.json:
            write_json({"state": "declined"})
        return NOT_ALL_DONE
    if options.json:
        states = {"state": "dry-run"} if options.dry_run else {}
        results = [{**reports.as_json(summary), **states} for summary in done]
        write_json(results[0] if len(collections) == 1 else {"imports": results})
    if options.convert:
        import_command.write_refusals(db, options, done)
    return import_command.exit_code(done) if len(done) == len(collections) else NOT_ALL_DONE


def _step(
    db: MongoDatabase, options: argparse.Namespace, collection: Inspected, progress: Progress, stop: threading.Event
) -> Summary:
    """Examine, read or convert one collection."""
    category = categories.category(collection.category)
    if options.dry_run:
        source, descriptions = adoption.source(db, collection), ticker_names.of(db, category)
        into = adoption.target(db, category, collection.name)
        return import_run.examine(
            db, category, source, descriptions, options.intraday, into, progress=progress, stop=stop
        )
    if options.read:
        return adoption.read_as_is(db, category, collection, progress=progress, stop=stop)
    return adoption.convert(db, category, collection, options.intraday, progress=progress, stop=stop)


def _adopt_all(db: MongoDatabase, options: argparse.Namespace) -> int:
    """Read or convert every collection whose category is certain."""
    planned = adopt_all.steps(db, inspection.inspect(db))
    plan = list(map(str, adopt_all.sentences(db, planned)))
    if not planned or options.dry_run:
        nothing = _("모든 카테고리에 종목 목록이 있거나, 어느 카테고리인지 확실한 시세가 없습니다.")
        lines = plan or [nothing]
        if options.json:
            write_json({"state": "dry-run" if planned else "nothing to do", "plan": lines})
        else:
            sys.stdout.write("\n".join(lines) + "\n")
        return ALL_GOOD if planned else NOT_ALL_DONE

    def step(chosen: Step, progress: Progress, stop: threading.Event) -> Summary:
        return adopt_all.perform(db, chosen, progress=progress, stop=stop)

    done: list[Summary] = []
    agreed = import_command.perform(options, [_database(db), *plan], [partial(step, each) for each in planned], done)
    if options.json:
        write_json({"state": "done" if agreed else "declined", "imports": list(map(reports.as_json, done))})
    return import_command.exit_code(done) if agreed and len(done) == len(planned) else NOT_ALL_DONE


def _give_up(db: MongoDatabase, options: argparse.Namespace) -> int:
    category: Category = options.give_up
    was_read = adoption.give_up(db, category)
    if options.json:
        write_json({"category": category.key, "state": "done", "collection": category.collection})
        return ALL_GOOD
    again = _("{category}을(를) 다시 {collection} 컬렉션에서 읽습니다.")
    sentence = again if was_read else _("{category}은(는) 처음부터 {collection} 컬렉션에서 읽고 있었습니다.")
    sys.stdout.write(sentence.format(category=_(category.title), collection=category.collection) + "\n")
    return ALL_GOOD


def _database(db: MongoDatabase) -> str:
    server = database.address() or _("내장 MongoDB")
    return f"{server} · {db.name}"


def _described(collection: Inspected) -> list[str]:
    name = collection.name
    documents = _("문서 {count}개").format(count=formats.count(collection.documents))
    if collection.kind == "names":
        return [f"{name}: {documents}, " + _("종목의 이름이 든 목록")]
    if collection.kind == "other":
        problem = ": ".join(map(str, collection.obstacles))
        return [f"{name}: {problem}" if problem else f"{name}: {documents}, " + _("시세가 아님")]
    verdict = _("읽기 전용으로 쓰는 중") if collection.is_read_only else _(reports.VERDICTS[collection.verdict])
    told, refused = reports.not_drawn(collection)
    lines = [f"{name}: {verdict}", "  " + ", ".join(reports.extent(collection, "~")), *([f"  {told}"] if told else [])]
    lines += [f"    {ticker}: {reason}" for ticker, reason in refused[: reports.SHOWN_FAILURES]]
    if collection.verdict == "ours":
        ways = [] if collection.is_listed else ["--read"]
    else:
        lines += [f"  - {obstacle}" for obstacle in collection.obstacles]
        can_be_read = collection.verdict == "readable" and not collection.is_read_only
        ways = ["--read", "--convert"] if can_be_read else ["--convert"]
    for way in ways:
        is_known = collection.category or (collection.is_split and way == "--convert")
        lines.append(f"  → {_command(way, name, '' if is_known else '|'.join(collection.candidates))}")
    return lines


def _command(way: str, collection: str, category: str) -> str:
    """The command line for a collection, with its name quoted for a shell."""
    command = f"{COMMAND} {way}{'=' if collection.startswith('-') else ' '}{shlex.quote(collection)}"
    return f"{command} --category {category}" if category else command


def _pointed_out(local: LocalServer) -> list[str]:
    lines = [str(local.sentence), ""]
    for setting, names in local.settings():
        lines += ["  " + line for line in setting.splitlines()]
        lines += ["  # " + ", ".join(names), ""] if names else [""]
    return lines


def _local_as_json(local: LocalServer | None) -> dict[str, Any] | None:
    if local is None:
        return None
    databases = {name: list(names) for name, names in local.databases.items()}
    return {"uri": unused_server.URI, "wants_login": local.wants_login, "databases": databases}


def as_json(collection: Inspected) -> dict[str, Any]:
    """An inspected collection as JSON for a program."""
    layout = collection.layout
    return {
        "collection": collection.name,
        "kind": collection.kind,
        "verdict": collection.verdict,
        "category": collection.category or None,
        "candidates": list(collection.candidates),
        "documents": collection.documents,
        "tickers": collection.tickers,
        "first": formats.date(collection.first) if collection.first else None,
        "last": formats.date(collection.last) if collection.last else None,
        "exact": collection.is_exact,
        "index": collection.has_index,
        "duplicates": collection.duplicates,
        "used_by": collection.used_by or None,
        "read_only": collection.is_read_only,
        "refused": [{"ticker": ticker, "reason": reason} for ticker, reason in reports.not_drawn(collection)[1]],
        "facts": list(map(str, collection.facts)),
        "obstacles": list(map(str, collection.obstacles)),
        "layout": layout
        and {
            "shapes": dict(layout.shapes),
            "fields": dict(layout.names),
            "tickers": dict(layout.tickers),
            "dates": dict(layout.dates),
            "prices": dict(layout.prices),
            "volumes": dict(layout.volumes),
            "epoch_unit": layout.convention.unit,
            "sampled_rows": layout.rows,
        },
    }


def _parser() -> argparse.ArgumentParser:
    def key(text: str) -> Category:
        try:
            return categories.category(text)
        except KeyError:
            keys = ", ".join(KEYS)
            raise argparse.ArgumentTypeError(_("다음 가운데 하나여야 합니다: {keys}").format(keys=keys)) from None

    parser = argparse.ArgumentParser(
        prog=COMMAND, description=_("연결된 데이터베이스를 살펴보고, 원하면 거기 있는 시세를 읽거나 전환합니다.")
    )
    actions = parser.add_mutually_exclusive_group()
    actions.add_argument("--read", metavar="COLLECTION", help=_("이 컬렉션을 바꾸지 않고 그대로 읽습니다"))
    actions.add_argument("--convert", metavar="COLLECTION", help=_("이 컬렉션을 이 제품의 컬렉션으로 옮겨 씁니다"))
    actions.add_argument("--all", action="store_true", help=_("확실한 것을 모두 읽거나 옮겨 종목 목록을 만듭니다"))
    actions.add_argument("--give-up", type=key, metavar="CATEGORY", help=_("--read로 읽던 것을 그만둡니다"))
    parser.add_argument("--category", type=key, help=_("컬렉션이 어느 카테고리인지; 이름과 종목으로 알 수 없을 때"))
    add_options(parser)
    return parser
