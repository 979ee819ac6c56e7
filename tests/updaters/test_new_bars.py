"""New bars of a ticker: from the stand-in for Yahoo, through yfinance, into a real MongoDB, and out again."""

import csv
import logging
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from finance_core.bars import candles
from finance_core.categories import KOREAN_STOCKS
from finance_core.storage import prices, tickers, trading_calendars
from finance_core.storage.database import MongoDatabase
from tests.conftest import KRX
from tests.updaters.updating import (
    DAYS,
    actions_of,
    assert_stored,
    bars_of,
    everything,
    first_day_asked,
    metadata,
    run,
    split,
)
from tests.yahoo import (
    COLUMNS,
    Listing,
    YahooStandIn,
    random_walk,
)
from updaters import ticker_update
from updaters.yahoo import client as yahoo_client

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("impatient")]


# What is fetched and stored


def test_a_ticker_without_bars_gets_its_whole_history(db: MongoDatabase, yahoo: YahooStandIn, samsung: Listing) -> None:
    summary = run(db, "005930")

    assert (summary.total, summary.added, summary.replaced, summary.removed) == (1, 50, 0, 0)
    assert_stored(db, samsung)
    assert first_day_asked(yahoo).year < 1930


def test_a_last_bar_that_a_killed_run_changed_before_its_row_is_new_to_every_page(
    db: MongoDatabase, samsung: Listing
) -> None:
    run(db, "005930")
    before = metadata(db)["bars_changed_at"]
    samsung.bars.loc[samsung.bars.index[-1], ["high", "close"]] *= 1.05
    prices.write(db, KOREAN_STOCKS, "005930", candles.clean(samsung.bars.iloc[-1:])[0])  # and there it was killed

    summary = run(db, "005930", force=True)

    assert (summary.added, summary.replaced) == (0, 0)
    assert metadata(db)["last_close"] == samsung.bars["close"].iloc[-1]
    assert metadata(db)["bars_changed_at"] > before
    changed = metadata(db)["bars_changed_at"]
    run(db, "005930", force=True)
    assert metadata(db)["bars_changed_at"] == changed, "and only once"


def test_the_metadata_tells_the_state_of_the_bars(db: MongoDatabase, samsung: Listing) -> None:
    run(db, "005930")

    row = metadata(db)
    assert row.pop("updated_at") == row.pop("bars_changed_at") <= tickers.now()
    assert row.pop("verified_at") <= tickers.now()
    assert row == {
        "category": "korean_stocks",
        "ticker": "005930",
        "name": "삼성전자",
        "name_en": "Samsung Electronics",
        "industry": "통신 및 방송 장비 제조업",
        "market": "KOSPI",
        "marker": "circle",
        "active": True,
        "currency": "KRW",
        "yahoo_symbol": "005930.KS",
        "source": "yahoo",
        "first_date": DAYS[0].to_pydatetime(),
        "last_date": DAYS[49].to_pydatetime(),
        "bar_count": 50,
        "last_close": samsung.bars["close"].iloc[-1],
        "previous_close": samsung.bars["close"].iloc[-2],
        "change": samsung.bars["close"].iloc[-1] / samsung.bars["close"].iloc[-2] - 1,
        "last_status": "ok",
    }


def test_a_ticker_with_bars_is_asked_for_what_is_new_and_a_few_bars_before(
    db: MongoDatabase, yahoo: YahooStandIn, samsung: Listing
) -> None:
    run(db, "005930")
    samsung.bars = random_walk(DAYS, seed=1).iloc[:53]
    yahoo.clear()

    summary = run(db, "005930")

    assert len(yahoo.asked("005930.KS")) == 1
    assert first_day_asked(yahoo) == DAYS[50 - ticker_update.OVERLAP]
    assert (summary.added, summary.replaced, summary.removed) == (3, 0, 0)
    assert_stored(db, samsung)
    assert metadata(db)["last_date"] == DAYS[52].to_pydatetime()


def test_a_ticker_with_a_single_bar_is_updated_like_any_other(db: MongoDatabase, samsung: Listing) -> None:
    whole, samsung.bars = samsung.bars, samsung.bars.iloc[:1]
    run(db, "005930")
    samsung.bars = whole

    assert run(db, "005930").added == 49
    assert_stored(db, samsung)


