"""Values that are saved by name, here sets of series to compare."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from finance_core.errors import SisepanError
from finance_core.storage.database import MongoDatabase
from finance_core.storage.named_values import COMPARISON_SETS

SAMSUNG, APPLE, KOSPI = "korean_stocks:005930", "us_stocks:AAPL", "indices:^KS11"


def test_a_set_without_a_name_is_refused_and_one_with_the_name_of_another(own_server_db: MongoDatabase) -> None:
    with pytest.raises(SisepanError):
        COMPARISON_SETS.save(own_server_db, "  ", [SAMSUNG])
    COMPARISON_SETS.save(own_server_db, "a", [SAMSUNG])
    COMPARISON_SETS.save(own_server_db, "b", [APPLE])
    with pytest.raises(SisepanError, match="a: "):
        COMPARISON_SETS.save(own_server_db, "a", [KOSPI])
    assert COMPARISON_SETS.load(own_server_db) == {"a": [SAMSUNG], "b": [APPLE]}


def test_of_those_who_save_at_once_one_gets_a_name_and_none_is_lost(own_server_db: MongoDatabase) -> None:
    def save(number: int) -> bool:
        COMPARISON_SETS.save(own_server_db, f"own {number}", [SAMSUNG])
        try:
            COMPARISON_SETS.save(own_server_db, "one", [str(number)])
        except SisepanError:
            return False
        return True

    with ThreadPoolExecutor(8) as people:
        has_saved = list(people.map(save, range(8)))

    saved = COMPARISON_SETS.load(own_server_db)
    assert has_saved == [saved["one"] == [str(number)] for number in range(8)]
    assert saved.keys() == {"one", *(f"own {number}" for number in range(8))}
