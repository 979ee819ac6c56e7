"""Raw daily bars from Yahoo, through yfinance over one curl_cffi session.

This module knows Yahoo's symbols, answers and errors, and which requests are worth repeating.
"""

import datetime as dt
import logging
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, ParamSpec, TypeVar

import pandas as pd
import yfinance
from curl_cffi.requests import Session
from curl_cffi.requests.exceptions import RequestException
from pandas.errors import Pandas4Warning
from tenacity import (
    Retrying,
    retry_if_exception,
    sleep_using_event,
    stop_after_attempt,
    stop_when_event_set,
    wait_random_exponential,
)
from yfinance.exceptions import YFPricesMissingError, YFRateLimitError

from finance_core import settings, turns
from finance_core.bars import candles, sessions
from finance_core.categories import Category, Market
from finance_core.errors import FetchFailed
from finance_core.i18n import N_
from finance_core.storage.documents import TickerRow
from updaters import answered, clock
from updaters.rate_limit import NotAsked, RateLimit

ATTEMPTS = 3
"""How often a ticker is requested before it counts as failed."""
RETRY_WITHIN = 1.0
"""The second attempt follows within this many seconds, at random; the third within twice as many."""
TIMEOUT = 15
"""Seconds that one answer may take."""
RATE = 100.0
"""Requests per second of all runs of this process together. Eight workers stay below it; more workers do not."""
CHART = "/v8/finance/chart/"
SCREENER = "/v1/finance/screener"
LARGEST_PAGE = 250
"""The most quotes in one answer of the screener."""
LIMITED = (CHART, SCREENER)
"""Whose answers start and end pauses. The address for cookies has its own limit, and charts work without cookies."""

HTTP_ERROR = N_("Yahoo가 시세 대신 HTTP 오류 {status}을(를) 보냈습니다.")
_ABOUT_SYMBOL = (HTTPStatus.BAD_REQUEST, HTTPStatus.NOT_FOUND, HTTPStatus.UNPROCESSABLE_ENTITY)
_COLUMNS = [name.replace("_", " ").title() for name in candles.COLUMNS]
"""yfinance's names of our columns: stock_splits is Stock Splits there."""
_UNKNOWN_SYMBOL = "no data found"
"""Yahoo's message for an unknown symbol."""
_NO_BARS = "data doesn't exist"
"""Yahoo's message, with HTTP 400, for a window without bars."""

P = ParamSpec("P")
T = TypeVar("T")

_log = logging.getLogger(__name__)
_session_lock = threading.Lock()
_session_users = 0
_session: "_LimitedSession | None" = None


class NoBars(FetchFailed):
    """Yahoo answered without bars and without a reason. It answers so for some unknown symbols too."""


class UnknownSymbol(NoBars):
    """Yahoo says that it does not know this symbol."""


class RateLimited(FetchFailed):
    """Yahoo wants fewer requests."""


class Unanswered(FetchFailed):
    """Yahoo answered with an error that is not about the symbol, or with nothing that can be used."""


class Unreadable(Unanswered):
    """Yahoo answered with what nobody can read."""


class Unreachable(Unanswered):
    """There was no connection to Yahoo, or it broke."""


@dataclass(frozen=True)
class Fetched:
    """Yahoo's answer for one symbol."""

    market: Market
    symbol: str
    currency: str
    """ISO code; "" if Yahoo sends none."""
    bars: pd.DataFrame
    """Raw bars, not yet cleaned: the columns of `candles`, indexed by tz-naive days of the exchange; NaN where Yahoo
    has no number. Split-adjusted, not dividend-adjusted."""


def symbol(ticker: str, market: Market) -> str:
    """Yahoo's symbol of `ticker` on `market`: 005930 on KOSPI is 005930.KS."""
    return f"{ticker}{market.yahoo_suffix}"


def candidates(category: Category, row: TickerRow) -> list[tuple[Market, str]]:
    """The symbols that the ticker of `row` may have, each with its market, the likeliest first.

    First the symbol on the market of the row, then the symbol that worked before, then the symbols on the other markets
    of the category. If the row has no market of the category, the symbol that worked before comes first.
    """
    named = category.market(row.get("market", ""))
    symbols: dict[str, Market] = {}
    for market in (named, *category.markets):  # if several markets share a symbol, it belongs to the row's market
        symbols.setdefault(symbol(row["ticker"], market), market)
    first = [symbol(row["ticker"], named)] if row.get("market") == named.key else []
    before = [row["yahoo_symbol"]] if row.get("yahoo_symbol") else []
    return [(symbols.get(name, named), name) for name in dict.fromkeys([*first, *before, *symbols])]


