"""What a sample of documents shows of their layout."""

import datetime as dt
import math
from typing import Any

import numpy as np
import pandas as pd
import pytest
from bson import ObjectId, Regex

from finance_core.categories import KOREAN_STOCKS, US_STOCKS
from finance_core.foreign import field_names, raw_tickers, shapes
from finance_core.foreign.layout import Layout, missing, recognise
from finance_core.storage.database import Document
from tests.foreign import generated
from tests.foreign.generated import KOREAN_TICKERS, Style


@pytest.fixture(scope="module")
def tables() -> dict[str, pd.DataFrame]:
    return generated.tables(KOREAN_STOCKS, KOREAN_TICKERS)


def layout_of(tables: dict[str, pd.DataFrame], *styles: Style) -> Layout:
    documents: list[Document] = []
    for style in styles:
        documents += generated.lay_out(tables, style, KOREAN_STOCKS, KOREAN_TICKERS).documents
    layout = recognise(documents, KOREAN_STOCKS)
    assert layout is not None
    return layout


def can_be_read(style: Style) -> bool:
    """Whether nothing but names differs from ours, by the rules of the data model."""
    return (
        style.shape == "flat"
        and style.ticker_form == "bare"
        and style.date_form == "day"
        and style.date_field != "_id"
        and style.number_form in ("number", "nan")
        and style.volume_form in ("int", "float")
        and not style.gaps
    )


def is_ours(style: Style) -> bool:
    return can_be_read(style) and (style.ticker_field, style.date_field, style.price_case) == (
        "ticker",
        "date",
        "lower",
    )


@pytest.mark.parametrize("style", [*generated.SINGLES, *generated.PAIRS], ids=str)
def test_what_can_be_read_as_it_is_is_told_from_what_must_be_converted(
    tables: dict[str, pd.DataFrame], style: Style
) -> None:
    layout = layout_of(tables, style)
    assert layout.is_readable == can_be_read(style)
    assert layout.is_ours == is_ours(style)


@pytest.mark.parametrize(("one", "other"), generated.MIXES, ids=str)
def test_of_two_layouts_in_one_collection_neither_is_read_as_it_is(
    tables: dict[str, pd.DataFrame], one: Style, other: Style
) -> None:
    names = {(style.ticker_field, style.date_field, style.price_case) for style in (one, other)}
    layout = layout_of(tables, one, other)
    assert layout.is_readable == (can_be_read(one) and can_be_read(other) and len(names) == 1)


@pytest.mark.parametrize("style", [*generated.SINGLES, *generated.PAIRS[::6]], ids=str)
def test_a_layout_is_described(tables: dict[str, pd.DataFrame], style: Style) -> None:
    layout = layout_of(tables, style)
    shapes = {"inner_columns": "columns"}
    assert max(layout.shapes, key=lambda shape: layout.shapes[shape]) == shapes.get(style.shape, style.shape)
    form = max(layout.tickers, key=lambda each: layout.tickers[each])
    assert form == style.ticker_form
    assert layout.days == (dt.date(2024, 7, 4), dt.date(2024, 8, 14)) or style.gaps
    names = generated.names_of(style)
    assert {layout.names[name] for name in ("open", "close", "volume")} == {
        names[name] for name in ("open", "close", "volume")
    }
    if style.number_form in ("text", "decimal"):
        assert max(layout.prices, key=lambda each: layout.prices[each]) == style.number_form


@pytest.mark.parametrize(
    "documents",
    [
        [],
        [{}],
        [{"_id": 1, "ticker": "005930", "name": "삼성전자", "market": "KOSPI"}],
        [{"_id": 1, "user": "me", "date": dt.datetime(2024, 1, 2), "text": "hello"}],
        [{"_id": "x", "settings": {"a": 1, "b": {"c": 2}}, "list": [1, 2, {"d": 3}]}],
        [{"ticker": "005930", "date": None, "close": 1.0}],
        [{"ticker": "005930", "close": 1.0}],
        [{"date": [], "close": []}],
        [{"history": {}, "rows": [], "x": None}],
        [{"history": {"2024-01-02": None}}],
        [{1: 2, "date": "2024-01-02"}],
    ],
)
def test_what_is_no_daily_bars_is_not_taken_for_some(documents: list[Document]) -> None:
    assert recognise(documents, KOREAN_STOCKS) is None


