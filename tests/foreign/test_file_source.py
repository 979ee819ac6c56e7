"""CSV and Parquet files as sources: their columns, days and tickers, and the sentence for whatever is no such table."""

import datetime as dt
import gzip
import threading
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from finance_core.categories import CURRENCIES, INDICES, KOREAN_STOCKS, US_STOCKS, Category
from finance_core.errors import SisepanError
from finance_core.foreign import conversion, csv_form, file_source, import_run, levels, qualifiers, raw_tickers, sources
from finance_core.foreign.conversion import Converted
from finance_core.foreign.import_records import Summary
from finance_core.storage.database import MongoDatabase

DAYS = [dt.date(2024, 1, 2), dt.date(2024, 1, 3), dt.date(2024, 1, 4)]
HEADER = "date,open,high,low,close,volume"
BARS = [
    "2024-01-02,78200,79800,78200,79600,17142847",
    "2024-01-03,78500,78800,77000,77000,21753644",
    "2024-01-04,76100,77300,76100,76600,15324439",
]
CSV = "\n".join([HEADER, *BARS]) + "\n"


def found(path: Path, category: Category = KOREAN_STOCKS, ticker: str = "") -> list[Converted]:
    source = file_source.open_file(path, category, ticker)
    wanted, unknown = raw_tickers.by_ticker(category, source.counts())
    return list(sources.converted(source, wanted, unknown, conversion.rules(category, {}), threading.Event()))


@pytest.mark.parametrize(
    ("closes", "category", "expected"),
    [
        ("종가($)", KOREAN_STOCKS, "USD"),
        ("Close (USD)", KOREAN_STOCKS, "USD"),
        ("종가(원)", US_STOCKS, "KRW"),
        ("종가 (단위: 원)", US_STOCKS, "KRW"),
        ("Close (won)", US_STOCKS, "KRW"),
        ("종가(￦)", US_STOCKS, "KRW"),
        ("종가(원)", KOREAN_STOCKS, None),
        ("Close (USD)", US_STOCKS, None),
        ("Close (USD)", INDICES, None),
    ],
)
def test_a_price_in_another_currency_is_no_price_of_the_category(
    tmp_path: Path, closes: str, category: Category, expected: str | None
) -> None:
    ticker = {"korean_stocks": "005930", "us_stocks": "AAPL", "indices": "^KS11"}[category.key]
    path = tmp_path / "prices.csv"
    path.write_text(CSV.replace("close", closes))
    [of_ticker] = found(path, category, ticker)
    assert of_ticker.rows == len(BARS)
    if expected:
        assert expected in str(of_ticker.failure)
        assert of_ticker.bars.empty
    else:
        assert of_ticker.failure is None
        assert len(of_ticker.bars) == len(BARS)


@pytest.mark.parametrize("head", ["date,close,open,high,low,close,volume", "date,Close,open,high,low,CLOSE,volume"])
def test_of_two_columns_with_one_name_none_is_taken(tmp_path: Path, head: str) -> None:
    path = tmp_path / "005930.csv"
    path.write_text("\n".join([head, *(bar.replace(",", ",64080,", 1) for bar in BARS)]))
    with pytest.raises(SisepanError, match=r"(?i)이름이 같은 열.*close, close"):
        file_source.open_file(path, KOREAN_STOCKS)


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize(
    "above", [["삼성전자 일별 시세"], ["종목: 삼성전자", "", "기간,2024-01-02 ~ 2024-01-04,,"], ["sep=;"]]
)
def test_titles_above_the_header_are_no_rows(tmp_path: Path, above: list[str], delimiter: str) -> None:
    table = [line.replace(",", delimiter) for line in [HEADER, *BARS, "어제,1,1,1,1,1"]]
    path = write(tmp_path, "005930.csv", "\n".join([*above, *table]))
    [samsung] = found(path)
    assert samsung.bars["close"].tolist() == [79600, 77000, 76600]
    assert [refusal.place for refusal in samsung.refusals] == [str(len(above) + len(table))]


@pytest.mark.parametrize(
    ("title", "unit"),
    [
        ("단위: 천원", "천원"),
        ('"(단위 : 원, 천주)",,', "천주"),
        ("삼성전자 (unit: thousand KRW)", "thousand"),
        ("단위: USD", "USD"),
        ("단위:1,000원", "1,000원"),
    ],
)
def test_a_unit_above_the_header_that_makes_other_numbers_of_prices_is_refused(
    tmp_path: Path, title: str, unit: str
) -> None:
    with pytest.raises(SisepanError) as refused:
        file_source.open_file(write(tmp_path, "005930.csv", "\n".join([title, HEADER, *BARS])), KOREAN_STOCKS)
    assert (refused.value.message, refused.value.values["unit"]) == (qualifiers.OTHER_UNIT, unit)


