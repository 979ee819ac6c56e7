"""Of several rows of a day, the newest by a field of its update or version is used, wherever it stands."""

import datetime as dt
from typing import Any

import pandas as pd
import pytest

from finance_core.categories import KOREAN_STOCKS
from finance_core.foreign import conversion, daily
from finance_core.foreign.conversion import Converted
from finance_core.foreign.shapes import rows_of
from finance_core.storage.database import Document
from tests.pages import made_table

TABLE = made_table(1, "2024-01-02", "2024-06-28")
DAYS = pd.DatetimeIndex(TABLE.index).to_pydatetime().tolist()
RIGHT = TABLE["close"].tolist()


def converted(field: str, newer: Any, older: Any) -> Converted:
    """What becomes of a ticker of which 20 days have two rows, the newer one first; the older has another close."""
    documents: list[Document] = []
    for number, (day, close) in enumerate(zip(DAYS, RIGHT, strict=True)):
        documents.append({"ticker": "005930", "date": day, "close": close, field: newer})
        if number < 20:
            documents.append({"ticker": "005930", "date": day, "close": close * 1.01, field: older})
    portions = list(rows_of(documents))
    (result,) = conversion.convert(conversion.rules(KOREAN_STOCKS, {}), {"005930": ["005930"]}, portions)
    return result


@pytest.mark.parametrize(
    ("field", "newer", "older"),
    [
        ("updated_at", dt.datetime(2024, 7, 2, 1), dt.datetime(2024, 7, 1, 9)),
        ("updatedAt", "2024-07-02T10:00:00", "2024-07-01 09:00:00"),
        ("version", 10, 9),
        ("version", "10", "9"),
        ("차수", 2.0, 1.0),
        ("version", "1.10", "1.9"),
        ("version", "v10", "v9"),
        ("version", "20250601.10", "20250601.9"),
        ("updated_at", "1719800000.5", "1719800000.123"),
        ("crawled_at", dt.datetime(2024, 7, 2), dt.datetime(2024, 7, 1)),
        ("created_at", "2024-07-02", "2024-07-01"),
        ("수집시각", dt.datetime(2024, 7, 2), dt.datetime(2024, 7, 1)),
        ("is_final", True, False),
        ("확정여부", "Y", "N"),
        ("is_provisional", False, True),
        ("status", "final", "provisional"),
        ("상태", "확정", "잠정"),
    ],
)
def test_the_newest_row_of_a_day_is_used_though_it_stands_first(field: str, newer: Any, older: Any) -> None:
    result = converted(field, newer, older)
    assert result.failure is None
    assert result.bars["close"].tolist() == RIGHT
    assert {refusal.reason.message for refusal in result.refusals} == {daily.OUTDATED}
    assert len(result.refusals) == 20


@pytest.mark.parametrize(
    ("field", "newer", "older"),
    [
        *(("version", 2, None), ("version", True, False), ("version", "final", "draft"), ("memo", 2, 1)),
        *(("version", 1, 1), ("version", "1.10rc1", "1.10"), ("version", "02.01.2024", "1.10.2023")),
        *(("is_final", True, None), ("status", "final", "ok"), ("crawled_at", dt.datetime(2024, 7, 1), None)),
    ],
)
def test_where_nothing_tells_the_newest_row_the_last_one_is_used(field: str, newer: Any, older: Any) -> None:
    result = converted(field, newer, older)
    assert result.bars["close"].tolist()[:20] == [pytest.approx(close * 1.01) for close in RIGHT[:20]]
    assert result.bars["close"].tolist()[20:] == RIGHT[20:]
    assert {refusal.reason.message for refusal in result.refusals} == {daily.CORRECTED}


def test_a_final_row_is_used_though_a_provisional_one_was_updated_later() -> None:
    final = {"is_final": True, "updated_at": dt.datetime(2024, 7, 1)}
    provisional = {"is_final": False, "updated_at": dt.datetime(2024, 7, 2)}
    rows = [
        {"ticker": "005930", "date": day, "close": close * ratio, **more}
        for day, close in zip(DAYS, RIGHT, strict=True)
        for ratio, more in ((1.0, final), (1.01, provisional))[: 2 if day.month == 1 else 1]
    ]
    portions = list(rows_of(rows))
    (result,) = conversion.convert(conversion.rules(KOREAN_STOCKS, {}), {"005930": ["005930"]}, portions)
    assert result.bars["close"].tolist() == RIGHT
