"""The schema: each document that the product stores in MongoDB, one line for a field, and the names of the collections.

Dates and moments are stored as UTC and read as tz-naive datetimes; a `date` is a trading day at midnight. A field
without a value is absent: nothing is stored as null. What people make (drawings, lists, alerts) is in `user_documents`;
the user's own collections of prices are not described here (see `foreign`).
"""

import datetime as dt
from typing import Any, Literal, NotRequired, TypedDict

from bson import ObjectId

TICKERS = "ticker_metadata"
RUNS, LEASES = "update_runs", "update_leases"
EDITS = "metadata_changes"
LISTS = "market_lists"
IMPORTS, REFUSALS = "imports", "import_refusals"
WATCHLISTS = "watchlists"
DRAWINGS = "chart_drawings"
ALERT_RULES, ALERTS = "price_alert_rules", "price_alerts"
CHOICES = "settings"
"""Choices for all processes of this installation, one document for each kind: where bars are stored, schedules, saved
comparison sets, what was last seen of a collection that is only read. Those of one process: `finance_core.settings`."""

Source = Literal["yahoo", "sample", "import"]  # where the bars of a ticker come from
Status = Literal["ok", "failed", "delisted"]  # of the last update; delisted: not known to Yahoo on several days
Origin = Literal["terminal", "page", "schedule"]  # who began a run
Kind = Literal["read", "convert", "import"]  # what an import run does with the user's own data; an update run has none
EditKind = Literal["edit", "undo", "add", "list", "remove"]  # of a save; list: what the list of a market changed
State = Literal["running", "done", "partial", "cancelled", "failed", "interrupted"]
"""partial: Yahoo gave up answering, or much of the market failed. failed: an error ended the run, or every ticker
that it fetched failed. interrupted: its process died."""


class Bar(TypedDict):
    """One trading day of a ticker, in the collection of its category. Written by `prices` alone."""

    ticker: str
    date: dt.datetime  # the exchange's trading day, as midnight UTC
    open: NotRequired[float]  # in the ticker's currency, adjusted for splits, not for dividends; absent where not known
    high: NotRequired[float]
    low: NotRequired[float]
    close: NotRequired[float]
    volume: int  # shares
    dividends: NotRequired[float]  # per share, in the ticker's currency; absent where there was none
    stock_splits: NotRequired[float]  # new shares for an old one; absent where there was none


class BarState(TypedDict):
    """What lists show of the bars of a ticker, written with the bars. A value of None is not stored."""

    first_date: dt.datetime | None
    last_date: dt.datetime | None
    bar_count: int
    last_close: float | None
    previous_close: float | None  # the close before the last one, with a split applied; None before a jump
    change: float | None  # last_close / previous_close - 1


Imported = TypedDict(
    "Imported",
    {
        "import": ObjectId,  # the entry of `imports`
        "from": str,  # name of the source
        "changed_at": dt.datetime,  # `bars_changed_at` after the import: unequal where somebody changed the bars since
        "whole": bool,  # True: all bars of the ticker are from this source; absent where it only added days
        "rows": int,  # rows of the source
        "bars": int,  # bars that these rows became
        "first_date": dt.datetime,
        "last_date": dt.datetime,
        "checksum": str,  # of the days and closes that are stored afterwards
    },
    total=False,
)
"""What the last import of a ticker took. Written by imports."""


