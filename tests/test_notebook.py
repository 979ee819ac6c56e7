"""The prices from Python, as a notebook asks for them."""

import datetime as dt
import doctest
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from finance_core import Sisepan, notebook
from finance_core.bars import candles
from finance_core.categories import INDICES, KOREAN_STOCKS, US_STOCKS, Category
from finance_core.errors import SisepanError
from finance_core.storage import panels, prices, tickers
from finance_core.storage.database import MongoDatabase
from tests.yahoo import random_walk

DOCS = Path(__file__).parent.parent / "docs"


def store(db: MongoDatabase, category: Category, ticker: str, name: str, bars: pd.DataFrame) -> None:
    tickers.register(db, category, [{"ticker": ticker, "name": name, "market": category.markets[0].key}])
    prices.write(db, category, ticker, bars)
    fields = {**prices.state_of(category, bars), "bars_changed_at": tickers.now(), "source": "yahoo"}
    tickers.record(db, category, ticker, fields)


@pytest.fixture
def sisepan(db: MongoDatabase) -> Sisepan:
    """Three sessions of one ticker, whose name another market has too."""
    days = pd.DatetimeIndex(["2024-01-02", "2024-01-03", "2024-01-04"])
    rows = [[close, close, close, close, 1_000 * day, 0, 0] for day, close in enumerate([100.0, 101.0, 102.0])]
    bars = candles.frame(days.to_numpy(), np.array(rows, dtype="float64"))
    bars["volume"] = [500, 500, 1_000]
    store(db, KOREAN_STOCKS, "005930", "삼성전자", bars)
    panels.forget()
    return Sisepan()


def test_the_examples_of_the_class_run(sisepan: Sisepan) -> None:
    runner = doctest.DocTestRunner()
    for test in doctest.DocTestFinder().find(notebook):
        test.globs["sisepan"] = sisepan
        runner.run(test)
    assert runner.summarize(verbose=False).attempted >= 8
    assert runner.summarize(verbose=False).failed == 0


@pytest.mark.parametrize(
    "ask",
    [
        lambda sisepan: sisepan.bars("999999"),
        lambda sisepan: sisepan.bars("nothing:005930"),
        lambda sisepan: sisepan.bars("005930", "Q"),
        lambda sisepan: sisepan.panel("korean_stocks", "price"),
        lambda sisepan: sisepan.panel("korean_stocks", []),
        lambda sisepan: sisepan.panel("korean_stocks", since=pd.NaT),
        lambda sisepan: sisepan.panel("korean_stocks", until=""),
        lambda sisepan: sisepan.compare(["005930"], scale="ratio"),
        lambda sisepan: sisepan.panel("korean_stocks", since="yesterday"),
        lambda sisepan: sisepan.screen("close >> 3"),
        lambda sisepan: sisepan.tickers("stocks"),
    ],
)
def test_a_mistake_is_a_sentence(sisepan: Sisepan, ask: Any) -> None:
    with pytest.raises(SisepanError) as error:
        ask(sisepan)
    assert "{" not in str(error.value)


@pytest.mark.parametrize(
    "day",
    [
        dt.date(2024, 1, 3),
        dt.datetime(2024, 1, 3, 15, 30),
        pd.Timestamp("2024-01-03", tz="Asia/Seoul"),
        np.datetime64("2024-01-03T00:00:00", "ns"),
        "2024-01-03",
    ],
    ids=lambda day: type(day).__name__,
)
def test_a_day_may_be_whatever_a_notebook_has_of_it(sisepan: Sisepan, day: Any) -> None:
    panels.forget()
    for _twice in range(2):  # also beside the panel that is kept
        assert sisepan.panel("korean_stocks", since=day, until=day)["005930"].tolist() == [101.0]
    assert sisepan.screen("close > 1", as_of=day).attrs["day"] == dt.date(2024, 1, 3)
    assert sisepan.compare("005930", since=day)["005930"].round(6).tolist() == [0.0, 0.990099]


def test_the_columns_of_every_screen_are_named_as_the_documentation_says(sisepan: Sisepan) -> None:
    named = set(re.findall(r"\w+", Sisepan.screen.__doc__ or ""))
    assert {*sisepan.screen("close > 1").columns} <= named


