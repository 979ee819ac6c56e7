"""The bars of a whole market at once, for questions across tickers. Pure; reading them is left to `storage.panels`.

A window of 20 bars means 20 bars of the ticker itself, as on its chart, whichever days other tickers traded. So the
bars lie one ticker after the other in flat arrays, ascending by session, and arithmetic runs over all of them at once
(see `field_values`). `matrix` aligns them as sessions × tickers, for questions that need the same day of all.

>>> days = np.array(["2024-01-02", "2024-01-03"], dtype="datetime64[D]")
>>> panel = of({"A": (days, {"close": [10.0, 11.0]}), "B": (days[1:], {"close": [5.0]})}, ["close"])
>>> panel.matrix("close").tolist()
[[10.0, nan], [11.0, 5.0]]
"""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import compress, pairwise
from typing import Any, Final, TypeVar

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]
Days = npt.NDArray[np.datetime64]
T = TypeVar("T", bound=np.generic)

FIELDS: Final = ("open", "high", "low", "close", "volume")
"""The numbers of a bar that a panel may hold, in the ticker's currency and in shares, adjusted for splits."""
STALE_AFTER: Final = np.timedelta64(4, "D")
"""A ticker is stale if its last bar is older than the newest session by more than this; a long weekend is shorter."""
TEXTS: Final = ("name", "name_en", "market", "industry", "currency", "source", "group")
"""The texts of a ticker that a panel may hold."""
BETWEEN: Final = " · "
"""Stands between the texts of a ticker that has several, as the names of its lists."""


@dataclass(frozen=True, eq=False)
class Shares:
    """How many shares of each ticker are outstanding; NaN and NaT where nobody knows."""

    numbers: FloatArray
    since: Days
    """The first day at whose end there were so many."""
    until: Days
    """The last day of which a source says so."""

    def only(self, which: BoolArray) -> "Shares":
        """Those of the tickers for which `which` is true."""
        return Shares(self.numbers[which], self.since[which], self.until[which])