class Client:
    """The access to Yahoo for one run. Once `stop` is set, it makes no more requests."""

    def __init__(self, session: "_LimitedSession", stop: threading.Event, on_pause: Callable[[float], None]) -> None:
        self._session, self.stop, self.on_pause = session, stop, on_pause
        self.requests = 0
        """The number of requests, including yfinance's requests for cookies and repeated requests."""
        self._retrying = Retrying(
            reraise=True,
            retry=retry_if_exception(_may_pass),
            stop=stop_after_attempt(ATTEMPTS) | stop_when_event_set(stop),
            wait=wait_random_exponential(multiplier=RETRY_WITHIN),
            sleep=turns.waiting()(sleep_using_event(stop)),
        )

    @property
    def exhausted(self) -> bool:
        """Whether Yahoo has refused so many requests in a row that no more are made."""
        return self._session.rate_limit.exhausted

    def fetch(self, category: Category, row: TickerRow, start: dt.date | None = None) -> Fetched:
        """The raw daily bars of the ticker of `row`: its whole history, or only the bars from `start` on.

        Tries the `candidates` in order, and repeats requests after errors that may pass. Raises UnknownSymbol, NoBars,
        Unreachable, NotAsked, or FetchFailed with the reason.
        """
        return self._patiently(self._fetch_from_any_market, category, row, start)

    def screen(self, market: Market, offset: int) -> dict[str, Any]:
        """One page of the screener: the `quotes` of stocks of `market` from `offset` on, in order of tickers.

        The page also has `total`, the number of all quotes. Raises as `fetch`, except UnknownSymbol.
        """
        return self._patiently(self._screen, market, offset)

    def _patiently(self, ask: Callable[P, T], *arguments: P.args, **options: P.kwargs) -> T:
        """The result of `ask`, repeated after errors that may pass and after every pause."""
        while True:
            try:
                return self._retrying(ask, *arguments, **options)
            except RateLimited:
                # The pause comes before the next request, which raises NotAsked after too many pauses in a row.
                _log.info("asked again after the pause: %s", arguments)

    def _screen(self, market: Market, offset: int) -> dict[str, Any]:
        _asking.set(self)
        query = yfinance.EquityQuery("is-in", ["exchange", *market.yahoo_exchanges])
        with _errors_explained(f"the screener of {market.key}"):
            page: dict[str, Any] = yfinance.screen(
                query, offset, LARGEST_PAGE, sortField="ticker", sortAsc=True, session=self._session
            )
            if not (isinstance(page["total"], int | float) and isinstance(page["quotes"], list)):
                raise TypeError("not a page of the screener")
            return {"total": page["total"], "quotes": page["quotes"]}

    def fetch_symbol(self, market: Market, symbol: str, start: dt.date | None = None) -> Fetched:
        """The raw daily bars of one symbol, from a single request. Raises as `fetch`, and RateLimited."""
        _asking.set(self)
        return _fetch(self._session, market, symbol, start)

    def _fetch_from_any_market(self, category: Category, row: TickerRow, start: dt.date | None) -> Fetched:
        """The bars from the first market that has them.

        An answer without bars means a wrong market only if the whole history was requested, and the symbol has never
        worked. Otherwise a passing fault of Yahoo would move the ticker to another market.
        """
        first_error: NoBars | None = None
        for market, symbol in candidates(category, row):
            try:
                return self.fetch_symbol(market, symbol, start)
            except NoBars as error:
                is_certain = isinstance(error, UnknownSymbol)
                if not is_certain and (start is not None or symbol == row.get("yahoo_symbol")):
                    raise
                first_error = first_error or error
        assert first_error is not None, "a category has at least one market"
        raise first_error


_asking: ContextVar[Client] = ContextVar("asking")
"""The client of the present request in this thread: yfinance cannot pass it to its session."""
_status: ContextVar[int] = ContextVar("status", default=0)
"""HTTP status of the last answer in this thread: yfinance does not return it."""
_refusal: ContextVar[str] = ContextVar("refusal", default="")
"""The reason in that answer if it comes from Yahoo's gateway instead of its charts: yfinance does not read it."""


class _LimitedSession(Session[Any]):
    """A session that applies the rate limit to all requests of yfinance, and counts them for their clients."""

    def __init__(self, rate: float) -> None:
        super().__init__(impersonate="chrome", max_redirects=5)  # Yahoo refuses others; certificates are verified
        self.rate_limit = RateLimit(rate)

    def request(self, method: Any, url: str, *arguments: Any, **options: Any) -> Any:
        client = _asking.get()
        with turns.waiting():
            asked_at = self.rate_limit.wait(client.stop.is_set)
            client.requests += 1
            _status.set(0)
            _refusal.set("")
            begun = time.time()
            response = super().request(method, url, *arguments, **options)
        clock.check(response.headers, begun)
        turns.give_way()  # to parse the answer is half of the work
        _status.set(response.status_code)
        _refusal.set(answered.refusal(response.content))
        if any(path in url for path in LIMITED):
            if response.status_code == HTTPStatus.TOO_MANY_REQUESTS:
                _log.warning("Yahoo wants fewer requests: all workers pause")
                client.on_pause(self.rate_limit.refused(asked_at))
            else:
                self.rate_limit.answered(asked_at)
        return response


