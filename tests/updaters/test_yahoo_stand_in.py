"""The stand-in for Yahoo itself, asked over TLS by a bare curl_cffi: what other tests lean on."""

import time
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yfinance
from curl_cffi.requests import Session
from curl_cffi.requests.exceptions import CertificateVerifyError, RequestException

from tests.yahoo import (
    CHART,
    SCREENER,
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

DAYS = pd.bdate_range("2025-01-02", periods=30)
URL = f"https://query2.finance.yahoo.com{CHART}005930.KS"
ALL = {"period1": 0, "period2": 2_000_000_000, "interval": "1d", "events": "div,splits"}


@pytest.fixture
def client(yahoo: YahooStandIn) -> "Iterator[Session[Any]]":
    yahoo.listings["005930.KS"] = Listing(random_walk(DAYS, seed=1))
    with Session(impersonate="chrome") as session:
        yield session


def result(client: "Session[Any]", **query: object) -> dict[str, Any]:
    answer = client.get(URL, params=query or ALL)
    assert answer.status_code == 200
    chart = answer.json()["chart"]
    assert chart["error"] is None
    (only,) = chart["result"]
    return dict(only)


def test_a_chart_holds_opening_times_and_prices_of_every_session(client: "Session[Any]", yahoo: YahooStandIn) -> None:
    chart = result(client)

    opened = pd.to_datetime(chart["timestamp"], unit="s", utc=True).tz_convert("Asia/Seoul")
    assert (opened == DAYS.tz_localize("Asia/Seoul") + pd.Timedelta(hours=9)).all()
    (quote,) = chart["indicators"]["quote"]
    pd.testing.assert_frame_equal(
        pd.DataFrame(quote, index=pd.DatetimeIndex(DAYS, name="date")).astype(float)[["open", "high", "low", "close"]],
        yahoo.listings["005930.KS"].bars[["open", "high", "low", "close"]],
        check_freq=False,
    )
    assert all(isinstance(volume, int) for volume in quote["volume"])
    assert chart["meta"]["currency"] == "KRW"
    assert chart["meta"]["exchangeTimezoneName"] == "Asia/Seoul"
    assert "events" not in chart


def test_a_missing_value_is_null(client: "Session[Any]", yahoo: YahooStandIn) -> None:
    yahoo.listings["005930.KS"].bars.iloc[3] = np.nan

    chart = result(client)

    assert {name: values[3] for name, values in chart["indicators"]["quote"][0].items()} == dict.fromkeys(
        ["open", "high", "low", "close", "volume"]
    )


def test_a_window_holds_the_sessions_that_opened_from_its_start_to_before_its_end(client: "Session[Any]") -> None:
    opened = result(client)["timestamp"]

    assert result(client, period1=opened[5], period2=opened[9], interval="1d")["timestamp"] == opened[5:9]
    assert result(client, range="5d", interval="1d")["timestamp"] == opened[-5:]
    assert result(client, range="max", interval="1d")["timestamp"] == opened


def test_a_window_without_sessions_has_no_times(client: "Session[Any]") -> None:
    chart = result(client, period1=0, period2=1, interval="1d")

    assert "timestamp" not in chart
    assert chart["indicators"]["quote"] == [{}]


def test_events_come_where_asked_for_and_dividends_lower_the_adjusted_close(
    client: "Session[Any]", yahoo: YahooStandIn
) -> None:
    listing = yahoo.listings["005930.KS"]
    listing.splits[DAYS[4].date()] = (50, 1)
    listing.dividends[DAYS[8].date()] = 361.0

    chart = result(client)
    without = result(client, range="max", interval="1d")

    (split,), (dividend,) = chart["events"]["splits"].values(), chart["events"]["dividends"].values()
    assert (split["numerator"], split["denominator"], split["date"]) == (50, 1, chart["timestamp"][4])
    assert (dividend["amount"], dividend["date"]) == (361, chart["timestamp"][8])
    assert "events" not in without
    close, (adjusted,) = chart["indicators"]["quote"][0]["close"], chart["indicators"]["adjclose"]
    assert adjusted["adjclose"][8:] == close[8:]
    assert all(a < c for a, c in zip(adjusted["adjclose"][:8], close[:8], strict=True))


def test_an_unknown_symbol_is_not_found(client: "Session[Any]", yahoo: YahooStandIn) -> None:
    yahoo.listings.clear()

    answer = client.get(URL, params=ALL)

    assert answer.status_code == 404
    assert answer.json()["chart"]["error"]["description"] == "No data found, symbol may be delisted"


@pytest.mark.parametrize(
    ("answer", "code", "starts"),
    [
        (Status(429), 429, "Too Many Requests"),
        (Status(500), 500, '{"chart":{"result":null,"error":{"code":"Internal Server Error"'),
        (
            Status(401, "Invalid Crumb"),
            401,
            '{"chart":{"result":null,"error":{"code":"Unauthorized","description":"Inv',
        ),
        (Malformed("<html>"), 200, "<html>"),
        (NoResult(), 200, '{"chart":{"result":null,"error":null}}'),
        (Empty(), 200, '{"chart":{"result":[{"meta":{"currency":"KRW"'),
    ],
    ids=repr,
)
def test_a_scripted_answer_is_given_once(
    client: "Session[Any]", yahoo: YahooStandIn, answer: Answer, code: int, starts: str
) -> None:
    yahoo.answer_with("005930.KS", AsUsual(), answer)

    before, scripted, after = (client.get(URL, params=ALL) for _ in range(3))

    assert (scripted.status_code, scripted.text[: len(starts)]) == (code, starts)
    assert before.text == after.text
    assert len(after.json()["chart"]["result"][0]["timestamp"]) == len(DAYS)


def test_a_truncated_answer_breaks_off(client: "Session[Any]", yahoo: YahooStandIn) -> None:
    yahoo.answer_with("005930.KS", Truncated())

    with pytest.raises(RequestException):
        client.get(URL, params=ALL)
    assert result(client)["timestamp"]


def test_a_hanging_answer_outlasts_the_clients_patience(client: "Session[Any]", yahoo: YahooStandIn) -> None:
    yahoo.answer_with("*", Hang())

    with pytest.raises(RequestException, match="timed out"):
        client.get(URL, params=ALL, timeout=0.2)


def test_an_outage_lasts_until_it_is_cleared(client: "Session[Any]", yahoo: YahooStandIn) -> None:
    yahoo.outage = Status(503)
    during = [client.get(URL, params=ALL).status_code for _ in range(2)]
    yahoo.clear()

    assert during == [503, 503]
    assert client.get(URL, params=ALL).status_code == 200


def test_requests_are_kept_in_order_with_what_they_asked(client: "Session[Any]", yahoo: YahooStandIn) -> None:
    client.get("https://fc.yahoo.com")
    client.get(URL, params=ALL)

    assert [(request.host, request.symbol) for request in yahoo.requests] == [
        ("fc.yahoo.com", None),
        ("query2.finance.yahoo.com", "005930.KS"),
    ]
    assert yahoo.asked("005930.KS")[0].query == {name: str(value) for name, value in ALL.items()}
    assert yahoo.tunnels == ["fc.yahoo.com", "query2.finance.yahoo.com"]


def test_nobody_but_yahoo_is_stood_in_for(client: "Session[Any]") -> None:
    with pytest.raises(RequestException, match="403"):
        client.get("https://example.com")


def test_a_client_that_does_not_know_the_authority_refuses(
    yahoo: YahooStandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("SSL_CERT_FILE", "CURL_CA_BUNDLE", "REQUESTS_CA_BUNDLE"):
        monkeypatch.delenv(name)

    with Session(impersonate="chrome") as stranger, pytest.raises(CertificateVerifyError):
        stranger.get(URL, params=ALL)
    assert yahoo.requests == []


def test_closing_does_not_wait_for_a_hanging_answer() -> None:
    with YahooStandIn({"005930.KS": Listing(random_walk(DAYS, seed=1))}) as yahoo:
        yahoo.answer_with("*", Hang(60))
        with Session(proxy=yahoo.env["https_proxy"], verify=False) as client:
            with pytest.raises(RequestException, match="timed out"):
                client.get(URL, params=ALL, timeout=0.3)
            started = time.monotonic()
            yahoo.close()
    assert time.monotonic() - started < 5


def test_a_random_walk_is_the_same_for_the_same_seed_and_always_a_valid_bar() -> None:
    bars = random_walk(DAYS, seed=7)

    pd.testing.assert_frame_equal(bars, random_walk(DAYS, seed=7))
    assert not bars.equals(random_walk(DAYS, seed=8))
    assert (bars["high"] >= bars[["open", "close"]].max(axis=1)).all()
    assert (bars["low"] <= bars[["open", "close"]].min(axis=1)).all()
    assert np.isfinite(bars.to_numpy()).all()


def test_the_screener_answers_the_quotes_of_an_exchange_in_pages(yahoo: YahooStandIn, client: "Session[Any]") -> None:
    yahoo.quotes = {f"{number:06}.KS": {"exchange": "KSC", "longName": f"No. {number}"} for number in range(5)}
    yahoo.quotes["000009.KQ"] = {"exchange": "KOE", "longName": "No. 9"}
    kospi = yfinance.EquityQuery("eq", ["exchange", "KSC"])
    both = yfinance.EquityQuery("is-in", ["exchange", "KSC", "KOE"])

    page = yfinance.screen(kospi, offset=3, size=250, sortField="ticker", sortAsc=True, session=client)
    assert (page["start"], page["count"], page["total"]) == (3, 2, 5)
    assert [(quote["symbol"], quote["longName"]) for quote in page["quotes"]] == [
        ("000003.KS", "No. 3"),
        ("000004.KS", "No. 4"),
    ]
    assert yfinance.screen(both, size=1, session=client)["quotes"][0]["symbol"] == "000009.KQ", "descending by default"
    yahoo.answer_with(SCREENER, Empty())
    assert yfinance.screen(kospi, session=client)["total"] == 0


def test_the_screener_wants_a_crumb_as_yahoo_does(client: "Session[Any]") -> None:
    assert client.post(f"https://query1.finance.yahoo.com{SCREENER}", json={}).status_code == 401