@pytest.mark.parametrize(
    "title", ["단위: 원", "(단위 : 원, 주)", "Unit: KRW", "단위 원/주", "일 단위 시세", "조회단위: 일", "(단위:원,주)"]
)
@pytest.mark.parametrize("below", [[], [",원,원,원,원,주"], [",(원),(원),(원),(원),"]])
def test_units_that_say_nothing_new_are_read(tmp_path: Path, title: str, below: list[str]) -> None:
    [samsung] = found(write(tmp_path, "005930.csv", "\n".join([title, HEADER, *below, *BARS])))
    assert samsung.bars["close"].tolist() == [79600, 77000, 76600]
    assert samsung.refusals == ()


@pytest.mark.parametrize("head", ["date,open,high,low,close,volume(천주)", "date,open,high,low,종가(천원),volume"])
def test_a_unit_in_the_header_that_makes_other_numbers_is_named(tmp_path: Path, head: str) -> None:
    with pytest.raises(SisepanError, match=r"천[원주]") as refused:
        file_source.open_file(write(tmp_path, "005930.csv", "\n".join([head, *BARS])), KOREAN_STOCKS)
    assert refused.value.message == file_source.UNREAD


@pytest.mark.parametrize("name", ["005930_NX", "005930_AL", "005930_시간외", "005930_USD", "A005930-천원"])
def test_a_file_that_is_called_by_other_prices_needs_the_ticker_to_be_named(tmp_path: Path, name: str) -> None:
    path = write(tmp_path, f"{name}.csv", "\n".join([HEADER, *BARS]))
    with pytest.raises(SisepanError) as refused:
        file_source.open_file(path, KOREAN_STOCKS)
    assert refused.value.message == file_source.OTHER_PRICES
    assert len(found(path, ticker="005930")[0].bars) == 3


@pytest.mark.parametrize("more", ["배당(%)", "종목코드(6자리)", "등락률(%)", "시가총액(백만)", "종가(수정)"])
def test_brackets_that_change_no_number_of_a_bar_refuse_no_file(tmp_path: Path, more: str) -> None:
    head = f"{HEADER.removesuffix('volume')}volume (shares),{more}"
    [samsung] = found(write(tmp_path, "005930.csv", "\n".join([head, *(f"{bar},1" for bar in BARS)])))
    assert samsung.bars["volume"].tolist() == [17142847, 21753644, 15324439]


@pytest.mark.parametrize("below", [["YYYYMMDD", "원", "원"], ["", "천원", "천원"]])
def test_units_below_tickers_are_read(tmp_path: Path, below: list[str]) -> None:
    lines = ["date,005930,000660", ",".join(below), *(f"{day},{79600 + n},{130000 + n}" for n, day in enumerate(DAYS))]
    path = write(tmp_path, "close.csv", "\n".join(lines))
    if "천원" in below:
        with pytest.raises(SisepanError, match="천원"):
            file_source.open_file(path, KOREAN_STOCKS)
    else:
        assert [one.bars["close"].tolist()[0] for one in found(path) if one.ticker] == [130000, 79600]


def test_a_row_of_numbers_with_commas_is_no_row_of_units(tmp_path: Path) -> None:
    rows = [f'"{price},000","{price},000"' for price in (79, 77, 76)]
    lines = ["close,open,date", *(f"{row},{day}" for row, day in zip(rows, DAYS, strict=True))]
    [samsung] = found(write(tmp_path, "005930.csv", "\n".join([lines[0], '"79,000","79,000",', *lines[1:]])))
    assert samsung.bars["close"].tolist() == [79000, 77000, 76000]
    assert [one.place for one in samsung.refusals] == ["2"]


@pytest.mark.parametrize("below", [",천원,천원,천원,천원,주", ",(천원),(천원),(천원),(천원),(주)", ",,,,만원,"])
def test_a_unit_below_the_header_counts_as_one_in_it(tmp_path: Path, below: str) -> None:
    with pytest.raises(SisepanError) as refused:
        file_source.open_file(write(tmp_path, "005930.csv", "\n".join([HEADER, below, *BARS])), KOREAN_STOCKS)
    assert refused.value.message == file_source.UNREAD


@pytest.mark.parametrize(
    ("unit", "is_read"), [("원", True), ("KRW", True), ("1", True), ("일", True), ("천원", False), ("100", False)]
)
@pytest.mark.parametrize("name", ["단위", "unit"])
def test_a_column_of_units_is_read_where_they_leave_prices_as_they_are(
    tmp_path: Path, name: str, unit: str, is_read: bool
) -> None:
    lines = [f"{HEADER},{name}", *(f"{bar},{unit}" for bar in BARS)]
    [samsung] = found(write(tmp_path, "005930.csv", "\n".join(lines)))
    if is_read:
        assert samsung.bars["close"].tolist() == [79600, 77000, 76600]
    else:
        assert samsung.failure
        assert samsung.failure.message == qualifiers.OTHER_UNIT_OF_FIELD
        assert samsung.failure.values == {"fields": name, "unit": unit}


