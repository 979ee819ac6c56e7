"""Of several ticker fields, the one that has tickers is read, and not the one that has the names of companies."""

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from finance_core.bars import candles
from finance_core.categories import KOREAN_STOCKS, US_STOCKS
from finance_core.foreign import adoption, inspection, row_parts
from finance_core.foreign.table_source import Source
from finance_core.storage import prices
from finance_core.storage.database import Document, MongoDatabase
from tests import pages
from tests.foreign.test_date_fields import csv, parquet, sqlite
from tests.foreign.test_import_sqlite import found

NAMES = {"005930": "삼성전자", "000660": "SK하이닉스", "035420": "NAVER"}


def documents() -> list[Document]:
    """Real histories, whose symbols are the names of companies; the name of the last one may be a US ticker."""
    tables = pages.real_tables()
    return [
        {"symbol": name, "code": ticker, "date": day, **row}
        for ticker, name in NAMES.items()
        for day, row in zip(
            pd.DatetimeIndex(tables[ticker].index).to_pydatetime().tolist(),
            tables[ticker][[*candles.PRICES, "volume"]].to_dict("records"),
            strict=True,
        )
    ]


@pytest.mark.slow
@pytest.mark.parametrize("work", [adoption.read_as_is, adoption.convert])
def test_names_of_companies_in_the_likelier_field_are_no_tickers(own_server_db: MongoDatabase, work: object) -> None:
    db = own_server_db
    db["kr"].insert_many(documents())
    db["kr"].create_index(["code", "date"])
    seen = inspection.look_at(db, "kr", KOREAN_STOCKS)
    assert seen.verdict == "readable"
    done = work(db, KOREAN_STOCKS, seen)  # type: ignore[operator]
    assert (done.state, done.bars, done.failures) == ("done", len(documents()), [])
    for ticker in NAMES:
        shown = candles.clean(prices.load(db, KOREAN_STOCKS, ticker))[0]
        expected = pages.as_published(pages.real_tables()[ticker])
        assert shown[pages.PRICES].to_numpy().tolist() == expected[pages.PRICES].to_numpy().tolist()


ISINS = {"005930": "KR7005930003", "000660": "KR7000660001", "035420": "KR7035420009"}


@pytest.mark.slow
def test_isins_beside_no_other_ticker_are_tickers(own_server_db: MongoDatabase) -> None:
    db = own_server_db
    rows = [{**row, "isin": ISINS[row["code"]]} for row in documents()]
    db["kr"].insert_many([{name: row[name] for name in row if name not in ("symbol", "code")} for row in rows])
    done = adoption.convert(db, KOREAN_STOCKS, inspection.look_at(db, "kr", KOREAN_STOCKS))
    assert (done.state, done.bars, done.failures) == ("done", len(rows), [])
    assert set(prices.tickers(db, KOREAN_STOCKS)) == {*ISINS}


@pytest.mark.parametrize(
    ("collection", "more"),
    [
        ("kr", {"code": "005930", "isin": "KR7005930003"}),
        ("kr", {"meta": {"ticker": "005930"}, "isin": "KR7005930003"}),
        ("kr_005930", {"isin": "KR7005930003"}),
        ("AAPL", {"isin": "US0378331005"}),
        ("us", {"meta": {"ticker": "AAPL"}, "isin": "US0378331005"}),
    ],
)
def test_isins_beside_a_ticker_and_those_of_other_countries_are_none(collection: str, more: Document) -> None:
    rows = [{**more, "date": row["date"], "close": row["close"]} for row in documents()[:30]]
    assert row_parts.fields_of_tickers(rows, None, collection) == []


@pytest.mark.parametrize("kind", [csv, parquet, sqlite])
def test_names_of_companies_in_the_likelier_column_are_no_tickers(
    tmp_path: Path, kind: Callable[[Path, list[Document]], Source]
) -> None:
    converted = found(kind(tmp_path, documents()))  # type: ignore[arg-type]
    assert {each.ticker: len(each.bars) for each in converted} == {
        ticker: len(pages.real_tables()[ticker]) for ticker in NAMES
    }


def test_a_field_with_tickers_is_not_left_for_one_that_may_be_a_number() -> None:
    columns = {"symbol": ["AAPL", "MSFT"], "code": ["123456", "123457"]}
    assert row_parts.field_of_tickers(columns, None) == ""
    assert row_parts.field_of_tickers(columns, US_STOCKS) == ""
