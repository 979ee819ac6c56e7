"""The incremental update of one ticker: brings its stored bars up to date with Yahoo.

A ticker without trusted bars (none, sample bars, or an interrupted rewrite) gets its whole history. Any other ticker
gets its new bars, fetched together with a few stored bars as overlap. If the overlap disagrees, or there is a split in
the new window, Yahoo has rewritten its history: then the whole history is fetched and replaced atomically, so that no
chart shows a false jump. The same is done as long as Yahoo has a split that its own earlier prices do not reflect.
`category_update` chooses the tickers and handles errors; `verification` decides when a history is verified.
"""

import dataclasses
import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

import numpy as np
import pandas as pd
from pymongo.client_session import ClientSession

from finance_core import turns
from finance_core.bars import candles, sessions
from finance_core.bars.sessions import Calendar
from finance_core.categories import Category
from finance_core.errors import FetchFailed, SisepanError
from finance_core.i18n import N_
from finance_core.storage import database, prices, tickers, trading_calendars
from finance_core.storage.database import Document, MongoDatabase
from finance_core.storage.documents import BarRemark, BarState, TickerRow
from finance_core.storage.prices import Tail, Written
from updaters import back_off, faults, histories, update_plan, verification, yahoo
from updaters.faults import Valid
from updaters.histories import HistoryRefused
from updaters.yahoo import Fetched

OVERLAP = 5
"""Stored bars that are fetched again and compared. More than one, because the last one may have been provisional."""
SHRINK_LIMIT = 0.9
"""A new history must have at least this share of the number of stored bars: Yahoo sometimes sends a fragment."""


@dataclass(frozen=True)
class TickerResult:
    """The result of the update of one ticker."""

    ticker: str
    written: Written = field(default_factory=Written)
    remarks: tuple[candles.Remark, ...] = ()
    error: SisepanError | None = None
    """What failed; bars may have been written nevertheless (see `update`)."""
    delisted: bool = False
    """Whether Yahoo does not know the ticker, which was marked as delisted before. This is no failure."""

    def records(self) -> list[BarRemark]:
        """The remarks in the form that is stored with a run."""
        return [
            {
                "ticker": self.ticker,
                **({} if pd.isna(remark.date) else {"date": remark.date.to_pydatetime()}),  # type: ignore[typeddict-item]
                "action": remark.action,
                "reason": remark.reason,
            }
            for remark in self.remarks
        ]


def update(
    db: MongoDatabase,
    category: Category,
    row: TickerRow,
    client: yahoo.Client,
    *,
    full: bool,
    in_turn: bool = False,
    now: dt.datetime | None = None,
) -> TickerResult:
    """Fetch and store the new bars and the metadata of the ticker of `row`; its whole history if `full` or needed.

    With `in_turn`, nobody asked for the whole history: if it is refused, its new bars are stored nevertheless, and the
    result has the reason as its error.

    Bars of sessions that have not ended at `now` (tz-aware; by default the present) are left out. Idempotent. Raises
    FetchFailed if Yahoo sends no usable bars, DataConflict if the stored bars cannot be read.
    """
    now = now or dt.datetime.now(dt.UTC)
    is_trusted = _is_trusted(row)
    read = partial(prices.tail, db, category, row["ticker"], OVERLAP, row.get("last_date"))
    tail = None if is_trusted else prices.NOTHING
    if is_trusted and not full and not row.get("unadjusted_splits"):
        tail = read()
        if len(tail.bars):
            since = tail.bars.index[0].date()
            fetched = _in_known_currency(category, row, client.fetch(category, row, since))
            if result := _add(db, category, row, fetched, tail, now):
                return result
    fetched = _in_known_currency(category, row, client.fetch(category, row))
    answer = _valid(db, row, fetched, now, prices.NOTHING.bars)
    if answer.bars.empty:
        raise FetchFailed(N_("Yahoo가 {symbol}의 쓸 수 있는 시세를 하나도 보내지 않았습니다."), symbol=fetched.symbol)
    faults.refuse_shifted(fetched.market, row, answer)
    if is_trusted and row.get("last_date") and prices.are_stored(db, category, row["ticker"], answer.bars):
        return _store(db, category, row, fetched, answer, None, now, is_stored=True)
    tail = tail or read()
    try:
        _refuse_another_history(db, category, row, tail.bars, answer.bars)
        bars = _completed(db, category, row, fetched, answer.bars)
    except HistoryRefused as refusal:
        result = _add(db, category, row, fetched, tail, now) if in_turn and is_trusted else None
        tickers.record(db, category, row["ticker"], verification.refused(row, tickers.utc(now), refusal))
        if not result:
            raise
        return dataclasses.replace(result, error=refusal)
    is_stored = len(bars) > len(answer.bars) and prices.are_stored(db, category, row["ticker"], bars)
    # If nothing was stored, a reader cannot see a mixture of an old and a new history: no transaction is needed.
    before = tail if is_trusted and tail.bars.empty else None
    return _store(db, category, row, fetched, answer._replace(bars=bars), before, now, is_stored=is_stored)


