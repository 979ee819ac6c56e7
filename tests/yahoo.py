"""A stand-in for Yahoo Finance, reached by the real yfinance and curl_cffi over TLS under Yahoo's own names.

It is an HTTP proxy that answers the tunnels asked of it itself, with a certificate by an authority made for the test.
So environment variables alone lead a client here: the product has no hook for it, and a subprocess needs nothing but
`YahooStandIn.env`. What a symbol's history looks like, and which answers are broken, is the test's.
"""

import json
import re
import socket
import ssl
import sys
import tempfile
import threading
import time
from collections import defaultdict, deque
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self
from urllib.parse import parse_qsl, unquote, urlsplit
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import trustme
import yfinance as yf
from yfinance import base, cache, data

COLUMNS = ["open", "high", "low", "close", "volume"]
CHART = "/v8/finance/chart/"
SCREENER = "/v1/finance/screener"
SHARES = 5_919_637_922
"""Shares outstanding of every listing, as the screener tells them."""
LARGEST_PAGE = 250
"""Quotes of the screener."""
RANGES = ["1d", "5d", "1mo", "3mo", "6mo", "1y", "2y", "5y", "10y", "ytd", "max"]


@dataclass
class Listing:
    """One symbol as Yahoo knows it today: prices already adjusted to its splits, a missing value as NaN.

    `bars` is indexed by naive dates, ascending, and has the columns open, high, low, close and volume. A date may stand
    there twice, and with hours, which then are those after the opening. A split is its (numerator, denominator): 50 new
    shares for one old are (50, 1).
    """

    bars: pd.DataFrame
    currency: str = "KRW"
    exchange: str = "KSC"
    timezone: str = "Asia/Seoul"
    opens: str = "09:00"
    instrument: str = "EQUITY"
    dividends: dict[date, float] = field(default_factory=dict)
    splits: dict[date, tuple[int, int]] = field(default_factory=dict)


@dataclass(frozen=True)
class Request:
    """A request as it arrived; `time` is of time.monotonic()."""

    host: str
    path: str
    query: dict[str, str]
    time: float
    agent: str
    """User-Agent."""

    @property
    def symbol(self) -> str | None:
        """The symbol whose chart is asked for, None where it is another request."""
        return self.path.removeprefix(CHART) if self.path.startswith(CHART) else None


@dataclass(frozen=True)
class AsUsual:
    """The listing's own answer, to stand between misbehaviours."""


@dataclass(frozen=True)
class Status:
    """An HTTP error. yfinance asks once more after any code from 400 on: it takes two to reach the caller."""

    code: int
    description: str = ""
    html: bool = False
    """Whether it is a page of the server before Yahoo's own, which speaks no JSON."""


@dataclass(frozen=True)
class Hang:
    """Silence, then the connection closes unanswered."""

    seconds: float = 60


@dataclass(frozen=True)
class Truncated:
    """The connection breaks in the middle of the answer."""


@dataclass(frozen=True)
class Malformed:
    """A complete body that is not JSON, or not what was asked for."""

    body: str = '{"chart":{"result":[{"meta":{"curr'
    code: int = 200


@dataclass(frozen=True)
class Empty:
    """The answer to a window without bars, whatever the window."""


@dataclass(frozen=True)
class NoResult:
    """HTTP 200 with neither a result nor an error."""


Answer = AsUsual | Status | Hang | Truncated | Malformed | Empty | NoResult


