"""Find tickers while the user types: by ticker, name, English name, alias or initial consonants (ㅅㅅㅈㅈ is 삼성전자).

The search box follows the same rules in the browser (`ui/search_box.js`).
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

LIMIT = 20
LONGEST_QUERY = 100
"""Longer texts match nothing: no name is that long."""
_IGNORED = re.compile(r"[\s/]*")
"""The slash is that of a rate, as in 달러/원."""
NOTHING = "(?!)"
"""A regular expression that finds nothing, as a text without a letter does."""
_WRITTEN_TICKER = re.compile(
    r"^(?:(?:a|krx:|kospi:|kosdaq:)?(\d{4}[0-9a-z]{2})(?:\.?k[sq](?:equity)?)?|kr7(\d{4}[0-9a-z]0)\d{3})$"
)


class _Entry(NamedTuple):
    order: float
    name: str
    ticker: str
    ticker_key: str
    name_keys: tuple[str, ...]
    initials: tuple[str, ...]
    """Of the name, then of each alias."""


class Index:
    """Tickers prepared for searching. Building takes about 10 µs a ticker, searching about 2."""

    def __init__(self, rows: Iterable[Mapping[str, Any]]) -> None:
        """`rows` have ticker and name, and may have name_en, aliases (a sequence of texts) and order (a number)."""
        self._entries = sorted(map(_entry, rows))

    def search(self, query: str, limit: int = LIMIT) -> list[str]:
        """At most `limit` tickers that match `query`, best first.

        Exact ticker, name or alias, then ticker prefix, name prefix, initial consonants of the name, any part of these
        and of an alias; ties by order, then by name. Case, spaces, slashes and full-width letters do not matter,
        nor what other programs write around a Korean ticker (A005930, 005930.KS, KRX:005930), or the ISIN of its common
        share.
        """
        key = _WRITTEN_TICKER.sub(r"\1\2", _key(query)) if len(query) <= LONGEST_QUERY else ""
        if not key:
            return []
        ranked = ((rank, position) for position, entry in enumerate(self._entries) if (rank := _rank(entry, key)) < 5)
        return [self._entries[position].ticker for _rank_, position in sorted(ranked)[:limit]]


def _rank(entry: _Entry, key: str) -> int:
    """0 for the best match, 5 for no match."""
    if entry.ticker_key == key or key in entry.name_keys:
        return 0
    if entry.ticker_key.startswith(key):
        return 1
    if any(name.startswith(key) for name in entry.name_keys):
        return 2
    if entry.initials[0].startswith(key):
        return 3
    return 4 if any(key in text for text in (*entry.name_keys, *entry.initials, entry.ticker_key)) else 5


def _entry(row: Mapping[str, Any]) -> _Entry:
    ticker, name = str(row["ticker"]), str(row.get("name") or row["ticker"])
    aliases = row.get("aliases", ())
    names = dict.fromkeys([name, str(row.get("name_en") or name), *aliases])
    initials = tuple(_key(_initials(text)) for text in (name, *aliases))
    return _Entry(row.get("order", 0), name, ticker, _key(ticker), tuple(map(_key, names)), initials)


def pattern(query: str) -> str:
    """A regular expression, for Python and MongoDB, that finds `query` in a name as `Index` does; it needs the flag i.

    A single consonant matches every syllable that begins with it. A last syllable without a final consonant also
    matches that syllable with any final consonant, because the user may still be typing it.

    >>> bool(re.search(pattern("ㅅㅅㅈ"), "삼성전자")), bool(re.search(pattern("삼서"), "삼성전자"))
    (True, True)
    """
    letters = _IGNORED.sub("", unicodedata.normalize("NFKC", query))
    if not letters:
        return NOTHING
    return _IGNORED.pattern.join(
        _letter(letter, is_last=at == len(letters)) for at, letter in enumerate(letters, start=1)
    )


def _letter(letter: str, *, is_last: bool) -> str:
    first, finals, syllables = ord("가"), 28, 588  # finals of a syllable, syllables of an initial consonant
    if "\u1100" <= letter <= "\u1112":  # an initial consonant, as NFKC writes ㅅ
        start = first + (ord(letter) - 0x1100) * syllables
        return f"[{letter}{chr(start)}-{chr(start + syllables - 1)}]"
    if is_last and "가" <= letter <= "힣" and (ord(letter) - first) % finals == 0:
        return f"[{letter}-{chr(ord(letter) + finals - 1)}]"
    return re.escape(letter)


def _key(text: str) -> str:
    """`text` without spaces and slashes, in lower case and normal width, with each syllable split into its letters.

    So 삼서 is a prefix of 삼성 while the user still types the last letter, and a single ㅅ is the first letter of 삼.
    """
    return _IGNORED.sub("", unicodedata.normalize("NFKD", text).casefold())


def _initials(name: str) -> str:
    """`name` with only the first consonant of each syllable: SK하이닉스 is SKㅎㅇㄴㅅ."""
    return "".join(unicodedata.normalize("NFD", char)[0] if "가" <= char <= "힣" else char for char in name)
