"""New bars from the quotes of a whole market, and when a quote is not taken for a bar."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest

from finance_core.bars.sessions import Calendar
from finance_core.categories import KOREAN_STOCKS
from finance_core.storage import prices, ticker_edits, tickers
from finance_core.storage.database import MongoDatabase
from tests import yahoo as stand_in
from tests.updaters.commanding import Command
from tests.updaters.false_quotes import FALSE_QUOTES, SESSIONS, TODAY, YESTERDAY, at
from tests.updaters.updating import bars_of, metadata, register, run
from tests.yahoo import SCREENER, SHARES, Listing, Malformed, Status, YahooStandIn, quote_of, random_walk
from updaters import quotes
from updaters import yahoo as product

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("impatient", "korean_shell")]

EVENING = at(TODAY, 16, 10)
STORED: dict[str, list[dict[str, Any]]] = {}
"""The collections that the first `market` of this process left: the others are the same, and need no update."""


@pytest.fixture
def market(db: MongoDatabase, yahoo: YahooStandIn) -> list[str]:
    """Twenty-four tickers of both markets, stored up to yesterday; Yahoo has today's bars and quotes."""
    names = [f"{number:06}" for number in range(100, 124)]
    for number, name in enumerate(names):
        market = KOREAN_STOCKS.markets[number // 12]
        listing = Listing(random_walk(SESSIONS, number).iloc[:-1], exchange=market.yahoo_exchanges[0])
        yahoo.listings[name + market.yahoo_suffix] = listing
        if not STORED:
            register(db, name, market.key)
    if not STORED:
        assert run(db, workers=8, now=lambda: at(YESTERDAY, 18)).added == 24 * (len(SESSIONS) - 1)
        # Verified already, so that the night's share of the rotation does not count among its requests.
        moments = {"updated_at": at(YESTERDAY, 18), "verified_at": EVENING}
        utc = {name: moment.astimezone(dt.UTC) for name, moment in moments.items()}
        db["ticker_metadata"].update_many({}, {"$set": utc})
        STORED.update({name: db[name].find().to_list() for name in db.list_collection_names()})
    else:
        for name, documents in STORED.items():
            if documents:
                db[name].insert_many(documents)
    for number, (symbol, listing) in enumerate(yahoo.listings.items()):
        listing.bars = random_walk(SESSIONS, number)
        yahoo.quotes[symbol] = quote_of(listing)
    yahoo.clear()
    return names


def listing_of(yahoo: YahooStandIn, name: str) -> Listing:
    return next(listing for symbol, listing in yahoo.listings.items() if symbol.startswith(name))


def assert_all_stored(db: MongoDatabase, yahoo: YahooStandIn, names: list[str]) -> None:
    for name in names:
        expected, stored = listing_of(yahoo, name).bars, bars_of(db, name)
        pd.testing.assert_frame_equal(
            stored[expected.columns].astype(float), expected, check_index_type=False, check_freq=False
        )
        row = metadata(db, name)
        state = prices.state_of(KOREAN_STOCKS, stored)
        assert {key: row[key] for key in state} == state


def charts(yahoo: YahooStandIn) -> list[str]:
    return sorted({request.symbol.partition(".")[0] for request in yahoo.requests if request.symbol})


def test_a_night_of_a_market_costs_its_pages(db: MongoDatabase, yahoo: YahooStandIn, market: list[str]) -> None:
    ran = run(db, now=lambda: EVENING)

    assert (ran.state, ran.added, ran.quoted, ran.done) == ("done", 24, 24, 24)
    assert charts(yahoo) == []
    assert len([request for request in yahoo.requests if request.path == SCREENER]) == 2
    assert ran.requests == len(yahoo.requests) <= 5
    assert_all_stored(db, yahoo, market)
    yahoo.clear()
    again = run(db, now=lambda: at(TODAY, 18))
    assert (again.current, again.requests) == (24, 0)


def test_shares_are_kept_with_their_day_where_they_are_a_number_of_shares(
    db: MongoDatabase, yahoo: YahooStandIn, market: list[str]
) -> None:
    told = dict(zip(market, [None, "5919637922", 0, -1, 10.5, 1e300, True], strict=False))
    for ticker, shares in told.items():
        symbol = metadata(db, ticker)["yahoo_symbol"]
        yahoo.quotes[symbol] = yahoo.quotes[symbol] | {"sharesOutstanding": shares}
    assert run(db, now=lambda: EVENING).quoted == len(market)
    for ticker in market:
        row = metadata(db, ticker)
        today = TODAY.to_pydatetime()
        expected = {} if ticker in told else {"shares": SHARES, "shares_since": today, "shares_on": today}
        assert {name: row[name] for name in ("shares", "shares_since", "shares_on") if name in row} == expected


def test_shares_that_are_told_again_keep_the_day_since_which_they_are(
    db: MongoDatabase, yahoo: YahooStandIn, market: list[str]
) -> None:
    before = TODAY.to_pydatetime() - dt.timedelta(days=9)
    for ticker, number in zip(market, (SHARES, SHARES + 1), strict=False):
        tickers.record(db, KOREAN_STOCKS, ticker, {"shares": number, "shares_since": before, "shares_on": before})
    tickers.record(db, KOREAN_STOCKS, market[2], {"shares": SHARES})  # somebody has removed its days by hand
    assert run(db, now=lambda: EVENING).quoted == len(market)
    rows = [metadata(db, ticker) for ticker in market[:3]]
    today = TODAY.to_pydatetime()
    assert [(row["shares"], row["shares_since"], row["shares_on"]) for row in rows] == [
        (SHARES, before, today),
        (SHARES, today, today),
        (SHARES, today, today),
    ]


@pytest.mark.parametrize("falsify", FALSE_QUOTES.values(), ids=list(FALSE_QUOTES))
@pytest.mark.usefixtures("data_dir")
def test_no_bar_is_made_of_a_quote(falsify: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    listing = Listing(random_walk(SESSIONS, 1))
    row: Any = {"ticker": "000100", "currency": "KRW", "last_close": listing.bars["close"].iloc[-2].item()}
    session = quotes.last_session(Calendar("XKRX"), EVENING)

    assert quotes.bar_of(quote_of(listing), row, session, EVENING) == listing.bars.iloc[-1].to_dict()
    assert quotes.bar_of(falsify(quote_of(listing)), row, session, EVENING) is None


def test_every_ticker_without_a_true_quote_is_asked_for_its_chart(
    db: MongoDatabase, yahoo: YahooStandIn, market: list[str]
) -> None:
    false = dict(zip(market[2:], FALSE_QUOTES.values(), strict=False))
    for symbol in list(yahoo.quotes):
        if falsify := false.get(symbol.partition(".")[0]):
            yahoo.quotes[symbol] = falsify(yahoo.quotes[symbol])
    del yahoo.quotes[f"{market[1]}.KS"]

    ran = run(db, now=lambda: EVENING)

    assert charts(yahoo) == sorted([*false, market[1]])
    assert (ran.added, ran.quoted) == (24, 24 - len(false) - 1)
    assert_all_stored(db, yahoo, market)


@pytest.mark.sampled(2)
@pytest.mark.parametrize(
    "what",
    [
        "an older last bar",
        "another stored close",
        "a bar of today",
        "a failure",
        "a sample",
        "a bar that was not final",
    ],
)
def test_a_ticker_in_another_state_is_asked_for_its_chart(
    db: MongoDatabase, yahoo: YahooStandIn, market: list[str], what: str
) -> None:
    odd, bars = market[3], db["korean_stocks"]
    match what:
        case "an older last bar":
            bars.delete_one({"ticker": odd, "date": YESTERDAY.to_pydatetime()})
            tickers.record(db, KOREAN_STOCKS, odd, prices.state(db, KOREAN_STOCKS, odd))
        case "another stored close":
            bars.update_one({"ticker": odd, "date": YESTERDAY.to_pydatetime()}, {"$inc": {"close": 100.0}})
        case "a bar of today":
            bars.insert_one({"ticker": odd, "date": TODAY.to_pydatetime(), "close": 1.0, "volume": 0})
        case "a failure":
            tickers.record(db, KOREAN_STOCKS, odd, {"last_status": "failed"})
        case "a sample":
            tickers.record(db, KOREAN_STOCKS, odd, {"source": "sample"})
        case "a bar that was not final":
            soon = at(YESTERDAY, 15, 59).astimezone(dt.UTC).replace(tzinfo=None)
            bars.update_one({"ticker": odd, "date": YESTERDAY.to_pydatetime()}, {"$set": {"volume": 1}})
            tickers.record(db, KOREAN_STOCKS, odd, {"updated_at": soon})

    assert run(db, now=lambda: EVENING).quoted == 23

    assert charts(yahoo) == [odd]
    assert_all_stored(db, yahoo, market)


@pytest.mark.parametrize("moment", [at(TODAY, 14), at(TODAY, 15, 45), at(TODAY + pd.Timedelta(days=3), 11)])
def test_no_quote_is_taken_before_it_is_settled_or_once_the_next_session_runs(
    db: MongoDatabase, yahoo: YahooStandIn, market: list[str], moment: dt.datetime
) -> None:
    for quote in yahoo.quotes.values():
        quote["regularMarketTime"] = int(moment.timestamp()) - 1200

    assert run(db, now=lambda: moment).quoted == 0


@pytest.mark.parametrize("answer", [Status(500), Malformed(), Status(500, html=True)], ids=repr)
def test_without_the_screener_every_chart_is_asked_for(
    db: MongoDatabase, yahoo: YahooStandIn, market: list[str], answer: Any
) -> None:
    yahoo.answer_with(SCREENER, *[answer] * 4 * product.ATTEMPTS)

    ran = run(db, workers=8, now=lambda: EVENING)

    assert (ran.state, ran.added, ran.quoted) == ("done", 24, 0)
    assert_all_stored(db, yahoo, market)


ODD: dict[str, tuple[str, Any]] = {
    "a time in milliseconds": ("regularMarketTime", int(EVENING.timestamp()) * 1000),
    "a time beyond all years": ("regularMarketTime", 10**18),
    "a price of 400 digits": ("regularMarketPrice", 10**400),
    "a volume of 400 digits": ("regularMarketVolume", 10**400),
    "a change of 400 digits": ("regularMarketChange", 10**400),
}


def test_a_quote_with_a_number_beyond_all_bounds_is_none(
    db: MongoDatabase, yahoo: YahooStandIn, market: list[str]
) -> None:
    for symbol, (field, number) in zip(list(yahoo.quotes), ODD.values(), strict=False):
        yahoo.quotes[symbol][field] = number
    last = list(yahoo.quotes)[-1]
    yahoo.quotes[last]["sharesOutstanding"] = 10**400

    ran = run(db, now=lambda: EVENING)

    assert (ran.state, ran.added, ran.quoted) == ("done", 24, 24 - len(ODD))
    assert charts(yahoo) == market[: len(ODD)]
    assert "shares" not in metadata(db, last.partition(".")[0])
    assert_all_stored(db, yahoo, market)


def test_what_is_no_quote_among_the_quotes_is_passed_over(
    db: MongoDatabase, yahoo: YahooStandIn, market: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    screened = stand_in._screened

    def odd(*arguments: Any) -> dict[str, Any]:
        page = screened(*arguments)
        return page | {"quotes": [None, "text", [], *page["quotes"][3:]]}

    monkeypatch.setattr(stand_in, "_screened", odd)

    ran = run(db, now=lambda: EVENING)

    assert (ran.state, ran.added, ran.quoted) == ("done", 24, 18)
    assert_all_stored(db, yahoo, market)


@pytest.mark.sampled(2)
@pytest.mark.parametrize(
    "odd", [{"total": None}, {"total": "12"}, {"total": 10**400}, {"quotes": None}, {"quotes": {"a": 1}}], ids=str
)
def test_after_a_malformed_page_of_quotes_every_chart_is_asked_for(
    db: MongoDatabase, yahoo: YahooStandIn, market: list[str], monkeypatch: pytest.MonkeyPatch, odd: dict[str, Any]
) -> None:
    screened = stand_in._screened
    monkeypatch.setattr(stand_in, "_screened", lambda *arguments: screened(*arguments) | odd)

    ran = run(db, workers=8, now=lambda: EVENING)

    assert (ran.state, ran.added, ran.quoted) == ("done", 24, 0)
    assert_all_stored(db, yahoo, market)


def test_pages_that_cost_more_than_the_charts_are_not_turned(
    db: MongoDatabase, yahoo: YahooStandIn, market: list[str]
) -> None:
    for number in range(1_500):
        yahoo.quotes[f"{number + 500_000}.KS"] = {"exchange": "KSC"}

    ran = run(db, workers=8, now=lambda: EVENING)

    assert len([request for request in yahoo.requests if request.path == SCREENER]) == 2
    assert (ran.quoted, len(charts(yahoo))) == (12, 12)


def test_a_ticker_removed_meanwhile_stays_removed(
    db: MongoDatabase, yahoo: YahooStandIn, market: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    add = prices.add_session

    def added_then_removed(*arguments: Any) -> list[str]:
        added = add(*arguments)
        ticker_edits.delete(db, KOREAN_STOCKS, market[:1], "me")
        return added

    monkeypatch.setattr(prices, "add_session", added_then_removed)

    assert run(db, now=lambda: EVENING).added == 23
    assert db["korean_stocks"].count_documents({"ticker": market[0]}) == 0


def test_an_interrupted_addition_is_completed_by_the_next_run(
    db: MongoDatabase, yahoo: YahooStandIn, market: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(tickers, "record_each", lambda *_arguments: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            run(db, now=lambda: EVENING)
    yahoo.clear()

    assert run(db, workers=8, now=lambda: EVENING).state == "done"

    assert_all_stored(db, yahoo, market)


@pytest.mark.sampled(2)
@pytest.mark.parametrize("how", ["the option", "the setting", "named tickers", "force", "full"])
def test_quotes_are_not_used_with(
    db: MongoDatabase, yahoo: YahooStandIn, market: list[str], monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    if how == "the setting":
        monkeypatch.setenv("FINANCE_QUOTES", "off")
    options = {"the option": {"by_quotes": False}, "force": {"force": True}, "full": {"full": True}}.get(how, {})

    ran = run(db, *(market if how == "named tickers" else ()), workers=8, now=lambda: EVENING, **options)

    assert (ran.quoted, len(charts(yahoo))) == (0, 24)


def test_the_ticker_on_the_screen_is_asked_for_its_chart(
    db: MongoDatabase, yahoo: YahooStandIn, market: list[str]
) -> None:
    assert run(db, first=market[5], now=lambda: EVENING).quoted == 23
    assert charts(yahoo) == [market[5]]


def test_the_command_has_a_switch(db: MongoDatabase, yahoo: YahooStandIn, updated: Command) -> None:
    assert updated("--no-quotes", "--json").report["quoted"] == 0
