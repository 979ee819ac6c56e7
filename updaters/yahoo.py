"""Raw daily bars from Yahoo, through yfinance over one curl_cffi session.

This module knows Yahoo's symbols, answers and errors; what is done with the bars, and when to ask again, is left to
`update`.
"""

import datetime as dt
import logging
import threading
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

import pandas as pd
import yfinance
from curl_cffi.requests import Session
from curl_cffi.requests.exceptions import RequestException
from pandas.errors import Pandas4Warning
from yfinance.exceptions import YFPricesMissingError, YFRateLimitError

from finance_core import settings
from finance_core.categories import Category, Market
from finance_core.errors import FetchFailed
from finance_core.i18n import N_
from updaters.rate_limit import NotAsked, Pace

TIMEOUT = 15
"""Seconds one answer may take."""
RATE = 100.0
"""Requests a second that all runs of this process together may make: above what eight workers come to, so that it
bounds more of them."""
CHART = "/v8/finance/chart/"
TOO_MANY_REQUESTS = 429

_COLUMNS = {
    "Open": "open",
    "High": "high",
    "Low": "low",
    "Close": "close",
    "Volume": "volume",
    "Dividends": "dividends",
    "Stock Splits": "stock_splits",
}

_UNKNOWN_SYMBOL = "no data found"
"""How Yahoo puts it that it does not know a symbol."""
_NO_BARS = ("no price data found", "data doesn't exist")
"""How yfinance and Yahoo put it that there is no bar in the answer, without a reason."""

_log = logging.getLogger(__name__)
_session_lock = threading.Lock()
_session_users = 0
_session: "_PacedSession | None" = None


class NoBars(FetchFailed):
    """Yahoo answered without a bar and without a reason; some symbols it does not know it answers so too."""


class UnknownSymbol(NoBars):
    """Yahoo says that it does not know this symbol."""


class RateLimited(FetchFailed):
    """Yahoo wants fewer requests."""


class Unreachable(FetchFailed):
    """There was no connection to Yahoo, or it broke."""


@dataclass(frozen=True)
class Fetched:
    """What Yahoo answered for one symbol."""

    market: Market
    symbol: str
    currency: str
    """"" where Yahoo did not say, or only a window was asked for: making it out costs as much as reading those bars."""
    bars: pd.DataFrame
    """Raw: columns of `candles.bars`, tz-naive days of the exchange, NaN where Yahoo had nothing; not yet cleaned.
    Split-adjusted, not dividend-adjusted."""


def symbol(ticker: str, market: Market) -> str:
    """Yahoo's symbol of `ticker` on `market`: 005930 on KOSPI is 005930.KS."""
    return f"{ticker}{market.yahoo_suffix}"


def candidates(category: Category, row: Mapping[str, Any]) -> list[tuple[Market, str]]:
    """The symbols a ticker may have, likeliest first, each with its market.

    `row` is the ticker's metadata: first the symbol on the market it is said to trade on, then the one that worked
    before, then those on the other markets of its category. Where it says no market, or one that is not the
    category's, what worked before comes first.
    """
    said = category.market(row.get("market", ""))
    symbols: dict[str, Market] = {}
    for market in (said, *category.markets):  # several may have one symbol: then it is the one that is said
        symbols.setdefault(symbol(row["ticker"], market), market)
    first = [symbol(row["ticker"], said)] if row.get("market") == said.key else []
    before = [row["yahoo_symbol"]] if row.get("yahoo_symbol") else []
    return [(symbols.get(name, said), name) for name in dict.fromkeys([*first, *before, *symbols])]


class Client:
    """Yahoo as one run asks it."""

    def __init__(self, session: "_PacedSession", stopping: Callable[[], bool]) -> None:
        self._session = session
        self.stopping = stopping
        self.requests = 0
        """How many requests were made, yfinance's own for cookies and second attempts among them."""

    @property
    def exhausted(self) -> bool:
        """Whether Yahoo turned away so many requests in a row that no more are made."""
        return self._session.pace.exhausted

    def fetch(self, market: Market, symbol: str, timezone: str, start: dt.date | None = None) -> Fetched:
        """All daily bars of `symbol` on `market` (its whole history), or those from `start` on.

        `timezone` is the exchange's. Raises UnknownSymbol, NoBars, RateLimited, Unreachable, NotAsked, or FetchFailed
        with the reason.
        """
        before = _asking.set(self)
        try:
            return _fetch(self._session, market, symbol, timezone, start)
        finally:
            _asking.reset(before)


