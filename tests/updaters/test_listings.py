"""The command that registers whole markets, and newer lists from Yahoo's screener, over real HTTP."""

import datetime as dt
from collections.abc import Callable
from functools import partial

import pytest

from finance_core import starter
from finance_core.categories import KOREAN_STOCKS, US_STOCKS
from finance_core.errors import FetchFailed, SisepanError
from finance_core.storage import documents, market_lists, tickers
from finance_core.storage.database import MongoDatabase
from tests import forked
from tests.commands import CommandResult, run_here
from tests.edits import history
from tests.yahoo import SCREENER, AsUsual, Empty, Malformed, Status, Truncated, YahooStandIn
from updaters import listing_refresh, listings

Command = Callable[..., CommandResult]
DAY = dt.datetime(2026, 11, 25, tzinfo=dt.UTC)
EXCHANGES = {"KOSPI": ("KSC", ".KS"), "KOSDAQ": ("KOE", ".KQ")}

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("korean_shell", "impatient")]


@pytest.fixture
def run(db: MongoDatabase) -> Command:
    """Runs the command in this process."""
    return partial(run_here, listings.main)


@pytest.fixture
def screened(yahoo: YahooStandIn) -> YahooStandIn:
    """A Yahoo whose screener lists every company of the KRX but those of KONEX, names in English."""
    for row in starter.shipped("krx").rows:
        if row["market"] in EXCHANGES:
            exchange, suffix = EXCHANGES[row["market"]]
            yahoo.quotes[row["ticker"] + suffix] = {"exchange": exchange, "longName": f"Company {row['ticker']}"}
    return yahoo


def korean(db: MongoDatabase, ticker: str) -> dict[str, object]:
    return dict(tickers.get(db, KOREAN_STOCKS, ticker) or {})


def test_the_command_registers_the_lists_it_is_given_and_again_changes_nothing(run: Command, db: MongoDatabase) -> None:
    told = run("kospi", "kosdaq", "sp500")
    assert (told.code, told.err) == (0, "")
    assert "코스피: 2026-03-22 (프로그램에 든 목록), 951종목\n" in told.out
    assert "KONEX 110종목은 Yahoo에 없어서 뺐습니다." in told.out
    assert "종목 2,769개를 목록에 반영했습니다." in told.out
    assert len(tickers.all_rows(db, KOREAN_STOCKS)) == 2_769
    assert len(tickers.all_rows(db, US_STOCKS)) == 503
    again = run("kospi", "kosdaq", "sp500")
    assert again.code == 0
    assert again.out.count("새 종목 0, 이름 바뀜 0, 시장 옮김 0, 상장폐지된 듯함 0, 빈칸 채움 0") == 2
    assert len(history(db, KOREAN_STOCKS, 9)) == 1


def test_a_reader_who_leaves_keeps_nothing_from_being_registered(db: MongoDatabase) -> None:
    command = forked.start("-m", "updaters.listings", "kospi", "sp500")
    assert command.stdout is not None
    command.stdout.close()
    _out, err = command.communicate(timeout=60)
    assert (command.wait(), err) == (0, "")
    assert len(tickers.all_rows(db, KOREAN_STOCKS)) == 951
    assert len(tickers.all_rows(db, US_STOCKS)) == 503


def test_a_dry_run_says_what_would_change_and_writes_nothing(
    run: Command, db: MongoDatabase, screened: YahooStandIn
) -> None:
    told = run("kosdaq", "--dry-run", "--refresh")
    assert told.code == 0
    assert "새 종목 1,818" in told.out
    assert told.out.endswith("아무것도 바꾸지 않았습니다.\n")
    assert tickers.all_rows(db, KOREAN_STOCKS) == []
    assert db[documents.LISTS].count_documents({}) == 0


@pytest.mark.parametrize("arguments", [[], ["konex"], ["kospi", "--what"]])
def test_wrong_use_is_told_with_code_2(run: Command, arguments: list[str]) -> None:
    assert run(*arguments).code == 2


def test_a_refresh_shows_the_difference_and_changes_nothing_without_a_yes(
    run: Command, db: MongoDatabase, screened: YahooStandIn
) -> None:
    run("kospi", "kosdaq")
    run("kospi", "kosdaq", "--refresh", "--yes")
    moved = screened.quotes.pop("086520.KQ")
    screened.quotes["086520.KS"] = {**moved, "exchange": "KSC"}
    screened.quotes["000040.KS"]["longName"] = "Renamed Motors"
    del screened.quotes["000020.KS"]
    screened.quotes["0999Z0.KQ"] = {"exchange": "KOE", "shortName": "Newcomer"}
    screened.quotes["BAD NAME.KQ"] = {"exchange": "KOE", "shortName": "no ticker"}

    told = run("kospi", "kosdaq", "--refresh")

    assert told.code == 0
    assert "새 종목 1, 이름 바뀜 1, 시장 옮김 1, 상장폐지된 듯함 1, 빈칸 채움 0, 그대로 2,766" in told.out
    assert "  이름 바뀜 000040 KR모터스: 영어 이름 Company 000040 → Renamed Motors\n" in told.out
    assert "4개는 확인을 기다립니다" in told.out
    assert korean(db, "0999Z0") == {}
    assert (korean(db, "086520")["market"], korean(db, "000020")["active"]) == ("KOSDAQ", True)

    plain = run("kospi", "kosdaq")
    assert "(Yahoo)" in plain.out
    assert "3개는 확인을 기다립니다" in plain.out
    assert korean(db, "0999Z0")["name"] == "Newcomer"
    assert korean(db, "086520")["market"] == "KOSDAQ"

    told = run("kospi", "kosdaq", "--yes")
    assert "종목 3개를 목록에 반영했습니다." in told.out
    row = korean(db, "000040")
    assert (row["name"], row["name_en"]) == ("KR모터스", "Renamed Motors")
    assert (korean(db, "086520")["market"], korean(db, "000020")["active"]) == ("KOSPI", False)