class TickerRow(TypedDict, total=False):
    """One ticker of a category (`ticker_metadata`)."""

    category: str  # key of the category
    ticker: str
    name: str  # edited by people
    name_en: str  # edited by people, written by lists and imports
    industry: str  # as the source of a list words it; edited by people
    market: str  # key of a market of the category, or the user's own word; edited by people, found out by updates
    marker: str  # ECharts' name of the symbol in comparisons; edited by people
    active: bool  # False: neither updated nor suggested; edited by people
    changed_by: ObjectId  # the last entry of `metadata_changes` that changed the row
    favourite: bool
    currency: str  # ISO code, "" for points; written by updates and imports
    shares: int  # outstanding, as Yahoo's quote of `shares_on` has them; written by updates, like the next two
    shares_since: dt.datetime  # day of the first quote with this number
    shares_on: dt.datetime
    source: Source
    yahoo_symbol: str  # the symbol that last worked; written by updates, like the next five
    last_status: Status
    last_error: str  # why the last update, or only its comparison of histories, failed; in the language of the run
    unknown_runs: int  # days with a run (UTC) in a row on which Yahoo did not know it; absent when it is known
    updated_at: dt.datetime  # when Yahoo was last asked for it
    silent_since: dt.datetime  # since when Yahoo has nothing new for it, or does not know it; else absent
    bars_changed_at: dt.datetime  # when a bar of it was last added, changed or removed
    verified_at: dt.datetime  # when its whole history was last compared with Yahoo's; written by updates, like the next
    verify_tried_at: dt.datetime  # when such a comparison was last refused; absent once one succeeds
    missing: list[dt.datetime]  # sessions between its first and last bar without a bar
    unexpected: list[dt.datetime]  # days that its exchange's calendar calls closed, for which Yahoo has a bar
    unadjusted_splits: list[dt.datetime]  # days of splits that the prices before them do not reflect yet
    unsettled_splits: list[dt.datetime]  # days of new splits that the prices before them may not reflect yet
    asked_again: int  # whole histories fetched in a row that left `missing` and `unadjusted_splits` as they were
    rewriting: bool  # True while its history is replaced without a transaction: some bars are still the old ones
    imported: Imported
    first_date: dt.datetime  # as in `BarState`, like the next five
    last_date: dt.datetime
    bar_count: int
    last_close: float
    previous_close: float
    change: float


class Error(TypedDict):
    """A `SisepanError` (see its `as_document`), so that it can be read in either language."""

    message: str  # a message id
    values: dict[str, Any]


class Failure(Error):
    """A ticker that failed in a run."""

    ticker: str


class BarRemark(TypedDict):
    """A bar that an update changed or left out, and why (see `candles.Remark`)."""

    ticker: str
    date: NotRequired[dt.datetime]  # absent where the bar had none
    action: Literal["changed", "refused"]
    reason: str


class RunCounts(TypedDict):
    """How far a run is. Stored from its first report on; read as 0 before that."""

    total: int  # tickers, like the next four
    done: int  # updated, up to date, or failed
    current: int  # up to date before the run, and not fetched
    deferred: int  # not fetched this time, because Yahoo has had nothing new for them for long
    delisted: int  # not known to Yahoo on several days
    failed: int
    added: int  # bars, like the next three
    replaced: int
    removed: int
    changed: int  # by `candles.clean`
    refused: int  # bars, or rows of an import, that were left out
    rows: int  # of the source of an import
    bars: int  # bars that these rows became
    quoted: int  # tickers whose new bar comes from a quote of the whole market
    requests: int  # to Yahoo
    fresh: int  # tickers with the bar of their last finished session at the end of the run
    expected: int  # tickers that should have it: all chosen ones except delisted ones


_Run = TypedDict(
    "_Run",
    {
        "_id": ObjectId,
        "category": str,
        "kind": NotRequired[Kind],
        "from": NotRequired[str],  # name of the source of an import
        "origin": Origin,
        "host": str,
        "process": int,
        "state": State,
        "started_at": dt.datetime,
        "heartbeat_at": dt.datetime,
        "finished_at": NotRequired[dt.datetime],
        "reported_at": NotRequired[dt.datetime],  # when the counts last changed
        "paused_until": NotRequired[dt.datetime],  # Yahoo wanted fewer requests: it is not asked before
        "cancel_requested": NotRequired[bool],
        "error": NotRequired[Error],
        "failures": NotRequired[list[Failure]],  # left out where runs are listed, like the next
        "remarks": NotRequired[list[BarRemark]],  # the first `runs.KEPT_REMARKS`
        "only": NotRequired[list[str] | None],  # the tickers that were named; None: all of them
        "full": NotRequired[bool],
        "force": NotRequired[bool],
        "full_since": NotRequired[dt.datetime],  # the start of the full run that this one continues
    },
)