def test_the_days_of_a_document_may_lack_values(tables: dict[str, pd.DataFrame]) -> None:
    document = {
        "_id": "005930",
        "history": {"2024-01-02": None, "2024-01-03": {"close": 1.0}, "n/a": {"close": 2.0}, "2024-01-04": 7},
    }
    (rows,) = shapes.rows_of([document])
    assert list(rows.columns["ticker"]) == ["005930"] * 4
    assert list(rows.columns["close"]) == [None, 1.0, 2.0, None]
    assert list(rows.places[:2]) == ["005930[0]", "005930[1]"]


def test_dividends_of_some_embedded_days_are_read_though_the_first_has_none() -> None:
    history: list[Any] = [{"close": 1.0}, None, {"date": "2024-01-02", "close": 1.0}]
    history.append({"date": "2024-01-03", "close": 2.0, "Dividends": 361.0})
    (rows,) = shapes.rows_of([{"ticker": "005930", "history": history}])
    assert list(rows.columns["dividends"]) == [None, None, None, 361.0]
    assert list(rows.columns["date"]) == [None, None, "2024-01-02", "2024-01-03"]


def test_documents_of_the_same_fields_may_hold_a_day_or_many() -> None:
    day = {"ticker": "005930", "date": "2024-01-02", "close": 1.0}
    many = {"ticker": "005930", "date": ["2024-01-03", "2024-01-04"], "close": [2.0, 3.0]}
    for documents in ([day, many], [many, day], [day, many, day]):
        parts = list(shapes.rows_of(documents))
        closes = [close for part in parts for close in part.columns["close"]]
        assert sorted(set(closes)) == [1.0, 2.0, 3.0]
        assert sorted(place for part in parts for place in part.order) == list(range(len(closes)))


def test_another_name_of_a_field_is_one_entry_of_its_row(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(field_names.BARS, "close", (*field_names.BARS["close"], "settlement"))
    assert field_names.of_bars(("Day", "Settlement")) == {"date": "Day", "close": "Settlement"}


def test_our_own_name_goes_before_one_like_it() -> None:
    names = field_names.of_bars(("Ticker", "ticker", "symbol", "DATE", "adj_close", "Close", "close_price"))
    assert names == {"ticker": "ticker", "date": "DATE", "close": "Close"}


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        *(
            ("date", name)
            for name in ("dt", "기준일", "영업일", "영업일자", "base_date", "TRD_DD", "tradeDate", "trade_dt")
        ),
        *(("date", name) for name in ("거래일시", "datetime_kst")),
        *(
            ("close", name)
            for name in ("closing_price", "Close/Last", "종가(원)", "종가 [원]", "Close ($)", "close(KRW)")
        ),
        *(("open", name) for name in ("open_pric", "opening_price", "시가(원)")),
        *(("high", name) for name in ("high_pric", "고가(원)", "High [USD]")),
        *(("low", name) for name in ("low_pric", "저가 (원)")),
        *(("volume", name) for name in ("trde_qty", "trade_volume", "candle_acc_trade_volume", "jdiff_vol")),
        *(
            ("volume", name)
            for name in ("Vol.", "total_volume", "acc_volume", "누적 거래량", "거래량(주)", "Volume(주)")
        ),
        *(("ticker", name) for name in ("종목번호", "ISU_CD", "stk_cd", "stockCode")),
        *(("stock_splits", name) for name in ("8. split coefficient", "splitFactor", "split_factor")),
        *(("dividends", name) for name in ("7. dividend amount", "divCash")),
        *((name, f"PX_{name.upper()}") for name in ("open", "high", "low", "volume")),
        ("close", "PX_LAST"),
    ],
)
def test_a_field_has_the_names_that_other_programs_give_it(ours: str, theirs: str) -> None:
    assert field_names.of_bars((theirs,)) == {ours: theirs}
    known = {"date": "일시", "close": "현재가", "open": "시가", "high": "고가", "low": "저가", "volume": "누적거래량"}
    known |= {"ticker": "코드", "stock_splits": "액면분할", "dividends": "배당금"}
    if "(" not in theirs and "[" not in theirs:
        assert field_names.of_bars((theirs, known[ours]))[ours] == known[ours]


