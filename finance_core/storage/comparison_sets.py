"""Saved sets of series to compare, by name: the installation's, kept in MongoDB (`settings`)."""

from collections.abc import Sequence

from finance_core import ticker_fields
from finance_core.errors import SisepanError
from finance_core.i18n import N_
from finance_core.storage.database import MongoDatabase
from finance_core.storage.documents import CHOICES, ComparisonSet

ID = "comparison_sets"
LIMIT = 50


def load(db: MongoDatabase) -> dict[str, tuple[str, ...]]:
    """The series of each set, by name, in the order in which they were saved first."""
    document = db[CHOICES].find_one({"_id": ID}) or {}
    sets: list[ComparisonSet] = document.get("sets", [])
    return {row["name"]: tuple(row["series"]) for row in sets}


def save(db: MongoDatabase, name: str, series: Sequence[str]) -> str:
    """Store `series` under `name`, and replace a set of this name; returns the name as it is stored.

    Raises SisepanError where the name breaks a rule, or with too many sets.
    """
    kept, sets = ticker_fields.clean_name(name), db[CHOICES]
    if sets.update_one({"_id": ID, "sets.name": kept}, {"$set": {"sets.$.series": list(series)}}).matched_count:
        return kept
    if len(load(db)) >= LIMIT:
        raise SisepanError(N_("묶음은 {limit}개까지 저장합니다. 쓰지 않는 것을 지우십시오."), limit=LIMIT)
    sets.update_one({"_id": ID}, {"$push": {"sets": {"name": kept, "series": list(series)}}}, upsert=True)
    return kept


def remove(db: MongoDatabase, name: str) -> None:
    """Delete a set."""
    db[CHOICES].update_one({"_id": ID}, {"$pull": {"sets": {"name": name}}})