@pytest.mark.parametrize(
    ("name", "marks"),
    [("is_valid", ["true", "false", ""]), ("deleted", ["0", "1", ""]), ("삭제여부", ["N", "Y", "N"])],
)
def test_rows_that_are_marked_as_deleted_or_not_valid_are_no_bars(tmp_path: Path, name: str, marks: list[str]) -> None:
    lines = [f"{HEADER},{name}", *(f"{bar},{mark}" for bar, mark in zip(BARS, marks, strict=True))]
    [samsung] = found(write(tmp_path, "005930.csv", "\n".join(lines)))
    assert samsung.bars["close"].tolist() == [79600, 76600]
    assert [(one.place, one.reason.message) for one in samsung.refusals] == [("3", conversion.NOT_IN_FORCE)]


@pytest.mark.parametrize("footer", ["* 출처: KRX", "※ 조회일 2024-01-05", "Source: KRX, Seoul", "(단위: 원, 주)"])
def test_a_footer_is_left_out_and_told(tmp_path: Path, footer: str) -> None:
    [samsung] = found(write(tmp_path, "005930.csv", f"{CSV}{footer}\n"))
    assert len(samsung.bars) == len(BARS)
    assert [refusal.place for refusal in samsung.refusals] == [str(len(BARS) + 2)]


def test_a_unit_in_a_footer_counts(tmp_path: Path) -> None:
    with pytest.raises(SisepanError) as refused:
        file_source.open_file(write(tmp_path, "005930.csv", f"{CSV}(단위: 천원)\n"), KOREAN_STOCKS)
    assert refused.value.message == qualifiers.OTHER_UNIT


@pytest.mark.parametrize("rest", ["2024-01-0", "2024-01-05", "UNITED", "삼성자료", f"* 출처: KRX\n{BARS[0]}"])
def test_a_row_that_was_cut_off_and_words_between_rows_are_no_footer(tmp_path: Path, rest: str) -> None:
    with pytest.raises(SisepanError) as refused:
        file_source.open_file(write(tmp_path, "005930.csv", f"{CSV}{rest}"), KOREAN_STOCKS)
    assert refused.value.message == file_source.RAGGED


@pytest.mark.parametrize(
    ("wrong", "message"), [("2024-01-05,1", file_source.RAGGED), ('"2024-01-05', file_source.NOT_CSV)]
)
def test_the_line_of_a_mistake_below_titles_is_that_of_the_editor(tmp_path: Path, wrong: str, message: str) -> None:
    lines = ["삼성전자", "", HEADER, *BARS, wrong]
    with pytest.raises(SisepanError) as refused:
        found(write(tmp_path, "005930.csv", "\n".join(lines)))
    assert (refused.value.message, refused.value.values["line"]) == (message, len(lines))


def test_days_whose_order_nothing_tells_are_refused_as_that(tmp_path: Path) -> None:
    lines = [HEADER, *(f"{month:02}/04/2024{bar[10:]}" for month, bar in enumerate(BARS, start=3))]
    [apple] = found(write(tmp_path, "AAPL.csv", "\n".join(lines)), US_STOCKS)
    assert apple.failure
    assert apple.failure.message == conversion.AMBIGUOUS


@pytest.mark.parametrize(("sign", "category", "expected"), [("$", KOREAN_STOCKS, "USD"), ("₩", US_STOCKS, "KRW")])
def test_a_sign_before_each_price_tells_its_currency(
    tmp_path: Path, sign: str, category: Category, expected: str
) -> None:
    rows = ["date,close", *(f"{day},{sign}45.1{number}" for number, day in enumerate(DAYS))]
    path = write(tmp_path, "prices.csv", "\n".join(rows))
    [of_ticker] = found(path, category, "005930" if category is KOREAN_STOCKS else "AAPL")
    assert expected in str(of_ticker.failure)
    [of_other] = found(path, *((US_STOCKS, "AAPL") if category is KOREAN_STOCKS else (KOREAN_STOCKS, "005930")))
    assert of_other.bars["close"].tolist() == [45.10, 45.11, 45.12]


TWO: Final = {"005930": 1, "000660": 2}
"""Tickers, and by what the prices of the first are multiplied."""


def columns_of_two(names: Callable[[str, str], str], first: str = "Date", fields: str = "Open Close") -> list[str]:
    """The lines of a file with columns for two tickers; `names` makes the name of a column."""
    pairs = [(name, ticker) for name in fields.split() for ticker in TWO]
    values = {"Open": [78200, 78500, 76100], "Close": [79600, 77000, 76600]}
    values |= {"CLOSE": values["Close"], "ADJ_CLOSE": [1, 2, 3], "Adj_Open": [1, 2, 3]}
    rows = [[str(day), *(str(values[name][n] * TWO[of]) for name, of in pairs)] for n, day in enumerate(DAYS)]
    header = [first, *(names(name, ticker) for name, ticker in pairs)]
    return [",".join(row) for row in [header, *rows]]


STACKED: Final = columns_of_two(lambda name, _ticker: name, "Price")
TICKERS_ABOVE: Final = ["Ticker,005930.KS,000660.KS,005930.KS,000660.KS", "Date,,,,"]