@dataclass(frozen=True, eq=False)
class Panel:
    """Bars of many tickers. Do not change its arrays: all visitors share them."""

    tickers: tuple[str, ...]
    sessions: Days
    """Every day on which a ticker has a bar, ascending, unique, in days."""
    starts: IntArray
    """Position of the first bar of each ticker, and at the end the number of all bars."""
    at: npt.NDArray[np.int32]
    """Position in `sessions` of each bar."""
    bars: Mapping[str, FloatArray]
    """By field of `FIELDS`: one number for each bar. A price is never missing."""
    texts: Mapping[str, npt.NDArray[np.object_]] = field(default_factory=dict)
    """By name of `TEXTS`: one text for each ticker; "" where it has none."""
    listed: Days | None = None
    """The day of the first bar of each ticker, which may lie before the panel; NaT where none is known."""
    split: Days | None = None
    """The day of the last split or jump of each ticker, NaT where there was none, in all bars that were read; the panel
    may hold a part of these. Its prices reflect all these splits. None means: these days are not known."""
    jumps: IntArray = field(default_factory=lambda: np.array([], dtype="int64"))
    """Positions of bars after a jump (see `price_limit`), ascending: no return, average or high may span one."""
    shares: Shares | None = None
    """None means: shares are not known."""
    unreadable: frozenset[str] = frozenset()
    """Tickers that have no bars here, because their stored bars contradict each other."""
    version: int = 0
    """Differs once bars have changed, if the code that keeps the panel counts its changes (see `storage.panels`)."""

    @property
    def counts(self) -> IntArray:
        """Number of bars of each ticker."""
        return np.diff(self.starts)

    @property
    def nbytes(self) -> int:
        """Memory of its arrays, in bytes."""
        return sum(array.nbytes for array in (self.sessions, self.starts, self.at, *self.bars.values()))

    @property
    def pieces(self) -> IntArray:
        """Position of the first bar of each piece of a ticker's bars between jumps, and the number of all bars."""
        return np.union1d(self.starts, self.jumps)

    @property
    def rank(self) -> IntArray:
        """How many bars of its ticker lie before each bar, since the last jump."""
        pieces = self.pieces
        return np.arange(len(self.at)) - np.repeat(pieces[:-1], np.diff(pieces))

    @property
    def last(self) -> IntArray:
        """Position of the last bar of each ticker; -1 where it has none."""
        return np.where(self.counts > 0, self.starts[1:] - 1, -1)

    @property
    def last_piece(self) -> IntArray:
        """Position of the first bar of each ticker since its last jump; of a ticker without bars, where it would be."""
        before = self.jumps.searchsorted(self.starts[1:]) - 1
        jump = np.append(self.jumps, -1)[before]  # the last one, -1, where there is none before
        return np.asarray(np.maximum(jump, self.starts[:-1]))

    def jump_days(self) -> dict[str, list[dt.date]]:
        """The days of the jumps of each ticker that has any."""
        days: dict[str, list[dt.date]] = {}
        positions = self.starts.searchsorted(self.jumps, side="right") - 1
        for position, day in zip(positions.tolist(), self.sessions[self.at[self.jumps]].tolist(), strict=True):
            days.setdefault(self.tickers[position], []).append(day)
        return days

    def at_last(self, values: npt.NDArray[T], missing: Any) -> npt.NDArray[T]:
        """Those of `values`, one for each bar, at the last bar of each ticker; `missing` where it has no bar."""
        result = np.full(len(self.tickers), missing, dtype=values.dtype)
        result[self.counts > 0] = values[self.last[self.counts > 0]]
        return result

    def text(self, name: str) -> npt.NDArray[np.object_]:
        """The text `name` of each ticker."""
        return self.texts.get(name, np.full(len(self.tickers), "", dtype=object))

    def matrix(self, name: str) -> FloatArray:
        """The field `name` as sessions × tickers; NaN where a ticker has no bar."""
        aligned = np.full((len(self.tickers), len(self.sessions)), np.nan)
        aligned[np.repeat(np.arange(len(self.tickers)), self.counts), self.at] = self.bars[name]
        return aligned.T

    def as_of(self, day: np.datetime64) -> "Panel":
        """What the panel was at the end of `day`: without any bar after it."""
        end = int(np.searchsorted(self.sessions, day.astype("datetime64[D]"), side="right"))
        return self if end == len(self.sessions) else self._between(0, end)

    def since(self, day: np.datetime64) -> "Panel":
        """The panel without the bars before `day`."""
        begin = int(np.searchsorted(self.sessions, day.astype("datetime64[D]")))
        return self._between(begin, len(self.sessions)) if begin else self

    def tail(self, bars: int) -> "Panel":
        """The panel with the last `bars` bars of each ticker, on whichever days they are."""
        if (self.counts <= bars).all():
            return self
        return self._only(np.maximum(self.starts[1:] - bars, self.starts[:-1]), self.starts[1:])

    def only(self, which: BoolArray) -> "Panel":
        """The panel of the tickers for which `which` is True, with the sessions of these tickers only."""
        kept = np.repeat(which, self.counts)
        sessions, at = _distinct(self.sessions[self.at[kept]])
        return replace(
            self,
            tickers=tuple(compress(self.tickers, which.tolist())),
            sessions=sessions,
            starts=np.concatenate([[0], np.cumsum(self.counts[which])]),
            at=at,
            bars={name: values[kept] for name, values in self.bars.items()},
            texts={name: texts[which] for name, texts in self.texts.items()},
            listed=None if self.listed is None else self.listed[which],
            split=None if self.split is None else self.split[which],
            jumps=_moved(self.jumps, self.starts[:-1][which], self.starts[1:][which]),
            shares=None if self.shares is None else self.shares.only(which),
            unreadable=self.unreadable.intersection(compress(self.tickers, which.tolist())),
        )

    def _between(self, begin: int, end: int) -> "Panel":
        """The panel of the sessions from position `begin` up to `end`."""
        cuts = pairwise(self.starts.tolist())
        limits = np.array([first + np.searchsorted(self.at[first:last], (begin, end)) for first, last in cuts])
        kept = self._only(*limits.reshape(-1, 2).T)
        return replace(kept, sessions=self.sessions[begin:end], at=kept.at - np.int32(begin))

    def _only(self, begins: IntArray, ends: IntArray) -> "Panel":
        """The panel with the bars of each ticker from `begins` up to `ends`; the time grows with these bars only."""
        kept = [slice(begin, end) for begin, end in zip(begins.tolist(), ends.tolist(), strict=True)]
        starts = np.concatenate([[0], np.cumsum(ends - begins, dtype="int64")])
        at = np.concatenate([self.at[:0], *(self.at[each] for each in kept)])
        bars = {name: _joined([values[each] for each in kept]) for name, values in self.bars.items()}
        return replace(self, starts=starts, at=at, bars=bars, jumps=_moved(self.jumps, begins, ends))

    def has_begun(self) -> BoolArray:
        """Which tickers are known to have had a bar by the newest session, be it before the panel."""
        if self.listed is None or not len(self.sessions):
            return self.counts > 0
        return np.asarray(self.listed <= self.sessions[-1])

    def began_before(self) -> BoolArray:
        """Which tickers have bars from before the panel: one with few bars in it was halted, or has a gap."""
        if self.listed is None or not len(self.sessions):
            return np.zeros(len(self.tickers), dtype=bool)
        return np.asarray(self.listed < self.sessions[0])

    def stale(self) -> BoolArray:
        """Which tickers have no bar within `STALE_AFTER` of the newest session, or none at all."""
        if not len(self.sessions):
            return np.ones(len(self.tickers), dtype=bool)
        newest = self.at_last(self.at, -1)
        return np.asarray((newest < 0) | (self.sessions[newest] < self.sessions[-1] - STALE_AFTER))

    def halted(self) -> BoolArray:
        """Which tickers did not trade in their last bar (see `halted_bars`)."""
        return self.at_last(self.halted_bars(), False)

    def halted_bars(self) -> BoolArray:
        """Which bars are of days without trade: one price and no volume, while the ticker has volume on other days.

        Exchange rates, which never have volumes, are not halted.
        """
        volume = self.bars["volume"]
        traded = np.concatenate([[0], np.cumsum(volume > 0)])
        has_volumes = np.repeat(traded[self.starts[1:]] > traded[self.starts[:-1]], self.counts)
        return np.asarray(has_volumes & (volume == 0) & (self.bars["high"] == self.bars["low"]))


