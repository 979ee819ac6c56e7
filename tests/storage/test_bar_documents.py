"""Documents of bars, encoded by numpy and by the driver."""

import bson
import numpy as np
import pandas as pd
from bson.int64 import Int64
from hypothesis import given
from hypothesis import strategies as st

from finance_core.bars import candles
from finance_core.storage import bar_documents

PRICE = st.one_of(st.just(np.nan), st.floats(min_value=1e-8, max_value=1e12))
VOLUME = st.one_of(st.just(0.0), st.integers(min_value=0, max_value=2**53 - 1).map(float))
ACTION = st.one_of(st.just(0.0), st.just(0.0), st.floats(min_value=1e-3, max_value=1e6))
ROW = st.tuples(PRICE, PRICE, PRICE, PRICE, VOLUME, ACTION, ACTION)


@given(
    rows=st.lists(ROW, min_size=1, max_size=8),
    first=st.dates(min_value=pd.Timestamp("1900-01-01").date(), max_value=pd.Timestamp("2100-01-01").date()),
    ticker=st.sampled_from(["005930", "BRK-B", "date", "volume\x01date", "삼성전자", ""]),
)
def test_what_numpy_encodes_is_what_the_driver_would_encode(
    rows: list[tuple[float, ...]], first: object, ticker: str
) -> None:
    days = pd.date_range(str(first), periods=len(rows)).to_numpy()
    bars = candles.frame(days, np.array(rows, dtype="float64"))
    documents = bar_documents.to_documents(ticker, bars)
    raw = bar_documents.to_raw(ticker, bars)
    assert [bson.decode(document.raw) for document in raw] == documents
    fields = [list(bson.decode(document.raw)) for document in raw]
    assert fields == [list(document) for document in documents]


def test_the_volumes_of_one_history_have_one_type_of_bson() -> None:
    days = pd.date_range("2026-01-05", periods=2).to_numpy()

    def kinds(*volumes: float) -> list[type]:
        rows = [[1.0, 1.0, 1.0, 1.0, volume, 0.0, 0.0] for volume in volumes]
        documents = bar_documents.to_raw("A", candles.frame(days, np.array(rows)))
        return [type(bson.decode(document.raw)["volume"]) for document in documents]

    assert kinds(5, 2**31 - 1) == [int, int]
    assert kinds(5, 2**31) == [Int64, Int64]


def test_columns_in_another_order_are_stored_under_their_own_names() -> None:
    rows = np.array([[4.0, 5.0, 2.0, 3.0, 10.0, 0.5, 0.0]])
    bars = candles.frame(np.array(["2026-01-05"], dtype="datetime64[ns]"), rows)
    mixed = bars[candles.COLUMNS[::-1]].assign(currency=1.0)
    assert bar_documents.to_documents("A", mixed) == bar_documents.to_documents("A", bars)
    assert [each.raw for each in bar_documents.to_raw("A", mixed)] == [
        each.raw for each in bar_documents.to_raw("A", bars)
    ]
