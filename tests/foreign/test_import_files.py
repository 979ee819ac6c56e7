"""CSV and Parquet files into the database by the command, as a real process where that matters."""

import argparse
import json
import re
import signal
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from finance_core.bars import candles
from finance_core.categories import KOREAN_STOCKS, US_STOCKS, category
from finance_core.errors import SisepanError, WrongUse
from finance_core.foreign import file_source, import_command, import_records, reports
from finance_core.storage import locations, prices, tickers
from finance_core.storage.database import MongoDatabase
from finance_core.storage.locations import Location
from tests.commands import run_here
from tests.conftest import forget_transactions
from tests.pages import made_table
from tests.processes import start_python, wait_until
from tests.yahoo import Listing, YahooStandIn
from updaters import category_update, import_files

pytestmark = pytest.mark.slow

MODULE = "updaters.import_files"


@pytest.fixture(autouse=True)
def korean(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LC_ALL", "LC_MESSAGES"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LANG", "ko_KR.UTF-8")
    monkeypatch.setenv("PYTHONUTF8", "1")


def write(path: Path, tables: dict[str, pd.DataFrame]) -> Path:
    rows = pd.concat([table.assign(ticker=ticker) for ticker, table in tables.items()]).reset_index()
    if path.suffix == ".csv":
        rows.to_csv(path, index=False)
    else:
        rows.to_parquet(path)
    return path


def made(count: int, first: str = "2022-01-03") -> dict[str, pd.DataFrame]:
    return {f"{number:06d}": made_table(number, first, "2023-12-28") for number in range(100, 100 + count)}


def run(*arguments: object, code: int = 0) -> tuple[str, str]:
    done = run_here(import_files.main, *arguments)
    assert done.code == code, done
    assert "Traceback" not in done.err
    return done.out, done.err


def options(**given: object) -> argparse.Namespace:
    return argparse.Namespace(
        **{"dry_run": False, "yes": True, "json": False, "report": None, "intraday": "refuse", **given}
    )


def import_here(db: MongoDatabase, *paths: Path, key: str = "korean_stocks", **given: object) -> int:
    chosen = category(key)
    files = [file_source.open_file(path, chosen) for path in paths]
    return import_command.import_all(db, chosen, files, options(**given), [])


def is_empty(db: MongoDatabase) -> bool:
    return not any(db[name].find_one() for name in db.list_collection_names())


def test_a_ticker_is_called_what_the_users_own_list_says(db: MongoDatabase, tmp_path: Path) -> None:
    db["my_names"].insert_one({"symbol": "000100", "name": "나의 회사"})
    assert import_here(db, write(tmp_path / "prices.csv", made(1))) == 0
    row = tickers.get(db, KOREAN_STOCKS, "000100")
    assert row is not None
    assert row["name"] == "나의 회사"


def in_years(directory: Path, table: pd.DataFrame, columns: list[str] | None = None) -> list[Path]:
    """A CSV file a year, without the ticker."""
    paths = []
    for year, rows in table.groupby(table.index.year):
        paths.append(directory / f"{year}.csv")
        rows.to_csv(paths[-1], index_label="date", columns=columns)
    return paths


def test_a_file_a_year_is_one_history_if_they_are_read_together(db: MongoDatabase, tmp_path: Path) -> None:
    more = made_table(1, "2021-01-04", "2024-12-27")
    table = more.loc[:"2023"]
    paths = in_years(tmp_path, table)
    with paths[1].open("a") as file:
        file.write("어제,1,1,1,1,1\n")
    report, common = tmp_path / "refused.csv", ["--category", "korean_stocks", "--ticker", "005930", "--yes"]

    _output, errors = run(*paths, *common, code=2)
    assert "--together" in errors
    output, errors = run(*paths, *common, "--together", "--report", report)
    assert re.search(rf"2021\.csv … 2023\.csv \(3, \w+\): {len(table) + 1}행, 1종목을", errors)
    assert f"봉 {len(table)}개 중 {len(table)}개 추가" in output
    assert prices.load(db, KOREAN_STOCKS, "005930").equals(candles.clean(table)[0])
    line = 2 + int((table.index.year == 2022).sum())
    assert pd.read_csv(report, dtype=str)["place"].tolist() == [f"2022.csv:{line}"]

    # Again, and with one more year, which agrees on the days that are stored.
    output, _errors = run(*paths, *common, "--together")
    assert "0개 추가, 0개 교체, 0개 삭제" in output
    run(*in_years(tmp_path, more), *common, "--together")
    assert prices.load(db, KOREAN_STOCKS, "005930").equals(candles.clean(more)[0])


