"""Lists of tickers as text and files, in and out."""

import contextlib
import io
import zipfile

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook

from finance_core import spreadsheets, ticker_fields
from finance_core.categories import CATEGORIES, INDICES, KOREAN_STOCKS, US_STOCKS, Category
from finance_core.errors import SisepanError
from finance_core.i18n import in_all_languages
from finance_core.starter import MARKET_LISTS
from finance_core.storage import ticker_files
from finance_core.storage.ticker_files import Line

SAMSUNG = {"ticker": "005930", "name": "삼성전자", "market": "KOSPI", "marker": "diamond"}


def rows_of(lines: list[Line]) -> list[dict[str, object]]:
    return [line.row for line in lines if line.problem is None]


@pytest.mark.parametrize("delimiter", [",", "\t", ";"])
@pytest.mark.parametrize("header", ["", "ticker{0}name{0}market{0}marker\n", "종목코드{0}종목명{0}시장{0}표식\n"])
def test_a_list_may_have_any_delimiter_and_a_header_or_none(delimiter: str, header: str) -> None:
    text = header.format(delimiter) + delimiter.join(["005930", "삼성전자", "KOSPI", "diamond"]) + "\n"
    assert rows_of(ticker_files.read_text(text, KOREAN_STOCKS)) == [SAMSUNG]


def test_a_header_says_the_order_of_the_columns_and_what_is_unknown_is_passed_over() -> None:
    text = "시장,비고,종목명,종목코드\nKOSPI,x,삼성전자,005930\n"
    expected = {name: SAMSUNG[name] for name in ("ticker", "name", "market")}
    assert rows_of(ticker_files.read_text(text, KOREAN_STOCKS)) == [expected]


def test_lines_may_be_short_quoted_empty_and_end_as_they_like() -> None:
    text = '\ufeff005930\r\n\r\n000660,"SK, ""하이닉스"""\r\n   \n035720,\n'
    assert rows_of(ticker_files.read_text(text, KOREAN_STOCKS)) == [
        {"ticker": "005930"},
        {"ticker": "000660", "name": 'SK, "하이닉스"'},
        {"ticker": "035720"},
    ]


def test_a_korean_code_that_a_spreadsheet_shortened_gets_its_zeros_back() -> None:
    lines = ticker_files.read_text("5930\n660\n00088k\n", KOREAN_STOCKS)
    assert [row["ticker"] for row in rows_of(lines)] == ["005930", "000660", "00088K"]
    assert ticker_files.read_text("5930\n", US_STOCKS)[0].problem is not None


@pytest.mark.parametrize(
    ("line", "rule"),
    [
        ("AAPL,Apple", "종목 코드가 아닙니다"),
        (",이름만", "종목 코드가 아닙니다"),
        ("000001,x,NASDAQ", "NASDAQ"),
        ("000001,x,KOSPI,star", "star"),
        ("000001," + "x" * 201, "200자"),
        ('000001,"a\nb"', "제어 문자"),
        ("005930,또", "앞에 또"),
    ],
)
def test_a_line_that_breaks_a_rule_is_refused_with_its_number_and_the_rule(line: str, rule: str) -> None:
    lines = ticker_files.read_text("005930,삼성전자\n\n" + line, KOREAN_STOCKS)
    assert [each.problem is None for each in lines] == [True, False]
    assert lines[1].number == 3
    assert rule in str(lines[1].problem)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp949"])
def test_a_file_may_be_encoded_as_korean_excel_does(encoding: str) -> None:
    content = "종목코드,종목명,시장,표식\n005930,삼성전자,KOSPI,diamond\n".encode(encoding)
    assert rows_of(ticker_files.read_file("목록.csv", content, KOREAN_STOCKS)) == [SAMSUNG]


def test_an_excel_file_is_read_whether_its_codes_are_text_or_numbers() -> None:
    file = io.BytesIO()
    table = pd.DataFrame({"ticker": ["005930", 660], "name": ["삼성전자", "SK하이닉스"], "market": "KOSPI"})
    table.to_excel(file, index=False)
    rows = rows_of(ticker_files.read_file("a.XLSX", file.getvalue(), KOREAN_STOCKS))
    assert [(row["ticker"], row["name"]) for row in rows] == [("005930", "삼성전자"), ("000660", "SK하이닉스")]


@pytest.mark.parametrize(
    ("name", "content"),
    [("a.csv", b"\xff\xfe\x00\x81"), ("a.xlsx", b"no zip"), ("a.xlsx", b"PK\x03\x04"), ("a.xlsx", b"")],
)
def test_a_file_that_is_no_list_gets_a_sentence(name: str, content: bytes) -> None:
    with pytest.raises(SisepanError, match="읽지 못했습니다"):
        ticker_files.read_file(name, content, KOREAN_STOCKS)