@pytest.mark.parametrize(
    "lines",
    [
        [STACKED[0], *TICKERS_ABOVE, *STACKED[1:]],
        [TICKERS_ABOVE[0], STACKED[0], TICKERS_ABOVE[1], *STACKED[1:]],
        columns_of_two(lambda name, ticker: f"{name}_{ticker}.KS"),
        columns_of_two(lambda name, ticker: f"\"('{name}', '{ticker}.KS')\""),
        columns_of_two(lambda _name, ticker: ticker, fields="Close"),
        columns_of_two(lambda name, ticker: f"{ticker}.ks_{name.lower()}"),
        columns_of_two(lambda name, ticker: f"{name}({ticker}.KS)"),
        columns_of_two(lambda name, ticker: f"{name} [{ticker}.KS]"),
        columns_of_two(lambda name, ticker: f"{ticker}.KS_{name}", fields="ADJ_CLOSE Open CLOSE"),
        columns_of_two(lambda name, ticker: f"{name}_{ticker}", fields="Adj_Open Open Close"),
    ],
    ids=["yf.download", "by ticker", "flat", "tuples", "closes", "small", "brackets", "square", "adjusted", "before"],
)
def test_a_csv_with_columns_of_each_ticker(tmp_path: Path, lines: list[str]) -> None:
    bars = {one.ticker: one.bars for one in found(write(tmp_path, "prices.csv", "\n".join(lines)))}
    assert {ticker: of["close"].tolist() for ticker, of in bars.items()} == {
        ticker: [close * times for close in (79600, 77000, 76600)] for ticker, times in TWO.items()
    }
    has_opens = "open" in "".join(lines[:2]).lower()
    assert bars["000660"]["open"].tolist() == ([156400, 157000, 152200] if has_opens else [159200, 154000, 153200])
    assert [day.date() for day in bars["005930"].index] == DAYS


def test_a_column_called_by_a_letter_is_of_that_ticker_beside_others(tmp_path: Path) -> None:
    """C was taken for the close, and V for the volume, of the fund by which the table is called.

    Nothing says that such a table has closes.
    """
    lines = ["Date,JPM,BAC,C,V,WFC,MA", *(f"{day},{n}00,{n}1,{n}2,{n}3,{n}4,{n}5" for n, day in enumerate(DAYS, 1))]
    with pytest.raises(SisepanError) as refused:
        file_source.open_file(write(tmp_path, "XLF.csv", "\n".join(lines)), US_STOCKS)
    assert refused.value.message == file_source.NO_CLOSES
    of_all = found(write(tmp_path, "close.csv", "\n".join(lines)), US_STOCKS)
    closes = {one.ticker: one.bars["close"].tolist() for one in of_all}
    assert closes["C"] == [12, 22, 32]
    assert closes.keys() == {"JPM", "BAC", "C", "V", "WFC", "MA"}
    for head, row in (("T,O,H,L,C,V", "10,12,9,11,5"), ("Date,C,V", "11,5"), ("Date,O,C,V", "10,11,5")):
        short = [head, *(f"{day},{row}" for day in DAYS)]
        [bars] = found(write(tmp_path, "XLF.csv", "\n".join(short)), US_STOCKS)
        assert (bars.ticker, bars.bars["close"].tolist()) == ("XLF", [11, 11, 11])


@pytest.mark.parametrize(
    "name",
    [
        *(
            "거래량.csv",
            "KOSPI_volume.csv",
            "시가총액.csv",
            "외국인보유.csv",
            "market_cap.csv",
            "PER.csv",
            "목표주가.csv",
        ),
        "returns_2024.csv",
    ],
)
def test_a_table_that_is_not_of_closes_by_its_name(tmp_path: Path, name: str) -> None:
    lines = columns_of_two(lambda _name, ticker: ticker, fields="Close")
    with pytest.raises(SisepanError) as refused:
        file_source.open_file(write(tmp_path, name, "\n".join(lines)), KOREAN_STOCKS)
    assert refused.value.message == file_source.NO_CLOSES


@pytest.mark.parametrize("name", [lambda *pair: pair, lambda *pair: "_".join(pair), lambda _field, ticker: ticker])
def test_a_parquet_file_with_columns_of_each_ticker(tmp_path: Path, name: Callable[[str, str], Any]) -> None:
    closes = {"Open": [78200, 78500, 76100], "Close": [79600, 77000, 76600]}
    columns = {
        name(field, f"{ticker}.KS"): [price * times for price in closes[field]]
        for field in closes
        for ticker, times in TWO.items()
    }
    pd.DataFrame(columns, index=pd.DatetimeIndex(DAYS, name="Date")).to_parquet(tmp_path / "prices.parquet")
    bars = {one.ticker: one.bars for one in found(tmp_path / "prices.parquet")}
    assert {ticker: of["close"].tolist() for ticker, of in bars.items()} == {
        ticker: [close * times for close in (79600, 77000, 76600)] for ticker, times in TWO.items()
    }
    assert [day.date() for day in bars["005930"].index] == DAYS