@pytest.mark.parametrize("ending", [".csv", ".parquet"])
def test_a_column_that_tells_two_exchanges_apart_is_named(db: MongoDatabase, tmp_path: Path, ending: str) -> None:
    table = made_table(1, "2022-01-03", "2023-12-28").assign(체결시장="KRX")
    late = table[-60:].assign(체결시장="NXT", close=(table["high"] + table["low"]).floordiv(2))
    path = write(tmp_path / f"prices{ending}", {"005930": pd.concat([table, late])})
    _output, errors = run(path, "--category", "korean_stocks", "--yes", code=1)
    assert "체결시장 필드의 값도 다릅니다(KRX, NXT" in _output + errors
    assert is_empty(db) or prices.load(db, KOREAN_STOCKS, "005930").empty


def test_files_with_other_columns_or_other_closes_of_the_same_days_are_not_joined(
    db: MongoDatabase, tmp_path: Path
) -> None:
    table = made_table(1, "2022-01-03", "2023-12-28")
    (tmp_path / "poor").mkdir()
    poor = in_years(tmp_path / "poor", table, ["close"])[1]
    common = ["--category", "korean_stocks", "--ticker", "005930", "--yes", "--together"]
    _output, errors = run(in_years(tmp_path, table)[0], poor, *common, code=1)
    assert "2023.csv에만 있는 열: -. 2022.csv에만 있는 열: high, low, open, volume." in errors
    other = tmp_path / "other.csv"
    (table.loc["2023"] / 2).to_csv(other, index_label="date")
    output, errors = run(*in_years(tmp_path, table), other, *common, code=1)
    assert "종가가 서로 달라" in output + errors
    assert is_empty(db) or prices.load(db, KOREAN_STOCKS, "005930").empty


def test_another_set_of_files_does_not_replace_the_bars_of_one_with_the_same_first_and_last_file(
    db: MongoDatabase, tmp_path: Path
) -> None:
    table = made_table(1, "2021-01-04", "2023-12-28")
    first, middle, last = in_years(tmp_path, table)
    common = ["--category", "korean_stocks", "--ticker", "005930", "--yes", "--together"]
    run(first, middle, last, *common)
    other = tmp_path / "2022_other.csv"
    (table.loc["2022"] * 0.8).to_csv(other, index_label="date")
    output, _errors = run(first, other, last, *common, code=1)
    assert "종가가 다릅니다" in output
    assert prices.load(db, KOREAN_STOCKS, "005930").equals(candles.clean(table)[0])


@pytest.mark.parametrize("times", [1.03, 1.28, 0.5])
def test_files_that_contradict_each_other_on_their_few_common_days_are_not_joined(
    db: MongoDatabase, tmp_path: Path, times: float
) -> None:
    """Ten of three hundred days are few, but they are all days by which the two can be compared."""
    table = made_table(1, "2022-01-03", "2023-12-28")
    table[:200].to_csv(tmp_path / "a.csv", index_label="date")
    (table[190:] * times).to_csv(tmp_path / "b.csv", index_label="date")
    paths = [tmp_path / "a.csv", tmp_path / "b.csv"]
    output, errors = run(*paths, "--category", "korean_stocks", "--ticker", "005930", "--yes", "--together", code=1)
    assert "종가가 서로 달라" in output + errors
    assert prices.load(db, KOREAN_STOCKS, "005930").empty


