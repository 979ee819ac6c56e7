"""Panels of whole categories out of a real MongoDB."""

import datetime as dt
import threading
from collections.abc import Iterator
from typing import Any

import bson
import numpy as np
import pandas as pd
import pytest
from pymongo import ReadPreference

from finance_core import turns
from finance_core.bars import candles
from finance_core.bars.conditions import parse
from finance_core.bars.panel import FIELDS, Panel
from finance_core.categories import KOREAN_STOCKS
from finance_core.errors import SisepanError
from finance_core.storage import locations, panels, prices, raw_bars, screens, tickers, watchlists
from finance_core.storage.database import Document, MongoDatabase
from finance_core.storage.watchlists import Entry
from tests import pages
from tests.bars.test_panel import frame_of
from tests.storage.test_prices import make_bars
from tests.yahoo import random_walk

SINCE = dt.date(2024, 3, 1)
BARS = KOREAN_STOCKS.collection


@pytest.fixture(autouse=True)
def no_panel_is_kept() -> Iterator[None]:
    panels.forget()
    yield
    panels.forget()


def store(db: MongoDatabase, ticker: str, bars: pd.DataFrame, **fields: Any) -> None:
    """Write `bars` and record their state, as an update does."""
    tickers.register(db, KOREAN_STOCKS, [{"ticker": ticker, "name": ticker}])
    prices.write(db, KOREAN_STOCKS, ticker, bars, remove_others=True)
    state = prices.state_of(KOREAN_STOCKS, bars) | {"bars_changed_at": tickers.now(), "source": "yahoo"}
    tickers.record(db, KOREAN_STOCKS, ticker, {**state, **fields})


def assert_as_loaded(db: MongoDatabase, panel: Panel, since: dt.date = SINCE) -> None:
    """Each ticker has the very bars of `prices.load`."""
    for ticker in panel.tickers:
        loaded = prices.load(db, KOREAN_STOCKS, ticker).loc[pd.Timestamp(since) :]
        frame = frame_of(panel, ticker)
        assert frame.index.equals(loaded.index), ticker
        assert np.array_equal(frame.to_numpy(), loaded[list(FIELDS)].to_numpy(dtype="float64")), ticker


def test_a_panel_has_the_bars_that_a_chart_has(db: MongoDatabase) -> None:
    days = pd.bdate_range("2024-01-02", periods=120)
    for number in range(12):
        bars = candles.clean(random_walk(days[number:], number))[0]
        if number % 3 == 0:  # documents of other lengths between the others
            bars.iloc[[50, 60], bars.columns.get_loc("dividends")] = 361.0
        store(db, f"{number:06}", bars.drop(bars.index[[70, 71]]) if number == 5 else bars)
    assert_as_loaded(db, panels.panel(db, KOREAN_STOCKS, SINCE))


@pytest.mark.parametrize("preference", [ReadPreference.PRIMARY, ReadPreference.SECONDARY_PREFERRED])
def test_bars_come_in_as_many_answers_as_the_server_likes(
    db: MongoDatabase, monkeypatch: pytest.MonkeyPatch, preference: Any
) -> None:
    for number in range(5):
        bars = make_bars(60, first=dt.datetime(2024, 3, 1), dividends=[0.0] * 30 + [float(number)] + [0.0] * 29)
        store(db, f"{number:06}", bars)
    monkeypatch.setattr(raw_bars, "BATCH", 7)
    elsewhere = db.with_options(read_preference=preference)
    assert_as_loaded(db, panels.panel(elsewhere, KOREAN_STOCKS, SINCE))


def test_a_split_of_a_day_without_a_close_is_no_cliff(db: MongoDatabase) -> None:
    close = [1000.0] * 60 + [0.0] + [100.0] * 39
    bars = make_bars(100, open=close, high=close, low=close, close=close, stock_splits=[0.0] * 60 + [10.0] + [0.0] * 39)
    store(db, "005930", bars, bar_count=100)
    assert set(prices.load(db, KOREAN_STOCKS, "005930")["close"]) == {100.0}
    assert_as_loaded(db, panels.panel(db, KOREAN_STOCKS, SINCE))


