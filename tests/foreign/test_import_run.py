"""Bars of other programs into a category: from every layout, whole, once, however often it is broken off."""

import datetime as dt
import itertools
import json
import math
import random
import sqlite3
import textwrap
import threading
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from bson import Decimal128, ObjectId
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from finance_core.bars import adjustment, candles, sessions
from finance_core.categories import CURRENCIES, INDICES, KOREAN_STOCKS, US_STOCKS, Category
from finance_core.foreign import (
    adoption,
    conversion,
    file_source,
    import_records,
    import_run,
    inspection,
    merging,
    sources,
)
from finance_core.foreign.collection_source import CollectionSource
from finance_core.foreign.conversion import Refusal
from finance_core.foreign.import_records import Summary
from finance_core.foreign.layout import Layout, recognise
from finance_core.foreign.sqlite_source import SqliteSource
from finance_core.storage import locations, prices, runs, tickers
from finance_core.storage.database import Document, MongoDatabase
from finance_core.storage.locations import Location
from tests import pages
from tests.conftest import forget_transactions
from tests.foreign import generated
from tests.foreign.generated import KOREAN_TICKERS, Style
from tests.processes import start_python, wait_until

pytestmark = pytest.mark.slow

THEIRS = "my_prices"
Tables = Mapping[str, pd.DataFrame]


@pytest.fixture(scope="module")
def korean() -> dict[str, pd.DataFrame]:
    return generated.tables(KOREAN_STOCKS, KOREAN_TICKERS)