def test_files_may_differ_in_what_is_no_part_of_a_bar(db: MongoDatabase, tmp_path: Path) -> None:
    table = made_table(1, "2022-01-03", "2023-12-28")
    paths = in_years(tmp_path, table)
    lines = paths[1].read_text().splitlines()
    head = lines[0].replace("close", "Close(원)").replace("volume", "거래량(주)") + ",종목명,시장"
    paths[1].write_text("\n".join([head, *(line + ",삼성전자,KOSPI" for line in lines[1:])]))
    common = ["--category", "korean_stocks", "--ticker", "005930", "--yes", "--together"]
    _output, errors = run(*paths, *common, code=1)
    assert "Close(원)" in errors, "won beside a close of no known currency"
    paths[1].write_text(paths[1].read_text().replace("Close(원)", "Close"))
    run(*paths, *common)
    assert prices.load(db, KOREAN_STOCKS, "005930").equals(candles.clean(table)[0])


def test_several_files_one_ticker_each_are_all_imported_and_reported(db: MongoDatabase, tmp_path: Path) -> None:
    samsung, hynix = made_table(1, "2023-01-02", "2023-12-28"), made_table(2, "2023-01-02", "2023-12-28")
    samsung.to_csv(tmp_path / "005930_삼성전자.csv", encoding="cp949")
    hynix.rename_axis(None).to_parquet(tmp_path / "000660.parquet")
    with (tmp_path / "005930_삼성전자.csv").open("a") as file:
        file.write("어제,1,1,1,1,1\n=1+1,1,1,1,1,1\n")
    paths = [tmp_path / "005930_삼성전자.csv", tmp_path / "000660.parquet"]
    report = tmp_path / "refused.csv"

    output, errors = run(*paths, "--category", "korean_stocks", "--yes", "--report", report)

    count = len(samsung)
    assert f"005930_삼성전자.csv: {count + 2}행, 1종목을 한국 주식으로 읽어" in errors
    assert f"000660.parquet: {count}행, 1종목을" in errors
    assert output.count(f"1/1종목, 봉 {count}개 중 {count}개 추가, 0개 교체, 0개 삭제") == 2
    assert "2: 날짜를 읽을 수 없습니다: 어제, …" in output
    assert f"받지 않은 행 2개를 {report}에 적었습니다." in errors
    listed = pd.read_csv(report, dtype=str)
    assert listed.to_dict("records")[1] == {
        "source": "005930_삼성전자.csv",
        "place": str(count + 3),
        "ticker": "005930",
        "date": "'=1+1",
        "reason": "날짜를 읽을 수 없습니다: =1+1",
    }
    for ticker, table in (("005930", samsung), ("000660", hynix)):
        assert prices.load(db, KOREAN_STOCKS, ticker).equals(candles.clean(table)[0])
        assert (tickers.get(db, KOREAN_STOCKS, ticker) or {})["source"] == "import"
    hynix_row = tickers.get(db, KOREAN_STOCKS, "000660") or {}
    assert (hynix_row["name"], hynix_row["name_en"]) == ("SK하이닉스", "SK hynix")

    told = json.loads(run(*paths, "--category", "korean_stocks", "--yes", "--json")[0])

    assert [(each["added"], each["replaced"], each["verified"]) for each in told["imports"]] == [(0, 0, 1), (0, 0, 1)]


def test_what_was_mended_is_counted_by_its_reason(db: MongoDatabase, tmp_path: Path) -> None:
    table = made_table(1, "2023-01-02", "2023-12-28", halted=0)
    table.loc[table.index[[5, 7]], "low"] = np.nan
    table.loc[table.index[9], ["open", "high", "low"]] = np.nan
    table.to_csv(tmp_path / "005930.csv")
    output, _errors = run(tmp_path / "005930.csv", "--category", "korean_stocks", "--yes")
    assert "고친 봉 3개" in output
    assert "  2: 고가나 저가가 없음: 아는 가격으로 채움\n" in output
    assert "  1: 시가가 없음: 종가로 채움\n" in output


