"""Lists of tickers to begin with, one file a category: what a fresh installation shows, and names for bare tickers."""

import csv
from pathlib import Path

from finance_core.categories import Category

DIRECTORY = Path(__file__).parent


def rows(category: Category) -> list[dict[str, str]]:
    """The tickers a category begins with: ticker, name and market, and more where known. Empty where it has no list."""
    path = DIRECTORY / f"{category.key}.csv"
    if not path.exists():
        return []
    with path.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))
