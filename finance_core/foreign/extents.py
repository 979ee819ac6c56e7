"""How much a collection of the user's own holds: tickers, first and last day, repeated days. Changes nothing.

Each query has a limit of time; where it is exceeded, the sample alone tells.
"""

import datetime as dt
import logging
import re
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import numpy as np
from pymongo.collection import Collection
from pymongo.errors import OperationFailure

from finance_core.foreign import dates, raw_tickers, row_parts
from finance_core.foreign.layout import Layout
from finance_core.storage.database import Document

BUDGET_MS: Final = 1_500
"""The time that one query may take, in milliseconds."""
DUPLICATES_LOOKED_AT: Final = 10
"""How many tickers are searched for duplicates."""
DAY: Final = re.compile(r"\d{4}([-./]?)[01]\d\1[0-3]\d(?!\d)")
"""Texts of days that MongoDB, which compares texts letter by letter, puts into their order, if all have one sign."""

_log = logging.getLogger(__name__)


class Extent(NamedTuple):
    """The fields of `inspection.Inspected` with the same names."""

    tickers: int
    first: dt.date | None
    last: dt.date | None
    is_exact: bool


def of(collection: Collection[Document], layout: Layout, count: int, has_index: bool, zones: Sequence[str]) -> Extent:
    """How many tickers, and the first and last day; of all documents if the time limit allows, else of the sample."""
    first, last = layout.days or (None, None)
    of_sample = Extent(len(layout.raw_tickers), first, last, False)
    if not layout.is_flat:
        # With one document per ticker, only the number of documents is known without reading them.
        is_whole = count <= sum(layout.shapes.values())
        return of_sample._replace(
            tickers=of_sample.tickers if is_whole else max(count, of_sample.tickers), is_exact=is_whole
        )
    ticker, date = layout.names.get("ticker"), layout.names.get("date")
    if not date or row_parts.is_calendar(date) or not layout.is_uniform or ticker not in layout.ticker_fields:
        return of_sample
    try:
        raws, written = (_by_index if has_index else _by_scan)(collection, ticker, date)
    except OperationFailure as error:  # a timeout is an OperationFailure too
        _log.info("%s: its extent is only known from the sample: %s", collection.name, error.code)
        return of_sample
    count = len([raw for raw in raws if raw_tickers.text_of(raw)])
    signs = {match and match[1] for match in (DAY.match(each) for each in written if isinstance(each, str))}
    if None in signs or len(signs) > 1:  # "Apr 01, 2024" comes before "Dec 05, 2023"
        try:
            written = collection.distinct(date, maxTimeMS=BUDGET_MS)
        except OperationFailure as error:
            _log.info("%s: its days are only known from the sample: %s", collection.name, error.code)
            return of_sample._replace(tickers=count)
    moments = dates.moments(written, layout.convention, zones)
    days = moments[~np.isnat(moments)].astype("datetime64[D]")
    if len(days):
        first, last = days.min().item(), days.max().item()
    return Extent(count, first, last, True)


def _by_index(collection: Collection[Document], ticker: str, date: str) -> tuple[list[Any], list[Any]]:
    """Every raw ticker, and the first and last dates of each, by a walk through the index from ticker to ticker."""
    raws: list[Any] = []
    written: list[Any] = []
    for direction in (1, -1):
        steps: list[Document] = [
            {"$sort": {ticker: direction, date: direction}},
            {"$group": {"_id": f"${ticker}", "date": {"$first": f"${date}"}}},
        ]
        groups = collection.aggregate(steps, maxTimeMS=BUDGET_MS).to_list()
        raws = [group["_id"] for group in groups]
        written += [group["date"] for group in groups]
    return raws, written


def _by_scan(collection: Collection[Document], ticker: str, date: str) -> tuple[list[Any], list[Any]]:
    """The same by reading all documents. Dates of different types do not compare: each type has a first and a last."""
    key = {"ticker": f"${ticker}", "kind": {"$type": f"${date}"}}
    steps: list[Document] = [{"$group": {"_id": key, "first": {"$min": f"${date}"}, "last": {"$max": f"${date}"}}}]
    groups = collection.aggregate(steps, maxTimeMS=BUDGET_MS).to_list()
    raws = list({repr(group["_id"].get("ticker")): group["_id"].get("ticker") for group in groups}.values())
    return raws, [group[end] for group in groups for end in ("first", "last")]


def duplicates(collection: Collection[Document], layout: Layout) -> int:
    """How many days are stored more than once, among the first `DUPLICATES_LOOKED_AT` sampled tickers."""
    ticker, date = layout.names.get("ticker"), layout.names.get("date")
    is_field = date and date != "_id" and not row_parts.is_calendar(date)
    if not layout.is_flat or not date or not is_field or ticker == "_id" or ticker not in layout.ticker_fields:
        return 0
    searched = sorted(layout.raw_tickers, key=str)[:DUPLICATES_LOOKED_AT]
    day = {"ticker": f"${ticker}", "date": f"${date}"}
    steps: list[Document] = [
        {"$match": {ticker: {"$in": searched}}},
        {"$group": {"_id": day, "count": {"$sum": 1}}},
        {"$match": {"count": {"$gt": 1}}},
        {"$count": "days"},
    ]
    try:
        groups = collection.aggregate(steps, maxTimeMS=BUDGET_MS).to_list()
    except OperationFailure as error:
        _log.info("%s: duplicates were not looked for: %s", collection.name, error.code)
        return 0
    return int(groups[0]["days"]) if groups else 0
