"""Bars into and out of a real MongoDB."""

import datetime as dt
import itertools
import math
import threading
from collections.abc import Callable, Iterator
from typing import Any

import bson
import numpy as np
import pandas as pd
import pymongo
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pymongo.collection import Collection
from pymongo.monitoring import CommandFailedEvent, CommandListener, CommandStartedEvent, CommandSucceededEvent

from finance_core import turns
from finance_core.bars import candles
from finance_core.categories import KOREAN_STOCKS
from finance_core.errors import DataConflict
from finance_core.mongod.server import EmbeddedMongod
from finance_core.storage import bar_documents, database, prices
from finance_core.storage.database import Document, MongoDatabase
from finance_core.storage.locations import Location
from finance_core.storage.prices import Written

TICKER = "005930"
FIRST = dt.datetime(2024, 1, 2)


class Writes(CommandListener):
    """The commands that wrote something, as the server was sent them."""

    def __init__(self) -> None:
        self.names: list[str] = []

    def started(self, event: CommandStartedEvent) -> None:
        if event.command_name in ("insert", "update", "delete", "findAndModify", "bulkWrite"):
            self.names.append(event.command_name)

    def succeeded(self, event: CommandSucceededEvent) -> None:
        pass

    def failed(self, event: CommandFailedEvent) -> None:
        pass


@pytest.fixture
def writes() -> Writes:
    return Writes()


@pytest.fixture
def watched(db: MongoDatabase, shared_server: EmbeddedMongod, writes: Writes) -> Iterator[MongoDatabase]:
    """The test's database, through a client that tells `writes` what it writes."""
    with pymongo.MongoClient[Document](shared_server.uri, event_listeners=[writes]) as client:
        yield client[db.name]


def make_bars(count: int, first: dt.datetime = FIRST, **columns: Any) -> pd.DataFrame:
    """Valid bars on consecutive days from `first` on, each a won higher than the one before, but for `columns`."""
    index = pd.date_range(first, periods=count, name="date", unit="ns")
    close = 1000.0 + np.arange(count)
    bars = pd.DataFrame({"open": close - 1, "high": close + 2, "low": close - 2, "close": close}, index=index)
    bars = bars.assign(volume=np.arange(count) + 10, dividends=0.0, stock_splits=0.0)
    return bars.assign(**columns)


def document(day: object = FIRST, **fields: Any) -> Document:
    """A bar as a user's own collection might hold it."""
    return {"ticker": TICKER, "date": day, "open": 1.0, "high": 3.0, "low": 1.0, "close": 2.0, "volume": 7, **fields}


def insert(db: MongoDatabase, *documents: Document) -> None:
    db[KOREAN_STOCKS.collection].insert_many(list(documents))


def stored(db: MongoDatabase) -> list[Document]:
    """All documents as they are, with the types of their values, in a fixed order."""
    return db[KOREAN_STOCKS.collection].find().sort([("ticker", 1), ("date", 1)]).to_list()


def load(db: MongoDatabase, last: int | None = None) -> pd.DataFrame:
    return prices.as_stored(db, KOREAN_STOCKS, TICKER, last)


def merge(db: MongoDatabase, bars: pd.DataFrame) -> Written:
    return prices.write(db, KOREAN_STOCKS, TICKER, bars)


def replace(db: MongoDatabase, bars: pd.DataFrame) -> Written:
    return prices.write(db, KOREAN_STOCKS, TICKER, bars, remove_others=True)


def assert_same(left: pd.DataFrame, right: pd.DataFrame) -> None:
    pd.testing.assert_frame_equal(left, right, check_freq=False, check_exact=True)


_bars = st.lists(
    st.tuples(
        st.dates(dt.date(1980, 1, 1), dt.date(2100, 1, 1)),
        *[st.floats(1e-6, 1e12) | st.just(math.nan)] * 4,
        st.integers(0, 2**53 - 1),
        *[st.just(0.0) | st.floats(1e-6, 1e6)] * 2,
    ),
    unique_by=lambda row: row[0],
    max_size=8,
)
_numbered = itertools.count()


@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=_bars)
def test_bars_come_out_of_the_database_as_they_went_in(db: MongoDatabase, rows: list[tuple[Any, ...]]) -> None:
    ticker = f"{next(_numbered):06}"
    index = pd.DatetimeIndex([row[0] for row in rows], dtype="datetime64[ns]", name="date")
    bars = pd.DataFrame([row[1:] for row in rows], index=index, columns=candles.COLUMNS).sort_index()
    bars = bars.astype(candles.empty().dtypes)

    assert prices.write(db, KOREAN_STOCKS, ticker, bars) == Written(added=len(bars))
    assert_same(prices.as_stored(db, KOREAN_STOCKS, ticker), bars)
    by_documents = Location(KOREAN_STOCKS.collection, read_only=True)  # as a user's own collection is read
    assert_same(prices.as_stored(db, by_documents, ticker), bars)
    assert prices.write(db, KOREAN_STOCKS, ticker, bars) == Written()
    assert prices.write(db, KOREAN_STOCKS, ticker, bars, remove_others=True) == Written()


