"""What other programs leave comes out equal bar by bar, or is refused: by the command, on a real server."""

import json
from typing import Any

import pandas as pd
import pytest

from finance_core import categories, log
from finance_core.bars import candles
from finance_core.foreign import adopt_command
from finance_core.storage import prices
from finance_core.storage.database import MongoDatabase
from tests.foreign.other_programs import LAYOUTS, Tables


@pytest.fixture(autouse=True)
def english(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "en_US.UTF-8")
    monkeypatch.setattr(log, "to_file", lambda _name: None)  # which is for a process of its own


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, Any]:
    """Exit code and JSON of the command."""
    capsys.readouterr()
    code = adopt_command.main([*arguments, "--json", "--yes"])
    return code, json.loads(capsys.readouterr().out.splitlines()[-1])


def stored(db: MongoDatabase, key: str) -> dict[str, pd.DataFrame]:
    category = categories.category(key)
    return {ticker: prices.load(db, category, ticker) for ticker in prices.tickers(db, category)}


def assert_equal(bars: dict[str, pd.DataFrame], tables: Tables) -> None:
    assert sorted(bars) == sorted(tables)
    for ticker, table in tables.items():
        expected = candles.clean(table)[0]
        pd.testing.assert_frame_equal(bars[ticker], expected, check_freq=False, check_names=False, obj=ticker)


NOT_YET = {
    *("shares with a unit", "falls marked by a sign", "points between thousands"),
}
"""Layouts that come out wrong, or are refused though they could be read. None may be added."""


@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=pytest.mark.xfail(strict=True) if name in NOT_YET else ()) for name in LAYOUTS],
)
def test_a_layout_comes_out_equal_bar_by_bar_or_is_refused(
    own_server_db: MongoDatabase, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    layout = LAYOUTS[name]
    collections = layout.collections()
    for collection, documents in collections.items():
        own_server_db[collection].insert_many(documents)
    codes = [
        run(capsys, "--convert", collection, "--category", layout.category, *layout.arguments)[0]
        for collection in collections
    ]
    if layout.read:
        assert codes == [0] * len(codes)
        assert_equal(stored(own_server_db, layout.category), layout.prices)
    else:
        assert 0 not in codes
        assert stored(own_server_db, layout.category) == {}