TickerBars = tuple[Days, Mapping[str, npt.ArrayLike]]
"""The days of a ticker's bars, ascending, and its numbers by field."""
NO_BARS: Final[TickerBars] = np.array([], dtype="datetime64[D]"), dict.fromkeys(FIELDS, np.array([]))


def of(
    bars: Mapping[str, TickerBars],
    fields: Iterable[str] = FIELDS,
    split: Mapping[str, np.datetime64] | None = None,
    jumps: Mapping[str, IntArray] | None = None,
) -> Panel:
    """The panel of the bars of each ticker, in the order of `bars`.

    By ticker, `split` has the day of the last split, and `jumps` the positions of jumps among the ticker's bars.
    """
    days = [ticker_days.astype("datetime64[D]") for ticker_days, _values in bars.values()]
    flat = np.concatenate([np.array([], dtype="datetime64[D]"), *days])
    sessions, at = _distinct(flat)
    starts = np.concatenate([[0], np.cumsum([len(each) for each in days], dtype="int64")])
    columns = {name: _joined([values[name] for _days, values in bars.values()]) for name in fields}
    none = np.array([], dtype="int64")
    by_ticker = zip(starts, ((jumps or {}).get(ticker, none) for ticker in bars), strict=False)
    at_jumps = np.concatenate([none, *(start + each for start, each in by_ticker)])
    splits = None if split is None else np.array([split.get(ticker) for ticker in bars], dtype="datetime64[D]")
    return Panel(tuple(bars), sessions, starts, at, columns, split=splits, jumps=at_jumps)