def test_a_bar_is_stored_as_the_data_model_says(db: MongoDatabase) -> None:
    merge(db, make_bars(2, dividends=[0.0, 361.0], stock_splits=[50.0, 0.0]))
    first, second = stored(db)
    first.pop("_id"), second.pop("_id")

    assert first == {
        "ticker": TICKER,
        "date": dt.datetime(2024, 1, 2),
        "open": 999.0,
        "high": 1002.0,
        "low": 998.0,
        "close": 1000.0,
        "volume": 10,
        "stock_splits": 50.0,
    }
    assert second["dividends"] == 361.0
    assert "stock_splits" not in second
    assert [type(first[name]) for name in ("open", "close", "volume", "stock_splits")] == [float, float, int, float]


@pytest.mark.parametrize("write", [merge, replace])
def test_what_is_stored_already_is_not_written_again(
    db: MongoDatabase, watched: MongoDatabase, writes: Writes, write: Any
) -> None:
    bars = make_bars(5, dividends=[0.0, 361.0, 0.0, 0.0, 0.0])
    assert write(watched, bars) == Written(added=5)
    before = stored(db)
    writes.names.clear()

    assert write(watched, bars) == Written()
    assert writes.names == []
    assert stored(db) == before


def test_a_merge_adds_new_days_replaces_different_ones_and_leaves_the_rest(db: MongoDatabase) -> None:
    merge(db, make_bars(5))
    before = stored(db)
    later = make_bars(7).iloc[2:]
    later.loc[pd.Timestamp(2024, 1, 5), "close"] = 1002.5

    assert merge(db, later) == Written(added=2, replaced=1)
    after = stored(db)
    assert after[:3] + after[4:5] == before[:3] + before[4:5]
    assert after[3] == before[3] | {"close": 1002.5}
    assert_same(load(db).iloc[2:], later)


def test_a_replacement_removes_the_days_it_does_not_have_and_keeps_the_documents_of_the_others(
    db: MongoDatabase,
) -> None:
    merge(db, make_bars(5))
    before = stored(db)
    bars = make_bars(5).iloc[[1, 3]]
    bars = pd.concat([bars, make_bars(2, first=dt.datetime(2024, 2, 1))])
    bars.loc[bars.index[1], "close"] = 7.0

    assert replace(db, bars) == Written(added=2, replaced=1, removed=3)
    assert_same(load(db), bars)
    assert [row["_id"] for row in stored(db)][:2] == [before[1]["_id"], before[3]["_id"]]


def test_a_write_to_one_ticker_leaves_the_others(db: MongoDatabase) -> None:
    prices.write(db, KOREAN_STOCKS, "000660", make_bars(3))
    assert replace(db, make_bars(2)) == Written(added=2)
    assert replace(db, candles.empty()) == Written(removed=2)
    assert len(prices.load(db, KOREAN_STOCKS, "000660")) == 3


def test_merging_no_bars_changes_nothing(db: MongoDatabase) -> None:
    merge(db, make_bars(2))
    assert merge(db, candles.empty()) == Written()
    assert len(load(db)) == 2


def test_a_write_in_a_transaction_that_fails_leaves_everything_as_it_was(db: MongoDatabase) -> None:
    merge(db, make_bars(3))
    before = stored(db)

    def write(session: Any) -> None:
        written = prices.write(db, KOREAN_STOCKS, TICKER, make_bars(2) * 2, session, remove_others=True)
        assert written == Written(replaced=2, removed=1)
        assert db[KOREAN_STOCKS.collection].count_documents({"ticker": TICKER}, session=session) == 2
        raise RuntimeError

    with pytest.raises(RuntimeError):
        database.atomically(db, write)
    assert stored(db) == before


def test_a_dividend_that_was_withdrawn_goes(db: MongoDatabase) -> None:
    merge(db, make_bars(2, dividends=[361.0, 0.0]))
    assert merge(db, make_bars(2)) == Written(replaced=1)
    assert "dividends" not in stored(db)[0]


