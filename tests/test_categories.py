"""The categories as data: what they promise to those who read them."""

import re

import pytest

from finance_core import categories, starter
from finance_core.bars import indicators, sessions
from finance_core.categories import CATEGORIES, CURRENCIES, INDICES, KOREAN_STOCKS, US_STOCKS, Category
from updaters import yahoo


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        ("005930", True),
        ("00593K", True),  # a preferred share
        ("0005930", False),
        ("5930", False),
        ("", False),
        ("00593k", False),
        ("005930\n", False),
        (" 005930", False),
        ("005930.KS", False),
        ("삼성전자우선", False),
        ("００５９３０", False),
    ],
)
def test_a_korean_ticker_is_six_digits_and_capitals_and_nothing_else(text: str, is_one: bool) -> None:
    assert KOREAN_STOCKS.is_ticker(text) == is_one


@pytest.mark.parametrize(
    ("category", "text", "ticker"),
    [
        *((KOREAN_STOCKS, text, "005930") for text in ("KR7005930003", "KRX:005930", "KOSPI:005930", "kosdaq:005930")),
        *((KOREAN_STOCKS, text, "005930") for text in ("'005930", '="005930"', "'5930'", " 005930 KS", "005930 KQ")),
        *((KOREAN_STOCKS, text, "005930") for text in ("005930 KS Equity", "A005930", "005930.KS", '="A005930"')),
        *((US_STOCKS, text, "AAPL") for text in ("NASDAQ:AAPL", "AAPL.US", "aapl.us", "AAPL US", "AAPL US Equity")),
        *((US_STOCKS, text, "AAPL") for text in ("'AAPL", '="AAPL"')),
        (US_STOCKS, "NYSE:BRK.B", "BRK.B"),
        (US_STOCKS, "BRK-B.US", "BRK-B"),
        (CURRENCIES, '="USD/KRW"', "USDKRW"),
    ],
)
def test_a_ticker_is_known_however_other_programs_write_it(category: Category, text: str, ticker: str) -> None:
    assert category.ticker_of(text) == ticker


@pytest.mark.parametrize(
    ("category", "text"),
    [
        (KOREAN_STOCKS, "KR7005931001"),  # 005935: an ISIN of a preferred share does not have its ticker
        *(
            (KOREAN_STOCKS, text)
            for text in ("KR4005930003", "KR70059300033", "NASDAQ:005930", "NYSE:AAPL", "005930 JP")
        ),
        *((KOREAN_STOCKS, text) for text in ("'", '=""', "=005930+1", "'005930\"")),
        *((US_STOCKS, text) for text in ("KRX:AAPL", "TSE:7203", "AAPL LN", "AAPL US Bond", "US0378331005")),
        (INDICES, "NASDAQ:IXIC"),
    ],
)
def test_what_only_looks_like_a_ticker_of_another_program_is_none(category: Category, text: str) -> None:
    assert not category.is_ticker(category.ticker_of(text))


def test_a_market_is_found_by_its_key_and_the_first_one_stands_in_for_any_other() -> None:
    assert KOREAN_STOCKS.market("KOSDAQ").yahoo_suffix == ".KQ"
    for key in ("KOSPI", "", "NYSE", "kosdaq"):
        assert KOREAN_STOCKS.market(key).key == "KOSPI"


def test_a_category_is_found_by_its_key() -> None:
    assert categories.category("korean_stocks") is KOREAN_STOCKS
    with pytest.raises(KeyError):
        categories.category("crypto")


def test_no_two_categories_share_a_key_a_collection_or_an_update_command() -> None:
    for field in ("key", "collection", "update_command"):
        values = [getattr(category, field) for category in CATEGORIES]
        assert len(set(values)) == len(values)


@pytest.mark.parametrize("category", CATEGORIES, ids=lambda category: category.key)
def test_every_category_is_complete(category: Category) -> None:
    assert re.fullmatch(r"[a-z_]+", category.key)
    assert category.markets
    assert len({market.key for market in category.markets}) == len(category.markets)
    assert all(sessions.timezone(market.calendar) for market in category.markets)
    assert category.is_ticker(category.default_ticker)
    assert set(category.default_averages) <= set(category.averages)
    assert {average.kind for average in category.averages} <= set(indicators.INDICATORS)
    assert all(category.is_ticker(ticker) for ticker in category.headlines)
    for decimals in filter(None, (category.decimals, category.adjusted_decimals)):
        assert [least for least, _ in decimals] == sorted((least for least, _ in decimals), reverse=True)
        assert decimals[-1][0] == 0


@pytest.mark.parametrize(
    ("category", "named", "currency"),
    [
        (KOREAN_STOCKS, None, "KRW"),
        (KOREAN_STOCKS, "", "KRW"),
        (KOREAN_STOCKS, "USD", "USD"),
        (INDICES, "KRW", ""),  # Yahoo names one, and yet it is points
        (CURRENCIES, "KRW", ""),
    ],
)
def test_prices_are_money_of_stocks_alone(category: Category, named: str | None, currency: str) -> None:
    assert category.currency_of(named) == currency


@pytest.mark.parametrize(
    ("category", "price", "decimals"),
    [
        (KOREAN_STOCKS, 70_300, 0),
        (KOREAN_STOCKS, 100, 0),
        (KOREAN_STOCKS, 34.4, 1),
        (KOREAN_STOCKS, 8.4, 2),
        (categories.US_STOCKS, 0.5, 4),
        (categories.US_STOCKS, 300, 2),
        (categories.INDICES, 4_500, 2),
        (categories.CURRENCIES, 1_380, 2),
        (categories.CURRENCIES, 9.4, 4),
        (categories.CURRENCIES, 43.2, 3),
        (categories.CURRENCIES, 1.08, 4),
    ],
)
def test_a_price_has_the_decimals_of_its_category_and_size(category: Category, price: float, decimals: int) -> None:
    assert category.decimals_of(price) == decimals


@pytest.mark.parametrize("category", CATEGORIES, ids=lambda category: category.key)
def test_every_starter_has_the_shape_a_name_and_a_market_of_its_category(category: Category) -> None:
    rows = starter.rows(category)
    assert len({row["ticker"] for row in rows}) == len(rows) >= {"currencies": 15, "indices": 25}.get(category.key, 40)
    for row in rows:
        assert category.is_ticker(row["ticker"]), row
        assert row["market"] in {market.key for market in category.markets}, row
        assert row["name"].strip()


@pytest.mark.parametrize(
    ("category", "ticker", "market", "symbol"),
    [
        (categories.US_STOCKS, "BRK-B", "NYSE", "BRK-B"),
        (categories.INDICES, "^KS11", "KOSPI", "^KS11"),
        (categories.INDICES, "000001.SS", "SSE", "000001.SS"),
        (categories.CURRENCIES, "USDKRW", "FX", "USDKRW=X"),
        (categories.CURRENCIES, "DX-Y", "ICE", "DX-Y.NYB"),
    ],
)
def test_a_ticker_becomes_the_yahoo_symbol_of_its_market(
    category: Category, ticker: str, market: str, symbol: str
) -> None:
    assert yahoo.symbol(ticker, category.market(market)) == symbol


def test_a_market_may_have_an_index_of_its_own() -> None:
    assert [KOREAN_STOCKS.index_of(market) for market in ("", "KOSPI", "KOSDAQ")] == ["^KS11", "^KS11", "^KQ11"]
    assert {row["ticker"] for row in starter.rows(INDICES)} >= {
        market.index for category in CATEGORIES for market in category.markets if market.index
    }