def test_the_whole_exchange_takes_a_request_for_250_tickers(db: MongoDatabase, screened: YahooStandIn) -> None:
    (fetched,) = listing_refresh.refresh(db, market_lists.chosen(["kospi"])["korean_stocks"], DAY)
    assert (fetched["source"], fetched["date"]) == ("yahoo", DAY.replace(tzinfo=None))
    assert sum("quoted_as" in row for row in fetched["rows"]) == 2_769
    asked = [request for request in screened.requests if request.path == SCREENER]
    assert len(asked) == 4 + 8, "951 and 1,818 tickers"


@pytest.mark.parametrize(
    ("answers", "sentence"),
    [
        ([Status(500)] * 20, "Yahoo가 시세 대신 HTTP 오류 500"),
        ([Malformed()] * 20, "Yahoo의 답을 이해하지 못했습니다"),
        ([Truncated()] * 20, "Yahoo에 연결하지 못했습니다"),
        ([Status(429)] * 20, "요청을 보내지 않았습니다."),
    ],
)
def test_a_yahoo_that_does_not_answer_is_a_sentence_and_the_last_good_list_stays(
    run: Command, db: MongoDatabase, screened: YahooStandIn, answers: list[Status], sentence: str
) -> None:
    run("kospi", "--refresh")
    before = db[documents.LISTS].find_one()
    screened.answer_with(SCREENER, *answers)
    told = run("kospi", "--refresh", "--yes")
    assert told.code == 1
    assert sentence in told.err
    assert told.err.count("\n") == 1
    assert tickers.all_rows(db, KOREAN_STOCKS) == []
    assert db[documents.LISTS].find_one() == before


def test_a_fault_that_passes_is_asked_again(db: MongoDatabase, screened: YahooStandIn) -> None:
    screened.answer_with(SCREENER, Malformed(), Status(429), Status(503), Status(503))
    (fetched,) = listing_refresh.refresh(db, market_lists.chosen(["kospi"])["korean_stocks"], DAY)
    assert len(fetched["rows"]) == 2_879


def test_a_list_that_is_not_whole_or_much_shorter_is_refused(db: MongoDatabase, screened: YahooStandIn) -> None:
    lists = market_lists.chosen(["kosdaq"])["korean_stocks"]
    screened.answer_with(SCREENER, AsUsual(), AsUsual(), Empty())
    with pytest.raises(FetchFailed, match="KOSPI 종목 0개 가운데 500개만 보냈습니다"):
        listing_refresh.refresh(db, lists, DAY)
    kosdaq = [symbol for symbol, quote in screened.quotes.items() if quote["exchange"] == "KOE"]
    for symbol in kosdaq[: len(kosdaq) // 5]:
        del screened.quotes[symbol]
    with pytest.raises(FetchFailed, match="KOSDAQ 목록에 1455종목뿐입니다"):
        listing_refresh.refresh(db, lists, DAY)


def test_a_ticker_on_both_exchanges_stays_where_it_was(db: MongoDatabase, screened: YahooStandIn) -> None:
    screened.quotes["086520.KS"] = {"exchange": "KSC", "longName": "EcoPro"}
    screened.quotes["005930.KQ"] = {"exchange": "KOE", "longName": "Samsung"}
    (fetched,) = listing_refresh.refresh(db, market_lists.chosen(["kospi"])["korean_stocks"], DAY)
    markets = {row["ticker"]: row["market"] for row in fetched["rows"]}
    assert (markets["086520"], markets["005930"]) == ("KOSDAQ", "KOSPI")


def test_the_members_of_an_index_are_not_asked_of_yahoo(run: Command, yahoo: YahooStandIn) -> None:
    told = run("sp500", "--refresh")
    assert told.code == 1
    assert "S&P 500의 구성 종목은 Yahoo가 알려 주지 않습니다. 2026-08-08 목록" in told.err
    assert yahoo.requests == []


def test_nothing_is_registered_beside_data_of_the_users_own(own_server_db: MongoDatabase) -> None:
    own_server_db[KOREAN_STOCKS.collection].insert_one({"ticker": "005930", "close": 1.0})
    lists = market_lists.chosen(["kospi"])["korean_stocks"]
    difference = market_lists.difference(own_server_db, lists)
    with pytest.raises(SisepanError, match="받아들이지 않은"):
        market_lists.apply(own_server_db, KOREAN_STOCKS, difference.additions, "me")
    with pytest.raises(SisepanError, match="받아들이지 않은"):
        market_lists.keep(own_server_db, KOREAN_STOCKS, market_lists.from_file("krx"))
    assert own_server_db.list_collection_names() == [KOREAN_STOCKS.collection]
