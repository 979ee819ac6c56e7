"""Finds the tickers in a pasted text, which may have tickers or names, as other programs write them. Pure."""

import re
from collections import defaultdict
from collections.abc import Mapping

from finance_core import starter
from finance_core.categories import Category
from finance_core.storage.documents import TickerRow
from finance_core.storage.watchlists import Entry

Listings = Mapping[Category, Mapping[str, TickerRow]]
"""The tickers of each category."""
_PRICE = re.compile(r"(?<![\w,])[₩$▲▼+-]*\d{1,3}(,\d{3})+(\.\d+)?[원%]?(?![\w,])")
"""A number with thousands, as stands beside a name that is copied from a table."""
_NUMBER = re.compile(r"[₩$▲▼+-]+\d+|[₩$▲▼+-]*\d+\.\d+%?|[₩$▲▼+-]*\d+[원%]|[₩$▲▼+-]+")
"""Another number that is no ticker."""


def entries_of(text: str, listings: Listings) -> tuple[list[Entry], list[str]]:
    """The tickers in `text`, each once, in the order of the text; and the parts that mean no ticker, or two.

    Parts are separated by line breaks, commas, semicolons or tabs. A part that is no name is split at spaces too.
    Prices and changes do not count.
    """
    names = _names(listings)
    entries: dict[Entry, None] = {}
    unknown = []
    for part in filter(None, map(str.strip, re.split(r"[\n\r,;\t]", _PRICE.sub(" ", text)))):
        for word in [part] if _meant(part, listings, names) else part.split():
            meant = _meant(word, listings, names)
            if len(meant) == 1:
                entries[meant.pop()] = None
            elif meant or not _NUMBER.fullmatch(word):
                unknown.append(word)
    return list(entries), unknown


def _meant(text: str, listings: Listings, names: Mapping[str, set[Entry]]) -> set[Entry]:
    """The tickers that a text may mean: GS is the ticker of one and the name of another."""
    tickers = {Entry(each.key, ticker) for each, rows in listings.items() if (ticker := each.ticker_of(text)) in rows}
    return tickers | names.get(_key(text), set())


def _names(listings: Listings) -> dict[str, set[Entry]]:
    """The tickers by their names and aliases; a name counts before an alias of another ticker."""
    names: dict[str, set[Entry]] = defaultdict(set)
    aliases: dict[str, set[Entry]] = defaultdict(set)
    for category, rows in listings.items():
        for ticker, row in rows.items():
            entry = Entry(category.key, ticker)
            for name in filter(None, (row.get("name_en"), row.get("name"))):
                names[_key(name)].add(entry)
            for alias in starter.aliases().get(entry[:2], ()):
                aliases[_key(alias)].add(entry)
    return aliases | names


def _key(name: str) -> str:
    return "".join(name.casefold().split())
