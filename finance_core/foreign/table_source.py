"""Sources of bars, never written: collections, and tables in files, which are read from the first row to the last."""

import itertools
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from finance_core.bars import candles
from finance_core.categories import Category
from finance_core.foreign import date_fields, field_names, raw_tickers, row_parts, unread
from finance_core.foreign.raw_tickers import Described
from finance_core.foreign.shapes import Rows

SAMPLE_ROWS: Final = 1000
"""How many of the first rows are read to see whether a table has dates."""


class Source(ABC):
    """A table or collection with the daily rows of many tickers, in columns `names` (our name to theirs).

    The other `columns` are read too, each under its own name: they may tell the rows of one day apart.
    """

    keeps_all = False
    """True: the source always has all days, as a collection does, so days that it lacks are to be removed. False for a
    file: a file of this month may have the name of last month's."""

    def __init__(self, name: str, names: Mapping[str, str], columns: Iterable[str] = ()) -> None:
        self.name = name
        """The name that a person sees; the same source always has the same name."""
        self.described: Described = {}
        """Descriptions of the raw tickers in the rows; known after `counts`."""
        self._names: Mapping[str, str] = {**unread.names(columns, names), **names}

    @abstractmethod
    def fingerprint(self) -> str:
        """A text that changes with the rows. An interrupted import continues only if the text is the same."""

    @abstractmethod
    def _portions(self, names: Iterable[str]) -> Iterator[Rows]:
        """All rows, with the columns of these `names` (ours). Raises SisepanError where the file cannot be read."""

    def sample(self) -> Sequence[Any]:
        """The dates of the first `SAMPLE_ROWS` rows, as they are written; of several fields, the one with the days."""
        self._choose_date()
        written = itertools.chain.from_iterable(rows.columns["date"] for rows in self._portions(["date"]))
        return list(itertools.islice(written, SAMPLE_ROWS))

    def is_indexed(self) -> bool:
        """Whether `read` finds the rows of a few tickers without reading all rows; a file has no index."""
        return False

    def counts(self) -> Mapping[Any, int]:
        """How many rows each raw ticker has, None those without. Raises SisepanError where a file cannot be read."""
        counts: Counter[Any] = Counter()
        self.described = {}
        descriptive = [name for name in field_names.TICKERS if name in self._names]
        for rows in self._portions(["ticker", *descriptive]):
            counts.update(raw_tickers.keys_of(rows.columns["ticker"]))
            raw_tickers.describe(self.described, rows.columns)
        return counts

    def currencies_of(self, raws: Iterable[Any]) -> set[str]:
        """ISO codes of the currencies that names of prices and rows of these raw tickers tell; after `counts`."""
        units = (field_names.unit_of(self._names.get(price, "")) for price in candles.PRICES)
        words = (word for raw in raws for word in self.described.get(raw, {}).get("currency", ()))
        return raw_tickers.currencies(itertools.chain(units, words))

    def _choose_ticker(self, category: Category) -> None:
        """Read the ticker from that of several columns which has tickers in the first rows."""
        several = field_names.tickers_among(self._names.values())
        columns = {theirs: ours for ours, theirs in self._names.items() if theirs in several}
        if len(columns) > 1 and "ticker" in columns.values():
            first = next(self._portions(list(columns.values())), None)
            held = {name: first.columns.get(ours, ()) for name, ours in columns.items()} if first else {}
            if field := row_parts.field_of_tickers(held, category):
                self._names = {**self._names, "ticker": field}

    def _choose_date(self) -> None:
        if names := field_names.dates_among(self._names):
            first = list(itertools.islice(self._portions(["date", *names]), 1))
            columns = {name: of[:SAMPLE_ROWS] for name, of in date_fields.gathered(first).items()}
            if field := date_fields.choose(columns).field:
                self._names = {**self._names, "date": self._names[field]}

    def read(self, wanted: Sequence[Any]) -> Iterator[Rows]:
        """The rows of the `wanted` raw tickers."""
        keys = frozenset(wanted)
        needless = field_names.TICKERS.keys() - {"market", unread.TELLING_CATEGORY}
        for rows in self._portions([name for name in self._names if name not in needless]):
            if chosen := rows.of(keys):
                read = {*unread.READ, *field_names.dates_among(chosen.columns)}
                others = {name: of for name, of in chosen.columns.items() if name not in read}
                plain = {name: of for name, of in chosen.columns.items() if name not in others}
                yield replace(chosen, columns=plain | unread.worded(others))


def bar_columns(columns: Iterable[str]) -> dict[str, str]:
    """Our names of the fields of a bar and of its ticker, each mapped to the column of a table for it."""
    return dict(field_names.of_bars(tuple(columns)))
