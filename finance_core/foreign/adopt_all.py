"""Everything in the user's database that can be used, made part of the product at one yes.

For each category without a list: the collections that are certainly prices of it. A collection in our layout, or one
whose fields merely have other names, is read as it is; any other is converted. What needs a person's choice (a
collection of an unknown category) is left to the page and the command that ask.
"""

import threading
from collections.abc import Callable, Sequence
from typing import NamedTuple

from finance_core import categories, formats
from finance_core.categories import Category
from finance_core.errors import SisepanError
from finance_core.foreign import adoption, inspection
from finance_core.foreign.adoption import Reading
from finance_core.foreign.import_records import Summary
from finance_core.foreign.inspection import Inspected
from finance_core.i18n import N_
from finance_core.storage import tickers
from finance_core.storage.database import MongoDatabase
from finance_core.storage.documents import Origin

Outcome = Reading | Summary


class Step(NamedTuple):
    """One collection, and the category that it becomes part of."""

    category: Category
    collection: Inspected
    is_read: bool
    """True: read as it is. False: converted."""


def steps(db: MongoDatabase, collections: Sequence[Inspected]) -> list[Step]:
    """What one yes does, in order; empty if every category has a list, or nothing is certain."""
    result: list[Step] = []
    for category in categories.CATEGORIES:
        if tickers.any_registered(db, category):
            continue
        certain = [each for each in collections if each.kind == "prices" and each.category == category.key]
        certain.sort(key=lambda each: (each.verdict != "ours", each.name))
        # Only one collection can be read as it is; our own takes in what is converted from others.
        is_alone = len(certain) == 1
        for each in certain:
            result.append(Step(category, each, each.verdict == "ours" or (each.verdict == "readable" and is_alone)))
    return result


def sentences(db: MongoDatabase, planned: Sequence[Step]) -> list[SisepanError]:
    """What is there, and what a yes will do with it, a sentence a collection."""
    lists = ", ".join(inspection.lists(db))
    return [
        SisepanError(
            READ if step.is_read else CONVERTED,
            collection=step.collection.name,
            category=step.category.key,
            tickers=formats.count(step.collection.tickers),
            documents=formats.count(step.collection.documents),
            last=formats.date(step.collection.last),
            lists=lists or formats.MISSING,
        )
        for step in planned
    ]


READ = N_(
    "{collection}: 종목 {tickers}개, 문서 {documents}개, {last}까지; 이름은 {lists}에서. "
    "그대로 두고 종목 목록만 만듭니다."
)
CONVERTED = N_(
    "{collection}: 종목 {tickers}개, 문서 {documents}개, {last}까지; 이름은 {lists}에서. "
    "그대로 두고 시세를 우리 컬렉션에 옮겨 씁니다."
)


def run(
    db: MongoDatabase,
    planned: Sequence[Step],
    *,
    origin: Origin = "terminal",
    progress: Callable[[Outcome], None] = lambda _outcome: None,
    stop: threading.Event | None = None,
) -> list[Outcome]:
    """Do the steps, and return what came of each. A collection that cannot be read as it is is converted instead.

    Raises as `adoption.read_as_is` and `adoption.convert`.
    """
    outcomes: list[Outcome] = []
    for step in planned:
        if stop is not None and stop.is_set():
            break
        outcome: Outcome | None = None
        if step.is_read:
            outcome = adoption.read_as_is(
                db, step.category, step.collection, origin=origin, progress=progress, stop=stop
            )
        if outcome is None or (outcome.state == "failed" and step.collection.verdict != "ours"):
            outcome = adoption.convert(db, step.category, step.collection, origin=origin, progress=progress, stop=stop)
        outcomes.append(outcome)
    return outcomes
