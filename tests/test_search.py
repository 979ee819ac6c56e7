"""Finding tickers as one types."""

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from finance_core.search import LIMIT, Index, pattern

ROWS = [
    {"ticker": "005930", "name": "삼성전자"},
    {"ticker": "005935", "name": "삼성전자우"},
    {"ticker": "009150", "name": "삼성전기"},
    {"ticker": "000660", "name": "SK하이닉스"},
    {"ticker": "034730", "name": "SK"},
    {"ticker": "00088K", "name": "한화3우B"},
    {"ticker": "0126Z0", "name": "에피스"},
    {"ticker": "AAPL", "name": "애플", "name_en": "Apple"},
    {"ticker": "A", "name": "애질런트", "name_en": "Agilent"},
    {"ticker": "^GSPC", "name": "S&P 500", "name_en": "S&P 500"},
    {"ticker": "005380", "name": "현대자동차", "aliases": ("현대차",)},
    {"ticker": "001500", "name": "현대차증권"},
    {"ticker": "035420", "name": "NAVER", "aliases": ("네이버",)},
    {"ticker": "352820", "name": "하이브"},
    {"ticker": "USDKRW", "name": "달러/원"},
]
INDEX = Index(ROWS)


@pytest.mark.parametrize(
    ("query", "first"),
    [
        ("005930", "005930"),
        ("00088k", "00088K"),
        ("삼성전자", "005930"),
        ("ㅅㅅㅈㅈ", "005930"),
        ("ㅅㅅㅈㄱ", "009150"),
        ("skㅎㅇ", "000660"),
        ("하이닉스", "000660"),
        ("  s k 하이 ", "000660"),
        ("ＡＡＰＬ", "AAPL"),
        ("apple", "AAPL"),
        ("애플", "AAPL"),
        ("a", "A"),
        ("gspc", "^GSPC"),
        ("s&p500", "^GSPC"),
        ("삼성전ㅈ", "005930"),
        ("하이니", "000660"),
        ("하이브", "352820"),
        ("네이버", "035420"),
        ("현대차", "005380"),
        ("현대차증", "001500"),
        ("ㄴㅇㅂ", "035420"),
        ("A005930", "005930"),
        ("a00088k", "00088K"),
        ("A0126Z0", "0126Z0"),
        ("005930.KS", "005930"),
        ("005930 KS Equity", "005930"),
        ("KRX:005930", "005930"),
        ("KR7005930003", "005930"),
        ("달러원", "USDKRW"),
        ("usd/krw", "USDKRW"),
        ("ㄷㄹㅇ", "USDKRW"),
    ],
)
def test_the_ticker_meant_comes_first(query: str, first: str) -> None:
    assert INDEX.search(query)[0] == first


def test_better_kinds_of_match_come_first_and_ties_are_by_name() -> None:
    assert Index(
        [
            {"ticker": "B1", "name": "a-b"},  # part of a name
            {"ticker": "B2", "name": "B나라"},  # prefix of a name
            {"ticker": "B", "name": "z"},  # the ticker itself
            {"ticker": "BB", "name": "y"},  # prefix of a ticker, by name: B1 "a-b", B2 "B나라", BB "y"
            {"ticker": "X", "name": "가b"},  # part of a name
        ]
    ).search("b") == ["B", "B2", "B1", "BB", "X"]
    assert INDEX.search("삼성") == ["009150", "005930", "005935"]


@pytest.mark.parametrize(
    "query", ["", "   ", "/", ".*", "(", "[", "\\", "🚀", "가" * 10_000, "<script>", "$where", "\x00"]
)
def test_what_matches_nothing_is_no_error(query: str) -> None:
    assert INDEX.search(query) == []


def test_at_most_so_many_are_suggested() -> None:
    assert len(Index({"ticker": f"{n:06}", "name": "같은 이름"} for n in range(100)).search("같은")) == LIMIT


@pytest.mark.parametrize(
    ("query", "tickers"),
    [
        ("ㅅㅅ", {"005930", "005935", "009150"}),
        ("삼성전ㅈ", {"005930", "005935"}),
        ("삼서", {"005930", "005935", "009150"}),
        ("s k하", {"000660"}),
        ("ㅎㅇㄴㅅ", {"000660"}),
        ("ㅎㄷㅊ", {"001500"}),
        ("S&P", {"^GSPC"}),
        (".*", set()),
        ("/", set()),
        ("달러원", {"USDKRW"}),
        ("ㄹ/ㅇ", {"USDKRW"}),
        ("ＳＫ", {"000660", "034730"}),
    ],
)
def test_the_pattern_of_a_text_finds_what_the_index_does_in_names(query: str, tickers: set[str]) -> None:
    assert {row["ticker"] for row in ROWS if re.search(pattern(query), str(row["name"]), re.IGNORECASE)} == tickers


@given(st.sampled_from(ROWS), st.integers(1, 10))
def test_the_pattern_of_every_beginning_of_a_name_finds_it(row: dict[str, Any], length: int) -> None:
    assert re.search(pattern(row["name"][:length]), row["name"], re.IGNORECASE)


@given(st.text(max_size=50))
def test_the_pattern_of_any_text_is_one(query: str) -> None:
    re.compile(pattern(query))


@given(st.text())
def test_any_text_can_be_searched_for(query: str) -> None:
    assert set(INDEX.search(query)) <= {row["ticker"] for row in ROWS}


@given(st.sampled_from(ROWS), st.integers(1, 10))
def test_every_beginning_of_a_name_finds_it(row: dict[str, Any], length: int) -> None:
    assert row["ticker"] in INDEX.search(row["name"][:length])


def test_among_equally_good_matches_the_order_of_the_rows_decides_before_the_name() -> None:
    rows = [{"ticker": "A", "name": "삼성E&A", "order": 2}, {"ticker": "B", "name": "삼성전자", "order": 0}]
    assert Index(rows).search("삼성") == ["B", "A"]
    assert Index(rows).search("삼성E&A") == ["A"]