@pytest.mark.filterwarnings("ignore:Workbook contains no stylesheet")
@pytest.mark.parametrize(
    "part", ["xl/workbook.xml", "xl/worksheets/sheet1.xml", "xl/styles.xml", "[Content_Types].xml"]
)
@pytest.mark.parametrize("broken", [b"<x", b"", b"<a/>"])
def test_an_excel_file_with_a_broken_part_gets_a_sentence_or_is_read(part: str, broken: bytes) -> None:
    file = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(to_excel(ticker_files.export([])))) as whole,
        zipfile.ZipFile(file, "w") as parts,
    ):
        for name in whole.namelist():
            parts.writestr(name, broken if name == part else whole.read(name))
    with contextlib.suppress(SisepanError):
        ticker_files.read_file("a.xlsx", file.getvalue(), KOREAN_STOCKS)


@pytest.mark.slow
@pytest.mark.parametrize(("rows", "columns"), [(100_000, 4), (100, 4_000), (2, 150_000)])
def test_a_small_file_with_a_large_sheet_is_read(rows: int, columns: int) -> None:
    content = workbook("<row>" + "<c><v>5930</v></c>" * columns + "</row>", rows)
    assert len(content) < 200_000
    lines = ticker_files.read_file("a.xlsx", content, KOREAN_STOCKS)
    assert (len(lines), lines[0].row["ticker"]) == (rows, "005930")


def test_a_sheet_without_bound_gets_a_sentence() -> None:
    content = workbook("<row><c><v>5930</v></c></row>", 2_000_000)
    assert len(content) < 500_000
    with pytest.raises(SisepanError, match="MB"):
        ticker_files.read_file("a.xlsx", content, KOREAN_STOCKS)


def to_excel(table: pd.DataFrame) -> bytes:
    """`table` as the page exports it."""
    return spreadsheets.workbook({"Sheet1": spreadsheets.Sheet(table, index=False)})


def workbook(row: str, rows: int) -> bytes:
    """An Excel file whose sheet is `row`, repeated."""
    file = io.BytesIO()
    sheet = f'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>{row * rows}'
    with (
        zipfile.ZipFile(io.BytesIO(to_excel(ticker_files.export([])))) as whole,
        zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as parts,
    ):
        for name in whole.namelist():
            is_sheet = name == "xl/worksheets/sheet1.xml"
            parts.writestr(name, sheet + "</sheetData></worksheet>" if is_sheet else whole.read(name))
    return file.getvalue()


def test_an_old_excel_file_by_a_new_name_gets_a_sentence() -> None:
    with pytest.raises(SisepanError, match="Excel"):
        ticker_files.read_file("a.xlsx", bytes.fromhex("d0cf11e0a1b11ae1") + bytes(2_000), KOREAN_STOCKS)


def test_too_many_lines_get_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ticker_files, "LINES_LIMIT", 10)
    with pytest.raises(SisepanError, match="10줄"):
        ticker_files.read_text("005930\n" * 11, KOREAN_STOCKS)


@settings(deadline=None, max_examples=300)
@given(st.text(max_size=400), st.sampled_from(CATEGORIES))
def test_pasted_text_never_raises_anything_but_a_sentence_and_lets_only_good_rows_through(text, category) -> None:  # type: ignore[no-untyped-def]
    try:
        lines = ticker_files.read_text(text, category)
    except SisepanError:
        return
    good = rows_of(lines)
    assert len({row["ticker"] for row in good}) == len(good)
    for row in good:
        assert category.is_ticker(row["ticker"])
        ticker_fields.checked(category, {name: value for name, value in row.items() if name != "ticker"})


@settings(deadline=None, max_examples=150)
@given(st.binary(max_size=400), st.sampled_from(["a.csv", "a.txt", "a.xlsx"]), st.booleans())
def test_uploaded_bytes_never_raise_anything_but_a_sentence(content: bytes, name: str, zipped: bool) -> None:
    with contextlib.suppress(SisepanError):
        ticker_files.read_file(name, b"PK\x03\x04" + content if zipped else content, INDICES)


@pytest.mark.parametrize("market", ["코스닥", "KOSDAQ", "Kosdaq"])
@pytest.mark.parametrize("marker", ["■", "rect", "Rect"])
def test_a_list_may_have_markets_and_markers_as_the_page_writes_them(market: str, marker: str) -> None:
    (line,) = ticker_files.read_text(f"035720,카카오,{market},{marker}", KOREAN_STOCKS)
    assert (line.row.get("market"), line.row.get("marker"), line.problem) == ("KOSDAQ", "rect", None)
    (index,) = rows_of(ticker_files.read_text("^KS11,코스피,코스피", INDICES))
    assert (index["name"], index["market"]) == ("코스피", "KOSPI")