@pytest.mark.parametrize("name", ["price", "Last", "Last Price", "trade_price", "cur_prc", "체결가"])
def test_a_general_name_means_the_close_only_beside_a_high_and_a_low(name: str) -> None:
    bar = {"ticker": "005930", "date": DAYS[0], "high": 12.0, "low": 9.0, name: 11.0}
    assert field_names.of_bars(tuple(bar))["close"] == name
    assert field_names.of_bars((*bar, "close"))["close"] == "close"
    assert recognise([bar], KOREAN_STOCKS) is not None
    for others in ({"qty": 3, "side": "buy"}, {"volume": 3}, {"title": "a"}, {}):
        order = {"ticker": "005930", "date": DAYS[0], name: 11.0, **others}
        assert recognise([order], KOREAN_STOCKS) is None
        assert "close" not in field_names.of_bars(tuple(order))


def test_an_adjusted_close_is_not_put_beside_prices_that_may_be_raw() -> None:
    adjusted = {"open": "수정시가", "high": "수정고가", "low": "수정저가", "close": "수정종가"}
    assert field_names.of_bars(tuple(adjusted.values())) == adjusted
    assert field_names.of_bars((*list(adjusted.values())[:3], "종가")) == {"close": "종가"}
    raw = {"open": "시가", "high": "고가", "low": "저가", "close": "종가"}
    assert field_names.of_bars((*adjusted.values(), *raw.values())) == raw
    assert field_names.of_bars(("날짜", "수정종가")) == {"date": "날짜", "close": "수정종가"}
    assert field_names.of_bars(("날짜", "수정종가", "종가")) == {"date": "날짜", "close": "종가"}
    assert "close" not in field_names.of_bars(("날짜", "시가", "고가", "저가", "수정종가"))
    assert "close" not in field_names.of_bars(("date", "adj_close", "Adj Close", "adjclose"))


@pytest.mark.parametrize(
    "unit", ["(천주)", "(천원)", "(백만)", "(%)", "[천원]", "(만주)", "(주)(천)", "(백만원)", "(전일)"]
)
@pytest.mark.parametrize("name", ["종가", "거래량", "Close"])
def test_a_unit_that_changes_the_number_makes_another_name(name: str, unit: str) -> None:
    assert not field_names.of_bars((f"{name}{unit}", f"{name} {unit}"))


def test_of_several_units_none_is_taken() -> None:
    assert not field_names.of_bars(("종가(원)", "종가($)"))
    assert field_names.of_bars(("종가(원)", "종가", "종가($)")) == {"close": "종가"}


def test_american_tickers_are_recognised_in_their_own_category_only(tables: dict[str, pd.DataFrame]) -> None:
    american = generated.tables(US_STOCKS, generated.AMERICAN_TICKERS)
    documents = generated.lay_out(american, Style(date_form="new_york"), US_STOCKS, {}).documents
    ours, others = recognise(documents, US_STOCKS), recognise(documents, KOREAN_STOCKS)
    assert ours is not None
    assert others is not None
    assert set(ours.tickers) == {"bare"}
    assert set(others.tickers) == {"other"}
    assert set(ours.raw_tickers) == set(generated.AMERICAN_TICKERS)


def test_a_part_of_a_key_is_told_by_its_path() -> None:
    key = {"symbol": "005930", "date": "2024-01-02"}
    flat = recognise([{"_id": key, "close": 1.0}], KOREAN_STOCKS)
    whole = recognise([{"_id": {"symbol": "005930"}, "history": [{"date": "2024-01-02", "close": 1.0}]}], None)
    assert flat is not None
    assert whole is not None
    assert dict(flat.names) == {"ticker": "_id.symbol", "date": "_id.date", "close": "close"}
    assert flat.ticker_fields == whole.ticker_fields == ("_id.symbol",)


def test_an_infinite_number_is_no_ticker() -> None:
    assert [raw_tickers.text_of(value) for value in (math.inf, -math.inf, math.nan)] == ["", "", ""]


KEYS = ("_id", "ticker", "date", "close", "open", "data", "meta", "AAPL", "005930", "2024", "2024-01-02", "Close_AAPL")
LEAVES = (None, 1, 70.5, "2024-01-02", "005930", "x", True, math.nan, ObjectId(), Regex("x"), dt.datetime(2024, 1, 2))


def random_value(random: np.random.Generator, depth: int) -> Any:
    """Anything that a document may hold."""
    form = random.integers(4) if depth else 0
    if form == 0:
        return LEAVES[random.integers(len(LEAVES))]
    if form == 1:
        return [random_value(random, depth - 1) for _ in range(random.integers(4))]
    return {KEYS[random.integers(len(KEYS))]: random_value(random, depth - 1) for _ in range(random.integers(1, 6))}


