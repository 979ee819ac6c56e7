"""What crosses the border to the browser: data without the component's marker, numbers exactly, code of ours alone."""

import json
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from finance_core.charts.script import SCRIPTS, Script
from finance_core.ui.echart import border
from finance_core.ui.echart.border import FILES, MARKER
from tests import pages

PIECES = st.sampled_from([MARKER, MARKER[:5], MARKER[5:], "--", "x_x", "0_0", "alert(1)", "가", '"', "\\", "\u2028"])
TEXTS = st.lists(PIECES, max_size=12).map("".join)
JSON = st.recursive(
    st.one_of(TEXTS, st.integers(-(2**53), 2**53), st.booleans(), st.none()),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(TEXTS, inner, max_size=4)),
    max_leaves=12,
)


def strings(data: Any) -> list[str]:
    """All strings of JSON, keys too."""
    if isinstance(data, str):
        return [data]
    if isinstance(data, dict):
        return [*data, *(text for value in data.values() for text in strings(value))]
    return [text for value in data for text in strings(value)] if isinstance(data, list | tuple) else []


def option_of(data: Any = None, name: str = "close") -> dict[str, Any]:
    frame = pd.DataFrame({"day": ["2024-01-02", name], name: [1.5, np.nan]})
    return {"dataset": [{"source": frame}], "readout": [{"title": data}], "series": data}


@given(JSON)
def test_no_string_of_the_data_keeps_a_marker_wherever_it_stands(data: Any) -> None:
    assert not [text for text in strings(border.without_marker(data)) if MARKER in text]
    prepared = border.prepare(option_of(data))
    assert not [text for text in strings(prepared.option["series"]) if MARKER in text]
    assert not [text for text in strings(prepared.readout) if MARKER in text]


@given(JSON)
def test_data_without_a_marker_cross_as_they_are(data: Any) -> None:
    if not [text for text in strings(data) if MARKER in text]:
        assert json.loads(json.dumps(border.without_marker(data))) == json.loads(json.dumps(data))


@given(JSON, TEXTS)
def test_code_is_a_file_of_ours_and_json_and_nothing_else(data: Any, name: str) -> None:
    prepared = border.prepare(option_of(Script("volume_label", {"units": data}), name))
    for code, path in (
        (prepared.option["series"], SCRIPTS / "volume_label.js"),
        (prepared.option["dataset"][0]["source"], FILES / "dataset.js"),
    ):
        assert code.count(MARKER) == 2
        assert code.startswith(MARKER)
        assert code.endswith(MARKER)
        begin = f"({border.source(path)})("
        inner = code.removeprefix(MARKER).removesuffix(MARKER)
        assert inner.startswith(begin)
        assert inner.isascii() or "가" in begin
        json.loads(inner.removeprefix(begin).removesuffix(")"))


@given(st.lists(st.floats(width=64), min_size=1, max_size=50))
def test_numbers_arrive_as_they_are_to_the_last_bit(numbers: list[float]) -> None:
    frame = pd.DataFrame({"day": "2024-01-02", "close": numbers})
    code = border.prepare({"dataset": [{"source": frame}], "readout": []}).option["dataset"][0]["source"]
    assert np.array_equal(pages.columns_of(code)["close"].to_numpy(), np.array(numbers), equal_nan=True)


@pytest.mark.parametrize("close", [[1.0, 2.0], [1.0, 2.5]])
def test_the_digest_names_the_option_and_no_other_one(close: list[float]) -> None:
    first, same = ({"dataset": [{"source": pd.DataFrame({"c": close})}], "readout": []} for _ in range(2))
    other = first | {"series": [1]}
    assert border.prepare(first).drawn == border.prepare(same).drawn != border.prepare(other).drawn
