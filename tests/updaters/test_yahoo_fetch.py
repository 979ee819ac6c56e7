"""Raw bars from Yahoo: the real yfinance and curl_cffi against the stand-in."""

import datetime as dt
import threading
import time
import warnings
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from yfinance.data import YfData

from finance_core.categories import KOREAN_STOCKS, Market
from finance_core.errors import FetchFailed
from tests import yahoo as stand_in
from tests.yahoo import (
    Answer,
    AsUsual,
    Empty,
    Hang,
    Listing,
    Malformed,
    NoResult,
    Status,
    Truncated,
    YahooStandIn,
    random_walk,
)
from updaters import yahoo as product

DAYS = pd.bdate_range("2025-01-02", periods=40)
KOSPI, KOSDAQ = KOREAN_STOCKS.markets
SYMBOL = "005930.KS"
INVALID_CRUMB = '{"finance":{"result":null,"error":{"code":"Unauthorized","description":"Invalid Crumb"}}}'


@pytest.fixture(autouse=True)
def listing(yahoo: YahooStandIn, data_dir: Path) -> Listing:
    yahoo.listings[SYMBOL] = Listing(random_walk(DAYS, seed=1))
    return yahoo.listings[SYMBOL]


def fetch(start: dt.date | None = None, symbol: str = SYMBOL, market: Market = KOSPI) -> product.Fetched:
    with product.client() as client:
        return client.fetch_symbol(market, symbol, start)


# Symbols


def test_a_markets_suffix_makes_the_symbol() -> None:
    assert product.symbol("005930", KOSPI) == "005930.KS"
    assert product.symbol("247540", KOSDAQ) == "247540.KQ"


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ({"market": "KOSPI"}, [("KOSPI", "005930.KS"), ("KOSDAQ", "005930.KQ")]),
        ({"market": "KOSDAQ"}, [("KOSDAQ", "005930.KQ"), ("KOSPI", "005930.KS")]),
        ({"market": ""}, [("KOSPI", "005930.KS"), ("KOSDAQ", "005930.KQ")]),
        ({"market": None}, [("KOSPI", "005930.KS"), ("KOSDAQ", "005930.KQ")]),
        ({}, [("KOSPI", "005930.KS"), ("KOSDAQ", "005930.KQ")]),
        ({"market": "반도체"}, [("KOSPI", "005930.KS"), ("KOSDAQ", "005930.KQ")]),
        ({"market": "반도체", "yahoo_symbol": "005930.KQ"}, [("KOSDAQ", "005930.KQ"), ("KOSPI", "005930.KS")]),
        ({"market": "KOSPI", "yahoo_symbol": "005930.KQ"}, [("KOSPI", "005930.KS"), ("KOSDAQ", "005930.KQ")]),
        (
            {"market": "KOSPI", "yahoo_symbol": "SSNLF"},
            [("KOSPI", "005930.KS"), ("KOSPI", "SSNLF"), ("KOSDAQ", "005930.KQ")],
        ),
    ],
)
def test_the_market_a_ticker_is_said_to_trade_on_comes_first_then_what_worked_before(
    row: dict[str, str], expected: list[tuple[str, str]]
) -> None:
    found = product.candidates(KOREAN_STOCKS, {"ticker": "005930", **row})

    assert [(market.key, symbol) for market, symbol in found] == expected


# Bars


def test_a_whole_history_comes_as_yahoo_has_it(listing: Listing) -> None:
    listing.splits[DAYS[10].date()] = (50, 1)
    listing.dividends[DAYS[20].date()] = 361.0

    fetched = fetch()

    assert (fetched.market, fetched.symbol, fetched.currency) == (KOSPI, SYMBOL, "KRW")
    bars = fetched.bars
    assert bars.index.name == "date"
    assert list(bars.index) == list(DAYS)
    pd.testing.assert_frame_equal(
        bars[["open", "high", "low", "close", "volume"]].astype(float),
        listing.bars,
        check_freq=False,
        check_index_type=False,
    )
    assert bars.loc[bars["stock_splits"] != 0, "stock_splits"].to_dict() == {DAYS[10]: 50.0}
    assert bars.loc[bars["dividends"] != 0, "dividends"].to_dict() == {DAYS[20]: 361.0}


def test_prices_are_not_adjusted_to_dividends(listing: Listing) -> None:
    listing.dividends[DAYS[20].date()] = 10_000.0

    assert fetch().bars["close"].tolist() == listing.bars["close"].tolist()


def test_bars_from_a_day_on_include_that_day(yahoo: YahooStandIn) -> None:
    assert list(fetch(start=DAYS[-3].date()).bars.index) == list(DAYS[-3:])
    (request,) = yahoo.asked(SYMBOL)
    assert pd.Timestamp(int(request.query["period1"]), unit="s", tz="Asia/Seoul") == DAYS[-3].tz_localize("Asia/Seoul")


