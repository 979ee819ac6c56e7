"""What names, titles and fields beside a bar say of its values."""

from decimal import Decimal
from typing import Any

import numpy as np
import pytest

from finance_core.errors import SisepanError
from finance_core.foreign import bare_closes, field_names, layout, qualifiers, raw_tickers
from finance_core.foreign.shapes import Rows
from finance_core.storage.locations import Location
from tests.foreign.other_programs import KOREAN, flat

TICKERS = ["005930.KS", "AAPL", "MSFT"]


@pytest.mark.parametrize(
    "name",
    [
        *("close", "closes_2024", "Close Prices", "closePrices", "stockPrices", "kr_close_v2", "prices_final", "eod"),
        *(
            "종가",
            "종가데이터",
            "일별종가",
            "수정종가",
            "2024년_종가",
            "국내 종가",
            "주가",
        ),
        *("krx_stock_eod", "sp500_close", "exchange_rates", "fx_rates", "AAPL", "AAPL_MSFT", "005930.KS", "my_stocks"),
    ],
)
def test_names_of_files_and_collections_with_closes(name: str) -> None:
    tickers = {part for ticker in TICKERS for part in ticker.split(".")}
    assert bare_closes.in_source(name, tickers)


@pytest.mark.parametrize(
    "name",
    [
        *("volume", "market_cap", "marketCap", "PER", "returns", "target_price", "prev_close", "portfolio", "weights"),
        *("log_close", "close_usd", "close_std", "nxt_close", "predicted_close", "close_shift1", "sp500_close_volume"),
        *("종가대비", "종가_이동평균20", "종가_천원", "시간외종가", "종가순위", "전날종가", "종가_52주고가"),
        *("거래량", "시가총액", "외국인보유", "목표주가", "전일종가", "거래대금", "공매도잔고", "kr_per", "dividends"),
    ],
)
def test_names_of_files_and_collections_that_tell_no_closes(name: str) -> None:
    assert not bare_closes.in_source(name, {"005930"})
    assert not bare_closes.in_field(name)


@pytest.mark.parametrize("field", ["VIX", "MA", "USDKRW", "KOSPI"])
def test_a_number_beside_a_close_in_a_field_that_looks_like_a_ticker_hides_no_bars(field: str) -> None:
    rows = [row | {field: 13.5} for row in flat(KOREAN)]
    recognised = layout.recognise(rows, None, "kr_daily_ta")
    assert recognised
    assert recognised.is_ours


def test_weights_in_a_portfolio_are_no_closes() -> None:
    weights = [{"date": row["date"], "portfolio": {"005930": 0.3, "000660": 0.7}} for row in flat(KOREAN)[:20]]
    assert layout.recognise(weights, None, "krx") is None


@pytest.mark.parametrize(
    ("field", "told", "counts"),
    [
        (
            "deleted",
            [False, None, 0, 0.0, "", "N", "false", float("nan"), "아니오", "정상", "미삭제", "-", "null"],
            True,
        ),
        ("deleted", [True, 1, 1.0, "Y", "true", "2024-01-05", "삭제"], False),
        ("valid", [True, None, 1, "Y", "", "true", np.nan, "유효", "-"], True),
        ("deleted", ["2024-01-05T00:00:00"], False),
        ("status", ["ok", "정상", "거래정지", None, "final"], True),
        ("status", ["deleted", "취소", "Cancelled"], False),
        ("valid", [False, 0, "N", "false", "무효", "invalid", "미사용", "취소"], False),
    ],
)
def test_what_flags_say(field: str, told: list[Any], counts: bool) -> None:
    field = field_names.QUALIFIERS[field][0]
    rows = Rows({"ticker": ["A"] * len(told), "date": [None] * len(told), field: told}, range(len(told)), told)
    assert qualifiers.in_force(rows).tolist() == [counts] * len(told)


