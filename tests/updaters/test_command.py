"""The command line, as real processes against a real MongoDB and the stand-in for Yahoo."""

import os
import pty
import re
import shutil
import signal
import subprocess
import sys
import termios
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from finance_core import console
from finance_core.bars import candles
from finance_core.categories import KOREAN_STOCKS
from finance_core.storage import prices, tickers
from finance_core.storage.database import MongoDatabase
from tests import forked
from tests.processes import PROJECT, wait_until
from tests.updaters.commanding import long_past
from tests.yahoo import Hang, Listing, YahooStandIn, random_walk
from updaters import category_update, command

DAYS = pd.bdate_range("2024-01-02", periods=60)
MODULE = ["-m", "updaters.update_kr"]


pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("korean_shell")]


@pytest.fixture
def listed(yahoo: YahooStandIn) -> dict[str, Listing]:
    """Three tickers of KOSPI as Yahoo has them, with all that makes yfinance warn."""
    listings = {}
    for ticker in ("000660", "005930", "035720"):
        listing = Listing(random_walk(DAYS, seed=int(ticker)))
        listing.splits[DAYS[5].date()] = (50, 1)
        listing.dividends[DAYS[8].date()] = 361.0
        listings[ticker] = yahoo.listings[f"{ticker}.KS"] = listing
    return listings


def python(*arguments: str, cwd: Path = PROJECT) -> "subprocess.CompletedProcess[str]":
    process = forked.start(*arguments, cwd=cwd)
    out, err = process.communicate(timeout=60)
    return subprocess.CompletedProcess(arguments, process.wait(), out, err)


def start(*arguments: str) -> forked.Process:
    return forked.start(*MODULE, *arguments)


def closes(db: MongoDatabase, ticker: str) -> list[float]:
    return prices.load(db, KOREAN_STOCKS, ticker)["close"].tolist()


# What a run says


def test_a_run_without_failures_ends_with_0(db: MongoDatabase, listed: dict[str, Listing]) -> None:
    done = python(*MODULE, "--tickers", " 005930,000660 ,005930")

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [
        "한국 주식: 2/2종목, 봉 120개 추가, 0개 교체, 0개 삭제, 실패 0종목",
        long_past(2),
    ]
    for ticker in ("000660", "005930"):
        assert closes(db, ticker) == listed[ticker].bars["close"].tolist()
    assert tickers.get(db, KOREAN_STOCKS, "035720") is None


def test_a_run_with_failures_names_each_with_its_reason_and_ends_with_1(
    db: MongoDatabase, listed: dict[str, Listing], data_dir: Path
) -> None:
    whole = listed["005930"].bars
    before = whole.iloc[:58].copy()
    before.loc[DAYS[57], "volume"] = 1
    tickers.register(db, KOREAN_STOCKS, [{"ticker": "005930", "name": "005930"}])
    prices.write(db, KOREAN_STOCKS, "005930", candles.clean(before)[0])
    listed["000660"].bars.loc[DAYS[20], ["open", "high", "low", "volume"]] = 0
    listed["000660"].bars.loc[DAYS[59]] = np.nan

    done = python(*MODULE, "--tickers", "000660,005930,123456")

    assert (done.returncode, done.stderr) == (1, "")
    assert done.stdout.splitlines() == [
        "한국 주식: 3/3종목, 봉 61개 추가, 1개 교체, 0개 삭제, 실패 1종목",
        "고치거나 뺀 봉 2개 (자세한 내용은 로그에 있습니다)",
        long_past(2),
        "  123456: Yahoo에 123456.KS 종목이 없습니다.",
    ]
    log = (data_dir / "log" / "update.log").read_text(encoding="utf-8")
    assert "korean_stocks 000660: bar of 2024-01-30 changed, halted" in log
    assert "korean_stocks 000660: bar of 2024-03-25 refused, no close" in log
    assert "korean_stocks 123456: Yahoo에 123456.KS 종목이 없습니다." in log


@pytest.mark.usefixtures("data_dir", "yahoo")
def test_without_any_ticker_it_says_how_to_name_one_and_ends_with_1() -> None:
    done = python(*MODULE)

    assert (done.returncode, done.stderr) == (1, "")
    assert "--tickers" in done.stdout


