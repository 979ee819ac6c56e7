"""Sources of daily rows in other layouts, and the bars that they hold of each ticker, with what of them is refused.

No database is written here, and where rows come from is left to whoever implements `Source`. What becomes of the bars
is left to `importing`.
"""

import itertools
import pickle
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import copy_context
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt
import pandas as pd

from finance_core import settings
from finance_core.bars import candles
from finance_core.categories import Category
from finance_core.errors import SisepanError
from finance_core.foreign import layouts, raw_values
from finance_core.foreign.layouts import Rows
from finance_core.i18n import N_

GROUP_ROWS = 200_000
"""Rows that are held in memory at once, give or take a ticker; and as many again that are read meanwhile."""
SCANS = 4
"""So many groups may each go through all of a source; of more, all rows are first sorted into a file."""
KEYS = 20_000
"""Raw tickers that one question names: MongoDB takes no question beyond 16 MB."""
SHOWN_CONVERSIONS = 20
"""How many conversions are kept of a ticker, to be shown."""

NO_TICKER = N_("종목 코드가 없습니다.")
NOT_A_TICKER = N_("이 카테고리의 종목 코드가 아닙니다: {ticker}")
NO_DATE = N_("날짜가 없습니다.")
UNREADABLE_DATE = N_("날짜를 읽을 수 없습니다: {date}")
NO_CLOSE = N_("종가가 없거나 0보다 크지 않습니다.")
DUPLICATE = N_("같은 종목, 같은 날의 행이 뒤에 또 있습니다.")


class Source(Protocol):
    """Something with daily rows of many tickers."""

    name: str
    """What a person calls it; the same source has the same name every time."""
    zone: str
    """See `raw_values.zone_of`."""
    epoch_unit: str
    """See `raw_values.epoch_unit`."""
    keeps_all: bool
    """Whether days that it had and has no more are gone, as from a collection; a file may be the next month's, under
    the name of last month's."""

    def is_indexed(self) -> bool:
        """Whether `read` finds the rows of a few tickers without going through all."""

    def fingerprint(self) -> str:
        """What changes where rows come, go or, in a file, are others; an import that was cut off goes by it."""

    def counts(self) -> Mapping[Any, int]:
        """How many rows, about, each raw ticker has; None stands for those without one."""

    def read(self, raw_tickers: Sequence[Any]) -> Iterator[Rows]:
        """The rows of these raw tickers, in the order in which they came, in portions."""


class Refusal(NamedTuple):
    """One row that is not taken."""

    place: str
    ticker: str
    date: str
    """As they were written."""
    reason: SisepanError


class Conversion(NamedTuple):
    """One row, and the bar that it becomes."""

    place: str
    raw_ticker: str
    raw_date: str
    ticker: str
    date: pd.Timestamp
    close: float


@dataclass(frozen=True)
class Found:
    """What a source holds of one ticker."""

    ticker: str
    raw_tickers: tuple[Any, ...]
    bars: pd.DataFrame
    rows: int
    """Of them, some were refused."""
    remarks: tuple[candles.Remark, ...]
    refusals: tuple[Refusal, ...]
    conversions: tuple[Conversion, ...]
    """The first ones."""


def by_ticker(category: Category, counts: Mapping[Any, int]) -> tuple[dict[str, list[tuple[Any, int]]], list[Any]]:
    """The raw tickers, with their counts, of each ticker; and those that are none."""
    wanted: dict[str, list[tuple[Any, int]]] = {}
    unknown = []
    for raw, count in counts.items():
        ticker = category.ticker_of(layouts.ticker_text(raw))
        if ticker and category.is_ticker(ticker):
            wanted.setdefault(ticker, []).append((raw, count))
        else:
            unknown.append(raw)
    return dict(sorted(wanted.items())), unknown


def groups(source: Source, wanted: Mapping[str, list[tuple[Any, int]]], stop: threading.Event) -> Iterator[list[Found]]:
    """What the source holds of the `wanted` tickers, as many at a time as fit into memory."""
    planned = list(_planned(wanted))
    if len(planned) <= SCANS or source.is_indexed():
        for group in planned:
            if stop.is_set():
                return
            yield _found(source, group, source.read(_raws(group)), stop)
        return
    with _sorted_out(source, planned, stop) as rows_of:
        for number, group in enumerate(planned):
            if stop.is_set():
                return
            yield _found(source, group, rows_of(number), stop)