def test_a_split_that_its_source_applied_late_is_no_cliff(db: MongoDatabase) -> None:
    close = [1000.0] * 60 + [100.0] * 40
    late = make_bars(100, open=close, high=close, low=close, close=close, stock_splits=[0.0] * 60 + [10.0] + [0.0] * 39)
    store(db, "000001", late)
    store(db, "000002", make_bars(100, stock_splits=[0.0] * 60 + [10.0] + [0.0] * 39))
    since = dt.date(2024, 2, 1)
    panel = panels.panel(db, KOREAN_STOCKS, since)
    assert set(frame_of(panel, "000001")["close"]) == {100.0}
    assert_as_loaded(db, panel, since)


def test_the_last_split_of_each_ticker_is_known_and_follows_its_bars(db: MongoDatabase) -> None:
    once, never = make_bars(100, stock_splits=[0.0] * 60 + [10.0] + [0.0] * 39), make_bars(100)
    close = [1000.0] * 60 + [100.0] * 40
    late = dict.fromkeys(("open", "high", "low", "close"), close)
    stored = {
        "000001": once,
        "000002": never,
        "000003": make_bars(100, stock_splits=[10.0] + [0.0] * 99),  # on its first day
        "000004": make_bars(100, stock_splits=[0.0] * 10 + [2.0] + [0.0] * 49 + [10.0] + [0.0] * 39, **late),
        "000005": once,
    }
    for ticker, bars in stored.items():
        store(db, ticker, bars)
    # A value that no program of ours writes: its bars are read by another way.
    db[BARS].update_one({"ticker": "000005", "date": once.index[3]}, {"$set": {"open": 0}})

    def known() -> dict[str, object]:
        panel = panels.panel(db, KOREAN_STOCKS, dt.date(2024, 1, 1))
        assert panel.split is not None
        return dict(zip(panel.tickers, panel.split.tolist(), strict=True))

    day = once.index[60].date()
    first = once.index[0].date()
    assert known() == {"000001": day, "000002": None, "000003": first, "000004": day, "000005": day}
    store(db, "000001", never)
    store(db, "000002", once)
    assert known() == {"000001": None, "000002": day, "000003": first, "000004": day, "000005": day}


def test_bars_as_other_programs_store_them_are_read_as_they_are_drawn(db: MongoDatabase) -> None:
    day = dt.datetime(2024, 4, 1)
    for number, fields in enumerate(
        [
            {"volume": 7.0},
            {"volume": bson.Int64(7), "note": "삼성전자", "tags": [1, {"a": 2}]},
            {"volume": None},
            {"volume": 7, "open": 0, "high": 0, "low": 0},  # halted, as an exchange publishes it
            {"volume": -1.0},
            {"close": 3, "decimal": bson.Decimal128("1.5")},
        ]
    ):
        document = {"ticker": "000001", "date": day + dt.timedelta(number), "open": 2.0, "high": 3.0, "low": 1.0}
        db[BARS].insert_one(document | {"close": 2.0} | fields)
    tickers.register(db, KOREAN_STOCKS, [{"ticker": "000001", "name": "가"}])

    panel = panels.panel(db, KOREAN_STOCKS, SINCE)

    expected, _remarks = candles.clean(prices.as_stored(db, KOREAN_STOCKS, "000001"))
    assert np.array_equal(frame_of(panel, "000001").to_numpy(), expected[list(FIELDS)].to_numpy(dtype="float64"))
    assert len(expected) == 6