def test_closes_alone_are_no_halts(db: MongoDatabase, tmp_path: Path) -> None:
    made_table(1, "2023-01-02", "2023-12-28", halted=0)[["close"]].to_csv(tmp_path / "005930.csv")
    output, _errors = run(tmp_path / "005930.csv", "--category", "korean_stocks", "--yes")
    assert "종가만 있음: 시가·고가·저가도 종가로 채움" in output
    assert "거래정지" not in output
    halted = made_table(2, "2023-12-01", "2023-12-28", halted=0).assign(open=0, high=0, low=0, volume=0)
    halted.to_csv(tmp_path / "000660.csv")
    output, _errors = run(tmp_path / "000660.csv", "--category", "korean_stocks", "--yes")
    assert "거래정지: 종가로 채움" in output


def test_a_dividend_and_a_split_of_a_row_without_a_close_are_not_lost(db: MongoDatabase, tmp_path: Path) -> None:
    table = made_table(1, "2023-01-02", "2023-12-28", halted=0).assign(dividends=0.0, stock_splits=0.0)
    split, dividend = table.index[[100, 200]]
    table.loc[split:, ["open", "high", "low", "close"]] /= 2
    table.loc[[split, dividend], ["open", "high", "low", "close", "volume"]] = np.nan
    table.loc[split, "stock_splits"], table.loc[dividend, "dividends"] = 2.0, 361.0
    import_here(db, write(tmp_path / "prices.csv", {"005930": table, "000660": made_table(2)}))

    bars = prices.load(db, KOREAN_STOCKS, "005930")

    assert bars.loc[table.index[101], "stock_splits"] == 2.0
    assert bars.loc[table.index[201], "dividends"] == 361.0
    assert bars["close"].pct_change().abs().max() < 0.3, "no cliff"
    assert not prices.load(db, KOREAN_STOCKS, "000660")[["dividends", "stock_splits"]].any(axis=None)


def test_actions_of_an_empty_row_beside_a_full_one_of_its_day_are_not_counted_twice(
    db: MongoDatabase, tmp_path: Path
) -> None:
    table = made_table(1, "2023-01-02", "2023-12-28", halted=0).assign(dividends=0.0, stock_splits=0.0)
    table.loc[table.index[100] :, ["open", "high", "low", "close"]] /= 2
    table.loc[table.index[100], ["dividends", "stock_splits"]] = [361.0, 2.0]
    empty = table.iloc[[100]].assign(open=np.nan, high=np.nan, low=np.nan, close=np.nan)
    lost = empty.set_axis(table.index[[200]]).assign(stock_splits=0.0)
    rows = pd.concat([empty, lost, table.drop(table.index[200]), lost])
    import_here(db, write(tmp_path / "prices.csv", {"005930": rows}))

    bars = prices.load(db, KOREAN_STOCKS, "005930")

    assert bars["stock_splits"][bars["stock_splits"] != 0].to_dict() == {table.index[100]: 2.0}
    assert bars["dividends"][bars["dividends"] != 0].round(6).to_dict() == dict.fromkeys(table.index[[100, 201]], 361.0)
    assert bars["close"].pct_change().abs().max() < 0.3, "no cliff"


def test_of_several_files_nothing_is_written_where_one_is_broken(db: MongoDatabase, tmp_path: Path) -> None:
    good = write(tmp_path / "good.csv", made(2))
    (tmp_path / "000660.csv").write_text("date,close\n2024-01-02,1\n2024-01-03\n")
    output, errors = run(good, tmp_path / "000660.csv", "--category", "korean_stocks", "--yes", "--json", code=1)
    assert json.loads(output)["reason"] == errors.strip().splitlines()[-1]
    assert "000660.csv 파일의 3번째 줄은 칸이 1개인데" in errors
    assert is_empty(db)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["a.csv", "b.csv", "--ticker", "005930"], "--ticker"),
        (["a.csv", "a.csv"], "이름이 같은"),
        (["a.csv", "--ticker", "삼성"], "종목 코드가 아닙니다: 삼성"),
        (["a.csv"], "--yes"),
    ],
)
def test_wrong_use_ends_with_2_and_a_sentence(
    db: MongoDatabase, tmp_path: Path, arguments: list[str], sentence: str
) -> None:
    write(tmp_path / "a.csv", made(1))
    write(tmp_path / "b.csv", made(1))
    given = [str(tmp_path / each) if each.endswith(".csv") else each for each in arguments]
    assert sentence in run(*given, "--category", "korean_stocks", code=2)[1]
    assert is_empty(db)