def test_a_code_that_was_read_as_a_number_is_the_ticker(sisepan: Sisepan) -> None:
    assert sisepan.bars(5930).equals(sisepan.bars("005930"))  # type: ignore[arg-type]


def test_a_comparison_may_begin_on_any_day(sisepan: Sisepan) -> None:
    assert sisepan.compare(["005930"], since="0001-01-01")["005930"].round(6).tolist() == [0.0, 1.0, 2.0]


def test_days_beyond_the_price_limit_are_named(db: MongoDatabase, sisepan: Sisepan) -> None:
    days = pd.DatetimeIndex(["2024-01-02", "2024-01-03", "2024-01-04"])
    bars = candles.frame(days.to_numpy(), np.outer([205, 2_065, 2_100], [1, 1, 1, 1, 0, 0, 0]))
    store(db, KOREAN_STOCKS, "012170", "감자", bars)
    day = ["2024-01-03"]
    week = sisepan.bars("012170", "W")
    assert (week.attrs["jumps"], week["open"].tolist()) == (day, [2_065])
    panel = sisepan.panel("korean_stocks", ["close", "volume"], since="2024-01-01")
    assert panel["close"]["012170"].tolist() == [205, 2_065, 2_100]
    assert panel.attrs["jumps"] == {"012170": day}
    assert sisepan.compare(["012170", "005930"]).attrs["jumps"] == {"012170": day, "005930": []}
    assert sisepan.compare(["012170"], since="2024-01-03").attrs["jumps"] == {"012170": []}


def test_a_ticker_of_two_categories_asks_for_the_category(db: MongoDatabase, sisepan: Sisepan) -> None:
    bars = prices.load(db, KOREAN_STOCKS, "005930")
    for category in (INDICES, US_STOCKS):
        store(db, category, "VIX", "같은 이름", bars.assign(close=bars["close"] * 2))
    with pytest.raises(SisepanError, match="us_stocks:VIX"):
        sisepan.bars("VIX")
    assert sisepan.bars("us_stocks:VIX")["close"].tolist() == [200.0, 202.0, 204.0]


def test_a_panel_of_several_fields_has_the_bars_of_each_ticker(db: MongoDatabase, sisepan: Sisepan) -> None:
    bars, _remarks = candles.clean(random_walk(pd.bdate_range("2024-01-01", periods=30), seed=4))
    store(db, KOREAN_STOCKS, "000660", "SK하이닉스", bars)
    panel = sisepan.panel("korean_stocks", ["close", "volume"], since="2024-01-01", until="2024-01-19")
    for ticker in ("005930", "000660"):
        loaded = prices.load(db, KOREAN_STOCKS, ticker).loc[:"2024-01-19"]
        for field in ("close", "volume"):
            assert panel[field, ticker].dropna().tolist() == loaded[field].tolist()
    assert panel.index.max() == pd.Timestamp("2024-01-19")


def test_the_notebook_of_the_documentation_runs(db: MongoDatabase) -> None:
    for seed, (ticker, name) in enumerate([("005930", "삼성전자"), ("000660", "SK하이닉스")]):
        days = pd.bdate_range(end=pd.Timestamp.now().normalize(), periods=300)
        store(db, KOREAN_STOCKS, ticker, name, candles.clean(random_walk(days, seed))[0])
    panels.forget()
    cells = json.loads((DOCS / "notebook.ipynb").read_text(encoding="utf-8"))["cells"]
    code = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
    assert len(code) > 7
    values: dict[str, Any] = {}
    for source in code:
        exec(compile(source, "notebook.ipynb", "exec"), values)
    assert len(values["closes"]) > 200
    assert values["found"].attrs["judged"] == 2
    assert values["compared"].iloc[0].tolist() == [100.0, 100.0]


@pytest.mark.slow
def test_importing_a_small_room_does_not_load_the_notebook_or_the_database() -> None:
    code = "import sys, finance_core.formats; print('pymongo' in sys.modules)"
    assert subprocess.check_output([sys.executable, "-c", code], text=True).strip() == "False"