@pytest.mark.parametrize(
    ("column", "pair"),
    [
        ("005930.ks_close", ("close", "005930.KS")),
        ("Close(005930.KS)", ("Close", "005930.KS")),
        ("Close[005930.KS]", ("Close", "005930.KS")),
        ("종가(005930)", ("종가", "005930")),
        ("005930 종가", ("종가", "005930")),
        *((name, None) for name in ("adj_close", "ADJ_CLOSE", "005930.KS_ADJ_CLOSE", "aapl_close", "Close(won)")),
        *((name, None) for name in ("AAPL Adj Close", "Adj Close AAPL", "AAPL ADJ CLOSE", "005930.ks_adj_close")),
    ],
)
def test_a_column_of_one_ticker_names_a_field_and_a_ticker(column: str, pair: tuple[str, str] | None) -> None:
    assert levels.joined(column) == pair


def test_names_in_rows_are_told(tmp_path: Path) -> None:
    lines = [f"종목코드,종목명,시장,{HEADER}", *(f"005930,어느 회사,KOSDAQ,{row}" for row in BARS)]
    source = file_source.open_file(write(tmp_path, "prices.csv", "\n".join(lines)), KOREAN_STOCKS)
    assert source.counts() == {"005930": 3}
    assert source.described == {"005930": {"name": ["어느 회사"], "market": ["KOSDAQ"]}}


def write(directory: Path, name: str, content: str | bytes) -> Path:
    path = directory / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def assert_the_three_bars(found: list[Converted], ticker: str = "005930") -> None:
    (one,) = found
    assert one.ticker == ticker
    assert one.refusals == ()
    assert [day.date() for day in one.bars.index] == DAYS
    assert one.bars["close"].tolist() == [79600, 77000, 76600]
    assert one.bars["volume"].tolist() == [17142847, 21753644, 15324439]


@pytest.mark.parametrize("price", ["price", "체결가", "close"])
def test_several_prices_a_day_are_no_bars_whatever_their_name(tmp_path: Path, price: str) -> None:
    rows = [f"005930,{day},{close},{close + 9},{close - 9}" for day in DAYS for close in (100, 105, 95)]
    (one,) = found(write(tmp_path, "orders.csv", "\n".join([f"종목번호,날짜,{price},고가,저가", *rows])))
    assert (one.failure is not None, len(one.bars)) == (True, 0)


# CSV


@pytest.mark.parametrize(
    "content",
    [
        CSV.encode(),
        b"\xef\xbb\xbf" + CSV.encode(),
        CSV.encode("utf-16"),
        b"\xfe\xff" + CSV.replace(",", "\t").encode("utf-16-be"),
        CSV.replace("\n", "\r\n").encode(),
        CSV.replace(",", ";").encode(),
        CSV.replace(",", "\t").encode(),
        CSV.replace(HEADER, "날짜,시가,고가,저가,종가,거래량").encode(),
        CSV.replace(HEADER, "일자,시가,고가,저가,종가,거래량").encode("cp949"),
        CSV.replace(HEADER, "Date, Open, High, Low, Close, Volume").encode(),
        CSV.replace(HEADER, ",open,high,low,close,volume").encode(),
        CSV.replace("2024-01-0", "2024010").encode(),
        CSV.replace("2024-01-0", "2024/1/").encode(),
        CSV.replace("79600", '"79,600"').encode(),
        CSV.replace("\n", ",\n").encode(),
        ("\n" + CSV.replace("\n", "\n\n") + ",,,,,\n").encode(),
        (CSV + CSV.splitlines()[1] + ",,\n").replace(BARS[0] + "\n", "", 1).encode(),
    ],
)
def test_a_csv_reads_however_it_was_written(tmp_path: Path, content: bytes) -> None:
    assert_the_three_bars(found(write(tmp_path, "005930.csv", content)))