@pytest.mark.exhaustive
def test_a_big_csv_killed_in_the_middle_and_run_again_is_complete(forgetful_db: MongoDatabase, tmp_path: Path) -> None:
    db = forgetful_db  # sessions end there for all: not on the server that the other tests share
    tables = made(60)
    path = write(tmp_path / "prices.csv", tables)
    process = start_python("-m", MODULE, str(path), "--category", "korean_stocks", "--yes")
    assert wait_until(lambda: tickers.collection(db).count_documents({"imported.import": {"$exists": True}}) >= 3)
    process.kill()
    process.communicate()
    stored = db["korean_stocks"].count_documents({})
    assert 0 < stored < sum(map(len, tables.values()))
    forget_transactions(db)

    told = json.loads(run(path, "--category", "korean_stocks", "--yes", "--json")[0])

    (done,) = told["imports"]
    assert (told["state"], done["verified"], done["differing"], done["failures"]) == ("done", 60, [], [])
    for ticker, table in tables.items():
        assert prices.load(db, KOREAN_STOCKS, ticker)["close"].tolist() == table["close"].tolist()


def test_ctrl_c_between_files_leaves_whole_ones_and_says_so(db: MongoDatabase, tmp_path: Path) -> None:
    paths = []
    for ticker, table in made(12).items():
        paths.append(tmp_path / f"{ticker}.csv")
        table.to_csv(paths[-1])
    process = start_python("-m", MODULE, *map(str, paths), "--category", "korean_stocks", "--yes")
    assert wait_until(lambda: tickers.collection(db).count_documents({"imported.import": {"$exists": True}}) >= 2)
    process.send_signal(signal.SIGINT)
    output, errors = process.communicate(timeout=60)
    assert (process.returncode, "Traceback" in errors) == (1, False)
    assert re.search(r"파일 12개 중 \d+개까지 하고 중단했습니다.|다시 실행하면 이어서 합니다.", output)
    run(*paths, "--category", "korean_stocks", "--yes")
    assert len(prices.tickers(db, KOREAN_STOCKS)) == 12


def test_another_import_of_the_category_is_waited_out_with_3(db: MongoDatabase, tmp_path: Path) -> None:
    path = write(tmp_path / "prices.csv", made(1))
    db["update_leases"].insert_one({"_id": "korean_stocks", "expires_at": pd.Timestamp("2199-01-01").to_pydatetime()})
    told = json.loads(run(path, "--category", "korean_stocks", "--yes", "--json", code=3)[0])
    assert (told["state"], told["imports"]) == ("already running", [])


def test_an_update_extends_what_came_from_a_file(db: MongoDatabase, yahoo: YahooStandIn, tmp_path: Path) -> None:
    whole = made_table(1, halted=0)
    path = write(tmp_path / "prices.parquet", {"005930": whole.iloc[:-10]})
    assert import_here(db, path) == 0
    yahoo.listings["005930.KS"] = Listing(whole)
    assert not category_update.run(db, KOREAN_STOCKS).failures
    assert prices.load(db, KOREAN_STOCKS, "005930")["close"].tolist() == whole["close"].tolist()
    assert len(yahoo.asked("005930.KS")) == 1


