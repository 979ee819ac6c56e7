"""Makes every usable collection of the user's database part of the product, after one yes.

It takes, for each category without a list, the collections that certainly hold its prices. A collection in our layout
is read as it is. If only the field names of a collection differ, it is read as it is too, unless the category has
others; any other collection is converted. A collection whose category a person must choose is left to `adopt_command`.
"""

from collections.abc import Sequence
from typing import NamedTuple, Unpack

from finance_core import categories, formats
from finance_core.categories import Category
from finance_core.errors import SisepanError
from finance_core.foreign import adoption, inspection
from finance_core.foreign.import_records import Summary
from finance_core.foreign.import_run import Watch
from finance_core.foreign.inspection import Inspected
from finance_core.i18n import N_
from finance_core.storage import locations, runs
from finance_core.storage.database import MongoDatabase

READ = N_(
    "{collection}: 종목 {tickers}개, 문서 {documents}개, {last}까지. 그대로 두고 읽어 종목 목록을 만듭니다. "
    "이름: {lists}"
)
CONVERTED = N_(
    "{collection}: 종목 {tickers}개, 문서 {documents}개, {last}까지. 그대로 두고 시세를 {into}에 옮겨 씁니다. "
    "이름: {lists}"
)


class Step(NamedTuple):
    """One collection, and the category whose bars it holds."""

    category: Category
    collection: Inspected
    is_read: bool
    """True: read as it is. False: converted."""


def steps(db: MongoDatabase, collections: Sequence[Inspected]) -> list[Step]:
    """The steps that one yes starts, in order; [] if every category has a list, or no collection is certain."""
    result: list[Step] = []
    for category in categories.CATEGORIES:
        if locations.has_list(db, category):
            continue
        certain = [each for each in collections if each.kind == "prices" and each.category == category.key]
        certain.sort(key=lambda each: (each.verdict != "ours", each.name))
        for each in certain:
            # Converted collections can be merged into one in our layout; one with other names can only be read alone.
            is_read = each.verdict == "ours" or (each.verdict == "readable" and len(certain) == 1)
            result.append(Step(category, each, is_read))
    return result


def sentences(db: MongoDatabase, planned: Sequence[Step]) -> list[SisepanError]:
    """For each step, a sentence that says what the collection holds and what happens to it after a yes."""
    lists = ", ".join(inspection.lists(db)) or formats.MISSING
    return [
        SisepanError(
            READ if step.is_read else CONVERTED,
            collection=step.collection.name,
            into=adoption.target(db, step.category, step.collection.name).collection,
            tickers=formats.count(step.collection.tickers),
            documents=formats.count(step.collection.documents),
            last=formats.date(step.collection.last),
            lists=lists,
        )
        for step in planned
    ]


def perform(db: MongoDatabase, step: Step, **watch: Unpack[Watch]) -> Summary:
    """Do one step. If reading the collection as it is fails, it is converted instead; an error fails only this step."""
    category, collection, is_read = step
    try:
        if is_read:
            summary = adoption.read_as_is(db, category, collection, **watch)
            if summary.state != "failed" or collection.verdict == "ours":
                return summary
        return adoption.convert(db, category, collection, **watch)
    except SisepanError as error:
        failures = [runs.Failure("", error)]
        return Summary(category.key, collection.name, "read", failures=failures, state="failed")
