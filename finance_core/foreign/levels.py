"""How one document holds many rows: in levels of lists and documents inside each other.

Each kind of level is a row of `FRAMES`, `LEVELS` or `LISTS`: a test that recognises it, and a function that splits it
into parts. Levels combine freely: days inside tickers inside years. Pure. `shapes` makes columns of the rows.
"""

import itertools
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any, Final, Literal, NamedTuple

import numpy as np

from finance_core.bars import candles
from finance_core.foreign import bare_closes, candle_lists, dates, field_names, raw_tickers, row_parts
from finance_core.foreign.candle_lists import are_dates
from finance_core.storage.database import Document

ShapeKind = Literal["flat", "rows", "days", "columns", "tickers"]
"""flat: one document per ticker and day. The others hold many rows: rows as a list, days as fields named by date,
columns as an array (or values by day) for each field, tickers as rows of several tickers."""
Known = dict[str, Any]
"""Values, under our field names, that all rows of one part of a document share."""
Leaf = tuple[Known, Document]
"""One row: the values that it inherits from the levels above it, and its own fields."""


class Level(NamedTuple):
    """One way in which a list or a document holds many rows."""

    kind: ShapeKind
    fits: Callable[[Any, Known], bool]
    split: Callable[[Any], Iterable[tuple[Known, Any]]]
    """Returns the parts, each with the values that its place in the level shows, such as its date or ticker."""


PERIOD: Final = re.compile(r"(19|20)\d\d(-\d\d)?")
"""The name of a field that holds the rows of one year, or of one month."""
ADJUSTED_WORD: Final = re.compile(r"(^|[_ .-])ADJ(USTED)?($|[_ .-])")
"""What tells, beside the ticker in the name of a column, that its prices are adjusted for dividends."""
DEPTH: Final = 5
"""The most levels inside each other that are searched for rows."""


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _holds(value: Any, *kinds: type) -> bool:
    """Whether `value` is a document whose values have these types or are None, and at least one is not None."""
    held = value.values() if isinstance(value, dict) else ()
    return all(item is None or type(item) in kinds for item in held) and any(item is not None for item in held)


def _fields(value: Any, kind: type) -> Mapping[str, str]:
    """The bar fields of `value` whose values have the type `kind`: our names to theirs."""
    names = field_names.of_bars(tuple(value)) if isinstance(value, dict) else {}
    return field_names.of_bars(tuple(theirs for theirs in names.values() if isinstance(value[theirs], kind)))


def _lists(value: Document) -> dict[str, list[Any]]:
    """The lists of a document that are columns of bars; without a close among them, also those of inner documents."""
    own = _fields(value, list)
    lists = {theirs: value[theirs] for theirs in own.values()}
    for held in value.values() if "close" not in own else ():
        for inner in held if isinstance(held, list) and len(held) == 1 else [held]:
            lists = {**(_lists(inner) if isinstance(inner, dict) else {}), **lists}
    return lists


def _columns(value: Document) -> list[Leaf]:
    columns = _lists(value)
    counts = set(map(len, columns.values()))
    if len(counts) > 1:  # columns of unequal length do not show which day a value belongs to
        return [({}, {})] * max(counts)
    return [({}, dict(zip(columns, row, strict=True))) for row in zip(*columns.values(), strict=True)]


def _split_frame(value: Document) -> list[Leaf]:
    """The rows of a `DataFrame.to_dict("split")`; a column name may be a list of a field and a ticker."""
    names = [str(tuple(name)) if isinstance(name, list) else str(name) for name in value["columns"]]
    rows = [dict(zip(names, row, strict=False)) for row in value["data"] if isinstance(row, list)]
    index = value.get("index")
    if not isinstance(index, list) or len(index) != len(rows) or not are_dates(index):
        return [({}, row) for row in rows]
    return [({"date": day}, row) for day, row in zip(index, rows, strict=True)]


