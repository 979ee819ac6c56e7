"""What the ticker lists cost: opening a long one, saving many edits, and readers while somebody saves."""

import itertools
import threading
import time
import timeit

import pytest
from pymongo import UpdateOne
from streamlit.testing.v1 import AppTest

from finance_core.categories import KOREAN_STOCKS, US_STOCKS
from finance_core.storage import database, market_lists, prices, ticker_edits, ticker_files, tickers
from finance_core.storage.database import MongoDatabase
from finance_core.storage.ticker_edits import Edit
from finance_core.ui.tickers.state import State
from tests.benchmarks.conftest import bars_of, seconds, store, tell
from tests.pages import PAGES_DIR, sit_at_the_machine

FEW, MANY = 100, 10_000
VISITORS = 20


def register(db: MongoDatabase, count: int) -> list[str]:
    database.ensure_indexes(db)  # the reference has them too
    names = [f"{number:06}" for number in range(count)]
    rows = [{"ticker": ticker, "name": f"회사 {ticker}", "market": "KOSPI"} for ticker in names]
    tickers.register(db, KOREAN_STOCKS, rows)
    return names


def test_a_tab_with_ten_thousand_tickers_opens_like_one_with_a_hundred(
    own_server_db: MongoDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    sit_at_the_machine(monkeypatch)

    def open_tab() -> None:
        page = AppTest.from_file(PAGES_DIR / "admin_tickers.py", default_timeout=60).run()
        assert not page.exception

    register(own_server_db, FEW)
    few = seconds(open_tab, 15)
    register(own_server_db, MANY)
    many = seconds(open_tab, 15)
    tell("opening the list", ms_with_100=few * 1000, ms_with_10_000=many * 1000, ratio=many / few)
    assert many / few < 1.5


def test_the_registry_of_whole_markets_opens_searches_and_pages_like_one_of_two_pages(
    own_server_db: MongoDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The tickers of the KRX and more, up to 3,300, registered as the page does it: as one entry in the history."""
    sit_at_the_machine(monkeypatch)
    krx = market_lists.difference(own_server_db, market_lists.chosen(["kospi", "kosdaq"])["korean_stocks"]).additions
    more = [
        Edit(f"9{number:05}", {}, {"name": f"회사 {number}", "market": "KOSDAQ", "industry": "기타"})
        for number in range(3_300 - len(krx))
    ]
    taken: dict[int, list[float]] = {}
    for edits in ([*krx, *more][: 2 * FEW], [*krx, *more]):  # two pages are the least that can be turned
        market_lists.apply(own_server_db, KOREAN_STOCKS, edits, "me")
        page = AppTest.from_file(PAGES_DIR / "admin_tickers.py", default_timeout=60).run()
        shown = page.session_state["tickers:korean_stocks"]

        def search(page: AppTest = page) -> None:
            key = "tickers:korean_stocks:search"
            page.text_input(key=key).set_value("" if page.text_input(key=key).value else "삼양").run()

        def turn(page: AppTest = page, shown: State = shown) -> None:
            key = "tickers:korean_stocks:page"
            page.session_state[key] = 2 if shown.rows[0]["ticker"] == krx[0].ticker else 1
            page.run()

        def order(page: AppTest = page, shown: State = shown) -> None:
            shown.sort = "name", not shown.sort[1]
            page.run()

        taken[len(edits)] = [min(timeit.repeat(work, number=1, repeat=25)) for work in (page.run, search, turn, order)]
    for name, few, many in zip(("opening", "searching", "paging", "sorting"), *taken.values(), strict=True):
        tell(f"{name}, of the registry", ms_with_200=few * 1000, ms_with_3_300=many * 1000, ratio=many / few)
        assert many / few < (2 if name == "searching" else 1.5)  # a search reads every name


def test_saving_a_thousand_edits_against_the_bare_conditional_updates(own_server_db: MongoDatabase) -> None:
    db = own_server_db
    names = register(db, 1_000)
    for ticker in names:
        tickers.record(db, KOREAN_STOCKS, ticker, {"name": f"{ticker} 0"})
    saves = itertools.count()

    def bare() -> None:
        save = next(saves)
        operations = [
            UpdateOne(
                {"category": "korean_stocks", "ticker": ticker, "name": f"{ticker} {save}"},
                {"$set": {"name": f"{ticker} {save + 1}"}},
            )
            for ticker in names
        ]
        assert tickers.collection(db).bulk_write(operations, ordered=False).modified_count == len(names)

    def ours() -> None:
        save = next(saves)
        edits = [Edit(ticker, {"name": f"{ticker} {save}"}, {"name": f"{ticker} {save + 1}"}) for ticker in names]
        assert len(ticker_edits.save(db, KOREAN_STOCKS, edits, "me").applied) == len(names)

    reference, taken = seconds(bare), seconds(ours)
    tell("saving 1,000 edits", ms=taken * 1000, reference_ms=reference * 1000, ratio=taken / reference)
    assert taken / reference < 3


def test_ten_thousand_lines_are_read_and_compared(own_server_db: MongoDatabase) -> None:
    register(own_server_db, MANY)
    text = "\n".join(f"{number:06}\t다른 이름 {number}\tKOSPI" for number in range(MANY))

    def preview() -> None:
        lines = ticker_files.read_text(text, KOREAN_STOCKS)
        found = ticker_edits.compare(own_server_db, KOREAN_STOCKS, [line.row for line in lines])
        assert len(found.edits) == MANY

    taken = seconds(preview, 5)
    tell("a preview of 10,000 lines", seconds=taken)
    assert taken < 5


def test_visitors_who_read_while_somebody_saves(own_server_db: MongoDatabase) -> None:
    """Twenty readers of charts and lists, each as fast as it can, while a thousand edits are saved again and again."""
    db = own_server_db
    names = register(db, 1_000)
    store(db, US_STOCKS, "AAPL", "Apple", bars_of(2_500))
    done, waits, errors = threading.Event(), list[float](), list[BaseException]()

    def read() -> None:
        while not done.is_set():
            begun = time.perf_counter()
            try:
                prices.load(db, US_STOCKS, "AAPL")
                tickers.page(db, KOREAN_STOCKS, "회사", limit=100)
            except BaseException as error:  # noqa: BLE001 - told to the test
                errors.append(error)
                return
            waits.append(time.perf_counter() - begun)
            time.sleep(0.2)  # nobody clicks faster

    visitors = [threading.Thread(target=read) for _ in range(VISITORS)]
    for visitor in visitors:
        visitor.start()
    before = {ticker: {"name": f"회사 {ticker}"} for ticker in names}
    for save in range(1, 21):
        after = {ticker: {"name": f"회사 {ticker} {save}"} for ticker in names}
        edits = [Edit(ticker, before[ticker], after[ticker]) for ticker in names]
        before = after
        assert len(ticker_edits.save(db, KOREAN_STOCKS, edits, "me").applied) == len(names)
    done.set()
    for visitor in visitors:
        visitor.join()
    tell("20 visitors while somebody saves", reads=len(waits), longest_ms=max(waits) * 1000)
    assert errors == []
    assert max(waits) < 1
