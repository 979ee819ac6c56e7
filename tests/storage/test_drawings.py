"""What people drew on charts, in MongoDB."""

import datetime as dt
from concurrent.futures import ThreadPoolExecutor

import pytest

from finance_core.bars.drawings import LIMIT, Drawing, Point
from finance_core.categories import KOREAN_STOCKS, US_STOCKS
from finance_core.errors import SisepanError
from finance_core.storage import drawings
from finance_core.storage.database import MongoDatabase

DAY = dt.date(2024, 1, 2)


def level(name: str, price: float = 100.5) -> Drawing:
    return Drawing(name, "level", (Point(DAY, price),), DAY)


def test_a_drawing_comes_back_as_it_was_stored_and_for_its_ticker_alone(own_server_db: MongoDatabase) -> None:
    trend = Drawing("a", "trend", (Point(DAY, 0.1), Point(dt.date(2026, 11, 20), 58123.46)), DAY)
    text = Drawing("b", "text", (Point(DAY, 1.0),), DAY, "실적 발표 {a|$ne}")
    for drawing in (trend, text):
        drawings.add(own_server_db, KOREAN_STOCKS, "005930", drawing)
    assert drawings.load(own_server_db, KOREAN_STOCKS, "005930") == [trend, text]
    assert drawings.load(own_server_db, US_STOCKS, "005930") == []
    assert drawings.remove(own_server_db, KOREAN_STOCKS, "005930", trend)
    assert not drawings.remove(own_server_db, KOREAN_STOCKS, "005930", trend)
    assert drawings.load(own_server_db, KOREAN_STOCKS, "005930") == [text]


def test_a_drawing_takes_the_place_of_its_former_self_and_one_that_was_deleted_stays_away(
    own_server_db: MongoDatabase,
) -> None:
    for name in ("a", "b", "c"):
        drawings.add(own_server_db, KOREAN_STOCKS, "005930", level(name))
    drawings.remove(own_server_db, KOREAN_STOCKS, "005930", level("c"))
    for name, is_there in (("b", True), ("c", False)):
        moved = level(name, 7.5)
        assert drawings.replace(own_server_db, KOREAN_STOCKS, "005930", level(name), moved) == is_there
    assert drawings.load(own_server_db, KOREAN_STOCKS, "005930") == [level("a"), level("b", 7.5)]


def test_of_two_who_move_a_drawing_at_once_the_second_is_refused(own_server_db: MongoDatabase) -> None:
    drawings.add(own_server_db, KOREAN_STOCKS, "005930", level("a"))

    def move(price: float) -> bool:
        return drawings.replace(own_server_db, KOREAN_STOCKS, "005930", level("a"), level("a", price))

    with ThreadPoolExecutor(8) as people:
        moved = list(people.map(move, range(1, 9)))
    assert sum(moved) == 1
    assert drawings.load(own_server_db, KOREAN_STOCKS, "005930") == [level("a", 1 + moved.index(True))]
    assert not drawings.remove(own_server_db, KOREAN_STOCKS, "005930", level("a")), "not as the second person saw it"


def test_two_who_draw_at_once_lose_nothing_and_get_no_more_than_the_limit(own_server_db: MongoDatabase) -> None:
    def draw(position: int) -> bool:
        try:
            drawings.add(own_server_db, KOREAN_STOCKS, "005930", level(str(position)))
        except SisepanError:
            return False
        return True

    with ThreadPoolExecutor(8) as people:
        kept = list(people.map(draw, range(LIMIT + 10)))
    stored = drawings.load(own_server_db, KOREAN_STOCKS, "005930")
    assert sum(kept) == len(stored) == LIMIT
    assert len({drawing.id for drawing in stored}) == LIMIT
    with pytest.raises(SisepanError, match=str(LIMIT)):
        drawings.add(own_server_db, KOREAN_STOCKS, "005930", level("more"))