@pytest.mark.parametrize(
    ("name", "category", "ticker"),
    [
        ("005930.csv", KOREAN_STOCKS, "005930"),
        ("005930_삼성전자.csv", KOREAN_STOCKS, "005930"),
        ("삼성전자_005930.csv", KOREAN_STOCKS, "005930"),
        ("2024_005930.csv", KOREAN_STOCKS, "005930"),
        ("005930.KS.csv", KOREAN_STOCKS, "005930"),
        ("A005930.csv", KOREAN_STOCKS, "005930"),
        ("5930.csv", KOREAN_STOCKS, "005930"),
        ("삼성전자(005930).csv", KOREAN_STOCKS, "005930"),
        ("005930-삼성전자.csv", KOREAN_STOCKS, "005930"),
        ("KOSDAQ_035720.csv", KOREAN_STOCKS, "035720"),
        ("DOOSAN_005930.csv", KOREAN_STOCKS, "005930"),
        ("200710.csv", KOREAN_STOCKS, "200710"),  # a listed company, and no month
        ("202401.csv", KOREAN_STOCKS, ""),
        ("삼성전자_2024.csv", KOREAN_STOCKS, ""),
        ("data_1432_20240115.csv", KOREAN_STOCKS, ""),
        ("2024.csv", KOREAN_STOCKS, ""),
        ("prices.csv", KOREAN_STOCKS, ""),
        ("AAPL.csv", US_STOCKS, "AAPL"),
        ("AAPL daily.csv", US_STOCKS, "AAPL"),
        ("BRK-B.csv", US_STOCKS, "BRK-B"),
        ("NASDAQ_AAPL.csv", US_STOCKS, "AAPL"),
        ("PLTR_NYSE.csv", US_STOCKS, "PLTR"),
        ("MSFT_AAPL.csv", US_STOCKS, ""),
        ("daily_PLTR.csv", US_STOCKS, ""),
        ("^KS11.csv", INDICES, "^KS11"),
        ("S&P 500 내역.csv", INDICES, ""),
        ("KRW=X.csv", CURRENCIES, "USDKRW"),
        ("USDKRW_1981.csv", CURRENCIES, "USDKRW"),
        ("daily prices.csv", US_STOCKS, ""),
    ],
)
def test_the_name_of_a_file_tells_its_ticker(tmp_path: Path, name: str, category: Category, ticker: str) -> None:
    path = write(tmp_path, name, CSV)
    if ticker:
        assert_the_three_bars(found(path, category), ticker)
    else:
        with pytest.raises(SisepanError, match=rf"--ticker.*있는 열: {HEADER.replace(',', ', ')}"):
            file_source.open_file(path, category)
    given = {KOREAN_STOCKS: "000660", CURRENCIES: "USDJPY"}.get(category, "TSLA")
    assert_the_three_bars(found(path, category, given), given)


@pytest.mark.parametrize("raw", ["KR7005930003", "KOSPI:005930", "'005930", '"=""005930"""', '="005930"', "005930 KS"])
def test_a_column_may_write_tickers_as_spreadsheets_and_terminals_do(tmp_path: Path, raw: str) -> None:
    lines = [f"종목번호,{HEADER}", *(f"{raw},{row}" for row in BARS)]
    assert_the_three_bars(found(write(tmp_path, "prices.csv", "\n".join(lines))))


def test_a_column_tells_the_tickers_and_rows_are_found_by_the_line_an_editor_shows(tmp_path: Path) -> None:
    lines = [
        "종목코드,이름,날짜,시가,고가,저가,종가,거래량",
        "5930,삼성전자,2024-01-02,78200,79800,78200,79600,17142847",
        '005930,"삼성\n전자",2024-01-03,78500,78800,77000,77000,21753644',
        "",
        "A005930,삼성전자,2024-01-04,76100,77300,76100,76600,15324439",
        "삼성전자,,2024-01-04,1,1,1,1,1",
        "000660,,어제,1,1,1,1,1",
        "000660,,2024-01-04,1,1,1,0,1",
        ",,2024-01-04,1,1,1,1,1",
    ]
    path = write(tmp_path, "prices.csv", "\n".join(lines))

    empty, samsung, *unknown = found(path)

    assert_the_three_bars([samsung])
    assert empty.ticker == "000660"
    refused = [refusal for each in (empty, *unknown) for refusal in each.refusals]
    assert [(refusal.place, refusal.ticker, refusal.date) for refusal in refused] == [
        ("8", "000660", "어제"),
        ("9", "000660", "2024-01-04"),
        ("7", "삼성전자", "2024-01-04"),
        ("10", "", "2024-01-04"),
    ]
    assert [conversion.place for conversion in samsung.conversions] == ["2", "3", "6"]


