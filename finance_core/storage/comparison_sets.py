"""Saved sets of series to compare, by name. All visitors of the installation share them (`settings` in MongoDB)."""

from typing import Final

from finance_core.i18n import N_
from finance_core.storage.named_values import Shelf

SAVED: Final = Shelf(
    "comparison_sets",
    "sets",
    "series",
    limit=50,
    too_many=N_("묶음은 {limit}개까지 저장합니다. 쓰지 않는 것을 지우십시오."),
)
"""The series of each set, `category:ticker`, by name."""
