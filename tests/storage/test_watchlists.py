"""Named lists of tickers."""

import pytest

from finance_core.categories import KOREAN_STOCKS, US_STOCKS
from finance_core.errors import SisepanError
from finance_core.storage import tickers, watchlists
from finance_core.storage.database import MongoDatabase
from finance_core.storage.watchlists import FAVOURITES, Entry

SAMSUNG, HYNIX, APPLE = Entry("korean_stocks", "005930"), Entry("korean_stocks", "000660"), Entry("us_stocks", "AAPL")


@pytest.fixture
def listed(db: MongoDatabase) -> MongoDatabase:
    tickers.register(db, KOREAN_STOCKS, [{"ticker": "005930", "name": "삼성전자", "favourite": True}])
    tickers.register(db, KOREAN_STOCKS, [{"ticker": "000660", "name": "SK하이닉스"}])
    tickers.register(db, US_STOCKS, [{"ticker": "AAPL", "name": "애플", "favourite": True}])
    return db


def entries(db: MongoDatabase, key: str) -> tuple[Entry, ...]:
    return {each.id: each for each in watchlists.load(db)}[key].entries


def test_the_favourites_are_the_first_list_and_shared(listed: MongoDatabase) -> None:
    (first,) = watchlists.load(listed)
    assert (first.id, first.shared, set(first.entries)) == (FAVOURITES, True, {SAMSUNG, APPLE})


def test_order_and_notes_of_the_favourites_follow_the_stars(listed: MongoDatabase) -> None:
    (first,) = watchlists.load(listed)
    watchlists.arrange(listed, first, [APPLE._replace(note=" 배당  "), SAMSUNG])
    assert entries(listed, FAVOURITES) == (APPLE._replace(note="배당"), SAMSUNG)
    tickers.set_favourite(listed, US_STOCKS, "AAPL", False)
    assert watchlists.add(listed, FAVOURITES, [HYNIX, SAMSUNG]) == 1
    assert entries(listed, FAVOURITES) == (SAMSUNG, HYNIX)
    watchlists.take_out(listed, FAVOURITES, SAMSUNG)
    assert entries(listed, FAVOURITES) == (HYNIX,)
    assert [row["ticker"] for row in tickers.starred(listed, KOREAN_STOCKS)] == ["000660"]


def test_a_list_holds_tickers_of_all_categories_in_the_order_that_people_choose(listed: MongoDatabase) -> None:
    key = watchlists.create(listed, " 반도체 ")
    assert watchlists.add(listed, key, [SAMSUNG, APPLE, SAMSUNG]) == 2
    assert watchlists.add(listed, key, [APPLE, HYNIX]) == 1
    _first, made = watchlists.load(listed)
    assert (made.name, made.shared, made.entries) == ("반도체", False, (SAMSUNG, APPLE, HYNIX))
    watchlists.arrange(listed, made, [HYNIX._replace(note="실적 발표"), SAMSUNG, APPLE])
    assert entries(listed, key) == (HYNIX._replace(note="실적 발표"), SAMSUNG, APPLE)
    watchlists.take_out(listed, key, SAMSUNG)
    watchlists.change(listed, key, name="AI", shared=True)
    _first, made = watchlists.load(listed)
    assert (made.name, made.shared, len(made.entries)) == ("AI", True, 2)
    watchlists.remove(listed, key)
    assert len(watchlists.load(listed)) == 1


def test_a_list_that_another_person_changed_is_not_overwritten(listed: MongoDatabase) -> None:
    key = watchlists.create(listed, "a")
    watchlists.add(listed, key, [SAMSUNG, APPLE])
    _first, read = watchlists.load(listed)
    watchlists.add(listed, key, [HYNIX])
    with pytest.raises(SisepanError, match="다른 사람"):
        watchlists.arrange(listed, read, [APPLE, SAMSUNG])
    assert entries(listed, key) == (SAMSUNG, APPLE, HYNIX)


def test_limits_and_names_are_kept(listed: MongoDatabase, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watchlists, "MOST_ENTRIES", 2)
    monkeypatch.setattr(watchlists, "MOST_LISTS", 2)
    key = watchlists.create(listed, "a")
    with pytest.raises(SisepanError):
        watchlists.create(listed, "  ")
    watchlists.add(listed, key, [SAMSUNG, APPLE])
    with pytest.raises(SisepanError, match="2종목"):
        watchlists.add(listed, key, [HYNIX])
    with pytest.raises(SisepanError):
        watchlists.add(listed, "gone", [HYNIX])
    watchlists.create(listed, "b")
    with pytest.raises(SisepanError, match="2개"):
        watchlists.create(listed, "c")