_asking: ContextVar[Client] = ContextVar("asking")
"""Whose request is under way in this thread: yfinance has no way to hand that on to its session."""


class _PacedSession(Session[Any]):
    """A session that keeps the pace, whatever yfinance asks, and counts for whom."""

    def __init__(self, rate: float) -> None:
        super().__init__(impersonate="chrome")  # Yahoo turns other clients away; certificates are verified
        self.pace = Pace(rate)

    def request(self, method: Any, url: str, *arguments: Any, **options: Any) -> Any:
        client = _asking.get()
        asked_at = self.pace.wait(client.stopping)
        client.requests += 1
        response = super().request(method, url, *arguments, **options)
        if CHART in url:  # the cookie's address has a limit of its own, without which charts are answered all the same
            if response.status_code == TOO_MANY_REQUESTS:
                _log.warning("Yahoo wants fewer requests: everyone pauses")
                self.pace.turned_away(asked_at)
            else:
                self.pace.answered(asked_at)
        return response


@contextmanager
def client(stopping: Callable[[], bool] = lambda: False) -> Iterator[Client]:
    """Yahoo for one run, over the one session of this process: opened by the first run that needs it, closed by the
    last. While `stopping()`, no request is made.

    yfinance keeps the session it was last given for all of its requests, so two runs must not have two: the one that
    ends first would close the other's. The pace is the session's, since it is the machine that Yahoo counts.
    """
    global _session, _session_users
    with _session_lock:
        if _session is None:
            yfinance.config.debug.hide_exceptions = False
            yfinance.set_tz_cache_location(str(settings.data_dir() / "yfinance"))
            # For the whole process, as `catch_warnings` around each request would meddle with those of other threads.
            warnings.filterwarnings("ignore", category=Pandas4Warning, module="yfinance")
            _session = _PacedSession(RATE)
        _session_users += 1
        shared = _session
    try:
        yield Client(shared, stopping)
    finally:
        with _session_lock:
            _session_users -= 1
            if _session_users == 0:
                shared.close()
                _session = None


def _fetch(session: Session[Any], market: Market, symbol: str, timezone: str, start: dt.date | None = None) -> Fetched:
    window = {"period": "max"} if start is None else {"start": start}
    try:
        ticker = yfinance.Ticker(symbol, session=session)
        # Told the time zone, yfinance need not ask for it: one request less, and six less for an unknown symbol.
        ticker._tz = timezone
        frame = ticker.history(interval="1d", auto_adjust=False, actions=True, keepna=True, timeout=TIMEOUT, **window)
        currency = str(ticker.history_metadata.get("currency") or "") if start is None else ""
    except NotAsked:
        raise
    except YFRateLimitError as error:
        raise RateLimited(N_("Yahoo가 요청이 너무 많다고 합니다. 잠시 뒤 다시 시도하십시오.")) from error
    except YFPricesMissingError as error:
        raise _why_missing(symbol, error.rationale) from error
    except RequestException as error:
        raise Unreachable(N_("Yahoo에 연결하지 못했습니다: {reason}"), reason=type(error).__name__) from error
    except Exception as error:
        # yfinance takes an answer apart without checking it first: what is wrong with it may raise anything.
        _log.exception("yfinance failed with %s", symbol)
        raise FetchFailed(N_("Yahoo의 답을 이해하지 못했습니다: {reason}"), reason=type(error).__name__) from error
    days = pd.DatetimeIndex(frame.index).tz_localize(None).normalize().rename("date")
    bars = pd.DataFrame({ours: frame[theirs].to_numpy() for theirs, ours in _COLUMNS.items()}, index=days)
    return Fetched(market, symbol, currency, bars)


def _why_missing(symbol: str, reason: str) -> FetchFailed:
    """The error for an answer without bars, of which yfinance says that `reason`."""
    if _UNKNOWN_SYMBOL in reason.lower():
        return UnknownSymbol(N_("Yahoo에 {symbol} 종목이 없습니다."), symbol=symbol)
    if reason.lower().startswith(_NO_BARS):
        return NoBars(N_("Yahoo가 {symbol}의 시세를 하나도 보내지 않았습니다."), symbol=symbol)
    return FetchFailed(N_("Yahoo가 {symbol}의 시세를 보내지 않았습니다: {reason}"), symbol=symbol, reason=reason)
