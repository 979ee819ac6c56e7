"""What a page costs in Python, as ratios to the plain reading of the same bars in the same run."""

import os
import socket
import time

import pytest

from finance_core.bars import curves
from finance_core.categories import AMERICAN_AVERAGES, KOREAN_STOCKS
from finance_core.charts import candlestick
from finance_core.charts.style import Style
from finance_core.search import Index
from finance_core.storage import prices
from finance_core.storage.database import MongoDatabase
from finance_core.ui.echart import border
from finance_core.ui.echart.border import Prepared
from tests import pages
from tests.benchmarks.conftest import bars_of, random_documents, seconds, tell

FEW, MANY = 100_000, int(os.environ.get("SISEPAN_BENCHMARK_BARS", 10_000_000))


def to_option(db: MongoDatabase, ticker: str) -> Prepared:
    """All that a viewer does between MongoDB and the browser."""
    bars = prices.load(db, KOREAN_STOCKS, ticker)
    averages = curves.curves(bars, map(curves.of_average, AMERICAN_AVERAGES))
    return border.prepare(candlestick.candlestick(bars, averages, Style()))


def test_ten_thousand_bars_from_mongodb_to_an_option(db: MongoDatabase) -> None:
    prices.write(db, KOREAN_STOCKS, "005930", bars_of(10_000))
    reference = seconds(lambda: list(db["korean_stocks"].find({"ticker": "005930"})))
    ours = seconds(lambda: to_option(db, "005930"))
    tell("10,000 bars to an option", ms=ours * 1000, reference_ms=reference * 1000, ratio=ours / reference)
    assert ours / reference < 3


@pytest.mark.timeout(1800)
def test_a_chart_costs_the_same_however_many_bars_there_are(db: MongoDatabase) -> None:
    prices.write(db, KOREAN_STOCKS, "005930", bars_of(5_000))
    db["korean_stocks"].insert_many(random_documents(FEW), ordered=False)
    few = seconds(lambda: to_option(db, "005930"), times=41)
    documents = random_documents(500_000)
    for part in range((MANY - FEW) // len(documents)):
        for document in documents:
            document.pop("_id", None)
            document["ticker"] = f"Y{part:02}{str(document['ticker'])[-4:]}"
        db["korean_stocks"].insert_many(documents, ordered=False)
    many = seconds(lambda: to_option(db, "005930"), times=41)
    stored = db["korean_stocks"].estimated_document_count()
    tell("one chart", ms_with_few=few * 1000, ms_with_many=many * 1000, bars=stored, ratio=many / few)
    assert many / few < 1.3


def test_a_search_among_ten_thousand_tickers() -> None:
    rows = [{"ticker": f"{n:06}", "name": f"회사 이름 {n}", "name_en": f"Company {n}"} for n in range(10_000)]
    index = Index(rows)
    build, search = seconds(lambda: Index(rows), 5), seconds(lambda: index.search("ㅎㅅㅇㄹ99"))
    tell("10,000 tickers", build_ms=build * 1000, search_ms=search * 1000)
    assert search < 0.2


def test_a_page_whose_server_is_away_says_so_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        monkeypatch.setenv("MONGO_URI", f"mongodb://127.0.0.1:{free.getsockname()[1]}/?directConnection=true")
    started = time.monotonic()
    page = pages.open_viewer()
    took = time.monotonic() - started
    tell("a page without its server", seconds=took)
    assert len(page.error) == 1
    assert took < 3.5