def _leaves(of: str) -> Callable[[Any], Iterable[tuple[Known, Any]]]:
    """A function that splits a document by its field names, which are all dates or all tickers (`of` says which).

    If every field holds a number, the numbers are closes.
    """

    def split(value: Document) -> list[tuple[Known, Any]]:
        are_closes = _holds(value, int, float)
        return [({of: key}, {"close": held} if are_closes else held) for key, held in value.items()]

    return split


def _by_calendar(value: Document, begun: str = "") -> list[tuple[Known, Any]]:
    """The rows of a document nested by year, month and day; [] where a field name is none of these."""
    leaves: list[tuple[Known, Any]] = []
    for key, held in value.items():
        text = f"{begun}-{str(key).zfill(2)}" if begun else str(key)
        if re.fullmatch(r"\d{4}-\d\d-\d\d", text) and begun:
            leaves.append(({"date": text}, {"close": held} if _is_number(held) else held))
        elif re.fullmatch(r"\d{4}(-\d\d)?", text) and isinstance(held, dict) and (inner := _by_calendar(held, text)):
            leaves += inner
        else:
            return []
    return leaves


def _by_field(value: Document) -> list[Leaf]:
    columns = {theirs: value[theirs] for theirs in _fields(value, dict).values()}
    keys = list(dict.fromkeys(itertools.chain.from_iterable(columns.values())))
    by = "date" if are_dates(keys) else "ticker" if raw_tickers.are_tickers(keys) else ""
    rows = ({theirs: column.get(key) for theirs, column in columns.items()} for key in keys)
    return [({by: key} if by else {}, row) for key, row in zip(keys, rows, strict=True)]


@lru_cache(maxsize=65_536)
def joined(key: str) -> tuple[str, str] | None:
    """The field and the ticker in the name of a column such as Close_005930.KS, Close(005930.KS) or 005930 종가.

    None where the name does not have both, or has an adjusted price, as 005930.KS_ADJ_CLOSE. A ticker in small letters
    must be one beyond doubt.
    """
    for separator in re.finditer(r"[_,|/:. ()[\]-]+", key):
        parts = [part.strip("()[]'\" ") for part in (key[: separator.start()], key[separator.end() :])]
        for name, ticker in (parts, reversed(parts)):
            is_field = len(name) > 1 and not field_names.of_bars((name,)).keys().isdisjoint(candles.COLUMNS)
            capitals = ticker.upper()
            if is_field and capitals and (ticker == capitals or raw_tickers.is_certain(capitals)):
                return None if ADJUSTED_WORD.search(capitals) else (name, capitals)
    return None


def _are_joined(value: Document, known: Known) -> bool:
    """Whether a document of one day has columns for several tickers, such as Close_005930.KS."""
    if "date" not in known or "ticker" in known:
        return False
    return raw_tickers.are_tickers({pair[1] for pair in map(joined, map(str, value)) if pair})


def _by_joined(value: Document) -> list[Leaf]:
    rows: dict[str, Document] = {}
    for key, held in value.items():
        if pair := joined(str(key)):
            rows.setdefault(pair[1], {})[pair[0]] = held
    return [({"ticker": ticker}, row) for ticker, row in rows.items()]


