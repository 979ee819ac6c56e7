"""What is known of tickers beside their bars: from lists of the user's own, and from those to begin with."""

from finance_core import categories, starter
from finance_core.categories import Category
from finance_core.foreign import inspection, layouts
from finance_core.foreign.import_records import Descriptions
from finance_core.storage.database import Document, MongoDatabase


def of(db: MongoDatabase, category: Category) -> Descriptions:
    """What the user's own lists, and then our starter lists, say of tickers of `category`."""
    known: dict[str, dict[str, str]] = {
        row["ticker"]: {name: row[name] for name in layouts.DESCRIPTIONS if row.get(name)}
        for row in starter.rows(category)
    }
    for found in inspection.lists(db):
        for document in db[found].find():
            ticker, said = _described(category, document)
            if ticker:
                # A name of the user's own is one in his language: ours would stand beside it as that of another.
                known[ticker] = {**known.get(ticker, {}), **said}
    return known


def _described(category: Category, document: Document) -> tuple[str, dict[str, str]]:
    """The ticker that a document of a list names, if it is one of `category`, and what it says of it."""
    names = layouts.descriptions_of(tuple(document))
    said = {ours: document[theirs] for ours, theirs in names.items() if ours != "ticker"}
    texts = {ours: value.strip() for ours, value in said.items() if isinstance(value, str) and value.strip()}
    stands_for = texts.pop("category", "")
    known = [row.key for row in categories.named(stands_for)]
    ticker = category.ticker_of(layouts.ticker_text(document.get(names.get("ticker", ""))))
    if not ticker or not category.is_ticker(ticker) or (known and category.key not in known):
        return "", {}
    if texts.get("currency") and len(texts["currency"]) != 3:
        del texts["currency"]
    return ticker, texts