def _add(
    db: MongoDatabase, category: Category, row: TickerRow, fetched: Fetched, tail: Tail, now: dt.datetime
) -> TickerResult | None:
    """Store the bars of `fetched` from the first day of `tail` on; None if they contradict it."""
    first = tail.bars.index[0]
    recent = dataclasses.replace(fetched, bars=fetched.bars[fetched.bars.index >= first])
    answer = _valid(db, row, recent, now, tail.bars)
    answer = answer._replace(bars=_with_first_actions(answer.bars, tail.bars))
    if answer.bars.empty or histories.history_was_rewritten(tail.bars, answer.bars):
        return None
    return _store(db, category, row, fetched, answer, tail, now)


def _valid(db: MongoDatabase, row: TickerRow, fetched: Fetched, now: dt.datetime, stored: pd.DataFrame) -> Valid:
    calendar = trading_calendars.of(db, fetched.market.calendar)
    return faults.valid(fetched.bars, calendar, row, now, stored.index.to_numpy())


def _with_first_actions(bars: pd.DataFrame, stored: pd.DataFrame) -> pd.DataFrame:
    """`bars` whose first bar gets its stored dividend and split back, if Yahoo sends none.

    They may come from an earlier day without a close (see `candles.with_all_actions`), which is outside the window.
    """
    kept = stored[candles.CORPORATE_ACTIONS].to_numpy()[:1]
    if not kept.any() or bars.empty or bars.index[0] != stored.index[0]:
        return bars
    actions = bars[candles.CORPORATE_ACTIONS].to_numpy(copy=True)
    actions[:1] = np.where(actions[:1] == 0, kept, actions[:1])
    return bars.assign(**dict(zip(candles.CORPORATE_ACTIONS, actions.T, strict=True)))


def _in_known_currency(category: Category, row: TickerRow, fetched: Fetched) -> Fetched:
    """`fetched`. Raises FetchFailed if it has another currency than Yahoo named for stored bars; points have none."""
    known = row.get("currency") if row.get("source") == "yahoo" and row.get("last_date") else None
    if known and fetched.currency and fetched.currency != known and category.currency_of(known):
        sentence = N_(
            "Yahoo가 말하는 통화가 {stored}에서 {fetched}(으)로 바뀌어 저장된 시세를 그대로 두었습니다. 정말 "
            "바뀌었다면 이 종목의 시세를 지우고 다시 받으십시오."
        )
        raise FetchFailed(sentence, stored=known, fetched=fetched.currency)
    return fetched


def _refuse_another_history(
    db: MongoDatabase, category: Category, row: TickerRow, stored: pd.DataFrame, bars: pd.DataFrame
) -> None:
    """Raise HistoryRefused if `bars` cannot be the whole history that ends with the bars `stored`."""
    if stored.empty and not row.get("rewriting"):
        return
    if len(bars) < SHRINK_LIMIT * _count_to_keep(db, category, row, stored):
        raise HistoryRefused(
            N_("Yahoo가 저장된 것보다 훨씬 짧은 이력({bars}개)을 보내서 그대로 두었습니다."), bars=len(bars)
        )
    if (scale := faults.scale(stored, bars)) != 1:
        sentence = N_(
            "Yahoo가 보낸 시세가 모두 저장된 것의 {scale}배라서 그대로 두었습니다. 정말 바뀌었다면 이 종목의 시세를 "
            "지우고 다시 받으십시오."
        )
        raise HistoryRefused(sentence, scale=f"{scale:g}")