FRAMES: Final = (
    Level("columns", lambda value, _known: "date" in _fields(value, list), _columns),
    Level("columns", lambda value, _known: "close" in _fields(value, dict), _by_field),
    Level(
        "columns",
        lambda value, _known: all(isinstance(value.get(name), list) for name in ("columns", "data")),
        _split_frame,
    ),
    Level("tickers", _are_joined, _by_joined),
)
"""The ways in which a whole document is one table; the first that fits is used."""
LEVELS: Final = (
    Level("days", lambda value, _known: bool(_by_calendar(value)), _by_calendar),
    Level(
        "days",
        lambda value, _known: (
            (any(isinstance(row, dict | list) for row in value.values()) or _holds(value, int, float))
            and are_dates(value)
        ),
        _leaves("date"),
    ),
    Level(
        "tickers",
        lambda value, _known: _holds(value, dict, list) and raw_tickers.are_tickers(value),
        _leaves("ticker"),
    ),
    Level(
        "tickers",  # the closes of one day, by ticker
        lambda value, known: (
            "date" in known and "ticker" not in known and _holds(value, int, float) and raw_tickers.are_tickers(value)
        ),
        _leaves("ticker"),
    ),
    Level(
        "rows",  # lists or documents of rows, by year or month
        lambda value, _known: _holds(value, dict, list) and all(PERIOD.fullmatch(str(key)) for key in value),
        lambda value: [({}, rows) for rows in value.values()],
    ),
)
"""The ways in which a document holds many rows beside fields that all the rows share; the first that fits is used."""
UNORDERED: Final = Level(
    "rows",
    lambda value, _known: candle_lists.are_unordered(value),
    lambda value: [({"date": row[0], candle_lists.UNORDERED: True}, {}) for row in value],
)
"""A list of rows without a bar that are kept all the same: to refuse them one by one, with the reason."""
LISTS: Final = (
    Level(
        "rows",
        lambda value, _known: candle_lists.are_candles(value),
        lambda value: [({}, dict(zip(candle_lists.CANDLE, row, strict=False))) for row in value],
    ),
    UNORDERED,
    Level(
        "rows",
        lambda value, _known: any(isinstance(row, dict) for row in value),
        lambda value: [({}, row) for row in value],
    ),
)
"""The ways in which a list holds many rows; the first that fits is used."""


def value_of(leaf: Leaf, ours: str) -> Any:
    """The value of a row, or of the levels above it, under our name; None where it is a list or a document."""
    above, row = leaf
    names = field_names.of_bars(tuple(row))
    value = row[names[ours]] if ours in names else above.get(ours)
    return None if isinstance(value, dict | list) else value


def has_bar(leaf: Leaf) -> bool:
    """Whether a row has a day and a price."""
    return value_of(leaf, "date") is not None and any(value_of(leaf, name) is not None for name in ("close", "open"))


def has_days(leaves: Iterable[Leaf]) -> bool:
    """Whether rows are of several days. If so, they are the bars, even if their document looks like a bar too."""
    return len(_days(leaf for leaf in leaves if not is_unordered(leaf))) > 1


def _days(leaves: Iterable[Leaf]) -> set[Any]:
    moments = dates.moments([value_of(leaf, "date") for leaf in leaves])
    return set(moments[~np.isnat(moments)].astype("datetime64[D]").tolist())


def is_unordered(leaf: Leaf) -> bool:
    """Whether a row is of a list whose columns have no known order."""
    return candle_lists.UNORDERED in leaf[0]


def _is_row(value: Any) -> bool:
    """Whether a value is a document with a price."""
    names = field_names.of_bars(tuple(value)) if isinstance(value, dict) else {}
    return any(name in names and not isinstance(value[names[name]], dict | list) for name in ("close", "open"))


def may_be_bars(field: str, held: Any) -> bool:
    """Whether `held`, in the field called `field`, may be bars: bare numbers are closes only under such a name."""
    inner = held
    while isinstance(held, dict) and held:
        if field_names.of_bars(tuple(itertools.islice(held, 10))):
            return True
        inner, held = held, next(iter(held.values()))
    return bare_closes.in_field(field) or not _holds(inner, int, float)


def unnamed(document: Document) -> list[str]:
    """The fields of a document with numbers by day or by ticker whose names do not tell that they are closes."""
    dictionaries = {field: held for field, held in document.items() if isinstance(held, dict)}
    return [
        field
        for field, held in dictionaries.items()
        if not may_be_bars(field, held) and (are_dates(held) or raw_tickers.are_tickers(held))
    ]