def _planned(wanted: Mapping[str, list[tuple[Any, int]]]) -> Iterator[dict[str, list[Any]]]:
    """The raw tickers of each ticker, in groups of about `GROUP_ROWS`."""
    group: dict[str, list[Any]] = {}
    size = 0
    for ticker, raws in wanted.items():
        if size >= GROUP_ROWS:
            yield group
            group, size = {}, 0
        group[ticker] = [raw for raw, _count in raws]
        size += sum(count for _raw, count in raws)
    if group:
        yield group


def _raws(group: Mapping[str, Sequence[Any]]) -> list[Any]:
    return [raw for raws in group.values() for raw in raws]


@contextmanager
def _sorted_out(
    source: Source, planned: Sequence[Mapping[str, Sequence[Any]]], stop: threading.Event
) -> Iterator[Callable[[int], Iterator[Rows]]]:
    """The rows of each group, by its number, after the source was read once.

    They wait in a file without a name, which is gone with this process, however it ends.
    """
    group_of = {raw: number for number, group in enumerate(planned) for raw in _raws(group)}
    places: list[list[int]] = [[] for _ in planned]
    directory = settings.data_dir()
    try:
        directory.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=directory) as file:
            for rows in source.read(list(group_of)):
                if stop.is_set():
                    break
                for number, part in _parts(rows, group_of):
                    places[number].append(file.tell())
                    pickle.dump(part, file, pickle.HIGHEST_PROTOCOL)

            def rows_of(number: int) -> Iterator[Rows]:
                for place in places[number]:
                    file.seek(place)
                    yield pickle.load(file)

            yield rows_of
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise SisepanError(N_("{path}에 쓸 수 없습니다({reason})."), path=str(directory), reason=reason) from error


def _parts(rows: Rows, group_of: Mapping[Any, int]) -> Iterator[tuple[int, Rows]]:
    """Which of the rows belong to which group; those of no ticker to the first, where they are refused."""
    positions: dict[int, list[int]] = {}
    for position, raw in enumerate(rows.columns["ticker"]):
        positions.setdefault(max(_code(raw, group_of), 0), []).append(position)
    for number, chosen in positions.items():
        yield number, rows if len(chosen) == len(rows) else rows.at(chosen)


def ahead(groups: Iterator[list[Found]]) -> Iterator[Found]:
    """What is in `groups`, the next one read by another thread while this one is worked on."""
    with ThreadPoolExecutor(1) as reader:
        context = copy_context()
        following = reader.submit(context.run, _next, groups)
        while (group := following.result()) is not None:
            following = reader.submit(context.run, _next, groups)
            yield from group


def _next(groups: Iterator[list[Found]]) -> list[Found] | None:
    return next(groups, None)


def refused(source: Source, unknown: Sequence[Any], stop: threading.Event) -> Iterator[Found]:
    """The rows of what is no ticker, as refusals."""
    if not unknown:
        return
    portions = (source.read(unknown[start : start + KEYS]) for start in range(0, len(unknown), KEYS))
    for rows in itertools.chain.from_iterable(portions):
        if stop.is_set():
            return
        refused = []
        for position, raw in enumerate(rows.columns["ticker"]):
            text = layouts.ticker_text(raw)
            reason = SisepanError(NOT_A_TICKER, ticker=text[:40]) if text else None
            refused.append(_refusal(rows, position, reason or SisepanError(NO_TICKER)))
        yield Found("", (), candles.empty(), len(rows), (), tuple(refused), ())


def _refusal(rows: Rows, position: int, reason: SisepanError) -> Refusal:
    raw, date = rows.columns["ticker"][position], rows.columns["date"][position]
    return Refusal(rows.place(position), layouts.ticker_text(raw), "" if date is None else str(date)[:60], reason)


@dataclass(frozen=True)
class _Table:
    """The rows of a group as arrays of one length."""

    codes: npt.NDArray[np.int64]
    """Which ticker of the group."""
    moments: raw_values.Moments
    values: npt.NDArray[np.float64]
    order: npt.NDArray[np.int64]
    part: npt.NDArray[np.int64]
    position: npt.NDArray[np.int64]
    """Which of the portions that were read, and where in it."""

    def only(self, chosen: npt.NDArray[Any]) -> "_Table":
        """Some of the rows, by a mask or in an order."""
        return _Table(*(getattr(self, name)[chosen] for name in self.__dataclass_fields__))