class YahooStandIn:
    """A Yahoo of its own on a free local port, until it is closed.

    `listings`, `requests` and `tunnels` (the host of each connection) may be read and changed while it runs. So may
    `quotes`: what the screener answers of each symbol, by the names of its JSON; it filters by exchange alone. `env`
    leads a client here; curl_cffi takes the authority when a Session is made and the proxy at each request, so set it
    before making the session. `delay` is seconds before each answer of chart or screener, also of one that waits as it
    is changed. While `outage` is set, each of them gets that answer. `clock_offset` is how many seconds its clock is
    ahead.
    """

    def __init__(self, listings: dict[str, Listing] | None = None, delay: float = 0) -> None:
        self.listings = dict(listings or {})
        self.quotes: dict[str, dict[str, Any]] = {}
        self.requests: list[Request] = []
        self.tunnels: list[str] = []
        self.delay = delay
        self.outage: Answer | None = None
        self.clock_offset = 0.0
        self.env: dict[str, str] = {}
        self._scripts: dict[str, deque[Answer]] = defaultdict(deque)
        self._server: _Server | None = None

    def start(self) -> Self:
        """Listens from here on and fills `env`."""
        self._directory = tempfile.TemporaryDirectory(prefix="yahoo-")
        authority_file = str(Path(self._directory.name) / "authority.pem")
        authority = trustme.CA()
        authority.cert_pem.write_to_path(authority_file)
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.set_alpn_protocols(["http/1.1"])
        authority.issue_cert("*.finance.yahoo.com", "*.yahoo.com").configure_cert(tls)
        self._server = _Server(self, tls)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})
        self._thread.start()
        proxy = f"http://127.0.0.1:{self._server.server_port}"
        self.env = {
            **dict.fromkeys(("https_proxy", "HTTPS_PROXY"), proxy),
            **dict.fromkeys(("no_proxy", "NO_PROXY"), "localhost,127.0.0.1"),
            **dict.fromkeys(("SSL_CERT_FILE", "CURL_CA_BUNDLE", "REQUESTS_CA_BUNDLE"), authority_file),
            # yfinance keeps Yahoo's cookie between runs: one of ours must never be shown to the real Yahoo.
            "XDG_CACHE_HOME": self._directory.name,
        }
        return self

    def close(self) -> None:
        """Ends every connection, a hanging one too, and the server's threads."""
        if self._server is None:
            return
        self._server.disconnect()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
        self._directory.cleanup()
        self._server = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.close()

    def clear(self) -> None:
        """Forgets the requests and tunnels seen, the answers still queued and the outage."""
        self.requests.clear()
        self.tunnels.clear()
        self._scripts.clear()
        self.outage = None

    def answer_with(self, symbol: str, *answers: Answer) -> None:
        """Queues what the symbol's next chart requests get, one each; "*" is any symbol without a queue of its own.

        `SCREENER` in place of a symbol is the screener's next requests.
        """
        self._scripts[symbol].extend(answers)

    def asked(self, symbol: str) -> list[Request]:
        """The chart requests seen for a symbol."""
        return [request for request in list(self.requests) if request.symbol == symbol]

    def is_connected(self) -> bool:
        """Whether a client holds a connection open."""
        return self._server is not None and bool(self._server.sockets)

    def _next_answer(self, symbol: str) -> Answer:
        if self.outage is not None:
            return self.outage
        for queue in (self._scripts[symbol], self._scripts["*" if symbol != SCREENER else symbol]):
            try:
                return queue.popleft()
            except IndexError:
                continue
        return AsUsual()


class _Server(ThreadingHTTPServer):
    daemon_threads = False  # so that closing waits for them and leaves no thread to the next test

    def __init__(self, yahoo: YahooStandIn, tls: ssl.SSLContext) -> None:
        super().__init__(("127.0.0.1", 0), _Connection)
        self.yahoo, self.tls = yahoo, tls
        self.closing = threading.Event()
        self.lock = threading.Lock()
        self.sockets: set[socket.socket] = set()

    def disconnect(self) -> None:
        with self.lock:
            self.closing.set()
            for connection in self.sockets:
                _hang_up(connection)

    def handle_error(self, request: Any, client_address: Any) -> None:
        # A client that refuses the certificate or stops waiting is what tests are about, not an error here.
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)


def _hang_up(connection: socket.socket) -> None:
    try:
        # Not SSLSocket's own, which would pull the TLS layer from under a thread that is reading.
        socket.socket.shutdown(connection, socket.SHUT_RDWR)
    except OSError:
        return  # the client was faster