def test_fields_that_are_not_ours_survive(db: MongoDatabase) -> None:
    insert(db, document(close=2, note="checked", tags=["a"]), document(dt.datetime(2024, 1, 3), note="kept"))
    bars = make_bars(2)

    assert merge(db, bars.iloc[:1]) == Written(replaced=1)
    assert replace(db, bars) == Written(replaced=1)
    assert_same(load(db), bars)
    assert [row["note"] for row in stored(db)] == ["checked", "kept"]
    assert stored(db)[0]["tags"] == ["a"]


def test_whole_numbers_and_zero_events_of_a_users_own_are_the_same_values_and_stay(
    db: MongoDatabase, watched: MongoDatabase, writes: Writes
) -> None:
    insert(db, document(open=1, high=3, low=1, close=2, volume=7.0, dividends=0, stock_splits=None))
    bars = load(db)

    assert bars.dtypes.to_dict() == candles.empty().dtypes.to_dict()
    assert bars.iloc[0].tolist() == [1, 3, 1, 2, 7, 0, 0]
    assert merge(watched, bars) == replace(watched, bars) == Written()
    assert writes.names == []


def test_what_is_missing_is_no_price_no_volume_and_no_event(db: MongoDatabase) -> None:
    insert(
        db,
        {"ticker": TICKER, "date": FIRST, "close": 2.0},
        document(dt.datetime(2024, 1, 3), open=None, high=math.nan, volume=None),
        document(dt.datetime(2024, 1, 4), volume=math.nan, dividends=math.nan),
    )
    bars = load(db)

    assert bars["open"].isna().tolist() == [True, True, False]
    assert bars["high"].isna().tolist() == [True, True, False]
    assert bars["close"].tolist() == [2.0, 2.0, 2.0]
    assert bars["volume"].tolist() == [0, 0, 0]
    assert bars["dividends"].tolist() == [0.0, 0.0, 0.0]
    assert bars.dtypes.to_dict() == candles.empty().dtypes.to_dict()


def test_missing_prices_are_written_over_and_back(db: MongoDatabase) -> None:
    insert(db, document(open=None, high=math.nan, volume=None))
    assert merge(db, make_bars(1)) == Written(replaced=1)
    assert_same(load(db), make_bars(1))
    assert merge(db, make_bars(1, open=math.nan)) == Written(replaced=1)
    assert "open" not in stored(db)[0]


@pytest.mark.parametrize("volume", [math.inf, 1e300, 2**62, -5])
def test_an_absurd_volume_of_a_users_own_is_zero(db: MongoDatabase, volume: float) -> None:
    insert(db, document(volume=volume))
    assert load(db)["volume"].tolist() == [0]


def test_the_last_bars_come_ascending_too(db: MongoDatabase) -> None:
    merge(db, make_bars(5))
    assert_same(load(db, last=2), make_bars(5).iloc[3:])
    assert_same(load(db, last=9), make_bars(5))


def test_a_ticker_without_bars_has_no_rows_but_all_columns(db: MongoDatabase) -> None:
    assert_same(load(db), candles.empty())
    assert_same(load(db, last=3), candles.empty())


def test_documents_in_any_order_come_ascending(own_server_db: MongoDatabase) -> None:
    insert(own_server_db, document(dt.datetime(2024, 1, 3)), document(dt.datetime(2023, 1, 3)), document())
    assert load(own_server_db).index.is_monotonic_increasing


WRONG_DATES = {
    "a text": "2024-01-02",
    "midnight in Seoul": dt.datetime(2024, 1, 1, 15),
    "a time of day": dt.datetime(2024, 1, 2, 9, 0, 0, 1000),
    "a number": 20240102,
    "nothing": None,
    "a day without end": dt.datetime(9999, 12, 31),
}


@pytest.mark.parametrize("date", WRONG_DATES.values(), ids=WRONG_DATES)
def test_a_date_that_is_no_midnight_is_a_conflict_wherever_it_is_met_and_nothing_is_lost(
    own_server_db: MongoDatabase, date: object
) -> None:
    insert(own_server_db, document(date))
    before = stored(own_server_db)

    for meet in (load, lambda db: merge(db, make_bars(2)), lambda db: replace(db, make_bars(2))):
        with pytest.raises(DataConflict) as caught:
            meet(own_server_db)
        for part in (KOREAN_STOCKS.collection, TICKER, str(date)):
            assert part in str(caught.value)
    assert stored(own_server_db) == before


def test_a_document_without_a_date_is_a_conflict(own_server_db: MongoDatabase) -> None:
    insert(own_server_db, {"ticker": TICKER, "close": 1.0})
    with pytest.raises(DataConflict):
        load(own_server_db)