def test_what_the_lists_of_markets_are_called_is_read_as_a_market() -> None:
    for each in MARKET_LISTS:
        for title in in_all_languages(each.title) if each.market else ():
            (line,) = ticker_files.read_text(f"000001,x,{title}", each.category)
            assert line.row["market"] == each.market


@pytest.mark.parametrize(
    ("word", "value"),
    [("True", True), ("FALSE", False), ("예", True), ("아니요", False), ("Yes", True), ("no", False), ("0", False)],
)
def test_a_list_says_whether_a_ticker_is_used_in_the_words_of_the_export_of_excel_and_of_the_page(
    word: str, value: bool
) -> None:
    for header in ("active", "사용"):
        lines = ticker_files.read_text(f"ticker,{header}\n005930,{word}\n000660,\n035720,아마", KOREAN_STOCKS)
        assert rows_of(lines) == [{"ticker": "005930", "active": value}, {"ticker": "000660"}]
        assert str(lines[2].problem) == "사용 여부는 예 또는 아니요여야 합니다."


def test_an_export_comes_back_with_whether_tickers_are_used_and_a_list_without_a_header_has_no_such_column() -> None:
    table = ticker_files.export([{"ticker": "005930", "active": False}, {"ticker": "000660", "active": True}])
    for name, written in (("a.csv", spreadsheets.to_csv), ("a.xlsx", to_excel)):
        rows = rows_of(ticker_files.read_file(name, written(table), KOREAN_STOCKS))
        assert [row["active"] for row in rows] == [False, True]
    (line,) = ticker_files.read_text("005930,삼성전자,KOSPI,pin,Samsung,반도체", KOREAN_STOCKS)
    assert (line.row["name_en"], line.row["industry"], "active" in line.row) == ("Samsung", "반도체", False)


def test_columns_and_sheets_that_are_not_read_are_named() -> None:
    lines = ticker_files.read_text("비고,종목코드,,bar_count\nx,005930,,5", KOREAN_STOCKS)
    assert (lines.unread, lines.other_sheets) == (["비고", "bar_count"], ())
    sheet = spreadsheets.Sheet(pd.DataFrame({"ticker": ["005930"], "name": ["삼성전자"]}), index=False)
    lines = ticker_files.read_file("a.xlsx", spreadsheets.workbook({"종목": sheet, "메모": sheet}), KOREAN_STOCKS)
    assert (len(lines), [*lines.unread], lines.other_sheets) == (1, [], ["메모"])
    assert not ticker_files.read_text("005930,삼성전자", KOREAN_STOCKS).unread
    twice = "종목코드,한글 종목명,회사명,시장구분\n005930,삼성전자,Samsung,KOSDAQ GLOBAL"
    lines = ticker_files.read_text(twice, KOREAN_STOCKS)
    assert [lines.unread, lines[0].row] == [["회사명"], {"ticker": "005930", "name": "삼성전자", "market": "KOSDAQ"}]


@pytest.mark.parametrize(
    "title", ["상장 종목 현황 2026", "현황,기준일: 2026-11-27\n\n단위: 원", "출처,거래소 누리집,,"]
)
def test_the_header_is_found_below_titles_and_its_lines_keep_their_numbers(title: str) -> None:
    text = f"{title}\n종목코드,영문 약명,시장구분\n005930,SamsungElec,KOSPI\n000660,SK hynix,KOSPI"
    lines = ticker_files.read_text(text, KOREAN_STOCKS)
    assert [line.row for line in lines] == [{"ticker": ticker, "market": "KOSPI"} for ticker in ("005930", "000660")]
    assert (lines.unread, lines[0].number) == (["영문 약명"], text.count("\n"))
    file = io.BytesIO()
    pd.Series(text.split("\n")).str.split(",", expand=True).to_excel(file, index=False, header=False)
    assert [line.row for line in ticker_files.read_file("a.xlsx", file.getvalue(), KOREAN_STOCKS)] == [
        x.row for x in lines
    ]
    (index,) = ticker_files.read_text("My list of 2026\nSymbol,Description\n^KS11,x", INDICES)
    assert index.row == {"ticker": "^KS11"}