@pytest.mark.parametrize(
    "fields",
    [
        {"date": "2024-04-02"},
        {"date": dt.datetime(2024, 4, 2, 15)},
        {"date": dt.datetime(2024, 4, 1)},
        {"close": "열둘"},
    ],
    ids=["a text", "midnight in Seoul", "a day twice", "a word"],
)
def test_bars_that_contradict_each_other_are_told_and_do_not_harm_the_others(
    db: MongoDatabase, fields: dict[str, Any]
) -> None:
    store(db, "000002", make_bars(100))
    db[BARS].drop_indexes()
    bar: Document = {"ticker": "000001", "date": dt.datetime(2024, 4, 1), "open": 1.0, "high": 1.0, "low": 1.0}
    bar |= {"close": 1.0, "volume": 1}
    db[BARS].insert_many([{**bar}, {**bar, "date": dt.datetime(2024, 4, 2), **fields}])
    tickers.register(db, KOREAN_STOCKS, [{"ticker": "000001", "name": "가"}])

    panel = panels.panel(db, KOREAN_STOCKS, SINCE)

    assert panel.unreadable == {"000001"}
    assert frame_of(panel, "000001").empty
    assert len(frame_of(panel, "000002")) == 41


def test_only_tickers_whose_bars_have_changed_are_read_again(
    db: MongoDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(5):
        store(db, f"{number:06}", make_bars(100))
    asked: list[str] = []
    read = raw_bars.fetch
    monkeypatch.setattr(
        raw_bars, "fetch", lambda db, at, names, *since: asked.extend(names) or read(db, at, names, *since)
    )

    first = panels.panel(db, KOREAN_STOCKS, SINCE)
    assert len(asked) == 5
    asked.clear()
    assert panels.panel(db, KOREAN_STOCKS, SINCE).bars["close"] is first.bars["close"]
    later = panels.panel(db, KOREAN_STOCKS, dt.date(2024, 3, 20))
    assert asked == []
    assert later.sessions[0] == np.datetime64("2024-03-20")

    store(db, "000003", make_bars(120))
    store(db, "000009", make_bars(10, first=dt.datetime(2024, 5, 1)))
    second = panels.panel(db, KOREAN_STOCKS, SINCE)
    assert sorted(asked) == ["000003", "000009"]
    assert len(frame_of(first, "000003")) == 41, "what others hold stays as it was"
    assert_as_loaded(db, second)

    tickers.record(db, KOREAN_STOCKS, "000001", {"active": False})
    assert "000001" not in panels.panel(db, KOREAN_STOCKS, SINCE).tickers


def test_a_ticker_that_loses_its_bars_or_contradicts_itself_keeps_none_of_those_that_were_read_before(
    db: MongoDatabase,
) -> None:
    bars = make_bars(2, dt.datetime(2024, 3, 4))
    for ticker in ("000001", "000002", "000003"):
        store(db, ticker, bars)
    assert panels.panel(db, KOREAN_STOCKS, SINCE).counts.tolist() == [2, 2, 2]
    db[BARS].delete_many({"ticker": "000001"})
    db[BARS].drop_indexes()
    db[BARS].insert_one({**db[BARS].find_one({"ticker": "000002"}, {"_id": False}), "close": 99.0})
    for ticker in ("000001", "000002"):
        tickers.record(db, KOREAN_STOCKS, ticker, {"bars_changed_at": tickers.now()})
    after = panels.panel(db, KOREAN_STOCKS, SINCE)
    assert after.counts.tolist() == [0, 0, 2]
    assert after.unreadable == {"000002"}


def test_an_earlier_day_reads_the_whole_again(db: MongoDatabase) -> None:
    store(db, "000001", make_bars(100))
    panels.panel(db, KOREAN_STOCKS, SINCE)
    since = dt.date(2024, 1, 2)
    assert_as_loaded(db, panels.panel(db, KOREAN_STOCKS, since), since)


def test_a_halted_day_is_read_from_the_first_day_on_that_a_date_can_be(db: MongoDatabase) -> None:
    store(db, "000001", candles.clean(random_walk(pd.bdate_range("2024-01-02", periods=5), 1))[0])
    halted = {"open": 0, "high": 0, "low": 0, "volume": 0}
    db[BARS].update_one({"date": dt.datetime(2024, 1, 3)}, {"$set": halted})
    frame = frame_of(panels.panel(db, KOREAN_STOCKS, dt.date.min), "000001")
    assert len(frame) == 5
    assert frame.loc["2024-01-03", "open"] == frame.loc["2024-01-03", "close"]


def test_what_would_not_fit_into_memory_is_refused_and_older_panels_give_way(
    db: MongoDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    store(db, "000001", make_bars(100))
    monkeypatch.setattr(panels, "MOST_BYTES", 12_000)
    panels.panel(db, KOREAN_STOCKS, SINCE)
    other = panels._entry(("elsewhere", "db", "category"))
    other.panel = panels.panel(db, KOREAN_STOCKS, SINCE)
    panels.panel(db, KOREAN_STOCKS, dt.date(2024, 1, 2))
    assert sum(kept.panel.nbytes for kept in panels._kept.values() if kept.panel) <= 12_000
    assert ("elsewhere", "db", "category") not in panels._kept
    monkeypatch.setattr(panels, "MOST_BYTES", 1_000)
    with pytest.raises(SisepanError, match="메모리"):
        panels.panel(db, KOREAN_STOCKS, dt.date(2023, 1, 2))


def test_a_day_long_before_the_first_bar_needs_no_memory(db: MongoDatabase, monkeypatch: pytest.MonkeyPatch) -> None:
    store(db, "000001", make_bars(100))
    tickers.register(db, KOREAN_STOCKS, [{"ticker": "000002", "name": "without bars"}])
    monkeypatch.setattr(panels, "MOST_BYTES", 200_000)
    assert panels.panel(db, KOREAN_STOCKS, dt.date(1900, 1, 1)).tickers == ("000001", "000002")


def test_many_visitors_at_once_read_once(db: MongoDatabase, monkeypatch: pytest.MonkeyPatch) -> None:
    store(db, "000001", make_bars(100))
    asked: list[str] = []
    read = raw_bars.fetch
    monkeypatch.setattr(
        raw_bars, "fetch", lambda db, at, names, *since: asked.extend(names) or read(db, at, names, *since)
    )
    got: list[Panel] = []
    threads = [threading.Thread(target=lambda: got.append(panels.panel(db, KOREAN_STOCKS, SINCE))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert asked == ["000001"]
    assert len(got) == 8


class Fetches:
    """The real reading, which lets nobody through before `together` read at once, and counts how many do."""

    def __init__(self, together: int) -> None:
        self.most, self._now, self._together = 0, 0, together
        self._fetch, self._changed = raw_bars.fetch, threading.Condition()

    def __call__(self, *asked: Any) -> list[bytes]:
        with self._changed:
            self._now += 1
            self.most = max(self.most, self._now)
            self._changed.notify_all()
            is_first = asked[2][0] == "000000"
            assert is_first or self._changed.wait_for(lambda: self.most >= self._together, 60)
        answer = self._fetch(*asked)
        with self._changed:
            self._now -= 1
        return answer


@pytest.mark.parametrize(("drawn_elsewhere", "at_once"), [(False, 2), (True, 1)])
def test_two_parts_are_read_at_a_time_while_nobody_draws_another_page(
    db: MongoDatabase, monkeypatch: pytest.MonkeyPatch, drawn_elsewhere: bool, at_once: int
) -> None:
    for number in range(8):
        store(db, f"{number:06}", make_bars(30))
    monkeypatch.setattr(panels, "TICKERS_AT_ONCE", 1)
    fetches = Fetches(at_once)
    monkeypatch.setattr(raw_bars, "fetch", fetches)
    drawn, done = threading.Event(), threading.Event()

    def another() -> None:
        with turns.page():
            drawn.set()
            done.wait(60)

    visitor = threading.Thread(target=another)
    if drawn_elsewhere:
        visitor.start()
        assert drawn.wait(60)
    with turns.page():
        panel = panels.panel(db, KOREAN_STOCKS, SINCE)
    done.set()
    if drawn_elsewhere:
        visitor.join()
    assert fetches.most == at_once
    assert_as_loaded(db, panel)


def test_texts_and_first_days_of_tickers_come_with_the_panel(db: MongoDatabase) -> None:
    store(db, "000001", make_bars(100), market="KOSDAQ", industry="반도체", source="sample")
    panel = panels.panel(db, KOREAN_STOCKS, SINCE, ["close"])
    assert list(panel.bars) == ["close"]
    assert (panel.text("market")[0], panel.text("industry")[0], panel.text("source")[0]) == (
        "KOSDAQ",
        "반도체",
        "sample",
    )
    assert panel.listed is not None
    assert panel.listed[0] == np.datetime64("2024-01-02")


def test_the_shared_lists_of_a_ticker_can_be_asked_for(db: MongoDatabase) -> None:
    for number in range(3):
        store(db, f"{number:06}", make_bars(100))
    shared, own = watchlists.create(db, "반도체"), watchlists.create(db, "비밀")
    watchlists.share(db, shared, True)
    watchlists.add(db, shared, [Entry("korean_stocks", "000001"), Entry("us_stocks", "000002")])
    watchlists.add(db, own, [Entry("korean_stocks", "000002")])
    for text, expected in (
        ('"반도체" in group', ("000001",)),
        ('"비밀" in group', ()),
        ('group != "반도체"', ("000000", "000002")),
    ):
        result = screens.ask(db, KOREAN_STOCKS, parse(text))
        assert (result.tickers, result.judged) == (expected, 3)


def test_real_prices_come_as_they_are_loaded(db: MongoDatabase) -> None:
    for ticker, table in pages.real_tables().items():
        store(db, ticker, candles.clean(table)[0])
    since = dt.date(2024, 6, 3)
    panel = panels.panel(db, KOREAN_STOCKS, since)
    assert_as_loaded(db, panel, since)
    assert panel.jump_days() == {"012170": [dt.date(2025, 3, 6)], "107640": [dt.date(2024, 6, 24)]}


def test_a_jump_is_known_and_stays_known_when_bars_are_added(db: MongoDatabase) -> None:
    days = pd.bdate_range("2026-01-05", periods=5)

    def closes(*close: float) -> pd.DataFrame:
        return candles.frame(days[: len(close)].to_numpy(), np.outer(close, [1, 1, 1, 1, 0, 0, 0]))

    store(db, "000001", closes(205, 205, 206))
    store(db, "000002", closes(205, 205, 2_065))
    for count in (3, 4, 5):
        panel = panels.panel(db, KOREAN_STOCKS, SINCE)
        assert panel.counts.tolist() == [count, 3]
        assert panel.jump_days() == {"000002": [dt.date(2026, 1, 7)]}
        assert panel.split is not None
        assert panel.split.astype(str).tolist() == ["NaT", "2026-01-07"], "a count of shares may be wrong since then"
        assert panel.rank.tolist() == [*range(count), 0, 1, 0]
        assert panel.last_piece.tolist() == [0, count + 2]
        store(db, "000001", closes(205, 205, 206, 207, 208)[: count + 1])


def test_a_collection_that_is_only_read_is_read_again_after_a_while(
    db: MongoDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    db["other"].insert_many(
        [{"code": "000001", "d": dt.datetime(2024, 4, 1), "close": 2.0, "open": 1, "high": 3, "low": 1}]
    )
    fields = {"ticker": "code", "date": "d"}
    locations.point(db, KOREAN_STOCKS, locations.Location("other", fields, read_only=True))
    clock = [0.0]
    monkeypatch.setattr(panels.time, "monotonic", lambda: clock[0])
    assert frame_of(panels.panel(db, KOREAN_STOCKS, SINCE), "000001")["close"].tolist() == [2.0]
    db["other"].insert_one(
        {"code": "000001", "d": dt.datetime(2024, 4, 2), "close": 3.0, "open": 1, "high": 3, "low": 1}
    )
    assert len(panels.panel(db, KOREAN_STOCKS, SINCE).at) == 1
    clock[0] = panels.KEPT_FOR
    assert len(panels.panel(db, KOREAN_STOCKS, SINCE).at) == 2
