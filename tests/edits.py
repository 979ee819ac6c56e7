"""The history of edits, as the tests look at it."""

from typing import Any

from finance_core.categories import Category
from finance_core.storage.database import MongoDatabase
from finance_core.storage.documents import EDITS, EditEntry


def history(db: MongoDatabase, category: Category, limit: int) -> list[EditEntry]:
    """The latest entries, newest first."""
    entries: list[Any] = db[EDITS].find({"category": category.key}).sort("when", -1).limit(limit).to_list()
    return entries
