"""The incremental algorithm for one ticker: brings its stored bars up to Yahoo's.

Where nothing is stored, or sample bars, or an interrupted rewrite, the whole history replaces what is there. Else what
is new is fetched, together with a few stored bars as overlap; if the overlap disagrees or a split lies in the new
window, Yahoo has rewritten history and it is fetched whole, so that no chart shows a false cliff; then it is replaced
in one piece. Which tickers, when, and what after an error is left to `update`.
"""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from pymongo.client_session import ClientSession

from finance_core.bars import candles, sessions
from finance_core.categories import Category
from finance_core.errors import FetchFailed, SisepanError
from finance_core.i18n import N_
from finance_core.storage import database, prices, tickers
from finance_core.storage.database import Document, MongoDatabase
from finance_core.storage.documents import BarState, TickerRow
from updaters import yahoo

OVERLAP = 5
"""Stored bars that are fetched again and compared: more than the last one, which may have been provisional."""
SHRINK_LIMIT = 0.9
"""A history may be replaced by one of at least this share of its bars; Yahoo sometimes answers with a stump."""

Fetch = Callable[[TickerRow, dt.date | None], yahoo.Fetched]
"""Fetches the bars of the ticker of a metadata row, all of them or those from a day on."""


@dataclass(frozen=True)
class TickerResult:
    """What happened to one ticker."""

    ticker: str
    written: prices.Written = field(default_factory=prices.Written)
    remarks: tuple[candles.Remark, ...] = ()
    error: SisepanError | None = None
    delisted: bool = False
    """Whether Yahoo has not known it for so many runs that this is no failure any more."""


def update(db: MongoDatabase, category: Category, row: TickerRow, fetch: Fetch, *, full: bool) -> TickerResult:
    """Fetch and store what is new for the ticker of `row`, its metadata; `full` takes its whole history.

    Idempotent. Raises FetchFailed where nothing usable came, DataConflict where what is stored is in the way.
    """
    untrusted = row.get("source") == "sample" or row.get("rewriting", False)
    stored = candles.empty() if untrusted else prices.load(db, category, row["ticker"], last=OVERLAP)
    if len(stored) and not full:
        fetched = fetch(row, stored.index[0].date())
        bars, remarks = candles.clean(fetched.bars)
        if len(bars) and not history_was_rewritten(stored, bars):
            return _merge(db, category, row, fetched, stored, bars, remarks)
    fetched = fetch(row, None)
    bars, remarks = candles.clean(fetched.bars)
    if bars.empty:
        raise FetchFailed(N_("Yahoo가 {symbol}의 쓸 수 있는 시세를 하나도 보내지 않았습니다."), symbol=fetched.symbol)
    if (untrusted or len(stored)) and len(bars) < SHRINK_LIMIT * _count_to_keep(db, category, row):
        raise FetchFailed(
            N_("Yahoo가 저장된 것보다 훨씬 짧은 이력({bars}개)을 보내서 그대로 두었습니다."), bars=len(bars)
        )
    if stored.empty and not untrusted:  # then there is nothing that a reader could meet half of
        return _merge(db, category, row, fetched, stored, bars, remarks)
    return _replace(db, category, row, fetched, bars, remarks)


def fetch_from_any_market(
    client: yahoo.Client, category: Category, row: TickerRow, start: dt.date | None
) -> yahoo.Fetched:
    """The raw bars of one ticker; where its market is unknown or wrong, from the market of the category that has it.

    An answer without bars means a wrong market only where a whole history was asked for under a symbol that has never
    worked. Otherwise another market could get hold of a ticker when Yahoo stumbles.
    """
    first: yahoo.NoBars | None = None
    for market, symbol in yahoo.candidates(category, row):
        try:
            return client.fetch(market, symbol, market.timezone or sessions.timezone(market.calendar), start)
        except yahoo.NoBars as error:
            certain = isinstance(error, yahoo.UnknownSymbol)
            if not certain and (start is not None or symbol == row.get("yahoo_symbol")):
                raise
            first = first or error
    assert first is not None, "a category has at least one market"
    raise first


def _count_to_keep(db: MongoDatabase, category: Category, row: TickerRow) -> int:
    """How many stored bars a new history has to make up for."""
    if row.get("source") == "sample":
        return 0
    if row.get("rewriting"):  # what is stored is a mixture; the count is still that of before
        return int(row.get("bar_count", 0))
    return prices.count(db, category, row["ticker"])