def test_bars_that_are_only_read_are_not_imported_into(
    db: MongoDatabase, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    locations.point(db, KOREAN_STOCKS, Location("theirs", read_only=True))
    path = write(tmp_path / "prices.csv", made(1))
    with pytest.raises(SisepanError, match="theirs"):
        import_here(db, path)
    assert capsys.readouterr().err == ""
    assert import_here(db, path, dry_run=True) == 0


def test_a_dry_run_refuses_what_the_import_then_refuses(
    db: MongoDatabase, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = made_table(1, "2023-01-02", "2023-12-28", halted=0)
    assert import_here(db, write(tmp_path / "first.csv", {"000040": table.iloc[:-3]})) == 0
    path = write(tmp_path / "second.csv", {"000040": table.iloc[-3:]})
    capsys.readouterr()
    assert import_here(db, path, dry_run=True) == 1
    told = capsys.readouterr().out
    assert "1종목의 봉 0개가 됩니다" in told
    reason = "000040: 저장된 시세와 겹치는 날이 없어"
    assert reason in told
    assert import_here(db, path) == 1
    assert reason in capsys.readouterr().out


def test_the_report_of_a_file_of_the_wrong_category_says_why_nothing_came_of_it(
    db: MongoDatabase, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write(tmp_path / "prices.csv", {"005930": made_table(1, "2023-12-01", "2023-12-28")})
    assert import_here(db, path, key="us_stocks") == 1, "no bar taken is no success"
    said = capsys.readouterr()
    assert "0종목을 미국 주식으로" in said.err
    assert "이 카테고리의 종목 코드가 아닙니다: 005930, …" in said.out
    assert prices.tickers(db, US_STOCKS) == []


def test_what_differs_when_read_back_fails_the_command(
    db: MongoDatabase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write(tmp_path / "prices.csv", made(2))
    read_back = prices.closes_from
    monkeypatch.setattr(
        prices,
        "closes_from",
        lambda db, location, ticker: read_back(db, location, ticker) * (2 if ticker == "000100" else 1),
    )
    assert import_here(db, path) == 1
    assert "다시 읽어 보니 읽은 것과 다른 종목 1개: 000100" in capsys.readouterr().out


def test_a_report_that_cannot_be_written_is_said_before_anything_is_read(tmp_path: Path) -> None:
    with pytest.raises(WrongUse, match="쓸 수 없습니다"):
        reports.require_writable(tmp_path)
    reports.require_writable(tmp_path / "refused.csv")
    assert list(tmp_path.iterdir()) == []


def test_json_has_every_failure_and_report_the_first_ones() -> None:
    summary = import_records.Summary("korean_stocks", "a.csv", state="done", total=1, done=1, bars=1, verified=1)
    told = reports.as_json(summary)
    assert (told["source"], told["verified"], told["failures"]) == ("a.csv", 1, [])
    assert import_command.exit_code([summary]) == 0
    summary.differing.append("005930")
    assert import_command.exit_code([summary]) == 1


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_the_next_part_under_the_name_of_the_last_one_adds_to_it_and_loses_nothing(
    db: MongoDatabase, tmp_path: Path, ending: str
) -> None:
    whole = made_table(1, "2022-01-03", "2023-12-28", halted=0)
    path = tmp_path / f"prices.{ending}"
    import_here(db, write(path, {"005930": whole.iloc[:300]}))
    assert import_here(db, write(path, {"005930": whole.iloc[295:]})) == 0
    stored = prices.load(db, KOREAN_STOCKS, "005930")
    assert stored["close"].tolist() == whole["close"].tolist()


def test_the_next_part_that_disagrees_with_the_last_one_is_told_and_changes_nothing(
    db: MongoDatabase, tmp_path: Path
) -> None:
    whole = made_table(1, "2022-01-03", "2023-12-28", halted=0)
    path = tmp_path / "prices.csv"
    import_here(db, write(path, {"005930": whole.iloc[:300]}))
    halved = whole.iloc[295:].assign(**{name: whole[name] / 2 for name in candles.PRICES})  # after a split
    assert import_here(db, write(path, {"005930": halved})) == 1
    assert prices.load(db, KOREAN_STOCKS, "005930")["close"].tolist() == whole["close"].iloc[:300].tolist()


def test_killed_between_listing_a_ticker_and_its_first_bar_it_is_taken_by_the_next_run(
    db: MongoDatabase, tmp_path: Path
) -> None:
    path = write(tmp_path / "prices.csv", made(1))
    import_here(db, path)
    (ticker,) = made(1)
    begun = {"from": path.name, "whole": True}
    db["korean_stocks"].delete_many({})
    tickers.record(db, KOREAN_STOCKS, ticker, {"imported": begun, "bars_changed_at": None})
    assert import_here(db, path) == 0
    assert prices.count(db, KOREAN_STOCKS, ticker) == len(made(1)[ticker])
