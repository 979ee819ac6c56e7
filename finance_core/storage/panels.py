"""Panels of whole categories: read once, and kept for all visitors until bars change, within a limit of memory.

The bars of a panel are those that `prices.load` gives, ticker by ticker (a halted day as it is drawn, see
`candles.clean`). At each call, the rows of the tickers show which bars have changed since; only those are read again.
"""

import datetime as dt
import itertools
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Iterable, Iterator, Sequence, Set
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Final

import numpy as np
import pandas as pd

from finance_core import turns
from finance_core.bars import adjustment, candles, price_limit
from finance_core.bars import panel as panels
from finance_core.bars.panel import IntArray, Panel, TickerBars
from finance_core.categories import Category
from finance_core.errors import DataConflict, SisepanError
from finance_core.i18n import N_
from finance_core.storage import database, locations, prices, raw_bars, shares, tickers, watchlists
from finance_core.storage.database import MongoDatabase
from finance_core.storage.documents import TickerRow
from finance_core.storage.locations import Location
from finance_core.storage.raw_bars import READ, Table

MOST_BYTES: Final = 1 << 30
"""Most bytes of all panels that are kept, and so of the largest one; reading it takes little more than twice as much.
Twenty years of 3,300 tickers take 0.7 GB."""
BAR_BYTES: Final = 4 + 8 * len(panels.FIELDS)
KEPT_FOR: Final = 60.0
"""Seconds until bars that other programs write are read again, because nothing shows whether they have changed."""
BARS_AT_ONCE: Final = 100_000
TICKERS_AT_ONCE: Final = 400
"""About so many bars, and at most so many tickers, in one query."""

_ROW_FIELDS = (
    *(name for name in panels.TEXTS if name != "group"),
    "first_date",
    "bar_count",
    "bars_changed_at",
    "rewriting",
    *shares.FIELDS,
)


