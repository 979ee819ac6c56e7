"""Saved sets of series to compare, by name. All visitors of the installation share them (`settings` in MongoDB)."""

from collections.abc import Sequence

from finance_core.i18n import N_
from finance_core.storage.database import MongoDatabase
from finance_core.storage.named_values import Shelf

SETS = Shelf(
    "comparison_sets",
    "sets",
    "series",
    limit=50,
    too_many=N_("묶음은 {limit}개까지 저장합니다. 쓰지 않는 것을 지우십시오."),
)
remove = SETS.remove


def load(db: MongoDatabase) -> dict[str, tuple[str, ...]]:
    """The series of each set, by name, in the order in which they were saved first."""
    return {name: tuple(series) for name, series in SETS.load(db).items()}


def save(db: MongoDatabase, name: str, series: Sequence[str]) -> str:
    """Store `series` under `name`, as `Shelf.save`."""
    return SETS.save(db, name, list(series))
