"""Named lists of tickers."""

from concurrent.futures import ThreadPoolExecutor
from functools import partial

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
    assert watchlists.move(listed, FAVOURITES, APPLE, -first.entries.index(APPLE)) == 0
    watchlists.annotate(listed, FAVOURITES, APPLE, " 배당  ")
    assert entries(listed, FAVOURITES) == (APPLE._replace(note="배당"), SAMSUNG)
    tickers.set_favourite(listed, US_STOCKS, "AAPL", False)
    assert watchlists.add(listed, FAVOURITES, [HYNIX, SAMSUNG]) == 1
    assert entries(listed, FAVOURITES) == (SAMSUNG, HYNIX)
    watchlists.take_out(listed, FAVOURITES, SAMSUNG)
    assert entries(listed, FAVOURITES) == (HYNIX,)
    assert [row["ticker"] for row in tickers.starred(listed, KOREAN_STOCKS)] == ["000660"]
    pasted = [Entry("korean_stocks", ticker) for ticker in ("035720", "005930", "000660", "000270")]
    assert watchlists.add(listed, FAVOURITES, pasted) == 3
    assert entries(listed, FAVOURITES) == (HYNIX, pasted[0], pasted[1], pasted[3]), "as they were given"


def test_a_favourite_that_is_switched_off_keeps_its_place_and_its_note(listed: MongoDatabase) -> None:
    tickers.set_favourite(listed, KOREAN_STOCKS, "000660", True)
    for position, (entry, note) in enumerate([(HYNIX, "메모리"), (SAMSUNG, "배당"), (APPLE, "")]):
        at = [each[:2] for each in entries(listed, FAVOURITES)].index(entry[:2])
        watchlists.move(listed, FAVOURITES, entry, position - at)
        watchlists.annotate(listed, FAVOURITES, entry, note)
    arranged = entries(listed, FAVOURITES)
    for off in (HYNIX, SAMSUNG):
        tickers.collection(listed).update_one({"ticker": off.ticker}, {"$set": {"active": False}})
    assert entries(listed, FAVOURITES) == (APPLE,)
    watchlists.annotate(listed, FAVOURITES, APPLE, "장기")
    watchlists.move(listed, FAVOURITES, APPLE, 1)
    tickers.collection(listed).update_many({}, {"$set": {"active": True}})
    assert entries(listed, FAVOURITES) == (*arranged[:2], APPLE._replace(note="장기"))


def test_a_list_holds_tickers_of_all_categories_in_the_order_that_people_choose(listed: MongoDatabase) -> None:
    key = watchlists.create(listed, " 반도체 ")
    assert watchlists.add(listed, key, [SAMSUNG, APPLE, SAMSUNG]) == 2
    assert watchlists.add(listed, key, [APPLE, HYNIX]) == 1
    _first, made = watchlists.load(listed)
    assert (made.name, made.shared, made.entries) == ("반도체", False, (SAMSUNG, APPLE, HYNIX))
    watchlists.annotate(listed, key, HYNIX, "실적 발표")
    assert [watchlists.move(listed, key, HYNIX, -1) for _time in range(3)] == [1, 0, 0]
    assert entries(listed, key) == (HYNIX._replace(note="실적 발표"), SAMSUNG, APPLE)
    watchlists.take_out(listed, key, SAMSUNG)
    watchlists.rename(listed, key, "반도체", "AI")
    watchlists.share(listed, key, True)
    _first, made = watchlists.load(listed)
    assert (made.name, made.shared, len(made.entries)) == ("AI", True, 2)
    with pytest.raises(SisepanError, match="그 사이에"):
        watchlists.remove(listed, key, made.entries[:1])  # as it was before another person put one in
    watchlists.remove(listed, key, made.entries)
    assert len(watchlists.load(listed)) == 1
    with pytest.raises(SisepanError, match="그 사이에"):
        watchlists.share(listed, key, False)