@pytest.mark.sampled(5)
@pytest.mark.parametrize("seed", range(20))
def test_no_document_breaks_the_reader(seed: int) -> None:
    random = np.random.default_rng(seed)
    values = [random_value(random, 4) for _ in range(150)]
    documents: list[Document] = [
        {"_id": number, **held} for number, held in enumerate(values) if isinstance(held, dict)
    ]
    for rows in shapes.rows_of(documents):
        assert {len(column) for column in rows.columns.values()} == {len(rows)} == {len(rows.places)}
    recognise(documents, KOREAN_STOCKS)
    missing(documents)


ROW = {"open": 10.0, "high": 12.0, "low": 9.0, "close": 11.0, "volume": 100}
DAYS = ("2024-01-02", "2024-01-03")


@pytest.mark.parametrize(
    "documents",
    [
        [{"date": day, "005930": ROW, "000660": ROW} for day in DAYS],
        [{"_id": 1, **{ticker: dict.fromkeys(DAYS, ROW) for ticker in ("005930", "000660")}}],
        [{"date": day, "kospi": [{"code": "005930", **ROW}], "kosdaq": [{"code": "000660", **ROW}]} for day in DAYS],
        [{"date": day, "quotes": [{"ticker": of, "ohlc": ROW} for of in ("005930", "000660")]} for day in DAYS],
        [{"output1": {"stck_shrn_iscd": of}, "output2": [{"d": 1, "stck_bsop_date": day, **ROW} for day in DAYS]}
         for of in ("005930", "000660")],
        [{"Meta Data": {"2. Symbol": of}, "Time Series": {day: {"4. close": 11.0} for day in DAYS}}
         for of in ("005930", "000660")],
        [{"symbol": of, "close": dict.fromkeys(DAYS, 11.0)} for of in ("005930", "000660")],
        [{"symbol": of, "latest": {"date": DAYS[1], "close": 5.0}, "history": [{"date": day, **ROW} for day in DAYS]}
         for of in ("005930", "000660")],
        [{"_id": of, **dict.fromkeys(DAYS, ROW)} for of in ("005930", "000660")],
        [{"symbol": of, "date": day, "high": 12.0, "low": 9.0, "price": {"close": 11.0, "before": 1.0}} for day in DAYS
         for of in ("005930", "000660")],
        [{"symbol": of, **{name: dict.fromkeys(DAYS, 11.0) for name in ("Price", "High", "Low")}}
         for of in ("005930", "000660")],
    ],
)  # fmt: skip
def test_levels_combine(documents: list[Document]) -> None:
    read = [
        row
        for rows in shapes.rows_of(documents)
        for row in zip(*(rows.columns[name] for name in ("ticker", "date", "close")), strict=True)
    ]
    assert sorted(read) == sorted((ticker, day, 11.0) for ticker in ("005930", "000660") for day in DAYS)
    layout = recognise(documents, KOREAN_STOCKS)
    assert layout is not None
    assert layout.raw_tickers == {"005930": 2, "000660": 2}


@pytest.mark.parametrize(
    "document",
    [
        {"symbol": "AAPL", "daily": [{"date": DAYS[0], **ROW}], "weekly": [{"date": DAYS[0], **ROW}]},
        {"date": DAYS[0], "PER": 12.1, "PBR": 1.1},
        {"symbol": "AAPL", "bars": [[DAYS[0], 5.0, 1.0, 2.0, 6.0, 1]]},
    ],
)
def test_what_nobody_can_be_sure_of_is_not_read(document: Document) -> None:
    assert recognise([document], US_STOCKS) is None
    assert missing([document]) is not None


def test_a_document_without_a_ticker_in_its_key_hides_no_ticker_of_the_next() -> None:
    keys: list[Document] = [{"date": DAYS[0]}, {"ticker": "005930", "date": DAYS[0]}, {"date": DAYS[1]}]
    for order in (keys, keys[::-1], keys[1:]):
        parts = list(shapes.rows_of([{"_id": key, **ROW} for key in order]))
        read = sorted(str(ticker) for rows in parts for ticker in rows.columns["ticker"])
        assert read == ["005930", *["None"] * (len(order) - 1)]
