"""Saved sets of series to compare."""

import pytest

from finance_core.errors import SisepanError
from finance_core.storage import comparison_sets
from finance_core.storage.database import MongoDatabase

SAMSUNG, APPLE, KOSPI = "korean_stocks:005930", "us_stocks:AAPL", "indices:^KS11"


def test_a_set_without_a_name_is_refused_and_one_of_the_same_name_replaced(own_server_db: MongoDatabase) -> None:
    with pytest.raises(SisepanError):
        comparison_sets.SAVED.save(own_server_db, "  ", [SAMSUNG])
    comparison_sets.SAVED.save(own_server_db, "a", [SAMSUNG])
    comparison_sets.SAVED.save(own_server_db, "b", [APPLE])
    comparison_sets.SAVED.save(own_server_db, "a", [KOSPI])
    assert comparison_sets.SAVED.load(own_server_db) == {"a": [KOSPI], "b": [APPLE]}