def test_a_day_stored_twice_is_a_conflict(own_server_db: MongoDatabase) -> None:
    insert(own_server_db, document(), document(close=3.0))

    for meet in (load, lambda db: merge(db, make_bars(2)), lambda db: replace(db, make_bars(2))):
        with pytest.raises(DataConflict, match=r"korean_stocks.*005930.*2024-01-02"):
            meet(own_server_db)
    assert len(stored(own_server_db)) == 2


@pytest.mark.parametrize("value", ["n/a", bson.Decimal128("2.5"), dt.datetime(2024, 1, 2), {"krw": 2}, [2.0]])
@pytest.mark.parametrize("field", ["close", "volume"])
def test_a_value_that_is_no_number_is_a_conflict(own_server_db: MongoDatabase, field: str, value: object) -> None:
    insert(own_server_db, document(), document(dt.datetime(2024, 1, 3), **{field: value}))
    with pytest.raises(DataConflict, match=rf"korean_stocks.*005930.*{field}"):
        load(own_server_db)


def test_the_state_of_what_is_stored_is_told(db: MongoDatabase) -> None:
    merge(db, make_bars(3))
    assert prices.state(db, KOREAN_STOCKS, TICKER) == {
        "first_date": dt.datetime(2024, 1, 2),
        "last_date": dt.datetime(2024, 1, 4),
        "last_close": 1002.0,
        "previous_close": 1001.0,
        "change": pytest.approx(1 / 1001),
        "bar_count": 3,
    }


def test_the_state_of_little_or_nothing_says_none(db: MongoDatabase) -> None:
    names = ("first_date", "last_date", "last_close", "previous_close", "change")
    nothing = {**dict.fromkeys(names), "bar_count": 0}
    assert prices.state(db, KOREAN_STOCKS, TICKER) == nothing

    insert(db, {"ticker": TICKER, "date": FIRST})
    only = {"first_date": FIRST, "last_date": FIRST, "bar_count": 1}
    assert prices.state(db, KOREAN_STOCKS, TICKER) == nothing | only


def test_tickers_are_those_that_have_bars_sorted(db: MongoDatabase) -> None:
    assert prices.tickers(db, KOREAN_STOCKS) == []
    assert not prices.any_stored(db, KOREAN_STOCKS)

    for ticker in ("035420", "000660", "00593K"):
        prices.write(db, KOREAN_STOCKS, ticker, make_bars(2))
    insert(db, {"ticker": None, "date": FIRST})
    assert prices.tickers(db, KOREAN_STOCKS) == ["000660", "00593K", "035420"]
    assert prices.any_stored(db, KOREAN_STOCKS)


def test_readers_get_bars_with_the_splits_that_the_prices_before_them_lack(db: MongoDatabase) -> None:
    days = pd.bdate_range("2024-01-02", periods=4, name="date", unit="ns").to_numpy()
    values = np.array(
        [[500.0] * 4 + [10, 5.0, 0], [520.0] * 4 + [10, 0, 0], [52.0] * 4 + [100, 1.0, 10], [53.0] * 4 + [100, 0, 0]]
    )
    prices.write(db, KOREAN_STOCKS, TICKER, candles.frame(days, values))

    bars = prices.load(db, KOREAN_STOCKS, TICKER)

    assert bars["close"].tolist() == [50.0, 52.0, 52.0, 53.0]
    assert bars["volume"].tolist() == [100, 100, 100, 100]
    assert bars["dividends"].tolist() == [0.5, 0.0, 1.0, 0.0]
    assert prices.load(db, KOREAN_STOCKS, TICKER, last=3)["close"].tolist() == [52.0, 52.0, 53.0]
    assert prices.as_stored(db, KOREAN_STOCKS, TICKER)["close"].tolist() == [500.0, 520.0, 52.0, 53.0]
    for state in (prices.state(db, KOREAN_STOCKS, TICKER), prices.state_of(KOREAN_STOCKS, candles.frame(days, values))):
        assert (state["last_close"], state["previous_close"]) == (53.0, 52.0)
    prices.write(db, KOREAN_STOCKS, TICKER, candles.frame(days[:3], values[:3]), remove_others=True)
    bars = candles.frame(days[:3], values[:3])
    for state in (prices.state(db, KOREAN_STOCKS, TICKER), prices.state_of(KOREAN_STOCKS, bars)):
        assert (state["last_close"], state["previous_close"], state["change"]) == (52.0, 52.0, 0.0)


# The end of a history, read once