@contextmanager
def client(
    stop: threading.Event | None = None, on_pause: Callable[[float], None] = lambda _seconds: None
) -> Iterator[Client]:
    """A client for one run, over the only session of this process; the first run opens it and the last run closes it.

    `on_pause` is called with the seconds of each pause that a refused request of this run begins or meets.

    yfinance uses the session that it got last for all of its requests, so two runs must not have two sessions: the run
    that ends first would close the session of the other. The rate limit belongs to the session, because Yahoo counts
    the requests of a machine.
    """
    global _session, _session_users
    with _session_lock:
        if _session is None:
            yfinance.config.debug.hide_exceptions = False
            yfinance.set_tz_cache_location(str(settings.data_dir() / "yfinance"))
            # Set for the whole process: `catch_warnings` around each request would change the filters of other threads.
            warnings.filterwarnings("ignore", category=Pandas4Warning, module="yfinance")
            _session = _LimitedSession(RATE)
        _session_users += 1
        shared = _session
    try:
        yield Client(shared, stop or threading.Event(), on_pause)
    finally:
        with _session_lock:
            _session_users -= 1
            if _session_users == 0:
                shared.close()
                _session = None


def _may_pass(error: BaseException) -> bool:
    """Whether to repeat the request at once: not for an unknown symbol, and not if Yahoo wants fewer requests."""
    return isinstance(error, FetchFailed) and not isinstance(error, UnknownSymbol | RateLimited | NotAsked)


def _fetch(session: Session[Any], market: Market, symbol: str, start: dt.date | None) -> Fetched:
    window = {"period": "max"} if start is None else {"start": start}
    timezone = market.timezone or sessions.timezone(market.calendar)
    with _errors_explained(symbol):
        ticker = yfinance.Ticker(symbol, session=session)
        # Without the time zone, yfinance requests it: one more request, and six more for an unknown symbol.
        ticker._tz = timezone
        frame = ticker.history(interval="1d", auto_adjust=False, actions=True, keepna=True, timeout=TIMEOUT, **window)
        meta = ticker.history_metadata
    answered.check(symbol, meta)
    # With numpy, which takes a tenth of the time of pandas for the few bars of most answers.
    days = pd.DatetimeIndex(frame.index).tz_localize(None).to_numpy().astype("datetime64[D]").astype("datetime64[ns]")
    values = frame.to_numpy(dtype="float64")[:, [frame.columns.get_loc(name) for name in _COLUMNS]]
    bars = pd.DataFrame(values, index=pd.DatetimeIndex(days, name="date"), columns=candles.NAMES)
    return Fetched(market, symbol, str(meta.get("currency") or ""), bars)


@contextmanager
def _errors_explained(requested: str) -> Iterator[None]:
    """Turn every error of yfinance into a FetchFailed; `requested` is a symbol, or the name of another request."""
    try:
        yield
    except NotAsked:
        raise
    except YFRateLimitError as error:
        raise RateLimited(N_("Yahoo가 요청이 너무 많다고 합니다. 잠시 뒤 다시 시도하십시오.")) from error
    except YFPricesMissingError as error:
        raise _missing(requested, error) from error
    except Exception as error:
        # yfinance does not check an answer before it reads it: a malformed answer may raise any error.
        if (status := _status.get()) >= HTTPStatus.BAD_REQUEST:
            raise (FetchFailed if status in _ABOUT_SYMBOL else Unanswered)(HTTP_ERROR, status=status) from error
        if isinstance(error, RequestException):
            raise Unreachable(N_("Yahoo에 연결하지 못했습니다: {reason}"), reason=type(error).__name__) from error
        if isinstance(error, ValueError):  # no JSON: the message says enough
            _log.warning("the answer for %s is no JSON: %s", requested, error)
        else:
            _log.exception("yfinance failed with %s", requested)
        raise Unreadable(N_("Yahoo의 답을 이해하지 못했습니다: {reason}"), reason=type(error).__name__) from error


def _missing(symbol: str, error: YFPricesMissingError) -> FetchFailed:
    """The error for an answer without bars; an HTTP error comes before the words, which yfinance may have made up."""
    reason, status = error.yahoo_reason or _refusal.get(), _status.get()
    words = reason.lower()
    if status >= HTTPStatus.BAD_REQUEST and status != HTTPStatus.NOT_FOUND and not words.startswith(_NO_BARS):
        sentence = N_("Yahoo가 시세 대신 HTTP 오류 {status}을(를) 보냈습니다: {reason}")
        failure = FetchFailed if status in _ABOUT_SYMBOL else Unanswered
        return failure(sentence if reason else HTTP_ERROR, status=status, reason=reason)
    if _UNKNOWN_SYMBOL in words:
        return UnknownSymbol(N_("Yahoo에 {symbol} 종목이 없습니다."), symbol=symbol)
    if not reason or words.startswith(_NO_BARS):
        return NoBars(N_("Yahoo가 {symbol}의 시세를 하나도 보내지 않았습니다."), symbol=symbol)
    return FetchFailed(N_("Yahoo가 {symbol}의 시세를 보내지 않았습니다: {reason}"), symbol=symbol, reason=reason)
