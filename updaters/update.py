"""The incremental algorithm: brings the stored bars of one category up to Yahoo's.

A ticker whose last finished session is stored, and was fetched after its close, costs nothing: Yahoo is not asked.
Where nothing is stored, or sample bars, or an interrupted rewrite, its whole history replaces what is there. Else what
is new is fetched, together with a few stored bars as overlap; if the overlap disagrees or a split lies in the new
window, Yahoo has rewritten history and it is fetched whole, so that no chart shows a false cliff. Each ticker is
written in one piece with its metadata. Yahoo itself is left to `yahoo`, storage to `prices` and `tickers`.
"""

import datetime as dt
import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import pandas as pd
from curl_cffi.requests import Session
from pymongo.client_session import ClientSession

from finance_core import candles, database, prices, sessions, tickers
from finance_core.categories import Category
from finance_core.database import Document, MongoDatabase
from finance_core.errors import FetchFailed, SisepanError
from finance_core.i18n import N_
from updaters import sample, yahoo

OVERLAP = 5
"""Stored bars that are fetched again and compared: more than the last one, which may have been provisional."""

SETTLING = dt.timedelta(minutes=30)
"""How long after the close Yahoo's bar of the day may still change."""

SHRINK_LIMIT = 0.9
"""A history may be replaced by one of at least this share of its bars; Yahoo sometimes answers with a stump."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class TickerResult:
    """What happened to one ticker."""

    ticker: str
    written: prices.Written = field(default_factory=prices.Written)
    remarks: tuple[candles.Remark, ...] = ()
    error: SisepanError | None = None
    current: bool = False
    """Whether Yahoo was not asked, as it can have nothing new."""


@dataclass
class Summary:
    """What happened in one run."""

    category: str
    total: int = 0
    results: list[TickerResult] = field(default_factory=list)
    cancelled: bool = False

    @property
    def failures(self) -> list[TickerResult]:
        return [result for result in self.results if result.error]

    @property
    def current(self) -> int:
        return sum(result.current for result in self.results)

    @property
    def added(self) -> int:
        return sum(result.written.added for result in self.results)

    @property
    def replaced(self) -> int:
        return sum(result.written.replaced for result in self.results)

    @property
    def removed(self) -> int:
        return sum(result.written.removed for result in self.results)


def run(
    db: MongoDatabase,
    category: Category,
    only: Iterable[str] | None = None,
    *,
    full: bool = False,
    force: bool = False,
    progress: Callable[[Summary], None] = lambda _summary: None,
    cancelled: Callable[[], bool] = lambda: False,
    now: Callable[[], dt.datetime] = lambda: dt.datetime.now(dt.UTC),
) -> Summary:
    """Update the active tickers of `category`, or `only` those named; `full` fetches whole histories, `force` asks also
    for what is up to date.

    `progress` is told the summary before the first and after each ticker; `cancelled` is asked between two. A ticker
    that fails does not stop the others, unless Yahoo wants fewer requests: then the rest fail unasked.

    Raises PyMongoError where the database goes away, DataConflict where a user's collection cannot get the indexes it
    needs.
    """
    database.ensure_indexes(db)
    chosen = _chosen(db, category, only)
    summary = Summary(category.key, len(chosen))
    if not (full or force):
        current = _current(db, category, now())
        summary.results += [TickerResult(ticker, current=True) for ticker in chosen if ticker in current]
        chosen = [ticker for ticker in chosen if ticker not in current]
    progress(summary)
    if not chosen:
        return summary
    with yahoo.session() as session:
        for position, ticker in enumerate(chosen):
            if cancelled():
                summary.cancelled = True
                break
            result = _update(db, category, ticker, session, full=full)
            summary.results.append(result)
            if isinstance(result.error, yahoo.RateLimited):
                # Asking on would only prolong it. What was not asked failed for the same reason.
                summary.results += [_failed(db, category, rest, result.error) for rest in chosen[position + 1 :]]
                break
            progress(summary)
    progress(summary)
    return summary


def _chosen(db: MongoDatabase, category: Category, only: Iterable[str] | None) -> list[str]:
    """The tickers to update, in the order to update them; registers those that have no metadata yet."""
    known = {row["ticker"]: row for row in tickers.active(db, category)}
    wanted = list(dict.fromkeys(only)) if only is not None else list(known)
    starters = {row["ticker"]: row for row in sample.starter(category)}
    # The known ones too: tickers that are seen for their bars alone would no longer be, once one is registered.
    unregistered = [ticker for ticker in {**known, **dict.fromkeys(wanted)} if "category" not in known.get(ticker, {})]
    tickers.register(
        db,
        category,
        ({"ticker": ticker, "name": ticker, "market": ""} | starters.get(ticker, {}) for ticker in unregistered),
    )
    return wanted


def _current(db: MongoDatabase, category: Category, moment: dt.datetime) -> set[str]:
    """The tickers of which Yahoo can have nothing new at `moment`."""
    final: dict[str, tuple[dt.datetime, dt.datetime]] = {}
    for market in category.markets:
        session = sessions.last_finished(market.calendar, moment).to_pydatetime()
        final[market.key] = session, (sessions.close_of(market.calendar, session) or session) + SETTLING

    def is_current(row: Document) -> bool:
        if row.get("source") != tickers.YAHOO or row.get("last_status") != "ok" or row.get("rewriting"):
            return False
        session, settled = final[category.market(row.get("market", "")).key]
        return bool(row.get("last_date", session - dt.timedelta(days=1)) >= session and row["updated_at"] >= settled)

    return {row["ticker"] for row in tickers.active(db, category) if is_current(row)}


def _update(db: MongoDatabase, category: Category, ticker: str, session: Session[Any], *, full: bool) -> TickerResult:
    # Read now: since the run began a person may have edited it, or another process filled it.
    row = tickers.get(db, category, ticker) or {"ticker": ticker}
    try:
        result = _fetch_and_store(db, category, row, session, full=full)
    except SisepanError as error:
        return _failed(db, category, ticker, error)
    _log.info("%s %s: %d added, %d replaced", category.key, ticker, result.written.added, result.written.replaced)
    for remark in result.remarks:
        _log.info("%s %s: bar of %.10s %s, %s", category.key, ticker, remark.date, remark.action, remark.reason)
    return result


def _failed(db: MongoDatabase, category: Category, ticker: str, error: SisepanError) -> TickerResult:
    _log.warning("%s %s: %s", category.key, ticker, error)
    fields = {"last_status": "failed", "last_error": str(error), "updated_at": tickers.now()}
    tickers.record(db, category, ticker, fields)
    return TickerResult(ticker, error=error)


def _fetch_and_store(
    db: MongoDatabase, category: Category, row: Document, session: Session[Any], *, full: bool
) -> TickerResult:
    ticker = row["ticker"]
    untrusted = row.get("source") == tickers.SAMPLE or row.get("rewriting", False)
    stored = candles.empty() if untrusted else prices.load(db, category, ticker, last=OVERLAP)

    if len(stored) and not full:
        fetched = _fetch(category, row, session, start=stored.index[0].date())
        bars, remarks = candles.clean(fetched.bars)
        if len(bars) and not _history_was_rewritten(stored, bars):
            return _store(db, category, row, fetched, bars, remarks, replace=False)

    fetched = _fetch(category, row, session)
    bars, remarks = candles.clean(fetched.bars)
    if bars.empty:
        raise FetchFailed(N_("Yahoo가 {symbol}의 쓸 수 있는 시세를 하나도 보내지 않았습니다."), symbol=fetched.symbol)
    if len(bars) < SHRINK_LIMIT * _count_to_keep(db, category, row):
        raise FetchFailed(
            N_("Yahoo가 저장된 것보다 훨씬 짧은 이력({bars}개)을 보내서 그대로 두었습니다."), bars=len(bars)
        )
    return _store(db, category, row, fetched, bars, remarks, replace=True)


def _count_to_keep(db: MongoDatabase, category: Category, row: Document) -> int:
    """How many stored bars a new history has to make up for."""
    if row.get("source") == tickers.SAMPLE:
        return 0
    if row.get("rewriting"):  # what is stored is a mixture; the count is still that of before
        return int(row.get("bar_count", 0))
    return int(prices.state(db, category, row["ticker"])["bar_count"])


def _fetch(category: Category, row: Document, session: Session[Any], start: dt.date | None = None) -> yahoo.Fetched:
    """The raw bars of one ticker; where its market is unknown or wrong, from the market of the category that has it.

    An answer without bars means a wrong market only where a whole history was asked for under a symbol that has never
    worked. Otherwise another market could get hold of a ticker when Yahoo stumbles.
    """
    first: yahoo.NoBars | None = None
    for market, symbol in yahoo.candidates(category, row):
        try:
            zone = market.timezone or sessions.timezone(market.calendar)
            return yahoo.fetch(session, market, symbol, zone, start)
        except yahoo.NoBars as error:
            certain = isinstance(error, yahoo.UnknownSymbol)
            if not certain and (start is not None or symbol == row.get("yahoo_symbol")):
                raise
            first = first or error
    assert first is not None, "a category has at least one market"
    raise first


def _history_was_rewritten(stored: pd.DataFrame, bars: pd.DataFrame) -> bool:
    """Whether `bars`, fetched from the first of `stored` on, contradict it: then all that is stored is out of date.

    The last stored bar may have been provisional and may differ. A day that is missing on either side contradicts.
    """
    settled, overlap = stored.iloc[:-1], bars[bars.index < stored.index[-1]]
    if not settled.index.equals(overlap.index) or len(candles.changed_days(settled, overlap, candles.PRICES)):
        return True
    splits_now = bars.loc[bars["stock_splits"] != 0, "stock_splits"]
    return not splits_now.index.isin(stored.index[stored["stock_splits"] != 0]).all()


def _store(
    db: MongoDatabase,
    category: Category,
    row: Document,
    fetched: yahoo.Fetched,
    bars: pd.DataFrame,
    remarks: list[candles.Remark],
    *,
    replace: bool,
) -> TickerResult:
    ticker = row["ticker"]
    if replace and not database.has_transactions(db):
        # Without transactions a reader may meet half of the old bars and half of the new: say so until it is done.
        tickers.record(db, category, ticker, {"rewriting": True})

    def write(session: ClientSession | None) -> prices.Written:
        store = prices.replace if replace else prices.merge
        written = store(db, category, ticker, bars, session)
        fields = {
            **prices.state(db, category, ticker, session),
            "source": tickers.YAHOO,
            "currency": fetched.currency or category.currency,
            "yahoo_symbol": fetched.symbol,
            **_found_market(category, row, fetched),
            "rewriting": None,
            "last_status": "ok",
            "last_error": None,
            "updated_at": tickers.now(),
        }
        tickers.record(db, category, ticker, fields, session)
        return written

    return TickerResult(ticker, database.atomically(db, write), tuple(remarks))


def _found_market(category: Category, row: Document, fetched: yahoo.Fetched) -> dict[str, str]:
    """The market to record where the ticker did not say one or the wrong one; a label of the user's own stays."""
    said = row.get("market") or ""
    ours = said in ("", *(market.key for market in category.markets))
    return {"market": fetched.market.key} if ours and said != fetched.market.key else {}