def _completed(
    db: MongoDatabase, category: Category, row: TickerRow, fetched: Fetched, bars: pd.DataFrame
) -> pd.DataFrame:
    if row.get("source") == "sample":
        return bars
    stored = prices.as_stored(db, category, row["ticker"])
    whole = histories.completed(stored, bars, trading_calendars.of(db, fetched.market.calendar), row)
    if row.get("rewriting"):  # a mixture
        return whole
    if "verified_at" in row and row.get("yahoo_symbol") == fetched.symbol:
        histories.refuse_steps(category, stored, bars)
    else:  # the stored bars are a person's, to which only new ones may have been added, or another symbol's
        histories.refuse_another_instrument(stored, bars)
    return whole


def _with_stored_dividends(db: MongoDatabase, category: Category, row: TickerRow, answer: Valid) -> pd.DataFrame:
    """The bars of `answer`, with the stored dividends in place of Yahoo's impossible ones."""
    impossible = [remark.date for remark in answer.remarks if remark.reason == "dividend impossible"]
    if not impossible or row.get("source") == "sample":
        return answer.bars
    stored = prices.as_stored(db, category, row["ticker"])["dividends"]
    days = stored.index.intersection(pd.DatetimeIndex(impossible)).intersection(answer.bars.index)
    dividends = answer.bars["dividends"].copy()
    dividends[days] = stored[days]
    kept, _remarks = faults.without_impossible_dividends(answer.bars.assign(dividends=dividends))
    return kept


def _is_trusted(row: TickerRow) -> bool:
    """Whether the stored bars, if any, are real prices of one history: no samples, no interrupted rewrite."""
    return not (row.get("source") == "sample" or row.get("rewriting", False))


def _count_to_keep(db: MongoDatabase, category: Category, row: TickerRow, stored: pd.DataFrame) -> int:
    """The number of stored bars with which the length of a new history is compared."""
    if row.get("source") == "sample":
        return 0
    if row.get("rewriting"):  # the stored bars are a mixture; the row still has the count from before
        return row.get("bar_count", 0)
    return prices.count(db, category, row["ticker"]) if len(stored) else 0


def _store(
    db: MongoDatabase,
    category: Category,
    row: TickerRow,
    fetched: Fetched,
    answer: Valid,
    before: Tail | None,
    now: dt.datetime,
    *,
    is_stored: bool = False,
) -> TickerResult:
    """Add the bars of `answer` to the stored ones, which end with `before`; None means replace them atomically.

    If `is_stored`, the stored bars equal these already. Days are added in order and the metadata is written last, so
    that the next run completes an interrupted addition.
    """
    turns.give_way()
    ticker, bars = row["ticker"], _with_stored_dividends(db, category, row, answer)
    if "category" not in row:  # a new ticker: registered only now that Yahoo is known to have it
        update_plan.register(db, category, [ticker])
    news = _news(db, category, row, answer.remarks, bars, before)
    is_whole = before is None or before.bars.empty
    calendar = trading_calendars.of(db, fetched.market.calendar)
    findings = verification.findings(calendar, row, bars, answer.unexpected, is_whole=is_whole)
    moment = tickers.utc(now)
    findings |= {"verified_at": moment, "verify_tried_at": None} if is_whole else {}
    tail = candles.empty() if not _is_trusted(row) else before.bars if before else None
    read = partial(prices.as_stored, db, category, ticker) if tail is None else lambda: tail
    findings["unsettled_splits"] = verification.unsettled(row, bars, read) or None

    def write(session: ClientSession | None) -> Written | None:
        written = Written()
        if not is_stored:
            written = prices.write(db, category, ticker, bars, session, remove_others=before is None, beside=before)
        state = _state(db, category, row, before, bars, written)
        metadata = _metadata(category, row, fetched, state, written, moment) | findings
        is_silent = not written.added and _is_behind(state, calendar, now)
        metadata["silent_since"] = back_off.silent_since(row, moment) if is_silent else None
        is_listed = tickers.record(db, category, ticker, metadata, session)
        return written if is_listed else None

    is_replaced = before is None and not is_stored
    written = _in_one_piece(db, category, ticker, write) if is_replaced else write(None)
    if written is None:
        # A person has removed the ticker and its bars during the fetch: its bars must not come back.
        prices.delete(db, category, ticker)
        return TickerResult(ticker)
    if row.get("source") == "sample":
        written = Written(added=len(bars))  # replaced sample bars do not count as replaced
    return TickerResult(ticker, written, news)