@pytest.mark.parametrize(
    "unit",
    [
        "원",
        "KRW",
        "원/주",
        "원(KRW)",
        "주당 원",
        "1주",
        "1원",
        "1 원/1주",
        "1d",
        "-",
        "N/A",
        "1.00",
        Decimal("1.00"),
        1,
        "일",
    ],
)
def test_units_of_one_won_are_plain(unit: Any) -> None:
    qualifiers.require_plain([str(unit)], "KRW")


@pytest.mark.parametrize(
    ("written", "name"),
    [
        *(
            ("가격 단위", "가격단위"),
            ("거래량_단위", "거래량단위"),
            ("Price-Unit", "priceunit"),
            ("priceUnit", "priceunit"),
        ),
        *(("삭제 여부", "삭제여부"), ("is_deleted", "isdeleted"), ("DEL_YN", "delyn"), ("유효_여부", "유효여부")),
    ],
)
def test_names_of_qualifying_fields_are_known_however_their_words_are_joined(written: str, name: str) -> None:
    assert field_names.of_bars(("close", written))[name] == written
    assert Location("kr", without=["is_deleted", *field_names.QUALIFYING]).conflict({"close": 1, written: 1}) == written


@pytest.mark.parametrize("name", ["__v", "_t", "c_lose", "volumes"])
def test_other_names_are_not(name: str) -> None:
    assert field_names.of_bars((name,)) == {}


@pytest.mark.parametrize(
    "unit",
    ["천원", "백만원", "100", 100, "천주", "thousand", "USD", "cents", "KRW 2", "100엔", "1000원", "1,000원", "1.5"],
)
def test_other_units_are_not(unit: Any) -> None:
    with pytest.raises(SisepanError):
        qualifiers.require_plain([str(unit)], "KRW")


@pytest.mark.parametrize(
    ("title", "units"),
    [
        ("단위: 원  조회일자: 20240105", ["원"]),
        ("일 단위 시세 100 종목", []),
        ("일단위, 005930", []),
        ("단위(천원)", ["천원"]),
        ("단위: 100", ["100"]),
        ("단위: 100엔", ["100엔"]),
        ("Unit: cents", ["cents"]),
        ("(단위: 원, 주, 백만원)", ["원", "주"]),
        ("(단위: 백만원)", ["백만원"]),
        ("삼성전자 일별 시세 (천원)", ["천원"]),
        ("삼성전자 (천원, 주)", ["천원", "주"]),
        ("[단위：천원]", ["천원"]),
        ("단위: 원(주가), 천주(거래량)", ["원", "천주"]),
        ("Prices in thousands of won", ["thousands", "won"]),
        ("통화: USD", ["USD"]),
        ("Currency in USD", ["USD"]),
        ("삼성전자 (005930)", []),
        ("삼성전자(보통주)", []),
        ("삼성전자,,,,", []),
    ],
)
def test_units_in_titles(title: str, units: list[str]) -> None:
    assert qualifiers.in_titles([title]) == units


@pytest.mark.parametrize(
    "below", [["", "천원", "%"], ["일", "천원", "주"], ["YYYYMMDD", "(천원)", "-"], ["", "천원", "배"]]
)
def test_a_line_of_units_may_have_other_words_below_other_columns(below: list[str]) -> None:
    assert "종가(천원)" in (qualifiers.with_units(["일자", "종가", "다른 것"], below) or [])


@pytest.mark.parametrize("below", [["2024-01-02", "79600", "5"], ["", "", ""], ["", "1,000", "3"], ["", "종가", "주"]])
def test_other_lines_are_none_of_units(below: list[str]) -> None:
    assert qualifiers.with_units(["일자", "종가", "다른 것"], below) is None


@pytest.mark.parametrize(
    ("name", "ticker"),
    [("AAPL_usd_20240102", "AAPL"), ("005930_usd", ""), ("kr_005930", "005930"), ("005930_시간외단일가", "")],
)
def test_a_collection_of_other_prices_names_no_korean_ticker(name: str, ticker: str) -> None:
    assert raw_tickers.written_in(name, None) == ticker
