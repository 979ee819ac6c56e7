"""Sources of daily rows in foreign layouts, read one group of tickers at a time, each row once.

Nothing here writes to a database. The classes that implement `Source` read the rows; `conversion` turns them into bars;
`import_run` stores the bars.
"""

import itertools
import pickle
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from functools import partial
from typing import IO, Any, TypeVar

from finance_core import settings
from finance_core.errors import SisepanError, unwritable
from finance_core.foreign import conversion, raw_tickers
from finance_core.foreign.conversion import Converted, Rules
from finance_core.foreign.raw_tickers import ByTicker
from finance_core.foreign.shapes import Rows
from finance_core.foreign.table_source import Source

GROUP_ROWS = 150_000
"""About how many rows one group has. Two groups are in memory: one is worked on while the next one is read."""
KEYS = 20_000
"""The most raw tickers in one query: MongoDB accepts no query above 16 MB."""

T = TypeVar("T")
Group = Mapping[str, Sequence[Any]]
"""Tickers that are read together, each with its raw tickers."""


def converted(
    source: Source, known: ByTicker, unknown: Sequence[Any], rules: Rules, stop: threading.Event
) -> Iterator[Converted]:
    """The bars of the `known` tickers, then the refusals of `unknown` raw tickers, until `stop` is set.

    The next group is read while the caller works on one.
    """
    known = dict(known)
    for ticker, counts in list(known.items()):
        try:
            rules.require_currency(ticker, source.currencies_of(raw for raw, _count in counts))
        except SisepanError as error:
            yield conversion.failed(ticker, dict(known.pop(ticker)), error)
    for group in _ahead(_groups(source, known, rules, stop)):
        yield from group
    for start in range(0, len(unknown), KEYS):
        for rows in source.read(unknown[start : start + KEYS]):
            if stop.is_set():
                return
            yield conversion.refused(rows)


def _groups(source: Source, known: ByTicker, rules: Rules, stop: threading.Event) -> Iterator[list[Converted]]:
    groups = list(_planned(known))
    for group, portions in zip(groups, _portions(source, groups, stop), strict=False):
        if stop.is_set():
            return
        if portions:
            yield conversion.convert(rules, group, portions)


def _planned(known: ByTicker) -> Iterator[Group]:
    """Groups of about `GROUP_ROWS` rows."""
    group: dict[str, list[Any]] = {}
    size = 0
    for ticker, raws in known.items():
        if size >= GROUP_ROWS:
            yield group
            group, size = {}, 0
        group[ticker] = [raw for raw, _count in raws]
        size += sum(count for _raw, count in raws)
    if group:
        yield group


def _portions(source: Source, groups: Sequence[Group], stop: threading.Event) -> Iterator[list[Rows]]:
    """The rows of each group, in the order of `groups`; not all of them once `stop` is set.

    A source without an index is read only once: its rows go into a temporary file, which disappears with the process.
    """
    raws = [list(itertools.chain.from_iterable(group.values())) for group in groups]
    if len(groups) <= 1 or source.is_indexed():
        yield from (list(_until(stop, source.read(of_group))) for of_group in raws)
        return
    directory = settings.data_dir()
    try:
        directory.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=directory) as file:
            for places in _sorted_into(file, source, raws, stop):
                portions = []
                for place in places:
                    file.seek(place)
                    portions.append(pickle.load(file))
                yield portions
    except OSError as error:
        raise unwritable(directory, error) from error


def _sorted_into(
    file: IO[bytes], source: Source, raws: Sequence[Sequence[Any]], stop: threading.Event
) -> list[list[int]]:
    """Write the rows of all groups into `file`; returns the places of each group's portions."""
    group_of = {raw: number for number, of_group in enumerate(raws) for raw in of_group}
    places: list[list[int]] = [[] for _ in raws]
    for rows in _until(stop, source.read(list(group_of))):
        positions: dict[int, list[int]] = {}
        for position, key in enumerate(raw_tickers.keys_of(rows.columns["ticker"])):
            # A row without a ticker goes to the first group, which refuses it.
            positions.setdefault(group_of.get(key, 0), []).append(position)
        for number, chosen in positions.items():
            places[number].append(file.tell())
            pickle.dump(rows.at(chosen), file, pickle.HIGHEST_PROTOCOL)
    return places


def _until(stop: threading.Event, portions: Iterator[Rows]) -> Iterator[Rows]:
    return itertools.takewhile(lambda _rows: not stop.is_set(), portions)


def _ahead(items: Iterator[T]) -> Iterator[T]:
    """The same `items`, the next one made in another thread while the caller works on one."""
    with ThreadPoolExecutor(1) as thread:
        context, step = copy_context(), partial(next, items, None)
        following = thread.submit(context.run, step)
        while (item := following.result()) is not None:
            following = thread.submit(context.run, step)
            yield item