def _in_one_piece(
    db: MongoDatabase, category: Category, ticker: str, write: Callable[[ClientSession | None], Written | None]
) -> Written | None:
    """The result of `write`, which replaces the history of `ticker`; in a transaction, if the server has them."""
    if not database.has_transactions(db):
        # A reader may see a mixture of old and new bars: the row says so until all bars are written.
        tickers.record(db, category, ticker, {"rewriting": True})
    return database.atomically(db, write)


def _is_behind(state: BarState, calendar: Calendar, now: dt.datetime) -> bool:
    """Whether the last stored bar is older than the last session that had ended at `now`."""
    last = sessions.last_finished(calendar, now).to_pydatetime()
    return (state["last_date"] or last) < last


def _news(
    db: MongoDatabase,
    category: Category,
    row: TickerRow,
    remarks: list[candles.Remark],
    bars: pd.DataFrame,
    before: Tail | None,
) -> tuple[candles.Remark, ...]:
    """The remarks on bars that differ from the stored ones: the other remarks were made by an earlier update."""
    if not remarks:  # as for nearly all tickers
        return ()
    if before is not None:
        stored = before.bars
    else:
        stored = prices.as_stored(db, category, row["ticker"]) if _is_trusted(row) else candles.empty()
    last = stored.index[-1] if len(stored) else pd.Timestamp.min
    same = set(bars.index.intersection(stored.index))
    same &= set(stored.index[(stored == bars.reindex(stored.index)).all(axis=1)])
    return tuple(
        remark for remark in remarks if remark.date not in same and (remark.action == "changed" or remark.date > last)
    )


def _state(
    db: MongoDatabase, category: Category, row: TickerRow, before: Tail | None, bars: pd.DataFrame, written: Written
) -> BarState:
    """The state of the stored bars after `bars` were `written` after the last stored bars `before`."""
    if before is None or before.bars.empty:
        return prices.state_of(category, bars)
    last_date = before.bars.index[-1]
    is_in_step = row.get("last_date") == last_date  # otherwise an interrupted run has added bars
    if is_in_step and row.keys() >= {"first_date", "bar_count"} and len(bars) > 1 and bars.index[-1] >= last_date:
        return prices.state_of(category, bars, row["first_date"], row["bar_count"] + written.added)
    return prices.state(db, category, row["ticker"])


def _metadata(
    category: Category, row: TickerRow, fetched: Fetched, state: BarState, written: Written, moment: dt.datetime
) -> Document:
    """The fields of `TickerRow` after an update at `moment` (UTC, tz-naive); None removes a field."""
    metadata: Document = {
        **state,
        "source": "yahoo",
        "currency": fetched.currency or row.get("currency") or category.currency,
        "yahoo_symbol": fetched.symbol,
        "rewriting": None,
        "unknown_runs": None,
        "last_status": "ok",
        "last_error": None,
        "updated_at": moment,
    }
    # A run that ended between its bars and its row has left nothing to write but the row.
    if any(written) or any(row.get(name) != value for name, value in state.items()):
        metadata["bars_changed_at"] = moment
    market = row.get("market") or ""
    # A missing or wrong market is corrected; a user's own text in this field stays.
    if market != fetched.market.key and market in ("", *(known.key for known in category.markets)):
        metadata["market"] = fetched.market.key
    return metadata
