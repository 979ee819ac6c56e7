"""Which category the tickers of a collection are of, and what it lacks: by the command, on a real server."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from finance_core import categories, console, log
from finance_core.foreign import adopt_command
from finance_core.foreign.raw_tickers import kind_of, market_of
from finance_core.storage import prices, tickers
from finance_core.storage.database import MongoDatabase
from tests.foreign.other_programs import AMERICAN, KOREAN, Document, Tables, flat, midnight, rows

pytestmark = pytest.mark.slow

SAMSUNG: Tables = {"005930": KOREAN["005930"]}
APPLE: Tables = {"AAPL": AMERICAN["AAPL"]}


@pytest.fixture(autouse=True)
def english(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "en_US.UTF-8")
    monkeypatch.setattr(log, "to_file", lambda _name: None)  # which is for a process of its own


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str]:
    """Exit code, and everything that the command printed."""
    capsys.readouterr()
    code = adopt_command.main([*arguments])
    return code, "".join(capsys.readouterr())


def stored(db: MongoDatabase) -> dict[str, dict[str, int]]:
    """For each category the tickers with bars, and how many bars they have."""
    counts = {
        row.key: {ticker: len(prices.load(db, row, ticker)) for ticker in prices.tickers(db, row)}
        for row in categories.CATEGORIES
    }
    return {key: of for key, of in counts.items() if of}


def saying(documents: list[Document], **words: str) -> list[Document]:
    return [{**document, **words} for document in documents]


def commands(printed: str) -> list[list[str]]:
    """The commands that the look at a database names."""
    return [line.split("finance_core.adopt ")[1].split() for line in printed.splitlines() if "→" in line]


@pytest.mark.parametrize(
    "documents",
    [
        [*flat(SAMSUNG), *flat(APPLE)],
        [*saying(flat(SAMSUNG), type="stock"), *saying(flat(APPLE), type="stock")],
        [*saying(flat(SAMSUNG), market="KOSPI"), *saying(flat(APPLE), market="NASDAQ")],
        [*saying(flat(SAMSUNG), asset="국내주식"), *saying(flat(APPLE), asset="미국주식")],
    ],
    ids=["no field", "type", "market", "asset"],
)
def test_the_command_that_is_named_brings_each_ticker_into_its_category(
    own_server_db: MongoDatabase, capsys: pytest.CaptureFixture[str], documents: list[Document]
) -> None:
    own_server_db["prices"].insert_many([*documents, {"date": documents[0]["date"], "close": 5.0}])
    (command,) = commands(run(capsys)[1])
    assert command == ["--convert", "prices"]
    code, printed = run(capsys, *command, "--yes")
    assert code == console.ALL_GOOD
    assert printed.count("1 row refused") == 1
    days = {"korean_stocks": {"005930": len(SAMSUNG["005930"])}, "us_stocks": {"AAPL": len(APPLE["AAPL"])}}
    assert stored(own_server_db) == days


def test_a_field_with_the_category_decides_where_the_form_of_a_ticker_does_not(
    own_server_db: MongoDatabase, capsys: pytest.CaptureFixture[str]
) -> None:
    index = saying(flat({"VKOSPI": KOREAN["000660"]}), type="index")
    own_server_db["prices"].insert_many([*saying(flat(SAMSUNG), type="stock"), *index])
    assert run(capsys, "--convert", "prices", "--yes")[0] == console.ALL_GOOD
    assert {key: list(of) for key, of in stored(own_server_db).items()} == {
        "korean_stocks": ["005930"],
        "indices": ["VKOSPI"],
    }


def test_what_nothing_tells_is_asked_with_the_counts(
    own_server_db: MongoDatabase, capsys: pytest.CaptureFixture[str]
) -> None:
    coins = saying(flat({"BTC": KOREAN["000660"]}), type="crypto")
    own_server_db["prices"].insert_many([*saying(flat(SAMSUNG), type="stock"), *coins])
    code, printed = run(capsys, "--convert", "prices", "--yes")
    assert code == console.WRONG_USE
    assert "korean_stocks 1" in printed
    assert "? 1" in printed
    assert stored(own_server_db) == {}


@pytest.mark.parametrize("category", ["indices", "us_stocks", "korean_stocks"])
def test_a_category_takes_its_own_tickers_alone(
    own_server_db: MongoDatabase, capsys: pytest.CaptureFixture[str], category: str
) -> None:
    own_server_db["prices"].insert_many(
        [*flat(SAMSUNG), *flat({"^KS11": KOREAN["000660"]}), *saying(flat(APPLE), type="us_stock")]
    )
    code, printed = run(capsys, "--convert", "prices", "--category", category, "--yes", "--json")
    assert code == console.ALL_GOOD
    assert list(map(list, stored(own_server_db).values())) == [
        {"indices": ["^KS11"], "us_stocks": ["AAPL"], "korean_stocks": ["005930"]}[category]
    ]
    (result,) = [json.loads(line) for line in printed.splitlines() if line.startswith("{")]
    assert result["refused"] == sum(map(len, (APPLE["AAPL"], SAMSUNG["005930"], KOREAN["000660"]))) - result["bars"]


@pytest.mark.parametrize("words", [{}, {"ticker": "KOSDAQ"}, {"ticker": "^KQ11"}, {"ticker": "KQ11", "type": "index"}])
def test_the_index_in_a_collection_called_kosdaq_is_no_stock(
    own_server_db: MongoDatabase, capsys: pytest.CaptureFixture[str], words: Mapping[str, str]
) -> None:
    documents = [{key: row[key] for key in row if key != "ticker"} for row in flat(SAMSUNG)]
    own_server_db["kosdaq"].insert_many(saying(documents, **words))
    *_ways, command = commands(run(capsys)[1])
    assert "korean_stocks" not in command
    assert run(capsys, *command, "--yes")[0] == console.ALL_GOOD
    assert list(stored(own_server_db)) == ["indices"]


def test_tickers_of_a_day_are_no_days_of_1970(own_server_db: MongoDatabase, capsys: pytest.CaptureFixture[str]) -> None:
    own_server_db["prices"].insert_many(
        [{"date": midnight(day), "prices": {"018000": values}} for _ticker, day, values in rows(SAMSUNG)]
    )
    assert run(capsys, "--convert", "prices", "--category", "korean_stocks", "--yes")[0] == console.ALL_GOOD
    bars = prices.load(own_server_db, categories.KOREAN_STOCKS, "018000")
    assert list(bars.index) == list(SAMSUNG["005930"].index)


def test_our_own_layout_without_a_list_names_the_command_that_makes_it(
    own_server_db: MongoDatabase, capsys: pytest.CaptureFixture[str]
) -> None:
    own_server_db["korean_stocks"].insert_many(flat(SAMSUNG))
    (command,) = commands(run(capsys)[1])
    assert command == ["--read", "korean_stocks"]
    assert run(capsys, *command, "--yes")[0] == console.ALL_GOOD
    assert [row["ticker"] for row in tickers.active(own_server_db, categories.KOREAN_STOCKS)] == ["005930"]
    assert commands(run(capsys)[1]) == []


@pytest.mark.parametrize(
    ("document", "missing"),
    [
        ({"ticker": "005930", "close": 1.0}, "field of dates found in: ticker, close"),
        ({"ticker": "005930", "date": "2024-01-02", "amount": 5}, "field of closes found in: ticker, date, amount"),
        ({"when": "2024-01-02", "paid": 5}, "field of dates found in: when, paid"),
        ({"TIME": "20240102", "DATA_VALUE": "1,300.5"}, "field of closes found in: TIME, DATA_VALUE"),
        ({"cur_unit": "USD", "deal_bas_r": "1,300.5"}, "field of dates found in: cur_unit, deal_bas_r"),
        (
            {
                "ticker": "005930",
                "daily": [{"date": "2024-01-02", "close": 1}],
                "weekly": [{"date": "2024-01-02", "close": 2}],
            },
            "belongs to which day in: ",
        ),
        (
            {"symbol": "A", "candles": [["2024-01-02", 5.0, 1.0, 2.0, 6.0, 1]]},
            "field of dates found in: symbol, candles",
        ),
    ],
)
def test_what_cannot_be_read_is_told_by_what_is_missing(
    own_server_db: MongoDatabase, capsys: pytest.CaptureFixture[str], document: Document, missing: str
) -> None:
    own_server_db["data"].insert_one(document)
    for arguments in ([], ["--convert", "data", "--category", "korean_stocks", "--yes"]):
        code, printed = run(capsys, *arguments)
        assert missing in printed
        assert code == (console.WRONG_USE if arguments else console.ALL_GOOD)


def test_a_rate_without_a_pair_is_told_by_what_is_missing(
    own_server_db: MongoDatabase, capsys: pytest.CaptureFixture[str]
) -> None:
    days = [f"2024.01.{day:02}" for day in (2, 3, 4, 5)]
    own_server_db["환율"].insert_many([{"통화": "USD", "날짜": day, "매매기준율": "1,300.5"} for day in days])
    assert "field of tickers found in: 통화, 날짜, 매매기준율" in run(capsys)[1]
    own_server_db["환율"].update_many({}, {"$set": {"통화쌍": "USDKRW"}})
    assert run(capsys, "--convert", "환율", "--category", "currencies", "--yes")[0] == console.ALL_GOOD
    assert prices.load(own_server_db, categories.CURRENCIES, "USDKRW")["close"].tolist() == [1300.5] * 4


@pytest.mark.parametrize(
    ("name", "is_told"),
    [
        ("pykrx_20240102", True),
        ("kr-2024-01-02", True),
        ("시세_2024.01.02", True),
        ("kr_v20", False),
        ("k1234567", False),
    ],
)
def test_a_collection_a_day_is_told_what_to_do(
    own_server_db: MongoDatabase, capsys: pytest.CaptureFixture[str], name: str, is_told: bool
) -> None:
    own_server_db[name].insert_many([{"티커": "005930", "시가": 1, "고가": 3, "저가": 1, "종가": 2} for _ in range(3)])
    for arguments in ([], ["--convert", name, "--category", "korean_stocks", "--yes"]):
        printed = run(capsys, *arguments)[1]
        assert ("Put that date into a field" in printed) is is_told
        assert ("found in: 티커, 시가" in printed) is not is_told


@pytest.mark.parametrize("shape", ["flat", "list"])
def test_names_in_documents_of_prices_are_used_for_the_list(
    own_server_db: MongoDatabase, capsys: pytest.CaptureFixture[str], shape: str
) -> None:
    flat_rows: list[dict[str, Any]] = saying(flat({"123450": KOREAN["005930"]}), 종목명="어느 회사", market="KOSDAQ")
    whole = [{"ticker": "123450", "종목명": "어느 회사", "market": "KOSDAQ", "days": flat(SAMSUNG)}]
    for document in whole[0]["days"]:
        del document["ticker"]
    own_server_db["korea_daily"].insert_many(flat_rows if shape == "flat" else whole)
    assert run(capsys, "--convert", "korea_daily", "--category", "korean_stocks", "--yes")[0] == console.ALL_GOOD
    (row,) = tickers.active(own_server_db, categories.KOREAN_STOCKS)
    assert (row["ticker"], row["name"], row["market"]) == ("123450", "어느 회사", "KOSDAQ")


def test_names_in_documents_that_are_read_as_they_are_are_used_for_the_list(
    own_server_db: MongoDatabase, capsys: pytest.CaptureFixture[str]
) -> None:
    own_server_db["us_stocks"].insert_many(saying(flat({"ZZZZ": AMERICAN["AAPL"]}), name="Some company", market="NYSE"))
    assert run(capsys, "--read", "us_stocks", "--yes")[0] == console.ALL_GOOD
    (row,) = tickers.active(own_server_db, categories.US_STOCKS)
    assert (row["ticker"], row["name"], row["market"]) == ("ZZZZ", "Some company", "NYSE")


@pytest.mark.parametrize(
    ("raw", "words", "category"),
    [
        ("005930", [], "korean_stocks"),
        (5930, [], "korean_stocks"),
        ("A005930", ["STK"], "korean_stocks"),
        ("0001A0", [], "korean_stocks"),
        ("AAPL", ["stock", "NASDAQ"], "us_stocks"),
        ("^KS11", ["KOSPI"], "indices"),
        ("KRW=X", [], "currencies"),
        ("EURUSD", [], "currencies"),
        *(
            (text, [], "korean_stocks")
            for text in ("KR7005930003", "KOSPI:005930", "'005930", '="005930"', "005930 KS")
        ),
        *((text, [], "us_stocks") for text in ("NASDAQ:AAPL", "AAPL.US", "AAPL US Equity", "'AAPL")),
        *((text, [], "") for text in ("NASDAQ:IXIC", "KRX:KOSPI", "KR7005931001", "XETR:SAP", "AAPL LN")),
        ("DXY", ["fx"], "currencies"),
        ("7203", ["TSE"], ""),
        ("7203.T", [], ""),
        ("GOOGLE", [], ""),
        ("005930", ["us_stock"], ""),
        ("BTC", ["crypto"], ""),
        ("069500", ["fund"], "korean_stocks"),
        ("SPY", ["펀드"], "us_stocks"),
    ],
)
def test_the_category_of_a_ticker_is_told_by_its_form_and_by_words(
    raw: object, words: list[str], category: str
) -> None:
    assert kind_of(raw, words) == category


@pytest.mark.parametrize(
    ("raw", "market"),
    [
        *(("035720.KQ", "KOSDAQ"), ("KOSDAQ:035720", "KOSDAQ"), ("035720 KQ Equity", "KOSDAQ"), ("035720 KS", "KOSPI")),
        *(("KRX:035720", ""), ("035720", ""), (35720, "")),
    ],
)
def test_the_market_of_a_ticker_is_told_by_what_is_written_beside_it(raw: object, market: str) -> None:
    assert market_of(categories.KOREAN_STOCKS, [raw]) == market