def _moved(jumps: IntArray, begins: IntArray, ends: IntArray) -> IntArray:
    """`jumps` in the panel of the bars from `begins` up to `ends` of each of its tickers."""
    if not len(jumps) or not len(ends):
        return jumps[:0]
    ticker = np.minimum(ends.searchsorted(jumps, side="right"), len(ends) - 1)
    starts = np.concatenate([[0], np.cumsum(ends - begins)])
    is_within = (begins[ticker] < jumps) & (jumps < ends[ticker])  # before the first bar there is no bar to jump from
    return np.asarray((jumps - begins[ticker] + starts[ticker])[is_within])


def _distinct(days: Days) -> tuple[Days, npt.NDArray[np.int32]]:
    """The distinct `days`, ascending, and the position of each day among them; without sorting millions of them."""
    if not len(days):
        return days, np.array([], dtype="int32")
    first = days.min()
    offsets = (days - first).astype("int64")
    occurs = np.zeros(int(offsets.max()) + 1, dtype=bool)
    occurs[offsets] = True
    position = np.cumsum(occurs, dtype="int32") - np.int32(1)
    return first + np.flatnonzero(occurs).astype("timedelta64[D]"), position[offsets]


def replaced(panel: Panel, changed: Sequence[Panel], tickers: Sequence[str]) -> Panel:
    """The panel of `tickers`. The bars of a ticker are from the last panel of `changed` that has it, else from `panel`.

    Tickers that no panel has are without bars. Each bar is copied once, into the result.
    """
    sources = [panel, *changed]
    places = {
        ticker: (source, slice(source.starts[position], source.starts[position + 1]))
        for source in sources
        for position, ticker in enumerate(source.tickers)
    }
    parts = [places.get(ticker, (panel, slice(0, 0))) for ticker in tickers]
    days = np.unique(np.concatenate([source.sessions for source in sources]))
    positions = {id(source): np.searchsorted(days, source.sessions).astype("int32") for source in sources}
    at = np.concatenate([panel.at[:0], *(positions[id(source)][source.at[each]] for source, each in parts)])
    occurs = np.zeros(len(days), dtype=bool)
    occurs[at] = True
    columns = {name: _joined([source.bars[name][each] for source, each in parts]) for name in panel.bars}
    starts = np.concatenate([[0], np.cumsum([each.stop - each.start for _source, each in parts], dtype="int64")])
    at = (np.cumsum(occurs, dtype="int32") - np.int32(1))[at]
    jumps = [
        source.jumps[slice(*source.jumps.searchsorted((each.start + 1, each.stop)))] - each.start + start
        for (source, each), start in zip(parts, starts, strict=False)
        if len(source.jumps)
    ]
    at_jumps = np.concatenate([panel.jumps[:0], *jumps])
    splits = _splits(sources, tickers)
    return Panel(tuple(tickers), days[occurs], starts, at, columns, split=splits, jumps=at_jumps)


def _splits(sources: Sequence[Panel], tickers: Sequence[str]) -> Days | None:
    """The last split of each ticker, from the last of `sources` that has it; None if one of these knows no splits."""
    splits: dict[str, np.datetime64] = {}
    for source in sources:
        if source.split is not None:
            splits.update(zip(source.tickers, source.split, strict=True))
        elif source.tickers:
            return None
    return np.array([splits.get(ticker) for ticker in tickers], dtype="datetime64[D]")


def _joined(parts: Sequence[npt.ArrayLike]) -> FloatArray:
    return np.concatenate([np.array([]), *(np.asarray(part, dtype="float64") for part in parts)])