def _found(
    source: Source, group: Mapping[str, Sequence[Any]], read: Iterator[Rows], stop: threading.Event
) -> list[Found]:
    """What a group's rows come to, once all are `read`; nothing where it is to stop before that."""
    code_of = {ticker: code for code, ticker in enumerate(group)}
    codes_of_raw = {raw: code_of[ticker] for ticker, raws in group.items() for raw in raws}
    portions = list(itertools.takewhile(lambda _portion: not stop.is_set(), read))
    if stop.is_set() or not portions:
        return []
    table = _table(portions, codes_of_raw, source)
    refused: dict[int, list[Refusal]] = {}

    def refuse(chosen: npt.NDArray[np.bool_], reason: Callable[[Any], SisepanError]) -> None:
        for code, part, position in zip(table.codes[chosen], table.part[chosen], table.position[chosen], strict=True):
            rows = portions[part]
            refusal = _refusal(rows, int(position), reason(rows.columns["date"][position]))
            refused.setdefault(int(code), []).append(refusal)

    # In a field of its own, beside the one by which they were found.
    untold = table.codes < 0
    refuse(untold, lambda _date: SisepanError(NO_TICKER))
    table = table.only(~untold)
    untold_rows = refused.pop(-1, [])
    counts = np.bincount(table.codes, minlength=len(group))
    undated = np.isnat(table.moments)
    refuse(undated, _date_problem)
    table = table.only(~undated)
    close = table.values[:, candles.COLUMNS.index("close")]
    worthless = ~((close > 0) & np.isfinite(close))
    refuse(worthless, lambda _date: SisepanError(NO_CLOSE))
    table = table.only(~worthless)
    # By time, and what came later last: of two of one day, the last one counts.
    table = table.only(np.lexsort((table.order, table.moments, table.codes)))
    days = table.moments.astype("datetime64[D]")
    superseded = np.zeros(len(days), dtype=bool)
    superseded[:-1] = (days[:-1] == days[1:]) & (table.codes[:-1] == table.codes[1:])
    refuse(superseded, lambda _date: SisepanError(DUPLICATE))
    table = table.only(~superseded)

    days = table.moments.astype("datetime64[D]").astype("datetime64[ns]")
    starts = np.searchsorted(table.codes, np.arange(len(group) + 1))
    result = [Found("", (), candles.empty(), len(untold_rows), (), tuple(untold_rows), ())] if untold_rows else []
    for code, (ticker, raws) in enumerate(group.items()):
        mine = slice(starts[code], starts[code + 1])
        index = pd.DatetimeIndex(days[mine], name="date")
        bars, remarks = candles.clean(pd.DataFrame(table.values[mine], columns=candles.COLUMNS, index=index))
        bars, applied = candles.split_adjusted(bars)
        conversions = []
        for offset in range(min(SHOWN_CONVERSIONS, len(bars))):
            rows, position = portions[table.part[mine][offset]], int(table.position[mine][offset])
            raw, date = layouts.ticker_text(rows.columns["ticker"][position]), str(rows.columns["date"][position])
            first = bars.index[offset], float(bars["close"].iloc[offset])
            conversions.append(Conversion(rows.place(position), raw, date, ticker, *first))
        of_ticker = tuple(refused.get(code, ()))
        result.append(
            Found(ticker, tuple(raws), bars, int(counts[code]), (*remarks, *applied), of_ticker, tuple(conversions))
        )
    return result


def _code(raw: Any, codes: Mapping[Any, int]) -> int:
    if type(raw) is str:
        return codes.get(raw, -1)
    return codes.get(raw, -1) if layouts.ticker_text(raw) else -1


def _date_problem(date: Any) -> SisepanError:
    return SisepanError(UNREADABLE_DATE, date=str(date)[:60]) if date not in (None, "") else SisepanError(NO_DATE)


def _table(portions: Sequence[Rows], codes: Mapping[Any, int], source: Source) -> _Table:
    tables = []
    for number, rows in enumerate(portions):
        values = np.full((len(rows), len(candles.COLUMNS)), np.nan)
        values[:, candles.COLUMNS.index("volume")] = 0.0  # a source that keeps none has lost none
        for column, name in enumerate(candles.COLUMNS):
            if name in rows.columns:
                values[:, column] = raw_values.numbers(rows.columns[name], ratios=name == "stock_splits")
        actions = values[:, -len(candles.CORPORATE_ACTIONS) :]
        actions[np.isnan(actions)] = 0.0
        tables.append(
            _Table(
                codes=np.array([_code(raw, codes) for raw in rows.columns["ticker"]], dtype="int64"),
                moments=raw_values.moments(rows.columns["date"], source.zone, source.epoch_unit),
                values=values,
                order=np.asarray(rows.order, dtype="int64"),
                part=np.full(len(rows), number, dtype="int64"),
                position=np.arange(len(rows), dtype="int64"),
            )
        )
    return _Table(*(np.concatenate([getattr(table, name) for table in tables]) for name in _Table.__dataclass_fields__))
