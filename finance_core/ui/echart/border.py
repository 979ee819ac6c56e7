"""Prepares every option on its way to the browser, so that no data runs as code.

The component runs any text between two `MARKER`s in any string of an option as JavaScript. So the marker is first
removed from all data, and then only code of our own files is put between markers. Datasets are sent as the bytes of
their columns: a frame is packed once for all visitors, and no visit converts its numbers.
"""

import base64
import hashlib
import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
import pandas as pd

from finance_core.charts.parts import Option
from finance_core.charts.script import Script

MARKER: Final = "--x_x--0_0--"
"""The component runs the text between two of these as code."""
FILES: Final = Path(__file__).parent


class Prepared(NamedTuple):
    """An option in the form that the component needs."""

    option: Option
    """Plain JSON, whose strings may have code of ours between markers."""
    readout: list[Option]
    """The items of the readout under the crosshair, made by `charts.parts.reading`."""
    drawn: str
    """A digest that identifies the option."""


def prepare(option: Option) -> Prepared:
    """An `option` of `charts`, whose datasets are frames, in the form that the component needs."""
    rest = {name: _crossed(value) for name, value in option.items() if name not in ("dataset", "readout")}
    datasets = [{**dataset, "source": _packed(dataset["source"])} for dataset in option.get("dataset", [])]
    crossed = {**rest, "dataset": datasets}
    digest = hashlib.sha256(json.dumps(crossed).encode()).hexdigest()
    return Prepared(crossed, without_marker(option.get("readout", [])), digest)


def without_marker(data: Any) -> Any:
    """JSON `data` without the marker in any string or key, even where the removal of one marker forms another.

    >>> without_marker({"a--x_x--0_0--b": ["--x_x--0_0--alert(1)--x_x--0_0--", 1, "--x_x----x_x--0_0--0_0--"]})
    {'ab': ['alert(1)', 1, '']}
    """
    if isinstance(data, str):
        while MARKER in data:
            data = data.replace(MARKER, "")
        return data
    if isinstance(data, Mapping):
        return {without_marker(key): without_marker(value) for key, value in data.items()}
    if isinstance(data, list | tuple):
        return [without_marker(value) for value in data]
    return data


def called(path: Path, *arguments: Any) -> str:
    """Code that calls the function in the file `path` with `arguments`, plain JSON; not between markers yet."""
    texts = ", ".join(as_json(argument) for argument in arguments)
    return f"({source(path)})({texts})"


def as_json(data: Any) -> str:
    """`data` as JSON, which is an expression of JavaScript, without the marker."""
    text = json.dumps(data, allow_nan=False)
    # JSON does not escape the marker: if the whole text has none, no string has one.
    return json.dumps(without_marker(data), allow_nan=False) if MARKER in text else text


@cache
def source(path: Path) -> str:
    """The code of one of our files: one function expression, without the comments above it."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return "\n".join(line for line in lines if not line.lstrip().startswith("//"))


def _crossed(value: Any) -> Any:
    """A part of an option, with the marker removed from data, and scripts turned into code between markers."""
    if isinstance(value, Script):
        return between_markers(called(value.path, value.settings))
    if isinstance(value, Mapping):
        return {without_marker(key): _crossed(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_crossed(part) for part in value]
    return without_marker(value)


def between_markers(code: str) -> str:
    """`code` of our own files, so that the component runs it."""
    return f"{MARKER}{code}{MARKER}"


def _packed(frame: pd.DataFrame) -> str:
    """Code that makes the columns of `frame`: numbers as their bytes in memory, anything else as text."""
    columns = {name: _column(frame[name]) for name in frame.columns}
    return between_markers(called(FILES / "dataset.js", columns))


def _column(values: "pd.Series[Any]") -> tuple[str, Any]:
    if not pd.api.types.is_numeric_dtype(values.dtype):
        return "text", [str(value) for value in values.tolist()]
    numbers = values.to_numpy(dtype="<f8")
    with np.errstate(over="ignore"):
        half = numbers.astype("<f4")
    is_exact = np.array_equal(half.astype("<f8"), numbers, equal_nan=True)
    return ("f4", _base64(half)) if is_exact else ("f8", _base64(numbers))


def _base64(numbers: "np.ndarray[Any, Any]") -> str:
    return base64.b64encode(numbers.tobytes()).decode("ascii")