class _Connection(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    host = ""  # whom the tunnel leads to

    def setup(self) -> None:
        with self.server.lock:
            self.server.sockets.add(self.request)
            if self.server.closing.is_set():
                _hang_up(self.request)
        super().setup()

    def finish(self) -> None:
        with self.server.lock:
            self.server.sockets.discard(self.connection)
        try:
            super().finish()
        finally:
            for each in (self.connection, self.request):  # two, if the client left while TLS began
                _hang_up(each)
                each.close()

    def date_time_string(self, timestamp: float | None = None) -> str:
        return super().date_time_string((timestamp or time.time()) + self.server.yahoo.clock_offset)

    def do_CONNECT(self) -> None:
        self.host = self.path.partition(":")[0]
        if not self.host.endswith(".yahoo.com"):
            self.send_error(HTTPStatus.FORBIDDEN, "Only Yahoo is stood in for")
            return
        self.server.yahoo.tunnels.append(self.host)
        self.send_response(HTTPStatus.OK)
        self.end_headers()
        super().finish()
        with self.server.lock:
            self.server.sockets.discard(self.request)
            self.request = self.server.tls.wrap_socket(self.request, server_side=True, do_handshake_on_connect=False)
        self.setup()
        self.connection.do_handshake()
        self.close_connection = False

    def do_GET(self) -> None:
        address = urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        agent = self.headers.get("User-Agent", "")
        request = Request(self.host, unquote(address.path), dict(parse_qsl(address.query)), time.monotonic(), agent)
        self.server.yahoo.requests.append(request)
        if request.symbol is not None:
            self._answer_chart(request)
        elif request.path == SCREENER:
            self._answer_screener(request, body)
        elif self.host == "fc.yahoo.com":
            # yfinance reads the expiry of a cookie it kept, so there has to be one.
            cookie = "A3=d=stand-in&S=stand-in; Max-Age=31557600; Domain=.yahoo.com; Path=/; SameSite=None; Secure"
            self._send(404, "", cookie=cookie)
        elif request.path == "/v1/test/getcrumb":
            self._send(200, "aCrumb")
        else:
            self._send(404, {"finance": {"result": None, "error": {"code": "Not Found", "description": None}}})

    do_POST = do_GET

    def _answer_chart(self, request: Request) -> None:
        yahoo, symbol = self.server.yahoo, str(request.symbol)
        answer, listing = yahoo._next_answer(symbol), yahoo.listings.get(symbol)
        if self._misbehaved(answer, "chart"):
            return
        if listing is None:
            self._send(404, _failure("chart", "Not Found", "No data found, symbol may be delisted"))
            return
        query = {**request.query, "period2": "0"} if isinstance(answer, Empty) else request.query
        result = _chart(symbol, listing, query)
        self._send(200, {"chart": {"result": [result], "error": None}}, whole=not isinstance(answer, Truncated))

    def _answer_screener(self, request: Request, body: bytes) -> None:
        answer = self.server.yahoo._next_answer(SCREENER)
        if self._misbehaved(answer, "finance"):
            return
        if "crumb" not in request.query:
            self._send(401, _failure("finance", "Unauthorized", "Invalid Crumb"))
            return
        asked = json.loads(body)
        if asked["size"] is not None and asked["size"] > LARGEST_PAGE:
            self._send(400, _failure("finance", "Bad Request", f"size is limited to {LARGEST_PAGE}"))
            return
        result = _screened({} if isinstance(answer, Empty) else self.server.yahoo.quotes, asked)
        self._send(200, {"finance": {"result": [result], "error": None}}, whole=not isinstance(answer, Truncated))

    def _misbehaved(self, answer: Answer, kind: str) -> bool:
        """Whether the answer is one without a result, which was sent; `kind` is the name of the JSON's only part."""
        came = time.monotonic()
        while time.monotonic() < came + self.server.yahoo.delay and not self.server.closing.wait(0.02):
            pass
        match answer:
            case Hang(seconds):
                self.server.closing.wait(seconds)
                self.close_connection = True
            case Status(429):
                self._send(429, "Too Many Requests\r\n")
            case Status(code, _, html=True):
                self._send(code, f"<html><title>{HTTPStatus(code).phrase}</title></html>")
            case Status(code, description):
                self._send(code, _failure(kind, HTTPStatus(code).phrase, description or HTTPStatus(code).description))
            case Malformed(body, code):
                self._send(code, body)
            case NoResult():
                self._send(200, {kind: {"result": None, "error": None}})
            case _:
                return False
        return True

    def _send(self, code: int, body: object, *, cookie: str = "", whole: bool = True) -> None:
        text = body if isinstance(body, str) else json.dumps(body, separators=(",", ":"), allow_nan=False)
        content = text.encode()
        self.send_response(code)
        self.send_header("Content-Type", "text/plain" if isinstance(body, str) else "application/json;charset=utf-8")
        self.send_header("Content-Length", str(len(content)))
        if cookie:
            self.send_header("Set-Cookie", cookie)
        self.end_headers()
        self.wfile.write(content if whole else content[: len(content) // 2])
        self.close_connection = not whole

    def log_message(self, *_: object) -> None:
        pass


def _failure(kind: str, code: str, description: str) -> dict[str, Any]:
    return {kind: {"result": None, "error": {"code": code, "description": description}}}


def _screened(quotes: dict[str, dict[str, Any]], asked: dict[str, Any]) -> dict[str, Any]:
    """One element of finance.result: the page of the matching quotes, in the order of their symbols."""
    symbols = sorted(symbol for symbol, quote in quotes.items() if _matches(quote, asked["query"]))
    if asked["sortType"] == "DESC":
        symbols.reverse()
    start = asked["offset"]
    page = symbols[start : start + (asked["size"] or asked["count"])]
    usual = {"language": "en-US", "region": "US", "quoteType": asked["quoteType"]}
    found = [{**usual, **quotes[symbol], "symbol": symbol} for symbol in page]
    return {"start": start, "count": len(found), "total": len(symbols), "quotes": found}


def _matches(quote: dict[str, Any], query: dict[str, Any]) -> bool:
    operands = query["operands"]
    match query["operator"].lower():
        case "and":
            return all(_matches(quote, operand) for operand in operands)
        case "or":
            return any(_matches(quote, operand) for operand in operands)
        case "eq" if operands[0] == "exchange":
            return bool(quote["exchange"] == operands[1])
        case operator:
            raise NotImplementedError(operator, operands)


def _openings(days: pd.Index, listing: Listing) -> np.ndarray[Any, np.dtype[np.int64]]:
    local = pd.DatetimeIndex(days) + pd.Timedelta(f"{listing.opens}:00")
    return local.tz_localize(listing.timezone).as_unit("s").astype("int64").to_numpy()


def _window(times: Any, query: dict[str, str]) -> tuple[int, int]:
    """The seconds [from, to) that the query asks for."""
    if "period2" in query or not len(times):
        return int(query.get("period1", 0)), int(query.get("period2", 0))
    until, asked = int(times[-1]) + 1, query.get("range", "1d")
    if asked == "max":
        return 0, until
    count, unit = re.fullmatch(r"(\d+)(d|mo|y)", asked).groups()  # type: ignore[union-attr]
    if unit == "d":
        return int(times[-min(int(count), len(times))]), until
    offset = pd.DateOffset(months=int(count) * (12 if unit == "y" else 1))
    return int((pd.Timestamp(until, unit="s") - offset).timestamp()), until


def _chart(symbol: str, listing: Listing, query: dict[str, str]) -> dict[str, Any]:
    """One element of chart.result, with the bars and events whose session opened in the window."""
    bars = listing.bars
    times = _openings(bars.index, listing)
    start, end = _window(times, query)
    inside = (times >= start) & (times < end)
    result: dict[str, Any] = {"meta": _meta(symbol, listing, times, query)}
    if not inside.any():
        return result | {"indicators": {"quote": [{}], "adjclose": [{}]}}
    quote = {name: _numbers(bars.loc[inside, name]) for name in COLUMNS}
    quote["volume"] = [volume if volume is None else int(volume) for volume in quote["volume"]]
    result["timestamp"] = times[inside].tolist()
    events = _events(listing, start, end, query.get("events", ""))
    if events:
        result["events"] = events
    adjusted = _numbers(_adjusted_close(listing)[inside])
    return result | {"indicators": {"quote": [quote], "adjclose": [{"adjclose": adjusted}]}}


def _numbers(column: "pd.Series[Any]") -> list[Any]:
    return [None if value != value else value for value in column.astype(float).tolist()]


def _adjusted_close(listing: Listing) -> "pd.Series[Any]":
    """The close, less the part of it that each later dividend took away."""
    close = listing.bars["close"].astype(float).set_axis(pd.DatetimeIndex(listing.bars.index))
    factor = pd.Series(1.0, close.index)
    for day, amount in listing.dividends.items():
        before = close.index < pd.Timestamp(day)
        known = close[before].dropna()
        if len(known):
            factor[before] *= 1 - amount / known.iloc[-1]
    return close * factor


def _events(listing: Listing, start: int, end: int, asked: str) -> dict[str, Any]:
    def keyed(events: dict[date, dict[str, Any]]) -> dict[str, dict[str, Any]]:
        moments = _openings(pd.Index(list(events)), listing).tolist() if events else []
        pairs = zip(moments, events.values(), strict=True)
        return {str(moment): {**event, "date": moment} for moment, event in pairs if start <= moment < end}

    dividends = {day: {"amount": amount} for day, amount in listing.dividends.items()}
    splits: dict[date, dict[str, Any]] = {
        day: {"numerator": float(new), "denominator": float(old), "splitRatio": f"{new}:{old}"}
        for day, (new, old) in listing.splits.items()
    }
    found = {
        "dividends": keyed(dividends) if "div" in asked else {},
        "splits": keyed(splits) if "split" in asked else {},
    }
    return {name: events for name, events in found.items() if events}


def _meta(symbol: str, listing: Listing, times: Any, query: dict[str, str]) -> dict[str, Any]:
    zone = ZoneInfo(listing.timezone)
    now = datetime.now(zone)
    zone_name, offset = now.strftime("%Z"), int((now.utcoffset() or timedelta()).total_seconds())
    opening = datetime.combine(now.date(), datetime.strptime(listing.opens, "%H:%M").time(), zone)
    hours = {"pre": (-1, 0), "regular": (0, 6.5), "post": (6.5, 8)}
    known = listing.bars["close"].dropna()
    return {
        "currency": listing.currency,
        "symbol": symbol,
        "exchangeName": listing.exchange,
        "fullExchangeName": listing.exchange,
        "instrumentType": listing.instrument,
        "firstTradeDate": int(times[0]) if len(times) else None,
        "regularMarketTime": int(times[-1]) if len(times) else None,
        "hasPrePostMarketData": False,
        "gmtoffset": offset,
        "timezone": zone_name,
        "exchangeTimezoneName": listing.timezone,
        "regularMarketPrice": float(known.iloc[-1]) if len(known) else None,
        "priceHint": 2,
        "dataGranularity": query.get("interval", "1d"),
        "range": query.get("range", ""),
        "validRanges": RANGES,
        "currentTradingPeriod": {
            part: {
                "timezone": zone_name,
                "start": int((opening + timedelta(hours=first)).timestamp()),
                "end": int((opening + timedelta(hours=last)).timestamp()),
                "gmtoffset": offset,
            }
            for part, (first, last) in hours.items()
        },
    }


def quote_of(listing: Listing, closes: str = "15:30") -> dict[str, Any]:
    """What the screener says of the last bar of a listing, half a minute after its close."""
    before, last = (listing.bars.iloc[position] for position in (-2, -1))
    close = pd.Timestamp(f"{listing.bars.index[-1]:%Y-%m-%d} {closes}:30", tz=listing.timezone)
    return {
        "exchange": listing.exchange,
        "currency": listing.currency,
        "regularMarketOpen": last["open"],
        "regularMarketDayHigh": last["high"],
        "regularMarketDayLow": last["low"],
        "regularMarketPrice": last["close"],
        "regularMarketVolume": int(last["volume"]),
        "regularMarketPreviousClose": before["close"],
        "regularMarketChange": last["close"] - before["close"],
        "regularMarketTime": int(close.timestamp()),
        "sharesOutstanding": SHARES,
    }


def forget(directory: Path) -> None:
    """Makes yfinance in this process as if just imported, with its sqlite files in the directory.

    Otherwise the session, the cookie, kept answers (errors as well) and time zones of one test would reach the next.
    """
    data.SingletonMeta._instances.pop(data.YfData, None)
    data.YfData.cache_get.cache_clear()
    base._tz_info_fetch_ctr = 0
    yf.set_tz_cache_location(str(directory))
    # The location alone is not enough: a cache that was used keeps its open database.
    cache._TzCacheManager._tz_cache = cache._CookieCacheManager._Cookie_cache = cache._ISINCacheManager._isin_cache = (
        None
    )


def random_walk(sessions: pd.DatetimeIndex, seed: int) -> pd.DataFrame:
    """Bars of whole won for these sessions, the same for the same seed; as floats, so that a test can put NaN in."""
    random = np.random.default_rng(seed)
    size = len(sessions)
    close = np.round(50_000 * np.exp(np.cumsum(random.normal(0, 0.02, size))))
    opening = np.round(np.append(50_000, close[:-1]) * (1 + random.normal(0, 0.005, size)))[:size]
    high = np.round(np.maximum(opening, close) * (1 + random.uniform(0, 0.01, size)))
    low = np.round(np.minimum(opening, close) * (1 - random.uniform(0, 0.01, size)))
    volume = random.integers(10_000, 1_000_000, size).astype(float)
    columns = dict(zip(COLUMNS, [opening, high, low, close, volume], strict=True))
    return pd.DataFrame(columns, index=pd.DatetimeIndex(sessions, name="date"))