@pytest.mark.parametrize(
    ("text", "category", "number"),
    [
        ("005930,삼성전자\n종목코드,영문 약명\n000660,SK hynix", KOREAN_STOCKS, 2),
        ("AMEX\nSymbol,Exchange,Name\nAAPL,NASDAQ,Apple", US_STOCKS, 2),
        ("현황\n단축번호,영문 약명,시장구분\n005930,SamsungElec,KOSPI", KOREAN_STOCKS, 2),
        ("번호,시장,종목명\n005930,KOSPI,삼성전자", KOREAN_STOCKS, 1),
    ],
)
def test_no_column_is_guessed_where_a_line_names_others(text: str, category: Category, number: int) -> None:
    with pytest.raises(SisepanError, match=f"^{number}번째 줄"):
        ticker_files.read_text(text, category)


def test_words_of_a_header_are_data_where_a_ticker_or_the_usual_order_says_so() -> None:
    lines = ticker_files.read_text("AAPL,Apple\nCODE,Spansion\nKO,Symbol", US_STOCKS)
    assert [row["name"] for row in rows_of(lines)] == ["Apple", "Spansion", "Symbol"]
    lines = ticker_files.read_text("시장,KOSPI\n종목번호,종목명,시장구분\n005930,삼성전자,KOSPI", KOREAN_STOCKS)
    assert rows_of(lines) == [{"ticker": "005930", "name": "삼성전자", "market": "KOSPI"}]


@pytest.mark.parametrize("title", ["", "Members, as of Nov. 27, 2026, of all\n"])
@pytest.mark.parametrize("rows", [2, 500])
def test_tabs_part_the_columns_where_each_line_has_as_many_however_many_commas_names_have(
    title: str, rows: int
) -> None:
    names = [f"Airbnb {n}, Inc., Class A, Common" for n in range(rows)]
    listed = "".join(f"A{n}\t{name}\n" for n, name in enumerate(names))
    lines = ticker_files.read_text(f"{title}Symbol\tName\n{listed}", US_STOCKS)
    assert [row["name"] for row in rows_of(lines)] == names


def test_what_is_quoted_parts_no_columns() -> None:
    quoted = 'AAPL;"Apple, Inc., of ""Cupertino"", CA"\nKO;"Coca-Cola, The, Co."'
    names = [row["name"] for row in rows_of(ticker_files.read_text(quoted, US_STOCKS))]
    assert names == ['Apple, Inc., of "Cupertino", CA', "Coca-Cola, The, Co."]


def test_a_list_names_american_markets_as_portals_and_screeners_do() -> None:
    lines = ticker_files.read_text("티커,시장\nAAPL,나스닥\nMSFT,NasdaqGS\nKO,뉴욕거래소\nIMO,NYSE American", US_STOCKS)
    assert [row["market"] for row in rows_of(lines)] == ["NASDAQ", "NASDAQ", "NYSE", "AMEX"]


# Out


NAMES = ["=1+1", "+82", "-5", "@x", "삼성 & <b>", 'q"uote,', "'=2", "이모지 📈"]


def test_an_export_opens_in_excel_with_hangul_and_without_formulas_and_comes_back_the_same() -> None:
    rows = [{"ticker": f"{n:06}", "name": name, "market": "KOSPI", "marker": "circle"} for n, name in enumerate(NAMES)]
    content = spreadsheets.to_csv(ticker_files.export(rows))
    assert content.startswith("\ufeff".encode())
    cells = pd.read_csv(io.BytesIO(content), dtype=str)["name"]
    assert not [cell for cell in cells if cell.startswith(spreadsheets.FORMULA)]
    assert [row["name"] for row in rows_of(ticker_files.read_file("x.csv", content, KOREAN_STOCKS))] == NAMES

    sheet = load_workbook(io.BytesIO(to_excel(ticker_files.export(rows)))).active
    assert sheet is not None
    written = [cell.value for cell in sheet["B"][1:]]
    assert not [cell for cell in written if str(cell).startswith(spreadsheets.FORMULA)]
    assert all(cell.data_type == "s" for cell in sheet["B"][1:])


@pytest.mark.parametrize("first", ["Rank", "No", "Date", "Fund"])
def test_a_header_may_begin_with_what_could_be_a_ticker(first: str) -> None:
    lines = ticker_files.read_text(f"{first},Symbol,Name\n1,AAPL,Apple\n2,KO,Coca-Cola", US_STOCKS)
    assert [(row["ticker"], row["name"]) for row in rows_of(lines)] == [("AAPL", "Apple"), ("KO", "Coca-Cola")]
    assert lines.unread == [first]


def test_a_tab_behind_each_code_parts_no_columns() -> None:
    lines = ticker_files.read_text(
        "종목코드,종목명,시장구분\n005930\t,삼성전자,KOSPI\n000660\t,SK하이닉스,KOSPI", KOREAN_STOCKS
    )
    assert [(row["ticker"], row["name"]) for row in rows_of(lines)] == [
        ("005930", "삼성전자"),
        ("000660", "SK하이닉스"),
    ]
