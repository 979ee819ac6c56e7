"""Values of this installation that are saved by name, such as comparison sets and screens, in `settings`.

Each kind of values is a `Shelf`, stored as one document; values stay in the order in which they were saved first.
"""

from dataclasses import dataclass
from typing import Any, Final

from finance_core import ticker_fields
from finance_core.errors import SisepanError
from finance_core.i18n import N_
from finance_core.storage.database import MongoDatabase
from finance_core.storage.documents import CHOICES

TAKEN = N_("{name}: 이 이름으로 저장된 것이 이미 있습니다. 다른 이름을 쓰거나 그것을 먼저 지우십시오.")


@dataclass(frozen=True)
class Shelf:
    """Where the values of one kind are saved."""

    id: str
    """Id of the document in `settings`."""
    entries: str
    """Name of the document's field with the entries; each has a name and a value."""
    value: str
    """Name of an entry's field with the value."""
    limit: int
    too_many: str
    """Message id, with the field {limit}."""

    def load(self, db: MongoDatabase) -> dict[str, Any]:
        """The values by name, in the order in which they were saved first."""
        document = db[CHOICES].find_one({"_id": self.id}) or {}
        return {row["name"]: row[self.value] for row in document.get(self.entries, [])}

    def save(self, db: MongoDatabase, name: str, value: Any) -> str:
        """Store `value` under `name`; returns the name as it is stored.

        Raises SisepanError where the name breaks a rule, where another value has it, or with too many values.
        """
        kept, shelf = ticker_fields.clean_name(name), db[CHOICES]
        shelf.update_one({"_id": self.id}, {"$setOnInsert": {self.entries: []}}, upsert=True)
        last = f"{self.entries}.{self.limit - 1}"
        free = {"_id": self.id, f"{self.entries}.name": {"$ne": kept}, last: {"$exists": False}}
        # One step, so that of two visitors at once the second neither replaces the value nor repeats the name.
        if shelf.update_one(free, {"$push": {self.entries: {"name": kept, self.value: value}}}).matched_count:
            return kept
        saved = self.load(db)
        if kept not in saved:
            raise SisepanError(self.too_many, limit=self.limit)
        if saved[kept] != value:
            raise SisepanError(TAKEN, name=kept)
        return kept

    def remove(self, db: MongoDatabase, name: str) -> None:
        """Delete the value of this name."""
        db[CHOICES].update_one({"_id": self.id}, {"$pull": {self.entries: {"name": name}}})


COMPARISON_SETS: Final = Shelf(
    "comparison_sets",
    "sets",
    "series",
    limit=50,
    too_many=N_("묶음은 {limit}개까지 저장합니다. 쓰지 않는 것을 지우십시오."),
)
"""The series of each saved comparison set, `category:ticker`, by name."""