def test_an_update_that_is_run_twice_changes_nothing(db: MongoDatabase, samsung: Listing) -> None:
    samsung.splits[DAYS[47].date()] = (2, 1)
    samsung.dividends[DAYS[48].date()] = 361.0
    run(db, "005930")
    before, written = everything(db), metadata(db)["updated_at"]

    summary = run(db, "005930")
    whole = run(db, "005930", full=True)

    assert everything(db) == before
    assert metadata(db)["updated_at"] > written
    assert (summary.added, summary.replaced, summary.removed) == (0, 0, 0)
    assert (whole.added, whole.replaced, whole.removed) == (0, 0, 0)


def test_a_provisional_last_bar_gives_way_to_its_final_values(db: MongoDatabase, samsung: Listing) -> None:
    final = samsung.bars.copy()
    samsung.bars.loc[DAYS[49], ["high", "close", "volume"]] = [99_999, 50_001, 17]
    run(db, "005930")
    (provisional,) = db["korean_stocks"].find({"date": DAYS[49].to_pydatetime()})
    samsung.bars = final

    summary = run(db, "005930")

    assert (summary.added, summary.replaced) == (0, 1)
    assert_stored(db, samsung)
    assert db["korean_stocks"].find_one({"date": DAYS[49].to_pydatetime()}, {"_id": 1}) == {"_id": provisional["_id"]}


def test_a_later_dividend_is_stored_without_fetching_history_again(
    db: MongoDatabase, yahoo: YahooStandIn, samsung: Listing
) -> None:
    run(db, "005930")
    samsung.bars = random_walk(DAYS, seed=1)
    samsung.dividends[DAYS[55].date()] = 10_000.0
    yahoo.clear()

    run(db, "005930")

    assert len(yahoo.asked("005930.KS")) == 1
    assert_stored(db, samsung)
    assert actions_of(db, "dividends") == {DAYS[55]: 10_000.0}


def test_fields_of_the_users_own_stay(db: MongoDatabase, samsung: Listing) -> None:
    run(db, "005930")
    db["korean_stocks"].update_many({}, {"$set": {"memo": "mine"}})
    db["ticker_metadata"].update_many({}, {"$set": {"rating": 5}})
    samsung.bars = random_walk(DAYS, seed=1)
    samsung.bars.loc[DAYS[49], "volume"] = 1
    run(db, "005930")
    split(samsung, DAYS[58], 2)

    run(db, "005930")

    assert_stored(db, samsung)
    assert db["korean_stocks"].count_documents({"memo": "mine"}) == 50
    assert metadata(db)["rating"] == 5


def test_a_full_update_mends_what_lies_before_the_overlap(db: MongoDatabase, samsung: Listing) -> None:
    run(db, "005930")
    samsung.bars.loc[DAYS[3], ["high", "close"]] = 99_999
    assert run(db, "005930").replaced == 0

    assert run(db, "005930", full=True).replaced == 1
    assert_stored(db, samsung)


# Days without trading


def test_halted_days_become_flat_bars_at_the_close(
    db: MongoDatabase, samsung: Listing, caplog: pytest.LogCaptureFixture
) -> None:
    samsung.bars.loc[DAYS[20], ["open", "high", "low", "volume"]] = 0
    samsung.bars.loc[DAYS[21], ["open", "high", "low"]] = np.nan
    samsung.bars.loc[DAYS[21], "volume"] = 0

    with caplog.at_level(logging.INFO):
        (result,) = run(db, "005930").results

    flat = bars_of(db).iloc[20:22]
    for column in candles.PRICES:
        assert flat[column].tolist() == samsung.bars["close"].iloc[20:22].tolist()
    assert flat["volume"].tolist() == [0, 0]
    assert [(remark.date, remark.reason) for remark in result.remarks] == [(DAYS[20], "halted"), (DAYS[21], "halted")]
    assert "korean_stocks 005930: bar of 2024-01-30 changed, halted" in caplog.text


def test_a_day_without_a_close_is_left_out_with_a_remark(db: MongoDatabase, samsung: Listing) -> None:
    samsung.bars.iloc[-1] = np.nan

    first, second = run(db, "005930"), run(db, "005930")

    assert (first.added, second.added, second.removed) == (49, 0, 0)
    assert [remark.reason for remark in second.results[0].remarks] == ["no close"]
    assert DAYS[49] not in bars_of(db).index


def test_a_history_without_a_usable_bar_is_a_failure(db: MongoDatabase, samsung: Listing) -> None:
    samsung.bars[:] = np.nan

    (failure,) = run(db, "005930").failures

    assert "쓸 수 있는 시세" in str(failure.error)