@pytest.mark.parametrize(
    ("content", "message", "values"),
    [
        ("", file_source.EMPTY, {}),
        ("\n\n", file_source.EMPTY, {}),
        (HEADER + "\n", file_source.EMPTY, {}),
        ("day_of,close_\n1,2\n", file_source.NO_COLUMNS, {"columns": "day_of, close_"}),
        ("date,open\n2024-01-02,1\n", file_source.NO_COLUMNS, {"columns": "date, open"}),
        ("open,close\n1,2\n", file_source.NO_COLUMNS, {"columns": "open, close"}),
        (",close\n0,2\n1,3\n", file_source.NO_DAYS, {"value": "0"}),
        ("date,close\n어제,2\n", file_source.NO_DAYS, {"column": "date", "value": "어제"}),
        (
            CSV + "2024-01-05,72,300,73,000,72,000,72,500,100\n",
            file_source.RAGGED,
            {"line": 5, "found": 10, "expected": 6},
        ),
        (CSV + "2024-01-05,72300", file_source.RAGGED, {"line": 5, "found": 2, "expected": 6}),
        (CSV + "date,close,open,high,low,volume\n", file_source.OTHER_ORDER, {"line": 5}),
        (CSV + '2024-01-05,"72300\n', file_source.NOT_CSV, {"line": 5}),
        (bytes(range(256)) * 40, csv_form.NOT_TEXT, {}),
        ("date,close\n2024-01-02,1\n".encode("utf-16-le"), csv_form.NOT_TEXT, {}),
        (b"\xff\xfe" + "date,close\n2024-01-02,1".encode("utf-16-le")[:-1], csv_form.NOT_TEXT, {}),
        ("date,close\n2024-01-02,1\n".encode("utf-32"), csv_form.NOT_TEXT, {}),
        (b"PK\x03\x04" + bytes(200), file_source.COMPRESSED, {}),
        (gzip.compress(CSV.encode()), file_source.COMPRESSED, {}),
        (b'{"date": "2024-01-02", "close": 1}\n', file_source.NO_JSON, {}),
        (b'\xef\xbb\xbf [{"date": "2024-01-02"}]', file_source.NO_JSON, {}),
        (CSV.encode() + "종가".encode("euc-kr") + b"\xff", csv_form.NOT_TEXT, {}),
        (b"\x1b[2Jclose\n1\n", file_source.NO_COLUMNS, {"columns": "?[2Jclose"}),
    ],
)
def test_what_is_no_csv_of_prices_is_refused_with_a_sentence(
    tmp_path: Path, content: str | bytes, message: str, values: dict[str, Any]
) -> None:
    path = write(tmp_path, "005930.csv", content)
    with pytest.raises(SisepanError) as raised:
        file_source.open_file(path, KOREAN_STOCKS).counts()
    assert_says(raised.value, message, "005930.csv", **values)


@pytest.mark.parametrize("name", ["005930.xlsx", "005930.csv", "005930.parquet"])
@pytest.mark.parametrize("kind", ["xlsx", "xls"])
def test_an_excel_file_is_refused_with_what_to_do(tmp_path: Path, kind: str, name: str) -> None:
    path = tmp_path / name
    if kind == "xlsx":
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("[Content_Types].xml", "")
            archive.writestr("xl/workbook.xml", "")
    else:
        path.write_bytes(bytes.fromhex("d0cf11e0a1b11ae1") + bytes(600))
    with pytest.raises(SisepanError, match="CSV로 저장") as raised:
        file_source.open_file(path, KOREAN_STOCKS)
    assert_says(raised.value, file_source.EXCEL, name)


def assert_says(error: SisepanError, message: str, file: str, **values: Any) -> None:
    """The error has this message id, and its sentence names the file and these values."""
    assert error.message == message
    for value in (file, *values.values()):
        assert str(value) in str(error)
    assert {name: error.values[name] for name in values} == values


def test_a_file_that_is_not_there_or_is_a_directory_is_said_so(tmp_path: Path) -> None:
    for path, message in ((tmp_path / "005930.csv", csv_form.NO_FILE), (tmp_path, file_source.FOLDER)):
        with pytest.raises(SisepanError) as raised:
            file_source.open_file(path, KOREAN_STOCKS)
        assert_says(raised.value, message, path.name)


def test_a_ticker_cannot_be_given_beside_a_column_of_them(tmp_path: Path) -> None:
    path = write(tmp_path, "prices.csv", "Symbol,date,close\n5930,2024-01-02,1\n")
    with pytest.raises(SisepanError, match="Symbol"):
        file_source.open_file(path, KOREAN_STOCKS, "005930")


# Parquet


def table(days: Any) -> pd.DataFrame:
    rows = [line.split(",")[1:] for line in BARS]
    frame = pd.DataFrame(rows, columns=HEADER.split(",")[1:]).astype(float)
    return frame.assign(date=days)


def in_zone(zone: str, *time: int) -> list[dt.datetime]:
    return [dt.datetime(day.year, day.month, day.day, *time, tzinfo=ZoneInfo(zone)) for day in DAYS]


@pytest.mark.parametrize(
    "days",
    [
        pa.array(DAYS, pa.date32()),
        pa.array(DAYS, pa.date64()),
        pa.array([f"{day}" for day in DAYS]),
        pa.array([f"{day:%Y%m%d}" for day in DAYS], pa.large_string()).dictionary_encode(),
        pa.array([int(f"{day:%Y%m%d}") for day in DAYS]),
        pa.array(pd.DatetimeIndex(DAYS).as_unit("ns")),
        pa.array(pd.DatetimeIndex(DAYS) + pd.Timedelta("15:30:00")),
        pa.array(in_zone("Asia/Seoul", 0), pa.timestamp("us", "Asia/Seoul")),
        pa.array(in_zone("Asia/Seoul", 15, 30), pa.timestamp("ns", "Asia/Seoul")),
        pa.array(in_zone("Asia/Seoul", 0), pa.timestamp("us", "UTC")),
        pa.array(in_zone("UTC", 0), pa.timestamp("s", "UTC")),
        pa.array([int(moment.timestamp() * 1000) for moment in in_zone("Asia/Seoul", 0)]),
        pa.array([int(moment.timestamp()) for moment in in_zone("UTC", 0)]),
    ],
    ids=lambda days: str(days.type),
)
def test_every_way_to_keep_a_day_in_parquet_gives_that_day(tmp_path: Path, days: pa.Array) -> None:
    columns = pa.Table.from_pandas(table(DAYS).drop(columns="date")).append_column("Date", days)
    pq.write_table(columns, tmp_path / "005930.parquet")
    assert_the_three_bars(found(tmp_path / "005930.parquet"))