def test_what_yahoo_lacks_is_missing_and_not_left_out(listing: Listing) -> None:
    listing.bars.iloc[5] = np.nan
    listing.bars.loc[DAYS[6], ["open", "high", "low", "volume"]] = 0

    bars = fetch().bars

    assert bars.loc[DAYS[5], ["open", "high", "low", "close"]].isna().all()
    assert bars.loc[DAYS[6], ["open", "high", "low", "volume"]].eq(0).all()


def test_days_are_the_exchanges_own_however_far_from_utc(yahoo: YahooStandIn, listing: Listing) -> None:
    yahoo.listings["AAPL"] = replace(listing, timezone="America/New_York", opens="09:30", currency="USD")

    with product.client() as client:
        fetched = client.fetch_symbol(Market("NASDAQ", "XNYS"), "AAPL")

    assert list(fetched.bars.index) == list(DAYS)
    assert fetched.currency == "USD"


OTHER: list[tuple[dict[str, Any], str]] = [
    ({"symbol": "000660.KS"}, r"005930\.KS 대신 000660\.KS"),
    ({"symbol": "005930.KQ"}, r"005930\.KS 대신 005930\.KQ"),
    ({"symbol": ["005930.KS"]}, r"005930\.KS 대신 "),
    ({"dataGranularity": "1mo"}, r"005930\.KS의 일봉\(1d\) 대신 간격이 1mo인"),
]


@pytest.mark.parametrize(("told", "reason"), OTHER, ids=str)
def test_a_chart_of_something_else_is_refused_and_both_are_named(
    monkeypatch: pytest.MonkeyPatch, told: dict[str, Any], reason: str
) -> None:
    meta = stand_in._meta
    monkeypatch.setattr(stand_in, "_meta", lambda *arguments: meta(*arguments) | told)

    with pytest.raises(FetchFailed, match=reason):
        fetch()


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ("005930.KS", {"symbol": "005930.ks"}),
        ("005930.KS", {"symbol": None, "dataGranularity": None}),
        ("^KS11", {}),
        ("BRK-B", {}),
        ("DX-Y.NYB", {}),
        ("KRW=X", {"symbol": "USDKRW=X"}),
        ("USDKRW=X", {"symbol": "KRW=X"}),
        ("EURKRW=X", {}),
    ],
)
def test_a_chart_is_taken_however_yahoo_spells_its_symbol(
    yahoo: YahooStandIn, listing: Listing, monkeypatch: pytest.MonkeyPatch, asked: str, told: dict[str, Any]
) -> None:
    meta = stand_in._meta
    monkeypatch.setattr(stand_in, "_meta", lambda *arguments: meta(*arguments) | told)
    yahoo.listings[asked] = listing

    assert list(fetch(symbol=asked).bars.index) == list(DAYS)


# The session


def test_requests_look_like_chrome(yahoo: YahooStandIn) -> None:
    fetch()

    assert all("Chrome/" in request.agent for request in yahoo.requests)


def test_all_tickers_of_a_run_share_one_session_which_closes_at_its_end(yahoo: YahooStandIn, listing: Listing) -> None:
    yahoo.listings["000660.KS"] = listing
    with product.client() as client:
        client.fetch_symbol(KOSPI, SYMBOL)
        client.fetch_symbol(KOSPI, "000660.KS")
        assert YfData()._session is client._session
        assert yahoo.is_connected()

    # One connection a host: the second ticker went through the first one's.
    assert sorted(yahoo.tunnels) == ["fc.yahoo.com", "query1.finance.yahoo.com", "query2.finance.yahoo.com"]
    assert becomes_true(lambda: not yahoo.is_connected())


def test_a_session_that_two_runs_share_closes_with_the_last_of_them() -> None:
    with product.client() as outer:
        with product.client() as inner:
            assert inner._session is outer._session
        assert outer.fetch_symbol(KOSPI, SYMBOL).symbol == SYMBOL
    with product.client() as next_one:
        assert next_one._session is not outer._session
        assert next_one.fetch_symbol(KOSPI, SYMBOL).symbol == SYMBOL


def test_a_run_that_breaks_off_closes_its_session(yahoo: YahooStandIn) -> None:
    def work() -> None:
        with product.client() as client:
            client.fetch_symbol(KOSPI, SYMBOL)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        work()
    assert becomes_true(lambda: not yahoo.is_connected())