# Whole tables


def made_tables(directory: Path) -> None:
    """Three tables in the form of the real ones: halts, gaps in the calendar, and jumps as real prices have them."""
    listed = []
    for seed, (ticker, market) in enumerate([("005930", "KOSPI"), ("003920", "KOSPI"), ("086520", "KOSDAQ")]):
        bars = random_walk(DAYS, seed).astype(int)
        bars.loc[DAYS[10 * seed : 10 * seed + 8], ["open", "high", "low", "volume"]] = 0
        bars.loc[DAYS[40] :, candles.PRICES] *= 2
        bars.drop(DAYS[30:33]).to_csv(directory / f"{ticker}.csv")
        listed.append({"ticker": ticker, "name": f"종목 {seed}", "market": market})
    pd.DataFrame(listed).to_csv(directory / "tickers.csv", index=False)


@pytest.mark.slow
@pytest.mark.parametrize(
    "real",
    [False, pytest.param(True, marks=pytest.mark.skipif(not KRX.is_dir(), reason=f"no real prices in {KRX}"))],
    ids=["made", "krx"],
)
def test_every_bar_of_a_table_arrives_as_it_was(
    db: MongoDatabase, yahoo: YahooStandIn, tmp_path: Path, real: bool
) -> None:
    directory = KRX if real else tmp_path
    if not real:
        made_tables(directory)
    with (directory / "tickers.csv").open(encoding="utf-8", newline="") as lines:
        listed = list(csv.DictReader(lines))
    tables = {
        row["ticker"]: pd.read_csv(directory / f"{row['ticker']}.csv", index_col="date", parse_dates=True)
        for row in listed
    }
    suffix = {market.key: market.yahoo_suffix for market in KOREAN_STOCKS.markets}
    yahoo.listings |= {
        f"{row['ticker']}{suffix[row['market']]}": Listing(tables[row["ticker"]].astype(float)) for row in listed
    }
    tickers.register(db, KOREAN_STOCKS, listed)

    summary = run(db)

    assert not summary.failures
    assert summary.added == sum(map(len, tables.values()))
    for ticker, table in tables.items():
        halted = (table[["open", "high", "low"]] == 0).all(axis=1)
        expected = table.copy()
        for column in ("open", "high", "low"):
            expected[column] = table[column].where(~halted, table["close"])
        stored = bars_of(db, ticker)
        pd.testing.assert_frame_equal(
            stored[COLUMNS].astype(float), expected.astype(float), check_index_type=False, check_freq=False
        )
        assert (stored["volume"][halted] == 0).all()
        assert metadata(db, ticker)["bar_count"] == len(table)
    assert run(db).added == 0


# What an update costs


def test_new_bars_cost_three_questions_to_the_database(
    db: MongoDatabase, yahoo: YahooStandIn, samsung: Listing
) -> None:
    run(db, "005930")
    samsung.bars = random_walk(DAYS, seed=1).iloc[:53]
    row = metadata(db)
    trading_calendars.of(db, "XKRX")  # what an earlier ticker of the run has read
    db.command("profile", 2)
    with yahoo_client() as client:
        ticker_update.update(db, KOREAN_STOCKS, row, client, full=False)
    db.command("profile", 0)

    # But for where bars are stored, which is known for two seconds: the machine may be slower.
    profiled = db["system.profile"].find({"op": {"$ne": "command"}, "ns": {"$ne": f"{db.name}.settings"}})
    asked = [(each["op"], each["ns"].split(".")[1]) for each in profiled]
    assert asked == [
        ("query", "korean_stocks"),
        *[("update", "korean_stocks")] * 3,  # one request, of three bars
        ("update", "ticker_metadata"),
    ]
    assert metadata(db)["bar_count"] == 53


def test_bars_of_a_run_that_was_killed_before_it_told_the_row_are_counted_by_the_next(
    db: MongoDatabase, yahoo: YahooStandIn, samsung: Listing
) -> None:
    run(db, "005930")
    before = metadata(db)
    samsung.bars = random_walk(DAYS, seed=1).iloc[:53]
    run(db, "005930", force=True)
    tickers.record(db, KOREAN_STOCKS, "005930", {name: before[name] for name in ("last_date", "bar_count")})
    samsung.bars = random_walk(DAYS, seed=1).iloc[:55]
    run(db, "005930", force=True)

    assert metadata(db)["bar_count"] == 55
    assert_stored(db, samsung)