def history_was_rewritten(stored: pd.DataFrame, bars: pd.DataFrame) -> bool:
    """Whether `bars`, fetched from the first of `stored` on, contradict it: then all that is stored is out of date.

    The last stored bar may have been provisional and may differ. A day that is missing on either side contradicts.
    """
    # In numpy: a run does this for every ticker, and pandas takes longer than all the rest of it.
    days_before, days_now = stored.index.to_numpy(), bars.index.to_numpy()
    before, now = stored.to_numpy(dtype="float64"), bars.to_numpy(dtype="float64")
    overlap = days_now < days_before[-1]
    if not np.array_equal(days_before[:-1], days_now[overlap]):
        return True
    prices_before, prices_now = before[:-1, : len(candles.PRICES)], now[overlap, : len(candles.PRICES)]
    if not np.isclose(prices_before, prices_now, rtol=candles.ROUNDING, atol=0).all():
        return True
    splits = candles.COLUMNS.index("stock_splits")
    return not np.isin(days_now[now[:, splits] != 0], days_before[before[:, splits] != 0]).all()


def _merge(
    db: MongoDatabase,
    category: Category,
    row: TickerRow,
    fetched: yahoo.Fetched,
    stored: pd.DataFrame,
    bars: pd.DataFrame,
    remarks: list[candles.Remark],
) -> TickerResult:
    """Add what is new. Days are added in order and the metadata last: broken off, the next run completes it."""
    ticker = row["ticker"]
    written = prices.merge(db, category, ticker, bars)
    if "first_date" in row and len(stored) and len(bars) > 1 and bars.index[-1] >= stored.index[-1]:
        state = prices.state_of(bars, row["first_date"], prices.count(db, category, ticker))
    else:
        state = prices.state(db, category, ticker)
    if not tickers.record(db, category, ticker, _metadata(category, row, fetched, state, written)):
        return _removed_meanwhile(db, category, ticker)
    return TickerResult(ticker, written, tuple(remarks))


def _replace(
    db: MongoDatabase,
    category: Category,
    row: TickerRow,
    fetched: yahoo.Fetched,
    bars: pd.DataFrame,
    remarks: list[candles.Remark],
) -> TickerResult:
    """Make `bars` the ticker's history, in one piece with its metadata."""
    ticker = row["ticker"]
    if not database.has_transactions(db):
        # Without transactions a reader may meet half of the old bars and half of the new: say so until it is done.
        tickers.record(db, category, ticker, {"rewriting": True})

    def write(session: ClientSession | None) -> prices.Written | None:
        written = prices.replace(db, category, ticker, bars, session)
        state = prices.state(db, category, ticker, session)
        is_listed = tickers.record(db, category, ticker, _metadata(category, row, fetched, state, written), session)
        return written if is_listed else None

    replaced = database.atomically(db, write)
    if replaced is None:
        return _removed_meanwhile(db, category, ticker)
    return TickerResult(ticker, replaced, tuple(remarks))


def _removed_meanwhile(db: MongoDatabase, category: Category, ticker: str) -> TickerResult:
    """A person has removed the ticker and all of its bars since it was asked for: so they shall stay removed."""
    prices.delete(db, category, ticker)
    return TickerResult(ticker)


def _metadata(
    category: Category, row: TickerRow, fetched: yahoo.Fetched, state: BarState, written: prices.Written
) -> Document:
    now = tickers.now()
    return {
        **state,
        "source": "yahoo",
        "currency": fetched.currency or row.get("currency") or category.currency,
        "yahoo_symbol": fetched.symbol,
        **_found_market(category, row, fetched),
        **({"bars_changed_at": now} if any(written) else {}),
        "rewriting": None,
        "unknown_runs": None,
        "last_status": "ok",
        "last_error": None,
        "updated_at": now,
    }


def _found_market(category: Category, row: TickerRow, fetched: yahoo.Fetched) -> dict[str, str]:
    """The market to record where the ticker did not say one or the wrong one; a label of the user's own stays."""
    said = row.get("market") or ""
    ours = said in ("", *(market.key for market in category.markets))
    return {"market": fetched.market.key} if ours and said != fetched.market.key else {}
