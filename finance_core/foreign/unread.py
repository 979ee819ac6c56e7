"""Fields that nothing reads, kept beside the rows because they may tell the rows of one day apart. Pure.

Such a field has few short words: an exchange, a session, a source. Which field it is, is told by its values.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

import numpy as np
from bson import Int64

from finance_core.foreign import candle_lists, dates, field_names, row_parts
from finance_core.storage import locations
from finance_core.storage.database import Document

READ: Final = frozenset(
    {
        *(*row_parts.BAR_FIELDS, *field_names.TICKERS, *field_names.QUALIFYING),
        *(candle_lists.UNORDERED, field_names.NEWER, *field_names.FINALITY),
    }
)
"""The names of columns that something reads."""
TELLING_CATEGORY: Final = "category"
"""A field that is read, but not for this: 구분 may say 정규 and 시간외."""
MOST_WORDS, LONGEST = 20, 24
"""A field with more words, or longer ones, does not tell rows apart."""
_NUMBER: Final = re.compile(r"[+-]?\d{4,}|[+-]?[\d,]*\.\d*[1-9]")
"""A word that tells no rows apart: a count, a moment or a price."""


def fields(columns: Iterable[str]) -> list[str]:
    """Those of the columns of rows that may tell the rows of one day apart."""
    return [
        name
        for name in columns
        if name == TELLING_CATEGORY
        or (
            name not in READ
            and not name.startswith(field_names.DATE)
            and locations.bare(field_names.folded(name.rpartition(".")[2])) not in field_names.REVISIONS
        )
    ]


def names(columns: Iterable[str], read: Mapping[str, str]) -> dict[str, str]:
    """The columns of a table that are not `read`, each to itself, as `read` maps our names to its own."""
    return {name: name for name in fields(columns) if name and name not in (TELLING_CATEGORY, *read.values())}


def of_documents(documents: Sequence[Document], read: Iterable[str]) -> dict[str, list[Any]]:
    """The words in the fields of `documents` that are not `read`, also one level inside; "" where one has no such."""
    known, paths = frozenset(read), dict[str, tuple[str, str]]()
    for document in {tuple(document): document for document in documents}.values():
        for field, held in document.items():
            inner = held if isinstance(held, dict) and len(held) <= row_parts.PART_FIELDS else {"": held}
            paths |= {f"{field}.{name}" if name else str(field): (field, str(name)) for name in inner}
    wanted = [path for path in fields(paths) if path not in known and path not in (TELLING_CATEGORY, "_id")]
    return worded({path: _values(documents, *paths[path]) for path in wanted})


def _values(documents: Iterable[Document], field: str, name: str) -> Iterator[Any]:
    for document in documents:
        held = document.get(field)
        yield held if not name else held.get(name) if isinstance(held, dict) else None


def worded(columns: Mapping[str, Iterable[Any]]) -> dict[str, list[Any]]:
    """The columns that may tell rows apart, as words."""
    found = ((name, _words(values)) for name, values in columns.items())
    return {name: words for name, words in found if words}


def _words(values: Iterable[Any]) -> list[Any] | None:
    """The values as words; None if they do not tell rows apart."""
    words: dict[tuple[type, Any], str] = {}
    result = []
    try:
        for value in values:
            key = (type(value), value if value == value else None)
            if key not in words:
                word = _word(value)
                if word is None or len(words) >= MOST_WORDS:
                    return None
                words[key] = word
            result.append(words[key])
    except TypeError:  # lists and documents are no words
        return None
    return result if any(words.values()) else None


def _word(value: Any) -> str | None:
    if value is None or value != value:
        return ""
    if type(value) not in (str, bool, int, Int64, float, np.bool_):
        return None
    text = str(int(value)) if isinstance(value, float) and value.is_integer() else str(value).strip()
    return None if len(text) > LONGEST or _NUMBER.fullmatch(text) or dates.is_date(text) else text