@pytest.fixture(scope="module")
def two(korean: dict[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """One of them of each market: what a layout does with a ticker, it does with every one."""
    return {ticker: korean[ticker] for ticker in ("005930", "247540")}


def layout_of(db: MongoDatabase, category: Category, size: int = 1_000) -> Layout:
    """What a sample of the foreign collection shows."""
    layout = recognise(db[THEIRS].aggregate([{"$sample": {"size": size}}]).to_list(), category)
    assert layout is not None
    return layout


def source_of(db: MongoDatabase, category: Category) -> CollectionSource:
    return CollectionSource(db, THEIRS, layout_of(db, category))


def adopt(db: MongoDatabase, category: Category = KOREAN_STOCKS, **options: Any) -> Summary:
    return import_run.run(db, category, source_of(db, category), **options)


def convert(db: MongoDatabase, **options: Any) -> Summary:
    found = inspection.look_at(db, THEIRS, KOREAN_STOCKS)
    return adoption.convert(db, KOREAN_STOCKS, found, **options)


def everything(db: MongoDatabase, *names: str) -> list[Document]:
    """All documents of these collections, as they are."""
    return [document for name in names for document in db[name].find().sort("_id", 1)]


def bits(documents: Sequence[Document]) -> str:
    """What of documents can be compared though NaN is unlike itself, types included."""
    return repr(documents)


def contents(db: MongoDatabase) -> str:
    """What an import leaves, but for what it notes of itself."""
    rows = everything(db, "ticker_metadata")
    for row in rows:
        row.get("imported", {}).pop("import", None)
    return bits([*everything(db, "korean_stocks", "us_stocks", "indices", "currencies"), *rows])


def told(refusals: Sequence[Refusal]) -> Counter[tuple[str, str]]:
    return Counter((refusal.place, refusal.reason.message) for refusal in refusals)


_cleaned: dict[int, tuple[pd.DataFrame, pd.DataFrame]] = {}


def cleaned(table: pd.DataFrame) -> pd.DataFrame:
    """Its clean bars; those of the tables that the tests share are made once."""
    if id(table) not in _cleaned:
        _cleaned[id(table)] = table, candles.clean(table)[0]
    return _cleaned[id(table)][1]


def assert_bars(db: MongoDatabase, category: Category, tables: Tables) -> None:
    """The stored bars are those of the tables, cleaned, and no others; so are the states in the list of tickers."""
    assert prices.tickers(db, category) == sorted(tables)
    for ticker, table in tables.items():
        bars = cleaned(table)
        stored = prices.load(db, category, ticker)
        pd.testing.assert_frame_equal(stored, bars, check_freq=False, check_exact=True)
        row = tickers.get(db, category, ticker)
        assert row is not None
        state = prices.state(db, category, ticker)
        assert {name: row.get(name) for name in state} == state
        assert (row["source"], row["bar_count"]) == ("import", len(bars))


def check(
    db: MongoDatabase,
    category: Category,
    tables: Tables,
    parts: Sequence[tuple[Tables, Style]],
    hints: Mapping[str, str],
) -> None:
    """Lay `parts` of the tables out, import them, and see to it that nothing is lost, changed or made up."""
    bad: Counter[tuple[str, str]] = Counter()
    for part, style in parts:
        laid_out = generated.lay_out(part, style, category, hints)
        laid_out.insert(db, THEIRS, style)
        bad += laid_out.bad
    before = bits(everything(db, THEIRS)), db[THEIRS].index_information()

    summary = adopt(db, category)

    assert (summary.state, summary.failures, summary.differing) == ("done", [], [])
    assert_bars(db, category, tables)
    assert told(list(import_records.refusals(db, summary.import_id))) == bad
    assert (bits(everything(db, THEIRS)), db[THEIRS].index_information()) == before
    assert summary.refused == bad.total()
    assert summary.reasons == Counter(reason for _place, reason in bad.elements())
    assert summary.verified == summary.done == summary.total == len(tables)
    assert summary.rows == summary.bars + bad.total()
    for ticker in tables:
        row = tickers.get(db, category, ticker)
        assert row is not None
        suffixed = [style for _part, style in parts if style.ticker_form == "suffixed"]
        market = {".KS": "KOSPI", ".KQ": "KOSDAQ"}.get(hints.get(ticker, "")) if suffixed else None
        assert (row["name"], row.get("market")) == (ticker, market)


def told_of(tables: Tables, style: Style) -> Tables:
    """What of the tables a style tells."""
    if style.extras != "none":
        return tables
    return {ticker: table.assign(dividends=0.0, stock_splits=0.0) for ticker, table in tables.items()}


@pytest.mark.sampled(5)
@pytest.mark.parametrize("style", [*generated.SINGLES, *generated.PAIRS], ids=str)
def test_every_layout_is_imported_without_loss(db: MongoDatabase, two: dict[str, pd.DataFrame], style: Style) -> None:
    check(db, KOREAN_STOCKS, told_of(two, style), [(two, style)], KOREAN_TICKERS)


@pytest.mark.sampled(5)
@pytest.mark.parametrize(("one", "other"), generated.MIXES, ids=str)
def test_two_layouts_in_one_collection_are_imported_without_loss(
    db: MongoDatabase, two: dict[str, pd.DataFrame], one: Style, other: Style
) -> None:
    first = {ticker: table.iloc[:15] for ticker, table in two.items()}
    second = {ticker: table.iloc[15:] for ticker, table in two.items()}
    parts = [told_of(first, one), told_of(second, other)]
    whole = {ticker: pd.concat([part[ticker] for part in parts]) for ticker in two}
    check(db, KOREAN_STOCKS, whole, [(first, one), (second, other)], KOREAN_TICKERS)


@pytest.mark.sampled(2)
@pytest.mark.parametrize("style", [Style(), *generated.PAIRS[5::20]], ids=str)
def test_real_prices_are_imported_without_loss(db: MongoDatabase, style: Style) -> None:
    real = dict(itertools.islice(pages.real_tables().items(), 4))
    tables = {ticker: table.assign(dividends=0.0, stock_splits=0.0) for ticker, table in real.items()}
    check(db, KOREAN_STOCKS, tables, [(tables, style)], pages.symbol_suffixes())


# Other categories


@pytest.mark.parametrize(
    "style",
    [
        Style(),
        Style(date_form="new_york", ticker_field="Symbol", price_case="title", gaps=True),
        Style(date_form="timed", shape="rows", duplicates=True),
        Style(date_form="iso_offset", number_form="text", shape="columns"),
        Style(date_form="iso_utc", number_form="decimal"),
        Style(date_form="seconds", shape="inner_columns", extras="all"),
    ],
    ids=str,
)
def test_american_stocks_are_imported_without_loss(db: MongoDatabase, style: Style) -> None:
    tables = generated.tables(US_STOCKS, generated.AMERICAN_TICKERS)
    check(db, US_STOCKS, tables, [(tables, style)], {})


def test_the_days_of_new_york_are_right_in_summer_and_in_winter(db: MongoDatabase) -> None:
    tables = generated.tables(US_STOCKS, ["AAPL"], days=520)
    check(db, US_STOCKS, tables, [(tables, Style(date_form="new_york"))], {})


@pytest.mark.sampled(5)
@pytest.mark.parametrize(
    ("category", "written"),
    [
        (INDICES, {"^KS11": "^KS11", "^N225": "^N225", "^GSPC": "^gspc"}),
        (CURRENCIES, {"USDKRW": "USDKRW=X", "EURUSD": "EUR/USD", "USDJPY": "JPY=X"}),
        (CURRENCIES, {"USDKRW": "USD/KRW", "EURKRW": "EURKRW"}),
        (CURRENCIES, {"USDKRW": "KRW=X", "EURKRW": "eurkrw=x"}),
    ],
)
@pytest.mark.parametrize("form", ["day", "text", "london"])
def test_indices_and_currencies_are_known_by_their_usual_names(
    db: MongoDatabase, category: Category, written: dict[str, str], form: str
) -> None:
    tables = generated.tables(category, written)
    for ticker, raw in written.items():
        laid_out = generated.lay_out({raw: tables[ticker]}, Style(date_form=form), category, {})
        laid_out.insert(db, THEIRS, Style())

    summary = adopt(db, category)

    assert (summary.state, summary.refused, summary.verified) == ("done", 0, len(written))
    assert_bars(db, category, tables)


# What is none


@pytest.mark.parametrize("fields", [["ticker"], ["ticker", "symbol"]])
def test_a_document_without_a_ticker_of_any_kind_is_refused_and_never_lost(
    db: MongoDatabase, fields: list[str]
) -> None:
    row = {"date": dt.datetime(2024, 5, 7), "open": 1.0, "high": 1.0, "low": 1.0, "close": 1.0, "volume": 1}
    others: list[Any] = [None, "", "  ", math.nan, Decimal128("5930"), ObjectId(), True, b"005930", {"a": 1}]
    others += [["005930"], [], dt.datetime(2024, 1, 1)]
    for field in fields:
        db[THEIRS].insert_many([row | {field: other} for other in others])
        db[THEIRS].insert_one(row | {field: {"ticker": "005930", "symbol": "000660"}[field]})
    db[THEIRS].insert_many([dict(row), row | {"ticker": "삼성전자"}, row | {"ticker": 12345678}])

    summary = adopt(db)

    assert summary.reasons == {conversion.NO_TICKER: len(others) * len(fields) + 1, conversion.NOT_A_TICKER: 2}
    assert summary.bars == summary.done == len(fields)
    assert summary.rows == db[THEIRS].count_documents({})


def test_a_document_that_has_two_tickers_counts_once(db: MongoDatabase) -> None:
    row = {"open": 1.0, "high": 1.0, "low": 1.0, "close": 1.0, "volume": 1}
    days = pd.bdate_range("2024-05-07", periods=6)
    for position, day in enumerate(days.to_pydatetime()):
        named: Document = [{"ticker": "005930", "symbol": "000660"}, {"symbol": "000660"}][position % 2]
        db[THEIRS].insert_one(row | named | {"date": day})

    summary = adopt(db)

    assert (summary.refused, summary.rows, summary.bars) == (0, 6, 6)
    assert prices.load(db, KOREAN_STOCKS, "005930").index.tolist() == days[::2].tolist()
    assert prices.load(db, KOREAN_STOCKS, "000660").index.tolist() == days[1::2].tolist()


def test_a_ticker_without_a_day_does_not_hide_the_days_of_the_next(
    db: MongoDatabase, korean: dict[str, pd.DataFrame]
) -> None:
    db[THEIRS].insert_one({"ticker": "000010", "updated_at": dt.datetime(2026, 1, 1), "history": []})
    style = Style(shape="rows")
    generated.lay_out(korean, style, KOREAN_STOCKS, {}).insert(db, THEIRS, style)

    summary = adopt(db)

    assert summary.reasons == {conversion.NO_DATE: 1}
    assert prices.tickers(db, KOREAN_STOCKS) == sorted(korean)
    assert summary.rows == summary.bars + 1


def test_lists_of_unlike_lengths_are_refused_as_nobody_knows_their_days(db: MongoDatabase) -> None:
    days = ["2024-05-07", "2024-05-08", "2024-05-09"]
    db[THEIRS].insert_one({"ticker": "005930", "date": days, "close": [1.0, 2.0], "volume": [1, 2, 3]})
    db[THEIRS].insert_one({"ticker": "000660", "date": days, "close": [1.0, 2.0, 3.0], "volume": [1, 2, 3]})

    summary = adopt(db)

    assert summary.reasons == {conversion.NO_DATE: 3}
    assert prices.load(db, KOREAN_STOCKS, "000660")["close"].tolist() == [1.0, 2.0, 3.0]
    assert prices.tickers(db, KOREAN_STOCKS) == ["000660"]


def test_an_examination_says_what_an_import_does_and_writes_nothing(
    db: MongoDatabase, korean: dict[str, pd.DataFrame]
) -> None:
    style = Style(ticker_form="suffixed", date_form="seoul", gaps=True, duplicates=True)
    laid_out = generated.lay_out(korean, style, KOREAN_STOCKS, KOREAN_TICKERS)
    laid_out.insert(db, THEIRS, style)
    before = sorted(db.list_collection_names())

    examined = import_run.examine(db, KOREAN_STOCKS, source_of(db, KOREAN_STOCKS))

    assert sorted(db.list_collection_names()) == before
    assert everything(db, "korean_stocks", "ticker_metadata", "imports", "import_refusals", "update_runs") == []
    assert told(examined.refusals) == laid_out.bad
    assert len(examined.conversions) == conversion.SHOWN_CONVERSIONS
    first = examined.conversions[0]
    bars = candles.clean(korean["000660"])[0]
    assert (first.raw_ticker, first.ticker, first.close) == ("000660.KS", "000660", bars["close"].iloc[0])
    assert first.date == bars.index[0]
    assert first.raw_date == str(generated.date_of(bars.index[0].date(), "seoul", KOREAN_STOCKS))
    summary = adopt(db)
    for name in ("rows", "bars", "refused", "reasons", "changed", "total", "done", "first", "last"):
        assert getattr(examined, name) == getattr(summary, name), name


# Once


@pytest.mark.parametrize(
    "style", [Style(), Style(gaps=True, duplicates=True, date_form="text", shape="columns")], ids=str
)
def test_imported_twice_is_imported_once(db: MongoDatabase, korean: dict[str, pd.DataFrame], style: Style) -> None:
    laid_out = generated.lay_out(korean, style, KOREAN_STOCKS, {})
    laid_out.insert(db, THEIRS, style)
    adopt(db)
    before = contents(db)

    again = adopt(db)

    assert contents(db) == before
    assert (again.state, again.added, again.replaced, again.removed) == ("done", 0, 0, 0)
    assert told(list(import_records.refusals(db, again.import_id))) == laid_out.bad
    assert db["import_refusals"].count_documents({}) == laid_out.bad.total()


def _upright(row: tuple[Any, ...]) -> tuple[Any, ...]:
    """`row` with all prices between the low and the high: where they are not in many rows, the ticker is refused."""
    day, opened, high, low, close, *rest = row
    known = [price for price in (opened, high, low, close) if 0 < price < math.inf]
    high, low = (max(known) if high in known else high), (min(known) if low in known else low)
    return (day, opened, high, low, close, *rest)


_cell = st.floats(5, 1e9) | st.sampled_from([0.0, math.nan, -1.0, math.inf])
_table = st.lists(
    st.tuples(
        st.sampled_from([day.date() for day in sessions.between("XKRX", dt.date(2024, 5, 2), dt.date(2024, 5, 10))]),
        *[_cell] * 4,
        st.integers(0, 2**53 - 1),
        *[st.just(0.0) | st.floats(1e-3, 1e3)] * 2,
    ).map(_upright),
    min_size=1,
    max_size=6,
    unique_by=lambda row: row[0],
)


def _with_moved_actions(known: pd.DataFrame) -> pd.DataFrame:
    """`known` in which the next day with a close has the dividends and splits of the days without one before it."""
    known, waiting = known.sort_index(), []
    for day in known.index:
        if not 0 < known.at[day, "close"] < math.inf:
            waiting.append(day)
            continue
        for before in waiting:
            known.at[day, "dividends"] += known.at[before, "dividends"]
            if factor := known.at[before, "stock_splits"]:
                known.at[day, "stock_splits"] = (known.at[day, "stock_splits"] or 1.0) * factor
        waiting = []
    return known


@settings(deadline=None, max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.dictionaries(st.sampled_from(list(KOREAN_TICKERS)), _table, min_size=1))
@example(
    rows={
        "035720": [
            (dt.date(2024, 5, 2), 6.0, 6.0, 6.0, 6.0, 9, 0.0, 0.0),
            (dt.date(2024, 5, 3), 6.0, 6.0, 6.0, math.inf, 9, 0.5, 2.0),
            (dt.date(2024, 5, 7), 3.0, 3.0, 3.0, 3.0, 9, 0.0, 0.0),
        ]
    }
)
def test_whatever_the_prices_imported_twice_is_imported_once(
    db: MongoDatabase, rows: dict[str, list[tuple[Any, ...]]]
) -> None:
    for name in (THEIRS, "korean_stocks", "ticker_metadata"):
        db[name].delete_many({})
    expected = {}
    for ticker, table in rows.items():
        index = pd.DatetimeIndex([row[0] for row in table], dtype="datetime64[ns]", name="date")
        raw = pd.DataFrame([row[1:] for row in table], index=index, columns=candles.COLUMNS).astype("float64")
        known = raw.assign(**raw[candles.PRICES].mask(raw[candles.PRICES] < 0))  # -1 stands for no price
        known["stock_splits"] = known["stock_splits"].replace(1.0, 0.0)
        known = _with_moved_actions(known)
        expected[ticker] = adjustment.split_adjusted(candles.clean(known)[0])[0]
        documents = raw.reset_index().assign(symbol=f"A{ticker}", date=index.strftime("%Y-%m-%d")).to_dict("records")
        db[THEIRS].insert_many(documents)

    first = adopt(db)
    before = contents(db)
    again = adopt(db)

    state = "done" if any(map(len, expected.values())) else "failed"  # no bar taken is no success
    assert (first.state, first.differing, first.failures) == (state, [], [])
    for ticker, bars in expected.items():
        stored = prices.as_stored(db, KOREAN_STOCKS, ticker)
        pd.testing.assert_frame_equal(stored, bars, check_freq=False, check_exact=True)
    assert first.bars == sum(map(len, expected.values()))
    assert first.refused == sum(map(len, rows.values())) - first.bars
    assert contents(db) == before
    assert (again.added, again.replaced, again.removed) == (0, 0, 0)


def test_what_changed_in_the_source_is_brought_over_by_the_next_import(
    db: MongoDatabase, korean: dict[str, pd.DataFrame]
) -> None:
    style = Style(date_form="text")
    laid_out = generated.lay_out(korean, style, KOREAN_STOCKS, {})
    laid_out.insert(db, THEIRS, style)
    adopt(db)
    changed = {ticker: table.iloc[2:].assign(volume=table["volume"] + 1) for ticker, table in korean.items()}
    db[THEIRS].drop()
    generated.lay_out(changed, style, KOREAN_STOCKS, {}).insert(db, THEIRS, style)

    summary = adopt(db)

    assert_bars(db, KOREAN_STOCKS, changed)
    assert (summary.added, summary.removed, summary.replaced) == (0, 8, 4 * 28)


# Broken off

PROGRAM = """
    import json
    from finance_core.categories import KOREAN_STOCKS
    from finance_core.foreign import import_run, layout, sources
    from finance_core.foreign.collection_source import CollectionSource
    from finance_core.storage import database

    sources.GROUP_ROWS = 330
    db = database.connect()
    recognised = layout.recognise(db["my_prices"].find().limit(500).to_list(), KOREAN_STOCKS)
    summary = import_run.run(db, KOREAN_STOCKS, CollectionSource(db, "my_prices", recognised))
    print(json.dumps([summary.state, summary.current, summary.verified, summary.refused, summary.rows]))
"""


def test_however_often_an_import_is_killed_the_next_continues_it_and_nothing_is_missing_or_double(
    forgetful_db: MongoDatabase,
) -> None:
    db, moments = forgetful_db, random.Random(1)
    names = [f"{number:06}" for number in range(100, 200)]
    tables = generated.tables(KOREAN_STOCKS, names)
    style = Style(ticker_field="symbol", ticker_form="prefixed", date_form="text", gaps=True, duplicates=True)
    laid_out = generated.lay_out(tables, style, KOREAN_STOCKS, {})
    laid_out.insert(db, THEIRS, style)
    codes, stored = [], []
    for killed in range(4):
        upto = moments.randrange(640 * killed, 640 * (killed + 1))
        process = start_python("-c", textwrap.dedent(PROGRAM))
        assert wait_until(lambda: count_of(db) > upto or process.poll() is not None, 60)  # noqa: B023
        time.sleep(moments.uniform(0, 0.05))
        process.kill()
        _out, err = process.communicate()
        assert err == ""
        codes.append(process.returncode)
        stored.append(count_of(db))
        forget_transactions(db)

    last = start_python("-c", textwrap.dedent(PROGRAM))
    out, err = last.communicate(timeout=100)

    assert (last.returncode, err) == (0, "")
    assert codes == [-9] * 4
    assert stored == sorted(set(stored))
    state, current, verified, refused, rows = json.loads(out)
    assert (state, verified, refused) == ("done", len(names), laid_out.bad.total())
    assert current >= stored[-1] // 30 - 1 > 0
    assert rows == len(laid_out.documents)
    assert_bars(db, KOREAN_STOCKS, tables)
    (done,) = db["imports"].find()
    assert told(list(import_records.refusals(db, done["_id"]))) == laid_out.bad
    assert db["import_refusals"].count_documents({}) == laid_out.bad.total()


def count_of(db: MongoDatabase) -> int:
    return db["korean_stocks"].count_documents({})


def test_a_cancelled_import_is_completed_by_the_next(
    db: MongoDatabase, korean: dict[str, pd.DataFrame], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sources, "GROUP_ROWS", 1)
    style = Style(gaps=True, duplicates=True)
    laid_out = generated.lay_out(korean, style, KOREAN_STOCKS, {})
    laid_out.insert(db, THEIRS, style)
    stop = threading.Event()

    first = adopt(db, stop=stop, progress=lambda summary: stop.set() if summary.done == 2 else None)

    assert (first.state, first.done, first.verified) == ("cancelled", 2, 0)
    assert prices.tickers(db, KOREAN_STOCKS) == sorted(korean)[:2]
    latest = import_records.latest(db, KOREAN_STOCKS, THEIRS)
    assert latest is not None
    assert latest["state"] == "running"
    second = adopt(db)
    assert (second.state, second.current, second.verified) == ("done", 2, 4)
    assert second.import_id == first.import_id
    assert (second.rows, second.refused) == (len(laid_out.documents), laid_out.bad.total())
    assert_bars(db, KOREAN_STOCKS, korean)
    assert told(list(import_records.refusals(db, second.import_id))) == laid_out.bad
    assert [run["state"] for run in runs.history(db, 5)] == ["done", "cancelled"]


def half_an_import(db: MongoDatabase, source: sources.Source) -> Summary:
    """An import that was stopped after its first ticker; `GROUP_ROWS` is 1."""
    stop = threading.Event()
    summary = import_run.run(
        db, KOREAN_STOCKS, source, stop=stop, progress=lambda summary: stop.set() if summary.done == 1 else None
    )
    assert (summary.state, summary.done) == ("cancelled", 1)
    return summary


@pytest.mark.parametrize(
    "style",
    [
        Style(gaps=True, duplicates=True),
        Style(date_form="seoul", ticker_form="prefixed", ticker_field="symbol", gaps=True),
        *[style for style in generated.PAIRS if style.index == Style().index][::12],
    ],
    ids=str,
)
def test_a_source_without_an_index_is_gone_through_once_however_many_groups_it_takes(
    db: MongoDatabase, data_dir: Path, monkeypatch: pytest.MonkeyPatch, style: Style
) -> None:
    tables = told_of(generated.tables(KOREAN_STOCKS, [f"{number:06}" for number in range(100, 106)]), style)
    laid_out = generated.lay_out(tables, style, KOREAN_STOCKS, {})
    laid_out.insert(db, THEIRS, style)
    source, asked = source_of(db, KOREAN_STOCKS), []
    read = CollectionSource.read
    monkeypatch.setattr(
        CollectionSource, "read", lambda self, raws: (asked.append(None not in raws), read(self, raws))[1]
    )
    monkeypatch.setattr(sources, "GROUP_ROWS", 1)

    summary = import_run.run(db, KOREAN_STOCKS, source)

    assert asked.count(True) == (len(tables) if source.is_indexed() else 1), "a ticker that is an _id is indexed"
    assert (summary.state, summary.verified, summary.failures) == ("done", len(tables), [])
    assert told(list(import_records.refusals(db, summary.import_id))) == laid_out.bad
    assert_bars(db, KOREAN_STOCKS, tables)
    assert {path.name for path in data_dir.iterdir()} <= {"mongo", "calendars"}


def test_a_source_with_an_index_is_asked_for_each_group(
    db: MongoDatabase, korean: dict[str, pd.DataFrame], monkeypatch: pytest.MonkeyPatch
) -> None:
    style = Style(ticker_field="symbol", date_field="Date")
    generated.lay_out(korean, style, KOREAN_STOCKS, {}).insert(db, THEIRS, style)
    source = source_of(db, KOREAN_STOCKS)
    assert not source.is_indexed()
    db[THEIRS].create_index(["symbol", "Date"], sparse=True)
    assert not source.is_indexed(), "what has no symbol is not in it"
    db[THEIRS].create_index(["symbol"])
    assert source.is_indexed()


def test_however_many_keys_are_no_tickers_each_row_is_refused(
    db: MongoDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sources, "KEYS", 3)
    db[THEIRS].insert_many(
        {"ticker": ticker, "date": dt.datetime(2026, 1, 5), "close": 1.0}
        for ticker in ["005930", *(f"not a ticker {number}" for number in range(10)), None]
    )
    summary = adopt(db)
    assert (summary.bars, summary.refused, summary.rows) == (1, 11, 12)


def test_what_came_since_an_import_was_cut_off_is_taken_too(
    db: MongoDatabase, korean: dict[str, pd.DataFrame], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sources, "GROUP_ROWS", 1)
    laid_out = generated.lay_out(
        {ticker: table.iloc[:-5] for ticker, table in korean.items()}, Style(), KOREAN_STOCKS, {}
    )
    laid_out.insert(db, THEIRS, Style())
    first = half_an_import(db, source_of(db, KOREAN_STOCKS))
    late = generated.lay_out({ticker: table.iloc[-5:] for ticker, table in korean.items()}, Style(), KOREAN_STOCKS, {})
    late.insert(db, THEIRS, Style())

    second = adopt(db)

    assert (second.state, second.current) == ("done", 0)
    assert second.import_id != first.import_id
    assert [each["state"] for each in db["imports"].find().sort("started_at", 1)] == ["abandoned", "done"]
    assert_bars(db, KOREAN_STOCKS, korean)


def file_of(path: Path, tables: Tables, days: slice = slice(None)) -> sources.Source:
    """Those days of the tables in a file of prices; its ending says of which kind."""
    rows = pd.concat([table.iloc[days].reset_index().assign(ticker=ticker) for ticker, table in tables.items()])
    rows = rows.sort_values(["date", "ticker"])
    path.unlink(missing_ok=True)
    if path.suffix == ".csv":
        rows.to_csv(path, index=False)
    elif path.suffix == ".parquet":
        rows.to_parquet(path)
    else:
        with closing(sqlite3.connect(path)) as connection:
            rows.assign(date=rows["date"].astype(str)).to_sql("stocks", connection, index=False)
        return SqliteSource(path)
    return file_source.open_file(path, KOREAN_STOCKS)


ENDINGS = ["csv", "parquet", "db"]


@pytest.mark.parametrize("ending", ENDINGS)
def test_another_file_under_the_name_of_one_that_was_cut_off_is_taken_whole(
    db: MongoDatabase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ending: str
) -> None:
    monkeypatch.setattr(sources, "GROUP_ROWS", 1)
    tables = {"000660": pages.made_table(2, halted=0), "005930": pages.made_table(1, halted=0)}
    path = tmp_path / f"prices.{ending}"

    half_an_import(db, file_of(path, tables, slice(0, -5)))
    summary = import_run.run(db, KOREAN_STOCKS, file_of(path, tables, slice(5, None)))

    assert (summary.state, summary.current, summary.failures) == ("done", 0, [])
    assert prices.load(db, KOREAN_STOCKS, "000660")["close"].iloc[-1] == tables["000660"]["close"].iloc[-1]


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_file_is_gone_through_once_however_many_groups_it_takes(
    db: MongoDatabase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ending: str
) -> None:
    tables = {f"{number:06}": pages.made_table(number, "2026-03-03", halted=0) for number in range(100, 106)}
    source = file_of(tmp_path / f"prices.{ending}", tables)
    read, asked = type(source).read, []
    monkeypatch.setattr(type(source), "read", lambda self, raws: (asked.append(raws), read(self, raws))[1])
    monkeypatch.setattr(sources, "GROUP_ROWS", 1)

    summary = import_run.run(db, KOREAN_STOCKS, source)

    assert len(asked) == 1
    assert (summary.state, summary.refused, summary.verified) == ("done", 0, len(tables))
    for ticker, table in tables.items():
        assert prices.load(db, KOREAN_STOCKS, ticker)["close"].tolist() == table["close"].tolist()


def test_a_ticker_that_yahoo_updated_since_an_import_was_cut_off_is_looked_at_anew(
    db: MongoDatabase, korean: dict[str, pd.DataFrame], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sources, "GROUP_ROWS", 1)
    generated.lay_out(korean, Style(), KOREAN_STOCKS, {}).insert(db, THEIRS, Style())
    half_an_import(db, source_of(db, KOREAN_STOCKS))
    ticker = min(korean)
    more = cleaned(korean[ticker]).iloc[-1:]
    more = more.set_axis(more.index + pd.Timedelta(days=1))
    prices.write(db, KOREAN_STOCKS, ticker, more)
    state = prices.state(db, KOREAN_STOCKS, ticker)
    tickers.record(db, KOREAN_STOCKS, ticker, {**state, "source": "yahoo", "bars_changed_at": dt.datetime(2100, 1, 1)})

    summary = adopt(db)

    assert (summary.state, summary.current, summary.differing, summary.failures) == ("done", 0, [], [])
    assert summary.verified == len(korean)
    row = tickers.get(db, KOREAN_STOCKS, ticker)
    assert row is not None
    assert (row["source"], row["bar_count"]) == ("yahoo", len(cleaned(korean[ticker])) + 1)


def test_an_import_that_is_stopped_while_it_is_read_back_is_not_done(
    db: MongoDatabase, korean: dict[str, pd.DataFrame], monkeypatch: pytest.MonkeyPatch
) -> None:
    generated.lay_out(korean, Style(), KOREAN_STOCKS, {}).insert(db, THEIRS, Style())
    locations.point(db, KOREAN_STOCKS, Location(THEIRS, read_only=True))
    stop, read = threading.Event(), prices.closes_from

    def stopping(*asked: Any) -> "pd.Series[float]":
        stop.set()
        return read(*asked)

    monkeypatch.setattr(prices, "closes_from", stopping)
    first = convert(db, stop=stop)
    monkeypatch.undo()
    assert locations.of(db, KOREAN_STOCKS).read_only, "charts are not drawn from what was not read back"
    second = convert(db)

    assert (first.state, first.done) == ("cancelled", len(korean))
    assert not locations.of(db, KOREAN_STOCKS).read_only
    assert (second.state, second.current, second.verified) == ("done", len(korean), len(korean))
    assert second.import_id == first.import_id


@pytest.mark.parametrize("is_added", [False, True])
def test_what_is_not_stored_as_it_was_read_is_found_out(
    db: MongoDatabase, korean: dict[str, pd.DataFrame], is_added: bool
) -> None:
    generated.lay_out(korean, Style(), KOREAN_STOCKS, {}).insert(db, THEIRS, Style())
    ticker = max(korean)
    bars = cleaned(korean[ticker])
    if is_added:
        prices.write(db, KOREAN_STOCKS, ticker, bars.iloc[:-3])

    def spoil(summary: Summary) -> None:
        if summary.done == summary.total:
            db["korean_stocks"].delete_one({"ticker": ticker, "date": bars.index[-2].to_pydatetime()})

    locations.point(db, KOREAN_STOCKS, Location(THEIRS, read_only=True))
    summary = convert(db, progress=spoil)

    assert (summary.state, summary.differing, summary.verified) == ("failed", [ticker], len(korean) - 1)
    assert locations.of(db, KOREAN_STOCKS).read_only, "charts are not drawn from what differs"


def test_two_imports_at_once_are_refused(db: MongoDatabase, korean: dict[str, pd.DataFrame]) -> None:
    generated.lay_out(korean, Style(), KOREAN_STOCKS, {}).insert(db, THEIRS, Style())
    refused = []

    def again(_summary: Summary) -> None:
        with pytest.raises(runs.AlreadyRunning):
            adopt(db)
        refused.append(True)

    assert adopt(db, progress=again).state == "done"
    assert refused
    assert_bars(db, KOREAN_STOCKS, korean)


# Beside what is stored

DAYS = 30


@pytest.fixture
def theirs(db: MongoDatabase, korean: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """The one ticker that the source has, cleaned; its source is filled."""
    style = Style(date_form="seoul", ticker_form="prefixed", ticker_field="symbol")
    generated.lay_out({"005930": korean["005930"]}, style, KOREAN_STOCKS, {}).insert(db, THEIRS, style)
    return candles.clean(korean["005930"])[0]


def store(db: MongoDatabase, bars: pd.DataFrame, source: str | None) -> None:
    """Bars of a ticker from `source`; None: it is not on the list, which has another."""
    prices.write(db, KOREAN_STOCKS, "005930", bars)
    if source is None:
        tickers.register(db, KOREAN_STOCKS, [{"ticker": "000660", "name": "SK하이닉스", "source": "import"}])
    else:
        tickers.register(db, KOREAN_STOCKS, [{"ticker": "005930", "name": "삼성전자", "market": "KOSPI"}])
        tickers.record(db, KOREAN_STOCKS, "005930", {"source": source})


def earlier(bars: pd.DataFrame) -> pd.DataFrame:
    """Ten more days before, and without the last ten."""
    before = bars.iloc[:10].set_axis(pd.DatetimeIndex(bars.index[:10]) - pd.Timedelta(days=400))
    return pd.concat([before, bars.iloc[:-10]]).rename_axis("date")


@pytest.mark.parametrize("source", ["yahoo", None])
def test_bars_from_elsewhere_are_extended_where_the_common_days_agree(
    db: MongoDatabase, theirs: pd.DataFrame, source: str | None
) -> None:
    old = earlier(theirs).assign(volume=7, dividends=0.0, stock_splits=0.0)
    store(db, old, source)

    first = adopt(db)
    before = contents(db)
    second = adopt(db)

    expected = pd.concat([old, theirs.iloc[-10:]])
    stored = prices.load(db, KOREAN_STOCKS, "005930")
    pd.testing.assert_frame_equal(stored, expected, check_freq=False, check_exact=True)
    assert (first.added, first.replaced, first.removed, first.failures) == (10, 0, 0, [])
    assert (second.added, second.replaced, second.removed, second.failures) == (0, 0, 0, [])
    assert contents(db) == before
    row = tickers.get(db, KOREAN_STOCKS, "005930")
    assert row is not None
    assert row["source"] == (source or "import")
    assert {name: row[name] for name in ("bar_count", "last_close")} == {
        "bar_count": len(expected),
        "last_close": expected["close"].iloc[-1],
    }


def test_the_last_stored_bar_may_be_provisional(db: MongoDatabase, theirs: pd.DataFrame) -> None:
    old = theirs.iloc[:-5].copy()
    old.iloc[-1, old.columns.get_loc("close")] += 300.0  # type: ignore[index, operator]
    store(db, old, "yahoo")

    summary = adopt(db)

    assert (summary.added, summary.replaced, summary.failures) == (5, 1, [])
    pd.testing.assert_frame_equal(prices.load(db, KOREAN_STOCKS, "005930"), theirs, check_freq=False, check_exact=True)


def test_the_last_bar_of_an_import_may_be_provisional(db: MongoDatabase, theirs: pd.DataFrame) -> None:
    later = theirs.iloc[-1:].set_axis(pd.DatetimeIndex(theirs.index[-1:]) + pd.Timedelta(days=1))
    old = pd.concat([theirs.iloc[5:], later]).rename_axis("date")
    old.loc[theirs.index[-1], "close"] += 300.0
    store(db, old, "yahoo")

    summary = adopt(db)

    assert (summary.added, summary.replaced, summary.failures) == (5, 0, [])
    assert prices.load(db, KOREAN_STOCKS, "005930").loc[theirs.index[-1], "close"] == old.loc[theirs.index[-1], "close"]


@pytest.mark.parametrize("source", ["yahoo", None])
@pytest.mark.parametrize("reason", [merging.DISAGREES, merging.APART])
def test_bars_from_elsewhere_that_do_not_agree_are_left_as_they_are(
    db: MongoDatabase, theirs: pd.DataFrame, source: str | None, reason: str
) -> None:
    old = earlier(theirs)
    old = old.iloc[:10] if reason == merging.APART else old.assign(close=old["close"] / 2)
    store(db, old, source)
    before = bits(everything(db, "korean_stocks", "ticker_metadata"))
    examined = import_run.examine(db, KOREAN_STOCKS, source_of(db, KOREAN_STOCKS))

    for _ in range(2):
        summary = adopt(db)

        assert [str(failure.error) for failure in examined.failures] == [
            str(failure.error) for failure in summary.failures
        ]
        assert (examined.bars, examined.conversions) == (0, [])
        assert bits(everything(db, "korean_stocks", "ticker_metadata")) == before
        ((ticker, error),) = [(failure.ticker, failure.error.message) for failure in summary.failures]
        assert (ticker, error) == ("005930", reason)
        assert (summary.state, summary.added, summary.rows, summary.verified) == ("failed", 0, DAYS, 0)
        assert [failure.ticker for failure in runs.failures(db, summary.run)] == ["005930"]


def test_another_close_of_the_newest_day_of_both_is_told_with_its_day_and_both_prices(
    db: MongoDatabase, theirs: pd.DataFrame
) -> None:
    old = theirs.copy()
    old.iloc[-1, old.columns.get_loc("close")] += 300.0  # type: ignore[index, operator]
    store(db, old, "yahoo")

    summary = adopt(db)

    (failure,) = summary.failures
    assert failure.error.message == merging.NEWEST_DISAGREES
    assert failure.error.values == {
        "date": f"{theirs.index[-1]:%Y-%m-%d}",
        "stored": old["close"].iloc[-1],
        "found": theirs["close"].iloc[-1],
    }
    assert (summary.added, summary.replaced, summary.differing) == (0, 0, [])


def test_sample_bars_are_replaced(db: MongoDatabase, theirs: pd.DataFrame) -> None:
    sample = earlier(theirs)
    store(db, sample.assign(close=sample["close"] / 2), "sample")

    summary = adopt(db)

    pd.testing.assert_frame_equal(prices.load(db, KOREAN_STOCKS, "005930"), theirs, check_freq=False, check_exact=True)
    assert (summary.verified, summary.removed) == (1, 10)
    row = tickers.get(db, KOREAN_STOCKS, "005930")
    assert row is not None
    assert (row["source"], row["name"], row["market"]) == ("import", "삼성전자", "KOSPI")


def test_a_ticker_is_named_as_it_is_described(db: MongoDatabase, theirs: pd.DataFrame) -> None:
    described = {"005930": {"name": "삼성전자", "name_en": "Samsung Electronics", "market": "KOSPI", "currency": ""}}

    adopt(db, descriptions=described)

    row = tickers.get(db, KOREAN_STOCKS, "005930")
    assert row is not None
    told = {name: row[name] for name in ("name", "name_en", "market", "currency", "active")}
    assert told == {**described["005930"], "currency": "KRW", "active": True}