def test_a_yahoo_whose_certificate_is_not_trusted_is_refused(
    yahoo: YahooStandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("SSL_CERT_FILE", "CURL_CA_BUNDLE", "REQUESTS_CA_BUNDLE"):
        monkeypatch.delenv(name)

    with pytest.raises(FetchFailed, match="CertificateVerifyError"):
        fetch()
    assert yahoo.requests == []


def test_yfinance_keeps_its_files_in_the_data_directory(data_dir: Path) -> None:
    fetch()

    assert (data_dir / "yfinance" / "cookies.db").exists()


def test_a_data_directory_that_cannot_be_written_is_no_hindrance(data_dir: Path) -> None:
    (data_dir / "yfinance").write_text("not a directory")

    assert len(fetch().bars) == len(DAYS)
    with pytest.raises(product.UnknownSymbol):
        fetch(symbol="999999.KS")


def test_no_warning_of_yfinance_reaches_a_thread() -> None:
    """Filters belong to the process: one that a thread sets and resets around its request is gone for the others."""
    problems: list[BaseException] = []

    def work() -> None:
        try:
            for _ in range(3):
                client.fetch_symbol(KOSPI, SYMBOL)
        except BaseException as error:  # noqa: BLE001 - told to the test
            problems.append(error)

    with product.client() as client:
        threads = [threading.Thread(target=work) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert problems == []


def test_only_the_one_kind_of_warning_is_silenced_and_only_for_yfinance() -> None:
    with product.client():
        with pytest.raises(DeprecationWarning):
            warnings.warn_explicit("another", DeprecationWarning, "x.py", 1, module="yfinance.utils")
        with pytest.raises(pd.errors.Pandas4Warning):
            warnings.warn_explicit("ours", pd.errors.Pandas4Warning, "x.py", 1, module="finance_core.bars.candles")
        warnings.warn_explicit("theirs", pd.errors.Pandas4Warning, "x.py", 1, module="yfinance.utils")


# Errors


def test_an_unknown_symbol_is_told_apart_and_costs_few_requests(yahoo: YahooStandIn) -> None:
    with pytest.raises(product.UnknownSymbol, match=r"999999\.KS"):
        fetch(symbol="999999.KS")
    assert len(yahoo.asked("999999.KS")) == 2  # yfinance asks once more after any error
    assert not [request for request in yahoo.requests if "quoteSummary" in request.path]


@pytest.mark.slow
@pytest.mark.parametrize("start", [None, DAYS[-5].date()], ids=["whole", "window"])
@pytest.mark.parametrize(
    ("answers", "error", "reason"),
    [
        ([Status(429)] * 2, product.RateLimited, "너무 많다고"),
        ([Status(500)] * 2, product.Unanswered, "HTTP 오류 500.*Server got itself in trouble"),
        ([Status(401, "Invalid Crumb")] * 2, product.Unanswered, "Invalid Crumb"),
        ([Status(400, "Data doesn't exist for startDate = 1, endDate = 2")] * 2, product.NoBars, "하나도"),
        ([Status(404, "No data found, symbol may be delisted")] * 2, product.UnknownSymbol, "종목이 없습니다"),
        ([Hang()], product.Unreachable, "Timeout"),
        ([Truncated()], product.Unreachable, "ConnectionError"),
        ([Malformed()], product.Unreadable, "JSONDecodeError"),
        ([Malformed("")], product.Unreadable, "JSONDecodeError"),
        ([Malformed("Will be right back")], product.Unreadable, "YFDataException"),
        ([Malformed('{"chart":7}')], product.Unreadable, "이해하지 못했습니다"),
        ([Malformed('{"chart":{"result":[{"meta":{}}],"error":null}}')], product.Unreadable, "KeyError"),
        ([Malformed(INVALID_CRUMB, 401)] * 2, product.Unanswered, "HTTP 오류 401을 보냈습니다: Invalid Crumb"),
        ([Malformed(INVALID_CRUMB)], FetchFailed, "보내지 않았습니다: Invalid Crumb"),
        ([Malformed("{}", 503)] * 2, product.Unanswered, "HTTP 오류 503을 보냈습니다"),
        ([Malformed("{}", 404)] * 2, product.NoBars, "하나도"),
        ([Malformed("[]")], product.NoBars, "하나도"),
        ([Empty()], product.NoBars, "하나도"),
        ([NoResult()], product.NoBars, "하나도"),
    ],
    ids=lambda value: repr(value)[:40] if isinstance(value, list) else "",
)
def test_every_misbehaviour_becomes_one_error_with_its_reason(
    yahoo: YahooStandIn,
    monkeypatch: pytest.MonkeyPatch,
    start: dt.date | None,
    answers: list[Answer],
    error: type[FetchFailed],
    reason: str,
) -> None:
    yahoo.answer_with(SYMBOL, *answers)

    with monkeypatch.context() as patched:
        if isinstance(answers[0], Hang):  # nobody is to wait longer; any other answer may take its time
            patched.setattr(product, "TIMEOUT", 0.2)
        with pytest.raises(FetchFailed, match=reason) as caught:
            fetch(start)

    assert type(caught.value) is error
    assert caught.value.__cause__ is not None
    assert len(fetch(start).bars)


@pytest.mark.slow
def test_an_error_that_passes_at_once_is_none(yahoo: YahooStandIn) -> None:
    yahoo.answer_with(SYMBOL, Status(500), AsUsual(), Status(429), AsUsual())

    assert len(fetch().bars) == len(fetch().bars) == len(DAYS)


def test_a_yahoo_that_cannot_be_reached_is_said_to_be_so(yahoo: YahooStandIn) -> None:
    yahoo.close()

    with pytest.raises(FetchFailed, match="연결하지 못했습니다"):
        fetch()


def becomes_true(condition: Callable[[], bool], seconds: float = 5) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.01)
    return False
