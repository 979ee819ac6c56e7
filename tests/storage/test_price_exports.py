"""Exports: what comes out goes in again as the same bars, and half a file is never seen."""

import io
import itertools
import threading
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest

from finance_core import export
from finance_core.bars import candles
from finance_core.categories import KOREAN_STOCKS, US_STOCKS
from finance_core.errors import SisepanError
from finance_core.foreign import file_source, import_run
from finance_core.storage import price_exports, prices, tickers
from finance_core.storage.database import MongoDatabase
from tests.pages import made_table, real_tables
from tests.processes import start_python, wait_until

COLUMNS = ["ticker", "date", *candles.COLUMNS]


def store(db: MongoDatabase, tables: dict[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    for ticker, table in tables.items():
        prices.write(db, KOREAN_STOCKS, ticker, candles.clean(table)[0])
    return {ticker: prices.load(db, KOREAN_STOCKS, ticker) for ticker in tables}


def with_events(table: pd.DataFrame) -> pd.DataFrame:
    table = table.assign(dividends=0.0, stock_splits=0.0)
    table.iloc[3, 5:] = 361.1, 1 / 3
    return table * [1.1, 1.1, 1.1, 1.1, 1, 1, 1]


def assert_the_same_after_a_round_trip(db: MongoDatabase, stored: dict[str, pd.DataFrame], path: Path) -> None:
    done = price_exports.export(db, KOREAN_STOCKS, path)
    assert done == (len(stored), sum(map(len, stored.values())))
    for name in ("korean_stocks", "ticker_metadata"):
        db[name].delete_many({})

    summary = import_run.run(db, KOREAN_STOCKS, file_source.open_file(path, KOREAN_STOCKS))

    assert (summary.refused, summary.changed, summary.verified) == (0, 0, len(stored))
    for ticker, bars in stored.items():
        pd.testing.assert_frame_equal(prices.load(db, KOREAN_STOCKS, ticker), bars, check_exact=True)


@pytest.mark.slow
@pytest.mark.parametrize("kind", price_exports.FORMATS)
def test_real_prices_are_the_same_after_a_round_trip(db: MongoDatabase, tmp_path: Path, kind: str) -> None:
    some = dict(itertools.islice(real_tables().items(), 6))
    assert_the_same_after_a_round_trip(db, store(db, some), tmp_path / f"krx.{kind}")


@pytest.mark.parametrize("kind", price_exports.FORMATS)
def test_fractions_dividends_and_splits_are_the_same_after_a_round_trip(
    db: MongoDatabase, tmp_path: Path, kind: str
) -> None:
    tables = {ticker: with_events(made_table(int(ticker), "2023-01-02", "2023-06-28")) for ticker in ("000020", "5930")}
    tables["005930"] = tables.pop("5930")
    stored = store(db, tables)
    assert stored["005930"]["stock_splits"].iloc[3] == 1 / 3
    assert_the_same_after_a_round_trip(db, stored, tmp_path / f"made.{kind}")


def test_both_formats_have_the_same_columns_and_one_row_group_a_ticker(db: MongoDatabase, tmp_path: Path) -> None:
    store(db, {ticker: made_table(1, "2023-01-02", "2023-06-28") for ticker in ("000020", "000660", "005930")})
    for kind in price_exports.FORMATS:
        price_exports.export(db, KOREAN_STOCKS, tmp_path / f"all.{kind}", ["005930", "000020", "005930"])
    as_csv = pd.read_csv(tmp_path / "all.csv", dtype={"ticker": str}, parse_dates=["date"])
    as_parquet = pd.read_parquet(tmp_path / "all.parquet")
    assert as_csv.columns.tolist() == as_parquet.columns.tolist() == COLUMNS
    assert as_csv["ticker"].unique().tolist() == ["005930", "000020"]
    assert pq.ParquetFile(tmp_path / "all.parquet").metadata.num_row_groups == 2
    as_parquet["date"] = pd.to_datetime(as_parquet["date"])
    pd.testing.assert_frame_equal(as_csv, as_parquet, check_dtype=False)
    assert sorted(each.name for each in tmp_path.iterdir() if each.is_file()) == ["all.csv", "all.parquet"]


def test_a_download_has_the_same_content(db: MongoDatabase, tmp_path: Path) -> None:
    store(db, {"005930": made_table(1, "2023-01-02", "2023-06-28")})
    price_exports.export(db, KOREAN_STOCKS, tmp_path / "all.csv")
    assert price_exports.export_bytes(db, KOREAN_STOCKS, "csv") == (tmp_path / "all.csv").read_bytes()
    assert len(pd.read_parquet(io.BytesIO(price_exports.export_bytes(db, KOREAN_STOCKS, "parquet")))) > 100


def with_sample(db: MongoDatabase) -> None:
    """Two tickers, of which 000660 has sample prices."""
    store(db, {ticker: made_table(1, "2023-01-02", "2023-06-28") for ticker in ("000660", "005930")})
    tickers.register(db, KOREAN_STOCKS, [{"ticker": "000660", "name": "SK하이닉스", "source": "sample"}])


@pytest.mark.parametrize("kind", price_exports.FORMATS)
def test_samples_are_never_exported(db: MongoDatabase, tmp_path: Path, kind: str) -> None:
    with_sample(db)
    path = tmp_path / f"all.{kind}"
    assert price_exports.samples(db, KOREAN_STOCKS) == {"000660"}
    assert price_exports.export(db, KOREAN_STOCKS, path).tickers == 1
    assert set(next(file_source.open_file(path, KOREAN_STOCKS).read(["005930", "000660"])).columns["ticker"]) == {
        "005930"
    }
    before = path.read_bytes()
    with pytest.raises(SisepanError, match=r"표본.*000660"):
        price_exports.export(db, KOREAN_STOCKS, path, ["005930", "000660"])
    tickers.register(db, KOREAN_STOCKS, [{"ticker": "005930", "name": "삼성전자"}])
    tickers.record(db, KOREAN_STOCKS, "005930", {"source": "sample"})
    with pytest.raises(SisepanError, match="표본 2종목은 실제 시세가 아니어서"):
        price_exports.export(db, KOREAN_STOCKS, path)
    assert path.read_bytes() == before


def test_what_cannot_be_exported_is_said_and_leaves_the_file_as_it_was(db: MongoDatabase, tmp_path: Path) -> None:
    store(db, {"005930": made_table(1, "2023-01-02", "2023-06-28")})
    path = tmp_path / "all.csv"
    path.write_text("before")
    stop = threading.Event()
    stop.set()
    with pytest.raises(SisepanError, match="000660"):
        price_exports.export(db, KOREAN_STOCKS, path, ["005930", "000660"])
    with pytest.raises(SisepanError, match="us_stocks"):
        price_exports.export(db, US_STOCKS, path)
    with pytest.raises(SisepanError, match="중단"):
        price_exports.export(db, KOREAN_STOCKS, path, stop=stop)
    db["korean_stocks"].insert_one({"ticker": "005930", "date": "2023-06-29", "close": 1})
    with pytest.raises(SisepanError, match="date"):
        price_exports.export(db, KOREAN_STOCKS, path)
    with pytest.raises(SisepanError, match="쓸 수 없습니다"):
        price_exports.export(db, KOREAN_STOCKS, tmp_path / "nowhere" / "all.csv")
    with pytest.raises(SisepanError, match=r"\.csv"):
        price_exports.export(db, KOREAN_STOCKS, tmp_path / "all.xlsx")
    assert path.read_text() == "before"
    assert [each for each in tmp_path.iterdir() if each.is_file()] == [path]


# The command


@pytest.fixture
def korean(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LC_ALL", "LC_MESSAGES"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LANG", "ko_KR.UTF-8")


@pytest.mark.slow
@pytest.mark.usefixtures("korean")
def test_the_command_exports_and_says_so(db: MongoDatabase, tmp_path: Path) -> None:
    store(db, {ticker: made_table(1, "2023-01-02", "2023-06-28") for ticker in ("000660", "005930")})
    path = tmp_path / "all.parquet"
    process = start_python("-m", "finance_core.export", "korean_stocks", str(path), "--tickers", "5930, A000660")
    output, errors = process.communicate(timeout=60)
    count = len(pd.read_parquet(path))
    assert (process.returncode, errors) == (0, "")
    assert output == f"한국 주식: 2종목의 봉 {count}개를 {path}에 썼습니다.\n"


@pytest.mark.slow
@pytest.mark.usefixtures("korean")
def test_the_command_says_how_many_samples_it_leaves_out(db: MongoDatabase, tmp_path: Path) -> None:
    with_sample(db)
    command = "-m", "finance_core.export", "korean_stocks", str(tmp_path / "all.csv")
    output, errors = start_python(*command).communicate(timeout=60)
    assert errors == ""
    written, left_out = output.splitlines()
    assert "1종목의 봉" in written
    assert left_out.startswith("표본 1종목은 실제 시세가 아니어서 내보내지 않습니다.")
    assert "표본" not in start_python(*command, "--tickers", "005930").communicate(timeout=60)[0]
    refused = start_python(*command, "--tickers", "000660")
    assert "표본은 실제 시세가 아니어서 내보내지 않습니다: 000660" in refused.communicate(timeout=60)[1]
    assert refused.returncode == 1


@pytest.mark.slow
@pytest.mark.usefixtures("korean")
def test_the_command_says_what_it_cannot_export(db: MongoDatabase, tmp_path: Path) -> None:
    process = start_python("-m", "finance_core.export", "korean_stocks", str(tmp_path / "all.csv"))
    output, errors = process.communicate(timeout=60)
    assert (process.returncode, output) == (1, "")
    assert errors == "korean_stocks 카테고리에 저장된 시세가 없습니다.\n"
    with pytest.raises(SystemExit) as raised:
        export.main(["korean_stocks", "all.xlsx"])
    assert raised.value.code == 2


@pytest.mark.slow
def test_a_killed_export_leaves_no_half_file(db: MongoDatabase, tmp_path: Path) -> None:
    store(db, {f"{number:06d}": made_table(number, "2020-01-02", "2023-06-28") for number in range(100, 160)})
    path = tmp_path / "all.csv"
    process = start_python("-m", "finance_core.export", "korean_stocks", str(path))
    assert wait_until(lambda: any(each.stat().st_size for each in tmp_path.glob(".all.csv.*")))
    process.kill()
    process.communicate()
    assert not path.exists()
    price_exports.export(db, KOREAN_STOCKS, path)
    assert pd.read_csv(path)["ticker"].nunique() == 60


def test_an_unknown_price_is_an_empty_cell_and_comes_back_as_it_was(db: MongoDatabase, tmp_path: Path) -> None:
    store(db, {"005930": made_table(1, halted=0)})
    day = prices.load(db, KOREAN_STOCKS, "005930").index[7]
    change = {"$unset": {"open": "", "high": ""}}
    db["korean_stocks"].update_one({"ticker": "005930", "date": day.to_pydatetime()}, change)
    drawn = prices.load(db, KOREAN_STOCKS, "005930")
    price_exports.export(db, KOREAN_STOCKS, tmp_path / "kr.csv")
    line = (tmp_path / "kr.csv").read_text(encoding="utf-8").splitlines()[8]
    assert line.startswith(f"005930,{day:%Y-%m-%d},,,{drawn['low'].iloc[7]}")
    db["korean_stocks"].delete_many({})
    import_run.run(db, KOREAN_STOCKS, file_source.open_file(tmp_path / "kr.csv", KOREAN_STOCKS))
    pd.testing.assert_frame_equal(prices.load(db, KOREAN_STOCKS, "005930"), drawn, check_exact=True)
