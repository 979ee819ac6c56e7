"""What a person does who connects a database of their own, in a foreign layout: look, agree, see the chart."""

import datetime as dt
from pathlib import Path

import pandas as pd
import pytest
from playwright.sync_api import Page, expect

from finance_core.categories import CATEGORIES, KOREAN_STOCKS
from finance_core.storage import prices, tickers
from finance_core.storage.database import Document, MongoDatabase
from tests.e2e.conftest import Start
from tests.pages import made_table

pytestmark = pytest.mark.slow

TABLE = made_table(1, halted=0)


def in_his_layout(table: pd.DataFrame) -> list[Document]:
    """As a script of the user's own might have stored it: other names, a leading A, texts."""
    return [
        {
            "Symbol": "A005930",
            "Date": f"{day:%Y%m%d}",
            "Close": f"{row['close']:,.0f}",
            **{name.capitalize(): f"{row[name]:,.0f}" for name in ("open", "high", "low", "volume")},
        }
        for day, row in table.iterrows()
    ]


def agree(page: Page, kind: str, collection: str) -> None:
    """Read what will happen, and say yes."""
    page.locator(f".st-key-plan_{kind}_{collection} button").first.click()
    plan = page.get_by_test_id("stPopoverBody")
    expect(plan).to_contain_text(f"{collection}")
    plan.get_by_role("button", name="예, 시작합니다").click()


def card(page: Page, collection: str):
    return page.locator(f".st-key-collection_{collection}")


def test_a_foreign_database_is_looked_at_converted_and_drawn(
    page: Page, app: Start, own_server_db: MongoDatabase
) -> None:
    own_server_db["stocks"].insert_many([*in_his_layout(TABLE), {"Symbol": "A005930", "Date": "언제", "Close": "1"}])
    own_server_db["companies"].insert_one({"code": "005930", "종목명": "나의 삼성"})
    before = own_server_db["stocks"].find().to_list()
    address = app().replace("127.0.0.1", "localhost")

    page.goto(address)
    page.get_by_role("link", name="내 데이터에서 읽거나 가져오기").first.click()
    expect(card(page, "stocks")).to_contain_text("전환하면 쓸 수 있음", timeout=30_000)
    expect(card(page, "stocks")).to_contain_text(f"문서 {len(TABLE) + 1:,}개")
    assert sorted(own_server_db.list_collection_names()) == ["companies", "stocks"]  # looking changes nothing

    agree(page, "convert", "stocks")
    expect(card(page, "stocks")).to_contain_text("체크섬이 모두 같습니다", timeout=30_000)
    expect(card(page, "stocks")).to_contain_text(f"봉 {len(TABLE):,}개")
    assert own_server_db["stocks"].find().to_list() == before

    card(page, "stocks").get_by_role("link", name="차트 보기").click()
    expect(page.get_by_text("나의 삼성").first).to_be_visible(timeout=30_000)
    last = TABLE["close"].iloc[-1]
    expect(page.get_by_text(f"{last:,.0f}").first).to_be_visible()
    expect(page.locator("canvas").first).to_be_visible()


def test_a_collection_with_other_names_is_read_as_it_is_and_asks_for_conversion_before_an_update(
    page: Page, app: Start, own_server_db: MongoDatabase
) -> None:
    documents = [
        {"code": "005930", "day": day.to_pydatetime(), **{name: float(row[name]) for name in TABLE.columns[:5]}}
        for day, row in TABLE.iterrows()
    ]
    own_server_db["kr_stocks"].insert_many(documents)
    address = app().replace("127.0.0.1", "localhost")
    page.goto(f"{address}/admin_data")
    expect(card(page, "kr_stocks")).to_contain_text("그대로 읽을 수 있음", timeout=30_000)
    agree(page, "read", "kr_stocks")
    expect(card(page, "kr_stocks")).to_contain_text("모두 읽어 확인했습니다", timeout=30_000)
    expect(card(page, "kr_stocks")).to_contain_text("읽기 전용으로 쓰는 중")

    card(page, "kr_stocks").get_by_role("link", name="차트 보기").click()
    expect(page.get_by_text("삼성전자").first).to_be_visible(timeout=30_000)
    expect(page.locator("canvas").first).to_be_visible()
    page.get_by_role("button", name="업데이트").first.click()
    expect(page.get_by_text("읽기만 합니다").first).to_be_visible(timeout=30_000)
    assert own_server_db["kr_stocks"].find({}, {"_id": False}).to_list() == [
        {name: value for name, value in document.items() if name != "_id"} for document in documents
    ]
    assert documents[0]["day"] <= dt.datetime(2026, 11, 20)


def test_a_file_is_tried_imported_drawn_and_taken_away_again(
    page: Page, app: Start, db: MongoDatabase, tmp_path: Path
) -> None:
    for category in CATEGORIES:  # then they need no sample prices, which take long to fill in
        tickers.register(db, category, [{"ticker": "000001", "name": "회사"}])
    korean = {"open": "시가", "high": "고가", "low": "저가", "close": "종가", "volume": "거래량"}
    years = []
    for year, rows in TABLE.rename(columns=korean)[list(korean.values())].rename_axis("날짜").groupby(TABLE.index.year):
        years.append(tmp_path / f"009990_회사_{year}.csv")
        rows.to_csv(years[-1], encoding="cp949")
    assert len(years) > 1
    address = app().replace("127.0.0.1", "localhost")
    page.goto(f"{address}/admin_data")
    page.locator("input[type=file]").set_input_files({"name": "a.csv", "mimeType": "text/csv", "buffer": b"a,b\n1,2"})
    page.locator(".st-key-try_file button").first.click()
    error = page.get_by_test_id("stAlert").filter(has_text="날짜와 종가 열")
    expect(error).to_be_in_viewport()  # where the button is
    page.get_by_role("button", name="a.csv 빼기").click()
    expect(page.locator(".st-key-try_file")).to_have_count(0)  # then the box takes files again
    page.locator("input[type=file]").set_input_files(years)
    expect(error).to_have_count(0)  # once the other files have come
    page.locator(".st-key-try_file button").first.click()
    expect(page.get_by_text(f"{len(TABLE):,}개가 봉이 되고 0개는")).to_be_visible(timeout=60_000)
    page.locator(".st-key-plan_import button").first.click()
    page.get_by_test_id("stPopoverBody").get_by_role("button", name="예, 시작합니다").click()
    expect(page.get_by_test_id("stPopoverBody")).to_have_count(0)  # it would lie over the progress
    expect(page.get_by_text("체크섬이 모두 같습니다")).to_be_visible(timeout=30_000)
    assert prices.load(db, KOREAN_STOCKS, "009990")["close"].tolist() == TABLE["close"].tolist()

    with page.expect_download() as download:
        page.locator(".st-key-export_parquet button").first.click()
    exported = pd.read_parquet(download.value.path())
    assert exported[exported["ticker"] == "009990"]["close"].tolist() == TABLE["close"].tolist()
    page.get_by_test_id("stSidebarNav").get_by_role("link", name="한국 주식").click()
    search = page.get_by_role("combobox", name="이름, 코드, 초성으로 찾기")
    search.fill("009990")
    search.press("Enter")
    page.wait_for_url("**/korean_stocks?ticker=009990")
    expect(page.locator("canvas").first).to_be_visible(timeout=30_000)