@pytest.mark.parametrize("is_first", [True, False])
def test_what_another_person_changed_is_not_overwritten(listed: MongoDatabase, is_first: bool) -> None:
    key = FAVOURITES if is_first else watchlists.create(listed, "a")
    watchlists.add(listed, key, [SAMSUNG, APPLE])
    read = dict.fromkeys(entries(listed, key))
    watchlists.add(listed, key, [HYNIX])
    watchlists.annotate(listed, key, APPLE, "배당")
    for entry in read:  # as it was before the note
        watchlists.move(listed, key, entry, -2)
    assert {*entries(listed, key)} == {SAMSUNG, APPLE._replace(note="배당"), HYNIX}
    with pytest.raises(SisepanError, match="다른 사람"):
        watchlists.annotate(listed, key, APPLE, "실적")
    watchlists.annotate(listed, key, APPLE, "배당")  # by both: nothing is lost
    watchlists.take_out(listed, key, SAMSUNG)
    for change in (partial(watchlists.move, step=1), partial(watchlists.annotate, note="x")):
        with pytest.raises(SisepanError, match="다른 사람"):
            change(listed, key, SAMSUNG)


def test_notes_and_moves_at_the_same_time_are_all_kept(listed: MongoDatabase) -> None:
    key = watchlists.create(listed, "a")
    watchlists.add(listed, key, [SAMSUNG, APPLE, HYNIX])
    with ThreadPoolExecutor(3) as people:
        for change in [
            *[people.submit(watchlists.annotate, listed, key, each, each.ticker) for each in (SAMSUNG, APPLE)],
            people.submit(watchlists.move, listed, key, HYNIX, -2),
        ]:
            change.result()
    assert {each.note for each in entries(listed, key)} == {"005930", "AAPL", ""}
    assert len(entries(listed, key)) == 3


def test_limits_and_names_are_kept(listed: MongoDatabase, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watchlists, "MOST_ENTRIES", 2)
    monkeypatch.setattr(watchlists, "MOST_LISTS", 2)
    key = watchlists.create(listed, "a")
    with pytest.raises(SisepanError):
        watchlists.create(listed, "  ")
    watchlists.add(listed, key, [SAMSUNG, APPLE])
    with pytest.raises(SisepanError, match=r"^목록에 2종목이 이미"):
        watchlists.add(listed, key, [HYNIX])
    with pytest.raises(SisepanError, match="목록이 지워졌습니다"):
        watchlists.add(listed, "gone", [HYNIX])
    watchlists.create(listed, "b")
    with pytest.raises(SisepanError, match="2개"):
        watchlists.create(listed, "c")


def test_a_second_click_on_the_button_that_makes_a_list_makes_no_second_one(db: MongoDatabase) -> None:
    first = watchlists.create(db, "반도체")
    assert watchlists.create(db, "반도체") == first
    watchlists.add(db, first, [Entry("korean_stocks", "005930")])
    with pytest.raises(SisepanError, match="반도체"):
        watchlists.create(db, "반도체")


def test_a_list_does_not_get_the_name_of_another(db: MongoDatabase) -> None:
    for name in ("반도체", "은행"):
        key = watchlists.create(db, name)
        watchlists.add(db, key, [SAMSUNG])
    for taken in (" 반도체", "관심종목", "Favourites"):
        with pytest.raises(SisepanError, match="이미 있습니다"):
            watchlists.create(db, taken)
        with pytest.raises(SisepanError, match="이미 있습니다"):
            watchlists.rename(db, key, "은행", taken)
    watchlists.rename(db, key, "은행", "은행")
    assert [each.name for each in watchlists.load(db)[1:]] == ["반도체", "은행"]


def test_of_two_people_who_rename_a_list_the_second_is_told(db: MongoDatabase) -> None:
    key = watchlists.create(db, "반도체")
    for _click in range(2):
        watchlists.rename(db, key, "반도체", "AI")
    with pytest.raises(SisepanError, match="그 사이에"):
        watchlists.rename(db, key, "반도체", "은행")
    assert watchlists.load(db)[1].name == "AI"
    watchlists.remove(db, key, ())
    with pytest.raises(SisepanError, match="그 사이에"):
        watchlists.rename(db, key, "AI", "은행")
