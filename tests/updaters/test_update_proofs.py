"""Whatever Yahoo answers: the stored bars, the report and the exit code, by the command and the real yfinance."""

import datetime as dt

import pytest

from finance_core.categories import KOREAN_STOCKS
from finance_core.storage import tickers
from finance_core.storage.database import MongoDatabase
from tests.updaters.commanding import BEFORE, THREE, UNKNOWN, WHOLE, Command, a_report, assert_bars, long_past
from tests.updaters.updating import bars_of, metadata
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
)
from updaters import category_update, command, rate_limit
from updaters import yahoo as product

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("impatient", "korean_shell", "short_timeout")]


ANSWERS: dict[str, tuple[list[Answer], str]] = {
    "a burst of 429": ([Status(429)] * rate_limit.ROUNDS, ""),
    "500 that passes": ([Status(500)] * 2 * (product.ATTEMPTS - 1), ""),
    "500 that stays": ([Status(500)] * 2 * product.ATTEMPTS, "Server got itself in trouble"),
    "a hang that passes": ([Hang()] * (product.ATTEMPTS - 1), ""),
    "a hang that stays": ([Hang()] * product.ATTEMPTS, "Timeout"),
    "a broken connection": ([Truncated()] * product.ATTEMPTS, "ConnectionError"),
    "JSON cut off": ([Malformed()] * product.ATTEMPTS, "JSONDecodeError"),
    "a page of HTML": ([Malformed("<html>Sorry</html>")] * product.ATTEMPTS, "JSONDecodeError"),
    "a page of Yahoo's own": (
        [Malformed("<html>Will be right back</html>")] * product.ATTEMPTS,
        "YFDataException",
    ),
    "JSON without prices": (
        [Malformed('{"chart":{"result":[{"meta":{}}],"error":null}}')] * product.ATTEMPTS,
        "KeyError",
    ),
    "no bars": ([Empty()] * product.ATTEMPTS, "하나도"),
    "no result": ([NoResult()] * product.ATTEMPTS, "하나도"),
    "an unknown symbol": ([UNKNOWN] * 2, "005930.KS 종목이 없습니다"),
}


@pytest.mark.sampled(5)
@pytest.mark.parametrize("stored", [False, True], ids=["new", "stored"])
@pytest.mark.parametrize(("answers", "reason"), ANSWERS.values(), ids=ANSWERS)
def test_an_answer_that_is_none_shows_in_the_bars_the_report_and_the_exit_code(
    db: MongoDatabase,
    yahoo: YahooStandIn,
    three: dict[str, Listing],
    updated: Command,
    answers: list[Answer],
    reason: str,
    stored: bool,
) -> None:
    whole = {ticker: listing.bars for ticker, listing in three.items()}
    if stored:
        for ticker, listing in three.items():
            listing.bars = whole[ticker].iloc[:BEFORE]
        assert updated().code == command.ALL_GOOD
        for ticker, listing in three.items():
            listing.bars = whole[ticker]
        yahoo.clear()
    before = BEFORE if stored else 0
    documents = list(db["korean_stocks"].find({"ticker": "005930"}))
    yahoo.answer_with("005930.KS", *answers)

    told = updated("--json")

    expected = a_report(added=(2 if reason else 3) * (WHOLE - before))
    if reason:
        expected |= {"failed": 1, "failures": [{"ticker": "005930", "reason": metadata(db)["last_error"]}]}
        assert reason in metadata(db)["last_error"]
    assert told.report == expected
    assert told.report["requests"] == len(yahoo.requests)
    assert (told.code, told.err) == (command.NOT_ALL_DONE if reason else command.ALL_GOOD, "")
    assert metadata(db)["last_status"] == ("failed" if reason else "ok")
    if reason:
        assert list(db["korean_stocks"].find({"ticker": "005930"})) == documents
        assert metadata(db).get("bar_count", 0) == before
    for ticker in THREE:
        count = before if reason and ticker == "005930" else WHOLE
        assert_bars(db, whole[ticker].iloc[:count], ticker)

    yahoo.answer_with("005930.KS", *answers)
    again = updated()

    assert again.code == told.code
    assert again.out.splitlines() == [
        f"한국 주식: 3/3종목, 봉 0개 추가, 0개 교체, 0개 삭제, 실패 {1 if reason else 0}종목",
        long_past(3),
        *([f"  005930: {metadata(db)['last_error']}"] if reason else []),
    ]

    yahoo.clear()
    assert updated("--json").report == a_report(added=WHOLE - before if reason else 0)
    assert_bars(db, whole["005930"])
    assert metadata(db)["last_status"] == "ok"
    assert "last_error" not in metadata(db)


def test_429_for_good_leaves_the_rest_undone_but_not_failed_and_the_next_run_begins_with_it(
    db: MongoDatabase, yahoo: YahooStandIn, three: dict[str, Listing], updated: Command
) -> None:
    updated("--tickers", "000660")
    yahoo.answer_with("*", AsUsual(), *[Status(429)] * 20)
    refusal = "Yahoo가 요청을 계속 거절해 여기서 멈췄습니다. 한동안 기다린 뒤 다시 실행하십시오."

    told = updated("--json", "--workers", "1")

    assert told.report == a_report(state="partial", done=1, added=WHOLE, reason=refusal)
    assert (told.code, told.err) == (command.NOT_ALL_DONE, "")
    assert_bars(db, three["005930"].bars)
    assert bars_of(db, "035720").empty
    assert not {"last_status", "last_error", "updated_at"} & set(metadata(db, "035720"))
    assert "last_error" not in metadata(db, "000660")

    yahoo.clear()
    yahoo.outage = Status(429)
    again = updated("--workers", "1")
    assert again.code == command.NOT_ALL_DONE
    assert again.out.splitlines() == [
        "한국 주식: 0/3종목, 봉 0개 추가, 0개 교체, 0개 삭제, 실패 0종목",
        long_past(3),
        refusal,
    ]

    yahoo.clear()
    continued = updated("--json", "--workers", "1")
    assert (continued.report, continued.code) == (a_report(added=WHOLE), command.ALL_GOOD)
    asked = [request.symbol for request in yahoo.requests if request.symbol]
    assert asked == ["035720.KS", "000660.KS", "005930.KS"]
    assert_bars(db, three["035720"].bars, "035720")


def test_a_symbol_unknown_on_three_days_is_reported_as_delisted_and_keeps_its_bars(
    db: MongoDatabase, yahoo: YahooStandIn, three: dict[str, Listing], updated: Command
) -> None:
    updated()
    listing = yahoo.listings.pop("005930.KS")
    for _ in range(category_update.DELISTED_AFTER):
        told = updated("--json")
        assert told.report == a_report({"005930": "Yahoo에 005930.KS 종목이 없습니다."})
        assert told.code == command.NOT_ALL_DONE
        yesterday = {"updated_at": metadata(db)["updated_at"] - dt.timedelta(days=1)}
        tickers.record(db, KOREAN_STOCKS, "005930", yesterday)
    assert metadata(db)["last_status"] == "delisted"

    told = updated("--json")

    assert (told.report, told.code) == (a_report(delisted=1), command.ALL_GOOD)
    assert_bars(db, listing.bars)
    text = updated()
    assert text.code == command.ALL_GOOD
    assert "상장폐지된 듯한 종목 1개" in text.out
