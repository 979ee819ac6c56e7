"""Which of several date fields of rows has their trading days, and whether the others contradict it. Pure.

A crawler often writes the moment of its run beside the day of a bar, under a name that may mean either. Only the values
of one ticker tell them apart: a run is never earlier than its bar.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from finance_core.errors import DataConflict, SisepanError
from finance_core.foreign import dates, field_names, numbers
from finance_core.foreign.shapes import Rows
from finance_core.i18n import N_

DIFFER: Final = N_(
    "날짜 필드 {fields}의 날이 서로 달라 어느 것이 거래일인지 알 수 없습니다(예: {values}). 거래일 필드만 남기거나, "
    "다른 필드의 이름을 바꾸십시오."
)
TAKEN: Final = N_("날짜는 {field} 필드에서 읽습니다. {other} 필드의 날은 다릅니다(예: {values}).")
OTHER: Final = N_("거래일이 {field}이(가) 아니라 {other} 필드에 있는 종목입니다. 전환하면 그 필드에서 읽습니다.")

NEARLY: Final = 0.9
"""The share of the values of a field that must be days, or midnights, for the field to have days, or no clock times."""
SINGLE, LEAST_ROWS = 0.01, 20
"""The share of rows whose fields may differ; one row may where there are at least so many."""
FEW: Final = 0.5
"""A field whose days vary so little beside those of another one is no day of a row, but, for example, of a file."""
ZONES: Final = ("Asia/Seoul", "America/New_York")
"""The zones whose midnights are days, beside that of the exchange."""
_SHORT: Final = re.compile(r"\d{1,7}(\.0)?", re.ASCII)
"""A number that is no day: a clock time, a day of the month, a number of the row."""


class _Field(NamedTuple):
    """A date field of the rows of one ticker that has days in nearly all rows that have a value."""

    name: str
    moments: dates.Moments
    days: tuple[npt.NDArray[np.datetime64], ...]
    """The days that the moments may mean: as they are written, and in the zone of the exchange."""
    is_day: bool
    """Whether nearly all are midnights."""

    @property
    def variety(self) -> float:
        """How many days the field has, as a share of the rows in which it has one."""
        days = self.days[0][~np.isnat(self.days[0])]
        return len(np.unique(days)) / len(days)


class Choice(NamedTuple):
    """The field with the trading days, and what is to be said of the others."""

    field: str
    """"" where the rows have at most one date field, or nothing tells."""
    error: SisepanError | None = None
    """Why no field can be taken."""
    remark: SisepanError | None = None
    """That another field has other days."""


NONE: Final = Choice("")


def choose(columns: Mapping[str, Sequence[Any]], zone: str = "") -> Choice:
    """The field with the trading days among the date fields in `columns` of one ticker; `zone` is its exchange's.

    `columns` also has the "date" that names alone tell. A field with days alone is preferred to one with clock times,
    unless the rows are bars within a day.
    """
    names = field_names.dates_among(columns)
    if len(names) < 2:
        return NONE
    held = [_held(columns[name]) for name in names]
    conventions = [dates.convention_of(values) for values in held]
    if any(map(dates.is_ambiguous, held, conventions)):
        return NONE  # refused for that
    found = [_field(name, columns[name], form, zone) for name, form in zip(names, conventions, strict=True)]
    fields = [field for field in found if field is not None]
    most = max((field.variety for field in fields), default=0)
    fields = [field for field in fields if field.variety > FEW * most]
    if not fields:
        return NONE
    chosen = fields[0]
    days = [field for field in fields if field.is_day]
    if not chosen.is_day and days:
        moments = chosen.moments[_both(chosen, days[0])]
        is_within_day = days[0].variety < NEARLY * len(np.unique(moments)) / max(len(moments), 1)
        chosen = chosen if is_within_day and _agree(chosen, days[0]) else days[0]
    others = [field for field in fields if field is not chosen and not _agree(chosen, field)]
    for other in others:
        values = _example(chosen, other, columns)
        if other.is_day or not _is_later(chosen, other) or _lacks(columns, chosen):
            listed = ", ".join(map(field_names.field_of_date, (chosen.name, other.name)))
            return Choice(chosen.name, SisepanError(DIFFER, fields=listed, values=values))
    if not others:
        return Choice(chosen.name)
    named = {"field": field_names.field_of_date(chosen.name), "other": field_names.field_of_date(others[0].name)}
    return Choice(chosen.name, None, SisepanError(TAKEN, **named, values=_example(chosen, others[0], columns)))


def gathered(portions: Sequence[Rows]) -> dict[str, list[Any]]:
    """The date and the several date fields of all rows, as `choose` reads them; None where a row lacks one."""
    names = dict.fromkeys(name for rows in portions for name in field_names.dates_among(rows.columns))
    return {
        name: [value for rows in portions for value in rows.columns.get(name, [None] * len(rows))]
        for name in ("date", *names)
    }


def require(field: str, portions: Sequence[Rows], zone: str) -> None:
    """Raise SisepanError if not surely the `field` has the trading days of the `portions`, all rows of one ticker."""
    choice = choose(gathered(portions), zone)
    if choice.error:
        raise choice.error
    if choice.field and (other := field_names.field_of_date(choice.field)) != field:
        raise DataConflict(OTHER, field=field, other=other)


def settled(
    table: pd.DataFrame, portions: Sequence[Rows], zones: Sequence[str], failures: dict[int, SisepanError]
) -> Sequence[Rows]:
    """The `portions` with the trading day of each row as its date, chosen ticker by ticker.

    `table` has the code, portion and position of each row, `zones` that of the exchange by code. A ticker whose fields
    contradict each other is added to `failures`.
    """
    names = list(dict.fromkeys(name for rows in portions for name in field_names.dates_among(rows.columns)))
    if len(names) < 2 or table.empty:
        return portions
    chosen = [list(rows.columns["date"]) for rows in portions]
    places = table[["portion", "position"]].to_numpy()
    by_code: dict[Any, Any] = table.groupby("code").indices
    for code, of_ticker in by_code.items():
        own = places[of_ticker].tolist()
        columns = {
            name: [portions[of].columns[name][at] if name in portions[of].columns else None for of, at in own]
            for name in ("date", *names)
        }
        choice = choose(columns, zones[code])
        if choice.error:
            failures[code] = choice.error
        for (of, at), value in zip(own, columns.get(choice.field, ()), strict=bool(choice.field)):
            if not numbers.is_missing(value):
                chosen[of][at] = value
    return [replace(rows, columns={**rows.columns, "date": of}) for rows, of in zip(portions, chosen, strict=True)]


def _held(values: Sequence[Any]) -> list[Any]:
    return [value for value in values if not numbers.is_missing(value)]


def _field(name: str, values: Sequence[Any], convention: dates.Convention, zone: str) -> _Field | None:
    """A field whose values are days in nearly all rows that have one; else None."""
    written, is_utc, is_naive = dates.written(values, convention)
    moments = dates.moments(values, convention, list(dict.fromkeys([*filter(None, [zone]), *ZONES])))
    if convention.unit != "days":
        is_short = [_SHORT.fullmatch(str(value)) is not None for value in values]
        moments = np.where(is_short, np.datetime64("NaT"), moments)
    has_day, held = ~np.isnat(moments), len(_held(values))
    if not has_day.any() or has_day.sum() < NEARLY * held:
        return None
    if dates.is_midnight(moments[has_day]).mean() >= NEARLY:
        return _Field(name, moments, (moments.astype("datetime64[D]"),), True)
    local = written.copy()
    if zone and (timed := (is_utc | is_naive) & has_day).any():
        there = pd.DatetimeIndex(written[timed]).tz_localize("UTC").tz_convert(zone).tz_localize(None)
        local[timed] = there.to_numpy()
    days = tuple(np.where(has_day, each, np.datetime64("NaT")).astype("datetime64[D]") for each in (written, local))
    return _Field(name, moments, days, False)


def _are_single(is_odd: "npt.NDArray[np.bool_]") -> bool:
    return bool(is_odd.sum() <= max(SINGLE * len(is_odd), len(is_odd) >= LEAST_ROWS))


def _differing(one: _Field, other: _Field) -> "list[npt.NDArray[np.bool_]]":
    """For each reading of two fields, a mask of the rows in which their days differ."""
    return [_both(one, other) & (a != b) for a in one.days for b in other.days]


def _agree(one: _Field, other: _Field) -> bool:
    """Whether two fields have the same days in some reading, in all but single rows."""
    return any(map(_are_single, _differing(one, other)))


def _is_later(one: _Field, other: _Field) -> bool:
    """Whether the days of `other` are not before those of `one` in some reading, in all but single rows.

    Rows that repeat a moment do not count but for their first day: while a stock is halted, its last trade stays.
    """
    order = np.lexsort((one.days[0], other.moments))
    is_first = np.ones(len(order), dtype=bool)
    is_first[order[1:]] = other.moments[order[1:]] != other.moments[order[:-1]]
    return any(_are_single(_both(one, other) & is_first & (b < a)) for a in one.days for b in other.days)


def _both(one: _Field, other: _Field) -> "npt.NDArray[np.bool_]":
    return ~np.isnat(one.moments) & ~np.isnat(other.moments)


def _lacks(columns: Mapping[str, Sequence[Any]], chosen: _Field) -> bool:
    """Whether some row would be read by another field than the chosen one, which it lacks."""
    pairs = zip(columns["date"], columns[chosen.name], strict=True)
    return any(numbers.is_missing(other) and not numbers.is_missing(value) for value, other in pairs)


def _example(one: _Field, other: _Field, columns: Mapping[str, Sequence[Any]]) -> str:
    """The values of two fields in a row in which they differ, in every reading if there is one."""
    masks = _differing(one, other)
    always = np.logical_and.reduce(masks)
    row = int(np.argmax(always if always.any() else min(masks, key=np.sum)))
    return ", ".join(str(columns[field.name][row])[:40] for field in (one, other))