@dataclass
class _Kept:
    """The panel of a category that is kept, and the versions of its bars."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    """Held while bars are read: other visitors who need this panel wait for it, and read nothing."""
    panel: Panel | None = None
    since: dt.date = dt.date.max
    versions: dict[str, object] = field(default_factory=dict)


@dataclass
class Part:
    """The bars of some tickers, as one query found them."""

    bars: dict[str, TickerBars]
    """By ticker; without bars for `unreadable` tickers."""
    split: dict[str, np.datetime64] = field(default_factory=dict)
    """By ticker: the day of its last split or jump, NaT where there was none."""
    jumps: dict[str, IntArray] = field(default_factory=dict)
    """By ticker: the positions of its bars after a jump."""
    unreadable: set[str] = field(default_factory=set)
    """Tickers whose bars contradict each other."""


_NEVER: Final = np.datetime64("NaT", "D")
_changes = itertools.count(1)
"""Gives each panel that this process reads, or reads again in part, its version."""
_lock = threading.Lock()
_kept: "OrderedDict[tuple[str, str, str], _Kept]" = OrderedDict()
"""By server, database and category; the last used one stands last."""


def panel(db: MongoDatabase, category: Category, since: dt.date, fields: Iterable[str] = panels.FIELDS) -> Panel:
    """The bars of all active tickers of `category` from `since` on, as `prices.load` gives them.

    Tickers are sorted by name; those whose stored bars contradict each other, or are just being replaced without a
    transaction, are `unreadable`. Raises SisepanError where the bars would take more memory than `MOST_BYTES`.
    """
    location = locations.of(db, category)
    # Before the bars, and as these: they are never older than their versions.
    rows = database.at_one_moment(db, location, partial(tickers.active, db, category, _ROW_FIELDS))
    kept = _entry((database.address(), db.name, category.key))
    with kept.lock:
        whole = _current(db, category, kept, rows, since)
    texts = {name: np.array([str(row.get(name) or "") for row in rows], dtype=object) for name in panels.TEXTS}
    groups = watchlists.groups(db, category)
    # A ticker on no list has " " as text: "" would mean that its lists are unknown.
    texts["group"] = np.array([groups.get(row["ticker"], " ") for row in rows], dtype=object)
    named = replace(
        whole.since(np.datetime64(since)),
        texts=texts,
        listed=np.array([row.get("first_date") for row in rows], dtype="datetime64[D]"),
        shares=shares.of(category, rows),
    )
    return replace(named, bars={name: named.bars[name] for name in fields})


def some(db: MongoDatabase, category: Category, names: Sequence[str], since: dt.date) -> dict[str, TickerBars]:
    """The bars of a few tickers from `since` on, as in a panel; those without bars, or unreadable, are left out."""
    read = _read(db, category, names, since)
    return {ticker: bars for part in read for ticker, bars in part.bars.items() if len(bars[0])}


def forget() -> None:
    """Drop all panels that are kept."""
    with _lock:
        _kept.clear()


def _entry(key: tuple[str, str, str]) -> _Kept:
    with _lock:
        kept = _kept.setdefault(key, _Kept())
        _kept.move_to_end(key)
        return kept


def _current(db: MongoDatabase, category: Category, kept: _Kept, rows: Sequence[TickerRow], since: dt.date) -> Panel:
    """The panel in `kept`, brought up to date for `rows`, and reaching back to `since` at least."""
    location = locations.of(db, category)
    versions = {row["ticker"]: _version(location, row) for row in rows}
    if kept.panel is None or since < kept.since:
        _make_room(rows, min(since, kept.since), kept)
        kept.panel, kept.since, kept.versions = None, min(since, kept.since), {}
    known = kept.panel or panels.of({})
    changed = [ticker for ticker, version in versions.items() if kept.versions.get(ticker) != version]
    if kept.panel is None or changed or known.tickers != tuple(versions):
        read, unreadable = [], known.unreadable.intersection(versions).difference(changed)
        rewriting = {row["ticker"] for row in rows if row.get("rewriting")}
        for part in _read(db, category, changed, kept.since, rewriting):
            read.append(panels.of(part.bars, split=part.split, jumps=part.jumps))  # as compact as it is kept
            unreadable |= part.unreadable
        panel = panels.replaced(known, read, list(versions))
        kept.panel = replace(panel, unreadable=unreadable, version=next(_changes))
        kept.versions = versions
    return kept.panel


def _version(location: Location, row: TickerRow) -> object:
    """A value that differs once the bars of `row` have changed."""
    if location.read_only or row.get("rewriting") or "bars_changed_at" not in row:
        return int(time.monotonic() // KEPT_FOR)
    return location, row["bars_changed_at"], row.get("bar_count")


def _make_room(rows: Sequence[TickerRow], since: dt.date, wanted: _Kept) -> None:
    """Drop the panels that were used longest ago, until there is room for the bars of `rows` from `since` on.

    `wanted` is the panel of these bars. Raises SisepanError if they alone take more memory than `MOST_BYTES`.
    """
    first_days = [row["first_date"].date() for row in rows if row.get("first_date")]
    sessions = _sessions(max(since, min(first_days, default=since)))
    bars = sum(min(row.get("bar_count", sessions), sessions) for row in rows)
    needed = bars * BAR_BYTES + (sessions + len(rows)) * 8
    if needed > MOST_BYTES:
        sentence = N_(
            "{since}부터 {count}종목의 시세는 메모리 {needed}MB가 필요해 한꺼번에 읽지 않습니다(한도 {limit}MB). "
            "기간을 줄이십시오."
        )
        raise SisepanError(sentence, since=since, count=len(rows), needed=needed >> 20, limit=MOST_BYTES >> 20)
    with _lock:
        for key in list(_kept):
            others = [each for each in _kept.values() if each is not wanted and each.panel]
            if sum(each.panel.nbytes for each in others if each.panel) + needed <= MOST_BYTES:
                return
            if _kept[key] is not wanted:
                del _kept[key]


def _read(
    db: MongoDatabase, category: Category, names: Sequence[str], since: dt.date, rewriting: Set[str] = frozenset()
) -> Iterator[Part]:
    """Read the bars of `names`, some tickers at a time.

    Those that are `rewriting` are unreadable: half of their bars may be old, and half new.

    While one part is decoded, the server reads the next part. It also reads the part after that as long as no other
    page is drawn or waits (for this panel, for example): two queries at a time would slow a chart elsewhere.
    """
    begin, location = dt.datetime.combine(since, dt.time()), locations.of(db, category)
    refused = location.refused_tickers | rewriting
    count = min(max(BARS_AT_ONCE // _sessions(since), 1), TICKERS_AT_ONCE)
    parts = deque(names[first : first + count] for first in range(0, len(names), count))
    queries: deque[tuple[Sequence[str], Future[list[bytes]]]] = deque()
    with ThreadPoolExecutor(2) as readers:

        def ask(most: int) -> None:
            while parts and len(queries) < most:
                part = parts.popleft()
                queries.append((part, readers.submit(raw_bars.fetch, db, location, part, begin)))

        ask(1)
        while queries:
            part, answer = queries.popleft()
            batches = answer.result()
            ask(2 if turns.is_alone() else 1)
            read = Part(dict.fromkeys(part, panels.NO_BARS))
            read.unreadable |= refused.intersection(part)
            for ticker, table in raw_bars.decode(batches, location).items():
                if ticker in refused:
                    continue
                try:
                    read.bars[ticker], split = _bars(db, location, ticker, table, begin)
                    read.jumps[ticker] = jumps = price_limit.jumps_of(category, read.bars[ticker])
                    read.split[ticker] = np.fmax.reduce([split, *read.bars[ticker][0][jumps[-1:]]])
                except DataConflict:
                    read.unreadable.add(ticker)
            yield read


def _sessions(since: dt.date) -> int:
    """The most sessions that there can be from `since` to today."""
    return max((dt.date.today() - since).days, 0) * 5 // 7 + 10


def _bars(
    db: MongoDatabase, location: Location, ticker: str, table: Table | None, begin: dt.datetime
) -> tuple[TickerBars, np.datetime64]:
    """The bars of one ticker as they are drawn, and the day of its last split. Raises DataConflict as `as_stored`."""
    days = None if table is None else raw_bars.days(table)
    if table is None or days is None or not _are_clean(table):
        # `as_stored` reads every odd value, or says what is wrong.
        frame = prices.load(db, location, ticker)
        return _of_frame(frame[frame.index >= pd.Timestamp(begin)])
    columns = dict(zip(READ, table.T, strict=True))
    volume = columns["volume"]
    columns["volume"] = np.where((volume >= 0) & (volume < candles.VOLUME_LIMIT), volume, 0).round()
    splits = np.flatnonzero(columns["stock_splits"] > 0)
    later, close = splits[splits > 0], columns["close"]
    if len(later) and adjustment.is_unadjusted(close[later - 1], close[later], columns["stock_splits"][later]).any():
        frame, _remarks = adjustment.split_adjusted(candles.frame(days.astype("datetime64[ns]"), table[:, 1:]))
        return _of_frame(frame)
    bars = days, {name: columns[name] for name in panels.FIELDS}
    return bars, days[splits[-1]] if len(splits) else _NEVER


def _are_clean(table: Table) -> bool:
    prices_of = table[:, 1 : 1 + len(candles.PRICES)]
    are_prices = (prices_of > 0).all() and np.isfinite(prices_of).all()
    return bool(are_prices and not candles.upside_down(*prices_of[:, 1:3].T).any())


def _of_frame(frame: pd.DataFrame) -> tuple[TickerBars, np.datetime64]:
    days = frame.index.to_numpy().astype("datetime64[D]")
    bars = days, {name: frame[name].to_numpy(dtype="float64") for name in panels.FIELDS}
    return bars, max(days[frame["stock_splits"].to_numpy() > 0], default=_NEVER)
