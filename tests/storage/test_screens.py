"""Questions to a whole category, and saved screens."""

import datetime as dt

import pandas as pd
import pytest

from finance_core.bars import candles, outcomes
from finance_core.bars.conditions import parse
from finance_core.categories import KOREAN_STOCKS
from finance_core.errors import SisepanError
from finance_core.storage import named_values, prices, screens, tickers
from finance_core.storage.database import MongoDatabase
from finance_core.storage.named_values import COMPARISON_SETS
from tests import pages
from tests.storage.test_panels import no_panel_is_kept, store  # noqa: F401 - a fixture
from tests.yahoo import random_walk


def test_an_answer_is_that_of_the_day_it_was_asked_for(db: MongoDatabase) -> None:
    tables = {ticker: candles.clean(table)[0] for ticker, table in pages.real_tables().items()}
    for ticker, bars in tables.items():
        store(db, ticker, bars, source="sample" if ticker == "005930" else "yahoo")
    day = dt.date(2025, 3, 3)
    tree = parse("close > ma20")

    result = screens.ask(db, KOREAN_STOCKS, tree, day)

    assert result.day == dt.date(2025, 2, 28)  # a holiday
    expected = {
        ticker
        for ticker, bars in tables.items()
        if (close := bars["close"].loc[:"2025-03-03"]).iloc[-1] > close.tail(20).mean()
    }
    unjudged = {ticker for names in result.unjudged.values() for ticker in names}
    assert set(result.tickers) == expected - unjudged
    assert "005930" in result.unjudged["sample"]
    assert result.judged + len(unjudged) == len(tables)
    for ticker in tables:
        prices.delete(db, KOREAN_STOCKS, ticker)
        store(db, ticker, tables[ticker].loc[:"2025-03-03"], source="sample" if ticker == "005930" else "yahoo")
    assert screens.ask(db, KOREAN_STOCKS, tree).tickers == result.tickers, "as it would have been answered then"


def test_what_followed_looks_back_over_years(db: MongoDatabase) -> None:
    for ticker, table in pages.real_tables().items():
        store(db, ticker, candles.clean(table)[0])
    followed = screens.what_followed(db, KOREAN_STOCKS, parse("change < -5%"), dt.date(2025, 6, 17))
    assert [each.sessions for each in followed] == [5, 20, 60]
    assert followed[0].days > followed[2].days > 20


@pytest.mark.parametrize("text", ["close > 0", "ema20 > 0"])
def test_only_days_of_the_years_that_are_told_are_counted(db: MongoDatabase, text: str) -> None:
    days = pd.bdate_range("2015-01-01", "2025-06-30")
    store(db, "000001", candles.clean(random_walk(days, 1))[0])
    counted = [each.days for each in screens.what_followed(db, KOREAN_STOCKS, parse(text))]
    of_three_years = len(pd.bdate_range("2022-06-30", "2025-06-30"))
    assert counted == [of_three_years - horizon for horizon in outcomes.HORIZONS]


@pytest.mark.parametrize("day", [dt.date.min, dt.date(1900, 1, 1), dt.date.max])
def test_a_day_without_bars_is_answered(db: MongoDatabase, day: dt.date) -> None:
    tickers.register(db, KOREAN_STOCKS, [{"ticker": "000001", "name": "가"}])
    result = screens.ask(db, KOREAN_STOCKS, parse("ma(500) > 1 and change_5y > 0"), day)
    assert (result.tickers, result.unjudged) == ((), {"no bars": ("000001",)})
    assert screens.what_followed(db, KOREAN_STOCKS, parse("close > 1"), day)[0].days == 0


def test_screens_are_saved_by_name_up_to_a_limit(db: MongoDatabase, monkeypatch: pytest.MonkeyPatch) -> None:
    screens.SAVED.save(db, " 신고가 ", {"rule": "high >= high250"})
    screens.SAVED.save(db, "b", {"rule": "close > 1"})
    assert screens.SAVED.load(db) == {"신고가": {"rule": "high >= high250"}, "b": {"rule": "close > 1"}}
    assert COMPARISON_SETS.load(db) == {}
    small = named_values.Shelf("screens", "screens", "query", limit=2, too_many="{limit}")
    with pytest.raises(SisepanError, match="2"):
        small.save(db, "c", {})
    with pytest.raises(SisepanError, match="신고가"):
        screens.SAVED.save(db, " 신고가", {"rule": "close > 3"})
    small.save(db, "신고가", {"rule": "high >= high250"})
    assert screens.SAVED.load(db) == {"신고가": {"rule": "high >= high250"}, "b": {"rule": "close > 1"}}
    screens.SAVED.remove(db, "b")
    assert list(screens.SAVED.load(db)) == ["신고가"]