def are_bare(document: Document) -> bool:
    """Whether the numbers of a document are in fields that only name days or tickers."""
    names, _parts = row_parts.names_of(document)
    bare = {key: held for key, held in document.items() if key not in {"_id", *names.values()}}
    return (
        names.keys().isdisjoint(candles.PRICES)
        and _holds(bare, int, float)
        and (are_dates(bare) or raw_tickers.are_tickers(bare))
    )


def unfold(value: Any, known: Known, depth: int) -> tuple[ShapeKind, list[Leaf]] | None:
    """The kind and the rows of a list or a document; None where no row has a day and a price.

    `known` are the values from the levels above, `depth` the levels that may still be searched.
    """
    if not value or not depth:
        return None
    if isinstance(value, list):
        return _split(LISTS, value, known, depth)
    names, parts = row_parts.names_of(value)
    inner = row_parts.with_parts(value, parts)
    scalars = {ours: inner[theirs] for ours, theirs in names.items() if not isinstance(inner[theirs], dict | list)}
    known = known | {ours: held for ours, held in scalars.items() if ours not in candles.COLUMNS}
    rest = {key: held for key, held in value.items() if key not in {"_id", *(names[ours] for ours in scalars)}}
    inside = _split(FRAMES, value, known, depth) or (rest and _split(LEVELS, rest, known, depth))
    if inside:
        return inside
    parts_inside = [
        inside
        for field, held in rest.items()
        if isinstance(held, dict | list) and may_be_bars(field, held) and (inside := unfold(held, known, depth - 1))
    ]
    unordered = [part for part in parts_inside if all(map(is_unordered, part[1]))]
    parts_inside = [part for part in parts_inside if part not in unordered]
    if len(parts_inside) > 1:
        # Rows with the same fields may be parts of one history. Others of one ticker may be its earnings.
        are_alike = len({frozenset(field_names.of_bars(tuple(leaves[0][1]))) for _kind, leaves in parts_inside}) == 1
        keys = ("ticker", "date") if are_alike else ("ticker",)
        owners = [{tuple(str(value_of(leaf, key)) for key in keys) for leaf in of} for _kind, of in parts_inside]
        if sum(map(len, owners)) > len(set().union(*owners)):
            return None  # either field may hold the bars
    leaves = [leaf for _kind, leaves in parts_inside for leaf in leaves]
    days = _days(leaves) if unordered else set()
    # Beside the bars of the same days, numbers without an order may be averages; of other days, they are missing bars.
    more = [part for part in unordered if not candle_lists.are_beside(_days(part[1]), days)]
    leaves += [leaf for _kind, others in more for leaf in others]
    parts_inside += more
    return (parts_inside[0][0], leaves) if leaves else None


def _split(levels: Sequence[Level], value: Any, known: Known, depth: int) -> tuple[ShapeKind, list[Leaf]] | None:
    """The kind and the rows of the first of the `levels` that fits; None where none fits or no row is a bar."""
    level = next((level for level in levels if level.fits(value, known)), None)
    if level is None:
        return None
    inner = list(level.split(value))
    if any("date" in (more or field_names.of_bars(tuple(part))) for more, part in inner if isinstance(part, dict)):
        known = {ours: held for ours, held in known.items() if not ours.startswith("date")}  # they have their own
    leaves: list[Leaf] = []
    for more, part in inner:
        above = {**known, **more}
        if _is_row(part):
            leaves.append((above, part))
        elif isinstance(part, dict | list) and (inside := unfold(part, above, depth - 1)):
            leaves += inside[1]
        else:
            leaves.append((above, _flattened(part)))
    is_sure = level in (FRAMES[0], UNORDERED) and bool(leaves)
    return (level.kind, leaves) if is_sure or any(map(has_bar, leaves)) else None


def _flattened(part: Any) -> Document:
    """The fields of a row and of the documents directly inside it; the row's own fields win."""
    if not isinstance(part, dict):
        return {}
    inner = (held.items() for held in part.values() if isinstance(held, dict))
    return {**dict(itertools.chain.from_iterable(inner)), **part}
