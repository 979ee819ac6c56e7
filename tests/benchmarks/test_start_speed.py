"""The first minute: from the command on a fresh data directory to the first chart, by the app's websocket."""

import sys
import time
from pathlib import Path

import pytest

from tests.benchmarks.conftest import tell
from tests.e2e.conftest import Start
from tests.e2e.visitor import charts, visit

pytestmark = [pytest.mark.timeout(300), pytest.mark.filterwarnings("ignore")]

ROUNDS = 3


def test_the_first_chart_of_a_fresh_installation(start: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MONGO_URI", raising=False)
    answered, drawn = [], []
    for number in range(ROUNDS):
        directory = str(tmp_path / f"data{number}")
        begun = time.perf_counter()
        address = start([sys.executable, "-m", "streamlit", "run", "Home.py"], more={"FINANCE_DATA_DIR": directory})
        answered.append(time.perf_counter() - begun)
        with visit(address) as visitor:
            assert len(charts(visitor.run("korean_stocks"))) == 1
        drawn.append(time.perf_counter() - begun)
    tell("from the command to the first chart, s", answers=min(answered), first_chart=min(drawn))
    assert min(drawn) <= 4