@pytest.mark.parametrize("name", [None, "Date", "index", "날짜"])
@pytest.mark.parametrize("zone", [None, "Asia/Seoul", "UTC"])
def test_an_index_of_pandas_is_the_day(tmp_path: Path, name: str | None, zone: str | None) -> None:
    frame = table(DAYS).drop(columns="date").set_axis(pd.DatetimeIndex(DAYS, name=name).tz_localize(zone))
    frame.to_parquet(tmp_path / "005930.parquet")
    assert_the_three_bars(found(tmp_path / "005930.parquet"))
    frame.to_csv(tmp_path / "005930.csv")
    if name != "index":
        assert_the_three_bars(found(tmp_path / "005930.csv"))


def test_a_parquet_with_many_tickers_reads_only_the_wanted_rows_and_columns(tmp_path: Path) -> None:
    frames = [table(DAYS).assign(symbol=ticker, note="x" * 100) for ticker in (5930, 660, 20)]
    pd.concat(frames).set_index(["symbol", "date"]).to_parquet(tmp_path / "all.pq", row_group_size=2)
    source = file_source.open_file(tmp_path / "all.pq", KOREAN_STOCKS)

    assert source.counts() == {5930: 3, 660: 3, 20: 3}
    portions = list(source.read([660]))

    assert [place for rows in portions for place in rows.places] == [4, 5, 6]
    assert "note" not in portions[0].columns
    assert_the_three_bars([each for each in found(tmp_path / "all.pq") if each.ticker == "005930"])


@pytest.mark.parametrize("kind", [pa.string(), pa.dictionary(pa.int32(), pa.string())])
def test_rows_without_a_ticker_are_refused(tmp_path: Path, kind: pa.DataType) -> None:
    frame = pd.concat([table(DAYS).assign(symbol=ticker) for ticker in ("005930", None, " ", "")])
    columns = pa.Table.from_pandas(frame, preserve_index=False)
    symbols = columns["symbol"].combine_chunks().cast(pa.string())
    at = columns.schema.get_field_index("symbol")
    symbols = symbols.dictionary_encode().cast(kind) if pa.types.is_dictionary(kind) else symbols
    pq.write_table(columns.set_column(at, "symbol", symbols), tmp_path / "all.parquet")
    source = file_source.open_file(tmp_path / "all.parquet", KOREAN_STOCKS)
    assert source.counts() == {"005930": 3, None: 9}
    samsung, *unknown = found(tmp_path / "all.parquet")
    assert_the_three_bars([samsung])
    assert [refusal.place for each in unknown for refusal in each.refusals] == [f"{row}" for row in range(4, 13)]


def broken(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-30])


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (broken, file_source.NOT_PARQUET),
        (lambda path: path.write_bytes(b"PAR1"), file_source.NOT_PARQUET),
        (lambda path: path.write_text(CSV), file_source.NOT_PARQUET),
        (lambda path: path.write_bytes(b""), file_source.NOT_PARQUET),
        (lambda path: table(DAYS).drop(columns="date").to_parquet(path), file_source.NO_COLUMNS),
        (lambda path: table(DAYS).drop(columns="close").to_parquet(path), file_source.NO_COLUMNS),
        (lambda path: table(DAYS).iloc[:0].to_parquet(path), file_source.EMPTY),
        (lambda path: table([None] * 3).to_parquet(path), file_source.NO_DAYS),
        (lambda path: table([1, 2, 3]).to_parquet(path), file_source.NO_DAYS),
    ],
)
def test_what_is_no_parquet_of_prices_is_refused_with_a_sentence(
    tmp_path: Path, spoil: Callable[[Path], object], message: str
) -> None:
    path = tmp_path / "005930.parquet"
    table(DAYS).to_parquet(path)
    spoil(path)
    with pytest.raises(SisepanError) as raised:
        file_source.open_file(path, KOREAN_STOCKS).counts()
    assert_says(raised.value, message, "005930.parquet")


# As an import sees them


def test_a_dry_run_shows_conversions(db: MongoDatabase, tmp_path: Path) -> None:
    path = write(tmp_path, "005930.csv", CSV)
    summary: Summary = import_run.examine(db, KOREAN_STOCKS, file_source.open_file(path, KOREAN_STOCKS))
    assert (summary.rows, summary.bars, summary.total, summary.refused) == (3, 3, 1, 0)
    first = summary.conversions[0]
    assert (first.place, first.raw_date, first.close) == ("2", "2024-01-02", 79600)
