"""Saved sets of series to compare, by name: the installation's, kept in MongoDB (`settings`)."""

from collections.abc import Sequence

from finance_core import ticker_fields
from finance_core.errors import SisepanError
from finance_core.i18n import N_
from finance_core.storage.database import MongoDatabase
from finance_core.storage.documents import CHOICES

ID = "comparison_sets"
LIMIT = 50


def load(db: MongoDatabase) -> dict[str, tuple[str, ...]]:
    """The series of each set, by name, in the order in which they were saved first."""
    document = db[CHOICES].find_one({"_id": ID}) or {}
    return {each["name"]: tuple(each["series"]) for each in document.get("sets", [])}


def save(db: MongoDatabase, name: str, series: Sequence[str]) -> str:
    """Keep `series` under `name`, in place of what was there; returns the name as it is kept.

    Raises SisepanError where the name breaks a rule, or there are too many sets.
    """
    kept, sets = ticker_fields.clean_name(name), db[CHOICES]
    if sets.update_one({"_id": ID, "sets.name": kept}, {"$set": {"sets.$.series": list(series)}}).matched_count:
        return kept
    if len(load(db)) >= LIMIT:
        raise SisepanError(N_("묶음은 {limit}개까지 저장합니다. 쓰지 않는 것을 지우십시오."), limit=LIMIT)
    sets.update_one({"_id": ID}, {"$push": {"sets": {"name": kept, "series": list(series)}}}, upsert=True)
    return kept


def remove(db: MongoDatabase, name: str) -> None:
    """Forget a set."""
    db[CHOICES].update_one({"_id": ID}, {"$pull": {"sets": {"name": name}}})