def test_the_end_of_a_history_is_what_was_stored_last_and_all_that_new_bars_may_collide_with(db: MongoDatabase) -> None:
    bars = make_bars(60)
    merge(db, bars)
    insert(db, document("2024-02-29"))
    last_date = bars.index[-1].to_pydatetime()
    for hint in (last_date, None, last_date - dt.timedelta(days=30), last_date + dt.timedelta(days=300)):
        tail = prices.tail(db, KOREAN_STOCKS, TICKER, 5, hint)
        assert_same(tail.bars, bars.iloc[-5:])
        assert "2024-02-29" in [each["date"] for each in tail.documents], "a text, which stands beside the day"
        with pytest.raises(DataConflict, match="2024-02-29"):
            prices.write(db, KOREAN_STOCKS, TICKER, bars.iloc[-3:], beside=tail)


def test_a_ticker_without_bars_has_an_empty_end(db: MongoDatabase) -> None:
    tail = prices.tail(db, KOREAN_STOCKS, TICKER, 5, FIRST)
    assert (len(tail.bars), tail.documents) == (0, [])
    assert prices.write(db, KOREAN_STOCKS, TICKER, make_bars(3), beside=tail) == Written(added=3)
    assert_same(load(db), make_bars(3))


def test_bars_that_somebody_added_since_the_end_was_read_are_not_stored_twice(db: MongoDatabase) -> None:
    merge(db, make_bars(10))
    tail = prices.tail(db, KOREAN_STOCKS, TICKER, 5, FIRST + dt.timedelta(days=9))
    merge(db, make_bars(11).assign(volume=1))
    prices.write(db, KOREAN_STOCKS, TICKER, make_bars(12).iloc[-4:], beside=tail)
    assert len(load(db)) == 12
    assert_same(load(db).iloc[-4:], make_bars(12).iloc[-4:].assign(volume=[1, 1, 20, 21]))


def test_a_halt_in_a_collection_of_the_user_is_no_crash_and_no_gap(db: MongoDatabase) -> None:
    rows = [
        (10.0, 12.0, 9.0, 11.0, 5),
        (0.0, 0.0, 0.0, 11.0, 0),
        (10.0, 11.0, 9.0, 0.0, 0),
        (11.0, 13.0, 10.0, 12.0, 5),
    ]
    names = ("open", "high", "low", "close", "volume")
    db["my_prices"].insert_many(
        {"ticker": TICKER, "date": FIRST + dt.timedelta(days=day), **dict(zip(names, row, strict=True))}
        for day, row in enumerate(rows)
    )
    theirs = Location("my_prices", read_only=True)
    assert prices.as_stored(db, theirs, TICKER)["close"].tolist() == [11.0, 11.0, 0.0, 12.0]
    bars = prices.load(db, theirs, TICKER)
    assert bars["close"].tolist() == [11.0, 11.0, 12.0]
    assert bars.iloc[1][list(candles.PRICES)].tolist() == [11.0] * 4
    assert prices.load(db, theirs, TICKER, last=3)["close"].tolist() == [11.0, 12.0]


def test_an_infinite_price_in_a_collection_of_the_user_is_no_price(db: MongoDatabase) -> None:
    rows = [(10.0, 10.0, 10.0, 10.0), (11.0, 11.0, 11.0, math.inf), (12.0, math.inf, 12.0, 12.0)]
    db["my_prices"].insert_many(
        {"ticker": TICKER, "date": FIRST + dt.timedelta(days=day), **dict(zip(candles.PRICES, row, strict=True))}
        for day, row in enumerate(rows)
    )
    bars = prices.load(db, Location("my_prices", read_only=True), TICKER)
    assert bars[list(candles.PRICES)].to_numpy().tolist() == [[10.0] * 4, [12.0] * 4]


def test_another_thread_works_while_mongodb_stores_a_history_but_not_while_it_is_encoded(
    db: MongoDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    alone: dict[str, bool] = {}

    def watched(name: str, function: Callable[..., Any], patience: float) -> Callable[..., Any]:
        def watch(*arguments: Any, **options: Any) -> Any:
            others = threading.Event()

            def work() -> None:
                with turns.working():
                    others.set()

            threading.Thread(target=work, daemon=True).start()
            alone[name] = not others.wait(patience)
            return function(*arguments, **options)

        return watch

    monkeypatch.setattr(bar_documents, "to_raw", watched("encoded", bar_documents.to_raw, 0.1))
    monkeypatch.setattr(Collection, "insert_many", watched("stored", Collection.insert_many, 20.0))
    with turns.working():
        prices.write(db, KOREAN_STOCKS, TICKER, make_bars(5))
    assert alone == {"encoded": True, "stored": False}
    assert len(load(db)) == 5