class RunRecord(RunCounts, _Run):
    """An update run or an import run (`update_runs`). Written by the run; `cancel_requested` by whoever cancels it."""


class Lease(TypedDict, total=False):
    """The right to run in the category of this key (`update_leases`). Written by runs, in the server's time."""

    _id: str
    run: ObjectId
    host: str
    process: int
    since: dt.datetime
    expires_at: dt.datetime


class RowChange(TypedDict):
    """What an edit changed of one ticker."""

    ticker: str
    before: dict[str, Any]  # the changed fields of the row; empty where the ticker was added
    after: dict[str, Any]  # empty where the ticker was removed


class EditEntry(TypedDict):
    """One save of a person (`metadata_changes`). Written by `ticker_edits` alone."""

    _id: ObjectId
    category: str
    kind: EditKind
    who: str  # the visitor's address, as far as it is known
    when: dt.datetime
    rows: list[RowChange]


class ListedTicker(TypedDict):
    """One ticker of the list of a market."""

    ticker: str
    name: str
    name_en: str  # "" where it is not known, like the next two
    market: str
    industry: str
    quoted_as: NotRequired[str]  # name that the source gave it when it last listed it
    former: NotRequired[list[str]]  # names that earlier versions of the list gave it
    gone: NotRequired[dt.datetime]  # the day since which the source does not list it


class MarketListing(TypedDict):
    """The last good list of a market (`market_lists`). Written by `market_lists`."""

    _id: str  # name of its file in `starter`
    source: Literal["file", "yahoo"]
    date: dt.datetime
    rows: list[ListedTicker]


class ImportRecord(TypedDict):
    """One import, by one or several runs (`imports`). Written by import runs."""

    _id: ObjectId
    category: str
    source: str  # name of the collection or file
    content: list[str]  # fingerprint of the rows; unequal where the source has changed since
    state: Literal["running", "done", "abandoned"]
    started_at: dt.datetime
    finished_at: NotRequired[dt.datetime]
    tickers: NotRequired[int]
    bars: NotRequired[int]
    refused: NotRequired[int]  # rows
    verified: NotRequired[int]  # tickers whose bars were read back and are the same
    differing: NotRequired[list[str]]
    kept: NotRequired[int]  # tickers whose stored bars were left as they are


RefusedRow = TypedDict(
    "RefusedRow",
    {
        "_id": ObjectId,
        "import": ObjectId,
        "of": str,  # the ticker; "" where the row names none of the category
        "place": str,  # where the row stands in its source
        "ticker": str,  # as it is written there, like the date
        "date": str,
        "message": str,  # of the reason, as in `Error`
        "values": dict[str, Any],
    },
)
"""One row that an import did not take (`import_refusals`). Written by import runs."""


class LocationDocument(TypedDict, total=False):
    """Where the bars of a category are stored (a field of `settings`/`collections`). Written by `locations`."""

    collection: str
    fields: dict[str, str]  # the collection's names of our fields, where they differ
    read_only: bool  # True: the user's own collection, which is never written
    without: list[str]  # names of fields with which a document is no bar as it stands; see `locations.Location`
    only: dict[str, list[str]]  # the texts that a field may have in a bar, by its name in the collection
    refused: list[Failure]  # tickers that are not drawn, and raw tickers that are none; written by `following`


class Learned(TypedDict):
    """Days on which a calendar is wrong (a field of `settings`/`calendars`). Written by `trading_calendars`."""

    closed: list[dt.datetime]  # its sessions on which the exchange was closed
    opened: list[dt.datetime]  # days without a session on which the exchange traded