def test_the_file_can_be_run_from_anywhere_for_all_tickers_and_their_whole_history(
    db: MongoDatabase, yahoo: YahooStandIn, listed: dict[str, Listing], tmp_path: Path
) -> None:
    category_update.run(db, KOREAN_STOCKS, listed)
    listed["035720"].bars.loc[DAYS[3], "volume"] = 7
    yahoo.clear()

    command_line = [sys.executable, str(PROJECT / "updaters" / "update_kr.py"), "--full"]
    done = subprocess.run(command_line, cwd=tmp_path, capture_output=True, encoding="utf-8", timeout=60, check=False)

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [
        "한국 주식: 3/3종목, 봉 0개 추가, 1개 교체, 0개 삭제, 실패 0종목",
        long_past(3),
    ]
    assert all(len(yahoo.asked(f"{ticker}.KS")) == 1 for ticker in listed)


# The progress bar


@pytest.mark.usefixtures("db")
def test_a_terminal_gets_a_progress_bar_and_nothing_else_does(listed: dict[str, Listing]) -> None:
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (24, 80))
    process = forked.start(*MODULE, "--tickers", ",".join(listed), stderr=theirs)
    os.close(theirs)
    shown = b""
    while chunk := read(ours):
        shown += chunk
    summary, _err = process.communicate(timeout=60)
    os.close(ours)

    text = shown.decode()
    assert process.returncode == 0
    assert re.findall(r"(\d)/3", text)[-1] == "3"
    assert "1/3" in text
    assert summary.splitlines()[0] == "한국 주식: 3/3종목, 봉 180개 추가, 0개 교체, 0개 삭제, 실패 0종목"
    assert "Warning" not in text


def read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 4096)
    except OSError:  # how Linux says that the other side is closed
        return b""


# Wrong use


@pytest.mark.parametrize(
    "arguments",
    [
        ["--tickers", "AAPL"],
        ["--tickers", "005930,00066"],
        ["--tickers", "005930.KS"],
        ["--tickers", "../../etc"],
        ["--tickers", ""],
        ["--tickers", " , "],
        ["--tickers"],
        ["--everything"],
        ["005930"],
    ],
    ids=" ".join,
)
def test_wrong_use_ends_with_2_and_touches_nothing(
    data_dir: Path, capsys: pytest.CaptureFixture[str], arguments: list[str]
) -> None:
    before = set(data_dir.iterdir())

    with pytest.raises(SystemExit) as ended:
        command.main("korean_stocks", arguments)

    assert ended.value.code == console.WRONG_USE
    assert capsys.readouterr().err.startswith("usage: python -m updaters.update_kr")
    assert set(data_dir.iterdir()) == before


@pytest.mark.usefixtures("data_dir")
def test_wrong_use_of_the_real_command_shows_no_traceback() -> None:
    done = python(*MODULE, "--tickers", "삼성전자")

    assert (done.returncode, done.stdout) == (2, "")
    assert "종목 코드가 아닙니다: 삼성전자" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.usefixtures("data_dir")
def test_help_describes_the_options(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        command.main("korean_stocks", ["--help"])

    assert ended.value.code == 0
    assert "한국 주식 시세를 Yahoo에서" in capsys.readouterr().out


# What goes wrong around it


def fails_with_one_line(done: "subprocess.CompletedProcess[str]", *parts: str) -> None:
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.count("\n") == 1, done.stderr
    for part in parts:
        assert part in done.stderr


@pytest.mark.usefixtures("data_dir")
@pytest.mark.parametrize(
    ("uri", "said"),
    [
        ("mongodb://me:s3cret@127.0.0.1:1/", "127.0.0.1:1"),
        ("mongodb://me:s3cret@at@127.0.0.1:1/", "MONGO_URI"),
        ("s3cret", "MONGO_URI"),
    ],
)
def test_a_server_that_cannot_be_reached_is_one_sentence_without_the_password(
    monkeypatch: pytest.MonkeyPatch, uri: str, said: str
) -> None:
    monkeypatch.setenv("MONGO_URI", uri)

    done = python(*MODULE, "--tickers", "005930")

    fails_with_one_line(done, said)
    assert "s3cret" not in done.stderr


@pytest.mark.usefixtures("listed")
def test_a_server_that_refuses_what_is_written_is_one_sentence_and_the_log_has_the_rest(
    own_server_db: MongoDatabase, data_dir: Path
) -> None:
    own_server_db.create_collection("ticker_metadata", validator={"mine": {"$exists": True}})

    fails_with_one_line(python(*MODULE, "--tickers", "005930"), "BulkWriteError")
    assert "Traceback" in (data_dir / "log" / "update.log").read_text(encoding="utf-8")


def test_a_data_directory_that_cannot_be_written_is_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("not a directory")
    monkeypatch.setenv("FINANCE_DATA_DIR", str(tmp_path / "file"))

    fails_with_one_line(python(*MODULE, "--tickers", "005930"), "FINANCE_DATA_DIR", str(tmp_path / "file"))


@pytest.mark.usefixtures("listed")
def test_neither_a_log_on_a_full_disk_nor_a_terminal_without_hangul_is_a_reason_to_fail(
    db: MongoDatabase, data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONIOENCODING", "ascii")
    (data_dir / "log").mkdir()
    (data_dir / "log" / "update.log").symlink_to("/dev/full")

    done = python(*MODULE, "--tickers", "005930")

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(r"\ud55c\uad6d")
    assert len(closes(db, "005930")) == 60


@pytest.fixture
def copied_project(tmp_path: Path) -> Path:
    """The project at another place, to have files of its own."""
    for package in ("finance_core", "updaters"):
        shutil.copytree(PROJECT / package, tmp_path / "copy" / package, ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path / "copy"


def test_malformed_secrets_are_one_sentence_that_names_the_file(
    copied_project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("MONGO_URI", "FINANCE_DATA_DIR", "FINANCE_DB"):
        monkeypatch.delenv(name, raising=False)
    (copied_project / ".streamlit").mkdir()
    (copied_project / ".streamlit" / "secrets.toml").write_text('MONGO_URI = "mongodb://me:s3cret@host')

    done = python("updaters/update_kr.py", "--tickers", "005930", cwd=copied_project)

    fails_with_one_line(done, ".streamlit/secrets.toml")
    assert "s3cret" not in done.stderr


@pytest.mark.usefixtures("db", "yahoo")
def test_a_defect_is_one_sentence_and_the_log_has_the_rest(copied_project: Path, data_dir: Path) -> None:
    (copied_project / "finance_core" / "starter" / "korean_stocks.csv").write_text("damaged\nfile\n")

    done = python("updaters/update_kr.py", "--tickers", "005930", cwd=copied_project)

    log = data_dir / "log" / "update.log"
    fails_with_one_line(done, "KeyError", str(log))
    assert "Traceback" in log.read_text(encoding="utf-8")


# Ctrl-C and SIGTERM


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=lambda number: number.name)
def test_asked_to_stop_it_finishes_and_saves_the_ticker_in_flight_and_the_next_run_goes_on(
    db: MongoDatabase, yahoo: YahooStandIn, listed: dict[str, Listing], number: signal.Signals
) -> None:
    tickers.register(db, KOREAN_STOCKS, [{"ticker": each, "name": each, "market": "KOSPI"} for each in listed])
    yahoo.delay = 0.5
    process = start("--workers", "1")
    assert wait_until(lambda: bool(yahoo.asked("005930.KS")), 30)

    process.send_signal(number)

    out, err = process.communicate(timeout=30)
    assert (process.returncode, err) == (1, "")
    assert out.splitlines() == [
        "한국 주식: 2/3종목, 봉 120개 추가, 0개 교체, 0개 삭제, 실패 0종목",
        long_past(3),
        "중단했습니다. 다시 실행하면 이어서 합니다.",
    ]
    assert closes(db, "005930") == listed["005930"].bars["close"].tolist()
    assert closes(db, "035720") == []
    yahoo.delay = 0
    assert category_update.run(db, KOREAN_STOCKS).added == 60


@pytest.mark.usefixtures("db", "listed")
def test_asked_twice_it_stops_at_once(yahoo: YahooStandIn) -> None:
    yahoo.answer_with("005930.KS", Hang())
    process = start("--tickers", "005930")
    assert wait_until(lambda: bool(yahoo.asked("005930.KS")), 30)
    # The second one has to find the first one heeded, or they count as one.
    process.send_signal(signal.SIGINT)
    assert wait_until(lambda: not catches(process, signal.SIGINT), 30)

    process.send_signal(signal.SIGINT)

    assert process.communicate(timeout=10) == ("", "")
    assert process.returncode == -signal.SIGINT


@pytest.mark.usefixtures("data_dir")
def test_asked_while_its_modules_load_it_stops_at_once_without_a_traceback() -> None:
    command_line = [sys.executable, *MODULE, "--tickers", "005930"]
    process = subprocess.Popen(command_line, cwd=PROJECT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert wait_until(lambda: "numpy" in Path(f"/proc/{process.pid}/maps").read_text(), 30)

    process.send_signal(signal.SIGINT)

    assert process.communicate(timeout=10) == ("", "")
    assert process.returncode == -signal.SIGINT


def catches(process: forked.Process, number: int) -> bool:
    status = Path(f"/proc/{process.pid}/status").read_text()
    caught = int(re.findall(r"SigCgt:\s*(\w+)", status)[0], 16)
    return bool(caught >> (number - 1) & 1)
